/* SPDX-License-Identifier: MIT */
/* What runs, and how it does. */
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/key_use.h"
#include "server/base/str.h"
#include "server/base/version.h"
#include "server/console/alarms.h"
#include "server/console/args.h"
#include "server/console/render.h"
#include "server/engine/group_report.h"
#include "server/store/backup.h"

#include <stdlib.h>
#include <string.h>

/* By then everybody was compared, and every window of a limit has passed. */
#define RESTORED_SHOWN_MS (INT64_C(7) * 24 * 60 * 60 * 1000)
#define EVENTS_ASIDE_MAX  20

/* The stored value is "pass|stop TIME_MS WHO". */
json_t *console_pause_json(const struct console *console, const char *connection)
{
	char *value = NULL;

	if (!store_value_get(console->store, connection, "pause", &value, NULL)) {
		return json_null();
	}
	char *time = strchr(value, ' ');
	char *by = time != NULL ? strchr(time + 1, ' ') : NULL;
	int64_t since_ms = 0;

	if (by != NULL) {
		*by = '\0';
		by++;
		if (!str_to_int64(time + 1, &since_ms)) {
			since_ms = 0;
		}
	}
	json_t *json = json_pack("{s:I, s:s, s:b}", "since_ms", (json_int_t)since_ms, "by",
	        by != NULL ? by : "", "revocations", str_starts_with(value, "pass"));
	free(value);
	return json;
}

static json_t *remaining_json(const struct engine_health *health)
{
	json_t *json = json_object();

	for (int bucket = 0; bucket < OKTA_BUCKET_COUNT; bucket++) {
		if (health->okta_remaining[bucket] >= 0) {
			json_object_set_new(json, okta_bucket_name((enum okta_bucket)bucket),
			        json_integer((json_int_t)health->okta_remaining[bucket]));
		}
	}
	return json;
}

static json_t *bob_json(const struct engine_health *health)
{
	return json_pack("{s:s, s:b, s:s, s:I}", "state",
	        render_system_state(health->is_bob_parked, health->bob_success_at_ms),
	        "is_refusing", health->is_bob_refusing, "sentence", health->bob_cause, "since_ms",
	        (json_int_t)health->bob_since_ms);
}

static json_t *okta_json(const struct engine_health *health)
{
	return json_pack("{s:s, s:b, s:s, s:I, s:o}", "state",
	        render_system_state(health->is_okta_parked, health->okta_success_at_ms),
	        "is_refusing", health->is_okta_refusing, "sentence", health->okta_cause, "since_ms",
	        (json_int_t)health->okta_since_ms, "remaining", remaining_json(health));
}

static json_t *states_json(const struct store_counts *counts)
{
	json_t *json = json_object();
	for (int i = 0; i < EMPLOYEE_STATE_COUNT; i++) {
		json_object_set_new(json, employee_state_name((enum employee_state)i),
		        json_integer((json_int_t)counts->by_state[i]));
	}
	return json;
}

/* What keeps everything from going on; "": nothing. */
static const char *waits_for(const struct engine_health *health)
{
	if (health->pause != PAUSE_NONE) {
		return "resume";
	}
	if (health->is_okta_parked) {
		return "okta";
	}
	return health->is_bob_parked ? "bob" : "";
}

json_t *console_drain_json(const struct args *args, const char *connection,
        const struct engine_health *health, const struct store_counts *counts)
{
	const char *waits = waits_for(health);
	/* Deliveries that nobody has read yet: at most a run each. */
	int64_t waiting = counts->events[EVENT_RECEIVED];

	for (int i = 0; i < LANE_COUNT; i++) {
		waiting += counts->waiting[i];
	}
	int64_t ms = engine_drain_ms(args->engine, connection, waiting);
	bool is_dated = ms >= 0 && waits[0] == '\0';
	return json_pack("{s:o, s:I, s:s}", "seconds",
	        ms < 0 ? json_null() : json_integer((json_int_t)((ms + 999) / 1000)), "done_at_ms",
	        (json_int_t)(is_dated && waiting > 0 ? clock_wall_ms() + ms : 0), "waits_for",
	        waits);
}

/* The newest events that nobody reads any more (engine rule 6). */
static json_t *events_aside_json(struct args *args, const char *connection)
{
	struct event_list events = {0};
	json_t *list = json_array();

	if (!store_event_aside(
	            args->console->store, connection, EVENTS_ASIDE_MAX, &events, &args->err)) {
		return list;
	}
	for (size_t i = 0; i < events.count; i++) {
		json_array_append_new(list, json_integer((json_int_t)events.items[i].event_id));
	}
	event_list_finish(&events);
	return list;
}

static json_t *open_holds_json(const struct store_counts *counts)
{
	json_t *json = json_object();
	for (int i = 0; i < HOLD_KIND_COUNT; i++) {
		if (counts->holds[i] > 0) {
			json_object_set_new(json, hold_kind_name((enum hold_kind)i),
			        json_integer((json_int_t)counts->holds[i]));
		}
	}
	return json;
}

static json_t *event_counts_json(const struct store_counts *counts)
{
	json_t *json = json_object();
	for (int i = 0; i < EVENT_STATE_COUNT; i++) {
		json_object_set_new(json, event_state_name((enum event_state)i),
		        json_integer((json_int_t)counts->events[i]));
	}
	return json;
}

static json_t *secret_uses_json(const struct bob_settings *bob)
{
	json_t *json = json_array();
	for (size_t i = 0; i < bob->webhook_key_count; i++) {
		int64_t at_ms = key_use_at_ms(hmac_key_mark(bob->webhook_keys[i]));
		json_array_append_new(json, json_integer((json_int_t)at_ms));
	}
	return json;
}

static json_t *secret_ends_json(const struct bob_settings *bob)
{
	json_t *json = json_array();
	for (size_t i = 0; i < bob->webhook_key_count; i++) {
		json_array_append_new(json, json_integer((json_int_t)bob->webhook_expires_ms[i]));
	}
	return json;
}

static json_t *connection_json(struct args *args, const struct connection_settings *settings)
{
	const struct console *console = args->console;
	struct engine_health health;
	struct store_counts counts;
	json_t *groups = NULL;
	json_t *limits = console_limits_json(args, settings->name);

	engine_health(args->engine, settings->name, &health);
	if (limits == NULL || !store_counts(console->store, settings->name, &counts, &args->err) ||
	        !engine_groups(args->engine, settings->name, &groups, &args->err)) {
		json_decref(limits);
		return NULL;
	}
	return json_pack(
	        "{s:s, s:s, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o,"
	        " s:o, s:o, s:o, s:o, s:s}",
	        "name", settings->name, "mode",
	        settings->mode == SETTINGS_LIVE ? "live" : "dry_run", "webhook_secrets",
	        (json_int_t)settings->bob.webhook_key_count, "webhook_secret_used_at_ms",
	        secret_uses_json(&settings->bob), "webhook_secret_expires_at_ms",
	        secret_ends_json(&settings->bob), "pause",
	        console_pause_json(console, settings->name), "bob", bob_json(&health), "okta",
	        okta_json(&health), "employees", states_json(&counts), "lanes",
	        render_lanes(counts.by_lane), "holds", open_holds_json(&counts), "limits", limits,
	        "events", event_counts_json(&counts), "managed_active",
	        (json_int_t)counts.managed_active, "row_problems", (json_int_t)counts.row_problems,
	        "oldest_dirty_ms", (json_int_t)counts.oldest_dirty_ms, "groups", groups, "sweep",
	        console_sweep_json(args, settings->name), "waiting", render_lanes(counts.waiting),
	        "drain", console_drain_json(args, settings->name, &health, &counts), "events_aside",
	        events_aside_json(args, settings->name), "lacks", settings->lacks);
}

/* What was refused since the last change; null: nothing. */
static json_t *refused_json(const struct running_state *state)
{
	if (state->refused_at_ms == 0) {
		return json_null();
	}
	return json_pack("{s:I, s:I, s:s}", "at_ms", (json_int_t)state->refused_at_ms, "mistakes",
	        (json_int_t)state->refused_mistakes, "sentence", state->refused);
}

static json_t *settings_json(const struct args *args)
{
	struct running_state state = {0};

	if (args->console->running != NULL) {
		running_state(args->console->running, &state);
	}
	return json_pack("{s:I, s:s, s:s, s:s, s:I, s:o}", "version",
	        (json_int_t)args->settings->number, "hash", args->settings->version, "source",
	        settings_source_name(state.version.source), "author", state.version.author, "at_ms",
	        (json_int_t)state.version.at_ms, "refused", refused_json(&state));
}

/* A store that began as a backup, for as long as the longest window of a limit; else null. */
static json_t *restored_json(struct store *store)
{
	struct store_restored restored;
	struct err err = ERR_INIT;

	if (!store_restored_get(store, &restored, &err) || restored.started_at_ms == 0 ||
	        clock_wall_ms() - restored.started_at_ms > RESTORED_SHOWN_MS) {
		return json_null();
	}
	return json_pack("{s:I, s:I}", "backup_at_ms", (json_int_t)restored.backup_at_ms,
	        "started_at_ms", (json_int_t)restored.started_at_ms);
}

static json_t *status_json(const struct args *args, json_t *alarms, json_t *connections)
{
	const struct console *console = args->console;
	struct err why = ERR_INIT;
	bool is_writable = store_is_writable(console->store, &why);

	return json_pack("{s:s, s:s, s:I, s:I, s:o, s:{s:b, s:s, s:o}, s:o, s:o, s:o, s:o}",
	        "version", version_number(), "commit", version_commit(), "started_at_ms",
	        (json_int_t)console->started_at_ms, "now_ms", (json_int_t)clock_wall_ms(),
	        "settings", settings_json(args), "store", "is_writable", is_writable, "sentence",
	        why.text, "restored", restored_json(console->store), "alarms", alarms,
	        "connections", connections, "audit", console_audit_json(console), "retention",
	        console_retention_json(args));
}

enum http_verdict console_status(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct console *console = context;
	struct args args;
	struct args_known known = {.has_no_connection = true};
	json_t *connections = json_array();

	if (!args_init(&args, console, request, &known)) {
		json_decref(connections);
		return args_refuse(&args, reply);
	}
	for (size_t i = 0; i < args.settings->connection_count; i++) {
		json_t *one = connection_json(&args, &args.settings->connections[i]);
		json_array_append_new(connections, one);
	}
	json_t *alarms = console_alarms_summary(console, args.settings, &args.err);
	if (err_is_set(&args.err)) {
		json_decref(alarms);
		json_decref(connections);
		return args_refuse(&args, reply);
	}
	return args_answer(&args, reply, status_json(&args, alarms, connections), 200);
}
