/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_HISTORY_H
#define SERVER_STORE_HISTORY_H

/*
 * What was done, in numbers that outlive a restart, for HISTORY_DAYS; and whom
 * the next days are about, as the last reads of Bob told. Counted inside the
 * writes that settle events, close intents and finish runs, or not at all. The
 * same threads and errors as store.h. Times are wall clock.
 */

#include "server/store/store.h"

/* Numbers are kept by quarters of an hour: every time zone's days are made of these. */
#define HISTORY_SLOT_MS    (INT64_C(15) * 60 * 1000)
#define HISTORY_DAYS       32
#define HISTORY_TIME_COUNT 26

/* How runs ended. */
enum history_run {
	HISTORY_RUN_GOOD,
	HISTORY_RUN_AGAIN, /* not well; it is tried again by itself */
	HISTORY_RUN_FAILED, /* given up: a human has to look */
	HISTORY_RUN_COUNT
};

/* From an event's arrival to its answer: how many took at most history_time_ms(i). */
struct history_times {
	int64_t counts[HISTORY_TIME_COUNT];
};

struct history_counts {
	int64_t events[EVENT_STATE_COUNT]; /* distinct bodies, by what became of them at first */
	int64_t duplicates; /* deliveries of a body that was known */
	int64_t actions[ACTION_KIND_COUNT][OUTCOME_STATE_COUNT];
	int64_t runs[HISTORY_RUN_COUNT];
	struct history_times writes; /* to the first change in Okta */
	struct history_times nothings; /* to finding that there is nothing to change, or a hold */
};

/* From a slot's beginning to another's; filled in by store_history. */
struct history_span {
	int64_t from_ms;
	int64_t until_ms;
	struct history_counts counts;
};

/* Spans in order of time that do not overlap; what lies between them is not read into any. */
bool store_history(struct store *store, const char *connection, struct history_span *spans,
        size_t count, struct err *err) MUST_CHECK;
void history_add(struct history_counts *sum, const struct history_counts *more);

/* The upper bounds of the times, ascending; the last one stands for everything longer, too. */
int64_t history_time_ms(size_t index);
int64_t history_times_count(const struct history_times *times);
/* Of 100 answers so many took at most this long, by the bounds; -1: there were none. */
int64_t history_times_share_ms(const struct history_times *times, int percent);

/* When the connection's last delivery came; 0: none in HISTORY_DAYS. */
bool store_last_delivery(
        struct store *store, const char *connection, int64_t *at_ms, struct err *err) MUST_CHECK;

/* -------------------------------------------------------------------- held */

/* Open holds that nobody has rejected. */
struct held_counts {
	int64_t by_kind[HOLD_KIND_COUNT];
	int64_t undecided; /* people of whom an answer is asked: not those held by hand or revoked
	                    */
};
bool store_held(struct store *store, const char *connection, struct held_counts *counts,
        struct err *err) MUST_CHECK;

/* ------------------------------------------------------------------- ahead */

enum ahead_kind {
	AHEAD_JOIN, /* an account is made or activated */
	AHEAD_LEAVE, /* an account is closed */
	AHEAD_CHANGE, /* anything else that a date brings */
	AHEAD_KIND_COUNT
};
const char *ahead_kind_name(enum ahead_kind kind);

struct ahead {
	char employee_id[EMPLOYEE_ID_BYTES];
	struct personal display_name;
	int64_t at_ms;
	enum ahead_kind kind;
	enum account_status present_status;
	bool is_held; /* a human is asked first */
	int64_t read_at_ms; /* when Bob was last asked about this person; 0: never */
	char time_zone[ZONE_NAME_BYTES]; /* of the employee */
};

struct ahead_list {
	struct ahead *items;
	size_t count;
};
void ahead_list_finish(struct ahead_list *list);

/* Whose date comes from from_ms on and before until_ms, in order of time; Bob is not asked. */
struct ahead_query {
	const char *connection;
	int64_t from_ms;
	int64_t until_ms;
	size_t limit;
};
bool store_ahead(struct store *store, const struct ahead_query *query, struct ahead_list *list,
        struct err *err) MUST_CHECK;

#endif
