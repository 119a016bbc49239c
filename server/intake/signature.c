/* SPDX-License-Identifier: MIT */
#include "server/intake/signature.h"

#include "server/base/str.h"

#include <string.h>

/* 64 bytes in Base64: decoded in the place of a header of another length, for the same work. */
static const char STAND_IN[] =
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAA==";

/* O4: exactly 64 bytes, so that a truncated tag can never be compared. */
static bool decode(const char *header, uint8_t mac[CRYPTO_HMAC_SHA512_BYTES])
{
	const char *text = header != NULL ? header : "";
	size_t len = strlen(text);
	text = str_trim(text, &len);
	bool has_length = len == sizeof(STAND_IN) - 1;
	bool is_decoded = base64_decode_exact(
	        has_length ? text : STAND_IN, sizeof(STAND_IN) - 1, mac, CRYPTO_HMAC_SHA512_BYTES);
	return is_decoded && has_length;
}

unsigned intake_signature_verify(const struct hmac_key *const *keys, size_t count,
        const char *header, const void *body, size_t body_len)
{
	uint8_t claimed[CRYPTO_HMAC_SHA512_BYTES] = {0};
	bool is_decoded = decode(header, claimed);
	unsigned matches = 0;
	for (size_t i = 0; i < count; i++) {
		uint8_t own[CRYPTO_HMAC_SHA512_BYTES] = {0};
		bool is_signed = hmac_sign(keys[i], body, body_len, own);
		bool is_equal = crypto_equal(own, claimed, sizeof(own));
		matches |= ((unsigned)is_signed & (unsigned)is_equal) << i;
	}
	return is_decoded ? matches : 0;
}
