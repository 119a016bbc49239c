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
 * reset time. Calls at once are limited by a gate that halves when Okta says
 * it has too many, and widens one by one with success.
 */

#include "okta/rate.h"

#define BUDGET_GATE_WAIT_MS     50 /* when only the gate is full; as much again is random */
#define BUDGET_WIDEN_AFTER      20 /* successes for one more call at once */
#define BUDGET_BUSY_BACKOFF_MAX 8000

struct budget_bucket {
	int64_t limit; /* calls a window; -1: never told */
	int64_t remaining;
	int64_t reset_s; /* names the window */
	int64_t ends_at_ms; /* when it is surely over */
	int64_t blocked_until_ms; /* after a 429 */
	int in_flight;
};

struct budget {
	struct budget_bucket buckets[OKTA_BUCKET_COUNT];
	int parallel_max;
	int parallel; /* the gate: calls at once now, 1..parallel_max */
	int in_flight;
	int successes; /* since the gate last moved */
	int busy; /* concurrency refusals since the last success */
	int64_t paused_until_ms; /* after one */
};

/* How one call ended, for budget_end. */
struct budget_report {
	enum okta_bucket bucket;
	int http_status; /* 0: no answer */
	bool is_sent;
	struct rate rate; /* with an answer */
	uint64_t random;
};

void budget_init(struct budget *budget, int parallel_max);
/* 0: go, the call counts until budget_end. Otherwise how many ms to stay away, jitter included. */
int64_t budget_begin(struct budget *budget, enum okta_bucket bucket, enum call_urgency urgency,
        int64_t now_ms, uint64_t random);
void budget_end(struct budget *budget, const struct budget_report *report, int64_t now_ms);
/* As Okta said last; -1 while unknown. */
int64_t budget_remaining(const struct budget *budget, enum okta_bucket bucket);
/* How long the pause after a concurrency refusal still lasts; 0: none. */
int64_t budget_pause_ms(const struct budget *budget, int64_t now_ms);

#endif
