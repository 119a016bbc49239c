/* SPDX-License-Identifier: MIT */
#include "okta/link.h"

#include "server/base/str.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define API_PATH "/api/v1/"

/* One "<address>; rel=next" of the list. */
struct link {
	const char *address;
	size_t address_len;
	const char *parameters;
	size_t parameters_len;
};

/* The link at *at, which then stands behind it; false when there is none that can be read. */
static bool take_link(const char **at, struct link *link)
{
	const char *start = strchr(*at, '<');
	const char *end = start != NULL ? strchr(start, '>') : NULL;

	if (end == NULL) {
		return false;
	}
	link->address = start + 1;
	link->address_len = (size_t)(end - start - 1);
	link->parameters = end + 1;
	link->parameters_len = strcspn(link->parameters, "<");
	*at = link->parameters + link->parameters_len;
	return true;
}

static bool is_next(const struct link *link)
{
	static const char *const WORDS[] = {"rel=\"next\"", "rel=next"};

	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		size_t len = strlen(WORDS[i]);
		for (size_t k = 0; k + len <= link->parameters_len; k++) {
			if (strncasecmp(link->parameters + k, WORDS[i], len) == 0) {
				return true;
			}
		}
	}
	return false;
}

/* A path of ours goes into a request as it is. */
static bool is_sane(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= 0x20 || text[i] > 0x7e || text[i] == '#') {
			return false;
		}
	}
	return true;
}

static enum link_next follow(const struct link *link, const char *base_url, char *to, size_t size)
{
	size_t base_len = strlen(base_url);
	size_t path_len = link->address_len - base_len;
	const char *path = link->address + base_len;

	if (link->address_len <= base_len || strncasecmp(link->address, base_url, base_len) != 0 ||
	        !is_sane(path, path_len) || !str_format(to, size, "%.*s", (int)path_len, path) ||
	        !str_starts_with(to, API_PATH)) {
		to[0] = '\0';
		return LINK_NEXT_FOREIGN;
	}
	return LINK_NEXT_FOUND;
}

enum link_next link_next_find(const char *value, const char *base_url, char *to, size_t size)
{
	struct link link;

	to[0] = '\0';
	for (const char *at = value; take_link(&at, &link);) {
		if (is_next(&link)) {
			return follow(&link, base_url, to, size);
		}
	}
	return LINK_NEXT_NONE;
}
