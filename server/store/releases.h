/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_RELEASES_H
#define SERVER_STORE_RELEASES_H

/*
 * What a human let go in one word, and what became of each of them: whoever was
 * released is planned afresh, so that the answer comes later, and may be that
 * there was nothing to do any more. Part of the store (store.h); any thread.
 */

#include "server/store/store.h"

enum release_state {
	RELEASE_WAITING, /* not looked at yet, or being worked on */
	RELEASE_DONE,
	RELEASE_DRY_RUN, /* mode dry_run: would have been done */
	RELEASE_HELD, /* asked about once more */
	RELEASE_SKIPPED, /* planned afresh, and nothing of it is wanted any more */
	RELEASE_PARKED, /* waits for Okta, or for the end of a pause */
	RELEASE_FAILED, /* goes wrong for now; the employee says why */
	RELEASE_STATE_COUNT
};

struct released {
	struct employee_key key;
	enum hold_kind kind;
	enum limit_kind limit;
	enum release_state state;
	struct personal display_name;
	char sentence[SENTENCE_BYTES]; /* what the last run said */
};

struct release_list {
	struct released *items;
	size_t count;
	char by[64];
	int64_t at_ms;
};
void release_list_finish(struct release_list *list);

/* A number for hold_decision.release_id. */
bool store_release_begin(struct store *store, int64_t *release_id, struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND: nothing was released under that number. */
bool store_release_look(struct store *store, int64_t release_id, struct release_list *list,
        struct err *err) MUST_CHECK;
/* The newest one this employee is in, of holds of that kind and limit (all with HOLD_KIND_COUNT
   and LIMIT_NONE); 0: none is remembered. */
bool store_release_newest(struct store *store, const struct hold_decision *decision,
        int64_t *release_id, struct err *err) MUST_CHECK;

/* "waiting", "done", ... */
const char *release_state_name(enum release_state state);

#endif
