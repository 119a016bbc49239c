/* SPDX-License-Identifier: MIT */
#include "server/store/releases.h"
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

static const char *const STATES[RELEASE_STATE_COUNT] = {
        [RELEASE_WAITING] = "waiting",
        [RELEASE_DONE] = "done",
        [RELEASE_DRY_RUN] = "dry_run",
        [RELEASE_HELD] = "held",
        [RELEASE_SKIPPED] = "skipped",
        [RELEASE_PARKED] = "parked",
        [RELEASE_FAILED] = "failed",
};

const char *release_state_name(enum release_state state)
{
	return (size_t)state < ARRAY_SIZE(STATES) ? STATES[state] : "unknown";
}

void release_list_finish(struct release_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		personal_finish(&list->items[i].display_name);
	}
	free(list->items);
	*list = (struct release_list){0};
}

/* ------------------------------------------------------------------ adding */

static bool begin_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	int64_t *release_id = context;
	return sqlite_state_get(conn, "release", release_id, err) &&
	        sqlite_state_set(conn, "release", ++*release_id, err);
}

bool store_release_begin(struct store *store, int64_t *release_id, struct err *err)
{
	return sqlite_write(store, begin_run, release_id, err);
}

bool sqlite_release_add(struct sqlite_conn *conn, const struct hold_decision *decision,
        const struct hold *hold, struct err *err)
{
	static const char SQL[] =
	        "INSERT OR REPLACE INTO releases (release_id, connection, employee_id, kind,"
	        " [limit], [by], at_ms, generation, after_intent_id)"
	        " SELECT ?, connection, employee_id, ?, ?, ?, ?, generation,"
	        " (SELECT coalesce(max(intent_id), 0) FROM intents) FROM employees"
	        " WHERE connection = ? AND employee_id = ?";
	return decision->release_id == 0 ||
	        sqlite_exec(conn, SQL,
	                VALUES(INT(decision->release_id), TEXT(hold_kind_name(hold->kind)),
	                        TEXT(limit_kind_name(hold->limit)), TEXT(decision->by),
	                        INT(clock_wall_ms()), TEXT(hold->key.connection),
	                        TEXT(hold->key.employee_id)),
	                err);
}

/* ----------------------------------------------------------------- looking */

/*
 * A run that captured the release's generation, or a later one, is the answer. An action of the
 * released limit that was done since is what was asked for; where the kind knows no limit, any.
 */
static const char SQL_LOOK[] =
        "SELECT r.connection, r.employee_id, r.kind, r.[limit], r.[by], r.at_ms, e.display_name,"
        " CASE WHEN e.is_last_run_good THEN e.last_sentence ELSE e.last_error END,"
        " CASE"
        " WHEN EXISTS (SELECT 1 FROM intents i WHERE i.connection = r.connection AND"
        " i.employee_id = r.employee_id AND i.intent_id > r.after_intent_id AND"
        " (r.kind <> 'limit' OR i.[limit] = r.[limit]) AND i.outcome = 'done') THEN 'done'"
        " WHEN e.claimed_generation < r.generation OR e.state = 'working' THEN 'waiting'"
        " WHEN EXISTS (SELECT 1 FROM holds h WHERE h.connection = r.connection AND"
        " h.employee_id = r.employee_id AND h.kind = r.kind AND h.[limit] = r.[limit])"
        " THEN 'held'"
        " WHEN e.state = 'parked' THEN 'parked'"
        " WHEN e.state = 'failed' OR (e.state = 'dirty' AND NOT e.is_last_run_good) THEN 'failed'"
        " WHEN e.state = 'dirty' THEN 'waiting'"
        " WHEN EXISTS (SELECT 1 FROM intents i WHERE i.connection = r.connection AND"
        " i.employee_id = r.employee_id AND i.intent_id > r.after_intent_id AND"
        " (r.kind <> 'limit' OR i.[limit] = r.[limit]) AND i.outcome = 'dry_run') THEN 'dry_run'"
        " ELSE 'skipped' END"
        " FROM releases r JOIN employees e ON e.connection = r.connection"
        " AND e.employee_id = r.employee_id WHERE r.release_id = ?"
        " ORDER BY r.employee_id, r.kind, r.[limit]";

static enum release_state parse_state(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(STATES); i++) {
		if (str_equal(STATES[i], text)) {
			return (enum release_state)i;
		}
	}
	return RELEASE_WAITING;
}

static const char *text_at(struct sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);
	return text != NULL ? text : "";
}

static bool read_released(struct sqlite3_stmt *stmt, struct release_list *list, struct err *err)
{
	struct released *one = sqlite_grow((void **)&list->items, &list->count, sizeof(*one));
	if (one == NULL || !personal_set(&one->display_name, text_at(stmt, 6))) {
		err_set(err, ERR_NO_MEMORY, "no memory for a release");
		return false;
	}
	str_format_cut(one->key.connection, sizeof(one->key.connection), "%s", text_at(stmt, 0));
	str_format_cut(one->key.employee_id, sizeof(one->key.employee_id), "%s", text_at(stmt, 1));
	one->kind = hold_kind_parse(text_at(stmt, 2));
	enum limit_kind limit = limit_kind_parse(text_at(stmt, 3));
	one->limit = limit < LIMIT_KIND_COUNT ? limit : LIMIT_NONE;
	str_format_cut(list->by, sizeof(list->by), "%s", text_at(stmt, 4));
	list->at_ms = sqlite3_column_int64(stmt, 5);
	str_format_cut(one->sentence, sizeof(one->sentence), "%s", text_at(stmt, 7));
	one->state = parse_state(text_at(stmt, 8));
	return true;
}

static bool look(
        struct sqlite_conn *conn, int64_t release_id, struct release_list *list, struct err *err)
{
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL_LOOK, VALUES(INT(release_id)), err);
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		if (!read_released(stmt, list, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

bool store_release_look(
        struct store *store, int64_t release_id, struct release_list *list, struct err *err)
{
	*list = (struct release_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = look(conn, release_id, list, err);
	sqlite_pool_give(store, conn);
	if (done && list->count == 0) {
		err_set(err, ERR_NOT_FOUND, "there is no release %lld", (long long)release_id);
		done = false;
	}
	if (!done) {
		release_list_finish(list);
	}
	return done;
}

bool store_release_newest(struct store *store, const struct hold_decision *decision,
        int64_t *release_id, struct err *err)
{
	static const char SQL[] =
	        "SELECT coalesce(max(release_id), 0) FROM releases WHERE connection = ?1 AND"
	        " employee_id = ?2 AND (?3 IS NULL OR kind = ?3) AND (?4 IS NULL OR [limit] = ?4)";
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	*release_id = 0;
	if (conn == NULL) {
		return false;
	}
	const char *kind = decision->kind < HOLD_KIND_COUNT ? hold_kind_name(decision->kind) : NULL;
	const char *limit = decision->limit != LIMIT_NONE ? limit_kind_name(decision->limit) : NULL;
	bool done = sqlite_number(conn, SQL,
	        VALUES(TEXT(decision->key.connection), TEXT(decision->key.employee_id), TEXT(kind),
	                TEXT(limit)),
	        release_id, err);
	sqlite_pool_give(store, conn);
	return done;
}
