/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_HOLDS_H
#define SERVER_CLI_CLI_HOLDS_H

/* What several commands share about holds, and about the limits that made some of them. */

#include "server/cli/cli_call.h"

/* A table of the API's holds, each line with `indent` blanks in front. */
void cli_holds_print(struct cli_call *call, const json_t *holds, size_t indent);
/* The same one limit after the other, each with what it comes to; then what no limit holds. */
void cli_holds_print_by_limit(struct cli_call *call, const json_t *holds, const json_t *limits);
/* "5 of 5 in an hour, 6 of 10 in a day; FULL: the next one passes in 42 min". */
void cli_holds_format_limit(char *to, size_t size, const json_t *limit);
/* NULL or a word of hold_kind_name; else ERR_USAGE with the words. */
bool cli_holds_check_kind(const char *kind, struct err *err) MUST_CHECK;
/* NULL or a word of limit_kind_name; else ERR_USAGE with the words. */
bool cli_holds_check_limit(const char *limit, struct err *err) MUST_CHECK;

/* Which holds a human's word is about: some people's, or all of a kind or a limit. */
struct cli_holds_whom {
	bool is_all;
	bool is_yes;
	const char *kind; /* NULL: every kind */
	const char *limit; /* NULL: every limit; with no id: all that it holds */
};
/* After the command line was read; ERR_USAGE. */
bool cli_holds_check_whom(
        struct cli_call *call, struct cli_holds_whom *whom, struct err *err) MUST_CHECK;
/* The body that says whom. */
json_t *cli_holds_body(const struct cli_call *call, const struct cli_holds_whom *whom);
/* Those of the answer of GET holds that are meant; a new array. */
json_t *cli_holds_meant(
        const struct cli_call *call, const struct cli_holds_whom *whom, const json_t *answer);
/* Asks for the holds; NULL with err. */
json_t *cli_holds_ask(
        struct cli_call *call, const struct cli_holds_whom *whom, struct err *err) MUST_CHECK;
/*
 * On a terminal shows whom the word is about, and asks; elsewhere only those that were named by
 * their ids are decided without --yes. True: go on; else *status is the exit status.
 */
bool cli_holds_confirm(struct cli_call *call, const struct cli_holds_whom *whom,
        const char *question, int *status) MUST_CHECK;

#endif
