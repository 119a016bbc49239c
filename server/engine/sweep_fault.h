/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_SWEEP_FAULT_H
#define SERVER_ENGINE_SWEEP_FAULT_H

/*
 * Can what Bob showed be trusted (design 1.4: absence is not a fact)? A list
 * that is short, or fields that nobody shows any more, are a fault of the
 * source: then nobody is marked, let alone lowered. Pure.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What decisions need (policy K2). */
enum needed_field {
	NEEDED_LIFECYCLE,
	NEEDED_ACCESS,
	NEEDED_START_DATE,
	NEEDED_TERMINATION_DATE,
	NEEDED_LAST_DAY,
	NEEDED_SITE,
	NEEDED_EMAIL,
	NEEDED_COUNT
};
const char *needed_field_id(enum needed_field field); /* Bob's: "work.startDate" */

#define NOT_KNOWN (-1)

struct sweep_reading {
	int64_t listed; /* ids in Bob's list */
	int64_t listed_before; /* in the last good sweep's; NOT_KNOWN: there was none */
	int64_t linked; /* people with an account that is not closed */
	int64_t absent; /* of these, not in the list */
	int64_t people; /* that were brought when asked for */
	int64_t not_brought; /* listed, and not brought */
	int64_t unreadable[NEEDED_COUNT]; /* people without that field */
	int64_t unreadable_before[NEEDED_COUNT];
	int64_t lost[NEEDED_COUNT]; /* people whose record shows that it was readable */
	bool accepts_shorter; /* a human said that a shorter list is right; an empty one never is */
};

/* After the list: true, with a sentence, when it is a fault. */
bool sweep_list_is_fault(const struct sweep_reading *reading, char *why, size_t size);
/* After the people: more than a few were not brought, or lack needed fields they had. */
bool sweep_fields_are_fault(const struct sweep_reading *reading, char *why, size_t size);

#endif
