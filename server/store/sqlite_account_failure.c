/* SPDX-License-Identifier: MIT */
/* Attempts to sign in that failed, which slow the next ones down; and the start of the clock. */
#include "server/store/sqlite_account.h"

#include <sqlite3.h>

#define WHERE                                                                                 \
	" FROM sign_in_failures WHERE at_ms > ?1 AND CASE ?2 WHEN 0 THEN subject = ?3 WHEN 1" \
	" THEN network = ?3 ELSE network <> '' END"

static bool read_counts(struct sqlite_conn *conn, const struct failure_query *query,
        struct failure_counts *counts, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(*), coalesce(sum(is_forgiven = 0), 0), coalesce(max(at_ms), 0)" WHERE;
	struct sqlite3_stmt *stmt = sqlite_query(
	        conn, SQL, VALUES(INT(query->since_ms), INT(query->of), TEXT(query->key)), err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	if (row == ROW_FOUND) {
		counts->all = sqlite3_column_int64(stmt, 0);
		counts->in_a_row = sqlite3_column_int64(stmt, 1);
		counts->last_at_ms = sqlite3_column_int64(stmt, 2);
	}
	sqlite_done(stmt);
	return row == ROW_FOUND;
}

static bool count(struct sqlite_conn *conn, const struct failure_query *query,
        struct failure_counts *counts, struct err *err)
{
	static const char SQL_CAP[] = "SELECT at_ms" WHERE " ORDER BY at_ms DESC LIMIT 1 OFFSET ?4";
	*counts = (struct failure_counts){0};
	return read_counts(conn, query, counts, err) &&
	        (query->cap == 0 || counts->all < query->cap ||
	                sqlite_number(conn, SQL_CAP,
	                        VALUES(INT(query->since_ms), INT(query->of), TEXT(query->key),
	                                INT(query->cap - 1)),
	                        &counts->capped_by_ms, err));
}

bool store_failure_count(struct store *store, const struct failure_query *query,
        struct failure_counts *counts, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = count(conn, query, counts, err);
	sqlite_pool_give(store, conn);
	return done;
}

struct failure_call {
	const struct failure_new *failure;
	int64_t id;
};

static bool add_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO sign_in_failures (at_ms, subject, network) VALUES (?, ?, ?)";
	struct failure_call *call = context;
	const struct failure_new *failure = call->failure;
	bool done = sqlite_exec(conn, SQL,
	        VALUES(INT(failure->now_ms), TEXT(failure->subject), TEXT(failure->network)), err);
	call->id = sqlite_inserted(conn);
	return done;
}

bool store_failure_add(
        struct store *store, const struct failure_new *failure, int64_t *id, struct err *err)
{
	struct failure_call call = {.failure = failure};
	bool done = sqlite_write(store, add_run, &call, err);
	*id = call.id;
	return done;
}

static bool drop_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "DELETE FROM sign_in_failures WHERE failure_id = ?";
	const struct failure_call *call = context;
	return sqlite_exec(conn, SQL, VALUES(INT(call->id)), err);
}

bool store_failure_drop(struct store *store, int64_t id, struct err *err)
{
	struct failure_call call = {.id = id};
	return sqlite_write(store, drop_run, &call, err);
}

/* A name that nobody has is not written down: it may be a password in the wrong field. */
static bool report_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct failure_report *report = context;
	const struct failure_query query = {
	        .of = FAILURES_OF_SUBJECT, .key = report->subject, .since_ms = report->since_ms};
	struct failure_counts counts;
	if (!count(conn, &query, &counts, err)) {
		return false;
	}
	if (counts.all != 1 && counts.all != 5 && counts.all % 10 != 0) {
		return true;
	}
	return account_audit(conn, "somebody", err, "signin failed for %s: %lld in 24 hours",
	        report->name != NULL ? report->name : "a name that no account has",
	        (long long)counts.all);
}

bool store_failure_report(struct store *store, const struct failure_report *report, struct err *err)
{
	return sqlite_write(store, report_run, (void *)(uintptr_t)report, err);
}

static bool clock_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL_SESSIONS[] =
	        "UPDATE sessions SET ended_at_ms = ?1 WHERE ended_at_ms = 0 AND"
	        " max(used_at_ms, began_at_ms, fresh_at_ms) > ?1";
	static const char SQL_CODES[] = "DELETE FROM account_codes WHERE made_at_ms > ?1";
	static const char SQL_FAILURES[] =
	        "UPDATE sign_in_failures SET at_ms = ?1 WHERE at_ms > ?1";
	const int64_t *now_ms = context;
	return sqlite_exec(conn, SQL_SESSIONS, VALUES(INT(*now_ms)), err) &&
	        sqlite_exec(conn, SQL_CODES, VALUES(INT(*now_ms)), err) &&
	        sqlite_exec(conn, SQL_FAILURES, VALUES(INT(*now_ms)), err);
}

bool store_access_begin(struct store *store, int64_t now_ms, struct err *err)
{
	return sqlite_write(store, clock_run, &now_ms, err);
}
