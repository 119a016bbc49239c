/* SPDX-License-Identifier: MIT */
#include "mapping/policy_view.h"

#include "server/base/str.h"

#define DAY_MS INT64_C(86400000)

static bool has_bit(unsigned bits, enum hold_kind kind)
{
	return (bits & (1U << (unsigned)kind)) != 0;
}

bool policy_view_has_hold(const struct policy_view *view, enum hold_kind kind)
{
	return has_bit(view->account->holds, kind);
}

bool policy_view_is_kept(const struct policy_view *view)
{
	return policy_view_has_hold(view, HOLD_HUMAN) || policy_view_has_hold(view, HOLD_UNDO);
}

bool policy_view_is_approved(const struct policy_view *view, enum hold_kind kind)
{
	return has_bit(view->account->approvals, kind);
}

bool policy_view_is_here(const struct policy_view *view)
{
	return view->life.standing == STANDING_HERE;
}

bool policy_view_is_leaver(const struct policy_view *view)
{
	return view->life.standing == STANDING_LEAVER;
}

bool policy_view_has_allowed_email(const struct policy_view *view)
{
	const struct person *person = view->input->person;
	return person->email.state == FIELD_VALUE &&
	        policy_domain_allowed(view->settings, personal_reveal(&person->email.text));
}

bool policy_view_is_closed(const struct policy_view *view)
{
	return view->account->status == ACCOUNT_SUSPENDED ||
	        view->account->status == ACCOUNT_DEPROVISIONED;
}

/* The account is one that may be open now: start date (K3) and mode (R1). */
bool policy_view_is_open_time(const struct policy_view *view)
{
	if (view->life.is_suspending_leave) {
		return false;
	}
	switch (view->mode) {
	case ACTIVATION_NEVER: return false;
	case ACTIVATION_ALWAYS: return true;
	case ACTIVATION_BOB_STATUS:
		return view->life.is_started_by_word ||
		        policy_has_come(view->input->now_ms, view->life.times.activates_at_ms);
	}
	return false;
}

/* A status that was not read in this run proves nothing: suspend is called and Okta decides. */
enum wanted_account policy_view_suspended(const struct policy_view *view)
{
	switch (view->account->status) {
	case ACCOUNT_NONE:
	case ACCOUNT_UNKNOWN:
	case ACCOUNT_ACTIVE:
	case ACCOUNT_SUSPENDED: return WANTED_SUSPENDED;
	case ACCOUNT_DEPROVISIONED: return WANTED_DEACTIVATED;
	case ACCOUNT_STAGED:
	case ACCOUNT_PROVISIONED:
	case ACCOUNT_RECOVERY:
	case ACCOUNT_PASSWORD_EXPIRED:
	case ACCOUNT_LOCKED_OUT:
		return view->account->is_status_stale ? WANTED_SUSPENDED : WANTED_DEACTIVATED;
	}
	return WANTED_DEACTIVATED;
}

void policy_view_decide(struct decision *decision, enum wanted_account wanted,
        enum policy_rule rule, const char *reason, const char *why)
{
	decision->wanted = wanted;
	decision->rule = rule;
	str_format_cut(decision->reason, sizeof(decision->reason), "%s%s%s", reason,
	        why == NULL ? "" : ": ", why == NULL ? "" : why);
}

void policy_view_ask(struct decision *decision, enum hold_kind kind, const char *cause)
{
	decision->hold = kind;
	str_format_cut(decision->hold_cause, sizeof(decision->hold_cause), "%s", cause);
}

void policy_view_keep_profile(struct decision *decision)
{
	decision->may_write_profile = false;
	decision->may_rename = false;
}

void policy_view_lower(struct decision *decision, enum wanted_account wanted,
        enum lower_cause cause, enum lane lane)
{
	decision->wanted = wanted;
	decision->lower_cause = cause;
	decision->lane = lane;
	policy_view_keep_profile(decision);
}

void policy_view_due(const struct policy_view *view, struct decision *decision, int64_t instant_ms)
{
	policy_due_at(&decision->due_at_ms, view->input->now_ms, instant_ms);
}

void policy_view_look_daily(const struct policy_view *view, struct decision *decision)
{
	policy_view_due(view, decision, view->input->now_ms + DAY_MS);
}

void policy_view_wait_for_start(
        const struct policy_view *view, struct decision *decision, enum wanted_account wanted)
{
	const bool is_empty = view->input->person->start_date.state == FIELD_EMPTY;
	policy_view_decide(decision, wanted, RULE_K3,
	        is_empty ? "waiting: Bob has no start date"
	                 : "waiting: Bob did not show a start date",
	        NULL);
	policy_view_look_daily(view, decision);
}

/* The start date's day is not over when the hold was set: that is another employment. */
static bool starts_anew(const struct policy_view *view)
{
	return view->life.has_start_date &&
	        view->life.times.starts_at_ms + DAY_MS > view->account->hold_since_ms[HOLD_REVOKED];
}

/*
 * Rehired: hired or employed again after terminated. A standing revocation is
 * not lifted by an end date that is moved or taken back: as long as one is in
 * sight, or the start date is from before the revocation, it is still the
 * employment that was revoked.
 */
static bool is_rehired(const struct policy_view *view)
{
	const struct person *person = view->input->person;
	if (!view->account->was_terminated || !policy_view_is_here(view) || view->is_revoke_due ||
	        policy_view_is_kept(view)) {
		return false;
	}
	if (view->account->is_revoked && (view->life.has_end_in_sight || !starts_anew(view))) {
		return false;
	}
	return person->lifecycle == LIFECYCLE_HIRED || person->lifecycle == LIFECYCLE_EMPLOYED;
}

void policy_view_init(struct policy_view *view, const struct policy_input *input)
{
	const struct account_facts *account = input->account;
	*view = (struct policy_view){
	        .input = input,
	        .settings = input->settings,
	        .account = account,
	        .mode = account->is_linked ? account->activation : input->settings->activation,
	};
	policy_life_read(input, &view->life);
	view->is_revoke_due = account->is_revoke_pending ||
	        (account->is_revoke_doubtful &&
	                policy_view_is_approved(view, HOLD_REVOKE_DOUBTFUL));
	view->is_rehired = is_rehired(view);
}
