/* SPDX-License-Identifier: MIT */
/* Who refers to whose account: employees.waits_for and refers_to, an id a row. */
#include "server/store/sqlite.h"

#include "server/base/str.h"

#include <sqlite3.h>
#include <string.h>

static bool add_reference(struct sqlite_conn *conn, const struct employee_key *key,
        const char *colleague, struct err *err)
{
	static const char SQL[] =
	        "INSERT OR IGNORE INTO employee_waits (connection, waits_for, employee_id)"
	        " VALUES (?, ?, ?)";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(key->connection), TEXT(colleague), TEXT(key->employee_id)), err);
}

static bool add_wait(struct sqlite_conn *conn, const struct employee_key *key,
        const char *waits_for, bool *is_over, struct err *err)
{
	static const char SQL_LINKED[] = "SELECT count(*) FROM employees WHERE connection = ?"
	                                 " AND employee_id = ? AND okta_id <> ''";
	int64_t linked = 0;
	if (!add_reference(conn, key, waits_for, err) ||
	        !sqlite_number(conn, SQL_LINKED, VALUES(TEXT(key->connection), TEXT(waits_for)),
	                &linked, err)) {
		return false;
	}
	*is_over = *is_over || linked > 0;
	return true;
}

/* is_over NULL: the account is there, and only another login matters. */
static bool add_list(struct sqlite_conn *conn, const struct employee_key *key, const char *ids,
        bool *is_over, struct err *err)
{
	for (const char *at = ids; at != NULL && *at != '\0';) {
		const size_t len = strcspn(at, ",");
		char id[EMPLOYEE_ID_BYTES];
		if (!str_format(id, sizeof(id), "%.*s", (int)len, at)) {
			err_set(err, ERR_BAD_REQUEST, "waits_for holds what is no employee id");
			return false;
		}
		if (is_over != NULL ? !add_wait(conn, key, id, is_over, err)
		                    : !add_reference(conn, key, id, err)) {
			return false;
		}
		at += len + (at[len] == ',' ? 1 : 0);
	}
	return true;
}

bool sqlite_waits_write(
        struct sqlite_conn *conn, const struct employee *employee, bool *is_over, struct err *err)
{
	static const char SQL[] =
	        "DELETE FROM employee_waits WHERE connection = ? AND employee_id = ?";
	const struct employee_key *key = &employee->key;
	*is_over = false;
	return sqlite_exec(conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), err) &&
	        add_list(conn, key, employee->waits_for, is_over, err) &&
	        add_list(conn, key, employee->refers_to, NULL, err);
}

bool sqlite_waits_login(
        struct sqlite_conn *conn, const struct employee_key *key, char *login, struct err *err)
{
	static const char SQL[] = "SELECT login FROM employees WHERE connection = ?"
	                          " AND employee_id = ? AND okta_id <> '' AND login IS NOT NULL";
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), err);
	login[0] = '\0';
	if (stmt == NULL) {
		return false;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND) {
		str_format_cut(login, SQLITE_LOGIN_BYTES, "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool sqlite_waits_renamed(struct sqlite_conn *conn, const struct employee_key *key,
        const char *before, struct err *err)
{
	char login[SQLITE_LOGIN_BYTES];
	if (before[0] == '\0') {
		return true;
	}
	return sqlite_waits_login(conn, key, login, err) &&
	        (login[0] == '\0' || str_equal(login, before) ||
	                sqlite_mark_waiting(conn, key, err));
}
