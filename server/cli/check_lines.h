/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CHECK_LINES_H
#define SERVER_CLI_CHECK_LINES_H

/* What `check` found, printed as it is found, or gathered as JSON. Private to server/cli. */

#include "server/check/check.h"
#include "server/cli/cli_call.h"

struct check_lines {
	struct check_report report; /* the parts of the check write into it */
	struct cli_call *call; /* borrowed */
	json_t *gathered; /* array, for --json; owned */
};

/* lines must stay where it is: its report points to it. */
void check_lines_init(struct check_lines *lines, struct cli_call *call);
void check_lines_finish(struct check_lines *lines);
/* Which connection the lines are of that come. */
void check_lines_head(struct check_lines *lines, const struct connection_settings *connection);
/* The last line, or the JSON; returns the exit status. */
int check_lines_close(struct check_lines *lines);

#endif
