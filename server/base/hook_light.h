/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_HOOK_LIGHT_H
#define SERVER_BASE_HOOK_LIGHT_H

/*
 * What came to a connection's webhook last, so that whoever enters its address
 * in Bob sees at once that it arrives. One table for the process, times on the
 * wall clock; nothing outlives the process. Any thread.
 */

#include <stdint.h>

#define HOOK_LIGHT_MAX 64 /* connections; those beyond are not remembered */

enum hook_seen {
	HOOK_PING,
	HOOK_EVENT, /* with a signature that holds */
	HOOK_WRONG_SIGNATURE,
	HOOK_NO_SECRET, /* refused, as no secret was there to judge by */
	HOOK_SEEN_COUNT
};

void hook_light_note(const char *connection, enum hook_seen seen, int64_t wall_ms);
/* 0: not since the process began. */
int64_t hook_light_at_ms(const char *connection, enum hook_seen seen);

#endif
