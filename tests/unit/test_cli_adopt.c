/* SPDX-License-Identifier: MIT */
/* The commands adopt, link and unlink: what they ask, print and refuse. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/cli_fixture.h"
#include "tests/support/doc_shape.h"
#include "tests/support/suite.h"

#include <check.h>
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

static json_t *example(const char *route)
{
	return doc_shape_load(route);
}

static void answer(json_t *json)
{
	char *text = json_dumps(json, 0);
	cli_fixture_answer(&fixture, 200, text);
	free(text);
	json_decref(json);
}

/* The report as docs/http.md shows it, with both jobs done. */
static json_t *done_report(void)
{
	json_t *report = example("GET /api/v1/adoption");
	json_object_set_new(json_object_get(report, "apply"), "state", json_string("done"));
	return report;
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

static void expect_target(size_t index, const char *target)
{
	ck_assert_str_eq(fake_http_request(fixture.fake, index)->target, target);
}

START_TEST(adopt_scans_and_says_what_to_type_next)
{
	answer(done_report());
	answer(done_report());
	answer(done_report());
	ck_assert_int_eq(RUN("adopt", "--rules", "login,email"), CLI_DONE);
	expect_target(1, "/api/v1/adoption/scan?connection=default");
	json_t *body = cli_fixture_body(&fixture, 1);
	ck_assert_uint_eq(json_array_size(json_object_get(body, "rules")), 2);
	json_decref(body);
	expect_out("5000 people in Bob, 4751 users in Okta, compared in 91.0 s");
	expect_out("by login 1450");
	expect_out("decided: link 1450, create 0, ignore 0; done 0, refused 0; open 0");
	expect_out("bob2okta adopt apply");
}
END_TEST

START_TEST(a_running_scan_is_come_back_to)
{
	json_t *running = done_report();
	json_object_set_new(json_object_get(running, "scan"), "state", json_string("running"));
	answer(running);
	answer(done_report());
	ck_assert_int_eq(RUN("adopt"), CLI_DONE);
	ck_assert_uint_eq(fake_http_count(fixture.fake), 2);
	ck_assert_str_eq(fake_http_request(fixture.fake, 0)->method, "GET");
}
END_TEST

START_TEST(a_failed_scan_says_why)
{
	json_t *failed = done_report();
	json_object_set_new(json_object_get(failed, "scan"), "state", json_string("failed"));
	json_object_set_new(json_object_get(failed, "scan"), "sentence", json_string("Bob: away"));
	answer(done_report());
	answer(json_incref(failed));
	answer(failed);
	ck_assert_int_eq(RUN("adopt"), CLI_FAILED);
	expect_out("failed: Bob: away");
}
END_TEST

START_TEST(the_list_names_all_who_are_meant)
{
	answer(example("GET /api/v1/adoption/people"));
	ck_assert_int_eq(RUN("adopt", "list", "--class", "doubtful", "--text", "a b"), CLI_DONE);
	expect_target(0, "/api/v1/adoption/people?connection=default&class=doubtful&text=a%20b");
	expect_out("the employee numbers differ; also aking@example.com (00u2ada0king0example)");
}
END_TEST

START_TEST(many_are_counted_before_they_are_decided)
{
	cli_fixture_answer(&fixture, 200, "{\"decided\":1450,\"is_check\":true}");
	cli_fixture_answer(&fixture, 200, "{\"decided\":1450,\"is_check\":false}");
	ck_assert_int_eq(
	        RUN("adopt", "decide", "--class", "exact", "--rule", "login", "link", "--yes"),
	        CLI_DONE);
	expect_out("link: 1450 people (exact, found by login)");
	json_t *first = cli_fixture_body(&fixture, 0);
	json_t *second = cli_fixture_body(&fixture, 1);
	ck_assert(json_get_bool(first, "check", false));
	ck_assert(!json_get_bool(second, "check", true));
	json_decref(first);
	json_decref(second);
}
END_TEST

START_TEST(arguments_that_say_too_little_are_refused)
{
	ck_assert_int_eq(RUN("adopt", "decide", "412"), CLI_USAGE);
	ck_assert_int_eq(RUN("adopt", "decide", "--rule", "login", "link"), CLI_USAGE);
	ck_assert_int_eq(RUN("adopt", "decide", "--class", "exact"), CLI_USAGE);
	ck_assert_int_eq(RUN("adopt", "lst"), CLI_USAGE);
	expect_error("did you mean list?");
	ck_assert_int_eq(RUN("adopt", "export"), CLI_USAGE);
	ck_assert_int_eq(RUN("adopt", "import"), CLI_USAGE);
	ck_assert_int_eq(RUN("link", "412"), CLI_USAGE);
	ck_assert_int_eq(RUN("link", "ada", "00u1"), CLI_USAGE);
	ck_assert_int_eq(RUN("unlink"), CLI_USAGE);
	ck_assert_uint_eq(fake_http_count(fixture.fake), 0);
}
END_TEST

/* ------------------------------------------------------------------ spreadsheet */

START_TEST(a_sheet_is_checked_whole_before_it_is_taken)
{
	const char *path = cli_fixture_file(&fixture,
	        "employee_id;name;decision;okta_user\r\n'412;Ada;Link;\r\n413;Bo;;\r\n"
	        "414;Cy;link;'=x@example.com\r\n");
	cli_fixture_answer(&fixture, 200, "{\"decided\":2,\"is_check\":true}");
	cli_fixture_answer(&fixture, 200, "{\"decided\":2,\"is_check\":false}");
	ck_assert_int_eq(RUN("adopt", "import", path, "--yes"), CLI_DONE);
	expect_out("3 lines, 2 decisions change");
	json_t *body = cli_fixture_body(&fixture, 0);
	const json_t *people = json_object_get(body, "people");
	ck_assert(json_get_bool(body, "check", false));
	ck_assert_str_eq(json_get_text(json_array_get(people, 0), "employee_id"), "412");
	ck_assert_str_eq(json_get_text(json_array_get(people, 0), "decision"), "link");
	ck_assert_str_eq(json_get_text(json_array_get(people, 1), "decision"), "none");
	ck_assert_str_eq(json_get_text(json_array_get(people, 2), "okta_user"), "=x@example.com");
	json_decref(body);
}
END_TEST

START_TEST(mistakes_of_the_server_name_the_line)
{
	const char *path =
	        cli_fixture_file(&fixture, "employee_id,decision\n\n412,link\n413,link\n");
	cli_fixture_answer(&fixture, 400,
	        "{\"error\":{\"code\":\"bad_request\",\"message\":\"no\"},\"mistakes\":[{\"path\":"
	        "\"people[1]\",\"text\":\"several Okta users may be meant\"}],\"left_out\":0}");
	ck_assert_int_eq(RUN("adopt", "import", path, "--yes"), CLI_USAGE);
	expect_out("line 4: several Okta users may be meant");
	expect_error("nothing was decided");
	ck_assert_uint_eq(fake_http_count(fixture.fake), 1);
}
END_TEST

static const struct {
	const char *text;
	const char *says;
} SHEETS[] = {
        {"id,decision\n1,link\n", "must name the columns employee_id and decision"},
        {"employee_id,decision\n3.33E+18,link\n", "has rounded employee_id"},
        {"employee_id,decision\nAda,link\n", "line 2: employee_id is not an id"},
        {"employee_id,decision\n1,link\n1,none\n", "line 3: employee 1 stands in line 2 already"},
        {"employee_id,decision\n1,\"link\n", "line 2: a cell in quotes never ends"},
        {"", "must name the columns"},
};

START_TEST(a_sheet_with_a_mistake_is_not_sent)
{
	const char *path = cli_fixture_file(&fixture, SHEETS[_i].text);
	ck_assert_int_ne(RUN("adopt", "import", path, "--yes"), CLI_DONE);
	ck_assert_msg(strstr(fixture.out, SHEETS[_i].says) != NULL ||
	                strstr(fixture.errors, SHEETS[_i].says) != NULL,
	        "%s%s", fixture.out, fixture.errors);
	ck_assert_uint_eq(fake_http_count(fixture.fake), 0);
}
END_TEST

/* --------------------------------------------------------------------- one */

START_TEST(link_shows_both_and_sends_what_was_seen)
{
	answer(example("POST /api/v1/people/{id}/link"));
	answer(example("POST /api/v1/people/{id}/link"));
	ck_assert_int_eq(RUN("link", "412", "ada.king@example.com", "--yes"), CLI_DONE);
	expect_out("IN BOB");
	expect_out("Pilot");
	expect_out("linked: 412 is 00u1ada0king0example");
	json_t *first = cli_fixture_body(&fixture, 0);
	json_t *second = cli_fixture_body(&fixture, 1);
	ck_assert(json_get_bool(first, "check", false));
	ck_assert_str_eq(json_get_text(second, "expect"), "9c56cc51b374c3ba189210d5b6d4bf57");
	json_decref(first);
	json_decref(second);
}
END_TEST

START_TEST(a_disagreement_needs_a_reason_in_scripts_too)
{
	json_t *seen = example("POST /api/v1/people/{id}/link");
	json_object_set_new(seen, "agrees", json_false());
	answer(seen);
	ck_assert_int_eq(RUN("link", "412", "x@example.com", "--yes"), CLI_FAILED);
	expect_error("--although");
	ck_assert_uint_eq(fake_http_count(fixture.fake), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_adopt");
	TCase *tests = tcase_create("adopt");
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, adopt_scans_and_says_what_to_type_next);
	tcase_add_test(tests, a_running_scan_is_come_back_to);
	tcase_add_test(tests, a_failed_scan_says_why);
	tcase_add_test(tests, the_list_names_all_who_are_meant);
	tcase_add_test(tests, many_are_counted_before_they_are_decided);
	tcase_add_test(tests, arguments_that_say_too_little_are_refused);
	tcase_add_test(tests, a_sheet_is_checked_whole_before_it_is_taken);
	tcase_add_test(tests, mistakes_of_the_server_name_the_line);
	tcase_add_loop_test(tests, a_sheet_with_a_mistake_is_not_sent, 0, (int)ARRAY_SIZE(SHEETS));
	tcase_add_test(tests, link_shows_both_and_sends_what_was_seen);
	tcase_add_test(tests, a_disagreement_needs_a_reason_in_scripts_too);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
