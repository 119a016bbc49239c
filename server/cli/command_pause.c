/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/str.h"

#include <string.h>
#include <unistd.h>

/* M4: whether revocations pass is asked, never assumed. "" when no answer came. */
static void ask_human(struct cli_call *call, char *to, size_t size)
{
	fprintf(call->errors,
	        "Shall immediate revocations still be carried out while paused?"
	        " [pass/stop] ");
	fflush(call->errors);
	to[0] = '\0';
	if (fgets(to, (int)size, stdin) != NULL) {
		to[strcspn(to, "\r\n")] = '\0';
	}
}

static bool read_choice(struct cli_call *call, const char *given, bool *is_passing, struct err *err)
{
	char answer[32] = "";
	if (given == NULL && isatty(STDIN_FILENO) == 1) {
		ask_human(call, answer, sizeof(answer));
		given = answer;
	}
	*is_passing = str_equal_fold(given, "pass");
	if (!*is_passing && !str_equal_fold(given, "stop")) {
		err_set(err, ERR_USAGE,
		        "say --revocations pass or --revocations stop: do immediate revocations"
		        " pass while paused?");
		return false;
	}
	return true;
}

static void print_passing(struct cli_call *call, const json_t *answer)
{
	(void)answer;
	cli_call_print(call,
	        "paused: nothing is written to Okta but revocations; go on with: bob2okta resume\n");
}

static void print_stopped(struct cli_call *call, const json_t *answer)
{
	(void)answer;
	cli_call_print(call,
	        "paused: nothing is written to Okta, revocations included; go on with: bob2okta"
	        " resume\n");
}

int command_pause(struct cli_call *call)
{
	const char *given = NULL;
	bool is_passing = false;
	const struct cli_flag flags[] = {{"--revocations", &given, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) ||
	        !read_choice(call, given, &is_passing, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "revocations", json_boolean(is_passing));
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/pause", .body = body};
	return cli_call_show(call, &request, is_passing ? print_passing : print_stopped);
}
