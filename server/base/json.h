/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_JSON_H
#define SERVER_BASE_JSON_H

/*
 * What we add to jansson: one strict way to parse outside bytes, and readers
 * that never fail. Outside input: duplicate keys refused (J1), depth at most
 * JSON_DEPTH_MAX (J5), length given (J7). A json_t belongs to one thread (J4).
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <jansson.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 32

/* New reference, or NULL with ERR_BAD_JSON naming line and column. */
json_t *json_parse(const char *bytes, size_t len, struct err *err) MUST_CHECK;

/* Compact text with sorted keys; caller frees; NULL when out of memory. */
char *json_format(const json_t *json) MUST_CHECK;

/* Borrowed readers; NULL (or the fallback) when the key is absent or of another type. */
const char *json_get_text(const json_t *object, const char *key);
int64_t json_get_int(const json_t *object, const char *key, int64_t fallback);
bool json_get_bool(const json_t *object, const char *key, bool fallback);
/* Follows a dotted path ("work.site") through objects; borrowed, NULL if a part is missing. */
json_t *json_get_path(const json_t *object, const char *dotted_path);

/* An id as text, whether it came as a string or an integer; false for anything else. */
bool json_id_text(const json_t *json, char *to, size_t size) MUST_CHECK;

#endif
