/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SERVE_H
#define SERVER_SERVE_H

/*
 * `bob2okta serve`: starts the parts in order, waits for a signal on the main
 * thread (D13), stops them in reverse, each step time-bounded.
 */

#include "server/settings/options.h"

/* The whole stop takes at most this long (issue of the operator's patience: supervisors send KILL
 * after 10 s). */
#define SERVE_STOP_MS 9000

/* Blocks until told to stop. Returns the exit status. */
int serve_run(const struct options *options);

#endif
