/* SPDX-License-Identifier: MIT */
#include "server/console/job_view.h"

json_t *job_view_json(struct args *args, const struct job_view *view)
{
	const struct engine_job_key key = {args->connection, view->kind};
	json_t *report = NULL;

	if (!engine_job_report(args->engine, &key, &report, &args->err)) {
		return NULL;
	}
	if (view->mask != NULL) {
		(void)view->mask(args, json_object_get(report, "result"));
	}
	return report;
}

enum http_verdict job_view_show(struct http_request *request, struct http_reply *reply,
        void *context, const struct job_view *view)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? job_view_json(&args, view) : NULL, 200);
}

enum http_verdict job_view_stop(struct http_request *request, struct http_reply *reply,
        void *context, const struct job_view *view)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	const struct engine_job_key key = {args.connection, view->kind};
	const char *by = args_init(&args, context, request, &known) ? args_by(&args) : NULL;
	bool is_told = by != NULL && engine_job_stop(args.engine, &key, by, &args.err);

	return args_answer(&args, reply, is_told ? job_view_json(&args, view) : NULL, 200);
}
