/* SPDX-License-Identifier: MIT */
#include "server/engine/alone.h"

#include "server/base/clock.h"
#include "tests/support/suite.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sched.h>

static struct alone alone;

static void setup(void)
{
	ck_assert(alone_init(&alone));
}

static void teardown(void)
{
	alone_finish(&alone);
}

static bool enter_now(enum alone_kind kind)
{
	return alone_enter(&alone, kind, clock_mono_ms());
}

START_TEST(who_is_suspected_runs_alone_and_what_lowers_access_is_free)
{
	struct employee employee = {.lane = LANE_UPDATE};

	ck_assert_int_eq(alone_kind_of(&employee), ALONE_SHARED);
	employee.lane = LANE_LEAVE;
	ck_assert_int_eq(alone_kind_of(&employee), ALONE_FREE);
	employee.is_suspect = true;
	ck_assert_int_eq(alone_kind_of(&employee), ALONE_SOLO);
}
END_TEST

START_TEST(a_solo_run_excludes_all_but_the_free)
{
	ck_assert(enter_now(ALONE_SOLO));
	ck_assert(!enter_now(ALONE_SHARED));
	ck_assert(!enter_now(ALONE_SOLO));
	ck_assert(enter_now(ALONE_FREE));
	alone_leave(&alone, ALONE_FREE);
	alone_leave(&alone, ALONE_SOLO);
	ck_assert(enter_now(ALONE_SHARED));
	ck_assert(enter_now(ALONE_SHARED));
	ck_assert(!enter_now(ALONE_SOLO));
	alone_leave(&alone, ALONE_SHARED);
	ck_assert(!enter_now(ALONE_SOLO));
	alone_leave(&alone, ALONE_SHARED);
	ck_assert(enter_now(ALONE_SOLO));
	alone_leave(&alone, ALONE_SOLO);
}
END_TEST

static atomic_int entered;

static void *enter_solo(void *unused)
{
	(void)unused;
	atomic_store(&entered, alone_enter(&alone, ALONE_SOLO, clock_mono_ms() + 60000) ? 1 : 2);
	return NULL;
}

static bool is_wanted(void)
{
	monitor_lock(&alone.monitor);
	bool is = alone.wanted > 0;
	monitor_unlock(&alone.monitor);
	return is;
}

/* Else those beside it could keep it waiting for ever. */
START_TEST(nobody_begins_while_a_solo_run_waits)
{
	pthread_t thread;

	ck_assert(enter_now(ALONE_SHARED));
	ck_assert_int_eq(pthread_create(&thread, NULL, enter_solo, NULL), 0);
	while (!is_wanted()) {
		sched_yield();
	}
	ck_assert(!enter_now(ALONE_SHARED));
	ck_assert_int_eq(atomic_load(&entered), 0);
	alone_leave(&alone, ALONE_SHARED);
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&entered), 1);
	alone_leave(&alone, ALONE_SOLO);
	ck_assert(enter_now(ALONE_SHARED));
}
END_TEST

START_TEST(a_stop_ends_the_waiting)
{
	pthread_t thread;

	ck_assert(enter_now(ALONE_SHARED));
	ck_assert_int_eq(pthread_create(&thread, NULL, enter_solo, NULL), 0);
	while (!is_wanted()) {
		sched_yield();
	}
	alone_close(&alone);
	pthread_join(thread, NULL);
	ck_assert_int_eq(atomic_load(&entered), 2);
	ck_assert(!enter_now(ALONE_SHARED));
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("engine_alone");
	TCase *tcase = tcase_create("engine_alone");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, who_is_suspected_runs_alone_and_what_lowers_access_is_free);
	tcase_add_test(tcase, a_solo_run_excludes_all_but_the_free);
	tcase_add_test(tcase, nobody_begins_while_a_solo_run_waits);
	tcase_add_test(tcase, a_stop_ends_the_waiting);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
