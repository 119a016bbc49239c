/* SPDX-License-Identifier: MIT */
/* Adoption: what scans found. Deciding is in sqlite_adoption_decide.c. */
#include "server/store/sqlite_adoption.h"
#include "server/store/sqlite_audit.h"

#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

static const char *class_word(int value)
{
	return adopt_class_name((enum adopt_class)value);
}
static const char *rule_word(int value)
{
	return adopt_rule_name((enum adopt_rule)value);
}
static const char *why_word(int value)
{
	return adopt_why_name((enum adopt_why)value);
}
static const char *decision_word(int value)
{
	return adoption_decision_name((enum adoption_decision)value);
}
static const char *state_word(int value)
{
	return adoption_state_name((enum adoption_state)value);
}

static const struct sqlite_words WORDS_CLASS = {class_word, ADOPT_CLASS_COUNT};
static const struct sqlite_words WORDS_RULE = {rule_word, ADOPT_RULE_COUNT + 1}; /* "": none */
static const struct sqlite_words WORDS_WHY = {why_word, ADOPT_WHY_COUNT};
static const struct sqlite_words WORDS_DECISION = {decision_word, ADOPTION_DECISION_COUNT};
static const struct sqlite_words WORDS_STATE = {state_word, ADOPTION_STATE_COUNT};

#define GROUP_SCAN  1u
#define GROUP_HUMAN 2u

static const struct sqlite_column COLUMNS[] = {
#define COLUMN(group_, kind_, column, member, words_)                  \
	{.kind = COLUMN_##kind_,                                       \
	        .group = GROUP_##group_,                               \
	        .offset = offsetof(struct adoption_person, member),    \
	        .size = sizeof(((struct adoption_person *)0)->member), \
	        .words = (words_)},
#include "server/store/adoption_columns.def"
#undef COLUMN
};

/* ------------------------------------------------------------------ writing */

#define SCAN_COLUMNS_MAX 20

struct put_call {
	const struct adoption_person *people;
	size_t count;
};

static bool put_one(struct sqlite_conn *conn, const struct adoption_person *person, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO adoption (connection, employee_id, scan, display_name, class, rule, why,"
	        " is_left, is_wanted, is_sourced_elsewhere, okta_id, login, status, others,"
	        " other_employee_id, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
	        " ON CONFLICT (connection, employee_id) DO UPDATE SET scan = excluded.scan,"
	        " display_name = excluded.display_name, class = excluded.class, rule ="
	        " excluded.rule, why = excluded.why, is_left = excluded.is_left, is_wanted ="
	        " excluded.is_wanted, is_sourced_elsewhere = excluded.is_sourced_elsewhere,"
	        " okta_id = excluded.okta_id, login = excluded.login, status = excluded.status,"
	        " others = excluded.others, other_employee_id = excluded.other_employee_id, facts ="
	        " excluded.facts";
	struct sqlite_value values[SCAN_COLUMNS_MAX] = {0};
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(COLUMNS); i++) {
		if (COLUMNS[i].group == GROUP_SCAN) {
			values[count++] = sqlite_column_value(&COLUMNS[i], person);
		}
	}
	return sqlite_exec(conn, SQL, values, err);
}

static bool put_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct put_call *call = context;
	for (size_t i = 0; i < call->count; i++) {
		bool is_erased = false;
		int64_t at_ms = 0;
		if (!sqlite_erased(conn, &call->people[i].key, &is_erased, &at_ms, err) ||
		        (!is_erased && !put_one(conn, &call->people[i], err))) {
			return false;
		}
	}
	return true;
}

bool store_adoption_put(
        struct store *store, const struct adoption_person *people, size_t count, struct err *err)
{
	struct put_call call = {people, count};
	return count == 0 || sqlite_write(store, put_run, &call, err);
}

struct close_call {
	const char *connection;
	int64_t scan;
	size_t taken_back;
};

/* A weak match is no claim: a namesake, or somebody's second address. */
#define IS_STRONG(row) \
	row ".okta_id <> '' AND " row ".why NOT IN ('names_only', 'second_email', 'several')"

/* Whoever only bears the name of people whose accounts are found has none that we know of. */
static bool drop_namesakes(struct sqlite_conn *conn, const struct close_call *call, struct err *err)
{
	static const char SQL[] =
	        "UPDATE adoption SET class = 'unmatched', rule = '', why = 'nobody', okta_id = '',"
	        " login = NULL, status = 'NONE', others = NULL, is_sourced_elsewhere = 0"
	        " WHERE connection = ?1 AND rule = 'names' AND NOT EXISTS (SELECT 1 FROM"
	        " (SELECT adoption.okta_id AS id UNION ALL SELECT json_extract(value, '$.okta_id')"
	        " FROM json_each(coalesce(adoption.others, '[]'))) c WHERE NOT EXISTS (SELECT 1"
	        " FROM adoption o WHERE o.connection = ?1 AND o.okta_id = c.id AND o.class ="
	        " 'exact'))";
	return sqlite_exec(conn, SQL, VALUES(TEXT(call->connection)), err);
}

static bool note_claims(struct sqlite_conn *conn, const struct close_call *call, struct err *err)
{
	static const char SQL[] =
	        "UPDATE adoption SET class = 'doubtful', why = 'claimed', other_employee_id ="
	        " (SELECT min(o.employee_id) FROM adoption o WHERE o.connection = ?1 AND o.okta_id"
	        " = adoption.okta_id AND o.employee_id <> adoption.employee_id AND " IS_STRONG(
	                "o") ") WHERE connection = ?1 AND class = 'exact' AND EXISTS (SELECT 1 FROM"
	                     " adoption o WHERE o.connection = ?1 AND o.okta_id = adoption.okta_id AND"
	                     " o.employee_id <> adoption.employee_id AND " IS_STRONG("o") ")";
	return sqlite_exec(conn, SQL, VALUES(TEXT(call->connection)), err);
}

/* Only what a human saw may be carried out; what was done already is done. */
static bool take_back(struct sqlite_conn *conn, struct close_call *call, struct err *err)
{
	static const char SQL[] =
	        "UPDATE adoption SET decision = 'none', chosen = NULL, state = 'open', sentence = ''"
	        " WHERE connection = ?1 AND decision <> 'none' AND decided_on <>"
	        " facts || class || why";
	if (!sqlite_exec(conn, SQL, VALUES(TEXT(call->connection)), err)) {
		return false;
	}
	call->taken_back = (size_t)sqlite_changes(conn);
	return true;
}

static bool close_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL_FORGET[] = "DELETE FROM adoption WHERE connection = ? AND scan <> ?";
	struct close_call *call = context;
	return sqlite_exec(
	               conn, SQL_FORGET, VALUES(TEXT(call->connection), INT(call->scan)), err) &&
	        drop_namesakes(conn, call, err) && note_claims(conn, call, err) &&
	        take_back(conn, call, err);
}

bool store_adoption_close_scan(struct store *store, const char *connection, int64_t scan,
        size_t *taken_back, struct err *err)
{
	struct close_call call = {connection, scan, 0};
	bool done = sqlite_write(store, close_run, &call, err);
	*taken_back = call.taken_back;
	return done;
}

/* ------------------------------------------------------------------ reading */

void sqlite_adoption_bind(
        const struct adoption_filter *filter, struct sqlite_value values[ADOPTION_FILTER_VALUES])
{
	const char *class_ =
	        filter->class_ < ADOPT_CLASS_COUNT ? adopt_class_name(filter->class_) : NULL;
	const char *rule = filter->rule < ADOPT_RULE_COUNT ? adopt_rule_name(filter->rule) : NULL;
	const char *decision = filter->decision < ADOPTION_DECISION_COUNT
	        ? adoption_decision_name(filter->decision)
	        : NULL;
	const char *state =
	        filter->state < ADOPTION_STATE_COUNT ? adoption_state_name(filter->state) : NULL;
	int left = filter->only_left ? 1 : class_ != NULL ? 0 : 2;
	values[0] = TEXT(filter->connection);
	values[1] = TEXT(class_);
	values[2] = TEXT(rule);
	values[3] = INT(left);
	values[4] = INT(filter->only_elsewhere ? 1 : 0);
	values[5] = INT(filter->only_wanted ? 1 : 0);
	values[6] = TEXT(decision);
	values[7] = TEXT(state);
}

static bool read_people(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct adoption_list *people, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct adoption_person *person =
		        sqlite_grow((void **)&people->items, &people->count, sizeof(*person));
		if (person == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for people to adopt");
		}
		if (person == NULL ||
		        !sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), person, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		adoption_list_finish(people);
	}
	return row != ROW_FAILED;
}

#define COLUMN(group, kind, column, member, words) "[" #column "], "

bool store_adoption_list(struct store *store, const struct adoption_filter *filter,
        struct adoption_list *people, struct err *err)
{
	static const char SQL[] =
	        "SELECT "
#include "server/store/adoption_columns.def"
	        "1 FROM adoption WHERE" ADOPTION_MATCHES
	        " AND employee_id > ?9 AND (?10 IS NULL OR employee_id = ?10 OR"
	        " instr(lower(display_name), lower(?10)) > 0 OR instr(lower(login), lower(?10)) > 0)"
	        " ORDER BY employee_id LIMIT ?11";
	struct sqlite_value values[ADOPTION_FILTER_VALUES + 4] = {0};
	*people = (struct adoption_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	sqlite_adoption_bind(filter, values);
	values[8] = TEXT(filter->after_employee_id != NULL ? filter->after_employee_id : "");
	values[9] = TEXT(filter->text);
	values[10] = INT((int64_t)filter->limit);
	bool done = read_people(conn, sqlite_query(conn, SQL, values, err), people, err);
	sqlite_pool_give(store, conn);
	return done;
}

enum sqlite_row sqlite_adoption_load(struct sqlite_conn *conn, const struct employee_key *key,
        struct adoption_person *person, struct err *err)
{
	static const char SQL[] = "SELECT "
#include "server/store/adoption_columns.def"
	                          "1 FROM adoption WHERE connection = ? AND employee_id = ?";
	*person = (struct adoption_person){0};
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), err);
	if (stmt == NULL) {
		return ROW_FAILED;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND &&
	        !sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), person, err)) {
		row = ROW_FAILED;
	}
	sqlite_done(stmt);
	return row;
}

#undef COLUMN

bool store_adoption_get(struct store *store, const struct employee_key *key,
        struct adoption_person *person, struct err *err)
{
	*person = (struct adoption_person){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	enum sqlite_row row = sqlite_adoption_load(conn, key, person, err);
	sqlite_pool_give(store, conn);
	if (row == ROW_NONE) {
		err_set(err, ERR_NOT_FOUND,
		        "employee %s is not among those to adopt; see bob2okta adopt list",
		        key->employee_id);
	}
	if (row != ROW_FOUND) {
		adoption_person_finish(person);
	}
	return row == ROW_FOUND;
}

bool store_adoption_decision(struct store *store, const struct employee_key *key,
        enum adoption_decision *decision, struct err *err)
{
	struct adoption_person person;
	*decision = ADOPTION_NONE;
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	enum sqlite_row row = sqlite_adoption_load(conn, key, &person, err);
	sqlite_pool_give(store, conn);
	if (row == ROW_FOUND && person.state == ADOPTION_DONE) {
		*decision = person.decision;
	}
	adoption_person_finish(&person);
	return row != ROW_FAILED;
}

/* ------------------------------------------------------------------- counts */

#define COUNT_COLUMN(kind_, member, words_)                                                \
	{                                                                                  \
		.kind = COLUMN_##kind_, .offset = offsetof(struct adoption_count, member), \
		.size = sizeof(((struct adoption_count *)0)->member), .words = (words_)    \
	}
static const struct sqlite_column COUNT_COLUMNS[] = {
        COUNT_COLUMN(WORD, class_, &WORDS_CLASS),
        COUNT_COLUMN(WORD, rule, &WORDS_RULE),
        COUNT_COLUMN(BOOL, is_left, NULL),
        COUNT_COLUMN(BOOL, is_wanted, NULL),
        COUNT_COLUMN(BOOL, is_sourced_elsewhere, NULL),
        COUNT_COLUMN(WORD, decision, &WORDS_DECISION),
        COUNT_COLUMN(WORD, state, &WORDS_STATE),
        COUNT_COLUMN(INT64, people, NULL),
};

static bool read_counts(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct adoption_counts *counts, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct adoption_count *count =
		        sqlite_grow((void **)&counts->items, &counts->count, sizeof(*count));
		if (count == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for counts");
		}
		if (count == NULL ||
		        !sqlite_column_read(
		                stmt, COUNT_COLUMNS, ARRAY_SIZE(COUNT_COLUMNS), count, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		free(counts->items);
		*counts = (struct adoption_counts){0};
	}
	return row != ROW_FAILED;
}

bool store_adoption_counts(struct store *store, const char *connection,
        struct adoption_counts *counts, struct err *err)
{
	static const char SQL[] =
	        "SELECT class, rule, is_left, is_wanted, is_sourced_elsewhere, decision, state,"
	        " count(*) FROM adoption WHERE connection = ? GROUP BY 1, 2, 3, 4, 5, 6, 7";
	*counts = (struct adoption_counts){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = read_counts(
	        conn, sqlite_query(conn, SQL, VALUES(TEXT(connection)), err), counts, err);
	sqlite_pool_give(store, conn);
	return done;
}
