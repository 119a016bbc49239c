/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"
#include "server/cli/cli_table.h"

#include <stdlib.h>
#include <string.h>

static void print_side(struct cli_call *call, const char *label, const char *bob, const char *okta)
{
	cli_call_print(call, "  %-16s %-36s %s\n", label, bob, okta);
}

static void print_sides(struct cli_call *call, const json_t *report)
{
	const json_t *bob = json_object_get(report, "bob");
	const json_t *okta = json_object_get(report, "okta");
	char name[256];
	str_format_cut(name, sizeof(name), "%s %s", cli_call_text(okta, "first_name"),
	        cli_call_text(okta, "last_name"));
	print_side(call, "", "IN BOB", "IN OKTA");
	print_side(
	        call, "id", cli_call_text(report, "employee_id"), cli_call_text(okta, "okta_id"));
	print_side(call, "name", cli_call_text(bob, "display_name"), name);
	print_side(call, "status", cli_call_text(bob, "lifecycle"), cli_call_text(okta, "status"));
	print_side(call, "login", cli_call_text(bob, "login"), cli_call_text(okta, "login"));
	print_side(call, "e-mail", cli_call_text(bob, "email"), cli_call_text(okta, "email"));
	print_side(call, "employee number", cli_call_text(bob, "employee_number"),
	        cli_call_text(okta, "employee_number"));
}

static void value_text(char *to, size_t size, const json_t *value)
{
	char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
	str_format_cut(to, size, "%s",
	        json_is_null(value)    ? "-"
	                : text != NULL ? text
	                               : json_string_value(value));
	free(text);
}

static void print_differences(struct cli_call *call, const json_t *differences)
{
	static const char *const HEADINGS[] = {"ATTRIBUTE", "IN OKTA", "FROM BOB", "THEN", NULL};
	struct cli_table *table = cli_table_create(HEADINGS);
	for (size_t i = 0; i < json_array_size(differences); i++) {
		const json_t *entry = json_array_get(differences, i);
		char has[256];
		char wants[256];
		value_text(has, sizeof(has), json_object_get(entry, "has"));
		value_text(wants, sizeof(wants), json_object_get(entry, "wants"));
		const char *cells[] = {cli_call_text(entry, "okta"), has, wants,
		        json_get_bool(entry, "is_kept", false) ? "stays as it is" : "written"};
		cli_table_add(table, cells);
	}
	if (cli_table_rows(table) > 0) {
		cli_call_print(call, "\nwhat differs\n");
		cli_table_print(table, 2, call->out);
	} else {
		cli_call_print(call, "\nnothing differs\n");
	}
	cli_table_destroy(table);
}

static void print_both(struct cli_call *call, const json_t *report)
{
	const json_t *okta = json_object_get(report, "okta");
	print_sides(call, report);
	print_differences(call, json_object_get(report, "differences"));
	if (json_get_bool(okta, "is_sourced_elsewhere", false)) {
		cli_call_print(call,
		        "\nanother directory owns this profile: bob2okta plans the status only\n");
	}
	if (json_get_bool(json_object_get(report, "bob"), "is_left", false)) {
		cli_call_print(call,
		        "\nthis person has left: once linked, closing the account is held"
		        " for a human\n");
	}
	cli_call_print(call, "\n%s\n", cli_call_text(report, "why_text"));
}

static json_t *ask_link(struct cli_call *call, json_t *body, struct err *err)
{
	json_object_set_new(body, "okta_user", json_string(call->words[1]));
	const struct cli_request request = {
	        .method = "POST", .employee_id = call->words[0], .verb = "link", .body = body};
	return cli_call_ask(call, &request, err);
}

static int link_seen(struct cli_call *call, const json_t *seen, const char *although)
{
	struct err err = ERR_INIT;
	json_t *body = cli_call_body();
	json_object_set_new(body, "expect", json_string(cli_call_text(seen, "facts")));
	if (although != NULL) {
		json_object_set_new(body, "although", json_string(although));
	}
	json_t *answer = ask_link(call, body, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		cli_call_print(call, "linked: %s is %s\n", call->words[0],
		        cli_call_text(json_object_get(answer, "okta"), "okta_id"));
	}
	json_decref(answer);
	return status;
}

static int confirm_and_link(
        struct cli_call *call, const json_t *seen, const char *although, bool is_yes)
{
	if (!call->is_json) {
		print_both(call, seen);
	}
	if (!json_get_bool(seen, "agrees", false) && although == NULL) {
		struct err err = ERR_INIT;
		err_set(&err, ERR_REFUSED,
		        "the facts disagree; if it is the same person, say why: --although"
		        " \"REASON\"");
		return cli_call_fail(call, &err);
	}
	switch (cli_confirm(call, is_yes, "Link these two? Okta is not changed by it.")) {
	case CLI_ANSWER_YES: return link_seen(call, seen, although);
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was linked\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: break;
	}
	return CLI_USAGE;
}

int command_link(struct cli_call *call)
{
	const char *although = NULL;
	bool is_yes = false;
	const struct cli_flag flags[] = {
	        {"--although", &although, NULL}, {"--yes", NULL, &is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read_words(call, flags, 2, &err)) {
		return cli_call_fail(call, &err);
	}
	if (call->word_count < 2) {
		err_set(&err, ERR_USAGE, "say whom to link with which Okta user, by id or login");
		return cli_call_fail(call, &err);
	}
	if (!cli_call_check_id(call->words[0], &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *seen = ask_link(call, json_pack("{s:b}", "check", 1), &err);
	if (seen == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = confirm_and_link(call, seen, although, is_yes);
	json_decref(seen);
	return status;
}
