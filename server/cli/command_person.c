/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_holds.h"
#include "server/cli/cli_person_data.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"

static const char *const event_headings[] = {
        "EVENT", "RECEIVED", "TYPE", "STATE", "TIMES", "REASON", NULL};
static const char *const action_headings[] = {
        "ACTION", "BEGUN", "KIND", "STATE", "UNDO", "RULE", "REASON", NULL};

static void print_line(struct cli_call *call, const char *label, const char *text)
{
	if (!str_is_empty(text)) {
		cli_call_print(call, "  %-12s %s\n", label, text);
	}
}

static void print_time(
        struct cli_call *call, const char *label, const json_t *employee, const char *key)
{
	int64_t wall_ms = json_get_int(employee, key, 0);
	if (wall_ms != 0) {
		char text[CLI_TEXT_TIME_BYTES];
		cli_text_time(text, wall_ms);
		print_line(call, label, text);
	}
}

/* Bob's termination behind an immediate revocation. */
static void print_revocation(struct cli_call *call, const char *row)
{
	static const struct {
		const char *row;
		const char *words;
	} WORDS[] = {
	        {"wanted", "Bob has not told yet whether a termination is behind it"},
	        {"found", "a termination is behind it"},
	        {"missing", "Bob has no termination behind it: the account stays closed"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++) {
		if (str_equal(WORDS[i].row, row)) {
			print_line(call, "revocation", WORDS[i].words);
		}
	}
}

static void print_account(struct cli_call *call, const json_t *employee)
{
	const char *okta_id = cli_call_text(employee, "okta_id");
	const char *lowered = cli_call_text(employee, "lowered");
	if (str_is_empty(okta_id)) {
		print_line(call, "account", "not linked to an Okta user");
		return;
	}
	cli_call_print(call, "  %-12s %s, %s (%s)\n", "account", okta_id,
	        cli_call_text(employee, "present_status"), cli_call_text(employee, "origin"));
	print_line(call, "login", cli_call_text(employee, "login"));
	if (!str_equal(lowered, "none")) {
		print_line(call, "closed by us", lowered);
	}
	print_revocation(call, cli_call_text(employee, "revoke_row"));
	print_time(call, "mailed", employee, "mailed_at_ms");
	if (json_get_bool(employee, "is_sourced_elsewhere", false)) {
		print_line(call, "profile", "owned by another directory; not written");
	}
}

static void print_employee(struct cli_call *call, const json_t *employee)
{
	cli_call_print(call, "%s  %s\n", cli_call_text(employee, "employee_id"),
	        cli_call_text(employee, "display_name"));
	print_line(call, "state", cli_call_text(employee, "state"));
	print_line(call, "in Bob", cli_call_text(employee, "lifecycle"));
	print_account(call, employee);
	print_time(call, "last event", employee, "last_event_at_ms");
	print_time(call, "last run", employee, "last_run_at_ms");
	if (!str_is_empty(cli_call_text(employee, "last_sentence"))) {
		cli_call_print(call, "  %-12s %s (%s)\n", "came to",
		        cli_call_text(employee, "last_sentence"),
		        cli_call_text(employee, "last_rule"));
	}
	print_line(call, "error", cli_call_text(employee, "last_error"));
	if (json_get_int(employee, "attempts", 0) > 0) {
		cli_call_print(call, "  %-12s %lld\n", "attempts",
		        (long long)json_get_int(employee, "attempts", 0));
	}
	print_time(call, "due", employee, "policy_due_at_ms");
	print_time(call, "second look", employee, "reread_at_ms");
	print_time(call, "not before", employee, "retry_not_before_ms");
}

/* Words as mapping/ gives them, said to people. */
static const char *row_state_words(const char *state)
{
	static const struct {
		const char *state;
		const char *words;
	} WORDS[] = {
	        {"not_readable", "not readable"},
	        {"no_such_field", "no such field"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(WORDS); i++) {
		if (str_equal(WORDS[i].state, state)) {
			return WORDS[i].words;
		}
	}
	return state;
}

static void print_row_problems(struct cli_call *call, const json_t *problems)
{
	if (json_array_size(problems) > 0) {
		cli_call_print(call, "\nrows that do not work\n");
	}
	for (size_t i = 0; i < json_array_size(problems); i++) {
		const json_t *problem = json_array_get(problems, i);
		const char *reason = cli_call_text(problem, "reason");
		cli_call_print(call, "  %s: %s%s%s\n", cli_call_text(problem, "okta"),
		        row_state_words(cli_call_text(problem, "state")),
		        str_is_empty(reason) ? "" : ": ", reason);
	}
}

static void print_events(struct cli_call *call, const json_t *events)
{
	struct cli_table *table = cli_table_create(event_headings);
	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);
		char id[24];
		char received[CLI_TEXT_TIME_BYTES];
		char times[24];
		str_format_cut(
		        id, sizeof(id), "%lld", (long long)json_get_int(event, "event_id", 0));
		cli_text_time(received, json_get_int(event, "received_at_ms", 0));
		str_format_cut(times, sizeof(times), "%lld",
		        (long long)json_get_int(event, "deliveries", 1));
		const char *cells[] = {id, received, cli_call_text(event, "type"),
		        cli_call_text(event, "state"), times, cli_call_text(event, "reason")};
		cli_table_add(table, cells);
	}
	if (cli_table_rows(table) > 0) {
		cli_call_print(call, "\nevents\n");
		cli_table_print(table, 2, call->out);
	}
	cli_table_destroy(table);
}

/* The reason, and what Okta said where it said no. */
static void format_reason(char *to, size_t size, const json_t *action)
{
	const char *sentence = cli_call_text(action, "sentence");
	str_format_cut(to, size, "%s%s%s", cli_call_text(action, "reason"),
	        str_is_empty(sentence) ? "" : " - ", sentence);
}

static void print_actions(struct cli_call *call, const json_t *actions)
{
	struct cli_table *table = cli_table_create(action_headings);
	for (size_t i = 0; i < json_array_size(actions); i++) {
		const json_t *action = json_array_get(actions, i);
		char id[24];
		char begun[CLI_TEXT_TIME_BYTES];
		char reason[560];
		str_format_cut(
		        id, sizeof(id), "%lld", (long long)json_get_int(action, "intent_id", 0));
		cli_text_time(begun, json_get_int(action, "opened_at_ms", 0));
		format_reason(reason, sizeof(reason), action);
		const char *cells[] = {id, begun, cli_call_text(action, "kind"),
		        cli_call_text(action, "state"),
		        json_get_bool(action, "can_undo", false) ? "yes" : "-",
		        cli_call_text(action, "rule"), reason};
		cli_table_add(table, cells);
	}
	if (cli_table_rows(table) > 0) {
		cli_call_print(call, "\nactions\n");
		cli_table_print(table, 2, call->out);
	}
	cli_table_destroy(table);
}

static void print_move(struct cli_call *call, const json_t *move)
{
	if (json_is_object(move)) {
		cli_call_print(call, "  %-12s from connection %s to %s: %s\n", "moves",
		        cli_call_text(move, "from"), cli_call_text(move, "to"),
		        cli_call_text(move, "state"));
	}
}

static void print_person(struct cli_call *call, const json_t *person)
{
	const json_t *holds = json_object_get(person, "holds");
	print_employee(call, json_object_get(person, "employee"));
	print_move(call, json_object_get(person, "move"));
	print_line(call, "next", cli_call_text(person, "next_step"));
	if (json_array_size(holds) > 0) {
		cli_call_print(call, "\nheld\n");
		cli_holds_print(call, holds, 2);
	}
	print_row_problems(
	        call, json_object_get(json_object_get(person, "employee"), "row_problems"));
	print_actions(call, json_object_get(person, "actions"));
	print_events(call, json_object_get(person, "events"));
}

int command_person(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {
	        {"erase", cli_person_erase}, {"export", cli_person_export}, {NULL, NULL}};
	struct err err = ERR_INIT;
	for (const struct cli_sub *sub = SUBS; sub->name != NULL; sub++) {
		if (call->argc > 0 && str_equal(call->argv[0], sub->name)) {
			return cli_sub_run(call, SUBS);
		}
	}
	if (!cli_call_read_id(call, NULL, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "GET", .employee_id = call->word};
	return cli_call_show(call, &request, print_person);
}
