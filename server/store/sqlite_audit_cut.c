/* SPDX-License-Identifier: MIT */
/*
 * Cutting what is kept no longer: a prefix goes, and a signed checkpoint says
 * with which MAC the rest begins. Each batch is one transaction that moves the
 * checkpoint and deletes up to it, so that a crash between two leaves a chain
 * that is whole.
 */
#include "server/store/sqlite_audit.h"

#include "server/base/clock.h"

#include <sqlite3.h>
#include <string.h>

#define CUT_BATCH   500
#define CUT_BATCHES 20 /* a call: the rest goes with the next */

struct cut_call {
	int64_t before_ms;
	int64_t cut; /* in this batch */
};

/* The last of the oldest records that are old enough; the newest record always stays. */
static bool find_cut(
        struct sqlite_conn *conn, struct cut_call *call, struct audit_head *to, struct err *err)
{
	static const char SQL[] = "SELECT seq, mac, at_ms FROM audit_records WHERE seq <"
	                          " (SELECT max(seq) FROM audit_records) ORDER BY seq LIMIT ?";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(INT(CUT_BATCH)), err);
	enum sqlite_row row = ROW_FAILED;
	call->cut = 0;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		if (sqlite3_column_int64(stmt, 2) >= call->before_ms ||
		        sqlite3_column_bytes(stmt, 1) != AUDIT_MAC_BYTES) {
			break;
		}
		to->seq = sqlite3_column_int64(stmt, 0);
		memcpy(to->mac, sqlite3_column_blob(stmt, 1), AUDIT_MAC_BYTES);
		call->cut++;
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

static bool write_checkpoint(
        struct sqlite_conn *conn, const struct audit_head *head, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO audit_checkpoint (checkpoint_id, seq, seq_mac, at_ms, mac)"
	        " VALUES (1, ?, ?, ?, ?) ON CONFLICT (checkpoint_id) DO UPDATE SET seq ="
	        " excluded.seq, seq_mac = excluded.seq_mac, at_ms = excluded.at_ms, mac ="
	        " excluded.mac";
	uint8_t mac[AUDIT_MAC_BYTES];
	int64_t now_ms = clock_wall_ms();
	if (!audit_checkpoint_mac(conn->audit, head, now_ms, mac)) {
		err_set(err, ERR_INTERNAL, "a checkpoint of the audit trail could not be signed");
		return false;
	}
	return sqlite_exec(conn, SQL,
	        VALUES(INT(head->seq), BYTES(head->mac, sizeof(head->mac)), INT(now_ms),
	                BYTES(mac, sizeof(mac))),
	        err);
}

static bool cut_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL_PAYLOADS[] = "DELETE FROM audit_payloads WHERE seq <= ?";
	static const char SQL_RECORDS[] = "DELETE FROM audit_records WHERE seq <= ?";
	struct cut_call *call = context;
	struct audit_head to = {0};
	if (!find_cut(conn, call, &to, err)) {
		return false;
	}
	return call->cut == 0 ||
	        (write_checkpoint(conn, &to, err) &&
	                sqlite_exec(conn, SQL_PAYLOADS, VALUES(INT(to.seq)), err) &&
	                sqlite_exec(conn, SQL_RECORDS, VALUES(INT(to.seq)), err) &&
	                sqlite_retention_audit(conn, "records", call->cut, err));
}

/* Keys that open nothing any more; a batch of people, from one on. */
struct keys_call {
	char after[AUDIT_PERSON_BYTES];
	char upto[AUDIT_PERSON_BYTES];
	bool is_last;
};

static bool find_batch(struct sqlite_conn *conn, struct keys_call *call, struct err *err)
{
	static const char SQL[] = "SELECT person FROM person_keys WHERE person > ?"
	                          " ORDER BY person LIMIT 1 OFFSET ?";
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(TEXT(call->after), INT(CUT_BATCH)), err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	call->is_last = row != ROW_FOUND;
	memset(call->upto, 'g', sizeof(call->upto) - 1); /* behind every hex digit */
	if (row == ROW_FOUND) {
		memcpy(call->upto, sqlite3_column_text(stmt, 0), sizeof(call->upto) - 1);
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

static bool keys_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "DELETE FROM person_keys WHERE person > ? AND person <= ? AND NOT EXISTS"
	        " (SELECT 1 FROM audit_records r WHERE r.person = person_keys.person)";
	struct keys_call *call = context;
	return find_batch(conn, call, err) &&
	        sqlite_exec(conn, SQL, VALUES(TEXT(call->after), TEXT(call->upto)), err);
}

static bool drop_keys(struct store *store, struct err *err)
{
	struct keys_call call = {0};
	while (!call.is_last) {
		if (sqlite_is_quiesced(store, err) || !sqlite_write(store, keys_run, &call, err)) {
			return false;
		}
		memcpy(call.after, call.upto, sizeof(call.after));
	}
	return true;
}

bool store_audit_cut(struct store *store, int64_t before_ms, int64_t *cut, struct err *err)
{
	struct cut_call call = {.before_ms = before_ms, .cut = CUT_BATCH};
	*cut = 0;
	for (int i = 0; i < CUT_BATCHES && call.cut == CUT_BATCH; i++) {
		if (sqlite_is_quiesced(store, err) || !sqlite_write(store, cut_run, &call, err)) {
			return false;
		}
		*cut += call.cut;
	}
	return *cut == 0 || drop_keys(store, err);
}
