/* SPDX-License-Identifier: MIT */
/* Working on a mapping: its rows as a table, one row live, everybody as a job. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/seen_people.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define DEADLINE_MS 60000

static struct engine_fixture fixture;
static struct err err;
static struct settings_report mistakes;
static json_t *report;

static void set_up(void)
{
	err = (struct err)ERR_INIT;
	mistakes = (struct settings_report){0};
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	json_decref(report);
	report = NULL;
	engine_fixture_stop(&fixture);
}

static void bring(const char *shorthand)
{
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person(shorthand));
}

/* ---------------------------------------------------------------- the table */

static bool table(const char *rows)
{
	json_t *json = rows != NULL ? json_loads(rows, 0, NULL) : NULL;
	struct mapping_draft draft = {.rows = json, .mistakes = &mistakes};
	ck_assert(rows == NULL || json != NULL);
	json_decref(report);
	bool is_made = engine_mapping_rows(fixture.engine, "default", &draft, &report, &err);
	json_decref(json);
	return is_made;
}

static const json_t *row_of(const char *okta)
{
	size_t i = 0;
	const json_t *row = NULL;
	json_array_foreach(json_object_get(report, "rows"), i, row)
	{
		if (str_equal(json_get_text(row, "okta"), okta)) {
			return row;
		}
	}
	ck_abort_msg("no row of %s", okta);
}

static void expect(const json_t *object, const char *key, const char *text)
{
	ck_assert_msg(str_equal(json_get_text(object, key), text), "%s: %s", key,
	        json_get_text(object, key));
}

START_TEST(a_table_tells_defaults_from_what_is_laid_over_them)
{
	ck_assert_msg(table("[{\"okta\":\"title\",\"value\":\"Staff\"},"
	                    "{\"okta\":\"manager\",\"bob\":null},"
	                    "{\"okta\":\"division\",\"expr\":\".work.department.label\"}]"),
	        "%s", err.text);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "rows")), 11);
	expect(row_of("department"), "origin", "default");
	expect(row_of("title"), "origin", "replaced");
	expect(row_of("title"), "from", "value");
	expect(row_of("manager"), "origin", "off");
	expect(row_of("division"), "origin", "own");
	const json_t *reads = json_object_get(row_of("division"), "reads");
	expect(json_array_get(reads, 0), "id", "work.department");
	expect(json_object_get(row_of("manager"), "row"), "okta", "manager");
	ck_assert(json_is_null(json_object_get(json_object_get(row_of("manager"), "row"), "bob")));
	ck_assert(json_get_bool(report, "is_draft", false));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_uint_eq(engine_fixture_bob_searches(&fixture), 0);
}
END_TEST

START_TEST(a_table_of_a_draft_with_mistakes_names_them)
{
	ck_assert(!table("[{\"okta\":\"city\"}]"));
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_uint_eq(mistakes.count, 1);
}
END_TEST

static void add_problems(struct employee *employee)
{
	free(employee->row_problems);
	employee->row_problems =
	        str_dup("[{\"okta\":\"title\",\"state\":\"not_readable\",\"reason\":\"hidden\"},"
	                "{\"okta\":\"title\",\"state\":\"failed\",\"reason\":\"too long\"}]");
}

static void forget_problems(struct employee *employee)
{
	free(employee->row_problems);
	employee->row_problems = NULL;
}

START_TEST(a_table_counts_what_rows_could_not_do)
{
	static const char *const IDS[] = {FIXTURE_PERSON, "413"};
	for (size_t i = 0; i < ARRAY_SIZE(IDS); i++) {
		engine_fixture_bring(&fixture, IDS[i], engine_fixture_person("{}"));
		struct employee_key key = store_fixture_key(IDS[i]);
		ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, "test", &err));
		engine_fixture_change(&fixture, IDS[i], add_problems);
	}
	ck_assert_msg(table(NULL), "%s", err.text);
	const json_t *problems = json_object_get(row_of("title"), "problems");
	ck_assert_uint_eq(json_array_size(problems), 2);
	ck_assert_int_eq(json_get_int(json_array_get(problems, 0), "people", 0), 2);
	expect(json_array_get(problems, 1), "reason", "hidden");
	ck_assert_uint_eq(json_array_size(json_object_get(row_of("login"), "problems")), 0);
}
END_TEST

static int64_t people_with_problems(void)
{
	ck_assert_msg(table(NULL), "%s", err.text);
	return json_get_int(
	        json_array_get(json_object_get(row_of("title"), "problems"), 0), "people", 0);
}

/* Adding up goes through every record. */
START_TEST(what_was_added_up_is_kept_for_a_while)
{
	struct row_tally *tally = &fixture.connection->tally;
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, "test", &err));
	ck_assert_int_eq(people_with_problems(), 0);
	engine_fixture_change(&fixture, FIXTURE_PERSON, add_problems);
	tally->took_ms = 1000000;
	ck_assert_int_eq(people_with_problems(), 0);
	tally->made_at_ms -= ROW_TALLY_KEPT_MAX_MS;
	ck_assert_int_eq(people_with_problems(), 1);
	engine_fixture_change(&fixture, FIXTURE_PERSON, forget_problems);
	tally->took_ms = 0;
	tally->made_at_ms -= ROW_TALLY_KEPT_MIN_MS;
	ck_assert_int_eq(people_with_problems(), 0);
}
END_TEST

/* ------------------------------------------------------------------ one row */

static bool try_row(const char *row)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	json_t *json = json_loads(row, 0, NULL);
	ck_assert_msg(json != NULL, "%s", row);
	json_t *rows = json_pack("[o]", json);
	struct mapping_draft draft = {.rows = rows, .mistakes = &mistakes};
	mistakes = (struct settings_report){0};
	err = (struct err)ERR_INIT;
	json_decref(report);
	bool is_tried = engine_preview_row(fixture.engine, &key, &draft, &report, &err);
	json_decref(rows);
	return is_tried;
}

START_TEST(a_row_is_tried_on_somebody_who_is_read_once)
{
	bring("{\"more\":{\"work\":{\"title\":\"Engineer\"},\"about\":{\"nick\":\"Ace\"}}}");
	ck_assert_msg(try_row("{\"okta\":\"nickName\",\"bob\":\"work.title\"}"), "%s", err.text);
	expect(report, "state", "value");
	expect(report, "type", "text");
	expect(report, "result", "Engineer");
	size_t searches = engine_fixture_bob_searches(&fixture);
	ck_assert_uint_eq(searches, 1);
	for (int i = 0; i < 20; i++) {
		ck_assert(try_row("{\"okta\":\"nickName\",\"value\":\"Ace\"}"));
	}
	ck_assert_uint_eq(engine_fixture_bob_searches(&fixture), searches);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

START_TEST(a_field_that_was_not_asked_for_is_read_with_those_before_it)
{
	bring("{\"more\":{\"about\":{\"nick\":\"Ace\",\"avatar\":\"a.png\"}}}");
	ck_assert(try_row("{\"okta\":\"nickName\",\"bob\":\"about.nick\"}"));
	size_t searches = engine_fixture_bob_searches(&fixture);
	ck_assert(try_row("{\"okta\":\"nickName\",\"bob\":\"about.avatar\"}"));
	expect(report, "result", "a.png");
	ck_assert_uint_eq(engine_fixture_bob_searches(&fixture), searches + 1);
	ck_assert(try_row("{\"okta\":\"nickName\",\"bob\":\"about.nick\"}"));
	expect(report, "result", "Ace");
	ck_assert_uint_eq(engine_fixture_bob_searches(&fixture), searches + 1);
}
END_TEST

START_TEST(a_row_with_mistakes_is_reported_and_asks_nobody)
{
	bring("{}");
	ck_assert(try_row("{\"okta\":\"city\"}"));
	expect(report, "state", "invalid");
	const json_t *mistake = json_array_get(json_object_get(report, "mistakes"), 0);
	expect(mistake, "path", "mapping[0]");
	ck_assert_int_eq(json_get_int(mistake, "line", -1), 0);
	ck_assert_uint_eq(engine_fixture_bob_searches(&fixture), 0);
	ck_assert(!try_row("{\"okta\":\"title\",\"bob\":null}"));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
}
END_TEST

START_TEST(people_are_kept_up_to_a_number_and_for_a_minute)
{
	struct seen_people seen;
	json_t *fields = json_pack("[s]", "work.title");
	json_t *source = json_pack("{s:s}", "id", "1");
	char id[8];
	ck_assert(seen_people_init(&seen));
	for (int i = 0; i < 2 * SEEN_PEOPLE_MAX; i++) {
		str_format_cut(id, sizeof(id), "%d", i);
		seen_people_keep(&seen, id, fields, source);
		seen.items[i % SEEN_PEOPLE_MAX].at_ms += i; /* one clock tick may serve several */
	}
	ck_assert_ptr_null(seen_people_find(&seen, "0", fields));
	json_t *found = seen_people_find(&seen, "15", fields);
	ck_assert_ptr_nonnull(found);
	json_decref(found);
	for (size_t i = 0; i < SEEN_PEOPLE_MAX; i++) {
		seen.items[i].at_ms -= SEEN_PEOPLE_MS + 1000;
	}
	ck_assert_ptr_null(seen_people_find(&seen, "15", fields));
	ck_assert_ptr_null(seen.items[7].source);
	seen_people_finish(&seen);
	json_decref(fields);
	json_decref(source);
}
END_TEST

/* ---------------------------------------------------------------- everybody */

static bool start(const char *rows)
{
	json_t *json = json_loads(rows, 0, NULL);
	struct preview_all query = {
	        .connection = "default", .draft = {.rows = json, .mistakes = &mistakes}};
	ck_assert(json != NULL);
	err = (struct err)ERR_INIT;
	bool is_started = engine_preview_start(fixture.engine, &query, "ada", &err);
	json_decref(json);
	return is_started;
}

static const char *state(void)
{
	static const struct engine_job_key KEY = {"default", ENGINE_JOB_PREVIEW};
	json_decref(report);
	ck_assert(engine_job_report(fixture.engine, &KEY, &report, &err));
	return json_get_text(report, "state");
}

static const char *ended_as(void)
{
	int64_t deadline_ms = clock_mono_ms() + DEADLINE_MS;
	while (str_equal(state(), "running")) {
		ck_assert_msg(clock_mono_ms() < deadline_ms, "the job does not end");
		(void)poll(NULL, 0, 5);
	}
	return json_get_text(report, "state");
}

START_TEST(a_job_keeps_its_result_until_the_next)
{
	bring("{\"more\":{\"work\":{\"title\":\"Engineer\"}}}");
	ck_assert_str_eq(state(), "none");
	ck_assert(json_is_null(json_object_get(report, "query")));
	ck_assert_msg(start("[{\"okta\":\"title\",\"value\":\"Lead\"}]"), "%s", err.text);
	ck_assert_str_eq(ended_as(), "done");
	expect(report, "by", "ada");
	ck_assert_int_eq(json_get_int(report, "listed", 0), 1);
	const json_t *result = json_object_get(report, "result");
	ck_assert_int_eq(json_get_int(result, "changed", 0), 1);
	ck_assert_uint_eq(
	        json_array_size(json_object_get(json_object_get(report, "query"), "mapping")), 1);
	ck_assert_str_eq(state(), "done");
	ck_assert(start("[]"));
	ck_assert_str_eq(ended_as(), "done");
	ck_assert_int_eq(json_get_int(json_object_get(report, "result"), "changed", -1), 0);
}
END_TEST

START_TEST(a_job_that_nobody_runs_cannot_be_stopped_and_a_bad_draft_not_begun)
{
	static const struct engine_job_key KEY = {"default", ENGINE_JOB_PREVIEW};
	ck_assert(!engine_job_stop(fixture.engine, &KEY, "ada", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert(!start("[{\"okta\":\"city\"}]"));
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_str_eq(state(), "none");
}
END_TEST

START_TEST(a_job_fails_with_what_bob_says)
{
	fixture.bob_status = 403;
	ck_assert(start("[]"));
	ck_assert_str_eq(ended_as(), "failed");
	ck_assert(json_get_text(report, "sentence")[0] != '\0');
	ck_assert(json_is_null(json_object_get(report, "result")));
}
END_TEST

START_TEST(a_preview_that_is_told_to_stop_ends)
{
	struct job job;
	bring("{}");
	ck_assert(job_init(&job));
	struct preview_all query = {
	        .connection = "default", .draft.mistakes = &mistakes, .job = &job};
	ck_assert(engine_preview_all(fixture.engine, &query, &report, &err));
	ck_assert_int_eq(job.look.total, 1);
	ck_assert_int_eq(job.look.done, 1);
	json_decref(report);
	atomic_store(&job.is_told_to_stop, true);
	ck_assert(!engine_preview_all(fixture.engine, &query, &report, &err));
	ck_assert_int_eq(err.code, ERR_STOPPED);
	job_finish(&job);
}
END_TEST

START_TEST(the_end_of_the_engine_waits_for_the_job)
{
	bring("{}");
	ck_assert(start("[]"));
	engine_fixture_renew(&fixture);
	ck_assert_str_eq(state(), "none");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_mapping");
	TCase *tcase = tcase_create("engine_mapping");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, a_table_tells_defaults_from_what_is_laid_over_them);
	tcase_add_test(tcase, a_table_of_a_draft_with_mistakes_names_them);
	tcase_add_test(tcase, a_table_counts_what_rows_could_not_do);
	tcase_add_test(tcase, what_was_added_up_is_kept_for_a_while);
	tcase_add_test(tcase, a_row_is_tried_on_somebody_who_is_read_once);
	tcase_add_test(tcase, a_field_that_was_not_asked_for_is_read_with_those_before_it);
	tcase_add_test(tcase, a_row_with_mistakes_is_reported_and_asks_nobody);
	tcase_add_test(tcase, people_are_kept_up_to_a_number_and_for_a_minute);
	tcase_add_test(tcase, a_job_keeps_its_result_until_the_next);
	tcase_add_test(tcase, a_job_that_nobody_runs_cannot_be_stopped_and_a_bad_draft_not_begun);
	tcase_add_test(tcase, a_job_fails_with_what_bob_says);
	tcase_add_test(tcase, a_preview_that_is_told_to_stop_ends);
	tcase_add_test(tcase, the_end_of_the_engine_waits_for_the_job);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
