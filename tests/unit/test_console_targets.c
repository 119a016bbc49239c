/* SPDX-License-Identifier: MIT */
/* Targets of alarms without a settings file: added, their secrets entered, bound and let go. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/console_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS "/api/v1/settings"
#define SECRETS  "/api/v1/secrets"
#define CANARY   "CANARY-invented-target-secret-0001"
#define HOOK     "https://hooks.example.com/" CANARY

static struct console_fixture fixture;

static void set_up(void)
{
	console_fixture_start(&fixture);
	console_fixture_run_without_file(&fixture);
}

static void tear_down(void)
{
	console_fixture_stop(&fixture);
}

/* ------------------------------------------------------------------ helpers */

static int get(const char *target)
{
	return console_fixture_ask(&fixture, "GET", target, NULL);
}

static int post(const char *target, const char *body)
{
	return console_fixture_ask(&fixture, "POST", target, body);
}

/* The document in force with these targets. */
static int give(const char *targets)
{
	ck_assert_int_eq(get(SETTINGS), 200);
	json_t *document = json_deep_copy(json_object_get(fixture.json, "document"));
	json_t *list = json_loads(targets, 0, NULL);
	ck_assert_ptr_nonnull(list);
	ck_assert_int_eq(
	        json_object_set_new(document, "alarms", json_pack("{s:o}", "targets", list)), 0);
	json_t *body = json_pack("{s:o}", "document", document);
	char *text = json_format(body);
	int status = post(SETTINGS, text);
	free(text);
	json_decref(body);
	return status;
}

static int enter(const char *name, const char *value)
{
	char path[128];
	char body[256];
	ck_assert(str_format(path, sizeof(path), SECRETS "/%s", name));
	ck_assert(str_format(body, sizeof(body), "{\"value\":\"%s\",\"by\":\"ada\"}", value));
	return post(path, body);
}

static const char *lack(size_t target)
{
	ck_assert_int_eq(get("/api/v1/alarms"), 200);
	const json_t *targets = json_object_get(fixture.json, "targets");
	return json_get_text(json_array_get(targets, target), "lack");
}

/* The entry of a name in GET /secrets; NULL: it is not there. */
static const json_t *listed(const char *name)
{
	size_t i = 0;
	const json_t *secret = NULL;
	ck_assert_int_eq(get(SECRETS), 200);
	json_array_foreach(json_object_get(fixture.json, "secrets"), i, secret)
	{
		if (str_equal(json_get_text(secret, "name"), name)) {
			return secret;
		}
	}
	return NULL;
}

static size_t stored(const char *name)
{
	return json_array_size(json_object_get(listed(name), "stored"));
}

static const char *last_of(const char *name)
{
	return json_get_text(json_array_get(json_object_get(listed(name), "stored"), 0), "last4");
}

#define WEBHOOK_TARGET                                                                  \
	"{\"name\":\"ops\",\"webhook\":{\"stored\":true},\"bearer\":{\"stored\":true}," \
	"\"hmac_secret\":{\"stored\":true}}"
#define MAIL_TARGET(host)                                                                  \
	"{\"name\":\"mail\",\"smtp\":\"smtps://" host "\",\"login\":\"ada\",\"password\":" \
	"{\"stored\":true},\"from\":\"a@example.com\",\"to\":[\"b@example.com\"]}"

/* -------------------------------------------------------------------- tests */

START_TEST(a_target_is_whole_when_all_of_it_is_entered)
{
	ck_assert_int_eq(give("[" WEBHOOK_TARGET "]"), 200);
	ck_assert_ptr_nonnull(strstr(lack(0), "bob2okta secret set alarms.ops.webhook"));
	ck_assert_int_eq(enter("alarms.ops.bearer", CANARY), 409);
	ck_assert_ptr_nonnull(strstr(fixture.body, "enter that first"));
	ck_assert_int_eq(enter("alarms.ops.webhook", HOOK), 200);
	ck_assert(json_get_bool(fixture.json, "is_in_force", false));
	ck_assert_ptr_nonnull(strstr(lack(0), "alarms.ops.bearer"));
	ck_assert_int_eq(enter("alarms.ops.bearer", CANARY), 200);
	ck_assert_int_eq(enter("alarms.ops.hmac_secret", CANARY "2"), 200);
	ck_assert_str_eq(lack(0), "");
	/* In the settings that run; and nowhere in what is shown. */
	struct settings *settings = holder_acquire(running_settings(fixture.console.running));
	const struct alarm_target *target = &settings->alarms.targets[0];
	ck_assert_str_eq(secret_reveal(&target->webhook), HOOK);
	ck_assert_str_eq(secret_reveal(&target->bearer), CANARY);
	ck_assert_str_eq(secret_reveal(&target->hmac_secret), CANARY "2");
	holder_release(running_settings(fixture.console.running), settings);
}
END_TEST

START_TEST(no_answer_and_no_audit_line_has_a_value)
{
	static const char *const SHOWN[] = {SECRETS, SETTINGS, SETTINGS "/versions/2",
	        "/api/v1/alarms", "/api/v1/status", "/api/v1/audit?kind=secret"};
	ck_assert_int_eq(give("[" WEBHOOK_TARGET "]"), 200);
	ck_assert_int_eq(enter("alarms.ops.webhook", HOOK), 200);
	ck_assert_ptr_null(strstr(fixture.body, "CANARY"));
	ck_assert_int_eq(enter("alarms.ops.bearer", CANARY), 200);
	for (size_t i = 0; i < ARRAY_SIZE(SHOWN); i++) {
		ck_assert_msg(get(SHOWN[i]) == 200, "%s: %s", SHOWN[i], fixture.body);
		ck_assert_msg(strstr(fixture.body, "CANARY") == NULL, "%s", SHOWN[i]);
		ck_assert_msg(strstr(fixture.body, "hooks.example.com") == NULL, "%s", SHOWN[i]);
	}
	ck_assert_ptr_nonnull(strstr(fixture.body, "secret alarms.ops.webhook entered"));
	ck_assert_ptr_nonnull(strstr(fixture.body, "\"ada\""));
}
END_TEST

/* The end of a token tells two apart; a webhook's address is a secret in every part. */
START_TEST(of_an_address_not_even_the_end_is_shown)
{
	ck_assert_int_eq(give("[" WEBHOOK_TARGET "]"), 200);
	ck_assert_int_eq(enter("alarms.ops.webhook", HOOK), 200);
	ck_assert_int_eq(enter("alarms.ops.bearer", CANARY), 200);
	ck_assert_str_eq(last_of("alarms.ops.bearer"), "0001");
	ck_assert_str_eq(last_of("alarms.ops.webhook"), "");
}
END_TEST

/* U-02: neither a bearer nor a password goes to an address it was not entered for. */
START_TEST(another_address_takes_what_was_bound_to_it)
{
	ck_assert_int_eq(give("[" WEBHOOK_TARGET "," MAIL_TARGET("mail.example.com") "]"), 200);
	ck_assert_int_eq(enter("alarms.ops.webhook", HOOK), 200);
	ck_assert_int_eq(enter("alarms.ops.bearer", CANARY), 200);
	ck_assert_int_eq(enter("alarms.ops.hmac_secret", CANARY), 200);
	ck_assert_int_eq(enter("alarms.mail.password", CANARY), 200);
	ck_assert_str_eq(
	        json_get_text(listed("alarms.mail.password"), "host"), "smtps://mail.example.com");
	ck_assert_int_eq(enter("alarms.ops.webhook", "https://other.example.com/"), 200);
	ck_assert_uint_eq(stored("alarms.ops.bearer"), 0);
	ck_assert_uint_eq(stored("alarms.ops.hmac_secret"), 1);
	ck_assert_uint_eq(stored("alarms.mail.password"), 1);
	ck_assert_int_eq(give("[" WEBHOOK_TARGET "," MAIL_TARGET("other.example.com") "]"), 200);
	ck_assert_uint_eq(stored("alarms.mail.password"), 0);
	ck_assert_ptr_nonnull(strstr(lack(1), "alarms.mail.password"));
}
END_TEST

START_TEST(a_target_that_goes_takes_its_secrets_along)
{
	ck_assert_int_eq(give("[" MAIL_TARGET("mail.example.com") "]"), 200);
	ck_assert_int_eq(enter("alarms.mail.password", CANARY), 200);
	ck_assert_int_eq(give("[]"), 200);
	ck_assert_ptr_null(listed("alarms.mail.password"));
	ck_assert_int_eq(get("/api/v1/audit?kind=secret"), 200);
	ck_assert_ptr_nonnull(strstr(fixture.body, "no such target any more"));
	ck_assert_int_eq(give("[" MAIL_TARGET("mail.example.com") "]"), 200);
	ck_assert_uint_eq(stored("alarms.mail.password"), 0);
}
END_TEST

static const struct {
	const char *targets;
	const char *path;
} REFUSED[] = {
        {"[{\"name\":\"a\",\"webhook\":\"https://hooks.example.com/\"}]",
                "alarms.targets[0].webhook"},
        {"[{\"name\":\"a\",\"webhook\":{\"file\":\"/etc/hostname\"}}]",
                "alarms.targets[0].webhook"},
        {"[{\"name\":\"a\",\"webhook\":{\"kept\":true}}]", "alarms.targets[0].webhook"},
        {"[{\"name\":\"a\",\"webhook\":{\"stored\":true},\"network\":\"any\"}]",
                "alarms.targets[0].network"},
        {"[" MAIL_TARGET("m.example.com") ",{\"name\":\"b\",\"smtp\":\"smtp://10.0.0.1\","
                                          "\"network\":\"any\",\"from\":\"a@example.com\","
                                          "\"to\":[\"b@example.com\"]}]",
                "alarms.targets[1].network"},
        {"[{\"name\":\"a\",\"smtp\":\"https://m.example.com\",\"from\":\"a@example.com\","
         "\"to\":[\"b@example.com\"]}]",
                "alarms.targets[0].smtp"},
        {"[{\"name\":\"a\",\"smtp\":\"smtp://m.example.com\",\"from\":\"nobody\",\"to\":[]}]",
                "alarms.targets[0].from"},
        {"[{\"name\":\"a\",\"webhook\":{\"stored\":true},\"password\":{\"stored\":true}}]",
                "alarms.targets[0].password"},
        {"[{\"name\":\"a b\",\"webhook\":{\"stored\":true}}]", "alarms.targets[0].name"},
        {"[" WEBHOOK_TARGET "," WEBHOOK_TARGET "]", "alarms.targets[1].name"},
        {"[{\"name\":\"a\"}]", "alarms.targets[0]"},
};

START_TEST(what_cannot_be_a_target_is_refused_by_its_place)
{
	ck_assert_msg(give(REFUSED[_i].targets) == 400, "%s", fixture.body);
	ck_assert_msg(strstr(fixture.body, REFUSED[_i].path) != NULL, "%s: %s", REFUSED[_i].path,
	        fixture.body);
}
END_TEST

static const struct {
	const char *name;
	const char *value;
	int status;
	const char *says;
} VALUES[] = {
        {"alarms.ops.webhook", "http://hooks.example.com/", 400, "https"},
        {"alarms.ops.webhook", "not an address", 400, "the value of alarms.ops.webhook"},
        {"alarms.ops.hmac_secret", "short", 400, "shorter than 8"},
        {"alarms.ops.bearer", " x", 400, "white space"},
        {"alarms.nobody.webhook", "https://hooks.example.com/", 409, "no target of that name"},
        {"alarms.ops.colour", "green", 404, "no secret of that name"},
        {"alarms.webhook", "https://hooks.example.com/", 404, "no secret of that name"},
        {"alarms.o/ps.webhook", "https://hooks.example.com/", 404, ""},
        {"alarms..webhook", "https://hooks.example.com/", 404, "no secret of that name"},
};

START_TEST(what_cannot_be_its_secret_is_refused_with_why)
{
	ck_assert_int_eq(give("[" WEBHOOK_TARGET "]"), 200);
	int status = enter(VALUES[_i].name, VALUES[_i].value);
	ck_assert_msg(status == VALUES[_i].status, "%s: %s", VALUES[_i].name, fixture.body);
	ck_assert_msg(strstr(fixture.body, VALUES[_i].says) != NULL, "%s", fixture.body);
	ck_assert_ptr_null(strstr(fixture.body, "not an address"));
}
END_TEST

/* A form looks at all of its values before it stores one. */
START_TEST(a_value_is_looked_at_before_there_is_a_target)
{
	ck_assert_int_eq(post(SECRETS "/alarms.ops.webhook",
	                         "{\"value\":\"http://hooks.example.com/\",\"check_only\":true}"),
	        400);
	ck_assert_int_eq(
	        post(SECRETS "/alarms.ops.webhook", "{\"value\":\"" HOOK "\",\"check_only\":true}"),
	        200);
	ck_assert(!json_get_bool(fixture.json, "is_in_force", true));
	ck_assert_int_eq(give("[" WEBHOOK_TARGET "]"), 200);
	ck_assert_uint_eq(stored("alarms.ops.webhook"), 0);
}
END_TEST

/* Without a file nothing but the store has them; a rollback asks for them again. */
START_TEST(a_rollback_brings_the_target_and_not_its_secret)
{
	ck_assert_int_eq(give("[" MAIL_TARGET("mail.example.com") "]"), 200);
	ck_assert_int_eq(enter("alarms.mail.password", CANARY), 200);
	ck_assert_int_eq(give("[]"), 200);
	ck_assert_int_eq(post(SETTINGS "/rollback", "{\"version\":2}"), 200);
	ck_assert_ptr_nonnull(strstr(lack(0), "alarms.mail.password"));
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("console targets");
	TCase *cases = tcase_create("targets");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_target_is_whole_when_all_of_it_is_entered);
	tcase_add_test(cases, no_answer_and_no_audit_line_has_a_value);
	tcase_add_test(cases, of_an_address_not_even_the_end_is_shown);
	tcase_add_test(cases, another_address_takes_what_was_bound_to_it);
	tcase_add_test(cases, a_target_that_goes_takes_its_secrets_along);
	tcase_add_loop_test(cases, what_cannot_be_a_target_is_refused_by_its_place, 0,
	        (int)ARRAY_SIZE(REFUSED));
	tcase_add_loop_test(
	        cases, what_cannot_be_its_secret_is_refused_with_why, 0, (int)ARRAY_SIZE(VALUES));
	tcase_add_test(cases, a_value_is_looked_at_before_there_is_a_target);
	tcase_add_test(cases, a_rollback_brings_the_target_and_not_its_secret);
	suite_add_tcase(suite, cases);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
