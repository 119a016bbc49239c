/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_SET_BACK_H
#define SERVER_ENGINE_SET_BACK_H

/*
 * Policy C4: an attribute that somebody sets back twice is not written a third
 * time. Two programs that correct each other for ever help nobody. Counted
 * whenever Okta tells the profile and an attribute that stood as Bob says is
 * different now. Pure; counts are attribute names and numbers, as JSON text.
 */

#include "mapping/mapping.h"

#define SET_BACK_LIMIT 2

struct set_back_view {
	const json_t
	        *before; /* mapped attributes as we knew them; NULL: unknown, nothing is counted */
	const json_t *now; /* as Okta tells them */
	const json_t *written; /* what this very call wrote; NULL: nothing */
	const struct map_profile *wanted;
};

/* Updates *counts (heap text; NULL: none yet). False only when out of memory. */
bool set_back_note(char **counts, const struct set_back_view *view) MUST_CHECK;

/* Attributes that reached the limit, comma-separated; caller frees; NULL: none. */
char *set_back_stopped(const char *counts);

#endif
