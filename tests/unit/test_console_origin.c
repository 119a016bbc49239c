/* SPDX-License-Identifier: MIT */
/* Which headers say that a request comes from the console's own page. */
#include "server/console/origin.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define HOST "console.example.com"
#define JSON "application/json"
#define SITE "not come from"
#define TYPE "sent as application/json"

static const struct origin_case {
	struct origin_claim claim;
	const char *complaint; /* a part of it; NULL: fine */
} CASES[] = {
        {{true, "same-origin", "http://" HOST, HOST, JSON}, NULL},
        {{true, "same-origin", NULL, HOST, JSON "; charset=utf-8"}, NULL},
        {{true, "same-origin", NULL, HOST, "Application/JSON ;x"}, NULL},
        /* The browser's own word beats what an Origin says. */
        {{true, "cross-site", "https://" HOST, HOST, JSON}, SITE},
        {{true, "same-site", "https://" HOST, HOST, JSON}, SITE},
        {{true, "none", "https://" HOST, HOST, JSON}, SITE},
        {{true, "", "https://" HOST, HOST, JSON}, SITE},
        {{true, "Same-Origin", NULL, HOST, JSON}, SITE},
        /* Twice: neither is believed. */
        {{true, NULL, "https://" HOST, HOST, JSON}, SITE},
        {{false, NULL, "https://" HOST, HOST, JSON}, NULL},
        {{false, NULL, "http://" HOST, HOST, JSON}, NULL},
        {{false, NULL, "http://Console.Example.com", HOST, JSON}, NULL},
        {{false, NULL, "http://127.0.0.1:8081", "127.0.0.1:8081", JSON}, NULL},
        {{false, NULL, "http://[::1]:8081", "[::1]:8081", JSON}, NULL},
        {{false, NULL, "http://127.0.0.1:8082", "127.0.0.1:8081", JSON}, SITE},
        {{false, NULL, "http://localhost:8081", "127.0.0.1:8081", JSON}, SITE},
        {{false, NULL, "null", HOST, JSON}, SITE},
        {{false, NULL, "", HOST, JSON}, SITE},
        {{false, NULL, "https://", "", JSON}, SITE},
        {{false, NULL, "file://" HOST, HOST, JSON}, SITE},
        {{false, NULL, HOST, HOST, JSON}, SITE},
        {{false, NULL, "https://" HOST ".evil.example", HOST, JSON}, SITE},
        {{false, NULL, "https://evil.example", HOST, JSON}, SITE},
        {{false, NULL, "https://" HOST, NULL, JSON}, SITE},
        {{false, NULL, NULL, HOST, JSON}, SITE},
        /* What a form can send. */
        {{true, "same-origin", NULL, HOST, NULL}, TYPE},
        {{true, "same-origin", NULL, HOST, ""}, TYPE},
        {{true, "same-origin", NULL, HOST, "text/plain"}, TYPE},
        {{true, "same-origin", NULL, HOST, "application/x-www-form-urlencoded"}, TYPE},
        {{true, "same-origin", NULL, HOST, "multipart/form-data; boundary=x"}, TYPE},
        {{true, "same-origin", NULL, HOST, "application/jsonp"}, TYPE},
        {{true, "same-origin", NULL, HOST, "text/plain; application/json"}, TYPE},
};

START_TEST(only_the_consoles_own_page_is_believed)
{
	const struct origin_case *row = &CASES[_i];
	const char *complaint = origin_complaint(&row->claim);

	if (row->complaint == NULL) {
		ck_assert_msg(complaint == NULL, "row %d: %s", _i, complaint);
	} else {
		ck_assert_msg(complaint != NULL && strstr(complaint, row->complaint) != NULL,
		        "row %d: %s", _i, complaint != NULL ? complaint : "no complaint");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console origin");
	TCase *cases = tcase_create("cases");

	tcase_add_loop_test(cases, only_the_consoles_own_page_is_believed, 0, ARRAY_SIZE(CASES));
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
