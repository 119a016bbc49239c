/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_LETTERS_H
#define SERVER_BASE_LETTERS_H

/*
 * Letters, one by one: how they are written in ASCII, and their other case (letters.def). The
 * tables are made by the first letters_init, which any thread may call.
 */

#include "server/base/buf.h"

void letters_init(void);

/* How the country writes what others write without accents. */
enum letters_country { LETTERS_PLAIN, LETTERS_GERMAN, LETTERS_NORDIC };
/* NULL when it cannot be written. Static. */
const char *letters_ascii(uint32_t point, enum letters_country country);
/* The same point when it has no other case. */
uint32_t letters_lower(uint32_t point);
uint32_t letters_upper(uint32_t point);
/* A combining accent, a variation selector or a joiner: belongs to what stands before it. */
bool letters_is_mark(uint32_t point);
bool letters_is_space(uint32_t point);

/* A text point by point; bytes that are no UTF-8 are skipped. */
struct letters_text {
	const char *at;
	size_t left;
};
bool letters_next(struct letters_text *text, uint32_t *point);
void letters_add(struct buf *to, uint32_t point);

#endif
