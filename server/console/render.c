/* SPDX-License-Identifier: MIT */
#include "server/console/render.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <string.h>

static json_t *kinds_json(unsigned kinds)
{
	json_t *list = json_array();

	for (int kind = 0; kind < HOLD_KIND_COUNT; kind++) {
		if ((kinds & (1U << kind)) != 0) {
			json_array_append_new(
			        list, json_string(hold_kind_name((enum hold_kind)kind)));
		}
	}
	return list;
}

static json_t *profile_json(const struct employee *employee)
{
	const char *text = personal_reveal(&employee->present_profile);
	json_t *profile = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;

	return profile != NULL ? profile : json_object();
}

json_t *render_employee(const struct employee *employee)
{
	json_t *profile = profile_json(employee);
	const char *login = json_get_text(profile, "login");

	if (login == NULL) {
		login = personal_reveal(&employee->bob_login);
	}
	json_t *json = json_pack(
	        "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:I}",
	        "connection", employee->key.connection, "employee_id", employee->key.employee_id,
	        "display_name", personal_reveal(&employee->display_name), "login", login, "okta_id",
	        employee->okta_id, "state", employee_state_name(employee->state), "holds",
	        kinds_json(employee->hold_kinds), "lane", lane_name(employee->lane), "lifecycle",
	        employee->lifecycle, "present_status",
	        account_status_name(employee->present_status), "last_rule", employee->last_rule,
	        "last_sentence", employee->last_sentence, "last_error", employee->last_error,
	        "last_run_at_ms", (json_int_t)employee->last_run_at_ms, "is_last_run_good",
	        employee->is_last_run_good, "last_event_at_ms",
	        (json_int_t)employee->last_event_at_ms);
	json_decref(profile);
	return json;
}

static json_t *row_problems_json(const struct employee *employee)
{
	const char *text = employee->row_problems;
	json_t *problems = text != NULL ? json_parse(text, strlen(text), NULL) : NULL;

	return problems != NULL ? problems : json_array();
}

/* What happened when, and what is known of what is to come. */
static void add_times(json_t *json, const struct employee *employee)
{
	json_t *times = json_pack("{s:I, s:I, s:I, s:b, s:I, s:I, s:i, s:I, s:I, s:s, s:s}",
	        "present_at_ms", (json_int_t)employee->present_at_ms, "linked_at_ms",
	        (json_int_t)employee->linked_at_ms, "lowered_at_ms",
	        (json_int_t)employee->lowered_at_ms, "is_compared", employee->is_compared,
	        "activated_at_ms", (json_int_t)employee->activated_at_ms, "mailed_at_ms",
	        (json_int_t)employee->mailed_at_ms, "mails", employee->mails, "confirmed_end_ms",
	        (json_int_t)employee->confirmed_end_ms, "confirmed_at_ms",
	        (json_int_t)employee->confirmed_at_ms, "wanted", employee->wanted, "revoke_row",
	        revoke_row_name(employee->revoke_row));

	if (json != NULL && times != NULL) {
		json_object_update(json, times);
	}
	json_decref(times);
}

json_t *render_employee_full(const struct employee *employee)
{
	json_t *json = render_employee(employee);
	json_t *more = json_pack(
	        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i, s:I, s:i, s:I, s:I, s:b, "
	        "s:s, s:s, s:b, s:s, s:b, s:b, s:o, s:o, s:s}",
	        "generation", (json_int_t)employee->generation, "claimed_generation",
	        (json_int_t)employee->claimed_generation, "settled_generation",
	        (json_int_t)employee->settled_generation, "dirty_since_ms",
	        (json_int_t)employee->dirty_since_ms, "policy_due_at_ms",
	        (json_int_t)employee->policy_due_at_ms, "reread_at_ms",
	        (json_int_t)employee->reread_at_ms, "retry_not_before_ms",
	        (json_int_t)employee->retry_not_before_ms, "attempts", employee->attempts,
	        "failing_since_ms", (json_int_t)employee->failing_since_ms, "crashes",
	        employee->crashes, "read_at_ms", (json_int_t)employee->read_at_ms,
	        "absent_since_ms", (json_int_t)employee->absent_since_ms, "was_terminated",
	        employee->was_terminated, "origin", account_origin_name(employee->origin),
	        "activation", employee->activation, "is_activated", employee->is_activated,
	        "lowered", lower_cause_name(employee->lowered), "is_sessions_due",
	        employee->is_sessions_due, "is_sourced_elsewhere", employee->is_sourced_elsewhere,
	        "present_profile", profile_json(employee), "row_problems",
	        row_problems_json(employee), "time_zone", employee->time_zone);

	if (json != NULL && more != NULL) {
		json_object_update(json, more);
	}
	json_decref(more);
	add_times(json, employee);
	return json;
}

json_t *render_event(const struct event *event)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "event_id",
	        (json_int_t)event->event_id, "connection", event->connection, "employee_id",
	        event->employee_id, "state", event_state_name(event->state), "type", event->type,
	        "reason", event->reason, "received_at_ms", (json_int_t)event->received_at_ms,
	        "triggered_at_ms", (json_int_t)event->triggered_at_ms, "last_seen_at_ms",
	        (json_int_t)event->last_seen_at_ms, "deliveries", (json_int_t)event->deliveries,
	        "crashes", (json_int_t)event->crashes);
}

static void add_difference(
        json_t *list, const char *attribute, json_t *present, const json_t *wanted)
{
	json_array_append_new(list,
	        json_pack("{s:s, s:o, s:O}", "attribute", attribute, "present",
	                present != NULL ? present : json_null(), "wanted", wanted));
}

/* What is there, and what would be: status, group, attributes. */
static json_t *differences_json(const struct hold *hold, const struct employee *employee)
{
	const char *text = personal_reveal(&hold->wanted);
	json_t *wanted = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
	json_t *present = profile_json(employee);
	json_t *list = json_array();
	const json_t *status = json_object_get(wanted, "status");
	const json_t *group = json_object_get(wanted, "group");
	const char *name = NULL;
	json_t *value = NULL;

	if (status != NULL) {
		add_difference(list, "status",
		        json_string(account_status_name(employee->present_status)), status);
	}
	if (group != NULL) {
		json_t *none = json_null();
		add_difference(list, "group", json_incref((json_t *)(uintptr_t)group), none);
	}
	json_object_foreach(json_object_get(wanted, "profile"), name, value)
	{
		add_difference(list, name, json_incref(json_object_get(present, name)), value);
	}
	json_decref(present);
	json_decref(wanted);
	return list;
}

json_t *render_hold(struct store *store, const struct hold *hold)
{
	struct employee employee = {0};
	const char *name = "";

	if (store_employee_get(store, &hold->key, &employee, NULL)) {
		name = personal_reveal(&employee.display_name);
	}
	json_t *json = json_pack(
	        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:s, s:o}", "connection",
	        hold->key.connection, "employee_id", hold->key.employee_id, "display_name", name,
	        "kind", hold_kind_name(hold->kind), "limit", limit_kind_name(hold->limit), "action",
	        hold->action, "rule", hold->rule, "cause", hold->cause, "by", hold->by, "since_ms",
	        (json_int_t)hold->since_ms, "is_rejected", hold->is_rejected, "okta_id",
	        hold->okta_id, "differences", differences_json(hold, &employee));
	employee_finish(&employee);
	return json;
}

/* The names of what was written, never the values. */
static json_t *attributes_json(const struct intent *intent)
{
	const char *text = personal_reveal(&intent->body);
	json_t *body = text[0] != '\0' ? json_parse(text, strlen(text), NULL) : NULL;
	json_t *names = json_array();
	const char *name = NULL;
	json_t *value = NULL;

	json_object_foreach(body, name, value)
	{
		json_array_append_new(names, json_string(name));
	}
	json_decref(body);
	return names;
}

json_t *render_action(const struct action_record *action)
{
	const struct intent *intent = &action->intent;
	const struct outcome *outcome = &action->outcome;

	return json_pack(
	        "{s:I, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:b, s:b, s:b, s:I, s:I, s:s, "
	        "s:i, s:s, s:s, s:s, s:b, s:s, s:I}",
	        "intent_id", (json_int_t)intent->intent_id, "settings_version",
	        (json_int_t)intent->settings_version, "kind", action_kind_name(intent->kind),
	        "rule", intent->rule, "reason", intent->reason, "lane", lane_name(intent->lane),
	        "limit", limit_kind_name(intent->limit), "lower_cause",
	        lower_cause_name(intent->lower_cause), "okta_id", intent->okta_id, "attributes",
	        attributes_json(intent), "is_rename", intent->is_rename, "is_approved",
	        intent->is_approved, "sends_email", intent->sends_email, "opened_at_ms",
	        (json_int_t)intent->opened_at_ms, "closed_at_ms", (json_int_t)action->closed_at_ms,
	        "state", outcome_state_name(outcome->state), "http_status", outcome->http_status,
	        "code", outcome->code, "request_id", outcome->request_id, "sentence",
	        outcome->sentence, "is_resolved", outcome->is_resolved, "group_id",
	        intent->group_id, "undoes", (json_int_t)intent->undoes);
}

json_t *render_lanes(const int64_t by_lane[LANE_COUNT])
{
	json_t *json = json_object();

	for (int i = 0; i < LANE_COUNT; i++) {
		json_object_set_new(
		        json, lane_name((enum lane)i), json_integer((json_int_t)by_lane[i]));
	}
	return json;
}

const char *render_system_state(bool is_parked, int64_t success_at_ms)
{
	if (is_parked) {
		return "parked";
	}
	return success_at_ms == 0 ? "unknown" : "ok";
}

/* ------------------------------------------------------------- next step */

static int64_t next_due_ms(const struct employee *employee)
{
	int64_t a_ms = employee->policy_due_at_ms;
	int64_t b_ms = employee->reread_at_ms;

	if (a_ms == 0 || b_ms == 0) {
		return a_ms + b_ms;
	}
	return a_ms < b_ms ? a_ms : b_ms;
}

static void next_step_waiting(const struct employee *employee, char *to, size_t size)
{
	char when[CLOCK_TEXT_BYTES];
	int64_t due_ms = next_due_ms(employee);

	if (due_ms == 0) {
		str_format_cut(to, size, "Nothing to do until Bob reports a change.");
		return;
	}
	clock_format(when, due_ms);
	str_format_cut(to, size, "Is looked at again at %.10s %.8sZ.", when, when + 11);
}

int64_t render_next_ms(const struct employee *employee)
{
	bool waits = employee->state == EMPLOYEE_IDLE || employee->state == EMPLOYEE_WAITING;

	return employee->hold_kinds == 0 && waits ? next_due_ms(employee) : 0;
}

void render_next_step(const struct employee *employee, char *to, size_t size)
{
	if (employee->hold_kinds == 1U << HOLD_HUMAN || employee->hold_kinds == 1U << HOLD_UNDO) {
		str_format_cut(to, size, "Stays as it is until bob2okta release %s.",
		        employee->key.employee_id);
		return;
	}
	if (employee->hold_kinds != 0) {
		str_format_cut(to, size,
		        "Waits for a human: bob2okta held shows why, release or reject decides.");
		return;
	}
	switch (employee->state) {
	case EMPLOYEE_DIRTY:
		str_format_cut(to, size, "Is about to be read from Bob and compared.");
		break;
	case EMPLOYEE_WORKING: str_format_cut(to, size, "Is being worked on now."); break;
	case EMPLOYEE_FAILED:
		str_format_cut(to, size, "Failed: mend the cause, then bob2okta retry %s.",
		        employee->key.employee_id);
		break;
	case EMPLOYEE_PARKED:
		str_format_cut(
		        to, size, "Waits until Okta works again, or until writing is resumed.");
		break;
	case EMPLOYEE_IDLE:
	case EMPLOYEE_WAITING:
	case EMPLOYEE_STATE_COUNT: next_step_waiting(employee, to, size); break;
	}
}

const char *render_time_zone(const char *kept, const struct zone *connection)
{
	return kept[0] != '\0' ? kept : zone_name(connection);
}
