/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_SECRET_USE_H
#define SERVER_ENGINE_SECRET_USE_H

/*
 * Keeps in the store when each webhook secret verified a delivery last (W-04),
 * so that a restart does not make a secret look unused. A secret is told from
 * its neighbours by 16 bits of its mark: enough for a list of eight, too little
 * to try guesses on. The dispatcher's thread.
 */

#include "server/settings/settings.h"
#include "server/store/store.h"

/* Uses that are later than what the store has by so much are written down. */
#define SECRET_USE_STEP_MS 60000

/* What earlier processes knew of this connection's secrets. */
void secret_use_recall(struct store *store, const struct connection_settings *connection);
/* Writes down what is new by step_ms; 0: everything. */
void secret_use_keep(
        struct store *store, const struct connection_settings *connection, int64_t step_ms);

#endif
