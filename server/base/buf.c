/* SPDX-License-Identifier: MIT */
#include "server/base/buf.h"

#include "server/base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY_BYTES 64

void buf_init(struct buf *buf, size_t max_bytes)
{
	/* One byte is kept back for the NUL, so that the capacity cannot wrap around. */
	*buf = (struct buf){.max = max_bytes < SIZE_MAX ? max_bytes : SIZE_MAX - 1};
}

void buf_finish(struct buf *buf)
{
	if (buf == NULL) {
		return;
	}
	free(buf->data);
	buf_init(buf, buf->max);
}

void buf_wipe(struct buf *buf)
{
	if (buf == NULL) {
		return;
	}
	if (buf->data != NULL) {
		explicit_bzero(buf->data, buf->capacity);
	}
	buf_finish(buf);
}

void buf_clear(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data != NULL) {
		buf->data[0] = '\0';
	}
}

static bool fail(struct buf *buf)
{
	buf->failed = true;
	return false;
}

static size_t grown_capacity(const struct buf *buf, size_t needed)
{
	size_t limit = buf->max + 1;
	size_t wanted = buf->capacity > 0 ? buf->capacity : FIRST_CAPACITY_BYTES;
	while (wanted < needed && wanted <= limit / 2) {
		wanted *= 2;
	}
	return wanted < needed || wanted > limit ? limit : wanted;
}

/*
 * Makes room for len more bytes and the NUL. The old block is wiped before it
 * is freed: realloc would leave copies of tokens and of people's data behind.
 */
static bool reserve(struct buf *buf, size_t len)
{
	if (buf->failed || len > buf->max - buf->len) {
		return fail(buf);
	}
	size_t needed = buf->len + len + 1;
	if (needed <= buf->capacity) {
		return true;
	}
	size_t capacity = grown_capacity(buf, needed);
	char *data = malloc(capacity);
	if (data == NULL) {
		return fail(buf);
	}
	if (buf->data != NULL) {
		memcpy(data, buf->data, buf->len);
		explicit_bzero(buf->data, buf->capacity);
		free(buf->data);
	}
	data[buf->len] = '\0';
	buf->data = data;
	buf->capacity = capacity;
	return true;
}

bool buf_add(struct buf *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len)) {
		return false;
	}
	if (len > 0) {
		memcpy(buf->data + buf->len, bytes, len);
		buf->len += len;
		buf->data[buf->len] = '\0';
	}
	return true;
}

bool buf_add_text(struct buf *buf, const char *text)
{
	return text == NULL ? !buf->failed : buf_add(buf, text, strlen(text));
}

bool buf_add_char(struct buf *buf, char c)
{
	return buf_add(buf, &c, 1);
}

bool buf_add_format(struct buf *buf, const char *format, ...)
{
	va_list args;
	va_list again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args); /* check: allow only measures */
	va_end(args);
	bool done = len >= 0 && reserve(buf, (size_t)len);
	if (done) {
		/* reserve() made room for len bytes and the NUL. */
		char *to = buf->data + buf->len;
		int written =
		        vsnprintf(to, (size_t)len + 1, format, again); /* check: allow checked */
		done = written == len;
		buf->len += done ? (size_t)len : 0;
		buf->data[buf->len] = '\0';
	}
	va_end(again);
	return done || fail(buf);
}

static bool url_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	        c == '-' || c == '.' || c == '_' || c == '~';
}

/* Undoes a chain of adds of which one failed. */
static bool keep_or_cut(struct buf *buf, size_t len_before)
{
	if (buf->failed && buf->data != NULL) {
		buf->len = len_before;
		buf->data[len_before] = '\0';
	}
	return !buf->failed;
}

bool buf_add_url(struct buf *buf, const char *text)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t before = buf->len;
	for (const char *at = text; at != NULL && *at != '\0' && !buf->failed; at++) {
		if (url_unreserved(*at)) {
			buf_add_char(buf, *at);
		} else {
			uint8_t byte = (uint8_t)*at;
			char escaped[3] = {'%', digits[byte >> 4], digits[byte & 15]};
			buf_add(buf, escaped, sizeof(escaped));
		}
	}
	return keep_or_cut(buf, before);
}

static void add_json_char(struct buf *buf, char c)
{
	switch (c) {
	case '"': buf_add_text(buf, "\\\""); break;
	case '\\': buf_add_text(buf, "\\\\"); break;
	case '\n': buf_add_text(buf, "\\n"); break;
	case '\r': buf_add_text(buf, "\\r"); break;
	case '\t': buf_add_text(buf, "\\t"); break;
	default:
		if ((uint8_t)c < 0x20 || c == 0x7f) {
			buf_add_format(buf, "\\u%04x", (unsigned)(uint8_t)c);
		} else {
			buf_add_char(buf, c);
		}
	}
}

bool buf_add_json_string(struct buf *buf, const char *text)
{
	const char *source = text != NULL ? text : "";
	if (!str_is_utf8(source, strlen(source))) {
		return fail(buf);
	}
	size_t before = buf->len;
	buf_add_char(buf, '"');
	for (const char *at = source; *at != '\0' && !buf->failed; at++) {
		add_json_char(buf, *at);
	}
	buf_add_char(buf, '"');
	return keep_or_cut(buf, before);
}

const char *buf_text(const struct buf *buf)
{
	return buf->data != NULL ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
	if (buf->failed || buf->len == 0) {
		return NULL;
	}
	char *data = buf->data;
	buf_init(buf, buf->max);
	return data;
}
