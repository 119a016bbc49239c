/* SPDX-License-Identifier: MIT */
#include "okta/link.h"

#include "server/base/attr.h"
#include "tests/support/suite.h"

#include <check.h>

#define BASE "https://acme.okta.com"

static const struct link_case {
	const char *value;
	enum link_next next;
	const char *path;
} CASES[] = {
        {"", LINK_NEXT_NONE, ""},
        {"<" BASE "/api/v1/users?limit=200>; rel=\"self\"", LINK_NEXT_NONE, ""},
        {"<" BASE "/api/v1/users?after=x>; rel=\"next\"", LINK_NEXT_FOUND, "/api/v1/users?after=x"},
        {"<" BASE "/api/v1/users?after=x>;rel=next", LINK_NEXT_FOUND, "/api/v1/users?after=x"},
        {"<" BASE "/api/v1/users?a=1>; rel=\"self\", <" BASE "/api/v1/users?after=x>; rel=\"next\"",
                LINK_NEXT_FOUND, "/api/v1/users?after=x"},
        {"<https://ACME.okta.com/api/v1/users?after=x>; rel=\"next\"", LINK_NEXT_FOUND,
                "/api/v1/users?after=x"},
        {"<https://evil.okta.com/api/v1/users?after=x>; rel=\"next\"", LINK_NEXT_FOREIGN, ""},
        {"<" BASE ".evil.example.com/api/v1/users?after=x>; rel=\"next\"", LINK_NEXT_FOREIGN, ""},
        {"<" BASE "/api/v1/groups?after=x>; rel=\"next\"", LINK_NEXT_FOUND,
                "/api/v1/groups?after=x"},
        {"<" BASE "/admin/groups?after=x>; rel=\"next\"", LINK_NEXT_FOREIGN, ""},
        {"<" BASE "@evil.example.com/api/v1/users?after=x>; rel=\"next\"", LINK_NEXT_FOREIGN, ""},
        {"<" BASE "/api/v1/users?after=x y>; rel=\"next\"", LINK_NEXT_FOREIGN, ""},
        {"<" BASE "/api/v1/users?after=0123456789012345678901234567890123>; rel=\"next\"",
                LINK_NEXT_FOREIGN, ""},
        {"<" BASE, LINK_NEXT_NONE, ""},
        {"rel=\"next\"", LINK_NEXT_NONE, ""},
};

START_TEST(links_are_read_and_kept_at_home)
{
	char path[48];

	ck_assert_int_eq(link_next_find(CASES[_i].value, BASE, path, sizeof(path)), CASES[_i].next);
	ck_assert_str_eq(path, CASES[_i].path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("okta_link");
	TCase *tcase = tcase_create("link");
	tcase_add_loop_test(tcase, links_are_read_and_kept_at_home, 0, ARRAY_SIZE(CASES));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
