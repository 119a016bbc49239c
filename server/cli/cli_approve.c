/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_plan.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"

#include <stdlib.h>
#include <string.h>

#define QUERY_BYTES 128

static const char *const whom_headings[] = {"ID", "NAME", "FROM", "UNTIL", NULL};
static const char *const approval_headings[] = {
        "DAY", "LIMIT", "ID", "NAME", "BY", "VALID UNTIL", "USED", NULL};

/* -------------------------------------------------------------------- approve */

static void print_people(struct cli_call *call, const json_t *answer)
{
	const json_t *people = json_object_get(answer, "people");
	struct cli_table *table = cli_table_create(whom_headings);
	for (size_t i = 0; i < json_array_size(people); i++) {
		const json_t *person = json_array_get(people, i);
		char from[CLI_TEXT_TIME_BYTES];
		char until[CLI_TEXT_TIME_BYTES];
		cli_text_time(from, json_get_int(person, "from_ms", 0));
		cli_text_time(until, json_get_int(person, "until_ms", 0));
		const char *cells[] = {cli_call_text(person, "employee_id"),
		        cli_call_text(person, "display_name"), from, until};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
	cli_call_print(call, "%s\n", cli_call_text(answer, "sentence"));
}

static void print_sentence(struct cli_call *call, const json_t *answer)
{
	cli_call_print(call, "%s\n", cli_call_text(answer, "sentence"));
}

/* The ids of "1,2,3"; NULL with err. */
static json_t *ids_of(const char *list, struct err *err)
{
	json_t *ids = json_array();
	char id[40];
	for (const char *at = list; ids != NULL;) {
		size_t len = strcspn(at, ",");
		str_format_cut(id, sizeof(id), "%.*s", (int)(len < 39 ? len : 39), at);
		if (!cli_call_check_id(id, err)) {
			json_decref(ids);
			return NULL;
		}
		json_array_append_new(ids, json_string(id));
		if (at[len] == '\0') {
			break;
		}
		at += len + 1;
	}
	return ids;
}

struct whom {
	const char *day;
	const char *limit;
	const char *employees;
	bool is_all;
	bool is_yes;
};

static bool check_whom(const struct whom *whom, struct err *err)
{
	if (whom->day == NULL || whom->limit == NULL) {
		err_set(err, ERR_USAGE, "--day DATE and --limit LIMIT say what is meant");
		return false;
	}
	if (whom->is_all == (whom->employees != NULL)) {
		err_set(err, ERR_USAGE, "give either --employee ID[,ID...] or --all");
		return false;
	}
	return true;
}

static json_t *approve_body(const struct whom *whom, struct err *err)
{
	json_t *body = cli_call_body();
	json_object_set_new(body, "day", json_string(whom->day));
	json_object_set_new(body, "limit", json_string(whom->limit));
	if (whom->is_all) {
		json_object_set_new(body, "all", json_true());
		return body;
	}
	json_t *ids = ids_of(whom->employees, err);
	if (ids == NULL) {
		json_decref(body);
		return NULL;
	}
	json_object_set_new(body, "employee_ids", ids);
	return body;
}

/* The people that were shown are the ones that are approved. */
static json_t *body_of_seen(const json_t *body, const json_t *seen)
{
	json_t *copy = json_deep_copy(body);
	json_t *ids = json_array();
	const json_t *people = json_object_get(seen, "people");
	for (size_t i = 0; i < json_array_size(people); i++) {
		json_array_append(ids, json_object_get(json_array_get(people, i), "employee_id"));
	}
	json_object_del(copy, "all");
	json_object_del(copy, "check");
	json_object_set_new(copy, "employee_ids", ids);
	return copy;
}

static int ask_and_approve(struct cli_call *call, json_t *body)
{
	struct err err = ERR_INIT;
	json_object_set_new(body, "check", json_true());
	const struct cli_request check = {
	        .method = "POST", .path = "/api/v1/plan/approve", .body = json_incref(body)};
	json_t *seen = cli_call_ask(call, &check, &err);
	if (seen == NULL) {
		return cli_call_fail(call, &err);
	}
	print_people(call, seen);
	enum cli_answer answer = cli_confirm(call, false, "Approve them?");
	int status = answer == CLI_ANSWER_NOBODY ? CLI_USAGE : CLI_DONE;
	if (answer == CLI_ANSWER_NO) {
		cli_call_print(call, "nothing was approved\n");
	} else if (answer == CLI_ANSWER_YES) {
		const struct cli_request request = {.method = "POST",
		        .path = "/api/v1/plan/approve",
		        .body = body_of_seen(body, seen)};
		status = cli_call_show(call, &request, print_sentence);
	}
	json_decref(seen);
	return status;
}

int cli_plan_approve(struct cli_call *call)
{
	struct whom whom = {0};
	const struct cli_flag flags[] = {{"--day", &whom.day, NULL}, {"--limit", &whom.limit, NULL},
	        {"--employee", &whom.employees, NULL}, {"--all", NULL, &whom.is_all},
	        {"--yes", NULL, &whom.is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) || !check_whom(&whom, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = approve_body(&whom, &err);
	if (body == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (whom.is_yes) {
		const struct cli_request request = {.method = "POST",
		        .path = "/api/v1/plan/approve",
		        .body = json_incref(body)};
		status = cli_call_show(call, &request, print_people);
	} else {
		status = ask_and_approve(call, body);
	}
	json_decref(body);
	return status;
}

/* ------------------------------------------------------------------ approvals */

static void print_approvals(struct cli_call *call, const json_t *answer)
{
	const json_t *approvals = json_object_get(answer, "approvals");
	struct cli_table *table = cli_table_create(approval_headings);
	for (size_t i = 0; i < json_array_size(approvals); i++) {
		const json_t *approval = json_array_get(approvals, i);
		char until[CLI_TEXT_TIME_BYTES];
		char used[CLI_TEXT_TIME_BYTES];
		cli_text_time(until, json_get_int(approval, "until_ms", 0));
		cli_text_time(used, json_get_int(approval, "used_at_ms", 0));
		const char *cells[] = {cli_call_text(approval, "day"),
		        cli_call_text(approval, "limit"), cli_call_text(approval, "employee_id"),
		        cli_call_text(approval, "display_name"), cli_call_text(approval, "by"),
		        until, used};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	if (cli_table_rows(table) == 0) {
		cli_call_print(call, "nothing is approved in advance\n");
	}
	cli_table_destroy(table);
}

int cli_plan_approvals(struct cli_call *call)
{
	const char *day = NULL;
	const struct cli_flag flags[] = {{"--day", &day, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	char query[QUERY_BYTES] = "";
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	if (day != NULL && !str_is_word(day, 32, "-")) {
		err_set(&err, ERR_USAGE, "--day is a date, 2026-12-31");
		return cli_call_fail(call, &err);
	}
	if (day != NULL) {
		str_format_cut(query, sizeof(query), "day=%s", day);
	}
	const struct cli_request request = {
	        .method = "GET", .path = "/api/v1/plan/approvals", .query = query};
	return cli_call_show(call, &request, print_approvals);
}

static void print_removed(struct cli_call *call, const json_t *answer)
{
	cli_call_print(call, "%lld taken back\n", (long long)json_get_int(answer, "removed", 0));
}

int cli_plan_unapprove(struct cli_call *call)
{
	struct whom whom = {0};
	const struct cli_flag flags[] = {{"--day", &whom.day, NULL}, {"--limit", &whom.limit, NULL},
	        {"--employee", &whom.employees, NULL}, {"--all", NULL, &whom.is_all},
	        {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) || !check_whom(&whom, &err) ||
	        (!whom.is_all && !cli_call_check_id(whom.employees, &err))) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "day", json_string(whom.day));
	json_object_set_new(body, "limit", json_string(whom.limit));
	if (whom.is_all) {
		json_object_set_new(body, "all", json_true());
	} else {
		json_object_set_new(body, "employee_id", json_string(whom.employees));
	}
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/plan/unapprove", .body = body};
	return cli_call_show(call, &request, print_removed);
}
