/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/version.h"

int command_version(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	if (!call->is_json) {
		cli_call_print(call, "bob2okta %s (%s)\n", version_number(), version_commit());
		return CLI_DONE;
	}
	json_t *json =
	        json_pack("{s:s, s:s}", "version", version_number(), "commit", version_commit());
	int status = cli_call_print_json(call, json);
	json_decref(json);
	return status;
}
