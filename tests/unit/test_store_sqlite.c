/* SPDX-License-Identifier: MIT */
/* What only the SQLite store promises: pragmas that read back, a log that stays small. */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct store *store;

static void setup(void)
{
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store = NULL;
	store_fixture_clean();
}

static off_t size_of(const char *name)
{
	char path[160];
	struct stat info = {0};
	ck_assert(str_format(path, sizeof(path), "%s/%s", store_fixture_directory(), name));
	ck_assert_int_eq(stat(path, &info), 0);
	return info.st_size;
}

static int64_t number_of(struct sqlite_conn *conn, const char *sql)
{
	int64_t number = -1;
	struct err err = ERR_INIT;
	ck_assert_msg(sqlite_number(conn, sql, NULL, &number, &err), "%s", err.text);
	return number;
}

START_TEST(every_reader_has_the_pragmas_and_can_write_nothing)
{
	static const char SQL_SYNC[] = "PRAGMA synchronous";
	static const char SQL_CHECKPOINT[] = "PRAGMA wal_autocheckpoint";
	static const char SQL_TRUSTED[] = "PRAGMA trusted_schema";
	static const char SQL_FOREIGN[] = "PRAGMA foreign_keys";
	static const char SQL_DELETE[] = "DELETE FROM events";
	struct sqlite_conn *taken[READERS];
	for (size_t i = 0; i < READERS; i++) {
		taken[i] = sqlite_pool_take(store, NULL);
		ck_assert_ptr_nonnull(taken[i]);
		ck_assert_int_eq(number_of(taken[i], SQL_SYNC), 2);
		ck_assert_int_eq(number_of(taken[i], SQL_CHECKPOINT), 0);
		ck_assert_int_eq(number_of(taken[i], SQL_TRUSTED), 0);
		ck_assert_int_eq(number_of(taken[i], SQL_FOREIGN), 1);
		ck_assert(!sqlite_exec(taken[i], SQL_DELETE, NULL, NULL));
	}
	for (size_t i = 0; i < READERS; i++) {
		sqlite_pool_give(store, taken[i]);
	}
}
END_TEST

START_TEST(a_pragma_that_reads_back_otherwise_is_refused)
{
	char path[160];
	struct sqlite_conn conn;
	struct err err = ERR_INIT;
	/* A database in memory has no log, whatever it is asked for. */
	ck_assert(!sqlite_open(&conn, ":memory:", SQLITE_ROLE_WRITER, &err));
	ck_assert_int_eq(err.code, ERR_STORE_FAILED);
	ck_assert_ptr_nonnull(strstr(err.text, "journal_mode"));
	/* An empty file is not in WAL mode, and a reader cannot put it there. */
	ck_assert(str_format(path, sizeof(path), "%s/empty.db", store_fixture_directory()));
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	err_clear(&err);
	ck_assert(!sqlite_open(&conn, path, SQLITE_ROLE_READER, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "journal_mode"));
}
END_TEST

START_TEST(a_file_of_a_newer_version_or_another_program_is_refused)
{
	static const char *const scripts[] = {
	        "PRAGMA user_version = 9999", "PRAGMA application_id = 77"};
	char path[160];
	struct sqlite_conn conn;
	struct err err = ERR_INIT;
	struct store_options options = {
	        .url = store_fixture_url(), .queue_max = 10, .keys = store_fixture_keys()};
	store_close(store);
	ck_assert(str_copy(path, sizeof(path), store_fixture_url() + strlen("sqlite:")));
	ck_assert(sqlite_open(&conn, path, SQLITE_ROLE_WRITER, NULL));
	ck_assert(sqlite_script(&conn, scripts[_i], NULL));
	sqlite_close(&conn);
	store = store_open(&options, &err);
	ck_assert_ptr_null(store);
	ck_assert_int_eq(err.code, ERR_STORE_FAILED);
}
END_TEST

static void ignore_result(void *context, enum err_code code)
{
	(void)context;
	(void)code;
}

/* About 40 MB of bodies, which is five times what the log may hold before a checkpoint. */
START_TEST(the_log_stays_small_under_load_and_is_moved_when_idle)
{
	char body[8192];
	memset(body, 'x', sizeof(body));
	for (int i = 0; i < 5000; i++) {
		str_format_cut(body, 16, "%d", i);
		body[strlen(body)] = 'y';
		enum err_code code = ERR_OVERLOADED;
		while (code == ERR_OVERLOADED) {
			code = store_append(store, "default", str_dup_len(body, sizeof(body)),
			        sizeof(body), ignore_result, NULL);
		}
		ck_assert_int_eq(code, ERR_OK);
		if (i % 100 == 0) {
			ck_assert(store_probe(store, 10000, NULL));
		}
	}
	ck_assert(store_probe(store, 10000, NULL));
	ck_assert_int_lt(size_of("store.db-wal"), 24 * 1024 * 1024);
	ck_assert_int_gt(size_of("store.db"), 20 * 1024 * 1024);
	store_close(store);
	ck_assert_int_gt(size_of("store.db"), 40 * 1024 * 1024);
	store = store_fixture_open();
}
END_TEST

/* The one file of server/store/schema whose name ends so; the numbers in front may change. */
static char *read_schema(const char *ending)
{
	char pattern[96];
	glob_t found;
	ck_assert(str_format(pattern, sizeof(pattern), "server/store/schema/*%s", ending));
	ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
	ck_assert_uint_eq(found.gl_pathc, 1);
	FILE *file = fopen(found.gl_pathv[0], "r");
	ck_assert_ptr_nonnull(file);
	char *text = calloc(1, 65536);
	ck_assert_ptr_nonnull(text);
	ck_assert_uint_lt(fread(text, 1, 65535, file), 65535);
	fclose(file);
	globfree(&found);
	return text;
}

/* As when there is no memory for the statement that takes it back. */
static bool half_and_no_way_back(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL_HALF[] = "INSERT INTO store_state (name, value) VALUES ('half', 1)";
	static const char SQL_GONE[] = "RELEASE one";
	(void)context;
	ck_assert(sqlite_exec(conn, SQL_HALF, NULL, err));
	ck_assert(sqlite_exec(conn, SQL_GONE, NULL, err));
	err_set(err, ERR_NO_MEMORY, "no memory");
	return false;
}

START_TEST(half_of_a_write_is_never_committed)
{
	static const char SQL_COUNT[] = "SELECT count(*) FROM store_state WHERE name = 'half'";
	struct err err = ERR_INIT;
	ck_assert(!sqlite_write(store, half_and_no_way_back, NULL, &err));
	ck_assert_int_eq(err.code, ERR_NO_MEMORY);
	struct sqlite_conn *conn = sqlite_pool_take(store, NULL);
	ck_assert_int_eq(number_of(conn, SQL_COUNT), 0);
	sqlite_pool_give(store, conn);
	ck_assert(sqlite_write_nothing(store, NULL));
}
END_TEST

START_TEST(what_an_older_version_had_not_parsed_moves_to_the_inbox)
{
	static const char EVENTS[] =
	        "INSERT INTO events (connection, sha256, received_at_ms, last_seen_at_ms, body,"
	        " state) VALUES ('default', zeroblob(32), 1, 1, x'61', 'accepted'),"
	        " ('default', randomblob(32), 2, 5, x'6200', 'received')";
	static const char SQL_MOVED[] = "SELECT count(*) FROM inbox WHERE event_id = 2 AND"
	                                " received_at_ms = 5 AND body = x'6200'";
	static const char SQL_LEFT[] = "SELECT group_concat(event_id) FROM events";
	static const char SQL_ALL[] = "SELECT count(*) FROM inbox";
	char path[160];
	struct sqlite_conn conn;
	char *first = read_schema("001.sql");
	char *inbox = read_schema("-inbox.sql");
	ck_assert(str_format(path, sizeof(path), "%s/old.db", store_fixture_directory()));
	close(open(path, O_WRONLY | O_CREAT, 0600));
	ck_assert(sqlite_open(&conn, path, SQLITE_ROLE_WRITER, NULL));
	ck_assert(sqlite_script(&conn, first, NULL));
	ck_assert(sqlite_script(&conn, EVENTS, NULL));
	ck_assert(sqlite_script(&conn, inbox, NULL));
	ck_assert_int_eq(number_of(&conn, SQL_MOVED), 1);
	ck_assert_int_eq(number_of(&conn, SQL_ALL), 1);
	ck_assert_int_eq(number_of(&conn, SQL_LEFT), 1);
	sqlite_close(&conn);
	free(first);
	free(inbox);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("store_sqlite");
	TCase *settings = tcase_create("settings");
	tcase_add_checked_fixture(settings, setup, teardown);
	tcase_add_test(settings, every_reader_has_the_pragmas_and_can_write_nothing);
	tcase_add_test(settings, a_pragma_that_reads_back_otherwise_is_refused);
	tcase_add_loop_test(
	        settings, a_file_of_a_newer_version_or_another_program_is_refused, 0, 2);
	tcase_add_test(settings, half_of_a_write_is_never_committed);
	tcase_add_test(settings, what_an_older_version_had_not_parsed_moves_to_the_inbox);
	suite_add_tcase(suite, settings);
	TCase *log = tcase_create("log");
	tcase_add_checked_fixture(log, setup, teardown);
	tcase_set_timeout(log, 120);
	tcase_add_test(log, the_log_stays_small_under_load_and_is_moved_when_idle);
	suite_add_tcase(suite, log);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
