/* SPDX-License-Identifier: MIT */
#ifndef OKTA_BUDGET_H
#define OKTA_BUDGET_H

/*
 * The rate budget of one org, spent before Okta complains (okta.md 4). Pure:
 * no clock, no lock, no randomness of its own; times are monotonic ms.
 *
 * Calls in flight count as spent, because Okta may or may not have counted
 * them when it wrote the headers we know; that is what keeps a steady load of
 * several workers free of 429. Answers of one window may overtake each other:
 * within it only the smallest remainder counts, and the window is named by its
 * reset time. Calls at once are limited by a gate (gate.h).
 */

#include "okta/gate.h"
#include "okta/rate.h"

struct budget_bucket {
	int64_t limit; /* calls a window; -1: never told */
	int64_t remaining;
	int64_t reset_s; /* names the window */
	int64_t ends_at_ms; /* when it is surely over */
	int64_t blocked_until_ms; /* after a 429 */
	int in_flight;
	int64_t window_ms; /* the shortest seen */
	int64_t calls; /* sent so far */
};

struct budget {
	struct budget_bucket buckets[OKTA_BUCKET_COUNT];
	struct gate gate;
};

/* How one call ended, for budget_end. */
struct budget_report {
	enum okta_bucket bucket;
	int http_status; /* 0: no answer */
	bool is_sent;
	struct rate rate; /* with an answer */
	uint64_t random;
};

/* How long to stay away, jitter included, and what for. */
struct budget_wait {
	int64_t ms;
	enum call_wait kind; /* CALL_WAIT_NONE: go, the call counts until budget_end */
};

void budget_init(struct budget *budget, int parallel_max);
struct budget_wait budget_begin(struct budget *budget, enum okta_bucket bucket,
        enum call_urgency urgency, int64_t now_ms, uint64_t random);
void budget_end(struct budget *budget, const struct budget_report *report, int64_t now_ms);
void budget_outlook(const struct budget *budget, enum okta_bucket bucket, int64_t now_ms,
        struct okta_outlook *outlook);
/* As Okta said last; -1 while unknown. */
int64_t budget_remaining(const struct budget *budget, enum okta_bucket bucket);

#endif
