/* SPDX-License-Identifier: MIT */
#ifndef SERVER_HTTP_URL_H
#define SERVER_HTTP_URL_H

/*
 * Percent-encoding in paths and query arguments. libmicrohttpd's own decoding
 * is switched off: it turns %00 into the end of the text (H16). Pure.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes len bytes into `to`. False for a broken escape, a control byte
 * (plain or escaped), bytes that are no UTF-8, or when it does not fit.
 */
bool url_decode(const char *text, size_t len, char *to, size_t size) MUST_CHECK;
/* True when a raw path starts with a slash, has only visible ASCII and decodes. */
bool url_path_is_clean(const char *path);

#endif
