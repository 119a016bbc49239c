/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_RULE_H
#define MAPPING_RULE_H

/*
 * Mapping rows: what fills which Okta attribute. The default rows are those of
 * HiBob's own Okta integration (bob.md 8.1); a settings document lays its rows
 * over them by attribute. The profile of one person, made from the rows, is in
 * profile.h.
 */

#include "mapping/attribute.h"
#include "mapping/person.h"

/* Where a row's value comes from. */
enum row_source { ROW_FROM_BOB, ROW_FROM_EXPRESSION, ROW_FROM_VALUE };
enum row_apply { APPLY_ALWAYS, APPLY_ON_CREATE };
/* What an empty source does to the attribute. Login and e-mail are never cleared. */
enum when_empty { WHEN_EMPTY_KEEP, WHEN_EMPTY_CLEAR, WHEN_EMPTY_DEFAULT };

/* A jq program and the Bob fields it reads. */
struct map_expression {
	char *text;
	char **fields; /* ids, each once; owned */
	size_t field_count;
};

#define MAP_EXPRESSIONS_MAX       10 /* alternatives of one row (login only) */
#define MAP_EXPRESSION_MAX_BYTES  4000
#define MAP_EXPRESSION_FIELDS_MAX 40

struct map_row {
	char *okta; /* attribute, base or custom */
	enum row_source source;
	char *bob; /* ROW_FROM_BOB: field id */
	struct map_expression *expressions; /* ROW_FROM_EXPRESSION, in order of preference */
	size_t expression_count;
	json_t *value; /* ROW_FROM_VALUE; never changed, copied on use (J4) */
	enum row_apply apply;
	enum when_empty when_empty;
	json_t *fallback; /* WHEN_EMPTY_DEFAULT; as value */
	enum field_form form; /* ROW_FROM_BOB */
	enum too_long too_long;
};

/* An Okta group and who belongs into it. */
struct map_group {
	char *group; /* Okta's id, or the name */
	struct map_expression when;
};

struct map_rules {
	struct map_row *rows; /* one per attribute */
	size_t count;
	struct map_expression scope; /* provisioning.scope; text NULL: everybody is in scope */
	struct map_group *groups;
	size_t group_count;
};

/* A fresh copy of the default rows; false when out of memory. */
bool map_rules_init_default(struct map_rules *rules) MUST_CHECK;
/* Replaces or adds the row of row->okta; takes the row's content in every case. */
bool map_rules_lay_row(struct map_rules *rules, struct map_row *row) MUST_CHECK;
/* Takes the row of that attribute away, if there is one. */
void map_rules_remove(struct map_rules *rules, const char *okta);
/* The simplest row: a Bob field; bob NULL removes. */
bool map_rules_lay(struct map_rules *rules, const char *okta, const char *bob,
        enum when_empty when_empty) MUST_CHECK;
void map_rules_finish(struct map_rules *rules);
void map_row_finish(struct map_row *row);
void map_group_finish(struct map_group *group);
/* Login and e-mail, which every Okta user has: never cleared, changed as C2 says. */
bool map_is_address(const char *okta);
/* The row of an attribute, or NULL. */
const struct map_row *map_rules_find(const struct map_rules *rules, const char *okta);
/* The Bob field that feeds an attribute, or NULL (also where an expression does). */
const char *map_rules_source(const struct map_rules *rules, const char *okta);

/*
 * Fills in an expression: a copy of the text and the fields it reads, found in
 * the text (".work.department" names work.department; expression_scan.h has the
 * rules), and those that a line "# reads: work.title, ..." in it names. False with
 * ERR_SETTINGS_INVALID for a text that cannot be taken, naming the mend. Whether jq can
 * compile it is the evaluator's to say.
 */
bool map_expression_init(
        struct map_expression *expression, const char *text, struct err *err) MUST_CHECK;
void map_expression_finish(struct map_expression *expression);

/* All programs: rows in order, the scope's, groups in order; an evaluator's indices. */
size_t map_rules_program_count(const struct map_rules *rules);
const struct map_expression *map_rules_program(const struct map_rules *rules, size_t index);
/* "login[1]", "scope", "groups[2]": whose program that is, for people. */
void map_rules_program_name(const struct map_rules *rules, size_t index, char *to, size_t size);

/*
 * Every field a read must ask for: needed ones, mapped ones, those that expressions read, and
 * extra (the match rule's field; may be NULL), without repetition. A JSON array of texts;
 * new reference; NULL when out of memory.
 */
json_t *map_rules_fields(const struct map_rules *rules, const char *extra) MUST_CHECK;
/* Only the mapped attributes of an Okta profile; new reference. */
json_t *map_rules_project(const struct map_rules *rules, const json_t *profile) MUST_CHECK;

#endif
