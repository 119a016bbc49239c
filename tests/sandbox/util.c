/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/util.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void *util_alloc(size_t bytes)
{
	void *memory = calloc(1, bytes > 0 ? bytes : 1);

	if (memory == NULL) {
		abort();
	}
	return memory;
}

void *util_grow(void *old, size_t bytes)
{
	void *memory = realloc(old, bytes > 0 ? bytes : 1);

	if (memory == NULL) {
		abort();
	}
	return memory;
}

char *util_dup_n(const char *text, size_t length)
{
	char *copy = util_alloc(length + 1);

	memcpy(copy, text, length);
	return copy;
}

char *util_dup(const char *text)
{
	return util_dup_n(text, strlen(text));
}

void util_format(char *out, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int length = vsnprintf(out, size, format, args); /* check: allow checked below */
	va_end(args);
	if (length < 0 || (size_t)length >= size) {
		abort();
	}
}

char *util_text(const char *format, ...)
{
	char *out = NULL;
	va_list args;

	va_start(args, format);
	int length = vasprintf(&out, format, args);
	va_end(args);
	if (length < 0) {
		abort();
	}
	return out;
}

static int64_t clock_us(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) != 0) {
		abort();
	}
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t util_wall_us(void)
{
	return clock_us(CLOCK_REALTIME);
}

int64_t util_wall_ms(void)
{
	return clock_us(CLOCK_REALTIME) / 1000;
}

int64_t util_tick_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000;
}

static struct tm utc(int64_t seconds)
{
	struct tm parts;
	time_t when = (time_t)seconds;

	if (gmtime_r(&when, &parts) == NULL) {
		abort();
	}
	return parts;
}

void util_time_okta(int64_t wall_ms, char out[UTIL_TIME_SIZE])
{
	struct tm parts = utc(wall_ms / 1000);

	(void)strftime(out, UTIL_TIME_SIZE, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
}

void util_time_bob(int64_t wall_us, char out[UTIL_TIME_SIZE])
{
	struct tm parts = utc(wall_us / 1000000);
	char whole[UTIL_TIME_SIZE / 2];

	(void)strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &parts);
	util_format(out, UTIL_TIME_SIZE, "%s.%06d", whole, (int)(wall_us % 1000000));
}

bool util_date_parse(const char *text, int64_t *days)
{
	if (text == NULL || strlen(text) != 10) {
		return false;
	}
	for (size_t i = 0; i < 10; i++) {
		bool dash = i == 4 || i == 7;

		if (dash ? text[i] != '-' : isdigit((unsigned char)text[i]) == 0) {
			return false;
		}
	}
	struct tm parts = {.tm_year = (int)strtol(text, NULL, 10) - 1900,
	        .tm_mon = (int)strtol(text + 5, NULL, 10) - 1,
	        .tm_mday = (int)strtol(text + 8, NULL, 10)};
	struct tm wanted = parts;
	time_t when = timegm(&parts);

	*days = (int64_t)when / 86400 - (when < 0 && when % 86400 != 0);
	return parts.tm_mon == wanted.tm_mon && parts.tm_mday == wanted.tm_mday;
}

void util_date_format(int64_t days, char out[UTIL_DATE_SIZE])
{
	struct tm parts = utc(days * 86400);

	(void)strftime(out, UTIL_DATE_SIZE, "%Y-%m-%d", &parts);
}

uint64_t util_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t util_random_below(uint64_t *state, uint64_t limit)
{
	return limit == 0 ? 0 : util_random(state) % limit;
}

bool util_chance(uint64_t *state, double probability)
{
	if (probability >= 1.0) {
		return true;
	}
	return (double)(util_random(state) >> 11) / (double)(UINT64_C(1) << 53) < probability;
}

void util_random_name(uint64_t *state, char *out, size_t size)
{
	static const char LETTERS[] =
	        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

	for (size_t i = 0; i + 1 < size; i++) {
		out[i] = LETTERS[util_random_below(state, sizeof(LETTERS) - 1)];
	}
	out[size - 1] = '\0';
}

char *util_base64(const void *data, size_t length)
{
	char *out = util_alloc(4 * ((length + 2) / 3) + 1);

	(void)EVP_EncodeBlock((unsigned char *)out, data, (int)length);
	return out;
}

char *util_unbase64(const char *text, size_t *length)
{
	size_t size = strlen(text);
	char *out = util_alloc(size + 1);
	int decoded = size % 4 == 0
	        ? EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text, (int)size)
	        : -1;

	if (decoded < 0) {
		free(out);
		return NULL;
	}
	*length = (size_t)decoded;
	for (size_t i = size; i > 0 && text[i - 1] == '=' && *length > 0; i--) {
		(*length)--;
	}
	out[*length] = '\0';
	return out;
}

void util_hex(const uint8_t *data, size_t length, char *out)
{
	static const char DIGITS[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		out[2 * i] = DIGITS[data[i] >> 4];
		out[2 * i + 1] = DIGITS[data[i] & 15];
	}
	out[2 * length] = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	int lower = tolower((unsigned char)c);

	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

char *util_url_decode(const char *text, size_t length, enum util_url kind)
{
	char *out = util_alloc(length + 1);
	size_t at = 0;

	for (size_t i = 0; i < length; i++) {
		bool escaped = text[i] == '%' && i + 2 < length && hex_value(text[i + 1]) >= 0 &&
		        hex_value(text[i + 2]) >= 0;

		if (escaped) {
			out[at++] = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
			i += 2;
		} else {
			out[at++] = kind == UTIL_URL_QUERY && text[i] == '+' ? ' ' : text[i];
		}
	}
	return out;
}

char *util_url_encode(const char *text)
{
	char *out = util_alloc(strlen(text) * 3 + 1);
	size_t at = 0;

	for (const char *c = text; *c != '\0'; c++) {
		if (isalnum((unsigned char)*c) != 0 || strchr("-._~", *c) != NULL) {
			out[at++] = *c;
		} else {
			out[at] = '%';
			util_hex((const uint8_t *)c, 1, out + at + 1);
			at += 3;
		}
	}
	return out;
}

void util_sha256(const void *data, size_t length, char out[65])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_Digest(data, length, digest, &size, EVP_sha256(), NULL) != 1) {
		abort();
	}
	util_hex(digest, 32, out);
}
