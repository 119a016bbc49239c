/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite_audit.h"

#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define URL_PREFIX     "sqlite:"
#define PATH_MAX_BYTES 1024
#define FILE_MODE      0600
#define DIRECTORY_MODE 0700

/* ------------------------------------------------------------------- files */

static bool fail_file(struct err *err, const char *what)
{
	char why[64];
	err_set(err, ERR_IO, "%s: %s", what, strerror_r(errno, why, sizeof(why)));
	return false;
}

/* The directory the file is in, made when it is missing and fsynced after the file is. */
static bool split_directory(const char *path, char *to, size_t size, struct err *err)
{
	const char *slash = strrchr(path, '/');
	if (slash == NULL) {
		return str_copy(to, size, ".");
	}
	size_t len = slash == path ? 1 : (size_t)(slash - path);
	if (len >= size) {
		err_set(err, ERR_USAGE, "the store's path is too long");
		return false;
	}
	memcpy(to, path, len);
	to[len] = '\0';
	return true;
}

static bool make_directory(const char *directory, struct err *err)
{
	if (mkdir(directory, DIRECTORY_MODE) != 0 && errno != EEXIST) {
		return fail_file(err, "the store's directory cannot be made");
	}
	return true;
}

/* Only one process may use the file: the WAL has one writer, and leases are void at a start. */
static bool lock_file(struct store *store, struct err *err)
{
	char path[PATH_MAX_BYTES];
	if (!str_format(path, sizeof(path), "%s.lock", store->path)) {
		err_set(err, ERR_USAGE, "the store's path is too long");
		return false;
	}
	store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (store->lock_fd < 0) {
		return fail_file(err, "the store's lock file cannot be opened");
	}
	if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK) {
			err_set(err, ERR_STORE_LOCKED, "another process uses the store");
			return false;
		}
		return fail_file(err, "the store's lock file cannot be locked");
	}
	return true;
}

static bool sync_directory(const char *directory, struct err *err)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return fail_file(err, "the store's directory cannot be opened");
	}
	bool done = fsync(fd) == 0;
	close(fd);
	return done || fail_file(err, "the store's directory cannot be synced");
}

/* SQLite would make the file with the umask's mode; its log and index take the file's. */
static bool prepare_file(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd < 0) {
		return fail_file(err, "the store's file cannot be opened");
	}
	struct stat info;
	bool done = fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
	        ((info.st_mode & 077) == 0 || fchmod(fd, FILE_MODE) == 0);
	close(fd);
	return done || fail_file(err, "the store's file cannot be made private");
}

static bool prepare_files(struct store *store, struct err *err)
{
	char directory[PATH_MAX_BYTES];
	return split_directory(store->path, directory, sizeof(directory), err) &&
	        make_directory(directory, err) && lock_file(store, err) &&
	        prepare_file(store->path, err) && sync_directory(directory, err);
}

/* ---------------------------------------------------------------- recovery */

/*
 * Whoever was worked on when the process ended is dirty again. Who was claimed and never in hand
 * used up no attempt, as if given back: else a few ends would make the next failure wait for long.
 */
static bool void_leases(struct sqlite_conn *conn, struct err *err)
{
	static const char SQL_LEASES[] =
	        "UPDATE employees SET state = 'dirty', lease_token = 0, lease_until_mono_ms = 0,"
	        " attempts = attempts - iif(is_in_hand = 0 AND attempts > 0, 1, 0), is_in_hand = 0,"
	        " dirty_since_ms = CASE dirty_since_ms WHEN 0 THEN ?1 ELSE dirty_since_ms END"
	        " WHERE state = 'working'";
	return sqlite_exec(conn, SQL_LEASES, VALUES(INT(clock_wall_ms())), err);
}

static bool begin_instance(struct store *store, struct err *err)
{
	struct sqlite_conn *conn = &store->writer;
	static const char SQL_BEGIN[] = "BEGIN IMMEDIATE";
	bool has_begun = sqlite_exec(conn, SQL_BEGIN, NULL, err) && sqlite_crash_count(conn, err) &&
	        void_leases(conn, err) &&
	        sqlite_state_get(conn, "instance", &store->instance, err) &&
	        sqlite_restored_fill(store, err) && sqlite_restore_begin(conn, err) &&
	        sqlite_state_set(conn, "instance", ++store->instance, err) &&
	        sqlite_state_set(conn, "is_open", 1, err) &&
	        !FAILPOINT("instance.pre_commit", NULL) && sqlite_commit(conn, err);
	if (has_begun) {
		sqlite_restored_mark(store);
	}
	return has_begun;
}

/* -------------------------------------------------------------------- open */

static bool init_monitors(struct store *store, struct err *err)
{
	if (monitor_init(&store->waiting) && monitor_init(&store->done) &&
	        monitor_init(&store->idle)) {
		return true;
	}
	err_set(err, ERR_NO_MEMORY, "no memory for the store");
	return false;
}

static struct store *create(const struct store_options *options, struct err *err)
{
	if (!str_starts_with(options->url, URL_PREFIX) ||
	        strlen(options->url) >= PATH_MAX_BYTES - sizeof(".lock") ||
	        options->url[sizeof(URL_PREFIX) - 1] == '\0') {
		err_set(err, ERR_USAGE, "the store must be sqlite:PATH");
		return NULL;
	}
	struct store *store = calloc(1, sizeof(*store));
	char *path = str_dup(options->url + sizeof(URL_PREFIX) - 1);
	if (store == NULL || path == NULL || !init_monitors(store, err)) {
		err_set(err, ERR_NO_MEMORY, "no memory for the store");
		free(store);
		free(path);
		return NULL;
	}
	store->path = path;
	store->lock_fd = -1;
	store->keys = options->keys;
	store->queue_max = options->queue_max;
	store->on_fatal = options->on_fatal;
	store->on_fatal_context = options->on_fatal_context;
	list_init(&store->queue);
	list_init(&store->patient);
	return store;
}

static void destroy(struct store *store)
{
	sqlite_pool_close(store);
	sqlite_close(&store->writer);
	sqlite_audit_stop(store);
	sqlite_data_keys_close(store);
	if (store->lock_fd >= 0) {
		close(store->lock_fd);
	}
	monitor_finish(&store->waiting);
	monitor_finish(&store->done);
	monitor_finish(&store->idle);
	free(store->path);
	free(store);
}

/* A log that is not ours, or cannot be judged, is left as it is for whoever puts things right. */
static bool is_own_log(struct store *store, struct err *err)
{
	bool is_own = sqlite_sound_log(store, err);
	if (!is_own) {
		sqlite_leave_log(&store->writer);
	}
	return is_own;
}

/* Rule 12: what an unclean end left in the log is in the file before anybody reads. */
static bool recover(struct store *store, struct err *err)
{
	return !FAILPOINT("open.locked", NULL) &&
	        sqlite_open(&store->writer, store->path, SQLITE_ROLE_WRITER, err) &&
	        is_own_log(store, err) &&
	        sqlite_checkpoint(&store->writer, CHECKPOINT_TRUNCATE, err) &&
	        !FAILPOINT("open.recovered", NULL) && sqlite_schema_migrate(&store->writer, err) &&
	        sqlite_sound_people(&store->writer, err) && sqlite_sound_file(store, err);
}

static bool begin(struct store *store, struct err *err)
{
	return sqlite_data_keys_open(store, err) && sqlite_audit_start(store, err) &&
	        sqlite_search_begin(&store->writer, err) && begin_instance(store, err) &&
	        sqlite_inbox_begin(store, err) && sqlite_pool_open(store, err) &&
	        sqlite_writer_start(store, err);
}

/*
 * Engine rule 12 before the writer thread runs and after it has ended: closing SQLite would move
 * the log into the file, which is one more sync.
 */
static void end_if_fatal(const struct store *store, const struct err *err)
{
	if (store->writer.is_fatal && err->code != ERR_STORE_CORRUPT) {
		sqlite_writer_exit(err);
	}
}

struct store *store_open(const struct store_options *options, struct err *err)
{
	struct store *store = create(options, err);
	if (store == NULL) {
		return NULL;
	}
	sqlite_backup_forget(store);
	if (!prepare_files(store, err) || !recover(store, err) || !begin(store, err)) {
		err_prefix(err, "store %s", store->path);
		end_if_fatal(store, err);
		destroy(store);
		return NULL;
	}
	return store;
}

/* A mark that the end was wanted: leases that are open now are no crash. */
static struct err mark_closed(struct sqlite_conn *conn)
{
	struct err ignored = ERR_INIT;
	if (!sqlite_state_set(conn, "is_open", 0, &ignored) ||
	        !sqlite_checkpoint(conn, CHECKPOINT_TRUNCATE, &ignored)) {
		err_prefix(&ignored, "close");
	}
	return ignored;
}

void store_close(struct store *store)
{
	if (store == NULL) {
		return;
	}
	sqlite_writer_stop(store);
	sqlite_pool_close(store);
	sqlite_audit_closing(store);
	struct err err = mark_closed(&store->writer);
	end_if_fatal(store, &err);
	destroy(store);
}
