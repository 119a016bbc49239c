/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_CALENDAR_DAYS_H
#define SERVER_ENGINE_CALENDAR_DAYS_H

/*
 * The days to come while they are gathered: people one after the other, of each
 * only what happens to them. Memory grows with what happens, not with the
 * company: counts by day, a bounded list of entries, and a few bytes an action
 * that counts against a limit. One thread.
 */

#include "server/engine/calendar.h"
#include "server/engine/everybody.h"
#include "server/engine/forecast.h"

#define CALENDAR_DAY_ENTRIES_MAX 200
#define CALENDAR_ENTRIES_MAX     4000

/* An action that counts against a limit. */
struct calendar_event {
	int64_t at_ms;
	int64_t from_ms; /* from when to when an approval for its day is valid */
	int64_t until_ms;
	char employee_id[EMPLOYEE_ID_BYTES];
	enum limit_kind limit;
	int day; /* index of the calendar */
	bool is_approved;
	bool is_over; /* would pass the limit; set by calendar_judge_limits */
};

struct calendar_day {
	int64_t counts[ACTION_KIND_COUNT]; /* people */
	int64_t people; /* to whom something happens */
	int64_t held; /* to whom it would, if a human let it */
	int64_t left_out; /* of the entries */
	json_t *entries; /* owned */
	json_t *warnings; /* owned */
};

struct calendar {
	struct everybody all;
	struct planner planner;
	struct engine *engine;
	int64_t now_ms;
	int32_t today; /* in the default time zone */
	int day_count;
	struct calendar_day *days;
	int64_t people;
	int64_t entry_count;
	struct calendar_event *events;
	size_t event_count;
	size_t event_room;
	struct approval_list approvals;
	char table[SENTENCE_BYTES]; /* why the lifecycle table is not known; "": it is */
	bool is_out_of_memory;

	/* Read, and not looked at yet: the table is read for all of them at once. */
	struct employee_key waiting[BOB_TABLE_MAX];
	json_t *sources[BOB_TABLE_MAX];
	size_t waiting_count;

	/* While a person is walked. */
	const char *walked_id;
	const struct zone *walked_zone;
	char walked_hold[32];
};

/* ERR_BAD_REQUEST for days that are none. */
bool calendar_check_days(int days, struct err *err) MUST_CHECK;
/* Close it in every case. */
bool calendar_open(struct calendar *calendar, const struct plan_query *query, int days,
        struct err *err) MUST_CHECK;
void calendar_close(struct calendar *calendar);
/* Everybody Bob lists, and those who are only in the store and have something due. */
bool calendar_gather(struct calendar *calendar, struct err *err) MUST_CHECK;
/* Marks the events that would pass a limit, and adds each day's warnings. */
bool calendar_judge_limits(struct calendar *calendar, struct err *err) MUST_CHECK;

#endif
