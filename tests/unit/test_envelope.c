/* SPDX-License-Identifier: MIT */
#include "server/base/envelope.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define TEXT "an invented token"

static const uint8_t KEY[CRYPTO_KEY_BYTES] = {7};
static uint8_t sealed[sizeof(TEXT) + ENVELOPE_OVERHEAD_BYTES];
static char plain[sizeof(TEXT)];

static void setup(void)
{
	ck_assert(crypto_start(NULL));
	ck_assert(envelope_seal(KEY, "secrets/a/1", TEXT, sizeof(TEXT), sealed, NULL));
}

static void teardown(void)
{
	crypto_stop();
}

static bool opens(const uint8_t *key, const char *context, size_t len)
{
	struct err err = ERR_INIT;
	memset(plain, 'x', sizeof(plain));
	bool done = envelope_open(key, context, sealed, len, plain, &err);
	ck_assert(done || err.code == ERR_CONFLICT);
	return done && str_equal(plain, TEXT);
}

START_TEST(it_opens_in_its_own_place_alone)
{
	static const uint8_t OTHER[CRYPTO_KEY_BYTES] = {8};
	ck_assert(opens(KEY, "secrets/a/1", sizeof(sealed)));
	ck_assert(!opens(OTHER, "secrets/a/1", sizeof(sealed)));
	ck_assert(!opens(KEY, "secrets/a/2", sizeof(sealed)));
	ck_assert(!opens(KEY, "secrets/b/1", sizeof(sealed)));
	ck_assert(!opens(KEY, "", sizeof(sealed)));
	ck_assert_ptr_null(memmem(sealed, sizeof(sealed), "invented", 8));
}
END_TEST

START_TEST(a_flipped_bit_and_a_cut_open_nothing)
{
	for (size_t bit = 0; bit < 8 * sizeof(sealed); bit++) {
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_msg(!opens(KEY, "secrets/a/1", sizeof(sealed)), "bit %zu", bit);
		sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	for (size_t len = 0; len < sizeof(sealed); len++) {
		ck_assert(!opens(KEY, "secrets/a/1", len));
	}
}
END_TEST

/* The parts of two envelopes of one record, which have the same context, do not mix. */
START_TEST(an_older_content_cannot_take_a_newer_ones_key)
{
	uint8_t older[sizeof(sealed)];
	memcpy(older, sealed, sizeof(older));
	ck_assert(envelope_seal(KEY, "secrets/a/1", TEXT, sizeof(TEXT), sealed, NULL));
	ck_assert_mem_ne(older + 1, sealed + 1, CRYPTO_NONCE_BYTES);
	memcpy(sealed + 1, older + 1, CRYPTO_NONCE_BYTES + CRYPTO_KEY_BYTES + CRYPTO_TAG_BYTES);
	ck_assert(!opens(KEY, "secrets/a/1", sizeof(sealed)));
}
END_TEST

/* The same record sealed a thousand times: neither nonce comes twice, nor does a key. */
START_TEST(nonces_and_keys_are_fresh)
{
	static uint8_t many[1000][sizeof(sealed)];
	const size_t content = 1 + CRYPTO_NONCE_BYTES + CRYPTO_KEY_BYTES + CRYPTO_TAG_BYTES;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		ck_assert(envelope_seal(KEY, "c", TEXT, sizeof(TEXT), many[i], NULL));
		bool is_fresh = true;
		for (size_t j = 0; j < i; j++) {
			is_fresh = is_fresh &&
			        memcmp(many[i] + 1, many[j] + 1, CRYPTO_NONCE_BYTES) != 0 &&
			        memcmp(many[i] + content, many[j] + content, CRYPTO_NONCE_BYTES) !=
			                0;
		}
		ck_assert(is_fresh);
	}
}
END_TEST

START_TEST(nothing_at_all_can_be_sealed_too)
{
	ck_assert(envelope_seal(KEY, "c", "", 0, sealed, NULL));
	ck_assert(envelope_open(KEY, "c", sealed, ENVELOPE_OVERHEAD_BYTES, plain, NULL));
}
END_TEST

START_TEST(a_context_that_would_be_cut_is_refused)
{
	char context[ENVELOPE_CONTEXT_BYTES + 1];
	memset(context, 'c', ENVELOPE_CONTEXT_BYTES);
	context[ENVELOPE_CONTEXT_BYTES] = '\0';
	ck_assert(!envelope_seal(KEY, context, TEXT, sizeof(TEXT), sealed, NULL));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("envelope");
	TCase *envelopes = tcase_create("envelopes");
	tcase_add_checked_fixture(envelopes, setup, teardown);
	tcase_add_test(envelopes, it_opens_in_its_own_place_alone);
	tcase_add_test(envelopes, a_flipped_bit_and_a_cut_open_nothing);
	tcase_add_test(envelopes, an_older_content_cannot_take_a_newer_ones_key);
	tcase_add_test(envelopes, nonces_and_keys_are_fresh);
	tcase_add_test(envelopes, nothing_at_all_can_be_sealed_too);
	tcase_add_test(envelopes, a_context_that_would_be_cut_is_refused);
	suite_add_tcase(suite, envelopes);
	return suite_run(suite);
}
