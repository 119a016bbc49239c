/* SPDX-License-Identifier: MIT */
/* Sessions: begun by a sign-in that was found right, used, ended. */
#include "server/store/sqlite_account.h"

#include "server/base/str.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>

#define SESSION_COLUMN(kind_, member)                                                      \
	{                                                                                  \
		.kind = COLUMN_##kind_, .offset = offsetof(struct stored_session, member), \
		.size = sizeof(((struct stored_session *)0)->member)                       \
	}
static const struct sqlite_column COLUMNS[] = {
        SESSION_COLUMN(INT64, id),
        SESSION_COLUMN(INT64, account),
        SESSION_COLUMN(TEXT, name),
        SESSION_COLUMN(TEXT, role),
        SESSION_COLUMN(BOOL, has_totp),
        SESSION_COLUMN(INT64, began_at_ms),
        SESSION_COLUMN(INT64, used_at_ms),
        SESSION_COLUMN(INT64, fresh_at_ms),
        SESSION_COLUMN(TEXT, peer),
};
#define SELECT                                                                                    \
	"SELECT session_id, s.account_id, name, role, totp IS NOT NULL, began_at_ms, used_at_ms," \
	" fresh_at_ms, peer FROM sessions s JOIN accounts a ON a.account_id = s.account_id"       \
	" WHERE ended_at_ms = 0 AND used_at_ms > ?1 AND began_at_ms > ?2 AND is_disabled = 0"     \
	" AND password <> ''"
#define BOUNDS(alive) INT((alive)->used_after_ms), INT((alive)->began_after_ms)

/* --------------------------------------------------------------------- reading */

void stored_session_list_finish(struct stored_session_list *list)
{
	free(list->items);
	*list = (struct stored_session_list){0};
}

static bool read_one(struct store *store, const char *sql, const struct sqlite_value *values,
        struct stored_session *session, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	struct sqlite3_stmt *stmt = sqlite_query(conn, sql, values, err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	bool done = row == ROW_FOUND &&
	        sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), session, err);
	sqlite_done(stmt);
	sqlite_pool_give(store, conn);
	if (row == ROW_NONE) {
		err_set(err, ERR_NOT_FOUND, "there is no such session, or it has ended");
	}
	return done;
}

bool store_session_find(struct store *store, const account_digest token,
        const struct session_bounds *alive, struct stored_session *session, struct err *err)
{
	static const char SQL[] = SELECT " AND token = ?3";
	return read_one(store, SQL, VALUES(BOUNDS(alive), BYTES(token, sizeof(account_digest))),
	        session, err);
}

bool store_session_get(struct store *store, int64_t id, const struct session_bounds *alive,
        struct stored_session *session, struct err *err)
{
	static const char SQL[] = SELECT " AND session_id = ?3";
	return read_one(store, SQL, VALUES(BOUNDS(alive), INT(id)), session, err);
}

static bool read_all(struct sqlite_conn *conn, int64_t account, const struct session_bounds *alive,
        struct stored_session_list *list, struct err *err)
{
	static const char SQL[] = SELECT
	        " AND (?3 = 0 OR s.account_id = ?3) ORDER BY used_at_ms DESC, session_id DESC";
	enum sqlite_row row = ROW_FAILED;
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(BOUNDS(alive), INT(account)), err);
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct stored_session *session =
		        sqlite_grow((void **)&list->items, &list->count, sizeof(*session));
		if (session == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for sessions");
			row = ROW_FAILED;
			break;
		}
		if (!sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), session, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool store_session_list(struct store *store, int64_t account, const struct session_bounds *alive,
        struct stored_session_list *list, struct err *err)
{
	*list = (struct stored_session_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = read_all(conn, account, alive, list, err);
	sqlite_pool_give(store, conn);
	if (!done) {
		stored_session_list_finish(list);
	}
	return done;
}

/* ------------------------------------------------------------------- beginning */

/* The oldest of an account end, so that it has at most ACCOUNT_SESSIONS_MAX. */
static bool make_place(struct sqlite_conn *conn, int64_t account, int64_t now_ms, struct err *err)
{
	static const char SQL[] =
	        "UPDATE sessions SET ended_at_ms = ?1 WHERE account_id = ?2 AND ended_at_ms = 0 AND"
	        " session_id NOT IN (SELECT session_id FROM sessions WHERE account_id = ?2 AND"
	        " ended_at_ms = 0 ORDER BY session_id DESC LIMIT ?3)";
	return sqlite_exec(
	        conn, SQL, VALUES(INT(now_ms), INT(account), INT(ACCOUNT_SESSIONS_MAX - 1)), err);
}

bool session_add(struct sqlite_conn *conn, int64_t account, const struct session_new *session,
        int64_t *id, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO sessions (token, account_id, began_at_ms, used_at_ms,"
	        " fresh_at_ms, peer) VALUES (?1, ?2, ?3, ?3, ?3, ?4)";
	bool done = make_place(conn, account, session->now_ms, err) &&
	        sqlite_exec(conn, SQL,
	                VALUES(BYTES(session->token, sizeof(session->token)), INT(account),
	                        INT(session->now_ms), TEXT(session->peer)),
	                err);
	*id = sqlite_inserted(conn);
	return done;
}

struct begin_call {
	const struct account_sign_in *sign_in;
	int64_t session;
};

/* What was shown counts once, however many show it at the same time. */
static bool use_second(
        struct sqlite_conn *conn, const struct account_sign_in *sign_in, struct err *err)
{
	static const char SQL_STEP[] =
	        "UPDATE accounts SET totp_step = ?1 WHERE account_id = ?2 AND totp_step < ?1";
	static const char SQL_CODE[] =
	        "DELETE FROM recovery_codes WHERE account_id = ? AND digest = ?";
	bool is_used = false;
	bool done = true;
	if (sign_in->totp_step != 0) {
		done = sqlite_exec(conn, SQL_STEP,
		        VALUES(INT(sign_in->totp_step), INT(sign_in->account)), err);
		is_used = sqlite_changes(conn) == 0;
	} else if (sign_in->recovery != NULL) {
		done = sqlite_exec(conn, SQL_CODE,
		        VALUES(INT(sign_in->account),
		                BYTES(*sign_in->recovery, sizeof(account_digest))),
		        err);
		is_used = sqlite_changes(conn) == 0;
	}
	if (done && is_used) {
		err_set(err, ERR_SECOND_FACTOR, "this code was used before");
	}
	return done && !is_used;
}

/* A second factor that was turned on meanwhile has to be shown. */
static bool is_as_checked(const struct account_sign_in *sign_in,
        const struct stored_account *account, struct err *err)
{
	bool has_second = sign_in->totp_step != 0 || sign_in->recovery != NULL;
	if (account->is_disabled || account->has_totp != has_second ||
	        !str_equal(account->password, sign_in->password)) {
		err_set(err, ERR_UNAUTHORIZED, "the account was changed meanwhile: sign in again");
		return false;
	}
	return true;
}

/* One that replaces nothing has ended: who took it over is not to be renewed. */
static bool end_replaced(
        struct sqlite_conn *conn, const struct account_sign_in *sign_in, struct err *err)
{
	static const char SQL[] = "UPDATE sessions SET ended_at_ms = ?1 WHERE session_id = ?2 AND"
	                          " account_id = ?3 AND ended_at_ms = 0";
	if (sign_in->replaces == 0) {
		return true;
	}
	bool done = sqlite_exec(conn, SQL,
	        VALUES(INT(sign_in->session.now_ms), INT(sign_in->replaces), INT(sign_in->account)),
	        err);
	if (done && sqlite_changes(conn) == 0) {
		err_set(err, ERR_UNAUTHORIZED, "the session has ended: sign in again");
		done = false;
	}
	return done;
}

static bool note_account(
        struct sqlite_conn *conn, const struct account_sign_in *sign_in, struct err *err)
{
	static const char SQL[] =
	        "UPDATE accounts SET signed_in_at_ms = ?1, password = coalesce(?2, password)"
	        " WHERE account_id = ?3";
	static const char SQL_ATTEMPT[] = "DELETE FROM sign_in_failures WHERE failure_id = ?";
	static const char SQL_FORGIVEN[] =
	        "UPDATE sign_in_failures SET is_forgiven = 1 WHERE subject = ? AND is_forgiven = 0";
	return sqlite_exec(conn, SQL,
	               VALUES(INT(sign_in->session.now_ms), TEXT(sign_in->rehashed),
	                       INT(sign_in->account)),
	               err) &&
	        sqlite_exec(conn, SQL_ATTEMPT, VALUES(INT(sign_in->failure)), err) &&
	        sqlite_exec(conn, SQL_FORGIVEN, VALUES(TEXT(sign_in->subject)), err);
}

static bool begin_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct begin_call *call = context;
	const struct account_sign_in *sign_in = call->sign_in;
	struct stored_account account;
	bool found = false;
	bool done = account_load(conn, NULL, sign_in->account, &account, &found, err) &&
	        is_as_checked(sign_in, &account, err) && use_second(conn, sign_in, err) &&
	        end_replaced(conn, sign_in, err) && note_account(conn, sign_in, err) &&
	        session_add(conn, account.id, &sign_in->session, &call->session, err) &&
	        account_audit(conn, account.name, err, "signin %s%s%s", account.name,
	                sign_in->replaces != 0 ? " again, for what needs it" : "",
	                sign_in->recovery != NULL ? ", with a recovery code" : "");
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_session_begin(struct store *store, const struct account_sign_in *sign_in,
        int64_t *session, struct err *err)
{
	struct begin_call call = {.sign_in = sign_in};
	bool done = sqlite_write(store, begin_run, &call, err);
	*session = call.session;
	return done;
}

/* ---------------------------------------------------------------- use and end */

struct session_call {
	const struct account_order *order;
	int64_t session;
	int64_t now_ms;
};

static bool touch_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "UPDATE sessions SET used_at_ms = ?1 WHERE session_id = ?2 AND"
	                          " ended_at_ms = 0 AND used_at_ms < ?1";
	const struct session_call *call = context;
	return sqlite_exec(conn, SQL, VALUES(INT(call->now_ms), INT(call->session)), err);
}

bool store_session_touch(struct store *store, int64_t session, int64_t now_ms, struct err *err)
{
	struct session_call call = {.session = session, .now_ms = now_ms};
	return sqlite_write(store, touch_run, &call, err);
}

/* The account's name; "" when there is no such session that goes on. */
static bool read_owner(struct sqlite_conn *conn, const struct session_call *call,
        char name[ACCOUNT_NAME_BYTES], struct err *err)
{
	static const char SQL[] =
	        "SELECT name FROM sessions s JOIN accounts a ON a.account_id = s.account_id WHERE"
	        " session_id = ?1 AND ended_at_ms = 0 AND (?2 = 0 OR s.account_id = ?2)";
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(INT(call->session), INT(call->order->account)), err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	const char *text = row == ROW_FOUND ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
	str_format_cut(name, ACCOUNT_NAME_BYTES, "%s", text != NULL ? text : "");
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

static bool end_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "UPDATE sessions SET ended_at_ms = ? WHERE session_id = ?";
	const struct session_call *call = context;
	char name[ACCOUNT_NAME_BYTES];
	if (!read_owner(conn, call, name, err)) {
		return false;
	}
	if (name[0] == '\0') {
		err_set(err, ERR_NOT_FOUND, "there is no such session, or it has ended");
		return false;
	}
	return sqlite_exec(conn, SQL, VALUES(INT(call->order->now_ms), INT(call->session)), err) &&
	        account_audit(conn, call->order->by, err, "session of %s ended", name);
}

bool store_session_end(
        struct store *store, const struct account_order *order, int64_t session, struct err *err)
{
	struct session_call call = {.order = order, .session = session};
	return sqlite_write(store, end_run, &call, err);
}

bool session_end_all(
        struct sqlite_conn *conn, int64_t account, int64_t but, int64_t now_ms, struct err *err)
{
	static const char SQL[] = "UPDATE sessions SET ended_at_ms = ? WHERE account_id = ? AND"
	                          " ended_at_ms = 0 AND session_id <> ?";
	return sqlite_exec(conn, SQL, VALUES(INT(now_ms), INT(account), INT(but)), err);
}

static bool end_all_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct session_call *call = context;
	const struct account_order *order = call->order;
	struct stored_account account;
	bool done = account_need(conn, order->account, &account, err) &&
	        session_end_all(conn, account.id, call->session, order->now_ms, err) &&
	        account_audit(conn, order->by, err, "session of %s: all%s ended", account.name,
	                call->session != 0 ? " others" : "");
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_session_end_all(
        struct store *store, const struct account_order *order, int64_t but, struct err *err)
{
	struct session_call call = {.order = order, .session = but};
	return sqlite_write(store, end_all_run, &call, err);
}
