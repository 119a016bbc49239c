/* SPDX-License-Identifier: MIT */
#include "server/intake/throttle.h"

#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/suite.h"

#include <check.h>

#define SECOND_US INT64_C(1000000)
#define BURST     5
#define THREADS   4
#define TAKES     1000

static struct throttle throttle;

static void set_up(void)
{
	ck_assert(crypto_start(NULL));
	ck_assert(throttle_init(&throttle, SECOND_US, BURST, NULL));
}

static bool take(const char *peer, int64_t now_us)
{
	struct address address;
	ck_assert(address_parse(peer, &address));
	return throttle_take(&throttle, &address, now_us);
}

static int take_all(const char *peer, int64_t now_us)
{
	int taken = 0;
	while (take(peer, now_us)) {
		taken++;
		ck_assert_int_le(taken, 1000);
	}
	return taken;
}

START_TEST(a_burst_then_one_a_second)
{
	int64_t now_us = 1000 * SECOND_US;
	ck_assert_int_eq(take_all("192.0.2.1", now_us), BURST);
	ck_assert(!take("192.0.2.1", now_us + SECOND_US / 2));
	ck_assert_int_eq(take_all("192.0.2.1", now_us + SECOND_US), 1);
	ck_assert_int_eq(take_all("192.0.2.1", now_us + 3 * SECOND_US), 2);
	ck_assert_int_eq(take_all("192.0.2.1", now_us + 1000 * SECOND_US), BURST);
}
END_TEST

START_TEST(a_refusal_costs_nothing)
{
	int64_t now_us = 1000 * SECOND_US;
	take_all("192.0.2.1", now_us);
	for (int i = 0; i < 1000; i++) {
		ck_assert(!take("192.0.2.1", now_us));
	}
	ck_assert(take("192.0.2.1", now_us + SECOND_US));
}
END_TEST

START_TEST(peers_have_rates_of_their_own)
{
	int64_t now_us = 1000 * SECOND_US;
	int untouched = 0;
	take_all("192.0.2.1", now_us);
	for (int i = 1; i <= 100; i++) {
		char peer[32];
		ck_assert(str_format(peer, sizeof(peer), "198.51.100.%d", i));
		untouched += take(peer, now_us) ? 1 : 0;
	}
	/* Slots are shared by chance: all of a hundred in one of a thousand is none. */
	ck_assert_int_ge(untouched, 90);
}
END_TEST

START_TEST(a_network_of_ipv6_is_one_peer)
{
	int64_t now_us = 1000 * SECOND_US;
	take_all("2001:db8:0:1::1", now_us);
	ck_assert(!take("2001:db8:0:1:ffff:ffff:ffff:ffff", now_us));
}
END_TEST

START_TEST(nobody_can_know_the_slots)
{
	struct throttle other;
	ck_assert(throttle_init(&other, SECOND_US, BURST, NULL));
	ck_assert_mem_ne(other.seed, throttle.seed, sizeof(other.seed));
}
END_TEST

static atomic_int taken;

static void *take_many(void *arg)
{
	const struct address *peer = arg;
	for (int i = 0; i < TAKES; i++) {
		atomic_fetch_add(&taken, throttle_take(&throttle, peer, SECOND_US) ? 1 : 0);
	}
	return NULL;
}

START_TEST(threads_do_not_exceed_the_rate)
{
	pthread_t threads[THREADS];
	struct address peer;
	ck_assert(address_parse("192.0.2.1", &peer));
	for (int i = 0; i < THREADS; i++) {
		ck_assert(thread_start(&threads[i], "taker", take_many, &peer, NULL));
	}
	for (int i = 0; i < THREADS; i++) {
		thread_join(threads[i]);
	}
	ck_assert_int_eq(atomic_load(&taken), BURST);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("intake throttle");
	TCase *rate = tcase_create("rate");
	tcase_add_checked_fixture(rate, set_up, crypto_stop);
	tcase_add_test(rate, a_burst_then_one_a_second);
	tcase_add_test(rate, a_refusal_costs_nothing);
	tcase_add_test(rate, peers_have_rates_of_their_own);
	tcase_add_test(rate, a_network_of_ipv6_is_one_peer);
	tcase_add_test(rate, nobody_can_know_the_slots);
	tcase_add_test(rate, threads_do_not_exceed_the_rate);
	suite_add_tcase(suite, rate);
	return suite_run(suite);
}
