/* SPDX-License-Identifier: MIT */
/* What waits for a human, and what the human says. */
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/console/args.h"
#include "server/console/render.h"

#define WHY_MAX_BYTES 200

/* ------------------------------------------------------------------ list */

/* Which holds a request means; empty texts and HOLD_KIND_COUNT mean any. */
struct hold_choice {
	enum hold_kind kind;
	const char *employee_id;
	const char *cause;
	enum { CHOICE_ANY, CHOICE_NOT_REJECTED } rejected;
};

static bool is_chosen(const struct hold_choice *choice, const struct hold *hold)
{
	return (choice->kind == HOLD_KIND_COUNT || choice->kind == hold->kind) &&
	        (choice->employee_id == NULL ||
	                str_equal(choice->employee_id, hold->key.employee_id)) &&
	        (choice->cause == NULL || str_equal(choice->cause, hold->cause)) &&
	        (choice->rejected == CHOICE_ANY || !hold->is_rejected);
}

static bool parse_kind(struct args *args, const char *text, enum hold_kind *kind)
{
	*kind = text != NULL ? hold_kind_parse(text) : HOLD_KIND_COUNT;
	if (text != NULL && *kind == HOLD_KIND_COUNT) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "there is no kind of hold of that name; see docs/http.md");
		return false;
	}
	return true;
}

static bool load_holds(struct args *args, struct hold_list *holds)
{
	return store_hold_list(args->console->store, args->connection, NULL, holds, &args->err);
}

enum http_verdict console_holds(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct hold_list holds = {0};
	struct hold_choice choice = {0};
	struct args_known known = {.query = KNOWN("kind", "employee_id")};

	if (!args_init(&args, console, request, &known) ||
	        !parse_kind(&args, http_request_query(request, "kind"), &choice.kind) ||
	        !load_holds(&args, &holds)) {
		return args_refuse(&args, reply);
	}
	choice.employee_id = http_request_query(request, "employee_id");
	json_t *list = json_array();
	for (size_t i = 0; i < holds.count; i++) {
		if (is_chosen(&choice, &holds.items[i])) {
			json_array_append_new(list, render_hold(console->store, &holds.items[i]));
		}
	}
	http_reply_json(reply, 200, json_pack("{s:o}", "holds", list));
	hold_list_finish(&holds);
	args_finish(&args);
	return HTTP_ANSWERED;
}

/* ------------------------------------------------------------------ hold */

static bool add_hold(struct args *args, struct hold *hold)
{
	const char *why = args_body_text(args, "why", WHY_MAX_BYTES, "held by hand");
	const char *by = args_by(args);
	struct employee employee = {0};

	if (why == NULL || by == NULL ||
	        !store_employee_get(args->console->store, &args->key, &employee, &args->err)) {
		return false;
	}
	*hold = (struct hold){.key = args->key, .kind = HOLD_HUMAN, .since_ms = clock_wall_ms()};
	str_format_cut(hold->cause, sizeof(hold->cause), "%s", why);
	str_format_cut(hold->by, sizeof(hold->by), "%s", by);
	str_format_cut(hold->okta_id, sizeof(hold->okta_id), "%s", employee.okta_id);
	employee_finish(&employee);
	return store_hold_add(args->console->store, hold, &args->err);
}

enum http_verdict console_hold(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct hold hold;
	struct args_known known = {.body = KNOWN("why", "by")};

	if (!args_init(&args, console, request, &known) || !args_key(&args) ||
	        !add_hold(&args, &hold)) {
		return args_refuse(&args, reply);
	}
	http_reply_json(reply, 200, render_hold(console->store, &hold));
	args_finish(&args);
	return HTTP_ANSWERED;
}

/* ------------------------------------------------------- release, reject */

/* What both bodies say; `all` only where the route allows it. */
static bool read_choice(struct args *args, struct hold_choice *choice)
{
	*choice = (struct hold_choice){
	        .employee_id = args_body_text(args, "employee_id", EMPLOYEE_ID_BYTES - 1, NULL),
	        .cause = args_body_text(args, "cause", SENTENCE_BYTES - 1, NULL),
	};
	const char *kind = args_body_text(args, "kind", 63, NULL);
	bool is_all = json_is_true(json_object_get(args->body, "all"));

	if (err_is_set(&args->err) || !parse_kind(args, kind, &choice->kind)) {
		return false;
	}
	if (is_all == (choice->employee_id != NULL)) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "give either \"employee_id\" or \"all\": true");
		return false;
	}
	choice->rejected = is_all ? CHOICE_NOT_REJECTED : CHOICE_ANY;
	return true;
}

typedef bool (*decide_fn)(
        struct store *store, const struct hold_decision *decision, struct err *err);

static bool decide_one(struct args *args, const struct hold *hold, decide_fn decide, const char *by)
{
	struct hold_decision decision = {.key = hold->key, .kind = hold->kind, .by = by};
	struct err err = ERR_INIT;

	if (decide(args->console->store, &decision, &err)) {
		log_info("hold decided", F("connection", hold->key.connection),
		        F("employee_id", hold->key.employee_id),
		        F("kind", hold_kind_name(hold->kind)));
		return true;
	}
	if (err.code != ERR_NOT_FOUND) {
		err_set(&args->err, err.code, "%s", err.text);
	}
	return false;
}

/* Decides every hold that is meant; returns how many. */
static size_t decide_all(struct args *args, const struct hold_choice *choice, decide_fn decide)
{
	struct hold_list holds = {0};
	const char *by = args_by(args);
	size_t decided = 0;

	if (by == NULL || !load_holds(args, &holds)) {
		return 0;
	}
	for (size_t i = 0; i < holds.count && !err_is_set(&args->err); i++) {
		if (is_chosen(choice, &holds.items[i])) {
			decided += decide_one(args, &holds.items[i], decide, by) ? 1 : 0;
		}
	}
	hold_list_finish(&holds);
	if (decided == 0 && choice->employee_id != NULL) {
		err_set(&args->err, ERR_NOT_FOUND,
		        "employee %s has no such hold; see bob2okta held", choice->employee_id);
	}
	return decided;
}

enum http_verdict console_release(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct hold_choice choice;
	struct args_known known = {.body = KNOWN("employee_id", "all", "kind", "cause", "by")};

	if (!args_init(&args, console, request, &known) || !read_choice(&args, &choice)) {
		return args_refuse(&args, reply);
	}
	size_t released = decide_all(&args, &choice, store_hold_release);
	if (err_is_set(&args.err)) {
		return args_refuse(&args, reply);
	}
	engine_notify(args.engine);
	http_reply_json(reply, 200, json_pack("{s:I}", "released", (json_int_t)released));
	args_finish(&args);
	return HTTP_ANSWERED;
}

enum http_verdict console_reject(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct hold_choice choice;
	struct args_known known = {.body = KNOWN("employee_id", "kind", "cause", "by")};

	if (!args_init(&args, context, request, &known) || !read_choice(&args, &choice)) {
		return args_refuse(&args, reply);
	}
	size_t rejected = decide_all(&args, &choice, store_hold_reject);
	if (err_is_set(&args.err)) {
		return args_refuse(&args, reply);
	}
	engine_notify(args.engine);
	http_reply_json(reply, 200, json_pack("{s:I}", "rejected", (json_int_t)rejected));
	args_finish(&args);
	return HTTP_ANSWERED;
}
