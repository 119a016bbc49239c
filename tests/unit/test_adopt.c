/* SPDX-License-Identifier: MIT */
#include "mapping/adopt.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define TABLE          "tests/data/adopt/classes.json"
#define CANDIDATES_MAX 4

static json_t *rows;

/* A person with the profile that the default rows give, and whom the rules may find. */
struct bench {
	struct sample sample;
	struct map_rules rules;
	struct map_profile wanted;
	struct adopt_rules order;
	struct adopt_candidate candidates[CANDIDATES_MAX];
	struct adopt_query query;
};

/* "logins": what a rule with several expressions gave. */
static void choose_from(struct map_profile *wanted, const json_t *logins)
{
	for (size_t i = 0; json_is_array(logins) && i < wanted->count; i++) {
		if (str_equal(wanted->results[i].row->okta, "login")) {
			wanted->results[i].candidates = json_deep_copy(logins);
		}
	}
}

static void read_candidates(struct bench *bench, const json_t *list)
{
	bench->query.count = json_array_size(list);
	ck_assert_uint_le(bench->query.count, CANDIDATES_MAX);
	for (size_t i = 0; i < bench->query.count; i++) {
		const json_t *row = json_array_get(list, i);
		bench->candidates[i] = (struct adopt_candidate){
		        .user = {.okta_id = "00u1found0000example",
		                .status = account_status_parse(json_get_text(row, "status")),
		                .profile = json_object_get(row, "profile"),
		                .linked_employee_id = json_get_text(row, "linked")},
		        .is_sourced_elsewhere = json_get_bool(row, "elsewhere", false),
		        .is_protected = json_get_bool(row, "protected", false),
		};
	}
}

static void bench_init(struct bench *bench, const json_t *row)
{
	struct err err = ERR_INIT;
	sample_init(&bench->sample, row);
	ck_assert(map_rules_init_default(&bench->rules));
	ck_assert(map_profile_make(
	        &bench->wanted, &bench->rules, &map_context_none, &bench->sample.person, &err));
	choose_from(&bench->wanted, json_object_get(row, "logins"));
	adopt_rules_default(&bench->order);
	if (json_object_get(row, "rules") != NULL) {
		ck_assert(adopt_rules_parse(&bench->order, json_object_get(row, "rules"), &err));
	}
	bench->query = (struct adopt_query){.settings = &bench->sample.settings,
	        .person = &bench->sample.person,
	        .wanted = &bench->wanted,
	        .rules = &bench->order,
	        .candidates = bench->candidates};
	read_candidates(bench, json_object_get(row, "candidates"));
}

static void bench_finish(struct bench *bench)
{
	map_profile_finish(&bench->wanted);
	map_rules_finish(&bench->rules);
	sample_finish(&bench->sample);
}

static void expect_others(const char *name, const struct adopt_result *result, const json_t *others)
{
	ck_assert_msg(result->other_count == json_array_size(others), "%s: %zu others", name,
	        result->other_count);
	for (size_t i = 0; i < result->other_count; i++) {
		ck_assert_int_eq(
		        (int64_t)result->others[i], json_integer_value(json_array_get(others, i)));
	}
}

START_TEST(each_row_is_classified_as_it_says)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	const json_t *expect = json_object_get(row, "expect");
	const char *name = json_get_text(row, "name");
	const char *rule = json_get_text(expect, "rule");
	struct adopt_result result;
	struct bench bench;
	bench_init(&bench, row);
	adopt_classify(&bench.query, &result);
	ck_assert_msg(str_equal(adopt_class_name(result.class_), json_get_text(expect, "class")),
	        "%s: %s", name, adopt_class_name(result.class_));
	ck_assert_msg(str_equal(adopt_why_name(result.why), json_get_text(expect, "why")), "%s: %s",
	        name, adopt_why_name(result.why));
	ck_assert_msg(str_equal(adopt_rule_name(result.rule), rule != NULL ? rule : ""), "%s: %s",
	        name, adopt_rule_name(result.rule));
	ck_assert_msg((int64_t)result.index == json_get_int(expect, "index", 0), "%s: index %zu",
	        name, result.index);
	expect_others(name, &result, json_object_get(expect, "others"));
	ck_assert_msg(result.is_sourced_elsewhere == json_get_bool(expect, "elsewhere", false),
	        "%s: elsewhere", name);
	bench_finish(&bench);
}
END_TEST

static bool share_a_key(const struct adopt_keys *a, const struct adopt_keys *b)
{
	for (size_t i = 0; i < a->count; i++) {
		for (size_t at = 0; at < b->count; at++) {
			if (a->items[i].key == b->items[at].key &&
			        str_equal(a->items[i].text, b->items[at].text)) {
				return true;
			}
		}
	}
	return false;
}

/* An index over the keys brings everybody the rules can find. */
START_TEST(whoever_is_found_shares_a_key)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	struct adopt_result result;
	struct adopt_keys of_person;
	struct adopt_keys of_user;
	struct bench bench;
	bench_init(&bench, row);
	adopt_classify(&bench.query, &result);
	adopt_keys_of_person(&bench.query, &of_person);
	for (size_t i = 0; result.class_ != ADOPT_UNMATCHED && i <= result.other_count; i++) {
		const size_t at = i == 0 ? result.index : result.others[i - 1];
		adopt_keys_of_user(
		        &bench.sample.settings, bench.candidates[at].user.profile, &of_user);
		ck_assert_msg(share_a_key(&of_person, &of_user), "%s", json_get_text(row, "name"));
	}
	bench_finish(&bench);
}
END_TEST

START_TEST(keys_of_a_stranger_find_nobody)
{
	struct adopt_keys of_person;
	struct adopt_keys of_user;
	struct bench bench;
	json_t *profile = json_pack("{s:s, s:s, s:s, s:s, s:s}", "login",
	        "grace.hopper@example.com", "email", "grace.hopper@example.com", "firstName", "Ada",
	        "lastName", "Kingsley", "employeeNumber", "41");
	json_t *row = json_object();
	bench_init(&bench, row);
	adopt_keys_of_person(&bench.query, &of_person);
	adopt_keys_of_user(&bench.sample.settings, profile, &of_user);
	ck_assert(!share_a_key(&of_person, &of_user));
	bench_finish(&bench);
	json_decref(row);
	json_decref(profile);
}
END_TEST

START_TEST(rules_are_taken_in_their_order_and_names_last)
{
	struct err err = ERR_INIT;
	struct adopt_rules rules;
	json_t *words = json_pack("[s, s, s]", "names", "email", "employee_number");
	ck_assert(adopt_rules_parse(&rules, words, &err));
	ck_assert_uint_eq(rules.count, 3);
	ck_assert_int_eq(rules.items[0], ADOPT_EMAIL);
	ck_assert_int_eq(rules.items[1], ADOPT_NUMBER);
	ck_assert_int_eq(rules.items[2], ADOPT_NAMES);
	json_decref(words);
}
END_TEST

static const char *const BAD_RULES[] = {
        "[]", "{}", "[\"login\",\"login\"]", "[\"shoe_size\"]", "[1]", "[\"names\",\"names\"]"};

START_TEST(rules_that_are_none_are_refused)
{
	struct err err = ERR_INIT;
	struct adopt_rules rules;
	json_t *words = json_loads(BAD_RULES[_i], 0, NULL);
	ck_assert_ptr_nonnull(words);
	ck_assert(!adopt_rules_parse(&rules, words, &err));
	ck_assert_int_eq(err.code, ERR_BAD_REQUEST);
	json_decref(words);
}
END_TEST

START_TEST(every_word_has_its_way_back)
{
	for (int rule = 0; rule < ADOPT_RULE_COUNT; rule++) {
		ck_assert_int_eq(adopt_rule_parse(adopt_rule_name((enum adopt_rule)rule)), rule);
	}
	for (int class_ = 0; class_ < ADOPT_CLASS_COUNT; class_++) {
		ck_assert_int_eq(
		        adopt_class_parse(adopt_class_name((enum adopt_class)class_)), class_);
	}
	for (int why = 0; why < ADOPT_WHY_COUNT; why++) {
		ck_assert_int_eq(adopt_why_parse(adopt_why_name((enum adopt_why)why)), why);
		ck_assert(!str_is_empty(adopt_why_text((enum adopt_why)why)));
	}
	ck_assert_int_eq(adopt_rule_parse("x"), ADOPT_RULE_COUNT);
	ck_assert_int_eq(adopt_class_parse(NULL), ADOPT_CLASS_COUNT);
}
END_TEST

int main(void)
{
	rows = sample_load(TABLE);
	const int count = (int)json_array_size(rows);
	Suite *suite = suite_create("adopt");
	TCase *table = tcase_create("table");
	tcase_add_loop_test(table, each_row_is_classified_as_it_says, 0, count);
	tcase_add_loop_test(table, whoever_is_found_shares_a_key, 0, count);
	suite_add_tcase(suite, table);
	TCase *words = tcase_create("words");
	tcase_add_test(words, keys_of_a_stranger_find_nobody);
	tcase_add_test(words, rules_are_taken_in_their_order_and_names_last);
	tcase_add_loop_test(words, rules_that_are_none_are_refused, 0, (int)ARRAY_SIZE(BAD_RULES));
	tcase_add_test(words, every_word_has_its_way_back);
	suite_add_tcase(suite, words);
	const int failed = suite_run(suite);
	json_decref(rows);
	return failed;
}
