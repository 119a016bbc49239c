/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_RETENTION_H
#define SERVER_STORE_RETENTION_H

/*
 * Emptying what is kept no longer (G-03, G-04), class by class, a batch a
 * write: a crash leaves what was done done, and deliveries never wait long.
 * Each batch has its record in the trail, written with it or not at all.
 * Blocks on the store; one thread at a time. A run is bounded; what it leaves
 * goes with the next.
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/* What is older goes; wall times. */
struct retention_times {
	int64_t bodies_before_ms; /* raw bodies of deliveries that are done */
	int64_t hashes_before_ms; /* deliveries altogether */
	int64_t people_before_ms; /* names and profiles of people who are managed no longer */
	int64_t findings_before_ms; /* of sweeps, decided adoptions, and alarms that are over */
	int64_t values_before_ms; /* what actions wrote and overwrote */
	int64_t audit_before_ms; /* the trail, behind a checkpoint */
};

struct retention_counts {
	int64_t events;
	int64_t people;
	int64_t findings;
	int64_t adoptions;
	int64_t actions;
	int64_t alarms;
	int64_t releases; /* 90 days old */
	int64_t records;
};

/* counts say what was done, also when it fails half way. */
bool store_retention_run(struct store *store, const struct retention_times *times,
        struct retention_counts *counts, struct err *err) MUST_CHECK;

#endif
