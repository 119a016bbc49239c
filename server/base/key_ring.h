/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_KEY_RING_H
#define SERVER_BASE_KEY_RING_H

/*
 * Master keys: what protects secrets at rest (D10) and the audit chain, and is
 * never in the database. They come from the key file (--key-file; without it
 * "master-key" beside the store, made at the first start with mode 0600): one
 * line a version, "VERSION:BASE64 of 32 bytes", highest version last and in
 * use; older ones still open what they sealed, until it was sealed again. Lines
 * that begin with # are remarks. Only the process's user or root may own the
 * file, and nobody else may read it (of root's also the process's group may).
 *
 * What is sealed is VERSION, nonce, AES-256-GCM ciphertext and tag (12 and 16
 * bytes). The context (AAD) says what and where it is, so that two rows cannot
 * be swapped and an older value cannot take a newer one's place.
 *
 * Any thread: all of it locks. Whoever changes the keys, or seals first with
 * keys made here, holds up the others for as long as the file is written.
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_RING_KEY_BYTES      32
#define KEY_RING_VERSIONS_MAX   16
#define KEY_RING_OVERHEAD_BYTES (4 + 12 + 16) /* what sealing adds */

struct key_ring;

enum key_ring_missing { KEY_RING_MUST_EXIST, KEY_RING_CREATE };

/*
 * Loads a key file, or makes one: a made one is written (durably) when it first seals, so that a
 * start that is refused leaves no wrong file behind. ERR_IO, ERR_SETTINGS_INVALID name file, line
 * and mend.
 */
struct key_ring *key_ring_load(
        const char *path, enum key_ring_missing missing, struct err *err) MUST_CHECK;
/* A ring of one random key that no file holds: for tests and drills. */
struct key_ring *key_ring_random(struct err *err) MUST_CHECK;
void key_ring_destroy(struct key_ring *ring);
/* The key file's path; "" for a ring that has none. Borrowed. */
const char *key_ring_path(const struct key_ring *ring);
/* No file was there when it was loaded: this process made it, or will at the first sealing. */
bool key_ring_is_made_here(const struct key_ring *ring);
/* ... and it has not sealed yet, so that the file is not there. */
bool key_ring_is_unsaved(struct key_ring *ring);

/* Reads the file again; versions in use before stay. */
bool key_ring_reload(struct key_ring *ring, struct err *err) MUST_CHECK;
/* Adds a random version as the newest, durable before it is used (new file, fsync, rename). */
bool key_ring_add(struct key_ring *ring, struct err *err) MUST_CHECK;
/* Removes all versions but the newest from file and memory. */
bool key_ring_keep_newest(struct key_ring *ring, struct err *err) MUST_CHECK;
uint32_t key_ring_newest(struct key_ring *ring);
/* The versions it has, lowest first; how many. */
size_t key_ring_versions(struct key_ring *ring, uint32_t versions[KEY_RING_VERSIONS_MAX]);

/* sealed has room for len + KEY_RING_OVERHEAD_BYTES. */
bool key_ring_seal(struct key_ring *ring, const char *context, const void *plain, size_t len,
        uint8_t *sealed, struct err *err) MUST_CHECK;
/*
 * plain has room for sealed_len - KEY_RING_OVERHEAD_BYTES, which is how much is written.
 * ERR_NOT_FOUND: the ring has not that version; ERR_CONFLICT: changed, or of another context.
 */
bool key_ring_open(struct key_ring *ring, const char *context, const uint8_t *sealed,
        size_t sealed_len, void *plain, struct err *err) MUST_CHECK;
/* The version a sealed value was sealed under; 0: not a sealed value. */
uint32_t key_ring_version_of(const uint8_t *sealed, size_t sealed_len);

#endif
