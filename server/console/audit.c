/* SPDX-License-Identifier: MIT */
/* The audit trail: reading, and verifying. */
#include "server/console/audit.h"

#include "server/base/str.h"
#include "server/store/audit_job.h"

#define LIMIT_DEFAULT 100
#define LIMIT_MAX     1000

/* ------------------------------------------------------------------ listing */

static bool add_record(void *context, json_t *record)
{
	return json_array_append_new(context, record) == 0;
}

static bool read_choice(struct args *args, struct audit_choice *choice)
{
	const struct http_request *request = args->request;

	choice->filter = (struct audit_filter){
	        .connection = http_request_query(request, "connection"),
	        .employee_id = http_request_query(request, "employee_id"),
	        .kind = http_request_query(request, "kind"),
	        .who = http_request_query(request, "who"),
	        .since_ms = args_query_number(args, "since_ms", INT64_MAX, 0),
	        .until_ms = args_query_number(args, "until_ms", INT64_MAX, 0),
	        .after_seq = args_query_number(args, "after", INT64_MAX, 0),
	        .before_seq = args_query_number(args, "before", INT64_MAX, 0),
	        .limit = (size_t)args_query_number(args, "limit", LIMIT_MAX, LIMIT_DEFAULT),
	};
	return audit_choice_finish(args, choice, http_request_query(request, "order"),
	        http_request_query(request, "text"));
}

static json_t *list_json(struct args *args)
{
	struct audit_choice choice;
	json_t *records = json_array();
	int64_t next = 0;

	if (!read_choice(args, &choice) || !audit_walk(args, &choice, add_record, records, &next)) {
		json_decref(records);
		return NULL;
	}
	json_t *json =
	        json_pack("{s:o, s:n, s:n}", "records", records, "next_before", "next_after");
	if (next > 0) {
		json_object_set_new(json,
		        choice.filter.is_newest_first ? "next_before" : "next_after",
		        json_integer((json_int_t)next));
	}
	return json;
}

enum http_verdict console_audit(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.query = KNOWN("employee_id", "kind", "who", "text", "since_ms",
	                                   "until_ms", "after", "before", "order", "limit")};
	bool is_good = args_init(&args, context, request, &known);

	args.is_about_people = true;
	return args_answer(&args, reply, is_good ? list_json(&args) : NULL, 200);
}

/* ---------------------------------------------------------------- verifying */

static bool read_heads(struct args *args, struct audit_head *heads, size_t *count)
{
	const json_t *list = json_object_get(args->body, "heads");
	*count = json_array_size(list);
	if ((list != NULL && !json_is_array(list)) || *count > AUDIT_JOB_HEADS_MAX) {
		err_set(&args->err, ERR_BAD_REQUEST, "heads is a list of at most %d",
		        AUDIT_JOB_HEADS_MAX);
		return false;
	}
	for (size_t i = 0; i < *count; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		if (text == NULL || !audit_head_parse(text, &heads[i])) {
			err_set(&args->err, ERR_BAD_REQUEST,
			        "heads[%zu] is not a head as the log has them, NUMBER:MAC with 64"
			        " hex digits",
			        i);
			return false;
		}
	}
	return true;
}

static json_t *verify(struct args *args)
{
	struct audit_head heads[AUDIT_JOB_HEADS_MAX];
	struct audit_heads given = {.items = heads};
	struct audit_report report;

	if (!read_heads(args, heads, &given.count) ||
	        !store_audit_verify(args->console->store, &given, &report, &args->err)) {
		return NULL;
	}
	return audit_report_json(&report, given.count);
}

enum http_verdict console_audit_verify(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("heads", "by")};
	bool is_good = args_init(&args, context, request, &known) && args_by(&args) != NULL;

	return args_answer(&args, reply, is_good ? verify(&args) : NULL, 200);
}

/* -------------------------------------------------------- verifying, as a job */

/* Of the whole trail: one a server, whichever connection is asked about. */
static json_t *job_json(struct args *args)
{
	json_t *json = audit_job_json(args->console->audit);

	if (json == NULL) {
		err_set(&args->err, ERR_NO_MEMORY, "no memory for a job's report");
	}
	return json;
}

enum http_verdict console_audit_verify_job(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {0};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? job_json(&args) : NULL, 200);
}

static bool start_job(struct args *args, const char *by)
{
	struct audit_head heads[AUDIT_JOB_HEADS_MAX];
	struct audit_heads given = {.items = heads};

	return read_heads(args, heads, &given.count) &&
	        audit_job_start(args->console->audit, &given, by, &args->err);
}

enum http_verdict console_audit_verify_start(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("heads", "by")};
	const char *by = args_init(&args, context, request, &known) ? args_by(&args) : NULL;
	bool is_started = by != NULL && start_job(&args, by);

	return args_answer(&args, reply, is_started ? job_json(&args) : NULL, 202);
}

enum http_verdict console_audit_verify_stop(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	const char *by = args_init(&args, context, request, &known) ? args_by(&args) : NULL;
	bool is_told = by != NULL && audit_job_stop(args.console->audit, by, &args.err);

	return args_answer(&args, reply, is_told ? job_json(&args) : NULL, 200);
}
