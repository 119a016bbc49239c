/* SPDX-License-Identifier: MIT */
#ifndef OKTA_GATE_H
#define OKTA_GATE_H

/*
 * How many calls to one org may be under way at once. Pure: no clock, no lock,
 * no randomness of its own; times are monotonic ms.
 *
 * The gate halves when Okta says it has too many, and widens one by one with
 * success. After an outage it starts slowly: with one place; they double every
 * GATE_SLOW_STEP_MS as long as answers are good and no 429 comes, so that an
 * Okta that has just come back is not met by everybody at once. One place beside
 * a narrowed gate is for CALL_URGENT.
 */

#include "okta/okta.h"

#define GATE_WAIT_MS          50 /* when all places are taken; as much again is random */
#define GATE_WIDEN_AFTER      20 /* successes for one more place */
#define GATE_BUSY_BACKOFF_MAX 8000
#define GATE_SLOW_STEP_MS     5000 /* between two doublings at least */

struct gate {
	int places_max;
	int places; /* 1..places_max */
	int in_flight;
	int successes; /* since the gate last moved */
	int busy; /* concurrency refusals since the last success */
	int64_t paused_until_ms; /* after one */
	bool is_slow; /* starting slowly: doubles */
	int64_t moved_at_ms; /* while is_slow: when it began or doubled last */
};

void gate_init(struct gate *gate, int places_max);
void gate_start_slowly(struct gate *gate, int64_t now_ms);
/* Calls at once for that urgency. */
int gate_places(const struct gate *gate, enum call_urgency urgency);
void gate_slow_start(const struct gate *gate, int64_t now_ms, struct okta_slow_start *start);
/* How long the pause after a concurrency refusal still lasts; 0: none. */
int64_t gate_pause_ms(const struct gate *gate, int64_t now_ms);
/* An answer that is no 429 and no 5xx. */
void gate_note_success(struct gate *gate, int64_t now_ms);
/* A 429 about calls a minute: it ends the doubling. */
void gate_note_limit(struct gate *gate);
/* A 429 about calls at once. */
void gate_note_busy(struct gate *gate, uint64_t random, int64_t now_ms);

#endif
