/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/str.h"

#include <stdlib.h>

/* One webhook delivery on its way to the disk; owned by the queue until it is told. */
struct delivery {
	struct sqlite_write write;
	char connection[CONNECTION_NAME_BYTES];
	uint8_t sha256[CRYPTO_SHA256_BYTES];
	char *body;
	size_t body_len;
	int64_t received_at_ms;
	bool is_duplicate;
	store_appended done;
	void *context;
};

/*
 * Engine rule 14: the first row counts up, and is parsed once more if it was
 * foreign or unusable, has no time of its own, or its employee's last run since
 * did not end well. A body that has expired comes back with the duplicate.
 */
static bool count_duplicate(
        struct sqlite_conn *conn, const struct delivery *delivery, struct err *err)
{
	static const char SQL[] =
	        "WITH reopened AS (SELECT e.event_id FROM events e LEFT JOIN employees p ON"
	        " p.connection = e.connection AND p.employee_id = e.employee_id"
	        " WHERE e.connection = ?1 AND e.sha256 = ?2 AND e.state <> 'received' AND"
	        " (e.state IN ('foreign', 'unusable') OR e.triggered_at_ms = 0 OR"
	        " (p.last_run_at_ms >= e.received_at_ms AND p.is_last_run_good = 0)))"
	        " UPDATE events SET deliveries = deliveries + 1, last_seen_at_ms = ?3,"
	        " body = CASE WHEN event_id IN reopened THEN coalesce(body, ?4) ELSE body END,"
	        " state = CASE WHEN event_id IN reopened THEN 'received' ELSE state END"
	        " WHERE connection = ?1 AND sha256 = ?2";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(delivery->connection),
	                BYTES(delivery->sha256, sizeof(delivery->sha256)),
	                INT(delivery->received_at_ms), BYTES(delivery->body, delivery->body_len)),
	        err);
}

/* At most one of the two statements changes something, so that no savepoint is needed. */
static bool append_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO events (connection, sha256, received_at_ms, last_seen_at_ms, body)"
	        " VALUES (?1, ?2, ?3, ?3, ?4) ON CONFLICT (connection, sha256) DO NOTHING";
	struct delivery *delivery = context;
	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(delivery->connection),
	                    BYTES(delivery->sha256, sizeof(delivery->sha256)),
	                    INT(delivery->received_at_ms),
	                    BYTES(delivery->body, delivery->body_len)),
	            err)) {
		return false;
	}
	delivery->is_duplicate = sqlite_changes(conn) == 0;
	return !delivery->is_duplicate || count_duplicate(conn, delivery, err);
}

static void append_complete(struct sqlite_write *write)
{
	struct delivery *delivery = write->context;
	enum err_code code = write->code;
	if (code == ERR_OK && delivery->is_duplicate) {
		code = ERR_CONFLICT;
	}
	delivery->done(delivery->context, code);
	free(delivery->body);
	free(delivery);
}

static struct delivery *create(const char *connection, char *body, size_t body_len)
{
	struct delivery *delivery = calloc(1, sizeof(*delivery));
	if (delivery == NULL) {
		return NULL;
	}
	delivery->write.run = append_run;
	delivery->write.complete = append_complete;
	delivery->write.context = delivery;
	delivery->write.is_single = true;
	delivery->body = body;
	delivery->body_len = body_len;
	delivery->received_at_ms = clock_wall_ms();
	if (!str_copy(delivery->connection, sizeof(delivery->connection), connection) ||
	        !crypto_sha256(body, body_len, delivery->sha256)) {
		free(delivery);
		return NULL;
	}
	return delivery;
}

enum err_code store_append(struct store *store, const char *connection, char *body, size_t body_len,
        store_appended done, void *context)
{
	struct delivery *delivery = create(connection, body, body_len);
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
