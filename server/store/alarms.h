/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_ALARMS_H
#define SERVER_STORE_ALARMS_H

/*
 * Alarms as they are kept, and the facts in the store that they are made from.
 * The same threads and errors as store.h. Ages count in running time (engine
 * rule 19), times are wall clock and for people. Holds ids, no names.
 */

#include "server/base/alarm_words.h"
#include "server/store/store.h"

#define ALARM_SUBJECT_BYTES 48

struct alarm {
	int64_t alarm_id; /* 0: not in the store yet */
	char connection[CONNECTION_NAME_BYTES]; /* "": the process */
	enum alarm_name name;
	char subject[ALARM_SUBJECT_BYTES];
	int64_t since_ms; /* first seen */
	int64_t seen_running_ms; /* the same in running time */
	int64_t opened_at_ms; /* 0: not old enough to be an alarm */
	int64_t sent_at_ms; /* 0: never */
	int64_t sent_running_ms;
	int64_t sends;
	char acknowledged_by[64]; /* "": not acknowledged; store_alarm_acknowledge alone sets it */
	int64_t acknowledged_at_ms;
	int64_t ended_at_ms; /* 0: not gone */
	bool is_end_sent;
};

struct alarm_list {
	struct alarm *items;
	size_t count;
};
void alarm_list_finish(struct alarm_list *list);

/* All that have not ended, or whose end was not told, by connection, name and subject. */
bool store_alarm_live(struct store *store, struct alarm_list *alarms, int64_t *running_ms,
        struct err *err) MUST_CHECK;
/*
 * One commit: adds those without an id, which they get; writes the others but for their
 * acknowledgement; removes those that ended before they opened. Of what has ended the newest
 * thousand are kept.
 */
bool store_alarm_write(
        struct store *store, struct alarm *const *alarms, size_t count, struct err *err) MUST_CHECK;
/* Open ones, critical or not, and then those that ended, newest first; connection NULL: all. */
struct alarm_query {
	const char *connection;
	bool with_ended;
	size_t limit;
};
bool store_alarm_list(struct store *store, const struct alarm_query *query,
        struct alarm_list *alarms, struct err *err) MUST_CHECK;
/* A human has seen it: no repeats while it lasts. Audited. *count: how many were open. */
struct alarm_choice {
	const char *connection; /* NULL: of all, and of the process */
	enum alarm_name name;
	const char *subject; /* NULL: all */
	const char *by;
};
bool store_alarm_acknowledge(struct store *store, const struct alarm_choice *choice, size_t *count,
        struct err *err) MUST_CHECK;

/* ------------------------------------------------------------------- facts */

enum alarm_fact {
	ALARM_FACT_LEAVER_OPEN, /* due, linked, not closed, and no rule says why */
	ALARM_FACT_RULE, /* the last run was an alarm by query.rule */
	ALARM_FACT_REVOKED_UNLINKED,
	ALARM_FACT_REVOKE_ROW, /* no termination behind a revocation */
	ALARM_FACT_HOLD, /* an open hold of query.hold */
	ALARM_FACT_HELD, /* an open hold that no alarm of its own is about */
	ALARM_FACT_FAILED,
	ALARM_FACT_EVENT_ASIDE, /* nobody reads an event any more; the subject is "" */
	ALARM_FACT_RESTORED, /* put back less than a day of running ago; the subject is "" */
	ALARM_FACT_AUDIT_BROKEN, /* the value "audit.broken" is set; the subject is "" */
	ALARM_FACT_COUNT
};

struct alarm_fact_query {
	enum alarm_fact fact;
	const char *connection;
	const char *rule;
	enum hold_kind hold;
	int64_t now_ms;
	size_t limit;
};

struct alarm_subject {
	char text[ALARM_SUBJECT_BYTES];
};
struct alarm_subject_list {
	struct alarm_subject *items;
	size_t count;
};
void alarm_subject_list_finish(struct alarm_subject_list *list);
/* Adds one; false when out of memory. */
bool alarm_subject_add(struct alarm_subject_list *list, const char *subject) MUST_CHECK;

/* Whom the fact is true of, by id. */
bool store_alarm_facts(struct store *store, const struct alarm_fact_query *query,
        struct alarm_subject_list *subjects, struct err *err) MUST_CHECK;

#endif
