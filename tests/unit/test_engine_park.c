/* SPDX-License-Identifier: MIT */
#include "server/engine/park.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

#define NOW_MS 1000000

START_TEST(three_different_employees_without_success_park)
{
	struct park park;
	park_init(&park);
	ck_assert(!park_failure(&park, "1", "slow", NOW_MS));
	ck_assert(!park_failure(&park, "2", "slow", NOW_MS));
	ck_assert(!park_is_parked(&park));
	ck_assert(park_failure(&park, "3", "slow", NOW_MS));
	ck_assert(park_is_parked(&park));
	ck_assert_int_eq(park.reason, PARK_OUTAGE);
	ck_assert_str_eq(park.cause, "slow");
}
END_TEST

START_TEST(was_away_after_an_outage_or_a_start_that_was_not_answered_at_once)
{
	struct park park;
	park_init(&park);
	ck_assert(!park_was_away(&park));
	park_enter(&park, PARK_STARTING, "asking", NOW_MS);
	ck_assert(park_probe_due(&park, NOW_MS));
	ck_assert(!park_was_away(&park));
	ck_assert(park_probe_due(&park, NOW_MS + 60000));
	ck_assert(park_was_away(&park));
	park_enter(&park, PARK_CREDENTIALS, "401", NOW_MS);
	ck_assert(!park_was_away(&park));
	park_enter(&park, PARK_OUTAGE, "503", NOW_MS);
	ck_assert(park_was_away(&park));
	park_success(&park);
	ck_assert(!park_was_away(&park));
}
END_TEST

START_TEST(the_same_employee_counts_once)
{
	struct park park;
	park_init(&park);
	for (int i = 0; i < 10; i++) {
		ck_assert(!park_failure(&park, "1", "slow", NOW_MS));
	}
	ck_assert(!park_is_parked(&park));
}
END_TEST

START_TEST(a_success_between_starts_the_count_anew)
{
	struct park park;
	park_init(&park);
	park_failure(&park, "1", "slow", NOW_MS);
	park_failure(&park, "2", "slow", NOW_MS);
	ck_assert(!park_success(&park));
	ck_assert(!park_failure(&park, "3", "slow", NOW_MS));
	ck_assert(!park_is_parked(&park));
}
END_TEST

START_TEST(dead_credentials_are_probed_once_soon_then_once_a_minute)
{
	struct park park;
	park_init(&park);
	park_enter(&park, PARK_CREDENTIALS, "401", NOW_MS);
	ck_assert(!park_probe_due(&park, NOW_MS));
	ck_assert(park_probe_due(&park, NOW_MS + 1000));
	ck_assert(!park_probe_due(&park, NOW_MS + 1001));
	ck_assert(!park_probe_due(&park, NOW_MS + 60999));
	ck_assert(park_probe_due(&park, NOW_MS + 61000));
	ck_assert(!park_probe_due(&park, NOW_MS + 120999));
}
END_TEST

START_TEST(an_outage_is_probed_at_growing_distance_up_to_ten_seconds)
{
	struct park park;
	int64_t now_ms = NOW_MS;
	int probes = 0;
	park_init(&park);
	park_enter(&park, PARK_OUTAGE, "503", now_ms);
	for (; now_ms < NOW_MS + 10 * 60 * 1000; now_ms += 100) {
		probes += park_probe_due(&park, now_ms) ? 1 : 0;
	}
	/* Ten minutes at one in ten seconds, and a few quick ones at the start. */
	ck_assert_int_ge(probes, 60);
	ck_assert_int_le(probes, 65);
}
END_TEST

START_TEST(entering_again_for_the_same_reason_keeps_the_probe_time)
{
	struct park park;
	park_init(&park);
	park_enter(&park, PARK_CREDENTIALS, "401", NOW_MS);
	ck_assert(park_probe_due(&park, NOW_MS + 1000));
	park_enter(&park, PARK_CREDENTIALS, "401 again", NOW_MS + 2000);
	ck_assert(!park_probe_due(&park, NOW_MS + 4000));
	ck_assert_str_eq(park.cause, "401 again");
}
END_TEST

START_TEST(success_ends_a_parking_and_says_so)
{
	struct park park;
	park_init(&park);
	park_enter(&park, PARK_OUTAGE, "503", NOW_MS);
	ck_assert(park_success(&park));
	ck_assert(!park_is_parked(&park));
	ck_assert_str_eq(park.cause, "");
	ck_assert(!park_probe_due(&park, NOW_MS + 100000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("park");
	TCase *tcase = tcase_create("park");
	tcase_add_test(tcase, three_different_employees_without_success_park);
	tcase_add_test(tcase, was_away_after_an_outage_or_a_start_that_was_not_answered_at_once);
	tcase_add_test(tcase, the_same_employee_counts_once);
	tcase_add_test(tcase, a_success_between_starts_the_count_anew);
	tcase_add_test(tcase, dead_credentials_are_probed_once_soon_then_once_a_minute);
	tcase_add_test(tcase, an_outage_is_probed_at_growing_distance_up_to_ten_seconds);
	tcase_add_test(tcase, entering_again_for_the_same_reason_keeps_the_probe_time);
	tcase_add_test(tcase, success_ends_a_parking_and_says_so);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
