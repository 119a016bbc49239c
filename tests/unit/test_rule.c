/* SPDX-License-Identifier: MIT */
/* Rows, and the profiles they give (rule.c, profile.c). */
#include "mapping/profile.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/mapping_bench.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define DIFFS "tests/data/mapping/diffs.json"

static json_t *rows;

static struct map_rules rules_default(void)
{
	struct map_rules rules;
	ck_assert(map_rules_init_default(&rules));
	return rules;
}

START_TEST(default_rows_are_those_of_hibobs_own_integration)
{
	struct map_rules rules = rules_default();
	ck_assert_uint_eq(rules.count, 10);
	ck_assert_str_eq(map_rules_source(&rules, "login"), "root.email");
	ck_assert_str_eq(map_rules_source(&rules, "email"), "root.email");
	ck_assert_str_eq(map_rules_source(&rules, "displayName"), "root.displayName");
	ck_assert_str_eq(map_rules_source(&rules, "firstName"), "root.firstName");
	ck_assert_str_eq(map_rules_source(&rules, "lastName"), "root.surname");
	ck_assert_str_eq(map_rules_source(&rules, "title"), "work.title");
	ck_assert_str_eq(map_rules_source(&rules, "mobilePhone"), "work.workMobile");
	ck_assert_str_eq(map_rules_source(&rules, "primaryPhone"), "work.workPhone");
	ck_assert_str_eq(map_rules_source(&rules, "department"), "work.department");
	ck_assert_str_eq(map_rules_source(&rules, "manager"), "work.reportsTo");
	for (size_t i = 0; i < rules.count; i++) {
		ck_assert_int_eq(rules.rows[i].when_empty, WHEN_EMPTY_KEEP);
	}
	map_rules_finish(&rules);
}
END_TEST

START_TEST(a_row_replaces_adds_or_removes)
{
	struct map_rules rules = rules_default();
	ck_assert(map_rules_lay(&rules, "title", "work.custom.field_1", WHEN_EMPTY_CLEAR));
	ck_assert_uint_eq(rules.count, 10);
	ck_assert_str_eq(map_rules_source(&rules, "title"), "work.custom.field_1");
	ck_assert(map_rules_lay(&rules, "costCenter", "work.custom.field_2", WHEN_EMPTY_KEEP));
	ck_assert_uint_eq(rules.count, 11);
	ck_assert(map_rules_lay(&rules, "login", NULL, WHEN_EMPTY_KEEP));
	ck_assert(map_rules_lay(&rules, "nothing", NULL, WHEN_EMPTY_KEEP));
	ck_assert_uint_eq(rules.count, 10);
	ck_assert_ptr_null(map_rules_source(&rules, "login"));
	ck_assert_str_eq(map_rules_source(&rules, "email"), "root.email");
	ck_assert_str_eq(map_rules_source(&rules, "costCenter"), "work.custom.field_2");
	map_rules_finish(&rules);
}
END_TEST

START_TEST(a_row_may_be_laid_over_with_its_own_text)
{
	struct map_rules rules = rules_default();
	ck_assert(map_rules_lay(
	        &rules, "title", map_rules_source(&rules, "title"), WHEN_EMPTY_CLEAR));
	ck_assert_str_eq(map_rules_source(&rules, "title"), "work.title");
	map_rules_finish(&rules);
	map_rules_finish(&rules);
	map_rules_finish(NULL);
}
END_TEST

static size_t count_text(const json_t *texts, const char *text)
{
	size_t count = 0;
	for (size_t i = 0; i < json_array_size(texts); i++) {
		count += str_equal(json_string_value(json_array_get(texts, i)), text) ? 1U : 0U;
	}
	return count;
}

START_TEST(a_read_asks_for_each_field_once)
{
	struct map_rules rules = rules_default();
	json_t *fields = map_rules_fields(&rules, "work.employeeIdInCompany");
	for (size_t i = 0; person_needed_fields[i] != NULL; i++) {
		ck_assert_uint_eq(count_text(fields, person_needed_fields[i]), 1);
	}
	ck_assert_uint_eq(count_text(fields, "root.email"), 1);
	ck_assert_uint_eq(count_text(fields, "work.reportsTo"), 1);
	ck_assert_uint_eq(count_text(fields, "work.custom.field_9"), 0);
	json_decref(fields);
	fields = map_rules_fields(&rules, "work.custom.field_9");
	ck_assert_uint_eq(count_text(fields, "work.custom.field_9"), 1);
	json_decref(fields);
	fields = map_rules_fields(&rules, NULL);
	ck_assert_uint_gt(json_array_size(fields), 15);
	json_decref(fields);
	map_rules_finish(&rules);
}
END_TEST

START_TEST(only_mapped_attributes_are_kept_of_a_profile)
{
	struct map_rules rules = rules_default();
	json_t *profile = json_pack("{s:s, s:s, s:n}", "login", "ada@example.com", "nickName",
	        "Countess", "mobilePhone");
	json_t *mapped = map_rules_project(&rules, profile);
	json_t *wanted = json_pack("{s:s, s:n}", "login", "ada@example.com", "mobilePhone");
	ck_assert(json_equal(mapped, wanted));
	json_decref(wanted);
	json_decref(mapped);
	mapped = map_rules_project(&rules, NULL);
	ck_assert_uint_eq(json_object_size(mapped), 0);
	json_decref(mapped);
	json_decref(profile);
	map_rules_finish(&rules);
}
END_TEST

/* ----------------------------------------------------------------------- tables */

static void expect_empty_fields(const char *name, const json_t *expect,
        const struct map_profile *wanted, const json_t *present)
{
	char *empty = map_profile_empty_fields(wanted, present);
	ck_assert_msg(str_equal(empty, json_get_text(expect, "empty_fields")),
	        "%s: empty fields: %s", name, empty == NULL ? "none" : empty);
	free(empty);
}

START_TEST(each_row_differs_as_it_says)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	const json_t *expect = json_object_get(row, "expect");
	const json_t *present = json_object_get(row, "present");
	const char *name = json_get_text(row, "name");
	struct err err = ERR_INIT;
	struct map_rules rules = {0};
	struct map_profile wanted;
	struct person person;
	json_t *bob = json_deep_copy(json_object_get(row, "bob"));
	json_object_set_new(bob, "id", json_string("7"));
	mapping_bench_lay(&rules, json_object_get(row, "mapping"));
	ck_assert(person_parse(&person, bob, &err));
	ck_assert(map_profile_make(&wanted, &rules, &map_context_none, &person, &err));
	const bool is_create = str_equal(json_get_text(row, "purpose"), "create");
	json_t *diff = map_profile_diff(&wanted, is_create ? DIFF_FOR_CREATE : DIFF_FOR_UPDATE,
	        json_is_null(present) ? NULL : present, json_get_text(row, "may_clear"));
	char *text = json_format(diff);
	ck_assert_msg(json_equal(diff, json_object_get(expect, "diff")), "%s: %s", name, text);
	expect_empty_fields(name, expect, &wanted, present);
	free(text);
	json_decref(diff);
	map_profile_finish(&wanted);
	person_finish(&person);
	map_rules_finish(&rules);
	json_decref(bob);
}
END_TEST

START_TEST(only_texts_are_given_as_text)
{
	struct err err = ERR_INIT;
	struct map_rules rules = {0};
	struct map_profile wanted;
	struct person person;
	ck_assert(map_rules_lay(&rules, "login", "root.email", WHEN_EMPTY_KEEP));
	ck_assert(map_rules_lay(&rules, "isBoss", "work.isManager", WHEN_EMPTY_KEEP));
	ck_assert(map_rules_lay(&rules, "title", "work.title", WHEN_EMPTY_KEEP));
	json_t *bob = json_pack("{s:s, s:s, s:{s:b}}", "id", "7", "email", "ada@example.com",
	        "work", "isManager", 1);
	ck_assert(person_parse(&person, bob, &err));
	ck_assert(map_profile_make(&wanted, &rules, &map_context_none, &person, &err));
	ck_assert_str_eq(map_profile_text(&wanted, "login"), "ada@example.com");
	ck_assert_ptr_null(map_profile_text(&wanted, "isBoss"));
	ck_assert_ptr_null(map_profile_text(&wanted, "title"));
	ck_assert_ptr_null(map_profile_text(&wanted, "unmapped"));
	ck_assert_ptr_null(map_profile_text(NULL, "login"));
	map_profile_finish(&wanted);
	map_profile_finish(&wanted);
	map_profile_finish(NULL);
	person_finish(&person);
	map_rules_finish(&rules);
	json_decref(bob);
}
END_TEST

int main(void)
{
	rows = sample_load(DIFFS);
	Suite *suite = suite_create("rule");
	TCase *rule = tcase_create("rows");
	tcase_add_test(rule, default_rows_are_those_of_hibobs_own_integration);
	tcase_add_test(rule, a_row_replaces_adds_or_removes);
	tcase_add_test(rule, a_row_may_be_laid_over_with_its_own_text);
	tcase_add_test(rule, a_read_asks_for_each_field_once);
	tcase_add_test(rule, only_mapped_attributes_are_kept_of_a_profile);
	suite_add_tcase(suite, rule);
	TCase *profile = tcase_create("profiles");
	tcase_add_loop_test(profile, each_row_differs_as_it_says, 0, (int)json_array_size(rows));
	tcase_add_test(profile, only_texts_are_given_as_text);
	suite_add_tcase(suite, profile);
	int status = suite_run(suite);
	json_decref(rows);
	return status;
}
