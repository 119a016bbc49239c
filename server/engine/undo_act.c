/* SPDX-License-Identifier: MIT */
/* Doing what undo_plan.c found, through the same door as every other action (act.c). */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/engine/undo_parts.h"

const char *undo_state_name(enum undo_state state)
{
	static const char *const NAMES[UNDO_STATE_COUNT] = {"planned", "done", "refused"};

	return (unsigned)state < UNDO_STATE_COUNT ? NAMES[state] : "unknown";
}

enum step undo_refuse(struct run *run, const char *why)
{
	return run_stop(run, RUN_ENDS_FAILED, why);
}

/* ------------------------------------------------------------------- address */

static enum step say_holder(struct run *run, const struct okta_user *user, char *why, size_t size)
{
	char other[EMPLOYEE_ID_BYTES] = "";

	if (!lookup_linked(run, user->id, other)) {
		return STEP_STOP;
	}
	if (other[0] != '\0') {
		str_format_cut(why, size, "Okta user %s has it now (employee %s)", user->id, other);
	} else {
		str_format_cut(why, size, "Okta user %s has it now", user->id);
	}
	return STEP_NEXT;
}

/* Okta's login is the only lock on an address (D6), so it is asked by login. */
static enum step ask_okta(struct run *run, const char *value, char *why, size_t size)
{
	struct okta_client *client = run_okta(run);
	struct call_outcome outcome;
	struct okta_user user = {0};
	enum step step = STEP_NEXT;

	if (client == NULL) {
		return STEP_STOP;
	}
	okta_user_get(client, value, &user, &outcome);
	if (outcome.call_class == CALL_DONE && !str_equal(user.id, run->employee->okta_id)) {
		step = say_holder(run, &user, why, size);
	} else if (outcome.call_class != CALL_DONE && outcome.call_class != CALL_NOT_FOUND) {
		step = run_stop_outcome(run, &outcome);
	}
	okta_user_finish(&user);
	return step;
}

enum step undo_address(
        struct run *run, const char *attribute, const char *value, char *why, size_t size)
{
	char other[EMPLOYEE_ID_BYTES] = "";
	(void)attribute;

	if (!policy_domain_allowed(run_policy(run), value)) {
		str_format_cut(why, size, "its domain is not in provisioning.email_domains");
		return STEP_NEXT;
	}
	if (!lookup_linked(run, value, other)) {
		return STEP_STOP;
	}
	if (other[0] != '\0') {
		str_format_cut(why, size, "employee %s has it now, or is about to get it", other);
		return STEP_NEXT;
	}
	return ask_okta(run, value, why, size);
}

/* ----------------------------------------------------------------------- act */

/* Durable before the first call: a crash in between leaves a hold, never an account unguarded. */
static enum step hold(struct run *run)
{
	struct hold hold = {
	        .key = run->employee->key, .kind = HOLD_UNDO, .since_ms = clock_wall_ms()};
	struct err err = ERR_INIT;

	str_format_cut(hold.by, sizeof(hold.by), "%s", run->undo->request->by);
	str_format_cut(hold.cause, sizeof(hold.cause), "action %lld (%s) was undone",
	        (long long)run->undo->request->action_id,
	        action_kind_name(run->undo->action->intent.kind));
	str_format_cut(hold.okta_id, sizeof(hold.okta_id), "%s", run->employee->okta_id);
	if (!store_hold_add(run->runner->store, &hold, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	run->undo->has_held = true;
	run->employee->hold_kinds |= 1U << HOLD_UNDO;
	return STEP_NEXT;
}

/* Sessions that were still to be ended belong to the lowering that is taken back. */
static void forget_sessions(struct run *run, const struct planned_action *action)
{
	if (action->kind == ACTION_ACTIVATE || action->kind == ACTION_UNSUSPEND) {
		run->employee->is_sessions_due = false;
	}
}

static enum step do_step(struct run *run, struct undo_step *step)
{
	run->has_acted = false;
	forget_sessions(run, &step->action);
	enum step next = act_action(run, &step->action);
	step->state = run->has_acted && next == STEP_NEXT ? UNDO_DONE : UNDO_REFUSED;
	return next;
}

static enum step do_steps(struct run *run)
{
	struct undo *undo = run->undo;
	enum step step = STEP_NEXT;

	for (size_t i = 0; i < undo->count && step == STEP_NEXT; i++) {
		step = do_step(run, &undo->steps[i]);
		if (i > 0 && step == STEP_AGAIN) {
			/* The account changed under our hands, and the first step is done. */
			step = STEP_NEXT;
		}
	}
	return step;
}

enum step undo_act(struct run *run)
{
	if (run->decision.rule == RULE_PROTECTED) {
		return undo_refuse(run, run->decision.reason);
	}
	run->plan = (struct plan){.lane = LANE_JOIN, .hold = HOLD_KIND_COUNT};
	run->has_plan = true;
	enum step step = undo_plan(run);
	if (step != STEP_NEXT || run->undo->is_told) {
		return step;
	}
	step = hold(run);
	return step == STEP_NEXT ? do_steps(run) : step;
}
