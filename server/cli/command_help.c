/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/attr.h"
#include "server/base/str.h"
#include "server/settings/nearest.h"

/* In the order in which a newcomer asks for them; a test names a command that is left out. */
static const struct {
	const char *heading;
	const char *names[10];
} groups[] = {
        {"Start", {"serve", "check", "adopt", "health", "version", "help"}},
        {"Look", {"status", "people", "person", "plan", "held", "alarms", "audit"}},
        {"Decide",
                {"release", "reject", "hold", "close", "undo", "link", "unlink", "activation-link",
                        "pause", "resume"}},
        {"Do again", {"sync", "sweep", "retry", "send"}},
        {"Set up", {"settings", "mapping", "schema", "secret", "key", "account", "backup"}},
};

static void print_commands(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++) {
		fprintf(out, "%s%s\n", i > 0 ? "\n" : "", groups[i].heading);
		for (size_t j = 0; j < ARRAY_SIZE(groups[i].names); j++) {
			const struct cli_command *command = groups[i].names[j] != NULL
			        ? commands_find(groups[i].names[j])
			        : NULL;
			if (command != NULL) {
				fprintf(out, "  %-16s %s\n", command->name, command->help);
			}
		}
	}
}

/* What means the same wherever a command has it. */
static void print_common(FILE *out)
{
	fputs("  --connection NAME   which connection; default unless given\n"
	      "  --json              the answer as JSON\n"
	      "  --yes               do not ask; needed where there is no terminal to ask on\n"
	      "  --dry-run           only show what would be done\n"
	      "  --no-wait           do not wait for what becomes of it\n",
	        out);
}

static void print_list(FILE *out)
{
	fprintf(out,
	        "bob2okta keeps a company's Okta directory in step with HiBob.\n\n"
	        "usage: bob2okta COMMAND [arguments] [options]\n\n");
	print_commands(out);
	fprintf(out,
	        "\nFlags that several commands have (bob2okta help COMMAND shows a command's own):"
	        "\n\n");
	print_common(out);
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
	fprintf(call->out,
	        "%s: %s\n\nusage: bob2okta %s %s\n\nFlags that mean the same in every"
	        " command that has them:\n\n",
	        command->name, command->help, command->name, command->arguments);
	print_common(call->out);
	fputs("\nOptions, for every command (a flag beats the variable):\n\n", call->out);
	options_print_help(call->out);
	return CLI_DONE;
}
