/* SPDX-License-Identifier: MIT */
/* When whoever has a date ahead is read again. */
#include "server/base/str.h"
#include "server/engine/daily.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

#define MINUTE_MS 60000LL
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)
#define NOW_MS    1795464000000LL
#define ID        "3332883884017713938"
#define PEOPLE    2000

START_TEST(nothing_ahead_needs_no_look)
{
	ck_assert_int_eq(daily_look_ms(ID, 0, NOW_MS), 0);
	ck_assert_int_eq(daily_look_ms(ID, NOW_MS - DAY_MS, NOW_MS), 0);
	ck_assert_int_eq(daily_look_ms(ID, NOW_MS, NOW_MS), 0);
}
END_TEST

START_TEST(a_date_within_14_days_is_looked_at_every_day_until_it_comes)
{
	int64_t due_ms = NOW_MS + 10 * DAY_MS;
	int64_t at_ms = daily_look_ms(ID, due_ms, NOW_MS);
	int looks = 0;

	ck_assert_int_gt(at_ms, NOW_MS);
	ck_assert_int_le(at_ms, NOW_MS + DAY_MS + DAILY_NOT_WITHIN_MS);
	for (int64_t next_ms = at_ms; next_ms != 0; looks++) {
		at_ms = next_ms;
		next_ms = daily_look_ms(ID, due_ms, at_ms);
		if (next_ms != 0) {
			ck_assert_int_eq(next_ms, at_ms + DAY_MS);
		}
	}
	ck_assert_int_ge(looks, 9);
	/* The last one leaves the date alone. */
	ck_assert_int_lt(at_ms, due_ms - DAILY_NOT_BEFORE_DUE_MS);
	ck_assert_int_ge(at_ms, due_ms - DAILY_NOT_BEFORE_DUE_MS - DAY_MS);
}
END_TEST

START_TEST(a_date_further_ahead_is_looked_at_from_14_days_before)
{
	int64_t due_ms = NOW_MS + 100 * DAY_MS;
	int64_t at_ms = daily_look_ms(ID, due_ms, NOW_MS);

	ck_assert_int_ge(at_ms, due_ms - DAILY_WITHIN_MS);
	ck_assert_int_lt(at_ms, due_ms - DAILY_WITHIN_MS + DAY_MS);
}
END_TEST

/* A company that starts on one date is not read in one minute. */
START_TEST(people_are_spread_over_the_day)
{
	int by_hour[24] = {0};
	int most = 0;

	for (int i = 0; i < PEOPLE; i++) {
		char id[24];
		ck_assert(str_format(id, sizeof(id), "33328838840177%05d", i));
		int64_t at_ms = daily_look_ms(id, NOW_MS + 7 * DAY_MS, NOW_MS);
		int *hour = &by_hour[at_ms / HOUR_MS % 24];
		*hour += 1;
		most = *hour > most ? *hour : most;
		ck_assert_int_gt(*hour, 0);
	}
	for (int i = 0; i < 24; i++) {
		ck_assert_int_gt(by_hour[i], PEOPLE / 24 / 3);
	}
	ck_assert_int_lt(most, PEOPLE / 24 * 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daily");
	TCase *tcase = tcase_create("daily");

	tcase_add_test(tcase, nothing_ahead_needs_no_look);
	tcase_add_test(tcase, a_date_within_14_days_is_looked_at_every_day_until_it_comes);
	tcase_add_test(tcase, a_date_further_ahead_is_looked_at_from_14_days_before);
	tcase_add_test(tcase, people_are_spread_over_the_day);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
