/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATION_ORDERS_H
#define TESTS_SIMULATION_ORDERS_H

/*
 * Every order of {create, start, change, leave, return, terminate, rehire,
 * terminate} that can happen, and every beginning of one; each also with the
 * webhooks of one step doubled, late (after the next step's) or lost, with a
 * sweep at the end. One person a life, one step a day, hundreds in one company: the
 * same life must end in the same state, however its webhooks came.
 */

#include "tests/simulation/sim.h"

/* Several companies, so that one stays small: with each set of settings one a slice of the lives.
 */
#define ORDERS_SLICE 300
int orders_companies(void);
/* The lives of that seed: how many people it takes. */
int orders_choose(struct sim *sim);
void orders_begin(struct sim *sim);
void orders_step(struct sim *sim, const struct world_item *item);
/* One webhook of the step in hand. */
void orders_send(struct sim *sim, int person, const char *body);
void orders_check(struct sim *sim);

#endif
