/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_PROGRAMS_H
#define SERVER_EVALUATOR_PROGRAMS_H

/*
 * The only user of libjq. It runs in an evaluator and nowhere else: libjq
 * may run for ever, take all memory, abort or be talked into worse. Out of
 * memory ends the process with WIRE_EXIT_MEMORY. One thread.
 */

#include "server/base/buf.h"
#include "server/evaluator/wire.h"

struct programs;
/* The texts are borrowed for life. */
struct programs *programs_create(const char *const *texts, size_t count);

struct program_verdict {
	bool is_bad;
	char reason[EVALUATION_REASON_BYTES];
};

/*
 * Compiles the wanted programs that source_check lets pass; is_each: each one first by itself, so
 * that page->doing names the one that does not survive it. verdicts has one for each program.
 * False when they cannot be compiled together.
 */
bool programs_compile(struct programs *programs, struct wire_page *page, const bool *is_wanted,
        bool is_each, struct program_verdict *verdicts) MUST_CHECK;

/* The next input; false when it is no JSON. */
bool programs_set_input(struct programs *programs, const char *json, size_t len) MUST_CHECK;
/* Runs a compiled program over the input: to gets the value as JSON, or the reason. */
enum evaluation_state programs_evaluate(struct programs *programs, size_t index, struct buf *to);

#endif
