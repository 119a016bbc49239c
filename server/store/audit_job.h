/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_AUDIT_JOB_H
#define SERVER_STORE_AUDIT_JOB_H

/*
 * Verifying all of the audit trail as a job (server/base/job.h), which can be
 * left and come back to: one a store, whose last result is kept in memory until
 * the next begins. Any thread may start one and look.
 */

#include "server/store/audit.h"

#define AUDIT_JOB_HEADS_MAX 500

struct audit_job;

/* The store is borrowed. */
struct audit_job *audit_job_create(struct store *store, struct err *err) MUST_CHECK;
/* Ends at the next batch of records; the thread is joined. NULL is allowed. */
void audit_job_stop_all(struct audit_job *job);
void audit_job_destroy(struct audit_job *job); /* after audit_job_stop_all */

/* heads: at most AUDIT_JOB_HEADS_MAX, copied. ERR_CONFLICT while one runs. */
bool audit_job_start(struct audit_job *job, const struct audit_heads *heads, const char *by,
        struct err *err) MUST_CHECK;
/* ERR_CONFLICT when none runs. */
bool audit_job_stop(struct audit_job *job, const char *by, struct err *err) MUST_CHECK;
/* As docs/http.md has it; new reference, NULL: no memory. */
json_t *audit_job_json(struct audit_job *job) MUST_CHECK;

#endif
