/* SPDX-License-Identifier: MIT */
#include "server/store/adoption.h"

#include "server/base/str.h"

#include <stdlib.h>

static const char *const DECISIONS[ADOPTION_DECISION_COUNT] = {
        [ADOPTION_NONE] = "none",
        [ADOPTION_LINK] = "link",
        [ADOPTION_CREATE] = "create",
        [ADOPTION_IGNORE] = "ignore",
};

static const char *const STATES[ADOPTION_STATE_COUNT] = {
        [ADOPTION_OPEN] = "open",
        [ADOPTION_DONE] = "done",
        [ADOPTION_REFUSED] = "refused",
};

const char *adoption_decision_name(enum adoption_decision decision)
{
	return decision < ADOPTION_DECISION_COUNT ? DECISIONS[decision] : "unknown";
}

const char *adoption_state_name(enum adoption_state state)
{
	return state < ADOPTION_STATE_COUNT ? STATES[state] : "unknown";
}

enum adoption_decision adoption_decision_parse(const char *text)
{
	int at = 0;
	while (at < ADOPTION_DECISION_COUNT && !str_equal(DECISIONS[at], text)) {
		at++;
	}
	return (enum adoption_decision)at;
}

void adoption_person_finish(struct adoption_person *person)
{
	personal_finish(&person->display_name);
	personal_finish(&person->login);
	personal_finish(&person->others);
	personal_finish(&person->chosen);
}

void adoption_list_finish(struct adoption_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		adoption_person_finish(&list->items[i]);
	}
	free(list->items);
	*list = (struct adoption_list){0};
}

struct adoption_filter adoption_filter_all(const char *connection)
{
	return (struct adoption_filter){
	        .connection = connection,
	        .class_ = ADOPT_CLASS_COUNT,
	        .rule = ADOPT_RULE_COUNT,
	        .decision = ADOPTION_DECISION_COUNT,
	        .state = ADOPTION_STATE_COUNT,
	};
}
