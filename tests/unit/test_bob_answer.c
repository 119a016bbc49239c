/* SPDX-License-Identifier: MIT */
#include "server/bob/bob_answer.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define NOW_S INT64_C(1795460400)
#define NOW   (NOW_S * 1000)
#define DATE  "Mon, 23 Nov 2026 19:00:00 GMT"

static const struct {
	const char *name;
	struct bob_answer_facts facts;
	enum call_class call_class;
	int64_t wait_ms;
} cases[] = {
        {"200 JSON", {.http_status = 200, .is_json = true}, CALL_DONE, 0},
        {"a wrong path answers 200 with a page", {.http_status = 200}, CALL_STOP_CONFIG, 0},
        {"204", {.http_status = 204}, CALL_STOP_CONFIG, 0},
        {"302", {.http_status = 302}, CALL_STOP_CONFIG, 0},
        {"304", {.http_status = 304}, CALL_STOP_CONFIG, 0},
        {"400", {.http_status = 400, .is_json = true}, CALL_PERMANENT, 0},
        {"400 as a page", {.http_status = 400}, CALL_PERMANENT, 0},
        {"401 without a body", {.http_status = 401}, CALL_STOP_CREDENTIALS, 0},
        {"403", {.http_status = 403, .is_json = true}, CALL_STOP_CONFIG, 0},
        {"404", {.http_status = 404, .is_json = true}, CALL_NOT_FOUND, 0},
        {"405", {.http_status = 405}, CALL_PERMANENT, 0},
        {"408", {.http_status = 408}, CALL_RETRY_LATER, 0},
        {"413", {.http_status = 413}, CALL_PERMANENT, 0},
        {"425", {.http_status = 425}, CALL_RETRY_LATER, 0},
        {"500", {.http_status = 500, .is_json = true}, CALL_RETRY_LATER, 0},
        {"502", {.http_status = 502}, CALL_RETRY_LATER, 0},
        {"503", {.http_status = 503}, CALL_RETRY_LATER, 0},
        {"504", {.http_status = 504}, CALL_RETRY_LATER, 0},
        {"599", {.http_status = 599}, CALL_RETRY_LATER, 0},
        {"101", {.http_status = 101}, CALL_RETRY_LATER, 0},
        {"429 with nothing", {.http_status = 429, .now_ms = NOW}, CALL_RETRY_AT, 60000},
        {"429 with Retry-After",
                {.http_status = 429, .retry_after = "7", .rate_reset = "1795460440", .now_ms = NOW},
                CALL_RETRY_AT, 7000},
        {"429 with Retry-After 0", {.http_status = 429, .retry_after = "0", .now_ms = NOW},
                CALL_RETRY_AT, 1000},
        {"429 with a Retry-After of a day",
                {.http_status = 429, .retry_after = "86400", .now_ms = NOW}, CALL_RETRY_AT, 300000},
        {"429 with a Retry-After beyond all numbers",
                {.http_status = 429, .retry_after = "9223372036854775807", .now_ms = NOW},
                CALL_RETRY_AT, 300000},
        {"429 with a Retry-After date",
                {.http_status = 429,
                        .retry_after = "Mon, 23 Nov 2026 19:00:30 GMT",
                        .date = DATE,
                        .now_ms = NOW + 600000},
                CALL_RETRY_AT, 31000},
        {"429 with an unreadable Retry-After and a reset",
                {.http_status = 429,
                        .retry_after = "soon",
                        .rate_reset = "1795460420",
                        .date = DATE,
                        .now_ms = NOW},
                CALL_RETRY_AT, 21000},
        {"429 with a reset, our clock 10 minutes ahead",
                {.http_status = 429,
                        .rate_reset = "1795460440",
                        .date = DATE,
                        .now_ms = NOW + 600000},
                CALL_RETRY_AT, 41000},
        {"429 with a reset, our clock 10 minutes behind",
                {.http_status = 429,
                        .rate_reset = "1795460440",
                        .date = DATE,
                        .now_ms = NOW - 600000},
                CALL_RETRY_AT, 41000},
        {"429 with a reset in the past",
                {.http_status = 429, .rate_reset = "1795450000", .date = DATE, .now_ms = NOW},
                CALL_RETRY_AT, 1000},
        {"429 with a reset in 2099",
                {.http_status = 429, .rate_reset = "4102444799", .date = DATE, .now_ms = NOW},
                CALL_RETRY_AT, 300000},
        {"429 with a negative reset",
                {.http_status = 429, .rate_reset = "-1", .date = DATE, .now_ms = NOW},
                CALL_RETRY_AT, 60000},
        {"429 with a reset and no Date",
                {.http_status = 429, .rate_reset = "1795460410", .now_ms = NOW}, CALL_RETRY_AT,
                11000},
};

START_TEST(each_answer_is_judged_as_its_case_says)
{
	struct call_outcome outcome;
	bob_answer_judge(&cases[_i].facts, &outcome);
	ck_assert_msg(outcome.call_class == cases[_i].call_class, "%s: %s", cases[_i].name,
	        call_class_name(outcome.call_class));
	int64_t wait_ms =
	        outcome.retry_at_ms == 0 ? 0 : outcome.retry_at_ms - cases[_i].facts.now_ms;
	ck_assert_msg(wait_ms == cases[_i].wait_ms, "%s: waits %lld ms", cases[_i].name,
	        (long long)wait_ms);
	ck_assert_msg((outcome.call_class == CALL_DONE) == (outcome.sentence[0] == '\0'),
	        "%s: '%s'", cases[_i].name, outcome.sentence);
	ck_assert_int_eq(outcome.http_status, cases[_i].facts.http_status);
	ck_assert(outcome.is_sent);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bob_answer");
	TCase *judging = tcase_create("judging");
	tcase_add_loop_test(
	        judging, each_answer_is_judged_as_its_case_says, 0, (int)ARRAY_SIZE(cases));
	suite_add_tcase(suite, judging);
	return suite_run(suite);
}
