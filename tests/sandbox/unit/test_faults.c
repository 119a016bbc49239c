/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/faults.h"

#include "tests/sandbox/unit/harness.h"

static const char ADA[] =
        "{\"profile\":{\"login\":\"ada@example.com\",\"email\":\"ada@example.com\","
        "\"firstName\":\"Ada\",\"lastName\":\"Byron\"}}";

static void fault(const char *rule)
{
	ck_assert_int_eq(control("POST", "/faults", rule), 200);
}

START_TEST(a_500_before_changes_nothing_and_a_500_after_does)
{
	fault("{\"system\":\"okta\",\"route\":\"POST /api/v1/users\",\"action\":\"500_before\","
	      "\"times\":1}");
	okta("POST", "/users", ADA);
	ck_error(500, "E0000009");
	ck_assert_int_eq(okta("GET", "/users/ada@example.com", NULL), 404);
	fault("{\"system\":\"okta\",\"route\":\"POST /api/v1/users\",\"action\":\"500_after\","
	      "\"times\":1}");
	okta("POST", "/users", ADA);
	ck_error(500, "E0000009");
	ck_assert_int_eq(okta("GET", "/users/ada@example.com", NULL), 200);
	control("GET", "/calls?since=0&writes=1", NULL);
	ck_assert(json_is_false(at("calls.0.applied")));
	ck_assert_str_eq(text_at("calls.0.fault"), "500_before");
	ck_assert(json_is_true(at("calls.1.applied")));
	ck_assert_int_eq(json_integer_value(at("calls.1.status")), 500);
}
END_TEST

START_TEST(times_and_after_count_matching_calls)
{
	fault("{\"system\":\"okta\",\"route\":\"GET *\",\"action\":\"500_before\",\"after\":1,"
	      "\"times\":2}");
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 200);
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 500);
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 500);
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 200);
	control("GET", "/faults", NULL);
	ck_assert_int_eq(json_integer_value(at("rules.0.fired")), 2);
}
END_TEST

START_TEST(a_rule_for_one_person_leaves_the_others_alone)
{
	okta("POST", "/users", ADA);
	fault("{\"system\":\"okta\",\"route\":\"*\",\"action\":\"status\",\"status\":403,"
	      "\"code\":\"E0000006\",\"user\":\"ada@example.com\"}");
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 200);
	okta("GET", "/users/ada@example.com", NULL);
	ck_error(403, "E0000006");
	control("DELETE", "/faults", NULL);
	ck_assert_int_eq(okta("GET", "/users/ada@example.com", NULL), 200);
}
END_TEST

START_TEST(method_and_path_match_by_prefix)
{
	fault("{\"system\":\"okta\",\"method\":\"GET\",\"path\":\"/api/v1/users/m\","
	      "\"action\":\"html200\"}");
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 200);
	ck_assert_str_eq(last.reply.content_type, "text/html");
	ck_assert_int_eq(okta("GET", "/users", NULL), 200);
	ck_assert_str_eq(last.reply.content_type, "application/json");
}
END_TEST

START_TEST(the_shapes_of_broken_answers_are_as_asked)
{
	fault("{\"system\":\"okta\",\"route\":\"*\",\"action\":\"truncate\",\"times\":1}");
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 200);
	ck_assert_ptr_null(last.json);
	ck_assert_uint_gt(last.reply.text_length, 100);
	fault("{\"system\":\"okta\",\"route\":\"*\",\"action\":\"garbage\",\"times\":1}");
	okta("GET", "/users/me", NULL);
	ck_assert_ptr_null(last.json);
	fault("{\"system\":\"okta\",\"route\":\"*\",\"action\":\"cut_after_apply\",\"bytes\":9,"
	      "\"times\":1}");
	okta("GET", "/users/me", NULL);
	ck_assert(last.is_cut);
	ck_assert_uint_eq(last.reply.cut_bytes, 9);
	fault("{\"system\":\"bob\",\"route\":\"POST /v1/people/search\",\"action\":\"empty\","
	      "\"times\":1}");
	ck_assert_int_eq(bob("POST", "/people/search", "{}"), 200);
	ck_assert(json_is_array(at("employees")));
	fault("{\"system\":\"bob\",\"route\":\"*\",\"action\":\"401\",\"times\":1}");
	ck_assert_int_eq(bob("POST", "/people/search", "{}"), 401);
	ck_assert_uint_eq(last.reply.text_length, 0);
}
END_TEST

START_TEST(both_kinds_of_429_carry_their_headers)
{
	fault("{\"system\":\"okta\",\"route\":\"*\",\"action\":\"429\",\"reset_s\":5,\"times\":1}");
	okta("GET", "/users/me", NULL);
	ck_error(429, "E0000047");
	ck_assert_str_eq(reply_find_header(&last.reply, "X-Rate-Limit-Limit"), "1000");
	fault("{\"system\":\"okta\",\"route\":\"*\",\"action\":\"429\",\"concurrency\":true,"
	      "\"times\":1}");
	okta("GET", "/users/me", NULL);
	ck_assert_str_eq(reply_find_header(&last.reply, "X-Rate-Limit-Limit"), "0");
	fault("{\"system\":\"bob\",\"route\":\"*\",\"action\":\"429\",\"times\":1}");
	ck_assert_int_eq(bob("POST", "/people/search", "{}"), 429);
	ck_assert_ptr_nonnull(reply_find_header(&last.reply, "X-RateLimit-Reset"));
}
END_TEST

START_TEST(slow_rules_add_up_and_let_the_call_through)
{
	fault("{\"rules\":[{\"system\":\"okta\",\"route\":\"*\",\"action\":\"slow\",\"ms\":30},"
	      "{\"system\":\"okta\",\"route\":\"*\",\"action\":\"slow\",\"ms\":30}]}");
	int64_t before = util_tick_ms();

	ck_assert_int_eq(okta("GET", "/users/me", NULL), 200);
	ck_assert_int_ge(util_tick_ms() - before, 60);
}
END_TEST

START_TEST(a_probability_fires_about_so_often)
{
	int fired = 0;

	fault("{\"system\":\"okta\",\"route\":\"*\",\"action\":\"500_before\",\"probability\":0.2}");
	for (int i = 0; i < 500; i++) {
		fired += okta("GET", "/users/me", NULL) == 500;
	}
	ck_assert_int_gt(fired, 60);
	ck_assert_int_lt(fired, 150);
}
END_TEST

START_TEST(a_mistaken_rule_is_refused_and_none_of_its_batch_is_kept)
{
	static const char *const BAD[] = {"{\"system\":\"okta\",\"action\":\"dance\"}",
	        "{\"action\":\"500_before\"}", "{\"system\":\"okta\",\"action\":\"status\"}",
	        "{\"system\":\"okta\",\"action\":\"slow\",\"millis\":3}",
	        "{\"rules\":[{\"system\":\"okta\",\"action\":\"slow\"},{}]}"};

	for (size_t i = 0; i < COUNT(BAD); i++) {
		ck_assert_int_eq(control("POST", "/faults", BAD[i]), 400);
	}
	control("GET", "/faults", NULL);
	ck_assert_uint_eq(json_array_size(at("rules")), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("faults");
	TCase *rules = tcase_create("rules");

	tcase_add_checked_fixture(rules, setup, teardown);
	tcase_add_test(rules, a_500_before_changes_nothing_and_a_500_after_does);
	tcase_add_test(rules, times_and_after_count_matching_calls);
	tcase_add_test(rules, a_rule_for_one_person_leaves_the_others_alone);
	tcase_add_test(rules, method_and_path_match_by_prefix);
	tcase_add_test(rules, the_shapes_of_broken_answers_are_as_asked);
	tcase_add_test(rules, both_kinds_of_429_carry_their_headers);
	tcase_add_test(rules, slow_rules_add_up_and_let_the_call_through);
	tcase_add_test(rules, a_probability_fires_about_so_often);
	tcase_add_test(rules, a_mistaken_rule_is_refused_and_none_of_its_batch_is_kept);
	suite_add_tcase(suite, rules);
	return run(suite);
}
