/* SPDX-License-Identifier: MIT */
#ifndef OKTA_OKTA_ORG_H
#define OKTA_OKTA_ORG_H

/*
 * What the clients of one org share, for okta/ alone: address, token, budget.
 * All but the budget and is_shut is read-only after creation; the budget has a
 * lock of its own, held for arithmetic only, and may be shared by two objects
 * for the same org. Any thread.
 */

#include "okta/budget.h"

struct okta_org_shared;

struct okta_org {
	char *base_url; /* no slash at its end */
	struct secret authorization; /* "SSWS ..." */
	char *user_agent;
	char *token_lack; /* why there is no token, NULL: there is one */
	enum transport_plain plain;
	const atomic_bool *stop;
	atomic_bool is_shut; /* the token was refused */
	struct okta_org_shared *shared;
};

/* CALL_WAIT_NONE: the call may begin, and okta_org_end must follow. Otherwise how long to stay
 * away.
 */
struct budget_wait okta_org_begin(
        const struct okta_org *org, enum okta_bucket bucket, enum call_urgency urgency) MUST_CHECK;
/* Fills in the report's random number. */
void okta_org_end(const struct okta_org *org, struct budget_report *report);
/* A random time in 0..max_ms. */
int64_t okta_org_jitter_ms(const struct okta_org *org, int64_t max_ms);
/* How long the pause after "too many at once" still lasts; 0: none. */
int64_t okta_org_pause_ms(const struct okta_org *org);

/*
 * One schema change at a time: Okta lets concurrent ones overwrite each other (okta.md 5). False
 * when the turn did not come by deadline_ms (monotonic), or when the server stops; else
 * okta_org_end_schema must follow.
 */
bool okta_org_begin_schema(const struct okta_org *org, int64_t deadline_ms) MUST_CHECK;
void okta_org_end_schema(const struct okta_org *org);
/* Lets ms pass; false when the server stops. */
bool okta_org_wait(const struct okta_org *org, int64_t ms) MUST_CHECK;

#endif
