/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_page.h"
#include "server/cli/cli_text.h"
#include "server/store/record.h"

#include <string.h>

#define LIMIT_MAX       500
#define QUERY_MAX_BYTES 2048

static const char *const headings[] = {
        "ID", "NAME", "LOGIN", "STATE", "OKTA", "RUN", "RULE", "LAST", NULL};

/* "waiting", or "held: limit, match" where a human is waited for. */
static void format_state(char *to, size_t size, const json_t *employee)
{
	const json_t *holds = json_object_get(employee, "holds");
	if (json_array_size(holds) == 0) {
		str_format_cut(to, size, "%s", cli_call_text(employee, "state"));
		return;
	}
	str_format_cut(to, size, "held:");
	for (size_t i = 0; i < json_array_size(holds); i++) {
		const char *kind = json_string_value(json_array_get(holds, i));
		size_t len = strlen(to);
		str_format_cut(
		        to + len, size - len, "%s %s", i > 0 ? "," : "", kind != NULL ? kind : "");
	}
}

static void add_row(struct cli_table *table, const json_t *employee)
{
	char state[100];
	char run[CLI_TEXT_TIME_BYTES];
	format_state(state, sizeof(state), employee);
	cli_text_time(run, json_get_int(employee, "last_run_at_ms", 0));
	const char *error = cli_call_text(employee, "last_error");
	const char *cells[] = {cli_call_text(employee, "employee_id"),
	        cli_call_text(employee, "display_name"), cli_call_text(employee, "login"), state,
	        cli_call_text(employee, "present_status"), run,
	        cli_call_text(employee, "last_rule"),
	        str_is_empty(error) ? cli_call_text(employee, "last_sentence") : error};
	cli_table_add(table, cells);
}

static void print_people(struct cli_call *call, const json_t *answer)
{
	cli_page_print_people(call, answer, headings, add_row);
}

static bool check_arguments(
        const char *state, const char *after, const char *limit, struct err *err)
{
	int64_t number = 0;
	if (state != NULL && !str_equal(state, "held") &&
	        employee_state_parse(state) == EMPLOYEE_STATE_COUNT) {
		err_set(err, ERR_USAGE,
		        "--state is idle, dirty, working, waiting, failed, parked or held");
	} else if (limit != NULL &&
	        (!str_to_int64(limit, &number) || number < 1 || number > LIMIT_MAX)) {
		err_set(err, ERR_USAGE, "--limit is a number from 1 to %d", LIMIT_MAX);
	} else {
		return after == NULL || cli_call_check_id(after, err);
	}
	return false;
}

int command_people(struct cli_call *call)
{
	const char *text = NULL;
	const char *state = NULL;
	const char *after = NULL;
	const char *limit = NULL;
	const struct cli_flag flags[] = {{"--text", &text, NULL}, {"--state", &state, NULL},
	        {"--after", &after, NULL}, {"--limit", &limit, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err) ||
	        !check_arguments(state, after, limit, &err)) {
		return cli_call_fail(call, &err);
	}
	struct buf query;
	buf_init(&query, QUERY_MAX_BYTES);
	cli_page_add_argument(&query, "text", text);
	cli_page_add_argument(&query, "state", state);
	cli_page_add_argument(&query, "after", after);
	cli_page_add_argument(&query, "limit", limit);
	const struct cli_request request = {
	        .method = "GET", .path = "/api/v1/people", .query = buf_text(&query)};
	int status = cli_call_show(call, &request, print_people);
	buf_finish(&query);
	return status;
}
