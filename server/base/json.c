/* SPDX-License-Identifier: MIT */
#include "server/base/json.h"

#include "server/base/secrecy.h"
#include "server/base/str.h"

#include <string.h>

/* Stops at the limit, so its own recursion is bounded by it (J5). */
static bool is_too_deep(json_t *json, int depth_left)
{
	if (!json_is_array(json) && !json_is_object(json)) {
		return false;
	}
	if (depth_left == 0) {
		return true;
	}
	size_t index = 0;
	const char *key = NULL;
	json_t *value = NULL;
	if (json_is_array(json)) {
		json_array_foreach(json, index, value)
		{
			if (is_too_deep(value, depth_left - 1)) {
				return true;
			}
		}
		return false;
	}
	json_object_foreach(json, key, value)
	{
		if (is_too_deep(value, depth_left - 1)) {
			return true;
		}
	}
	return false;
}

struct load {
	const char *bytes;
	size_t len;
	json_t *json;
	json_error_t where;
};

static void load(void *context)
{
	struct load *load = context;
	load->json = json_loadb(
	        load->bytes, load->len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &load->where);
}

/*
 * Without memory jansson 2.14 cuts a text or a key off and goes on as if that were all of it, or
 * aborts: it is left at the first allocation that fails.
 */
json_t *json_parse(const char *bytes, size_t len, struct err *err)
{
	struct load loaded = {.bytes = bytes, .len = len};
	/* jansson takes a NUL after a lone number for the end of the input. */
	if (bytes == NULL || memchr(bytes, '\0', len) != NULL) {
		err_set(err, ERR_BAD_JSON, "not JSON: it holds a NUL byte or nothing at all");
		return NULL;
	}
	if (!secrecy_guard(load, &loaded)) {
		err_set(err, ERR_NO_MEMORY, "no memory for JSON");
		return NULL;
	}
	if (loaded.json == NULL) {
		/* jansson's own text quotes the input, which may be someone's data. */
		err_set(err, ERR_BAD_JSON, "not the JSON that is allowed here, line %d column %d",
		        loaded.where.line, loaded.where.column);
		return NULL;
	}
	if (is_too_deep(loaded.json, JSON_DEPTH_MAX)) {
		err_set(err, ERR_BAD_JSON, "JSON nested deeper than %d levels", JSON_DEPTH_MAX);
		json_decref(loaded.json);
		return NULL;
	}
	return loaded.json;
}

char *json_format(const json_t *json)
{
	return json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}

const char *json_get_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64_t json_get_int(const json_t *object, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(object, key);
	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool json_get_bool(const json_t *object, const char *key, bool fallback)
{
	const json_t *value = json_object_get(object, key);
	return json_is_boolean(value) ? json_is_true(value) : fallback;
}

json_t *json_get_path(const json_t *object, const char *dotted_path)
{
	const json_t *at = object;
	const char *part = dotted_path;
	while (part != NULL && at != NULL) {
		size_t len = strcspn(part, ".");
		json_t *value = json_object_getn(at, part, len);
		if (part[len] == '\0') {
			return value;
		}
		part += len + 1;
		at = value;
	}
	return NULL;
}

bool json_id_text(const json_t *json, char *to, size_t size)
{
	if (json_is_integer(json)) {
		return str_format(to, size, "%lld", (long long)json_integer_value(json));
	}
	const char *text = json_string_value(json);
	return !str_is_empty(text) && strlen(text) == json_string_length(json) &&
	        str_copy(to, size, text);
}
