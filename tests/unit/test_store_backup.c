/* SPDX-License-Identifier: MIT */
/* Copies of the store, and what the first start on one takes back. */
#include "server/store/backup.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/store/adoption.h"
#include "server/store/approvals.h"
#include "server/store/sqlite.h"
#include "server/store/sweeps.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ADA  "412"
#define USER "00u1adaking"

static struct store *store;
static struct err err;

static void set_up(void)
{
	err = ERR_INIT;
	store = store_fixture_open();
}

static void tear_down(void)
{
	store_close(store);
	store_fixture_clean();
}

static const char *store_path(void)
{
	return store_fixture_url() + strlen("sqlite:");
}

/* Under a name of its own, as a command would write it. */
static const char *write_copy(const struct store_copy *copy)
{
	static char path[200];
	static char bytes[4096];
	ssize_t len = 0;

	ck_assert(str_format(path, sizeof(path), "%s/copy.db", store_fixture_directory()));
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	while ((len = read(copy->fd, bytes, sizeof(bytes))) > 0) {
		ck_assert_int_eq(write(fd, bytes, (size_t)len), len);
	}
	ck_assert_int_eq(len, 0);
	close(fd);
	close(copy->fd);
	return path;
}

static const char *make_copy(void)
{
	struct store_copy copy;

	ck_assert_msg(store_backup(store, &copy, &err), "%s", err.text);
	return write_copy(&copy);
}

static void remove_log(void)
{
	char path[200];

	for (int i = 0; i < 2; i++) {
		ck_assert(str_format(
		        path, sizeof(path), "%s%s", store_path(), i == 0 ? "-wal" : "-shm"));
		(void)unlink(path);
	}
}

/* The copy in the store's place, and a start on it. */
static void restore(const char *path)
{
	store_close(store);
	remove_log();
	ck_assert_int_eq(rename(path, store_path()), 0);
	store = store_fixture_open();
}

static int64_t number(const char *sql)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, NULL);
	int64_t value = -1;

	ck_assert_ptr_nonnull(conn);
	ck_assert_msg(sqlite_number(conn, sql, NULL, &value, &err), "%s: %s", sql, err.text);
	sqlite_pool_give(store, conn);
	return value;
}

static size_t files_beside(const char *part)
{
	DIR *directory = opendir(store_fixture_directory());
	size_t count = 0;

	ck_assert_ptr_nonnull(directory);
	for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		count += strstr(entry->d_name, part) != NULL ? 1 : 0;
	}
	closedir(directory);
	return count;
}

/* ---------------------------------------------------------------------- copies */

START_TEST(a_copy_is_whole_marked_and_leaves_no_file)
{
	struct store_copy_facts facts;
	struct stat info;

	store_fixture_link(store, ADA, USER, "ada@example.com", ACCOUNT_ACTIVE);
	int64_t before_ms = clock_wall_ms();
	const char *path = make_copy();
	ck_assert_uint_eq(files_beside("backup-copy"), 0);
	ck_assert_msg(store_copy_check(path, &facts, &err), "%s", err.text);
	ck_assert_int_eq(facts.employees, 1);
	ck_assert_int_ge(facts.made_at_ms, before_ms);
	ck_assert_int_gt(facts.schema, 8);
	ck_assert_int_eq(stat(path, &info), 0);
	/* Reading back changes nothing and leaves nothing behind. */
	ck_assert_uint_eq(files_beside("copy.db"), 1);
	static const char SQL[] = "SELECT count(*) FROM store_state WHERE name = 'restored'";
	ck_assert_int_eq(number(SQL), 0);
}
END_TEST

static const char *const NO_COPIES[] = {"running", "empty", "cut", "damaged", "text"};

START_TEST(what_is_no_copy_is_refused)
{
	const char *kind = NO_COPIES[_i];
	struct store_copy_facts facts;

	store_fixture_link(store, ADA, USER, "ada@example.com", ACCOUNT_ACTIVE);
	const char *path = make_copy();
	if (str_equal(kind, "running")) {
		store_close(store);
		store = NULL;
		path = store_path();
	} else if (str_equal(kind, "empty") || str_equal(kind, "cut")) {
		ck_assert_int_eq(truncate(path, kind[0] == 'e' ? 0 : 40960), 0);
	} else {
		char junk[4096];
		memset(junk, 'x', sizeof(junk));
		int fd = open(path, O_WRONLY);
		for (off_t at = kind[0] == 't' ? 0 : 8192; at < 131072; at += 4096) {
			ck_assert_int_eq(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
		}
		close(fd);
	}
	ck_assert(!store_copy_check(path, &facts, &err));
	ck_assert(err_is_set(&err));
	store = store == NULL ? store_fixture_open() : store;
}
END_TEST

START_TEST(one_copy_at_a_time_and_none_while_stopping)
{
	struct store_copy copy;

	atomic_store(&store->is_backing_up, true);
	ck_assert(!store_backup(store, &copy, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	atomic_store(&store->is_backing_up, false);
	err = ERR_INIT;
	store_quiesce(store);
	ck_assert(!store_backup(store, &copy, &err));
	ck_assert_int_eq(err.code, ERR_DRAINING);
	ck_assert_int_eq(copy.fd, -1);
	ck_assert_uint_eq(files_beside("backup-copy"), 0);
}
END_TEST

START_TEST(what_a_crash_left_of_a_copy_goes_with_the_next_start)
{
	char path[200];

	ck_assert(str_format(path, sizeof(path), "%s.backup-copy", store_path()));
	int fd = open(path, O_WRONLY | O_CREAT, 0600);
	ck_assert_int_ge(fd, 0);
	close(fd);
	store_close(store);
	store = store_fixture_open();
	ck_assert_uint_eq(files_beside("backup-copy"), 0);
}
END_TEST

/* What is written while a copy is made is not in it, and waits for nothing. */
START_TEST(a_copy_shows_one_moment)
{
	store_fixture_link(store, ADA, USER, "ada@example.com", ACCOUNT_ACTIVE);
	const char *path = make_copy();
	store_fixture_link(store, "413", "00u2", "bea@example.com", ACCOUNT_ACTIVE);
	struct store_copy_facts facts;
	ck_assert(store_copy_check(path, &facts, &err));
	ck_assert_int_eq(facts.employees, 1);
	restore(path);
	static const char SQL[] = "SELECT count(*) FROM employees";
	ck_assert_int_eq(number(SQL), 1);
}
END_TEST

/* ------------------------------------------------------------- the first start */

static void owe(struct employee *employee)
{
	employee->is_sessions_due = true;
	employee->confirmed_end_ms = 1000;
	employee->confirmed_at_ms = 2000;
	employee->activated_at_ms = 3000;
	employee->mails = 1;
	employee->failing_since_ms = 4000;
	employee->revoke_triggered_at_ms = 5000;
}

/* Ada with everything that must not be taken for true a day later. */
static void make_yesterday(void)
{
	struct employee_key key = store_fixture_key(ADA);
	struct hold hold = {.key = key, .kind = HOLD_MATCH, .cause = "who?", .by = "test"};
	struct hold revoked = {.key = key, .kind = HOLD_REVOKED, .cause = "at once", .by = "test"};
	struct hold_decision release = {.key = key, .kind = HOLD_MATCH, .by = "ops"};
	struct approval approval = {
	        .key = key, .day = "2099-12-31", .limit = LIMIT_LOWER, .by = "ops"};

	store_fixture_link(store, ADA, USER, "ada@example.com", ACCOUNT_ACTIVE);
	ck_assert(store_hold_add(store, &hold, &err) && store_hold_add(store, &revoked, &err));
	ck_assert(store_hold_release(store, &release, &err));
	approval.until_ms = clock_wall_ms() + 3600000;
	ck_assert(store_approvals_add(store, &approval, 1, &err));
	struct employee employee = store_fixture_claim(store, ADA);
	owe(&employee);
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_LOWER);
	ck_assert_int_eq(store_intent_open(store, &intent, NULL, &err), INTENT_OPEN);
	intent_finish(&intent);
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_WAITING, &err));
	employee_finish(&employee);
}

START_TEST(the_first_start_on_a_copy_takes_nothing_for_granted)
{
	static const char SQL_APPROVALS[] = "SELECT count(*) FROM approvals";
	static const char SQL_OPEN[] = "SELECT count(*) FROM intents WHERE outcome = 'open'";
	static const char SQL_SWEEPS[] = "SELECT count(*) FROM sweeps WHERE state = 'waiting'";
	static const char SQL_AUDIT[] = "SELECT count(*) FROM audit_records WHERE kind = 'restore'";

	make_yesterday();
	const char *path = make_copy();
	/* The store that runs on is left as it is. */
	ck_assert_int_eq(number(SQL_APPROVALS), 1);
	ck_assert_int_eq(number(SQL_OPEN), 1);
	restore(path);
	struct employee ada = store_fixture_get(store, ADA);
	ck_assert_int_eq(ada.doubt, DOUBT_USER);
	ck_assert_uint_eq(ada.approvals, 0);
	ck_assert(!ada.is_sessions_due);
	ck_assert_int_eq(ada.confirmed_end_ms, 0);
	ck_assert_int_eq(ada.mails, 2);
	ck_assert_int_eq(ada.failing_since_ms, 0);
	ck_assert(ada.revoke_is_doubtful);
	ck_assert_uint_eq(ada.hold_kinds, 0);
	ck_assert_int_eq(ada.present_status, ACCOUNT_ACTIVE);
	employee_finish(&ada);
	ck_assert_int_eq(number(SQL_APPROVALS), 0);
	ck_assert_int_eq(number(SQL_OPEN), 0);
	ck_assert_int_eq(number(SQL_SWEEPS), 1);
	ck_assert_int_eq(number(SQL_AUDIT), 1);
}
END_TEST

START_TEST(the_second_start_is_an_ordinary_one)
{
	struct store_restored first;
	struct store_restored second;

	ck_assert(store_restored_get(store, &first, &err));
	ck_assert_int_eq(first.started_at_ms, 0);
	make_yesterday();
	restore(make_copy());
	ck_assert(store_restored_get(store, &first, &err));
	ck_assert_int_gt(first.started_at_ms, 0);
	ck_assert_int_le(first.backup_at_ms, first.started_at_ms);
	store_close(store);
	store = store_fixture_open();
	ck_assert(store_restored_get(store, &second, &err));
	ck_assert_int_eq(second.started_at_ms, first.started_at_ms);
	static const char SQL[] = "SELECT count(*) FROM sweeps";
	ck_assert_int_eq(number(SQL), 1);
}
END_TEST

static const struct revoke_case {
	int64_t after_ms; /* of the first start */
	bool is_doubtful;
} REVOKE_CASES[] = {{-1000, true}, {+1000, false}};

/* V1: what was revoked before may be done already, whoever brings it and when. */
START_TEST(a_revocation_from_before_the_first_start_is_a_question)
{
	struct store_restored restored;

	store_fixture_link(store, ADA, USER, "ada@example.com", ACCOUNT_ACTIVE);
	restore(make_copy());
	ck_assert(store_restored_get(store, &restored, &err));
	ck_assert_int_eq(store_fixture_append(store, "{\"revoke\":1}"), ERR_OK);
	struct event_verdict verdict = {.event_id = store_fixture_event(store),
	        .state = EVENT_ACCEPTED,
	        .kind = EVENT_KIND_REVOKE,
	        .lane = LANE_REVOKE,
	        .employee_id = ADA,
	        .triggered_at_ms = restored.started_at_ms + REVOKE_CASES[_i].after_ms};
	ck_assert(store_event_settle(store, &verdict, 1, &err));
	struct employee ada = store_fixture_get(store, ADA);
	ck_assert_int_eq(ada.revoke_is_doubtful, REVOKE_CASES[_i].is_doubtful);
	employee_finish(&ada);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_backup");
	TCase *tcase = tcase_create("store_backup");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_copy_is_whole_marked_and_leaves_no_file);
	tcase_add_loop_test(tcase, what_is_no_copy_is_refused, 0, ARRAY_SIZE(NO_COPIES));
	tcase_add_test(tcase, one_copy_at_a_time_and_none_while_stopping);
	tcase_add_test(tcase, what_a_crash_left_of_a_copy_goes_with_the_next_start);
	tcase_add_test(tcase, a_copy_shows_one_moment);
	tcase_add_test(tcase, the_first_start_on_a_copy_takes_nothing_for_granted);
	tcase_add_test(tcase, the_second_start_is_an_ordinary_one);
	tcase_add_loop_test(tcase, a_revocation_from_before_the_first_start_is_a_question, 0,
	        ARRAY_SIZE(REVOKE_CASES));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
