/* SPDX-License-Identifier: MIT */
/*
 * What rows come to for one person (profile*.c), by tables: states, values
 * and reasons; and what expressions are given to read.
 */
#include "mapping/profile.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/mapping_bench.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ROWS   "tests/data/mapping/rows.json"
#define INPUTS "tests/data/mapping/inputs.json"

static json_t *rows;
static json_t *inputs;
static const char *row_name;

static void expect_json(const char *okta, const char *key, const json_t *wanted, const json_t *got)
{
	char *text = json_format(got);
	ck_assert_msg(wanted == NULL || json_equal(wanted, got), "%s: %s: %s: %s", row_name, okta,
	        key, text);
	free(text);
}

/* A plain value or a state's name in the table stand for the whole of what is expected. */
static void expect_result(const struct map_result *result, const json_t *expect)
{
	const char *okta = result->row->okta;
	const char *state = json_get_text(expect, "state");
	const char *reason = json_get_text(expect, "reason");
	ck_assert_msg(str_equal(row_state_name(result->state), state == NULL ? "value" : state),
	        "%s: %s: %s: %s", row_name, okta, row_state_name(result->state), result->reason);
	ck_assert_msg((result->state == ROW_VALUE) == (result->value != NULL), "%s: %s: value",
	        row_name, okta);
	ck_assert_msg((result->state <= ROW_EMPTY) == (result->reason[0] == '\0'),
	        "%s: %s: reason of %s: %s", row_name, okta, row_state_name(result->state),
	        result->reason);
	ck_assert_msg(reason == NULL || strstr(result->reason, reason) != NULL, "%s: %s: %s",
	        row_name, okta, result->reason);
	ck_assert_msg(result->is_again == json_get_bool(expect, "is_again", false), "%s: %s: again",
	        row_name, okta);
	ck_assert_msg(result->is_default == json_get_bool(expect, "is_default", false),
	        "%s: %s: default", row_name, okta);
	expect_json(okta, "value", json_object_get(expect, "value"), result->value);
	expect_json(okta, "source", json_object_get(expect, "source"), result->source);
	expect_json(okta, "candidates", json_object_get(expect, "candidates"), result->candidates);
}

static const char *scope_name(enum scope_answer scope)
{
	switch (scope) {
	case SCOPE_MET: return "met";
	case SCOPE_NOT_MET: return "not_met";
	case SCOPE_UNKNOWN: return "unknown";
	}
	return "?";
}

static void expect_scope(const struct map_profile *profile, const json_t *row)
{
	const char *scope = json_get_text(row, "expect_scope");
	const char *reason = json_get_text(row, "scope_reason");
	ck_assert_msg(str_equal(scope_name(profile->scope), scope == NULL ? "met" : scope),
	        "%s: scope %s", row_name, scope_name(profile->scope));
	ck_assert_msg(profile->is_scope_again == json_get_bool(row, "is_scope_again", false),
	        "%s: scope again", row_name);
	ck_assert_msg((profile->scope == SCOPE_UNKNOWN) == (profile->scope_reason[0] != '\0'),
	        "%s: scope's reason: %s", row_name, profile->scope_reason);
	ck_assert_msg(reason == NULL || strstr(profile->scope_reason, reason) != NULL, "%s: %s",
	        row_name, profile->scope_reason);
}

/* Every row that could not do its work, and no other, is a problem. */
static void expect_problems(const struct map_profile *profile)
{
	json_t *problems = map_profile_problems(profile);
	size_t count = 0;
	for (size_t i = 0; i < profile->count; i++) {
		const struct map_result *result = &profile->results[i];
		if (result->state > ROW_EMPTY) {
			const json_t *problem = json_array_get(problems, count++);
			ck_assert_str_eq(json_get_text(problem, "okta"), result->row->okta);
			ck_assert_str_eq(
			        json_get_text(problem, "state"), row_state_name(result->state));
			ck_assert_str_eq(json_get_text(problem, "reason"), result->reason);
		}
	}
	ck_assert_uint_eq(json_array_size(problems), count);
	json_decref(problems);
}

START_TEST(each_row_comes_to_what_the_table_says)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	struct mapping_bench bench;
	const char *okta;
	json_t *expect;
	row_name = json_get_text(row, "name");
	mapping_bench_init(&bench, row);
	mapping_bench_make(&bench);
	json_object_foreach(json_object_get(row, "expect"), okta, expect)
	{
		const struct map_result *result = map_profile_find(&bench.profile, okta);
		ck_assert_msg(result != NULL, "%s: no row for %s", row_name, okta);
		expect_result(result, expect);
	}
	expect_scope(&bench.profile, row);
	expect_problems(&bench.profile);
	const int64_t asked = json_get_int(row, "asked", (int64_t)bench.asked);
	ck_assert_msg(asked == (int64_t)bench.asked, "%s: %zu asked", row_name, bench.asked);
	mapping_bench_finish(&bench);
}
END_TEST

START_TEST(expressions_read_what_the_table_says)
{
	const json_t *row = json_array_get(inputs, (size_t)_i);
	struct mapping_bench bench;
	row_name = json_get_text(row, "name");
	mapping_bench_init(&bench, row);
	json_t *input = map_input(&bench.rules, &bench.context, &bench.person);
	expect_json("input", "whole", json_object_get(row, "expect"), input);
	json_decref(input);
	mapping_bench_finish(&bench);
}
END_TEST

START_TEST(expressions_are_given_what_map_input_gives)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	struct mapping_bench bench;
	row_name = json_get_text(row, "name");
	mapping_bench_init(&bench, row);
	mapping_bench_make(&bench);
	json_t *input = map_input(&bench.rules, &bench.context, &bench.person);
	if (bench.input != NULL) {
		expect_json("input", "given", input, bench.input);
	}
	json_decref(input);
	mapping_bench_finish(&bench);
}
END_TEST

static json_t *needed(const char *row_text)
{
	struct mapping_bench bench;
	json_t *row = json_loads(row_text, 0, NULL);
	ck_assert_ptr_nonnull(row);
	mapping_bench_init(&bench, row);
	json_t *ids = map_references_needed(&bench.rules, bench.fields, &bench.person);
	mapping_bench_finish(&bench);
	json_decref(row);
	return ids;
}

static void expect_needed(const char *row_text, const char *expected)
{
	json_t *ids = needed(row_text);
	char *text = json_format(ids);
	ck_assert_str_eq(text, expected);
	free(text);
	json_decref(ids);
}

#define MAPPING(as, bob)                                                                          \
	"{\"mapping\":[{\"okta\":\"managerId\",\"bob\":\"" bob "\",\"as\":\"" as "\"},{\"okta\":" \
	"\"manager\",\"bob\":\"" bob "\",\"as\":\"okta_login\"}],"

START_TEST(colleagues_are_asked_for_once)
{
	expect_needed(
	        MAPPING("okta_id",
	                "work.reportsTo") "\"bob\":{\"work\":{\"reportsTo\":{\"id\":\"33\"}}}}",
	        "[\"33\"]");
	expect_needed(MAPPING("okta_id", "work.manager") "\"bob\":{\"work\":{\"manager\":\"33\"}}}",
	        "[\"33\"]");
}
END_TEST

START_TEST(who_is_not_there_is_not_asked_for)
{
	expect_needed(
	        MAPPING("okta_id", "work.reportsTo") "\"bob\":{\"work\":{\"reportsTo\":null}}}",
	        "[]");
	expect_needed(MAPPING("okta_id", "work.reportsTo") "\"bob\":{\"work\":{}}}", "[]");
	expect_needed(
	        MAPPING("okta_id", "work.title") "\"bob\":{\"work\":{\"title\":\"Analyst\"}}}",
	        "[]");
	expect_needed(
	        MAPPING("okta_id",
	                "work.title") "\"metadata\":{\"work.title\":\"list\"},\"bob\":{\"work\":"
	                              "{\"title\":\"251934021\"}}}",
	        "[]");
}
END_TEST

START_TEST(other_forms_need_nobody)
{
	expect_needed("{\"mapping\":[{\"okta\":\"managerId\",\"bob\":\"work.reportsTo\",\"as\":"
	              "\"id\"}],\"bob\":{\"work\":{\"reportsTo\":{\"id\":\"33\"}}}}",
	        "[]");
}
END_TEST

START_TEST(a_login_is_chosen_among_the_candidates)
{
	struct mapping_bench bench;
	json_t *row = json_loads(
	        "{\"mapping\":[{\"okta\":\"login\",\"expr\":[\"\\\"a\\\"\","
	        "\"\\\"b\\\"\"]}],\"results\":{\"\\\"a\\\"\":{\"value\":\"a@example.com\"},"
	        "\"\\\"b\\\"\":{\"value\":\"b@example.com\"}}}",
	        0, NULL);
	mapping_bench_init(&bench, row);
	mapping_bench_make(&bench);
	ck_assert_str_eq(map_profile_text(&bench.profile, "login"), "a@example.com");
	ck_assert(map_profile_choose_login(&bench.profile, "b@example.com"));
	ck_assert_str_eq(map_profile_text(&bench.profile, "login"), "b@example.com");
	mapping_bench_finish(&bench);
	json_decref(row);
}
END_TEST

START_TEST(without_a_row_for_logins_there_is_nothing_to_choose)
{
	struct map_profile none = {0};
	ck_assert(!map_profile_choose_login(&none, "b@example.com"));
	ck_assert_ptr_null(map_profile_find(&none, "login"));
	ck_assert_ptr_null(map_profile_find(NULL, "login"));
}
END_TEST

START_TEST(states_have_words)
{
	static const char *const WORDS[ROW_STATE_COUNT] = {
	        "value", "empty", "not_readable", "no_such_field", "waiting", "failed"};
	for (int state = 0; state < ROW_STATE_COUNT; state++) {
		ck_assert_str_eq(row_state_name((enum row_state)state), WORDS[state]);
	}
}
END_TEST

static Suite *profile_suite(void)
{
	Suite *suite = suite_create("profile");
	TCase *table = tcase_create("tables");
	const int row_count = (int)json_array_size(rows);
	tcase_add_loop_test(table, each_row_comes_to_what_the_table_says, 0, row_count);
	tcase_add_loop_test(table, expressions_are_given_what_map_input_gives, 0, row_count);
	tcase_add_loop_test(
	        table, expressions_read_what_the_table_says, 0, (int)json_array_size(inputs));
	suite_add_tcase(suite, table);
	TCase *references = tcase_create("colleagues and logins");
	tcase_add_test(references, colleagues_are_asked_for_once);
	tcase_add_test(references, who_is_not_there_is_not_asked_for);
	tcase_add_test(references, other_forms_need_nobody);
	tcase_add_test(references, a_login_is_chosen_among_the_candidates);
	tcase_add_test(references, without_a_row_for_logins_there_is_nothing_to_choose);
	tcase_add_test(references, states_have_words);
	suite_add_tcase(suite, references);
	return suite;
}

int main(void)
{
	rows = sample_load(ROWS);
	inputs = sample_load(INPUTS);
	int status = suite_run(profile_suite());
	json_decref(rows);
	json_decref(inputs);
	return status;
}
