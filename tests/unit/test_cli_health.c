/* SPDX-License-Identifier: MIT */
#include "server/cli/cli.h"

#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/base/transport.h"
#include "tests/support/fake_http.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES 16

struct probe {
	const char *flag; /* NULL: none */
	int answer; /* HTTP status; 0: nothing listens */
	const char *target; /* what is asked; NULL: nothing */
	int status; /* exit status */
	const char *says;
};

static const struct probe probes[] = {
        {NULL, 200, "/healthz", CLI_DONE, "/healthz answers 200"},
        {"--ready", 200, "/readyz", CLI_DONE, "/readyz answers 200"},
        {"--ready", 503, "/readyz", CLI_FAILED, "/readyz answers 503"},
        {"--json", 200, "/healthz", CLI_DONE, "\"status\": 200"},
        {"--json", 404, "/healthz", CLI_FAILED, "\"status\": 404"},
        {NULL, 0, NULL, CLI_FAILED, "/healthz does not answer"},
        {"extra", 200, NULL, CLI_USAGE, "extra"},
};

static struct fake_http *fake;
static struct options options;
static char *printed; /* both streams */

static void set_up(void)
{
	fake = fake_http_start();
	options = (struct options){0};
	ck_assert(str_copy(
	        options.listen, sizeof(options.listen), fake_http_url(fake) + strlen("http://")));
}

static void tear_down(void)
{
	fake_http_stop(fake);
	free(printed);
}

static int run(const char *flag)
{
	char room[3][WORD_BYTES] = {"bob2okta", "health", ""};
	char *argv[4] = {room[0], room[1], flag != NULL ? room[2] : NULL, NULL};
	size_t len = 0;
	ck_assert(str_copy(room[2], WORD_BYTES, flag != NULL ? flag : ""));
	FILE *out = open_memstream(&printed, &len);
	ck_assert_ptr_nonnull(out);
	int status = cli_run_to(&options, flag != NULL ? 3 : 2, argv, out, out);
	ck_assert_int_eq(fclose(out), 0);
	return status;
}

START_TEST(health_tells_what_the_own_listener_answers)
{
	const struct probe *probe = &probes[_i];
	fake_http_script(fake, probe->answer, "", "{}");
	if (probe->answer == 0) {
		ck_assert(str_copy(options.listen, sizeof(options.listen), "127.0.0.1:1"));
	}
	ck_assert_int_eq(run(probe->flag), probe->status);
	ck_assert_msg(
	        strstr(printed, probe->says) != NULL, "\"%s\" is not in: %s", probe->says, printed);
	ck_assert_uint_eq(fake_http_count(fake), probe->target != NULL ? 1 : 0);
	if (probe->target != NULL) {
		ck_assert_str_eq(fake_http_request(fake, 0)->method, "GET");
		ck_assert_str_eq(fake_http_request(fake, 0)->target, probe->target);
	}
}
END_TEST
START_TEST(health_of_a_listener_at_any_address_asks_this_machine)
{
	const char *port = strrchr(options.listen, ':');
	char any[WORD_BYTES * 2];
	ck_assert(str_format(any, sizeof(any), "0.0.0.0%s", port));
	ck_assert(str_copy(options.listen, sizeof(options.listen), any));
	fake_http_script(fake, 200, "", "{}");
	ck_assert_int_eq(run(NULL), CLI_DONE);
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST
START_TEST(health_of_a_port_that_is_not_known_is_a_mistake)
{
	ck_assert(str_copy(options.listen, sizeof(options.listen), "127.0.0.1:0"));
	ck_assert_int_eq(run(NULL), CLI_USAGE);
}
END_TEST

int main(void)
{
	struct err err = ERR_INIT;
	if (!crypto_start(&err) || !transport_global_start(&err)) {
		return EXIT_FAILURE;
	}
	Suite *suite = suite_create("cli_health");
	TCase *health = tcase_create("health");
	tcase_add_checked_fixture(health, set_up, tear_down);
	tcase_add_loop_test(
	        health, health_tells_what_the_own_listener_answers, 0, (int)ARRAY_SIZE(probes));
	tcase_add_test(health, health_of_a_listener_at_any_address_asks_this_machine);
	tcase_add_test(health, health_of_a_port_that_is_not_known_is_a_mistake);
	suite_add_tcase(suite, health);
	int status = suite_run(suite);
	transport_global_stop();
	crypto_stop();
	return status;
}
