/* SPDX-License-Identifier: MIT */
#include "server/alarm/silence.h"

#include "server/base/log.h"
#include "server/base/metrics.h"
#include "server/base/zone.h"

#define VALUE          "alarm.silent_ms"
#define STORE_EVERY_MS (10 * 60 * 1000)
#define WEEK_DAYS      7
#define THURSDAY       4 /* 1970-01-01; Sunday is 0 */

bool silence_is_working_day(const struct connection_settings *settings, int64_t now_ms)
{
	int32_t day = zone_date(settings->policy.zone, now_ms) % WEEK_DAYS;
	int weekday = (day + THURSDAY + WEEK_DAYS) % WEEK_DAYS;

	return weekday >= 1 && weekday <= 5;
}

/* Signed deliveries only: anybody may ping. One that is sent again is a word from Bob, too. */
static double deliveries(const char *connection)
{
	return metrics_get(METRIC_DELIVERIES, LABELS(connection, "stored"));
}

static void load(struct silence *silence, struct store *store)
{
	int64_t silent_ms = store_value_get_number(store, silence->connection, VALUE);

	silence->is_loaded = true;
	silence->deliveries = 0;
	silence->silent_ms = silent_ms > 0 ? silent_ms : 0;
	silence->stored_ms = silence->silent_ms;
}

static void save(struct silence *silence, struct store *store)
{
	struct err err = ERR_INIT;

	if (!store_value_set_number(store, silence->connection, VALUE, silence->silent_ms, &err)) {
		log_warn("silence not stored", F("connection", silence->connection),
		        F("cause", err.text));
		return;
	}
	silence->stored_ms = silence->silent_ms;
}

void silence_count(
        struct silence *silence, struct store *store, bool is_working_day, int64_t elapsed_ms)
{
	if (!silence->is_loaded) {
		load(silence, store);
	}
	double now = deliveries(silence->connection);
	if (now != silence->deliveries) {
		silence->deliveries = now;
		silence->silent_ms = 0;
	} else if (is_working_day) {
		silence->silent_ms += elapsed_ms;
	}
	bool is_over = silence->silent_ms == 0 && silence->stored_ms != 0;
	if (is_over || silence->silent_ms - silence->stored_ms >= STORE_EVERY_MS) {
		save(silence, store);
	}
}
