/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_CLOCK_H
#define SERVER_BASE_CLOCK_H

/*
 * The only reader of the system's clocks. Wall time is Unix time in
 * milliseconds and is for records, dates and talking to others; monotonic time
 * is for deadlines and measuring. The two never share a variable. Any thread.
 */

#include "server/base/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLOCK_TEXT_BYTES 32 /* "2026-11-23T19:00:00.000Z" and a NUL */

int64_t clock_wall_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* "2026-11-23T19:00:00.000Z"; `to` needs CLOCK_TEXT_BYTES. */
void clock_format(char *to, int64_t wall_ms);

/* A civil date as days since 1970-01-01 (proleptic Gregorian). */
bool date_parse(const char *text, int32_t *days) MUST_CHECK; /* exactly YYYY-MM-DD */
void date_format(char *to, int32_t days); /* CLOCK_TEXT_BYTES */
int32_t date_of_ms(int64_t wall_ms); /* the UTC date */

/*
 * Parses an ISO 8601 date-time with optional fraction and optional Z or
 * offset; without one it is read as UTC (Bob's triggeredAt has none, bob.md
 * 1.2). False for anything else.
 */
bool time_parse(const char *text, int64_t *wall_ms) MUST_CHECK;

/* RFC 9110 IMF-fixdate ("Mon, 23 Nov 2026 19:00:00 GMT"), as in a Date header. */
bool time_parse_http(const char *text, int64_t *wall_ms) MUST_CHECK;

#endif
