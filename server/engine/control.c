/* SPDX-License-Identifier: MIT */
/*
 * What an administrator may ask of the engine. These run on the caller's
 * thread with clients of their own, under the same leases as the workers.
 */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/everybody.h"
#include "server/engine/pair.h"
#include "server/engine/run.h"

#include <stdlib.h>
#include <string.h>

#define CONTROL_LEASE_MS (2 * 60 * 1000)
#define PLANS_MAX        5000
#define MARK_AT_ONCE     500

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

/* ------------------------------------------------------------------ plan */

static json_t *hold_json(const struct run *run)
{
	if (run->asked == HOLD_KIND_COUNT) {
		return json_null();
	}
	return json_pack(
	        "{s:s, s:s}", "kind", hold_kind_name(run->asked), "cause", run->asked_cause);
}

static void plan_sentence(const struct run *run, char *to, size_t size)
{
	if (run->sentence[0] != '\0') {
		str_format_cut(to, size, "%s", run->sentence);
	} else if (run->asked != HOLD_KIND_COUNT) {
		str_format_cut(to, size, "Would be held for a human: %s", run->asked_cause);
	} else if (json_array_size(run->report) == 0) {
		str_format_cut(to, size, "Nothing to do: %s", run->decision.reason);
	} else {
		str_format_cut(to, size, "Would do %zu action%s: %s", json_array_size(run->report),
		        json_array_size(run->report) == 1 ? "" : "s", run->decision.reason);
	}
}

static json_t *plan_json(const struct run *run)
{
	const struct employee *employee = run->employee;
	char sentence[SENTENCE_BYTES];

	plan_sentence(run, sentence, sizeof(sentence));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:o, s:s, s:O, s:s}",
	        "connection", employee->key.connection, "employee_id", employee->key.employee_id,
	        "display_name", personal_reveal(&employee->display_name), "okta_id",
	        employee->okta_id, "present_status", account_status_name(employee->present_status),
	        "wanted", wanted_account_name(run->decision.wanted), "rule",
	        policy_rule_id(run->decision.rule), "reason", run->decision.reason, "lane",
	        lane_name(run->has_plan ? run->plan.lane : run->decision.lane), "due_at_ms",
	        (json_int_t)run->decision.due_at_ms, "hold", hold_json(run), "missing",
	        run->has_plan ? run->plan.missing : "", "actions", run->report, "sentence",
	        sentence);
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

struct planner {
	struct runner *runner;
	struct connection *connection;
	const struct settings *settings;
	int64_t read_begun_ms;
};

static json_t *plan_one(const struct planner *planner, struct employee *employee, json_t *source)
{
	struct run run = {
	        .runner = planner->runner,
	        .connection = planner->connection,
	        .employee = employee,
	        .mode = RUN_MODE_PLAN,
	        .presence = source != NULL ? PRESENCE_READ : PRESENCE_ABSENT,
	        .read_begun_ms = planner->read_begun_ms,
	        .report = json_array(),
	};
	json_t *plan = NULL;

	if (run.report != NULL) {
		reconcile(&run, source);
		plan = plan_json(&run);
		json_object_set_new(plan, "move",
		        pair_json(planner->runner->store, planner->settings, employee));
	}
	run_finish(&run);
	return plan;
}

static bool read_one(struct runner *runner, struct connection *connection, const char *employee_id,
        struct bob_people *people, struct err *err)
{
	struct bob_client *client = runner_bob(runner, connection, err);
	struct call_outcome outcome;

	if (client == NULL) {
		return false;
	}
	bob_search(client, &employee_id, 1, connection->fields, people, &outcome);
	connection_bob_outcome(connection, &outcome);
	if (outcome.call_class != CALL_DONE) {
		engine_err_from_call(err, "Bob", &outcome);
		return false;
	}
	return true;
}

bool engine_plan(
        struct engine *engine, const struct employee_key *key, json_t **report, struct err *err)
{
	struct connection *connection = engine_need_connection(engine, key->connection, err);
	struct runner runner = {0};
	struct bob_people people = {0};
	struct employee employee = {0};

	*report = NULL;
	if (connection == NULL ||
	        !runner_init(&runner, engine->store, engine->connections, engine->connection_count,
	                err)) {
		return false;
	}
	if (engine_load_employee(engine->store, key, &employee, err) &&
	        read_one(&runner, connection, key->employee_id, &people, err)) {
		struct planner planner = {
		        &runner, connection, engine->options.settings, people.begun_at_ms};
		json_t *source = bob_people_find(&people, key->employee_id);
		if (source == NULL && employee.generation == 0) {
			err_set(err, ERR_NOT_FOUND, "neither the store nor Bob knows employee %s",
			        key->employee_id);
		} else {
			*report = plan_one(&planner, &employee, source);
		}
	}
	employee_finish(&employee);
	bob_people_finish(&people);
	runner_finish(&runner);
	if (*report == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory while planning");
	}
	return *report != NULL;
}

/* ------------------------------------------------------------- everybody */

static bool is_empty_plan(const json_t *plan)
{
	return json_array_size(json_object_get(plan, "actions")) == 0 &&
	        json_is_null(json_object_get(plan, "hold"));
}

struct plan_totals {
	struct everybody all;
	json_t *plans;
	json_int_t people;
	json_int_t unchanged;
	json_int_t left_out;
};

static bool plan_add(void *context, const struct everybody_person *person, struct err *err)
{
	struct plan_totals *totals = context;
	struct everybody *all = &totals->all;
	struct planner planner = {&all->runner, all->connection, all->engine->options.settings,
	        person->read_begun_ms};
	struct employee employee = {0};

	if (person->source == NULL) {
		return true;
	}
	if (!engine_load_employee(all->engine->store, &person->key, &employee, err)) {
		return false;
	}
	json_t *plan = plan_one(&planner, &employee, person->source);
	employee_finish(&employee);
	totals->people++;
	if (plan == NULL || is_empty_plan(plan)) {
		totals->unchanged++;
	} else if (json_array_size(totals->plans) >= PLANS_MAX) {
		totals->left_out++;
	} else {
		json_array_append(totals->plans, plan);
	}
	json_decref(plan);
	return true;
}

bool engine_plan_all(
        struct engine *engine, const char *connection, json_t **report, struct err *err)
{
	struct plan_totals totals = {.plans = json_array()};
	struct everybody *all = &totals.all;
	bool is_done = everybody_open(all, engine, connection, err) && totals.plans != NULL &&
	        everybody_list(all, err) &&
	        everybody_each(all, all->connection->fields, plan_add, &totals, err);

	*report = NULL;
	everybody_finish(all);
	if (is_done) {
		*report = json_pack("{s:O, s:I, s:I, s:I}", "plans", totals.plans, "people",
		        totals.people, "unchanged", totals.unchanged, "left_out", totals.left_out);
	}
	json_decref(totals.plans);
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

/* Somebody the store has never heard of must at least be known to Bob. */
static bool is_known(struct engine *engine, struct connection *connection,
        const struct employee_key *key, struct err *err)
{
	struct employee employee = {0};
	struct runner runner = {0};
	struct bob_people people = {0};

	if (store_employee_get(engine->store, key, &employee, NULL)) {
		employee_finish(&employee);
		return true;
	}
	bool is_found = runner_init(&runner, engine->store, engine->connections,
	                        engine->connection_count, err) &&
	        read_one(&runner, connection, key->employee_id, &people, err);
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

bool engine_sync(
        struct engine *engine, const struct employee_key *key, int64_t *generation, struct err *err)
{
	struct connection *connection = engine_need_connection(engine, key->connection, err);
	struct employee employee = {0};

	if (connection == NULL || !is_known(engine, connection, key, err) ||
	        !store_employee_mark(engine->store, key, LANE_UPDATE, "sync", err) ||
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
	if (!store_value_set(
	            engine->store, name, "pause", mode == PAUSE_NONE ? NULL : value, err) ||
	        !store_audit(engine->store, name, "", by, mode == PAUSE_NONE ? "resume" : "pause",
	                err)) {
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

bool engine_health(struct engine *engine, const char *name, struct engine_health *health)
{
	struct connection *connection = engine_connection(engine, name);

	*health = (struct engine_health){0};
	if (connection == NULL) {
		return false;
	}
	monitor_lock(&connection->monitor);
	health->is_okta_parked = park_is_parked(&connection->okta);
	health->is_bob_parked = park_is_parked(&connection->bob);
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
	for (int bucket = 0; bucket < OKTA_BUCKET_COUNT; bucket++) {
		health->okta_remaining[bucket] =
		        okta_org_remaining(connection->org, (enum okta_bucket)bucket);
	}
	return true;
}
