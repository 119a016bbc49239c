/* SPDX-License-Identifier: MIT */
/* The org's user schema: what the mapping lacks there, and adding it. */
#include "server/base/str.h"
#include "server/console/args.h"

#define PLAN_MAX_BYTES 64

enum http_verdict console_schema_plan(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return args_answer_report(request, reply, context, engine_schema_plan);
}

static json_t *apply(struct args *args)
{
	struct schema_apply apply = {
	        .connection = args->connection,
	        .plan = args_body_text(args, "plan", PLAN_MAX_BYTES, ""),
	        .by = args_by(args),
	};
	json_t *report = NULL;

	if (apply.plan == NULL || apply.by == NULL) {
		return NULL;
	}
	if (apply.plan[0] == '\0') {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"plan\" is needed: it says which plan was seen and is meant");
		return NULL;
	}
	if (!engine_schema_apply(args->engine, &apply, &report, &args->err)) {
		return NULL;
	}
	return report;
}

enum http_verdict console_schema_apply(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("plan", "by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? apply(&args) : NULL, 200);
}
