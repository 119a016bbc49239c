/* SPDX-License-Identifier: MIT */
#include "server/base/str.h"
#include "server/store/sqlite.h"
#include "server/store/sqlite_scratch.h"
#include "server/store/sweeps.h"

#include <sqlite3.h>
#include <stdlib.h>

#define SWEEPS_WITH_FINDINGS 7 /* of a connection: a week of nights */
#define MARK_BATCH           500 /* so that deliveries never wait long */

static const char *kind_word(int value)
{
	return finding_kind_name((enum finding_kind)value);
}

static const struct sqlite_words KINDS = {.name = kind_word, .count = FINDING_KIND_COUNT};

#define FINDING_COLUMN(kind_, member, words_)                                       \
	{                                                                           \
		.kind = COLUMN_##kind_, .offset = offsetof(struct finding, member), \
		.size = sizeof(((struct finding *)0)->member), .words = (words_)    \
	}
static const struct sqlite_column COLUMNS[] = {
        FINDING_COLUMN(INT64, finding_id, NULL),
        FINDING_COLUMN(WORD, kind, &KINDS),
        FINDING_COLUMN(TEXT, employee_id, NULL),
        FINDING_COLUMN(TEXT, okta_id, NULL),
        FINDING_COLUMN(PERSONAL, login, NULL),
        FINDING_COLUMN(TEXT, detail, NULL),
};

/* ---------------------------------------------------------------- findings */

bool sqlite_findings_read(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct finding_list *findings, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;

	*findings = (struct finding_list){0};
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct finding *finding =
		        sqlite_grow((void **)&findings->items, &findings->count, sizeof(*finding));
		if (finding == NULL ||
		        !sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), finding, err)) {
			err_set(err, ERR_NO_MEMORY, "no memory for findings");
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		finding_list_finish(findings);
	}
	return row != ROW_FAILED;
}

struct add_call {
	int64_t sweep_id;
	const struct finding_list *findings;
};

static bool drop_old(struct sqlite_conn *conn, int64_t sweep_id, struct err *err)
{
	static const char SQL[] =
	        "DELETE FROM sweep_findings WHERE sweep_id IN (SELECT sweep_id FROM sweeps WHERE"
	        " connection = (SELECT connection FROM sweeps WHERE sweep_id = ?1) AND sweep_id < ?1"
	        " AND state = 'done' ORDER BY sweep_id DESC LIMIT -1 OFFSET ?2)";

	return sqlite_exec(conn, SQL, VALUES(INT(sweep_id), INT(SWEEPS_WITH_FINDINGS - 1)), err);
}

static bool add_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO sweep_findings (sweep_id, kind, employee_id, okta_id, login, detail)"
	        " VALUES (?, ?, ?, ?, ?, ?)";
	const struct add_call *call = context;

	for (size_t i = 0; i < call->findings->count; i++) {
		const struct finding *finding = &call->findings->items[i];
		if (!sqlite_exec(conn, SQL,
		            VALUES(INT(call->sweep_id), TEXT(finding_kind_name(finding->kind)),
		                    TEXT(finding->employee_id), TEXT(finding->okta_id),
		                    TEXT(finding->login.text), TEXT(finding->detail)),
		            err)) {
			return false;
		}
	}
	return drop_old(conn, call->sweep_id, err);
}

bool store_sweep_findings_add(
        struct store *store, int64_t sweep_id, const struct finding_list *findings, struct err *err)
{
	struct add_call call = {sweep_id, findings};

	return sqlite_write(store, add_run, &call, err);
}

bool store_sweep_findings(struct store *store, const struct findings_query *query,
        struct finding_list *findings, struct err *err)
{
	static const char SQL[] =
	        "SELECT finding_id, kind, employee_id, okta_id, login, detail FROM sweep_findings"
	        " WHERE sweep_id = ?1 AND (?2 IS NULL OR kind = ?2) AND finding_id > ?3"
	        " ORDER BY finding_id LIMIT ?4";
	const char *kind = query->kind < FINDING_KIND_COUNT ? finding_kind_name(query->kind) : NULL;
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*findings = (struct finding_list){0};
	if (conn == NULL) {
		return false;
	}
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL,
	        VALUES(INT(query->sweep_id), TEXT(kind), INT(query->after_id),
	                INT((int64_t)query->limit)),
	        err);
	bool done = sqlite_findings_read(conn, stmt, findings, err);
	sqlite_pool_give(store, conn);
	return done;
}

/* ------------------------------------------------------------------- marks */

struct mark_call {
	const struct sweep_mark *marks;
	size_t count;
};

static bool mark_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "UPDATE employees SET doubt = ?3 WHERE connection = ?1 AND"
	                          " employee_id = ?2 AND doubt <> 'user'";
	const struct mark_call *call = context;

	for (size_t i = 0; i < call->count; i++) {
		const struct sweep_mark *mark = &call->marks[i];
		if (!sqlite_mark(conn, &mark->key, LANE_SWEEP, err) ||
		        (mark->doubt != DOUBT_NONE &&
		                !sqlite_exec(conn, SQL,
		                        VALUES(TEXT(mark->key.connection),
		                                TEXT(mark->key.employee_id),
		                                TEXT(doubt_name(mark->doubt))),
		                        err))) {
			return false;
		}
	}
	return true;
}

bool store_sweep_mark(
        struct store *store, const struct sweep_mark *marks, size_t count, struct err *err)
{
	for (size_t from = 0; from < count; from += MARK_BATCH) {
		size_t left = count - from;
		struct mark_call call = {marks + from, left < MARK_BATCH ? left : MARK_BATCH};
		if (!sqlite_write(store, mark_run, &call, err)) {
			return false;
		}
	}
	return true;
}

struct status_call {
	const struct sweep_status *statuses;
	size_t count;
};

static bool status_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET present_status = ?3 WHERE connection = ?1 AND employee_id = ?2"
	        " AND last_run_at_ms = ?4 AND state <> 'working' AND present_status IN"
	        " ('PROVISIONED', 'ACTIVE', 'LOCKED_OUT', 'PASSWORD_EXPIRED', 'RECOVERY')";
	const struct status_call *call = context;

	for (size_t i = 0; i < call->count; i++) {
		const struct sweep_status *status = &call->statuses[i];
		if (!sqlite_exec(conn, SQL,
		            VALUES(TEXT(status->key.connection), TEXT(status->key.employee_id),
		                    TEXT(account_status_name(status->status)),
		                    INT(status->last_run_at_ms)),
		            err)) {
			return false;
		}
	}
	return true;
}

bool store_sweep_take_status(
        struct store *store, const struct sweep_status *statuses, size_t count, struct err *err)
{
	struct status_call call = {statuses, count};

	return count == 0 || sqlite_write(store, status_run, &call, err);
}

/* ------------------------------------------------------------------ rhythm */

bool store_delivery_rhythm(struct store *store, const char *connection, int64_t since_ms,
        struct delivery_rhythm *rhythm, struct err *err)
{
	static const char SQL_GAP[] =
	        "SELECT coalesce(max(gap), 0) FROM (SELECT received_at_ms - lag(received_at_ms) OVER"
	        " (ORDER BY event_id) AS gap FROM events WHERE connection = ?1 AND"
	        " received_at_ms >= ?2)";
	static const char SQL_LAST[] = "SELECT coalesce(max(last_seen_at_ms), 0) FROM events"
	                               " WHERE connection = ?1 AND last_seen_at_ms >= ?2";
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*rhythm = (struct delivery_rhythm){0};
	if (conn == NULL) {
		return false;
	}
	bool done = sqlite_number(conn, SQL_GAP, VALUES(TEXT(connection), INT(since_ms)),
	                    &rhythm->longest_gap_ms, err) &&
	        sqlite_number(conn, SQL_LAST, VALUES(TEXT(connection), INT(since_ms)),
	                &rhythm->last_at_ms, err);
	sqlite_pool_give(store, conn);
	return done;
}
