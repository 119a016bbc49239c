/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_PROFILE_H
#define MAPPING_PROFILE_H

/* What the rows give for one person, and how that differs from what Okta has. */

#include "mapping/evaluator.h"
#include "mapping/rule.h"

/* What a row came to. All but a value and empty never write anything. */
enum row_state {
	ROW_VALUE,
	ROW_EMPTY,
	ROW_NOT_READABLE, /* a field it reads is not in Bob's answer */
	ROW_NO_SUCH_FIELD, /* a field it reads is not in Bob's metadata */
	ROW_WAITING, /* refers to somebody who has no Okta user yet */
	ROW_FAILED, /* the value does not fit the attribute, or the expression failed */
	ROW_STATE_COUNT
};
/* Stable words: "value", "empty", "not_readable", "no_such_field", "waiting", "failed". */
const char *row_state_name(enum row_state state);

#define ROW_REASON_BYTES 220

struct map_result {
	const struct map_row *row;
	enum row_state state;
	json_t *value; /* with ROW_VALUE; owned */
	json_t *source; /* what Bob gave for a path row, before it was fitted; owned; may be NULL */
	json_t *candidates; /* rows with several expressions: the texts they gave, in order, each
	                       once; the remembered one alone where there is one; owned */
	bool is_default; /* the value is the row's default, because the source is empty (K4) */
	bool is_again; /* no verdict this time: worth another look soon */
	char reason[ROW_REASON_BYTES]; /* of the states that do not write; no personal data */
};

/* Whether a group's condition is met: true and nothing else is. */
enum group_answer { GROUP_NO_VERDICT, GROUP_OUT, GROUP_IN };
/* Stable words: "unknown", "out", "in". */
const char *group_answer_name(enum group_answer answer);

struct map_group_result {
	const struct map_group *rule;
	enum group_answer answer;
	enum row_state state; /* VALUE with an answer; else why there is none */
	char reason[ROW_REASON_BYTES]; /* with GROUP_NO_VERDICT; no personal data */
	bool is_again;
};

/* Whether the condition provisioning.scope is met. */
enum scope_answer { SCOPE_MET, SCOPE_NOT_MET, SCOPE_UNKNOWN };

struct map_profile {
	struct map_result *results; /* one per row, in the order of the rules */
	size_t count;
	struct map_group_result *groups; /* one per group of the rules, in their order */
	size_t group_count;
	enum scope_answer scope;
	char scope_reason[ROW_REASON_BYTES]; /* with SCOPE_UNKNOWN */
	bool is_scope_again; /* no verdict this time: worth another look soon */
};

/* A colleague somebody refers to, as far as we know the account. */
struct map_reference {
	char employee_id[33];
	char okta_id[41]; /* "": no Okta user yet */
	const char *login; /* NULL: not known; borrowed */
};

struct map_context {
	const struct field_catalog *fields; /* NULL: Bob's metadata are not known */
	const struct attribute_catalog *attributes; /* NULL: Okta's schema is not known */
	const struct evaluator *evaluator; /* NULL: rows with expressions fail */
	const struct map_reference *references; /* as map_references_needed asked for */
	size_t reference_count;
	const char
	        *remembered_login; /* of a rule with several expressions; NULL: none chosen yet */
	int32_t today; /* local date of the person's site, days since 1970 */
};

/* A context that knows nothing; what the tests of plain rows need. */
extern const struct map_context map_context_none;

/*
 * The ids of the colleagues whose Okta id or login the rows want: a JSON array of texts, mostly
 * empty or with one manager; new reference; NULL when out of memory.
 */
json_t *map_references_needed(const struct map_rules *rules, const struct field_catalog *fields,
        const struct person *person) MUST_CHECK;

bool map_profile_make(struct map_profile *profile, const struct map_rules *rules,
        const struct map_context *context, const struct person *person, struct err *err) MUST_CHECK;
void map_profile_finish(struct map_profile *profile);
const struct map_result *map_profile_find(const struct map_profile *profile, const char *okta);
/* The text of an attribute; NULL unless it has a text value. Borrowed. */
const char *map_profile_text(const struct map_profile *profile, const char *okta);
/* Of several candidates takes that one as the login's value. */
bool map_profile_choose_login(struct map_profile *profile, const char *login) MUST_CHECK;
/*
 * The input expressions get, as docs/mapping.md describes it: the fields the
 * rules' expressions read, nested, and .today. New reference.
 */
json_t *map_input(const struct map_rules *rules, const struct map_context *context,
        const struct person *person) MUST_CHECK;

/*
 * The attributes of wanted that differ from present (a JSON object of
 * attributes; NULL: nothing known, everything differs). Not readable never differs;
 * empty differs only where the row says clear, the attribute has a value and
 * may_clear is set (K4), and a default takes the place of another value under the same
 * condition. Rows that apply on_create are left out of an update. Logins and e-mails
 * compare folded. New reference to an object, possibly empty; NULL when out of memory.
 */
enum diff_purpose { DIFF_FOR_CREATE, DIFF_FOR_UPDATE };
json_t *map_profile_diff(const struct map_profile *wanted, enum diff_purpose purpose,
        const json_t *present, const char *may_clear) MUST_CHECK;
/*
 * Attributes that would be cleared or lose their value to the row's default (K4),
 * comma-separated, sorted; NULL: none. Caller frees.
 */
char *map_profile_empty_fields(const struct map_profile *wanted, const json_t *present);
/*
 * The rows, those of groups included ("group Engineering"), that could not do their work: an array
 * of {"okta", "state", "reason"}, without personal data; new reference.
 */
json_t *map_profile_problems(const struct map_profile *profile) MUST_CHECK;

#endif
