/* SPDX-License-Identifier: MIT */
/*
 * Any sealed record and any value sealed under a master key: it opens in its own place alone, and
 * with no bit changed. The first byte says which bit.
 */
#include "tests/fuzz/target.h"

#include "server/base/envelope.h"
#include "server/base/key_ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT "secrets/default/okta.api_token/1/https://acme.okta.com"

static const uint8_t KEY[CRYPTO_KEY_BYTES] = {1, 2, 3};
static struct key_ring *ring;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (!crypto_start(NULL)) {
		return 1;
	}
	ring = key_ring_random(NULL);
	return ring != NULL ? 0 : 1;
}

static void check_envelope(uint8_t *sealed, size_t size, size_t bit, uint8_t *plain)
{
	if (!envelope_open(KEY, CONTEXT, sealed, size, plain, NULL)) {
		return;
	}
	assert(size >= ENVELOPE_OVERHEAD_BYTES);
	assert(!envelope_open(KEY, "secrets/default/okta.api_token/2", sealed, size, plain, NULL));
	sealed[bit / 8 % size] ^= (uint8_t)(1 << bit % 8);
	assert(!envelope_open(KEY, CONTEXT, sealed, size, plain, NULL));
}

/* Nobody has this ring's key: only what it sealed itself opens. */
static void check_ring(const uint8_t *text, size_t size, size_t bit)
{
	uint8_t *sealed = malloc(size + KEY_RING_OVERHEAD_BYTES);
	uint8_t *plain = malloc(size + 1);
	if (sealed != NULL && plain != NULL) {
		size_t len = size + KEY_RING_OVERHEAD_BYTES;
		assert(!key_ring_open(ring, CONTEXT, text, size, plain, NULL));
		assert(key_ring_seal(ring, CONTEXT, text, size, sealed, NULL));
		assert(key_ring_open(ring, CONTEXT, sealed, len, plain, NULL));
		assert(memcmp(plain, text, size) == 0);
		sealed[bit / 8 % len] ^= (uint8_t)(1 << bit % 8);
		assert(!key_ring_open(ring, CONTEXT, sealed, len, plain, NULL));
	}
	free(sealed);
	free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2) {
		return 0;
	}
	size_t bit = data[0] * (size_t)37;
	uint8_t *copy = malloc(size);
	uint8_t *plain = malloc(size);
	if (copy != NULL && plain != NULL) {
		memcpy(copy, data + 1, size - 1);
		check_envelope(copy, size - 1, bit, plain);
		check_ring(data + 1, size - 1, bit);
	}
	free(copy);
	free(plain);
	return 0;
}
