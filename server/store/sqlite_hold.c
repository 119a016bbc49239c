/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite_audit.h"

#include "server/base/str.h"

#include <sqlite3.h>
#include <string.h>

#define HOLD_COLUMN(kind_, member, words_)                                       \
	{                                                                        \
		.kind = COLUMN_##kind_, .offset = offsetof(struct hold, member), \
		.size = sizeof(((struct hold *)0)->member), .words = (words_)    \
	}
static const struct sqlite_column COLUMNS[] = {
        HOLD_COLUMN(TEXT, key.connection, NULL),
        HOLD_COLUMN(TEXT, key.employee_id, NULL),
        HOLD_COLUMN(WORD, kind, &sqlite_words_hold_kind),
        HOLD_COLUMN(TEXT, cause, NULL),
        HOLD_COLUMN(TEXT, by, NULL),
        HOLD_COLUMN(INT64, since_ms, NULL),
        HOLD_COLUMN(BOOL, is_rejected, NULL),
        HOLD_COLUMN(TEXT, okta_id, NULL),
        HOLD_COLUMN(WORD, limit, &sqlite_words_limit_kind),
        HOLD_COLUMN(TEXT, rule, NULL),
        HOLD_COLUMN(TEXT, action, NULL),
        HOLD_COLUMN(PERSONAL, wanted, NULL),
};
#define NAMES                                                                                  \
	"connection, employee_id, kind, cause, [by], since_ms, is_rejected, okta_id, [limit]," \
	" rule, action, wanted"
#define SELECT_HOLD "SELECT " NAMES " FROM holds"

/* Which rows a decision is about: NULL is every kind, and every limit. */
#define OF_DECISION                                                                 \
	" WHERE connection = ?1 AND employee_id = ?2 AND (?3 IS NULL OR kind = ?3)" \
	" AND (?4 IS NULL OR [limit] = ?4)"

static const char *kind_text(const struct hold_decision *decision)
{
	return decision->kind < HOLD_KIND_COUNT ? hold_kind_name(decision->kind) : NULL;
}

static const char *limit_text(const struct hold_decision *decision)
{
	return decision->limit != LIMIT_NONE ? limit_kind_name(decision->limit) : NULL;
}

#define DECISION_VALUES(decision)                                                   \
	VALUES(TEXT((decision)->key.connection), TEXT((decision)->key.employee_id), \
	        TEXT(kind_text(decision)), TEXT(limit_text(decision)))

/* "release limit lower", "hold match: CAUSE", "reject limit lower: she stays". */
static bool audit_decision(struct sqlite_conn *conn, const struct hold *hold,
        const struct hold_decision *decision, const char *verb, struct err *err)
{
	char what[SENTENCE_BYTES];
	char meta[128];
	bool is_of_limit = hold->limit != LIMIT_NONE;
	const char *limit = is_of_limit ? limit_kind_name(hold->limit) : "";
	bool has_why = decision->why != NULL && decision->why[0] != '\0';
	str_format_cut(what, sizeof(what), "%s %s%s%s%s%s", verb, hold_kind_name(hold->kind),
	        is_of_limit ? " " : "", limit, has_why ? ": " : "", has_why ? decision->why : "");
	str_format_cut(meta, sizeof(meta), "{\"hold\":\"%s\",\"limit\":\"%s\"}",
	        hold_kind_name(hold->kind), limit);
	const struct audit_new entry = {
	        .key = &hold->key, .who = decision->by, .what = what, .meta = meta};
	return sqlite_audit_write(conn, &entry, err);
}

static bool audit_hold(struct sqlite_conn *conn, const struct hold *hold, const char *who,
        const char *verb, struct err *err)
{
	/* Why it is held: the trail keeps that beyond the hold. */
	const char *why = str_equal(verb, "hold") ? hold->cause : NULL;
	const struct hold_decision decision = {.by = who, .why = why};
	return audit_decision(conn, hold, &decision, verb, err);
}

/* How many a limit holds before this one; another kind of hold: 1, which is no first. */
static bool count_waiting(
        struct sqlite_conn *conn, const struct hold *hold, int64_t *waiting, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(*) FROM holds WHERE connection = ? AND kind = 'limit'"
	        " AND is_rejected = 0 AND [limit] = ?";
	*waiting = 1;
	return hold->kind != HOLD_LIMIT || hold->is_rejected ||
	        sqlite_number(conn, SQL,
	                VALUES(TEXT(hold->key.connection), TEXT(limit_kind_name(hold->limit))),
	                waiting, err);
}

/* The first that a limit holds, while none else waits for it: the brake is on. */
static bool audit_brake(struct sqlite_conn *conn, const struct hold *hold, struct err *err)
{
	struct employee_key nobody = {0};
	char what[64];
	str_format_cut(nobody.connection, sizeof(nobody.connection), "%s", hold->key.connection);
	str_format_cut(what, sizeof(what), "brake: the limit \"%s\" is reached",
	        limit_kind_name(hold->limit));
	return sqlite_audit(conn, &nobody, hold->by, what, err);
}

/* ------------------------------------------------------------------ adding */

/* An approval of that kind did not cover what is held now. */
static bool drop_approval(struct sqlite_conn *conn, const struct hold *hold, struct err *err)
{
	static const char SQL[] = "UPDATE employees SET approvals = approvals & ~?"
	                          " WHERE connection = ? AND employee_id = ? AND approvals <> 0";
	return sqlite_exec(conn, SQL,
	        VALUES(INT(approval_bit(hold->kind, hold->limit)), TEXT(hold->key.connection),
	                TEXT(hold->key.employee_id)),
	        err);
}

/*
 * A hold that says the same again is left alone: since, rejection and audit keep their meaning.
 * Another cause, account or value wanted is another question, and the no to the last one is none
 * to this.
 */
static bool add_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO holds (" NAMES ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	        " ON CONFLICT (connection, employee_id, kind, [limit]) DO UPDATE SET"
	        " cause = excluded.cause, okta_id = excluded.okta_id, rule = excluded.rule,"
	        " action = excluded.action, wanted = excluded.wanted, is_rejected = CASE WHEN"
	        " cause = excluded.cause AND okta_id = excluded.okta_id AND wanted IS NULL"
	        " THEN is_rejected ELSE excluded.is_rejected END"
	        " WHERE cause <> excluded.cause OR okta_id <> excluded.okta_id"
	        " OR wanted IS NOT excluded.wanted";
	const struct hold *hold = context;
	struct sqlite_value values[ARRAY_SIZE(COLUMNS) + 1] = {0};
	for (size_t i = 0; i < ARRAY_SIZE(COLUMNS); i++) {
		values[i] = sqlite_column_value(&COLUMNS[i], hold);
	}
	struct employee employee;
	int64_t waiting = 0;
	bool done = sqlite_employee_ensure(conn, &hold->key, &employee, err) &&
	        count_waiting(conn, hold, &waiting, err);
	employee_finish(&employee);
	if (!done || !sqlite_exec(conn, SQL, values, err)) {
		return false;
	}
	return sqlite_changes(conn) == 0 ||
	        (drop_approval(conn, hold, err) && audit_hold(conn, hold, hold->by, "hold", err) &&
	                (waiting > 0 || audit_brake(conn, hold, err)));
}

bool store_hold_add(struct store *store, const struct hold *hold, struct err *err)
{
	struct hold copy = *hold;
	if (hold->kind >= HOLD_KIND_COUNT) {
		err_set(err, ERR_BAD_REQUEST, "there is no such kind of hold");
		return false;
	}
	return sqlite_write(store, add_run, &copy, err);
}

static bool read_holds(struct sqlite_conn *conn, struct sqlite3_stmt *stmt, struct hold_list *holds,
        struct err *err);

/* ---------------------------------------------------------------- deciding */

/* Those the decision is about; none: ERR_NOT_FOUND. */
static bool find_holds(struct sqlite_conn *conn, const struct hold_decision *decision,
        struct hold_list *holds, struct err *err)
{
	static const char SQL[] = SELECT_HOLD OF_DECISION;
	*holds = (struct hold_list){0};
	if (!read_holds(
	            conn, sqlite_query(conn, SQL, DECISION_VALUES(decision), err), holds, err)) {
		return false;
	}
	if (holds->count == 0) {
		err_set(err, ERR_NOT_FOUND, "there is no such hold");
	}
	return holds->count > 0;
}

static bool remove_rows(
        struct sqlite_conn *conn, const struct hold_decision *decision, struct err *err)
{
	static const char SQL[] = "DELETE FROM holds" OF_DECISION;
	return sqlite_exec(conn, SQL, DECISION_VALUES(decision), err);
}

/* What takes access away is not kept waiting behind what gives it. */
static enum lane lane_of(const struct hold_list *holds)
{
	enum lane lane = LANE_UPDATE;
	for (size_t i = 0; i < holds->count; i++) {
		if (holds->items[i].limit == LIMIT_REVOKE) {
			return LANE_REVOKE;
		}
		lane = holds->items[i].limit == LIMIT_LOWER ? LANE_LEAVE : lane;
	}
	return lane;
}

static bool approve(struct sqlite_conn *conn, const struct employee_key *key,
        const struct hold_list *holds, struct err *err)
{
	static const char SQL[] = "UPDATE employees SET approvals = approvals | ?"
	                          " WHERE connection = ? AND employee_id = ?";
	unsigned bits = 0;
	for (size_t i = 0; i < holds->count; i++) {
		bits |= approval_bit(holds->items[i].kind, holds->items[i].limit);
	}
	return sqlite_exec(
	        conn, SQL, VALUES(INT(bits), TEXT(key->connection), TEXT(key->employee_id)), err);
}

static bool release_holds(struct sqlite_conn *conn, const struct hold_decision *decision,
        const struct hold_list *holds, struct err *err)
{
	if (!remove_rows(conn, decision, err) || !approve(conn, &decision->key, holds, err) ||
	        !sqlite_mark(conn, &decision->key, lane_of(holds), err)) {
		return false;
	}
	for (size_t i = 0; i < holds->count; i++) {
		if (!sqlite_release_add(conn, decision, &holds->items[i], err) ||
		        !audit_hold(conn, &holds->items[i], decision->by, "release", err)) {
			return false;
		}
	}
	return true;
}

static bool release_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct hold_decision *decision = context;
	struct hold_list holds;
	bool done = find_holds(conn, decision, &holds, err) &&
	        release_holds(conn, decision, &holds, err);
	hold_list_finish(&holds);
	return done;
}

bool store_hold_release(struct store *store, const struct hold_decision *decision, struct err *err)
{
	struct hold_decision copy = *decision;
	return sqlite_write(store, release_run, &copy, err);
}

bool sqlite_hold_let_go(
        struct sqlite_conn *conn, const struct hold_decision *decision, struct err *err)
{
	struct hold_list holds;
	bool done = find_holds(conn, decision, &holds, err) && remove_rows(conn, decision, err) &&
	        sqlite_mark(conn, &decision->key, lane_of(&holds), err) &&
	        audit_hold(conn, &holds.items[0], decision->by, "release, as approved in advance,",
	                err);
	hold_list_finish(&holds);
	return done;
}

static bool reject_holds(struct sqlite_conn *conn, const struct hold_decision *decision,
        const struct hold_list *holds, struct err *err)
{
	static const char SQL[] = "UPDATE holds SET is_rejected = 1, [by] = ?5" OF_DECISION;
	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(decision->key.connection), TEXT(decision->key.employee_id),
	                    TEXT(kind_text(decision)), TEXT(limit_text(decision)),
	                    TEXT(decision->by)),
	            err)) {
		return false;
	}
	for (size_t i = 0; i < holds->count; i++) {
		if (!audit_decision(conn, &holds->items[i], decision, "reject", err)) {
			return false;
		}
	}
	return sqlite_mark(conn, &decision->key, LANE_UPDATE, err);
}

static bool reject_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct hold_decision *decision = context;
	struct hold_list holds;
	bool done = find_holds(conn, decision, &holds, err) &&
	        reject_holds(conn, decision, &holds, err);
	hold_list_finish(&holds);
	return done;
}

bool store_hold_reject(struct store *store, const struct hold_decision *decision, struct err *err)
{
	struct hold_decision copy = *decision;
	return sqlite_write(store, reject_run, &copy, err);
}

static bool remove_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct hold_decision *decision = context;
	struct hold_list holds;
	struct err none = ERR_INIT;
	if (!find_holds(conn, decision, &holds, &none)) {
		if (none.code != ERR_NOT_FOUND) {
			*err = none;
		}
		return none.code == ERR_NOT_FOUND;
	}
	bool done = remove_rows(conn, decision, err);
	for (size_t i = 0; i < holds.count && done; i++) {
		done = audit_hold(conn, &holds.items[i], decision->by, "remove", err);
	}
	hold_list_finish(&holds);
	return done;
}

bool store_hold_remove(
        struct store *store, const struct employee_key *key, enum hold_kind kind, struct err *err)
{
	struct hold_decision decision = {.key = *key, .kind = kind, .by = "server"};
	return sqlite_write(store, remove_run, &decision, err);
}

bool store_hold_remove_of_limit(
        struct store *store, const struct employee_key *key, enum limit_kind limit, struct err *err)
{
	struct hold_decision decision = {
	        .key = *key, .kind = HOLD_LIMIT, .by = "server", .limit = limit};
	return sqlite_write(store, remove_run, &decision, err);
}

/* ----------------------------------------------------------------- listing */

static bool read_holds(struct sqlite_conn *conn, struct sqlite3_stmt *stmt, struct hold_list *holds,
        struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct hold *hold =
		        sqlite_grow((void **)&holds->items, &holds->count, sizeof(*hold));
		if (hold == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for holds");
			row = ROW_FAILED;
			break;
		}
		if (!sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), hold, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		hold_list_finish(holds);
	}
	return row != ROW_FAILED;
}

bool store_hold_list(struct store *store, const char *connection, const struct employee_key *key,
        struct hold_list *holds, struct err *err)
{
	static const char SQL[] = SELECT_HOLD " WHERE (?1 IS NULL OR connection = ?1) AND"
	                                      " (?2 IS NULL OR employee_id = ?2)"
	                                      " ORDER BY since_ms, employee_id, kind, [limit]";
	*holds = (struct hold_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	const char *of = key != NULL ? key->connection : connection;
	const char *id = key != NULL ? key->employee_id : NULL;
	bool done = read_holds(
	        conn, sqlite_query(conn, SQL, VALUES(TEXT(of), TEXT(id)), err), holds, err);
	sqlite_pool_give(store, conn);
	return done;
}
