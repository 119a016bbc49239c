/* SPDX-License-Identifier: MIT */
/* Sweeps: asking for one, and what they found. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/console/render.h"
#include "server/engine/sweep.h"

#include <string.h>

#define LIST_MAX         500
#define LIST_DEFAULT     50
#define FINDINGS_MAX     500
#define FINDINGS_DEFAULT 100

/* ---------------------------------------------------------------------- ask */

static json_t *ask(struct args *args)
{
	struct sweep_request request = {.connection = args->connection,
	        .by = args_by(args),
	        .accepts_shorter = args_body_flag(args, "accept_shorter_list")};
	int64_t sweep_id = 0;

	if (err_is_set(&args->err) ||
	        !store_audit(args->console->store, args->connection, "", request.by,
	                request.accepts_shorter ? "sweep, a shorter list is accepted" : "sweep",
	                &args->err) ||
	        !engine_sweep(args->engine, &request, &sweep_id, &args->err)) {
		return NULL;
	}
	return json_pack("{s:I}", "sweep_id", (json_int_t)sweep_id);
}

enum http_verdict console_sweep(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("accept_shorter_list", "by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? ask(&args) : NULL, 202);
}

/* --------------------------------------------------------------------- show */

static json_t *render_sweep(const struct sweep *sweep)
{
	json_t *counts = sweep->counts != NULL
	        ? json_parse(sweep->counts, strlen(sweep->counts), NULL)
	        : json_null();

	return json_pack(
	        "{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:b, s:I, s:I, s:I, s:I, s:I, s:s,"
	        " s:o}",
	        "sweep_id", (json_int_t)sweep->sweep_id, "connection", sweep->connection, "cause",
	        sweep_cause_name(sweep->cause), "by", sweep->by, "state",
	        sweep_state_name(sweep->state), "phase", sweep_phase_name(sweep->phase), "done",
	        (json_int_t)sweep->done, "total", (json_int_t)sweep->total, "accepts_shorter",
	        sweep->accepts_shorter, "asked_at_ms", (json_int_t)sweep->asked_at_ms,
	        "started_at_ms", (json_int_t)sweep->started_at_ms, "ended_at_ms",
	        (json_int_t)sweep->ended_at_ms, "bob_calls", (json_int_t)sweep->bob_calls,
	        "okta_calls", (json_int_t)sweep->okta_calls, "sentence", sweep->sentence, "counts",
	        counts);
}

static json_t *list_json(struct args *args)
{
	struct sweep_list sweeps = {0};
	int64_t limit = args_query_number(args, "limit", LIST_MAX, LIST_DEFAULT);

	if (limit == 0 ||
	        !store_sweep_list(args->console->store, args->connection, (size_t)limit, &sweeps,
	                &args->err)) {
		return NULL;
	}
	json_t *list = json_array();
	for (size_t i = 0; i < sweeps.count; i++) {
		json_array_append_new(list, render_sweep(&sweeps.items[i]));
	}
	sweep_list_finish(&sweeps);
	return json_pack("{s:o}", "sweeps", list);
}

enum http_verdict console_sweeps(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.query = KNOWN("limit")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? list_json(&args) : NULL, 200);
}

/* ----------------------------------------------------------------- findings */

static json_t *finding_json(const struct args *args, const struct finding *finding)
{
	struct employee_key key = {0};
	struct employee employee = {0};

	str_format_cut(key.connection, sizeof(key.connection), "%s", args->connection);
	memcpy(key.employee_id, finding->employee_id, sizeof(key.employee_id));
	if (key.employee_id[0] != '\0' &&
	        !store_employee_get(args->console->store, &key, &employee, NULL)) {
		employee = (struct employee){0};
	}
	json_t *json = json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:s}", "finding_id",
	        (json_int_t)finding->finding_id, "kind", finding_kind_name(finding->kind),
	        "employee_id", finding->employee_id, "display_name",
	        personal_reveal(&employee.display_name), "okta_id", finding->okta_id, "login",
	        personal_reveal(&finding->login), "detail", finding->detail);
	employee_finish(&employee);
	return json;
}

static bool read_query(struct args *args, struct findings_query *query)
{
	const char *kind = http_request_query(args->request, "kind");
	int64_t limit = args_query_number(args, "limit", FINDINGS_MAX, FINDINGS_DEFAULT);
	const char *after = http_request_query(args->request, "after");

	query->kind = kind != NULL ? finding_kind_parse(kind) : FINDING_KIND_COUNT;
	query->limit = (size_t)limit;
	if (limit != 0 && kind != NULL && query->kind == FINDING_KIND_COUNT) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "there is no kind of finding of that name; see docs/http.md");
	} else if (after != NULL &&
	        (!str_to_int64(after, &query->after_id) || query->after_id < 0)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "after is the finding_id that the page before ended with");
	} else if (!str_to_int64(http_request_param(args->request, 0), &query->sweep_id) ||
	        query->sweep_id < 1) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "a sweep is named by its number; see bob2okta sweep list");
	}
	return !err_is_set(&args->err);
}

static json_t *findings_json(struct args *args, const struct findings_query *query)
{
	struct finding_list findings = {0};

	if (!store_sweep_findings(args->console->store, query, &findings, &args->err)) {
		return NULL;
	}
	json_t *list = json_array();
	for (size_t i = 0; i < findings.count; i++) {
		json_array_append_new(list, finding_json(args, &findings.items[i]));
	}
	json_t *next = findings.count == query->limit
	        ? json_integer((json_int_t)findings.items[findings.count - 1].finding_id)
	        : json_null();
	finding_list_finish(&findings);
	return json_pack("{s:o, s:o}", "findings", list, "next_after", next);
}

static json_t *one_json(struct args *args)
{
	struct findings_query query = {0};
	struct sweep sweep = {0};
	json_t *json = NULL;

	if (!read_query(args, &query) ||
	        !store_sweep_get(args->console->store, query.sweep_id, &sweep, &args->err)) {
		return NULL;
	}
	if (!str_equal(sweep.connection, args->connection)) {
		err_set(&args->err, ERR_NOT_FOUND, "connection %s has no such sweep",
		        args->connection);
	} else {
		json = findings_json(args, &query);
	}
	if (json != NULL) {
		json_object_set_new(json, "sweep", render_sweep(&sweep));
	}
	sweep_finish(&sweep);
	return json;
}

enum http_verdict console_sweep_one(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.query = KNOWN("kind", "after", "limit")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? one_json(&args) : NULL, 200);
}

/* ------------------------------------------------------------------- status */

static json_t *newest_json(struct args *args, const char *connection, enum sweep_state state)
{
	struct sweep sweep = {0};

	if (!store_sweep_newest(args->console->store, connection, state, &sweep, NULL)) {
		return json_null();
	}
	json_t *json = render_sweep(&sweep);
	sweep_finish(&sweep);
	return json;
}

json_t *console_sweep_json(struct args *args, const char *connection)
{
	struct sweep_outlook outlook;

	engine_sweep_outlook(args->engine, connection, &outlook);
	return json_pack("{s:o, s:o, s:o, s:I, s:b, s:b, s:I}", "running",
	        newest_json(args, connection, SWEEP_RUNNING), "last_good",
	        newest_json(args, connection, SWEEP_DONE), "last_fault",
	        newest_json(args, connection, SWEEP_FAULT), "next_at_ms",
	        (json_int_t)outlook.next_at_ms, "is_fault", outlook.is_fault, "is_bob_silent",
	        outlook.is_silent, "last_delivery_at_ms", (json_int_t)outlook.last_delivery_at_ms);
}
