/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/cli/cli_wait.h"

static int report_all(struct cli_call *call, const json_t *answer)
{
	if (call->is_json) {
		return cli_call_print_json(call, answer);
	}
	cli_call_print(call, "%lld people are being compared; follow it with: bob2okta status\n",
	        (long long)json_get_int(answer, "marked", 0));
	return CLI_DONE;
}

static int report_one(struct cli_call *call, const char *employee_id, const json_t *answer)
{
	if (call->is_json) {
		return cli_call_print_json(call, answer);
	}
	cli_call_print(call, "employee %s is being compared; follow it with: bob2okta person %s\n",
	        employee_id, employee_id);
	return CLI_DONE;
}

int command_sync(struct cli_call *call)
{
	const char *employee = NULL;
	bool is_unwaited = false;
	bool is_all = false;
	const struct cli_flag flags[] = {{"--employee", &employee, NULL}, {"--all", NULL, &is_all},
	        {"--no-wait", NULL, &is_unwaited}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) ||
	        !cli_call_check_whom(employee, is_all, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "POST",
	        .path = "/api/v1/sync",
	        .employee_id = employee,
	        .verb = "sync",
	        .body = cli_call_body()};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (employee == NULL) {
		status = report_all(call, answer);
	} else if (is_unwaited) {
		status = report_one(call, employee, answer);
	} else {
		status = cli_wait_for_run(call, employee, json_get_int(answer, "generation", 0));
	}
	json_decref(answer);
	return status;
}
