/* SPDX-License-Identifier: MIT */
/* The commands mapping and schema: what they ask, what they print, what they refuse. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/cli_fixture.h"
#include "tests/support/doc_shape.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct cli_fixture fixture;

static void set_up(void)
{
	cli_fixture_start(&fixture);
}

static void tear_down(void)
{
	cli_fixture_stop(&fixture);
}

#define RUN(...) cli_fixture_run(&fixture, CLI_WORDS(__VA_ARGS__))

/* The API answers as docs/http.md shows it. */
static void answer_example(const char *route)
{
	json_t *example = doc_shape_load(route);
	char *text = json_dumps(example, 0);
	cli_fixture_answer(&fixture, 200, text);
	free(text);
	json_decref(example);
}

/* The same as what came of a job that has ended. */
static void answer_job(const char *route)
{
	json_t *report = json_pack("{s:s, s:I, s:o}", "state", "done", "begun_at_ms", (json_int_t)1,
	        "result", doc_shape_load(route));
	char *text = json_dumps(report, 0);
	cli_fixture_answer(&fixture, 202, text);
	free(text);
	json_decref(report);
}

static void expect_request(size_t index, const char *method, const char *target)
{
	const struct fake_request *request = fake_http_request(fixture.fake, index);
	ck_assert_ptr_nonnull(request);
	ck_assert_str_eq(request->method, method);
	ck_assert_str_eq(request->target, target);
}

static void expect_out(const char *part)
{
	ck_assert_msg(strstr(fixture.out, part) != NULL, "no \"%s\" in:\n%s", part, fixture.out);
}

static void expect_error(const char *part)
{
	ck_assert_msg(
	        strstr(fixture.errors, part) != NULL, "no \"%s\" in:\n%s", part, fixture.errors);
}

/* ------------------------------------------------------------------- mapping */

START_TEST(fields_are_searched_and_listed)
{
	answer_example("GET /api/v1/mapping/fields");
	ck_assert_int_eq(RUN("mapping", "fields", "job title", "--bob"), CLI_DONE);
	expect_request(
	        0, "GET", "/api/v1/mapping/fields?connection=default&system=bob&text=job%20title");
	expect_out("work.title");
	expect_out("Job title");
	expect_out("FILLED FROM");
	expect_out("1 of Bob's fields, 1 of Okta's attributes");
}
END_TEST

START_TEST(both_systems_are_meant_when_both_or_none_is_named)
{
	answer_example("GET /api/v1/mapping/fields");
	ck_assert_int_eq(RUN("mapping", "fields", "--bob", "--okta"), CLI_DONE);
	expect_request(0, "GET", "/api/v1/mapping/fields?connection=default");
}
END_TEST

START_TEST(suggestions_come_as_rows_to_paste)
{
	answer_example("GET /api/v1/mapping/suggest");
	ck_assert_int_eq(RUN("mapping", "suggest", "--connection", "lab"), CLI_DONE);
	expect_request(0, "GET", "/api/v1/mapping/suggest?connection=lab");
	expect_out("Employee ID in Bob is employeeNumber in Okta");
	expect_out("{\"okta\": \"employeeNumber\", \"bob\": \"work.employeeIdInCompany\"}");
}
END_TEST

START_TEST(one_person_is_previewed)
{
	answer_example("POST /api/v1/mapping/preview");
	ck_assert_int_eq(RUN("mapping", "preview", "--employee", "412"), CLI_DONE);
	expect_request(0, "POST", "/api/v1/mapping/preview?connection=default");
	json_t *body = cli_fixture_body(&fixture, 0);
	ck_assert_str_eq(json_get_text(body, "employee_id"), "412");
	ck_assert_uint_eq(json_object_size(body), 1);
	json_decref(body);
	expect_out("Trainee");
	expect_out("sent");
	expect_out("empty in Bob: Okta's value stays");
	expect_out("1 of 2 rows would be sent.");
}
END_TEST

START_TEST(a_draft_is_a_list_of_rows)
{
	const char *draft = cli_fixture_file(&fixture, "[{\"okta\":\"title\",\"value\":\"x\"}]");
	answer_example("POST /api/v1/mapping/preview");
	ck_assert_int_eq(
	        RUN("mapping", "preview", "--employee", "412", "--draft", draft), CLI_DONE);
	json_t *body = cli_fixture_body(&fixture, 0);
	ck_assert_uint_eq(json_array_size(json_object_get(body, "mapping")), 1);
	ck_assert_ptr_null(json_object_get(body, "scope"));
	json_decref(body);
}
END_TEST

START_TEST(a_draft_is_a_settings_document)
{
	const char *draft = cli_fixture_file(&fixture,
	        "{\"connections\":[{\"name\":\"other\",\"mapping\":[]},{\"name\":\"default\","
	        "\"okta\":{\"api_token\":\"secret-of-okta\"},\"provisioning\":{\"scope\":\"true\"},"
	        "\"groups\":[{\"group\":\"Engineering\",\"when\":\"true\"}],"
	        "\"mapping\":[{\"okta\":\"title\",\"value\":\"x\"}]}]}");
	answer_job("POST /api/v1/mapping/preview-all");
	ck_assert_int_eq(
	        RUN("mapping", "preview", "--all", "--draft", draft, "--changed-from", "7"),
	        CLI_DONE);
	expect_request(0, "POST", "/api/v1/mapping/preview-all/start?connection=default");
	json_t *body = cli_fixture_body(&fixture, 0);
	ck_assert_ptr_nonnull(json_object_get(body, "by"));
	ck_assert_uint_eq(json_array_size(json_object_get(body, "mapping")), 1);
	ck_assert_str_eq(json_get_text(body, "scope"), "true");
	ck_assert_int_eq(json_get_int(body, "changed_from", 0), 7);
	ck_assert_uint_eq(json_array_size(json_object_get(body, "groups")), 1);
	ck_assert_uint_eq(json_object_size(body), 5);
	json_decref(body);
	expect_out("group Engineering: 9 join, 3 leave, 118 belong into it");
	expect_out("group Sales: no row any more; 40 memberships stay");
	expect_out("division is not filled any more");
	expect_out("for example");
	expect_out("31 of 1204 people");
}
END_TEST

START_TEST(a_draft_is_rows_with_those_of_groups)
{
	const char *draft = cli_fixture_file(
	        &fixture, "{\"mapping\":[],\"groups\":[{\"group\":\"Sales\",\"when\":\"true\"}]}");
	answer_example("POST /api/v1/mapping/preview");
	ck_assert_int_eq(
	        RUN("mapping", "preview", "--employee", "412", "--draft", draft), CLI_DONE);
	json_t *body = cli_fixture_body(&fixture, 0);
	ck_assert_uint_eq(json_array_size(json_object_get(body, "mapping")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(body, "groups")), 1);
	ck_assert_ptr_null(json_object_get(body, "scope"));
	json_decref(body);
}
END_TEST

START_TEST(a_document_without_that_connection_is_no_draft)
{
	const char *draft = cli_fixture_file(&fixture, "{\"connections\":[]}");
	ck_assert_int_eq(RUN("mapping", "preview", "--all", "--draft", draft), CLI_USAGE);
	expect_error("no connection named default");
	ck_assert_uint_eq(fake_http_count(fixture.fake), 0);
}
END_TEST

START_TEST(every_mistake_of_a_draft_is_printed)
{
	const char *draft = cli_fixture_file(&fixture, "[]");
	cli_fixture_answer(&fixture, 400,
	        "{\"error\":{\"code\":\"settings_invalid\",\"message\":\"2 mistakes\",\"hint\":\"\","
	        "\"request_id\":\"1\"},\"mistakes\":[{\"path\":\"mapping[0].bob\",\"text\":\"one\"},"
	        "{\"path\":\"mapping[4].expr\",\"text\":\"two\"}],\"left_out\":3}");
	ck_assert_int_eq(RUN("mapping", "preview", "--all", "--draft", draft), CLI_USAGE);
	expect_out("mapping[0].bob: one");
	expect_out("mapping[4].expr: two");
	expect_out("and 3 more");
}
END_TEST

static const char *const WRONG[][6] = {
        {"mapping", NULL},
        {"mapping", "field", NULL},
        {"mapping", "preview", NULL},
        {"mapping", "preview", "--all", "--employee", "412", NULL},
        {"mapping", "preview", "--employee", "ada", NULL},
        {"mapping", "preview", "--all", "--changed-from", "first", NULL},
        {"mapping", "suggest", "more", NULL},
        {"schema", NULL},
        {"schema", "aply", NULL},
};

START_TEST(a_wrong_line_is_usage_and_asks_nobody)
{
	ck_assert_int_eq(cli_fixture_run(&fixture, WRONG[_i]), CLI_USAGE);
	expect_error("usage: bob2okta ");
	ck_assert_uint_eq(fake_http_count(fixture.fake), 0);
}
END_TEST

START_TEST(a_slip_of_the_second_word_is_mended)
{
	RUN("mapping", "field");
	expect_error("did you mean fields?");
}
END_TEST

/* -------------------------------------------------------------------- schema */

START_TEST(a_plan_is_shown)
{
	answer_example("POST /api/v1/schema/plan");
	ck_assert_int_eq(RUN("schema", "plan"), CLI_DONE);
	expect_request(0, "POST", "/api/v1/schema/plan?connection=default");
	expect_out("hireDate");
	expect_out("headcount");
	expect_out("did you mean department?");
	expect_out("1 attribute would be added.");
}
END_TEST

START_TEST(what_was_shown_is_added)
{
	answer_example("POST /api/v1/schema/plan");
	answer_example("POST /api/v1/schema/apply");
	ck_assert_int_eq(RUN("schema", "apply", "--yes"), CLI_DONE);
	expect_request(1, "POST", "/api/v1/schema/apply?connection=default");
	json_t *body = cli_fixture_body(&fixture, 1);
	ck_assert_str_eq(json_get_text(body, "plan"), "5f1c0f7e9a3b2d41");
	ck_assert(!str_is_empty(json_get_text(body, "by")));
	json_decref(body);
	expect_out("hireDate");
	expect_out("Okta has 1 attribute more");
}
END_TEST

START_TEST(without_a_terminal_nothing_is_added_unasked)
{
	answer_example("POST /api/v1/schema/plan");
	ck_assert_ptr_nonnull(freopen("/dev/null", "r", stdin));
	ck_assert_int_eq(RUN("schema", "apply"), CLI_USAGE);
	expect_error("--yes");
	ck_assert_uint_eq(fake_http_count(fixture.fake), 1);
}
END_TEST

START_TEST(with_nothing_to_add_nothing_is_asked)
{
	cli_fixture_answer(&fixture, 200,
	        "{\"plan\":\"1\",\"mode\":\"live\",\"add\":[],\"conflicts\":[],\"refused\":[],"
	        "\"sentence\":\"Okta has every attribute the mapping needs.\"}");
	ck_assert_int_eq(RUN("schema", "apply"), CLI_DONE);
	expect_out("every attribute");
	ck_assert_uint_eq(fake_http_count(fixture.fake), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_mapping");
	TCase *tcase = tcase_create("cli_mapping");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, fields_are_searched_and_listed);
	tcase_add_test(tcase, both_systems_are_meant_when_both_or_none_is_named);
	tcase_add_test(tcase, suggestions_come_as_rows_to_paste);
	tcase_add_test(tcase, one_person_is_previewed);
	tcase_add_test(tcase, a_draft_is_a_list_of_rows);
	tcase_add_test(tcase, a_draft_is_a_settings_document);
	tcase_add_test(tcase, a_draft_is_rows_with_those_of_groups);
	tcase_add_test(tcase, a_document_without_that_connection_is_no_draft);
	tcase_add_test(tcase, every_mistake_of_a_draft_is_printed);
	tcase_add_loop_test(
	        tcase, a_wrong_line_is_usage_and_asks_nobody, 0, (int)ARRAY_SIZE(WRONG));
	tcase_add_test(tcase, a_slip_of_the_second_word_is_mended);
	tcase_add_test(tcase, a_plan_is_shown);
	tcase_add_test(tcase, what_was_shown_is_added);
	tcase_add_test(tcase, without_a_terminal_nothing_is_added_unasked);
	tcase_add_test(tcase, with_nothing_to_add_nothing_is_asked);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
