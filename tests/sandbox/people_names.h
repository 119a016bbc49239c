/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SANDBOX_PEOPLE_NAMES_H
#define TESTS_SANDBOX_PEOPLE_NAMES_H

/* Invented people: names of many languages, with the spelling their e-mail address uses. */

#include "tests/sandbox/bob_people.h"

struct invented_name {
	const char *first;
	const char *last;
	const char *first_ascii;
	const char *last_ascii;
};

/* The n-th combination for a random number; the strings are static. */
struct invented_name people_names_pick(uint64_t random);

/* Adds `count` employed people, the same ones for the same seed; day is today. */
void people_names_seed(struct people *people, int64_t count, uint64_t seed, int64_t day);

#endif
