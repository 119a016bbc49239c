/* SPDX-License-Identifier: MIT */
#include "server/store/history.h"

#include <stdlib.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

/* Stored by value: another bound may come, none may change its meaning. */
static const int64_t TIMES_MS[HISTORY_TIME_COUNT] = {500, 1 * SECOND, 2 * SECOND, 3 * SECOND,
        4 * SECOND, 5 * SECOND, 7500, 10 * SECOND, 15 * SECOND, 20 * SECOND, 30 * SECOND,
        45 * SECOND, 1 * MINUTE, 90 * SECOND, 2 * MINUTE, 3 * MINUTE, 5 * MINUTE, 10 * MINUTE,
        15 * MINUTE, 30 * MINUTE, 1 * HOUR, 2 * HOUR, 6 * HOUR, 1 * DAY, 7 * DAY, 30 * DAY};

static void add_all(int64_t *sum, const int64_t *more, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		sum[i] += more[i];
	}
}

void history_add(struct history_counts *sum, const struct history_counts *more)
{
	add_all(sum->events, more->events, EVENT_STATE_COUNT);
	sum->duplicates += more->duplicates;
	for (int kind = 0; kind < ACTION_KIND_COUNT; kind++) {
		add_all(sum->actions[kind], more->actions[kind], OUTCOME_STATE_COUNT);
	}
	add_all(sum->runs, more->runs, HISTORY_RUN_COUNT);
	add_all(sum->writes.counts, more->writes.counts, HISTORY_TIME_COUNT);
	add_all(sum->nothings.counts, more->nothings.counts, HISTORY_TIME_COUNT);
}

int64_t history_time_ms(size_t index)
{
	return TIMES_MS[index < HISTORY_TIME_COUNT ? index : HISTORY_TIME_COUNT - 1];
}

int64_t history_times_count(const struct history_times *times)
{
	int64_t count = 0;

	for (size_t i = 0; i < HISTORY_TIME_COUNT; i++) {
		count += times->counts[i];
	}
	return count;
}

int64_t history_times_share_ms(const struct history_times *times, int percent)
{
	int64_t all = history_times_count(times);
	int64_t passed = 0;

	if (all == 0) {
		return -1;
	}
	for (size_t i = 0; i < HISTORY_TIME_COUNT; i++) {
		passed += times->counts[i];
		if (passed * 100 >= all * percent) {
			return TIMES_MS[i];
		}
	}
	return TIMES_MS[HISTORY_TIME_COUNT - 1];
}

const char *ahead_kind_name(enum ahead_kind kind)
{
	switch (kind) {
	case AHEAD_JOIN: return "join";
	case AHEAD_LEAVE: return "leave";
	case AHEAD_CHANGE: return "change";
	case AHEAD_KIND_COUNT: break;
	}
	return "unknown";
}

void ahead_list_finish(struct ahead_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		personal_finish(&list->items[i].display_name);
	}
	free(list->items);
	*list = (struct ahead_list){0};
}
