/* SPDX-License-Identifier: MIT */
#include "server/base/key_ring.h"

#include "server/base/buf.h"
#include "server/base/crypto.h"
#include "server/base/durable_file.h"
#include "server/base/guarded.h"
#include "server/base/key_file.h"
#include "server/base/str.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_BYTES 4
#define HEAD_BYTES    (VERSION_BYTES + CRYPTO_NONCE_BYTES)

_Static_assert(KEY_RING_OVERHEAD_BYTES == HEAD_BYTES + CRYPTO_TAG_BYTES, "what sealing adds");

struct key_ring {
	char *path; /* NULL: no file holds it */
	bool is_made_here;
	pthread_mutex_t mutex;
	/* protected by mutex: */
	bool is_unsaved; /* made here, and not written yet */
	struct key_file *keys; /* guarded memory */
};

/* ------------------------------------------------------------ made and gone */

static struct key_ring *create(const char *path, struct err *err)
{
	struct key_ring *ring = calloc(1, sizeof(*ring));
	if (ring == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for master keys");
		return NULL;
	}
	ring->path = str_dup(path);
	ring->keys = guarded_alloc(sizeof(*ring->keys));
	pthread_mutex_init(&ring->mutex, NULL);
	if (ring->keys == NULL || (path != NULL && ring->path == NULL)) {
		err_set(err, ERR_NO_MEMORY, "no memory for master keys");
		key_ring_destroy(ring);
		return NULL;
	}
	return ring;
}

void key_ring_destroy(struct key_ring *ring)
{
	if (ring != NULL) {
		guarded_free(ring->keys, sizeof(*ring->keys));
		pthread_mutex_destroy(&ring->mutex);
		free(ring->path);
		free(ring);
	}
}

/* A random key as the newest version, in memory only. */
static bool make_version(struct key_file *keys, struct err *err)
{
	uint32_t newest = keys->count > 0 ? keys->items[keys->count - 1].version : 0;
	if (keys->count == KEY_RING_VERSIONS_MAX || newest == UINT32_MAX) {
		err_set(err, ERR_CONFLICT,
		        "the key file has %zu versions already: remove old ones first with"
		        " bob2okta key rotate --finish",
		        keys->count);
		return false;
	}
	struct key_file_item *item = &keys->items[keys->count];
	if (!crypto_random(item->key, sizeof(item->key), err)) {
		return false;
	}
	item->version = newest + 1;
	keys->count++;
	return true;
}

struct key_ring *key_ring_random(struct err *err)
{
	struct key_ring *ring = create(NULL, err);
	if (ring != NULL && !make_version(ring->keys, err)) {
		key_ring_destroy(ring);
		return NULL;
	}
	return ring;
}

struct key_ring *key_ring_load(const char *path, enum key_ring_missing missing, struct err *err)
{
	struct key_ring *ring = create(path, err);
	if (ring == NULL) {
		return NULL;
	}
	struct err cause = ERR_INIT;
	bool done = key_file_read(path, ring->keys, &cause);
	if (!done && cause.code == ERR_NOT_FOUND && missing == KEY_RING_CREATE) {
		ring->is_made_here = true;
		ring->is_unsaved = true;
		done = make_version(ring->keys, err);
	} else if (!done) {
		err_set(err, cause.code == ERR_NOT_FOUND ? ERR_IO : cause.code, "%s", cause.text);
	}
	if (!done) {
		key_ring_destroy(ring);
		return NULL;
	}
	return ring;
}

const char *key_ring_path(const struct key_ring *ring)
{
	return ring->path != NULL ? ring->path : "";
}

bool key_ring_is_made_here(const struct key_ring *ring)
{
	return ring->is_made_here;
}

bool key_ring_is_unsaved(struct key_ring *ring)
{
	pthread_mutex_lock(&ring->mutex);
	bool is_unsaved = ring->is_unsaved;
	pthread_mutex_unlock(&ring->mutex);
	return is_unsaved;
}

/* ------------------------------------------------------------------ changes */

/* Works on a copy, which takes the keys' place when its file is durable. */
static bool change(struct key_ring *ring, bool (*edit)(struct key_file *keys, struct err *err),
        struct err *err)
{
	struct key_file *edited = guarded_alloc(sizeof(*edited));
	if (edited == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for master keys");
		return false;
	}
	pthread_mutex_lock(&ring->mutex);
	*edited = *ring->keys;
	bool done = edit(edited, err) &&
	        (ring->path == NULL || key_file_write(ring->path, edited, err));
	if (done) {
		*ring->keys = *edited;
		ring->is_unsaved = false;
	}
	pthread_mutex_unlock(&ring->mutex);
	guarded_free(edited, sizeof(*edited));
	return done;
}

bool key_ring_add(struct key_ring *ring, struct err *err)
{
	return change(ring, make_version, err);
}

static bool drop_older(struct key_file *keys, struct err *err)
{
	(void)err;
	keys->items[0] = keys->items[keys->count - 1];
	crypto_wipe(&keys->items[1], sizeof(keys->items) - sizeof(keys->items[0]));
	keys->count = 1;
	return true;
}

bool key_ring_keep_newest(struct key_ring *ring, struct err *err)
{
	return change(ring, drop_older, err);
}

/* What the file says, and those of before that it does not say any more. */
static bool merge(struct key_file *read, const struct key_file *before, struct err *err)
{
	for (size_t i = 0; i < before->count; i++) {
		if (!key_file_insert(read, &before->items[i])) {
			err_set(err, ERR_SETTINGS_INVALID,
			        "version %u of the key file is another key than it was, or there"
			        " are more than %d versions: a new key needs a new version",
			        before->items[i].version, KEY_RING_VERSIONS_MAX);
			return false;
		}
	}
	return true;
}

bool key_ring_reload(struct key_ring *ring, struct err *err)
{
	struct key_file *read = guarded_alloc(sizeof(*read));
	struct err cause = ERR_INIT;
	if (read == NULL || ring->path == NULL) {
		err_set(err, ERR_INTERNAL, "there is no key file to read again");
		guarded_free(read, sizeof(*read));
		return false;
	}
	pthread_mutex_lock(&ring->mutex);
	bool done = ring->is_unsaved ||
	        (key_file_read(ring->path, read, &cause) && merge(read, ring->keys, &cause));
	if (done && !ring->is_unsaved) {
		*ring->keys = *read;
	}
	pthread_mutex_unlock(&ring->mutex);
	guarded_free(read, sizeof(*read));
	if (!done) {
		err_set(err, cause.code == ERR_NOT_FOUND ? ERR_IO : cause.code, "%s", cause.text);
	}
	return done;
}

uint32_t key_ring_newest(struct key_ring *ring)
{
	pthread_mutex_lock(&ring->mutex);
	uint32_t version = ring->keys->items[ring->keys->count - 1].version;
	pthread_mutex_unlock(&ring->mutex);
	return version;
}

size_t key_ring_versions(struct key_ring *ring, uint32_t versions[KEY_RING_VERSIONS_MAX])
{
	pthread_mutex_lock(&ring->mutex);
	size_t count = ring->keys->count;
	for (size_t i = 0; i < count; i++) {
		versions[i] = ring->keys->items[i].version;
	}
	pthread_mutex_unlock(&ring->mutex);
	return count;
}

/* ---------------------------------------------------------- sealed and open */

/* The newest key, which is in its file by then. */
static bool key_for_sealing(struct key_ring *ring, struct key_file_item *item, struct err *err)
{
	pthread_mutex_lock(&ring->mutex);
	bool done = !ring->is_unsaved || key_file_write(ring->path, ring->keys, err);
	if (done) {
		ring->is_unsaved = false;
		*item = ring->keys->items[ring->keys->count - 1];
	}
	pthread_mutex_unlock(&ring->mutex);
	return done;
}

static bool key_of_version(struct key_ring *ring, uint32_t version, struct key_file_item *item)
{
	bool is_found = false;
	pthread_mutex_lock(&ring->mutex);
	for (size_t i = 0; i < ring->keys->count && !is_found; i++) {
		is_found = ring->keys->items[i].version == version;
		*item = ring->keys->items[i];
	}
	pthread_mutex_unlock(&ring->mutex);
	return is_found;
}

static void put_version(uint8_t *to, uint32_t version)
{
	for (size_t i = 0; i < VERSION_BYTES; i++) {
		to[i] = (uint8_t)(version >> (8 * (VERSION_BYTES - 1 - i)));
	}
}

uint32_t key_ring_version_of(const uint8_t *sealed, size_t sealed_len)
{
	if (sealed == NULL || sealed_len < KEY_RING_OVERHEAD_BYTES) {
		return 0;
	}
	return (uint32_t)sealed[0] << 24 | (uint32_t)sealed[1] << 16 | (uint32_t)sealed[2] << 8 |
	        (uint32_t)sealed[3];
}

bool key_ring_seal(struct key_ring *ring, const char *context, const void *plain, size_t len,
        uint8_t *sealed, struct err *err)
{
	struct key_file_item item;
	if (!key_for_sealing(ring, &item, err)) {
		return false;
	}
	const struct crypto_seal seal = {.key = item.key,
	        .nonce = sealed + VERSION_BYTES,
	        .bound = context,
	        .bound_len = strlen(context)};
	put_version(sealed, item.version);
	bool done = crypto_random(sealed + VERSION_BYTES, CRYPTO_NONCE_BYTES, err) &&
	        crypto_seal(&seal, plain, len, sealed + HEAD_BYTES, err);
	crypto_wipe(&item, sizeof(item));
	return done;
}

bool key_ring_open(struct key_ring *ring, const char *context, const uint8_t *sealed,
        size_t sealed_len, void *plain, struct err *err)
{
	struct key_file_item item;
	uint32_t version = key_ring_version_of(sealed, sealed_len);
	if (version == 0) {
		err_set(err, ERR_CONFLICT, "sealed bytes are not what was sealed here");
		return false;
	}
	if (!key_of_version(ring, version, &item)) {
		crypto_wipe(&item, sizeof(item));
		err_set(err, ERR_NOT_FOUND, "version %u of the master key is not in the key file",
		        version);
		return false;
	}
	const struct crypto_seal seal = {.key = item.key,
	        .nonce = sealed + VERSION_BYTES,
	        .bound = context,
	        .bound_len = strlen(context)};
	bool done = crypto_open(&seal, sealed + HEAD_BYTES, sealed_len - HEAD_BYTES, plain, err);
	crypto_wipe(&item, sizeof(item));
	return done;
}
