/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/str.h"
#include "server/settings/nearest.h"

static void print_list(FILE *out)
{
	fprintf(out,
	        "bob2okta keeps a company's Okta directory in step with HiBob.\n\n"
	        "usage: bob2okta COMMAND [arguments] [options]\n\n");
	for (const struct cli_command *command = commands_table; command->name != NULL; command++) {
		fprintf(out, "  %-9s %s\n", command->name, command->help);
	}
	fprintf(out, "\nOptions, for every command (a flag beats the variable):\n\n");
	options_print_help(out);
	fprintf(out,
	        "\nExit status: 0 done, 1 it did not work or is not well, 2 the command line or"
	        " the settings are wrong.\n");
}

static void report_unknown(const char *name, struct err *err)
{
	struct nearest nearest;
	nearest_init(&nearest, name);
	for (const struct cli_command *command = commands_table; command->name != NULL; command++) {
		nearest_offer(&nearest, command->name);
	}
	const char *near = nearest_get(&nearest);
	err_set(err, ERR_USAGE, "there is no command %s%s%s", name,
	        near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

int command_help(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_MAY_HAVE_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	if (call->word == NULL) {
		print_list(call->out);
		return CLI_DONE;
	}
	const struct cli_command *command = commands_find(call->word);
	if (command == NULL) {
		report_unknown(call->word, &err);
		return cli_call_fail(call, &err);
	}
	fprintf(call->out, "%s: %s\n\nusage: bob2okta %s %s\n\nOptions:\n\n", command->name,
	        command->help, command->name, command->arguments);
	options_print_help(call->out);
	return CLI_DONE;
}
