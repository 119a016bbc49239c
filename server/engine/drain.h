/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_DRAIN_H
#define SERVER_ENGINE_DRAIN_H

/*
 * When those who wait will be done: from how fast runs ended while somebody
 * waited, from what Okta's budget lets through, and from how far a slow start
 * is. An estimate. Pure; times are monotonic ms. Whoever owns it guards it.
 */

#include "okta/okta.h"

#include <stdbool.h>
#include <stdint.h>

#define DRAIN_UNKNOWN   (-1)
#define DRAIN_MEMORY_MS 120000 /* what is older than this hardly counts */

struct drain {
	int64_t looked_at_ms; /* 0: never */
	int64_t waiting; /* as of then */
	int64_t runs_seen; /* of drain_look */
	int64_t calls_seen[OKTA_BUCKET_COUNT];
	bool is_counted; /* runs_seen and calls_seen mean something */
	double share; /* of the speed, that a slow start left us then */
	/* Of the time while somebody waited, older parts faded: */
	double busy_ms; /* as if without slow starts: a second at half the speed is half a second */
	double runs;
	double calls[OKTA_BUCKET_COUNT];
};

/* What is known now; runs and calls only ever grow. */
struct drain_facts {
	int64_t waiting; /* people */
	bool is_stopped; /* parked or paused: the time says nothing of our speed */
	int64_t runs; /* that ended */
	struct okta_outlook buckets[OKTA_BUCKET_COUNT];
	struct okta_slow_start start;
	int workers; /* for ordinary people: with more places we are no faster; 0: as many as places
	              */
};

/* Every few seconds. */
void drain_look(struct drain *drain, const struct drain_facts *facts, int64_t now_ms);
/* How long it takes from now on, or from when it goes on; DRAIN_UNKNOWN: nothing was measured yet.
 */
int64_t drain_ms(const struct drain *drain, const struct drain_facts *facts);

#endif
