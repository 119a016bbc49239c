/* SPDX-License-Identifier: MIT */
#include "tests/support/access_fixture.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>

#define PASSWORD ACCESS_FIXTURE_PASSWORD
#define OTHER    ACCESS_FIXTURE_OTHER
#define ACCESS   access_fixture.access
#define SESSION  access_fixture.session
#define SECOND   INT64_C(1000)
#define MINUTE   INT64_C(60000)
#define DAY      (24 * 60 * MINUTE)

static void setup(void)
{
	access_fixture_open();
	access_fixture_first_admin("ada");
}

static void teardown(void)
{
	access_fixture_close();
}

/* ------------------------------------------------------------------ the arithmetic */

static const struct {
	int64_t in_a_row;
	int64_t wait_ms;
} DELAYS[] = {{0, 0}, {4, 0}, {5, SECOND}, {6, 2 * SECOND}, {7, 4 * SECOND}, {14, 512 * SECOND},
        {15, 15 * MINUTE}, {50, 15 * MINUTE}, {100000, 15 * MINUTE}};

START_TEST(delays_double_up_to_fifteen_minutes)
{
	static const struct throttle_rule RULE = {.free = 5, .most_ms = 15 * MINUTE, .a_day = 100};
	struct failure_counts counts = {
	        .all = 1, .in_a_row = DELAYS[_i].in_a_row, .last_at_ms = DAY};
	ck_assert_int_eq(throttle_wait_ms(&RULE, &counts, DAY), DELAYS[_i].wait_ms);
	ck_assert_int_eq(throttle_wait_ms(&RULE, &counts, DAY + DELAYS[_i].wait_ms), 0);
	counts.capped_by_ms = DAY - 60 * MINUTE;
	ck_assert_int_eq(throttle_wait_ms(&RULE, &counts, DAY), 23 * 60 * MINUTE);
}
END_TEST

START_TEST(networks_are_what_a_guesser_has_at_hand)
{
	static const char *const CASES[][2] = {{"192.0.2.7", "192.0.2.7"},
	        {"::ffff:192.0.2.7", "192.0.2.7"}, {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
	        {"2001:db8:1:2::9", "2001:db8:1:2::/64"}, {"::1", "::/64"}};
	char network[ACCESS_NETWORK_BYTES];
	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		struct address address;
		ck_assert(address_parse(CASES[i][0], &address));
		access_network(&address, network);
		ck_assert_str_eq(network, CASES[i][1]);
	}
}
END_TEST

/* ------------------------------------------------------------------------ guessing */

/* A guess from one of many addresses; true when its password was looked at. */
static bool guess(const char *name, int address)
{
	char peer[ADDRESS_TEXT_BYTES];
	str_format_cut(peer, sizeof(peer), "2001:db8:%x::1", address);
	enum err_code got = access_fixture_sign_in_from(peer, name, OTHER, NULL);
	ck_assert(got == ERR_UNAUTHORIZED || got == ERR_TOO_MANY);
	ck_assert(got != ERR_TOO_MANY || access_fixture.retry_after_s > 0);
	return got == ERR_UNAUTHORIZED;
}

START_TEST(ten_thousand_guesses_from_five_hundred_addresses)
{
	struct access_ticket ticket = access_fixture.ticket;
	int64_t mine = SESSION.id;
	int judged = 0;
	long before = atomic_load(&ACCESS->hashed);
	for (int i = 0; i < 10000; i++) { /* over a day */
		judged += guess("ada", i % 500) ? 1 : 0;
		access_fixture_pass(DAY / 10001);
		if (i % 1000 == 0) { /* the owner, all the while */
			ck_assert_int_eq(access_fixture_again(mine, PASSWORD, NULL), ERR_OK);
			mine = SESSION.id;
			ticket = access_fixture.ticket;
			before++;
		}
		if (i % 50 == 0) {
			ck_assert(access_fixture_is_in(ticket.token));
		}
	}
	ck_assert_int_le(judged, 100);
	ck_assert_int_ge(judged, 90); /* slowed down, not locked for good */
	ck_assert_int_eq(atomic_load(&ACCESS->hashed) - before, judged);
}
END_TEST

START_TEST(no_lock_is_for_good)
{
	for (int i = 0; i < 30; i++) {
		guess("ada", i);
	}
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_TOO_MANY);
	ck_assert_int_le(access_fixture.retry_after_s, 900);
	access_fixture_pass(access_fixture.retry_after_s * SECOND);
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
	ck_assert(guess("ada", 1)); /* begins anew */
}
END_TEST

START_TEST(a_restart_forgets_no_failure)
{
	for (int i = 0; i < 5; i++) {
		ck_assert(guess("ada", i));
	}
	ck_assert(!guess("ada", 9));
	access_fixture_restart();
	ck_assert(!guess("ada", 9));
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_TOO_MANY);
}
END_TEST

/* The clock going on or back while it runs, and before a start, loosens nothing. */
START_TEST(setting_the_clock_loosens_no_brake)
{
	for (int i = 0; i < 5; i++) {
		ck_assert(guess("ada", i));
	}
	access_fixture_set_wall(10 * 365 * DAY);
	ck_assert(!guess("ada", 9));
	access_fixture_set_wall(-20 * 365 * DAY);
	ck_assert(!guess("ada", 9));
	access_fixture_restart();
	ck_assert(!guess("ada", 9));
}
END_TEST

START_TEST(one_address_does_not_guess_at_many_names)
{
	char name[16];
	int judged = 0;
	for (int i = 0; i < 200; i++) {
		str_format_cut(name, sizeof(name), "name%d", i);
		judged += guess(name, 7) ? 1 : 0;
	}
	ck_assert_int_eq(judged, 5);
	ck_assert(guess("name1", 8)); /* another address is another matter */
	/* A success of theirs takes back nothing of what was guessed at others' names. */
	ck_assert_int_eq(
	        access_fixture_sign_in_from("2001:db8:7::1", "ada", PASSWORD, NULL), ERR_TOO_MANY);
}
END_TEST

START_TEST(all_together_are_braked)
{
	char name[16];
	int judged = 0;
	for (int i = 0; i < 400; i++) {
		str_format_cut(name, sizeof(name), "name%d", i);
		judged += guess(name, i) ? 1 : 0;
	}
	ck_assert_int_eq(judged, 100);
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_TOO_MANY);
	ck_assert_int_le(access_fixture.retry_after_s, 60);
	access_fixture_pass(access_fixture.retry_after_s * SECOND);
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
}
END_TEST

START_TEST(guesses_within_a_session_are_bounded_too)
{
	struct access_ticket ticket = access_fixture.ticket;
	int64_t mine = SESSION.id;
	int judged = 0;
	for (int i = 0; i < 2000; i++) {
		enum err_code got = access_fixture_again(mine, OTHER, NULL);
		judged += got == ERR_UNAUTHORIZED ? 1 : 0;
		access_fixture_pass(10 * SECOND);
		ck_assert(access_fixture_is_in(ticket.token));
	}
	ck_assert_int_gt(judged, 5);
	ck_assert_int_le(judged, 100);
}
END_TEST

/* -------------------------------------------------------------------- many at once */

#define THREADS     60
#define PATIENCE_MS (10 * MINUTE) /* longer than any machine takes */

static atomic_int outcomes[ERR_COUNT];

static void *sign_in_once(void *argument)
{
	struct secret secret = {0};
	struct access_ticket ticket;
	struct access_session session;
	struct err err = ERR_INIT;
	int wait_s = 0;
	struct access_proof proof = {.name = "ada", .password = &secret};
	proof.peer.bytes[0] = 0x20;
	memcpy(proof.peer.bytes + 1, &argument, 4);
	if (secret_set(&secret, OTHER) &&
	        !access_sign_in(ACCESS, &proof, &ticket, &session, &wait_s, &err)) {
		atomic_fetch_add(&outcomes[err.code], 1);
	}
	secret_finish(&secret);
	return NULL;
}

START_TEST(many_at_once_gain_nothing)
{
	pthread_t threads[THREADS];
	for (uintptr_t i = 0; i < THREADS; i++) {
		ck_assert_int_eq(
		        pthread_create(&threads[i], NULL, sign_in_once, (void *)((i + 1) << 8)), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	ck_assert_int_eq(atomic_load(&outcomes[ERR_UNAUTHORIZED]), 5);
	ck_assert_int_eq(atomic_load(&outcomes[ERR_TOO_MANY]), THREADS - 5);
}
END_TEST

static atomic_int most_at_once;

static void *hash_once(void *argument)
{
	char record[ACCOUNT_PASSWORD_BYTES];
	struct err err = ERR_INIT;
	(void)argument;
	if (!access_hash(ACCESS, OTHER, record, &err)) {
		atomic_fetch_add(&outcomes[err.code], 1);
	} else {
		atomic_fetch_add(&outcomes[ERR_OK], 1);
	}
	monitor_lock(&ACCESS->gate);
	if (ACCESS->hashing > atomic_load(&most_at_once)) {
		atomic_store(&most_at_once, ACCESS->hashing);
	}
	monitor_unlock(&ACCESS->gate);
	return NULL;
}

/* Two that hash, until so many wait and the others were sent away. */
static void hold_gate(void)
{
	monitor_lock(&ACCESS->gate);
	ACCESS->hashing = ACCESS_HASHES;
	monitor_unlock(&ACCESS->gate);
}

static void open_gate(int sent_away)
{
	int waiting = 0;
	while (waiting < ACCESS_HASHES_WAITING ||
	        atomic_load(&outcomes[ERR_OVERLOADED]) < sent_away) {
		(void)poll(NULL, 0, 1);
		monitor_lock(&ACCESS->gate);
		waiting = ACCESS->waiting;
		monitor_unlock(&ACCESS->gate);
	}
	monitor_lock(&ACCESS->gate);
	ACCESS->hashing = 0;
	monitor_wake_all(&ACCESS->gate);
	monitor_unlock(&ACCESS->gate);
}

/* two hash, twenty wait, the rest is sent away; memory stays that of two. */
START_TEST(few_hash_at_once)
{
	pthread_t threads[THREADS];
	struct rusage usage;
	ACCESS->hash_wait_ms = PATIENCE_MS;
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	long before_kb = usage.ru_maxrss;
	ACCESS->cost = (struct crypto_cost){.log2_n = 15, .r = 8, .p = 1}; /* 32 MB */
	hold_gate();
	for (size_t i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_create(&threads[i], NULL, hash_once, NULL), 0);
	}
	open_gate(THREADS - ACCESS_HASHES_WAITING);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
	}
	int done = atomic_load(&outcomes[ERR_OK]);
	ck_assert_int_eq(done, ACCESS_HASHES_WAITING);
	ck_assert_int_eq(done + atomic_load(&outcomes[ERR_OVERLOADED]), THREADS);
	ck_assert_int_le(atomic_load(&most_at_once), ACCESS_HASHES);
	ck_assert_int_eq(getrusage(RUSAGE_SELF, &usage), 0);
	printf("%d hashes of 32 MB: %ld MB more at most\n", done,
	        (usage.ru_maxrss - before_kb) / 1024);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	/* Less than of three: pages that had been taken away come back beside those of two. */
	ck_assert_int_lt(usage.ru_maxrss - before_kb, 3 * 32 * 1024);
#endif
}
END_TEST

START_TEST(who_is_sent_away_has_guessed_nothing)
{
	monitor_lock(&ACCESS->gate);
	ACCESS->hashing = ACCESS_HASHES;
	ACCESS->waiting = ACCESS_HASHES_WAITING;
	monitor_unlock(&ACCESS->gate);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OVERLOADED);
	}
	monitor_lock(&ACCESS->gate);
	ACCESS->hashing = 0;
	ACCESS->waiting = 0;
	monitor_unlock(&ACCESS->gate);
	ck_assert_int_eq(access_fixture_sign_in("ada", PASSWORD), ERR_OK);
}
END_TEST

START_TEST(the_trail_sums_failures_up)
{
	size_t before = access_fixture_records("signin");
	for (int i = 0; i < 30; i++) {
		guess("ada", i);
		access_fixture_pass(15 * MINUTE);
	}
	ck_assert_uint_eq(access_fixture_records("signin") - before, 5); /* 1, 5, 10, 20, 30 */
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access_throttle");
	TCase *all = tcase_create("throttle");
	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_loop_test(all, delays_double_up_to_fifteen_minutes, 0, ARRAY_SIZE(DELAYS));
	tcase_add_test(all, networks_are_what_a_guesser_has_at_hand);
	tcase_add_test(all, ten_thousand_guesses_from_five_hundred_addresses);
	tcase_add_test(all, no_lock_is_for_good);
	tcase_add_test(all, a_restart_forgets_no_failure);
	tcase_add_test(all, setting_the_clock_loosens_no_brake);
	tcase_add_test(all, one_address_does_not_guess_at_many_names);
	tcase_add_test(all, all_together_are_braked);
	tcase_add_test(all, guesses_within_a_session_are_bounded_too);
	tcase_add_test(all, many_at_once_gain_nothing);
	tcase_add_test(all, few_hash_at_once);
	tcase_add_test(all, who_is_sent_away_has_guessed_nothing);
	tcase_add_test(all, the_trail_sums_failures_up);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
