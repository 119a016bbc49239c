/* SPDX-License-Identifier: MIT */
/* What a draft's rows of groups do to one person and to everybody, and which groups may be chosen.
 */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/group_draft.h"
#include "server/evaluator/rules_pool.h"
#include "server/store/groups.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ENG   "00g1engineering12345"
#define SALES "00g1sales00000000000"
#define BREAK "00g1breakglass000000"

static struct engine_fixture fixture;
static struct evaluator_spawner *spawner;
static struct evaluator_pool *pool;
static struct err err;
static struct settings_report mistakes;
static json_t *report;

/* ------------------------------------------------------------------- world */

static void answer_always(const char *method, const char *part, const char *body)
{
	struct fixture_answer made = {.status = 200, .times = FIXTURE_ALWAYS};
	char copy[600];
	ck_assert(str_copy(made.method, sizeof(made.method), method) &&
	        str_copy(made.part, sizeof(made.part), part) && str_copy(copy, sizeof(copy), body));
	made.body = copy;
	engine_fixture_script(&fixture, &made);
}

#define GROUP(id, type, name) \
	"{\"id\":\"" id "\",\"type\":\"" type "\",\"profile\":{\"name\":\"" name "\"}}"

static void read_groups(void)
{
	struct okta_client *client = runner_okta(&fixture.runner, fixture.connection, NULL);
	ck_assert_ptr_nonnull(client);
	do {
		(void)group_book_turn(fixture.connection, client);
	} while (group_book_is_reading(fixture.connection->groups));
	(void)engine_fixture_calls(&fixture);
}

/* Engineering is in force for who has that title; Sales is there in Okta, and has no row. */
static void start(const char *more)
{
	char settings[300];
	ck_assert(str_format(settings, sizeof(settings),
	        "{\"groups\":[{\"group\":\"Engineering\",\"when\":\".work.title == \\\"Engineer\\\"\"}]"
	        "%s}",
	        more));
	err = (struct err)ERR_INIT;
	mistakes = (struct settings_report){0};
	spawner = evaluator_spawner_start(NULL, &err);
	ck_assert_msg(spawner != NULL, "%s", err.text);
	engine_fixture_start(&fixture, settings);
	fixture.engine->options.spawner = spawner;
	pool = rules_pool_create(spawner, &fixture.connection->settings->rules, &err);
	ck_assert_msg(pool != NULL, "%s", err.text);
	fixture.connection->evaluator = evaluator_pool_interface(pool);
	answer_always("GET", "/groups/rules", "[]");
	answer_always("GET", "q=Engineering", "[" GROUP(ENG, "OKTA_GROUP", "Engineering") "]");
	answer_always("GET", "q=Sales", "[" GROUP(SALES, "OKTA_GROUP", "Sales") "]");
	answer_always("GET", "q=Break%20glass", "[" GROUP(BREAK, "OKTA_GROUP", "Break glass") "]");
	answer_always("GET", "/" BREAK "/users", "[]");
	answer_always(
	        "GET", "q=Cloud", "[" GROUP("00g1cloud00000000000", "APP_GROUP", "Cloud") "]");
	read_groups();
}

static void set_up(void)
{
	start("");
}

static void set_up_limited(void)
{
	start(",\"limits\":{\"leave_group\":{\"per_hour\":1,\"per_hour_percent\":0,"
	      "\"per_day\":1,\"per_day_percent\":0}}");
}

static void tear_down(void)
{
	json_decref(report);
	report = NULL;
	engine_fixture_stop(&fixture);
	evaluator_pool_destroy(pool);
	evaluator_spawner_stop(spawner);
}

/* As Bob tells somebody of that title. */
static void bring(const char *id, const char *title)
{
	char shorthand[160];
	ck_assert(str_format(shorthand, sizeof(shorthand),
	        "{\"email\":\"p%s@example.com\",\"more\":{\"work\":{\"title\":\"%s\"}}}", id,
	        title));
	engine_fixture_bring(&fixture, id, engine_fixture_person(shorthand));
}

/* Linked to an account of their own, and in the group by us, as an earlier run left it. */
static void link_and_give(const char *id, const char *okta_id, const char *group_id)
{
	struct limit_set unlimited = {0};
	struct employee_key key = store_fixture_key(id);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, &err));
	struct employee employee = store_fixture_claim(fixture.store, id);
	ck_assert(str_copy(employee.okta_id, sizeof(employee.okta_id), okta_id));
	employee.present_status = ACCOUNT_ACTIVE;
	employee.is_compared = true;
	if (group_id != NULL) {
		struct intent intent =
		        store_fixture_intent(&employee, ACTION_JOIN_GROUP, LIMIT_NONE);
		ck_assert(str_copy(intent.okta_id, sizeof(intent.okta_id), okta_id));
		ck_assert(str_copy(intent.group_id, sizeof(intent.group_id), group_id));
		ck_assert_int_eq(
		        store_intent_open(fixture.store, &intent, &unlimited, &err), INTENT_OPEN);
		struct outcome outcome = {.intent_id = intent.intent_id,
		        .lease_token = employee.lease_token,
		        .state = OUTCOME_DONE};
		ck_assert(store_intent_close(fixture.store, &outcome, NULL, &err));
		intent_finish(&intent);
	}
	ck_assert(store_employee_finish(fixture.store, &employee, EMPLOYEE_IDLE, &err));
	employee_finish(&employee);
}

/* --------------------------------------------------------------- questions */

static bool preview_one(const char *groups)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	json_t *rows = json_array();
	json_t *json = json_loads(groups, 0, NULL);
	struct mapping_draft draft = {.rows = rows, .groups = json, .mistakes = &mistakes};
	ck_assert_ptr_nonnull(json);
	json_decref(report);
	report = NULL;
	bool is_done = engine_preview(fixture.engine, &key, &draft, &report, &err);
	json_decref(rows);
	json_decref(json);
	return is_done;
}

static bool preview_row(const char *row)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	json_t *rows = json_array();
	json_t *json = json_pack("[o]", json_loads(row, 0, NULL));
	struct mapping_draft draft = {.rows = rows, .groups = json, .mistakes = &mistakes};
	json_decref(report);
	report = NULL;
	bool is_done = engine_preview_row(fixture.engine, &key, &draft, &report, &err);
	json_decref(rows);
	json_decref(json);
	return is_done;
}

static void preview_all(const char *groups)
{
	json_t *rows = json_array();
	json_t *json = json_loads(groups, 0, NULL);
	struct preview_all query = {.connection = "default",
	        .draft = {.rows = rows, .groups = json, .mistakes = &mistakes}};
	ck_assert_ptr_nonnull(json);
	json_decref(report);
	report = NULL;
	ck_assert_msg(engine_preview_all(fixture.engine, &query, &report, &err), "%s", err.text);
	json_decref(rows);
	json_decref(json);
}

static const json_t *group_of(const char *list, const char *group)
{
	size_t i = 0;
	const json_t *one = NULL;
	json_array_foreach(json_object_get(report, list), i, one)
	{
		if (str_equal(json_get_text(one, "group"), group) ||
		        str_equal(json_get_text(one, "name"), group)) {
			return one;
		}
	}
	ck_abort_msg("%s has no %s", list, group);
}

static void expect_text(const json_t *object, const char *key, const char *text)
{
	const char *have = json_get_text(object, key);
	ck_assert_msg(str_equal(have, text), "%s is %s", key, have != NULL ? have : "-");
}

static void expect_count(const json_t *object, const char *key, int64_t count)
{
	int64_t have = json_get_int(object, key, -9);
	ck_assert_msg(have == count, "%s is %lld", key, (long long)have);
}

#define ENGINEERS "{\"group\":\"Engineering\",\"when\":\".work.title == \\\"Engineer\\\"\"}"
#define LEADS     "{\"group\":\"Sales\",\"when\":\".work.title == \\\"Lead\\\"\"}"
#define NOBODY    "{\"group\":\"Engineering\",\"when\":\"false\"}"

/* -------------------------------------------------------------- one person */

static void okta_tells(void)
{
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID "/groups", "[]");
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", "p412@example.com",
	                "\"firstName\":\"Ada\",\"lastName\":\"King\""));
}

START_TEST(a_group_that_only_the_draft_names_is_looked_for_and_would_be_joined)
{
	bring(FIXTURE_PERSON, "Lead");
	link_and_give(FIXTURE_PERSON, FIXTURE_OKTA_ID, NULL);
	okta_tells();
	ck_assert_msg(preview_one("[" ENGINEERS "," LEADS "]"), "%s", err.text);
	expect_text(group_of("groups", "Sales"), "answer", "in");
	expect_text(group_of("groups", "Sales"), "change", "join_group");
	expect_text(group_of("groups", "Sales"), "state", "ok");
	expect_text(group_of("groups", "Engineering"), "answer", "out");
	expect_text(group_of("groups", "Engineering"), "change", "none");
	const char *calls = engine_fixture_calls(&fixture);
	ck_assert_msg(strstr(calls, "q=Sales") != NULL, "%s", calls);
	ck_assert_msg(strstr(calls, "q=Engineering") == NULL, "what is known is asked: %s", calls);
	ck_assert_msg(strstr(calls, "PUT") == NULL, "%s", calls);
}
END_TEST

START_TEST(a_draft_takes_out_whom_we_gave_the_group)
{
	bring(FIXTURE_PERSON, "Engineer");
	link_and_give(FIXTURE_PERSON, FIXTURE_OKTA_ID, ENG);
	okta_tells();
	ck_assert_msg(preview_one("[" NOBODY "]"), "%s", err.text);
	expect_text(group_of("groups", "Engineering"), "change", "leave_group");
	okta_tells();
	ck_assert_msg(preview_one("[]"), "%s", err.text);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "groups")), 0);
}
END_TEST

START_TEST(a_group_that_may_not_be_used_says_why)
{
	bring(FIXTURE_PERSON, "Lead");
	link_and_give(FIXTURE_PERSON, FIXTURE_OKTA_ID, NULL);
	okta_tells();
	ck_assert_msg(preview_one("[{\"group\":\"Cloud\",\"when\":\"true\"}]"), "%s", err.text);
	expect_text(group_of("groups", "Cloud"), "state", "refused");
	expect_text(group_of("groups", "Cloud"), "change", "none");
	ck_assert_ptr_nonnull(
	        strstr(json_get_text(group_of("groups", "Cloud"), "reason"), "application"));
}
END_TEST

START_TEST(a_mistake_of_a_condition_has_its_path)
{
	bring(FIXTURE_PERSON, "Lead");
	ck_assert(!preview_one("[" ENGINEERS ",{\"group\":\"Sales\",\"when\":\".a | | .b\"}]"));
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_uint_eq(mistakes.count, 1);
	ck_assert_str_eq(mistakes.mistakes[0].path, "groups[1].when");
	ck_assert(!preview_one("[" ENGINEERS "," ENGINEERS ",{\"when\":\"true\"}]"));
	ck_assert_uint_eq(mistakes.count, 2);
	ck_assert_str_eq(mistakes.mistakes[0].path, "groups[1]");
}
END_TEST

/* ----------------------------------------------------------------- live row */

static const struct {
	const char *when;
	const char *state;
	const char *answer;
} CONDITIONS[] = {
        {".work.title == \\\"Lead\\\"", "value", "in"},
        {".work.title == \\\"Engineer\\\"", "value", "out"},
        {"null", "value", "out"},
        {".work.title", "failed", "unknown"},
};

START_TEST(a_condition_is_tried_while_it_is_typed)
{
	char row[200];
	bring(FIXTURE_PERSON, "Lead");
	ck_assert(str_format(
	        row, sizeof(row), "{\"group\":\"Sales\",\"when\":\"%s\"}", CONDITIONS[_i].when));
	ck_assert_msg(preview_row(row), "%s", err.text);
	expect_text(report, "group", "Sales");
	expect_text(report, "state", CONDITIONS[_i].state);
	expect_text(report, "answer", CONDITIONS[_i].answer);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

START_TEST(what_is_half_typed_has_its_place)
{
	bring(FIXTURE_PERSON, "Lead");
	ck_assert_msg(preview_row("{\"group\":\"Sales\",\"when\":\".work.title | | upper\"}"), "%s",
	        err.text);
	expect_text(report, "state", "invalid");
	const json_t *mistake = json_array_get(json_object_get(report, "mistakes"), 0);
	expect_text(mistake, "path", "groups[0].when");
	expect_count(mistake, "line", 1);
	expect_count(mistake, "column", 15);
}
END_TEST

/* ---------------------------------------------------------------- everybody */

/* Ada and Bo are in Engineering by us; Cy leads, and is in none; Di has no account; Ed has left. */
static void bring_five(void)
{
	bring("412", "Engineer");
	link_and_give("412", "00u1adaking0", ENG);
	bring("413", "Engineer");
	link_and_give("413", "00u1boyoung0", ENG);
	bring("414", "Lead");
	link_and_give("414", "00u1cyclone0", NULL);
	bring("415", "Designer");
	engine_fixture_bring(&fixture, "416",
	        engine_fixture_person(
	                "{\"email\":\"ed@example.com\",\"lifecycle\":\"terminated\"}"));
	(void)engine_fixture_calls(&fixture);
}

START_TEST(everybody_who_joins_and_leaves_is_counted)
{
	bring_five();
	preview_all("[" NOBODY "," LEADS "]");
	const json_t *sales = group_of("groups", "Sales");
	expect_count(sales, "belong", 1);
	expect_count(sales, "joins", 1);
	expect_count(sales, "leaves", 0);
	expect_text(sales, "state", "ok");
	const json_t *sample = json_array_get(json_object_get(sales, "samples"), 0);
	expect_text(sample, "employee_id", "414");
	expect_text(sample, "change", "join_group");
	const json_t *engineering = group_of("groups", "Engineering");
	expect_count(engineering, "belong", 0);
	expect_count(engineering, "people", 2);
	expect_count(engineering, "joins", 0);
	expect_count(engineering, "leaves", 2);
	ck_assert_uint_eq(json_array_size(json_object_get(engineering, "samples")), 2);
	const json_t *limit = json_object_get(report, "leave_limit");
	expect_text(limit, "limit", "leave_group");
	expect_count(limit, "leaving", 2);
	expect_count(limit, "held", 0);
	ck_assert(json_is_false(json_object_get(limit, "is_exceeded")));
	/* Nobody's groups are asked for, and what the settings name is known. */
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /api/v1/groups?limit=200&q=Sales");
}
END_TEST

START_TEST(the_limit_that_would_be_exceeded_is_named)
{
	bring_five();
	preview_all("[" NOBODY "]");
	const json_t *limit = json_object_get(report, "leave_limit");
	expect_count(limit, "leaving", 2);
	expect_count(limit, "room", 1);
	expect_count(limit, "held", 1);
	ck_assert(json_is_true(json_object_get(limit, "is_exceeded")));
	ck_assert_ptr_nonnull(strstr(json_get_text(limit, "sentence"), "leave_group"));
}
END_TEST

START_TEST(a_row_that_goes_takes_nobody_out)
{
	bring_five();
	preview_all("[" LEADS "]");
	const json_t *gone = group_of("groups_removed", "Engineering");
	expect_count(gone, "given", 2);
	expect_count(json_object_get(report, "leave_limit"), "leaving", 0);
}
END_TEST

START_TEST(who_is_held_neither_joins_nor_leaves)
{
	bring_five();
	engine_fixture_hold(&fixture, "413", HOLD_HUMAN, "on purpose");
	preview_all("[" NOBODY "]");
	expect_count(group_of("groups", "Engineering"), "leaves", 1);
}
END_TEST

/* ------------------------------------------------------------------- search */

START_TEST(groups_are_found_with_the_reason_against_them)
{
	answer_always("GET", "groups?limit=50",
	        "[" GROUP(ENG, "OKTA_GROUP", "Engineering") "," GROUP("00g1everyone00000000",
	                "BUILT_IN", "Everyone") "," GROUP("00g1cloud00000000000", "APP_GROUP",
	                "Cloud") "," GROUP(BREAK, "OKTA_GROUP", "Break glass") "]");
	ck_assert_msg(engine_groups_find(fixture.engine, "default", "e&x", &report, &err), "%s",
	        err.text);
	expect_text(group_of("groups", "Engineering"), "state", "ok");
	expect_text(group_of("groups", "Everyone"), "state", "refused");
	expect_text(group_of("groups", "Everyone"), "type", "built_in");
	expect_text(group_of("groups", "Cloud"), "type", "app");
	expect_text(group_of("groups", "Break glass"), "state", "refused");
	ck_assert_ptr_nonnull(strstr(
	        json_get_text(group_of("groups", "Break glass"), "reason"), "protected group"));
	const char *calls = engine_fixture_calls(&fixture);
	ck_assert_msg(strstr(calls, "q=e%26x") != NULL, "%s", calls);
}
END_TEST

static void set_up_guarded(void)
{
	start(",\"provisioning\":{\"protected_group\":\"Break glass\"}");
}

int main(void)
{
	Suite *suite = suite_create("engine_preview_groups");
	TCase *tcase = tcase_create("engine_preview_groups");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_group_that_only_the_draft_names_is_looked_for_and_would_be_joined);
	tcase_add_test(tcase, a_draft_takes_out_whom_we_gave_the_group);
	tcase_add_test(tcase, a_group_that_may_not_be_used_says_why);
	tcase_add_test(tcase, a_mistake_of_a_condition_has_its_path);
	tcase_add_loop_test(
	        tcase, a_condition_is_tried_while_it_is_typed, 0, ARRAY_SIZE(CONDITIONS));
	tcase_add_test(tcase, what_is_half_typed_has_its_place);
	tcase_add_test(tcase, everybody_who_joins_and_leaves_is_counted);
	tcase_add_test(tcase, a_row_that_goes_takes_nobody_out);
	tcase_add_test(tcase, who_is_held_neither_joins_nor_leaves);
	suite_add_tcase(suite, tcase);
	TCase *limited = tcase_create("limited");
	tcase_add_checked_fixture(limited, set_up_limited, tear_down);
	tcase_set_timeout(limited, 60);
	tcase_add_test(limited, the_limit_that_would_be_exceeded_is_named);
	suite_add_tcase(suite, limited);
	TCase *guarded = tcase_create("guarded");
	tcase_add_checked_fixture(guarded, set_up_guarded, tear_down);
	tcase_set_timeout(guarded, 60);
	tcase_add_test(guarded, groups_are_found_with_the_reason_against_them);
	suite_add_tcase(suite, guarded);
	return suite_run(suite);
}
