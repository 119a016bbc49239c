/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_ADOPT_H
#define MAPPING_ADOPT_H

/*
 * The first run against an org that has users already: which of them is this
 * person? An ordered list of rules finds candidates, and G4's second fact must
 * agree (docs/adoption.md, docs/decisions/0014). Nothing is decided here: a
 * human links. Pure.
 */

#include "mapping/match.h"
#include "server/base/adopt_words.h"

struct adopt_rules {
	enum adopt_rule items[ADOPT_RULE_COUNT];
	size_t count;
};
/* In the order they are tried when nobody gives another one. */
void adopt_rules_default(struct adopt_rules *rules);
/* From a JSON array of words, each at most once; "names" is last wherever it stands. */
bool adopt_rules_parse(struct adopt_rules *rules, const json_t *words, struct err *err) MUST_CHECK;

struct adopt_candidate {
	struct match_candidate user;
	bool is_sourced_elsewhere; /* AD or LDAP owns its profile (C3) */
	bool is_protected; /* policy 1, or the owner of the token */
};

#define ADOPT_OTHERS_MAX 8

struct adopt_result {
	enum adopt_class class_;
	enum adopt_rule rule; /* that found it; ADOPT_RULE_COUNT: none */
	enum adopt_why why;
	size_t index; /* of the candidate, unless UNMATCHED */
	size_t others[ADOPT_OTHERS_MAX]; /* with SEVERAL: further candidates */
	size_t other_count;
	bool is_sourced_elsewhere; /* C3: linked, but its profile is not written */
};

struct adopt_query {
	const struct policy_settings *settings;
	const struct person *person;
	const struct map_profile *wanted;
	const struct adopt_rules *rules;
	const struct adopt_candidate *candidates; /* may hold users no rule finds */
	size_t count;
};

void adopt_classify(const struct adopt_query *query, struct adopt_result *result);

/*
 * What a person is looked for by: attribute and folded text, as an index of Okta's users holds
 * them. Names are first and last name with one blank.
 */
enum adopt_key {
	ADOPT_KEY_MATCH,
	ADOPT_KEY_NUMBER,
	ADOPT_KEY_LOGIN,
	ADOPT_KEY_EMAIL,
	ADOPT_KEY_SECOND_EMAIL,
	ADOPT_KEY_NAMES,
	ADOPT_KEY_COUNT
};
#define ADOPT_KEYS_MAX 24 /* several logins included */
struct adopt_keys {
	struct {
		enum adopt_key key;
		char text[256];
	} items[ADOPT_KEYS_MAX];
	size_t count;
};
void adopt_keys_of_person(const struct adopt_query *query, struct adopt_keys *keys);
void adopt_keys_of_user(
        const struct policy_settings *settings, const json_t *profile, struct adopt_keys *keys);

#endif
