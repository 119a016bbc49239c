/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/cli/cli_holds.h"

int command_reject(struct cli_call *call)
{
	const char *kind = NULL;
	const struct cli_flag flags[] = {{"--kind", &kind, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NEEDS_WORD, &err) ||
	        !cli_call_check_id(call->word, &err) || !cli_holds_check_kind(kind, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "employee_id", json_string(call->word));
	const struct cli_holds_word word = {
	        .path = "/api/v1/holds/reject",
	        .count = "rejected",
	        .meaning = "rejected; not asked again until the facts change",
	        .kind = kind,
	};
	return cli_holds_decide(call, &word, body);
}
