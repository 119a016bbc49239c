/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_EVALUATOR_H
#define MAPPING_EVALUATOR_H

/*
 * How the core gets expressions evaluated: an interface it is handed, so that
 * it stays pure. The real one is a pool of confined processes
 * (server/evaluator/); tests hand in tables. An evaluator belongs to one set
 * of programs, those of one struct map_rules, and names them by index.
 */

#include "server/base/attr.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define EVALUATION_REASON_BYTES 200

enum evaluation_state {
	EVALUATION_VALUE, /* null is a value */
	EVALUATION_FAILED, /* the expression gave an error, or not exactly one result */
	EVALUATION_STOPPED, /* over its time or memory */
	EVALUATION_OFF, /* was stopped for several people: off for this settings version */
	EVALUATION_AGAIN, /* no verdict about the expression: nothing is known, try later */
};

struct evaluation {
	enum evaluation_state state;
	json_t *value; /* with EVALUATION_VALUE; owned */
	char reason[EVALUATION_REASON_BYTES]; /* else; a sentence, without personal data */
};

struct evaluator {
	void *context;
	/*
	 * Runs the programs whose index is set in is_asked over input and fills
	 * results[index] for each of them, in every case. All arrays have as many
	 * elements as the rules have programs. employee_id tells people apart
	 * (engine rule 25) and goes nowhere else. Blocks; any thread.
	 */
	void (*evaluate)(void *context, const char *employee_id, const json_t *input,
	        const bool *is_asked, struct evaluation *results);
};

#endif
