/* SPDX-License-Identifier: MIT */
#include "server/base/sensitive.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

START_TEST(secret_is_set_replaced_and_wiped)
{
	struct secret secret = {0};
	ck_assert(!secret_is_set(&secret));
	ck_assert(!secret_is_set(NULL));
	ck_assert_str_eq(secret_reveal(&secret), "");
	ck_assert_str_eq(secret_reveal(NULL), "");
	ck_assert(secret_set(&secret, "first"));
	ck_assert(secret_set(&secret, "second"));
	ck_assert(secret_is_set(&secret));
	ck_assert_str_eq(secret_reveal(&secret), "second");
	secret_finish(&secret);
	ck_assert_ptr_null(secret.text);
	secret_finish(&secret);
	secret_finish(NULL);
}
END_TEST

START_TEST(blank_secret_counts_as_none)
{
	struct secret secret = {0};
	ck_assert(secret_set(&secret, " \n"));
	ck_assert(!secret_is_set(&secret));
	ck_assert(secret_set(&secret, NULL));
	ck_assert_ptr_null(secret.text);
}
END_TEST

START_TEST(may_be_set_to_its_own_text)
{
	struct secret secret = {0};
	ck_assert(secret_set(&secret, "token"));
	ck_assert(secret_set(&secret, secret_reveal(&secret)));
	ck_assert_str_eq(secret_reveal(&secret), "token");
	secret_finish(&secret);
}
END_TEST

START_TEST(personal_value_is_set_unset_and_wiped)
{
	struct personal personal = {0};
	ck_assert_str_eq(personal_reveal(&personal), "");
	ck_assert_str_eq(personal_reveal(NULL), "");
	ck_assert(personal_set(&personal, "Anna"));
	ck_assert_str_eq(personal_reveal(&personal), "Anna");
	ck_assert(personal_set(&personal, NULL));
	ck_assert_ptr_null(personal.text);
	ck_assert(personal_set(&personal, "Berta"));
	personal_finish(&personal);
	personal_finish(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sensitive");
	TCase *values = tcase_create("values");
	tcase_add_test(values, secret_is_set_replaced_and_wiped);
	tcase_add_test(values, blank_secret_counts_as_none);
	tcase_add_test(values, may_be_set_to_its_own_text);
	tcase_add_test(values, personal_value_is_set_unset_and_wiped);
	suite_add_tcase(suite, values);
	return suite_run(suite);
}
