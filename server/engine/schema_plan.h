/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_SCHEMA_PLAN_H
#define SERVER_ENGINE_SCHEMA_PLAN_H

/*
 * Which custom attributes the mapping needs and the org's schema lacks, and
 * with which definition they would be added. What is there is never changed:
 * another type is a conflict for a human to decide. Pure.
 */

#include "mapping/mapping.h"

#define SCHEMA_FINGERPRINT_BYTES 17

struct schema_wants {
	const char *connection;
	const struct map_rules *rules;
	const char *match_okta; /* provisioning.match; NULL: none */
	const char *match_bob;
	const struct field_catalog *fields;
	const struct attribute_catalog *attributes;
};

/* The lists are as docs/http.md shows them (POST /api/v1/schema/plan). */
struct schema_plan {
	json_t *properties; /* name -> definition, as okta_schema_add takes it */
	json_t *add;
	json_t *conflicts;
	json_t *refused;
	char fingerprint[SCHEMA_FINGERPRINT_BYTES]; /* of what would be added, and where */
};

/* False only when out of memory; finish in every case. */
bool schema_plan_make(
        struct schema_plan *plan, const struct schema_wants *wants, struct err *err) MUST_CHECK;
void schema_plan_finish(struct schema_plan *plan);

#endif
