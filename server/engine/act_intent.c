/* SPDX-License-Identifier: MIT */
/* What is written down of an action before it is done: all that a later run needs to resolve it. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/act_parts.h"
#include "server/engine/limit_hold.h"
#include "server/engine/undo_parts.h"
#include "server/store/groups.h"

#include <stdlib.h>

/* What takes something from the account is kept with all that it will take to give it back. */
static bool keeps_account(enum action_kind kind)
{
	return kind == ACTION_SUSPEND || kind == ACTION_DEACTIVATE || kind == ACTION_UPDATE;
}

/* The groups that we gave, by id. */
static bool add_groups(json_t *before, const struct run *run, struct err *err)
{
	const struct employee *employee = run->employee;
	struct membership_list held = {0};
	json_t *ids = json_array();

	if (!store_membership_list(
	            run->runner->store, employee->key.connection, employee->okta_id, &held, err)) {
		json_decref(ids);
		return false;
	}
	for (size_t i = 0; i < held.count; i++) {
		if (held.items[i].state == MEMBERSHIP_GIVEN) {
			json_array_append_new(ids, json_string(held.items[i].group_id));
		}
	}
	membership_list_finish(&held);
	return json_object_set_new(before, "groups", ids) == 0;
}

/*
 * The account as it is now, or as it was known at at_ms: status, and where the action takes
 * something the whole profile and the groups we gave. For the audit trail and for undo.
 */
static bool set_before(
        struct intent *intent, const struct run *run, enum action_kind kind, struct err *err)
{
	const struct employee *employee = run->employee;
	json_t *before =
	        json_pack("{s:s, s:I}", "status", account_status_name(employee->present_status),
	                "at_ms", (json_int_t)employee->present_at_ms);
	bool is_made = before != NULL;

	if (is_made && keeps_account(kind)) {
		is_made = json_object_set(before, "profile",
		                  run->present != NULL ? run->present : json_null()) == 0 &&
		        add_groups(before, run, err);
	}
	char *text = is_made ? json_format(before) : NULL;
	bool is_set = text != NULL && personal_set(&intent->before, text);
	free(text);
	json_decref(before);
	return is_set;
}

/* A revocation ends the sessions whatever the setting says (V2). */
bool act_makes_sessions_due(const struct run *run, const struct planned_action *action)
{
	return run->connection->policy.leaver.ends_sessions || action->lower_cause == LOWER_REVOKED;
}

bool act_fill_intent(struct intent *intent, const struct run *run,
        const struct planned_action *action, struct err *err)
{
	const struct employee *employee = run->employee;
	bool is_released = limit_hold_is_released(run, action->limit);

	*intent = (struct intent){
	        .key = employee->key,
	        .lease_token = employee->lease_token,
	        .claimed_generation = employee->claimed_generation,
	        .settings_version = run->connection->settings_version,
	        .kind = action->kind,
	        .limit = action->limit,
	        .is_rename = action->is_rename,
	        .is_approved = is_released || run->mode == RUN_MODE_CLOSE,
	        .approvals_used = is_released ? approval_bit(HOLD_LIMIT, action->limit) : 0,
	        .lower_cause = action->lower_cause,
	        .lane = run->plan.lane,
	        .sends_email = action->sends_email,
	        .sets_sessions_due =
	                (action->kind == ACTION_SUSPEND || action->kind == ACTION_DEACTIVATE) &&
	                act_makes_sessions_due(run, action),
	        .undoes = run->undo != NULL ? run->undo->action->intent.intent_id : 0,
	        .opened_at_ms = clock_wall_ms(),
	};
	str_format_cut(intent->rule, sizeof(intent->rule), "%s", policy_rule_id(action->rule));
	str_format_cut(intent->reason, sizeof(intent->reason), "%s", action->reason);
	str_format_cut(intent->okta_id, sizeof(intent->okta_id), "%s", employee->okta_id);
	str_format_cut(intent->group_id, sizeof(intent->group_id), "%s",
	        action->group_id != NULL ? action->group_id : "");
	bool is_filled = set_before(intent, run, action->kind, err);
	if (is_filled && action->profile != NULL) {
		char *body = json_format(action->profile);
		is_filled = body != NULL && personal_set(&intent->body, body) &&
		        run_set_login(intent, json_get_text(action->profile, "login"));
		free(body);
	}
	if (!is_filled) {
		err_set(err, ERR_NO_MEMORY, "out of memory while writing down an intent");
	}
	return is_filled;
}
