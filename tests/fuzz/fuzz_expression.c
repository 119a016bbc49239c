/* SPDX-License-Identifier: MIT */
/* Any text as an expression: the fields it is said to read are ids Bob can be asked for. */
#include "tests/fuzz/target.h"

#include "mapping/mapping.h"
#include "server/base/str.h"

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
	struct map_expression expression = {0};
	struct err err = ERR_INIT;
	char *text = size > 0 ? str_dup_len((const char *)data, size) : NULL;
	if (text != NULL && map_expression_init(&expression, text, &err)) {
		for (size_t i = 0; i < expression.field_count; i++) {
			assert(str_is_word(expression.fields[i], 200, "._-"));
			assert(strchr(expression.fields[i], '.') != NULL);
		}
		map_expression_finish(&expression);
	} else if (text != NULL) {
		assert(err.text[0] != '\0');
		map_expression_finish(&expression);
	}
	free(text);
	return 0;
}
