/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_SWEEP_PARTS_H
#define SERVER_ENGINE_SWEEP_PARTS_H

/*
 * One sweep on its way, and its steps: sweep_run.c (order, progress, end),
 * sweep_users.c (Okta's pages), sweep_compare.c (one person), sweep_mark.c
 * (what is known only when all was read). Only the files sweep*.c include it.
 */

#include "server/engine/everybody.h"
#include "server/engine/run.h"
#include "server/engine/sweep.h"
#include "server/engine/sweep_fault.h"
#include "server/store/scratch_sweep.h"

#define SWEEP_STATUSES 200

struct sweeping {
	struct everybody all; /* engine, connection, clients, scratch */
	struct sweep sweep; /* its row */
	struct sweep_reading reading;
	int64_t okta_begun_at_ms; /* whoever was run since is not compared with Okta */
	int64_t users;
	int64_t marked;
	int64_t found[FINDING_KIND_COUNT]; /* all of them, also beyond the maximum */
	int64_t told_at_ms; /* monotonic: when progress was last stored */
	struct sweep_status statuses[SWEEP_STATUSES]; /* not written yet */
	size_t status_count;
};

/* Runs the sweep of that row to its end, and writes what it came to. */
void sweep_run(struct engine *engine, struct connection *connection, struct sweep *sweep);

/* True once the engine stops; sets err. */
bool sweep_is_stopped(const struct sweeping *sweeping, struct err *err);
/* Stores progress, at most every few seconds unless the phase is new. */
void sweep_tell(struct sweeping *sweeping, enum sweep_phase phase, int64_t done, int64_t total);
/* A finding; kept unless there are too many of its kind. */
bool sweep_find(
        struct sweeping *sweeping, const struct finding *finding, struct err *err) MUST_CHECK;
/* Fills in kind, both ids (either may be NULL) and the detail. */
struct finding sweep_finding(enum finding_kind kind, const char *employee_id, const char *okta_id);

/* Everybody in Okta, into the scratch file. */
bool sweep_read_users(struct sweeping *sweeping, struct err *err) MUST_CHECK;
/* everybody_visit: one person of Bob's against the record and Okta. */
bool sweep_compare(
        void *context, const struct everybody_person *person, struct err *err) MUST_CHECK;
/* Linked people who are not in the list: counted, and noted. */
bool sweep_look_for_absent(struct sweeping *sweeping, struct err *err) MUST_CHECK;
/* Writes the statuses that are taken over without a run. */
bool sweep_flush_statuses(struct sweeping *sweeping, struct err *err) MUST_CHECK;
/* All was read and is trusted: what is known only now, then findings and marks are stored. */
bool sweep_conclude(struct sweeping *sweeping, struct err *err) MUST_CHECK;

#endif
