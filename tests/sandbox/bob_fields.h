/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_BOB_FIELDS_H
#define TESTS_SANDBOX_BOB_FIELDS_H

/* The metadata of Bob's people fields: 239 of them, as a live tenant has, and those that tests add
 * by using them. */

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests/sandbox/util.h"

enum { BOB_FIELDS_TOTAL = 239 };

struct bob_field {
	const char *id;
	const char *type;
	const char *list; /* of list types, else NULL */
	const char *category;
	bool is_historical;
};

/* The metadata of a field; unknown ids are text fields of the category their prefix names, and
 * is_known is false. The strings are static, or borrowed from id. */
struct bob_field bob_fields_find(const char *id, bool *is_known);
/* The table's rows, without the generated ones. */
const struct bob_field *bob_fields_rows(size_t *count);
/* Everything as GET /company/people/fields answers it; extra holds the ids that tests added. New.
 */
json_t *bob_fields_metadata(const json_t *extra);
/* True when a request without `fields` gets it. */
bool bob_fields_is_default(const struct bob_field *field);
bool bob_fields_is_custom(const char *id);

#endif
