/* SPDX-License-Identifier: MIT */
#include "tests/support/listener.h"
#include "tests/support/raw_client.h"

#include "server/base/metrics.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST  "POST /echo HTTP/1.1\r\nHost: a\r\n"

static struct listener listener;
static struct raw_client *client;

static void start(struct http_options options)
{
	listener_start(&listener, &options);
	client = raw_client_open(listener.port);
}

static void set_up(void)
{
	start(listener_options(&listener));
}

static void set_up_threaded(void)
{
	struct http_options options = listener_options(&listener);
	options.mode = HTTP_THREADED;
	start(options);
}

static void tear_down(void)
{
	raw_client_close(client);
	listener_stop(&listener);
}

/* The error object of the last answer: its code, checked for the whole shape. */
static const char *error_code(void)
{
	static char code[64];
	json_t *root = json_loads(client->body, 0, NULL);
	const json_t *error = json_object_get(root, "error");
	ck_assert_msg(error != NULL, "not an error: %s", client->body);
	ck_assert(json_string_length(json_object_get(error, "message")) > 0);
	ck_assert(json_string_length(json_object_get(error, "hint")) > 0);
	ck_assert_str_eq(json_string_value(json_object_get(error, "request_id")),
	        raw_client_header(client, "X-Request-Id"));
	ck_assert(str_copy(code, sizeof(code), json_string_value(json_object_get(error, "code"))));
	json_decref(root);
	return code;
}

static void check_headers(void)
{
	ck_assert_str_eq(raw_client_header(client, "X-Content-Type-Options"), "nosniff");
	ck_assert_str_eq(raw_client_header(client, "Cache-Control"), "no-store");
	ck_assert_str_eq(raw_client_header(client, "Referrer-Policy"), "no-referrer");
	ck_assert_str_eq(raw_client_header(client, "Cross-Origin-Opener-Policy"), "same-origin");
	ck_assert_str_eq(raw_client_header(client, "Cross-Origin-Resource-Policy"), "same-origin");
	ck_assert_str_eq(
	        raw_client_header(client, "Strict-Transport-Security"), "max-age=31536000");
	ck_assert_ptr_nonnull(strstr(raw_client_header(client, "Content-Security-Policy"),
	        "default-src 'none'; script-src 'self';"));
	ck_assert_ptr_nonnull(raw_client_header(client, "X-Request-Id"));
	ck_assert_ptr_nonnull(raw_client_header(client, "Content-Type"));
	ck_assert_ptr_null(raw_client_header(client, "Server"));
}

START_TEST(serves_a_route_with_safe_headers)
{
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	ck_assert_str_eq(client->body, "hello");
	ck_assert_str_eq(raw_client_header(client, "Content-Type"), "text/plain; charset=utf-8");
	check_headers();
}
END_TEST

START_TEST(errors_carry_the_safe_headers_too)
{
	ck_assert_int_eq(raw_client_ask(client, "GET /no HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
	check_headers();
	ck_assert_str_eq(error_code(), "not_found");
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
}
END_TEST

START_TEST(head_is_get_without_a_body)
{
	raw_client_send(client, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" HELLO);
	ck_assert_int_eq(raw_client_read_head(client), 200);
	ck_assert_str_eq(raw_client_header(client, "Content-Length"), "5");
	ck_assert_int_eq(raw_client_read(client), 200);
	ck_assert_str_eq(client->body, "hello");
}
END_TEST

/* Whatever the reason: what follows a refused request is not read. */
START_TEST(a_refused_request_is_the_last_of_its_connection)
{
	static const char *const refused[] = {"GET /no HTTP/1.1\r\nHost: a\r\n\r\n",
	        "PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n", "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n",
	        "PUT /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab"};
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		char text[256];
		ck_assert(str_format(text, sizeof(text), "%s" HELLO, refused[i]));
		int status = raw_client_ask(client, text);
		ck_assert_msg(status >= 400 && status < 500, "%s: %d", refused[i], status);
		ck_assert_str_eq(raw_client_header(client, "Connection"), "close");
		ck_assert_msg(raw_client_is_ended(client, 5000), "%s", refused[i]);
	}
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
}
END_TEST

START_TEST(a_wrong_method_names_the_right_ones)
{
	static const char *const methods[] = {"POST", "PUT", "OPTIONS", "TRACE", "PATCH", "get"};
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		char text[128];
		ck_assert(str_format(
		        text, sizeof(text), "%s /hello HTTP/1.1\r\nHost: a\r\n\r\n", methods[i]));
		ck_assert_int_eq(raw_client_ask(client, text), 405);
		ck_assert_str_eq(raw_client_header(client, "Allow"), "GET, HEAD");
		ck_assert_str_eq(error_code(), "method_not_allowed");
	}
	ck_assert_int_eq(raw_client_ask(client, "GET /thing HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
	ck_assert_str_eq(raw_client_header(client, "Allow"), "PUT, DELETE");
}
END_TEST

START_TEST(put_and_delete_find_their_rows)
{
	raw_client_ask(client, "PUT /thing HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
	ck_assert_str_eq(client->body, "put");
	raw_client_ask(client, "DELETE /thing HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(client->body, "deleted");
}
END_TEST

START_TEST(path_parameters_and_arguments_are_decoded)
{
	raw_client_ask(client, "GET /hello/a%20b?q=c%26+d&x HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(client->body, "a b|c& d");
	raw_client_ask(client, "GET /hello/%2e%2e HTTP/1.1\r\nHost: a\r\n\r\n");
	ck_assert_str_eq(client->body, "..|(none)");
}
END_TEST

START_TEST(an_escaped_literal_segment_is_another_path)
{
	ck_assert_int_eq(raw_client_ask(client, "GET /hell%6f HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
	ck_assert_int_eq(raw_client_ask(client, "GET /hello/ HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
	ck_assert_int_eq(raw_client_ask(client, "GET //hello HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
	ck_assert_int_eq(
	        raw_client_ask(client, "GET /x/../hello HTTP/1.1\r\nHost: a\r\n\r\n"), 404);
}
END_TEST

START_TEST(a_body_within_the_cap_arrives_whole)
{
	char text[2048];
	char body[LISTENER_CAP + 1];
	memset(body, 'b', LISTENER_CAP);
	body[LISTENER_CAP] = '\0';
	ck_assert(str_format(
	        text, sizeof(text), POST "Content-Length: %d\r\n\r\n%s", LISTENER_CAP, body));
	ck_assert_int_eq(raw_client_ask(client, text), 200);
	ck_assert_uint_eq(client->body_len, LISTENER_CAP);
	ck_assert_str_eq(client->body, body);
}
END_TEST

START_TEST(a_body_may_come_byte_by_byte)
{
	raw_client_send(client, POST "Content-Length: 5\r\n\r\n");
	for (const char *at = "bytes"; *at != '\0'; at++) {
		raw_client_send_bytes(client, at, 1);
	}
	ck_assert_int_eq(raw_client_read(client), 200);
	ck_assert_str_eq(client->body, "bytes");
}
END_TEST

START_TEST(a_declared_body_over_the_cap_is_refused_before_it_comes)
{
	ck_assert_int_eq(
	        raw_client_ask(client, POST "Content-Length: 1001\r\nExpect: 100-continue\r\n\r\n"),
	        413);
	ck_assert_str_eq(error_code(), "body_too_large");
	ck_assert_str_eq(raw_client_header(client, "Connection"), "close");
	ck_assert(raw_client_is_ended(client, 5000));
}
END_TEST

START_TEST(a_chunked_body_over_the_cap_is_refused_at_its_end)
{
	raw_client_send(client, POST "Transfer-Encoding: chunked\r\n\r\n");
	char chunk[512];
	memset(chunk, 'c', sizeof(chunk));
	for (int i = 0; i < 8; i++) {
		raw_client_send(client, "200\r\n");
		raw_client_send_bytes(client, chunk, sizeof(chunk));
		raw_client_send(client, "\r\n");
	}
	ck_assert(raw_client_is_silent(client, 50));
	ck_assert_int_eq(raw_client_ask(client, "0\r\n\r\n" HELLO), 413);
	ck_assert_str_eq(error_code(), "body_too_large");
	ck_assert(raw_client_is_ended(client, 5000));
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
}
END_TEST

START_TEST(a_body_on_get_is_refused_and_never_read_as_a_request)
{
	char text[256];
	ck_assert(str_format(text, sizeof(text),
	        "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n" HELLO,
	        strlen(HELLO)));
	ck_assert_int_eq(raw_client_ask(client, text), 413);
	ck_assert(raw_client_is_ended(client, 5000));
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
}
END_TEST

START_TEST(an_early_refusal_never_reads_the_body_as_a_request)
{
	char text[256];
	ck_assert(str_format(text, sizeof(text),
	        "POST /no HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n" HELLO,
	        strlen(HELLO)));
	ck_assert_int_eq(raw_client_ask(client, text), 404);
	ck_assert_str_eq(raw_client_header(client, "Connection"), "close");
	ck_assert(raw_client_is_ended(client, 5000));
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
}
END_TEST

START_TEST(expectation_is_met_when_the_body_is_wanted)
{
	raw_client_send(client, POST "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
	ck_assert(!raw_client_is_silent(client, 5000));
	ck_assert_msg(strncmp(client->bytes, "HTTP/1.1 100", 12) == 0, "%s", client->bytes);
	ck_assert_int_eq(raw_client_ask(client, "ok"), 200);
	ck_assert_str_eq(client->body, "ok");
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
	raw_client_send(client,
	        HELLO POST "Content-Length: 1\r\n\r\n1" POST "Content-Length: 1\r\n\r\n2" HELLO);
	ck_assert_int_eq(raw_client_read(client), 200);
	ck_assert_str_eq(client->body, "hello");
	raw_client_read(client);
	ck_assert_str_eq(client->body, "1");
	raw_client_read(client);
	ck_assert_str_eq(client->body, "2");
	raw_client_read(client);
	ck_assert_str_eq(client->body, "hello");
}
END_TEST

START_TEST(a_connection_is_kept_for_many_requests)
{
	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	}
	/* The last one is counted once it is completed, which the client may well outrun. */
	ck_assert_double_ge(metrics_get(METRIC_HTTP_REQUESTS, LABELS("test", "200")), 199.0);
}
END_TEST

START_TEST(request_ids_differ)
{
	char first[64];
	raw_client_ask(client, HELLO);
	ck_assert(str_copy(first, sizeof(first), raw_client_header(client, "X-Request-Id")));
	raw_client_ask(client, HELLO);
	ck_assert_str_ne(raw_client_header(client, "X-Request-Id"), first);
}
END_TEST

START_TEST(a_role_is_asked_for_before_the_handler)
{
	ck_assert_int_eq(raw_client_ask(client, "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n"), 401);
	ck_assert_str_eq(error_code(), "unauthorized");
	ck_assert_str_eq(raw_client_header(client, "WWW-Authenticate"), "Bearer");
	ck_assert_int_eq(raw_client_ask(client,
	                         "GET /admin HTTP/1.1\r\nHost: a\r\n"
	                         "Authorization: Bearer wrong\r\n\r\n"),
	        401);
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
	ck_assert_int_eq(raw_client_ask(client,
	                         "GET /admin HTTP/1.1\r\nHost: a\r\n"
	                         "Authorization: Bearer right\r\n\r\n"),
	        200);
}
END_TEST

static void set_up_without_authorize(void)
{
	struct http_options options = listener_options(&listener);
	options.authorize = NULL;
	start(options);
}

START_TEST(without_an_authorizer_only_public_routes_answer)
{
	ck_assert_int_eq(raw_client_ask(client,
	                         "GET /admin HTTP/1.1\r\nHost: a\r\n"
	                         "Authorization: Bearer right\r\n\r\n"),
	        401);
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
}
END_TEST

static void set_up_narrow(void)
{
	struct http_options options = listener_options(&listener);
	options.in_flight_max = 2;
	start(options);
}

START_TEST(beyond_the_gate_requests_are_told_to_come_again)
{
	struct raw_client *first = raw_client_open(listener.port);
	struct raw_client *second = raw_client_open(listener.port);
	raw_client_send(first, "POST /later HTTP/1.1\r\nHost: a\r\n\r\n");
	raw_client_send(second, "POST /later HTTP/1.1\r\nHost: a\r\n\r\n");
	struct http_ticket *one = listener_next_ticket(&listener);
	struct http_ticket *two = listener_next_ticket(&listener);
	ck_assert_int_eq(raw_client_ask(client, "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n"), 503);
	ck_assert_str_eq(error_code(), "overloaded");
	ck_assert_ptr_nonnull(raw_client_header(client, "Retry-After"));
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	http_ticket_answer(one, ERR_OK);
	http_ticket_answer(two, ERR_OK);
	ck_assert_int_eq(raw_client_read(first), 200);
	ck_assert_int_eq(raw_client_read(second), 200);
	int status = 503;
	for (int i = 0; i < 1000 && status == 503; i++) {
		status = raw_client_ask(client, "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n");
	}
	ck_assert_int_eq(status, 200);
	raw_client_close(first);
	raw_client_close(second);
}
END_TEST

START_TEST(a_query_that_is_too_long_is_refused)
{
	char text[1024];
	char value[400];
	memset(value, 'v', sizeof(value));
	value[sizeof(value) - 1] = '\0';
	ck_assert(str_format(
	        text, sizeof(text), "GET /hello?q=%s HTTP/1.1\r\nHost: a\r\n\r\n", value));
	ck_assert_int_eq(raw_client_ask(client, text), 400);
	ck_assert(raw_client_is_ended(client, 5000));
}
END_TEST

START_TEST(an_upgrade_is_not_taken_up)
{
	ck_assert_int_eq(raw_client_ask(client,
	                         "GET /hello HTTP/1.1\r\nHost: a\r\n"
	                         "Connection: Upgrade, HTTP2-Settings\r\n"
	                         "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"),
	        200);
}
END_TEST

START_TEST(a_client_that_leaves_amid_its_body_is_forgotten)
{
	struct raw_client *leaver = raw_client_open(listener.port);
	raw_client_send(leaver, POST "Content-Length: 10\r\n\r\nabc");
	raw_client_close(leaver);
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
}
END_TEST

static void add_common(TCase *tcase)
{
	tcase_add_test(tcase, serves_a_route_with_safe_headers);
	tcase_add_test(tcase, errors_carry_the_safe_headers_too);
	tcase_add_test(tcase, head_is_get_without_a_body);
	tcase_add_test(tcase, a_refused_request_is_the_last_of_its_connection);
	tcase_add_test(tcase, a_wrong_method_names_the_right_ones);
	tcase_add_test(tcase, put_and_delete_find_their_rows);
	tcase_add_test(tcase, path_parameters_and_arguments_are_decoded);
	tcase_add_test(tcase, an_escaped_literal_segment_is_another_path);
	tcase_add_test(tcase, a_body_within_the_cap_arrives_whole);
	tcase_add_test(tcase, a_body_may_come_byte_by_byte);
	tcase_add_test(tcase, a_declared_body_over_the_cap_is_refused_before_it_comes);
	tcase_add_test(tcase, a_chunked_body_over_the_cap_is_refused_at_its_end);
	tcase_add_test(tcase, a_body_on_get_is_refused_and_never_read_as_a_request);
	tcase_add_test(tcase, an_early_refusal_never_reads_the_body_as_a_request);
	tcase_add_test(tcase, expectation_is_met_when_the_body_is_wanted);
	tcase_add_test(tcase, pipelined_requests_are_answered_in_order);
	tcase_add_test(tcase, a_connection_is_kept_for_many_requests);
	tcase_add_test(tcase, request_ids_differ);
	tcase_add_test(tcase, a_role_is_asked_for_before_the_handler);
	tcase_add_test(tcase, a_query_that_is_too_long_is_refused);
	tcase_add_test(tcase, an_upgrade_is_not_taken_up);
	tcase_add_test(tcase, a_client_that_leaves_amid_its_body_is_forgotten);
	tcase_set_timeout(tcase, 20);
}

static Suite *suite(void)
{
	Suite *all = suite_create("http request");
	TCase *pooled = tcase_create("pooled");
	tcase_add_checked_fixture(pooled, set_up, tear_down);
	add_common(pooled);
	suite_add_tcase(all, pooled);
	TCase *threaded = tcase_create("threaded");
	tcase_add_checked_fixture(threaded, set_up_threaded, tear_down);
	add_common(threaded);
	suite_add_tcase(all, threaded);
	TCase *public = tcase_create("public");
	tcase_add_checked_fixture(public, set_up_without_authorize, tear_down);
	tcase_add_test(public, without_an_authorizer_only_public_routes_answer);
	suite_add_tcase(all, public);
	TCase *narrow = tcase_create("narrow");
	tcase_add_checked_fixture(narrow, set_up_narrow, tear_down);
	tcase_add_test(narrow, beyond_the_gate_requests_are_told_to_come_again);
	suite_add_tcase(all, narrow);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
