/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CONSOLE_JOB_VIEW_H
#define SERVER_CONSOLE_JOB_VIEW_H

/*
 * Jobs that read everybody of a connection (server/engine/everybody_job.h), as a
 * caller sees them: how far one is, what came of it, and its end on request.
 */

#include "server/console/args.h"

struct job_view {
	enum engine_job kind;
	/* Leaves of the result what the caller may see; returns it. NULL: all of it. */
	json_t *(*mask)(const struct args *args, json_t *result);
};

/* New reference; NULL: args->err says why. */
json_t *job_view_json(struct args *args, const struct job_view *view) MUST_CHECK;
/* The whole routes that show one and that end one. */
enum http_verdict job_view_show(struct http_request *request, struct http_reply *reply,
        void *context, const struct job_view *view);
enum http_verdict job_view_stop(struct http_request *request, struct http_reply *reply,
        void *context, const struct job_view *view);

#endif
