/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_CRYPTO_H
#define SERVER_BASE_CRYPTO_H

/*
 * The only user of OpenSSL: keyed MACs, digests, constant-time comparing,
 * randomness, Base64. Keys are read-only after creation and may be used by any
 * thread at once (a context is duplicated per use, O2, O5).
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CRYPTO_SHA256_BYTES      32
#define CRYPTO_HMAC_SHA512_BYTES 64

struct hmac_key;

/* Fetches algorithms once; call in main before threads. */
bool crypto_start(struct err *err) MUST_CHECK;
void crypto_stop(void);

/* An HMAC-SHA512 key over these bytes; NULL when OpenSSL refuses. */
struct hmac_key *hmac_key_create(const void *key, size_t len, struct err *err) MUST_CHECK;
void hmac_key_destroy(struct hmac_key *key);
/* The same for the same key whenever it is made; never shown, as it is made from the key alone. */
uint64_t hmac_key_mark(const struct hmac_key *key);
bool hmac_sign(const struct hmac_key *key, const void *bytes, size_t len,
        uint8_t mac[CRYPTO_HMAC_SHA512_BYTES]) MUST_CHECK;

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

#endif
