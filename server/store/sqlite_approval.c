/* SPDX-License-Identifier: MIT */
#include "server/store/approvals.h"
#include "server/store/sqlite_audit.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

/* Kept for looking back, and then forgotten. */
#define KEPT_MS (INT64_C(400) * 24 * 3600000)

#define APPROVAL_COLUMN(kind_, member, words_)                                       \
	{                                                                            \
		.kind = COLUMN_##kind_, .offset = offsetof(struct approval, member), \
		.size = sizeof(((struct approval *)0)->member), .words = (words_)    \
	}
static const struct sqlite_column COLUMNS[] = {
        APPROVAL_COLUMN(TEXT, key.connection, NULL),
        APPROVAL_COLUMN(TEXT, day, NULL),
        APPROVAL_COLUMN(WORD, limit, &sqlite_words_limit_kind),
        APPROVAL_COLUMN(TEXT, key.employee_id, NULL),
        APPROVAL_COLUMN(TEXT, by, NULL),
        APPROVAL_COLUMN(INT64, at_ms, NULL),
        APPROVAL_COLUMN(INT64, from_ms, NULL),
        APPROVAL_COLUMN(INT64, until_ms, NULL),
        APPROVAL_COLUMN(INT64, used_at_ms, NULL),
};
#define NAMES "connection, day, [limit], employee_id, [by], at_ms, from_ms, until_ms, used_at_ms"

void approval_list_finish(struct approval_list *list)
{
	free(list->items);
	*list = (struct approval_list){0};
}

static bool audit(struct sqlite_conn *conn, const struct approval *approval, const char *who,
        const char *verb, struct err *err)
{
	char what[SENTENCE_BYTES];
	str_format_cut(what, sizeof(what), "%s the limit \"%s\" on %s", verb,
	        limit_kind_name(approval->limit), approval->day);
	const struct audit_new entry = {
	        .kind = "approve", .key = &approval->key, .who = who, .what = what};
	return sqlite_audit_write(conn, &entry, err);
}

/* ------------------------------------------------------------------ adding */

struct add_call {
	const struct approval *approvals;
	size_t count;
};

static bool forget_old(struct sqlite_conn *conn, struct err *err)
{
	static const char SQL[] = "DELETE FROM approvals WHERE until_ms < ?";
	return sqlite_exec(conn, SQL, VALUES(INT(clock_wall_ms() - KEPT_MS)), err);
}

static bool add_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT OR REPLACE INTO approvals (" NAMES ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
	const struct add_call *call = context;
	for (size_t i = 0; i < call->count; i++) {
		struct sqlite_value values[ARRAY_SIZE(COLUMNS) + 1] = {0};
		for (size_t column = 0; column < ARRAY_SIZE(COLUMNS); column++) {
			values[column] = sqlite_column_value(&COLUMNS[column], &call->approvals[i]);
		}
		if (!sqlite_exec(conn, SQL, values, err) ||
		        !audit(conn, &call->approvals[i], call->approvals[i].by,
		                "approved in advance to pass", err)) {
			return false;
		}
	}
	return forget_old(conn, err);
}

bool store_approvals_add(
        struct store *store, const struct approval *approvals, size_t count, struct err *err)
{
	struct add_call call = {approvals, count};
	if (count > APPROVALS_AT_ONCE) {
		err_set(err, ERR_BAD_REQUEST, "at most %d people are approved at once",
		        APPROVALS_AT_ONCE);
		return false;
	}
	return sqlite_write(store, add_run, &call, err);
}

/* ----------------------------------------------------------------- listing */

#define SELECT_APPROVALS                                                                     \
	"SELECT " NAMES " FROM approvals WHERE connection = ?1 AND (?2 IS NULL OR day = ?2)" \
	" AND (?3 IS NULL OR [limit] = ?3) AND (?4 IS NULL OR employee_id = ?4)"             \
	" AND until_ms > ?5 ORDER BY day, [limit], employee_id LIMIT ?6"

static bool read_all(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct approval_list *list, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct approval *approval =
		        sqlite_grow((void **)&list->items, &list->count, sizeof(*approval));
		if (approval == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for approvals");
		}
		if (approval == NULL ||
		        !sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), approval, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		approval_list_finish(list);
	}
	return row != ROW_FAILED;
}

static bool select_all(struct sqlite_conn *conn, const struct approval_filter *filter,
        struct approval_list *list, struct err *err)
{
	static const char SQL[] = SELECT_APPROVALS;
	const char *limit = filter->limit != LIMIT_NONE ? limit_kind_name(filter->limit) : NULL;
	*list = (struct approval_list){0};
	return read_all(conn,
	        sqlite_query(conn, SQL,
	                VALUES(TEXT(filter->connection), TEXT(filter->day), TEXT(limit),
	                        TEXT(filter->employee_id), INT(filter->until_after_ms),
	                        INT(APPROVALS_AT_ONCE)),
	                err),
	        list, err);
}

bool store_approvals_list(struct store *store, const struct approval_filter *filter,
        struct approval_list *list, struct err *err)
{
	*list = (struct approval_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = select_all(conn, filter, list, err);
	sqlite_pool_give(store, conn);
	return done;
}

/* ------------------------------------------------------------- taking back */

struct remove_call {
	const struct approval_filter *filter;
	const char *by;
	size_t removed;
};

static bool remove_one(
        struct sqlite_conn *conn, const struct approval *approval, const char *by, struct err *err)
{
	static const char SQL[] = "DELETE FROM approvals WHERE connection = ? AND day = ?"
	                          " AND [limit] = ? AND employee_id = ?";
	return sqlite_exec(conn, SQL,
	               VALUES(TEXT(approval->key.connection), TEXT(approval->day),
	                       TEXT(limit_kind_name(approval->limit)),
	                       TEXT(approval->key.employee_id)),
	               err) &&
	        audit(conn, approval, by, "no longer approved to pass", err);
}

static bool remove_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct remove_call *call = context;
	struct approval_list list;
	bool done = select_all(conn, call->filter, &list, err);
	for (size_t i = 0; done && i < list.count; i++) {
		done = remove_one(conn, &list.items[i], call->by, err);
	}
	call->removed = list.count;
	approval_list_finish(&list);
	if (done && call->removed == 0) {
		err_set(err, ERR_NOT_FOUND, "nothing of the kind is approved");
	}
	return done && call->removed > 0;
}

bool store_approvals_remove(struct store *store, const struct approval_filter *filter,
        const char *by, size_t *removed, struct err *err)
{
	struct remove_call call = {.filter = filter, .by = by};
	bool done = sqlite_write(store, remove_run, &call, err);
	*removed = done ? call.removed : 0;
	return done;
}

/* ------------------------------------------------------ while an intent opens */

bool sqlite_approval_find(struct sqlite_conn *conn, const struct intent *intent,
        struct approval *approval, bool *is_found, struct err *err)
{
	static const char SQL[] =
	        "SELECT " NAMES " FROM approvals WHERE connection = ? AND employee_id = ?"
	        " AND [limit] = ? AND from_ms <= ? AND until_ms > ? ORDER BY from_ms LIMIT 1";
	struct approval_list list = {0};
	bool done = read_all(conn,
	        sqlite_query(conn, SQL,
	                VALUES(TEXT(intent->key.connection), TEXT(intent->key.employee_id),
	                        TEXT(limit_kind_name(intent->limit)), INT(intent->opened_at_ms),
	                        INT(intent->opened_at_ms)),
	                err),
	        &list, err);
	*is_found = list.count > 0;
	if (*is_found) {
		*approval = list.items[0];
	}
	approval_list_finish(&list);
	return done;
}

bool sqlite_approval_use(
        struct sqlite_conn *conn, const struct approval *approval, int64_t at_ms, struct err *err)
{
	static const char SQL[] =
	        "UPDATE approvals SET used_at_ms = ? WHERE connection = ? AND day = ?"
	        " AND [limit] = ? AND employee_id = ? AND used_at_ms = 0";
	return sqlite_exec(conn, SQL,
	               VALUES(INT(at_ms), TEXT(approval->key.connection), TEXT(approval->day),
	                       TEXT(limit_kind_name(approval->limit)),
	                       TEXT(approval->key.employee_id)),
	               err) &&
	        audit(conn, approval, approval->by, "passes, as approved in advance,", err);
}

/* -------------------------------------------------- what is held already */

/* Whom a limit holds although somebody approved it for now, oldest first. */
#define HELD_THOUGH_APPROVED                                                                       \
	"SELECT h.connection, h.employee_id, h.[limit], min(a.[by]) FROM holds h JOIN approvals a" \
	" ON a.connection = h.connection AND a.employee_id = h.employee_id AND"                    \
	" a.[limit] = h.[limit] WHERE h.connection = ?1 AND h.kind = 'limit' AND"                  \
	" h.is_rejected = 0 AND a.from_ms <= ?2 AND a.until_ms > ?2"                               \
	" GROUP BY h.connection, h.employee_id, h.[limit] LIMIT 500"

struct held {
	struct employee_key key;
	enum limit_kind limit;
	char by[64];
};
struct held_list {
	struct held *items;
	size_t count;
};

static bool find_held(struct sqlite_conn *conn, const char *connection, int64_t now_ms,
        struct held_list *list, struct err *err)
{
	static const char SQL[] = HELD_THOUGH_APPROVED;
	enum sqlite_row row = ROW_FAILED;
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(TEXT(connection), INT(now_ms)), err);
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct held *held = sqlite_grow((void **)&list->items, &list->count, sizeof(*held));
		if (held == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for holds");
			row = ROW_FAILED;
			break;
		}
		str_format_cut(held->key.connection, sizeof(held->key.connection), "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
		str_format_cut(held->key.employee_id, sizeof(held->key.employee_id), "%s",
		        (const char *)sqlite3_column_text(stmt, 1));
		held->limit = limit_kind_parse((const char *)sqlite3_column_text(stmt, 2));
		str_format_cut(held->by, sizeof(held->by), "%s",
		        (const char *)sqlite3_column_text(stmt, 3));
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

struct let_go_call {
	const char *connection;
	int64_t now_ms;
	size_t count;
};

static bool let_go_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct let_go_call *call = context;
	struct held_list list = {0};
	bool done = find_held(conn, call->connection, call->now_ms, &list, err);
	for (size_t i = 0; i < list.count && done; i++) {
		const struct hold_decision decision = {.key = list.items[i].key,
		        .kind = HOLD_LIMIT,
		        .by = list.items[i].by,
		        .limit = list.items[i].limit};
		done = sqlite_hold_let_go(conn, &decision, err);
	}
	call->count = done ? list.count : 0;
	free(list.items);
	return done;
}

bool store_approvals_release(struct store *store, const char *connection, int64_t now_ms,
        size_t *released, struct err *err)
{
	struct let_go_call call = {connection, now_ms, 0};
	struct held_list list = {0};
	*released = 0;
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	/* Nearly always nobody: the writer is not asked then. */
	bool done = find_held(conn, connection, now_ms, &list, err);
	sqlite_pool_give(store, conn);
	bool is_any = list.count > 0;
	free(list.items);
	if (!done || !is_any) {
		return done;
	}
	done = sqlite_write(store, let_go_run, &call, err);
	*released = call.count;
	return done;
}
