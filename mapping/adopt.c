/* SPDX-License-Identifier: MIT */
#include "mapping/adopt.h"

#include "mapping/match_relation.h"
#include "server/base/json.h"
#include "server/base/str.h"

/* ---------------------------------------------------------------- the rules */

static bool is_email(const struct search *search, const struct match_candidate *user)
{
	const struct field_text *own = &search->query->person->email;
	return match_is_text(user, "email", search->email) ||
	        (own->state == FIELD_VALUE &&
	                match_is_text(user, "email", personal_reveal(&own->text)));
}

static bool is_login(const struct search *search, const struct match_candidate *user)
{
	const size_t count = match_login_count(search->query->wanted);
	for (size_t i = 0; i < count; i++) {
		if (match_is_text(user, "login", match_login_at(search->query->wanted, i))) {
			return true;
		}
	}
	return false;
}

static bool is_names(const struct search *search, const struct match_candidate *user)
{
	const struct map_profile *wanted = search->query->wanted;
	return match_is_text(user, "firstName", map_profile_text(wanted, "firstName")) &&
	        match_is_text(user, "lastName", map_profile_text(wanted, "lastName"));
}

static bool is_second_email(const struct search *search, const struct match_candidate *user)
{
	return !is_email(search, user) && match_is_near(search, user);
}

static bool finds(
        const struct search *search, enum adopt_rule rule, const struct match_candidate *user)
{
	switch (rule) {
	case ADOPT_MATCH: return match_has_value(search, user);
	case ADOPT_NUMBER: return match_is_same_number(search, user);
	case ADOPT_LOGIN: return is_login(search, user);
	case ADOPT_EMAIL: return is_email(search, user) || is_second_email(search, user);
	case ADOPT_NAMES: return is_names(search, user);
	case ADOPT_RULE_COUNT: break;
	}
	return false;
}

/* --------------------------------------------------------------- agreement */

/*
 * G4: besides what the rule found them by, the numbers must be equal where both have one, else
 * the last names. A number alone proves too little: it may have been given twice.
 */
static enum adopt_why compare(
        const struct search *search, enum adopt_rule rule, const struct match_candidate *user)
{
	bool is_same = false;
	const bool has_numbers = match_compare_numbers(search, user, &is_same);
	const bool is_named = match_is_same_last_name(search, user);
	if (match_has_rule(search)) {
		return match_has_value(search, user) ? ADOPT_AGREES : ADOPT_MATCH_DIFFERS;
	}
	if (has_numbers && !is_same) {
		return ADOPT_NUMBERS_DIFFER;
	}
	if (rule == ADOPT_LOGIN && !is_same && match_login_count(search->query->wanted) > 1) {
		return ADOPT_MADE_LOGIN; /* docs/decisions/0007 */
	}
	if (is_same && (rule != ADOPT_NUMBER || is_login(search, user))) {
		return ADOPT_AGREES;
	}
	return is_named ? ADOPT_AGREES : ADOPT_NAMES_DIFFER;
}

static bool is_closed(enum account_status status)
{
	return status != ACCOUNT_STAGED && !account_status_is_activated(status);
}

static enum adopt_why judge(
        const struct search *search, enum adopt_rule rule, const struct adopt_candidate *candidate)
{
	const struct match_candidate *user = &candidate->user;
	if (candidate->is_protected) {
		return ADOPT_PROTECTED;
	}
	if (user->linked_employee_id != NULL) {
		return ADOPT_LINKED;
	}
	if (rule == ADOPT_NAMES) {
		return ADOPT_NAMES_ONLY;
	}
	if (rule == ADOPT_EMAIL && is_second_email(search, user)) {
		return ADOPT_SECOND_EMAIL;
	}
	const enum adopt_why why = compare(search, rule, user);
	return why == ADOPT_AGREES && is_closed(user->status) ? ADOPT_CLOSED : why;
}

/* ---------------------------------------------------------------- classify */

/* Whom the rules found, in the order of the rules. */
struct found {
	enum adopt_rule rule;
	size_t indices[1 + ADOPT_OTHERS_MAX];
	size_t count;
};

static void add_found(struct found *found, enum adopt_rule rule, size_t index)
{
	for (size_t i = 0; i < found->count; i++) {
		if (found->indices[i] == index) {
			return;
		}
	}
	if (found->count < ARRAY_SIZE(found->indices)) {
		found->rule = found->count == 0 ? rule : found->rule;
		found->indices[found->count++] = index;
	}
}

/*
 * Names and second addresses find only where nothing stronger does: rivals are not made of them,
 * nor suggestions of users who have their employee.
 */
static bool is_weak(
        const struct search *search, enum adopt_rule rule, const struct match_candidate *user)
{
	return rule == ADOPT_NAMES || (rule == ADOPT_EMAIL && is_second_email(search, user));
}

static void find(const struct search *search, const struct adopt_query *query, bool weak,
        struct found *found)
{
	for (size_t i = 0; i < query->rules->count; i++) {
		const enum adopt_rule rule = query->rules->items[i];
		for (size_t at = 0; at < query->count; at++) {
			const struct match_candidate *user = &query->candidates[at].user;
			const bool is_spent = weak && user->linked_employee_id != NULL;
			if (!is_spent && finds(search, rule, user) &&
			        is_weak(search, rule, user) == weak) {
				add_found(found, rule, at);
			}
		}
	}
}

static void give(const struct search *search, const struct adopt_query *query,
        const struct found *found, struct adopt_result *result)
{
	const struct adopt_candidate *first = &query->candidates[found->indices[0]];
	result->rule = found->rule;
	result->index = found->indices[0];
	result->is_sourced_elsewhere = first->is_sourced_elsewhere;
	result->why = found->count > 1 ? ADOPT_SEVERAL : judge(search, found->rule, first);
	result->class_ = result->why == ADOPT_AGREES ? ADOPT_EXACT : ADOPT_DOUBTFUL;
	for (size_t i = 1; i < found->count; i++) {
		result->others[result->other_count++] = found->indices[i];
	}
}

void adopt_classify(const struct adopt_query *query, struct adopt_result *result)
{
	/* The relations of match_relation.h ask only for person, settings and profile. */
	const struct match_query asked = {
	        .settings = query->settings, .person = query->person, .wanted = query->wanted};
	struct search search;
	struct found found = {.rule = ADOPT_RULE_COUNT};
	*result = (struct adopt_result){
	        .class_ = ADOPT_UNMATCHED, .rule = ADOPT_RULE_COUNT, .why = ADOPT_NOBODY};
	match_search_init(&search, &asked);
	find(&search, query, false, &found);
	if (found.count == 0) {
		find(&search, query, true, &found);
	}
	if (found.count > 0) {
		give(&search, query, &found, result);
	}
}

/* -------------------------------------------------------------------- keys */

static void add_key(struct adopt_keys *keys, enum adopt_key key, const char *text)
{
	size_t len = 0;
	const char *trimmed = text != NULL ? str_trim(text, &len) : NULL;
	if (len == 0 || keys->count == ADOPT_KEYS_MAX) {
		return;
	}
	/* A text that is too long for a key finds nobody rather than somebody else. */
	if (!str_format(keys->items[keys->count].text, sizeof(keys->items[0].text), "%.*s",
	            (int)len, trimmed)) {
		return;
	}
	str_fold(keys->items[keys->count].text);
	keys->items[keys->count++].key = key;
}

static void add_names(struct adopt_keys *keys, const char *first, const char *last)
{
	char names[256];
	if (!str_is_empty(first) && !str_is_empty(last) &&
	        str_format(names, sizeof(names), "%s %s", first, last)) {
		add_key(keys, ADOPT_KEY_NAMES, names);
	}
}

static const char *text_of(const struct field_text *field)
{
	return field->state == FIELD_VALUE ? personal_reveal(&field->text) : NULL;
}

/* The person's addresses: what the mapping wants, and the work e-mail itself. */
static void add_addresses(const struct adopt_query *query, struct adopt_keys *keys)
{
	const char *mapped = map_profile_text(query->wanted, "email");
	const char *own = text_of(&query->person->email);
	add_key(keys, ADOPT_KEY_EMAIL, mapped);
	add_key(keys, ADOPT_KEY_SECOND_EMAIL, mapped);
	if (own != NULL && !str_equal_fold(own, mapped)) {
		add_key(keys, ADOPT_KEY_EMAIL, own);
	}
}

void adopt_keys_of_person(const struct adopt_query *query, struct adopt_keys *keys)
{
	char value[MATCH_VALUE_BYTES];
	*keys = (struct adopt_keys){0};
	match_value(query->settings, query->person, value, sizeof(value));
	add_key(keys, ADOPT_KEY_MATCH, value);
	add_key(keys, ADOPT_KEY_NUMBER, text_of(&query->person->employee_number));
	add_addresses(query, keys);
	add_names(keys, map_profile_text(query->wanted, "firstName"),
	        map_profile_text(query->wanted, "lastName"));
	for (size_t i = 0; i < match_login_count(query->wanted); i++) {
		add_key(keys, ADOPT_KEY_LOGIN, match_login_at(query->wanted, i));
	}
}

void adopt_keys_of_user(
        const struct policy_settings *settings, const json_t *profile, struct adopt_keys *keys)
{
	static const struct {
		enum adopt_key key;
		const char *okta;
	} ATTRIBUTES[] = {
	        {ADOPT_KEY_NUMBER, "employeeNumber"},
	        {ADOPT_KEY_LOGIN, "login"},
	        {ADOPT_KEY_EMAIL, "email"},
	        {ADOPT_KEY_SECOND_EMAIL, "secondEmail"},
	};
	char value[MATCH_VALUE_BYTES];
	*keys = (struct adopt_keys){0};
	for (size_t i = 0; i < ARRAY_SIZE(ATTRIBUTES); i++) {
		const json_t *json = json_object_get(profile, ATTRIBUTES[i].okta);
		if (json_id_text(json, value, sizeof(value))) {
			add_key(keys, ATTRIBUTES[i].key, value);
		}
	}
	if (settings->match_okta != NULL &&
	        json_id_text(
	                json_object_get(profile, settings->match_okta), value, sizeof(value))) {
		add_key(keys, ADOPT_KEY_MATCH, value);
	}
	add_names(keys, json_get_text(profile, "firstName"), json_get_text(profile, "lastName"));
}
