/* SPDX-License-Identifier: MIT */
#include "server/base/words.h"

#include "server/base/alarm_words.h"
#include "server/base/attr.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

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

/* A page has buttons: what it says names no command, and where it leads is a page. */
START_TEST(an_alarm_has_words_for_a_page)
{
	static const char *const PLACES[] = {"", "people/ID", "held",
	        "held?kind=", "held?tab=", "system?tab=", "activity", "mapping",
	        "settings/integrations/provisioning/okta"};
	const enum alarm_name name = (enum alarm_name)_i;
	bool is_known = false;

	ck_assert_str_ne(alarm_advice(name), "");
	ck_assert_ptr_null(strstr(alarm_advice(name), "`"));
	ck_assert_ptr_null(strstr(alarm_advice(name), "bob2okta "));
	for (size_t i = 0; i < ARRAY_SIZE(PLACES); i++) {
		is_known = is_known || str_equal(alarm_place(name), PLACES[i]) ||
		        (str_starts_with(alarm_place(name), PLACES[i]) &&
		                strchr(PLACES[i], '=') != NULL);
	}
	ck_assert_msg(is_known, "%s: %s", alarm_name(name), alarm_place(name));
	ck_assert_str_eq(alarm_advice(ALARM_COUNT), "");
	ck_assert_str_eq(alarm_place(ALARM_COUNT), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");
	TCase *names = tcase_create("names");
	tcase_add_test(names, every_word_is_lower_case_and_its_own);
	tcase_add_test(names, known_words_are_spelt_as_in_the_docs);
	tcase_add_loop_test(names, an_alarm_has_words_for_a_page, 0, ALARM_COUNT);
	suite_add_tcase(suite, names);
	return suite_run(suite);
}
