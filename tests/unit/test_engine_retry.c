/* SPDX-License-Identifier: MIT */
#include "server/engine/retry.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

#define DAY_MS (24LL * 60 * 60 * 1000)

START_TEST(waits_double_up_to_an_hour)
{
	ck_assert_int_eq(retry_wait_ms(1, UINT32_MAX), 999);
	ck_assert_int_eq(retry_wait_ms(2, UINT32_MAX), 1999);
	ck_assert_int_eq(retry_wait_ms(5, UINT32_MAX), 15999);
	ck_assert_int_eq(retry_wait_ms(13, UINT32_MAX), RETRY_MAX_MS - 1);
	ck_assert_int_eq(retry_wait_ms(1000000, UINT32_MAX), RETRY_MAX_MS - 1);
}
END_TEST

START_TEST(jitter_is_full_and_never_under_the_floor)
{
	ck_assert_int_eq(retry_wait_ms(10, 0), 100);
	ck_assert_int_eq(retry_wait_ms(0, 0), 100);
	int64_t half_ms = retry_wait_ms(10, 1U << 31);
	ck_assert_int_eq(half_ms, 512 * 1000 / 2);
}
END_TEST

START_TEST(transient_failures_are_given_up_after_a_day)
{
	ck_assert(!retry_is_given_up(LANE_UPDATE, 1000, 1000 + DAY_MS - 1));
	ck_assert(retry_is_given_up(LANE_UPDATE, 1000, 1000 + DAY_MS));
	ck_assert(retry_is_given_up(LANE_JOIN, 1000, 1000 + 2 * DAY_MS));
	ck_assert(!retry_is_given_up(LANE_UPDATE, 0, 1000 + 2 * DAY_MS));
}
END_TEST

START_TEST(leavers_and_revocations_are_never_given_up)
{
	ck_assert(!retry_is_given_up(LANE_LEAVE, 1000, 1000 + 100 * DAY_MS));
	ck_assert(!retry_is_given_up(LANE_REVOKE, 1000, 1000 + 100 * DAY_MS));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("retry");
	TCase *tcase = tcase_create("retry");
	tcase_add_test(tcase, waits_double_up_to_an_hour);
	tcase_add_test(tcase, jitter_is_full_and_never_under_the_floor);
	tcase_add_test(tcase, transient_failures_are_given_up_after_a_day);
	tcase_add_test(tcase, leavers_and_revocations_are_never_given_up);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
