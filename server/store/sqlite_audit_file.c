/* SPDX-License-Identifier: MIT */
/*
 * Verifying a copy of a store's file, elsewhere and without a server: the file
 * is only read. It need not be of this program's schema, only of one that has
 * a chain.
 */
#include "server/store/sqlite_audit.h"

#include "server/base/crypto.h"

static bool load_keys(
        struct sqlite_conn *conn, struct key_ring *ring, struct audit_keys *keys, struct err *err)
{
	static const enum data_key NEEDED[] = {DATA_KEY_AUDIT, DATA_KEY_PSEUDONYM, DATA_KEY_PERSON};
	uint8_t found[ARRAY_SIZE(NEEDED)][KEY_RING_KEY_BYTES];
	bool done = true;
	for (size_t i = 0; i < ARRAY_SIZE(NEEDED) && done; i++) {
		enum sqlite_row row = sqlite_data_key_read(conn, ring, NEEDED[i], found[i], err);
		if (row == ROW_NONE) {
			err_set(err, ERR_STORE_FAILED, "the file has no keys of an audit trail");
		}
		done = row == ROW_FOUND;
	}
	done = done && audit_keys_init(keys, found[0], found[1], found[2], err);
	crypto_wipe(found, sizeof(found));
	return done;
}

bool store_audit_verify_file(const char *path, struct key_ring *keys,
        const struct audit_heads *heads, struct audit_report *report, struct err *err)
{
	struct sqlite_conn conn;
	struct audit_keys audit = {0};
	if (!sqlite_open(&conn, path, SQLITE_ROLE_COPY, err)) {
		return false;
	}
	bool done = load_keys(&conn, keys, &audit, err) &&
	        sqlite_audit_verify_conn(&conn, &audit, heads, report, err);
	sqlite_close(&conn);
	audit_keys_finish(&audit);
	return done;
}
