/* SPDX-License-Identifier: MIT */
#include "okta/client.h"
#include "okta/user_list.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>

/* Other kinds of provider say who checks the password, not who keeps the profile (okta.md 1.1). */
static bool is_sourced_elsewhere(const json_t *json)
{
	const char *type = json_string_value(json_get_path(json, "credentials.provider.type"));

	return str_equal(type, "ACTIVE_DIRECTORY") || str_equal(type, "LDAP");
}

bool okta_user_parse(const json_t *json, struct okta_user *user, struct err *err)
{
	*user = (struct okta_user){.status = ACCOUNT_UNKNOWN};
	const char *id = json_get_text(json, "id");
	json_t *profile = json_object_get(json, "profile");
	if (!okta_id_is_sane(id) || !str_copy(user->id, sizeof(user->id), id)) {
		err_set(err, ERR_BAD_ANSWER, "a user without a usable id");
		return false;
	}
	if (!json_is_object(profile)) {
		err_set(err, ERR_BAD_ANSWER, "a user without a profile");
		return false;
	}
	const char *status = json_get_text(json, "status");
	user->status = status != NULL ? account_status_parse(status) : ACCOUNT_UNKNOWN;
	user->is_transitioning = json_get_text(json, "transitioningToStatus") != NULL;
	user->is_sourced_elsewhere = is_sourced_elsewhere(json);
	user->profile = json_incref(profile);
	return true;
}

void okta_user_finish(struct okta_user *user)
{
	if (user != NULL) {
		json_decref(user->profile);
		*user = (struct okta_user){.status = ACCOUNT_NONE};
	}
}

void okta_user_list_finish(struct okta_user_list *list)
{
	if (list == NULL) {
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		okta_user_finish(&list->items[i]);
	}
	free(list->items);
	*list = (struct okta_user_list){0};
}

bool okta_user_list_parse(const json_t *json, struct okta_user_list *users)
{
	size_t count = json_array_size(json);
	if (!json_is_array(json)) {
		return false;
	}
	users->items = calloc(count > 0 ? count : 1, sizeof(*users->items));
	while (users->items != NULL && users->count < count) {
		/* Counted first, so that a half-parsed one is finished too. */
		struct okta_user *user = &users->items[users->count++];
		if (!okta_user_parse(json_array_get(json, users->count - 1), user, NULL)) {
			break;
		}
		if (users->count == count) {
			return true;
		}
	}
	bool is_done = users->items != NULL && count == 0;
	if (!is_done) {
		okta_user_list_finish(users);
	}
	return is_done;
}
