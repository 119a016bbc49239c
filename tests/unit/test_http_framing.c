/* SPDX-License-Identifier: MIT */
#include "tests/support/listener.h"
#include "tests/support/raw_client.h"

#include "server/base/attr.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SECOND "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define POST   "POST /echo HTTP/1.1\r\nHost: a\r\n"
#define GET    "GET /hello HTTP/1.1\r\nHost: a\r\n"

static struct listener listener;

static void set_up(void)
{
	struct http_options options = listener_options(&listener);
	listener_start(&listener, &options);
}

static void tear_down(void)
{
	listener_stop(&listener);
}

enum wanted {
	REFUSED, /* 400 in our shape, then the end */
	ENDED, /* libmicrohttpd's own refusal (its head may come twice) or none; nothing is served
	        */
	SERVED /* 200 */
};

struct framing_case {
	const char *name;
	enum wanted wanted;
	const char *bytes; /* a second request is sent right behind */
};

static const struct framing_case CASES[] = {
        {"plain length", SERVED, POST "Content-Length: 2\r\n\r\nab"},
        {"plain chunked", SERVED, POST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"},
        {"chunked in capitals", SERVED,
                POST "Transfer-Encoding: CHUNKED\r\n\r\n2\r\nab\r\n0\r\n\r\n"},
        {"trailer naming Host", SERVED,
                POST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nHost: b\r\n\r\n"},
        {"no body", SERVED, GET "\r\n"},
        {"HTTP/1.0 without Host", SERVED, "GET /hello HTTP/1.0\r\n\r\n"},
        {"underscore twin is another header", SERVED, GET "Content_Length: 5\r\n\r\n"},
        {"leading empty line", SERVED, "\r\n" GET "\r\n"},
        {"header value with a tab", SERVED, GET "X-A: b\tc\r\n\r\n"},

        /* Engine rule 17: hidden by libmicrohttpd 0.9.75, so no handler can refuse them. */
        {"hidden: empty name", SERVED, GET ": b\r\n\r\n"},
        {"hidden: folded header", SERVED, GET "X-A: b\r\n c\r\n\r\n"},
        {"hidden: bare line feeds", SERVED, "GET /hello HTTP/1.1\nHost: a\n\n"},

        {"length and chunked", REFUSED,
                POST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"chunked and length", REFUSED,
                POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"},
        {"two different lengths", REFUSED, POST "Content-Length: 2\r\nContent-Length: 3\r\n\r\nab"},
        {"two equal lengths", REFUSED, POST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab"},
        {"octal-looking length", REFUSED, POST "Content-Length: 010\r\n\r\n0123456789"},
        {"length list", ENDED, POST "Content-Length: 2, 2\r\n\r\nab"},
        {"length with plus", ENDED, POST "Content-Length: +2\r\n\r\nab"},
        {"negative zero length", ENDED, POST "Content-Length: -0\r\n\r\n"},
        {"hex length", ENDED, POST "Content-Length: 0x2\r\n\r\nab"},
        {"length with inner space", ENDED, POST "Content-Length: 1 0\r\n\r\nab"},
        {"empty length", ENDED, POST "Content-Length: \r\n\r\n"},
        {"length over 2^63", ENDED, POST "Content-Length: 9223372036854775808\r\n\r\nab"},
        {"length over 2^64", ENDED, POST "Content-Length: 18446744073709551618\r\n\r\nab"},

        {"coding xchunked", REFUSED, POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"},
        {"coding list", REFUSED, POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"},
        {"coding twice in one", REFUSED,
                POST "Transfer-Encoding: chunked,chunked\r\n\r\n0\r\n\r\n"},
        {"coding twice", REFUSED,
                POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"identity and chunked", REFUSED,
                POST "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        {"empty coding", REFUSED, POST "Transfer-Encoding: \r\n\r\n0\r\n\r\n"},
        {"quoted coding", REFUSED, POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"},
        {"coding with VT", REFUSED, POST "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n"},
        {"coding with FF", REFUSED, POST "Transfer-Encoding: chunked\f\r\n\r\n0\r\n\r\n"},
        {"coding with comma", REFUSED, POST "Transfer-Encoding: chunked,\r\n\r\n0\r\n\r\n"},
        {"chunked in HTTP/1.0", REFUSED,
                "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},

        {"space before colon of length", REFUSED, POST "Content-Length : 2\r\n\r\nab"},
        {"space before colon", REFUSED, GET "X-A : b\r\n\r\n"},
        {"tab before colon", REFUSED, GET "X-A\t: b\r\n\r\n"},
        {"space in a name", REFUSED, GET "X A: b\r\n\r\n"},
        {"control byte in a value", REFUSED, GET "X-A: b\001c\r\n\r\n"},
        {"DEL in a value", REFUSED, GET "X-A: b\177c\r\n\r\n"},
        {"header without colon", ENDED, GET "X-A\r\n\r\n"},

        {"two Hosts", REFUSED, GET "Host: b\r\n\r\n"},
        {"no Host", REFUSED, "GET /hello HTTP/1.1\r\n\r\n"},
        {"empty Host", REFUSED, "GET /hello HTTP/1.1\r\nHost: \r\n\r\n"},
        {"Host with a user", REFUSED, "GET /hello HTTP/1.1\r\nHost: u@a\r\n\r\n"},
        {"Host with a path", REFUSED, "GET /hello HTTP/1.1\r\nHost: a/b\r\n\r\n"},
        {"Host list", REFUSED, "GET /hello HTTP/1.1\r\nHost: a, b\r\n\r\n"},
        {"two Authorizations", REFUSED,
                GET "Authorization: Bearer right\r\nAuthorization: Bearer right\r\n\r\n"},
        {"two Cookies", REFUSED, GET "Cookie: a=b\r\nCookie: a=c\r\n\r\n"},
        {"two Content-Types", REFUSED,
                POST "Content-Type: a/b\r\nContent-Type: a/c\r\n"
                     "Content-Length: 2\r\n\r\nab"},
        {"odd Expect", REFUSED, POST "Expect: 200-maybe\r\nContent-Length: 2\r\n\r\nab"},

        {"HTTP/1.2", REFUSED, "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n"},
        {"h2 preface", ENDED, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
        {"absolute form", REFUSED, "GET http://b/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"asterisk", REFUSED, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"CONNECT", REFUSED, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"space in the path", REFUSED, "GET /he llo HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"control byte in the path", REFUSED, "GET /he\001llo HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"escaped NUL in the path", REFUSED, "GET /hello%00 HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"escaped line end in the path", REFUSED, "GET /hello%0d%0a HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"broken escape", REFUSED, "GET /hello%4 HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"high byte in the path", REFUSED, "GET /hell\303\266 HTTP/1.1\r\nHost: a\r\n\r\n"},
        {"escaped NUL in the query", REFUSED, "GET /hello?q=%00 HTTP/1.1\r\nHost: a\r\n\r\n"},

        {"chunk size with sign", ENDED,
                POST "Transfer-Encoding: chunked\r\n\r\n+2\r\nab\r\n0\r\n\r\n"},
        {"chunk size in hex style", ENDED,
                POST "Transfer-Encoding: chunked\r\n\r\n0x2\r\nab\r\n0\r\n\r\n"},
        {"chunk size too long", ENDED,
                POST "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\nab\r\n0\r\n\r\n"},
        {"chunk data without its end", ENDED,
                POST "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n"},
        {"chunk size no number", ENDED,
                POST "Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n"},
};

START_TEST(judges_each_framing_and_serves_nothing_after_a_doubt)
{
	const struct framing_case *row = &CASES[_i];
	struct raw_client *client = raw_client_open(listener.port);
	char bytes[2048];
	ck_assert(strlen(row->bytes) + sizeof(SECOND) < sizeof(bytes));
	ck_assert(str_format(bytes, sizeof(bytes), "%s%s", row->bytes, SECOND));
	int status = raw_client_ask(client, bytes);
	if (row->wanted == SERVED) {
		ck_assert_msg(status == 200, "%s: %d %s", row->name, status, client->body);
		raw_client_close(client);
		return;
	}
	if (row->wanted == REFUSED) {
		ck_assert_msg(status == 400, "%s: %d %s", row->name, status, client->body);
		ck_assert_msg(strstr(client->body, "\"error\"") != NULL, "%s", row->name);
		ck_assert_str_eq(raw_client_header(client, "Connection"), "close");
		ck_assert_msg(raw_client_is_ended(client, 5000), "%s: more came", row->name);
	} else {
		ck_assert_msg(status == 0 || status >= 400, "%s: %d", row->name, status);
		ck_assert_msg(raw_client_drain(client), "%s: not closed", row->name);
		ck_assert_msg(strstr(client->bytes, " 200 OK") == NULL, "%s: served", row->name);
	}
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
	raw_client_close(client);
}
END_TEST

START_TEST(a_chunked_request_is_the_last_of_its_connection)
{
	struct raw_client *client = raw_client_open(listener.port);
	ck_assert_int_eq(
	        raw_client_ask(client,
	                POST "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n" SECOND),
	        200);
	ck_assert_str_eq(client->body, "ab");
	ck_assert_str_eq(raw_client_header(client, "Connection"), "close");
	ck_assert(raw_client_is_ended(client, 5000));
	raw_client_close(client);
}
END_TEST

START_TEST(too_many_headers_are_refused)
{
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, GET);
	for (int i = 0; i < 64; i++) {
		raw_client_send(client, "X-A: b\r\n");
	}
	ck_assert_int_eq(raw_client_ask(client, "\r\n"), 431);
	ck_assert_ptr_nonnull(strstr(client->body, "headers_too_large"));
	ck_assert(raw_client_is_ended(client, 5000));
	raw_client_close(client);
}
END_TEST

/* Few headers, and more than 16 KiB of them: within libmicrohttpd's pool, over our cap. */
START_TEST(too_long_headers_are_refused)
{
	struct raw_client *client = raw_client_open(listener.port);
	char line[4096];
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	raw_client_send(client, GET);
	for (int i = 0; i < 5; i++) {
		raw_client_send(client, "X-A: ");
		raw_client_send(client, line);
		raw_client_send(client, "\r\n");
	}
	ck_assert_int_eq(raw_client_ask(client, "\r\n"), 431);
	ck_assert(raw_client_is_ended(client, 5000));
	raw_client_close(client);
}
END_TEST

START_TEST(a_path_of_8_k_is_refused)
{
	struct raw_client *client = raw_client_open(listener.port);
	char line[8192];
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	raw_client_send(client, "GET /");
	raw_client_send(client, line);
	ck_assert_int_eq(raw_client_ask(client, " HTTP/1.1\r\nHost: a\r\n\r\n" SECOND), 414);
	ck_assert_ptr_nonnull(strstr(client->body, "uri_too_long"));
	ck_assert(raw_client_is_ended(client, 5000));
	raw_client_close(client);
}
END_TEST

START_TEST(oversize_heads_end_the_connection)
{
	struct raw_client *client = raw_client_open(listener.port);
	char line[8192];
	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	raw_client_send(client, GET "X-A: ");
	for (int i = 0; i < 5; i++) {
		raw_client_send(client, line);
	}
	int status = raw_client_ask(client, "\r\n\r\n");
	ck_assert_msg(status == 0 || status == 431 || status == 413, "%d", status);
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
	raw_client_close(client);
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("http framing");
	TCase *table = tcase_create("table");
	tcase_add_checked_fixture(table, set_up, tear_down);
	tcase_add_loop_test(table, judges_each_framing_and_serves_nothing_after_a_doubt, 0,
	        (int)ARRAY_SIZE(CASES));
	tcase_add_test(table, a_chunked_request_is_the_last_of_its_connection);
	tcase_add_test(table, too_many_headers_are_refused);
	tcase_add_test(table, too_long_headers_are_refused);
	tcase_add_test(table, a_path_of_8_k_is_refused);
	tcase_add_test(table, oversize_heads_end_the_connection);
	tcase_set_timeout(table, 20);
	suite_add_tcase(all, table);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
