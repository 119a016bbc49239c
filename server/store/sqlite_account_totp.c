/* SPDX-License-Identifier: MIT */
/* Second factors: seeds, sealed, and recovery codes, as digests. */
#include "server/store/sqlite_account.h"

#include "server/base/envelope.h"
#include "server/base/str.h"
#include "server/store/data_keys.h"

#include <sqlite3.h>

#define SEALED_BYTES (ACCOUNT_SEED_BYTES + ENVELOPE_OVERHEAD_BYTES)

/* Not which of the two: an offered seed comes in force without being sealed again. */
static bool context_of(
        int64_t account, int64_t version, char context[ENVELOPE_CONTEXT_BYTES], struct err *err)
{
	if (!str_format(context, ENVELOPE_CONTEXT_BYTES, "accounts/%lld/totp/%lld",
	            (long long)account, (long long)version)) {
		err_set(err, ERR_INTERNAL, "the context of a seed is too long");
		return false;
	}
	return true;
}

/* -------------------------------------------------------------------- offering */

struct offer_call {
	struct store *store;
	int64_t account;
	const uint8_t *seed;
};

static bool seal(const struct offer_call *call, int64_t version, uint8_t sealed[SEALED_BYTES],
        struct err *err)
{
	char context[ENVELOPE_CONTEXT_BYTES];
	uint8_t key[KEY_RING_KEY_BYTES];
	if (!context_of(call->account, version, context, err)) {
		return false;
	}
	store_data_key(call->store, DATA_KEY_SECRETS, key);
	bool done = envelope_seal(key, context, call->seed, ACCOUNT_SEED_BYTES, sealed, err);
	crypto_wipe(key, sizeof(key));
	return done;
}

static bool offer_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "UPDATE accounts SET offered_totp = ?, offered_version = ?"
	                          " WHERE account_id = ?";
	const struct offer_call *call = context;
	struct stored_account account;
	uint8_t sealed[SEALED_BYTES];
	int64_t version = 0;
	bool done = account_need(conn, call->account, &account, err) &&
	        sqlite_state_get(conn, "totp_version", &version, err) &&
	        sqlite_state_set(conn, "totp_version", ++version, err) &&
	        seal(call, version, sealed, err) &&
	        sqlite_exec(conn, SQL,
	                VALUES(BYTES(sealed, sizeof(sealed)), INT(version), INT(call->account)),
	                err);
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_totp_offer(struct store *store, int64_t account, const uint8_t seed[ACCOUNT_SEED_BYTES],
        struct err *err)
{
	struct offer_call call = {store, account, seed};
	return sqlite_write(store, offer_run, &call, err);
}

/* --------------------------------------------------------------------- reading */

static bool open_seed(struct store *store, struct sqlite3_stmt *stmt, int64_t account,
        uint8_t seed[ACCOUNT_SEED_BYTES], struct err *err)
{
	char context[ENVELOPE_CONTEXT_BYTES];
	uint8_t key[KEY_RING_KEY_BYTES];
	const uint8_t *sealed = sqlite3_column_blob(stmt, 0);
	if (sealed == NULL || sqlite3_column_bytes(stmt, 0) != SEALED_BYTES) {
		err_set(err, ERR_NOT_FOUND, "the account has no second factor");
		return false;
	}
	if (!context_of(account, sqlite3_column_int64(stmt, 1), context, err)) {
		return false;
	}
	store_data_key(store, DATA_KEY_SECRETS, key);
	bool done = envelope_open(key, context, sealed, SEALED_BYTES, seed, err);
	crypto_wipe(key, sizeof(key));
	return done;
}

bool store_totp_read(struct store *store, int64_t account, enum totp_seed which,
        uint8_t seed[ACCOUNT_SEED_BYTES], struct err *err)
{
	static const char SQL_OFFERED[] =
	        "SELECT offered_totp, offered_version FROM accounts WHERE account_id = ?";
	static const char SQL_IN_FORCE[] =
	        "SELECT totp, totp_version FROM accounts WHERE account_id = ?";
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	struct sqlite3_stmt *stmt = sqlite_query(conn,
	        which == TOTP_OFFERED ? SQL_OFFERED : SQL_IN_FORCE, VALUES(INT(account)), err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	bool done = row == ROW_FOUND && open_seed(store, stmt, account, seed, err);
	if (row == ROW_NONE) {
		err_set(err, ERR_NOT_FOUND, "there is no such account");
	}
	sqlite_done(stmt);
	sqlite_pool_give(store, conn);
	return done;
}

/* ------------------------------------------------------------------- on and off */

static bool drop_codes(struct sqlite_conn *conn, int64_t account, struct err *err)
{
	static const char SQL[] = "DELETE FROM recovery_codes WHERE account_id = ?";
	return sqlite_exec(conn, SQL, VALUES(INT(account)), err);
}

bool account_totp_clear(struct sqlite_conn *conn, int64_t account, struct err *err)
{
	static const char SQL[] = "UPDATE accounts SET totp = NULL, offered_totp = NULL"
	                          " WHERE account_id = ?";
	return sqlite_exec(conn, SQL, VALUES(INT(account)), err) && drop_codes(conn, account, err);
}

struct totp_call {
	const struct account_order *order;
	const struct totp_confirmation *confirmation;
};

static bool put_codes(struct sqlite_conn *conn, const struct totp_call *call, struct err *err)
{
	static const char SQL[] = "INSERT INTO recovery_codes (account_id, digest) VALUES (?, ?)";
	const struct totp_confirmation *confirmation = call->confirmation;
	bool done = drop_codes(conn, call->order->account, err);
	for (size_t i = 0; i < confirmation->recovery_count && done; i++) {
		done = sqlite_exec(conn, SQL,
		        VALUES(INT(call->order->account),
		                BYTES(confirmation->recovery[i], sizeof(account_digest))),
		        err);
	}
	return done;
}

static bool confirm_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE accounts SET totp = offered_totp, totp_version = offered_version,"
	        " offered_totp = NULL, totp_step = ? WHERE account_id = ? AND offered_totp IS NOT"
	        " NULL";
	const struct totp_call *call = context;
	struct stored_account account;
	bool done = account_need(conn, call->order->account, &account, err) &&
	        sqlite_exec(conn, SQL, VALUES(INT(call->confirmation->step), INT(account.id)), err);
	if (done && sqlite_changes(conn) == 0) {
		err_set(err, ERR_CONFLICT, "no second factor was begun");
		done = false;
	}
	done = done && put_codes(conn, call, err) &&
	        account_audit(conn, call->order->by, err, "totp of %s on", account.name);
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_totp_confirm(struct store *store, const struct account_order *order,
        const struct totp_confirmation *confirmation, struct err *err)
{
	struct totp_call call = {order, confirmation};
	return sqlite_write(store, confirm_run, &call, err);
}

static bool totp_off_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct totp_call *call = context;
	struct stored_account account;
	bool done = account_need(conn, call->order->account, &account, err);
	if (done && !account.has_totp) {
		err_set(err, ERR_NOT_FOUND, "the account has no second factor");
		done = false;
	}
	done = done && account_totp_clear(conn, account.id, err) &&
	        account_audit(conn, call->order->by, err, "totp of %s off", account.name);
	crypto_wipe(&account, sizeof(account));
	return done;
}

bool store_totp_remove(struct store *store, const struct account_order *order, struct err *err)
{
	struct totp_call call = {.order = order};
	return sqlite_write(store, totp_off_run, &call, err);
}

bool store_recovery_has(struct store *store, int64_t account, const account_digest digest,
        bool *has, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(*) FROM recovery_codes WHERE account_id = ? AND digest = ?";
	int64_t count = 0;
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = sqlite_number(conn, SQL,
	        VALUES(INT(account), BYTES(digest, sizeof(account_digest))), &count, err);
	sqlite_pool_give(store, conn);
	*has = count > 0;
	return done;
}
