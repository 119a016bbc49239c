/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_ERR_H
#define SERVER_BASE_ERR_H

/*
 * The one error shape: a caller-owned struct err with a code of the registry
 * (errors.def) and a sentence. The first error wins: setting one that is set
 * already changes nothing. Every function that takes a struct err * accepts
 * NULL. Deep code fills it in and never logs; the holder of the context logs
 * once. The text holds no personal data and no secrets. Any thread.
 */

#include "server/base/attr.h"

#include <stdbool.h>

#define ERR_TEXT_MAX_BYTES 512

enum err_code {
	ERR_OK = 0,
#define ERROR(symbol, code, http_status, retry, hint) ERR_##symbol,
#include "server/base/errors.def"
#undef ERROR
	ERR_COUNT
};

enum err_retry { ERR_RETRY_NONE, ERR_RETRY_SOFT, ERR_RETRY_LATER };

struct err {
	enum err_code code;
	char text[ERR_TEXT_MAX_BYTES];
};

/* A struct err that holds no error. */
#define ERR_INIT ((struct err){.code = ERR_OK})

/* Records an error unless one is recorded; over-long text is cut. */
void err_set(struct err *err, enum err_code code, const char *format, ...) PRINTF(3, 4);

/* Puts "context: " in front of a recorded text; no-op while no error is set. */
void err_prefix(struct err *err, const char *format, ...) PRINTF(2, 3);

bool err_is_set(const struct err *err);
void err_clear(struct err *err);

/* Facts of the registry. Strings are static. */
const char *err_code_name(enum err_code code);
int err_code_http_status(enum err_code code);
enum err_retry err_code_retry(enum err_code code);
const char *err_code_hint(enum err_code code);

#endif
