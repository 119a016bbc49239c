/* SPDX-License-Identifier: MIT */
/* Who waits for whose account: employees.waits_for, an id a row. */
#include "server/store/sqlite.h"

#include "server/base/str.h"

#include <string.h>

static bool add_wait(struct sqlite_conn *conn, const struct employee_key *key,
        const char *waits_for, bool *is_over, struct err *err)
{
	static const char SQL[] =
	        "INSERT OR IGNORE INTO employee_waits (connection, waits_for, employee_id)"
	        " VALUES (?, ?, ?)";
	static const char SQL_LINKED[] = "SELECT count(*) FROM employees WHERE connection = ?"
	                                 " AND employee_id = ? AND okta_id <> ''";
	int64_t linked = 0;
	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(key->connection), TEXT(waits_for), TEXT(key->employee_id)), err) ||
	        !sqlite_number(conn, SQL_LINKED, VALUES(TEXT(key->connection), TEXT(waits_for)),
	                &linked, err)) {
		return false;
	}
	*is_over = *is_over || linked > 0;
	return true;
}

bool sqlite_waits_write(
        struct sqlite_conn *conn, const struct employee *employee, bool *is_over, struct err *err)
{
	static const char SQL[] =
	        "DELETE FROM employee_waits WHERE connection = ? AND employee_id = ?";
	const struct employee_key *key = &employee->key;
	*is_over = false;
	if (!sqlite_exec(conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), err)) {
		return false;
	}
	for (const char *at = employee->waits_for; at != NULL && *at != '\0';) {
		const size_t len = strcspn(at, ",");
		char id[EMPLOYEE_ID_BYTES];
		if (!str_format(id, sizeof(id), "%.*s", (int)len, at)) {
			err_set(err, ERR_BAD_REQUEST, "waits_for holds what is no employee id");
			return false;
		}
		if (!add_wait(conn, key, id, is_over, err)) {
			return false;
		}
		at += len + (at[len] == ',' ? 1 : 0);
	}
	return true;
}
