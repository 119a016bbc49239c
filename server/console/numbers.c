/* SPDX-License-Identifier: MIT */
#include "server/console/numbers.h"

#include "server/base/clock.h"

#define MINUTE_MS    INT64_C(60000)
#define HOUR_MS      (60 * MINUTE_MS)
#define HOUR_MINUTES 60

/* ------------------------------------------------------------------ reading */

/* Where the present hour began, by the clock on the wall. */
static int64_t hour_began_ms(const struct zone *zone, int64_t now_ms)
{
	return now_ms - now_ms % MINUTE_MS - zone_minute(zone, now_ms) % HOUR_MINUTES * MINUTE_MS;
}

bool numbers_read(struct numbers *numbers, struct store *store, const char *connection,
        const struct zone *zone, struct err *err)
{
	int64_t now_ms = clock_wall_ms();
	int64_t hour_ms = hour_began_ms(zone, now_ms);

	numbers->today = zone_date(zone, now_ms);
	for (int i = 0; i < NUMBERS_HOURS; i++) {
		int64_t from_ms = hour_ms - (NUMBERS_HOURS - 1 - i) * HOUR_MS;
		numbers->hours[i] =
		        (struct history_span){.from_ms = from_ms, .until_ms = from_ms + HOUR_MS};
	}
	for (int i = 0; i < NUMBERS_DAYS; i++) {
		int32_t date = numbers->today - (NUMBERS_DAYS - 1 - i);
		numbers->days[i] =
		        (struct history_span){.from_ms = zone_first_instant_ms(zone, date),
		                .until_ms = zone_first_instant_ms(zone, date + 1)};
	}
	return store_history(store, connection, numbers->hours, NUMBERS_HOURS, err) &&
	        store_history(store, connection, numbers->days, NUMBERS_DAYS, err);
}

/* ------------------------------------------------------------------ writing */

static json_t *actions_json(const struct history_counts *counts, enum outcome_state outcome)
{
	json_t *json = json_object();

	for (int kind = 0; kind < ACTION_KIND_COUNT; kind++) {
		int64_t count = counts->actions[kind][outcome];
		if (count > 0) {
			json_object_set_new(json, action_kind_name((enum action_kind)kind),
			        json_integer((json_int_t)count));
		}
	}
	return json;
}

static int64_t deliveries(const struct history_counts *counts)
{
	int64_t sum = counts->duplicates;

	for (int i = 0; i < EVENT_STATE_COUNT; i++) {
		sum += counts->events[i];
	}
	return sum;
}

/* What hours, days and today have in common. */
static json_t *counts_json(const struct history_counts *counts)
{
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:I, s:I}", "deliveries",
	        (json_int_t)deliveries(counts), "events",
	        (json_int_t)counts->events[EVENT_ACCEPTED], "done",
	        actions_json(counts, OUTCOME_DONE), "refused",
	        actions_json(counts, OUTCOME_REFUSED), "dry_run",
	        actions_json(counts, OUTCOME_DRY_RUN), "failed",
	        (json_int_t)counts->runs[HISTORY_RUN_FAILED], "again",
	        (json_int_t)counts->runs[HISTORY_RUN_AGAIN]);
}

static json_t *share_json(const struct history_times *times, int percent)
{
	int64_t ms = history_times_share_ms(times, percent);

	return ms < 0 ? json_null() : json_integer((json_int_t)ms);
}

static json_t *times_json(const struct history_times *times)
{
	return json_pack("{s:I, s:o, s:o}", "count", (json_int_t)history_times_count(times),
	        "p50_ms", share_json(times, 50), "p95_ms", share_json(times, 95));
}

static json_t *span_json(const struct history_span *span)
{
	json_t *json = counts_json(&span->counts);

	json_object_set_new(json, "at_ms", json_integer((json_int_t)span->from_ms));
	json_object_set_new(json, "times", times_json(&span->counts.writes));
	return json;
}

static void set_date(json_t *json, int32_t date)
{
	char text[CLOCK_TEXT_BYTES];

	date_format(text, date);
	json_object_set_new(json, "date", json_string(text));
}

json_t *numbers_today_json(const struct numbers *numbers)
{
	json_t *json = counts_json(&numbers->days[NUMBERS_DAYS - 1].counts);

	set_date(json, numbers->today);
	return json;
}

json_t *numbers_hours_json(const struct numbers *numbers)
{
	json_t *list = json_array();

	for (int i = 0; i < NUMBERS_HOURS; i++) {
		json_array_append_new(list, span_json(&numbers->hours[i]));
	}
	return list;
}

json_t *numbers_days_json(const struct numbers *numbers)
{
	json_t *list = json_array();

	for (int i = 0; i < NUMBERS_DAYS; i++) {
		json_t *day = span_json(&numbers->days[i]);
		set_date(day, numbers->today - (NUMBERS_DAYS - 1 - i));
		json_array_append_new(list, day);
	}
	return list;
}

static json_t *sum_json(const struct history_span *spans, size_t count)
{
	struct history_counts sum = {0};

	for (size_t i = 0; i < count; i++) {
		history_add(&sum, &spans[i].counts);
	}
	return json_pack("{s:o, s:o}", "writes", times_json(&sum.writes), "nothings",
	        times_json(&sum.nothings));
}

json_t *numbers_times_json(const struct numbers *numbers)
{
	return json_pack("{s:o, s:o}", "hours", sum_json(numbers->hours, NUMBERS_HOURS), "days",
	        sum_json(numbers->days, NUMBERS_DAYS));
}
