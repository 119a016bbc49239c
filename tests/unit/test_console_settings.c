/* SPDX-License-Identifier: MIT */
/* Changing the settings through the admin API: the whole way, with the real engine behind it. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/console_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS "/api/v1/settings"

static struct console_fixture fixture;

static void set_up(void)
{
	console_fixture_start(&fixture);
	console_fixture_run(&fixture);
}

static void tear_down(void)
{
	console_fixture_stop(&fixture);
}

/* The document in force; a new reference. */
static json_t *document(void)
{
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", SETTINGS, NULL), 200);
	return json_incref(json_object_get(fixture.json, "document"));
}

static json_t *connection_of(json_t *whole)
{
	return json_array_get(json_object_get(whole, "connections"), 0);
}

/* Posts a document, taken, with further keys of the body. */
static int post(json_t *whole, const char *more)
{
	json_t *body = json_loads(more, 0, NULL);
	ck_assert_ptr_nonnull(body);
	json_object_set_new(body, "document", whole);
	char *text = json_format(body);
	int status = console_fixture_ask(&fixture, "POST", SETTINGS, text);
	free(text);
	json_decref(body);
	return status;
}

static int post_mode(const char *mode, const char *more)
{
	json_t *whole = document();
	json_object_set_new(connection_of(whole), "mode", json_string(mode));
	return post(whole, more);
}

START_TEST(a_document_is_read_changed_and_put_to_work)
{
	ck_assert_int_eq(post_mode("dry_run", "{\"by\":\"ops\",\"note\":\"quiet\"}"), 200);
	ck_assert_int_eq(json_get_int(fixture.json, "version", 0), 2);
	ck_assert(json_get_bool(fixture.json, "is_new", false));
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", "/api/v1/status", NULL), 200);
	ck_assert_ptr_nonnull(strstr(fixture.body, "\"mode\":\"dry_run\""));
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", SETTINGS, NULL), 200);
	ck_assert_str_eq(json_get_text(fixture.json, "author"), "ops");
	ck_assert_str_eq(json_get_text(fixture.json, "note"), "quiet");
	ck_assert_str_eq(json_get_text(fixture.json, "source"), "api");
	ck_assert_str_eq(
	        json_get_text(json_object_get(fixture.json, "file"), "state"), "overruled");
	ck_assert_int_eq(
	        console_fixture_ask(&fixture, "GET", SETTINGS "/versions/2/diff", NULL), 200);
	ck_assert_ptr_nonnull(strstr(fixture.body,
	        "{\"path\":\"connections[default].mode\",\"from\":\"live\",\"to\":\"dry_run\"}"));
}
END_TEST

START_TEST(no_answer_holds_a_secret)
{
	static const char *const SECRETS[] = {"bob-token", "okta-token", "secret-of-bob"};
	static const char *const TARGETS[] = {SETTINGS, SETTINGS "/versions",
	        SETTINGS "/versions/1", SETTINGS "/versions/1/diff"};
	for (size_t i = 0; i < ARRAY_SIZE(TARGETS); i++) {
		ck_assert_int_eq(console_fixture_ask(&fixture, "GET", TARGETS[i], NULL), 200);
		for (size_t k = 0; k < ARRAY_SIZE(SECRETS); k++) {
			ck_assert_msg(strstr(fixture.body, SECRETS[k]) == NULL, "%s shows %s",
			        TARGETS[i], SECRETS[k]);
		}
	}
}
END_TEST

START_TEST(every_mistake_comes_back_with_its_path)
{
	json_t *whole = document();
	json_t *connection = connection_of(whole);
	json_object_set_new(connection, "mode", json_string("wet"));
	json_object_set_new(connection, "colour", json_string("blue"));
	ck_assert_int_eq(post(whole, "{}"), 400);
	ck_assert_str_eq(console_fixture_code(&fixture), "settings_invalid");
	const json_t *mistakes = json_object_get(fixture.json, "mistakes");
	ck_assert_uint_eq(json_array_size(mistakes), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *mistake = json_array_get(mistakes, i);
		const char *path = json_get_text(mistake, "path");
		ck_assert(str_equal(path, "connections[0].mode") ||
		        str_equal(path, "connections[0].colour"));
		ck_assert(!str_is_empty(json_get_text(mistake, "text")));
	}
	ck_assert_int_eq(json_get_int(fixture.json, "left_out", -1), 0);
}
END_TEST

/* Engine rule 20: neither a new secret nor another host for an old one. */
START_TEST(what_only_the_file_may_say_is_refused)
{
	json_t *whole = document();
	json_object_set_new(json_object_get(connection_of(whole), "okta"), "base_url",
	        json_string("https://evil.okta.com"));
	ck_assert_int_eq(post(whole, "{}"), 400);
	ck_assert_ptr_nonnull(strstr(fixture.body, "connections[0].okta.base_url"));
	whole = document();
	json_object_set_new(json_object_get(connection_of(whole), "okta"), "api_token",
	        json_pack("{s:s}", "file", "/etc/hostname"));
	ck_assert_int_eq(post(whole, "{}"), 400);
	ck_assert_ptr_nonnull(strstr(fixture.body, "connections[0].okta.api_token"));
}
END_TEST

START_TEST(who_expects_another_version_changes_nothing)
{
	ck_assert_int_eq(post_mode("dry_run", "{\"expected_version\":1}"), 200);
	ck_assert_int_eq(post_mode("live", "{\"expected_version\":1}"), 409);
	ck_assert_str_eq(console_fixture_code(&fixture), "conflict");
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", SETTINGS, NULL), 200);
	ck_assert_int_eq(json_get_int(fixture.json, "version", 0), 2);
}
END_TEST

START_TEST(checking_changes_nothing)
{
	ck_assert_int_eq(post_mode("dry_run", "{\"check_only\":true}"), 200);
	ck_assert(!json_get_bool(fixture.json, "is_new", true));
	ck_assert_uint_eq(json_array_size(json_object_get(fixture.json, "changes")), 1);
	ck_assert_int_eq(json_get_int(fixture.json, "version", 0), 1);
	ck_assert_int_eq(post_mode("wet", "{\"check_only\":true}"), 400);
}
END_TEST

START_TEST(a_rollback_puts_the_old_document_back)
{
	ck_assert_int_eq(post_mode("dry_run", "{}"), 200);
	ck_assert_int_eq(
	        console_fixture_ask(&fixture, "POST", SETTINGS "/rollback", "{\"version\":1}"),
	        200);
	ck_assert_int_eq(json_get_int(fixture.json, "version", 0), 3);
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", SETTINGS "/versions", NULL), 200);
	const json_t *versions = json_object_get(fixture.json, "versions");
	ck_assert_uint_eq(json_array_size(versions), 3);
	ck_assert_str_eq(json_get_text(json_array_get(versions, 0), "source"), "rollback");
	ck_assert(json_get_bool(json_array_get(versions, 0), "is_active", false));
	ck_assert(!json_get_bool(json_array_get(versions, 1), "is_active", true));
}
END_TEST

/* The rows of groups in force, as the mapping page has them: "Sales=true", or "". */
static const char *groups_in_force(void)
{
	static char text[200];
	size_t len = 0;
	size_t i = 0;
	const json_t *group = NULL;
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", "/api/v1/mapping/rows", NULL), 200);
	text[0] = '\0';
	json_array_foreach(json_object_get(fixture.json, "groups"), i, group)
	{
		ck_assert(str_format(text + len, sizeof(text) - len, "%s=%s;",
		        json_get_text(group, "group"), json_get_text(group, "when")));
		len = strlen(text);
	}
	return text;
}

static int post_groups(const char *groups, const char *more)
{
	json_t *whole = document();
	json_object_set_new(connection_of(whole), "groups", json_loads(groups, 0, NULL));
	return post(whole, more);
}

#define SALES "{\"group\":\"Sales\",\"when\":\".work.site == 1\"}"

START_TEST(rows_of_groups_are_published_told_apart_and_rolled_back)
{
	static char none[] = "[]";
	const struct fixture_answer no_groups = {.method = "GET",
	        .part = "/api/v1/groups",
	        .status = 200,
	        .body = none,
	        .times = FIXTURE_ALWAYS};
	engine_fixture_script(&fixture.engine, &no_groups);
	ck_assert_msg(post_groups("[" SALES "]", "{\"by\":\"ops\"}") == 200, "%s", fixture.body);
	ck_assert_str_eq(groups_in_force(), "Sales=.work.site == 1;");
	ck_assert_int_eq(
	        console_fixture_ask(&fixture, "GET", SETTINGS "/versions/2/diff", NULL), 200);
	ck_assert_ptr_nonnull(
	        strstr(fixture.body, "\"path\":\"connections[default].groups[Sales].when\""));
	ck_assert_int_eq(post_groups("[]", "{\"expected_version\":1}"), 409);
	ck_assert_str_eq(groups_in_force(), "Sales=.work.site == 1;");
	ck_assert_int_eq(post_groups("[" SALES "," SALES "]", "{}"), 400);
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", SETTINGS "/rollback",
	                         "{\"version\":1,\"expected_version\":2}"),
	        200);
	ck_assert_str_eq(groups_in_force(), "");
}
END_TEST

START_TEST(a_refused_reload_shows_in_the_status)
{
	json_t *empty = json_object();
	ck_assert_int_eq(json_dump_file(empty, fixture.settings_path, 0), 0);
	json_decref(empty);
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", SETTINGS "/reload", "{}"), 400);
	ck_assert_ptr_nonnull(strstr(fixture.body, "\"mistakes\":["));
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", "/api/v1/status", NULL), 200);
	const json_t *refused =
	        json_object_get(json_object_get(fixture.json, "settings"), "refused");
	ck_assert_int_gt(json_get_int(refused, "at_ms", 0), 0);
	ck_assert_int_eq(json_get_int(refused, "mistakes", 0), 1);
	ck_assert_int_eq(post_mode("dry_run", "{}"), 409);
}
END_TEST

static const struct mistake_case {
	const char *method;
	const char *target;
	const char *body;
	int status;
} MISTAKES[] = {
        {"GET", SETTINGS "/versions?limit=0", NULL, 400},
        {"GET", SETTINGS "/versions/zero", NULL, 400},
        {"GET", SETTINGS "/versions/0", NULL, 400},
        {"GET", SETTINGS "/versions/99", NULL, 404},
        {"GET", SETTINGS "/versions/1/diff?from=x", NULL, 400},
        {"GET", SETTINGS "/versions/1/diff?from=99", NULL, 404},
        {"GET", SETTINGS "/versions/99/diff", NULL, 404},
        {"POST", SETTINGS, "{}", 400},
        {"POST", SETTINGS, "{\"document\":[]}", 400},
        {"POST", SETTINGS, "{\"document\":{},\"check_only\":1}", 400},
        {"POST", SETTINGS, "{\"document\":{},\"expected_version\":\"1\"}", 400},
        {"POST", SETTINGS, "{\"document\":{},\"note\":5}", 400},
        {"POST", SETTINGS, "{\"document\":{},\"version\":1}", 400},
        {"POST", SETTINGS "/rollback", "{}", 400},
        {"POST", SETTINGS "/rollback", "{\"version\":0}", 400},
        {"POST", SETTINGS "/rollback", "{\"version\":99}", 404},
        {"POST", SETTINGS "/reload", "{\"by\":7}", 400},
};

START_TEST(a_request_that_is_wrong_changes_nothing)
{
	const struct mistake_case *row = &MISTAKES[_i];
	int status = console_fixture_ask(&fixture, row->method, row->target, row->body);
	ck_assert_msg(status == row->status, "%s %s: %d %s", row->target,
	        row->body != NULL ? row->body : "", status, fixture.body);
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", SETTINGS, NULL), 200);
	ck_assert_int_eq(json_get_int(fixture.json, "version", 0), 1);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("console settings");
	TCase *settings = tcase_create("settings");
	tcase_set_timeout(settings, 30);
	tcase_add_checked_fixture(settings, set_up, tear_down);
	tcase_add_test(settings, a_document_is_read_changed_and_put_to_work);
	tcase_add_test(settings, no_answer_holds_a_secret);
	tcase_add_test(settings, every_mistake_comes_back_with_its_path);
	tcase_add_test(settings, what_only_the_file_may_say_is_refused);
	tcase_add_test(settings, who_expects_another_version_changes_nothing);
	tcase_add_test(settings, checking_changes_nothing);
	tcase_add_test(settings, a_rollback_puts_the_old_document_back);
	tcase_add_test(settings, rows_of_groups_are_published_told_apart_and_rolled_back);
	tcase_add_test(settings, a_refused_reload_shows_in_the_status);
	tcase_add_loop_test(
	        settings, a_request_that_is_wrong_changes_nothing, 0, (int)ARRAY_SIZE(MISTAKES));
	suite_add_tcase(suite, settings);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
