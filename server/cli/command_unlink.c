/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/str.h"
#include "server/cli/cli_confirm.h"

static void print_unlinked(struct cli_call *call, const json_t *answer)
{
	cli_call_print(call,
	        "%s is not linked to %s any more, and Okta was not changed; held until: bob2okta link"
	        " %s OKTA_USER, or bob2okta release %s\n",
	        call->word, cli_call_text(answer, "okta_id"), call->word, call->word);
}

int command_unlink(struct cli_call *call)
{
	bool is_yes = false;
	char question[120];
	const struct cli_flag flags[] = {{"--yes", NULL, &is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read_id(call, flags, &err)) {
		return cli_call_fail(call, &err);
	}
	str_format_cut(question, sizeof(question),
	        "Forget whose account employee %s has? Okta is not changed by it.", call->word);
	switch (cli_confirm(call, is_yes, question)) {
	case CLI_ANSWER_YES: break;
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was unlinked\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: return CLI_USAGE;
	}
	const struct cli_request request = {.method = "POST",
	        .employee_id = call->word,
	        .verb = "unlink",
	        .body = cli_call_body()};
	return cli_call_show(call, &request, print_unlinked);
}
