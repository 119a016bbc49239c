/* SPDX-License-Identifier: MIT */
/*
 * People who are hired, employed or on leave: is an account made, activated,
 * left alone? Steps as in policy_lower.c.
 */
#include "mapping/policy_view.h"

#define MOVE_LOOK_MS INT64_C(900000) /* 15 minutes: how soon we look whether a move is done */

static bool is_on_leave(const struct policy_view *view)
{
	const enum lifecycle lifecycle = view->life.lifecycle;
	return lifecycle == LIFECYCLE_LEAVE || lifecycle == LIFECYCLE_GARDEN_LEAVE;
}

/* The reason of an account that exists and is not activated yet. */
static void decide_staged(const struct policy_view *view, struct decision *decision)
{
	const struct policy_times *times = &view->life.times;
	if (view->life.is_suspending_leave) {
		policy_view_decide(decision, WANTED_STAGED, RULE_E1,
		        "on a leave without access: to be activated on return", NULL);
	} else if (view->mode == ACTIVATION_NEVER) {
		policy_view_decide(decision, WANTED_STAGED, RULE_R4,
		        "activation is left to an administrator", NULL);
	} else {
		policy_view_decide(decision, WANTED_STAGED, RULE_K3, "", NULL);
		policy_time_say(decision->reason, sizeof(decision->reason), "to be activated",
		        times->lead.activation, view->settings->activation_at_minute);
		policy_view_due(view, decision, times->activates_at_ms);
	}
}

static void wait_for_email(const struct policy_view *view, struct decision *decision)
{
	const bool has_email = view->input->person->email.state == FIELD_VALUE;
	policy_view_decide(decision, WANTED_NONE, RULE_G2,
	        has_email ? "waiting: the work e-mail is not in an allowed domain"
	                  : "waiting: no work e-mail yet",
	        NULL);
	policy_view_look_daily(view, decision);
}

static const char OUT_OF_SCOPE[] = "out of scope: the condition provisioning.scope is not met";

/* Too little is known to say who is in scope: nothing is done, and it is looked at daily. */
static bool step_scope_unknown(const struct policy_view *view, struct decision *decision)
{
	const char *why = view->input->scope_reason;
	if (view->input->scope != SCOPE_UNKNOWN) {
		return false;
	}
	policy_view_decide(decision, view->account->is_linked ? WANTED_UNCHANGED : WANTED_NONE,
	        view->account->is_linked ? RULE_L5 : RULE_G1, "scope unknown",
	        why != NULL && why[0] != '\0' ? why : "provisioning.scope could not be evaluated");
	policy_view_keep_profile(decision);
	policy_view_look_daily(view, decision);
	return true;
}

/*
 * Bob's word counts for more than a date that is still to come, but not for
 * more than the hour: on the start date itself Bob says employed from midnight.
 */
static bool is_creation_time(const struct policy_view *view)
{
	const struct life *life = &view->life;
	const int64_t now_ms = view->input->now_ms;
	return view->settings->create == CREATE_ON_CREATION ||
	        policy_has_come(now_ms, life->times.creates_at_ms) ||
	        (life->is_started_by_word && now_ms < life->times.starts_at_ms);
}

static void wait_to_create(const struct policy_view *view, struct decision *decision)
{
	const struct policy_times *times = &view->life.times;
	policy_view_decide(decision, WANTED_NONE, RULE_K3, "", NULL);
	policy_time_say(decision->reason, sizeof(decision->reason), "to be created",
	        times->lead.create, view->settings->create_at_minute);
	policy_view_due(view, decision, times->creates_at_ms);
}

static bool step_unlinked(const struct policy_view *view, struct decision *decision)
{
	if (view->account->is_linked) {
		return false;
	}
	if (view->input->scope == SCOPE_NOT_MET) {
		policy_view_decide(decision, WANTED_NONE, RULE_G1, OUT_OF_SCOPE, NULL);
		policy_view_look_daily(view, decision);
		return true;
	}
	if (!policy_view_has_allowed_email(view)) {
		wait_for_email(view, decision);
		return true;
	}
	if (!view->life.has_start_date) {
		policy_view_wait_for_start(view, decision, WANTED_NONE);
		return true;
	}
	if (!is_creation_time(view)) {
		wait_to_create(view, decision);
		return true;
	}
	decision->lane = LANE_JOIN;
	decision->may_create = true;
	if (policy_view_is_open_time(view)) {
		policy_view_decide(decision, WANTED_ACTIVE, RULE_R1,
		        "hired or employed: account wanted", NULL);
	} else {
		decide_staged(view, decision);
	}
	return true;
}

/* L5: a work e-mail outside the domains (none at all says nothing), or the condition not met. */
static const char *why_out_of_scope(const struct policy_view *view)
{
	if (view->input->scope == SCOPE_NOT_MET) {
		return OUT_OF_SCOPE;
	}
	if (view->input->person->email.state == FIELD_VALUE &&
	        !policy_view_has_allowed_email(view)) {
		return "out of scope: the work e-mail is not in an allowed domain";
	}
	return NULL;
}

/* An open move to another connection: there the account is opened first, then closed here. */
static bool is_waiting_for_move(const struct policy_view *view, struct decision *decision)
{
	if (view->settings->out_of_scope == SCOPE_KEEP || !view->account->is_move_pending) {
		return false;
	}
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_L5,
	        "out of scope: waits until the account in the other connection is open", NULL);
	policy_view_due(view, decision, view->input->now_ms + MOVE_LOOK_MS);
	return true;
}

/* Scope gates creating, adopting and writing; that a leave is over it cannot gate (R3). */
static bool is_back_from_leave(const struct policy_view *view)
{
	return view->account->lowered == LOWER_LEAVE &&
	        view->account->status == ACCOUNT_SUSPENDED && !view->account->was_terminated;
}

static void decide_kept(const struct policy_view *view, struct decision *decision, const char *why)
{
	if (is_back_from_leave(view)) {
		policy_reopen(view, decision);
		policy_view_keep_profile(decision);
	} else {
		policy_view_decide(decision, WANTED_UNCHANGED, RULE_L5, why, NULL);
	}
}

static bool step_out_of_scope(const struct policy_view *view, struct decision *decision)
{
	const char *why = why_out_of_scope(view);
	if (why == NULL) {
		return false;
	}
	policy_view_keep_profile(decision);
	if (is_waiting_for_move(view, decision)) {
		return true;
	}
	switch (view->settings->out_of_scope) {
	case SCOPE_KEEP: decide_kept(view, decision, why); break;
	case SCOPE_SUSPEND:
		policy_view_decide(decision, WANTED_SUSPENDED, RULE_L5, why, NULL);
		policy_view_lower(decision, policy_view_suspended(view), LOWER_SCOPE, LANE_LEAVE);
		break;
	case SCOPE_DEACTIVATE:
		policy_view_decide(decision, WANTED_DEACTIVATED, RULE_L5, why, NULL);
		policy_view_lower(decision, WANTED_DEACTIVATED, LOWER_SCOPE, LANE_LEAVE);
		break;
	}
	return true;
}

/* R1: the first activation of an account that we created or adopted as STAGED. */
static bool step_staged(const struct policy_view *view, struct decision *decision)
{
	const struct account_facts *account = view->account;
	if (account->status != ACCOUNT_STAGED) {
		return false;
	}
	if (account->origin != ORIGIN_CREATED && account->origin != ORIGIN_ADOPTED_STAGED) {
		policy_view_decide(decision, WANTED_UNCHANGED, RULE_R1,
		        "not activated, and neither created nor adopted so by us: left as it is",
		        NULL);
	} else if (view->mode != ACTIVATION_NEVER && !view->life.has_start_date) {
		policy_view_wait_for_start(view, decision, WANTED_STAGED);
	} else if (policy_view_is_open_time(view)) {
		policy_view_decide(
		        decision, WANTED_ACTIVE, RULE_R1, "the first activation is due", NULL);
		decision->lane = LANE_JOIN;
	} else {
		decide_staged(view, decision);
	}
	return true;
}

/* What is left: an account that is open (R2), or of which nothing is known. */
static bool step_open(const struct policy_view *view, struct decision *decision)
{
	if (!account_status_is_activated(view->account->status)) {
		policy_view_decide(decision, WANTED_UNCHANGED, RULE_R2,
		        "the account's status in Okta is not known: it is read first", NULL);
		policy_view_keep_profile(decision);
	} else if (is_on_leave(view)) {
		policy_view_decide(
		        decision, WANTED_ACTIVE, RULE_E1, "on leave: access is kept", NULL);
	} else if (view->mode == ACTIVATION_NEVER) {
		policy_view_decide(decision, WANTED_ACTIVE, RULE_R4,
		        "activated by someone else: left so", NULL);
	} else if (!view->life.has_started) {
		policy_view_decide(decision, WANTED_ACTIVE, RULE_K3,
		        "activated before the start date: left so", NULL);
	} else {
		policy_view_decide(decision, WANTED_ACTIVE, RULE_R2,
		        "here, and the account is activated", NULL);
	}
	return true;
}

/* ------------------------------------------------------------------------ order */

bool policy_raise(const struct policy_view *view, struct decision *decision)
{
	static bool (*const steps[])(const struct policy_view *, struct decision *) = {
	        step_scope_unknown,
	        step_unlinked,
	        step_out_of_scope,
	        policy_reopen,
	        step_staged,
	        step_open,
	};
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i](view, decision)) {
			return true;
		}
	}
	return false;
}
