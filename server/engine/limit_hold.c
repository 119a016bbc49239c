/* SPDX-License-Identifier: MIT */
#include "server/engine/limit_hold.h"

#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"

#include <stdlib.h>

/* ------------------------------------------------------------------- holds */

static struct hold *find(const struct run *run, enum limit_kind limit)
{
	for (size_t i = 0; i < run->holds.count; i++) {
		struct hold *hold = &run->holds.items[i];
		if (hold->kind == HOLD_LIMIT && hold->limit == limit) {
			return hold;
		}
	}
	return NULL;
}

bool limit_hold_is_set(const struct run *run, enum limit_kind limit)
{
	return limit != LIMIT_NONE && find(run, limit) != NULL;
}

bool limit_hold_is_released(const struct run *run, enum limit_kind limit)
{
	return limit != LIMIT_NONE &&
	        (run->employee->approvals & approval_bit(HOLD_LIMIT, limit)) != 0;
}

/* What Okta would call the account afterwards; NULL: as before. */
static const char *wanted_status(const struct planned_action *action)
{
	switch (action->kind) {
	case ACTION_CREATE: return action->is_activating ? "ACTIVE" : "STAGED";
	case ACTION_ACTIVATE:
	case ACTION_REACTIVATE:
	case ACTION_UNSUSPEND: return "ACTIVE";
	case ACTION_SUSPEND: return "SUSPENDED";
	case ACTION_DEACTIVATE: return "DEPROVISIONED";
	case ACTION_UPDATE:
	case ACTION_END_SESSIONS:
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP:
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: break;
	}
	return NULL;
}

/* {"status": ..., "group": ..., "profile": {...}}, each where the action is about it. */
static bool set_wanted(struct hold *hold, const struct planned_action *action)
{
	json_t *wanted = json_object();
	const char *status = wanted_status(action);

	if (status != NULL) {
		json_object_set_new(wanted, "status", json_string(status));
	}
	if (action->group != NULL) {
		json_object_set_new(wanted, "group", json_string(action->group));
	}
	if (action->profile != NULL) {
		json_object_set(wanted, "profile", action->profile);
	}
	char *text = wanted != NULL ? json_format(wanted) : NULL;
	bool is_set = text != NULL && personal_set(&hold->wanted, text);
	free(text);
	json_decref(wanted);
	return is_set;
}

static bool fill(struct hold *hold, const struct run *run, const struct planned_action *action)
{
	*hold = (struct hold){.kind = HOLD_LIMIT, .limit = action->limit};
	str_format_cut(hold->cause, sizeof(hold->cause), "%s would pass the limit \"%s\": %s",
	        action_kind_name(action->kind), limit_kind_name(action->limit), action->reason);
	str_format_cut(hold->okta_id, sizeof(hold->okta_id), "%s", run->employee->okta_id);
	str_format_cut(hold->rule, sizeof(hold->rule), "%s", policy_rule_id(action->rule));
	str_format_cut(hold->action, sizeof(hold->action), "%s", action_kind_name(action->kind));
	return set_wanted(hold, action);
}

/* What else this run does knows of it. */
static bool remember(struct run *run, const struct hold *hold)
{
	if (limit_hold_is_set(run, hold->limit)) {
		return true;
	}
	struct hold *items =
	        realloc(run->holds.items, (run->holds.count + 1) * sizeof(*run->holds.items));
	if (items == NULL) {
		return false;
	}
	run->holds.items = items;
	items[run->holds.count] = *hold;
	items[run->holds.count++].wanted = (struct personal){0};
	return true;
}

enum step limit_hold_ask(struct run *run, const struct planned_action *action)
{
	struct hold hold;
	enum step step = STEP_STOP;

	run->asked = HOLD_LIMIT;
	if (!fill(&hold, run, action)) {
		run_stop(run, RUN_ENDS_RETRY, "out of memory while asking a human");
	} else {
		str_format_cut(run->asked_cause, sizeof(run->asked_cause), "%s", hold.cause);
		step = run_hold_add(run, &hold);
	}
	if (step == STEP_NEXT && !remember(run, &hold)) {
		step = run_stop(run, RUN_ENDS_RETRY, "out of memory while asking a human");
	}
	hold_finish(&hold);
	return step;
}

void limit_hold_renew(struct run *run, const struct planned_action *action)
{
	const struct hold *present = find(run, action->limit);
	struct hold hold;

	if (present == NULL || run->mode == RUN_MODE_PLAN) {
		return;
	}
	if (fill(&hold, run, action) && present->wanted.text != NULL &&
	        !str_equal(present->wanted.text, hold.wanted.text)) {
		run_hold_add(run, &hold);
	}
	hold_finish(&hold);
}

/* -------------------------------------------------------------- taken back */

static void forget(struct run *run, const struct hold *hold)
{
	size_t at = (size_t)(hold - run->holds.items);
	bool is_other = false;

	hold_finish(&run->holds.items[at]);
	run->holds.items[at] = run->holds.items[--run->holds.count];
	for (size_t i = 0; i < run->holds.count; i++) {
		is_other |= run->holds.items[i].kind == HOLD_LIMIT;
	}
	if (!is_other) {
		run->employee->hold_kinds &= ~(1U << HOLD_LIMIT);
	}
}

void limit_hold_drop(struct run *run, enum limit_kind limit)
{
	const struct hold *hold = find(run, limit);
	struct err err = ERR_INIT;

	if (hold == NULL || run->mode == RUN_MODE_PLAN) {
		return;
	}
	if (store_hold_remove_of_limit(run->runner->store, &run->employee->key, limit, &err)) {
		forget(run, hold);
	} else {
		log_warn("hold not taken back", F("employee_id", run->employee->key.employee_id),
		        F("cause", err.text));
	}
}

static bool is_planned(const struct run *run, enum limit_kind limit)
{
	for (size_t i = 0; i < run->plan.count; i++) {
		if (run->plan.actions[i].limit == limit) {
			return true;
		}
	}
	return false;
}

void limit_hold_drop_stale(struct run *run)
{
	if (run->presence != PRESENCE_READ) {
		return;
	}
	for (int kind = LIMIT_NONE; kind < LIMIT_KIND_COUNT; kind++) {
		enum limit_kind limit = (enum limit_kind)kind;
		if (limit == LIMIT_NONE ||
		        (limit != LIMIT_LEAVE_GROUP && !is_planned(run, limit))) {
			limit_hold_drop(run, limit);
		}
	}
}

/* -------------------------------------------------- because of the settings */

void limit_hold_count_settings(const struct run *run, struct planned_action *action)
{
	int64_t filled_by = run->employee->mapped_version;
	bool is_tried = run->draft != NULL || run->as_of != NULL || run->forecast_ms != 0;

	if (action->kind == ACTION_UPDATE && action->limit == LIMIT_NONE && !is_tried &&
	        filled_by != 0 && filled_by < run->connection->mapping_version) {
		action->limit = LIMIT_UPDATE_BY_SETTINGS;
	}
}

void limit_hold_note_mapped(struct run *run)
{
	bool is_filled = run->employee->okta_id[0] != '\0' && run->has_profile;

	if (is_filled && !limit_hold_is_set(run, LIMIT_UPDATE_BY_SETTINGS)) {
		run->employee->mapped_version = run->connection->mapping_version;
	}
}
