/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_SECRET_H
#define SERVER_CLI_CLI_SECRET_H

/* Reading a secret from a human or a pipe; never from the command line, which all can see. */

#include "server/base/sensitive.h"
#include "server/cli/cli_call.h"

/*
 * Asks on the terminal without echo, or reads standard input to its end; one line break at the end
 * does not count. At most max_bytes. False with an error that says what to do.
 */
bool cli_secret_read(struct cli_call *call, const char *prompt, size_t max_bytes,
        struct secret *secret, struct err *err) MUST_CHECK;

#endif
