/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/cli/cli_wait.h"

static bool check_arguments(struct cli_call *call, bool is_failed, struct err *err)
{
	if (is_failed == (call->word != NULL)) {
		err_set(err, ERR_USAGE, "give either an employee's id or --failed");
		return false;
	}
	return is_failed || cli_call_check_id(call->word, err);
}

static json_t *ask(struct cli_call *call, struct err *err)
{
	json_t *body = cli_call_body();
	if (call->word == NULL) {
		json_object_set_new(body, "failed", json_true());
	}
	const struct cli_request request = {.method = "POST",
	        .path = "/api/v1/retry",
	        .employee_id = call->word,
	        .verb = "retry",
	        .body = body};
	return cli_call_ask(call, &request, err);
}

int command_retry(struct cli_call *call)
{
	bool is_failed = false;
	const struct cli_flag flags[] = {{"--failed", NULL, &is_failed}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_MAY_HAVE_WORD, &err) ||
	        !check_arguments(call, is_failed, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *answer = ask(call, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->word != NULL) {
		status = cli_wait_for_run(call, call->word, json_get_int(answer, "generation", 0));
	} else if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		cli_call_print(call, "%lld people are tried again\n",
		        (long long)json_get_int(answer, "marked", 0));
	}
	json_decref(answer);
	return status;
}
