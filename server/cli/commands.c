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
                " show [--next] | stop [--next] |"
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
        {"person",
                "ID | export ID | erase ID [--although REASON] [--yes]"
                " [--connection NAME] [--json]",
                "one employee: events, actions, holds, what comes next; export or erase all of it",
                command_person},
        {"retry", "ID|--failed|--event NUMBER [--connection NAME] [--json]",
                "try again what has failed, waits, or could not be read", command_retry},
        {"held", "[--kind KIND] [--limit LIMIT] [--connection NAME] [--json]",
                "list what waits for a human, and what it would change", command_held},
        {"release",
                "ID...|--limit LIMIT|--all [--kind KIND] [--dry-run] [--yes] [--no-wait]"
                " [--connection NAME] [--json]",
                "let held work be done, planned afresh; says what became of it", command_release},
        {"reject",
                "ID...|--limit LIMIT|--all [--kind KIND] [--why TEXT] [--yes] [--connection NAME] [--json]",
                "say no to held work", command_reject},
        {"hold", "ID [--why TEXT] [--connection NAME] [--json]",
                "do nothing for an employee until released", command_hold},
        {"close", "ID [--why TEXT] [--no-wait] [--connection NAME] [--json]",
                "close an account now, and hold it closed", command_close},
        {"undo", "ACTION [--dry-run] [--yes] [--connection NAME] [--json]",
                "take back one action (bob2okta person shows them), and hold the person so",
                command_undo},
        {"activation-link", "ID [--connection NAME] [--json]",
                "a one-time link to activate an account without mail", command_activation_link},
        {"adopt",
                "[--rules RULES] [--no-wait] | status | list [--class CLASS] [--text TEXT] |"
                " decide ID|--class CLASS [--rule RULE] link|create|ignore|none"
                " [--okta-user USER] | apply [--yes] | stop | export FILE | import FILE"
                " [--connection NAME] [--json]",
                "who in Bob is who in an Okta org that has users already: find, decide, link",
                command_adopt},
        {"link", "ID OKTA_USER [--although REASON] [--yes] [--connection NAME] [--json]",
                "link an employee to an Okta user, by id or login; shows both first", command_link},
        {"unlink", "ID [--yes] [--connection NAME] [--json]",
                "forget which Okta user an employee has; Okta is not changed", command_unlink},
        {"alarms", "[--ended] | ack NAME [ID] | test [TARGET] [--connection NAME] [--json]",
                "what needs a human: list it, say that it was seen, try how it is sent",
                command_alarms},
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
        {"audit",
                "[list] [--person ID] [--since WHEN] [--until WHEN] [--kind KIND] [--limit N]"
                " [--before N] | verify [--head N:MAC] [--heads LOGFILE] [--file COPY"
                " --key-file FILE] | export FILE [--since WHEN] [--until WHEN] [--json]",
                "who did what and when; is the trail whole; write it to a file", command_audit},
        {"backup", "FILE [--json]",
                "a copy of the store while the server runs; never over a file that is there",
                command_backup},
        {"secret", "set NAME | list | remove NAME [--before] [--yes] [--connection NAME] [--json]",
                "tokens and webhook secrets in the store: enter (typed, or from standard input),"
                " list, remove",
                command_secret},
        {"key", "status | rotate [--finish [--yes]] [--json]",
                "master keys that protect the secrets in the store; a newer one", command_key},
        {"account",
                "first-code | list | invite NAME --role ROLE | role NAME ROLE | reset NAME [--yes]"
                " | disable NAME | enable NAME | end-sessions NAME | remove NAME [--yes] [--json]",
                "who may come into the console, and as what: viewer, operator or admin",
                command_account},
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
