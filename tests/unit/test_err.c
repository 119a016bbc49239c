/* SPDX-License-Identifier: MIT */
#include "server/base/err.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(first_error_wins)
{
	struct err err = ERR_INIT;
	ck_assert(!err_is_set(&err));
	err_set(&err, ERR_IO, "file %d", 1);
	err_set(&err, ERR_TLS, "later");
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_str_eq(err.text, "file 1");
}
END_TEST

START_TEST(null_is_accepted_everywhere)
{
	err_set(NULL, ERR_IO, "nobody reads this");
	err_prefix(NULL, "nobody");
	err_clear(NULL);
	ck_assert(!err_is_set(NULL));
}
END_TEST

START_TEST(prefix_goes_in_front_of_a_recorded_text_only)
{
	struct err err = ERR_INIT;
	err_prefix(&err, "settings");
	ck_assert_str_eq(err.text, "");
	err_set(&err, ERR_IO, "cannot be read");
	err_prefix(&err, "%s", "settings");
	ck_assert_str_eq(err.text, "settings: cannot be read");
	err_clear(&err);
	ck_assert(!err_is_set(&err));
	ck_assert_str_eq(err.text, "");
}
END_TEST

START_TEST(over_long_text_is_cut_at_a_whole_character)
{
	char longer[ERR_TEXT_MAX_BYTES + 10];
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	memcpy(longer + ERR_TEXT_MAX_BYTES - 2, "\xc3\xa9", 2);
	struct err err = ERR_INIT;
	err_set(&err, ERR_IO, "%s", longer);
	ck_assert_uint_eq(strlen(err.text), ERR_TEXT_MAX_BYTES - 2);
	err_prefix(&err, "again");
	ck_assert(str_starts_with(err.text, "again: xxx"));
}
END_TEST

START_TEST(every_code_has_a_name_a_status_and_a_hint_of_its_own)
{
	for (int i = 0; i < ERR_COUNT; i++) {
		enum err_code code = (enum err_code)i;
		ck_assert(str_is_word(err_code_name(code), 40, "_"));
		ck_assert(!str_is_empty(err_code_hint(code)));
		ck_assert_int_ge(err_code_http_status(code), 200);
		ck_assert_int_le(err_code_http_status(code), 599);
		for (int j = 0; j < i; j++) {
			ck_assert_str_ne(err_code_name(code), err_code_name((enum err_code)j));
		}
	}
}
END_TEST

START_TEST(facts_come_from_the_registry)
{
	ck_assert_str_eq(err_code_name(ERR_BAD_SIGNATURE), "bad_signature");
	ck_assert_int_eq(err_code_http_status(ERR_BAD_SIGNATURE), 401);
	ck_assert_int_eq(err_code_retry(ERR_BAD_SIGNATURE), ERR_RETRY_NONE);
	ck_assert_int_eq(err_code_retry(ERR_STORE_FULL), ERR_RETRY_LATER);
	ck_assert_str_eq(err_code_name(ERR_COUNT), "internal");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("err");
	TCase *record = tcase_create("recording");
	tcase_add_test(record, first_error_wins);
	tcase_add_test(record, null_is_accepted_everywhere);
	tcase_add_test(record, prefix_goes_in_front_of_a_recorded_text_only);
	tcase_add_test(record, over_long_text_is_cut_at_a_whole_character);
	suite_add_tcase(suite, record);
	TCase *registry = tcase_create("registry");
	tcase_add_test(registry, every_code_has_a_name_a_status_and_a_hint_of_its_own);
	tcase_add_test(registry, facts_come_from_the_registry);
	suite_add_tcase(suite, registry);
	return suite_run(suite);
}
