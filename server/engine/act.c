/* SPDX-License-Identifier: MIT */
/*
 * One action at a time: is it allowed now, the durable intent, the call, the
 * durable outcome. Nothing here decides what should happen; the plan did.
 */
#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/engine/act_parts.h"
#include "server/engine/groups.h"
#include "server/engine/limit_hold.h"
#include "server/engine/undo_parts.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ permission */

static bool is_lowering(const struct planned_action *action)
{
	return action->kind == ACTION_SUSPEND || action->kind == ACTION_DEACTIVATE ||
	        action->kind == ACTION_END_SESSIONS;
}

/*
 * Engine rule 2: all holds but a human's and an undo's bind only create, adopt, raise and rename; a
 * lowering waits for the hold of its own limit, too, a membership for a human's word and for whom
 * the token may not manage. No action waits for another limit's hold. (For a human's hold the
 * policy plans no lowering.)
 */
static unsigned binding_holds(const struct run *run, const struct planned_action *action)
{
	unsigned own = limit_hold_is_set(run, action->limit) ? 1U << HOLD_LIMIT : 0;
	unsigned all = ((1U << HOLD_KIND_COUNT) - 1) & ~(1U << HOLD_LIMIT);

	if (is_lowering(action)) {
		return own | 1U << HOLD_UNDO;
	}
	if (action->group_id != NULL) {
		return own | 1U << HOLD_HUMAN | 1U << HOLD_UNDO | 1U << HOLD_FORBIDDEN;
	}
	if (action->kind == ACTION_UPDATE && !action->is_rename) {
		return own | 1U << HOLD_UNDO | 1U << HOLD_FORBIDDEN;
	}
	if (run->is_match_answered) {
		/* The account that was asked about is another person's: this one gets another
		 * login. */
		all &= ~(1U << HOLD_MATCH);
	}
	return own | (all & ~(1U << HOLD_ROW));
}

static bool is_bound(const struct run *run, const struct planned_action *action)
{
	unsigned open = run->employee->hold_kinds & ~run->employee->approvals;

	if (limit_hold_is_released(run, action->limit)) {
		open &= ~(1U << HOLD_LIMIT);
	}
	return (open & binding_holds(run, action)) != 0;
}

static void note_held(struct run *run, const struct planned_action *action)
{
	limit_hold_renew(run, action);
	run->is_held = true;
	if (is_lowering(action)) {
		log_error("lowering is held", F("connection", run->employee->key.connection),
		        F("employee_id", run->employee->key.employee_id),
		        F("action", action_kind_name(action->kind)));
	}
}

/* ---------------------------------------------------------------- intent */

static enum step on_limited(struct run *run, const struct planned_action *action)
{
	if (run->mode == RUN_MODE_UNDO) {
		char cause[SENTENCE_BYTES];
		str_format_cut(cause, sizeof(cause),
		        "it would pass the limit \"%s\": again later, or one by one",
		        limit_kind_name(action->limit));
		return run_stop(run, RUN_ENDS_FAILED, cause);
	}
	enum step step = limit_hold_ask(run, action);
	note_held(run, action);
	return step;
}

static enum step on_taken(struct run *run, const struct planned_action *action)
{
	if (run->mode == RUN_MODE_UNDO) {
		return run_stop(run, RUN_ENDS_FAILED,
		        "another employee has this login by now, or is about to get it");
	}
	if (action->kind == ACTION_CREATE && run_chooses_login(run)) {
		return run_next_login(run, json_get_text(action->profile, "login"));
	}
	return run_hold(
	        run, HOLD_MATCH, "another employee has or is about to get this login", NULL);
}

/* STEP_NEXT: the intent is durable. STEP_AGAIN: kept back, after_kept_back tells how to go on. */
static enum step open_intent(
        struct run *run, const struct planned_action *action, struct intent *intent)
{
	struct err err = ERR_INIT;

	if (!act_fill_intent(intent, run, action, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	switch (store_intent_open(
	        run->runner->store, intent, &run->connection->settings->limits, &err)) {
	case INTENT_OPEN: return STEP_NEXT;
	case INTENT_LIMITED: return on_limited(run, action) == STEP_STOP ? STEP_STOP : STEP_AGAIN;
	case INTENT_TAKEN: return on_taken(run, action) == STEP_STOP ? STEP_STOP : STEP_AGAIN;
	case INTENT_MOVED: return run_stop(run, RUN_ENDS_MOVED, "a newer event came");
	case INTENT_LEASE_LOST: return run_stop(run, RUN_ENDS_LOST, "the lease was lost");
	case INTENT_FAILED: return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	return STEP_STOP;
}

/* --------------------------------------------------------------- outcome */

static void count_action(
        const struct run *run, const struct planned_action *action, const char *result)
{
	metrics_add(METRIC_ACTIONS,
	        LABELS(run->employee->key.connection, action_kind_name(action->kind), result), 1);
}

static bool close_intent(struct run *run, const struct planned_action *action, int64_t intent_id,
        enum outcome_state state, const struct call_outcome *call)
{
	struct outcome outcome = {
	        .intent_id = intent_id, .lease_token = run->employee->lease_token, .state = state};
	struct err err = ERR_INIT;

	if (call != NULL) {
		outcome.http_status = call->http_status;
		str_format_cut(outcome.code, sizeof(outcome.code), "%s", call->code);
		str_format_cut(
		        outcome.request_id, sizeof(outcome.request_id), "%s", call->request_id);
		str_format_cut(outcome.sentence, sizeof(outcome.sentence), "%s", call->sentence);
	}
	count_action(run, action, outcome_state_name(state));
	log_info("action", F("connection", run->employee->key.connection),
	        F("employee_id", run->employee->key.employee_id),
	        F("action", action_kind_name(action->kind)),
	        F("rule", policy_rule_id(action->rule)), F("result", outcome_state_name(state)),
	        F("okta_request_id", outcome.request_id));
	if (!store_intent_close(run->runner->store, &outcome, run->employee, &err)) {
		run_stop(run, err.code == ERR_CONFLICT ? RUN_ENDS_LOST : RUN_ENDS_RETRY, err.text);
		return false;
	}
	return true;
}

/* ------------------------------------------------------------------ call */

/* V2: a revocation takes the tokens, too, whatever the setting says. */
static enum okta_tokens session_tokens(const struct run *run)
{
	bool is_revoking = run->decision.is_revocation || run->employee->lowered == LOWER_REVOKED;

	return is_revoking || run->connection->policy.leaver.revokes_tokens ? OKTA_TOKENS_REVOKED
	                                                                    : OKTA_TOKENS_KEPT;
}

/* The same status change, with the link for a human instead of the mail. */
static void call_for_link(struct run *run, struct okta_client *client,
        const struct planned_action *action, struct call_outcome *outcome)
{
	okta_user_activation_link(client, run->employee->okta_id,
	        action->kind == ACTION_ACTIVATE ? OKTA_LINK_ACTIVATES : OKTA_LINK_REACTIVATES,
	        run->link, outcome);
}

static void call_okta(struct run *run, const struct planned_action *action, struct okta_user *user,
        struct call_outcome *outcome)
{
	struct okta_client *client = run_okta(run);
	const char *id = run->employee->okta_id;
	enum okta_email email = action->sends_email ? OKTA_EMAIL_SENT : OKTA_EMAIL_NOT_SENT;

	if (client == NULL) {
		outcome->call_class = CALL_RETRY_LATER;
		str_format_cut(outcome->sentence, sizeof(outcome->sentence), "%s", run->sentence);
		return;
	}
	if (run->link != NULL) {
		call_for_link(run, client, action, outcome);
		return;
	}
	switch (action->kind) {
	case ACTION_CREATE:
		okta_user_create(client, action->profile,
		        action->is_activating ? OKTA_ACTIVATE : OKTA_STAGED, user, outcome);
		break;
	case ACTION_UPDATE:
		okta_user_update(client, id, action->profile,
		        run->undo != NULL ? run->undo->etag : NULL, user, outcome);
		break;
	case ACTION_ACTIVATE: okta_user_activate(client, id, email, outcome); break;
	case ACTION_REACTIVATE: okta_user_reactivate(client, id, email, outcome); break;
	case ACTION_SUSPEND: okta_user_suspend(client, id, outcome); break;
	case ACTION_UNSUSPEND: okta_user_unsuspend(client, id, outcome); break;
	case ACTION_DEACTIVATE: okta_user_deactivate(client, id, outcome); break;
	case ACTION_END_SESSIONS:
		okta_user_end_sessions(client, id, session_tokens(run), outcome);
		break;
	case ACTION_JOIN_GROUP: okta_group_add(client, action->group_id, id, outcome); break;
	case ACTION_LEAVE_GROUP: okta_group_remove(client, action->group_id, id, outcome); break;
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: outcome->call_class = CALL_PERMANENT; break;
	}
}

/* C3: somebody else owns the profile; the status is still ours. */
static bool is_owned_elsewhere(
        const struct planned_action *action, const struct call_outcome *outcome)
{
	return action->kind == ACTION_UPDATE && strcmp(outcome->code, "E0000023") == 0;
}

/* C5: this one person only, if the token works otherwise. */
static enum step on_forbidden(struct run *run, const struct call_outcome *outcome)
{
	struct okta_client *client = run_okta(run);

	if (client == NULL) {
		return STEP_STOP;
	}
	if (connection_is_token_refused(run->connection, client, outcome)) {
		return run_stop(run, RUN_ENDS_PARKED, outcome->sentence);
	}
	enum step step = run_hold(run, HOLD_FORBIDDEN, outcome->sentence, run->employee->okta_id);
	return step == STEP_STOP ? STEP_STOP : run_stop(run, RUN_ENDS_FAILED, outcome->sentence);
}

static bool is_gone_enough(const struct planned_action *action, const struct call_outcome *outcome)
{
	/* Engine rule 9: 404 on the sessions of a closed user is done; nobody is in a group that is
	 * gone. */
	return outcome->call_class == CALL_NOT_FOUND &&
	        (action->kind == ACTION_END_SESSIONS || action->kind == ACTION_LEAVE_GROUP);
}

/* Okta refused because our picture is old: read, then plan again. */
static enum step on_reread(
        struct run *run, const struct planned_action *action, const struct call_outcome *outcome)
{
	if (action->kind == ACTION_CREATE) {
		return strcmp(outcome->attribute, "login") == 0
		        ? run_on_login_taken(run, json_get_text(action->profile, "login"))
		        : run_stop_outcome(run, outcome);
	}
	return run_reread(run) == STEP_NEXT ? STEP_AGAIN : STEP_STOP;
}

static enum step on_refused(struct run *run, const struct planned_action *action, int64_t intent_id,
        const struct call_outcome *outcome)
{
	bool is_applied_never = !outcome->is_sent || outcome->call_class == CALL_RETRY_AT;

	if (!close_intent(run, action, intent_id,
	            is_applied_never ? OUTCOME_NOT_SENT : OUTCOME_REFUSED, outcome)) {
		return STEP_STOP;
	}
	if (action->group_id != NULL) {
		return groups_refused(run, action, outcome);
	}
	if (outcome->call_class == CALL_REREAD || outcome->call_class == CALL_NOT_FOUND) {
		return on_reread(run, action, outcome);
	}
	if (is_owned_elsewhere(action, outcome)) {
		run->employee->is_sourced_elsewhere = true;
		return STEP_NEXT;
	}
	if (outcome->call_class == CALL_STOP_CONFIG) {
		return on_forbidden(run, outcome);
	}
	if (outcome->attribute[0] != '\0') {
		learn_doubt_attributes(run->connection);
	}
	return run_stop_outcome(run, outcome);
}

static enum step on_answer(struct run *run, const struct planned_action *action, int64_t intent_id,
        const struct call_outcome *outcome, const struct okta_user *user)
{
	if (outcome->call_class == CALL_DONE || is_gone_enough(action, outcome)) {
		connection_okta_outcome(run->connection, run->employee->key.employee_id, outcome);
		run->has_acted = true;
		if (!act_note_done(run, action, user)) {
			return STEP_STOP;
		}
		return close_intent(run, action, intent_id, OUTCOME_DONE, outcome) ? STEP_NEXT
		                                                                   : STEP_STOP;
	}
	if (outcome->call_class == CALL_UNCLEAR ||
	        (outcome->call_class == CALL_ABORTED && outcome->is_sent)) {
		/* The intent stays open: the next run reads before anything else (engine rule 8).
		 */
		count_action(run, action, "unclear");
		return run_stop_outcome(run, outcome);
	}
	return on_refused(run, action, intent_id, outcome);
}

/* ---------------------------------------------------------------- action */

/* On with the next action; another login makes another plan. */
static enum step after_kept_back(struct run *run)
{
	bool plans_again = run->plans_again;

	run->plans_again = false;
	return plans_again ? STEP_AGAIN : STEP_NEXT;
}

static enum step act_dry(struct run *run, const struct planned_action *action)
{
	struct intent intent;
	enum step step = open_intent(run, action, &intent);

	if (step == STEP_NEXT) {
		step = close_intent(run, action, intent.intent_id, OUTCOME_DRY_RUN, NULL)
		        ? STEP_NEXT
		        : STEP_STOP;
	} else if (step == STEP_AGAIN) {
		step = after_kept_back(run);
	}
	intent_finish(&intent);
	return step;
}

static enum step act_live(struct run *run, const struct planned_action *action)
{
	struct intent intent;
	struct call_outcome outcome = {0};
	struct okta_user user = {0};
	enum step step = open_intent(run, action, &intent);

	if (step == STEP_NEXT && !run_has_lease(run)) {
		step = run_stop(run, RUN_ENDS_LOST, "the lease is over");
	} else if (step == STEP_NEXT) {
		FAILPOINT_ONLY("okta.pre_send", run->employee->key.employee_id);
		call_okta(run, action, &user, &outcome);
		FAILPOINT_ONLY("okta.answered", run->employee->key.employee_id);
		step = on_answer(run, action, intent.intent_id, &outcome, &user);
	} else if (step == STEP_AGAIN) {
		step = after_kept_back(run);
	}
	okta_user_finish(&user);
	intent_finish(&intent);
	return step;
}

/* A pause that lets revocations pass lets their sessions end, too. */
static enum work_kind work_kind(const struct run *run, const struct planned_action *action)
{
	bool is_revoking = action->limit == LIMIT_REVOKE || action->lower_cause == LOWER_REVOKED ||
	        (action->kind == ACTION_END_SESSIONS &&
	                (run->decision.is_revocation || run->employee->lowered == LOWER_REVOKED));

	return is_revoking ? WORK_REVOCATION : WORK_ORDINARY;
}

enum step act_action(struct run *run, const struct planned_action *action)
{
	char why[SENTENCE_BYTES];
	enum work_kind kind = work_kind(run, action);

	if (run->mode == RUN_MODE_PLAN) {
		run_report(run, action);
		return STEP_NEXT;
	}
	if (run->mode != RUN_MODE_CLOSE && run->mode != RUN_MODE_UNDO && is_bound(run, action)) {
		note_held(run, action);
		return STEP_NEXT;
	}
	if (run->connection->settings->mode == SETTINGS_DRY_RUN) {
		return act_dry(run, action);
	}
	if (connection_is_blocked(run->connection, kind, why, sizeof(why))) {
		return run_stop(run, RUN_ENDS_PARKED, why);
	}
	return run_need_room(run) == STEP_NEXT ? act_live(run, action) : STEP_STOP;
}

/* What follows a status change or a create makes no sense when a human has to allow that first. */
static bool ends_plan_when_held(const struct planned_action *action)
{
	return action->kind != ACTION_UPDATE && action->kind != ACTION_END_SESSIONS;
}

/* A rename that is kept back does not keep back the plain attributes of the same update. */
static enum step act_plainly(struct run *run, const struct planned_action *rename)
{
	struct planned_action plain = *rename;
	enum step step = STEP_NEXT;

	plain.profile = json_copy(rename->profile);
	if (plain.profile == NULL) {
		return run_stop(run, RUN_ENDS_RETRY, "out of memory while leaving out addresses");
	}
	json_object_del(plain.profile, "login");
	json_object_del(plain.profile, "email");
	plain.is_rename = false;
	plain.rule = RULE_C1;
	plain.limit = LIMIT_NONE;
	limit_hold_count_settings(run, &plain);
	if (json_object_size(plain.profile) > 0) {
		step = act_action(run, &plain);
	}
	json_decref(plain.profile);
	return step;
}

enum step act_all(struct run *run)
{
	bool was_held = run->is_held;

	for (size_t i = 0; i < run->plan.count; i++) {
		run->is_held = false;
		enum step step = act_action(run, &run->plan.actions[i]);
		if (step == STEP_NEXT && run->is_held && run->plan.actions[i].is_rename) {
			step = act_plainly(run, &run->plan.actions[i]);
		}
		bool is_held = run->is_held;
		run->is_held = was_held = was_held || is_held;
		if (step != STEP_NEXT) {
			return step;
		}
		if (is_held && ends_plan_when_held(&run->plan.actions[i])) {
			return STEP_NEXT;
		}
	}
	return STEP_NEXT;
}
