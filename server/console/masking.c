/* SPDX-License-Identifier: MIT */
#include "server/console/masking.h"

#include "server/base/json.h"
#include "server/base/str.h"

#include <string.h>

#define LEVELS_MAX  24
#define NAME_FORMAT "Employee %s"

/*
 * Texts of an object about a person that name nobody: ids, words of the program, who acted; of
 * "says" its maker sees to that (audit_walk.c).
 */
static const char *const HARMLESS[] = {"action", "activation", "activation_state", "alarm",
        "attribute", "attributes", "by", "class", "code", "connection", "date", "day", "decision",
        "decided_by", "employee_id", "facts", "from", "group_id", "hold", "holds", "kind", "lane",
        "last_rule", "lifecycle", "limit", "lower_cause", "lowered", "mac", "missing", "next_after",
        "next_before", "next_step", "okta", "okta_id", "on", "origin", "other_employee_id",
        "person", "present_status", "request_id", "revoke_row", "rule", "says", "state", "status",
        "status_after", "time", "time_zone", "to", "type", "wanted", "who", "window"};
/* Texts that are names of people wherever they stand. */
static const char *const NAMES[] = {
        "display_name", "email", "first_name", "last_name", "login", "okta_user"};
/* Objects whose members are values of a person's attributes. */
static const char *const VALUES_OF[] = {"present_profile", "profile"};
/* Lists whose entries put values side by side. */
static const char *const COMPARED[] = {"changes", "differences"};
static const char *const SIDES[] = {"after", "before", "has", "present", "wanted", "wants"};

static bool is_in(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (str_equal(list[i], name)) {
			return true;
		}
	}
	return false;
}
#define IS_IN(list, name) is_in(list, ARRAY_SIZE(list), name)

/* Whom a part of the answer is about, and what may be seen of it. */
struct scope {
	const struct args *args;
	enum args_sight sight;
	bool is_of_person;
	int level;
};

static json_t *masked_text(const char *key, const char *employee_id)
{
	char name[EMPLOYEE_ID_BYTES + sizeof(NAME_FORMAT)];

	if (!str_equal(key, "display_name") || employee_id == NULL || employee_id[0] == '\0') {
		return json_string(MASKING_TEXT);
	}
	str_format_cut(name, sizeof(name), NAME_FORMAT, employee_id);
	return json_string(name);
}

bool masking_value(json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	const char *text = json_string_value(value);

	if (value == NULL || json_is_null(value) || (text != NULL && text[0] == '\0')) {
		return false;
	}
	json_object_set_new(object, key, json_string(MASKING_TEXT));
	return true;
}

static bool mask_members(json_t *object)
{
	bool is_masked = false;

	for (void *at = json_object_iter(object); at != NULL;
	        at = json_object_iter_next(object, at)) {
		const json_t *value = json_object_iter_value(at);
		if (!json_is_null(value)) {
			json_object_iter_set_new(object, at, json_string(MASKING_TEXT));
			is_masked = true;
		}
	}
	return is_masked;
}

/* The status and the group of somebody are no values: everybody sees them. */
static bool mask_compared(json_t *list)
{
	bool is_masked = false;
	size_t i = 0;
	json_t *entry = NULL;

	json_array_foreach(list, i, entry)
	{
		const char *name = json_get_text(entry, "attribute");
		if (str_equal(name, "status") || str_equal(name, "group")) {
			continue;
		}
		for (size_t side = 0; side < ARRAY_SIZE(SIDES); side++) {
			is_masked = masking_value(entry, SIDES[side]) || is_masked;
		}
	}
	return is_masked;
}

static bool hides_text(const struct scope *scope, const char *key)
{
	return scope->sight == ARGS_SEES_NOBODY &&
	        (IS_IN(NAMES, key) || (scope->is_of_person && !IS_IN(HARMLESS, key)));
}

static bool mask_object(const struct scope *outer, json_t *object);

/* Entries of a list stand under the key of the list. */
static bool mask_list(const struct scope *scope, const char *key, json_t *list)
{
	bool is_masked = false;

	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *entry = json_array_get(list, i);
		if (json_is_object(entry)) {
			mask_object(scope, entry);
		} else if (json_is_array(entry)) {
			is_masked = mask_list(scope, key, entry) || is_masked;
		} else if (json_is_string(entry) && hides_text(scope, key)) {
			json_array_set_new(list, i, json_string(MASKING_TEXT));
			is_masked = true;
		}
	}
	return is_masked;
}

static bool mask_inside(const struct scope *scope, const char *key, json_t *value)
{
	if (json_is_object(value)) {
		/* The trail's own facts, which name nobody (audit.h). */
		if (str_equal(key, "meta")) {
			return false;
		}
		if (IS_IN(VALUES_OF, key)) {
			return mask_members(value);
		}
		mask_object(scope, value);
		return false;
	}
	if (json_is_array(value)) {
		bool is_compared =
		        scope->is_of_person && IS_IN(COMPARED, key) && mask_compared(value);
		return mask_list(scope, key, value) || is_compared;
	}
	return false;
}

static bool is_text(const json_t *value)
{
	return json_is_string(value) && json_string_length(value) > 0;
}

static struct scope inner_scope(const struct scope *outer, const json_t *object)
{
	struct scope scope = *outer;
	const json_t *id = json_object_get(object, "employee_id");

	scope.level++;
	if (id != NULL) {
		scope.is_of_person = true;
	}
	if (is_text(id)) {
		scope.sight = args_sight(scope.args, json_string_value(id));
	}
	return scope;
}

static bool mask_object(const struct scope *outer, json_t *object)
{
	const struct scope scope = inner_scope(outer, object);
	const char *id = json_get_text(object, "employee_id");
	bool is_masked = false;

	/* Nothing of ours is as deep; what is, is not shown. */
	if (scope.level > LEVELS_MAX) {
		json_object_clear(object);
		return true;
	}
	if (scope.sight == ARGS_SEES_VALUES) {
		return false;
	}
	for (void *at = json_object_iter(object); at != NULL;
	        at = json_object_iter_next(object, at)) {
		const char *key = json_object_iter_key(at);
		json_t *value = json_object_iter_value(at);
		if (is_text(value) && hides_text(&scope, key)) {
			json_object_iter_set_new(object, at, masked_text(key, id));
			is_masked = true;
		} else {
			is_masked = mask_inside(&scope, key, value) || is_masked;
		}
	}
	if (is_masked) {
		json_object_set_new(object, "is_masked", json_true());
	}
	return is_masked;
}

void masking_apply(const struct args *args, json_t *json)
{
	const char *of = args->key.employee_id[0] != '\0' ? args->key.employee_id : NULL;
	const struct scope scope = {.args = args,
	        .sight = args_sight(args, of),
	        .is_of_person = of != NULL || args->is_about_people};

	if (json_is_object(json)) {
		mask_object(&scope, json);
	}
}
