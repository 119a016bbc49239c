/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

static void print_held(struct cli_call *call, const json_t *answer)
{
	(void)answer;
	cli_call_print(call,
	        "%s is held: nothing is done, not even if this person leaves; let go with:"
	        " bob2okta release %s\n",
	        call->word, call->word);
}

int command_hold(struct cli_call *call)
{
	const char *why = NULL;
	const struct cli_flag flags[] = {{"--why", &why, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read_id(call, flags, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	if (why != NULL) {
		json_object_set_new(body, "why", json_string(why));
	}
	const struct cli_request request = {
	        .method = "POST", .employee_id = call->word, .verb = "hold", .body = body};
	return cli_call_show(call, &request, print_held);
}
