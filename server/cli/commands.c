/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/str.h"

const struct cli_command commands_table[] = {
        {"serve", "[options]", "receive Bob's webhooks and keep Okta in step", NULL},
        {"check", "[--connection NAME] [--json]",
                "are the settings right, and may Bob's and Okta's tokens do what is needed?",
                command_check},
        {"status", "[--json]", "what runs, and how it does", command_status},
        {"plan",
                "[--employee ID [--on DATE]|--all|--next 30d] [--as-of SETTINGS-FILE] |"
                " approve --day DATE --limit LIMIT --employee ID[,ID...]|--all [--yes] |"
                " approvals [--day DATE] | unapprove --day DATE --limit LIMIT --employee ID|--all"
                " [--connection NAME] [--json]",
                "what would be done, now and in the days to come, and why; approve what will pass"
                " a limit",
                command_plan},
        {"sync", "[--employee ID|--all] [--no-wait] [--connection NAME] [--json]",
                "compare with Bob and do what is needed, now", command_sync},
        {"sweep",
                "[--no-wait] [--accept-shorter-list] | show [SWEEP] [--kind KIND] | list"
                " [--connection NAME] [--json]",
                "compare all of Bob with all of Okta, and say what no event announced",
                command_sweep},
        {"people",
                "[--text TEXT] [--state STATE] [--limit N] [--after ID] [--connection NAME]"
                " [--json]",
                "list employees", command_people},
        {"person", "ID [--connection NAME] [--json]",
                "one employee: events, actions, holds, what comes next", command_person},
        {"retry", "ID|--failed [--connection NAME] [--json]", "try again what has failed or waits",
                command_retry},
        {"held", "[--kind KIND] [--connection NAME] [--json]", "list what waits for a human",
                command_held},
        {"release", "ID|--all [--kind KIND] [--connection NAME] [--json]", "let held work be done",
                command_release},
        {"reject", "ID [--kind KIND] [--connection NAME] [--json]", "say no to held work",
                command_reject},
        {"hold", "ID [--why TEXT] [--connection NAME] [--json]",
                "do nothing for an employee until released", command_hold},
        {"close", "ID [--why TEXT] [--no-wait] [--connection NAME] [--json]",
                "close an account now, and hold it closed", command_close},
        {"activation-link", "ID [--connection NAME] [--json]",
                "a one-time link to activate an account without mail", command_activation_link},
        {"adopt",
                "[--rules RULES] [--no-wait] | status | list [--class CLASS] [--text TEXT] |"
                " decide ID|--class CLASS [--rule RULE] link|create|ignore|none"
                " [--okta-user USER] | apply [--yes] | export FILE | import FILE"
                " [--connection NAME] [--json]",
                "who in Bob is who in an Okta org that has users already: find, decide, link",
                command_adopt},
        {"link", "ID OKTA_USER [--although REASON] [--yes] [--connection NAME] [--json]",
                "link an employee to an Okta user, by id or login; shows both first", command_link},
        {"unlink", "ID [--yes] [--connection NAME] [--json]",
                "forget which Okta user an employee has; Okta is not changed", command_unlink},
        {"pause", "[--revocations pass|stop] [--connection NAME] [--json]",
                "stop all writes to Okta, keep receiving", command_pause},
        {"resume", "[--connection NAME] [--json]", "write to Okta again", command_resume},
        {"mapping",
                "fields [TEXT] [--bob|--okta] | suggest | preview --employee ID|--all"
                " [--draft FILE] [--changed-from VERSION] [--connection NAME] [--json]",
                "what could be mapped, and what a mapping does before it is in force",
                command_mapping},
        {"schema", "plan | apply [--yes] [--connection NAME] [--json]",
                "custom attributes the mapping needs and Okta lacks; apply adds them",
                command_schema},
        {"settings",
                "list|show [VERSION] [--document]|diff VERSION [VERSION]|apply FILE [--check]"
                " [--expect VERSION]|rollback VERSION|reload [--note TEXT] [--json]",
                "versions of the settings: see them, change them, go back", command_settings},
        {"send", "FILE [--url URL] [--secret-env NAME] [--connection NAME] [--json]",
                "sign a body as Bob does and post it (FILE - reads standard input)", command_send},
        {"health", "[--ready] [--json]",
                "does the server on this machine answer (--ready: can it store events)?",
                command_health},
        {"version", "[--json]", "what was built", command_version},
        {"help", "[COMMAND]", "this list, or one command", command_help},
        {NULL, NULL, NULL, NULL},
};

const struct cli_command *commands_find(const char *name)
{
	for (const struct cli_command *command = commands_table; command->name != NULL; command++) {
		if (str_equal(command->name, name)) {
			return command;
		}
	}
	return NULL;
}
