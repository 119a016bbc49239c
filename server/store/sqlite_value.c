/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite_audit.h"

#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

/* ------------------------------------------------------- the store's state */

bool sqlite_state_set(struct sqlite_conn *conn, const char *name, int64_t value, struct err *err)
{
	static const char SQL[] = "INSERT INTO store_state (name, value) VALUES (?, ?)"
	                          " ON CONFLICT (name) DO UPDATE SET value = excluded.value";
	return sqlite_exec(conn, SQL, VALUES(TEXT(name), INT(value)), err);
}

bool sqlite_state_get(struct sqlite_conn *conn, const char *name, int64_t *value, struct err *err)
{
	static const char SQL[] = "SELECT value FROM store_state WHERE name = ?";
	*value = 0;
	return sqlite_number(conn, SQL, VALUES(TEXT(name)), value, err);
}

/* --------------------------------------------------- values of connections */

struct value_call {
	const char *connection;
	const char *name;
	const char *value;
};

static bool value_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL_SET[] =
	        "INSERT INTO connection_values (connection, name, value) VALUES (?, ?, ?)"
	        " ON CONFLICT (connection, name) DO UPDATE SET value = excluded.value";
	static const char SQL_UNSET[] =
	        "DELETE FROM connection_values WHERE connection = ? AND name = ?";
	const struct value_call *call = context;
	if (call->value == NULL) {
		return sqlite_exec(
		        conn, SQL_UNSET, VALUES(TEXT(call->connection), TEXT(call->name)), err);
	}
	return sqlite_exec(conn, SQL_SET,
	        VALUES(TEXT(call->connection), TEXT(call->name), TEXT(call->value)), err);
}

struct decide_call {
	struct value_call value;
	const struct audit_entry *entry;
};

static bool decide_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct decide_call *call = context;
	struct employee_key nobody = {0};
	const struct audit_new entry = {.kind = call->entry->kind,
	        .key = &nobody,
	        .who = call->entry->who,
	        .what = call->entry->what,
	        .meta = call->entry->meta};
	str_format_cut(nobody.connection, sizeof(nobody.connection), "%s", call->value.connection);
	return value_run(conn, &call->value, err) && sqlite_audit_write(conn, &entry, err);
}

bool store_value_decide(struct store *store, const char *name, const char *value,
        const struct audit_entry *entry, struct err *err)
{
	struct decide_call call = {{entry->connection, name, value}, entry};
	return sqlite_write(store, decide_run, &call, err);
}

bool store_value_set(struct store *store, const char *connection, const char *name,
        const char *value, struct err *err)
{
	struct value_call call = {connection, name, value};
	return sqlite_write(store, value_run, &call, err);
}

static bool read_value(
        struct sqlite_conn *conn, const struct value_call *call, char **value, struct err *err)
{
	static const char SQL[] =
	        "SELECT value FROM connection_values WHERE connection = ? AND name = ?";
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(TEXT(call->connection), TEXT(call->name)), err);
	if (stmt == NULL) {
		return false;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND) {
		*value = str_dup((const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite_done(stmt);
	if (row == ROW_NONE) {
		err_set(err, ERR_NOT_FOUND, "the value %s is not set", call->name);
	} else if (*value == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a value");
	}
	return *value != NULL;
}

bool store_value_get(struct store *store, const char *connection, const char *name, char **value,
        struct err *err)
{
	struct value_call call = {connection, name, NULL};
	*value = NULL;
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = read_value(conn, &call, value, err);
	sqlite_pool_give(store, conn);
	return done;
}

bool store_value_set_number(struct store *store, const char *connection, const char *name,
        int64_t number, struct err *err)
{
	char text[24];
	str_format_cut(text, sizeof(text), "%lld", (long long)number);
	return store_value_set(store, connection, name, number != 0 ? text : NULL, err);
}

int64_t store_value_get_number(struct store *store, const char *connection, const char *name)
{
	char *text = NULL;
	int64_t number = 0;
	if (!store_value_get(store, connection, name, &text, NULL) ||
	        !str_to_int64(text, &number)) {
		number = 0;
	}
	free(text);
	return number;
}
