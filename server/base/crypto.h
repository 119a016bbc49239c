/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_CRYPTO_H
#define SERVER_BASE_CRYPTO_H

/*
 * The only user of OpenSSL: keyed MACs, digests, authenticated encryption,
 * hashing of passwords, constant-time comparing, randomness, Base64, Base32. Keys are read-only
 * after creation and may be used by any thread at once (a context is duplicated per use, O2, O5).
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_SHA256_BYTES      32
#define CRYPTO_HMAC_SHA512_BYTES 64
#define CRYPTO_KEY_BYTES         32 /* AES-256-GCM */
#define CRYPTO_NONCE_BYTES       12
#define CRYPTO_TAG_BYTES         16
#define CRYPTO_SHA1_BYTES        20
#define CRYPTO_SCRYPT_MAX_BYTES  ((uint64_t)160 * 1024 * 1024) /* of memory, for one password */

struct hmac_key;

/* Fetches algorithms, unless they are there already; call in main before threads. */
bool crypto_start(struct err *err) MUST_CHECK;
void crypto_stop(void);

/* An HMAC-SHA512 key over these bytes; NULL when OpenSSL refuses. */
struct hmac_key *hmac_key_create(const void *key, size_t len, struct err *err) MUST_CHECK;
void hmac_key_destroy(struct hmac_key *key);
/* The same for the same key whenever it is made; never shown, as it is made from the key alone. */
uint64_t hmac_key_mark(const struct hmac_key *key);
bool hmac_sign(const struct hmac_key *key, const void *bytes, size_t len,
        uint8_t mac[CRYPTO_HMAC_SHA512_BYTES]) MUST_CHECK;

/* What one sealing takes beside the bytes: a nonce is used once with a key, never twice. */
struct crypto_seal {
	const uint8_t *key; /* CRYPTO_KEY_BYTES */
	const uint8_t *nonce; /* CRYPTO_NONCE_BYTES */
	const void *bound; /* authenticated with it and not written (AAD) */
	size_t bound_len;
};

/* AES-256-GCM: sealed gets len bytes and the tag. */
bool crypto_seal(const struct crypto_seal *seal, const void *plain, size_t len, uint8_t *sealed,
        struct err *err) MUST_CHECK;
/*
 * The reverse: plain gets sealed_len - CRYPTO_TAG_BYTES bytes. False (ERR_CONFLICT, plain wiped)
 * when anything of key, nonce, bound or sealed is another than it was.
 */
bool crypto_open(const struct crypto_seal *seal, const uint8_t *sealed, size_t sealed_len,
        void *plain, struct err *err) MUST_CHECK;

/* One-time codes (RFC 6238) are made with it and nothing else is: SHA-1 signs nothing here. */
bool crypto_hmac_sha1(const void *key, size_t key_len, const void *bytes, size_t len,
        uint8_t mac[CRYPTO_SHA1_BYTES]) MUST_CHECK;

/* What a password costs (RFC 7914): 128 * r * 2^log2_n bytes, and p times as long. */
struct crypto_cost {
	unsigned log2_n;
	unsigned r;
	unsigned p;
};
struct crypto_password {
	const void *text; /* any bytes */
	size_t len;
	const uint8_t *salt;
	size_t salt_len;
};
/* Takes a third of a second with what server/access/ asks for. Refuses what needs more memory. */
bool crypto_scrypt(const struct crypto_cost *cost, const struct crypto_password *password,
        uint8_t *to, size_t len, struct err *err) MUST_CHECK;

bool crypto_sha256(const void *bytes, size_t len, uint8_t digest[CRYPTO_SHA256_BYTES]) MUST_CHECK;
/* Constant time in the content; both have len bytes. */
bool crypto_equal(const void *a, const void *b, size_t len);
bool crypto_random(void *to, size_t len, struct err *err) MUST_CHECK;
/* Overwrites memory in a way the compiler keeps. */
void crypto_wipe(void *bytes, size_t len);

/*
 * Strict Base64 of the standard alphabet with padding: no white space, no
 * stray bits, exactly want_len bytes. False otherwise.
 */
bool base64_decode_exact(
        const char *text, size_t text_len, uint8_t *to, size_t want_len) MUST_CHECK;
/* Caller frees; NULL when out of memory. */
char *base64_encode(const void *bytes, size_t len) MUST_CHECK;

/* RFC 4648 without padding; `to` needs BASE32_BYTES(len). */
#define BASE32_BYTES(len) (((len)*8 + 4) / 5 + 1)
void base32_encode(const uint8_t *bytes, size_t len, char *to);

#endif
