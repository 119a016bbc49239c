/* SPDX-License-Identifier: MIT */
/*
 * Before the first create: is there an account already (policy G3 to G6)? One
 * search; a hit is linked, or a human is asked. Linking changes nothing in
 * Okta, but is written down like every action, with its uniqueness checked in the store.
 */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/link.h"

#include <stdlib.h>
#include <string.h>

#define LOOKUP_LIMIT 10
#define LINK_REASON  "the same person by the match rule"

bool lookup_linked(struct run *run, const char *id_or_login, char employee_id[EMPLOYEE_ID_BYTES])
{
	struct err err = ERR_INIT;

	if (link_other(run->runner->store, &run->employee->key, id_or_login, employee_id, &err)) {
		return true;
	}
	run_stop(run, RUN_ENDS_RETRY, err.text);
	return false;
}

/* ------------------------------------------------------------------ link */

static enum step link_found(struct run *run, const struct okta_user *user)
{
	const struct link_reason reason = {
	        .rule = "G4",
	        .text = LINK_REASON,
	        .is_compared = run->employee->last_event_at_ms != 0,
	};

	switch (link_user(run, user, &reason)) {
	case LINK_DONE: lookup_forget(run); return STEP_AGAIN;
	case LINK_TAKEN:
		return run_hold(run, HOLD_DUPLICATE, "this Okta user is linked to another employee",
		        user->id);
	case LINK_STOPPED: break;
	}
	return STEP_STOP;
}

/* A search may be stale: the single read tells the truth (okta.md 1.2). */
static enum step adopt(struct run *run, const char *okta_id, enum match_approval approval)
{
	struct okta_client *client = run_okta(run);
	struct okta_user user = {0};
	struct call_outcome outcome;
	enum step step = STEP_STOP;

	if (run->mode == RUN_MODE_PLAN || run->connection->settings->mode == SETTINGS_DRY_RUN) {
		struct planned_action link = {
		        .kind = ACTION_LINK, .rule = RULE_G4, .reason = LINK_REASON};
		run_report(run, &link);
		return run_stop(run, RUN_ENDS_WELL, "Would link the account that is there.");
	}
	if (client == NULL) {
		return STEP_STOP;
	}
	okta_user_get(client, okta_id, &user, &outcome);
	if (outcome.call_class != CALL_DONE) {
		step = outcome.call_class == CALL_NOT_FOUND
		        ? run_stop(run, RUN_ENDS_RETRY, "a user Okta's search shows is gone")
		        : run_stop_outcome(run, &outcome);
	} else if (approval == MATCH_NOT_APPROVED &&
	        (user.status == ACCOUNT_SUSPENDED || user.status == ACCOUNT_DEPROVISIONED)) {
		step = run_hold(run, HOLD_MATCH,
		        "the account that is there is closed: same person?", okta_id);
	} else {
		step = link_found(run, &user);
	}
	okta_user_finish(&user);
	return step;
}

/* -------------------------------------------------------- moving the link */

static void hold_old_record(struct run *run, const char *other_id, const char *okta_id)
{
	struct hold hold = {.kind = HOLD_DUPLICATE, .since_ms = clock_wall_ms()};
	struct err err = ERR_INIT;

	hold.key = run->employee->key;
	str_format_cut(hold.key.employee_id, sizeof(hold.key.employee_id), "%s", other_id);
	str_format_cut(hold.by, sizeof(hold.by), "server");
	str_format_cut(hold.okta_id, sizeof(hold.okta_id), "%s", okta_id);
	str_format_cut(hold.cause, sizeof(hold.cause),
	        "employee %s looks like the same person; release or reject there",
	        run->employee->key.employee_id);
	if (!store_hold_add(run->runner->store, &hold, &err)) {
		log_error("hold not stored", F("employee_id", other_id), F("cause", err.text));
	}
}

/* G6: the question is answered or has gone; the old record's leaving closes the account again. */
static void free_old_record(struct run *run, const char *other_id)
{
	struct employee_key key = run->employee->key;
	struct err err = ERR_INIT;

	if (run->mode == RUN_MODE_PLAN) {
		return;
	}
	str_format_cut(key.employee_id, sizeof(key.employee_id), "%s", other_id);
	if (!store_hold_remove(run->runner->store, &key, HOLD_DUPLICATE, &err) ||
	        !store_employee_mark(
	                run->runner->store, &key, LANE_UPDATE, "its question is answered", &err)) {
		log_error("hold not removed", F("employee_id", other_id), F("cause", err.text));
	}
}

/* G6, released by a human: the old record lets go, then the new one links. */
static enum step move_link(struct run *run, const char *other_id, const char *okta_id)
{
	struct employee_key key = run->employee->key;
	struct employee other = {0};
	struct err err = ERR_INIT;

	str_format_cut(key.employee_id, sizeof(key.employee_id), "%s", other_id);
	if (!store_employee_claim_one(run->runner->store, &key, 60000, &other, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	link_forget(&other);
	bool is_free = store_employee_finish(run->runner->store, &other, EMPLOYEE_IDLE, &err) &&
	        (store_hold_remove(run->runner->store, &key, HOLD_DUPLICATE, &err) ||
	                err.code == ERR_NOT_FOUND);
	employee_finish(&other);
	if (!is_free) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	return adopt(run, okta_id, MATCH_APPROVED);
}

static enum step on_duplicate(
        struct run *run, const struct okta_user *user, const char *other_id, const char *cause)
{
	bool is_writing =
	        run->mode != RUN_MODE_PLAN && run->connection->settings->mode != SETTINGS_DRY_RUN;

	if (run_is_approved(run, HOLD_DUPLICATE)) {
		return is_writing ? move_link(run, other_id, user->id)
		                  : run_stop(run, RUN_ENDS_WELL, "Would move the link here.");
	}
	enum step step = run_hold(run, HOLD_DUPLICATE, cause, user->id);
	const struct hold *asked = run_find_hold(run, HOLD_DUPLICATE);
	if (asked != NULL && asked->is_rejected) {
		free_old_record(run, other_id);
	} else if (step == STEP_NEXT && run->mode != RUN_MODE_PLAN) {
		hold_old_record(run, other_id, user->id);
	}
	return step;
}

void lookup_forget(struct run *run)
{
	const struct hold *asked = run_find_hold(run, HOLD_DUPLICATE);
	char other_id[EMPLOYEE_ID_BYTES] = "";

	if (run->mode == RUN_MODE_PLAN) {
		return;
	}
	if (asked != NULL && asked->okta_id[0] != '\0' &&
	        lookup_linked(run, asked->okta_id, other_id) && other_id[0] != '\0') {
		free_old_record(run, other_id);
		run_unhold(run, HOLD_DUPLICATE);
	}
	run_unhold(run, HOLD_MATCH);
	run_unhold(run, HOLD_EXISTING);
}

/* ----------------------------------------------------------------- judge */

/* A human's "another person" stands until there is an account: else it would be asked again. */
static enum step on_nobody(struct run *run, const struct match_result *result)
{
	const struct hold *asked = run_find_hold(run, HOLD_MATCH);
	bool is_answered = asked != NULL && asked->is_rejected && result->taken != 0;

	if (is_answered) {
		run->is_match_answered = true;
	} else {
		lookup_forget(run);
		run_unhold(run, HOLD_DUPLICATE);
	}
	return run_chooses_login(run) ? run_choose_login(run, result->taken) : STEP_NEXT;
}

/* The account that a human said is another person's; NULL: none. */
static const char *not_same(const struct run *run)
{
	const struct hold *asked = run_find_hold(run, HOLD_MATCH);

	return asked != NULL && asked->is_rejected && asked->okta_id[0] != '\0' ? asked->okta_id
	                                                                        : NULL;
}

static enum step on_verdict(struct run *run, const struct match_result *result,
        const struct okta_user_list *users, char linked[][EMPLOYEE_ID_BYTES])
{
	const struct okta_user *user =
	        result->verdict != MATCH_NOBODY ? &users->items[result->index] : NULL;

	switch (result->verdict) {
	case MATCH_NOBODY: return on_nobody(run, result);
	case MATCH_ADOPT:
		return adopt(run, user->id,
		        run_is_approved(run, HOLD_MATCH) ? MATCH_APPROVED : MATCH_NOT_APPROVED);
	case MATCH_HELD: return run_hold(run, HOLD_MATCH, result->cause, user->id);
	case MATCH_DUPLICATE: return on_duplicate(run, user, linked[result->index], result->cause);
	}
	return STEP_STOP;
}

enum step lookup_judge(struct run *run, const struct okta_user_list *users)
{
	struct match_candidate candidates[LOOKUP_LIMIT] = {0};
	char linked[LOOKUP_LIMIT][EMPLOYEE_ID_BYTES];
	struct match_result result = {0};
	size_t count = users->count < LOOKUP_LIMIT ? users->count : LOOKUP_LIMIT;

	for (size_t i = 0; i < count; i++) {
		if (!lookup_linked(run, users->items[i].id, linked[i])) {
			return STEP_STOP;
		}
		candidates[i] = (struct match_candidate){
		        .okta_id = users->items[i].id,
		        .status = users->items[i].status,
		        .profile = users->items[i].profile,
		        .linked_employee_id = linked[i][0] != '\0' ? linked[i] : NULL,
		};
	}
	struct match_query query = {
	        .settings = run_policy(run),
	        .person = &run->person,
	        .wanted = &run->profile,
	        .candidates = candidates,
	        .count = count,
	        .approval = run_is_approved(run, HOLD_MATCH) ? MATCH_APPROVED : MATCH_NOT_APPROVED,
	        .not_same_okta_id = not_same(run),
	};
	match_judge(&query, &result);
	return on_verdict(run, &result, users, linked);
}

enum step lookup_account(struct run *run)
{
	struct okta_client *client = run_okta(run);
	struct okta_user_list users = {0};
	struct call_outcome outcome;
	enum step step = STEP_STOP;

	if (client == NULL) {
		return STEP_STOP;
	}
	if (run->is_looked_up || run->is_offline) {
		return STEP_NEXT;
	}
	char *search = match_search(run_policy(run), &run->person, &run->profile);
	if (search == NULL) {
		/* No login to look for: the plan will say what is missing. */
		return STEP_NEXT;
	}
	const char *employee_id = run->employee->key.employee_id;
	if (connection_was_looked_up(run->connection, employee_id, search)) {
		free(search);
		return STEP_NEXT;
	}
	okta_user_search(client, search, LOOKUP_LIMIT, &users, &outcome);
	if (outcome.call_class == CALL_DONE) {
		connection_okta_outcome(run->connection, employee_id, &outcome);
		step = lookup_judge(run, &users);
		run->is_looked_up = step == STEP_NEXT && !run->is_held;
		if (run->is_looked_up && run->taken == 0) {
			connection_note_lookup(run->connection, employee_id, search);
		}
	} else {
		step = run_stop_outcome(run, &outcome);
	}
	free(search);
	okta_user_list_finish(&users);
	return step;
}
