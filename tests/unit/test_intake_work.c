/* SPDX-License-Identifier: MIT */
/*
 * W-02: whatever the header, the same work is done. Proved by counting the
 * calls of signing and comparing, which are the test's own here, and looked at
 * with a clock: Welch's t over the times of a wrong first byte, a wrong last
 * byte and no header. The clock's result is printed and not judged (engine
 * rule 28); BOB2OKTA_TIMINGS says how many of each, 1000000 for the real thing.
 */
#include "server/base/attr.h"
#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int signings;
static int comparings;
static size_t signed_bytes;

static bool counted_sign(const struct hmac_key *key, const void *bytes, size_t len,
        uint8_t mac[CRYPTO_HMAC_SHA512_BYTES])
{
	signings++;
	signed_bytes += len;
	return hmac_sign(key, bytes, len, mac);
}

static bool counted_equal(const void *a, const void *b, size_t len)
{
	comparings++;
	ck_assert_uint_eq(len, CRYPTO_HMAC_SHA512_BYTES);
	return crypto_equal(a, b, len);
}

#define hmac_sign    counted_sign
#define crypto_equal counted_equal
#include "server/intake/signature.c"
#undef hmac_sign
#undef crypto_equal

#define BODY         "{\"companyId\":636192,\"type\":\"employee.updated\"}"
#define KEYS         3
#define TIMINGS      20000
#define TIMINGS_MAX  10000000
#define HEADER_BYTES 160

static struct hmac_key *keys[KEYS];
static char right[KEYS][HEADER_BYTES];

static void set_up(void)
{
	static const char *const secrets[KEYS] = {"first secret", "second secret", "third secret"};
	ck_assert(crypto_start(NULL));
	for (size_t i = 0; i < KEYS; i++) {
		uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
		keys[i] = hmac_key_create(secrets[i], strlen(secrets[i]), NULL);
		ck_assert_ptr_nonnull(keys[i]);
		ck_assert(hmac_sign(keys[i], BODY, strlen(BODY), mac));
		char *text = base64_encode(mac, sizeof(mac));
		ck_assert(str_copy(right[i], HEADER_BYTES, text));
		free(text);
	}
}

static void tear_down(void)
{
	for (size_t i = 0; i < KEYS; i++) {
		hmac_key_destroy(keys[i]);
	}
	crypto_stop();
}

static unsigned verify(const char *header)
{
	signings = 0;
	comparings = 0;
	signed_bytes = 0;
	return intake_signature_verify(
	        (const struct hmac_key *const *)keys, KEYS, header, BODY, strlen(BODY));
}

static void expect_all_work(void)
{
	ck_assert_int_eq(signings, KEYS);
	ck_assert_int_eq(comparings, KEYS);
	ck_assert_uint_eq(signed_bytes, KEYS * strlen(BODY));
}

START_TEST(every_header_costs_every_secret)
{
	static const char *const wrong[] = {NULL, "", " ", "x", "sha512=", "AAAA", "!",
	        "ikmn4kw5rmUrmjqbwggO3HLwD6Q27ZJlrufrYaONT72LaoT4XeMm18MitZrNfarzCQsicFmt4xEavNt"
	        "WQafAWg=="};
	ck_assert_uint_eq(verify(wrong[_i % (int)ARRAY_SIZE(wrong)]), 0);
	expect_all_work();
}
END_TEST

START_TEST(the_first_match_does_not_end_the_work)
{
	ck_assert_uint_eq(verify(right[_i]), 1U << _i);
	expect_all_work();
}
END_TEST

/* ------------------------------------------------------------------ the clock */

struct sample {
	double sum;
	double squares;
	double count;
};

static void add(struct sample *sample, double value)
{
	sample->sum += value;
	sample->squares += value * value;
	sample->count += 1.0;
}

static double variance(const struct sample *sample)
{
	double mean = sample->sum / sample->count;
	return (sample->squares / sample->count - mean * mean) / sample->count;
}

static double welch_t(const struct sample *a, const struct sample *b)
{
	double spread = variance(a) + variance(b);
	return spread > 0.0 ? (a->sum / a->count - b->sum / b->count) / sqrt(spread) : 0.0;
}

static double time_of(const char *header)
{
	struct timespec begun;
	struct timespec ended;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	unsigned matches = verify(header);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	ck_assert_uint_eq(matches, 0);
	return (double)(ended.tv_sec - begun.tv_sec) * 1e9 +
	        (double)(ended.tv_nsec - begun.tv_nsec);
}

static int rounds(void)
{
	const char *text = getenv("BOB2OKTA_TIMINGS");
	int64_t count = TIMINGS;
	if (text != NULL && !str_to_int64(text, &count)) {
		count = TIMINGS;
	}
	return count > 0 && count <= TIMINGS_MAX ? (int)count : TIMINGS;
}

/* In turn, so that what the machine does besides hits all three alike; outliers are left out. */
START_TEST(times_are_looked_at)
{
	char first[HEADER_BYTES];
	char last[HEADER_BYTES];
	const char *const headers[] = {first, last, NULL};
	struct sample samples[ARRAY_SIZE(headers)] = {{0}};
	ck_assert(str_copy(first, sizeof(first), right[0]));
	ck_assert(str_copy(last, sizeof(last), right[0]));
	first[0] = first[0] == 'A' ? 'B' : 'A';
	/* The last whole letter before the one that carries spare bits and the padding. */
	last[84] = last[84] == 'A' ? 'B' : 'A';
	int count = rounds();
	for (int i = 0; i < count; i++) {
		for (size_t kind = 0; kind < ARRAY_SIZE(headers); kind++) {
			double ns = time_of(headers[kind]);
			if (ns < 50000.0) {
				add(&samples[kind], ns);
			}
		}
	}
	printf("figure: signature timing, %d of each: wrong first byte against last t = %.2f, first "
	       "against none t = %.2f (aim: under 4.5 both ways)\n",
	        count, welch_t(&samples[0], &samples[1]), welch_t(&samples[0], &samples[2]));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("intake work");
	TCase *work = tcase_create("work");
	tcase_add_checked_fixture(work, set_up, tear_down);
	tcase_add_loop_test(work, every_header_costs_every_secret, 0, 8);
	tcase_add_loop_test(work, the_first_match_does_not_end_the_work, 0, KEYS);
	tcase_add_test(work, times_are_looked_at);
	tcase_set_timeout(work, 120);
	suite_add_tcase(suite, work);
	return suite_run(suite);
}
