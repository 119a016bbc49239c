/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_RUNNER_H
#define SERVER_ENGINE_RUNNER_H

/*
 * What a thread needs to converge employees: the store, the connections, and
 * its own clients, opened when first used (one per thread and connection, C1).
 */

#include "server/engine/connection.h"

struct runner {
	struct store *store; /* borrowed */
	struct connection **connections; /* borrowed */
	size_t connection_count;
	struct okta_client **okta; /* by index of the connection; NULL until used */
	struct bob_client **bob;
	const atomic_bool *stop; /* what ends their calls; NULL: the engine's abort alone. Set
	                            before the first one is used; borrowed */
};

bool runner_init(struct runner *runner, struct store *store, struct connection **connections,
        size_t connection_count, struct err *err) MUST_CHECK;
void runner_finish(struct runner *runner);

/* NULL with err when the client cannot be opened. */
struct okta_client *runner_okta(
        struct runner *runner, const struct connection *connection, struct err *err);
struct bob_client *runner_bob(
        struct runner *runner, const struct connection *connection, struct err *err);

#endif
