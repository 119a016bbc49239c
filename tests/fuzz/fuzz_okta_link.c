/* SPDX-License-Identifier: MIT */
/* Any Link header: what is followed is a path below our own address, and nothing but that. */
#include "tests/fuzz/target.h"

#include "okta/link.h"
#include "server/base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BASE      "https://acme.okta.com"
#define TO_BYTES  2048
#define TO_GUARDS 8

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char to[TO_BYTES + TO_GUARDS];
	memset(to, 'g', sizeof(to));
	char *value = str_dup_len((const char *)data, size);
	if (value == NULL) {
		return 0;
	}
	to[0] = '\0';
	if (link_next_find(value, BASE, to, TO_BYTES) == LINK_NEXT_FOUND) {
		assert(to[0] == '/');
		assert(strlen(to) < TO_BYTES);
		for (const char *at = to; *at != '\0'; at++) {
			assert(*at > ' ' && *at < 0x7f);
		}
		/* Behind the host nothing can make it another one. */
		char whole[sizeof(BASE) + TO_BYTES];
		assert(str_format(whole, sizeof(whole), "<%s%s>; rel=\"next\"", BASE, to) ||
		        strlen(to) > TO_BYTES - 32);
	}
	for (size_t i = 0; i < TO_GUARDS; i++) {
		assert(to[TO_BYTES + i] == 'g');
	}
	free(value);
	return 0;
}
