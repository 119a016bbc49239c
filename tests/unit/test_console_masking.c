/* SPDX-License-Identifier: MIT */
/* Who sees what of people: canaries are planted, and looked for in every answer (A-11, G-10). */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/routes.h"
#include "server/store/audit.h"
#include "tests/support/console_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define PERSON "/api/v1/people/" FIXTURE_PERSON

static struct console_fixture fixture;

static const struct http_actor VIEWER = {HTTP_SESSION, HTTP_ROLE_VIEWER, "vera", 1, 11};
static const struct http_actor OPERATOR = {HTTP_SESSION, HTTP_ROLE_OPERATOR, "otto", 2, 12};
static const struct http_actor OTHER = {HTTP_SESSION, HTTP_ROLE_ADMIN, "olga", 3, 13};
/* A name, a login, sentences, and a value, as set_up plants them. */
static const char *const CANARIES[] = {
        "Ada", "King", FIXTURE_LOGIN, "Canary", "Engineer", "canary.example"};

/* Ada, linked, whose title was written, with a hold that says too much, and a note. */
static void set_up(void)
{
	struct engine_fixture *engine = &fixture.engine;

	console_fixture_start(&fixture);
	engine_fixture_bring(engine, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_link(engine, ACCOUNT_ACTIVE);
	engine_fixture_answer(engine, "POST", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	engine_fixture_run(
	        engine, engine_fixture_person("{\"more\":{\"work\":{\"title\":\"Engineer\"}}}"));
	engine_fixture_hold(engine, FIXTURE_PERSON, HOLD_DOMAIN, "Ada King <ada@canary.example>");
	ck_assert(store_audit(
	        engine->store, "default", FIXTURE_PERSON, "ops", "note of a Canary", NULL));
	ck_assert(store_audit(engine->store, "default", "", "ops", "note about Canary", NULL));
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", "/api/v1/sweep", "{}"), 202);
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", "/api/v1/holds/release",
	                         "{\"employee_id\":\"" FIXTURE_PERSON "\"}"),
	        200);
	engine_fixture_hold(engine, FIXTURE_PERSON, HOLD_DOMAIN, "Ada King <ada@canary.example>");
}

static void tear_down(void)
{
	console_fixture_stop(&fixture);
}

static int ask_as(
        const struct http_actor *actor, const char *method, const char *target, const char *body)
{
	fixture.as = *actor;
	return console_fixture_ask(&fixture, method, target, body);
}

/* The path with something there is in the place of each {x}. */
static void fill(char to[256], const char *path)
{
	size_t len = 0;

	while (*path != '\0' && len < 200) {
		if (*path == '{') {
			const char *value = str_starts_with(path, "{id}") ? FIXTURE_PERSON : "1";
			memcpy(to + len, value, strlen(value));
			len += strlen(value);
			path = strchr(path, '}') + 1;
		} else {
			to[len++] = *path++;
		}
	}
	to[len] = '\0';
}

START_TEST(a_viewer_finds_nobody_in_any_answer)
{
	int asked = 0;

	for (const struct http_route *route = routes_admin; route->path != NULL; route++) {
		char target[256];
		/* Routes of the settings ask what really runs: tests/e2e/test_masking.py. */
		if (route->method != HTTP_GET || route->role != HTTP_ROLE_VIEWER ||
		        str_starts_with(route->path, "/api/v1/settings")) {
			continue;
		}
		fill(target, route->path);
		ask_as(&VIEWER, "GET", target, NULL);
		for (size_t i = 0; i < ARRAY_SIZE(CANARIES); i++) {
			ck_assert_msg(strstr(fixture.body, CANARIES[i]) == NULL, "%s shows %s: %s",
			        target, CANARIES[i], fixture.body);
		}
		asked++;
	}
	ck_assert_int_gt(asked, 15);
}
END_TEST

START_TEST(what_is_masked_says_so_and_keeps_the_pseudonym)
{
	ask_as(&VIEWER, "GET", "/api/v1/people", NULL);
	const json_t *person = json_array_get(json_object_get(fixture.json, "people"), 0);
	ck_assert(json_is_true(json_object_get(person, "is_masked")));
	ck_assert_str_eq(json_get_text(person, "display_name"), "Employee " FIXTURE_PERSON);
	ck_assert_str_eq(json_get_text(person, "login"), "(masked)");
	ck_assert_str_eq(json_get_text(person, "okta_id"), FIXTURE_OKTA_ID);
	ck_assert_str_eq(json_get_text(person, "present_status"), "ACTIVE");
}
END_TEST

/* The answer would say whose name it is. */
START_TEST(a_viewer_cannot_look_for_a_name)
{
	static const struct {
		const char *target;
		size_t found;
	} cases[] = {{"/api/v1/people?text=ada", 0}, {"/api/v1/people?text=" FIXTURE_PERSON, 1},
	        {"/api/v1/people?text=" FIXTURE_OKTA_ID, 1}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_int_eq(ask_as(&VIEWER, "GET", cases[i].target, NULL), 200);
		ck_assert_uint_eq(
		        json_array_size(json_object_get(fixture.json, "people")), cases[i].found);
	}
	ck_assert_int_eq(ask_as(&OPERATOR, "GET", cases[0].target, NULL), 200);
	ck_assert_uint_eq(json_array_size(json_object_get(fixture.json, "people")), 1);
}
END_TEST

static bool shows(const struct http_actor *actor, const char *target, const char *text)
{
	ck_assert_int_eq(ask_as(actor, "GET", target, NULL), 200);
	return strstr(fixture.body, text) != NULL;
}

#define REVEAL "{\"purpose\":\"ticket 4711\"}"

START_TEST(values_are_shown_to_one_session_for_a_purpose)
{
	static const char *const TARGETS[] = {PERSON, PERSON "/timeline"};

	for (size_t i = 0; i < ARRAY_SIZE(TARGETS); i++) {
		ck_assert(shows(&OPERATOR, TARGETS[i], "Engineer") == false);
		ck_assert(shows(&OPERATOR, TARGETS[i], "title"));
	}
	ck_assert(shows(&OPERATOR, PERSON, "Ada King"));
	ck_assert_int_eq(ask_as(&OPERATOR, "POST", PERSON "/reveal", "{}"), 400);
	ck_assert_int_eq(ask_as(&OPERATOR, "POST", "/api/v1/people/999/reveal", REVEAL), 404);
	ck_assert(!shows(&OPERATOR, PERSON "/timeline", "Engineer"));
	ck_assert_int_eq(ask_as(&OPERATOR, "POST", PERSON "/reveal", REVEAL), 200);
	ck_assert(shows(&OPERATOR, PERSON "/timeline", "Engineer"));
	ck_assert(!shows(&OTHER, PERSON "/timeline", "Engineer"));
	ck_assert(!shows(&VIEWER, PERSON "/timeline", "Engineer"));
	ck_assert(shows(&OTHER, "/api/v1/audit?kind=reveal", "ticket 4711"));
	ck_assert(shows(&OTHER, "/api/v1/audit?kind=reveal", "otto"));
}
END_TEST

START_TEST(a_plan_shows_its_values_once_they_were_revealed)
{
	for (int i = 0; i < 2; i++) {
		engine_fixture_answer(&fixture.engine, "GET", "/" FIXTURE_OKTA_ID,
		        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	}
	ck_assert_int_eq(ask_as(&OPERATOR, "POST", PERSON "/plan", "{}"), 200);
	ck_assert_ptr_null(strstr(fixture.body, "\"firstName\":\"Ada\""));
	ck_assert_int_eq(ask_as(&OPERATOR, "POST", PERSON "/reveal", REVEAL), 200);
	ck_assert_int_eq(ask_as(&OPERATOR, "POST", PERSON "/plan", "{}"), 200);
}
END_TEST

START_TEST(a_program_sees_all)
{
	fixture.as = (struct http_actor){.kind = HTTP_NOBODY};
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", PERSON "/timeline", NULL), 200);
	ck_assert_ptr_nonnull(strstr(fixture.body, "Engineer"));
	ck_assert_ptr_null(strstr(fixture.body, "is_masked"));
}
END_TEST

static Suite *masking_suite(void)
{
	Suite *suite = suite_create("console_masking");
	TCase *tcase = tcase_create("masking");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_viewer_finds_nobody_in_any_answer);
	tcase_add_test(tcase, what_is_masked_says_so_and_keeps_the_pseudonym);
	tcase_add_test(tcase, a_viewer_cannot_look_for_a_name);
	tcase_add_test(tcase, values_are_shown_to_one_session_for_a_purpose);
	tcase_add_test(tcase, a_plan_shows_its_values_once_they_were_revealed);
	tcase_add_test(tcase, a_program_sees_all);
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	return suite_run(masking_suite());
}
