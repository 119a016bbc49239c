/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_HOLDS_H
#define SERVER_CLI_CLI_HOLDS_H

/* What several commands share about holds. */

#include "server/cli/cli_call.h"

/* A table of the API's holds, each line with `indent` blanks in front. */
void cli_holds_print(struct cli_call *call, const json_t *holds, size_t indent);
/* NULL or a word of hold_kind_name; else ERR_USAGE with the words. */
bool cli_holds_check_kind(const char *kind, struct err *err) MUST_CHECK;

#endif
