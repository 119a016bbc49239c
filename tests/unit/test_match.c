/* SPDX-License-Identifier: MIT */
#include "mapping/match.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define TABLE          "tests/data/mapping/match.json"
#define CANDIDATES_MAX 4

static const char *const OKTA_IDS[CANDIDATES_MAX] = {"00u1found0000example", "00u2found0000example",
        "00u3found0000example", "00u4found0000example"};

static json_t *rows;

/* A person with the profile that the default rows give. */
struct bench {
	struct sample sample;
	struct map_rules rules;
	struct map_profile wanted;
};

/* "logins": what a rule with several expressions gave; the first is the value. */
static void choose_from(struct map_profile *wanted, const json_t *logins)
{
	for (size_t i = 0; json_is_array(logins) && i < wanted->count; i++) {
		struct map_result *result = &wanted->results[i];
		if (str_equal(result->row->okta, "login")) {
			result->candidates = json_deep_copy(logins);
			ck_assert(map_profile_choose_login(
			        wanted, json_string_value(json_array_get(logins, 0))));
		}
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
}

static void bench_finish(struct bench *bench)
{
	map_profile_finish(&bench->wanted);
	map_rules_finish(&bench->rules);
	sample_finish(&bench->sample);
}

static size_t read_candidates(const json_t *list, struct match_candidate *candidates)
{
	const size_t count = json_array_size(list);
	ck_assert_uint_le(count, CANDIDATES_MAX);
	for (size_t i = 0; i < count; i++) {
		const json_t *row = json_array_get(list, i);
		candidates[i] = (struct match_candidate){
		        .okta_id = OKTA_IDS[i],
		        .status = account_status_parse(json_get_text(row, "status")),
		        .profile = json_object_get(row, "profile"),
		        .linked_employee_id = json_get_text(row, "linked"),
		};
	}
	return count;
}

static const char *verdict_name(enum match_verdict verdict)
{
	switch (verdict) {
	case MATCH_NOBODY: return "nobody";
	case MATCH_ADOPT: return "adopt";
	case MATCH_HELD: return "held";
	case MATCH_DUPLICATE: return "duplicate";
	}
	return "?";
}

START_TEST(each_row_is_judged_as_it_says)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	const json_t *expect = json_object_get(row, "expect");
	const char *name = json_get_text(row, "name");
	const char *cause = json_get_text(expect, "cause");
	const int64_t not_same = json_get_int(row, "not_same", -1);
	struct match_candidate candidates[CANDIDATES_MAX];
	struct match_result result;
	struct bench bench;
	bench_init(&bench, row);
	const struct match_query query = {
	        .settings = &bench.sample.settings,
	        .person = &bench.sample.person,
	        .wanted = &bench.wanted,
	        .candidates = candidates,
	        .count = read_candidates(json_object_get(row, "candidates"), candidates),
	        .approval =
	                json_get_bool(row, "approved", false) ? MATCH_APPROVED : MATCH_NOT_APPROVED,
	        .not_same_okta_id = not_same < 0 ? NULL : OKTA_IDS[not_same],
	};
	match_judge(&query, &result);
	ck_assert_msg(str_equal(verdict_name(result.verdict), json_get_text(expect, "verdict")),
	        "%s: %s: %s", name, verdict_name(result.verdict), result.cause);
	ck_assert_msg((int64_t)result.index == json_get_int(expect, "index", (int64_t)result.index),
	        "%s: index %zu", name, result.index);
	ck_assert_msg(result.taken == (unsigned)json_get_int(expect, "taken", 0), "%s: taken %u",
	        name, result.taken);
	ck_assert_msg(
	        cause == NULL || strstr(result.cause, cause) != NULL, "%s: %s", name, result.cause);
	ck_assert_msg(
	        result.verdict == MATCH_NOBODY || result.cause[0] != '\0', "%s: no cause", name);
	ck_assert_msg(strchr(result.cause, '@') == NULL, "%s: %s", name, result.cause);
	bench_finish(&bench);
}
END_TEST

static void expect_search(const char *row_text, const char *expected)
{
	struct bench bench;
	json_t *row = json_loads(row_text, 0, NULL);
	ck_assert_ptr_nonnull(row);
	bench_init(&bench, row);
	char *search = match_search(&bench.sample.settings, &bench.sample.person, &bench.wanted);
	ck_assert_msg(str_equal(search, expected), "%s", search == NULL ? "(null)" : search);
	free(search);
	bench_finish(&bench);
	json_decref(row);
}

START_TEST(the_search_asks_for_login_email_and_second_email)
{
	expect_search("{}",
	        "profile.login eq \"ada.king@example.com\" or profile.email eq "
	        "\"ada.king@example.com\" or profile.secondEmail eq \"ada.king@example.com\"");
}
END_TEST

START_TEST(the_search_asks_for_the_match_attribute)
{
	expect_search(
	        "{\"person\":{\"number\":412},\"settings\":{\"match_okta\":\"employeeNumber\","
	        "\"match_bob\":\"work.employeeIdInCompany\"}}",
	        "profile.login eq \"ada.king@example.com\" or profile.email eq "
	        "\"ada.king@example.com\" or profile.secondEmail eq \"ada.king@example.com\" or "
	        "profile.employeeNumber eq \"412\"");
}
END_TEST

START_TEST(the_search_leaves_out_a_match_attribute_without_value)
{
	expect_search(
	        "{\"person\":{\"number\":null},\"settings\":{\"match_okta\":\"employeeNumber\","
	        "\"match_bob\":\"work.employeeIdInCompany\"}}",
	        "profile.login eq \"ada.king@example.com\" or profile.email eq "
	        "\"ada.king@example.com\" or profile.secondEmail eq \"ada.king@example.com\"");
}
END_TEST

START_TEST(a_quote_in_an_address_cannot_leave_its_string)
{
	expect_search("{\"person\":{\"email\":\"\\\" or id pr or \\\"\\\\@example.com\"}}",
	        "profile.login eq \"\\\" or id pr or \\\"\\\\@example.com\" or profile.email eq "
	        "\"\\\" or id pr or \\\"\\\\@example.com\" or profile.secondEmail eq "
	        "\"\\\" or id pr or \\\"\\\\@example.com\"");
}
END_TEST

START_TEST(the_search_asks_for_every_login_of_the_rule)
{
	expect_search("{\"logins\":[\"aking@example.com\",\"a.king@example.com\"]}",
	        "profile.login eq \"aking@example.com\" or profile.login eq "
	        "\"a.king@example.com\" or profile.email eq \"ada.king@example.com\" or "
	        "profile.secondEmail eq \"ada.king@example.com\"");
}
END_TEST

START_TEST(without_a_login_there_is_no_search)
{
	expect_search("{\"person\":{\"email\":null}}", NULL);
}
END_TEST

int main(void)
{
	rows = sample_load(TABLE);
	Suite *suite = suite_create("match");
	TCase *table = tcase_create("judgement");
	tcase_add_loop_test(table, each_row_is_judged_as_it_says, 0, (int)json_array_size(rows));
	suite_add_tcase(suite, table);
	TCase *search = tcase_create("search");
	tcase_add_test(search, the_search_asks_for_login_email_and_second_email);
	tcase_add_test(search, the_search_asks_for_the_match_attribute);
	tcase_add_test(search, the_search_leaves_out_a_match_attribute_without_value);
	tcase_add_test(search, a_quote_in_an_address_cannot_leave_its_string);
	tcase_add_test(search, the_search_asks_for_every_login_of_the_rule);
	tcase_add_test(search, without_a_login_there_is_no_search);
	suite_add_tcase(suite, search);
	int status = suite_run(suite);
	json_decref(rows);
	return status;
}
