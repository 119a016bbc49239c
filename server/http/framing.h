/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_FRAMING_H
#define SERVER_HTTP_FRAMING_H

/*
 * The judge of a request's headers, before anything is done with it (H4, H5,
 * engine rule 17): where two readers of the same bytes could disagree about
 * where the request ends or whom it is for, the answer is 400 and close. Fed
 * header by header; knows nothing of libmicrohttpd. Pure.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAMING_HEADERS_MAX       64
#define FRAMING_HEADERS_MAX_BYTES (16 * 1024)

struct framing {
	const char *complaint; /* static; the first one; NULL: nothing to object to */
	uint64_t content_length; /* 0 without the header */
	bool is_too_long; /* the complaint is that there are too many headers */
	bool has_content_length;
	bool is_chunked;
	unsigned headers;
	size_t header_bytes;
	unsigned seen; /* bit per header that may come only once */
};

void framing_init(struct framing *framing);
void framing_add(struct framing *framing, const char *name, const char *value, size_t value_len);
/* After the last header: what must be there, what must not stand together. */
void framing_end(struct framing *framing, const char *version);
/* True when bytes of a body follow the headers. */
bool framing_has_body(const struct framing *framing);

#endif
