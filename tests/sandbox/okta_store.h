/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_STORE_H
#define TESTS_SANDBOX_OKTA_STORE_H

/*
 * Okta's users and groups, and the user schema. Under the sandbox's lock. A user's profile object
 * is replaced, never changed in place, because older versions of it stay visible to searches.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sandbox/timeline.h"
#include "tests/sandbox/util.h"

enum user_status {
	USER_STAGED,
	USER_PROVISIONED,
	USER_ACTIVE,
	USER_RECOVERY,
	USER_LOCKED_OUT,
	USER_PASSWORD_EXPIRED,
	USER_SUSPENDED,
	USER_DEPROVISIONED,
};

enum { OKTA_ID_SIZE = 21 };

struct user {
	char id[OKTA_ID_SIZE];
	enum user_status status;
	json_t *profile;
	int64_t created_ms;
	int64_t activated_ms; /* 0: never */
	int64_t status_changed_ms;
	int64_t updated_ms;
	int64_t password_changed_ms;
	int64_t transition_until_tick_ms;
	bool has_password;
	json_t *provider; /* credentials.provider */
	int64_t version;
	int64_t activation_mails;
	int64_t deactivation_mails;
	int64_t sessions_ended;
	bool is_manageable;
	bool is_sourced; /* its profile is owned by another directory */
	bool is_token_owner;
	json_t *transitions; /* array of names */
	struct timeline index; /* what searches see */
};

struct group {
	char id[OKTA_ID_SIZE];
	char *name;
	char *description;
	const char *type; /* OKTA_GROUP, APP_GROUP, BUILT_IN */
	int64_t created_ms;
	int64_t updated_ms;
	int64_t membership_ms;
	json_t *members; /* array of user ids */
	json_t *past; /* array of [user id, tick in ms, was a member before], oldest first */
};

struct directory {
	struct user **users; /* in order of creation; ids rise with it */
	size_t count;
	json_t *by_id; /* id -> position */
	json_t *by_login; /* folded login -> position */
	struct group **groups;
	size_t group_count;
	json_t *group_rules; /* array, as the API answers them */
	json_t *schema; /* of the default type, as the API answers it, without links */
	json_t *schema_before; /* the same before its last change through the API; NULL: none yet */
	int64_t schema_changed_at; /* tick, ms */
	int64_t schema_losses; /* changes answered and forgotten so far */
	uint64_t next_number;
};

void okta_store_init(struct directory *dir, uint64_t *random);
void okta_store_finish(struct directory *dir);

/* Adds a user with this profile (a reference is taken); its login must be free. */
struct user *okta_store_add(struct directory *dir, json_t *profile, uint64_t *random);
/* By id, login, or unambiguous login without its domain; "me" is the token's owner. Or NULL. */
struct user *okta_store_find(const struct directory *dir, const char *id_or_login);
struct user *okta_store_find_id(const struct directory *dir, const char *id);
/* Who holds this login, ignoring case and diacritics, or NULL. */
struct user *okta_store_find_login(const struct directory *dir, const char *login);
struct user *okta_store_owner(const struct directory *dir);
/* Puts a new profile in place (a reference is taken) and keeps the login index right. */
void okta_store_set_profile(struct directory *dir, struct user *user, json_t *profile);
void okta_store_set_status(struct user *user, enum user_status status);
/* Notes a change under a name: version, lastUpdated, and what searches will see. */
void okta_store_touch(struct directory *dir, struct user *user, const char *transition);
/* Removes for good. */
void okta_store_remove(struct directory *dir, struct user *user);
const char *okta_store_login(const struct user *user);

const char *okta_status_name(enum user_status status);
/* False when there is no such status. */
bool okta_status_parse(const char *name, enum user_status *status) MUST_CHECK;

struct group *okta_store_add_group(
        struct directory *dir, const char *name, const char *type, uint64_t *random);
struct group *okta_store_find_group(const struct directory *dir, const char *id);
struct group *okta_store_find_group_name(const struct directory *dir, const char *name);
void okta_store_remove_group(struct directory *dir, struct group *group);
/* Membership; everyone is in the built-in group "Everyone". */
bool okta_store_is_member(const struct group *group, const struct user *user);
/* The same as reads saw it at that tick: memberships show late. */
bool okta_store_was_member(const struct group *group, const struct user *user, int64_t seen_at);
bool okta_store_join(struct group *group, const struct user *user);
bool okta_store_leave(struct group *group, const struct user *user);

#endif
