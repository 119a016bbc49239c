/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/cli/cli_holds.h"

static void print_holds(struct cli_call *call, const json_t *answer)
{
	const json_t *holds = json_object_get(answer, "holds");
	int64_t left_out = json_get_int(answer, "left_out", 0);
	cli_holds_print_by_limit(call, holds, json_object_get(answer, "limits"));
	if (json_array_size(holds) == 0) {
		cli_call_print(call, "nothing waits for a human\n");
		return;
	}
	if (left_out > 0) {
		cli_call_print(call,
		        "\n%lld more are held and not shown: --kind and --limit show a part\n",
		        (long long)left_out);
	}
	cli_call_print(call,
	        "%zu held; what a release would do: bob2okta release ID --dry-run; let go with:"
	        " bob2okta release ID, or --limit LIMIT; say no with: bob2okta reject ID\n",
	        json_array_size(holds) + (size_t)left_out);
}

int command_held(struct cli_call *call)
{
	struct cli_holds_whom whom = {0};
	const struct cli_flag flags[] = {
	        {"--kind", &whom.kind, NULL}, {"--limit", &whom.limit, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) ||
	        !cli_holds_check_kind(whom.kind, &err) ||
	        !cli_holds_check_limit(whom.limit, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *answer = cli_holds_ask(call, &whom, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		print_holds(call, answer);
	}
	json_decref(answer);
	return status;
}
