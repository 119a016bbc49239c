/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_SUGGEST_H
#define MAPPING_SUGGEST_H

/*
 * Rows an administrator may want: attributes that no row fills yet, and Bob
 * fields that are called the same. Pure.
 */

#include "mapping/rule.h"

/* The type an attribute needs to hold what a field of that type gives. */
enum attribute_type map_type_for(enum field_type type);

/*
 * An array of {"row": {"okta", "bob"}, "why"}, one an attribute at most, in the
 * order of the attributes' names. Fields of an employee's private life are
 * never suggested. Empty where one of the catalogs is NULL. New reference; NULL when
 * out of memory.
 */
json_t *map_suggest(const struct map_rules *rules, const struct field_catalog *fields,
        const struct attribute_catalog *attributes) MUST_CHECK;

#endif
