/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/failpoint.h"
#include "server/base/str.h"

/* One script a version, in order; the file's user_version says how many it has seen. */
static const char *const SCHEMA[] = {
#include "schema_sql.h"
};

/* "bob2" in ASCII: tells `file` and us whose database this is. */
#define APPLICATION_ID 0x626f6232

static bool apply(struct sqlite_conn *conn, size_t version, struct err *err)
{
	char pragma[96];
	if (!str_format(pragma, sizeof(pragma),
	            "PRAGMA application_id = %d; PRAGMA user_version = %zu;", APPLICATION_ID,
	            version)) {
		err_set(err, ERR_INTERNAL, "the schema version does not fit");
		return false;
	}
	/* The version changes with the tables or not at all: a cut leaves the old one whole, and
	   after a failure closing the connection rolls back. */
	return sqlite_script(conn, "BEGIN IMMEDIATE", err) &&
	        sqlite_script(conn, SCHEMA[version - 1], err) && !FAILPOINT("migrate.mid", NULL) &&
	        sqlite_script(conn, pragma, err) && sqlite_script(conn, "COMMIT", err);
}

/* version: what the file has seen; 0: it is new. */
static bool read_version(struct sqlite_conn *conn, int64_t *version, struct err *err)
{
	static const char SQL_VERSION[] = "PRAGMA user_version";
	static const char SQL_OWNER[] = "PRAGMA application_id";
	int64_t owner = 0;
	if (!sqlite_number(conn, SQL_VERSION, NULL, version, err) ||
	        !sqlite_number(conn, SQL_OWNER, NULL, &owner, err)) {
		return false;
	}
	if ((owner != 0 && owner != APPLICATION_ID) || *version < 0) {
		err_set(err, ERR_STORE_FAILED, "the file is another program's database");
		return false;
	}
	if ((size_t)*version > ARRAY_SIZE(SCHEMA)) {
		err_set(err, ERR_STORE_FAILED,
		        "the store has version %lld, this program knows %zu: use a newer one",
		        (long long)*version, ARRAY_SIZE(SCHEMA));
		return false;
	}
	return true;
}

bool sqlite_schema_check(struct sqlite_conn *conn, struct err *err)
{
	int64_t version = 0;
	if (read_version(conn, &version, err) && version == 0) {
		err_set(err, ERR_STORE_FAILED, "the file is no store");
		return false;
	}
	return version > 0;
}

bool sqlite_schema_migrate(struct sqlite_conn *conn, struct err *err)
{
	int64_t version = 0;
	if (!read_version(conn, &version, err)) {
		return false;
	}
	for (size_t next = (size_t)version + 1; next <= ARRAY_SIZE(SCHEMA); next++) {
		if (!apply(conn, next, err)) {
			err_prefix(err, "schema version %zu", next);
			return false;
		}
	}
	return true;
}
