/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_EXPRESSION_SCAN_H
#define MAPPING_EXPRESSION_SCAN_H

/*
 * Which Bob fields a jq text reads. Not a parser: jq says what is valid, this
 * says what to ask Bob for. It follows brackets, strings with "\(...)", comments,
 * and what "." stands for after a pipe as far as that can be told:
 *
 *   .work.title                 a field: a path of two parts or more from the input
 *   .work.department.label      work.department: parts end before label and id, and after
 *                               email, firstName, surname, displayName; at most three
 *   .work | .title              work.title: "." is known after a path and after select(...)
 *   ... as $x | .work.title     and unchanged after "as"
 *   f | .work.title             else unknown: only paths that begin with one of Bob's own
 *                               categories count, since the rest may be anything
 *   .work, .today, .label       one part is never a field
 *   # reads: work.title, ...    says what cannot be seen (getpath, .[$name], $p.work.title)
 */

#include "mapping/rule.h"

/* Adds the fields to the expression, each once. Its text is valid UTF-8. */
bool expression_scan(struct map_expression *expression, struct err *err) MUST_CHECK;
/* False when there are too many, or out of memory. */
bool expression_add_field(
        struct map_expression *expression, const char *id, struct err *err) MUST_CHECK;

#endif
