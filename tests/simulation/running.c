/* SPDX-License-Identifier: MIT */
#include "tests/simulation/running.h"

#include "server/store/sqlite.h"

static bool add_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const int64_t *left_out_ms = context;
	int64_t running_ms = 0;

	return sqlite_running_tick(conn, err) &&
	        sqlite_state_get(conn, "running_ms", &running_ms, err) &&
	        sqlite_state_set(conn, "running_ms", running_ms + *left_out_ms, err);
}

bool running_add(struct store *store, int64_t left_out_ms, struct err *err)
{
	return sqlite_write(store, add_run, &left_out_ms, err);
}
