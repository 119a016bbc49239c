/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_BOB_LIFE_H
#define TESTS_SANDBOX_BOB_LIFE_H

/*
 * What happens in an employee's life: Bob's state and the events that Bob sends for it, together.
 * Under the sandbox's lock.
 */

#include "tests/sandbox/bob_people.h"

struct sandbox;

struct life_answer {
	struct employee *employee;
	json_t *events; /* array of {type, delivery_id, body}; owned by the caller */
};

/* Does `op` to the employee `id` ("new", or an unused id with hire, makes one); body as in the
 * manual, or NULL. NULL when all is well, else what is wrong (the caller frees). */
char *bob_life_do(struct sandbox *sb, const char *id, const char *op, const json_t *body,
        struct life_answer *answer) MUST_CHECK;
/* True when there is such an operation. */
bool bob_life_knows(const char *op);

/* Everything that is due on a date takes effect; today is that date afterwards. Returns an array of
 * {employee_id, what}. */
json_t *bob_life_midnight(struct sandbox *sb, int64_t date);

#endif
