/* SPDX-License-Identifier: MIT */
/*
 * Erasing one person in one transaction. secure_delete overwrites what is
 * freed, and the log is emptied afterwards, so that neither a free page nor an
 * old frame still holds a name. Every table with an employee_id is named here;
 * tests/unit/test_store_person.c fails when one is not.
 */
#include "server/store/person.h"
#include "server/store/sqlite_audit.h"

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/str.h"

#include <sqlite3.h>

#define TRUNCATE_TRIES 50

struct erase_call {
	const struct erase_request *request;
	struct erase_report *report;
	char person[AUDIT_PERSON_BYTES];
	char login[SQLITE_LOGIN_BYTES];
	char name[SENTENCE_BYTES];
};

/* -------------------------------------------------------------- may it be? */

static bool count(struct sqlite_conn *conn, const char *sql, const struct erase_call *call,
        int64_t *number, struct err *err)
{
	const struct employee_key *key = &call->request->key;
	*number = 0;
	return sqlite_number(
	        conn, sql, VALUES(TEXT(key->connection), TEXT(key->employee_id)), number, err);
}

static bool refuse(struct err *err, const char *why)
{
	err_set(err, ERR_CONFLICT, "%s", why);
	return false;
}

static bool check_open_actions(
        struct sqlite_conn *conn, const struct erase_call *call, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM intents WHERE connection = ? AND"
	                          " employee_id = ? AND outcome = 'open'";
	int64_t open = 0;
	if (!count(conn, SQL, call, &open, err)) {
		return false;
	}
	return open == 0 ||
	        refuse(err,
	                "an action of this person is not resolved yet; try again when bob2okta"
	                " person shows none as open");
}

/* What nobody has read yet would bring the name back into the store when it is. */
static bool check_inbox(struct sqlite_conn *conn, const struct erase_call *call, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM inbox WHERE connection = ? AND"
	                          " instr(body, CAST(? AS BLOB)) > 0";
	int64_t unread = 0;
	if (!count(conn, SQL, call, &unread, err)) {
		return false;
	}
	return unread == 0 ||
	        refuse(err,
	                "a delivery that names this person has not been read yet; try again in a"
	                " moment");
}

/* Erasing takes the person out of the windows of the limits, which must never admit more. */
static bool check_limits(struct sqlite_conn *conn, const struct erase_call *call, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(*) FROM intents WHERE connection = ? AND employee_id = ? AND"
	        " [limit] <> 'none' AND outcome NOT IN ('not_sent', 'dry_run') AND running_ms >"
	        " (SELECT coalesce(max(value), 0) FROM store_state WHERE name = 'running_ms')"
	        " - 604800000";
	int64_t counted = 0;
	if (call->request->although != NULL) {
		return true;
	}
	if (!count(conn, SQL, call, &counted, err)) {
		return false;
	}
	return counted == 0 ||
	        refuse(err,
	                "a limit still counts a change of this person within its week; wait until"
	                " that is over, or say why with although (--although REASON)");
}

static bool check_account(
        const struct employee *employee, const struct erase_call *call, struct err *err)
{
	bool is_open = employee->okta_id[0] != '\0' &&
	        employee->present_status != ACCOUNT_DEPROVISIONED &&
	        employee->present_status != ACCOUNT_SUSPENDED;
	return !is_open || call->request->although != NULL ||
	        refuse(err,
	                "the person's Okta account is open: close it first, or say why with"
	                " although (--although REASON)");
}

static void take_names(struct erase_call *call, const struct employee *employee)
{
	str_format_cut(
	        call->report->okta_id, sizeof(call->report->okta_id), "%s", employee->okta_id);
	str_format_cut(
	        call->name, sizeof(call->name), "%s", personal_reveal(&employee->display_name));
}

/* There may be traces of somebody who never was an employee here. */
static bool check_traces(struct sqlite_conn *conn, const struct erase_call *call, struct err *err)
{
	static const char SQL[] =
	        "SELECT (SELECT count(*) FROM events WHERE connection = ?1 AND employee_id = ?2) +"
	        " (SELECT count(*) FROM adoption WHERE connection = ?1 AND employee_id = ?2) +"
	        " (SELECT count(*) FROM sweep_findings f JOIN sweeps s USING (sweep_id) WHERE"
	        " s.connection = ?1 AND f.employee_id = ?2)";
	int64_t traces = 0;
	if (!count(conn, SQL, call, &traces, err)) {
		return false;
	}
	if (traces == 0) {
		err_set(err, ERR_NOT_FOUND, "the store holds nothing about that person");
	}
	return traces > 0;
}

static bool check(struct sqlite_conn *conn, struct erase_call *call, struct err *err)
{
	struct employee employee;
	bool may = false;
	if (!check_inbox(conn, call, err)) {
		return false;
	}
	switch (sqlite_employee_load(conn, &call->request->key, &employee, err)) {
	case ROW_FOUND:
		take_names(call, &employee);
		may = (employee.state != EMPLOYEE_WORKING ||
		              refuse(err, "the person is being worked on; try again")) &&
		        check_account(&employee, call, err) &&
		        check_open_actions(conn, call, err) && check_limits(conn, call, err) &&
		        sqlite_waits_login(conn, &call->request->key, call->login, err);
		break;
	case ROW_NONE:
		may = sqlite_erased_refuse(conn, &call->request->key, err) &&
		        check_traces(conn, call, err);
		break;
	case ROW_FAILED: break;
	}
	employee_finish(&employee);
	return may;
}

/* ------------------------------------------------------------- what goes */

/* Others who speak of the person: the id goes out of their lists. */
static bool forget_references(
        struct sqlite_conn *conn, const struct employee_key *key, struct err *err)
{
	static const char SQL_WAITS[] =
	        "UPDATE employees SET waits_for = nullif(trim(replace(',' || waits_for || ',',"
	        " ',' || ?2 || ',', ','), ','), '') WHERE connection = ?1 AND instr(',' ||"
	        " waits_for || ',', ',' || ?2 || ',') > 0";
	static const char SQL_REFERS[] =
	        "UPDATE employees SET refers_to = nullif(trim(replace(',' || refers_to || ',',"
	        " ',' || ?2 || ',', ','), ','), '') WHERE connection = ?1 AND instr(',' ||"
	        " refers_to || ',', ',' || ?2 || ',') > 0";
	static const char SQL_ROWS[] = "DELETE FROM employee_waits WHERE connection = ?1 AND"
	                               " (employee_id = ?2 OR waits_for = ?2)";
	static const char SQL_ADOPTION[] = "UPDATE adoption SET other_employee_id = ''"
	                                   " WHERE connection = ?1 AND other_employee_id = ?2";
	const struct sqlite_value *of = VALUES(TEXT(key->connection), TEXT(key->employee_id));
	return sqlite_exec(conn, SQL_WAITS, of, err) && sqlite_exec(conn, SQL_REFERS, of, err) &&
	        sqlite_exec(conn, SQL_ROWS, of, err) && sqlite_exec(conn, SQL_ADOPTION, of, err);
}

/* The row stays with its hash, so that a replay is still known; it says nothing of anybody. */
static bool empty_events(struct sqlite_conn *conn, const struct erase_call *call, struct err *err)
{
	static const char SQL[] =
	        "UPDATE events SET body = NULL, employee_id = '', reason = 'erased'"
	        " WHERE connection = ?1 AND employee_id = ?2";
	/* What could not be understood may still name the person. */
	static const char SQL_OTHERS[] =
	        "UPDATE events SET body = NULL WHERE connection = ?1 AND body IS NOT NULL AND"
	        " state IN ('ignored', 'unusable', 'foreign') AND"
	        " instr(body, CAST(?2 AS BLOB)) > 0";
	const struct employee_key *key = &call->request->key;
	const struct sqlite_value *of = VALUES(TEXT(key->connection), TEXT(key->employee_id));
	if (!sqlite_exec(conn, SQL, of, err)) {
		return false;
	}
	call->report->events = sqlite_changes(conn);
	return sqlite_exec(conn, SQL_OTHERS, of, err);
}

static bool delete_rows(struct sqlite_conn *conn, const struct erase_call *call, struct err *err)
{
	static const char *const SQL[] = {
	        "DELETE FROM holds WHERE connection = ?1 AND employee_id = ?2",
	        "DELETE FROM approvals WHERE connection = ?1 AND employee_id = ?2",
	        "DELETE FROM alarms WHERE connection = ?1 AND subject = ?2",
	        "DELETE FROM releases WHERE connection = ?1 AND employee_id = ?2",
	        "DELETE FROM adoption WHERE connection = ?1 AND employee_id = ?2",
	        "DELETE FROM sweep_findings WHERE employee_id = ?2 AND sweep_id IN"
	        " (SELECT sweep_id FROM sweeps WHERE connection = ?1)",
	        "DELETE FROM employee_groups WHERE connection = ?1 AND (employee_id = ?2 OR okta_id"
	        " = (SELECT okta_id FROM employees WHERE connection = ?1 AND employee_id = ?2 AND"
	        " okta_id <> ''))",
	        "DELETE FROM intents WHERE connection = ?1 AND employee_id = ?2",
	        "DELETE FROM employees WHERE connection = ?1 AND employee_id = ?2"};
	static const char SQL_ACTIONS[] =
	        "SELECT count(*) FROM intents WHERE connection = ? AND employee_id = ?";
	const struct employee_key *key = &call->request->key;
	bool done = count(conn, SQL_ACTIONS, call, &call->report->actions, err);
	for (size_t i = 0; i < ARRAY_SIZE(SQL) && done; i++) {
		done = sqlite_exec(
		        conn, SQL[i], VALUES(TEXT(key->connection), TEXT(key->employee_id)), err);
	}
	return done;
}

/* The key first: without it a copy of the payloads is unreadable too. */
static bool destroy_payloads(
        struct sqlite_conn *conn, const struct erase_call *call, struct err *err)
{
	static const char SQL_KEY[] = "DELETE FROM person_keys WHERE person = ?";
	static const char SQL[] = "DELETE FROM audit_payloads WHERE seq IN"
	                          " (SELECT seq FROM audit_records WHERE person = ? AND"
	                          " person <> '')";
	static const char SQL_TOMBSTONE[] =
	        "INSERT INTO erased_people (person, erased_at_ms) VALUES (?, ?)"
	        " ON CONFLICT (person) DO UPDATE SET erased_at_ms = excluded.erased_at_ms";
	if (!sqlite_exec(conn, SQL_KEY, VALUES(TEXT(call->person)), err) ||
	        !sqlite_exec(conn, SQL, VALUES(TEXT(call->person)), err)) {
		return false;
	}
	call->report->records = sqlite_changes(conn);
	return sqlite_exec(
	        conn, SQL_TOMBSTONE, VALUES(TEXT(call->person), INT(clock_wall_ms())), err);
}

/* Where else the names stand, which other people's records and the settings keep. */
static bool count_elsewhere(
        struct sqlite_conn *conn, const struct erase_call *call, struct err *err)
{
	static const char SQL_OTHERS[] =
	        "SELECT count(*) FROM employees WHERE connection = ?1 AND present_profile IS NOT NULL"
	        " AND ((?2 <> '' AND instr(lower(present_profile), ?2) > 0) OR"
	        " (?3 <> '' AND instr(present_profile, ?3) > 0))";
	static const char SQL_SETTINGS[] =
	        "SELECT count(*) FROM settings_versions WHERE instr(document, '\"' || ?1 || '\"') > 0"
	        " OR (?2 <> '' AND instr(lower(document), ?2) > 0)";
	const struct employee_key *key = &call->request->key;
	return sqlite_number(conn, SQL_OTHERS,
	               VALUES(TEXT(key->connection), TEXT(call->login), TEXT(call->name)),
	               &call->report->named_by_others, err) &&
	        sqlite_number(conn, SQL_SETTINGS, VALUES(TEXT(key->employee_id), TEXT(call->login)),
	                &call->report->named_in_settings, err);
}

static bool audit(struct sqlite_conn *conn, const struct erase_call *call, struct err *err)
{
	struct buf meta;
	buf_init(&meta, AUDIT_META_BYTES - 1);
	buf_add_format(&meta, "{\"actions\":%lld,\"events\":%lld,\"records\":%lld,\"although\":",
	        (long long)call->report->actions, (long long)call->report->events,
	        (long long)call->report->records);
	if (call->request->although != NULL) {
		buf_add_json_string(&meta, call->request->although);
	} else {
		buf_add_text(&meta, "null");
	}
	buf_add_char(&meta, '}');
	/* No payload: it would name who is to be forgotten. */
	const struct audit_new entry = {.kind = "erase",
	        .key = &call->request->key,
	        .who = call->request->by,
	        .payload = "",
	        .meta = buf_text(&meta)};
	bool done = sqlite_audit_write(conn, &entry, err);
	buf_finish(&meta);
	return done;
}

static bool erase_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct erase_call *call = context;
	const struct employee_key *key = &call->request->key;
	*call->report = (struct erase_report){0};
	call->login[0] = '\0';
	call->name[0] = '\0';
	return audit_person(conn->audit, key->connection, key->employee_id, call->person, err) &&
	        check(conn, call, err) && forget_references(conn, key, err) &&
	        empty_events(conn, call, err) && delete_rows(conn, call, err) &&
	        count_elsewhere(conn, call, err) && destroy_payloads(conn, call, err) &&
	        audit(conn, call, err);
}

/* ------------------------------------------------------------------ the log */

/* Readers may hold the log for the moment of a query: asked again until none does. */
static bool empty_log(struct store *store, struct err *err)
{
	int before = atomic_load(&store->truncated);
	for (int i = 0; i < TRUNCATE_TRIES && atomic_load(&store->truncated) == before; i++) {
		atomic_store(&store->wants_truncate, true);
		/* The first is committed before the log is emptied, the second after. */
		if (!sqlite_write_nothing(store, err) || !sqlite_write_nothing(store, err)) {
			return false;
		}
	}
	if (atomic_load(&store->truncated) == before) {
		err_set(err, ERR_STORE_UNAVAILABLE,
		        "the person is erased, but the store's log is in use and still holds what"
		        " was written of the person before; it is emptied within the day, or by a"
		        " restart");
		return false;
	}
	return true;
}

bool store_person_erase(struct store *store, const struct erase_request *request,
        struct erase_report *report, struct err *err)
{
	struct erase_call call = {.request = request, .report = report};
	return sqlite_write(store, erase_run, &call, err) && empty_log(store, err);
}

bool store_log_empty(struct store *store, struct err *err)
{
	return empty_log(store, err);
}
