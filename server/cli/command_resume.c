/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

int command_resume(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/resume", .body = cli_call_body()};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		cli_call_print(call, "resumed: what waited is done now\n");
	}
	json_decref(answer);
	return status;
}
