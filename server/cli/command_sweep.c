/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_sub.h"
#include "server/cli/cli_table.h"
#include "server/cli/cli_text.h"

#include <poll.h>

#define SWEEPS_PATH    "/api/v1/sweeps"
#define PATH_BYTES     64
#define WAIT_PAUSE_MS  300
#define WAIT_MAX_MS    (6LL * 60 * 60 * 1000)
#define NUMBER_BYTES   24
#define FINDINGS_SHOWN "500"

/* ------------------------------------------------------------------- output */

static void number(char to[NUMBER_BYTES], const json_t *object, const char *key)
{
	str_format_cut(to, NUMBER_BYTES, "%lld", (long long)json_get_int(object, key, 0));
}

static void print_found(struct cli_call *call, const json_t *counts)
{
	const char *kind = NULL;
	json_t *count = NULL;

	json_object_foreach(json_object_get(counts, "found"), kind, count)
	{
		if (json_integer_value(count) > 0) {
			cli_call_print(
			        call, "  %-12s %lld\n", kind, (long long)json_integer_value(count));
		}
	}
}

static void print_sweep(struct cli_call *call, const json_t *sweep)
{
	char when[CLI_TEXT_TIME_BYTES];

	cli_text_time(when, json_get_int(sweep, "started_at_ms", 0));
	cli_call_print(call, "sweep %lld (%s), %s, begun %s\n",
	        (long long)json_get_int(sweep, "sweep_id", 0), cli_call_text(sweep, "cause"),
	        cli_call_text(sweep, "state"), when);
	if (!str_is_empty(cli_call_text(sweep, "sentence"))) {
		cli_call_print(call, "%s\n", cli_call_text(sweep, "sentence"));
	}
	print_found(call, json_object_get(sweep, "counts"));
}

static void print_findings(struct cli_call *call, const json_t *findings)
{
	static const char *const HEADINGS[] = {
	        "KIND", "EMPLOYEE", "NAME", "OKTA USER", "LOGIN", "DETAIL", NULL};
	struct cli_table *table = cli_table_create(HEADINGS);

	for (size_t i = 0; i < json_array_size(findings); i++) {
		const json_t *finding = json_array_get(findings, i);
		const char *cells[] = {cli_call_text(finding, "kind"),
		        cli_call_text(finding, "employee_id"),
		        cli_call_text(finding, "display_name"), cli_call_text(finding, "okta_id"),
		        cli_call_text(finding, "login"), cli_call_text(finding, "detail")};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
}

static void print_one(struct cli_call *call, const json_t *answer)
{
	print_sweep(call, json_object_get(answer, "sweep"));
	print_findings(call, json_object_get(answer, "findings"));
	if (json_is_integer(json_object_get(answer, "next_after"))) {
		cli_call_print(call,
		        "there are more; --kind shows one kind, --json and the API"
		        " page through all\n");
	}
}

static void print_list(struct cli_call *call, const json_t *answer)
{
	static const char *const HEADINGS[] = {
	        "SWEEP", "CAUSE", "STATE", "BEGUN", "BOB CALLS", "OKTA CALLS", "SENTENCE", NULL};
	const json_t *sweeps = json_object_get(answer, "sweeps");
	struct cli_table *table = cli_table_create(HEADINGS);

	for (size_t i = 0; i < json_array_size(sweeps); i++) {
		const json_t *sweep = json_array_get(sweeps, i);
		char id[NUMBER_BYTES];
		char bob[NUMBER_BYTES];
		char okta[NUMBER_BYTES];
		char when[CLI_TEXT_TIME_BYTES];
		number(id, sweep, "sweep_id");
		number(bob, sweep, "bob_calls");
		number(okta, sweep, "okta_calls");
		cli_text_time(when, json_get_int(sweep, "started_at_ms", 0));
		const char *cells[] = {id, cli_call_text(sweep, "cause"),
		        cli_call_text(sweep, "state"), when, bob, okta,
		        cli_call_text(sweep, "sentence")};
		cli_table_add(table, cells);
	}
	cli_table_print(table, 0, call->out);
	cli_table_destroy(table);
	if (json_array_size(sweeps) == 0) {
		cli_call_print(call, "there was no sweep yet; begin one with: bob2okta sweep\n");
	}
}

/* --------------------------------------------------------------------- list */

static int list(struct cli_call *call)
{
	const struct cli_flag flags[] = {{NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	const struct cli_request request = {.method = "GET", .path = SWEEPS_PATH};
	return cli_call_show(call, &request, print_list);
}

/* --------------------------------------------------------------------- show */

/* The newest one's number; 0 with err. */
static int64_t newest(struct cli_call *call, struct err *err)
{
	const struct cli_request request = {
	        .method = "GET", .path = SWEEPS_PATH, .query = "limit=1"};
	json_t *answer = cli_call_ask(call, &request, err);
	const json_t *sweep = json_array_get(json_object_get(answer, "sweeps"), 0);
	int64_t id = json_get_int(sweep, "sweep_id", 0);
	if (answer != NULL && id == 0) {
		err_set(err, ERR_NOT_FOUND,
		        "there was no sweep yet; begin one with: bob2okta sweep");
	}
	json_decref(answer);
	return id;
}

static int64_t which(struct cli_call *call, struct err *err)
{
	int64_t id = 0;
	if (call->word == NULL) {
		return newest(call, err);
	}
	if (!str_to_int64(call->word, &id) || id < 1) {
		err_set(err, ERR_USAGE, "%s is no number of a sweep; see: bob2okta sweep list",
		        call->word);
		return 0;
	}
	return id;
}

static int show(struct cli_call *call)
{
	const char *kind = NULL;
	const struct cli_flag flags[] = {{"--kind", &kind, NULL}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	char path[PATH_BYTES];
	char query[PATH_BYTES];
	if (!cli_call_read(call, flags, CLI_MAY_HAVE_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	int64_t id = which(call, &err);
	if (id == 0 || (kind != NULL && !str_is_word(kind, 20, "_"))) {
		err_set(&err, ERR_USAGE,
		        "that is no kind of finding; they are listed in docs/http.md");
		return cli_call_fail(call, &err);
	}
	str_format_cut(path, sizeof(path), SWEEPS_PATH "/%lld", (long long)id);
	str_format_cut(query, sizeof(query), "limit=" FINDINGS_SHOWN "%s%s",
	        kind != NULL ? "&kind=" : "", kind != NULL ? kind : "");
	const struct cli_request request = {.method = "GET", .path = path, .query = query};
	return cli_call_show(call, &request, print_one);
}

/* ---------------------------------------------------------------------- run */

static bool is_over(const json_t *sweep)
{
	const char *state = cli_call_text(sweep, "state");
	return str_equal(state, "done") || str_equal(state, "fault");
}

static int report(struct cli_call *call, const json_t *answer)
{
	const json_t *sweep = json_object_get(answer, "sweep");
	bool is_good = str_equal(cli_call_text(sweep, "state"), "done");
	if (call->is_json) {
		(void)cli_call_print_json(call, answer);
	} else {
		print_one(call, answer);
	}
	return is_good ? CLI_DONE : CLI_FAILED;
}

static int wait_for(struct cli_call *call, int64_t id)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MAX_MS;
	char path[PATH_BYTES];
	str_format_cut(path, sizeof(path), SWEEPS_PATH "/%lld", (long long)id);
	const struct cli_request request = {.method = "GET", .path = path};
	for (;;) {
		struct err err = ERR_INIT;
		json_t *answer = cli_call_ask(call, &request, &err);
		if (answer == NULL) {
			return cli_call_fail(call, &err);
		}
		if (is_over(json_object_get(answer, "sweep"))) {
			int status = report(call, answer);
			json_decref(answer);
			return status;
		}
		json_decref(answer);
		if (clock_mono_ms() >= deadline_ms) {
			err_set(&err, ERR_TIMEOUT,
			        "not done yet, and going on; see: bob2okta sweep show %lld",
			        (long long)id);
			return cli_call_fail(call, &err);
		}
		/* There is nothing to wait on across processes but time. */
		(void)poll(NULL, 0, WAIT_PAUSE_MS);
	}
}

static int run(struct cli_call *call)
{
	bool is_unwaited = false;
	bool accepts = false;
	const struct cli_flag flags[] = {{"--no-wait", NULL, &is_unwaited},
	        {"--accept-shorter-list", NULL, &accepts}, {NULL, NULL, NULL}};
	struct err err = ERR_INIT;
	if (!cli_call_read(call, flags, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *body = cli_call_body();
	json_object_set_new(body, "accept_shorter_list", json_boolean(accepts));
	const struct cli_request request = {
	        .method = "POST", .path = "/api/v1/sweep", .body = body};
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int64_t id = json_get_int(answer, "sweep_id", 0);
	int status = CLI_DONE;
	if (!is_unwaited) {
		status = wait_for(call, id);
	} else if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		cli_call_print(call,
		        "sweep %lld is asked for; follow it with: bob2okta sweep show %lld\n",
		        (long long)id, (long long)id);
	}
	json_decref(answer);
	return status;
}

int command_sweep(struct cli_call *call)
{
	static const struct cli_sub SUBS[] = {{"show", show}, {"list", list}, {NULL, NULL}};
	bool has_sub = call->argc > 0 && call->argv[0][0] != '-';
	return has_sub ? cli_sub_run(call, SUBS) : run(call);
}
