/* SPDX-License-Identifier: MIT */
#include "server/engine/run.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/undo_parts.h"

#include <stdlib.h>
#include <string.h>

bool run_has_lease(const struct run *run)
{
	return run->lease_ends_ms == 0 || clock_mono_ms() < run->lease_ends_ms;
}

enum step run_stop(struct run *run, enum run_end end, const char *sentence)
{
	run->end = end;
	str_format_cut(run->sentence, sizeof(run->sentence), "%s", sentence);
	return STEP_STOP;
}

/* The plan may have found a leaver out. */
static enum call_urgency urgency_of(const struct run *run)
{
	enum lane lane = run->has_plan && run->plan.lane < run->employee->lane
	        ? run->plan.lane
	        : run->employee->lane;

	if (lane <= LANE_LEAVE) {
		return CALL_URGENT;
	}
	return lane == LANE_SWEEP ? CALL_BACKGROUND : CALL_NORMAL;
}

enum step run_need_room(struct run *run)
{
	int64_t until_ms = connection_full_until_ms(run->connection, urgency_of(run));

	if (until_ms == 0 || run->mode != RUN_MODE_WORK) {
		return STEP_NEXT;
	}
	run->retry_at_ms = until_ms;
	return run_stop(run, RUN_ENDS_WAITING, "waits for Okta's rate limit to leave room");
}

/* A 403 on a read: about what was asked for, or about the token (a network zone)? */
static bool is_token_refused(struct run *run, const struct call_outcome *outcome)
{
	struct okta_client *client = NULL;

	if (outcome->call_class != CALL_STOP_CONFIG || outcome->http_status != 403) {
		return false;
	}
	client = run_okta(run);
	return client != NULL && connection_is_token_refused(run->connection, client, outcome);
}

enum step run_stop_outcome(struct run *run, const struct call_outcome *outcome)
{
	const struct employee *employee = run->employee;

	if (is_token_refused(run, outcome)) {
		return run_stop(run, RUN_ENDS_PARKED, outcome->sentence);
	}
	bool is_parked =
	        connection_okta_outcome(run->connection, employee->key.employee_id, outcome);

	if (outcome->call_class == CALL_RETRY_AT) {
		connection_note_full(run->connection, urgency_of(run), outcome);
		run->retry_at_ms = outcome->retry_at_ms;
		return run_stop(run, RUN_ENDS_WAITING, outcome->sentence);
	}
	if (outcome->call_class == CALL_ABORTED) {
		return run_stop(run, RUN_ENDS_WAITING, "the server stopped");
	}
	if (is_parked) {
		return run_stop(run, RUN_ENDS_PARKED, outcome->sentence);
	}
	if (outcome->call_class == CALL_PERMANENT || outcome->call_class == CALL_STOP_CONFIG) {
		return run_stop(run, RUN_ENDS_FAILED, outcome->sentence);
	}
	return run_stop(run, RUN_ENDS_RETRY, outcome->sentence);
}

const struct connection_settings *run_settings_used(const struct run *run)
{
	return run->as_of != NULL ? run->as_of : run->connection->settings;
}

const struct policy_settings *run_policy(const struct run *run)
{
	return run->as_of != NULL ? &run->as_of->policy : &run->connection->policy;
}

int64_t run_now_ms(const struct run *run)
{
	return run->forecast_ms != 0 ? run->forecast_ms : clock_wall_ms();
}

bool run_has_hold(const struct run *run, enum hold_kind kind)
{
	return (run->employee->hold_kinds & (1U << kind)) != 0;
}

bool run_is_approved(const struct run *run, enum hold_kind kind)
{
	return (run->employee->approvals & (1U << kind)) != 0;
}

/*
 * The same question is not asked twice, and a human's no stands. For a match or a domain another
 * cause is another question: the facts changed.
 */
static bool is_asked(const struct run *run, enum hold_kind kind, const char *cause)
{
	bool depends_on_cause = kind == HOLD_MATCH || kind == HOLD_DOMAIN;

	for (size_t i = 0; depends_on_cause && i < run->holds.count; i++) {
		if (run->holds.items[i].kind == kind) {
			return str_equal(run->holds.items[i].cause, cause);
		}
	}
	return run_has_hold(run, kind);
}

enum step run_hold_add(struct run *run, struct hold *hold)
{
	struct err err = ERR_INIT;

	run->is_held = true;
	if (run->mode == RUN_MODE_PLAN) {
		return STEP_NEXT;
	}
	hold->key = run->employee->key;
	hold->since_ms = clock_wall_ms();
	str_format_cut(hold->by, sizeof(hold->by), "server");
	if (!store_hold_add(run->runner->store, hold, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	run->employee->hold_kinds |= 1U << hold->kind;
	log_warn("held", F("connection", run->employee->key.connection),
	        F("employee_id", run->employee->key.employee_id),
	        F("kind", hold_kind_name(hold->kind)), F("limit", limit_kind_name(hold->limit)),
	        F("cause", hold->cause));
	return STEP_NEXT;
}

enum step run_hold(struct run *run, enum hold_kind kind, const char *cause, const char *okta_id)
{
	struct hold hold = {.kind = kind};

	run->is_held = true;
	run->asked = kind;
	str_format_cut(run->asked_cause, sizeof(run->asked_cause), "%s", cause);
	if (run->mode == RUN_MODE_PLAN || is_asked(run, kind, cause)) {
		return STEP_NEXT;
	}
	str_format_cut(hold.cause, sizeof(hold.cause), "%s", cause);
	str_format_cut(hold.okta_id, sizeof(hold.okta_id), "%s", okta_id != NULL ? okta_id : "");
	str_format_cut(hold.rule, sizeof(hold.rule), "%s", policy_rule_id(run->decision.rule));
	return run_hold_add(run, &hold);
}

const struct hold *run_find_hold(const struct run *run, enum hold_kind kind)
{
	for (size_t i = 0; i < run->holds.count; i++) {
		if (run->holds.items[i].kind == kind) {
			return &run->holds.items[i];
		}
	}
	return NULL;
}

void run_unhold(struct run *run, enum hold_kind kind)
{
	struct err err = ERR_INIT;

	if (run->mode == RUN_MODE_PLAN || !run_has_hold(run, kind)) {
		return;
	}
	if (store_hold_remove(run->runner->store, &run->employee->key, kind, &err)) {
		run->employee->hold_kinds &= ~(1U << kind);
	}
}

void run_report(struct run *run, const struct planned_action *action)
{
	if (run->report == NULL) {
		return;
	}
	json_t *line = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "kind",
	        action_kind_name(action->kind), "rule", policy_rule_id(action->rule), "reason",
	        action->reason, "limit", limit_kind_name(action->limit), "is_rename",
	        action->is_rename, "is_activating", action->is_activating, "sends_email",
	        action->sends_email);
	if (line != NULL && action->profile != NULL) {
		json_object_set(line, "profile", action->profile);
	}
	if (line != NULL && action->group_id != NULL) {
		json_object_set_new(line, "group_id", json_string(action->group_id));
		json_object_set_new(line, "group", json_string(action->group));
	}
	json_array_append_new(run->report, line);
}

struct okta_client *run_okta(struct run *run)
{
	struct err err = ERR_INIT;
	struct okta_client *client = runner_okta(run->runner, run->connection, &err);

	if (client == NULL) {
		run_stop(run, RUN_ENDS_RETRY, err.text);
		return NULL;
	}
	okta_client_set_urgency(client, urgency_of(run));
	return client;
}

/* C4: what changed in Okta since we knew it last. */
static bool note_set_back(struct run *run, const json_t *now)
{
	struct set_back_view view = {.before = run->present,
	        .now = now,
	        .written = run->written,
	        .wanted = &run->profile};

	return !run->has_profile || set_back_note(&run->employee->set_back, &view);
}

bool run_note_user(struct run *run, const struct okta_user *user)
{
	json_t *mapped = map_rules_project(run_rules(run), user->profile);
	char *text = mapped != NULL ? json_format(mapped) : NULL;
	bool is_noted = text != NULL && note_set_back(run, mapped) &&
	        personal_set(&run->employee->present_profile, text);

	if (is_noted) {
		run->employee->present_status = user->status;
		run->employee->present_at_ms = clock_wall_ms();
		run->is_status_fresh = true;
		json_decref(run->present);
		run->present = json_incref(mapped);
	}
	json_decref(mapped);
	free(text);
	if (!is_noted) {
		run_stop(run, RUN_ENDS_RETRY, "out of memory while noting an Okta user");
	}
	return is_noted;
}

bool run_note_account(
        struct run *run, const struct okta_user *user, const struct run_account *account)
{
	struct employee *employee = run->employee;

	str_format_cut(employee->okta_id, sizeof(employee->okta_id), "%s", user->id);
	employee->origin = account->origin;
	employee->is_activated = account->is_activated;
	employee->is_compared = account->is_compared;
	employee->linked_at_ms = clock_wall_ms();
	str_format_cut(employee->activation, sizeof(employee->activation), "%s",
	        activation_mode_name(run->connection->policy.activation));
	return personal_set(&employee->bob_login, account->bob_login) &&
	        personal_set(&employee->bob_email, account->bob_email) && run_note_user(run, user);
}

bool run_set_login(struct intent *intent, const char *login)
{
	bool has_login = login != NULL && login[0] != '\0';
	char *folded = has_login ? str_dup(login) : NULL;

	if (has_login && folded == NULL) {
		return false;
	}
	if (folded != NULL) {
		str_fold(folded);
	}
	bool is_set = personal_set(&intent->login, folded);
	free(folded);
	return is_set;
}

/* 404 never turns into a silent second create: a human says what happened (E-11). */
static enum step user_is_gone(struct run *run)
{
	if (run->mode == RUN_MODE_UNDO) {
		return run_stop(run, RUN_ENDS_FAILED,
		        "the Okta user is not there any more: whoever is deleted cannot come back");
	}
	run->employee->present_status = ACCOUNT_DEPROVISIONED;
	return run_hold(run, HOLD_CLOSED_BY_OTHER,
	        "the linked Okta user no longer exists: somebody deleted it",
	        run->employee->okta_id);
}

enum step run_reread(struct run *run)
{
	struct okta_client *client = run_okta(run);
	struct call_outcome outcome;
	struct okta_user user = {0};
	enum step step = STEP_STOP;

	if (client == NULL) {
		return STEP_STOP;
	}
	okta_user_get(client, run->employee->okta_id, &user, &outcome);
	if (outcome.call_class == CALL_DONE) {
		connection_okta_outcome(run->connection, run->employee->key.employee_id, &outcome);
		if (run->undo != NULL) {
			undo_see(run->undo, &user);
		}
		step = run_note_user(run, &user) ? STEP_NEXT : STEP_STOP;
	} else if (outcome.call_class == CALL_NOT_FOUND) {
		step = user_is_gone(run);
	} else {
		step = run_stop_outcome(run, &outcome);
	}
	okta_user_finish(&user);
	return step;
}

void run_finish(struct run *run)
{
	person_finish(&run->person);
	if (run->has_profile) {
		map_profile_finish(&run->profile);
	}
	if (run->connection != NULL) {
		catalogs_release(&run->connection->catalogs, &run->catalogs);
	}
	if (run->has_plan) {
		plan_finish(&run->plan);
	}
	hold_list_finish(&run->holds);
	json_decref(run->present);
	json_decref(run->report);
	free(run->stopped);
	memset(run, 0, sizeof(*run));
}
