/* SPDX-License-Identifier: MIT */
/* Master keys: which there are, and a newer one while the server runs. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_confirm.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_text.h"
#include "server/cli/commands.h"

#define KEYS_PATH "/api/v1/keys"
#define FINISH_QUESTION                                                                     \
	"Take the older master keys out of the key file? Backups that were made before the" \
	" rotation do not open without them."

static void show_status(struct cli_call *call, const json_t *answer)
{
	const json_t *versions = json_object_get(answer, "versions");
	char when[CLI_TEXT_TIME_BYTES];
	int64_t oldest = json_get_int(answer, "sealed_under_oldest", 0);
	cli_text_time(when, json_get_int(answer, "sealed_at_ms", 0));
	cli_call_print(call, "key file: %s\nversions:", cli_call_text(answer, "key_file"));
	for (size_t i = 0; i < json_array_size(versions); i++) {
		cli_call_print(
		        call, " %lld", (long long)json_integer_value(json_array_get(versions, i)));
	}
	cli_call_print(call, "\nthe store needs version %lld, since %s\n", (long long)oldest, when);
	if (json_array_size(versions) > 1) {
		cli_call_print(call,
		        "older versions open backups from before the rotation; when none of those"
		        " is wanted any more: bob2okta key rotate --finish\n");
	}
}

static int run_status(struct cli_call *call)
{
	struct err err = ERR_INIT;
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "GET", .path = KEYS_PATH};
	return cli_call_show(call, &request, show_status);
}

static int run_rotate(struct cli_call *call)
{
	bool is_finish = false;
	bool is_yes = false;
	const struct cli_flag flags[] = {
	        {"--finish", NULL, &is_finish}, {"--yes", NULL, &is_yes}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	switch (cli_confirm(call, is_yes || !is_finish, FINISH_QUESTION)) {
	case CLI_ANSWER_YES: break;
	case CLI_ANSWER_NO: cli_call_print(call, "nothing was removed\n"); return CLI_DONE;
	case CLI_ANSWER_NOBODY: return CLI_USAGE;
	}
	json_t *body = cli_call_body();
	if (is_finish) {
		json_object_set_new(body, "finish", json_true());
	}
	const struct cli_request request = {
	        .method = "POST", .path = KEYS_PATH "/rotate", .body = body};
	return cli_call_show(call, &request, show_status);
}

int command_key(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {
	        {"status", run_status}, {"rotate", run_rotate}, {NULL, NULL}};
	return cli_sub_run(call, SUBS);
}
