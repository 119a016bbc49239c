/* SPDX-License-Identifier: MIT */
/* Every route of the admin listener: its happy case in the documented shape, and its refusals. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/routes.h"
#include "server/store/approvals.h"
#include "server/store/alarms.h"
#include "tests/support/console_fixture.h"
#include "tests/support/doc_shape.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PERSON      "/api/v1/people/" FIXTURE_PERSON
#define RELEASES    "/api/v1/holds/releases"
#define SWEEPS      "/api/v1/sweeps"
#define SECRETS     "/api/v1/secrets"
#define MASTER_KEYS "/api/v1/keys"
#define SETTINGS    "/api/v1/settings"

static struct console_fixture fixture;

static void add_first_event(void)
{
	struct engine_fixture *engine = &fixture.engine;

	store_fixture_deliver(engine->store, "{\"first\":1}", FIXTURE_PERSON, LANE_UPDATE);
}

static void approve_in_advance(void)
{
	struct approval approval = {.key = store_fixture_key(FIXTURE_PERSON),
	        .day = "2026-12-31",
	        .limit = LIMIT_LOWER,
	        .by = "ops",
	        .until_ms = clock_wall_ms() + 3600000};

	ck_assert(store_approvals_add(fixture.engine.store, &approval, 1, NULL));
}

/* Ada, linked, with an event, an action, a profile, a hold, and an approval. */
static void set_up(void)
{
	struct engine_fixture *engine = &fixture.engine;

	console_fixture_start(&fixture);
	engine_fixture_bring(engine, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_link(engine, ACCOUNT_ACTIVE);
	add_first_event();
	engine_fixture_answer(engine, "POST", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	engine_fixture_run(
	        engine, engine_fixture_person("{\"more\":{\"work\":{\"title\":\"Engineer\"}}}"));
	engine_fixture_hold(engine, FIXTURE_PERSON, HOLD_DOMAIN, "another domain");
	approve_in_advance();
}

static void tear_down(void)
{
	console_fixture_stop(&fixture);
}

/* --------------------------------------------------------------- happy cases */

/* An org with every attribute of the default mapping. */
#define ATTRIBUTE(name) "\"" name "\":{\"title\":\"" name "\",\"type\":\"string\"}"
static const char SCHEMA[] =
        "{\"definitions\":{\"base\":{\"properties\":{" ATTRIBUTE("login") "," ATTRIBUTE("email") "," ATTRIBUTE("displayName") "," ATTRIBUTE("firstName") "," ATTRIBUTE(
                "lastName") "," ATTRIBUTE("title") "," ATTRIBUTE("mobilePhone") "," ATTRIBUTE("primaryPhone") "," ATTRIBUTE("department") "," ATTRIBUTE("manager") "}},"
                                                                                                                                                                   "\"custom\":{\"properties\":{}}}}";
/* Of a plan that adds nothing. */
#define EMPTY_PLAN "84d282db507f4095"

static const struct route_case {
	const char *method;
	const char *target;
	const char *body;
	int status;
	const char *example; /* the route whose example docs/http.md shows for it */
	const char *part; /* what of the example, if not all: "holds" is its first hold */
} ROUTES[] = {
        {"GET", "/api/v1/status", NULL, 200, "GET /api/v1/status", NULL},
        {"GET", "/api/v1/overview", NULL, 200, "GET /api/v1/overview", NULL},
        {"GET", "/api/v1/overview/calendar", NULL, 200, "GET /api/v1/overview/calendar", NULL},
        {"GET", "/api/v1/people", NULL, 200, "GET /api/v1/people", NULL},
        {"GET", PERSON, NULL, 200, "GET /api/v1/people/{id}", NULL},
        {"GET", PERSON "/timeline", NULL, 200, "GET /api/v1/people/{id}/timeline", NULL},
        {"POST", PERSON "/reveal", "{\"purpose\":\"a call\",\"by\":\"ops\"}", 200,
                "POST /api/v1/people/{id}/reveal", NULL},
        {"POST", PERSON "/plan", "{}", 200, "POST /api/v1/people/{id}/plan", NULL},
        {"POST", PERSON "/sync", "{}", 202, "POST /api/v1/people/{id}/sync", NULL},
        {"POST", PERSON "/retry", "{}", 202, "POST /api/v1/people/{id}/sync", NULL},
        {"POST", PERSON "/hold", "{\"why\":\"holiday\",\"by\":\"ops\"}", 200, "GET /api/v1/holds",
                "holds"},
        {"POST", PERSON "/close", "{\"by\":\"ops\"}", 202, "POST /api/v1/people/{id}/sync", NULL},
        /* Here is somebody who has come in already. */
        {"POST", PERSON "/activation-link", "{}", 409, NULL, NULL},
        {"POST", "/api/v1/actions/999/undo", "{}", 404, NULL, NULL},
        /* A good one is no JSON, and long: tests/faults/test_undo.py. */
        {"POST", "/api/v1/backup", "{\"by\":1}", 400, NULL, NULL},
        {"POST", PERSON "/plan", "{\"on\":\"2020-01-01\"}", 400, NULL, NULL},
        /* She is linked; the rest of link and adoption is in test_console_adopt.c. */
        {"POST", PERSON "/link", "{\"okta_user\":\"" FIXTURE_OKTA_ID "\"}", 409, NULL, NULL},
        {"POST", PERSON "/unlink", "{\"by\":\"ops\"}", 200, "POST /api/v1/people/{id}/unlink",
                NULL},
        {"GET", "/api/v1/adoption", NULL, 200, NULL, NULL},
        {"GET", "/api/v1/adoption/people", NULL, 200, NULL, NULL},
        {"POST", "/api/v1/adoption/scan", "{\"by\":\"ops\"}", 202, NULL, NULL},
        {"POST", "/api/v1/adoption/decide", "{\"class\":\"exact\",\"decision\":\"link\"}", 200,
                "POST /api/v1/adoption/decide", NULL},
        {"POST", "/api/v1/adoption/apply", "{}", 202, NULL, NULL},
        {"POST", "/api/v1/adoption/stop", "{}", 409, NULL, NULL},
        {"POST", "/api/v1/plan", "{}", 200, "POST /api/v1/plan", NULL},
        {"GET", "/api/v1/plan", NULL, 200, "GET /api/v1/plan", NULL},
        {"POST", "/api/v1/plan/start", "{\"by\":\"ops\"}", 202, "GET /api/v1/plan", NULL},
        {"POST", "/api/v1/plan/start", "{\"settings\":{\"connections\":7}}", 400, NULL, NULL},
        {"POST", "/api/v1/plan/stop", "{}", 409, NULL, NULL},
        {"GET", "/api/v1/plan/next", NULL, 200, "GET /api/v1/plan/next", NULL},
        {"POST", "/api/v1/plan/next/start", "{\"days\":30}", 202, "GET /api/v1/plan/next", NULL},
        {"POST", "/api/v1/plan/next/start", "{\"days\":0}", 400, NULL, NULL},
        {"POST", "/api/v1/plan/next/stop", "{}", 409, NULL, NULL},
        {"POST", "/api/v1/plan/next", "{\"days\":30}", 200, "POST /api/v1/plan/next", NULL},
        {"POST", "/api/v1/plan/next", "{\"days\":0}", 400, NULL, NULL},
        {"POST", "/api/v1/plan/approve",
                "{\"day\":\"SOON\",\"limit\":\"lower\",\"employee_ids\":[\"412\"]}", 200,
                "POST /api/v1/plan/approve", NULL},
        {"POST", "/api/v1/plan/approve", "{\"day\":\"soon\",\"limit\":\"lower\",\"all\":true}", 400,
                NULL, NULL},
        {"POST", "/api/v1/plan/approve",
                "{\"day\":\"2020-01-01\",\"limit\":\"lower\",\"all\":true}", 400, NULL, NULL},
        {"POST", "/api/v1/plan/approve", "{\"day\":\"2020-01-01\",\"limit\":\"lower\"}", 400, NULL,
                NULL},
        {"GET", "/api/v1/plan/approvals", NULL, 200, "GET /api/v1/plan/approvals", NULL},
        {"POST", "/api/v1/plan/unapprove",
                "{\"day\":\"2026-12-31\",\"limit\":\"lower\",\"employee_id\":\"412\"}", 200,
                "POST /api/v1/plan/unapprove", NULL},
        {"POST", "/api/v1/plan/unapprove", "{\"day\":\"2026-12-31\",\"limit\":\"speed\"}", 400,
                NULL, NULL},
        {"POST", "/api/v1/sync", "{}", 202, "POST /api/v1/sync", NULL},
        {"POST", "/api/v1/retry", "{\"failed\":true}", 202, "POST /api/v1/sync", NULL},
        {"POST", "/api/v1/sweep", "{\"by\":\"ops\"}", 202, "POST /api/v1/sweep", NULL},
        {"GET", SWEEPS, NULL, 200, "GET /api/v1/sweeps", NULL},
        {"GET", SWEEPS "/1", NULL, 200, "GET /api/v1/sweeps/{sweep}", NULL},
        {"GET", "/api/v1/holds", NULL, 200, "GET /api/v1/holds", NULL},
        {"POST", "/api/v1/holds/release", "{\"employee_id\":\"412\"}", 200,
                "POST /api/v1/holds/release", NULL},
        {"GET", RELEASES "/1", NULL, 200, "GET /api/v1/holds/releases/{release}", NULL},
        {"POST", "/api/v1/holds/reject", "{\"employee_id\":\"412\",\"why\":\"she stays\"}", 200,
                "POST /api/v1/holds/reject", NULL},
        {"GET", "/api/v1/alarms", NULL, 200, "GET /api/v1/alarms", NULL},
        {"GET", "/api/v1/alarms/kinds", NULL, 200, "GET /api/v1/alarms/kinds", NULL},
        {"POST", "/api/v1/alarms/ack", "{\"alarm\":\"held\",\"subject\":\"412\",\"by\":\"ops\"}",
                200, "POST /api/v1/alarms/ack", NULL},
        {"POST", "/api/v1/alarms/ack", "{\"alarm\":\"disk\"}", 404, NULL, NULL},
        {"POST", "/api/v1/alarms/ack", "{\"alarm\":\"disc\"}", 400, NULL, NULL},
        {"POST", "/api/v1/alarms/test", "{}", 200, "POST /api/v1/alarms/test", NULL},
        {"POST", "/api/v1/alarms/test", "{\"target\":\"nobody\"}", 404, NULL, NULL},
        {"POST", "/api/v1/pause", "{\"revocations\":true}", 200, "POST /api/v1/pause", NULL},
        {"POST", "/api/v1/resume", "{}", 200, NULL, NULL},
        {"POST", PERSON "/erase", "{\"although\":\"asked for\",\"by\":\"ops\"}", 200,
                "POST /api/v1/people/{id}/erase", NULL},
        {"POST", PERSON "/erase", "{}", 409, NULL, NULL},
        {"POST", PERSON "/export", "{\"by\":\"ops\"}", 200, NULL, NULL},
        {"GET", "/api/v1/audit", NULL, 200, NULL, NULL},
        {"POST", "/api/v1/audit/verify", "{}", 200, "POST /api/v1/audit/verify", NULL},
        {"POST", "/api/v1/audit/verify", "{\"heads\":[\"1\"]}", 400, NULL, NULL},
        {"GET", "/api/v1/audit/verify", NULL, 200, "GET /api/v1/audit/verify", NULL},
        {"POST", "/api/v1/audit/verify/start", "{\"by\":\"ops\"}", 202, "GET /api/v1/audit/verify",
                NULL},
        {"POST", "/api/v1/audit/verify/start", "{\"heads\":[\"1\"]}", 400, NULL, NULL},
        {"POST", "/api/v1/audit/verify/stop", "{}", 409, NULL, NULL},
        {"POST", "/api/v1/audit/export", "{}", 200, NULL, NULL},
        {"GET", "/api/v1/log-level", NULL, 200, "GET /api/v1/log-level", NULL},
        {"POST", "/api/v1/log-level", "{\"level\":\"warn\",\"minutes\":5}", 200,
                "GET /api/v1/log-level", NULL},
        {"POST", "/api/v1/log-level", "{\"level\":\"loud\"}", 400, NULL, NULL},
        {"GET", "/api/v1/events", NULL, 200, "GET /api/v1/events", NULL},
        {"GET", "/api/v1/mapping/fields", NULL, 200, "GET /api/v1/mapping/fields", NULL},
        {"GET", "/api/v1/mapping/suggest", NULL, 200, "GET /api/v1/mapping/suggest", NULL},
        {"GET", "/api/v1/mapping/rows", NULL, 200, "GET /api/v1/mapping/rows", NULL},
        {"POST", "/api/v1/mapping/rows", "{\"mapping\":[{\"okta\":\"title\",\"bob\":null}]}", 200,
                "GET /api/v1/mapping/rows", NULL},
        {"GET", "/api/v1/mapping/groups", NULL, 200, "GET /api/v1/mapping/groups", NULL},
        {"POST", "/api/v1/mapping/preview-group",
                "{\"employee_id\":\"412\",\"row\":{\"group\":\"Engineering\",\"when\":\"\"}}", 200,
                "POST /api/v1/mapping/preview-group", NULL},
        {"POST", "/api/v1/mapping/preview-row",
                "{\"employee_id\":\"412\",\"row\":{\"okta\":\"division\",\"value\":\"EU\"}}", 200,
                "POST /api/v1/mapping/preview-row", NULL},
        {"GET", "/api/v1/mapping/preview-all", NULL, 200, "GET /api/v1/mapping/preview-all", NULL},
        {"POST", "/api/v1/mapping/preview-all/start", "{\"by\":\"ops\"}", 202,
                "GET /api/v1/mapping/preview-all", NULL},
        {"POST", "/api/v1/mapping/preview-all/stop", "{}", 409, NULL, NULL},
        {"POST", "/api/v1/mapping/preview",
                "{\"employee_id\":\"412\",\"mapping\":[{\"okta\":\"division\",\"value\":\"EU\"}]}",
                200, "POST /api/v1/mapping/preview", NULL},
        {"POST", "/api/v1/mapping/preview-all",
                "{\"mapping\":[{\"okta\":\"title\",\"value\":\"Engineer\"}],\"scope\":null}", 200,
                "POST /api/v1/mapping/preview-all", NULL},
        {"POST", "/api/v1/schema/plan", "{}", 200, "POST /api/v1/schema/plan", NULL},
        {"POST", "/api/v1/schema/apply", "{\"plan\":\"" EMPTY_PLAN "\",\"by\":\"ops\"}", 200,
                "POST /api/v1/schema/apply", NULL},
        {"GET", SETTINGS, NULL, 200, "GET /api/v1/settings", NULL},
        {"POST", SETTINGS, "{\"document\":{}}", 400, NULL, NULL},
        {"POST", SETTINGS "/reload", "{}", 200, "POST /api/v1/settings", NULL},
        {"POST", SETTINGS "/rollback", "{\"version\":1}", 200, "POST /api/v1/settings", NULL},
        {"GET", SETTINGS "/versions", NULL, 200, "GET /api/v1/settings/versions", NULL},
        {"GET", SETTINGS "/versions/1", NULL, 200, "GET /api/v1/settings/versions/{version}", NULL},
        {"GET", SETTINGS "/versions/1/diff", NULL, 200,
                "GET /api/v1/settings/versions/{version}/diff", NULL},
        {"GET", SECRETS, NULL, 200, "GET /api/v1/secrets", NULL},
        {"POST", SECRETS "/bob.webhook_secret", "{\"value\":\"an invented one\"}", 200,
                "POST /api/v1/secrets/{name}", NULL},
        {"POST", SECRETS "/bob.webhook_secret/remove", "{}", 404, NULL, NULL},
        {"GET", "/api/v1/check", NULL, 200, NULL, NULL},
        {"POST", "/api/v1/check", "{\"by\":1}", 400, NULL,
                NULL}, /* what it does: test_console_setup.c */
        {"POST", "/api/v1/check/draft", "{\"okta\":{\"colour\":1}}", 400, NULL, NULL},
        {"GET", "/api/v1/webhook", NULL, 200, "GET /api/v1/webhook", NULL},
        {"GET", MASTER_KEYS, NULL, 200, "GET /api/v1/keys", NULL},
        {"POST", MASTER_KEYS "/rotate", "{}", 200, "GET /api/v1/keys", NULL},
};

static const struct route_case *route_of(const char *method, const char *target)
{
	for (size_t i = 0; i < ARRAY_SIZE(ROUTES); i++) {
		if (str_equal(ROUTES[i].method, method) && str_equal(ROUTES[i].target, target)) {
			return &ROUTES[i];
		}
	}
	return NULL;
}

/* These routes ask what really runs: an engine with its threads. */
static void run_settings(void)
{
	console_fixture_run(&fixture);
}

/* The engine of the fixture has no threads: the sweep waits. */
static void ask_for_sweep(void)
{
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", "/api/v1/sweep", "{}"), 202);
}

static void release_her(void)
{
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", "/api/v1/holds/release",
	                         "{\"employee_id\":\"412\"}"),
	        200);
}

static void open_alarm(void)
{
	struct alarm alarm = {
	        .connection = "default", .name = ALARM_HELD, .subject = "412", .opened_at_ms = 1};
	struct alarm *const alarms[] = {&alarm};
	ck_assert(store_alarm_write(fixture.engine.store, alarms, 1, NULL));
}

static void expect_shape(const struct route_case *row)
{
	json_t *example = doc_shape_load(row->example);
	const json_t *part = row->part == NULL
	        ? example
	        : json_array_get(json_object_get(example, row->part), 0);

	ck_assert_msg(fixture.json != NULL, "%s: no JSON: %s", row->target, fixture.body);
	doc_shape_expect(part, fixture.json, row->target);
	json_decref(example);
}

/* With tomorrow's date in the place of SOON. */
static const char *body_of(const struct route_case *row)
{
	static char body[512];
	char date[CLOCK_TEXT_BYTES];
	const char *at = row->body != NULL ? strstr(row->body, "SOON") : NULL;

	if (at == NULL) {
		return row->body;
	}
	date_format(date, date_of_ms(clock_wall_ms()) + 1);
	ck_assert(str_format(body, sizeof(body), "%.*s%s%s", (int)(at - row->body), row->body, date,
	        at + strlen("SOON")));
	return body;
}

START_TEST(a_route_answers_in_the_shape_of_its_example)
{
	const struct route_case *row = &ROUTES[_i];

	engine_fixture_answer(&fixture.engine, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	engine_fixture_answer(&fixture.engine, "GET", "/meta/schemas/", SCHEMA);
	engine_fixture_answer(&fixture.engine, "POST", "/lifecycle/deactivate", "{}");
	engine_fixture_answer(&fixture.engine, "DELETE", "/sessions", "{}");
	engine_fixture_answer(&fixture.engine, "GET", "/groups/rules", "[]");
	engine_fixture_answer(&fixture.engine, "GET", "/groups?limit=50",
	        "[{\"id\":\"00g1sales00000000000\",\"type\":\"OKTA_GROUP\",\"profile\":{\"name\":\"Sales\"}}]");
	if (str_starts_with(row->target, "/api/v1/check")) {
		console_fixture_run_without_file(&fixture);
	}
	if (str_starts_with(row->target, SETTINGS)) {
		run_settings();
	}
	if (str_starts_with(row->target, SWEEPS)) {
		ask_for_sweep();
	}
	if (str_starts_with(row->target, RELEASES)) {
		release_her();
	}
	if (str_starts_with(row->target, "/api/v1/alarms")) {
		open_alarm();
	}
	int status = console_fixture_ask(&fixture, row->method, row->target, body_of(row));
	ck_assert_msg(status == row->status, "%s %s: %d %s", row->method, row->target, status,
	        fixture.body);
	ck_assert_ptr_nonnull(strstr(fixture.head, "application/json"));
	if (row->example != NULL) {
		expect_shape(row);
	}
}
END_TEST

#define LINK_ROUTE "POST /api/v1/people/{id}/activation-link"

START_TEST(an_activation_link_is_told_and_not_kept)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	json_t *example = doc_shape_load(LINK_ROUTE);
	const char *link = json_get_text(example, "activation_link");
	char answer[256];

	ck_assert(str_format(answer, sizeof(answer), "{\"activationUrl\":\"%s\"}", link));
	for (int i = 0; i < 2; i++) {
		engine_fixture_answer(&fixture.engine, "GET", "/" FIXTURE_OKTA_ID,
		        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, ""));
	}
	/* What is held stays so. */
	console_fixture_ask(&fixture, "POST", PERSON "/activation-link", "{\"by\":\"ops\"}");
	ck_assert_int_eq(fixture.status, 409);
	ck_assert_ptr_nonnull(strstr(fixture.body, "a hold or a limit"));
	ck_assert(store_hold_remove(fixture.engine.store, &key, HOLD_DOMAIN, NULL));

	engine_fixture_answer(&fixture.engine, "POST", "/lifecycle/reactivate", answer);
	console_fixture_ask(&fixture, "POST", PERSON "/activation-link", "{\"by\":\"ops\"}");
	ck_assert_msg(fixture.status == 200, "%s", fixture.body);
	doc_shape_expect(example, fixture.json, LINK_ROUTE);
	ck_assert_str_eq(json_get_text(fixture.json, "activation_link"), link);
	ck_assert_ptr_nonnull(strstr(fixture.head, "no-store"));
	json_decref(example);

	engine_fixture_load(&fixture.engine);
	ck_assert_int_eq(fixture.engine.actions.items[0].intent.kind, ACTION_REACTIVATE);
	ck_assert_int_eq(fixture.engine.actions.items[0].outcome.state, OUTCOME_DONE);
	console_fixture_ask(&fixture, "GET", PERSON, NULL);
	ck_assert_ptr_null(strstr(fixture.body, "/tokens/"));
}
END_TEST

#define UNDO_ROUTE "POST /api/v1/actions/{action}/undo"

/* The action of set_up: a title was written. */
START_TEST(an_undo_is_told_in_the_shape_of_its_example)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	struct action_list actions = {0};
	json_t *example = doc_shape_load(UNDO_ROUTE);
	char target[64];

	ck_assert(store_action_list(fixture.engine.store, &key, 1, &actions, NULL));
	ck_assert(str_format(target, sizeof(target), "/api/v1/actions/%lld/undo",
	        (long long)actions.items[0].intent.intent_id));
	action_list_finish(&actions);
	engine_fixture_answer(&fixture.engine, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, "\"title\":\"Engineer\""));
	console_fixture_ask(&fixture, "POST", target, "{\"plan\":true}");
	ck_assert_msg(fixture.status == 200, "%s", fixture.body);
	json_object_set(json_array_get(json_object_get(example, "steps"), 0), "profile",
	        json_object_get(
	                json_array_get(json_object_get(fixture.json, "steps"), 0), "profile"));
	doc_shape_expect(example, fixture.json, UNDO_ROUTE);
	ck_assert_str_eq(json_get_text(fixture.json, "state"), "planned");
	json_decref(example);
}
END_TEST

START_TEST(every_admin_route_of_the_table_is_tried_here)
{
	for (const struct http_route *route = routes_admin; route->path != NULL; route++) {
		const char *method = route->method == HTTP_GET ? "GET" : "POST";
		const char *rest = strstr(route->path, "{id}");
		const char *version = strstr(route->path, "{version}");
		const char *secret = strstr(route->path, "{name}");
		char target[128];
		/* Those of sessions and accounts: test_console_session.c. */
		if (route->role == HTTP_ROLE_PUBLIC ||
		        str_starts_with(route->path, "/api/v1/account") ||
		        str_starts_with(route->path, "/api/v1/session/")) {
			continue;
		}
		ck_assert(str_format(target, sizeof(target), "%s%s",
		        rest == NULL ? route->path : PERSON,
		        rest == NULL ? "" : rest + strlen("{id}")));
		if (strstr(route->path, "{sweep}") != NULL) {
			ck_assert(str_copy(target, sizeof(target), SWEEPS "/1"));
		}
		if (strstr(route->path, "{action}") != NULL) {
			ck_assert(str_copy(target, sizeof(target), "/api/v1/actions/999/undo"));
		}
		if (strstr(route->path, "{release}") != NULL) {
			ck_assert(str_copy(target, sizeof(target), RELEASES "/1"));
		}
		if (secret != NULL) {
			ck_assert(str_format(target, sizeof(target),
			        SECRETS "/bob.webhook_secret%s", secret + strlen("{name}")));
		}
		if (version != NULL) {
			ck_assert(str_format(target, sizeof(target), SETTINGS "/versions/1%s",
			        version + strlen("{version}")));
		}
		ck_assert_msg(route_of(method, target) != NULL, "%s %s", method, target);
	}
}
END_TEST

/* ------------------------------------------------------------------ refusals */

/* What is refused changes nothing: one fixture is enough for all. */
static void for_each_route(void (*ask)(const struct route_case *row))
{
	for (size_t i = 0; i < ARRAY_SIZE(ROUTES); i++) {
		ask(&ROUTES[i]);
	}
}

static void expect_error(const char *name, int status, const char *code)
{
	static const char *const KEYS[] = {"code", "message", "hint", "request_id"};
	const json_t *error = json_object_get(fixture.json, "error");

	ck_assert_msg(fixture.status == status, "%s: %d %s", name, fixture.status, fixture.body);
	ck_assert_msg(str_equal(console_fixture_code(&fixture), code), "%s: %s", name,
	        console_fixture_code(&fixture));
	ck_assert_uint_eq(json_object_size(error), ARRAY_SIZE(KEYS));
	for (size_t i = 0; i < ARRAY_SIZE(KEYS); i++) {
		ck_assert_msg(
		        !str_is_empty(json_get_text(error, KEYS[i])), "%s: %s", name, KEYS[i]);
	}
}

static const char *const WRONG_TOKENS[] = {
        "",
        "Authorization: Bearer wrong\r\n",
        "Authorization: Bearer \r\n",
        "Authorization: Basic YWRtaW46YWRtaW4=\r\n",
};

static void ask_without_token(const struct route_case *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(WRONG_TOKENS); i++) {
		char headers[256];
		ck_assert(str_format(
		        headers, sizeof(headers), "%sContent-Length: 0\r\n", WRONG_TOKENS[i]));
		console_fixture_ask_as(&fixture, row->method, row->target, headers);
		expect_error(row->target, 401, "unauthorized");
	}
}

START_TEST(without_the_token_nothing_is_answered)
{
	for_each_route(ask_without_token);
}
END_TEST

START_TEST(two_tokens_are_none)
{
	char headers[512];
	const char *token = secret_reveal(&fixture.console.token);

	ck_assert(str_format(headers, sizeof(headers),
	        "Authorization: Bearer %s\r\nAuthorization: Bearer %s\r\n", token, token));
	console_fixture_ask_as(&fixture, "GET", "/api/v1/status", headers);
	ck_assert_int_ne(fixture.status, 200);
}
END_TEST

static void ask_unknown_argument(const struct route_case *row)
{
	char target[256];

	ck_assert(str_format(target, sizeof(target), "%s?conection=default", row->target));
	console_fixture_ask(&fixture, row->method, target, row->body);
	expect_error(row->target, 400, "bad_request");
	ck_assert(
	        str_format(target, sizeof(target), "%s?connection=default&nonsense", row->target));
	console_fixture_ask(&fixture, row->method, target, row->body);
	expect_error(row->target, 400, "bad_request");
}

START_TEST(an_unknown_query_argument_is_refused)
{
	for_each_route(ask_unknown_argument);
}
END_TEST

static void ask_unknown_connection(const struct route_case *row)
{
	char target[256];

	ck_assert(str_format(target, sizeof(target), "%s?connection=nowhere", row->target));
	console_fixture_ask(&fixture, row->method, target, row->body);
	/* What shows all connections shows them whatever one is called. */
	if (str_equal(row->target, "/api/v1/status")) {
		ck_assert_int_eq(fixture.status, 200);
		return;
	}
	expect_error(row->target, 404, "not_found");
}

START_TEST(an_unknown_connection_is_not_found)
{
	for_each_route(ask_unknown_connection);
}
END_TEST

static const char *const BAD_BODIES[] = {
        "{\"nonsense\":1}",
        "[]",
        "\"text\"",
        "{",
        "{\"by\":\"a\",\"by\":\"b\",\"nonsense\":1}",
};

static void ask_bad_bodies(const struct route_case *row)
{
	if (str_equal(row->method, "GET")) {
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(BAD_BODIES); i++) {
		console_fixture_ask(&fixture, "POST", row->target, BAD_BODIES[i]);
		ck_assert_msg(fixture.status == 400, "%s with %s: %d %s", row->target,
		        BAD_BODIES[i], fixture.status, fixture.body);
	}
}

START_TEST(a_body_the_route_does_not_know_is_refused)
{
	for_each_route(ask_bad_bodies);
	/* Nothing was done meanwhile. */
	ck_assert_str_eq(engine_fixture_calls(&fixture.engine), "POST /" FIXTURE_OKTA_ID);
}
END_TEST

static const struct mistake_case {
	const char *method;
	const char *target;
	const char *body;
	int status;
	const char *code;
} MISTAKES[] = {
        /* ids */
        {"GET", "/api/v1/people/abc", NULL, 400, "bad_request"},
        {"GET", "/api/v1/people/41x", NULL, 400, "bad_request"},
        {"GET", "/api/v1/people/123456789012345678901234567890123", NULL, 400, "bad_request"},
        {"GET", "/api/v1/people/12345678901234567890123456789012", NULL, 404, "not_found"},
        {"POST", "/api/v1/people/abc/plan", "{}", 400, "bad_request"},
        {"POST", "/api/v1/people/abc/sync", "{}", 400, "bad_request"},
        {"POST", "/api/v1/people/abc/retry", "{}", 400, "bad_request"},
        {"POST", "/api/v1/people/abc/hold", "{}", 400, "bad_request"},
        {"POST", "/api/v1/people/abc/close", "{}", 400, "bad_request"},
        {"POST", "/api/v1/people/abc/activation-link", "{}", 400, "bad_request"},
        /* nobody knows 999; plan and sync ask Bob first */
        {"GET", "/api/v1/people/999", NULL, 404, "not_found"},
        {"POST", "/api/v1/people/999/plan", "{}", 404, "not_found"},
        {"POST", "/api/v1/people/999/sync", "{}", 404, "not_found"},
        {"POST", "/api/v1/people/999/retry", "{}", 404, "not_found"},
        {"POST", "/api/v1/people/999/hold", "{}", 404, "not_found"},
        {"POST", "/api/v1/people/999/close", "{}", 404, "not_found"},
        {"POST", "/api/v1/people/999/activation-link", "{}", 404, "not_found"},
        {"POST", PERSON "/activation-link", "{\"by\":1}", 400, "bad_request"},
        {"POST", "/api/v1/holds/release", "{\"employee_id\":\"999\"}", 404, "not_found"},
        {"POST", "/api/v1/holds/reject", "{\"employee_id\":\"999\"}", 404, "not_found"},
        {"POST", "/api/v1/holds/release", "{\"employee_id\":\"412\",\"kind\":\"limit\"}", 404,
                "not_found"},
        {"POST", "/api/v1/holds/release", "{\"employee_id\":\"412\",\"cause\":\"other\"}", 404,
                "not_found"},
        /* query arguments of wrong types */
        {"GET", "/api/v1/people?limit=0", NULL, 400, "bad_request"},
        {"GET", "/api/v1/people?limit=501", NULL, 400, "bad_request"},
        {"GET", "/api/v1/people?limit=ten", NULL, 400, "bad_request"},
        {"GET", "/api/v1/people?state=asleep", NULL, 400, "bad_request"},
        {"GET", "/api/v1/events?limit=-1", NULL, 400, "bad_request"},
        {"GET", "/api/v1/events?employee_id=ada", NULL, 400, "bad_request"},
        {"GET", "/api/v1/holds?kind=forever", NULL, 400, "bad_request"},
        {"GET", "/api/v1/mapping/fields?system=ldap", NULL, 400, "bad_request"},
        /* body keys of wrong types */
        {"POST", PERSON "/sync", "{\"by\":7}", 400, "bad_request"},
        {"POST", PERSON "/sync", "{\"by\":\"\"}", 400, "bad_request"},
        {"POST", PERSON "/sync",
                "{\"by\":\"1234567890123456789012345678901234567890123456789012345678901234\"}",
                400, "bad_request"},
        {"POST", PERSON "/retry", "{\"by\":null}", 400, "bad_request"},
        {"POST", PERSON "/hold", "{\"why\":false}", 400, "bad_request"},
        {"POST", PERSON "/close", "{\"why\":[]}", 400, "bad_request"},
        {"POST", PERSON "/close", "{\"by\":{}}", 400, "bad_request"},
        {"POST", "/api/v1/sync", "{\"by\":1}", 400, "bad_request"},
        {"POST", "/api/v1/retry", "{}", 400, "bad_request"},
        {"POST", "/api/v1/retry", "{\"failed\":false}", 400, "bad_request"},
        {"POST", "/api/v1/retry", "{\"failed\":\"true\"}", 400, "bad_request"},
        {"POST", "/api/v1/pause", "{}", 400, "bad_request"},
        {"POST", "/api/v1/pause", "{\"revocations\":1}", 400, "bad_request"},
        {"POST", "/api/v1/pause", "{\"revocations\":true,\"by\":1}", 400, "bad_request"},
        {"POST", "/api/v1/resume", "{\"by\":1}", 400, "bad_request"},
        {"POST", "/api/v1/holds/release", "{}", 400, "bad_request"},
        {"POST", "/api/v1/holds/release", "{\"employee_id\":\"412\",\"all\":true}", 400,
                "bad_request"},
        {"POST", "/api/v1/holds/release", "{\"employee_id\":412}", 400, "bad_request"},
        {"POST", "/api/v1/holds/release", "{\"all\":\"yes\"}", 400, "bad_request"},
        {"POST", "/api/v1/holds/release", "{\"all\":true,\"kind\":\"forever\"}", 400,
                "bad_request"},
        {"POST", "/api/v1/holds/reject", "{}", 400, "bad_request"},
        {"POST", "/api/v1/holds/release", "{\"employee_ids\":[412]}", 400, "bad_request"},
        {"POST", "/api/v1/holds/release", "{\"employee_ids\":[]}", 400, "bad_request"},
        {"POST", "/api/v1/holds/release", "{\"employee_ids\":[\"412\"],\"all\":true}", 400,
                "bad_request"},
        {"POST", "/api/v1/holds/release", "{\"all\":true,\"limit\":\"none\"}", 400, "bad_request"},
        {"GET", "/api/v1/holds?limit=speed", NULL, 400, "bad_request"},
        {"GET", "/api/v1/holds/releases/1", NULL, 404, "not_found"},
        {"GET", "/api/v1/holds/releases/first", NULL, 400, "bad_request"},
        {"POST", "/api/v1/holds/reject", "{\"employee_id\":\"412\",\"kind\":3}", 400,
                "bad_request"},
        {"POST", "/api/v1/mapping/rows", "{\"mapping\":7}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/rows", "{\"mapping\":[{\"okta\":\"city\"}]}", 400,
                "settings_invalid"},
        {"POST", "/api/v1/mapping/rows", "{\"groups\":[]}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/rows", "{\"mapping\":[],\"groups\":{}}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/rows", "{\"mapping\":[],\"groups\":[{\"group\":\"A\"}]}", 400,
                "settings_invalid"},
        {"POST", "/api/v1/mapping/preview-group", "{}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/preview-group",
                "{\"employee_id\":\"412\",\"row\":{\"okta\":\"title\"}}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/preview-row", "{}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/preview-row", "{\"employee_id\":\"412\",\"row\":[]}", 400,
                "bad_request"},
        {"POST", "/api/v1/mapping/preview-row",
                "{\"employee_id\":\"999\",\"row\":{\"okta\":\"title\",\"value\":\"x\"}}", 404,
                "not_found"},
        {"POST", "/api/v1/mapping/preview-row",
                "{\"employee_id\":\"412\",\"row\":{\"okta\":\"title\",\"bob\":null}}", 400,
                "bad_request"},
        {"POST", "/api/v1/mapping/preview-all/start", "{\"mapping\":[{\"okta\":\"city\"}]}", 400,
                "settings_invalid"},
        {"POST", "/api/v1/schema/plan", "{\"mapping\":{}}", 400, "bad_request"},
        {"POST", "/api/v1/schema/plan", "{\"mapping\":[{\"okta\":\"city\"}]}", 400,
                "settings_invalid"},
        {"POST", "/api/v1/mapping/preview", "{}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/preview", "{\"employee_id\":412}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/preview", "{\"employee_id\":\"999\"}", 404, "not_found"},
        {"POST", "/api/v1/mapping/preview", "{\"employee_id\":\"412\",\"scope\":\"true\"}", 400,
                "bad_request"},
        {"POST", "/api/v1/mapping/preview", "{\"employee_id\":\"412\",\"mapping\":{}}", 400,
                "bad_request"},
        {"POST", "/api/v1/mapping/preview", "{\"employee_id\":\"412\",\"mapping\":[],\"scope\":7}",
                400, "bad_request"},
        {"POST", "/api/v1/mapping/preview-all", "{\"changed_from\":0}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/preview-all", "{\"changed_from\":\"1\"}", 400, "bad_request"},
        {"POST", "/api/v1/mapping/preview-all", "{\"changed_from\":77}", 404, "not_found"},
        {"POST", "/api/v1/schema/apply", "{}", 400, "bad_request"},
        {"POST", "/api/v1/schema/apply", "{\"plan\":7}", 400, "bad_request"},
        /* paths and methods */
        {"GET", "/api/v1/nothing", NULL, 404, "not_found"},
        {"GET", "/api/v1/people/412/plan", NULL, 405, "method_not_allowed"},
        {"POST", "/api/v1/status", "{}", 405, "method_not_allowed"},
        {"POST", "/webhooks/bob", "{}", 404, "not_found"},
};

static void make_mistake(const struct mistake_case *row)
{
	struct employee before = store_fixture_get(fixture.engine.store, FIXTURE_PERSON);

	console_fixture_ask(&fixture, row->method, row->target, row->body);
	expect_error(row->target, row->status, row->code);
	struct employee after = store_fixture_get(fixture.engine.store, FIXTURE_PERSON);
	ck_assert_int_eq(after.generation, before.generation);
	ck_assert_uint_eq(after.hold_kinds, before.hold_kinds);
	ck_assert_uint_eq(after.approvals, before.approvals);
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", "/api/v1/status", NULL), 200);
	ck_assert_ptr_nonnull(strstr(fixture.body, "\"pause\":null"));
	employee_finish(&before);
	employee_finish(&after);
}

START_TEST(a_mistake_is_refused_and_changes_nothing)
{
	for (size_t i = 0; i < ARRAY_SIZE(MISTAKES); i++) {
		make_mistake(&MISTAKES[i]);
	}
}
END_TEST

START_TEST(every_mistake_of_a_draft_is_named)
{
	console_fixture_ask(&fixture, "POST", "/api/v1/mapping/preview-all",
	        "{\"mapping\":[{\"okta\":\"title\",\"bob\":7},{\"okta\":\"city\"}]}");
	expect_error("a draft", 400, "settings_invalid");
	const json_t *mistakes = json_object_get(fixture.json, "mistakes");
	ck_assert_uint_eq(json_array_size(mistakes), 2);
	ck_assert_str_eq(json_get_text(json_array_get(mistakes, 0), "path"), "mapping[0].bob");
	ck_assert_str_eq(json_get_text(json_array_get(mistakes, 1), "path"), "mapping[1]");
	ck_assert_int_eq(json_get_int(fixture.json, "left_out", -1), 0);
}
END_TEST

START_TEST(a_body_over_the_cap_is_refused)
{
	char *body = calloc(1, CONSOLE_BODY_MAX_BYTES + 64);

	ck_assert_ptr_nonnull(body);
	memset(body, ' ', CONSOLE_BODY_MAX_BYTES + 1);
	console_fixture_ask(&fixture, "POST", "/api/v1/resume", body);
	free(body);
	expect_error("resume", 413, "body_too_large");
}
END_TEST

/* ----------------------------------------------------------- what they mean */

static const json_t *list_of(const char *target, const char *name)
{
	ck_assert_msg(console_fixture_ask(&fixture, "GET", target, NULL) == 200, "%s: %s", target,
	        fixture.body);
	const json_t *list = json_object_get(fixture.json, name);
	ck_assert(json_is_array(list));
	return list;
}

static const struct list_case {
	const char *target;
	const char *name;
	size_t count;
} LISTS[] = {
        {"/api/v1/people", "people", 2},
        {"/api/v1/people?text=412", "people", 1},
        {"/api/v1/people?text=ADA", "people", 1},
        {"/api/v1/people?text=nobody", "people", 0},
        {"/api/v1/people?state=held", "people", 1},
        {"/api/v1/people?state=failed", "people", 0},
        {"/api/v1/people?limit=1", "people", 1},
        {"/api/v1/people?after=412", "people", 1},
        {"/api/v1/people?after=7", "people", 0},
        {"/api/v1/holds", "holds", 1},
        {"/api/v1/holds?kind=domain", "holds", 1},
        {"/api/v1/holds?kind=limit", "holds", 0},
        {"/api/v1/holds?employee_id=412", "holds", 1},
        {"/api/v1/holds?employee_id=7", "holds", 0},
        {"/api/v1/events", "events", 1},
        {"/api/v1/events?employee_id=412", "events", 1},
        {"/api/v1/events?employee_id=7", "events", 0},
};

START_TEST(a_list_shows_what_its_arguments_say)
{
	const struct list_case *row = &LISTS[_i];

	store_fixture_link(
	        fixture.engine.store, "7", "00u7gracehopper", "grace@example.com", ACCOUNT_ACTIVE);
	ck_assert_msg(json_array_size(list_of(row->target, row->name)) == row->count, "%s: %s",
	        row->target, fixture.body);
}
END_TEST

START_TEST(a_full_page_says_where_the_next_begins)
{
	store_fixture_link(
	        fixture.engine.store, "7", "00u7gracehopper", "grace@example.com", ACCOUNT_ACTIVE);
	list_of("/api/v1/people?limit=1", "people");
	ck_assert_str_eq(json_get_text(fixture.json, "next_after"), FIXTURE_PERSON);
	list_of("/api/v1/people?limit=3", "people");
	ck_assert(json_is_null(json_object_get(fixture.json, "next_after")));
}
END_TEST

START_TEST(a_hold_by_hand_says_who_and_why)
{
	console_fixture_ask(
	        &fixture, "POST", PERSON "/hold", "{\"why\":\"holiday\",\"by\":\"ops\"}");
	ck_assert_str_eq(json_get_text(fixture.json, "kind"), "human");
	ck_assert_str_eq(json_get_text(fixture.json, "cause"), "holiday");
	ck_assert_str_eq(json_get_text(fixture.json, "by"), "ops");
	ck_assert_str_eq(json_get_text(fixture.json, "display_name"), "Ada King");
	ck_assert_str_eq(json_get_text(fixture.json, "okta_id"), FIXTURE_OKTA_ID);
	ck_assert(engine_fixture_is_held(&fixture.engine, HOLD_HUMAN));
}
END_TEST

static int64_t number_of(const char *key)
{
	return json_integer_value(json_object_get(fixture.json, key));
}

START_TEST(release_removes_approves_and_marks)
{
	struct employee before = store_fixture_get(fixture.engine.store, FIXTURE_PERSON);

	console_fixture_ask(&fixture, "POST", "/api/v1/holds/release",
	        "{\"employee_id\":\"412\",\"kind\":\"domain\",\"cause\":\"another domain\"}");
	ck_assert_int_eq(number_of("released"), 1);
	struct employee after = store_fixture_get(fixture.engine.store, FIXTURE_PERSON);
	ck_assert_uint_eq(after.hold_kinds, 0);
	ck_assert_uint_eq(after.approvals, 1U << HOLD_DOMAIN);
	ck_assert_int_gt(after.generation, before.generation);
	ck_assert_int_eq(after.state, EMPLOYEE_DIRTY);
	employee_finish(&before);
	employee_finish(&after);
}
END_TEST

START_TEST(release_of_all_never_touches_what_was_rejected)
{
	engine_fixture_hold(&fixture.engine, "7", HOLD_LIMIT, "over the limit");
	console_fixture_ask(&fixture, "POST", "/api/v1/holds/reject", "{\"employee_id\":\"412\"}");
	ck_assert_int_eq(number_of("rejected"), 1);
	console_fixture_ask(&fixture, "POST", "/api/v1/holds/release", "{\"all\":true}");
	ck_assert_int_eq(number_of("released"), 1);
	const json_t *holds = list_of("/api/v1/holds", "holds");
	ck_assert_uint_eq(json_array_size(holds), 1);
	ck_assert(json_is_true(json_object_get(json_array_get(holds, 0), "is_rejected")));
	/* By name it can be released all the same. */
	console_fixture_ask(&fixture, "POST", "/api/v1/holds/release", "{\"employee_id\":\"412\"}");
	ck_assert_int_eq(number_of("released"), 1);
}
END_TEST

START_TEST(pause_and_resume_show_in_status)
{
	console_fixture_ask(
	        &fixture, "POST", "/api/v1/pause", "{\"revocations\":false,\"by\":\"ops team\"}");
	const json_t *pause = json_object_get(fixture.json, "pause");
	ck_assert_str_eq(json_get_text(pause, "by"), "ops team");
	ck_assert(json_is_false(json_object_get(pause, "revocations")));
	ck_assert_int_gt(json_integer_value(json_object_get(pause, "since_ms")), 1700000000000);
	const json_t *connections = list_of("/api/v1/status", "connections");
	pause = json_object_get(json_array_get(connections, 0), "pause");
	ck_assert_str_eq(json_get_text(pause, "by"), "ops team");
	console_fixture_ask(&fixture, "POST", "/api/v1/resume", "");
	ck_assert(json_is_null(json_object_get(fixture.json, "pause")));
	connections = list_of("/api/v1/status", "connections");
	ck_assert(json_is_null(json_object_get(json_array_get(connections, 0), "pause")));
}
END_TEST

START_TEST(status_counts)
{
	engine_fixture_hold(&fixture.engine, "7", HOLD_LIMIT, "over the limit");
	const json_t *one = json_array_get(list_of("/api/v1/status", "connections"), 0);
	const json_t *holds = json_object_get(one, "holds");
	ck_assert_uint_eq(json_object_size(holds), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(holds, "domain")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(holds, "limit")), 1);
	ck_assert_str_eq(json_get_text(one, "mode"), "live");
	ck_assert_int_eq(json_integer_value(json_object_get(one, "webhook_secrets")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(one, "managed_active")), 1);
	const json_t *events = json_object_get(one, "events");
	ck_assert_int_eq(json_integer_value(json_object_get(events, "accepted")), 1);
}
END_TEST

START_TEST(a_person_shows_names_of_attributes_and_never_values)
{
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", PERSON, NULL), 200);
	const json_t *actions = json_object_get(fixture.json, "actions");
	const json_t *update = json_array_get(actions, 0);
	ck_assert_str_eq(json_get_text(update, "kind"), "update");
	ck_assert_str_eq(json_get_text(update, "state"), "done");
	const json_t *attributes = json_object_get(update, "attributes");
	ck_assert_uint_eq(json_array_size(attributes), 1);
	ck_assert_str_eq(json_string_value(json_array_get(attributes, 0)), "title");
	char *text = json_dumps(actions, JSON_COMPACT);
	ck_assert_ptr_null(strstr(text, "Engineer"));
	free(text);
}
END_TEST

static void run_into(int status, const char *code)
{
	engine_fixture_refuse(&fixture.engine, "POST", "/" FIXTURE_OKTA_ID, status, code);
	engine_fixture_run(&fixture.engine,
	        engine_fixture_person("{\"more\":{\"work\":{\"title\":\"Clerk\"}}}"));
}

START_TEST(retry_forgets_the_waiting_time_and_the_attempts)
{
	run_into(503, "E0000010");
	ck_assert_int_gt(fixture.engine.employee.retry_not_before_ms, 0);
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", PERSON "/retry", ""), 202);
	ck_assert_str_eq(json_get_text(fixture.json, "employee_id"), FIXTURE_PERSON);
	engine_fixture_load(&fixture.engine);
	ck_assert_int_eq(fixture.engine.employee.retry_not_before_ms, 0);
	ck_assert_int_eq(fixture.engine.employee.generation, number_of("generation"));
	run_into(400, "E0000001");
	ck_assert_int_eq(fixture.engine.employee.state, EMPLOYEE_FAILED);
	ck_assert_int_gt(fixture.engine.employee.attempts, 0);
	const char *target = _i == 0 ? PERSON "/retry" : "/api/v1/retry";
	const char *body = _i == 0 ? "" : "{\"failed\":true}";
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", target, body), 202);
	engine_fixture_load(&fixture.engine);
	ck_assert_int_eq(fixture.engine.employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(fixture.engine.employee.attempts, 0);
	ck_assert_int_eq(fixture.engine.employee.failing_since_ms, 0);
}
END_TEST

START_TEST(close_without_an_account_is_a_conflict)
{
	struct employee_key key = store_fixture_key("7");

	ck_assert(store_employee_mark(fixture.engine.store, &key, LANE_UPDATE, NULL, NULL));
	console_fixture_ask(&fixture, "POST", "/api/v1/people/7/close", "{}");
	expect_error("close", 409, "conflict");
}
END_TEST

START_TEST(bobs_silence_is_a_502)
{
	fixture.engine.bob_status = _i == 0 ? 500 : 401;
	console_fixture_ask(&fixture, "POST", PERSON "/plan", "{}");
	expect_error("plan", 502, _i == 0 ? "network" : "refused");
	console_fixture_ask(&fixture, "POST", "/api/v1/plan", "{}");
	expect_error("plan", 502, _i == 0 ? "network" : "refused");
}
END_TEST

/* ------------------------------------------------------------ public routes */

START_TEST(health_needs_no_token)
{
	console_fixture_ask_as(&fixture, "GET", "/healthz", "");
	ck_assert_int_eq(fixture.status, 200);
	ck_assert_str_eq(fixture.body, "{\"status\":\"ok\"}");
}
END_TEST

START_TEST(readiness_says_what_is_wrong_and_stays_ready)
{
	struct call_outcome dead = engine_fixture_outcome(CALL_STOP_CREDENTIALS, 401);

	ck_assert(str_copy(dead.sentence, sizeof(dead.sentence), "The token is dead."));
	connection_okta_outcome(fixture.engine.connection, "1", &dead);
	console_fixture_ask_as(&fixture, "GET", "/readyz", "");
	ck_assert_int_eq(fixture.status, 200);
	ck_assert_str_eq(json_get_text(fixture.json, "status"), "ok");
	ck_assert(json_is_true(
	        json_object_get(json_object_get(fixture.json, "store"), "is_writable")));
	const json_t *one = json_array_get(json_object_get(fixture.json, "connections"), 0);
	ck_assert_str_eq(json_get_text(json_object_get(one, "okta"), "state"), "parked");
	ck_assert_str_eq(
	        json_get_text(json_object_get(one, "okta"), "sentence"), "The token is dead.");
	ck_assert_str_eq(json_get_text(json_object_get(one, "bob"), "state"), "ok");
}
END_TEST

START_TEST(metrics_are_prometheus_text)
{
	console_fixture_ask_as(&fixture, "GET", "/metrics", "");
	ck_assert_int_eq(fixture.status, 200);
	ck_assert_ptr_nonnull(strstr(fixture.head, "text/plain; version=0.0.4"));
	ck_assert_ptr_nonnull(strstr(fixture.body, "# TYPE "));
}
END_TEST

/* -------------------------------------------------------------------- suite */

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static void add_routes(TCase *tcase)
{
	int routes = (int)ARRAY_SIZE(ROUTES);

	tcase_add_loop_test(tcase, a_route_answers_in_the_shape_of_its_example, 0, routes);
	tcase_add_test(tcase, every_admin_route_of_the_table_is_tried_here);
	tcase_add_test(tcase, an_activation_link_is_told_and_not_kept);
	tcase_add_test(tcase, an_undo_is_told_in_the_shape_of_its_example);
	tcase_add_test(tcase, without_the_token_nothing_is_answered);
	tcase_add_test(tcase, two_tokens_are_none);
	tcase_add_test(tcase, an_unknown_query_argument_is_refused);
	tcase_add_test(tcase, an_unknown_connection_is_not_found);
	tcase_add_test(tcase, a_body_the_route_does_not_know_is_refused);
	tcase_add_test(tcase, a_mistake_is_refused_and_changes_nothing);
	tcase_add_test(tcase, every_mistake_of_a_draft_is_named);
	tcase_add_test(tcase, a_body_over_the_cap_is_refused);
}

static void add_meanings(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_list_shows_what_its_arguments_say, 0, ARRAY_SIZE(LISTS));
	tcase_add_test(tcase, a_full_page_says_where_the_next_begins);
	tcase_add_test(tcase, a_hold_by_hand_says_who_and_why);
	tcase_add_test(tcase, release_removes_approves_and_marks);
	tcase_add_test(tcase, release_of_all_never_touches_what_was_rejected);
	tcase_add_test(tcase, pause_and_resume_show_in_status);
	tcase_add_test(tcase, status_counts);
	tcase_add_test(tcase, a_person_shows_names_of_attributes_and_never_values);
	tcase_add_loop_test(tcase, retry_forgets_the_waiting_time_and_the_attempts, 0, 2);
	tcase_add_test(tcase, close_without_an_account_is_a_conflict);
	tcase_add_loop_test(tcase, bobs_silence_is_a_502, 0, 2);
	tcase_add_test(tcase, health_needs_no_token);
	tcase_add_test(tcase, readiness_says_what_is_wrong_and_stays_ready);
	tcase_add_test(tcase, metrics_are_prometheus_text);
}

int main(void)
{
	Suite *suite = suite_create("console routes");

	add_routes(add_case(suite, "routes"));
	add_meanings(add_case(suite, "meanings"));
	return suite_run(suite);
}
