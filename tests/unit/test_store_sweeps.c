/* SPDX-License-Identifier: MIT */
#include "server/store/sweeps.h"

#include "server/base/str.h"
#include "server/store/scratch_sweep.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static struct store *store;
static struct err err;

static void set_up(void)
{
	err = (struct err)ERR_INIT;
	store = store_fixture_open();
}

static void tear_down(void)
{
	store_close(store);
	store_fixture_clean();
}

static int64_t ask(enum sweep_cause cause, bool accepts, bool *is_new)
{
	struct sweep wanted = {.connection = "default", .cause = cause, .accepts_shorter = accepts};

	ck_assert_msg(store_sweep_ask(store, &wanted, is_new, &err), "%s", err.text);
	return wanted.sweep_id;
}

static struct sweep get(int64_t id)
{
	struct sweep sweep;

	ck_assert_msg(store_sweep_get(store, id, &sweep, &err), "%s", err.text);
	return sweep;
}

static void end_as(int64_t id, enum sweep_state state, int64_t ended_at_ms)
{
	struct sweep sweep = get(id);

	sweep.state = state;
	sweep.ended_at_ms = ended_at_ms;
	ck_assert_msg(store_sweep_write(store, &sweep, &err), "%s", err.text);
	sweep_finish(&sweep);
}

START_TEST(one_sweep_at_a_time_waits_or_runs)
{
	bool is_new = false;
	int64_t first = ask(SWEEP_NIGHTLY, false, &is_new);

	ck_assert(is_new);
	ck_assert_int_eq(ask(SWEEP_BY_HAND, true, &is_new), first);
	ck_assert(!is_new);
	struct sweep sweep = get(first);
	ck_assert_int_eq(sweep.cause, SWEEP_NIGHTLY);
	ck_assert(sweep.accepts_shorter);
	ck_assert_int_gt(sweep.asked_at_ms, 0);
	sweep_finish(&sweep);
	end_as(first, SWEEP_RUNNING, 0);
	ck_assert_int_eq(ask(SWEEP_BY_HAND, false, &is_new), first);
	end_as(first, SWEEP_DONE, 7);
	ck_assert_int_ne(ask(SWEEP_BY_HAND, false, &is_new), first);
	ck_assert(is_new);
}
END_TEST

START_TEST(what_was_cut_off_waits_again)
{
	int64_t id = ask(SWEEP_SILENCE, false, NULL);

	end_as(id, SWEEP_RUNNING, 0);
	ck_assert(store_sweep_void(store, &err));
	struct sweep sweep;
	ck_assert(store_sweep_newest(store, "default", SWEEP_WAITING, &sweep, &err));
	ck_assert_int_eq(sweep.sweep_id, id);
	ck_assert_int_eq(sweep.cause, SWEEP_SILENCE);
	sweep_finish(&sweep);
	ck_assert(!store_sweep_newest(store, "other", SWEEP_STATE_COUNT, &sweep, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(faults_count_from_the_last_good_one)
{
	int64_t faults = 0;
	int64_t ended_ms = 0;

	end_as(ask(SWEEP_NIGHTLY, false, NULL), SWEEP_FAULT, 10);
	end_as(ask(SWEEP_NIGHTLY, false, NULL), SWEEP_DONE, 20);
	ck_assert(store_sweep_faults(store, "default", &faults, &ended_ms, &err));
	ck_assert_int_eq(faults, 0);
	end_as(ask(SWEEP_NIGHTLY, false, NULL), SWEEP_FAULT, 30);
	end_as(ask(SWEEP_REPEAT, false, NULL), SWEEP_FAULT, 40);
	ck_assert(store_sweep_faults(store, "default", &faults, &ended_ms, &err));
	ck_assert_int_eq(faults, 2);
	ck_assert_int_eq(ended_ms, 40);
}
END_TEST

static void add_finding(struct scratch *scratch, enum finding_kind kind, const char *id)
{
	struct finding finding = {.kind = kind};

	ck_assert(str_copy(finding.employee_id, sizeof(finding.employee_id), id));
	ck_assert(personal_set(&finding.login, "a@example.com"));
	ck_assert(scratch_add_finding(scratch, &finding, &err));
	finding_finish(&finding);
}

START_TEST(findings_go_from_the_scratch_into_the_store)
{
	struct scratch *scratch = scratch_open(store, &err);
	struct finding_list findings;
	int64_t id = ask(SWEEP_NIGHTLY, false, NULL);

	add_finding(scratch, FINDING_DRIFT, "1");
	add_finding(scratch, FINDING_CHANGE, "2");
	add_finding(scratch, FINDING_DRIFT, "3");
	ck_assert(scratch_next_findings(scratch, 0, 2, &findings, &err));
	ck_assert_uint_eq(findings.count, 2);
	int64_t after_id = findings.items[1].finding_id;
	ck_assert(store_sweep_findings_add(store, id, &findings, &err));
	finding_list_finish(&findings);
	ck_assert(scratch_next_findings(scratch, after_id, 2, &findings, &err));
	ck_assert_uint_eq(findings.count, 1);
	ck_assert(store_sweep_findings_add(store, id, &findings, &err));
	finding_list_finish(&findings);
	struct findings_query query = {.sweep_id = id, .kind = FINDING_DRIFT, .limit = 1};
	ck_assert(store_sweep_findings(store, &query, &findings, &err));
	ck_assert_uint_eq(findings.count, 1);
	ck_assert_str_eq(findings.items[0].employee_id, "1");
	ck_assert_str_eq(personal_reveal(&findings.items[0].login), "a@example.com");
	query.after_id = findings.items[0].finding_id;
	finding_list_finish(&findings);
	ck_assert(store_sweep_findings(store, &query, &findings, &err));
	ck_assert_str_eq(findings.items[0].employee_id, "3");
	finding_list_finish(&findings);
	scratch_close(scratch);
}
END_TEST

START_TEST(a_mark_keeps_the_larger_doubt)
{
	struct scratch *scratch = scratch_open(store, &err);
	struct scratch_mark marks[4];
	size_t count = 0;

	ck_assert(scratch_add_mark(scratch, "2", DOUBT_USER, &err));
	ck_assert(scratch_add_mark(scratch, "1", DOUBT_NONE, &err));
	ck_assert(scratch_add_mark(scratch, "2", DOUBT_STATUS, &err));
	ck_assert(scratch_next_marks(scratch, "", marks, 4, &count, &err));
	ck_assert_uint_eq(count, 2);
	ck_assert_str_eq(marks[1].employee_id, "2");
	ck_assert_int_eq(marks[1].doubt, DOUBT_USER);
	scratch_close(scratch);
}
END_TEST

START_TEST(a_mark_is_dirty_at_sweep_priority_with_its_doubt)
{
	struct sweep_mark marks[2] = {{.key = store_fixture_key("1"), .doubt = DOUBT_USER},
	        {.key = store_fixture_key("2")}};

	ck_assert(store_sweep_mark(store, marks, 2, &err));
	marks[0].doubt = DOUBT_STATUS;
	ck_assert(store_sweep_mark(store, marks, 2, &err));
	struct employee one = store_fixture_get(store, "1");
	struct employee two = store_fixture_get(store, "2");
	ck_assert_int_eq(one.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(one.lane, LANE_SWEEP);
	ck_assert_int_eq(one.doubt, DOUBT_USER);
	ck_assert_int_eq(two.doubt, DOUBT_NONE);
	employee_finish(&one);
	employee_finish(&two);
}
END_TEST

/* A doubt that comes while somebody is worked on outlives that run. */
START_TEST(a_run_does_not_take_back_a_newer_doubt)
{
	struct sweep_mark mark = {.key = store_fixture_key("1"), .doubt = DOUBT_STATUS};

	ck_assert(store_employee_mark(store, &mark.key, LANE_UPDATE, NULL, &err));
	struct employee employee = store_fixture_claim(store, "1");
	ck_assert(store_sweep_mark(store, &mark, 1, &err));
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	employee_finish(&employee);
	employee = store_fixture_claim(store, "1");
	ck_assert_int_eq(employee.doubt, DOUBT_STATUS);
	employee.doubt = DOUBT_NONE;
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	employee_finish(&employee);
	employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.doubt, DOUBT_NONE);
	employee_finish(&employee);
}
END_TEST

START_TEST(a_status_is_taken_over_only_where_no_run_came_between)
{
	store_fixture_link(store, "1", "00u1", "a@example.com", ACCOUNT_PROVISIONED);
	struct employee employee = store_fixture_get(store, "1");
	struct sweep_status status = {.key = employee.key,
	        .status = ACCOUNT_ACTIVE,
	        .last_run_at_ms = employee.last_run_at_ms + 1};

	employee_finish(&employee);
	ck_assert(store_sweep_take_status(store, &status, 1, &err));
	employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.present_status, ACCOUNT_PROVISIONED);
	status.last_run_at_ms--;
	employee_finish(&employee);
	ck_assert(store_sweep_take_status(store, &status, 1, &err));
	employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.present_status, ACCOUNT_ACTIVE);
	ck_assert_int_eq(employee.state, EMPLOYEE_IDLE);
	employee_finish(&employee);
}
END_TEST

START_TEST(people_who_share_an_address_or_a_number_are_found)
{
	static const char *const PEOPLE[][3] = {{"1", "a@example.com", "7"},
	        {"2", "A@Example.com", "8"}, {"3", "c@example.com", "8"}, {"4", NULL, NULL},
	        {"5", NULL, NULL}};
	struct scratch *scratch = scratch_open(store, &err);
	struct scratch_ids ids;

	for (size_t i = 0; i < ARRAY_SIZE(PEOPLE); i++) {
		ck_assert(scratch_add_employee(scratch, PEOPLE[i][0], &err) &&
		        scratch_note_person(
		                scratch, PEOPLE[i][0], PEOPLE[i][1], PEOPLE[i][2], &err));
	}
	ck_assert(scratch_next_shared(scratch, SCRATCH_SHARED_EMAIL, "", &ids, &err));
	ck_assert_uint_eq(ids.count, 2);
	ck_assert_str_eq(ids.items[1], "2");
	scratch_ids_finish(&ids);
	ck_assert(scratch_next_shared(scratch, SCRATCH_SHARED_NUMBER, "2", &ids, &err));
	ck_assert_uint_eq(ids.count, 1);
	ck_assert_str_eq(ids.items[0], "3");
	scratch_ids_finish(&ids);
	scratch_close(scratch);
}
END_TEST

START_TEST(the_rhythm_of_deliveries_is_told)
{
	struct delivery_rhythm rhythm;

	ck_assert(store_delivery_rhythm(store, "default", 0, &rhythm, &err));
	ck_assert_int_eq(rhythm.last_at_ms, 0);
	store_fixture_deliver(store, "one", "1", LANE_UPDATE);
	store_fixture_deliver(store, "two", "1", LANE_UPDATE);
	ck_assert(store_delivery_rhythm(store, "default", 0, &rhythm, &err));
	ck_assert_int_gt(rhythm.last_at_ms, 0);
	ck_assert_int_lt(rhythm.longest_gap_ms, 60000);
	ck_assert(store_delivery_rhythm(store, "default", rhythm.last_at_ms + 1, &rhythm, &err));
	ck_assert_int_eq(rhythm.last_at_ms, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_sweeps");
	TCase *tcase = tcase_create("sweeps");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, one_sweep_at_a_time_waits_or_runs);
	tcase_add_test(tcase, what_was_cut_off_waits_again);
	tcase_add_test(tcase, faults_count_from_the_last_good_one);
	tcase_add_test(tcase, findings_go_from_the_scratch_into_the_store);
	tcase_add_test(tcase, a_mark_keeps_the_larger_doubt);
	tcase_add_test(tcase, a_mark_is_dirty_at_sweep_priority_with_its_doubt);
	tcase_add_test(tcase, a_run_does_not_take_back_a_newer_doubt);
	tcase_add_test(tcase, a_status_is_taken_over_only_where_no_run_came_between);
	tcase_add_test(tcase, people_who_share_an_address_or_a_number_are_found);
	tcase_add_test(tcase, the_rhythm_of_deliveries_is_told);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
