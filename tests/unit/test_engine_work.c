/* SPDX-License-Identifier: MIT */
#include "server/base/clock.h"
#include "okta/okta.h"
#include "server/engine/connection.h"
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

static void put_for(struct connection *connection, enum lane lane, int64_t generation)
{
	struct work *work = work_create(connection);
	ck_assert_ptr_nonnull(work);
	work->employee.lane = lane;
	work->employee.generation = generation;
	work_queue_put(&queue, work);
}

static void put(enum lane lane, int64_t generation)
{
	put_for(NULL, lane, generation);
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
	ck_assert(!work_queue_wait_room(&queue, NULL, 1, clock_mono_ms() + 20));
	take(LANE_SWEEP);
	ck_assert(work_queue_wait_room(&queue, NULL, 1, clock_mono_ms() + 20));
	ck_assert(!work_queue_wait_room(&queue, NULL, 2, clock_mono_ms() + 20));
}
END_TEST

START_TEST(closing_sends_takers_home_and_keeps_the_work_for_draining)
{
	put(LANE_UPDATE, 7);
	work_queue_close(&queue);
	ck_assert_ptr_null(work_queue_take(&queue, LANE_SWEEP));
	ck_assert(!work_queue_wait_room(&queue, NULL, 1, clock_mono_ms() + 20));
	struct work *work = work_queue_drain(&queue);
	ck_assert_ptr_nonnull(work);
	ck_assert_int_eq(work->employee.generation, 7);
	work_destroy(work);
	ck_assert_ptr_null(work_queue_drain(&queue));
}
END_TEST

/* ------------------------------------------------------------- a slow start */

#define PARALLEL_MAX 8

static struct connection connection;

static void set_up_org(void)
{
	struct okta_org_options options = {.base_url = "https://okta.example.com",
	        .token_lack = "nobody is asked",
	        .plain = TRANSPORT_TLS_ONLY,
	        .parallel_max = PARALLEL_MAX};

	ck_assert(work_queue_init(&queue, 100));
	connection = (struct connection){.org = okta_org_create(&options, NULL)};
	ck_assert_ptr_nonnull(connection.org);
}

static void set_up_slow(void)
{
	set_up_org();
	okta_org_start_slowly(connection.org);
}

static void tear_down_org(void)
{
	tear_down();
	okta_org_destroy(connection.org);
}

static struct work *begin(void)
{
	struct work *work = work_queue_take(&queue, LANE_SWEEP);
	ck_assert_ptr_nonnull(work);
	return work;
}

static int64_t finish(struct work *work)
{
	int64_t generation = work->employee.generation;
	work_queue_end(&queue, work);
	work_destroy(work);
	return generation;
}

static void *begin_one(void *result)
{
	*(struct work **)result = begin();
	return NULL;
}

START_TEST(no_more_are_in_hand_than_okta_is_asked_at_once)
{
	pthread_t thread;
	struct work *taken = NULL;

	for (int i = 1; i <= 3; i++) {
		put_for(&connection, LANE_UPDATE, i);
	}
	struct work *first = begin();
	ck_assert_int_eq(pthread_create(&thread, NULL, begin_one, &taken), 0);
	/* Whoever is taken now has a place beside; the second update had none. */
	put_for(&connection, LANE_LEAVE, 9);
	pthread_join(thread, NULL);
	ck_assert_int_eq(taken->employee.generation, 9);
	ck_assert_int_eq(finish(first), 1);
	/* A run may find out that somebody is a leaver: the place is given back all the same. */
	taken->employee.lane = LANE_UPDATE;
	ck_assert_int_eq(finish(taken), 9);
	ck_assert_int_eq(connection.in_hand[false] + connection.in_hand[true], 0);
	ck_assert_int_eq(finish(begin()), 2);
	ck_assert_int_eq(finish(begin()), 3);
}
END_TEST

START_TEST(a_connection_without_a_place_keeps_no_other_waiting)
{
	put_for(&connection, LANE_UPDATE, 1);
	put_for(&connection, LANE_UPDATE, 2);
	put_for(NULL, LANE_UPDATE, 3);
	struct work *first = begin();
	struct work *other = begin();
	ck_assert_int_eq(finish(other), 3);
	ck_assert_int_eq(finish(first), 1);
}
END_TEST

START_TEST(a_connection_that_goes_slowly_takes_no_room_of_another)
{
	struct connection other = {.org = connection.org};

	for (size_t i = 0; i < queue.max; i++) {
		put_for(&connection, LANE_UPDATE, (int64_t)i);
	}
	ck_assert(!work_queue_wait_room(&queue, &connection, 1, clock_mono_ms() + 20));
	ck_assert(work_queue_wait_room(&queue, &other, queue.max, clock_mono_ms() + 20));
	finish(begin());
	ck_assert(work_queue_wait_room(&queue, &connection, 1, clock_mono_ms() + 20));
	ck_assert(!work_queue_wait_room(&queue, &connection, 2, clock_mono_ms() + 20));
}
END_TEST

START_TEST(leavers_go_first_and_every_twentieth_is_another)
{
	int updates = 0;

	for (int i = 0; i < 60; i++) {
		put_for(&connection, LANE_LEAVE, i);
		put_for(&connection, LANE_UPDATE, 100 + i);
	}
	for (int i = 0; i < 40; i++) {
		updates += finish(begin()) >= 100 ? 1 : 0;
	}
	ck_assert_int_eq(updates, 2);
}
END_TEST

/* With more workers than Okta is asked at once, all of them in hand but the reserved one. */
START_TEST(the_reserved_taker_has_a_place_beside_a_wide_gate)
{
	struct work *others[PARALLEL_MAX];

	for (int i = 0; i < PARALLEL_MAX; i++) {
		put_for(&connection, LANE_UPDATE, i);
		others[i] = begin();
	}
	put_for(&connection, LANE_LEAVE, 9);
	struct work *leaver = work_queue_take(&queue, LANE_LEAVE);
	ck_assert_ptr_nonnull(leaver);
	ck_assert_int_eq(finish(leaver), 9);
	for (int i = 0; i < PARALLEL_MAX; i++) {
		ck_assert_int_eq(finish(others[i]), i);
	}
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
	TCase *slow = tcase_create("slow start");
	tcase_add_checked_fixture(slow, set_up_slow, tear_down_org);
	tcase_add_test(slow, no_more_are_in_hand_than_okta_is_asked_at_once);
	tcase_add_test(slow, a_connection_without_a_place_keeps_no_other_waiting);
	tcase_add_test(slow, a_connection_that_goes_slowly_takes_no_room_of_another);
	tcase_add_test(slow, leavers_go_first_and_every_twentieth_is_another);
	suite_add_tcase(suite, slow);
	TCase *wide = tcase_create("wide gate");
	tcase_add_checked_fixture(wide, set_up_org, tear_down_org);
	tcase_add_test(wide, the_reserved_taker_has_a_place_beside_a_wide_gate);
	suite_add_tcase(suite, wide);
	return suite_run(suite);
}
