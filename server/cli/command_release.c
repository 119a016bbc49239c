/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/cli/cli_holds.h"

static bool check_arguments(struct cli_call *call, bool is_all, const char *kind, struct err *err)
{
	if (is_all == (call->word != NULL)) {
		err_set(err, ERR_USAGE, "give either an employee's id or --all");
		return false;
	}
	return (is_all || cli_call_check_id(call->word, err)) && cli_holds_check_kind(kind, err);
}

int command_release(struct cli_call *call)
{
	bool is_all = false;
	const char *kind = NULL;
	const struct cli_flag flags[] = {
	        {"--all", NULL, &is_all}, {"--kind", &kind, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_MAY_HAVE_WORD, &err) ||
	        !check_arguments(call, is_all, kind, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	if (is_all) {
		json_object_set_new(body, "all", json_true());
	} else {
		json_object_set_new(body, "employee_id", json_string(call->word));
	}
	const struct cli_holds_word word = {
	        .path = "/api/v1/holds/release",
	        .count = "released",
	        .meaning = "released; those people are planned afresh",
	        .kind = kind,
	};
	return cli_holds_decide(call, &word, body);
}
