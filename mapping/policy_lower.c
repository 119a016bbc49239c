/* SPDX-License-Identifier: MIT */
/*
 * What comes before everything else: who is never touched, and who is closed.
 * Each step either decides and returns true, or leaves the matter to the next;
 * what it says holds under the condition that no earlier one applied.
 */
#include "mapping/policy_view.h"

#include "server/base/str.h"

#define DAY_MS            INT64_C(86400000)
#define DUPLICATE_WAIT_MS INT64_C(259200000) /* G6: 72 h that an open question defers closing */

/* ------------------------------------------------ protected, held, revoked, left */

/* Since when a leaver is suspended; whoever was suspended before leaving is so from the end on. */
static int64_t suspended_since_ms(const struct policy_view *view)
{
	if (view->account->lowered == LOWER_LEAVER) {
		return view->account->lowered_at_ms;
	}
	return policy_has_come(view->input->now_ms, view->life.closes_at_ms)
	        ? view->life.closes_at_ms
	        : 0;
}

/* When a suspended leaver is deactivated (L4); 0: not by time. */
static int64_t deactivates_at_ms(const struct policy_view *view)
{
	const int days = view->settings->leaver.then_deactivate_after_days;
	const int64_t since_ms = suspended_since_ms(view);
	const bool is_by_time = view->settings->leaver.action == LEAVER_SUSPEND && days > 0 &&
	        view->account->status == ACCOUNT_SUSPENDED && since_ms != 0;
	return is_by_time ? since_ms + days * DAY_MS : 0;
}

static enum wanted_account closed_for_leaver(const struct policy_view *view)
{
	if (view->settings->leaver.action != LEAVER_SUSPEND ||
	        policy_has_come(view->input->now_ms, deactivates_at_ms(view))) {
		return WANTED_DEACTIVATED;
	}
	return policy_view_suspended(view);
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

/* Precedence 2; an undo is a human's word, too (engine rule 2). */
static bool step_human_hold(const struct policy_view *view, struct decision *decision)
{
	if (!policy_view_is_kept(view)) {
		return false;
	}
	const char *how = policy_view_has_hold(view, HOLD_HUMAN) ? "held by an administrator"
	                                                         : "held after an undo";
	const bool is_due = is_lowering_due(view);
	decision->is_alarm = decision->is_alarm || is_due;
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_HUMAN_HOLD, how, NULL);
	if (is_due) {
		str_format_cut(decision->reason, sizeof(decision->reason),
		        "%s, but the account should be closed", how);
	}
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
void policy_close_duplicate(const struct policy_view *view, struct decision *decision)
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

/* A suspended leaver's next date is that of the deactivation, or comes with the suspension. */
static void due_to_deactivate(const struct policy_view *view, struct decision *decision)
{
	const struct leaver_settings *leaver = &view->settings->leaver;
	policy_view_due(view, decision, deactivates_at_ms(view));
	if (decision->wanted == WANTED_SUSPENDED && !policy_view_is_closed(view) &&
	        leaver->then_deactivate_after_days > 0) {
		policy_view_due(view, decision,
		        view->input->now_ms + leaver->then_deactivate_after_days * DAY_MS);
	}
}

void policy_close_leaver(const struct policy_view *view, struct decision *decision)
{
	const bool is_later = policy_has_come(view->input->now_ms, deactivates_at_ms(view));
	policy_view_decide(decision, WANTED_DEACTIVATED, leaver_rule(view),
	        is_later ? "suspended as a leaver for as long as the settings say" : "leaver",
	        view->life.why);
	policy_view_lower(decision, closed_for_leaver(view), LOWER_LEAVER, LANE_LEAVE);
	decision->clears_groups = view->settings->leaver.groups == LEAVER_LOSES_GROUPS;
	due_to_deactivate(view, decision);
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
		policy_close_duplicate(view, decision);
	} else {
		policy_close_leaver(view, decision);
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
	};
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i](view, decision)) {
			return true;
		}
	}
	return false;
}
