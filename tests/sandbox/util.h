/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_UTIL_H
#define TESTS_SANDBOX_UTIL_H

/*
 * The sandbox's own small helpers: memory that never fails (the process ends instead), bounded
 * formatting, times and dates, seeded random numbers, encodings. No state, any thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PRINTF(n, m) __attribute__((format(printf, n, m)))
#define MUST_CHECK   __attribute__((warn_unused_result))
#define COUNT(a)     (sizeof(a) / sizeof((a)[0]))

enum {
	UTIL_TIME_SIZE = 48,
	UTIL_DATE_SIZE = 16,
	UTIL_MS_PER_DAY = 86400000,
};

/* Zeroed memory; the process aborts when there is none. */
void *util_alloc(size_t bytes);
void *util_grow(void *old, size_t bytes);
char *util_dup(const char *text);
char *util_dup_n(const char *text, size_t length);

/* Formats into a fixed buffer; text that does not fit ends the process, it is a bug. */
void util_format(char *out, size_t size, const char *format, ...) PRINTF(3, 4);
/* The same on the heap; the caller frees. */
char *util_text(const char *format, ...) PRINTF(1, 2);

int64_t util_wall_ms(void);
int64_t util_wall_us(void);
/* Monotonic, for windows, lags and latencies. */
int64_t util_tick_ms(void);

/* 2026-11-23T19:00:00.000Z, whole seconds as Okta shows them. */
void util_time_okta(int64_t wall_ms, char out[UTIL_TIME_SIZE]);
/* 2026-11-23T19:00:00.123456, without a zone, as Bob writes them. */
void util_time_bob(int64_t wall_us, char out[UTIL_TIME_SIZE]);

/* Days since 1970-01-01 of YYYY-MM-DD; false when it is no such date. */
bool util_date_parse(const char *text, int64_t *days) MUST_CHECK;
void util_date_format(int64_t days, char out[UTIL_DATE_SIZE]);

/* splitmix64: the next number, or one below a limit, of the sequence that starts with *state. */
uint64_t util_random(uint64_t *state);
uint64_t util_random_below(uint64_t *state, uint64_t limit);
/* True with the given probability (0..1). */
bool util_chance(uint64_t *state, double probability);
/* Fills out with letters and digits and ends it; size includes the NUL. */
void util_random_name(uint64_t *state, char *out, size_t size);

char *util_base64(const void *data, size_t length);
/* Decodes in the strict alphabet; NULL when it is none. The result is also NUL-terminated. */
char *util_unbase64(const char *text, size_t *length);
void util_hex(const uint8_t *data, size_t length, char *out);
/* Percent-decodes a piece of a URL ('+' stays as it is, or is a space in a query). */
enum util_url { UTIL_URL_PATH, UTIL_URL_QUERY };
char *util_url_decode(const char *text, size_t length, enum util_url kind);
char *util_url_encode(const char *text);
/* Lower hex SHA-256 of the bytes. */
void util_sha256(const void *data, size_t length, char out[65]);

#endif
