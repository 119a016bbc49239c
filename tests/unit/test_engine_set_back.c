/* SPDX-License-Identifier: MIT */
#include "server/engine/set_back.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

static struct map_row rows[] = {{.okta = (char[]){"title"}}, {.okta = (char[]){"department"}}};
static struct map_result results[2];
static const struct map_profile wanted = {.results = results, .count = 2};
static char *counts;

static void set_up(void)
{
	counts = NULL;
	results[0] = (struct map_result){
	        .row = &rows[0], .state = ROW_VALUE, .value = json_string("Lead")};
	results[1] = (struct map_result){
	        .row = &rows[1], .state = ROW_VALUE, .value = json_string("Finance")};
}

static void tear_down(void)
{
	json_decref(results[0].value);
	json_decref(results[1].value);
	free(counts);
}

static void note(const char *before, const char *now, const char *written)
{
	json_t *parts[] = {json_loads(before, JSON_DECODE_ANY, NULL), json_loads(now, 0, NULL),
	        json_loads(written, JSON_DECODE_ANY, NULL)};
	struct set_back_view view = {
	        .before = json_is_object(parts[0]) ? parts[0] : NULL,
	        .now = parts[1],
	        .written = json_is_object(parts[2]) ? parts[2] : NULL,
	        .wanted = &wanted,
	};
	ck_assert(set_back_note(&counts, &view));
	for (int i = 0; i < 3; i++) {
		json_decref(parts[i]);
	}
}

static void expect_stopped(const char *expected)
{
	char *stopped = set_back_stopped(counts);
	ck_assert_pstr_eq(stopped, expected);
	free(stopped);
}

START_TEST(twice_set_back_is_stopped)
{
	note("{\"title\":\"Lead\"}", "{\"title\":\"Boss\"}", "null");
	expect_stopped(NULL);
	note("{\"title\":\"Lead\"}", "{\"title\":\"Boss\"}", "null");
	expect_stopped("title");
}
END_TEST

START_TEST(an_attribute_that_is_gone_counts_as_set_back)
{
	note("{\"title\":\"Lead\"}", "{}", "null");
	note("{\"title\":\"Lead\"}", "{}", "null");
	expect_stopped("title");
}
END_TEST

START_TEST(what_we_wrote_or_never_knew_is_no_set_back)
{
	for (int i = 0; i < 3; i++) {
		note("{\"title\":\"Clerk\"}", "{\"title\":\"Lead\"}", "{\"title\":\"Lead\"}");
		note("null", "{\"title\":\"Boss\"}", "null");
		note("{\"title\":\"Clerk\"}", "{\"title\":\"Boss\"}", "null");
		note("{\"title\":\"Lead\"}", "{\"title\":\"Lead\"}", "null");
	}
	ck_assert_ptr_null(counts);
	expect_stopped(NULL);
}
END_TEST

START_TEST(what_okta_does_not_keep_as_written_is_stopped)
{
	note("{\"title\":\"Clerk\"}", "{\"title\":\"LEADER\"}", "{\"title\":\"Lead\"}");
	note("{\"title\":\"Clerk\"}", "{\"title\":\"LEAD\"}", "{\"title\":\"Lead\"}");
	expect_stopped(NULL);
	note("{\"title\":\"LEADER\"}", "{\"title\":\"LEADER\"}", "{\"title\":\"Lead\"}");
	expect_stopped("title");
}
END_TEST

START_TEST(attributes_are_counted_apart)
{
	note("{\"title\":\"Lead\",\"department\":\"Finance\"}",
	        "{\"title\":\"Boss\",\"department\":\"Finance\"}", "null");
	note("{\"title\":\"Lead\",\"department\":\"Finance\"}",
	        "{\"title\":\"Lead\",\"department\":\"IT\"}", "null");
	expect_stopped(NULL);
	note("{\"title\":\"Lead\",\"department\":\"Finance\"}",
	        "{\"title\":\"Boss\",\"department\":\"IT\"}", "null");
	expect_stopped("department,title");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("set_back");
	TCase *tcase = tcase_create("set_back");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, twice_set_back_is_stopped);
	tcase_add_test(tcase, an_attribute_that_is_gone_counts_as_set_back);
	tcase_add_test(tcase, what_we_wrote_or_never_knew_is_no_set_back);
	tcase_add_test(tcase, what_okta_does_not_keep_as_written_is_stopped);
	tcase_add_test(tcase, attributes_are_counted_apart);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
