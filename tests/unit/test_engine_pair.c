/* SPDX-License-Identifier: MIT */
/* Leaving the scope of one connection for that of another one of the same company. */
#include "server/engine/pair.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS (60 * 60 * 1000LL)
#define OTHER   "second"

static struct engine_fixture fixture;
static struct connection_settings both[2]; /* the second one differs in its name only */
static struct settings settings = {.connections = both, .connection_count = 2};
static struct connection other;
static struct connection *connections[2];
static struct runner runner;

static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
	both[0] = *fixture.connection->settings;
	both[1] = both[0];
	ck_assert(str_copy(both[1].name, sizeof(both[1].name), OTHER));
	other = (struct connection){.settings = &both[1]};
	connections[0] = fixture.connection;
	connections[1] = &other;
	runner = (struct runner){
	        .store = fixture.store, .connections = connections, .connection_count = 2};
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_begin(&fixture, LANE_UPDATE);
	fixture.run.runner = &runner;
}

static void tear_down(void)
{
	fixture.run.runner = NULL;
	engine_fixture_stop(&fixture);
}

static struct employee_key other_key(void)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	ck_assert(str_copy(key.connection, sizeof(key.connection), OTHER));
	return key;
}

/* What the other connection has of the person, after a run of its own. */
static void other_has(const char *wanted, const char *okta_id, enum account_status status)
{
	struct employee_key key = other_key();
	struct employee employee;

	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, NULL));
	ck_assert(store_employee_claim_one(fixture.store, &key, 60000, &employee, NULL));
	ck_assert(str_copy(employee.wanted, sizeof(employee.wanted), wanted) &&
	        str_copy(employee.okta_id, sizeof(employee.okta_id), okta_id));
	employee.present_status = status;
	employee.last_run_at_ms = clock_wall_ms();
	ck_assert(store_employee_finish(fixture.store, &employee, EMPLOYEE_IDLE, NULL));
	employee_finish(&employee);
}

/* As the policy decides somebody who is out of scope. */
static void look_at(enum policy_rule rule, enum lower_cause cause)
{
	fixture.run.facts.is_linked = true;
	fixture.run.decision =
	        (struct decision){.wanted = WANTED_DEACTIVATED, .rule = rule, .lower_cause = cause};
	fixture.run.look_again_ms = 0;
	ck_assert_int_eq(pair_look(&fixture.run), STEP_NEXT);
}

static void look(void)
{
	look_at(RULE_L5, LOWER_SCOPE);
}

static void expect_shown(const struct employee *employee, const char *from, const char *state)
{
	json_t *pair = pair_json(fixture.store, &settings, employee);
	const char *to = str_equal(from, OTHER) ? "default" : OTHER;

	ck_assert_msg(json_is_object(pair), "not shown");
	ck_assert_str_eq(json_get_text(pair, "from"), from);
	ck_assert_str_eq(json_get_text(pair, "to"), to);
	ck_assert_str_eq(json_get_text(pair, "state"), state);
	json_decref(pair);
}

START_TEST(the_first_look_asks_the_other_connection)
{
	struct employee_key key = other_key();
	struct employee employee;

	look();
	ck_assert(fixture.run.is_move_pending);
	ck_assert_int_gt(fixture.employee.move_since_ms, 0);
	ck_assert_int_gt(fixture.run.look_again_ms, clock_wall_ms());
	pair_ask(&fixture.run);
	ck_assert(store_employee_get(fixture.store, &key, &employee, NULL));
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.generation, 1);
	employee_finish(&employee);
	/* Until it has looked. */
	other_has("active", "", ACCOUNT_NONE);
	look();
	pair_ask(&fixture.run);
	ck_assert(store_employee_get(fixture.store, &key, &employee, NULL));
	ck_assert_int_eq(employee.state, EMPLOYEE_IDLE);
	employee_finish(&employee);
}
END_TEST

static const struct side_case {
	const char *wanted;
	const char *okta_id;
	enum account_status status;
	bool is_pending;
	const char *state; /* NULL: not shown as a move */
} SIDE_CASES[] = {
        {"active", "", ACCOUNT_NONE, true, "opening"},
        {"staged", "", ACCOUNT_NONE, true, "opening"},
        {"none", "", ACCOUNT_NONE, false, NULL},
        {"unchanged", "", ACCOUNT_NONE, false, NULL},
        {"active", "00u9another", ACCOUNT_PROVISIONED, false, "opened"},
        {"staged", "00u9another", ACCOUNT_STAGED, false, "opened"},
        /* An account of an earlier time there, which is to be opened again. */
        {"active", "00u9another", ACCOUNT_DEPROVISIONED, true, "opening"},
        {"deactivated", "00u9another", ACCOUNT_DEPROVISIONED, false, NULL},
};

START_TEST(the_old_account_waits_while_the_new_one_is_to_be_opened)
{
	const struct side_case *row = &SIDE_CASES[_i];

	look();
	other_has(row->wanted, row->okta_id, row->status);
	look();
	ck_assert(fixture.run.is_move_pending == row->is_pending);
	ck_assert_str_eq(fixture.employee.move_to, row->state != NULL ? OTHER : "");
	if (row->state == NULL) {
		json_t *pair = pair_json(fixture.store, &settings, &fixture.employee);
		ck_assert(json_is_null(pair));
		json_decref(pair);
		return;
	}
	expect_shown(&fixture.employee, "default", row->state);
	/* The same seen from the new side, which reads what the old one stored. */
	ck_assert(store_employee_finish(fixture.store, &fixture.employee, EMPLOYEE_IDLE, NULL));
	struct employee_key key = other_key();
	struct employee employee;
	ck_assert(store_employee_get(fixture.store, &key, &employee, NULL));
	expect_shown(&employee, "default", row->state);
	employee_finish(&employee);
}
END_TEST

START_TEST(a_move_waits_for_a_day_at_most)
{
	other_has("active", "", ACCOUNT_NONE);
	fixture.employee.move_since_ms = clock_wall_ms() - 23 * HOUR_MS;
	look();
	ck_assert(fixture.run.is_move_pending);
	/* Looked at ever more rarely. */
	ck_assert_int_gt(fixture.run.look_again_ms, clock_wall_ms() + 9 * 60000);
	fixture.employee.move_since_ms = clock_wall_ms() - MOVE_WAITS_MS;
	look();
	ck_assert(!fixture.run.is_move_pending);
	ck_assert_int_eq(fixture.run.look_again_ms, 0);
	expect_shown(&fixture.employee, "default", "late");
	fixture.employee.present_status = ACCOUNT_DEPROVISIONED;
	expect_shown(&fixture.employee, "default", "done");
}
END_TEST

/* Two connections into one org, and the other one has taken over this very user. */
START_TEST(a_user_whom_the_other_connection_has_is_never_closed_here)
{
	static char elsewhere[] = "https://other.example.com";

	other_has("active", FIXTURE_OKTA_ID, ACCOUNT_ACTIVE);
	fixture.employee.move_since_ms = clock_wall_ms() - 48 * HOUR_MS;
	look();
	ck_assert(fixture.run.is_move_pending);
	ck_assert_int_eq(fixture.run.look_again_ms, 0);
	/* Another org may well have the same id. */
	both[1].okta.base_url = elsewhere;
	look();
	ck_assert(!fixture.run.is_move_pending);
}
END_TEST

/* M3 holds who was here before: not whom another connection hands over. */
START_TEST(the_new_side_knows_who_comes)
{
	struct employee employee = {.key = other_key()};
	struct run run = {.runner = &runner, .connection = &other, .employee = &employee};

	ck_assert(!pair_brings(&run));
	look();
	ck_assert(store_employee_finish(fixture.store, &fixture.employee, EMPLOYEE_IDLE, NULL));
	ck_assert(pair_brings(&run));
	fixture.run.runner = NULL;
	ck_assert(!pair_brings(&(struct run){.runner = &runner,
	        .connection = fixture.connection,
	        .employee = &fixture.employee}));
}
END_TEST

START_TEST(who_is_in_scope_again_or_leaves_for_good_does_not_move)
{
	look();
	ck_assert_int_gt(fixture.employee.move_since_ms, 0);
	look_at(RULE_R2, LOWER_NONE);
	ck_assert(!fixture.run.is_move_pending);
	ck_assert_int_eq(fixture.employee.move_since_ms, 0);
	look_at(RULE_L1, LOWER_LEAVER);
	ck_assert(!fixture.run.is_move_pending);
	ck_assert_int_eq(fixture.employee.move_since_ms, 0);
}
END_TEST

START_TEST(another_company_is_no_place_to_move_to)
{
	struct employee_key key = other_key();

	ck_assert(str_copy(both[1].bob.company_id, sizeof(both[1].bob.company_id), "1"));
	look();
	ck_assert(!fixture.run.is_move_pending);
	pair_ask(&fixture.run);
	ck_assert(!store_employee_get(fixture.store, &key, &(struct employee){0}, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pair");
	TCase *tcase = tcase_create("pair");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, the_first_look_asks_the_other_connection);
	tcase_add_loop_test(tcase, the_old_account_waits_while_the_new_one_is_to_be_opened, 0,
	        ARRAY_SIZE(SIDE_CASES));
	tcase_add_test(tcase, a_move_waits_for_a_day_at_most);
	tcase_add_test(tcase, a_user_whom_the_other_connection_has_is_never_closed_here);
	tcase_add_test(tcase, the_new_side_knows_who_comes);
	tcase_add_test(tcase, who_is_in_scope_again_or_leaves_for_good_does_not_move);
	tcase_add_test(tcase, another_company_is_no_place_to_move_to);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
