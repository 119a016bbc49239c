/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SIMULATION_FAKE_OKTA_H
#define TESTS_SIMULATION_FAKE_OKTA_H

/*
 * Okta as its documents describe it (okta.md 1): the status machine with its
 * odd answers, logins that are unique among the deactivated as well, a search
 * that lags. It takes the place of the client's functions at link time; its
 * answers are a status and a body, which the client's own judge reads.
 */

#include "tests/simulation/sim.h"

/* The run that calls reach. */
void okta_serve(struct sim *sim);
void okta_finish(struct sim *sim);
/* An account from before we came. */
void okta_had(struct sim *sim, int person, enum account_status status);
/* Whose it is; NULL: none. The first of several. */
struct okta_account *okta_of(struct sim *sim, int person);
int okta_count_of(const struct sim *sim, int person);
/* Somebody else changes the status. */
void okta_changed_by(struct sim *sim, struct okta_account *account, enum account_status status,
        enum actor actor);
bool okta_is_closed(const struct okta_account *account);

#endif
