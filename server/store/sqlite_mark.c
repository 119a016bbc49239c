/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite_audit.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

#define MARK_BATCH 500 /* employees a write, so that deliveries never wait long */

/*
 * A mark wakes a parked one too, and waives the backoff, since a human or a
 * whole connection that recovered asks for it; only the sweep waits its turn.
 */
bool sqlite_mark(
        struct sqlite_conn *conn, const struct employee_key *key, enum lane lane, struct err *err)
{
	struct employee employee;
	bool done = sqlite_employee_ensure(conn, key, &employee, err) &&
	        sqlite_employee_dirty(conn, &employee, lane, clock_wall_ms(), err);
	if (done && employee.state == EMPLOYEE_PARKED) {
		done = sqlite_employee_set_state(conn, &employee, EMPLOYEE_DIRTY, err);
	}
	if (done && lane != LANE_SWEEP) {
		done = sqlite_employee_waive_retry(conn, &employee, err);
	}
	done = done && sqlite_employee_write_event(conn, &employee, err);
	employee_finish(&employee);
	return done;
}

struct mark_call {
	const struct employee_key *key;
	enum lane lane;
	const char *cause;
};

static bool mark_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct mark_call *call = context;
	if (!sqlite_mark(conn, call->key, call->lane, err)) {
		return false;
	}
	const struct audit_new entry = {
	        .kind = "mark", .key = call->key, .who = "server", .what = call->cause};
	return call->cause == NULL || sqlite_audit_write(conn, &entry, err);
}

bool store_employee_mark(struct store *store, const struct employee_key *key, enum lane lane,
        const char *cause, struct err *err)
{
	struct mark_call call = {key, lane, cause};
	return sqlite_write(store, mark_run, &call, err);
}

/* ------------------------------------------------------------------- many */

/* Who is in the state, read beforehand: the writer shall not search while deliveries wait. */
struct key_list {
	struct employee_key *items;
	size_t count;
};

/* The ids a query gives, as keys of that connection; the query is done with. */
static bool read_keys(struct sqlite_conn *conn, struct sqlite3_stmt *stmt, const char *connection,
        struct key_list *keys, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct employee_key *key =
		        sqlite_grow((void **)&keys->items, &keys->count, sizeof(*key));
		if (key == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for marking");
			row = ROW_FAILED;
			break;
		}
		str_format_cut(key->connection, sizeof(key->connection), "%s", connection);
		str_format_cut(key->employee_id, sizeof(key->employee_id), "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

static bool find_keys(struct sqlite_conn *conn, const char *connection, const char *state,
        struct key_list *keys, struct err *err)
{
	/* The urgent ones first: the first batch is claimed while the others are marked. */
	static const char SQL_STATE[] =
	        "SELECT employee_id FROM employees WHERE connection = ? AND state = ? ORDER BY CASE"
	        " lane WHEN 'revoke' THEN 0 WHEN 'leave' THEN 1 WHEN 'join' THEN 2"
	        " WHEN 'update' THEN 3 ELSE 4 END, dirty_since_ms";
	static const char SQL_ALL[] = "SELECT employee_id FROM employees WHERE connection = ?";
	struct sqlite3_stmt *stmt = state != NULL
	        ? sqlite_query(conn, SQL_STATE, VALUES(TEXT(connection), TEXT(state)), err)
	        : sqlite_query(conn, SQL_ALL, VALUES(TEXT(connection)), err);
	return read_keys(conn, stmt, connection, keys, err);
}

/*
 * In the transaction of the new account itself: a crash in between would leave those who wait for
 * it waiting for good.
 */
bool sqlite_mark_waiting(
        struct sqlite_conn *conn, const struct employee_key *account, struct err *err)
{
	static const char SQL[] =
	        "SELECT employee_id FROM employee_waits WHERE connection = ? AND waits_for = ?";
	struct key_list keys = {0};
	struct sqlite3_stmt *stmt = sqlite_query(
	        conn, SQL, VALUES(TEXT(account->connection), TEXT(account->employee_id)), err);
	bool done = read_keys(conn, stmt, account->connection, &keys, err);
	for (size_t i = 0; i < keys.count && done; i++) {
		done = sqlite_mark(conn, &keys.items[i], LANE_UPDATE, err);
	}
	free(keys.items);
	return done;
}

struct mark_all_call {
	const struct employee_key *keys;
	size_t count;
	enum employee_state state; /* only who still is in it; EMPLOYEE_STATE_COUNT: all */
	enum lane lane;
	size_t marked;
};

static bool is_in_state(struct sqlite_conn *conn, const struct employee_key *key,
        enum employee_state state, bool *is_in, struct err *err)
{
	bool is_erased = false;
	int64_t at_ms = 0;
	if (state >= EMPLOYEE_STATE_COUNT) {
		bool done = sqlite_erased(conn, key, &is_erased, &at_ms, err);
		*is_in = !is_erased;
		return done;
	}
	struct employee employee;
	enum sqlite_row row = sqlite_employee_load(conn, key, &employee, err);
	*is_in = row == ROW_FOUND && employee.state == state;
	employee_finish(&employee);
	return row != ROW_FAILED;
}

static bool mark_all_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct mark_all_call *call = context;
	call->marked = 0;
	for (size_t i = 0; i < call->count; i++) {
		bool is_in = false;
		if (!is_in_state(conn, &call->keys[i], call->state, &is_in, err)) {
			return false;
		}
		if (is_in && !sqlite_mark(conn, &call->keys[i], call->lane, err)) {
			return false;
		}
		call->marked += is_in ? 1 : 0;
	}
	return true;
}

struct key_span {
	const struct employee_key *items;
	size_t count;
};

static bool mark_keys(struct store *store, struct mark_all_call *call, struct key_span keys,
        size_t *marked, struct err *err)
{
	for (size_t from = 0; from < keys.count; from += MARK_BATCH) {
		size_t left = keys.count - from;
		call->keys = keys.items + from;
		call->count = left < MARK_BATCH ? left : MARK_BATCH;
		if (!sqlite_write(store, mark_all_run, call, err)) {
			return false;
		}
		*marked += call->marked;
	}
	return true;
}

bool store_employee_mark_all(struct store *store, const char *connection, enum employee_state state,
        enum lane lane, size_t *marked, struct err *err)
{
	struct mark_all_call call = {.state = state, .lane = lane};
	struct key_list keys = {0};
	size_t total = 0;
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = find_keys(conn, connection,
	        state < EMPLOYEE_STATE_COUNT ? employee_state_name(state) : NULL, &keys, err);
	sqlite_pool_give(store, conn);
	done = done &&
	        mark_keys(store, &call, (struct key_span){keys.items, keys.count}, &total, err);
	free(keys.items);
	if (done && marked != NULL) {
		*marked = total;
	}
	return done;
}

bool store_employee_mark_each(struct store *store, const struct employee_key *keys, size_t count,
        enum lane lane, struct err *err)
{
	struct mark_all_call call = {.state = EMPLOYEE_STATE_COUNT, .lane = lane};
	size_t marked = 0;
	return mark_keys(store, &call, (struct key_span){keys, count}, &marked, err);
}
