/* SPDX-License-Identifier: MIT */
#include "server/http/framing.h"

#include "server/base/str.h"

#include <string.h>

/* 18 digits fit an int64 whatever they are; no cap of ours comes near. */
#define LENGTH_DIGITS_MAX 18
#define NAME_MAX_BYTES    256

enum single {
	SINGLE_CONTENT_LENGTH,
	SINGLE_TRANSFER_ENCODING,
	SINGLE_HOST,
	SINGLE_AUTHORIZATION,
	SINGLE_COOKIE,
	SINGLE_CONTENT_TYPE,
	SINGLE_EXPECT,
	SINGLE_COUNT
};

static const char *const SINGLES[SINGLE_COUNT] = {
        [SINGLE_CONTENT_LENGTH] = "Content-Length",
        [SINGLE_TRANSFER_ENCODING] = "Transfer-Encoding",
        [SINGLE_HOST] = "Host",
        [SINGLE_AUTHORIZATION] = "Authorization",
        [SINGLE_COOKIE] = "Cookie",
        [SINGLE_CONTENT_TYPE] = "Content-Type",
        [SINGLE_EXPECT] = "Expect",
};

static void complain(struct framing *framing, const char *complaint)
{
	if (framing->complaint == NULL) {
		framing->complaint = complaint;
	}
}

static bool has_seen(const struct framing *framing, enum single single)
{
	return (framing->seen & (1U << single)) != 0;
}

static enum single single_find(const char *name)
{
	for (int i = 0; i < SINGLE_COUNT; i++) {
		if (str_equal_fold(SINGLES[i], name)) {
			return (enum single)i;
		}
	}
	return SINGLE_COUNT;
}

/* RFC 9110 5.6.2 token; a space before the colon shows up as part of the name (H4). */
static bool is_token(const char *name)
{
	return str_is_word(name, NAME_MAX_BYTES, "!#$%&'*+-.^_`|~");
}

static bool is_clean_value(const char *value, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte = (uint8_t)value[i];
		if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
			return false;
		}
	}
	return true;
}

/* Digits only, no leading zero: signs, lists, hex and octal looks are other readers' lengths. */
static bool parse_length(const char *value, uint64_t *length)
{
	int64_t parsed = 0;
	if (!str_is_digits(value, LENGTH_DIGITS_MAX) || (value[0] == '0' && value[1] != '\0') ||
	        !str_to_int64(value, &parsed)) {
		return false;
	}
	*length = (uint64_t)parsed;
	return true;
}

/* A name or address with an optional port; no user, path or list. */
static bool is_host(const char *value)
{
	return str_is_word(value, NAME_MAX_BYTES, ".-_:[]");
}

static void judge_single(struct framing *framing, enum single single, const char *value)
{
	switch (single) {
	case SINGLE_CONTENT_LENGTH:
		framing->has_content_length = true;
		if (!parse_length(value, &framing->content_length)) {
			complain(framing, "Content-Length is not a plain number");
		}
		break;
	case SINGLE_TRANSFER_ENCODING:
		framing->is_chunked = true;
		if (!str_equal_fold(value, "chunked")) {
			complain(framing, "Transfer-Encoding is not chunked");
		}
		break;
	case SINGLE_HOST:
		if (!is_host(value)) {
			complain(framing, "Host is not a name with an optional port");
		}
		break;
	case SINGLE_EXPECT:
		if (!str_equal_fold(value, "100-continue")) {
			complain(framing, "Expect is not 100-continue");
		}
		break;
	case SINGLE_AUTHORIZATION:
	case SINGLE_COOKIE:
	case SINGLE_CONTENT_TYPE:
	case SINGLE_COUNT: break;
	}
}

void framing_init(struct framing *framing)
{
	*framing = (struct framing){0};
}

void framing_add(struct framing *framing, const char *name, const char *value, size_t value_len)
{
	framing->headers++;
	framing->header_bytes += strlen(name) + value_len;
	if (framing->headers > FRAMING_HEADERS_MAX ||
	        framing->header_bytes > FRAMING_HEADERS_MAX_BYTES) {
		framing->is_too_long = framing->is_too_long || framing->complaint == NULL;
		complain(framing, "too many headers");
	}
	if (!is_token(name)) {
		complain(framing, "a header name is not a token");
	}
	if (!is_clean_value(value, value_len)) {
		complain(framing, "a header value has a control byte");
	}
	enum single single = single_find(name);
	if (single == SINGLE_COUNT) {
		return;
	}
	if (has_seen(framing, single)) {
		complain(framing, "a header that may come once came twice");
	}
	framing->seen |= 1U << single;
	judge_single(framing, single, value);
}

void framing_end(struct framing *framing, const char *version)
{
	bool is_one_one = str_equal(version, "HTTP/1.1");
	if (!is_one_one && !str_equal(version, "HTTP/1.0")) {
		complain(framing, "the protocol version is neither HTTP/1.1 nor HTTP/1.0");
	}
	if (is_one_one && !has_seen(framing, SINGLE_HOST)) {
		complain(framing, "Host is missing");
	}
	if (framing->is_chunked && framing->has_content_length) {
		complain(framing, "Content-Length and Transfer-Encoding came together");
	}
	if (framing->is_chunked && !is_one_one) {
		complain(framing, "Transfer-Encoding does not exist in HTTP/1.0");
	}
}

bool framing_has_body(const struct framing *framing)
{
	return framing->is_chunked || framing->content_length > 0 || framing->complaint != NULL;
}
