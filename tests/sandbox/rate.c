/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/rate.h"

#include <string.h>

#include "tests/sandbox/util.h"

static struct rate_window *window_of(struct rates *rates, const char *name)
{
	for (size_t i = 0; i < rates->count; i++) {
		if (strcmp(rates->windows[i].name, name) == 0) {
			return &rates->windows[i];
		}
	}
	size_t at = rates->count < RATE_MAX_BUCKETS ? rates->count++ : RATE_MAX_BUCKETS - 1;

	rates->windows[at] = (struct rate_window){0};
	util_format(rates->windows[at].name, RATE_NAME_SIZE, "%s", name);
	return &rates->windows[at];
}

struct rate_verdict rate_look(
        struct rates *rates, const char *name, int64_t limit, int64_t window_ms, int64_t now_ms)
{
	struct rate_window *window = window_of(rates, name);

	if (!window->is_open || now_ms >= window->began_ms + window_ms) {
		*window = (struct rate_window){.began_ms = now_ms, .is_open = true};
		util_format(window->name, RATE_NAME_SIZE, "%s", name);
	}
	int64_t left = limit - window->used;

	return (struct rate_verdict){.is_over = left <= 0,
	        .limit = limit,
	        .remaining = left > 0 ? left : 0,
	        .reset_in_ms = window->began_ms + window_ms - now_ms};
}

struct rate_verdict rate_take(
        struct rates *rates, const char *name, int64_t limit, int64_t window_ms, int64_t now_ms)
{
	struct rate_verdict verdict = rate_look(rates, name, limit, window_ms, now_ms);

	if (!verdict.is_over) {
		window_of(rates, name)->used++;
		verdict.remaining--;
	}
	return verdict;
}
