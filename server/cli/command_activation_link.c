/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

static const char WARNING[] =
        "bob2okta: this link opens the account, once: hand it to that person and to nobody else."
        " It is kept nowhere, and any earlier link or mail is void.\n";

/* The link alone goes to standard output, so that it can be piped to where it belongs. */
int command_activation_link(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read_id(call, NULL, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "POST",
	        .employee_id = call->word,
	        .verb = "activation-link",
	        .body = cli_call_body()};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	fputs(WARNING, call->errors);
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		cli_call_print(call, "%s\n", cli_call_text(answer, "activation_link"));
	}
	json_decref(answer);
	return status;
}
