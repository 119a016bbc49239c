/* SPDX-License-Identifier: MIT */
#include "okta/client.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>

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
