/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_RULE_H
#define MAPPING_RULE_H

/*
 * Mapping rows: which Bob field fills which Okta attribute. The default rows
 * are those of HiBob's own Okta integration (bob.md 8.1); a settings document
 * lays its rows over them by attribute.
 */

#include "mapping/person.h"

/* What an empty source does to the attribute. Login and e-mail are never cleared. */
enum when_empty { WHEN_EMPTY_KEEP, WHEN_EMPTY_CLEAR };

struct map_row {
	char *okta; /* attribute, base or custom */
	char *bob; /* field id */
	enum when_empty when_empty;
};

struct map_rules {
	struct map_row *rows; /* one per attribute */
	size_t count;
};

/* A fresh copy of the default rows; false when out of memory. */
bool map_rules_init_default(struct map_rules *rules) MUST_CHECK;
/* Replaces or adds the row of that attribute; bob NULL removes it. */
bool map_rules_lay(struct map_rules *rules, const char *okta, const char *bob,
        enum when_empty when_empty) MUST_CHECK;
void map_rules_finish(struct map_rules *rules);
/* The field that feeds an attribute, or NULL. */
const char *map_rules_source(const struct map_rules *rules, const char *okta);
/*
 * Every field a read must ask for: needed ones, mapped ones and extra (the
 * match rule's field; may be NULL), without repetition. A JSON array of texts;
 * new reference; NULL when out of memory.
 */
json_t *map_rules_fields(const struct map_rules *rules, const char *extra) MUST_CHECK;

/* What the rows gave for one person: a state and a value per attribute. */
struct map_result {
	const struct map_row *row;
	enum field_state state;
	json_t *value; /* with FIELD_VALUE; owned */
};

struct map_profile {
	struct map_result *results;
	size_t count;
};

bool map_profile_make(struct map_profile *profile, const struct map_rules *rules,
        const struct field_catalog *catalog, const struct person *person,
        struct err *err) MUST_CHECK;
void map_profile_finish(struct map_profile *profile);
/* The text of an attribute; NULL unless it has a text value. Borrowed. */
const char *map_profile_text(const struct map_profile *profile, const char *okta);

/*
 * The attributes of wanted that differ from present (a JSON object of
 * attributes; NULL: nothing known, everything differs). Absent never differs;
 * empty differs only where the row says clear, the attribute has a value and
 * may_clear is set (K4). Logins and e-mails compare folded. New reference to an
 * object, possibly empty; NULL when out of memory.
 */
json_t *map_profile_diff(
        const struct map_profile *wanted, const json_t *present, const char *may_clear) MUST_CHECK;
/* Attributes that are empty now and would be cleared, comma-separated, sorted; NULL: none. Caller
 * frees. */
char *map_profile_empty_fields(const struct map_profile *wanted, const json_t *present);
/* Only the mapped attributes of an Okta profile; new reference. */
json_t *map_rules_project(const struct map_rules *rules, const json_t *profile) MUST_CHECK;

#endif
