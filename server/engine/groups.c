/* SPDX-License-Identifier: MIT */
#include "server/engine/groups.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/limit_hold.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ problems */

/* The row could not do its work for this person: listed like a mapping row's problem. */
static void note_problem(struct map_group_result *result, const char *reason)
{
	if (result != NULL) {
		result->state = ROW_FAILED;
		str_format_cut(result->reason, sizeof(result->reason), "%s", reason);
	}
}

static struct map_group_result *find_result(struct run *run, const char *group)
{
	for (size_t i = 0; run->has_profile && group != NULL && i < run->profile.group_count; i++) {
		if (str_equal(run->profile.groups[i].rule->group, group)) {
			return &run->profile.groups[i];
		}
	}
	return NULL;
}

/* The group's own fault: no other membership of it would go better. */
static bool is_group_refused(const struct call_outcome *outcome)
{
	return strcmp(outcome->code, "E0000060") == 0 || strcmp(outcome->code, "E0000111") == 0;
}

/* The user or the group is gone, or the user was closed since we looked. */
static enum step look_again(
        struct run *run, const struct planned_action *action, const struct call_outcome *outcome)
{
	enum account_status before = run->employee->present_status;

	if (run_reread(run) == STEP_STOP) {
		return STEP_STOP;
	}
	if (run->employee->present_status != before) {
		return STEP_AGAIN;
	}
	if (outcome->call_class == CALL_NOT_FOUND) {
		group_book_refuse(
		        run->connection->groups, action->group_id, "it is not there any more");
	}
	note_problem(find_result(run, action->group), outcome->sentence);
	return STEP_NEXT;
}

enum step groups_refused(
        struct run *run, const struct planned_action *action, const struct call_outcome *outcome)
{
	switch (outcome->call_class) {
	case CALL_DONE: return STEP_NEXT;
	case CALL_REREAD:
	case CALL_NOT_FOUND: return look_again(run, action, outcome);
	case CALL_PERMANENT:
	case CALL_STOP_CONFIG: break;
	case CALL_RETRY_AT:
	case CALL_RETRY_LATER:
	case CALL_UNCLEAR:
	case CALL_STOP_CREDENTIALS:
	case CALL_ABORTED: return run_stop_outcome(run, outcome);
	}
	connection_okta_outcome(run->connection, run->employee->key.employee_id, outcome);
	if (is_group_refused(outcome)) {
		group_book_refuse(run->connection->groups, action->group_id, outcome->sentence);
	}
	note_problem(find_result(run, action->group), outcome->sentence);
	return STEP_NEXT;
}

/* --------------------------------------------------------------------- found */

static bool needs_look(const struct group_plan *plan, const struct run *run)
{
	/* A forecast asks Okta nothing. */
	bool may_look = run->employee->okta_id[0] != '\0' && run->forecast_ms == 0;

	for (size_t i = 0; may_look && i < plan->count; i++) {
		if (plan->steps[i].change == GROUP_JOIN &&
		        plan->steps[i].membership == GROUP_NONE) {
			return true;
		}
	}
	return false;
}

static bool has_id(const json_t *ids, const char *id)
{
	size_t i = 0;
	const json_t *known = NULL;

	json_array_foreach(ids, i, known)
	{
		if (str_equal(json_string_value(known), id)) {
			return true;
		}
	}
	return false;
}

/* In already, and not by us: noted, so that it is never taken for a gift of ours. */
static bool note_found(struct run *run, struct group_step *step, struct err *err)
{
	step->change = GROUP_STAYS;
	if (run->mode == RUN_MODE_PLAN || run->connection->settings->mode == SETTINGS_DRY_RUN) {
		return true;
	}
	return store_membership_found(run->runner->store, &run->employee->key,
	        run->employee->okta_id, step->group_id, err);
}

static enum step take_found(struct run *run, struct group_plan *plan, const json_t *ids)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < plan->count; i++) {
		struct group_step *step = &plan->steps[i];
		if (step->change == GROUP_JOIN && step->membership == GROUP_NONE &&
		        has_id(ids, step->group_id) && !note_found(run, step, &err)) {
			return run_stop(run, RUN_ENDS_RETRY, err.text);
		}
	}
	return STEP_NEXT;
}

/* Without the look nothing is given: what was there could not be told from a gift of ours. */
static void give_up_joins(struct group_plan *plan, const char *reason)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct group_step *step = &plan->steps[i];
		if (step->change == GROUP_JOIN && step->membership == GROUP_NONE) {
			step->change = GROUP_STAYS;
			note_problem(step->result, reason);
		}
	}
}

static enum step on_unseen(
        struct run *run, struct group_plan *plan, const struct call_outcome *outcome)
{
	if (outcome->call_class == CALL_NOT_FOUND) {
		return run_reread(run) == STEP_NEXT ? STEP_AGAIN : STEP_STOP;
	}
	if (run->mode == RUN_MODE_PLAN) {
		return STEP_NEXT;
	}
	if (outcome->call_class == CALL_PERMANENT || outcome->call_class == CALL_STOP_CONFIG) {
		give_up_joins(plan, outcome->sentence);
		return STEP_NEXT;
	}
	return run_stop_outcome(run, outcome);
}

/* Once for everything that is to be given the first time. */
static enum step look_for_found(struct run *run, struct group_plan *plan)
{
	struct okta_client *client = needs_look(plan, run) ? run_okta(run) : NULL;
	struct call_outcome outcome;
	json_t *ids = NULL;

	if (client == NULL) {
		return needs_look(plan, run) ? STEP_STOP : STEP_NEXT;
	}
	if (run->mode == RUN_MODE_PLAN) {
		/* A plan of everybody leaves room for the work. */
		okta_client_set_urgency(client, CALL_BACKGROUND);
	}
	okta_user_groups(client, run->employee->okta_id, &ids, &outcome);
	enum step step = outcome.call_class == CALL_DONE ? take_found(run, plan, ids)
	                                                 : on_unseen(run, plan, &outcome);
	json_decref(ids);
	return step;
}

/* ----------------------------------------------------------------------- act */

/* What a leaver loses was counted when the account was closed. */
static struct planned_action action_of(const struct group_plan *plan, const struct group_step *step)
{
	bool is_join = step->change == GROUP_JOIN;
	struct planned_action action = {
	        .kind = is_join ? ACTION_JOIN_GROUP : ACTION_LEAVE_GROUP,
	        .rule = plan->is_leaver ? RULE_L3 : RULE_C6,
	        .limit = is_join || plan->is_leaver ? LIMIT_NONE : LIMIT_LEAVE_GROUP,
	        .group_id = step->group_id,
	        .group = step->result != NULL ? step->result->rule->group : step->name,
	};

	str_format_cut(action.reason, sizeof(action.reason), "group %.100s: %s", step->name,
	        plan->is_leaver    ? "a leaver loses the groups that we gave"
	                : !is_join ? "its condition is not met any more"
	                : step->membership == GROUP_LAPSED
	                ? "its condition is met, and the account was closed since it was given"
	                : "its condition is met");
	return action;
}

/* One that is held asks for all that would follow: they count as one person. */
static enum step act_step(struct run *run, const struct group_plan *plan,
        const struct group_step *step, bool *is_held)
{
	struct planned_action action = action_of(plan, step);
	bool was_held = run->is_held;

	if (step->change == GROUP_STAYS || (*is_held && step->change == GROUP_LEAVE)) {
		return STEP_NEXT;
	}
	run->is_held = false;
	enum step done = act_action(run, &action);
	*is_held = *is_held || run->is_held;
	run->is_held = run->is_held || was_held;
	return done;
}

static enum step act_steps(struct run *run, struct group_plan *plan)
{
	enum step step = look_for_found(run, plan);
	bool is_held = false;

	for (size_t i = 0; i < plan->count && step == STEP_NEXT; i++) {
		step = act_step(run, plan, &plan->steps[i], &is_held);
	}
	return step;
}

/* The limit held a leaving that nobody wants any more. */
static void drop_stale_limit(struct run *run, const struct group_plan *plan)
{
	if (run->presence == PRESENCE_READ && !plan->has_leave) {
		limit_hold_drop(run, LIMIT_LEAVE_GROUP);
	}
}

enum step groups_act(struct run *run)
{
	struct group_plan plan = {0};
	struct err err = ERR_INIT;
	enum step step = run->mode == RUN_MODE_PLAN ? STEP_NEXT : groups_act_again(run);

	if (step != STEP_NEXT || run->mode == RUN_MODE_CLOSE) {
		return step;
	}
	if (group_plan_make(&plan, run, &err)) {
		drop_stale_limit(run, &plan);
		step = act_steps(run, &plan);
	} else {
		step = run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	group_plan_finish(&plan);
	return step;
}
