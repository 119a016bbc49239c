/* SPDX-License-Identifier: MIT */
#include "server/store/retention.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/store/audit.h"
#include "server/store/history.h"
#include "server/store/person.h"
#include "server/store/sqlite_audit.h"

#include <sqlite3.h>

#define BATCH       200
#define BATCHES_MAX 50 /* of a class in one run: the rest goes with the next */
#define DAY_MS      (INT64_C(24) * 3600000)
#define SESSIONS_MS (30 * DAY_MS) /* that ended; who signed in when stays in the trail */
#define FAILURES_MS (2 * DAY_MS) /* what slows guesses down counts a day */
#define RELEASES_MS (90 * DAY_MS) /* what became of a release can be asked for */

/* ------------------------------------------------------------------ the trail */

bool sqlite_retention_audit(
        struct sqlite_conn *conn, const char *class, int64_t count, struct err *err)
{
	const struct employee_key nobody = {0};
	char meta[AUDIT_META_BYTES];
	str_format_cut(
	        meta, sizeof(meta), "{\"class\":\"%s\",\"count\":%lld}", class, (long long)count);
	const struct audit_new entry = {
	        .kind = "retention", .key = &nobody, .who = "server", .meta = meta};
	return count == 0 || sqlite_audit_write(conn, &entry, err);
}

/* --------------------------------------------------- one statement, repeated */

struct sweep_call {
	const char *class; /* NULL: numbers about nobody, of which the trail says nothing */
	const char *sql; /* with the time and the batch's size as values */
	int64_t before_ms;
	int64_t changed; /* by the last batch */
};

static bool batch_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct sweep_call *call = context;
	bool done = sqlite_exec(conn, call->sql, VALUES(INT(call->before_ms), INT(BATCH)), err);
	call->changed = sqlite_changes(conn);
	return done &&
	        (call->class == NULL ||
	                sqlite_retention_audit(conn, call->class, call->changed, err));
}

/* Until nothing is left that an index finds. */
static bool repeat(struct store *store, struct sweep_call call, int64_t *count, struct err *err)
{
	call.changed = 1;
	for (int i = 0; i < BATCHES_MAX && call.changed > 0; i++) {
		if (sqlite_is_quiesced(store, err) || !sqlite_write(store, batch_run, &call, err)) {
			return false;
		}
		*count += call.changed;
	}
	return true;
}

/* ------------------------------------------------------------------- people */

/*
 * Managed no longer: the account is closed, or there is none and nothing is waited for. Since when
 * is told by our own lowering, or else by the last that was heard or done.
 */
#define NOT_MANAGED                                                                             \
	" (present_status = 'DEPROVISIONED' OR (okta_id = '' AND state = 'idle')) AND state IN" \
	" ('idle', 'waiting', 'failed') AND max(lowered_at_ms, last_event_at_ms, linked_at_ms," \
	" iif(lowered_at_ms = 0, last_run_at_ms, 0)) < ?1"
#define HAS_NAMES                                                                               \
	" (display_name IS NOT NULL OR present_profile IS NOT NULL OR bob_login IS NOT NULL OR" \
	" bob_email IS NOT NULL OR set_back IS NOT NULL)"

struct people_call {
	int64_t before_ms;
	int64_t rows[BATCH];
	size_t count;
	int64_t after; /* the next batch begins behind this row */
	int64_t changed;
};

/* Read beforehand: the writer shall not search through everybody while deliveries wait. */
static bool find_people(struct store *store, struct people_call *call, struct err *err)
{
	static const char SQL[] = "SELECT rowid FROM employees WHERE rowid > ?2 AND" HAS_NAMES
	                          " AND" NOT_MANAGED " ORDER BY rowid LIMIT ?3";
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	enum sqlite_row row = ROW_FAILED;
	call->count = 0;
	if (conn == NULL) {
		return false;
	}
	struct sqlite3_stmt *stmt = sqlite_query(
	        conn, SQL, VALUES(INT(call->before_ms), INT(call->after), INT(BATCH)), err);
	while (stmt != NULL && call->count < BATCH &&
	        (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		call->rows[call->count++] = sqlite3_column_int64(stmt, 0);
	}
	sqlite_done(stmt);
	sqlite_pool_give(store, conn);
	return row != ROW_FAILED;
}

/* The link stays, so that a rehire finds the account; the next run asks Okta what it is like. */
static bool people_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET display_name = NULL, search_text = '', present_profile = NULL,"
	        " login = NULL, bob_login = NULL, bob_email = NULL, set_back = NULL, empty_fields = NULL,"
	        " row_problems = NULL, doubt = iif(okta_id <> '', 'user', doubt)"
	        " WHERE rowid = ?2 AND" NOT_MANAGED;
	/* What a hold would have made of them: names again. */
	static const char SQL_HOLDS[] =
	        "UPDATE holds SET wanted = NULL WHERE wanted IS NOT NULL AND (connection,"
	        " employee_id) IN (SELECT connection, employee_id FROM employees WHERE rowid = ?)";
	struct people_call *call = context;
	call->changed = 0;
	for (size_t i = 0; i < call->count; i++) {
		const struct sqlite_value row = INT(call->rows[i]);
		if (!sqlite_exec(conn, SQL, VALUES(INT(call->before_ms), row), err)) {
			return false;
		}
		int64_t changed = sqlite_changes(conn);
		call->changed += changed;
		if (changed > 0 && !sqlite_exec(conn, SQL_HOLDS, VALUES(row), err)) {
			return false;
		}
	}
	return sqlite_retention_audit(conn, "people", call->changed, err);
}

static bool forget_people(struct store *store, int64_t before_ms, int64_t *count, struct err *err)
{
	struct people_call call = {.before_ms = before_ms, .count = BATCH};
	for (int i = 0; i < BATCHES_MAX && call.count == BATCH; i++) {
		if (sqlite_is_quiesced(store, err) || !find_people(store, &call, err)) {
			return false;
		}
		if (call.count > 0 && !sqlite_write(store, people_run, &call, err)) {
			return false;
		}
		*count += call.count > 0 ? call.changed : 0;
		call.after = call.count > 0 ? call.rows[call.count - 1] : 0;
	}
	return true;
}

/* ------------------------------------------------------------------ the rest */

static bool forget_rest(struct store *store, const struct retention_times *times,
        struct retention_counts *counts, struct err *err)
{
	static const char SQL_FINDINGS[] =
	        "DELETE FROM sweep_findings WHERE finding_id IN (SELECT finding_id FROM"
	        " sweep_findings WHERE sweep_id IN (SELECT sweep_id FROM sweeps WHERE ended_at_ms > 0"
	        " AND ended_at_ms < ?1) LIMIT ?2)";
	static const char SQL_ADOPTIONS[] =
	        "UPDATE adoption SET display_name = NULL, login = NULL, others = NULL, chosen = NULL"
	        " WHERE (connection, employee_id) IN (SELECT connection, employee_id FROM adoption"
	        " WHERE state = 'done' AND decided_at_ms < ?1 AND (display_name IS NOT NULL OR login"
	        " IS NOT NULL OR others IS NOT NULL OR chosen IS NOT NULL) LIMIT ?2)";
	static const char SQL_ACTIONS[] =
	        "UPDATE intents SET body = NULL, before = NULL, login = NULL WHERE intent_id IN"
	        " (SELECT intent_id FROM intents WHERE outcome <> 'open' AND (body IS NOT NULL OR"
	        " before IS NOT NULL OR login IS NOT NULL) AND closed_at_ms < ?1 LIMIT ?2)";
	static const char SQL_ERASED[] =
	        "DELETE FROM erased_people WHERE person IN (SELECT person FROM erased_people WHERE"
	        " erased_at_ms < ?1 LIMIT ?2)";
	/* Who was held or late, by id; open ones are no matter of age. */
	static const char SQL_ALARMS[] =
	        "DELETE FROM alarms WHERE alarm_id IN (SELECT alarm_id FROM alarms WHERE ended_at_ms"
	        " > 0 AND is_end_sent = 1 AND ended_at_ms < ?1 LIMIT ?2)";
	static const char SQL_RELEASES[] =
	        "DELETE FROM releases WHERE (release_id, connection, employee_id, kind, [limit]) IN"
	        " (SELECT release_id, connection, employee_id, kind, [limit] FROM releases"
	        " WHERE at_ms < ?1 LIMIT ?2)";
	static const char SQL_HISTORY[] =
	        "DELETE FROM history WHERE (connection, slot_ms, measure, detail) IN (SELECT"
	        " connection, slot_ms, measure, detail FROM history INDEXED BY history_slot"
	        " WHERE slot_ms < ?1 LIMIT ?2)";
	static const char SQL_SESSIONS[] =
	        "DELETE FROM sessions WHERE session_id IN (SELECT session_id FROM sessions WHERE"
	        " used_at_ms < ?1 LIMIT ?2)";
	static const char SQL_FAILURES[] =
	        "DELETE FROM sign_in_failures WHERE failure_id IN (SELECT failure_id FROM"
	        " sign_in_failures WHERE at_ms < ?1 LIMIT ?2)";
	static const char SQL_CODES[] =
	        "DELETE FROM account_codes WHERE digest IN (SELECT digest FROM account_codes WHERE"
	        " ends_at_ms < ?1 LIMIT ?2)";
	int64_t now_ms = clock_wall_ms();
	int64_t findings_ms = times->findings_before_ms;
	int64_t erased = 0;
	int64_t access = 0;
	int64_t numbers = 0;
	const struct sweep_call calls[] = {
	        {.class = "findings", .sql = SQL_FINDINGS, .before_ms = findings_ms},
	        {.class = "adoptions", .sql = SQL_ADOPTIONS, .before_ms = findings_ms},
	        {.class = "actions", .sql = SQL_ACTIONS, .before_ms = times->values_before_ms},
	        {.class = "alarms", .sql = SQL_ALARMS, .before_ms = findings_ms},
	        {.class = "releases", .sql = SQL_RELEASES, .before_ms = now_ms - RELEASES_MS},
	        {.class = "erased", .sql = SQL_ERASED, .before_ms = now_ms - PERSON_ERASED_MS},
	        {.class = "sessions", .sql = SQL_SESSIONS, .before_ms = now_ms - SESSIONS_MS},
	        {.class = "failures", .sql = SQL_FAILURES, .before_ms = now_ms - FAILURES_MS},
	        {.class = "codes", .sql = SQL_CODES, .before_ms = now_ms - DAY_MS},
	        {.sql = SQL_HISTORY, .before_ms = now_ms - HISTORY_DAYS * DAY_MS},
	};
	int64_t *const sums[] = {&counts->findings, &counts->adoptions, &counts->actions,
	        &counts->alarms, &counts->releases, &erased, &access, &access, &access, &numbers};
	bool done = true;
	for (size_t i = 0; i < ARRAY_SIZE(calls) && done; i++) {
		done = repeat(store, calls[i], sums[i], err);
	}
	return done;
}

bool store_retention_run(struct store *store, const struct retention_times *times,
        struct retention_counts *counts, struct err *err)
{
	*counts = (struct retention_counts){0};
	return store_event_expire(store, times->bodies_before_ms, times->hashes_before_ms,
	               &counts->events, err) &&
	        forget_people(store, times->people_before_ms, &counts->people, err) &&
	        forget_rest(store, times, counts, err) &&
	        store_audit_cut(store, times->audit_before_ms, &counts->records, err);
}
