/* SPDX-License-Identifier: MIT */
/* Words, rule texts and what the settings say about an address or a login. */
#include "mapping/policy.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *id;
	const char *text;
} RULES[RULE_COUNT] = {
#define RULE(symbol, id, text) {id, text},
#include "mapping/rules.def"
#undef RULE
};

const char *policy_rule_id(enum policy_rule rule)
{
	return (unsigned)rule < RULE_COUNT ? RULES[rule].id : "?";
}

const char *policy_rule_text(enum policy_rule rule)
{
	return (unsigned)rule < RULE_COUNT ? RULES[rule].text : "?";
}

const char *wanted_account_name(enum wanted_account wanted)
{
	switch (wanted) {
	case WANTED_NONE: return "none";
	case WANTED_UNCHANGED: return "unchanged";
	case WANTED_STAGED: return "staged";
	case WANTED_ACTIVE: return "active";
	case WANTED_SUSPENDED: return "suspended";
	case WANTED_DEACTIVATED: return "deactivated";
	}
	return "unchanged";
}

const char *creation_time_name(enum creation_time create)
{
	switch (create) {
	case CREATE_ON_CREATION: return "on_creation";
	case CREATE_ON_START_DATE: return "on_start_date";
	}
	return "on_creation";
}

const char *activation_mode_name(enum activation_mode mode)
{
	switch (mode) {
	case ACTIVATION_BOB_STATUS: return "bob_status";
	case ACTIVATION_ALWAYS: return "always";
	case ACTIVATION_NEVER: return "never";
	}
	return "bob_status";
}

enum activation_mode activation_mode_parse(const char *text)
{
	if (str_equal(text, "always")) {
		return ACTIVATION_ALWAYS;
	}
	return str_equal(text, "never") ? ACTIVATION_NEVER : ACTIVATION_BOB_STATUS;
}

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(texts[i]);
	}
	free(texts);
}

void policy_settings_finish(struct policy_settings *settings)
{
	if (settings == NULL) {
		return;
	}
	free_texts(settings->email_domains, settings->email_domain_count);
	free_texts(settings->protected_accounts, settings->protected_count);
	for (size_t i = 0; i < settings->site_count; i++) {
		free(settings->sites[i].site);
		zone_close(settings->sites[i].zone);
	}
	free(settings->sites);
	for (size_t i = 0; i < settings->employment_count; i++) {
		free(settings->employments[i].type);
	}
	free(settings->employments);
	for (size_t i = 0; i < settings->leave_type_count; i++) {
		free(settings->leave_types[i].word);
	}
	free(settings->leave_types);
	free(settings->old_login_attribute);
	zone_close(settings->zone);
	free(settings->match_okta);
	free(settings->match_bob);
	memset(settings, 0, sizeof(*settings));
}

/* Both sides cut alike: a person keeps the beginning of a long word. */
static bool is_leave_word(const struct person *person, const char *word)
{
	char cut[sizeof(person->lifecycle_word)];
	str_format_cut(cut, sizeof(cut), "%s", word);
	return lifecycle_word_equal(cut, person->lifecycle_word);
}

const struct leave_type *policy_leave_type(
        const struct policy_settings *settings, const struct person *person)
{
	const bool may_be_leave = person->lifecycle == LIFECYCLE_LEAVE ||
	        (person->lifecycle == LIFECYCLE_UNKNOWN && person->lifecycle_word[0] != '\0');
	for (size_t i = 0; may_be_leave && i < settings->leave_type_count; i++) {
		if (is_leave_word(person, settings->leave_types[i].word)) {
			return &settings->leave_types[i];
		}
	}
	return NULL;
}

bool policy_needs_employment_type(const struct policy_settings *settings)
{
	return settings->employment_count > 0;
}

bool policy_domain_allowed(const struct policy_settings *settings, const char *email)
{
	const char *at = email == NULL ? NULL : strrchr(email, '@');
	if (at == NULL || at == email || at[1] == '\0') {
		return false;
	}
	for (size_t i = 0; i < settings->email_domain_count; i++) {
		const char *domain = settings->email_domains[i];
		if (str_equal(domain, "*") || str_equal_fold(domain, at + 1)) {
			return true;
		}
	}
	return false;
}

bool policy_is_protected(
        const struct policy_settings *settings, const char *login, const char *okta_id)
{
	for (size_t i = 0; i < settings->protected_count; i++) {
		const char *entry = settings->protected_accounts[i];
		/* Ids differ in case, but entries are folded when the settings are read. */
		if ((login != NULL && str_equal_fold(entry, login)) ||
		        (okta_id != NULL && str_equal_fold(entry, okta_id))) {
			return true;
		}
	}
	return false;
}
