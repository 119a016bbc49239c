/* SPDX-License-Identifier: MIT */
#include "server/base/host_names.h"

#include "server/base/str.h"

#include <string.h>

#define PORT_DIGITS_MAX 5

/* How long the host is at the beginning of a Host header; 0: it is none. */
static size_t host_len(const char *text)
{
	size_t len = 0;

	if (text[0] == '[') {
		len = strcspn(text, "]");
		return text[len] == ']' && len > 1 ? len + 1 : 0;
	}
	len = strcspn(text, ":");
	return len;
}

static bool is_port_or_end(const char *text)
{
	return text[0] == '\0' || (text[0] == ':' && str_is_digits(text + 1, PORT_DIGITS_MAX));
}

static bool is_host(const char *text)
{
	return str_is_word(text, HOST_NAME_BYTES - 1, text[0] == '[' ? "[]:." : "-.") &&
	        host_len(text) == strlen(text);
}

/* Takes text[0..len); an empty item is none. */
static bool add(struct host_names *names, const char *text, size_t len)
{
	char item[2 * HOST_NAME_BYTES];
	char *to = names->items[names->count < HOST_NAMES_MAX ? names->count : 0];
	size_t name_len = 0;

	if (names->count == HOST_NAMES_MAX ||
	        !str_format(item, sizeof(item), "%.*s", (int)len, text)) {
		return false;
	}
	const char *name = str_trim(item, &name_len);
	if (!str_format(to, HOST_NAME_BYTES, "%.*s", (int)name_len, name) || !is_host(to)) {
		return false;
	}
	str_fold(to);
	names->count++;
	return true;
}

bool host_names_parse(const char *text, struct host_names *names)
{
	memset(names, 0, sizeof(*names));
	if (str_equal(text, "none")) {
		return true;
	}
	for (const char *at = text;; at++) {
		size_t len = strcspn(at, ",");
		if (!add(names, at, len)) {
			return false;
		}
		at += len;
		if (*at == '\0') {
			return true;
		}
	}
}

bool host_names_have(const struct host_names *names, const char *host)
{
	char name[HOST_NAME_BYTES];
	size_t len = host_len(host);

	if (len == 0 || !is_port_or_end(host + len) ||
	        !str_format(name, sizeof(name), "%.*s", (int)len, host)) {
		return false;
	}
	for (size_t i = 0; i < names->count; i++) {
		if (str_equal_fold(names->items[i], name)) {
			return true;
		}
	}
	return false;
}
