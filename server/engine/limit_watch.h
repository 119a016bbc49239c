/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_LIMIT_WATCH_H
#define SERVER_ENGINE_LIMIT_WATCH_H

/*
 * What the dispatcher does about limits every few seconds, and what a new
 * engine finds out about its mapping. Any thread; blocks on the store.
 */

#include "server/engine/connection.h"
#include "server/store/store.h"

/* Shows what the limits come to in the metrics; lets go whom somebody approved for now. */
void limit_watch(struct store *store, struct connection *connection);
/* Finds the version that first mapped as this one does, and remembers it: mapping_version. */
bool limit_note_mapping(
        struct store *store, struct connection *connection, struct err *err) MUST_CHECK;

#endif
