/* SPDX-License-Identifier: MIT */
#include "server/store/scratch.h"

#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static struct store *store;
static struct scratch *scratch;
static struct err err;

static void set_up(void)
{
	err = (struct err)ERR_INIT;
	store = store_fixture_open();
	scratch = scratch_open(store, &err);
	ck_assert_msg(scratch != NULL, "%s", err.text);
}

static void tear_down(void)
{
	scratch_close(scratch);
	store_close(store);
	store_fixture_clean();
}

static void put(const char *okta_id, const char *login, const char *number)
{
	struct scratch_user user = {.status = ACCOUNT_ACTIVE};

	ck_assert(str_copy(user.okta_id, sizeof(user.okta_id), okta_id));
	ck_assert(personal_set(&user.login, login) && personal_set(&user.number, number) &&
	        personal_set(&user.email, "Shared@Example.com") &&
	        scratch_user_set_names(&user, "Ada", "KING") &&
	        personal_set(&user.profile, "{\"login\":1}"));
	ck_assert_msg(scratch_put_user(scratch, &user, NULL, &err), "%s", err.text);
	scratch_user_finish(&user);
}

/* The ids of those found, as "00u1 00u2". */
static const char *find(enum scratch_by by, const char *text)
{
	static char ids[256];
	struct scratch_users users = {0};

	ck_assert_msg(scratch_find(scratch, by, text, &users, &err), "%s", err.text);
	ids[0] = '\0';
	for (size_t i = 0; i < users.count; i++) {
		size_t len = strlen(ids);
		ck_assert(str_format(ids + len, sizeof(ids) - len, "%s%s", len > 0 ? " " : "",
		        users.items[i].okta_id));
	}
	scratch_users_finish(&users);
	return ids;
}

START_TEST(its_file_has_no_name)
{
	DIR *directory = opendir(store_fixture_directory());

	put("00u1", "ada@example.com", "7");
	ck_assert_ptr_nonnull(directory);
	for (const struct dirent *entry = readdir(directory); entry != NULL;
	        entry = readdir(directory)) {
		ck_assert_ptr_null(strstr(entry->d_name, "scratch"));
	}
	closedir(directory);
}
END_TEST

START_TEST(employees_are_walked_once_each_in_pieces)
{
	char after[EMPLOYEE_ID_BYTES] = "";
	struct scratch_ids ids = {0};
	int64_t count = 0;
	int seen = 0;
	bool is_there = false;

	for (int i = 0; i < 250; i++) {
		char id[8];
		ck_assert(str_format(id, sizeof(id), "%d", i % 125));
		ck_assert(scratch_add_employee(scratch, id, &err));
	}
	ck_assert(scratch_employee_count(scratch, &count, &err));
	ck_assert_int_eq(count, 125);
	do {
		ck_assert(scratch_next_employees(scratch, after, 50, &ids, &err));
		seen += (int)ids.count;
		for (size_t i = 0; i < ids.count; i++) {
			ck_assert_int_gt(strcmp(ids.items[i], after), 0);
			ck_assert(str_copy(after, sizeof(after), ids.items[i]));
		}
		is_there = ids.count > 0;
		scratch_ids_finish(&ids);
	} while (is_there);
	ck_assert_int_eq(seen, 125);
	ck_assert(scratch_has_employee(scratch, "124", &is_there, &err) && is_there);
	ck_assert(scratch_has_employee(scratch, "125", &is_there, &err) && !is_there);
}
END_TEST

START_TEST(users_are_found_by_each_of_their_texts)
{
	struct scratch_users users = {0};

	put("00u1", "ADA@example.com", "7");
	put("00u2", "grace@example.com", NULL);
	ck_assert_str_eq(find(SCRATCH_BY_OKTA_ID, "00u2"), "00u2");
	ck_assert_str_eq(find(SCRATCH_BY_OKTA_ID, "00U2"), "");
	ck_assert_str_eq(find(SCRATCH_BY_LOGIN, "Ada@Example.com"), "00u1");
	ck_assert_str_eq(find(SCRATCH_BY_EMAIL, "shared@example.com"), "00u1 00u2");
	ck_assert_str_eq(find(SCRATCH_BY_SECOND_EMAIL, "shared@example.com"), "");
	ck_assert_str_eq(find(SCRATCH_BY_ADDRESS, "shared@example.com"), "00u1 00u2");
	ck_assert_str_eq(find(SCRATCH_BY_ADDRESS, "grace@example.com"), "00u2");
	ck_assert_str_eq(find(SCRATCH_BY_NUMBER, "7"), "00u1");
	ck_assert_str_eq(find(SCRATCH_BY_NUMBER, ""), "");
	ck_assert_str_eq(find(SCRATCH_BY_LOGIN, NULL), "");
	ck_assert(scratch_find_names(scratch, "ada", "king", &users, &err));
	ck_assert_uint_eq(users.count, 2);
	ck_assert_str_eq(personal_reveal(&users.items[0].login), "ada@example.com");
	ck_assert_str_eq(personal_reveal(&users.items[0].profile), "{\"login\":1}");
	ck_assert_int_eq(users.items[0].status, ACCOUNT_ACTIVE);
	scratch_users_finish(&users);
	ck_assert(scratch_find_names(scratch, "ada", "", &users, &err));
	ck_assert_uint_eq(users.count, 0);
}
END_TEST

START_TEST(a_user_read_twice_is_one_user)
{
	struct scratch_user user = {.okta_id = "00u1", .status = ACCOUNT_SUSPENDED};
	struct scratch_users users = {0};
	bool is_new = true;
	int64_t count = 0;

	put("00u1", "ada@example.com", "7");
	ck_assert(scratch_take(scratch, "00u1", "412", &err));
	ck_assert(scratch_put_user(scratch, &user, &is_new, &err));
	ck_assert(!is_new);
	ck_assert(scratch_user_count(scratch, &count, &err));
	ck_assert_int_eq(count, 1);
	ck_assert_str_eq(find(SCRATCH_BY_LOGIN, "ada@example.com"), "");
	ck_assert(scratch_find(scratch, SCRATCH_BY_OKTA_ID, "00u1", &users, &err));
	ck_assert_int_eq(users.items[0].status, ACCOUNT_SUSPENDED);
	ck_assert_str_eq(users.items[0].taken_by, "412");
	scratch_users_finish(&users);
}
END_TEST

START_TEST(only_users_nobody_took_are_walked)
{
	struct scratch_users users = {0};

	put("00u1", "a@example.com", NULL);
	put("00u2", "b@example.com", NULL);
	put("00u3", "c@example.com", NULL);
	ck_assert(scratch_take(scratch, "00u2", "412", &err));
	ck_assert(scratch_next_free_users(scratch, "", 1, &users, &err));
	ck_assert_uint_eq(users.count, 1);
	ck_assert_str_eq(users.items[0].okta_id, "00u1");
	scratch_users_finish(&users);
	ck_assert(scratch_next_free_users(scratch, "00u1", 10, &users, &err));
	ck_assert_uint_eq(users.count, 1);
	ck_assert_str_eq(users.items[0].okta_id, "00u3");
	scratch_users_finish(&users);
	ck_assert(scratch_take(scratch, "00u2", "", &err));
	ck_assert(scratch_next_free_users(scratch, "00u1", 10, &users, &err));
	ck_assert_uint_eq(users.count, 2);
	scratch_users_finish(&users);
}
END_TEST

START_TEST(no_more_are_told_than_a_doubt_needs)
{
	struct scratch_users users = {0};

	for (int i = 0; i < SCRATCH_FIND_MAX + 5; i++) {
		char id[8];
		ck_assert(str_format(id, sizeof(id), "00u%d", i));
		put(id, "same@example.com", NULL);
	}
	ck_assert(scratch_find(scratch, SCRATCH_BY_LOGIN, "same@example.com", &users, &err));
	ck_assert_uint_eq(users.count, SCRATCH_FIND_MAX);
	scratch_users_finish(&users);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_scratch");
	TCase *tcase = tcase_create("scratch");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, its_file_has_no_name);
	tcase_add_test(tcase, employees_are_walked_once_each_in_pieces);
	tcase_add_test(tcase, users_are_found_by_each_of_their_texts);
	tcase_add_test(tcase, a_user_read_twice_is_one_user);
	tcase_add_test(tcase, only_users_nobody_took_are_walked);
	tcase_add_test(tcase, no_more_are_told_than_a_doubt_needs);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
