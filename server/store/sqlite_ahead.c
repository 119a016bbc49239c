/* SPDX-License-Identifier: MIT */
#include "server/base/str.h"
#include "server/store/sqlite_history.h"

#include <sqlite3.h>

/* As employees_ending says it. */
#define IS_OPEN "okta_id <> '' AND present_status NOT IN ('SUSPENDED', 'DEPROVISIONED')"
#define COLUMNS                                                                         \
	" present_status, read_at_ms, employee_id, display_name, EXISTS (SELECT 1 FROM" \
	" holds h WHERE h.connection = employees.connection AND h.employee_id ="        \
	" employees.employee_id AND h.is_rejected = 0), time_zone"

/*
 * A closing instant is a due time, too; it is told once. Who has left already has nothing before
 * them but the date that was passed early.
 */
static const char SQL[] =
        "SELECT 'leave', confirmed_end_ms AS at_ms," COLUMNS " FROM employees INDEXED BY"
        " employees_ending WHERE connection = ?1 AND confirmed_end_ms > 0 AND confirmed_end_ms >="
        " ?2 AND confirmed_end_ms < ?3 AND " IS_OPEN
        " UNION ALL SELECT iif(present_status IN ('NONE', 'STAGED') AND wanted IN ('none',"
        " 'staged') AND was_terminated = 0, 'join', 'change'), policy_due_at_ms," COLUMNS
        " FROM employees INDEXED BY employees_policy_due WHERE connection = ?1 AND"
        " policy_due_at_ms > 0 AND policy_due_at_ms >= ?2 AND policy_due_at_ms < ?3"
        " AND NOT (confirmed_end_ms = policy_due_at_ms AND " IS_OPEN ")"
        " AND NOT (lifecycle = 'terminated' AND wanted = 'deactivated')"
        " ORDER BY at_ms, employee_id LIMIT ?4";

static enum ahead_kind parse_kind(const char *word)
{
	int kind = 0;

	while (kind < AHEAD_CHANGE && !str_equal(word, ahead_kind_name((enum ahead_kind)kind))) {
		kind++;
	}
	return (enum ahead_kind)kind;
}

static bool read_ahead(struct sqlite3_stmt *stmt, struct ahead *ahead)
{
	ahead->kind = parse_kind((const char *)sqlite3_column_text(stmt, 0));
	ahead->at_ms = sqlite3_column_int64(stmt, 1);
	ahead->present_status = account_status_parse((const char *)sqlite3_column_text(stmt, 2));
	ahead->read_at_ms = sqlite3_column_int64(stmt, 3);
	str_format_cut(ahead->employee_id, sizeof(ahead->employee_id), "%s",
	        (const char *)sqlite3_column_text(stmt, 4));
	ahead->is_held = sqlite3_column_int(stmt, 6) != 0;
	str_format_cut(ahead->time_zone, sizeof(ahead->time_zone), "%s",
	        (const char *)sqlite3_column_text(stmt, 7));
	return personal_set(&ahead->display_name, (const char *)sqlite3_column_text(stmt, 5));
}

static bool read_list(struct sqlite_conn *conn, struct sqlite3_stmt *stmt, struct ahead_list *list,
        struct err *err)
{
	enum sqlite_row row = ROW_FAILED;

	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct ahead *ahead =
		        sqlite_grow((void **)&list->items, &list->count, sizeof(*ahead));
		if (ahead == NULL || !read_ahead(stmt, ahead)) {
			err_set(err, ERR_NO_MEMORY, "no memory for the days ahead");
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		ahead_list_finish(list);
	}
	return row != ROW_FAILED;
}

bool store_ahead(struct store *store, const struct ahead_query *query, struct ahead_list *list,
        struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*list = (struct ahead_list){0};
	if (conn == NULL) {
		return false;
	}
	const struct sqlite_value *values = VALUES(TEXT(query->connection), INT(query->from_ms),
	        INT(query->until_ms), INT((int64_t)query->limit));
	bool done = read_list(conn, sqlite_query(conn, SQL, values, err), list, err);
	sqlite_pool_give(store, conn);
	return done;
}
