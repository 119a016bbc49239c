/* SPDX-License-Identifier: MIT */
#include "mapping/policy.h"

#include "mapping/policy_view.h"

void policy_decide(const struct policy_input *input, struct decision *decision)
{
	struct policy_view view;
	policy_view_init(&view, input);
	*decision = (struct decision){
	        .wanted = WANTED_UNCHANGED,
	        .lane = LANE_UPDATE,
	        .due_at_ms = view.life.due_at_ms,
	        .may_write_profile = true,
	        .may_rename = policy_view_is_here(&view) && policy_view_has_allowed_email(&view),
	        .lower_cause = LOWER_NONE,
	        .hold = HOLD_KIND_COUNT,
	        .is_leaver = policy_view_is_leaver(&view),
	        .is_rehired = view.is_rehired,
	};
	if (view.account->is_revoke_doubtful && !view.is_revoke_due) {
		policy_view_ask(decision, HOLD_REVOKE_DOUBTFUL,
		        "a revocation came whose time is missing or cannot be right");
		decision->is_alarm = true;
	}
	if (!policy_lower(&view, decision)) {
		policy_raise(&view, decision);
	}
	/* Also where too little is known to raise or lower: who is out of scope is not written. */
	if (input->scope != SCOPE_MET) {
		policy_view_keep_profile(decision);
	}
}
