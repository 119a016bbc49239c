/* SPDX-License-Identifier: MIT */
/* Names a listener may be called by: what is a list of them, and what a Host header says. */
#include "server/base/host_names.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static const struct list_case {
	const char *text;
	int count; /* -1: refused */
} LISTS[] = {
        {"none", 0},
        {"console.example.com", 1},
        {"a,b , c", 3},
        {"[2001:db8::1],192.0.2.7,[::ffff:192.0.2.7]", 3},
        {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", 16},
        {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", -1},
        {"", -1},
        {"a,", -1},
        {",a", -1},
        {"a,,b", -1},
        {"a:80", -1},
        {"[::1]:80", -1},
        {"[::1", -1},
        {"[]", -1},
        {"::1", -1},
        {"*.example.com", -1},
        {"https://a", -1},
        {"a/b", -1},
        {"a b", -1},
        {"m\xc3\xbcller.example.com", -1},
};

START_TEST(a_list_of_names)
{
	struct host_names names;
	bool is_good = host_names_parse(LISTS[_i].text, &names);

	ck_assert_msg(is_good == (LISTS[_i].count >= 0), "%s", LISTS[_i].text);
	if (is_good) {
		ck_assert_int_eq((int)names.count, LISTS[_i].count);
	}
}
END_TEST

START_TEST(a_name_that_is_too_long_is_refused)
{
	struct host_names names;
	char text[HOST_NAME_BYTES + 1];

	memset(text, 'a', sizeof(text));
	text[HOST_NAME_BYTES - 1] = '\0';
	ck_assert(host_names_parse(text, &names));
	text[HOST_NAME_BYTES - 1] = 'a';
	text[HOST_NAME_BYTES] = '\0';
	ck_assert(!host_names_parse(text, &names));
}
END_TEST

static const struct host_case {
	const char *host;
	bool is_in;
} HOSTS[] = {
        {"console.example.com", true},
        {"CONSOLE.Example.com", true},
        {"console.example.com:443", true},
        {"console.example.com:99999", true},
        {"[2001:db8::1]", true},
        {"[2001:DB8::1]:8081", true},
        {"2001:db8::1", false},
        {"console.example.com.", false},
        {"console.example.com:", false},
        {"console.example.com:x", false},
        {"console.example.com:1:2", false},
        {"console.example.com.evil.example", false},
        {"evil-console.example.com", false},
        {"console.example", false},
        {"[2001:db8::1]evil", false},
        {"[2001:db8::1", false},
        {"[]", false},
        {":80", false},
        {"", false},
        {"localhost", false},
};

START_TEST(a_host_header_is_one_of_them)
{
	struct host_names names;

	ck_assert(host_names_parse("console.example.com,[2001:db8::1]", &names));
	ck_assert_msg(
	        host_names_have(&names, HOSTS[_i].host) == HOSTS[_i].is_in, "%s", HOSTS[_i].host);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("host names");
	TCase *names = tcase_create("names");

	tcase_add_loop_test(names, a_list_of_names, 0, ARRAY_SIZE(LISTS));
	tcase_add_test(names, a_name_that_is_too_long_is_refused);
	tcase_add_loop_test(names, a_host_header_is_one_of_them, 0, ARRAY_SIZE(HOSTS));
	suite_add_tcase(suite, names);
	return suite_run(suite);
}
