/* SPDX-License-Identifier: MIT */
#include "tests/support/listener.h"
#include "tests/support/raw_client.h"

#include "server/base/clock.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

#define HEADER_MS 300
#define BODY_MS   400
#define WRITE_MS  500
#define SLACK_MS  5000 /* a busy machine is late, but not for ever */

static struct listener listener;
static struct raw_client *client;

static void start(enum http_mode mode)
{
	struct http_options options = listener_options(&listener);
	options.mode = mode;
	options.header_deadline_ms = HEADER_MS;
	options.body_deadline_ms = BODY_MS;
	options.write_deadline_ms = WRITE_MS;
	listener_start(&listener, &options);
	client = raw_client_open(listener.port);
}

static void set_up_pooled(void)
{
	start(HTTP_POOLED);
}

static void set_up_threaded(void)
{
	start(HTTP_THREADED);
}

static void tear_down(void)
{
	raw_client_close(client);
	listener_stop(&listener);
}

/* Sends the text over and over, one byte each 20 ms, until the peer ends it. */
static int64_t drip_until_ended(const char *text)
{
	int64_t start_ms = clock_mono_ms();
	int64_t give_up_ms = start_ms + SLACK_MS;
	for (const char *at = text; clock_mono_ms() < give_up_ms;
	        at = at[1] != '\0' ? at + 1 : text) {
		if (!raw_client_send_bytes(client, at, 1) || raw_client_is_ended(client, 20)) {
			return clock_mono_ms() - start_ms;
		}
	}
	ck_abort_msg("never ended");
	return 0;
}

START_TEST(a_silent_newcomer_is_cut)
{
	ck_assert(raw_client_is_ended(client, SLACK_MS));
}
END_TEST

START_TEST(dripping_headers_are_cut_at_their_deadline)
{
	raw_client_send(client, "GET /hello HTTP/1.1\r\nHost: a\r\n");
	int64_t took_ms = drip_until_ended("X-A: b\r\n");
	ck_assert_int_ge(took_ms, HEADER_MS - 50);
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
}
END_TEST

START_TEST(dripping_the_head_of_a_second_request_is_cut)
{
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	raw_client_send(client, "GET /hello HTTP/1.1\r\nHost: a\r\n");
	drip_until_ended("X-A: b\r\n");
	ck_assert_int_eq(atomic_load(&listener.handled), 1);
}
END_TEST

START_TEST(a_kept_connection_may_rest_longer_than_a_head_may_take)
{
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	ck_assert(raw_client_is_silent(client, 3 * HEADER_MS));
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
}
END_TEST

START_TEST(a_dripping_body_is_cut_at_its_deadline)
{
	raw_client_send(client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n");
	int64_t took_ms = drip_until_ended("b");
	ck_assert_int_ge(took_ms, BODY_MS - 50);
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
}
END_TEST

START_TEST(a_body_that_never_comes_is_cut)
{
	raw_client_send(client, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n");
	ck_assert(raw_client_is_ended(client, SLACK_MS));
}
END_TEST

START_TEST(a_missing_last_chunk_is_cut)
{
	raw_client_send(client,
	        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	        "2\r\nab\r\n");
	ck_assert(raw_client_is_ended(client, SLACK_MS));
	ck_assert_int_eq(atomic_load(&listener.handled), 0);
}
END_TEST

START_TEST(a_slow_handler_is_not_cut)
{
	raw_client_send(client, "POST /gate HTTP/1.1\r\nHost: a\r\n\r\n");
	listener_wait_at_gate(&listener, 1);
	ck_assert(raw_client_is_silent(client, BODY_MS + HEADER_MS));
	listener_open_gate(&listener);
	ck_assert_int_eq(raw_client_read(client), 200);
}
END_TEST

/*
 * Asks and asks and never reads: once the answers fill both sockets' buffers, the write waits,
 * its deadline passes, and sending meets a closed connection.
 */
START_TEST(a_peer_that_reads_nothing_is_cut)
{
	int64_t give_up_ms = clock_mono_ms() + 2 * SLACK_MS;
	while (raw_client_send(client, HELLO HELLO HELLO HELLO HELLO HELLO HELLO HELLO)) {
		ck_assert_int_lt(clock_mono_ms(), give_up_ms);
	}
}
END_TEST

START_TEST(slow_peers_do_not_delay_others)
{
	struct raw_client *slow[50];
	for (int i = 0; i < 50; i++) {
		slow[i] = raw_client_open(listener.port);
		raw_client_send(slow[i], "GET /hello HTTP/1.1\r\nHo");
	}
	int64_t start_ms = clock_mono_ms();
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	ck_assert_int_lt(clock_mono_ms() - start_ms, 1000);
	for (int i = 0; i < 50; i++) {
		ck_assert(raw_client_is_ended(slow[i], SLACK_MS));
		raw_client_close(slow[i]);
	}
}
END_TEST

static void add_tests(Suite *all, const char *name, void (*set_up)(void))
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_silent_newcomer_is_cut);
	tcase_add_test(tcase, dripping_headers_are_cut_at_their_deadline);
	tcase_add_test(tcase, dripping_the_head_of_a_second_request_is_cut);
	tcase_add_test(tcase, a_kept_connection_may_rest_longer_than_a_head_may_take);
	tcase_add_test(tcase, a_dripping_body_is_cut_at_its_deadline);
	tcase_add_test(tcase, a_body_that_never_comes_is_cut);
	tcase_add_test(tcase, a_missing_last_chunk_is_cut);
	tcase_add_test(tcase, a_slow_handler_is_not_cut);
	tcase_add_test(tcase, a_peer_that_reads_nothing_is_cut);
	tcase_add_test(tcase, slow_peers_do_not_delay_others);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(all, tcase);
}

static Suite *suite(void)
{
	Suite *all = suite_create("http reaper");
	add_tests(all, "pooled", set_up_pooled);
	add_tests(all, "threaded", set_up_threaded);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
