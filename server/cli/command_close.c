/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/cli/cli_wait.h"

int command_close(struct cli_call *call)
{
	const char *why = NULL;
	bool is_unwaited = false;
	const struct cli_flag flags[] = {
	        {"--why", &why, NULL}, {"--no-wait", NULL, &is_unwaited}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read_id(call, flags, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	if (why != NULL) {
		json_object_set_new(body, "why", json_string(why));
	}
	const struct cli_request request = {
	        .method = "POST", .employee_id = call->word, .verb = "close", .body = body};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (!is_unwaited) {
		status = cli_wait_for_run(call, call->word, json_get_int(answer, "generation", 0));
	} else if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		cli_call_print(call, "the account of %s is being closed\n", call->word);
	}
	json_decref(answer);
	return status;
}
