/* SPDX-License-Identifier: MIT */
#include "okta/rate.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <string.h>

#define NUMBER_MAX_BYTES 24
#define NUMBER_MAX       INT64_C(100000000000) /* seconds: the year 5138; keeps sums in range */

/* One number of a list of `len` bytes; -1 when it is none that makes sense. */
static int64_t parse_number(const char *text, size_t len)
{
	char copy[NUMBER_MAX_BYTES];
	int64_t value = 0;
	if (len >= sizeof(copy) || !str_format(copy, sizeof(copy), "%.*s", (int)len, text)) {
		return -1;
	}
	size_t trimmed_len = 0;
	const char *trimmed = str_trim(copy, &trimmed_len);
	copy[(size_t)(trimmed - copy) + trimmed_len] = '\0';
	if (!str_to_int64(trimmed, &value) || value < 0) {
		return -1;
	}
	return value < NUMBER_MAX ? value : NUMBER_MAX;
}

static int64_t smaller(int64_t a, int64_t b)
{
	if (a < 0 || b < 0) {
		return a < 0 ? b : a;
	}
	return a < b ? a : b;
}

/* A proxy may have joined doubled headers into one "a, b". */
static int64_t read_header(const char *const values[2])
{
	int64_t least = -1;
	for (int i = 0; i < 2; i++) {
		const char *at = values[i];
		while (at != NULL) {
			size_t len = strcspn(at, ",");
			least = smaller(least, parse_number(at, len));
			at = at[len] == ',' ? at + len + 1 : NULL;
		}
	}
	return least;
}

void rate_read(const struct okta_answer_facts *facts, struct rate *rate)
{
	int64_t server_now_ms = 0;
	if (facts->date == NULL || !time_parse_http(facts->date, &server_now_ms)) {
		server_now_ms = facts->now_ms;
	}
	rate->limit = read_header(facts->rate_limit);
	rate->remaining = read_header(facts->rate_remaining);
	rate->reset_s = read_header(facts->rate_reset);
	rate->until_reset_ms = rate->reset_s >= 0 ? rate->reset_s * 1000 - server_now_ms : 0;
}

int64_t rate_wait_ms(const struct rate *rate)
{
	if (rate_is_concurrency(rate)) {
		return RATE_BUSY_BACKOFF_MS;
	}
	if (rate->reset_s < 0) {
		return RATE_WINDOW_MS;
	}
	int64_t wait_ms = rate->until_reset_ms + RATE_MARGIN_MS;
	if (wait_ms < RATE_WAIT_MIN_MS) {
		return RATE_WAIT_MIN_MS;
	}
	return wait_ms < RATE_WAIT_MAX_MS ? wait_ms : RATE_WAIT_MAX_MS;
}

bool rate_is_concurrency(const struct rate *rate)
{
	return rate->limit == 0;
}
