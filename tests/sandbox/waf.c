/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/waf.h"

#include <string.h>

#include "tests/sandbox/util.h"

static struct waf_key *key_of(struct waf *waf, const char *digest)
{
	for (size_t i = 0; i < waf->count; i++) {
		if (strcmp(waf->keys[i].digest, digest) == 0) {
			return &waf->keys[i];
		}
	}
	size_t at = waf->count;

	if (waf->count < WAF_MAX_KEYS) {
		waf->count++;
	} else {
		at = waf->next;
		waf->next = (waf->next + 1) % WAF_MAX_KEYS;
	}
	waf->keys[at] = (struct waf_key){0};
	util_format(waf->keys[at].digest, sizeof(waf->keys[at].digest), "%s", digest);
	return &waf->keys[at];
}

static void digest_of(const char *authorization, char out[65])
{
	const char *text = authorization != NULL ? authorization : "none";

	util_sha256(text, strlen(text), out);
}

bool waf_is_blocked(struct waf *waf, const char *authorization, int64_t now_ms)
{
	char digest[65];

	if (waf->count == 0) {
		return false;
	}
	digest_of(authorization, digest);
	return key_of(waf, "")->blocked_until_ms > now_ms ||
	        key_of(waf, digest)->blocked_until_ms > now_ms;
}

static void hit(struct waf_key *key, const struct waf_rule *rule, int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < key->hit_count; i++) {
		if (key->hits_ms[i] > now_ms - rule->window_ms) {
			key->hits_ms[kept++] = key->hits_ms[i];
		}
	}
	if (kept < WAF_MAX_HITS) {
		key->hits_ms[kept++] = now_ms;
	}
	key->hit_count = kept;
	if (kept >= rule->limit) {
		key->blocked_until_ms = now_ms + rule->block_ms;
	}
}

void waf_count(struct waf *waf, const struct waf_rule *rule, const char *authorization, int status,
        int64_t now_ms)
{
	char digest[65];

	if (status != 401 && status != 403) {
		return;
	}
	if (status == 401) {
		hit(key_of(waf, ""), rule, now_ms);
	}
	digest_of(authorization, digest);
	hit(key_of(waf, digest), rule, now_ms);
}
