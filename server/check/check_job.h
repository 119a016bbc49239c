/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CHECK_CHECK_JOB_H
#define SERVER_CHECK_CHECK_JOB_H

/*
 * A check on a thread of its own, which can be left and come back to: one at a
 * time, its lines kept until the next begins. Any thread may start one and
 * look.
 */

#include "server/base/holder.h"
#include "server/check/check.h"

#define CHECK_LINES_MAX 1000

struct check_job;

/* spawner is borrowed; NULL: expressions are not tried. */
struct check_job *check_job_create(struct evaluator_spawner *spawner, struct err *err) MUST_CHECK;
/* Calls in flight are aborted, the thread is joined. */
void check_job_stop(struct check_job *job);
void check_job_destroy(struct check_job *job); /* after check_job_stop */

struct check_order {
	/* With their secrets; the job's from here on, also when the start fails. */
	const struct settings *settings;
	void (*release)(void *context, const struct settings *settings);
	void *release_context;
	const char *connection;
	enum check_part part;
	bool is_draft; /* of values that are not saved */
	enum settings_plain plain;
	/* Of struct engine: the check spends the budgets of the one in use. NULL: its own. */
	struct holder *engines;
	const char *by;
};

/* ERR_CONFLICT while one runs. */
bool check_job_start(
        struct check_job *job, const struct check_order *order, struct err *err) MUST_CHECK;
/* How far the connection's last check is, as docs/http.md has it; new reference, NULL: no memory.
 */
json_t *check_job_report(struct check_job *job, const char *connection) MUST_CHECK;

#endif
