/* SPDX-License-Identifier: MIT */
#include "server/http/url.h"

#include "server/base/str.h"

#include <stdint.h>
#include <string.h>

static int hex_value(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

static bool is_control(uint8_t byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/* Takes one plain or escaped byte; false when the escape is broken. */
static bool take_byte(const char *text, size_t len, size_t *at, uint8_t *byte)
{
	if (text[*at] != '%') {
		*byte = (uint8_t)text[(*at)++];
		return true;
	}
	if (len - *at < 3) {
		return false;
	}
	int high = hex_value(text[*at + 1]);
	int low = hex_value(text[*at + 2]);
	*at += 3;
	*byte = (uint8_t)(high * 16 + low);
	return high >= 0 && low >= 0;
}

bool url_decode(const char *text, size_t len, char *to, size_t size)
{
	size_t at = 0;
	size_t used = 0;
	while (at < len) {
		uint8_t byte = 0;
		if (used + 1 >= size || !take_byte(text, len, &at, &byte) || is_control(byte)) {
			return false;
		}
		to[used++] = (char)byte;
	}
	if (size == 0) {
		return false;
	}
	to[used] = '\0';
	return str_is_utf8(to, used);
}

bool url_path_is_clean(const char *path)
{
	size_t len = strlen(path);
	if (path[0] != '/') {
		return false;
	}
	for (size_t at = 0; at < len;) {
		uint8_t byte = 0;
		bool is_escaped = path[at] == '%';
		if (!take_byte(path, len, &at, &byte) || is_control(byte)) {
			return false;
		}
		if (!is_escaped && (byte == ' ' || byte >= 0x80)) {
			return false;
		}
	}
	return true;
}
