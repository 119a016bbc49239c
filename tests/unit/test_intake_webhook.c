/* SPDX-License-Identifier: MIT */
/* The webhook from socket to disk, with a real store. */
#include "tests/support/intake_bench.h"

#include "server/base/crypto.h"
#include "server/base/attr.h"
#include "server/base/clock.h"
#include "server/base/key_use.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "server/intake/signature.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY                                                                                        \
	"{\"companyId\":636192,\"type\":\"employee.left\",\"triggeredAt\":\"2026-11-23T11:00:00\"," \
	"\"version\":\"v2\",\"data\":{\"employeeId\":\"3332883894235038486\"}}"

#define SENDERS       8
#define SENDER_EVENTS 25

static struct intake_bench bench;
static struct store *store;
static struct raw_client *client;
static char folder[64];

static void set_up(void)
{
	struct err err = ERR_INIT;
	char url[128];
	ck_assert(str_copy(folder, sizeof(folder), "/tmp/bob2okta-webhook-XXXXXX"));
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert(str_format(url, sizeof(url), "sqlite:%s/store.db", folder));
	ck_assert(crypto_start(NULL));
	struct store_options options = {.url = url, .queue_max = 1000};
	store = store_open(&options, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
	intake_bench_start(&bench, store);
	client = raw_client_open(bench.port);
}

static void remove_folder(void)
{
	static const char *const names[] = {
	        "store.db", "store.db-wal", "store.db-shm", "store.db.lock", "store.db-lock"};
	char path[128];
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert(str_format(path, sizeof(path), "%s/%s", folder, names[i]));
		unlink(path);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static void tear_down(void)
{
	raw_client_close(client);
	intake_bench_stop(&bench);
	store_close(store);
	remove_folder();
}

static size_t stored(struct event_list *events)
{
	struct err err = ERR_INIT;
	ck_assert_msg(store_event_next(store, 1000, events, &err), "%s", err.text);
	return events->count;
}

static size_t count_stored(void)
{
	struct event_list events = {0};
	size_t count = stored(&events);
	event_list_finish(&events);
	return count;
}

static double delivered(const char *connection, const char *result)
{
	return metrics_get(METRIC_DELIVERIES, LABELS(connection, result));
}

START_TEST(a_signed_delivery_is_answered_once_it_is_stored)
{
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, BODY), 200);
	ck_assert_str_eq(client->body, "{}");
	struct event_list events = {0};
	ck_assert_uint_eq(stored(&events), 1);
	ck_assert_uint_eq(events.items[0].body_len, strlen(BODY));
	ck_assert_mem_eq(events.items[0].body, BODY, strlen(BODY));
	ck_assert_str_eq(events.items[0].connection, "default");
	event_list_finish(&events);
	ck_assert_double_eq(delivered("default", "stored"), 1.0);
}
END_TEST

/* Whether the store has it already is asked when it is settled. */
START_TEST(the_same_body_again_is_stored_and_200)
{
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, BODY), 200);
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, BODY), 200);
	ck_assert_uint_eq(count_stored(), 2);
	ck_assert_double_eq(delivered("default", "stored"), 2.0);
}
END_TEST

START_TEST(both_secrets_of_a_rotation_are_accepted)
{
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET_2, BODY), 200);
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, BODY " "), 200);
	ck_assert_int_eq(intake_bench_deliver(client, "acme-secret", BODY "  "), 401);
	ck_assert_uint_eq(count_stored(), 2);
}
END_TEST

START_TEST(a_named_connection_has_its_own_path_and_secret)
{
	char headers[256];
	ck_assert(str_format(headers, sizeof(headers), "Bob-Signature: %s\r\n",
	        intake_bench_sign("acme-secret", BODY)));
	ck_assert_int_eq(intake_bench_post(client, "/webhooks/bob/acme", headers, BODY), 200);
	ck_assert_int_eq(intake_bench_post(client, "/webhooks/bob", headers, BODY), 401);
	ck_assert_int_eq(intake_bench_post(client, "/webhooks/bob/default", headers, BODY), 401);
	ck_assert_int_eq(intake_bench_post(client, "/webhooks/bob/none", headers, BODY), 404);
	struct event_list events = {0};
	ck_assert_uint_eq(stored(&events), 1);
	ck_assert_str_eq(events.items[0].connection, "acme");
	event_list_finish(&events);
}
END_TEST

START_TEST(pings_get_200_unsigned_and_leave_only_a_count)
{
	static const char *const pings[] = {
	        "Ping test", "\"Ping test\"", "{\"text\":\"Ping test\"}"};
	for (size_t i = 0; i < ARRAY_SIZE(pings); i++) {
		ck_assert_int_eq(intake_bench_post(client, WEBHOOK_PATH, "", pings[i]), 200);
		ck_assert_int_eq(
		        intake_bench_post(client, "/webhooks/bob/bare", "", pings[i]), 200);
		ck_assert_int_eq(intake_bench_deliver(client, "wrong", pings[i]), 200);
	}
	ck_assert_int_eq(intake_bench_post(client, "/webhooks/bob/none", "", pings[0]), 404);
	ck_assert_uint_eq(count_stored(), 0);
	ck_assert_double_eq(delivered("default", "ping"), 6.0);
	ck_assert_double_eq(delivered("bare", "ping"), 3.0);
}
END_TEST

/* Both secrets' times stand apart, and a refused delivery is no use of either. */
START_TEST(the_last_use_of_each_secret_is_known)
{
	const struct bob_settings *bob = &bench.connections[0].bob;
	uint64_t first = hmac_key_mark(bob->webhook_keys[0]);
	uint64_t second = hmac_key_mark(bob->webhook_keys[1]);
	int64_t begun_ms = clock_wall_ms();
	ck_assert_int_eq(intake_bench_deliver(client, "wrong", BODY), 401);
	ck_assert_int_eq(key_use_at_ms(first), 0);
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET_2, BODY), 200);
	ck_assert_int_eq(key_use_at_ms(first), 0);
	ck_assert_int_ge(key_use_at_ms(second), begun_ms);
	/* Made anew, as a new version of the settings does, it is still the same secret. */
	struct hmac_key *again = hmac_key_create(BENCH_SECRET_2, strlen(BENCH_SECRET_2), NULL);
	ck_assert_ptr_nonnull(again);
	ck_assert_uint_eq(hmac_key_mark(again), second);
	hmac_key_destroy(again);
}
END_TEST

START_TEST(beyond_the_rate_a_ping_needs_the_secret)
{
	int within = 0;
	while (intake_bench_post(client, WEBHOOK_PATH, "", "Ping test") == 200) {
		within++;
		ck_assert_int_lt(within, 1000);
	}
	ck_assert_int_ge(within, 60);
	ck_assert_int_eq(client->status, 429);
	ck_assert_ptr_nonnull(strstr(client->body, "\"too_many\""));
	ck_assert_ptr_nonnull(raw_client_header(client, "Retry-After"));
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, "Ping test"), 200);
	/* Real deliveries have no such rate. */
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, BODY), 200);
	ck_assert_uint_eq(count_stored(), 1);
}
END_TEST

START_TEST(without_a_secret_nothing_is_accepted)
{
	char headers[256];
	ck_assert(str_format(
	        headers, sizeof(headers), "Bob-Signature: %s\r\n", intake_bench_sign(" ", BODY)));
	ck_assert_int_eq(intake_bench_post(client, "/webhooks/bob/bare", headers, BODY), 503);
	ck_assert_ptr_nonnull(strstr(client->body, "\"no_secret\""));
	ck_assert_ptr_nonnull(raw_client_header(client, "Retry-After"));
	ck_assert_uint_eq(count_stored(), 0);
}
END_TEST

START_TEST(missing_wrong_and_doubled_signatures_are_refused)
{
	char headers[512];
	const char *right = intake_bench_sign(BENCH_SECRET, BODY);
	ck_assert_int_eq(intake_bench_post(client, WEBHOOK_PATH, "", BODY), 401);
	ck_assert_ptr_nonnull(strstr(client->body, "\"bad_signature\""));
	ck_assert_int_eq(intake_bench_post(client, WEBHOOK_PATH, "Bob-Signature: \r\n", BODY), 401);
	ck_assert(str_format(headers, sizeof(headers), "Bob-Signature: %s\r\nbob-signature: %s\r\n",
	        right, right));
	ck_assert_int_eq(intake_bench_post(client, WEBHOOK_PATH, headers, BODY), 401);
	ck_assert(str_format(headers, sizeof(headers), "Bob-Signature: %s, %s\r\n", right, right));
	ck_assert_int_eq(intake_bench_post(client, WEBHOOK_PATH, headers, BODY), 401);
	ck_assert(str_format(headers, sizeof(headers), "Bob-Signature: %s\r\n", right));
	ck_assert_int_eq(intake_bench_post(client, WEBHOOK_PATH, headers, BODY " "), 401);
	ck_assert_int_eq(intake_bench_post(client, WEBHOOK_PATH, headers, ""), 401);
	ck_assert_uint_eq(count_stored(), 0);
	ck_assert_double_eq(delivered("default", "unauthorized"), 6.0);
	ck_assert(str_format(headers, sizeof(headers), "BOB-SIGNATURE: \t %s \t\r\n", right));
	ck_assert_int_eq(intake_bench_post(client, WEBHOOK_PATH, headers, BODY), 200);
}
END_TEST

START_TEST(poison_is_stored_and_200)
{
	static const char *const poison[] = {"", "no json", "{", "[[[[[[", "{\"companyId\":1}"};
	for (size_t i = 0; i < ARRAY_SIZE(poison); i++) {
		ck_assert_msg(intake_bench_deliver(client, BENCH_SECRET, poison[i]) == 200,
		        "%s: %s", poison[i], client->body);
	}
	ck_assert_uint_eq(count_stored(), ARRAY_SIZE(poison));
}
END_TEST

START_TEST(a_body_over_the_cap_is_413)
{
	char body[BENCH_BODY_MAX + 2];
	memset(body, 'b', sizeof(body));
	body[sizeof(body) - 1] = '\0';
	ck_assert_int_eq(intake_bench_deliver(client, BENCH_SECRET, body), 413);
	ck_assert_uint_eq(count_stored(), 0);
}
END_TEST

START_TEST(other_methods_are_405_and_other_paths_404)
{
	static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"};
	char text[256];
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		ck_assert(str_format(text, sizeof(text),
		        "%s /webhooks/bob HTTP/1.1\r\nHost: a\r\n\r\n", methods[i]));
		struct raw_client *own = raw_client_open(bench.port);
		raw_client_send(own, text);
		int status = str_equal(methods[i], "HEAD") ? raw_client_read_head(own)
		                                           : raw_client_read(own);
		ck_assert_int_eq(status, 405);
		ck_assert_str_eq(raw_client_header(own, "Allow"), "POST");
		raw_client_close(own);
	}
	static const char *const paths[] = {
	        "/", "/webhooks", "/webhooks/", "/webhooks/bob/", "/webhooks/bob/default/x"};
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		ck_assert(str_format(
		        text, sizeof(text), "POST %s HTTP/1.1\r\nHost: a\r\n\r\n", paths[i]));
		ck_assert_int_eq(raw_client_ask(client, text), 404);
	}
}
END_TEST

static void *send_many(void *arg)
{
	const int *sender = arg;
	struct raw_client *own = raw_client_open(bench.port);
	for (int i = 0; i < SENDER_EVENTS; i++) {
		char body[128];
		ck_assert(
		        str_format(body, sizeof(body), "{\"sender\":%d,\"event\":%d}", *sender, i));
		ck_assert_int_eq(intake_bench_deliver(own, BENCH_SECRET, body), 200);
	}
	raw_client_close(own);
	return NULL;
}

START_TEST(many_senders_at_once_are_all_stored)
{
	pthread_t threads[SENDERS];
	int numbers[SENDERS];
	struct err err = ERR_INIT;
	for (int i = 0; i < SENDERS; i++) {
		numbers[i] = i;
		ck_assert(thread_start(&threads[i], "sender", send_many, &numbers[i], &err));
	}
	for (int i = 0; i < SENDERS; i++) {
		thread_join(threads[i]);
	}
	ck_assert_uint_eq(count_stored(), SENDERS * SENDER_EVENTS);
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("intake webhook");
	TCase *tcase = tcase_create("webhook");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, a_signed_delivery_is_answered_once_it_is_stored);
	tcase_add_test(tcase, the_same_body_again_is_stored_and_200);
	tcase_add_test(tcase, both_secrets_of_a_rotation_are_accepted);
	tcase_add_test(tcase, a_named_connection_has_its_own_path_and_secret);
	tcase_add_test(tcase, pings_get_200_unsigned_and_leave_only_a_count);
	tcase_add_test(tcase, the_last_use_of_each_secret_is_known);
	tcase_add_test(tcase, beyond_the_rate_a_ping_needs_the_secret);
	tcase_add_test(tcase, without_a_secret_nothing_is_accepted);
	tcase_add_test(tcase, missing_wrong_and_doubled_signatures_are_refused);
	tcase_add_test(tcase, poison_is_stored_and_200);
	tcase_add_test(tcase, a_body_over_the_cap_is_413);
	tcase_add_test(tcase, other_methods_are_405_and_other_paths_404);
	tcase_add_test(tcase, many_senders_at_once_are_all_stored);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(all, tcase);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
