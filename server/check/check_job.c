/* SPDX-License-Identifier: MIT */
#include "server/check/check_job.h"

#include "server/base/job.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/budgets.h"

#include <stdlib.h>

struct check_job {
	struct job job;
	struct evaluator_spawner *spawner;
	/* protected by the job's lock: */
	char connection[CONNECTION_NAME_BYTES];
	bool is_draft;
	enum check_part part;
	size_t failures;
	size_t warnings;
	json_t *lines;

	/* The thread's own, set before it starts. */
	struct check_order order;
};

static const char *const parts[] = {
        [CHECK_BOTH] = "both", [CHECK_OKTA_ONLY] = "okta", [CHECK_BOB_ONLY] = "bob"};

struct check_job *check_job_create(struct evaluator_spawner *spawner, struct err *err)
{
	struct check_job *job = calloc(1, sizeof(*job));
	if (job == NULL || !job_init(&job->job)) {
		err_set(err, ERR_NO_MEMORY, "no memory for checks");
		free(job);
		return NULL;
	}
	job->spawner = spawner;
	return job;
}

void check_job_stop(struct check_job *job)
{
	if (job != NULL) {
		job_close(&job->job);
	}
}

void check_job_destroy(struct check_job *job)
{
	if (job == NULL) {
		return;
	}
	json_decref(job->lines);
	job_finish(&job->job);
	free(job);
}

/* ----------------------------------------------------------------- the thread */

static void on_step(void *context, const char *step)
{
	struct check_job *job = context;
	job_phase(&job->job, step);
}

static void on_line(void *context, const struct check_line *line)
{
	struct check_job *job = context;
	monitor_lock(&job->job.monitor);
	job->failures += line->result == CHECK_FAILURE ? 1 : 0;
	job->warnings += line->result == CHECK_WARNING || line->result == CHECK_UNKNOWN ? 1 : 0;
	if (json_array_size(job->lines) < CHECK_LINES_MAX) {
		json_array_append_new(job->lines,
		        json_pack("{s:s, s:s, s:s, s:s}", "result", check_result_name(line->result),
		                "what", line->what, "found", line->found, "mend", line->mend));
	}
	monitor_unlock(&job->job.monitor);
}

static void check_sharing(struct check_job *job, struct check_report *report,
        const struct connection_settings *connection)
{
	struct holder *engines = job->order.engines;
	struct engine *engine = engines != NULL ? holder_acquire(engines) : NULL;
	struct engine_shared shared = {0};
	if (engine != NULL) {
		engine_shared(engine, connection, &shared);
	}
	report->org = shared.org;
	report->company = shared.company;
	check_connection(report, connection, job->order.part, job->spawner);
	if (engine != NULL) {
		holder_release(engines, engine);
	}
}

static bool run(struct job *base, json_t **result UNUSED, struct err *err UNUSED)
{
	struct check_job *job = job_owner(base);
	const struct check_order *order = &job->order;
	struct check_report report = {.on_line = on_line,
	        .on_step = on_step,
	        .context = job,
	        .plain = order->plain,
	        .stop = &base->is_told_to_stop,
	        .is_detailed = true};
	const struct connection_settings *connection =
	        settings_find(order->settings, job->connection);
	if (connection != NULL) {
		check_sharing(job, &report, connection);
	}
	order->release(order->release_context, order->settings);
	log_info("connection checked", F("connection", job->connection),
	        F("failures", report.failures), F("warnings", report.warnings));
	return true;
}

/* ---------------------------------------------------------------------- start */

static void begin(struct job *base, void *given)
{
	struct check_job *job = job_owner(base);
	const struct check_order *order = given;
	json_decref(job->lines);
	job->lines = json_array();
	job->failures = 0;
	job->warnings = 0;
	job->is_draft = order->is_draft;
	job->part = order->part;
	job->order = *order;
	str_format_cut(job->connection, sizeof(job->connection), "%s", order->connection);
}

bool check_job_start(struct check_job *job, const struct check_order *order, struct err *err)
{
	struct check_order given = *order;
	char what[JOB_WHAT_BYTES];
	const struct job_order base = {.thread = "check",
	        .what = what,
	        .by = order->by,
	        .run = run,
	        .owner = job,
	        .begin = begin,
	        .given = &given};
	str_format_cut(what, sizeof(what), "a check of connection %s", order->connection);
	bool is_begun = job_start(&job->job, &base, err);
	if (!is_begun) {
		order->release(order->release_context, order->settings);
	}
	return is_begun;
}

/* --------------------------------------------------------------------- report */

/* With the lock held. */
static json_t *report_of(const struct check_job *job)
{
	const struct job_look *look = &job->job.look;
	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:I, s:I, s:I, s:I, s:o}", "state",
	        look->state == JOB_RUNNING ? "running" : "done", "step", look->phase, "part",
	        parts[job->part], "is_draft", job->is_draft, "by", look->by, "begun_at_ms",
	        (json_int_t)look->begun_at_ms, "ended_at_ms", (json_int_t)look->ended_at_ms,
	        "failures", (json_int_t)job->failures, "warnings", (json_int_t)job->warnings,
	        "checks", json_deep_copy(job->lines));
}

static json_t *never_begun(void)
{
	return json_pack("{s:s, s:s, s:s, s:b, s:s, s:I, s:I, s:I, s:I, s:[]}", "state", "never",
	        "step", "", "part", "both", "is_draft", 0, "by", "", "begun_at_ms", (json_int_t)0,
	        "ended_at_ms", (json_int_t)0, "failures", (json_int_t)0, "warnings", (json_int_t)0,
	        "checks");
}

json_t *check_job_report(struct check_job *job, const char *connection)
{
	monitor_lock(&job->job.monitor);
	enum job_state state = job->job.look.state;
	bool is_there = (state == JOB_RUNNING || state == JOB_DONE) &&
	        str_equal(job->connection, connection);
	json_t *json = is_there ? report_of(job) : never_begun();
	monitor_unlock(&job->job.monitor);
	return json;
}
