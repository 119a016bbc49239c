/* SPDX-License-Identifier: MIT */
#include "server/base/lane_share.h"

#include "tests/support/suite.h"

#include <check.h>
#include <stdint.h>

START_TEST(a_batch_gives_each_lane_its_twentieth)
{
	static const struct {
		size_t waiting[LANE_COUNT];
		size_t limit;
		size_t takes[LANE_COUNT];
	} cases[] = {
	        {{0, 0, 0, 0, 0}, 100, {0, 0, 0, 0, 0}},
	        {{500, 0, 0, 0, 0}, 100, {100, 0, 0, 0, 0}},
	        {{500, 500, 500, 500, 500}, 100, {80, 5, 5, 5, 5}},
	        {{0, 0, 500, 3, 500}, 100, {0, 0, 92, 3, 5}},
	        {{1, 2, 3, 4, 5}, 100, {1, 2, 3, 4, 5}},
	        {{0, 7, 0, 0, 200}, 100, {0, 7, 0, 0, 93}},
	        {{20, 20, 20, 20, 20}, 16, {16, 0, 0, 0, 0}},
	};
	size_t takes[LANE_COUNT];

	lane_share_split(cases[_i].waiting, cases[_i].limit, takes);
	for (size_t lane = 0; lane < LANE_COUNT; lane++) {
		ck_assert_uint_eq(takes[lane], cases[_i].takes[lane]);
	}
}
END_TEST

/* A fixed sequence of arbitrary numbers. */
static uint32_t next_number(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* How many turns of others each lane has waited; returns the longest. */
static int count_turn(int since[LANE_COUNT], const bool is_waiting[LANE_COUNT], enum lane taken)
{
	int longest = 0;

	for (int lane = 0; lane < LANE_COUNT; lane++) {
		since[lane] = lane == (int)taken || !is_waiting[lane] ? 0 : since[lane] + 1;
		longest = since[lane] > longest ? since[lane] : longest;
	}
	return longest;
}

/* Lanes that never run empty: bit by bit every set of them. */
START_TEST(no_lane_waits_longer_than_nineteen_turns)
{
	struct lane_turn turn = {0};
	bool is_waiting[LANE_COUNT];
	int since[LANE_COUNT] = {0};

	for (int lane = 0; lane < LANE_COUNT; lane++) {
		is_waiting[lane] = (_i >> lane & 1) != 0;
	}
	for (int i = 0; i < 2000; i++) {
		enum lane lane = lane_turn_next(&turn, is_waiting, LANE_SWEEP);
		ck_assert_int_lt(count_turn(since, is_waiting, lane), LANE_SHARE);
	}
}
END_TEST

/* The same while lanes run empty and fill again as they like. */
START_TEST(who_comes_and_goes_changes_nothing)
{
	struct lane_turn turn = {0};
	uint32_t state = 7u + (uint32_t)_i;
	int since[LANE_COUNT] = {0};

	for (int i = 0; i < 20000; i++) {
		bool is_waiting[LANE_COUNT];
		for (int lane = 0; lane < LANE_COUNT; lane++) {
			/* Who waits goes on waiting until it is taken. */
			is_waiting[lane] = since[lane] > 0 || next_number(&state) % 3 == 0;
		}
		enum lane lane = lane_turn_next(&turn, is_waiting, LANE_SWEEP);
		ck_assert_int_lt(count_turn(since, is_waiting, lane), LANE_SHARE);
	}
}
END_TEST

START_TEST(the_most_urgent_gets_the_rest)
{
	struct lane_turn turn = {0};
	static const bool all[LANE_COUNT] = {true, true, true, true, true};
	int taken[LANE_COUNT] = {0};

	for (int i = 0; i < 1000; i++) {
		taken[lane_turn_next(&turn, all, LANE_SWEEP)]++;
	}
	ck_assert_int_ge(taken[LANE_REVOKE], 1000 - 4 * 1000 / (LANE_SHARE - LANE_COUNT));
}
END_TEST

START_TEST(lanes_beyond_the_last_one_asked_for_are_left)
{
	struct lane_turn turn = {0};
	static const bool later[LANE_COUNT] = {false, false, true, true, true};

	ck_assert_int_eq(lane_turn_next(&turn, later, LANE_LEAVE), LANE_COUNT);
	ck_assert_int_eq(lane_turn_next(&turn, later, LANE_SWEEP), LANE_JOIN);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("lane_share");
	TCase *tcase = tcase_create("lane_share");
	tcase_add_loop_test(tcase, a_batch_gives_each_lane_its_twentieth, 0, 7);
	tcase_add_loop_test(tcase, no_lane_waits_longer_than_nineteen_turns, 1, 1 << LANE_COUNT);
	tcase_add_loop_test(tcase, who_comes_and_goes_changes_nothing, 0, 5);
	tcase_add_test(tcase, the_most_urgent_gets_the_rest);
	tcase_add_test(tcase, lanes_beyond_the_last_one_asked_for_are_left);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
