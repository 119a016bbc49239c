/* SPDX-License-Identifier: MIT */
#include "server/store/approvals.h"
#include "server/store/sqlite_audit.h"
#include "server/store/sqlite_history.h"

#include "server/base/clock.h"
#include "server/base/failpoint.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

#define VALUES_MAX 40

static const struct sqlite_column COLUMNS[] = {
#define COLUMN(kind_, column, member, words_)                        \
	{.kind = COLUMN_##kind_,                                     \
	        .offset = offsetof(struct action_record, member),    \
	        .size = sizeof(((struct action_record *)0)->member), \
	        .words = (words_)},
#include "server/store/intent_columns.def"
#undef COLUMN
};

/* ----------------------------------------------------------------- opening */

struct open_call {
	struct intent *intent;
	const struct limit_set *limits;
	const char *audit; /* what the trail says about the person */
	enum intent_result result;
	struct approval planned; /* what lets it pass a limit that is reached */
	bool is_planned;
};

static bool needs_generation(const struct intent *intent)
{
	switch (intent->kind) {
	case ACTION_CREATE:
	case ACTION_ACTIVATE:
	case ACTION_REACTIVATE:
	case ACTION_UNSUSPEND: return true;
	case ACTION_UPDATE:
	case ACTION_SUSPEND:
	case ACTION_DEACTIVATE:
	case ACTION_END_SESSIONS:
	case ACTION_JOIN_GROUP:
	case ACTION_LEAVE_GROUP:
	case ACTION_LINK:
	case ACTION_UNLINK:
	case ACTION_KIND_COUNT: break;
	}
	return intent->is_rename;
}

/* Engine rule 8: links and open intents of others, by Okta id and by folded login. */
static bool is_taken(
        struct sqlite_conn *conn, const struct intent *intent, bool *taken, struct err *err)
{
	static const char SQL_OKTA_ID[] =
	        "SELECT (SELECT count(*) FROM employees WHERE connection = ?1 AND okta_id = ?2"
	        " AND okta_id <> '' AND employee_id <> ?3) + (SELECT count(*) FROM intents"
	        " INDEXED BY intents_open WHERE outcome = 'open' AND connection = ?1 AND okta_id = ?2 AND okta_id <> ''"
	        " AND employee_id <> ?3)";
	static const char SQL_LOGIN[] =
	        "SELECT (SELECT count(*) FROM employees WHERE connection = ?1 AND login = ?2"
	        " AND okta_id <> '' AND employee_id <> ?3) + (SELECT count(*) FROM intents"
	        " INDEXED BY intents_open WHERE outcome = 'open' AND connection = ?1 AND login = ?2"
	        " AND employee_id <> ?3)";
	const char *connection = intent->key.connection;
	const char *id = intent->key.employee_id;
	int64_t by_id = 0;
	int64_t by_login = 0;
	bool done = sqlite_number(conn, SQL_OKTA_ID,
	        VALUES(TEXT(connection), TEXT(intent->okta_id), TEXT(id)), &by_id, err);
	if (done && intent->login.text != NULL) {
		done = sqlite_number(conn, SQL_LOGIN,
		        VALUES(TEXT(connection), TEXT(intent->login.text), TEXT(id)), &by_login,
		        err);
	}
	*taken = by_id + by_login > 0;
	return done;
}

/* INTENT_OPEN: nothing is in the way. */
static bool judge(struct sqlite_conn *conn, struct open_call *call, const struct employee *employee,
        struct err *err)
{
	const struct intent *intent = call->intent;
	bool taken = false;
	bool over = false;
	call->result = INTENT_OPEN;
	if (employee->state != EMPLOYEE_WORKING || employee->lease_token != intent->lease_token) {
		call->result = INTENT_LEASE_LOST;
		return true;
	}
	if (needs_generation(intent) && employee->generation != intent->claimed_generation) {
		call->result = INTENT_MOVED;
		return true;
	}
	if (intent->is_approved && intent->approvals_used != 0 &&
	        (intent->approvals_used & employee->approvals) == 0) {
		/* Used up, or never given: the run's view of it is old. */
		call->intent->is_approved = false;
	}
	if (!is_taken(conn, intent, &taken, err) ||
	        !sqlite_limit_check(conn, intent, call->limits, &over, err)) {
		return false;
	}
	if (over && !sqlite_approval_find(conn, intent, &call->planned, &call->is_planned, err)) {
		return false;
	}
	if (taken) {
		call->result = INTENT_TAKEN;
	} else if (over && !call->is_planned) {
		/* Let go while it was planned: the plan is made afresh, as after any release. */
		unsigned own = approval_bit(HOLD_LIMIT, intent->limit);
		call->result = (employee->approvals & own) != 0 ? INTENT_MOVED : INTENT_LIMITED;
	}
	return true;
}

static bool insert_intent(struct sqlite_conn *conn, struct intent *intent, struct err *err)
{
	static const char SQL[] = "INSERT INTO intents (running_ms"
#define COLUMN(kind, column, member, words) ", [" #column "]"
#include "server/store/intent_columns.def"
#undef COLUMN
	                          ") VALUES (?"
#define COLUMN(kind, column, member, words) ", ?"
#include "server/store/intent_columns.def"
#undef COLUMN
	                          ")";
	int64_t running_ms = 0;
	if (!sqlite_state_get(conn, "running_ms", &running_ms, err)) {
		return false;
	}
	/* Shallow: the texts stay the caller's. */
	struct action_record record = {.intent = *intent};
	struct sqlite_value values[VALUES_MAX] = {INT(running_ms)};
	for (size_t i = 0; i < ARRAY_SIZE(COLUMNS); i++) {
		values[i + 1] = sqlite_column_value(&COLUMNS[i], &record);
	}
	if (!sqlite_exec(conn, SQL, values, err)) {
		return false;
	}
	intent->intent_id = sqlite_inserted(conn);
	return true;
}

static bool note_intent(struct sqlite_conn *conn, const struct intent *intent, struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET approvals = approvals & ~?, is_sessions_due ="
	        " max(is_sessions_due, ?) WHERE connection = ? AND employee_id = ?";
	return sqlite_exec(conn, SQL,
	        VALUES(INT(intent->approvals_used), INT(intent->sets_sessions_due ? 1 : 0),
	                TEXT(intent->key.connection), TEXT(intent->key.employee_id)),
	        err);
}

static bool open_judged(struct sqlite_conn *conn, struct open_call *call,
        const struct employee *employee, struct err *err)
{
	struct intent *intent = call->intent;
	if (intent->is_approved && intent->approvals_used == 0) {
		intent->approvals_used = employee->approvals;
	}
	intent->approvals_used &= employee->approvals;
	if (call->is_planned) {
		intent->is_approved = true;
		if (!sqlite_approval_use(conn, &call->planned, intent->opened_at_ms, err)) {
			return false;
		}
	}
	return insert_intent(conn, intent, err) && note_intent(conn, intent, err) &&
	        sqlite_audit_intent(conn, intent, call->audit, err) &&
	        !(intent->limit != LIMIT_NONE &&
	                FAILPOINT("brake.counted", intent->key.employee_id)) &&
	        !FAILPOINT("intent.pre_commit", intent->key.employee_id);
}

static bool open_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct open_call *call = context;
	struct employee employee;
	bool done = false;
	call->result = INTENT_LEASE_LOST;
	/* To the millisecond: an intent that counted as older than it is would leave its windows
	 * early.
	 */
	if (!sqlite_running_tick(conn, err)) {
		return false;
	}
	switch (sqlite_employee_load(conn, &call->intent->key, &employee, err)) {
	case ROW_FOUND:
		done = judge(conn, call, &employee, err) &&
		        (call->result != INTENT_OPEN || open_judged(conn, call, &employee, err));
		break;
	case ROW_NONE: done = true; break;
	case ROW_FAILED: break;
	}
	employee_finish(&employee);
	return done;
}

enum intent_result store_intent_open(
        struct store *store, struct intent *intent, const struct limit_set *limits, struct err *err)
{
	struct open_call call = {.intent = intent, .limits = limits, .result = INTENT_FAILED};
	intent->intent_id = 0;
	if (intent->opened_at_ms == 0) {
		intent->opened_at_ms = clock_wall_ms();
	}
	if (intent->login.text != NULL) {
		str_fold(intent->login.text);
	}
	char *audit = sqlite_audit_intent_payload(intent);
	if (audit == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a record of the audit trail");
		return INTENT_FAILED;
	}
	call.audit = audit;
	bool done = sqlite_write(store, open_run, &call, err);
	free(audit);
	if (!done) {
		intent->intent_id = 0;
		return INTENT_FAILED;
	}
	if (call.result == INTENT_OPEN) {
		FAILPOINT_ONLY("intent.post_commit", intent->key.employee_id);
	}
	return call.result;
}

/* ----------------------------------------------------------------- closing */

struct close_call {
	const struct outcome *outcome;
	const struct employee *employee;
};

/* What closing must know of the intent. */
struct opened {
	struct membership_change membership; /* group_id "": the intent is about no group */
	struct employee_key key;
	int64_t settings_version;
	unsigned approvals_used;
	bool sets_sessions_due;
	char kind[16];
};

static enum sqlite_row find_opened(
        struct sqlite_conn *conn, int64_t intent_id, struct opened *opened, struct err *err)
{
	static const char SQL[] =
	        "SELECT connection, employee_id, approvals_used, sets_sessions_due, okta_id, group_id,"
	        " kind = 'join_group', settings_version, kind FROM intents WHERE intent_id = ? AND outcome = 'open'";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL, VALUES(INT(intent_id)), err);
	if (stmt == NULL) {
		return ROW_FAILED;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND) {
		str_format_cut(opened->key.connection, sizeof(opened->key.connection), "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
		str_format_cut(opened->key.employee_id, sizeof(opened->key.employee_id), "%s",
		        (const char *)sqlite3_column_text(stmt, 1));
		opened->approvals_used = (unsigned)sqlite3_column_int(stmt, 2);
		opened->sets_sessions_due = sqlite3_column_int(stmt, 3) != 0;
		str_format_cut(opened->membership.okta_id, sizeof(opened->membership.okta_id), "%s",
		        (const char *)sqlite3_column_text(stmt, 4));
		str_format_cut(opened->membership.group_id, sizeof(opened->membership.group_id),
		        "%s", (const char *)sqlite3_column_text(stmt, 5));
		opened->membership.is_join = sqlite3_column_int(stmt, 6) != 0;
		opened->settings_version = sqlite3_column_int64(stmt, 7);
		str_format_cut(opened->kind, sizeof(opened->kind), "%s",
		        (const char *)sqlite3_column_text(stmt, 8));
	} else if (row == ROW_NONE) {
		err_set(err, ERR_CONFLICT, "the intent is closed already");
	}
	sqlite_done(stmt);
	return row;
}

static bool has_lease(struct sqlite_conn *conn, const struct employee_key *key, int64_t lease_token,
        struct err *err)
{
	static const char SQL[] =
	        "SELECT count(*) FROM employees WHERE connection = ? AND employee_id = ?"
	        " AND lease_token = ? AND state = 'working'";
	int64_t count = 0;
	if (!sqlite_number(conn, SQL,
	            VALUES(TEXT(key->connection), TEXT(key->employee_id), INT(lease_token)), &count,
	            err)) {
		return false;
	}
	if (count == 0) {
		err_set(err, ERR_CONFLICT, "the lease is lost");
	}
	return count > 0;
}

static bool write_outcome(struct sqlite_conn *conn, const struct outcome *outcome, struct err *err)
{
	static const char SQL[] =
	        "UPDATE intents SET outcome = ?, http_status = ?, code = ?, request_id = ?,"
	        " sentence = ?, is_resolved = ?, closed_at_ms = ? WHERE intent_id = ?";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(outcome_state_name(outcome->state)), INT(outcome->http_status),
	                TEXT(outcome->code), TEXT(outcome->request_id), TEXT(outcome->sentence),
	                INT(outcome->is_resolved ? 1 : 0), INT(clock_wall_ms()),
	                INT(outcome->intent_id)),
	        err);
}

/* Nothing left for Okta, so that what a human allowed is still allowed. */
static bool give_back(struct sqlite_conn *conn, const struct close_call *call,
        const struct opened *opened, struct err *err)
{
	static const char SQL[] = "UPDATE employees SET approvals = approvals | ?"
	                          " WHERE connection = ? AND employee_id = ?";
	enum outcome_state state = call->outcome->state;
	if (opened->approvals_used == 0 ||
	        (state != OUTCOME_NOT_SENT && state != OUTCOME_DRY_RUN)) {
		return true;
	}
	return sqlite_exec(conn, SQL,
	        VALUES(INT(opened->approvals_used), TEXT(opened->key.connection),
	                TEXT(opened->key.employee_id)),
	        err);
}

/* Linked from now on. */
static bool is_new_account(
        struct sqlite_conn *conn, const struct employee *row, bool *is_new, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM employees WHERE connection = ?"
	                          " AND employee_id = ? AND okta_id = ''";
	int64_t unlinked = 0;
	bool done = row->okta_id[0] == '\0' ||
	        sqlite_number(conn, SQL,
	                VALUES(TEXT(row->key.connection), TEXT(row->key.employee_id)), &unlinked,
	                err);
	*is_new = unlinked > 0;
	return done;
}

static bool write_facts(struct sqlite_conn *conn, const struct close_call *call,
        const struct opened *opened, struct err *err)
{
	static const char SQL_CRASHES[] = "UPDATE employees SET crashes = 0, is_suspect = 0"
	                                  " WHERE connection = ? AND employee_id = ?";
	if (!sqlite_exec(conn, SQL_CRASHES,
	            VALUES(TEXT(opened->key.connection), TEXT(opened->key.employee_id)), err)) {
		return false;
	}
	if (call->employee == NULL) {
		return true;
	}
	/* Shallow: the texts stay the caller's. */
	struct employee row = *call->employee;
	bool is_new = false;
	char login[SQLITE_LOGIN_BYTES];
	row.key = opened->key;
	if (opened->sets_sessions_due && call->outcome->state == OUTCOME_DONE) {
		row.is_sessions_due = true;
	}
	return is_new_account(conn, &row, &is_new, err) &&
	        sqlite_waits_login(conn, &row.key, login, err) &&
	        sqlite_employee_write_account(conn, &row, err) &&
	        sqlite_waits_renamed(conn, &row.key, login, err) &&
	        (!is_new || sqlite_mark_waiting(conn, &row.key, err));
}

/* A dry run gave and took nothing. */
static bool write_membership(struct sqlite_conn *conn, const struct close_call *call,
        const struct opened *opened, struct err *err)
{
	if (opened->membership.group_id[0] == '\0' || call->outcome->state != OUTCOME_DONE) {
		return true;
	}
	return sqlite_membership_write(conn, &opened->key, &opened->membership, err);
}

static bool count_outcome(struct sqlite_conn *conn, const struct opened *opened,
        enum outcome_state state, struct err *err)
{
	const struct history_action action = {
	        .key = &opened->key, .kind = opened->kind, .state = state};
	return sqlite_history_action(conn, &action, err);
}

static bool close_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct close_call *call = context;
	struct opened opened = {0};
	return find_opened(conn, call->outcome->intent_id, &opened, err) == ROW_FOUND &&
	        has_lease(conn, &opened.key, call->outcome->lease_token, err) &&
	        write_outcome(conn, call->outcome, err) && give_back(conn, call, &opened, err) &&
	        write_facts(conn, call, &opened, err) &&
	        write_membership(conn, call, &opened, err) &&
	        count_outcome(conn, &opened, call->outcome->state, err) &&
	        sqlite_audit_outcome(
	                conn, &opened.key, call->outcome, opened.settings_version, err) &&
	        !FAILPOINT("outcome.pre_commit", opened.key.employee_id);
}

bool store_intent_close(struct store *store, const struct outcome *outcome,
        const struct employee *employee, struct err *err)
{
	struct close_call call = {outcome, employee};
	if (outcome->state == OUTCOME_OPEN || outcome->state >= OUTCOME_STATE_COUNT) {
		err_set(err, ERR_BAD_REQUEST, "an outcome must say how it ended");
		return false;
	}
	bool done = sqlite_write(store, close_run, &call, err);
	FAILPOINT_ONLY("outcome.post_commit", employee != NULL ? employee->key.employee_id : NULL);
	return done;
}

/* ----------------------------------------------------------------- listing */

static bool read_action(struct sqlite3_stmt *stmt, struct action_record *action, struct err *err)
{
	if (!sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), action, err)) {
		return false;
	}
	action->intent.intent_id = sqlite3_column_int64(stmt, (int)ARRAY_SIZE(COLUMNS));
	action->outcome.intent_id = action->intent.intent_id;
	action->outcome.lease_token = action->intent.lease_token;
	return true;
}

static bool read_actions(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct action_list *actions, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct action_record *action =
		        sqlite_grow((void **)&actions->items, &actions->count, sizeof(*action));
		if (action == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for actions");
			row = ROW_FAILED;
			break;
		}
		if (!read_action(stmt, action, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		action_list_finish(actions);
	}
	return row != ROW_FAILED;
}

static bool list_actions(struct store *store, const char *sql, const struct sqlite_value *values,
        struct action_list *actions, struct err *err)
{
	*actions = (struct action_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = read_actions(conn, sqlite_query(conn, sql, values, err), actions, err);
	sqlite_pool_give(store, conn);
	return done;
}

#define COLUMN(kind, column, member, words) "[" #column "], "

bool store_intent_list_open(struct store *store, const struct employee_key *key,
        struct action_list *actions, struct err *err)
{
	static const char SQL[] = "SELECT "
#include "server/store/intent_columns.def"
	                          "intent_id FROM intents WHERE outcome = 'open' AND (?1 IS NULL OR"
	                          " (connection = ?1 AND employee_id = ?2)) ORDER BY intent_id";
	return list_actions(store, SQL,
	        VALUES(TEXT(key != NULL ? key->connection : NULL),
	                TEXT(key != NULL ? key->employee_id : NULL)),
	        actions, err);
}

static bool list_of_one(struct store *store, const struct employee_key *key, size_t limit,
        struct action_list *actions, struct err *err)
{
	static const char SQL[] = "SELECT "
#include "server/store/intent_columns.def"
	                          "intent_id FROM intents WHERE connection = ? AND employee_id = ?"
	                          " ORDER BY intent_id DESC LIMIT ?";
	return list_actions(store, SQL,
	        VALUES(TEXT(key->connection), TEXT(key->employee_id), INT((int64_t)limit)), actions,
	        err);
}

static bool list_of_all(
        struct store *store, size_t limit, struct action_list *actions, struct err *err)
{
	static const char SQL[] = "SELECT "
#include "server/store/intent_columns.def"
	                          "intent_id FROM intents ORDER BY intent_id DESC LIMIT ?";
	return list_actions(store, SQL, VALUES(INT((int64_t)limit)), actions, err);
}

bool store_action_list(struct store *store, const struct employee_key *key, size_t limit,
        struct action_list *actions, struct err *err)
{
	return key != NULL ? list_of_one(store, key, limit, actions, err)
	                   : list_of_all(store, limit, actions, err);
}

bool store_action_get(
        struct store *store, int64_t intent_id, struct action_list *actions, struct err *err)
{
	static const char SQL[] = "SELECT "
#include "server/store/intent_columns.def"
	                          "intent_id FROM intents WHERE intent_id = ?";
	if (!list_actions(store, SQL, VALUES(INT(intent_id)), actions, err)) {
		return false;
	}
	if (actions->count == 0) {
		err_set(err, ERR_NOT_FOUND, "there is no action %lld", (long long)intent_id);
	}
	return actions->count > 0;
}
