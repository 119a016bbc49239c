/* SPDX-License-Identifier: MIT */
/*
 * The state table: every Bob situation with every status in Okta, activation
 * mode, set of settings and own lowering, against the rules of the policy as
 * an ordered list of patterns (tests/data/policy/matrix.json). The first rule
 * that matches says what is wanted, by which rule's id, and what the plan does
 * first. Every rule must be met at least once.
 */
#include "mapping/mapping.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_NAME      "tests/data/policy/matrix.json"
#define RULES_MAX      200
#define MISMATCHES_MAX 20 /* printed; all are counted */
#define ROWS_MIN       10000 /* that many combinations at least, or something was lost */
#define TIMEOUT_S      300

/* From the outermost loop to the innermost. */
enum dimension { BOB, OKTA, MODE, SETTINGS, OWN, WHO, DIMENSIONS };
static const char *const NAMES[DIMENSIONS] = {"bob", "okta", "mode", "settings", "own", "who"};

struct matrix {
	json_t *table;
	struct map_rules rules;
	const char *names[DIMENSIONS]; /* the combination in hand */
	const json_t *values[DIMENSIONS];
	long rows;
	long mismatches;
	long hits[RULES_MAX];
};

/* -------------------------------------------------------------------- patterns */

static bool names_it(const json_t *wanted, const char *name)
{
	size_t i;
	const json_t *item;
	if (json_is_string(wanted)) {
		return str_equal(json_string_value(wanted), name);
	}
	json_array_foreach(wanted, i, item)
	{
		if (str_equal(json_string_value(item), name)) {
			return true;
		}
	}
	return false;
}

static bool matches_names(const struct matrix *matrix, const json_t *pattern)
{
	for (size_t i = 0; i < DIMENSIONS; i++) {
		const json_t *wanted = json_object_get(pattern, NAMES[i]);
		if (wanted != NULL && !names_it(wanted, matrix->names[i])) {
			return false;
		}
	}
	return true;
}

static bool is_in_set(const struct matrix *matrix, const char *name)
{
	const json_t *set = json_object_get(json_object_get(matrix->table, "sets"), name);
	size_t i;
	const json_t *pattern;
	ck_assert_msg(json_is_array(set), "no such set: %s", name);
	json_array_foreach(set, i, pattern)
	{
		if (matches_names(matrix, pattern)) {
			return true;
		}
	}
	return false;
}

/* All names, and all sets of "is". */
static bool matches(const struct matrix *matrix, const json_t *pattern)
{
	size_t i;
	const json_t *name;
	if (!matches_names(matrix, pattern)) {
		return false;
	}
	json_array_foreach(json_object_get(pattern, "is"), i, name)
	{
		if (!is_in_set(matrix, json_string_value(name))) {
			return false;
		}
	}
	return true;
}

/* The number of the first pattern that matches; the list's size for none. */
static size_t find_match(const struct matrix *matrix, const char *list)
{
	const json_t *patterns = json_object_get(matrix->table, list);
	size_t i = 0;
	while (i < json_array_size(patterns) && !matches(matrix, json_array_get(patterns, i))) {
		i++;
	}
	return i;
}

/* ------------------------------------------------------------ one combination */

static void lay(json_t *over, const json_t *values)
{
	if (values != NULL) {
		json_t *copy = json_deep_copy(values);
		json_object_update(over, copy);
		json_decref(copy);
	}
}

/* A row as the other tables of the policy have them (sample.h). */
static json_t *make_row(const struct matrix *matrix)
{
	json_t *row = json_deep_copy(matrix->values[BOB]);
	json_t *account = json_object();
	json_t *settings = json_object();
	lay(account, matrix->values[OKTA]);
	lay(account, matrix->values[MODE]);
	lay(account, matrix->values[OWN]);
	lay(account, json_object_get(matrix->values[BOB], "account"));
	lay(account, json_object_get(matrix->values[WHO], "account"));
	lay(settings, matrix->values[MODE]);
	lay(settings, matrix->values[SETTINGS]);
	lay(settings, json_object_get(matrix->values[WHO], "settings"));
	json_object_set_new(row, "account", account);
	json_object_set_new(row, "settings", settings);
	return row;
}

static const char *first_action(
        const struct matrix *matrix, const struct sample *sample, const struct decision *decision)
{
	struct err err = ERR_INIT;
	struct map_profile wanted = {0};
	struct plan plan;
	json_t *present = NULL;
	if (sample->input.person != NULL) {
		ck_assert(map_profile_make(
		        &wanted, &matrix->rules, &map_context_none, sample->input.person, &err));
		present = map_profile_diff(&wanted, DIFF_FOR_CREATE, NULL, NULL);
	}
	const struct plan_input input = {.decision = decision,
	        .account = &sample->account,
	        .settings = &sample->settings,
	        .wanted = sample->input.person == NULL ? NULL : &wanted,
	        .present = present};
	ck_assert(plan_make(&plan, &input, &err));
	const char *first = plan.count == 0 ? "none" : action_kind_name(plan.actions[0].kind);
	plan_finish(&plan);
	map_profile_finish(&wanted);
	json_decref(present);
	return first;
}

static void compare(struct matrix *matrix, const json_t *rule, const struct decision *decision,
        const char *first)
{
	const char *wanted = wanted_account_name(decision->wanted);
	const char *id = policy_rule_id(decision->rule);
	if (str_equal(wanted, json_get_text(rule, "wanted")) &&
	        str_equal(id, json_get_text(rule, "id")) &&
	        str_equal(first, json_get_text(rule, "first"))) {
		return;
	}
	if (matrix->mismatches++ < MISMATCHES_MAX) {
		fprintf(stderr,
		        "bob %s, okta %s, mode %s, settings %s, own %s, who %s: by \"%s\" expected "
		        "%s %s %s, got %s %s %s\n",
		        matrix->names[BOB], matrix->names[OKTA], matrix->names[MODE],
		        matrix->names[SETTINGS], matrix->names[OWN], matrix->names[WHO],
		        json_get_text(rule, "name"), json_get_text(rule, "id"),
		        json_get_text(rule, "wanted"), json_get_text(rule, "first"), id, wanted,
		        first);
	}
}

static void check_row(struct matrix *matrix)
{
	const json_t *rules = json_object_get(matrix->table, "rules");
	const size_t number = find_match(matrix, "rules");
	struct sample sample;
	struct decision decision;
	ck_assert_msg(number < json_array_size(rules), "no rule for %s", matrix->names[BOB]);
	json_t *row = make_row(matrix);
	sample_init(&sample, row);
	policy_decide(&sample.input, &decision);
	matrix->hits[number]++;
	matrix->rows++;
	compare(matrix, json_array_get(rules, number), &decision,
	        first_action(matrix, &sample, &decision));
	sample_finish(&sample);
	json_decref(row);
}

/* -------------------------------------------------------------- going through */

static void each_value(struct matrix *matrix, size_t dimension)
{
	const char *name;
	json_t *value;
	if (dimension == DIMENSIONS) {
		const size_t skips = json_array_size(json_object_get(matrix->table, "skip"));
		if (find_match(matrix, "skip") == skips) {
			check_row(matrix);
		}
		return;
	}
	json_object_foreach(json_object_get(matrix->table, NAMES[dimension]), name, value)
	{
		matrix->names[dimension] = name;
		matrix->values[dimension] = value;
		each_value(matrix, dimension + 1);
	}
}

/* A name that no dimension has would make a pattern that is never met, and say nothing. */
static void check_names(const struct matrix *matrix, const json_t *pattern)
{
	for (size_t i = 0; i < DIMENSIONS; i++) {
		const json_t *values = json_object_get(matrix->table, NAMES[i]);
		const json_t *wanted = json_object_get(pattern, NAMES[i]);
		size_t at;
		const json_t *item;
		ck_assert_msg(!json_is_string(wanted) ||
		                json_object_get(values, json_string_value(wanted)) != NULL,
		        "no %s: %s", NAMES[i], json_string_value(wanted));
		json_array_foreach(wanted, at, item)
		{
			ck_assert_msg(json_object_get(values, json_string_value(item)) != NULL,
			        "no %s: %s", NAMES[i], json_string_value(item));
		}
	}
}

static void check_patterns(const struct matrix *matrix)
{
	const char *name;
	size_t i;
	json_t *item;
	json_t *set;
	json_array_foreach(json_object_get(matrix->table, "rules"), i, item)
	{
		check_names(matrix, item);
	}
	json_object_foreach(json_object_get(matrix->table, "sets"), name, set)
	{
		json_array_foreach(set, i, item)
		{
			check_names(matrix, item);
		}
	}
}

static void check_every_rule_was_met(const struct matrix *matrix)
{
	const json_t *rules = json_object_get(matrix->table, "rules");
	for (size_t i = 0; i < json_array_size(rules); i++) {
		ck_assert_msg(matrix->hits[i] > 0, "no combination is decided by \"%s\"",
		        json_get_text(json_array_get(rules, i), "name"));
	}
}

START_TEST(every_combination_is_decided_by_the_first_rule_that_matches)
{
	struct matrix matrix = {.table = json_load_file(FILE_NAME, JSON_REJECT_DUPLICATES, NULL)};
	ck_assert_msg(json_is_object(matrix.table), "%s cannot be read", FILE_NAME);
	ck_assert_uint_lt(json_array_size(json_object_get(matrix.table, "rules")), RULES_MAX);
	ck_assert(map_rules_init_default(&matrix.rules));
	/* Kept open, so that the combinations do not each read it from the disk. */
	struct zone *zone = zone_open("Europe/London", NULL);
	check_patterns(&matrix);
	each_value(&matrix, 0);
	ck_assert_msg(
	        matrix.mismatches == 0, "%ld of %ld combinations", matrix.mismatches, matrix.rows);
	ck_assert_int_gt(matrix.rows, ROWS_MIN);
	check_every_rule_was_met(&matrix);
	zone_close(zone);
	map_rules_finish(&matrix.rules);
	json_decref(matrix.table);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy matrix");
	TCase *table = tcase_create("table");
	tcase_set_timeout(table, TIMEOUT_S);
	tcase_add_test(table, every_combination_is_decided_by_the_first_rule_that_matches);
	suite_add_tcase(suite, table);
	return suite_run(suite);
}
