/* SPDX-License-Identifier: MIT */
/*
 * Where a calendar runs into a limit (policy M2): its actions in order of time,
 * counted as store_intent_open counts them. Who is held does not count, and
 * whoever has an approval in advance passes and counts. What counts already
 * now is taken to count for the whole length of its window.
 */
#include "server/engine/calendar_days.h"

#include "server/base/str.h"
#include "server/store/limits.h"

#include <stdlib.h>
#include <string.h>

struct window {
	const char *word;
	int64_t length_ms;
	int64_t most; /* people; -1: no such limit */
	int64_t used; /* by what happened before now */
	size_t oldest; /* event that may still be in the window */
	int64_t count; /* of events in it */
};

enum { WINDOWS = LIMIT_PERIOD_COUNT };

struct judging {
	struct calendar *calendar;
	enum limit_kind limit;
	struct window windows[WINDOWS];
	int last_over; /* the window that held the last event back */
};

static int compare_events(const void *a, const void *b)
{
	const struct calendar_event *left = a;
	const struct calendar_event *right = b;

	if (left->at_ms != right->at_ms) {
		return left->at_ms < right->at_ms ? -1 : 1;
	}
	/* Whoever was approved comes first: the others are told to wait. */
	if (left->is_approved != right->is_approved) {
		return left->is_approved ? -1 : 1;
	}
	return strcmp(left->employee_id, right->employee_id);
}

/* What a restored store has full stays so for the whole of the window. */
static int64_t used_of(const struct limit_state *state, const struct limit_fill *fill)
{
	bool is_filled = state->is_restored && fill->next_ms != 0 && fill->used < fill->allowed;

	return is_filled ? fill->allowed : fill->used;
}

static bool open_windows(struct judging *judging, struct err *err)
{
	struct calendar *calendar = judging->calendar;
	const char *connection = calendar->all.connection->settings->name;
	struct limit_state state;

	if (!store_limit_look(calendar->engine->store, connection,
	            planner_limits(&calendar->planner), judging->limit, &state, err)) {
		return false;
	}
	for (int i = 0; i < WINDOWS; i++) {
		enum limit_period period = (enum limit_period)i;
		const struct limit_fill *fill = &state.fills[period];
		judging->windows[i] = (struct window){limit_period_name(period),
		        limit_period_ms(period), fill->allowed, used_of(&state, fill), 0, 0};
	}
	return true;
}

/* Counted: of our limit, and let through. */
static bool is_counted(const struct judging *judging, const struct calendar_event *event)
{
	return event->limit == judging->limit && !event->is_over;
}

/* Leaves out of the window what is too old for it at that time. */
static void move_on(struct judging *judging, struct window *window, size_t index)
{
	const struct calendar_event *events = judging->calendar->events;

	while (window->oldest < index &&
	        events[window->oldest].at_ms <= events[index].at_ms - window->length_ms) {
		window->count -= is_counted(judging, &events[window->oldest]) ? 1 : 0;
		window->oldest++;
	}
}

static bool is_full(const struct judging *judging, const struct window *window, int64_t at_ms)
{
	bool counts_used = at_ms - judging->calendar->now_ms < window->length_ms;

	return window->most >= 0 &&
	        window->count + (counts_used ? window->used : 0) >= window->most;
}

static void judge_event(struct judging *judging, size_t index)
{
	struct calendar_event *event = &judging->calendar->events[index];

	judging->last_over = WINDOWS;
	for (int i = 0; i < WINDOWS; i++) {
		move_on(judging, &judging->windows[i], index);
		if (judging->last_over == WINDOWS &&
		        is_full(judging, &judging->windows[i], event->at_ms)) {
			judging->last_over = i;
		}
	}
	event->is_over = judging->last_over != WINDOWS && !event->is_approved;
	for (int i = 0; i < WINDOWS; i++) {
		judging->windows[i].count += event->is_over ? 0 : 1;
	}
}

/* ------------------------------------------------------------------ warnings */

/* What a day comes to for one limit. */
struct tally {
	int64_t planned;
	int64_t approved;
	int64_t over;
	int window; /* the first that held somebody back */
};

static void add_warning(const struct judging *judging, const struct tally *tally, int index)
{
	struct calendar_day *day = &judging->calendar->days[index];
	const struct window *window = &judging->windows[tally->window];
	const char *limit = limit_kind_name(judging->limit);
	char sentence[SENTENCE_BYTES];

	str_format_cut(sentence, sizeof(sentence),
	        "%lld for the limit \"%s\", which lets %lld people pass in a%s %s: %lld would be"
	        " held; approve them in advance, or release them then.",
	        (long long)tally->planned, limit, (long long)window->most,
	        tally->window == LIMIT_HOUR ? "n" : "", window->word, (long long)tally->over);
	json_array_append_new(day->warnings,
	        json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:s}", "limit", limit, "window",
	                window->word, "most", (json_int_t)window->most, "planned",
	                (json_int_t)tally->planned, "approved", (json_int_t)tally->approved, "over",
	                (json_int_t)tally->over, "sentence", sentence));
}

static void judge_limit(struct judging *judging, struct tally *tallies)
{
	struct calendar *calendar = judging->calendar;

	for (size_t i = 0; i < calendar->event_count; i++) {
		struct calendar_event *event = &calendar->events[i];
		if (event->limit != judging->limit) {
			continue;
		}
		judge_event(judging, i);
		struct tally *tally = &tallies[event->day];
		tally->planned++;
		tally->approved += event->is_approved ? 1 : 0;
		if (event->is_over && tally->over++ == 0) {
			tally->window = judging->last_over;
		}
	}
	for (int day = 0; day < calendar->day_count; day++) {
		if (tallies[day].over > 0) {
			add_warning(judging, &tallies[day], day);
		}
	}
}

bool calendar_judge_limits(struct calendar *calendar, struct err *err)
{
	if (calendar->event_count > 0) {
		qsort(calendar->events, calendar->event_count, sizeof(*calendar->events),
		        compare_events);
	}
	for (int limit = LIMIT_NONE + 1; limit < LIMIT_KIND_COUNT; limit++) {
		struct judging judging = {.calendar = calendar, .limit = (enum limit_kind)limit};
		struct tally *tallies = calloc((size_t)calendar->day_count, sizeof(*tallies));
		if (tallies == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory for a calendar");
			return false;
		}
		bool is_open = open_windows(&judging, err);
		if (is_open) {
			judge_limit(&judging, tallies);
		}
		free(tallies);
		if (!is_open) {
			return false;
		}
	}
	return true;
}
