/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_SWEEP_H
#define SERVER_ENGINE_SWEEP_H

/*
 * Finding what no event announced: a full comparison of Bob and Okta, at most
 * one at a time a connection, by night, on demand, after a downtime, after a
 * silence of Bob's and after a source fault. It reads, and marks whom a run of
 * their own is to look at; it changes nobody itself. Thread: sweeper.c.
 */

#include "server/engine/engine.h"
#include "server/store/sweeps.h"

/* Asks for one now; *sweep_id is that of one that waits or runs already, too. */
struct sweep_request {
	const char *connection;
	const char *by;
	bool accepts_shorter;
};
bool engine_sweep(struct engine *engine, const struct sweep_request *request, int64_t *sweep_id,
        struct err *err) MUST_CHECK;

struct sweep_outlook {
	int64_t next_at_ms; /* 0: not by itself, or not known yet */
	int64_t last_delivery_at_ms; /* within the last 28 days; 0: none */
	bool is_silent; /* Bob has sent nothing for longer than usual */
	bool is_fault; /* the newest sweep could not trust its source */
};
bool engine_sweep_outlook(
        struct engine *engine, const char *connection, struct sweep_outlook *outlook);

#endif
