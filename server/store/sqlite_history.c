/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite_history.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <string.h>

#define DETAIL_BYTES 48
#define DUPLICATE    "duplicate"

static const char *run_name(enum history_run run)
{
	switch (run) {
	case HISTORY_RUN_GOOD: return "good";
	case HISTORY_RUN_AGAIN: return "again";
	case HISTORY_RUN_FAILED: return "failed";
	case HISTORY_RUN_COUNT: break;
	}
	return "unknown";
}

/* ----------------------------------------------------------------- counting */

struct history_count {
	const char *connection;
	int64_t at_ms;
	const char *measure;
	const char *detail;
};

static bool count_more(
        struct sqlite_conn *conn, const struct history_count *what, int64_t more, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO history (connection, slot_ms, measure, detail, count)"
	        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (connection, slot_ms, measure, detail)"
	        " DO UPDATE SET count = count + excluded.count";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(what->connection), INT(what->at_ms - what->at_ms % HISTORY_SLOT_MS),
	                TEXT(what->measure), TEXT(what->detail), INT(more)),
	        err);
}

static bool count_one(struct sqlite_conn *conn, const struct history_count *what, struct err *err)
{
	return count_more(conn, what, 1, err);
}

static bool are_alike(const struct history_deliveries *a, const struct history_deliveries *b)
{
	return a->slot_ms == b->slot_ms && a->state == b->state &&
	        a->is_duplicate == b->is_duplicate && str_equal(a->connection, b->connection);
}

bool sqlite_history_deliveries(
        struct sqlite_conn *conn, struct history_deliveries *tally, struct err *err)
{
	const struct history_count what = {.connection = tally->connection,
	        .at_ms = tally->slot_ms,
	        .measure = "event",
	        .detail = tally->is_duplicate ? DUPLICATE : event_state_name(tally->state)};
	int64_t count = tally->count;
	tally->count = 0;
	return count == 0 || count_more(conn, &what, count, err);
}

bool sqlite_history_delivery(struct sqlite_conn *conn, struct history_deliveries *tally,
        const struct history_deliveries *one, struct err *err)
{
	if (!are_alike(tally, one)) {
		if (!sqlite_history_deliveries(conn, tally, err)) {
			return false;
		}
		*tally = *one;
	}
	tally->count++;
	return true;
}

bool sqlite_history_begin(struct sqlite_conn *conn, const struct employee_key *key,
        int64_t received_at_ms, struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET unanswered_since_ms = ? WHERE connection = ?"
	        " AND employee_id = ? AND unanswered_since_ms = 0";
	return sqlite_exec(conn, SQL,
	        VALUES(INT(received_at_ms), TEXT(key->connection), TEXT(key->employee_id)), err);
}

static const char *bound_of(int64_t took_ms, char *to)
{
	size_t at = 0;

	while (at + 1 < HISTORY_TIME_COUNT && history_time_ms(at) < took_ms) {
		at++;
	}
	str_format_cut(to, DETAIL_BYTES, "%lld", (long long)history_time_ms(at));
	return to;
}

/* What came since the claim is the next run's to answer, and is timed from its own arrival. */
static bool answer(struct sqlite_conn *conn, const struct employee_key *key, const char *measure,
        struct err *err)
{
	static const char SQL_SINCE[] =
	        "SELECT unanswered_since_ms FROM employees WHERE connection = ? AND employee_id = ?"
	        " AND unanswered_since_ms > 0 AND unanswered_since_ms <= claimed_at_ms";
	static const char SQL_NEXT[] =
	        "UPDATE employees SET unanswered_since_ms = iif(last_event_at_ms > claimed_at_ms,"
	        " last_event_at_ms, 0) WHERE connection = ? AND employee_id = ?";
	const struct sqlite_value *of = VALUES(TEXT(key->connection), TEXT(key->employee_id));
	int64_t now_ms = clock_wall_ms();
	int64_t since_ms = 0;
	char bound[DETAIL_BYTES];

	if (!sqlite_number(conn, SQL_SINCE, of, &since_ms, err)) {
		return false;
	}
	const struct history_count what = {.connection = key->connection,
	        .at_ms = now_ms,
	        .measure = measure,
	        .detail = bound_of(now_ms - since_ms, bound)};
	return since_ms == 0 ||
	        (sqlite_exec(conn, SQL_NEXT, of, err) && count_one(conn, &what, err));
}

bool sqlite_history_action(
        struct sqlite_conn *conn, const struct history_action *action, struct err *err)
{
	char detail[DETAIL_BYTES];
	const struct history_count what = {.connection = action->key->connection,
	        .at_ms = clock_wall_ms(),
	        .measure = "action",
	        .detail = detail};
	bool is_answer = action->state == OUTCOME_DONE || action->state == OUTCOME_DRY_RUN;

	str_format_cut(
	        detail, sizeof(detail), "%s %s", action->kind, outcome_state_name(action->state));
	return count_one(conn, &what, err) &&
	        (!is_answer || answer(conn, action->key, "write", err));
}

/* COUNT: it was given back without having been run. */
static enum history_run judge(const struct history_end *end)
{
	bool is_at_rest = end->state == EMPLOYEE_IDLE || end->state == EMPLOYEE_WAITING;

	if (end->state == EMPLOYEE_FAILED) {
		return HISTORY_RUN_FAILED;
	}
	if (!end->is_good) {
		return HISTORY_RUN_AGAIN;
	}
	return is_at_rest ? HISTORY_RUN_GOOD : HISTORY_RUN_COUNT;
}

bool sqlite_history_run(struct sqlite_conn *conn, const struct history_end *end, struct err *err)
{
	enum history_run run = judge(end);
	const struct history_count what = {.connection = end->key->connection,
	        .at_ms = clock_wall_ms(),
	        .measure = "run",
	        .detail = run_name(run)};

	return run == HISTORY_RUN_COUNT ||
	        (count_one(conn, &what, err) &&
	                (run != HISTORY_RUN_GOOD || answer(conn, end->key, "nothing", err)));
}

/* ------------------------------------------------------------------ reading */

static int64_t *find_event(struct history_counts *counts, const char *detail)
{
	if (str_equal(detail, DUPLICATE)) {
		return &counts->duplicates;
	}
	for (int i = 0; i < EVENT_STATE_COUNT; i++) {
		if (str_equal(detail, event_state_name((enum event_state)i))) {
			return &counts->events[i];
		}
	}
	return NULL;
}

static int64_t *find_action(struct history_counts *counts, const char *detail)
{
	const char *outcome = strchr(detail, ' ');

	for (int kind = 0; outcome != NULL && kind < ACTION_KIND_COUNT; kind++) {
		const char *name = action_kind_name((enum action_kind)kind);
		size_t len = (size_t)(outcome - detail);
		for (int i = 0; strlen(name) == len && strncmp(name, detail, len) == 0 &&
		        i < OUTCOME_STATE_COUNT;
		        i++) {
			if (str_equal(outcome + 1, outcome_state_name((enum outcome_state)i))) {
				return &counts->actions[kind][i];
			}
		}
	}
	return NULL;
}

static int64_t *find_run(struct history_counts *counts, const char *detail)
{
	for (int i = 0; i < HISTORY_RUN_COUNT; i++) {
		if (str_equal(detail, run_name((enum history_run)i))) {
			return &counts->runs[i];
		}
	}
	return NULL;
}

/* Of an older version's bounds the next longer one. */
static int64_t *find_time(struct history_times *times, const char *detail)
{
	int64_t bound_ms = 0;
	size_t at = 0;

	if (!str_to_int64(detail, &bound_ms)) {
		return NULL;
	}
	while (at + 1 < HISTORY_TIME_COUNT && history_time_ms(at) < bound_ms) {
		at++;
	}
	return &times->counts[at];
}

/* NULL: a word of a newer version. */
static int64_t *find_count(struct history_counts *counts, const char *measure, const char *detail)
{
	switch (measure[0]) {
	case 'e': return find_event(counts, detail);
	case 'a': return find_action(counts, detail);
	case 'r': return find_run(counts, detail);
	case 'w': return find_time(&counts->writes, detail);
	default: return find_time(&counts->nothings, detail);
	}
}

static void add_row(struct history_counts *counts, struct sqlite3_stmt *stmt)
{
	int64_t *number = find_count(counts, (const char *)sqlite3_column_text(stmt, 1),
	        (const char *)sqlite3_column_text(stmt, 2));

	if (number != NULL) {
		*number += sqlite3_column_int64(stmt, 3);
	}
}

static bool read_spans(struct sqlite_conn *conn, const char *connection, struct history_span *spans,
        size_t count, struct err *err)
{
	static const char SQL[] =
	        "SELECT slot_ms, measure, detail, count FROM history WHERE connection = ?"
	        " AND slot_ms >= ? AND slot_ms < ? ORDER BY slot_ms";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL,
	        VALUES(TEXT(connection), INT(spans[0].from_ms), INT(spans[count - 1].until_ms)),
	        err);
	enum sqlite_row row = ROW_FAILED;
	size_t at = 0;

	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		int64_t slot_ms = sqlite3_column_int64(stmt, 0);
		while (at < count && spans[at].until_ms <= slot_ms) {
			at++;
		}
		if (at < count && spans[at].from_ms <= slot_ms) {
			add_row(&spans[at].counts, stmt);
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool store_history(struct store *store, const char *connection, struct history_span *spans,
        size_t count, struct err *err)
{
	struct sqlite_conn *conn = count > 0 ? sqlite_pool_take(store, err) : NULL;

	for (size_t i = 0; i < count; i++) {
		spans[i].counts = (struct history_counts){0};
	}
	if (conn == NULL) {
		return count == 0;
	}
	bool done = read_spans(conn, connection, spans, count, err);
	sqlite_pool_give(store, conn);
	return done;
}

/*
 * Counted deliveries say in which quarter of an hour to look, so that a connection that is silent
 * costs no walk through another's. Those that nobody has read yet are newer than all.
 */
static bool find_last(
        struct sqlite_conn *conn, const char *connection, int64_t *at_ms, struct err *err)
{
	static const char SQL_INBOX[] =
	        "SELECT coalesce(max(received_at_ms), 0) FROM inbox WHERE connection = ?";
	static const char SQL_SLOT[] =
	        "SELECT slot_ms FROM history WHERE connection = ? AND measure = 'event'"
	        " ORDER BY slot_ms DESC LIMIT 1";
	static const char SQL_EVENT[] =
	        "SELECT coalesce(max(last_seen_at_ms), ?2) FROM events INDEXED BY events_seen"
	        " WHERE connection = ?1 AND last_seen_at_ms >= ?2 AND last_seen_at_ms < ?3";
	int64_t slot_ms = 0;

	*at_ms = 0;
	if (!sqlite_number(conn, SQL_INBOX, VALUES(TEXT(connection)), at_ms, err)) {
		return false;
	}
	return *at_ms > 0 ||
	        (sqlite_number(conn, SQL_SLOT, VALUES(TEXT(connection)), &slot_ms, err) &&
	                (slot_ms == 0 ||
	                        sqlite_number(conn, SQL_EVENT,
	                                VALUES(TEXT(connection), INT(slot_ms),
	                                        INT(slot_ms + HISTORY_SLOT_MS)),
	                                at_ms, err)));
}

bool store_last_delivery(
        struct store *store, const char *connection, int64_t *at_ms, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	if (conn == NULL) {
		return false;
	}
	bool done = find_last(conn, connection, at_ms, err);
	sqlite_pool_give(store, conn);
	return done;
}
