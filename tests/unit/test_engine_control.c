/* SPDX-License-Identifier: MIT */
/* What an administrator asks of the engine, and the engine with its threads. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS 15000

static struct engine_fixture fixture;
static struct err err;

static void set_up(void)
{
	err = (struct err)ERR_INIT;
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static struct employee_key person_key(void)
{
	return store_fixture_key(FIXTURE_PERSON);
}

static void expect_keys(const json_t *object, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		ck_assert_msg(json_object_get(object, keys[i]) != NULL, "no key %s", keys[i]);
	}
	ck_assert_uint_eq(json_object_size(object), count);
}

static void expect_text(const json_t *object, const char *key, const char *text)
{
	const char *have = json_get_text(object, key);

	ck_assert_msg(str_equal(have, text), "%s is %s", key, have != NULL ? have : "(none)");
}

/* ---------------------------------------------------------------------- plan */

START_TEST(the_plan_of_somebody_nobody_knows_is_not_found)
{
	struct employee_key key = person_key();
	json_t *report = NULL;
	struct plan_query query = {.engine = fixture.engine, .connection = "default"};

	ck_assert(!engine_plan(&query, key.employee_id, &report, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_null(report);
}
END_TEST

START_TEST(an_unknown_connection_is_not_found)
{
	struct employee_key key = person_key();
	json_t *report = NULL;
	struct plan_query query = {.engine = fixture.engine, .connection = "nowhere"};
	int64_t generation = 0;
	size_t marked = 0;

	ck_assert(str_copy(key.connection, sizeof(key.connection), "nowhere"));
	ck_assert(!engine_plan(&query, key.employee_id, &report, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	err = (struct err)ERR_INIT;
	ck_assert(!engine_plan_all(&query, &report, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	err = (struct err)ERR_INIT;
	ck_assert(!engine_sync(fixture.engine, &key, &generation, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	err = (struct err)ERR_INIT;
	ck_assert(!engine_sync_all(fixture.engine, "nowhere", &marked, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	err = (struct err)ERR_INIT;
	ck_assert(!engine_close(fixture.engine, &key, "test", &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	err = (struct err)ERR_INIT;
	ck_assert(!engine_pause(fixture.engine, "nowhere", PAUSE_EVERYTHING, "test", &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_plan_has_the_documented_shape_and_changes_nothing)
{
	static const char *const KEYS[] = {"connection", "employee_id", "display_name", "okta_id",
	        "present_status", "wanted", "rule", "reason", "lane", "due_at_ms", "hold",
	        "missing", "actions", "sentence", "move"};
	static const char *const ACTION_KEYS[] = {"kind", "rule", "reason", "limit", "is_rename",
	        "is_activating", "sends_email", "profile"};
	struct employee_key key = person_key();
	struct employee employee = {0};
	json_t *report = NULL;
	struct plan_query query = {.engine = fixture.engine, .connection = "default"};

	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	ck_assert_msg(engine_plan(&query, key.employee_id, &report, &err), "%s", err.text);
	expect_keys(report, KEYS, ARRAY_SIZE(KEYS));
	expect_text(report, "display_name", "Ada King");
	expect_text(report, "wanted", "active");
	expect_text(report, "present_status", "NONE");
	ck_assert(json_is_null(json_object_get(report, "hold")));
	const json_t *actions = json_object_get(report, "actions");
	ck_assert_uint_eq(json_array_size(actions), 1);
	expect_keys(json_array_get(actions, 0), ACTION_KEYS, ARRAY_SIZE(ACTION_KEYS));
	expect_text(json_array_get(actions, 0), "kind", "create");
	expect_text(json_object_get(json_array_get(actions, 0), "profile"), "login", FIXTURE_LOGIN);
	json_decref(report);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search");
	ck_assert(!store_employee_get(fixture.store, &key, &employee, NULL));
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
}
END_TEST

START_TEST(a_plan_says_what_would_be_held)
{
	struct employee_key key = person_key();
	json_t *report = NULL;
	struct plan_query query = {.engine = fixture.engine, .connection = "default"};
	char list[1024];

	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	ck_assert(str_format(list, sizeof(list), "[%s]",
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "SUSPENDED", FIXTURE_LOGIN, "\"lastName\":\"King\"")));
	engine_fixture_answer(&fixture, "GET", "search=", list);
	ck_assert(engine_plan(&query, key.employee_id, &report, &err));
	expect_text(json_object_get(report, "hold"), "kind", "match");
	ck_assert(!str_is_empty(json_get_text(json_object_get(report, "hold"), "cause")));
	json_decref(report);
	struct hold_list holds = {0};
	ck_assert(store_hold_list(fixture.store, "default", NULL, &holds, &err));
	ck_assert_uint_eq(holds.count, 0);
}
END_TEST

static const struct bob_case {
	int status;
	enum err_code code;
} BOB_CASES[] = {{401, ERR_REFUSED}, {403, ERR_REFUSED}, {500, ERR_NETWORK}};

START_TEST(without_bob_there_is_no_plan)
{
	struct employee_key key = person_key();
	json_t *report = NULL;
	struct plan_query query = {.engine = fixture.engine, .connection = "default"};

	fixture.bob_status = BOB_CASES[_i].status;
	ck_assert(!engine_plan(&query, key.employee_id, &report, &err));
	ck_assert_int_eq(err.code, BOB_CASES[_i].code);
	ck_assert_ptr_null(report);
	ck_assert_ptr_nonnull(strstr(err.text, "Bob"));
}
END_TEST

START_TEST(the_plan_of_everybody_leaves_the_empty_ones_out)
{
	static const char *const KEYS[] = {"plans", "people", "unchanged", "held", "left_out",
	        "by_action", "by_rule", "is_draft"};
	json_t *report = NULL;
	struct plan_query query = {.engine = fixture.engine, .connection = "default"};

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_bring(&fixture, "7", engine_fixture_person("{\"email\":\"g@example.com\"}"));
	ck_assert_msg(engine_plan_all(&query, &report, &err), "%s", err.text);
	expect_keys(report, KEYS, ARRAY_SIZE(KEYS));
	ck_assert_int_eq(json_integer_value(json_object_get(report, "people")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(report, "unchanged")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "plans")), 1);
	expect_text(json_array_get(json_object_get(report, "plans"), 0), "employee_id", "7");
	ck_assert_int_eq(json_integer_value(json_get_path(report, "by_action.create")), 1);
	ck_assert_uint_eq(json_object_size(json_object_get(report, "by_rule")), 1);
	json_decref(report);
}
END_TEST

/* ---------------------------------------------------------------------- sync */

START_TEST(sync_marks_whom_the_store_or_bob_knows)
{
	struct employee_key key = person_key();
	int64_t generation = 0;

	ck_assert(!engine_sync(fixture.engine, &key, &generation, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	err = (struct err)ERR_INIT;
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	ck_assert_msg(engine_sync(fixture.engine, &key, &generation, &err), "%s", err.text);
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.generation, generation);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_gt(generation, fixture.employee.claimed_generation);
}
END_TEST

START_TEST(sync_of_everybody_marks_at_sweep_priority)
{
	size_t marked = 0;

	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_bring(&fixture, "7", engine_fixture_person("{}"));
	ck_assert_msg(engine_sync_all(fixture.engine, "default", &marked, &err), "%s", err.text);
	ck_assert_uint_eq(marked, 2);
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.lane, LANE_SWEEP);
}
END_TEST

/* --------------------------------------------------------------------- close */

static bool close_now(void)
{
	struct employee_key key = person_key();

	return engine_close(fixture.engine, &key, "test", &err);
}

/* Close looks first, so that it never acts on an old status. */
static void link_shown(void)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
}

START_TEST(close_lowers_ends_the_sessions_and_holds)
{
	link_shown();
	engine_fixture_answer(&fixture, "POST", "/lifecycle/", "{}");
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	ck_assert_msg(close_now(), "%s", err.text);
	const char *calls = engine_fixture_calls(&fixture);
	ck_assert_str_eq(calls,
	        _i == 0 ? "GET /" FIXTURE_OKTA_ID ", POST /" FIXTURE_OKTA_ID
	                  "/lifecycle/deactivate, DELETE /" FIXTURE_OKTA_ID
	                  "/sessions?oauthTokens=true"
	                : "GET /" FIXTURE_OKTA_ID ", POST /" FIXTURE_OKTA_ID
	                  "/lifecycle/suspend, DELETE /" FIXTURE_OKTA_ID
	                  "/sessions?oauthTokens=true");
	ck_assert(engine_fixture_is_held(&fixture, HOLD_HUMAN));
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.lowered, LOWER_CLOSE);
	ck_assert_str_eq(fixture.actions.items[0].intent.rule, "M4");
	/* Nothing reopens it: Bob says employed. */
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

START_TEST(nobody_without_an_account_is_closed)
{
	struct employee_key key = person_key();

	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, &err));
	ck_assert(!close_now());
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_HUMAN));
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(fixture.employee.attempts, 0);
}
END_TEST

START_TEST(somebody_nobody_knows_cannot_be_closed)
{
	ck_assert(!close_now());
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(somebody_in_a_workers_hands_cannot_be_closed)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	struct employee busy = store_fixture_claim(fixture.store, FIXTURE_PERSON);

	ck_assert(!close_now());
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_HUMAN));
	employee_finish(&busy);
}
END_TEST

START_TEST(a_protected_account_is_not_closed)
{
	link_shown();
	if (_i == 0) {
		monitor_lock(&fixture.connection->monitor);
		fixture.connection->is_owner_known = true;
		ck_assert(str_copy(fixture.connection->owner_id,
		        sizeof(fixture.connection->owner_id), FIXTURE_OKTA_ID));
		monitor_unlock(&fixture.connection->monitor);
	}
	ck_assert(!close_now());
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_null(strstr(engine_fixture_calls(&fixture), "POST"));
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_HUMAN));
}
END_TEST

START_TEST(a_close_that_okta_does_not_take_leaves_no_hold)
{
	link_shown();
	engine_fixture_refuse(&fixture, "POST", "/lifecycle/deactivate", 503, "E0000010");
	ck_assert(!close_now());
	ck_assert_int_eq(err.code, ERR_REFUSED);
	ck_assert_ptr_nonnull(strstr(err.text, "not closed"));
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_HUMAN));
}
END_TEST

/* --------------------------------------------------------------------- pause */

START_TEST(a_pause_outlives_the_engine)
{
	struct engine_health health;
	enum pause_mode mode = _i == 0 ? PAUSE_PASS_REVOCATIONS : PAUSE_EVERYTHING;

	ck_assert(engine_pause(fixture.engine, "default", mode, "test", &err));
	engine_fixture_renew(&fixture);
	ck_assert(engine_start(fixture.engine, &err));
	ck_assert(engine_health(fixture.engine, "default", &health));
	ck_assert_int_eq(health.pause, mode);
	ck_assert(engine_pause(fixture.engine, "default", PAUSE_NONE, "test", &err));
	engine_stop(fixture.engine, clock_mono_ms() + WAIT_MS);
	engine_fixture_renew(&fixture);
	ck_assert(engine_start(fixture.engine, &err));
	ck_assert(engine_health(fixture.engine, "default", &health));
	ck_assert_int_eq(health.pause, PAUSE_NONE);
	engine_stop(fixture.engine, clock_mono_ms() + WAIT_MS);
}
END_TEST

START_TEST(health_tells_of_both_systems)
{
	struct engine_health health;
	struct call_outcome dead = engine_fixture_outcome(CALL_STOP_CREDENTIALS, 401);

	ck_assert(str_copy(dead.sentence, sizeof(dead.sentence), "The token is dead."));
	ck_assert(!engine_health(fixture.engine, "nowhere", &health));
	ck_assert(engine_health(fixture.engine, "default", &health));
	ck_assert(!health.is_okta_parked && !health.is_bob_parked && !health.is_dry_run);
	ck_assert_int_eq(health.okta_since_ms, 0);
	ck_assert_int_eq(health.okta_remaining[OKTA_BUCKET_USERS], -1);
	connection_okta_outcome(fixture.connection, "1", &dead);
	connection_bob_outcome(fixture.connection, &dead);
	ck_assert(engine_health(fixture.engine, "default", &health));
	ck_assert(health.is_okta_parked && health.is_bob_parked);
	ck_assert_str_eq(health.okta_cause, "The token is dead.");
	ck_assert_str_eq(health.bob_cause, "The token is dead.");
	ck_assert_int_gt(health.okta_since_ms, 0);
	ck_assert_int_gt(health.bob_since_ms, 0);
}
END_TEST

/* -------------------------------------------------------------------- suite */

static void set_up_suspend(void)
{
	err = (struct err)ERR_INIT;
	engine_fixture_start(&fixture, "{\"provisioning\":{\"leaver\":{\"action\":\"suspend\"}}}");
}

static void set_up_protected(void)
{
	err = (struct err)ERR_INIT;
	engine_fixture_start(
	        &fixture, "{\"provisioning\":{\"protected\":[\"" FIXTURE_LOGIN "\"]}}");
}

static TCase *add_case(Suite *suite, const char *name, void (*start)(void))
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, start, tear_down);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static void add_plans(TCase *tcase)
{
	tcase_add_test(tcase, the_plan_of_somebody_nobody_knows_is_not_found);
	tcase_add_test(tcase, an_unknown_connection_is_not_found);
	tcase_add_test(tcase, a_plan_has_the_documented_shape_and_changes_nothing);
	tcase_add_test(tcase, a_plan_says_what_would_be_held);
	tcase_add_loop_test(tcase, without_bob_there_is_no_plan, 0, ARRAY_SIZE(BOB_CASES));
	tcase_add_test(tcase, the_plan_of_everybody_leaves_the_empty_ones_out);
	tcase_add_test(tcase, sync_marks_whom_the_store_or_bob_knows);
	tcase_add_test(tcase, sync_of_everybody_marks_at_sweep_priority);
	tcase_add_loop_test(tcase, a_pause_outlives_the_engine, 0, 2);
	tcase_add_test(tcase, health_tells_of_both_systems);
}

static void add_closes(TCase *tcase)
{
	tcase_add_loop_test(tcase, close_lowers_ends_the_sessions_and_holds, 0, 1);
	tcase_add_test(tcase, nobody_without_an_account_is_closed);
	tcase_add_test(tcase, somebody_nobody_knows_cannot_be_closed);
	tcase_add_test(tcase, somebody_in_a_workers_hands_cannot_be_closed);
	tcase_add_loop_test(tcase, a_protected_account_is_not_closed, 0, 1);
	tcase_add_test(tcase, a_close_that_okta_does_not_take_leaves_no_hold);
}

int main(void)
{
	Suite *suite = suite_create("control");

	add_plans(add_case(suite, "plans", set_up));
	add_closes(add_case(suite, "closes", set_up));
	tcase_add_loop_test(add_case(suite, "suspend", set_up_suspend),
	        close_lowers_ends_the_sessions_and_holds, 1, 2);
	tcase_add_loop_test(add_case(suite, "protected", set_up_protected),
	        a_protected_account_is_not_closed, 1, 2);
	return suite_run(suite);
}
