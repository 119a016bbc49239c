/* SPDX-License-Identifier: MIT */
/*
 * Leaves that the settings suspend for (E1). A leaver on leave was decided
 * before; coming back is an ordinary reopening (R3).
 */
#include "mapping/policy_view.h"

#include "server/base/str.h"

/* Okta decides about a status that was not read in this run (engine rule 10). */
static bool may_suspend(const struct account_facts *account)
{
	return account->status == ACCOUNT_ACTIVE || account->status == ACCOUNT_SUSPENDED ||
	        (account->is_status_stale && account_status_is_activated(account->status));
}

/* Never deactivated: that would not be undone as if nothing had been. */
static void report(const struct policy_view *view, struct decision *decision)
{
	const enum account_status status = view->account->status;
	policy_view_decide(decision, WANTED_UNCHANGED, RULE_E1, "", NULL);
	str_format_cut(decision->reason, sizeof(decision->reason),
	        status == ACCOUNT_DEPROVISIONED
	                ? "on a leave without access: the account stays %s"
	                : "on a leave without access, but an account that is %s cannot be suspended",
	        account_status_name(status));
	decision->may_write_profile = status != ACCOUNT_DEPROVISIONED;
	decision->may_rename = decision->may_rename && decision->may_write_profile;
	if (status != ACCOUNT_DEPROVISIONED) {
		policy_view_look_daily(view, decision);
	}
}

bool policy_leave(const struct policy_view *view, struct decision *decision)
{
	const struct account_facts *account = view->account;
	if (!view->life.is_suspending_leave || !account->is_linked ||
	        account->status == ACCOUNT_NONE || account->status == ACCOUNT_UNKNOWN) {
		return false;
	}
	if (!may_suspend(account)) {
		report(view, decision);
		return true;
	}
	policy_view_decide(decision, WANTED_SUSPENDED, RULE_E1, "on a leave without access", NULL);
	policy_view_lower(decision, WANTED_SUSPENDED, LOWER_LEAVE, LANE_LEAVE);
	return true;
}
