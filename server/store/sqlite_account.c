/* SPDX-License-Identifier: MIT */
/* Accounts: made, changed, removed. */
#include "server/store/sqlite_account.h"

#include "server/base/str.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#define ACCOUNT_COLUMN(kind_, member)                                                      \
	{                                                                                  \
		.kind = COLUMN_##kind_, .offset = offsetof(struct stored_account, member), \
		.size = sizeof(((struct stored_account *)0)->member)                       \
	}
static const struct sqlite_column COLUMNS[] = {
        ACCOUNT_COLUMN(INT64, id),
        ACCOUNT_COLUMN(TEXT, name),
        ACCOUNT_COLUMN(TEXT, role),
        ACCOUNT_COLUMN(BOOL, is_disabled),
        ACCOUNT_COLUMN(TEXT, password),
        ACCOUNT_COLUMN(BOOL, has_totp),
        ACCOUNT_COLUMN(INT64, totp_step),
        ACCOUNT_COLUMN(INT64, made_at_ms),
        ACCOUNT_COLUMN(INT64, signed_in_at_ms),
        ACCOUNT_COLUMN(INT64, invited_until_ms),
        ACCOUNT_COLUMN(INT, recovery_codes_left),
        ACCOUNT_COLUMN(INT, sessions),
};
#define COLUMN_NAMES                                                                              \
	"account_id, name, role, is_disabled, password, totp IS NOT NULL, totp_step, made_at_ms," \
	" signed_in_at_ms, coalesce((SELECT c.ends_at_ms FROM account_codes c WHERE c.account_id" \
	" = accounts.account_id), 0), (SELECT count(*) FROM recovery_codes r WHERE r.account_id"  \
	" = accounts.account_id)"
#define USABLE "password <> '' AND is_disabled = 0"

/* --------------------------------------------------------------------- reading */

void stored_account_list_finish(struct stored_account_list *list)
{
	if (list->items != NULL) {
		crypto_wipe(list->items, list->count * sizeof(*list->items));
	}
	free(list->items);
	*list = (struct stored_account_list){0};
}

static bool read_all(struct sqlite_conn *conn, const struct session_bounds *alive,
        struct stored_account_list *list, struct err *err)
{
	static const char SQL[] =
	        "SELECT " COLUMN_NAMES ", (SELECT count(*) FROM sessions s WHERE s.account_id ="
	        " accounts.account_id AND s.ended_at_ms = 0 AND s.used_at_ms > ?1"
	        " AND s.began_at_ms > ?2) FROM accounts ORDER BY name";
	enum sqlite_row row = ROW_FAILED;
	struct sqlite3_stmt *stmt = sqlite_query(
	        conn, SQL, VALUES(INT(alive->used_after_ms), INT(alive->began_after_ms)), err);
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct stored_account *account =
		        sqlite_grow((void **)&list->items, &list->count, sizeof(*account));
		if (account == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for accounts");
			row = ROW_FAILED;
			break;
		}
		if (!sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), account, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool store_account_list(struct store *store, const struct session_bounds *alive,
        struct stored_account_list *list, struct err *err)
{
	*list = (struct stored_account_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = read_all(conn, alive, list, err);
	sqlite_pool_give(store, conn);
	if (!done) {
		stored_account_list_finish(list);
	}
	return done;
}

bool account_load(struct sqlite_conn *conn, const char *name, int64_t id,
        struct stored_account *account, bool *found, struct err *err)
{
	static const char SQL[] =
	        "SELECT " COLUMN_NAMES ", 0 FROM accounts WHERE name = ?1 OR (?1 IS NULL AND"
	        " account_id = ?2)";
	*account = (struct stored_account){0};
	*found = false;
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(TEXT(name), INT(id)), err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	bool done = row != ROW_FAILED;
	if (row == ROW_FOUND) {
		*found = true;
		done = sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), account, err);
	}
	sqlite_done(stmt);
	return done;
}

bool account_need(
        struct sqlite_conn *conn, int64_t id, struct stored_account *account, struct err *err)
{
	bool found = false;
	if (!account_load(conn, NULL, id, account, &found, err)) {
		return false;
	}
	if (!found) {
		err_set(err, ERR_NOT_FOUND, "there is no such account");
	}
	return found;
}

bool store_account_find(struct store *store, const char *name, int64_t id,
        struct stored_account *account, struct err *err)
{
	bool found = false;
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = account_load(conn, name, id, account, &found, err);
	sqlite_pool_give(store, conn);
	if (done && !found) {
		err_set(err, ERR_NOT_FOUND, "there is no such account");
	}
	return done && found;
}

bool store_account_usable(struct store *store, int64_t *count, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM accounts WHERE " USABLE;
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = sqlite_number(conn, SQL, NULL, count, err);
	sqlite_pool_give(store, conn);
	return done;
}

bool account_audit(
        struct sqlite_conn *conn, const char *by, struct err *err, const char *format, ...)
{
	const struct employee_key nobody = {0};
	char what[SENTENCE_BYTES];
	va_list args;
	va_start(args, format);
	str_vformat_cut(what, sizeof(what), format, args);
	va_end(args);
	return sqlite_audit(conn, &nobody, by, what, err);
}

/* -------------------------------------------------------------------- inviting */

bool account_code_put(struct sqlite_conn *conn, int64_t account, const struct account_code *code,
        int64_t now_ms, struct err *err)
{
	static const char SQL_DROP[] = "DELETE FROM account_codes WHERE account_id IS nullif(?, 0)";
	static const char SQL[] = "INSERT INTO account_codes (digest, account_id, made_at_ms,"
	                          " ends_at_ms) VALUES (?, nullif(?, 0), ?, ?)";
	return sqlite_exec(conn, SQL_DROP, VALUES(INT(account)), err) &&
	        sqlite_exec(conn, SQL,
	                VALUES(BYTES(code->digest, sizeof(code->digest)), INT(account), INT(now_ms),
	                        INT(code->ends_at_ms)),
	                err);
}

static bool has_place(struct sqlite_conn *conn, const char *name, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM accounts";
	struct stored_account account;
	bool found = false;
	int64_t count = 0;
	if (!account_load(conn, name, 0, &account, &found, err) ||
	        !sqlite_number(conn, SQL, NULL, &count, err)) {
		return false;
	}
	crypto_wipe(&account, sizeof(account));
	if (found) {
		err_set(err, ERR_CONFLICT, "there is an account %s already", name);
	} else if (count >= ACCOUNTS_MAX) {
		err_set(err, ERR_CONFLICT, "there are %d accounts: remove one first", ACCOUNTS_MAX);
	}
	return !found && count < ACCOUNTS_MAX;
}

static bool invite_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "INSERT INTO accounts (name, role, made_at_ms) VALUES (?, ?, ?)";
	const struct account_invitation *invitation = context;
	return has_place(conn, invitation->name, err) &&
	        sqlite_exec(conn, SQL,
	                VALUES(TEXT(invitation->name), TEXT(invitation->role),
	                        INT(invitation->now_ms)),
	                err) &&
	        account_code_put(
	                conn, sqlite_inserted(conn), &invitation->code, invitation->now_ms, err) &&
	        account_audit(conn, invitation->by, err, "account %s invited as %s",
	                invitation->name, invitation->role);
}

bool store_account_invite(
        struct store *store, const struct account_invitation *invitation, struct err *err)
{
	return sqlite_write(store, invite_run, (void *)(uintptr_t)invitation, err);
}

/* -------------------------------------------------------------------- changing */

struct change_call {
	const struct account_order *order;
	const struct account_code *code;
	const char *role;
	bool is_disabled;
};

static bool reset_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE accounts SET password = '', totp_step = 0 WHERE account_id = ?";
	struct change_call *call = context;
	const struct account_order *order = call->order;
	struct stored_account account;
	bool done = account_need(conn, order->account, &account, err) &&
	        sqlite_exec(conn, SQL, VALUES(INT(account.id)), err) &&
	        account_totp_clear(conn, account.id, err) &&
	        account_code_put(conn, account.id, call->code, order->now_ms, err) &&
	        session_end_all(conn, account.id, 0, order->now_ms, err) &&
	        account_audit(conn, order->by, err,
	                "account %s reset: password, second factor and sessions ended",
	                account.name);
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_account_reset(struct store *store, const struct account_order *order,
        const struct account_code *code, struct err *err)
{
	struct change_call call = {.order = order, .code = code};
	return sqlite_write(store, reset_run, &call, err);
}

/* Without this one somebody could still sign in as admin, or nobody can with it either. */
static bool may_lose(
        struct sqlite_conn *conn, const struct stored_account *account, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM accounts WHERE role = 'admin' AND " USABLE
	                          " AND account_id <> ?";
	int64_t others = 0;
	if (!str_equal(account->role, "admin") || account->is_disabled ||
	        account->password[0] == '\0') {
		return true;
	}
	if (!sqlite_number(conn, SQL, VALUES(INT(account->id)), &others, err)) {
		return false;
	}
	if (others == 0) {
		err_set(err, ERR_CONFLICT, "%s is the last admin: make another one first",
		        account->name);
	}
	return others > 0;
}

static bool role_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "UPDATE accounts SET role = ? WHERE account_id = ?";
	struct change_call *call = context;
	const struct account_order *order = call->order;
	struct stored_account account;
	bool done = account_need(conn, order->account, &account, err) &&
	        (str_equal(call->role, "admin") || may_lose(conn, &account, err)) &&
	        sqlite_exec(conn, SQL, VALUES(TEXT(call->role), INT(account.id)), err) &&
	        session_end_all(conn, account.id, 0, order->now_ms, err) &&
	        account_audit(conn, order->by, err, "account %s is %s now, was %s", account.name,
	                call->role, account.role);
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_account_set_role(
        struct store *store, const struct account_order *order, const char *role, struct err *err)
{
	struct change_call call = {.order = order, .role = role};
	return sqlite_write(store, role_run, &call, err);
}

static bool disable_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "UPDATE accounts SET is_disabled = ? WHERE account_id = ?";
	struct change_call *call = context;
	const struct account_order *order = call->order;
	struct stored_account account;
	bool done = account_need(conn, order->account, &account, err) &&
	        (!call->is_disabled || may_lose(conn, &account, err)) &&
	        sqlite_exec(conn, SQL, VALUES(INT(call->is_disabled), INT(account.id)), err) &&
	        session_end_all(conn, account.id, 0, order->now_ms, err) &&
	        account_audit(conn, order->by, err, "account %s %s", account.name,
	                call->is_disabled ? "disabled" : "enabled");
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_account_set_disabled(
        struct store *store, const struct account_order *order, bool is_disabled, struct err *err)
{
	struct change_call call = {.order = order, .is_disabled = is_disabled};
	return sqlite_write(store, disable_run, &call, err);
}

static bool remove_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "DELETE FROM accounts WHERE account_id = ?";
	struct change_call *call = context;
	struct stored_account account;
	bool done = account_need(conn, call->order->account, &account, err) &&
	        may_lose(conn, &account, err) &&
	        sqlite_exec(conn, SQL, VALUES(INT(account.id)), err) &&
	        account_audit(conn, call->order->by, err, "account %s removed", account.name);
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_account_remove(struct store *store, const struct account_order *order, struct err *err)
{
	struct change_call call = {.order = order};
	return sqlite_write(store, remove_run, &call, err);
}

/* -------------------------------------------------------------------- password */

struct password_call {
	const struct account_order *order;
	const struct account_password *password;
};

static bool password_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE accounts SET password = ?1 WHERE account_id = ?2 AND password = ?3";
	struct password_call *call = context;
	const struct account_order *order = call->order;
	const struct account_password *password = call->password;
	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(password->now), INT(order->account), TEXT(password->before)),
	            err)) {
		return false;
	}
	if (sqlite_changes(conn) == 0) {
		err_set(err, ERR_CONFLICT, "the password is another by now");
		return false;
	}
	return (!password->ends_others ||
	               session_end_all(
	                       conn, order->account, password->session, order->now_ms, err)) &&
	        account_audit(conn, order->by, err, "password of %s changed%s", order->by,
	                password->ends_others ? ", other sessions ended" : "");
}

bool store_account_set_password(struct store *store, const struct account_order *order,
        const struct account_password *password, struct err *err)
{
	struct password_call call = {order, password};
	return sqlite_write(store, password_run, &call, err);
}
