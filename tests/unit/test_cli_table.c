/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_table.h"

#include "server/base/attr.h"
#include "server/cli/cli_text.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *const headings[] = {"ID", "NAME", "WHY", NULL};

static char *print(const struct cli_table *table, size_t indent)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	ck_assert_ptr_nonnull(out);
	cli_table_print(table, indent, out);
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static void add(struct cli_table *table, const char *id, const char *name, const char *why)
{
	const char *cells[] = {id, name, why};
	cli_table_add(table, cells);
}

START_TEST(columns_are_aligned_and_lines_end_without_blanks)
{
	struct cli_table *table = cli_table_create(headings);
	add(table, "1", "Ada", "hired");
	add(table, "1234", "Bo", "");
	char *text = print(table, 2);
	ck_assert_str_eq(text, "  ID    NAME  WHY\n  1     Ada   hired\n  1234  Bo\n");
	free(text);
	cli_table_destroy(table);
}
END_TEST

START_TEST(width_is_what_the_screen_shows)
{
	struct cli_table *table = cli_table_create(headings);
	add(table, "1", "Zo\xc3\xab", "one");
	add(table, "2", "\xe6\x9d\x8e\xe5\xa8\x9c", "two");
	add(table, "3", "e\xcc\x81va", "three");
	add(table, "4", "Anna", "four");
	char *text = print(table, 0);
	ck_assert_str_eq(text,
	        "ID  NAME  WHY\n"
	        "1   Zo\xc3\xab   one\n"
	        "2   \xe6\x9d\x8e\xe5\xa8\x9c  two\n"
	        "3   e\xcc\x81va   three\n"
	        "4   Anna  four\n");
	free(text);
	cli_table_destroy(table);
}
END_TEST

START_TEST(a_table_without_rows_prints_nothing)
{
	struct cli_table *table = cli_table_create(headings);
	char *text = print(table, 0);
	ck_assert_str_eq(text, "");
	free(text);
	cli_table_destroy(table);
}
END_TEST

START_TEST(long_cells_are_cut_but_not_the_last)
{
	char name[200];
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	struct cli_table *table = cli_table_create(headings);
	add(table, "1", name, name);
	char *text = print(table, 0);
	ck_assert_ptr_nonnull(strstr(text, "nnn...  nnn"));
	ck_assert_ptr_nonnull(strstr(text, name));
	free(text);
	cli_table_destroy(table);
}
END_TEST

START_TEST(many_rows_are_kept)
{
	struct cli_table *table = cli_table_create(headings);
	for (int i = 0; i < 1000; i++) {
		add(table, "1", "Ada", "x");
	}
	ck_assert_uint_eq(cli_table_rows(table), 1000);
	cli_table_destroy(table);
}
END_TEST

struct cleaning {
	const char *from;
	const char *to;
};

static const struct cleaning cleanings[] = {
        {"plain", "plain"},
        {"\x1b[2Jgone", "?[2Jgone"},
        {"a\nb\tc", "a b c"},
        {"a\rb", "a?b"},
        {"\xc2\x9b"
         "31m",
                "?31m"}, /* the one-character CSI of C1 */
        {"\xe2\x80\xae"
         "live",
                "?live"}, /* right-to-left override */
        {"\xff\xfe", "??"},
        {"Zo\xc3\xab", "Zo\xc3\xab"},
        {"", ""},
};

START_TEST(nothing_steers_the_terminal)
{
	char to[64];
	cli_text_clean(to, sizeof(to), cleanings[_i].from);
	ck_assert_str_eq(to, cleanings[_i].to);
}
END_TEST

START_TEST(cleaning_never_splits_a_character)
{
	char to[4];
	cli_text_clean(to, sizeof(to), "ab\xc3\xab");
	ck_assert_str_eq(to, "ab");
}
END_TEST

START_TEST(times_are_short_and_none_is_a_dash)
{
	char text[CLI_TEXT_TIME_BYTES];
	cli_text_time(text, 0);
	ck_assert_str_eq(text, "-");
	cli_text_time(text, 1795460400123);
	ck_assert_str_eq(text, "2026-11-23 19:00:00Z");
}
END_TEST

START_TEST(a_span_is_rounded_up_and_never_nothing)
{
	static const struct {
		int64_t ms;
		const char *text;
	} spans[] = {{0, "1 s"}, {59000, "59 s"}, {59001, "1 min"}, {2500000, "42 min"},
	        {3600000, "1 h 0 min"}, {7260000, "2 h 1 min"}, {187200000, "2 d 4 h"}};
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++) {
		char text[CLI_TEXT_TIME_BYTES];
		cli_text_span(text, spans[i].ms);
		ck_assert_str_eq(text, spans[i].text);
	}
}
END_TEST

START_TEST(a_hole_in_a_row_is_a_dash)
{
	static const char *const names[] = {"A", "B", "C", NULL};
	const char *cells[] = {"1", "", "", NULL};
	char *printed = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&printed, &len);
	struct cli_table *table = cli_table_create(names);
	cli_table_add(table, cells);
	cli_table_print(table, 0, out);
	cli_table_destroy(table);
	fclose(out);
	ck_assert_str_eq(printed, "A  B  C\n1  -\n");
	free(printed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli_table");
	TCase *table = tcase_create("table");
	tcase_add_test(table, columns_are_aligned_and_lines_end_without_blanks);
	tcase_add_test(table, width_is_what_the_screen_shows);
	tcase_add_test(table, a_table_without_rows_prints_nothing);
	tcase_add_test(table, long_cells_are_cut_but_not_the_last);
	tcase_add_test(table, many_rows_are_kept);
	tcase_add_test(table, a_hole_in_a_row_is_a_dash);
	suite_add_tcase(suite, table);
	TCase *text = tcase_create("text");
	tcase_add_loop_test(text, nothing_steers_the_terminal, 0,
	        (int)(sizeof(cleanings) / sizeof(cleanings[0])));
	tcase_add_test(text, cleaning_never_splits_a_character);
	tcase_add_test(text, times_are_short_and_none_is_a_dash);
	tcase_add_test(text, a_span_is_rounded_up_and_never_nothing);
	suite_add_tcase(suite, text);
	return suite_run(suite);
}
