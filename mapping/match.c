/* SPDX-License-Identifier: MIT */
#include "mapping/match_relation.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>

#define SEARCH_MAX_BYTES 8192

/* G6: another Bob record with the same login, e-mail or employee number has this account. */
static bool is_duplicate(const struct search *search, const struct match_candidate *candidate)
{
	return candidate->linked_employee_id != NULL &&
	        (match_relate(search, candidate) >= RELATION_IN_WAY ||
	                match_is_text(candidate, "email", search->email) ||
	                match_is_same_number(search, candidate));
}

void match_give(
        struct match_result *result, enum match_verdict verdict, size_t index, const char *cause)
{
	result->verdict = verdict;
	result->index = index;
	str_format_cut(result->cause, sizeof(result->cause), "%s", cause);
}

static bool is_open(enum account_status status)
{
	return status == ACCOUNT_STAGED || account_status_is_activated(status);
}

static void give_held(const struct match_candidate *candidate, enum relation relation, size_t index,
        struct match_result *result)
{
	if (candidate->linked_employee_id != NULL) {
		match_give(result, MATCH_HELD, index,
		        "an Okta user linked to another employee has this address as second e-mail");
	} else if (relation == RELATION_IN_WAY) {
		match_give(result, MATCH_HELD, index,
		        "the login is taken, and the match rule does not say it is the same person");
	} else if (relation == RELATION_NEAR) {
		match_give(result, MATCH_HELD, index,
		        "an Okta user with another login has this e-mail address");
	} else if (is_open(candidate->status)) {
		match_give(
		        result, MATCH_HELD, index, "the account that was found must be looked at");
	} else {
		match_give(result, MATCH_HELD, index,
		        "the same person's account is closed: reopen it, or is it another person?");
	}
}

void match_judge_one(const struct search *search, enum relation relation, size_t index,
        struct match_result *result)
{
	const struct match_candidate *candidate = &search->query->candidates[index];
	const bool is_free = candidate->linked_employee_id == NULL;
	if (is_free && search->query->approval == MATCH_APPROVED) {
		match_give(result, MATCH_ADOPT, index,
		        "an administrator said that it is the same person");
	} else if (is_free && relation == RELATION_SAME && is_open(candidate->status)) {
		match_give(result, MATCH_ADOPT, index,
		        "the match rule says that it is the same person");
	} else {
		give_held(candidate, relation, index, result);
	}
}

/* The strongest relation among the candidates, where it is, and how often. */
struct strongest {
	enum relation relation;
	size_t index;
	size_t count;
};

static void find_strongest(const struct search *search, struct strongest *strongest)
{
	*strongest = (struct strongest){.relation = RELATION_NONE};
	for (size_t i = 0; i < search->query->count; i++) {
		const enum relation relation = match_relate(search, &search->query->candidates[i]);
		if (relation > strongest->relation) {
			*strongest = (struct strongest){relation, i, 1};
		} else if (relation == strongest->relation) {
			strongest->count++;
		}
	}
}

/* An account found by the match attribute cannot be adopted beside another that has the login. */
static bool is_login_elsewhere(const struct search *search, size_t index)
{
	for (size_t i = 0; i < search->query->count; i++) {
		if (i != index &&
		        match_is_text(&search->query->candidates[i], "login", search->login)) {
			return true;
		}
	}
	return false;
}

static void judge_single(const struct search *search, struct match_result *result)
{
	struct strongest strongest;
	if (match_judge_duplicates(search, is_duplicate, result)) {
		return;
	}
	find_strongest(search, &strongest);
	if (strongest.relation == RELATION_NONE) {
		return;
	}
	if (strongest.count > 1 || is_login_elsewhere(search, strongest.index)) {
		match_give(result, MATCH_HELD, strongest.index,
		        "several Okta users may be this person's account");
		return;
	}
	match_judge_one(search, strongest.relation, strongest.index, result);
}

void match_judge(const struct match_query *query, struct match_result *result)
{
	struct search search;
	match_search_init(&search, query);
	*result = (struct match_result){.verdict = MATCH_NOBODY};
	if (match_login_count(query->wanted) > 1) {
		match_judge_several(&search, result);
	} else {
		judge_single(&search, result);
	}
}

/* ------------------------------------------------------------------- search */

static void add_term(struct buf *buf, const char *attribute, const char *value)
{
	if (value == NULL || value[0] == '\0') {
		return;
	}
	buf_add_text(buf, buf->len == 0 ? "" : " or ");
	buf_add_format(buf, "profile.%s eq ", attribute);
	buf_add_json_string(buf, value);
}

char *match_search(const struct policy_settings *settings, const struct person *person,
        const struct map_profile *wanted)
{
	char value[MATCH_VALUE_BYTES];
	const char *login = map_profile_text(wanted, "login");
	const char *email = map_profile_text(wanted, "email");
	struct buf buf;
	if (login == NULL) {
		return NULL;
	}
	buf_init(&buf, SEARCH_MAX_BYTES);
	match_value(settings, person, value, sizeof(value));
	for (size_t i = 0; i < match_login_count(wanted); i++) {
		add_term(&buf, "login", match_login_at(wanted, i));
	}
	add_term(&buf, "email", email != NULL ? email : login);
	add_term(&buf, "secondEmail", email != NULL ? email : login);
	if (settings->match_okta != NULL) {
		add_term(&buf, settings->match_okta, value);
	}
	char *expression = buf_take(&buf);
	buf_finish(&buf);
	return expression;
}
