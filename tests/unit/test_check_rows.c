/* SPDX-License-Identifier: MIT */
/* What `check` says of mapping rows: against Okta's schema, and tried on people. */
#include "server/base/str.h"
#include "server/cli/check_lines.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA                                                                               \
	"{'definitions':{'base':{'id':'#base','type':'object','required':['login','title']," \
	"'properties':{'login':{'type':'string'},'email':{'type':'string'},"                 \
	"'title':{'type':'string','maxLength':5},"                                           \
	"'nickName':{'type':'string','mutability':'READ_ONLY'},"                             \
	"'city':{'type':'string','master':{'type':'OVERRIDE'}}}},"                           \
	"'custom':{'id':'#custom','type':'object','required':[],'properties':{"              \
	"'grade':{'type':'integer'},'skills':{'type':'array','items':{'type':'string'}},"    \
	"'isTall':{'type':'boolean'}}}}}"
#define FIELDS                                                                            \
	"[{'id':'root.email','type':'text'},{'id':'work.title','type':'list'},"           \
	"{'id':'work.startDate','type':'date'},{'id':'work.skills','type':'multi-list'}," \
	"{'id':'payroll.fte','type':'number'}]"

static struct connection_settings connection;
static struct check_facts facts;
static struct cli_call call;
static struct check_lines lines;
static char *text;
static size_t text_len;

/* Single quotes, so that the tables can be read. */
static json_t *json(const char *quoted)
{
	char *copy = str_dup(quoted);
	for (char *c = copy; *c != '\0'; c++) {
		*c = *c == '\'' ? '"' : *c;
	}
	json_t *value = json_loads(copy, JSON_DECODE_ANY, NULL);
	ck_assert_msg(value != NULL, "%s", quoted);
	free(copy);
	return value;
}

static void set_up(void)
{
	json_t *schema = json(SCHEMA);
	json_t *fields = json(FIELDS);
	struct err err = ERR_INIT;
	sample_settings_init(&connection.policy, NULL);
	facts.attributes = attribute_catalog_parse(schema, &err);
	ck_assert_msg(facts.attributes != NULL, "%s", err.text);
	facts.fields = field_catalog_parse(fields, &err);
	ck_assert_msg(facts.fields != NULL, "%s", err.text);
	json_decref(schema);
	json_decref(fields);
	call.out = open_memstream(&text, &text_len);
	check_lines_init(&lines, &call);
	ck_assert(map_rules_lay(&connection.rules, "login", "root.email", WHEN_EMPTY_KEEP));
	ck_assert(map_rules_lay(&connection.rules, "title", "work.title", WHEN_EMPTY_KEEP));
}

static void tear_down(void)
{
	check_lines_finish(&lines);
	fclose(call.out);
	free(text);
	check_facts_finish(&facts);
	map_rules_finish(&connection.rules);
	policy_settings_finish(&connection.policy);
}

static const char *said(void)
{
	fflush(call.out);
	return text;
}

/* ------------------------------------------------------------------- one row */

static const struct row_case {
	const char *okta;
	const char *bob; /* NULL: the constant */
	const char *constant;
	const char *line; /* "": nothing to say */
} ROW_CASES[] = {
        {"email", "root.email", NULL, ""},
        {"nothing", "root.email", NULL,
                "failure  okta: attribute nothing: the org's user profile has no such attribute"},
        {"nickName", "root.email", NULL,
                "failure  okta: attribute nickName: Okta says it is read-only"},
        {"city", "root.email", NULL,
                "failure  okta: attribute city: another source than the Okta profile owns it"},
        {"grade", "payroll.fte", NULL, ""},
        {"grade", "work.title", NULL,
                "warning  okta: attribute grade: work.title of Bob into Okta's integer"},
        {"grade", "work.startDate", NULL,
                "failure  okta: attribute grade: work.startDate of Bob into Okta's integer"},
        {"grade", "work.unknown", NULL, ""},
        {"isTall", "payroll.fte", NULL,
                "okta: attribute isTall: payroll.fte of Bob into Okta's"
                " boolean"},
        {"skills", "work.skills", NULL, ""},
        {"title", "work.skills", NULL, ""},
        {"title", NULL, "'Lead'", ""},
        {"title", NULL, "'Engineer'",
                "failure  okta: attribute title: the row's value does not fit: 8 characters, Okta"
                " takes 5"},
        {"grade", NULL, "'high'", "failure  okta: attribute grade: the row's value does not fit"},
};

START_TEST(a_row_is_held_against_the_schema)
{
	const struct row_case *row = &ROW_CASES[_i];
	struct map_row made = {.okta = str_dup(row->okta), .bob = str_dup(row->bob)};
	made.source = row->bob != NULL ? ROW_FROM_BOB : ROW_FROM_VALUE;
	made.value = row->bob == NULL ? json(row->constant) : NULL;
	ck_assert(map_rules_lay_row(&connection.rules, &made));
	check_rows(&lines.report, &connection, &facts);
	ck_assert_msg(strstr(said(), row->line) != NULL, "%s", said());
	if (row->line[0] == '\0') {
		ck_assert_str_eq(said(),
		        "ok       okta: attributes: every mapped attribute exists and may be written\n");
	}
}
END_TEST

START_TEST(a_default_that_does_not_fit_is_said)
{
	struct map_row made = {.okta = str_dup("title"),
	        .bob = str_dup("work.title"),
	        .when_empty = WHEN_EMPTY_DEFAULT,
	        .fallback = json("'Engineer'")};
	ck_assert(map_rules_lay_row(&connection.rules, &made));
	check_rows(&lines.report, &connection, &facts);
	ck_assert_ptr_nonnull(strstr(said(), "the row's default does not fit: 8 characters"));
}
END_TEST

START_TEST(a_required_attribute_without_a_row_is_a_failure)
{
	map_rules_remove(&connection.rules, "title");
	check_rows(&lines.report, &connection, &facts);
	ck_assert_ptr_nonnull(strstr(said(),
	        "failure  okta: attribute title: Okta requires it and no row fills it: nobody can be"
	        " created\n"));
	ck_assert_uint_eq(lines.report.failures, 1);
}
END_TEST

START_TEST(without_a_schema_nothing_is_said)
{
	attribute_catalog_destroy(facts.attributes);
	facts.attributes = NULL;
	check_rows(&lines.report, &connection, &facts);
	ck_assert_str_eq(said(), "");
}
END_TEST

/* --------------------------------------------------------------------- census */

static void add_person(const char *title, const char *lifecycle)
{
	json_t *shorthand = json_pack("{s:s, s:{s:{s:s}, s:{s:{s:s}}}}", "lifecycle", lifecycle,
	        "more", "work", "title", "7", "humanReadable", "work", "title", title);
	json_t *person = sample_person_json(shorthand);
	json_object_set_new(person, "id", json_string("412"));
	json_array_append_new(facts.people, person);
	json_decref(shorthand);
}

START_TEST(the_census_counts_whose_value_would_fail)
{
	facts.people = json_array();
	add_person("Lead", "employed");
	add_person("Engineer", "employed");
	add_person("Engineer", "hired");
	add_person("President", "employed");
	add_person("Engineer", "terminated");
	check_census(&lines.report, &connection, &facts);
	ck_assert_ptr_nonnull(strstr(said(),
	        "warning  row title: 2 people: 8 characters, Okta takes 5; 1 more for other"
	        " reasons\n"));
	ck_assert_uint_eq(lines.report.warnings, 1);
	ck_assert_uint_eq(lines.report.failures, 0);
}
END_TEST

START_TEST(rows_that_work_for_everybody_are_no_line)
{
	facts.people = json_array();
	add_person("Lead", "employed");
	check_census(&lines.report, &connection, &facts);
	ck_assert_str_eq(said(), "");
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("check_rows");
	TCase *rows = tcase_create("rows");
	tcase_add_checked_fixture(rows, set_up, tear_down);
	tcase_add_loop_test(rows, a_row_is_held_against_the_schema, 0, (int)ARRAY_SIZE(ROW_CASES));
	tcase_add_test(rows, a_default_that_does_not_fit_is_said);
	tcase_add_test(rows, a_required_attribute_without_a_row_is_a_failure);
	tcase_add_test(rows, without_a_schema_nothing_is_said);
	tcase_add_test(rows, the_census_counts_whose_value_would_fail);
	tcase_add_test(rows, rows_that_work_for_everybody_are_no_line);
	suite_add_tcase(suite, rows);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
