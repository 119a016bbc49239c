/* SPDX-License-Identifier: MIT */
#include "server/base/words.h"

#include "server/base/attr.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

START_TEST(every_word_is_lower_case_and_its_own)
{
	for (int i = 0; i < HOLD_KIND_COUNT; i++) {
		ck_assert(str_is_word(hold_kind_name((enum hold_kind)i), 40, "_"));
		ck_assert_int_eq(hold_kind_parse(hold_kind_name((enum hold_kind)i)), i);
	}
	for (int i = 0; i < ACTION_KIND_COUNT; i++) {
		ck_assert(str_is_word(action_kind_name((enum action_kind)i), 40, "_"));
	}
	for (int i = 0; i < LIMIT_KIND_COUNT; i++) {
		ck_assert(str_is_word(limit_kind_name((enum limit_kind)i), 40, "_"));
	}
	for (int i = 0; i < LANE_COUNT; i++) {
		ck_assert(str_is_word(lane_name((enum lane)i), 40, "_"));
	}
}
END_TEST

START_TEST(known_words_are_spelt_as_in_the_docs)
{
	ck_assert_str_eq(lane_name(LANE_REVOKE), "revoke");
	ck_assert_str_eq(action_kind_name(ACTION_END_SESSIONS), "end_sessions");
	ck_assert_str_eq(limit_kind_name(LIMIT_LOWER), "lower");
	ck_assert_int_eq(hold_kind_parse("no such word"), HOLD_KIND_COUNT);
	ck_assert_int_eq(hold_kind_parse(NULL), HOLD_KIND_COUNT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");
	TCase *names = tcase_create("names");
	tcase_add_test(names, every_word_is_lower_case_and_its_own);
	tcase_add_test(names, known_words_are_spelt_as_in_the_docs);
	suite_add_tcase(suite, names);
	return suite_run(suite);
}
