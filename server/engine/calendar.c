/* SPDX-License-Identifier: MIT */
#include "server/engine/calendar.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/calendar_days.h"

#include <stdlib.h>
#include <string.h>

static json_t *counts_json(const struct calendar_day *day)
{
	json_t *counts = json_object();

	for (int kind = 0; kind < ACTION_KIND_COUNT; kind++) {
		if (day->counts[kind] > 0) {
			json_object_set_new(counts, action_kind_name((enum action_kind)kind),
			        json_integer((json_int_t)day->counts[kind]));
		}
	}
	return counts;
}

static int compare_entries(const void *a, const void *b)
{
	const json_t *left = *(json_t *const *)a;
	const json_t *right = *(json_t *const *)b;
	int64_t left_ms = json_get_int(left, "at_ms", 0);
	int64_t right_ms = json_get_int(right, "at_ms", 0);

	if (left_ms != right_ms) {
		return left_ms < right_ms ? -1 : 1;
	}
	return strcmp(json_get_text(left, "employee_id"), json_get_text(right, "employee_id"));
}

/* The entries in order of time, as a new list; NULL: out of memory. */
static json_t *sorted(const json_t *entries)
{
	size_t count = json_array_size(entries);
	json_t **items = calloc(count + 1, sizeof(json_t *));
	json_t *list = json_array();

	for (size_t i = 0; items != NULL && i < count; i++) {
		items[i] = json_array_get(entries, i);
	}
	if (items != NULL) {
		qsort(items, count, sizeof(json_t *), compare_entries);
	}
	for (size_t i = 0; items != NULL && i < count; i++) {
		json_array_append(list, items[i]);
	}
	free(items);
	return list;
}

static json_t *day_json(const struct calendar *calendar, int index)
{
	const struct calendar_day *day = &calendar->days[index];
	char date[CLOCK_TEXT_BYTES];

	date_format(date, calendar->today + index);
	return json_pack("{s:s, s:I, s:I, s:o, s:O, s:o, s:I}", "date", date, "people",
	        (json_int_t)day->people, "held", (json_int_t)day->held, "counts", counts_json(day),
	        "warnings", day->warnings, "entries", sorted(day->entries), "left_out",
	        (json_int_t)day->left_out);
}

static bool is_quiet(const struct calendar_day *day)
{
	return day->people == 0 && day->held == 0;
}

static json_t *calendar_json(const struct calendar *calendar)
{
	json_t *days = json_array();
	char from[CLOCK_TEXT_BYTES];
	char to[CLOCK_TEXT_BYTES];
	char sentence[SENTENCE_BYTES];
	size_t warned = 0;

	for (int i = 0; i < calendar->day_count; i++) {
		warned += json_array_size(calendar->days[i].warnings) > 0 ? 1 : 0;
		if (!is_quiet(&calendar->days[i])) {
			json_array_append_new(days, day_json(calendar, i));
		}
	}
	date_format(from, calendar->today);
	date_format(to, calendar->today + calendar->day_count - 1);
	str_format_cut(sentence, sizeof(sentence),
	        "%lld people looked at; something happens on %zu of %d days%s.",
	        (long long)calendar->people, json_array_size(days), calendar->day_count,
	        warned == 0           ? ""
	                : warned == 1 ? ", and one of them runs into a limit"
	                              : ", and some of them run into a limit");
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:b, s:s, s:o, s:s}", "connection",
	        calendar->all.connection->settings->name, "from", from, "to", to, "time_zone",
	        zone_name(forecast_zone(&calendar->planner, NULL)), "people",
	        (json_int_t)calendar->people, "is_draft", calendar->planner.is_draft, "table",
	        calendar->table, "days", days, "sentence", sentence);
}

bool calendar_check_days(int days, struct err *err)
{
	if (days < 1 || days > CALENDAR_DAYS_MAX) {
		err_set(err, ERR_BAD_REQUEST, "\"days\" is a whole number from 1 to %d",
		        CALENDAR_DAYS_MAX);
		return false;
	}
	return true;
}

bool engine_plan_next(const struct plan_query *query, int days, json_t **report, struct err *err)
{
	struct calendar calendar = {0};

	*report = NULL;
	if (!calendar_check_days(days, err)) {
		return false;
	}
	if (calendar_open(&calendar, query, days, err) && calendar_gather(&calendar, err) &&
	        calendar_judge_limits(&calendar, err)) {
		*report = calendar_json(&calendar);
		if (*report == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory for a calendar");
		}
	}
	calendar_close(&calendar);
	return *report != NULL;
}
