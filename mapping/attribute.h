/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_ATTRIBUTE_H
#define MAPPING_ATTRIBUTE_H

/*
 * Okta's attributes as the org's own user schema describes them (okta.md 1.8
 * and 5), and whether a value fits one. Built once from the schema's answer,
 * then read-only, any thread. An org whose schema cannot be read has no
 * catalog: then nothing is checked here, and Okta's answers tell.
 */

#include "server/base/attr.h"
#include "server/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum attribute_type {
	ATTRIBUTE_STRING,
	ATTRIBUTE_BOOLEAN,
	ATTRIBUTE_NUMBER,
	ATTRIBUTE_INTEGER,
	ATTRIBUTE_STRINGS, /* array of string */
	ATTRIBUTE_NUMBERS,
	ATTRIBUTE_INTEGERS,
	ATTRIBUTE_OTHER, /* a type this program does not know: nothing is checked */
};

struct attribute {
	char *name;
	char *title;
	enum attribute_type type;
	bool is_base; /* Okta's own; else custom */
	bool is_required;
	bool is_read_only; /* mutability READ_ONLY or IMMUTABLE */
	bool is_sourced_elsewhere; /* its own source overrides the profile's (okta.md 5, master) */
	size_t min_length; /* characters; 0: none */
	size_t max_length; /* characters; 0: none */
	char *format; /* "email", "country-code", ...; NULL: none */
	char *pattern; /* login only; NULL: none */
	json_t *allowed; /* array of the enum's values; NULL: any */
};

struct attribute_catalog;
/* From the answer of GET /api/v1/meta/schemas/user/default; NULL on a wrong shape. */
struct attribute_catalog *attribute_catalog_parse(const json_t *schema, struct err *err) MUST_CHECK;
void attribute_catalog_destroy(struct attribute_catalog *catalog);
size_t attribute_catalog_count(const struct attribute_catalog *catalog);
/* In the order of their names; borrowed. */
const struct attribute *attribute_catalog_at(const struct attribute_catalog *catalog, size_t index);
/* NULL for a NULL catalog and for an attribute that is not in it. Borrowed. */
const struct attribute *attribute_catalog_find(
        const struct attribute_catalog *catalog, const char *name);
/* "string", "array of integer"; for people. */
const char *attribute_type_name(enum attribute_type type);

enum too_long { TOO_LONG_FAILS, TOO_LONG_TRUNCATES };
/*
 * Turns *value (owned by the caller, replaced where its form changes) into what
 * the attribute takes: numbers become texts for a text attribute and so on.
 * False when it does not fit; reason then says why in the words of an administrator
 * ("61 characters, Okta takes 50") and holds nothing of the value.
 */
bool attribute_fit(const struct attribute *attribute, enum too_long too_long, json_t **value,
        char *reason, size_t size) MUST_CHECK;

#endif
