/* SPDX-License-Identifier: MIT */
/* Writing the chain: each record inside the transaction of what it speaks of. */
#include "server/store/sqlite_audit.h"

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/crypto.h"
#include "server/base/log.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static const char *const KINDS[] = {
#define KIND(word, sight, means) word,
#include "server/store/audit_kinds.def"
#undef KIND
};
#define KIND_OTHER "note"

static _Thread_local char origin_here[ADDRESS_TEXT_BYTES];

void audit_origin_set(const char *origin)
{
	str_format_cut(origin_here, sizeof(origin_here), "%s", origin);
}

const char *audit_origin(void)
{
	return origin_here;
}

/* -------------------------------------------------------------------- head */

/* seq and mac under a query; seq 0: there was no row. */
static bool read_head(struct sqlite_conn *conn, struct sqlite3_stmt *stmt, struct audit_head *head,
        struct err *err)
{
	*head = (struct audit_head){0};
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	if (row == ROW_FOUND) {
		head->seq = sqlite3_column_int64(stmt, 0);
		/* One of another length stays zeros, and does not verify. */
		if (sqlite3_column_bytes(stmt, 1) == AUDIT_MAC_BYTES) {
			memcpy(head->mac, sqlite3_column_blob(stmt, 1), AUDIT_MAC_BYTES);
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool sqlite_audit_checkpoint(
        struct sqlite_conn *conn, struct audit_head *head, bool *is_right, struct err *err)
{
	static const char SQL[] = "SELECT seq, seq_mac FROM audit_checkpoint";
	static const char SQL_TIME[] = "SELECT at_ms FROM audit_checkpoint";
	static const char SQL_SIGNED[] = "SELECT count(*) FROM audit_checkpoint WHERE mac = ?";
	int64_t at_ms = 0;
	int64_t is_signed = 0;
	uint8_t mac[AUDIT_MAC_BYTES];
	*is_right = true;
	if (!read_head(conn, sqlite_query(conn, SQL, NULL, err), head, err) || head->seq == 0) {
		return !err_is_set(err);
	}
	bool done = sqlite_number(conn, SQL_TIME, NULL, &at_ms, err) &&
	        audit_checkpoint_mac(conn->audit, head, at_ms, mac) &&
	        sqlite_number(conn, SQL_SIGNED, VALUES(BYTES(mac, sizeof(mac))), &is_signed, err);
	*is_right = is_signed == 1;
	return done;
}

/* seq 0 and zeros: there is no record. */
static bool find_head(struct sqlite_conn *conn, struct audit_head *head, struct err *err)
{
	static const char SQL[] = "SELECT seq, mac FROM audit_records ORDER BY seq DESC LIMIT 1";
	return read_head(conn, sqlite_query(conn, SQL, NULL, err), head, err);
}

/* ----------------------------------------------------------------- writing */

static const char *kind_of(const struct audit_new *entry)
{
	if (entry->kind != NULL) {
		return entry->kind;
	}
	size_t len = entry->what != NULL ? strcspn(entry->what, " :,") : 0;
	for (size_t i = 0; i < ARRAY_SIZE(KINDS); i++) {
		if (strlen(KINDS[i]) == len && strncmp(KINDS[i], entry->what, len) == 0) {
			return KINDS[i];
		}
	}
	return KIND_OTHER;
}

/* {"employee_id": ..., "what": ...}; an empty text: there is nothing to say. */
static void make_payload(struct buf *to, const struct audit_new *entry)
{
	const char *between = "{";
	if (entry->payload != NULL) {
		buf_add_text(to, entry->payload);
		return;
	}
	if (entry->key->employee_id[0] != '\0') {
		buf_add_text(to, "{\"employee_id\":");
		buf_add_json_string(to, entry->key->employee_id);
		between = ",";
	}
	if (entry->what != NULL) {
		buf_add_text(to, between);
		buf_add_text(to, "\"what\":");
		buf_add_json_string(to, entry->what);
	}
	if (to->len > 0) {
		buf_add_char(to, '}');
	}
}

/* Seals the text beside the record and tells its MAC. */
static bool write_payload(
        struct sqlite_conn *conn, struct audit_row *row, const struct buf *text, struct err *err)
{
	static const char SQL[] = "INSERT INTO audit_payloads (seq, sealed) VALUES (?, ?)";
	uint8_t key[KEY_RING_KEY_BYTES];
	uint8_t sealed[AUDIT_PAYLOAD_BYTES + AUDIT_SEALED_MIN_BYTES];
	size_t len = text->len + AUDIT_SEALED_MIN_BYTES;
	if (text->failed) {
		err_set(err, ERR_NO_MEMORY, "a record of the audit trail is too long");
		return false;
	}
	if (text->len == 0) {
		return true;
	}
	enum sqlite_row has_key = audit_person_key(conn, row->person, true, key, err);
	if (has_key == ROW_NONE) {
		return true; /* erased: nothing is said about the person any more */
	}
	bool done = has_key == ROW_FOUND &&
	        audit_seal(key, row->seq, text->data, text->len, sealed, err) &&
	        sqlite_exec(conn, SQL, VALUES(INT(row->seq), BYTES(sealed, len)), err);
	crypto_wipe(key, sizeof(key));
	row->has_payload = true;
	if (done && !audit_payload_mac(conn->audit, row->seq, sealed, len, row->payload_mac)) {
		err_set(err, ERR_INTERNAL, "a record of the audit trail could not be signed");
		return false;
	}
	return done;
}

static bool insert_row(struct sqlite_conn *conn, const struct audit_row *row, struct err *err)
{
	static const char SQL[] = "INSERT INTO audit_records (" AUDIT_ROW_COLUMNS
	                          ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
	return sqlite_exec(conn, SQL,
	        VALUES(INT(row->seq), INT(row->at_ms), TEXT(row->connection), TEXT(row->kind),
	                TEXT(row->person), TEXT(row->who), TEXT(row->origin),
	                INT(row->settings_version), TEXT(row->meta),
	                BYTES(row->payload_mac, row->has_payload ? AUDIT_MAC_BYTES : 0),
	                BYTES(row->mac, AUDIT_MAC_BYTES)),
	        err);
}

/* Everything of the row but its payload and its MACs. */
static bool fill_row(struct sqlite_conn *conn, const struct audit_new *entry,
        const struct audit_head *head, struct audit_row *row, struct err *err)
{
	*row = (struct audit_row){
	        .seq = head->seq + 1,
	        .at_ms = entry->at_ms != 0 ? entry->at_ms : clock_wall_ms(),
	        .settings_version = entry->settings_version,
	};
	if (row->settings_version == 0 &&
	        !sqlite_state_get(conn, "settings_version", &row->settings_version, err)) {
		return false;
	}
	str_format_cut(row->who, sizeof(row->who), "%s", entry->who);
	str_format_cut(
	        row->origin, sizeof(row->origin), "%s", conn->origin != NULL ? conn->origin : "");
	if (!str_copy(row->connection, sizeof(row->connection), entry->key->connection) ||
	        !str_copy(row->kind, sizeof(row->kind), kind_of(entry)) ||
	        !str_copy(row->meta, sizeof(row->meta), entry->meta != NULL ? entry->meta : "{}")) {
		err_set(err, ERR_INTERNAL, "a record of the audit trail is too long");
		return false;
	}
	return audit_person(
	        conn->audit, entry->key->connection, entry->key->employee_id, row->person, err);
}

bool sqlite_audit_write(struct sqlite_conn *conn, const struct audit_new *entry, struct err *err)
{
	struct audit_head head;
	struct audit_row row;
	struct buf payload;
	buf_init(&payload, AUDIT_PAYLOAD_BYTES);
	make_payload(&payload, entry);
	bool done = !FAILPOINT("audit.pre", entry->key->employee_id) &&
	        find_head(conn, &head, err) && fill_row(conn, entry, &head, &row, err) &&
	        write_payload(conn, &row, &payload, err);
	if (done && !audit_row_mac(conn->audit, &row, head.mac, row.mac)) {
		err_set(err, ERR_INTERNAL, "a record of the audit trail could not be signed");
		done = false;
	}
	done = done && insert_row(conn, &row, err) &&
	        !FAILPOINT("audit.post", entry->key->employee_id);
	buf_wipe(&payload);
	conn->audit_written += done ? 1 : 0;
	return done;
}

bool sqlite_audit(struct sqlite_conn *conn, const struct employee_key *key, const char *who,
        const char *what, struct err *err)
{
	const struct audit_new entry = {.key = key, .who = who, .what = what};
	return sqlite_audit_write(conn, &entry, err);
}

/* ------------------------------------------------------------ from outside */

static bool write_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	return sqlite_audit_write(conn, context, err);
}

bool store_audit_write(struct store *store, const struct audit_entry *entry, struct err *err)
{
	struct employee_key key = {0};
	struct audit_new new = {.kind = entry->kind,
	        .key = &key,
	        .who = entry->who,
	        .what = entry->what,
	        .meta = entry->meta};
	if (!str_copy(key.connection, sizeof(key.connection), entry->connection) ||
	        !str_copy(key.employee_id, sizeof(key.employee_id),
	                entry->employee_id != NULL ? entry->employee_id : "")) {
		err_set(err, ERR_BAD_REQUEST, "the connection or employee id is too long");
		return false;
	}
	return sqlite_write(store, write_run, &new, err);
}

bool store_audit(struct store *store, const char *connection, const char *employee_id,
        const char *who, const char *what, struct err *err)
{
	const struct audit_entry entry = {
	        .connection = connection, .employee_id = employee_id, .who = who, .what = what};
	return store_audit_write(store, &entry, err);
}

/* ------------------------------------------------------------ heads to the log */

bool audit_head_parse(const char *text, struct audit_head *head)
{
	char number[21];
	size_t digits = strspn(text, "0123456789");
	*head = (struct audit_head){0};
	if (digits == 0 || digits >= sizeof(number) || text[digits] != ':' ||
	        strlen(text + digits + 1) != AUDIT_HEX_BYTES - 1) {
		return false;
	}
	str_format_cut(number, sizeof(number), "%.*s", (int)digits, text);
	for (size_t i = 0; i < AUDIT_HEX_BYTES - 1; i++) {
		const char *hex = "0123456789abcdef";
		const char *at = strchr(hex, text[digits + 1 + i]);
		if (at == NULL) {
			return false;
		}
		head->mac[i / 2] = (uint8_t)(head->mac[i / 2] << 4 | (at - hex));
	}
	return str_to_int64(number, &head->seq) && head->seq > 0;
}

void audit_head_format(const struct audit_head *head, char to[AUDIT_HEAD_BYTES])
{
	char hex[AUDIT_HEX_BYTES];
	str_hex(hex, head->mac, sizeof(head->mac));
	str_format_cut(to, AUDIT_HEAD_BYTES, "%lld:%s", (long long)head->seq, hex);
}

static void log_head(struct store *store)
{
	struct audit_head head;
	struct err err = ERR_INIT;
	char text[AUDIT_HEAD_BYTES];
	if (!find_head(&store->writer, &head, &err)) {
		log_error("the head of the audit trail cannot be read", F("error", err.text));
		return;
	}
	audit_head_format(&head, text);
	log_info("audit head", F("head", text));
	store->audit_unlogged = 0;
	store->audit_logged_ms = clock_mono_ms();
}

void sqlite_audit_committed(struct store *store)
{
	store->audit_unlogged += store->writer.audit_written;
	store->writer.audit_written = 0;
	if (store->audit_unlogged >= AUDIT_HEAD_RECORDS ||
	        (store->audit_unlogged > 0 &&
	                clock_mono_ms() - store->audit_logged_ms >= AUDIT_HEAD_MS)) {
		log_head(store);
	}
}

/* Behind that commit sqlite_audit_committed logs it. */
void store_audit_log_head(struct store *store)
{
	struct err ignored = ERR_INIT;
	if (!sqlite_write_nothing(store, &ignored)) {
		log_debug("the head of the audit trail was not logged", F("error", ignored.text));
	}
}

bool store_audit_head(struct store *store, struct audit_head *head, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = find_head(conn, head, err);
	sqlite_pool_give(store, conn);
	return done;
}

/* ------------------------------------------------------------ start and stop */

/* Lines from before there was a chain become its first records. */
static bool import_lines(struct sqlite_conn *conn, struct err *err)
{
	static const char SQL[] =
	        "SELECT connection, employee_id, who, what, at_ms, settings_version FROM audit"
	        " ORDER BY audit_id";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, NULL, err);
	enum sqlite_row row = ROW_FAILED;
	bool done = true;
	while (done && stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct employee_key key = {0};
		str_format_cut(key.connection, sizeof(key.connection), "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
		str_format_cut(key.employee_id, sizeof(key.employee_id), "%s",
		        (const char *)sqlite3_column_text(stmt, 1));
		const struct audit_new entry = {.key = &key,
		        .who = (const char *)sqlite3_column_text(stmt, 2),
		        .what = (const char *)sqlite3_column_text(stmt, 3),
		        .at_ms = sqlite3_column_int64(stmt, 4),
		        .settings_version = sqlite3_column_int64(stmt, 5)};
		done = sqlite_audit_write(conn, &entry, err);
	}
	sqlite_done(stmt);
	return done && row == ROW_NONE;
}

static bool begin_chain(struct sqlite_conn *conn, struct err *err)
{
	static const char SQL_HAS_LINES[] =
	        "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'audit'";
	const struct employee_key nobody = {0};
	const struct audit_new entry = {.kind = "start", .key = &nobody, .who = "server"};
	int64_t has_lines = 0;
	if (!sqlite_number(conn, SQL_HAS_LINES, NULL, &has_lines, err) ||
	        !sqlite_audit_write(conn, &entry, err)) {
		return false;
	}
	return has_lines == 0 || import_lines(conn, err);
}

/* The old table goes only once its lines are in the chain. */
static bool begin_once(struct sqlite_conn *conn, struct err *err)
{
	static const char SQL_BEGIN[] = "BEGIN IMMEDIATE";
	static const char SQL_COUNT[] = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
	                                " WHERE name = 'audit_records'";
	int64_t newest = 0;
	if (!sqlite_number(conn, SQL_COUNT, NULL, &newest, err)) {
		return false;
	}
	if (newest > 0) {
		return true;
	}
	return sqlite_exec(conn, SQL_BEGIN, NULL, err) && begin_chain(conn, err) &&
	        sqlite_script(conn, "DROP TABLE IF EXISTS audit", err) && sqlite_commit(conn, err);
}

bool sqlite_audit_start(struct store *store, struct err *err)
{
	static const enum data_key NEEDED[] = {DATA_KEY_AUDIT, DATA_KEY_PSEUDONYM, DATA_KEY_PERSON};
	uint8_t keys[ARRAY_SIZE(NEEDED)][KEY_RING_KEY_BYTES];
	for (size_t i = 0; i < ARRAY_SIZE(NEEDED); i++) {
		store_data_key(store, NEEDED[i], keys[i]);
	}
	store->audit = calloc(1, sizeof(*store->audit));
	if (store->audit == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the audit trail");
	}
	bool done = store->audit != NULL &&
	        audit_keys_init(store->audit, keys[0], keys[1], keys[2], err);
	crypto_wipe(keys, sizeof(keys));
	store->writer.audit = store->audit;
	store->audit_logged_ms = clock_mono_ms();
	return done && begin_once(&store->writer, err);
}

void sqlite_audit_closing(struct store *store)
{
	if (store->audit_unlogged > 0) {
		log_head(store);
	}
}

void sqlite_audit_stop(struct store *store)
{
	if (store->audit != NULL) {
		audit_keys_finish(store->audit);
		free(store->audit);
		store->audit = NULL;
	}
}
