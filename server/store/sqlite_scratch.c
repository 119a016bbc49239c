/* SPDX-License-Identifier: MIT */
/*
 * The scratch file: one transaction from opening to closing, without a
 * journal, so that pages go to the file only when the cache is full. Nothing
 * may be rolled back then; every write here is one that cannot fail half-way.
 */
#include "server/store/scratch.h"

#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/store/sqlite_scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE      0600
#define PATH_MAX_BYTES 1100
#define TEXT_MAX_BYTES 1024 /* what is searched for; longer texts are cut on both sides alike */

static const char TABLES[] =
        "CREATE TABLE employees (employee_id TEXT NOT NULL PRIMARY KEY, email TEXT, number TEXT)"
        " STRICT, WITHOUT ROWID;"
        "CREATE INDEX employees_email ON employees (email) WHERE email IS NOT NULL;"
        "CREATE INDEX employees_number ON employees (number) WHERE number IS NOT NULL;"
        "CREATE TABLE users (okta_id TEXT NOT NULL PRIMARY KEY, status TEXT NOT NULL,"
        " is_sourced_elsewhere INTEGER NOT NULL, login TEXT, email TEXT, second_email TEXT,"
        " number TEXT, names TEXT, profile TEXT, taken_by TEXT NOT NULL DEFAULT '') STRICT;"
        "CREATE INDEX users_login ON users (login) WHERE login IS NOT NULL;"
        "CREATE INDEX users_email ON users (email) WHERE email IS NOT NULL;"
        "CREATE INDEX users_second_email ON users (second_email) WHERE second_email IS NOT NULL;"
        "CREATE INDEX users_number ON users (number) WHERE number IS NOT NULL;"
        "CREATE INDEX users_names ON users (names) WHERE names IS NOT NULL;"
        "CREATE TABLE findings (finding_id INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
        " employee_id TEXT NOT NULL, okta_id TEXT NOT NULL, login TEXT, detail TEXT NOT NULL)"
        " STRICT;"
        "CREATE TABLE marks (employee_id TEXT NOT NULL PRIMARY KEY, doubt INTEGER NOT NULL)"
        " STRICT, WITHOUT ROWID;"
        "BEGIN;";

static const struct sqlite_column COLUMNS[] = {
#define COLUMN(kind_, member, words_)                               \
	{.kind = COLUMN_##kind_,                                    \
	        .offset = offsetof(struct scratch_user, member),    \
	        .size = sizeof(((struct scratch_user *)0)->member), \
	        .words = (words_)},
#include "server/store/scratch_user_columns.def"
#undef COLUMN
};

#define SELECT_USERS                                                                               \
	"SELECT okta_id, status, is_sourced_elsewhere, login, email, second_email, number, names," \
	" profile, taken_by FROM users "

/* -------------------------------------------------------------------- open */

static bool make_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

	if (fd < 0) {
		char why[64];
		err_set(err, ERR_IO, "a scratch file beside the store cannot be made: %s",
		        strerror_r(errno, why, sizeof(why)));
		return false;
	}
	close(fd);
	return true;
}

/* SQLite opens the file with the connection, so that the name can go before anything is in it. */
static bool open_file(struct scratch *scratch, const char *path, struct err *err)
{
	if (!make_file(path, err)) {
		return false;
	}
	bool is_open = sqlite_open(&scratch->conn, path, SQLITE_ROLE_SCRATCH, err);

	if (unlink(path) != 0) {
		err_set(err, ERR_IO, "the scratch file's name cannot be taken away");
		is_open = false;
	}
	return is_open && sqlite_script(&scratch->conn, TABLES, err);
}

struct scratch *scratch_open(struct store *store, struct err *err)
{
	struct scratch *scratch = calloc(1, sizeof(*scratch));
	uint8_t random[8];
	char hex[2 * sizeof(random) + 1];
	char path[PATH_MAX_BYTES];

	if (scratch == NULL || !crypto_random(random, sizeof(random), err)) {
		err_set(err, ERR_NO_MEMORY, "no memory for a comparison");
		free(scratch);
		return NULL;
	}
	str_hex(hex, random, sizeof(random));
	if (!str_format(path, sizeof(path), "%s.scratch-%s", store->path, hex) ||
	        !open_file(scratch, path, err)) {
		err_set(err, ERR_IO, "the scratch file's path is too long");
		scratch_close(scratch);
		return NULL;
	}
	return scratch;
}

void scratch_close(struct scratch *scratch)
{
	if (scratch != NULL) {
		sqlite_close(&scratch->conn);
		free(scratch);
	}
}

/* --------------------------------------------------------------- employees */

bool scratch_add_employee(struct scratch *scratch, const char *employee_id, struct err *err)
{
	static const char SQL[] = "INSERT OR IGNORE INTO employees (employee_id) VALUES (?)";

	return sqlite_exec(&scratch->conn, SQL, VALUES(TEXT(employee_id)), err);
}

bool scratch_has_employee(
        struct scratch *scratch, const char *employee_id, bool *is_there, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM employees WHERE employee_id = ?";
	int64_t count = 0;
	bool is_asked = sqlite_number(&scratch->conn, SQL, VALUES(TEXT(employee_id)), &count, err);

	*is_there = count > 0;
	return is_asked;
}

bool scratch_employee_count(struct scratch *scratch, int64_t *count, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM employees";

	*count = 0;
	return sqlite_number(&scratch->conn, SQL, NULL, count, err);
}

void scratch_ids_finish(struct scratch_ids *ids)
{
	free(ids->items);
	*ids = (struct scratch_ids){0};
}

bool sqlite_scratch_read_ids(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct scratch_ids *ids, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;

	*ids = (struct scratch_ids){0};
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		char(*id)[EMPLOYEE_ID_BYTES] =
		        sqlite_grow((void **)&ids->items, &ids->count, sizeof(*id));
		if (id == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for a list of ids");
			row = ROW_FAILED;
			break;
		}
		str_format_cut(*id, sizeof(*id), "%s", (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		scratch_ids_finish(ids);
	}
	return row != ROW_FAILED;
}

bool scratch_next_employees(struct scratch *scratch, const char *after, size_t limit,
        struct scratch_ids *ids, struct err *err)
{
	static const char SQL[] = "SELECT employee_id FROM employees WHERE employee_id > ?"
	                          " ORDER BY employee_id LIMIT ?";
	struct sqlite3_stmt *stmt =
	        sqlite_query(&scratch->conn, SQL, VALUES(TEXT(after), INT((int64_t)limit)), err);

	return sqlite_scratch_read_ids(&scratch->conn, stmt, ids, err);
}

/* ------------------------------------------------------------------- users */

void scratch_user_finish(struct scratch_user *user)
{
	personal_finish(&user->login);
	personal_finish(&user->email);
	personal_finish(&user->second_email);
	personal_finish(&user->number);
	personal_finish(&user->names);
	personal_finish(&user->profile);
	*user = (struct scratch_user){0};
}

void scratch_users_finish(struct scratch_users *users)
{
	for (size_t i = 0; i < users->count; i++) {
		scratch_user_finish(&users->items[i]);
	}
	free(users->items);
	*users = (struct scratch_users){0};
}

static bool join_names(char *to, size_t size, const char *first_name, const char *last_name)
{
	if (str_is_empty(first_name) || str_is_empty(last_name)) {
		return false;
	}
	str_format_cut(to, size, "%s\n%s", first_name, last_name);
	return true;
}

bool scratch_user_set_names(
        struct scratch_user *user, const char *first_name, const char *last_name)
{
	char names[TEXT_MAX_BYTES];
	bool has_both = join_names(names, sizeof(names), first_name, last_name);

	return personal_set(&user->names, has_both ? names : NULL);
}

/* Folded into `to`; NULL for nothing, so that nobody is found by it. */
const char *sqlite_scratch_fold(char *to, size_t size, const char *text)
{
	if (str_is_empty(text)) {
		return NULL;
	}
	str_format_cut(to, size, "%s", text);
	str_fold(to);
	return to;
}

static bool is_known(struct scratch *scratch, const char *okta_id, bool *is_known, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM users WHERE okta_id = ?";
	int64_t count = 0;
	bool is_asked = sqlite_number(&scratch->conn, SQL, VALUES(TEXT(okta_id)), &count, err);

	*is_known = count > 0;
	return is_asked;
}

bool scratch_put_user(
        struct scratch *scratch, const struct scratch_user *user, bool *is_new, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO users (okta_id, status, is_sourced_elsewhere, login, email,"
	        " second_email, number, names, profile) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
	        " ON CONFLICT (okta_id) DO UPDATE SET status = excluded.status,"
	        " is_sourced_elsewhere = excluded.is_sourced_elsewhere, login = excluded.login,"
	        " email = excluded.email, second_email = excluded.second_email,"
	        " number = excluded.number, names = excluded.names, profile = excluded.profile";
	char folded[5][TEXT_MAX_BYTES];
	const struct personal *texts[] = {
	        &user->login, &user->email, &user->second_email, &user->number, &user->names};
	const char *values[5];
	bool was_known = false;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		values[i] = sqlite_scratch_fold(
		        folded[i], sizeof(folded[i]), personal_reveal(texts[i]));
	}
	if (!is_known(scratch, user->okta_id, &was_known, err)) {
		return false;
	}
	if (is_new != NULL) {
		*is_new = !was_known;
	}
	return sqlite_exec(&scratch->conn, SQL,
	        VALUES(TEXT(user->okta_id), TEXT(account_status_name(user->status)),
	                INT(user->is_sourced_elsewhere ? 1 : 0), TEXT(values[0]), TEXT(values[1]),
	                TEXT(values[2]), TEXT(values[3]), TEXT(values[4]),
	                TEXT(user->profile.text)),
	        err);
}

bool scratch_user_count(struct scratch *scratch, int64_t *count, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM users";

	*count = 0;
	return sqlite_number(&scratch->conn, SQL, NULL, count, err);
}

static bool read_users(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct scratch_users *users, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;

	*users = (struct scratch_users){0};
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct scratch_user *user =
		        sqlite_grow((void **)&users->items, &users->count, sizeof(*user));
		if (user == NULL ||
		        !sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), user, err)) {
			err_set(err, ERR_NO_MEMORY, "no memory for users");
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		scratch_users_finish(users);
	}
	return row != ROW_FAILED;
}

static const char *find_sql(enum scratch_by by)
{
	static const char SQL_OKTA_ID[] = SELECT_USERS "WHERE okta_id = ? LIMIT 20";
	static const char SQL_LOGIN[] = SELECT_USERS "WHERE login = ? LIMIT 20";
	static const char SQL_EMAIL[] = SELECT_USERS "WHERE email = ? LIMIT 20";
	static const char SQL_SECOND[] = SELECT_USERS "WHERE second_email = ? LIMIT 20";
	static const char SQL_ADDRESS[] =
	        SELECT_USERS "WHERE login = ?1 OR email = ?1 OR second_email = ?1 LIMIT 20";
	static const char SQL_NUMBER[] = SELECT_USERS "WHERE number = ? LIMIT 20";

	switch (by) {
	case SCRATCH_BY_LOGIN: return SQL_LOGIN;
	case SCRATCH_BY_EMAIL: return SQL_EMAIL;
	case SCRATCH_BY_SECOND_EMAIL: return SQL_SECOND;
	case SCRATCH_BY_ADDRESS: return SQL_ADDRESS;
	case SCRATCH_BY_NUMBER: return SQL_NUMBER;
	case SCRATCH_BY_OKTA_ID:
	case SCRATCH_BY_COUNT: break;
	}
	return SQL_OKTA_ID;
}

bool scratch_find(struct scratch *scratch, enum scratch_by by, const char *text,
        struct scratch_users *users, struct err *err)
{
	char folded[TEXT_MAX_BYTES];
	const char *wanted =
	        by == SCRATCH_BY_OKTA_ID ? text : sqlite_scratch_fold(folded, sizeof(folded), text);

	*users = (struct scratch_users){0};
	if (wanted == NULL) {
		return true;
	}
	struct sqlite3_stmt *stmt =
	        sqlite_query(&scratch->conn, find_sql(by), VALUES(TEXT(wanted)), err);
	return read_users(&scratch->conn, stmt, users, err);
}

bool scratch_find_names(struct scratch *scratch, const char *first_name, const char *last_name,
        struct scratch_users *users, struct err *err)
{
	static const char SQL[] = SELECT_USERS "WHERE names = ? LIMIT 20";
	char names[TEXT_MAX_BYTES];

	*users = (struct scratch_users){0};
	if (!join_names(names, sizeof(names), first_name, last_name)) {
		return true;
	}
	str_fold(names);
	struct sqlite3_stmt *stmt = sqlite_query(&scratch->conn, SQL, VALUES(TEXT(names)), err);
	return read_users(&scratch->conn, stmt, users, err);
}

bool scratch_take(
        struct scratch *scratch, const char *okta_id, const char *employee_id, struct err *err)
{
	static const char SQL[] = "UPDATE users SET taken_by = ? WHERE okta_id = ?";

	return sqlite_exec(&scratch->conn, SQL, VALUES(TEXT(employee_id), TEXT(okta_id)), err);
}

bool scratch_next_free_users(struct scratch *scratch, const char *after, size_t limit,
        struct scratch_users *users, struct err *err)
{
	static const char SQL[] = SELECT_USERS "WHERE taken_by = '' AND okta_id > ?"
	                                       " ORDER BY okta_id LIMIT ?";
	struct sqlite3_stmt *stmt =
	        sqlite_query(&scratch->conn, SQL, VALUES(TEXT(after), INT((int64_t)limit)), err);

	return read_users(&scratch->conn, stmt, users, err);
}
