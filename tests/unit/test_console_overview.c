/* SPDX-License-Identifier: MIT */
/* The overview: its numbers are those of what was done, and its sentence says the worst. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/console/numbers.h"
#include "server/console/working.h"
#include "server/routes.h"
#include "server/store/alarms.h"
#include "tests/support/console_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define OVERVIEW    "/api/v1/overview"
#define CALENDAR    "/api/v1/overview/calendar"
#define DAY_MS      INT64_C(86400000)
#define DEADLINE_MS 60000

static struct console_fixture fixture;

static void set_up(void)
{
	console_fixture_start(&fixture);
}

static void tear_down(void)
{
	console_fixture_stop(&fixture);
}

static const json_t *ask(const char *target)
{
	ck_assert_msg(
	        console_fixture_ask(&fixture, "GET", target, NULL) == 200, "%s", fixture.body);
	return fixture.json;
}

static json_int_t number(const json_t *json, const char *outer, const char *inner)
{
	return json_get_int(json_object_get(json, outer), inner, -1);
}

/* Ada, linked, of whom an event says that her title is another one. */
static void change_title(void)
{
	struct engine_fixture *engine = &fixture.engine;

	engine_fixture_bring(engine, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_link(engine, ACCOUNT_ACTIVE);
	store_fixture_deliver(engine->store, "{\"first\":1}", FIXTURE_PERSON, LANE_UPDATE);
	engine_fixture_answer(engine, "POST", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	engine_fixture_run(
	        engine, engine_fixture_person("{\"more\":{\"work\":{\"title\":\"Engineer\"}}}"));
}

START_TEST(what_an_event_led_to_is_told)
{
	change_title();
	const json_t *json = ask(OVERVIEW);
	const json_t *today = json_object_get(json, "today");
	const json_t *hours = json_object_get(json, "hours");
	const json_t *days = json_object_get(json, "days");
	const json_t *hour = json_array_get(hours, NUMBERS_HOURS - 1);

	ck_assert_int_eq((int)json_array_size(hours), NUMBERS_HOURS);
	ck_assert_int_eq((int)json_array_size(days), NUMBERS_DAYS);
	ck_assert_int_eq(number(today, "done", "update"), 1);
	ck_assert_int_eq(json_get_int(today, "events", 0), 1);
	ck_assert_int_eq(number(hour, "done", "update"), 1);
	ck_assert_int_eq(number(hour, "times", "count"), 1);
	ck_assert_int_gt(number(hour, "times", "p50_ms"), 0);
	const json_t *times = json_object_get(json_object_get(json, "event_to_okta"), "days");
	ck_assert_int_eq(number(times, "writes", "count"), 1);
	ck_assert_int_gt(json_get_int(json, "last_delivery_at_ms", 0), 0);
	ck_assert_int_eq(number(json, "people", "known"), 1);
}
END_TEST

START_TEST(the_sentence_says_the_worst)
{
	struct alarm alarm = {.connection = "default",
	        .name = ALARM_BRAKE,
	        .subject = FIXTURE_PERSON,
	        .opened_at_ms = 1};
	struct alarm *const alarms[] = {&alarm};

	change_title();
	const json_t *working = json_object_get(ask(OVERVIEW), "is_working");
	ck_assert_str_eq(json_get_text(working, "state"), "good");
	engine_fixture_hold(&fixture.engine, FIXTURE_PERSON, HOLD_DOMAIN, "another domain");
	working = json_object_get(ask(OVERVIEW), "is_working");
	ck_assert_str_eq(json_get_text(working, "state"), "attention");
	ck_assert_str_eq(json_get_text(working, "sentence"),
	        "It works, and somebody should look. 1 person waits for a decision.");
	ck_assert(store_alarm_write(fixture.engine.store, alarms, 1, NULL));
	working = json_object_get(ask(OVERVIEW), "is_working");
	ck_assert_str_eq(json_get_text(working, "state"), "bad");
	const json_t *reasons = json_object_get(working, "reasons");
	ck_assert_int_eq((int)json_array_size(reasons), 2);
	ck_assert_str_eq(json_get_text(json_array_get(reasons, 0), "code"), "alarms");
	/* Somebody has seen it. */
	ck_assert_int_eq(console_fixture_ask(
	                         &fixture, "POST", "/api/v1/alarms/ack", "{\"alarm\":\"brake\"}"),
	        200);
	working = json_object_get(ask(OVERVIEW), "is_working");
	ck_assert_str_eq(json_get_text(working, "state"), "attention");
}
END_TEST

START_TEST(a_pause_is_told_with_who_and_since_when)
{
	change_title();
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", "/api/v1/pause",
	                         "{\"revocations\":false,\"by\":\"ops\"}"),
	        200);
	const json_t *json = ask(OVERVIEW);
	const json_t *working = json_object_get(json, "is_working");
	ck_assert(str_starts_with(json_get_text(working, "sentence"), "It is paused"));
	ck_assert_str_eq(json_get_text(json_object_get(json, "pause"), "by"), "ops");
	ck_assert_int_gt(number(json, "pause", "since_ms"), 0);
}
END_TEST

/* Ada starts the day after tomorrow. */
static void hire_ada(void)
{
	struct employee_key key = store_fixture_key("7");

	ck_assert(store_employee_mark(fixture.engine.store, &key, LANE_JOIN, NULL, NULL));
	struct employee employee = store_fixture_claim(fixture.engine.store, "7");
	ck_assert(personal_set(&employee.display_name, "Ada Byron"));
	str_format_cut(employee.wanted, sizeof(employee.wanted), "none");
	employee.policy_due_at_ms = clock_wall_ms() + 2 * DAY_MS;
	ck_assert(store_employee_finish(fixture.engine.store, &employee, EMPLOYEE_WAITING, NULL));
	employee_finish(&employee);
}

START_TEST(the_calendar_tells_dates_ahead_by_day)
{
	hire_ada();
	const json_t *days = json_object_get(ask(CALENDAR), "days");
	ck_assert_int_eq((int)json_array_size(days), 7);
	const json_t *day = json_array_get(days, 2);
	ck_assert_int_eq(json_get_int(day, "joins", 0), 1);
	const json_t *entry = json_array_get(json_object_get(day, "entries"), 0);
	ck_assert_str_eq(json_get_text(entry, "display_name"), "Ada Byron");
	ck_assert_str_eq(json_get_text(entry, "kind"), "join");
	ck_assert_str_eq(json_get_text(entry, "time_zone"), "Europe/London");
	days = json_object_get(ask(CALENDAR "?days=2"), "days");
	ck_assert_int_eq((int)json_array_size(days), 2);
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", CALENDAR "?days=32", NULL), 400);
}
END_TEST

static const struct {
	const char *query;
	const char *time_zone;
} VIEWERS[] = {
        {"", "Europe/London"},
        {"?time_zone=Pacific/Kiritimati", "Pacific/Kiritimati"},
        {"?time_zone=Mars/Olympus", "Europe/London"},
        {"?time_zone=..%2F..%2Fetc%2Fpasswd", "Europe/London"},
        {"?time_zone=", "Europe/London"},
};

static const json_t *only_entry(const json_t *days)
{
	const json_t *found = NULL;

	for (size_t i = 0; i < json_array_size(days); i++) {
		const json_t *entries = json_object_get(json_array_get(days, i), "entries");
		found = json_array_size(entries) > 0 ? json_array_get(entries, 0) : found;
	}
	return found;
}

START_TEST(the_numbers_are_by_the_clock_of_whoever_looks)
{
	char target[128];
	struct zone *zone = zone_open(VIEWERS[_i].time_zone, NULL);

	ck_assert(str_format(target, sizeof(target), "/api/v1/overview%s", VIEWERS[_i].query));
	const json_t *json = ask(target);
	ck_assert_str_eq(json_get_text(json, "time_zone"), VIEWERS[_i].time_zone);
	const json_t *days = json_object_get(json, "days");
	ck_assert_uint_eq(json_array_size(days), NUMBERS_DAYS);
	for (size_t i = 0; i < json_array_size(days); i++) {
		int64_t from_ms = json_get_int(json_array_get(days, i), "at_ms", 0);
		ck_assert_int_eq(zone_minute(zone, from_ms), 0);
	}
	zone_close(zone);
}
END_TEST

START_TEST(the_days_are_those_of_whoever_looks)
{
	char target[128];
	char before[CLOCK_TEXT_BYTES];
	char after[CLOCK_TEXT_BYTES];
	struct zone *zone = zone_open(VIEWERS[_i].time_zone, NULL);

	hire_ada();
	ck_assert(str_format(target, sizeof(target), CALENDAR "%s", VIEWERS[_i].query));
	date_format(before, zone_date(zone, clock_wall_ms()));
	const json_t *json = ask(target);
	date_format(after, zone_date(zone, clock_wall_ms()));
	ck_assert_str_eq(json_get_text(json, "time_zone"), VIEWERS[_i].time_zone);
	const json_t *days = json_object_get(json, "days");
	const char *today = json_get_text(json_array_get(days, 0), "date");
	/* Midnight may come in between. */
	ck_assert(str_equal(today, before) || str_equal(today, after));
	ck_assert_str_eq(json_get_text(only_entry(days), "time_zone"), "Europe/London");
	zone_close(zone);
}
END_TEST

static enum err_code let_viewer(struct http_request *request, const struct http_route *route,
        const char **complaint, void *context)
{
	const struct http_actor viewer = {.kind = HTTP_TOKEN, .role = HTTP_ROLE_VIEWER};

	(void)route;
	(void)complaint;
	(void)context;
	http_request_set_actor(request, &viewer);
	return ERR_OK;
}

START_TEST(a_viewer_is_told_how_many_and_not_who)
{
	const struct http_options options = {.name = "viewer",
	        .listen = "127.0.0.1:0",
	        .mode = HTTP_THREADED,
	        .routes = routes_admin,
	        .context = &fixture.console,
	        .authorize = let_viewer,
	        .connections_max = 4,
	        .in_flight_max = 4,
	        .header_deadline_ms = DEADLINE_MS,
	        .body_deadline_ms = DEADLINE_MS,
	        .write_deadline_ms = DEADLINE_MS};
	struct http_server *server = http_start(&options, NULL);
	int port = fixture.port;

	ck_assert_ptr_nonnull(server);
	hire_ada();
	fixture.port = http_port(server);
	const json_t *json = ask(CALENDAR);
	ck_assert(json_get_bool(json, "is_masked", false));
	ck_assert_int_eq(
	        json_get_int(json_array_get(json_object_get(json, "days"), 2), "joins", 0), 1);
	ck_assert_ptr_null(strstr(fixture.body, "Ada"));
	ask(OVERVIEW);
	fixture.port = port;
	http_stop(server, clock_mono_ms() + DEADLINE_MS);
}
END_TEST

/* --------------------------------------------------------------- the sentence */

static json_t *judge(const struct working_facts *facts)
{
	json_t *json = working_json(facts);
	ck_assert_ptr_nonnull(json);
	return json;
}

static void expect(const struct working_facts *facts, const char *state, const char *code)
{
	json_t *json = judge(facts);
	const json_t *first = json_array_get(json_object_get(json, "reasons"), 0);

	ck_assert_str_eq(json_get_text(json, "state"), state);
	ck_assert_str_eq(first != NULL ? json_get_text(first, "code") : "", code);
	json_decref(json);
}

START_TEST(each_fact_has_its_reason)
{
	struct engine_health health = {.is_okta_asked = true};
	const struct working_facts good = {.health = &health,
	        .store_cause = "",
	        .setup_lack = "",
	        .alarm = "",
	        .last_delivery_at_ms = 1};
	struct working_facts facts = good;

	expect(&facts, "good", "");
	facts.last_delivery_at_ms = 0;
	expect(&facts, "attention", "no_delivery");
	facts.failed = 1;
	expect(&facts, "attention", "failed");
	health.is_dry_run = true;
	expect(&facts, "attention", "dry_run");
	health.pause = PAUSE_EVERYTHING;
	expect(&facts, "attention", "paused");
	health.is_bob_parked = true;
	expect(&facts, "bad", "bob");
	health.is_okta_parked = true;
	expect(&facts, "bad", "okta");
	/* What follows from a lack is not told beside it. */
	facts.setup_lack = "okta.api_token";
	expect(&facts, "bad", "not_set_up");
	facts.store_cause = "the disk is full";
	expect(&facts, "bad", "store");
	facts = good;
	health = (struct engine_health){0};
	facts.is_bob_silent = true;
	expect(&facts, "attention", "bob_silent");
	/* At a start Okta was not asked yet. */
	health.is_okta_parked = true;
	facts = good;
	expect(&facts, "good", "");
}
END_TEST

START_TEST(hours_and_days_follow_the_clock_on_the_wall)
{
	struct err err = ERR_INIT;
	struct zone *zone = zone_open("Asia/Kathmandu", &err);
	struct numbers *numbers = calloc(1, sizeof(*numbers));

	ck_assert_msg(zone != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(numbers);
	int64_t before_ms = clock_wall_ms();
	ck_assert(numbers_read(numbers, fixture.engine.store, "default", zone, NULL));
	for (int i = 0; i < NUMBERS_HOURS; i++) {
		ck_assert_int_eq(zone_minute(zone, numbers->hours[i].from_ms) % 60, 0);
		ck_assert_int_eq(numbers->hours[i].from_ms % HISTORY_SLOT_MS, 0);
	}
	for (int i = 0; i < NUMBERS_DAYS; i++) {
		ck_assert_int_eq(zone_minute(zone, numbers->days[i].from_ms), 0);
		ck_assert_int_eq(numbers->days[i].from_ms % HISTORY_SLOT_MS, 0);
	}
	ck_assert_int_le(numbers->hours[NUMBERS_HOURS - 1].from_ms, clock_wall_ms());
	ck_assert_int_gt(numbers->hours[NUMBERS_HOURS - 1].until_ms, before_ms);
	free(numbers);
	zone_close(zone);
}
END_TEST

static Suite *overview_suite(void)
{
	Suite *suite = suite_create("console_overview");
	TCase *routes = tcase_create("routes");
	tcase_add_checked_fixture(routes, set_up, tear_down);
	tcase_set_timeout(routes, 30);
	tcase_add_test(routes, what_an_event_led_to_is_told);
	tcase_add_test(routes, the_sentence_says_the_worst);
	tcase_add_test(routes, a_pause_is_told_with_who_and_since_when);
	tcase_add_test(routes, the_calendar_tells_dates_ahead_by_day);
	tcase_add_loop_test(
	        routes, the_days_are_those_of_whoever_looks, 0, (int)ARRAY_SIZE(VIEWERS));
	tcase_add_loop_test(
	        routes, the_numbers_are_by_the_clock_of_whoever_looks, 0, (int)ARRAY_SIZE(VIEWERS));
	tcase_add_test(routes, a_viewer_is_told_how_many_and_not_who);
	tcase_add_test(routes, hours_and_days_follow_the_clock_on_the_wall);
	suite_add_tcase(suite, routes);
	TCase *sentence = tcase_create("sentence");
	tcase_add_test(sentence, each_fact_has_its_reason);
	suite_add_tcase(suite, sentence);
	return suite;
}

int main(void)
{
	return suite_run(overview_suite());
}
