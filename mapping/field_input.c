/* SPDX-License-Identifier: MIT */
/*
 * One field as expressions see it (docs/mapping.md). What an expression could
 * take for empty although Bob only did not show it (a list without a label, a
 * colleague without a name) is not readable as a whole.
 */
#include "mapping/clean.h"
#include "mapping/field_read.h"

static json_t *pack_item(const json_t *label, const json_t *id)
{
	return json_pack("{s:O, s:O}", "label", label, "id", id);
}

static json_t *pack_items(const json_t *labels, const json_t *ids)
{
	json_t *items = json_array();
	bool is_made = items != NULL && json_array_size(labels) == json_array_size(ids);
	for (size_t i = 0; is_made && i < json_array_size(ids); i++) {
		json_t *item = pack_item(json_array_get(labels, i), json_array_get(ids, i));
		is_made = json_array_append_new(items, item) == 0;
	}
	if (!is_made) {
		json_decref(items);
		return NULL;
	}
	return items;
}

/* The label and the id of an item, or those of several, packed together. */
static enum field_state give_packed(const struct field_reading *reading,
        json_t *(*pack)(const json_t *label, const json_t *id), json_t **value)
{
	json_t *label = NULL;
	json_t *id = NULL;
	enum field_state state = field_give(reading, FIELD_FORM_LABEL, &label);
	if (state == FIELD_VALUE) {
		state = field_give(reading, FIELD_FORM_ID, &id);
	}
	if (state == FIELD_VALUE) {
		*value = pack(label, id);
		state = *value == NULL ? FIELD_NOT_READABLE : FIELD_VALUE;
	}
	json_decref(label);
	json_decref(id);
	return state;
}

/* The other parts that Bob showed; null stays null. */
static bool add_parts(json_t *colleague, const json_t *found)
{
	static const char *const PARTS[] = {"email", "firstName", "surname"};
	for (size_t i = 0; i < ARRAY_SIZE(PARTS); i++) {
		const json_t *part = json_object_get(found, PARTS[i]);
		if (part != NULL &&
		        json_object_set_new(colleague, PARTS[i], clean_value(part)) != 0) {
			return false;
		}
	}
	return true;
}

static enum field_state give_colleague(const struct field_reading *reading, json_t **value)
{
	const enum field_state state = give_packed(reading, pack_item, value);
	if (state == FIELD_VALUE && !add_parts(*value, reading->found)) {
		json_decref(*value);
		*value = NULL;
		return FIELD_NOT_READABLE;
	}
	return state;
}

/* An object that is no colleague: money, a period. Its parts mean what Bob means by them. */
static bool is_other_object(const struct field_reading *reading)
{
	return json_is_object(reading->found) &&
	        json_object_get(reading->found, "displayName") == NULL &&
	        json_object_get(reading->found, "id") == NULL;
}

static enum field_state give_object(const json_t *found, json_t **value)
{
	*value = json_deep_copy(found);
	return *value == NULL ? FIELD_NOT_READABLE : FIELD_VALUE;
}

static enum field_state give_value(const struct field_reading *reading, json_t **value)
{
	switch (reading->type) {
	case FIELD_TYPE_LIST: return give_packed(reading, pack_item, value);
	case FIELD_TYPE_MULTI_LIST: return give_packed(reading, pack_items, value);
	case FIELD_TYPE_EMPLOYEE:
		return is_other_object(reading) ? give_object(reading->found, value)
		                                : give_colleague(reading, value);
	case FIELD_TYPE_TEXT:
	case FIELD_TYPE_NUMBER:
	case FIELD_TYPE_BOOL:
	case FIELD_TYPE_DATE:
	case FIELD_TYPE_UNKNOWN:
	case FIELD_TYPE_OTHER: return field_give(reading, FIELD_FORM_LABEL, value);
	}
	return FIELD_NOT_READABLE;
}

enum field_state field_give_input(const struct person *person, const struct field_catalog *catalog,
        const char *path, json_t **value)
{
	struct field_reading reading;
	*value = NULL;
	enum field_state state = field_read(person, catalog, path, &reading);
	if (state == FIELD_VALUE) {
		state = give_value(&reading, value);
	}
	if (state == FIELD_EMPTY) {
		*value = json_null();
	}
	return state;
}
