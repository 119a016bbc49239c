/* SPDX-License-Identifier: MIT */
#include "server/settings/options.h"

#include "server/base/str.h"
#include "server/settings/file.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS_MAX 8

struct run {
	struct options options;
	struct err err;
	int argc;
	char *argv[ARGUMENTS_MAX + 1];
	char room[ARGUMENTS_MAX][256];
	bool is_good;
};

/* Arguments end with NULL, as argv does. */
static void parse(struct run *run, const char *const *arguments)
{
	*run = (struct run){.argc = 1};
	run->argv[0] = run->room[0];
	while (arguments[run->argc - 1] != NULL) {
		ck_assert(str_copy(
		        run->room[run->argc], sizeof(run->room[0]), arguments[run->argc - 1]));
		run->argv[run->argc] = run->room[run->argc];
		run->argc++;
	}
	run->is_good = options_parse(&run->options, &run->argc, run->argv, &run->err);
}

#define PARSE(run, ...) parse(run, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

START_TEST(defaults_hold_without_flags)
{
	struct run run;
	PARSE(&run);
	ck_assert(run.is_good);
	ck_assert_str_eq(run.options.listen, "127.0.0.1:8080");
	ck_assert_str_eq(run.options.admin_listen, "127.0.0.1:8081");
	ck_assert_str_eq(run.options.store, "sqlite:bob2okta-data/bob2okta.db");
	ck_assert_str_eq(run.options.settings, "bob2okta.json");
	ck_assert_int_eq(run.options.workers, 4);
	ck_assert_int_eq(run.options.log_format, LOG_FORMAT_TEXT);
	ck_assert_int_eq(run.options.log_level, LOG_LEVEL_INFO);
	ck_assert(!run.options.allow_insecure_loopback);
	ck_assert_uint_eq(run.options.trusted_proxies.count, 0);
	ck_assert_uint_eq(run.options.admin_hosts.count, 0);
}
END_TEST

START_TEST(both_spellings_of_a_value_are_read)
{
	struct run run;
	PARSE(&run, "--listen", "[::1]:9000", "--workers=8", "--allow-insecure-loopback",
	        "--log-format=json");
	ck_assert_msg(run.is_good, "%s", run.err.text);
	ck_assert_str_eq(run.options.listen, "[::1]:9000");
	ck_assert_int_eq(run.options.workers, 8);
	ck_assert(run.options.allow_insecure_loopback);
	ck_assert_int_eq(run.options.log_format, LOG_FORMAT_JSON);
	ck_assert_int_eq(run.argc, 1);
}
END_TEST

START_TEST(the_key_file_is_a_path)
{
	struct run run;
	PARSE(&run, "status");
	ck_assert_str_eq(run.options.key_file, "");
	PARSE(&run, "--key-file", "/run/secrets/master-key");
	ck_assert_str_eq(run.options.key_file, "/run/secrets/master-key");
}
END_TEST

START_TEST(trusted_proxies_are_a_list)
{
	struct run run;
	PARSE(&run, "--trusted-proxies", "127.0.0.1, 10.0.0.0/8,2001:db8::/32");
	ck_assert_msg(run.is_good, "%s", run.err.text);
	ck_assert_uint_eq(run.options.trusted_proxies.count, 3);
	PARSE(&run, "--trusted-proxies=none");
	ck_assert(run.is_good);
	ck_assert_uint_eq(run.options.trusted_proxies.count, 0);
}
END_TEST

START_TEST(admin_hosts_are_a_list)
{
	struct run run;
	PARSE(&run, "--admin-hosts", "Console.example.com, [2001:db8::7],192.0.2.7");
	ck_assert_msg(run.is_good, "%s", run.err.text);
	ck_assert_uint_eq(run.options.admin_hosts.count, 3);
	ck_assert_str_eq(run.options.admin_hosts.items[0], "console.example.com");
}
END_TEST

START_TEST(the_rest_stays_in_order_for_the_command)
{
	struct run run;
	PARSE(&run, "person", "--workers=2", "--json", "--store", "sqlite:x.db", "42");
	ck_assert(run.is_good);
	ck_assert_int_eq(run.argc, 4);
	ck_assert_str_eq(run.argv[1], "person");
	ck_assert_str_eq(run.argv[2], "--json");
	ck_assert_str_eq(run.argv[3], "42");
	ck_assert_ptr_null(run.argv[4]);
	ck_assert_str_eq(run.options.store, "sqlite:x.db");
}
END_TEST

START_TEST(two_dashes_end_the_flags)
{
	struct run run;
	PARSE(&run, "send", "--", "--workers=2");
	ck_assert(run.is_good);
	ck_assert_int_eq(run.argc, 4);
	ck_assert_int_eq(run.options.workers, 4);
}
END_TEST

START_TEST(a_variable_beats_the_default_and_a_flag_the_variable)
{
	struct run run;
	ck_assert_int_eq(setenv("BOB2OKTA_WORKERS", "16", 1), 0);
	ck_assert_int_eq(setenv("BOB2OKTA_LOG_LEVEL", "", 1), 0);
	PARSE(&run);
	ck_assert(run.is_good);
	ck_assert_int_eq(run.options.workers, 16);
	ck_assert_int_eq(run.options.log_level, LOG_LEVEL_INFO);
	PARSE(&run, "--workers", "3");
	ck_assert_int_eq(run.options.workers, 3);
}
END_TEST

struct bad {
	const char *arguments[3];
	const char *text;
};

static const struct bad bads[] = {
        {{"--workers", "1"}, "--workers must be a number from 2 to 64"},
        {{"--workers=65"}, "2 to 64"},
        {{"--workers=four"}, "2 to 64"},
        {{"--workers"}, "--workers needs a value"},
        {{"--listen=8080"}, "must be HOST:PORT"},
        {{"--listen=:8080"}, "must be HOST:PORT"},
        {{"--listen=127.0.0.1:65536"}, "must be HOST:PORT"},
        {{"--listen=127.0.0.1:"}, "must be HOST:PORT"},
        {{"--admin-listen=::1:8080"}, "must be HOST:PORT"},
        {{"--store=postgres://x"}, "must be sqlite:PATH"},
        {{"--store=sqlite:"}, "must be sqlite:PATH"},
        {{"--public-url=ftp://hooks.example.com"}, "must begin with https://"},
        {{"--log-format=xml"}, "must be text or json"},
        {{"--log-level=trace"}, "must be debug, info, warn or error"},
        {{"--admin-hosts=console.example.com:8081"}, "--admin-hosts must be at most 16 names"},
        {{"--admin-hosts=*.example.com"}, "without ports"},
        {{"--trusted-proxies=proxy.example.com"}, "--trusted-proxies must be at most 32"},
        {{"--trusted-proxies=10.0.0.0/33"}, "must be at most 32"},
        {{"--allow-insecure-loopback=maybe"}, "must be true or false"},
};

START_TEST(a_bad_value_names_the_flag_and_the_mend)
{
	const struct bad *bad = &bads[_i];
	struct run run;
	parse(&run, bad->arguments);
	ck_assert(!run.is_good);
	ck_assert_int_eq(run.err.code, ERR_USAGE);
	ck_assert_msg(strstr(run.err.text, bad->text) != NULL, "%s", run.err.text);
}
END_TEST

START_TEST(a_bad_variable_is_named_itself)
{
	struct run run;
	ck_assert_int_eq(setenv("BOB2OKTA_WORKERS", "no", 1), 0);
	PARSE(&run);
	ck_assert(!run.is_good);
	ck_assert_ptr_nonnull(strstr(run.err.text, "BOB2OKTA_WORKERS must be"));
}
END_TEST

START_TEST(what_stays_behind_serve_is_a_mistake)
{
	struct run run;
	PARSE(&run, "serve", "--lisen", "x:1");
	ck_assert(run.is_good);
	ck_assert(!options_check_rest(run.argc, run.argv, &run.err));
	ck_assert_str_eq(run.err.text, "--lisen is not known; did you mean --listen?");
	PARSE(&run, "serve", "--workers=2");
	ck_assert(options_check_rest(run.argc, run.argv, &run.err));
}
END_TEST

START_TEST(the_page_names_every_flag)
{
	struct file_content page;
	ck_assert(file_read("docs/settings.md", 1024 * 1024, &page, NULL));
	for (size_t i = 0; options_flag(i) != NULL; i++) {
		char row[64];
		str_format_cut(row, sizeof(row), "| `%s", options_flag(i));
		ck_assert_msg(strstr(page.bytes, row) != NULL, "docs/settings.md lacks %s",
		        options_flag(i));
	}
	file_content_wipe(&page);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *reading = tcase_create("reading");
	tcase_add_test(reading, defaults_hold_without_flags);
	tcase_add_test(reading, both_spellings_of_a_value_are_read);
	tcase_add_test(reading, the_key_file_is_a_path);
	tcase_add_test(reading, trusted_proxies_are_a_list);
	tcase_add_test(reading, admin_hosts_are_a_list);
	tcase_add_test(reading, the_rest_stays_in_order_for_the_command);
	tcase_add_test(reading, two_dashes_end_the_flags);
	tcase_add_test(reading, a_variable_beats_the_default_and_a_flag_the_variable);
	suite_add_tcase(suite, reading);
	TCase *mistakes = tcase_create("mistakes");
	tcase_add_loop_test(mistakes, a_bad_value_names_the_flag_and_the_mend, 0,
	        (int)(sizeof(bads) / sizeof(bads[0])));
	tcase_add_test(mistakes, a_bad_variable_is_named_itself);
	tcase_add_test(mistakes, what_stays_behind_serve_is_a_mistake);
	suite_add_tcase(suite, mistakes);
	TCase *page = tcase_create("page");
	tcase_add_test(page, the_page_names_every_flag);
	suite_add_tcase(suite, page);
	return suite_run(suite);
}
