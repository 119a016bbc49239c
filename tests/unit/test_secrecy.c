/* SPDX-License-Identifier: MIT */
#include "server/base/secrecy.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define NAME "B2O_TEST_SECRECY"

static struct secret value;

static void teardown(void)
{
	secret_finish(&value);
}

START_TEST(nobody_may_dump_the_process)
{
	struct rlimit limit;
	secrecy_start();
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_CORE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, 0);
	ck_assert_uint_eq(limit.rlim_max, 0);
}
END_TEST

START_TEST(a_block_keeps_its_content_when_it_grows_and_shrinks)
{
	char *text = secrecy_malloc(8);
	memcpy(text, "1234567", 8);
	for (size_t size = 8; size < 100000; size = size * 3 / 2) {
		text = secrecy_realloc(text, size);
		ck_assert_str_eq(text, "1234567");
	}
	for (size_t size = 90000; size >= 8; size /= 2) {
		text = secrecy_realloc(text, size);
		ck_assert_str_eq(text, "1234567");
	}
	secrecy_free(text);
	secrecy_free(NULL);
	text = secrecy_realloc(NULL, 10);
	ck_assert_ptr_nonnull(text);
	secrecy_free(text);
	text = secrecy_strdup("abc");
	ck_assert_str_eq(text, "abc");
	secrecy_free(text);
	uint8_t *zeros = secrecy_calloc(10, 10);
	for (size_t i = 0; i < 100; i++) {
		ck_assert_uint_eq(zeros[i], 0);
	}
	secrecy_free(zeros);
}
END_TEST

/* The allocator gives the block that was freed last: what is in it now is what was left in it. */
START_TEST(what_is_freed_is_wiped)
{
	static const size_t SIZES[] = {40, 600, 5000, 100000};
	for (size_t i = 0; i < ARRAY_SIZE(SIZES); i++) {
		for (int is_moved = 0; is_moved < 2; is_moved++) {
			char *text = secrecy_malloc(SIZES[i]);
			memset(text, 'S', SIZES[i]);
			if (is_moved == 1) {
				char *moved = secrecy_realloc(text, 4 * SIZES[i]);
				memset(moved, 0, SIZES[i]);
				secrecy_free(moved);
			} else {
				secrecy_free(text);
			}
			char *again = malloc(SIZES[i]);
			ck_assert_ptr_null(memmem(again, SIZES[i], "SSSS", 4));
			free(again);
		}
	}
}
END_TEST

START_TEST(a_variable_is_read_each_time)
{
	setenv(NAME, "first", 1);
	ck_assert(secrecy_env(NAME, &value));
	ck_assert_str_eq(secret_reveal(&value), "first");
	ck_assert_str_eq(getenv(NAME), "first");
	setenv(NAME, "", 1);
	ck_assert(secrecy_env(NAME, &value));
	ck_assert(!secret_is_set(&value));
	ck_assert_ptr_nonnull(value.text);
	unsetenv(NAME);
	ck_assert(secrecy_env(NAME, &value));
	ck_assert_ptr_null(value.text);
}
END_TEST

START_TEST(a_hidden_variable_is_empty_and_remembered)
{
	setenv(NAME, "CANARY-variable", 1);
	const char *bytes = getenv(NAME);
	secrecy_hide_environment();
	ck_assert(secrecy_env(NAME, &value));
	ck_assert_str_eq(secret_reveal(&value), "CANARY-variable");
	for (size_t i = 0; i < strlen("CANARY-variable"); i++) {
		ck_assert_int_eq(bytes[i], 0);
	}
	ck_assert_str_eq(getenv(NAME), "");
	ck_assert(secrecy_env(NAME, &value));
	ck_assert_str_eq(secret_reveal(&value), "CANARY-variable");
	setenv(NAME, "another", 1);
	ck_assert(secrecy_env(NAME, &value));
	ck_assert_str_eq(secret_reveal(&value), "another");
	ck_assert(secrecy_env(NAME "_NOT", &value));
	ck_assert_ptr_null(value.text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("secrecy");
	TCase *secrecy = tcase_create("secrecy");
	tcase_add_checked_fixture(secrecy, NULL, teardown);
	tcase_add_test(secrecy, nobody_may_dump_the_process);
	tcase_add_test(secrecy, a_block_keeps_its_content_when_it_grows_and_shrinks);
	tcase_add_test(secrecy, what_is_freed_is_wiped);
	tcase_add_test(secrecy, a_variable_is_read_each_time);
	tcase_add_test(secrecy, a_hidden_variable_is_empty_and_remembered);
	suite_add_tcase(suite, secrecy);
	return suite_run(suite);
}
