/* SPDX-License-Identifier: MIT */
#include "server/intake/ping.h"

#include "server/base/attr.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char *const PINGS[] = {"Ping test", "\"Ping test\"", "{\"text\":\"Ping test\"}"};

static const char *const OTHERS[] = {"", "Ping", "ping test", "Ping test ", " Ping test",
        "Ping test\n", "\"Ping test", "{\"text\": \"Ping test\"}", "{\"text\":\"Ping test\"} ",
        "{\"text\":\"Ping test\",\"type\":\"employee.left\"}", "{\"text\":\"Ping Test\"}",
        "{\"text\":\"Ping test\"", "[\"Ping test\"]", "Ping testPing test"};

START_TEST(the_three_bodies_are_pings)
{
	ck_assert(ping_is_ping(PINGS[_i], strlen(PINGS[_i])));
	ck_assert(!ping_is_ping(PINGS[_i], strlen(PINGS[_i]) - 1));
}
END_TEST

START_TEST(a_nul_behind_a_ping_is_another_body)
{
	ck_assert(!ping_is_ping("Ping test\0", 10));
}
END_TEST

START_TEST(everything_else_is_no_ping)
{
	ck_assert_msg(!ping_is_ping(OTHERS[_i], strlen(OTHERS[_i])), "%s", OTHERS[_i]);
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("intake ping");
	TCase *tcase = tcase_create("ping");
	tcase_add_loop_test(tcase, the_three_bodies_are_pings, 0, (int)ARRAY_SIZE(PINGS));
	tcase_add_test(tcase, a_nul_behind_a_ping_is_another_body);
	tcase_add_loop_test(tcase, everything_else_is_no_ping, 0, (int)ARRAY_SIZE(OTHERS));
	suite_add_tcase(all, tcase);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
