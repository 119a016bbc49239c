/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_KEY_FILE_H
#define SERVER_BASE_KEY_FILE_H

/*
 * The key file as text (server/base/key_ring.h says how it looks). Parsing is
 * pure; reading and writing block on the disk. What these fill holds keys: it
 * lies in guarded memory, or is wiped after use.
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/key_ring.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_FILE_MAX_BYTES 8192

struct key_file_item {
	uint32_t version; /* from 1 */
	uint8_t key[KEY_RING_KEY_BYTES];
};

struct key_file {
	struct key_file_item items[KEY_RING_VERSIONS_MAX]; /* lowest version first */
	size_t count; /* never 0 after reading */
};

/* ERR_SETTINGS_INVALID names the line. keys comes in any state. */
bool key_file_parse(
        const char *text, size_t len, struct key_file *keys, struct err *err) MUST_CHECK;
/* In its order; false: there is no room, or that version is another key. */
bool key_file_insert(struct key_file *keys, const struct key_file_item *item) MUST_CHECK;

/* ERR_NOT_FOUND: there is no such file; ERR_IO also when others may read it. */
bool key_file_read(const char *path, struct key_file *keys, struct err *err) MUST_CHECK;
/* Durable when it returns true. */
bool key_file_write(const char *path, const struct key_file *keys, struct err *err) MUST_CHECK;

#endif
