/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_GROUP_PAGE_H
#define SERVER_ENGINE_GROUP_PAGE_H

/*
 * What Okta says about the groups that the settings name: which row may be
 * used and why another may not, and who is in the protected group. A page is
 * made step by step, one list of Okta's a step, and is read-only once it is
 * whole; then any thread may read it. Facts of Okta: okta.md 1.9.
 */

#include "okta/okta.h"
#include "server/settings/settings.h"
#include "server/store/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROTECTED_MEMBERS_MAX 10000

enum group_state {
	GROUP_NOT_KNOWN, /* not read yet, or it could not be read: the row waits */
	GROUP_USABLE,
	GROUP_REFUSED /* the row does nothing until Okta or the settings change */
};
/* Stable words: "unknown", "ok", "refused". */
const char *group_state_name(enum group_state state);

struct group_entry {
	const struct map_group *rule; /* of the settings; borrowed */
	enum group_state state;
	char id[OKTA_USER_ID_BYTES]; /* "" while unknown */
	char name[OKTA_GROUP_NAME_BYTES];
	char reason[SENTENCE_BYTES]; /* unless usable; a sentence for an administrator */
};

/* Okta's ids, sorted. */
struct id_set {
	char (*ids)[OKTA_USER_ID_BYTES];
	size_t count;
};

bool id_set_copy(struct id_set *to, const struct id_set *from) MUST_CHECK;
bool id_set_has(const struct id_set *set, const char *id);
/* Sorts, each once; Okta may tell somebody twice who was moved while it listed. */
void id_set_sort(struct id_set *set);

struct group_page {
	struct group_entry *entries; /* one per row, in the order of the settings */
	size_t count;
	bool are_rules_known; /* else a row may still be the target of a group rule */
	char rules_reason[SENTENCE_BYTES]; /* unless known */
	struct id_set targets; /* of active group rules */
	bool is_guard_known; /* the protected group's members were read at least once */
	char guard_reason[SENTENCE_BYTES]; /* what the last read of it met; "": it went well */
	struct id_set members; /* of the protected group */
	int64_t read_at_ms; /* wall clock; 0: never */
};

/* A page before anything was read; NULL: out of memory. */
struct group_page *group_page_create(const struct connection_settings *settings) MUST_CHECK;
struct group_page *group_page_copy(const struct group_page *page) MUST_CHECK;
void group_page_destroy(struct group_page *page);

/* Borrowed; NULL: no row names this group so. */
const struct group_entry *group_page_of_row(const struct group_page *page, const char *group);
/* Borrowed; NULL: no row that can be used means this group. */
const struct group_entry *group_page_find(const struct group_page *page, const char *group_id);
bool group_page_is_protected(const struct group_page *page, const char *okta_id);

/*
 * Why no row may put people into this group; NULL: one may. targets: of the active group rules;
 * guard: the protected group as the settings name it, or NULL.
 */
const char *group_refusal(
        const struct okta_group *group, const struct id_set *targets, const char *guard);

/* A page in the making. */
struct group_reader {
	const struct connection_settings *settings;
	const struct group_page *known; /* what it has of a row or of the rules is not asked again;
	                                   NULL: nothing. Set before the first step */
	const struct group_page *before; /* what stays where Okta cannot be read; NULL: nothing */
	struct group_page *page; /* owned */
	size_t next; /* of its steps */
	bool has_failed; /* something could not be read that another time could be */
	struct call_outcome outcome; /* of the last step */
};

/* False when out of memory. */
bool group_reader_init(struct group_reader *reader, const struct connection_settings *settings,
        const struct group_page *before) MUST_CHECK;
/* One step; false once the page is whole. */
bool group_reader_step(struct group_reader *reader, struct okta_client *client);
/* The group rules alone. */
void group_reader_rules(struct group_reader *reader, struct okta_client *client);
/* All of the rows in one go, without the protected group's members. */
void group_reader_rows(struct group_reader *reader, struct okta_client *client);
/* The page goes to the caller. */
struct group_page *group_reader_take(struct group_reader *reader);
void group_reader_finish(struct group_reader *reader);

#endif
