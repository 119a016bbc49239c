/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

/* ------------------------------------------------------------ one employee */

bool store_employee_get(struct store *store, const struct employee_key *key,
        struct employee *employee, struct err *err)
{
	*employee = (struct employee){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	enum sqlite_row row = sqlite_employee_load(conn, key, employee, err);
	sqlite_pool_give(store, conn);
	if (row == ROW_NONE) {
		err_set(err, ERR_NOT_FOUND,
		        "the store knows no employee %s; see bob2okta people for those it does",
		        key->employee_id);
	}
	if (row != ROW_FOUND) {
		employee_finish(employee);
	}
	return row == ROW_FOUND;
}

static enum sqlite_row find_by_account(struct sqlite_conn *conn, const char *connection,
        const char *account, struct employee_key *key, struct err *err)
{
	static const char SQL[] =
	        "SELECT employee_id FROM employees WHERE connection = ?1 AND okta_id = ?2"
	        " AND okta_id <> ''"
	        " UNION ALL SELECT employee_id FROM employees WHERE connection = ?1"
	        " AND login = lower(?2) AND okta_id <> ''"
	        " UNION ALL SELECT employee_id FROM intents INDEXED BY intents_open"
	        " WHERE outcome = 'open'"
	        " AND connection = ?1 AND login = lower(?2) LIMIT 1";
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(TEXT(connection), TEXT(account)), err);
	if (stmt == NULL) {
		return ROW_FAILED;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND) {
		str_format_cut(key->connection, sizeof(key->connection), "%s", connection);
		str_format_cut(key->employee_id, sizeof(key->employee_id), "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite_done(stmt);
	return row;
}

bool store_employee_by_okta_id(struct store *store, const char *connection, const char *okta_id,
        struct employee *employee, struct err *err)
{
	*employee = (struct employee){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	struct employee_key key = {0};
	enum sqlite_row row = find_by_account(conn, connection, okta_id, &key, err);
	if (row == ROW_FOUND) {
		row = sqlite_employee_load(conn, &key, employee, err);
	}
	sqlite_pool_give(store, conn);
	if (row == ROW_NONE) {
		err_set(err, ERR_NOT_FOUND, "no employee has this account");
	}
	if (row != ROW_FOUND) {
		employee_finish(employee);
	}
	return row == ROW_FOUND;
}

/* --------------------------------------------------------------- summaries */

/* The earliest of three: a time that is set, a dirty one that may run now, a lease's end. */
static bool find_next(
        struct sqlite_conn *conn, const char *connection, int64_t *due_ms, struct err *err)
{
	static const char SQL_DUE[] =
	        "SELECT due_at_ms FROM employees INDEXED BY employees_next"
	        " WHERE connection = ? AND due_at_ms IS NOT NULL" SQLITE_NOT_ASIDE
	        " ORDER BY due_at_ms LIMIT 1";
	static const char SQL_READY[] =
	        "SELECT 1 FROM employees WHERE connection = ? AND state = 'dirty'"
	        " AND retry_not_before_ms = 0" SQLITE_NOT_ASIDE " LIMIT 1";
	static const char SQL_LEASE[] =
	        "SELECT min(lease_until_mono_ms) FROM employees INDEXED BY employees_leased"
	        " WHERE connection = ? AND state = 'working'";
	int64_t now_ms = clock_wall_ms();
	int64_t is_ready = 0;
	int64_t lease_ms = 0;
	*due_ms = 0;
	if (!sqlite_number(conn, SQL_DUE, VALUES(TEXT(connection)), due_ms, err) ||
	        !sqlite_number(conn, SQL_READY, VALUES(TEXT(connection)), &is_ready, err) ||
	        !sqlite_number(conn, SQL_LEASE, VALUES(TEXT(connection)), &lease_ms, err)) {
		return false;
	}
	if (is_ready != 0 && (*due_ms == 0 || now_ms < *due_ms)) {
		*due_ms = now_ms;
	}
	if (lease_ms != 0) {
		int64_t ends_ms = now_ms + lease_ms - clock_mono_ms();
		*due_ms = *due_ms == 0 || ends_ms < *due_ms ? ends_ms : *due_ms;
	}
	return true;
}

bool store_next_due(struct store *store, const char *connection, int64_t *due_ms, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = find_next(conn, connection, due_ms, err);
	sqlite_pool_give(store, conn);
	return done;
}

static void count_lane(
        struct store_counts *counts, enum employee_state state, const char *lane, int64_t count)
{
	bool is_busy = state == EMPLOYEE_DIRTY || state == EMPLOYEE_WORKING;
	for (int i = 0; i < LANE_COUNT; i++) {
		if (str_equal(lane_name((enum lane)i), lane)) {
			counts->by_lane[i] += is_busy ? count : 0;
			counts->waiting[i] += is_busy || state == EMPLOYEE_PARKED ? count : 0;
		}
	}
}

static bool count_employees(struct sqlite_conn *conn, const char *connection,
        struct store_counts *counts, struct err *err)
{
	static const char SQL[] =
	        "SELECT state, lane, count(*), min(nullif(dirty_since_ms, 0)) FROM employees"
	        " WHERE connection = ? GROUP BY state, lane";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(TEXT(connection)), err);
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		enum employee_state state =
		        employee_state_parse((const char *)sqlite3_column_text(stmt, 0));
		const char *lane = (const char *)sqlite3_column_text(stmt, 1);
		int64_t count = sqlite3_column_int64(stmt, 2);
		int64_t since_ms = sqlite3_column_int64(stmt, 3);
		if (state < EMPLOYEE_STATE_COUNT) {
			counts->by_state[state] += count;
		}
		count_lane(counts, state, lane, count);
		if (since_ms != 0 &&
		        (counts->oldest_dirty_ms == 0 || since_ms < counts->oldest_dirty_ms)) {
			counts->oldest_dirty_ms = since_ms;
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

/* Those set aside wait for a human. */
static bool leave_out_aside(struct sqlite_conn *conn, const char *connection,
        struct store_counts *counts, struct err *err)
{
	static const char SQL[] =
	        "SELECT e.lane FROM holds h JOIN employees e ON e.connection = h.connection AND"
	        " e.employee_id = h.employee_id WHERE h.connection = ? AND h.kind = 'crash'"
	        " AND e.state IN ('dirty', 'working', 'parked')";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(TEXT(connection)), err);
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		const char *lane = (const char *)sqlite3_column_text(stmt, 0);
		for (int i = 0; i < LANE_COUNT; i++) {
			counts->waiting[i] -= str_equal(lane_name((enum lane)i), lane) ? 1 : 0;
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

/* Adds up a query of (word, count). */
static bool count_words(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        const struct sqlite_words *words, int64_t *counts, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		const char *text = (const char *)sqlite3_column_text(stmt, 0);
		for (int i = 0; i < words->count; i++) {
			if (str_equal(words->name(i), text)) {
				counts[i] = sqlite3_column_int64(stmt, 1);
			}
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

static bool count_now(struct sqlite_conn *conn, const char *connection, struct store_counts *counts,
        struct err *err)
{
	static const char SQL_HOLDS[] =
	        "SELECT kind, count(*) FROM holds WHERE connection = ? GROUP BY kind";
	static const char SQL_INBOX[] = "SELECT count(*) FROM inbox WHERE connection = ?";
	const struct sqlite_value *of = VALUES(TEXT(connection));
	return count_employees(conn, connection, counts, err) &&
	        leave_out_aside(conn, connection, counts, err) &&
	        count_words(conn, sqlite_query(conn, SQL_HOLDS, of, err), &sqlite_words_hold_kind,
	                counts->holds, err) &&
	        sqlite_number(conn, SQL_INBOX, of, &counts->events[EVENT_RECEIVED], err) &&
	        sqlite_managed_active(conn, connection, &counts->managed_active, err);
}

static bool count_all(struct sqlite_conn *conn, const char *connection, struct store_counts *counts,
        struct err *err)
{
	static const char SQL_EVENTS[] = "SELECT state, count(*) FROM events WHERE connection = ?"
	                                 " AND state <> 'received' GROUP BY state";
	static const char SQL_ROWS[] =
	        "SELECT count(*) FROM employees WHERE connection = ? AND row_problems IS NOT NULL";
	static const char SQL_ASIDE[] =
	        "SELECT count(*) FROM events WHERE connection = ? AND crashes >= ?"
	        " AND state = 'unusable'";
	const struct sqlite_value *of = VALUES(TEXT(connection));
	return count_now(conn, connection, counts, err) &&
	        count_words(conn, sqlite_query(conn, SQL_EVENTS, of, err),
	                &sqlite_words_event_state, counts->events, err) &&
	        sqlite_number(conn, SQL_ROWS, of, &counts->row_problems, err) &&
	        sqlite_number(conn, SQL_ASIDE, VALUES(TEXT(connection), INT(STORE_CRASHES_MAX)),
	                &counts->events_aside, err);
}

typedef bool counter(struct sqlite_conn *conn, const char *connection, struct store_counts *counts,
        struct err *err);

static bool count_with(struct store *store, const char *connection, counter *count,
        struct store_counts *counts, struct err *err)
{
	*counts = (struct store_counts){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = count(conn, connection, counts, err);
	sqlite_pool_give(store, conn);
	return done;
}

bool store_counts(
        struct store *store, const char *connection, struct store_counts *counts, struct err *err)
{
	return count_with(store, connection, count_all, counts, err);
}

bool store_counts_now(
        struct store *store, const char *connection, struct store_counts *counts, struct err *err)
{
	return count_with(store, connection, count_now, counts, err);
}
