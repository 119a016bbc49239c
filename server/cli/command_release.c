/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_holds.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_wait.h"

#include <poll.h>
#include <string.h>

#define RELEASE_PATH "/api/v1/holds/release"
#define PLANNED_MAX  50 /* people whom --dry-run plans afresh */

static const char *const result_headings[] = {"ID", "NAME", "LIMIT", "RESULT", "WHY", NULL};

/* ------------------------------------------------------------------ outcome */

/* "done" needs no line of its own. */
static void print_others(struct cli_call *call, const json_t *people)
{
	struct cli_table *table = cli_table_create(result_headings);
	for (size_t i = 0; i < json_array_size(people); i++) {
		const json_t *one = json_array_get(people, i);
		const char *limit = cli_call_text(one, "limit");
		const char *cells[] = {cli_call_text(one, "employee_id"),
		        cli_call_text(one, "display_name"),
		        str_equal(limit, "none") ? cli_call_text(one, "kind") : limit,
		        cli_call_text(one, "state"), cli_call_text(one, "sentence")};
		if (!str_equal(cli_call_text(one, "state"), "done")) {
			cli_table_add(table, cells);
		}
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
}

/* "3 released: 2 done, 1 skipped". */
static void print_outcome(struct cli_call *call, const json_t *answer)
{
	const char *word = NULL;
	json_t *count = NULL;
	char text[200] = "";
	json_object_foreach(json_object_get(answer, "by_state"), word, count)
	{
		size_t len = strlen(text);
		if (json_integer_value(count) > 0) {
			str_format_cut(text + len, sizeof(text) - len, "%s%lld %s",
			        len > 0 ? ", " : "", (long long)json_integer_value(count), word);
		}
	}
	cli_call_print(
	        call, "%lld released: %s\n", (long long)json_get_int(answer, "released", 0), text);
	print_others(call, json_object_get(answer, "people"));
}

static int64_t waiting_of(const json_t *answer)
{
	return json_get_int(json_object_get(answer, "by_state"), "waiting", 0);
}

static json_t *look(struct cli_call *call, int64_t release_id, struct err *err)
{
	char path[64];
	str_format_cut(path, sizeof(path), "/api/v1/holds/releases/%lld", (long long)release_id);
	const struct cli_request request = {.method = "GET", .path = path};
	return cli_call_ask(call, &request, err);
}

/* Until all were planned afresh, or it takes too long; NULL with err. */
static json_t *wait_for_all(struct cli_call *call, int64_t release_id, struct err *err)
{
	int64_t deadline_ms = clock_mono_ms() + CLI_WAIT_MAX_MS;
	for (;;) {
		json_t *answer = look(call, release_id, err);
		if (answer == NULL || waiting_of(answer) == 0 || clock_mono_ms() >= deadline_ms) {
			return answer;
		}
		json_decref(answer);
		/* There is nothing to wait on across processes but time. */
		(void)poll(NULL, 0, CLI_WAIT_PAUSE_MS);
	}
}

/* Released and planned afresh; none failed, and none is asked about once more. */
static bool is_well(const json_t *answer)
{
	const json_t *counts = json_object_get(answer, "by_state");
	return json_get_int(counts, "failed", 0) + json_get_int(counts, "held", 0) +
	        json_get_int(counts, "waiting", 0) ==
	        0;
}

static int report(struct cli_call *call, const json_t *released)
{
	struct err err = ERR_INIT;
	json_t *answer = wait_for_all(call, json_get_int(released, "release_id", 0), &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = is_well(answer) ? CLI_DONE : CLI_FAILED;
	if (call->is_json) {
		(void)cli_call_print_json(call, answer);
	} else {
		if (json_get_int(released, "released", 0) == 0) {
			cli_call_print(call, "released before, by %s; what became of it:\n",
			        cli_call_text(answer, "by"));
		}
		print_outcome(call, answer);
	}
	json_decref(answer);
	return status;
}

/* ------------------------------------------------------------------ release */

static int release(struct cli_call *call, const struct cli_holds_whom *whom, bool is_waited_for)
{
	struct err err = ERR_INIT;
	const struct cli_request request = {
	        .method = "POST", .path = RELEASE_PATH, .body = cli_holds_body(call, whom)};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	bool is_any = json_get_int(answer, "released", 0) > 0;
	if (is_waited_for && json_get_int(answer, "release_id", 0) > 0) {
		status = report(call, answer);
	} else if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else if (!is_any) {
		cli_call_print(call, "nothing of the kind is held\n");
	} else {
		cli_call_print(call, "%lld released; those people are planned afresh\n",
		        (long long)json_get_int(answer, "released", 0));
	}
	json_decref(answer);
	return status;
}

/* ------------------------------------------------------------------ dry run */

/* Does a fresh plan still want what the hold keeps back? */
static bool wants(const json_t *plan, const json_t *hold)
{
	const json_t *actions = json_object_get(plan, "actions");
	const char *limit = cli_call_text(hold, "limit");
	for (size_t i = 0; i < json_array_size(actions); i++) {
		const json_t *action = json_array_get(actions, i);
		if (str_equal(limit, "none") || str_equal(limit, cli_call_text(action, "limit"))) {
			return true;
		}
	}
	return false;
}

/* Membership changes are not part of a person's plan. */
static const char *judge(const json_t *plan, const json_t *hold)
{
	if (str_equal(cli_call_text(hold, "limit"), "leave_group")) {
		return "would be looked at";
	}
	return wants(plan, hold) ? "would be done" : "would be skipped";
}

static bool plan_one(
        struct cli_call *call, const json_t *hold, struct cli_table *table, struct err *err)
{
	const struct cli_request request = {.method = "POST",
	        .employee_id = cli_call_text(hold, "employee_id"),
	        .verb = "plan",
	        .body = json_object()};
	json_t *plan = cli_call_ask(call, &request, err);
	if (plan == NULL) {
		return false;
	}
	const char *limit = cli_call_text(hold, "limit");
	const char *cells[] = {cli_call_text(hold, "employee_id"),
	        cli_call_text(hold, "display_name"),
	        str_equal(limit, "none") ? cli_call_text(hold, "kind") : limit, judge(plan, hold),
	        cli_call_text(plan, "sentence")};
	cli_table_add(table, cells);
	json_decref(plan);
	return true;
}

static int plan_all(struct cli_call *call, const json_t *meant)
{
	struct err err = ERR_INIT;
	struct cli_table *table = cli_table_create(result_headings);
	bool is_good = true;
	for (size_t i = 0; i < json_array_size(meant) && i < PLANNED_MAX && is_good; i++) {
		is_good = plan_one(call, json_array_get(meant, i), table, &err);
	}
	if (is_good) {
		cli_table_print(table, 0, call->out);
		cli_call_print(
		        call, "%zu would be released; nothing was\n", json_array_size(meant));
	}
	if (is_good && json_array_size(meant) > PLANNED_MAX) {
		cli_call_print(call, "only the first %d were planned afresh\n", PLANNED_MAX);
	}
	cli_table_destroy(table);
	return is_good ? CLI_DONE : cli_call_fail(call, &err);
}

static int show_only(struct cli_call *call, const struct cli_holds_whom *whom)
{
	struct err err = ERR_INIT;
	json_t *answer = cli_holds_ask(call, whom, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	json_t *meant = cli_holds_meant(call, whom, answer);
	int status = CLI_DONE;
	if (call->is_json) {
		json_object_set(answer, "holds", meant);
		status = cli_call_print_json(call, answer);
	} else if (json_array_size(meant) == 0) {
		cli_call_print(call, "nothing of the kind is held\n");
	} else {
		cli_holds_print_by_limit(call, meant, json_object_get(answer, "limits"));
		status = plan_all(call, meant);
	}
	json_decref(meant);
	json_decref(answer);
	return status;
}

int command_release(struct cli_call *call)
{
	struct cli_holds_whom whom = {0};
	bool is_dry = false;
	bool is_left = false;
	const struct cli_flag flags[] = {{"--all", NULL, &whom.is_all},
	        {"--kind", &whom.kind, NULL}, {"--limit", &whom.limit, NULL},
	        {"--yes", NULL, &whom.is_yes}, {"--dry-run", NULL, &is_dry},
	        {"--no-wait", NULL, &is_left}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	int status = CLI_DONE;
	if (!cli_call_read_words(call, flags, CLI_WORDS_MAX, &err) ||
	        !cli_holds_check_whom(call, &whom, &err)) {
		return cli_call_fail(call, &err);
	}
	if (is_dry) {
		return show_only(call, &whom);
	}
	if (!cli_holds_confirm(call, &whom, "Let all of these go?", &status)) {
		return status;
	}
	return release(call, &whom, !is_left);
}
