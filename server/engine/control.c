/* SPDX-License-Identifier: MIT */
/*
 * What an administrator may ask of the engine. These run on the caller's
 * thread with clients of their own, under the same leases as the workers.
 */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/store/audit.h"
#include "server/engine/everybody.h"
#include "server/engine/planner.h"
#include "server/engine/run.h"

#include <stdlib.h>
#include <string.h>

#define CONTROL_LEASE_MS (2 * 60 * 1000)
#define PLANS_MAX        5000
#define MARK_AT_ONCE     500
/* Okta was asked so often since the start and has not answered: that is an outage too. */
#define PROBES_OF_A_START 3

struct connection *engine_need_connection(struct engine *engine, const char *name, struct err *err)
{
	struct connection *connection = engine_connection(engine, name);

	if (connection == NULL) {
		err_set(err, ERR_NOT_FOUND, "there is no connection named %s", name);
	}
	return connection;
}

void engine_err_from_call(struct err *err, const char *system, const struct call_outcome *outcome)
{
	enum err_code code = outcome->call_class == CALL_STOP_CREDENTIALS ||
	                outcome->call_class == CALL_STOP_CONFIG
	        ? ERR_REFUSED
	        : ERR_NETWORK;

	err_set(err, code, "%s: %s", system, outcome->sentence);
}

/* What is known of an employee, or a blank record for somebody new. */
bool engine_load_employee(struct store *store, const struct employee_key *key,
        struct employee *employee, struct err *err)
{
	struct err found = ERR_INIT;

	if (store_employee_get(store, key, employee, &found)) {
		return true;
	}
	if (found.code != ERR_NOT_FOUND) {
		err_set(err, found.code, "%s", found.text);
		return false;
	}
	*employee = (struct employee){.key = *key, .lane = LANE_UPDATE};
	return true;
}

/* ------------------------------------------------------------- everybody */

struct plan_totals {
	struct planner planner;
	json_t *plans;
	json_t *by_action; /* how many people: "create" -> 3 */
	json_t *by_rule;
	json_int_t people;
	json_int_t unchanged;
	json_int_t held;
	json_int_t left_out;
};

static void count_in(json_t *counts, const char *name)
{
	json_object_set_new(counts, name, json_integer(json_get_int(counts, name, 0) + 1));
}

/* False for somebody for whom nothing would be done. */
static bool count_plan(struct plan_totals *totals, const json_t *plan)
{
	const json_t *actions = json_object_get(plan, "actions");
	bool is_held = !json_is_null(json_object_get(plan, "hold"));

	totals->people++;
	if (json_array_size(actions) == 0 && !is_held) {
		totals->unchanged++;
		return false;
	}
	totals->held += is_held ? 1 : 0;
	for (size_t i = 0; !is_held && i < json_array_size(actions); i++) {
		count_in(totals->by_action, json_get_text(json_array_get(actions, i), "kind"));
	}
	count_in(totals->by_rule, json_get_text(plan, "rule"));
	return true;
}

static bool plan_add(void *context, const struct everybody_person *person, struct err *err)
{
	static const struct planner_time NOW = {0};
	struct plan_totals *totals = context;
	struct employee employee = {0};
	struct planned planned;

	if (person->source == NULL) {
		return true;
	}
	if (!engine_load_employee(totals->planner.runner->store, &person->key, &employee, err)) {
		return false;
	}
	totals->planner.read_begun_ms = person->read_begun_ms;
	planner_plan(&totals->planner, &employee, person->source, &NOW, &planned);
	employee_finish(&employee);
	if (!count_plan(totals, planned.report)) {
		json_decref(planned.report);
	} else if (json_array_size(totals->plans) >= PLANS_MAX) {
		totals->left_out++;
		json_decref(planned.report);
	} else {
		json_array_append_new(totals->plans, planned.report);
	}
	return true;
}

static bool plan_everybody(struct everybody *all, const struct plan_query *query,
        struct plan_totals *totals, struct err *err)
{
	bool is_open = everybody_open(all, query->engine, query->connection, err) &&
	        planner_open(
	                &totals->planner, query->engine, all->connection, query->settings, err);

	totals->planner.runner = &all->runner;
	all->job = query->job;
	return is_open && everybody_list(all, err) &&
	        everybody_each(all, totals->planner.fields, plan_add, totals, err);
}

bool engine_plan_all(const struct plan_query *query, json_t **report, struct err *err)
{
	struct everybody all = {0};
	struct plan_totals totals = {
	        .plans = json_array(), .by_action = json_object(), .by_rule = json_object()};

	*report = NULL;
	if (plan_everybody(&all, query, &totals, err)) {
		*report = json_pack("{s:O, s:I, s:I, s:I, s:I, s:O, s:O, s:b}", "plans",
		        totals.plans, "people", totals.people, "unchanged", totals.unchanged,
		        "held", totals.held, "left_out", totals.left_out, "by_action",
		        totals.by_action, "by_rule", totals.by_rule, "is_draft",
		        totals.planner.is_draft);
		if (*report == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory while planning");
		}
	}
	planner_close(&totals.planner);
	everybody_finish(&all);
	json_decref(totals.plans);
	json_decref(totals.by_action);
	json_decref(totals.by_rule);
	return *report != NULL;
}

/* Those listed, in pieces of a few hundred keys. */
static bool mark_listed(struct everybody *all, size_t *marked, struct err *err)
{
	struct employee_key keys[MARK_AT_ONCE];
	char after[EMPLOYEE_ID_BYTES] = "";

	for (;;) {
		struct scratch_ids ids = {0};
		bool is_done = scratch_next_employees(all->scratch, after, MARK_AT_ONCE, &ids, err);
		size_t count = ids.count;
		for (size_t i = 0; i < count; i++) {
			str_format_cut(keys[i].connection, sizeof(keys[i].connection), "%s",
			        all->connection->settings->name);
			memcpy(keys[i].employee_id, ids.items[i], sizeof(keys[i].employee_id));
			memcpy(after, ids.items[i], sizeof(after));
		}
		scratch_ids_finish(&ids);
		if (!is_done || count == 0) {
			return is_done;
		}
		if (!store_employee_mark_each(all->engine->store, keys, count, LANE_SWEEP, err)) {
			return false;
		}
		*marked += count;
	}
}

/* Nobody is marked before the list is whole. */
bool engine_sync_all(struct engine *engine, const char *connection, size_t *marked, struct err *err)
{
	struct everybody all;

	*marked = 0;
	bool is_done = everybody_open(&all, engine, connection, err) && everybody_list(&all, err) &&
	        mark_listed(&all, marked, err);
	everybody_finish(&all);
	engine_notify(engine);
	return is_done;
}

/* ------------------------------------------------------------ one person */

bool engine_read_people(struct runner *runner, struct connection *connection,
        const struct engine_ids *ids, struct bob_people *people, struct err *err)
{
	const struct planner planner = {
	        .runner = runner, .connection = connection, .fields = connection->fields};

	return planner_read(&planner, ids->items, ids->count, people, err);
}

/* Somebody the store has never heard of must at least be known to Bob. */
static bool is_known(struct engine *engine, struct connection *connection,
        const struct employee_key *key, struct err *err)
{
	struct employee employee = {0};
	struct runner runner = {0};
	struct bob_people people = {0};
	const char *employee_id = key->employee_id;
	const struct engine_ids ids = {&employee_id, 1};

	if (store_employee_get(engine->store, key, &employee, NULL)) {
		employee_finish(&employee);
		return true;
	}
	bool is_found = runner_init(&runner, engine->store, engine->connections,
	                        engine->connection_count, err) &&
	        engine_read_people(&runner, connection, &ids, &people, err);
	if (is_found && bob_people_find(&people, key->employee_id) == NULL) {
		err_set(err, ERR_NOT_FOUND, "neither the store nor Bob knows employee %s",
		        key->employee_id);
		is_found = false;
	}
	bob_people_finish(&people);
	if (runner.okta != NULL) {
		runner_finish(&runner);
	}
	return is_found;
}

/* Nobody works on who is set aside (engine rule 6): better said than waited for. */
static bool is_workable(struct store *store, const struct employee_key *key, struct err *err)
{
	struct employee employee = {0};

	if (!engine_load_employee(store, key, &employee, err)) {
		return false;
	}
	bool is_aside = (employee.hold_kinds & (1U << HOLD_CRASH)) != 0;
	employee_finish(&employee);
	if (is_aside) {
		err_set(err, ERR_CONFLICT,
		        "employee %s is set aside, because work on it ended the process three"
		        " times: release it first",
		        key->employee_id);
	}
	return !is_aside;
}

bool engine_sync(
        struct engine *engine, const struct employee_key *key, int64_t *generation, struct err *err)
{
	struct connection *connection = engine_need_connection(engine, key->connection, err);
	struct employee employee = {0};

	if (connection == NULL || !is_known(engine, connection, key, err) ||
	        !is_workable(engine->store, key, err) ||
	        !store_employee_mark(engine->store, key, LANE_UPDATE, NULL, err) ||
	        !store_employee_get(engine->store, key, &employee, err)) {
		return false;
	}
	*generation = employee.generation;
	employee_finish(&employee);
	engine_notify(engine);
	return true;
}

/* ----------------------------------------------------------------- close */

static bool close_claimed(
        struct engine *engine, struct runner *runner, struct employee *employee, struct err *err)
{
	struct run run = {
	        .runner = runner,
	        .connection = engine_connection(engine, employee->key.connection),
	        .employee = employee,
	        .mode = RUN_MODE_CLOSE,
	        .presence = PRESENCE_NOT_READ,
	};
	char why[SENTENCE_BYTES];

	reconcile(&run, NULL);
	bool is_protected = run.decision.rule == RULE_PROTECTED;
	bool is_closed = run.end == RUN_ENDS_WELL && !is_protected;
	str_format_cut(why, sizeof(why), "%s", is_protected ? run.decision.reason : run.sentence);
	if (!run_settle(&run, err)) {
		is_closed = false;
	} else if (!is_closed) {
		err_set(err, is_protected ? ERR_CONFLICT : ERR_REFUSED, "not closed: %s", why);
	}
	run_finish(&run);
	return is_closed;
}

bool engine_close(
        struct engine *engine, const struct employee_key *key, const char *by, struct err *err)
{
	struct hold hold = {.key = *key, .kind = HOLD_HUMAN, .since_ms = clock_wall_ms()};
	struct employee employee = {0};
	struct runner runner = {0};
	bool is_closed = false;

	if (engine_need_connection(engine, key->connection, err) == NULL ||
	        !store_employee_claim_one(engine->store, key, CONTROL_LEASE_MS, &employee, err)) {
		return false;
	}
	bool was_held = (employee.hold_kinds & (1U << HOLD_HUMAN)) != 0;
	str_format_cut(hold.by, sizeof(hold.by), "%s", by);
	str_format_cut(hold.cause, sizeof(hold.cause), "closed by hand");
	if (employee.okta_id[0] == '\0') {
		err_set(err, ERR_CONFLICT, "employee %s has no linked Okta account to close",
		        key->employee_id);
		engine_give_back(engine, &employee, "");
	} else if ((!was_held && !store_hold_add(engine->store, &hold, err)) ||
	        !runner_init(&runner, engine->store, engine->connections, engine->connection_count,
	                err)) {
		engine_give_back(engine, &employee, "");
	} else {
		is_closed = close_claimed(engine, &runner, &employee, err);
		runner_finish(&runner);
	}
	if (!is_closed && !was_held && !store_hold_remove(engine->store, key, HOLD_HUMAN, NULL)) {
		/* A hold that stays would keep a leaver open, and nobody asked for that. */
		log_error("hold of a failed close stays", F("employee_id", key->employee_id));
	}
	employee_finish(&employee);
	engine_notify(engine);
	return is_closed;
}

/* ----------------------------------------------------------------- pause */

bool engine_pause(struct engine *engine, const char *name, enum pause_mode mode, const char *by,
        struct err *err)
{
	struct connection *connection = engine_need_connection(engine, name, err);
	char value[128];
	size_t marked = 0;

	if (connection == NULL) {
		return false;
	}
	str_format_cut(value, sizeof(value), "%s %lld %s",
	        mode == PAUSE_PASS_REVOCATIONS ? "pass" : "stop", (long long)clock_wall_ms(), by);
	const struct audit_entry decision = {.connection = name,
	        .who = by,
	        .what = mode == PAUSE_NONE         ? "resume"
	                : mode == PAUSE_EVERYTHING ? "pause, revocations too"
	                                           : "pause, revocations pass"};
	if (!store_value_decide(
	            engine->store, "pause", mode == PAUSE_NONE ? NULL : value, &decision, err)) {
		return false;
	}
	monitor_lock(&connection->monitor);
	connection->pause = mode;
	monitor_unlock(&connection->monitor);
	log_info(mode == PAUSE_NONE ? "resumed" : "paused", F("connection", name));
	/* Revocations that wait may pass from now on; all others park again. */
	bool is_marked = mode == PAUSE_EVERYTHING ||
	        store_employee_mark_all(
	                engine->store, name, EMPLOYEE_PARKED, LANE_COUNT, &marked, err);
	engine_notify(engine);
	return is_marked;
}

int64_t engine_drain_ms(struct engine *engine, const char *name, int64_t waiting)
{
	struct connection *connection = engine_connection(engine, name);

	return connection != NULL ? connection_drain_ms(connection, waiting) : DRAIN_UNKNOWN;
}

bool engine_health(struct engine *engine, const char *name, struct engine_health *health)
{
	struct connection *connection = engine_connection(engine, name);

	*health = (struct engine_health){0};
	if (connection == NULL) {
		return false;
	}
	monitor_lock(&connection->monitor);
	health->is_okta_parked = park_is_parked(&connection->okta);
	health->is_okta_asked = connection->okta.reason != PARK_STARTING ||
	        connection->okta.probes >= PROBES_OF_A_START;
	health->is_bob_parked = park_is_parked(&connection->bob);
	bool is_set_up = settings_is_set_up(connection->settings);
	health->is_okta_refusing = is_set_up && connection->okta.reason == PARK_CREDENTIALS;
	health->is_bob_refusing = is_set_up && connection->bob.reason == PARK_CREDENTIALS;
	str_format_cut(
	        health->okta_cause, sizeof(health->okta_cause), "%s", connection->okta.cause);
	str_format_cut(health->bob_cause, sizeof(health->bob_cause), "%s", connection->bob.cause);
	health->okta_since_ms = health->is_okta_parked ? connection->okta.since_ms : 0;
	health->bob_since_ms = health->is_bob_parked ? connection->bob.since_ms : 0;
	health->okta_success_at_ms = connection->okta.success_at_ms;
	health->bob_success_at_ms = connection->bob.success_at_ms;
	health->pause = connection->pause;
	monitor_unlock(&connection->monitor);
	health->is_dry_run = connection->settings->mode == SETTINGS_DRY_RUN;
	health->is_evaluator_away =
	        connection->pool != NULL && evaluator_pool_is_away(connection->pool);
	health->rows_off = connection->pool != NULL ? evaluator_pool_off(connection->pool) : 0;
	health->is_guard_unread = group_book_is_guard_unread(connection->groups);
	for (int bucket = 0; bucket < OKTA_BUCKET_COUNT; bucket++) {
		health->okta_remaining[bucket] =
		        okta_org_remaining(connection->org, (enum okta_bucket)bucket);
	}
	return true;
}
