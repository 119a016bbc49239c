/* SPDX-License-Identifier: MIT */
/* What reads everybody, as jobs: plans begun, left, found again, ended. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/calendar.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <poll.h>
#include <string.h>

#define DEADLINE_MS 20000

static const struct engine_job_key PLAN = {"default", ENGINE_JOB_PLAN};
static const struct engine_job_key CALENDAR = {"default", ENGINE_JOB_CALENDAR};

static struct engine_fixture fixture;
static struct err err;
static struct plan_query query;
static struct settings_report mistakes;
static json_t *report;

static void set_up(void)
{
	err = (struct err)ERR_INIT;
	mistakes = (struct settings_report){0};
	engine_fixture_start(&fixture, NULL);
	query = (struct plan_query){.engine = fixture.engine, .connection = "default"};
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	engine_fixture_bring(&fixture, "7", engine_fixture_person("{\"email\":\"g@example.com\"}"));
}

static void tear_down(void)
{
	json_decref(report);
	report = NULL;
	engine_fixture_stop(&fixture);
}

static const char *state(const struct engine_job_key *key)
{
	json_decref(report);
	ck_assert(engine_job_report(query.engine, key, &report, &err));
	return json_get_text(report, "state");
}

static const char *ended_as(const struct engine_job_key *key)
{
	int64_t deadline_ms = clock_mono_ms() + DEADLINE_MS;
	while (str_equal(state(key), "running")) {
		ck_assert_msg(clock_mono_ms() < deadline_ms, "the job does not end");
		(void)poll(NULL, 0, 5);
	}
	return json_get_text(report, "state");
}

static const json_t *result(void)
{
	return json_object_get(report, "result");
}

START_TEST(a_plan_of_everybody_is_kept_until_the_next)
{
	json_t *direct = NULL;
	ck_assert_str_eq(state(&PLAN), "none");
	ck_assert_msg(engine_plan_all(&query, &direct, &err), "%s", err.text);
	ck_assert_msg(engine_plan_start(&query, "ada", &err), "%s", err.text);
	ck_assert_str_eq(ended_as(&PLAN), "done");
	ck_assert_str_eq(json_get_text(report, "by"), "ada");
	ck_assert_str_eq(json_get_text(report, "connection"), "default");
	ck_assert_int_eq(json_get_int(report, "listed", 0), 2);
	ck_assert_int_eq(json_get_int(report, "read", 0), 2);
	ck_assert(!json_get_bool(json_object_get(report, "query"), "is_draft", true));
	ck_assert_msg(json_equal(result(), direct), "the job found something else");
	json_decref(direct);
	/* One kind knows nothing of the other. */
	ck_assert_str_eq(state(&CALENDAR), "none");
	ck_assert_str_eq(state(&PLAN), "done");
}
END_TEST

START_TEST(the_days_to_come_are_a_job_of_their_own)
{
	ck_assert_msg(engine_plan_next_start(&query, 30, "ada", &err), "%s", err.text);
	ck_assert_str_eq(ended_as(&CALENDAR), "done");
	ck_assert_int_eq(json_get_int(json_object_get(report, "query"), "days", 0), 30);
	ck_assert_int_eq(json_get_int(result(), "people", 0), 2);
	ck_assert(!engine_plan_next_start(&query, CALENDAR_DAYS_MAX + 1, "ada", &err));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
}
END_TEST

START_TEST(settings_are_tried_and_not_shown_again)
{
	json_t *document = engine_fixture_document(
	        &fixture, "{\"provisioning\":{\"email_domains\":[\"other.example.com\"]}}");
	struct plan_settings settings = {document, &mistakes};
	query.settings = &settings;
	ck_assert_msg(engine_plan_start(&query, "ada", &err), "%s", err.text);
	json_decref(document);
	ck_assert_str_eq(ended_as(&PLAN), "done");
	ck_assert(json_get_bool(json_object_get(report, "query"), "is_draft", false));
	ck_assert_uint_eq(json_object_size(json_object_get(report, "query")), 1);
	ck_assert(json_get_bool(result(), "is_draft", false));
}
END_TEST

START_TEST(mistakes_are_told_before_anything_begins)
{
	json_t *document = engine_fixture_document(&fixture, "{\"mode\":\"sideways\"}");
	struct plan_settings settings = {document, &mistakes};
	query.settings = &settings;
	ck_assert(!engine_plan_start(&query, "ada", &err));
	ck_assert_uint_gt(mistakes.count, 0);
	ck_assert_str_eq(state(&PLAN), "none");
	json_decref(document);
}
END_TEST

/* While the job waits for Okta: nobody may begin another one, and somebody ends it. */
static void interfere(struct engine_fixture *mine, const struct fake_request *request UNUSED)
{
	struct err *refused = mine->watched;
	const struct plan_query again = {.engine = mine->engine, .connection = "default"};
	if (!err_is_set(refused)) {
		struct err none = ERR_INIT;
		ck_assert(!engine_plan_start(&again, "ben", refused));
		ck_assert(engine_job_stop(mine->engine, &PLAN, "cyd", &none));
	}
}

START_TEST(one_at_a_time_and_who_ends_it_is_named)
{
	static struct err refused;
	refused = (struct err)ERR_INIT;
	engine_fixture_bring(&fixture, "8", engine_fixture_person("{\"email\":\"h@example.com\"}"));
	fixture.watched = &refused;
	fixture.watcher = interfere;
	ck_assert_msg(engine_plan_start(&query, "ada", &err), "%s", err.text);
	ck_assert_str_eq(ended_as(&PLAN), "stopped");
	fixture.watcher = NULL;
	ck_assert_int_eq(refused.code, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(refused.text, "begun by ada"));
	ck_assert_str_eq(json_get_text(report, "sentence"), "stopped by cyd before it was done");
	ck_assert(json_is_null(result()));
	ck_assert_int_eq(json_get_int(report, "listed", 0), 3);
	ck_assert_int_lt(json_get_int(report, "read", 3), 3);
}
END_TEST

START_TEST(a_plan_fails_with_what_bob_says)
{
	fixture.bob_status = 403;
	ck_assert(engine_plan_start(&query, "ada", &err));
	ck_assert_str_eq(ended_as(&PLAN), "failed");
	ck_assert_ptr_nonnull(strstr(json_get_text(report, "sentence"), "Bob"));
	ck_assert(!engine_job_stop(fixture.engine, &PLAN, "ada", &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
}
END_TEST

START_TEST(the_end_of_the_engine_waits_for_the_job)
{
	ck_assert(engine_plan_start(&query, "ada", &err));
	engine_fixture_renew(&fixture);
	query.engine = fixture.engine;
	ck_assert_str_eq(state(&PLAN), "none");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_jobs");
	TCase *tcase = tcase_create("engine_jobs");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_plan_of_everybody_is_kept_until_the_next);
	tcase_add_test(tcase, the_days_to_come_are_a_job_of_their_own);
	tcase_add_test(tcase, settings_are_tried_and_not_shown_again);
	tcase_add_test(tcase, mistakes_are_told_before_anything_begins);
	tcase_add_test(tcase, one_at_a_time_and_who_ends_it_is_named);
	tcase_add_test(tcase, a_plan_fails_with_what_bob_says);
	tcase_add_test(tcase, the_end_of_the_engine_waits_for_the_job);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
