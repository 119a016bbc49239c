/* SPDX-License-Identifier: MIT */
/* Sessions and accounts over HTTP: shapes, the cookie, and what a browser has to bring. */
#include "server/access/access_parts.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/routes.h"
#include "tests/support/console_fixture.h"
#include "tests/support/doc_shape.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define PASSWORD "violet kettle orbit"
#define OTHER    "teapot gravel onward"
#define ADA      "\"name\":\"ada\",\"password\":\"" PASSWORD "\""
#define SAME     "Sec-Fetch-Site: same-origin\r\n"
#define AS_JSON  "Content-Type: application/json\r\n"

static struct console_fixture fixture;
static struct access *access_now;
static char code_path[160];
static char first_code[ACCESS_CODE_BYTES];
static char cookie[128]; /* "Cookie: ...\r\n" of the last that came in; "" none */
static char csrf[128]; /* its header line */
static int64_t ahead_ms;

static int64_t later_mono_ms(void)
{
	return clock_mono_ms() + ahead_ms;
}

/* Hashes cost next to nothing here. */
static void set_up(void)
{
	struct err err = ERR_INIT;

	console_fixture_start(&fixture);
	ck_assert(str_format(
	        code_path, sizeof(code_path), "%s/first-code", store_fixture_directory()));
	const struct access_options options = {
	        .store = fixture.engine.store, .code_path = code_path};
	access_now = access_create(&options, &err);
	ck_assert_msg(access_now != NULL, "%s", err.text);
	access_now->cost = (struct crypto_cost){.log2_n = 2, .r = 1, .p = 1};
	access_now->mono_ms = later_mono_ms;
	ck_assert(access_hash_nobody(access_now, &err));
	ck_assert_msg(access_first_code(access_now, first_code, &err), "%s", err.text);
	fixture.console.access = access_now;
	cookie[0] = '\0';
	csrf[0] = '\0';
	ahead_ms = 0;
}

static void tear_down(void)
{
	access_forget_code_file(access_now);
	console_fixture_stop(&fixture);
	access_destroy(access_now);
}

/* --------------------------------------------------------------- as a browser */

static int send(const char *method, const char *target, const char *headers, const char *body)
{
	char request[2048];

	ck_assert(str_format(request, sizeof(request), "%sContent-Length: %zu\r\n\r\n%s", headers,
	        strlen(body), body));
	/* The helper adds the empty line that ends a head: here it ends the body, and is not read.
	 */
	return console_fixture_ask_as(&fixture, method, target, request);
}

/* With all that the console's own page sends. */
static int browse(const char *method, const char *target, const char *body)
{
	char headers[512];

	ck_assert(str_format(headers, sizeof(headers), "%s%s" SAME AS_JSON, cookie, csrf));
	return send(method, target, headers, body);
}

/* Takes cookie and csrf out of the last answer. */
static void take_session(void)
{
	const char *at = strstr(fixture.head, "Set-Cookie: ");

	ck_assert_msg(fixture.status == 200 && at != NULL, "%d %s", fixture.status, fixture.body);
	at += strlen("Set-Cookie: ");
	ck_assert(
	        str_format(cookie, sizeof(cookie), "Cookie: %.*s\r\n", (int)strcspn(at, ";"), at));
	ck_assert(str_format(
	        csrf, sizeof(csrf), "X-CSRF-Token: %s\r\n", json_get_text(fixture.json, "csrf")));
}

static void come_in_first(void)
{
	char body[256];

	ck_assert(str_format(body, sizeof(body), "{\"code\":\"%s\"," ADA "}", first_code));
	browse("POST", "/api/v1/session/enter", body);
	take_session();
}

static void invite(const char *name, const char *role)
{
	char body[256];

	ck_assert(str_format(body, sizeof(body), "{\"name\":\"%s\",\"role\":\"%s\"}", name, role));
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", "/api/v1/accounts", body), 200);
	ck_assert(str_format(body, sizeof(body),
	        "{\"code\":\"%s\",\"name\":\"%s\",\"password\":\"" PASSWORD "\"}",
	        json_get_text(fixture.json, "code"), name));
	browse("POST", "/api/v1/session/enter", body);
	take_session();
}

static void expect(int status, const char *code)
{
	ck_assert_msg(fixture.status == status && str_equal(console_fixture_code(&fixture), code),
	        "%d %s", fixture.status, fixture.body);
}

static void expect_shape(const char *route)
{
	json_t *example = doc_shape_load(route);

	ck_assert_msg(fixture.status == 200, "%s: %d %s", route, fixture.status, fixture.body);
	doc_shape_expect(example, fixture.json, route);
	json_decref(example);
}

/* ---------------------------------------------------------------------- tests */

START_TEST(the_first_run_ends_with_an_admin_and_a_session)
{
	browse("GET", "/api/v1/session", "");
	ck_assert_str_eq(json_get_text(fixture.json, "state"), "first_run");
	browse("POST", "/api/v1/session/enter", "{\"code\":\"AAAA-BBBB\"," ADA "}");
	expect(401, "unauthorized");
	come_in_first();
	expect_shape("GET /api/v1/session");
	ck_assert_ptr_nonnull(
	        strstr(fixture.head, "; Path=/; Secure; HttpOnly; SameSite=Strict\r\n"));
	ck_assert_ptr_nonnull(strstr(fixture.head, "Set-Cookie: __Host-bob2okta="));
	browse("GET", "/api/v1/session", "");
	expect_shape("GET /api/v1/session");
	ck_assert_str_eq(json_get_text(fixture.json, "state"), "signed_in");
	ck_assert_str_eq(
	        json_string_value(json_array_get(json_object_get(fixture.json, "connections"), 0)),
	        "default");
	const json_t *writing = json_array_get(json_object_get(fixture.json, "writing"), 0);
	ck_assert_str_eq(json_get_text(writing, "name"), "default");
	ck_assert(json_is_null(json_object_get(writing, "pause")));
	ck_assert_ptr_null(strstr(fixture.head, "Set-Cookie"));
	ck_assert_int_eq(
	        console_fixture_ask(&fixture, "POST", "/api/v1/accounts/first-code", "{}"), 409);
}
END_TEST

START_TEST(a_sign_in_is_another_session_and_the_earlier_one_ends)
{
	char before[sizeof(cookie)];

	come_in_first();
	ck_assert(str_copy(before, sizeof(before), cookie));
	browse("POST", "/api/v1/session", "{" ADA ",\"second\":\"\"}");
	take_session();
	ck_assert_str_ne(before, cookie);
	send("GET", "/api/v1/status", before, "");
	expect(401, "unauthorized");
	browse("POST", "/api/v1/session", "{\"name\":\"ada\",\"password\":\"not it at all\"}");
	expect(401, "unauthorized");
	/* Who failed to sign in as somebody else is still who they were. */
	ck_assert_int_eq(browse("GET", "/api/v1/status", ""), 200);
	browse("POST", "/api/v1/session/end", "{}");
	ck_assert_str_eq(json_get_text(fixture.json, "state"), "signed_out");
	ck_assert_uint_eq(json_array_size(json_object_get(fixture.json, "connections")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(fixture.json, "writing")), 0);
	ck_assert_ptr_nonnull(strstr(fixture.head, "Max-Age=0"));
	browse("GET", "/api/v1/status", "");
	expect(401, "unauthorized");
}
END_TEST

START_TEST(a_fresh_proof_is_another_token)
{
	char before[sizeof(cookie)];

	come_in_first();
	ck_assert_int_eq(browse("POST", "/api/v1/accounts/7/enable", "{}"), 404);
	ahead_ms = ACCESS_FRESH_MS + 1000;
	browse("POST", "/api/v1/accounts/7/enable", "{}");
	expect(403, "not_fresh");
	browse("POST", "/api/v1/session/fresh", "{\"password\":\"not it at all\"}");
	expect(401, "unauthorized");
	ck_assert(str_copy(before, sizeof(before), cookie));
	browse("POST", "/api/v1/session/fresh", "{\"password\":\"" PASSWORD "\"}");
	expect_shape("GET /api/v1/session");
	take_session();
	send("GET", "/api/v1/status", before, "");
	expect(401, "unauthorized");
	ck_assert_int_eq(browse("POST", "/api/v1/accounts/7/enable", "{}"), 404);
	ahead_ms += ACCESS_IDLE_MS + 1000;
	browse("GET", "/api/v1/status", "");
	expect(401, "unauthorized");
}
END_TEST

START_TEST(what_a_page_asks_by_itself_keeps_nobody_signed_in)
{
	char alone[512];

	come_in_first();
	ck_assert(str_format(alone, sizeof(alone), "%sX-Unattended: yes\r\n", cookie));
	for (int i = 0; i < 2; i++) {
		ahead_ms += ACCESS_IDLE_MS / 2 - 60000;
		ck_assert_int_eq(send("GET", "/api/v1/status", alone, ""), 200);
		ck_assert_int_eq(send("GET", "/api/v1/session", alone, ""), 200);
	}
	ahead_ms += 121000;
	send("GET", "/api/v1/status", alone, "");
	expect(401, "unauthorized");
	browse("GET", "/api/v1/status", "");
	expect(401, "unauthorized");
}
END_TEST

START_TEST(what_somebody_asks_keeps_them_signed_in)
{
	come_in_first();
	for (int i = 0; i < 4; i++) {
		ahead_ms += ACCESS_IDLE_MS - 61000;
		ck_assert_int_eq(browse("GET", "/api/v1/status", ""), 200);
	}
}
END_TEST

static const struct cross_case {
	const char *headers; /* beside the cookie */
	bool has_csrf;
} CROSS[] = {
        {"", false},
        {"", true},
        {SAME AS_JSON, false},
        {SAME AS_JSON "X-CSRF-Token: 0123\r\n", false},
        {SAME AS_JSON "X-CSRF-Token: \r\n", false},
        {SAME, true},
        {SAME "Content-Type: text/plain\r\n", true},
        {SAME "Content-Type: application/x-www-form-urlencoded\r\n", true},
        {AS_JSON, true},
        {"Sec-Fetch-Site: cross-site\r\n" AS_JSON, true},
        {"Sec-Fetch-Site: same-site\r\n" AS_JSON, true},
        {"Sec-Fetch-Site: none\r\n" AS_JSON, true},
        {SAME SAME AS_JSON, true},
        {"Origin: null\r\n" AS_JSON, true},
        {"Origin: http://evil.example\r\n" AS_JSON, true},
};

START_TEST(what_another_page_sends_is_refused)
{
	const struct cross_case *row = &CROSS[_i];
	char headers[512];

	come_in_first();
	ck_assert(str_format(headers, sizeof(headers), "%s%s%s", cookie, row->has_csrf ? csrf : "",
	        row->headers));
	send("POST", "/api/v1/session/end", headers, "{}");
	expect(403, "cross_site");
	send("POST", "/api/v1/pause", headers, "{}");
	expect(403, "cross_site");
	ck_assert_int_eq(send("GET", "/api/v1/session", headers, ""), 200);
	/* It is judged by the wrong token alone, and not by the session. */
	ck_assert(str_format(headers, sizeof(headers),
	        "%s%sAuthorization: Bearer wrong\r\n" SAME AS_JSON, cookie, csrf));
	send("GET", "/api/v1/status", headers, "");
	expect(401, "unauthorized");
	ck_assert_int_eq(browse("GET", "/api/v1/status", ""), 200);
}
END_TEST

START_TEST(signing_in_is_for_the_consoles_own_page)
{
	static const char *const HEADERS[] = {"", AS_JSON, SAME,
	        "Sec-Fetch-Site: cross-site\r\n" AS_JSON, "Origin: null\r\n" AS_JSON};

	come_in_first();
	for (size_t i = 0; i < ARRAY_SIZE(HEADERS); i++) {
		send("POST", "/api/v1/session", HEADERS[i], "{" ADA "}");
		expect(403, "cross_site");
		send("POST", "/api/v1/session/enter", HEADERS[i], "{" ADA "}");
		expect(403, "cross_site");
	}
}
END_TEST

START_TEST(a_role_may_what_the_table_says)
{
	come_in_first();
	invite("vic", "viewer");
	ck_assert_int_eq(browse("GET", "/api/v1/status", ""), 200);
	browse("POST", "/api/v1/resume", "{}");
	expect(403, "forbidden");
	browse("GET", "/api/v1/accounts", "");
	expect(403, "forbidden");
	invite("otto", "operator");
	ck_assert_int_eq(browse("POST", "/api/v1/resume", "{}"), 200);
	browse("POST", "/api/v1/accounts", "{\"name\":\"eve\",\"role\":\"admin\"}");
	expect(403, "forbidden");
	/* Another role ends the session. */
	ck_assert_int_eq(console_fixture_ask(&fixture, "POST", "/api/v1/accounts/3/role",
	                         "{\"role\":\"viewer\"}"),
	        200);
	browse("GET", "/api/v1/status", "");
	expect(401, "unauthorized");
}
END_TEST

START_TEST(accounts_are_shown_as_documented)
{
	come_in_first();
	browse("GET", "/api/v1/accounts", "");
	expect_shape("GET /api/v1/accounts");
	browse("POST", "/api/v1/accounts", "{\"name\":\"Grace\",\"role\":\"operator\"}");
	expect_shape("POST /api/v1/accounts");
	browse("POST", "/api/v1/accounts", "{\"name\":\"grace\",\"role\":\"operator\"}");
	expect(409, "conflict");
	browse("POST", "/api/v1/accounts", "{\"name\":\"eve\",\"role\":\"owner\"}");
	expect(400, "bad_request");
	browse("POST", "/api/v1/accounts/2/reset", "{}");
	expect_shape("POST /api/v1/accounts");
	static const char *const VERBS[] = {"disable", "enable", "end-sessions", "remove"};
	for (size_t i = 0; i < ARRAY_SIZE(VERBS); i++) {
		char target[64];
		ck_assert(str_format(target, sizeof(target), "/api/v1/accounts/2/%s", VERBS[i]));
		browse("POST", target, "{}");
		expect_shape("POST /api/v1/accounts/{account}/role");
	}
	browse("POST", "/api/v1/accounts/2/remove", "{}");
	expect(404, "not_found");
	browse("POST", "/api/v1/accounts/x/remove", "{}");
	expect(404, "not_found");
	browse("POST", "/api/v1/accounts/1/remove", "{}");
	expect(409, "conflict");
	browse("POST", "/api/v1/accounts/1/role", "{\"role\":\"viewer\",\"by\":\"eve\"}");
	expect(400, "bad_request");
}
END_TEST

START_TEST(ones_own_account_is_shown_as_documented)
{
	come_in_first();
	browse("GET", "/api/v1/account", "");
	expect_shape("GET /api/v1/account");
	browse("POST", "/api/v1/account/password", "{\"old\":\"wrong one\",\"new\":\"" OTHER "\"}");
	expect(401, "unauthorized");
	browse("POST", "/api/v1/account/password", "{\"old\":\"" PASSWORD "\",\"new\":\"short\"}");
	expect(400, "bad_request");
	browse("POST", "/api/v1/account/password",
	        "{\"old\":\"" PASSWORD "\",\"new\":\"" OTHER "\",\"end_others\":true}");
	expect_shape("GET /api/v1/account");
	browse("POST", "/api/v1/account/sessions/end-others", "{}");
	expect_shape("GET /api/v1/account");
	browse("POST", "/api/v1/account/sessions/999/end", "{}");
	expect(404, "not_found");
	browse("POST", "/api/v1/account/sessions/x/end", "{}");
	expect(404, "not_found");
}
END_TEST

START_TEST(a_second_factor_is_begun_as_documented)
{
	come_in_first();
	browse("POST", "/api/v1/account/totp/begin", "{}");
	expect_shape("POST /api/v1/account/totp/begin");
	browse("POST", "/api/v1/account/totp/confirm", "{\"code\":\"12345\"}");
	expect(401, "second_factor");
	browse("POST", "/api/v1/account/totp/remove", "{}");
	expect(404, "not_found");
}
END_TEST

/* Every route of sessions and accounts, as a program calls it. */
START_TEST(a_program_with_the_token_has_no_account)
{
	static const char *const OWN[] = {"/api/v1/session/end", "/api/v1/account/totp/begin",
	        "/api/v1/account/totp/remove", "/api/v1/account/sessions/end-others",
	        "/api/v1/account/sessions/1/end"};

	for (size_t i = 0; i < ARRAY_SIZE(OWN); i++) {
		console_fixture_ask(&fixture, "POST", OWN[i], "{}");
		expect(409, "conflict");
	}
	console_fixture_ask(&fixture, "GET", "/api/v1/account", NULL);
	expect(409, "conflict");
	console_fixture_ask(&fixture, "POST", "/api/v1/session/fresh", "{\"password\":\"x\"}");
	expect(409, "conflict");
	console_fixture_ask(&fixture, "POST", "/api/v1/session/fresh", "{\"password\":1}");
	expect(400, "bad_request");
	ck_assert_int_eq(console_fixture_ask(&fixture, "GET", "/api/v1/accounts", NULL), 200);
	console_fixture_ask(&fixture, "POST", "/api/v1/accounts/first-code", "{\"by\":\"ops\"}");
	expect_shape("POST /api/v1/accounts/first-code");
	/* A browser that has no session gets no further than a stranger. */
	browse("GET", "/api/v1/account", "");
	expect(401, "unauthorized");
}
END_TEST

START_TEST(guessing_is_braked_and_says_for_how_long)
{
	come_in_first();
	for (int i = 0; i < 20 && fixture.status != 429; i++) {
		browse("POST", "/api/v1/session",
		        "{\"name\":\"ada\",\"password\":\"not it at all\"}");
	}
	expect(429, "too_many");
	ck_assert_ptr_nonnull(strstr(fixture.head, "Retry-After: "));
}
END_TEST

START_TEST(what_is_entered_is_strict)
{
	static const char *const BODIES[] = {"{" ADA ",\"colour\":1}", "{\"name\":\"ada\"}",
	        "{\"password\":\"x\"}", "{\"name\":1,\"password\":\"x\"}",
	        "{\"name\":\"ada\",\"password\":\"\"}", "{" ADA ",\"second\":7}", "[]", "text"};

	for (size_t i = 0; i < ARRAY_SIZE(BODIES); i++) {
		browse("POST", "/api/v1/session", BODIES[i]);
		ck_assert_msg(fixture.status == 400, "%s: %s", BODIES[i], fixture.body);
		ck_assert_ptr_null(strstr(fixture.body, PASSWORD));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("console session");
	TCase *tcase = tcase_create("routes");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, the_first_run_ends_with_an_admin_and_a_session);
	tcase_add_test(tcase, a_sign_in_is_another_session_and_the_earlier_one_ends);
	tcase_add_test(tcase, a_fresh_proof_is_another_token);
	tcase_add_test(tcase, what_a_page_asks_by_itself_keeps_nobody_signed_in);
	tcase_add_test(tcase, what_somebody_asks_keeps_them_signed_in);
	tcase_add_loop_test(tcase, what_another_page_sends_is_refused, 0, ARRAY_SIZE(CROSS));
	tcase_add_test(tcase, signing_in_is_for_the_consoles_own_page);
	tcase_add_test(tcase, a_role_may_what_the_table_says);
	tcase_add_test(tcase, accounts_are_shown_as_documented);
	tcase_add_test(tcase, ones_own_account_is_shown_as_documented);
	tcase_add_test(tcase, a_second_factor_is_begun_as_documented);
	tcase_add_test(tcase, a_program_with_the_token_has_no_account);
	tcase_add_test(tcase, guessing_is_braked_and_says_for_how_long);
	tcase_add_test(tcase, what_is_entered_is_strict);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
