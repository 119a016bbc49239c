/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/lane_share.h"
#include "server/base/str.h"

#include <sqlite3.h>
#include <stdlib.h>

#define INSTANCE_SHIFT 32 /* an opening of the store hands out up to 2^32 leases */

/* Tokens of an earlier process never fit, even where a claim gave the same number then. */
static int64_t next_token(struct store *store)
{
	return store->instance << INSTANCE_SHIFT | ++store->lease_count;
}

/* Who holds an employee, and how: a claim of one goes straight into a worker's hands. */
struct lease {
	struct store *store;
	int64_t now_ms;
	int64_t lease_ms;
	bool is_in_hand;
};

static bool take(struct sqlite_conn *conn, const struct lease *lease, struct employee *employee,
        struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET claimed_generation = ?, lease_token = ?, claimed_at_ms = ?,"
	        " lease_until_mono_ms = ?, attempts = ?, is_in_hand = ?, is_retry_waived = 0,"
	        " retry_not_before_ms = 0 WHERE connection = ? AND employee_id = ?";
	if (!sqlite_employee_set_state(conn, employee, EMPLOYEE_WORKING, err)) {
		return false;
	}
	employee->claimed_generation = employee->generation;
	employee->lease_token = next_token(lease->store);
	employee->attempts++;
	employee->retry_not_before_ms = 0;
	return sqlite_exec(conn, SQL,
	        VALUES(INT(employee->claimed_generation), INT(employee->lease_token),
	                INT(lease->now_ms), INT(clock_mono_ms() + lease->lease_ms),
	                INT(employee->attempts), INT(lease->is_in_hand ? 1 : 0),
	                TEXT(employee->key.connection), TEXT(employee->key.employee_id)),
	        err);
}

/* ------------------------------------------------------------ a batch */

struct claim_call {
	struct store *store;
	const struct claim_query *query;
	struct employee_list *employees;
};

struct key_list {
	struct employee_key *items;
	size_t count;
};

/* The ids a query found, as keys; the query is done with. */
static bool read_found(struct sqlite_conn *conn, struct sqlite3_stmt *stmt,
        const struct claim_query *query, struct key_list *keys, struct err *err)
{
	enum sqlite_row row = ROW_FAILED;
	while (stmt != NULL && (row = sqlite_step(conn, stmt, err)) == ROW_FOUND) {
		struct employee_key *key =
		        sqlite_grow((void **)&keys->items, &keys->count, sizeof(*key));
		if (key == NULL ||
		        !str_copy(key->connection, sizeof(key->connection), query->connection) ||
		        !str_copy(key->employee_id, sizeof(key->employee_id),
		                (const char *)sqlite3_column_text(stmt, 0))) {
			err_set(err, ERR_NO_MEMORY, "no memory for a claim");
			row = ROW_FAILED;
			break;
		}
	}
	sqlite_done(stmt);
	return row != ROW_FAILED;
}

/*
 * Three small ranges of three indexes: dirty ones that may run, ones whose time
 * has come, ones whose lease ran out. At most limit rows each (and the few that
 * are set aside) and never a scan, which the planner, that does not know how
 * the rows are spread, is held to.
 */
static bool find_lane(struct sqlite_conn *conn, const struct claim_query *query, enum lane lane,
        struct key_list *keys, struct err *err)
{
	static const char SQL[] =
	        "SELECT employee_id FROM ("
	        "SELECT * FROM (SELECT employee_id, dirty_since_ms AS since FROM employees"
	        " INDEXED BY employees_ready WHERE connection = ?1 AND lane = ?2 AND state = 'dirty'"
	        " AND retry_not_before_ms = 0" SQLITE_NOT_ASIDE " ORDER BY dirty_since_ms LIMIT ?4)"
	        " UNION ALL SELECT * FROM (SELECT employee_id, due_at_ms FROM employees"
	        " INDEXED BY employees_due WHERE connection = ?1 AND lane = ?2 AND due_at_ms <= ?3" SQLITE_NOT_ASIDE
	        " ORDER BY due_at_ms LIMIT ?4)"
	        " UNION ALL SELECT * FROM (SELECT employee_id, 0 FROM employees"
	        " INDEXED BY employees_leased WHERE state = 'working' AND lease_until_mono_ms <= ?5 AND connection = ?1"
	        " AND lane = ?2" SQLITE_NOT_ASIDE " LIMIT ?4)"
	        ") ORDER BY since, length(employee_id), employee_id LIMIT ?4";
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL,
	        VALUES(TEXT(query->connection), TEXT(lane_name(lane)), INT(query->now_ms),
	                INT((int64_t)query->limit), INT(clock_mono_ms())),
	        err);
	return read_found(conn, stmt, query, keys, err);
}

static bool take_found(struct sqlite_conn *conn, struct claim_call *call,
        const struct key_list *keys, struct err *err)
{
	struct lease lease = {call->store, call->query->now_ms, call->query->lease_ms, false};
	for (size_t i = 0; i < keys->count; i++) {
		struct employee_list *list = call->employees;
		struct employee *employee =
		        sqlite_grow((void **)&list->items, &list->count, sizeof(*list->items));
		if (employee == NULL) {
			err_set(err, ERR_NO_MEMORY, "no memory for a claim");
			return false;
		}
		if (sqlite_employee_load(conn, &keys->items[i], employee, err) != ROW_FOUND ||
		        !take(conn, &lease, employee, err)) {
			return false;
		}
	}
	return true;
}

static bool claim_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	struct claim_call *call = context;
	struct key_list lanes[LANE_COUNT] = {0};
	size_t waiting[LANE_COUNT] = {0};
	size_t takes[LANE_COUNT];
	bool done = true;
	for (int lane = 0; done && lane <= (int)call->query->lane_at_most && lane < LANE_COUNT;
	        lane++) {
		done = find_lane(conn, call->query, (enum lane)lane, &lanes[lane], err);
		waiting[lane] = lanes[lane].count;
	}
	lane_share_split(waiting, call->query->limit, takes);
	for (int lane = 0; lane < LANE_COUNT; lane++) {
		lanes[lane].count = takes[lane];
		done = done && take_found(conn, call, &lanes[lane], err);
		free(lanes[lane].items);
	}
	return done;
}

bool store_employee_claim(struct store *store, const struct claim_query *query,
        struct employee_list *employees, struct err *err)
{
	*employees = (struct employee_list){0};
	struct claim_call call = {store, query, employees};
	bool done = sqlite_write(store, claim_run, &call, err);
	if (!done) {
		employee_list_finish(employees);
	}
	return done;
}

/* ------------------------------------------------------------ L6 */

static bool ending_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "SELECT employee_id FROM employees INDEXED BY employees_ending"
	        " WHERE connection = ?1 AND confirmed_end_ms > 0 AND okta_id <> ''"
	        " AND present_status NOT IN ('SUSPENDED', 'DEPROVISIONED')"
	        " AND confirmed_end_ms <= ?2 AND state <> 'working'" SQLITE_NOT_ASIDE
	        " AND (last_run_at_ms < ?3"
	        " OR (policy_due_at_ms > last_run_at_ms AND policy_due_at_ms <= ?2))"
	        " ORDER BY confirmed_end_ms LIMIT ?4";
	struct claim_call *call = context;
	const struct claim_query *query = call->query;
	struct key_list keys = {0};
	struct sqlite3_stmt *stmt = sqlite_query(conn, SQL,
	        VALUES(TEXT(query->connection), INT(query->now_ms), INT(query->run_before_ms),
	                INT((int64_t)query->limit)),
	        err);
	bool done = read_found(conn, stmt, query, &keys, err) && take_found(conn, call, &keys, err);
	free(keys.items);
	return done;
}

bool store_employee_claim_ending(struct store *store, const struct claim_query *query,
        struct employee_list *employees, struct err *err)
{
	*employees = (struct employee_list){0};
	struct claim_call call = {store, query, employees};
	bool done = sqlite_write(store, ending_run, &call, err);
	if (!done) {
		employee_list_finish(employees);
	}
	return done;
}

/* ------------------------------------------------------------ one */

struct claim_one_call {
	struct lease lease;
	const struct employee_key *key;
	struct employee *employee;
};

static bool is_leased(
        struct sqlite_conn *conn, const struct employee *employee, bool *leased, struct err *err)
{
	static const char SQL[] = "SELECT lease_until_mono_ms FROM employees"
	                          " WHERE connection = ? AND employee_id = ?";
	int64_t until_ms = 0;
	bool done = sqlite_number(conn, SQL,
	        VALUES(TEXT(employee->key.connection), TEXT(employee->key.employee_id)), &until_ms,
	        err);
	*leased = employee->state == EMPLOYEE_WORKING && until_ms > clock_mono_ms();
	return done;
}

static bool claim_one_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const struct claim_one_call *call = context;
	enum sqlite_row row = sqlite_employee_load(conn, call->key, call->employee, err);
	bool leased = false;
	if (row == ROW_NONE) {
		err_set(err, ERR_NOT_FOUND, "the store knows no employee %s",
		        call->key->employee_id);
	}
	if (row != ROW_FOUND || !is_leased(conn, call->employee, &leased, err)) {
		return false;
	}
	if (leased) {
		err_set(err, ERR_CONFLICT, "somebody works on this employee");
		return false;
	}
	if ((call->employee->hold_kinds & 1u << HOLD_CRASH) != 0) {
		err_set(err, ERR_CONFLICT,
		        "employee %s is set aside, because work on it ended the process three"
		        " times: release it first",
		        call->key->employee_id);
		return false;
	}
	return take(conn, &call->lease, call->employee, err);
}

bool store_employee_claim_one(struct store *store, const struct employee_key *key, int64_t lease_ms,
        struct employee *employee, struct err *err)
{
	*employee = (struct employee){0};
	struct claim_one_call call = {{store, clock_wall_ms(), lease_ms, true}, key, employee};
	bool done = sqlite_write(store, claim_one_run, &call, err);
	if (!done) {
		employee_finish(employee);
	}
	return done;
}

struct begin_call {
	const struct employee_key *key;
	int64_t lease_token;
	int64_t lease_ms;
};

static bool begin_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	static const char SQL[] =
	        "UPDATE employees SET is_in_hand = 1, lease_until_mono_ms = ? WHERE"
	        " connection = ? AND employee_id = ? AND lease_token = ? AND state = 'working'";
	const struct begin_call *call = context;
	if (!sqlite_exec(conn, SQL,
	            VALUES(INT(clock_mono_ms() + call->lease_ms), TEXT(call->key->connection),
	                    TEXT(call->key->employee_id), INT(call->lease_token)),
	            err)) {
		return false;
	}
	if (sqlite_changes(conn) == 0) {
		err_set(err, ERR_CONFLICT, "the lease is lost");
		return false;
	}
	return true;
}

bool store_employee_begin(struct store *store, const struct employee_key *key, int64_t lease_token,
        int64_t lease_ms, struct err *err)
{
	struct begin_call call = {key, lease_token, lease_ms};
	return sqlite_write(store, begin_run, &call, err);
}
