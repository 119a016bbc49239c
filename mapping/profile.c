/* SPDX-License-Identifier: MIT */
/* What the rows give for one person, and how that differs from what Okta has. */
#include "mapping/profile.h"

#include "server/base/buf.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX_BYTES 64
#define LIST_MAX_BYTES   4096
#define NAMES_MAX_BYTES  8192

/* Okta's own attributes, all of them strings (okta.md 1.8); others may be of any type. */
static const char *const BASE_ATTRIBUTES[] = {
        "login",
        "email",
        "secondEmail",
        "firstName",
        "lastName",
        "middleName",
        "honorificPrefix",
        "honorificSuffix",
        "title",
        "displayName",
        "nickName",
        "profileUrl",
        "primaryPhone",
        "mobilePhone",
        "streetAddress",
        "city",
        "state",
        "zipCode",
        "countryCode",
        "postalAddress",
        "preferredLanguage",
        "locale",
        "timezone",
        "userType",
        "employeeNumber",
        "costCenter",
        "organization",
        "division",
        "department",
        "managerId",
        "manager",
};

static bool is_base_attribute(const char *okta)
{
	for (size_t i = 0; i < ARRAY_SIZE(BASE_ATTRIBUTES); i++) {
		if (strcmp(okta, BASE_ATTRIBUTES[i]) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_address(const char *okta)
{
	return strcmp(okta, "login") == 0 || strcmp(okta, "email") == 0;
}

/* ---------------------------------------------------------------- converting */

static bool number_text(const json_t *number, char *to, size_t size)
{
	if (json_is_integer(number)) {
		return str_format(to, size, "%lld", (long long)json_integer_value(number));
	}
	return str_format(to, size, "%.15g", json_real_value(number));
}

static json_t *text_of_number(const json_t *number)
{
	char text[NUMBER_MAX_BYTES];
	return number_text(number, text, sizeof(text)) ? json_string(text) : NULL;
}

static json_t *text_of_list(const json_t *list)
{
	struct buf buf;
	buf_init(&buf, LIST_MAX_BYTES);
	size_t i;
	const json_t *item;
	json_array_foreach(list, i, item)
	{
		buf_add_text(&buf, i == 0 ? "" : ", ");
		buf_add_text(&buf, json_string_value(item));
	}
	json_t *text = buf.failed ? NULL : json_string(buf_text(&buf));
	buf_finish(&buf);
	return text;
}

/*
 * The value as Okta takes it. Numbers become text everywhere; truth values and
 * lists do only for Okta's own attributes, because custom ones may be typed.
 */
static json_t *okta_value(const char *okta, json_t *value)
{
	if (json_is_number(value)) {
		return text_of_number(value);
	}
	if (is_base_attribute(okta) && json_is_boolean(value)) {
		return json_string(json_is_true(value) ? "true" : "false");
	}
	if (is_base_attribute(okta) && json_is_array(value)) {
		return text_of_list(value);
	}
	return json_incref(value);
}

const struct map_context map_context_none = {0};

static const char *const STATE_NAMES[ROW_STATE_COUNT] = {
        [ROW_VALUE] = "value",
        [ROW_EMPTY] = "empty",
        [ROW_NOT_READABLE] = "not_readable",
        [ROW_NO_SUCH_FIELD] = "no_such_field",
        [ROW_WAITING] = "waiting",
        [ROW_FAILED] = "failed",
};

const char *row_state_name(enum row_state state)
{
	return STATE_NAMES[state];
}

static enum row_state state_of(enum field_state state)
{
	switch (state) {
	case FIELD_NOT_READABLE: return ROW_NOT_READABLE;
	case FIELD_NO_SUCH: return ROW_NO_SUCH_FIELD;
	case FIELD_EMPTY: return ROW_EMPTY;
	case FIELD_VALUE: return ROW_VALUE;
	}
	return ROW_NOT_READABLE;
}

static bool make_result(
        struct map_result *result, const struct map_context *context, const struct person *person)
{
	json_t *value = NULL;
	result->state = state_of(person_field(person, context->fields, result->row->bob, &value));
	if (result->state != ROW_VALUE) {
		return true;
	}
	result->value = okta_value(result->row->okta, value);
	json_decref(value);
	return result->value != NULL;
}

bool map_profile_make(struct map_profile *profile, const struct map_rules *rules,
        const struct map_context *context, const struct person *person, struct err *err)
{
	memset(profile, 0, sizeof(*profile));
	profile->results = calloc(rules->count > 0 ? rules->count : 1, sizeof(*profile->results));
	bool is_made = profile->results != NULL;
	for (size_t i = 0; is_made && i < rules->count; i++) {
		profile->results[i].row = &rules->rows[i];
		profile->count = i + 1;
		is_made = make_result(&profile->results[i], context, person);
	}
	if (!is_made) {
		err_set(err, ERR_NO_MEMORY, "no memory for a profile");
		map_profile_finish(profile);
	}
	return is_made;
}

void map_profile_finish(struct map_profile *profile)
{
	if (profile == NULL) {
		return;
	}
	for (size_t i = 0; i < profile->count; i++) {
		json_decref(profile->results[i].value);
		json_decref(profile->results[i].source);
		json_decref(profile->results[i].candidates);
	}
	free(profile->results);
	memset(profile, 0, sizeof(*profile));
}

const char *map_profile_text(const struct map_profile *profile, const char *okta)
{
	for (size_t i = 0; profile != NULL && i < profile->count; i++) {
		const struct map_result *result = &profile->results[i];
		if (strcmp(result->row->okta, okta) == 0) {
			return result->state == ROW_VALUE ? json_string_value(result->value) : NULL;
		}
	}
	return NULL;
}

/* ----------------------------------------------------------------- comparing */

/* Okta shows an unset attribute as null or not at all; "" was set by somebody but says nothing. */
static bool has_value(const json_t *value)
{
	if (value == NULL || json_is_null(value)) {
		return false;
	}
	return !json_is_string(value) || json_string_length(value) > 0;
}

static bool is_same(const char *okta, const json_t *wanted, const json_t *present)
{
	char text[NUMBER_MAX_BYTES];
	if (is_address(okta) && json_is_string(wanted) && json_is_string(present)) {
		return str_equal_fold(json_string_value(wanted), json_string_value(present));
	}
	if (json_is_string(wanted) && json_is_number(present)) {
		return number_text(present, text, sizeof(text)) &&
		        strcmp(json_string_value(wanted), text) == 0;
	}
	return json_equal(wanted, present);
}

static bool is_clearable(const struct map_result *result, const json_t *present)
{
	return result->state == ROW_EMPTY && result->row->when_empty == WHEN_EMPTY_CLEAR &&
	        !is_address(result->row->okta) &&
	        has_value(json_object_get(present, result->row->okta));
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

static bool add_difference(
        json_t *diff, const struct map_result *result, const json_t *present, const char *may_clear)
{
	const char *okta = result->row->okta;
	if (result->state == ROW_VALUE) {
		return is_same(okta, result->value, json_object_get(present, okta)) ||
		        json_object_set(diff, okta, result->value) == 0;
	}
	if (is_clearable(result, present) && is_listed(may_clear, okta)) {
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
		if (!add_difference(diff, &wanted->results[i], present, may_clear)) {
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
		if (is_clearable(&wanted->results[i], present)) {
			names[count++] = wanted->results[i].row->okta;
		}
	}
	char *joined = count > 0 ? join_names(names, count) : NULL;
	free(names);
	return joined;
}
