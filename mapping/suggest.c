/* SPDX-License-Identifier: MIT */
#include "mapping/suggest.h"

#include "server/base/str.h"

#include <string.h>

#define WORD_BYTES 80
#define WHY_BYTES  300

enum attribute_type map_type_for(enum field_type type)
{
	switch (type) {
	case FIELD_TYPE_NUMBER: return ATTRIBUTE_NUMBER;
	case FIELD_TYPE_BOOL: return ATTRIBUTE_BOOLEAN;
	case FIELD_TYPE_MULTI_LIST: return ATTRIBUTE_STRINGS;
	case FIELD_TYPE_UNKNOWN:
	case FIELD_TYPE_TEXT:
	case FIELD_TYPE_DATE:
	case FIELD_TYPE_LIST:
	case FIELD_TYPE_EMPLOYEE:
	case FIELD_TYPE_OTHER: return ATTRIBUTE_STRING;
	}
	return ATTRIBUTE_STRING;
}

/* ------------------------------------------------------------------- words */

/* What the two systems call the same thing; folded, without blanks. A NULL ends a group. */
static const char *const SYNONYMS[] = {
        "lastname",
        "surname",
        "familyname",
        NULL,
        "firstname",
        "givenname",
        "forename",
        NULL,
        "middlename",
        "secondname",
        NULL,
        "email",
        "workemail",
        "primaryemail",
        "emailaddress",
        NULL,
        "username",
        "login",
        NULL,
        "employeenumber",
        "employeeid",
        "employeeidincompany",
        "personnelnumber",
        NULL,
        "manager",
        "reportsto",
        "linemanager",
        NULL,
        "mobilephone",
        "workmobile",
        "mobile",
        "mobilenumber",
        NULL,
        "primaryphone",
        "workphone",
        "phone",
        "phonenumber",
        NULL,
        "title",
        "jobtitle",
        NULL,
        "nickname",
        "preferredname",
        "knownas",
        NULL,
        "costcenter",
        "costcentre",
        NULL,
        "hiredate",
        "startdate",
        NULL,
        "streetaddress",
        "siteaddress",
        "siteaddress1",
        NULL,
        "city",
        "sitecity",
        NULL,
        "state",
        "sitestate",
        NULL,
        "zipcode",
        "postalcode",
        "postcode",
        "sitepostalcode",
        NULL,
        "businessunit",
        "division",
        NULL,
};

/* The same word for another thing: where the record stands in Bob, and a state of a country. */
static const struct {
	const char *okta;
	const char *bob;
} FALSE_FRIENDS[] = {
        {"state", "root.state"},
        {"status", "internal.status"},
};

/* Sections about work. Pay, home and health are left to those who ask for them by name. */
static const char *const WORK_SECTIONS[] = {
        "root.", "work.", "employee.", "internal.", "address.site", "category_"};

/* Lower-case letters, digits, and what is not ASCII; the rest is how people part words. */
static void fold_word(const char *text, char to[WORD_BYTES])
{
	size_t len = 0;
	for (const char *at = text; *at != '\0' && len + 1 < WORD_BYTES; at++) {
		if ((*at & 0x80) != 0 || str_is_word((const char[]){*at, '\0'}, 1, "")) {
			to[len++] = *at;
		}
	}
	to[len] = '\0';
	str_fold(to);
}

/* The group a word is in; SIZE_MAX: none. */
static size_t group_of(const char *word)
{
	size_t group = 0;
	for (size_t i = 0; i < ARRAY_SIZE(SYNONYMS); i++) {
		if (SYNONYMS[i] == NULL) {
			group++;
		} else if (strcmp(SYNONYMS[i], word) == 0) {
			return group;
		}
	}
	return SIZE_MAX;
}

enum likeness { LIKE_SAME, LIKE_SYNONYM, LIKE_NOT };

static enum likeness compare_words(const char *a, const char *b)
{
	char x[WORD_BYTES];
	char y[WORD_BYTES];
	fold_word(a, x);
	fold_word(b, y);
	if (x[0] != '\0' && strcmp(x, y) == 0) {
		return LIKE_SAME;
	}
	const size_t group = group_of(x);
	return group != SIZE_MAX && group == group_of(y) ? LIKE_SYNONYM : LIKE_NOT;
}

static const char *last_part(const char *id)
{
	const char *dot = strrchr(id, '.');
	return dot == NULL ? id : dot + 1;
}

/* ----------------------------------------------------------------- matching */

struct match_of_names {
	enum likeness likeness;
	const char *okta; /* which of the attribute's names; borrowed */
	const char *bob;
};

static struct match_of_names compare_names(
        const struct attribute *attribute, const struct field_info *field)
{
	const char *const of_okta[] = {attribute->name, attribute->title};
	const char *const of_bob[] = {field->name, last_part(field->id)};
	struct match_of_names best = {.likeness = LIKE_NOT};
	for (size_t i = 0; i < ARRAY_SIZE(of_okta); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(of_bob); j++) {
			if (of_okta[i] == NULL) {
				continue;
			}
			const enum likeness likeness = compare_words(of_okta[i], of_bob[j]);
			if (likeness < best.likeness) {
				best = (struct match_of_names){likeness, of_okta[i], of_bob[j]};
			}
		}
	}
	return best;
}

/* Where a field stands in WORK_SECTIONS; earlier is likelier. */
static size_t section_of(const struct field_info *field)
{
	size_t section = 0;
	while (section < ARRAY_SIZE(WORK_SECTIONS) &&
	        !str_starts_with(field->id, WORK_SECTIONS[section])) {
		section++;
	}
	return section;
}

static bool is_false_friend(const struct attribute *attribute, const struct field_info *field)
{
	for (size_t i = 0; i < ARRAY_SIZE(FALSE_FRIENDS); i++) {
		if (strcmp(attribute->name, FALSE_FRIENDS[i].okta) == 0 &&
		        strcmp(field->id, FALSE_FRIENDS[i].bob) == 0) {
			return true;
		}
	}
	return false;
}

static bool has_fitting_type(const struct attribute *attribute, const struct field_info *field)
{
	if (field->type == FIELD_TYPE_OTHER || field->type == FIELD_TYPE_UNKNOWN) {
		return false;
	}
	const enum attribute_type needed = map_type_for(field->type);
	return attribute->type == needed ||
	        (needed == ATTRIBUTE_NUMBER &&
	                (attribute->type == ATTRIBUTE_INTEGER ||
	                        attribute->type == ATTRIBUTE_STRING));
}

/* Formats but that of an e-mail, and lists of allowed values, are seldom what Bob has. */
static bool is_open(const struct map_rules *rules, const struct attribute *attribute)
{
	return map_rules_find(rules, attribute->name) == NULL && !attribute->is_read_only &&
	        !attribute->is_sourced_elsewhere && attribute->allowed == NULL &&
	        (attribute->format == NULL || strcmp(attribute->format, "email") == 0);
}

struct suggestion {
	const struct field_info *field; /* NULL: none */
	const struct field_info *other; /* as good; NULL: none */
	struct match_of_names names;
	size_t section;
};

static void consider(
        struct suggestion *best, const struct attribute *attribute, const struct field_info *field)
{
	const size_t section = section_of(field);
	if (section == ARRAY_SIZE(WORK_SECTIONS) || is_false_friend(attribute, field) ||
	        !has_fitting_type(attribute, field)) {
		return;
	}
	const struct match_of_names names = compare_names(attribute, field);
	if (names.likeness == LIKE_NOT || names.likeness > best->names.likeness) {
		return;
	}
	if (best->field != NULL && names.likeness == best->names.likeness &&
	        section >= best->section) {
		best->other = section == best->section ? field : best->other;
		return;
	}
	*best = (struct suggestion){.field = field, .names = names, .section = section};
}

static json_t *suggestion_json(
        const struct suggestion *suggestion, const struct attribute *attribute)
{
	char why[WHY_BYTES];
	char other[WHY_BYTES / 2] = "";
	if (suggestion->other != NULL) {
		str_format_cut(
		        other, sizeof(other), "; %s is called so too", suggestion->other->id);
	}
	if (suggestion->names.likeness == LIKE_SAME) {
		str_format_cut(
		        why, sizeof(why), "both are called %s%s", suggestion->names.okta, other);
	} else {
		str_format_cut(why, sizeof(why), "%s in Bob is %s in Okta%s", suggestion->names.bob,
		        suggestion->names.okta, other);
	}
	return json_pack("{s:{s:s, s:s}, s:s}", "row", "okta", attribute->name, "bob",
	        suggestion->field->id, "why", why);
}

json_t *map_suggest(const struct map_rules *rules, const struct field_catalog *fields,
        const struct attribute_catalog *attributes)
{
	json_t *suggestions = json_array();
	for (size_t i = 0; suggestions != NULL && i < attribute_catalog_count(attributes); i++) {
		const struct attribute *attribute = attribute_catalog_at(attributes, i);
		struct suggestion best = {.names.likeness = LIKE_SYNONYM};
		for (size_t k = 0; is_open(rules, attribute) && k < field_catalog_count(fields);
		        k++) {
			consider(&best, attribute, field_catalog_at(fields, k));
		}
		if (best.field != NULL &&
		        json_array_append_new(suggestions, suggestion_json(&best, attribute)) !=
		                0) {
			json_decref(suggestions);
			return NULL;
		}
	}
	return suggestions;
}
