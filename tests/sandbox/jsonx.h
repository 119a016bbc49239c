/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_JSONX_H
#define TESTS_SANDBOX_JSONX_H

/*
 * Short forms over jansson for objects of optional members. A setter that fails ends the process.
 * Borrowed results live as long as the object.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/sandbox/util.h"

/* The member's text, or NULL when it is absent or no string. */
const char *jsonx_text(const json_t *object, const char *key);
const char *jsonx_text_or(const json_t *object, const char *key, const char *other);
/* Integer or real; the other value when absent or no number. */
int64_t jsonx_int(const json_t *object, const char *key, int64_t other);
double jsonx_real(const json_t *object, const char *key, double other);
/* True only for JSON true; `other` when absent. */
bool jsonx_is(const json_t *object, const char *key, bool other);
/* True when the array holds exactly this string. */
bool jsonx_has(const json_t *array, const char *text);

/* Set members; `take` steals the reference. */
void jsonx_take(json_t *object, const char *key, json_t *value);
void jsonx_set(json_t *object, const char *key, json_t *value);
void jsonx_set_text(json_t *object, const char *key, const char *text);
void jsonx_set_int(json_t *object, const char *key, int64_t value);
void jsonx_set_is(json_t *object, const char *key, bool value);
void jsonx_push(json_t *array, json_t *stolen);

/* Parses bytes; NULL when they are no JSON. */
json_t *jsonx_parse(const char *text, size_t length);
/* Compact text; the caller frees. */
char *jsonx_dump(const json_t *value);

#endif
