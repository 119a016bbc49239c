/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/str.h"

#include <sqlite3.h>
#include <string.h>

#define HOLD_COLUMN(kind_, member, words_)                                       \
	{                                                                        \
		.kind = COLUMN_##kind_, .offset = offsetof(struct hold, member), \
		.size = sizeof(((struct hold *)0)->member), .words = (words_)    \
	}
static const struct sqlite_column COLUMNS[] = {
        HOLD_COLUMN(TEXT, key.connection, NULL),
        HOLD_COLUMN(TEXT, key.employee_id, NULL),
        HOLD_COLUMN(WORD, kind, &sqlite_words_hold_kind),
        HOLD_COLUMN(TEXT, cause, NULL),
        HOLD_COLUMN(TEXT, by, NULL),
        HOLD_COLUMN(INT64, since_ms, NULL),
        HOLD_COLUMN(BOOL, is_rejected, NULL),
        HOLD_COLUMN(TEXT, okta_id, NULL),
};
#define SELECT_HOLD \
	"SELECT connection, employee_id, kind, cause, [by], since_ms, is_rejected, okta_id FROM holds"

static bool audit_kind(struct sqlite_conn *conn, const struct employee_key *key, const char *who,
        const char *verb, const char *kind, struct err *err)
{
	char what[SENTENCE_BYTES];
	str_format_cut(what, sizeof(what), "%s %s", verb, kind);
	return sqlite_audit(conn, key, who, what, err);
}

/* ------------------------------------------------------------------ adding */

/* An approval of that kind did not cover what is held now. */
static bool drop_approval(struct sqlite_conn *conn, const struct hold *hold, struct err *err)
{
	static const char SQL[] = "UPDATE employees SET approvals = approvals & ~?"
	                          " WHERE connection = ? AND employee_id = ? AND approvals <> 0";
	return sqlite_exec(conn, SQL,
	        VALUES(INT(1u << hold->kind), TEXT(hold->key.connection),
	                TEXT(hold->key.employee_id)),
	        err);
}

/* A hold that says the same again is left alone: since, rejection and audit keep their meaning. */
static bool add_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO holds (connection, employee_id, kind, cause, [by], since_ms,"
	        " is_rejected, okta_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
	        " ON CONFLICT (connection, employee_id, kind) DO UPDATE SET cause ="
	        " excluded.cause, okta_id = excluded.okta_id, is_rejected = excluded.is_rejected"
	        " WHERE cause <> excluded.cause OR okta_id <> excluded.okta_id";
	const struct hold *hold = context;
	struct sqlite_value values[ARRAY_SIZE(COLUMNS) + 1] = {0};
	for (size_t i = 0; i < ARRAY_SIZE(COLUMNS); i++) {
		values[i] = sqlite_column_value(&COLUMNS[i], hold);
	}
	struct employee employee;
	bool done = sqlite_employee_ensure(conn, &hold->key, &employee, err);
	employee_finish(&employee);
	if (!done || !sqlite_exec(conn, SQL, values, err)) {
		return false;
	}
	return sqlite_changes(conn) == 0 ||
	        (drop_approval(conn, hold, err) &&
	                audit_kind(conn, &hold->key, hold->by, "hold", hold_kind_name(hold->kind),
	                        err));
}

bool store_hold_add(struct store *store, const struct hold *hold, struct err *err)
{
	struct hold copy = *hold;
	if (hold->kind >= HOLD_KIND_COUNT) {
		err_set(err, ERR_BAD_REQUEST, "there is no such kind of hold");
		return false;
	}
	return sqlite_write(store, add_run, &copy, err);
}

/* ---------------------------------------------------------------- deciding */

/* The kind's word, or NULL for every kind. */
static const char *kind_text(enum hold_kind kind)
{
	return kind < HOLD_KIND_COUNT ? hold_kind_name(kind) : NULL;
}

static bool remove_rows(struct sqlite_conn *conn, const struct employee_key *key,
        enum hold_kind kind, struct err *err)
{
	static const char SQL[] = "DELETE FROM holds WHERE connection = ?1 AND employee_id = ?2"
	                          " AND (?3 IS NULL OR kind = ?3)";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(key->connection), TEXT(key->employee_id), TEXT(kind_text(kind))), err);
}

/* The bits of the holds the decision is about; none: ERR_NOT_FOUND. */
static bool find_kinds(struct sqlite_conn *conn, const struct hold_decision *decision,
        unsigned *kinds, struct err *err)
{
	struct employee employee;
	enum sqlite_row row = sqlite_employee_load(conn, &decision->key, &employee, err);
	unsigned wanted = decision->kind < HOLD_KIND_COUNT ? 1u << decision->kind : ~0u;
	*kinds = employee.hold_kinds & wanted;
	employee_finish(&employee);
	if (row == ROW_FAILED) {
		return false;
	}
	if (*kinds == 0) {
		err_set(err, ERR_NOT_FOUND, "there is no such hold");
	}
	return *kinds != 0;
}

static bool release_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "UPDATE employees SET approvals = approvals | ?"
	                          " WHERE connection = ? AND employee_id = ?";
	const struct hold_decision *decision = context;
	const struct employee_key *key = &decision->key;
	unsigned kinds = 0;
	if (!find_kinds(conn, decision, &kinds, err) ||
	        !remove_rows(conn, key, decision->kind, err) ||
	        !sqlite_exec(conn, SQL,
	                VALUES(INT(kinds), TEXT(key->connection), TEXT(key->employee_id)), err) ||
	        !sqlite_mark(conn, key, LANE_UPDATE, err)) {
		return false;
	}
	for (int kind = 0; kind < HOLD_KIND_COUNT; kind++) {
		if ((kinds & 1u << kind) != 0 &&
		        !audit_kind(conn, key, decision->by, "release",
		                hold_kind_name((enum hold_kind)kind), err)) {
			return false;
		}
	}
	return true;
}

bool store_hold_release(struct store *store, const struct hold_decision *decision, struct err *err)
{
	struct hold_decision copy = *decision;
	return sqlite_write(store, release_run, &copy, err);
}

static bool reject_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE holds SET is_rejected = 1, [by] = ?4 WHERE connection = ?1 AND"
	        " employee_id = ?2 AND (?3 IS NULL OR kind = ?3)";
	const struct hold_decision *decision = context;
	const struct employee_key *key = &decision->key;
	const char *kind = kind_text(decision->kind);
	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(key->connection), TEXT(key->employee_id), TEXT(kind),
	                    TEXT(decision->by)),
	            err)) {
		return false;
	}
	if (sqlite_changes(conn) == 0) {
		err_set(err, ERR_NOT_FOUND, "there is no such hold");
		return false;
	}
	return sqlite_mark(conn, key, LANE_UPDATE, err) &&
	        audit_kind(conn, key, decision->by, "reject", kind != NULL ? kind : "all", err);
}

bool store_hold_reject(struct store *store, const struct hold_decision *decision, struct err *err)
{
	struct hold_decision copy = *decision;
	return sqlite_write(store, reject_run, &copy, err);
}

static bool remove_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct hold_decision *decision = context;
	if (!remove_rows(conn, &decision->key, decision->kind, err)) {
		return false;
	}
	const char *kind = kind_text(decision->kind);
	return sqlite_changes(conn) == 0 ||
	        audit_kind(conn, &decision->key, decision->by, "remove",
	                kind != NULL ? kind : "all", err);
}

bool store_hold_remove(
        struct store *store, const struct employee_key *key, enum hold_kind kind, struct err *err)
{
	struct hold_decision decision = {*key, kind, "server"};
	return sqlite_write(store, remove_run, &decision, err);
}

/* ----------------------------------------------------------------- listing */

static bool read_holds(struct sqlite_conn *conn, struct sqlite3_stmt *stmt, struct hold_list *holds,
        struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct hold *hold =
		        sqlite_grow((void **)&holds->items, &holds->count, sizeof(*hold));
		if (hold == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for holds");
			row = ROW_FAILED;
			break;
		}
		if (!sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), hold, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		hold_list_finish(holds);
	}
	return row != ROW_FAILED;
}

bool store_hold_list(struct store *store, const char *connection, const struct employee_key *key,
        struct hold_list *holds, struct err *err)
{
	static const char SQL[] = SELECT_HOLD " WHERE (?1 IS NULL OR connection = ?1) AND"
	                                      " (?2 IS NULL OR employee_id = ?2)"
	                                      " ORDER BY since_ms, employee_id, kind";
	*holds = (struct hold_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	const char *of = key != NULL ? key->connection : connection;
	const char *id = key != NULL ? key->employee_id : NULL;
	bool done = read_holds(
	        conn, sqlite_query(conn, SQL, VALUES(TEXT(of), TEXT(id)), err), holds, err);
	sqlite_pool_give(store, conn);
	return done;
}
