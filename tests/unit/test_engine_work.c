/* SPDX-License-Identifier: MIT */
#include "server/base/clock.h"
#include "server/engine/work.h"
#include "tests/support/suite.h"

#include <check.h>
#include <pthread.h>
#include <stdlib.h>

static struct work_queue queue;

static void set_up(void)
{
	ck_assert(work_queue_init(&queue, 4));
}

static void tear_down(void)
{
	work_queue_close(&queue);
	for (struct work *work = work_queue_drain(&queue); work != NULL;
	        work = work_queue_drain(&queue)) {
		work_destroy(work);
	}
	work_queue_finish(&queue);
}

static void put(enum lane lane, int64_t generation)
{
	struct work *work = work_create(NULL);
	ck_assert_ptr_nonnull(work);
	work->employee.lane = lane;
	work->employee.generation = generation;
	work_queue_put(&queue, work);
}

static int64_t take(enum lane lane_at_most)
{
	struct work *work = work_queue_take(&queue, lane_at_most);
	ck_assert_ptr_nonnull(work);
	int64_t generation = work->employee.generation;
	work_destroy(work);
	return generation;
}

START_TEST(takes_the_most_urgent_lane_first_and_then_by_arrival)
{
	put(LANE_UPDATE, 1);
	put(LANE_REVOKE, 2);
	put(LANE_UPDATE, 3);
	put(LANE_LEAVE, 4);
	ck_assert_int_eq(take(LANE_SWEEP), 2);
	ck_assert_int_eq(take(LANE_SWEEP), 4);
	ck_assert_int_eq(take(LANE_SWEEP), 1);
	ck_assert_int_eq(take(LANE_SWEEP), 3);
}
END_TEST

static void *take_leaver(void *result)
{
	*(int64_t *)result = take(LANE_LEAVE);
	return NULL;
}

START_TEST(the_reserved_taker_waits_for_what_lowers_access)
{
	pthread_t thread;
	int64_t taken = 0;
	put(LANE_UPDATE, 1);
	ck_assert_int_eq(pthread_create(&thread, NULL, take_leaver, &taken), 0);
	put(LANE_LEAVE, 2);
	pthread_join(thread, NULL);
	ck_assert_int_eq(taken, 2);
	ck_assert_int_eq(take(LANE_SWEEP), 1);
}
END_TEST

START_TEST(room_is_waited_for_until_the_deadline)
{
	for (int i = 0; i < 4; i++) {
		put(LANE_UPDATE, i);
	}
	ck_assert(!work_queue_wait_room(&queue, 1, clock_mono_ms() + 20));
	take(LANE_SWEEP);
	ck_assert(work_queue_wait_room(&queue, 1, clock_mono_ms() + 20));
	ck_assert(!work_queue_wait_room(&queue, 2, clock_mono_ms() + 20));
}
END_TEST

START_TEST(closing_sends_takers_home_and_keeps_the_work_for_draining)
{
	put(LANE_UPDATE, 7);
	work_queue_close(&queue);
	ck_assert_ptr_null(work_queue_take(&queue, LANE_SWEEP));
	ck_assert(!work_queue_wait_room(&queue, 1, clock_mono_ms() + 20));
	struct work *work = work_queue_drain(&queue);
	ck_assert_ptr_nonnull(work);
	ck_assert_int_eq(work->employee.generation, 7);
	work_destroy(work);
	ck_assert_ptr_null(work_queue_drain(&queue));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("work");
	TCase *tcase = tcase_create("work");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, takes_the_most_urgent_lane_first_and_then_by_arrival);
	tcase_add_test(tcase, the_reserved_taker_waits_for_what_lowers_access);
	tcase_add_test(tcase, room_is_waited_for_until_the_deadline);
	tcase_add_test(tcase, closing_sends_takers_home_and_keeps_the_work_for_draining);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
