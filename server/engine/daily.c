/* SPDX-License-Identifier: MIT */
#include "server/engine/daily.h"

#define DAY_MS (24 * 60 * 60 * 1000LL)
/* FNV-1a, 32 bits. */
#define HASH_START 2166136261U
#define HASH_PRIME 16777619U

static int64_t slot_ms(const char *employee_id)
{
	uint32_t hash = HASH_START;

	for (const char *at = employee_id; *at != '\0'; at++) {
		hash = (hash ^ (uint32_t)(unsigned char)*at) * HASH_PRIME;
	}
	return (int64_t)(hash % (uint32_t)DAY_MS);
}

int64_t daily_look_ms(const char *employee_id, int64_t due_ms, int64_t now_ms)
{
	if (due_ms <= now_ms) {
		return 0;
	}
	int64_t from_ms = now_ms + DAILY_NOT_WITHIN_MS;
	if (due_ms - DAILY_WITHIN_MS > from_ms) {
		from_ms = due_ms - DAILY_WITHIN_MS;
	}
	/* The employee's own minute of the first day that is late enough. */
	int64_t at_ms = from_ms - from_ms % DAY_MS + slot_ms(employee_id);
	if (at_ms < from_ms) {
		at_ms += DAY_MS;
	}
	return at_ms < due_ms - DAILY_NOT_BEFORE_DUE_MS ? at_ms : 0;
}
