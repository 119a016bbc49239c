/* SPDX-License-Identifier: MIT */
/* Asking the engine to do something: sync, retry, close, pause. */
#include "server/base/str.h"
#include "server/console/args.h"

/* Marks one employee and says which generation to wait for. */
static json_t *sync_one(struct args *args, const char *what)
{
	const struct console *console = args->console;
	const char *by = args_by(args);
	int64_t generation = 0;

	if (by == NULL ||
	        !store_audit(console->store, args->connection, args->key.employee_id, by, what,
	                &args->err) ||
	        !engine_sync(args->engine, &args->key, &generation, &args->err)) {
		return NULL;
	}
	return json_pack("{s:s, s:I}", "employee_id", args->key.employee_id, "generation",
	        (json_int_t)generation);
}

enum http_verdict console_sync(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	bool is_good = args_init(&args, context, request, &known) && args_key(&args);

	return args_answer(&args, reply, is_good ? sync_one(&args, "sync") : NULL, 202);
}

enum http_verdict console_retry(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	struct employee employee = {0};
	bool is_good = args_init(&args, console, request, &known) && args_key(&args) &&
	        store_employee_get(console->store, &args.key, &employee, &args.err);

	employee_finish(&employee);
	return args_answer(&args, reply, is_good ? sync_one(&args, "retry") : NULL, 202);
}

static json_t *marked_json(size_t marked)
{
	return json_pack("{s:I}", "marked", (json_int_t)marked);
}

static json_t *sync_all(struct args *args)
{
	const struct console *console = args->console;
	const char *by = args_by(args);
	size_t from_bob = 0;
	size_t from_store = 0;

	if (by == NULL ||
	        !store_audit(console->store, args->connection, "", by, "sync all", &args->err) ||
	        !store_employee_mark_all(console->store, args->connection, EMPLOYEE_STATE_COUNT,
	                LANE_SWEEP, &from_store, &args->err) ||
	        !engine_sync_all(args->engine, args->connection, &from_bob, &args->err)) {
		return NULL;
	}
	return marked_json(from_bob > from_store ? from_bob : from_store);
}

enum http_verdict console_sync_all(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? sync_all(&args) : NULL, 202);
}

static json_t *retry_failed(struct args *args)
{
	const struct console *console = args->console;
	const char *by = args_by(args);
	size_t marked = 0;

	if (!json_is_true(json_object_get(args->body, "failed"))) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"failed\" must be true: it says that all are meant");
		return NULL;
	}
	if (by == NULL ||
	        !store_audit(
	                console->store, args->connection, "", by, "retry failed", &args->err) ||
	        !store_employee_mark_all(console->store, args->connection, EMPLOYEE_FAILED,
	                LANE_COUNT, &marked, &args->err)) {
		return NULL;
	}
	engine_notify(args->engine);
	return marked_json(marked);
}

/* An event that could not be read, or was set aside (engine rule 6). */
static json_t *retry_event(struct args *args, const json_t *event_id)
{
	struct event_retry retry = {
	        .connection = args->connection,
	        .event_id = json_integer_value(event_id),
	        .by = args_by(args),
	};

	if (retry.event_id <= 0 || json_object_get(args->body, "failed") != NULL) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "give either \"failed\": true or an \"event_id\" from GET /api/v1/events");
		return NULL;
	}
	if (retry.by == NULL || !store_event_retry(args->console->store, &retry, &args->err)) {
		return NULL;
	}
	engine_notify(args->engine);
	return json_pack("{s:I}", "event_id", (json_int_t)retry.event_id);
}

static json_t *retry_many(struct args *args)
{
	const json_t *event_id = json_object_get(args->body, "event_id");

	return event_id != NULL ? retry_event(args, event_id) : retry_failed(args);
}

enum http_verdict console_retry_all(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("failed", "event_id", "by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? retry_many(&args) : NULL, 202);
}

static json_t *close_one(struct args *args)
{
	const struct console *console = args->console;
	const char *why = args_body_text(args, "why", SENTENCE_BYTES - 56, "closed by hand");
	const char *by = args_by(args);
	char what[SENTENCE_BYTES];
	struct employee employee = {0};

	str_format_cut(what, sizeof(what), "close: %s", why != NULL ? why : "");
	if (why == NULL || by == NULL ||
	        !store_audit(console->store, args->connection, args->key.employee_id, by, what,
	                &args->err) ||
	        !engine_close(args->engine, &args->key, by, &args->err) ||
	        !store_employee_get(console->store, &args->key, &employee, &args->err)) {
		return NULL;
	}
	json_t *json = json_pack("{s:s, s:I}", "employee_id", args->key.employee_id, "generation",
	        (json_int_t)employee.generation);
	employee_finish(&employee);
	return json;
}

enum http_verdict console_close(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("why", "by")};
	bool is_good = args_init(&args, context, request, &known) && args_key(&args);

	return args_answer(&args, reply, is_good ? close_one(&args) : NULL, 202);
}

/* ----------------------------------------------------------------- pause */

static json_t *set_pause(struct args *args, enum pause_mode mode)
{
	const struct console *console = args->console;
	const char *by = args_by(args);

	if (by == NULL ||
	        !running_pause(console->engines, args->connection, mode, by, &args->err)) {
		return NULL;
	}
	return json_pack("{s:o}", "pause", console_pause_json(console, args->connection));
}

static json_t *pause(struct args *args)
{
	const json_t *revocations = json_object_get(args->body, "revocations");

	if (!json_is_boolean(revocations)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "\"revocations\" must be true or false: do immediate revocations pass while paused?");
		return NULL;
	}
	return set_pause(
	        args, json_is_true(revocations) ? PAUSE_PASS_REVOCATIONS : PAUSE_EVERYTHING);
}

enum http_verdict console_pause(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("revocations", "by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? pause(&args) : NULL, 200);
}

enum http_verdict console_resume(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.body = KNOWN("by")};
	bool is_good = args_init(&args, context, request, &known);

	return args_answer(&args, reply, is_good ? set_pause(&args, PAUSE_NONE) : NULL, 200);
}
