/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ROW_TALLY_H
#define SERVER_ENGINE_ROW_TALLY_H

/*
 * What the rows of a mapping came to, added up over everybody: what they could
 * not do, and how many memberships are on record. Adding up goes through every
 * record, and pages ask every few seconds, so the sums are kept for two hundred
 * times as long as it took, and at most a minute: about half a percent of one
 * processor. Any thread.
 */

#include "server/base/thread.h"
#include "server/store/groups.h"

#define ROW_TALLY_KEPT_MIN_MS 2000
#define ROW_TALLY_KEPT_MAX_MS 60000

struct row_tally {
	struct monitor monitor;
	/* protected by the monitor: */
	struct row_problem_list problems;
	struct group_count_list memberships;
	bool is_made;
	int64_t made_at_ms; /* monotonic */
	int64_t took_ms;
};

bool row_tally_init(struct row_tally *tally) MUST_CHECK;
void row_tally_finish(struct row_tally *tally);

/* Locked, with sums that are new enough, until released; false (err filled in) without the lock. */
bool row_tally_use(struct row_tally *tally, struct store *store, const char *connection,
        struct err *err) MUST_CHECK;
void row_tally_release(struct row_tally *tally);

#endif
