/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/alarm_words.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"
#include "server/settings/nearest.h"

#define ALARMS_PATH "/api/v1/alarms"
#define ROWS_SHOWN  "limit=500"

/* -------------------------------------------------------------------- list */

static void print_targets(struct cli_call *call, const json_t *targets)
{
	char since[CLI_TEXT_TIME_BYTES];

	for (size_t i = 0; i < json_array_size(targets); i++) {
		const json_t *target = json_array_get(targets, i);
		int64_t failing_ms = json_get_int(target, "failing_since_ms", 0);
		const char *lack = cli_call_text(target, "lack");
		if (!str_is_empty(lack)) {
			cli_call_print(call, "target %s GETS NOTHING: %s\n",
			        cli_call_text(target, "name"), lack);
		} else if (failing_ms != 0) {
			cli_text_time(since, failing_ms);
			cli_call_print(call, "target %s FAILS since %s: %s\n",
			        cli_call_text(target, "name"), since,
			        cli_call_text(target, "sentence"));
		}
	}
	if (json_array_size(targets) == 0) {
		cli_call_print(call,
		        "nobody is told: alarms.targets of the settings is empty; the log and the"
		        " metrics have them\n");
	}
}

static void add_row(struct cli_table *table, const json_t *alarm)
{
	char since[CLI_TEXT_TIME_BYTES];
	char seen[CLI_TEXT_TIME_BYTES + 80] = "";

	cli_text_time(since, json_get_int(alarm, "since_ms", 0));
	if (json_get_int(alarm, "ended_at_ms", 0) != 0) {
		str_format_cut(seen, sizeof(seen), "over");
	} else if (json_get_int(alarm, "acknowledged_at_ms", 0) != 0) {
		str_format_cut(
		        seen, sizeof(seen), "by %s", cli_call_text(alarm, "acknowledged_by"));
	}
	const char *cells[] = {cli_call_text(alarm, "severity"), cli_call_text(alarm, "alarm"),
	        cli_call_text(alarm, "connection"), cli_call_text(alarm, "subject"), since, seen,
	        cli_call_text(alarm, "todo")};
	cli_table_add(table, cells);
}

static void print_alarms(struct cli_call *call, const json_t *answer)
{
	static const char *const HEADINGS[] = {
	        "SEVERITY", "ALARM", "CONNECTION", "WHOM", "SINCE", "ACKNOWLEDGED", "TO DO", NULL};
	const json_t *alarms = json_object_get(answer, "alarms");
	struct cli_table *table = cli_table_create(HEADINGS);

	for (size_t i = 0; i < json_array_size(alarms); i++) {
		add_row(table, json_array_get(alarms, i));
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
	if (json_array_size(alarms) == 0) {
		cli_call_print(call, "no alarms\n");
	}
	print_targets(call, json_object_get(answer, "targets"));
}

static int list(struct cli_call *call)
{
	bool with_ended = false;
	const struct cli_flag flags[] = {{"--ended", NULL, &with_ended}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	char query[64];
	str_format_cut(query, sizeof(query), "%s%s" ROWS_SHOWN,
	        call->connection == NULL ? "all=true&" : "", with_ended ? "ended=true&" : "");
	const struct cli_request request = {.method = "GET", .path = ALARMS_PATH, .query = query};
	return cli_call_show(call, &request, print_alarms);
}

/* --------------------------------------------------------------------- ack */

static bool check_name(const char *name, struct err *err)
{
	struct nearest nearest;
	if (alarm_name_parse(name) != ALARM_COUNT) {
		return true;
	}
	nearest_init(&nearest, name);
	for (int i = 0; i < ALARM_COUNT; i++) {
		nearest_offer(&nearest, alarm_name((enum alarm_name)i));
	}
	const char *near = nearest_get(&nearest);
	err_set(err, ERR_USAGE, "there is no alarm %s%s%s%s", name,
	        near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	        near != NULL ? "?" : "; see bob2okta alarms");
	return false;
}

static void print_acknowledged(struct cli_call *call, const json_t *answer)
{
	cli_call_print(call, "%lld acknowledged: not sent again while they last\n",
	        (long long)json_get_int(answer, "acknowledged", 0));
}

static int acknowledge(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read_words(call, NULL, 2, &err)) {
		return cli_call_fail(call, &err);
	}
	if (call->word == NULL) {
		err_set(&err, ERR_USAGE, "NAME is missing; see bob2okta alarms");
		return cli_call_fail(call, &err);
	}
	if (!check_name(call->word, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "alarm", json_string(call->word));
	json_object_set_new(body, "all", json_boolean(call->connection == NULL));
	if (call->word_count > 1) {
		json_object_set_new(body, "subject", json_string(call->words[1]));
	}
	const struct cli_request request = {
	        .method = "POST", .path = ALARMS_PATH "/ack", .body = body};
	return cli_call_show(call, &request, print_acknowledged);
}

/* -------------------------------------------------------------------- test */

static int report_test(struct cli_call *call, const json_t *targets)
{
	int status = CLI_DONE;

	for (size_t i = 0; i < json_array_size(targets); i++) {
		const json_t *target = json_array_get(targets, i);
		bool is_sent = json_get_bool(target, "is_sent", false);
		if (!call->is_json) {
			cli_call_print(call, "%s (%s): %s%s\n", cli_call_text(target, "name"),
			        cli_call_text(target, "kind"),
			        is_sent ? "sent" : "NOT SENT: ", cli_call_text(target, "sentence"));
		}
		status = is_sent ? status : CLI_FAILED;
	}
	if (json_array_size(targets) == 0) {
		status = CLI_FAILED;
	}
	if (json_array_size(targets) == 0 && !call->is_json) {
		cli_call_print(call, "nobody is told: alarms.targets of the settings is empty\n");
	}
	return status;
}

static int test(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_MAY_HAVE_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	if (call->word != NULL) {
		json_object_set_new(body, "target", json_string(call->word));
	}
	const struct cli_request request = {
	        .method = "POST", .path = ALARMS_PATH "/test", .body = body};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	if (call->is_json) {
		(void)cli_call_print_json(call, answer);
	}
	int status = report_test(call, json_object_get(answer, "targets"));
	json_decref(answer);
	return status;
}

int command_alarms(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {{"ack", acknowledge}, {"test", test}, {NULL, NULL}};
	bool has_sub = call->argc > 0 && call->argv[0][0] != '-';
	return has_sub ? cli_sub_run(call, SUBS) : list(call);
}
