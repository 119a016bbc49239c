/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATION_RUNNING_H
#define TESTS_SIMULATION_RUNNING_H

/* The brake's running time where virtual time leaps. */

#include "server/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct store;

/* Counts up to now, and what the next count leaves out of a long gap. */
bool running_add(struct store *store, int64_t left_out_ms, struct err *err);

#endif
