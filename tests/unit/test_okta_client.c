/* SPDX-License-Identifier: MIT */
#include "okta/okta.h"

#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/fake_http.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ID   "00u1abcdefGHIJKL0h7"
#define USER "{\"id\":\"" ID "\",\"status\":\"ACTIVE\",\"profile\":{\"login\":\"ada@example.com\"}}"

static struct fake_http *fake;
static struct okta_org *org;
static struct okta_client *client;
static struct secret token;
static atomic_bool stop;
static struct call_outcome outcome;
static struct okta_user user;

static struct okta_org *make_org(const char *url, int parallel_max)
{
	struct okta_org_options options = {.base_url = url,
	        .api_token = &token,
	        .user_agent = "bob2okta/test",
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .stop = &stop,
	        .parallel_max = parallel_max};
	struct err err = ERR_INIT;
	struct okta_org *made = okta_org_create(&options, &err);
	ck_assert_msg(made != NULL || err.code == ERR_SETTINGS_INVALID, "%s", err.text);
	return made;
}

static void set_up(void)
{
	ck_assert(transport_global_start(NULL));
	fake = fake_http_start();
	ck_assert(secret_set(&token, "00token-for-tests"));
	org = make_org(fake_http_url(fake), 8);
	client = okta_client_create(org, NULL);
	ck_assert_ptr_nonnull(client);
}

static void tear_down(void)
{
	okta_user_finish(&user);
	okta_client_destroy(client);
	okta_org_destroy(org);
	fake_http_stop(fake);
	secret_finish(&token);
	transport_global_stop();
}

static const struct fake_request *last_request(void)
{
	size_t count = fake_http_count(fake);
	ck_assert_uint_gt(count, 0);
	return fake_http_request(fake, count - 1);
}

static void expect_request(const char *method, const char *target)
{
	const struct fake_request *request = last_request();
	ck_assert_str_eq(request->method, method);
	ck_assert_str_eq(request->target, target);
}

static void expect_header(const char *name, const char *wanted)
{
	char value[256];
	bool is_there = fake_request_header(last_request(), name, value, sizeof(value));
	ck_assert_msg(is_there == (wanted != NULL), "%s", name);
	if (wanted != NULL) {
		ck_assert_str_eq(value, wanted);
	}
}

static void expect_refused_unsent(void)
{
	ck_assert_int_eq(outcome.call_class, CALL_PERMANENT);
	ck_assert(!outcome.is_sent);
	ck_assert_int_eq(outcome.http_status, 0);
	ck_assert_str_ne(outcome.sentence, "");
	ck_assert_uint_eq(fake_http_count(fake), 0);
}

/* ------------------------------------------------------ dead credentials */

/* Engine rule 7: whoever knows, no call starts; only who asks whether it works again. */
START_TEST(after_a_refusal_of_the_token_no_call_starts)
{
	struct okta_client *other = okta_client_create(org, NULL);
	fake_http_script(fake, 401, "",
	        "{\"errorCode\":\"E0000011\",\"errorSummary\":\"Invalid token provided\"}");
	okta_user_get(client, ID, &user, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_STOP_CREDENTIALS);
	ck_assert(outcome.is_sent);
	okta_user_suspend(other, ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_STOP_CREDENTIALS);
	ck_assert(!outcome.is_sent);
	ck_assert_int_eq(outcome.http_status, 0);
	ck_assert_uint_eq(fake_http_count(fake), 1);
	fake_http_script(fake, 200, "", USER);
	okta_client_set_probing(other, true);
	okta_me(other, &user, &outcome);
	okta_client_set_probing(other, false);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(fake_http_count(fake), 2);
	okta_user_suspend(client, ID, &outcome); /* who probed decides when it is over */
	ck_assert(!outcome.is_sent);
	okta_org_open(org);
	fake_http_script(fake, 200, "", "{}");
	okta_user_suspend(client, ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	okta_client_destroy(other);
}
END_TEST

/* Two engines while settings change: one budget, and each its own token. */
START_TEST(a_successor_spends_the_same_budget)
{
	struct okta_org_options options = {.base_url = fake_http_url(fake),
	        .api_token = &token,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .parallel_max = 8,
	        .share_with = org};
	struct okta_org *next = okta_org_create(&options, NULL);
	options.base_url = "https://other.okta.com";
	struct okta_org *stranger = okta_org_create(&options, NULL);
	fake_http_script(fake, 200,
	        "X-Rate-Limit-Limit: 100\r\nX-Rate-Limit-Remaining: 41\r\n"
	        "X-Rate-Limit-Reset: 1795467660\r\nDate: Tue, 24 Nov 2026 01:00:30 GMT\r\n",
	        USER);
	okta_user_get(client, ID, &user, &outcome);
	int64_t remaining = okta_org_remaining(org, OKTA_BUCKET_USER_READ);
	ck_assert_int_eq(remaining, 41);
	ck_assert_int_eq(okta_org_remaining(next, OKTA_BUCKET_USER_READ), 41);
	ck_assert_int_eq(okta_org_remaining(stranger, OKTA_BUCKET_USER_READ), -1);
	okta_org_shut(org);
	okta_client_destroy(client);
	okta_org_destroy(org); /* what they share lives on */
	org = next;
	client = okta_client_create(org, NULL);
	okta_user_finish(&user);
	fake_http_script(fake, 200, "", USER);
	okta_user_get(client, ID, &user, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	okta_org_destroy(stranger);
}
END_TEST

/* ------------------------------------------------------------- requests */

START_TEST(create_sends_the_profile_and_reads_the_user)
{
	fake_http_script(fake, 200, "X-Okta-Request-Id: reqABC-1_2\r\n", USER);
	json_t *profile = json_pack("{s:s,s:n}", "login", "ada@example.com", "title");
	okta_user_create(client, profile, OKTA_STAGED, &user, &outcome);
	json_decref(profile);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_int_eq(outcome.http_status, 200);
	ck_assert(outcome.is_sent);
	ck_assert_str_eq(outcome.request_id, "reqABC-1_2");
	ck_assert_str_eq(user.id, ID);
	ck_assert_str_eq(user.etag, "");
	expect_request("POST", "/api/v1/users?activate=false");
	expect_header("Authorization", "SSWS 00token-for-tests");
	expect_header("Accept", "application/json");
	expect_header("Content-Type", "application/json");
	expect_header("User-Agent", "bob2okta/test");
	expect_header("If-Match", NULL);
	ck_assert_str_eq(last_request()->body,
	        "{\"profile\":{\"login\":\"ada@example.com\",\"title\":null}}");
}
END_TEST

START_TEST(create_can_activate_at_once)
{
	fake_http_script(fake, 200, "", USER);
	json_t *profile = json_object();
	okta_user_create(client, profile, OKTA_ACTIVATE, &user, &outcome);
	json_decref(profile);
	expect_request("POST", "/api/v1/users?activate=true");
}
END_TEST

START_TEST(a_taken_login_asks_for_a_read)
{
	fake_http_script(fake, 400, "",
	        "{\"errorCode\":\"E0000001\",\"errorCauses\":[{\"errorSummary\":\"login: An object "
	        "with this field already exists in the current organization\"}]}");
	json_t *profile = json_object();
	okta_user_create(client, profile, OKTA_STAGED, &user, &outcome);
	json_decref(profile);
	ck_assert_int_eq(outcome.call_class, CALL_REREAD);
	ck_assert_str_eq(outcome.attribute, "login");
	ck_assert_ptr_null(user.profile);
}
END_TEST

START_TEST(get_reads_the_version_mark_and_update_sends_it)
{
	fake_http_script(fake, 200, "ETag: W/\"0f3a\"\r\n", USER);
	fake_http_script(fake, 200, "", USER);
	okta_user_get(client, ID, &user, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_str_eq(user.etag, "W/\"0f3a\"");
	expect_request("GET", "/api/v1/users/" ID);
	expect_header("Content-Length", NULL);
	struct okta_user after;
	json_t *profile = json_pack("{s:s}", "title", "Lead");
	okta_user_update(client, ID, profile, user.etag, &after, &outcome);
	json_decref(profile);
	expect_request("POST", "/api/v1/users/" ID);
	expect_header("If-Match", "W/\"0f3a\"");
	ck_assert_str_eq(after.etag, "");
	okta_user_finish(&after);
}
END_TEST

START_TEST(update_without_a_version_mark_sends_none)
{
	fake_http_script(fake, 200, "", USER);
	json_t *profile = json_object();
	okta_user_update(client, ID, profile, _i == 0 ? NULL : "", &user, &outcome);
	json_decref(profile);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	expect_header("If-Match", NULL);
}
END_TEST

START_TEST(logins_are_percent_encoded)
{
	static const char *const logins[][2] = {
	        {"ada.byron@example.com", "/api/v1/users/ada.byron%40example.com"},
	        {"a+b@example.com", "/api/v1/users/a%2Bb%40example.com"},
	        {"x?activate=true#y", "/api/v1/users/x%3Factivate%3Dtrue%23y"},
	        {"a b%2f@example.com", "/api/v1/users/a%20b%252f%40example.com"},
	        {"jos\xc3\xa9@example.com", "/api/v1/users/jos%C3%A9%40example.com"},
	        {"a\r\nX-Evil: 1", "/api/v1/users/a%0D%0AX-Evil%3A%201"},
	};
	fake_http_script(fake, 200, "", USER);
	okta_user_get(client, logins[_i][0], &user, &outcome);
	expect_request("GET", logins[_i][1]);
}
END_TEST

START_TEST(logins_that_cannot_be_fetched_are_not_asked_for)
{
	static const char *const logins[] = {
	        "a/b@example.com", "../users/" ID, ".", "..", "", " ", "me", "ME", "a/", NULL};
	okta_user_get(client, logins[_i], &user, &outcome);
	expect_refused_unsent();
}
END_TEST

START_TEST(ids_that_are_none_never_leave)
{
	static const char *const ids[] = {"../users/x", "00u1abcdef%2f", "00u1abcdef?activate", "",
	        "short", "ada@example.com", NULL};
	json_t *profile = json_object();
	const char *id = ids[_i];
	okta_user_update(client, id, profile, NULL, &user, &outcome);
	expect_refused_unsent();
	okta_user_activate(client, id, OKTA_EMAIL_SENT, &outcome);
	expect_refused_unsent();
	okta_user_suspend(client, id, &outcome);
	expect_refused_unsent();
	okta_user_unsuspend(client, id, &outcome);
	expect_refused_unsent();
	okta_user_deactivate(client, id, &outcome);
	expect_refused_unsent();
	okta_user_reactivate(client, id, OKTA_EMAIL_SENT, &outcome);
	expect_refused_unsent();
	okta_user_end_sessions(client, id, OKTA_TOKENS_REVOKED, &outcome);
	expect_refused_unsent();
	struct secret link;
	okta_user_activation_link(client, id, OKTA_LINK_ACTIVATES, &link, &outcome);
	ck_assert(!secret_is_set(&link));
	expect_refused_unsent();
	json_decref(profile);
}
END_TEST

START_TEST(a_version_mark_that_would_break_the_header_never_leaves)
{
	json_t *profile = json_object();
	okta_user_update(client, ID, profile, "W/\"1\"\r\nX-Evil: 1", &user, &outcome);
	expect_refused_unsent();
	json_decref(profile);
}
END_TEST

START_TEST(a_profile_that_is_no_object_never_leaves)
{
	okta_user_update(client, ID, NULL, NULL, &user, &outcome);
	expect_refused_unsent();
}
END_TEST

static void call_lifecycle(int index)
{
	switch (index) {
	case 0: okta_user_activate(client, ID, OKTA_EMAIL_NOT_SENT, &outcome); break;
	case 1: okta_user_activate(client, ID, OKTA_EMAIL_SENT, &outcome); break;
	case 2: okta_user_suspend(client, ID, &outcome); break;
	case 3: okta_user_unsuspend(client, ID, &outcome); break;
	case 4: okta_user_reactivate(client, ID, OKTA_EMAIL_NOT_SENT, &outcome); break;
	case 5: okta_user_reactivate(client, ID, OKTA_EMAIL_SENT, &outcome); break;
	default: okta_user_deactivate(client, ID, &outcome); break;
	}
}

START_TEST(lifecycle_calls_are_posts_without_a_body)
{
	static const char *const ends[] = {"activate?sendEmail=false", "activate?sendEmail=true",
	        "suspend", "unsuspend", "reactivate?sendEmail=false", "reactivate?sendEmail=true",
	        "deactivate"};
	char target[128];
	ck_assert(
	        str_format(target, sizeof(target), "/api/v1/users/" ID "/lifecycle/%s", ends[_i]));
	fake_http_script(fake, 200, "", "{}");
	call_lifecycle(_i);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	expect_request("POST", target);
	expect_header("Content-Length", "0");
	expect_header("Content-Type", "application/json");
}
END_TEST

START_TEST(a_wrong_status_asks_for_a_read)
{
	fake_http_script(fake, 400, "", "{\"errorCode\":\"E0000001\",\"errorCauses\":[]}");
	call_lifecycle(_i);
	ck_assert_int_eq(outcome.call_class, CALL_REREAD);
}
END_TEST

START_TEST(sessions_end_with_their_tokens)
{
	fake_http_script_raw(fake, "HTTP/1.1 204 No Content\r\n\r\n", FAKE_KEEP);
	fake_http_script(fake, 404, "", "{\"errorCode\":\"E0000007\"}");
	okta_user_end_sessions(client, ID, OKTA_TOKENS_REVOKED, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	expect_request("DELETE", "/api/v1/users/" ID "/sessions?oauthTokens=true");
	okta_user_end_sessions(client, ID, OKTA_TOKENS_REVOKED, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_NOT_FOUND);
}
END_TEST

START_TEST(sessions_end_without_their_tokens)
{
	fake_http_script_raw(fake, "HTTP/1.1 204 No Content\r\n\r\n", FAKE_KEEP);
	okta_user_end_sessions(client, ID, OKTA_TOKENS_KEPT, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	expect_request("DELETE", "/api/v1/users/" ID "/sessions?oauthTokens=false");
}
END_TEST

#define LINK "https://acme.okta.com/tokens/XE6wE17zmphl3KqAPFxO/verify"

START_TEST(an_activation_link_is_told_once)
{
	static const char *const ends[] = {"activate", "reactivate"};
	char target[128];
	struct secret link;
	ck_assert(str_format(target, sizeof(target),
	        "/api/v1/users/" ID "/lifecycle/%s?sendEmail=false", ends[_i]));
	fake_http_script(fake, 200, "",
	        "{\"activationUrl\":\"" LINK "\",\"activationToken\":\"XE6wE17zmphl3KqAPFxO\"}");
	okta_user_activation_link(
	        client, ID, _i == 0 ? OKTA_LINK_ACTIVATES : OKTA_LINK_REACTIVATES, &link, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_str_eq(secret_reveal(&link), LINK);
	expect_request("POST", target);
	secret_finish(&link);
}
END_TEST

/* It may have been carried out: what came of it is read. */
START_TEST(an_answer_without_a_link_to_click_on_is_unclear)
{
	static const char *const bodies[] = {"{}", "{\"activationUrl\":7}",
	        "{\"activationUrl\":\"javascript:alert(1)\"}",
	        "{\"activationUrl\":\"https://acme.okta.com/\\u001b[31m\"}"};
	struct secret link;
	fake_http_script(fake, 200, "", bodies[_i]);
	okta_user_activation_link(client, ID, OKTA_LINK_ACTIVATES, &link, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_UNCLEAR);
	ck_assert(!secret_is_set(&link));
}
END_TEST

START_TEST(search_is_encoded_and_its_limit_bounded)
{
	static const int limits[][2] = {{0, 1}, {2, 2}, {1000, 200}};
	char target[128];
	ck_assert(str_format(target, sizeof(target),
	        "/api/v1/users?limit=%d&search=profile.login%%20eq%%20%%22a%%22", limits[_i][1]));
	fake_http_script(fake, 200, "", "[" USER "," USER "]");
	struct okta_user_list list;
	okta_user_search(client, "profile.login eq \"a\"", limits[_i][0], &list, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(list.count, 2);
	ck_assert_str_eq(list.items[1].id, ID);
	expect_request("GET", target);
	okta_user_list_finish(&list);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(a_search_that_finds_nobody_is_done)
{
	fake_http_script(fake, 200, "", "[]");
	struct okta_user_list list;
	okta_user_search(client, "x", 2, &list, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(list.count, 0);
	okta_user_list_finish(&list);
}
END_TEST

START_TEST(a_list_with_one_odd_user_is_not_believed)
{
	fake_http_script(fake, 200, "", _i == 0 ? "[" USER ",{\"id\":1}]" : "{}");
	struct okta_user_list list;
	okta_user_search(client, "x", 2, &list, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_RETRY_LATER);
	ck_assert_uint_eq(list.count, 0);
	ck_assert_ptr_null(list.items);
}
END_TEST

START_TEST(a_search_that_is_too_long_never_leaves)
{
	char *search = malloc(10001);
	memset(search, 'x', 10000);
	search[10000] = '\0';
	struct okta_user_list list;
	okta_user_search(client, search, 2, &list, &outcome);
	expect_refused_unsent();
	free(search);
}
END_TEST

/* ----------------------------------------------------------------- pages */

static struct okta_page page;

static void read_page(enum call_class wanted, size_t users)
{
	struct okta_user_list list;
	okta_user_page(client, &page, &list, &outcome);
	ck_assert_msg(outcome.call_class == wanted, "%s", outcome.sentence);
	ck_assert_uint_eq(list.count, users);
	okta_user_list_finish(&list);
}

static void script_page(const char *next)
{
	char headers[512] = "";
	ck_assert(next == NULL ||
	        str_format(headers, sizeof(headers),
	                "Link: <%s/api/v1/users?limit=200>; rel=\"self\"\r\nLink: <%s>; "
	                "rel=\"next\"\r\n",
	                fake_http_url(fake), next));
	fake_http_script(fake, 200, headers, "[" USER "]");
}

static const char *own_page(const char *cursor)
{
	static char url[256];
	ck_assert(str_format(url, sizeof(url), "%s/api/v1/users?limit=200&after=%s",
	        fake_http_url(fake), cursor));
	return url;
}

START_TEST(pages_follow_oktas_links_to_the_end)
{
	page = (struct okta_page){0};
	script_page(own_page("a%3D1"));
	script_page(own_page("b"));
	script_page(NULL);
	read_page(CALL_DONE, 1);
	ck_assert_ptr_nonnull(strstr(last_request()->target, "search=created%20gt%20"));
	ck_assert_ptr_nonnull(strstr(last_request()->target, "limit=200"));
	read_page(CALL_DONE, 1);
	expect_request("GET", "/api/v1/users?limit=200&after=a%3D1");
	ck_assert(!page.is_over);
	read_page(CALL_DONE, 1);
	expect_request("GET", "/api/v1/users?limit=200&after=b");
	ck_assert(page.is_over);
	ck_assert_uint_eq(page.pages, 3);
}
END_TEST

static const char *const elsewhere[] = {
        "https://evil.example.com/api/v1/users?after=a",
        "/api/v1/users?after=a",
        "http://127.0.0.1/api/v1/users?after=a",
};

START_TEST(pages_never_follow_a_link_to_another_host)
{
	page = (struct okta_page){0};
	script_page(elsewhere[_i]);
	read_page(CALL_RETRY_LATER, 0);
	ck_assert(!page.is_over);
	ck_assert_str_eq(page.next, "");
}
END_TEST

START_TEST(a_list_that_goes_round_is_no_list)
{
	page = (struct okta_page){0};
	script_page(own_page("a"));
	script_page(own_page("a"));
	read_page(CALL_DONE, 1);
	read_page(CALL_RETRY_LATER, 0);
	page.pages = OKTA_PAGES_MAX - 1;
	script_page(own_page("b"));
	read_page(CALL_RETRY_LATER, 0);
}
END_TEST

START_TEST(a_page_that_failed_is_asked_for_again)
{
	page = (struct okta_page){0};
	script_page(own_page("a"));
	fake_http_script(fake, 500, "", "{}");
	script_page(NULL);
	read_page(CALL_DONE, 1);
	read_page(CALL_RETRY_LATER, 0);
	read_page(CALL_DONE, 1);
	expect_request("GET", "/api/v1/users?limit=200&after=a");
	ck_assert(page.is_over);
}
END_TEST

START_TEST(the_owner_of_the_token_and_the_schema_can_be_read)
{
	fake_http_script(fake, 200, "", USER);
	fake_http_script(fake, 200, "", "{\"definitions\":{}}");
	fake_http_script(fake, 200, "", "{}");
	okta_me(client, &user, &outcome);
	expect_request("GET", "/api/v1/users/me");
	ck_assert_str_eq(user.id, ID);
	json_t *schema = NULL;
	okta_schema_get(client, &schema, &outcome);
	expect_request("GET", "/api/v1/meta/schemas/user/default");
	ck_assert_ptr_nonnull(schema);
	json_decref(schema);
	okta_schema_get(client, &schema, &outcome);
	ck_assert_ptr_null(schema);
	ck_assert_int_eq(outcome.call_class, CALL_RETRY_LATER);
}
END_TEST

START_TEST(calls_share_one_connection)
{
	for (int i = 0; i < 5; i++) {
		fake_http_script(fake, 200, "", "{}");
		okta_user_suspend(client, ID, &outcome);
	}
	ck_assert_uint_eq(fake_http_count(fake), 5);
	ck_assert_uint_eq(fake_http_connections(fake), 1);
}
END_TEST

/* ------------------------------------------------------- unclear answers */

static const struct {
	const char *what;
	const char *bytes;
	enum fake_end end;
} unclear[] = {
        {"nothing at all", "", FAKE_CLOSE},
        {"a reset", "", FAKE_RESET},
        {"half a head", "HTTP/1.1 200 OK\r\nContent-Ty", FAKE_CLOSE},
        {"half a body",
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                "Content-Length: 500\r\n\r\n{\"id\":",
                FAKE_CLOSE},
        {"a body that is no JSON",
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                "Content-Length: 6\r\n\r\n{\"id\":",
                FAKE_KEEP},
        {"JSON that is no user",
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                "Content-Length: 2\r\n\r\n{}",
                FAKE_KEEP},
        {"no body",
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                "Content-Length: 0\r\n\r\n",
                FAKE_KEEP},
        {"a page",
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                "Content-Length: 6\r\n\r\n<html>",
                FAKE_KEEP},
        {"a user that does not say JSON", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
                FAKE_KEEP},
        {"too much",
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                "Content-Length: 1048577\r\n\r\n{",
                FAKE_KEEP},
        {"a fault", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", FAKE_KEEP},
        {"a gateway's fault", "HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n", FAKE_KEEP},
        {"another protocol", "220 mail.example.com ESMTP\r\n", FAKE_CLOSE},
};

START_TEST(an_unclear_answer_to_a_write_is_unclear)
{
	fake_http_script_raw(fake, unclear[_i].bytes, unclear[_i].end);
	json_t *profile = json_object();
	okta_user_create(client, profile, OKTA_STAGED, &user, &outcome);
	json_decref(profile);
	ck_assert_msg(outcome.call_class == CALL_UNCLEAR, "%s: %s", unclear[_i].what,
	        call_class_name(outcome.call_class));
	ck_assert(outcome.is_sent);
	ck_assert_str_ne(outcome.sentence, "");
	ck_assert_ptr_null(user.profile);
	ck_assert_msg(fake_http_count(fake) == 1, "%s: sent again", unclear[_i].what);
}
END_TEST

START_TEST(an_unclear_answer_to_a_read_is_retried_later)
{
	/* The transport may send a GET once more (C8). */
	fake_http_script_raw(fake, unclear[_i].bytes, unclear[_i].end);
	fake_http_script_raw(fake, unclear[_i].bytes, unclear[_i].end);
	okta_user_get(client, "ada@example.com", &user, &outcome);
	ck_assert_msg(outcome.call_class == CALL_RETRY_LATER, "%s: %s", unclear[_i].what,
	        call_class_name(outcome.call_class));
	ck_assert_ptr_null(strstr(outcome.sentence, "example"));
	ck_assert_ptr_null(strstr(outcome.sentence, "127.0.0.1"));
}
END_TEST

START_TEST(a_server_that_is_not_there_is_retried_later)
{
	struct fake_http *gone = fake_http_start();
	struct okta_org *lost = make_org(fake_http_url(gone), 1);
	fake_http_stop(gone);
	struct okta_client *its = okta_client_create(lost, NULL);
	for (int i = 0; i < 3; i++) { /* a place in the gate is given back each time */
		okta_user_suspend(its, ID, &outcome);
		ck_assert_int_eq(outcome.call_class, CALL_RETRY_LATER);
		ck_assert(!outcome.is_sent);
		ck_assert_int_eq(outcome.http_status, 0);
	}
	okta_client_destroy(its);
	okta_org_destroy(lost);
}
END_TEST

START_TEST(a_redirect_is_not_followed)
{
	fake_http_script(fake, 302, "Location: /elsewhere\r\n", "{}");
	okta_user_get(client, ID, &user, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_STOP_CONFIG);
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(a_request_id_that_is_no_token_is_dropped)
{
	fake_http_script(fake, 200, "X-Okta-Request-Id: a b\"c\r\n", "{}");
	okta_user_suspend(client, ID, &outcome);
	ck_assert_str_eq(outcome.request_id, "");
}
END_TEST

START_TEST(the_request_id_of_a_failure_is_kept)
{
	fake_http_script(fake, 403, "X-Okta-Request-Id: req9\r\n", "{\"errorCode\":\"E0000006\"}");
	okta_user_suspend(client, ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_STOP_CONFIG);
	ck_assert_str_eq(outcome.code, "E0000006");
	ck_assert_str_eq(outcome.request_id, "req9");
}
END_TEST

/* ------------------------------------------------------------------ stop */

START_TEST(a_raised_stop_flag_ends_calls_before_they_begin)
{
	atomic_store(&stop, true);
	okta_user_suspend(client, ID, &outcome);
	atomic_store(&stop, false);
	ck_assert_int_eq(outcome.call_class, CALL_ABORTED);
	ck_assert(!outcome.is_sent);
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

static void *raise_stop_when_asked(void *context)
{
	(void)context;
	while (fake_http_count(fake) == 0) {
		sched_yield();
	}
	atomic_store(&stop, true);
	return NULL;
}

START_TEST(a_raised_stop_flag_ends_a_call_that_hangs)
{
	fake_http_script_raw(fake, "", FAKE_HANG);
	pthread_t thread;
	ck_assert(thread_start(&thread, "raise-stop", raise_stop_when_asked, NULL, NULL));
	int64_t begun_ms = clock_mono_ms();
	okta_user_suspend(client, ID, &outcome);
	int64_t took_ms = clock_mono_ms() - begun_ms;
	thread_join(thread);
	atomic_store(&stop, false);
	ck_assert_int_eq(outcome.call_class, CALL_ABORTED);
	ck_assert(outcome.is_sent);
	ck_assert_int_lt(took_ms, 5000);
}
END_TEST

/* ---------------------------------------------------------------- budget */

static void script_rated(int status, int limit, int remaining, int reset_after_s)
{
	char headers[256];
	int64_t now_s = clock_wall_ms() / 1000;
	ck_assert(str_format(headers, sizeof(headers),
	        "X-Rate-Limit-Limit: %d\r\nX-Rate-Limit-Remaining: %d\r\nX-Rate-Limit-Reset: %lld\r\n",
	        limit, remaining, (long long)(now_s + reset_after_s)));
	fake_http_script(
	        fake, status, headers, status == 200 ? "{}" : "{\"errorCode\":\"E0000047\"}");
}

static void expect_wait(int64_t from_ms, int64_t to_ms)
{
	int64_t wait_ms = outcome.retry_at_ms - clock_wall_ms();
	ck_assert_int_eq(outcome.call_class, CALL_RETRY_AT);
	ck_assert_msg(wait_ms >= from_ms && wait_ms <= to_ms, "%lld ms", (long long)wait_ms);
}

START_TEST(without_room_no_call_is_made)
{
	script_rated(200, 600, 0, 30);
	okta_user_suspend(client, ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_int_eq(okta_org_remaining(org, OKTA_BUCKET_USERS), 0);
	ck_assert_int_eq(okta_org_remaining(org, OKTA_BUCKET_OTHER), -1);
	okta_user_suspend(client, ID, &outcome);
	expect_wait(28000, 33000);
	ck_assert(!outcome.is_sent);
	ck_assert_int_eq(outcome.wait, CALL_WAIT_ROOM);
	ck_assert_uint_eq(fake_http_count(fake), 1);
	ck_assert(metrics_get(METRIC_OKTA_REMAINING, LABELS("users")) == 0);
}
END_TEST

START_TEST(who_is_patient_waits_for_room)
{
	int64_t reset_s = clock_wall_ms() / 1000 + 2;
	script_rated(200, 600, 0, 2);
	fake_http_script(fake, 200, "", "{}");
	okta_user_suspend(client, ID, &outcome);
	okta_client_set_patience(client, 10);
	okta_user_suspend(client, ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_RETRY_AT);
	ck_assert_uint_eq(fake_http_count(fake), 1);
	okta_client_set_patience(client, 20000);
	okta_user_suspend(client, ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_int_ge(clock_wall_ms(), reset_s * 1000);
}
END_TEST

START_TEST(urgent_calls_may_spend_the_last_tenth)
{
	script_rated(200, 600, 60, 30);
	fake_http_script(fake, 200, "", "{}");
	okta_user_suspend(client, ID, &outcome);
	okta_client_set_urgency(client, CALL_NORMAL);
	okta_user_suspend(client, ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_RETRY_AT);
	okta_client_set_urgency(client, CALL_URGENT);
	okta_user_suspend(client, ID, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
}
END_TEST

START_TEST(a_429_tells_when_and_holds_for_all_clients_of_the_org)
{
	script_rated(429, 600, 0, 20);
	okta_user_suspend(client, ID, &outcome);
	expect_wait(19000, 23000);
	ck_assert(outcome.is_sent);
	ck_assert_int_eq(outcome.wait, CALL_WAIT_ROOM);
	struct okta_client *other = okta_client_create(org, NULL);
	okta_user_deactivate(other, ID, &outcome);
	expect_wait(18000, 23000);
	ck_assert(!outcome.is_sent);
	okta_client_destroy(other);
}
END_TEST

START_TEST(a_429_about_calls_at_once_waits_shortly)
{
	script_rated(429, 0, 0, 114);
	okta_user_suspend(client, ID, &outcome);
	expect_wait(100, 2500);
	okta_user_suspend(client, ID, &outcome);
	expect_wait(1, 2500);
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(calls_are_counted_by_route_and_status)
{
	const char *const *labels = LABELS("POST /api/v1/users/{id}/lifecycle/suspend", "200");
	double before = metrics_get(METRIC_OKTA_CALLS, labels);
	double timed = metrics_get(METRIC_OKTA_TIME, NULL);
	fake_http_script(fake, 200, "", "{}");
	okta_user_suspend(client, ID, &outcome);
	ck_assert(metrics_get(METRIC_OKTA_CALLS, labels) == before + 1);
	ck_assert(metrics_get(METRIC_OKTA_TIME, NULL) == timed + 1);
}
END_TEST

/* ----------------------------------------------------------------- probes */

static const struct {
	enum okta_permission permission;
	int status;
	const char *body;
	enum okta_proof proof;
} proofs[] = {
        {OKTA_MAY_VIEW_USERS, 200, "[]", OKTA_PROOF_PROVED},
        {OKTA_MAY_VIEW_USERS, 403, "{\"errorCode\":\"E0000006\"}", OKTA_PROOF_REFUSED},
        {OKTA_MAY_VIEW_USERS, 401, "{\"errorCode\":\"E0000011\"}", OKTA_PROOF_UNKNOWN},
        {OKTA_MAY_VIEW_USERS, 503, "{}", OKTA_PROOF_UNKNOWN},
        {OKTA_MAY_CREATE_USERS, 400, "{\"errorCode\":\"E0000001\"}", OKTA_PROOF_PROVED},
        {OKTA_MAY_CREATE_USERS, 403, "{\"errorCode\":\"E0000006\"}", OKTA_PROOF_REFUSED},
        {OKTA_MAY_CREATE_USERS, 400, "{}", OKTA_PROOF_UNKNOWN},
        {OKTA_MAY_CREATE_USERS, 500, "{}", OKTA_PROOF_UNKNOWN},
        {OKTA_MAY_CHANGE_STATUS, 404, "{\"errorCode\":\"E0000007\"}", OKTA_PROOF_UNKNOWN},
        {OKTA_MAY_CHANGE_STATUS, 403, "{\"errorCode\":\"E0000006\"}", OKTA_PROOF_REFUSED},
        {OKTA_MAY_EDIT_PROFILES, 404, "{\"errorCode\":\"E0000007\"}", OKTA_PROOF_UNKNOWN},
        {OKTA_MAY_EDIT_PROFILES, 400, "{\"errorCode\":\"E0000001\"}", OKTA_PROOF_PROVED},
        {OKTA_MAY_EDIT_PROFILES, 403, "{\"errorCode\":\"E0000006\"}", OKTA_PROOF_REFUSED},
        {OKTA_MAY_MANAGE_SCHEMA, 400, "{\"errorCode\":\"E0000001\"}", OKTA_PROOF_PROVED},
        {OKTA_MAY_MANAGE_SCHEMA, 200, "{}", OKTA_PROOF_PROVED},
        {OKTA_MAY_MANAGE_SCHEMA, 403, "{\"errorCode\":\"E0000006\"}", OKTA_PROOF_REFUSED},
        {OKTA_MAY_VIEW_GROUPS, 200, "[]", OKTA_PROOF_PROVED},
        {OKTA_MAY_VIEW_GROUPS, 403, "{\"errorCode\":\"E0000006\"}", OKTA_PROOF_REFUSED},
        {OKTA_MAY_MANAGE_MEMBERS, 404, "{\"errorCode\":\"E0000007\"}", OKTA_PROOF_UNKNOWN},
        {OKTA_MAY_MANAGE_MEMBERS, 403, "{\"errorCode\":\"E0000006\"}", OKTA_PROOF_REFUSED},
};

START_TEST(permissions_are_told_from_answers)
{
	fake_http_script(fake, proofs[_i].status, "", proofs[_i].body);
	enum okta_proof proof = okta_permission_probe(client, proofs[_i].permission, &outcome);
	ck_assert_int_eq(proof, proofs[_i].proof);
	ck_assert_int_eq(outcome.http_status, proofs[_i].status);
	ck_assert_str_ne(okta_permission_name(proofs[_i].permission), "");
}
END_TEST

/* -------------------------------------------------------------------- org */

START_TEST(only_https_and_loopback_addresses_are_taken)
{
	static const char *const urls[] = {"http://acme.okta.com", "ftp://acme.okta.com",
	        "acme.okta.com", "", "http://127.0.0.1.example.com:80"};
	ck_assert_ptr_null(make_org(urls[_i], 1));
}
END_TEST

START_TEST(tokens_that_would_break_the_header_are_refused)
{
	static const char *const tokens[] = {"", "  ", "a\nb", "a\r\nX: y", "t\xc3\xa9"};
	ck_assert(secret_set(&token, tokens[_i]));
	ck_assert_ptr_null(make_org("https://acme.okta.com", 1));
}
END_TEST

START_TEST(slashes_at_the_end_of_the_address_do_not_matter)
{
	char url[128];
	ck_assert(str_format(url, sizeof(url), "%s/okta//", fake_http_url(fake)));
	struct okta_org *slashed = make_org(url, 1);
	struct okta_client *its = okta_client_create(slashed, NULL);
	fake_http_script(fake, 200, "", USER);
	okta_me(its, &user, &outcome);
	expect_request("GET", "/okta/api/v1/users/me");
	okta_client_destroy(its);
	okta_org_destroy(slashed);
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static void add_requests(Suite *suite)
{
	TCase *requests = add_case(suite, "requests");
	tcase_add_test(requests, after_a_refusal_of_the_token_no_call_starts);
	tcase_add_test(requests, a_successor_spends_the_same_budget);
	tcase_add_test(requests, create_sends_the_profile_and_reads_the_user);
	tcase_add_test(requests, create_can_activate_at_once);
	tcase_add_test(requests, a_taken_login_asks_for_a_read);
	tcase_add_test(requests, get_reads_the_version_mark_and_update_sends_it);
	tcase_add_loop_test(requests, update_without_a_version_mark_sends_none, 0, 2);
	tcase_add_loop_test(requests, logins_are_percent_encoded, 0, 6);
	tcase_add_loop_test(requests, logins_that_cannot_be_fetched_are_not_asked_for, 0, 10);
	tcase_add_loop_test(requests, ids_that_are_none_never_leave, 0, 7);
	tcase_add_test(requests, a_version_mark_that_would_break_the_header_never_leaves);
	tcase_add_test(requests, a_profile_that_is_no_object_never_leaves);
	tcase_add_loop_test(requests, lifecycle_calls_are_posts_without_a_body, 0, 7);
	tcase_add_loop_test(requests, a_wrong_status_asks_for_a_read, 0, 7);
	tcase_add_test(requests, sessions_end_with_their_tokens);
	tcase_add_test(requests, sessions_end_without_their_tokens);
	tcase_add_loop_test(requests, an_activation_link_is_told_once, 0, 2);
	tcase_add_loop_test(requests, an_answer_without_a_link_to_click_on_is_unclear, 0, 4);
	tcase_add_loop_test(requests, search_is_encoded_and_its_limit_bounded, 0, 3);
	tcase_add_test(requests, a_search_that_finds_nobody_is_done);
	tcase_add_loop_test(requests, a_list_with_one_odd_user_is_not_believed, 0, 2);
	tcase_add_test(requests, a_search_that_is_too_long_never_leaves);
	tcase_add_test(requests, pages_follow_oktas_links_to_the_end);
	tcase_add_loop_test(
	        requests, pages_never_follow_a_link_to_another_host, 0, ARRAY_SIZE(elsewhere));
	tcase_add_test(requests, a_list_that_goes_round_is_no_list);
	tcase_add_test(requests, a_page_that_failed_is_asked_for_again);
	tcase_add_test(requests, the_owner_of_the_token_and_the_schema_can_be_read);
	tcase_add_test(requests, calls_share_one_connection);
}

static void add_answers(Suite *suite)
{
	int unclear_count = (int)ARRAY_SIZE(unclear);
	TCase *answers = add_case(suite, "answers");
	tcase_add_loop_test(answers, an_unclear_answer_to_a_write_is_unclear, 0, unclear_count);
	tcase_add_loop_test(
	        answers, an_unclear_answer_to_a_read_is_retried_later, 0, unclear_count);
	tcase_add_test(answers, a_server_that_is_not_there_is_retried_later);
	tcase_add_test(answers, a_redirect_is_not_followed);
	tcase_add_test(answers, a_request_id_that_is_no_token_is_dropped);
	tcase_add_test(answers, the_request_id_of_a_failure_is_kept);
	TCase *stopping = add_case(suite, "stop");
	tcase_add_test(stopping, a_raised_stop_flag_ends_calls_before_they_begin);
	tcase_add_test(stopping, a_raised_stop_flag_ends_a_call_that_hangs);
}

static void add_budget(Suite *suite)
{
	TCase *budget = add_case(suite, "budget");
	tcase_add_test(budget, without_room_no_call_is_made);
	tcase_add_test(budget, who_is_patient_waits_for_room);
	tcase_add_test(budget, urgent_calls_may_spend_the_last_tenth);
	tcase_add_test(budget, a_429_tells_when_and_holds_for_all_clients_of_the_org);
	tcase_add_test(budget, a_429_about_calls_at_once_waits_shortly);
	tcase_add_test(budget, calls_are_counted_by_route_and_status);
	TCase *probes = add_case(suite, "probes");
	tcase_add_loop_test(probes, permissions_are_told_from_answers, 0, (int)ARRAY_SIZE(proofs));
	TCase *orgs = add_case(suite, "orgs");
	tcase_add_loop_test(orgs, only_https_and_loopback_addresses_are_taken, 0, 5);
	tcase_add_loop_test(orgs, tokens_that_would_break_the_header_are_refused, 0, 5);
	tcase_add_test(orgs, slashes_at_the_end_of_the_address_do_not_matter);
}

int main(void)
{
	Suite *suite = suite_create("okta_client");
	add_requests(suite);
	add_answers(suite);
	add_budget(suite);
	return suite_run(suite);
}
