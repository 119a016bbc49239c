/* SPDX-License-Identifier: MIT */
#include "server/base/str.h"
#include "server/store/sqlite_history.h"

#include <sqlite3.h>

static bool count_kinds(struct sqlite_conn *conn, const char *connection,
        struct held_counts *counts, struct err *err)
{
	static const char SQL[] = "SELECT kind, count(*) FROM holds WHERE connection = ?"
	                          " AND is_rejected = 0 GROUP BY kind";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(TEXT(connection)), err);
	enum sqlite_row row = ROW_FAILED;

	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		const char *word = (const char *)sqlite3_column_text(stmt, 0);
		for (int i = 0; i < HOLD_KIND_COUNT; i++) {
			if (str_equal(word, hold_kind_name((enum hold_kind)i))) {
				counts->by_kind[i] = sqlite3_column_int64(stmt, 1);
			}
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool store_held(
        struct store *store, const char *connection, struct held_counts *counts, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(DISTINCT employee_id) FROM holds WHERE connection = ?"
	        " AND is_rejected = 0 AND kind NOT IN ('human', 'revoked', 'undo')";
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*counts = (struct held_counts){0};
	if (conn == NULL) {
		return false;
	}
	bool done = count_kinds(conn, connection, counts, err) &&
	        sqlite_number(conn, SQL, VALUES(TEXT(connection)), &counts->undecided, err);
	sqlite_pool_give(store, conn);
	return done;
}
