/* SPDX-License-Identifier: MIT */
/*
 * Everything held about one person. The tables are asked of the database
 * itself: a new one with an employee_id is in the answer without anybody
 * thinking of it. What speaks of somebody else beside the person is left out.
 */
#include "server/store/person.h"
#include "server/store/sqlite_audit.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SQL_BYTES     512
#define TABLES_MAX    64
#define NAME_BYTES    64
#define AUDIT_PAGE    500
#define BLOB_HEX_MAX  64
#define WALL_LEAST_MS INT64_C(100000000000) /* smaller numbers are durations */

/* Candidates and colleagues: ids, logins and states of other people. */
static const struct {
	const char *table;
	const char *column; /* NULL: the whole table */
} LEFT_OUT[] = {
        {"employee_waits", NULL},
        {"employees", "waits_for"},
        {"employees", "refers_to"},
        {"employees", "search_text"}, /* the names once more, folded */
        {"adoption", "others"},
        {"adoption", "other_employee_id"},
        {"adoption", "chosen"},
        {"adoption", "okta_id"},
        {"adoption", "login"},
        {"adoption", "status"},
};

static bool is_left_out(const char *table, const char *column)
{
	for (size_t i = 0; i < ARRAY_SIZE(LEFT_OUT); i++) {
		if (str_equal(LEFT_OUT[i].table, table) &&
		        (LEFT_OUT[i].column == NULL || str_equal(LEFT_OUT[i].column, column))) {
			return true;
		}
	}
	return false;
}

/* ------------------------------------------------------------------- values */

/* Objects and lists that are kept as text are shown as such. */
static json_t *text_json(const char *text, size_t len)
{
	json_t *json = NULL;
	if (len > 0 && (text[0] == '{' || text[0] == '[')) {
		json = json_parse(text, len, NULL);
	}
	if (json == NULL && str_is_utf8(text, len)) {
		json = json_stringn(text, len);
	}
	return json;
}

static json_t *blob_json(const uint8_t *bytes, size_t len)
{
	json_t *json = text_json((const char *)bytes, len);
	char hex[2 * BLOB_HEX_MAX + 1];
	if (json == NULL) {
		str_hex(hex, bytes, len < BLOB_HEX_MAX ? len : BLOB_HEX_MAX);
		json = json_string(hex);
	}
	return json;
}

static json_t *value_json(struct sqlite3_stmt *stmt, int at)
{
	switch (sqlite3_column_type(stmt, at)) {
	case SQLITE_INTEGER: return json_integer((json_int_t)sqlite3_column_int64(stmt, at));
	case SQLITE_FLOAT: return json_real(sqlite3_column_double(stmt, at));
	case SQLITE_TEXT:
		return text_json((const char *)sqlite3_column_text(stmt, at),
		        (size_t)sqlite3_column_bytes(stmt, at));
	case SQLITE_BLOB:
		return blob_json(
		        sqlite3_column_blob(stmt, at), (size_t)sqlite3_column_bytes(stmt, at));
	default: return NULL;
	}
}

/* "received_at_ms" is shown as "received_at", a time people can read. */
static void add_value(json_t *row, const char *name, json_t *value)
{
	size_t len = strlen(name);
	char key[NAME_BYTES];
	char text[CLOCK_TEXT_BYTES];
	if (len > 3 && len < sizeof(key) && strcmp(name + len - 3, "_ms") == 0 &&
	        json_integer_value(value) >= WALL_LEAST_MS) {
		str_format_cut(key, sizeof(key), "%.*s", (int)(len - 3), name);
		clock_format(text, json_integer_value(value));
		json_object_set_new(row, key, json_string(text));
		json_decref(value);
		return;
	}
	json_object_set_new(row, name, value);
}

static json_t *row_json(struct sqlite3_stmt *stmt, const char *table)
{
	json_t *row = json_object();
	for (int i = 0; i < sqlite3_column_count(stmt); i++) {
		const char *name = sqlite3_column_name(stmt, i);
		json_t *value = is_left_out(table, name) ? NULL : value_json(stmt, i);
		if (value != NULL) {
			add_value(row, name, value);
		}
	}
	return row;
}

/* ------------------------------------------------------------------- tables */

struct table_names {
	char items[TABLES_MAX][NAME_BYTES];
	size_t count;
};

static bool find_tables(struct sqlite_conn *conn, struct table_names *tables, struct err *err)
{
	static const char SQL[] =
	        "SELECT m.name FROM sqlite_master m WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM"
	        " pragma_table_info(m.name) WHERE name = 'employee_id') ORDER BY m.name";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, NULL, err);
	enum sqlite_row row = ROW_FAILED;
	tables->count = 0;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		if (tables->count == TABLES_MAX ||
		        !str_copy(tables->items[tables->count], NAME_BYTES, name)) {
			err_set(err, ERR_INTERNAL, "more tables than can be read out");
			row = ROW_FAILED;
			break;
		}
		tables->count += is_left_out(name, "employee_id") ? 0 : 1;
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

/* Findings have no connection of their own; their sweep has. */
static bool make_sql(const char *table, char sql[SQL_BYTES])
{
	if (str_equal(table, "sweep_findings")) {
		return str_format(sql, SQL_BYTES,
		        "SELECT f.* FROM sweep_findings f JOIN sweeps s USING (sweep_id)"
		        " WHERE s.connection = ?1 AND f.employee_id = ?2");
	}
	return str_format(sql, SQL_BYTES,
	        "SELECT * FROM \"%s\" WHERE connection = ?1 AND employee_id = ?2", table);
}

/* Made for this table and given up again: a kept statement would need a text of its own. */
static struct sqlite3_stmt *prepare(
        struct sqlite_conn *conn, const char *sql, const struct employee_key *key, struct err *err)
{
	struct sqlite3_stmt *stmt = NULL;
	if (sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		err_set(err, ERR_INTERNAL, "a table cannot be read out: %s", sql);
		return NULL;
	}
	if (sqlite3_bind_text(stmt, 1, key->connection, -1, SQLITE_STATIC) != SQLITE_OK ||
	        sqlite3_bind_text(stmt, 2, key->employee_id, -1, SQLITE_STATIC) != SQLITE_OK) {
		err_set(err, ERR_NO_MEMORY, "no memory for reading out a table");
		sqlite3_finalize(stmt);
		return NULL;
	}
	return stmt;
}

/* What to read out, and under which name it is shown. */
struct table_rows {
	const char *table;
	const char *sql;
};

static bool read_rows(struct sqlite_conn *conn, struct table_rows of,
        const struct employee_key *key, json_t *held, struct err *err)
{
	json_t *rows = json_array();
	struct sqlite3_stmt *stmt = prepare(conn, of.sql, key, err);
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		json_array_append_new(rows, row_json(stmt, of.table));
	}
	sqlite3_finalize(stmt);
	if (json_array_size(rows) > 0) {
		json_object_set(held, of.table, rows);
	}
	json_decref(rows);
	return row != ROW_FAILED;
}

static bool read_table(struct sqlite_conn *conn, const char *table, const struct employee_key *key,
        json_t *held, struct err *err)
{
	char sql[SQL_BYTES];
	if (!make_sql(table, sql)) {
		err_set(err, ERR_INTERNAL, "the table %s cannot be read out", table);
		return false;
	}
	return read_rows(conn, (struct table_rows){table, sql}, key, held, err);
}

/* Tables that name people without a column of that name, and what of them is about this one. */
static const struct table_rows NAMED_ELSEWHERE[] = {
        {"alarms", "SELECT * FROM alarms WHERE connection = ?1 AND subject = ?2"},
        /* Not read yet; an id is a text of its own in what Bob sends. */
        {"inbox",
                "SELECT * FROM inbox WHERE connection = ?1 AND"
                " instr(body, CAST('\"' || ?2 || '\"' AS BLOB)) > 0"},
};

static bool read_elsewhere(
        struct sqlite_conn *conn, const struct employee_key *key, json_t *held, struct err *err)
{
	bool done = true;
	for (size_t i = 0; i < ARRAY_SIZE(NAMED_ELSEWHERE) && done; i++) {
		done = read_rows(conn, NAMED_ELSEWHERE[i], key, held, err);
	}
	return done;
}

static bool read_tables(
        struct sqlite_conn *conn, const struct employee_key *key, json_t *held, struct err *err)
{
	struct table_names tables;
	bool done = find_tables(conn, &tables, err) && read_elsewhere(conn, key, held, err);
	for (size_t i = 0; i < tables.count && done; i++) {
		done = read_table(conn, tables.items[i], key, held, err);
	}
	return done;
}

/* -------------------------------------------------------------------- audit */

static json_t *record_json(const struct audit_record *record)
{
	const char *payload = personal_reveal(&record->payload);
	char at[CLOCK_TEXT_BYTES];
	clock_format(at, record->at_ms);
	json_t *json = json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:o*, s:o*}", "seq",
	        (json_int_t)record->seq, "at", at, "kind", record->kind, "who", record->who,
	        "origin", record->origin, "settings_version", (json_int_t)record->settings_version,
	        "meta", text_json(record->meta, strlen(record->meta)), "payload",
	        text_json(payload, strlen(payload)));
	return json;
}

static bool read_audit(
        struct store *store, const struct employee_key *key, json_t *records, struct err *err)
{
	struct audit_filter filter = {.connection = key->connection,
	        .employee_id = key->employee_id,
	        .limit = AUDIT_PAGE};
	size_t count = AUDIT_PAGE;
	while (count == AUDIT_PAGE) {
		struct audit_list list;
		if (!store_audit_list(store, &filter, &list, err)) {
			return false;
		}
		for (size_t i = 0; i < list.count; i++) {
			json_array_append_new(records, record_json(&list.items[i]));
			filter.after_seq = list.items[i].seq;
		}
		count = list.count;
		audit_list_finish(&list);
	}
	return true;
}

bool store_person_export(
        struct store *store, const struct employee_key *key, json_t **person, struct err *err)
{
	json_t *held = json_object();
	json_t *audit = json_array();
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	bool done = conn != NULL && read_tables(conn, key, held, err);
	*person = NULL;
	if (conn != NULL) {
		sqlite_pool_give(store, conn);
	}
	done = done && read_audit(store, key, audit, err);
	if (done && json_object_size(held) == 0 && json_array_size(audit) == 0) {
		err_set(err, ERR_NOT_FOUND, "the store holds nothing about that person");
		done = false;
	}
	if (done) {
		*person = json_pack("{s:s, s:s, s:O, s:O}", "connection", key->connection,
		        "employee_id", key->employee_id, "held", held, "audit", audit);
	}
	json_decref(held);
	json_decref(audit);
	return *person != NULL;
}
