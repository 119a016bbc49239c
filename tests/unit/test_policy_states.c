/* SPDX-License-Identifier: MIT */
/*
 * Every combination of what Bob may say, what Okta may show, what we may have
 * done before and how the settings may stand, checked against what must hold
 * in all of them. The tables (test_policy.c) say what happens; this says what
 * never does.
 */
#include "mapping/mapping.h"

#include "server/base/str.h"
#include "tests/support/okta_model.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_S 300
#define NOW       "2026-11-23T12:00:00Z"

static const char *const LIFECYCLES[] = {"hired", "employed", "leave", "parental leave",
        "garden leave", "terminated", "sabbatical", "absent"};
static const char *const ACCESSES[] = {"Active", "Inactive", "absent"};
static const char *const STARTS[] = {"2024-03-04", "2027-01-04", "absent"};
/* Termination date and last day: none, over, to come, of an earlier employment. */
static const struct {
	const char *end;
	const char *last;
} ENDS[] = {
        {"absent", "absent"},
        {"2026-11-20", "absent"},
        {"2026-12-31", "absent"},
        {"2023-12-31", "2023-12-31"},
        {"2026-12-31", "2026-11-20"},
        {"2026-11-20", "2026-12-31"},
        {"absent", "2026-12-31"},
        {"absent", "2026-11-20"},
};

enum flag {
	FLAG_NONE,
	FLAG_REVOKE_PENDING,
	FLAG_REVOKE_DOUBTFUL,
	FLAG_REVOKED,
	FLAG_WAS_TERMINATED,
	FLAG_REVOKED_AND_LEFT,
	FLAG_DELETED,
	FLAG_HUMAN_HOLD,
	FLAG_PROTECTED,
	FLAG_SESSIONS_DUE,
	FLAG_OUT_OF_SCOPE,
	FLAG_SCOPE_UNKNOWN,
	FLAG_UNCOMPARED,
	FLAG_COUNT
};

/* Beside creation time and leaver action, which vary in each of them. */
enum variant {
	VARIANT_PLAIN,
	VARIANT_LEADS, /* lead days beyond STARTS, and a mail with a time of its own */
	VARIANT_LEAVES, /* leaves suspend, and "sabbatical" is one */
	VARIANT_HOLDS, /* rehires are held */
	VARIANT_TERMINATION, /* the termination date alone closes */
	VARIANT_DELETION, /* no date closes */
	VARIANT_SCOPE, /* out of scope is deactivated */
	VARIANT_LATER, /* suspended first, memberships cleared, closed at an hour */
	VARIANT_COUNT
};

static const enum account_status STATUSES[] = {ACCOUNT_NONE, ACCOUNT_UNKNOWN, ACCOUNT_STAGED,
        ACCOUNT_PROVISIONED, ACCOUNT_ACTIVE, ACCOUNT_RECOVERY, ACCOUNT_PASSWORD_EXPIRED,
        ACCOUNT_LOCKED_OUT, ACCOUNT_SUSPENDED, ACCOUNT_DEPROVISIONED};

/* One combination, and what came of it. */
struct state {
	const struct person *person; /* NULL: not read */
	enum presence presence;
	const char *start;
	const char *end;
	const char *last;
	const struct map_profile *wanted;
	struct account_facts account;
	struct policy_settings settings; /* a shallow copy, varied */
	enum flag flag;
	enum variant variant;
	struct decision decision;
	struct plan plan;
};

static struct policy_settings settings;
static struct map_rules rules;
static long combinations;
static int64_t now_ms; /* NOW, read once */

/* ----------------------------------------------------------------- what is said */

static const char *describe(const struct state *state)
{
	static char text[512];
	str_format_cut(text, sizeof(text),
	        "%s/%d presence %d start %s end %s last %s; %s mode %s lowered %s flag %d "
	        "variant %d; create %s leaver %d -> %s %s",
	        state->person == NULL ? "-" : state->person->lifecycle_word,
	        state->person == NULL ? 0 : (int)state->person->access, (int)state->presence,
	        state->start, state->end, state->last, account_status_name(state->account.status),
	        activation_mode_name(state->account.activation),
	        lower_cause_name(state->account.lowered), (int)state->flag, (int)state->variant,
	        creation_time_name(state->settings.create), (int)state->settings.leaver.action,
	        wanted_account_name(state->decision.wanted), policy_rule_id(state->decision.rule));
	return text;
}

/* A ck_assert writes to a file each time; millions of them are most of the run. */
#define MUST(state, holds, what)                                         \
	do {                                                             \
		if (!(holds)) {                                          \
			ck_abort_msg("%s: %s", (what), describe(state)); \
		}                                                        \
	} while (0)

static bool is_lowered_by(const struct decision *decision)
{
	return decision->wanted == WANTED_SUSPENDED || decision->wanted == WANTED_DEACTIVATED;
}

static bool is_raised_by(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct planned_action *action = &plan->actions[i];
		if (action->kind == ACTION_ACTIVATE || action->kind == ACTION_UNSUSPEND ||
		        action->is_activating) {
			return true;
		}
	}
	return false;
}

static const struct planned_action *find_action(const struct plan *plan, enum action_kind kind)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->actions[i].kind == kind) {
			return &plan->actions[i];
		}
	}
	return NULL;
}

/* A date that is over and belongs to the present employment, said without the policy's code. */
static bool is_over(const struct state *state, const char *end)
{
	return strcmp(end, "2026-11-20") == 0 && strcmp(state->start, "2027-01-04") != 0;
}

static bool is_over_for(const struct state *state, const char *end)
{
	/* Over too, when the start date is not known: then every date counts. */
	const bool is_old_end_counted = strcmp(state->start, "absent") == 0;
	return is_over(state, end) || (is_old_end_counted && strcmp(end, "2023-12-31") == 0);
}

/* A termination date, or a last day of work where that is looked at. */
static bool is_some_end_over(const struct state *state)
{
	const bool is_last_day_looked_at =
	        state->variant != VARIANT_TERMINATION && state->variant != VARIANT_DELETION;
	return is_over_for(state, state->end) ||
	        (is_last_day_looked_at && is_over_for(state, state->last));
}

static bool is_suspending_leave(const struct state *state)
{
	const struct person *person = state->person;
	return person != NULL && state->variant == VARIANT_LEAVES &&
	        (person->lifecycle == LIFECYCLE_LEAVE ||
	                str_equal(person->lifecycle_word, "sabbatical"));
}

/* ------------------------------------------------------------------- what must hold */

static void check_leaver(const struct state *state)
{
	const struct decision *decision = &state->decision;
	const bool is_gone =
	        state->person != NULL && state->person->lifecycle == LIFECYCLE_TERMINATED;
	MUST(state, !is_gone || decision->is_leaver, "terminated is a leaver");
	if (!decision->is_leaver) {
		return;
	}
	MUST(state, decision->wanted != WANTED_ACTIVE && decision->wanted != WANTED_STAGED,
	        "a leaver's account is not raised");
	MUST(state, !decision->may_create, "a leaver is not created");
	MUST(state, !decision->may_rename && !decision->may_write_profile,
	        "a leaver's profile is not written");
	MUST(state, !is_raised_by(&state->plan), "no plan raises a leaver");
	const bool is_blocked = state->flag == FLAG_PROTECTED || state->flag == FLAG_HUMAN_HOLD;
	const bool is_asked = decision->hold == HOLD_FIRST_LOWER && state->flag == FLAG_UNCOMPARED;
	MUST(state, is_blocked || is_asked || !state->account.is_linked || is_lowered_by(decision),
	        "nothing but protection and a human keeps a leaver open");
	MUST(state,
	        !is_blocked || !account_status_is_activated(state->account.status) ||
	                decision->is_alarm,
	        "a leaver who cannot be closed is an alarm");
}

/* Which rules lower, and what for. */
static bool is_lowered_with_cause(const struct state *state)
{
	const struct decision *decision = &state->decision;
	switch (decision->lower_cause) {
	case LOWER_LEAVER:
		return decision->is_leaver &&
		        (decision->rule == RULE_L1 || decision->rule == RULE_L2);
	case LOWER_REVOKED: return decision->is_revocation && decision->rule == RULE_V2;
	case LOWER_LEAVE: return is_suspending_leave(state) && decision->rule == RULE_E1;
	case LOWER_SCOPE:
		return state->variant == VARIANT_SCOPE && state->flag == FLAG_OUT_OF_SCOPE &&
		        decision->rule == RULE_L5;
	case LOWER_NONE:
	case LOWER_CLOSE:
	case LOWER_DUPLICATE: return false;
	}
	return false;
}

/* M3: of an adopted account that was never compared only a revocation lowers the status. */
static void check_uncompared(const struct state *state)
{
	if (state->flag != FLAG_UNCOMPARED || state->decision.is_revocation) {
		return;
	}
	MUST(state, find_action(&state->plan, ACTION_SUSPEND) == NULL, "asked before suspending");
	MUST(state, find_action(&state->plan, ACTION_DEACTIVATE) == NULL,
	        "asked before deactivating");
}

static void check_lowering(const struct state *state)
{
	const struct decision *decision = &state->decision;
	if (!is_lowered_by(decision)) {
		MUST(state, decision->lower_cause == LOWER_NONE, "a cause only with a lowering");
		MUST(state, find_action(&state->plan, ACTION_SUSPEND) == NULL, "no suspend");
		MUST(state, find_action(&state->plan, ACTION_DEACTIVATE) == NULL, "no deactivate");
		MUST(state, !decision->clears_groups, "memberships go with a leaver only");
		return;
	}
	MUST(state, is_lowered_with_cause(state), "lowered by a rule that lowers");
	MUST(state,
	        decision->lower_cause != LOWER_LEAVE ||
	                find_action(&state->plan, ACTION_DEACTIVATE) == NULL,
	        "nobody is deactivated for a leave");
	MUST(state,
	        decision->clears_groups ==
	                (state->variant == VARIANT_LATER && decision->lower_cause == LOWER_LEAVER),
	        "a leaver's memberships go where the settings say so");
	if (state->plan.count > 0 && state->plan.actions[0].kind != ACTION_END_SESSIONS) {
		MUST(state,
		        state->plan.actions[0].kind == ACTION_SUSPEND ||
		                state->plan.actions[0].kind == ACTION_DEACTIVATE,
		        "status first (L3)");
	}
	MUST(state, find_action(&state->plan, ACTION_UPDATE) == NULL, "no profile beside closing");
}

/* Someone who is here by lifecycle and dates is lowered by a revocation only. */
static void check_here(const struct state *state)
{
	const struct person *person = state->person;
	if (person == NULL || is_some_end_over(state)) {
		return;
	}
	const bool is_garden = person->lifecycle == LIFECYCLE_GARDEN_LEAVE;
	const bool is_here = person->lifecycle != LIFECYCLE_TERMINATED && !is_garden;
	if (is_here) {
		MUST(state, !state->decision.is_leaver, "nobody who is here is a leaver");
		MUST(state,
		        !is_lowered_by(&state->decision) || state->decision.is_revocation ||
		                state->decision.lower_cause == LOWER_LEAVE ||
		                state->decision.lower_cause == LOWER_SCOPE,
		        "inactive alone lowers nobody");
	}
}

/* In mode bob_status and with on_start_date nobody is early, but by the lead days. */
static bool has_begun(const struct state *state)
{
	return state->variant == VARIANT_LEADS || strcmp(state->start, "2024-03-04") == 0 ||
	        state->person->access == BOB_ACCESS_ACTIVE ||
	        state->person->lifecycle != LIFECYCLE_HIRED;
}

static void check_reopening(const struct state *state)
{
	const struct account_facts *account = &state->account;
	MUST(state, account->lowered != LOWER_NONE, "only our own closing is undone");
	MUST(state, !account->is_revoked || state->decision.is_rehired,
	        "only a rehire lifts a revocation");
	MUST(state,
	        state->variant != VARIANT_HOLDS ||
	                (account->lowered != LOWER_LEAVER && !state->decision.is_rehired),
	        "a rehire is held where the settings say so");
}

static void check_raising(const struct state *state)
{
	const struct account_facts *account = &state->account;
	const enum account_status status = account->status;
	if (!is_raised_by(&state->plan)) {
		return;
	}
	const enum lifecycle lifecycle =
	        state->person == NULL ? LIFECYCLE_UNKNOWN : state->person->lifecycle;
	MUST(state, lifecycle != LIFECYCLE_UNKNOWN && lifecycle != LIFECYCLE_TERMINATED,
	        "an unknown or terminated person is not raised");
	MUST(state, !is_suspending_leave(state), "nobody is raised on a leave without access");
	MUST(state, state->person->access != BOB_ACCESS_UNKNOWN,
	        "an unreadable status is not raised");
	MUST(state, !state->decision.is_leaver && !is_some_end_over(state),
	        "nobody is raised after an end date");
	MUST(state, strcmp(state->start, "absent") != 0, "no start date, no raising");
	if (status == ACCOUNT_SUSPENDED || status == ACCOUNT_DEPROVISIONED) {
		check_reopening(state);
	} else {
		MUST(state, status == ACCOUNT_STAGED || status == ACCOUNT_NONE,
		        "what is activated is not activated again");
		MUST(state, account->activation != ACTIVATION_NEVER, "never means never");
	}
	MUST(state, account->activation == ACTIVATION_ALWAYS || has_begun(state),
	        "nobody is raised before the start in mode bob_status");
}

static void check_creating(const struct state *state)
{
	const struct planned_action *create = find_action(&state->plan, ACTION_CREATE);
	MUST(state, state->decision.may_create == (create != NULL), "created when wanted");
	if (create == NULL) {
		return;
	}
	MUST(state, !state->account.is_linked, "nobody is created twice");
	MUST(state, state->flag != FLAG_REVOKED && state->flag != FLAG_REVOKE_DOUBTFUL,
	        "nobody revoked is created");
	MUST(state, state->settings.create == CREATE_ON_CREATION || has_begun(state),
	        "nobody is created before the start in on_start_date");
}

/* Only who is opened, or was opened by us and has not come yet; after the profile is right. */
static void check_mail(const struct state *state)
{
	const struct planned_action *mail = find_action(&state->plan, ACTION_REACTIVATE);
	if (mail == NULL) {
		return;
	}
	const struct planned_action *activate = find_action(&state->plan, ACTION_ACTIVATE);
	MUST(state, mail == &state->plan.actions[state->plan.count - 1], "the mail comes last");
	MUST(state, activate != NULL || state->account.status == ACCOUNT_PROVISIONED,
	        "mailed when opened, or while PROVISIONED");
	MUST(state, activate == NULL || !activate->sends_email, "one mail at a time");
	MUST(state, state->decision.wanted == WANTED_ACTIVE, "only who is wanted is mailed");
}

static void check_untouchable(const struct state *state)
{
	if (state->flag == FLAG_PROTECTED || state->flag == FLAG_HUMAN_HOLD) {
		MUST(state, state->decision.wanted == WANTED_UNCHANGED, "untouchable");
		MUST(state, state->plan.count == 0, "nothing is done to the untouchable");
	}
	if (state->flag == FLAG_REVOKED && !state->decision.is_leaver) {
		MUST(state, state->plan.count == 0, "a revoked account stands still");
		MUST(state, state->decision.hold == HOLD_REVOKED, "and is held");
	}
	if (state->flag == FLAG_REVOKE_PENDING) {
		MUST(state, state->decision.is_revocation && state->decision.lane == LANE_REVOKE,
		        "a revocation goes first");
	}
	if (state->flag == FLAG_REVOKE_DOUBTFUL) {
		MUST(state, state->decision.is_alarm && !is_raised_by(&state->plan),
		        "a doubtful revocation is an alarm and raises nothing");
	}
}

static enum scope_answer scope_of(const struct state *state)
{
	if (state->flag == FLAG_OUT_OF_SCOPE) {
		return SCOPE_NOT_MET;
	}
	return state->flag == FLAG_SCOPE_UNKNOWN ? SCOPE_UNKNOWN : SCOPE_MET;
}

/* That leavers are closed all the same is check_leaver's. */
static void check_scope(const struct state *state)
{
	if (state->person == NULL || scope_of(state) == SCOPE_MET) {
		return;
	}
	const bool is_back = state->account.lowered == LOWER_LEAVE;
	MUST(state, !is_raised_by(&state->plan) || is_back, "nobody is raised out of scope");
	MUST(state, !state->decision.may_create, "nobody is created out of scope");
	MUST(state, find_action(&state->plan, ACTION_UPDATE) == NULL, "nothing is written");
	MUST(state,
	        !is_lowered_by(&state->decision) || state->decision.is_leaver ||
	                state->decision.lower_cause == LOWER_LEAVE ||
	                state->variant == VARIANT_SCOPE,
	        "out of scope alone closes nobody unless the settings say so");
}

static void check_form(const struct state *state)
{
	const struct decision *decision = &state->decision;
	MUST(state, decision->due_at_ms == 0 || decision->due_at_ms > now_ms,
	        "due times are to come");
	MUST(state, decision->reason[0] != '\0', "there is a reason");
	MUST(state, strchr(decision->reason, '@') == NULL, "a reason names nobody");
	MUST(state, decision->hold == HOLD_KIND_COUNT || decision->hold_cause[0] != '\0',
	        "a question has a cause");
	MUST(state, state->account.is_linked || state->plan.count == 0 || decision->may_create,
	        "nothing is done without an account");
	MUST(state, state->plan.count <= 4, "no plan is longer than four");
}

/* Active or inactive: what is lowered does not depend on it. */
static void check_twin(const struct state *state)
{
	if (state->person == NULL || state->person->access != BOB_ACCESS_INACTIVE) {
		return;
	}
	struct person twin = *state->person;
	struct decision decision;
	twin.access = BOB_ACCESS_ACTIVE;
	const struct policy_input input = {.person = &twin,
	        .presence = state->presence,
	        .account = &state->account,
	        .settings = &state->settings,
	        .now_ms = now_ms,
	        .scope = scope_of(state)};
	policy_decide(&input, &decision);
	MUST(state, is_lowered_by(&decision) == is_lowered_by(&state->decision),
	        "active or inactive does not decide about lowering");
	MUST(state, decision.is_leaver == state->decision.is_leaver,
	        "active or inactive does not make a leaver");
}

/* ------------------------------------------------------------------ going through */

static void plan_state(struct state *state, const struct okta_model *model)
{
	struct err err = ERR_INIT;
	const struct policy_input input = {.person = state->person,
	        .presence = state->presence,
	        .account = &model->account,
	        .settings = &state->settings,
	        .now_ms = now_ms,
	        .scope = scope_of(state)};
	policy_decide(&input, &state->decision);
	const struct plan_input plan_input = {.decision = &state->decision,
	        .account = &model->account,
	        .settings = &state->settings,
	        .wanted = state->person == NULL ? NULL : state->wanted,
	        .present = model->present,
	        .bob_login = model->bob_login,
	        .bob_email = model->bob_email,
	        .is_sessions_due = model->is_sessions_due};
	MUST(state, plan_make(&state->plan, &plan_input, &err), "planned");
}

/* A rehire clears its own trace, so the second plan may still reopen; the third is empty. */
static void check_settles(struct state *state, struct okta_model *model)
{
	okta_model_apply(model, &state->decision, &state->plan, state->wanted);
	plan_finish(&state->plan);
	plan_state(state, model);
	MUST(state, state->plan.count == 0, "planned twice");
	plan_finish(&state->plan);
}

static void check_state(struct state *state)
{
	struct okta_model model;
	json_t *present = state->account.is_linked
	        ? json_pack("{s:s, s:s, s:s}", "login", "ada.king@example.com", "email",
	                  "ada.king@example.com", "displayName", "Ada B")
	        : NULL;
	okta_model_init(&model, &state->account, present);
	model.now_ms = now_ms;
	model.is_sessions_due = state->flag == FLAG_SESSIONS_DUE && state->account.is_linked;
	plan_state(state, &model);
	combinations++;
	check_form(state);
	check_leaver(state);
	check_lowering(state);
	check_here(state);
	check_raising(state);
	check_creating(state);
	check_mail(state);
	check_uncompared(state);
	check_untouchable(state);
	check_scope(state);
	check_twin(state);
	check_settles(state, &model);
	okta_model_finish(&model);
}

static void set_flag(struct account_facts *account, enum flag flag)
{
	account->is_revoke_pending = flag == FLAG_REVOKE_PENDING;
	account->is_revoke_doubtful = flag == FLAG_REVOKE_DOUBTFUL;
	account->is_revoked = flag == FLAG_REVOKED || flag == FLAG_REVOKED_AND_LEFT;
	account->was_terminated = flag == FLAG_WAS_TERMINATED || flag == FLAG_REVOKED_AND_LEFT;
	account->is_deleted = flag == FLAG_DELETED;
	account->holds = flag == FLAG_HUMAN_HOLD ? 1U << HOLD_HUMAN : 0;
	account->is_compared = flag != FLAG_UNCOMPARED;
	if (account->is_linked) {
		account->origin = flag == FLAG_UNCOMPARED ? ORIGIN_ADOPTED : ORIGIN_CREATED;
	}
}

static void set_variant(struct policy_settings *varied, enum variant variant)
{
	static char word[] = "sabbatical";
	static struct leave_type sabbatical[] = {{.word = word, .access = LEAVE_SUSPENDS}};
	switch (variant) {
	case VARIANT_PLAIN:
	case VARIANT_COUNT: break;
	case VARIANT_LEADS:
		varied->lead = (struct lead_days){.create = 90, .activation = 60};
		varied->activation_email.is_timed = true;
		varied->activation_email.days_before = 50;
		break;
	case VARIANT_LEAVES:
		varied->leave = LEAVE_SUSPENDS;
		varied->leave_types = sabbatical;
		varied->leave_type_count = ARRAY_SIZE(sabbatical);
		break;
	case VARIANT_HOLDS: varied->rehire = REHIRE_HOLD; break;
	case VARIANT_TERMINATION: varied->leaver.trigger = LEAVER_AT_TERMINATION_DATE; break;
	case VARIANT_DELETION: varied->leaver.trigger = LEAVER_AT_DELETION; break;
	case VARIANT_SCOPE: varied->out_of_scope = SCOPE_DEACTIVATE; break;
	case VARIANT_LATER:
		varied->leaver.then_deactivate_after_days = 30;
		varied->leaver.groups = LEAVER_LOSES_GROUPS;
		varied->leaver.at_minute = 660;
		break;
	}
}

static void each_setting(struct state *state)
{
	state->settings = settings;
	set_variant(&state->settings, state->variant);
	state->settings.protected_count =
	        state->flag == FLAG_PROTECTED ? settings.protected_count : 0;
	/* In the variants creation and closing vary together, which is half of it. */
	for (int bits = 0; bits < 4; bits += state->variant == VARIANT_PLAIN ? 1 : 3) {
		state->settings.create = bits & 1 ? CREATE_ON_START_DATE : CREATE_ON_CREATION;
		state->settings.leaver.action = bits & 2 ? LEAVER_SUSPEND : LEAVER_DEACTIVATE;
		state->settings.activation = state->account.activation;
		check_state(state);
	}
}

static void each_flag(struct state *state)
{
	for (int flag = FLAG_NONE; flag < FLAG_COUNT; flag++) {
		state->flag = (enum flag)flag;
		set_flag(&state->account, state->flag);
		each_setting(state);
	}
}

/* The flags that other settings might get round. */
static void each_variant(struct state *state)
{
	static const enum flag flags[] = {FLAG_NONE, FLAG_UNCOMPARED, FLAG_OUT_OF_SCOPE};
	each_flag(state);
	for (int variant = VARIANT_PLAIN + 1; variant < VARIANT_COUNT; variant++) {
		state->variant = (enum variant)variant;
		for (size_t i = 0; i < ARRAY_SIZE(flags); i++) {
			state->flag = flags[i];
			set_flag(&state->account, state->flag);
			each_setting(state);
		}
	}
	state->variant = VARIANT_PLAIN;
}

static void each_lowering(struct state *state)
{
	static const enum lower_cause causes[] = {
	        LOWER_NONE, LOWER_LEAVER, LOWER_LEAVE, LOWER_REVOKED, LOWER_SCOPE};
	const bool is_closed = state->account.status == ACCOUNT_SUSPENDED ||
	        state->account.status == ACCOUNT_DEPROVISIONED;
	for (size_t i = 0; i < (is_closed ? ARRAY_SIZE(causes) : 1); i++) {
		state->account.lowered = causes[i];
		each_variant(state);
	}
}

static void each_account(struct state *state)
{
	for (size_t i = 0; i < ARRAY_SIZE(STATUSES); i++) {
		for (int mode = ACTIVATION_BOB_STATUS; mode <= ACTIVATION_NEVER; mode++) {
			const bool is_linked = STATUSES[i] != ACCOUNT_NONE;
			state->account = (struct account_facts){
			        .is_linked = is_linked,
			        .status = STATUSES[i],
			        .login = is_linked ? "ada.king@example.com" : NULL,
			        .okta_id = is_linked ? "00u1ada0king0example" : NULL,
			        .origin = is_linked ? ORIGIN_CREATED : ORIGIN_NONE,
			        .activation = (enum activation_mode)mode,
			        .is_activated = is_linked && STATUSES[i] != ACCOUNT_STAGED,
			        .activated_at_ms = STATUSES[i] == ACCOUNT_PROVISIONED ? 1 : 0,
			};
			each_lowering(state);
		}
	}
}

static void with_person(struct state *state, const char *lifecycle, const char *access)
{
	struct err err = ERR_INIT;
	struct person person;
	struct map_profile wanted;
	json_t *shorthand = json_pack("{s:s, s:s, s:s, s:s, s:s}", "lifecycle", lifecycle, "status",
	        access, "start", state->start, "end", state->end, "last", state->last);
	json_t *bob = sample_person_json(shorthand);
	ck_assert(person_parse(&person, bob, &err));
	ck_assert(map_profile_make(&wanted, &rules, &map_context_none, &person, &err));
	state->person = &person;
	state->wanted = &wanted;
	each_account(state);
	map_profile_finish(&wanted);
	person_finish(&person);
	json_decref(bob);
	json_decref(shorthand);
}

static void each_date(struct state *state, const char *lifecycle, const char *access)
{
	for (size_t i = 0; i < ARRAY_SIZE(ENDS); i++) {
		state->end = ENDS[i].end;
		state->last = ENDS[i].last;
		with_person(state, lifecycle, access);
	}
}

static void common_init(void)
{
	now_ms = sample_time_ms(NOW);
	json_t *shorthand = json_loads("{\"protected\":[\"ada.king@example.com\"]}", 0, NULL);
	sample_settings_init(&settings, shorthand);
	json_decref(shorthand);
	ck_assert(map_rules_init_default(&rules));
}

static void common_finish(void)
{
	map_rules_finish(&rules);
	policy_settings_finish(&settings);
}

START_TEST(what_must_hold_holds_for_everyone_bob_shows)
{
	struct state state = {.presence = PRESENCE_READ};
	const char *lifecycle = LIFECYCLES[(size_t)_i / ARRAY_SIZE(STARTS)];
	state.start = STARTS[(size_t)_i % ARRAY_SIZE(STARTS)];
	common_init();
	for (size_t access = 0; access < ARRAY_SIZE(ACCESSES); access++) {
		each_date(&state, lifecycle, ACCESSES[access]);
	}
	common_finish();
	ck_assert_int_gt(combinations, 30000);
}
END_TEST

START_TEST(what_must_hold_holds_for_everyone_bob_does_not_show)
{
	struct state state = {.start = "absent", .end = "absent", .last = "absent"};
	common_init();
	for (int presence = PRESENCE_NOT_READ; presence <= PRESENCE_DISAPPEARED; presence++) {
		state.presence = (enum presence)presence;
		each_account(&state);
	}
	common_finish();
	ck_assert_int_gt(combinations, 3000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy states");
	TCase *states = tcase_create("states");
	tcase_set_timeout(states, TIMEOUT_S);
	tcase_add_loop_test(states, what_must_hold_holds_for_everyone_bob_shows, 0,
	        (int)(ARRAY_SIZE(LIFECYCLES) * ARRAY_SIZE(STARTS)));
	tcase_add_test(states, what_must_hold_holds_for_everyone_bob_does_not_show);
	suite_add_tcase(suite, states);
	return suite_run(suite);
}
