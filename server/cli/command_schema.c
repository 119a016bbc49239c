/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_table.h"

#include <string.h>

static const char *const add_headings[] = {"ADD", "TYPE", "TITLE", "WHY", NULL};
static const char *const open_headings[] = {"NOT ADDED", "WHY", NULL};

static void print_adds(struct cli_call *call, const json_t *plan)
{
	const json_t *adds = json_object_get(plan, "add");
	struct cli_table *table = cli_table_create(add_headings);
	for (size_t i = 0; i < json_array_size(adds); i++) {
		const json_t *add = json_array_get(adds, i);
		const char *cells[] = {cli_call_text(add, "okta"), cli_call_text(add, "type"),
		        cli_call_text(add, "title"), cli_call_text(add, "why")};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
}

static void add_open(struct cli_table *table, const json_t *entries)
{
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		const char *cells[] = {
		        cli_call_text(entry, "okta"), cli_call_text(entry, "reason")};
		cli_table_add(table, cells);
	}
}

/* What a human has to decide: conflicts and refusals alike. */
static void print_open(struct cli_call *call, const json_t *plan)
{
	struct cli_table *table = cli_table_create(open_headings);
	add_open(table, json_object_get(plan, "conflicts"));
	add_open(table, json_object_get(plan, "refused"));
	if (cli_table_rows(table) > 0) {
		cli_call_print(call, "\n");
		cli_table_print(table, 0, call->out);
	}
	cli_table_destroy(table);
}

static void print_plan(struct cli_call *call, const json_t *plan)
{
	print_adds(call, plan);
	print_open(call, plan);
	cli_call_print(call, "%s%s\n",
	        json_array_size(json_object_get(plan, "add")) > 0 ? "\n" : "",
	        cli_call_text(plan, "sentence"));
}

static json_t *ask_plan(struct cli_call *call, struct err *err)
{
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/schema/plan", .body = json_object()};
	return cli_call_ask(call, &request, err);
}

static int plan(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/schema/plan", .body = json_object()};
	return cli_call_show(call, &request, print_plan);
}

/* -------------------------------------------------------------------- apply */

static void print_applied(struct cli_call *call, const json_t *answer)
{
	cli_call_print(call, "%s\n", cli_call_text(answer, "sentence"));
}

static int add(struct cli_call *call, const json_t *seen)
{
	json_t *body = cli_call_body();
	json_object_set_new(body, "plan", json_string(cli_call_text(seen, "plan")));
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/schema/apply", .body = body};
	return cli_call_show(call, &request, print_applied);
}

/* Shows the plan, and adds it if that is what the human wants. */
static int confirm_and_add(struct cli_call *call, const json_t *seen, bool is_yes)
{
	bool is_empty = json_array_size(json_object_get(seen, "add")) == 0;
	if (!call->is_json) {
		print_plan(call, seen);
	}
	if (is_empty) {
		return call->is_json ? cli_call_print_json(call, seen) : CLI_DONE;
	}
	switch (cli_confirm(call, is_yes, "Add this to the Okta org's user schema?")) {
	case CLI_ANSWER_YES: return add(call, seen);
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was added\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: break;
	}
	return CLI_USAGE;
}

static int apply(struct cli_call *call)
{
	bool is_yes = false;
	const struct cli_flag flags[] = {{"--yes", NULL, &is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *seen = ask_plan(call, &err);
	if (seen == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = confirm_and_add(call, seen, is_yes);
	json_decref(seen);
	return status;
}

int command_schema(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {{"plan", plan}, {"apply", apply}, {NULL, NULL}};
	return cli_sub_run(call, SUBS);
}
