/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_AUDIT_H
#define SERVER_CLI_CLI_AUDIT_H

/* Parts of `bob2okta audit`. One thread. */

#include "server/cli/cli_call.h"

/* audit verify: asks the server, or reads a copy of its store with --file. */
int cli_audit_verify(struct cli_call *call);
/* A new file that only its owner reads; NULL: it cannot be made, or is there already. */
FILE *cli_audit_create(const char *path, struct err *err) MUST_CHECK;

#endif
