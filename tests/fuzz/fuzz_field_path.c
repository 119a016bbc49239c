/* SPDX-License-Identifier: MIT */
/* Any path into any employee: each state is possible, and none is a value without a value. */
#include "tests/fuzz/target.h"

#include "mapping/mapping.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void read_as(const struct person *person, const char *path, enum field_type type)
{
	json_t *value = NULL;
	const enum field_state state = person_field_as(person, type, path, &value);
	assert((state == FIELD_VALUE) == (value != NULL));
	assert(value == NULL || !json_is_null(value));
	json_decref(value);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	if (end == NULL) {
		return 0;
	}
	const size_t path_len = (size_t)(end - data);
	char *path = str_dup_len(text, path_len);
	json_t *source = json_parse(text + path_len + 1, size - path_len - 1, NULL);
	struct person person = {0};
	if (path != NULL && source != NULL && person_parse(&person, source, NULL)) {
		for (int type = FIELD_TYPE_UNKNOWN; type <= FIELD_TYPE_OTHER; type++) {
			read_as(&person, path, (enum field_type)type);
		}
		person_finish(&person);
	}
	json_decref(source);
	free(path);
	return 0;
}
