/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_H
#define SERVER_CLI_CLI_H

/*
 * The commands beside `serve`. Every command but check, send, version and help
 * asks the running server through its admin API (docs/http.md, engine rule
 * 22). The caller has started crypto and transport. One thread.
 */

#include "server/settings/options.h"

#include <stdio.h>

/* Exit statuses of the program. */
enum cli_status {
	CLI_DONE = 0,
	CLI_FAILED = 1, /* what was asked for did not work, or is not well */
	CLI_USAGE = 2, /* the command line or the settings are wrong; nothing was tried */
};

/*
 * Runs the command argv[1] with its arguments (flags of the options table are out of argv
 * already); none: help. Prints to stdout, complaints to stderr. Returns the exit status.
 */
int cli_run(const struct options *options, int argc, char **argv);
/* The same with other streams. */
int cli_run_to(const struct options *options, int argc, char **argv, FILE *out, FILE *errors);

#endif
