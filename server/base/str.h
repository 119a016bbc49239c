/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_STR_H
#define SERVER_BASE_STR_H

/* Text helpers; pure, any thread. Truncation is always reported, never silent. */

#include "server/base/attr.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Formats into a fixed buffer; false (and an empty string) when it did not fit. */
bool str_format(char *to, size_t size, const char *format, ...) PRINTF(3, 4) MUST_CHECK;
/* Formats and cuts at the end of a whole UTF-8 character when it does not fit. */
void str_format_cut(char *to, size_t size, const char *format, ...) PRINTF(3, 4);
void str_vformat_cut(char *to, size_t size, const char *format, va_list args) PRINTF(3, 0);
/* Copies into a fixed buffer; false (and an empty string) when it did not fit or text is NULL. */
bool str_copy(char *to, size_t size, const char *text) MUST_CHECK;
/* A copy on the heap; NULL for NULL or out of memory. Caller frees. */
char *str_dup(const char *text);
char *str_dup_len(const char *text, size_t len);

/* Comparing. NULL is equal only to NULL. Folding is ASCII only. */
bool str_equal(const char *a, const char *b);
bool str_equal_fold(const char *a, const char *b);
bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with_fold(const char *text, const char *suffix);
bool str_is_empty(const char *text); /* NULL, "" or only white space */
const char *str_or_empty(const char *text); /* "" in the place of NULL */

/* Lower-cases ASCII in place. */
void str_fold(char *text);
/* True for 1..max_len ASCII digits. */
bool str_is_digits(const char *text, size_t max_len);
/* True for 1..max_len characters of [A-Za-z0-9] and of extra. */
bool str_is_word(const char *text, size_t max_len, const char *extra);
bool str_is_utf8(const char *bytes, size_t len);
/* Bytes of the UTF-8 character at the start; 0 if there is none or it is malformed. */
size_t str_utf8_step(const char *bytes, size_t len);
/* Whole decimal int64, nothing around it. */
bool str_to_int64(const char *text, int64_t *value) MUST_CHECK;
/* Skips leading white space and returns the length without trailing white space. */
const char *str_trim(const char *text, size_t *len);

/* Lower-case hex; `to` needs 2 * len + 1 bytes. */
void str_hex(char *to, const uint8_t *bytes, size_t len);

#endif
