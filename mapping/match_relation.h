/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_MATCH_RELATION_H
#define MAPPING_MATCH_RELATION_H

/* What an Okta user that was found is to the person; internal to mapping/. */

#include "mapping/match.h"

#define MATCH_VALUE_BYTES 256

/* What one candidate is to the person, strongest last. */
enum relation {
	RELATION_NONE,
	RELATION_NEAR, /* shares an e-mail or the match attribute, but the rule does not agree */
	RELATION_IN_WAY, /* holds the login, and the rule does not say it is the same person */
	RELATION_SAME, /* the match rule agrees */
};

struct search {
	const struct match_query *query;
	const char *login; /* wanted */
	const char *email;
	char value[MATCH_VALUE_BYTES]; /* of the match attribute; "": none */
};

/* The logins the rule gives: its candidates, or the one value there is. */
size_t match_login_count(const struct map_profile *wanted);
const char *match_login_at(const struct map_profile *wanted, size_t index);

void match_search_init(struct search *search, const struct match_query *query);
/* The value of the match attribute in Bob, as text; "": none. */
void match_value(
        const struct policy_settings *settings, const struct person *person, char *to, size_t size);
bool match_has_rule(const struct search *search);
bool match_is_text(const struct match_candidate *candidate, const char *okta, const char *text);
bool match_has_value(const struct search *search, const struct match_candidate *candidate);
/* Both have an employee number; is_same says whether it is the same. */
bool match_compare_numbers(
        const struct search *search, const struct match_candidate *candidate, bool *is_same);
bool match_is_same_number(const struct search *search, const struct match_candidate *candidate);
bool match_is_same_last_name(const struct search *search, const struct match_candidate *candidate);
/* Whether e-mail or second e-mail are the person's. */
bool match_is_near(const struct search *search, const struct match_candidate *candidate);
/* For rules that give one login. */
enum relation match_relate(const struct search *search, const struct match_candidate *candidate);

/* The verdict for rules that give several logins (match_several.c). */
void match_judge_several(const struct search *search, struct match_result *result);
void match_give(
        struct match_result *result, enum match_verdict verdict, size_t index, const char *cause);
/* G6: true when one of the candidates is another Bob record's, in the caller's judgement. */
bool match_judge_duplicates(const struct search *search,
        bool (*is_duplicate)(const struct search *search, const struct match_candidate *candidate),
        struct match_result *result);
/* Adopts or asks, for the one candidate that is left. */
void match_judge_one(const struct search *search, enum relation relation, size_t index,
        struct match_result *result);

#endif
