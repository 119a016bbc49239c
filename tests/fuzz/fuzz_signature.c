/* SPDX-License-Identifier: MIT */
/* Any Bob-Signature (first line) over any body: it counts if and only if it is the one text. */
#include "tests/fuzz/target.h"

#include "server/base/str.h"
#include "server/intake/signature.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SECRET "test-bob-webhook-secret"

static struct hmac_key *key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!crypto_start(NULL)) {
		return 1;
	}
	key = hmac_key_create(SECRET, strlen(SECRET), NULL);
	return key != NULL ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = size > 0 ? memchr(data, '\n', size) : NULL;
	if (end == NULL) {
		return 0;
	}
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	size_t body_len = size - (size_t)(end - data) - 1;
	const struct hmac_key *const keys[] = {key};
	char *header = str_dup_len((const char *)data, (size_t)(end - data));
	char *right =
	        hmac_sign(key, end + 1, body_len, mac) ? base64_encode(mac, sizeof(mac)) : NULL;
	if (header != NULL && right != NULL) {
		size_t len = 0;
		const char *given = str_trim(header, &len);
		bool is_right = len == strlen(right) && memcmp(given, right, len) == 0;
		unsigned found = intake_signature_verify(keys, 1, header, end + 1, body_len);
		assert(found == (is_right ? 1U : 0U));
		assert(intake_signature_verify(keys, 1, right, end + 1, body_len) == 1U);
	}
	free(header);
	free(right);
	return 0;
}
