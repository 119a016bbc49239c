/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_JOB_H
#define SERVER_CLI_CLI_JOB_H

/*
 * Long work of the server as a command sees it (docs/http.md, "Jobs"): begun,
 * followed and waited for, with its progress on a terminal. Left by Ctrl-C it
 * goes on, and can be looked at and ended.
 */

#include "server/cli/cli_call.h"

struct cli_job {
	const char *path; /* "/api/v1/plan": start, stop and the state are behind it */
	const char *unit; /* what is counted: "people" */
	void (*show)(struct cli_call *call, const json_t *result);
};

/*
 * Begins it with body, taken, and waits: what came of it, new reference; NULL with err that says
 * why nothing did. Up to CLI_JOB_MAX_MS.
 */
#define CLI_JOB_MAX_MS (2 * 60 * 60 * 1000)
json_t *cli_job_run(
        struct cli_call *call, const struct cli_job *job, json_t *body, struct err *err) MUST_CHECK;
/* Whole commands, which return the exit status: the same, shown; the one that runs, or the last
 * one's result; and the end of the one that runs. */
int cli_job_wait(struct cli_call *call, const struct cli_job *job, json_t *body);
int cli_job_look(struct cli_call *call, const struct cli_job *job);
int cli_job_stop(struct cli_call *call, const struct cli_job *job);

#endif
