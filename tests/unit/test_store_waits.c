/* SPDX-License-Identifier: MIT */
/* Rows that refer to a colleague's account, and what rows could not do. */
#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

#define MANAGER "7"
#define REPORT  "8"
#define OTHER   "9"

static struct store *store;

static void setup(void)
{
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store_fixture_clean();
}

static void finish_waiting(const char *employee_id, const char *waits_for)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(employee_id);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, &err));
	struct employee employee = store_fixture_claim(store, employee_id);
	free(employee.waits_for);
	employee.waits_for = str_dup(waits_for);
	ck_assert_msg(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err), "%s", err.text);
	employee_finish(&employee);
}

static enum employee_state state_of(const char *employee_id)
{
	struct employee employee = store_fixture_get(store, employee_id);
	enum employee_state state = employee.state;
	employee_finish(&employee);
	return state;
}

/* Claims the manager and creates the account, as a worker does. */
static void create_account(enum outcome_state state)
{
	struct limit_set unlimited = {0};
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(MANAGER);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, &err));
	struct employee manager = store_fixture_claim(store, MANAGER);
	struct intent intent = store_fixture_intent(&manager, ACTION_CREATE, LIMIT_CREATE);
	ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, &err), INTENT_OPEN);
	if (state == OUTCOME_DONE) {
		ck_assert(str_copy(manager.okta_id, sizeof(manager.okta_id), "00u1"));
	}
	struct outcome outcome = {
	        .intent_id = intent.intent_id, .lease_token = manager.lease_token, .state = state};
	ck_assert_msg(store_intent_close(store, &outcome, &manager, &err), "%s", err.text);
	intent_finish(&intent);
	employee_finish(&manager);
}

static const struct {
	const char *waits_for;
	enum outcome_state outcome;
	enum employee_state state;
} WAIT_CASES[] = {
        {MANAGER, OUTCOME_DONE, EMPLOYEE_DIRTY},
        {OTHER "," MANAGER, OUTCOME_DONE, EMPLOYEE_DIRTY},
        {MANAGER, OUTCOME_REFUSED, EMPLOYEE_IDLE},
        {OTHER, OUTCOME_DONE, EMPLOYEE_IDLE},
        {NULL, OUTCOME_DONE, EMPLOYEE_IDLE},
};

START_TEST(a_new_account_marks_those_who_wait_for_it)
{
	finish_waiting(REPORT, WAIT_CASES[_i].waits_for);
	create_account(WAIT_CASES[_i].outcome);
	ck_assert_int_eq(state_of(REPORT), WAIT_CASES[_i].state);
}
END_TEST

START_TEST(who_waits_no_longer_is_not_marked)
{
	finish_waiting(REPORT, MANAGER);
	finish_waiting(REPORT, NULL);
	create_account(OUTCOME_DONE);
	ck_assert_int_eq(state_of(REPORT), EMPLOYEE_IDLE);
}
END_TEST

START_TEST(an_account_that_came_during_the_run_is_not_missed)
{
	create_account(OUTCOME_DONE);
	finish_waiting(REPORT, MANAGER);
	ck_assert_int_eq(state_of(REPORT), EMPLOYEE_DIRTY);
}
END_TEST

START_TEST(an_update_of_an_account_marks_nobody)
{
	struct limit_set unlimited = {0};
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(MANAGER);
	store_fixture_link(store, MANAGER, "00u1", "a@example.com", ACCOUNT_ACTIVE);
	finish_waiting(REPORT, MANAGER);
	struct employee before = store_fixture_get(store, REPORT);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, &err));
	struct employee manager = store_fixture_claim(store, MANAGER);
	struct intent intent = store_fixture_intent(&manager, ACTION_UPDATE, LIMIT_NONE);
	ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, &err), INTENT_OPEN);
	struct outcome outcome = {.intent_id = intent.intent_id,
	        .lease_token = manager.lease_token,
	        .state = OUTCOME_DONE};
	ck_assert(store_intent_close(store, &outcome, &manager, &err));
	struct employee after = store_fixture_get(store, REPORT);
	ck_assert_int_eq(after.generation, before.generation);
	employee_finish(&before);
	employee_finish(&after);
	intent_finish(&intent);
	employee_finish(&manager);
}
END_TEST

/* As a worker renames the manager, or finds out that somebody did. */
enum rename { RENAMED_BY_US, RENAMED_BY_HAND, SAME_LOGIN };

static void rename_manager(enum rename how)
{
	static const char CHANGED[] = "{\"login\":\"b@example.com\"}";
	static const char SAME[] = "{\"login\":\"A@example.com\",\"title\":\"Lead\"}";
	struct limit_set unlimited = {0};
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(MANAGER);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, &err));
	struct employee manager = store_fixture_claim(store, MANAGER);
	ck_assert(personal_set(&manager.present_profile, how == SAME_LOGIN ? SAME : CHANGED));
	if (how == RENAMED_BY_HAND) {
		ck_assert(store_employee_finish(store, &manager, EMPLOYEE_IDLE, &err));
	} else {
		struct intent intent = store_fixture_intent(&manager, ACTION_UPDATE, LIMIT_NONE);
		ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, &err), INTENT_OPEN);
		struct outcome outcome = {.intent_id = intent.intent_id,
		        .lease_token = manager.lease_token,
		        .state = OUTCOME_DONE};
		ck_assert_msg(store_intent_close(store, &outcome, &manager, &err), "%s", err.text);
		intent_finish(&intent);
	}
	employee_finish(&manager);
}

static void finish_referring(const char *employee_id, const char *refers_to)
{
	struct employee_key key = store_fixture_key(employee_id);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	struct employee employee = store_fixture_claim(store, employee_id);
	free(employee.refers_to);
	employee.refers_to = str_dup(refers_to);
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, NULL));
	employee_finish(&employee);
}

static const struct {
	const char *refers_to;
	enum rename how;
	enum employee_state state;
} RENAME_CASES[] = {
        {MANAGER, RENAMED_BY_US, EMPLOYEE_DIRTY},
        {OTHER "," MANAGER, RENAMED_BY_US, EMPLOYEE_DIRTY},
        {MANAGER, RENAMED_BY_HAND, EMPLOYEE_DIRTY},
        {MANAGER, SAME_LOGIN, EMPLOYEE_IDLE},
        {OTHER, RENAMED_BY_US, EMPLOYEE_IDLE},
        {NULL, RENAMED_BY_US, EMPLOYEE_IDLE},
};

START_TEST(another_login_marks_those_whose_rows_used_it)
{
	store_fixture_link(store, MANAGER, "00u1", "a@example.com", ACCOUNT_ACTIVE);
	finish_referring(REPORT, MANAGER);
	finish_referring(REPORT, RENAME_CASES[_i].refers_to);
	ck_assert_int_eq(state_of(REPORT), EMPLOYEE_IDLE);
	rename_manager(RENAME_CASES[_i].how);
	ck_assert_int_eq(state_of(REPORT), RENAME_CASES[_i].state);
}
END_TEST

START_TEST(people_with_row_problems_are_counted)
{
	static const char PROBLEMS[] =
	        "[{\"okta\":\"title\",\"reason\":\"61 characters, Okta takes 50\","
	        "\"state\":\"failed\"}]";
	struct store_counts counts;
	struct err err = ERR_INIT;
	finish_waiting(OTHER, NULL);
	finish_waiting(REPORT, NULL);
	struct employee employee = store_fixture_claim(store, REPORT);
	employee.row_problems = str_dup(PROBLEMS);
	employee.again_since_ms = 12345;
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	employee_finish(&employee);
	employee = store_fixture_get(store, REPORT);
	ck_assert_str_eq(employee.row_problems, PROBLEMS);
	ck_assert_int_eq(employee.again_since_ms, 12345);
	employee_finish(&employee);
	ck_assert(store_counts(store, "default", &counts, &err));
	ck_assert_int_eq(counts.row_problems, 1);
	ck_assert(store_counts(store, "another", &counts, &err));
	ck_assert_int_eq(counts.row_problems, 0);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("store_waits");
	TCase *waits = tcase_create("waits");
	tcase_add_checked_fixture(waits, setup, teardown);
	tcase_add_loop_test(waits, a_new_account_marks_those_who_wait_for_it, 0,
	        (int)(sizeof(WAIT_CASES) / sizeof(WAIT_CASES[0])));
	tcase_add_test(waits, who_waits_no_longer_is_not_marked);
	tcase_add_test(waits, an_account_that_came_during_the_run_is_not_missed);
	tcase_add_test(waits, an_update_of_an_account_marks_nobody);
	tcase_add_loop_test(waits, another_login_marks_those_whose_rows_used_it, 0,
	        (int)(sizeof(RENAME_CASES) / sizeof(RENAME_CASES[0])));
	tcase_add_test(waits, people_with_row_problems_are_counted);
	suite_add_tcase(suite, waits);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
