/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ADOPT_JOB_H
#define SERVER_ENGINE_ADOPT_JOB_H

/*
 * Scan and apply as a job (server/base/job.h), and how far it is. One at a time
 * an engine; started by a control function, joined by the next start or by
 * engine_stop. How the last one went is kept in the store.
 */

#include "server/base/job.h"
#include "server/engine/adopt.h"
#include "server/engine/runner.h"
#include "server/store/adoption.h"

enum adopt_job_kind { ADOPT_JOB_SCAN, ADOPT_JOB_APPLY };

struct adopt_progress {
	enum adopt_job_kind kind;
	/* Of a scan. */
	int64_t users; /* of Okta, read so far */
	int64_t listed; /* people in Bob */
	int64_t read;
	int64_t linked; /* have their account already */
	int64_t gone; /* left, without an open account */
	int64_t out_of_scope;
	int64_t unreadable;
	int64_t taken_back; /* decisions whose facts changed */
	/* Of an apply. */
	int64_t total;
	int64_t done;
	int64_t refused;
	int64_t changed; /* doubtful again */
};

struct adopt_job {
	struct job job;
	/* protected by the job's lock: */
	char connection[CONNECTION_NAME_BYTES];
	struct adopt_progress progress;

	/* The thread's own, set before it starts. */
	struct engine *engine;
	struct adopt_rules rules;
};

bool adopt_job_init(struct adopt_job *job, struct engine *engine) MUST_CHECK;

/* For the job's own thread. */
#define ADOPT_JOB_ADD(adopt, field, number)            \
	do {                                           \
		monitor_lock(&(adopt)->job.monitor);   \
		(adopt)->progress.field += (number);   \
		monitor_unlock(&(adopt)->job.monitor); \
	} while (0)

/* Until then (monotonic), or until it shall end. */
void adopt_job_wait(struct adopt_job *job, int64_t deadline_ms);

/*
 * Asks Okta as often as that may help, and waits for its budget in between. True for CALL_DONE and
 * CALL_NOT_FOUND; else err says why not.
 */
typedef void adopt_ask(struct okta_client *client, void *context, struct call_outcome *outcome);
struct adopt_question {
	struct runner *runner;
	struct connection *connection;
	adopt_ask *ask;
	void *context;
};
bool adopt_job_ask(struct adopt_job *job, const struct adopt_question *question,
        struct call_outcome *outcome, struct err *err) MUST_CHECK;

/* adopt_scan.c, adopt_apply.c: the work itself. */
bool adopt_scan(struct adopt_job *job, struct err *err) MUST_CHECK;
bool adopt_apply(struct adopt_job *job, struct err *err) MUST_CHECK;

#endif
