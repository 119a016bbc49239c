/* SPDX-License-Identifier: MIT */
/*
 * Who and what the process ended on (engine rule 6). What is counted was on
 * the disk before the work: is_in_hand of an employee, and the span of events
 * that were being read. An employee that was alone in hand three times without
 * an outcome between gets a hold; an event is told apart by its count.
 */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

#define READ_FROM "events_read_from"
#define READ_TO   "events_read_to"

/* In a worker's hands: begun, or with an intent of the present lease. */
#define IN_HAND                                                                           \
	" state = 'working' AND (is_in_hand = 1 OR EXISTS (SELECT 1 FROM intents i WHERE" \
	" i.connection = employees.connection AND i.employee_id = employees.employee_id"  \
	" AND i.outcome = 'open' AND i.lease_token = employees.lease_token))"

/* --------------------------------------------------------------- employees */

/* Only who was alone is surely the one; whoever else was in hand is suspected. */
static bool count_in_hand(struct sqlite_conn *conn, struct err *err)
{
	static const char SQL_COUNT[] = "SELECT count(*) FROM employees WHERE" IN_HAND;
	static const char SQL_CRASHES[] =
	        "UPDATE employees SET is_suspect = 1, crashes = crashes + ? WHERE" IN_HAND;
	int64_t in_hand = 0;
	return sqlite_number(conn, SQL_COUNT, NULL, &in_hand, err) &&
	        (in_hand == 0 ||
	                sqlite_exec(conn, SQL_CRASHES, VALUES(INT(in_hand == 1 ? 1 : 0)), err));
}

static bool set_aside(struct sqlite_conn *conn, const struct employee_key *key, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO holds (connection, employee_id, kind, cause, [by], since_ms,"
	        " is_rejected, okta_id) SELECT connection, employee_id, 'crash', ?3, 'server',"
	        " ?4, 0, okta_id FROM employees WHERE connection = ?1 AND employee_id = ?2"
	        " ON CONFLICT (connection, employee_id, kind, [limit]) DO NOTHING";
	return sqlite_exec(conn, SQL,
	               VALUES(TEXT(key->connection), TEXT(key->employee_id),
	                       TEXT("work on this employee ended the process three times; nothing"
	                            " is done until it is released, their leaving neither"),
	                       INT(clock_wall_ms())),
	               err) &&
	        sqlite_audit(conn, key, "server", "hold crash", err);
}

/* ROW_NONE: nobody (any more). One by one: at most one was alone in hand. */
static enum sqlite_row find_third(
        struct sqlite_conn *conn, struct employee_key *key, struct err *err)
{
	static const char SQL[] =
	        "SELECT connection, employee_id FROM employees"
	        " WHERE state = 'working' AND crashes >= ?" SQLITE_NOT_ASIDE " LIMIT 1";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(INT(STORE_CRASHES_MAX)), err);
	if (stmt == NULL) {
		return ROW_FAILED;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND) {
		str_format_cut(key->connection, sizeof(key->connection), "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
		str_format_cut(key->employee_id, sizeof(key->employee_id), "%s",
		        (const char *)sqlite3_column_text(stmt, 1));
	}
	sqlite_done(stmt);
	return row;
}

static bool set_third_aside(struct sqlite_conn *conn, struct err *err)
{
	struct employee_key key = {0};
	enum sqlite_row row = find_third(conn, &key, err);
	return row == ROW_NONE || (row == ROW_FOUND && set_aside(conn, &key, err));
}

/* ------------------------------------------------------------------ events */

bool sqlite_crash_read(struct sqlite_conn *conn, int64_t first_id, int64_t last_id, struct err *err)
{
	return sqlite_state_set(conn, READ_FROM, first_id, err) &&
	        sqlite_state_set(conn, READ_TO, last_id, err);
}

static bool count_read(struct sqlite_conn *conn, struct err *err)
{
	static const char SQL[] =
	        "UPDATE inbox SET crashes = crashes + 1 WHERE event_id"
	        " BETWEEN (SELECT value FROM store_state WHERE name = '" READ_FROM "')"
	        " AND (SELECT value FROM store_state WHERE name = '" READ_TO "')";
	return sqlite_exec(conn, SQL, NULL, err);
}

struct read_call {
	int64_t first_id;
	int64_t last_id;
};

static bool read_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct read_call *call = context;
	return sqlite_crash_read(conn, call->first_id, call->last_id, err);
}

bool store_event_begin(struct store *store, int64_t first_id, int64_t last_id, struct err *err)
{
	struct read_call call = {first_id, last_id};
	return sqlite_write(store, read_run, &call, err);
}

/* ------------------------------------------------------------------- start */

bool sqlite_crash_count(struct sqlite_conn *conn, struct err *err)
{
	int64_t was_open = 0;
	if (!sqlite_state_get(conn, "is_open", &was_open, err)) {
		return false;
	}
	if (was_open == 1 &&
	        (!count_in_hand(conn, err) || !set_third_aside(conn, err) ||
	                !count_read(conn, err))) {
		return false;
	}
	return sqlite_crash_read(conn, 0, 0, err);
}

/* ------------------------------------------------------------------- again */

static bool refuse_retry(struct sqlite_conn *conn, const struct event_retry *retry, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(*) FROM events WHERE connection = ? AND event_id = ?";
	int64_t count = 0;
	if (!sqlite_number(conn, SQL, VALUES(TEXT(retry->connection), INT(retry->event_id)), &count,
	            err)) {
		return false;
	}
	if (count == 0) {
		err_set(err, ERR_NOT_FOUND, "there is no event %lld, or not any more",
		        (long long)retry->event_id);
	} else {
		err_set(err, ERR_CONFLICT,
		        "event %lld was understood, or its body is emptied already (seven days"
		        " after it came): sync its employee instead",
		        (long long)retry->event_id);
	}
	return false;
}

/* Back to those that nobody has read; what was made of it, and the count, go. */
static bool retry_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO inbox (event_id, connection, received_at_ms, body)"
	        " SELECT event_id, connection, last_seen_at_ms, body FROM events WHERE connection"
	        " = ? AND event_id = ? AND state IN ('unusable', 'foreign') AND body IS NOT NULL";
	static const char SQL_OLD[] = "DELETE FROM events WHERE event_id = ?";
	const struct event_retry *retry = context;
	struct employee_key key = {0};
	char what[64];
	if (!sqlite_exec(conn, SQL, VALUES(TEXT(retry->connection), INT(retry->event_id)), err)) {
		return false;
	}
	if (sqlite_changes(conn) == 0) {
		return refuse_retry(conn, retry, err);
	}
	str_format_cut(key.connection, sizeof(key.connection), "%s", retry->connection);
	str_format_cut(what, sizeof(what), "retry event %lld", (long long)retry->event_id);
	return sqlite_exec(conn, SQL_OLD, VALUES(INT(retry->event_id)), err) &&
	        sqlite_audit(conn, &key, retry->by, what, err);
}

bool store_event_retry(struct store *store, const struct event_retry *retry, struct err *err)
{
	struct event_retry copy = *retry;
	if (!sqlite_write(store, retry_run, &copy, err)) {
		return false;
	}
	atomic_fetch_add(&store->inbox_count, 1);
	return true;
}
