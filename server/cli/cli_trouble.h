/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_TROUBLE_H
#define SERVER_CLI_CLI_TROUBLE_H

/*
 * The first lines of `status`: all is well, or what is not, one line each with
 * the command that goes on from there. The details stand below them. Pure but
 * for the printing.
 */

#include "server/cli/cli_call.h"

/* Of the whole status; of its connections only the one that was asked for, if one was. */
void cli_trouble_print(struct cli_call *call, const json_t *status);
/* "120 idle, 2 dirty" of an object of counts, without the zeros; "none" if all are zero. */
void cli_trouble_format_counts(char *to, size_t size, const json_t *counts);
bool cli_trouble_is_asked_for(const struct cli_call *call, const json_t *connection);

#endif
