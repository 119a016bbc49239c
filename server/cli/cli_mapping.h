/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_CLI_MAPPING_H
#define SERVER_CLI_CLI_MAPPING_H

/* `mapping preview`, which is large enough for a file of its own. */

#include "server/cli/cli_call.h"

int cli_mapping_preview(struct cli_call *call);

#endif
