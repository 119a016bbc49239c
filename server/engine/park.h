/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_PARK_H
#define SERVER_ENGINE_PARK_H

/*
 * Whether a connection waits for one of the two systems, and when to ask again.
 * Parked work uses up no attempts. Pure state; the connection's lock guards it.
 *
 *   credentials   first 401, or a 403 that a probe confirms: one probe, then
 *                 at most one a minute (engine rule 7)
 *   outage        three different employees failed with no success between
 *                 (engine rule 6): probes after 1 s, doubling to 10 s
 */

#include <stdbool.h>
#include <stdint.h>

#define PARK_OUTAGE_EMPLOYEES 3

enum park_reason { PARK_NONE, PARK_STARTING, PARK_CREDENTIALS, PARK_OUTAGE };

struct park {
	enum park_reason reason;
	char cause[256];
	int64_t since_ms; /* wall clock */
	int64_t probe_at_ms; /* monotonic */
	int64_t success_at_ms; /* wall clock of the last good answer */
	int probes;
	char failing[PARK_OUTAGE_EMPLOYEES]
	            [33]; /* different employees that failed since the last success */
	int failing_count;
};

void park_init(struct park *park);
bool park_is_parked(const struct park *park);
/* Parks, or keeps the first cause when parked already for that reason. */
void park_enter(struct park *park, enum park_reason reason, const char *cause, int64_t mono_ms);
/* Parked for an outage, or the first answer at the start was long in coming. */
bool park_was_away(const struct park *park);
/* A call went well: clears the failure streak; true when this ended a parking. */
bool park_success(struct park *park);
/* A transient failure for this employee; true when it made the connection park. */
bool park_failure(struct park *park, const char *employee_id, const char *cause, int64_t mono_ms);
/* True when a probe may start now; counts it and sets the next time. */
bool park_probe_due(struct park *park, int64_t mono_ms);

#endif
