/* SPDX-License-Identifier: MIT */
#include "server/http/cookie.h"

#include "server/base/attr.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

static const struct {
	const char *header;
	const char *value; /* NULL: not found */
} CASES[] = {
        {"id=1", "1"},
        {"id=", ""},
        {"id=a=b", "a=b"},
        {"other=2; id=1", "1"},
        {"id=1; other=2", "1"},
        {"  id=1;;", "1"},
        {"id=1;other=2;", "1"},
        {"id=\"1\"", "\"1\""},
        {"id=1 ", "1 "},
        {"id=1; id=1", NULL},
        {"id=1; x=2; id=", NULL},
        {"ID=1", NULL},
        {"id", NULL},
        {"id ", NULL},
        {"idx=1", NULL},
        {"xid=1", NULL},
        {"=1", NULL},
        {"x=id=1", NULL},
        {"", NULL},
        {";", NULL},
        {"id=1234567", "1234567"},
        {"id=12345678", NULL},
};

START_TEST(one_cookie_is_found_and_two_are_none)
{
	char value[8] = "before";
	bool is_found = cookie_find(CASES[_i].header, "id", value, sizeof(value));
	ck_assert_int_eq(is_found, CASES[_i].value != NULL);
	ck_assert_str_eq(value, is_found ? CASES[_i].value : "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("http cookie");
	TCase *find = tcase_create("find");
	tcase_add_loop_test(
	        find, one_cookie_is_found_and_two_are_none, 0, sizeof(CASES) / sizeof(CASES[0]));
	suite_add_tcase(suite, find);
	return suite_run(suite);
}
