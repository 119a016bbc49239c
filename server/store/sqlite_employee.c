/* SPDX-License-Identifier: MIT */
/*
 * One employee's row inside a write: loaded as a whole, written by groups of
 * columns, so that an event never touches what a run owns and a run never
 * takes back what an event said.
 */
#include "server/store/sqlite_audit.h"

#include "server/base/json.h"
#include "server/base/str.h"

#include <assert.h>
#include <sqlite3.h>
#include <string.h>

#define VALUES_MAX      80
#define LOGIN_MAX_BYTES 512

static const struct sqlite_column COLUMNS[] = {
#define COLUMN(group_, kind_, column, member, words_)           \
	{.kind = COLUMN_##kind_,                                \
	        .group = EMPLOYEE_GROUP_##group_,               \
	        .offset = offsetof(struct employee, member),    \
	        .size = sizeof(((struct employee *)0)->member), \
	        .words = (words_)},
#include "server/store/employee_columns.def"
#undef COLUMN
};

/* ----------------------------------------------------------------- reading */

static unsigned parse_kinds(const char *text)
{
	unsigned kinds = 0;
	while (text != NULL && *text != '\0') {
		char word[32];
		size_t len = strcspn(text, ",");
		str_format_cut(word, sizeof(word), "%.*s", (int)len, text);
		enum hold_kind kind = hold_kind_parse(word);
		kinds |= kind < HOLD_KIND_COUNT ? 1u << kind : 0;
		text += len + (text[len] == ',' ? 1 : 0);
	}
	return kinds;
}

static bool read_employee(struct sqlite3_stmt *stmt, struct employee *employee, struct err *err)
{
	if (!sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), employee, err)) {
		return false;
	}
	employee->hold_kinds =
	        parse_kinds((const char *)sqlite3_column_text(stmt, (int)ARRAY_SIZE(COLUMNS)));
	return true;
}

enum sqlite_row sqlite_employee_load(struct sqlite_conn *conn, const struct employee_key *key,
        struct employee *employee, struct err *err)
{
	static const char SQL[] = "SELECT "
#define COLUMN(group, kind, column, member, words) #column ", "
#include "server/store/employee_columns.def"
#undef COLUMN
	                          "(SELECT group_concat(h.kind) FROM holds h WHERE h.connection ="
	                          " employees.connection AND h.employee_id = employees.employee_id)"
	                          " FROM employees WHERE connection = ? AND employee_id = ?";
	*employee = (struct employee){0};
	struct sqlite3_stmt *stmt =
	        sqlite_query(conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), err);
	if (stmt == NULL) {
		return ROW_FAILED;
	}
	enum sqlite_row row = sqlite_step(conn, stmt, err);
	if (row == ROW_FOUND && !read_employee(stmt, employee, err)) {
		row = ROW_FAILED;
	}
	sqlite_done(stmt);
	return row;
}

bool sqlite_employee_ensure(struct sqlite_conn *conn, const struct employee_key *key,
        struct employee *employee, struct err *err)
{
	static const char SQL[] = "INSERT INTO employees (connection, employee_id) VALUES (?, ?)";
	enum sqlite_row row = sqlite_employee_load(conn, key, employee, err);
	if (row != ROW_NONE) {
		return row == ROW_FOUND;
	}
	return sqlite_erased_refuse(conn, key, err) &&
	        sqlite_exec(
	                conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), err) &&
	        sqlite_employee_load(conn, key, employee, err) == ROW_FOUND;
}

/* ----------------------------------------------------------------- writing */

/* One update of the row: extra values first, then the groups' columns, then the key. */
struct update {
	const char *sql;
	unsigned groups;
	const char *login; /* with ACCOUNT */
};

static bool write_groups(struct sqlite_conn *conn, const struct update *update,
        const struct employee *employee, struct err *err)
{
	struct sqlite_value values[VALUES_MAX];
	size_t count = 0;
	static_assert(ARRAY_SIZE(COLUMNS) + 5 <= VALUES_MAX, "room for every column");
	struct buf search;
	buf_init(&search, 0);
	if ((update->groups & EMPLOYEE_GROUP_ACCOUNT) != 0) {
		sqlite_search_text(employee, update->login, &search);
		values[count++] = TEXT(update->login);
		values[count++] = TEXT(buf_text(&search));
	}
	for (size_t i = 0; i < ARRAY_SIZE(COLUMNS); i++) {
		if ((COLUMNS[i].group & update->groups) != 0) {
			values[count++] = sqlite_column_value(&COLUMNS[i], employee);
		}
	}
	values[count++] = TEXT(employee->key.connection);
	values[count++] = TEXT(employee->key.employee_id);
	values[count] = (struct sqlite_value){.kind = VALUE_END};
	bool done = sqlite_exec(conn, update->sql, values, err);
	buf_finish(&search);
	return done;
}

/* The folded login of the present profile; "" when it has none. */
static bool find_login(const struct employee *employee, char *to, size_t size, struct err *err)
{
	to[0] = '\0';
	const char *text = employee->present_profile.text;
	if (text == NULL) {
		return true;
	}
	json_t *profile = json_parse(text, strlen(text), err);
	if (profile == NULL) {
		err_prefix(err, "present_profile");
		return false;
	}
	const char *login = json_get_text(profile, "login");
	bool done = login == NULL || str_copy(to, size, login);
	str_fold(to);
	json_decref(profile);
	if (!done) {
		err_set(err, ERR_BAD_REQUEST, "present_profile: the login is too long");
	}
	return done;
}

/* Each group once, as ", [column] = ?" or nothing. */
#define COLUMN(group, kind, column, member, words) SET_##group(column)
#define SET(column)                                ", " #column " = ?"
#define SET_KEY(column)
#define SET_STATE(column)
#define SET_CLAIM(column)

#define WHERE " WHERE connection = ? AND employee_id = ?"

bool sqlite_employee_write_event(
        struct sqlite_conn *conn, const struct employee *employee, struct err *err)
{
#define SET_EVENT(column) SET(column)
#define SET_RUN(column)
#define SET_ACCOUNT(column)
	static const char SQL[] = "UPDATE employees SET is_retry_waived = is_retry_waived"
#include "server/store/employee_columns.def"
	        WHERE;
#undef SET_EVENT
#undef SET_RUN
#undef SET_ACCOUNT
	struct update update = {SQL, EMPLOYEE_GROUP_EVENT, NULL};
	return write_groups(conn, &update, employee, err);
}

bool sqlite_employee_write_account(
        struct sqlite_conn *conn, const struct employee *employee, struct err *err)
{
#define SET_EVENT(column)
#define SET_RUN(column)
#define SET_ACCOUNT(column) SET(column)
	static const char SQL[] = "UPDATE employees SET login = nullif(?, ''), search_text = ?"
#include "server/store/employee_columns.def"
	        WHERE;
#undef SET_EVENT
#undef SET_RUN
	char login[LOGIN_MAX_BYTES];
	struct update update = {SQL, EMPLOYEE_GROUP_ACCOUNT, login};
	return find_login(employee, login, sizeof(login), err) &&
	        write_groups(conn, &update, employee, err);
}

bool sqlite_employee_write_run(
        struct sqlite_conn *conn, const struct employee *employee, struct err *err)
{
#define SET_EVENT(column) SET(column)
#define SET_RUN(column)   SET(column)
	static const char SQL[] = "UPDATE employees SET login = nullif(?, ''), search_text = ?"
#include "server/store/employee_columns.def"
	        WHERE;
	char login[LOGIN_MAX_BYTES];
	struct update update = {
	        SQL, EMPLOYEE_GROUP_EVENT | EMPLOYEE_GROUP_RUN | EMPLOYEE_GROUP_ACCOUNT, login};
	return find_login(employee, login, sizeof(login), err) &&
	        write_groups(conn, &update, employee, err);
}

/* ------------------------------------------------------------------- state */

/* Who may go where; working to working is a claim after a lease ran out. */
static const bool MOVES[EMPLOYEE_STATE_COUNT][EMPLOYEE_STATE_COUNT] = {
        [EMPLOYEE_IDLE] = {[EMPLOYEE_DIRTY] = true, [EMPLOYEE_WORKING] = true},
        [EMPLOYEE_DIRTY] = {[EMPLOYEE_WORKING] = true},
        [EMPLOYEE_WORKING] = {[EMPLOYEE_IDLE] = true,
                [EMPLOYEE_DIRTY] = true,
                [EMPLOYEE_WORKING] = true,
                [EMPLOYEE_WAITING] = true,
                [EMPLOYEE_FAILED] = true,
                [EMPLOYEE_PARKED] = true},
        [EMPLOYEE_WAITING] = {[EMPLOYEE_DIRTY] = true, [EMPLOYEE_WORKING] = true},
        [EMPLOYEE_FAILED] = {[EMPLOYEE_DIRTY] = true, [EMPLOYEE_WORKING] = true},
        [EMPLOYEE_PARKED] = {[EMPLOYEE_DIRTY] = true, [EMPLOYEE_WORKING] = true},
};

bool sqlite_employee_set_state(struct sqlite_conn *conn, struct employee *employee,
        enum employee_state to, struct err *err)
{
	static const char SQL[] = "UPDATE employees SET state = ?" WHERE " AND state = ?";
	if (!MOVES[employee->state][to]) {
		err_set(err, ERR_CONFLICT, "an employee cannot go from %s to %s",
		        employee_state_name(employee->state), employee_state_name(to));
		return false;
	}
	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(employee_state_name(to)), TEXT(employee->key.connection),
	                    TEXT(employee->key.employee_id),
	                    TEXT(employee_state_name(employee->state))),
	            err)) {
		return false;
	}
	employee->state = to;
	return true;
}

bool sqlite_employee_dirty(struct sqlite_conn *conn, struct employee *employee, enum lane lane,
        int64_t since_ms, struct err *err)
{
	employee->generation++;
	employee->lane = lane < employee->lane ? lane : employee->lane;
	if (employee->dirty_since_ms == 0) {
		employee->dirty_since_ms = since_ms;
	}
	switch (employee->state) {
	case EMPLOYEE_FAILED:
		employee->attempts = 0;
		employee->failing_since_ms = 0;
		return sqlite_employee_set_state(conn, employee, EMPLOYEE_DIRTY, err);
	case EMPLOYEE_IDLE:
	case EMPLOYEE_WAITING:
		return sqlite_employee_set_state(conn, employee, EMPLOYEE_DIRTY, err);
	case EMPLOYEE_DIRTY:
	case EMPLOYEE_WORKING:
	case EMPLOYEE_PARKED:
	case EMPLOYEE_STATE_COUNT: return true;
	}
	return true;
}

bool sqlite_employee_waive_retry(
        struct sqlite_conn *conn, struct employee *employee, struct err *err)
{
	static const char SQL[] = "UPDATE employees SET is_retry_waived = 1" WHERE;
	employee->retry_not_before_ms = 0;
	if (employee->state != EMPLOYEE_WORKING) {
		return true;
	}
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(employee->key.connection), TEXT(employee->key.employee_id)), err);
}
