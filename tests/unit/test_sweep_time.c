/* SPDX-License-Identifier: MIT */
#include "server/engine/sweep_time.h"

#include "server/base/clock.h"
#include "tests/support/suite.h"

#include <check.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

static struct zone *zone;
static struct sweep_settings settings;
static struct sweep_history history;
static enum sweep_cause cause;

static int64_t at(const char *text)
{
	int64_t ms = 0;
	ck_assert(time_parse(text, &ms));
	return ms;
}

static void set_up(void)
{
	zone = zone_open("America/New_York", NULL);
	ck_assert_ptr_nonnull(zone);
	settings = (struct sweep_settings){.is_nightly = true, .at_minute = 180};
	history = (struct sweep_history){.known_since_ms = at("2026-03-01T12:00:00Z")};
}

static void tear_down(void)
{
	zone_close(zone);
}

static bool is_due(const char *now)
{
	return sweep_is_due(&history, &settings, zone, at(now), &cause);
}

/* 03:00 in New York in March is 08:00 UTC. */
START_TEST(a_night_is_due_once_and_made_up_for)
{
	ck_assert(!is_due("2026-03-01T23:00:00Z"));
	ck_assert(!is_due("2026-03-02T07:59:59Z"));
	ck_assert(is_due("2026-03-02T08:00:00Z"));
	ck_assert_int_eq(cause, SWEEP_NIGHTLY);
	history.good_started_at_ms = at("2026-03-02T08:00:01Z");
	ck_assert(!is_due("2026-03-02T20:00:00Z"));
	ck_assert(!is_due("2026-03-03T07:59:59Z"));
	ck_assert(is_due("2026-03-05T01:00:00Z"));
	history.good_started_at_ms = at("2026-03-03T07:00:00Z");
	ck_assert(is_due("2026-03-03T08:00:00Z"));
	settings.is_nightly = false;
	ck_assert(!is_due("2026-03-09T08:00:00Z"));
}
END_TEST

START_TEST(a_night_before_the_first_start_is_not_made_up_for)
{
	history.known_since_ms = at("2026-03-02T08:30:00Z");
	ck_assert(!is_due("2026-03-02T09:00:00Z"));
	ck_assert(is_due("2026-03-03T08:00:00Z"));
}
END_TEST

START_TEST(the_next_night_is_told)
{
	ck_assert_int_eq(sweep_next_ms(&history, &settings, zone, at("2026-03-02T07:00:00Z")),
	        at("2026-03-02T08:00:00Z"));
	ck_assert_int_eq(sweep_next_ms(&history, &settings, zone, at("2026-03-02T08:00:00Z")),
	        at("2026-03-03T08:00:00Z"));
	settings.is_nightly = false;
	ck_assert_int_eq(sweep_next_ms(&history, &settings, zone, at("2026-03-02T07:00:00Z")), 0);
}
END_TEST

/* The day has 23 or 25 hours, and three o'clock is three o'clock. */
START_TEST(the_hour_is_the_clocks_also_when_that_is_changed)
{
	ck_assert_int_eq(sweep_next_ms(&history, &settings, zone, at("2026-03-08T05:30:00Z")),
	        at("2026-03-08T07:00:00Z"));
	ck_assert_int_eq(sweep_next_ms(&history, &settings, zone, at("2026-11-01T05:30:00Z")),
	        at("2026-11-01T08:00:00Z"));
}
END_TEST

static const struct {
	int64_t faults;
	int64_t hours;
} repeats[] = {{1, 1}, {2, 2}, {3, 4}, {5, 16}, {6, 24}, {7, 24}, {1000, 24}};

START_TEST(a_fault_is_repeated_ever_more_rarely_and_at_least_daily)
{
	int64_t ended_ms = at("2026-03-02T08:00:00Z");
	int64_t next_ms = ended_ms + repeats[_i].hours * HOUR_MS;

	history.faults = repeats[_i].faults;
	history.fault_ended_at_ms = ended_ms;
	ck_assert_int_eq(sweep_next_ms(&history, &settings, zone, ended_ms), next_ms);
	ck_assert(!sweep_is_due(&history, &settings, zone, next_ms - 1, &cause));
	ck_assert(sweep_is_due(&history, &settings, zone, next_ms, &cause));
	ck_assert_int_eq(cause, SWEEP_REPEAT);
}
END_TEST

static const struct {
	int64_t gap_hours;
	int64_t silent_after_hours;
} silences[] = {{0, 24}, {1, 24}, {12, 24}, {13, 26}, {72, 144}};

START_TEST(a_silence_is_twice_the_longest_gap_and_swept_once)
{
	int64_t last_ms = at("2026-03-02T10:00:00Z");
	int64_t silent_ms = last_ms + silences[_i].silent_after_hours * HOUR_MS;

	settings.is_nightly = false;
	history.rhythm = (struct delivery_rhythm){
	        .last_at_ms = last_ms, .longest_gap_ms = silences[_i].gap_hours * HOUR_MS};
	ck_assert(!sweep_is_silent(&history.rhythm, silent_ms - 1));
	ck_assert(!sweep_is_due(&history, &settings, zone, silent_ms - 1, &cause));
	ck_assert(sweep_is_silent(&history.rhythm, silent_ms));
	ck_assert(sweep_is_due(&history, &settings, zone, silent_ms, &cause));
	ck_assert_int_eq(cause, SWEEP_SILENCE);
	history.good_started_at_ms = silent_ms + 1000;
	ck_assert(!sweep_is_due(&history, &settings, zone, silent_ms + 9 * DAY_MS, &cause));
}
END_TEST

START_TEST(a_company_that_never_sent_anything_is_not_silent)
{
	ck_assert(!sweep_is_silent(&history.rhythm, at("2026-09-02T10:00:00Z")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sweep_time");
	TCase *tcase = tcase_create("due");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_night_is_due_once_and_made_up_for);
	tcase_add_test(tcase, a_night_before_the_first_start_is_not_made_up_for);
	tcase_add_test(tcase, the_next_night_is_told);
	tcase_add_test(tcase, the_hour_is_the_clocks_also_when_that_is_changed);
	tcase_add_loop_test(tcase, a_fault_is_repeated_ever_more_rarely_and_at_least_daily, 0,
	        ARRAY_SIZE(repeats));
	tcase_add_loop_test(
	        tcase, a_silence_is_twice_the_longest_gap_and_swept_once, 0, ARRAY_SIZE(silences));
	tcase_add_test(tcase, a_company_that_never_sent_anything_is_not_silent);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
