/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_RATE_H
#define TESTS_SANDBOX_RATE_H

/*
 * Fixed rate windows by name. A window begins with the first call that finds none open, so that
 * windows are not aligned to the wall clock's minutes. Pure but for its own state; times are given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RATE_MAX_BUCKETS = 24, RATE_NAME_SIZE = 64 };

struct rate_window {
	char name[RATE_NAME_SIZE];
	int64_t began_ms; /* monotonic */
	int64_t used;
	bool is_open;
};

struct rates {
	struct rate_window windows[RATE_MAX_BUCKETS];
	size_t count;
};

struct rate_verdict {
	bool is_over;
	int64_t limit;
	int64_t remaining;
	int64_t reset_in_ms;
};

/* Counts one call against a bucket; a call over the limit is not counted. */
struct rate_verdict rate_take(
        struct rates *rates, const char *name, int64_t limit, int64_t window_ms, int64_t now_ms);
/* The same without counting. */
struct rate_verdict rate_look(
        struct rates *rates, const char *name, int64_t limit, int64_t window_ms, int64_t now_ms);

#endif
