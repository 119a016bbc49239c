/* SPDX-License-Identifier: MIT */
/* Which rows are suggested: a table of pairs of a Bob field and an Okta attribute. */
#include "mapping/mapping.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct field_catalog *make_fields(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);
	ck_assert_msg(json != NULL, "%s", text);
	struct field_catalog *fields = field_catalog_parse(json, NULL);
	ck_assert_ptr_nonnull(fields);
	json_decref(json);
	return fields;
}

static struct attribute_catalog *make_attributes(const char *custom)
{
	char text[2000];
	ck_assert(str_format(text, sizeof(text),
	        "{\"definitions\":{\"base\":{\"properties\":{\"login\":{\"type\":\"string\"}}},"
	        "\"custom\":{\"properties\":{%s}}}}",
	        custom));
	json_t *json = json_loads(text, 0, NULL);
	ck_assert_msg(json != NULL, "%s", text);
	struct attribute_catalog *attributes = attribute_catalog_parse(json, NULL);
	ck_assert_ptr_nonnull(attributes);
	json_decref(json);
	return attributes;
}

static json_t *suggest(const char *fields_text, const char *custom, const char *mapped)
{
	struct field_catalog *fields = make_fields(fields_text);
	struct attribute_catalog *attributes = make_attributes(custom);
	struct map_rules rules = {0};
	if (mapped != NULL) {
		ck_assert(map_rules_lay(&rules, mapped, "root.email", WHEN_EMPTY_KEEP));
	}
	json_t *suggestions = map_suggest(&rules, fields, attributes);
	ck_assert_ptr_nonnull(suggestions);
	map_rules_finish(&rules);
	field_catalog_destroy(fields);
	attribute_catalog_destroy(attributes);
	return suggestions;
}

#define FIELD(id, name, type) \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"type\":\"" type "\",\"category\":\"\"}"
#define ATTRIBUTE(name, title, type) "\"" name "\":{\"title\":\"" title "\",\"type\":\"" type "\"}"

static const struct {
	const char *field;
	const char *attribute;
	bool is_suggested;
} PAIRS[] = {
        {FIELD("root.surname", "Last name", "text"), ATTRIBUTE("lastName", "Last name", "string"),
                true},
        {FIELD("root.surname", "Surname", "text"), ATTRIBUTE("lastName", "", "string"), true},
        {FIELD("root.email", "work e-mail", "text"), ATTRIBUTE("email", "Primary email", "string"),
                true},
        {FIELD("work.employeeIdInCompany", "Employee ID", "number"),
                ATTRIBUTE("employeeNumber", "Employee number", "string"), true},
        {FIELD("work.reportsTo", "Reports to", "employee"),
                ATTRIBUTE("manager", "Manager", "string"), true},
        {FIELD("work.custom.field_1", "Cost Centre", "text"),
                ATTRIBUTE("costCenter", "Cost center", "string"), true},
        {FIELD("work.customColumns.column_1", "T-shirt  SIZE", "list"),
                ATTRIBUTE("tShirtSize", "", "string"), true},
        {FIELD("category_1.field_2", "Größe", "text"), ATTRIBUTE("a", "Größe", "string"), true},
        {FIELD("work.isManager", "Is manager", "boolean"), ATTRIBUTE("isManager", "", "boolean"),
                true},
        {FIELD("work.skills", "Skills", "multi-list"),
                "\"skills\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}", true},
        {FIELD("work.directReports", "Direct reports", "number"),
                ATTRIBUTE("directReports", "", "integer"), true},
        {FIELD("address.siteCity", "Site city", "text"), ATTRIBUTE("city", "City", "string"), true},
        /* Types that do not fit. */
        {FIELD("work.isManager", "Is manager", "boolean"), ATTRIBUTE("isManager", "", "string"),
                false},
        {FIELD("work.skills", "Skills", "multi-list"), ATTRIBUTE("skills", "", "string"), false},
        {FIELD("work.grade", "Grade", "text"), ATTRIBUTE("grade", "", "number"), false},
        {FIELD("work.contract", "Contract", "document"), ATTRIBUTE("contract", "", "string"),
                false},
        /* Another thing. */
        {FIELD("work.site", "Site", "text"), ATTRIBUTE("city", "City", "string"), false},
        {FIELD("root.state", "State", "list"), ATTRIBUTE("state", "State", "string"), false},
        {FIELD("work.x", "---", "text"), ATTRIBUTE("y", "...", "string"), false},
        /* Nobody's business. */
        {FIELD("home.mobilePhone", "Mobile phone", "text"),
                ATTRIBUTE("mobilePhone", "Mobile phone", "string"), false},
        {FIELD("address.city", "City", "text"), ATTRIBUTE("city", "City", "string"), false},
        {FIELD("payroll.grade", "Grade", "text"), ATTRIBUTE("grade", "", "string"), false},
        /* Attributes that cannot take it. */
        {FIELD("work.grade", "Grade", "text"),
                "\"grade\":{\"type\":\"string\",\"mutability\":\"READ_ONLY\"}", false},
        {FIELD("work.grade", "Grade", "text"), "\"grade\":{\"type\":\"string\",\"enum\":[\"A\"]}",
                false},
        {FIELD("work.locale", "Locale", "text"),
                "\"locale\":{\"type\":\"string\",\"format\":\"locale\"}", false},
};

START_TEST(a_pair_is_suggested_or_not)
{
	char fields[500];
	ck_assert(str_format(fields, sizeof(fields), "[%s]", PAIRS[_i].field));
	json_t *suggestions = suggest(fields, PAIRS[_i].attribute, NULL);
	ck_assert_msg((json_array_size(suggestions) == 1) == PAIRS[_i].is_suggested, "%s for %s",
	        PAIRS[_i].field, PAIRS[_i].attribute);
	json_decref(suggestions);
}
END_TEST

static void expect(const json_t *suggestions, const char *okta, const char *bob, const char *why)
{
	ck_assert_uint_eq(json_array_size(suggestions), 1);
	const json_t *first = json_array_get(suggestions, 0);
	const json_t *row = json_object_get(first, "row");
	ck_assert_str_eq(json_get_text(row, "okta"), okta);
	ck_assert_str_eq(json_get_text(row, "bob"), bob);
	ck_assert_uint_eq(json_object_size(row), 2);
	ck_assert_str_eq(json_get_text(first, "why"), why);
}

START_TEST(the_same_word_goes_before_a_synonym_and_work_before_the_rest)
{
	json_t *suggestions =
	        suggest("[" FIELD("root.a", "Job title", "text") "," FIELD("work.b", "Title",
	                        "text") "," FIELD("category_1.c", "Title", "text") "]",
	                ATTRIBUTE("title", "", "string"), NULL);
	expect(suggestions, "title", "work.b", "both are called title");
	json_decref(suggestions);
}
END_TEST

START_TEST(a_second_field_of_that_name_is_told)
{
	json_t *suggestions = suggest(
	        "[" FIELD("work.a", "Surname", "text") "," FIELD("work.b", "Surname", "text") "]",
	        ATTRIBUTE("lastName", "", "string"), NULL);
	expect(suggestions, "lastName", "work.a",
	        "Surname in Bob is lastName in Okta; work.b is called so too");
	json_decref(suggestions);
}
END_TEST

START_TEST(what_is_mapped_already_is_not_suggested)
{
	json_t *suggestions = suggest("[" FIELD("work.title", "Title", "list") "]",
	        ATTRIBUTE("title", "Title", "string"), "title");
	ck_assert_uint_eq(json_array_size(suggestions), 0);
	json_decref(suggestions);
}
END_TEST

START_TEST(without_catalogs_nothing_is_suggested)
{
	struct map_rules rules = {0};
	json_t *suggestions = map_suggest(&rules, NULL, NULL);
	ck_assert_uint_eq(json_array_size(suggestions), 0);
	json_decref(suggestions);
}
END_TEST

START_TEST(a_field_type_has_its_attribute_type)
{
	ck_assert_int_eq(map_type_for(FIELD_TYPE_TEXT), ATTRIBUTE_STRING);
	ck_assert_int_eq(map_type_for(FIELD_TYPE_DATE), ATTRIBUTE_STRING);
	ck_assert_int_eq(map_type_for(FIELD_TYPE_LIST), ATTRIBUTE_STRING);
	ck_assert_int_eq(map_type_for(FIELD_TYPE_EMPLOYEE), ATTRIBUTE_STRING);
	ck_assert_int_eq(map_type_for(FIELD_TYPE_NUMBER), ATTRIBUTE_NUMBER);
	ck_assert_int_eq(map_type_for(FIELD_TYPE_BOOL), ATTRIBUTE_BOOLEAN);
	ck_assert_int_eq(map_type_for(FIELD_TYPE_MULTI_LIST), ATTRIBUTE_STRINGS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("suggest");
	TCase *tcase = tcase_create("suggest");
	tcase_add_loop_test(tcase, a_pair_is_suggested_or_not, 0, (int)ARRAY_SIZE(PAIRS));
	tcase_add_test(tcase, the_same_word_goes_before_a_synonym_and_work_before_the_rest);
	tcase_add_test(tcase, a_second_field_of_that_name_is_told);
	tcase_add_test(tcase, what_is_mapped_already_is_not_suggested);
	tcase_add_test(tcase, without_catalogs_nothing_is_suggested);
	tcase_add_test(tcase, a_field_type_has_its_attribute_type);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
