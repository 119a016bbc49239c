/* SPDX-License-Identifier: MIT */
#include "server/store/sweeps.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/store/sqlite.h"

#include <sqlite3.h>
#include <stdlib.h>

#define SWEEPS_KEPT 500 /* of a connection */

static const char *cause_word(int value)
{
	return sweep_cause_name((enum sweep_cause)value);
}

static const char *state_word(int value)
{
	return sweep_state_name((enum sweep_state)value);
}

static const char *phase_word(int value)
{
	return sweep_phase_name((enum sweep_phase)value);
}

static const struct sqlite_words CAUSES = {.name = cause_word, .count = SWEEP_CAUSE_COUNT};
static const struct sqlite_words STATES = {.name = state_word, .count = SWEEP_STATE_COUNT};
static const struct sqlite_words PHASES = {.name = phase_word, .count = SWEEP_PHASE_COUNT};

#define SWEEP_COLUMN(kind_, member, words_)                                       \
	{                                                                         \
		.kind = COLUMN_##kind_, .offset = offsetof(struct sweep, member), \
		.size = sizeof(((struct sweep *)0)->member), .words = (words_)    \
	}
static const struct sqlite_column COLUMNS[] = {
        SWEEP_COLUMN(INT64, sweep_id, NULL),
        SWEEP_COLUMN(TEXT, connection, NULL),
        SWEEP_COLUMN(WORD, cause, &CAUSES),
        SWEEP_COLUMN(TEXT, by, NULL),
        SWEEP_COLUMN(WORD, state, &STATES),
        SWEEP_COLUMN(WORD, phase, &PHASES),
        SWEEP_COLUMN(INT64, done, NULL),
        SWEEP_COLUMN(INT64, total, NULL),
        SWEEP_COLUMN(BOOL, accepts_shorter, NULL),
        SWEEP_COLUMN(INT64, asked_at_ms, NULL),
        SWEEP_COLUMN(INT64, started_at_ms, NULL),
        SWEEP_COLUMN(INT64, ended_at_ms, NULL),
        SWEEP_COLUMN(INT64, bob_calls, NULL),
        SWEEP_COLUMN(INT64, okta_calls, NULL),
        SWEEP_COLUMN(TEXT, sentence, NULL),
        SWEEP_COLUMN(HEAP, counts, NULL),
};

#define SELECT_SWEEPS                                                                             \
	"SELECT sweep_id, connection, cause, \"by\", state, phase, done, total, accepts_shorter," \
	" asked_at_ms, started_at_ms, ended_at_ms, bob_calls, okta_calls, sentence, counts"       \
	" FROM sweeps "

/* ----------------------------------------------------------------- reading */

static bool read_sweeps(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct sweep_list *sweeps, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;

	*sweeps = (struct sweep_list){0};
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct sweep *sweep =
		        sqlite_grow((void **)&sweeps->items, &sweeps->count, sizeof(*sweep));
		if (sweep == NULL ||
		        !sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), sweep, err)) {
			err_set(err, ERR_NO_MEMORY, "no memory for sweeps");
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		sweep_list_finish(sweeps);
	}
	return row != ROW_FAILED;
}

static bool list_by(struct store *store, const char *sql, const struct sqlite_value *values,
        struct sweep_list *sweeps, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*sweeps = (struct sweep_list){0};
	if (conn == NULL) {
		return false;
	}
	bool done = read_sweeps(conn, sqlite_query(conn, sql, values, err), sweeps, err);
	sqlite_pool_give(store, conn);
	return done;
}

/* The first becomes the caller's. */
static bool take_first(struct sweep_list *sweeps, struct sweep *sweep, struct err *err)
{
	*sweep = (struct sweep){0};
	if (sweeps->count == 0) {
		err_set(err, ERR_NOT_FOUND, "there is no such sweep; see bob2okta sweep list");
		return false;
	}
	*sweep = sweeps->items[0];
	sweeps->items[0] = (struct sweep){0};
	sweep_list_finish(sweeps);
	return true;
}

bool store_sweep_get(struct store *store, int64_t sweep_id, struct sweep *sweep, struct err *err)
{
	static const char SQL[] = SELECT_SWEEPS "WHERE sweep_id = ?";
	struct sweep_list found;

	*sweep = (struct sweep){0};
	return list_by(store, SQL, VALUES(INT(sweep_id)), &found, err) &&
	        take_first(&found, sweep, err);
}

bool store_sweep_newest(struct store *store, const char *connection, enum sweep_state state,
        struct sweep *sweep, struct err *err)
{
	static const char SQL[] = SELECT_SWEEPS
	        "WHERE connection = ?1 AND (?2 IS NULL OR state = ?2) ORDER BY sweep_id DESC LIMIT 1";
	const char *word = state < SWEEP_STATE_COUNT ? sweep_state_name(state) : NULL;
	struct sweep_list found;

	*sweep = (struct sweep){0};
	return list_by(store, SQL, VALUES(TEXT(connection), TEXT(word)), &found, err) &&
	        take_first(&found, sweep, err);
}

bool store_sweep_list(struct store *store, const char *connection, size_t limit,
        struct sweep_list *sweeps, struct err *err)
{
	static const char SQL[] =
	        SELECT_SWEEPS "WHERE connection = ? ORDER BY sweep_id DESC LIMIT ?";

	return list_by(store, SQL, VALUES(TEXT(connection), INT((int64_t)limit)), sweeps, err);
}

bool store_sweep_faults(struct store *store, const char *connection, int64_t *faults,
        int64_t *ended_at_ms, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(*) FROM sweeps WHERE connection = ?1 AND state = 'fault' AND"
	        " sweep_id > coalesce((SELECT max(sweep_id) FROM sweeps WHERE connection = ?1 AND"
	        " state = 'done'), 0)";
	static const char SQL_ENDED[] = "SELECT coalesce(max(ended_at_ms), 0) FROM sweeps"
	                                " WHERE connection = ? AND state = 'fault'";
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*faults = 0;
	*ended_at_ms = 0;
	if (conn == NULL) {
		return false;
	}
	bool done = sqlite_number(conn, SQL, VALUES(TEXT(connection)), faults, err) &&
	        sqlite_number(conn, SQL_ENDED, VALUES(TEXT(connection)), ended_at_ms, err);
	sqlite_pool_give(store, conn);
	return done;
}

/* ----------------------------------------------------------------- writing */

struct ask_call {
	struct sweep *wanted;
	bool is_new;
};

static bool insert(struct sqlite_conn *conn, struct sweep *wanted, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO sweeps (connection, cause, \"by\", state, accepts_shorter, asked_at_ms)"
	        " VALUES (?, ?, ?, 'waiting', ?, ?)";
	static const char SQL_OLD[] =
	        "DELETE FROM sweeps WHERE connection = ?1 AND sweep_id <= (SELECT sweep_id FROM sweeps"
	        " WHERE connection = ?1 ORDER BY sweep_id DESC LIMIT 1 OFFSET ?2)";

	wanted->asked_at_ms = clock_wall_ms();
	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(wanted->connection), TEXT(sweep_cause_name(wanted->cause)),
	                    TEXT(wanted->by), INT(wanted->accepts_shorter ? 1 : 0),
	                    INT(wanted->asked_at_ms)),
	            err)) {
		return false;
	}
	wanted->sweep_id = sqlite_inserted(conn);
	return sqlite_exec(conn, SQL_OLD, VALUES(TEXT(wanted->connection), INT(SWEEPS_KEPT)), err);
}

static bool ask_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL_OPEN[] =
	        "SELECT sweep_id FROM sweeps WHERE connection = ? AND state IN ('waiting', 'running')"
	        " ORDER BY sweep_id LIMIT 1";
	static const char SQL_ACCEPT[] = "UPDATE sweeps SET accepts_shorter = 1, \"by\" = ?2"
	                                 " WHERE sweep_id = ?1 AND state = 'waiting'";
	struct ask_call *call = context;
	struct sweep *wanted = call->wanted;
	int64_t open_id = 0;

	if (!sqlite_number(conn, SQL_OPEN, VALUES(TEXT(wanted->connection)), &open_id, err)) {
		return false;
	}
	call->is_new = open_id == 0;
	if (call->is_new) {
		return insert(conn, wanted, err);
	}
	wanted->sweep_id = open_id;
	return !wanted->accepts_shorter ||
	        sqlite_exec(conn, SQL_ACCEPT, VALUES(INT(open_id), TEXT(wanted->by)), err);
}

bool store_sweep_ask(struct store *store, struct sweep *wanted, bool *is_new, struct err *err)
{
	struct ask_call call = {.wanted = wanted};
	bool done = sqlite_write(store, ask_run, &call, err);

	if (is_new != NULL) {
		*is_new = done && call.is_new;
	}
	return done;
}

static bool void_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "UPDATE sweeps SET state = 'waiting', phase = 'none', done = 0,"
	                          " total = 0 WHERE state = 'running'";

	(void)context;
	return sqlite_exec(conn, SQL, NULL, err);
}

bool store_sweep_void(struct store *store, struct err *err)
{
	return sqlite_write(store, void_run, NULL, err);
}

static bool write_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE sweeps SET state = ?2, phase = ?3, done = ?4, total = ?5,"
	        " started_at_ms = ?6, ended_at_ms = ?7, bob_calls = ?8, okta_calls = ?9,"
	        " sentence = ?10, counts = ?11 WHERE sweep_id = ?1";
	const struct sweep *sweep = context;
	bool done = sqlite_exec(conn, SQL,
	        VALUES(INT(sweep->sweep_id), TEXT(sweep_state_name(sweep->state)),
	                TEXT(sweep_phase_name(sweep->phase)), INT(sweep->done), INT(sweep->total),
	                INT(sweep->started_at_ms), INT(sweep->ended_at_ms), INT(sweep->bob_calls),
	                INT(sweep->okta_calls), TEXT(sweep->sentence), TEXT(sweep->counts)),
	        err);

	if (done && sqlite_changes(conn) == 0) {
		err_set(err, ERR_NOT_FOUND, "the sweep is not in the store any more");
		return false;
	}
	return done;
}

bool store_sweep_write(struct store *store, const struct sweep *sweep, struct err *err)
{
	struct sweep copy = *sweep;

	return sqlite_write(store, write_run, &copy, err);
}
