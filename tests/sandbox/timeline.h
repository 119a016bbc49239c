/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_TIMELINE_H
#define TESTS_SANDBOX_TIMELINE_H

/*
 * The past values of one thing, for readers that see it late (Bob's reads after a change, Okta's
 * search index). Values are never changed once put here. Times are monotonic.
 */

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

enum { TIMELINE_MAX = 64 };

struct timeline_entry {
	int64_t at_ms;
	json_t *value;
};

struct timeline {
	struct timeline_entry entries[TIMELINE_MAX];
	size_t count;
};

void timeline_finish(struct timeline *line);
/* Takes a reference to the value as of now. */
void timeline_put(struct timeline *line, int64_t now_ms, json_t *value);
/* The value as of a time, borrowed; NULL when there was none yet. */
json_t *timeline_at(const struct timeline *line, int64_t when_ms);

#endif
