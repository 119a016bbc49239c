/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/jsonx.h"

#include <stdlib.h>
#include <string.h>

const char *jsonx_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

const char *jsonx_text_or(const json_t *object, const char *key, const char *other)
{
	const char *text = jsonx_text(object, key);

	return text != NULL ? text : other;
}

int64_t jsonx_int(const json_t *object, const char *key, int64_t other)
{
	const json_t *value = json_object_get(object, key);

	if (json_is_real(value)) {
		return (int64_t)json_real_value(value);
	}
	return json_is_integer(value) ? json_integer_value(value) : other;
}

double jsonx_real(const json_t *object, const char *key, double other)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : other;
}

bool jsonx_is(const json_t *object, const char *key, bool other)
{
	const json_t *value = json_object_get(object, key);

	return value == NULL ? other : json_is_true(value);
}

bool jsonx_has(const json_t *array, const char *text)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *entry = json_string_value(json_array_get(array, i));

		if (entry != NULL && strcmp(entry, text) == 0) {
			return true;
		}
	}
	return false;
}

void jsonx_take(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) != 0) {
		abort();
	}
}

void jsonx_set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set(object, key, value) != 0) {
		abort();
	}
}

void jsonx_set_text(json_t *object, const char *key, const char *text)
{
	json_t *value = text != NULL ? json_string(text) : json_null();

	jsonx_take(object, key, value != NULL ? value : json_string("(not UTF-8)"));
}

void jsonx_set_int(json_t *object, const char *key, int64_t value)
{
	jsonx_take(object, key, json_integer(value));
}

void jsonx_set_is(json_t *object, const char *key, bool value)
{
	jsonx_take(object, key, json_boolean(value));
}

void jsonx_push(json_t *array, json_t *stolen)
{
	if (json_array_append_new(array, stolen) != 0) {
		abort();
	}
}

json_t *jsonx_parse(const char *text, size_t length)
{
	return length == 0 ? NULL : json_loadb(text, length, JSON_DECODE_ANY, NULL);
}

char *jsonx_dump(const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	if (text == NULL) {
		abort();
	}
	return text;
}
