/* SPDX-License-Identifier: MIT */
/*
 * Finding people by parts of what they are called. The row keeps it folded in
 * one narrow column, whose index is looked through as a whole: parts of words
 * in any order have no beginning that a tree could be descended by, and 50,000
 * short texts are read in a few milliseconds (decision 0032).
 */
#include "server/store/sqlite.h"

#include "server/base/letters.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define SEARCH_MAX_BYTES 1024
#define WORDS_MAX        6
#define FILL_ROWS        1000

/* ----------------------------------------------------------------- folding */

static void add_folded(struct buf *to, const char *text)
{
	struct letters_text rest = {.at = text, .left = strlen(text)};
	uint32_t point = 0;

	while (letters_next(&rest, &point)) {
		const char *ascii = letters_ascii(letters_lower(point), LETTERS_PLAIN);
		if (letters_is_mark(point)) {
			continue;
		}
		if (ascii != NULL) {
			buf_add_text(to, ascii);
		} else {
			letters_add(to, letters_lower(point));
		}
	}
}

/* Words of a search have no white space, so that none is found across two lines. */
static void add_line(struct buf *to, const char *text)
{
	if (text != NULL && text[0] != '\0') {
		add_folded(to, text);
		buf_add_char(to, '\n');
	}
}

void sqlite_search_text(const struct employee *employee, const char *login, struct buf *to)
{
	const char *mail = personal_reveal(&employee->bob_email);
	const char *bob_login = personal_reveal(&employee->bob_login);

	buf_init(to, SEARCH_MAX_BYTES);
	add_line(to, personal_reveal(&employee->display_name));
	add_line(to, login);
	add_line(to, str_equal_fold(bob_login, login) ? "" : bob_login);
	add_line(to, str_equal_fold(mail, login) || str_equal_fold(mail, bob_login) ? "" : mail);
	if (to->len > 0) {
		str_fold(to->data);
	}
}

/* ---------------------------------------------------- rows of before a start */

static bool fill_row(struct sqlite_conn *conn, const struct employee_key *key, struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET search_text = ? WHERE connection = ? AND employee_id = ?";
	struct employee employee;
	char login[SQLITE_LOGIN_BYTES];
	struct buf text;
	bool done = sqlite_employee_load(conn, key, &employee, err) == ROW_FOUND &&
	        sqlite_waits_login(conn, key, login, err);

	if (done) {
		sqlite_search_text(&employee, login, &text);
		done = sqlite_exec(conn, SQL,
		        VALUES(TEXT(buf_text(&text)), TEXT(key->connection),
		                TEXT(key->employee_id)),
		        err);
		buf_finish(&text);
	}
	employee_finish(&employee);
	return done;
}

/* The next ones after key, which is moved on; count: how many there were. */
static bool fill_some(
        struct sqlite_conn *conn, struct employee_key *key, int *count, struct err *err)
{
	static const char SQL_BEGIN[] = "BEGIN IMMEDIATE";
	static const char SQL[] =
	        "SELECT connection, employee_id FROM employees INDEXED BY employees_unfolded"
	        " WHERE search_text = '' AND (display_name IS NOT NULL OR login IS NOT NULL)"
	        " AND (connection, employee_id) > (?, ?)"
	        " ORDER BY connection, employee_id LIMIT 1";
	bool done = sqlite_exec(conn, SQL_BEGIN, NULL, err);

	*count = 0;
	while (done && *count < FILL_ROWS) {
		struct sqlite3_stmt *stmt = sqlite_query(
		        conn, SQL, VALUES(TEXT(key->connection), TEXT(key->employee_id)), err);
		enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
		if (row == ROW_FOUND) {
			str_format_cut(key->connection, sizeof(key->connection), "%s",
			        (const char *)sqlite3_column_text(stmt, 0));
			str_format_cut(key->employee_id, sizeof(key->employee_id), "%s",
			        (const char *)sqlite3_column_text(stmt, 1));
		}
		sqlite_done(stmt);
		done = row == ROW_FOUND ? fill_row(conn, key, err) : row == ROW_NONE;
		if (row != ROW_FOUND) {
			break;
		}
		(*count)++;
	}
	return done && sqlite_commit(conn, err);
}

bool sqlite_search_begin(struct sqlite_conn *conn, struct err *err)
{
	struct employee_key key = {0};
	int count = 0;

	letters_init();
	do {
		if (!fill_some(conn, &key, &count, err)) {
			err_prefix(err, "folding names");
			return false;
		}
	} while (count == FILL_ROWS);
	return true;
}

/* --------------------------------------------------------------- conditions */

/* What a statement is given; it borrows the texts until search_finish. */
struct search {
	const struct employee_filter *filter;
	size_t limit;
	struct buf typed; /* folded, and cut into words */
	const char *words[WORDS_MAX];
	struct buf after; /* where the page begins, by name */
	struct sqlite3_stmt *stmt;
};

static void split(struct search *search)
{
	const char *text = search->filter->text != NULL ? search->filter->text : "";
	char *rest = NULL;
	size_t count = 0;

	add_folded(&search->typed, text);
	if (search->typed.len == 0 || search->typed.failed) {
		search->words[0] = text[0] != '\0' ? text : NULL;
		return;
	}
	str_fold(search->typed.data);
	for (char *word = strtok_r(search->typed.data, " \t\r\n", &rest);
	        word != NULL && count < WORDS_MAX; word = strtok_r(NULL, " \t\r\n", &rest)) {
		search->words[count++] = word;
	}
}

/* ?1 connection, ?2 and ?3 what it begins after, ?4 the most; the rest narrows down. */
#define IS_ID                                                           \
	"employee_id = ?9 OR employee_id IN (SELECT e.employee_id FROM" \
	" employees e WHERE e.connection = ?1 AND e.okta_id = ?9 AND e.okta_id <> '')"
#define NARROWED                                                             \
	" AND (?5 IS NULL OR state = ?5) AND (?6 IS NULL OR lifecycle = ?6)" \
	" AND (?7 IS NULL OR present_status = ?7)"                           \
	" AND (?8 = 0 OR EXISTS (SELECT 1 FROM holds h WHERE h.connection =" \
	" employees.connection AND h.employee_id = employees.employee_id))"  \
	" AND (?9 IS NULL OR " IS_ID                                         \
	" OR (?10 = 0 AND (?11 IS NULL OR instr(search_text, ?11) > 0)"      \
	" AND (?12 IS NULL OR instr(search_text, ?12) > 0)"                  \
	" AND (?13 IS NULL OR instr(search_text, ?13) > 0)"                  \
	" AND (?14 IS NULL OR instr(search_text, ?14) > 0)"                  \
	" AND (?15 IS NULL OR instr(search_text, ?15) > 0)"                  \
	" AND (?16 IS NULL OR instr(search_text, ?16) > 0)))"
#define KEYS    "SELECT connection, employee_id FROM employees"
#define BY_NAME " INDEXED BY employees_search WHERE search_text >= '' AND connection = ?1"

static const char SQL_NAMES[] = KEYS BY_NAME " AND (search_text, employee_id) > (?2, ?3)" NARROWED
                                             " ORDER BY search_text, employee_id LIMIT ?4";
static const char SQL_IDS[] =
        KEYS " WHERE connection = ?1 AND ?2 IS NOT NULL AND employee_id > ?3" NARROWED
             " ORDER BY employee_id LIMIT ?4";
/* Names are quicker looked through in the narrow index, and put in order of ids afterwards. */
static const char SQL_TEXT_IDS[] = KEYS BY_NAME " AND ?2 IS NOT NULL AND employee_id > ?3" NARROWED
                                                " ORDER BY employee_id LIMIT ?4";
static const char SQL_ALL[] =
        KEYS " WHERE ?1 IS NULL AND ?2 IS NOT NULL AND employee_id > ?3" NARROWED
             " ORDER BY employee_id, connection LIMIT ?4";
static const char SQL_COUNT[] = "SELECT count(*) FROM (SELECT 1 FROM employees" BY_NAME
                                " AND ?2 IS NOT NULL AND ?3 IS NOT NULL" NARROWED " LIMIT ?4)";

static const char *choose(const struct employee_filter *filter)
{
	if (filter->connection == NULL) {
		return SQL_ALL;
	}
	if (filter->is_by_name) {
		return SQL_NAMES;
	}
	return filter->text != NULL && !filter->is_text_an_id ? SQL_TEXT_IDS : SQL_IDS;
}

static bool find_place(struct sqlite_conn *conn, struct search *search, struct err *err)
{
	static const char SQL[] =
	        "SELECT search_text FROM employees WHERE connection = ? AND employee_id = ?";
	const struct employee_filter *filter = search->filter;

	if (!filter->is_by_name || filter->after_employee_id == NULL) {
		return true;
	}
	struct sqlite3_stmt *stmt = sqlite_query(
	        conn, SQL, VALUES(TEXT(filter->connection), TEXT(filter->after_employee_id)), err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	if (row == ROW_FOUND) {
		buf_add_text(&search->after, (const char *)sqlite3_column_text(stmt, 0));
	} else if (row == ROW_NONE) {
		err_set(err, ERR_CONFLICT,
		        "the employee this page begins after is not known any more; begin again");
	}
	sqlite_done(stmt);
	return row == ROW_FOUND;
}

static bool search_begin(struct sqlite_conn *conn, struct search *search, const char *sql,
        const char *after_id, struct err *err)
{
	const struct employee_filter *filter = search->filter;
	const char *const *words = search->words;
	const char *state =
	        filter->state < EMPLOYEE_STATE_COUNT ? employee_state_name(filter->state) : NULL;
	const char *text = str_is_empty(filter->text) ? NULL : filter->text;

	split(search);
	search->stmt = sqlite_query(conn, sql,
	        VALUES(TEXT(filter->connection), TEXT(buf_text(&search->after)), TEXT(after_id),
	                INT((int64_t)search->limit), TEXT(state), TEXT(filter->lifecycle),
	                TEXT(filter->present_status), INT(filter->only_held ? 1 : 0), TEXT(text),
	                INT(filter->is_text_an_id ? 1 : 0), TEXT(words[0]), TEXT(words[1]),
	                TEXT(words[2]), TEXT(words[3]), TEXT(words[4]), TEXT(words[5])),
	        err);
	return search->stmt != NULL;
}

static void search_init(struct search *search, const struct employee_filter *filter, size_t limit)
{
	*search = (struct search){.filter = filter, .limit = limit};
	buf_init(&search->typed, SEARCH_MAX_BYTES);
	buf_init(&search->after, SEARCH_MAX_BYTES);
}

static void search_finish(struct search *search)
{
	sqlite_done(search->stmt);
	buf_finish(&search->typed);
	buf_finish(&search->after);
}

/* -------------------------------------------------------------------- lists */

struct key_list {
	struct employee_key *items;
	size_t count;
};

static bool add_key(struct key_list *keys, struct sqlite3_stmt *stmt, struct err *err)
{
	struct employee_key *key = sqlite_grow((void **)&keys->items, &keys->count, sizeof(*key));

	if (key == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for a list");
		return false;
	}
	str_format_cut(key->connection, sizeof(key->connection), "%s",
	        (const char *)sqlite3_column_text(stmt, 0));
	str_format_cut(key->employee_id, sizeof(key->employee_id), "%s",
	        (const char *)sqlite3_column_text(stmt, 1));
	return true;
}

static bool find_keys(struct sqlite_conn *conn, const struct employee_filter *filter,
        struct key_list *keys, struct err *err)
{
	const char *after = filter->after_employee_id != NULL ? filter->after_employee_id : "";
	struct search search;

	search_init(&search, filter, filter->limit);
	bool done = find_place(conn, &search, err) &&
	        search_begin(conn, &search, choose(filter), after, err);
	while (done) {
		enum sqlite_row row = sqlite_step(conn, search.stmt, err);
		if (row != ROW_FOUND) {
			done = row == ROW_NONE;
			break;
		}
		done = add_key(keys, search.stmt, err);
	}
	search_finish(&search);
	return done;
}

static bool load_all(struct sqlite_conn *conn, const struct key_list *keys,
        struct employee_list *employees, struct err *err)
{
	for (size_t i = 0; i < keys->count; i++) {
		struct employee *employee = sqlite_grow(
		        (void **)&employees->items, &employees->count, sizeof(*employee));
		if (employee == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for a list");
			return false;
		}
		if (sqlite_employee_load(conn, &keys->items[i], employee, err) != ROW_FOUND) {
			return false;
		}
	}
	return true;
}

/* Short statements only: a long reader would keep the log from being emptied (S5). */
bool store_employee_list(struct store *store, const struct employee_filter *filter,
        struct employee_list *employees, struct err *err)
{
	*employees = (struct employee_list){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	struct key_list keys = {0};
	bool done = find_keys(conn, filter, &keys, err) && load_all(conn, &keys, employees, err);
	sqlite_pool_give(store, conn);
	free(keys.items);
	if (!done) {
		employee_list_finish(employees);
	}
	return done;
}

bool store_employee_count(struct store *store, const struct employee_filter *filter, size_t most,
        size_t *count, struct err *err)
{
	struct search search;
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*count = 0;
	if (conn == NULL) {
		return false;
	}
	search_init(&search, filter, most);
	bool done = search_begin(conn, &search, SQL_COUNT, "", err) &&
	        sqlite_step(conn, search.stmt, err) == ROW_FOUND;
	if (done) {
		*count = (size_t)sqlite3_column_int64(search.stmt, 0);
	}
	search_finish(&search);
	sqlite_pool_give(store, conn);
	return done;
}
