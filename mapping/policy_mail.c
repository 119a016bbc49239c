/* SPDX-License-Identifier: MIT */
/*
 * The activation mail: with the activation, at a time of its own, and once
 * more to who has not followed it. Okta mails only accounts that are
 * PROVISIONED, and only those that we activated are ours to mail.
 */
#include "mapping/policy_view.h"

#define DAY_MS INT64_C(86400000)
/* How long an activation owes the mail that an interruption kept it from sending. */
#define OWED_MS DAY_MS

static void due_to_resend(
        const struct policy_view *view, struct decision *decision, int64_t mailed_at_ms)
{
	const int days = view->settings->activation_email.resend_after_days;
	if (days > 0) {
		policy_view_due(view, decision, mailed_at_ms + days * DAY_MS);
	}
}

/* Sent now, or due later; 0 is long past. */
static bool is_time(const struct policy_view *view, struct decision *decision, int64_t instant_ms)
{
	if (view->input->now_ms < instant_ms) {
		policy_view_due(view, decision, instant_ms);
		return false;
	}
	return true;
}

static void mail_with_activation(const struct policy_view *view, struct decision *decision)
{
	if (is_time(view, decision, view->life.times.mails_at_ms)) {
		decision->is_mail_with_activation = true;
		due_to_resend(view, decision, view->input->now_ms);
	}
}

static bool is_first_mail_due(const struct policy_view *view, struct decision *decision)
{
	const int64_t mails_at_ms = view->life.times.mails_at_ms;
	if (view->settings->activation_email.is_timed) {
		return mails_at_ms != 0 && is_time(view, decision, mails_at_ms);
	}
	return view->input->now_ms < view->account->activated_at_ms + OWED_MS;
}

static bool is_resend_due(const struct policy_view *view, struct decision *decision)
{
	const int days = view->settings->activation_email.resend_after_days;
	const int64_t mailed_at_ms = view->account->mailed_at_ms;
	return days > 0 && mailed_at_ms != 0 &&
	        is_time(view, decision, mailed_at_ms + days * DAY_MS);
}

static void mail_provisioned(const struct policy_view *view, struct decision *decision)
{
	const struct account_facts *account = view->account;
	if (account->activated_at_ms == 0) {
		return;
	}
	if (account->mails == 0 && is_first_mail_due(view, decision)) {
		decision->is_mail_due = true;
		due_to_resend(view, decision, view->input->now_ms);
	} else if (account->mails == 1) {
		decision->is_mail_due = is_resend_due(view, decision);
	}
}

void policy_mail(const struct policy_view *view, struct decision *decision)
{
	if (!view->settings->activation_email.is_sent || decision->wanted != WANTED_ACTIVE) {
		return;
	}
	switch (view->account->status) {
	case ACCOUNT_NONE:
	case ACCOUNT_STAGED:
	case ACCOUNT_DEPROVISIONED: mail_with_activation(view, decision); break;
	case ACCOUNT_PROVISIONED: mail_provisioned(view, decision); break;
	case ACCOUNT_UNKNOWN:
	case ACCOUNT_ACTIVE:
	case ACCOUNT_RECOVERY:
	case ACCOUNT_PASSWORD_EXPIRED:
	case ACCOUNT_LOCKED_OUT:
	case ACCOUNT_SUSPENDED: break;
	}
}
