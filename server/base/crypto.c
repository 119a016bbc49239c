/* SPDX-License-Identifier: MIT */
#include "server/base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_NAME_BYTES 16
/* What a key's mark is made from. */
#define MARK_TEXT "bob2okta: the mark of a key"

/* The template is keyed once and only read afterwards (O2, O5). */
struct hmac_key {
	EVP_MAC_CTX *template;
	uint64_t mark;
};

/* O2: fetched once, because a fetch takes locks. Written by crypto_start and crypto_stop alone. */
static EVP_MAC *hmac;
static EVP_MD *sha256;

/* O6: leaves the thread's queue empty; OpenSSL's own text adds nothing an operator could use. */
static void set_error(struct err *err, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	ERR_clear_error();
	err_set(err, ERR_INTERNAL, "OpenSSL cannot %s (error %08lx)", what, code);
}

bool crypto_start(struct err *err)
{
	ERR_clear_error();
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (hmac == NULL || sha256 == NULL) {
		set_error(err, "provide HMAC and SHA-256");
		crypto_stop();
		return false;
	}
	return true;
}

void crypto_stop(void)
{
	EVP_MAC_free(hmac);
	EVP_MD_free(sha256);
	hmac = NULL;
	sha256 = NULL;
}

struct hmac_key *hmac_key_create(const void *key, size_t len, struct err *err)
{
	/* With a NULL key OpenSSL would keep whatever key was there; an empty one is refused. */
	if (key == NULL || len == 0) {
		err_set(err, ERR_INTERNAL, "an empty HMAC key is never used");
		return NULL;
	}
	struct hmac_key *made = calloc(1, sizeof(*made));
	if (made == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a key");
		return NULL;
	}
	char digest[DIGEST_NAME_BYTES] = "SHA512";
	OSSL_PARAM params[] = {
	        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	        OSSL_PARAM_construct_end(),
	};
	ERR_clear_error();
	made->template = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
	if (made->template == NULL || EVP_MAC_init(made->template, key, len, params) != 1) {
		set_error(err, "set up an HMAC-SHA512 key");
		hmac_key_destroy(made);
		return NULL;
	}
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	if (!hmac_sign(made, MARK_TEXT, sizeof(MARK_TEXT) - 1, mac)) {
		set_error(err, "use an HMAC-SHA512 key");
		hmac_key_destroy(made);
		return NULL;
	}
	memcpy(&made->mark, mac, sizeof(made->mark));
	return made;
}

void hmac_key_destroy(struct hmac_key *key)
{
	if (key != NULL) {
		EVP_MAC_CTX_free(key->template); /* wipes the key */
		free(key);
	}
}

uint64_t hmac_key_mark(const struct hmac_key *key)
{
	return key->mark;
}

bool hmac_sign(const struct hmac_key *key, const void *bytes, size_t len,
        uint8_t mac[CRYPTO_HMAC_SHA512_BYTES])
{
	ERR_clear_error();
	EVP_MAC_CTX *context = EVP_MAC_CTX_dup(key->template);
	size_t mac_len = 0;
	bool done = context != NULL && (len == 0 || EVP_MAC_update(context, bytes, len) == 1) &&
	        EVP_MAC_final(context, mac, &mac_len, CRYPTO_HMAC_SHA512_BYTES) == 1 &&
	        mac_len == CRYPTO_HMAC_SHA512_BYTES;
	EVP_MAC_CTX_free(context);
	ERR_clear_error();
	return done;
}

bool crypto_sha256(const void *bytes, size_t len, uint8_t digest[CRYPTO_SHA256_BYTES])
{
	ERR_clear_error();
	unsigned digest_len = 0;
	bool done = EVP_Digest(len > 0 ? bytes : "", len, digest, &digest_len, sha256, NULL) == 1;
	ERR_clear_error();
	return done && digest_len == CRYPTO_SHA256_BYTES;
}

bool crypto_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

bool crypto_random(void *to, size_t len, struct err *err)
{
	ERR_clear_error();
	if (len > INT_MAX || RAND_bytes(to, (int)len) != 1) {
		set_error(err, "give random bytes");
		return false;
	}
	return true;
}

void crypto_wipe(void *bytes, size_t len)
{
	OPENSSL_cleanse(bytes, len);
}

/* The value of a character of the standard alphabet; -1 for any other. */
static int base64_value(char c)
{
	if (c >= 'A' && c <= 'Z') {
		return c - 'A';
	}
	if (c >= 'a' && c <= 'z') {
		return c - 'a' + 26;
	}
	if (c >= '0' && c <= '9') {
		return c - '0' + 52;
	}
	if (c == '+') {
		return 62;
	}
	return c == '/' ? 63 : -1;
}

/* Decodes four characters, of which the last `padding` must be '='; the bits cut off must be 0. */
static bool decode_group(const char *group, size_t padding, uint8_t bytes[3])
{
	uint32_t bits = 0;
	for (size_t i = 0; i < 4; i++) {
		bool is_padding = i >= 4 - padding;
		int value = is_padding ? 0 : base64_value(group[i]);
		if (value < 0 || (is_padding && group[i] != '=')) {
			return false;
		}
		bits = bits << 6 | (uint32_t)value;
	}
	bytes[0] = (uint8_t)(bits >> 16);
	bytes[1] = (uint8_t)(bits >> 8);
	bytes[2] = (uint8_t)bits;
	return (bits & ((1u << (8 * padding)) - 1)) == 0;
}

bool base64_decode_exact(const char *text, size_t text_len, uint8_t *to, size_t want_len)
{
	if (text == NULL || want_len > SIZE_MAX / 2 || text_len != (want_len + 2) / 3 * 4) {
		return false;
	}
	size_t done = 0;
	bool is_good = true; /* to the end in any case: a header's work is the same (W-02) */
	for (size_t at = 0; at < text_len; at += 4) {
		size_t count = want_len - done < 3 ? want_len - done : 3;
		uint8_t bytes[3] = {0};
		is_good = decode_group(text + at, 3 - count, bytes) && is_good;
		memcpy(to + done, bytes, count);
		done += count;
	}
	return is_good;
}

char *base64_encode(const void *bytes, size_t len)
{
	if (len > INT_MAX / 2) {
		return NULL;
	}
	char *text = malloc((len + 2) / 3 * 4 + 1);
	if (text != NULL) {
		text[0] = '\0'; /* nothing is written for no bytes */
		EVP_EncodeBlock((unsigned char *)text, bytes, (int)len);
	}
	return text;
}
