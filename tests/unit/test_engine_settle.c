/* SPDX-License-Identifier: MIT */
/* What a run's end makes of the record: state, times, attempts. */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/engine/retry.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS  (24 * 60 * 60 * 1000LL)
#define WAIT_MS 25000

static struct engine_fixture fixture;
static int64_t now_ms;

static void set_up(void)
{
	engine_fixture_start(&fixture, "{\"provisioning\":{\"reread_after_s\":25}}");
	now_ms = clock_wall_ms();
	engine_fixture_begin(&fixture, LANE_UPDATE);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

/* A run that began to read then, after an event that came at event_ms. */
static void read_at(int64_t read_ms, int64_t event_ms)
{
	fixture.run.presence = PRESENCE_READ;
	fixture.run.read_begun_ms = read_ms;
	fixture.employee.last_event_at_ms = event_ms;
}

static void settle_as(enum run_end end, const char *sentence)
{
	run_stop(&fixture.run, end, sentence);
	engine_fixture_settle(&fixture);
}

/* ------------------------------------------------------------------- badly */

static const struct end_case {
	enum run_end end;
	enum employee_state state;
	int attempts; /* after; two were used before */
	bool has_retry;
} END_CASES[] = {
        {RUN_ENDS_WELL, EMPLOYEE_IDLE, 0, false},
        {RUN_ENDS_WAITING, EMPLOYEE_DIRTY, 1, true},
        {RUN_ENDS_RETRY, EMPLOYEE_DIRTY, 2, true},
        {RUN_ENDS_PARKED, EMPLOYEE_PARKED, 1, false},
        {RUN_ENDS_FAILED, EMPLOYEE_FAILED, 2, false},
        {RUN_ENDS_MOVED, EMPLOYEE_DIRTY, 1, false},
};

START_TEST(each_end_has_its_state_and_its_price)
{
	const struct end_case *row = &END_CASES[_i];
	bool is_well = row->end == RUN_ENDS_WELL;

	read_at(now_ms, 0);
	fixture.employee.attempts = 2;
	fixture.run.retry_at_ms = now_ms + 7000;
	settle_as(row->end, is_well ? "" : "because of the test");
	ck_assert_int_eq(fixture.employee.state, row->state);
	ck_assert_int_eq(fixture.employee.attempts, row->attempts);
	ck_assert((fixture.employee.retry_not_before_ms != 0) == row->has_retry);
	ck_assert(fixture.employee.is_last_run_good == is_well);
	ck_assert_str_eq(fixture.employee.last_error, is_well ? "" : "because of the test");
	ck_assert_int_ge(fixture.employee.last_run_at_ms, now_ms);
	ck_assert((fixture.employee.settled_generation == fixture.employee.generation) == is_well);
	if (row->end == RUN_ENDS_WAITING) {
		ck_assert_int_eq(fixture.employee.retry_not_before_ms, now_ms + 7000);
	}
}
END_TEST

START_TEST(a_lost_lease_writes_nothing)
{
	fixture.employee.attempts = 9;
	settle_as(RUN_ENDS_LOST, "the lease was lost");
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_WORKING);
	ck_assert_int_eq(fixture.employee.attempts, 1);
}
END_TEST

START_TEST(a_refund_never_goes_below_nothing)
{
	fixture.employee.attempts = 0;
	settle_as(RUN_ENDS_PARKED, "parked");
	ck_assert_int_eq(fixture.employee.attempts, 0);
}
END_TEST

static const struct age_case {
	enum lane lane;
	int64_t failing_for_ms;
	enum employee_state state;
} AGE_CASES[] = {
        {LANE_UPDATE, 0, EMPLOYEE_DIRTY},
        {LANE_UPDATE, DAY_MS - 60000, EMPLOYEE_DIRTY},
        {LANE_UPDATE, DAY_MS + 1, EMPLOYEE_FAILED},
        {LANE_JOIN, DAY_MS + 1, EMPLOYEE_FAILED},
        {LANE_SWEEP, DAY_MS + 1, EMPLOYEE_FAILED},
        {LANE_LEAVE, 30 * DAY_MS, EMPLOYEE_DIRTY},
        {LANE_REVOKE, 30 * DAY_MS, EMPLOYEE_DIRTY},
};

START_TEST(a_transient_failure_is_given_up_by_age_and_leavers_never)
{
	const struct age_case *row = &AGE_CASES[_i];
	int64_t since_ms = row->failing_for_ms != 0 ? now_ms - row->failing_for_ms : 0;

	fixture.employee.lane = row->lane;
	fixture.employee.attempts = 40;
	fixture.employee.failing_since_ms = since_ms;
	settle_as(RUN_ENDS_RETRY, "Okta is away");
	ck_assert_int_eq(fixture.employee.state, row->state);
	ck_assert_int_ge(fixture.employee.failing_since_ms, since_ms != 0 ? since_ms : now_ms);
	if (since_ms != 0) {
		ck_assert_int_eq(fixture.employee.failing_since_ms, since_ms);
	}
	if (row->state == EMPLOYEE_DIRTY) {
		/* Hourly at the latest. */
		ck_assert_int_gt(fixture.employee.retry_not_before_ms, now_ms);
		ck_assert_int_le(
		        fixture.employee.retry_not_before_ms, clock_wall_ms() + RETRY_MAX_MS);
	}
}
END_TEST

START_TEST(a_failure_is_still_looked_at_when_its_date_comes)
{
	fixture.run.decision.due_at_ms = now_ms + DAY_MS;
	settle_as(RUN_ENDS_FAILED, "Okta will never accept this");
	ck_assert_int_eq(fixture.employee.policy_due_at_ms, now_ms + DAY_MS);
	ck_assert_int_ge(fixture.employee.failing_since_ms, now_ms);
}
END_TEST

START_TEST(a_failure_without_a_date_keeps_the_known_one)
{
	fixture.employee.policy_due_at_ms = now_ms + DAY_MS;
	settle_as(RUN_ENDS_FAILED, "Okta will never accept this");
	ck_assert_int_eq(fixture.employee.policy_due_at_ms, now_ms + DAY_MS);
}
END_TEST

/* -------------------------------------------------------------------- well */

static const struct look_case {
	const char *name;
	int64_t read_after_event_ms; /* -1: nothing was read */
	bool is_settled;
} LOOK_CASES[] = {
        {"read at once", 0, false},
        {"read a moment too early", WAIT_MS - 1, false},
        {"read late enough", WAIT_MS, true},
        {"not read at all", -1, false},
};

START_TEST(only_a_read_late_enough_settles_and_else_there_is_a_second_look)
{
	const struct look_case *row = &LOOK_CASES[_i];
	int64_t event_ms = now_ms - WAIT_MS;

	read_at(event_ms + row->read_after_event_ms, event_ms);
	if (row->read_after_event_ms < 0) {
		fixture.run.presence = PRESENCE_NOT_READ;
	}
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_eq(
	        fixture.employee.state, row->is_settled ? EMPLOYEE_IDLE : EMPLOYEE_WAITING);
	ck_assert((fixture.employee.settled_generation == fixture.employee.generation) ==
	        row->is_settled);
	ck_assert((fixture.employee.reread_at_ms == 0) == row->is_settled);
}
END_TEST

START_TEST(the_second_look_is_after_the_wait_and_gathered_with_others)
{
	read_at(now_ms, now_ms - 1000);
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_ge(fixture.employee.reread_at_ms, now_ms - 1000 + WAIT_MS);
	ck_assert_int_le(fixture.employee.reread_at_ms, now_ms - 1000 + WAIT_MS + 2000);
	ck_assert_int_eq(fixture.employee.reread_at_ms % 2000, 0);
}
END_TEST

START_TEST(a_second_look_is_never_in_the_past)
{
	read_at(now_ms - 60000, now_ms - 60000);
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_ge(fixture.employee.reread_at_ms, now_ms);
}
END_TEST

START_TEST(what_was_read_empty_is_read_again)
{
	read_at(now_ms, 0);
	fixture.run.wants_reread = true;
	fixture.employee.empty_since_ms = now_ms;
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_eq(fixture.employee.reread_at_ms, now_ms + EMPTY_AGREES_AFTER_MS);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_WAITING);
}
END_TEST

START_TEST(somebody_absent_is_looked_for_again_and_then_daily)
{
	read_at(now_ms + _i * 60000, 0);
	fixture.run.presence = PRESENCE_ABSENT;
	fixture.employee.absent_since_ms = now_ms;
	settle_as(RUN_ENDS_WELL, "");
	int64_t expected_ms = _i == 0 ? now_ms + DISAPPEARED_AFTER_MS : now_ms + 60000 + DAY_MS;
	ck_assert_int_eq(fixture.employee.reread_at_ms, expected_ms);
}
END_TEST

/* Else somebody who is gone when a date of theirs comes is due for ever, twice a second. */
START_TEST(a_date_that_came_while_somebody_was_absent_is_served)
{
	fixture.employee.policy_due_at_ms = _i == 0 ? now_ms : now_ms + DAY_MS;
	fixture.run.presence = PRESENCE_ABSENT;
	fixture.run.read_begun_ms = now_ms;
	fixture.employee.absent_since_ms = now_ms - DAY_MS;
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_eq(fixture.employee.policy_due_at_ms, _i == 0 ? 0 : now_ms + DAY_MS);
	ck_assert_int_gt(fixture.employee.reread_at_ms, now_ms);
}
END_TEST

static int64_t closed_at_ms;

static void close_as_leaver(struct employee *employee)
{
	employee->lowered = LOWER_LEAVER;
	employee->lowered_at_ms = closed_at_ms;
	employee->was_terminated = true;
	employee->is_activated = true;
}

/* Bob may show what was before a termination: that is no rehire. */
START_TEST(who_was_closed_is_back_only_by_a_read_that_settles)
{
	bool is_settled = _i == 1;

	settle_as(RUN_ENDS_WELL, "");
	closed_at_ms = clock_wall_ms() - (is_settled ? WAIT_MS + 1000 : 5000);
	engine_fixture_link(&fixture, ACCOUNT_DEPROVISIONED);
	engine_fixture_change(&fixture, FIXTURE_PERSON, close_as_leaver);
	engine_fixture_answer(&fixture, "POST", "/lifecycle/activate", "{}");
	engine_fixture_answer(&fixture, "POST", "/lifecycle/reactivate", "{}");
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert(fixture.employee.was_terminated != is_settled);
	ck_assert_int_eq(fixture.employee.present_status,
	        is_settled ? ACCOUNT_PROVISIONED : ACCOUNT_DEPROVISIONED);
	if (!is_settled) {
		ck_assert_int_eq(fixture.employee.reread_at_ms, closed_at_ms + WAIT_MS);
		ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	}
}
END_TEST

START_TEST(a_good_run_forgets_the_bad_ones_and_notes_the_date)
{
	read_at(now_ms, 0);
	fixture.employee.attempts = 7;
	fixture.employee.failing_since_ms = now_ms - 1000;
	fixture.employee.retry_not_before_ms = now_ms + 1000;
	fixture.run.decision.due_at_ms = now_ms + DAY_MS;
	fixture.run.decision.rule = RULE_K3;
	ck_assert(str_copy(
	        fixture.run.decision.reason, sizeof(fixture.run.decision.reason), "starts later"));
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_eq(fixture.employee.attempts, 0);
	ck_assert_int_eq(fixture.employee.failing_since_ms, 0);
	ck_assert_int_eq(fixture.employee.retry_not_before_ms, 0);
	ck_assert_int_eq(fixture.employee.dirty_since_ms, 0);
	ck_assert_int_eq(fixture.employee.policy_due_at_ms, now_ms + DAY_MS);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_WAITING);
	ck_assert_str_eq(fixture.employee.last_rule, "K3");
	ck_assert_str_eq(fixture.employee.last_sentence, "starts later");
}
END_TEST

/* Nothing announces that a date was taken back. */
static const struct daily_case {
	int64_t due_in_ms;
	int64_t event_ago_ms; /* a second look is due WAIT_MS after an event */
	bool is_daily;
} DAILY_CASES[] = {
        {10 * DAY_MS, DAY_MS, true},
        {100 * DAY_MS, DAY_MS, true},
        /* The second look comes first, and asks for the next one. */
        {10 * DAY_MS, 1000, false},
        /* The date itself comes first. */
        {DAY_MS / 24, DAY_MS, false},
};

START_TEST(whoever_has_a_date_ahead_is_read_daily_behind_everybody_else)
{
	const struct daily_case *row = &DAILY_CASES[_i];

	read_at(now_ms, now_ms - row->event_ago_ms);
	fixture.run.decision.due_at_ms = now_ms + row->due_in_ms;
	fixture.run.decision.lane = LANE_UPDATE;
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_eq(fixture.employee.policy_due_at_ms, now_ms + row->due_in_ms);
	ck_assert_int_eq(fixture.employee.lane, row->is_daily ? LANE_SWEEP : LANE_UPDATE);
	if (row->is_daily) {
		int64_t from_ms = row->due_in_ms > 14 * DAY_MS ? row->due_in_ms - 14 * DAY_MS : 0;
		ck_assert_int_ge(fixture.employee.reread_at_ms, now_ms + from_ms);
		ck_assert_int_le(
		        fixture.employee.reread_at_ms, now_ms + from_ms + DAY_MS + DAY_MS / 24);
	}
}
END_TEST

START_TEST(a_step_that_asks_for_another_look_gets_it)
{
	read_at(now_ms, 0);
	fixture.run.look_again_ms = now_ms + 5000;
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_eq(fixture.employee.reread_at_ms, now_ms + 5000);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_WAITING);
}
END_TEST

static void decide(enum wanted_account wanted)
{
	fixture.run.decision.wanted = wanted;
	ck_assert(str_copy(fixture.run.decision.reason, sizeof(fixture.run.decision.reason), "so"));
}

static const struct wanted_case {
	enum presence presence;
	enum wanted_account wanted;
	const char *kept;
} WANTED_CASES[] = {
        {PRESENCE_READ, WANTED_STAGED, "staged"},
        {PRESENCE_READ, WANTED_UNCHANGED, "unchanged"},
        {PRESENCE_NOT_READ, WANTED_SUSPENDED, "suspended"},
        /* Not asked, nothing known: what was wanted before stands. */
        {PRESENCE_NOT_READ, WANTED_UNCHANGED, "active"},
};

START_TEST(the_record_keeps_what_the_last_decision_wanted)
{
	const struct wanted_case *row = &WANTED_CASES[_i];

	read_at(now_ms, 0);
	fixture.run.presence = row->presence;
	ck_assert(str_copy(fixture.employee.wanted, sizeof(fixture.employee.wanted), "active"));
	decide(row->wanted);
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_str_eq(fixture.employee.wanted, row->kept);
}
END_TEST

START_TEST(a_revocation_carried_out_goes_on_as_a_leaver)
{
	read_at(now_ms, 0);
	fixture.run.has_plan = true;
	fixture.run.plan.lane = LANE_REVOKE;
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_eq(fixture.employee.lane, LANE_LEAVE);
}
END_TEST

START_TEST(news_during_the_run_keep_the_employee_dirty)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	read_at(now_ms, 0);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, NULL));
	settle_as(RUN_ENDS_WELL, "");
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_lt(fixture.employee.settled_generation, fixture.employee.generation);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, each_end_has_its_state_and_its_price, 0, ARRAY_SIZE(END_CASES));
	tcase_add_test(tcase, a_lost_lease_writes_nothing);
	tcase_add_test(tcase, a_refund_never_goes_below_nothing);
	tcase_add_loop_test(tcase, a_transient_failure_is_given_up_by_age_and_leavers_never, 0,
	        ARRAY_SIZE(AGE_CASES));
	tcase_add_test(tcase, a_failure_is_still_looked_at_when_its_date_comes);
	tcase_add_test(tcase, a_failure_without_a_date_keeps_the_known_one);
	tcase_add_loop_test(tcase, only_a_read_late_enough_settles_and_else_there_is_a_second_look,
	        0, ARRAY_SIZE(LOOK_CASES));
	tcase_add_test(tcase, the_second_look_is_after_the_wait_and_gathered_with_others);
	tcase_add_test(tcase, a_second_look_is_never_in_the_past);
	tcase_add_test(tcase, what_was_read_empty_is_read_again);
	tcase_add_loop_test(tcase, somebody_absent_is_looked_for_again_and_then_daily, 0, 2);
	tcase_add_loop_test(tcase, a_date_that_came_while_somebody_was_absent_is_served, 0, 2);
	tcase_add_loop_test(tcase, who_was_closed_is_back_only_by_a_read_that_settles, 0, 2);
	tcase_add_test(tcase, a_good_run_forgets_the_bad_ones_and_notes_the_date);
	tcase_add_loop_test(tcase, whoever_has_a_date_ahead_is_read_daily_behind_everybody_else, 0,
	        ARRAY_SIZE(DAILY_CASES));
	tcase_add_test(tcase, a_step_that_asks_for_another_look_gets_it);
	tcase_add_loop_test(
	        tcase, the_record_keeps_what_the_last_decision_wanted, 0, ARRAY_SIZE(WANTED_CASES));
	tcase_add_test(tcase, a_revocation_carried_out_goes_on_as_a_leaver);
	tcase_add_test(tcase, news_during_the_run_keep_the_employee_dirty);
}

int main(void)
{
	Suite *suite = suite_create("settle");
	TCase *tcase = tcase_create("settle");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
