/* SPDX-License-Identifier: MIT */
/* How a wanted profile differs from what Okta has. */
#include "mapping/attribute_check.h"
#include "mapping/profile.h"

#include "server/base/buf.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX_BYTES 64
#define NAMES_MAX_BYTES  8192

/* Okta shows an unset attribute as null or not at all; "" was set by somebody but says nothing. */
static bool has_value(const json_t *value)
{
	if (value == NULL || json_is_null(value)) {
		return false;
	}
	return !json_is_string(value) || json_string_length(value) > 0;
}

static bool is_same_number(const json_t *a, const json_t *b)
{
	return !(json_number_value(a) < json_number_value(b)) &&
	        !(json_number_value(a) > json_number_value(b));
}

/* Numbers are the same however they are written: 412, 412.0, "412". */
static bool is_same_value(const json_t *wanted, const json_t *present)
{
	char text[NUMBER_MAX_BYTES];
	if (json_is_number(wanted) && json_is_number(present)) {
		return is_same_number(wanted, present);
	}
	if (json_is_string(wanted) && json_is_number(present)) {
		return attribute_number_text(present, text, sizeof(text)) &&
		        strcmp(json_string_value(wanted), text) == 0;
	}
	return json_equal(wanted, present) != 0;
}

static bool is_same_list(const json_t *wanted, const json_t *present)
{
	bool is_same = json_array_size(wanted) == json_array_size(present);
	for (size_t i = 0; is_same && i < json_array_size(wanted); i++) {
		is_same = is_same_value(json_array_get(wanted, i), json_array_get(present, i));
	}
	return is_same;
}

static bool is_same(const char *okta, const json_t *wanted, const json_t *present)
{
	if (map_is_address(okta) && json_is_string(wanted) && json_is_string(present)) {
		return str_equal_fold(json_string_value(wanted), json_string_value(present));
	}
	return json_is_array(wanted) && json_is_array(present) ? is_same_list(wanted, present)
	                                                       : is_same_value(wanted, present);
}

/* The row would take away what somebody may still need: done when agreed twice (K4). */
static bool is_taking_away(const struct map_result *result, const json_t *present)
{
	const char *okta = result->row->okta;
	const json_t *value = json_object_get(present, okta);
	if (map_is_address(okta) || !has_value(value)) {
		return false;
	}
	if (result->state == ROW_EMPTY) {
		return result->row->when_empty == WHEN_EMPTY_CLEAR;
	}
	return result->is_default && !is_same(okta, result->value, value);
}

static bool is_listed(const char *names, const char *name)
{
	const size_t name_len = strlen(name);
	for (const char *at = names; at != NULL && *at != '\0';) {
		const size_t len = strcspn(at, ",");
		if (len == name_len && memcmp(at, name, len) == 0) {
			return true;
		}
		at += at[len] == ',' ? len + 1 : len;
	}
	return false;
}

/* A default never takes an address away, nor what is not known. */
static bool may_set(const struct map_result *result, enum diff_purpose purpose,
        const json_t *present, const char *may_clear)
{
	const char *okta = result->row->okta;
	const bool is_unknown = purpose == DIFF_FOR_UPDATE && present == NULL;
	if (!result->is_default || (!is_unknown && !has_value(json_object_get(present, okta)))) {
		return true;
	}
	return !map_is_address(okta) && is_listed(may_clear, okta);
}

static bool add_difference(json_t *diff, const struct map_result *result, enum diff_purpose purpose,
        const json_t *present, const char *may_clear)
{
	const char *okta = result->row->okta;
	if (result->state == ROW_VALUE) {
		return is_same(okta, result->value, json_object_get(present, okta)) ||
		        !may_set(result, purpose, present, may_clear) ||
		        json_object_set(diff, okta, result->value) == 0;
	}
	if (is_taking_away(result, present) && is_listed(may_clear, okta)) {
		return json_object_set_new(diff, okta, json_null()) == 0;
	}
	return true;
}

json_t *map_profile_diff(const struct map_profile *wanted, enum diff_purpose purpose,
        const json_t *present, const char *may_clear)
{
	json_t *diff = json_object();
	for (size_t i = 0; diff != NULL && i < wanted->count; i++) {
		if (purpose == DIFF_FOR_UPDATE &&
		        wanted->results[i].row->apply == APPLY_ON_CREATE) {
			continue;
		}
		if (!add_difference(diff, &wanted->results[i], purpose, present, may_clear)) {
			json_decref(diff);
			return NULL;
		}
	}
	return diff;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *x = a;
	const char *const *y = b;
	return strcmp(*x, *y);
}

static char *join_names(const char **names, size_t count)
{
	struct buf buf;
	buf_init(&buf, NAMES_MAX_BYTES);
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count; i++) {
		buf_add_text(&buf, i == 0 ? "" : ",");
		buf_add_text(&buf, names[i]);
	}
	char *joined = buf_take(&buf);
	buf_finish(&buf);
	return joined;
}

char *map_profile_empty_fields(const struct map_profile *wanted, const json_t *present)
{
	const char **names = calloc(wanted->count > 0 ? wanted->count : 1, sizeof(*names));
	if (names == NULL) {
		return NULL;
	}
	size_t count = 0;
	for (size_t i = 0; i < wanted->count; i++) {
		const struct map_row *row = wanted->results[i].row;
		if (row->apply == APPLY_ALWAYS && is_taking_away(&wanted->results[i], present)) {
			names[count++] = row->okta;
		}
	}
	char *joined = count > 0 ? join_names(names, count) : NULL;
	free(names);
	return joined;
}
