/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_view.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_schema.h"
#include "tests/sandbox/sandbox.h"

struct link {
	enum user_status status;
	const char *name;
	const char *tail;
};

/* As recorded; a status that was never recorded has what its transitions allow. */
static const struct link LINKS[] = {
        {USER_STAGED, "activate", "lifecycle/activate"},
        {USER_PROVISIONED, "suspend", "lifecycle/suspend"},
        {USER_PROVISIONED, "resetPassword", "lifecycle/reset_password"},
        {USER_PROVISIONED, "reactivate", "lifecycle/reactivate"},
        {USER_PROVISIONED, "deactivate", "lifecycle/deactivate"},
        {USER_ACTIVE, "suspend", "lifecycle/suspend"},
        {USER_ACTIVE, "resetPassword", "lifecycle/reset_password"},
        {USER_ACTIVE, "expirePassword", "lifecycle/expire_password"},
        {USER_ACTIVE, "forgotPassword", "credentials/forgot_password"},
        {USER_ACTIVE, "changePassword", "credentials/change_password"},
        {USER_ACTIVE, "changeRecoveryQuestion", "credentials/change_recovery_question"},
        {USER_ACTIVE, "deactivate", "lifecycle/deactivate"},
        {USER_RECOVERY, "reactivate", "lifecycle/reactivate"},
        {USER_RECOVERY, "deactivate", "lifecycle/deactivate"},
        {USER_LOCKED_OUT, "unlock", "lifecycle/unlock"},
        {USER_LOCKED_OUT, "deactivate", "lifecycle/deactivate"},
        {USER_PASSWORD_EXPIRED, "resetPassword", "lifecycle/reset_password"},
        {USER_PASSWORD_EXPIRED, "deactivate", "lifecycle/deactivate"},
        {USER_SUSPENDED, "unsuspend", "lifecycle/unsuspend"},
        {USER_SUSPENDED, "deactivate", "lifecycle/deactivate"},
        {USER_DEPROVISIONED, "activate", "lifecycle/activate"},
};

char *okta_view_origin(const struct sandbox *sb, const struct request *rq)
{
	const char *fixed = settings_text(&sb->settings, "okta_public_url");

	if (fixed[0] != '\0') {
		return util_dup(fixed);
	}
	return util_text("http://%s%s", rq->host != NULL ? rq->host : "127.0.0.1",
	        rq->okta_prefixed ? "/okta" : "");
}

json_t *okta_view_link(const char *origin, const char *path, const char *method)
{
	json_t *link = json_object();
	char *href = util_text("%s%s", origin, path);

	jsonx_set_text(link, "href", href);
	free(href);
	if (method != NULL) {
		jsonx_set_text(link, "method", method);
	}
	return link;
}

static void set_time(json_t *object, const char *key, int64_t wall_ms)
{
	char text[UTIL_TIME_SIZE];

	util_time_okta(wall_ms, text);
	jsonx_set_text(object, key, wall_ms > 0 ? text : NULL);
}

static json_t *credentials(const struct user *user)
{
	json_t *all = json_object();

	if (user->has_password) {
		jsonx_take(all, "password", json_object());
	}
	if (user->provider != NULL) {
		jsonx_set(all, "provider", user->provider);
	} else {
		json_t *okta = json_object();

		jsonx_set_text(okta, "type", "OKTA");
		jsonx_set_text(okta, "name", "OKTA");
		jsonx_take(all, "provider", okta);
	}
	return all;
}

json_t *okta_view_plain(const struct user *user)
{
	json_t *all = json_object();
	json_t *type = json_object();

	jsonx_set_text(all, "id", user->id);
	jsonx_set_text(all, "status", okta_status_name(user->status));
	set_time(all, "created", user->created_ms);
	set_time(all, "activated", user->activated_ms);
	set_time(all, "statusChanged", user->status_changed_ms);
	jsonx_take(all, "lastLogin", json_null());
	set_time(all, "lastUpdated", user->updated_ms);
	set_time(all, "passwordChanged", user->password_changed_ms);
	jsonx_set_text(type, "id", OKTA_SCHEMA_TYPE_ID);
	jsonx_take(all, "type", type);
	jsonx_set(all, "profile", user->profile);
	jsonx_take(all, "credentials", credentials(user));
	return all;
}

static void add_link(json_t *links, const char *origin, const char *id, const struct link *link)
{
	char *path = util_text("/api/v1/users/%s/%s", id, link->tail);

	jsonx_take(links, link->name, okta_view_link(origin, path, "POST"));
	free(path);
}

static json_t *self_links(const char *origin, const char *id)
{
	json_t *links = json_object();
	char *path = util_text("/api/v1/users/%s", id);

	jsonx_take(links, "self", okta_view_link(origin, path, NULL));
	free(path);
	return links;
}

static json_t *all_links(const char *origin, const struct user *user)
{
	json_t *links = json_object();
	json_t *self = self_links(origin, user->id);

	for (size_t i = 0; i < COUNT(LINKS); i++) {
		if (LINKS[i].status == user->status) {
			add_link(links, origin, user->id, &LINKS[i]);
		}
	}
	if (user->status == USER_DEPROVISIONED) {
		char *path = util_text("/api/v1/users/%s", user->id);

		jsonx_take(links, "delete", okta_view_link(origin, path, "DELETE"));
		free(path);
	}
	jsonx_take(links, "schema",
	        okta_view_link(origin, "/api/v1/meta/schemas/user/" OKTA_SCHEMA_ID, NULL));
	jsonx_take(links, "type",
	        okta_view_link(origin, "/api/v1/meta/types/user/" OKTA_SCHEMA_TYPE_ID, NULL));
	jsonx_set(links, "self", json_object_get(self, "self"));
	json_decref(self);
	return links;
}

json_t *okta_view_user(const struct sandbox *sb, const struct request *rq, const struct user *user)
{
	char *origin = okta_view_origin(sb, rq);
	json_t *view = okta_view_plain(user);

	if (user->transition_until_tick_ms > util_tick_ms()) {
		jsonx_set_text(view, "transitioningToStatus", "ACTIVE");
	}
	jsonx_take(view, "_links", all_links(origin, user));
	free(origin);
	return view;
}

json_t *okta_view_listed(const struct sandbox *sb, const struct request *rq, const json_t *plain)
{
	char *origin = okta_view_origin(sb, rq);
	json_t *view = json_deep_copy(plain);

	jsonx_take(view, "_links", self_links(origin, jsonx_text_or(plain, "id", "")));
	free(origin);
	return view;
}

json_t *okta_view_group(
        const struct sandbox *sb, const struct request *rq, const struct group *group)
{
	json_t *view = json_object();
	json_t *profile = json_object();
	json_t *links = json_object();
	char *origin = okta_view_origin(sb, rq);
	char *path = util_text("/api/v1/groups/%s/users", group->id);

	jsonx_set_text(view, "id", group->id);
	set_time(view, "created", group->created_ms);
	set_time(view, "lastUpdated", group->updated_ms);
	set_time(view, "lastMembershipUpdated", group->membership_ms);
	jsonx_take(view, "objectClass", json_pack("[s]", "okta:user_group"));
	jsonx_set_text(view, "type", group->type);
	jsonx_set_text(profile, "name", group->name);
	if (group->description != NULL) {
		jsonx_set_text(profile, "description", group->description);
	}
	jsonx_take(view, "profile", profile);
	jsonx_take(links, "users", okta_view_link(origin, path, NULL));
	jsonx_take(view, "_links", links);
	free(path);
	free(origin);
	return view;
}

static json_t *group_ids(const struct directory *dir, const struct user *user)
{
	json_t *ids = json_array();

	for (size_t i = 0; i < dir->group_count; i++) {
		if (jsonx_has(dir->groups[i]->members, user->id)) {
			jsonx_push(ids, json_string(dir->groups[i]->id));
		}
	}
	return ids;
}

json_t *okta_view_control(const struct directory *dir, const struct user *user)
{
	json_t *view = okta_view_plain(user);
	bool moves = user->transition_until_tick_ms > util_tick_ms();

	(void)json_object_del(view, "type");
	(void)json_object_del(view, "credentials");
	(void)json_object_del(view, "lastLogin");
	jsonx_set_text(view, "login", okta_store_login(user));
	jsonx_set_text(view, "transitioningToStatus", moves ? "ACTIVE" : NULL);
	jsonx_set_int(view, "version", user->version);
	jsonx_set_int(view, "activation_mails", user->activation_mails);
	jsonx_set_int(view, "deactivation_mails", user->deactivation_mails);
	jsonx_set_int(view, "sessions_ended", user->sessions_ended);
	jsonx_take(view, "groups", group_ids(dir, user));
	jsonx_set_is(view, "manageable", user->is_manageable);
	jsonx_set_is(view, "sourced", user->is_sourced);
	jsonx_set_is(view, "token_owner", user->is_token_owner);
	jsonx_set_is(view, "has_password", user->has_password);
	jsonx_take(view, "transitions", json_deep_copy(user->transitions));
	return view;
}

void okta_view_etag(const struct user *user, char out[72])
{
	char *text = json_dumps(user->profile, JSON_COMPACT | JSON_SORT_KEYS);
	char hex[65];

	util_sha256(text, strlen(text), hex);
	util_format(out, 72, "W/\"%s\"", hex);
	free(text);
}
