/* SPDX-License-Identifier: MIT */
#include "server/base/crypto.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/suite.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

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

/*
 * W-02 without a clock: the bytes behind the first that differs lie where nobody may read, so that
 * a compare which looks at all of them dies of it, and one that stops early lives.
 */
START_TEST(equal_looks_at_every_byte)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *map =
	        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(mprotect(map + page, page, PROT_NONE), 0);
	char other[CRYPTO_HMAC_SHA512_BYTES] = {1};
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		close(STDERR_FILENO);
		_exit(crypto_equal(map + page - sizeof(other) / 2, other, sizeof(other)) ? 2 : 0);
	}
	int status = 0;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(
	        !WIFEXITED(status) || WEXITSTATUS(status) > 2, "it stopped at the first byte");
	munmap(map, 2 * page);
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

static json_t *load_vectors(const char *name)
{
	const char *shared = getenv("BOB2OKTA_SHARED");
	char path[PATH_BYTES];
	ck_assert(str_format(path, sizeof(path), "%s/vectors/wycheproof/%s",
	        shared != NULL ? shared : "../shared", name));
	json_t *vectors = json_load_file(path, 0, NULL);
	if (vectors == NULL) {
		printf("skipped: Wycheproof is not at %s (BOB2OKTA_SHARED names its place)\n",
		        path);
	}
	return vectors;
}

/* How many tests were tried, of the groups where each named size is as wanted. */
static int try_vectors(
        const json_t *vectors, bool (*is_ours)(const json_t *group), void (*check)(json_t *test))
{
	int tried = 0;
	size_t group_index = 0;
	size_t test_index = 0;
	json_t *group = NULL;
	json_t *test = NULL;
	json_array_foreach(json_object_get(vectors, "testGroups"), group_index, group)
	{
		json_array_foreach(json_object_get(group, "tests"), test_index, test)
		{
			if (is_ours(group)) {
				check(test);
				tried++;
			}
		}
	}
	return tried;
}

static bool is_whole_tag(const json_t *group)
{
	return json_get_int(group, "tagSize", 0) == HMAC_TAG_BITS;
}

START_TEST(wycheproof_agrees)
{
	json_t *vectors = load_vectors("hmac_sha512_test.json");
	if (vectors != NULL) {
		ck_assert_int_ge(
		        try_vectors(vectors, is_whole_tag, check_vector), VECTORS_AT_LEAST);
		json_decref(vectors);
	}
}
END_TEST

static bool is_our_size(const json_t *group)
{
	return json_get_int(group, "keySize", 0) == 256 && json_get_int(group, "ivSize", 0) == 96 &&
	        json_get_int(group, "tagSize", 0) == 128;
}

struct gcm_vector {
	uint8_t key[CRYPTO_KEY_BYTES];
	uint8_t nonce[CRYPTO_NONCE_BYTES];
	uint8_t bound[MESSAGE_MAX];
	uint8_t plain[MESSAGE_MAX];
	uint8_t sealed[MESSAGE_MAX];
};

static void check_gcm_vector(json_t *test)
{
	struct gcm_vector v;
	uint8_t sealed[MESSAGE_MAX + CRYPTO_TAG_BYTES];
	uint8_t plain[MESSAGE_MAX];
	from_hex(json_get_text(test, "key"), v.key, sizeof(v.key));
	from_hex(json_get_text(test, "iv"), v.nonce, sizeof(v.nonce));
	size_t bound_len = from_hex(json_get_text(test, "aad"), v.bound, sizeof(v.bound));
	size_t len = from_hex(json_get_text(test, "msg"), v.plain, sizeof(v.plain));
	size_t at = from_hex(json_get_text(test, "ct"), v.sealed, sizeof(v.sealed));
	at += from_hex(json_get_text(test, "tag"), v.sealed + at, sizeof(v.sealed) - at);
	struct crypto_seal seal = {v.key, v.nonce, v.bound, bound_len};
	bool is_valid = str_equal(json_get_text(test, "result"), "valid");
	int id = (int)json_get_int(test, "tcId", 0);
	ck_assert_msg(crypto_open(&seal, v.sealed, at, plain, NULL) == is_valid, "tcId %d", id);
	ck_assert(crypto_seal(&seal, v.plain, len, sealed, NULL));
	ck_assert_msg(crypto_equal(sealed, v.sealed, at) == is_valid, "tcId %d", id);
	ck_assert(!is_valid || crypto_equal(plain, v.plain, len));
}

START_TEST(wycheproof_agrees_on_aes_gcm)
{
	json_t *vectors = load_vectors("aes_gcm_test.json");
	if (vectors != NULL) {
		ck_assert_int_ge(
		        try_vectors(vectors, is_our_size, check_gcm_vector), VECTORS_AT_LEAST);
		json_decref(vectors);
	}
}
END_TEST

START_TEST(a_flipped_bit_opens_nothing)
{
	static const char TEXT[] = "an invented token";
	uint8_t key[CRYPTO_KEY_BYTES] = {1};
	uint8_t nonce[CRYPTO_NONCE_BYTES] = {2};
	char bound[] = "table/row/1";
	uint8_t sealed[sizeof(TEXT) + CRYPTO_TAG_BYTES];
	char plain[sizeof(TEXT)];
	struct err err = ERR_INIT;
	struct crypto_seal seal = {key, nonce, bound, sizeof(bound)};
	ck_assert(crypto_seal(&seal, TEXT, sizeof(TEXT), sealed, NULL));
	uint8_t *const parts[] = {key, nonce, (uint8_t *)bound, sealed};
	const size_t sizes[] = {sizeof(key), sizeof(nonce), sizeof(bound), sizeof(sealed)};
	for (size_t part = 0; part < ARRAY_SIZE(parts); part++) {
		for (size_t bit = 0; bit < 8 * sizes[part]; bit++) {
			parts[part][bit / 8] ^= (uint8_t)(1 << bit % 8);
			memset(plain, 'x', sizeof(plain));
			ck_assert(!crypto_open(&seal, sealed, sizeof(sealed), plain, NULL));
			ck_assert_int_eq(plain[0], 0);
			parts[part][bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
	ck_assert(crypto_open(&seal, sealed, sizeof(sealed), plain, NULL));
	ck_assert_str_eq(plain, TEXT);
	for (size_t len = 0; len < sizeof(sealed); len++) {
		ck_assert(!crypto_open(&seal, sealed, len, plain, &err));
		ck_assert_int_eq(err.code, ERR_CONFLICT);
	}
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

/* RFC 7914, section 12. */
static const struct {
	const char *password;
	const char *salt;
	struct crypto_cost cost;
	const char *wanted;
} scrypt_cases[] = {
        {"", "", {4, 1, 1},
                "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
                "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906"},
        {"password", "NaCl", {10, 8, 16},
                "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
                "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640"},
        {"pleaseletmein", "SodiumChloride", {14, 8, 1},
                "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
                "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887"},
};

START_TEST(scrypt_agrees_with_rfc_7914)
{
	uint8_t hash[64];
	char hex[2 * sizeof(hash) + 1];
	struct crypto_password password = {
	        .text = scrypt_cases[_i].password,
	        .len = strlen(scrypt_cases[_i].password),
	        .salt = (const uint8_t *)scrypt_cases[_i].salt,
	        .salt_len = strlen(scrypt_cases[_i].salt),
	};
	struct err err = ERR_INIT;
	ck_assert_msg(crypto_scrypt(&scrypt_cases[_i].cost, &password, hash, sizeof(hash), &err),
	        "%s", err.text);
	str_hex(hex, hash, sizeof(hash));
	ck_assert_str_eq(hex, scrypt_cases[_i].wanted);
}
END_TEST

START_TEST(scrypt_refuses_what_takes_too_much_memory)
{
	uint8_t hash[32];
	struct crypto_password password = {.text = "x", .len = 1, .salt = hash, .salt_len = 0};
	struct err err = ERR_INIT;
	ck_assert(!crypto_scrypt(&(struct crypto_cost){20, 8, 1}, &password, hash, 32, &err));
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	ck_assert(!crypto_scrypt(&(struct crypto_cost){0, 8, 1}, &password, hash, 32, NULL));
	ck_assert(!crypto_scrypt(&(struct crypto_cost){40, 8, 1}, &password, hash, 32, NULL));
}
END_TEST

/* RFC 2202, test cases 2 and 6: a short key and one longer than a block. */
START_TEST(hmac_sha1_agrees_with_rfc_2202)
{
	uint8_t mac[CRYPTO_SHA1_BYTES];
	char hex[2 * CRYPTO_SHA1_BYTES + 1];
	uint8_t key[80];
	static const char text[] = "what do ya want for nothing?";
	static const char longer[] = "Test Using Larger Than Block-Size Key - Hash Key First";
	ck_assert(crypto_hmac_sha1("Jefe", 4, text, strlen(text), mac));
	str_hex(hex, mac, sizeof(mac));
	ck_assert_str_eq(hex, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
	memset(key, 0xaa, sizeof(key));
	ck_assert(crypto_hmac_sha1(key, sizeof(key), longer, strlen(longer), mac));
	str_hex(hex, mac, sizeof(mac));
	ck_assert_str_eq(hex, "aa4ae5e15272d00e95705637ce8a3b55ed402112");
	ck_assert(!crypto_hmac_sha1("", 0, text, 1, mac));
}
END_TEST

/* RFC 4648, section 10, without its padding. */
START_TEST(base32_agrees_with_rfc_4648)
{
	static const char *const wanted[] = {
	        "", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"};
	char text[BASE32_BYTES(6)];
	for (size_t len = 0; len < ARRAY_SIZE(wanted); len++) {
		base32_encode((const uint8_t *)"foobar", len, text);
		ck_assert_str_eq(text, wanted[len]);
		ck_assert_uint_eq(BASE32_BYTES(len), strlen(text) + 1);
	}
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
	tcase_add_test(macs, wycheproof_agrees_on_aes_gcm);
	tcase_add_test(macs, a_flipped_bit_opens_nothing);
	tcase_add_test(macs, digests);
	tcase_add_test(macs, compares_every_byte);
	tcase_add_test(macs, equal_looks_at_every_byte);
	tcase_add_test(macs, random_bytes_differ_and_are_wiped);
	tcase_add_test(macs, hmac_sha1_agrees_with_rfc_2202);
	suite_add_tcase(suite, macs);
	TCase *passwords = tcase_create("passwords");
	tcase_add_checked_fixture(passwords, setup, teardown);
	tcase_add_loop_test(passwords, scrypt_agrees_with_rfc_7914, 0, ARRAY_SIZE(scrypt_cases));
	tcase_add_test(passwords, scrypt_refuses_what_takes_too_much_memory);
	suite_add_tcase(suite, passwords);
	TCase *base64 = tcase_create("base64");
	tcase_add_checked_fixture(base64, setup, teardown);
	tcase_add_loop_test(base64, base64_is_strict, 0, ARRAY_SIZE(base64_cases));
	tcase_add_test(base64, base64_comes_back);
	tcase_add_test(base64, base32_agrees_with_rfc_4648);
	suite_add_tcase(suite, base64);
	return suite_run(suite);
}
