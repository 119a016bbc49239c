/* SPDX-License-Identifier: MIT */
/* Okta's schema, and what fits it (attribute*.c), by a table. */
#include "mapping/attribute.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define TABLE "tests/data/mapping/attributes.json"

static json_t *rows;

static struct attribute_catalog *parse(const char *text, struct err *err)
{
	json_t *schema = json_loads(text, JSON_DECODE_ANY, NULL);
	struct attribute_catalog *catalog = attribute_catalog_parse(schema, err);
	json_decref(schema);
	return catalog;
}

/* A schema with the one attribute of the row. */
static struct attribute_catalog *catalog_of(const json_t *row, const char *okta)
{
	struct err err = ERR_INIT;
	json_t *schema = json_pack("{s:{s:{s:{s:O}}}}", "definitions", "base", "properties", okta,
	        json_object_get(row, "property"));
	struct attribute_catalog *catalog = attribute_catalog_parse(schema, &err);
	json_decref(schema);
	ck_assert_msg(catalog != NULL, "%s", err.text);
	return catalog;
}

/* To json_equal 4 is not 4.0: Okta takes no 4.0 for an integer. */
static void expect_value(const char *name, const json_t *wanted, const json_t *got)
{
	char *text = json_format(got);
	ck_assert_msg(json_equal(wanted, got), "%s: %s", name, text);
	free(text);
}

START_TEST(each_value_fits_or_not_as_the_row_says)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	const char *name = json_get_text(row, "name");
	const char *okta = json_get_text(row, "okta");
	const char *expected = json_get_text(row, "reason");
	char reason[200] = "";
	struct attribute_catalog *catalog = catalog_of(row, okta != NULL ? okta : "shirtSize");
	json_t *value = json_deep_copy(json_object_get(row, "value"));
	const bool fits = attribute_fit(attribute_catalog_at(catalog, 0),
	        json_get_bool(row, "truncate", false) ? TOO_LONG_TRUNCATES : TOO_LONG_FAILS, &value,
	        reason, sizeof(reason));
	ck_assert_msg(fits == (expected == NULL), "%s: %s", name, reason);
	if (fits) {
		expect_value(name, json_object_get(row, "expect"), value);
		ck_assert_str_eq(reason, "");
	} else {
		ck_assert_msg(strstr(reason, expected) != NULL, "%s: %s", name, reason);
	}
	json_decref(value);
	attribute_catalog_destroy(catalog);
}
END_TEST

START_TEST(a_reason_holds_nothing_of_the_value)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	const char *text = json_string_value(json_object_get(row, "value"));
	char reason[200] = "";
	struct attribute_catalog *catalog = catalog_of(row, "shirtSize");
	json_t *value = json_deep_copy(json_object_get(row, "value"));
	const bool fits = attribute_fit(
	        attribute_catalog_at(catalog, 0), TOO_LONG_FAILS, &value, reason, sizeof(reason));
	ck_assert_msg(fits || text == NULL || strlen(text) < 4 || strstr(reason, text) == NULL,
	        "%s", reason);
	json_decref(value);
	attribute_catalog_destroy(catalog);
}
END_TEST

#define SCHEMA                                                                                     \
	"{\"definitions\":{\"base\":{\"properties\":{"                                             \
	"\"login\":{\"title\":\"Username\",\"type\":\"string\",\"minLength\":5,\"maxLength\":100," \
	"\"mutability\":\"READ_WRITE\",\"master\":{\"type\":\"PROFILE_MASTER\"}},"                 \
	"\"email\":{\"title\":\"Primary email\",\"type\":\"string\",\"format\":\"email\"}},"       \
	"\"required\":[\"login\",\"email\"]},"                                                     \
	"\"custom\":{\"properties\":{"                                                             \
	"\"skills\":{\"title\":\"Skills\",\"type\":\"array\",\"items\":{\"type\":\"string\","      \
	"\"enum\":[\"a\"]}},"                                                                      \
	"\"badge\":{\"type\":\"integer\",\"required\":true},\"odd\":7}}}}"

START_TEST(a_schema_is_read_with_all_it_says)
{
	struct err err = ERR_INIT;
	struct attribute_catalog *catalog = parse(SCHEMA, &err);
	ck_assert_uint_eq(attribute_catalog_count(catalog), 4);
	const struct attribute *login = attribute_catalog_find(catalog, "login");
	ck_assert_str_eq(login->title, "Username");
	ck_assert(login->is_base && login->is_required);
	ck_assert(!login->is_read_only && !login->is_sourced_elsewhere);
	ck_assert_uint_eq(login->min_length, 5);
	ck_assert_uint_eq(login->max_length, 100);
	ck_assert_ptr_null(login->pattern);
	ck_assert_str_eq(attribute_catalog_find(catalog, "email")->format, "email");
	const struct attribute *skills = attribute_catalog_find(catalog, "skills");
	ck_assert(!skills->is_base && !skills->is_required);
	ck_assert_int_eq(skills->type, ATTRIBUTE_STRINGS);
	ck_assert_uint_eq(json_array_size(skills->allowed), 1);
	const struct attribute *badge = attribute_catalog_find(catalog, "badge");
	ck_assert(badge->is_required);
	ck_assert_str_eq(badge->title, "badge");
	ck_assert_ptr_null(attribute_catalog_find(catalog, "odd"));
	attribute_catalog_destroy(catalog);
}
END_TEST

START_TEST(attributes_are_listed_by_name)
{
	static const char *const NAMES[] = {"badge", "email", "login", "skills"};
	struct err err = ERR_INIT;
	struct attribute_catalog *catalog = parse(SCHEMA, &err);
	for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
		ck_assert_str_eq(attribute_catalog_at(catalog, i)->name, NAMES[i]);
	}
	ck_assert_uint_eq(attribute_catalog_count(NULL), 0);
	ck_assert_ptr_null(attribute_catalog_find(NULL, "login"));
	ck_assert_ptr_null(attribute_catalog_find(catalog, NULL));
	attribute_catalog_destroy(catalog);
	attribute_catalog_destroy(NULL);
}
END_TEST

static void expect_refused(const char *text)
{
	struct err err = ERR_INIT;
	ck_assert_ptr_null(parse(text, &err));
	ck_assert_int_eq(err.code, ERR_BAD_ANSWER);
}

START_TEST(what_is_no_schema_is_refused)
{
	expect_refused("null");
	expect_refused("[]");
	expect_refused("{}");
	expect_refused("{\"definitions\":{}}");
	expect_refused("{\"definitions\":{\"base\":{\"properties\":{}}}}");
	expect_refused("{\"definitions\":{\"base\":{\"properties\":[]},\"custom\":{\"properties\":"
	               "{\"a\":{\"type\":\"string\"}}}}}");
}
END_TEST

START_TEST(types_have_names_for_people)
{
	for (int type = ATTRIBUTE_STRING; type <= ATTRIBUTE_OTHER; type++) {
		for (int other = ATTRIBUTE_STRING; other < type; other++) {
			ck_assert_str_ne(attribute_type_name((enum attribute_type)type),
			        attribute_type_name((enum attribute_type)other));
		}
	}
	ck_assert_str_eq(attribute_type_name(ATTRIBUTE_INTEGERS), "array of integer");
}
END_TEST

int main(void)
{
	rows = sample_load(TABLE);
	const int count = (int)json_array_size(rows);
	Suite *suite = suite_create("attribute");
	TCase *table = tcase_create("fitting");
	tcase_add_loop_test(table, each_value_fits_or_not_as_the_row_says, 0, count);
	tcase_add_loop_test(table, a_reason_holds_nothing_of_the_value, 0, count);
	suite_add_tcase(suite, table);
	TCase *schema = tcase_create("schema");
	tcase_add_test(schema, a_schema_is_read_with_all_it_says);
	tcase_add_test(schema, attributes_are_listed_by_name);
	tcase_add_test(schema, what_is_no_schema_is_refused);
	tcase_add_test(schema, types_have_names_for_people);
	suite_add_tcase(suite, schema);
	int status = suite_run(suite);
	json_decref(rows);
	return status;
}
