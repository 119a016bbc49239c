/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_FUTURE_H
#define MAPPING_FUTURE_H

/*
 * What Bob will show of a person on a later day, as far as it is entered
 * today: the rows of the lifecycle table (bob.md 5.8), and the dates. A
 * forecast for people to look at; nothing is ever done because of it. Bob's
 * documents differ on whether a row of a termination takes effect on its date
 * or at the end of it (bob.md 1.3); here it is the end, as the policy's dates.
 * Pure.
 */

#include "mapping/person.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define FUTURE_DATES_MAX 32

/*
 * The object of a read on the day `today`, as it will be on the day `on`. rows: the person's, in
 * Bob's shape; NULL: not known, then only what the dates say changes. New reference; NULL: out of
 * memory, or no person.
 */
json_t *future_person(
        const json_t *source, const json_t *rows, int32_t today, int32_t on) MUST_CHECK;

/*
 * The days after `from` and up to `to` on which something changes, ascending, each once; the first
 * FUTURE_DATES_MAX of them. Returns how many.
 */
size_t future_dates(const json_t *source, const json_t *rows, int32_t from, int32_t to,
        int32_t days[FUTURE_DATES_MAX]);

#endif
