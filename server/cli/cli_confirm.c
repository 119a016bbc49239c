/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_confirm.h"

#include "server/base/str.h"

#include <unistd.h>

enum cli_answer cli_confirm(struct cli_call *call, bool is_yes, const char *question)
{
	char answer[16] = "";
	if (is_yes) {
		return CLI_ANSWER_YES;
	}
	if (isatty(STDIN_FILENO) != 1) {
		struct err err = ERR_INIT;
		err_set(&err, ERR_USAGE,
		        "nobody is here to be asked: there is no terminal; --yes does it without a"
		        " question");
		(void)cli_call_fail(call, &err);
		return CLI_ANSWER_NOBODY;
	}
	fprintf(call->errors, "%s [yes/no] ", question);
	fflush(call->errors);
	bool is_confirmed = fgets(answer, sizeof(answer), stdin) != NULL &&
	        (str_starts_with(answer, "yes\n") || str_starts_with(answer, "y\n"));
	return is_confirmed ? CLI_ANSWER_YES : CLI_ANSWER_NO;
}
