/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/str.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#define BUSY_TIMEOUT_MS  5000 /* as the pragmas set it */
#define TRUNCATE_WAIT_MS 100 /* deliveries wait meanwhile */

static const char WRITER_PRAGMAS[] = "PRAGMA busy_timeout = 5000;"
                                     "PRAGMA journal_mode = WAL;"
                                     "PRAGMA synchronous = FULL;"
                                     "PRAGMA foreign_keys = ON;"
                                     "PRAGMA secure_delete = ON;"
                                     "PRAGMA trusted_schema = OFF;"
                                     "PRAGMA cell_size_check = ON;"
                                     "PRAGMA mmap_size = 0;"
                                     "PRAGMA temp_store = MEMORY;"
                                     "PRAGMA wal_autocheckpoint = 0;"
                                     "PRAGMA journal_size_limit = 16777216;"
                                     "PRAGMA cache_size = -4096;";
static const char READER_PRAGMAS[] = "PRAGMA busy_timeout = 5000;"
                                     "PRAGMA query_only = ON;"
                                     "PRAGMA synchronous = FULL;"
                                     "PRAGMA foreign_keys = ON;"
                                     "PRAGMA secure_delete = ON;"
                                     "PRAGMA trusted_schema = OFF;"
                                     "PRAGMA cell_size_check = ON;"
                                     "PRAGMA mmap_size = 0;"
                                     "PRAGMA temp_store = MEMORY;"
                                     "PRAGMA wal_autocheckpoint = 0;"
                                     "PRAGMA cache_size = -1024;";

/* Nothing in it is to last, or to be read by another connection (scratch.h). */
static const char SCRATCH_PRAGMAS[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                      "PRAGMA journal_mode = OFF;"
                                      "PRAGMA synchronous = OFF;"
                                      "PRAGMA trusted_schema = OFF;"
                                      "PRAGMA mmap_size = 0;"
                                      "PRAGMA temp_store = MEMORY;"
                                      "PRAGMA max_page_count = 1048576;"
                                      "PRAGMA cache_size = -4096;";

/* S2: what must read back as set; the defaults of a build or a file may be otherwise. */
struct setting {
	const char *sql;
	const char *value;
	bool writer_only;
};
static const struct setting SETTINGS[] = {
        {"PRAGMA journal_mode", "wal", false},
        {"PRAGMA synchronous", "2", false},
        {"PRAGMA foreign_keys", "1", false},
        {"PRAGMA secure_delete", "1", false},
        {"PRAGMA trusted_schema", "0", false},
        {"PRAGMA cell_size_check", "1", false},
        {"PRAGMA busy_timeout", "5000", false},
        {"PRAGMA wal_autocheckpoint", "0", false},
        {"PRAGMA journal_size_limit", "16777216", true},
};

static bool is_sync(int code)
{
	return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

/* A full disk shows as SQLITE_FULL for ENOSPC, and as an I/O error for a quota or a file limit. */
static bool is_space(int code, int system_errno)
{
	if (code == SQLITE_FULL) {
		return true;
	}
	if ((code & 0xff) != SQLITE_IOERR || is_sync(code)) {
		return false;
	}
	return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
}

/* The log's own last errno: by the time a commit has failed, the thread's is another call's. */
static int errno_of(struct sqlite_conn *conn)
{
	sqlite3_file *wal = NULL;
	int number = 0;
	if (sqlite3_file_control(conn->db, NULL, SQLITE_FCNTL_JOURNAL_POINTER, (void *)&wal) ==
	                SQLITE_OK &&
	        wal != NULL && wal->pMethods != NULL) {
		wal->pMethods->xFileControl(wal, SQLITE_FCNTL_LAST_ERRNO, &number);
	}
	return number != 0 ? number : sqlite3_system_errno(conn->db);
}

static enum err_code classify(int code, int system_errno)
{
	if (is_space(code, system_errno)) {
		return ERR_STORE_FULL;
	}
	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return ERR_STORE_UNAVAILABLE;
	case SQLITE_NOMEM: return ERR_NO_MEMORY;
	case SQLITE_CONSTRAINT: return ERR_CONFLICT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return ERR_STORE_CORRUPT;
	default: return ERR_STORE_FAILED;
	}
}

/* The text names SQLite's code and message, which speak of columns and never of values. */
static void fail(struct sqlite_conn *conn, const char *what, struct err *err)
{
	int code = sqlite3_extended_errcode(conn->db);
	enum err_code kind = classify(code, errno_of(conn));
	conn->is_io_failure = kind == ERR_STORE_FAILED && (code & 0xff) == SQLITE_IOERR;
	if (is_sync(code) || kind == ERR_STORE_CORRUPT) {
		conn->is_fatal = true;
	}
	err_set(err, kind, "%s: %s (SQLite code %d)", what, sqlite3_errmsg(conn->db), code);
}

static bool check_setting(struct sqlite_conn *conn, const struct setting *setting, struct err *err)
{
	struct sqlite3_stmt *stmt = sqlite_query(conn, setting->sql, NULL, err);
	if (stmt == NULL) {
		return false;
	}
	bool done = false;
	if (sqlite_step(conn, stmt, err) == ROW_FOUND) {
		const char *value = (const char *)sqlite3_column_text(stmt, 0);
		done = str_equal(value, setting->value);
		if (!done) {
			err_set(err, ERR_STORE_FAILED, "%s reads back %s instead of %s",
			        setting->sql, value != NULL ? value : "nothing", setting->value);
		}
	}
	sqlite_done(stmt);
	return done;
}

static bool check_settings(struct sqlite_conn *conn, enum sqlite_role role, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(SETTINGS); i++) {
		if (SETTINGS[i].writer_only && role != SQLITE_ROLE_WRITER) {
			continue;
		}
		if (!check_setting(conn, &SETTINGS[i], err)) {
			return false;
		}
	}
	return true;
}

static int note_wal(void *context, sqlite3 *db, const char *name, int pages)
{
	struct sqlite_conn *conn = context;
	(void)db;
	(void)name;
	conn->wal_pages = pages;
	return SQLITE_OK;
}

static const char *pragmas_of(enum sqlite_role role)
{
	switch (role) {
	case SQLITE_ROLE_WRITER: return WRITER_PRAGMAS;
	case SQLITE_ROLE_READER:
	case SQLITE_ROLE_COPY: return READER_PRAGMAS;
	case SQLITE_ROLE_SCRATCH: break;
	}
	return SCRATCH_PRAGMAS;
}

bool sqlite_open(struct sqlite_conn *conn, const char *path, enum sqlite_role role, struct err *err)
{
	*conn = (struct sqlite_conn){0};
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW;
	bool is_read_only = role == SQLITE_ROLE_READER || role == SQLITE_ROLE_COPY;
	bool is_checked = role == SQLITE_ROLE_WRITER || role == SQLITE_ROLE_READER;
	flags |= is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
	if (sqlite3_open_v2(path, &conn->db, flags, NULL) != SQLITE_OK) {
		fail(conn, "the store's file cannot be opened", err);
		sqlite_close(conn);
		return false;
	}
	sqlite3_extended_result_codes(conn->db, 1);
	if (!sqlite_script(conn, pragmas_of(role), err) ||
	        (is_checked && !check_settings(conn, role, err))) {
		sqlite_close(conn);
		return false;
	}
	if (role == SQLITE_ROLE_WRITER) {
		sqlite3_wal_hook(conn->db, note_wal, conn);
	}
	return true;
}

void sqlite_leave_log(struct sqlite_conn *conn)
{
	sqlite3_db_config(conn->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
}

void sqlite_close(struct sqlite_conn *conn)
{
	for (size_t i = 0; i < CONN_STATEMENTS_MAX; i++) {
		sqlite3_finalize(conn->statements[i].stmt);
	}
	sqlite3_close(conn->db);
	*conn = (struct sqlite_conn){0};
}

static size_t slot_of(const char *sql)
{
	uintptr_t address = (uintptr_t)sql;
	return (address >> 4 ^ address >> 11) % CONN_STATEMENTS_MAX;
}

static struct sqlite3_stmt *find_statement(
        struct sqlite_conn *conn, const char *sql, struct err *err)
{
	size_t slot = slot_of(sql);
	for (size_t tries = 0; tries < CONN_STATEMENTS_MAX; tries++) {
		if (conn->statements[slot].sql == sql) {
			return conn->statements[slot].stmt;
		}
		if (conn->statements[slot].sql == NULL) {
			break;
		}
		slot = (slot + 1) % CONN_STATEMENTS_MAX;
	}
	if (conn->statements[slot].sql != NULL) {
		err_set(err, ERR_INTERNAL, "more statements than a connection keeps");
		return NULL;
	}
	struct sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v3(conn->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
	        SQLITE_OK) {
		fail(conn, "a statement of the store was refused", err);
		return NULL;
	}
	conn->statements[slot].sql = sql;
	conn->statements[slot].stmt = stmt;
	return stmt;
}

static int bind(struct sqlite3_stmt *stmt, int at, const struct sqlite_value *value)
{
	if (value->kind == VALUE_INT) {
		return sqlite3_bind_int64(stmt, at, value->number);
	}
	if (value->text == NULL) {
		return sqlite3_bind_null(stmt, at);
	}
	if (value->kind == VALUE_TEXT) {
		return sqlite3_bind_text(stmt, at, value->text, -1, SQLITE_STATIC);
	}
	return sqlite3_bind_blob64(stmt, at, value->text, value->len, SQLITE_STATIC);
}

struct sqlite3_stmt *sqlite_query(struct sqlite_conn *conn, const char *sql,
        const struct sqlite_value *values, struct err *err)
{
	struct sqlite3_stmt *stmt = find_statement(conn, sql, err);
	for (int i = 0; stmt != NULL && values != NULL && values[i].kind != VALUE_END; i++) {
		if (bind(stmt, i + 1, &values[i]) != SQLITE_OK) {
			fail(conn, "a value could not be bound", err);
			sqlite_done(stmt);
			return NULL;
		}
	}
	return stmt;
}

enum sqlite_row sqlite_step(struct sqlite_conn *conn, struct sqlite3_stmt *stmt, struct err *err)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW: return ROW_FOUND;
	case SQLITE_DONE: return ROW_NONE;
	default: fail(conn, "the store could not be used", err); return ROW_FAILED;
	}
}

void sqlite_done(struct sqlite3_stmt *stmt)
{
	if (stmt != NULL) {
		sqlite3_reset(stmt);
		sqlite3_clear_bindings(stmt);
	}
}

bool sqlite_exec(struct sqlite_conn *conn, const char *sql, const struct sqlite_value *values,
        struct err *err)
{
	struct sqlite3_stmt *stmt = sqlite_query(conn, sql, values, err);
	if (stmt == NULL) {
		return false;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool sqlite_script(struct sqlite_conn *conn, const char *sql, struct err *err)
{
	if (sqlite3_exec(conn->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
		fail(conn, "the store could not be set up", err);
		return false;
	}
	return true;
}

int sqlite_changes(const struct sqlite_conn *conn)
{
	return sqlite3_changes(conn->db);
}

int64_t sqlite_inserted(const struct sqlite_conn *conn)
{
	return sqlite3_last_insert_rowid(conn->db);
}

bool sqlite_number(struct sqlite_conn *conn, const char *sql, const struct sqlite_value *values,
        int64_t *number, struct err *err)
{
	struct sqlite3_stmt *stmt = sqlite_query(conn, sql, values, err);
	if (stmt == NULL) {
		return false;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND) {
		*number = sqlite3_column_int64(stmt, 0);
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool sqlite_commit(struct sqlite_conn *conn, struct err *err)
{
	static const char SQL_COMMIT[] = "COMMIT";
	conn->is_io_failure = false;
	bool done = sqlite_exec(conn, SQL_COMMIT, NULL, err);
	/* Whether the transaction is on the disk is unknown now, and will not get known here. */
	conn->is_fatal = conn->is_fatal || (!done && conn->is_io_failure);
	return done;
}

void sqlite_rollback(struct sqlite_conn *conn)
{
	static const char SQL_ROLLBACK[] = "ROLLBACK";
	struct err ignored = ERR_INIT;
	if (sqlite_is_in_transaction(conn) && !sqlite_exec(conn, SQL_ROLLBACK, NULL, &ignored)) {
		err_prefix(&ignored, "rollback");
	}
}

bool sqlite_is_in_transaction(const struct sqlite_conn *conn)
{
	return sqlite3_get_autocommit(conn->db) == 0;
}

bool sqlite_truncate_soon(struct sqlite_conn *conn, struct err *err)
{
	sqlite3_busy_timeout(conn->db, TRUNCATE_WAIT_MS);
	bool done = sqlite_checkpoint(conn, CHECKPOINT_TRUNCATE, err);
	sqlite3_busy_timeout(conn->db, BUSY_TIMEOUT_MS);
	return done;
}

bool sqlite_checkpoint(struct sqlite_conn *conn, enum sqlite_checkpoint mode, struct err *err)
{
	int how = mode == CHECKPOINT_TRUNCATE ? SQLITE_CHECKPOINT_TRUNCATE
	                                      : SQLITE_CHECKPOINT_PASSIVE;
	int in_log = 0;
	int moved = 0;
	int code = sqlite3_wal_checkpoint_v2(conn->db, NULL, how, &in_log, &moved);
	if (code != SQLITE_OK) {
		fail(conn, "the store's log could not be moved into its file", err);
		return false;
	}
	conn->wal_pages = in_log - moved;
	return true;
}
