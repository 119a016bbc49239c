/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/str.h"
#include "server/cli/cli_holds.h"

static void print_holds(struct cli_call *call, const json_t *answer)
{
	const json_t *holds = json_object_get(answer, "holds");
	cli_holds_print(call, holds, 0);
	if (json_array_size(holds) == 0) {
		cli_call_print(call, "nothing waits for a human\n");
	} else {
		cli_call_print(call,
		        "\n%zu held; let one go with: bob2okta release ID, or say no"
		        " with: bob2okta reject ID\n",
		        json_array_size(holds));
	}
}

int command_held(struct cli_call *call)
{
	const char *kind = NULL;
	const struct cli_flag flags[] = {{"--kind", &kind, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	char query[64] = "";
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) || !cli_holds_check_kind(kind, &err)) {
		return cli_call_fail(call, &err);
	}
	if (kind != NULL) {
		str_format_cut(query, sizeof(query), "kind=%s", kind);
	}
	const struct cli_request request = {
	        .method = "GET", .path = "/api/v1/holds", .query = query};
	return cli_call_show(call, &request, print_holds);
}
