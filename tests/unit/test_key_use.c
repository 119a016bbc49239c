/* SPDX-License-Identifier: MIT */
#include "server/base/key_use.h"

#include "tests/support/suite.h"

#include <check.h>

START_TEST(each_key_has_its_last_time)
{
	ck_assert_int_eq(key_use_at_ms(7), 0);
	key_use_note(7, 1000);
	key_use_note(8, 2000);
	key_use_note(7, 3000);
	ck_assert_int_eq(key_use_at_ms(7), 3000);
	ck_assert_int_eq(key_use_at_ms(8), 2000);
	ck_assert_int_eq(key_use_at_ms(9), 0);
}
END_TEST

START_TEST(what_an_earlier_process_knew_counts_until_there_is_a_newer_use)
{
	key_use_recall(5, 700);
	ck_assert_int_eq(key_use_at_ms(5), 700);
	key_use_recall(5, 900);
	ck_assert_int_eq(key_use_at_ms(5), 700);
	key_use_note(5, 800);
	key_use_recall(5, 700);
	ck_assert_int_eq(key_use_at_ms(5), 800);
}
END_TEST

START_TEST(a_full_table_forgets_newcomers_only)
{
	for (uint64_t mark = 1; mark <= KEY_USE_MAX + 10; mark++) {
		key_use_note(mark, (int64_t)mark);
	}
	ck_assert_int_eq(key_use_at_ms(1), 1);
	ck_assert_int_eq(key_use_at_ms(KEY_USE_MAX), KEY_USE_MAX);
	ck_assert_int_eq(key_use_at_ms(KEY_USE_MAX + 1), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key_use");
	TCase *uses = tcase_create("uses");
	tcase_add_test(uses, each_key_has_its_last_time);
	tcase_add_test(uses, what_an_earlier_process_knew_counts_until_there_is_a_newer_use);
	tcase_add_test(uses, a_full_table_forgets_newcomers_only);
	suite_add_tcase(suite, uses);
	return suite_run(suite);
}
