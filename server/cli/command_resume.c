/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

static void print_resumed(struct cli_call *call, const json_t *answer)
{
	(void)answer;
	cli_call_print(call, "resumed: what waited is done now\n");
}

int command_resume(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/resume", .body = cli_call_body()};
	return cli_call_show(call, &request, print_resumed);
}
