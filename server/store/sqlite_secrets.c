/* SPDX-License-Identifier: MIT */
#include "server/store/secrets.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/envelope.h"
#include "server/base/str.h"
#include "server/store/data_keys.h"
#include "server/store/sqlite.h"

#include <sqlite3.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SEALED_MAX_BYTES  (SECRET_VALUE_MAX_BYTES + ENVELOPE_OVERHEAD_BYTES)
#define AUDIT_BYTES       512
#define FINGERPRINT_TEXT  "bob2okta: the fingerprint of a secret"
#define FINGERPRINT_START 8 /* bytes of the MAC */

#define SECRET_COLUMN(kind_, member)                                                      \
	{                                                                                 \
		.kind = COLUMN_##kind_, .offset = offsetof(struct stored_secret, member), \
		.size = sizeof(((struct stored_secret *)0)->member)                       \
	}
static const struct sqlite_column COLUMNS[] = {
        SECRET_COLUMN(TEXT, connection),
        SECRET_COLUMN(TEXT, name),
        SECRET_COLUMN(INT, slot),
        SECRET_COLUMN(INT64, version),
        SECRET_COLUMN(TEXT, host),
        SECRET_COLUMN(INT64, entered_at_ms),
        SECRET_COLUMN(TEXT, entered_by),
};
#define SEALED_COLUMN ((int)ARRAY_SIZE(COLUMNS)) /* behind them */
#define COLUMN_NAMES  "connection, name, slot, version, host, entered_at_ms, entered_by, sealed"

/* ------------------------------------------------------------ sealing, opening */

/* Not the slot: the newest becomes the one before without being sealed again. */
static bool context_of(
        const struct stored_secret *secret, char context[ENVELOPE_CONTEXT_BYTES], struct err *err)
{
	if (!str_format(context, ENVELOPE_CONTEXT_BYTES, "secrets/%s/%s/%lld/%s",
	            secret->connection, secret->name, (long long)secret->version, secret->host)) {
		err_set(err, ERR_BAD_REQUEST, "the name or address of a secret is too long");
		return false;
	}
	return true;
}

static bool seal(struct store *store, const struct stored_secret *secret,
        uint8_t sealed[SEALED_MAX_BYTES], struct err *err)
{
	char context[ENVELOPE_CONTEXT_BYTES];
	uint8_t key[KEY_RING_KEY_BYTES];
	const char *text = secret_reveal(&secret->value);
	if (!context_of(secret, context, err)) {
		return false;
	}
	store_data_key(store, DATA_KEY_SECRETS, key);
	bool done = envelope_seal(key, context, text, strlen(text), sealed, err);
	crypto_wipe(key, sizeof(key));
	return done;
}

/* A row that does not open stays without its value; only memory is a failure. */
static bool open_value(struct store *store, struct sqlite3_stmt *stmt, struct stored_secret *secret,
        struct err *err)
{
	char context[ENVELOPE_CONTEXT_BYTES];
	char plain[SECRET_VALUE_MAX_BYTES + 1] = "";
	uint8_t key[KEY_RING_KEY_BYTES];
	const uint8_t *sealed = sqlite3_column_blob(stmt, SEALED_COLUMN);
	int len = sqlite3_column_bytes(stmt, SEALED_COLUMN);
	if (sealed == NULL || len < ENVELOPE_OVERHEAD_BYTES || len > SEALED_MAX_BYTES ||
	        !context_of(secret, context, NULL)) {
		return true;
	}
	store_data_key(store, DATA_KEY_SECRETS, key);
	bool is_open = envelope_open(key, context, sealed, (size_t)len, plain, NULL);
	bool done = !is_open || secret_set(&secret->value, plain);
	crypto_wipe(key, sizeof(key));
	crypto_wipe(plain, sizeof(plain));
	if (!done) {
		err_set(err, ERR_NO_MEMORY, "no memory for a secret");
	}
	return done;
}

static bool take_fingerprint(struct store *store, struct stored_secret *secret, struct err *err)
{
	uint8_t key[KEY_RING_KEY_BYTES];
	uint8_t mac[CRYPTO_HMAC_SHA512_BYTES];
	char text[sizeof(FINGERPRINT_TEXT) + SECRET_VALUE_MAX_BYTES];
	store_data_key(store, DATA_KEY_SECRETS, key);
	struct hmac_key *hmac = hmac_key_create(key, sizeof(key), err);
	crypto_wipe(key, sizeof(key));
	bool done = hmac != NULL &&
	        str_format(text, sizeof(text), "%s%s", FINGERPRINT_TEXT,
	                secret_reveal(&secret->value)) &&
	        hmac_sign(hmac, text, strlen(text), mac);
	crypto_wipe(text, sizeof(text));
	hmac_key_destroy(hmac);
	if (!done) {
		err_set(err, ERR_INTERNAL, "the fingerprint of a secret cannot be made");
		return false;
	}
	str_hex(secret->fingerprint, mac, FINGERPRINT_START);
	return true;
}

/* --------------------------------------------------------------------- reading */

void stored_secret_list_finish(struct stored_secret_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		secret_finish(&list->items[i].value);
	}
	free(list->items);
	*list = (struct stored_secret_list){0};
}

static bool read_row(struct store *store, struct sqlite3_stmt *stmt,
        struct stored_secret_list *list, struct err *err)
{
	struct stored_secret *secret =
	        sqlite_grow((void **)&list->items, &list->count, sizeof(*secret));
	if (secret == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for secrets");
		return false;
	}
	return sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), secret, err) &&
	        open_value(store, stmt, secret, err) &&
	        (!secret_is_set(&secret->value) || take_fingerprint(store, secret, err));
}

static bool read_rows(struct store *store, struct sqlite_conn *conn, const char *connection,
        struct stored_secret_list *list, struct err *err)
{
	static const char SQL[] =
	        "SELECT " COLUMN_NAMES " FROM secrets WHERE ?1 IS NULL OR connection = ?1"
	        " ORDER BY connection, name, slot";
	enum sqlite_row row = ROW_FAILED;
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(TEXT(connection)), err);
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		if (!read_row(store, stmt, list, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		stored_secret_list_finish(list);
	}
	return row != ROW_FAILED;
}

bool store_secret_list(struct store *store, const char *connection, struct stored_secret_list *list,
        struct err *err)
{
	*list = (struct stored_secret_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = read_rows(store, conn, connection, list, err);
	sqlite_pool_give(store, conn);
	return done;
}

/* --------------------------------------------------------------------- entering */

struct set_call {
	struct store *store;
	const struct secret_entry *entry;
};

static bool is_newest_already(
        struct set_call *call, struct sqlite_conn *conn, bool *is_same, struct err *err)
{
	struct stored_secret_list list = {0};
	if (!read_rows(call->store, conn, call->entry->connection, &list, err)) {
		return false;
	}
	*is_same = false;
	for (size_t i = 0; i < list.count; i++) {
		const struct stored_secret *secret = &list.items[i];
		*is_same |= secret->slot == SECRET_NEWEST &&
		        str_equal(secret->name, call->entry->name) &&
		        str_equal(secret->host, call->entry->host) &&
		        str_equal(secret_reveal(&secret->value), secret_reveal(call->entry->value));
	}
	stored_secret_list_finish(&list);
	return true;
}

/* The place of the newest becomes free. */
static bool make_place(struct sqlite_conn *conn, const struct secret_entry *entry, struct err *err)
{
	static const char SQL_DROP[] =
	        "DELETE FROM secrets WHERE connection = ?1 AND name = ?2 AND (slot = 1 OR ?3 = 0)";
	static const char SQL_MOVE[] =
	        "UPDATE secrets SET slot = 1 WHERE connection = ?1 AND name = ?2 AND slot = 0";
	const struct sqlite_value keeps = INT(entry->keeps_before ? 1 : 0);
	return sqlite_exec(conn, SQL_DROP,
	               VALUES(TEXT(entry->connection), TEXT(entry->name), keeps), err) &&
	        sqlite_exec(
	                conn, SQL_MOVE, VALUES(TEXT(entry->connection), TEXT(entry->name)), err);
}

/* A version is given out once, also when what had it is gone. */
static bool next_version(struct sqlite_conn *conn, int64_t *version, struct err *err)
{
	return sqlite_state_get(conn, "secret_version", version, err) &&
	        sqlite_state_set(conn, "secret_version", ++*version, err);
}

static bool insert(struct sqlite_conn *conn, const struct stored_secret *secret,
        const uint8_t *sealed, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO secrets (" COLUMN_NAMES ") VALUES (?, ?, 0, ?, ?, ?, ?, ?)";
	size_t len = strlen(secret_reveal(&secret->value)) + ENVELOPE_OVERHEAD_BYTES;
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(secret->connection), TEXT(secret->name), INT(secret->version),
	                TEXT(secret->host), INT(secret->entered_at_ms), TEXT(secret->entered_by),
	                BYTES(sealed, len)),
	        err);
}

static bool audit(struct sqlite_conn *conn, const struct stored_secret *secret, const char *what,
        struct err *err)
{
	struct employee_key key = {.employee_id = ""};
	char text[AUDIT_BYTES];
	str_format_cut(key.connection, sizeof(key.connection), "%s", secret->connection);
	bool has_host = secret->host[0] != '\0';
	str_format_cut(text, sizeof(text), "secret %s %s%s%s%s%s", secret->name, what,
	        has_host ? " for " : "", secret->host,
	        secret->fingerprint[0] != '\0' ? ", fingerprint " : "", secret->fingerprint);
	return sqlite_audit(conn, &key, secret->entered_by, text, err);
}

static bool fill(struct set_call *call, struct stored_secret *secret, struct err *err)
{
	const struct secret_entry *entry = call->entry;
	*secret = (struct stored_secret){.entered_at_ms = clock_wall_ms()};
	if (!str_copy(secret->connection, sizeof(secret->connection), entry->connection) ||
	        !str_copy(secret->name, sizeof(secret->name), entry->name) ||
	        !str_copy(secret->host, sizeof(secret->host), entry->host)) {
		err_set(err, ERR_BAD_REQUEST, "the name or address of a secret is too long");
		return false;
	}
	str_format_cut(secret->entered_by, sizeof(secret->entered_by), "%s", entry->by);
	if (!secret_set(&secret->value, secret_reveal(entry->value))) {
		err_set(err, ERR_NO_MEMORY, "no memory for a secret");
		return false;
	}
	return take_fingerprint(call->store, secret, err);
}

static bool set_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct set_call *call = context;
	struct stored_secret secret;
	uint8_t sealed[SEALED_MAX_BYTES];
	bool is_same = false;
	if (!is_newest_already(call, conn, &is_same, err)) {
		return false;
	}
	if (is_same) {
		err_set(err, ERR_CONFLICT, "%s is this value already", call->entry->name);
		return false;
	}
	bool done = fill(call, &secret, err) && next_version(conn, &secret.version, err) &&
	        seal(call->store, &secret, sealed, err) && make_place(conn, call->entry, err) &&
	        insert(conn, &secret, sealed, err) && audit(conn, &secret, "entered", err);
	secret_finish(&secret.value);
	return done;
}

bool store_secret_set(struct store *store, const struct secret_entry *entry, struct err *err)
{
	struct set_call call = {store, entry};
	const char *text = secret_reveal(entry->value);
	if (str_is_empty(text) || strlen(text) > SECRET_VALUE_MAX_BYTES) {
		err_set(err, ERR_BAD_REQUEST, "a secret is a text of 1 to %d bytes",
		        SECRET_VALUE_MAX_BYTES);
		return false;
	}
	return sqlite_write(store, set_run, &call, err);
}

/* --------------------------------------------------------------------- removing */

static bool remove_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "DELETE FROM secrets WHERE connection = ?1 AND name = ?2 AND (slot = 1 OR ?3 = 0)";
	const struct secret_removal *removal = context;
	struct stored_secret gone = {0};
	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(removal->connection), TEXT(removal->name),
	                    INT(removal->is_before_only ? 1 : 0)),
	            err)) {
		return false;
	}
	if (sqlite_changes(conn) == 0) {
		err_set(err, ERR_NOT_FOUND, "there is no %s%s in the store",
		        removal->is_before_only ? "earlier " : "", removal->name);
		return false;
	}
	str_format_cut(gone.connection, sizeof(gone.connection), "%s", removal->connection);
	str_format_cut(gone.name, sizeof(gone.name), "%s", removal->name);
	str_format_cut(gone.entered_by, sizeof(gone.entered_by), "%s", removal->by);
	return audit(conn, &gone, removal->why, err);
}

bool store_secret_remove(struct store *store, const struct secret_removal *removal, struct err *err)
{
	return sqlite_write(store, remove_run, (void *)(uintptr_t)removal, err);
}
