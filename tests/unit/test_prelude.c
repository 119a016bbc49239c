/* SPDX-License-Identifier: MIT */
/*
 * The functions of expressions: the table in docs/mapping.md, whose examples are run, and
 * tests/data/mapping/functions.json. All programs of a table compile together, and each case runs
 * in a real evaluator.
 */
#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/evaluator_fixture.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES        "tests/data/mapping/functions.json"
#define PAGE         "docs/mapping.md"
#define PRELUDE      "server/evaluator/prelude.jq"
#define ROWS_MAX     100
#define TEXT_MAX     400
#define PAGE_MAX     (256 * 1024)
#define NAMELESS_END "what an expression does not have"

static json_t *cases;

static char *read_file(const char *path)
{
	char part[4096];
	struct buf text;
	buf_init(&text, PAGE_MAX);
	FILE *file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	for (size_t got = fread(part, 1, sizeof(part), file); got > 0;
	        got = fread(part, 1, sizeof(part), file)) {
		ck_assert(buf_add(&text, part, got));
	}
	fclose(file);
	return buf_take(&text);
}

/* ----------------------------------------------------------------- cases */

/* All that are wrong are named, not only the first. */
static size_t check_case(const json_t *row, const struct evaluation *result)
{
	const char *fails = json_get_text(row, "fails");
	bool is_right = fails != NULL
	        ? result->state == EVALUATION_FAILED && str_equal(result->reason, fails)
	        : result->state == EVALUATION_VALUE &&
	                json_equal(result->value, json_object_get(row, "value"));
	if (!is_right) {
		char *text = json_dumps(result->value, JSON_ENCODE_ANY);
		printf("%s: state %d %s %s\n", json_get_text(row, "name"), result->state,
		        text != NULL ? text : "", result->reason);
		free(text);
	}
	return is_right ? 0 : 1;
}

START_TEST(each_case_gives_what_it_says)
{
	struct evaluator_fixture fixture;
	size_t count = json_array_size(cases);
	size_t wrong = 0;
	const char **programs = calloc(count, sizeof(*programs));
	ck_assert_ptr_nonnull(programs);
	ck_assert_uint_ge(count, 120);
	for (size_t i = 0; i < count; i++) {
		programs[i] = json_get_text(json_array_get(cases, i), "expr");
	}
	evaluator_fixture_init(&fixture, programs, count);
	for (size_t i = 0; i < count; i++) {
		const json_t *row = json_array_get(cases, i);
		char *input = json_dumps(json_object_get(row, "input"), JSON_ENCODE_ANY);
		wrong += check_case(row, evaluator_fixture_run(&fixture, i, "1", input));
		free(input);
	}
	ck_assert_uint_eq(wrong, 0);
	evaluator_fixture_finish(&fixture);
	free(programs);
}
END_TEST

/* ------------------------------------------------------------------ page */

struct row {
	char function[TEXT_MAX];
	char example[TEXT_MAX];
	char result[TEXT_MAX];
};

/* From the next ` of the line to the one after it, with \| as |. Returns what comes behind. */
static const char *take_code(const char *at, char to[TEXT_MAX])
{
	size_t len = 0;
	at = strchr(at, '`');
	ck_assert_ptr_nonnull(at);
	for (at++; *at != '`'; at++) {
		ck_assert(*at != '\0' && *at != '\n' && len + 1 < TEXT_MAX);
		if (at[0] == '\\' && at[1] == '|') {
			continue;
		}
		to[len++] = *at;
	}
	to[len] = '\0';
	return at + 1;
}

/* The third column begins after the second bar that is not part of a cell. */
static const char *skip_cell(const char *at)
{
	while (*at != '|') {
		ck_assert(*at != '\0' && *at != '\n');
		at += at[0] == '\\' ? 2 : 1;
	}
	return at + 1;
}

static size_t read_table(const char *page, struct row *rows)
{
	size_t count = 0;
	const char *at = strstr(page, "\n## Functions\n");
	ck_assert_ptr_nonnull(at);
	for (at = strstr(at, "\n| `"); at != NULL && at[1] == '|'; at = strchr(at + 1, '\n')) {
		struct row *row = &rows[count++];
		ck_assert_uint_lt(count, ROWS_MAX);
		const char *cell = take_code(at, row->function);
		cell = skip_cell(skip_cell(cell));
		cell = take_code(cell, row->example);
		(void)take_code(skip_cell(cell), row->result);
	}
	return count;
}

START_TEST(each_example_of_the_page_gives_its_result)
{
	static struct row rows[ROWS_MAX];
	const char *programs[ROWS_MAX];
	struct evaluator_fixture fixture;
	char *page = read_file(PAGE);
	size_t count = read_table(page, rows);
	ck_assert_uint_gt(count, 20);
	for (size_t i = 0; i < count; i++) {
		programs[i] = rows[i].example;
	}
	evaluator_fixture_init(&fixture, programs, count);
	for (size_t i = 0; i < count; i++) {
		const struct evaluation *result = evaluator_fixture_run(&fixture, i, "1", "null");
		json_t *wanted = json_loads(rows[i].result, JSON_DECODE_ANY, NULL);
		char *text = json_dumps(result->value, JSON_ENCODE_ANY);
		size_t name_len = strcspn(rows[i].function, "(");
		char name[TEXT_MAX];
		str_format_cut(name, sizeof(name), "%.*s", (int)name_len, rows[i].function);
		ck_assert_msg(strstr(rows[i].example, name) != NULL, "%s", rows[i].function);
		ck_assert_msg(json_equal(result->value, wanted), "%s: %s %s", rows[i].example, text,
		        result->reason);
		free(text);
		json_decref(wanted);
	}
	evaluator_fixture_finish(&fixture);
	free(page);
}
END_TEST

static size_t count_arguments(const char *at)
{
	size_t count = *at == '(' ? 1 : 0;
	for (; count > 0 && *at != ')' && *at != '\0'; at++) {
		count += *at == ';' ? 1U : 0U;
	}
	return count;
}

static bool is_in_table(
        const struct row *rows, size_t count, const char *name, size_t len, size_t arguments)
{
	for (size_t i = 0; i < count; i++) {
		const char *given = rows[i].function;
		if (strcspn(given, "(") == len && strncmp(given, name, len) == 0 &&
		        count_arguments(given + len) == arguments) {
			return true;
		}
	}
	return false;
}

START_TEST(each_function_of_the_prelude_is_on_the_page)
{
	static struct row rows[ROWS_MAX];
	char *page = read_file(PAGE);
	char *prelude = read_file(PRELUDE);
	size_t count = read_table(page, rows);
	size_t found = 0;
	const char *forbidden = strstr(prelude, NAMELESS_END);
	ck_assert_ptr_nonnull(forbidden);
	for (const char *at = strstr(prelude, "\ndef "); at != NULL;
	        at = strstr(at + 1, "\ndef ")) {
		const char *name = at + strlen("\ndef ");
		size_t len = strcspn(name, ":(");
		char code[TEXT_MAX];
		str_format_cut(code, sizeof(code), "`%.*s`", (int)len, name);
		if (str_starts_with(name, "__")) {
			continue;
		}
		if (at > forbidden) {
			found += strstr(page, code) != NULL ? 1U : 0U;
			continue;
		}
		found++;
		ck_assert_msg(is_in_table(rows, count, name, len, count_arguments(name + len)),
		        "%s lacks %s with %zu arguments", PAGE, code, count_arguments(name + len));
	}
	ck_assert_uint_gt(found, 30);
	free(prelude);
	free(page);
}
END_TEST

int main(void)
{
	cases = sample_load(CASES);
	setvbuf(stdout, NULL, _IONBF, 0); /* a failing test ends without flushing */
	Suite *suite = suite_create("prelude");
	TCase *functions = tcase_create("functions");
	tcase_add_test(functions, each_case_gives_what_it_says);
	tcase_add_test(functions, each_example_of_the_page_gives_its_result);
	tcase_add_test(functions, each_function_of_the_prelude_is_on_the_page);
	tcase_set_timeout(functions, 60);
	suite_add_tcase(suite, functions);
	int status = suite_run(suite);
	json_decref(cases);
	return status;
}
