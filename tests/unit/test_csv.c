/* SPDX-License-Identifier: MIT */
#include "server/base/csv.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *cell;
	const char *written;
} CELLS[] = {
        {"Ada King", "Ada King"},
        {"", ""},
        {"a,b", "\"a,b\""},
        {"a;b", "\"a;b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@x", "'@x"},
        {"\tx", "'\tx"},
        {"=\"a,b\"", "\"'=\"\"a,b\"\"\""},
        {"'quoted", "''quoted"},
        {"123456789012345", "123456789012345"},
        {"3332883804594373380", "'3332883804594373380"},
};

START_TEST(a_cell_is_written_so_that_no_spreadsheet_runs_or_rounds_it)
{
	struct buf text;
	char expected[128];
	buf_init(&text, 1024);
	csv_add_row(&text, (const char *const[]){CELLS[_i].cell, "x", NULL});
	ck_assert(str_format(expected, sizeof(expected), "%s,x\r\n", CELLS[_i].written));
	ck_assert_str_eq(buf_text(&text), expected);
	buf_finish(&text);
}
END_TEST

START_TEST(what_was_written_is_read_again)
{
	struct err err = ERR_INIT;
	struct csv_reader reader;
	struct buf text;
	buf_init(&text, 1024);
	csv_add_row(&text, (const char *const[]){CELLS[_i].cell, "x", NULL});
	char *copy = buf_take(&text);
	csv_reader_init(&reader, copy);
	ck_assert_msg(csv_read_row(&reader, &err), "%s", err.text);
	ck_assert_uint_eq(reader.count, 2);
	ck_assert_str_eq(reader.cells[0], CELLS[_i].cell);
	ck_assert_str_eq(reader.cells[1], "x");
	ck_assert(!csv_read_row(&reader, &err));
	ck_assert(!err_is_set(&err));
	free(copy);
	buf_finish(&text);
}
END_TEST

/* The second cell of the last row, and the line it stands in. */
static const struct {
	const char *text;
	const char *cell;
	size_t line;
} FILES[] = {
        {"a,b\r\n1,2\r\n", "2", 2},
        {"a,b\n1,2", "2", 2},
        {"\xEF\xBB\xBF"
         "a;b\n1;2\n",
                "2", 2},
        {"a;b\n1;2,3\n", "2,3", 2},
        {"a,b\n\n,\n1,2\n\n", "2", 4},
        {"a,b\n\"x\ny\",1\n3,4\n", "4", 4},
        {"a,b\n1,\"a \"\"b\"\"\"\n", "a \"b\"", 2},
        {"a,b\n1,\n", "", 2},
        {"a,b\r1,2\r", "2", 2},
};

START_TEST(files_of_all_kinds_are_read)
{
	struct err err = ERR_INIT;
	struct csv_reader reader;
	char *text = str_dup(FILES[_i].text);
	char last[32] = "";
	csv_reader_init(&reader, text);
	while (csv_read_row(&reader, &err)) {
		ck_assert_uint_eq(reader.count, 2);
		str_format_cut(last, sizeof(last), "%s", reader.cells[1]);
		ck_assert_uint_le(reader.line, FILES[_i].line);
		if (reader.line == FILES[_i].line) {
			ck_assert_str_eq(last, FILES[_i].cell);
		}
	}
	ck_assert_msg(!err_is_set(&err), "%s", err.text);
	ck_assert_str_eq(last, FILES[_i].cell);
	free(text);
}
END_TEST

static const struct {
	const char *text;
	const char *error;
} DAMAGED[] = {
        {"a,b\n1,\"2\n3,4\n", "line 2: a cell in quotes never ends"},
        {"a,b\n\"1\"x,2\n", "line 2: something follows"},
};

START_TEST(a_damaged_file_is_told_with_its_line)
{
	struct err err = ERR_INIT;
	struct csv_reader reader;
	char *text = str_dup(DAMAGED[_i].text);
	csv_reader_init(&reader, text);
	while (csv_read_row(&reader, &err)) {
	}
	ck_assert_msg(str_starts_with(err.text, DAMAGED[_i].error), "%s", err.text);
	free(text);
}
END_TEST

START_TEST(too_many_cells_are_refused)
{
	struct err err = ERR_INIT;
	struct csv_reader reader;
	char text[200];
	memset(text, ',', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	csv_reader_init(&reader, text);
	ck_assert(!csv_read_row(&reader, &err));
	ck_assert(strstr(err.text, "too many") != NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("csv");
	TCase *tests = tcase_create("csv");
	int cells = (int)ARRAY_SIZE(CELLS);
	tcase_add_loop_test(
	        tests, a_cell_is_written_so_that_no_spreadsheet_runs_or_rounds_it, 0, cells);
	tcase_add_loop_test(tests, what_was_written_is_read_again, 0, cells);
	tcase_add_loop_test(tests, files_of_all_kinds_are_read, 0, (int)ARRAY_SIZE(FILES));
	tcase_add_loop_test(
	        tests, a_damaged_file_is_told_with_its_line, 0, (int)ARRAY_SIZE(DAMAGED));
	tcase_add_test(tests, too_many_cells_are_refused);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
