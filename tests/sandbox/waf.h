/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_WAF_H
#define TESTS_SANDBOX_WAF_H

/*
 * Bob's firewall: so many 401 from one address, or 401 or 403 with one Authorization header, within
 * a few seconds, and that address or header is blocked for minutes. Here all callers share one
 * address. Times are given, monotonic.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WAF_MAX_KEYS = 16, WAF_MAX_HITS = 256 };

struct waf_key {
	char digest[65]; /* of the Authorization header; empty: the address */
	int64_t hits_ms[WAF_MAX_HITS];
	size_t hit_count;
	int64_t blocked_until_ms;
};

struct waf {
	struct waf_key keys[WAF_MAX_KEYS];
	size_t count;
	size_t next; /* the key that gives way when all are taken */
};

struct waf_rule {
	size_t limit;
	int64_t window_ms;
	int64_t block_ms;
};

bool waf_is_blocked(struct waf *waf, const char *authorization, int64_t now_ms);
/* Counts an answer (only 401 and 403 matter). */
void waf_count(struct waf *waf, const struct waf_rule *rule, const char *authorization, int status,
        int64_t now_ms);

#endif
