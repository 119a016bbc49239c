/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_job.h"
#include "server/cli/cli_plan.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"
#include "server/settings/settings_document.h"

#include <stdlib.h>
#include <string.h>

static const char *const headings[] = {"ID", "NAME", "NOW", "WANTED", "WOULD", "RULE", "WHY", NULL};

/* "create, activate", or what holds it. */
static void format_actions(char *to, size_t size, const json_t *plan)
{
	const json_t *hold = json_object_get(plan, "hold");
	cli_plan_format_kinds(to, size, json_object_get(plan, "actions"));
	size_t len = strlen(to);
	if (json_is_object(hold)) {
		str_format_cut(to + len, size - len, "%sheld: %s", len > 0 ? ", " : "",
		        cli_call_text(hold, "kind"));
	} else if (len == 0) {
		str_format_cut(to, size, "nothing");
	}
}

static void print_profile(struct cli_call *call, const json_t *profile)
{
	const char *name = NULL;
	json_t *value = NULL;
	json_object_foreach((json_t *)(uintptr_t)profile, name, value)
	{
		char *text = json_is_string(value) ? str_dup(json_string_value(value))
		                                   : json_format(value);
		cli_call_print(call, "              %s = %s\n", name, text != NULL ? text : "");
		free(text);
	}
}

static void print_action(struct cli_call *call, const json_t *action)
{
	cli_call_print(call, "  would       %s (%s: %s)%s%s\n", cli_call_text(action, "kind"),
	        cli_call_text(action, "rule"), cli_call_text(action, "reason"),
	        json_get_bool(action, "is_activating", false) ? ", active at once" : "",
	        json_get_bool(action, "sends_email", false) ? ", Okta mails the person" : "");
	print_profile(call, json_object_get(action, "profile"));
}

static void print_plan(struct cli_call *call, const json_t *plan)
{
	const json_t *actions = json_object_get(plan, "actions");
	const json_t *hold = json_object_get(plan, "hold");
	int64_t due_at_ms = json_get_int(plan, "due_at_ms", 0);
	char due[CLI_TEXT_TIME_BYTES];
	cli_text_time(due, due_at_ms);
	cli_call_print(call, "%s  %s\n", cli_call_text(plan, "employee_id"),
	        cli_call_text(plan, "display_name"));
	cli_call_print(call, "  in Okta     %s %s\n", cli_call_text(plan, "present_status"),
	        cli_call_text(plan, "okta_id"));
	cli_call_print(call, "  wanted      %s (%s: %s)\n", cli_call_text(plan, "wanted"),
	        cli_call_text(plan, "rule"), cli_call_text(plan, "reason"));
	for (size_t i = 0; i < json_array_size(actions); i++) {
		print_action(call, json_array_get(actions, i));
	}
	if (json_is_object(hold)) {
		cli_call_print(call, "  held        %s: %s\n", cli_call_text(hold, "kind"),
		        cli_call_text(hold, "cause"));
	}
	if (!str_is_empty(cli_call_text(plan, "missing"))) {
		cli_call_print(call, "  missing     %s\n", cli_call_text(plan, "missing"));
	}
	if (due_at_ms != 0) {
		cli_call_print(call, "  changes     %s\n", due);
	}
	cli_call_print(call, "%s\n", cli_call_text(plan, "sentence"));
}

/* "by action: create 3, activate 1" */
static void print_counts(struct cli_call *call, const char *what, const json_t *counts)
{
	const char *name = NULL;
	json_t *count = NULL;
	const char *joint = "";
	if (json_object_size(counts) == 0) {
		return;
	}
	cli_call_print(call, "by %s: ", what);
	json_object_foreach((json_t *)(uintptr_t)counts, name, count)
	{
		cli_call_print(
		        call, "%s%s %lld", joint, name, (long long)json_integer_value(count));
		joint = ", ";
	}
	cli_call_print(call, "\n");
}

static void print_plans(struct cli_call *call, const json_t *answer)
{
	struct cli_table *table = cli_table_create(headings);
	const json_t *plans = json_object_get(answer, "plans");
	for (size_t i = 0; i < json_array_size(plans); i++) {
		const json_t *plan = json_array_get(plans, i);
		char actions[120];
		format_actions(actions, sizeof(actions), plan);
		const char *cells[] = {cli_call_text(plan, "employee_id"),
		        cli_call_text(plan, "display_name"), cli_call_text(plan, "present_status"),
		        cli_call_text(plan, "wanted"), actions, cli_call_text(plan, "rule"),
		        cli_call_text(plan, "reason")};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	cli_call_print(call, "%s%lld people, %lld need nothing, %zu would be changed or held\n",
	        cli_table_rows(table) > 0 ? "\n" : "", (long long)json_get_int(answer, "people", 0),
	        (long long)json_get_int(answer, "unchanged", 0),
	        json_array_size(plans) + (size_t)json_get_int(answer, "left_out", 0));
	print_counts(call, "action", json_object_get(answer, "by_action"));
	print_counts(call, "rule", json_object_get(answer, "by_rule"));
	if (json_get_int(answer, "held", 0) > 0) {
		cli_call_print(call, "%lld would be held for a human\n",
		        (long long)json_get_int(answer, "held", 0));
	}
	if (json_get_bool(answer, "is_draft", false)) {
		cli_call_print(call, "with settings that are not in force\n");
	}
	if (json_get_int(answer, "left_out", 0) > 0) {
		cli_call_print(call, "%lld more plans are not shown\n",
		        (long long)json_get_int(answer, "left_out", 0));
	}
	cli_table_destroy(table);
}

/* --------------------------------------------------------------- what is asked */

struct ask {
	const char *employee;
	bool is_all;
	const char *on;
	const char *next;
	const char *as_of;
};

static bool check_ask(const struct ask *ask, struct err *err)
{
	if (ask->next != NULL && (ask->employee != NULL || ask->is_all || ask->on != NULL)) {
		err_set(err, ERR_USAGE, "--next is about everybody; leave the others out");
		return false;
	}
	if (ask->on != NULL && ask->employee == NULL) {
		err_set(err, ERR_USAGE,
		        "--on is about one person: add --employee ID; --next 30d is about all");
		return false;
	}
	return cli_call_check_whom(ask->employee, ask->is_all, err);
}

/* Days of "30d", "4w" or "30"; 0 with err. */
static int64_t days_of(const char *text, struct err *err)
{
	char number[8];
	size_t len = strspn(text, "0123456789");
	int64_t count = 0;
	bool is_unit =
	        text[len] == '\0' || str_equal(text + len, "d") || str_equal(text + len, "w");
	str_format_cut(number, sizeof(number), "%.*s", (int)(len < 7 ? len : 7), text);
	if (!is_unit || !str_to_int64(number, &count) || count < 1) {
		err_set(err, ERR_USAGE, "--next takes days or weeks: 30d, 4w");
		return 0;
	}
	return text[len] == 'w' ? 7 * count : count;
}

/*
 * A settings document to try; how Bob and Okta are reached stays here, secrets and all, and so does
 * where alarms go.
 */
static bool add_settings(json_t *body, const char *path, struct err *err)
{
	struct settings_file file;
	struct settings_report report;
	if (!settings_file_read(&file, path, &report, err)) {
		err_prefix(err, "%s", path);
		return false;
	}
	json_t *copy = json_deep_copy(file.document);
	json_t *connections = json_object_get(copy, "connections");
	json_object_del(copy, "alarms");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		json_object_del(json_array_get(connections, i), "bob");
		json_object_del(json_array_get(connections, i), "okta");
	}
	settings_file_wipe(&file);
	return json_object_set_new(body, "settings", copy) == 0;
}

static bool fill_body(json_t *body, const struct ask *ask, struct err *err)
{
	if (ask->on != NULL) {
		json_object_set_new(body, "on", json_string(ask->on));
	}
	if (ask->next != NULL) {
		json_object_set_new(body, "days", json_integer(days_of(ask->next, err)));
	}
	return !err_is_set(err) && (ask->as_of == NULL || add_settings(body, ask->as_of, err));
}

static const struct cli_job EVERYBODY = {"/api/v1/plan", "people", print_plans};
static const struct cli_job CALENDAR = {"/api/v1/plan/next", "people", cli_plan_print_calendar};

static int show_person(struct cli_call *call, const struct ask *ask, json_t *body)
{
	const struct cli_request request = {
	        .method = "POST", .employee_id = ask->employee, .verb = "plan", .body = body};
	return cli_call_show(call, &request, ask->on != NULL ? cli_plan_print_steps : print_plan);
}

static int plan(struct cli_call *call)
{
	struct ask ask = {0};
	const struct cli_flag flags[] = {{"--employee", &ask.employee, NULL},
	        {"--all", NULL, &ask.is_all}, {"--on", &ask.on, NULL}, {"--next", &ask.next, NULL},
	        {"--as-of", &ask.as_of, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) || !check_ask(&ask, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = ask.employee != NULL ? json_object() : cli_call_body();
	if (!fill_body(body, &ask, &err)) {
		json_decref(body);
		return cli_call_fail(call, &err);
	}
	if (ask.employee != NULL) {
		return show_person(call, &ask, body);
	}
	return cli_job_wait(call, ask.next != NULL ? &CALENDAR : &EVERYBODY, body);
}

/* Of everybody, or of the days to come. */
static int with_job(
        struct cli_call *call, int (*act)(struct cli_call *call, const struct cli_job *job))
{
	bool is_next = false;
	const struct cli_flag flags[] = {{"--next", NULL, &is_next}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	return act(call, is_next ? &CALENDAR : &EVERYBODY);
}

static int look(struct cli_call *call)
{
	return with_job(call, cli_job_look);
}

static int stop(struct cli_call *call)
{
	return with_job(call, cli_job_stop);
}

int command_plan(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {{"show", look}, {"stop", stop},
	        {"approve", cli_plan_approve}, {"approvals", cli_plan_approvals},
	        {"unapprove", cli_plan_unapprove}, {NULL, NULL}};
	bool is_sub = call->argc > 0 && call->argv[0][0] != '-';
	return is_sub ? cli_sub_run(call, SUBS) : plan(call);
}
