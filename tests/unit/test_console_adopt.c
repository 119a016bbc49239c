/* SPDX-License-Identifier: MIT */
/* Adoption and links through the API, in the shapes of docs/http.md. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/console_fixture.h"
#include "tests/support/doc_shape.h"
#include "tests/support/suite.h"

#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define ADOPTION "/api/v1/adoption"
#define PEOPLE   "/api/v1/adoption/people"
#define DECIDE   "/api/v1/adoption/decide"
#define LINK     "/api/v1/people/" FIXTURE_PERSON "/link"
#define SAME     "\"firstName\":\"Ada\",\"lastName\":\"King\",\"employeeNumber\":\"412\""
#define TWIN     "00u2adaking"
#define WAIT_MS  60000

static struct console_fixture fixture;

/* Ada in Bob; two users in Okta who may be she. */
static void set_up(void)
{
	char list[1024];
	console_fixture_start(&fixture);
	engine_fixture_bring(&fixture.engine, FIXTURE_PERSON, engine_fixture_person("{}"));
	ck_assert(str_format(list, sizeof(list), "[%s,",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, SAME)));
	size_t len = strlen(list);
	ck_assert(str_format(list + len, sizeof(list) - len, "%s]",
	        engine_fixture_user(TWIN, "ACTIVE", "aking@example.com", SAME)));
	engine_fixture_answer(&fixture.engine, "GET", "limit=200", list);
}

static void tear_down(void)
{
	console_fixture_stop(&fixture);
}

static void ask(const char *method, const char *target, const char *body, int status)
{
	int have = console_fixture_ask(&fixture, method, target, body);
	ck_assert_msg(have == status, "%s %s: %d %s", method, target, have, fixture.body);
}

/* Until the job is over; the report is the last answer. */
static void wait_for(const char *job)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	for (;;) {
		ask("GET", ADOPTION, NULL, 200);
		const char *state = json_get_text(json_object_get(fixture.json, job), "state");
		if (!str_equal(state, "running")) {
			ck_assert_str_eq(state, "done");
			return;
		}
		ck_assert(clock_mono_ms() < deadline_ms);
		(void)poll(NULL, 0, 5);
	}
}

static void expect_shape(const char *route)
{
	json_t *example = doc_shape_load(route);
	doc_shape_expect(example, fixture.json, route);
	json_decref(example);
}

static void scan(void)
{
	ask("POST", ADOPTION "/scan", "{\"by\":\"ops\",\"rules\":[\"employee_number\",\"login\"]}",
	        202);
	wait_for("scan");
}

static void read_ada(void)
{
	engine_fixture_answer(&fixture.engine, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, SAME));
}

START_TEST(from_scan_to_link_in_the_documented_shapes)
{
	scan();
	ask("GET", PEOPLE "?class=doubtful", NULL, 200);
	expect_shape("GET /api/v1/adoption/people");
	ask("POST", DECIDE,
	        "{\"people\":[{\"employee_id\":\"412\",\"decision\":\"link\","
	        "\"okta_user\":\"" FIXTURE_OKTA_ID "\"}],\"by\":\"ops\"}",
	        200);
	expect_shape("POST /api/v1/adoption/decide");
	read_ada();
	ask("POST", ADOPTION "/apply", "{}", 202);
	wait_for("apply");
	expect_shape("GET /api/v1/adoption");
	ck_assert_int_eq(json_get_int(json_object_get(fixture.json, "apply"), "done", 0), 1);
	ask("GET", "/api/v1/people/412", NULL, 200);
	ck_assert_str_eq(json_get_text(json_object_get(fixture.json, "employee"), "okta_id"),
	        FIXTURE_OKTA_ID);
}
END_TEST

START_TEST(all_mistakes_of_a_list_are_told_and_nothing_is_taken)
{
	scan();
	ask("POST", DECIDE,
	        "{\"people\":[{\"employee_id\":\"412\",\"decision\":\"link\"},"
	        "{\"employee_id\":\"99\",\"decision\":\"ignore\"}]}",
	        400);
	const json_t *mistakes = json_object_get(fixture.json, "mistakes");
	ck_assert_uint_eq(json_array_size(mistakes), 2);
	ck_assert_str_eq(json_get_text(json_array_get(mistakes, 1), "path"), "people[1]");
	ask("GET", PEOPLE "?decision=link", NULL, 200);
	ck_assert_uint_eq(json_array_size(json_object_get(fixture.json, "people")), 0);
}
END_TEST

static const struct {
	const char *method;
	const char *target;
	const char *body;
	int status;
} REFUSED[] = {
        {"GET", PEOPLE "?class=tall", NULL, 400},
        {"GET", PEOPLE "?rule=shoe", NULL, 400},
        {"GET", PEOPLE "?state=x", NULL, 400},
        {"GET", PEOPLE "?decision=x", NULL, 400},
        {"GET", PEOPLE "?limit=501", NULL, 400},
        {"POST", ADOPTION "/scan", "{\"rules\":[\"shoe\"]}", 400},
        {"POST", ADOPTION "/scan", "{\"rules\":\"login\"}", 400},
        {"POST", DECIDE, "{}", 400},
        {"POST", DECIDE, "{\"class\":\"exact\"}", 400},
        {"POST", DECIDE, "{\"class\":\"doubtful\",\"decision\":\"link\"}", 400},
        {"POST", DECIDE, "{\"class\":\"exact\",\"decision\":\"create\"}", 400},
        {"POST", DECIDE, "{\"people\":[]}", 400},
        {"POST", DECIDE, "{\"people\":[{\"employee_id\":\"x\",\"decision\":\"link\"}]}", 400},
        {"POST", DECIDE, "{\"people\":[{\"employee_id\":\"1\",\"decision\":\"love\"}]}", 400},
        {"POST", DECIDE,
                "{\"people\":[{\"employee_id\":\"1\",\"decision\":\"link\",\"okta_user\":7}]}",
                400},
        {"POST", LINK, "{}", 400},
        {"POST", LINK, "{\"okta_user\":\"00u9nobody\"}", 404},
        {"POST", "/api/v1/people/77/link", "{\"okta_user\":\"" FIXTURE_OKTA_ID "\"}", 404},
        {"POST", "/api/v1/people/77/unlink", "{}", 404},
};

START_TEST(what_cannot_be_meant_is_refused)
{
	engine_fixture_refuse(&fixture.engine, "GET", "/00u9nobody", 404, "E0000007");
	ask(REFUSED[_i].method, REFUSED[_i].target, REFUSED[_i].body, REFUSED[_i].status);
}
END_TEST

START_TEST(a_link_is_shown_before_it_is_made)
{
	char body[160];
	read_ada();
	ask("POST", LINK, "{\"okta_user\":\"" FIXTURE_OKTA_ID "\",\"check\":true}", 200);
	expect_shape("POST /api/v1/people/{id}/link");
	ck_assert(str_format(body, sizeof(body), "{\"okta_user\":\"%s\",\"expect\":\"%s\"}",
	        FIXTURE_OKTA_ID, json_get_text(fixture.json, "facts")));
	read_ada();
	ask("POST", LINK, body, 200);
	ck_assert(json_get_bool(fixture.json, "is_linked", false));
	ask("POST", "/api/v1/people/412/unlink", "{\"by\":\"ops\"}", 200);
	expect_shape("POST /api/v1/people/{id}/unlink");
	ask("POST", "/api/v1/people/412/unlink", "{\"by\":\"ops\"}", 409);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console_adopt");
	TCase *tests = tcase_create("adopt");
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, from_scan_to_link_in_the_documented_shapes);
	tcase_add_test(tests, all_mistakes_of_a_list_are_told_and_nothing_is_taken);
	tcase_add_loop_test(tests, what_cannot_be_meant_is_refused, 0, (int)ARRAY_SIZE(REFUSED));
	tcase_add_test(tests, a_link_is_shown_before_it_is_made);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
