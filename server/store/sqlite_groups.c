/* SPDX-License-Identifier: MIT */
/* Memberships: written with the outcome of an intent, read per Okta user and counted per group. */
#include "server/store/groups.h"
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const STATES[MEMBERSHIP_STATE_COUNT] = {
        [MEMBERSHIP_GIVEN] = "given",
        [MEMBERSHIP_FOUND] = "found",
        [MEMBERSHIP_LAPSED] = "lapsed",
};

const char *membership_state_name(enum membership_state state)
{
	return (size_t)state < MEMBERSHIP_STATE_COUNT ? STATES[state] : "unknown";
}

static const char *state_word(int value)
{
	return membership_state_name((enum membership_state)value);
}

static const struct sqlite_words STATE_WORDS = {state_word, MEMBERSHIP_STATE_COUNT};

void membership_list_finish(struct membership_list *list)
{
	free(list->items);
	*list = (struct membership_list){0};
}

const struct membership *membership_find(const struct membership_list *list, const char *group_id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (str_equal(list->items[i].group_id, group_id)) {
			return &list->items[i];
		}
	}
	return NULL;
}

void group_count_list_finish(struct group_count_list *list)
{
	free(list->items);
	*list = (struct group_count_list){0};
}

const struct group_count *group_count_find(
        const struct group_count_list *list, const char *group_id)
{
	for (size_t i = 0; group_id[0] != '\0' && i < list->count; i++) {
		if (strcmp(list->items[i].group_id, group_id) == 0) {
			return &list->items[i];
		}
	}
	return NULL;
}

/* ----------------------------------------------------------------- writing */

/* Giving again what lapsed makes it given; what we took is on record no more. */
bool sqlite_membership_write(struct sqlite_conn *conn, const struct employee_key *key,
        const struct membership_change *change, struct err *err)
{
	static const char SQL_GIVEN[] =
	        "INSERT INTO employee_groups (connection, okta_id, group_id, employee_id,"
	        " given_at_ms, state) VALUES (?, ?, ?, ?, ?, 'given')"
	        " ON CONFLICT (connection, okta_id, group_id) DO UPDATE SET state = 'given',"
	        " given_at_ms = excluded.given_at_ms, employee_id = excluded.employee_id";
	static const char SQL_TAKEN[] = "DELETE FROM employee_groups WHERE connection = ?"
	                                " AND okta_id = ? AND group_id = ?";
	if (!change->is_join) {
		return sqlite_exec(conn, SQL_TAKEN,
		        VALUES(TEXT(key->connection), TEXT(change->okta_id),
		                TEXT(change->group_id)),
		        err);
	}
	return sqlite_exec(conn, SQL_GIVEN,
	        VALUES(TEXT(key->connection), TEXT(change->okta_id), TEXT(change->group_id),
	                TEXT(key->employee_id), INT(clock_wall_ms())),
	        err);
}

struct found_call {
	const struct employee_key *key;
	const char *okta_id;
	const char *group_id;
};

static bool found_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "INSERT OR IGNORE INTO employee_groups (connection, okta_id, group_id, employee_id,"
	        " given_at_ms, state) VALUES (?, ?, ?, ?, ?, 'found')";
	const struct found_call *call = context;
	return sqlite_exec(conn, SQL,
	        VALUES(TEXT(call->key->connection), TEXT(call->okta_id), TEXT(call->group_id),
	                TEXT(call->key->employee_id), INT(clock_wall_ms())),
	        err);
}

bool store_membership_found(struct store *store, const struct employee_key *key,
        const char *okta_id, const char *group_id, struct err *err)
{
	struct found_call call = {key, okta_id, group_id};
	return sqlite_write(store, found_run, &call, err);
}

/* ----------------------------------------------------------------- reading */

#define COLUMN_OF(struct_, member, kind_, words_)                                   \
	{                                                                           \
		.kind = COLUMN_##kind_, .offset = offsetof(struct struct_, member), \
		.size = sizeof(((struct struct_ *)0)->member), .words = (words_),   \
	}

static const struct sqlite_column MEMBERSHIP[] = {
        COLUMN_OF(membership, okta_id, TEXT, NULL),
        COLUMN_OF(membership, group_id, TEXT, NULL),
        COLUMN_OF(membership, employee_id, TEXT, NULL),
        COLUMN_OF(membership, given_at_ms, INT64, NULL),
        COLUMN_OF(membership, state, WORD, &STATE_WORDS),
};

static const struct sqlite_column GROUP_COUNT[] = {
        COLUMN_OF(group_count, group_id, TEXT, NULL),
        COLUMN_OF(group_count, given, INT64, NULL),
        COLUMN_OF(group_count, found, INT64, NULL),
};

/* How the rows of a query become elements of an array. */
struct shape {
	const struct sqlite_column *columns;
	size_t column_count;
	size_t size; /* of an element */
};

static bool read_row(struct sqlite3_stmt *stmt, const struct shape *shape, void **items,
        size_t *count, struct err *err)
{
	void *item = sqlite_grow(items, count, shape->size);
	if (item == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for memberships");
		return false;
	}
	return sqlite_column_read(stmt, shape->columns, shape->column_count, item, err);
}

struct rows {
	void *items;
	size_t count;
};

/* False, and no items, when the store failed. */
static bool read_rows(struct store *store, struct rows *rows, const struct shape *shape,
        const char *sql, const struct sqlite_value *values, struct err *err)
{
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	enum sqlite_row row = ROW_FAILED;
	if (conn == NULL) {
		return false;
	}
	struct sqlite3_stmt *stmt = sqlite_query(conn, sql, values, err);
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		if (!read_row(stmt, shape, &rows->items, &rows->count, err)) {
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	sqlite_pool_give(store, conn);
	if (row == ROW_FAILED) {
		free(rows->items);
		*rows = (struct rows){0};
	}
	return row != ROW_FAILED;
}

bool store_membership_list(struct store *store, const char *connection, const char *okta_id,
        struct membership_list *list, struct err *err)
{
	static const char SQL[] =
	        "SELECT okta_id, group_id, employee_id, given_at_ms, state FROM employee_groups"
	        " WHERE connection = ? AND okta_id = ? ORDER BY group_id";
	static const struct shape SHAPE = {
	        MEMBERSHIP, ARRAY_SIZE(MEMBERSHIP), sizeof(struct membership)};
	struct rows rows = {0};
	bool done =
	        read_rows(store, &rows, &SHAPE, SQL, VALUES(TEXT(connection), TEXT(okta_id)), err);
	*list = (struct membership_list){rows.items, rows.count};
	return done;
}

bool store_membership_counts(
        struct store *store, const char *connection, struct group_count_list *list, struct err *err)
{
	static const char SQL[] =
	        "SELECT group_id, sum(state <> 'found'), sum(state = 'found') FROM employee_groups"
	        " WHERE connection = ? GROUP BY group_id ORDER BY group_id";
	static const struct shape SHAPE = {
	        GROUP_COUNT, ARRAY_SIZE(GROUP_COUNT), sizeof(struct group_count)};
	struct rows rows = {0};
	bool done = read_rows(store, &rows, &SHAPE, SQL, VALUES(TEXT(connection)), err);
	*list = (struct group_count_list){rows.items, rows.count};
	return done;
}
