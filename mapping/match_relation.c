/* SPDX-License-Identifier: MIT */
#include "mapping/match_relation.h"

#include "server/base/json.h"
#include "server/base/str.h"

/* Texts and numbers compare as text, without case and outer blanks. */
static bool value_text(const json_t *json, char *to, size_t size)
{
	char text[MATCH_VALUE_BYTES];
	if (!json_id_text(json, text, sizeof(text))) {
		to[0] = '\0';
		return false;
	}
	size_t len = 0;
	const char *trimmed = str_trim(text, &len);
	str_format_cut(to, size, "%.*s", (int)len, trimmed);
	return to[0] != '\0';
}

void match_value(
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

size_t match_login_count(const struct map_profile *wanted)
{
	const struct map_result *result = map_profile_find(wanted, "login");
	const size_t count = result == NULL ? 0 : json_array_size(result->candidates);
	return count > 0 ? count : map_profile_text(wanted, "login") != NULL ? 1 : 0;
}

const char *match_login_at(const struct map_profile *wanted, size_t index)
{
	const struct map_result *result = map_profile_find(wanted, "login");
	return result != NULL && json_array_size(result->candidates) > 0
	        ? json_string_value(json_array_get(result->candidates, index))
	        : map_profile_text(wanted, "login");
}

void match_search_init(struct search *search, const struct match_query *query)
{
	*search = (struct search){
	        .query = query,
	        .login = map_profile_text(query->wanted, "login"),
	        .email = map_profile_text(query->wanted, "email"),
	};
	match_value(query->settings, query->person, search->value, sizeof(search->value));
}

bool match_has_rule(const struct search *search)
{
	const struct policy_settings *settings = search->query->settings;
	return settings->match_okta != NULL && settings->match_bob != NULL;
}

bool match_is_text(const struct match_candidate *candidate, const char *okta, const char *text)
{
	return text != NULL && str_equal_fold(json_get_text(candidate->profile, okta), text);
}

bool match_has_value(const struct search *search, const struct match_candidate *candidate)
{
	char value[MATCH_VALUE_BYTES];
	const char *okta = search->query->settings->match_okta;
	return match_has_rule(search) && search->value[0] != '\0' &&
	        value_text(json_object_get(candidate->profile, okta), value, sizeof(value)) &&
	        str_equal_fold(value, search->value);
}

bool match_compare_numbers(
        const struct search *search, const struct match_candidate *candidate, bool *is_same)
{
	char number[MATCH_VALUE_BYTES];
	const struct field_text *own = &search->query->person->employee_number;
	const json_t *given = json_object_get(candidate->profile, "employeeNumber");
	if (!value_text(given, number, sizeof(number)) || own->state != FIELD_VALUE) {
		*is_same = false;
		return false;
	}
	*is_same = str_equal_fold(personal_reveal(&own->text), number);
	return true;
}

bool match_is_same_number(const struct search *search, const struct match_candidate *candidate)
{
	bool is_same = false;
	return match_compare_numbers(search, candidate, &is_same) && is_same;
}

bool match_is_same_last_name(const struct search *search, const struct match_candidate *candidate)
{
	const struct field_text *own = &search->query->person->last_name;
	return own->state == FIELD_VALUE &&
	        match_is_text(candidate, "lastName", personal_reveal(&own->text));
}

bool match_is_near(const struct search *search, const struct match_candidate *candidate)
{
	return match_is_text(candidate, "email", search->email) ||
	        match_is_text(candidate, "secondEmail", search->email);
}

/* G4's default: same login; numbers equal where both have one, else the same last name. */
static bool default_rule_agrees(
        const struct search *search, const struct match_candidate *candidate)
{
	bool is_same = false;
	if (!match_is_text(candidate, "login", search->login)) {
		return false;
	}
	return match_compare_numbers(search, candidate, &is_same)
	        ? is_same
	        : match_is_same_last_name(search, candidate);
}

enum relation match_relate(const struct search *search, const struct match_candidate *candidate)
{
	const bool agrees = match_has_rule(search) ? match_has_value(search, candidate)
	                                           : default_rule_agrees(search, candidate);
	if (agrees) {
		return RELATION_SAME;
	}
	if (match_is_text(candidate, "login", search->login)) {
		return RELATION_IN_WAY;
	}
	const bool is_near = match_is_near(search, candidate) ||
	        match_is_text(candidate, "email", search->login);
	return is_near ? RELATION_NEAR : RELATION_NONE;
}

bool match_judge_duplicates(const struct search *search,
        bool (*is_duplicate)(const struct search *search, const struct match_candidate *candidate),
        struct match_result *result)
{
	for (size_t i = 0; i < search->query->count; i++) {
		if (is_duplicate(search, &search->query->candidates[i])) {
			match_give(result, MATCH_DUPLICATE, i,
			        "the account is linked to another Bob record of the same person");
			return true;
		}
	}
	return false;
}
