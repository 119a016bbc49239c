/* SPDX-License-Identifier: MIT */
#include "server/engine/facts.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

static bool has_hold(const struct employee *employee, enum hold_kind kind)
{
	return (employee->hold_kinds & (1U << kind)) != 0;
}

static void note_hold_times(struct account_facts *facts, const struct hold_list *holds)
{
	for (size_t i = 0; holds != NULL && i < holds->count; i++) {
		facts->hold_since_ms[holds->items[i].kind] = holds->items[i].since_ms;
	}
}

/* M3: an event that came since the link named the person. */
static bool is_compared(const struct employee *employee)
{
	bool is_named =
	        employee->linked_at_ms != 0 && employee->last_event_at_ms > employee->linked_at_ms;

	return employee->is_compared || is_named;
}

void facts_from_employee(struct account_facts *facts, const struct employee *employee,
        enum presence presence, const struct hold_list *holds)
{
	bool is_there = presence == PRESENCE_READ;
	int64_t gone_after_ms = employee->read_at_ms - STALE_READ_MS;

	*facts = (struct account_facts){
	        .is_linked = employee->okta_id[0] != '\0',
	        .status = employee->present_status,
	        .okta_id = employee->okta_id[0] != '\0' ? employee->okta_id : NULL,
	        .origin = employee->origin,
	        .activation = activation_mode_parse(employee->activation),
	        .is_activated = employee->is_activated,
	        .lowered = employee->lowered,
	        .was_terminated = employee->was_terminated,
	        .is_deleted = !is_there && employee->deleted_at_ms > 0 &&
	                employee->deleted_at_ms > gone_after_ms,
	        .is_left_announced = !is_there && employee->left_event_at_ms > 0 &&
	                employee->left_event_at_ms > gone_after_ms,
	        .is_revoke_pending = !employee->revoke_is_doubtful &&
	                employee->revoke_triggered_at_ms > employee->revoke_handled_at_ms,
	        .is_revoke_doubtful = employee->revoke_is_doubtful,
	        .is_revoked = has_hold(employee, HOLD_REVOKED),
	        .activated_at_ms = employee->activated_at_ms,
	        .mailed_at_ms = employee->mailed_at_ms,
	        .mails = employee->mails,
	        .lowered_at_ms = employee->lowered_at_ms,
	        .is_compared = is_compared(employee),
	        .confirmed_end_ms = employee->confirmed_end_ms,
	        .confirmed_at_ms = employee->confirmed_at_ms,
	        .holds = employee->hold_kinds,
	        .approvals = employee->approvals,
	};
	note_hold_times(facts, holds);
}

enum presence facts_note_absent(struct employee *employee, int64_t read_begun_ms)
{
	if (employee->absent_since_ms == 0) {
		employee->absent_since_ms = read_begun_ms;
	}
	bool was_read = employee->read_at_ms > 0;
	bool is_agreed = read_begun_ms - employee->absent_since_ms >= DISAPPEARED_AFTER_MS;
	return was_read && is_agreed ? PRESENCE_DISAPPEARED : PRESENCE_ABSENT;
}

bool facts_note_read(struct employee *employee, const struct person *person,
        const struct policy_settings *policy, int64_t read_begun_ms)
{
	employee->read_at_ms = read_begun_ms;
	employee->absent_since_ms = 0;
	str_format_cut(
	        employee->lifecycle, sizeof(employee->lifecycle), "%s", person->lifecycle_word);
	str_format_cut(employee->time_zone, sizeof(employee->time_zone), "%s",
	        zone_name(policy_zone(policy, person)));
	if (person->display_name.state != FIELD_VALUE) {
		return true;
	}
	return personal_set(&employee->display_name, personal_reveal(&person->display_name.text));
}

const char *facts_note_empty(
        struct employee *employee, char *empty_now, int64_t read_begun_ms, bool *wants_reread)
{
	*wants_reread = false;
	if (empty_now == NULL) {
		free(employee->empty_fields);
		employee->empty_fields = NULL;
		employee->empty_since_ms = 0;
		return NULL;
	}
	if (employee->empty_fields != NULL && str_equal(employee->empty_fields, empty_now)) {
		free(empty_now);
		if (read_begun_ms - employee->empty_since_ms >= EMPTY_AGREES_AFTER_MS) {
			return employee->empty_fields;
		}
		*wants_reread = true;
		return NULL;
	}
	free(employee->empty_fields);
	employee->empty_fields = empty_now;
	employee->empty_since_ms = read_begun_ms;
	*wants_reread = true;
	return NULL;
}

void facts_note_revoked(struct employee *employee, int64_t now_ms)
{
	if (employee->revoke_triggered_at_ms > now_ms && employee->revoke_is_doubtful) {
		employee->revoke_triggered_at_ms = now_ms;
	}
	if (employee->revoke_triggered_at_ms > employee->revoke_handled_at_ms) {
		employee->revoke_handled_at_ms = employee->revoke_triggered_at_ms;
	}
	employee->revoke_is_doubtful = false;
}

void facts_forget_revocation(struct employee *employee)
{
	employee->revoke_triggered_at_ms = employee->revoke_handled_at_ms;
	employee->revoke_is_doubtful = false;
}
