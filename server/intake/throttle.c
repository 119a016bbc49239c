/* SPDX-License-Identifier: MIT */
#include "server/intake/throttle.h"

#include "server/base/crypto.h"

#include <string.h>

bool throttle_init(struct throttle *throttle, int64_t interval_us, int burst, struct err *err)
{
	memset(throttle, 0, sizeof(*throttle));
	throttle->interval_us = interval_us;
	throttle->burst_us = interval_us * (burst - 1);
	return crypto_random(throttle->seed, sizeof(throttle->seed), err);
}

/* The mixing step of splitmix64. */
static uint64_t mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

static size_t slot_of(const struct throttle *throttle, const struct address *peer)
{
	uint64_t half[2];
	memcpy(half, peer->bytes, sizeof(half));
	/* Whoever has one address of a /64 has all of them. */
	if (!address_is_v4(peer)) {
		half[1] = 0;
	}
	return mix(mix(half[0] ^ throttle->seed[0]) ^ half[1] ^ throttle->seed[1]) % THROTTLE_SLOTS;
}

bool throttle_take(struct throttle *throttle, const struct address *peer, int64_t now_us)
{
	_Atomic int64_t *slot = &throttle->next_us[slot_of(throttle, peer)];
	int64_t next_us = atomic_load(slot);
	int64_t from_us = 0;
	do {
		from_us = next_us > now_us ? next_us : now_us;
		if (from_us - now_us > throttle->burst_us) {
			return false;
		}
	} while (!atomic_compare_exchange_weak(slot, &next_us, from_us + throttle->interval_us));
	return true;
}
