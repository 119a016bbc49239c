/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_GROUPS_H
#define SERVER_STORE_GROUPS_H

/*
 * Memberships in Okta's groups: those we gave, and those that were there
 * before us. What Okta shows lags (okta.md 1.9), so nothing is decided by
 * reading back: this is the truth about what is ours. A membership becomes
 * given, or is forgotten, with the outcome of its intent (store_intent_close).
 * Part of store.h's interface.
 */

#include "server/store/store.h"

enum membership_state {
	MEMBERSHIP_GIVEN, /* by us, and not taken since */
	MEMBERSHIP_FOUND, /* was there before we gave it: left alone for good */
	MEMBERSHIP_LAPSED, /* given; the account was closed and opened since */
	MEMBERSHIP_STATE_COUNT
};
/* Stable words: "given", "found", "lapsed". */
const char *membership_state_name(enum membership_state state);

struct membership {
	char okta_id[OKTA_ID_BYTES];
	char group_id[OKTA_ID_BYTES];
	char employee_id[EMPLOYEE_ID_BYTES]; /* for whom it was given or found */
	int64_t given_at_ms; /* or found */
	enum membership_state state;
};

struct membership_list {
	struct membership *items;
	size_t count;
};
void membership_list_finish(struct membership_list *list);
/* Borrowed; NULL: none of that group. */
const struct membership *membership_find(const struct membership_list *list, const char *group_id);

/* Of one Okta user; at most a few. */
bool store_membership_list(struct store *store, const char *connection, const char *okta_id,
        struct membership_list *list, struct err *err) MUST_CHECK;
/*
 * Notes that the user was in that group before we gave it. What is on record already stays as it
 * is.
 */
bool store_membership_found(struct store *store, const struct employee_key *key,
        const char *okta_id, const char *group_id, struct err *err) MUST_CHECK;

/* How many hold memberships of one group that we gave (lapsed ones included), or found. */
struct group_count {
	char group_id[OKTA_ID_BYTES];
	int64_t given;
	int64_t found;
};
struct group_count_list {
	struct group_count *items;
	size_t count;
};
void group_count_list_finish(struct group_count_list *list);
/* Borrowed; NULL: nothing is on record of that group. */
const struct group_count *group_count_find(
        const struct group_count_list *list, const char *group_id);
/* Of every group of the connection that something is on record for. */
bool store_membership_counts(struct store *store, const char *connection,
        struct group_count_list *list, struct err *err) MUST_CHECK;

#endif
