/* SPDX-License-Identifier: MIT */
#include "server/engine/link.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"

#include <stdlib.h>

static void fill_intent(struct intent *intent, const struct run *run, enum action_kind kind,
        const struct link_reason *reason)
{
	*intent = (struct intent){
	        .key = run->employee->key,
	        .lease_token = run->employee->lease_token,
	        .claimed_generation = run->employee->claimed_generation,
	        .settings_version = run->connection->settings_version,
	        .kind = kind,
	        .lane = run->employee->lane,
	        .opened_at_ms = clock_wall_ms(),
	};
	str_format_cut(intent->rule, sizeof(intent->rule), "%s", reason->rule);
	str_format_cut(intent->reason, sizeof(intent->reason), "%s", reason->text);
}

static enum link_result stop(struct run *run, enum run_end end, const char *sentence)
{
	run_stop(run, end, sentence);
	return LINK_STOPPED;
}

static enum link_result open_intent(struct run *run, struct intent *intent)
{
	const struct limit_set unlimited = {0};
	struct err err = ERR_INIT;

	switch (store_intent_open(run->runner->store, intent, &unlimited, &err)) {
	case INTENT_OPEN: return LINK_DONE;
	case INTENT_TAKEN: return LINK_TAKEN;
	case INTENT_LEASE_LOST: return stop(run, RUN_ENDS_LOST, "the lease was lost");
	case INTENT_MOVED: return stop(run, RUN_ENDS_MOVED, "a newer event came");
	case INTENT_LIMITED:
	case INTENT_FAILED: break;
	}
	return stop(run, RUN_ENDS_RETRY, err.text);
}

static enum link_result close_intent(struct run *run, const struct intent *intent)
{
	struct outcome outcome = {.intent_id = intent->intent_id,
	        .lease_token = run->employee->lease_token,
	        .state = OUTCOME_DONE};
	struct err err = ERR_INIT;

	log_info("action", F("connection", run->employee->key.connection),
	        F("employee_id", run->employee->key.employee_id),
	        F("action", action_kind_name(intent->kind)), F("rule", intent->rule),
	        F("result", "done"));
	if (!store_intent_close(run->runner->store, &outcome, run->employee, &err)) {
		return stop(run, RUN_ENDS_RETRY, err.text);
	}
	return LINK_DONE;
}

bool link_other(struct store *store, const struct employee_key *key, const char *id_or_login,
        char employee_id[EMPLOYEE_ID_BYTES], struct err *err)
{
	struct employee other = {0};
	struct err found = ERR_INIT;

	employee_id[0] = '\0';
	if (store_employee_by_okta_id(store, key->connection, id_or_login, &other, &found)) {
		if (!str_equal(other.key.employee_id, key->employee_id)) {
			str_format_cut(employee_id, EMPLOYEE_ID_BYTES, "%s", other.key.employee_id);
		}
		employee_finish(&other);
		return true;
	}
	if (found.code != ERR_NOT_FOUND) {
		err_set(err, found.code, "%s", found.text);
		return false;
	}
	return true;
}

/* -------------------------------------------------------------------- link */

static bool note_link(
        struct run *run, const struct okta_user *user, const struct link_reason *reason)
{
	if (!run_use_login(run, json_get_text(user->profile, "login"))) {
		run_stop(run, RUN_ENDS_RETRY, "out of memory while linking");
		return false;
	}
	struct run_account account = {
	        .origin = user->status == ACCOUNT_STAGED ? ORIGIN_ADOPTED_STAGED : ORIGIN_ADOPTED,
	        .is_activated = account_status_is_activated(user->status),
	        .is_compared = reason->is_compared,
	        .bob_login = map_profile_text(&run->profile, "login"),
	        .bob_email = map_profile_text(&run->profile, "email"),
	};

	run->employee->is_sourced_elsewhere = user->is_sourced_elsewhere;
	return run_note_account(run, user, &account);
}

enum link_result link_user(
        struct run *run, const struct okta_user *user, const struct link_reason *reason)
{
	struct intent intent;
	enum link_result result = LINK_STOPPED;

	fill_intent(&intent, run, ACTION_LINK, reason);
	str_format_cut(intent.okta_id, sizeof(intent.okta_id), "%s", user->id);
	if (!run_set_login(&intent, json_get_text(user->profile, "login"))) {
		return stop(run, RUN_ENDS_RETRY, "out of memory while linking");
	}
	result = open_intent(run, &intent);
	if (result == LINK_DONE) {
		result = note_link(run, user, reason) ? close_intent(run, &intent) : LINK_STOPPED;
	}
	intent_finish(&intent);
	return result;
}

/* --------------------------------------------------------------------- cut */

void link_forget(struct employee *employee)
{
	employee->okta_id[0] = '\0';
	employee->origin = ORIGIN_NONE;
	employee->activation[0] = '\0';
	employee->is_activated = false;
	employee->present_status = ACCOUNT_NONE;
	employee->lowered = LOWER_NONE;
	employee->lowered_at_ms = 0;
	employee->linked_at_ms = 0;
	employee->activated_at_ms = 0;
	employee->mailed_at_ms = 0;
	employee->mails = 0;
	employee->is_compared = false;
	employee->is_sessions_due = false;
	employee->is_sourced_elsewhere = false;
	free(employee->set_back);
	employee->set_back = NULL;
	personal_finish(&employee->present_profile);
	personal_finish(&employee->bob_login);
	personal_finish(&employee->bob_email);
}

enum link_result link_cut(struct run *run, const struct link_reason *reason)
{
	struct intent intent;

	fill_intent(&intent, run, ACTION_UNLINK, reason);
	str_format_cut(intent.okta_id, sizeof(intent.okta_id), "%s", run->employee->okta_id);
	enum link_result result = open_intent(run, &intent);
	if (result == LINK_DONE) {
		link_forget(run->employee);
		result = close_intent(run, &intent);
	}
	intent_finish(&intent);
	return result;
}
