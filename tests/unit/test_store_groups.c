/* SPDX-License-Identifier: MIT */
/* Memberships: what outcomes make of them, and what a closed account does to them. */
#include "server/store/groups.h"

#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

#define PERSON  "412"
#define OKTA_ID "00u1adaking123456789"
#define GROUP   "00g1engineering12345"
#define OTHER   "00g1sales00000000000"

static struct store *store;
static struct membership_list list;

static void setup(void)
{
	store = store_fixture_open();
	store_fixture_link(store, PERSON, OKTA_ID, "ada@example.com", ACCOUNT_ACTIVE);
}

static void teardown(void)
{
	membership_list_finish(&list);
	store_close(store);
	store_fixture_clean();
}

/* One join or leave as a worker does it; OUTCOME_OPEN leaves it as a crash would. */
static void change(enum action_kind kind, const char *group_id, enum outcome_state state)
{
	struct limit_set unlimited = {0};
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(PERSON);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, &err));
	struct employee employee = store_fixture_claim(store, PERSON);
	struct intent intent = store_fixture_intent(
	        &employee, kind, kind == ACTION_LEAVE_GROUP ? LIMIT_LEAVE_GROUP : LIMIT_NONE);
	ck_assert(str_copy(intent.okta_id, sizeof(intent.okta_id), OKTA_ID));
	ck_assert(str_copy(intent.group_id, sizeof(intent.group_id), group_id));
	ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, &err), INTENT_OPEN);
	struct outcome outcome = {
	        .intent_id = intent.intent_id, .lease_token = employee.lease_token, .state = state};
	if (state != OUTCOME_OPEN) {
		ck_assert_msg(store_intent_close(store, &outcome, &employee, &err), "%s", err.text);
	}
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	intent_finish(&intent);
	employee_finish(&employee);
}

static void set_status(enum account_status status)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(PERSON);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, &err));
	struct employee employee = store_fixture_claim(store, PERSON);
	employee.present_status = status;
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	employee_finish(&employee);
}

static const struct membership *find(const char *group_id)
{
	struct err err = ERR_INIT;
	membership_list_finish(&list);
	ck_assert_msg(
	        store_membership_list(store, "default", OKTA_ID, &list, &err), "%s", err.text);
	return membership_find(&list, group_id);
}

static void expect(const char *group_id, const char *state)
{
	const struct membership *found = find(group_id);
	ck_assert_msg(found != NULL, "%s is not on record", group_id);
	ck_assert_str_eq(membership_state_name(found->state), state);
	ck_assert_str_eq(found->employee_id, PERSON);
	ck_assert_int_gt(found->given_at_ms, 0);
}

START_TEST(a_join_that_went_well_is_given_and_a_leave_forgets_it)
{
	change(ACTION_JOIN_GROUP, GROUP, OUTCOME_DONE);
	change(ACTION_JOIN_GROUP, OTHER, OUTCOME_DONE);
	expect(GROUP, "given");
	change(ACTION_LEAVE_GROUP, GROUP, OUTCOME_DONE);
	ck_assert_ptr_null(find(GROUP));
	expect(OTHER, "given");
}
END_TEST

static const enum outcome_state NOTHING_HAPPENED[] = {
        OUTCOME_REFUSED, OUTCOME_NOT_SENT, OUTCOME_DRY_RUN, OUTCOME_OPEN};

START_TEST(nothing_is_given_or_taken_by_other_outcomes)
{
	change(ACTION_JOIN_GROUP, GROUP, OUTCOME_DONE);
	change(ACTION_LEAVE_GROUP, GROUP, NOTHING_HAPPENED[_i]);
	change(ACTION_JOIN_GROUP, OTHER, NOTHING_HAPPENED[_i]);
	expect(GROUP, "given");
	ck_assert_ptr_null(find(OTHER));
}
END_TEST

START_TEST(an_intent_remembers_its_group)
{
	struct err err = ERR_INIT;
	struct action_list open = {0};
	change(ACTION_JOIN_GROUP, GROUP, OUTCOME_OPEN);
	ck_assert(store_intent_list_open(store, NULL, &open, &err));
	ck_assert_uint_eq(open.count, 1);
	ck_assert_int_eq(open.items[0].intent.kind, ACTION_JOIN_GROUP);
	ck_assert_str_eq(open.items[0].intent.group_id, GROUP);
	action_list_finish(&open);
}
END_TEST

START_TEST(what_was_found_is_no_gift_and_does_not_undo_one)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(PERSON);
	ck_assert(store_membership_found(store, &key, OKTA_ID, GROUP, &err));
	expect(GROUP, "found");
	change(ACTION_JOIN_GROUP, OTHER, OUTCOME_DONE);
	ck_assert(store_membership_found(store, &key, OKTA_ID, OTHER, &err));
	expect(OTHER, "given");
}
END_TEST

START_TEST(a_closed_account_that_is_open_again_has_lapsed_memberships)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(PERSON);
	change(ACTION_JOIN_GROUP, GROUP, OUTCOME_DONE);
	ck_assert(store_membership_found(store, &key, OKTA_ID, OTHER, &err));
	set_status(ACCOUNT_SUSPENDED);
	set_status(ACCOUNT_ACTIVE);
	expect(GROUP, "given");
	set_status(ACCOUNT_DEPROVISIONED);
	expect(GROUP, "given");
	set_status(ACCOUNT_PROVISIONED);
	expect(GROUP, "lapsed");
	expect(OTHER, "found");
	change(ACTION_JOIN_GROUP, GROUP, OUTCOME_DONE);
	expect(GROUP, "given");
}
END_TEST

START_TEST(groups_are_counted_by_whose_memberships_they_are)
{
	struct err err = ERR_INIT;
	struct group_count_list counts = {0};
	struct employee_key key = store_fixture_key(PERSON);
	change(ACTION_JOIN_GROUP, GROUP, OUTCOME_DONE);
	ck_assert(store_membership_found(store, &key, "00u1other0000000000x", GROUP, &err));
	ck_assert(store_membership_found(store, &key, OKTA_ID, OTHER, &err));
	set_status(ACCOUNT_DEPROVISIONED);
	set_status(ACCOUNT_ACTIVE);
	ck_assert(store_membership_counts(store, "default", &counts, &err));
	ck_assert_uint_eq(counts.count, 2);
	ck_assert_str_eq(counts.items[0].group_id, GROUP);
	ck_assert_int_eq(counts.items[0].given, 1);
	ck_assert_int_eq(counts.items[0].found, 1);
	ck_assert_int_eq(counts.items[1].given, 0);
	ck_assert_int_eq(counts.items[1].found, 1);
	group_count_list_finish(&counts);
	ck_assert(store_membership_counts(store, "other", &counts, &err));
	ck_assert_uint_eq(counts.count, 0);
}
END_TEST

/* The memberships are the user's, whoever's record the account is linked to. */
START_TEST(memberships_stay_with_the_okta_user)
{
	change(ACTION_JOIN_GROUP, GROUP, OUTCOME_DONE);
	membership_list_finish(&list);
	ck_assert(store_membership_list(store, "default", "00u1other0000000000x", &list, NULL));
	ck_assert_uint_eq(list.count, 0);
	expect(GROUP, "given");
}
END_TEST

START_TEST(leaving_counts_people_not_groups)
{
	struct limit_set one = {.hour[LIMIT_LEAVE_GROUP] = {.count = 1}};
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key("413");
	change(ACTION_LEAVE_GROUP, GROUP, OUTCOME_DONE);
	change(ACTION_JOIN_GROUP, OTHER, OUTCOME_DONE);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, &err));
	struct employee employee = store_fixture_claim(store, "413");
	struct intent intent =
	        store_fixture_intent(&employee, ACTION_LEAVE_GROUP, LIMIT_LEAVE_GROUP);
	ck_assert_int_eq(store_intent_open(store, &intent, &one, &err), INTENT_LIMITED);
	intent_finish(&intent);
	intent = store_fixture_intent(&employee, ACTION_JOIN_GROUP, LIMIT_NONE);
	ck_assert_int_eq(store_intent_open(store, &intent, &one, &err), INTENT_OPEN);
	intent_finish(&intent);
	employee_finish(&employee);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_groups");
	TCase *tcase = tcase_create("memberships");
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_join_that_went_well_is_given_and_a_leave_forgets_it);
	tcase_add_loop_test(tcase, nothing_is_given_or_taken_by_other_outcomes, 0,
	        (int)ARRAY_SIZE(NOTHING_HAPPENED));
	tcase_add_test(tcase, an_intent_remembers_its_group);
	tcase_add_test(tcase, what_was_found_is_no_gift_and_does_not_undo_one);
	tcase_add_test(tcase, a_closed_account_that_is_open_again_has_lapsed_memberships);
	tcase_add_test(tcase, groups_are_counted_by_whose_memberships_they_are);
	tcase_add_test(tcase, memberships_stay_with_the_okta_user);
	tcase_add_test(tcase, leaving_counts_people_not_groups);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
