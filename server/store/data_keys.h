/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_DATA_KEYS_H
#define SERVER_STORE_DATA_KEYS_H

/*
 * Data keys: random, one a purpose, kept in the store sealed under a master key
 * (server/base/key_ring.h), so that a stolen database opens nothing and a new
 * master key only seals these few again. They are loaded or made when the store
 * opens; ERR_STORE_FAILED then means the key file is not the one this store was
 * made with, and says so.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/key_ring.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

enum data_key {
	DATA_KEY_AUDIT, /* the MAC of the audit chain */
	DATA_KEY_PSEUDONYM, /* names people in logs and tombstones */
	DATA_KEY_SECRETS, /* seals secrets entered by an administrator */
	DATA_KEY_PERSON, /* seals the keys of single people */
	DATA_KEY_COUNT
};

/* Copies the key out; the caller wipes it. Any thread. */
void store_data_key(struct store *store, enum data_key purpose, uint8_t key[KEY_RING_KEY_BYTES]);

struct store_keys {
	char path[1024]; /* of the key file; "": none */
	uint32_t versions[KEY_RING_VERSIONS_MAX]; /* of the master key, lowest first */
	size_t version_count;
	uint32_t sealed_under_oldest; /* what the data keys need, at least and at most */
	uint32_t sealed_under_newest;
	int64_t sealed_at_ms; /* the last time */
};
bool store_keys_status(struct store *store, struct store_keys *keys, struct err *err) MUST_CHECK;
/*
 * A newer master key, while everything goes on: takes one that an administrator added to the key
 * file, or adds one, and seals the data keys again. Older ones stay in the file. Killed anywhere,
 * all is readable, and calling it again ends it. ERR_CONFLICT: somebody else is at it.
 */
bool store_keys_rotate(struct store *store, const char *by, struct err *err) MUST_CHECK;
/*
 * Takes the older master keys out of the key file; ERR_CONFLICT while a data key needs one of
 * them. Backups from before the rotation need them as well.
 */
bool store_keys_finish(struct store *store, const char *by, struct err *err) MUST_CHECK;

#endif
