/* SPDX-License-Identifier: MIT */
#include "server/store/data_keys.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/guarded.h"
#include "server/base/str.h"
#include "server/store/sqlite_audit.h"

#include <sqlite3.h>

#include <pthread.h>
#include <string.h>

#define SEALED_BYTES  (KEY_RING_KEY_BYTES + KEY_RING_OVERHEAD_BYTES)
#define CONTEXT_BYTES 64

struct data_keys {
	uint8_t keys[DATA_KEY_COUNT][KEY_RING_KEY_BYTES];
};

static const char *const PURPOSES[DATA_KEY_COUNT] = {
        [DATA_KEY_AUDIT] = "audit",
        [DATA_KEY_PSEUDONYM] = "pseudonym",
        [DATA_KEY_SECRETS] = "secrets",
        [DATA_KEY_PERSON] = "person",
};

/* ------------------------------------------------- the ring when none is given */

static pthread_once_t process_once = PTHREAD_ONCE_INIT;
static struct key_ring *process_ring; /* lives as long as the process */

static void make_process_ring(void)
{
	process_ring = key_ring_random(NULL);
}

/* So a store that is closed and opened again by the same process has its keys. */
static struct key_ring *ring_of(struct store *store, struct err *err)
{
	if (store->keys == NULL) {
		pthread_once(&process_once, make_process_ring);
		store->keys = process_ring;
	}
	if (store->keys == NULL) {
		err_set(err, ERR_INTERNAL, "no master key could be made");
	}
	return store->keys;
}

/* ------------------------------------------------------------------- reading */

static bool context_of(enum data_key purpose, char context[CONTEXT_BYTES], struct err *err)
{
	if (!str_format(context, CONTEXT_BYTES, "data_keys/%s", PURPOSES[purpose])) {
		err_set(err, ERR_INTERNAL, "the name of a data key is too long");
		return false;
	}
	return true;
}

static bool has_version(struct key_ring *ring, uint32_t version)
{
	uint32_t versions[KEY_RING_VERSIONS_MAX];
	size_t count = key_ring_versions(ring, versions);
	for (size_t i = 0; i < count; i++) {
		if (versions[i] == version) {
			return true;
		}
	}
	return false;
}

/* For an administrator: no key file, one without the version (a backup of before), another one. */
static void say_wrong_file(struct key_ring *ring, uint32_t version, struct err *err)
{
	if (!key_ring_is_unsaved(ring) && version != 0 && !has_version(ring, version)) {
		err_set(err, ERR_STORE_FAILED,
		        "its keys do not open under the key file %s: they were sealed under version"
		        " %u of the master key, which is not in it (the newest there is %u); add the"
		        " line of version %u from the copy of the key file that was kept",
		        key_ring_path(ring), version, key_ring_newest(ring), version);
	} else if (key_ring_is_unsaved(ring)) {
		err_set(err, ERR_STORE_FAILED,
		        "its keys were sealed under a key file, and there is none at %s: put the"
		        " key file of this store there, or say with --key-file where it is",
		        key_ring_path(ring));
	} else {
		err_set(err, ERR_STORE_FAILED,
		        "its keys do not open under the key file %s, which is not the one this"
		        " store was last used with: put that one there (with every version that"
		        " is still in use), or say with --key-file where it is",
		        key_ring_path(ring));
	}
}

enum sqlite_row sqlite_data_key_read(struct sqlite_conn *conn, struct key_ring *ring,
        enum data_key purpose, uint8_t key[KEY_RING_KEY_BYTES], struct err *err)
{
	static const char SQL[] = "SELECT sealed FROM data_keys WHERE purpose = ?";
	char context[CONTEXT_BYTES];
	struct sqlite3_stmt *stmt = context_of(purpose, context, err)
	        ? sqlite_query(conn, SQL, VALUES(TEXT(PURPOSES[purpose])), err)
	        : NULL;
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	if (row == ROW_FOUND) {
		const uint8_t *sealed = sqlite3_column_blob(stmt, 0);
		bool has_length = sqlite3_column_bytes(stmt, 0) == SEALED_BYTES;
		if (!has_length || !key_ring_open(ring, context, sealed, SEALED_BYTES, key, NULL)) {
			say_wrong_file(ring,
			        has_length ? key_ring_version_of(sealed, SEALED_BYTES) : 0, err);
			row = ROW_FAILED;
		}
	}
	sqlite_done(stmt);
	return row;
}

/* ------------------------------------------------------------------- writing */

static bool seal(
        struct store *store, enum data_key purpose, uint8_t sealed[SEALED_BYTES], struct err *err)
{
	char context[CONTEXT_BYTES];
	return context_of(purpose, context, err) &&
	        key_ring_seal(store->keys, context, store->data_keys->keys[purpose],
	                KEY_RING_KEY_BYTES, sealed, err);
}

static bool make_key(struct store *store, enum data_key purpose, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO data_keys (purpose, sealed, made_at_ms, sealed_at_ms)"
	        " VALUES (?1, ?2, ?3, ?3)";
	uint8_t sealed[SEALED_BYTES];
	return crypto_random(store->data_keys->keys[purpose], KEY_RING_KEY_BYTES, err) &&
	        seal(store, purpose, sealed, err) &&
	        sqlite_exec(&store->writer, SQL,
	                VALUES(TEXT(PURPOSES[purpose]), BYTES(sealed, sizeof(sealed)),
	                        INT(clock_wall_ms())),
	                err);
}

/* A key that opens comes first: without one a wrong file would give a store new keys beside old. */
static bool load_all(struct store *store, struct err *err)
{
	bool is_missing[DATA_KEY_COUNT];
	for (int i = 0; i < DATA_KEY_COUNT; i++) {
		enum sqlite_row row = sqlite_data_key_read(&store->writer, store->keys,
		        (enum data_key)i, store->data_keys->keys[i], err);
		if (row == ROW_FAILED) {
			return false;
		}
		is_missing[i] = row == ROW_NONE;
	}
	for (int i = 0; i < DATA_KEY_COUNT; i++) {
		if (is_missing[i] && !make_key(store, (enum data_key)i, err)) {
			return false;
		}
	}
	return true;
}

bool sqlite_data_keys_open(struct store *store, struct err *err)
{
	static const char SQL_BEGIN[] = "BEGIN IMMEDIATE";
	store->data_keys = guarded_alloc(sizeof(*store->data_keys));
	if (store->data_keys == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for the data keys");
		return false;
	}
	/* Given up with the connection when it fails. */
	return ring_of(store, err) != NULL && sqlite_exec(&store->writer, SQL_BEGIN, NULL, err) &&
	        load_all(store, err) && sqlite_commit(&store->writer, err);
}

void sqlite_data_keys_close(struct store *store)
{
	guarded_free(store->data_keys, sizeof(*store->data_keys));
	store->data_keys = NULL;
}

void store_data_key(struct store *store, enum data_key purpose, uint8_t key[KEY_RING_KEY_BYTES])
{
	memcpy(key, store->data_keys->keys[purpose], KEY_RING_KEY_BYTES);
}

struct seal_call {
	struct store *store;
	const char *by;
};

static bool seal_again_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE data_keys SET sealed = ?2, sealed_at_ms = ?3 WHERE purpose = ?1";
	static const struct employee_key NOBODY = {.connection = ""};
	const struct seal_call *call = context;
	uint8_t sealed[SEALED_BYTES] = {0};
	char what[96];
	for (int i = 0; i < DATA_KEY_COUNT; i++) {
		if (!seal(call->store, (enum data_key)i, sealed, err) ||
		        !sqlite_exec(conn, SQL,
		                VALUES(TEXT(PURPOSES[i]), BYTES(sealed, sizeof(sealed)),
		                        INT(clock_wall_ms())),
		                err)) {
			return false;
		}
	}
	str_format_cut(what, sizeof(what), "keys: sealed again, under version %u of the master key",
	        key_ring_version_of(sealed, sizeof(sealed)));
	return sqlite_audit(conn, &NOBODY, call->by, what, err);
}

static bool seal_again(struct store *store, const char *by, struct err *err)
{
	struct seal_call call = {store, by};
	return sqlite_write(store, seal_again_run, &call, err);
}

/* ------------------------------------------------------------------- rotating */

static bool read_sealed(struct sqlite_conn *conn, struct store_keys *keys, struct err *err)
{
	static const char SQL[] = "SELECT sealed, sealed_at_ms FROM data_keys";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, NULL, err);
	enum sqlite_row row = ROW_FAILED;
	keys->sealed_under_oldest = UINT32_MAX;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		uint32_t version = key_ring_version_of(
		        sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
		int64_t at_ms = sqlite3_column_int64(stmt, 1);
		if (version < keys->sealed_under_oldest) {
			keys->sealed_under_oldest = version;
		}
		if (version > keys->sealed_under_newest) {
			keys->sealed_under_newest = version;
		}
		keys->sealed_at_ms = at_ms > keys->sealed_at_ms ? at_ms : keys->sealed_at_ms;
	}
	sqlite_done(stmt);
	return row == ROW_NONE;
}

bool store_keys_status(struct store *store, struct store_keys *keys, struct err *err)
{
	*keys = (struct store_keys){.version_count = 0};
	str_format_cut(keys->path, sizeof(keys->path), "%s", key_ring_path(store->keys));
	keys->version_count = key_ring_versions(store->keys, keys->versions);
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = read_sealed(conn, keys, err);
	sqlite_pool_give(store, conn);
	return done;
}

static bool has_file(struct store *store)
{
	return key_ring_path(store->keys)[0] != '\0';
}

/*
 * One change of the master keys at a time: a finish between another's new key and its sealing would
 * remove the version everything is still sealed under.
 */
static bool change_keys(struct store *store,
        bool (*change)(struct store *store, const char *by, struct err *err), const char *by,
        struct err *err)
{
	if (atomic_exchange(&store->is_changing_keys, true)) {
		err_set(err, ERR_CONFLICT,
		        "the master keys are being changed by somebody else: again in a moment");
		return false;
	}
	bool done = change(store, by, err);
	atomic_store(&store->is_changing_keys, false);
	return done;
}

static bool rotate(struct store *store, const char *by, struct err *err)
{
	struct store_keys keys;
	if ((has_file(store) && !key_ring_reload(store->keys, err)) ||
	        !store_keys_status(store, &keys, err)) {
		return false;
	}
	bool is_newer_there = key_ring_newest(store->keys) > keys.sealed_under_oldest;
	if (!is_newer_there && !key_ring_add(store->keys, err)) {
		err_prefix(err,
		        "no newer key could be added; if bob2okta may not write there, add a line"
		        " %u:$(openssl rand -base64 %d) yourself and rotate again",
		        keys.sealed_under_newest + 1, KEY_RING_KEY_BYTES);
		return false;
	}
	return seal_again(store, by, err);
}

bool store_keys_rotate(struct store *store, const char *by, struct err *err)
{
	return change_keys(store, rotate, by, err);
}

static bool finish(struct store *store, const char *by, struct err *err)
{
	struct store_keys keys;
	if (!store_keys_status(store, &keys, err)) {
		return false;
	}
	uint32_t newest = key_ring_newest(store->keys);
	if (keys.sealed_under_oldest != newest) {
		err_set(err, ERR_CONFLICT,
		        "version %u of the master key is still in use: rotate first",
		        keys.sealed_under_oldest);
		return false;
	}
	char what[96];
	str_format_cut(what, sizeof(what), "keys: master keys before version %u removed", newest);
	/* The line first: what is not in the trail did not happen. */
	if (!store_audit(store, "", NULL, by, what, err)) {
		return false;
	}
	if (!key_ring_keep_newest(store->keys, err)) {
		err_prefix(err,
		        "older keys could not be removed; if bob2okta may not write there, remove"
		        " their lines yourself and restart");
		return false;
	}
	return true;
}

bool store_keys_finish(struct store *store, const char *by, struct err *err)
{
	return change_keys(store, finish, by, err);
}
