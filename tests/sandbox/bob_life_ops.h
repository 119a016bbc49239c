/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_BOB_LIFE_OPS_H
#define TESTS_SANDBOX_BOB_LIFE_OPS_H

/* What each operation of bob_life.c does to the state, and which events it plans. */

#include "tests/sandbox/bob_people.h"

struct sandbox;

/* One operation under way. */
struct life {
	struct sandbox *sb;
	struct employee *employee;
	const json_t *body;
	const json_t *fields; /* of the body */
	int64_t today;
	int64_t at;
	char at_text[UTIL_DATE_SIZE];
	json_t *changed; /* ids of the body's fields that changed */
	json_t *before;
	json_t *events; /* array of {type, table, date, row} */
};

struct life_op {
	const char *name;
	void (*run)(struct life *life);
};

/* NULL when there is none. */
const struct life_op *bob_life_find_op(const char *name);
/* Plans an event of a type. */
void bob_life_emit(struct life *life, const char *type);
/* A date of the body, or another day when it has none. */
int64_t bob_life_body_date(const json_t *body, const char *key, int64_t other);

#endif
