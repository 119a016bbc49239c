/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRE_BATCH 500 /* events a write, so that deliveries never wait long */

/* The order of SELECT_EVENT; the body follows by hand, since it may hold NUL. */
#define EVENT_COLUMN(kind_, member, words_)                                       \
	{                                                                         \
		.kind = COLUMN_##kind_, .offset = offsetof(struct event, member), \
		.size = sizeof(((struct event *)0)->member), .words = (words_)    \
	}
static const struct sqlite_column COLUMNS[] = {
        EVENT_COLUMN(INT64, event_id, NULL),
        EVENT_COLUMN(TEXT, connection, NULL),
        EVENT_COLUMN(TEXT, employee_id, NULL),
        EVENT_COLUMN(WORD, state, &sqlite_words_event_state),
        EVENT_COLUMN(TEXT, type, NULL),
        EVENT_COLUMN(TEXT, reason, NULL),
        EVENT_COLUMN(INT64, received_at_ms, NULL),
        EVENT_COLUMN(INT64, triggered_at_ms, NULL),
        EVENT_COLUMN(INT64, last_seen_at_ms, NULL),
        EVENT_COLUMN(INT64, deliveries, NULL),
};
#define SELECT_EVENT                                                                     \
	"SELECT event_id, connection, employee_id, state, type, reason, received_at_ms," \
	" triggered_at_ms, last_seen_at_ms, deliveries"

/* ----------------------------------------------------------------- reading */

static bool read_body(struct sqlite3_stmt *stmt, struct event *event, struct err *err)
{
	int at = (int)ARRAY_SIZE(COLUMNS);
	const void *body = sqlite3_column_blob(stmt, at);
	size_t len = (size_t)sqlite3_column_bytes(stmt, at);
	if (sqlite3_column_type(stmt, at) == SQLITE_NULL) {
		return true;
	}
	event->body = malloc(len + 1);
	if (event->body == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for an event");
		return false;
	}
	if (len > 0) {
		memcpy(event->body, body, len);
	}
	event->body[len] = '\0';
	event->body_len = len;
	return true;
}

static bool read_events(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct event_list *events, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct event *event =
		        sqlite_grow((void **)&events->items, &events->count, sizeof(*event));
		if (event == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for events");
			row = ROW_FAILED;
			break;
		}
		if (!sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), event, err) ||
		        !read_body(stmt, event, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		event_list_finish(events);
	}
	return row != ROW_FAILED;
}

static bool list_events(struct store *store, const char *sql, const struct sqlite_value *values,
        struct event_list *events, struct err *err)
{
	*events = (struct event_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = read_events(conn, sqlite_query(conn, sql, values, err), events, err);
	sqlite_pool_give(store, conn);
	return done;
}

bool store_event_next(struct store *store, size_t limit, struct event_list *events, struct err *err)
{
	static const char SQL[] = SELECT_EVENT ", body FROM events WHERE state = 'received'"
	                                       " ORDER BY event_id LIMIT ?";
	return list_events(store, SQL, VALUES(INT((int64_t)limit)), events, err);
}

bool store_event_list(struct store *store, const struct employee_key *key, size_t limit,
        struct event_list *events, struct err *err)
{
	static const char OF_ONE[] = SELECT_EVENT ", NULL FROM events WHERE connection = ? AND"
	                                          " employee_id = ? AND employee_id <> ''"
	                                          " ORDER BY event_id DESC LIMIT ?";
	static const char OF_ALL[] = SELECT_EVENT ", NULL FROM events NOT INDEXED"
	                                          " WHERE connection = ?"
	                                          " ORDER BY event_id DESC LIMIT ?";
	if (key->employee_id[0] == '\0') {
		return list_events(store, OF_ALL,
		        VALUES(TEXT(key->connection), INT((int64_t)limit)), events, err);
	}
	return list_events(store, OF_ONE,
	        VALUES(TEXT(key->connection), TEXT(key->employee_id), INT((int64_t)limit)), events,
	        err);
}

/* ---------------------------------------------------------------- settling */

struct settle_call {
	const struct event_verdict *verdicts;
	size_t count;
};

/* What the row of an event says that its verdict does not. */
struct arrival {
	char connection[CONNECTION_NAME_BYTES];
	int64_t last_seen_at_ms; /* of a reopened duplicate: when that came */
};

/* ROW_NONE: the event is settled, or gone. */
static enum sqlite_row find_arrival(
        struct sqlite_conn *conn, int64_t event_id, struct arrival *arrival, struct err *err)
{
	static const char SQL[] = "SELECT connection, last_seen_at_ms FROM events"
	                          " WHERE event_id = ? AND state = 'received'";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(INT(event_id)), err);
	if (stmt == NULL) {
		return ROW_FAILED;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND) {
		str_format_cut(arrival->connection, sizeof(arrival->connection), "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
		arrival->last_seen_at_ms = sqlite3_column_int64(stmt, 1);
	}
	sqlite_done(stmt);
	return row;
}

static bool write_verdict(
        struct sqlite_conn *conn, const struct event_verdict *verdict, struct err *err)
{
	static const char SQL[] =
	        "UPDATE events SET state = ?, type = ?, employee_id = ?, reason = ?,"
	        " triggered_at_ms = ? WHERE event_id = ?";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(event_state_name(verdict->state)), TEXT(verdict->type),
	                TEXT(verdict->employee_id), TEXT(verdict->reason),
	                INT(verdict->triggered_at_ms), INT(verdict->event_id)),
	        err);
}

/*
 * V1: the newest trusted time wins. One that cannot be trusted only counts
 * while no trusted one waits to be carried out, and never takes its place.
 */
static void note_revocation(struct employee *employee, const struct event_verdict *verdict)
{
	bool has_trusted = !employee->revoke_is_doubtful &&
	        employee->revoke_triggered_at_ms > employee->revoke_handled_at_ms;
	if (!verdict->is_doubtful) {
		if (employee->revoke_is_doubtful ||
		        verdict->triggered_at_ms > employee->revoke_triggered_at_ms) {
			employee->revoke_triggered_at_ms = verdict->triggered_at_ms;
			employee->revoke_is_doubtful = false;
		}
	} else if (!has_trusted) {
		employee->revoke_triggered_at_ms = verdict->triggered_at_ms;
		employee->revoke_is_doubtful = true;
	}
}

static void note_facts(struct employee *employee, const struct event_verdict *verdict,
        const struct arrival *arrival)
{
	int64_t at_ms = arrival->last_seen_at_ms;
	if (at_ms > employee->last_event_at_ms) {
		employee->last_event_at_ms = at_ms;
	}
	switch (verdict->kind) {
	case EVENT_KIND_REVOKE: note_revocation(employee, verdict); break;
	case EVENT_KIND_LEFT:
		employee->left_event_at_ms =
		        at_ms > employee->left_event_at_ms ? at_ms : employee->left_event_at_ms;
		break;
	case EVENT_KIND_DELETED:
		employee->deleted_at_ms =
		        at_ms > employee->deleted_at_ms ? at_ms : employee->deleted_at_ms;
		break;
	case EVENT_KIND_CHANGE:
	case EVENT_KIND_JOIN: break;
	}
}

static bool dirty_employee(struct sqlite_conn *conn, const struct event_verdict *verdict,
        const struct arrival *arrival, struct err *err)
{
	struct employee_key key;
	memcpy(key.connection, arrival->connection, sizeof(key.connection));
	memcpy(key.employee_id, verdict->employee_id, sizeof(key.employee_id));
	struct employee employee;
	bool done = sqlite_employee_ensure(conn, &key, &employee, err) &&
	        sqlite_employee_dirty(
	                conn, &employee, verdict->lane, arrival->last_seen_at_ms, err);
	if (done) {
		note_facts(&employee, verdict, arrival);
	}
	/* Rule 1: only what may lower access goes before its backoff. */
	if (done && verdict->lane <= LANE_LEAVE) {
		done = sqlite_employee_waive_retry(conn, &employee, err);
	}
	done = done && sqlite_employee_write_event(conn, &employee, err);
	employee_finish(&employee);
	return done;
}

static bool settle_one(
        struct sqlite_conn *conn, const struct event_verdict *verdict, struct err *err)
{
	struct arrival arrival = {0};
	enum sqlite_row row = find_arrival(conn, verdict->event_id, &arrival, err);
	if (row != ROW_FOUND) {
		return row == ROW_NONE;
	}
	if (!write_verdict(conn, verdict, err)) {
		return false;
	}
	bool is_dirtying = verdict->state == EVENT_ACCEPTED && verdict->employee_id[0] != '\0';
	return !is_dirtying || dirty_employee(conn, verdict, &arrival, err);
}

static bool settle_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct settle_call *call = context;
	for (size_t i = 0; i < call->count; i++) {
		if (!settle_one(conn, &call->verdicts[i], err)) {
			return false;
		}
	}
	return true;
}

bool store_event_settle(
        struct store *store, const struct event_verdict *verdicts, size_t count, struct err *err)
{
	struct settle_call call = {verdicts, count};
	return count == 0 || sqlite_write(store, settle_run, &call, err);
}

/* ---------------------------------------------------------------- expiring */

struct expire_call {
	int64_t bodies_before_ms;
	int64_t hashes_before_ms;
	int changed;
};

static bool expire_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL_BODIES[] =
	        "UPDATE events SET body = NULL WHERE event_id IN (SELECT event_id FROM events"
	        " WHERE body IS NOT NULL AND state <> 'received' AND received_at_ms < ?"
	        " AND last_seen_at_ms < ?1 ORDER BY received_at_ms LIMIT ?)";
	static const char SQL_HASHES[] =
	        "DELETE FROM events WHERE event_id IN (SELECT event_id FROM events"
	        " WHERE last_seen_at_ms < ? AND state <> 'received' LIMIT ?)";
	struct expire_call *call = context;
	if (!sqlite_exec(conn, SQL_BODIES, VALUES(INT(call->bodies_before_ms), INT(EXPIRE_BATCH)),
	            err)) {
		return false;
	}
	call->changed = sqlite_changes(conn);
	if (!sqlite_exec(conn, SQL_HASHES, VALUES(INT(call->hashes_before_ms), INT(EXPIRE_BATCH)),
	            err)) {
		return false;
	}
	call->changed += sqlite_changes(conn);
	return true;
}

bool store_event_expire(
        struct store *store, int64_t bodies_before_ms, int64_t hashes_before_ms, struct err *err)
{
	struct expire_call call = {bodies_before_ms, hashes_before_ms, 1};
	while (call.changed > 0) {
		if (!sqlite_write(store, expire_run, &call, err)) {
			return false;
		}
	}
	return true;
}
