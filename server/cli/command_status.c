/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_text.h"

#include <string.h>

/* "120 idle, 2 dirty" of an object of counts, without the zeros; "none" if all are zero. */
static void format_counts(char *to, size_t size, const json_t *counts)
{
	const char *word = NULL;
	json_t *count = NULL;
	size_t len = 0;
	str_format_cut(to, size, "none");
	json_object_foreach((json_t *)(uintptr_t)counts, word, count)
	{
		if (json_integer_value(count) != 0) {
			str_format_cut(to + len, size - len, "%s%lld %s", len > 0 ? ", " : "",
			        (long long)json_integer_value(count), word);
			len += strlen(to + len);
		}
	}
}

static void print_counts(struct cli_call *call, const char *label, const json_t *counts)
{
	char text[400];
	format_counts(text, sizeof(text), counts);
	cli_call_print(call, "  %-9s %s\n", label, text);
}

static void print_side(struct cli_call *call, const char *label, const json_t *side)
{
	const char *state = cli_call_text(side, "state");
	char since[CLI_TEXT_TIME_BYTES];
	cli_text_time(since, json_get_int(side, "since_ms", 0));
	if (str_equal(state, "parked")) {
		cli_call_print(call, "  %-9s parked since %s: %s\n", label, since,
		        cli_call_text(side, "sentence"));
	} else {
		cli_call_print(call, "  %-9s %s\n", label,
		        str_equal(state, "unknown") ? "not asked yet" : state);
	}
}

static void print_pause(struct cli_call *call, const json_t *pause)
{
	if (!json_is_object(pause)) {
		return;
	}
	char since[CLI_TEXT_TIME_BYTES];
	cli_text_time(since, json_get_int(pause, "since_ms", 0));
	cli_call_print(call, "  paused    since %s by %s; revocations %s\n", since,
	        cli_call_text(pause, "by"),
	        json_get_bool(pause, "revocations", false) ? "pass" : "wait too");
}

static void print_group(struct cli_call *call, const json_t *row)
{
	const char *state = cli_call_text(row, "state");
	bool is_used = str_equal(state, "ok");
	cli_call_print(call, "  %-9s %s: %s%s, %lld given\n", "group", cli_call_text(row, "group"),
	        is_used ? "ok" : "not used: ", is_used ? "" : cli_call_text(row, "reason"),
	        (long long)json_get_int(row, "given", 0));
}

static void print_guard(struct cli_call *call, const json_t *guard)
{
	const char *reason = cli_call_text(guard, "reason");
	if (!json_is_object(guard)) {
		return;
	}
	cli_call_print(call, "  protected group %s: %lld members%s%s\n",
	        cli_call_text(guard, "group"), (long long)json_get_int(guard, "members", 0),
	        reason[0] == '\0'                                 ? ""
	                : json_get_bool(guard, "is_known", false) ? ", as known before: "
	                                                          : ", NOTHING IS WRITTEN: ",
	        reason);
}

static void print_groups(struct cli_call *call, const json_t *groups)
{
	const json_t *rows = json_object_get(groups, "rows");
	const json_t *left = json_object_get(groups, "without_row");
	print_guard(call, json_object_get(groups, "protected"));
	for (size_t i = 0; i < json_array_size(rows); i++) {
		print_group(call, json_array_get(rows, i));
	}
	for (size_t i = 0; i < json_array_size(left); i++) {
		const json_t *one = json_array_get(left, i);
		cli_call_print(call,
		        "  %-9s %s: has no row any more, %lld memberships stay as given\n", "group",
		        cli_call_text(one, "group_id"), (long long)json_get_int(one, "given", 0));
	}
	if (json_array_size(rows) > 0 && cli_call_text(groups, "rules")[0] != '\0') {
		cli_call_print(call, "  %-9s %s\n", "groups", cli_call_text(groups, "rules"));
	}
}

static void print_sweeps(struct cli_call *call, const json_t *sweeps)
{
	const json_t *running = json_object_get(sweeps, "running");
	const json_t *good = json_object_get(sweeps, "last_good");
	int64_t next_ms = json_get_int(sweeps, "next_at_ms", 0);
	char last[CLI_TEXT_TIME_BYTES];
	char next[CLI_TEXT_TIME_BYTES];
	cli_text_time(last, json_get_int(good, "ended_at_ms", 0));
	cli_text_time(next, next_ms);
	cli_call_print(call, "  %-9s %s%s, next %s\n", "sweep", json_is_object(good) ? "last " : "",
	        json_is_object(good) ? last : "none yet", next_ms != 0 ? next : "when asked for");
	if (json_is_object(running)) {
		cli_call_print(call, "  %-9s runs: %s, %lld of %lld\n", "",
		        cli_call_text(running, "phase"),
		        (long long)json_get_int(running, "done", 0),
		        (long long)json_get_int(running, "total", 0));
	}
	if (json_get_bool(sweeps, "is_fault", false)) {
		cli_call_print(call, "  %-9s SOURCE FAULT, nobody was marked: %s\n", "",
		        cli_call_text(json_object_get(sweeps, "last_fault"), "sentence"));
	}
	if (json_get_bool(sweeps, "is_bob_silent", false)) {
		cli_text_time(last, json_get_int(sweeps, "last_delivery_at_ms", 0));
		cli_call_print(call, "  %-9s Bob has sent nothing since %s, longer than usual\n",
		        "", last);
	}
}

static void print_connection(struct cli_call *call, const json_t *connection)
{
	char since[CLI_TEXT_TIME_BYTES];
	int64_t oldest = json_get_int(connection, "oldest_dirty_ms", 0);
	cli_text_time(since, oldest);
	cli_call_print(call, "\nconnection %s, mode %s\n", cli_call_text(connection, "name"),
	        cli_call_text(connection, "mode"));
	print_side(call, "bob", json_object_get(connection, "bob"));
	print_side(call, "okta", json_object_get(connection, "okta"));
	print_pause(call, json_object_get(connection, "pause"));
	print_counts(call, "people", json_object_get(connection, "employees"));
	print_counts(call, "to do", json_object_get(connection, "lanes"));
	print_counts(call, "held", json_object_get(connection, "holds"));
	print_counts(call, "events", json_object_get(connection, "events"));
	cli_call_print(call, "  %-9s %lld active\n", "managed",
	        (long long)json_get_int(connection, "managed_active", 0));
	if (json_get_int(connection, "row_problems", 0) > 0) {
		cli_call_print(call, "  %-9s people with mapping rows that do not work: %lld\n",
		        "rows", (long long)json_get_int(connection, "row_problems", 0));
	}
	print_groups(call, json_object_get(connection, "groups"));
	if (oldest != 0) {
		cli_call_print(call, "  %-9s since %s\n", "oldest", since);
	}
	print_sweeps(call, json_object_get(connection, "sweep"));
	if (json_get_int(connection, "webhook_secrets", 1) == 0) {
		cli_call_print(call, "  webhook   no secret is configured: deliveries get 503\n");
	}
}

static bool is_asked_for(const struct cli_call *call, const json_t *connection)
{
	return call->connection == NULL ||
	        str_equal(call->connection, cli_call_text(connection, "name"));
}

/* Whether there is one to show: the server tells of all connections. */
static bool check_connection(const struct cli_call *call, const json_t *status, struct err *err)
{
	const json_t *connections = json_object_get(status, "connections");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		if (is_asked_for(call, json_array_get(connections, i))) {
			return true;
		}
	}
	err_set(err, ERR_NOT_FOUND, "there is no connection of that name in the settings");
	return false;
}

static void print_settings(struct cli_call *call, const json_t *settings)
{
	const json_t *refused = json_object_get(settings, "refused");
	char since[CLI_TEXT_TIME_BYTES];
	cli_text_time(since, json_get_int(settings, "at_ms", 0));
	cli_call_print(call, "settings version %lld (%s), %s of %s by %s\n",
	        (long long)json_get_int(settings, "version", 0), cli_call_text(settings, "hash"),
	        cli_call_text(settings, "source"), since, cli_call_text(settings, "author"));
	if (json_is_object(refused)) {
		cli_text_time(since, json_get_int(refused, "at_ms", 0));
		cli_call_print(call, "settings REFUSED at %s, the version above goes on: %s\n",
		        since, cli_call_text(refused, "sentence"));
	}
}

static void print_status(struct cli_call *call, const json_t *status)
{
	const json_t *store = json_object_get(status, "store");
	char started[CLI_TEXT_TIME_BYTES];
	cli_text_time(started, json_get_int(status, "started_at_ms", 0));
	cli_call_print(call, "bob2okta %s (%s), up since %s\n", cli_call_text(status, "version"),
	        cli_call_text(status, "commit"), started);
	print_settings(call, json_object_get(status, "settings"));
	if (json_get_bool(store, "is_writable", false)) {
		cli_call_print(call, "store ok\n");
	} else {
		cli_call_print(call, "store NOT WRITABLE: %s\n", cli_call_text(store, "sentence"));
	}
	const json_t *connections = json_object_get(status, "connections");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		if (is_asked_for(call, json_array_get(connections, i))) {
			print_connection(call, json_array_get(connections, i));
		}
	}
}

int command_status(struct cli_call *call)
{
	struct err err = ERR_INIT;
	const struct cli_request request = {.method = "GET", .path = "/api/v1/status"};
	if (!cli_call_read(call, NULL, CLI_NO_WORD, &err)) {
		return cli_call_fail(call, &err);
	}
	json_t *answer = cli_call_ask(call, &request, &err);
	if (answer == NULL) {
		return cli_call_fail(call, &err);
	}
	int status = CLI_DONE;
	if (call->connection != NULL && !check_connection(call, answer, &err)) {
		status = cli_call_fail(call, &err);
	} else if (call->is_json) {
		status = cli_call_print_json(call, answer);
	} else {
		print_status(call, answer);
	}
	json_decref(answer);
	return status;
}
