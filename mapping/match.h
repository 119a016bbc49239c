/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_MATCH_H
#define MAPPING_MATCH_H

/* Policy G3 to G6: what to do with an Okta user that was found before a create. */

#include "mapping/policy.h"
#include "mapping/profile.h"

enum match_verdict {
	MATCH_NOBODY, /* not this person's account and not in the way */
	MATCH_ADOPT, /* the same person by the rule: link it */
	MATCH_HELD, /* a human must say: closed account, doubtful, or somebody else's login */
	MATCH_DUPLICATE, /* linked to another Bob record of the same person (G6) */
};

struct match_candidate {
	const char *okta_id;
	enum account_status status;
	const json_t *profile; /* Okta's profile object */
	const char *linked_employee_id; /* another employee it is linked to; NULL: none */
};

struct match_result {
	enum match_verdict verdict;
	size_t index; /* of the candidate, unless NOBODY */
	char cause[200]; /* no personal data */
	unsigned taken; /* bit i: the profile's login candidate i is another Okta user's */
};

enum match_approval { MATCH_NOT_APPROVED, MATCH_APPROVED };

struct match_query {
	const struct policy_settings *settings;
	const struct person *person;
	const struct map_profile *wanted;
	const struct match_candidate *candidates; /* all that the look-up brought */
	size_t count;
	enum match_approval
	        approval; /* a human said "same person": a doubtful or closed hit is adopted */
	const char *not_same_okta_id; /* a human said "another person" of that user; NULL: none */
};

void match_judge(const struct match_query *query, struct match_result *result);

/*
 * Okta's search expression of the one look-up before a create (G3): login,
 * e-mail, second e-mail and the match attribute, strings escaped (okta.md 1.3).
 * Caller frees; NULL when there is no login or memory.
 */
char *match_search(const struct policy_settings *settings, const struct person *person,
        const struct map_profile *wanted) MUST_CHECK;

#endif
