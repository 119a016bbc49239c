/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_PERSON_H
#define MAPPING_PERSON_H

/*
 * One employee as Bob described it in one answer (bob.md 5.5), as a typed
 * value. Absence is not a fact: a field that is missing from the answer is
 * FIELD_NOT_READABLE and never the same as FIELD_EMPTY (design 1.4).
 */

#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/sensitive.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_state {
	FIELD_NOT_READABLE, /* not in the answer: the service user may not see the field */
	FIELD_NO_SUCH, /* not in the answer, and Bob's metadata do not list it */
	FIELD_EMPTY, /* null, or a text of white space */
	FIELD_VALUE,
};

/* What Bob's metadata says about a field; decides how its value is read. */
enum field_type {
	FIELD_TYPE_UNKNOWN, /* metadata not at hand: told from the value's shape */
	FIELD_TYPE_TEXT,
	FIELD_TYPE_NUMBER,
	FIELD_TYPE_BOOL,
	FIELD_TYPE_DATE,
	FIELD_TYPE_LIST, /* list, list_id, hierarchy-list */
	FIELD_TYPE_MULTI_LIST,
	FIELD_TYPE_EMPLOYEE, /* a reference to a colleague */
	FIELD_TYPE_OTHER,
};

/* One of Bob's fields, as its metadata describe it. Texts are never NULL, but may be "". */
struct field_info {
	const char *id; /* "work.department" */
	const char *name; /* as people see it in Bob */
	const char *category; /* the section it stands in, as people see it */
	enum field_type type;
	const char *type_word; /* Bob's own word for the type: "hierarchy-list" */
	const char *list; /* the named list that its values come from */
};

/* Bob's fields and lists; built once from the metadata by one thread, then read-only. */
struct field_catalog;
/* From the answer of GET /company/people/fields; NULL on a wrong shape. */
struct field_catalog *field_catalog_parse(const json_t *fields, struct err *err) MUST_CHECK;
/*
 * From the answer of GET /company/named-lists: labels for list values that come without one.
 * While the catalog is built. False on a wrong shape or without memory; the fields stay.
 */
bool field_catalog_add_lists(
        struct field_catalog *catalog, const json_t *lists, struct err *err) MUST_CHECK;
void field_catalog_destroy(struct field_catalog *catalog);
/* In the order of their ids; borrowed. 0 for NULL. */
size_t field_catalog_count(const struct field_catalog *catalog);
const struct field_info *field_catalog_at(const struct field_catalog *catalog, size_t index);
/* NULL for a NULL catalog and for a field that is not in it. Borrowed. */
const struct field_info *field_catalog_find(const struct field_catalog *catalog, const char *path);
/* The label of an item of a named list; NULL when not known. Borrowed. */
const char *field_catalog_label(
        const struct field_catalog *catalog, const char *list, const char *item_id);
/* As _has, and true for the parts of a listed colleague ("work.reportsTo.email"). */
bool field_catalog_covers(const struct field_catalog *catalog, const char *path);
/* No field, but what ids of fields begin with ("payroll.employment"). */
bool field_catalog_is_section(const struct field_catalog *catalog, const char *path);
/* UNKNOWN for a NULL catalog and for a field that is not in it; is_known tells the two apart. */
enum field_type field_catalog_type(const struct field_catalog *catalog, const char *path);
bool field_catalog_has(const struct field_catalog *catalog, const char *path);

/* Which side of a list item or of a colleague is meant. */
enum field_form {
	FIELD_FORM_LABEL, /* the list item's label; the colleague's display name */
	FIELD_FORM_ID, /* Bob's id of the item or of the colleague */
	FIELD_FORM_EMAIL, /* the colleague's e-mail in Bob */
	FIELD_FORM_OKTA_ID, /* the colleague's Okta user; needs a map_reference */
	FIELD_FORM_OKTA_LOGIN,
};

enum lifecycle {
	LIFECYCLE_UNKNOWN, /* a word that is not in the list (K1), or not readable */
	LIFECYCLE_HIRED,
	LIFECYCLE_EMPLOYED,
	LIFECYCLE_LEAVE, /* leave, parental leave, and the like */
	LIFECYCLE_GARDEN_LEAVE,
	LIFECYCLE_TERMINATED,
};

enum bob_access { BOB_ACCESS_UNKNOWN, BOB_ACCESS_ACTIVE, BOB_ACCESS_INACTIVE };

struct field_date {
	enum field_state state;
	int32_t days; /* since 1970-01-01; with FIELD_VALUE */
};

struct field_text {
	enum field_state state;
	struct personal text; /* trimmed; with FIELD_VALUE */
};

struct person {
	char employee_id[33];
	enum lifecycle lifecycle;
	char lifecycle_word[32]; /* as Bob wrote it, folded; for reasons and lists */
	enum bob_access access;
	struct field_date start_date; /* work.startDate */
	struct field_date termination_date; /* internal.terminationDate */
	struct field_date last_day; /* employee.lastDayOfWork */
	struct field_text email; /* root.email */
	struct field_text last_name; /* root.surname */
	struct field_text display_name; /* root.displayName */
	struct field_text site; /* work.site: the name that sites are keyed by */
	struct field_text employee_number; /* work.employeeIdInCompany, as text */
	struct field_text employment_type; /* payroll.employment.type, its label; reads ask for it
	                                      only where policy_needs_employment_type */
	json_t *source; /* Bob's object, for mapped fields; owned */
};

/*
 * The fields every read asks for, whatever is mapped: identity, status and
 * dates (policy K2). Ends with NULL.
 */
extern const char *const person_needed_fields[];

/* What a lifecycle word means, however it is spelt; UNKNOWN for one that is not in the list. */
enum lifecycle person_lifecycle(const char *word);
/* The same word, whatever the case, blanks, hyphens and underscores, which differ between sources.
 */
bool lifecycle_word_equal(const char *a, const char *b);

/* False with ERR_BAD_ANSWER when there is no usable id; source is increfed. */
bool person_parse(struct person *person, json_t *source, struct err *err) MUST_CHECK;
void person_finish(struct person *person);

/*
 * The value of any field by Bob's id ("work.department", "work.custom.field_1",
 * "work.reportsTo.email"): nested form first, then the flat "/work/department"
 * key. Lists give their label from humanReadable, else from the named list, and are
 * FIELD_NOT_READABLE without one; dates, numbers and truth values give the machine value. *value is
 * a new reference with FIELD_VALUE, else NULL. FIELD_NO_SUCH needs a catalog.
 */
enum field_state person_field(const struct person *person, const struct field_catalog *catalog,
        const char *path, json_t **value);
/*
 * The same in another form; fields that are neither lists nor colleagues have
 * one form only. FIELD_FORM_OKTA_ID and _OKTA_LOGIN give Bob's id of the colleague.
 */
enum field_state person_field_form(const struct person *person, const struct field_catalog *catalog,
        const char *path, enum field_form form, json_t **value);
/* The same for a field whose type is known without metadata. */
enum field_state person_field_as(
        const struct person *person, enum field_type type, const char *path, json_t **value);

#endif
