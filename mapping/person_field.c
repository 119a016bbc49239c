/* SPDX-License-Identifier: MIT */
/*
 * Reading one field. Bob gives most values twice (nested objects and flat
 * slash keys) and, asked with humanReadable APPEND, a third time as a person
 * would see them. Machine values are used wherever they mean something outside
 * Bob (dates, numbers, truth values, texts); the readable form only for what
 * is an id otherwise (lists, references), because it follows the locale of the
 * service user.
 */
#include "mapping/person.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES   256
#define ID_DIGITS_MAX    32
#define NUMBER_MAX_BYTES 32

/* ------------------------------------------------------------------ finding */

static const char *without_root(const char *path)
{
	return str_starts_with(path, "root.") ? path + strlen("root.") : path;
}

/*
 * Walks the nested form. An object on the way that is null means that the
 * field is empty too (no manager, no manager's e-mail).
 */
static enum field_state find_nested(const json_t *object, const char *path, const json_t **found)
{
	char key[PATH_MAX_BYTES];
	const json_t *at = object;
	for (const char *part = path;;) {
		const size_t len = strcspn(part, ".");
		if (!json_is_object(at) || len == 0 || len >= sizeof(key)) {
			return FIELD_NOT_READABLE;
		}
		memcpy(key, part, len);
		key[len] = '\0';
		at = json_object_get(at, key);
		if (at == NULL) {
			return FIELD_NOT_READABLE;
		}
		if (json_is_null(at)) {
			return FIELD_EMPTY;
		}
		if (part[len] == '\0') {
			*found = at;
			return FIELD_VALUE;
		}
		part += len + 1;
	}
}

/* "/work/department": {"value": ...}; a bare value in that place is taken too. */
static const json_t *find_flat(const json_t *object, const char *path)
{
	char key[PATH_MAX_BYTES];
	if (!str_format(key, sizeof(key), "/%s", path)) {
		return NULL;
	}
	for (char *c = key; *c != '\0'; c++) {
		*c = *c == '.' ? '/' : *c;
	}
	const json_t *at = json_object_get(object, key);
	return json_is_object(at) ? json_object_get(at, "value") : at;
}

static enum field_state find_value(const json_t *object, const char *path, const json_t **found)
{
	const enum field_state state = find_nested(object, without_root(path), found);
	if (state == FIELD_VALUE) {
		return state;
	}
	const json_t *flat = find_flat(object, path);
	if (flat == NULL) {
		return state;
	}
	if (json_is_null(flat)) {
		return FIELD_EMPTY;
	}
	*found = flat;
	return FIELD_VALUE;
}

static const json_t *find_label(const struct person *person, const char *path)
{
	const json_t *label = NULL;
	const json_t *readable = json_object_get(person->source, "humanReadable");
	return find_value(readable, path, &label) == FIELD_VALUE ? label : NULL;
}

/* ------------------------------------------------------------------ cleaning */

/* Okta stores only the basic plane; control characters have no place in a profile. */
static bool is_kept(const char *text, size_t len)
{
	const unsigned char c = (unsigned char)text[0];
	const bool is_c1 = len == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0;
	return len < 4 && !is_c1 && c >= 0x20 && c != 0x7f;
}

static bool is_line_break_or_tab(char c)
{
	return c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f';
}

/* Trimmed, line breaks and tabs as one space, the rest as is_kept says. Caller frees. */
static char *clean_text(const char *text, size_t len)
{
	char *clean = malloc(len + 1);
	if (clean == NULL) {
		return NULL;
	}
	size_t used = 0;
	for (size_t i = 0; i < len;) {
		const size_t step = str_utf8_step(text + i, len - i);
		const size_t size = step > 0 ? step : 1;
		if (is_line_break_or_tab(text[i])) {
			if (used > 0 && clean[used - 1] != ' ') {
				clean[used++] = ' ';
			}
		} else if (step > 0 && is_kept(text + i, size)) {
			memcpy(clean + used, text + i, size);
			used += size;
		}
		i += size;
	}
	clean[used] = '\0';
	size_t trimmed_len = used;
	const char *trimmed = str_trim(clean, &trimmed_len);
	memmove(clean, trimmed, trimmed_len);
	clean[trimmed_len] = '\0';
	return clean;
}

/* Gives a text away as a field; out of memory reads as absent, which changes nothing. */
static enum field_state give_text(const char *text, size_t len, json_t **value)
{
	char *clean = clean_text(text, len);
	if (clean == NULL) {
		return FIELD_NOT_READABLE;
	}
	enum field_state state = FIELD_EMPTY;
	if (clean[0] != '\0') {
		*value = json_string(clean);
		state = *value == NULL ? FIELD_NOT_READABLE : FIELD_VALUE;
	}
	free(clean);
	return state;
}

static enum field_state give_json_text(const json_t *text, json_t **value)
{
	return give_text(json_string_value(text), json_string_length(text), value);
}

static enum field_state give_same(const json_t *found, json_t **value)
{
	*value = json_deep_copy(found);
	return *value == NULL ? FIELD_NOT_READABLE : FIELD_VALUE;
}

/* ---------------------------------------------------------------- converting */

static bool is_text_digits(const json_t *json)
{
	return json_is_string(json) && str_is_digits(json_string_value(json), ID_DIGITS_MAX);
}

static enum field_state read_label(const json_t *label, json_t **value)
{
	return json_is_string(label) ? give_json_text(label, value) : FIELD_NOT_READABLE;
}

static enum field_state read_date(const json_t *found, json_t **value)
{
	int32_t days = 0;
	if (!json_is_string(found)) {
		return FIELD_NOT_READABLE;
	}
	const enum field_state state = give_json_text(found, value);
	if (state == FIELD_VALUE && !date_parse(json_string_value(*value), &days)) {
		json_decref(*value);
		*value = NULL;
		return FIELD_NOT_READABLE;
	}
	return state;
}

static enum field_state read_employee(const json_t *found, const json_t *label, json_t **value)
{
	const json_t *name = json_object_get(found, "displayName");
	if (json_is_string(name)) {
		return give_json_text(name, value);
	}
	return read_label(label, value);
}

/* Adds one label to a list; empty ones are passed over. */
static bool add_label(json_t *labels, const char *text, size_t len)
{
	json_t *label = NULL;
	const enum field_state state = give_text(text, len, &label);
	if (state != FIELD_VALUE) {
		return state == FIELD_EMPTY;
	}
	return json_array_append_new(labels, label) == 0;
}

static bool add_labels_of_array(json_t *labels, const json_t *array)
{
	size_t i;
	const json_t *item;
	json_array_foreach(array, i, item)
	{
		if (!json_is_string(item) ||
		        !add_label(labels, json_string_value(item), json_string_length(item))) {
			return false;
		}
	}
	return true;
}

/* A label may hold a comma itself: the text is split only if the parts are as many as the ids. */
static bool add_labels_of_text(json_t *labels, const char *text, size_t id_count)
{
	if (id_count == 1) {
		return add_label(labels, text, strlen(text));
	}
	for (const char *part = text;;) {
		const size_t len = strcspn(part, ",");
		if (!add_label(labels, part, len)) {
			return false;
		}
		if (part[len] == '\0') {
			return json_array_size(labels) == id_count;
		}
		part += len + 1;
	}
}

static enum field_state read_multi_list(const json_t *found, const json_t *label, json_t **value)
{
	const size_t id_count = json_is_array(found) ? json_array_size(found) : 1;
	if (id_count == 0) {
		return FIELD_EMPTY;
	}
	json_t *labels = json_array();
	bool is_read = labels != NULL;
	if (is_read && json_is_array(label)) {
		is_read = add_labels_of_array(labels, label);
	} else if (is_read) {
		is_read = json_is_string(label) &&
		        add_labels_of_text(labels, json_string_value(label), id_count);
	}
	if (!is_read || json_array_size(labels) == 0) {
		json_decref(labels);
		return FIELD_NOT_READABLE;
	}
	*value = labels;
	return FIELD_VALUE;
}

/*
 * Without metadata: a text of digits is an id when its label is something else,
 * and unusable when it has none; an object is a reference; everything else
 * means what it looks like.
 */
static enum field_state read_text_shape(const json_t *found, const json_t *label, json_t **value)
{
	if (is_text_digits(found)) {
		return read_label(label, value);
	}
	return give_json_text(found, value);
}

static enum field_state read_number_shape(const json_t *found, const json_t *label, json_t **value)
{
	const char *text = json_string_value(label);
	const bool is_named = text != NULL && !str_is_empty(text) &&
	        strspn(text, "0123456789.,-+eE' ") != strlen(text);
	return is_named ? read_label(label, value) : give_same(found, value);
}

static enum field_state read_shape(const json_t *found, const json_t *label, json_t **value)
{
	switch (json_typeof(found)) {
	case JSON_STRING: return read_text_shape(found, label, value);
	case JSON_INTEGER:
	case JSON_REAL: return read_number_shape(found, label, value);
	case JSON_TRUE:
	case JSON_FALSE: return give_same(found, value);
	case JSON_ARRAY: return read_multi_list(found, label, value);
	case JSON_OBJECT: return read_employee(found, label, value);
	case JSON_NULL: return FIELD_EMPTY;
	}
	return FIELD_NOT_READABLE;
}

/* Text and other: texts as they are, even where they are all digits. */
static enum field_state read_plain(const json_t *found, const json_t *label, json_t **value)
{
	if (json_is_string(found)) {
		return give_json_text(found, value);
	}
	if (json_is_number(found) || json_is_boolean(found)) {
		return give_same(found, value);
	}
	return read_shape(found, label, value);
}

/* A number that comes as a text stays one: both become the same text in Okta. */
static enum field_state read_number(const json_t *found, json_t **value)
{
	if (json_is_number(found)) {
		return give_same(found, value);
	}
	return json_is_string(found) ? give_json_text(found, value) : FIELD_NOT_READABLE;
}

static enum field_state read_typed(
        enum field_type type, const json_t *found, const json_t *label, json_t **value)
{
	switch (type) {
	case FIELD_TYPE_UNKNOWN: return read_shape(found, label, value);
	case FIELD_TYPE_TEXT:
	case FIELD_TYPE_OTHER: return read_plain(found, label, value);
	case FIELD_TYPE_NUMBER: return read_number(found, value);
	case FIELD_TYPE_BOOL:
		return json_is_boolean(found) ? give_same(found, value) : FIELD_NOT_READABLE;
	case FIELD_TYPE_DATE: return read_date(found, value);
	case FIELD_TYPE_LIST: return read_label(label, value);
	case FIELD_TYPE_MULTI_LIST: return read_multi_list(found, label, value);
	case FIELD_TYPE_EMPLOYEE: return read_employee(found, label, value);
	}
	return FIELD_NOT_READABLE;
}

enum field_state person_field_as(
        const struct person *person, enum field_type type, const char *path, json_t **value)
{
	const json_t *found = NULL;
	*value = NULL;
	if (path == NULL || path[0] == '\0') {
		return FIELD_NOT_READABLE;
	}
	const enum field_state state = find_value(person->source, path, &found);
	if (state != FIELD_VALUE) {
		return state;
	}
	/* A blank list value is empty, not a list without a label. */
	if (json_is_string(found) && str_is_empty(json_string_value(found))) {
		return FIELD_EMPTY;
	}
	return read_typed(type, found, find_label(person, path), value);
}

enum field_state person_field(const struct person *person, const struct field_catalog *catalog,
        const char *path, json_t **value)
{
	return person_field_as(person, field_catalog_type(catalog, path), path, value);
}
