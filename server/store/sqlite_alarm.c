/* SPDX-License-Identifier: MIT */
#include "server/store/alarms.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/store/sqlite.h"

#include <sqlite3.h>

#define ENDED_KEPT 1000

static const char *name_word(int value)
{
	return alarm_name((enum alarm_name)value);
}

static const struct sqlite_words NAMES = {.name = name_word, .count = ALARM_COUNT};

#define ALARM_COLUMN(kind_, member, words_)                                       \
	{                                                                         \
		.kind = COLUMN_##kind_, .offset = offsetof(struct alarm, member), \
		.size = sizeof(((struct alarm *)0)->member), .words = (words_)    \
	}
static const struct sqlite_column COLUMNS[] = {
        ALARM_COLUMN(INT64, alarm_id, NULL),
        ALARM_COLUMN(TEXT, connection, NULL),
        ALARM_COLUMN(WORD, name, &NAMES),
        ALARM_COLUMN(TEXT, subject, NULL),
        ALARM_COLUMN(INT64, since_ms, NULL),
        ALARM_COLUMN(INT64, seen_running_ms, NULL),
        ALARM_COLUMN(INT64, opened_at_ms, NULL),
        ALARM_COLUMN(INT64, sent_at_ms, NULL),
        ALARM_COLUMN(INT64, sent_running_ms, NULL),
        ALARM_COLUMN(INT64, sends, NULL),
        ALARM_COLUMN(TEXT, acknowledged_by, NULL),
        ALARM_COLUMN(INT64, acknowledged_at_ms, NULL),
        ALARM_COLUMN(INT64, ended_at_ms, NULL),
        ALARM_COLUMN(BOOL, is_end_sent, NULL),
};

#define SELECT_ALARMS                                                                           \
	"SELECT alarm_id, connection, name, subject, since_ms, seen_running_ms, opened_at_ms,"  \
	" sent_at_ms, sent_running_ms, sends, acknowledged_by, acknowledged_at_ms, ended_at_ms" \
	", is_end_sent FROM alarms "

/* ----------------------------------------------------------------- reading */

static bool read_alarms(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        struct alarm_list *alarms, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;

	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct alarm *alarm =
		        sqlite_grow((void **)&alarms->items, &alarms->count, sizeof(*alarm));
		if (alarm == NULL ||
		        !sqlite_column_read(stmt, COLUMNS, ARRAY_SIZE(COLUMNS), alarm, err)) {
			err_set(err, ERR_NO_MEMORY, "no memory for alarms");
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	if (row == ROW_FAILED) {
		alarm_list_finish(alarms);
	}
	return row != ROW_FAILED;
}

bool store_alarm_live(
        struct store *store, struct alarm_list *alarms, int64_t *running_ms, struct err *err)
{
	static const char SQL[] =
	        SELECT_ALARMS "WHERE ended_at_ms = 0 UNION ALL " SELECT_ALARMS
	                      "WHERE ended_at_ms > 0 AND is_end_sent = 0"
	                      " ORDER BY connection, name, subject, ended_at_ms, alarm_id";
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*alarms = (struct alarm_list){0};
	if (conn == NULL) {
		return false;
	}
	bool done = sqlite_state_get(conn, "running_ms", running_ms, err) &&
	        read_alarms(conn, sqlite_query(conn, SQL, NULL, err), alarms, err);
	sqlite_pool_give(store, conn);
	return done;
}

bool store_alarm_list(struct store *store, const struct alarm_query *query,
        struct alarm_list *alarms, struct err *err)
{
	static const char SQL[] =
	        SELECT_ALARMS "WHERE opened_at_ms > 0 AND (?1 IS NULL OR connection IN (?1, ''))"
	                      " AND (?2 OR ended_at_ms = 0)"
	                      " ORDER BY ended_at_ms > 0, ended_at_ms DESC, alarm_id DESC LIMIT ?3";
	struct sqlite_conn *conn = sqlite_pool_take(store, err);

	*alarms = (struct alarm_list){0};
	if (conn == NULL) {
		return false;
	}
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL,
	        VALUES(TEXT(query->connection), INT(query->with_ended ? 1 : 0),
	                INT((int64_t)query->limit)),
	        err);
	bool done = read_alarms(conn, stmt, alarms, err);
	sqlite_pool_give(store, conn);
	return done;
}

/* ----------------------------------------------------------------- writing */

struct write_call {
	struct alarm *const *alarms;
	size_t count;
};

static bool insert(struct sqlite_conn *conn, struct alarm *alarm, struct err *err)
{
	static const char SQL[] =
	        "INSERT INTO alarms (connection, name, subject, since_ms, seen_running_ms,"
	        " opened_at_ms) VALUES (?, ?, ?, ?, ?, ?)";

	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(alarm->connection), TEXT(alarm_name(alarm->name)),
	                    TEXT(alarm->subject), INT(alarm->since_ms), INT(alarm->seen_running_ms),
	                    INT(alarm->opened_at_ms)),
	            err)) {
		return false;
	}
	alarm->alarm_id = sqlite_inserted(conn);
	return true;
}

static bool update(struct sqlite_conn *conn, const struct alarm *alarm, struct err *err)
{
	static const char SQL[] =
	        "UPDATE alarms SET opened_at_ms = ?2, sent_at_ms = ?3, sent_running_ms = ?4,"
	        " sends = ?5, ended_at_ms = ?6, is_end_sent = ?7 WHERE alarm_id = ?1";

	return sqlite_exec(conn, SQL,
	        VALUES(INT(alarm->alarm_id), INT(alarm->opened_at_ms), INT(alarm->sent_at_ms),
	                INT(alarm->sent_running_ms), INT(alarm->sends), INT(alarm->ended_at_ms),
	                INT(alarm->is_end_sent ? 1 : 0)),
	        err);
}

static bool write_one(struct sqlite_conn *conn, struct alarm *alarm, struct err *err)
{
	static const char SQL[] = "DELETE FROM alarms WHERE alarm_id = ?";

	if (alarm->ended_at_ms > 0 && alarm->opened_at_ms == 0) {
		return sqlite_exec(conn, SQL, VALUES(INT(alarm->alarm_id)), err);
	}
	return alarm->alarm_id == 0 ? insert(conn, alarm, err) : update(conn, alarm, err);
}

static bool write_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL_OLD[] =
	        "DELETE FROM alarms WHERE ended_at_ms > 0 AND is_end_sent = 1 AND alarm_id <="
	        " (SELECT alarm_id FROM alarms WHERE ended_at_ms > 0 AND is_end_sent = 1"
	        " ORDER BY alarm_id DESC LIMIT 1 OFFSET ?)";
	const struct write_call *call = context;

	for (size_t i = 0; i < call->count; i++) {
		if (!write_one(conn, call->alarms[i], err)) {
			return false;
		}
	}
	return sqlite_exec(conn, SQL_OLD, VALUES(INT(ENDED_KEPT)), err);
}

bool store_alarm_write(
        struct store *store, struct alarm *const *alarms, size_t count, struct err *err)
{
	struct write_call call = {alarms, count};

	return sqlite_write(store, write_run, &call, err);
}

struct acknowledge_call {
	const struct alarm_choice *choice;
	size_t count;
};

/* Of all connections, or of this one; of the first whose alarm it is where one person is meant. */
static bool find_connection(struct sqlite_conn *conn, const struct alarm_choice *choice,
        char connection[CONNECTION_NAME_BYTES], struct err *err)
{
	static const char SQL[] = "SELECT connection FROM alarms WHERE name = ? AND subject = ?"
	                          " AND acknowledged_at_ms > 0 ORDER BY alarm_id DESC LIMIT 1";

	str_format_cut(connection, CONNECTION_NAME_BYTES, "%s",
	        choice->connection != NULL ? choice->connection : "");
	if (choice->connection != NULL || choice->subject == NULL) {
		return true;
	}
	struct sqlite3_stmt *stmt = sqlite_query(
	        conn, SQL, VALUES(TEXT(alarm_name(choice->name)), TEXT(choice->subject)), err);
	enum sqlite_row row = stmt != NULL ? sqlite_step(conn, stmt, err) : ROW_FAILED;
	if (row == ROW_FOUND) {
		str_format_cut(connection, CONNECTION_NAME_BYTES, "%s",
		        (const char *)sqlite3_column_text(stmt, 0));
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

/* A person's id goes where it can be erased: under the key of that person. */
static bool audit_choice(
        struct sqlite_conn *conn, const struct alarm_choice *choice, size_t count, struct err *err)
{
	const char *subject = choice->subject != NULL ? choice->subject : "";
	bool is_person = str_is_digits(subject, EMPLOYEE_ID_BYTES - 1);
	struct employee_key key = {0};
	char what[SENTENCE_BYTES];

	if (!find_connection(conn, choice, key.connection, err)) {
		return false;
	}
	str_format_cut(key.employee_id, sizeof(key.employee_id), "%s", is_person ? subject : "");
	str_format_cut(what, sizeof(what), "alarm %s%s%s acknowledged: %zu",
	        alarm_name(choice->name), subject[0] != '\0' ? " of " : "", subject, count);
	return sqlite_audit(conn, &key, choice->by, what, err);
}

static bool acknowledge_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE alarms SET acknowledged_by = ?1, acknowledged_at_ms = ?2"
	        " WHERE ended_at_ms = 0 AND opened_at_ms > 0 AND name = ?3"
	        " AND (?4 IS NULL OR subject = ?4) AND (?5 IS NULL OR connection IN (?5, ''))";
	struct acknowledge_call *call = context;
	const struct alarm_choice *choice = call->choice;

	if (!sqlite_exec(conn, SQL,
	            VALUES(TEXT(choice->by), INT(clock_wall_ms()), TEXT(alarm_name(choice->name)),
	                    TEXT(choice->subject), TEXT(choice->connection)),
	            err)) {
		return false;
	}
	call->count = (size_t)sqlite_changes(conn);
	if (call->count == 0) {
		err_set(err, ERR_NOT_FOUND, "no such alarm is open, or not any more");
		return false;
	}
	return audit_choice(conn, choice, call->count, err);
}

bool store_alarm_acknowledge(
        struct store *store, const struct alarm_choice *choice, size_t *count, struct err *err)
{
	struct acknowledge_call call = {.choice = choice};
	bool done = sqlite_write(store, acknowledge_run, &call, err);

	*count = done ? call.count : 0;
	return done;
}
