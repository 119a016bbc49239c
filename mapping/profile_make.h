/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_PROFILE_MAKE_H
#define MAPPING_PROFILE_MAKE_H

/*
 * The parts of making a profile; internal to mapping/: programs (profile_programs.c),
 * colleagues (profile_reference.c), the rows themselves (profile.c).
 */

#include "mapping/profile.h"

/* What became of one program for one person, before its value is judged. */
struct program_result {
	enum row_state state; /* VALUE, NOT_READABLE, NO_SUCH_FIELD or FAILED */
	json_t *value; /* with VALUE: as the evaluator gave it; owned */
	bool is_again;
	char reason[ROW_REASON_BYTES];
};

/* One per program of the rules, in their order; NULL without any, or out of memory. */
struct program_result *programs_run(const struct map_rules *rules,
        const struct map_context *context, const struct person *person) MUST_CHECK;
void programs_finish(struct program_result *results, size_t count);

bool row_wants_reference(const struct map_row *row);
/* The text that names the colleague becomes the account's id or login; or the row waits. */
void row_resolve_reference(struct map_result *result, const struct map_context *context);

/* Sets a state that writes nothing; drops the value. */
void result_stop(struct map_result *result, enum row_state state, const char *format, ...)
        PRINTF(3, 4);

#endif
