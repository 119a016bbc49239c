/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_store.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/fold.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/okta_schema.h"
#include "tests/sandbox/okta_view.h"

static const char *const STATUS_NAMES[] = {
        [USER_STAGED] = "STAGED",
        [USER_PROVISIONED] = "PROVISIONED",
        [USER_ACTIVE] = "ACTIVE",
        [USER_RECOVERY] = "RECOVERY",
        [USER_LOCKED_OUT] = "LOCKED_OUT",
        [USER_PASSWORD_EXPIRED] = "PASSWORD_EXPIRED",
        [USER_SUSPENDED] = "SUSPENDED",
        [USER_DEPROVISIONED] = "DEPROVISIONED",
};

static const char OWNER_PROFILE[] =
        "{\"firstName\":\"Okta\",\"lastName\":\"Admin\",\"mobilePhone\":null,\"secondEmail\":null,"
        "\"login\":\"okta.admin@example.com\",\"email\":\"okta.admin@example.com\"}";

const char *okta_status_name(enum user_status status)
{
	return STATUS_NAMES[status];
}

bool okta_status_parse(const char *name, enum user_status *status)
{
	for (size_t i = 0; i < COUNT(STATUS_NAMES); i++) {
		if (strcmp(STATUS_NAMES[i], name) == 0) {
			*status = (enum user_status)i;
			return true;
		}
	}
	return false;
}

/* Ids look random but rise with creation, so that they can be cursors. */
static void make_id(
        struct directory *dir, const char *kind, uint64_t *random, char out[OKTA_ID_SIZE])
{
	char tail[10];

	util_random_name(random, tail, sizeof(tail));
	util_format(out, OKTA_ID_SIZE, "%s%08llu%s", kind, (unsigned long long)dir->next_number++,
	        tail);
}

void okta_store_init(struct directory *dir, uint64_t *random)
{
	*dir = (struct directory){.by_id = json_object(),
	        .by_login = json_object(),
	        .schema = okta_schema_make(),
	        .next_number = 1001};
	json_t *profile = jsonx_parse(OWNER_PROFILE, strlen(OWNER_PROFILE));
	struct user *owner = okta_store_add(dir, profile, random);

	json_decref(profile);
	owner->is_token_owner = true;
	owner->has_password = true;
	owner->status = USER_ACTIVE;
	owner->activated_ms = owner->created_ms;
	owner->password_changed_ms = owner->created_ms;
	okta_store_touch(dir, owner, "create");
	(void)okta_store_add_group(dir, "Everyone", "BUILT_IN", random);
	dir->group_rules = json_array();
}

static void free_user(struct user *user)
{
	json_decref(user->profile);
	json_decref(user->provider);
	json_decref(user->transitions);
	timeline_finish(&user->index);
	free(user);
}

static void free_group(struct group *group)
{
	json_decref(group->members);
	json_decref(group->past);
	free(group->name);
	free(group->description);
	free(group);
}

void okta_store_finish(struct directory *dir)
{
	for (size_t i = 0; i < dir->count; i++) {
		free_user(dir->users[i]);
	}
	for (size_t i = 0; i < dir->group_count; i++) {
		free_group(dir->groups[i]);
	}
	free(dir->users);
	free(dir->groups);
	json_decref(dir->group_rules);
	json_decref(dir->by_id);
	json_decref(dir->by_login);
	json_decref(dir->schema);
	json_decref(dir->schema_before);
	*dir = (struct directory){0};
}

const char *okta_store_login(const struct user *user)
{
	return jsonx_text_or(user->profile, "login", "");
}

static void index_login(struct directory *dir, const struct user *user, size_t position)
{
	char *folded = fold_login(okta_store_login(user));

	jsonx_set_int(dir->by_login, folded, (int64_t)position);
	free(folded);
}

struct user *okta_store_add(struct directory *dir, json_t *profile, uint64_t *random)
{
	struct user *user = util_alloc(sizeof(*user));

	make_id(dir, "00u", random, user->id);
	user->profile = json_incref(profile);
	user->transitions = json_array();
	user->is_manageable = true;
	user->created_ms = util_wall_ms();
	user->status_changed_ms = user->created_ms;
	dir->users = util_grow(dir->users, (dir->count + 1) * sizeof(struct user *));
	dir->users[dir->count] = user;
	jsonx_set_int(dir->by_id, user->id, (int64_t)dir->count);
	index_login(dir, user, dir->count);
	dir->count++;
	return user;
}

static struct user *at_position(const struct directory *dir, const json_t *position)
{
	size_t at = (size_t)json_integer_value(position);

	return position != NULL && at < dir->count ? dir->users[at] : NULL;
}

struct user *okta_store_find_id(const struct directory *dir, const char *id)
{
	return at_position(dir, json_object_get(dir->by_id, id));
}

struct user *okta_store_find_login(const struct directory *dir, const char *login)
{
	char *folded = fold_login(login);
	struct user *user = at_position(dir, json_object_get(dir->by_login, folded));

	free(folded);
	return user;
}

struct user *okta_store_owner(const struct directory *dir)
{
	for (size_t i = 0; i < dir->count; i++) {
		if (dir->users[i]->is_token_owner) {
			return dir->users[i];
		}
	}
	return NULL;
}

static struct user *find_short(const struct directory *dir, const char *name)
{
	struct user *found = NULL;
	char *folded = fold_login(name);
	size_t length = strlen(folded);

	for (size_t i = 0; i < dir->count; i++) {
		char *login = fold_login(okta_store_login(dir->users[i]));
		bool same = strncmp(login, folded, length) == 0 && login[length] == '@';

		free(login);
		if (same && found != NULL) {
			free(folded);
			return NULL;
		}
		found = same ? dir->users[i] : found;
	}
	free(folded);
	return found;
}

struct user *okta_store_find(const struct directory *dir, const char *id_or_login)
{
	if (strcmp(id_or_login, "me") == 0) {
		return okta_store_owner(dir);
	}
	struct user *user = okta_store_find_id(dir, id_or_login);

	if (user == NULL) {
		user = okta_store_find_login(dir, id_or_login);
	}
	if (user == NULL && strchr(id_or_login, '@') == NULL &&
	        strncmp(id_or_login, "00u", 3) != 0) {
		user = find_short(dir, id_or_login);
	}
	return user;
}

void okta_store_set_profile(struct directory *dir, struct user *user, json_t *profile)
{
	char *before = fold_login(okta_store_login(user));
	size_t position = (size_t)jsonx_int(dir->by_id, user->id, 0);

	(void)json_object_del(dir->by_login, before);
	free(before);
	json_incref(profile);
	json_decref(user->profile);
	user->profile = profile;
	index_login(dir, user, position);
}

void okta_store_set_status(struct user *user, enum user_status status)
{
	if (user->status == status) {
		return;
	}
	user->status = status;
	user->status_changed_ms = util_wall_ms();
	if (status == USER_ACTIVE || status == USER_PROVISIONED) {
		user->activated_ms = user->status_changed_ms;
	}
}

void okta_store_touch(struct directory *dir, struct user *user, const char *transition)
{
	(void)dir;
	user->version++;
	user->updated_ms = util_wall_ms();
	jsonx_push(user->transitions, json_string(transition));
	json_t *seen = okta_view_plain(user);

	timeline_put(&user->index, util_tick_ms(), seen);
	json_decref(seen);
}

static void reindex(struct directory *dir)
{
	(void)json_object_clear(dir->by_id);
	(void)json_object_clear(dir->by_login);
	for (size_t i = 0; i < dir->count; i++) {
		jsonx_set_int(dir->by_id, dir->users[i]->id, (int64_t)i);
		index_login(dir, dir->users[i], i);
	}
}

void okta_store_remove(struct directory *dir, struct user *user)
{
	size_t at = (size_t)jsonx_int(dir->by_id, user->id, 0);

	for (size_t i = 0; i < dir->group_count; i++) {
		(void)okta_store_leave(dir->groups[i], user);
	}
	memmove(&dir->users[at], &dir->users[at + 1],
	        (dir->count - at - 1) * sizeof(struct user *));
	dir->count--;
	free_user(user);
	reindex(dir);
}

struct group *okta_store_add_group(
        struct directory *dir, const char *name, const char *type, uint64_t *random)
{
	static const char *const TYPES[] = {"OKTA_GROUP", "APP_GROUP", "BUILT_IN"};
	struct group *group = util_alloc(sizeof(*group));

	make_id(dir, "00g", random, group->id);
	group->name = util_dup(name);
	group->members = json_array();
	group->past = json_array();
	group->type = TYPES[0];
	for (size_t i = 0; i < COUNT(TYPES); i++) {
		if (strcmp(TYPES[i], type) == 0) {
			group->type = TYPES[i];
		}
	}
	group->created_ms = util_wall_ms();
	group->updated_ms = group->created_ms;
	group->membership_ms = group->created_ms;
	dir->groups = util_grow(dir->groups, (dir->group_count + 1) * sizeof(struct group *));
	dir->groups[dir->group_count++] = group;
	return group;
}

struct group *okta_store_find_group(const struct directory *dir, const char *id)
{
	for (size_t i = 0; i < dir->group_count; i++) {
		if (strcmp(dir->groups[i]->id, id) == 0) {
			return dir->groups[i];
		}
	}
	return NULL;
}

struct group *okta_store_find_group_name(const struct directory *dir, const char *name)
{
	for (size_t i = 0; i < dir->group_count; i++) {
		if (strcmp(dir->groups[i]->name, name) == 0) {
			return dir->groups[i];
		}
	}
	return NULL;
}

void okta_store_remove_group(struct directory *dir, struct group *group)
{
	for (size_t i = 0; i < dir->group_count; i++) {
		if (dir->groups[i] == group) {
			memmove(&dir->groups[i], &dir->groups[i + 1],
			        (dir->group_count - i - 1) * sizeof(struct group *));
			dir->group_count--;
			free_group(group);
			return;
		}
	}
}

bool okta_store_is_member(const struct group *group, const struct user *user)
{
	return strcmp(group->type, "BUILT_IN") == 0 || jsonx_has(group->members, user->id);
}

bool okta_store_was_member(const struct group *group, const struct user *user, int64_t seen_at)
{
	bool is_member = okta_store_is_member(group, user);

	for (size_t i = json_array_size(group->past); i > 0; i--) {
		const json_t *change = json_array_get(group->past, i - 1);

		if (json_integer_value(json_array_get(change, 1)) <= seen_at) {
			break;
		}
		if (strcmp(json_string_value(json_array_get(change, 0)), user->id) == 0) {
			is_member = json_is_true(json_array_get(change, 2));
		}
	}
	return is_member;
}

static void note_past(struct group *group, const struct user *user, bool was_member)
{
	group->membership_ms = util_wall_ms();
	jsonx_push(group->past,
	        json_pack("[s,I,b]", user->id, (json_int_t)util_tick_ms(), was_member ? 1 : 0));
}

bool okta_store_join(struct group *group, const struct user *user)
{
	if (okta_store_is_member(group, user)) {
		return false;
	}
	jsonx_push(group->members, json_string(user->id));
	note_past(group, user, false);
	return true;
}

bool okta_store_leave(struct group *group, const struct user *user)
{
	for (size_t i = 0; i < json_array_size(group->members); i++) {
		if (strcmp(json_string_value(json_array_get(group->members, i)), user->id) == 0) {
			(void)json_array_remove(group->members, i);
			note_past(group, user, true);
			return true;
		}
	}
	return false;
}
