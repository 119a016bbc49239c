/* SPDX-License-Identifier: MIT */
#include "server/cli/commands.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_holds.h"
#include "server/cli/cli_text.h"
#include "server/cli/cli_trouble.h"

#include <string.h>

static void print_counts(struct cli_call *call, const char *label, const json_t *counts)
{
	char text[400];
	cli_trouble_format_counts(text, sizeof(text), counts);
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

/* After a restore all are full: those that hold nobody are one line. */
static void print_restored_limits(struct cli_call *call, const json_t *limits)
{
	char text[200] = "";
	for (size_t i = 0; i < json_array_size(limits); i++) {
		const json_t *limit = json_array_get(limits, i);
		size_t len = strlen(text);
		if (json_get_bool(limit, "is_restored", false) &&
		        json_get_int(limit, "held", 0) == 0) {
			str_format_cut(text + len, sizeof(text) - len, "%s%s", len > 0 ? ", " : "",
			        cli_call_text(limit, "limit"));
		}
	}
	if (text[0] != '\0') {
		cli_call_print(call, "  %-9s %s: FULL, since the store was put back; 0 held\n",
		        "limit", text);
	}
}

/* Those that keep somebody back, or would the next one. */
static void print_limits(struct cli_call *call, const json_t *limits)
{
	print_restored_limits(call, limits);
	for (size_t i = 0; i < json_array_size(limits); i++) {
		const json_t *limit = json_array_get(limits, i);
		int64_t held = json_get_int(limit, "held", 0);
		bool is_full = json_get_bool(limit, "is_full", false) &&
		        !json_get_bool(limit, "is_restored", false);
		char text[200];
		if (held == 0 && !is_full) {
			continue;
		}
		cli_holds_format_limit(text, sizeof(text), limit);
		cli_call_print(call, "  %-9s %s: %s; %lld held\n", "limit",
		        cli_call_text(limit, "limit"), text, (long long)held);
	}
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

/* When each of the webhook's secrets was used last, and how long it is accepted. */
static void print_secrets(struct cli_call *call, const json_t *connection)
{
	const json_t *uses = json_object_get(connection, "webhook_secret_used_at_ms");
	const json_t *ends = json_object_get(connection, "webhook_secret_expires_at_ms");
	if (json_get_int(connection, "webhook_secrets", 1) == 0) {
		cli_call_print(call, "  webhook   no secret is configured: deliveries get 503\n");
	}
	for (size_t i = 0; i < json_array_size(uses); i++) {
		char used[CLI_TEXT_TIME_BYTES];
		char end[CLI_TEXT_TIME_BYTES];
		int64_t used_ms = json_integer_value(json_array_get(uses, i));
		int64_t end_ms = json_integer_value(json_array_get(ends, i));
		cli_text_time(used, used_ms);
		cli_text_time(end, end_ms);
		cli_call_print(call, "  %-9s secret %zu: %s%s%s%s\n", i == 0 ? "webhook" : "",
		        i + 1, used_ms != 0 ? "last used " : "not used yet",
		        used_ms != 0 ? used : "", end_ms != 0 ? ", accepted until " : "",
		        end_ms != 0 ? end : "");
	}
}

static const char *drain_condition(const char *waits_for)
{
	if (str_equal(waits_for, "resume")) {
		return "once resumed (bob2okta resume), ";
	}
	if (str_equal(waits_for, "okta")) {
		return "once Okta works again, ";
	}
	return str_equal(waits_for, "bob") ? "once Bob works again, " : "";
}

static int64_t count_waiting(const json_t *waiting)
{
	const char *lane = NULL;
	json_t *count = NULL;
	int64_t sum = 0;
	json_object_foreach((json_t *)(uintptr_t)waiting, lane, count)
	{
		sum += json_integer_value(count);
	}
	return sum;
}

/* When those who wait will be done. */
static void print_drain(struct cli_call *call, const json_t *connection)
{
	const json_t *drain = json_object_get(connection, "drain");
	const char *condition = drain_condition(cli_call_text(drain, "waits_for"));
	int64_t done_at_ms = json_get_int(drain, "done_at_ms", 0);
	char span[40];
	char at[CLI_TEXT_TIME_BYTES];
	int64_t unread = json_get_int(json_object_get(connection, "events"), "received", 0);
	if (count_waiting(json_object_get(connection, "waiting")) + unread == 0) {
		return;
	}
	if (unread > 0) {
		cli_call_print(call, "  %-9s %lld deliveries are not read yet\n", "unread",
		        (long long)unread);
	}
	if (!json_is_integer(json_object_get(drain, "seconds"))) {
		cli_call_print(call, "  %-9s %show long is unknown yet: nothing was measured\n",
		        "done", condition);
		return;
	}
	cli_text_span(span, json_get_int(drain, "seconds", 0) * 1000);
	cli_text_time(at, done_at_ms);
	cli_call_print(call, "  %-9s %sin about %s%s%s\n", "done", condition, span,
	        done_at_ms != 0 ? ", at " : "", done_at_ms != 0 ? at : "");
}

static void print_aside(struct cli_call *call, const json_t *events)
{
	for (size_t i = 0; i < json_array_size(events); i++) {
		long long id = (long long)json_integer_value(json_array_get(events, i));
		cli_call_print(call,
		        "  %-9s event %lld: the process ended on it; once more with: bob2okta retry"
		        " --event %lld\n",
		        "SET ASIDE", id, id);
	}
}

/* The overview of that connection; NULL: a server of before it, or none any more. */
static json_t *ask_overview(struct cli_call *call, const char *connection)
{
	struct err ignored = ERR_INIT;
	const char *asked_for = call->connection;
	const struct cli_request request = {.method = "GET", .path = "/api/v1/overview"};
	call->connection = connection;
	json_t *overview = cli_call_ask(call, &request, &ignored);
	call->connection = asked_for;
	return overview;
}

/* How long events waited for their answer, in the last 24 hours. */
static void print_answers(struct cli_call *call, const char *connection)
{
	json_t *overview = ask_overview(call, connection);
	const json_t *times = json_object_get(overview, "event_to_okta");
	const json_t *writes = json_object_get(json_object_get(times, "hours"), "writes");
	int64_t count = json_get_int(writes, "count", 0);
	char half[CLI_TEXT_TIME_BYTES];
	char most[CLI_TEXT_TIME_BYTES];
	if (count > 0) {
		cli_text_span(half, json_get_int(writes, "p50_ms", 0));
		cli_text_span(most, json_get_int(writes, "p95_ms", 0));
		cli_call_print(call,
		        "  %-9s event to Okta in the last 24 hours: half within %s, 95 of 100"
		        " within %s (%lld)\n",
		        "speed", half, most, (long long)count);
	}
	json_decref(overview);
}

static void print_connection(struct cli_call *call, const json_t *connection)
{
	char since[CLI_TEXT_TIME_BYTES];
	int64_t oldest = json_get_int(connection, "oldest_dirty_ms", 0);
	const char *mode = cli_call_text(connection, "mode");
	cli_text_time(since, oldest);
	cli_call_print(call, "\nconnection %s, mode %s%s\n", cli_call_text(connection, "name"),
	        mode, str_equal(mode, "dry_run") ? ": nothing is written to Okta" : "");
	print_side(call, "bob", json_object_get(connection, "bob"));
	print_side(call, "okta", json_object_get(connection, "okta"));
	print_pause(call, json_object_get(connection, "pause"));
	print_counts(call, "people", json_object_get(connection, "employees"));
	print_counts(call, "to do", json_object_get(connection, "waiting"));
	if (oldest != 0) {
		cli_call_print(call, "  %-9s waits since %s\n", "oldest", since);
	}
	print_drain(call, connection);
	print_answers(call, cli_call_text(connection, "name"));
	print_counts(call, "held", json_object_get(connection, "holds"));
	print_limits(call, json_object_get(connection, "limits"));
	print_counts(call, "events", json_object_get(connection, "events"));
	print_aside(call, json_object_get(connection, "events_aside"));
	cli_call_print(call, "  %-9s %lld active\n", "managed",
	        (long long)json_get_int(connection, "managed_active", 0));
	if (json_get_int(connection, "row_problems", 0) > 0) {
		cli_call_print(call, "  %-9s people with mapping rows that do not work: %lld\n",
		        "rows", (long long)json_get_int(connection, "row_problems", 0));
	}
	print_groups(call, json_object_get(connection, "groups"));
	print_sweeps(call, json_object_get(connection, "sweep"));
	print_secrets(call, connection);
}

/* Whether there is one to show: the server tells of all connections. */
static bool check_connection(const struct cli_call *call, const json_t *status, struct err *err)
{
	const json_t *connections = json_object_get(status, "connections");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		if (cli_trouble_is_asked_for(call, json_array_get(connections, i))) {
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

/* For as long as it matters to limits and to whoever wonders what is held. */
static void print_restored(struct cli_call *call, const json_t *restored)
{
	char made[CLI_TEXT_TIME_BYTES];
	char started[CLI_TEXT_TIME_BYTES];
	if (json_is_object(restored)) {
		int64_t made_at_ms = json_get_int(restored, "backup_at_ms", 0);
		cli_text_time(made, made_at_ms);
		cli_text_time(started, json_get_int(restored, "started_at_ms", 0));
		cli_call_print(call,
		        "restored from %s%s, first started %s: everybody is compared anew, what"
		        " was approved is to be approved again\n",
		        made_at_ms != 0 ? "a backup of " : "an older copy",
		        made_at_ms != 0 ? made : "", started);
	}
}

static void print_kept(struct cli_call *call, const json_t *status)
{
	const json_t *audit = json_object_get(status, "audit");
	const json_t *retention = json_object_get(status, "retention");
	const char *broken = cli_call_text(audit, "broken");
	const char *error = cli_call_text(retention, "error");
	char verified[CLI_TEXT_TIME_BYTES];
	char emptied[CLI_TEXT_TIME_BYTES];
	cli_text_time(verified, json_get_int(audit, "verified_at_ms", 0));
	cli_text_time(emptied, json_get_int(retention, "at_ms", 0));
	if (broken[0] != '\0') {
		cli_call_print(call, "audit trail BROKEN: %s; see bob2okta audit verify\n", broken);
	} else {
		cli_call_print(call, "audit trail whole when last verified, %s\n", verified);
	}
	cli_call_print(call, "retention last ran %s%s%s\n", emptied,
	        error[0] != '\0' ? ", FAILED since: " : "", error);
}

static void print_status(struct cli_call *call, const json_t *status)
{
	const json_t *store = json_object_get(status, "store");
	char started[CLI_TEXT_TIME_BYTES];
	cli_text_time(started, json_get_int(status, "started_at_ms", 0));
	cli_trouble_print(call, status);
	cli_call_print(call, "bob2okta %s (%s), up since %s\n", cli_call_text(status, "version"),
	        cli_call_text(status, "commit"), started);
	print_settings(call, json_object_get(status, "settings"));
	if (json_get_bool(store, "is_writable", false)) {
		cli_call_print(call, "store ok\n");
	} else {
		cli_call_print(call, "store NOT WRITABLE: %s\n", cli_call_text(store, "sentence"));
	}
	print_restored(call, json_object_get(store, "restored"));
	print_kept(call, status);
	const json_t *connections = json_object_get(status, "connections");
	for (size_t i = 0; i < json_array_size(connections); i++) {
		if (cli_trouble_is_asked_for(call, json_array_get(connections, i))) {
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
