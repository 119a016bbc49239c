/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_HOLDS_H
#define SERVER_CLI_CLI_HOLDS_H

/* What several commands share about holds. */

#include "server/cli/cli_call.h"

/* A table of the API's holds, each line with `indent` blanks in front. */
void cli_holds_print(struct cli_call *call, const json_t *holds, size_t indent);
/* NULL or a word of hold_kind_name; else ERR_USAGE with the words. */
bool cli_holds_check_kind(const char *kind, struct err *err) MUST_CHECK;

/* A human's word on holds: where it is posted, the answer's count, and what it means. */
struct cli_holds_word {
	const char *path;
	const char *count; /* key of the answer */
	const char *meaning; /* after the count: "released; ..." */
	const char *kind; /* NULL: every kind */
};
/* Posts it (body is taken) and prints the answer; returns the exit status. */
int cli_holds_decide(struct cli_call *call, const struct cli_holds_word *word, json_t *body);

#endif
