/* SPDX-License-Identifier: MIT */
#include "server/engine/retry.h"

#define RETRY_FLOOR_MS 100

int64_t retry_wait_ms(int attempts, uint32_t random)
{
	int64_t ceiling = RETRY_FIRST_MS;

	for (int i = 1; i < attempts && ceiling < RETRY_MAX_MS; i++) {
		ceiling *= 2;
	}
	if (ceiling > RETRY_MAX_MS) {
		ceiling = RETRY_MAX_MS;
	}
	int64_t wait = (int64_t)(((uint64_t)random * (uint64_t)ceiling) >> 32);
	return wait < RETRY_FLOOR_MS ? RETRY_FLOOR_MS : wait;
}

bool retry_is_given_up(enum lane lane, int64_t failing_since_ms, int64_t now_ms)
{
	if (lane == LANE_REVOKE || lane == LANE_LEAVE || failing_since_ms == 0) {
		return false;
	}
	return now_ms - failing_since_ms >= RETRY_GIVE_UP_MS;
}
