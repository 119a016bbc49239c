/* SPDX-License-Identifier: MIT */
#include "server/base/crypto.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES       512
#define MESSAGE_MAX      1024
#define HMAC_TAG_BITS    512
#define VECTORS_AT_LEAST 50

static void setup(void)
{
	struct err err = ERR_INIT;
	ck_assert_msg(crypto_start(&err), "%s", err.text);
}

static void teardown(void)
{
	crypto_stop();
}

static size_t from_hex(const char *hex, uint8_t *to, size_t size)
{
	size_t len = strlen(hex) / 2;
	ck_assert_uint_le(len, size);
	for (size_t i = 0; i < len; i++) {
		const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		to[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return len;
}

START_TEST(signs_the_first_case_of_rfc_4231)
{
	static const char *const wanted = "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b305"
	                                  "45e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f170"
	                                  "2e696c203a126854";
	uint8_t secret[20];
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	char hex[2 * CRYPTO_HMAC_SHA512_BYTES + 1];
	memset(secret, 0x0b, sizeof(secret));
	struct hmac_key *key = hmac_key_create(secret, sizeof(secret), NULL);
	ck_assert_ptr_nonnull(key);
	for (int i = 0; i < 2; i++) { /* a key serves more than once */
		ck_assert(hmac_sign(key, "Hi There", 8, mac));
		str_hex(hex, mac, sizeof(mac));
		ck_assert_str_eq(hex, wanted);
	}
	ck_assert(hmac_sign(key, NULL, 0, mac));
	hmac_key_destroy(key);
	hmac_key_destroy(NULL);
}
END_TEST

START_TEST(an_empty_key_is_refused)
{
	struct err err = ERR_INIT;
	ck_assert_ptr_null(hmac_key_create("", 0, &err));
	ck_assert(err_is_set(&err));
	ck_assert_ptr_null(hmac_key_create(NULL, 3, NULL));
}
END_TEST

struct signer {
	const struct hmac_key *key;
	bool is_equal;
};

static void *sign_often(void *arg)
{
	struct signer *signer = arg;
	uint8_t first[CRYPTO_HMAC_SHA512_BYTES];
	uint8_t again[CRYPTO_HMAC_SHA512_BYTES];
	signer->is_equal = hmac_sign(signer->key, "body", 4, first);
	for (int i = 0; i < 200; i++) {
		signer->is_equal = signer->is_equal && hmac_sign(signer->key, "body", 4, again) &&
		        crypto_equal(first, again, sizeof(first));
	}
	return NULL;
}

START_TEST(one_key_serves_many_threads)
{
	struct hmac_key *key = hmac_key_create("k", 1, NULL);
	struct signer signers[4];
	pthread_t threads[4];
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		signers[i] = (struct signer){.key = key};
		ck_assert(thread_start(&threads[i], "sign", sign_often, &signers[i], NULL));
	}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		thread_join(threads[i]);
		ck_assert(signers[i].is_equal);
	}
	hmac_key_destroy(key);
}
END_TEST

static void check_vector(json_t *test)
{
	uint8_t bytes[MESSAGE_MAX];
	uint8_t tag[CRYPTO_HMAC_SHA512_BYTES];
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	size_t len = from_hex(json_get_text(test, "key"), bytes, sizeof(bytes));
	struct hmac_key *key = hmac_key_create(bytes, len, NULL);
	ck_assert_ptr_nonnull(key);
	len = from_hex(json_get_text(test, "msg"), bytes, sizeof(bytes));
	ck_assert(hmac_sign(key, bytes, len, mac));
	ck_assert_uint_eq(from_hex(json_get_text(test, "tag"), tag, sizeof(tag)), sizeof(tag));
	bool is_valid = str_equal(json_get_text(test, "result"), "valid");
	ck_assert_msg(crypto_equal(mac, tag, sizeof(mac)) == is_valid, "tcId %d",
	        (int)json_get_int(test, "tcId", 0));
	hmac_key_destroy(key);
}

START_TEST(wycheproof_agrees)
{
	const char *shared = getenv("BOB2OKTA_SHARED");
	char path[PATH_BYTES];
	ck_assert(str_format(path, sizeof(path), "%s/vectors/wycheproof/hmac_sha512_test.json",
	        shared != NULL ? shared : "../shared"));
	json_t *vectors = json_load_file(path, 0, NULL);
	if (vectors == NULL) {
		printf("skipped: Wycheproof is not at %s (BOB2OKTA_SHARED names its place)\n",
		        path);
		return;
	}
	int tried = 0;
	size_t group_index = 0;
	size_t test_index = 0;
	json_t *group = NULL;
	json_t *test = NULL;
	json_array_foreach(json_object_get(vectors, "testGroups"), group_index, group)
	{
		if (json_get_int(group, "tagSize", 0) != HMAC_TAG_BITS) {
			continue;
		}
		json_array_foreach(json_object_get(group, "tests"), test_index, test)
		{
			check_vector(test);
			tried++;
		}
	}
	json_decref(vectors);
	ck_assert_int_ge(tried, VECTORS_AT_LEAST);
}
END_TEST

START_TEST(digests)
{
	uint8_t digest[CRYPTO_SHA256_BYTES];
	char hex[2 * CRYPTO_SHA256_BYTES + 1];
	ck_assert(crypto_sha256("abc", 3, digest));
	str_hex(hex, digest, sizeof(digest));
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert(crypto_sha256(NULL, 0, digest));
	str_hex(hex, digest, 4);
	ck_assert_str_eq(hex, "e3b0c442");
}
END_TEST

START_TEST(compares_every_byte)
{
	uint8_t a[64] = {0};
	uint8_t b[64] = {0};
	ck_assert(crypto_equal(a, b, sizeof(a)));
	for (size_t i = 0; i < sizeof(b); i++) {
		b[i] = 1;
		ck_assert(!crypto_equal(a, b, sizeof(a)));
		b[i] = 0;
	}
}
END_TEST

START_TEST(random_bytes_differ_and_are_wiped)
{
	uint8_t a[32] = {0};
	uint8_t b[32] = {0};
	ck_assert(crypto_random(a, sizeof(a), NULL));
	ck_assert(crypto_random(b, sizeof(b), NULL));
	ck_assert(!crypto_equal(a, b, sizeof(a)));
	crypto_wipe(a, sizeof(a));
	memset(b, 0, sizeof(b));
	ck_assert(crypto_equal(a, b, sizeof(a)));
}
END_TEST

struct base64_case {
	const char *text;
	const char *bytes; /* NULL: refused */
	size_t want_len;
};

static const struct base64_case base64_cases[] = {
        {"", "", 0},
        {"Zg==", "f", 1},
        {"Zm8=", "fo", 2},
        {"Zm9v", "foo", 3},
        {"Zm9vYmFy", "foobar", 6},
        {"+/+/", "\xfb\xff\xbf", 3},
        {"-_-_", NULL, 3}, /* the alphabet of URLs */
        {"Zh==", NULL, 1}, /* stray bits */
        {"Zm9=", NULL, 2},
        {"Zg=", NULL, 1},
        {"Zg", NULL, 1},
        {"Zg==\n", NULL, 1},
        {" Zg==", NULL, 1},
        {"Z g==", NULL, 1},
        {"Zg==", NULL, 2}, /* another length than wanted */
        {"Zm9v", NULL, 2},
        {"Zm8=", NULL, 3},
        {"=g==", NULL, 1},
        {"Zg=a", NULL, 1},
        {"Z===", NULL, 1},
        {"Zm9vZg==", NULL, 3},
        {"Zm\xc3\xa9", NULL, 3},
};

START_TEST(base64_is_strict)
{
	const struct base64_case *c = &base64_cases[_i];
	uint8_t to[8] = {0};
	bool is_taken = base64_decode_exact(c->text, strlen(c->text), to, c->want_len);
	ck_assert(is_taken == (c->bytes != NULL));
	if (c->bytes != NULL && c->want_len > 0) {
		ck_assert_mem_eq(to, c->bytes, c->want_len);
	}
}
END_TEST

START_TEST(base64_comes_back)
{
	uint8_t bytes[70];
	uint8_t again[70];
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		ck_assert(crypto_random(bytes, sizeof(bytes), NULL));
		char *text = base64_encode(bytes, len);
		ck_assert_ptr_nonnull(text);
		ck_assert(base64_decode_exact(text, strlen(text), again, len));
		ck_assert(crypto_equal(bytes, again, len));
		free(text);
	}
	ck_assert(!base64_decode_exact(NULL, 0, again, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crypto");
	TCase *macs = tcase_create("macs");
	tcase_add_checked_fixture(macs, setup, teardown);
	tcase_add_test(macs, signs_the_first_case_of_rfc_4231);
	tcase_add_test(macs, an_empty_key_is_refused);
	tcase_add_test(macs, one_key_serves_many_threads);
	tcase_add_test(macs, wycheproof_agrees);
	tcase_add_test(macs, digests);
	tcase_add_test(macs, compares_every_byte);
	tcase_add_test(macs, random_bytes_differ_and_are_wiped);
	suite_add_tcase(suite, macs);
	TCase *base64 = tcase_create("base64");
	tcase_add_checked_fixture(base64, setup, teardown);
	tcase_add_loop_test(base64, base64_is_strict, 0, ARRAY_SIZE(base64_cases));
	tcase_add_test(base64, base64_comes_back);
	suite_add_tcase(suite, base64);
	return suite_run(suite);
}
