/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SETTINGS_NEAREST_H
#define SERVER_SETTINGS_NEAREST_H

/*
 * "Did you mean": of the words that are offered, the one that takes the fewest
 * changed letters to reach from a misspelt one. Used for keys, flags and
 * commands alike. Pure.
 */

#include <stddef.h>

struct nearest {
	const char *word; /* borrowed */
	const char *best; /* borrowed from whoever offered it */
	size_t distance;
};

void nearest_init(struct nearest *nearest, const char *word);
void nearest_offer(struct nearest *nearest, const char *candidate);
/* NULL when nothing offered is near enough to be what was meant. */
const char *nearest_get(const struct nearest *nearest);

#endif
