/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_BOB_PERSON_H
#define TESTS_SANDBOX_BOB_PERSON_H

/*
 * What Bob's People API says of one employee: every field twice (flat "/work/title" and nested),
 * labels in humanReadable, silence about what the service user may not see.
 */

#include "tests/sandbox/bob_people.h"

struct settings;

enum person_human { PERSON_HUMAN_NONE, PERSON_HUMAN_APPEND, PERSON_HUMAN_REPLACE };

struct person_ask {
	const json_t *fields; /* array of ids; NULL: the default set */
	enum person_human human;
};

/* Is the employee there at all for the service user, and as of now? */
bool bob_person_is_visible(const struct employee *employee, const struct settings *set);
/* Does internal.status, as read now, say Active? */
bool bob_person_is_active(const struct employee *employee, const struct settings *set);
/* New reference. */
json_t *bob_person_render(const struct people *people, const struct employee *employee,
        const struct settings *set, const struct person_ask *ask);
/* The field values a read sees now (late when it is told to be). New reference. */
json_t *bob_person_seen(const struct employee *employee, const struct settings *set);

#endif
