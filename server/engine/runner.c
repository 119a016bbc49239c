/* SPDX-License-Identifier: MIT */
#include "server/engine/runner.h"

#include <stdlib.h>
#include <string.h>

bool runner_init(struct runner *runner, struct store *store, struct connection **connections,
        size_t connection_count, struct err *err)
{
	*runner = (struct runner){
	        .store = store,
	        .connections = connections,
	        .connection_count = connection_count,
	        .okta = calloc(connection_count, sizeof(struct okta_client *)),
	        .bob = calloc(connection_count, sizeof(struct bob_client *)),
	};
	if (runner->okta == NULL || runner->bob == NULL) {
		runner_finish(runner);
		err_set(err, ERR_NO_MEMORY, "out of memory for the clients of a thread");
		return false;
	}
	return true;
}

void runner_finish(struct runner *runner)
{
	for (size_t i = 0; i < runner->connection_count; i++) {
		if (runner->okta != NULL) {
			okta_client_destroy(runner->okta[i]);
		}
		if (runner->bob != NULL) {
			bob_client_destroy(runner->bob[i]);
		}
	}
	free(runner->okta);
	free(runner->bob);
	memset(runner, 0, sizeof(*runner));
}

static size_t index_of(const struct runner *runner, const struct connection *connection)
{
	size_t i = 0;
	while (i + 1 < runner->connection_count && runner->connections[i] != connection) {
		i++;
	}
	return i;
}

struct okta_client *runner_okta(
        struct runner *runner, const struct connection *connection, struct err *err)
{
	size_t i = index_of(runner, connection);

	if (runner->okta[i] == NULL) {
		runner->okta[i] = okta_client_create(connection->org, err);
		if (runner->okta[i] != NULL && runner->stop != NULL) {
			okta_client_stop_on(runner->okta[i], runner->stop);
		}
	}
	return runner->okta[i];
}

struct bob_client *runner_bob(
        struct runner *runner, const struct connection *connection, struct err *err)
{
	size_t i = index_of(runner, connection);

	if (runner->bob[i] == NULL) {
		runner->bob[i] = bob_client_create(connection->company, err);
		if (runner->bob[i] != NULL && runner->stop != NULL) {
			bob_client_stop_on(runner->bob[i], runner->stop);
		}
	}
	return runner->bob[i];
}
