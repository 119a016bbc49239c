/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite_audit.h"
#include "server/store/sqlite_history.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/failpoint.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define EXPIRE_BATCH   500 /* events a write, so that deliveries never wait long */
#define EXPIRE_BATCHES 100 /* a call: the rest goes with the next */
/* Read at once, so that large bodies are few; one more may go beyond it. */
#define BODIES_AT_ONCE_BYTES (4UL * 1024 * 1024)
/* In a flood deliveries go first, until an event is so old; then both have the same right. */
#define SETTLE_LAG_MAX_MS  5000
#define SETTLE_PATIENCE_MS 25
/* In one transaction, so that deliveries behind it wait for a few milliseconds at most. */
#define SETTLE_AT_ONCE 64

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
        EVENT_COLUMN(INT64, crashes, NULL),
};
#define SELECT_EVENT                                                                     \
	"SELECT event_id, connection, employee_id, state, type, reason, received_at_ms," \
	" triggered_at_ms, last_seen_at_ms, deliveries, crashes"

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
	size_t bytes = 0;
	while (stmt != NULL && bytes < BODIES_AT_ONCE_BYTES &&
	        (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
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
		bytes += event->body_len;
	}
	events->has_more = bytes >= BODIES_AT_ONCE_BYTES;
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
	/* The same body again, on which the process ended, is as dangerous. */
	static const char SQL[] =
	        "SELECT event_id, connection, '', 'received', '', '', received_at_ms, 0,"
	        " received_at_ms, 1, max(crashes, coalesce((SELECT max(e.crashes) FROM events e"
	        " INDEXED BY events_crashes WHERE e.connection = inbox.connection"
	        " AND e.crashes > 0 AND e.state = 'unusable' AND e.body = inbox.body), 0)), body"
	        " FROM inbox ORDER BY event_id LIMIT ?";
	bool done = list_events(store, SQL, VALUES(INT((int64_t)limit)), events, err);
	events->has_more |= done && events->count == limit;
	return done;
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

bool store_event_aside(struct store *store, const char *connection, size_t limit,
        struct event_list *events, struct err *err)
{
	static const char SQL[] = SELECT_EVENT ", NULL FROM events WHERE connection = ?"
	                                       " AND crashes >= ? AND state = 'unusable'"
	                                       " ORDER BY event_id DESC LIMIT ?";
	return list_events(store, SQL,
	        VALUES(TEXT(connection), INT(STORE_CRASHES_MAX), INT((int64_t)limit)), events, err);
}

/* ---------------------------------------------------------------- settling */

struct settle_call {
	struct event_verdict *verdicts;
	size_t count;
	int64_t settled; /* rows taken out of the inbox */
	int64_t oldest_ms; /* when the first of them had come */
	bool has_erased; /* anybody was erased: who it is about must be asked for */
	struct history_deliveries tally;
};

/* A row of the inbox; the body is the statement's. */
struct arrival {
	char connection[CONNECTION_NAME_BYTES];
	int64_t received_at_ms;
	int64_t crashes;
	const void *body;
	size_t body_len;
	uint8_t sha256[CRYPTO_SHA256_BYTES];
};

static bool read_arrival(struct sqlite3_stmt *stmt, struct arrival *arrival, struct err *err)
{
	str_format_cut(arrival->connection, sizeof(arrival->connection), "%s",
	        (const char *)sqlite3_column_text(stmt, 0));
	arrival->received_at_ms = sqlite3_column_int64(stmt, 1);
	arrival->crashes = sqlite3_column_int64(stmt, 2);
	const void *body = sqlite3_column_blob(stmt, 3);
	arrival->body = body != NULL ? body : "";
	arrival->body_len = (size_t)sqlite3_column_bytes(stmt, 3);
	if (!crypto_sha256(arrival->body, arrival->body_len, arrival->sha256)) {
		err_set(err, ERR_INTERNAL, "the digest of an event could not be made");
		return false;
	}
	return true;
}

/* Nothing is changed when the body is known; sqlite_changes tells. */
static bool insert_event(struct sqlite_conn *conn, const struct arrival *arrival,
        const struct event_verdict *verdict, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO events (event_id, connection, sha256, received_at_ms, last_seen_at_ms,"
	        " body, state, type, employee_id, reason, triggered_at_ms, crashes)"
	        " VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
	        " ON CONFLICT (connection, sha256) DO NOTHING";
	return sqlite_exec(conn, SQL,
	        VALUES(INT(verdict->event_id), TEXT(arrival->connection),
	                BYTES(arrival->sha256, sizeof(arrival->sha256)),
	                INT(arrival->received_at_ms), BYTES(arrival->body, arrival->body_len),
	                TEXT(event_state_name(verdict->state)), TEXT(verdict->type),
	                TEXT(verdict->employee_id), TEXT(verdict->reason),
	                INT(verdict->triggered_at_ms), INT(arrival->crashes)),
	        err);
}

/*
 * Engine rule 14: the first row counts up, and takes the verdict once more if it was foreign or
 * unusable, has no time of its own, or its employee's last run since did not end well. A body
 * that has expired comes back with the duplicate.
 */
static bool find_reopened(
        struct sqlite_conn *conn, const struct arrival *arrival, int64_t *event_id, struct err *err)
{
	static const char SQL[] =
	        "SELECT e.event_id FROM events e LEFT JOIN employees p ON"
	        " p.connection = e.connection AND p.employee_id = e.employee_id"
	        " WHERE e.connection = ?1 AND e.sha256 = ?2 AND"
	        " (e.state IN ('foreign', 'unusable') OR e.triggered_at_ms = 0 OR"
	        " (p.last_run_at_ms >= e.received_at_ms AND p.is_last_run_good = 0))";
	return sqlite_number(conn, SQL,
	        VALUES(TEXT(arrival->connection), BYTES(arrival->sha256, sizeof(arrival->sha256))),
	        event_id, err);
}

static bool reopen(struct sqlite_conn *conn, int64_t event_id, const struct arrival *arrival,
        const struct event_verdict *verdict, struct err *err)
{
	static const char SQL[] =
	        "UPDATE events SET state = ?, type = ?, employee_id = ?, reason = ?,"
	        " triggered_at_ms = ?, body = coalesce(body, ?) WHERE event_id = ?";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(event_state_name(verdict->state)), TEXT(verdict->type),
	                TEXT(verdict->employee_id), TEXT(verdict->reason),
	                INT(verdict->triggered_at_ms), BYTES(arrival->body, arrival->body_len),
	                INT(event_id)),
	        err);
}

static bool count_duplicate(struct sqlite_conn *conn, const struct arrival *arrival,
        struct event_verdict *verdict, struct err *err)
{
	static const char SQL[] =
	        "UPDATE events SET deliveries = deliveries + 1, last_seen_at_ms = ?3"
	        " WHERE connection = ?1 AND sha256 = ?2";
	int64_t event_id = 0;
	bool done = find_reopened(conn, arrival, &event_id, err) &&
	        sqlite_exec(conn, SQL,
	                VALUES(TEXT(arrival->connection),
	                        BYTES(arrival->sha256, sizeof(arrival->sha256)),
	                        INT(arrival->received_at_ms)),
	                err) &&
	        (event_id == 0 || reopen(conn, event_id, arrival, verdict, err));
	verdict->fate = event_id != 0 ? EVENT_FATE_REOPENED : EVENT_FATE_DUPLICATE;
	return done;
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
	int64_t at_ms = arrival->received_at_ms;
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

/*
 * One more change for somebody who waits already, and is at least as urgent: what most events of a
 * storm are. *is_done: that was all; its answer is timed too (sqlite_history_begin). The states
 * are no list, for which SQLite would make a table each time.
 */
static bool count_event(struct sqlite_conn *conn, const struct event_verdict *verdict,
        const struct arrival *arrival, bool *is_done, struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET generation = generation + 1,"
	        " last_event_at_ms = max(last_event_at_ms, ?3),"
	        " unanswered_since_ms = iif(unanswered_since_ms = 0, ?3, unanswered_since_ms)"
	        " WHERE connection = ?1 AND employee_id = ?2 AND dirty_since_ms <> 0"
	        " AND (state = 'dirty' OR state = 'working' OR state = 'parked')"
	        " AND lane <> 'sweep'";
	*is_done = false;
	if (verdict->kind != EVENT_KIND_CHANGE || verdict->lane != LANE_UPDATE) {
		return true;
	}
	bool done = sqlite_exec(conn, SQL,
	        VALUES(TEXT(arrival->connection), TEXT(verdict->employee_id),
	                INT(arrival->received_at_ms)),
	        err);
	*is_done = done && sqlite_changes(conn) > 0;
	return done;
}

static bool dirty_employee(struct sqlite_conn *conn, const struct event_verdict *verdict,
        const struct arrival *arrival, struct err *err)
{
	bool is_done = false;
	if (!count_event(conn, verdict, arrival, &is_done, err) || is_done) {
		return is_done;
	}
	struct employee_key key;
	memcpy(key.connection, arrival->connection, sizeof(key.connection));
	memcpy(key.employee_id, verdict->employee_id, sizeof(key.employee_id));
	struct employee employee;
	bool done = sqlite_employee_ensure(conn, &key, &employee, err) &&
	        sqlite_employee_dirty(conn, &employee, verdict->lane, arrival->received_at_ms, err);
	struct event_verdict told = *verdict;
	done = done && sqlite_restore_doubts(conn, verdict, &told.is_doubtful, err);
	if (done) {
		note_facts(&employee, &told, arrival);
	}
	/* Rule 1: only what may lower access goes before its backoff. */
	if (done && verdict->lane <= LANE_LEAVE) {
		done = sqlite_employee_waive_retry(conn, &employee, err);
	}
	done = done && sqlite_employee_write_event(conn, &employee, err);
	employee_finish(&employee);
	return done && sqlite_history_begin(conn, &key, arrival->received_at_ms, err);
}

/*
 * G-06: what comes late about somebody who was erased is counted, emptied and without effect. Only
 * that Bob hired the person again, later, is news.
 */
static bool is_barred(struct sqlite_conn *conn, const struct event_verdict *verdict,
        const struct arrival *arrival, bool *is_erased, struct err *err)
{
	struct employee_key key;
	int64_t at_ms = 0;
	memcpy(key.connection, arrival->connection, sizeof(key.connection));
	memcpy(key.employee_id, verdict->employee_id, sizeof(key.employee_id));
	if (!sqlite_erased(conn, &key, is_erased, &at_ms, err)) {
		return false;
	}
	if (*is_erased && verdict->kind == EVENT_KIND_JOIN && verdict->triggered_at_ms > at_ms) {
		*is_erased = false;
		return sqlite_erased_lift(conn, &key, err);
	}
	return true;
}

/* In the place of what was parsed; what was sent of it is emptied too. */
static void bar(struct event_verdict *verdict)
{
	verdict->state = EVENT_IGNORED;
	verdict->employee_id[0] = '\0';
	str_format_cut(verdict->reason, sizeof(verdict->reason), "about somebody who was erased");
}

static bool empty_body(struct sqlite_conn *conn, const struct arrival *arrival, struct err *err)
{
	static const char SQL[] =
	        "UPDATE events SET body = NULL WHERE connection = ? AND sha256 = ?";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(arrival->connection), BYTES(arrival->sha256, sizeof(arrival->sha256))),
	        err);
}

/* In the numbers of the quarter of an hour in which it came; from then on its answer is timed. */
static bool count_arrival(struct sqlite_conn *conn, struct settle_call *call,
        const struct arrival *arrival, const struct event_verdict *verdict, struct err *err)
{
	struct history_deliveries one = {
	        .slot_ms = arrival->received_at_ms - arrival->received_at_ms % HISTORY_SLOT_MS,
	        .state = verdict->state,
	        .is_duplicate = verdict->fate == EVENT_FATE_DUPLICATE};
	memcpy(one.connection, arrival->connection, sizeof(one.connection));
	return sqlite_history_delivery(conn, &call->tally, &one, err);
}

static bool settle_arrival(struct sqlite_conn *conn, struct settle_call *call,
        const struct arrival *arrival, struct event_verdict *verdict, struct err *err)
{
	static const char SQL[] = "DELETE FROM inbox WHERE event_id = ?";
	bool is_erased = false;
	if (call->has_erased && verdict->employee_id[0] != '\0' &&
	        !is_barred(conn, verdict, arrival, &is_erased, err)) {
		return false;
	}
	if (is_erased) {
		bar(verdict);
	}
	verdict->fate = EVENT_FATE_NEW;
	if (!insert_event(conn, arrival, verdict, err) ||
	        (sqlite_changes(conn) == 0 && !count_duplicate(conn, arrival, verdict, err)) ||
	        !sqlite_exec(conn, SQL, VALUES(INT(verdict->event_id)), err) ||
	        (is_erased && !empty_body(conn, arrival, err)) ||
	        !count_arrival(conn, call, arrival, verdict, err)) {
		return false;
	}
	bool is_dirtying = verdict->fate != EVENT_FATE_DUPLICATE &&
	        verdict->state == EVENT_ACCEPTED && verdict->employee_id[0] != '\0';
	return !is_dirtying || dirty_employee(conn, verdict, arrival, err);
}

/* An event that is settled, or gone, is none of this verdict's any more. */
static bool settle_one(struct sqlite_conn *conn, struct settle_call *call,
        struct event_verdict *verdict, struct err *err)
{
	static const char SQL[] =
	        "SELECT connection, received_at_ms, crashes, body FROM inbox WHERE event_id = ?";
	struct arrival arrival;
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(INT(verdict->event_id)), err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	bool done = row == ROW_NONE;
	verdict->fate = EVENT_FATE_GONE;
	if (row == ROW_FOUND) {
		done = read_arrival(stmt, &arrival, err) &&
		        settle_arrival(conn, call, &arrival, verdict, err);
		call->oldest_ms = call->settled == 0 ? arrival.received_at_ms : call->oldest_ms;
		call->settled++;
	}
	sqlite_done(stmt);
	return done;
}

static bool settle_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct settle_call *call = context;
	if (!sqlite_erased_exist(conn, &call->has_erased, err)) {
		return false;
	}
	for (size_t i = 0; i < call->count; i++) {
		if (!settle_one(conn, call, &call->verdicts[i], err)) {
			return false;
		}
	}
	return sqlite_history_deliveries(conn, &call->tally, err) &&
	        sqlite_crash_read(conn, 0, 0, err) && !FAILPOINT("settle.pre_commit", NULL);
}

/* While deliveries come in without a pause, settling waits for its turn, and not for long. */
static int64_t patience_ms(const struct store *store)
{
	return atomic_load(&store->settle_lag_ms) < SETTLE_LAG_MAX_MS ? SETTLE_PATIENCE_MS : 0;
}

static bool settle_some(struct store *store, struct settle_call *call, struct err *err)
{
	if (!sqlite_write_patiently(store, settle_run, call, patience_ms(store), err)) {
		return false;
	}
	atomic_fetch_sub(&store->inbox_count, call->settled);
	atomic_store(
	        &store->settle_lag_ms, call->settled > 0 ? clock_wall_ms() - call->oldest_ms : 0);
	return true;
}

bool store_event_settle(
        struct store *store, struct event_verdict *verdicts, size_t count, struct err *err)
{
	for (size_t at = 0; at < count; at += SETTLE_AT_ONCE) {
		size_t rest = count - at;
		struct settle_call call = {
		        .verdicts = verdicts + at,
		        .count = rest < SETTLE_AT_ONCE ? rest : SETTLE_AT_ONCE,
		};
		if (!settle_some(store, &call, err)) {
			return false;
		}
		FAILPOINT_ONLY("settle.post_commit", NULL);
	}
	return true;
}

/* ---------------------------------------------------------------- expiring */

struct expire_call {
	int64_t bodies_before_ms;
	int64_t hashes_before_ms;
	int changed;
};

static bool expire_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	/* The state is there for the index events_body: none of these rows waits to be read. */
	static const char SQL_BODIES[] =
	        "UPDATE events SET body = NULL WHERE event_id IN (SELECT event_id FROM events"
	        " WHERE body IS NOT NULL AND state <> 'received' AND received_at_ms < ?"
	        " AND last_seen_at_ms < ?1 ORDER BY received_at_ms LIMIT ?)";
	static const char SQL_HASHES[] =
	        "DELETE FROM events WHERE event_id IN (SELECT event_id FROM events"
	        " WHERE last_seen_at_ms < ? LIMIT ?)";
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
	return sqlite_retention_audit(conn, "events", call->changed, err);
}

bool store_event_expire(struct store *store, int64_t bodies_before_ms, int64_t hashes_before_ms,
        int64_t *changed, struct err *err)
{
	struct expire_call call = {bodies_before_ms, hashes_before_ms, 1};
	for (int i = 0; i < EXPIRE_BATCHES && call.changed > 0; i++) {
		if (sqlite_is_quiesced(store, err) ||
		        !sqlite_write(store, expire_run, &call, err)) {
			return false;
		}
		FAILPOINT_ONLY("retention.mid", NULL);
		if (changed != NULL) {
			*changed += call.changed;
		}
	}
	return true;
}
