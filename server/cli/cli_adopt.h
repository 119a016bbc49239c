/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_ADOPT_H
#define SERVER_CLI_CLI_ADOPT_H

/* The parts of `adopt` (docs/adoption.md), each in a file of its own. */

#include "server/cli/cli_call.h"

/* cli_adopt_list.c, cli_adopt_decide.c */
int cli_adopt_list(struct cli_call *call);
int cli_adopt_decide(struct cli_call *call);
/* cli_adopt_csv.c: decisions as a spreadsheet */
int cli_adopt_export(struct cli_call *call);
int cli_adopt_import(struct cli_call *call);

/* A page of the list; query without "after". Borrowed; new reference. */
json_t *cli_adopt_page(
        struct cli_call *call, const char *query, const char *after, struct err *err) MUST_CHECK;
/* What was found in a few words: "employee_number", or why it is doubtful. */
const char *cli_adopt_finding(const json_t *person);

/* cli_adopt_decide.c: sends decisions; NULL with err. mistakes stay in cli_call_refusal. */
json_t *cli_adopt_send(
        struct cli_call *call, const json_t *people, bool is_check, struct err *err) MUST_CHECK;

#endif
