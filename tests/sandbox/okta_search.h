/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_OKTA_SEARCH_H
#define TESTS_SANDBOX_OKTA_SEARCH_H

/*
 * Okta's subset of SCIM expressions: `attribute op value` joined by and, or, not and parentheses.
 * Pure: text to tree, tree against a user's JSON.
 *
 * search: any attribute, eq ge gt le lt pr sw, co on names and logins; values ignore case.
 * filter: a few attributes, eq (lastUpdated also gt ge lt le), and, or; values do not ignore case.
 */

#include <jansson.h>
#include <stdbool.h>

#include "tests/sandbox/util.h"

enum search_kind { SEARCH_SEARCH, SEARCH_FILTER };

enum search_result {
	SEARCH_OK,
	SEARCH_SYNTAX, /* E0000031, or E0000053 for a filter */
	SEARCH_UNSUPPORTED, /* E0000031, or E0000094 for a filter */
};

enum { SEARCH_MAX_NODES = 200, SEARCH_MAX_DEPTH = 24, SEARCH_MAX_LENGTH = 8000 };

struct search;

/* *out is NULL unless SEARCH_OK; the caller destroys it. */
enum search_result search_parse(
        const char *text, enum search_kind kind, struct search **out) MUST_CHECK;
void search_destroy(struct search *search);
/* user is as okta_view_plain makes it. */
bool search_matches(const struct search *search, const json_t *user);

#endif
