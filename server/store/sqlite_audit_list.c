/* SPDX-License-Identifier: MIT */
/* Reading the trail, with the payloads of those who were not erased. */
#include "server/store/sqlite_audit.h"

#include "server/base/crypto.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_MAX 1000

void audit_list_finish(struct audit_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		personal_finish(&list->items[i].payload);
	}
	free(list->items);
	*list = (struct audit_list){0};
}

static void take_row(struct audit_record *record, const struct audit_row *row)
{
	record->seq = row->seq;
	record->at_ms = row->at_ms;
	record->settings_version = row->settings_version;
	memcpy(record->connection, row->connection, sizeof(record->connection));
	memcpy(record->kind, row->kind, sizeof(record->kind));
	memcpy(record->person, row->person, sizeof(record->person));
	memcpy(record->who, row->who, sizeof(record->who));
	memcpy(record->origin, row->origin, sizeof(record->origin));
	memcpy(record->meta, row->meta, sizeof(record->meta));
	str_hex(record->mac, row->mac, sizeof(row->mac));
}

/* What cannot be opened (erased, or changed: verifying says which) is left out. */
static bool open_payload(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct audit_record *record, struct err *err)
{
	const uint8_t *sealed = sqlite3_column_blob(stmt, AUDIT_ROW_COLUMN_COUNT);
	size_t len = (size_t)sqlite3_column_bytes(stmt, AUDIT_ROW_COLUMN_COUNT);
	char text[AUDIT_PAYLOAD_BYTES + 1];
	uint8_t key[KEY_RING_KEY_BYTES];
	struct err unread = ERR_INIT;
	if (sealed == NULL || len > AUDIT_PAYLOAD_BYTES + AUDIT_SEALED_MIN_BYTES) {
		return true;
	}
	bool is_open = audit_person_key(conn, record->person, false, key, &unread) == ROW_FOUND &&
	        audit_unseal(key, record->seq, sealed, len, text, &unread);
	crypto_wipe(key, sizeof(key));
	bool done = !is_open || personal_set(&record->payload, text);
	crypto_wipe(text, sizeof(text));
	if (!done) {
		err_set(err, ERR_NO_MEMORY, "no memory for the audit trail");
	}
	return done;
}

static bool add_record(struct sqlite_conn *conn, struct sqlite3_stmt *stmt, struct audit_list *list,
        struct err *err)
{
	struct audit_row row;
	struct audit_record *record =
	        sqlite_grow((void **)&list->items, &list->count, sizeof(*record));
	if (record == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the audit trail");
		return false;
	}
	if (!audit_row_read(stmt, &row)) {
		err_set(err, ERR_STORE_FAILED,
		        "record %lld of the audit trail is not as it was written; bob2okta audit"
		        " verify says more",
		        (long long)sqlite3_column_int64(stmt, 0));
		return false;
	}
	take_row(record, &row);
	return open_payload(conn, stmt, record, err);
}

static bool read_records(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct audit_list *list, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	bool done = true;
	while (done && stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		done = add_record(conn, stmt, list, err);
	}
	sqlite_done(stmt);
	if (!done || row == ROW_FAILED) {
		audit_list_finish(list);
		return false;
	}
	return true;
}

#define SELECT_MATCHING                                                                    \
	"SELECT r.seq, r.at_ms, r.connection, r.kind, r.person, r.who, r.origin,"          \
	" r.settings_version, r.meta, r.payload_mac, r.mac, p.sealed FROM audit_records r" \
	" LEFT JOIN audit_payloads p ON p.seq = r.seq WHERE (?1 IS NULL OR r.person = ?1)" \
	" AND (?2 IS NULL OR r.connection = ?2 OR r.connection = '')"                      \
	" AND (?3 IS NULL OR r.kind = ?3) AND r.at_ms >= ?4 AND r.at_ms < ?5"              \
	" AND (?8 IS NULL OR r.who = ?8)"

/* One person's records are found by an index, and a range of time begins where it begins. */
static struct sqlite3_stmt *query(struct sqlite_conn *conn, const struct audit_filter *filter,
        const char *person, struct err *err)
{
	static const char SQL_UP[] = SELECT_MATCHING " AND r.seq > ?6 ORDER BY r.seq LIMIT ?7";
	static const char SQL_DOWN[] =
	        SELECT_MATCHING " AND r.seq < ?6 ORDER BY r.seq DESC LIMIT ?7";
	static const char SQL_PERSON_UP[] =
	        SELECT_MATCHING " AND r.person = ?1 AND r.seq > ?6 ORDER BY r.seq LIMIT ?7";
	static const char SQL_PERSON_DOWN[] =
	        SELECT_MATCHING " AND r.person = ?1 AND r.seq < ?6 ORDER BY r.seq DESC LIMIT ?7";
	const char *up = person != NULL ? SQL_PERSON_UP : SQL_UP;
	const char *down = person != NULL ? SQL_PERSON_DOWN : SQL_DOWN;
	int64_t before = filter->before_seq > 0 ? filter->before_seq : INT64_MAX;
	size_t limit = filter->limit < PAGE_MAX ? filter->limit : PAGE_MAX;
	return sqlite_query(conn, filter->is_newest_first ? down : up,
	        VALUES(TEXT(person), TEXT(filter->connection), TEXT(filter->kind),
	                INT(filter->since_ms),
	                INT(filter->until_ms > 0 ? filter->until_ms : INT64_MAX),
	                INT(filter->is_newest_first ? before : filter->after_seq),
	                INT((int64_t)limit), TEXT(filter->who)),
	        err);
}

bool store_audit_list(struct store *store, const struct audit_filter *filter,
        struct audit_list *list, struct err *err)
{
	char person[AUDIT_PERSON_BYTES];
	*list = (struct audit_list){0};
	if (!audit_person(store->audit, filter->connection != NULL ? filter->connection : "",
	            filter->employee_id, person, err)) {
		return false;
	}
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	conn->audit = store->audit;
	bool done = read_records(
	        conn, query(conn, filter, person[0] != '\0' ? person : NULL, err), list, err);
	sqlite_pool_give(store, conn);
	return done;
}
