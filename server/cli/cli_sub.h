/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_SUB_H
#define SERVER_CLI_CLI_SUB_H

/* Commands of two words: "schema plan". */

#include "server/cli/cli_call.h"

struct cli_sub {
	const char *name; /* NULL ends a table */
	int (*run)(struct cli_call *call); /* with the second word taken out of the arguments */
};

/* Runs the one that the first argument names; complains with a suggestion about any other. */
int cli_sub_run(struct cli_call *call, const struct cli_sub *table);

#endif
