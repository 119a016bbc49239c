/* SPDX-License-Identifier: MIT */
#include "server/http/route.h"
#include "server/http/url.h"

#include "server/base/attr.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct http_route ROUTES[] = {
        {HTTP_GET, "/", HTTP_ROLE_PUBLIC, 0, 0, NULL},
        {HTTP_GET, "/people", HTTP_ROLE_PUBLIC, 0, 0, NULL},
        {HTTP_GET, "/people/all", HTTP_ROLE_PUBLIC, 0, 0, NULL},
        {HTTP_GET, "/people/{id}", HTTP_ROLE_PUBLIC, 0, 0, NULL},
        {HTTP_POST, "/people/{id}", HTTP_ROLE_PUBLIC, 0, 0, NULL},
        {HTTP_DELETE, "/people/{id}/holds/{kind}", HTTP_ROLE_PUBLIC, 0, 0, NULL},
        {.path = NULL},
};

static const struct {
	enum http_method method;
	const char *path;
	enum route_result result;
	int row; /* -1: none */
	const char *first;
	const char *second;
	const char *allow;
} CASES[] = {
        {HTTP_GET, "/", ROUTE_FOUND, 0, "", "", ""},
        {HTTP_GET, "/people", ROUTE_FOUND, 1, "", "", ""},
        {HTTP_GET, "/people/all", ROUTE_FOUND, 2, "", "", ""},
        {HTTP_GET, "/people/7", ROUTE_FOUND, 3, "7", "", ""},
        {HTTP_GET, "/people/al", ROUTE_FOUND, 3, "al", "", ""},
        {HTTP_GET, "/people/a%2Fb", ROUTE_FOUND, 3, "a/b", "", ""},
        {HTTP_POST, "/people/all", ROUTE_FOUND, 4, "all", "", ""},
        {HTTP_DELETE, "/people/7/holds/limit", ROUTE_FOUND, 5, "7", "limit", ""},
        {HTTP_GET, "/people/", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_GET, "/people/7/", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_GET, "/People", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_GET, "/peopl", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_GET, "/peoples", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_GET, "people", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_GET, "", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_GET, "//people", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_GET, "/people/%00", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_GET, "/people/%ff", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_DELETE, "/people/7/holds/", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_DELETE, "/people//holds/limit", ROUTE_NO_PATH, -1, "", "", ""},
        {HTTP_PUT, "/people/7", ROUTE_NO_METHOD, -1, "", "", "GET, HEAD, POST"},
        {HTTP_METHOD_COUNT, "/people", ROUTE_NO_METHOD, -1, "", "", "GET, HEAD"},
        {HTTP_GET, "/people/7/holds/limit", ROUTE_NO_METHOD, -1, "", "", "DELETE"},
};

START_TEST(finds_the_row_of_a_path)
{
	struct route_match match;
	ck_assert_int_eq(
	        route_find(ROUTES, CASES[_i].method, CASES[_i].path, &match), CASES[_i].result);
	ck_assert_ptr_eq(match.route, CASES[_i].row >= 0 ? &ROUTES[CASES[_i].row] : NULL);
	ck_assert_str_eq(match.params[0], CASES[_i].first);
	ck_assert_str_eq(match.params[1], CASES[_i].second);
	ck_assert_str_eq(match.allow, CASES[_i].allow);
}
END_TEST

START_TEST(a_parameter_that_does_not_fit_matches_nothing)
{
	char path[256] = "/people/";
	memset(path + 8, 'p', ROUTE_PARAM_BYTES);
	struct route_match match;
	ck_assert_int_eq(route_find(ROUTES, HTTP_GET, path, &match), ROUTE_NO_PATH);
	path[8 + ROUTE_PARAM_BYTES - 1] = '\0';
	ck_assert_int_eq(route_find(ROUTES, HTTP_GET, path, &match), ROUTE_FOUND);
}
END_TEST

START_TEST(methods_are_words_in_capitals)
{
	ck_assert_int_eq(route_method_parse("GET"), HTTP_GET);
	ck_assert_int_eq(route_method_parse("HEAD"), HTTP_GET);
	ck_assert_int_eq(route_method_parse("POST"), HTTP_POST);
	ck_assert_int_eq(route_method_parse("PUT"), HTTP_PUT);
	ck_assert_int_eq(route_method_parse("DELETE"), HTTP_DELETE);
	ck_assert_int_eq(route_method_parse("get"), HTTP_METHOD_COUNT);
	ck_assert_int_eq(route_method_parse("PATCH"), HTTP_METHOD_COUNT);
	ck_assert_int_eq(route_method_parse(""), HTTP_METHOD_COUNT);
}
END_TEST

static const struct {
	const char *text;
	const char *decoded; /* NULL: refused */
} DECODED[] = {
        {"", ""},
        {"plain", "plain"},
        {"a%20b", "a b"},
        {"%c3%B6", "\303\266"},
        {"%25", "%"},
        {"a+b", "a+b"},
        {"%", NULL},
        {"%2", NULL},
        {"%2x", NULL},
        {"%x2", NULL},
        {"%00", NULL},
        {"%0A", NULL},
        {"%7f", NULL},
        {"%ff", NULL},
        {"%c3", NULL},
        {"a\nb", NULL},
};

START_TEST(decodes_strictly)
{
	char to[32];
	const char *text = DECODED[_i].text;
	bool is_decoded = url_decode(text, strlen(text), to, sizeof(to));
	ck_assert_msg(is_decoded == (DECODED[_i].decoded != NULL), "%s", text);
	ck_assert(!is_decoded || str_equal(to, DECODED[_i].decoded));
}
END_TEST

START_TEST(decoding_never_writes_past_the_end)
{
	char to[4] = "xxx";
	ck_assert(url_decode("abc", 3, to, 4));
	ck_assert(!url_decode("abc", 3, to, 3));
	ck_assert(!url_decode("", 0, to, 0));
}
END_TEST

START_TEST(clean_paths_are_visible_ascii_behind_a_slash)
{
	static const char *const clean[] = {
	        "/", "/a", "/a/b%20c", "/%25", "/a//b", "/~-._!$&'()*+,;="};
	static const char *const dirty[] = {"", "a", "*", "http://a/", "/a b", "/a\tb", "/a\177",
	        "/\303\266", "/%00", "/%0d", "/%7F", "/%", "/%1", "/%zz"};
	for (size_t i = 0; i < ARRAY_SIZE(clean); i++) {
		ck_assert_msg(url_path_is_clean(clean[i]), "%s", clean[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(dirty); i++) {
		ck_assert_msg(!url_path_is_clean(dirty[i]), "%s", dirty[i]);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("http route");
	TCase *route = tcase_create("route");
	tcase_add_loop_test(route, finds_the_row_of_a_path, 0, (int)ARRAY_SIZE(CASES));
	tcase_add_test(route, a_parameter_that_does_not_fit_matches_nothing);
	tcase_add_test(route, methods_are_words_in_capitals);
	suite_add_tcase(all, route);
	TCase *url = tcase_create("url");
	tcase_add_loop_test(url, decodes_strictly, 0, (int)ARRAY_SIZE(DECODED));
	tcase_add_test(url, decoding_never_writes_past_the_end);
	tcase_add_test(url, clean_paths_are_visible_ascii_behind_a_slash);
	suite_add_tcase(all, url);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
