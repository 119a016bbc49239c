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
/* line: within the program, 0 for unknown; place says how many there are. */
void reason_of_complaint(
        const char *complaint, const struct source_place *place, char *to, size_t size);

#endif
