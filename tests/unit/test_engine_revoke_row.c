/* SPDX-License-Identifier: MIT */
/* Is a termination behind an immediate revocation? Bob's lifecycle table tells, or does not. */
#include "server/engine/revoke_row.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define TODAY 20783 /* 2026-11-26 */

static struct engine_fixture fixture;
static int64_t now_ms;

/* ------------------------------------------------------------------ one row */

static const struct row_case {
	const char *row;
	bool ends;
} ROW_CASES[] = {
        {"{\"status\":\"Terminated\",\"effectiveDate\":\"2026-11-26\"}", true},
        {"{\"status\":\"terminated\",\"effectiveDate\":\"2027-03-31\"}", true},
        {"{\"status\":\"Garden leave\",\"effectiveDate\":\"2026-12-01\"}", true},
        {"{\"status\":\"terminated\",\"effectiveDate\":\"2026-11-19\"}", true},
        /* An employment that ended before this one began. */
        {"{\"status\":\"terminated\",\"effectiveDate\":\"2026-11-18\"}", false},
        {"{\"status\":\"employed\",\"effectiveDate\":\"2026-12-01\"}", false},
        {"{\"status\":\"parental leave\",\"effectiveDate\":\"2026-12-01\"}", false},
        {"{\"status\":\"terminated\"}", false},
        {"{\"status\":\"terminated\",\"effectiveDate\":\"soon\"}", false},
        {"{\"effectiveDate\":\"2026-12-01\"}", false},
        {"[]", false},
};

START_TEST(a_row_ends_the_employment_or_not)
{
	json_t *row = json_loads(ROW_CASES[_i].row, 0, NULL);

	ck_assert_ptr_nonnull(row);
	ck_assert_msg(revoke_row_ends(row, TODAY) == ROW_CASES[_i].ends, "%s", ROW_CASES[_i].row);
	json_decref(row);
}
END_TEST

/* ------------------------------------------------------------------- a run */

static void set_revoked(struct employee *employee)
{
	employee->lowered = LOWER_REVOKED;
	revoke_row_want(employee);
}

/* Suspended by a revocation that was carried out. */
static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
	now_ms = clock_wall_ms();
	engine_fixture_link(&fixture, ACCOUNT_SUSPENDED);
	engine_fixture_change(&fixture, FIXTURE_PERSON, set_revoked);
	engine_fixture_hold(&fixture, FIXTURE_PERSON, HOLD_REVOKED, "access was revoked");
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static const char NO_ROW[] =
        "{\"values\":[{\"status\":\"employed\",\"effectiveDate\":\"2024-03-04\"}]}";
static const char FUTURE_ROW[] =
        "{\"values\":[{\"status\":\"employed\",\"effectiveDate\":\"2024-03-04\"},"
        "{\"status\":\"terminated\",\"effectiveDate\":\"2099-03-31\"}]}";

static void read_with(const char *history, int status)
{
	fixture.bob_history = history;
	fixture.bob_history_status = status;
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_SUSPENDED);
}

/* As if the last answer was that long ago. */
static int64_t earlier_ms;

static void set_earlier(struct employee *employee)
{
	employee->revoke_row_asked_at_ms -= earlier_ms;
}

static void wait_for(int64_t wait_ms)
{
	earlier_ms = wait_ms;
	engine_fixture_change(&fixture, FIXTURE_PERSON, set_earlier);
}

START_TEST(a_future_termination_is_found)
{
	read_with(FUTURE_ROW, 200);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_FOUND);
	/* And not asked for again. */
	read_with(NO_ROW, 200);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_FOUND);
	ck_assert_uint_eq(engine_fixture_history_reads(&fixture), 1);
}
END_TEST

START_TEST(two_reads_far_enough_apart_make_it_missing)
{
	read_with(NO_ROW, 200);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_WANTED);
	ck_assert_int_ge(fixture.employee.revoke_row_asked_at_ms, now_ms);
	ck_assert_int_ge(fixture.employee.reread_at_ms, now_ms + REVOKE_ROW_AGAIN_MS);
	ck_assert_int_le(fixture.employee.reread_at_ms, clock_wall_ms() + REVOKE_ROW_AGAIN_MS);
	/* Too early: Bob may still show old values. */
	read_with(NO_ROW, 200);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_WANTED);
	ck_assert_uint_eq(engine_fixture_history_reads(&fixture), 1);
	wait_for(REVOKE_ROW_AGREES_MS);
	read_with(NO_ROW, 200);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_MISSING);
	ck_assert_ptr_nonnull(strstr(fixture.employee.last_sentence, "no termination behind it"));
	/* It goes on saying so, and asks again only when something came for the person. */
	read_with(FUTURE_ROW, 200);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_MISSING);
	ck_assert_ptr_nonnull(strstr(fixture.employee.last_sentence, "no termination behind it"));
	ck_assert_uint_eq(engine_fixture_history_reads(&fixture), 2);
	wait_for(1); /* not in the millisecond of the delivery */
	store_fixture_deliver(fixture.store, "{\"n\":1}", FIXTURE_PERSON, LANE_UPDATE);
	read_with(FUTURE_ROW, 200);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_FOUND);
}
END_TEST

static const struct unanswered_case {
	const char *history;
	int status;
	int64_t again_ms;
	const char *sentence;
} UNANSWERED_CASES[] = {
        {"{}", 500, 5 * 60000LL, ""},
        {"{\"values\":7}", 200, 5 * 60000LL, ""},
        {"{}", 404, 5 * 60000LL, ""},
        {"{\"error\":\"no\"}", 403, 24 * 3600000LL, "may not read the lifecycle history"},
};

START_TEST(an_answer_that_did_not_come_is_no_evidence)
{
	const struct unanswered_case *row = &UNANSWERED_CASES[_i];

	for (int i = 0; i < 2; i++) {
		wait_for(REVOKE_ROW_AGREES_MS);
		read_with(row->history, row->status);
		ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_WANTED);
		ck_assert_int_ge(fixture.employee.reread_at_ms, now_ms + row->again_ms);
		ck_assert_ptr_nonnull(strstr(fixture.employee.last_sentence, row->sentence));
		/* Bob itself works. */
		ck_assert(!connection_is_bob_parked(fixture.connection));
	}
	/* Bob's firewall does not like to refuse twice. */
	ck_assert_uint_eq(engine_fixture_history_reads(&fixture), row->status == 403 ? 1 : 2);
}
END_TEST

START_TEST(a_leaver_answers_the_question)
{
	fixture.bob_history_status = 500;
	engine_fixture_answer(&fixture, "POST", "/lifecycle/deactivate", "{}");
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	engine_fixture_run(&fixture, engine_fixture_person("{\"lifecycle\":\"terminated\"}"));
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_FOUND);
	ck_assert_uint_eq(engine_fixture_history_reads(&fixture), 0);
}
END_TEST

START_TEST(a_release_ends_the_question)
{
	struct hold_decision release = {
	        .key = store_fixture_key(FIXTURE_PERSON), .kind = HOLD_REVOKED, .by = "test"};

	ck_assert(store_hold_release(fixture.store, &release, NULL));
	engine_fixture_answer(&fixture, "POST", "/lifecycle/unsuspend", "{}");
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_ACTIVE);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_NONE);
	ck_assert_uint_eq(engine_fixture_history_reads(&fixture), 0);
}
END_TEST

static void set_pending(struct employee *employee)
{
	employee->revoke_triggered_at_ms = clock_wall_ms();
	employee->lowered = LOWER_NONE;
	employee->lowered_at_ms = 0;
	revoke_row_forget(employee);
}

START_TEST(a_revocation_that_is_carried_out_wants_the_row)
{
	engine_fixture_change(&fixture, FIXTURE_PERSON, set_pending);
	engine_fixture_answer(&fixture, "POST", "/lifecycle/suspend", "{}");
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	engine_fixture_run(&fixture, NULL);
	ck_assert_int_eq(fixture.employee.lowered, LOWER_REVOKED);
	ck_assert_int_ge(fixture.employee.lowered_at_ms, now_ms);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_WANTED);
	/* It waited for no question to Bob. */
	ck_assert_uint_eq(engine_fixture_history_reads(&fixture), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("revoke_row");
	TCase *rows = tcase_create("rows");
	TCase *runs = tcase_create("runs");

	tcase_add_loop_test(rows, a_row_ends_the_employment_or_not, 0, ARRAY_SIZE(ROW_CASES));
	suite_add_tcase(suite, rows);
	tcase_add_checked_fixture(runs, set_up, tear_down);
	tcase_set_timeout(runs, 30);
	tcase_add_test(runs, a_future_termination_is_found);
	tcase_add_test(runs, two_reads_far_enough_apart_make_it_missing);
	tcase_add_loop_test(
	        runs, an_answer_that_did_not_come_is_no_evidence, 0, ARRAY_SIZE(UNANSWERED_CASES));
	tcase_add_test(runs, a_leaver_answers_the_question);
	tcase_add_test(runs, a_release_ends_the_question);
	tcase_add_test(runs, a_revocation_that_is_carried_out_wants_the_row);
	suite_add_tcase(suite, runs);
	return suite_run(suite);
}
