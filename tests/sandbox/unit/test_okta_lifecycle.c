/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/okta_lifecycle.h"

#include "tests/sandbox/unit/harness.h"

/* One row per status; per operation the resulting status, or the error code. */
static const struct {
	enum user_status from;
	const char *after[LIFECYCLE_COUNT]; /* activate reactivate deactivate suspend unsuspend
	                                       unlock expire_password reset_password */
} MATRIX[] = {
        {USER_STAGED,
                {"PROVISIONED", "E0000038", "DEPROVISIONED", "E0000001", "E0000001", "E0000032",
                        "E0000038", "E0000017"}},
        {USER_PROVISIONED,
                {"E0000016", "PROVISIONED", "DEPROVISIONED", "E0000001", "E0000001", "E0000032",
                        "E0000038", "RECOVERY"}},
        {USER_ACTIVE,
                {"E0000016", "E0000038", "DEPROVISIONED", "SUSPENDED", "E0000001", "E0000032",
                        "PASSWORD_EXPIRED", "RECOVERY"}},
        {USER_RECOVERY,
                {"E0000016", "RECOVERY", "DEPROVISIONED", "E0000001", "E0000001", "E0000032",
                        "E0000038", "RECOVERY"}},
        {USER_LOCKED_OUT,
                {"E0000016", "E0000038", "DEPROVISIONED", "E0000001", "E0000001", "ACTIVE",
                        "E0000038", "RECOVERY"}},
        {USER_PASSWORD_EXPIRED,
                {"E0000016", "E0000038", "DEPROVISIONED", "E0000001", "E0000001", "E0000032",
                        "E0000038", "RECOVERY"}},
        {USER_SUSPENDED,
                {"E0000016", "E0000038", "DEPROVISIONED", "E0000001", "ACTIVE", "E0000032",
                        "E0000038", "E0000017"}},
        {USER_DEPROVISIONED,
                {"PROVISIONED", "E0000038", "E0000007", "E0000001", "E0000001", "E0000032",
                        "E0000038", "E0000017"}},
};

START_TEST(every_operation_in_every_status_does_what_the_machine_says)
{
	for (size_t op = 0; op < LIFECYCLE_COUNT; op++) {
		struct lifecycle_verdict verdict =
		        okta_lifecycle_judge((enum lifecycle_op)op, MATRIX[_i].from);
		const char *got =
		        verdict.is_allowed ? okta_status_name(verdict.result) : verdict.code;

		ck_assert_msg(strcmp(got, MATRIX[_i].after[op]) == 0, "%s, operation %zu: %s",
		        okta_status_name(MATRIX[_i].from), op, got);
	}
}
END_TEST

static const char ADA[] =
        "{\"profile\":{\"login\":\"ada@example.com\",\"email\":\"ada@example.com\","
        "\"firstName\":\"Ada\",\"lastName\":\"Byron\"}}";

static const char *status_of_ada(void)
{
	ck_assert_int_eq(okta("GET", "/users/ada@example.com", NULL), 200);
	return text_at("status");
}

START_TEST(activation_mails_are_counted_and_can_be_left_out)
{
	ck_assert_int_eq(okta("POST", "/users?activate=false", ADA), 200);
	ck_assert_str_eq(text_at("status"), "STAGED");
	ck_assert_int_eq(
	        okta("POST", "/users/ada@example.com/lifecycle/activate?sendEmail=false", NULL),
	        200);
	ck_assert_ptr_nonnull(strstr(text_at("activationUrl"), "/tokens/"));
	control("GET", "/counters", NULL);
	ck_assert_int_eq(json_integer_value(at("activation_mails")), 0);
	ck_assert_int_eq(
	        okta("POST", "/users/ada@example.com/lifecycle/reactivate?sendEmail=true", NULL),
	        200);
	control("GET", "/counters", NULL);
	ck_assert_int_eq(json_integer_value(at("activation_mails")), 1);
}
END_TEST

START_TEST(a_create_with_activation_sends_one_mail_and_is_provisioned)
{
	ck_assert_int_eq(okta("POST", "/users", ADA), 200);
	ck_assert_str_eq(text_at("status"), "PROVISIONED");
	control("GET", "/okta/users/ada@example.com", NULL);
	ck_assert_int_eq(json_integer_value(at("activation_mails")), 1);
}
END_TEST

START_TEST(a_deactivated_user_answers_404_to_deactivate_and_keeps_its_login)
{
	okta("POST", "/users?activate=false", ADA);
	ck_assert_int_eq(okta("POST", "/users/ada@example.com/lifecycle/deactivate", NULL), 200);
	ck_assert_str_eq(status_of_ada(), "DEPROVISIONED");
	okta("POST", "/users/ada@example.com/lifecycle/deactivate", NULL);
	ck_error(404, "E0000007");
	okta("POST", "/users", ADA);
	ck_error(400, "E0000001");
	okta("POST", "/users/ada@example.com", "{\"profile\":{\"title\":\"x\"}}");
	ck_error(403, "E0000038");
}
END_TEST

START_TEST(a_user_in_transition_refuses_updates_for_a_while)
{
	okta("POST", "/users?activate=false", ADA);
	control("POST", "/settings", "{\"okta_transition_ms\":60000}");
	okta("POST", "/users/ada@example.com/lifecycle/activate", NULL);
	okta("GET", "/users/ada@example.com", NULL);
	ck_assert_str_eq(text_at("transitioningToStatus"), "ACTIVE");
	okta("POST", "/users/ada@example.com", "{\"profile\":{\"title\":\"x\"}}");
	ck_error(409, "E0000112");
}
END_TEST

START_TEST(reset_password_asks_for_send_email)
{
	okta("POST", "/users", ADA);
	okta("POST", "/users/ada@example.com/lifecycle/reset_password", NULL);
	ck_error(400, "E0000028");
	ck_assert_int_eq(
	        okta("POST", "/users/ada@example.com/lifecycle/reset_password?sendEmail=false",
	                NULL),
	        200);
	ck_assert_str_eq(status_of_ada(), "RECOVERY");
}
END_TEST

START_TEST(an_unknown_user_or_operation_is_404)
{
	okta("POST", "/users/nobody@example.com/lifecycle/suspend", NULL);
	ck_error(404, "E0000007");
	ck_assert_str_eq(text_at("errorSummary"),
	        "Not found: Resource not found: nobody@example.com (User)");
	okta("POST", "/users/nobody@example.com/lifecycle/dance", NULL);
	ck_error(404, "E0000008");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("okta_lifecycle");
	TCase *machine = tcase_create("status machine");
	TCase *calls = tcase_create("calls");

	tcase_add_loop_test(machine, every_operation_in_every_status_does_what_the_machine_says, 0,
	        (int)COUNT(MATRIX));
	tcase_add_checked_fixture(calls, setup, teardown);
	tcase_add_test(calls, activation_mails_are_counted_and_can_be_left_out);
	tcase_add_test(calls, a_create_with_activation_sends_one_mail_and_is_provisioned);
	tcase_add_test(calls, a_deactivated_user_answers_404_to_deactivate_and_keeps_its_login);
	tcase_add_test(calls, a_user_in_transition_refuses_updates_for_a_while);
	tcase_add_test(calls, reset_password_asks_for_send_email);
	tcase_add_test(calls, an_unknown_user_or_operation_is_404);
	suite_add_tcase(suite, machine);
	suite_add_tcase(suite, calls);
	return run(suite);
}
