/* SPDX-License-Identifier: MIT */
/* One list of all that happened to somebody: in order, page by page, with before and after. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/store/audit.h"
#include "tests/support/console_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define TIMELINE "/api/v1/people/" FIXTURE_PERSON "/timeline"

static struct console_fixture fixture;

/* Ada: a delivery twice, a title that was written, a hold that was released, a note. */
static void set_up(void)
{
	struct engine_fixture *engine = &fixture.engine;

	console_fixture_start(&fixture);
	engine_fixture_bring(engine, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_link(engine, ACCOUNT_ACTIVE);
	for (int i = 0; i < 2; i++) {
		store_fixture_deliver(engine->store, "{\"first\":1}", FIXTURE_PERSON, LANE_UPDATE);
	}
	engine_fixture_answer(engine, "POST", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	engine_fixture_run(
	        engine, engine_fixture_person("{\"more\":{\"work\":{\"title\":\"Engineer\"}}}"));
	engine_fixture_hold(engine, FIXTURE_PERSON, HOLD_DOMAIN, "another domain");
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", "/api/v1/holds/release",
	                         "{\"employee_id\":\"" FIXTURE_PERSON "\",\"by\":\"ops\"}"),
	        200);
	ck_assert(store_audit(engine->store, "default", FIXTURE_PERSON, "ops", "note 1", NULL));
}

static void tear_down(void)
{
	console_fixture_stop(&fixture);
}

static const json_t *ask(const char *target)
{
	ck_assert_msg(
	        console_fixture_ask(&fixture, "GET", target, NULL) == 200, "%s", fixture.body);
	return json_object_get(fixture.json, "entries");
}

/* The newest entry of that kind; with a word of its part, the newest that has it there. */
static const json_t *find(const char *kind, const char *key, const char *word)
{
	const json_t *entries = json_object_get(fixture.json, "entries");

	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		const json_t *part = json_object_get(entry, kind);
		if (str_equal(json_get_text(entry, "kind"), kind) &&
		        (key == NULL || str_equal(json_get_text(part, key), word))) {
			return part;
		}
	}
	return NULL;
}

START_TEST(it_tells_who_did_what_and_why)
{
	ask(TIMELINE);
	const json_t *delivery = find("delivery", NULL, NULL);
	const json_t *action = find("action", "kind", "update");
	const json_t *hold = find("decision", "type", "hold");
	const json_t *release = find("decision", "type", "release");

	ck_assert(delivery != NULL && action != NULL && hold != NULL && release != NULL);
	ck_assert_int_eq(json_get_int(delivery, "deliveries", 0), 2);
	ck_assert_ptr_nonnull(strstr(json_get_text(hold, "what"), "another domain"));
	ck_assert_str_eq(json_get_text(release, "who"), "ops");
	ck_assert_ptr_nonnull(find("read", NULL, NULL));
	ck_assert_ptr_nonnull(find("decision", "type", "note"));
	/* What the action tells is not told by the trail once more. */
	ck_assert_ptr_null(find("decision", "type", "intent"));
	ck_assert_ptr_null(find("decision", "type", "outcome"));

	const json_t *change = json_array_get(json_object_get(action, "changes"), 0);
	ck_assert_str_eq(json_get_text(action, "state"), "done");
	ck_assert_str_eq(json_get_text(action, "rule"), "C1");
	ck_assert_str_eq(json_get_text(change, "attribute"), "title");
	ck_assert_str_eq(json_get_text(change, "after"), "Engineer");
	ck_assert(json_object_get(change, "before") != NULL);
	ck_assert(json_is_true(json_object_get(action, "can_undo")));
	ck_assert_str_eq(
	        json_get_text(json_object_get(fixture.json, "next"), "time_zone"), "Europe/London");
}
END_TEST

START_TEST(what_comes_next_is_told_with_the_zone_of_the_site)
{
	struct store *store = fixture.engine.store;
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	struct employee employee = store_fixture_claim(store, FIXTURE_PERSON);
	str_format_cut(employee.time_zone, sizeof(employee.time_zone), "Pacific/Honolulu");
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, NULL));
	employee_finish(&employee);
	ask(TIMELINE);
	ck_assert_str_eq(json_get_text(json_object_get(fixture.json, "next"), "time_zone"),
	        "Pacific/Honolulu");
	ck_assert_int_eq(
	        console_fixture_ask(&fixture, "GET", "/api/v1/people/" FIXTURE_PERSON, NULL), 200);
	ck_assert_str_eq(json_get_text(json_object_get(fixture.json, "employee"), "time_zone"),
	        "Pacific/Honolulu");
}
END_TEST

START_TEST(its_pages_are_the_whole)
{
	char target[256] = TIMELINE "?limit=1";
	json_int_t last_ms = INT64_MAX;
	size_t whole = json_array_size(ask(TIMELINE));
	size_t count = 0;

	ck_assert_uint_gt(whole, 5);
	for (;;) {
		const json_t *entries = ask(target);
		json_int_t at_ms = json_get_int(json_array_get(entries, 0), "at_ms", 0);
		const char *next = json_get_text(fixture.json, "next_before");
		ck_assert_uint_eq(json_array_size(entries), 1);
		ck_assert(at_ms > 0 && at_ms <= last_ms);
		last_ms = at_ms;
		count++;
		if (next == NULL) {
			break;
		}
		ck_assert(str_format(target, sizeof(target), TIMELINE "?limit=1&before=%s", next));
	}
	ck_assert_uint_eq(count, whole);
}
END_TEST

START_TEST(what_is_no_place_in_it_is_refused)
{
	static const char *const BAD[] = {
	        "?before=", "?before=soon", "?before=1-2", "?limit=0", "?limit=201", "?after=1"};

	for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
		char target[128];
		ck_assert(str_format(target, sizeof(target), TIMELINE "%s", BAD[i]));
		ck_assert_msg(
		        console_fixture_ask(&fixture, "GET", target, NULL) == 400, "%s", target);
	}
	ck_assert_int_eq(
	        console_fixture_ask(&fixture, "GET", "/api/v1/people/999/timeline", NULL), 404);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console_timeline");
	TCase *tcase = tcase_create("timeline");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, it_tells_who_did_what_and_why);
	tcase_add_test(tcase, what_comes_next_is_told_with_the_zone_of_the_site);
	tcase_add_test(tcase, its_pages_are_the_whole);
	tcase_add_test(tcase, what_is_no_place_in_it_is_refused);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
