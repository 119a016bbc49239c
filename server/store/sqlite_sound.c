/* SPDX-License-Identifier: MIT */
/*
 * Is this our file, with our log, and are its people whole? Asked once, at the
 * start. A log that another store left beside the file would be moved into it
 * and make one company's people another's: each store has a number, which it
 * keeps in a table and in its lock file, and each log begins with a write to
 * that table (begin_instance). A page or a log from elsewhere thus shows before
 * anything is moved. What decides who is who, the employees with their indexes,
 * is compared in full; other tables show damage when they are first read, and
 * the process then ends (STORE_EXIT_CORRUPT).
 */
#include "server/store/sqlite.h"

#include "server/base/crypto.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "identity"

static bool has_schema(struct sqlite_conn *conn, bool *has, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM sqlite_schema WHERE name = 'store_state'";
	int64_t count = 0;
	bool done = sqlite_number(conn, SQL, NULL, &count, err);
	*has = count > 0;
	return done;
}

bool sqlite_sound_log(struct store *store, struct err *err)
{
	bool has = false;
	struct sqlite_lock_note kept;
	int64_t stored = 0;
	if (!has_schema(&store->writer, &has, err) || !sqlite_lock_read(store, &kept, err)) {
		return false;
	}
	if (!has || kept.identity == 0) {
		return true;
	}
	if (!sqlite_state_get(&store->writer, NAME, &stored, err)) {
		return false;
	}
	if (stored != kept.identity) {
		err_set(err, ERR_STORE_CORRUPT,
		        "the file or its -wal is another store's: put its own back; if the file is"
		        " meant to take the other's place, remove the .lock beside it");
		return false;
	}
	return true;
}

static bool make_number(struct store *store, int64_t *number, struct err *err)
{
	if (!sqlite_state_get(&store->writer, NAME, number, err)) {
		return false;
	}
	if (*number != 0) {
		return true;
	}
	if (!crypto_random(number, sizeof(*number), err)) {
		return false;
	}
	*number = (*number & INT64_MAX) | 1;
	return sqlite_state_set(&store->writer, NAME, *number, err);
}

/* SQLite itself reads the rest of a page that was cut as zeros. */
static bool is_whole(struct store *store, struct err *err)
{
	static const char SQL[] = "PRAGMA page_size";
	struct stat info;
	int64_t page_size = 0;
	if (!sqlite_number(&store->writer, SQL, NULL, &page_size, err)) {
		return false;
	}
	if (stat(store->path, &info) != 0) {
		err_set(err, ERR_IO, "the store's file cannot be looked at");
		return false;
	}
	if (page_size <= 0 || info.st_size % page_size != 0) {
		err_set(err, ERR_STORE_CORRUPT, "the end of the file is missing");
		return false;
	}
	return true;
}

bool sqlite_sound_file(struct store *store, struct err *err)
{
	struct sqlite_lock_note kept;
	struct sqlite_lock_note own = {0};
	if (!is_whole(store, err) || !make_number(store, &own.identity, err) ||
	        !sqlite_lock_read(store, &kept, err)) {
		return false;
	}
	if (kept.identity == own.identity) {
		return true;
	}
	if (!sqlite_lock_write(store, &own, err)) {
		return false;
	}
	if (fsync(store->lock_fd) != 0) {
		err_set(err, ERR_IO, "the store's lock file cannot be made durable");
		return false;
	}
	return true;
}

bool sqlite_sound_people(struct sqlite_conn *conn, struct err *err)
{
	static const char *const CHECKS[] = {"PRAGMA integrity_check(store_state)",
	        "PRAGMA integrity_check(employees)", "PRAGMA integrity_check(holds)"};
	for (size_t i = 0; i < ARRAY_SIZE(CHECKS); i++) {
		struct sqlite3_stmt *stmt = sqlite_query(conn, CHECKS[i], NULL, err);
		if (stmt == NULL) {
			return false;
		}
		bool is_sound = sqlite_step(conn, stmt, err) == ROW_FOUND &&
		        str_equal((const char *)sqlite3_column_text(stmt, 0), "ok");
		sqlite_done(stmt);
		if (!is_sound) {
			err_set(err, ERR_STORE_CORRUPT,
			        "what is known of people does not agree with itself");
			return false;
		}
	}
	return true;
}
