/* SPDX-License-Identifier: MIT */
#include "server/store/audit_job.h"

#include "server/base/job.h"
#include "server/base/log.h"

#include <stdlib.h>
#include <string.h>

struct audit_job {
	struct job job;
	struct store *store;
	/* The thread's own, set before it starts. */
	struct audit_head heads[AUDIT_JOB_HEADS_MAX];
	size_t head_count;
};

struct audit_job *audit_job_create(struct store *store, struct err *err)
{
	struct audit_job *job = calloc(1, sizeof(*job));
	if (job == NULL || !job_init(&job->job)) {
		err_set(err, ERR_NO_MEMORY, "no memory for verifying the audit trail");
		free(job);
		return NULL;
	}
	job->store = store;
	return job;
}

void audit_job_stop_all(struct audit_job *job)
{
	if (job != NULL) {
		job_close(&job->job);
	}
}

void audit_job_destroy(struct audit_job *job)
{
	if (job != NULL) {
		job_finish(&job->job);
		free(job);
	}
}

static bool run(struct job *job, json_t **result, struct err *err)
{
	const struct audit_job *mine = job_owner(job);
	const struct audit_heads heads = {mine->heads, mine->head_count};
	struct audit_report report;
	if (!store_audit_verify_for(mine->store, &heads, job, &report, err)) {
		return false;
	}
	log_info("audit trail verified", F("finding", audit_finding_name(report.finding)),
	        F("records", report.records));
	*result = audit_report_json(&report, mine->head_count);
	if (*result == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a report on the audit trail");
	}
	return *result != NULL;
}

static void begin(struct job *job, void *given)
{
	struct audit_job *mine = job_owner(job);
	const struct audit_heads *heads = given;
	mine->head_count = heads->count;
	if (heads->count > 0) {
		memcpy(mine->heads, heads->items, heads->count * sizeof(*heads->items));
	}
}

bool audit_job_start(
        struct audit_job *job, const struct audit_heads *heads, const char *by, struct err *err)
{
	struct audit_heads given = *heads;
	if (given.count > AUDIT_JOB_HEADS_MAX) {
		given.count = AUDIT_JOB_HEADS_MAX;
	}
	json_t *query = json_pack("{s:I}", "heads", (json_int_t)given.count);
	const struct job_order order = {.thread = "verify",
	        .what = "a look at the whole audit trail",
	        .by = by,
	        .query = query,
	        .run = run,
	        .owner = job,
	        .begin = begin,
	        .given = &given};
	bool is_started = job_start(&job->job, &order, err);
	json_decref(query);
	return is_started;
}

bool audit_job_stop(struct audit_job *job, const char *by, struct err *err)
{
	return job_stop(&job->job, by, err);
}

json_t *audit_job_json(struct audit_job *job)
{
	static const struct job_count_names NAMES = {"listed", "read"};
	return job_json(&job->job, &NAMES);
}
