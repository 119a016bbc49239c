/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_POLICY_VIEW_H
#define MAPPING_POLICY_VIEW_H

/*
 * What the steps of the policy look at and write: one view of the input with
 * the standing worked out, and the few ways to fill in a decision. Internal to
 * the policy.
 */

#include "mapping/policy.h"
#include "mapping/policy_life.h"

struct policy_view {
	const struct policy_input *input;
	const struct policy_settings *settings;
	const struct account_facts *account;
	struct life life;
	enum activation_mode mode; /* that governs this account, or the one to come (R5) */
	bool is_revoke_due; /* a usable revocation, or a doubtful one a human let through */
	bool is_rehired;
};

void policy_view_init(struct policy_view *view, const struct policy_input *input);

bool policy_view_has_hold(const struct policy_view *view, enum hold_kind kind);
/* By a human, or after an undo: nothing is done for this person. */
bool policy_view_is_kept(const struct policy_view *view);
bool policy_view_is_approved(const struct policy_view *view, enum hold_kind kind);
bool policy_view_is_here(const struct policy_view *view);
bool policy_view_is_leaver(const struct policy_view *view);
bool policy_view_has_allowed_email(const struct policy_view *view);
/* SUSPENDED or DEPROVISIONED. */
bool policy_view_is_closed(const struct policy_view *view);
/* A first activation may be now: start date (K3), mode (R1), no leave without access. */
bool policy_view_is_open_time(const struct policy_view *view);
/* SUSPENDED where Okta can suspend, else DEACTIVATED (L4). */
enum wanted_account policy_view_suspended(const struct policy_view *view);

/* The decision's first line; why, if not NULL, is added behind a colon. */
void policy_view_decide(struct decision *decision, enum wanted_account wanted,
        enum policy_rule rule, const char *reason, const char *why);
/* A question for a human. */
void policy_view_ask(struct decision *decision, enum hold_kind kind, const char *cause);
/* Turns what was decided into a lowering, which writes no profile. */
void policy_view_lower(struct decision *decision, enum wanted_account wanted,
        enum lower_cause cause, enum lane lane);
void policy_view_keep_profile(struct decision *decision);
/* The answer may change at that instant, if it is still to come. */
void policy_view_due(const struct policy_view *view, struct decision *decision, int64_t instant_ms);
/* Waiting for a start date that Bob does not have, or did not show (K3). */
void policy_view_wait_for_start(
        const struct policy_view *view, struct decision *decision, enum wanted_account wanted);
void policy_view_look_daily(const struct policy_view *view, struct decision *decision);

/*
 * The steps in the order of section 1: true when one of them decided.
 * policy_lower has lines 1 to 4, policy_unknown line 5 and L2, policy_leave
 * line 6; policy_raise has the rest, for people who were read and are here,
 * and always decides. policy_reopen is its part about closed accounts.
 */
bool policy_lower(const struct policy_view *view, struct decision *decision);
bool policy_unknown(const struct policy_view *view, struct decision *decision);
bool policy_leave(const struct policy_view *view, struct decision *decision);
bool policy_raise(const struct policy_view *view, struct decision *decision);
bool policy_reopen(const struct policy_view *view, struct decision *decision);

/* A leaver's account is closed by leaver.action; also for who disappeared, once a human says so. */
void policy_close_leaver(const struct policy_view *view, struct decision *decision);
/* G6 for a leaver whose account may move to another record: waits, but not for ever. */
void policy_close_duplicate(const struct policy_view *view, struct decision *decision);

/* Afterwards: the activation mail that goes with what was decided. */
void policy_mail(const struct policy_view *view, struct decision *decision);

#endif
