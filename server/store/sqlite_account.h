/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SQLITE_ACCOUNT_H
#define SERVER_STORE_SQLITE_ACCOUNT_H

/*
 * What the files of accounts share; private to server/store/sqlite_account*.c
 * and sqlite_session.c. Inside a write, unless it says otherwise.
 */

#include "server/store/accounts.h"
#include "server/store/sqlite.h"

/* On any connection. *found false: there is none. By name, or with NULL by id. */
bool account_load(struct sqlite_conn *conn, const char *name, int64_t id,
        struct stored_account *account, bool *found, struct err *err) MUST_CHECK;
/* ERR_NOT_FOUND. */
bool account_need(struct sqlite_conn *conn, int64_t id, struct stored_account *account,
        struct err *err) MUST_CHECK;
/* "account ada disabled", by whom. */
bool account_audit(struct sqlite_conn *conn, const char *by, struct err *err, const char *format,
        ...) PRINTF(4, 5) MUST_CHECK;
/* Puts a code in the place of the one the account (0: the first run) has. */
bool account_code_put(struct sqlite_conn *conn, int64_t account, const struct account_code *code,
        int64_t now_ms, struct err *err) MUST_CHECK;
/* Seeds and recovery codes go. */
bool account_totp_clear(struct sqlite_conn *conn, int64_t account, struct err *err) MUST_CHECK;

/* sqlite_session.c; not audited. */
bool session_add(struct sqlite_conn *conn, int64_t account, const struct session_new *session,
        int64_t *id, struct err *err) MUST_CHECK;
bool session_end_all(struct sqlite_conn *conn, int64_t account, int64_t but, int64_t now_ms,
        struct err *err) MUST_CHECK;

#endif
