/* SPDX-License-Identifier: MIT */
#ifndef SERVER_STORE_SQLITE_AUDIT_H
#define SERVER_STORE_SQLITE_AUDIT_H

/*
 * What the files of the audit chain share; private to server/store/sqlite*.c.
 * The head is always read from the table, inside the transaction: a head in
 * memory would be wrong after a savepoint was rolled back.
 */

#include "server/store/audit.h"
#include "server/store/data_keys.h"
#include "server/store/sqlite.h"

struct hmac_key;

struct audit_keys {
	struct hmac_key *chain;
	struct hmac_key *pseudonym;
	uint8_t person[KEY_RING_KEY_BYTES]; /* seals the keys of people */
};

/* One record as it lies in the table. */
struct audit_row {
	int64_t seq;
	int64_t at_ms;
	int64_t settings_version;
	char connection[CONNECTION_NAME_BYTES];
	char kind[AUDIT_KIND_BYTES];
	char person[AUDIT_PERSON_BYTES];
	char who[AUDIT_WHO_BYTES];
	char origin[ADDRESS_TEXT_BYTES];
	char meta[AUDIT_META_BYTES];
	uint8_t payload_mac[AUDIT_MAC_BYTES];
	bool has_payload;
	uint8_t mac[AUDIT_MAC_BYTES];
};

#define AUDIT_ROW_COLUMNS \
	"seq, at_ms, connection, kind, person, who, origin, settings_version, meta, payload_mac, mac"
#define AUDIT_ROW_COLUMN_COUNT 11

/* The raw end of what is kept for a person's payload and key. */
#define AUDIT_SEALED_MIN_BYTES (CRYPTO_NONCE_BYTES + CRYPTO_TAG_BYTES)
#define AUDIT_PAYLOAD_BYTES    8192
#define AUDIT_KEY_SEALED_BYTES (AUDIT_SEALED_MIN_BYTES + KEY_RING_KEY_BYTES)

/* ------------------------------------------- sqlite_audit_row.c: bytes and MACs */

bool audit_keys_init(struct audit_keys *keys, const uint8_t chain[KEY_RING_KEY_BYTES],
        const uint8_t pseudonym[KEY_RING_KEY_BYTES], const uint8_t person[KEY_RING_KEY_BYTES],
        struct err *err) MUST_CHECK;
void audit_keys_finish(struct audit_keys *keys);
/* The pseudonym of an employee; "" with an empty employee_id. */
bool audit_person(const struct audit_keys *keys, const char *connection, const char *employee_id,
        char to[AUDIT_PERSON_BYTES], struct err *err) MUST_CHECK;
/* The MAC of a row behind a row with that MAC. */
bool audit_row_mac(const struct audit_keys *keys, const struct audit_row *row,
        const uint8_t before[AUDIT_MAC_BYTES], uint8_t mac[AUDIT_MAC_BYTES]) MUST_CHECK;
bool audit_payload_mac(const struct audit_keys *keys, int64_t seq, const void *sealed, size_t len,
        uint8_t mac[AUDIT_MAC_BYTES]) MUST_CHECK;
bool audit_checkpoint_mac(const struct audit_keys *keys, const struct audit_head *head,
        int64_t at_ms, uint8_t mac[AUDIT_MAC_BYTES]) MUST_CHECK;
/* The row under a query of AUDIT_ROW_COLUMNS; false: not as this program writes one. */
bool audit_row_read(struct sqlite3_stmt *stmt, struct audit_row *row) MUST_CHECK;

/* sqlite_data_keys.c: a data key of any store's file; ROW_NONE: it has none. */
enum sqlite_row sqlite_data_key_read(struct sqlite_conn *conn, struct key_ring *ring,
        enum data_key purpose, uint8_t key[KEY_RING_KEY_BYTES], struct err *err) MUST_CHECK;

/* ------------------------------------- sqlite_audit_seal.c: payloads and their keys */

/* The person's key; made when there is none and may_make. ROW_NONE: none, it was erased. */
enum sqlite_row audit_person_key(struct sqlite_conn *conn, const char *person, bool may_make,
        uint8_t key[KEY_RING_KEY_BYTES], struct err *err) MUST_CHECK;
/* sealed has room for len + AUDIT_SEALED_MIN_BYTES. */
bool audit_seal(const uint8_t key[KEY_RING_KEY_BYTES], int64_t seq, const char *text, size_t len,
        uint8_t *sealed, struct err *err) MUST_CHECK;
/* text gets sealed_len - AUDIT_SEALED_MIN_BYTES bytes and a NUL. */
bool audit_unseal(const uint8_t key[KEY_RING_KEY_BYTES], int64_t seq, const uint8_t *sealed,
        size_t sealed_len, char *text, struct err *err) MUST_CHECK;

/* -------------------------------------------- sqlite_audit.c: inside a write */

struct audit_new {
	const char *kind;
	const struct employee_key *key;
	const char *who;
	const char *what; /* NULL: payload says it */
	const char *meta; /* JSON object; NULL: {} */
	const char *payload; /* JSON object; NULL: made of key and what */
	int64_t settings_version; /* 0: the one in force */
	int64_t at_ms; /* 0: now */
};
bool sqlite_audit_write(
        struct sqlite_conn *conn, const struct audit_new *entry, struct err *err) MUST_CHECK;
/* The cut; seq 0: none was made. */
bool sqlite_audit_checkpoint(struct sqlite_conn *conn, struct audit_head *head, bool *is_right,
        struct err *err) MUST_CHECK;

/* After the keys are there, before the writer runs: the first record, or a trail kept before. */
bool sqlite_audit_start(struct store *store, struct err *err) MUST_CHECK;
/* After the writer has ended: the head goes to the log. */
void sqlite_audit_closing(struct store *store);
void sqlite_audit_stop(struct store *store);
/* On the writer thread after a commit: the head goes to the log when it is time. */
void sqlite_audit_committed(struct store *store);

/* sqlite_audit_verify.c: of a connection that is the caller's alone. */
bool sqlite_audit_verify_conn(struct sqlite_conn *conn, const struct audit_keys *keys,
        const struct audit_heads *heads, struct audit_report *report, struct err *err) MUST_CHECK;

/* ------------------------------------------------ sqlite_audit_action.c */

/* What a record of an intent says about the person; caller frees. */
char *sqlite_audit_intent_payload(const struct intent *intent) MUST_CHECK;
bool sqlite_audit_intent(struct sqlite_conn *conn, const struct intent *intent, const char *payload,
        struct err *err) MUST_CHECK;
bool sqlite_audit_outcome(struct sqlite_conn *conn, const struct employee_key *key,
        const struct outcome *outcome, int64_t settings_version, struct err *err) MUST_CHECK;

/* ------------------------------------------------ sqlite_erased.c */

/* Was the person erased, and does that still bar what comes late? */
bool sqlite_erased(struct sqlite_conn *conn, const struct employee_key *key, bool *is_erased,
        int64_t *at_ms, struct err *err) MUST_CHECK;
/* Was anybody? Spares asking for each of many; true also once no one is barred any more. */
bool sqlite_erased_exist(struct sqlite_conn *conn, bool *exist, struct err *err) MUST_CHECK;
/* False with ERR_CONFLICT for somebody who was. */
bool sqlite_erased_refuse(
        struct sqlite_conn *conn, const struct employee_key *key, struct err *err) MUST_CHECK;
/* Hired again: known as anybody from now on. */
bool sqlite_erased_lift(
        struct sqlite_conn *conn, const struct employee_key *key, struct err *err) MUST_CHECK;

/*
 * That so many of a class are kept no longer (retention.h), in the transaction that empties them;
 * nothing for none.
 */
bool sqlite_retention_audit(
        struct sqlite_conn *conn, const char *class, int64_t count, struct err *err) MUST_CHECK;

#endif
