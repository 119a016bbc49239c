/* SPDX-License-Identifier: MIT */
/*
 * Of whom too little is known: nobody is raised, lowered or created for what
 * Bob does not say (K1, K2, L2), with one exception: an end that Bob confirmed
 * before it went away (L6).
 */
#include "mapping/policy_view.h"

#include "server/base/str.h"

#define HOUR_MS        INT64_C(3600000)
#define UNREAD_WAIT_MS (4 * HOUR_MS) /* L6 */
#define CONFIRMED_MS   (24 * HOUR_MS) /* L6: how old a confirmation may be when it falls due */

static bool is_worth_asking(const struct policy_view *view)
{
	return view->account->is_linked && view->account->status != ACCOUNT_DEPROVISIONED;
}

/* Somebody who was never linked, or is closed already, needs no answer. */
static void decide_disappeared(const struct policy_view *view, struct decision *decision)
{
	if (policy_view_is_approved(view, HOLD_DISAPPEARED)) {
		policy_close_leaver(view, decision);
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

/* ------------------------------------------------- a leaver while Bob is away (L6) */

/* Since when this person's end is due and Bob is not there to ask; 0: it is not so. */
static int64_t unread_end_ms(const struct policy_view *view)
{
	const struct account_facts *account = view->account;
	if (account->unread_since_ms == 0 || !account->is_linked ||
	        !policy_has_come(view->input->now_ms, account->confirmed_end_ms)) {
		return 0;
	}
	return account->confirmed_end_ms > account->unread_since_ms ? account->confirmed_end_ms
	                                                            : account->unread_since_ms;
}

static bool is_confirmed(const struct policy_view *view, int64_t due_ms)
{
	return view->account->confirmed_at_ms >= due_ms - CONFIRMED_MS;
}

static bool is_closed_for_now(const struct policy_view *view)
{
	return policy_view_is_closed(view) && !view->account->is_status_stale;
}

/* Not `leaver` yet: that is Bob's to say, and the leaver rule finishes it then. */
static void suspend_unread(const struct policy_view *view, struct decision *decision)
{
	policy_view_decide(decision, WANTED_SUSPENDED, RULE_L6,
	        "the end of the employment is over, and Bob could not be read for 4 hours since",
	        NULL);
	policy_view_lower(decision, policy_view_suspended(view), LOWER_LEAVER, LANE_LEAVE);
	decision->is_alarm = !policy_view_is_closed(view);
}

static void wait_unread(
        const struct policy_view *view, struct decision *decision, bool is_confirmed_end)
{
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_L6,
	        is_confirmed_end
	                ? "the end of the employment has come, but Bob cannot be read: suspended "
	                  "after 4 hours"
	                : "the end of the employment has come, but Bob cannot be read, and when it "
	                  "last could is too long ago to close anybody",
	        NULL);
	policy_view_keep_profile(decision);
	decision->is_alarm = !is_closed_for_now(view);
}

static void decide_not_read(const struct policy_view *view, struct decision *decision)
{
	const int64_t due_ms = unread_end_ms(view);
	if (due_ms == 0) {
		decide_unknown(view, decision, RULE_K2, false);
	} else if (policy_view_has_hold(view, HOLD_DUPLICATE)) {
		policy_close_duplicate(view, decision);
	} else if (!is_confirmed(view, due_ms)) {
		wait_unread(view, decision, false);
	} else if (view->input->now_ms < due_ms + UNREAD_WAIT_MS) {
		wait_unread(view, decision, true);
		policy_view_due(view, decision, due_ms + UNREAD_WAIT_MS);
	} else {
		suspend_unread(view, decision);
	}
}

/* ------------------------------------------------------------------------- line 5 */

bool policy_unknown(const struct policy_view *view, struct decision *decision)
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
	case STANDING_NOT_READ: decide_not_read(view, decision); break;
	case STANDING_ABSENT: decide_unknown(view, decision, RULE_L2, false); break;
	case STANDING_LEFT_UNSEEN: decide_left_unseen(view, decision); break;
	case STANDING_DISAPPEARED: decide_disappeared(view, decision); break;
	}
	return true;
}
