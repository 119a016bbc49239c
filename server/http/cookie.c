/* SPDX-License-Identifier: MIT */
#include "server/http/cookie.h"

#include <string.h>

/* The value in a pair of that length, or NULL when it is another cookie's. */
static const char *value_of(const char *pair, size_t len, const char *name, size_t name_len)
{
	bool is_it = len > name_len && pair[name_len] == '=' && strncmp(pair, name, name_len) == 0;

	return is_it ? pair + name_len + 1 : NULL;
}

bool cookie_find(const char *header, const char *name, char *to, size_t size)
{
	size_t name_len = strlen(name);
	size_t len = 0;
	const char *found = NULL;
	int count = 0;

	to[0] = '\0';
	for (const char *at = header; *at != '\0';) {
		at += strspn(at, "; \t");
		size_t pair_len = strcspn(at, ";");
		const char *value = value_of(at, pair_len, name, name_len);
		if (value != NULL) {
			found = value;
			len = pair_len - name_len - 1;
			count++;
		}
		at += pair_len;
	}
	if (count != 1 || len >= size) {
		return false;
	}
	memcpy(to, found, len);
	to[len] = '\0';
	return true;
}
