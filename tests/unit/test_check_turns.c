/* SPDX-License-Identifier: MIT */
/* A check takes its turns among the engine's calls, instead of pushing it into a 429. */
#include "okta/okta.h"
#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/bob/bob.h"
#include "server/check/check.h"
#include "tests/support/fake_http.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

static struct fake_http *fake;
static struct secret token;
static struct connection_settings settings;
static atomic_bool stop;

static void ignore(void *context UNUSED, const struct check_line *line UNUSED)
{
}

static struct check_report report = {
        .on_line = ignore, .plain = SETTINGS_PLAIN_ON_LOOPBACK, .stop = &stop};

static void set_up(void)
{
	ck_assert(transport_global_start(NULL));
	fake = fake_http_start();
	ck_assert(secret_set(&token, "00token-for-tests"));
	settings = (struct connection_settings){.name = "default"};
	settings.okta.base_url = str_dup(fake_http_url(fake));
	settings.bob.base_url = str_dup(fake_http_url(fake));
	settings.bob.service_user_id = str_dup("SERVICE-1");
	ck_assert(secret_set(&settings.okta.api_token.value, "00token-for-tests"));
	ck_assert(secret_set(&settings.bob.service_user_token.value, "token"));
	report.org = NULL;
	report.company = NULL;
	atomic_store(&stop, false);
}

static void tear_down(void)
{
	secret_finish(&settings.okta.api_token.value);
	secret_finish(&settings.bob.service_user_token.value);
	free((void *)(uintptr_t)settings.okta.base_url);
	free((void *)(uintptr_t)settings.bob.base_url);
	free((void *)(uintptr_t)settings.bob.service_user_id);
	fake_http_stop(fake);
	secret_finish(&token);
	transport_global_stop();
}

static struct okta_org *engine_org(void)
{
	const struct okta_org_options options = {.base_url = fake_http_url(fake),
	        .api_token = &token,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .parallel_max = 4};
	struct okta_org *org = okta_org_create(&options, NULL);
	ck_assert_ptr_nonnull(org);
	return org;
}

/* The engine has spent what Okta lets through until that second. */
static void spend_all(struct okta_org *org, int64_t reset_s)
{
	char headers[256];
	struct call_outcome outcome;
	struct okta_user user = {0};
	struct okta_client *client = okta_client_create(org, NULL);
	ck_assert(str_format(headers, sizeof(headers),
	        "X-Rate-Limit-Limit: 600\r\nX-Rate-Limit-Remaining: 0\r\n"
	        "X-Rate-Limit-Reset: %lld\r\n",
	        (long long)reset_s));
	fake_http_script(fake, 200, headers, "{}");
	okta_me(client, &user, &outcome);
	ck_assert_uint_eq(fake_http_count(fake), 1);
	okta_user_finish(&user);
	okta_client_destroy(client);
}

START_TEST(okta_is_asked_when_the_engine_has_room_again)
{
	struct check_facts facts = {0};
	struct okta_org *org = engine_org();
	int64_t reset_s = clock_wall_ms() / 1000 + 2;
	spend_all(org, reset_s);
	fake_http_script(fake, 401, "", "{\"errorCode\":\"E0000011\"}");
	report.org = org;
	check_okta(&report, &settings, &facts);
	ck_assert_uint_eq(fake_http_count(fake), 2);
	ck_assert_int_ge(clock_wall_ms(), reset_s * 1000);
	check_facts_finish(&facts);
	okta_org_destroy(org);
}
END_TEST

START_TEST(a_check_that_waits_for_okta_ends_when_it_is_told_to)
{
	struct check_facts facts = {0};
	struct okta_org *org = engine_org();
	spend_all(org, clock_wall_ms() / 1000 + 50);
	atomic_store(&stop, true);
	report.org = org;
	check_okta(&report, &settings, &facts);
	ck_assert_uint_eq(fake_http_count(fake), 1);
	check_facts_finish(&facts);
	okta_org_destroy(org);
}
END_TEST

static struct bob_company *engine_company(void)
{
	const struct bob_company_options options = {.base_url = fake_http_url(fake),
	        .service_user_id = "SERVICE-1",
	        .service_user_token = &token,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK};
	struct bob_company *company = bob_company_create(&options, NULL);
	ck_assert_ptr_nonnull(company);
	return company;
}

START_TEST(a_search_of_the_check_counts_for_the_engine)
{
	struct check_facts facts = {0};
	struct bob_outlook before;
	struct bob_outlook after;
	struct bob_company *company = engine_company();
	bob_company_outlook(company, &before);
	fake_http_script(
	        fake, 200, "", "[{\"id\":\"root.email\",\"name\":\"Email\",\"type\":\"text\"}]");
	fake_http_script(fake, 200, "", "{}");
	fake_http_script(fake, 200, "", "{\"employees\":[]}");
	report.company = company;
	check_bob(&report, &settings, &facts);
	bob_company_outlook(company, &after);
	ck_assert_uint_eq(fake_http_count(fake), 3);
	ck_assert_int_eq(after.remaining, before.remaining - 1);
	check_facts_finish(&facts);
	bob_company_destroy(company);
}
END_TEST

START_TEST(a_wait_ends_when_the_check_is_told_to)
{
	ck_assert(check_report_wait(&report, 10));
	atomic_store(&stop, true);
	ck_assert(!check_report_wait(&report, 1000000));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("check_turns");
	TCase *tcase = tcase_create("check_turns");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, okta_is_asked_when_the_engine_has_room_again);
	tcase_add_test(tcase, a_check_that_waits_for_okta_ends_when_it_is_told_to);
	tcase_add_test(tcase, a_search_of_the_check_counts_for_the_engine);
	tcase_add_test(tcase, a_wait_ends_when_the_check_is_told_to);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
