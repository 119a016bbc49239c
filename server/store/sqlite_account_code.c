/* SPDX-License-Identifier: MIT */
/* One-time codes: the first run's and invitations, and coming in with one. */
#include "server/store/sqlite_account.h"

#include "server/base/str.h"

#include <sqlite3.h>

struct first_call {
	const struct account_code *code;
	int64_t now_ms;
};

static bool first_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct first_call *call = context;
	return account_code_put(conn, 0, call->code, call->now_ms, err) &&
	        account_audit(conn, "server", err, "account: a code for the first run was made");
}

bool store_first_code_set(
        struct store *store, const struct account_code *code, int64_t now_ms, struct err *err)
{
	struct first_call call = {code, now_ms};
	return sqlite_write(store, first_run, &call, err);
}

static enum sqlite_row find_code(struct sqlite_conn *conn, const account_digest digest,
        int64_t now_ms, int64_t *account, struct err *err)
{
	static const char SQL[] = "SELECT coalesce(account_id, 0) FROM account_codes"
	                          " WHERE digest = ? AND ends_at_ms > ?";
	struct sqlite3_stmt *stmt = sqlite_query(
	        conn, SQL, VALUES(BYTES(digest, sizeof(account_digest)), INT(now_ms)), err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	if (row == ROW_FOUND) {
		*account = sqlite3_column_int64(stmt, 0);
	}
	sqlite_done(stmt);
	return row;
}

bool store_account_code_find(struct store *store, const account_digest digest, int64_t now_ms,
        int64_t *account, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	enum sqlite_row row = find_code(conn, digest, now_ms, account, err);
	sqlite_pool_give(store, conn);
	if (row == ROW_NONE) {
		err_set(err, ERR_NOT_FOUND, "there is no such code");
	}
	return row == ROW_FOUND;
}

/* -------------------------------------------------------------------- coming in */

struct enter_call {
	const struct account_entry *entry;
	int64_t session;
};

/* The first admin: a new account, or one of that name that nobody can sign in to. */
static bool take_first(struct sqlite_conn *conn, const struct account_entry *entry,
        struct stored_account *account, struct err *err)
{
	static const char SQL_NEW[] =
	        "INSERT INTO accounts (name, role, made_at_ms) VALUES (?, 'admin', ?)";
	static const char SQL_TAKE[] =
	        "UPDATE accounts SET role = 'admin', is_disabled = 0 WHERE account_id = ?";
	static const char SQL_OTHERS[] =
	        "SELECT count(*) FROM accounts WHERE password <> '' AND is_disabled = 0";
	bool found = false;
	int64_t others = 0;
	if (!account_load(conn, entry->name, 0, account, &found, err) ||
	        !sqlite_number(conn, SQL_OTHERS, NULL, &others, err)) {
		return false;
	}
	if (others > 0 || (found && account->password[0] != '\0')) {
		err_set(err, ERR_UNAUTHORIZED, "the code is not right, or has ended");
		return false;
	}
	bool done = found ? sqlite_exec(conn, SQL_TAKE, VALUES(INT(account->id)), err)
	                  : sqlite_exec(conn, SQL_NEW,
	                            VALUES(TEXT(entry->name), INT(entry->session.now_ms)), err);
	account->id = found ? account->id : sqlite_inserted(conn);
	return done;
}

static bool take_invited(struct sqlite_conn *conn, const struct account_entry *entry, int64_t id,
        struct stored_account *account, struct err *err)
{
	if (!account_need(conn, id, account, err)) {
		return false;
	}
	if (!str_equal(account->name, entry->name) || account->is_disabled) {
		err_set(err, ERR_UNAUTHORIZED, "the code is not right, or has ended");
		return false;
	}
	return true;
}

/* The account's code is used up; and that of the first run, which is over. */
static bool set_password(
        struct sqlite_conn *conn, const struct account_entry *entry, int64_t id, struct err *err)
{
	static const char SQL[] =
	        "UPDATE accounts SET password = ?, signed_in_at_ms = ? WHERE account_id = ?";
	static const char SQL_USED[] =
	        "DELETE FROM account_codes WHERE account_id = ? OR account_id IS NULL";
	return sqlite_exec(conn, SQL,
	               VALUES(TEXT(entry->password), INT(entry->session.now_ms), INT(id)), err) &&
	        sqlite_exec(conn, SQL_USED, VALUES(INT(id)), err);
}

static bool enter_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct enter_call *call = context;
	const struct account_entry *entry = call->entry;
	struct stored_account account = {0};
	int64_t id = 0;
	enum sqlite_row row = find_code(conn, entry->code, entry->session.now_ms, &id, err);
	if (row != ROW_FOUND) {
		err_set(err, ERR_UNAUTHORIZED, "the code is not right, or has ended");
		return false;
	}
	bool is_taken = id == 0 ? take_first(conn, entry, &account, err)
	                        : take_invited(conn, entry, id, &account, err);
	bool done = is_taken && set_password(conn, entry, account.id, err) &&
	        session_add(conn, account.id, &entry->session, &call->session, err) &&
	        account_audit(conn, entry->name, err, "account %s entered with %s", entry->name,
	                id == 0 ? "the first run's code, as admin" : "an invitation");
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_account_enter(
        struct store *store, const struct account_entry *entry, int64_t *session, struct err *err)
{
	struct enter_call call = {.entry = entry};
	bool done = sqlite_write(store, enter_run, &call, err);
	*session = call.session;
	return done;
}
