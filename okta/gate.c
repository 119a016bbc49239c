/* SPDX-License-Identifier: MIT */
#include "okta/gate.h"

#include "okta/rate.h"

void gate_init(struct gate *gate, int places_max)
{
	*gate = (struct gate){.places_max = places_max, .places = places_max};
}

void gate_start_slowly(struct gate *gate, int64_t now_ms)
{
	gate->places = 1;
	gate->successes = 0;
	gate->is_slow = true;
	gate->moved_at_ms = now_ms;
}

int gate_places(const struct gate *gate, enum call_urgency urgency)
{
	bool has_extra = urgency == CALL_URGENT && gate->places < gate->places_max;

	return gate->places + (has_extra ? 1 : 0);
}

void gate_slow_start(const struct gate *gate, int64_t now_ms, struct okta_slow_start *start)
{
	int64_t left_ms = gate->moved_at_ms + GATE_SLOW_STEP_MS - now_ms;

	*start = (struct okta_slow_start){
	        .places = gate->is_slow ? gate->places : gate->places_max,
	        .places_max = gate->places_max,
	        .until_doubling_ms = gate->is_slow && left_ms > 0 ? left_ms : 0,
	        .step_ms = GATE_SLOW_STEP_MS,
	};
}

int64_t gate_pause_ms(const struct gate *gate, int64_t now_ms)
{
	return gate->paused_until_ms > now_ms ? gate->paused_until_ms - now_ms : 0;
}

static void widen_to(struct gate *gate, int places)
{
	gate->places = places < gate->places_max ? places : gate->places_max;
	gate->successes = 0;
	gate->is_slow = gate->is_slow && gate->places < gate->places_max;
}

void gate_note_success(struct gate *gate, int64_t now_ms)
{
	gate->busy = 0;
	gate->successes++;
	if (gate->is_slow) {
		if (gate->successes >= gate->places &&
		        now_ms - gate->moved_at_ms >= GATE_SLOW_STEP_MS) {
			widen_to(gate, gate->places * 2);
			gate->moved_at_ms = now_ms;
		}
	} else if (gate->successes >= GATE_WIDEN_AFTER && gate->places < gate->places_max) {
		widen_to(gate, gate->places + 1);
	}
}

void gate_note_limit(struct gate *gate)
{
	gate->is_slow = false;
	gate->successes = 0;
}

/* One refused burst narrows once: the pause tells that it is the same one. */
void gate_note_busy(struct gate *gate, uint64_t random, int64_t now_ms)
{
	if (gate_pause_ms(gate, now_ms) > 0) {
		return;
	}
	int64_t backoff_ms = RATE_BUSY_BACKOFF_MS;
	for (int i = 0; i < gate->busy && backoff_ms < GATE_BUSY_BACKOFF_MAX; i++) {
		backoff_ms *= 2;
	}
	int64_t half_ms = backoff_ms / 2;
	gate->paused_until_ms = now_ms + half_ms + (int64_t)(random % (uint64_t)half_ms);
	gate->places = gate->places > 1 ? gate->places / 2 : 1;
	gate->successes = 0;
	gate->is_slow = false;
	gate->busy++;
}
