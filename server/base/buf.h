/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_BUF_H
#define SERVER_BASE_BUF_H

/*
 * A growable byte buffer that cannot be made without a maximum. The bytes are
 * always followed by a NUL that does not count. One thread at a time. A failed
 * add (over the maximum, out of memory) leaves the content as it was and sets
 * `failed`, so that a chain of adds may be checked once at the end.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data; /* NULL while empty */
	size_t len;
	size_t capacity;
	size_t max;
	bool failed;
};

void buf_init(struct buf *buf, size_t max_bytes);
/* Frees the bytes; the buffer may be used again with the same maximum. */
void buf_finish(struct buf *buf);
/* As buf_finish, and overwrites the bytes first. For secrets. */
void buf_wipe(struct buf *buf);
/* Forgets the content and the failure, keeps the memory. */
void buf_clear(struct buf *buf);

bool buf_add(struct buf *buf, const void *bytes, size_t len);
bool buf_add_text(struct buf *buf, const char *text);
bool buf_add_char(struct buf *buf, char c);
bool buf_add_format(struct buf *buf, const char *format, ...) PRINTF(2, 3);
/* Percent-encodes every byte but RFC 3986 unreserved ones. */
bool buf_add_url(struct buf *buf, const char *text);
/* Adds text as a JSON string with its quotes; text must be UTF-8. */
bool buf_add_json_string(struct buf *buf, const char *text);

/* The content as a string: "" while empty. Valid until the next change. */
const char *buf_text(const struct buf *buf);
/* Hands the bytes to the caller, who frees them; NULL if empty or failed. */
char *buf_take(struct buf *buf);

#endif
