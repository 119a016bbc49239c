/* SPDX-License-Identifier: MIT */
/* The pure half of the faulty proxy; its other half is tried over sockets in
 * tests/faults/test_proxy.py. */
#include "tests/support/proxy_rule.h"

#include "server/base/attr.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

START_TEST(a_rule_says_what_where_and_when)
{
	struct proxy_rule rule;
	ck_assert_ptr_null(proxy_rule_parse(
	        "side=request action=drip at=12 ms=1000 jitter=5 times=2 after=1 percent=50 match=POST /a b",
	        &rule));
	ck_assert_int_eq(rule.side, PROXY_REQUEST);
	ck_assert_int_eq(rule.action, PROXY_DRIP);
	ck_assert_int_eq(rule.at, 12);
	ck_assert_int_eq(rule.ms, 1000);
	ck_assert_int_eq(rule.jitter, 5);
	ck_assert_int_eq(rule.times, 2);
	ck_assert_int_eq(rule.after, 1);
	ck_assert_int_eq(rule.percent, 50);
	ck_assert_str_eq(rule.match, "POST /a b");
}
END_TEST

static const char *const MISTAKES[][2] = {
        {"at=1", "an action is missing"},
        {"action=explode", "no such action"},
        {"action=reset side=both", "side is request or answer"},
        {"action=reset at=x", "not a number"},
        {"action=reset at=", "not a number"},
        {"action=reset colour=1", "no such key"},
        {"action=reset now", "a word without ="},
};

START_TEST(a_mistake_is_named)
{
	struct proxy_rule rule;
	ck_assert_str_eq(proxy_rule_parse(MISTAKES[_i][0], &rule), MISTAKES[_i][1]);
}
END_TEST

static bool picks(struct proxy_rules *rules, const char *line)
{
	struct proxy_rule picked;
	return proxy_rules_pick(
	        rules, line == NULL, line, line != NULL ? strlen(line) : 0, &picked);
}

static void add(struct proxy_rules *rules, const char *text)
{
	struct proxy_rule rule;
	ck_assert_ptr_null(proxy_rule_parse(text, &rule));
	ck_assert(proxy_rules_add(rules, &rule));
}

START_TEST(rules_count_what_matches)
{
	struct proxy_rules rules = {0};
	add(&rules, "action=reset after=1 times=2 match=POST /x");
	ck_assert(!picks(&rules, "GET /x HTTP/1.1"));
	ck_assert(!picks(&rules, "POST /"));
	ck_assert(!picks(&rules, "POST /x HTTP/1.1"));
	ck_assert(picks(&rules, "POST /x HTTP/1.1"));
	ck_assert(picks(&rules, "POST /xy HTTP/1.1"));
	ck_assert(!picks(&rules, "POST /x HTTP/1.1"));
	ck_assert(!picks(&rules, NULL));
	add(&rules, "action=refuse times=1");
	ck_assert(!picks(&rules, "POST /x HTTP/1.1"));
	ck_assert(picks(&rules, NULL));
	ck_assert(!picks(&rules, NULL));
}
END_TEST

START_TEST(a_seed_decides_what_a_percentage_means)
{
	struct proxy_rules one = {.random = 7};
	struct proxy_rules two = {.random = 7};
	int fired = 0;
	add(&one, "action=reset percent=30");
	add(&two, "action=reset percent=30");
	for (int i = 0; i < 1000; i++) {
		bool is_picked = picks(&one, "GET /");
		ck_assert(is_picked == picks(&two, "GET /"));
		fired += is_picked;
	}
	ck_assert_int_ge(fired, 250);
	ck_assert_int_le(fired, 350);
}
END_TEST

START_TEST(there_is_a_most_of_rules)
{
	struct proxy_rules rules = {0};
	struct proxy_rule rule = {.action = PROXY_RESET};
	for (int i = 0; i < PROXY_RULES_MAX; i++) {
		ck_assert(proxy_rules_add(&rules, &rule));
	}
	ck_assert(!proxy_rules_add(&rules, &rule));
}
END_TEST

static const struct length_case {
	const char *head;
	long by;
	const char *wanted;
} LENGTHS[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", 1,
                "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\ncontent-length:100\r\nA: b\r\n\r\n", -95,
                "HTTP/1.1 200 OK\r\ncontent-length:5\r\nA: b\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", -10,
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"HTTP/1.1 204 No\r\nA: Content-Length: 3\r\n\r\n", 1, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 1, ""},
};

START_TEST(a_length_is_made_wrong)
{
	const struct length_case *row = &LENGTHS[_i];
	char to[128];
	size_t len = proxy_rewrite_length(row->head, strlen(row->head), row->by, to, sizeof(to));
	ck_assert_uint_eq(len, strlen(row->wanted));
	ck_assert_mem_eq(to, row->wanted, len);
	ck_assert_uint_eq(proxy_rewrite_length(row->head, strlen(row->head), row->by, to, 8), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxy_rule");
	TCase *tcase = tcase_create("all");
	tcase_add_test(tcase, a_rule_says_what_where_and_when);
	tcase_add_loop_test(tcase, a_mistake_is_named, 0, ARRAY_SIZE(MISTAKES));
	tcase_add_test(tcase, rules_count_what_matches);
	tcase_add_test(tcase, a_seed_decides_what_a_percentage_means);
	tcase_add_test(tcase, there_is_a_most_of_rules);
	tcase_add_loop_test(tcase, a_length_is_made_wrong, 0, ARRAY_SIZE(LENGTHS));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
