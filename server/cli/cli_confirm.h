/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_CONFIRM_H
#define SERVER_CLI_CLI_CONFIRM_H

/* Asking the human before something is done. */

#include "server/cli/cli_call.h"

enum cli_answer {
	CLI_ANSWER_YES,
	CLI_ANSWER_NO,
	CLI_ANSWER_NOBODY, /* no terminal: complained that --yes is needed */
};

/* Shows the question and reads "yes". is_yes: --yes was given, and nobody is asked. */
enum cli_answer cli_confirm(struct cli_call *call, bool is_yes, const char *question);

#endif
