/* SPDX-License-Identifier: MIT */
/* Whom a group's condition takes in, and what follows for memberships. */
#include "mapping/group.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/mapping_bench.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------- decisions */

/* Columns: no verdict, out, in. */
static const enum group_change CHANGES[][3] = {
        [GROUP_NONE] = {GROUP_STAYS, GROUP_STAYS, GROUP_JOIN},
        [GROUP_GIVEN] = {GROUP_STAYS, GROUP_LEAVE, GROUP_STAYS},
        [GROUP_FOUND] = {GROUP_STAYS, GROUP_STAYS, GROUP_STAYS},
        [GROUP_LAPSED] = {GROUP_STAYS, GROUP_LEAVE, GROUP_JOIN},
};

START_TEST(only_what_we_gave_is_taken_and_only_on_a_clear_no)
{
	for (int answer = GROUP_NO_VERDICT; answer <= GROUP_IN; answer++) {
		ck_assert_int_eq(group_decide((enum group_answer)answer, (enum group_membership)_i),
		        CHANGES[_i][answer]);
	}
}
END_TEST

START_TEST(a_leaver_loses_what_we_gave)
{
	ck_assert_int_eq(group_decide_leaver(GROUP_GIVEN), GROUP_LEAVE);
	ck_assert_int_eq(group_decide_leaver(GROUP_LAPSED), GROUP_LEAVE);
	ck_assert_int_eq(group_decide_leaver(GROUP_FOUND), GROUP_STAYS);
	ck_assert_int_eq(group_decide_leaver(GROUP_NONE), GROUP_STAYS);
}
END_TEST

/* --------------------------------------------------------------- conditions */

static const struct {
	const char *result; /* what the evaluator says of the condition */
	enum group_answer answer;
	enum row_state state;
	bool is_again;
} ANSWERS[] = {
        {"{\"value\":true}", GROUP_IN, ROW_VALUE, false},
        {"{\"value\":false}", GROUP_OUT, ROW_VALUE, false},
        {"{\"value\":null}", GROUP_OUT, ROW_VALUE, false},
        {"{\"value\":\"true\"}", GROUP_NO_VERDICT, ROW_FAILED, false},
        {"{\"value\":1}", GROUP_NO_VERDICT, ROW_FAILED, false},
        {"{\"value\":[]}", GROUP_NO_VERDICT, ROW_FAILED, false},
        {"{\"failed\":\"cannot index\"}", GROUP_NO_VERDICT, ROW_FAILED, false},
        {"{\"stopped\":\"too long\"}", GROUP_NO_VERDICT, ROW_FAILED, false},
        {"{\"off\":\"stopped for three\"}", GROUP_NO_VERDICT, ROW_FAILED, false},
        {"{\"again\":\"busy\"}", GROUP_NO_VERDICT, ROW_FAILED, true},
};

static struct mapping_bench bench;
static json_t *row;

static void make(json_t *made)
{
	row = made;
	ck_assert_ptr_nonnull(row);
	mapping_bench_init(&bench, row);
	mapping_bench_make(&bench);
}

static void finish(void)
{
	mapping_bench_finish(&bench);
	json_decref(row);
}

START_TEST(a_condition_takes_in_by_true_alone)
{
	make(json_pack("{s:[{s:s,s:s}], s:{s:o}}", "groups", "group", "Staff", "when", "x",
	        "results", "x", json_loads(ANSWERS[_i].result, 0, NULL)));
	ck_assert_uint_eq(bench.profile.group_count, 1);
	const struct map_group_result *result = &bench.profile.groups[0];
	ck_assert_int_eq(result->answer, ANSWERS[_i].answer);
	ck_assert_int_eq(result->state, ANSWERS[_i].state);
	ck_assert_int_eq(result->is_again, ANSWERS[_i].is_again);
	ck_assert_int_eq(result->reason[0] != '\0', result->state != ROW_VALUE);
	ck_assert_str_eq(result->rule->group, "Staff");
	finish();
}
END_TEST

START_TEST(a_field_that_cannot_be_read_gives_no_verdict)
{
	make(json_pack("{s:[{s:s,s:s}], s:{s:{}}, s:{}}", "groups", "group", "Staff", "when",
	        ".work.site == \"London\"", "bob", "work", "results"));
	const struct map_group_result *result = &bench.profile.groups[0];
	ck_assert_int_eq(result->answer, GROUP_NO_VERDICT);
	ck_assert_int_eq(result->state, ROW_NOT_READABLE);
	json_t *problems = map_profile_problems(&bench.profile);
	ck_assert_uint_eq(json_array_size(problems), 1);
	const json_t *problem = json_array_get(problems, 0);
	ck_assert_str_eq(json_get_text(problem, "okta"), "group Staff");
	ck_assert_str_eq(json_get_text(problem, "state"), "not_readable");
	ck_assert_ptr_nonnull(strstr(json_get_text(problem, "reason"), "work.site"));
	json_decref(problems);
	finish();
}
END_TEST

/* ----------------------------------------------------------------- programs */

/* Each condition is given its own answer: a wrong index would mix them up. */
START_TEST(conditions_stand_behind_rows_and_scope)
{
	bool has_scope = _i == 1;
	json_t *made = json_pack("{s:[{s:s,s:s},{s:s,s:[s,s]}], s:[{s:s,s:s},{s:s,s:s}],"
	                         " s:{s:{s:s},s:{s:s},s:{s:s},s:{s:b},s:{s:b},s:{s:b}}}",
	        "mapping", "okta", "title", "expr", "t", "okta", "login", "expr", "a", "b",
	        "groups", "group", "One", "when", "g1", "group", "Two", "when", "g2", "results",
	        "t", "value", "Analyst", "a", "value", "a@example.com", "b", "value",
	        "b@example.com", "s", "value", 0, "g1", "value", 1, "g2", "value", 0);
	if (has_scope) {
		json_object_set_new(made, "scope", json_string("s"));
	}
	make(made);
	size_t behind = has_scope ? 4 : 3;
	char name[40];
	ck_assert_uint_eq(map_rules_program_count(&bench.rules), behind + 2);
	map_rules_program_name(&bench.rules, behind, name, sizeof(name));
	ck_assert_str_eq(name, "groups[0]");
	map_rules_program_name(&bench.rules, behind + 1, name, sizeof(name));
	ck_assert_str_eq(name, "groups[1]");
	map_rules_program_name(&bench.rules, 3, name, sizeof(name));
	ck_assert_str_eq(name, has_scope ? "scope" : "groups[0]");
	ck_assert_str_eq(map_rules_program(&bench.rules, behind + 1)->text, "g2");
	ck_assert_int_eq(bench.profile.scope, has_scope ? SCOPE_NOT_MET : SCOPE_MET);
	ck_assert_int_eq(bench.profile.groups[0].answer, GROUP_IN);
	ck_assert_int_eq(bench.profile.groups[1].answer, GROUP_OUT);
	ck_assert_str_eq(map_profile_text(&bench.profile, "title"), "Analyst");
	finish();
}
END_TEST

START_TEST(what_conditions_read_is_asked_of_bob_and_copies_are_whole)
{
	struct map_rules copy = {0};
	make(json_pack("{s:[{s:s,s:s}], s:{s:{s:s}}, s:{s:{s:b}}}", "groups", "group", "Staff",
	        "when", ".payroll.employment.type == \"x\"", "bob", "payroll.employment.type",
	        "value", "x", "results", ".payroll.employment.type == \"x\"", "value", 1));
	ck_assert(map_groups_copy(&copy, &bench.rules));
	ck_assert_uint_eq(copy.group_count, 1);
	json_t *fields = map_rules_fields(&copy, NULL);
	char *text = json_format(fields);
	ck_assert_ptr_nonnull(strstr(text, "\"payroll.employment.type\""));
	free(text);
	json_decref(fields);
	map_rules_finish(&copy);
	finish();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("group");
	TCase *tcase = tcase_create("groups");
	tcase_add_loop_test(tcase, only_what_we_gave_is_taken_and_only_on_a_clear_no, GROUP_NONE,
	        GROUP_LAPSED + 1);
	tcase_add_test(tcase, a_leaver_loses_what_we_gave);
	tcase_add_loop_test(tcase, a_condition_takes_in_by_true_alone, 0, (int)ARRAY_SIZE(ANSWERS));
	tcase_add_test(tcase, a_field_that_cannot_be_read_gives_no_verdict);
	tcase_add_loop_test(tcase, conditions_stand_behind_rows_and_scope, 0, 2);
	tcase_add_test(tcase, what_conditions_read_is_asked_of_bob_and_copies_are_whole);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
