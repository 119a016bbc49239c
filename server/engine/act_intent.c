/* SPDX-License-Identifier: MIT */
/* What is written down of an action before it is done: all that a later run needs to resolve it. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/act_parts.h"

#include <stdlib.h>

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
bool act_makes_sessions_due(const struct run *run, const struct planned_action *action)
{
	return run->connection->policy.leaver.ends_sessions || action->lower_cause == LOWER_REVOKED;
}

bool act_fill_intent(
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
	                act_makes_sessions_due(run, action),
	        .opened_at_ms = clock_wall_ms(),
	};
	str_format_cut(intent->rule, sizeof(intent->rule), "%s", policy_rule_id(action->rule));
	str_format_cut(intent->reason, sizeof(intent->reason), "%s", action->reason);
	str_format_cut(intent->okta_id, sizeof(intent->okta_id), "%s", employee->okta_id);
	str_format_cut(intent->group_id, sizeof(intent->group_id), "%s",
	        action->group_id != NULL ? action->group_id : "");
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
