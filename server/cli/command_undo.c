/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"
#include "server/cli/cli_text.h"

#include <stdlib.h>

#define PATH_BYTES   64
#define PARTLY_DONE  CLI_FAILED
#define CHECKED_WORD "bob2okta person ID shows the numbers of actions"

static bool check_action(const char *word, struct err *err)
{
	int64_t id = 0;

	if (str_to_int64(word, &id) && id > 0) {
		return true;
	}
	err_set(err, ERR_USAGE, "%.40s is no action's number; " CHECKED_WORD, word);
	return false;
}

/* ------------------------------------------------------------------- reports */

static void print_profile(struct cli_call *call, const json_t *profile)
{
	const char *name = NULL;
	json_t *value = NULL;

	json_object_foreach((json_t *)(uintptr_t)profile, name, value)
	{
		char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
		cli_call_print(call, "      %s: %.120s\n", name,
		        text != NULL ? text : json_string_value(value));
		free(text);
	}
}

static void print_steps(struct cli_call *call, const json_t *steps)
{
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *step = json_array_get(steps, i);
		const char *group = cli_call_text(step, "group");
		cli_call_print(call, "  %-8s %s%s%s%s\n", cli_call_text(step, "state"),
		        cli_call_text(step, "kind"), str_is_empty(group) ? "" : " ", group,
		        json_get_bool(step, "sends_email", false) ? " (Okta mails the person)"
		                                                  : "");
		print_profile(call, json_object_get(step, "profile"));
	}
}

/* How old the picture is that is put back. */
static void print_before(struct cli_call *call, const json_t *before)
{
	char when[CLI_TEXT_TIME_BYTES];
	int64_t at_ms = json_get_int(before, "at_ms", 0);

	if (at_ms != 0) {
		cli_text_time(when, at_ms);
		cli_call_print(call, "  before: %s, as Okta showed it at %s\n",
		        cli_call_text(before, "status"), when);
	} else {
		cli_call_print(call, "  before: %s\n", cli_call_text(before, "status"));
	}
}

static void print_report(struct cli_call *call, const json_t *report)
{
	const json_t *losses = json_object_get(report, "losses");

	cli_call_print(call, "action %lld (%s) of employee %s, Okta user %s, now %s\n",
	        (long long)json_get_int(report, "action_id", 0), cli_call_text(report, "kind"),
	        cli_call_text(report, "employee_id"), cli_call_text(report, "okta_id"),
	        cli_call_text(report, "present_status"));
	print_before(call, json_object_get(report, "before"));
	print_steps(call, json_object_get(report, "steps"));
	if (json_array_size(losses) > 0) {
		cli_call_print(call, "  what does not come back:\n");
	}
	for (size_t i = 0; i < json_array_size(losses); i++) {
		cli_call_print(call, "    - %s\n", json_string_value(json_array_get(losses, i)));
	}
}

static void print_end(struct cli_call *call, const json_t *report)
{
	const char *state = cli_call_text(report, "state");
	const char *id = cli_call_text(report, "employee_id");

	if (str_equal(state, "dry_run")) {
		cli_call_print(call, "mode dry_run: nothing was done\n");
	} else if (str_equal(state, "planned")) {
		cli_call_print(call, "nothing was done yet\n");
	} else {
		cli_call_print(call,
		        "%s; nothing more is done for %s until bob2okta release %s"
		        " --kind undo\n",
		        str_equal(state, "done") ? "undone" : "partly undone", id, id);
	}
}

static int status_of(const json_t *report)
{
	return str_equal(cli_call_text(report, "state"), "partly_done") ? PARTLY_DONE : CLI_DONE;
}

/* ------------------------------------------------------------------- asking */

static json_t *ask(struct cli_call *call, bool is_plan, struct err *err)
{
	char path[PATH_BYTES];
	json_t *body = cli_call_body();

	str_format_cut(path, sizeof(path), "/api/v1/actions/%s/undo", call->word);
	json_object_set_new(body, "plan", json_boolean(is_plan));
	const struct cli_request request = {.method = "POST", .path = path, .body = body};
	return cli_call_ask(call, &request, err);
}

static int show(struct cli_call *call, json_t *report)
{
	int status = status_of(report);

	if (call->is_json) {
		status = cli_call_print_json(call, report) == CLI_DONE ? status : CLI_FAILED;
	} else {
		print_report(call, report);
		print_end(call, report);
	}
	json_decref(report);
	return status;
}

/* The plan first, so that what is agreed to was seen. */
static int show_and_ask(struct cli_call *call, bool is_yes, struct err *err)
{
	json_t *plan = is_yes ? NULL : ask(call, true, err);

	if (!is_yes && plan == NULL) {
		return cli_call_fail(call, err);
	}
	if (plan != NULL && !call->is_json) {
		print_report(call, plan);
	}
	json_decref(plan);
	switch (cli_confirm(call, is_yes, "Undo it so, and hold the person?")) {
	case CLI_ANSWER_NOBODY: return CLI_USAGE;
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was undone\n"); return CLI_DONE;
	case CLI_ANSWER_YES: break;
	}
	json_t *report = ask(call, false, err);
	return report != NULL ? show(call, report) : cli_call_fail(call, err);
}

int command_undo(struct cli_call *call)
{
	bool is_plan = false;
	bool is_yes = false;
	const struct cli_flag flags[] = {{"--dry-run", NULL, &is_plan}, {"--plan", NULL, &is_plan},
	        {"--yes", NULL, &is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;

	if (!cli_call_read(call, flags, CLI_NEEDS_WORD, &err) || !check_action(call->word, &err)) {
		return cli_call_fail(call, &err);
	}
	if (!is_plan) {
		return show_and_ask(call, is_yes, &err);
	}
	json_t *plan = ask(call, true, &err);
	return plan != NULL ? show(call, plan) : cli_call_fail(call, &err);
}
