/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite_history.h"

#include "server/base/clock.h"
#include "server/base/str.h"

enum approvals { APPROVALS_KEPT, APPROVALS_USED };

struct finish_call {
	const struct employee *employee; /* as the run leaves it */
	enum employee_state state;
};

static bool is_retry_waived(
        struct sqlite_conn *conn, const struct employee_key *key, bool *waived, struct err *err)
{
	static const char SQL[] = "SELECT is_retry_waived FROM employees"
	                          " WHERE connection = ? AND employee_id = ?";
	int64_t number = 0;
	bool done = sqlite_number(
	        conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), &number, err);
	*waived = number != 0;
	return done;
}

/* While it was worked on something came: what that said stands, the run's view of it is old. */
static void keep_news(struct employee *row, const struct employee *present)
{
	row->lane = present->lane < row->lane ? present->lane : row->lane;
	row->deleted_at_ms = present->deleted_at_ms;
	row->revoke_triggered_at_ms = present->revoke_triggered_at_ms;
	row->revoke_is_doubtful = present->revoke_is_doubtful;
	row->left_event_at_ms = present->left_event_at_ms;
	row->doubt = present->doubt;
	if (row->dirty_since_ms == 0) {
		/* Settled but for what came since. */
		row->dirty_since_ms = present->last_event_at_ms > present->dirty_since_ms
		        ? present->last_event_at_ms
		        : present->dirty_since_ms;
	}
	if (row->dirty_since_ms == 0) {
		row->dirty_since_ms = clock_wall_ms();
	}
}

static void settle(struct employee *row, enum employee_state state)
{
	bool is_at_rest = state == EMPLOYEE_IDLE || state == EMPLOYEE_WAITING;
	if (is_at_rest && row->settled_generation >= row->generation &&
	        row->failing_since_ms == 0) {
		row->dirty_since_ms = 0;
	} else if (state == EMPLOYEE_DIRTY && row->dirty_since_ms == 0) {
		row->dirty_since_ms = clock_wall_ms();
	}
}

/*
 * The row that is written: the run's, but for what is not a run's to write.
 * Texts stay borrowed from the two.
 */
static struct employee merge(
        const struct finish_call *call, const struct employee *present, bool is_moved)
{
	struct employee row = *call->employee;
	row.state = present->state;
	row.generation = present->generation;
	row.last_event_at_ms = present->last_event_at_ms;
	row.is_sessions_due = present->is_sessions_due; /* rule 9: only an outcome clears it */
	if (is_moved) {
		keep_news(&row, present);
	} else {
		settle(&row, call->state);
	}
	if (is_moved && call->state == EMPLOYEE_FAILED) {
		row.attempts = 0;
		row.failing_since_ms = 0;
	}
	return row;
}

/*
 * The process lived through the run, so that no crash of before counts any more (rule 6); what was
 * never in hand proves nothing. A run that went well, met no news and left no hold has used up what
 * a human approved; an approval that stayed would let a later plan pass unasked. That of a limit is
 * used up in any case: the plan it was given for has been made afresh.
 */
static bool drop_lease(struct sqlite_conn *conn, const struct employee_key *key,
        enum approvals approvals, struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET lease_token = 0, lease_until_mono_ms = 0, is_in_hand = 0,"
	        " crashes = iif(is_in_hand, 0, crashes), is_suspect = iif(is_in_hand, 0, is_suspect),"
	        " approvals = CASE WHEN NOT ?3 THEN approvals WHEN EXISTS (SELECT 1 FROM holds h WHERE"
	        " h.connection = ?1 AND h.employee_id = ?2) THEN approvals & ~?4 ELSE 0 END"
	        " WHERE connection = ?1 AND employee_id = ?2";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(key->connection), TEXT(key->employee_id),
	                INT(approvals == APPROVALS_USED ? 1 : 0), INT(approval_bits_of_limits())),
	        err);
}

/* Most people refer to nobody, or to whom they did before. */
static bool write_waits(struct sqlite_conn *conn, const struct employee *row,
        const struct employee *present, bool *is_over, struct err *err)
{
	bool is_same = row->waits_for == NULL && present->waits_for == NULL &&
	        str_equal(row->refers_to, present->refers_to);
	return is_same || sqlite_waits_write(conn, row, is_over, err);
}

/* A run may find out that somebody changed the login by hand. */
static bool write_run(struct sqlite_conn *conn, const struct employee *row,
        const struct employee *present, struct err *err)
{
	char login[SQLITE_LOGIN_BYTES];
	if (str_equal(row->present_profile.text, present->present_profile.text)) {
		return sqlite_employee_write_run(conn, row, err);
	}
	return sqlite_waits_login(conn, &row->key, login, err) &&
	        sqlite_employee_write_run(conn, row, err) &&
	        sqlite_waits_renamed(conn, &row->key, login, err);
}

static bool write_finish(struct sqlite_conn *conn, const struct finish_call *call,
        const struct employee *present, struct err *err)
{
	const struct employee_key *key = &call->employee->key;
	bool is_moved = present->generation != call->employee->claimed_generation;
	struct employee row = merge(call, present, is_moved);
	bool waived = false;
	if (!is_retry_waived(conn, key, &waived, err)) {
		return false;
	}
	if (waived) {
		row.retry_not_before_ms = 0;
	}
	bool is_used = !is_moved && row.is_last_run_good &&
	        (call->state == EMPLOYEE_IDLE || call->state == EMPLOYEE_WAITING);
	bool is_wait_over = false;
	const struct history_end end = {
	        .key = key, .state = call->state, .is_good = row.is_last_run_good};
	return sqlite_history_run(conn, &end, err) &&
	        drop_lease(conn, key, is_used ? APPROVALS_USED : APPROVALS_KEPT, err) &&
	        write_run(conn, &row, present, err) &&
	        write_waits(conn, &row, present, &is_wait_over, err) &&
	        sqlite_employee_set_state(
	                conn, &row, is_moved ? EMPLOYEE_DIRTY : call->state, err) &&
	        (!is_wait_over || sqlite_mark(conn, key, LANE_UPDATE, err));
}

static bool finish_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct finish_call *call = context;
	struct employee present;
	bool done = false;
	switch (sqlite_employee_load(conn, &call->employee->key, &present, err)) {
	case ROW_FOUND:
		if (present.state == EMPLOYEE_WORKING &&
		        present.lease_token == call->employee->lease_token) {
			done = write_finish(conn, call, &present, err);
		} else {
			err_set(err, ERR_CONFLICT, "the lease is lost");
		}
		break;
	case ROW_NONE:
		err_set(err, ERR_NOT_FOUND, "the store knows no employee %s",
		        call->employee->key.employee_id);
		break;
	case ROW_FAILED: break;
	}
	employee_finish(&present);
	return done;
}

bool store_employee_finish(struct store *store, const struct employee *employee,
        enum employee_state finish, struct err *err)
{
	struct finish_call call = {employee, finish};
	return sqlite_write(store, finish_run, &call, err);
}
