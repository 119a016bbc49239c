/* SPDX-License-Identifier: MIT */
#include "tests/support/listener.h"
#include "tests/support/raw_client.h"

#include "server/base/clock.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define LATER "POST /later HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx"
#define HELLO "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

#define RACE_ROUNDS  150
#define RACE_CLIENTS 8

static struct listener listener;

static void start(enum http_mode mode, int64_t timeout_ms)
{
	struct http_options options = listener_options(&listener);
	options.mode = mode;
	listener.ticket_timeout_ms = timeout_ms;
	listener_start(&listener, &options);
}

START_TEST(an_answer_from_another_thread_resumes_the_request)
{
	start(HTTP_POOLED, 0);
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, LATER);
	struct http_ticket *ticket = listener_next_ticket(&listener);
	ck_assert(raw_client_is_silent(client, 30));
	http_ticket_answer(ticket, ERR_OK);
	ck_assert_int_eq(raw_client_read(client), 200);
	ck_assert_str_eq(client->body, "{}");
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	raw_client_close(client);
	listener_stop(&listener);
}
END_TEST

START_TEST(a_failure_becomes_its_status_with_retry_after)
{
	start(HTTP_POOLED, 0);
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, LATER);
	http_ticket_answer(listener_next_ticket(&listener), ERR_STORE_FULL);
	ck_assert_int_eq(raw_client_read(client), 503);
	ck_assert_ptr_nonnull(strstr(client->body, "\"store_full\""));
	ck_assert_ptr_nonnull(raw_client_header(client, "Retry-After"));
	raw_client_close(client);
	listener_stop(&listener);
}
END_TEST

START_TEST(the_deadline_answers_503_and_a_late_answer_is_nothing)
{
	start(HTTP_POOLED, 50);
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, LATER);
	struct http_ticket *ticket = listener_next_ticket(&listener);
	ck_assert_int_eq(raw_client_read(client), 503);
	ck_assert_ptr_nonnull(raw_client_header(client, "Retry-After"));
	http_ticket_answer(ticket, ERR_OK);
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	raw_client_close(client);
	listener_stop(&listener);
}
END_TEST

START_TEST(stop_answers_what_is_open_and_a_ticket_outlives_the_listener)
{
	start(HTTP_POOLED, 0);
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, LATER);
	struct http_ticket *ticket = listener_next_ticket(&listener);
	http_stop(listener.server, clock_mono_ms() + 50);
	ck_assert_int_eq(raw_client_read(client), 503);
	ck_assert_ptr_nonnull(strstr(client->body, "\"stopped\""));
	ck_assert_str_eq(raw_client_header(client, "Connection"), "close");
	http_ticket_answer(ticket, ERR_OK);
	raw_client_close(client);
	monitor_finish(&listener.monitor);
}
END_TEST

START_TEST(a_client_that_left_does_not_matter)
{
	start(HTTP_POOLED, 0);
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, LATER);
	struct http_ticket *ticket = listener_next_ticket(&listener);
	raw_client_close(client);
	http_ticket_answer(ticket, ERR_OK);
	client = raw_client_open(listener.port);
	ck_assert_int_eq(raw_client_ask(client, HELLO), 200);
	raw_client_close(client);
	listener_stop(&listener);
}
END_TEST

START_TEST(a_threaded_listener_has_no_tickets)
{
	start(HTTP_THREADED, 0);
	struct raw_client *client = raw_client_open(listener.port);
	ck_assert_int_eq(raw_client_ask(client, LATER), 503);
	raw_client_close(client);
	listener_stop(&listener);
}
END_TEST

START_TEST(pipelined_requests_wait_for_the_suspended_one)
{
	start(HTTP_POOLED, 0);
	struct raw_client *client = raw_client_open(listener.port);
	raw_client_send(client, LATER HELLO);
	struct http_ticket *ticket = listener_next_ticket(&listener);
	ck_assert(raw_client_is_silent(client, 30));
	http_ticket_answer(ticket, ERR_OK);
	ck_assert_int_eq(raw_client_read(client), 200);
	ck_assert_str_eq(client->body, "{}");
	ck_assert_int_eq(raw_client_read(client), 200);
	ck_assert_str_eq(client->body, "hello");
	raw_client_close(client);
	listener_stop(&listener);
}
END_TEST

static atomic_bool is_race_over;

/* Answers every ticket as soon as it is seen, until the race is over and none is left. */
static void *answer_all(void *arg)
{
	(void)arg;
	monitor_lock(&listener.monitor);
	while (!atomic_load(&is_race_over) || listener.ticket_count > 0) {
		if (listener.ticket_count == 0) {
			monitor_wait(&listener.monitor);
			continue;
		}
		struct http_ticket *ticket = listener.tickets[--listener.ticket_count];
		monitor_unlock(&listener.monitor);
		http_ticket_answer(ticket, ERR_OK);
		monitor_lock(&listener.monitor);
	}
	monitor_unlock(&listener.monitor);
	return NULL;
}

static void end_race(pthread_t answerer)
{
	monitor_lock(&listener.monitor);
	atomic_store(&is_race_over, true);
	monitor_wake_all(&listener.monitor);
	monitor_unlock(&listener.monitor);
	thread_join(answerer);
}

static pthread_t start_answerer(void)
{
	pthread_t answerer;
	struct err err = ERR_INIT;
	atomic_store(&is_race_over, false);
	ck_assert(thread_start(&answerer, "answerer", answer_all, NULL, &err));
	return answerer;
}

/* The deadline is as long as an answer takes: either may win, both must be legal. */
START_TEST(answer_and_deadline_race_to_one_reply_each)
{
	start(HTTP_POOLED, 1);
	pthread_t answerer = start_answerer();
	struct raw_client *clients[RACE_CLIENTS];
	for (int i = 0; i < RACE_CLIENTS; i++) {
		clients[i] = raw_client_open(listener.port);
	}
	for (int round = 0; round < RACE_ROUNDS; round++) {
		for (int i = 0; i < RACE_CLIENTS; i++) {
			raw_client_send(clients[i], LATER);
		}
		for (int i = 0; i < RACE_CLIENTS; i++) {
			int status = raw_client_read(clients[i]);
			ck_assert_msg(status == 200 || status == 503, "%d", status);
		}
	}
	for (int i = 0; i < RACE_CLIENTS; i++) {
		ck_assert(raw_client_is_silent(clients[i], 5));
		raw_client_close(clients[i]);
	}
	end_race(answerer);
	listener_stop(&listener);
}
END_TEST

/* Stop comes while requests arrive, wait, are answered and run into their deadline. */
START_TEST(answer_deadline_and_stop_race)
{
	start(HTTP_POOLED, 1 + _i % 4);
	pthread_t answerer = start_answerer();
	struct raw_client *clients[RACE_CLIENTS];
	for (int i = 0; i < RACE_CLIENTS; i++) {
		clients[i] = raw_client_open(listener.port);
		raw_client_send(clients[i], LATER LATER LATER);
	}
	ck_assert_int_ne(raw_client_read(clients[_i % RACE_CLIENTS]), 0);
	http_stop(listener.server, clock_mono_ms() + _i % 3);
	for (int i = 0; i < RACE_CLIENTS; i++) {
		while (raw_client_read(clients[i]) != 0) {
			ck_assert(clients[i]->status == 200 || clients[i]->status == 503);
		}
		raw_client_close(clients[i]);
	}
	end_race(answerer);
	monitor_finish(&listener.monitor);
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("http ticket");
	TCase *single = tcase_create("single");
	tcase_add_test(single, an_answer_from_another_thread_resumes_the_request);
	tcase_add_test(single, a_failure_becomes_its_status_with_retry_after);
	tcase_add_test(single, the_deadline_answers_503_and_a_late_answer_is_nothing);
	tcase_add_test(single, stop_answers_what_is_open_and_a_ticket_outlives_the_listener);
	tcase_add_test(single, a_client_that_left_does_not_matter);
	tcase_add_test(single, a_threaded_listener_has_no_tickets);
	tcase_add_test(single, pipelined_requests_wait_for_the_suspended_one);
	tcase_set_timeout(single, 20);
	suite_add_tcase(all, single);
	TCase *races = tcase_create("races");
	tcase_add_test(races, answer_and_deadline_race_to_one_reply_each);
	tcase_add_loop_test(races, answer_deadline_and_stop_race, 0, 24);
	tcase_set_timeout(races, 60);
	suite_add_tcase(all, races);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
