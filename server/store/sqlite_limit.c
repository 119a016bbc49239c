/* SPDX-License-Identifier: MIT */
#include "server/store/approvals.h"
#include "server/store/sqlite.h"

/* Engine rule 19: windows are of accumulated running time. */
#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)
#define WEEK_MS (7 * DAY_MS)

#define COUNTED " AND outcome NOT IN ('not_sent', 'dry_run')"

bool sqlite_managed_active(
        struct sqlite_conn *conn, const char *connection, int64_t *count, struct err *err)
{
	/* As employees_active says it, so that only its entries are counted. */
	static const char SQL[] =
	        "SELECT count(*) FROM employees WHERE connection = ? AND okta_id <> '' AND"
	        " present_status IN"
	        " ('PROVISIONED', 'ACTIVE', 'LOCKED_OUT', 'PASSWORD_EXPIRED', 'RECOVERY')";
	return sqlite_number(conn, SQL, VALUES(TEXT(connection)), count, err);
}

/* The larger of the two (M2); percentages are rounded down. */
static bool allowed(struct sqlite_conn *conn, const struct intent *intent,
        const struct limit_window *window, int64_t *most, struct err *err)
{
	int64_t active = 0;
	if (window->percent > 0 &&
	        !sqlite_managed_active(conn, intent->key.connection, &active, err)) {
		return false;
	}
	int64_t share = active * window->percent / 100;
	*most = window->count > share ? window->count : share;
	return true;
}

/* What counts against a limit. */
struct window_query {
	const char *connection;
	enum limit_kind limit;
	int64_t since_ms; /* running time */
};

static bool count_people(
        struct sqlite_conn *conn, const struct window_query *query, int64_t *count, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(DISTINCT employee_id) FROM intents WHERE connection = ?"
	        " AND [limit] = ? AND running_ms > ?" COUNTED;
	return sqlite_number(conn, SQL,
	        VALUES(TEXT(query->connection), TEXT(limit_kind_name(query->limit)),
	                INT(query->since_ms)),
	        count, err);
}

static bool check_window(struct sqlite_conn *conn, const struct intent *intent,
        const struct limit_window *window, int64_t since_ms, bool *is_over, struct err *err)
{
	static const char SQL_OWN[] =
	        "SELECT count(*) FROM intents WHERE connection = ? AND [limit] = ?"
	        " AND running_ms > ? AND employee_id = ?" COUNTED;
	const char *connection = intent->key.connection;
	const char *limit = limit_kind_name(intent->limit);
	const struct window_query query = {connection, intent->limit, since_ms};
	int64_t most = 0;
	int64_t others = 0;
	int64_t own = 0;
	if (window->count <= 0 && window->percent <= 0) {
		return true;
	}
	if (!allowed(conn, intent, window, &most, err) ||
	        !count_people(conn, &query, &others, err) ||
	        !sqlite_number(conn, SQL_OWN,
	                VALUES(TEXT(connection), TEXT(limit), INT(since_ms),
	                        TEXT(intent->key.employee_id)),
	                &own, err)) {
		return false;
	}
	*is_over = *is_over || (own == 0 && others >= most);
	return true;
}

bool sqlite_limit_check(struct sqlite_conn *conn, const struct intent *intent,
        const struct limit_set *limits, bool *is_over, struct err *err)
{
	*is_over = false;
	if (limits == NULL || intent->limit == LIMIT_NONE || intent->is_approved) {
		return true;
	}
	int64_t now_ms = 0;
	return sqlite_state_get(conn, "running_ms", &now_ms, err) &&
	        check_window(conn, intent, &limits->hour[intent->limit], now_ms - HOUR_MS, is_over,
	                err) &&
	        check_window(
	                conn, intent, &limits->day[intent->limit], now_ms - DAY_MS, is_over, err) &&
	        check_window(
	                conn, intent, &limits->week[intent->limit], now_ms - WEEK_MS, is_over, err);
}

bool store_limit_used(struct store *store, const char *connection, enum limit_kind limit,
        struct limit_used *used, struct err *err)
{
	struct {
		int64_t length_ms;
		int64_t *count;
	} windows[] = {{HOUR_MS, &used->hour}, {DAY_MS, &used->day}, {WEEK_MS, &used->week}};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	int64_t now_ms = 0;
	*used = (struct limit_used){0};
	if (conn == NULL) {
		return false;
	}
	bool done = sqlite_state_get(conn, "running_ms", &now_ms, err);
	for (size_t i = 0; done && i < ARRAY_SIZE(windows); i++) {
		const struct window_query query = {
		        connection, limit, now_ms - windows[i].length_ms};
		done = count_people(conn, &query, windows[i].count, err);
	}
	sqlite_pool_give(store, conn);
	return done;
}
