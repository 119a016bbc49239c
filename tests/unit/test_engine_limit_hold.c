/* SPDX-License-Identifier: MIT */
#include "server/engine/limit_hold.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/limit_watch.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define ASTRONAUT "{\"more\":{\"work\":{\"title\":\"Astronaut\"}}}"

static struct engine_fixture fixture;
static struct err err;

/* Nobody passes: every action of these kinds is asked about. */
static void set_up(void)
{
	err = (struct err)ERR_INIT;
	engine_fixture_start(&fixture,
	        "{\"limits\":{\"lower\":{\"per_hour\":0},\"rename\":{\"per_hour\":0},"
	        "\"update_by_settings\":{\"per_hour\":0}}}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static void run(const char *shorthand)
{
	ck_assert_int_eq(
	        engine_fixture_run(&fixture, engine_fixture_person(shorthand)), RUN_ENDS_WELL);
}

static struct hold_list holds(void)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	struct hold_list list;
	ck_assert_msg(store_hold_list(fixture.store, NULL, &key, &list, &err), "%s", err.text);
	return list;
}

static size_t count_holds(void)
{
	struct hold_list list = holds();
	size_t count = list.count;
	hold_list_finish(&list);
	return count;
}

/* The one hold there is; what it would make of the account. */
static void expect_hold(enum limit_kind limit, const char *action, const char *wanted)
{
	struct hold_list list = holds();
	ck_assert_uint_eq(list.count, 1);
	const struct hold *hold = &list.items[0];
	ck_assert_int_eq(hold->kind, HOLD_LIMIT);
	ck_assert_int_eq(hold->limit, limit);
	ck_assert_str_eq(hold->action, action);
	ck_assert_str_ne(hold->rule, "");
	json_t *json = json_parse(hold->wanted.text, strlen(hold->wanted.text), &err);
	json_t *expected = json_parse(wanted, strlen(wanted), &err);
	ck_assert_msg(json_equal(json, expected), "%s", hold->wanted.text);
	json_decref(json);
	json_decref(expected);
	hold_list_finish(&list);
}

static void decide(bool is_yes, enum limit_kind limit)
{
	struct hold_decision decision = {.key = store_fixture_key(FIXTURE_PERSON),
	        .kind = HOLD_LIMIT,
	        .by = "ops",
	        .limit = limit};
	ck_assert_msg(is_yes ? store_hold_release(fixture.store, &decision, &err)
	                     : store_hold_reject(fixture.store, &decision, &err),
	        "%s", err.text);
}

static bool is_rejected(void)
{
	struct hold_list list = holds();
	bool is_it = list.count == 1 && list.items[0].is_rejected;
	hold_list_finish(&list);
	return is_it;
}

/* ------------------------------------------------------------------- holds */

START_TEST(a_hold_says_what_would_become_of_the_account)
{
	run("{\"lifecycle\":\"terminated\"}");
	expect_hold(LIMIT_LOWER, "deactivate", "{\"status\":\"DEPROVISIONED\"}");
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	run("{}");
	ck_assert_uint_eq(count_holds(), 0);
}
END_TEST

START_TEST(a_rename_holds_no_leaver_and_is_asked_again_when_it_is_another)
{
	run("{\"email\":\"ada.lovelace@example.com\"}");
	expect_hold(LIMIT_RENAME, "update",
	        "{\"profile\":{\"login\":\"ada.lovelace@example.com\","
	        "\"email\":\"ada.lovelace@example.com\"}}");
	decide(false, LIMIT_RENAME);
	run("{\"email\":\"ada.lovelace@example.com\"}");
	ck_assert(is_rejected());
	/* Another name is another question. */
	run("{\"email\":\"ada.byron@example.com\"}");
	ck_assert(!is_rejected());
	expect_hold(LIMIT_RENAME, "update",
	        "{\"profile\":{\"login\":\"ada.byron@example.com\","
	        "\"email\":\"ada.byron@example.com\"}}");
	run("{\"email\":\"ada.byron@example.com\",\"lifecycle\":\"terminated\"}");
	struct hold_list list = holds();
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(list.items[0].limit, LIMIT_LOWER);
	hold_list_finish(&list);
}
END_TEST

START_TEST(a_release_for_a_rename_closes_nobody)
{
	run("{\"email\":\"ada.lovelace@example.com\"}");
	decide(true, LIMIT_RENAME);
	/* Meanwhile Bob says something else: planned afresh. */
	run("{\"lifecycle\":\"terminated\"}");
	expect_hold(LIMIT_LOWER, "deactivate", "{\"status\":\"DEPROVISIONED\"}");
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_uint_eq(fixture.employee.approvals, 0);
}
END_TEST

/* ----------------------------------------------------- because of the settings */

static void filled_before(struct employee *employee)
{
	employee->mapped_version = 3;
}

static void filled_by(int64_t version)
{
	engine_fixture_change(&fixture, FIXTURE_PERSON, filled_before);
	fixture.connection->mapping_version = version;
}

START_TEST(what_a_new_mapping_writes_counts_against_its_own_limit)
{
	filled_by(4);
	run(ASTRONAUT);
	expect_hold(LIMIT_UPDATE_BY_SETTINGS, "update", "{\"profile\":{\"title\":\"Astronaut\"}}");
	ck_assert_int_eq(fixture.employee.mapped_version, 3);
	decide(true, LIMIT_UPDATE_BY_SETTINGS);
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, "\"title\":\"Astronaut\""));
	run(ASTRONAUT);
	ck_assert_int_eq(fixture.employee.mapped_version, 4);
	ck_assert_uint_eq(count_holds(), 0);
	ck_assert_int_eq(fixture.actions.items[0].intent.limit, LIMIT_UPDATE_BY_SETTINGS);
	ck_assert(fixture.actions.items[0].intent.is_approved);
}
END_TEST

/* Filled by this mapping, or never by any: what Bob says is no doing of the settings. */
START_TEST(what_bob_changed_counts_against_nothing)
{
	if (_i == 0) {
		filled_by(3);
	} else {
		fixture.connection->mapping_version = 4;
	}
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, "\"title\":\"Astronaut\""));
	run(ASTRONAUT);
	ck_assert_uint_eq(count_holds(), 0);
	ck_assert_int_eq(fixture.actions.items[0].intent.limit, LIMIT_NONE);
	ck_assert_int_eq(fixture.employee.mapped_version, fixture.connection->mapping_version);
}
END_TEST

START_TEST(a_mapping_that_is_taken_back_takes_its_question_along)
{
	filled_by(4);
	run(ASTRONAUT);
	ck_assert_uint_eq(count_holds(), 1);
	fixture.connection->mapping_version = 5;
	run("{}");
	ck_assert_uint_eq(count_holds(), 0);
	ck_assert_int_eq(fixture.employee.mapped_version, 5);
}
END_TEST

START_TEST(a_mapping_is_known_by_what_it_says)
{
	struct connection *connection = fixture.connection;
	struct map_rules *rules = &fixture.settings->connections[0].rules;
	connection->settings_version = 7;
	ck_assert(map_rules_lay(rules, "division", "work.division", WHEN_EMPTY_KEEP));
	ck_assert_msg(limit_note_mapping(fixture.store, connection, &err), "%s", err.text);
	ck_assert_int_eq(connection->mapping_version, 7);
	/* Versions that map alike change nothing. */
	connection->settings_version = 8;
	ck_assert(limit_note_mapping(fixture.store, connection, &err));
	ck_assert_int_eq(connection->mapping_version, 7);
	connection->settings_version = 9;
	ck_assert(map_rules_lay(rules, "division", "work.division", WHEN_EMPTY_CLEAR));
	ck_assert(limit_note_mapping(fixture.store, connection, &err));
	ck_assert_int_eq(connection->mapping_version, 9);
	connection->settings_version = 10;
	ck_assert(map_rules_lay(rules, "division", "work.division", WHEN_EMPTY_KEEP));
	ck_assert(limit_note_mapping(fixture.store, connection, &err));
	ck_assert_int_eq(connection->mapping_version, 10);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("engine_limit_hold");
	TCase *tests = tcase_create("limit_hold");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 30);
	tcase_add_test(tests, a_hold_says_what_would_become_of_the_account);
	tcase_add_test(tests, a_rename_holds_no_leaver_and_is_asked_again_when_it_is_another);
	tcase_add_test(tests, a_release_for_a_rename_closes_nobody);
	tcase_add_test(tests, what_a_new_mapping_writes_counts_against_its_own_limit);
	tcase_add_loop_test(tests, what_bob_changed_counts_against_nothing, 0, 2);
	tcase_add_test(tests, a_mapping_that_is_taken_back_takes_its_question_along);
	tcase_add_test(tests, a_mapping_is_known_by_what_it_says);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
