/* SPDX-License-Identifier: MIT */
/*
 * One action at a time: is it allowed now, the durable intent, the call, the
 * durable outcome. Nothing here decides what should happen; the plan did.
 */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/engine/run.h"

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------ permission */

/* The hold of a limit names the limit, so that a held rename binds no leaver. */
static void name_limit(enum limit_kind limit, char *name, size_t size)
{
	str_format_cut(name, size, "the limit \"%s\"", limit_kind_name(limit));
}

bool act_is_limit_held(const struct run *run, enum limit_kind limit)
{
	char name[64];

	name_limit(limit, name, sizeof(name));
	for (size_t i = 0; i < run->holds.count; i++) {
		const struct hold *hold = &run->holds.items[i];
		if (hold->kind == HOLD_LIMIT && strstr(hold->cause, name) != NULL) {
			return true;
		}
	}
	return false;
}

static bool is_lowering(const struct planned_action *action)
{
	return action->kind == ACTION_SUSPEND || action->kind == ACTION_DEACTIVATE ||
	        action->kind == ACTION_END_SESSIONS;
}

/*
 * Engine rule 2: all holds but a human's bind only create, adopt, raise and rename; a lowering
 * waits for the hold of its own limit alone.
 */
static unsigned binding_holds(const struct run *run, const struct planned_action *action)
{
	unsigned all = (1U << HOLD_KIND_COUNT) - 1;

	if (is_lowering(action)) {
		bool waits = action->limit != LIMIT_NONE && act_is_limit_held(run, action->limit);
		return waits ? 1U << HOLD_LIMIT : 0;
	}
	if (action->kind == ACTION_UPDATE && !action->is_rename) {
		return 1U << HOLD_FORBIDDEN;
	}
	if (run->is_match_answered) {
		/* The account that was asked about is another person's: this one gets another
		 * login. */
		all &= ~(1U << HOLD_MATCH);
	}
	return all & ~(1U << HOLD_ROW);
}

static bool is_bound(const struct run *run, const struct planned_action *action)
{
	unsigned open = run->employee->hold_kinds & ~run->employee->approvals;

	return (open & binding_holds(run, action)) != 0;
}

static void note_held(struct run *run, const struct planned_action *action)
{
	run->is_held = true;
	if (is_lowering(action)) {
		log_error("lowering is held", F("connection", run->employee->key.connection),
		        F("employee_id", run->employee->key.employee_id),
		        F("action", action_kind_name(action->kind)));
	}
}

/* ---------------------------------------------------------------- intent */

/* The present status and the values that will be overwritten, for the audit trail. */
static bool set_before(struct intent *intent, const struct run *run, const json_t *profile)
{
	json_t *before =
	        json_pack("{s:s}", "status", account_status_name(run->employee->present_status));
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach((json_t *)(uintptr_t)profile, key, value)
	{
		json_t *old = json_object_get(run->present, key);
		json_object_set_new(before, key, old != NULL ? json_incref(old) : json_null());
	}
	char *text = before != NULL ? json_format(before) : NULL;
	bool is_set = text != NULL && personal_set(&intent->before, text);
	free(text);
	json_decref(before);
	return is_set;
}

/* A revocation ends the sessions whatever the setting says (V2). */
static bool makes_sessions_due(const struct run *run, const struct planned_action *action)
{
	return run->connection->policy.leaver.ends_sessions || action->lower_cause == LOWER_REVOKED;
}

static bool fill_intent(
        struct intent *intent, const struct run *run, const struct planned_action *action)
{
	const struct employee *employee = run->employee;

	*intent = (struct intent){
	        .key = employee->key,
	        .lease_token = employee->lease_token,
	        .claimed_generation = employee->claimed_generation,
	        .settings_version = run->connection->settings_version,
	        .kind = action->kind,
	        .limit = action->limit,
	        .is_rename = action->is_rename,
	        .is_approved = run_is_approved(run, HOLD_LIMIT) || run->mode == RUN_MODE_CLOSE,
	        .lower_cause = action->lower_cause,
	        .lane = run->plan.lane,
	        .sends_email = action->sends_email,
	        .sets_sessions_due =
	                (action->kind == ACTION_SUSPEND || action->kind == ACTION_DEACTIVATE) &&
	                makes_sessions_due(run, action),
	        .opened_at_ms = clock_wall_ms(),
	};
	str_format_cut(intent->rule, sizeof(intent->rule), "%s", policy_rule_id(action->rule));
	str_format_cut(intent->reason, sizeof(intent->reason), "%s", action->reason);
	str_format_cut(intent->okta_id, sizeof(intent->okta_id), "%s", employee->okta_id);
	if (action->profile == NULL) {
		return set_before(intent, run, NULL);
	}
	char *body = json_format(action->profile);
	bool is_filled = body != NULL && personal_set(&intent->body, body) &&
	        run_set_login(intent, json_get_text(action->profile, "login")) &&
	        set_before(intent, run, action->profile);
	free(body);
	return is_filled;
}

static enum step on_limited(struct run *run, const struct planned_action *action)
{
	char cause[SENTENCE_BYTES];
	char name[64];

	name_limit(action->limit, name, sizeof(name));
	str_format_cut(cause, sizeof(cause), "%s would pass %s: %s", action_kind_name(action->kind),
	        name, action->reason);
	/* Another limit's hold is about something else: this question takes its place. */
	run->employee->hold_kinds &= ~(1U << HOLD_LIMIT);
	enum step step = run_hold(run, HOLD_LIMIT, cause, run->employee->okta_id);
	note_held(run, action);
	return step;
}

static enum step on_taken(struct run *run, const struct planned_action *action)
{
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

	if (!fill_intent(intent, run, action)) {
		return run_stop(run, RUN_ENDS_RETRY, "out of memory while writing down an intent");
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

static void note_lowered(struct employee *employee, const struct planned_action *action)
{
	employee->present_status =
	        action->kind == ACTION_SUSPEND ? ACCOUNT_SUSPENDED : ACCOUNT_DEPROVISIONED;
	employee->lowered = action->lower_cause;
	if (action->lower_cause == LOWER_REVOKED) {
		facts_note_revoked(employee, clock_wall_ms());
	}
}

/* C2: an address that was left out of the rename is not in Okta yet, and stays due. */
static bool note_renamed(struct run *run)
{
	const char *login = map_profile_text(&run->profile, "login");
	const char *email = map_profile_text(&run->profile, "email");
	struct employee *employee = run->employee;

	return (!str_equal_fold(login, json_get_text(run->present, "login")) ||
	               personal_set(&employee->bob_login, login)) &&
	        (!str_equal_fold(email, json_get_text(run->present, "email")) ||
	                personal_set(&employee->bob_email, email));
}

static bool note_created(
        struct run *run, const struct planned_action *action, const struct okta_user *user)
{
	struct run_account account = {
	        .origin = ORIGIN_CREATED,
	        .is_activated = action->is_activating,
	        .bob_login = map_profile_text(&run->profile, "login"),
	        .bob_email = map_profile_text(&run->profile, "email"),
	};

	if (run->is_match_answered) {
		run_unhold(run, HOLD_MATCH);
	}
	return run_note_account(run, user, &account);
}

static bool note_updated(
        struct run *run, const struct planned_action *action, const struct okta_user *user)
{
	run->written = action->profile;
	bool is_noted = run_note_user(run, user) && (!action->is_rename || note_renamed(run));
	run->written = NULL;
	return is_noted;
}

/* What the record says after the action went well. */
static bool note_done(
        struct run *run, const struct planned_action *action, const struct okta_user *user)
{
	struct employee *employee = run->employee;

	switch (action->kind) {
	case ACTION_CREATE: return note_created(run, action, user);
	case ACTION_UPDATE: return note_updated(run, action, user);
	case ACTION_ACTIVATE:
	case ACTION_REACTIVATE:
		employee->present_status = ACCOUNT_PROVISIONED;
		employee->is_activated = true;
		employee->lowered = LOWER_NONE;
		return true;
	case ACTION_UNSUSPEND:
		employee->present_status = ACCOUNT_ACTIVE;
		employee->lowered = LOWER_NONE;
		return true;
	case ACTION_SUSPEND:
	case ACTION_DEACTIVATE:
		note_lowered(employee, action);
		employee->is_sessions_due = makes_sessions_due(run, action);
		return true;
	case ACTION_END_SESSIONS: employee->is_sessions_due = false; return true;
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP:
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: break;
	}
	return true;
}

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
	switch (action->kind) {
	case ACTION_CREATE:
		okta_user_create(client, action->profile,
		        action->is_activating ? OKTA_ACTIVATE : OKTA_STAGED, user, outcome);
		break;
	case ACTION_UPDATE:
		okta_user_update(client, id, action->profile, NULL, user, outcome);
		break;
	case ACTION_ACTIVATE:
	case ACTION_REACTIVATE: okta_user_activate(client, id, email, outcome); break;
	case ACTION_SUSPEND: okta_user_suspend(client, id, outcome); break;
	case ACTION_UNSUSPEND: okta_user_unsuspend(client, id, outcome); break;
	case ACTION_DEACTIVATE: okta_user_deactivate(client, id, outcome); break;
	case ACTION_END_SESSIONS: okta_user_end_sessions(client, id, outcome); break;
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP:
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
	struct okta_user owner = {0};
	struct call_outcome probe;

	if (client == NULL) {
		return STEP_STOP;
	}
	okta_me(client, &owner, &probe);
	okta_user_finish(&owner);
	if (probe.call_class != CALL_DONE) {
		struct call_outcome stop = *outcome;
		stop.call_class = CALL_STOP_CREDENTIALS;
		connection_okta_outcome(run->connection, run->employee->key.employee_id, &stop);
		return run_stop(run, RUN_ENDS_PARKED, outcome->sentence);
	}
	enum step step = run_hold(run, HOLD_FORBIDDEN, outcome->sentence, run->employee->okta_id);
	return step == STEP_STOP ? STEP_STOP : run_stop(run, RUN_ENDS_FAILED, outcome->sentence);
}

static bool is_gone_enough(const struct planned_action *action, const struct call_outcome *outcome)
{
	/* Engine rule 9: 404 on the sessions of a closed user is done. */
	return action->kind == ACTION_END_SESSIONS && outcome->call_class == CALL_NOT_FOUND;
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
		if (!note_done(run, action, user)) {
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

	if (step == STEP_NEXT) {
		call_okta(run, action, &user, &outcome);
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

static enum step act_one(struct run *run, const struct planned_action *action)
{
	char why[SENTENCE_BYTES];
	enum work_kind kind = work_kind(run, action);

	if (run->mode == RUN_MODE_PLAN) {
		run_report(run, action);
		return STEP_NEXT;
	}
	if (run->mode != RUN_MODE_CLOSE && is_bound(run, action)) {
		note_held(run, action);
		return STEP_NEXT;
	}
	if (run->connection->settings->mode == SETTINGS_DRY_RUN) {
		return act_dry(run, action);
	}
	if (connection_is_blocked(run->connection, kind, why, sizeof(why))) {
		return run_stop(run, RUN_ENDS_PARKED, why);
	}
	return act_live(run, action);
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
	if (json_object_size(plain.profile) > 0) {
		step = act_one(run, &plain);
	}
	json_decref(plain.profile);
	return step;
}

enum step act_all(struct run *run)
{
	bool was_held = run->is_held;

	for (size_t i = 0; i < run->plan.count; i++) {
		run->is_held = false;
		enum step step = act_one(run, &run->plan.actions[i]);
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
