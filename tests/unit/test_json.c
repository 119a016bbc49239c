/* SPDX-License-Identifier: MIT */
#include "server/base/json.h"

#include "server/base/buf.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX_BYTES (1024 * 1024)
#define PATH_BYTES     512

static json_t *parse_text(const char *text)
{
	return json_parse(text, strlen(text), NULL);
}

START_TEST(duplicate_keys_are_refused)
{
	struct err err = ERR_INIT;
	const char *text = "{\"id\":\"1\",\n\"id\":\"2\"}";
	ck_assert_ptr_null(json_parse(text, strlen(text), &err));
	ck_assert_int_eq(err.code, ERR_BAD_JSON);
	ck_assert_ptr_nonnull(strstr(err.text, "line 2"));
}
END_TEST

START_TEST(errors_do_not_quote_the_input)
{
	struct err err = ERR_INIT;
	const char *text = "{\"name\": Anna}";
	ck_assert_ptr_null(json_parse(text, strlen(text), &err));
	ck_assert_ptr_null(strstr(err.text, "Anna"));
}
END_TEST

START_TEST(the_length_is_what_counts)
{
	json_t *json = json_parse("[1]garbage", 3, NULL);
	ck_assert_ptr_nonnull(json);
	json_decref(json);
	ck_assert_ptr_null(json_parse("[1]\0", 4, NULL));
	ck_assert_ptr_null(json_parse("", 0, NULL));
	ck_assert_ptr_null(json_parse(NULL, 5, NULL));
	ck_assert_ptr_null(parse_text("[\"\\u0000\"]"));
}
END_TEST

static json_t *parse_nested(int depth, const char *open, const char *close)
{
	struct buf text;
	buf_init(&text, FILE_MAX_BYTES);
	for (int i = 0; i < depth; i++) {
		buf_add_text(&text, open);
	}
	for (int i = 0; i < depth; i++) {
		buf_add_text(&text, close);
	}
	ck_assert(!text.failed);
	json_t *json = json_parse(text.data, text.len, NULL);
	buf_finish(&text);
	return json;
}

START_TEST(depth_is_limited)
{
	json_t *json = parse_nested(JSON_DEPTH_MAX, "[", "]");
	ck_assert_ptr_nonnull(json);
	json_decref(json);
	ck_assert_ptr_null(parse_nested(JSON_DEPTH_MAX + 1, "[", "]"));
	ck_assert_ptr_null(parse_nested(JSON_DEPTH_MAX, "{\"a\":[", "]}"));
	ck_assert_ptr_null(parse_nested(100000, "[", "]"));
}
END_TEST

START_TEST(readers_never_fail)
{
	json_t *json =
	        parse_text("{\"t\":\"x\",\"n\":5,\"b\":true,\"f\":false,\"r\":1.5,\"z\":null}");
	ck_assert_str_eq(json_get_text(json, "t"), "x");
	ck_assert_ptr_null(json_get_text(json, "n"));
	ck_assert_ptr_null(json_get_text(json, "absent"));
	ck_assert_ptr_null(json_get_text(NULL, "t"));
	ck_assert_int_eq(json_get_int(json, "n", 9), 5);
	ck_assert_int_eq(json_get_int(json, "r", 9), 9);
	ck_assert_int_eq(json_get_int(json, "t", 9), 9);
	ck_assert(json_get_bool(json, "b", false));
	ck_assert(!json_get_bool(json, "f", true));
	ck_assert(json_get_bool(json, "n", true));
	json_decref(json);
}
END_TEST

START_TEST(paths_go_through_objects)
{
	json_t *json = parse_text("{\"work\":{\"site\":{\"name\":\"Oslo\"},\"list\":[1]},\"a\":1}");
	ck_assert_str_eq(json_string_value(json_get_path(json, "work.site.name")), "Oslo");
	ck_assert_int_eq((int)json_integer_value(json_get_path(json, "a")), 1);
	ck_assert(json_is_object(json_get_path(json, "work.site")));
	static const char *const missing[] = {"", ".", "work.", ".work", "work..site",
	        "work.list.0", "a.b", "work.site.name.x", "wor"};
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		ck_assert_msg(json_get_path(json, missing[i]) == NULL, "\"%s\"", missing[i]);
	}
	ck_assert_ptr_null(json_get_path(json, NULL));
	ck_assert_ptr_null(json_get_path(NULL, "a"));
	json_decref(json);
}
END_TEST

START_TEST(ids_come_as_text_or_integer)
{
	json_t *json = parse_text("[\"3389\", 3389, 1.0, \"\", null, \" \", \"123456\"]");
	char to[6];
	ck_assert(json_id_text(json_array_get(json, 0), to, sizeof(to)));
	ck_assert_str_eq(to, "3389");
	ck_assert(json_id_text(json_array_get(json, 1), to, sizeof(to)));
	ck_assert_str_eq(to, "3389");
	for (size_t i = 2; i < json_array_size(json); i++) {
		ck_assert(!json_id_text(json_array_get(json, i), to, sizeof(to)));
	}
	ck_assert(!json_id_text(NULL, to, sizeof(to)));
	json_decref(json);
}
END_TEST

START_TEST(formats_with_sorted_keys)
{
	json_t *json = parse_text("{ \"b\": [1, 2], \"a\": \"x\" }");
	char *text = json_format(json);
	ck_assert_str_eq(text, "{\"a\":\"x\",\"b\":[1,2]}");
	free(text);
	json_decref(json);
}
END_TEST

/* ------------------------------------------------------------ JSONTestSuite */

/* y_ files that are refused on purpose. */
static const char *const refused_on_purpose[] = {
        "y_object_duplicated_key.json", /* J1 */
        "y_object_duplicated_key_and_value.json", /* J1 */
        "y_object_escaped_null_in_key.json", /* J7 */
        "y_string_null_escape.json", /* J7 */
};

static bool must_parse(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused_on_purpose); i++) {
		if (str_equal(name, refused_on_purpose[i])) {
			return false;
		}
	}
	return name[0] == 'y';
}

static bool parses(const char *folder, const char *name)
{
	static char bytes[FILE_MAX_BYTES];
	char path[PATH_BYTES];
	ck_assert(str_format(path, sizeof(path), "%s/%s", folder, name));
	FILE *file = fopen(path, "rb");
	ck_assert_msg(file != NULL, "cannot open %s", path);
	size_t len = fread(bytes, 1, sizeof(bytes), file);
	ck_assert_uint_lt(len, sizeof(bytes));
	fclose(file);
	json_t *json = json_parse(bytes, len, NULL);
	bool is_parsed = json != NULL;
	json_decref(json);
	return is_parsed;
}

START_TEST(json_test_suite_agrees)
{
	const char *shared = getenv("BOB2OKTA_SHARED");
	char folder[PATH_BYTES];
	ck_assert(str_format(folder, sizeof(folder), "%s/vectors/jsontestsuite/test_parsing",
	        shared != NULL ? shared : "../shared"));
	DIR *listing = opendir(folder);
	if (listing == NULL) {
		printf("skipped: JSONTestSuite is not at %s (BOB2OKTA_SHARED names its place)\n",
		        folder);
		return;
	}
	int tried = 0;
	const struct dirent *entry = NULL;
	while ((entry = readdir(listing)) != NULL) {
		char kind = entry->d_name[0];
		if (entry->d_name[1] != '_' || (kind != 'y' && kind != 'n' && kind != 'i')) {
			continue;
		}
		bool is_parsed = parses(folder, entry->d_name);
		ck_assert_msg(kind == 'i' || is_parsed == must_parse(entry->d_name), "%s %s",
		        entry->d_name, is_parsed ? "was taken" : "was refused");
		tried++;
	}
	closedir(listing);
	ck_assert_int_ge(tried, 300);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *parsing = tcase_create("parsing");
	tcase_add_test(parsing, duplicate_keys_are_refused);
	tcase_add_test(parsing, errors_do_not_quote_the_input);
	tcase_add_test(parsing, the_length_is_what_counts);
	tcase_add_test(parsing, depth_is_limited);
	tcase_add_test(parsing, json_test_suite_agrees);
	suite_add_tcase(suite, parsing);
	TCase *reading = tcase_create("reading");
	tcase_add_test(reading, readers_never_fail);
	tcase_add_test(reading, paths_go_through_objects);
	tcase_add_test(reading, ids_come_as_text_or_integer);
	tcase_add_test(reading, formats_with_sorted_keys);
	suite_add_tcase(suite, reading);
	return suite_run(suite);
}
