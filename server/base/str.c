/* SPDX-License-Identifier: MIT */
#include "server/base/str.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_format(char *to, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	int len = vsnprintf(to, size, format, args); /* check: allow checked below */
	va_end(args);
	if (len < 0 || (size_t)len >= size) {
		if (size > 0) {
			to[0] = '\0';
		}
		return false;
	}
	return true;
}

/* The length of text without an incomplete UTF-8 character at its end. */
static size_t whole_characters(const char *text, size_t len)
{
	size_t start = len;
	while (start > 0 && len - start < 4) {
		start--;
		if (((uint8_t)text[start] & 0xc0) != 0x80) {
			break;
		}
	}
	if (start == len || str_utf8_step(text + start, len - start) == len - start) {
		return len;
	}
	/* Bytes that are no UTF-8 at all stay as they are. */
	return ((uint8_t)text[start] & 0xc0) == 0xc0 ? start : len;
}

void str_vformat_cut(char *to, size_t size, const char *format, va_list args)
{
	if (size == 0) {
		return;
	}
	int len = vsnprintf(to, size, format, args); /* check: allow checked below */
	if (len < 0) {
		to[0] = '\0';
	} else if ((size_t)len >= size) {
		to[whole_characters(to, size - 1)] = '\0';
	}
}

void str_format_cut(char *to, size_t size, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	str_vformat_cut(to, size, format, args);
	va_end(args);
}

bool str_copy(char *to, size_t size, const char *text)
{
	if (size == 0) {
		return false;
	}
	size_t len = text != NULL ? strlen(text) : size;
	if (len >= size) {
		to[0] = '\0';
		return false;
	}
	memcpy(to, text, len + 1);
	return true;
}

char *str_dup(const char *text)
{
	return text != NULL ? str_dup_len(text, strlen(text)) : NULL;
}

char *str_dup_len(const char *text, size_t len)
{
	if (text == NULL || len == SIZE_MAX) {
		return NULL;
	}
	char *copy = malloc(len + 1);
	if (copy != NULL) {
		memcpy(copy, text, len);
		copy[len] = '\0';
	}
	return copy;
}

bool str_equal(const char *a, const char *b)
{
	if (a == NULL || b == NULL) {
		return a == b;
	}
	return strcmp(a, b) == 0;
}

static bool equal_fold_len(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (folded(a[i]) != folded(b[i])) {
			return false;
		}
	}
	return true;
}

bool str_equal_fold(const char *a, const char *b)
{
	if (a == NULL || b == NULL) {
		return a == b;
	}
	size_t len = strlen(a);
	return len == strlen(b) && equal_fold_len(a, b, len);
}

bool str_starts_with(const char *text, const char *prefix)
{
	return text != NULL && prefix != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends_with_fold(const char *text, const char *suffix)
{
	if (text == NULL || suffix == NULL) {
		return false;
	}
	size_t text_len = strlen(text);
	size_t suffix_len = strlen(suffix);
	return suffix_len <= text_len &&
	        equal_fold_len(text + text_len - suffix_len, suffix, suffix_len);
}

const char *str_or_empty(const char *text)
{
	return text != NULL ? text : "";
}

bool str_is_empty(const char *text)
{
	const char *at = text;
	while (at != NULL && blank(*at)) {
		at++;
	}
	return at == NULL || *at == '\0';
}

void str_fold(char *text)
{
	for (char *at = text; at != NULL && *at != '\0'; at++) {
		*at = folded(*at);
	}
}

bool str_is_digits(const char *text, size_t max_len)
{
	size_t len = 0;
	while (text != NULL && len <= max_len && digit(text[len])) {
		len++;
	}
	return len > 0 && len <= max_len && text[len] == '\0';
}

static bool word_character(char c, const char *extra)
{
	return digit(c) || (folded(c) >= 'a' && folded(c) <= 'z') ||
	        (extra != NULL && c != '\0' && strchr(extra, c) != NULL);
}

bool str_is_word(const char *text, size_t max_len, const char *extra)
{
	size_t len = 0;
	while (text != NULL && len <= max_len && word_character(text[len], extra)) {
		len++;
	}
	return len > 0 && len <= max_len && text[len] == '\0';
}

/* RFC 3629: the smallest code point a sequence of that length may carry. */
static const uint32_t smallest_point[5] = {0, 0, 0x80, 0x800, 0x10000};

static size_t sequence_len(uint8_t first)
{
	if (first < 0x80) {
		return 1;
	}
	if (first >= 0xc2 && first <= 0xdf) {
		return 2;
	}
	if (first >= 0xe0 && first <= 0xef) {
		return 3;
	}
	return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

size_t str_utf8_step(const char *bytes, size_t len)
{
	size_t need = len > 0 ? sequence_len((uint8_t)bytes[0]) : 0;
	if (need <= 1 || need > len) {
		return need > len ? 0 : need;
	}
	uint32_t point = (uint8_t)bytes[0] & (0xffu >> (need + 1));
	for (size_t i = 1; i < need; i++) {
		uint8_t byte = (uint8_t)bytes[i];
		if ((byte & 0xc0) != 0x80) {
			return 0;
		}
		point = (point << 6) | (byte & 0x3fu);
	}
	bool surrogate = point >= 0xd800 && point <= 0xdfff;
	return point < smallest_point[need] || surrogate || point > 0x10ffff ? 0 : need;
}

bool str_is_utf8(const char *bytes, size_t len)
{
	size_t at = 0;
	while (at < len) {
		size_t step = str_utf8_step(bytes + at, len - at);
		if (step == 0) {
			return false;
		}
		at += step;
	}
	return true;
}

bool str_to_int64(const char *text, int64_t *value)
{
	if (text == NULL || (!digit(text[0]) && !(text[0] == '-' && digit(text[1])))) {
		return false;
	}
	char *end = NULL;
	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0') {
		return false;
	}
	*value = number;
	return true;
}

const char *str_trim(const char *text, size_t *len)
{
	const char *start = text != NULL ? text : "";
	while (blank(*start)) {
		start++;
	}
	size_t rest = strlen(start);
	while (rest > 0 && blank(start[rest - 1])) {
		rest--;
	}
	*len = rest;
	return start;
}

void str_hex(char *to, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < len; i++) {
		to[2 * i] = digits[bytes[i] >> 4];
		to[2 * i + 1] = digits[bytes[i] & 15];
	}
	to[2 * len] = '\0';
}
