/* SPDX-License-Identifier: MIT */
/*
 * A closed account of somebody who is here (R3, R4): our own lowering is
 * undone when its cause is gone; what somebody else closed is asked about.
 */
#include "mapping/policy_view.h"

/* In mode never, and where rehires are held, a human reopens who left (R4). */
static bool is_reopening_held(const struct policy_view *view)
{
	const struct account_facts *account = view->account;
	const bool is_rehire = account->lowered == LOWER_LEAVER ||
	        account->lowered == LOWER_REVOKED || view->is_rehired ||
	        policy_view_has_hold(view, HOLD_REHIRE);
	const bool would_be_first =
	        account->status == ACCOUNT_DEPROVISIONED && !account->is_activated;
	const bool is_asked = view->mode == ACTIVATION_NEVER
	        ? is_rehire || would_be_first
	        : is_rehire && view->settings->rehire == REHIRE_HOLD;
	return is_asked && !policy_view_is_approved(view, HOLD_REHIRE) &&
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
	if (view->account->is_activated || policy_view_is_open_time(view)) {
		policy_view_ask(decision, HOLD_CLOSED_BY_OTHER,
		        "the account was closed by someone else, and Bob says this person is here");
	}
}

/* A rehire with a start date to come is opened when a new account would be activated. */
static int64_t opens_at_ms(const struct policy_view *view)
{
	const struct policy_times *times = &view->life.times;
	const int64_t creates_at_ms =
	        view->settings->create == CREATE_ON_START_DATE ? times->creates_at_ms : 0;
	switch (view->mode) {
	case ACTIVATION_ALWAYS: return creates_at_ms;
	case ACTIVATION_BOB_STATUS:
		return times->activates_at_ms > creates_at_ms ? times->activates_at_ms
		                                              : creates_at_ms;
	case ACTIVATION_NEVER: break;
	}
	return times->starts_at_ms;
}

static bool is_to_reopen_now(const struct policy_view *view)
{
	return view->life.is_started_by_word || view->input->now_ms >= opens_at_ms(view);
}

static int opening_lead(const struct policy_view *view)
{
	const struct policy_times *times = &view->life.times;
	if (view->mode == ACTIVATION_NEVER) {
		return 0;
	}
	return opens_at_ms(view) == times->creates_at_ms ? times->lead.create
	                                                 : times->lead.activation;
}

static void wait_to_reopen(const struct policy_view *view, struct decision *decision)
{
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_K3, "", NULL);
	policy_time_say(decision->reason, sizeof(decision->reason), "to be opened again",
	        opening_lead(view), 0);
	policy_view_due(view, decision, opens_at_ms(view));
}

static void decide_held(const struct policy_view *view, struct decision *decision)
{
	const bool is_by_mode = view->mode == ACTIVATION_NEVER;
	policy_view_decide(decision, WANTED_UNCHANGED, is_by_mode ? RULE_R4 : RULE_R3,
	        is_by_mode ? "back again, but activation is left to an administrator"
	                   : "back again: an administrator decides about every rehire",
	        NULL);
	policy_view_ask(decision, HOLD_REHIRE, "rehired, or the termination was withdrawn");
}

/* The account is closed, the person is here: R3, R4. */
bool policy_reopen(const struct policy_view *view, struct decision *decision)
{
	const bool is_approved_now = is_reopening_approved(view);
	if (!policy_view_is_closed(view)) {
		return false;
	}
	if (view->account->lowered == LOWER_NONE && !is_approved_now) {
		decide_closed_by_other(view, decision);
	} else if (is_reopening_held(view)) {
		decide_held(view, decision);
	} else if (!view->life.has_start_date && !is_approved_now) {
		policy_view_wait_for_start(view, decision, WANTED_UNCHANGED);
	} else if (!is_to_reopen_now(view) && !is_approved_now) {
		wait_to_reopen(view, decision);
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
