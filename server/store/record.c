/* SPDX-License-Identifier: MIT */
#include "server/store/record.h"

#include "server/base/str.h"

#include <stdlib.h>

static const char *const EMPLOYEE_STATES[EMPLOYEE_STATE_COUNT] = {
        [EMPLOYEE_IDLE] = "idle",
        [EMPLOYEE_DIRTY] = "dirty",
        [EMPLOYEE_WORKING] = "working",
        [EMPLOYEE_WAITING] = "waiting",
        [EMPLOYEE_FAILED] = "failed",
        [EMPLOYEE_PARKED] = "parked",
};

static const char *const EVENT_STATES[EVENT_STATE_COUNT] = {
        [EVENT_RECEIVED] = "received",
        [EVENT_ACCEPTED] = "accepted",
        [EVENT_IGNORED] = "ignored",
        [EVENT_UNUSABLE] = "unusable",
        [EVENT_FOREIGN] = "foreign",
};

static const char *const OUTCOME_STATES[OUTCOME_STATE_COUNT] = {
        [OUTCOME_OPEN] = "open",
        [OUTCOME_DONE] = "done",
        [OUTCOME_REFUSED] = "refused",
        [OUTCOME_NOT_SENT] = "not_sent",
        [OUTCOME_DRY_RUN] = "dry_run",
};

static const char *const SETTINGS_SOURCES[SETTINGS_SOURCE_COUNT] = {
        [SETTINGS_FROM_FILE] = "file",
        [SETTINGS_FROM_API] = "api",
        [SETTINGS_FROM_ROLLBACK] = "rollback",
};

const char *employee_state_name(enum employee_state state)
{
	return (size_t)state < ARRAY_SIZE(EMPLOYEE_STATES) ? EMPLOYEE_STATES[state] : "unknown";
}

const char *event_state_name(enum event_state state)
{
	return (size_t)state < ARRAY_SIZE(EVENT_STATES) ? EVENT_STATES[state] : "unknown";
}

const char *outcome_state_name(enum outcome_state state)
{
	return (size_t)state < ARRAY_SIZE(OUTCOME_STATES) ? OUTCOME_STATES[state] : "unknown";
}

const char *settings_source_name(enum settings_source source)
{
	return (size_t)source < ARRAY_SIZE(SETTINGS_SOURCES) ? SETTINGS_SOURCES[source] : "unknown";
}

static const char *const REVOKE_ROWS[REVOKE_ROW_COUNT] = {
        [REVOKE_ROW_NONE] = "none",
        [REVOKE_ROW_WANTED] = "wanted",
        [REVOKE_ROW_FOUND] = "found",
        [REVOKE_ROW_MISSING] = "missing",
};

const char *revoke_row_name(enum revoke_row row)
{
	return (size_t)row < ARRAY_SIZE(REVOKE_ROWS) ? REVOKE_ROWS[row] : "unknown";
}

static const char *const DOUBTS[DOUBT_COUNT] = {
        [DOUBT_NONE] = "none",
        [DOUBT_STATUS] = "status",
        [DOUBT_USER] = "user",
};

const char *doubt_name(enum doubt doubt)
{
	return (size_t)doubt < ARRAY_SIZE(DOUBTS) ? DOUBTS[doubt] : "unknown";
}

enum employee_state employee_state_parse(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(EMPLOYEE_STATES); i++) {
		if (str_equal(EMPLOYEE_STATES[i], text)) {
			return (enum employee_state)i;
		}
	}
	return EMPLOYEE_STATE_COUNT;
}

void employee_finish(struct employee *employee)
{
	if (employee == NULL) {
		return;
	}
	free(employee->empty_fields);
	free(employee->set_back);
	free(employee->row_problems);
	free(employee->waits_for);
	free(employee->refers_to);
	personal_finish(&employee->present_profile);
	personal_finish(&employee->bob_login);
	personal_finish(&employee->bob_email);
	personal_finish(&employee->display_name);
	*employee = (struct employee){0};
}

void employee_list_finish(struct employee_list *list)
{
	if (list == NULL) {
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		employee_finish(&list->items[i]);
	}
	free(list->items);
	*list = (struct employee_list){0};
}

void event_list_finish(struct event_list *list)
{
	if (list == NULL) {
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].body);
	}
	free(list->items);
	*list = (struct event_list){0};
}

void hold_list_finish(struct hold_list *list)
{
	if (list == NULL) {
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		hold_finish(&list->items[i]);
	}
	free(list->items);
	*list = (struct hold_list){0};
}

void hold_finish(struct hold *hold)
{
	personal_finish(&hold->wanted);
	*hold = (struct hold){0};
}

/* Above the kinds, whose bits are stored, so that a new kind moves none of them. */
#define APPROVAL_LIMIT_SHIFT 20

_Static_assert((int)HOLD_KIND_COUNT <= APPROVAL_LIMIT_SHIFT &&
                (int)LIMIT_KIND_COUNT + APPROVAL_LIMIT_SHIFT < 32,
        "an approval is a bit");

unsigned approval_bit(enum hold_kind kind, enum limit_kind limit)
{
	return kind == HOLD_LIMIT ? 1U << (APPROVAL_LIMIT_SHIFT + (unsigned)limit) : 1U << kind;
}

unsigned approval_bits_of_limits(void)
{
	return ((1U << LIMIT_KIND_COUNT) - 1) << APPROVAL_LIMIT_SHIFT;
}

void intent_finish(struct intent *intent)
{
	if (intent == NULL) {
		return;
	}
	personal_finish(&intent->login);
	personal_finish(&intent->body);
	personal_finish(&intent->before);
	*intent = (struct intent){0};
}

void action_list_finish(struct action_list *list)
{
	if (list == NULL) {
		return;
	}
	for (size_t i = 0; i < list->count; i++) {
		intent_finish(&list->items[i].intent);
	}
	free(list->items);
	*list = (struct action_list){0};
}

void settings_version_finish(struct settings_version *version)
{
	free(version->document);
	*version = (struct settings_version){0};
}

void settings_version_list_finish(struct settings_version_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		settings_version_finish(&list->items[i]);
	}
	free(list->items);
	*list = (struct settings_version_list){0};
}
