/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/cli/cli_holds.h"

static void print_rejected(struct cli_call *call, const json_t *answer)
{
	long long rejected = (long long)json_get_int(answer, "rejected", 0);
	if (rejected == 0) {
		cli_call_print(call, "nothing of the kind is held\n");
		return;
	}
	cli_call_print(call, "%lld rejected; not asked again until the facts change\n", rejected);
}

int command_reject(struct cli_call *call)
{
	struct cli_holds_whom whom = {0};
	const char *why = NULL;
	const struct cli_flag flags[] = {{"--all", NULL, &whom.is_all},
	        {"--kind", &whom.kind, NULL}, {"--limit", &whom.limit, NULL}, {"--why", &why, NULL},
	        {"--yes", NULL, &whom.is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	int status = CLI_DONE;
	if (!cli_call_read_words(call, flags, CLI_WORDS_MAX, &err) ||
	        !cli_holds_check_whom(call, &whom, &err)) {
		return cli_call_fail(call, &err);
	}
	if (!cli_holds_confirm(call, &whom, "Say no to all of these?", &status)) {
		return status;
	}
	json_t *body = cli_holds_body(call, &whom);
	if (why != NULL) {
		json_object_set_new(body, "why", json_string(why));
	}
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/holds/reject", .body = body};
	return cli_call_show(call, &request, print_rejected);
}
