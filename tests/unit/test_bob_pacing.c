/* SPDX-License-Identifier: MIT */
#include "server/bob/pacing.h"

#include "server/bob/bob.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

#define T0 INT64_C(1000000) /* monotonic ms */
#define S0 INT64_C(1795460400) /* Bob's seconds at T0 */

static struct pacing pacing;

static void set_up(void)
{
	pacing_init(&pacing);
}

static void begin(int64_t now_ms, int count)
{
	for (int i = 0; i < count; i++) {
		pacing_begin(&pacing, now_ms);
	}
}

static void learn(int64_t remaining, int64_t reset_after_s, int64_t now_ms)
{
	struct pacing_news news = {.limit = 50,
	        .remaining = remaining,
	        .reset_s = S0 + reset_after_s,
	        .until_reset_ms = reset_after_s * 1000 - (now_ms - T0)};
	pacing_learn(&pacing, &news, now_ms);
}

START_TEST(is_free_at_first_and_while_over_half_is_left)
{
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_BACKGROUND, T0), 0);
	begin(T0, 24);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_NORMAL, T0), 0);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_BACKGROUND, T0), 0);
}
END_TEST

START_TEST(spreads_the_second_half_over_the_rest_of_the_minute)
{
	begin(T0, 25);
	/* 25 left, 10 of them kept: 15 in 60 s. */
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_NORMAL, T0), 4000);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_NORMAL, T0 + 3000), 800);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_NORMAL, T0 + 4000), 0);
}
END_TEST

START_TEST(keeps_ten_for_urgent_searches)
{
	begin(T0, 40);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_NORMAL, T0), 60000);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_URGENT, T0), 0);
	begin(T0, 10);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_URGENT, T0), 60000);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_URGENT, T0 + 60000), 0);
}
END_TEST

START_TEST(the_background_uses_at_most_half)
{
	begin(T0, 25);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_BACKGROUND, T0), 60000);
}
END_TEST

START_TEST(a_new_minute_is_free_again)
{
	begin(T0, 50);
	begin(T0 + 60000, 1);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_NORMAL, T0 + 60000), 0);
	ck_assert_int_eq(pacing.remaining, 49);
}
END_TEST

START_TEST(the_headers_count_what_others_spent)
{
	begin(T0, 1);
	learn(12, 20, T0);
	ck_assert_int_eq(pacing.remaining, 12);
	/* 2 in the 21 s that are left. */
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_NORMAL, T0), 10500);
}
END_TEST

START_TEST(headers_never_give_back_within_a_window)
{
	begin(T0, 1);
	learn(30, 20, T0);
	begin(T0, 5);
	learn(29, 20, T0);
	ck_assert_int_eq(pacing.remaining, 25);
	learn(49, 80, T0 + 21000);
	ck_assert_int_eq(pacing.remaining, 49);
}
END_TEST

START_TEST(an_absurd_reset_is_not_believed)
{
	begin(T0, 1);
	learn(0, 60 * 60 * 24 * 365, T0);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_NORMAL, T0), 0);
}
END_TEST

/* What was spent before the first answer was spent of the larger limit. */
START_TEST(a_larger_limit_is_taken_at_once)
{
	struct pacing_news news = {
	        .limit = 1000, .remaining = 998, .reset_s = S0 + 30, .until_reset_ms = 30000};
	begin(T0, 2);
	pacing_learn(&pacing, &news, T0);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_BACKGROUND, T0), 0);
	ck_assert_int_eq(pacing.remaining, 998);
}
END_TEST

START_TEST(a_429_blocks_everybody_as_long_as_it_says)
{
	struct pacing_news news = {.limit = -1, .remaining = -1, .reset_s = -1, .blocked_ms = 7000};
	begin(T0, 1);
	pacing_learn(&pacing, &news, T0);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_URGENT, T0), 7000);
}
END_TEST

START_TEST(a_small_limit_leaves_something_to_normal_searches)
{
	struct pacing_news news = {
	        .limit = 5, .remaining = 4, .reset_s = S0 + 30, .until_reset_ms = 30000};
	begin(T0, 1);
	pacing_learn(&pacing, &news, T0);
	ck_assert_int_eq(pacing_wait_ms(&pacing, CALL_NORMAL, T0), 0);
}
END_TEST

/* Whoever asks before each search stays within 50 a window and comes close to it. */
START_TEST(a_greedy_caller_never_passes_the_limit)
{
	int64_t done = 0;
	int64_t used = 0;
	int64_t window = -1;
	for (int64_t now_ms = T0; now_ms < T0 + 600000; now_ms += 10) {
		if (pacing_wait_ms(&pacing, CALL_NORMAL, now_ms) > 0) {
			continue;
		}
		int64_t its = (now_ms + 17000) / 60000;
		used = its == window ? used + 1 : 1;
		window = its;
		ck_assert_int_le(used, 50);
		done++;
		pacing_begin(&pacing, now_ms);
		int64_t ends_ms = (its + 1) * 60000 - 17000;
		struct pacing_news news = {.limit = 50,
		        .remaining = 50 - used,
		        .reset_s = ends_ms / 1000,
		        .until_reset_ms = ends_ms - now_ms};
		pacing_learn(&pacing, &news, now_ms);
	}
	ck_assert_int_ge(done, 370);
}
END_TEST

START_TEST(the_outlook_is_that_of_the_window_and_of_a_block)
{
	struct bob_outlook outlook;
	struct pacing_news news = {
	        .limit = 50, .remaining = 20, .reset_s = 60, .until_reset_ms = 30000};

	pacing_outlook(&pacing, 1000, &outlook);
	ck_assert_int_eq(outlook.remaining, 50);
	ck_assert_int_eq(outlook.until_reset_ms, 0);
	pacing_begin(&pacing, 1000);
	pacing_learn(&pacing, &news, 1000);
	pacing_outlook(&pacing, 11000, &outlook);
	ck_assert_int_eq(outlook.limit, 50);
	ck_assert_int_eq(outlook.remaining, 20);
	ck_assert_int_gt(outlook.until_reset_ms, 19000);
	ck_assert_int_eq(outlook.blocked_ms, 0);
	news.blocked_ms = 5000;
	pacing_learn(&pacing, &news, 11000);
	pacing_outlook(&pacing, 12000, &outlook);
	ck_assert_int_ge(outlook.blocked_ms, 4000);
	/* Another minute. */
	pacing_outlook(&pacing, 500000, &outlook);
	ck_assert_int_eq(outlook.remaining, 50);
	ck_assert_int_eq(outlook.blocked_ms, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bob_pacing");
	TCase *pace = tcase_create("pacing");
	tcase_add_checked_fixture(pace, set_up, NULL);
	tcase_add_test(pace, is_free_at_first_and_while_over_half_is_left);
	tcase_add_test(pace, spreads_the_second_half_over_the_rest_of_the_minute);
	tcase_add_test(pace, keeps_ten_for_urgent_searches);
	tcase_add_test(pace, the_background_uses_at_most_half);
	tcase_add_test(pace, a_new_minute_is_free_again);
	tcase_add_test(pace, the_headers_count_what_others_spent);
	tcase_add_test(pace, headers_never_give_back_within_a_window);
	tcase_add_test(pace, an_absurd_reset_is_not_believed);
	tcase_add_test(pace, a_larger_limit_is_taken_at_once);
	tcase_add_test(pace, a_429_blocks_everybody_as_long_as_it_says);
	tcase_add_test(pace, a_small_limit_leaves_something_to_normal_searches);
	tcase_add_test(pace, a_greedy_caller_never_passes_the_limit);
	tcase_add_test(pace, the_outlook_is_that_of_the_window_and_of_a_block);
	suite_add_tcase(suite, pace);
	return suite_run(suite);
}
