/* SPDX-License-Identifier: MIT */
/* Which fields expressions read, by a table (expression*.c). */
#include "mapping/rule.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define TABLE "tests/data/mapping/expressions.json"

static json_t *rows;

static char *join_fields(const struct map_expression *expression)
{
	struct buf buf;
	buf_init(&buf, 8192);
	for (size_t i = 0; i < expression->field_count; i++) {
		buf_add_format(&buf, "%s%s", i == 0 ? "" : ", ", expression->fields[i]);
	}
	char *joined = str_dup(buf_text(&buf));
	buf_finish(&buf);
	return joined;
}

static void expect_refused(const char *name, const char *text, const char *part)
{
	struct err err = ERR_INIT;
	struct map_expression expression;
	ck_assert_msg(!map_expression_init(&expression, text, &err), "%s: taken", name);
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_msg(strstr(err.text, part) != NULL, "%s: %s", name, err.text);
	ck_assert_ptr_null(expression.text);
	ck_assert_uint_eq(expression.field_count, 0);
}

START_TEST(each_expression_reads_what_the_row_says)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	const char *name = json_get_text(row, "name");
	const char *text = json_get_text(row, "expr");
	const char *refused = json_get_text(row, "refused");
	struct err err = ERR_INIT;
	struct map_expression expression;
	if (refused != NULL) {
		expect_refused(name, text, refused);
		return;
	}
	ck_assert_msg(map_expression_init(&expression, text, &err), "%s: %s", name, err.text);
	char *fields = join_fields(&expression);
	ck_assert_msg(str_equal(fields, json_get_text(row, "reads")), "%s: reads %s", name, fields);
	ck_assert_str_eq(expression.text, text);
	free(fields);
	map_expression_finish(&expression);
}
END_TEST

START_TEST(a_text_that_is_not_utf8_is_refused)
{
	expect_refused("half a character", "\"\xc3\"", "not UTF-8");
}
END_TEST

/* Every beginning of every expression of the table is a text somebody may have typed. */
START_TEST(half_an_expression_is_scanned_without_harm)
{
	const char *whole = json_get_text(json_array_get(rows, (size_t)_i), "expr");
	for (size_t len = 1; len < strlen(whole) && len < 400; len++) {
		struct err err = ERR_INIT;
		struct map_expression expression;
		char *text = str_dup_len(whole, len);
		if (map_expression_init(&expression, text, &err)) {
			map_expression_finish(&expression);
		}
		free(text);
	}
}
END_TEST

int main(void)
{
	rows = sample_load(TABLE);
	const int count = (int)json_array_size(rows);
	Suite *suite = suite_create("expression");
	TCase *table = tcase_create("fields");
	tcase_add_loop_test(table, each_expression_reads_what_the_row_says, 0, count);
	tcase_add_loop_test(table, half_an_expression_is_scanned_without_harm, 0, count);
	tcase_add_test(table, a_text_that_is_not_utf8_is_refused);
	suite_add_tcase(suite, table);
	int status = suite_run(suite);
	json_decref(rows);
	return status;
}
