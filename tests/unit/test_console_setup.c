/* SPDX-License-Identifier: MIT */
/* Settings without a file behind them: what a first start has, what the API may say and who. */
#include "server/base/clock.h"
#include "server/base/hook_light.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/settings_document.h"
#include "tests/support/console_fixture.h"
#include "tests/support/doc_shape.h"
#include "tests/support/suite.h"

#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define SETTINGS    "/api/v1/settings"
#define SECRETS     "/api/v1/secrets"
#define DEADLINE_MS 60000

static struct console_fixture fixture;

static void set_up(void)
{
	console_fixture_start(&fixture);
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

/* The document in force with these keys laid over its connection's sections. */
static int give(const char *sections, const char *more)
{
	ck_assert_int_eq(get(SETTINGS), 200);
	json_t *document = json_deep_copy(json_object_get(fixture.json, "document"));
	json_t *connection = json_array_get(json_object_get(document, "connections"), 0);
	json_t *changes = json_loads(sections, 0, NULL);
	json_t *body = json_loads(more, 0, NULL);
	ck_assert_ptr_nonnull(changes);
	ck_assert_int_eq(json_object_update_recursive(connection, changes), 0);
	json_object_set_new(body, "document", document);
	char *text = json_format(body);
	int status = post(SETTINGS, text);
	free(text);
	json_decref(body);
	json_decref(changes);
	return status;
}

#define OKTA(host) "{\"okta\":{\"base_url\":\"" host "\"}}"
#define WHOLE                                                          \
	"{\"okta\":{\"base_url\":\"https://acme.okta.com\"},"          \
	"\"bob\":{\"company_id\":636192,\"service_user_id\":\"S-1\"}," \
	"\"provisioning\":{\"email_domains\":[\"example.com\"]}}"

static const char *okta_sentence(void)
{
	ck_assert_int_eq(get("/api/v1/status"), 200);
	const json_t *connection = json_array_get(json_object_get(fixture.json, "connections"), 0);
	const char *text = json_get_text(json_object_get(connection, "okta"), "sentence");
	return text != NULL ? text : "";
}

/* -------------------------------------------------------------------- tests */

START_TEST(a_first_start_is_in_dry_run_and_says_what_is_missing)
{
	console_fixture_run_without_file(&fixture);
	ck_assert_int_eq(get(SETTINGS), 200);
	ck_assert_str_eq(json_get_text(fixture.json, "managed_by"), "console");
	ck_assert_str_eq(json_get_text(fixture.json, "path"), "");
	ck_assert(json_get_bool(fixture.json, "is_editable", false));
	ck_assert_str_eq(json_get_text(json_object_get(fixture.json, "file"), "state"), "none");
	ck_assert_ptr_nonnull(strstr(fixture.body, "\"mode\":\"dry_run\""));
	const char *sentence = okta_sentence();
	ck_assert_msg(str_starts_with(sentence, "not set up yet: "), "%s", sentence);
	ck_assert_ptr_nonnull(strstr(sentence, "okta.base_url"));
	ck_assert_ptr_nonnull(strstr(sentence, "bob.company_id"));
}
END_TEST

START_TEST(it_is_set_up_piece_by_piece_and_nothing_goes_live_before)
{
	console_fixture_run_without_file(&fixture);
	ck_assert_int_eq(post(SECRETS "/okta.api_token", "{\"value\":\"an-okta-token\"}"), 409);
	ck_assert_ptr_nonnull(strstr(fixture.body, "bound to its host"));
	ck_assert_int_eq(give(OKTA("acme.okta.com"), "{}"), 200);
	ck_assert_int_eq(post(SECRETS "/okta.api_token", "{\"value\":\"an-okta-token\"}"), 200);
	ck_assert_ptr_null(strstr(okta_sentence(), "okta.base_url"));
	ck_assert_int_eq(give("{\"mode\":\"live\"}", "{}"), 400);
	ck_assert_ptr_nonnull(strstr(fixture.body, "must be dry_run until"));
	ck_assert_int_eq(give(WHOLE, "{}"), 200);
	ck_assert_ptr_null(strstr(okta_sentence(), "not set up yet"));
	ck_assert_int_eq(give("{\"mode\":\"live\"}", "{}"), 200);
}
END_TEST

/* U-02: the token goes to the host it was entered for and to no other. */
START_TEST(another_host_takes_the_token_away)
{
	console_fixture_run_without_file(&fixture);
	ck_assert_int_eq(give(WHOLE, "{}"), 200);
	ck_assert_int_eq(post(SECRETS "/okta.api_token", "{\"value\":\"an-okta-token\"}"), 200);
	ck_assert_int_eq(give(OKTA("https://other.okta.com"), "{}"), 200);
	ck_assert_int_eq(get(SECRETS), 200);
	ck_assert_ptr_null(strstr(fixture.body, "\"host\":\"https://acme.okta.com\""));
	ck_assert_ptr_nonnull(strstr(okta_sentence(), "https://other.okta.com"));
}
END_TEST

static const struct {
	const char *sections;
	const char *path; /* NULL: taken */
} DOCUMENTS[] = {
        {OKTA("acme.okta.com"), NULL},
        {OKTA("https://acme.oktapreview.com"), NULL},
        {OKTA("https://acme.okta-emea.com"), NULL},
        {OKTA("https://acme-admin.okta.com"), NULL},
        {OKTA("http://127.0.0.1:9/okta"), NULL},
        {OKTA("https://login.example.com"), "okta.base_url"},
        {OKTA("https://acme.okta.com.example.com"), "okta.base_url"},
        {OKTA("https://okta.com"), "okta.base_url"},
        {OKTA("http://acme.okta.com"), "okta.base_url"},
        {OKTA("https://192.0.2.1"), "okta.base_url"},
        {"{\"bob\":{\"base_url\":\"https://api.hibob.com/v1\"}}", NULL},
        {"{\"bob\":{\"base_url\":\"https://api.example.com/v1\"}}", "bob.base_url"},
        {"{\"bob\":{\"base_url\":\"https://hibob.com.example.com/v1\"}}", "bob.base_url"},
        {"{\"bob\":{\"base_url\":\"https://api-hibob.example.com/v1\"}}", "bob.base_url"},
        {"{\"okta\":{\"api_token\":\"abc-token\"}}", "okta.api_token"},
        {"{\"okta\":{\"api_token\":{\"file\":\"/etc/hostname\"}}}", "okta.api_token"},
        {"{\"bob\":{\"service_user_token\":{\"env\":\"PATH\"}}}", "bob.service_user_token"},
        {"{\"bob\":{\"webhook_secrets\":[{\"file\":\"/etc/hostname\"}]}}", "bob.webhook_secrets"},
        {"{\"provisioning\":{\"email_domains\":[]}}", "provisioning.email_domains"},
};

START_TEST(addresses_are_the_two_systems_own_and_secrets_are_in_the_store)
{
	char path[100];
	console_fixture_run_without_file(&fixture);
	int status = give(DOCUMENTS[_i].sections, "{\"check_only\":true}");
	if (DOCUMENTS[_i].path == NULL) {
		ck_assert_msg(status == 200, "%s: %s", DOCUMENTS[_i].sections, fixture.body);
		return;
	}
	ck_assert_msg(status == 400, "%s: %s", DOCUMENTS[_i].sections, fixture.body);
	ck_assert(str_format(path, sizeof(path), "connections[0].%s", DOCUMENTS[_i].path));
	ck_assert_msg(strstr(fixture.body, path) != NULL, "%s: %s", path, fixture.body);
}
END_TEST

/* What the API takes as okta.base_url without the flag for trying out. */
static bool takes(const json_t *text)
{
	struct settings_report report;
	struct err err = ERR_INIT;
	json_t *present = settings_console_first();
	json_t *document = settings_console_first();
	json_t *connection = json_array_get(json_object_get(document, "connections"), 0);
	ck_assert_int_eq(json_object_set(json_object_get(connection, "okta"), "base_url",
	                         (json_t *)(uintptr_t)text),
	        0);
	struct settings *settings = NULL;
	if (settings_console_accepts(document, present, SETTINGS_TLS_ONLY, &report)) {
		settings = settings_console_load(document, SETTINGS_TLS_ONLY, &report, &err);
	}
	bool is_taken = settings != NULL;
	settings_destroy(settings);
	json_decref(document);
	json_decref(present);
	return is_taken;
}

/* U-01: only Okta's own, in any spelling that is one; a custom domain needs a file. */
START_TEST(no_hostile_spelling_becomes_an_address)
{
	json_t *rows = json_load_file("tests/data/settings/okta_urls.json", 0, NULL);
	size_t refused = 0;
	size_t i = 0;
	const json_t *row = NULL;
	json_array_foreach(rows, i, row)
	{
		const json_t *text = json_object_get(row, "text");
		const char *url = json_get_text(row, "url");
		bool is_oktas = url != NULL && strstr(url, "example") == NULL;
		ck_assert_msg(takes(text) == is_oktas, "%s", json_string_value(text));
		refused += is_oktas ? 0 : 1;
	}
	ck_assert_uint_ge(refused, 60);
	json_decref(rows);
}
END_TEST

/* the second of two admins is told of the first. */
START_TEST(the_second_of_two_admins_is_told_whose_version_runs)
{
	console_fixture_run_without_file(&fixture);
	console_fixture_sign_in(&fixture, HTTP_ROLE_ADMIN);
	ck_assert_int_eq(give(OKTA("acme.okta.com"), "{\"expected_version\":1}"), 200);
	ck_assert_int_eq(give(OKTA("other.okta.com"), "{\"expected_version\":1}"), 409);
	ck_assert_str_eq(console_fixture_code(&fixture), "conflict");
	const json_t *present = json_object_get(fixture.json, "present");
	ck_assert_int_eq(json_get_int(present, "version", 0), 2);
	ck_assert_str_eq(json_get_text(present, "author"), "grace");
}
END_TEST

START_TEST(a_rollback_keeps_secrets_in_the_store)
{
	console_fixture_run_without_file(&fixture);
	ck_assert_int_eq(give(WHOLE, "{}"), 200);
	ck_assert_int_eq(give("{\"provisioning\":{\"activation\":\"always\"}}", "{}"), 200);
	ck_assert_int_eq(post(SETTINGS "/rollback", "{\"version\":2}"), 200);
	ck_assert_int_eq(get(SETTINGS), 200);
	ck_assert_ptr_null(strstr(fixture.body, "always"));
	ck_assert_ptr_nonnull(strstr(fixture.body, "\"api_token\":{\"stored\":true}"));
}
END_TEST

START_TEST(a_files_settings_are_read_only_for_whoever_is_signed_in)
{
	console_fixture_run(&fixture);
	console_fixture_sign_in(&fixture, HTTP_ROLE_ADMIN);
	ck_assert_int_eq(get(SETTINGS), 200);
	ck_assert_str_eq(json_get_text(fixture.json, "managed_by"), "file");
	ck_assert_str_eq(json_get_text(fixture.json, "path"), fixture.settings_path);
	ck_assert(!json_get_bool(fixture.json, "is_editable", true));
	ck_assert_ptr_nonnull(strstr(json_get_text(fixture.json, "reason"), "settings.json"));
	ck_assert_int_eq(give("{\"mode\":\"dry_run\"}", "{}"), 409);
	ck_assert_str_eq(console_fixture_code(&fixture), "settings_from_file");
	ck_assert_ptr_nonnull(strstr(fixture.body, "settings.json"));
	ck_assert_int_eq(post(SETTINGS "/rollback", "{\"version\":1}"), 409);
	ck_assert_int_eq(give("{\"mode\":\"dry_run\"}", "{\"check_only\":true}"), 200);
	console_fixture_sign_in(&fixture, HTTP_ROLE_PUBLIC);
	ck_assert_int_eq(give("{\"mode\":\"dry_run\"}", "{}"), 200);
}
END_TEST

START_TEST(who_may_not_change_is_told_so)
{
	console_fixture_run_without_file(&fixture);
	console_fixture_sign_in(&fixture, HTTP_ROLE_VIEWER);
	ck_assert_int_eq(get(SETTINGS), 200);
	ck_assert(!json_get_bool(fixture.json, "is_editable", true));
	ck_assert_str_eq(
	        json_get_text(fixture.json, "reason"), "Only an admin may change the settings.");
}
END_TEST

/* What a file said goes on without it; its secrets are to be entered. */
START_TEST(a_files_document_becomes_one_without_a_file)
{
	json_t *document = json_loads(
	        "{\"connections\":[{\"name\":\"default\",\"bob\":{\"service_user_token\":"
	        "{\"file\":\"a\"},\"webhook_secrets\":[{\"kept\":true},{\"env\":\"B\"}]},"
	        "\"okta\":{\"api_token\":{\"kept\":true}}}],"
	        "\"alarms\":{\"targets\":[{\"name\":\"ops\",\"network\":\"any\",\"webhook\":"
	        "{\"kept\":true}},{\"name\":\"mail\",\"network\":\"any\",\"smtp\":"
	        "\"smtp://mail.example.com\",\"password\":{\"file\":\"p\"}}]}}",
	        0, NULL);
	json_t *made = settings_console_from(document);
	char *text = json_format(made);
	ck_assert_str_eq(text,
	        "{\"alarms\":{\"targets\":[{\"name\":\"ops\",\"webhook\":{\"stored\":true}},"
	        "{\"name\":\"mail\",\"network\":\"any\",\"password\":{\"stored\":true},"
	        "\"smtp\":\"smtp://mail.example.com\"}]},\"connections\":[{\"bob\":{\"service_user_token\":{\"stored\":"
	        "true},\"webhook_secrets\":[{\"stored\":true}]},\"name\":\"default\",\"okta\":"
	        "{\"api_token\":{\"stored\":true}}}]}");
	free(text);
	json_decref(made);
	json_decref(document);
}
END_TEST

/* ------------------------------------------------------------ test connection */

static const struct {
	const char *body;
	int status;
	const char *says;
} DRAFTS[] = {
        {"{\"okta\":{\"base_url\":\"https://login.example.com\",\"api_token\":\"t-1\"}}", 400,
                "connections[0].okta.base_url"},
        {"{\"okta\":{\"base_url\":\"https://acme.okta.com\",\"api_token\":\"SSWS t\"}}", 400,
                "leave out"},
        {"{\"okta\":{\"api_token\":7}}", 400, "is a text"},
        {"{\"okta\":{\"colour\":\"blue\"}}", 400, "does not know"},
        {"{\"okta\":7}", 400, "is an object"},
        {"{\"bob\":{\"base_url\":\"https://api.example.com\"}}", 400,
                "connections[0].bob.base_url"},
        {"{\"colour\":1}", 400, "does not know"},
};

START_TEST(a_draft_that_may_not_be_asked_asks_nobody)
{
	console_fixture_run_without_file(&fixture);
	int status = post("/api/v1/check/draft", DRAFTS[_i].body);
	ck_assert_msg(status == DRAFTS[_i].status, "%s: %s", DRAFTS[_i].body, fixture.body);
	ck_assert_msg(strstr(fixture.body, DRAFTS[_i].says) != NULL, "%s", fixture.body);
	ck_assert_int_eq(get("/api/v1/check"), 200);
	ck_assert_str_eq(json_get_text(fixture.json, "state"), "never");
}
END_TEST

/* A connection that is not set up is said to be so, by each side, without a call. */
START_TEST(a_check_goes_on_by_itself_and_can_be_come_back_to)
{
	console_fixture_run_without_file(&fixture);
	ck_assert_int_eq(post("/api/v1/check", "{\"by\":\"ops\"}"), 202);
	int64_t deadline_ms = clock_mono_ms() + DEADLINE_MS;
	do {
		(void)poll(NULL, 0, 5);
		ck_assert_int_eq(get("/api/v1/check"), 200);
		ck_assert_msg(clock_mono_ms() < deadline_ms, "the check does not end");
	} while (!str_equal(json_get_text(fixture.json, "state"), "done"));
	ck_assert_str_eq(json_get_text(fixture.json, "by"), "ops");
	ck_assert_int_eq(json_get_int(fixture.json, "failures", 0), 2);
	ck_assert_ptr_nonnull(strstr(fixture.body, "okta: domain"));
	ck_assert_ptr_nonnull(strstr(fixture.body, "bob: service user"));
	console_fixture_sign_in(&fixture, HTTP_ROLE_VIEWER);
	ck_assert_int_eq(get("/api/v1/check"), 200);
	ck_assert(json_get_bool(fixture.json, "is_masked", false));
	ck_assert_ptr_null(strstr(fixture.body, "not entered yet"));
	json_t *example = doc_shape_load("GET /api/v1/check");
	doc_shape_expect(example, fixture.json, "GET /api/v1/check");
	json_decref(example);
}
END_TEST

START_TEST(the_webhooks_light_shows_what_arrived)
{
	console_fixture_run_without_file(&fixture);
	fixture.console.public_url = "https://hooks.example.com";
	ck_assert_int_eq(get("/api/v1/webhook"), 200);
	ck_assert_str_eq(json_get_text(fixture.json, "path"), "/webhooks/bob");
	ck_assert_str_eq(
	        json_get_text(fixture.json, "url"), "https://hooks.example.com/webhooks/bob");
	ck_assert_int_eq(json_get_int(fixture.json, "ping_at_ms", -1), 0);
	hook_light_note("default", HOOK_PING, 1000);
	hook_light_note("other", HOOK_WRONG_SIGNATURE, 2000);
	ck_assert_int_eq(get("/api/v1/webhook"), 200);
	ck_assert_int_eq(json_get_int(fixture.json, "ping_at_ms", -1), 1000);
	ck_assert_int_eq(json_get_int(fixture.json, "wrong_signature_at_ms", -1), 0);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("console setup");
	TCase *cases = tcase_create("setup");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, a_first_start_is_in_dry_run_and_says_what_is_missing);
	tcase_add_test(cases, it_is_set_up_piece_by_piece_and_nothing_goes_live_before);
	tcase_add_test(cases, another_host_takes_the_token_away);
	tcase_add_loop_test(cases, addresses_are_the_two_systems_own_and_secrets_are_in_the_store,
	        0, (int)ARRAY_SIZE(DOCUMENTS));
	tcase_add_test(cases, no_hostile_spelling_becomes_an_address);
	tcase_add_test(cases, the_second_of_two_admins_is_told_whose_version_runs);
	tcase_add_test(cases, a_rollback_keeps_secrets_in_the_store);
	tcase_add_test(cases, a_files_settings_are_read_only_for_whoever_is_signed_in);
	tcase_add_test(cases, who_may_not_change_is_told_so);
	tcase_add_test(cases, a_files_document_becomes_one_without_a_file);
	tcase_add_loop_test(
	        cases, a_draft_that_may_not_be_asked_asks_nobody, 0, (int)ARRAY_SIZE(DRAFTS));
	tcase_add_test(cases, a_check_goes_on_by_itself_and_can_be_come_back_to);
	tcase_add_test(cases, the_webhooks_light_shows_what_arrived);
	suite_add_tcase(suite, cases);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
