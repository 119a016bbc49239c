/* SPDX-License-Identifier: MIT */
#include "server/base/zone.h"

#include "server/base/clock.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct first_case {
	const char *zone;
	const char *date;
	const char *first_instant; /* UTC */
};

/* Expected instants follow from the tz database: offset before and after each change. */
static const struct first_case firsts[] = {
        {"UTC", "2026-11-23", "2026-11-23T00:00:00.000Z"},
        {"Europe/London", "2026-11-23", "2026-11-23T00:00:00.000Z"},
        {"Europe/London", "2026-07-01", "2026-06-30T23:00:00.000Z"},
        {"Europe/London", "2026-10-25", "2026-10-24T23:00:00.000Z"},
        {"Europe/London", "2026-10-26", "2026-10-26T00:00:00.000Z"},
        /* 00:00 does not exist: clocks go from 24:00 +02 to 01:00 +03. */
        {"Africa/Cairo", "2026-04-23", "2026-04-22T22:00:00.000Z"},
        {"Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00.000Z"},
        {"Africa/Cairo", "2026-04-25", "2026-04-24T21:00:00.000Z"},
        {"Africa/Cairo", "2027-04-30", "2027-04-29T22:00:00.000Z"},
        {"Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00.000Z"},
        {"America/Havana", "2026-03-08", "2026-03-08T05:00:00.000Z"},
        /* 00:00 comes twice: at 01:00 -04 clocks go back to 00:00 -05. */
        {"America/Havana", "2026-11-01", "2026-11-01T04:00:00.000Z"},
        {"America/Havana", "2026-11-02", "2026-11-02T05:00:00.000Z"},
        {"Atlantic/Azores", "2026-03-29", "2026-03-29T01:00:00.000Z"},
        {"Atlantic/Azores", "2026-10-25", "2026-10-25T00:00:00.000Z"},
        {"America/Santiago", "2026-09-06", "2026-09-06T04:00:00.000Z"},
        /* At 24:00 -03 clocks go back to 23:00 -04 of the same day. */
        {"America/Santiago", "2026-04-04", "2026-04-04T03:00:00.000Z"},
        {"America/Santiago", "2026-04-05", "2026-04-05T04:00:00.000Z"},
        {"Pacific/Auckland", "2026-01-01", "2025-12-31T11:00:00.000Z"},
        {"Pacific/Auckland", "2026-07-01", "2026-06-30T12:00:00.000Z"},
        {"Pacific/Auckland", "2026-09-27", "2026-09-26T12:00:00.000Z"},
        {"Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00.000Z"},
        /* The whole date is missing: its first instant is that of the next day. */
        {"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00.000Z"},
        {"Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00.000Z"},
        {"Pacific/Apia", "2026-11-23", "2026-11-22T11:00:00.000Z"},
        {"Pacific/Honolulu", "2026-11-23", "2026-11-23T10:00:00.000Z"},
        {"Pacific/Kiritimati", "2026-11-23", "2026-11-22T10:00:00.000Z"},
        {"Asia/Kathmandu", "2026-11-23", "2026-11-22T18:15:00.000Z"},
        /* Far beyond the table of changes: by the rule that goes on. */
        {"Europe/London", "2060-07-01", "2060-06-30T23:00:00.000Z"},
        {"Europe/London", "2060-12-01", "2060-12-01T00:00:00.000Z"},
};

START_TEST(the_first_instant_of_a_date_is_the_earliest)
{
	const struct first_case *c = &firsts[_i];
	struct err err = ERR_INIT;
	struct zone *zone = zone_open(c->zone, &err);
	int32_t days = 0;
	char got[CLOCK_TEXT_BYTES];
	ck_assert_msg(zone != NULL, "%s", err.text);
	ck_assert(date_parse(c->date, &days));
	clock_format(got, zone_first_instant_ms(zone, days));
	ck_assert_msg(strcmp(got, c->first_instant) == 0, "%s %s: %s, not %s", c->zone, c->date,
	        got, c->first_instant);
	zone_close(zone);
}
END_TEST

struct time_case {
	const char *zone;
	const char *date;
	int minute;
	const char *instant; /* UTC */
};

static const struct time_case times[] = {
        /* 02:00 to 03:00 does not exist. */
        {"Pacific/Auckland", "2026-09-27", 0, "2026-09-26T12:00:00.000Z"},
        {"Pacific/Auckland", "2026-09-27", 150, "2026-09-26T14:00:00.000Z"},
        {"Pacific/Auckland", "2026-09-27", 480, "2026-09-26T19:00:00.000Z"},
        {"Pacific/Auckland", "2026-09-27", 1050, "2026-09-27T04:30:00.000Z"},
        {"Pacific/Auckland", "2026-09-27", 1440, "2026-09-27T11:00:00.000Z"},
        /* 02:30 comes twice: at 03:00 +13 clocks go back. */
        {"Pacific/Auckland", "2026-04-05", 150, "2026-04-04T13:30:00.000Z"},
        {"Pacific/Auckland", "2026-04-05", 480, "2026-04-04T20:00:00.000Z"},
        /* The date that follows is missing. */
        {"Pacific/Apia", "2011-12-29", 1050, "2011-12-30T03:30:00.000Z"},
        {"Pacific/Apia", "2011-12-29", 1440, "2011-12-30T10:00:00.000Z"},
        {"Pacific/Apia", "2011-12-30", 480, "2011-12-30T10:00:00.000Z"},
        {"Pacific/Apia", "2011-12-30", 1050, "2011-12-30T10:00:00.000Z"},
        {"Pacific/Apia", "2011-12-30", 1440, "2011-12-30T10:00:00.000Z"},
        {"Pacific/Apia", "2011-12-31", 480, "2011-12-30T18:00:00.000Z"},
        {"Pacific/Apia", "2011-12-31", 1440, "2011-12-31T10:00:00.000Z"},
        {"Pacific/Honolulu", "2026-11-23", 480, "2026-11-23T18:00:00.000Z"},
        {"Pacific/Honolulu", "2026-11-23", 1050, "2026-11-24T03:30:00.000Z"},
        {"Pacific/Honolulu", "2026-11-23", 1440, "2026-11-24T10:00:00.000Z"},
        {"Africa/Cairo", "2026-04-23", 1440, "2026-04-23T22:00:00.000Z"},
        {"Africa/Cairo", "2026-04-24", 0, "2026-04-23T22:00:00.000Z"},
        {"Africa/Cairo", "2026-04-24", 30, "2026-04-23T22:00:00.000Z"},
        {"Africa/Cairo", "2026-04-24", 480, "2026-04-24T05:00:00.000Z"},
        {"Africa/Cairo", "2026-04-24", 1050, "2026-04-24T14:30:00.000Z"},
        {"Africa/Cairo", "2026-04-24", 1440, "2026-04-24T21:00:00.000Z"},
        {"America/Havana", "2026-03-08", 0, "2026-03-08T05:00:00.000Z"},
        {"America/Havana", "2026-03-08", 480, "2026-03-08T12:00:00.000Z"},
        {"America/Havana", "2026-03-08", 1050, "2026-03-08T21:30:00.000Z"},
        {"America/Havana", "2026-03-08", 1440, "2026-03-09T04:00:00.000Z"},
        {"America/Havana", "2026-10-31", 1440, "2026-11-01T04:00:00.000Z"},
        {"America/Havana", "2026-11-01", 0, "2026-11-01T04:00:00.000Z"},
        {"America/Havana", "2026-11-01", 30, "2026-11-01T04:30:00.000Z"},
        {"America/Havana", "2026-11-01", 480, "2026-11-01T13:00:00.000Z"},
        {"America/Havana", "2026-11-01", 1050, "2026-11-01T22:30:00.000Z"},
        {"America/Havana", "2026-11-01", 1440, "2026-11-02T05:00:00.000Z"},
        {"Atlantic/Azores", "2026-03-28", 1440, "2026-03-29T01:00:00.000Z"},
        {"Atlantic/Azores", "2026-03-29", 0, "2026-03-29T01:00:00.000Z"},
        {"Atlantic/Azores", "2026-03-29", 480, "2026-03-29T08:00:00.000Z"},
        {"Atlantic/Azores", "2026-03-29", 1050, "2026-03-29T17:30:00.000Z"},
        {"Atlantic/Azores", "2026-03-29", 1440, "2026-03-30T00:00:00.000Z"},
        {"America/Santiago", "2026-09-05", 1440, "2026-09-06T04:00:00.000Z"},
        {"America/Santiago", "2026-09-06", 0, "2026-09-06T04:00:00.000Z"},
        {"America/Santiago", "2026-09-06", 480, "2026-09-06T11:00:00.000Z"},
        {"America/Santiago", "2026-09-06", 1050, "2026-09-06T20:30:00.000Z"},
        {"America/Santiago", "2026-09-06", 1440, "2026-09-07T03:00:00.000Z"},
};

START_TEST(a_time_of_day_is_the_earliest_instant_that_shows_it)
{
	const struct time_case *c = &times[_i];
	struct err err = ERR_INIT;
	struct zone *zone = zone_open(c->zone, &err);
	int32_t days = 0;
	char got[CLOCK_TEXT_BYTES];
	ck_assert_msg(zone != NULL, "%s", err.text);
	ck_assert(date_parse(c->date, &days));
	clock_format(got, zone_instant_ms(zone, days, c->minute));
	ck_assert_msg(strcmp(got, c->instant) == 0, "%s %s minute %d: %s, not %s", c->zone, c->date,
	        c->minute, got, c->instant);
	zone_close(zone);
}
END_TEST

static const char *const walked[] = {"Europe/London", "Africa/Cairo", "America/Havana",
        "Atlantic/Azores", "America/Santiago", "Pacific/Auckland", "Pacific/Apia",
        "Pacific/Honolulu", "America/New_York", "Australia/Lord_Howe", "Asia/Tehran"};

/* Whatever the zone does, the instant lies in the date and the millisecond before does not. */
START_TEST(each_date_begins_where_the_one_before_ends)
{
	struct zone *zone = zone_open(walked[_i], NULL);
	int32_t days = 0;
	int32_t last = 0;
	ck_assert_ptr_nonnull(zone);
	ck_assert(date_parse("2012-01-01", &days));
	ck_assert(date_parse("2030-12-31", &last));
	int64_t before_ms = INT64_MIN;
	for (; days <= last; days++) {
		int64_t first_ms = zone_first_instant_ms(zone, days);
		ck_assert(zone_instant_ms(zone, days - 1, DAY_MINUTES) == first_ms);
		ck_assert_int_eq(zone_date(zone, first_ms), days);
		ck_assert_int_lt(zone_date(zone, first_ms - 1), days);
		ck_assert(first_ms > before_ms);
		before_ms = first_ms;
	}
	zone_close(zone);
}
END_TEST

START_TEST(tells_the_time_on_the_wall)
{
	static const struct {
		const char *zone;
		const char *instant;
		int minute;
	} TIMES[] = {
	        {"Etc/UTC", "2026-12-31T23:59:59Z", 23 * 60 + 59},
	        {"Europe/London", "2026-03-29T00:59:00Z", 59},
	        {"Europe/London", "2026-03-29T01:00:00Z", 2 * 60}, /* summer time */
	        {"Asia/Kathmandu", "2026-01-01T18:15:00Z", 0},
	        {"Pacific/Honolulu", "1969-12-31T23:30:00Z", 13 * 60 + 30},
	};
	for (size_t i = 0; i < ARRAY_SIZE(TIMES); i++) {
		struct zone *zone = zone_open(TIMES[i].zone, NULL);
		int64_t wall_ms = 0;
		ck_assert(time_parse(TIMES[i].instant, &wall_ms));
		ck_assert_int_eq(zone_minute(zone, wall_ms), TIMES[i].minute);
		zone_close(zone);
	}
}
END_TEST

START_TEST(tells_the_local_date)
{
	struct zone *zone = zone_open("Pacific/Auckland", NULL);
	int64_t wall_ms = 0;
	int32_t days = 0;
	ck_assert_str_eq(zone_name(zone), "Pacific/Auckland");
	ck_assert(time_parse("2026-11-23T11:00:00Z", &wall_ms));
	ck_assert(date_parse("2026-11-24", &days));
	ck_assert_int_eq(zone_date(zone, wall_ms), days);
	ck_assert_int_eq(zone_date(zone, wall_ms - 1), days - 1);
	ck_assert_int_eq(zone_date(zone, INT64_MAX), INT32_MAX);
	ck_assert_int_eq(zone_date(zone, INT64_MIN), INT32_MIN);
	zone_close(zone);
	zone_close(NULL);
}
END_TEST

static const char *const strange[] = {"", "Europe/Nowhere", "europe/london", "/etc/localtime",
        "../zoneinfo/UTC", "Europe/../Europe/London", "+02:00", "CET-1", "EST5EDT4", "Z5",
        ":Europe/London", "Europe/London ", "Nowhere"};

START_TEST(unknown_names_are_a_settings_error)
{
	struct err err = ERR_INIT;
	ck_assert_msg(zone_open(strange[_i], &err) == NULL, "opened \"%s\"", strange[_i]);
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_ptr_null(zone_open(NULL, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("zone");
	TCase *dates = tcase_create("dates");
	tcase_set_timeout(dates, 60);
	tcase_add_loop_test(
	        dates, the_first_instant_of_a_date_is_the_earliest, 0, ARRAY_SIZE(firsts));
	tcase_add_loop_test(
	        dates, a_time_of_day_is_the_earliest_instant_that_shows_it, 0, ARRAY_SIZE(times));
	tcase_add_loop_test(
	        dates, each_date_begins_where_the_one_before_ends, 0, ARRAY_SIZE(walked));
	tcase_add_test(dates, tells_the_local_date);
	tcase_add_test(dates, tells_the_time_on_the_wall);
	suite_add_tcase(suite, dates);
	TCase *names = tcase_create("names");
	tcase_add_loop_test(names, unknown_names_are_a_settings_error, 0, ARRAY_SIZE(strange));
	suite_add_tcase(suite, names);
	return suite_run(suite);
}
