/* SPDX-License-Identifier: MIT */
#include "server/store/sweeps.h"

#include "server/base/str.h"

#include <stdlib.h>

static const char *const CAUSES[SWEEP_CAUSE_COUNT] = {
        [SWEEP_NIGHTLY] = "nightly",
        [SWEEP_BY_HAND] = "by_hand",
        [SWEEP_DOWNTIME] = "downtime",
        [SWEEP_SILENCE] = "silence",
        [SWEEP_REPEAT] = "repeat",
};

static const char *const STATES[SWEEP_STATE_COUNT] = {
        [SWEEP_WAITING] = "waiting",
        [SWEEP_RUNNING] = "running",
        [SWEEP_DONE] = "done",
        [SWEEP_FAULT] = "fault",
};

static const char *const PHASES[SWEEP_PHASE_COUNT] = {
        [SWEEP_PHASE_NONE] = "none",
        [SWEEP_PHASE_IDS] = "ids",
        [SWEEP_PHASE_USERS] = "users",
        [SWEEP_PHASE_PEOPLE] = "people",
        [SWEEP_PHASE_MARKS] = "marks",
};

static const char *const KINDS[FINDING_KIND_COUNT] = {
        [FINDING_CHANGE] = "change",
        [FINDING_STATUS] = "status",
        [FINDING_DRIFT] = "drift",
        [FINDING_NO_USER] = "no_user",
        [FINDING_NO_EMPLOYEE] = "no_employee",
        [FINDING_DUPLICATE] = "duplicate",
        [FINDING_ABSENT] = "absent",
};

const char *sweep_cause_name(enum sweep_cause cause)
{
	return (size_t)cause < ARRAY_SIZE(CAUSES) ? CAUSES[cause] : "unknown";
}

const char *sweep_state_name(enum sweep_state state)
{
	return (size_t)state < ARRAY_SIZE(STATES) ? STATES[state] : "unknown";
}

const char *sweep_phase_name(enum sweep_phase phase)
{
	return (size_t)phase < ARRAY_SIZE(PHASES) ? PHASES[phase] : "unknown";
}

const char *finding_kind_name(enum finding_kind kind)
{
	return (size_t)kind < ARRAY_SIZE(KINDS) ? KINDS[kind] : "unknown";
}

enum finding_kind finding_kind_parse(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++) {
		if (str_equal(KINDS[i], text)) {
			return (enum finding_kind)i;
		}
	}
	return FINDING_KIND_COUNT;
}

void sweep_finish(struct sweep *sweep)
{
	free(sweep->counts);
	*sweep = (struct sweep){0};
}

void sweep_list_finish(struct sweep_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		sweep_finish(&list->items[i]);
	}
	free(list->items);
	*list = (struct sweep_list){0};
}

void finding_finish(struct finding *finding)
{
	personal_finish(&finding->login);
	*finding = (struct finding){0};
}

void finding_list_finish(struct finding_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		finding_finish(&list->items[i]);
	}
	free(list->items);
	*list = (struct finding_list){0};
}
