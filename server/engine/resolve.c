/* SPDX-License-Identifier: MIT */
/*
 * Open intents: an action was begun and how it ended is not known (a crash, a
 * cut connection). The truth is read from Okta, never assumed and never just
 * repeated (design 1.3, engine rule 8). Until it is known nothing else is
 * planned for that employee.
 */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/engine/act_parts.h"
#include "server/engine/undo_parts.h"

#include <stdlib.h>
#include <string.h>

enum step resolve_close(struct run *run, const struct intent *intent, enum outcome_state state,
        const char *sentence)
{
	struct outcome outcome = {
	        .intent_id = intent->intent_id,
	        .lease_token = run->employee->lease_token,
	        .state = state,
	        .is_resolved = true,
	};
	struct err err = ERR_INIT;

	str_format_cut(outcome.sentence, sizeof(outcome.sentence), "%s", sentence);
	log_info("intent resolved", F("connection", run->employee->key.connection),
	        F("employee_id", run->employee->key.employee_id),
	        F("action", action_kind_name(intent->kind)),
	        F("result", outcome_state_name(state)));
	metrics_add(METRIC_ACTIONS,
	        LABELS(run->employee->key.connection, action_kind_name(intent->kind), "resolved"),
	        1);
	if (!store_intent_close(run->runner->store, &outcome, run->employee, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	return STEP_NEXT;
}

static enum step close_resolved(
        struct run *run, const struct intent *intent, enum outcome_state state)
{
	return resolve_close(run, intent, state, "found out by reading Okta");
}

bool act_is_as_sent(const json_t *sent, const json_t *have)
{
	const char *text = json_string_value(sent);

	if (text != NULL && json_string_value(have) != NULL) {
		return str_equal_fold(text, json_string_value(have));
	}
	return json_equal(sent, have) != 0 || (json_is_null(sent) && have == NULL);
}

/* True when the user has every attribute of the body as it was sent. */
static bool has_body(const json_t *profile, const json_t *body)
{
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach((json_t *)(uintptr_t)body, key, value)
	{
		if (!act_is_as_sent(value, json_object_get(profile, key))) {
			return false;
		}
	}
	return true;
}

static json_t *intent_body(const struct intent *intent)
{
	const char *text = personal_reveal(&intent->body);

	return text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
}

/* ---------------------------------------------------------------- create */

static enum act_mail mail_of(const struct intent *intent)
{
	return intent->sends_email ? ACT_MAILED : ACT_NOT_MAILED;
}

static bool note_ours(struct run *run, const struct okta_user *user, const struct intent *intent,
        const json_t *body)
{
	/* The baseline is what was sent, so that a later value in Bob is a rename (engine rule 8).
	 */
	struct run_account account = {
	        .origin = ORIGIN_CREATED,
	        .is_activated = account_status_is_activated(user->status),
	        .is_compared = true,
	        .bob_login = json_get_text(body, "login"),
	        .bob_email = json_get_text(body, "email"),
	};

	if (account.is_activated) {
		act_note_activated(run->employee, mail_of(intent), intent->opened_at_ms);
	}
	return run_note_account(run, user, &account);
}

/* The same body again; its intent is still open and stays so if this is unclear too. */
static enum step send_again(struct run *run, struct okta_client *client,
        const struct intent *intent, const json_t *body)
{
	struct okta_user user = {0};
	struct call_outcome outcome;
	char why[SENTENCE_BYTES];
	enum step step = STEP_STOP;

	if (run->connection->settings->mode == SETTINGS_DRY_RUN) {
		return close_resolved(run, intent, OUTCOME_NOT_SENT);
	}
	if (connection_is_blocked(run->connection, WORK_ORDINARY, why, sizeof(why))) {
		return run_stop(run, RUN_ENDS_PARKED, why);
	}
	if (!run_has_lease(run)) {
		return run_stop(run, RUN_ENDS_LOST, "the lease is over");
	}
	okta_user_create(
	        client, body, intent->sends_email ? OKTA_ACTIVATE : OKTA_STAGED, &user, &outcome);
	if (outcome.call_class == CALL_DONE) {
		step = note_ours(run, &user, intent, body)
		        ? close_resolved(run, intent, OUTCOME_DONE)
		        : STEP_STOP;
	} else if (outcome.call_class == CALL_PERMANENT) {
		step = close_resolved(run, intent, OUTCOME_REFUSED);
		step = step == STEP_STOP ? step : run_stop_outcome(run, &outcome);
	} else {
		step = run_stop_outcome(run, &outcome);
	}
	okta_user_finish(&user);
	return step;
}

static enum step resolve_create(
        struct run *run, struct okta_client *client, const struct intent *intent)
{
	json_t *body = intent_body(intent);
	const char *login = json_get_text(body, "login");
	struct okta_user user = {0};
	struct call_outcome outcome;
	enum step step = STEP_STOP;

	if (login == NULL) {
		json_decref(body);
		return close_resolved(run, intent, OUTCOME_NOT_SENT);
	}
	okta_user_get(client, login, &user, &outcome);
	if (outcome.call_class == CALL_DONE && has_body(user.profile, body)) {
		step = note_ours(run, &user, intent, body)
		        ? close_resolved(run, intent, OUTCOME_DONE)
		        : STEP_STOP;
	} else if (outcome.call_class == CALL_DONE) {
		/* Somebody else's: the look-up that follows judges it. */
		step = close_resolved(run, intent, OUTCOME_REFUSED);
	} else if (outcome.call_class == CALL_NOT_FOUND) {
		step = send_again(run, client, intent, body);
	} else {
		step = run_stop_outcome(run, &outcome);
	}
	okta_user_finish(&user);
	json_decref(body);
	return step;
}

/* ---------------------------------------------------------------- others */

static bool is_applied(const struct intent *intent, const struct okta_user *user)
{
	json_t *body = intent_body(intent);
	bool matches = false;

	switch (intent->kind) {
	case ACTION_UPDATE: matches = body != NULL && has_body(user->profile, body); break;
	case ACTION_ACTIVATE: matches = account_status_is_activated(user->status); break;
	case ACTION_SUSPEND: matches = user->status == ACCOUNT_SUSPENDED; break;
	case ACTION_UNSUSPEND: matches = user->status == ACCOUNT_ACTIVE; break;
	case ACTION_DEACTIVATE: matches = user->status == ACCOUNT_DEPROVISIONED; break;
	case ACTION_CREATE:
	case ACTION_REACTIVATE:
	case ACTION_END_SESSIONS:
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP:
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: break;
	}
	json_decref(body);
	return matches;
}

static bool note_applied(struct run *run, const struct intent *intent)
{
	struct employee *employee = run->employee;
	json_t *body = intent->is_rename ? intent_body(intent) : NULL;
	bool is_noted = true;

	if (intent->lower_cause != LOWER_NONE) {
		act_note_lowered(employee, intent->lower_cause, intent->opened_at_ms);
	} else if (intent->kind == ACTION_ACTIVATE) {
		act_note_activated(employee, mail_of(intent), intent->opened_at_ms);
	} else if (intent->kind == ACTION_UNSUSPEND) {
		act_note_unsuspended(employee);
	}
	if (json_get_text(body, "login") != NULL) {
		is_noted = personal_set(&employee->bob_login, json_get_text(body, "login"));
	}
	if (is_noted && json_get_text(body, "email") != NULL) {
		is_noted = personal_set(&employee->bob_email, json_get_text(body, "email"));
	}
	json_decref(body);
	return is_noted;
}

static enum step resolve_change(
        struct run *run, struct okta_client *client, const struct intent *intent)
{
	struct okta_user user = {0};
	struct call_outcome outcome;
	enum step step = STEP_STOP;

	okta_user_get(client, intent->okta_id, &user, &outcome);
	if (outcome.call_class == CALL_DONE) {
		bool was_applied = is_applied(intent, &user);
		if (run_note_user(run, &user) && (!was_applied || note_applied(run, intent))) {
			step = close_resolved(
			        run, intent, was_applied ? OUTCOME_DONE : OUTCOME_NOT_SENT);
		}
	} else if (outcome.call_class == CALL_NOT_FOUND) {
		step = close_resolved(run, intent, OUTCOME_REFUSED);
	} else {
		step = run_stop_outcome(run, &outcome);
	}
	okta_user_finish(&user);
	return step;
}

/*
 * Nothing in Okta tells whether a new token was made and mailed. A link that nobody was shown
 * is nobody's loss.
 */
static enum step resolve_mail(
        struct run *run, struct okta_client *client, const struct intent *intent)
{
	struct okta_user user = {0};
	struct call_outcome outcome;
	enum step step = STEP_STOP;

	okta_user_get(client, intent->okta_id, &user, &outcome);
	if (outcome.call_class == CALL_DONE) {
		if (intent->sends_email) {
			act_note_mail_unclear(run->employee, intent->opened_at_ms);
		}
		step = run_note_user(run, &user)
		        ? resolve_close(run, intent, OUTCOME_NOT_SENT,
		                  "no good answer, and Okta does not show whether it was sent")
		        : STEP_STOP;
	} else if (outcome.call_class == CALL_NOT_FOUND) {
		step = close_resolved(run, intent, OUTCOME_REFUSED);
	} else {
		step = run_stop_outcome(run, &outcome);
	}
	okta_user_finish(&user);
	return step;
}

/*
 * Links and sessions leave nothing to read: the link is ours alone, sessions are ended again. What
 * is open of groups waits for the end of the run (groups_again.c).
 */
static enum step resolve_one(
        struct run *run, struct okta_client *client, const struct intent *intent)
{
	switch (intent->kind) {
	case ACTION_CREATE: return resolve_create(run, client, intent);
	case ACTION_REACTIVATE: return resolve_mail(run, client, intent);
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP: run->has_group_intents = true; return STEP_NEXT;
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_END_SESSIONS:
	case ACTION_KIND_COUNT: return close_resolved(run, intent, OUTCOME_NOT_SENT);
	case ACTION_UPDATE:
	case ACTION_ACTIVATE:
	case ACTION_SUSPEND:
	case ACTION_UNSUSPEND:
	case ACTION_DEACTIVATE: break;
	}
	return resolve_change(run, client, intent);
}

enum step resolve_intents(struct run *run)
{
	struct action_list open = {0};
	struct err err = ERR_INIT;
	enum step step = STEP_NEXT;

	if (run->mode == RUN_MODE_PLAN || (run->undo != NULL && run->undo->is_told)) {
		return STEP_NEXT;
	}
	if (!store_intent_list_open(run->runner->store, &run->employee->key, &open, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	if (open.count > 0 && connection_is_okta_parked(run->connection)) {
		step = run_stop(
		        run, RUN_ENDS_PARKED, "waits for Okta to say how the last action ended");
	}
	struct okta_client *client = open.count > 0 && step == STEP_NEXT ? run_okta(run) : NULL;
	for (size_t i = 0; i < open.count && step == STEP_NEXT; i++) {
		step = client != NULL ? resolve_one(run, client, &open.items[i].intent) : STEP_STOP;
	}
	action_list_finish(&open);
	return step;
}
