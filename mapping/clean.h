/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_CLEAN_H
#define MAPPING_CLEAN_H

/*
 * The one way texts are made fit for an Okta profile, wherever they come from:
 * trimmed, line breaks and tabs as one space, without control characters and
 * without characters that take four bytes of UTF-8, which Okta cannot store.
 */

#include "server/base/attr.h"

#include <jansson.h>
#include <stddef.h>

/* The text cleaned; "" when nothing is left. Caller frees; NULL when out of memory. */
char *clean_text(const char *text, size_t len) MUST_CHECK;
/*
 * The same for a JSON text; JSON null when nothing is left. New reference, to the text itself
 * where there is nothing to clean; NULL when out of memory.
 */
json_t *clean_string(json_t *text) MUST_CHECK;
/*
 * A copy of a value with its texts cleaned; in a list, null and what is empty
 * are left out. JSON null for null, an empty text and an empty list. New
 * reference; NULL when out of memory.
 */
json_t *clean_value(const json_t *value) MUST_CHECK;

#endif
