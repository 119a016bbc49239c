/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_BOB_EVENTS_H
#define TESTS_SANDBOX_BOB_EVENTS_H

/* The texts of Bob's webhook events, in the shapes of version 2 and version 1. */

#include "tests/sandbox/bob_people.h"

struct settings;

enum event_version { EVENT_V2, EVENT_V1 };

struct bob_event {
	const char *type;
	const struct employee *employee;
	enum event_version version;
	const char *at; /* triggeredAt, creationDate; NULL: now */
	const char *by; /* who did it: an employee's id, or "system" */
	const json_t *changed; /* field ids of employee.updated, or NULL */
	const json_t *before; /* fields before the change (version 1), or NULL */
	const char *table; /* of table.entry.*, or NULL */
	const char *date; /* effective date of the row */
	const json_t *row; /* the row itself (version 1), or NULL */
};

/* The body as it is signed and sent; the caller frees. */
char *bob_events_format(
        const struct people *people, const struct settings *set, const struct bob_event *event);

#endif
