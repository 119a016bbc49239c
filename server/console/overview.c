/* SPDX-License-Identifier: MIT */
/* Is it working, and what does it do: all that the first page shows, from the store and memory. */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/console/alarm_groups.h"
#include "server/console/args.h"
#include "server/console/numbers.h"
#include "server/console/render.h"
#include "server/console/working.h"
#include "server/engine/budgets.h"
#include "server/engine/sweep.h"

#include <stdlib.h>

/* What the answer is made from. */
struct overview {
	const struct connection_settings *settings;
	const struct zone *zone; /* of the hours and days */
	struct engine_health health;
	struct engine_budgets budgets;
	struct sweep_outlook outlook;
	struct store_counts counts;
	struct held_counts held;
	struct numbers numbers;
	struct alarm_groups alarms;
	int64_t last_delivery_at_ms;
	json_t *missing; /* of the set-up; owned */
};

/* ------------------------------------------------------------------ set-up */

static void lacks(struct overview *overview, bool is_lacking, const char *name)
{
	if (is_lacking) {
		json_array_append_new(overview->missing, json_string(name));
	}
}

static bool has_no_token(const struct token_settings *token)
{
	return token->lack != NULL || !secret_is_set(&token->value);
}

static void find_missing(struct overview *overview)
{
	const struct bob_settings *bob = &overview->settings->bob;
	const struct okta_settings *okta = &overview->settings->okta;

	overview->missing = json_array();
	lacks(overview, str_is_empty(okta->base_url), "okta.base_url");
	lacks(overview, has_no_token(&okta->api_token), "okta.api_token");
	lacks(overview, str_is_empty(bob->service_user_id), "bob.service_user_id");
	lacks(overview, has_no_token(&bob->service_user_token), "bob.service_user_token");
	lacks(overview, bob->webhook_key_count == 0, "bob.webhook_secret");
}

/* ----------------------------------------------------------------- reading */

/* viewers: the zone of whoever looks; NULL: the connection's. */
static bool gather(struct overview *overview, struct args *args, const struct zone *viewers)
{
	struct store *store = args->console->store;
	const char *connection = args->connection;

	overview->settings = settings_find(args->settings, connection);
	overview->zone = viewers != NULL ? viewers : overview->settings->policy.zone;
	engine_health(args->engine, connection, &overview->health);
	engine_budgets(args->engine, connection, &overview->budgets);
	engine_sweep_outlook(args->engine, connection, &overview->outlook);
	find_missing(overview);
	return store_counts_now(store, connection, &overview->counts, &args->err) &&
	        store_held(store, connection, &overview->held, &args->err) &&
	        store_last_delivery(
	                store, connection, &overview->last_delivery_at_ms, &args->err) &&
	        alarm_groups_read(&overview->alarms, args, &args->err) &&
	        numbers_read(&overview->numbers, store, connection, overview->zone, &args->err);
}

static int64_t sum(const int64_t *counts, int count)
{
	int64_t all = 0;

	for (int i = 0; i < count; i++) {
		all += counts[i];
	}
	return all;
}

/* ----------------------------------------------------------------- writing */

static json_t *is_working_json(const struct overview *overview, struct store *store)
{
	struct err why = ERR_INIT;
	const char *lack = json_string_value(json_array_get(overview->missing, 0));
	bool is_writable = store_is_writable(store, &why);
	const struct working_facts facts = {
	        .health = &overview->health,
	        .store_cause = is_writable ? "" : why.text,
	        .setup_lack = lack != NULL ? lack : "",
	        .last_delivery_at_ms = overview->last_delivery_at_ms,
	        .is_bob_silent = overview->outlook.is_silent,
	        .critical = overview->alarms.critical,
	        .warnings = overview->alarms.warnings,
	        .alarm = overview->alarms.most_pressing,
	        .held = overview->held.undecided,
	        .failed = overview->counts.by_state[EMPLOYEE_FAILED],
	        .waiting = sum(overview->counts.waiting, LANE_COUNT),
	};

	return working_json(&facts);
}

static json_t *holds_json(const struct held_counts *held)
{
	json_t *json = json_object();

	for (int i = 0; i < HOLD_KIND_COUNT; i++) {
		if (held->by_kind[i] > 0) {
			json_object_set_new(json, hold_kind_name((enum hold_kind)i),
			        json_integer((json_int_t)held->by_kind[i]));
		}
	}
	return json_pack("{s:I, s:o}", "undecided", (json_int_t)held->undecided, "by_kind", json);
}

/* Only what Okta has told. */
static json_t *budgets_json(const struct engine_budgets *budgets)
{
	json_t *list = json_array();

	for (int i = 0; i < OKTA_BUCKET_COUNT; i++) {
		const struct okta_outlook *one = &budgets->okta[i];
		if (one->limit > 0) {
			json_array_append_new(list,
			        json_pack("{s:s, s:I, s:I, s:I}", "bucket",
			                okta_bucket_name((enum okta_bucket)i), "limit",
			                (json_int_t)one->limit, "remaining",
			                (json_int_t)one->remaining, "reset_in_ms",
			                (json_int_t)one->until_reset_ms));
		}
	}
	return list;
}

static json_t *okta_json(const struct overview *overview)
{
	const struct engine_health *health = &overview->health;

	return json_pack("{s:s, s:s, s:I, s:o}", "state",
	        render_system_state(health->is_okta_parked, health->okta_success_at_ms), "sentence",
	        health->okta_cause, "since_ms", (json_int_t)health->okta_since_ms, "budgets",
	        budgets_json(&overview->budgets));
}

static json_t *bob_json(const struct overview *overview)
{
	const struct engine_health *health = &overview->health;
	const struct bob_outlook *bob = &overview->budgets.bob;

	return json_pack("{s:s, s:s, s:I, s:{s:I, s:I, s:I, s:I}}", "state",
	        render_system_state(health->is_bob_parked, health->bob_success_at_ms), "sentence",
	        health->bob_cause, "since_ms", (json_int_t)health->bob_since_ms, "budget", "limit",
	        (json_int_t)bob->limit, "remaining", (json_int_t)bob->remaining, "reset_in_ms",
	        (json_int_t)bob->until_reset_ms, "blocked_ms", (json_int_t)bob->blocked_ms);
}

static json_t *people_json(const struct store_counts *counts)
{
	return json_pack("{s:I, s:I, s:I}", "known",
	        (json_int_t)sum(counts->by_state, EMPLOYEE_STATE_COUNT), "active",
	        (json_int_t)counts->managed_active, "failed",
	        (json_int_t)counts->by_state[EMPLOYEE_FAILED]);
}

static json_t *overview_json(const struct overview *overview, const struct args *args)
{
	const struct console *console = args->console;
	bool is_set_up = json_array_size(overview->missing) == 0;

	return json_pack(
	        "{s:s, s:I, s:s, s:s, s:o, s:o, s:{s:b, s:O}, s:o, s:I, s:o, s:o, s:o, s:o,"
	        " s:o, s:o, s:o, s:o, s:o, s:o}",
	        "connection", args->connection, "now_ms", (json_int_t)clock_wall_ms(), "time_zone",
	        zone_name(overview->zone), "mode",
	        overview->settings->mode == SETTINGS_LIVE ? "live" : "dry_run", "pause",
	        console_pause_json(console, args->connection), "is_working",
	        is_working_json(overview, console->store), "setup", "is_done", is_set_up, "missing",
	        overview->missing, "people", people_json(&overview->counts), "last_delivery_at_ms",
	        (json_int_t)overview->last_delivery_at_ms, "waiting",
	        render_lanes(overview->counts.waiting), "drain",
	        console_drain_json(args, args->connection, &overview->health, &overview->counts),
	        "today", numbers_today_json(&overview->numbers), "holds",
	        holds_json(&overview->held), "alarms", alarm_groups_json(&overview->alarms), "okta",
	        okta_json(overview), "bob", bob_json(overview), "event_to_okta",
	        numbers_times_json(&overview->numbers), "hours",
	        numbers_hours_json(&overview->numbers), "days",
	        numbers_days_json(&overview->numbers));
}

enum http_verdict console_overview(
        struct http_request *request, struct http_reply *reply, void *context)
{
	struct args args;
	struct args_known known = {.query = KNOWN("time_zone")};
	struct overview *overview = NULL;
	json_t *json = NULL;

	if (!args_init(&args, context, request, &known)) {
		return args_refuse(&args, reply);
	}
	overview = calloc(1, sizeof(*overview));
	if (overview == NULL) {
		err_set(&args.err, ERR_NO_MEMORY, "no memory for the overview");
		return args_refuse(&args, reply);
	}
	struct zone *zone = args_query_zone(&args);
	if (gather(overview, &args, zone)) {
		json = overview_json(overview, &args);
	}
	zone_close(zone);
	json_decref(overview->missing);
	free(overview);
	return args_answer(&args, reply, json, 200);
}
