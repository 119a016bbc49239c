/* SPDX-License-Identifier: MIT */
/* Who is claimed and read while others fill the queue. */
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>

#define LEAVER "413"

static struct engine_fixture fixture;
static struct reader *reader;

static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
	reader = reader_open(fixture.engine, fixture.connection, NULL);
	ck_assert_ptr_nonnull(reader);
}

static void tear_down(void)
{
	struct work *work = work_queue_drain(&fixture.engine->queue);

	while (work != NULL) {
		work_destroy(work);
		work = work_queue_drain(&fixture.engine->queue);
	}
	reader_close(reader);
	engine_fixture_stop(&fixture);
}

/* ------------------------------------------------------------------ helpers */

static void mark(const char *employee_id, enum lane lane)
{
	struct employee_key key = store_fixture_key(employee_id);
	ck_assert(store_employee_mark(fixture.store, &key, lane, NULL, NULL));
}

static void fill(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct work *work = work_create(fixture.connection);
		ck_assert_ptr_nonnull(work);
		work->employee.lane = LANE_UPDATE;
		work_queue_put(&fixture.engine->queue, work);
	}
}

static enum employee_state state_of(const char *employee_id)
{
	struct employee_key key = store_fixture_key(employee_id);
	struct employee employee = {0};
	ck_assert(store_employee_get(fixture.store, &key, &employee, NULL));
	enum employee_state state = employee.state;
	employee_finish(&employee);
	return state;
}

/* -------------------------------------------------------------------- tests */

START_TEST(a_full_queue_keeps_others_waiting_and_no_leaver)
{
	engine_fixture_bring(&fixture, LEAVER, engine_fixture_person("{}"));
	mark(FIXTURE_PERSON, LANE_UPDATE);
	mark(LEAVER, LANE_LEAVE);
	fill(ENGINE_QUEUE_MAX);
	reader_turn(reader);
	ck_assert_uint_eq(fixture.connection->queued, ENGINE_QUEUE_MAX + 1);
	ck_assert_int_eq(state_of(LEAVER), EMPLOYEE_WORKING);
	ck_assert_int_eq(state_of(FIXTURE_PERSON), EMPLOYEE_DIRTY);
}
END_TEST

START_TEST(beyond_one_batch_more_leavers_wait_too)
{
	mark(LEAVER, LANE_LEAVE);
	fill(ENGINE_QUEUE_MAX + 1);
	reader_turn(reader);
	ck_assert_uint_eq(fixture.connection->queued, ENGINE_QUEUE_MAX + 1);
	ck_assert_int_eq(state_of(LEAVER), EMPLOYEE_DIRTY);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("engine reader");
	TCase *cases = tcase_create("room");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_full_queue_keeps_others_waiting_and_no_leaver);
	tcase_add_test(cases, beyond_one_batch_more_leavers_wait_too);
	suite_add_tcase(suite, cases);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
