/* SPDX-License-Identifier: MIT */
/* Users for everybody in Bob at once, as if they had been made one by one long ago. */
#include "tests/sandbox/control.h"

#include <string.h>

#include "tests/sandbox/bob_fields.h"
#include "tests/sandbox/bob_lists.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_profile.h"
#include "tests/sandbox/sandbox.h"

/* Attributes as HiBob's own integration fills them. */
static const char *const ROWS[][2] = {
        {"login", "root.email"},
        {"email", "root.email"},
        {"displayName", "root.displayName"},
        {"firstName", "root.firstName"},
        {"lastName", "root.surname"},
        {"title", "work.title"},
        {"mobilePhone", "work.workMobile"},
        {"primaryPhone", "work.workPhone"},
        {"department", "work.department"},
        {"manager", "work.reportsTo"},
};

static const char *value_of(
        struct people *people, const struct employee *employee, const char *field_id)
{
	const json_t *value = json_object_get(employee->fields, field_id);
	bool is_known = false;
	struct bob_field field = bob_fields_find(field_id, &is_known);

	if (strcmp(field_id, "work.reportsTo") == 0) {
		const struct employee *manager =
		        value != NULL ? bob_people_find(people, json_string_value(value)) : NULL;
		return manager != NULL ? bob_people_text(manager, "root.displayName") : NULL;
	}
	return field.list != NULL ? bob_lists_label(people->lists, field.list, value)
	                          : json_string_value(value);
}

static json_t *profile_of(struct people *people, const struct employee *employee)
{
	json_t *profile = json_object();

	for (size_t i = 0; i < COUNT(ROWS); i++) {
		const char *value = value_of(people, employee, ROWS[i][1]);

		if (value != NULL) {
			jsonx_set_text(profile, ROWS[i][0], value);
		}
	}
	return profile;
}

static void add_user(struct sandbox *sb, const struct employee *employee, json_t *to)
{
	json_t *given = profile_of(&sb->people, employee);
	const char *login = jsonx_text(given, "login");

	if (!employee->is_deleted && login != NULL &&
	        okta_store_find_login(&sb->directory, login) == NULL) {
		json_t *profile = okta_profile_merge(NULL, given);
		struct user *user = okta_store_add(&sb->directory, profile, &sb->random);

		json_decref(profile);
		okta_store_set_status(user, USER_ACTIVE);
		user->has_password = true;
		okta_store_touch(&sb->directory, user, "admin");
		jsonx_push(to,
		        json_pack("{s:s,s:s,s:O}", "employee_id", employee->id, "id", user->id,
		                "profile", given));
	}
	json_decref(given);
}

void control_okta_from_people(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	json_t *users = json_array();

	(void)rq;
	for (size_t i = 0; i < sb->people.count; i++) {
		add_user(sb, sb->people.all[i], users);
	}
	reply_json(rp, 200, json_pack("{s:o}", "users", users));
}
