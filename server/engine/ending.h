/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ENDING_H
#define SERVER_ENGINE_ENDING_H

/*
 * Leavers whose time has come while Bob cannot be read (policy L6): after
 * ENDING_UNREAD_MS they are taken to the workers without a read, and the policy
 * says what may be done with what was last read. How long Bob has been away is
 * kept in the store: a restart does not begin to count anew. For the reader's thread.
 */

#include "server/engine/parts.h"

#define ENDING_UNREAD_MS (4 * 60 * 60 * 1000LL)
/* Who was looked at and still has to wait is looked at, and alarmed about, that often. */
#define ENDING_AGAIN_MS (60 * 60 * 1000LL)

struct ending {
	int64_t looked_at_ms; /* monotonic */
	int64_t kept_since_ms; /* as the store has it */
};

/* What the store knows of an outage that an earlier process saw. */
void ending_start(struct ending *ending, struct engine *engine, struct connection *connection);
/* Keeps the store's knowledge up to date, and hands over whoever is due. Cheap while Bob answers.
 */
void ending_look(struct ending *ending, struct engine *engine, struct connection *connection);

#endif
