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

int main(void)
{
	Suite *suite = suite_create("catalog");
	TCase *tcase = tcase_create("catalog");
	tcase_add_test(tcase, fields_are_found_by_id_with_their_type);
	tcase_add_test(tcase, an_unknown_type_is_other_and_the_field_is_known);
	tcase_add_test(tcase, entries_without_an_id_are_passed_over);
	tcase_add_test(tcase, what_is_not_a_list_of_fields_is_refused);
	tcase_add_test(tcase, without_a_catalog_nothing_is_known);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
