/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_EVERYBODY_JOB_H
#define SERVER_ENGINE_EVERYBODY_JOB_H

/*
 * What reads everybody of a connection on a thread of its own (server/base/job.h):
 * the preview of a mapping, the plan, and the days to come. One of each at a time
 * a connection; its last result is kept in memory for as long as the engine lives,
 * since it holds values of people. Started by control functions, joined by the
 * next start or by engine_stop.
 */

#include "server/base/job.h"
#include "server/engine/engine.h"

struct connection;

struct everybody_job {
	struct job job;
	/* The thread's own, set before it starts. */
	struct engine *engine;
	const char *connection; /* of its settings */
	/* protected by the job's lock: */
	char *settings; /* a document to try, taken by the thread; NULL: those in force */
};

struct everybody_jobs {
	struct everybody_job items[ENGINE_JOB_COUNT];
};

bool everybody_jobs_init(struct everybody_jobs *jobs) MUST_CHECK;
/* After the engine was told to stop. */
void everybody_jobs_close(struct everybody_jobs *jobs);
void everybody_jobs_finish(struct everybody_jobs *jobs); /* after everybody_jobs_close */

struct everybody_order {
	enum engine_job kind;
	const char *by;
	const json_t *query; /* as it may be shown */
	const json_t *settings; /* NULL: those in force */
};
/* preview_job.c, plan_job.c: the work. */
job_run preview_job_run;
job_run plan_job_run;
job_run calendar_job_run;

bool everybody_job_start(struct engine *engine, struct connection *connection,
        const struct everybody_order *order, struct err *err) MUST_CHECK;
/* The query of the job that runs; new reference, NULL with err. For its own thread. */
json_t *everybody_job_query(struct job *job, struct err *err) MUST_CHECK;
/* The document to try, given once; NULL: none, or err says why. */
json_t *everybody_job_settings(struct job *job, struct err *err) MUST_CHECK;

#endif
