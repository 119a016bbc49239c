/* SPDX-License-Identifier: MIT */
/*
 * Where a field stands in Bob's answer. Bob gives most values twice (nested
 * objects and flat slash keys) and, asked with humanReadable APPEND, a third
 * time as a person would see them.
 */
#include "mapping/field_read.h"

#include "server/base/json.h"
#include "server/base/str.h"

#include <string.h>

#define PATH_MAX_BYTES 256
#define ID_DIGITS_MAX  32

static const char *without_root(const char *path)
{
	return str_starts_with(path, "root.") ? path + strlen("root.") : path;
}

/*
 * Walks the nested form. An object on the way that is null means that the
 * field is empty too (no manager, no manager's e-mail).
 */
static enum field_state find_nested(const json_t *object, const char *path, json_t **found)
{
	const json_t *section = object;
	for (const char *part = path;;) {
		const size_t len = strcspn(part, ".");
		if (!json_is_object(section) || len == 0) {
			return FIELD_NOT_READABLE;
		}
		json_t *at = json_object_getn(section, part, len);
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
		section = at;
		part += len + 1;
	}
}

/* "/work/department": {"value": ...}; a bare value in that place is taken too. */
static json_t *find_flat(const json_t *object, const char *path)
{
	char key[PATH_MAX_BYTES] = "/";
	if (!str_copy(key + 1, sizeof(key) - 1, path)) {
		return NULL;
	}
	for (char *c = key; *c != '\0'; c++) {
		*c = *c == '.' ? '/' : *c;
	}
	json_t *at = json_object_get(object, key);
	return json_is_object(at) ? json_object_get(at, "value") : at;
}

enum field_state field_find(const json_t *object, const char *path, json_t **found)
{
	const enum field_state state = find_nested(object, without_root(path), found);
	if (state == FIELD_VALUE) {
		return state;
	}
	json_t *flat = find_flat(object, path);
	if (flat == NULL) {
		return state;
	}
	if (json_is_null(flat)) {
		return FIELD_EMPTY;
	}
	*found = flat;
	return FIELD_VALUE;
}

static json_t *find_label(const struct person *person, const char *path)
{
	json_t *label = NULL;
	const json_t *readable = json_object_get(person->source, "humanReadable");
	return field_find(readable, path, &label) == FIELD_VALUE ? label : NULL;
}

/* ---------------------------------------------------------------------- type */

/* The part of a listed colleague: a text of its own ("work.reportsTo.email"). */
static bool is_part_of_colleague(const struct field_catalog *catalog, const char *path)
{
	char parent[PATH_MAX_BYTES];
	const char *dot = strrchr(path, '.');
	return dot != NULL && str_format(parent, sizeof(parent), "%.*s", (int)(dot - path), path) &&
	        field_catalog_type(catalog, parent) == FIELD_TYPE_EMPLOYEE;
}

/* Bob lists the person's own id as a reference; nobody means a colleague by it. */
static enum field_type known_type(
        const struct field_catalog *catalog, const struct field_info *info, const char *path)
{
	const enum field_type type = info == NULL ? FIELD_TYPE_UNKNOWN : info->type;
	const bool is_text = str_equal(path, "root.id") ||
	        (catalog != NULL && type == FIELD_TYPE_UNKNOWN &&
	                is_part_of_colleague(catalog, path));
	return is_text ? FIELD_TYPE_TEXT : type;
}

static bool is_digits(const json_t *json)
{
	return json_is_string(json) && str_is_digits(json_string_value(json), ID_DIGITS_MAX);
}

/* A label that is more than the number written out. */
static bool is_name(const json_t *label)
{
	const char *text = json_string_value(label);
	return text != NULL && !str_is_empty(text) &&
	        strspn(text, "0123456789.,-+eE' ") != strlen(text);
}

/*
 * Without metadata: a text of digits is an id, and unusable without a label;
 * so is a number with a name; an object is a reference; everything else means
 * what it looks like.
 */
static enum field_type type_of_shape(const json_t *found, const json_t *label)
{
	switch (json_typeof(found)) {
	case JSON_STRING: return is_digits(found) ? FIELD_TYPE_LIST : FIELD_TYPE_TEXT;
	case JSON_INTEGER:
	case JSON_REAL: return is_name(label) ? FIELD_TYPE_LIST : FIELD_TYPE_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE: return FIELD_TYPE_BOOL;
	case JSON_ARRAY: return FIELD_TYPE_MULTI_LIST;
	case JSON_OBJECT: return FIELD_TYPE_EMPLOYEE;
	case JSON_NULL: break;
	}
	return FIELD_TYPE_OTHER;
}

enum field_type field_resolve_type(enum field_type type, const json_t *found, const json_t *label)
{
	const bool is_plain = type == FIELD_TYPE_TEXT || type == FIELD_TYPE_OTHER;
	if (is_plain && json_is_string(found)) {
		return FIELD_TYPE_TEXT;
	}
	if (is_plain && json_is_number(found)) {
		return FIELD_TYPE_NUMBER;
	}
	return is_plain || type == FIELD_TYPE_UNKNOWN ? type_of_shape(found, label) : type;
}

/* Texts, numbers, truth values and dates say all themselves: the look for a label is spared. */
static bool needs_label(enum field_type type, const json_t *found)
{
	switch (type) {
	case FIELD_TYPE_NUMBER:
	case FIELD_TYPE_BOOL:
	case FIELD_TYPE_DATE: return false;
	case FIELD_TYPE_TEXT:
	case FIELD_TYPE_OTHER: return !json_is_string(found);
	case FIELD_TYPE_UNKNOWN: return !json_is_string(found) || is_digits(found);
	case FIELD_TYPE_LIST:
	case FIELD_TYPE_MULTI_LIST:
	case FIELD_TYPE_EMPLOYEE: return true;
	}
	return true;
}

enum field_state field_read(const struct person *person, const struct field_catalog *catalog,
        const char *path, struct field_reading *reading)
{
	const struct field_info *info = field_catalog_find(catalog, path);
	*reading = (struct field_reading){.catalog = catalog,
	        .list = info == NULL ? "" : info->list,
	        .type = known_type(catalog, info, path)};
	if (path[0] == '\0') {
		return FIELD_NOT_READABLE;
	}
	const enum field_state state = field_find(person->source, path, &reading->found);
	if (state == FIELD_NOT_READABLE && catalog != NULL &&
	        !field_catalog_covers(catalog, path)) {
		return FIELD_NO_SUCH;
	}
	if (state != FIELD_VALUE) {
		return state;
	}
	/* A blank list value is empty, not a list without a label. */
	if (json_is_string(reading->found) && str_is_empty(json_string_value(reading->found))) {
		return FIELD_EMPTY;
	}
	if (needs_label(reading->type, reading->found)) {
		reading->label = find_label(person, path);
	}
	reading->type = field_resolve_type(reading->type, reading->found, reading->label);
	return FIELD_VALUE;
}
