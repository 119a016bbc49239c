/* SPDX-License-Identifier: MIT */
/*
 * What comes before everything else: who is never touched, who is closed, and
 * of whom too little is known. Each step either decides and returns true, or
 * leaves the matter to the next; what it says holds under the condition that
 * no earlier one applied.
 */
#include "mapping/policy_view.h"

#include "server/base/str.h"

#define DUPLICATE_WAIT_MS INT64_C(259200000) /* G6: 72 h that an open question defers closing */

/* ------------------------------------------------ protected, held, revoked, left */

static enum wanted_account closed_for_leaver(const struct policy_view *view)
{
	return view->settings->leaver.action == LEAVER_SUSPEND ? policy_view_suspended(view)
	                                                       : WANTED_DEACTIVATED;
}

static bool is_lowering_due(const struct policy_view *view)
{
	return view->account->is_linked && !policy_view_is_closed(view) &&
	        (policy_view_is_leaver(view) || view->is_revoke_due);
}

/* While the present login is not known, the one Bob would give stands in for it. */
static const char *present_login(const struct policy_view *view)
{
	const struct person *person = view->input->person;
	if (view->account->login != NULL || person == NULL || person->email.state != FIELD_VALUE) {
		return view->account->login;
	}
	return personal_reveal(&person->email.text);
}

static bool step_protected(const struct policy_view *view, struct decision *decision)
{
	if (!policy_is_protected(view->settings, present_login(view), view->account->okta_id)) {
		return false;
	}
	const bool is_due = is_lowering_due(view);
	decision->is_alarm = decision->is_alarm || is_due;
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_PROTECTED,
	        is_due ? "the account is protected, but should be closed: close it by hand"
	               : "the account is protected and never changed",
	        NULL);
	policy_view_keep_profile(decision);
	return true;
}

static bool step_human_hold(const struct policy_view *view, struct decision *decision)
{
	if (!policy_view_has_hold(view, HOLD_HUMAN)) {
		return false;
	}
	const bool is_due = is_lowering_due(view);
	decision->is_alarm = decision->is_alarm || is_due;
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_HUMAN_HOLD,
	        is_due ? "held by an administrator, but the account should be closed"
	               : "held by an administrator",
	        NULL);
	policy_view_keep_profile(decision);
	return true;
}

/* The hold that a revocation leaves behind, from the moment it is decided (V2). */
static void ask_revoked(struct decision *decision)
{
	policy_view_ask(decision, HOLD_REVOKED,
	        "access was revoked at once; only an administrator or a rehire reopens it");
}

/*
 * Someone who has left already is closed for good in the same step. That an
 * account was closed when we last looked does not stop a revocation: somebody
 * may have opened it since (engine rule 10).
 */
static enum wanted_account closed_for_revocation(const struct policy_view *view)
{
	if (policy_view_is_leaver(view)) {
		return closed_for_leaver(view);
	}
	return view->account->is_status_stale ? WANTED_SUSPENDED : policy_view_suspended(view);
}

static bool step_revocation(const struct policy_view *view, struct decision *decision)
{
	if (!view->is_revoke_due) {
		return false;
	}
	policy_view_decide(decision, WANTED_SUSPENDED, RULE_V2,
	        "access was revoked with immediate effect", NULL);
	policy_view_lower(decision, closed_for_revocation(view), LOWER_REVOKED, LANE_REVOKE);
	decision->is_revocation = true;
	ask_revoked(decision);
	return true;
}

/* The account is about to move to another record of the same person: wait, but not for ever. */
static void decide_duplicate(const struct policy_view *view, struct decision *decision)
{
	const int64_t until_ms = view->account->hold_since_ms[HOLD_DUPLICATE] + DUPLICATE_WAIT_MS;
	if (view->input->now_ms < until_ms) {
		policy_view_decide(decision, WANTED_UNCHANGED, RULE_G6,
		        "left, but whether the account moves to another record is still open",
		        NULL);
		decision->due_at_ms = until_ms;
		policy_view_keep_profile(decision);
		return;
	}
	policy_view_decide(decision, WANTED_SUSPENDED, RULE_G6,
	        "left, and nobody said within 72 hours whether the account moves: suspended", NULL);
	policy_view_lower(decision, policy_view_suspended(view), LOWER_DUPLICATE, LANE_LEAVE);
	decision->is_alarm = !policy_view_is_closed(view);
}

static enum policy_rule leaver_rule(const struct policy_view *view)
{
	return view->input->presence == PRESENCE_READ ? RULE_L1 : RULE_L2;
}

static void decide_leaver(const struct policy_view *view, struct decision *decision)
{
	policy_view_decide(
	        decision, WANTED_DEACTIVATED, leaver_rule(view), "leaver", view->life.why);
	policy_view_lower(decision, closed_for_leaver(view), LOWER_LEAVER, LANE_LEAVE);
	decision->clears_groups = view->settings->leaver.groups == LEAVER_LOSES_GROUPS;
}

static bool step_leaver(const struct policy_view *view, struct decision *decision)
{
	if (!policy_view_is_leaver(view)) {
		return false;
	}
	if (!view->account->is_linked) {
		policy_view_decide(
		        decision, WANTED_NONE, RULE_G1, "no account wanted", view->life.why);
		policy_view_keep_profile(decision);
	} else if (policy_view_has_hold(view, HOLD_DUPLICATE)) {
		decide_duplicate(view, decision);
	} else {
		decide_leaver(view, decision);
	}
	return true;
}

/* Stands until a human or a rehire; the leaver rule came before. */
static bool step_revoked(const struct policy_view *view, struct decision *decision)
{
	const bool is_standing =
	        view->account->is_revoked && !policy_view_is_approved(view, HOLD_REVOKED);
	if (!is_standing || view->is_rehired) {
		return false;
	}
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_V2,
	        "access was revoked; the account stays as it is until an administrator reopens it",
	        NULL);
	policy_view_keep_profile(decision);
	ask_revoked(decision);
	return true;
}

static bool step_doubtful(const struct policy_view *view, struct decision *decision)
{
	if (!view->account->is_revoke_doubtful) {
		return false;
	}
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_V1,
	        "a revocation came whose time cannot be trusted: an administrator must say", NULL);
	decision->may_write_profile = policy_view_is_here(view);
	decision->may_rename = false;
	return true;
}

/* ----------------------------------------------------------- what is not known */

static bool is_worth_asking(const struct policy_view *view)
{
	return view->account->is_linked && view->account->status != ACCOUNT_DEPROVISIONED;
}

/* Somebody who was never linked, or is closed already, needs no answer. */
static void decide_disappeared(const struct policy_view *view, struct decision *decision)
{
	if (policy_view_is_approved(view, HOLD_DISAPPEARED)) {
		decide_leaver(view, decision);
		str_format_cut(decision->reason, sizeof(decision->reason),
		        "leaver: an administrator confirmed that the person who disappeared left");
		decision->is_leaver = true;
		return;
	}
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_L2, "nothing changed", view->life.why);
	policy_view_keep_profile(decision);
	if (is_worth_asking(view)) {
		policy_view_ask(decision, HOLD_DISAPPEARED, view->life.why);
	}
}

static void decide_left_unseen(const struct policy_view *view, struct decision *decision)
{
	if (view->input->presence == PRESENCE_DISAPPEARED) {
		decide_disappeared(view, decision);
	} else {
		policy_view_decide(
		        decision, WANTED_UNCHANGED, RULE_L2, "nothing changed", view->life.why);
		policy_view_keep_profile(decision);
	}
	decision->is_alarm = decision->wanted == WANTED_UNCHANGED && view->account->is_linked &&
	        !policy_view_is_closed(view);
}

static void decide_unknown(const struct policy_view *view, struct decision *decision,
        enum policy_rule rule, bool may_write_profile)
{
	policy_view_decide(
	        decision, WANTED_UNCHANGED, rule, "nothing raised or lowered", view->life.why);
	decision->may_write_profile = may_write_profile;
	decision->may_rename = false;
}

static bool step_not_known(const struct policy_view *view, struct decision *decision)
{
	switch (view->life.standing) {
	case STANDING_HERE:
	case STANDING_LEAVER: return false;
	case STANDING_CONTRADICTED: decide_unknown(view, decision, RULE_L1, true); break;
	case STANDING_UNKNOWN_WORD:
		decide_unknown(view, decision, RULE_K1, true);
		str_format_cut(decision->reason, sizeof(decision->reason),
		        "nothing raised or lowered: unknown lifecycle status \"%s\"",
		        view->input->person->lifecycle_word);
		break;
	case STANDING_UNREADABLE:
		decide_unknown(view, decision, RULE_K2, false);
		policy_view_look_daily(view, decision);
		break;
	case STANDING_NOT_READ: decide_unknown(view, decision, RULE_K2, false); break;
	case STANDING_ABSENT: decide_unknown(view, decision, RULE_L2, false); break;
	case STANDING_LEFT_UNSEEN: decide_left_unseen(view, decision); break;
	case STANDING_DISAPPEARED: decide_disappeared(view, decision); break;
	}
	return true;
}

/* ------------------------------------------------------------------------ order */

bool policy_lower(const struct policy_view *view, struct decision *decision)
{
	static bool (*const steps[])(const struct policy_view *, struct decision *) = {
	        step_protected,
	        step_human_hold,
	        step_revocation,
	        step_leaver,
	        step_revoked,
	        step_doubtful,
	        step_not_known,
	};
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i](view, decision)) {
			return true;
		}
	}
	return false;
}
