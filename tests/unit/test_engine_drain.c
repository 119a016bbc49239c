/* SPDX-License-Identifier: MIT */
#include "server/engine/drain.h"

#include "tests/support/suite.h"

#include <check.h>

#define LOOK_MS 2000

static struct drain drain;
static struct drain_facts facts;
static int64_t now_ms;

static void set_up(void)
{
	drain = (struct drain){0};
	facts = (struct drain_facts){0};
	for (int i = 0; i < OKTA_BUCKET_COUNT; i++) {
		facts.buckets[i] = (struct okta_outlook){.limit = -1, .window_ms = 60000};
	}
	now_ms = 1000;
}

static void look(void)
{
	drain_look(&drain, &facts, now_ms);
	now_ms += LOOK_MS;
}

/* So many runs a look, for some looks, with a call to that bucket each. */
static void work(int looks, int runs, int64_t waiting)
{
	for (int i = 0; i < looks; i++) {
		facts.waiting = waiting;
		look();
		facts.runs += runs;
		facts.buckets[OKTA_BUCKET_USER_WRITE].calls += runs;
	}
	look();
}

static void expect_about(int64_t seconds, int64_t wanted)
{
	ck_assert_int_ge(seconds, wanted * 9 / 10);
	ck_assert_int_le(seconds, wanted * 11 / 10);
}

static int64_t seconds(int64_t waiting)
{
	facts.waiting = waiting;
	int64_t ms = drain_ms(&drain, &facts);
	return ms < 0 ? ms : (ms + 500) / 1000;
}

START_TEST(nobody_waits_for_nothing_and_the_rest_is_unknown_at_first)
{
	ck_assert_int_eq(seconds(0), 0);
	ck_assert_int_eq(seconds(10), DRAIN_UNKNOWN);
	work(1, 2, 10);
	ck_assert_int_eq(seconds(10), DRAIN_UNKNOWN); /* two runs say nothing */
}
END_TEST

START_TEST(the_speed_is_that_of_the_time_when_somebody_waited)
{
	work(20, 10, 500); /* 5 a second */
	expect_about(seconds(500), 100);
	for (int i = 0; i < 200; i++) {
		facts.waiting = 0; /* a quiet time, with a run now and then */
		facts.runs += i % 20 == 0 ? 1 : 0;
		look();
	}
	expect_about(seconds(500), 100);
}
END_TEST

/* Done before anybody looked: at least that fast. */
START_TEST(a_burst_between_two_looks_is_measured)
{
	look();
	facts.runs += 100;
	look();
	expect_about(seconds(500), 10);
}
END_TEST

START_TEST(a_stop_is_no_slowness_and_another_speed_is_learnt)
{
	work(20, 10, 500);
	facts.is_stopped = true;
	for (int i = 0; i < 100; i++) {
		look();
	}
	facts.is_stopped = false;
	look();
	expect_about(seconds(500), 100);
	work(200, 2, 500); /* 1 a second */
	ck_assert_int_ge(seconds(500), 400);
}
END_TEST

START_TEST(what_the_budget_lets_through_is_the_least)
{
	struct okta_outlook *bucket = &facts.buckets[OKTA_BUCKET_USER_WRITE];

	work(10, 100, 3000); /* 50 a second, while the window was fresh */
	ck_assert_int_eq(seconds(500), 10);
	bucket->limit = 300;
	bucket->remaining = 300;
	bucket->until_reset_ms = 50000;
	/* 270 now, 270 a minute from in 50 s on: 500 need one more window. */
	ck_assert_int_ge(seconds(500), 50 + 45);
	ck_assert_int_le(seconds(500), 50 + 60);
	ck_assert_int_eq(seconds(200), 4);
	bucket->remaining = 10;
	ck_assert_int_ge(seconds(200), 50 + 40);
}
END_TEST

START_TEST(counts_that_began_anew_are_no_runs)
{
	work(20, 10, 500);
	drain.is_counted = false; /* taken over by the engine of the next settings */
	facts.runs = 0;
	facts.buckets[OKTA_BUCKET_USER_WRITE].calls = 0;
	look();
	look();
	expect_about(seconds(500), 100);
}
END_TEST

/* So many places of eight. */
static void start_slowly(int places, int64_t until_doubling_ms)
{
	facts.start = (struct okta_slow_start){.places = places,
	        .places_max = 8,
	        .until_doubling_ms = until_doubling_ms,
	        .step_ms = 5000};
}

START_TEST(a_slow_start_is_foretold)
{
	start_slowly(8, 0);
	work(20, 16, 500); /* 8 a second, with all places */
	expect_about(seconds(480), 60);
	start_slowly(1, 5000);
	/* 5 s of an eighth, of a quarter, of a half: 35 people in 15 s, the other 445 in 55 s more.
	 */
	expect_about(seconds(480), 15 + 56);
	ck_assert_int_eq(seconds(5), 5);
	ck_assert_int_eq(seconds(15), 10);
	start_slowly(4, 2000);
	expect_about(seconds(480), 2 + 59);
	facts.workers = 1; /* who would not be faster with more places */
	expect_about(seconds(480), 60);
	facts.workers = 3; /* thirds: 13 and 27 people in 10 s */
	start_slowly(1, 5000);
	expect_about(seconds(480), 10 + 55);
}
END_TEST

START_TEST(the_speed_of_a_slow_start_is_not_taken_for_ours)
{
	start_slowly(1, 5000);
	work(20, 2, 500); /* 1 a second with one place */
	start_slowly(2, 5000);
	work(20, 4, 500);
	start_slowly(8, 0);
	expect_about(seconds(480), 60);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("engine_drain");
	TCase *tcase = tcase_create("engine_drain");
	tcase_add_checked_fixture(tcase, set_up, NULL);
	tcase_add_test(tcase, nobody_waits_for_nothing_and_the_rest_is_unknown_at_first);
	tcase_add_test(tcase, the_speed_is_that_of_the_time_when_somebody_waited);
	tcase_add_test(tcase, a_burst_between_two_looks_is_measured);
	tcase_add_test(tcase, a_stop_is_no_slowness_and_another_speed_is_learnt);
	tcase_add_test(tcase, what_the_budget_lets_through_is_the_least);
	tcase_add_test(tcase, counts_that_began_anew_are_no_runs);
	tcase_add_test(tcase, a_slow_start_is_foretold);
	tcase_add_test(tcase, the_speed_of_a_slow_start_is_not_taken_for_ours);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
