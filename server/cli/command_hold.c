/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

int command_hold(struct cli_call *call)
{
	const char *why = NULL;
	const struct cli_flag flags[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NEEDS_WORD, &err) ||
	        !cli_call_check_id(call->word, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	if (why != NULL) {
		json_object_set_new(body, "why", json_string(why));
	}
	const struct cli_request request = {
	        .method = "POST", .employee_id = call->word, .verb = "hold", .body = body};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		cli_call_print(call,
		        "%s is held: nothing is done, not even if this person leaves; let go with:"
		        " bob2okta release %s\n",
		        call->word, call->word);
	}
	json_decref(answer);
	return status;
}
