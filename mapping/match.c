/* SPDX-License-Identifier: MIT */
#include "mapping/match.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>

#define SEARCH_MAX_BYTES 4096
#define VALUE_MAX_BYTES  256

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
	char value[VALUE_MAX_BYTES]; /* of the match attribute; "": none */
};

/* Texts and numbers compare as text, without case and outer blanks. */
static bool value_text(const json_t *json, char *to, size_t size)
{
	char text[VALUE_MAX_BYTES];
	if (!json_id_text(json, text, sizeof(text))) {
		to[0] = '\0';
		return false;
	}
	size_t len = 0;
	const char *trimmed = str_trim(text, &len);
	str_format_cut(to, size, "%.*s", (int)len, trimmed);
	return to[0] != '\0';
}

static void match_value(
        const struct policy_settings *settings, const struct person *person, char *to, size_t size)
{
	json_t *value = NULL;
	to[0] = '\0';
	if (settings->match_okta != NULL && settings->match_bob != NULL && person != NULL &&
	        person_field(person, NULL, settings->match_bob, &value) == FIELD_VALUE) {
		(void)value_text(value, to, size);
	}
	json_decref(value);
}

static bool has_rule(const struct search *search)
{
	const struct policy_settings *settings = search->query->settings;
	return settings->match_okta != NULL && settings->match_bob != NULL;
}

static bool is_text(const struct match_candidate *candidate, const char *okta, const char *text)
{
	return text != NULL && str_equal_fold(json_get_text(candidate->profile, okta), text);
}

static bool has_match_value(const struct search *search, const struct match_candidate *candidate)
{
	char value[VALUE_MAX_BYTES];
	const char *okta = search->query->settings->match_okta;
	return has_rule(search) && search->value[0] != '\0' &&
	        value_text(json_object_get(candidate->profile, okta), value, sizeof(value)) &&
	        str_equal_fold(value, search->value);
}

/* The candidate's employee number, or "". */
static void candidate_number(const struct match_candidate *candidate, char *to, size_t size)
{
	(void)value_text(json_object_get(candidate->profile, "employeeNumber"), to, size);
}

static bool is_same_number(const struct search *search, const struct match_candidate *candidate)
{
	char number[VALUE_MAX_BYTES];
	const struct field_text *own = &search->query->person->employee_number;
	candidate_number(candidate, number, sizeof(number));
	return own->state == FIELD_VALUE && number[0] != '\0' &&
	        str_equal_fold(personal_reveal(&own->text), number);
}

/* G4's default: same login; numbers equal where both have one, else the same last name. */
static bool default_rule_agrees(
        const struct search *search, const struct match_candidate *candidate)
{
	char number[VALUE_MAX_BYTES];
	const struct person *person = search->query->person;
	if (!is_text(candidate, "login", search->login)) {
		return false;
	}
	candidate_number(candidate, number, sizeof(number));
	if (number[0] != '\0' && person->employee_number.state == FIELD_VALUE) {
		return is_same_number(search, candidate);
	}
	return person->last_name.state == FIELD_VALUE &&
	        is_text(candidate, "lastName", personal_reveal(&person->last_name.text));
}

static enum relation relate(const struct search *search, const struct match_candidate *candidate)
{
	const bool agrees = has_rule(search) ? has_match_value(search, candidate)
	                                     : default_rule_agrees(search, candidate);
	if (agrees) {
		return RELATION_SAME;
	}
	if (is_text(candidate, "login", search->login)) {
		return RELATION_IN_WAY;
	}
	const bool is_near = is_text(candidate, "email", search->email) ||
	        is_text(candidate, "secondEmail", search->email) ||
	        is_text(candidate, "email", search->login);
	return is_near ? RELATION_NEAR : RELATION_NONE;
}

/* G6: another Bob record with the same login, e-mail or employee number has this account. */
static bool is_duplicate(const struct search *search, const struct match_candidate *candidate)
{
	return candidate->linked_employee_id != NULL &&
	        (relate(search, candidate) >= RELATION_IN_WAY ||
	                is_text(candidate, "email", search->email) ||
	                is_same_number(search, candidate));
}

static void give(
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
		give(result, MATCH_HELD, index,
		        "an Okta user linked to another employee has this address as second e-mail");
	} else if (relation == RELATION_IN_WAY) {
		give(result, MATCH_HELD, index,
		        "the login is taken, and the match rule does not say it is the same person");
	} else if (relation == RELATION_NEAR) {
		give(result, MATCH_HELD, index,
		        "an Okta user with another login has this e-mail address");
	} else if (is_open(candidate->status)) {
		give(result, MATCH_HELD, index, "the account that was found must be looked at");
	} else {
		give(result, MATCH_HELD, index,
		        "the same person's account is closed: reopen it, or is it another person?");
	}
}

static void judge_one(const struct search *search, size_t index, struct match_result *result)
{
	const struct match_candidate *candidate = &search->query->candidates[index];
	const enum relation relation = relate(search, candidate);
	const bool is_free = candidate->linked_employee_id == NULL;
	if (is_free && search->query->approval == MATCH_APPROVED) {
		give(result, MATCH_ADOPT, index,
		        "an administrator said that it is the same person");
	} else if (is_free && relation == RELATION_SAME && is_open(candidate->status)) {
		give(result, MATCH_ADOPT, index, "the match rule says that it is the same person");
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
		const enum relation relation = relate(search, &search->query->candidates[i]);
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
		if (i != index && is_text(&search->query->candidates[i], "login", search->login)) {
			return true;
		}
	}
	return false;
}

static bool judge_duplicates(const struct search *search, struct match_result *result)
{
	for (size_t i = 0; i < search->query->count; i++) {
		if (is_duplicate(search, &search->query->candidates[i])) {
			give(result, MATCH_DUPLICATE, i,
			        "the account is linked to another Bob record of the same person");
			return true;
		}
	}
	return false;
}

void match_judge(const struct match_query *query, struct match_result *result)
{
	struct search search = {
	        .query = query,
	        .login = map_profile_text(query->wanted, "login"),
	        .email = map_profile_text(query->wanted, "email"),
	};
	struct strongest strongest;
	match_value(query->settings, query->person, search.value, sizeof(search.value));
	give(result, MATCH_NOBODY, 0, "");
	if (judge_duplicates(&search, result)) {
		return;
	}
	find_strongest(&search, &strongest);
	if (strongest.relation == RELATION_NONE) {
		return;
	}
	if (strongest.count > 1 || is_login_elsewhere(&search, strongest.index)) {
		give(result, MATCH_HELD, strongest.index,
		        "several Okta users may be this person's account");
		return;
	}
	judge_one(&search, strongest.index, result);
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
	char value[VALUE_MAX_BYTES];
	const char *login = map_profile_text(wanted, "login");
	const char *email = map_profile_text(wanted, "email");
	struct buf buf;
	if (login == NULL) {
		return NULL;
	}
	buf_init(&buf, SEARCH_MAX_BYTES);
	match_value(settings, person, value, sizeof(value));
	add_term(&buf, "login", login);
	add_term(&buf, "email", email != NULL ? email : login);
	add_term(&buf, "secondEmail", email != NULL ? email : login);
	if (settings->match_okta != NULL) {
		add_term(&buf, settings->match_okta, value);
	}
	char *expression = buf_take(&buf);
	buf_finish(&buf);
	return expression;
}
