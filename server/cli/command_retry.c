/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_wait.h"

/* What is tried again: one of the three. */
struct choice {
	const char *event; /* NULL: none */
	bool is_failed;
};

static bool check_arguments(struct cli_call *call, const struct choice *choice, struct err *err)
{
	int64_t number = 0;
	int given = (call->word != NULL ? 1 : 0) + (choice->event != NULL ? 1 : 0) +
	        (choice->is_failed ? 1 : 0);
	if (given != 1) {
		err_set(err, ERR_USAGE, "give one of: an employee's id, --failed, --event NUMBER");
		return false;
	}
	if (choice->event != NULL && (!str_to_int64(choice->event, &number) || number <= 0)) {
		err_set(err, ERR_USAGE,
		        "--event takes the number of an event, as bob2okta status shows it");
		return false;
	}
	return call->word == NULL || cli_call_check_id(call->word, err);
}

static json_t *ask(struct cli_call *call, const struct choice *choice, struct err *err)
{
	json_t *body = cli_call_body();
	int64_t number = 0;
	if (choice->is_failed) {
		json_object_set_new(body, "failed", json_true());
	} else if (choice->event != NULL && str_to_int64(choice->event, &number)) {
		json_object_set_new(body, "event_id", json_integer((json_int_t)number));
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
	struct choice choice = {0};
	const struct cli_flag flags[] = {{"--failed", NULL, &choice.is_failed},
	        {"--event", &choice.event, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_MAY_HAVE_WORD, &err) ||
	        !check_arguments(call, &choice, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *answer = ask(call, &choice, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->word != NULL) {
		status = cli_wait_for_run(call, call->word, json_get_int(answer, "generation", 0));
	} else if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else if (choice.event != NULL) {
		cli_call_print(call, "event %s is read once more\n", choice.event);
	} else {
		cli_call_print(call, "%lld people are tried again\n",
		        (long long)json_get_int(answer, "marked", 0));
	}
	json_decref(answer);
	return status;
}
