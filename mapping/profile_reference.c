/* SPDX-License-Identifier: MIT */
/* Rows that want the Okta user of a colleague: whose, and what became of it. */
#include "mapping/profile_make.h"

#include "server/base/str.h"

#include <string.h>

#define ID_DIGITS_MAX 32

bool row_wants_reference(const struct map_row *row)
{
	return row->source == ROW_FROM_BOB &&
	        (row->form == FIELD_FORM_OKTA_ID || row->form == FIELD_FORM_OKTA_LOGIN);
}

/* The ids of lists and plain numbers look like ids of people, and are not. */
static bool may_name_colleague(const struct field_catalog *fields, const char *path)
{
	switch (field_catalog_type(fields, path)) {
	case FIELD_TYPE_UNKNOWN:
	case FIELD_TYPE_TEXT:
	case FIELD_TYPE_EMPLOYEE:
	case FIELD_TYPE_OTHER: return true;
	case FIELD_TYPE_NUMBER:
	case FIELD_TYPE_BOOL:
	case FIELD_TYPE_DATE:
	case FIELD_TYPE_LIST:
	case FIELD_TYPE_MULTI_LIST: return false;
	}
	return false;
}

static bool is_employee_id(const json_t *value)
{
	return json_is_string(value) && str_is_digits(json_string_value(value), ID_DIGITS_MAX);
}

/* ------------------------------------------------------------------- wanted */

static bool has_text(const json_t *texts, const json_t *text)
{
	size_t i;
	const json_t *item;
	json_array_foreach(texts, i, item)
	{
		if (json_equal(item, text)) {
			return true;
		}
	}
	return false;
}

static bool add_needed(json_t *ids, const struct map_row *row, const struct field_catalog *fields,
        const struct person *person)
{
	json_t *id = NULL;
	bool is_added = true;
	if (row_wants_reference(row) && may_name_colleague(fields, row->bob) &&
	        person_field_form(person, fields, row->bob, row->form, &id) == FIELD_VALUE &&
	        is_employee_id(id) && !has_text(ids, id)) {
		is_added = json_array_append(ids, id) == 0;
	}
	json_decref(id);
	return is_added;
}

json_t *map_references_needed(const struct map_rules *rules, const struct field_catalog *fields,
        const struct person *person)
{
	json_t *ids = json_array();
	for (size_t i = 0; ids != NULL && i < rules->count; i++) {
		if (!add_needed(ids, &rules->rows[i], fields, person)) {
			json_decref(ids);
			return NULL;
		}
	}
	return ids;
}

/* ----------------------------------------------------------------- resolved */

static const struct map_reference *find_reference(
        const struct map_context *context, const char *employee_id)
{
	for (size_t i = 0; i < context->reference_count; i++) {
		if (str_equal(context->references[i].employee_id, employee_id)) {
			return &context->references[i];
		}
	}
	return NULL;
}

static void take_text(struct map_result *result, const char *text)
{
	json_t *value = json_string(text);
	if (value == NULL) {
		result_stop(result, ROW_FAILED, "no memory for the colleague's account");
		return;
	}
	json_decref(result->value);
	result->value = value;
}

void row_resolve_reference(struct map_result *result, const struct map_context *context)
{
	const char *bob = result->row->bob;
	if (!may_name_colleague(context->fields, bob) || !is_employee_id(result->value)) {
		result_stop(result, ROW_FAILED,
		        "%s names no colleague; okta_id and okta_login need a field that does",
		        bob);
		return;
	}
	const struct map_reference *reference =
	        find_reference(context, json_string_value(result->value));
	if (reference == NULL || reference->okta_id[0] == '\0') {
		result_stop(result, ROW_WAITING, "the colleague in %s has no Okta user yet", bob);
	} else if (result->row->form == FIELD_FORM_OKTA_ID) {
		take_text(result, reference->okta_id);
	} else if (reference->login != NULL) {
		take_text(result, reference->login);
	} else {
		result_stop(result, ROW_WAITING,
		        "the login of the colleague in %s is not known yet", bob);
	}
}
