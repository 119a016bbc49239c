/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite_audit.h"

#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/str.h"

#include <sqlite3.h>

#define VERSION_COLUMN(kind_, member, words_)                                                \
	{                                                                                    \
		.kind = COLUMN_##kind_, .offset = offsetof(struct settings_version, member), \
		.size = sizeof(((struct settings_version *)0)->member), .words = (words_)    \
	}
static const struct sqlite_column COLUMNS[] = {
        VERSION_COLUMN(INT64, version, NULL),
        VERSION_COLUMN(INT64, at_ms, NULL),
        VERSION_COLUMN(TEXT, author, NULL),
        VERSION_COLUMN(TEXT, note, NULL),
        VERSION_COLUMN(WORD, source, &sqlite_words_settings_source),
        VERSION_COLUMN(TEXT, hash, NULL),
        VERSION_COLUMN(HEAP, document, NULL),
};

/* ----------------------------------------------------------------- writing */

static bool audit(struct sqlite_conn *conn, const struct settings_version *version,
        const char *meta, struct err *err)
{
	const struct employee_key nobody = {0};
	const struct audit_new entry = {.kind = "settings",
	        .key = &nobody,
	        .who = version->author,
	        .what = version->note[0] != '\0' ? version->note : NULL,
	        .meta = meta,
	        .settings_version = version->version};
	return sqlite_audit_write(conn, &entry, err);
}

static bool add_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO settings_versions (at_ms, author, note, source, hash, document)"
	        " VALUES (?, ?, ?, ?, ?, ?)";
	struct settings_version *version = context;
	if (!sqlite_exec(conn, SQL,
	            VALUES(INT(version->at_ms), TEXT(version->author), TEXT(version->note),
	                    TEXT(settings_source_name(version->source)), TEXT(version->hash),
	                    TEXT(version->document)),
	            err)) {
		return false;
	}
	char meta[128];
	version->version = sqlite_inserted(conn);
	str_format_cut(meta, sizeof(meta), "{\"source\":\"%s\",\"hash\":\"%s\"}",
	        settings_source_name(version->source), version->hash);
	return audit(conn, version, meta, err) && !FAILPOINT("settings.pre_commit", NULL);
}

bool store_settings_add(struct store *store, struct settings_version *version, struct err *err)
{
	if (version->at_ms == 0) {
		version->at_ms = clock_wall_ms();
	}
	bool done = sqlite_write(store, add_run, version, err);
	FAILPOINT_ONLY("settings.post_commit", NULL);
	return done;
}

static bool remove_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "DELETE FROM settings_versions WHERE version = ?";
	const int64_t *version = context;
	const struct settings_version removed = {.version = *version, .author = "server"};
	return sqlite_exec(conn, SQL, VALUES(INT(*version)), err) &&
	        audit(conn, &removed, "{\"taken_back\":true}", err);
}

bool store_settings_remove(struct store *store, int64_t version, struct err *err)
{
	return sqlite_write(store, remove_run, &version, err);
}

static bool set_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const int64_t *version = context;
	return sqlite_state_set(conn, "settings_version", *version, err);
}

bool store_settings_version_set(struct store *store, int64_t version, struct err *err)
{
	return sqlite_write(store, set_run, &version, err);
}

/* ----------------------------------------------------------------- reading */

static bool read_list(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct settings_version_list *versions, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct settings_version *version =
		        sqlite_grow((void **)&versions->items, &versions->count, sizeof(*version));
		if (version == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for versions of the settings");
		}
		if (version == NULL ||
		        !sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), version, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		settings_version_list_finish(versions);
	}
	return row != ROW_FAILED;
}

static bool list_by(struct store *store, const char *sql, const struct sqlite_value *values,
        struct settings_version_list *versions, struct err *err)
{
	*versions = (struct settings_version_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = read_list(conn, sqlite_query(conn, sql, values, err), versions, err);
	sqlite_pool_give(store, conn);
	return done;
}

bool store_settings_list(
        struct store *store, size_t limit, struct settings_version_list *versions, struct err *err)
{
	static const char SQL[] = "SELECT version, at_ms, author, note, source, hash, NULL FROM"
	                          " settings_versions ORDER BY version DESC LIMIT ?";
	return list_by(store, SQL, VALUES(INT((int64_t)limit)), versions, err);
}

/* The one that was found becomes the caller's. */
static bool take_one(struct settings_version_list *versions, struct settings_version *version,
        const char *missing, struct err *err)
{
	*version = (struct settings_version){0};
	if (versions->count == 0) {
		err_set(err, ERR_NOT_FOUND, "%s", missing);
		return false;
	}
	*version = versions->items[0];
	versions->items[0] = (struct settings_version){0};
	settings_version_list_finish(versions);
	return true;
}

bool store_settings_get(
        struct store *store, int64_t number, struct settings_version *version, struct err *err)
{
	static const char SQL[] = "SELECT version, at_ms, author, note, source, hash, document FROM"
	                          " settings_versions WHERE version = ?";
	struct settings_version_list found;
	return list_by(store, SQL, VALUES(INT(number)), &found, err) &&
	        take_one(&found, version, "there is no such version of the settings", err);
}

bool store_settings_newest(struct store *store, enum settings_source source,
        struct settings_version *version, struct err *err)
{
	static const char SQL[] = "SELECT version, at_ms, author, note, source, hash, document FROM"
	                          " settings_versions WHERE ?1 IS NULL OR source = ?1"
	                          " ORDER BY version DESC LIMIT 1";
	const char *word = source < SETTINGS_SOURCE_COUNT ? settings_source_name(source) : NULL;
	struct settings_version_list found;
	return list_by(store, SQL, VALUES(TEXT(word)), &found, err) &&
	        take_one(&found, version, "there is no version of the settings yet", err);
}
