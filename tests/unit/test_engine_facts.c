/* SPDX-License-Identifier: MIT */
#include "server/base/str.h"
#include "server/engine/facts.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define READ_MS 1795464000000LL

#define SITES "{\"sites\":{\"Honolulu\":\"Pacific/Honolulu\",\"Lisbon\":{\"create_days\":3}}}"

static struct employee employee;
static struct policy_settings policy;

static void set_up(void)
{
	json_t *shorthand = json_loads(SITES, 0, NULL);

	memset(&employee, 0, sizeof(employee));
	sample_settings_init(&policy, shorthand);
	json_decref(shorthand);
}

static void tear_down(void)
{
	policy_settings_finish(&policy);
	employee_finish(&employee);
}

START_TEST(absent_twice_far_enough_apart_is_disappeared)
{
	employee.read_at_ms = READ_MS - 1000000;
	ck_assert_int_eq(facts_note_absent(&employee, READ_MS), PRESENCE_ABSENT);
	ck_assert_int_eq(facts_note_absent(&employee, READ_MS + 29999), PRESENCE_ABSENT);
	ck_assert_int_eq(facts_note_absent(&employee, READ_MS + 30000), PRESENCE_DISAPPEARED);
}
END_TEST

START_TEST(somebody_never_read_cannot_disappear)
{
	facts_note_absent(&employee, READ_MS);
	ck_assert_int_eq(facts_note_absent(&employee, READ_MS + 100000), PRESENCE_ABSENT);
}
END_TEST

START_TEST(a_good_read_between_starts_absence_anew)
{
	struct person person = {0};
	employee.read_at_ms = READ_MS - 1000;
	facts_note_absent(&employee, READ_MS);
	ck_assert(facts_note_read(&employee, &person, &policy, READ_MS + 20000));
	ck_assert_int_eq(employee.absent_since_ms, 0);
	ck_assert_int_eq(facts_note_absent(&employee, READ_MS + 40000), PRESENCE_ABSENT);
}
END_TEST

static const struct {
	const char *person;
	const char *time_zone;
} ZONES[] = {
        {"{\"site\":\"Honolulu\"}", "Pacific/Honolulu"},
        {"{\"site\":\"Lisbon\"}", "Europe/London"},
        {"{\"site\":\"Nowhere\"}", "Europe/London"},
        {"{\"site\":\"absent\"}", "Europe/London"},
};

START_TEST(a_read_brings_the_zone_of_the_site)
{
	struct person person = {0};
	json_t *shorthand = json_loads(ZONES[_i].person, 0, NULL);
	json_t *source = sample_person_json(shorthand);

	str_format_cut(employee.time_zone, sizeof(employee.time_zone), "Etc/GMT+5");
	ck_assert(person_parse(&person, source, NULL));
	ck_assert(facts_note_read(&employee, &person, &policy, READ_MS));
	ck_assert_str_eq(employee.time_zone, ZONES[_i].time_zone);
	person_finish(&person);
	json_decref(source);
	json_decref(shorthand);
}
END_TEST

START_TEST(empty_may_be_cleared_only_when_two_reads_agree)
{
	bool wants_reread = false;
	ck_assert_ptr_null(facts_note_empty(&employee, str_dup("title"), READ_MS, &wants_reread));
	ck_assert(wants_reread);
	ck_assert_ptr_null(
	        facts_note_empty(&employee, str_dup("title"), READ_MS + 19999, &wants_reread));
	ck_assert(wants_reread);
	const char *may_clear =
	        facts_note_empty(&employee, str_dup("title"), READ_MS + 20000, &wants_reread);
	ck_assert_str_eq(may_clear, "title");
	ck_assert(!wants_reread);
}
END_TEST

START_TEST(reads_that_disagree_about_empty_start_anew)
{
	bool wants_reread = false;
	facts_note_empty(&employee, str_dup("title"), READ_MS, &wants_reread);
	ck_assert_ptr_null(facts_note_empty(
	        &employee, str_dup("department,title"), READ_MS + 30000, &wants_reread));
	ck_assert(wants_reread);
	ck_assert_ptr_null(facts_note_empty(&employee, NULL, READ_MS + 60000, &wants_reread));
	ck_assert(!wants_reread);
	ck_assert_ptr_null(employee.empty_fields);
}
END_TEST

START_TEST(a_deletion_counts_until_a_later_read_brings_the_person_back)
{
	struct account_facts facts;
	employee.read_at_ms = READ_MS;
	employee.deleted_at_ms = READ_MS - 5000;
	/* The read may have been stale: the event still stands. */
	facts_from_employee(&facts, &employee, PRESENCE_ABSENT, NULL);
	ck_assert(facts.is_deleted);
	facts_from_employee(&facts, &employee, PRESENCE_READ, NULL);
	ck_assert(!facts.is_deleted);
	employee.read_at_ms = READ_MS + STALE_READ_MS;
	facts_from_employee(&facts, &employee, PRESENCE_ABSENT, NULL);
	ck_assert(!facts.is_deleted);
}
END_TEST

START_TEST(a_revocation_is_pending_until_that_one_is_handled)
{
	struct account_facts facts;
	employee.revoke_triggered_at_ms = READ_MS;
	facts_from_employee(&facts, &employee, PRESENCE_NOT_READ, NULL);
	ck_assert(facts.is_revoke_pending);
	employee.revoke_handled_at_ms = READ_MS;
	facts_from_employee(&facts, &employee, PRESENCE_NOT_READ, NULL);
	ck_assert(!facts.is_revoke_pending);
}
END_TEST

START_TEST(times_of_the_account_are_told)
{
	struct account_facts facts;
	employee.activated_at_ms = READ_MS;
	employee.mailed_at_ms = READ_MS + 1;
	employee.mails = 2;
	employee.lowered_at_ms = READ_MS + 2;
	employee.confirmed_end_ms = READ_MS + 3;
	employee.confirmed_at_ms = READ_MS + 4;
	facts_from_employee(&facts, &employee, PRESENCE_READ, NULL);
	ck_assert_int_eq(facts.activated_at_ms, READ_MS);
	ck_assert_int_eq(facts.mailed_at_ms, READ_MS + 1);
	ck_assert_int_eq(facts.mails, 2);
	ck_assert_int_eq(facts.lowered_at_ms, READ_MS + 2);
	ck_assert_int_eq(facts.confirmed_end_ms, READ_MS + 3);
	ck_assert_int_eq(facts.confirmed_at_ms, READ_MS + 4);
}
END_TEST

/* M3 */
static const struct compared_case {
	bool is_compared;
	int64_t linked_at_ms;
	int64_t event_at_ms;
	bool is_told;
} COMPARED_CASES[] = {
        {true, READ_MS, 0, true},
        {false, READ_MS, 0, false},
        /* An event of before the link named the person, not the account's leaving. */
        {false, READ_MS, READ_MS - 1, false},
        {false, READ_MS, READ_MS + 1, true},
        {false, 0, READ_MS, false},
};

START_TEST(an_event_since_the_link_counts_as_a_comparison)
{
	const struct compared_case *row = &COMPARED_CASES[_i];
	struct account_facts facts;
	employee.is_compared = row->is_compared;
	employee.linked_at_ms = row->linked_at_ms;
	employee.last_event_at_ms = row->event_at_ms;
	facts_from_employee(&facts, &employee, PRESENCE_READ, NULL);
	ck_assert(facts.is_compared == row->is_told);
}
END_TEST

START_TEST(holds_bring_their_times)
{
	struct account_facts facts;
	struct hold hold = {.kind = HOLD_DUPLICATE, .since_ms = READ_MS};
	struct hold_list holds = {.items = &hold, .count = 1};
	employee.hold_kinds = 1U << HOLD_DUPLICATE;
	facts_from_employee(&facts, &employee, PRESENCE_READ, &holds);
	ck_assert_int_eq(facts.hold_since_ms[HOLD_DUPLICATE], READ_MS);
	ck_assert_uint_eq(facts.holds, 1U << HOLD_DUPLICATE);
	ck_assert(!facts.is_revoked);
}
END_TEST

START_TEST(a_doubtful_time_ahead_does_not_outdo_the_next_revocation)
{
	employee.revoke_triggered_at_ms = 2 * READ_MS;
	employee.revoke_is_doubtful = true;
	facts_note_revoked(&employee, READ_MS);
	ck_assert_int_eq(employee.revoke_handled_at_ms, READ_MS);
	ck_assert_int_eq(employee.revoke_triggered_at_ms, READ_MS);
	ck_assert(!employee.revoke_is_doubtful);
}
END_TEST

START_TEST(a_doubtful_revocation_without_a_time_takes_back_nothing_handled)
{
	employee.revoke_handled_at_ms = READ_MS;
	employee.revoke_triggered_at_ms = 0;
	employee.revoke_is_doubtful = true;
	facts_note_revoked(&employee, READ_MS + 1);
	ck_assert_int_eq(employee.revoke_handled_at_ms, READ_MS);
}
END_TEST

START_TEST(a_forgotten_revocation_is_not_pending)
{
	employee.revoke_handled_at_ms = READ_MS;
	employee.revoke_triggered_at_ms = 2 * READ_MS;
	employee.revoke_is_doubtful = true;
	facts_forget_revocation(&employee);
	ck_assert_int_eq(employee.revoke_triggered_at_ms, READ_MS);
	ck_assert(!employee.revoke_is_doubtful);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("facts");
	TCase *tcase = tcase_create("facts");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, absent_twice_far_enough_apart_is_disappeared);
	tcase_add_test(tcase, somebody_never_read_cannot_disappear);
	tcase_add_test(tcase, a_good_read_between_starts_absence_anew);
	tcase_add_loop_test(tcase, a_read_brings_the_zone_of_the_site, 0,
	        (int)(sizeof(ZONES) / sizeof(ZONES[0])));
	tcase_add_test(tcase, empty_may_be_cleared_only_when_two_reads_agree);
	tcase_add_test(tcase, reads_that_disagree_about_empty_start_anew);
	tcase_add_test(tcase, a_deletion_counts_until_a_later_read_brings_the_person_back);
	tcase_add_test(tcase, a_revocation_is_pending_until_that_one_is_handled);
	tcase_add_test(tcase, times_of_the_account_are_told);
	tcase_add_loop_test(tcase, an_event_since_the_link_counts_as_a_comparison, 0,
	        (int)(sizeof(COMPARED_CASES) / sizeof(COMPARED_CASES[0])));
	tcase_add_test(tcase, holds_bring_their_times);
	tcase_add_test(tcase, a_doubtful_time_ahead_does_not_outdo_the_next_revocation);
	tcase_add_test(tcase, a_doubtful_revocation_without_a_time_takes_back_nothing_handled);
	tcase_add_test(tcase, a_forgotten_revocation_is_not_pending);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
