/* SPDX-License-Identifier: MIT */
#include "server/base/buf.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The sanitizers' allocators end the process by default where malloc would return NULL. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static struct buf buf;

static void teardown(void)
{
	buf_finish(&buf);
}

START_TEST(empty_reads_as_an_empty_string)
{
	buf_init(&buf, 10);
	ck_assert_str_eq(buf_text(&buf), "");
	ck_assert_ptr_null(buf_take(&buf));
	ck_assert(buf_add(&buf, "", 0));
	ck_assert(buf_add_text(&buf, NULL));
	ck_assert_str_eq(buf_text(&buf), "");
}
END_TEST

START_TEST(holds_exactly_its_maximum)
{
	buf_init(&buf, 200);
	for (int i = 0; i < 200; i++) {
		ck_assert(buf_add_char(&buf, 'a'));
	}
	ck_assert_uint_eq(buf.len, 200);
	ck_assert(!buf_add_char(&buf, 'b'));
	ck_assert(buf.failed);
	ck_assert_uint_eq(buf.len, 200);
	ck_assert_uint_eq(strlen(buf_text(&buf)), 200);
	ck_assert_uint_le(buf.capacity, 201);
}
END_TEST

START_TEST(nothing_is_added_after_a_failure)
{
	buf_init(&buf, 5);
	ck_assert(buf_add_text(&buf, "abc"));
	ck_assert(!buf_add_text(&buf, "defg"));
	ck_assert(!buf_add_text(&buf, "d"));
	ck_assert_str_eq(buf_text(&buf), "abc");
	ck_assert_ptr_null(buf_take(&buf));
	buf_clear(&buf);
	ck_assert(!buf.failed);
	ck_assert(buf_add_text(&buf, "abcde"));
}
END_TEST

START_TEST(out_of_memory_sets_failed_and_keeps_the_content)
{
	buf_init(&buf, SIZE_MAX);
	ck_assert(buf_add_text(&buf, "kept"));
	/* The length alone decides; nothing is copied. */
	size_t too_much = SIZE_MAX / 2;
	ck_assert(!buf_add(&buf, "x", too_much));
	ck_assert(buf.failed);
	ck_assert_str_eq(buf_text(&buf), "kept");
}
END_TEST

START_TEST(formats_whole_or_not_at_all)
{
	buf_init(&buf, 8);
	ck_assert(buf_add_format(&buf, "%s-%d", "ab", 12));
	ck_assert_str_eq(buf_text(&buf), "ab-12");
	ck_assert(!buf_add_format(&buf, "%04d", 7));
	ck_assert_str_eq(buf_text(&buf), "ab-12");
}
END_TEST

START_TEST(keeps_nul_bytes)
{
	buf_init(&buf, 8);
	ck_assert(buf_add(&buf, "a\0b", 3));
	ck_assert_uint_eq(buf.len, 3);
	ck_assert_mem_eq(buf.data, "a\0b", 4);
}
END_TEST

START_TEST(percent_encodes_all_but_unreserved)
{
	buf_init(&buf, 100);
	ck_assert(buf_add_url(&buf, "aZ9-._~ /?#%&+@\xc3\xa9\n"));
	ck_assert_str_eq(buf_text(&buf), "aZ9-._~%20%2F%3F%23%25%26%2B%40%C3%A9%0A");
	ck_assert(buf_add_url(&buf, NULL));
}
END_TEST

START_TEST(a_half_fitting_encoding_is_taken_back)
{
	buf_init(&buf, 6);
	ck_assert(buf_add_text(&buf, "p="));
	ck_assert(!buf_add_url(&buf, "a  "));
	ck_assert_str_eq(buf_text(&buf), "p=");
	buf_clear(&buf);
	ck_assert(!buf_add_json_string(&buf, "abcdefg"));
	ck_assert_str_eq(buf_text(&buf), "");
}
END_TEST

START_TEST(json_strings_are_escaped)
{
	buf_init(&buf, 100);
	ck_assert(buf_add_json_string(&buf, "a\"b\\c\n\r\t\x01\x7f\xc3\xa9"));
	ck_assert_str_eq(buf_text(&buf), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\xc3\xa9\"");
	buf_clear(&buf);
	ck_assert(!buf_add_json_string(&buf, "\xff"));
	ck_assert(buf.failed);
	buf_clear(&buf);
	ck_assert(buf_add_json_string(&buf, NULL));
	ck_assert_str_eq(buf_text(&buf), "\"\"");
}
END_TEST

START_TEST(take_hands_the_bytes_over)
{
	buf_init(&buf, 10);
	ck_assert(buf_add_text(&buf, "mine"));
	char *text = buf_take(&buf);
	ck_assert_str_eq(text, "mine");
	ck_assert_uint_eq(buf.len, 0);
	ck_assert_uint_eq(buf.max, 10);
	ck_assert(buf_add_text(&buf, "again"));
	free(text);
}
END_TEST

START_TEST(wipe_and_finish_leave_it_usable)
{
	buf_init(&buf, 10);
	ck_assert(buf_add_text(&buf, "secret"));
	buf_wipe(&buf);
	ck_assert_str_eq(buf_text(&buf), "");
	ck_assert(buf_add_text(&buf, "0123456789"));
	buf_finish(&buf);
	buf_finish(NULL);
	buf_wipe(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("buf");
	TCase *limits = tcase_create("limits");
	tcase_add_checked_fixture(limits, NULL, teardown);
	tcase_add_test(limits, empty_reads_as_an_empty_string);
	tcase_add_test(limits, holds_exactly_its_maximum);
	tcase_add_test(limits, nothing_is_added_after_a_failure);
	tcase_add_test(limits, out_of_memory_sets_failed_and_keeps_the_content);
	suite_add_tcase(suite, limits);
	TCase *adding = tcase_create("adding");
	tcase_add_checked_fixture(adding, NULL, teardown);
	tcase_add_test(adding, formats_whole_or_not_at_all);
	tcase_add_test(adding, keeps_nul_bytes);
	tcase_add_test(adding, percent_encodes_all_but_unreserved);
	tcase_add_test(adding, a_half_fitting_encoding_is_taken_back);
	tcase_add_test(adding, json_strings_are_escaped);
	suite_add_tcase(suite, adding);
	TCase *owning = tcase_create("owning");
	tcase_add_checked_fixture(owning, NULL, teardown);
	tcase_add_test(owning, take_hands_the_bytes_over);
	tcase_add_test(owning, wipe_and_finish_leave_it_usable);
	suite_add_tcase(suite, owning);
	return suite_run(suite);
}
