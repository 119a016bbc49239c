/* SPDX-License-Identifier: MIT */
/*
 * A Cookie header: a value that is found stands in it behind its name, and one more cookie of
 * that name makes it none.
 */
#include "tests/fuzz/target.h"

#include "server/base/str.h"
#include "server/http/cookie.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NAME "__Host-bob2okta"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char value[65];
	char again[65];
	char *header = str_dup_len((const char *)data, size);
	size_t longer_size = size + sizeof("; " NAME "=x");
	char *longer = malloc(longer_size);
	if (header != NULL && longer != NULL && cookie_find(header, NAME, value, sizeof(value))) {
		const char *place = strstr(header, NAME "=");
		assert(place != NULL && strchr(value, ';') == NULL);
		assert(strstr(place, value) != NULL);
		assert(str_format(longer, longer_size, "%s; " NAME "=x", header));
		assert(!cookie_find(longer, NAME, again, sizeof(again)) && again[0] == '\0');
	}
	free(longer);
	free(header);
	return 0;
}
