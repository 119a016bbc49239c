/* SPDX-License-Identifier: MIT */
#ifndef SERVER_CLI_COMMANDS_H
#define SERVER_CLI_COMMANDS_H

/*
 * The table of commands, and their functions: one file each, command_NAME.c.
 * A command returns the program's exit status.
 */

#include "server/cli/cli_call.h"

struct cli_command {
	const char *name;
	const char *arguments; /* as usage shows them */
	const char *help; /* one line */
	int (*run)(struct cli_call *call); /* NULL: serve, which main runs */
};

/* Ends with a NULL name. */
extern const struct cli_command commands_table[];
/* NULL when there is none of that name. */
const struct cli_command *commands_find(const char *name);

int command_account(struct cli_call *call);
int command_adopt(struct cli_call *call);
int command_audit(struct cli_call *call);
int command_backup(struct cli_call *call);
int command_check(struct cli_call *call);
int command_alarms(struct cli_call *call);
int command_activation_link(struct cli_call *call);
int command_close(struct cli_call *call);
int command_health(struct cli_call *call);
int command_held(struct cli_call *call);
int command_help(struct cli_call *call);
int command_hold(struct cli_call *call);
int command_key(struct cli_call *call);
int command_link(struct cli_call *call);
int command_mapping(struct cli_call *call);
int command_pause(struct cli_call *call);
int command_people(struct cli_call *call);
int command_person(struct cli_call *call);
int command_plan(struct cli_call *call);
int command_reject(struct cli_call *call);
int command_release(struct cli_call *call);
int command_resume(struct cli_call *call);
int command_retry(struct cli_call *call);
int command_schema(struct cli_call *call);
int command_secret(struct cli_call *call);
int command_send(struct cli_call *call);
int command_settings(struct cli_call *call);
int command_status(struct cli_call *call);
int command_sync(struct cli_call *call);
int command_sweep(struct cli_call *call);
int command_undo(struct cli_call *call);
int command_unlink(struct cli_call *call);
int command_version(struct cli_call *call);

#endif
