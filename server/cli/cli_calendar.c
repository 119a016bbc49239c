/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_plan.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_table.h"

#include <string.h>

#define CELL_BYTES 160

void cli_plan_format_kinds(char *to, size_t size, const json_t *actions)
{
	size_t len = 0;
	to[0] = '\0';
	for (size_t i = 0; i < json_array_size(actions); i++) {
		const json_t *action = json_array_get(actions, i);
		const char *kind = json_is_string(action) ? json_string_value(action)
		                                          : cli_call_text(action, "kind");
		str_format_cut(to + len, size - len, "%s%s", i > 0 ? ", " : "", kind);
		len += strlen(to + len);
	}
}

/* What would be done, and what holds it. */
static void format_would(char *to, size_t size, const json_t *actions, const char *hold)
{
	cli_plan_format_kinds(to, size, actions);
	size_t len = strlen(to);
	if (hold[0] != '\0') {
		str_format_cut(to + len, size - len, "%sheld: %s", len > 0 ? ", " : "", hold);
	} else if (len == 0) {
		str_format_cut(to, size, "-");
	}
}

static void print_note(struct cli_call *call, const json_t *answer)
{
	if (cli_call_text(answer, "table")[0] != '\0') {
		cli_call_print(call, "note: %s\n", cli_call_text(answer, "table"));
	}
	if (json_get_bool(answer, "is_draft", false)) {
		cli_call_print(call, "with settings that are not in force\n");
	}
}

/* ---------------------------------------------------------------------- steps */

static const char *const step_headings[] = {
        "WHEN", "BOB SAYS", "WOULD", "IN OKTA AFTER", "RULE", "WHY", NULL};

static void add_step(struct cli_table *table, const json_t *step)
{
	const json_t *hold = json_object_get(step, "hold");
	char when[CELL_BYTES];
	char would[CELL_BYTES];
	str_format_cut(when, sizeof(when), "%s %s%s", cli_call_text(step, "date"),
	        cli_call_text(step, "time"), json_get_bool(step, "is_now", false) ? " (now)" : "");
	format_would(would, sizeof(would), json_object_get(step, "actions"),
	        cli_call_text(hold, "kind"));
	const char *cells[] = {when, cli_call_text(step, "lifecycle"), would,
	        cli_call_text(step, "status_after"), cli_call_text(step, "rule"),
	        cli_call_text(step, "reason")};
	cli_table_add(table, cells);
}

void cli_plan_print_steps(struct cli_call *call, const json_t *answer)
{
	const json_t *steps = json_object_get(answer, "steps");
	struct cli_table *table = cli_table_create(step_headings);
	cli_call_print(call, "%s  %s  (%s)\n", cli_call_text(answer, "employee_id"),
	        cli_call_text(answer, "display_name"), cli_call_text(answer, "time_zone"));
	print_note(call, answer);
	for (size_t i = 0; i < json_array_size(steps); i++) {
		add_step(table, json_array_get(steps, i));
	}
	cli_table_print(table, 2, call->out);
	cli_call_print(call, "%s\n", cli_call_text(answer, "sentence"));
	cli_table_destroy(table);
}

/* ------------------------------------------------------------------- calendar */

static const char *const entry_headings[] = {
        "TIME", "ID", "NAME", "WOULD", "IN OKTA AFTER", "RULE", "WHY", NULL};

/* "create 3, activate 1" */
static void format_counts(char *to, size_t size, const json_t *counts)
{
	const char *kind = NULL;
	json_t *count = NULL;
	size_t len = 0;
	to[0] = '\0';
	json_object_foreach((json_t *)(uintptr_t)counts, kind, count)
	{
		str_format_cut(to + len, size - len, "%s%s %lld", len > 0 ? ", " : "", kind,
		        (long long)json_integer_value(count));
		len += strlen(to + len);
	}
}

static void add_entry(struct cli_table *table, const json_t *entry)
{
	char would[CELL_BYTES];
	bool is_now = json_get_bool(entry, "is_now", false);
	format_would(would, sizeof(would), json_object_get(entry, "actions"),
	        cli_call_text(entry, "hold"));
	const char *cells[] = {is_now ? "now" : cli_call_text(entry, "time"),
	        cli_call_text(entry, "employee_id"), cli_call_text(entry, "display_name"), would,
	        cli_call_text(entry, "status_after"), cli_call_text(entry, "rule"),
	        cli_call_text(entry, "reason")};
	cli_table_add(table, cells);
}

static void print_day(struct cli_call *call, const json_t *day)
{
	const json_t *warnings = json_object_get(day, "warnings");
	const json_t *entries = json_object_get(day, "entries");
	struct cli_table *table = cli_table_create(entry_headings);
	int64_t people = json_get_int(day, "people", 0);
	int64_t held = json_get_int(day, "held", 0);
	int64_t left_out = json_get_int(day, "left_out", 0);
	char counts[CELL_BYTES * 2];
	format_counts(counts, sizeof(counts), json_object_get(day, "counts"));
	cli_call_print(call, "%s  %lld %s%s%s", cli_call_text(day, "date"), (long long)people,
	        people == 1 ? "person" : "people", counts[0] != '\0' ? ": " : "", counts);
	if (held > 0) {
		cli_call_print(call, ", %lld held for a human", (long long)held);
	}
	cli_call_print(call, "\n");
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		cli_call_print(call, "  warning: %s\n",
		        cli_call_text(json_array_get(warnings, i), "sentence"));
	}
	for (size_t i = 0; i < json_array_size(entries); i++) {
		add_entry(table, json_array_get(entries, i));
	}
	cli_table_print(table, 2, call->out);
	if (left_out > 0) {
		cli_call_print(call, "  and %lld more\n", (long long)left_out);
	}
	cli_call_print(call, "\n");
	cli_table_destroy(table);
}

void cli_plan_print_calendar(struct cli_call *call, const json_t *answer)
{
	const json_t *days = json_object_get(answer, "days");
	print_note(call, answer);
	for (size_t i = 0; i < json_array_size(days); i++) {
		print_day(call, json_array_get(days, i));
	}
	cli_call_print(call, "%s to %s: %s\n", cli_call_text(answer, "from"),
	        cli_call_text(answer, "to"), cli_call_text(answer, "sentence"));
}
