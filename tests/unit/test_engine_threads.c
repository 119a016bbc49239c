/* SPDX-License-Identifier: MIT */
/* The engine with its threads: dispatcher, reader, workers; start and stop. */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 20000
#define CROWD   30

static struct engine_fixture fixture;
static struct err err;

static void set_up(void)
{
	err = (struct err)ERR_INIT;
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static void start(void)
{
	ck_assert_msg(engine_start(fixture.engine, &err), "%s", err.text);
}

static void stop(void)
{
	engine_stop(fixture.engine, clock_mono_ms() + WAIT_MS);
}

/* Waits at the engine's own wake, which follows every run, until the store shows it. */
typedef bool condition(void);

static void wait_for(condition *is_met, const char *what)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	uint64_t seen = 0;

	while (!is_met()) {
		int64_t now_ms = clock_mono_ms();
		ck_assert_msg(now_ms < deadline_ms, "%s: not within %d ms", what, WAIT_MS);
		engine_wait(fixture.engine, &seen, now_ms + 200);
	}
}

static void deliver(const char *body)
{
	ck_assert_int_eq(store_fixture_append(fixture.store, body), ERR_OK);
	engine_notify(fixture.engine);
}

static int64_t count_in(enum employee_state state)
{
	struct store_counts counts;

	ck_assert(store_counts(fixture.store, "default", &counts, NULL));
	return counts.by_state[state];
}

static bool is_at_rest(void)
{
	struct store_counts counts;

	ck_assert(store_counts(fixture.store, "default", &counts, NULL));
	return counts.events[EVENT_RECEIVED] == 0 && counts.by_state[EMPLOYEE_DIRTY] == 0 &&
	        counts.by_state[EMPLOYEE_WORKING] == 0;
}

/* ---------------------------------------------------------------------- work */

START_TEST(an_event_becomes_an_account)
{
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_answer(&fixture, "POST", "?activate=true",
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, ""));
	start();
	deliver("change:" FIXTURE_PERSON);
	wait_for(is_at_rest, "the account");
	stop();
	engine_fixture_load(&fixture);
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, POST ?activate=true");
	ck_assert_int_eq(fixture.employee.settled_generation, fixture.employee.generation);
	ck_assert(fixture.employee.is_last_run_good);
}
END_TEST

START_TEST(an_event_nobody_understands_is_ignored)
{
	start();
	deliver("nonsense");
	wait_for(is_at_rest, "the event");
	stop();
	struct store_counts counts;
	ck_assert(store_counts(fixture.store, "default", &counts, NULL));
	ck_assert_int_eq(counts.events[EVENT_IGNORED], 1);
	ck_assert_uint_eq(engine_fixture_bob_searches(&fixture), 0);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

static bool is_suspended(void)
{
	struct employee employee = store_fixture_get(fixture.store, FIXTURE_PERSON);
	bool is_done = employee.present_status == ACCOUNT_SUSPENDED && !employee.is_sessions_due;

	employee_finish(&employee);
	return is_done;
}

/* The first request with that part; all requests when there is none. */
static size_t index_of(const char *part)
{
	size_t count = fake_http_count(fixture.fake);

	for (size_t i = 0; i < count; i++) {
		if (strstr(fake_http_request(fixture.fake, i)->target, part) != NULL) {
			return i;
		}
	}
	return count;
}

START_TEST(a_revocation_does_not_wait_for_bob)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	struct call_outcome dead = engine_fixture_outcome(CALL_STOP_CREDENTIALS, 401);
	fixture.bob_status = _i == 0 ? 500 : 401;
	if (_i == 1) {
		connection_bob_outcome(fixture.connection, &dead);
	}
	engine_fixture_answer(&fixture, "POST", "/lifecycle/suspend", "{}");
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	start();
	deliver("revoke:" FIXTURE_PERSON);
	wait_for(is_suspended, "the revocation");
	stop();
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_SUSPENDED);
	ck_assert_int_eq(fixture.employee.lowered, LOWER_REVOKED);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_REVOKED));
	/* Not even a try: Bob could hang for a minute. */
	ck_assert_uint_lt(index_of("/lifecycle/suspend"), index_of("/people/search"));
}
END_TEST

START_TEST(many_who_are_dirty_are_read_in_one_search)
{
	struct employee_key keys[CROWD];
	char id[16];

	for (int i = 0; i < CROWD; i++) {
		ck_assert(str_format(id, sizeof(id), "%d", 1000 + i));
		keys[i] = store_fixture_key(id);
		/* Nobody gets an account without an address, so Okta is not asked. */
		engine_fixture_bring(&fixture, id, engine_fixture_person("{\"email\":null}"));
	}
	ck_assert(store_employee_mark_each(fixture.store, keys, CROWD, LANE_UPDATE, &err));
	start();
	wait_for(is_at_rest, "the crowd");
	stop();
	ck_assert_uint_eq(engine_fixture_bob_searches(&fixture), 1);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_int_eq(count_in(EMPLOYEE_WAITING), CROWD);
}
END_TEST

static bool has_failed(void)
{
	return count_in(EMPLOYEE_FAILED) == 1;
}

START_TEST(an_id_bob_refuses_alone_fails_and_keeps_nobody_waiting)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	fixture.bob_status = 400;
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, &err));
	start();
	wait_for(has_failed, "the failure");
	stop();
	engine_fixture_load(&fixture);
	ck_assert_str_ne(fixture.employee.last_error, "");
	ck_assert(!connection_is_bob_parked(fixture.connection));
}
END_TEST

static bool is_bob_parked(void)
{
	return connection_is_bob_parked(fixture.connection);
}

START_TEST(a_dead_bob_token_parks_and_costs_no_attempt)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	fixture.bob_status = 401;
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, &err));
	start();
	wait_for(is_bob_parked, "the parking");
	stop();
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(fixture.employee.attempts, 0);
}
END_TEST

static bool is_okta_free(void)
{
	return !connection_is_okta_parked(fixture.connection) && is_at_rest() &&
	        count_in(EMPLOYEE_PARKED) == 0;
}

START_TEST(a_parked_employee_goes_on_once_a_probe_works)
{
	struct call_outcome dead = engine_fixture_outcome(CALL_STOP_CREDENTIALS, 401);

	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_answer(&fixture, "GET", "/me",
	        engine_fixture_user("00u9tokenowner", "ACTIVE", "owner@example.com", ""));
	engine_fixture_answer(&fixture, "POST", "?activate=true",
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, ""));
	connection_okta_outcome(fixture.connection, "1", &dead);
	start();
	deliver("change:" FIXTURE_PERSON);
	wait_for(is_okta_free, "the account");
	stop();
	engine_fixture_load(&fixture);
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_int_eq(count_in(EMPLOYEE_PARKED), 0);
}
END_TEST

/* --------------------------------------------------------------------- start */

START_TEST(an_action_cut_off_by_a_crash_is_resolved_at_the_start)
{
	struct intent intent = {.kind = ACTION_DEACTIVATE, .lower_cause = LOWER_LEAVER};

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_crash_in(&fixture, intent, NULL);
	engine_fixture_bring(
	        &fixture, FIXTURE_PERSON, engine_fixture_person("{\"lifecycle\":\"terminated\"}"));
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "DEPROVISIONED", FIXTURE_LOGIN, ""));
	start();
	wait_for(is_at_rest, "the resolution");
	stop();
	engine_fixture_load(&fixture);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /" FIXTURE_OKTA_ID);
	ck_assert(fixture.actions.items[0].outcome.is_resolved);
}
END_TEST

START_TEST(leaving_dry_run_plans_everyone_afresh)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	struct employee before = store_fixture_get(fixture.store, FIXTURE_PERSON);
	const char *mode = _i == 0 ? "dry_run" : "live";

	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	ck_assert(store_value_set(fixture.store, "default", "mode", mode, &err));
	start();
	wait_for(is_at_rest, "everyone");
	stop();
	struct employee after = store_fixture_get(fixture.store, FIXTURE_PERSON);
	ck_assert((after.generation > before.generation) == (_i == 0));
	employee_finish(&before);
	employee_finish(&after);
}
END_TEST

static void park_employee(void)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, &err));
	struct employee employee = store_fixture_claim(fixture.store, FIXTURE_PERSON);
	ck_assert(store_employee_finish(fixture.store, &employee, EMPLOYEE_PARKED, &err));
	employee_finish(&employee);
}

START_TEST(who_was_parked_is_looked_at_again_after_a_start)
{
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{\"email\":null}"));
	park_employee();
	start();
	wait_for(is_okta_free, "the parked one");
	stop();
	ck_assert_int_eq(count_in(EMPLOYEE_PARKED), 0);
}
END_TEST

/* ---------------------------------------------------------------------- stop */

START_TEST(an_engine_that_does_nothing_stops_at_once)
{
	start();
	int64_t before_ms = clock_mono_ms();
	stop();
	ck_assert_int_lt(clock_mono_ms() - before_ms, 5000);
}
END_TEST

START_TEST(work_that_waits_in_the_queue_is_given_back_undone)
{
	struct work *work = work_create(fixture.connection);

	ck_assert_ptr_nonnull(work);
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_begin(&fixture, LANE_UPDATE);
	work->employee = fixture.employee;
	fixture.employee = (struct employee){0};
	fixture.run = (struct run){0};
	work_queue_put(&fixture.engine->queue, work);
	/* Never started, so that nobody takes it. */
	stop();
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(fixture.employee.attempts, 0);
	ck_assert_str_eq(fixture.employee.last_error, "stopped before it was begun");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, an_event_becomes_an_account);
	tcase_add_test(tcase, an_event_nobody_understands_is_ignored);
	tcase_add_loop_test(tcase, a_revocation_does_not_wait_for_bob, 0, 2);
	tcase_add_test(tcase, many_who_are_dirty_are_read_in_one_search);
	tcase_add_test(tcase, an_id_bob_refuses_alone_fails_and_keeps_nobody_waiting);
	tcase_add_test(tcase, a_dead_bob_token_parks_and_costs_no_attempt);
	tcase_add_test(tcase, a_parked_employee_goes_on_once_a_probe_works);
	tcase_add_test(tcase, an_action_cut_off_by_a_crash_is_resolved_at_the_start);
	tcase_add_loop_test(tcase, leaving_dry_run_plans_everyone_afresh, 0, 2);
	tcase_add_test(tcase, who_was_parked_is_looked_at_again_after_a_start);
	tcase_add_test(tcase, an_engine_that_does_nothing_stops_at_once);
	tcase_add_test(tcase, work_that_waits_in_the_queue_is_given_back_undone);
}

int main(void)
{
	Suite *suite = suite_create("engine threads");
	TCase *tcase = tcase_create("threads");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
