/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATION_WEATHER_H
#define TESTS_SIMULATION_WEATHER_H

/* What goes wrong: with calls to both systems, with webhooks, with our process and its clock. */

#include "tests/simulation/sim.h"

/* What becomes of one call. */
enum fate {
	FATE_FINE,
	FATE_LIMITED, /* 429 */
	FATE_ERROR_BEFORE, /* 5xx, not applied */
	FATE_ERROR_AFTER, /* 5xx, applied all the same */
	FATE_CUT_BEFORE, /* no answer, not applied */
	FATE_CUT_AFTER,
	FATE_NOT_SENT, /* no connection */
	FATE_REFUSED, /* 401 */
	FATE_CRASH_BEFORE, /* the process ends in the middle of the call */
	FATE_CRASH_AFTER,
};
enum fate weather_of_okta(struct sim *sim);
enum fate weather_of_bob(struct sim *sim);

/* One webhook on its way to us. */
void weather_send(struct sim *sim, int person, const char *type, const char *body);
/* It arrives then. */
void weather_deliver(struct sim *sim, int person, int64_t at_ms, const char *body);
/* The next change of the weather. */
void weather_change(struct sim *sim);
void weather_heal(struct sim *sim);
void weather_spoil(struct sim *sim); /* the fine hours are over */

#endif
