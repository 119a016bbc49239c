/* SPDX-License-Identifier: MIT */
/* Many programs in one text, and none reaches out of its place (server/evaluator/source.c). */
#include "server/evaluator/source.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

struct check {
	const char *program;
	const char *complaint; /* NULL: it may stand in another text */
};

static const struct check checks[] = {
        {".", NULL},
        {".a[0] | {b: (1)}", NULL},
        {"\"a ) ] } \\\" ( # \"", NULL},
        {"\"a \\(.b | \"c \\(.d)\") e\"", NULL},
        {"@base64 \"x\\(\")\")\"", NULL},
        {". # ) \" (", NULL},
        {"# only\n.", NULL},
        {"", "it is empty"},
        {" \t\r\n", "it is empty"},
        {"# )", "it is empty"},
        {".a |\n  \"é\" + [1", "line 2, column 9: a bracket does not close"},
        {"(", "line 1, column 1: a bracket does not close"},
        {"{a: [1}", "line 1, column 7: brackets do not match"},
        {")", "line 1, column 1: a bracket is closed that was not opened"},
        {"1) | (1", "line 1, column 2: a bracket is closed that was not opened"},
        {"\"", "line 1, column 1: a text in quotation marks does not end"},
        {"\"\\", "line 1, column 1: a text in quotation marks does not end"},
        {"\"\\(1", "line 1, column 3: a bracket does not close"},
        {"\"\\(1]\"", "line 1, column 5: brackets do not match"},
        {"\"\\(1)", "line 1, column 5: a text in quotation marks does not end"},
};

START_TEST(a_program_closes_what_it_opens)
{
	const struct check *check = &checks[_i];
	char reason[100] = "";
	bool is_good = source_check(check->program, reason, sizeof(reason));
	ck_assert_msg(is_good == (check->complaint == NULL), "%s: %s", check->program, reason);
	ck_assert_msg(
	        is_good || str_equal(reason, check->complaint), "%s: %s", check->program, reason);
}
END_TEST

START_TEST(programs_have_a_depth_and_a_length)
{
	static char text[SOURCE_PROGRAM_MAX_BYTES + 2];
	char reason[100];
	memset(text, '[', SOURCE_DEPTH_MAX);
	memset(text + SOURCE_DEPTH_MAX, ']', SOURCE_DEPTH_MAX);
	ck_assert(source_check(text, reason, sizeof(reason)));
	memset(text, '[', SOURCE_DEPTH_MAX + 1);
	ck_assert(!source_check(text, reason, sizeof(reason)));
	ck_assert_str_eq(reason, "line 1, column 201: brackets are nested too deep");
	memset(text, '1', SOURCE_PROGRAM_MAX_BYTES);
	text[SOURCE_PROGRAM_MAX_BYTES] = '\0';
	ck_assert(source_check(text, reason, sizeof(reason)));
	text[SOURCE_PROGRAM_MAX_BYTES] = '1';
	ck_assert(!source_check(text, reason, sizeof(reason)));
}
END_TEST

static size_t line_of(const char *text, const char *part)
{
	size_t line = 1;
	const char *end = strstr(text, part);
	ck_assert_msg(end != NULL, "%s", part);
	for (const char *at = text; at < end; at++) {
		line += *at == '\n' ? 1U : 0U;
	}
	return line;
}

START_TEST(places_are_lines_of_the_whole)
{
	const char *const programs[] = {
	        "\"first\"", "\"left out\"", "1\n| \"third\" # gone\n", "\"fourth\""};
	const bool is_wanted[] = {true, false, true, true};
	struct source_place places[4];
	struct buf text;
	buf_init(&text, 100000);
	ck_assert(source_combine(&text, programs, is_wanted, 4, places));
	ck_assert_uint_eq(places[0].first_line, line_of(text.data, "\"first\""));
	ck_assert_uint_eq(places[1].first_line, 0);
	ck_assert_ptr_null(strstr(text.data, "left out"));
	ck_assert_ptr_null(strstr(text.data, "gone"));
	ck_assert_uint_eq(places[2].first_line + 1, line_of(text.data, "\"third\""));
	ck_assert_uint_eq(places[2].lines, 3);
	ck_assert_uint_eq(places[3].first_line, line_of(text.data, "\"fourth\""));
	buf_finish(&text);
	buf_init(&text, 1000);
	ck_assert(!source_combine(&text, programs, is_wanted, 4, places));
	buf_finish(&text);
}
END_TEST

START_TEST(functions_of_the_prelude_are_known_by_name)
{
	ck_assert(source_has_function("ascii"));
	ck_assert(source_has_function("phone_e164"));
	ck_assert(!source_has_function("asci"));
	ck_assert(!source_has_function(""));
	ck_assert(!source_has_function("ascii: ["));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source");
	TCase *source = tcase_create("source");
	tcase_add_loop_test(source, a_program_closes_what_it_opens, 0, (int)ARRAY_SIZE(checks));
	tcase_add_test(source, programs_have_a_depth_and_a_length);
	tcase_add_test(source, places_are_lines_of_the_whole);
	tcase_add_test(source, functions_of_the_prelude_are_known_by_name);
	suite_add_tcase(suite, source);
	return suite_run(suite);
}
