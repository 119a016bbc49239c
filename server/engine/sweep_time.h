/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_SWEEP_TIME_H
#define SERVER_ENGINE_SWEEP_TIME_H

/* When a sweep is due, and why. Pure; wall clock in Unix ms. */

#include "server/settings/settings.h"
#include "server/store/sweeps.h"

#define SWEEP_AWAY_MS           (15 * 60 * 1000) /* nothing could be received for so long */
#define SWEEP_SILENCE_MIN_MS    (24LL * 60 * 60 * 1000)
#define SWEEP_RHYTHM_MS         (28LL * 24 * 60 * 60 * 1000)
#define SWEEP_REPEAT_FIRST_MS   (60LL * 60 * 1000)
#define SWEEP_REPEAT_LONGEST_MS (24LL * 60 * 60 * 1000)

struct sweep_history {
	int64_t known_since_ms; /* when this connection first ran: no night before it counts */
	int64_t good_started_at_ms; /* of the newest good sweep; 0: none */
	int64_t faults; /* since then */
	int64_t fault_ended_at_ms; /* of the newest */
	struct delivery_rhythm rhythm;
};

/* True when one is due now; *cause says why. After a fault nothing but its repetition is. */
bool sweep_is_due(const struct sweep_history *history, const struct sweep_settings *settings,
        const struct zone *zone, int64_t now_ms, enum sweep_cause *cause);
/* When the next one is, as far as it is known; 0: not by itself. */
int64_t sweep_next_ms(const struct sweep_history *history, const struct sweep_settings *settings,
        const struct zone *zone, int64_t now_ms);
/* Silent for longer than usual: twice the longest gap, at least a day. */
bool sweep_is_silent(const struct delivery_rhythm *rhythm, int64_t now_ms);

#endif
