/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
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

struct running_call {
	int64_t add_ms;
	int64_t running_ms;
};

static bool running_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct running_call *call = context;
	if (!sqlite_state_get(conn, "running_ms", &call->running_ms, err)) {
		return false;
	}
	call->running_ms += call->add_ms > 0 ? call->add_ms : 0;
	return sqlite_state_set(conn, "running_ms", call->running_ms, err);
}

bool store_running_add(struct store *store, int64_t add_ms, int64_t *running_ms, struct err *err)
{
	struct running_call call = {.add_ms = add_ms};
	bool done = sqlite_write(store, running_run, &call, err);
	if (done && running_ms != NULL) {
		*running_ms = call.running_ms;
	}
	return done;
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

/* ------------------------------------------------------------------- audit */

bool sqlite_audit(struct sqlite_conn *conn, const struct employee_key *key, const char *who,
        const char *what, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO audit (at_ms, connection, employee_id, who, what, settings_version)"
	        " VALUES (?, ?, ?, ?, ?, coalesce((SELECT value FROM store_state"
	        " WHERE name = 'settings_version'), 0))";
	return sqlite_exec(conn, SQL,
	        VALUES(INT(clock_wall_ms()), TEXT(key->connection), TEXT(key->employee_id),
	                TEXT(who), TEXT(what)),
	        err);
}

struct audit_call {
	struct employee_key key;
	const char *who;
	const char *what;
};

static bool audit_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct audit_call *call = context;
	return sqlite_audit(conn, &call->key, call->who, call->what, err);
}

bool store_audit(struct store *store, const char *connection, const char *employee_id,
        const char *who, const char *what, struct err *err)
{
	struct audit_call call = {.who = who, .what = what};
	if (!str_copy(call.key.connection, sizeof(call.key.connection), connection) ||
	        !str_copy(call.key.employee_id, sizeof(call.key.employee_id),
	                employee_id != NULL ? employee_id : "")) {
		err_set(err, ERR_BAD_REQUEST, "the connection or employee id is too long");
		return false;
	}
	return sqlite_write(store, audit_run, &call, err);
}
