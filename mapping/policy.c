/* SPDX-License-Identifier: MIT */
/*
 * The precedence of the policy as a table of steps: each either decides and
 * returns true, or leaves the matter to the next. What a step says holds under
 * the condition that no earlier one applied.
 */
#include "mapping/policy.h"

#include "mapping/policy_life.h"
#include "server/base/str.h"

#define DAY_MS            INT64_C(86400000)
#define DUPLICATE_WAIT_MS (3 * DAY_MS) /* G6: how long an open question defers closing */

struct view {
	const struct policy_input *input;
	const struct policy_settings *settings;
	const struct account_facts *account;
	struct life life;
	enum activation_mode mode;
	bool is_revoke_due; /* a usable revocation, or a doubtful one a human let through */
	bool is_rehired;
};

/* ------------------------------------------------------------------- helpers */

static bool has_bit(unsigned bits, enum hold_kind kind)
{
	return (bits & (1U << (unsigned)kind)) != 0;
}

static bool is_approved(const struct view *view, enum hold_kind kind)
{
	return has_bit(view->account->approvals, kind);
}

static bool is_closed(enum account_status status)
{
	return status == ACCOUNT_SUSPENDED || status == ACCOUNT_DEPROVISIONED;
}

static bool is_here(const struct view *view)
{
	return view->life.standing == STANDING_HERE;
}

static bool is_leaver(const struct view *view)
{
	return view->life.standing == STANDING_LEAVER;
}

static bool is_on_leave(const struct view *view)
{
	const struct person *person = view->input->person;
	return person != NULL &&
	        (person->lifecycle == LIFECYCLE_LEAVE ||
	                person->lifecycle == LIFECYCLE_GARDEN_LEAVE);
}

static void decide(struct decision *decision, enum wanted_account wanted, enum policy_rule rule,
        const char *reason)
{
	decision->wanted = wanted;
	decision->rule = rule;
	str_format_cut(decision->reason, sizeof(decision->reason), "%s", reason);
}

/* As decide; the reason is a sentence with the standing's half sentence in it. */
static void decide_why(struct decision *decision, enum wanted_account wanted, enum policy_rule rule,
        const char *head, const char *why)
{
	decision->wanted = wanted;
	decision->rule = rule;
	str_format_cut(decision->reason, sizeof(decision->reason), "%s: %s", head, why);
}

static void ask(struct decision *decision, enum hold_kind kind, const char *cause)
{
	decision->hold = kind;
	str_format_cut(decision->hold_cause, sizeof(decision->hold_cause), "%s", cause);
}

static void keep_profile(struct decision *decision)
{
	decision->may_write_profile = false;
	decision->may_rename = false;
}

static void look_again_daily(const struct view *view, struct decision *decision)
{
	const int64_t tomorrow_ms = view->input->now_ms + DAY_MS;
	if (decision->due_at_ms == 0 || tomorrow_ms < decision->due_at_ms) {
		decision->due_at_ms = tomorrow_ms;
	}
}

/*
 * L4: Okta suspends only ACTIVE users. A status that was not read in this run
 * proves nothing, so suspend is called and Okta's answer decides.
 */
static enum wanted_account suspended_if_possible(const struct account_facts *account)
{
	switch (account->status) {
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
		return account->is_status_stale ? WANTED_SUSPENDED : WANTED_DEACTIVATED;
	}
	return WANTED_DEACTIVATED;
}

static enum wanted_account closed_for_leaver(const struct view *view)
{
	return view->settings->leaver == LEAVER_SUSPEND ? suspended_if_possible(view->account)
	                                                : WANTED_DEACTIVATED;
}

static void lower(struct decision *decision, enum wanted_account wanted, enum lower_cause cause,
        enum lane lane)
{
	decision->wanted = wanted;
	decision->lower_cause = cause;
	decision->lane = lane;
	keep_profile(decision);
}

/* ------------------------------------------------ protected, held, revoked, left */

static bool is_lowering_due(const struct view *view)
{
	return view->account->is_linked && !is_closed(view->account->status) &&
	        (is_leaver(view) || view->is_revoke_due);
}

/* A person without a link is judged by the login they would get. */
static const char *present_login(const struct view *view)
{
	const struct person *person = view->input->person;
	if (view->account->login != NULL || view->account->is_linked || person == NULL ||
	        person->email.state != FIELD_VALUE) {
		return view->account->login;
	}
	return personal_reveal(&person->email.text);
}

static bool step_protected(const struct view *view, struct decision *decision)
{
	if (!policy_is_protected(view->settings, present_login(view), view->account->okta_id)) {
		return false;
	}
	const bool is_due = is_lowering_due(view);
	decision->is_alarm = decision->is_alarm || is_due;
	decide(decision, WANTED_UNCHANGED, RULE_PROTECTED,
	        is_due ? "the account is protected, but should be closed: close it by hand"
	               : "the account is protected and never changed");
	keep_profile(decision);
	return true;
}

static bool step_human_hold(const struct view *view, struct decision *decision)
{
	if (!has_bit(view->account->holds, HOLD_HUMAN)) {
		return false;
	}
	const bool is_due = is_lowering_due(view);
	decision->is_alarm = decision->is_alarm || is_due;
	decide(decision, WANTED_UNCHANGED, RULE_HUMAN_HOLD,
	        is_due ? "held by an administrator, but the account should be closed"
	               : "held by an administrator");
	keep_profile(decision);
	return true;
}

/* The hold that a revocation leaves behind, from the moment it is decided (V2). */
static void ask_revoked(struct decision *decision)
{
	ask(decision, HOLD_REVOKED,
	        "access was revoked at once; only an administrator or a rehire reopens it");
}

/* Someone who has left already is closed for good in the same step. */
static bool step_revocation(const struct view *view, struct decision *decision)
{
	if (!view->is_revoke_due) {
		return false;
	}
	decide(decision, WANTED_SUSPENDED, RULE_V2, "access was revoked with immediate effect");
	lower(decision,
	        is_leaver(view) ? closed_for_leaver(view) : suspended_if_possible(view->account),
	        LOWER_REVOKED, LANE_REVOKE);
	decision->is_revocation = true;
	ask_revoked(decision);
	return true;
}

/* The account is about to move to another record of the same person: wait, but not for ever. */
static void decide_duplicate(const struct view *view, struct decision *decision)
{
	const int64_t until_ms = view->account->hold_since_ms[HOLD_DUPLICATE] + DUPLICATE_WAIT_MS;
	if (view->input->now_ms < until_ms) {
		decide(decision, WANTED_UNCHANGED, RULE_G6,
		        "left, but whether the account moves to another record is still open");
		decision->due_at_ms = until_ms;
		keep_profile(decision);
		return;
	}
	decide(decision, WANTED_SUSPENDED, RULE_G6,
	        "left, and nobody said within 72 hours whether the account moves: suspended");
	lower(decision, suspended_if_possible(view->account), LOWER_DUPLICATE, LANE_LEAVE);
	decision->is_alarm = true;
}

static enum policy_rule leaver_rule(const struct view *view)
{
	return view->input->presence == PRESENCE_READ ? RULE_L1 : RULE_L2;
}

static void decide_leaver(const struct view *view, struct decision *decision)
{
	decide_why(decision, WANTED_DEACTIVATED, leaver_rule(view), "leaver", view->life.why);
	lower(decision, closed_for_leaver(view), LOWER_LEAVER, LANE_LEAVE);
}

static bool step_leaver(const struct view *view, struct decision *decision)
{
	if (!is_leaver(view)) {
		return false;
	}
	if (!view->account->is_linked) {
		decide_why(decision, WANTED_NONE, RULE_G1, "no account wanted", view->life.why);
		keep_profile(decision);
	} else if (has_bit(view->account->holds, HOLD_DUPLICATE)) {
		decide_duplicate(view, decision);
	} else {
		decide_leaver(view, decision);
	}
	return true;
}

/* Stands until a human or a rehire; the leaver rule came before. */
static bool step_revoked(const struct view *view, struct decision *decision)
{
	const bool is_standing = view->account->is_revoked && !is_approved(view, HOLD_REVOKED);
	if (!is_standing || view->is_rehired) {
		return false;
	}
	decide(decision, WANTED_UNCHANGED, RULE_V2,
	        "access was revoked; the account stays as it is until an administrator reopens it");
	keep_profile(decision);
	ask_revoked(decision);
	return true;
}

static bool step_doubtful(const struct view *view, struct decision *decision)
{
	if (!view->account->is_revoke_doubtful) {
		return false;
	}
	decide(decision, WANTED_UNCHANGED, RULE_V1,
	        "a revocation came whose time cannot be trusted: an administrator must say");
	decision->may_write_profile = is_here(view);
	decision->may_rename = false;
	return true;
}

/* ----------------------------------------------------------- what is not known */

static bool is_worth_asking(const struct view *view)
{
	return view->account->is_linked && view->account->status != ACCOUNT_DEPROVISIONED;
}

/* Somebody who was never linked, or is closed already, needs no answer. */
static void decide_disappeared(const struct view *view, struct decision *decision)
{
	if (is_approved(view, HOLD_DISAPPEARED)) {
		decide_leaver(view, decision);
		str_format_cut(decision->reason, sizeof(decision->reason),
		        "leaver: an administrator confirmed that the person who disappeared left");
		decision->is_leaver = true;
		return;
	}
	decide_why(decision, WANTED_UNCHANGED, RULE_L2, "nothing changed", view->life.why);
	keep_profile(decision);
	if (is_worth_asking(view)) {
		ask(decision, HOLD_DISAPPEARED, view->life.why);
	}
}

static void decide_left_unseen(const struct view *view, struct decision *decision)
{
	if (view->input->presence == PRESENCE_DISAPPEARED) {
		decide_disappeared(view, decision);
	} else {
		decide_why(decision, WANTED_UNCHANGED, RULE_L2, "nothing changed", view->life.why);
		keep_profile(decision);
	}
	decision->is_alarm = decision->wanted == WANTED_UNCHANGED && view->account->is_linked &&
	        !is_closed(view->account->status);
}

static void decide_unknown(const struct view *view, struct decision *decision,
        enum policy_rule rule, bool may_write_profile)
{
	decide_why(decision, WANTED_UNCHANGED, rule, "nothing raised or lowered", view->life.why);
	decision->may_write_profile = may_write_profile;
	decision->may_rename = false;
}

static bool step_not_known(const struct view *view, struct decision *decision)
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
		look_again_daily(view, decision);
		break;
	case STANDING_NOT_READ: decide_unknown(view, decision, RULE_K2, false); break;
	case STANDING_ABSENT: decide_unknown(view, decision, RULE_L2, false); break;
	case STANDING_LEFT_UNSEEN: decide_left_unseen(view, decision); break;
	case STANDING_DISAPPEARED: decide_disappeared(view, decision); break;
	}
	return true;
}

/* ------------------------------------------------------- hired, employed, on leave */

static enum policy_rule mode_rule(const struct view *view)
{
	return view->mode == ACTIVATION_NEVER ? RULE_R4 : RULE_R1;
}

/* The account is one that may be open now: start date (K3) and mode (R1). */
static bool is_open_time(const struct view *view)
{
	switch (view->mode) {
	case ACTIVATION_NEVER: return false;
	case ACTIVATION_ALWAYS: return true;
	case ACTIVATION_BOB_STATUS: return view->life.has_started;
	}
	return false;
}

/* The reason of an account that exists and is not activated yet. */
static void decide_staged(const struct view *view, struct decision *decision)
{
	if (view->mode == ACTIVATION_NEVER) {
		decide(decision, WANTED_STAGED, RULE_R4, "activation is left to an administrator");
	} else {
		decide(decision, WANTED_STAGED, RULE_K3, "to be activated on the start date");
	}
}

static void wait_for_start_date(
        const struct view *view, struct decision *decision, enum wanted_account wanted)
{
	const bool is_empty = view->input->person->start_date.state == FIELD_EMPTY;
	decide(decision, wanted, RULE_K3,
	        is_empty ? "waiting: Bob has no start date"
	                 : "waiting: Bob did not show a start date");
	look_again_daily(view, decision);
}

static void wait_for_email(const struct view *view, struct decision *decision)
{
	const bool has_email = view->input->person->email.state == FIELD_VALUE;
	decide(decision, WANTED_NONE, RULE_G2,
	        has_email ? "waiting: the work e-mail is not in an allowed domain"
	                  : "waiting: no work e-mail yet");
	look_again_daily(view, decision);
}

static bool has_allowed_email(const struct view *view)
{
	const struct person *person = view->input->person;
	return person->email.state == FIELD_VALUE &&
	        policy_domain_allowed(view->settings, personal_reveal(&person->email.text));
}

static bool step_unlinked(const struct view *view, struct decision *decision)
{
	if (view->account->is_linked) {
		return false;
	}
	if (!has_allowed_email(view)) {
		wait_for_email(view, decision);
		return true;
	}
	if (!view->life.has_start_date) {
		wait_for_start_date(view, decision, WANTED_NONE);
		return true;
	}
	if (view->settings->create == CREATE_ON_START_DATE && !view->life.has_started) {
		decide(decision, WANTED_NONE, RULE_K3, "to be created on the start date");
		return true;
	}
	decision->lane = LANE_JOIN;
	decision->may_create = true;
	if (is_open_time(view)) {
		decide(decision, WANTED_ACTIVE, mode_rule(view),
		        "hired or employed: account wanted");
	} else {
		decide_staged(view, decision);
	}
	return true;
}

/* L5: out of scope is a work e-mail outside the domains; none at all says nothing. */
static bool step_out_of_scope(const struct view *view, struct decision *decision)
{
	if (view->input->person->email.state != FIELD_VALUE || has_allowed_email(view)) {
		return false;
	}
	decide(decision, WANTED_UNCHANGED, RULE_L5,
	        "out of scope: the work e-mail is not in an allowed domain");
	keep_profile(decision);
	switch (view->settings->out_of_scope) {
	case SCOPE_KEEP: break;
	case SCOPE_SUSPEND:
		lower(decision, suspended_if_possible(view->account), LOWER_SCOPE, LANE_LEAVE);
		break;
	case SCOPE_DEACTIVATE: lower(decision, WANTED_DEACTIVATED, LOWER_SCOPE, LANE_LEAVE); break;
	}
	return true;
}

/* In mode never a human reopens, unless one already has said so (R4). */
static bool is_reopening_held(const struct view *view)
{
	const struct account_facts *account = view->account;
	const bool is_rehire =
	        account->lowered == LOWER_LEAVER || account->lowered == LOWER_REVOKED;
	const bool would_be_first =
	        account->status == ACCOUNT_DEPROVISIONED && !account->is_activated;
	return view->mode == ACTIVATION_NEVER && (is_rehire || would_be_first) &&
	        !is_approved(view, HOLD_REHIRE) && !is_approved(view, HOLD_REVOKED);
}

static bool is_reopening_approved(const struct view *view)
{
	return is_approved(view, HOLD_CLOSED_BY_OTHER) || is_approved(view, HOLD_MATCH) ||
	        is_approved(view, HOLD_REHIRE) || is_approved(view, HOLD_REVOKED);
}

static void decide_closed_by_other(const struct view *view, struct decision *decision)
{
	decide(decision, WANTED_UNCHANGED, RULE_R3,
	        "closed by someone else: it stays closed until an administrator says otherwise");
	if (view->account->is_activated || is_open_time(view)) {
		ask(decision, HOLD_CLOSED_BY_OTHER,
		        "the account was closed by someone else, and Bob says this person is here");
	}
}

static bool is_to_reopen_now(const struct view *view)
{
	if (view->mode == ACTIVATION_ALWAYS && view->settings->create == CREATE_ON_CREATION) {
		return true;
	}
	return view->life.has_started;
}

/* The account is closed, the person is here: R3, R4. */
static bool step_closed(const struct view *view, struct decision *decision)
{
	const bool is_approved_now = is_reopening_approved(view);
	if (!is_closed(view->account->status)) {
		return false;
	}
	if (view->account->lowered == LOWER_NONE && !is_approved_now) {
		decide_closed_by_other(view, decision);
	} else if (is_reopening_held(view)) {
		decide(decision, WANTED_UNCHANGED, RULE_R4,
		        "back again, but activation is left to an administrator");
		ask(decision, HOLD_REHIRE, "rehired, or the termination was withdrawn");
	} else if (!view->life.has_start_date && !is_approved_now) {
		wait_for_start_date(view, decision, WANTED_UNCHANGED);
	} else if (!is_to_reopen_now(view) && !is_approved_now) {
		decide(decision, WANTED_UNCHANGED, RULE_K3, "to be opened again on the start date");
	} else {
		decide(decision, WANTED_ACTIVE, RULE_R3,
		        view->is_rehired ? "rehired: the account is opened again"
		                         : "the cause of our closing is gone: opened again");
		decision->lane = LANE_JOIN;
	}
	decision->may_write_profile =
	        view->account->status == ACCOUNT_SUSPENDED || decision->wanted == WANTED_ACTIVE;
	decision->may_rename = decision->may_write_profile;
	return true;
}

/* R1: the first activation of an account that we created or adopted as STAGED. */
static bool step_staged(const struct view *view, struct decision *decision)
{
	const struct account_facts *account = view->account;
	if (account->status != ACCOUNT_STAGED) {
		return false;
	}
	if (account->origin != ORIGIN_CREATED && account->origin != ORIGIN_ADOPTED_STAGED) {
		decide(decision, WANTED_UNCHANGED, RULE_R1,
		        "not activated, and neither created nor adopted so by us: left as it is");
	} else if (view->mode != ACTIVATION_NEVER && !view->life.has_start_date) {
		wait_for_start_date(view, decision, WANTED_STAGED);
	} else if (is_open_time(view)) {
		decide(decision, WANTED_ACTIVE, RULE_R1, "the first activation is due");
		decision->lane = LANE_JOIN;
	} else {
		decide_staged(view, decision);
	}
	return true;
}

/* What is left: an account that is open (R2), or of which nothing is known. */
static bool step_open(const struct view *view, struct decision *decision)
{
	if (!account_status_is_activated(view->account->status)) {
		decide(decision, WANTED_UNCHANGED, RULE_R2,
		        "the account's status in Okta is not known: it is read first");
		keep_profile(decision);
	} else if (is_on_leave(view)) {
		decide(decision, WANTED_ACTIVE, RULE_E1, "on leave: access is kept");
	} else if (view->mode == ACTIVATION_NEVER) {
		decide(decision, WANTED_ACTIVE, RULE_R4, "activated by someone else: left so");
	} else if (!view->life.has_started) {
		decide(decision, WANTED_ACTIVE, RULE_K3,
		        "activated before the start date: left so");
	} else {
		decide(decision, WANTED_ACTIVE, RULE_R2, "here, and the account is activated");
	}
	return true;
}

/* ----------------------------------------------------------------- the decision */

/* In the order of section 1. From step_unlinked on, the person was read and is here. */
static bool (*const STEPS[])(const struct view *view, struct decision *decision) = {
        step_protected,
        step_human_hold,
        step_revocation,
        step_leaver,
        step_revoked,
        step_doubtful,
        step_not_known,
        step_unlinked,
        step_out_of_scope,
        step_closed,
        step_staged,
        step_open,
};

/*
 * Rehired: hired or employed again after terminated. A standing revocation is
 * not lifted by a moved end date: as long as one is in sight, it is still the
 * employment that was revoked.
 */
static bool is_rehired(const struct view *view)
{
	const struct person *person = view->input->person;
	if (!view->account->was_terminated || !is_here(view) || view->is_revoke_due ||
	        has_bit(view->account->holds, HOLD_HUMAN)) {
		return false;
	}
	if (view->account->is_revoked && view->life.has_end_in_sight) {
		return false;
	}
	return person->lifecycle == LIFECYCLE_HIRED || person->lifecycle == LIFECYCLE_EMPLOYED;
}

static void view_init(struct view *view, const struct policy_input *input)
{
	const struct account_facts *account = input->account;
	*view = (struct view){
	        .input = input,
	        .settings = input->settings,
	        .account = account,
	        .mode = account->is_linked ? account->activation : input->settings->activation,
	};
	policy_life_read(input, &view->life);
	view->is_revoke_due = account->is_revoke_pending ||
	        (account->is_revoke_doubtful && is_approved(view, HOLD_REVOKE_DOUBTFUL));
	view->is_rehired = is_rehired(view);
}

void policy_decide(const struct policy_input *input, struct decision *decision)
{
	struct view view;
	view_init(&view, input);
	*decision = (struct decision){
	        .wanted = WANTED_UNCHANGED,
	        .lane = LANE_UPDATE,
	        .due_at_ms = view.life.due_at_ms,
	        .may_write_profile = true,
	        .may_rename = is_here(&view) && has_allowed_email(&view),
	        .lower_cause = LOWER_NONE,
	        .hold = HOLD_KIND_COUNT,
	        .is_leaver = is_leaver(&view),
	        .is_rehired = view.is_rehired,
	};
	if (view.account->is_revoke_doubtful && !view.is_revoke_due) {
		ask(decision, HOLD_REVOKE_DOUBTFUL,
		        "a revocation came whose time is missing or cannot be right");
		decision->is_alarm = true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(STEPS); i++) {
		if (STEPS[i](&view, decision)) {
			return;
		}
	}
}
