/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_ROW_FIT_H
#define MAPPING_ROW_FIT_H

/*
 * Whether a row can do its work at all, told from Bob's metadata and Okta's
 * schema, before any person is looked at. Pure.
 */

#include "mapping/rule.h"

enum row_fault {
	ROW_FAULT_NONE,
	ROW_FAULT_NO_SUCH_FIELD, /* Bob's metadata list no field that it reads */
	ROW_FAULT_MISSING_IN_OKTA, /* the org's profile has no such attribute */
	ROW_FAULT_READ_ONLY,
	ROW_FAULT_SOURCED_ELSEWHERE, /* another source owns the attribute */
	ROW_FAULT_WRONG_TYPE, /* no value of the field fits */
	ROW_FAULT_DOUBTFUL_TYPE, /* a text of the field may fit, for one person or for all */
	ROW_FAULT_UNFIT_VALUE, /* its value or default does not fit */
	ROW_FAULT_COUNT
};
/* Stable words: "", "no_such_field", "missing_in_okta", ... */
const char *row_fault_name(enum row_fault fault);

/* The first that is found; what a NULL catalog would say is passed over. why: a sentence, or "". */
enum row_fault map_row_fault(const struct map_row *row, const struct field_catalog *fields,
        const struct attribute_catalog *attributes, char *why, size_t size);
/* The type alone: NONE, WRONG_TYPE or DOUBTFUL_TYPE. row comes from a Bob field. */
enum row_fault map_row_type_fault(const struct map_row *row, const struct field_catalog *fields,
        const struct attribute *attribute, char *why, size_t size);

#endif
