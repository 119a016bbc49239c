/* SPDX-License-Identifier: MIT */
#include "server/store/store.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <poll.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

/* ----------------------------------------------------------------- opening */

START_TEST(a_url_of_another_kind_is_refused)
{
	static const char *const urls[] = {"", "sqlite:", "postgres://db", "/var/lib/store.db"};
	struct err err = ERR_INIT;
	struct store_options options = {.url = urls[_i], .queue_max = 10};
	ck_assert_ptr_null(store_open(&options, &err));
	ck_assert_int_eq(err.code, ERR_USAGE);
}
END_TEST

START_TEST(a_second_opening_is_refused_at_once_and_the_first_goes_on)
{
	struct err err = ERR_INIT;
	struct store_options options = {
	        .url = store_fixture_url(), .queue_max = 10, .keys = store_fixture_keys()};
	int64_t before_ms = clock_mono_ms();
	ck_assert_ptr_null(store_open(&options, &err));
	ck_assert_int_eq(err.code, ERR_STORE_LOCKED);
	ck_assert_int_lt(clock_mono_ms() - before_ms, 2000);
	ck_assert_int_eq(store_fixture_append(store, "{}"), ERR_OK);
}
END_TEST

START_TEST(another_process_is_refused_while_this_one_lives)
{
	pid_t child = fork();
	if (child == 0) {
		struct err err = ERR_INIT;
		struct store_options options = {
		        .url = store_fixture_url(), .queue_max = 10, .keys = store_fixture_keys()};
		struct store *second = store_open(&options, &err);
		_exit(second == NULL && err.code == ERR_STORE_LOCKED ? 0 : 1);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(store_fixture_append(store, "{}"), ERR_OK);
}
END_TEST

START_TEST(files_are_private_and_a_missing_directory_is_made)
{
	char path[128];
	char url[160];
	struct stat info;
	struct err err = ERR_INIT;
	umask(0);
	ck_assert(str_format(path, sizeof(path), "%s/new", store_fixture_directory()));
	ck_assert(str_format(url, sizeof(url), "sqlite:%s/data.db", path));
	struct store_options options = {.url = url, .queue_max = 10};
	struct store *other = store_open(&options, &err);
	ck_assert_msg(other != NULL, "%s", err.text);
	ck_assert_int_eq(stat(path, &info), 0);
	ck_assert_uint_eq(info.st_mode & 0777, 0700);
	static const char *const names[] = {
	        "new/data.db", "new/data.db-wal", "new/data.db-shm", "new/data.db.lock"};
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert(str_format(
		        path, sizeof(path), "%s/%s", store_fixture_directory(), names[i]));
		ck_assert_int_eq(stat(path, &info), 0);
		ck_assert_uint_eq(info.st_mode & 0777, 0600);
	}
	store_close(other);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert(str_format(
		        path, sizeof(path), "%s/%s", store_fixture_directory(), names[i]));
		unlink(path);
	}
	ck_assert(str_format(path, sizeof(path), "%s/new", store_fixture_directory()));
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(a_file_that_is_no_store_is_refused)
{
	char path[128];
	char url[160];
	struct err err = ERR_INIT;
	ck_assert(str_format(path, sizeof(path), "%s/text.db", store_fixture_directory()));
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(write(fd, "this is no database at all\n", 27), 27);
	}
	close(fd);
	ck_assert(str_format(url, sizeof(url), "sqlite:%s", path));
	struct store_options options = {.url = url, .queue_max = 10};
	ck_assert_ptr_null(store_open(&options, &err));
	ck_assert_int_eq(err.code, ERR_STORE_CORRUPT);
}
END_TEST

START_TEST(what_was_written_is_there_after_a_close_and_open)
{
	char *value = NULL;
	ck_assert(store_value_set(store, "default", "pause", "all", NULL));
	store_close(store);
	store = store_fixture_open();
	ck_assert(store_value_get(store, "default", "pause", &value, NULL));
	ck_assert_str_eq(value, "all");
	free(value);
}
END_TEST

START_TEST(closing_nothing_is_allowed)
{
	store_close(NULL);
}
END_TEST

/* ------------------------------------------------------------ small values */

START_TEST(values_belong_to_their_connection_and_can_be_removed)
{
	char *value = NULL;
	struct err err = ERR_INIT;
	ck_assert(store_value_set(store, "default", "mode", "live", NULL));
	ck_assert(store_value_set(store, "other", "mode", "dry_run", NULL));
	ck_assert(store_value_set(store, "default", "mode", "live2", NULL));
	ck_assert(store_value_get(store, "other", "mode", &value, NULL));
	ck_assert_str_eq(value, "dry_run");
	free(value);
	ck_assert(store_value_get(store, "default", "mode", &value, NULL));
	ck_assert_str_eq(value, "live2");
	free(value);
	ck_assert(store_value_set(store, "default", "mode", NULL, NULL));
	ck_assert(!store_value_get(store, "default", "mode", &value, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_null(value);
}
END_TEST

START_TEST(a_number_is_kept_and_0_removes_it)
{
	char *value = NULL;
	ck_assert_int_eq(store_value_get_number(store, "default", "at_ms"), 0);
	ck_assert(store_value_set_number(store, "default", "at_ms", INT64_MIN, NULL));
	ck_assert(store_value_get_number(store, "default", "at_ms") == INT64_MIN);
	ck_assert(store_value_set_number(store, "default", "at_ms", 0, NULL));
	ck_assert(!store_value_get(store, "default", "at_ms", &value, NULL));
	ck_assert(store_value_set(store, "default", "at_ms", "12 days", NULL));
	ck_assert_int_eq(store_value_get_number(store, "default", "at_ms"), 0);
}
END_TEST

START_TEST(audit_takes_a_line_and_refuses_what_does_not_fit)
{
	char long_id[200];
	memset(long_id, '1', sizeof(long_id) - 1);
	long_id[sizeof(long_id) - 1] = '\0';
	ck_assert(store_audit(store, "default", "7", "admin", "pause", NULL));
	ck_assert(store_audit(store, "default", NULL, "admin", "resume", NULL));
	ck_assert(!store_audit(store, "default", long_id, "admin", "pause", NULL));
}
END_TEST

START_TEST(a_probe_commits_and_the_store_is_writable)
{
	struct err err = ERR_INIT;
	for (int i = 0; i < 3; i++) {
		ck_assert_msg(store_probe(store, 5000, &err), "%s", err.text);
	}
	ck_assert(store_is_writable(store, &err));
}
END_TEST

/* --------------------------------------------------------------- full disk */

static void limit_files(rlim_t bytes)
{
	struct rlimit limit = {.rlim_cur = bytes, .rlim_max = RLIM_INFINITY};
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

START_TEST(a_full_disk_refuses_deliveries_and_resumes_by_itself)
{
	char body[20000];
	size_t stored = 0;
	enum err_code code = ERR_OK;
	struct err err = ERR_INIT;
	int64_t began_ms = clock_mono_ms();
	memset(body, 'x', sizeof(body));
	body[sizeof(body) - 1] = '\0';
	limit_files(3 << 19);
	for (int i = 0; i < 500 && code == ERR_OK; i++) {
		str_format_cut(body, 20, "%d", i);
		body[strlen(body)] = 'x';
		code = store_fixture_append(store, body);
		stored += code == ERR_OK ? 1 : 0;
	}
	ck_assert_int_eq(code, ERR_STORE_FULL);
	ck_assert_uint_gt(stored, 10);
	ck_assert(!store_is_writable(store, &err));
	ck_assert_int_eq(err.code, ERR_STORE_FULL);
	err_clear(&err);
	limit_files(RLIM_INFINITY);
	ck_assert_msg(store_probe(store, 5000, &err), "%s", err.text);
	/* A small row that found room says nothing of larger ones yet. */
	ck_assert(!store_is_writable(store, &err) || clock_mono_ms() - began_ms >= 10000);
	err_clear(&err);
	ck_assert_int_eq(store_fixture_append(store, "after"), ERR_OK);
	while (!store_is_writable(store, NULL)) {
		(void)poll(NULL, 0, 10); /* the deadline is the test case's */
	}
	struct event_list events;
	ck_assert(store_event_next(store, 1000, &events, NULL));
	ck_assert_uint_eq(events.count, stored + 1);
	event_list_finish(&events);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("store");
	TCase *opening = tcase_create("opening");
	tcase_add_checked_fixture(opening, setup, teardown);
	tcase_add_loop_test(opening, a_url_of_another_kind_is_refused, 0, 4);
	tcase_add_test(opening, a_second_opening_is_refused_at_once_and_the_first_goes_on);
	tcase_add_test(opening, another_process_is_refused_while_this_one_lives);
	tcase_add_test(opening, files_are_private_and_a_missing_directory_is_made);
	tcase_add_test(opening, a_file_that_is_no_store_is_refused);
	tcase_add_test(opening, what_was_written_is_there_after_a_close_and_open);
	tcase_add_test(opening, closing_nothing_is_allowed);
	suite_add_tcase(suite, opening);
	TCase *values = tcase_create("values");
	tcase_add_checked_fixture(values, setup, teardown);
	tcase_add_test(values, values_belong_to_their_connection_and_can_be_removed);
	tcase_add_test(values, a_number_is_kept_and_0_removes_it);
	tcase_add_test(values, audit_takes_a_line_and_refuses_what_does_not_fit);
	tcase_add_test(values, a_probe_commits_and_the_store_is_writable);
	suite_add_tcase(suite, values);
	TCase *full = tcase_create("full_disk");
	tcase_add_checked_fixture(full, setup, teardown);
	tcase_set_timeout(full, 60);
	tcase_add_test(full, a_full_disk_refuses_deliveries_and_resumes_by_itself);
	suite_add_tcase(suite, full);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
