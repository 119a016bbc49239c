/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_trouble.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/cli/cli_text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct troubles {
	struct cli_call *call;
	size_t count;
};

/* One line; the first one has the heading before it. */
PRINTF(2, 3)
static void add(struct troubles *troubles, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0) {
		return;
	}
	cli_call_print(
	        troubles->call, "%s  - %s\n", troubles->count == 0 ? "NOT WELL:\n" : "", text);
	troubles->count++;
	free(text);
}

void cli_trouble_format_counts(char *to, size_t size, const json_t *counts)
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

bool cli_trouble_is_asked_for(const struct cli_call *call, const json_t *connection)
{
	return call->connection == NULL ||
	        str_equal(call->connection, cli_call_text(connection, "name"));
}

/* ------------------------------------------------------------------ process */

static void look_at_store(struct troubles *troubles, const json_t *status)
{
	const json_t *store = json_object_get(status, "store");
	if (!json_get_bool(store, "is_writable", false)) {
		add(troubles, "the store cannot be written, webhooks are refused: %s",
		        cli_call_text(store, "sentence"));
	}
	if (!str_is_empty(cli_call_text(json_object_get(status, "audit"), "broken"))) {
		add(troubles, "the audit trail is broken: bob2okta audit verify");
	}
	if (!str_is_empty(cli_call_text(json_object_get(status, "retention"), "error"))) {
		add(troubles, "what is kept no longer could not be emptied, see below");
	}
	if (json_is_object(json_object_get(json_object_get(status, "settings"), "refused"))) {
		add(troubles, "new settings were refused, see below; the ones before go on");
	}
	if (json_is_object(json_object_get(store, "restored"))) {
		add(troubles, "the store was put back from a copy, see below: bob2okta held");
	}
}

static void look_at_alarms(struct troubles *troubles, const json_t *alarms)
{
	const json_t *targets = json_object_get(alarms, "targets");
	long long open = (long long)json_get_int(alarms, "open", 0);
	char names[400];
	if (open > 0) {
		cli_trouble_format_counts(names, sizeof(names), json_object_get(alarms, "by_name"));
		add(troubles, "ALARMS: %s; %lld critical, %lld acknowledged: bob2okta alarms",
		        names, (long long)json_get_int(alarms, "critical", 0),
		        open - (long long)json_get_int(alarms, "unacknowledged", 0));
	}
	for (size_t i = 0; i < json_array_size(targets); i++) {
		const json_t *target = json_array_get(targets, i);
		const char *lack = cli_call_text(target, "lack");
		if (!str_is_empty(lack)) {
			add(troubles, "alarm target %s gets nothing: %s",
			        cli_call_text(target, "name"), lack);
		} else if (json_get_int(target, "failing_since_ms", 0) != 0) {
			add(troubles, "alarm target %s fails: %s", cli_call_text(target, "name"),
			        cli_call_text(target, "sentence"));
		}
	}
}

/* --------------------------------------------------------------- connection */

static void look_at_side(struct troubles *troubles, const json_t *connection, const char *side)
{
	const json_t *facts = json_object_get(connection, side);
	char since[CLI_TEXT_TIME_BYTES];
	if (str_equal(cli_call_text(facts, "state"), "parked")) {
		cli_text_time(since, json_get_int(facts, "since_ms", 0));
		add(troubles, "%s: %s parked since %s, see below",
		        cli_call_text(connection, "name"), side, since);
	}
}

/* What is held until somebody lets go on purpose is no trouble. */
static void look_at_holds(struct troubles *troubles, const json_t *connection)
{
	static const char *const MEANT[] = {"human", "revoked", "undo"};
	json_t *holds = json_deep_copy(json_object_get(connection, "holds"));
	char text[400];
	for (size_t i = 0; i < sizeof(MEANT) / sizeof(MEANT[0]); i++) {
		json_object_del(holds, MEANT[i]);
	}
	if (json_object_size(holds) > 0) {
		cli_trouble_format_counts(text, sizeof(text), holds);
		add(troubles, "%s: held for a human: %s: bob2okta held",
		        cli_call_text(connection, "name"), text);
	}
	json_decref(holds);
}

static void look_at_people(struct troubles *troubles, const json_t *connection)
{
	const char *name = cli_call_text(connection, "name");
	long long failed =
	        (long long)json_get_int(json_object_get(connection, "employees"), "failed", 0);
	size_t aside = json_array_size(json_object_get(connection, "events_aside"));
	look_at_holds(troubles, connection);
	if (failed > 0) {
		add(troubles, "%s: %lld failed: bob2okta people --state failed", name, failed);
	}
	if (aside > 0) {
		add(troubles, "%s: %zu events set aside, see below", name, aside);
	}
}

static void look_at_sources(struct troubles *troubles, const json_t *connection)
{
	const char *name = cli_call_text(connection, "name");
	const json_t *sweep = json_object_get(connection, "sweep");
	const json_t *guard = json_object_get(json_object_get(connection, "groups"), "protected");
	if (json_get_int(connection, "webhook_secrets", 1) == 0) {
		add(troubles, "%s: no webhook secret is configured: deliveries get 503", name);
	}
	if (json_is_object(guard) && !json_get_bool(guard, "is_known", false)) {
		add(troubles, "%s: nothing is written: the members of %s are not known, see below",
		        name, cli_call_text(guard, "group"));
	}
	if (json_get_bool(sweep, "is_fault", false)) {
		add(troubles,
		        "%s: the last sweep could not trust what it read: bob2okta sweep show",
		        name);
	}
	if (json_get_bool(sweep, "is_bob_silent", false)) {
		add(troubles, "%s: Bob has been silent for longer than usual, see below", name);
	}
}

static void look_at_connection(struct troubles *troubles, const json_t *connection)
{
	const json_t *pause = json_object_get(connection, "pause");
	char since[CLI_TEXT_TIME_BYTES];
	look_at_side(troubles, connection, "bob");
	look_at_side(troubles, connection, "okta");
	if (json_is_object(pause)) {
		cli_text_time(since, json_get_int(pause, "since_ms", 0));
		add(troubles, "%s: paused since %s by %s: bob2okta resume",
		        cli_call_text(connection, "name"), since, cli_call_text(pause, "by"));
	}
	look_at_people(troubles, connection);
	look_at_sources(troubles, connection);
}

void cli_trouble_print(struct cli_call *call, const json_t *status)
{
	const json_t *connections = json_object_get(status, "connections");
	struct troubles troubles = {.call = call};
	look_at_store(&troubles, status);
	look_at_alarms(&troubles, json_object_get(status, "alarms"));
	for (size_t i = 0; i < json_array_size(connections); i++) {
		const json_t *connection = json_array_get(connections, i);
		if (cli_trouble_is_asked_for(call, connection)) {
			look_at_connection(&troubles, connection);
		}
	}
	cli_call_print(call, "%s", troubles.count == 0 ? "all is well\n\n" : "\n");
}
