/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_groups.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_error.h"
#include "tests/sandbox/okta_list.h"
#include "tests/sandbox/okta_users.h"
#include "tests/sandbox/okta_view.h"
#include "tests/sandbox/sandbox.h"

enum { MAX_GROUPS = 10000, MAX_MEMBERS = 1000, MAX_RULES = 50, MAX_NAME = 255 };

static struct group *find(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct group *group = okta_store_find_group(&sb->directory, rq->args[0]);

	if (group == NULL) {
		okta_error_not_found(rq, rp, rq->args[0], "UserGroup");
	}
	return group;
}

/* Only groups that Okta itself keeps can be changed. */
static struct group *find_own(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct group *group = find(sb, rq, rp);

	if (group != NULL && strcmp(group->type, "OKTA_GROUP") != 0) {
		okta_error(rq, rp, 501, "E0000060", NULL);
		return NULL;
	}
	return group;
}

static bool matches(const struct group *group, const char *q)
{
	return q == NULL || strncasecmp(group->name, q, strlen(q)) == 0;
}

void okta_groups_list(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct directory *dir = &sb->directory;
	const char *after = request_query(rq, "after");
	bool is_past = after == NULL;
	bool has_more = false;
	const char *last = NULL;
	int64_t limit = 0;

	if (!okta_list_limit(rq, rp, MAX_GROUPS, MAX_GROUPS, &limit)) {
		return;
	}
	json_t *page = json_array();

	for (size_t i = 0; i < dir->group_count; i++) {
		const struct group *group = dir->groups[i];

		if (is_past && matches(group, request_query(rq, "q"))) {
			has_more = (int64_t)json_array_size(page) == limit;
			if (has_more) {
				break;
			}
			jsonx_push(page, okta_view_group(sb, rq, group));
			last = group->id;
		}
		is_past = is_past || strcmp(group->id, after) == 0;
	}
	reply_json(rp, 200, page);
	okta_list_links(sb, rq, rp, has_more ? last : NULL);
}

/* The name in the body; else the answer is made. */
static const char *given_name(struct request *rq, struct reply *rp)
{
	const char *name = jsonx_text_or(json_object_get(rq->json, "profile"), "name", "");

	if (name[0] == '\0' || strlen(name) > MAX_NAME) {
		okta_error_invalid(
		        rq, rp, "name", util_text("name: The field cannot be left blank"));
		return NULL;
	}
	return name;
}

static bool check_free(struct sandbox *sb, const struct group *self, const char *name,
        struct request *rq, struct reply *rp)
{
	const struct group *holder = okta_store_find_group_name(&sb->directory, name);

	if (holder != NULL && holder != self) {
		okta_error_invalid(rq, rp, "name",
		        util_text("name: An object with this field already exists in the current "
		                  "organization"));
		return false;
	}
	return true;
}

static void set_description(struct group *group, const struct request *rq)
{
	const char *text = jsonx_text(json_object_get(rq->json, "profile"), "description");

	free(group->description);
	group->description = text != NULL ? util_dup(text) : NULL;
}

void okta_groups_create(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const char *name = given_name(rq, rp);

	if (name == NULL || !check_free(sb, NULL, name, rq, rp)) {
		return;
	}
	struct group *group = okta_store_add_group(&sb->directory, name, "OKTA_GROUP", &sb->random);

	set_description(group, rq);
	rq->applied = true;
	reply_json(rp, 200, okta_view_group(sb, rq, group));
}

void okta_groups_get(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct group *group = find(sb, rq, rp);

	if (group != NULL) {
		reply_json(rp, 200, okta_view_group(sb, rq, group));
	}
}

void okta_groups_replace(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct group *group = find_own(sb, rq, rp);
	const char *name = group != NULL ? given_name(rq, rp) : NULL;

	if (name == NULL || !check_free(sb, group, name, rq, rp)) {
		return;
	}
	free(group->name);
	group->name = util_dup(name);
	set_description(group, rq);
	group->updated_ms = util_wall_ms();
	rq->applied = true;
	reply_json(rp, 200, okta_view_group(sb, rq, group));
}

void okta_groups_delete(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct group *group = find_own(sb, rq, rp);

	if (group != NULL) {
		okta_store_remove_group(&sb->directory, group);
		rq->applied = true;
		reply_empty(rp, 204);
	}
}

/* Reads see memberships late (okta.md 1.9). */
static int64_t seen_at(const struct sandbox *sb)
{
	return util_tick_ms() - settings_int(&sb->settings, "okta_membership_lag_ms");
}

void okta_groups_members(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct group *group = find(sb, rq, rp);
	const char *after = request_query(rq, "after");
	bool is_past = after == NULL;
	bool has_more = false;
	const char *last = NULL;
	int64_t limit = 0;

	if (group == NULL || !okta_list_limit(rq, rp, MAX_MEMBERS, MAX_MEMBERS, &limit)) {
		return;
	}
	json_t *page = json_array();

	for (size_t i = 0; i < sb->directory.count && !has_more; i++) {
		const struct user *user = sb->directory.users[i];

		if (is_past && okta_store_was_member(group, user, seen_at(sb))) {
			has_more = (int64_t)json_array_size(page) == limit;
			if (!has_more) {
				json_t *plain = okta_view_plain(user);

				jsonx_push(page, okta_view_listed(sb, rq, plain));
				json_decref(plain);
				last = user->id;
			}
		}
		is_past = is_past || strcmp(user->id, after) == 0;
	}
	reply_json(rp, 200, page);
	okta_list_links(sb, rq, rp, has_more ? last : NULL);
}

void okta_groups_join(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct group *group = find_own(sb, rq, rp);
	struct user *user =
	        group != NULL ? okta_users_find_for_change(sb, rq, rp, rq->args[1]) : NULL;

	if (user == NULL) {
		return;
	}
	if (user->status == USER_DEPROVISIONED) {
		okta_error(rq, rp, 403, "E0000038", NULL);
		return;
	}
	rq->applied = okta_store_join(group, user);
	if (rq->applied) {
		jsonx_push(user->transitions, json_string("group_add"));
	}
	reply_empty(rp, 204);
}

void okta_groups_leave(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct group *group = find_own(sb, rq, rp);
	struct user *user =
	        group != NULL ? okta_users_find_for_change(sb, rq, rp, rq->args[1]) : NULL;

	if (user == NULL) {
		return;
	}
	rq->applied = okta_store_leave(group, user);
	if (rq->applied) {
		jsonx_push(user->transitions, json_string("group_remove"));
	}
	reply_empty(rp, 204);
}

void okta_groups_of_user(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct user *user = okta_store_find(&sb->directory, rq->args[0]);

	if (user == NULL) {
		okta_error_not_found(rq, rp, rq->args[0], "User");
		return;
	}
	okta_users_note(rq, user);
	json_t *page = json_array();

	for (size_t i = 0; i < sb->directory.group_count; i++) {
		if (okta_store_was_member(sb->directory.groups[i], user, seen_at(sb))) {
			jsonx_push(page, okta_view_group(sb, rq, sb->directory.groups[i]));
		}
	}
	reply_json(rp, 200, page);
	okta_list_links(sb, rq, rp, NULL);
}

void okta_groups_rules(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const json_t *rules = sb->directory.group_rules;
	const char *after = request_query(rq, "after");
	bool is_past = after == NULL;
	bool has_more = false;
	const char *last = NULL;
	int64_t limit = 0;

	if (!okta_list_limit(rq, rp, MAX_RULES, MAX_RULES, &limit)) {
		return;
	}
	json_t *page = json_array();

	for (size_t i = 0; i < json_array_size(rules) && !has_more; i++) {
		json_t *rule = json_array_get(rules, i);

		has_more = is_past && (int64_t)json_array_size(page) == limit;
		if (is_past && !has_more) {
			jsonx_push(page, json_incref(rule));
			last = jsonx_text(rule, "id");
		}
		is_past = is_past || strcmp(jsonx_text_or(rule, "id", ""), after) == 0;
	}
	reply_json(rp, 200, page);
	okta_list_links(sb, rq, rp, has_more ? last : NULL);
}
