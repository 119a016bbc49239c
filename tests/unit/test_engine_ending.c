/* SPDX-License-Identifier: MIT */
/* Leavers whose time comes while Bob cannot be read (L6). */
#include "server/engine/ending.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define UNREAD  "bob_unread_since_ms"

static struct engine_fixture fixture;
static struct ending ending;
static int64_t now_ms;

static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
	now_ms = clock_wall_ms();
	ending_start(&ending, fixture.engine, fixture.connection);
}

static void tear_down(void)
{
	struct work *work = work_queue_drain(&fixture.engine->queue);

	while (work != NULL) {
		work_destroy(work);
		work = work_queue_drain(&fixture.engine->queue);
	}
	engine_fixture_stop(&fixture);
}

static void tell(enum call_class call_class, int http_status)
{
	struct call_outcome outcome = engine_fixture_outcome(call_class, http_status);

	connection_bob_outcome(fixture.connection, &outcome);
}

/* Bob has been away for that long. */
static void away_for(int64_t ms)
{
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->bob_unread_since_ms = now_ms - ms;
	monitor_unlock(&fixture.connection->monitor);
}

static const struct outcome_case {
	enum call_class call_class;
	int http_status;
	bool is_away;
} OUTCOME_CASES[] = {
        {CALL_DONE, 200, false},
        {CALL_RETRY_LATER, 500, true},
        {CALL_RETRY_LATER, 0, true},
        {CALL_RETRY_AT, 429, true},
        {CALL_STOP_CREDENTIALS, 401, true},
        {CALL_STOP_CONFIG, 403, true},
        /* We stopped it. */
        {CALL_ABORTED, 0, false},
};

START_TEST(an_outage_begins_with_the_first_failure_and_ends_with_a_read)
{
	tell(OUTCOME_CASES[_i].call_class, OUTCOME_CASES[_i].http_status);
	int64_t since_ms = connection_bob_unread_since_ms(fixture.connection);
	ck_assert((since_ms != 0) == OUTCOME_CASES[_i].is_away);
	if (since_ms != 0) {
		away_for(HOUR_MS);
		tell(CALL_RETRY_LATER, 500);
		ck_assert_int_eq(
		        connection_bob_unread_since_ms(fixture.connection), now_ms - HOUR_MS);
	}
	tell(CALL_DONE, 200);
	ck_assert_int_eq(connection_bob_unread_since_ms(fixture.connection), 0);
}
END_TEST

START_TEST(a_restart_does_not_count_anew)
{
	struct ending again;
	char *text = NULL;

	away_for(3 * HOUR_MS);
	ending_look(&ending, fixture.engine, fixture.connection);
	away_for(0);
	ending_start(&again, fixture.engine, fixture.connection);
	ck_assert_int_eq(connection_bob_unread_since_ms(fixture.connection), now_ms - 3 * HOUR_MS);
	/* Once Bob answers it is forgotten. */
	tell(CALL_DONE, 200);
	ending_look(&again, fixture.engine, fixture.connection);
	ck_assert(!store_value_get(fixture.store, "default", UNREAD, &text, NULL));
	ck_assert_ptr_null(text);
}
END_TEST

START_TEST(what_an_earlier_process_saw_does_not_outdo_a_read)
{
	tell(CALL_DONE, 200);
	connection_note_bob_unread(fixture.connection, now_ms - HOUR_MS);
	ck_assert_int_eq(connection_bob_unread_since_ms(fixture.connection), 0);
}
END_TEST

/* ------------------------------------------------------------- handing over */

static const struct end_case {
	const char *name;
	int64_t away_ms;
	int64_t ended_ago_ms; /* the confirmed end; INT64_MIN: none */
	int64_t ran_ago_ms;
	enum account_status status;
	bool is_handed;
	int64_t due_ago_ms; /* what the last run said; 0: nothing */
} END_CASES[] = {
        {"due", 4 * HOUR_MS, HOUR_MS, 5 * HOUR_MS, ACCOUNT_ACTIVE, true, 0},
        {"not activated yet", 4 * HOUR_MS, HOUR_MS, 5 * HOUR_MS, ACCOUNT_STAGED, true, 0},
        {"Bob may come back", 4 * HOUR_MS - 60000, HOUR_MS, 5 * HOUR_MS, ACCOUNT_ACTIVE, false, 0},
        {"to come", 5 * HOUR_MS, -60000, 5 * HOUR_MS, ACCOUNT_ACTIVE, false, 0},
        {"no end", 5 * HOUR_MS, INT64_MIN, 5 * HOUR_MS, ACCOUNT_ACTIVE, false, 0},
        {"looked at within the hour", 5 * HOUR_MS, HOUR_MS, HOUR_MS - 60000, ACCOUNT_ACTIVE, false,
                0},
        {"due since that look", 5 * HOUR_MS, HOUR_MS, HOUR_MS / 2, ACCOUNT_ACTIVE, true, 60000},
        {"due before that look", 5 * HOUR_MS, HOUR_MS, HOUR_MS / 2, ACCOUNT_ACTIVE, false, HOUR_MS},
        {"closed", 5 * HOUR_MS, HOUR_MS, 5 * HOUR_MS, ACCOUNT_SUSPENDED, false, 0},
        {"closed for good", 5 * HOUR_MS, HOUR_MS, 5 * HOUR_MS, ACCOUNT_DEPROVISIONED, false, 0},
};
static const struct end_case *present_case;

static void set_end(struct employee *employee)
{
	bool has_end = present_case->ended_ago_ms != INT64_MIN;

	employee->confirmed_end_ms = has_end ? now_ms - present_case->ended_ago_ms : 0;
	employee->confirmed_at_ms = now_ms - 6 * HOUR_MS;
	employee->policy_due_at_ms =
	        present_case->due_ago_ms != 0 ? now_ms - present_case->due_ago_ms : 0;
	employee->last_run_at_ms = now_ms - present_case->ran_ago_ms;
}

static void make_case(const struct end_case *row)
{
	present_case = row;
	engine_fixture_link(&fixture, row->status);
	engine_fixture_change(&fixture, FIXTURE_PERSON, set_end);
	away_for(row->away_ms);
}

START_TEST(who_is_due_is_handed_over_unread)
{
	const struct end_case *row = &END_CASES[_i];

	make_case(row);
	ending_look(&ending, fixture.engine, fixture.connection);
	struct work *work = work_queue_drain(&fixture.engine->queue);
	ck_assert_msg((work != NULL) == row->is_handed, "%s", row->name);
	if (work == NULL) {
		return;
	}
	ck_assert_str_eq(work->employee.key.employee_id, FIXTURE_PERSON);
	ck_assert_int_eq(work->presence, PRESENCE_NOT_READ);
	ck_assert_int_eq(work->employee.lane, LANE_LEAVE);
	work_destroy(work);
	/* Working: not a second time, and not at every turn. */
	ending_look(&ending, fixture.engine, fixture.connection);
	ck_assert_ptr_null(work_queue_drain(&fixture.engine->queue));
	ending.looked_at_ms = 0;
	ending_look(&ending, fixture.engine, fixture.connection);
	ck_assert_ptr_null(work_queue_drain(&fixture.engine->queue));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ending");
	TCase *tcase = tcase_create("ending");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, an_outage_begins_with_the_first_failure_and_ends_with_a_read, 0,
	        ARRAY_SIZE(OUTCOME_CASES));
	tcase_add_test(tcase, a_restart_does_not_count_anew);
	tcase_add_test(tcase, what_an_earlier_process_saw_does_not_outdo_a_read);
	tcase_add_loop_test(tcase, who_is_due_is_handed_over_unread, 0, ARRAY_SIZE(END_CASES));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
