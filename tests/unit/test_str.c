/* SPDX-License-Identifier: MIT */
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(format_reports_what_does_not_fit)
{
	char to[6] = "old";
	ck_assert(str_format(to, sizeof(to), "%s", "12345"));
	ck_assert_str_eq(to, "12345");
	ck_assert(!str_format(to, sizeof(to), "%s", "123456"));
	ck_assert_str_eq(to, "");
	ck_assert(!str_format(to, 0, "x"));
}
END_TEST

START_TEST(format_cut_ends_with_a_whole_character)
{
	char to[6];
	str_format_cut(to, sizeof(to), "%s", "abcd\xc3\xa9");
	ck_assert_str_eq(to, "abcd");
	str_format_cut(to, sizeof(to), "%s", "abc\xc3\xa9xyz");
	ck_assert_str_eq(to, "abc\xc3\xa9");
	str_format_cut(to, sizeof(to), "%s", "a\xf0\x9f\x98\x80zz");
	ck_assert_str_eq(to, "a\xf0\x9f\x98\x80");
	str_format_cut(to, sizeof(to), "%s", "ab\xf0\x9f\x98\x80zz");
	ck_assert_str_eq(to, "ab");
	str_format_cut(to, sizeof(to), "%s", "\x80\x80\x80\x80\x80\x80\x80");
	ck_assert_uint_eq(strlen(to), 5);
	str_format_cut(to, sizeof(to), "%s", "short");
	ck_assert_str_eq(to, "short");
}
END_TEST

START_TEST(copy_is_whole_or_empty)
{
	char to[4];
	ck_assert(str_copy(to, sizeof(to), "abc"));
	ck_assert_str_eq(to, "abc");
	ck_assert(!str_copy(to, sizeof(to), "abcd"));
	ck_assert_str_eq(to, "");
	ck_assert(!str_copy(to, sizeof(to), NULL));
	ck_assert(!str_copy(to, 0, ""));
}
END_TEST

START_TEST(duplicates)
{
	ck_assert_ptr_null(str_dup(NULL));
	char *copy = str_dup_len("abcdef", 3);
	ck_assert_str_eq(copy, "abc");
	free(copy);
	ck_assert_ptr_null(str_dup_len("a", SIZE_MAX));
}
END_TEST

START_TEST(compares)
{
	ck_assert(str_equal(NULL, NULL));
	ck_assert(!str_equal(NULL, ""));
	ck_assert(!str_equal("", NULL));
	ck_assert(str_equal("a", "a"));
	ck_assert(!str_equal("a", "A"));
	ck_assert(str_equal_fold("Content-TYPE", "content-type"));
	ck_assert(!str_equal_fold("\xc3\x89", "\xc3\xa9"));
	ck_assert(!str_equal_fold("a", NULL));
	ck_assert(!str_equal_fold("a", "ab"));
	ck_assert(str_starts_with("abc", "ab"));
	ck_assert(!str_starts_with("a", "ab"));
	ck_assert(!str_starts_with(NULL, "a"));
	ck_assert(str_ends_with_fold("anna@EXAMPLE.com", "@example.com"));
	ck_assert(!str_ends_with_fold("m", "com"));
}
END_TEST

START_TEST(finds_blank_text)
{
	ck_assert(str_is_empty(NULL));
	ck_assert(str_is_empty(" \t\r\n\v\f"));
	ck_assert(!str_is_empty(" a"));
	ck_assert(!str_is_empty("\xc2\xa0"));
}
END_TEST

START_TEST(folds_ascii_only)
{
	char text[] = "AZaz09[\xc3\x89";
	str_fold(text);
	ck_assert_str_eq(text, "azaz09[\xc3\x89");
	str_fold(NULL);
}
END_TEST

START_TEST(knows_digits_and_words)
{
	ck_assert(str_is_digits("0123", 4));
	ck_assert(!str_is_digits("01234", 4));
	ck_assert(!str_is_digits("", 4));
	ck_assert(!str_is_digits("1a", 4));
	ck_assert(!str_is_digits(NULL, 4));
	ck_assert(str_is_word("aZ_9", 4, "_"));
	ck_assert(!str_is_word("aZ-9", 4, "_"));
	ck_assert(!str_is_word("abcde", 4, NULL));
	ck_assert(!str_is_word("", 4, "_"));
}
END_TEST

struct utf8_case {
	const char *bytes;
	size_t len;
	bool is_valid;
};

static const struct utf8_case utf8_cases[] = {
        {"", 0, true},
        {"plain", 5, true},
        {"\xc3\xa9", 2, true},
        {"\xe2\x82\xac", 3, true},
        {"\xf0\x9f\x98\x80", 4, true},
        {"\xf4\x8f\xbf\xbf", 4, true}, /* U+10FFFF */
        {"\xf4\x90\x80\x80", 4, false},
        {"\xed\xa0\x80", 3, false}, /* a surrogate */
        {"\xc0\x80", 2, false}, /* over-long */
        {"\xe0\x80\x80", 3, false},
        {"\xf0\x80\x80\x80", 4, false},
        {"\xc3", 1, false},
        {"\xe2\x82", 2, false},
        {"\xc3\x28", 2, false},
        {"\x80", 1, false},
        {"\xff", 1, false},
        {"a\0b", 3, true},
};

START_TEST(validates_utf8)
{
	const struct utf8_case *c = &utf8_cases[_i];
	ck_assert(str_is_utf8(c->bytes, c->len) == c->is_valid);
}
END_TEST

START_TEST(reads_whole_numbers_only)
{
	int64_t value = 0;
	ck_assert(str_to_int64("-9223372036854775808", &value));
	ck_assert(value == INT64_MIN);
	ck_assert(str_to_int64("9223372036854775807", &value));
	ck_assert(value == INT64_MAX);
	static const char *const bad[] = {
	        "", " 1", "1 ", "+1", "-", "1.0", "0x1", "a", "9223372036854775808", "- 1", "--1"};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_msg(!str_to_int64(bad[i], &value), "took \"%s\"", bad[i]);
	}
	ck_assert(!str_to_int64(NULL, &value));
}
END_TEST

START_TEST(trims_both_ends)
{
	size_t len = 9;
	ck_assert(strncmp(str_trim(" \t a b \r\n", &len), "a b", 3) == 0);
	ck_assert_uint_eq(len, 3);
	str_trim("   ", &len);
	ck_assert_uint_eq(len, 0);
	str_trim(NULL, &len);
	ck_assert_uint_eq(len, 0);
}
END_TEST

START_TEST(writes_hex)
{
	char to[7];
	const uint8_t bytes[] = {0x00, 0xaf, 0xff};
	str_hex(to, bytes, sizeof(bytes));
	ck_assert_str_eq(to, "00afff");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("str");
	TCase *making = tcase_create("making");
	tcase_add_test(making, format_reports_what_does_not_fit);
	tcase_add_test(making, format_cut_ends_with_a_whole_character);
	tcase_add_test(making, copy_is_whole_or_empty);
	tcase_add_test(making, duplicates);
	tcase_add_test(making, folds_ascii_only);
	tcase_add_test(making, writes_hex);
	suite_add_tcase(suite, making);
	TCase *reading = tcase_create("reading");
	tcase_add_test(reading, compares);
	tcase_add_test(reading, finds_blank_text);
	tcase_add_test(reading, knows_digits_and_words);
	tcase_add_loop_test(reading, validates_utf8, 0, ARRAY_SIZE(utf8_cases));
	tcase_add_test(reading, reads_whole_numbers_only);
	tcase_add_test(reading, trims_both_ends);
	suite_add_tcase(suite, reading);
	return suite_run(suite);
}
