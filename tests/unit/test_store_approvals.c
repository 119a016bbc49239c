/* SPDX-License-Identifier: MIT */
/* Approvals in advance: who passes a limit, when, and what is left of it. */
#include "server/store/approvals.h"
#include "server/store/limits.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define DAY     "2026-12-31"

/* One person may be lowered; everybody else needs an approval. */
static const struct limit_set ONE = {.hour[LIMIT_LOWER] = {.count = 1}};

static struct store *store;
static struct err err;

static void setup(void)
{
	err = (struct err)ERR_INIT;
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store = NULL;
	store_fixture_clean();
}

/* Valid for two hours, beginning after so many ms. */
static struct approval approval_of(const char *employee_id, int64_t after_ms)
{
	struct approval approval = {.key = store_fixture_key(employee_id),
	        .limit = LIMIT_LOWER,
	        .at_ms = clock_wall_ms(),
	        .from_ms = clock_wall_ms() + after_ms,
	        .until_ms = clock_wall_ms() + after_ms + 2 * HOUR_MS};
	str_format_cut(approval.day, sizeof(approval.day), DAY);
	str_format_cut(approval.by, sizeof(approval.by), "ops");
	return approval;
}

static void approve(const char *employee_id, int64_t after_ms)
{
	struct approval approval = approval_of(employee_id, after_ms);
	ck_assert_msg(store_approvals_add(store, &approval, 1, &err), "%s", err.text);
}

static enum intent_result lower(const char *employee_id)
{
	struct employee_key key = store_fixture_key(employee_id);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	struct employee employee = store_fixture_claim(store, employee_id);
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_LOWER);
	enum intent_result result = store_intent_open(store, &intent, &ONE, &err);
	ck_assert_msg(result != INTENT_FAILED, "%s", err.text);
	if (result == INTENT_OPEN) {
		struct outcome outcome = {.intent_id = intent.intent_id,
		        .lease_token = intent.lease_token,
		        .state = OUTCOME_DONE};
		ck_assert(store_intent_close(store, &outcome, &employee, &err));
	}
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	employee_finish(&employee);
	return result;
}

static struct approval_list list_of(const struct approval_filter *filter)
{
	struct approval_list list;
	ck_assert_msg(store_approvals_list(store, filter, &list, &err), "%s", err.text);
	return list;
}

static size_t count_of(const struct approval_filter *filter)
{
	struct approval_list list = list_of(filter);
	size_t count = list.count;
	approval_list_finish(&list);
	return count;
}

#define EVERYTHING ((struct approval_filter){.connection = "default"})

START_TEST(only_those_named_pass)
{
	approve("2", -HOUR_MS);
	ck_assert_int_eq(lower("1"), INTENT_OPEN);
	ck_assert_int_eq(lower("2"), INTENT_OPEN);
	ck_assert_int_eq(lower("3"), INTENT_LIMITED);
}
END_TEST

START_TEST(those_who_pass_count)
{
	struct limit_state state;
	approve("2", -HOUR_MS);
	ck_assert_int_eq(lower("2"), INTENT_OPEN);
	ck_assert_int_eq(lower("1"), INTENT_LIMITED);
	ck_assert(store_limit_look(store, "default", &ONE, LIMIT_LOWER, &state, &err));
	ck_assert_int_eq(state.fills[LIMIT_HOUR].used, 1);
	ck_assert_int_eq(state.fills[LIMIT_HOUR].allowed, 1);
	ck_assert_int_eq(state.fills[LIMIT_DAY].allowed, -1);
	ck_assert(store_limit_look(store, "default", &ONE, LIMIT_RAISE, &state, &err));
	ck_assert(!state.has_limit);
}
END_TEST

START_TEST(only_in_its_time)
{
	ck_assert_int_eq(lower("1"), INTENT_OPEN);
	approve("2", HOUR_MS);
	ck_assert_int_eq(lower("2"), INTENT_LIMITED);
	approve("3", -3 * HOUR_MS);
	ck_assert_int_eq(lower("3"), INTENT_LIMITED);
}
END_TEST

START_TEST(only_for_its_limit)
{
	struct approval approval = approval_of("2", -HOUR_MS);
	approval.limit = LIMIT_REVOKE;
	ck_assert(store_approvals_add(store, &approval, 1, &err));
	ck_assert_int_eq(lower("1"), INTENT_OPEN);
	ck_assert_int_eq(lower("2"), INTENT_LIMITED);
}
END_TEST

START_TEST(a_restart_forgets_none)
{
	approve("2", -HOUR_MS);
	ck_assert_int_eq(lower("1"), INTENT_OPEN);
	store_close(store);
	store = store_fixture_open();
	ck_assert_int_eq(lower("2"), INTENT_OPEN);
}
END_TEST

START_TEST(what_was_used_is_noted_and_the_action_says_so)
{
	struct action_list actions;
	ck_assert_int_eq(lower("1"), INTENT_OPEN);
	approve("2", -HOUR_MS);
	approve("3", -HOUR_MS);
	ck_assert_int_eq(lower("2"), INTENT_OPEN);
	struct approval_list list = list_of(&EVERYTHING);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_str_eq(list.items[0].key.employee_id, "2");
	ck_assert_str_eq(list.items[0].day, DAY);
	ck_assert_str_eq(list.items[0].by, "ops");
	ck_assert_int_eq(list.items[0].limit, LIMIT_LOWER);
	ck_assert_int_gt(list.items[0].used_at_ms, 0);
	ck_assert_int_eq(list.items[1].used_at_ms, 0);
	approval_list_finish(&list);
	struct employee_key key = store_fixture_key("2");
	ck_assert(store_action_list(store, &key, 5, &actions, &err));
	ck_assert(actions.items[0].intent.is_approved);
	action_list_finish(&actions);
}
END_TEST

START_TEST(whoever_needs_none_uses_none)
{
	approve("1", -HOUR_MS);
	ck_assert_int_eq(lower("1"), INTENT_OPEN);
	struct approval_list list = list_of(&EVERYTHING);
	ck_assert_int_eq(list.items[0].used_at_ms, 0);
	approval_list_finish(&list);
}
END_TEST

START_TEST(taken_back_it_lets_nobody_pass)
{
	struct approval_filter filter = {
	        .connection = "default", .day = DAY, .limit = LIMIT_LOWER, .employee_id = "2"};
	size_t removed = 0;
	approve("2", -HOUR_MS);
	approve("3", -HOUR_MS);
	ck_assert_int_eq(lower("1"), INTENT_OPEN);
	ck_assert(store_approvals_remove(store, &filter, "ops", &removed, &err));
	ck_assert_uint_eq(removed, 1);
	ck_assert_int_eq(lower("2"), INTENT_LIMITED);
	ck_assert_int_eq(lower("3"), INTENT_OPEN);
	ck_assert(!store_approvals_remove(store, &filter, "ops", &removed, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(lists_are_as_narrow_as_asked)
{
	approve("1", -HOUR_MS);
	approve("2", -5 * HOUR_MS);
	approve("2", -5 * HOUR_MS);
	ck_assert_uint_eq(count_of(&EVERYTHING), 2);
	struct approval_filter filter = EVERYTHING;
	filter.until_after_ms = clock_wall_ms();
	ck_assert_uint_eq(count_of(&filter), 1);
	filter = EVERYTHING;
	filter.day = "2026-12-30";
	ck_assert_uint_eq(count_of(&filter), 0);
	filter = EVERYTHING;
	filter.limit = LIMIT_RENAME;
	ck_assert_uint_eq(count_of(&filter), 0);
	filter.connection = "other";
	ck_assert_uint_eq(count_of(&filter), 0);
}
END_TEST

START_TEST(long_past_ones_are_forgotten)
{
	approve("1", -500 * 24 * HOUR_MS);
	ck_assert_uint_eq(count_of(&EVERYTHING), 0);
}
END_TEST

START_TEST(too_many_at_once_are_refused)
{
	struct approval one = approval_of("1", 0);
	ck_assert(!store_approvals_add(store, &one, APPROVALS_AT_ONCE + 1, &err));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
	ck_assert_uint_eq(count_of(&EVERYTHING), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_approvals");
	TCase *approvals = tcase_create("approvals");
	tcase_add_checked_fixture(approvals, setup, teardown);
	tcase_add_test(approvals, only_those_named_pass);
	tcase_add_test(approvals, those_who_pass_count);
	tcase_add_test(approvals, only_in_its_time);
	tcase_add_test(approvals, only_for_its_limit);
	tcase_add_test(approvals, a_restart_forgets_none);
	tcase_add_test(approvals, what_was_used_is_noted_and_the_action_says_so);
	tcase_add_test(approvals, whoever_needs_none_uses_none);
	tcase_add_test(approvals, taken_back_it_lets_nobody_pass);
	tcase_add_test(approvals, lists_are_as_narrow_as_asked);
	tcase_add_test(approvals, long_past_ones_are_forgotten);
	tcase_add_test(approvals, too_many_at_once_are_refused);
	suite_add_tcase(suite, approvals);
	return suite_run(suite);
}
