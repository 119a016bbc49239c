/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_profile.h"

#include <ctype.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_error.h"
#include "tests/sandbox/okta_schema.h"

static const char *const SHOWN_AS_NULL[] = {"mobilePhone", "secondEmail"};

json_t *okta_profile_merge(const json_t *present, const json_t *given)
{
	json_t *result = present != NULL ? json_deep_copy(present) : json_object();
	json_t *changes = json_deep_copy(given);
	const char *name = NULL;
	json_t *value = NULL;

	json_object_foreach(changes, name, value)
	{
		if (json_is_null(value)) {
			(void)json_object_del(result, name);
		} else {
			jsonx_set(result, name, value);
		}
	}
	for (size_t i = 0; i < COUNT(SHOWN_AS_NULL); i++) {
		if (json_object_get(result, SHOWN_AS_NULL[i]) == NULL) {
			jsonx_take(result, SHOWN_AS_NULL[i], json_null());
		}
	}
	json_decref(changes);
	return result;
}

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++) {
		count += ((unsigned char)*text & 0xc0) != 0x80;
	}
	return count;
}

static bool has_four_byte_characters(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0xf0) {
			return true;
		}
	}
	return false;
}

static bool is_email(const char *text)
{
	const char *at = strrchr(text, '@');

	if (at == NULL || at == text || at[1] == '\0' || at[1] == '.' || strstr(at, "..") != NULL) {
		return false;
	}
	for (const char *c = text; *c != '\0'; c++) {
		if (isspace((unsigned char)*c) != 0 || iscntrl((unsigned char)*c) != 0) {
			return false;
		}
	}
	return memchr(text, '@', (size_t)(at - text)) == NULL && at[strlen(at) - 1] != '.';
}

static char *text_problem(const char *name, const json_t *definition, const char *text)
{
	size_t length = characters(text);
	int64_t min = jsonx_int(definition, "minLength", 0);
	int64_t max = jsonx_int(definition, "maxLength", 0);
	const char *format = jsonx_text_or(definition, "format", "");

	if (has_four_byte_characters(text)) {
		return util_text("%s: The value contains characters that are not supported", name);
	}
	if (length > 0 && (int64_t)length < min) {
		return util_text("%s: String is too short (minimum is %lld)", name, (long long)min);
	}
	if (max > 0 && (int64_t)length > max) {
		return util_text("%s: String is too long (maximum is %lld)", name, (long long)max);
	}
	if (strcmp(name, "login") == 0 && length > 0 && !is_email(text)) {
		return util_text("login: Username must be in the form of an email address");
	}
	if (strcmp(format, "email") == 0 && length > 0 && (!is_email(text) || length > 100)) {
		return util_text("%s: Does not match required pattern", name);
	}
	if (strcmp(format, "country-code") == 0 && length > 0 && length != 2) {
		return util_text("%s: The value is not a valid country code", name);
	}
	return NULL;
}

static bool has_type(const char *type, const json_t *value)
{
	switch (type[0]) {
	case 's': return json_is_string(value);
	case 'b': return json_is_boolean(value);
	case 'n': return json_is_number(value);
	case 'i': return json_is_integer(value);
	default: return json_is_array(value);
	}
}

static bool is_listed(const json_t *values, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(values); i++) {
		if (json_equal(json_array_get(values, i), value) != 0) {
			return true;
		}
	}
	return values == NULL || json_is_null(values);
}

static char *value_problem(const char *name, const json_t *definition, const json_t *value)
{
	const char *type = jsonx_text_or(definition, "type", "string");
	const json_t *values = json_object_get(definition, "enum");

	if (json_is_null(value)) {
		return NULL;
	}
	if (!has_type(type, value)) {
		return util_text("%s: The value is not of the type %s", name, type);
	}
	if (!json_is_array(value) && !is_listed(values, value)) {
		return util_text("%s: The value is not one of the allowed ones", name);
	}
	return json_is_string(value) ? text_problem(name, definition, json_string_value(value))
	                             : NULL;
}

static char *required_problem(const json_t *schema, const json_t *result, const char **which)
{
	const json_t *required = okta_schema_required(schema);

	for (size_t i = 0; i < json_array_size(required); i++) {
		const char *name = json_string_value(json_array_get(required, i));
		const char *text = jsonx_text_or(result, name, "");

		if (text[0] == '\0') {
			*which = name;
			return util_text("%s: The field cannot be left blank", name);
		}
	}
	return NULL;
}

static bool is_taken(
        const struct directory *dir, const struct user *self, const char *name, const json_t *value)
{
	for (size_t i = 0; i < dir->count; i++) {
		if (dir->users[i] != self &&
		        json_equal(json_object_get(dir->users[i]->profile, name), value) != 0) {
			return true;
		}
	}
	return false;
}

static char *unique_problem(const struct directory *dir, const struct user *self, const char *name,
        const json_t *definition, const json_t *value)
{
	bool taken = false;

	if (json_is_string(value) && strcmp(name, "login") == 0) {
		const struct user *holder = okta_store_find_login(dir, json_string_value(value));

		taken = holder != NULL && holder != self;
	} else if (jsonx_is(definition, "unique", false) && !json_is_null(value)) {
		taken = is_taken(dir, self, name, value);
	}
	return taken ? util_text("%s: An object with this field already exists in the current "
	                         "organization",
	                       name)
	             : NULL;
}

bool okta_profile_check(const struct profile_check *check, struct request *rq, struct reply *rp)
{
	json_t *copy = json_deep_copy(check->given);
	const char *name = NULL;
	const char *subject = NULL;
	json_t *value = NULL;
	char *problem = NULL;

	json_object_foreach(copy, name, value)
	{
		const json_t *definition = okta_schema_find(check->dir->schema, name);

		if (problem != NULL) {
			break;
		}
		subject = name;
		if (definition == NULL) {
			subject = check->what;
			problem = util_text("Property name '%s' is not defined in profile", name);
		} else {
			problem = value_problem(name, definition, value);
		}
		if (problem == NULL) {
			problem = unique_problem(check->dir, check->self, name, definition, value);
		}
	}
	if (problem == NULL) {
		problem = required_problem(check->dir->schema, check->result, &subject);
	}
	bool is_good = problem == NULL;

	if (!is_good) {
		okta_error_invalid(rq, rp, subject != NULL ? subject : check->what, problem);
	}
	json_decref(copy);
	return is_good;
}
