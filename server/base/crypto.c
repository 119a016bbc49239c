/* SPDX-License-Identifier: MIT */
#include "server/base/crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_NAME_BYTES 16
#define SEAL_MAX_BYTES    ((size_t)16 * 1024 * 1024)
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
static EVP_CIPHER *aes_256_gcm;
static EVP_KDF *scrypt;

/* O6: leaves the thread's queue empty; OpenSSL's own text adds nothing an operator could use. */
static void set_error(struct err *err, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	ERR_clear_error();
	err_set(err, ERR_INTERNAL, "OpenSSL cannot %s (error %08lx)", what, code);
}

bool crypto_start(struct err *err)
{
	if (hmac != NULL) {
		return true;
	}
	ERR_clear_error();
	hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	scrypt = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	if (hmac == NULL || sha256 == NULL || aes_256_gcm == NULL || scrypt == NULL) {
		set_error(err, "provide HMAC, SHA-256, AES-256-GCM and scrypt");
		crypto_stop();
		return false;
	}
	return true;
}

void crypto_stop(void)
{
	EVP_MAC_free(hmac);
	EVP_MD_free(sha256);
	EVP_CIPHER_free(aes_256_gcm);
	EVP_KDF_free(scrypt);
	scrypt = NULL;
	hmac = NULL;
	sha256 = NULL;
	aes_256_gcm = NULL;
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

bool crypto_hmac_sha1(const void *key, size_t key_len, const void *bytes, size_t len,
        uint8_t mac[CRYPTO_SHA1_BYTES])
{
	char digest[DIGEST_NAME_BYTES] = "SHA1";
	OSSL_PARAM params[] = {
	        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	        OSSL_PARAM_construct_end(),
	};
	size_t mac_len = 0;
	ERR_clear_error();
	EVP_MAC_CTX *context = hmac != NULL && key_len > 0 ? EVP_MAC_CTX_new(hmac) : NULL;
	bool done = context != NULL && EVP_MAC_init(context, key, key_len, params) == 1 &&
	        EVP_MAC_update(context, bytes, len) == 1 &&
	        EVP_MAC_final(context, mac, &mac_len, CRYPTO_SHA1_BYTES) == 1 &&
	        mac_len == CRYPTO_SHA1_BYTES;
	EVP_MAC_CTX_free(context);
	ERR_clear_error();
	return done;
}

/* OpenSSL takes its texts without const, and only reads them. */
static OSSL_PARAM octets(const char *name, const void *bytes, size_t len)
{
	static char nothing[1];
	return OSSL_PARAM_construct_octet_string(
	        name, len > 0 ? (void *)(uintptr_t)bytes : nothing, len);
}

bool crypto_scrypt(const struct crypto_cost *cost, const struct crypto_password *password,
        uint8_t *to, size_t len, struct err *err)
{
	uint64_t n = cost->log2_n > 0 && cost->log2_n < 32 ? UINT64_C(1) << cost->log2_n : 0;
	uint32_t r = cost->r;
	uint32_t p = cost->p;
	uint64_t most = CRYPTO_SCRYPT_MAX_BYTES;
	OSSL_PARAM params[] = {
	        octets(OSSL_KDF_PARAM_PASSWORD, password->text, password->len),
	        octets(OSSL_KDF_PARAM_SALT, password->salt, password->salt_len),
	        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &n),
	        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &r),
	        OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &p),
	        OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &most),
	        OSSL_PARAM_construct_end(),
	};
	ERR_clear_error();
	EVP_KDF_CTX *context = scrypt != NULL ? EVP_KDF_CTX_new(scrypt) : NULL;
	bool done = context != NULL && n > 0 && EVP_KDF_derive(context, to, len, params) == 1;
	EVP_KDF_CTX_free(context); /* wipes the password */
	if (!done) {
		set_error(err, "hash a password with scrypt");
		return false;
	}
	return true;
}

static bool seal_all(EVP_CIPHER_CTX *context, const struct crypto_seal *seal, const void *plain,
        size_t len, uint8_t *sealed)
{
	int done = 0;
	int rest = 0;
	return EVP_EncryptInit_ex2(context, aes_256_gcm, seal->key, seal->nonce, NULL) == 1 &&
	        EVP_EncryptUpdate(context, NULL, &done, seal->bound, (int)seal->bound_len) == 1 &&
	        EVP_EncryptUpdate(context, sealed, &done, plain, (int)len) == 1 &&
	        EVP_EncryptFinal_ex(context, sealed + done, &rest) == 1 &&
	        EVP_CIPHER_CTX_ctrl(
	                context, EVP_CTRL_AEAD_GET_TAG, CRYPTO_TAG_BYTES, sealed + len) == 1;
}

/* The tag is only read, although OpenSSL asks for it without const. */
static bool open_all(EVP_CIPHER_CTX *context, const struct crypto_seal *seal, const uint8_t *sealed,
        size_t len, uint8_t *plain)
{
	int done = 0;
	int rest = 0;
	uint8_t tag[CRYPTO_TAG_BYTES];
	memcpy(tag, sealed + len, sizeof(tag));
	return EVP_DecryptInit_ex2(context, aes_256_gcm, seal->key, seal->nonce, NULL) == 1 &&
	        EVP_DecryptUpdate(context, NULL, &done, seal->bound, (int)seal->bound_len) == 1 &&
	        EVP_DecryptUpdate(context, plain, &done, sealed, (int)len) == 1 &&
	        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, CRYPTO_TAG_BYTES, tag) == 1 &&
	        EVP_DecryptFinal_ex(context, plain + done, &rest) == 1;
}

bool crypto_seal(const struct crypto_seal *seal, const void *plain, size_t len, uint8_t *sealed,
        struct err *err)
{
	ERR_clear_error();
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	bool is_sealed = context != NULL && aes_256_gcm != NULL && len <= SEAL_MAX_BYTES &&
	        seal->bound_len <= SEAL_MAX_BYTES && seal_all(context, seal, plain, len, sealed);
	EVP_CIPHER_CTX_free(context); /* wipes the key */
	if (!is_sealed) {
		set_error(err, "seal with AES-256-GCM");
	}
	return is_sealed;
}

bool crypto_open(const struct crypto_seal *seal, const uint8_t *sealed, size_t sealed_len,
        void *plain, struct err *err)
{
	ERR_clear_error();
	size_t len = sealed_len >= CRYPTO_TAG_BYTES ? sealed_len - CRYPTO_TAG_BYTES : 0;
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	if (context == NULL || aes_256_gcm == NULL) {
		EVP_CIPHER_CTX_free(context);
		set_error(err, "open with AES-256-GCM");
		return false;
	}
	bool is_open = sealed_len >= CRYPTO_TAG_BYTES && len <= SEAL_MAX_BYTES &&
	        seal->bound_len <= SEAL_MAX_BYTES && open_all(context, seal, sealed, len, plain);
	EVP_CIPHER_CTX_free(context);
	ERR_clear_error();
	if (!is_open) {
		crypto_wipe(plain, len <= SEAL_MAX_BYTES ? len : 0);
		err_set(err, ERR_CONFLICT, "sealed bytes are not what was sealed here");
	}
	return is_open;
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

/* The value of a character of the standard alphabet, and 1; 0 for any other. */
/* clang-format off */
static const uint8_t BASE64[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6, ['G'] = 7, ['H'] = 8,
	['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
	['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
	['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
	['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};
/* clang-format on */

/* Decodes four characters, of which the last `padding` must be '='; the bits cut off must be 0. */
static bool decode_group(const char *group, size_t padding, uint8_t bytes[3])
{
	uint32_t bits = 0;
	for (size_t i = 0; i < 4; i++) {
		bool is_padding = i >= 4 - padding;
		int value = is_padding ? 0 : BASE64[(uint8_t)group[i]] - 1;
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

void base32_encode(const uint8_t *bytes, size_t len, char *to)
{
	static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint32_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | bytes[i];
		for (have += 8; have >= 5; have -= 5) {
			*to++ = ALPHABET[bits >> (have - 5) & 31];
		}
	}
	if (have > 0) {
		*to++ = ALPHABET[bits << (5 - have) & 31];
	}
	*to = '\0';
}
