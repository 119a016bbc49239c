/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_APPROVALS_H
#define SERVER_STORE_APPROVALS_H

/*
 * Approvals in advance: named people who may pass a limit (policy M2) on a
 * day. store_intent_open looks at them when a limit is reached: those who have
 * one pass, and count all the same. Part of the store (store.h); any thread.
 */

#include "server/store/store.h"

#define APPROVALS_AT_ONCE  1000
#define APPROVAL_DAY_BYTES 11 /* "2026-12-31" */

struct approval {
	struct employee_key key;
	char day[APPROVAL_DAY_BYTES];
	enum limit_kind limit;
	char by[64];
	int64_t at_ms;
	int64_t from_ms; /* valid from here */
	int64_t until_ms; /* and up to here */
	int64_t used_at_ms; /* 0: nobody had to be let pass yet */
};

struct approval_list {
	struct approval *items;
	size_t count;
};
void approval_list_finish(struct approval_list *list);

/* All or nothing, audited one by one; one that is there already is replaced. */
bool store_approvals_add(struct store *store, const struct approval *approvals, size_t count,
        struct err *err) MUST_CHECK;

/* Which approvals are meant. */
struct approval_filter {
	const char *connection;
	const char *day; /* NULL: every day */
	enum limit_kind limit; /* LIMIT_NONE: every limit */
	const char *employee_id; /* NULL: everybody */
	int64_t until_after_ms; /* only those that are still valid then; 0: all */
};
/* Up to APPROVALS_AT_ONCE, by day, limit and person. */
bool store_approvals_list(struct store *store, const struct approval_filter *filter,
        struct approval_list *list, struct err *err) MUST_CHECK;
/* Takes them back; audited. ERR_NOT_FOUND: there is none. */
bool store_approvals_remove(struct store *store, const struct approval_filter *filter,
        const char *by, size_t *removed, struct err *err) MUST_CHECK;

/*
 * Lets go whom a limit holds and somebody approved for now: the hold is taken away and the person
 * marked; the approval does the rest when the intent opens. A human's no to the hold stands.
 * Audited. *released: how many.
 */
bool store_approvals_release(struct store *store, const char *connection, int64_t now_ms,
        size_t *released, struct err *err) MUST_CHECK;

#endif
