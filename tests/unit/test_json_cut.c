/* SPDX-License-Identifier: MIT */
#include "server/base/json_cut.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ELEMENT_MAX 64
#define COUNT_MAX   4

static json_t *found;
static size_t wanted; /* elements the reader takes before it has enough */
static struct err err;

static void set_up(void)
{
	found = json_array();
	wanted = SIZE_MAX;
	err = (struct err)ERR_INIT;
}

static void tear_down(void)
{
	json_decref(found);
}

static bool keep(void *context, const json_t *element)
{
	(void)context;
	if (json_array_size(found) == wanted) {
		return false;
	}
	json_array_append_new(found, json_deep_copy(element));
	return true;
}

/* In up to three pieces; true when all was taken and the document was whole. */
static bool cut(const char *text, size_t first, size_t second)
{
	struct json_cut_options options = {.array = "employees",
	        .element_max_bytes = ELEMENT_MAX,
	        .count_max = COUNT_MAX,
	        .on_element = keep};
	struct json_cut cutter;
	size_t len = strlen(text);

	err_clear(&err);
	json_array_clear(found);
	json_cut_init(&cutter, &options);
	bool done = json_cut_take(&cutter, text, first, &err) &&
	        json_cut_take(&cutter, text + first, second - first, &err) &&
	        json_cut_take(&cutter, text + second, len - second, &err) &&
	        json_cut_end(&cutter, &err);
	json_cut_finish(&cutter);
	ck_assert(done == !err_is_set(&err));
	return done;
}

static const struct good {
	const char *text;
	const char *elements;
} GOOD[] = {
        {"{\"employees\":[]}", "[]"},
        {" {\n\"employees\" : [ ] }\r\n", "[]"},
        {"{\"employees\":[{\"id\":\"1\"},{\"id\":2}]}", "[{\"id\":\"1\"},{\"id\":2}]"},
        {"{\"employees\":[{\"a\":[{\"b\":\"]}\\\"{[,\\\\\"}]} , {\"c\":{}}\t]}",
                "[{\"a\":[{\"b\":\"]}\\\"{[,\\\\\"}]},{\"c\":{}}]"},
        {"{\"total\": 12,\"employees\":[1 ,null,\"x\",[true]],\"more\":{\"employees\":[7]}}",
                "[1,null,\"x\",[true]]"},
        {"{\"a\":\"employees\",\"employees\":[\"Łódź \\ud83d\\ude00\"],\"z\":-1.5e3}",
                "[\"Łódź \\ud83d\\ude00\"]"},
};

START_TEST(elements_are_the_same_at_every_split)
{
	const struct good *good = &GOOD[_i];
	json_t *elements = json_loads(good->elements, 0, NULL);
	size_t len = strlen(good->text);

	for (size_t first = 0; first <= len; first++) {
		for (size_t second = first; second <= len; second++) {
			ck_assert_msg(cut(good->text, first, second), "%zu %zu: %s", first, second,
			        err.text);
			ck_assert_msg(json_equal(found, elements), "%zu %zu", first, second);
		}
	}
	json_decref(elements);
}
END_TEST

/* A list that was cut off is never a short list. */
START_TEST(no_beginning_of_a_document_is_a_document)
{
	const char *text = GOOD[_i].text;
	size_t whole = strlen(text);

	while (text[whole - 1] != '}') {
		whole--;
	}
	for (size_t len = 0; len < whole; len++) {
		char *part = str_dup_len(text, len);
		ck_assert_msg(!cut(part, len / 2, len), "%s", part);
		ck_assert_int_eq(err.code, ERR_BAD_JSON);
		free(part);
	}
}
END_TEST

static const char *const BAD[] = {
        "[]",
        "null",
        "<html>",
        "{}",
        "{\"people\":[]}",
        "{\"employees\":{}}",
        "{\"employees\":null}",
        "{\"employees\":[1,]}",
        "{\"employees\":[,1]}",
        "{\"employees\":[1 2]}",
        "{\"employees\":[1]]}",
        "{\"employees\":[{\"a\":1]}",
        "{\"employees\":[{\"a\":[1}]}",
        "{\"employees\":[{\"a\":1,\"a\":2}]}",
        "{\"employees\":[tru]}",
        "{\"employees\":[\"\\x\"]}",
        "{\"employees\":[\"\xff\"]}",
        "{\"employees\":[1],}",
        "{\"employees\":[1],\"a\"}",
        "{\"employees\":[1],\"a\":}",
        "{\"employees\":[1],\"employees\":[2]}",
        "{\"employees\":[1]}{",
        "{\"employees\":[1]} x",
        "{\"employees\" [1]}",
        "{employees:[1]}",
};

START_TEST(damage_is_told_at_every_split)
{
	for (size_t first = 0; first <= strlen(BAD[_i]); first++) {
		ck_assert_msg(!cut(BAD[_i], first, strlen(BAD[_i])), "%s", BAD[_i]);
		ck_assert_int_eq(err.code, ERR_BAD_JSON);
	}
}
END_TEST

START_TEST(an_element_and_the_list_have_a_limit)
{
	char text[256];
	char word[ELEMENT_MAX];

	memset(word, 'x', sizeof(word) - 2);
	word[sizeof(word) - 2] = '\0'; /* with its quotes exactly the limit */
	ck_assert(str_format(text, sizeof(text), "{\"employees\":[\"%s\"]}", word));
	ck_assert(cut(text, 3, 20));
	ck_assert(str_format(text, sizeof(text), "{\"employees\":[\"%sx\"]}", word));
	ck_assert(!cut(text, 3, 20));
	ck_assert_int_eq(err.code, ERR_ANSWER_TOO_LARGE);
	ck_assert(cut("{\"employees\":[1,2,3,4]}", 3, 20));
	ck_assert(!cut("{\"employees\":[1,2,3,4,5]}", 3, 20));
	ck_assert_int_eq(err.code, ERR_ANSWER_TOO_LARGE);
	ck_assert_uint_eq(json_array_size(found), COUNT_MAX);
}
END_TEST

START_TEST(a_reader_may_have_enough)
{
	wanted = 2;
	ck_assert(!cut("{\"employees\":[1,2,3]}", 3, 20));
	ck_assert_int_eq(err.code, ERR_STOPPED);
	ck_assert_uint_eq(json_array_size(found), 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_cut");
	TCase *tcase = tcase_create("cut");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, elements_are_the_same_at_every_split, 0, ARRAY_SIZE(GOOD));
	tcase_add_loop_test(tcase, no_beginning_of_a_document_is_a_document, 0, ARRAY_SIZE(GOOD));
	tcase_add_loop_test(tcase, damage_is_told_at_every_split, 0, ARRAY_SIZE(BAD));
	tcase_add_test(tcase, an_element_and_the_list_have_a_limit);
	tcase_add_test(tcase, a_reader_may_have_enough);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
