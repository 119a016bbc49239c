/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/control.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_profile.h"
#include "tests/sandbox/okta_schema.h"
#include "tests/sandbox/okta_view.h"
#include "tests/sandbox/sandbox.h"

json_t *control_okta_users_json(struct sandbox *sb)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sb->directory.count; i++) {
		jsonx_push(list, okta_view_control(&sb->directory, sb->directory.users[i]));
	}
	return list;
}

json_t *control_okta_groups_json(struct sandbox *sb)
{
	json_t *list = json_array();

	for (size_t i = 0; i < sb->directory.group_count; i++) {
		const struct group *group = sb->directory.groups[i];

		jsonx_push(list,
		        json_pack("{s:s,s:s,s:s,s:o}", "id", group->id, "name", group->name, "type",
		                group->type, "members", json_deep_copy(group->members)));
	}
	return list;
}

void control_okta_list(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	(void)rq;
	reply_json(rp, 200, json_pack("{s:o}", "users", control_okta_users_json(sb)));
}

static struct user *find(struct sandbox *sb, const struct request *rq, struct reply *rp)
{
	struct user *user = okta_store_find(&sb->directory, rq->args[0]);

	if (user == NULL) {
		control_refuse(rp, 404, util_dup("no such user"));
	}
	return user;
}

void control_okta_get(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct user *user = find(sb, rq, rp);

	if (user != NULL) {
		reply_json(rp, 200, okta_view_control(&sb->directory, user));
	}
}

static char *check_patch(const struct sandbox *sb, const struct user *self, const json_t *body)
{
	const char *status = jsonx_text(body, "status");
	const char *login = jsonx_text(json_object_get(body, "profile"), "login");
	const struct user *holder =
	        login != NULL ? okta_store_find_login(&sb->directory, login) : NULL;
	enum user_status parsed = USER_STAGED;

	if (status != NULL && !okta_status_parse(status, &parsed)) {
		return util_text("status: no such status");
	}
	if (holder != NULL && holder != self) {
		return util_text("profile.login: taken");
	}
	return NULL;
}

/* A directory: "ACTIVE_DIRECTORY", "LDAP"; or "OKTA" again. */
static void patch_provider(struct user *user, const char *type)
{
	if (type != NULL) {
		json_decref(user->provider);
		user->provider = json_pack("{s:s,s:s}", "type", type, "name", type);
	}
}

static void patch(struct sandbox *sb, struct user *user, const json_t *body)
{
	const json_t *profile = json_object_get(body, "profile");
	const char *status = jsonx_text(body, "status");
	enum user_status parsed = user->status;

	if (json_is_object(profile)) {
		json_t *merged = okta_profile_merge(user->profile, profile);

		okta_store_set_profile(&sb->directory, user, merged);
		json_decref(merged);
	}
	if (status != NULL && okta_status_parse(status, &parsed)) {
		okta_store_set_status(user, parsed);
		user->has_password = user->has_password || parsed == USER_ACTIVE;
	}
	user->is_manageable = jsonx_is(body, "manageable", user->is_manageable);
	user->is_sourced = jsonx_is(body, "sourced", user->is_sourced);
	patch_provider(user, jsonx_text(body, "provider"));
	int64_t moves_ms = jsonx_int(body, "transitioning_ms", -1);

	if (moves_ms >= 0) {
		user->transition_until_tick_ms = util_tick_ms() + moves_ms;
	}
}

void control_okta_create(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const json_t *given = json_object_get(rq->json, "profile");
	char *problem = jsonx_text(given, "login") == NULL ? util_text("profile.login: needed")
	                                                   : check_patch(sb, NULL, rq->json);

	if (problem != NULL) {
		control_refuse(rp, 400, problem);
		return;
	}
	json_t *profile = okta_profile_merge(NULL, given);

	if (json_object_get(profile, "email") == NULL) {
		jsonx_set(profile, "email", json_object_get(profile, "login"));
	}
	struct user *user = okta_store_add(&sb->directory, profile, &sb->random);

	json_decref(profile);
	okta_store_set_status(user, USER_ACTIVE);
	patch(sb, user, rq->json);
	okta_store_touch(&sb->directory, user, "admin");
	reply_json(rp, 201, okta_view_control(&sb->directory, user));
}

void control_okta_patch(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct user *user = find(sb, rq, rp);
	char *problem = user != NULL ? check_patch(sb, user, rq->json) : NULL;

	if (user == NULL) {
		return;
	}
	if (problem != NULL) {
		control_refuse(rp, 400, problem);
		return;
	}
	patch(sb, user, rq->json);
	okta_store_touch(&sb->directory, user, "admin");
	reply_json(rp, 200, okta_view_control(&sb->directory, user));
}

void control_okta_delete(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct user *user = find(sb, rq, rp);

	if (user != NULL) {
		okta_store_remove(&sb->directory, user);
		reply_json(rp, 200, json_pack("{s:b}", "ok", 1));
	}
}

void control_okta_groups(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	(void)rq;
	reply_json(rp, 200, json_pack("{s:o}", "groups", control_okta_groups_json(sb)));
}

void control_okta_add_group(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const char *name = jsonx_text(rq->json, "name");

	if (name == NULL || okta_store_find_group_name(&sb->directory, name) != NULL) {
		control_refuse(rp, 400, util_dup("name: needed, and not taken"));
		return;
	}
	const struct group *group = okta_store_add_group(
	        &sb->directory, name, jsonx_text_or(rq->json, "type", "OKTA_GROUP"), &sb->random);

	reply_json(rp, 201,
	        json_pack("{s:s,s:s,s:s,s:[]}", "id", group->id, "name", group->name, "type",
	                group->type, "members"));
}

/* By hand, as an administrator does: {"join": user} or {"leave": user}. */
void control_okta_change_members(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct group *group = okta_store_find_group_name(&sb->directory, rq->args[0]);
	const char *join = jsonx_text(rq->json, "join");
	const char *leave = jsonx_text(rq->json, "leave");
	const char *id = join != NULL ? join : leave;
	struct user *user = id != NULL ? okta_store_find(&sb->directory, id) : NULL;

	if (group == NULL || user == NULL) {
		control_refuse(
		        rp, 404, util_dup("no such group, or join or leave of no such user"));
		return;
	}
	bool is_changed =
	        join != NULL ? okta_store_join(group, user) : okta_store_leave(group, user);
	reply_json(rp, 200, json_pack("{s:b}", "changed", is_changed ? 1 : 0));
}

/* {"groups": [names], "status"}: a rule that puts people into them; it puts nobody there. */
void control_okta_add_group_rule(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	json_t *rules = sb->directory.group_rules;
	const json_t *names = json_object_get(rq->json, "groups");
	json_t *ids = json_array();
	char *id = util_text("0pr%017zu", json_array_size(rules));

	for (size_t i = 0; i < json_array_size(names); i++) {
		const struct group *group = okta_store_find_group_name(
		        &sb->directory, json_string_value(json_array_get(names, i)));

		if (group != NULL) {
			jsonx_push(ids, json_string(group->id));
		}
	}
	json_t *rule = json_pack("{s:s,s:s,s:s,s:s,s:{s:{s:o}},s:{s:{s:s,s:s}}}", "id", id, "type",
	        "group_rule", "name", id, "status", jsonx_text_or(rq->json, "status", "ACTIVE"),
	        "actions", "assignUserToGroups", "groupIds", ids, "conditions", "expression",
	        "type", "urn:okta:expression:1.0", "value", "user.department==\"x\"");

	free(id);
	jsonx_push(rules, json_incref(rule));
	reply_json(rp, 201, rule);
}

void control_okta_schema(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	char *problem = okta_schema_merge(sb->directory.schema, rq->json);

	if (problem != NULL) {
		control_refuse(rp, 400, problem);
		return;
	}
	reply_json(rp, 200, json_deep_copy(sb->directory.schema));
}
