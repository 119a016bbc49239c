/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_RETRY_H
#define SERVER_ENGINE_RETRY_H

/* When a failed run is tried again, and when it is given up. Pure. */

#include "server/base/words.h"

#include <stdbool.h>
#include <stdint.h>

#define RETRY_FIRST_MS   1000
#define RETRY_MAX_MS     (60 * 60 * 1000) /* leavers: hourly at the latest (engine rule 6) */
#define RETRY_GIVE_UP_MS (24 * 60 * 60 * 1000) /* transient failures fail by age */

/*
 * Exponential with full jitter: between 0 and min(RETRY_MAX_MS, first * 2^(attempts-1)), by a
 * random number of 32 bits, and never under 100 ms.
 */
int64_t retry_wait_ms(int attempts, uint32_t random);

/* Leave and revoke are never given up. */
bool retry_is_given_up(enum lane lane, int64_t failing_since_ms, int64_t now_ms);

#endif
