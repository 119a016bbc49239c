/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_person_data.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"

static void print_counted(
        struct cli_call *call, const json_t *answer, const char *key, const char *sentence)
{
	long long count = (long long)json_get_int(answer, key, 0);
	if (count > 0) {
		cli_call_print(call, "%lld %s\n", count, sentence);
	}
}

static void print_erased(struct cli_call *call, const json_t *answer)
{
	const char *okta_id = cli_call_text(answer, "okta_id");
	cli_call_print(call,
	        "employee %s is erased: %lld actions, %lld deliveries and what %lld records of the"
	        " audit trail said\n",
	        call->word, (long long)json_get_int(answer, "actions", 0),
	        (long long)json_get_int(answer, "events", 0),
	        (long long)json_get_int(answer, "records", 0));
	if (!str_is_empty(okta_id)) {
		cli_call_print(call,
		        "the Okta account %s is as it was: delete it in Okta if it is to go too\n",
		        okta_id);
	}
	print_counted(call, answer, "named_by_others",
	        "other people's profiles name this person (as a manager, perhaps); that goes"
	        " with their next change");
	print_counted(call, answer, "named_in_settings",
	        "versions of the settings name this person; versions are kept");
	cli_call_print(call,
	        "backups and logs made before still hold what they held; what Bob still has comes"
	        " back with a new hire, or after 30 days\n");
}

int cli_person_erase(struct cli_call *call)
{
	bool is_yes = false;
	const char *although = NULL;
	char question[256];
	const struct cli_flag flags[] = {
	        {"--yes", NULL, &is_yes}, {"--although", &although, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read_id(call, flags, &err)) {
		return cli_call_fail(call, &err);
	}
	str_format_cut(question, sizeof(question),
	        "Erase all that is held about employee %s? It cannot be undone, and the Okta account"
	        " is not touched.%s",
	        call->word,
	        although != NULL ? " The reason you gave stays in the audit trail." : "");
	switch (cli_confirm(call, is_yes, question)) {
	case CLI_ANSWER_YES: break;
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was erased\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: return CLI_USAGE;
	}
	json_t *body = cli_call_body();
	if (although != NULL) {
		json_object_set_new(body, "although", json_string(although));
	}
	const struct cli_request request = {
	        .method = "POST", .employee_id = call->word, .verb = "erase", .body = body};
	return cli_call_show(call, &request, print_erased);
}

static void print_all(struct cli_call *call, const json_t *answer)
{
	(void)cli_call_print_json(call, answer);
}

int cli_person_export(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read_id(call, NULL, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "POST",
	        .employee_id = call->word,
	        .verb = "export",
	        .body = cli_call_body()};
	return cli_call_show(call, &request, print_all);
}
