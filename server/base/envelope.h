/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_ENVELOPE_H
#define SERVER_BASE_ENVELOPE_H

/*
 * A record that is sealed with a key of its own (S-01): a fresh random key for
 * each sealing, itself sealed under the caller's key, AES-256-GCM both. The
 * context (AAD) says which record it is, so that no other can take its place.
 *
 *   1 | nonce, record key, tag | nonce, ciphertext, tag
 *
 * Pure but for randomness; any thread.
 */

#include "server/base/attr.h"
#include "server/base/crypto.h"
#include "server/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENVELOPE_OVERHEAD_BYTES (1 + CRYPTO_KEY_BYTES + 2 * (CRYPTO_NONCE_BYTES + CRYPTO_TAG_BYTES))
#define ENVELOPE_CONTEXT_BYTES  640

/* sealed has room for len + ENVELOPE_OVERHEAD_BYTES. */
bool envelope_seal(const uint8_t key[CRYPTO_KEY_BYTES], const char *context, const void *plain,
        size_t len, uint8_t *sealed, struct err *err) MUST_CHECK;
/*
 * plain has room for sealed_len - ENVELOPE_OVERHEAD_BYTES, which is how much is written.
 * ERR_CONFLICT: changed, of another context, or under another key.
 */
bool envelope_open(const uint8_t key[CRYPTO_KEY_BYTES], const char *context, const uint8_t *sealed,
        size_t sealed_len, void *plain, struct err *err) MUST_CHECK;

#endif
