/* SPDX-License-Identifier: MIT */
/* One undo from the outside: whose action it is, the claim, the run, and what it came to. */
#include "server/engine/undo.h"

#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/parts.h"
#include "server/engine/undo_parts.h"

#define UNDO_LEASE_MS (2 * 60 * 1000)
#define ACTIONS_MAX   1000 /* of one person: how far back an action may lie */

/* ----------------------------------------------------------------- may it be */

static bool refuse(struct err *err, int64_t action_id, const char *why)
{
	err_set(err, ERR_CONFLICT, "action %lld is not undone: %s", (long long)action_id, why);
	return false;
}

/* What is open may be anything: it is found out first (design 1.3). */
static bool check_open(const struct action_list *all, int64_t action_id, struct err *err)
{
	char why[SENTENCE_BYTES];

	for (size_t i = 0; i < all->count; i++) {
		if (all->items[i].outcome.state == OUTCOME_OPEN) {
			str_format_cut(why, sizeof(why),
			        "how action %lld of the same person ended is not known yet; again"
			        " in a moment",
			        (long long)all->items[i].intent.intent_id);
			return refuse(err, action_id, why);
		}
	}
	return true;
}

static bool check_records(struct store *store, const struct employee *employee,
        const struct action_record *action, struct err *err)
{
	struct action_list all = {0};
	struct undo_verdict verdict;
	int64_t action_id = action->intent.intent_id;

	if (!store_action_list(store, &employee->key, ACTIONS_MAX, &all, err)) {
		return false;
	}
	bool is_good = all.count > 0 && all.items[all.count - 1].intent.intent_id <= action_id;
	if (!is_good) {
		refuse(err, action_id, "too much was done for this person since");
	}
	undo_judge(&all, action, employee->okta_id, &verdict);
	if (is_good && !verdict.is_possible) {
		is_good = refuse(err, action_id, verdict.why);
	}
	is_good = is_good && check_open(&all, action_id, err);
	action_list_finish(&all);
	return is_good;
}

/* -------------------------------------------------------------------- report */

static json_t *step_json(const struct undo_step *step)
{
	const struct planned_action *action = &step->action;
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "kind",
	        action_kind_name(action->kind), "state", undo_state_name(step->state), "reason",
	        action->reason, "limit", limit_kind_name(action->limit), "is_rename",
	        action->is_rename, "sends_email", action->sends_email);

	if (json != NULL && action->profile != NULL) {
		json_object_set(json, "profile", action->profile);
	}
	if (json != NULL && action->group_id != NULL) {
		json_object_set_new(json, "group_id", json_string(action->group_id));
		json_object_set_new(json, "group", json_string(action->group));
	}
	return json;
}

static const char *state_of(const struct undo *undo, json_t *steps)
{
	const char *state = "done";

	for (size_t i = 0; i < undo->count; i++) {
		json_array_append_new(steps, step_json(&undo->steps[i]));
		if (undo->steps[i].state != UNDO_DONE) {
			state = "partly_done";
		}
	}
	if (undo->is_told) {
		return undo->request->how == UNDO_PLAN ? "planned" : "dry_run";
	}
	return state;
}

static json_t *report_json(const struct run *run)
{
	const struct undo *undo = run->undo;
	const struct employee *employee = run->employee;
	json_t *steps = json_array();
	const char *state = state_of(undo, steps);
	json_t *status = json_object_get(undo->before, "status");
	json_t *at_ms = json_object_get(undo->before, "at_ms");

	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:{s:O*, s:O*}, s:s, s:o, s:O, s:b}",
	        "action_id", (json_int_t)undo->request->action_id, "connection",
	        employee->key.connection, "employee_id", employee->key.employee_id, "okta_id",
	        employee->okta_id, "kind", action_kind_name(undo->action->intent.kind), "state",
	        state, "before", "status", status, "at_ms", at_ms, "present_status",
	        account_status_name(undo->present_status), "steps", steps, "losses", undo->losses,
	        "is_held", undo->has_held);
}

/* ----------------------------------------------------------------------- run */

static bool has_done(const struct undo *undo)
{
	for (size_t i = 0; i < undo->count; i++) {
		if (undo->steps[i].state == UNDO_DONE) {
			return true;
		}
	}
	return false;
}

/* The hold stays where something was done, or may have been. */
static void drop_hold(const struct run *run)
{
	struct store *store = run->runner->store;
	struct action_list open = {0};
	const struct undo *undo = run->undo;
	struct err err = ERR_INIT;

	if (!undo->has_held || undo->was_held || has_done(undo) ||
	        !store_intent_list_open(store, &run->employee->key, &open, &err)) {
		return;
	}
	if (open.count == 0 && !store_hold_remove(store, &run->employee->key, HOLD_UNDO, &err)) {
		log_error("hold of a failed undo stays",
		        F("employee_id", run->employee->key.employee_id), F("cause", err.text));
	}
	action_list_finish(&open);
}

static bool judge_end(const struct run *run, int64_t action_id, struct err *err)
{
	if (run->end == RUN_ENDS_WELL || has_done(run->undo)) {
		return true;
	}
	if (run->end == RUN_ENDS_MOVED || run->end == RUN_ENDS_LOST) {
		return refuse(
		        err, action_id, "something new came for this person: again in a moment");
	}
	return refuse(err, action_id, run->sentence);
}

static bool run_undo(struct runner *runner, struct employee *employee, struct undo *undo,
        json_t **report, struct err *err)
{
	struct run run = {
	        .runner = runner,
	        .connection = undo->connection,
	        .employee = employee,
	        .mode = RUN_MODE_UNDO,
	        .presence = PRESENCE_NOT_READ,
	        .undo = undo,
	};

	undo->was_held = (employee->hold_kinds & (1U << HOLD_UNDO)) != 0;
	reconcile(&run, NULL);
	if (judge_end(&run, undo->request->action_id, err)) {
		*report = report_json(&run);
		if (*report == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory while telling what was undone");
		}
	}
	drop_hold(&run);
	run_finish(&run);
	return *report != NULL;
}

/* ---------------------------------------------------------------- the request */

/* Under a lease unless it is only told: then the record as it is, which nothing changes. */
static bool take_employee(
        struct store *store, const struct undo *undo, struct employee *employee, struct err *err)
{
	const struct employee_key *key = &undo->action->intent.key;

	return undo->is_told ? store_employee_get(store, key, employee, err)
	                     : store_employee_claim_one(store, key, UNDO_LEASE_MS, employee, err);
}

static bool undo_one(struct engine *engine, struct undo *undo, json_t **report, struct err *err)
{
	struct employee employee = {0};
	struct runner runner = {0};

	if (!take_employee(engine->store, undo, &employee, err)) {
		return false;
	}
	if (check_records(engine->store, &employee, undo->action, err) &&
	        runner_init(&runner, engine->store, engine->connections, engine->connection_count,
	                err)) {
		(void)run_undo(&runner, &employee, undo, report, err);
		runner_finish(&runner);
	}
	if (!undo->is_told) {
		engine_give_back(engine, &employee, "");
		engine_notify(engine);
	}
	employee_finish(&employee);
	return *report != NULL;
}

bool engine_undo(
        struct engine *engine, const struct undo_request *request, json_t **report, struct err *err)
{
	struct action_list actions = {0};
	struct undo undo;

	*report = NULL;
	if (!store_action_get(engine->store, request->action_id, &actions, err)) {
		return false;
	}
	const struct action_record *action = &actions.items[0];
	bool is_open = undo_open(&undo, request, action);
	undo.connection = engine_need_connection(engine, action->intent.key.connection, err);
	if (undo.connection != NULL && is_open) {
		undo.is_told = request->how == UNDO_PLAN ||
		        undo.connection->settings->mode == SETTINGS_DRY_RUN;
		(void)undo_one(engine, &undo, report, err);
	}
	undo_close(&undo);
	action_list_finish(&actions);
	if (*report == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory while undoing");
	}
	return *report != NULL;
}
