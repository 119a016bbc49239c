/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATION_DRIVER_H
#define TESTS_SIMULATION_DRIVER_H

/*
 * What the engine's threads do, on one thread: their own steps
 * (server/engine/parts.h) in an order the seed decides. While one of them
 * waits for Bob or Okta the others go on, as they do in the product, so that
 * an event may arrive in the middle of a run.
 */

#include "tests/simulation/sim.h"

void driver_start(struct sim *sim);
/* Until the agenda's last check; false-free: what fails does not return. */
void driver_run(struct sim *sim);
void driver_stop(struct sim *sim);
/* A call is on its way: time passes, and others may go on. */
void driver_pass_time(struct sim *sim, int64_t ms);
/* The process ends here. */
_Noreturn void driver_crash(struct sim *sim);
/* Nothing is left to do for the engine but to wait. */
bool driver_is_idle(struct sim *sim);

#endif
