/* SPDX-License-Identifier: MIT */
/* Any path or argument: what decodes is text without control bytes, and no longer than before. */
#include "tests/fuzz/target.h"

#include "server/base/str.h"
#include "server/http/url.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char small[16];
	char *to = malloc(size + 1);
	char *text = str_dup_len((const char *)data, size);
	if (to != NULL && text != NULL) {
		bool is_good = url_decode(text, size, to, size + 1);
		if (is_good) {
			size_t len = strlen(to);
			assert(len <= size && str_is_utf8(to, len));
			for (size_t i = 0; i < len; i++) {
				assert((unsigned char)to[i] >= 0x20 && to[i] != 0x7f);
			}
		}
		if (url_decode(text, size, small, sizeof(small))) {
			assert(is_good && strcmp(small, to) == 0);
		}
		assert(!url_path_is_clean(text) || text[0] == '/');
	}
	free(to);
	free(text);
	return 0;
}
