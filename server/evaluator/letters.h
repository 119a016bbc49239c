/* SPDX-License-Identifier: MIT */
#ifndef SERVER_EVALUATOR_LETTERS_H
#define SERVER_EVALUATOR_LETTERS_H

/* The tables of letters.def behind the prelude's spelling functions. Static. */

#include <stddef.h>
#include <stdint.h>

struct letters_row {
	const char *ascii;
	const char *letters; /* UTF-8 */
};

struct letters_cases {
	uint32_t first;
	uint32_t last;
	uint32_t step;
	int32_t delta; /* from a capital letter to its small one */
};

/* Each ends with a row of NULL, and zero. */
extern const struct letters_row letters_ascii[];
extern const struct letters_row letters_german[];
extern const struct letters_row letters_nordic[];
extern const struct letters_cases letters_cases[];

/* The code point of a UTF-8 character of len bytes (str_utf8_step). */
uint32_t letters_code_point(const char *bytes, size_t len);

#endif
