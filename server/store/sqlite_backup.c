/* SPDX-License-Identifier: MIT */
/*
 * A copy by SQLite's backup API: page by page inside one reading transaction, so
 * that it shows one moment. (VACUUM INTO of SQLite 3.40 cannot copy a table with
 * a generated column.) secure_delete has overwritten what is erased, so that it
 * is not in the copy either.
 */
#include "server/store/backup.h"
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FILE_MODE       0600
#define PATH_MAX_BYTES  1100
#define COPY_SUFFIX     ".backup-copy"
#define PAGES_A_STEP    1000 /* between two looks at the clock */
#define ROOM_LEFT_BYTES (64 * 1024 * 1024) /* for the store to go on with */

static bool fail_file(struct err *err, const char *what)
{
	char why[64];

	err_set(err, errno == ENOSPC ? ERR_STORE_FULL : ERR_IO, "%s: %s", what,
	        strerror_r(errno, why, sizeof(why)));
	return false;
}

static bool copy_path(const struct store *store, char *path, struct err *err)
{
	if (!str_format(path, PATH_MAX_BYTES, "%s" COPY_SUFFIX, store->path)) {
		err_set(err, ERR_USAGE, "the store's path is too long for a copy beside it");
		return false;
	}
	return true;
}

static void remove_all(const char *path)
{
	static const char *const TAILS[] = {"", "-journal", "-wal", "-shm"};
	char full[PATH_MAX_BYTES + 16];

	for (size_t i = 0; i < ARRAY_SIZE(TAILS); i++) {
		if (str_format(full, sizeof(full), "%s%s", path, TAILS[i])) {
			(void)unlink(full);
		}
	}
}

void sqlite_backup_forget(const struct store *store)
{
	char path[PATH_MAX_BYTES];
	struct err ignored = ERR_INIT;

	if (copy_path(store, path, &ignored)) {
		remove_all(path);
	}
}

/* A full disk stops deliveries: a copy must not be what fills it. */
static bool check_room(const struct store *store, const char *path, struct err *err)
{
	struct stat info;
	struct statvfs disk;

	if (stat(store->path, &info) != 0 || statvfs(path, &disk) != 0) {
		return fail_file(err, "the room for a copy cannot be told");
	}
	int64_t free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
	if (free_bytes < (int64_t)info.st_size + ROOM_LEFT_BYTES) {
		err_set(err, ERR_STORE_FULL,
		        "a copy needs %lld MB beside the store and leaves too little: %lld MB are"
		        " free",
		        (long long)info.st_size / 1000000 + 1, (long long)free_bytes / 1000000);
		return false;
	}
	return true;
}

/* SQLite would make the file with the umask's mode. */
static bool make_file(const char *path, struct err *err)
{
	remove_all(path);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);

	if (fd < 0) {
		return fail_file(err, "a copy beside the store cannot be made");
	}
	close(fd);
	return true;
}

/* ---------------------------------------------------------------------- copy */

static bool is_over(struct store *store, int64_t until_ms, struct err *err)
{
	if (sqlite_is_quiesced(store, err)) {
		return true;
	}
	if (clock_mono_ms() > until_ms) {
		err_set(err, ERR_STORE_UNAVAILABLE, "the copy was not whole after five minutes");
	}
	return err_is_set(err);
}

static bool copy_pages(
        struct store *store, struct sqlite_conn *from, struct sqlite_conn *to, struct err *err)
{
	int64_t until_ms = clock_mono_ms() + STORE_BACKUP_MAX_MS;
	sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
	int code = SQLITE_OK;

	while (backup != NULL && code == SQLITE_OK && !is_over(store, until_ms, err)) {
		code = sqlite3_backup_step(backup, PAGES_A_STEP);
	}
	int end = sqlite3_backup_finish(backup);
	if (backup == NULL || code != SQLITE_DONE || end != SQLITE_OK) {
		err_set(err, code == SQLITE_FULL ? ERR_STORE_FULL : ERR_STORE_FAILED,
		        "the copy failed: %s", sqlite3_errmsg(to->db));
		return false;
	}
	return true;
}

/* The transaction keeps the moment, whatever is written meanwhile. */
static bool copy_moment(struct store *store, struct sqlite_conn *to, struct err *err)
{
	struct sqlite_conn from;

	if (!sqlite_open(&from, store->path, SQLITE_ROLE_READER, err)) {
		return false;
	}
	bool is_copied = sqlite_script(&from, "BEGIN; SELECT count(*) FROM store_state", err) &&
	        copy_pages(store, &from, to, err);
	sqlite_close(&from);
	return is_copied;
}

static bool check_pages(struct sqlite_conn *conn, const char *sql, struct err *err)
{
	struct sqlite3_stmt *stmt = sqlite_query(conn, sql, NULL, err);

	if (stmt == NULL) {
		return false;
	}
	bool is_good = sqlite_step(conn, stmt, err) == ROW_FOUND &&
	        str_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
	sqlite_done(stmt);
	if (!is_good) {
		err_set(err, ERR_STORE_FAILED, "the copy is damaged");
	}
	return is_good;
}

/* Engine rule 19: whoever starts on this file knows that it is of an earlier time. */
static bool mark(struct sqlite_conn *conn, int64_t made_at_ms, struct err *err)
{
	static const char SQL_CHECK[] = "PRAGMA quick_check(1)";

	return sqlite_script(conn, "PRAGMA journal_mode = DELETE", err) &&
	        sqlite_state_set(conn, "restored", 1, err) &&
	        sqlite_state_set(conn, "restored_at_ms", 0, err) &&
	        sqlite_state_set(conn, "backup_at_ms", made_at_ms, err) &&
	        check_pages(conn, SQL_CHECK, err);
}

static bool fill(struct store *store, const char *path, int64_t made_at_ms, struct err *err)
{
	struct sqlite_conn conn;

	if (!sqlite_open(&conn, path, SQLITE_ROLE_SCRATCH, err)) {
		return false;
	}
	bool is_filled = sqlite_script(&conn, "PRAGMA max_page_count = 4294967294", err) &&
	        copy_moment(store, &conn, err) && mark(&conn, made_at_ms, err);
	sqlite_close(&conn);
	return is_filled;
}

static bool open_copy(const char *path, struct store_copy *copy, struct err *err)
{
	struct stat info;

	copy->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (copy->fd < 0 || fstat(copy->fd, &info) != 0) {
		return fail_file(err, "the copy cannot be read");
	}
	copy->bytes = (int64_t)info.st_size;
	return true;
}

static bool make_copy(struct store *store, struct store_copy *copy, struct err *err)
{
	char path[PATH_MAX_BYTES];

	copy->made_at_ms = clock_wall_ms();
	if (!copy_path(store, path, err) || !make_file(path, err)) {
		return false;
	}
	bool is_made = check_room(store, path, err) && fill(store, path, copy->made_at_ms, err) &&
	        open_copy(path, copy, err);
	remove_all(path);
	if (!is_made && copy->fd >= 0) {
		close(copy->fd);
		copy->fd = -1;
	}
	return is_made;
}

bool store_backup(struct store *store, struct store_copy *copy, struct err *err)
{
	*copy = (struct store_copy){.fd = -1};
	if (atomic_exchange(&store->is_backing_up, true)) {
		err_set(err, ERR_CONFLICT, "another backup is being made");
		return false;
	}
	bool is_made = make_copy(store, copy, err);
	atomic_store(&store->is_backing_up, false);
	return is_made;
}

/* --------------------------------------------------------------------- check */

static bool read_facts(struct sqlite_conn *conn, struct store_copy_facts *facts, struct err *err)
{
	static const char SQL_VERSION[] = "PRAGMA user_version";
	static const char SQL_PEOPLE[] = "SELECT count(*) FROM employees";
	static const char SQL_CHECK[] = "PRAGMA integrity_check(1)";
	int64_t restored = 0;

	if (!sqlite_schema_check(conn, err) || !check_pages(conn, SQL_CHECK, err) ||
	        !sqlite_number(conn, SQL_VERSION, NULL, &facts->schema, err) ||
	        !sqlite_state_get(conn, "restored", &restored, err) ||
	        !sqlite_state_get(conn, "backup_at_ms", &facts->made_at_ms, err) ||
	        !sqlite_number(conn, SQL_PEOPLE, NULL, &facts->employees, err)) {
		return false;
	}
	if (restored != 1) {
		err_set(err, ERR_STORE_FAILED, "the file is a store, but not marked as a copy");
	}
	return restored == 1;
}

bool store_copy_check(const char *path, struct store_copy_facts *facts, struct err *err)
{
	struct sqlite_conn conn;

	*facts = (struct store_copy_facts){0};
	if (!sqlite_open(&conn, path, SQLITE_ROLE_SCRATCH, err)) {
		return false;
	}
	bool is_good = sqlite_script(&conn, "PRAGMA query_only = ON", err) &&
	        read_facts(&conn, facts, err);
	sqlite_close(&conn);
	return is_good;
}
