/* SPDX-License-Identifier: MIT */
/* Plans: now, on a day to come, in the days to come; and what is approved in advance. */
#include "server/engine/calendar.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/console/job_view.h"

#include <string.h>

/* ------------------------------------------------------------------- reading */

/* What was asked, with the settings that are tried if there are any. */
struct plan_args {
	struct args args;
	struct settings_report mistakes;
	struct plan_settings settings;
	struct plan_query query;
};

static bool read_settings(struct plan_args *plan)
{
	const json_t *document = json_object_get(plan->args.body, "settings");

	plan->query = (struct plan_query){
	        .engine = plan->args.engine, .connection = plan->args.connection};
	if (document == NULL) {
		return true;
	}
	if (!json_is_object(document)) {
		err_set(&plan->args.err, ERR_BAD_REQUEST,
		        "\"settings\" is a settings document; its secrets may be left out");
		return false;
	}
	plan->settings = (struct plan_settings){document, &plan->mistakes};
	plan->query.settings = &plan->settings;
	return true;
}

static bool begin(struct plan_args *plan, void *context, const struct http_request *request,
        const struct args_known *known)
{
	plan->mistakes = (struct settings_report){0};
	return args_init(&plan->args, context, request, known) && read_settings(plan);
}

static enum http_verdict answer(struct plan_args *plan, struct http_reply *reply, json_t *report)
{
	if (report == NULL) {
		return args_refuse_mistakes(&plan->args, reply, &plan->mistakes);
	}
	return args_answer(&plan->args, reply, report, 200);
}

/* A date of the body; false with err unless it is one, or absent and not needed. */
enum need { MAY_BE_ABSENT, IS_NEEDED };
static bool read_date(struct args *args, const char *key, enum need need, int32_t *days)
{
	const json_t *json = json_object_get(args->body, key);

	if (json == NULL && need == MAY_BE_ABSENT) {
		return true;
	}
	const char *text = json_string_value(json);
	if (text == NULL || !date_parse(text, days)) {
		err_set(&args->err, ERR_BAD_REQUEST, "\"%s\" is a date, \"2026-12-31\"", key);
		return false;
	}
	return true;
}

/* 0: none; the engine says what is allowed. */
static int read_days(const struct plan_args *plan)
{
	json_int_t count = json_integer_value(json_object_get(plan->args.body, "days"));

	return count < 1 || count > CALENDAR_DAYS_MAX ? 0 : (int)count;
}

/* --------------------------------------------------------------------- plans */

enum http_verdict console_plan(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct plan_args plan;
	struct args_known known = {.body = KNOWN("on", "settings")};
	json_t *report = NULL;
	int32_t on = 0;

	if (!begin(&plan, context, request, &known) || !args_key(&plan.args) ||
	        !read_date(&plan.args, "on", MAY_BE_ABSENT, &on)) {
		return args_refuse(&plan.args, reply);
	}
	const char *id = plan.args.key.employee_id;
	bool is_done = json_object_get(plan.args.body, "on") != NULL
	        ? engine_plan_on(&plan.query, id, on, &report, &plan.args.err)
	        : engine_plan(&plan.query, id, &report, &plan.args.err);
	return answer(&plan, reply, is_done ? report : NULL);
}

enum http_verdict console_plan_all(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct plan_args plan;
	struct args_known known = {.body = KNOWN("settings")};
	json_t *report = NULL;

	if (begin(&plan, context, request, &known) &&
	        !engine_plan_all(&plan.query, &report, &plan.args.err)) {
		report = NULL;
	}
	return answer(&plan, reply, report);
}

enum http_verdict console_plan_next(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct plan_args plan;
	struct args_known known = {.body = KNOWN("days", "settings")};
	json_t *report = NULL;

	if (!begin(&plan, context, request, &known)) {
		return args_refuse(&plan.args, reply);
	}
	bool is_done = engine_plan_next(&plan.query, read_days(&plan), &report, &plan.args.err);
	return answer(&plan, reply, is_done ? report : NULL);
}

/* ----------------------------------------------------- of everybody, as jobs */

static const struct job_view PLAN = {.kind = ENGINE_JOB_PLAN};
static const struct job_view PLAN_NEXT = {.kind = ENGINE_JOB_CALENDAR};

static enum http_verdict answer_start(struct plan_args *plan, struct http_reply *reply,
        bool is_started, const struct job_view *view)
{
	if (!is_started) {
		return answer(plan, reply, NULL);
	}
	return args_answer(&plan->args, reply, job_view_json(&plan->args, view), 202);
}

enum http_verdict console_plan_job(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return job_view_show(request, reply, context, &PLAN);
}

enum http_verdict console_plan_start(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct plan_args plan;
	struct args_known known = {.body = KNOWN("settings", "by")};
	const char *by = begin(&plan, context, request, &known) ? args_by(&plan.args) : NULL;
	bool is_started = by != NULL && engine_plan_start(&plan.query, by, &plan.args.err);

	return answer_start(&plan, reply, is_started, &PLAN);
}

enum http_verdict console_plan_stop(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return job_view_stop(request, reply, context, &PLAN);
}

enum http_verdict console_plan_next_job(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return job_view_show(request, reply, context, &PLAN_NEXT);
}

enum http_verdict console_plan_next_start(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct plan_args plan;
	struct args_known known = {.body = KNOWN("days", "settings", "by")};
	const char *by = begin(&plan, context, request, &known) ? args_by(&plan.args) : NULL;
	bool is_started = by != NULL &&
	        engine_plan_next_start(&plan.query, read_days(&plan), by, &plan.args.err);

	return answer_start(&plan, reply, is_started, &PLAN_NEXT);
}

enum http_verdict console_plan_next_stop(
        struct http_request *request, struct http_reply *reply, void *context)
{
	return job_view_stop(request, reply, context, &PLAN_NEXT);
}

/* ----------------------------------------------------------------- approvals */

static bool parse_limit(struct args *args, const char *word, enum limit_kind *limit)
{
	char words[120] = "";

	for (int kind = LIMIT_NONE + 1; kind < LIMIT_KIND_COUNT; kind++) {
		const char *name = limit_kind_name((enum limit_kind)kind);
		size_t len = strlen(words);
		str_format_cut(words + len, sizeof(words) - len, "%s%s", len > 0 ? ", " : "", name);
		if (str_equal(word, name)) {
			*limit = (enum limit_kind)kind;
			return true;
		}
	}
	err_set(&args->err, ERR_BAD_REQUEST, "\"limit\" is one of: %s", words);
	return false;
}

static bool read_limit(struct args *args, enum limit_kind *limit)
{
	return parse_limit(args, json_string_value(json_object_get(args->body, "limit")), limit);
}

/* "employee_ids" or "all": true. */
static bool read_whom(struct args *args, const char **ids, struct approve_query *query)
{
	const json_t *list = json_object_get(args->body, "employee_ids");
	bool is_all = json_is_true(json_object_get(args->body, "all"));

	if (is_all == (list != NULL) || (list != NULL && json_array_size(list) == 0) ||
	        json_array_size(list) > APPROVE_PEOPLE_MAX) {
		err_set(&args->err, ERR_BAD_REQUEST,
		        "either \"employee_ids\", a list of 1 to %d ids, or \"all\": true",
		        APPROVE_PEOPLE_MAX);
		return false;
	}
	for (size_t i = 0; i < json_array_size(list); i++) {
		ids[i] = json_string_value(json_array_get(list, i));
		if (!str_is_digits(ids[i], EMPLOYEE_ID_BYTES - 1)) {
			err_set(&args->err, ERR_BAD_REQUEST,
			        "an employee id is a text of 1 to 32 digits, as Bob shows it");
			return false;
		}
	}
	query->employee_ids = is_all ? NULL : ids;
	query->count = json_array_size(list);
	return true;
}

enum http_verdict console_plan_approve(
        struct http_request *request, struct http_reply *reply, void *context)
{
	const char *ids[APPROVE_PEOPLE_MAX];
	struct args args;
	struct args_known known = {
	        .body = KNOWN("day", "limit", "employee_ids", "all", "check", "by")};
	struct approve_query query = {.limit = LIMIT_NONE};
	json_t *report = NULL;

	if (!args_init(&args, context, request, &known) ||
	        !read_date(&args, "day", IS_NEEDED, &query.day) ||
	        !read_limit(&args, &query.limit) || !read_whom(&args, ids, &query)) {
		return args_refuse(&args, reply);
	}
	query.plan = (struct plan_query){.engine = args.engine, .connection = args.connection};
	query.is_check = json_is_true(json_object_get(args.body, "check"));
	query.by = args_by(&args);
	bool is_done = query.by != NULL && engine_approve(&query, &report, &args.err);
	return args_answer(&args, reply, is_done ? report : NULL, 200);
}

static json_t *approval_json(struct store *store, const struct approval *approval)
{
	struct employee employee = {0};
	bool is_known = store_employee_get(store, &approval->key, &employee, NULL);
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "connection",
	        approval->key.connection, "day", approval->day, "limit",
	        limit_kind_name(approval->limit), "employee_id", approval->key.employee_id,
	        "display_name", is_known ? personal_reveal(&employee.display_name) : "", "by",
	        approval->by, "at_ms", (json_int_t)approval->at_ms, "from_ms",
	        (json_int_t)approval->from_ms, "until_ms", (json_int_t)approval->until_ms,
	        "used_at_ms", (json_int_t)approval->used_at_ms);

	employee_finish(&employee);
	return json;
}

/* Those that are still valid, unless a day is asked for. */
static bool fill_filter(struct args *args, struct approval_filter *filter)
{
	int32_t days = 0;

	*filter = (struct approval_filter){.connection = args->connection,
	        .day = http_request_query(args->request, "day"),
	        .until_after_ms = clock_wall_ms()};
	if (filter->day == NULL) {
		return true;
	}
	filter->until_after_ms = 0;
	if (!date_parse(filter->day, &days)) {
		err_set(&args->err, ERR_BAD_REQUEST, "day is a date, 2026-12-31");
		return false;
	}
	return true;
}

enum http_verdict console_plan_approvals(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct args_known known = {.query = KNOWN("day")};
	struct approval_filter filter;
	struct approval_list list = {0};

	if (!args_init(&args, console, request, &known) || !fill_filter(&args, &filter) ||
	        !store_approvals_list(console->store, &filter, &list, &args.err)) {
		return args_refuse(&args, reply);
	}
	json_t *approvals = json_array();
	for (size_t i = 0; i < list.count; i++) {
		json_array_append_new(approvals, approval_json(console->store, &list.items[i]));
	}
	approval_list_finish(&list);
	return args_answer(&args, reply, json_pack("{s:o}", "approvals", approvals), 200);
}

static bool read_unapprove(
        struct args *args, struct approval_filter *filter, char day[CLOCK_TEXT_BYTES])
{
	int32_t days = 0;
	const char *id = json_string_value(json_object_get(args->body, "employee_id"));

	*filter = (struct approval_filter){
	        .connection = args->connection, .day = day, .employee_id = id};
	if (!read_date(args, "day", IS_NEEDED, &days) || !read_limit(args, &filter->limit)) {
		return false;
	}
	date_format(day, days);
	if ((id == NULL) == !json_is_true(json_object_get(args->body, "all"))) {
		err_set(&args->err, ERR_BAD_REQUEST, "either \"employee_id\", or \"all\": true");
		return false;
	}
	return true;
}

enum http_verdict console_plan_unapprove(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct args_known known = {.body = KNOWN("day", "limit", "employee_id", "all", "by")};
	struct approval_filter filter;
	char day[CLOCK_TEXT_BYTES];
	size_t removed = 0;

	if (!args_init(&args, console, request, &known) || !read_unapprove(&args, &filter, day)) {
		return args_refuse(&args, reply);
	}
	const char *by = args_by(&args);
	bool is_done = by != NULL &&
	        store_approvals_remove(console->store, &filter, by, &removed, &args.err);
	return args_answer(&args, reply,
	        is_done ? json_pack("{s:I}", "removed", (json_int_t)removed) : NULL, 200);
}
