/* SPDX-License-Identifier: MIT */
#include "server/base/envelope.h"

#include "server/base/str.h"

#include <string.h>

#define FORMAT      1
#define KEY_AT      1
#define WRAPPED_AT  (KEY_AT + CRYPTO_NONCE_BYTES)
#define NONCE_AT    (WRAPPED_AT + CRYPTO_KEY_BYTES + CRYPTO_TAG_BYTES)
#define CONTENT_AT  (NONCE_AT + CRYPTO_NONCE_BYTES)
#define BOUND_BYTES (ENVELOPE_CONTEXT_BYTES + 16)

_Static_assert(ENVELOPE_OVERHEAD_BYTES == CONTENT_AT + CRYPTO_TAG_BYTES, "what sealing adds");

/* What is bound to: a wrapped key and a content never stand for one another. */
static bool bind(char to[BOUND_BYTES], const char *what, const char *context, struct err *err)
{
	if (strlen(context) >= ENVELOPE_CONTEXT_BYTES ||
	        !str_format(to, BOUND_BYTES, "%s/%s", what, context)) {
		err_set(err, ERR_INTERNAL, "the context of a sealed record is too long");
		return false;
	}
	return true;
}

bool envelope_seal(const uint8_t key[CRYPTO_KEY_BYTES], const char *context, const void *plain,
        size_t len, uint8_t *sealed, struct err *err)
{
	char key_bound[BOUND_BYTES];
	char bound[BOUND_BYTES];
	uint8_t record_key[CRYPTO_KEY_BYTES];
	if (!bind(key_bound, "key", context, err) || !bind(bound, "content", context, err) ||
	        !crypto_random(record_key, sizeof(record_key), err)) {
		return false;
	}
	const struct crypto_seal wrap = {key, sealed + KEY_AT, key_bound, strlen(key_bound)};
	const struct crypto_seal content = {record_key, sealed + NONCE_AT, bound, strlen(bound)};
	sealed[0] = FORMAT;
	bool done = crypto_random(sealed + KEY_AT, CRYPTO_NONCE_BYTES, err) &&
	        crypto_random(sealed + NONCE_AT, CRYPTO_NONCE_BYTES, err) &&
	        crypto_seal(&wrap, record_key, sizeof(record_key), sealed + WRAPPED_AT, err) &&
	        crypto_seal(&content, plain, len, sealed + CONTENT_AT, err);
	crypto_wipe(record_key, sizeof(record_key));
	return done;
}

bool envelope_open(const uint8_t key[CRYPTO_KEY_BYTES], const char *context, const uint8_t *sealed,
        size_t sealed_len, void *plain, struct err *err)
{
	char key_bound[BOUND_BYTES];
	char bound[BOUND_BYTES];
	uint8_t record_key[CRYPTO_KEY_BYTES];
	if (!bind(key_bound, "key", context, err) || !bind(bound, "content", context, err)) {
		return false;
	}
	if (sealed_len < ENVELOPE_OVERHEAD_BYTES || sealed[0] != FORMAT) {
		err_set(err, ERR_CONFLICT, "sealed bytes are not what was sealed here");
		return false;
	}
	const struct crypto_seal wrap = {key, sealed + KEY_AT, key_bound, strlen(key_bound)};
	const struct crypto_seal content = {record_key, sealed + NONCE_AT, bound, strlen(bound)};
	bool done =
	        crypto_open(&wrap, sealed + WRAPPED_AT, NONCE_AT - WRAPPED_AT, record_key, err) &&
	        crypto_open(&content, sealed + CONTENT_AT, sealed_len - CONTENT_AT, plain, err);
	crypto_wipe(record_key, sizeof(record_key));
	return done;
}
