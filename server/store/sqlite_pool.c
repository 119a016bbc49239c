/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/clock.h"

#include <sqlite3.h>

#define TAKE_TIMEOUT_MS 10000

bool sqlite_pool_open(struct store *store, struct err *err)
{
	for (size_t i = 0; i < READERS; i++) {
		struct sqlite_conn *conn = &store->reader_conns[i];
		if (!sqlite_open(conn, store->path, SQLITE_ROLE_READER, err)) {
			return false;
		}
		store->readers[i] = conn;
	}
	return true;
}

void sqlite_pool_close(struct store *store)
{
	for (size_t i = 0; i < READERS; i++) {
		sqlite_close(&store->reader_conns[i]);
		store->readers[i] = NULL;
	}
}

static struct sqlite_conn *take_idle(struct store *store)
{
	for (size_t i = 0; i < READERS; i++) {
		struct sqlite_conn *conn = store->readers[i];
		if (conn != NULL) {
			store->readers[i] = NULL;
			return conn;
		}
	}
	return NULL;
}

struct sqlite_conn *sqlite_pool_take(struct store *store, struct err *err)
{
	int64_t until_ms = clock_mono_ms() + TAKE_TIMEOUT_MS;
	monitor_lock(&store->idle);
	struct sqlite_conn *conn = take_idle(store);
	while (conn == NULL && monitor_wait_until(&store->idle, until_ms)) {
		conn = take_idle(store);
	}
	monitor_unlock(&store->idle);
	if (conn == NULL) {
		err_set(err, ERR_OVERLOADED, "all reading connections of the store are busy");
	}
	return conn;
}

void sqlite_pool_give(struct store *store, struct sqlite_conn *conn)
{
	if (conn->is_fatal) {
		sqlite_writer_end(store, sqlite3_errmsg(conn->db));
	}
	monitor_lock(&store->idle);
	store->readers[conn - store->reader_conns] = conn;
	monitor_wake_all(&store->idle);
	monitor_unlock(&store->idle);
}
