/* SPDX-License-Identifier: MIT */
#include "okta/client.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static bool parse(const char *text, struct okta_user *user)
{
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
	ck_assert_ptr_nonnull(json);
	struct err err = ERR_INIT;
	bool done = okta_user_parse(json, user, &err);
	ck_assert_int_eq(err.code, done ? ERR_OK : ERR_BAD_ANSWER);
	json_decref(json);
	return done;
}

START_TEST(reads_id_status_and_profile)
{
	struct okta_user user;
	ck_assert(parse("{\"id\":\"00u1abcdefGHIJKL0h7\",\"status\":\"ACTIVE\","
	                "\"transitioningToStatus\":null,\"profile\":{\"login\":\"a@example.com\"}}",
	        &user));
	ck_assert_str_eq(user.id, "00u1abcdefGHIJKL0h7");
	ck_assert_int_eq(user.status, ACCOUNT_ACTIVE);
	ck_assert(!user.is_transitioning);
	ck_assert_str_eq(
	        json_string_value(json_object_get(user.profile, "login")), "a@example.com");
	ck_assert_str_eq(user.etag, "");
	okta_user_finish(&user);
	ck_assert_ptr_null(user.profile);
	okta_user_finish(&user);
	okta_user_finish(NULL);
}
END_TEST

START_TEST(sees_a_user_between_two_statuses)
{
	struct okta_user user;
	ck_assert(parse("{\"id\":\"00u1abcdefGHIJKL0h7\",\"status\":\"STAGED\","
	                "\"transitioningToStatus\":\"ACTIVE\",\"profile\":{}}",
	        &user));
	ck_assert(user.is_transitioning);
	okta_user_finish(&user);
}
END_TEST

START_TEST(a_status_word_it_does_not_know_is_unknown)
{
	static const char *const bodies[] = {
	        "{\"id\":\"00u1abcdefGHIJKL0h7\",\"status\":\"ACTIVATING\",\"profile\":{}}",
	        "{\"id\":\"00u1abcdefGHIJKL0h7\",\"status\":7,\"profile\":{}}",
	        "{\"id\":\"00u1abcdefGHIJKL0h7\",\"profile\":{}}",
	};
	struct okta_user user;
	ck_assert(parse(bodies[_i], &user));
	ck_assert_int_eq(user.status, ACCOUNT_UNKNOWN);
	okta_user_finish(&user);
}
END_TEST

START_TEST(what_is_no_user_is_refused)
{
	static const char *const bodies[] = {"{}", "[]", "null", "1", "\"00u1abcdefGHIJKL0h7\"",
	        "{\"id\":\"00u1abcdefGHIJKL0h7\"}",
	        "{\"id\":\"00u1abcdefGHIJKL0h7\",\"profile\":null}",
	        "{\"id\":\"00u1abcdefGHIJKL0h7\",\"profile\":[]}", "{\"profile\":{}}",
	        "{\"id\":12345678901,\"profile\":{}}", "{\"id\":\"\",\"profile\":{}}",
	        "{\"id\":\"short\",\"profile\":{}}", "{\"id\":\"../users/00u\",\"profile\":{}}",
	        "{\"id\":\"00u1abcdef GHIJKL\",\"profile\":{}}",
	        "{\"id\":\"00u1abcdef?activate\",\"profile\":{}}",
	        "{\"id\":\"00u1abcdefGHIJKL0h700u1abcdefGHIJKL0h7xyz\",\"profile\":{}}"};
	struct okta_user user;
	ck_assert_msg(!parse(bodies[_i], &user), "%s", bodies[_i]);
	ck_assert_ptr_null(user.profile);
	okta_user_finish(&user);
}
END_TEST

START_TEST(ids_are_10_to_40_letters_and_digits)
{
	ck_assert(okta_id_is_sane("00u1abcdefGHIJKL0h7"));
	ck_assert(okta_id_is_sane("0123456789"));
	ck_assert(okta_id_is_sane("0123456789012345678901234567890123456789"));
	ck_assert(!okta_id_is_sane("012345678"));
	ck_assert(!okta_id_is_sane("01234567890123456789012345678901234567890"));
	ck_assert(!okta_id_is_sane("00u1abcdef/sessions"));
	ck_assert(!okta_id_is_sane("00u1abcdef%2f.."));
	ck_assert(!okta_id_is_sane("00u1abcdef\r\nX: y"));
	ck_assert(!okta_id_is_sane("00u1abcd\xc3\xa9ghij"));
	ck_assert(!okta_id_is_sane(""));
	ck_assert(!okta_id_is_sane(NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("okta_parse");
	TCase *users = tcase_create("users");
	tcase_add_test(users, reads_id_status_and_profile);
	tcase_add_test(users, sees_a_user_between_two_statuses);
	tcase_add_loop_test(users, a_status_word_it_does_not_know_is_unknown, 0, 3);
	tcase_add_loop_test(users, what_is_no_user_is_refused, 0, 16);
	tcase_add_test(users, ids_are_10_to_40_letters_and_digits);
	suite_add_tcase(suite, users);
	return suite_run(suite);
}
