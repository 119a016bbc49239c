/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/timeline.h"

#include <string.h>

void timeline_finish(struct timeline *line)
{
	for (size_t i = 0; i < line->count; i++) {
		json_decref(line->entries[i].value);
	}
	line->count = 0;
}

void timeline_put(struct timeline *line, int64_t now_ms, json_t *value)
{
	if (line->count == TIMELINE_MAX) {
		json_decref(line->entries[0].value);
		memmove(&line->entries[0], &line->entries[1],
		        (TIMELINE_MAX - 1) * sizeof(line->entries[0]));
		line->count--;
	}
	line->entries[line->count++] = (struct timeline_entry){now_ms, json_incref(value)};
}

json_t *timeline_at(const struct timeline *line, int64_t when_ms)
{
	for (size_t i = line->count; i > 0; i--) {
		if (line->entries[i - 1].at_ms <= when_ms) {
			return line->entries[i - 1].value;
		}
	}
	return NULL;
}
