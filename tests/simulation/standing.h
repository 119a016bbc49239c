/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATION_STANDING_H
#define TESTS_SIMULATION_STANDING_H

/* policy.md 2, 3, 4 in short, over what Bob shows of a person at a time. Pure. */

#include "tests/simulation/sim.h"

enum standing_now { STANDS_HERE, STANDS_LEAVER, STANDS_UNCLEAR };

enum standing_now standing_of(const struct sim *sim, const struct truth *truth, int64_t at_ms);
bool is_leaver(const struct sim *sim, const struct truth *truth, int64_t at_ms);
bool is_in_scope(const struct truth *truth);
/* On a leave that suspends (policy 6). */
bool is_suspending_leave(const struct sim *sim, const struct truth *truth, int64_t at_ms);
/* On the start date, or so many days before it. */
bool is_create_time(const struct sim *sim, const struct truth *truth, int64_t at_ms);
bool has_started(const struct sim *sim, const struct truth *truth, int64_t at_ms);
/* May an account be activated for the first time? */
bool is_open_time(const struct sim *sim, const struct truth *truth, int64_t at_ms);

#endif
