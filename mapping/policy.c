/* SPDX-License-Identifier: MIT */
#include "mapping/policy.h"

#include "mapping/policy_view.h"

#include "server/base/str.h"

static void start(const struct policy_view *view, struct decision *decision)
{
	*decision = (struct decision){
	        .wanted = WANTED_UNCHANGED,
	        .lane = LANE_UPDATE,
	        .due_at_ms = view->life.due_at_ms,
	        .may_write_profile = true,
	        .may_rename = policy_view_is_here(view) && policy_view_has_allowed_email(view),
	        .lower_cause = LOWER_NONE,
	        .hold = HOLD_KIND_COUNT,
	        .closes_at_ms = view->life.closes_at_ms,
	        .is_leaver = policy_view_is_leaver(view),
	        .is_rehired = view->is_rehired,
	};
	/* Who has left already was closed by this read, whatever date Bob has. */
	if (decision->is_leaver && !policy_has_come(view->input->now_ms, decision->closes_at_ms)) {
		decision->closes_at_ms = view->input->now_ms;
	}
}

static void ask_about_doubt(const struct policy_view *view, struct decision *decision)
{
	if (view->account->is_revoke_doubtful && !view->is_revoke_due) {
		policy_view_ask(decision, HOLD_REVOKE_DOUBTFUL,
		        "a revocation came whose time is missing or cannot be right");
		decision->is_alarm = true;
	}
}

static void take_steps(const struct policy_view *view, struct decision *decision)
{
	static bool (*const steps[])(const struct policy_view *, struct decision *) = {
	        policy_lower,
	        policy_unknown,
	        policy_leave,
	        policy_raise,
	};
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i](view, decision)) {
			return;
		}
	}
}

/* ------------------------------------------------------- the first comparison (M3) */

static bool is_adopted(enum account_origin origin)
{
	return origin == ORIGIN_ADOPTED || origin == ORIGIN_ADOPTED_STAGED;
}

/* Somebody said that this person leaves: an event, or a human. */
static bool is_departure_named(const struct policy_view *view)
{
	const struct account_facts *account = view->account;
	return account->is_left_announced || account->is_deleted ||
	        policy_view_is_approved(view, HOLD_FIRST_LOWER) ||
	        policy_view_is_approved(view, HOLD_DISAPPEARED);
}

static bool is_lowering(const struct policy_view *view, const struct decision *decision)
{
	const enum account_status status = view->account->status;
	if (decision->wanted == WANTED_SUSPENDED) {
		return !policy_view_is_closed(view);
	}
	return decision->wanted == WANTED_DEACTIVATED && status != ACCOUNT_DEPROVISIONED;
}

static void hold_first_lowering(const struct policy_view *view, struct decision *decision)
{
	const struct account_facts *account = view->account;
	if (!account->is_linked || account->is_compared || !is_adopted(account->origin) ||
	        decision->is_revocation || is_departure_named(view) ||
	        !is_lowering(view, decision)) {
		return;
	}
	char why[sizeof(decision->reason)];
	str_format_cut(why, sizeof(why), "%s", decision->reason);
	decision->wanted = WANTED_UNCHANGED;
	decision->lower_cause = LOWER_NONE;
	decision->clears_groups = false;
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_M3,
	        "the first comparison closes nobody without an administrator's word", why);
	if (decision->hold == HOLD_KIND_COUNT) {
		policy_view_ask(decision, HOLD_FIRST_LOWER, why);
	}
}

void policy_decide(const struct policy_input *input, struct decision *decision)
{
	struct policy_view view;
	policy_view_init(&view, input);
	start(&view, decision);
	ask_about_doubt(&view, decision);
	take_steps(&view, decision);
	hold_first_lowering(&view, decision);
	policy_mail(&view, decision);
	/* Also where too little is known to raise or lower: who is out of scope is not written. */
	if (input->scope != SCOPE_MET) {
		policy_view_keep_profile(decision);
	}
}
