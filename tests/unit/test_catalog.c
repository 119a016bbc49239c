/* SPDX-License-Identifier: MIT */
#include "mapping/person.h"

#include "server/base/json.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct field_catalog *parse(const char *text, struct err *err)
{
	json_t *fields = json_loads(text, JSON_DECODE_ANY, NULL);
	struct field_catalog *catalog = field_catalog_parse(fields, err);
	json_decref(fields);
	return catalog;
}

START_TEST(fields_are_found_by_id_with_their_type)
{
	struct err err = ERR_INIT;
	struct field_catalog *catalog = parse("[{\"id\":\"work.title\",\"type\":\"list\"},"
	                                      "{\"id\":\"root.email\",\"type\":\"text\"},"
	                                      "{\"id\":\"work.reportsTo\",\"type\":\"employee\"},"
	                                      "{\"id\":\"about.hobbies\",\"type\":\"multi-list\"},"
	                                      "{\"id\":\"work.isManager\",\"type\":\"boolean\"},"
	                                      "{\"id\":\"work.siteId\",\"type\":\"list_id\"},"
	                                      "{\"id\":\"work.startDate\",\"type\":\"date\"},"
	                                      "{\"id\":\"a.number\",\"type\":\"number\"}]",
	        &err);
	ck_assert_ptr_nonnull(catalog);
	ck_assert_int_eq(field_catalog_type(catalog, "work.title"), FIELD_TYPE_LIST);
	ck_assert_int_eq(field_catalog_type(catalog, "work.siteId"), FIELD_TYPE_LIST);
	ck_assert_int_eq(field_catalog_type(catalog, "root.email"), FIELD_TYPE_TEXT);
	ck_assert_int_eq(field_catalog_type(catalog, "work.reportsTo"), FIELD_TYPE_EMPLOYEE);
	ck_assert_int_eq(field_catalog_type(catalog, "about.hobbies"), FIELD_TYPE_MULTI_LIST);
	ck_assert_int_eq(field_catalog_type(catalog, "work.isManager"), FIELD_TYPE_BOOL);
	ck_assert_int_eq(field_catalog_type(catalog, "work.startDate"), FIELD_TYPE_DATE);
	ck_assert_int_eq(field_catalog_type(catalog, "a.number"), FIELD_TYPE_NUMBER);
	ck_assert(field_catalog_has(catalog, "work.title"));
	ck_assert(!field_catalog_has(catalog, "work.titles"));
	ck_assert_int_eq(field_catalog_type(catalog, "work.titles"), FIELD_TYPE_UNKNOWN);
	field_catalog_destroy(catalog);
}
END_TEST

START_TEST(an_unknown_type_is_other_and_the_field_is_known)
{
	struct err err = ERR_INIT;
	struct field_catalog *catalog =
	        parse("[{\"id\":\"a.b\",\"type\":\"hologram\"},{\"id\":\"a.c\"}]", &err);
	ck_assert_int_eq(field_catalog_type(catalog, "a.b"), FIELD_TYPE_OTHER);
	ck_assert_int_eq(field_catalog_type(catalog, "a.c"), FIELD_TYPE_OTHER);
	field_catalog_destroy(catalog);
}
END_TEST

START_TEST(entries_without_an_id_are_passed_over)
{
	struct err err = ERR_INIT;
	struct field_catalog *catalog = parse(
	        "[7, null, {}, {\"id\":5}, {\"id\":\"\"}, {\"id\":\"a.b\",\"type\":\"text\"}]",
	        &err);
	ck_assert_ptr_nonnull(catalog);
	ck_assert(field_catalog_has(catalog, "a.b"));
	ck_assert(!field_catalog_has(catalog, ""));
	field_catalog_destroy(catalog);
}
END_TEST

static void expect_refused(const char *text)
{
	struct err err = ERR_INIT;
	ck_assert_ptr_null(parse(text, &err));
	ck_assert_int_eq(err.code, ERR_BAD_ANSWER);
}

START_TEST(what_is_not_a_list_of_fields_is_refused)
{
	expect_refused("{}");
	expect_refused("[]");
	expect_refused("\"text\"");
	expect_refused("[1,2,3]");
	struct err err = ERR_INIT;
	ck_assert_ptr_null(field_catalog_parse(NULL, &err));
}
END_TEST

START_TEST(without_a_catalog_nothing_is_known)
{
	ck_assert_int_eq(field_catalog_type(NULL, "work.title"), FIELD_TYPE_UNKNOWN);
	ck_assert(!field_catalog_has(NULL, "work.title"));
	field_catalog_destroy(NULL);
}
END_TEST

START_TEST(fields_are_listed_in_the_order_of_their_ids)
{
	struct err err = ERR_INIT;
	struct field_catalog *catalog = parse(
	        "[{\"id\":\"work.title\",\"name\":\"Job title\",\"category\":\"work\","
	        "\"categoryDisplayName\":\"Work\",\"type\":\"list\",\"typeData\":{\"listId\":\"title\"}},"
	        "{\"id\":\"root.email\",\"category\":\"root\",\"type\":\"text\"},"
	        "{\"id\":\"a.b\"}]",
	        &err);
	ck_assert_uint_eq(field_catalog_count(catalog), 3);
	ck_assert_uint_eq(field_catalog_count(NULL), 0);
	const struct field_info *title = field_catalog_at(catalog, 2);
	ck_assert_str_eq(title->id, "work.title");
	ck_assert_str_eq(title->name, "Job title");
	ck_assert_str_eq(title->category, "Work");
	ck_assert_str_eq(title->type_word, "list");
	ck_assert_str_eq(title->list, "title");
	ck_assert_int_eq(title->type, FIELD_TYPE_LIST);
	const struct field_info *email = field_catalog_at(catalog, 1);
	ck_assert_str_eq(email->category, "root");
	ck_assert_str_eq(email->name, "");
	ck_assert_str_eq(email->list, "");
	ck_assert_str_eq(field_catalog_at(catalog, 0)->type_word, "");
	ck_assert_ptr_eq(field_catalog_find(catalog, "work.title"), title);
	ck_assert_ptr_null(field_catalog_find(catalog, "work.titel"));
	ck_assert_ptr_null(field_catalog_find(NULL, "work.title"));
	field_catalog_destroy(catalog);
}
END_TEST

START_TEST(parts_of_colleagues_are_covered_and_sections_are_none)
{
	struct err err = ERR_INIT;
	struct field_catalog *catalog =
	        parse("[{\"id\":\"work.reportsTo\",\"type\":\"employee\"},"
	              "{\"id\":\"payroll.employment.type\",\"type\":\"list\"}]",
	                &err);
	ck_assert(field_catalog_covers(catalog, "work.reportsTo"));
	ck_assert(field_catalog_covers(catalog, "work.reportsTo.email"));
	ck_assert(!field_catalog_covers(catalog, "work.reportsToo"));
	ck_assert(!field_catalog_covers(catalog, "payroll.employment.type.label"));
	ck_assert(!field_catalog_covers(NULL, "work.reportsTo"));
	ck_assert(field_catalog_is_section(catalog, "payroll.employment"));
	ck_assert(field_catalog_is_section(catalog, "work"));
	ck_assert(!field_catalog_is_section(catalog, "payroll.employment.type"));
	ck_assert(!field_catalog_is_section(catalog, "payroll.employ"));
	ck_assert(!field_catalog_is_section(NULL, "work"));
	field_catalog_destroy(catalog);
}
END_TEST

static bool add_lists(struct field_catalog *catalog, const char *text, struct err *err)
{
	json_t *lists = json_loads(text, JSON_DECODE_ANY, NULL);
	const bool is_added = field_catalog_add_lists(catalog, lists, err);
	json_decref(lists);
	return is_added;
}

START_TEST(lists_are_told_apart_by_name)
{
	struct err err = ERR_INIT;
	struct field_catalog *catalog = parse("[{\"id\":\"a.b\"}]", &err);
	ck_assert_ptr_null(field_catalog_label(catalog, "site", "1"));
	ck_assert(add_lists(catalog,
	        "{\"site\":{\"values\":[{\"id\":1,\"name\":\"London\"}]},"
	        "\"title\":{\"items\":[{\"id\":\"1\",\"name\":\"Analyst\"}],\"values\":[{\"id\":\"1\"}]},"
	        "\"bare\":[{\"id\":\"x\",\"name\":\"X\"}],\"none\":null}",
	        &err));
	ck_assert_str_eq(field_catalog_label(catalog, "site", "1"), "London");
	ck_assert_str_eq(field_catalog_label(catalog, "title", "1"), "Analyst");
	ck_assert_str_eq(field_catalog_label(catalog, "bare", "x"), "X");
	ck_assert_ptr_null(field_catalog_label(catalog, "none", "1"));
	ck_assert_ptr_null(field_catalog_label(NULL, "site", "1"));
	field_catalog_destroy(catalog);
}
END_TEST

START_TEST(later_lists_take_the_place_of_earlier_ones)
{
	struct err err = ERR_INIT;
	struct field_catalog *catalog = parse("[{\"id\":\"a.b\"}]", &err);
	ck_assert(add_lists(catalog, "{\"a\":[{\"id\":\"1\",\"name\":\"One\"}]}", &err));
	ck_assert(!add_lists(catalog, "[]", &err));
	ck_assert_int_eq(err.code, ERR_BAD_ANSWER);
	ck_assert_str_eq(field_catalog_label(catalog, "a", "1"), "One");
	ck_assert(add_lists(catalog, "{}", &err));
	ck_assert_ptr_null(field_catalog_label(catalog, "a", "1"));
	ck_assert(field_catalog_has(catalog, "a.b"));
	field_catalog_destroy(catalog);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("catalog");
	TCase *tcase = tcase_create("catalog");
	tcase_add_test(tcase, fields_are_found_by_id_with_their_type);
	tcase_add_test(tcase, an_unknown_type_is_other_and_the_field_is_known);
	tcase_add_test(tcase, entries_without_an_id_are_passed_over);
	tcase_add_test(tcase, what_is_not_a_list_of_fields_is_refused);
	tcase_add_test(tcase, without_a_catalog_nothing_is_known);
	tcase_add_test(tcase, fields_are_listed_in_the_order_of_their_ids);
	tcase_add_test(tcase, parts_of_colleagues_are_covered_and_sections_are_none);
	tcase_add_test(tcase, lists_are_told_apart_by_name);
	tcase_add_test(tcase, later_lists_take_the_place_of_earlier_ones);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
