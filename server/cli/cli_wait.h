/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_WAIT_H
#define SERVER_CLI_CLI_WAIT_H

/* Following one employee's run from outside, for the commands that start one. */

#include "server/cli/cli_call.h"

#include <stdint.h>

#define CLI_WAIT_MAX_MS   90000 /* a Bob search, a few Okta calls, and their limits */
#define CLI_WAIT_PAUSE_MS 150

/*
 * Waits until the run of that generation is over, prints what it came to (or the person's JSON),
 * and returns the exit status: CLI_FAILED when it did not end well, or in time.
 */
int cli_wait_for_run(struct cli_call *call, const char *employee_id, int64_t generation);

#endif
