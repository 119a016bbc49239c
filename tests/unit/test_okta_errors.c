/* SPDX-License-Identifier: MIT */
#include "okta/okta.h"

#include "server/base/str.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/*
 * The cases lie in tests/data/okta/answers.json: what came, and what is wanted
 * of it. Every text of Okta there mentions ada@example.com, which no sentence
 * may repeat.
 */
#define CASES_FILE "tests/data/okta/answers.json"

static json_t *cases;

static enum okta_call_kind kind_of(const char *word)
{
	if (str_equal(word, "read")) {
		return OKTA_CALL_READ;
	}
	return str_equal(word, "lifecycle") ? OKTA_CALL_LIFECYCLE : OKTA_CALL_WRITE;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void take_pair(const json_t *item, const char *key, const char *to[2])
{
	const json_t *values = json_object_get(item, key);
	to[0] = json_string_value(json_array_get(values, 0));
	to[1] = json_string_value(json_array_get(values, 1));
}

static char *judge_case(const json_t *item, struct call_outcome *outcome)
{
	const json_t *body = json_object_get(item, "body");
	char *text = body != NULL ? json_dumps(body, JSON_COMPACT) : strdup(text_of(item, "raw"));
	const json_t *is_json = json_object_get(item, "json");
	struct okta_answer_facts facts = {
	        .kind = kind_of(text_of(item, "kind")),
	        .http_status = (int)json_integer_value(json_object_get(item, "status")),
	        .body = text,
	        .body_len = strlen(text),
	        .is_json = is_json == NULL || json_is_true(is_json),
	        .date = text_of(item, "date"),
	        .now_ms = json_integer_value(json_object_get(item, "now_ms")),
	};
	take_pair(item, "limit", facts.rate_limit);
	take_pair(item, "remaining", facts.rate_remaining);
	take_pair(item, "reset", facts.rate_reset);
	okta_answer_judge(&facts, outcome);
	return text;
}

static void compare_text(const char *name, const json_t *want, const char *key, const char *got)
{
	const char *wanted = text_of(want, key);
	ck_assert_msg(wanted == NULL || str_equal(wanted, got), "%s: %s is '%s', wanted '%s'", name,
	        key, got, wanted);
}

START_TEST(each_answer_is_judged_as_its_case_says)
{
	const json_t *item = json_array_get(cases, (size_t)_i);
	const json_t *want = json_object_get(item, "want");
	const char *name = text_of(item, "name");
	struct call_outcome outcome;
	char *body = judge_case(item, &outcome);
	compare_text(name, want, "class", call_class_name(outcome.call_class));
	compare_text(name, want, "code", outcome.code);
	compare_text(name, want, "attribute", outcome.attribute);
	const char *part = text_of(want, "sentence");
	ck_assert_msg(part == NULL || strstr(outcome.sentence, part) != NULL, "%s: '%s' lacks '%s'",
	        name, outcome.sentence, part);
	const json_t *wait = json_object_get(want, "wait_ms");
	if (wait != NULL && json_integer_value(wait) > 0) {
		int64_t now_ms = json_integer_value(json_object_get(item, "now_ms"));
		ck_assert_msg(outcome.retry_at_ms - now_ms == json_integer_value(wait),
		        "%s: waits %lld ms", name, (long long)(outcome.retry_at_ms - now_ms));
	} else {
		ck_assert_msg(outcome.call_class == CALL_RETRY_AT || outcome.retry_at_ms == 0,
		        "%s: a retry time without reason", name);
	}
	free(body);
}
END_TEST

START_TEST(sentences_explain_failures_and_quote_nothing)
{
	const json_t *item = json_array_get(cases, (size_t)_i);
	struct call_outcome outcome;
	char *body = judge_case(item, &outcome);
	const char *name = text_of(item, "name");
	bool is_done = outcome.call_class == CALL_DONE;
	ck_assert_msg(is_done == (outcome.sentence[0] == '\0'), "%s: '%s'", name, outcome.sentence);
	ck_assert_msg(
	        strstr(outcome.sentence, "example") == NULL, "%s: '%s'", name, outcome.sentence);
	ck_assert_msg(is_done || str_ends_with_fold(outcome.sentence, "."), "%s: '%s'", name,
	        outcome.sentence);
	ck_assert_msg(outcome.is_sent, "%s: an answer means it was sent", name);
	free(body);
}
END_TEST

START_TEST(long_bodies_and_deep_ones_are_judged_by_status)
{
	size_t len = 200000;
	char *deep = malloc(len + 1);
	memset(deep, '[', len);
	deep[len] = '\0';
	struct okta_answer_facts facts = {.kind = OKTA_CALL_WRITE,
	        .http_status = 403,
	        .body = deep,
	        .body_len = len,
	        .is_json = true};
	struct call_outcome outcome;
	okta_answer_judge(&facts, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_STOP_CONFIG);
	free(deep);
}
END_TEST

int main(void)
{
	cases = json_load_file(CASES_FILE, JSON_REJECT_DUPLICATES, NULL);
	int count = (int)json_array_size(cases);
	Suite *suite = suite_create("okta_errors");
	TCase *judging = tcase_create("judging");
	tcase_add_loop_test(judging, each_answer_is_judged_as_its_case_says, 0, count);
	tcase_add_loop_test(judging, sentences_explain_failures_and_quote_nothing, 0, count);
	tcase_add_test(judging, long_bodies_and_deep_ones_are_judged_by_status);
	suite_add_tcase(suite, judging);
	SRunner *runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner) + (count == 0 ? 1 : 0);
	srunner_free(runner);
	json_decref(cases);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
