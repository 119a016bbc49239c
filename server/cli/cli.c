/* SPDX-License-Identifier: MIT */
#include "server/cli/cli.h"

#include "server/base/str.h"
#include "server/cli/admin_client.h"
#include "server/cli/cli_text.h"
#include "server/cli/commands.h"
#include "server/settings/nearest.h"

/* Habits from other programs. */
static const char *usual_name(const char *name)
{
	if (str_equal(name, "--help") || str_equal(name, "-h")) {
		return "help";
	}
	return str_equal(name, "--version") || str_equal(name, "-V") ? "version" : name;
}

static int report_unknown(const char *name, FILE *errors)
{
	struct nearest nearest;
	nearest_init(&nearest, name);
	for (const struct cli_command *command = commands_table; command->name != NULL; command++) {
		nearest_offer(&nearest, command->name);
	}
	/* "bob2okta --lisen x" is a misspelt option, not a command. */
	for (size_t i = 0; options_flag(i) != NULL; i++) {
		nearest_offer(&nearest, options_flag(i));
	}
	char shown[64];
	cli_text_clean(shown, sizeof(shown), name);
	const char *near = nearest_get(&nearest);
	if (near != NULL) {
		fprintf(errors, "bob2okta: there is no %s; did you mean %s?\n", shown, near);
	} else {
		fprintf(errors, "bob2okta: there is no %s; see bob2okta help\n", shown);
	}
	return CLI_USAGE;
}

static bool asks_for_help(const struct cli_call *call)
{
	for (int i = 0; i < call->argc; i++) {
		if (str_equal(call->argv[i], "--help") || str_equal(call->argv[i], "-h")) {
			return true;
		}
	}
	return false;
}

int cli_run_to(const struct options *options, int argc, char **argv, FILE *out, FILE *errors)
{
	const char *name = argc > 1 ? usual_name(argv[1]) : "help";
	const struct cli_command *command = commands_find(name);
	if (command == NULL) {
		return report_unknown(name, errors);
	}
	struct cli_call call = {.options = options,
	        .command = command,
	        .argc = argc > 2 ? argc - 2 : 0,
	        .argv = argc > 2 ? argv + 2 : argv,
	        .out = out,
	        .errors = errors};
	if (asks_for_help(&call) && !str_equal(name, "help")) {
		call.argc = 1;
		call.argv = argv + 1;
		command = commands_find("help");
	}
	if (command->run == NULL) {
		fprintf(errors, "bob2okta: serve runs on its own, not through cli_run\n");
		return CLI_USAGE;
	}
	int status = command->run(&call);
	admin_client_close(call.client);
	fflush(out);
	return status;
}

int cli_run(const struct options *options, int argc, char **argv)
{
	return cli_run_to(options, argc, argv, stdout, stderr);
}
