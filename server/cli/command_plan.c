/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"

#include <stdlib.h>
#include <string.h>

static const char *const headings[] = {"ID", "NAME", "NOW", "WANTED", "WOULD", "RULE", "WHY", NULL};

/* "create, activate", or what holds it. */
static void format_actions(char *to, size_t size, const json_t *plan)
{
	const json_t *actions = json_object_get(plan, "actions");
	const json_t *hold = json_object_get(plan, "hold");
	size_t len = 0;
	to[0] = '\0';
	for (size_t i = 0; i < json_array_size(actions); i++) {
		str_format_cut(to + len, size - len, "%s%s", i > 0 ? ", " : "",
		        cli_call_text(json_array_get(actions, i), "kind"));
		len += strlen(to + len);
	}
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
	        (long long)json_get_int(answer, "unchanged", 0), json_array_size(plans));
	if (json_get_int(answer, "left_out", 0) > 0) {
		cli_call_print(call, "%lld more plans are not shown\n",
		        (long long)json_get_int(answer, "left_out", 0));
	}
	cli_table_destroy(table);
}

int command_plan(struct cli_call *call)
{
	const char *employee = NULL;
	bool is_all = false;
	const struct cli_flag flags[] = {
	        {"--employee", &employee, NULL}, {"--all", NULL, &is_all}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) ||
	        !cli_call_check_whom(employee, is_all, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "POST",
	        .path = "/api/v1/plan",
	        .employee_id = employee,
	        .verb = "plan",
	        .body = json_object()};
	return cli_call_show(call, &request, employee != NULL ? print_plan : print_plans);
}
