/* SPDX-License-Identifier: MIT */
#include "server/engine/set_back.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define STOPPED_MAX_BYTES 4096

static json_t *parse(const char *counts)
{
	json_t *json = counts != NULL ? json_parse(counts, strlen(counts), NULL) : NULL;

	return json_is_object(json) ? json : json_object();
}

static bool is_same(const json_t *a, const json_t *b)
{
	const char *text = json_string_value(a);

	if (text != NULL && json_string_value(b) != NULL) {
		return str_equal_fold(text, json_string_value(b));
	}
	return b != NULL && json_equal(a, b) != 0;
}

/*
 * It stood as Bob says, we did not touch it now, and it is different; or we wrote it now and Okta
 * shows something else (a rule of the org that changes what is written looks just the same).
 */
static bool is_set_back(const struct set_back_view *view, const struct map_result *result)
{
	const char *okta = result->row->okta;
	const json_t *before = json_object_get(view->before, okta);
	const json_t *now = json_object_get(view->now, okta);
	const json_t *written = json_object_get(view->written, okta);

	if (result->state != ROW_VALUE) {
		return false;
	}
	if (written != NULL) {
		return !is_same(written, now);
	}
	return before != NULL && is_same(before, result->value) && !is_same(before, now);
}

bool set_back_note(char **counts, const struct set_back_view *view)
{
	json_t *json = NULL;
	bool is_done = true;

	for (size_t i = 0; view->before != NULL && i < view->wanted->count; i++) {
		const struct map_result *result = &view->wanted->results[i];
		if (!is_set_back(view, result)) {
			continue;
		}
		json = json != NULL ? json : parse(*counts);
		int64_t count = json_get_int(json, result->row->okta, 0) + 1;
		is_done = is_done &&
		        json_object_set_new(json, result->row->okta, json_integer(count)) == 0;
	}
	if (json == NULL) {
		return true;
	}
	char *text = is_done ? json_format(json) : NULL;
	json_decref(json);
	if (text == NULL) {
		return false;
	}
	free(*counts);
	*counts = text;
	return true;
}

char *set_back_stopped(const char *counts)
{
	struct buf names;
	json_t *json = counts != NULL ? parse(counts) : NULL;
	const char *name = NULL;
	json_t *count = NULL;

	buf_init(&names, STOPPED_MAX_BYTES);
	json_object_foreach(json, name, count)
	{
		if (json_integer_value(count) >= SET_BACK_LIMIT) {
			buf_add_format(&names, "%s%s", names.len == 0 ? "" : ",", name);
		}
	}
	json_decref(json);
	char *stopped = buf_take(&names);
	buf_finish(&names);
	return stopped;
}
