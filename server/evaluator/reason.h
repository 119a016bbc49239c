/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_REASON_H
#define SERVER_EVALUATOR_REASON_H

/*
 * Sentences for people in place of jq's messages. A message of jq while it
 * runs quotes what it works on, so none is passed on; while it compiles it
 * knows nothing but the program. Pure.
 */

#include "mapping/mapping.h"
#include "server/evaluator/source.h"

/* message: what error(text) or jq said; program: the expression, whose own texts may be said. */
void reason_of_message(const char *message, const char *program, char *to, size_t size);
/* One of the prelude's: a function's name and a word of what it wants. False when it is none. */
bool reason_of_prelude(const char *function, const char *what, char *to, size_t size) MUST_CHECK;

/* The line a complaint of the compiler names; 0: none. */
size_t reason_line(const char *complaint);
/*
 * The column it names, in characters from 1; 0: none. line is what stands in that line of the
 * text, up to its end or a line feed: behind a copy of it jq puts a blank for each byte before
 * the place.
 */
size_t reason_column(const char *complaint, const char *line);
/* place says how many lines the program has, and where; column 0: not known. */
void reason_of_complaint(const char *complaint, const struct source_place *place, size_t column,
        char *to, size_t size);
/* "line 2, column 5: ...": reads the place back; 0 for what is not told. */
struct reason_place {
	size_t line;
	size_t column;
};
struct reason_place reason_place_of(const char *sentence);

#endif
