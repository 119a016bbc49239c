/* SPDX-License-Identifier: MIT */
#include "tests/support/listener.h"
#include "tests/support/raw_client.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
#define GATE  "POST /gate HTTP/1.1\r\nHost: a\r\n\r\n"
#define LATER "POST /later HTTP/1.1\r\nHost: a\r\n\r\n"

static struct listener listener;

static void start(enum http_mode mode)
{
	struct http_options options = listener_options(&listener);
	options.mode = mode;
	listener_start(&listener, &options);
}

static enum http_mode mode_of(int i)
{
	return i == 0 ? HTTP_POOLED : HTTP_THREADED;
}

static void *open_gate_when_draining(void *arg)
{
	struct raw_client *prober = arg;
	/*
	 * Kept connections are told; that is how the test sees that draining has begun. A request
	 * that was already judged then is answered 200 with Connection: close: nobody listens for
	 * the next one.
	 */
	while (raw_client_ask(prober, HELLO) == 200 &&
	        !str_equal_fold(raw_client_header(prober, "Connection"), "close")) {
	}
	listener_open_gate(&listener);
	return NULL;
}

START_TEST(stop_lets_requests_in_flight_finish)
{
	start(mode_of(_i));
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, GATE);
	listener_wait_at_gate(&listener, 1);
	struct raw_client *prober = raw_client_open(listener.port);
	ck_assert_int_eq(raw_client_ask(prober, HELLO), 200);
	pthread_t opener;
	struct err err = ERR_INIT;
	ck_assert(thread_start(&opener, "opener", open_gate_when_draining, prober, &err));
	listener_stop(&listener);
	ck_assert_int_eq(raw_client_read(client), 200);
	ck_assert_str_eq(client->body, "through");
	ck_assert_str_eq(raw_client_header(client, "Connection"), "close");
	thread_join(opener);
	raw_client_close(prober);
	raw_client_close(client);
}
END_TEST

START_TEST(a_suspended_request_gets_its_answer_while_draining)
{
	start(HTTP_POOLED);
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, LATER);
	struct http_ticket *ticket = listener_next_ticket(&listener);
	http_quiesce(listener.server);
	http_ticket_answer(ticket, ERR_OK);
	ck_assert_int_eq(raw_client_read(client), 200);
	ck_assert_str_eq(raw_client_header(client, "Connection"), "close");
	listener_stop(&listener);
	raw_client_close(client);
}
END_TEST

START_TEST(while_draining_kept_connections_get_503_and_newcomers_nothing)
{
	start(mode_of(_i));
	struct raw_client *kept = raw_client_open(listener.port);
	ck_assert_int_eq(raw_client_ask(kept, HELLO), 200);
	http_quiesce(listener.server);
	ck_assert_int_eq(raw_client_ask(kept, HELLO), 503);
	ck_assert_ptr_nonnull(strstr(kept->body, "\"draining\""));
	ck_assert_ptr_nonnull(raw_client_header(kept, "Retry-After"));
	ck_assert(raw_client_is_ended(kept, 5000));
	raw_client_close(kept);
	struct sockaddr_in address = {
	        .sin_family = AF_INET,
	        .sin_port = htons((uint16_t)listener.port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_ne(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	listener_stop(&listener);
}
END_TEST

START_TEST(idle_kept_connections_do_not_delay_stop)
{
	start(mode_of(_i));
	struct raw_client *client = raw_client_open(listener.port);
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	int64_t start_ms = clock_mono_ms();
	listener_stop(&listener);
	ck_assert_int_lt(clock_mono_ms() - start_ms, 3000);
	ck_assert(raw_client_is_ended(client, 5000));
	raw_client_close(client);
}
END_TEST

START_TEST(stop_is_bounded_when_a_body_never_ends)
{
	start(mode_of(_i));
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nab");
	int64_t start_ms = clock_mono_ms();
	http_stop(listener.server, start_ms + 100);
	ck_assert_int_lt(clock_mono_ms() - start_ms, 3000);
	raw_client_close(client);
	monitor_finish(&listener.monitor);
}
END_TEST

START_TEST(the_address_is_free_again_after_stop)
{
	start(HTTP_POOLED);
	int port = listener.port;
	listener_stop(&listener);
	char address[32];
	ck_assert(str_format(address, sizeof(address), "127.0.0.1:%d", port));
	struct http_options options = listener_options(&listener);
	options.listen = address;
	listener_start(&listener, &options);
	ck_assert_int_eq(listener.port, port);
	listener_stop(&listener);
}
END_TEST

START_TEST(a_taken_address_is_an_error_that_names_it)
{
	start(HTTP_POOLED);
	char address[32];
	ck_assert(str_format(address, sizeof(address), "127.0.0.1:%d", listener.port));
	struct http_options options = listener_options(&listener);
	options.listen = address;
	struct err err = ERR_INIT;
	ck_assert_ptr_null(http_start(&options, &err));
	ck_assert_int_eq(err.code, ERR_IO);
	ck_assert_ptr_nonnull(strstr(err.text, address));
	listener_stop(&listener);
}
END_TEST

START_TEST(addresses_that_are_none_are_refused)
{
	static const char *const addresses[] = {"", "8080", ":8080", "localhost:8080", "127.0.0.1",
	        "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:80x", "[::1]", "[::1:80", "::1:80",
	        "[127.0.0.1]:80", "127.0.0.1:-1"};
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		struct http_options options = listener_options(&listener);
		struct err err = ERR_INIT;
		options.listen = addresses[i];
		ck_assert_msg(http_start(&options, &err) == NULL, "%s", addresses[i]);
		ck_assert_int_eq(err.code, ERR_USAGE);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("http stop");
	TCase *stop = tcase_create("stop");
	tcase_add_loop_test(stop, stop_lets_requests_in_flight_finish, 0, 2);
	tcase_add_test(stop, a_suspended_request_gets_its_answer_while_draining);
	tcase_add_loop_test(
	        stop, while_draining_kept_connections_get_503_and_newcomers_nothing, 0, 2);
	tcase_add_loop_test(stop, idle_kept_connections_do_not_delay_stop, 0, 2);
	tcase_add_loop_test(stop, stop_is_bounded_when_a_body_never_ends, 0, 2);
	tcase_set_timeout(stop, 20);
	suite_add_tcase(all, stop);
	TCase *address = tcase_create("address");
	tcase_add_test(address, the_address_is_free_again_after_stop);
	tcase_add_test(address, a_taken_address_is_an_error_that_names_it);
	tcase_add_test(address, addresses_that_are_none_are_refused);
	tcase_set_timeout(address, 20);
	suite_add_tcase(all, address);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
