/* SPDX-License-Identifier: MIT */
/* A login that is chosen: of several candidates the first that nobody else has. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define OTHER  "7"
#define FIRST  "ada.king@example.com"
#define SECOND "a.king@example.com"
#define THIRD  "ada.king2@example.com"
#define LOGINS                                         \
	"{\"mapping\":[{\"okta\":\"login\",\"expr\":[" \
	"\".root.firstName\",\".root.surname\",\".root.displayName\"]}]}"
#define SAME    "\"firstName\":\"Ada\",\"lastName\":\"King\",\"displayName\":\"Ada King\""
#define ANOTHER "\"firstName\":\"Ada\",\"lastName\":\"Queen\""
#define TAKEN                                                                            \
	"{\"errorCode\":\"E0000001\",\"errorSummary\":\"Api validation failed: login\"," \
	"\"errorCauses\":[{\"errorSummary\":\"login: An object with this field already"  \
	" exists in the current organization\"}]}"

static struct engine_fixture fixture;
static const char *texts[3];

static void evaluate(void *context, const char *employee_id, const json_t *input,
        const bool *is_asked, struct evaluation *results)
{
	(void)context;
	(void)employee_id;
	(void)input;
	for (size_t i = 0; i < 3; i++) {
		if (is_asked[i]) {
			results[i] = (struct evaluation){
			        .state = EVALUATION_VALUE, .value = json_string(texts[i])};
		}
	}
}

static void set_up(void)
{
	engine_fixture_start(&fixture, LOGINS);
	fixture.connection->evaluator = (struct evaluator){.evaluate = evaluate};
	texts[0] = FIRST;
	texts[1] = SECOND;
	texts[2] = THIRD;
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static void found(const char *users)
{
	engine_fixture_answer(&fixture, "GET", "search=", users);
}

/* A list of one user, for found(). */
static const char *one(const char *okta_id, const char *login, const char *more)
{
	static char list[1024];
	ck_assert(str_format(
	        list, sizeof(list), "[%s]", engine_fixture_user(okta_id, "ACTIVE", login, more)));
	return list;
}

static void expect_create(const char *login)
{
	engine_fixture_answer(&fixture, "POST", "?activate=true",
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", login, SAME));
}

static void refuse_login(void)
{
	engine_fixture_script(&fixture,
	        &(struct fixture_answer){.method = "POST",
	                .part = "?activate=true",
	                .status = 400,
	                .times = 1,
	                .body = (char[]){TAKEN}});
}

static void check_created(const char *login)
{
	json_t *body = engine_fixture_sent(&fixture, "POST");
	ck_assert_str_eq(json_get_text(json_object_get(body, "profile"), "login"), login);
	json_decref(body);
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_str_eq(personal_reveal(&fixture.employee.bob_login), login);
}

static void run(void)
{
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
}

/* ---------------------------------------------------------------------- taken */

START_TEST(the_first_is_taken_when_nobody_has_it)
{
	expect_create(FIRST);
	run();
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, POST ?activate=true");
	check_created(FIRST);
}
END_TEST

START_TEST(one_that_the_look_up_shows_is_passed_over)
{
	found(one("00u9namesake", FIRST, ANOTHER));
	expect_create(SECOND);
	run();
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, POST ?activate=true");
	check_created(SECOND);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_MATCH));
}
END_TEST

START_TEST(one_of_our_own_store_is_passed_over)
{
	/* Okta's search is behind: only we know of the namesake. */
	store_fixture_link(fixture.store, OTHER, "00u9namesake", FIRST, ACCOUNT_ACTIVE);
	expect_create(SECOND);
	run();
	check_created(SECOND);
}
END_TEST

START_TEST(one_that_okta_refuses_is_passed_over_in_the_same_run)
{
	refuse_login();
	engine_fixture_answer(&fixture, "GET", "/ada.king%40example.com",
	        engine_fixture_user("00u9namesake", "ACTIVE", FIRST, ANOTHER));
	expect_create(SECOND);
	run();
	ck_assert_str_eq(engine_fixture_calls(&fixture),
	        "GET ?search, POST ?activate=true, GET /ada.king%40example.com, "
	        "POST ?activate=true");
	check_created(SECOND);
}
END_TEST

START_TEST(one_that_okta_refuses_and_does_not_show_is_passed_over)
{
	refuse_login();
	engine_fixture_refuse(&fixture, "GET", "/ada.king%40example.com", 404, "E0000007");
	expect_create(SECOND);
	run();
	check_created(SECOND);
}
END_TEST

START_TEST(when_all_are_taken_a_human_is_asked)
{
	char list[2048];
	char first[512];
	char second[512];
	ck_assert(str_copy(first, sizeof(first),
	        engine_fixture_user("00u7namesake", "ACTIVE", FIRST, ANOTHER)));
	ck_assert(str_copy(second, sizeof(second),
	        engine_fixture_user("00u8namesake", "ACTIVE", SECOND, ANOTHER)));
	ck_assert(str_format(list, sizeof(list), "[%s,%s,%s]", first, second,
	        engine_fixture_user("00u9namesake", "ACTIVE", THIRD, ANOTHER)));
	found(list);
	run();
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
	ck_assert_uint_eq(fixture.actions.count, 0);
	/* One got free: the question is none any more. */
	found(one("00u7namesake", FIRST, ANOTHER));
	expect_create(SECOND);
	run();
	check_created(SECOND);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_MATCH));
}
END_TEST

START_TEST(okta_may_refuse_all_of_them)
{
	static const char *const PARTS[] = {
	        "/ada.king%40example.com", "/a.king%40example.com", "/ada.king2%40example.com"};
	for (size_t i = 0; i < 3; i++) {
		refuse_login();
		engine_fixture_refuse(&fixture, "GET", PARTS[i], 404, "E0000007");
	}
	run();
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
	ck_assert_str_eq(fixture.employee.okta_id, "");
}
END_TEST

/* ----------------------------------------------------------------- same person */

START_TEST(the_same_persons_account_is_adopted_and_its_login_remembered)
{
	/* She got the second one then, because a namesake had the first. */
	found(one(FIXTURE_OKTA_ID, SECOND, SAME ",\"employeeNumber\":\"17\""));
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "ACTIVE", SECOND, SAME ",\"employeeNumber\":\"17\""));
	engine_fixture_run(&fixture, engine_fixture_person("{\"number\":\"17\"}"));
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_str_eq(personal_reveal(&fixture.employee.bob_login), SECOND);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, GET /" FIXTURE_OKTA_ID);
}
END_TEST

START_TEST(a_remembered_login_does_not_follow_its_expressions)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	texts[0] = "ada.lovelace@example.com";
	run();
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_str_eq(personal_reveal(&fixture.employee.bob_login), FIXTURE_LOGIN);
}
END_TEST

START_TEST(another_person_said_by_a_human_means_the_next_login)
{
	struct hold_decision decision = {
	        .key = store_fixture_key(FIXTURE_PERSON), .kind = HOLD_MATCH, .by = "test"};
	const char *closed = "[{\"id\":\"00u9namesake\",\"status\":\"DEPROVISIONED\",\"profile\":{"
	                     "\"login\":\"" FIRST "\",\"email\":\"" FIRST "\"," SAME "}}]";
	found(closed);
	run();
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
	ck_assert(store_hold_reject(fixture.store, &decision, NULL));
	/* The create is unlucky once: the answer must stand for the next try. */
	found(closed);
	engine_fixture_refuse(&fixture, "POST", "?activate=true", 503, "E0000010");
	run();
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
	found(closed);
	expect_create(SECOND);
	run();
	check_created(SECOND);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_MATCH));
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("engine_unique_login");
	TCase *logins = tcase_create("logins");
	tcase_add_checked_fixture(logins, set_up, tear_down);
	tcase_add_test(logins, the_first_is_taken_when_nobody_has_it);
	tcase_add_test(logins, one_that_the_look_up_shows_is_passed_over);
	tcase_add_test(logins, one_of_our_own_store_is_passed_over);
	tcase_add_test(logins, one_that_okta_refuses_is_passed_over_in_the_same_run);
	tcase_add_test(logins, one_that_okta_refuses_and_does_not_show_is_passed_over);
	tcase_add_test(logins, when_all_are_taken_a_human_is_asked);
	tcase_add_test(logins, okta_may_refuse_all_of_them);
	tcase_add_test(logins, the_same_persons_account_is_adopted_and_its_login_remembered);
	tcase_add_test(logins, a_remembered_login_does_not_follow_its_expressions);
	tcase_add_test(logins, another_person_said_by_a_human_means_the_next_login);
	suite_add_tcase(suite, logins);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
