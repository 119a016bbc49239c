/* SPDX-License-Identifier: MIT */
/*
 * Walking the chain. Rows are read a batch at a time, each on a connection
 * taken for it, so that a store in use is never held up and memory stays the
 * same however long the trail is. The first record that does not follow from
 * the one before it ends the walk.
 */
#include "server/store/sqlite_audit.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/job.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define BATCH      500
#define NEIGHBOURS 64 /* how far a swapped record is looked for */

/* Where rows come from: a store in use, or a file of its own. */
struct source {
	struct store *store; /* NULL: conn is used throughout */
	struct sqlite_conn *conn;
	const struct audit_keys *keys;
	struct job *job; /* told how far it is; NULL: of no job */
};

struct walk {
	struct source *source;
	int64_t begun_behind; /* a number; with one that was the last there was */
	int64_t last_seq;
	const struct audit_heads *heads;
	struct audit_report *report;
	struct audit_head last; /* the last right record, or where the chain was cut */
};

const char *audit_finding_name(enum audit_finding finding)
{
	static const char *const NAMES[] = {[AUDIT_WHOLE] = "whole",
	        [AUDIT_CHANGED] = "changed",
	        [AUDIT_DELETED] = "deleted",
	        [AUDIT_INSERTED] = "inserted",
	        [AUDIT_SWAPPED] = "swapped",
	        [AUDIT_TRUNCATED] = "truncated",
	        [AUDIT_ROLLED_BACK] = "rolled back"};
	return finding < AUDIT_FINDING_COUNT ? NAMES[finding] : "unknown";
}

static struct sqlite_conn *take(struct source *source, struct err *err)
{
	struct sqlite_conn *conn = source->conn;
	if (source->store != NULL) {
		conn = sqlite_pool_take(source->store, err);
	}
	if (conn != NULL) {
		conn->audit = source->keys;
	}
	return conn;
}

static void give(struct source *source, struct sqlite_conn *conn)
{
	if (source->store != NULL) {
		sqlite_pool_give(source->store, conn);
	}
}

static bool is_good(const struct walk *walk)
{
	return walk->report->finding == AUDIT_WHOLE;
}

static void find(struct walk *walk, enum audit_finding finding, int64_t seq, const char *sentence)
{
	walk->report->finding = finding;
	walk->report->bad_seq = seq;
	str_format_cut(walk->report->sentence, sizeof(walk->report->sentence), "record %lld %s",
	        (long long)seq, sentence);
}

/* ------------------------------------------------------- what was done to it */

struct rows {
	struct audit_row items[NEIGHBOURS];
	size_t count;
};

static bool read_rows(
        struct sqlite_conn *conn, int64_t from_seq, struct rows *rows, struct err *err)
{
	static const char SQL[] = "SELECT " AUDIT_ROW_COLUMNS " FROM audit_records WHERE seq >= ?"
	                          " ORDER BY seq LIMIT ?";
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(INT(from_seq), INT(NEIGHBOURS)), err);
	enum sqlite_row row = ROW_FAILED;
	rows->count = 0;
	while (stmt != NULL && rows->count < NEIGHBOURS &&
	        (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		if (!audit_row_read(stmt, &rows->items[rows->count])) {
			row = ROW_NONE;
			break;
		}
		rows->count++;
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

/* Would the row be right under that number, behind that MAC, with that MAC of its own? */
static bool would_fit(const struct audit_keys *keys, const struct audit_row *row, int64_t seq,
        const uint8_t before[AUDIT_MAC_BYTES], const uint8_t wanted[AUDIT_MAC_BYTES])
{
	struct audit_row moved = *row;
	uint8_t mac[AUDIT_MAC_BYTES];
	moved.seq = seq;
	return audit_row_mac(keys, &moved, before, mac) && crypto_equal(mac, wanted, sizeof(mac));
}

/* The place among the neighbours where the first of them belongs; 0: none. */
static int64_t place_of_first(const struct audit_keys *keys, const struct rows *rows)
{
	const struct audit_row *first = &rows->items[0];
	for (size_t i = 1; i < rows->count; i++) {
		const struct audit_row *other = &rows->items[i];
		/* Its MAC went along with it, or stayed where it was. */
		const uint8_t *before = i == 1 ? other->mac : rows->items[i - 1].mac;
		if (would_fit(keys, first, other->seq, before, first->mac) ||
		        would_fit(keys, first, other->seq, i == 1 ? first->mac : before,
		                other->mac)) {
			return other->seq;
		}
	}
	return 0;
}

/* Without the key nobody can make a row that fits, so that what still fits tells what was done. */
static void classify(struct walk *walk, const struct rows *rows)
{
	const struct audit_keys *keys = walk->source->keys;
	int64_t seq = walk->last.seq + 1;
	const struct audit_row *next = rows->count > 1 ? &rows->items[1] : NULL;
	int64_t place = rows->count > 0 ? place_of_first(keys, rows) : 0;
	if (place != 0) {
		char sentence[96];
		str_format_cut(sentence, sizeof(sentence), "was swapped with record %lld",
		        (long long)place);
		find(walk, AUDIT_SWAPPED, seq, sentence);
	} else if (next != NULL && would_fit(keys, next, seq, walk->last.mac, next->mac)) {
		find(walk, AUDIT_INSERTED, seq,
		        "was put in, and those behind it were numbered anew");
	} else if (next != NULL && would_fit(keys, next, seq + 2, rows->items[0].mac, next->mac)) {
		find(walk, AUDIT_DELETED, seq,
		        "was taken out, and those behind it were numbered anew");
	} else if (next == NULL) {
		find(walk, AUDIT_CHANGED, seq,
		        "was changed, or was added by somebody who has not the key");
	} else {
		find(walk, AUDIT_CHANGED, seq, "was changed");
	}
}

static bool classify_from(struct walk *walk, struct sqlite_conn *conn, struct err *err)
{
	struct rows *rows = calloc(1, sizeof(*rows));
	if (rows == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for verifying the audit trail");
		return false;
	}
	bool done = read_rows(conn, walk->last.seq + 1, rows, err);
	if (done) {
		classify(walk, rows);
	}
	free(rows);
	return done;
}

/* -------------------------------------------------------------- one record */

/* A payload may be missing only where the person was erased afterwards. */
static bool check_absent(
        struct walk *walk, struct sqlite_conn *conn, const struct audit_row *row, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM audit_records WHERE person = ? AND seq > ?"
	                          " AND person <> '' AND kind = 'erase'";
	int64_t count = 0;
	if (!sqlite_number(conn, SQL, VALUES(TEXT(row->person), INT(row->seq)), &count, err)) {
		return false;
	}
	if (count == 0) {
		find(walk, AUDIT_DELETED, row->seq,
		        "has lost its payload, and nobody erased that person");
	}
	walk->report->erased_payloads += count > 0 ? 1 : 0;
	return true;
}

static bool check_payload(struct walk *walk, struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        const struct audit_row *row, struct err *err)
{
	uint8_t mac[AUDIT_MAC_BYTES];
	const void *sealed = sqlite3_column_blob(stmt, AUDIT_ROW_COLUMN_COUNT);
	size_t len = (size_t)sqlite3_column_bytes(stmt, AUDIT_ROW_COLUMN_COUNT);
	if (!row->has_payload) {
		return true;
	}
	if (sealed == NULL) {
		return check_absent(walk, conn, row, err);
	}
	if (!audit_payload_mac(walk->source->keys, row->seq, sealed, len, mac) ||
	        !crypto_equal(mac, row->payload_mac, sizeof(mac))) {
		find(walk, AUDIT_CHANGED, row->seq, "has a payload that was changed");
	}
	return true;
}

/* Heads come from elsewhere: a record they do not name is of another history. */
static void check_heads(struct walk *walk)
{
	for (size_t i = 0; walk->heads != NULL && i < walk->heads->count && is_good(walk); i++) {
		const struct audit_head *head = &walk->heads->items[i];
		if (head->seq != walk->last.seq) {
			continue;
		}
		walk->report->heads_met++;
		if (!crypto_equal(head->mac, walk->last.mac, sizeof(head->mac))) {
			find(walk, AUDIT_ROLLED_BACK, head->seq,
			        "is not the one the head names: an older state was put back, and"
			        " the trail went on from there");
		}
	}
}

/* Records behind the last one seen may be gone because they were cut meanwhile. */
static bool check_gap(
        struct walk *walk, struct sqlite_conn *conn, const struct audit_row *row, struct err *err)
{
	struct audit_head cut;
	bool is_signed = false;
	if (!sqlite_audit_checkpoint(conn, &cut, &is_signed, err)) {
		return false;
	}
	if (is_signed && cut.seq > walk->last.seq && row->seq == cut.seq + 1) {
		walk->last = cut;
		return true;
	}
	char sentence[96];
	str_format_cut(sentence, sizeof(sentence), "is missing: the next there is, is %lld",
	        (long long)row->seq);
	find(walk, AUDIT_DELETED, walk->last.seq + 1, sentence);
	return true;
}

static void take_right(struct walk *walk, const struct audit_row *row)
{
	struct audit_report *report = walk->report;
	if (report->records == 0) {
		report->first_seq = row->seq;
		report->begun_at_ms = row->at_ms;
	}
	report->records++;
	walk->last.seq = row->seq;
	memcpy(walk->last.mac, row->mac, sizeof(row->mac));
	check_heads(walk);
}

static bool check_row(
        struct walk *walk, struct sqlite_conn *conn, struct sqlite3_stmt *stmt, struct err *err)
{
	struct audit_row row;
	uint8_t mac[AUDIT_MAC_BYTES];
	bool is_readable = audit_row_read(stmt, &row);
	if (row.seq != walk->last.seq + 1 && !check_gap(walk, conn, &row, err)) {
		return false;
	}
	if (!is_good(walk)) {
		return true;
	}
	if (!is_readable) {
		find(walk, AUDIT_CHANGED, row.seq, "was changed: it is not as this program writes");
		return true;
	}
	if (!audit_row_mac(walk->source->keys, &row, walk->last.mac, mac) ||
	        !crypto_equal(mac, row.mac, sizeof(mac))) {
		return classify_from(walk, conn, err);
	}
	if (!check_payload(walk, conn, stmt, &row, err)) {
		return false;
	}
	if (is_good(walk)) {
		take_right(walk, &row);
	}
	return true;
}

/* ---------------------------------------------------------------- the whole */

static bool walk_batch(struct walk *walk, struct sqlite_conn *conn, size_t *count, struct err *err)
{
	static const char SQL[] =
	        "SELECT r.seq, r.at_ms, r.connection, r.kind, r.person, r.who, r.origin,"
	        " r.settings_version, r.meta, r.payload_mac, r.mac, p.sealed FROM audit_records r"
	        " LEFT JOIN audit_payloads p ON p.seq = r.seq WHERE r.seq > ? ORDER BY r.seq"
	        " LIMIT ?";
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(INT(walk->last.seq), INT(BATCH)), err);
	enum sqlite_row row = ROW_FAILED;
	bool done = true;
	*count = 0;
	while (done && is_good(walk) && stmt != NULL &&
	        (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		done = check_row(walk, conn, stmt, err);
		(*count)++;
	}
	sqlite_done(stmt);
	return done && row != ROW_FAILED;
}

/* The chain ends here: is that all there ever was? */
static bool check_end(struct walk *walk, struct sqlite_conn *conn, struct err *err)
{
	static const char SQL_EVER[] =
	        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit_records'"
	        " AND NOT EXISTS (SELECT 1 FROM audit_records WHERE seq > ?)";
	int64_t ever = 0;
	int64_t head = 0;
	if (!sqlite_number(conn, SQL_EVER, VALUES(INT(walk->last.seq)), &ever, err)) {
		return false;
	}
	for (size_t i = 0; walk->heads != NULL && i < walk->heads->count; i++) {
		int64_t seq = walk->heads->items[i].seq;
		head = seq > head ? seq : head;
	}
	char sentence[160];
	int64_t missing = walk->last.seq + 1;
	if (ever > walk->last.seq || walk->report->records == 0) {
		str_format_cut(sentence, sizeof(sentence),
		        "and all behind it are missing: the store once had %lld",
		        (long long)(ever > head ? ever : head));
		find(walk, AUDIT_TRUNCATED, missing, sentence);
	} else if (head > walk->last.seq) {
		str_format_cut(sentence, sizeof(sentence),
		        "and all behind it are missing, up to %lld that a head names: an older"
		        " state was put back",
		        (long long)head);
		find(walk, AUDIT_ROLLED_BACK, missing, sentence);
	}
	return true;
}

/* Numbers without a gap stand for how many there are. */
static void tell_job(const struct walk *walk)
{
	if (walk->source->job != NULL) {
		int64_t last = walk->last.seq > walk->last_seq ? walk->last.seq : walk->last_seq;
		job_count(walk->source->job, last - walk->begun_behind,
		        walk->last.seq - walk->begun_behind);
	}
}

static bool may_go_on(const struct walk *walk, struct err *err)
{
	const struct source *source = walk->source;
	return (source->store == NULL || !sqlite_is_quiesced(source->store, err)) &&
	        (source->job == NULL || job_goes_on(source->job, err));
}

static bool walk_on(struct walk *walk, struct err *err)
{
	size_t count = BATCH;
	bool done = true;
	while (done && is_good(walk) && count > 0) {
		if (!may_go_on(walk, err)) {
			return false;
		}
		struct sqlite_conn *conn = take(walk->source, err);
		if (conn == NULL) {
			return false;
		}
		done = walk_batch(walk, conn, &count, err);
		if (done && count == 0) {
			done = check_end(walk, conn, err);
		}
		give(walk->source, conn);
		tell_job(walk);
	}
	walk->report->head = walk->last;
	return done;
}

/* The signed cut, or the very beginning. */
static bool find_start(struct walk *walk, struct err *err)
{
	static const char SQL_LAST[] =
	        "SELECT coalesce(max(seq), 0) FROM audit_records WHERE seq > ?";
	bool is_signed = false;
	struct sqlite_conn *conn = take(walk->source, err);
	if (conn == NULL) {
		return false;
	}
	bool done = sqlite_audit_checkpoint(conn, &walk->last, &is_signed, err) &&
	        sqlite_number(conn, SQL_LAST, VALUES(INT(0)), &walk->last_seq, err);
	give(walk->source, conn);
	walk->begun_behind = walk->last.seq;
	if (done && !is_signed) {
		find(walk, AUDIT_CHANGED, walk->last.seq,
		        "is named as the last that was cut, by a checkpoint that is not signed");
	}
	if (done && is_signed) {
		check_heads(walk);
	}
	return done;
}

static bool verify(struct source *source, const struct audit_heads *heads,
        struct audit_report *report, struct err *err)
{
	struct walk walk = {.source = source, .heads = heads, .report = report};
	*report = (struct audit_report){0};
	return find_start(&walk, err) && (!is_good(&walk) || walk_on(&walk, err));
}

bool store_audit_verify_for(struct store *store, const struct audit_heads *heads, struct job *job,
        struct audit_report *report, struct err *err)
{
	struct source source = {.store = store, .keys = store->audit, .job = job};
	return verify(&source, heads, report, err);
}

bool store_audit_verify(struct store *store, const struct audit_heads *heads,
        struct audit_report *report, struct err *err)
{
	return store_audit_verify_for(store, heads, NULL, report, err);
}

bool sqlite_audit_verify_conn(struct sqlite_conn *conn, const struct audit_keys *keys,
        const struct audit_heads *heads, struct audit_report *report, struct err *err)
{
	struct source source = {.conn = conn, .keys = keys};
	return verify(&source, heads, report, err);
}

/* The record the tail begins behind; the start of the chain when it is short. */
static bool find_tail(struct walk *walk, int64_t records, struct err *err)
{
	static const char SQL[] = "SELECT max(seq) FROM audit_records WHERE seq <="
	                          " (SELECT max(seq) FROM audit_records) - ?";
	static const char SQL_MAC[] = "SELECT mac FROM audit_records WHERE seq = ?";
	struct sqlite_conn *conn = take(walk->source, err);
	int64_t seq = 0;
	if (conn == NULL) {
		return false;
	}
	bool done = sqlite_number(conn, SQL, VALUES(INT(records)), &seq, err);
	struct sqlite3_stmt *stmt =
	        done && seq > 0 ? sqlite_query(conn, SQL_MAC, VALUES(INT(seq)), err) : NULL;
	if (stmt != NULL && sqlite_step(conn, stmt, err) == ROW_FOUND &&
	        sqlite3_column_bytes(stmt, 0) == AUDIT_MAC_BYTES) {
		walk->last.seq = seq;
		memcpy(walk->last.mac, sqlite3_column_blob(stmt, 0), AUDIT_MAC_BYTES);
	}
	sqlite_done(stmt);
	give(walk->source, conn);
	return done;
}

bool store_audit_verify_tail(
        struct store *store, int64_t records, struct audit_report *report, struct err *err)
{
	struct source source = {.store = store, .keys = store->audit};
	struct walk walk = {.source = &source, .report = report};
	*report = (struct audit_report){0};
	if (!find_tail(&walk, records, err)) {
		return false;
	}
	if (walk.last.seq == 0 && !find_start(&walk, err)) {
		return false;
	}
	return !is_good(&walk) || walk_on(&walk, err);
}
