/* SPDX-License-Identifier: MIT */
/* Sentences in place of jq's messages (server/evaluator/reason.c). */
#include "server/evaluator/reason.h"

#include "mapping/mapping.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define PROGRAM "if .a then .b + 1 else error(\"no cost centre\") end"

struct message {
	const char *said;
	const char *reason;
};

static const struct message messages[] = {
        {"Cannot index string with \"Müller\"",
                "it looks for a field or an element in something that has none"},
        {"string (\"Müller\") and number (1) cannot be added",
                "it adds values that cannot be added"},
        {"string (\"Müller\") cannot be parsed as a number",
                "it reads a text as a number that is none"},
        {"number (1) and number (0) cannot be divided because the divisor is zero",
                "it divides by zero"},
        {"no cost centre", "it says: no cost centre"},
        {"no cost", "it gave an error"},
        {"Müller", "it gave an error"},
        {"", "it gave an error"},
        {"a", "it gave an error"},
};

START_TEST(a_message_becomes_a_sentence_without_data)
{
	char reason[EVALUATION_REASON_BYTES];
	reason_of_message(messages[_i].said, PROGRAM, reason, sizeof(reason));
	ck_assert_str_eq(reason, messages[_i].reason);
	ck_assert_ptr_null(strstr(reason, "Müller"));
}
END_TEST

START_TEST(only_words_of_ours_make_a_sentence_of_ours)
{
	char reason[EVALUATION_REASON_BYTES];
	ck_assert(reason_of_prelude("upper", "text", reason, sizeof(reason)));
	ck_assert_str_eq(reason, "upper takes a text");
	ck_assert(!reason_of_prelude("Müller", "text", reason, sizeof(reason)));
	ck_assert(!reason_of_prelude("upper", "Müller", reason, sizeof(reason)));
}
END_TEST

START_TEST(a_complaint_keeps_its_line_and_loses_its_noise)
{
	const struct source_place place = {.first_line = 11, .lines = 2};
	char reason[EVALUATION_REASON_BYTES];
	const char *said =
	        "jq: error: syntax error, unexpected ']' (Unix shell quoting issues?) at "
	        "<top-level>, line 12:\n| ]  ";
	ck_assert_uint_eq(reason_line(said), 12);
	reason_of_complaint(said, &place, reason_column(said, "| ]"), reason, sizeof(reason));
	ck_assert_str_eq(reason, "line 2, column 3: syntax error, unexpected ']'");
	reason_of_complaint("jq: error: syntax error, unexpected ')' at <top-level>, line 13:",
	        &place, 0, reason, sizeof(reason));
	ck_assert_str_eq(reason, "line 2: it ends too early");
	reason_of_complaint("jq: error: x/0 is not defined at <top-level>, line 11:\nx", &place,
	        reason_column("jq: error: x at <top-level>, line 11:\nx", "x"), reason,
	        sizeof(reason));
	ck_assert_str_eq(reason, "line 1, column 1: x/0 is not defined");
	reason_of_complaint("jq: error: syntax error, unexpected import at <top-level>, line 11:",
	        &place, 0, reason, sizeof(reason));
	ck_assert_str_eq(reason, "import and include cannot be used");
	ck_assert_uint_eq(reason_line("jq: 1 compile error"), 0);
}
END_TEST

START_TEST(a_place_is_counted_in_characters_and_read_back)
{
	static const struct {
		const char *line;
		const char *blanks;
		size_t column;
	} rows[] = {
	        {".a + \"é\" + $x + 1\n", "            ", 12},
	        {".a  ", "    ", 5},
	        {"x", "", 1},
	        {"x", "   ", 0},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char said[120];
		ck_assert(str_format(said, sizeof(said), "x at <top-level>, line 3:\n%.*s%s\nmore",
		        (int)strcspn(rows[i].line, "\n"), rows[i].line, rows[i].blanks));
		ck_assert_uint_eq(reason_column(said, rows[i].line), rows[i].column);
	}
	ck_assert_uint_eq(reason_column("x at <top-level>, line 3:", "x"), 0);
	ck_assert_uint_eq(reason_column("nothing", "x"), 0);
	struct reason_place place = reason_place_of("line 3, column 17: x/0 is not defined");
	ck_assert(place.line == 3 && place.column == 17);
	place = reason_place_of("line 2: it ends too early");
	ck_assert(place.line == 2 && place.column == 0);
	place = reason_place_of("line of thought");
	ck_assert(place.line == 0 && place.column == 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reason");
	TCase *reason = tcase_create("reason");
	tcase_add_loop_test(
	        reason, a_message_becomes_a_sentence_without_data, 0, (int)ARRAY_SIZE(messages));
	tcase_add_test(reason, only_words_of_ours_make_a_sentence_of_ours);
	tcase_add_test(reason, a_place_is_counted_in_characters_and_read_back);
	tcase_add_test(reason, a_complaint_keeps_its_line_and_loses_its_noise);
	suite_add_tcase(suite, reason);
	return suite_run(suite);
}
