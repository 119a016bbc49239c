/* SPDX-License-Identifier: MIT */
/*
 * The first start on a copy. What it says of Okta and of decisions was true
 * when it was made and may not be now, and what was done since is not in it.
 * So nothing of it is finished or carried out as it stands: Okta is asked
 * first about everybody, Bob is compared with all of them, and what a human
 * had allowed is to be allowed again. Nothing here makes anybody's access
 * wider or narrower.
 */
#include "server/store/backup.h"
#include "server/store/limits.h"
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"

#include <sqlite3.h>

/* What was begun has ended since: by whom and how is seen in Okta. */
static const char SQL_INTENTS[] =
        "UPDATE intents SET outcome = 'not_sent', is_resolved = 1, closed_at_ms = ?1,"
        " sentence = 'the store was restored from a backup: found out anew'"
        " WHERE outcome = 'open'";
/*
 * Accounts are looked at before anything is planned (doubt); a revocation that
 * was waiting may be carried out, and the person rehired (V1: a human says); an
 * end that was confirmed may be taken back (L6); mails may have been sent.
 */
static const char SQL_EMPLOYEES[] =
        "UPDATE employees SET approvals = 0, attempts = 0, failing_since_ms = 0, crashes = 0,"
        " is_sessions_due = 0, confirmed_end_ms = 0, confirmed_at_ms = 0,"
        " mails = iif(activated_at_ms > 0, max(mails, 2), mails),"
        " doubt = iif(okta_id <> '', 'user', doubt),"
        " revoke_is_doubtful = iif(revoke_triggered_at_ms > revoke_handled_at_ms, 1,"
        " revoke_is_doubtful)";
/* The hold of a revocation that was begun would hide the question whether it is still to be. */
static const char SQL_HOLDS[] =
        "DELETE FROM holds WHERE kind = 'revoked' AND EXISTS (SELECT 1 FROM employees e WHERE"
        " e.connection = holds.connection AND e.employee_id = holds.employee_id AND"
        " e.revoke_triggered_at_ms > e.revoke_handled_at_ms)";
static const char SQL_APPROVALS[] = "DELETE FROM approvals";
static const char SQL_ADOPTION[] =
        "UPDATE adoption SET decision = 'none', decided_on = '', chosen = NULL, decided_by = '',"
        " decided_at_ms = 0 WHERE decision <> 'none' AND state = 'open'";
/* Who may have been signed out or disabled since signs in anew; a code may have been used. */
static const char SQL_SESSIONS[] = "UPDATE sessions SET ended_at_ms = ?1 WHERE ended_at_ms = 0";
static const char SQL_CODES[] = "DELETE FROM account_codes";
/* Everybody is compared at once. */
static const char SQL_SWEEPS[] =
        "INSERT INTO sweeps (connection, cause, \"by\", state, asked_at_ms)"
        " SELECT DISTINCT connection, 'by_hand', 'restore', 'waiting', ?1 FROM employees e"
        " WHERE NOT EXISTS (SELECT 1 FROM sweeps s WHERE s.connection = e.connection"
        " AND s.state = 'waiting')";

static bool doubt_all(struct sqlite_conn *conn, int64_t now_ms, struct err *err)
{
	return sqlite_exec(conn, SQL_INTENTS, VALUES(INT(now_ms)), err) &&
	        sqlite_exec(conn, SQL_EMPLOYEES, NULL, err) &&
	        sqlite_exec(conn, SQL_HOLDS, NULL, err) &&
	        sqlite_exec(conn, SQL_APPROVALS, NULL, err) &&
	        sqlite_exec(conn, SQL_ADOPTION, NULL, err) &&
	        sqlite_exec(conn, SQL_SESSIONS, VALUES(INT(now_ms)), err) &&
	        sqlite_exec(conn, SQL_CODES, NULL, err) &&
	        sqlite_exec(conn, SQL_SWEEPS, VALUES(INT(now_ms)), err) &&
	        sqlite_state_set(conn, STORE_STATE_RESTORED, 0, err) &&
	        sqlite_state_set(conn, "restored_at_ms", now_ms, err);
}

/* The audit trail goes on from here; what came after the copy is in the old file alone. */
static bool audit(struct sqlite_conn *conn, int64_t backup_at_ms, struct err *err)
{
	const struct employee_key nobody = {0};
	char when[CLOCK_TEXT_BYTES];
	char what[SENTENCE_BYTES];

	clock_format(when, backup_at_ms);
	str_format_cut(what, sizeof(what), "restore: started on %s%s",
	        backup_at_ms != 0 ? "a backup of " : "an older copy",
	        backup_at_ms != 0 ? when : "");
	log_warn("the store was put back: everybody is compared anew", F("how", what));
	return sqlite_audit(conn, &nobody, "server", what, err);
}

bool sqlite_restore_begin(struct sqlite_conn *conn, struct err *err)
{
	int64_t restored = 0;
	int64_t backup_at_ms = 0;

	/* Set in a backup's copy, and by sqlite_restored_fill for one that is only older. */
	if (!sqlite_state_get(conn, STORE_STATE_RESTORED, &restored, err) ||
	        !sqlite_state_get(conn, "backup_at_ms", &backup_at_ms, err)) {
		return false;
	}
	return restored == 0 ||
	        (doubt_all(conn, clock_wall_ms(), err) && audit(conn, backup_at_ms, err));
}

bool sqlite_restore_doubts(struct sqlite_conn *conn, const struct event_verdict *verdict,
        bool *is_doubtful, struct err *err)
{
	int64_t started_at_ms = 0;

	*is_doubtful = verdict->is_doubtful;
	if (verdict->kind != EVENT_KIND_REVOKE) {
		return true;
	}
	if (!sqlite_state_get(conn, "restored_at_ms", &started_at_ms, err)) {
		return false;
	}
	*is_doubtful = *is_doubtful || verdict->triggered_at_ms < started_at_ms;
	return true;
}

/* Both in one reading transaction are not needed: they never change while the store is open. */
bool store_restored_get(struct store *store, struct store_restored *restored, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*restored = (struct store_restored){0};
	if (conn == NULL) {
		return false;
	}
	bool is_read = sqlite_state_get(conn, "restored_at_ms", &restored->started_at_ms, err) &&
	        sqlite_state_get(conn, "backup_at_ms", &restored->backup_at_ms, err);
	sqlite_pool_give(store, conn);
	return is_read;
}
