/* SPDX-License-Identifier: MIT */
/*
 * Deliveries on their way to the disk: one row each in the inbox, a table that
 * has no index, so that what a delivery costs before its 200 is the writing of
 * its bytes. Everything else is done when it is settled (sqlite_event.c).
 */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/str.h"

#include <stdlib.h>

/* Far beyond a day of a large company; about 250 MB of Bob's bodies. */
#define INBOX_MAX 500000

/* One webhook delivery; owned by the queue until it is told. */
struct delivery {
	struct sqlite_write write;
	struct store *store;
	char connection[CONNECTION_NAME_BYTES];
	char *body;
	size_t body_len;
	int64_t received_at_ms;
	store_appended done;
	void *context;
};

/* One statement, so that no savepoint is needed. */
static bool append_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "INSERT INTO inbox (event_id, connection, received_at_ms, body)"
	                          " VALUES (?1, ?2, ?3, ?4)";
	struct delivery *delivery = context;
	if (FAILPOINT("inbox.pre_commit", NULL)) {
		return false;
	}
	return sqlite_exec(conn, SQL,
	        VALUES(INT(++delivery->store->last_event_id), TEXT(delivery->connection),
	                INT(delivery->received_at_ms), BYTES(delivery->body, delivery->body_len)),
	        err);
}

static void append_complete(struct sqlite_write *write)
{
	struct delivery *delivery = write->context;
	FAILPOINT_ONLY("inbox.post_commit", NULL);
	if (write->code == ERR_OK) {
		atomic_fetch_add(&delivery->store->inbox_count, 1);
	}
	delivery->done(delivery->context, write->code);
	free(delivery->body);
	free(delivery);
}

static struct delivery *create(
        struct store *store, const char *connection, char *body, size_t body_len)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	if (delivery == NULL) {
		return NULL;
	}
	delivery->write.run = append_run;
	delivery->write.complete = append_complete;
	delivery->write.context = delivery;
	delivery->write.is_single = true;
	delivery->store = store;
	delivery->body = body;
	delivery->body_len = body_len;
	delivery->received_at_ms = clock_wall_ms();
	if (!str_copy(delivery->connection, sizeof(delivery->connection), connection)) {
		free(delivery);
		return NULL;
	}
	return delivery;
}

enum err_code store_append(struct store *store, const char *connection, char *body, size_t body_len,
        store_appended done, void *context)
{
	if (atomic_load(&store->inbox_count) >= INBOX_MAX) {
		free(body);
		return ERR_OVERLOADED;
	}
	struct delivery *delivery = create(store, connection, body, body_len);
	if (delivery == NULL) {
		free(body);
		return ERR_NO_MEMORY;
	}
	delivery->done = done;
	delivery->context = context;
	enum err_code code = sqlite_writer_queue(store, &delivery->write);
	if (code != ERR_OK) {
		free(delivery);
		free(body);
	}
	return code;
}

/*
 * An event keeps from its arrival the number it has in the end. None is given twice while the
 * process lives, as somebody may still hold a verdict on it; before a start nobody does.
 */
bool sqlite_inbox_begin(struct store *store, struct err *err)
{
	static const char SQL_LAST[] = "SELECT max((SELECT coalesce(max(event_id), 0) FROM events),"
	                               " (SELECT coalesce(max(event_id), 0) FROM inbox))";
	static const char SQL_COUNT[] = "SELECT count(*) FROM inbox";
	int64_t count = 0;
	bool done = sqlite_number(&store->writer, SQL_LAST, NULL, &store->last_event_id, err) &&
	        sqlite_number(&store->writer, SQL_COUNT, NULL, &count, err);
	atomic_store(&store->inbox_count, count);
	return done;
}
