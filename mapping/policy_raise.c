/* SPDX-License-Identifier: MIT */
/*
 * People who are hired, employed or on leave: is an account made, opened, left
 * alone? Steps as in policy_lower.c.
 */
#include "mapping/policy_view.h"

static bool is_on_leave(const struct policy_view *view)
{
	const enum lifecycle lifecycle = view->input->person->lifecycle;
	return lifecycle == LIFECYCLE_LEAVE || lifecycle == LIFECYCLE_GARDEN_LEAVE;
}

/* The account is one that may be open now: start date (K3) and mode (R1). */
static bool is_open_time(const struct policy_view *view)
{
	switch (view->mode) {
	case ACTIVATION_NEVER: return false;
	case ACTIVATION_ALWAYS: return true;
	case ACTIVATION_BOB_STATUS: return view->life.has_started;
	}
	return false;
}

/* The reason of an account that exists and is not activated yet. */
static void decide_staged(const struct policy_view *view, struct decision *decision)
{
	if (view->mode == ACTIVATION_NEVER) {
		policy_view_decide(decision, WANTED_STAGED, RULE_R4,
		        "activation is left to an administrator", NULL);
	} else {
		policy_view_decide(decision, WANTED_STAGED, RULE_K3,
		        "to be activated on the start date", NULL);
	}
}

static void wait_for_start_date(
        const struct policy_view *view, struct decision *decision, enum wanted_account wanted)
{
	const bool is_empty = view->input->person->start_date.state == FIELD_EMPTY;
	policy_view_decide(decision, wanted, RULE_K3,
	        is_empty ? "waiting: Bob has no start date"
	                 : "waiting: Bob did not show a start date",
	        NULL);
	policy_view_look_daily(view, decision);
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
		wait_for_start_date(view, decision, WANTED_NONE);
		return true;
	}
	if (view->settings->create == CREATE_ON_START_DATE && !view->life.has_started) {
		policy_view_decide(
		        decision, WANTED_NONE, RULE_K3, "to be created on the start date", NULL);
		return true;
	}
	decision->lane = LANE_JOIN;
	decision->may_create = true;
	if (is_open_time(view)) {
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

static bool step_out_of_scope(const struct policy_view *view, struct decision *decision)
{
	const char *why = why_out_of_scope(view);
	if (why == NULL) {
		return false;
	}
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_L5, why, NULL);
	policy_view_keep_profile(decision);
	switch (view->settings->out_of_scope) {
	case SCOPE_KEEP: break;
	case SCOPE_SUSPEND:
		policy_view_lower(decision, policy_view_suspended(view), LOWER_SCOPE, LANE_LEAVE);
		break;
	case SCOPE_DEACTIVATE:
		policy_view_lower(decision, WANTED_DEACTIVATED, LOWER_SCOPE, LANE_LEAVE);
		break;
	}
	return true;
}

/* In mode never a human reopens who left, unless one already has said so (R4). */
static bool is_reopening_held(const struct policy_view *view)
{
	const struct account_facts *account = view->account;
	const bool is_rehire = account->lowered == LOWER_LEAVER ||
	        account->lowered == LOWER_REVOKED || view->is_rehired ||
	        policy_view_has_hold(view, HOLD_REHIRE);
	const bool would_be_first =
	        account->status == ACCOUNT_DEPROVISIONED && !account->is_activated;
	return view->mode == ACTIVATION_NEVER && (is_rehire || would_be_first) &&
	        !policy_view_is_approved(view, HOLD_REHIRE) &&
	        !policy_view_is_approved(view, HOLD_REVOKED);
}

static bool is_reopening_approved(const struct policy_view *view)
{
	return policy_view_is_approved(view, HOLD_CLOSED_BY_OTHER) ||
	        policy_view_is_approved(view, HOLD_MATCH) ||
	        policy_view_is_approved(view, HOLD_REHIRE) ||
	        policy_view_is_approved(view, HOLD_REVOKED);
}

static void decide_closed_by_other(const struct policy_view *view, struct decision *decision)
{
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_R3,
	        "closed by someone else: it stays closed until an administrator says otherwise",
	        NULL);
	if (view->account->is_activated || is_open_time(view)) {
		policy_view_ask(decision, HOLD_CLOSED_BY_OTHER,
		        "the account was closed by someone else, and Bob says this person is here");
	}
}

static bool is_to_reopen_now(const struct policy_view *view)
{
	if (view->mode == ACTIVATION_ALWAYS && view->settings->create == CREATE_ON_CREATION) {
		return true;
	}
	return view->life.has_started;
}

/* The account is closed, the person is here: R3, R4. */
static bool step_closed(const struct policy_view *view, struct decision *decision)
{
	const bool is_approved_now = is_reopening_approved(view);
	if (!policy_view_is_closed(view)) {
		return false;
	}
	if (view->account->lowered == LOWER_NONE && !is_approved_now) {
		decide_closed_by_other(view, decision);
	} else if (is_reopening_held(view)) {
		policy_view_decide(decision, WANTED_UNCHANGED, RULE_R4,
		        "back again, but activation is left to an administrator", NULL);
		policy_view_ask(decision, HOLD_REHIRE, "rehired, or the termination was withdrawn");
	} else if (!view->life.has_start_date && !is_approved_now) {
		wait_for_start_date(view, decision, WANTED_UNCHANGED);
	} else if (!is_to_reopen_now(view) && !is_approved_now) {
		policy_view_decide(decision, WANTED_UNCHANGED, RULE_K3,
		        "to be opened again on the start date", NULL);
	} else {
		policy_view_decide(decision, WANTED_ACTIVE, RULE_R3,
		        view->is_rehired ? "rehired: the account is opened again"
		                         : "the cause of our closing is gone: opened again",
		        NULL);
		decision->lane = LANE_JOIN;
	}
	decision->may_write_profile =
	        view->account->status == ACCOUNT_SUSPENDED || decision->wanted == WANTED_ACTIVE;
	decision->may_rename = decision->may_write_profile;
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
		wait_for_start_date(view, decision, WANTED_STAGED);
	} else if (is_open_time(view)) {
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
	        step_closed,
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
