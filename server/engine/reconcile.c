/* SPDX-License-Identifier: MIT */
/*
 * One employee end to end: what Bob said -> decision -> plan -> actions, as
 * often as Okta's answers ask for another look, and at most ROUNDS_MAX times.
 * All knowledge of who deserves what is in mapping/; all knowledge of calls is
 * in act.c, lookup.c and resolve.c.
 */
#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/groups.h"
#include "server/engine/limit_hold.h"
#include "server/engine/revoke_row.h"
#include "server/engine/run.h"
#include "server/store/adoption.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS_MAX 4

/* ------------------------------------------------------------------ read */

static void load_present(struct run *run)
{
	const char *text = personal_reveal(&run->employee->present_profile);

	if (text[0] != '\0') {
		run->present = json_parse(text, strlen(text), NULL);
	}
}

static void note_present_login(struct run *run)
{
	const char *login = json_get_text(run->present, "login");

	str_format_cut(run->login, sizeof(run->login), "%s", login != NULL ? login : "");
	str_fold(run->login);
	run->facts.login = run->login[0] != '\0' ? run->login : NULL;
	run->facts.is_status_stale = !run->is_status_fresh;
}

/* The policy's word, without what we know better. */
static void judge(struct run *run)
{
	facts_from_employee(&run->facts, run->employee, run->presence, &run->holds);
	if (run->mode == RUN_MODE_PLAN) {
		/* What is kept back after an undo is told all the same. */
		run->facts.holds &= ~(1U << HOLD_UNDO);
	}
	note_present_login(run);
	run->facts.unread_since_ms = connection_bob_unread_since_ms(run->connection);
	run->facts.is_move_pending = run->is_move_pending;
	struct policy_input input = {
	        .person = run->presence == PRESENCE_READ ? &run->person : NULL,
	        .presence = run->presence,
	        .account = &run->facts,
	        .settings = run_policy(run),
	        .now_ms = run_now_ms(run),
	};
	if (run->has_profile) {
		input.scope = run->profile.scope;
		input.scope_reason = run->profile.scope_reason;
	}
	policy_decide(&input, &run->decision);
}

/* L3: who loses access in any case keeps it for no expression; no profile is written then. */
static bool is_lowered(const struct run *run)
{
	enum wanted_account wanted = run->decision.wanted;

	return run->facts.is_linked && (wanted == WANTED_SUSPENDED || wanted == WANTED_DEACTIVATED);
}

static enum step make_profile(struct run *run)
{
	struct err err = ERR_INIT;

	if (!run_make_profile(run, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	char *empty = map_profile_empty_fields(&run->profile, run->present);
	run->may_clear =
	        facts_note_empty(run->employee, empty, run->read_begun_ms, &run->wants_reread);
	return STEP_NEXT;
}

static enum step take_person(struct run *run, json_t *source)
{
	struct err err = ERR_INIT;

	if (!person_parse(&run->person, source, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	if (!facts_note_read(run->employee, &run->person, run_policy(run), run->read_begun_ms)) {
		return run_stop(run, RUN_ENDS_RETRY, "out of memory while noting a read");
	}
	judge(run);
	return is_lowered(run) ? STEP_NEXT : make_profile(run);
}

/* Rejected: it is no revocation, and nothing waits for it. */
static void forget_rejected(struct run *run)
{
	const struct hold *asked = run_find_hold(run, HOLD_REVOKE_DOUBTFUL);
	bool is_open = asked != NULL && !asked->is_rejected && run->employee->revoke_is_doubtful;

	if (asked == NULL || is_open || run->mode == RUN_MODE_PLAN) {
		return;
	}
	if (run->employee->revoke_is_doubtful) {
		facts_forget_revocation(run->employee);
	}
	run_unhold(run, HOLD_REVOKE_DOUBTFUL);
}

/* Engine rule 10: what a human wants done now is done to the account as it is now. */
static enum step look_for_human(struct run *run)
{
	char why[SENTENCE_BYTES];

	if (connection_is_okta_parked(run->connection)) {
		connection_is_blocked(run->connection, WORK_ORDINARY, why, sizeof(why));
		return run_stop(run, RUN_ENDS_PARKED, why);
	}
	return run_reread(run);
}

static enum step begin(struct run *run, json_t *source)
{
	struct err err = ERR_INIT;

	load_present(run);
	if (run->employee->hold_kinds != 0 &&
	        !store_hold_list(
	                run->runner->store, NULL, &run->employee->key, &run->holds, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	forget_rejected(run);
	if (run->mode == RUN_MODE_CLOSE || run->mode == RUN_MODE_UNDO) {
		return look_for_human(run);
	}
	if (run->presence == PRESENCE_READ && take_person(run, source) == STEP_STOP) {
		return STEP_STOP;
	}
	if (run->presence == PRESENCE_ABSENT) {
		run->presence = facts_note_absent(run->employee, run->read_begun_ms);
	}
	return run_ask_doubt(run);
}

/* ---------------------------------------------------------------- decide */

static void protect(struct run *run, const char *why)
{
	run->decision = (struct decision){
	        .wanted = WANTED_UNCHANGED,
	        .rule = RULE_PROTECTED,
	        .lane = LANE_UPDATE,
	        .hold = HOLD_KIND_COUNT,
	        .is_alarm = run->decision.is_leaver,
	};
	str_format_cut(run->decision.reason, sizeof(run->decision.reason), "%s", why);
}

static void force_close(struct run *run)
{
	bool suspends = run->connection->policy.leaver.action == LEAVER_SUSPEND &&
	        run->employee->present_status == ACCOUNT_ACTIVE;

	run->decision = (struct decision){
	        .wanted = suspends ? WANTED_SUSPENDED : WANTED_DEACTIVATED,
	        .rule = RULE_M4,
	        .lane = LANE_REVOKE,
	        .lower_cause = LOWER_CLOSE,
	        .hold = HOLD_KIND_COUNT,
	};
	str_format_cut(
	        run->decision.reason, sizeof(run->decision.reason), "closed by an administrator");
}

static bool is_opening_approved(const struct run *run)
{
	return run_is_approved(run, HOLD_CLOSED_BY_OTHER) || run_is_approved(run, HOLD_MATCH) ||
	        run_is_approved(run, HOLD_REHIRE) || run_is_approved(run, HOLD_REVOKED);
}

static bool is_closed(const struct run *run)
{
	return run->facts.is_linked &&
	        (run->facts.status == ACCOUNT_SUSPENDED ||
	                run->facts.status == ACCOUNT_DEPROVISIONED);
}

/*
 * For a while after a change Bob may show what was before it: a leaver who was closed a moment ago
 * is employed again in the next answer. So who left is back only by a read that settles (engine
 * rule 3), begun as long after our own closing as after the last event.
 */
static void doubt_return(struct run *run)
{
	struct decision *decision = &run->decision;
	bool is_back =
	        decision->is_rehired || (is_closed(run) && decision->wanted == WANTED_ACTIVE);
	int64_t settles_ms = run_settles_at_ms(run);

	if (!is_back || run->mode != RUN_MODE_WORK || run->read_begun_ms >= settles_ms ||
	        is_opening_approved(run)) {
		return;
	}
	run->look_again_ms = settles_ms;
	decision->wanted = run->facts.is_linked ? WANTED_UNCHANGED : WANTED_NONE;
	decision->is_rehired = false;
	decision->may_create = false;
	decision->may_write_profile = false;
	decision->may_rename = false;
	str_format_cut(decision->reason, sizeof(decision->reason),
	        "back by a first look, which may be old: looked at again");
}

static enum step decide(struct run *run)
{
	judge(run);
	if (run->presence == PRESENCE_READ && !run->has_profile && !is_lowered(run)) {
		/* What an open intent came to has changed the decision. */
		if (make_profile(run) == STEP_STOP) {
			return STEP_STOP;
		}
		judge(run);
	}
	enum step step = pair_look(run);
	if (step == STEP_STOP) {
		return step;
	}
	if (run->is_move_pending) {
		judge(run);
	}
	if (run->facts.is_linked && connection_is_owner(run->connection, run->employee->okta_id)) {
		protect(run,
		        "this account owns the API token bob2okta works with: it is never"
		        " changed");
	} else if (run->facts.is_linked &&
	        connection_is_protected(run->connection, run->employee->okta_id)) {
		protect(run, "this account is in the protected group: it is never changed");
	} else if (run->mode == RUN_MODE_CLOSE && run->decision.rule != RULE_PROTECTED) {
		force_close(run);
	}
	doubt_return(run);
	return STEP_NEXT;
}

/* Questions about a closed account end when the account is open, or the person is gone. */
static void drop_answered(struct run *run)
{
	static const enum hold_kind KINDS[] = {HOLD_CLOSED_BY_OTHER, HOLD_REHIRE, HOLD_FIRST_LOWER};

	for (size_t i = 0; run->presence == PRESENCE_READ && i < ARRAY_SIZE(KINDS); i++) {
		if (run->decision.hold != KINDS[i]) {
			run_unhold(run, KINDS[i]);
		}
	}
}

/* M3: the person was compared, and is neither gone nor somebody of whom too little is known. */
static bool is_comparison(const struct decision *decision)
{
	bool is_known =
	        decision->rule != RULE_K1 && decision->rule != RULE_K2 && decision->rule != RULE_L1;

	return is_known && !decision->is_leaver && decision->lower_cause == LOWER_NONE &&
	        decision->hold != HOLD_FIRST_LOWER;
}

/* What only a read tells. */
static void note_read(struct run *run)
{
	struct employee *employee = run->employee;
	int64_t closes_at_ms = run->decision.closes_at_ms;

	employee->confirmed_end_ms = closes_at_ms;
	employee->confirmed_at_ms = closes_at_ms != 0 ? run->read_begun_ms : 0;
	if (employee->okta_id[0] != '\0' && is_comparison(&run->decision)) {
		employee->is_compared = true;
	}
	run_unhold(run, HOLD_DISAPPEARED);
}

/* A run without a read takes back nothing that a read said. */
static void note_alarm(struct run *run)
{
	struct employee *employee = run->employee;
	const struct decision *decision = &run->decision;

	if (!decision->is_alarm && run->presence == PRESENCE_NOT_READ) {
		return;
	}
	str_format_cut(employee->alarm, sizeof(employee->alarm), "%s",
	        decision->is_alarm ? policy_rule_id(decision->rule) : "");
}

/* What the decision says about the record, whatever becomes of the plan. */
static enum step note_decision(struct run *run)
{
	struct employee *employee = run->employee;
	const struct decision *decision = &run->decision;

	if (decision->is_leaver) {
		employee->was_terminated = true;
	}
	if (decision->is_rehired) {
		employee->was_terminated = false;
		/* V1: an older revocation that is sent again finds a newer rehire. */
		facts_note_revoked(employee, clock_wall_ms());
		revoke_row_forget(employee);
		run_unhold(run, HOLD_REVOKED);
	}
	if (run->presence == PRESENCE_READ) {
		note_read(run);
	}
	note_alarm(run);
	drop_answered(run);
	if (decision->hold == HOLD_KIND_COUNT) {
		return STEP_NEXT;
	}
	return run_hold(run, decision->hold, decision->hold_cause, employee->okta_id);
}

/* What an administrator decided about somebody in an adoption; NONE: nothing. */
static enum adoption_decision adopted_as(const struct run *run)
{
	enum adoption_decision decision = ADOPTION_NONE;
	struct err err = ERR_INIT;

	if (!store_adoption_decision(run->runner->store, &run->employee->key, &decision, &err)) {
		log_warn("adoption not read", F("employee_id", run->employee->key.employee_id),
		        F("cause", err.text));
	}
	return decision;
}

/* M3: somebody no event named, hired before we went live, gets no account without a human's word.
 */
static bool is_existing(const struct run *run)
{
	if (run->employee->last_event_at_ms != 0 || run_is_approved(run, HOLD_EXISTING)) {
		return false;
	}
	switch (adopted_as(run)) {
	case ADOPTION_CREATE: return false;
	case ADOPTION_IGNORE: return true;
	case ADOPTION_NONE:
	case ADOPTION_LINK:
	case ADOPTION_DECISION_COUNT: break;
	}
	return run_settings_used(run)->existing == EXISTING_HOLD &&
	        run->person.lifecycle != LIFECYCLE_HIRED;
}

static bool wants_account(const struct run *run)
{
	enum wanted_account wanted = run->decision.wanted;

	if (run->employee->okta_id[0] != '\0' || !run->has_profile) {
		return false;
	}
	return run->decision.is_revocation ||
	        (run->decision.may_create && (wanted == WANTED_STAGED || wanted == WANTED_ACTIVE));
}

/*
 * A revocation for somebody without an account that we know of: looked for, else an alarm (V1),
 * which is made from what is noted here.
 */
static enum step nothing_to_revoke(struct run *run)
{
	facts_note_revoked(run->employee, clock_wall_ms());
	log_warn("nobody to revoke", F("connection", run->employee->key.connection),
	        F("employee_id", run->employee->key.employee_id));
	return STEP_NEXT;
}

static enum step find_account(struct run *run)
{
	char why[SENTENCE_BYTES];

	if (!wants_account(run)) {
		bool is_lost = run->decision.is_revocation && run->employee->okta_id[0] == '\0';
		if (is_lost && run->presence == PRESENCE_NOT_READ) {
			return run_stop(run, RUN_ENDS_RETRY,
			        "access was revoked, and Bob cannot be read to look for the account");
		}
		if (run->decision.is_leaver && run->employee->okta_id[0] == '\0') {
			lookup_forget(run);
		}
		return is_lost && run->mode != RUN_MODE_PLAN ? nothing_to_revoke(run) : STEP_NEXT;
	}
	if (is_existing(run) && !run->decision.is_revocation && !pair_brings(run)) {
		return run_hold(run, HOLD_EXISTING,
		        "was here before bob2okta went live: release to create or link the account",
		        NULL);
	}
	/* An event named this person since: planned like anybody (M3). */
	run_unhold(run, HOLD_EXISTING);
	if (run->forecast_ms != 0) {
		return run_chooses_login(run) ? run_choose_login(run, 0) : STEP_NEXT;
	}
	if (connection_is_okta_parked(run->connection)) {
		connection_is_blocked(run->connection, WORK_ORDINARY, why, sizeof(why));
		return run_stop(run, RUN_ENDS_PARKED, why);
	}
	enum step step = run_need_room(run);
	if (step == STEP_NEXT) {
		step = lookup_account(run);
	}
	if (step == STEP_NEXT && run->decision.is_revocation && run->employee->okta_id[0] == '\0') {
		return nothing_to_revoke(run);
	}
	return step;
}

/* ------------------------------------------------------------------ plan */

/* C4: a human who releases the hold gives the attribute another two chances. */
static enum step find_stopped(struct run *run)
{
	char cause[SENTENCE_BYTES];

	if (run_is_approved(run, HOLD_ROW)) {
		free(run->employee->set_back);
		run->employee->set_back = NULL;
	}
	free(run->stopped);
	run->stopped = set_back_stopped(run->employee->set_back);
	if (run->stopped == NULL) {
		run_unhold(run, HOLD_ROW);
		return STEP_NEXT;
	}
	str_format_cut(cause, sizeof(cause), "set back twice in Okta, not written any more: %s",
	        run->stopped);
	return run_hold(run, HOLD_ROW, cause, run->employee->okta_id);
}

static void say_missing(struct run *run)
{
	const struct plan *plan = &run->plan;

	if (plan->missing_reason[0] != '\0') {
		str_format_cut(run->sentence, sizeof(run->sentence), "cannot be created yet: %s",
		        plan->missing_reason);
	} else if (plan->missing[0] != '\0') {
		str_format_cut(run->sentence, sizeof(run->sentence),
		        "cannot be created yet: Bob gives no value for %s", plan->missing);
	}
}

static enum step make_plan(struct run *run)
{
	struct plan_input input = {
	        .decision = &run->decision,
	        .account = &run->facts,
	        .settings = run_policy(run),
	        .wanted = run->has_profile ? &run->profile : NULL,
	        .attributes = run->catalogs.attributes,
	        .present = run->present,
	        .bob_login = run->employee->bob_login.text,
	        .bob_email = run->employee->bob_email.text,
	        .may_clear = run->may_clear,
	        .stopped = run->stopped,
	        .is_sessions_due = run->employee->is_sessions_due,
	        .is_sourced_elsewhere = run->employee->is_sourced_elsewhere,
	};
	struct err err = ERR_INIT;

	if (run->has_plan) {
		plan_finish(&run->plan);
	}
	run->has_plan = plan_make(&run->plan, &input, &err);
	FAILPOINT_ONLY("plan.done", run->employee->key.employee_id);
	if (!run->has_plan) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	for (size_t i = 0; i < run->plan.count; i++) {
		limit_hold_count_settings(run, &run->plan.actions[i]);
	}
	say_missing(run);
	if (run->plan.hold != HOLD_KIND_COUNT) {
		return run_hold(run, run->plan.hold, run->plan.hold_cause, run->employee->okta_id);
	}
	if (run->presence == PRESENCE_READ) {
		run_unhold(run, HOLD_DOMAIN);
	}
	return STEP_NEXT;
}

/* A revocation that found the account closed already has nothing to lower, and is carried out. */
static void note_revoked(struct run *run)
{
	struct employee *employee = run->employee;
	bool is_closed = employee->present_status == ACCOUNT_SUSPENDED ||
	        employee->present_status == ACCOUNT_DEPROVISIONED;

	if (run->decision.is_revocation && is_closed && run->mode != RUN_MODE_PLAN &&
	        run->connection->settings->mode == SETTINGS_LIVE) {
		facts_note_revoked(employee, clock_wall_ms());
		revoke_row_want(employee);
	}
}

/* From what is decided to what is done. */
static enum step carry_out(struct run *run)
{
	enum step step = find_account(run);

	if (step == STEP_NEXT) {
		/* Linking, holds and resolved intents changed what the plan is made from. */
		facts_from_employee(&run->facts, run->employee, run->presence, &run->holds);
		note_present_login(run);
		step = find_stopped(run);
	}
	if (step == STEP_NEXT) {
		step = make_plan(run);
	}
	if (step == STEP_NEXT) {
		limit_hold_drop_stale(run);
		step = act_all(run);
	}
	if (step == STEP_NEXT) {
		note_revoked(run);
		step = revoke_row_look(run);
	}
	if (step == STEP_NEXT) {
		step = groups_act(run);
	}
	return step;
}

static enum step converge(struct run *run)
{
	enum step step = resolve_intents(run);

	if (step == STEP_NEXT) {
		step = decide(run);
	}
	if (step == STEP_NEXT && run->mode == RUN_MODE_UNDO) {
		/* What the policy wants waits until the hold is released. */
		return undo_act(run);
	}
	if (step == STEP_NEXT) {
		step = note_decision(run);
	}
	if (step != STEP_NEXT) {
		return step;
	}
	return run->mode == RUN_MODE_LINK ? activation_link_act(run) : carry_out(run);
}

/* Each login that turned out to be taken is worth a round; a rule has at most ten. */
static int rounds_max(const struct run *run)
{
	int rounds = ROUNDS_MAX;

	for (unsigned bits = run->taken; bits != 0; bits &= bits - 1) {
		rounds++;
	}
	return rounds;
}

void reconcile(struct run *run, json_t *source)
{
	run->asked = HOLD_KIND_COUNT;
	enum step step = begin(run, source);

	for (int round = 0; round < rounds_max(run) && step != STEP_STOP; round++) {
		step = converge(run);
		if (step == STEP_NEXT) {
			run->end = RUN_ENDS_WELL;
			return;
		}
	}
	if (step == STEP_AGAIN) {
		run_stop(run, RUN_ENDS_RETRY,
		        "Okta's answers kept changing; looked again four times");
	}
}
