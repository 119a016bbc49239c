/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_SOURCE_H
#define SERVER_EVALUATOR_SOURCE_H

/*
 * Many programs become one text for jq, because compiling costs 35 ms for jq's
 * own functions alone, however small the program: the prelude, each program as
 * a function of its own, and a choice between them by number. So that no
 * program can reach out of its function, its brackets and strings must close
 * within it (source_check), and its comments are left out. Pure.
 */

#include "server/base/buf.h"

#define SOURCE_PROGRAM_MAX_BYTES 16384
#define SOURCE_DEPTH_MAX         200

/* False with a sentence in reason when the program cannot stand inside another text. */
bool source_check(const char *program, char *reason, size_t size) MUST_CHECK;

/* Where a program stands in the combined text; the first line of a text is 1. */
struct source_place {
	size_t first_line; /* 0: it is left out */
	size_t lines;
};

/*
 * Appends the text that takes [number, input] and gives what that program gives for the input.
 * Only checked programs may be wanted. False when it does not fit into `to`.
 */
bool source_combine(struct buf *to, const char *const *programs, const bool *is_wanted,
        size_t count, struct source_place *places) MUST_CHECK;

/* Is there such a function of the prelude? */
bool source_has_function(const char *name);

#endif
