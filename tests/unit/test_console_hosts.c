/* SPDX-License-Identifier: MIT */
/* H-04: by which names the admin listener may be called, and what a stranger's name gets. */
#include "server/base/str.h"
#include "tests/support/console_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static struct console_fixture fixture;
static struct host_names hosts;

static void set_up(void)
{
	console_fixture_start(&fixture);
	ck_assert(host_names_parse("console.example.com", &hosts));
	fixture.console.hosts = &hosts;
	fixture.console.admin_listen = "[2001:db8::7]:8081";
}

static void tear_down(void)
{
	console_fixture_stop(&fixture);
}

static int ask_by(const char *host, const char *target, bool has_token)
{
	char token[128] = "";
	char headers[512];

	if (has_token) {
		ck_assert(str_format(token, sizeof(token), "Authorization: Bearer %s\r\n",
		        secret_reveal(&fixture.console.token)));
	}
	ck_assert(str_format(headers, sizeof(headers), "Host: %s\r\n%s", host, token));
	return console_fixture_ask_as(&fixture, "GET", target, headers);
}

static const struct host_case {
	const char *host;
	bool is_known;
} HOSTS[] = {
        {"localhost", true},
        {"localhost:18081", true},
        {"LOCALHOST", true},
        {"127.0.0.1:8081", true},
        {"[::1]:8081", true},
        {"[2001:db8::7]:8081", true},
        {"[2001:db8::7]", true},
        {"console.example.com", true},
        {"console.example.com:8443", true},
        {"evil.example", false},
        {"localhost.evil.example", false},
        {"127.0.0.1.evil.example", false},
        {"127.0.0.2", false},
        {"0.0.0.0", false},
        {"2130706433", false},
        {"localhost.", false},
        {"[::]", false},
        {"[::ffff:127.0.0.1]", false},
        {"other.console.example.com", false},
};

START_TEST(strangers_names_are_refused_everywhere_but_for_probes)
{
	const struct host_case *row = &HOSTS[_i];
	static const char *const GUARDED[] = {"/", "/api/v1/status", "/assets/0/main.js"};

	for (size_t i = 0; i < ARRAY_SIZE(GUARDED); i++) {
		int status = ask_by(row->host, GUARDED[i], true);
		ck_assert_msg((status != 421) == row->is_known, "%s: %d", row->host, status);
		ck_assert(
		        row->is_known || strcmp(console_fixture_code(&fixture), "wrong_host") == 0);
		ck_assert_ptr_null(strstr(fixture.head, "Set-Cookie"));
	}
	ck_assert_int_eq(ask_by(row->host, "/api/v1/status", false), row->is_known ? 401 : 421);
	ck_assert_int_eq(ask_by(row->host, "/healthz", false), 200);
	ck_assert_int_ne(ask_by(row->host, "/readyz", false), 421);
	ck_assert_int_eq(ask_by(row->host, "/metrics", false), 200);
}
END_TEST

START_TEST(without_options_this_machines_names_are_left)
{
	fixture.console.hosts = NULL;
	fixture.console.admin_listen = NULL;
	ck_assert_int_eq(ask_by("localhost", "/", false), 200);
	ck_assert_int_eq(ask_by("console.example.com", "/", false), 421);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console hosts");
	TCase *names = tcase_create("names");

	tcase_add_checked_fixture(names, set_up, tear_down);
	tcase_add_loop_test(
	        names, strangers_names_are_refused_everywhere_but_for_probes, 0, ARRAY_SIZE(HOSTS));
	tcase_add_test(names, without_options_this_machines_names_are_left);
	suite_add_tcase(suite, names);
	return suite_run(suite);
}
