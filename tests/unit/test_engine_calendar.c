/* SPDX-License-Identifier: MIT */
/* Days to come: what happens to whom, where it runs into a limit, and who may pass it. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/calendar.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define LIMITS(lower)                                                                            \
	"\"limits\":{\"lower\":" lower ",\"raise\":{\"per_hour\":100},\"create\":{\"per_hour\":" \
	"100}}"
#define ONE_A_DAY \
	LIMITS("{\"per_hour\":9,\"per_hour_percent\":0,\"per_day\":1,\"per_day_percent\":0}")

static struct engine_fixture fixture;
static struct err err;
static struct plan_query query;
static json_t *report;

static void start(const char *changes)
{
	err = (struct err)ERR_INIT;
	report = NULL;
	engine_fixture_start(&fixture, changes);
	query = (struct plan_query){.engine = fixture.engine, .connection = "default"};
}

static void set_up(void)
{
	start(NULL);
}

static void set_up_limits(void)
{
	start("{" ONE_A_DAY "}");
}

static void tear_down(void)
{
	json_decref(report);
	engine_fixture_stop(&fixture);
}

/* A date so many days from today, in one of a few buffers. */
static const char *date(int days)
{
	static char texts[8][CLOCK_TEXT_BYTES];
	static size_t next = 0;
	char *text = texts[next++ % ARRAY_SIZE(texts)];
	date_format(text, date_of_ms(clock_wall_ms()) + days);
	return text;
}

static int32_t day(int days)
{
	return date_of_ms(clock_wall_ms()) + days;
}

/* more: further shorthand, beginning with a comma, or "". */
static void bring(const char *id, const char *key, int days, const char *more)
{
	char shorthand[256];
	ck_assert(str_format(
	        shorthand, sizeof(shorthand), "{\"%s\":\"%s\"%s}", key, date(days), more));
	engine_fixture_bring(&fixture, id, engine_fixture_person(shorthand));
}

#define HIRED ",\"lifecycle\":\"hired\",\"status\":\"Inactive\""

/* Somebody whose account is open and who leaves at the end of that day. */
static void bring_leaver(const char *id, int days)
{
	char okta_id[OKTA_ID_BYTES];
	char login[64];
	ck_assert(str_format(okta_id, sizeof(okta_id), "00u%s", id));
	ck_assert(str_format(login, sizeof(login), "p%s@example.com", id));
	bring(id, "end", days, "");
	store_fixture_link(fixture.store, id, okta_id, login, ACCOUNT_ACTIVE);
}

static void plan_next(int days)
{
	json_decref(report);
	ck_assert_msg(engine_plan_next(&query, days, &report, &err), "%s", err.text);
}

static void plan_on(const char *id, int days)
{
	json_decref(report);
	ck_assert_msg(engine_plan_on(&query, id, day(days), &report, &err), "%s", err.text);
}

/* NULL: nothing happens on that day. */
static const json_t *day_of(int days)
{
	const json_t *list = json_object_get(report, "days");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);
		if (str_equal(json_get_text(entry, "date"), date(days))) {
			return entry;
		}
	}
	return NULL;
}

static int64_t count_of(int days, const char *kind)
{
	return json_get_int(json_object_get(day_of(days), "counts"), kind, 0);
}

static const json_t *warning_of(int days)
{
	return json_array_get(json_object_get(day_of(days), "warnings"), 0);
}

static const json_t *step_at(size_t index)
{
	return json_array_get(json_object_get(report, "steps"), index);
}

static void expect_step(size_t index, const char *kind, const char *status_after)
{
	const json_t *actions = json_object_get(step_at(index), "actions");
	const char *have = json_get_text(json_array_get(actions, 0), "kind");
	ck_assert_msg(str_equal(have, kind), "step %zu: %s", index, have != NULL ? have : "none");
	ck_assert_str_eq(json_get_text(step_at(index), "status_after"), status_after);
}

/* ---------------------------------------------------------------- one person */

START_TEST(a_hire_is_made_now_and_active_on_the_day)
{
	bring(FIXTURE_PERSON, "start", 10, HIRED);
	plan_on(FIXTURE_PERSON, 10);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "steps")), 2);
	expect_step(0, "create", "STAGED");
	ck_assert(json_is_true(json_object_get(step_at(0), "is_now")));
	ck_assert_uint_eq(json_array_size(json_object_get(step_at(1), "actions")), 1);
	ck_assert_str_eq(json_get_text(step_at(1), "date"), date(10));
	ck_assert_str_eq(json_get_text(step_at(1), "time"), "00:00");
	ck_assert_str_eq(json_get_text(step_at(1), "lifecycle"), "employed");
	ck_assert_str_eq(json_get_text(report, "status_after"), "ACTIVE");
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
}
END_TEST

START_TEST(a_leaver_closes_at_the_end_of_the_day_and_not_before)
{
	bring_leaver("7", 5);
	plan_on("7", 4);
	ck_assert_str_eq(json_get_text(report, "status_after"), "ACTIVE");
	plan_on("7", 5);
	ck_assert_str_eq(json_get_text(report, "status_after"), "DEPROVISIONED");
	size_t last = json_array_size(json_object_get(report, "steps")) - 1;
	expect_step(last, "deactivate", "DEPROVISIONED");
	ck_assert_str_eq(json_get_text(step_at(last), "date"), date(5));
	ck_assert_str_eq(json_get_text(step_at(last), "time"), "24:00");
	ck_assert_str_eq(json_get_text(step_at(last), "rule"), "L1");
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

START_TEST(a_whole_employment_is_one_walk)
{
	char shorthand[256];
	ck_assert(str_format(shorthand, sizeof(shorthand),
	        "{\"lifecycle\":\"hired\",\"status\":\"Inactive\",\"start\":\"%s\",\"end\":\"%s\"}",
	        date(10), date(40)));
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person(shorthand));
	plan_on(FIXTURE_PERSON, 60);
	ck_assert_str_eq(json_get_text(report, "status_after"), "DEPROVISIONED");
	expect_step(0, "create", "STAGED");
	expect_step(1, "activate", "ACTIVE");
	ck_assert_str_eq(json_get_text(step_at(2), "date"), date(40));
}
END_TEST

static void set_up_leads(void)
{
	start("{\"provisioning\":{\"email_domains\":[\"example.com\"],\"create\":\"on_start_date\","
	      "\"create_days_before\":14,\"create_at\":\"06:00\",\"activation_days_before\":1,"
	      "\"activation_at\":\"07:30\",\"leave_types\":{\"sabbatical\":\"suspend\"},\"leaver\":"
	      "{\"at\":\"17:30\",\"action\":\"suspend\",\"then_deactivate_after_days\":30}}}");
}

static void expect_when(size_t index, int days, const char *time)
{
	ck_assert_str_eq(json_get_text(step_at(index), "date"), date(days));
	ck_assert_str_eq(json_get_text(step_at(index), "time"), time);
}

/* The step that comes to that status, in the list of those that do something. */
static size_t step_to(const char *status)
{
	const json_t *steps = json_object_get(report, "steps");
	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *actions = json_object_get(step_at(i), "actions");
		if (json_array_size(actions) > 0 &&
		        str_equal(json_get_text(step_at(i), "status_after"), status)) {
			return i;
		}
	}
	ck_abort_msg("no step to %s", status);
}

START_TEST(lead_days_hours_and_second_steps_are_followed)
{
	char more[256];
	ck_assert(str_format(more, sizeof(more), HIRED ",\"end\":\"%s\"", date(60)));
	bring(FIXTURE_PERSON, "start", 30, more);
	plan_on(FIXTURE_PERSON, 120);
	size_t at = step_to("STAGED");
	expect_step(at, "create", "STAGED");
	expect_when(at, 30 - 14, "06:00");
	at = step_to("ACTIVE");
	expect_step(at, "activate", "ACTIVE");
	expect_when(at, 30 - 1, "07:30");
	at = step_to("SUSPENDED");
	expect_step(at, "suspend", "SUSPENDED");
	expect_when(at, 60, "17:30");
	at = step_to("DEPROVISIONED");
	expect_step(at, "deactivate", "DEPROVISIONED");
	expect_when(at, 60 + 30, "17:30");
}
END_TEST

START_TEST(days_that_are_none_are_refused)
{
	bring_leaver("7", 5);
	ck_assert(!engine_plan_on(&query, "7", day(-2), &report, &err));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
	err = (struct err)ERR_INIT;
	ck_assert(!engine_plan_on(&query, "7", day(CALENDAR_ON_MAX + 2), &report, &err));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
	err = (struct err)ERR_INIT;
	ck_assert(!engine_plan_on(&query, "99", day(1), &report, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	err = (struct err)ERR_INIT;
	ck_assert(!engine_plan_next(&query, CALENDAR_DAYS_MAX + 1, &report, &err));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
}
END_TEST

/* ------------------------------------------------------------------ calendar */

START_TEST(a_calendar_has_everybody_by_day)
{
	bring_leaver("7", 5);
	bring_leaver("8", 5);
	bring_leaver("9", 50);
	bring("10", "start", 3, HIRED ",\"email\":\"n@example.com\"");
	plan_next(30);
	ck_assert_int_eq(json_get_int(report, "people", 0), 4);
	ck_assert_int_eq(count_of(5, "deactivate"), 2);
	ck_assert_int_eq(json_get_int(day_of(5), "people", 0), 2);
	ck_assert_int_eq(count_of(3, "activate"), 1);
	ck_assert_int_eq(count_of(0, "create"), 1);
	ck_assert_ptr_null(day_of(6));
	const json_t *entries = json_object_get(day_of(5), "entries");
	ck_assert_str_eq(json_get_text(json_array_get(entries, 0), "employee_id"), "7");
	ck_assert_str_eq(json_get_text(json_array_get(entries, 1), "employee_id"), "8");
	ck_assert_ptr_null(warning_of(5));
}
END_TEST

START_TEST(a_day_lists_so_many_and_counts_all)
{
	for (int i = 0; i < 203; i++) {
		char id[8];
		ck_assert(str_format(id, sizeof(id), "%d", 1000 + i));
		bring_leaver(id, 5);
	}
	plan_next(10);
	ck_assert_int_eq(count_of(5, "deactivate"), 203);
	ck_assert_uint_eq(json_array_size(json_object_get(day_of(5), "entries")), 200);
	ck_assert_int_eq(json_get_int(day_of(5), "left_out", 0), 3);
}
END_TEST

static void end_was_suspended(struct employee *employee)
{
	employee->policy_due_at_ms = clock_wall_ms() + 1000;
	employee->read_at_ms = 1;
}

START_TEST(somebody_who_is_only_in_the_store_is_looked_at_when_due)
{
	store_fixture_link(fixture.store, "7", "00u7", "p7@example.com", ACCOUNT_ACTIVE);
	store_fixture_link(fixture.store, "8", "00u8", "p8@example.com", ACCOUNT_ACTIVE);
	engine_fixture_change(&fixture, "8", end_was_suspended);
	plan_next(10);
	ck_assert_int_eq(json_get_int(report, "people", 0), 1);
}
END_TEST

START_TEST(a_day_over_a_limit_warns)
{
	for (int i = 0; i < 3; i++) {
		char id[8];
		ck_assert(str_format(id, sizeof(id), "%d", 7 + i));
		bring_leaver(id, 5);
	}
	bring_leaver("20", 7);
	plan_next(10);
	ck_assert_str_eq(json_get_text(warning_of(5), "limit"), "lower");
	ck_assert_str_eq(json_get_text(warning_of(5), "window"), "day");
	ck_assert_int_eq(json_get_int(warning_of(5), "most", 0), 1);
	ck_assert_int_eq(json_get_int(warning_of(5), "planned", 0), 3);
	ck_assert_int_eq(json_get_int(warning_of(5), "over", 0), 2);
	ck_assert_ptr_null(warning_of(7));
}
END_TEST

static void set_up_week(void)
{
	start("{" LIMITS(
	        "{\"per_hour\":9,\"per_day\":9,\"per_week\":2,\"per_week_percent\":0}") "}");
}

/* Who was held does not count, neither in the window nor when it moves on. */
START_TEST(a_week_later_as_many_pass_again)
{
	for (int i = 0; i < 6; i++) {
		char id[8];
		ck_assert(str_format(id, sizeof(id), "%d", 7 + i));
		bring_leaver(id, i < 3 ? 5 : 13);
	}
	plan_next(20);
	ck_assert_str_eq(json_get_text(warning_of(5), "window"), "week");
	ck_assert_int_eq(json_get_int(warning_of(5), "over", 0), 1);
	ck_assert_int_eq(json_get_int(warning_of(13), "over", 0), 1);
}
END_TEST

/* What was done today counts; the day after tomorrow it does not any more. */
START_TEST(what_was_done_before_counts)
{
	store_fixture_link(fixture.store, "1", "00u1", "p1@example.com", ACCOUNT_ACTIVE);
	struct employee_key key = store_fixture_key("1");
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, NULL));
	struct employee employee = store_fixture_claim(fixture.store, "1");
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_LOWER);
	ck_assert_int_eq(store_intent_open(fixture.store, &intent, NULL, &err), INTENT_OPEN);
	struct outcome outcome = {.intent_id = intent.intent_id,
	        .lease_token = intent.lease_token,
	        .state = OUTCOME_DONE};
	ck_assert(store_intent_close(fixture.store, &outcome, &employee, &err));
	ck_assert(store_employee_finish(fixture.store, &employee, EMPLOYEE_IDLE, &err));
	employee_finish(&employee);
	bring_leaver("7", 0);
	bring_leaver("8", 3);
	plan_next(10);
	ck_assert_int_eq(json_get_int(warning_of(0), "over", 0), 1);
	ck_assert_ptr_null(warning_of(3));
}
END_TEST

/* ------------------------------------------------------------------ approvals */

static bool approve(const char *const *ids, size_t count, int days, bool is_check)
{
	struct approve_query asked = {.plan = query,
	        .day = day(days),
	        .limit = LIMIT_LOWER,
	        .employee_ids = ids,
	        .count = count,
	        .is_check = is_check,
	        .by = "ops"};
	json_decref(report);
	report = NULL;
	return engine_approve(&asked, &report, &err);
}

static size_t approved(void)
{
	struct approval_filter filter = {.connection = "default"};
	struct approval_list list;
	ck_assert(store_approvals_list(fixture.store, &filter, &list, &err));
	size_t count = list.count;
	approval_list_finish(&list);
	return count;
}

START_TEST(an_approval_lets_the_calendar_pass)
{
	static const char *const IDS[] = {"7", "8"};
	bring_leaver("7", 5);
	bring_leaver("8", 5);
	bring_leaver("9", 5);
	ck_assert_msg(approve(IDS, 2, 5, false), "%s", err.text);
	ck_assert_uint_eq(approved(), 2);
	plan_next(10);
	ck_assert_int_eq(json_get_int(warning_of(5), "approved", 0), 2);
	ck_assert_int_eq(json_get_int(warning_of(5), "over", 0), 1);
}
END_TEST

START_TEST(an_approval_covers_the_day_at_the_site_and_one_more)
{
	static const char *const IDS[] = {"7"};
	struct approval_filter filter = {.connection = "default"};
	struct approval_list list;
	bring("7", "end", 5, ",\"site\":\"Auckland\"");
	ck_assert_msg(approve(IDS, 1, 5, false), "%s", err.text);
	ck_assert(store_approvals_list(fixture.store, &filter, &list, &err));
	struct zone *zone = zone_open("Pacific/Auckland", NULL);
	ck_assert_int_eq(list.items[0].from_ms, zone_first_instant_ms(zone, day(5)));
	ck_assert_int_eq(list.items[0].until_ms,
	        zone_first_instant_ms(zone, day(6)) + INT64_C(24) * 3600000);
	ck_assert_str_eq(list.items[0].day, date(5));
	zone_close(zone);
	approval_list_finish(&list);
}
END_TEST

static void set_up_sites(void)
{
	start("{\"provisioning\":{\"email_domains\":[\"example.com\"],\"sites\":{\"Auckland\":"
	      "{\"time_zone\":\"Pacific/Auckland\"}}}," ONE_A_DAY "}");
}

START_TEST(everybody_of_a_day_is_approved_at_once)
{
	bring_leaver("7", 5);
	bring_leaver("8", 5);
	bring_leaver("9", 6);
	ck_assert_msg(approve(NULL, 0, 5, true), "%s", err.text);
	ck_assert_int_eq(json_get_int(report, "approved", 0), 2);
	ck_assert_uint_eq(approved(), 0);
	ck_assert_msg(approve(NULL, 0, 5, false), "%s", err.text);
	ck_assert_uint_eq(approved(), 2);
	plan_next(10);
	ck_assert_ptr_null(warning_of(5));
}
END_TEST

START_TEST(nobody_is_approved_who_cannot_be)
{
	static const char *const IDS[] = {"7", "99"};
	bring_leaver("7", 5);
	ck_assert(!approve(IDS, 2, 5, false));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_ptr_nonnull(strstr(err.text, "99"));
	err = (struct err)ERR_INIT;
	ck_assert(!approve(NULL, 0, 4, false));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	err = (struct err)ERR_INIT;
	ck_assert(!approve(IDS, 1, -3, false));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
	ck_assert_uint_eq(approved(), 0);
}
END_TEST

/* ---------------------------------------------------------------------- draft */

START_TEST(a_draft_changes_what_is_planned_and_nothing_else)
{
	static struct settings_report mistakes;
	json_t *document = engine_fixture_document(&fixture,
	        "{\"provisioning\":{\"email_domains\":[\"example.com\"],\"leaver\":{\"action\":"
	        "\"suspend\"}}}");
	struct plan_settings settings = {document, &mistakes};
	bring_leaver("7", 5);
	query.settings = &settings;
	plan_on("7", 5);
	ck_assert_str_eq(json_get_text(report, "status_after"), "SUSPENDED");
	ck_assert(json_is_true(json_object_get(report, "is_draft")));
	query.settings = NULL;
	plan_on("7", 5);
	ck_assert_str_eq(json_get_text(report, "status_after"), "DEPROVISIONED");
	json_decref(document);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_calendar");
	TCase *person = tcase_create("person");
	tcase_add_checked_fixture(person, set_up, tear_down);
	tcase_add_test(person, a_hire_is_made_now_and_active_on_the_day);
	tcase_add_test(person, a_leaver_closes_at_the_end_of_the_day_and_not_before);
	tcase_add_test(person, a_whole_employment_is_one_walk);
	tcase_add_test(person, days_that_are_none_are_refused);
	tcase_add_test(person, a_draft_changes_what_is_planned_and_nothing_else);
	suite_add_tcase(suite, person);
	TCase *leads = tcase_create("leads");
	tcase_add_checked_fixture(leads, set_up_leads, tear_down);
	tcase_add_test(leads, lead_days_hours_and_second_steps_are_followed);
	suite_add_tcase(suite, leads);
	TCase *days = tcase_create("days");
	tcase_add_checked_fixture(days, set_up, tear_down);
	tcase_set_timeout(days, 30);
	tcase_add_test(days, a_calendar_has_everybody_by_day);
	tcase_add_test(days, a_day_lists_so_many_and_counts_all);
	tcase_add_test(days, somebody_who_is_only_in_the_store_is_looked_at_when_due);
	suite_add_tcase(suite, days);
	TCase *limits = tcase_create("limits");
	tcase_add_checked_fixture(limits, set_up_limits, tear_down);
	tcase_add_test(limits, a_day_over_a_limit_warns);
	tcase_add_test(limits, what_was_done_before_counts);
	tcase_add_test(limits, an_approval_lets_the_calendar_pass);
	tcase_add_test(limits, everybody_of_a_day_is_approved_at_once);
	tcase_add_test(limits, nobody_is_approved_who_cannot_be);
	suite_add_tcase(suite, limits);
	TCase *week = tcase_create("week");
	tcase_add_checked_fixture(week, set_up_week, tear_down);
	tcase_add_test(week, a_week_later_as_many_pass_again);
	suite_add_tcase(suite, week);
	TCase *sites = tcase_create("sites");
	tcase_add_checked_fixture(sites, set_up_sites, tear_down);
	tcase_add_test(sites, an_approval_covers_the_day_at_the_site_and_one_more);
	suite_add_tcase(suite, sites);
	return suite_run(suite);
}
