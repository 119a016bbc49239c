/* SPDX-License-Identifier: MIT */
/* Adoption: what a human decided, and what became of it. */
#include "server/store/sqlite_adoption.h"

#include "server/base/clock.h"
#include "server/base/str.h"

/* ----------------------------------------------------------------- judging */

/* What speaks against a link; NULL: nothing. */
static const char *why_not_link(
        const struct adoption_person *person, const struct adoption_choice *choice)
{
	bool is_named = choice->chosen != NULL;
	if (!is_named && person->okta_id[0] == '\0') {
		return "no Okta user is matched: name one, or decide create or ignore";
	}
	if (!is_named && person->why == ADOPT_SEVERAL) {
		return "several Okta users may be meant: name one by its Okta id";
	}
	if (!is_named && person->why == ADOPT_CLAIMED) {
		return "another employee matches the same user: name it by its Okta id if it is this"
		       " one";
	}
	if (!is_named && person->why == ADOPT_LINKED) {
		return "the Okta user is linked to another employee: unlink that one first";
	}
	if (!is_named && person->why == ADOPT_PROTECTED) {
		return "the Okta user is protected and is never linked";
	}
	return NULL;
}

static const char *why_not(
        const struct adoption_person *person, const struct adoption_choice *choice)
{
	if (choice->chosen != NULL && choice->decision != ADOPTION_LINK) {
		return "an Okta user is only named with the decision link";
	}
	if (choice->decision == ADOPTION_LINK) {
		return why_not_link(person, choice);
	}
	if (choice->decision == ADOPTION_CREATE && person->is_left) {
		return "this person has left: no account is made";
	}
	return NULL;
}

/* ---------------------------------------------------------------- one by one */

static bool is_same_decision(
        const struct adoption_person *person, const struct adoption_choice *choice)
{
	return person->decision == choice->decision && person->state != ADOPTION_REFUSED &&
	        str_equal(personal_reveal(&person->chosen),
	                choice->chosen != NULL ? choice->chosen : "");
}

/* Taken back: from now on the person is asked about like anybody. */
static bool free_ignored(struct sqlite_conn *conn, const struct adoption_person *person,
        const struct adoption_choice *choice, struct err *err)
{
	static const char SQL[] = "DELETE FROM holds WHERE connection = ? AND employee_id = ?"
	                          " AND kind = 'existing' AND is_rejected = 1";
	bool was_ignored = person->decision == ADOPTION_IGNORE && person->state == ADOPTION_DONE;
	return !was_ignored || choice->decision == ADOPTION_IGNORE ||
	        sqlite_exec(conn, SQL,
	                VALUES(TEXT(person->key.connection), TEXT(person->key.employee_id)), err);
}

static bool write_choice(struct sqlite_conn *conn, const struct adoption_decide *decide,
        const struct adoption_choice *choice, struct err *err)
{
	static const char SQL[] =
	        "UPDATE adoption SET decision = ?, chosen = ?, decided_by = ?, decided_at_ms = ?,"
	        " decided_on = facts || class || why, state = 'open', sentence = ''"
	        " WHERE connection = ? AND employee_id = ?";
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(adoption_decision_name(choice->decision)), TEXT(choice->chosen),
	                TEXT(decide->by), INT(clock_wall_ms()), TEXT(decide->connection),
	                TEXT(choice->employee_id)),
	        err);
}

static bool audit_choice(struct sqlite_conn *conn, const struct adoption_decide *decide,
        const struct adoption_person *person, const struct adoption_choice *choice, struct err *err)
{
	char what[64];
	str_format_cut(
	        what, sizeof(what), "adopt: decided: %s", adoption_decision_name(choice->decision));
	return sqlite_audit(conn, &person->key, decide->by, what, err);
}

static void add_mistake(struct adoption_decide *decide, size_t index, const char *text)
{
	decide->mistakes[decide->mistake_count++] = (struct adoption_mistake){index, text};
}

static bool take_choice(struct sqlite_conn *conn, struct adoption_decide *decide, size_t index,
        const struct adoption_person *person, struct err *err)
{
	const struct adoption_choice *choice = &decide->choices[index];
	const char *wrong = why_not(person, choice);
	if (wrong != NULL) {
		add_mistake(decide, index, wrong);
		return true;
	}
	if (is_same_decision(person, choice)) {
		return true;
	}
	decide->changed++;
	return decide->is_check ||
	        (free_ignored(conn, person, choice, err) &&
	                write_choice(conn, decide, choice, err) &&
	                audit_choice(conn, decide, person, choice, err));
}

static bool take_choices(struct sqlite_conn *conn, struct adoption_decide *decide, struct err *err)
{
	for (size_t i = 0; i < decide->count; i++) {
		struct employee_key key;
		struct adoption_person person;
		str_format_cut(key.connection, sizeof(key.connection), "%s", decide->connection);
		str_format_cut(key.employee_id, sizeof(key.employee_id), "%s",
		        decide->choices[i].employee_id);
		enum sqlite_row row = sqlite_adoption_load(conn, &key, &person, err);
		bool done = row != ROW_FAILED;
		if (row == ROW_NONE) {
			add_mistake(decide, i,
			        "nobody of that id is among those to adopt: linked already, or new"
			        " since the scan");
		} else if (done) {
			done = take_choice(conn, decide, i, &person, err);
		}
		adoption_person_finish(&person);
		if (!done) {
			return false;
		}
	}
	return true;
}

static bool decide_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct adoption_decide *decide = context;
	if (!take_choices(conn, decide, err)) {
		return false;
	}
	if (decide->mistake_count > 0) {
		decide->changed = 0;
		err_set(err, ERR_BAD_REQUEST, "a decision cannot be taken"); /* rolls back */
		return false;
	}
	return true;
}

bool store_adoption_decide(struct store *store, struct adoption_decide *decide, struct err *err)
{
	struct err own = ERR_INIT;
	decide->mistake_count = 0;
	decide->changed = 0;
	if (sqlite_write(store, decide_run, decide, &own) || decide->mistake_count > 0) {
		return true;
	}
	err_set(err, own.code, "%s", own.text);
	return false;
}

/* -------------------------------------------------------------------- bulk */

static bool check_bulk(const struct adoption_bulk *bulk, struct err *err)
{
	if (bulk->decision == ADOPTION_LINK && bulk->filter.class_ != ADOPT_EXACT) {
		err_set(err, ERR_BAD_REQUEST, "only exact matches are linked in bulk");
		return false;
	}
	if (bulk->decision == ADOPTION_CREATE &&
	        (bulk->filter.class_ != ADOPT_UNMATCHED || bulk->filter.only_left)) {
		err_set(err, ERR_BAD_REQUEST,
		        "accounts are made in bulk only for unmatched people who have not left");
		return false;
	}
	return true;
}

static bool count_bulk(struct sqlite_conn *conn, struct adoption_bulk *bulk,
        const struct sqlite_value *values, struct err *err)
{
	static const char SQL[] = "SELECT count(*) FROM adoption WHERE" ADOPTION_MATCHES
	                          " AND (decision <> ?9 OR state = 'refused')";
	int64_t count = 0;
	bool done = sqlite_number(conn, SQL, values, &count, err);
	bulk->changed = (size_t)count;
	return done;
}

static bool free_ignored_bulk(
        struct sqlite_conn *conn, const struct sqlite_value *values, struct err *err)
{
	static const char SQL[] =
	        "DELETE FROM holds WHERE kind = 'existing' AND is_rejected = 1 AND connection = ?1"
	        " AND ?9 <> 'ignore' AND employee_id IN (SELECT employee_id FROM adoption WHERE" ADOPTION_MATCHES
	        " AND decision = 'ignore' AND state = 'done')";
	return sqlite_exec(conn, SQL, values, err);
}

/* One decision about many: one record, with how many. */
static bool audit_bulk(struct sqlite_conn *conn, const struct adoption_bulk *bulk, struct err *err)
{
	struct employee_key nobody = {0};
	char what[96];
	str_format_cut(nobody.connection, sizeof(nobody.connection), "%s", bulk->filter.connection);
	str_format_cut(what, sizeof(what), "adopt: decided for %zu people: %s", bulk->changed,
	        adoption_decision_name(bulk->decision));
	return bulk->changed == 0 || sqlite_audit(conn, &nobody, bulk->by, what, err);
}

static bool bulk_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE adoption SET decision = ?9, chosen = NULL, decided_by = ?10, decided_at_ms ="
	        " ?11, decided_on = facts || class || why, state = 'open', sentence = '' WHERE" ADOPTION_MATCHES
	        " AND (decision <> ?9 OR state = 'refused')";
	struct adoption_bulk *bulk = context;
	struct sqlite_value values[ADOPTION_FILTER_VALUES + 4] = {0};
	sqlite_adoption_bind(&bulk->filter, values);
	values[8] = TEXT(adoption_decision_name(bulk->decision));
	if (bulk->is_check) {
		return count_bulk(conn, bulk, values, err);
	}
	if (!free_ignored_bulk(conn, values, err)) {
		return false;
	}
	values[9] = TEXT(bulk->by);
	values[10] = INT(clock_wall_ms());
	if (!sqlite_exec(conn, SQL, values, err)) {
		return false;
	}
	bulk->changed = (size_t)sqlite_changes(conn);
	return audit_bulk(conn, bulk, err);
}

bool store_adoption_decide_bulk(struct store *store, struct adoption_bulk *bulk, struct err *err)
{
	bulk->changed = 0;
	return check_bulk(bulk, err) && sqlite_write(store, bulk_run, bulk, err);
}

/* ---------------------------------------------------------------- applying */

struct person_call {
	const struct employee_key *key;
	const char *by;
};

static bool ensure(struct sqlite_conn *conn, const struct employee_key *key, struct err *err)
{
	struct employee employee;
	bool done = sqlite_employee_ensure(conn, key, &employee, err);
	employee_finish(&employee);
	return done;
}

static bool ensure_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	return ensure(conn, context, err);
}

bool store_employee_ensure(struct store *store, const struct employee_key *key, struct err *err)
{
	struct employee_key copy = *key;
	return sqlite_write(store, ensure_run, &copy, err);
}

static bool set_done(struct sqlite_conn *conn, const struct employee_key *key, struct err *err)
{
	static const char SQL[] = "UPDATE adoption SET state = 'done', sentence = ''"
	                          " WHERE connection = ? AND employee_id = ?";
	return sqlite_exec(conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), err);
}

static bool create_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] = "DELETE FROM holds WHERE connection = ? AND employee_id = ?"
	                          " AND kind = 'existing'";
	const struct person_call *call = context;
	const struct employee_key *key = call->key;
	return ensure(conn, key, err) &&
	        sqlite_exec(
	                conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), err) &&
	        set_done(conn, key, err) && sqlite_mark(conn, key, LANE_SWEEP, err) &&
	        sqlite_audit(conn, key, call->by, "adopt: create an account", err);
}

bool store_adoption_create(
        struct store *store, const struct employee_key *key, const char *by, struct err *err)
{
	struct person_call call = {key, by};
	return sqlite_write(store, create_run, &call, err);
}

static bool ignore_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO holds (connection, employee_id, kind, cause, [by], since_ms,"
	        " is_rejected) VALUES (?, ?, 'existing', 'adopt: no account is made', ?, ?, 1)"
	        " ON CONFLICT (connection, employee_id, kind, [limit]) DO UPDATE SET cause = excluded.cause,"
	        " is_rejected = 1";
	const struct person_call *call = context;
	const struct employee_key *key = call->key;
	return ensure(conn, key, err) &&
	        sqlite_exec(conn, SQL,
	                VALUES(TEXT(key->connection), TEXT(key->employee_id), TEXT(call->by),
	                        INT(clock_wall_ms())),
	                err) &&
	        set_done(conn, key, err) && sqlite_audit(conn, key, call->by, "adopt: ignore", err);
}

bool store_adoption_ignore(
        struct store *store, const struct employee_key *key, const char *by, struct err *err)
{
	struct person_call call = {key, by};
	return sqlite_write(store, ignore_run, &call, err);
}

static bool end_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL_END[] = "UPDATE adoption SET state = ?, sentence = ?"
	                              " WHERE connection = ? AND employee_id = ?";
	static const char SQL_CHANGED[] =
	        "UPDATE adoption SET class = 'doubtful', why = 'changed', decision = 'none', chosen ="
	        " NULL, state = 'open', sentence = ? WHERE connection = ? AND employee_id = ?";
	const struct adoption_end *end = context;
	const struct employee_key *key = &end->key;
	if (end->is_changed) {
		return sqlite_exec(conn, SQL_CHANGED,
		        VALUES(TEXT(end->sentence), TEXT(key->connection), TEXT(key->employee_id)),
		        err);
	}
	return sqlite_exec(conn, SQL_END,
	        VALUES(TEXT(adoption_state_name(end->state)), TEXT(end->sentence),
	                TEXT(key->connection), TEXT(key->employee_id)),
	        err);
}

bool store_adoption_end(struct store *store, const struct adoption_end *end, struct err *err)
{
	struct adoption_end copy = *end;
	return sqlite_write(store, end_run, &copy, err);
}
