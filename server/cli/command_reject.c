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
	if (kind != NULL) {
		json_object_set_new(body, "kind", json_string(kind));
	}
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/holds/reject", .body = body};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		cli_call_print(call, "%lld rejected; not asked again until the facts change\n",
		        (long long)json_get_int(answer, "rejected", 0));
	}
	json_decref(answer);
	return status;
}
