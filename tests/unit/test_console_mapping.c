/* SPDX-License-Identifier: MIT */
/* What somebody who is signed in sees of people while working on the mapping. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/evaluator/evaluator.h"
#include "server/routes.h"
#include "tests/support/console_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <poll.h>
#include <string.h>

#define DEADLINE_MS 60000
#define SECRET_TEXT "Chief Whisperer" /* stands in no other place of an answer */

static struct console_fixture fixture;
static struct http_server *signed_in;
static int token_port;
static struct evaluator_spawner *spawner;

/* The token opens, and the actor is an operator who signed in. */
static enum err_code as_operator(struct http_request *request, const struct http_route *route,
        const char **complaint, void *context)
{
	const struct http_actor olga = {
	        .kind = HTTP_SESSION, .role = HTTP_ROLE_OPERATOR, .name = "olga", .account = 7};
	enum err_code code = console_authorize(request, route, complaint, context);

	http_request_set_actor(request, &olga);
	return code;
}

static void set_up(void)
{
	struct err err = ERR_INIT;
	struct http_options options = {
	        .name = "admin",
	        .listen = "127.0.0.1:0",
	        .mode = HTTP_THREADED,
	        .routes = routes_admin,
	        .context = &fixture.console,
	        .authorize = as_operator,
	        .connections_max = 20,
	        .in_flight_max = 20,
	        .header_deadline_ms = DEADLINE_MS,
	        .body_deadline_ms = DEADLINE_MS,
	        .write_deadline_ms = DEADLINE_MS,
	};

	spawner = evaluator_spawner_start(NULL, &err);
	ck_assert_msg(spawner != NULL, "%s", err.text);
	console_fixture_start(&fixture);
	fixture.engine.engine->options.spawner = spawner;
	engine_fixture_bring(&fixture.engine, FIXTURE_PERSON,
	        engine_fixture_person("{\"more\":{\"work\":{\"title\":\"" SECRET_TEXT "\"}}}"));
	signed_in = http_start(&options, &err);
	ck_assert_msg(signed_in != NULL, "%s", err.text);
	token_port = fixture.port;
	fixture.port = http_port(signed_in);
}

static void tear_down(void)
{
	http_stop(signed_in, clock_mono_ms() + DEADLINE_MS);
	console_fixture_stop(&fixture);
	evaluator_spawner_stop(spawner);
}

static void post(const char *target, const char *body, int status)
{
	console_fixture_ask(&fixture, "POST", target, body);
	ck_assert_msg(fixture.status == status, "%s: %d %s", target, fixture.status, fixture.body);
}

static bool has_secret(void)
{
	return strstr(fixture.body, SECRET_TEXT) != NULL;
}

static const json_t *row_of(const char *okta)
{
	size_t i = 0;
	const json_t *row = NULL;
	json_array_foreach(json_object_get(fixture.json, "rows"), i, row)
	{
		if (str_equal(json_get_text(row, "okta"), okta)) {
			return row;
		}
	}
	ck_abort_msg("no row of %s", okta);
}

START_TEST(a_preview_of_somebody_is_masked)
{
	post("/api/v1/mapping/preview", "{\"employee_id\":\"412\"}", 200);
	ck_assert(json_get_bool(fixture.json, "is_masked", false));
	ck_assert(!has_secret());
	ck_assert_str_eq(json_get_text(row_of("title"), "result"), "(masked)");
	ck_assert_str_eq(json_get_text(row_of("title"), "from"), "bob");
	ck_assert_str_eq(json_get_text(row_of("title"), "verdict"), "sent");
	ck_assert(json_is_null(json_object_get(row_of("mobilePhone"), "result")));
	fixture.port = token_port;
	post("/api/v1/mapping/preview", "{\"employee_id\":\"412\"}", 200);
	ck_assert(!json_get_bool(fixture.json, "is_masked", true));
	ck_assert(has_secret());
}
END_TEST

static const char ROW[] =
        "{\"employee_id\":\"412\",\"row\":{\"okta\":\"nickName\",\"bob\":\"work.title\"}}";

START_TEST(a_live_result_is_masked)
{
	post("/api/v1/mapping/preview-row", ROW, 200);
	ck_assert(json_get_bool(fixture.json, "is_masked", false));
	ck_assert(!has_secret());
	ck_assert_str_eq(json_get_text(fixture.json, "result"), "(masked)");
	ck_assert_str_eq(json_get_text(fixture.json, "type"), "text");
	fixture.port = token_port;
	post("/api/v1/mapping/preview-row", ROW, 200);
	ck_assert(has_secret());
}
END_TEST

static const char CONDITION[] =
        "{\"employee_id\":\"412\",\"row\":{\"group\":\"Sales\",\"when\":\".work.title != null\"}}";
static const char GROUPS[] =
        "{\"employee_id\":\"412\",\"mapping\":[],\"groups\":[{\"group\":\"Sales\",\"when\":"
        "\".work.title != null\"}]}";

static const char *answer_of_sales(void)
{
	post("/api/v1/mapping/preview", GROUPS, 200);
	return json_get_text(json_array_get(json_object_get(fixture.json, "groups"), 0), "answer");
}

/* What a condition says of somebody is as good as the value that it asks for. */
START_TEST(what_a_draft_asks_of_somebody_is_masked)
{
	engine_fixture_answer(&fixture.engine, "GET", "/groups/rules", "[]");
	engine_fixture_answer(&fixture.engine, "GET", "q=Sales", "[]");
	post("/api/v1/mapping/preview-group", CONDITION, 200);
	ck_assert(json_get_bool(fixture.json, "is_masked", false));
	ck_assert_str_eq(json_get_text(fixture.json, "answer"), "(masked)");
	ck_assert_str_eq(json_get_text(fixture.json, "state"), "value");
	ck_assert_str_eq(answer_of_sales(), "(masked)");
	fixture.port = token_port;
	post("/api/v1/mapping/preview-group", CONDITION, 200);
	ck_assert_str_eq(json_get_text(fixture.json, "answer"), "in");
	engine_fixture_answer(&fixture.engine, "GET", "/groups/rules", "[]");
	engine_fixture_answer(&fixture.engine, "GET", "q=Sales", "[]");
	ck_assert_str_eq(answer_of_sales(), "in");
}
END_TEST

static const char ALL[] = "{\"mapping\":[{\"okta\":\"nickName\",\"bob\":\"work.title\"}]}";

static void wait_for_job(void)
{
	int64_t deadline_ms = clock_mono_ms() + DEADLINE_MS;
	do {
		(void)poll(NULL, 0, 5);
		ck_assert_int_eq(
		        console_fixture_ask(&fixture, "GET", "/api/v1/mapping/preview-all", NULL),
		        200);
		ck_assert_msg(clock_mono_ms() < deadline_ms, "the job does not end");
	} while (str_equal(json_get_text(fixture.json, "state"), "running"));
	ck_assert_str_eq(json_get_text(fixture.json, "state"), "done");
}

START_TEST(samples_are_masked_for_who_asks_and_not_in_what_is_kept)
{
	post("/api/v1/mapping/preview-all", ALL, 200);
	ck_assert(json_get_bool(fixture.json, "is_masked", false));
	ck_assert(!has_secret());
	post("/api/v1/mapping/preview-all/start", ALL, 202);
	wait_for_job();
	ck_assert_str_eq(json_get_text(fixture.json, "by"), "olga");
	ck_assert(!has_secret());
	ck_assert_ptr_nonnull(strstr(fixture.body, "(masked)"));
	fixture.port = token_port;
	wait_for_job();
	ck_assert(has_secret());
}
END_TEST

START_TEST(who_is_signed_in_cannot_act_as_somebody_else)
{
	post("/api/v1/mapping/preview-all/start", "{\"by\":\"ada\"}", 400);
	ck_assert_str_eq(console_fixture_code(&fixture), "bad_request");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console_mapping");
	TCase *tcase = tcase_create("console_mapping");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_preview_of_somebody_is_masked);
	tcase_add_test(tcase, a_live_result_is_masked);
	tcase_add_test(tcase, what_a_draft_asks_of_somebody_is_masked);
	tcase_add_test(tcase, samples_are_masked_for_who_asks_and_not_in_what_is_kept);
	tcase_add_test(tcase, who_is_signed_in_cannot_act_as_somebody_else);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
