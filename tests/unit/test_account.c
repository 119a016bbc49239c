/* SPDX-License-Identifier: MIT */
#include "server/base/account.h"

#include "server/base/attr.h"
#include "server/base/call.h"
#include "server/base/version.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct status_case {
	enum account_status status;
	const char *name;
	bool is_activated; /* policy rule R2 */
};

static const struct status_case statuses[] = {
        {ACCOUNT_NONE, "NONE", false},
        {ACCOUNT_UNKNOWN, "UNKNOWN", false},
        {ACCOUNT_STAGED, "STAGED", false},
        {ACCOUNT_PROVISIONED, "PROVISIONED", true},
        {ACCOUNT_ACTIVE, "ACTIVE", true},
        {ACCOUNT_RECOVERY, "RECOVERY", true},
        {ACCOUNT_PASSWORD_EXPIRED, "PASSWORD_EXPIRED", true},
        {ACCOUNT_LOCKED_OUT, "LOCKED_OUT", true},
        {ACCOUNT_SUSPENDED, "SUSPENDED", false},
        {ACCOUNT_DEPROVISIONED, "DEPROVISIONED", false},
};

START_TEST(each_status_has_its_word_both_ways)
{
	const struct status_case *c = &statuses[_i];
	ck_assert_str_eq(account_status_name(c->status), c->name);
	ck_assert_int_eq(account_status_parse(c->name), c->status);
	ck_assert(account_status_is_activated(c->status) == c->is_activated);
}
END_TEST

START_TEST(strange_words_are_unknown)
{
	ck_assert_int_eq(account_status_parse("active"), ACCOUNT_UNKNOWN);
	ck_assert_int_eq(account_status_parse(""), ACCOUNT_UNKNOWN);
	ck_assert_int_eq(account_status_parse(NULL), ACCOUNT_UNKNOWN);
	ck_assert_str_eq(account_status_name((enum account_status)99), "UNKNOWN");
}
END_TEST

START_TEST(each_call_class_has_a_word)
{
	ck_assert_str_eq(call_class_name(CALL_DONE), "done");
	ck_assert_str_eq(call_class_name(CALL_STOP_CREDENTIALS), "stop_credentials");
	ck_assert_str_eq(call_class_name(CALL_ABORTED), "aborted");
	ck_assert_str_eq(call_class_name((enum call_class)99), "invalid");
	for (int i = CALL_DONE; i <= CALL_ABORTED; i++) {
		ck_assert_ptr_nonnull(call_class_name((enum call_class)i));
	}
}
END_TEST

START_TEST(the_version_is_compiled_in)
{
	ck_assert_str_ne(version_number(), "");
	ck_assert_str_ne(version_commit(), "");
	ck_assert_ptr_nonnull(strstr(version_user_agent(), version_number()));
	ck_assert(strncmp(version_user_agent(), "bob2okta/", 9) == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("account");
	TCase *words = tcase_create("words");
	tcase_add_loop_test(words, each_status_has_its_word_both_ways, 0, ARRAY_SIZE(statuses));
	tcase_add_test(words, strange_words_are_unknown);
	tcase_add_test(words, each_call_class_has_a_word);
	tcase_add_test(words, the_version_is_compiled_in);
	suite_add_tcase(suite, words);
	return suite_run(suite);
}
