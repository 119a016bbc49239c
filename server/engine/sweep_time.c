/* SPDX-License-Identifier: MIT */
#include "server/engine/sweep_time.h"

/* Of the local date of an instant, or the one `days` after it. */
static int64_t night_of(
        const struct sweep_settings *settings, const struct zone *zone, int64_t at_ms, int days)
{
	return zone_instant_ms(zone, zone_date(zone, at_ms) + days, settings->at_minute);
}

/* The newest night that has come. */
static int64_t last_night_ms(
        const struct sweep_settings *settings, const struct zone *zone, int64_t now_ms)
{
	int64_t tonight_ms = night_of(settings, zone, now_ms, 0);

	return tonight_ms <= now_ms ? tonight_ms : night_of(settings, zone, now_ms, -1);
}

static int64_t next_night_ms(
        const struct sweep_settings *settings, const struct zone *zone, int64_t now_ms)
{
	int64_t tonight_ms = night_of(settings, zone, now_ms, 0);

	return tonight_ms > now_ms ? tonight_ms : night_of(settings, zone, now_ms, 1);
}

static int64_t repeat_ms(const struct sweep_history *history)
{
	int64_t wait_ms = SWEEP_REPEAT_FIRST_MS;

	for (int64_t i = 1; i < history->faults && wait_ms < SWEEP_REPEAT_LONGEST_MS; i++) {
		wait_ms *= 2;
	}
	return history->fault_ended_at_ms +
	        (wait_ms < SWEEP_REPEAT_LONGEST_MS ? wait_ms : SWEEP_REPEAT_LONGEST_MS);
}

static int64_t silence_ms(const struct delivery_rhythm *rhythm)
{
	int64_t twice_ms = 2 * rhythm->longest_gap_ms;

	return twice_ms > SWEEP_SILENCE_MIN_MS ? twice_ms : SWEEP_SILENCE_MIN_MS;
}

bool sweep_is_silent(const struct delivery_rhythm *rhythm, int64_t now_ms)
{
	return rhythm->last_at_ms != 0 && now_ms - rhythm->last_at_ms >= silence_ms(rhythm);
}

/* A night before the connection first ran, or before a good sweep began, needs none. */
static bool is_night_missed(const struct sweep_history *history, int64_t night_ms)
{
	return night_ms > history->known_since_ms && history->good_started_at_ms < night_ms;
}

bool sweep_is_due(const struct sweep_history *history, const struct sweep_settings *settings,
        const struct zone *zone, int64_t now_ms, enum sweep_cause *cause)
{
	int64_t silent_since_ms = history->rhythm.last_at_ms + silence_ms(&history->rhythm);

	if (history->faults > 0) {
		*cause = SWEEP_REPEAT;
		return now_ms >= repeat_ms(history);
	}
	if (settings->is_nightly &&
	        is_night_missed(history, last_night_ms(settings, zone, now_ms))) {
		*cause = SWEEP_NIGHTLY;
		return true;
	}
	*cause = SWEEP_SILENCE;
	return sweep_is_silent(&history->rhythm, now_ms) &&
	        history->good_started_at_ms < silent_since_ms;
}

int64_t sweep_next_ms(const struct sweep_history *history, const struct sweep_settings *settings,
        const struct zone *zone, int64_t now_ms)
{
	if (history->faults > 0) {
		return repeat_ms(history);
	}
	return settings->is_nightly ? next_night_ms(settings, zone, now_ms) : 0;
}
