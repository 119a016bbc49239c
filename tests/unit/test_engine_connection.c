/* SPDX-License-Identifier: MIT */
/* When a connection waits for Okta or Bob, and what ends that. */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct engine_fixture fixture;
static char why[SENTENCE_BYTES];

static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static bool tell(const char *employee_id, enum call_class call_class, int http_status)
{
	struct call_outcome outcome = engine_fixture_outcome(call_class, http_status);

	return connection_okta_outcome(fixture.connection, employee_id, &outcome);
}

static bool is_parked(void)
{
	return connection_is_okta_parked(fixture.connection);
}

/* Asks now, whenever the next time would be. */
static bool probe_now(void)
{
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->okta.probe_at_ms = 0;
	monitor_unlock(&fixture.connection->monitor);
	return connection_probe_okta(
	        fixture.connection, runner_okta(&fixture.runner, fixture.connection, NULL));
}

static void answer_owner(void)
{
	engine_fixture_answer(&fixture, "GET", "/me",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
}

static size_t count_field(const char *field)
{
	size_t count = 0;
	size_t i = 0;
	const json_t *name = NULL;

	json_array_foreach(fixture.connection->fields, i, name)
	{
		count += str_equal(json_string_value(name), field) ? 1 : 0;
	}
	return count;
}

/* Payroll fields take a permission of their own: asked for only where lead days depend on them. */
START_TEST(the_type_of_employment_is_asked_for_where_it_decides)
{
	ck_assert_uint_eq(count_field("payroll.employment.type"), 0);
	engine_fixture_stop(&fixture);
	engine_fixture_start(&fixture,
	        "{\"provisioning\":{\"employment_types\":{\"Contractor\":{"
	        "\"activation_days_before\":0}}},\"mapping\":[{\"okta\":\"userType\","
	        "\"bob\":\"payroll.employment.type\"}]}");
	ck_assert_uint_eq(count_field("payroll.employment.type"), 1);
	engine_fixture_stop(&fixture);
	engine_fixture_start(&fixture,
	        "{\"provisioning\":{\"employment_types\":{\"Contractor\":{"
	        "\"activation_days_before\":0}}}}");
	ck_assert_uint_eq(count_field("payroll.employment.type"), 1);
	ck_assert_ptr_nonnull(strstr(fixture.connection->fields_text, "payroll.employment.type"));
}
END_TEST

static void doubt_status(struct employee *employee)
{
	employee->doubt = DOUBT_STATUS;
}

START_TEST(a_history_that_is_refused_is_not_asked_for_again_that_day)
{
	ck_assert(connection_may_ask_history(fixture.connection));
	connection_note_history_refused(fixture.connection, "no");
	ck_assert(!connection_may_ask_history(fixture.connection));
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->history_not_before_ms = clock_mono_ms();
	monitor_unlock(&fixture.connection->monitor);
	ck_assert(connection_may_ask_history(fixture.connection));
}
END_TEST

/* ------------------------------------------------------------------- parking */

START_TEST(a_new_connection_waits_until_okta_was_asked)
{
	struct connection_options options = {.settings = &fixture.settings->connections[0],
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK};
	struct connection *fresh = connection_create(&options, NULL);

	ck_assert_ptr_nonnull(fresh);
	ck_assert(connection_is_okta_parked(fresh));
	ck_assert(!connection_is_bob_parked(fresh));
	ck_assert(connection_is_blocked(fresh, WORK_REVOCATION, why, sizeof(why)));
	ck_assert_int_gt(connection_okta_probe_ms(fresh), 0);
	connection_destroy(fresh);
}
END_TEST

START_TEST(in_a_slow_start_the_places_are_for_people_who_wait)
{
	struct connection *connection = fixture.connection;

	connection_look_at_drain(connection, 5);
	ck_assert(!connection_is_for_people_first(connection));
	okta_org_start_slowly(connection->org);
	ck_assert(connection_is_for_people_first(connection));
	connection_look_at_drain(connection, 0);
	ck_assert(!connection_is_for_people_first(connection));
}
END_TEST

START_TEST(the_first_refusal_of_the_token_parks)
{
	ck_assert(tell("1", CALL_STOP_CREDENTIALS, 401));
	ck_assert(is_parked());
	ck_assert(connection_is_blocked(fixture.connection, WORK_REVOCATION, why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "waits for Okta"));
}
END_TEST

START_TEST(only_a_probe_ends_a_parking)
{
	tell("1", CALL_STOP_CREDENTIALS, 401);
	ck_assert(tell("2", CALL_DONE, 200));
	ck_assert(is_parked());
	answer_owner();
	ck_assert(probe_now());
	ck_assert(!is_parked());
	ck_assert_int_eq(connection_okta_probe_ms(fixture.connection), 0);
	/* Not parked: nothing to ask. */
	ck_assert(!probe_now());
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /me");
}
END_TEST

START_TEST(a_dead_token_is_asked_about_once_a_minute)
{
	tell("1", CALL_STOP_CREDENTIALS, 401);
	engine_fixture_refuse(&fixture, "GET", "/me", 401, "E0000011");
	ck_assert(!probe_now());
	ck_assert(is_parked());
	ck_assert_int_gt(connection_okta_probe_ms(fixture.connection), clock_mono_ms() + 50 * 1000);
	ck_assert(!connection_probe_okta(
	        fixture.connection, runner_okta(&fixture.runner, fixture.connection, NULL)));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /me");
}
END_TEST

/* A network zone that lets the server in no more refuses reads, and the token's owner, too. */
START_TEST(a_403_that_the_owner_gets_too_parks)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_change(&fixture, FIXTURE_PERSON, doubt_status);
	engine_fixture_refuse(&fixture, "GET", "/users/" FIXTURE_OKTA_ID, 403, "E0000006");
	if (_i == 0) {
		engine_fixture_refuse(&fixture, "GET", "/me", 403, "E0000006");
	} else {
		answer_owner();
	}
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, _i == 0 ? RUN_ENDS_PARKED : RUN_ENDS_FAILED);
	ck_assert(is_parked() == (_i == 0));
}
END_TEST

START_TEST(an_outage_is_over_when_the_token_is_taken_again)
{
	for (int i = 0; i < 3; i++) {
		tell((const char *[]){"1", "2", "3"}[i], CALL_RETRY_LATER, 503);
	}
	engine_fixture_refuse(&fixture, "GET", "/me", 503, "E0000010");
	ck_assert(!probe_now());
	ck_assert(is_parked());
	ck_assert_int_le(connection_okta_probe_ms(fixture.connection), clock_mono_ms() + 10000);
	/* Okta answers and takes the token, but has no owner to show. */
	engine_fixture_refuse(&fixture, "GET", "/me", 404, "E0000007");
	ck_assert(probe_now());
	ck_assert(!is_parked());
}
END_TEST

static const struct streak_case {
	const char *name;
	struct {
		const char *employee_id;
		enum call_class call_class;
		int http_status;
	} calls[4];
	bool parks;
} STREAK_CASES[] = {
        {"three people",
                {{"1", CALL_RETRY_LATER, 503}, {"2", CALL_UNCLEAR, 500}, {"3", CALL_UNCLEAR, 0}},
                true},
        {"one person three times",
                {{"1", CALL_RETRY_LATER, 503}, {"1", CALL_UNCLEAR, 500}, {"1", CALL_UNCLEAR, 0}},
                false},
        {"two people",
                {{"1", CALL_RETRY_LATER, 503}, {"2", CALL_UNCLEAR, 500}, {"1", CALL_UNCLEAR, 0}},
                false},
        {"a success between",
                {{"1", CALL_RETRY_LATER, 503}, {"2", CALL_DONE, 200}, {"3", CALL_UNCLEAR, 0},
                        {"4", CALL_RETRY_LATER, 503}},
                false},
        {"a 409 is no outage",
                {{"1", CALL_RETRY_LATER, 409}, {"2", CALL_RETRY_LATER, 409},
                        {"3", CALL_RETRY_LATER, 409}, {"4", CALL_RETRY_LATER, 409}},
                false},
        {"a 404 that proves Okta alive",
                {{"1", CALL_RETRY_LATER, 503}, {"2", CALL_RETRY_LATER, 503},
                        {"3", CALL_NOT_FOUND, 404}, {"4", CALL_RETRY_LATER, 503}},
                false},
        {"a rate limit says nothing",
                {{"1", CALL_RETRY_LATER, 503}, {"2", CALL_RETRY_LATER, 503},
                        {"9", CALL_RETRY_AT, 429}, {"3", CALL_RETRY_LATER, 503}},
                true},
        {"stopping is no outage",
                {{"1", CALL_ABORTED, 0}, {"2", CALL_ABORTED, 0}, {"3", CALL_ABORTED, 0}}, false},
};

START_TEST(three_different_employees_without_a_success_between_park)
{
	const struct streak_case *row = &STREAK_CASES[_i];

	for (size_t i = 0; i < 4 && row->calls[i].employee_id != NULL; i++) {
		tell(row->calls[i].employee_id, row->calls[i].call_class,
		        row->calls[i].http_status);
	}
	ck_assert_msg(is_parked() == row->parks, "%s", row->name);
}
END_TEST

/* --------------------------------------------------------------------- owner */

START_TEST(the_owner_of_the_token_is_never_changed)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	ck_assert(!connection_is_owner(fixture.connection, FIXTURE_OKTA_ID));
	tell("1", CALL_STOP_CREDENTIALS, 401);
	answer_owner();
	ck_assert(probe_now());
	ck_assert(connection_is_owner(fixture.connection, FIXTURE_OKTA_ID));
	ck_assert(!connection_is_owner(fixture.connection, "00u7gracehopper"));
	engine_fixture_calls(&fixture);
	engine_fixture_run(&fixture, engine_fixture_person("{\"lifecycle\":\"terminated\"}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(fixture.employee.last_rule, "S1.1");
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_ACTIVE);
}
END_TEST

/* --------------------------------------------------------------------- pause */

static void outage(void)
{
	ck_assert(!tell("1", CALL_RETRY_LATER, 503));
	ck_assert(!tell("2", CALL_RETRY_LATER, 503));
	ck_assert(tell("3", CALL_RETRY_LATER, 503));
}

static int places(enum call_urgency urgency)
{
	return connection_places(fixture.connection, urgency);
}

START_TEST(what_comes_back_from_an_outage_is_asked_slowly)
{
	int all = places(CALL_NORMAL);

	ck_assert_int_gt(all, 2);
	outage();
	ck_assert_int_eq(places(CALL_NORMAL), all);
	answer_owner();
	ck_assert(probe_now());
	ck_assert_int_eq(places(CALL_NORMAL), 1);
	ck_assert_int_eq(places(CALL_URGENT), 2);
}
END_TEST

START_TEST(a_new_token_is_not_taken_slowly)
{
	int all = places(CALL_NORMAL);

	ck_assert(tell("1", CALL_STOP_CREDENTIALS, 401));
	answer_owner();
	ck_assert(probe_now());
	ck_assert_int_eq(places(CALL_NORMAL), all);
}
END_TEST

static void put_off(enum call_urgency urgency, enum call_wait wait, int64_t ms)
{
	struct call_outcome outcome = engine_fixture_outcome(CALL_RETRY_AT, 0);

	outcome.wait = wait;
	outcome.retry_at_ms = clock_wall_ms() + ms;
	connection_note_full(fixture.connection, urgency, &outcome);
}

static bool is_full(enum call_urgency urgency)
{
	return connection_full_until_ms(fixture.connection, urgency) != 0;
}

START_TEST(who_waits_for_a_place_keeps_nobody_else_waiting)
{
	put_off(CALL_NORMAL, CALL_WAIT_PLACE, 60000);
	ck_assert(!is_full(CALL_NORMAL));
	ck_assert(!is_full(CALL_BACKGROUND));
}
END_TEST

START_TEST(where_there_is_no_room_the_less_urgent_do_not_try)
{
	put_off(CALL_BACKGROUND, CALL_WAIT_ROOM, 60000);
	ck_assert(is_full(CALL_BACKGROUND));
	ck_assert(!is_full(CALL_NORMAL));
	put_off(CALL_URGENT, CALL_WAIT_ROOM, 60000);
	ck_assert(is_full(CALL_NORMAL));
	ck_assert(!is_full(CALL_URGENT));
}
END_TEST

static const struct blocked_case {
	enum pause_mode mode;
	bool ordinary;
	bool revocation;
} BLOCKED_CASES[] = {
        {PAUSE_NONE, false, false},
        {PAUSE_PASS_REVOCATIONS, true, false},
        {PAUSE_EVERYTHING, true, true},
};

START_TEST(each_kind_of_pause_blocks_its_own)
{
	const struct blocked_case *row = &BLOCKED_CASES[_i];

	ck_assert(engine_pause(fixture.engine, "default", row->mode, "test", NULL));
	ck_assert(connection_is_blocked(fixture.connection, WORK_ORDINARY, why, sizeof(why)) ==
	        row->ordinary);
	ck_assert(connection_is_blocked(fixture.connection, WORK_REVOCATION, why, sizeof(why)) ==
	        row->revocation);
	ck_assert(!is_parked());
}
END_TEST

/* ----------------------------------------------------------------------- Bob */

static void tell_bob(enum call_class call_class, int64_t retry_in_ms)
{
	struct call_outcome outcome = engine_fixture_outcome(call_class, 200);

	outcome.retry_at_ms = clock_wall_ms() + retry_in_ms;
	connection_bob_outcome(fixture.connection, &outcome);
}

static int64_t backoff_ms(void)
{
	monitor_lock(&fixture.connection->monitor);
	int64_t until_ms = fixture.connection->bob_backoff_until_ms;
	monitor_unlock(&fixture.connection->monitor);
	return until_ms == 0 ? 0 : until_ms - clock_mono_ms();
}

START_TEST(bob_is_parked_by_credentials_and_freed_by_an_answer)
{
	tell_bob(_i == 0 ? CALL_STOP_CREDENTIALS : CALL_STOP_CONFIG, 0);
	ck_assert(connection_is_bob_parked(fixture.connection));
	ck_assert_int_gt(connection_bob_probe_ms(fixture.connection), 0);
	ck_assert(!is_parked());
	tell_bob(CALL_DONE, 0);
	ck_assert(!connection_is_bob_parked(fixture.connection));
}
END_TEST

START_TEST(bobs_faults_back_off_and_do_not_park)
{
	int64_t before_ms = 0;

	for (int i = 0; i < 4; i++) {
		tell_bob(CALL_RETRY_LATER, 0);
		ck_assert_int_gt(backoff_ms(), before_ms);
		before_ms = backoff_ms();
	}
	for (int i = 0; i < 40; i++) {
		tell_bob(CALL_RETRY_LATER, 0);
	}
	ck_assert_int_le(backoff_ms(), 60000);
	ck_assert(!connection_is_bob_parked(fixture.connection));
	tell_bob(CALL_DONE, 0);
	ck_assert_int_eq(backoff_ms(), 0);
	tell_bob(CALL_RETRY_AT, 30000);
	ck_assert_int_gt(backoff_ms(), 25000);
	ck_assert_int_le(backoff_ms(), 30000);
	int64_t then_ms = backoff_ms();
	tell_bob(CALL_ABORTED, 0);
	ck_assert_int_le(backoff_ms(), then_ms);
}
END_TEST

START_TEST(the_field_metadata_are_learnt_once)
{
	struct bob_client *client = runner_bob(&fixture.runner, fixture.connection, NULL);

	ck_assert(!catalogs_has_fields(&fixture.connection->catalogs));
	ck_assert(!connection_probe_bob(fixture.connection, client));
	ck_assert(catalogs_has_fields(&fixture.connection->catalogs));
	size_t requests = fake_http_count(fixture.fake);
	ck_assert(!connection_probe_bob(fixture.connection, client));
	ck_assert_uint_eq(fake_http_count(fixture.fake), requests);
}
END_TEST

START_TEST(metadata_that_cannot_be_read_hold_back_no_search)
{
	struct bob_client *client = runner_bob(&fixture.runner, fixture.connection, NULL);

	fixture.bob_status = _i == 0 ? 500 : 400;
	ck_assert(!connection_probe_bob(fixture.connection, client));
	ck_assert_int_eq(backoff_ms(), 0);
	ck_assert(!connection_is_bob_parked(fixture.connection));
	/* And are not asked for again at once. */
	size_t requests = fake_http_count(fixture.fake);
	ck_assert(!connection_probe_bob(fixture.connection, client));
	ck_assert_uint_eq(fake_http_count(fixture.fake), requests);
}
END_TEST

/* ------------------------------------------------------------------- look-ups */

START_TEST(a_look_up_is_remembered_for_its_employee_and_its_text)
{
	connection_note_lookup(fixture.connection, "1", "login eq \"a\"");
	ck_assert(connection_was_looked_up(fixture.connection, "1", "login eq \"a\""));
	ck_assert(!connection_was_looked_up(fixture.connection, "1", "login eq \"b\""));
	ck_assert(!connection_was_looked_up(fixture.connection, "2", "login eq \"a\""));
	fixture.connection->lookups[0].at_ms -= LOOKUP_REMEMBER_MS;
	ck_assert(!connection_was_looked_up(fixture.connection, "1", "login eq \"a\""));
}
END_TEST

START_TEST(only_so_many_look_ups_are_remembered)
{
	char id[16];

	for (int i = 0; i <= LOOKUP_MEMOS; i++) {
		ck_assert(str_format(id, sizeof(id), "%d", i + 1));
		connection_note_lookup(fixture.connection, id, "x");
	}
	ck_assert(!connection_was_looked_up(fixture.connection, "1", "x"));
	ck_assert(connection_was_looked_up(fixture.connection, "2", "x"));
	ck_assert(connection_was_looked_up(fixture.connection, id, "x"));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, the_type_of_employment_is_asked_for_where_it_decides);
	tcase_add_test(tcase, a_history_that_is_refused_is_not_asked_for_again_that_day);
	tcase_add_test(tcase, a_new_connection_waits_until_okta_was_asked);
	tcase_add_test(tcase, in_a_slow_start_the_places_are_for_people_who_wait);
	tcase_add_test(tcase, the_first_refusal_of_the_token_parks);
	tcase_add_test(tcase, only_a_probe_ends_a_parking);
	tcase_add_test(tcase, what_comes_back_from_an_outage_is_asked_slowly);
	tcase_add_test(tcase, a_new_token_is_not_taken_slowly);
	tcase_add_test(tcase, who_waits_for_a_place_keeps_nobody_else_waiting);
	tcase_add_test(tcase, where_there_is_no_room_the_less_urgent_do_not_try);
	tcase_add_test(tcase, a_dead_token_is_asked_about_once_a_minute);
	tcase_add_test(tcase, an_outage_is_over_when_the_token_is_taken_again);
	tcase_add_loop_test(tcase, a_403_that_the_owner_gets_too_parks, 0, 2);
	tcase_add_loop_test(tcase, three_different_employees_without_a_success_between_park, 0,
	        ARRAY_SIZE(STREAK_CASES));
	tcase_add_test(tcase, the_owner_of_the_token_is_never_changed);
	tcase_add_loop_test(tcase, each_kind_of_pause_blocks_its_own, 0, ARRAY_SIZE(BLOCKED_CASES));
	tcase_add_loop_test(tcase, bob_is_parked_by_credentials_and_freed_by_an_answer, 0, 2);
	tcase_add_test(tcase, bobs_faults_back_off_and_do_not_park);
	tcase_add_test(tcase, the_field_metadata_are_learnt_once);
	tcase_add_loop_test(tcase, metadata_that_cannot_be_read_hold_back_no_search, 0, 2);
	tcase_add_test(tcase, a_look_up_is_remembered_for_its_employee_and_its_text);
	tcase_add_test(tcase, only_so_many_look_ups_are_remembered);
}

int main(void)
{
	Suite *suite = suite_create("connection");
	TCase *tcase = tcase_create("connection");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
