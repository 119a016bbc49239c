/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_wait.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <poll.h>

static bool is_over(const json_t *employee, int64_t generation)
{
	const char *state = cli_call_text(employee, "state");
	return json_get_int(employee, "claimed_generation", 0) >= generation &&
	        !str_equal(state, "dirty") && !str_equal(state, "working");
}

static int report(struct cli_call *call, const json_t *person)
{
	const json_t *employee = json_object_get(person, "employee");
	bool is_good = json_get_bool(employee, "is_last_run_good", false);
	const char *error = cli_call_text(employee, "last_error");
	if (call->is_json) {
		(void)cli_call_print_json(call, person);
		return is_good ? CLI_DONE : CLI_FAILED;
	}
	cli_call_print(call, "%s %s: %s\n", cli_call_text(employee, "employee_id"),
	        cli_call_text(employee, "display_name"), cli_call_text(employee, "last_sentence"));
	if (!is_good && !str_is_empty(error)) {
		cli_call_print(call, "%s\n", error);
	}
	if (!str_is_empty(cli_call_text(person, "next_step"))) {
		cli_call_print(call, "%s\n", cli_call_text(person, "next_step"));
	}
	return is_good ? CLI_DONE : CLI_FAILED;
}

int cli_wait_for_run(struct cli_call *call, const char *employee_id, int64_t generation)
{
	const struct cli_request request = {.method = "GET", .employee_id = employee_id};
	int64_t deadline_ms = clock_mono_ms() + CLI_WAIT_MAX_MS;
	for (;;) {
		struct err err = ERR_INIT;
		json_t *person = cli_call_ask(call, &request, &err);
		if (person == NULL) {
			return cli_call_fail(call, &err);
		}
		if (is_over(json_object_get(person, "employee"), generation)) {
			int status = report(call, person);
			json_decref(person);
			return status;
		}
		json_decref(person);
		if (clock_mono_ms() >= deadline_ms) {
			err_set(&err, ERR_TIMEOUT,
			        "not done yet, and going on; see: bob2okta person %s", employee_id);
			return cli_call_fail(call, &err);
		}
		/* There is nothing to wait on across processes but time. */
		(void)poll(NULL, 0, CLI_WAIT_PAUSE_MS);
	}
}
