/* SPDX-License-Identifier: MIT */
#include "server/store/store.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct store *store;

static void setup(void)
{
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store = NULL;
	store_fixture_clean();
}

static void add(const char *employee_id, enum hold_kind kind, const char *cause)
{
	struct err err = ERR_INIT;
	struct hold hold = {
	        .key = store_fixture_key(employee_id),
	        .kind = kind,
	        .by = "engine",
	        .since_ms = 5,
	        .okta_id = "00u1",
	};
	str_format_cut(hold.cause, sizeof(hold.cause), "%s", cause);
	ck_assert_msg(store_hold_add(store, &hold, &err), "%s", err.text);
}

static struct hold_decision decide(const char *employee_id, enum hold_kind kind)
{
	struct hold_decision decision = {
	        .key = store_fixture_key(employee_id), .kind = kind, .by = "admin"};
	return decision;
}

static struct hold_list list_of(const char *connection, const char *employee_id)
{
	struct hold_list holds;
	struct employee_key key = store_fixture_key(employee_id != NULL ? employee_id : "");
	ck_assert(store_hold_list(
	        store, connection, employee_id != NULL ? &key : NULL, &holds, NULL));
	return holds;
}

static size_t count_of(const char *connection, const char *employee_id)
{
	struct hold_list holds = list_of(connection, employee_id);
	size_t count = holds.count;
	hold_list_finish(&holds);
	return count;
}

START_TEST(a_hold_is_one_row_a_kind_and_shows_on_the_employee)
{
	add("1", HOLD_MATCH, "two people have this name");
	add("1", HOLD_MATCH, "two people have this name");
	add("1", HOLD_LIMIT, "over");
	struct hold_list holds = list_of(NULL, "1");
	ck_assert_uint_eq(holds.count, 2);
	hold_list_finish(&holds);
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_uint_eq(employee.hold_kinds, 1u << HOLD_MATCH | 1u << HOLD_LIMIT);
	ck_assert_int_eq(employee.state, EMPLOYEE_IDLE); /* held is no state */
	employee_finish(&employee);
	employee = store_fixture_claim(store, "1");
	ck_assert_uint_eq(employee.hold_kinds, 1u << HOLD_MATCH | 1u << HOLD_LIMIT);
	employee_finish(&employee);
}
END_TEST

START_TEST(every_field_comes_back)
{
	add("1", HOLD_DUPLICATE, "a cause");
	struct hold_list holds = list_of("default", NULL);
	ck_assert_uint_eq(holds.count, 1);
	ck_assert_str_eq(holds.items[0].key.connection, "default");
	ck_assert_str_eq(holds.items[0].key.employee_id, "1");
	ck_assert_int_eq(holds.items[0].kind, HOLD_DUPLICATE);
	ck_assert_str_eq(holds.items[0].cause, "a cause");
	ck_assert_str_eq(holds.items[0].by, "engine");
	ck_assert_int_eq(holds.items[0].since_ms, 5);
	ck_assert_str_eq(holds.items[0].okta_id, "00u1");
	ck_assert(!holds.items[0].is_rejected);
	hold_list_finish(&holds);
}
END_TEST

START_TEST(every_kind_can_be_held_and_unknown_ones_are_refused)
{
	struct hold hold = {.key = store_fixture_key("1"), .kind = HOLD_KIND_COUNT};
	for (int kind = 0; kind < HOLD_KIND_COUNT; kind++) {
		add("1", (enum hold_kind)kind, "c");
	}
	ck_assert_uint_eq(count_of(NULL, NULL), HOLD_KIND_COUNT);
	ck_assert(!store_hold_add(store, &hold, NULL));
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_uint_eq(employee.hold_kinds, (1u << HOLD_KIND_COUNT) - 1);
	employee_finish(&employee);
}
END_TEST

START_TEST(a_release_approves_and_marks_the_employee)
{
	add("1", HOLD_MATCH, "c");
	add("1", HOLD_LIMIT, "c");
	struct hold_decision decision = decide("1", HOLD_MATCH);
	ck_assert(store_hold_release(store, &decision, NULL));
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_uint_eq(employee.hold_kinds, 1u << HOLD_LIMIT);
	ck_assert_uint_eq(employee.approvals, 1u << HOLD_MATCH);
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.generation, 1);
	employee_finish(&employee);
	decision.kind = HOLD_KIND_COUNT;
	ck_assert(store_hold_release(store, &decision, NULL));
	employee = store_fixture_get(store, "1");
	ck_assert_uint_eq(employee.hold_kinds, 0);
	ck_assert_uint_eq(
	        employee.approvals, 1u << HOLD_MATCH | approval_bit(HOLD_LIMIT, LIMIT_NONE));
	employee_finish(&employee);
}
END_TEST

START_TEST(a_hold_of_the_same_kind_ends_an_unused_approval)
{
	add("1", HOLD_MATCH, "c");
	struct hold_decision decision = decide("1", HOLD_MATCH);
	ck_assert(store_hold_release(store, &decision, NULL));
	add("1", HOLD_MATCH, "another");
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_uint_eq(employee.approvals, 0);
	employee_finish(&employee);
}
END_TEST

START_TEST(what_is_not_held_is_not_found)
{
	struct err err = ERR_INIT;
	struct hold_decision decision = decide("1", HOLD_KIND_COUNT);
	ck_assert(!store_hold_release(store, &decision, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	err_clear(&err);
	ck_assert(!store_hold_reject(store, &decision, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	add("1", HOLD_LIMIT, "c");
	decision.kind = HOLD_MATCH;
	err_clear(&err);
	ck_assert(!store_hold_release(store, &decision, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_uint_eq(count_of(NULL, "1"), 1);
}
END_TEST

START_TEST(a_rejection_stays_until_the_cause_changes)
{
	struct hold_decision decision = decide("1", HOLD_MATCH);
	add("1", HOLD_MATCH, "c");
	ck_assert(store_hold_reject(store, &decision, NULL));
	add("1", HOLD_MATCH, "c");
	struct hold_list holds = list_of(NULL, "1");
	ck_assert(holds.items[0].is_rejected);
	ck_assert_str_eq(holds.items[0].by, "admin");
	hold_list_finish(&holds);
	add("1", HOLD_MATCH, "somebody else now");
	holds = list_of(NULL, "1");
	ck_assert(!holds.items[0].is_rejected);
	ck_assert_str_eq(holds.items[0].cause, "somebody else now");
	ck_assert_int_eq(holds.items[0].since_ms, 5);
	hold_list_finish(&holds);
}
END_TEST

START_TEST(a_removal_approves_nothing)
{
	struct employee_key key = store_fixture_key("1");
	add("1", HOLD_MATCH, "c");
	add("1", HOLD_LIMIT, "c");
	ck_assert(store_hold_remove(store, &key, HOLD_MATCH, NULL));
	ck_assert(store_hold_remove(store, &key, HOLD_MATCH, NULL));
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_uint_eq(employee.hold_kinds, 1u << HOLD_LIMIT);
	ck_assert_uint_eq(employee.approvals, 0);
	ck_assert_int_eq(employee.state, EMPLOYEE_IDLE);
	employee_finish(&employee);
}
END_TEST

START_TEST(lists_are_of_one_connection_or_of_all)
{
	struct hold other = {.kind = HOLD_ROW, .cause = "c"};
	str_format_cut(other.key.connection, sizeof(other.key.connection), "other");
	str_format_cut(other.key.employee_id, sizeof(other.key.employee_id), "1");
	ck_assert(store_hold_add(store, &other, NULL));
	add("1", HOLD_MATCH, "c");
	ck_assert_uint_eq(count_of(NULL, NULL), 2);
	ck_assert_uint_eq(count_of("default", NULL), 1);
	ck_assert_uint_eq(count_of(NULL, "1"), 1);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("store_hold");
	TCase *holding = tcase_create("holding");
	tcase_add_checked_fixture(holding, setup, teardown);
	tcase_add_test(holding, a_hold_is_one_row_a_kind_and_shows_on_the_employee);
	tcase_add_test(holding, every_field_comes_back);
	tcase_add_test(holding, every_kind_can_be_held_and_unknown_ones_are_refused);
	tcase_add_test(holding, lists_are_of_one_connection_or_of_all);
	suite_add_tcase(suite, holding);
	TCase *deciding = tcase_create("deciding");
	tcase_add_checked_fixture(deciding, setup, teardown);
	tcase_add_test(deciding, a_release_approves_and_marks_the_employee);
	tcase_add_test(deciding, a_hold_of_the_same_kind_ends_an_unused_approval);
	tcase_add_test(deciding, what_is_not_held_is_not_found);
	tcase_add_test(deciding, a_rejection_stays_until_the_cause_changes);
	tcase_add_test(deciding, a_removal_approves_nothing);
	suite_add_tcase(suite, deciding);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
