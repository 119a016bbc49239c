/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_PERSON_DATA_H
#define SERVER_CLI_CLI_PERSON_DATA_H

/* `bob2okta person erase ID` and `person export ID`. One thread. */

#include "server/cli/cli_call.h"

/* Asks on a terminal unless --yes is given. */
int cli_person_erase(struct cli_call *call);
/* Prints JSON, with and without --json. */
int cli_person_export(struct cli_call *call);

#endif
