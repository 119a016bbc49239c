/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_SCHEMA_H
#define TESTS_SANDBOX_OKTA_SCHEMA_H

/* The schema of the default user type: the 31 base attributes, custom ones, and its API. */

#include "tests/sandbox/request.h"

struct sandbox;

#define OKTA_SCHEMA_ID      "osc1000000000000dflt"
#define OKTA_SCHEMA_TYPE_ID "oty1000000000000dflt"

/* A new schema as the API answers it, without links. */
json_t *okta_schema_make(void);
/* The definition of an attribute, borrowed; NULL when the schema has none. */
const json_t *okta_schema_find(const json_t *schema, const char *attribute);
/* The names of the required attributes, borrowed (base). */
const json_t *okta_schema_required(const json_t *schema);
/* Adds, changes or (null) removes custom attributes; NULL when all is well, else what is wrong
 * (the caller frees) and nothing is changed. */
char *okta_schema_merge(json_t *schema, const json_t *properties) MUST_CHECK;

void okta_schema_get(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_schema_change(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_schema_types(struct sandbox *sb, struct request *rq, struct reply *rp);
void okta_schema_type(struct sandbox *sb, struct request *rq, struct reply *rp);

#endif
