/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/rate.h"

#include "tests/sandbox/unit/harness.h"
#include "tests/sandbox/waf.h"

START_TEST(a_window_begins_with_its_first_call_and_lasts_its_length)
{
	struct rates rates = {0};
	struct rate_verdict v = rate_take(&rates, "users", 2, 60000, 1000007);

	ck_assert(!v.is_over);
	ck_assert_int_eq(v.remaining, 1);
	ck_assert_int_eq(v.reset_in_ms, 60000);
	v = rate_take(&rates, "users", 2, 60000, 1059000);
	ck_assert(!v.is_over);
	ck_assert_int_eq(v.remaining, 0);
	ck_assert_int_eq(v.reset_in_ms, 1007);
	v = rate_take(&rates, "users", 2, 60000, 1060006);
	ck_assert(v.is_over);
	ck_assert_int_eq(v.reset_in_ms, 1);
	v = rate_take(&rates, "users", 2, 60000, 1060007);
	ck_assert(!v.is_over);
	ck_assert_int_eq(v.reset_in_ms, 60000);
}
END_TEST

START_TEST(buckets_do_not_share_their_windows)
{
	struct rates rates = {0};

	(void)rate_take(&rates, "users", 1, 1000, 0);
	ck_assert(rate_take(&rates, "users", 1, 1000, 5).is_over);
	ck_assert(!rate_take(&rates, "groups", 1, 1000, 5).is_over);
}
END_TEST

START_TEST(a_limit_of_nought_lets_nothing_through)
{
	struct rates rates = {0};

	ck_assert(rate_take(&rates, "users", 0, 1000, 0).is_over);
}
END_TEST

START_TEST(okta_says_429_with_the_windows_headers)
{
	control("POST", "/settings", "{\"okta_limits\":{\"users_read\":1},\"okta_window_s\":60}");
	ck_assert_int_eq(okta("GET", "/users/me", NULL), 200);
	ck_assert_str_eq(reply_find_header(&last.reply, "X-Rate-Limit-Limit"), "1");
	ck_assert_str_eq(reply_find_header(&last.reply, "X-Rate-Limit-Remaining"), "0");
	int64_t reset = strtoll(reply_find_header(&last.reply, "X-Rate-Limit-Reset"), NULL, 10);
	int64_t ahead = reset - util_wall_ms() / 1000;

	ck_assert_int_ge(ahead, 58);
	ck_assert_int_le(ahead, 61);
	okta("GET", "/users/me", NULL);
	ck_error(429, "E0000047");
	ck_assert_str_eq(reply_find_header(&last.reply, "X-Rate-Limit-Limit"), "1");
	/* Another bucket goes on. */
	ck_assert_int_eq(okta("GET", "/users", NULL), 200);
}
END_TEST

START_TEST(too_many_calls_in_flight_answer_429_with_limit_nought)
{
	control("POST", "/settings", "{\"okta_concurrency\":0}");
	okta("GET", "/users/me", NULL);
	ck_error(429, "E0000047");
	ck_assert_str_eq(reply_find_header(&last.reply, "X-Rate-Limit-Limit"), "0");
}
END_TEST

START_TEST(bob_limits_searches_and_says_so_on_a_401_too)
{
	control("POST", "/settings", "{\"bob_search_per_min\":2}");
	ask_with(&(struct asked){.method = "POST", .uri = "/bob/v1/people/search", .body = "{}"});
	ck_assert_int_eq(last.status, 401);
	ck_assert_uint_eq(last.reply.text_length, 0);
	ck_assert_str_eq(reply_find_header(&last.reply, "X-RateLimit-Remaining"), "1");
	ck_assert_int_eq(bob("POST", "/people/search", "{}"), 200);
	ck_assert_int_eq(bob("POST", "/people/search", "{}"), 429);
	ck_assert_int_eq(bob("POST", "/people/1", "{}"), 404);
}
END_TEST

START_TEST(the_firewall_blocks_an_address_after_many_401)
{
	struct waf waf = {0};
	struct waf_rule rule = {.limit = 3, .window_ms = 10000, .block_ms = 300000};

	waf_count(&waf, &rule, "a", 401, 0);
	waf_count(&waf, &rule, "b", 401, 1000);
	ck_assert(!waf_is_blocked(&waf, "c", 1000));
	/* The first has left the window by now. */
	waf_count(&waf, &rule, "a", 401, 10500);
	ck_assert(!waf_is_blocked(&waf, "c", 10500));
	waf_count(&waf, &rule, "a", 401, 10600);
	ck_assert(waf_is_blocked(&waf, "c", 10700));
	ck_assert(!waf_is_blocked(&waf, "c", 310601));
}
END_TEST

START_TEST(the_firewall_counts_403_by_header_alone)
{
	struct waf waf = {0};
	struct waf_rule rule = {.limit = 2, .window_ms = 10000, .block_ms = 1000};

	waf_count(&waf, &rule, "a", 403, 0);
	waf_count(&waf, &rule, "a", 403, 1);
	ck_assert(waf_is_blocked(&waf, "a", 2));
	ck_assert(!waf_is_blocked(&waf, "b", 2));
	waf_count(&waf, &rule, "b", 200, 3);
	ck_assert(!waf_is_blocked(&waf, "b", 4));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rate");
	TCase *windows = tcase_create("windows");
	TCase *calls = tcase_create("calls");
	TCase *firewall = tcase_create("firewall");

	tcase_add_test(windows, a_window_begins_with_its_first_call_and_lasts_its_length);
	tcase_add_test(windows, buckets_do_not_share_their_windows);
	tcase_add_test(windows, a_limit_of_nought_lets_nothing_through);
	tcase_add_checked_fixture(calls, setup, teardown);
	tcase_add_test(calls, okta_says_429_with_the_windows_headers);
	tcase_add_test(calls, too_many_calls_in_flight_answer_429_with_limit_nought);
	tcase_add_test(calls, bob_limits_searches_and_says_so_on_a_401_too);
	tcase_add_test(firewall, the_firewall_blocks_an_address_after_many_401);
	tcase_add_test(firewall, the_firewall_counts_403_by_header_alone);
	suite_add_tcase(suite, windows);
	suite_add_tcase(suite, calls);
	suite_add_tcase(suite, firewall);
	return run(suite);
}
