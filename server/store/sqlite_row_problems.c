/* SPDX-License-Identifier: MIT */
/* What the rows of a mapping could not do, added up over everybody. */
#include "server/store/sqlite.h"

#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

static bool read_problems(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct row_problem_list *list, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct row_problem *problem =
		        sqlite_grow((void **)&list->items, &list->count, sizeof(*problem));
		if (problem == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for what rows could not do");
			row = ROW_FAILED;
			break;
		}
		str_format_cut(problem->okta, sizeof(problem->okta), "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
		str_format_cut(problem->state, sizeof(problem->state), "%s",
		        (const char *)sqlite3_column_text(stmt, 1));
		str_format_cut(problem->reason, sizeof(problem->reason), "%s",
		        (const char *)sqlite3_column_text(stmt, 2));
		problem->people = sqlite3_column_int64(stmt, 3);
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool store_row_problems(
        struct store *store, const char *connection, struct row_problem_list *list, struct err *err)
{
	static const char SQL[] =
	        "SELECT coalesce(p.value ->> 'okta', ''), coalesce(p.value ->> 'state', ''),"
	        " coalesce(p.value ->> 'reason', ''), count(*)"
	        " FROM employees e, json_each(e.row_problems) p"
	        " WHERE e.connection = ? AND e.row_problems IS NOT NULL"
	        " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3 LIMIT ?";
	*list = (struct row_problem_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool is_read = read_problems(conn,
	        sqlite_query(conn, SQL, VALUES(TEXT(connection), INT(ROW_PROBLEMS_MAX)), err), list,
	        err);
	sqlite_pool_give(store, conn);
	if (!is_read) {
		row_problem_list_finish(list);
	}
	return is_read;
}

void row_problem_list_finish(struct row_problem_list *list)
{
	free(list->items);
	*list = (struct row_problem_list){0};
}
