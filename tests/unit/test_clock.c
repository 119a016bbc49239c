/* SPDX-License-Identifier: MIT */
#include "server/base/clock.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS_PER_DAY INT64_C(86400000)

START_TEST(formats_with_milliseconds)
{
	char to[CLOCK_TEXT_BYTES];
	clock_format(to, INT64_C(1795460400000));
	ck_assert_str_eq(to, "2026-11-23T19:00:00.000Z");
	clock_format(to, -1);
	ck_assert_str_eq(to, "1969-12-31T23:59:59.999Z");
	clock_format(to, INT64_MAX);
	ck_assert_uint_lt(strlen(to), CLOCK_TEXT_BYTES);
	clock_format(to, INT64_MIN);
	ck_assert_uint_lt(strlen(to), CLOCK_TEXT_BYTES);
}
END_TEST

/* The C library's calendar is the other opinion, over eleven centuries. */
START_TEST(dates_agree_with_the_c_library)
{
	for (int32_t day = -200000; day <= 200000; day += 7) {
		time_t seconds = (time_t)day * 86400;
		struct tm tm;
		char wanted[CLOCK_TEXT_BYTES];
		char got[CLOCK_TEXT_BYTES];
		int32_t again = 0;
		ck_assert_ptr_nonnull(gmtime_r(&seconds, &tm));
		ck_assert_uint_gt(strftime(wanted, sizeof(wanted), "%Y-%m-%d", &tm), 0);
		date_format(got, day);
		ck_assert_str_eq(got, wanted);
		ck_assert(date_parse(got, &again));
		ck_assert_int_eq(again, day);
	}
}
END_TEST

START_TEST(every_day_around_leap_years_follows_the_one_before)
{
	int32_t first = 0;
	int32_t last = 0;
	ck_assert(date_parse("1896-01-01", &first));
	ck_assert(date_parse("2104-12-31", &last));
	for (int32_t day = first; day <= last; day++) {
		char text[CLOCK_TEXT_BYTES];
		int32_t again = 0;
		date_format(text, day);
		ck_assert(date_parse(text, &again));
		ck_assert_int_eq(again, day);
	}
	ck_assert_int_eq(last - first + 1, 209 * 365 + 51);
}
END_TEST

static const char *const bad_dates[] = {"", "2026-11-3", "2026-11-031", "2026-13-01", "2026-00-10",
        "2026-02-29", "2100-02-29", "2026-04-31", "2026-11-00", "0000-01-01", " 2026-11-23",
        "2026-11-23 ", "2026/11/23", "2026-11-23T00:00:00", "20261123", "-026-11-23"};

START_TEST(refuses_what_is_no_date)
{
	int32_t days = 0;
	ck_assert(!date_parse(bad_dates[_i], &days));
}
END_TEST

START_TEST(takes_leap_days)
{
	int32_t days = 0;
	ck_assert(date_parse("2024-02-29", &days));
	ck_assert(date_parse("2000-02-29", &days));
	ck_assert(!date_parse("1900-02-29", &days));
	ck_assert(!date_parse(NULL, &days));
	ck_assert(date_parse("1970-01-01", &days));
	ck_assert_int_eq(days, 0);
}
END_TEST

START_TEST(the_date_of_an_instant_rounds_down)
{
	ck_assert_int_eq(date_of_ms(0), 0);
	ck_assert_int_eq(date_of_ms(-1), -1);
	ck_assert_int_eq(date_of_ms(MS_PER_DAY - 1), 0);
	ck_assert_int_eq(date_of_ms(MS_PER_DAY), 1);
	ck_assert_int_eq(date_of_ms(INT64_MAX), INT32_MAX);
	ck_assert_int_eq(date_of_ms(INT64_MIN), INT32_MIN);
}
END_TEST

struct time_case {
	const char *text;
	int64_t wall_ms; /* -1: refused */
};

static const struct time_case times[] = {
        {"2024-12-26T11:29:14.399997", INT64_C(1735212554399)},
        {"2024-12-26T11:29:14", INT64_C(1735212554000)},
        {"2024-12-26T11:29:14Z", INT64_C(1735212554000)},
        {"2024-12-26T11:29:14.5Z", INT64_C(1735212554500)},
        {"2024-12-26T12:29:14+01:00", INT64_C(1735212554000)},
        {"2024-12-26T01:59:14-0930", INT64_C(1735212554000)},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000)},
        {"2024-12-26", -1},
        {"2024-12-26T", -1},
        {"2024-12-26 11:29:14", -1},
        {"2024-12-26T24:00:00", -1},
        {"2024-12-26T11:60:14", -1},
        {"2024-12-26T11:29:61", -1},
        {"2024-12-26T11:29", -1},
        {"2024-12-26T11:29:14.", -1},
        {"2024-12-26T11:29:14.1234567890", -1},
        {"2024-12-26T11:29:14ZZ", -1},
        {"2024-12-26T11:29:14+1", -1},
        {"2024-12-26T11:29:14+24:00", -1},
        {"2024-12-26T11:29:14 Z", -1},
        {"2024-02-30T11:29:14Z", -1},
        {"", -1},
        {NULL, -1},
};

START_TEST(reads_iso_times)
{
	int64_t wall_ms = -1;
	bool is_taken = time_parse(times[_i].text, &wall_ms);
	ck_assert(is_taken == (times[_i].wall_ms != -1));
	ck_assert(wall_ms == times[_i].wall_ms);
}
END_TEST

static const struct time_case http_times[] = {
        {"Mon, 23 Nov 2026 19:00:00 GMT", INT64_C(1795460400000)},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Mon, 23 Nov 2026 19:00:00", -1},
        {"Mon, 23 Nov 2026 19:00:00 UTC", -1},
        {"Mon 23 Nov 2026 19:00:00 GMT", -1},
        {"Xyz, 23 Nov 2026 19:00:00 GMT", -1},
        {"Mon, 31 Nov 2026 19:00:00 GMT", -1},
        {"Mon, 23 Foo 2026 19:00:00 GMT", -1},
        {"Monday, 23-Nov-26 19:00:00 GMT", -1},
        {"", -1},
        {"Mo", -1},
        {NULL, -1},
};

START_TEST(reads_http_dates)
{
	int64_t wall_ms = -1;
	bool is_taken = time_parse_http(http_times[_i].text, &wall_ms);
	ck_assert(is_taken == (http_times[_i].wall_ms != -1));
	ck_assert(wall_ms == http_times[_i].wall_ms);
}
END_TEST

START_TEST(monotonic_time_does_not_run_backwards)
{
	int64_t before_us = clock_mono_us();
	int64_t after_us = clock_mono_us();
	ck_assert(after_us >= before_us);
	ck_assert(clock_mono_ms() >= before_us / 1000);
	ck_assert(clock_wall_ms() > INT64_C(1700000000000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *dates = tcase_create("dates");
	tcase_add_test(dates, formats_with_milliseconds);
	tcase_add_test(dates, dates_agree_with_the_c_library);
	tcase_add_test(dates, every_day_around_leap_years_follows_the_one_before);
	tcase_add_loop_test(dates, refuses_what_is_no_date, 0, ARRAY_SIZE(bad_dates));
	tcase_add_test(dates, takes_leap_days);
	tcase_add_test(dates, the_date_of_an_instant_rounds_down);
	suite_add_tcase(suite, dates);
	TCase *instants = tcase_create("instants");
	tcase_add_loop_test(instants, reads_iso_times, 0, ARRAY_SIZE(times));
	tcase_add_loop_test(instants, reads_http_dates, 0, ARRAY_SIZE(http_times));
	tcase_add_test(instants, monotonic_time_does_not_run_backwards);
	suite_add_tcase(suite, instants);
	return suite_run(suite);
}
