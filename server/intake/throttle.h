/* SPDX-License-Identifier: MIT */
#ifndef SERVER_INTAKE_THROTTLE_H
#define SERVER_INTAKE_THROTTLE_H

/*
 * How often one peer may do what costs it nothing, an unsigned ping (W-07). A
 * table of fixed size: peers share slots by a keyed hash that nobody outside
 * can aim, and nothing is ever allocated. An IPv6 peer is its /64. Lock-free;
 * any thread.
 */

#include "server/base/address.h"
#include "server/base/err.h"

#include <stdatomic.h>

#define THROTTLE_SLOTS 1024

struct throttle {
	uint64_t seed[2];
	int64_t interval_us; /* one in so long */
	int64_t burst_us; /* how far ahead of that a peer may get */
	_Atomic int64_t next_us[THROTTLE_SLOTS]; /* when the slot's allowance would be used up */
};

bool throttle_init(
        struct throttle *throttle, int64_t interval_us, int burst, struct err *err) MUST_CHECK;
/* True when this one is within the rate; now_us is monotonic. */
bool throttle_take(struct throttle *throttle, const struct address *peer, int64_t now_us);

#endif
