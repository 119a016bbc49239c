/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_MAPPING_BENCH_H
#define TESTS_SUPPORT_MAPPING_BENCH_H

/*
 * One case of mapping from a JSON row: rules, metadata, schema, person and a
 * table in the place of an evaluator. Every function aborts the test on a
 * mistake in the row.
 *
 *   mapping     rows as in the settings document, without defaults
 *   scope       the text of the condition
 *   groups      rows of groups, as in the settings document
 *   bob         Bob's answer, without the id
 *   metadata    an object: field id -> type, or {"type", "list"}; left out: not known
 *   lists       as GET /company/named-lists
 *   schema      an object: attribute -> property of Okta's schema; left out: not known
 *   results     an object: text of a program -> {"value"}, {"failed"}, {"stopped"}, {"off"} or
 *               {"again"}; a program that is asked and not in it aborts the test
 *   references  an object: employee id -> {"okta_id", "login"}
 *   remembered  the login chosen before
 *   today       a date, "2026-11-25" if left out
 */

#include "mapping/mapping.h"

#define MAPPING_BENCH_REFERENCES 4

struct mapping_bench {
	const json_t *row;
	struct map_rules rules;
	struct field_catalog *fields;
	struct attribute_catalog *attributes;
	struct person person;
	struct evaluator evaluator;
	struct map_reference references[MAPPING_BENCH_REFERENCES];
	struct map_context context;
	struct map_profile profile;
	json_t *input; /* of the last evaluation; NULL: nothing was asked */
	size_t asked; /* programs that were */
};

/* Lays the rows of a settings document over rules; "bob": null takes one away. */
void mapping_bench_lay(struct map_rules *rules, const json_t *mapping);
/* The row's "schema"; NULL: none. Caller destroys. */
struct attribute_catalog *mapping_bench_schema(const json_t *row);
/* Fills in everything but the profile; the bench must stay where it is. */
void mapping_bench_init(struct mapping_bench *bench, const json_t *row);
void mapping_bench_make(struct mapping_bench *bench);
void mapping_bench_finish(struct mapping_bench *bench);

#endif
