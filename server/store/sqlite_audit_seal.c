/* SPDX-License-Identifier: MIT */
/*
 * Payloads and the keys of people. Destroying a person's key makes all payloads
 * about that person unreadable, wherever a copy of them lies.
 */
#include "server/base/crypto.h"
#include "server/base/str.h"
#include "server/store/sqlite_audit.h"

#include <sqlite3.h>
#include <string.h>

#define BOUND_BYTES 96

static bool random_nonce(uint8_t *sealed, struct err *err)
{
	return crypto_random(sealed, CRYPTO_NONCE_BYTES, err);
}

/* ----------------------------------------------------------- keys of people */

static struct crypto_seal key_seal(
        const struct sqlite_conn *conn, const char *person, const uint8_t *nonce, char *bound)
{
	str_format_cut(bound, BOUND_BYTES, "person-key %s", person);
	return (struct crypto_seal){conn->audit->person, nonce, bound, strlen(bound)};
}

static enum sqlite_row load_key(struct sqlite_conn *conn, const char *person,
        uint8_t key[KEY_RING_KEY_BYTES], struct err *err)
{
	static const char SQL[] = "SELECT sealed FROM person_keys WHERE person = ?";
	char bound[BOUND_BYTES];
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(TEXT(person)), err);
	if (stmt == NULL) {
		return ROW_FAILED;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND) {
		const uint8_t *sealed = sqlite3_column_blob(stmt, 0);
		struct crypto_seal seal = key_seal(conn, person, sealed, bound);
		if (sqlite3_column_bytes(stmt, 0) != (int)AUDIT_KEY_SEALED_BYTES ||
		        !crypto_open(&seal, sealed + CRYPTO_NONCE_BYTES,
		                AUDIT_KEY_SEALED_BYTES - CRYPTO_NONCE_BYTES, key, err)) {
			err_set(err, ERR_STORE_FAILED, "the key of a person was changed");
			row = ROW_FAILED;
		}
	}
	sqlite_done(stmt);
	return row;
}

static bool make_key(struct sqlite_conn *conn, const char *person, uint8_t key[KEY_RING_KEY_BYTES],
        struct err *err)
{
	static const char SQL[] = "INSERT INTO person_keys (person, sealed) VALUES (?, ?)";
	uint8_t sealed[AUDIT_KEY_SEALED_BYTES];
	char bound[BOUND_BYTES];
	if (!crypto_random(key, KEY_RING_KEY_BYTES, err) || !random_nonce(sealed, err)) {
		return false;
	}
	struct crypto_seal seal = key_seal(conn, person, sealed, bound);
	return crypto_seal(&seal, key, KEY_RING_KEY_BYTES, sealed + CRYPTO_NONCE_BYTES, err) &&
	        sqlite_exec(conn, SQL, VALUES(TEXT(person), BYTES(sealed, sizeof(sealed))), err);
}

enum sqlite_row audit_person_key(struct sqlite_conn *conn, const char *person, bool may_make,
        uint8_t key[KEY_RING_KEY_BYTES], struct err *err)
{
	static const char SQL_ERASED[] = "SELECT count(*) FROM erased_people WHERE person = ?";
	enum sqlite_row row = load_key(conn, person, key, err);
	if (row != ROW_NONE || !may_make) {
		return row;
	}
	/* Whoever was erased gets no key again before they are hired again. */
	int64_t is_erased = 0;
	if (!sqlite_number(conn, SQL_ERASED, VALUES(TEXT(person)), &is_erased, err)) {
		return ROW_FAILED;
	}
	if (is_erased > 0) {
		return ROW_NONE;
	}
	return make_key(conn, person, key, err) ? ROW_FOUND : ROW_FAILED;
}

/* ---------------------------------------------------------------- payloads */

static struct crypto_seal payload_seal(
        const uint8_t *key, int64_t seq, const uint8_t *nonce, char *bound)
{
	str_format_cut(bound, BOUND_BYTES, "audit payload %lld", (long long)seq);
	return (struct crypto_seal){key, nonce, bound, strlen(bound)};
}

bool audit_seal(const uint8_t key[KEY_RING_KEY_BYTES], int64_t seq, const char *text, size_t len,
        uint8_t *sealed, struct err *err)
{
	char bound[BOUND_BYTES];
	if (!random_nonce(sealed, err)) {
		return false;
	}
	struct crypto_seal seal = payload_seal(key, seq, sealed, bound);
	return crypto_seal(&seal, text, len, sealed + CRYPTO_NONCE_BYTES, err);
}

bool audit_unseal(const uint8_t key[KEY_RING_KEY_BYTES], int64_t seq, const uint8_t *sealed,
        size_t sealed_len, char *text, struct err *err)
{
	char bound[BOUND_BYTES];
	if (sealed_len < AUDIT_SEALED_MIN_BYTES) {
		err_set(err, ERR_CONFLICT, "a payload of the audit trail was cut off");
		return false;
	}
	struct crypto_seal seal = payload_seal(key, seq, sealed, bound);
	text[sealed_len - AUDIT_SEALED_MIN_BYTES] = '\0';
	return crypto_open(
	        &seal, sealed + CRYPTO_NONCE_BYTES, sealed_len - CRYPTO_NONCE_BYTES, text, err);
}
