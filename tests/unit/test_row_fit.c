/* SPDX-License-Identifier: MIT */
/* Whether a row can do its work: a table of rows against one set of fields and attributes. */
#include "mapping/mapping.h"

#include "server/base/err.h"
#include "server/base/str.h"
#include "server/settings/settings.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

#define FIELD(id, type) \
	"{\"id\":\"" id "\",\"name\":\"" id "\",\"type\":\"" type "\",\"category\":\"\"}"

static const char FIELDS[] = "[" FIELD("work.title", "list") "," FIELD(
        "work.startDate", "date") "," FIELD("root.displayName", "text") "," FIELD("work.isManager",
        "bool") "," FIELD("payroll.employment.type", "list") "," FIELD("about.hobbies",
        "multi-list") "]";
static const char SCHEMA[] =
        "{\"definitions\":{\"base\":{\"properties\":{\"title\":{\"type\":\"string\"},"
        "\"frozen\":{\"type\":\"string\",\"mutability\":\"READ_ONLY\"},"
        "\"owned\":{\"type\":\"string\",\"master\":{\"type\":\"OVERRIDE\",\"priority\":["
        "{\"type\":\"APP\",\"value\":\"0oa1\"}]}}}},"
        "\"custom\":{\"properties\":{\"headcount\":{\"type\":\"number\"},"
        "\"isBoss\":{\"type\":\"boolean\"},\"code\":{\"type\":\"string\",\"maxLength\":3}}}}}";

static const struct {
	const char *row;
	enum row_fault fault;
} ROWS[] = {
        {"{\"okta\":\"title\",\"bob\":\"work.title\"}", ROW_FAULT_NONE},
        {"{\"okta\":\"title\",\"bob\":\"work.titel\"}", ROW_FAULT_NO_SUCH_FIELD},
        {"{\"okta\":\"title\",\"expr\":\".work.title.label + .work.titel\"}",
                ROW_FAULT_NO_SUCH_FIELD},
        {"{\"okta\":\"title\",\"expr\":\".payroll.employment | .type.label\"}", ROW_FAULT_NONE},
        {"{\"okta\":\"titel\",\"bob\":\"work.title\"}", ROW_FAULT_MISSING_IN_OKTA},
        {"{\"okta\":\"frozen\",\"bob\":\"work.title\"}", ROW_FAULT_READ_ONLY},
        {"{\"okta\":\"owned\",\"bob\":\"work.title\"}", ROW_FAULT_SOURCED_ELSEWHERE},
        {"{\"okta\":\"headcount\",\"bob\":\"work.startDate\"}", ROW_FAULT_WRONG_TYPE},
        {"{\"okta\":\"headcount\",\"bob\":\"root.displayName\"}", ROW_FAULT_DOUBTFUL_TYPE},
        {"{\"okta\":\"isBoss\",\"bob\":\"work.isManager\"}", ROW_FAULT_NONE},
        {"{\"okta\":\"code\",\"value\":\"EMEA\"}", ROW_FAULT_UNFIT_VALUE},
        {"{\"okta\":\"code\",\"value\":\"EU\"}", ROW_FAULT_NONE},
        {"{\"okta\":\"code\",\"value\":\"EMEA\",\"too_long\":\"truncate\"}", ROW_FAULT_NONE},
        {"{\"okta\":\"code\",\"bob\":\"work.title\",\"when_empty\":\"default\","
         "\"default\":\"none of them\"}",
                ROW_FAULT_UNFIT_VALUE},
};

static struct field_catalog *fields;
static struct attribute_catalog *attributes;

static void set_up(void)
{
	json_t *json = json_loads(FIELDS, 0, NULL);
	fields = field_catalog_parse(json, NULL);
	json_decref(json);
	json = json_loads(SCHEMA, 0, NULL);
	attributes = attribute_catalog_parse(json, NULL);
	json_decref(json);
	ck_assert(fields != NULL && attributes != NULL);
}

static void tear_down(void)
{
	field_catalog_destroy(fields);
	attribute_catalog_destroy(attributes);
}

/* The rules with this row; its place in them is found by the attribute. */
static const struct map_row *load(const char *text, struct map_rules *rules)
{
	struct settings_report mistakes;
	struct err err = ERR_INIT;
	json_t *json = json_loads(text, 0, NULL);
	ck_assert_msg(json != NULL, "%s", text);
	json_t *rows = json_pack("[O]", json);
	ck_assert_msg(
	        settings_load_rows(rows, NULL, rules, &mistakes, &err), "%s: %s", text, err.text);
	const struct map_row *row =
	        map_rules_find(rules, json_string_value(json_object_get(json, "okta")));
	json_decref(rows);
	json_decref(json);
	ck_assert_ptr_nonnull(row);
	return row;
}

START_TEST(a_row_has_the_fault_that_it_has)
{
	struct map_rules rules;
	char why[ROW_REASON_BYTES];
	const struct map_row *row = load(ROWS[_i].row, &rules);
	enum row_fault fault = map_row_fault(row, fields, attributes, why, sizeof(why));
	ck_assert_msg(
	        fault == ROWS[_i].fault, "%s: %s %s", ROWS[_i].row, row_fault_name(fault), why);
	ck_assert_msg((why[0] == '\0') == (fault == ROW_FAULT_NONE), "%s: %s", ROWS[_i].row, why);
	map_rules_finish(&rules);
}
END_TEST

START_TEST(what_is_not_known_is_no_fault)
{
	struct map_rules rules;
	char why[ROW_REASON_BYTES];
	const struct map_row *row = load("{\"okta\":\"titel\",\"bob\":\"work.titel\"}", &rules);
	ck_assert_int_eq(map_row_fault(row, NULL, NULL, why, sizeof(why)), ROW_FAULT_NONE);
	ck_assert_int_eq(
	        map_row_fault(row, fields, NULL, why, sizeof(why)), ROW_FAULT_NO_SUCH_FIELD);
	ck_assert_int_eq(
	        map_row_fault(row, NULL, attributes, why, sizeof(why)), ROW_FAULT_MISSING_IN_OKTA);
	map_rules_finish(&rules);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("row_fit");
	TCase *tcase = tcase_create("row_fit");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, a_row_has_the_fault_that_it_has, 0, (int)ARRAY_SIZE(ROWS));
	tcase_add_test(tcase, what_is_not_known_is_no_fault);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
