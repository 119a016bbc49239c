/* SPDX-License-Identifier: MIT */
/* What of the store's rows is something to be alarmed about. */
#include "server/base/str.h"
#include "server/store/alarms.h"
#include "server/store/sqlite.h"

#include <sqlite3.h>

#define IS_OPEN "okta_id <> '' AND present_status NOT IN ('SUSPENDED', 'DEPROVISIONED')"

/* ?1 connection, ?2 now, ?3 a rule or kind of hold, ?4 limit; not every text uses all of them. */

/*
 * The end that was read has come, or somebody to be closed is worked on and is not closed: the
 * first of employees_ending, the second of employees_state. Who has an alarm of a rule has that.
 */
static const char SQL_LEAVER_OPEN[] =
        "SELECT employee_id FROM (SELECT employee_id FROM employees WHERE connection = ?1 AND"
        " confirmed_end_ms > 0 AND " IS_OPEN " AND confirmed_end_ms <= ?2 AND alarm = ''"
        " UNION SELECT employee_id FROM employees WHERE connection = ?1 AND"
        " state IN ('dirty', 'working', 'failed', 'parked') AND lane IN ('revoke', 'leave') AND " IS_OPEN
        " AND alarm = '') ORDER BY employee_id LIMIT ?4";
static const char SQL_RULE[] = "SELECT employee_id FROM employees WHERE connection = ?1 AND"
                               " alarm <> '' AND alarm = ?3 ORDER BY employee_id"
                               " LIMIT ?4";
/* Carried out, with nobody found to carry it out on; a link or an end answers it. */
static const char SQL_REVOKED_UNLINKED[] =
        "SELECT employee_id FROM employees WHERE connection = ?1 AND revoke_triggered_at_ms > 0"
        " AND okta_id = '' AND revoke_handled_at_ms >= revoke_triggered_at_ms AND"
        " was_terminated = 0 ORDER BY employee_id LIMIT ?4";
static const char SQL_REVOKE_ROW[] =
        "SELECT employee_id FROM employees WHERE connection = ?1 AND revoke_row = 'missing'"
        " ORDER BY employee_id LIMIT ?4";
static const char SQL_HOLD[] =
        "SELECT employee_id FROM holds WHERE connection = ?1 AND kind = ?3 AND is_rejected = 0"
        " ORDER BY employee_id LIMIT ?4";
static const char SQL_HELD[] =
        "SELECT DISTINCT employee_id FROM holds WHERE connection = ?1 AND is_rejected = 0 AND"
        " kind NOT IN ('human', 'limit', 'revoked', 'revoke_doubtful', 'crash')"
        " ORDER BY employee_id LIMIT ?4";
static const char SQL_FAILED[] =
        "SELECT employee_id FROM employees WHERE connection = ?1 AND state = 'failed'"
        " ORDER BY employee_id LIMIT ?4";
static const char SQL_EVENT_ASIDE[] =
        "SELECT '' FROM events WHERE connection = ?1 AND crashes >= 3 AND state = 'unusable'"
        " LIMIT min(1, ?4)";
_Static_assert(STORE_CRASHES_MAX == 3, "as in SQL_EVENT_ASIDE");
static const char SQL_RESTORED[] =
        "SELECT '' FROM store_state WHERE name = '" SQLITE_STATE_FULL "' AND value > 0 AND value"
        " + 86400000 > (SELECT value FROM store_state WHERE name = 'running_ms') LIMIT ?4";
static const char SQL_AUDIT_BROKEN[] =
        "SELECT '' FROM connection_values WHERE connection = ?1 AND name = 'audit.broken'"
        " LIMIT ?4";

static const char *const FACTS[ALARM_FACT_COUNT] = {
        [ALARM_FACT_LEAVER_OPEN] = SQL_LEAVER_OPEN,
        [ALARM_FACT_RULE] = SQL_RULE,
        [ALARM_FACT_REVOKED_UNLINKED] = SQL_REVOKED_UNLINKED,
        [ALARM_FACT_REVOKE_ROW] = SQL_REVOKE_ROW,
        [ALARM_FACT_HOLD] = SQL_HOLD,
        [ALARM_FACT_HELD] = SQL_HELD,
        [ALARM_FACT_FAILED] = SQL_FAILED,
        [ALARM_FACT_EVENT_ASIDE] = SQL_EVENT_ASIDE,
        [ALARM_FACT_RESTORED] = SQL_RESTORED,
        [ALARM_FACT_AUDIT_BROKEN] = SQL_AUDIT_BROKEN,
};

static bool read_subjects(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct alarm_subject_list *subjects, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;

	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		if (!alarm_subject_add(subjects, (const char *)sqlite3_column_text(stmt, 0))) {
			err_set(err, ERR_NO_MEMORY, "no memory for alarms");
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		alarm_subject_list_finish(subjects);
	}
	return row != ROW_FAILED;
}

static const char *detail_of(const struct alarm_fact_query *query)
{
	if (query->fact == ALARM_FACT_RULE) {
		return query->rule;
	}
	return query->fact == ALARM_FACT_HOLD ? hold_kind_name(query->hold) : NULL;
}

bool store_alarm_facts(struct store *store, const struct alarm_fact_query *query,
        struct alarm_subject_list *subjects, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*subjects = (struct alarm_subject_list){0};
	if (conn == NULL) {
		return false;
	}
	struct sqlite3_stmt *stmt = sqlite_query(conn, FACTS[query->fact],
	        VALUES(TEXT(query->connection), INT(query->now_ms), TEXT(detail_of(query)),
	                INT((int64_t)query->limit)),
	        err);
	bool done = read_subjects(conn, stmt, subjects, err);
	sqlite_pool_give(store, conn);
	return done;
}
