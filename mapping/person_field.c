/* SPDX-License-Identifier: MIT */
/*
 * From what Bob gave to the value of a field. Machine values are used wherever
 * they mean something outside Bob (dates, numbers, truth values, texts); the
 * readable form only for what is an id otherwise (lists, references), because
 * it follows the locale of the service user.
 */
#include "mapping/clean.h"
#include "mapping/field_read.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define ID_MAX_BYTES 256

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

/* The same of a text within Bob's answer, which is shared where there is nothing to clean. */
static enum field_state give_json_text(json_t *text, json_t **value)
{
	json_t *clean = json_is_string(text) ? clean_string(text) : NULL;
	if (clean == NULL) {
		return FIELD_NOT_READABLE;
	}
	if (json_is_null(clean)) {
		return FIELD_EMPTY;
	}
	*value = clean;
	return FIELD_VALUE;
}

static enum field_state give_same(const json_t *found, json_t **value)
{
	*value = json_deep_copy(found);
	return *value == NULL ? FIELD_NOT_READABLE : FIELD_VALUE;
}

static enum field_state give_id(const json_t *id, json_t **value)
{
	char text[ID_MAX_BYTES];
	return json_id_text(id, text, sizeof(text)) ? give_text(text, strlen(text), value)
	                                            : FIELD_NOT_READABLE;
}

/* ------------------------------------------------------------ dates, numbers */

static enum field_state give_date(json_t *found, json_t **value)
{
	int32_t days = 0;
	const enum field_state state = give_json_text(found, value);
	if (state == FIELD_VALUE && !date_parse(json_string_value(*value), &days)) {
		json_decref(*value);
		*value = NULL;
		return FIELD_NOT_READABLE;
	}
	return state;
}

/* A number that comes as a text stays one: both become the same text in Okta. */
static enum field_state give_number(json_t *found, json_t **value)
{
	return json_is_number(found) ? give_same(found, value) : give_json_text(found, value);
}

/* ---------------------------------------------------------------- colleagues */

/* A part of the colleague that Bob showed; null is empty, not there is not readable. */
static enum field_state give_part(const json_t *colleague, const char *part, json_t **value)
{
	json_t *found = json_object_get(colleague, part);
	return json_is_null(found) ? FIELD_EMPTY : give_json_text(found, value);
}

static enum field_state give_colleague(
        const struct field_reading *reading, enum field_form form, json_t **value)
{
	const json_t *found = reading->found;
	switch (form) {
	case FIELD_FORM_LABEL:
		if (json_is_string(json_object_get(found, "displayName"))) {
			return give_part(found, "displayName", value);
		}
		return give_json_text(reading->label, value);
	case FIELD_FORM_EMAIL: return give_part(found, "email", value);
	case FIELD_FORM_ID:
	case FIELD_FORM_OKTA_ID:
	case FIELD_FORM_OKTA_LOGIN:
		return give_id(json_is_object(found) ? json_object_get(found, "id") : found, value);
	}
	return FIELD_NOT_READABLE;
}

/* --------------------------------------------------------------------- lists */

static const char *list_label(const struct field_reading *reading, const json_t *id)
{
	char text[ID_MAX_BYTES];
	return json_id_text(id, text, sizeof(text))
	        ? field_catalog_label(reading->catalog, reading->list, text)
	        : NULL;
}

static enum field_state give_list(
        const struct field_reading *reading, enum field_form form, json_t **value)
{
	if (form == FIELD_FORM_EMAIL) {
		return FIELD_NOT_READABLE;
	}
	if (form != FIELD_FORM_LABEL) {
		return give_id(reading->found, value);
	}
	if (json_is_string(reading->label)) {
		return give_json_text(reading->label, value);
	}
	const char *label = list_label(reading, reading->found);
	return label == NULL ? FIELD_NOT_READABLE : give_text(label, strlen(label), value);
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

static size_t item_count(const json_t *found)
{
	return json_is_array(found) ? json_array_size(found) : 1;
}

static const json_t *item_at(const json_t *found, size_t index)
{
	return json_is_array(found) ? json_array_get(found, index) : found;
}

static bool add_readable_labels(json_t *labels, const struct field_reading *reading)
{
	if (json_is_array(reading->label)) {
		return add_labels_of_array(labels, reading->label);
	}
	return json_is_string(reading->label) &&
	        add_labels_of_text(
	                labels, json_string_value(reading->label), item_count(reading->found));
}

static bool add_list_labels(json_t *labels, const struct field_reading *reading)
{
	json_array_clear(labels);
	for (size_t i = 0; i < item_count(reading->found); i++) {
		const char *label = list_label(reading, item_at(reading->found, i));
		if (label == NULL || !add_label(labels, label, strlen(label))) {
			return false;
		}
	}
	return true;
}

static bool add_ids(json_t *ids, const struct field_reading *reading)
{
	for (size_t i = 0; i < item_count(reading->found); i++) {
		json_t *id = NULL;
		if (give_id(item_at(reading->found, i), &id) != FIELD_VALUE ||
		        json_array_append_new(ids, id) != 0) {
			return false;
		}
	}
	return true;
}

/* One item without a label makes the whole not readable: half a list would be a wrong one. */
static enum field_state give_multi_list(
        const struct field_reading *reading, enum field_form form, json_t **value)
{
	if (item_count(reading->found) == 0) {
		return FIELD_EMPTY;
	}
	json_t *list = json_array();
	bool is_read = list != NULL && form != FIELD_FORM_EMAIL;
	if (is_read && form != FIELD_FORM_LABEL) {
		is_read = add_ids(list, reading);
	} else if (is_read) {
		is_read = add_readable_labels(list, reading) || add_list_labels(list, reading);
	}
	if (!is_read || json_array_size(list) == 0) {
		json_decref(list);
		return FIELD_NOT_READABLE;
	}
	*value = list;
	return FIELD_VALUE;
}

/* ----------------------------------------------------------------------- all */

enum field_state field_give(
        const struct field_reading *reading, enum field_form form, json_t **value)
{
	switch (reading->type) {
	case FIELD_TYPE_TEXT: return give_json_text(reading->found, value);
	case FIELD_TYPE_NUMBER: return give_number(reading->found, value);
	case FIELD_TYPE_BOOL:
		return json_is_boolean(reading->found) ? give_same(reading->found, value)
		                                       : FIELD_NOT_READABLE;
	case FIELD_TYPE_DATE: return give_date(reading->found, value);
	case FIELD_TYPE_LIST: return give_list(reading, form, value);
	case FIELD_TYPE_MULTI_LIST: return give_multi_list(reading, form, value);
	case FIELD_TYPE_EMPLOYEE: return give_colleague(reading, form, value);
	case FIELD_TYPE_UNKNOWN:
	case FIELD_TYPE_OTHER: break;
	}
	return FIELD_NOT_READABLE;
}

enum field_state person_field_form(const struct person *person, const struct field_catalog *catalog,
        const char *path, enum field_form form, json_t **value)
{
	struct field_reading reading;
	*value = NULL;
	if (path == NULL) {
		return FIELD_NOT_READABLE;
	}
	const enum field_state state = field_read(person, catalog, path, &reading);
	return state == FIELD_VALUE ? field_give(&reading, form, value) : state;
}

enum field_state person_field(const struct person *person, const struct field_catalog *catalog,
        const char *path, json_t **value)
{
	return person_field_form(person, catalog, path, FIELD_FORM_LABEL, value);
}

enum field_state person_field_as(
        const struct person *person, enum field_type type, const char *path, json_t **value)
{
	struct field_reading reading;
	*value = NULL;
	const enum field_state state = field_read(person, NULL, path, &reading);
	if (state != FIELD_VALUE) {
		return state;
	}
	reading.type = field_resolve_type(type, reading.found, reading.label);
	return field_give(&reading, FIELD_FORM_LABEL, value);
}
