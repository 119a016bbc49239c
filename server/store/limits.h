/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_LIMITS_H
#define SERVER_STORE_LIMITS_H

/*
 * The brake (policy M2) as the store keeps it: what counts in each window of
 * running time (engine rule 19). store_intent_open refuses by the same numbers.
 * Running time goes on while an engine ticks, and never faster than the
 * monotonic clock, however many engines there are; it is durable with every
 * intent. A store that was put back to an older state starts with every window
 * full: what was done since is not in it. Part of the store (store.h); any thread.
 */

#include "server/base/words.h"
#include "server/store/store.h"

struct limit_fill {
	int64_t used; /* people who count */
	int64_t allowed; /* -1: there is no such window */
	int64_t next_ms; /* running time until somebody new passes; 0: now; -1: never by itself */
};

struct limit_state {
	struct limit_fill fills[LIMIT_PERIOD_COUNT];
	bool has_limit;
	bool is_full; /* of one window: somebody new is held */
	bool is_restored; /* full because the store was put back */
	int64_t next_ms; /* the latest of the windows' */
};

bool store_limit_look(struct store *store, const char *connection, const struct limit_set *limits,
        enum limit_kind limit, struct limit_state *state, struct err *err) MUST_CHECK;

/* Running time goes on: called every few seconds by whoever works. The first call begins it. */
bool store_running_tick(struct store *store, struct err *err) MUST_CHECK;

/*
 * How the store knows that it was put back: the state "restored" is 1 (a backup marks its copy), or
 * the file beside it, which is no part of a copy, has seen it further on.
 */
#define STORE_STATE_RESTORED "restored"

#endif
