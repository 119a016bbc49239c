/* SPDX-License-Identifier: MIT */
/* The org's user schema: what the mapping lacks there, and adding it. */
#include "server/base/str.h"
#include "server/console/args.h"

#define PLAN_MAX_BYTES 64

enum http_verdict console_schema_plan(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("mapping")};
	struct settings_report mistakes = {0};
	struct mapping_draft draft = {.mistakes = &mistakes};
	json_t *report = NULL;

	if (args_init(&args, context, request, &known) && args_draft(&args, &draft) &&
	        !engine_schema_plan(args.engine, args.connection, &draft, &report, &args.err)) {
		report = NULL;
	}
	return args_answer_draft(&args, reply, &mistakes, report);
}

static json_t *apply(struct args *args, struct settings_report *mistakes)
{
	struct schema_apply apply = {
	        .connection = args->connection,
	        .draft.mistakes = mistakes,
	        .plan = args_body_text(args, "plan", PLAN_MAX_BYTES, ""),
	        .by = args_by(args),
	};
	json_t *report = NULL;

	if (apply.plan == NULL || apply.by == NULL || !args_draft(args, &apply.draft)) {
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
	struct args_known known = {.body = KNOWN("plan", "mapping", "by")};
	struct settings_report mistakes = {0};
	json_t *report = NULL;

	if (args_init(&args, context, request, &known)) {
		report = apply(&args, &mistakes);
	}
	return args_answer_draft(&args, reply, &mistakes, report);
}
