/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <string.h>

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
	return call->cause == NULL || sqlite_audit(conn, call->key, "server", call->cause, err);
}

bool store_employee_mark(struct store *store, const struct employee_key *key, enum lane lane,
        const char *cause, struct err *err)
{
	struct mark_call call = {key, lane, cause};
	return sqlite_write(store, mark_run, &call, err);
}

struct mark_all_call {
	struct employee_key after; /* the last one marked: the next batch begins behind it */
	const char *state; /* NULL: any */
	enum lane lane;
	size_t count; /* of this batch */
};

static bool next_key(
        struct sqlite_conn *conn, struct mark_all_call *call, bool *found, struct err *err)
{
	static const char SQL[] =
	        "SELECT employee_id FROM employees WHERE connection = ?1 AND employee_id > ?2"
	        " AND (?3 IS NULL OR state = ?3) ORDER BY employee_id LIMIT 1";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL,
	        VALUES(TEXT(call->after.connection), TEXT(call->after.employee_id),
	                TEXT(call->state)),
	        err);
	if (stmt == NULL) {
		return false;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	*found = row == ROW_FOUND;
	char id[EMPLOYEE_ID_BYTES] = "";
	bool done = row != ROW_FAILED;
	if (*found) {
		done = str_copy(id, sizeof(id), (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite_done(stmt);
	memcpy(call->after.employee_id, id, sizeof(id));
	return done;
}

static bool mark_all_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct mark_all_call *call = context;
	bool found = true;
	for (call->count = 0; call->count < MARK_BATCH; call->count++) {
		if (!next_key(conn, call, &found, err)) {
			return false;
		}
		if (!found) {
			return true;
		}
		if (!sqlite_mark(conn, &call->after, call->lane, err)) {
			return false;
		}
	}
	return true;
}

bool store_employee_mark_all(struct store *store, const char *connection, enum employee_state state,
        enum lane lane, size_t *marked, struct err *err)
{
	struct mark_all_call call = {.lane = lane, .count = MARK_BATCH};
	call.state = state < EMPLOYEE_STATE_COUNT ? employee_state_name(state) : NULL;
	size_t total = 0;
	if (!str_copy(call.after.connection, sizeof(call.after.connection), connection)) {
		err_set(err, ERR_BAD_REQUEST, "the connection's name is too long");
		return false;
	}
	while (call.count == MARK_BATCH) {
		if (!sqlite_write(store, mark_all_run, &call, err)) {
			return false;
		}
		total += call.count;
	}
	if (marked != NULL) {
		*marked = total;
	}
	return true;
}
