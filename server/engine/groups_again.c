/* SPDX-License-Identifier: MIT */
/*
 * Joining and leaving that an earlier run began, and nobody knows how it
 * ended: Okta shows memberships late, so they are not read but repeated until
 * there is an answer (engine rule 9). That waits until status and sessions are
 * done: nothing comes before those (L3).
 */
#include "server/base/str.h"
#include "server/engine/act_parts.h"
#include "server/engine/groups.h"

static const char *const REPEATED = "repeated: Okta shows memberships too late to look";

/* Whose account may not be touched now; "" may. */
static bool is_off_limits(struct run *run, const struct intent *intent)
{
	return run->connection->settings->mode == SETTINGS_DRY_RUN ||
	        connection_is_owner(run->connection, intent->okta_id) ||
	        connection_is_protected(run->connection, intent->okta_id) ||
	        run->decision.rule == RULE_PROTECTED;
}

/* Okta takes nobody who is closed into a group: the first try went well, or never will. */
static enum step close_for_closed(struct run *run, const struct intent *intent)
{
	return intent->kind == ACTION_JOIN_GROUP
	        ? resolve_close(run, intent, OUTCOME_DONE,
	                  "taken as given: it may have gone through before the account was closed")
	        : resolve_close(run, intent, OUTCOME_NOT_SENT,
	                  "the account was closed meanwhile: the membership stays on record");
}

static enum step on_answer(
        struct run *run, const struct intent *intent, const struct call_outcome *outcome)
{
	bool is_leave = intent->kind == ACTION_LEAVE_GROUP;

	switch (outcome->call_class) {
	case CALL_DONE: return resolve_close(run, intent, OUTCOME_DONE, REPEATED);
	case CALL_NOT_FOUND:
		return resolve_close(run, intent, is_leave ? OUTCOME_DONE : OUTCOME_REFUSED,
		        "the user or the group is not there any more");
	case CALL_PERMANENT:
	case CALL_REREAD:
	case CALL_STOP_CONFIG:
		return resolve_close(run, intent, is_leave ? OUTCOME_REFUSED : OUTCOME_DONE,
		        is_leave ? outcome->sentence
		                 : "repeated and refused; taken as given, since the first try may"
		                   " have gone through");
	case CALL_RETRY_AT:
	case CALL_RETRY_LATER:
	case CALL_UNCLEAR:
	case CALL_STOP_CREDENTIALS:
	case CALL_ABORTED: break;
	}
	return run_stop_outcome(run, outcome);
}

static enum step repeat(struct run *run, const struct intent *intent)
{
	struct okta_client *client = NULL;
	struct call_outcome outcome;
	char why[SENTENCE_BYTES];

	if (is_off_limits(run, intent)) {
		return resolve_close(run, intent, OUTCOME_NOT_SENT,
		        "not repeated: this account is not to be changed");
	}
	if (run->employee->present_status == ACCOUNT_DEPROVISIONED) {
		return close_for_closed(run, intent);
	}
	if (connection_is_blocked(run->connection, WORK_ORDINARY, why, sizeof(why))) {
		return run_stop(run, RUN_ENDS_PARKED, why);
	}
	if (!run_has_lease(run)) {
		return run_stop(run, RUN_ENDS_LOST, "the lease is over");
	}
	client = run_okta(run);
	if (client == NULL) {
		return STEP_STOP;
	}
	if (intent->kind == ACTION_JOIN_GROUP) {
		okta_group_add(client, intent->group_id, intent->okta_id, &outcome);
	} else {
		okta_group_remove(client, intent->group_id, intent->okta_id, &outcome);
	}
	return on_answer(run, intent, &outcome);
}

enum step groups_act_again(struct run *run)
{
	struct action_list open = {0};
	struct err err = ERR_INIT;
	enum step step = STEP_NEXT;

	if (!run->has_group_intents) {
		return STEP_NEXT;
	}
	if (!store_intent_list_open(run->runner->store, &run->employee->key, &open, &err)) {
		return run_stop(run, RUN_ENDS_RETRY, err.text);
	}
	for (size_t i = 0; i < open.count && step == STEP_NEXT; i++) {
		const struct intent *intent = &open.items[i].intent;
		bool is_ours =
		        intent->kind == ACTION_JOIN_GROUP || intent->kind == ACTION_LEAVE_GROUP;
		step = is_ours ? repeat(run, intent) : STEP_NEXT;
	}
	run->has_group_intents = run->has_group_intents && step != STEP_NEXT;
	action_list_finish(&open);
	return step;
}
