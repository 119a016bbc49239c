/* SPDX-License-Identifier: MIT */
/* What a whole run notes of a person in time: comparisons (M3), confirmed ends (L6), mails. */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define LEAVER  "{\"lifecycle\":\"terminated\",\"status\":\"Inactive\"}"

static struct engine_fixture fixture;

static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static void set_adopted(struct employee *employee)
{
	employee->origin = ORIGIN_ADOPTED;
	employee->is_compared = false;
	employee->linked_at_ms = clock_wall_ms() - HOUR_MS;
}

/* Linked by somebody to a user of before go-live; nobody has compared the two yet. */
static void adopt(void)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_change(&fixture, FIXTURE_PERSON, set_adopted);
}

static void run(const char *person)
{
	engine_fixture_run(&fixture, engine_fixture_person(person));
	ck_assert_msg(fixture.end == RUN_ENDS_WELL, "%s", fixture.sentence);
}

static void okta_closes(void)
{
	engine_fixture_answer(&fixture, "POST", "/lifecycle/deactivate", "{}");
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
}

/* ---------------------------------------------------------------------- M3 */

START_TEST(the_first_comparison_closes_nobody_unasked)
{
	struct hold_decision release = {
	        .key = store_fixture_key(FIXTURE_PERSON), .kind = HOLD_FIRST_LOWER, .by = "test"};

	adopt();
	run(LEAVER);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert(engine_fixture_is_held(&fixture, HOLD_FIRST_LOWER));
	ck_assert(!fixture.employee.is_compared);
	/* Looking again asks the same, and closes nobody. */
	run(LEAVER);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert(!fixture.employee.is_compared);

	ck_assert(store_hold_release(fixture.store, &release, NULL));
	okta_closes();
	run(LEAVER);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_DEPROVISIONED);
	ck_assert(fixture.employee.is_compared);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_FIRST_LOWER));
}
END_TEST

/* A leave that suspends is asked about as well, and asking is no comparison. */
START_TEST(the_first_comparison_suspends_nobody_unasked)
{
	engine_fixture_stop(&fixture);
	engine_fixture_start(&fixture, "{\"provisioning\":{\"leave\":\"suspend\"}}");
	adopt();
	for (int i = 0; i < 2; i++) {
		run("{\"lifecycle\":\"parental leave\",\"status\":\"Inactive\"}");
		ck_assert(engine_fixture_is_held(&fixture, HOLD_FIRST_LOWER));
		ck_assert(!fixture.employee.is_compared);
	}
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

START_TEST(who_was_seen_here_since_the_link_is_closed_like_anybody)
{
	adopt();
	run("{}");
	ck_assert(fixture.employee.is_compared);
	okta_closes();
	run(LEAVER);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_DEPROVISIONED);
}
END_TEST

START_TEST(whom_an_event_names_since_the_link_is_closed_like_anybody)
{
	adopt();
	store_fixture_deliver(fixture.store, "{\"left\":1}", FIXTURE_PERSON, LANE_LEAVE);
	okta_closes();
	run(LEAVER);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_DEPROVISIONED);
}
END_TEST

START_TEST(a_question_whose_cause_is_gone_is_taken_back)
{
	adopt();
	run(LEAVER);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_FIRST_LOWER));
	run("{}");
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_FIRST_LOWER));
	ck_assert(fixture.employee.is_compared);
}
END_TEST

/* Nothing is known of them: that is no comparison. */
static const char *const UNKNOWN[] = {
        "{\"lifecycle\":\"secondment\"}",
        "{\"lifecycle\":\"absent\"}",
        "{\"lifecycle\":\"employed\",\"end\":\"2024-06-01\"}",
};

START_TEST(too_little_known_compares_nobody)
{
	adopt();
	run(UNKNOWN[_i]);
	ck_assert(!fixture.employee.is_compared);
}
END_TEST

START_TEST(an_account_that_we_made_needs_no_comparison)
{
	engine_fixture_answer(&fixture, "POST", "?activate=true",
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, ""));
	run("{}");
	ck_assert(fixture.employee.is_compared);
	ck_assert_int_gt(fixture.employee.linked_at_ms, 0);
	ck_assert_int_eq(fixture.employee.mails, 1);
	ck_assert_int_eq(fixture.employee.mailed_at_ms, fixture.employee.activated_at_ms);
	ck_assert_str_eq(fixture.employee.wanted, "active");
}
END_TEST

/* ---------------------------------------------------------------------- L6 */

START_TEST(a_read_confirms_the_end_and_takes_it_back)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	run("{\"end\":\"2099-03-31\"}");
	int64_t end_ms = fixture.employee.confirmed_end_ms;
	ck_assert_int_gt(end_ms, clock_wall_ms());
	ck_assert_int_gt(fixture.employee.confirmed_at_ms, 0);
	/* A run that did not read knows no better. */
	engine_fixture_run(&fixture, NULL);
	ck_assert_int_eq(fixture.employee.confirmed_end_ms, end_ms);
	run("{}");
	ck_assert_int_eq(fixture.employee.confirmed_end_ms, 0);
	ck_assert_int_eq(fixture.employee.confirmed_at_ms, 0);
}
END_TEST

static const struct unread_case {
	int64_t away_ms;
	int64_t confirmed_ago_ms;
	enum account_status after;
} UNREAD_CASES[] = {
        {5 * HOUR_MS, 6 * HOUR_MS, ACCOUNT_SUSPENDED},
        {3 * HOUR_MS, 6 * HOUR_MS, ACCOUNT_ACTIVE},
        {5 * HOUR_MS, 40 * HOUR_MS, ACCOUNT_ACTIVE},
};
static const struct unread_case *present_case;

static void set_end(struct employee *employee)
{
	employee->confirmed_end_ms = clock_wall_ms() - 5 * HOUR_MS;
	employee->confirmed_at_ms = clock_wall_ms() - present_case->confirmed_ago_ms;
}

START_TEST(a_leaver_due_while_bob_is_away_is_suspended_in_time)
{
	present_case = &UNREAD_CASES[_i];
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_change(&fixture, FIXTURE_PERSON, set_end);
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->bob_unread_since_ms = clock_wall_ms() - present_case->away_ms;
	monitor_unlock(&fixture.connection->monitor);
	if (present_case->after == ACCOUNT_SUSPENDED) {
		engine_fixture_answer(&fixture, "POST", "/lifecycle/suspend", "{}");
		engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	}
	engine_fixture_run(&fixture, NULL);
	ck_assert_int_eq(fixture.employee.present_status, present_case->after);
	ck_assert_str_eq(fixture.employee.last_rule, "L6");
	/* That is an alarm until a read says otherwise; a run without one takes nothing back. */
	ck_assert_str_eq(fixture.employee.alarm, "L6");
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->bob_unread_since_ms = 0;
	monitor_unlock(&fixture.connection->monitor);
	engine_fixture_run(&fixture, NULL);
	ck_assert_str_eq(fixture.employee.alarm, "L6");
}
END_TEST

START_TEST(a_protected_leaver_is_an_alarm_until_taken_back)
{
	engine_fixture_stop(&fixture);
	engine_fixture_start(
	        &fixture, "{\"provisioning\":{\"protected\":[\"" FIXTURE_LOGIN "\"]}}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	run("{}");
	ck_assert_str_eq(fixture.employee.alarm, "");
	run(LEAVER);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_ACTIVE);
	ck_assert_str_eq(fixture.employee.alarm, "S1.1");
	run("{}");
	ck_assert_str_eq(fixture.employee.alarm, "");
}
END_TEST

/* -------------------------------------------------------------------- mails */

static void set_activated(struct employee *employee)
{
	employee->activated_at_ms = clock_wall_ms() - HOUR_MS;
}

/* The status is what says whether Okta may mail; it was read, not guessed. */
START_TEST(a_mail_to_somebody_who_has_come_in_meanwhile_is_not_owed)
{
	engine_fixture_link(&fixture, ACCOUNT_PROVISIONED);
	engine_fixture_change(&fixture, FIXTURE_PERSON, set_activated);
	engine_fixture_refuse(&fixture, "POST", "/lifecycle/reactivate", 403, "E0000038");
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN,
	                "\"firstName\":\"Ada\",\"lastName\":\"King\",\"displayName\":\"Ada King\""));
	run("{}");
	ck_assert_str_eq(engine_fixture_calls(&fixture),
	        "POST /" FIXTURE_OKTA_ID "/lifecycle/reactivate?sendEmail=true, GET "
	        "/" FIXTURE_OKTA_ID);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_ACTIVE);
	ck_assert_int_eq(fixture.employee.mails, 0);
}
END_TEST

/* --------------------------------------------------------------------- suite */

static void add_comparisons(TCase *tcase)
{
	tcase_add_test(tcase, the_first_comparison_closes_nobody_unasked);
	tcase_add_test(tcase, the_first_comparison_suspends_nobody_unasked);
	tcase_add_test(tcase, who_was_seen_here_since_the_link_is_closed_like_anybody);
	tcase_add_test(tcase, whom_an_event_names_since_the_link_is_closed_like_anybody);
	tcase_add_test(tcase, a_question_whose_cause_is_gone_is_taken_back);
	tcase_add_loop_test(tcase, too_little_known_compares_nobody, 0, ARRAY_SIZE(UNKNOWN));
	tcase_add_test(tcase, an_account_that_we_made_needs_no_comparison);
}

int main(void)
{
	Suite *suite = suite_create("reconcile");
	TCase *tcase = tcase_create("reconcile");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	add_comparisons(tcase);
	tcase_add_test(tcase, a_read_confirms_the_end_and_takes_it_back);
	tcase_add_loop_test(tcase, a_leaver_due_while_bob_is_away_is_suspended_in_time, 0,
	        ARRAY_SIZE(UNREAD_CASES));
	tcase_add_test(tcase, a_protected_leaver_is_an_alarm_until_taken_back);
	tcase_add_test(tcase, a_mail_to_somebody_who_has_come_in_meanwhile_is_not_owed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
