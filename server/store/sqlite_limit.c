/* SPDX-License-Identifier: MIT */
#include "server/store/limits.h"

#include "server/base/clock.h"
#include "server/store/sqlite.h"

/* Engine rule 19: windows are of accumulated running time. */
#define DAY_MS (INT64_C(24) * 3600000)

/* A call that may have left counts, even if Okta showed nothing of it afterwards: it may yet. */
#define COUNTED      "(outcome NOT IN ('not_sent', 'dry_run') OR is_resolved = 1)"
#define ACTIVE_WORDS "('PROVISIONED', 'ACTIVE', 'LOCKED_OUT', 'PASSWORD_EXPIRED', 'RECOVERY')"

bool sqlite_managed_active(
        struct sqlite_conn *conn, const char *connection, int64_t *count, struct err *err)
{
	/* As employees_active says it, so that only its entries are counted. */
	static const char SQL[] =
	        "SELECT count(*) FROM employees WHERE connection = ? AND okta_id <> ''"
	        " AND present_status IN " ACTIVE_WORDS;
	return sqlite_number(conn, SQL, VALUES(TEXT(connection)), count, err);
}

/* ---------------------------------------------------------------- a moment */

/* What a limit is looked at with. */
struct moment {
	const char *connection;
	enum limit_kind limit;
	int64_t now_ms; /* running time */
	int64_t full_ms; /* since when the store is a restored one; 0: it is none */
	int64_t since_ms; /* what the window in hand begins after */
	const char *employee_id; /* who wants to pass */
	int64_t base; /* of percentages, of every window the same */
	bool has_base;
};

static bool begin(struct sqlite_conn *conn, struct moment *moment, struct err *err)
{
	return sqlite_state_get(conn, "running_ms", &moment->now_ms, err) &&
	        sqlite_state_get(conn, SQLITE_STATE_FULL, &moment->full_ms, err);
}

static bool is_filled(const struct moment *moment)
{
	return moment->full_ms > 0 && moment->full_ms > moment->since_ms;
}

static bool has_window(const struct limit_window *window)
{
	return window->count != 0 || window->percent > 0;
}

/*
 * What a percentage is taken of: active accounts that have been so for a day of running time. A
 * mistake, or somebody who makes people up, would else raise the limit along with what it limits.
 */
static bool count_base(
        struct sqlite_conn *conn, const struct moment *moment, int64_t *base, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(DISTINCT i.employee_id) FROM intents i INDEXED BY intents_fresh"
	        " JOIN employees e ON e.connection = i.connection AND e.employee_id = i.employee_id"
	        " WHERE i.connection = ? AND i.running_ms > ? AND i.kind IN ('create', 'activate',"
	        " 'reactivate', 'unsuspend', 'link') AND i.outcome NOT IN ('not_sent', 'dry_run')"
	        " AND e.okta_id <> '' AND e.present_status IN " ACTIVE_WORDS;
	int64_t active = 0;
	int64_t fresh = 0;
	bool done = sqlite_managed_active(conn, moment->connection, &active, err) &&
	        sqlite_number(conn, SQL,
	                VALUES(TEXT(moment->connection), INT(moment->now_ms - DAY_MS)), &fresh,
	                err);
	*base = active - fresh;
	return done;
}

/* The larger of the two (M2); percentages are rounded down. */
static bool find_allowed(struct sqlite_conn *conn, struct moment *moment,
        const struct limit_window *window, int64_t *allowed, struct err *err)
{
	if (window->count == LIMIT_NOBODY) {
		*allowed = 0;
		return true;
	}
	if (window->percent > 0 && !moment->has_base) {
		if (!count_base(conn, moment, &moment->base, err)) {
			return false;
		}
		moment->has_base = true;
	}
	int64_t share = window->percent > 0 ? moment->base * window->percent / 100 : 0;
	*allowed = window->count > share ? window->count : share;
	return true;
}

static bool count_people(
        struct sqlite_conn *conn, const struct moment *moment, int64_t *count, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(DISTINCT employee_id) FROM intents INDEXED BY intents_window"
	        " WHERE connection = ? AND [limit] = ? AND running_ms > ? AND " COUNTED;
	return sqlite_number(conn, SQL,
	        VALUES(TEXT(moment->connection), TEXT(limit_kind_name(moment->limit)),
	                INT(moment->since_ms)),
	        count, err);
}

/* ---------------------------------------------------------------- judging */

/* Who counts already may go on; in a restored store, who counted since. */
static bool counts_already(
        struct sqlite_conn *conn, const struct moment *moment, bool *counts, struct err *err)
{
	static const char SQL[] =
	        "SELECT count(*) FROM intents WHERE connection = ? AND employee_id = ?"
	        " AND [limit] = ? AND running_ms > ? AND " COUNTED;
	int64_t from_ms = is_filled(moment) ? moment->full_ms - 1 : moment->since_ms;
	int64_t own = 0;
	bool done = sqlite_number(conn, SQL,
	        VALUES(TEXT(moment->connection), TEXT(moment->employee_id),
	                TEXT(limit_kind_name(moment->limit)), INT(from_ms)),
	        &own, err);
	*counts = own > 0;
	return done;
}

/* The percentage is only asked for when the count does not do. */
static bool is_window_full(struct sqlite_conn *conn, struct moment *moment,
        const struct limit_window *window, bool *is_full, struct err *err)
{
	int64_t people = 0;
	int64_t allowed = 0;
	*is_full = true;
	if (is_filled(moment) || window->count == LIMIT_NOBODY) {
		return true;
	}
	if (!count_people(conn, moment, &people, err)) {
		return false;
	}
	if (people < window->count) {
		*is_full = false;
		return true;
	}
	if (!find_allowed(conn, moment, window, &allowed, err)) {
		return false;
	}
	*is_full = people >= allowed;
	return true;
}

static bool check_window(struct sqlite_conn *conn, struct moment *moment,
        const struct limit_window *window, bool *is_over, struct err *err)
{
	bool is_full = false;
	bool counts = false;
	if (!has_window(window)) {
		return true;
	}
	if (!is_window_full(conn, moment, window, &is_full, err) ||
	        (is_full && !counts_already(conn, moment, &counts, err))) {
		return false;
	}
	*is_over = *is_over || (is_full && !counts);
	return true;
}

bool sqlite_limit_check(struct sqlite_conn *conn, const struct intent *intent,
        const struct limit_set *limits, bool *is_over, struct err *err)
{
	struct moment moment = {.connection = intent->key.connection,
	        .limit = intent->limit,
	        .employee_id = intent->key.employee_id};
	*is_over = false;
	if (limits == NULL || intent->limit == LIMIT_NONE || intent->is_approved) {
		return true;
	}
	bool done = begin(conn, &moment, err);
	for (int period = 0; done && !*is_over && period < LIMIT_PERIOD_COUNT; period++) {
		enum limit_period which = (enum limit_period)period;
		moment.since_ms = moment.now_ms - limit_period_ms(which);
		done = check_window(conn, &moment, limit_set_window(limits, intent->limit, which),
		        is_over, err);
	}
	return done;
}

/* ---------------------------------------------------------------- looking */

/* When so many of those who count have left the window that somebody new passes. */
static bool find_next(struct sqlite_conn *conn, const struct moment *moment,
        const struct limit_fill *fill, int64_t *left_at_ms, struct err *err)
{
	static const char SQL[] =
	        "SELECT max(running_ms) AS latest FROM intents INDEXED BY intents_window"
	        " WHERE connection = ? AND [limit] = ? AND running_ms > ? AND " COUNTED
	        " GROUP BY employee_id ORDER BY latest LIMIT 1 OFFSET ?";
	return sqlite_number(conn, SQL,
	        VALUES(TEXT(moment->connection), TEXT(limit_kind_name(moment->limit)),
	                INT(moment->since_ms), INT(fill->used - fill->allowed)),
	        left_at_ms, err);
}

static bool look_at_window(struct sqlite_conn *conn, struct moment *moment,
        const struct limit_window *window, struct limit_fill *fill, struct err *err)
{
	int64_t length_ms = moment->now_ms - moment->since_ms;
	int64_t last_ms = 0;
	if (!has_window(window)) {
		fill->allowed = -1;
		return true;
	}
	if (!count_people(conn, moment, &fill->used, err) ||
	        !find_allowed(conn, moment, window, &fill->allowed, err)) {
		return false;
	}
	bool is_full = fill->used >= fill->allowed;
	if (is_full && fill->allowed == 0) {
		fill->next_ms = -1;
		return true;
	}
	if (is_full && !find_next(conn, moment, fill, &last_ms, err)) {
		return false;
	}
	fill->next_ms = is_full ? last_ms + length_ms - moment->now_ms : 0;
	if (is_filled(moment)) {
		int64_t until_ms = moment->full_ms + length_ms - moment->now_ms;
		fill->next_ms = until_ms > fill->next_ms ? until_ms : fill->next_ms;
	}
	return true;
}

static void add_up(struct limit_state *state, const struct limit_fill *fill)
{
	if (fill->allowed < 0) {
		return;
	}
	state->has_limit = true;
	if (fill->next_ms == 0) {
		return;
	}
	state->is_full = true;
	if (fill->next_ms < 0 || state->next_ms < 0) {
		state->next_ms = -1;
	} else if (fill->next_ms > state->next_ms) {
		state->next_ms = fill->next_ms;
	}
}

bool store_limit_look(struct store *store, const char *connection, const struct limit_set *limits,
        enum limit_kind limit, struct limit_state *state, struct err *err)
{
	struct moment moment = {.connection = connection, .limit = limit};
	*state = (struct limit_state){0};
	struct sqlite_conn *conn = sqlite_pool_take(store, err);
	if (conn == NULL) {
		return false;
	}
	bool done = begin(conn, &moment, err);
	for (int period = 0; done && period < LIMIT_PERIOD_COUNT; period++) {
		enum limit_period which = (enum limit_period)period;
		const struct limit_window *window = limit_set_window(limits, limit, which);
		moment.since_ms = moment.now_ms - limit_period_ms(which);
		done = look_at_window(conn, &moment, window, &state->fills[period], err);
		state->is_restored |= has_window(window) && is_filled(&moment);
		add_up(state, &state->fills[period]);
	}
	sqlite_pool_give(store, conn);
	return done;
}
