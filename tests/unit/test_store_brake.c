/* SPDX-License-Identifier: MIT */
/* What nothing gets past: restarts, clocks, older copies, approvals for something else. */
#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/store/approvals.h"
#include "server/store/limits.h"
#include "server/store/releases.h"
#include "server/store/sqlite.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)

static struct store *store;
static struct err err;

static void setup(void)
{
	err = (struct err)ERR_INIT;
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store = NULL;
	store_fixture_clean();
}

static void reopen(void)
{
	store_close(store);
	store = store_fixture_open();
}

/* ------------------------------------------------------------------- helpers */

static struct limit_set limits_of(int64_t hour, int64_t day, int64_t week)
{
	struct limit_set limits = {0};
	limits.hour[LIMIT_LOWER].count = hour;
	limits.day[LIMIT_LOWER].count = day;
	limits.week[LIMIT_LOWER].count = week;
	return limits;
}

static struct employee work_on(const char *employee_id)
{
	struct employee_key key = store_fixture_key(employee_id);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	return store_fixture_claim(store, employee_id);
}

/* What is wanted of one person. */
struct deed {
	const char *employee_id;
	enum action_kind kind;
	enum limit_kind limit;
	unsigned approvals; /* that the run believes in; 0: none */
};

static void end(struct employee *employee, const struct intent *intent, enum outcome_state state)
{
	struct outcome outcome = {
	        .intent_id = intent->intent_id, .lease_token = intent->lease_token, .state = state};
	if (intent->intent_id != 0 && state != OUTCOME_OPEN) {
		ck_assert_msg(store_intent_close(store, &outcome, employee, &err), "%s", err.text);
	}
	employee->is_last_run_good = true;
	ck_assert_msg(store_employee_finish(store, employee, EMPLOYEE_IDLE, &err), "%s", err.text);
	employee_finish(employee);
}

static enum intent_result act(const struct deed *deed, const struct limit_set *limits)
{
	struct employee employee = work_on(deed->employee_id);
	struct intent intent = store_fixture_intent(&employee, deed->kind, deed->limit);
	intent.is_approved = deed->approvals != 0;
	intent.approvals_used = deed->approvals;
	enum intent_result result = store_intent_open(store, &intent, limits, &err);
	ck_assert_msg(result != INTENT_FAILED, "%s", err.text);
	end(&employee, &intent, OUTCOME_DONE);
	return result;
}

static enum intent_result lower(const char *employee_id, const struct limit_set *limits)
{
	const struct deed deed = {employee_id, ACTION_SUSPEND, LIMIT_LOWER, 0};
	return act(&deed, limits);
}

/* A number of the store's own, and what to do to it. */
struct state_call {
	const char *name;
	int64_t value;
	int64_t ticked_ago_ms; /* 0: leaves the writer's clock alone */
};

static bool state_run(struct sqlite_conn *conn, void *context, struct err *why)
{
	struct state_call *call = context;
	if (call->ticked_ago_ms != 0) {
		conn->ticked_mono_ms = clock_mono_ms() - call->ticked_ago_ms;
	}
	return call->name == NULL || sqlite_state_set(conn, call->name, call->value, why);
}

static void set_state(const char *name, int64_t value)
{
	struct state_call call = {name, value, 0};
	ck_assert(sqlite_write(store, state_run, &call, &err));
}

static void ticked_ago(int64_t ago_ms)
{
	struct state_call call = {NULL, 0, ago_ms};
	ck_assert(sqlite_write(store, state_run, &call, &err));
}

static int64_t state_of(const char *name)
{
	int64_t value = 0;
	struct sqlite_conn *conn = sqlite_pool_take(store, &err);
	ck_assert_ptr_nonnull(conn);
	ck_assert(sqlite_state_get(conn, name, &value, &err));
	sqlite_pool_give(store, conn);
	return value;
}

static void pass_time(int64_t ms)
{
	store_fixture_pass(store, ms);
}

static struct limit_state look(const struct limit_set *limits)
{
	struct limit_state state;
	ck_assert_msg(store_limit_look(store, "default", limits, LIMIT_LOWER, &state, &err), "%s",
	        err.text);
	return state;
}

static int64_t count_rows(const char *sql)
{
	int64_t count = 0;
	struct sqlite_conn *conn = sqlite_pool_take(store, &err);
	ck_assert_ptr_nonnull(conn);
	ck_assert_msg(sqlite_number(conn, sql, NULL, &count, &err), "%s", err.text);
	sqlite_pool_give(store, conn);
	return count;
}

/* ------------------------------------------------------------------ time */

START_TEST(time_begins_with_the_first_tick)
{
	struct limit_set limits = limits_of(1, 0, 0);
	pass_time(DAY_MS);
	ck_assert_int_eq(lower("1", &limits), INTENT_OPEN);
	ck_assert_int_eq(state_of("running_ms"), DAY_MS);
	ck_assert(store_running_tick(store, &err));
	ck_assert_int_eq(state_of("running_ms"), DAY_MS);
}
END_TEST

START_TEST(an_intent_moves_time_on)
{
	struct limit_set limits = limits_of(5, 0, 0);
	ticked_ago(4000);
	ck_assert_int_eq(lower("1", &limits), INTENT_OPEN);
	int64_t stamped = count_rows("SELECT running_ms FROM intents");
	ck_assert_int_ge(stamped, 4000);
	ck_assert_int_lt(stamped, 4000 + HOUR_MS);
	/* It is durable with the intent: a crash now takes nothing of it back. */
	ck_assert_int_ge(state_of("running_ms"), stamped);
}
END_TEST

START_TEST(two_engines_count_time_once)
{
	int64_t began_ms = clock_mono_ms();
	ck_assert(store_running_tick(store, &err));
	int64_t first_ms = clock_mono_ms();
	do {
		ck_assert(store_running_tick(store, &err));
		ck_assert(store_running_tick(store, &err));
	} while (clock_mono_ms() < first_ms + 5);
	ck_assert_int_le(state_of("running_ms"), clock_mono_ms() - began_ms);
	ck_assert_int_gt(state_of("running_ms"), 0);
}
END_TEST

/* A machine that slept was not running; a clock that goes back counts nothing. */
START_TEST(a_gap_counts_for_five_minutes_at_most)
{
	ticked_ago(100 * DAY_MS);
	ck_assert(store_running_tick(store, &err));
	ck_assert_int_eq(state_of("running_ms"), 300000);
	ticked_ago(-HOUR_MS);
	ck_assert(store_running_tick(store, &err));
	ck_assert_int_eq(state_of("running_ms"), 300000);
}
END_TEST

START_TEST(a_call_without_an_answer_counts_whatever_okta_shows)
{
	struct limit_set limits = limits_of(1, 0, 0);
	struct employee employee = work_on("1");
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_LOWER);
	ck_assert_int_eq(store_intent_open(store, &intent, &limits, &err), INTENT_OPEN);
	struct outcome outcome = {.intent_id = intent.intent_id,
	        .lease_token = intent.lease_token,
	        .state = OUTCOME_NOT_SENT,
	        .is_resolved = true};
	ck_assert(store_intent_close(store, &outcome, &employee, &err));
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	employee_finish(&employee);
	ck_assert_int_eq(lower("2", &limits), INTENT_LIMITED);
	ck_assert_int_eq(lower("1", &limits), INTENT_OPEN);
}
END_TEST

/* ---------------------------------------------------------------- allowance */

START_TEST(nobody_passes_a_limit_of_nobody)
{
	struct limit_set limits = limits_of(LIMIT_NOBODY, 0, 0);
	limits.hour[LIMIT_LOWER].percent = 100;
	store_fixture_link(store, "9", "00u9", "9@example.com", ACCOUNT_ACTIVE);
	ck_assert_int_eq(lower("9", &limits), INTENT_LIMITED);
	struct limit_state state = look(&limits);
	ck_assert(state.is_full);
	ck_assert_int_eq(state.fills[LIMIT_HOUR].allowed, 0);
	ck_assert_int_eq(state.next_ms, -1);
}
END_TEST

static void link_many(int from, int count)
{
	for (int i = from; i < from + count; i++) {
		char id[16];
		char okta_id[16];
		char login[32];
		str_format_cut(id, sizeof(id), "%d", i);
		str_format_cut(okta_id, sizeof(okta_id), "00u%d", i);
		str_format_cut(login, sizeof(login), "%d@example.com", i);
		store_fixture_link(store, id, okta_id, login, ACCOUNT_ACTIVE);
	}
}

/* Whoever came today raises no limit: not created ones, and not linked ones. */
START_TEST(a_percentage_is_of_those_who_were_there_yesterday)
{
	static const enum action_kind KINDS[] = {
	        ACTION_CREATE, ACTION_ACTIVATE, ACTION_REACTIVATE, ACTION_UNSUSPEND, ACTION_LINK};
	struct limit_set limits = limits_of(1, 0, 0);
	limits.hour[LIMIT_LOWER].percent = 10;
	link_many(100, 20);
	ck_assert_int_eq(look(&limits).fills[LIMIT_HOUR].allowed, 2);
	link_many(200, 10);
	for (int i = 0; i < 10; i++) {
		char id[16];
		str_format_cut(id, sizeof(id), "%d", 200 + i);
		const struct deed deed = {id, KINDS[_i], LIMIT_NONE, 0};
		ck_assert_int_eq(act(&deed, &limits), INTENT_OPEN);
	}
	ck_assert_int_eq(look(&limits).fills[LIMIT_HOUR].allowed, 2);
	ck_assert_int_eq(lower("100", &limits), INTENT_OPEN);
	ck_assert_int_eq(lower("101", &limits), INTENT_OPEN);
	ck_assert_int_eq(lower("102", &limits), INTENT_LIMITED);
	pass_time(DAY_MS);
	ck_assert_int_eq(look(&limits).fills[LIMIT_HOUR].allowed, 3);
}
END_TEST

START_TEST(a_look_says_what_is_used_and_when_the_next_one_passes)
{
	struct limit_set limits = limits_of(2, 5, 0);
	pass_time(DAY_MS);
	ck_assert(!look(&limits).is_full);
	lower("1", &limits);
	pass_time(10000);
	lower("2", &limits);
	pass_time(10000);
	struct limit_state state = look(&limits);
	ck_assert(state.has_limit && state.is_full && !state.is_restored);
	ck_assert_int_eq(state.fills[LIMIT_HOUR].used, 2);
	ck_assert_int_eq(state.fills[LIMIT_HOUR].allowed, 2);
	ck_assert_int_eq(state.fills[LIMIT_HOUR].next_ms, HOUR_MS - 20000);
	ck_assert_int_eq(state.fills[LIMIT_DAY].used, 2);
	ck_assert_int_eq(state.fills[LIMIT_DAY].next_ms, 0);
	ck_assert_int_eq(state.fills[LIMIT_WEEK].allowed, -1);
	ck_assert_int_eq(state.next_ms, HOUR_MS - 20000);
	/* A lower limit than what is used: two have to go first. */
	limits.hour[LIMIT_LOWER].count = 1;
	ck_assert_int_eq(look(&limits).next_ms, HOUR_MS - 10000);
	pass_time(HOUR_MS - 10001);
	ck_assert_int_eq(lower("3", &limits), INTENT_LIMITED);
	ck_assert_int_eq(look(&limits).next_ms, 1);
	pass_time(1);
	ck_assert_int_eq(lower("3", &limits), INTENT_OPEN);
}
END_TEST

/* ----------------------------------------------------------------- restored */

/* From here on every window is full for its whole length. */
static void expect_filled(void)
{
	struct limit_set hour = limits_of(100, 0, 0);
	struct limit_set week = limits_of(0, 0, 100);
	ck_assert_int_eq(lower("50", &hour), INTENT_LIMITED);
	ck_assert_int_eq(lower("51", &week), INTENT_LIMITED);
	struct limit_state state = look(&hour);
	ck_assert(state.is_restored && state.is_full);
	ck_assert_int_eq(state.next_ms, HOUR_MS);
	pass_time(HOUR_MS - 1);
	ck_assert_int_eq(lower("50", &hour), INTENT_LIMITED);
	pass_time(1);
	ck_assert_int_eq(lower("50", &hour), INTENT_OPEN);
	ck_assert_int_eq(lower("51", &week), INTENT_LIMITED);
	pass_time(7 * DAY_MS);
	ck_assert_int_eq(lower("51", &week), INTENT_OPEN);
	ck_assert(!look(&week).is_restored);
}

static void expect_empty(void)
{
	struct limit_set limits = limits_of(100, 0, 0);
	ck_assert_int_eq(lower("50", &limits), INTENT_OPEN);
	ck_assert(!look(&limits).is_restored);
}

#define RESTORED_LINES "SELECT count(*) FROM audit_records WHERE kind = 'brake'"

START_TEST(a_marked_copy_starts_with_full_windows)
{
	set_state(STORE_STATE_RESTORED, 1);
	reopen();
	ck_assert_int_eq(state_of(STORE_STATE_RESTORED), 0);
	ck_assert_int_eq(count_rows(RESTORED_LINES), 1);
	reopen(); /* the mark is gone, and the windows stay as they are */
	ck_assert_int_eq(count_rows(RESTORED_LINES), 1);
	expect_filled();
}
END_TEST

/* What counted in the copy was before: the same people are no exception. */
START_TEST(who_counted_before_a_restore_is_held_after_it)
{
	struct limit_set limits = limits_of(100, 0, 0);
	ck_assert_int_eq(lower("1", &limits), INTENT_OPEN);
	set_state(STORE_STATE_RESTORED, 1);
	reopen();
	ck_assert_int_eq(lower("1", &limits), INTENT_LIMITED);
}
END_TEST

START_TEST(an_approved_one_passes_a_restored_store_and_ends_its_work)
{
	struct limit_set limits = {0};
	unsigned bit = approval_bit(HOLD_LIMIT, LIMIT_LEAVE_GROUP);
	limits.hour[LIMIT_LEAVE_GROUP].count = 100;
	set_state(STORE_STATE_RESTORED, 1);
	reopen();
	struct hold hold = {.key = store_fixture_key("1"),
	        .kind = HOLD_LIMIT,
	        .limit = LIMIT_LEAVE_GROUP,
	        .cause = "c"};
	struct hold_decision decision = {.key = hold.key, .kind = HOLD_LIMIT, .by = "ops"};
	ck_assert(store_hold_add(store, &hold, &err));
	ck_assert(store_hold_release(store, &decision, &err));
	const struct deed first = {"1", ACTION_LEAVE_GROUP, LIMIT_LEAVE_GROUP, bit};
	ck_assert_int_eq(act(&first, &limits), INTENT_OPEN);
	/* The second of this person's groups: counted since, approval or not. */
	ck_assert_int_eq(act(&first, &limits), INTENT_OPEN);
	const struct deed other = {"2", ACTION_LEAVE_GROUP, LIMIT_LEAVE_GROUP, 0};
	ck_assert_int_eq(act(&other, &limits), INTENT_LIMITED);
}
END_TEST

static void copy_file(const char *from, const char *to)
{
	char source[160];
	char target[160];
	char bytes[8192];
	ck_assert(str_format(source, sizeof(source), "%s/%s", store_fixture_directory(), from));
	ck_assert(str_format(target, sizeof(target), "%s/%s", store_fixture_directory(), to));
	FILE *in = fopen(source, "rb");
	FILE *out = fopen(target, "wb");
	ck_assert(in != NULL && out != NULL);
	for (size_t len = fread(bytes, 1, sizeof(bytes), in); len > 0;
	        len = fread(bytes, 1, sizeof(bytes), in)) {
		ck_assert_uint_eq(fwrite(bytes, 1, len, out), len);
	}
	fclose(in);
	fclose(out);
}

/* The file as it was is put in the place of the one that went on. */
static void put_back(void (*go_on)(void))
{
	store_close(store);
	copy_file("store.db", "copy.db");
	store = store_fixture_open();
	go_on();
	store_close(store);
	copy_file("copy.db", "store.db");
	store = store_fixture_open();
}

static void go_on_for_a_while(void)
{
	ticked_ago(6000);
	ck_assert(store_running_tick(store, &err));
}

static void go_on_until_the_next_start(void)
{
	reopen();
}

START_TEST(an_older_copy_without_a_mark_is_noticed)
{
	put_back(_i == 0 ? go_on_for_a_while : go_on_until_the_next_start);
	ck_assert_int_eq(count_rows(RESTORED_LINES), 1);
	expect_filled();
}
END_TEST

START_TEST(the_same_file_is_no_older_copy)
{
	go_on_for_a_while();
	reopen();
	go_on_for_a_while();
	store_close(store);
	copy_file("store.db", "copy.db");
	copy_file("copy.db", "store.db");
	store = store_fixture_open();
	ck_assert_int_eq(count_rows(RESTORED_LINES), 0);
	expect_empty();
}
END_TEST

START_TEST(a_mark_that_cannot_be_read_says_nothing)
{
	static const char *const MARKS[] = {
	        "", "x", "00000000000000000009", "0 9 9", "\n", "0 9 -3\n"};
	char path[160];
	store_close(store);
	ck_assert(str_format(path, sizeof(path), "%s/store.db.lock", store_fixture_directory()));
	FILE *file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	fputs(MARKS[_i], file);
	fclose(file);
	store = store_fixture_open();
	ck_assert_int_eq(count_rows(RESTORED_LINES), 0);
	expect_empty();
}
END_TEST

/* ---------------------------------------------------------------- approvals */

static void hold_for(const char *employee_id, enum limit_kind limit)
{
	struct hold hold = {.key = store_fixture_key(employee_id),
	        .kind = HOLD_LIMIT,
	        .limit = limit,
	        .by = "server",
	        .rule = "L1",
	        .action = "suspend",
	        .cause = "c",
	        .wanted = {(char *)(uintptr_t) "{\"status\":\"SUSPENDED\"}"}};
	ck_assert_msg(store_hold_add(store, &hold, &err), "%s", err.text);
}

static bool release(const char *employee_id, enum limit_kind limit, int64_t release_id)
{
	struct hold_decision decision = {.key = store_fixture_key(employee_id),
	        .kind = HOLD_LIMIT,
	        .by = "ops",
	        .limit = limit,
	        .release_id = release_id};
	struct err why = ERR_INIT;
	bool done = store_hold_release(store, &decision, &why);
	ck_assert(done || why.code == ERR_NOT_FOUND);
	return done;
}

static size_t holds_of(const char *employee_id)
{
	struct employee_key key = store_fixture_key(employee_id);
	struct hold_list holds;
	ck_assert(store_hold_list(store, NULL, &key, &holds, &err));
	size_t count = holds.count;
	hold_list_finish(&holds);
	return count;
}

static unsigned approvals_of(const char *employee_id)
{
	struct employee employee = store_fixture_get(store, employee_id);
	unsigned approvals = employee.approvals;
	employee_finish(&employee);
	return approvals;
}

START_TEST(a_limit_has_a_hold_of_its_own)
{
	hold_for("1", LIMIT_RENAME);
	hold_for("1", LIMIT_LEAVE_GROUP);
	hold_for("1", LIMIT_LEAVE_GROUP);
	ck_assert_uint_eq(holds_of("1"), 2);
	struct employee_key key = store_fixture_key("1");
	struct hold_list holds;
	ck_assert(store_hold_list(store, NULL, &key, &holds, &err));
	ck_assert_str_eq(holds.items[0].rule, "L1");
	ck_assert_str_eq(holds.items[0].action, "suspend");
	ck_assert_str_eq(personal_reveal(&holds.items[0].wanted), "{\"status\":\"SUSPENDED\"}");
	hold_list_finish(&holds);
	ck_assert(store_hold_remove_of_limit(store, &key, LIMIT_RENAME, &err));
	ck_assert_uint_eq(holds_of("1"), 1);
	ck_assert(!release("1", LIMIT_RENAME, 0));
	ck_assert(release("1", LIMIT_LEAVE_GROUP, 0));
	ck_assert_uint_eq(holds_of("1"), 0);
}
END_TEST

START_TEST(a_release_is_for_its_limit_alone)
{
	struct limit_set limits = limits_of(1, 0, 0);
	unsigned group_bit = approval_bit(HOLD_LIMIT, LIMIT_LEAVE_GROUP);
	unsigned lower_bit = approval_bit(HOLD_LIMIT, LIMIT_LOWER);
	ck_assert_int_eq(lower("9", &limits), INTENT_OPEN);
	hold_for("1", LIMIT_LEAVE_GROUP);
	ck_assert(release("1", LIMIT_LEAVE_GROUP, 0));
	ck_assert_uint_eq(approvals_of("1"), group_bit);
	ck_assert_uint_ne(group_bit, lower_bit);
	/* The store does not take a run's word for it. */
	const struct deed deed = {"1", ACTION_SUSPEND, LIMIT_LOWER, lower_bit};
	ck_assert_int_eq(act(&deed, &limits), INTENT_LIMITED);
}
END_TEST

/* The run took the person up before the human spoke, and knows of no release. */
START_TEST(a_release_while_a_run_is_on_its_way_is_not_lost)
{
	struct limit_set limits = limits_of(1, 0, 0);
	unsigned bit = approval_bit(HOLD_LIMIT, LIMIT_LOWER);
	ck_assert_int_eq(lower("9", &limits), INTENT_OPEN);
	hold_for("1", LIMIT_LOWER);
	struct employee employee = work_on("1");
	ck_assert(release("1", LIMIT_LOWER, 0));
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_LOWER);
	ck_assert_int_eq(store_intent_open(store, &intent, &limits, &err), INTENT_MOVED);
	ck_assert_uint_eq(approvals_of("1"), bit);
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_DIRTY, &err));
	employee_finish(&employee);
	const struct deed deed = {"1", ACTION_SUSPEND, LIMIT_LOWER, bit};
	ck_assert_int_eq(act(&deed, &limits), INTENT_OPEN);
}
END_TEST

/* The plan it was given for has been made afresh, and wanted nothing of it. */
START_TEST(a_good_run_uses_the_release_up_whatever_else_is_held)
{
	struct hold question = {.key = store_fixture_key("1"), .kind = HOLD_MATCH, .cause = "c"};
	hold_for("1", LIMIT_LOWER);
	ck_assert(release("1", LIMIT_LOWER, 0));
	ck_assert(store_hold_add(store, &question, &err));
	struct employee employee = work_on("1");
	struct intent none = {0};
	end(&employee, &none, OUTCOME_OPEN);
	ck_assert_uint_eq(approvals_of("1"), 0);
}
END_TEST

START_TEST(a_release_goes_the_way_of_what_was_held)
{
	static const struct {
		enum limit_kind limit;
		enum lane lane;
	} CASES[] = {
	        {LIMIT_REVOKE, LANE_REVOKE},
	        {LIMIT_LOWER, LANE_LEAVE},
	        {LIMIT_RENAME, LANE_UPDATE},
	};
	hold_for("1", CASES[_i].limit);
	ck_assert(release("1", LIMIT_NONE, 0));
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.lane, CASES[_i].lane);
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	employee_finish(&employee);
}
END_TEST

START_TEST(other_values_are_another_question)
{
	struct employee_key key = store_fixture_key("1");
	struct hold_decision no = {
	        .key = key, .kind = HOLD_LIMIT, .by = "ops", .limit = LIMIT_LOWER};
	struct hold_list holds;
	struct hold other = {.key = key,
	        .kind = HOLD_LIMIT,
	        .limit = LIMIT_LOWER,
	        .cause = "c",
	        .wanted = {(char *)(uintptr_t) "{\"status\":\"DEPROVISIONED\"}"}};
	hold_for("1", LIMIT_LOWER);
	ck_assert(store_hold_reject(store, &no, &err));
	hold_for("1", LIMIT_LOWER);
	ck_assert(store_hold_list(store, NULL, &key, &holds, &err));
	ck_assert(holds.items[0].is_rejected);
	hold_list_finish(&holds);
	ck_assert(store_hold_add(store, &other, &err));
	ck_assert(store_hold_list(store, NULL, &key, &holds, &err));
	ck_assert(!holds.items[0].is_rejected);
	hold_list_finish(&holds);
}
END_TEST

/* ----------------------------------------------------- approved in advance */

static void approve_in_advance(enum limit_kind limit, int64_t after_ms)
{
	struct approval approval = {.key = store_fixture_key("1"),
	        .limit = limit,
	        .day = "2026-12-31",
	        .by = "ops",
	        .at_ms = clock_wall_ms(),
	        .from_ms = clock_wall_ms() + after_ms,
	        .until_ms = clock_wall_ms() + after_ms + 2 * HOUR_MS};
	ck_assert_msg(store_approvals_add(store, &approval, 1, &err), "%s", err.text);
}

static size_t let_go(int64_t after_ms)
{
	size_t released = 0;
	ck_assert_msg(store_approvals_release(
	                      store, "default", clock_wall_ms() + after_ms, &released, &err),
	        "%s", err.text);
	return released;
}

START_TEST(what_was_approved_for_a_day_is_let_go_when_it_begins)
{
	hold_for("1", LIMIT_LOWER);
	hold_for("1", LIMIT_RENAME);
	approve_in_advance(LIMIT_LOWER, HOUR_MS);
	ck_assert_uint_eq(let_go(0), 0);
	ck_assert_uint_eq(let_go(4 * HOUR_MS), 0);
	ck_assert_uint_eq(let_go(HOUR_MS + 1000), 1);
	ck_assert_uint_eq(let_go(HOUR_MS + 1000), 0);
	ck_assert_uint_eq(holds_of("1"), 1);
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.lane, LANE_LEAVE);
	ck_assert_uint_eq(employee.approvals, 0); /* the approval itself lets pass */
	employee_finish(&employee);
	ck_assert_int_eq(
	        count_rows(
	                "SELECT count(*) FROM audit_records WHERE who = 'ops' AND kind = 'release'"
	                " AND meta LIKE '%\"lower\"%'"),
	        1);
}
END_TEST

START_TEST(a_no_to_a_hold_stands_against_an_approval_in_advance)
{
	struct hold_decision no = {.key = store_fixture_key("1"), .kind = HOLD_LIMIT, .by = "ops"};
	hold_for("1", LIMIT_LOWER);
	ck_assert(store_hold_reject(store, &no, &err));
	approve_in_advance(LIMIT_LOWER, 0);
	ck_assert_uint_eq(let_go(1000), 0);
	ck_assert_uint_eq(holds_of("1"), 1);
}
END_TEST

/* ----------------------------------------------------------------- releases */

static int64_t begin_release(void)
{
	int64_t id = 0;
	ck_assert_msg(store_release_begin(store, &id, &err), "%s", err.text);
	return id;
}

static enum release_state became(int64_t release_id)
{
	struct release_list list;
	ck_assert_msg(store_release_look(store, release_id, &list, &err), "%s", err.text);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.by, "ops");
	enum release_state state = list.items[0].state;
	release_list_finish(&list);
	return state;
}

START_TEST(what_became_of_a_release_is_told)
{
	unsigned bit = approval_bit(HOLD_LIMIT, LIMIT_LOWER);
	struct limit_set limits = limits_of(1, 0, 0);
	const struct deed closing = {"1", ACTION_SUSPEND, LIMIT_LOWER, bit};
	hold_for("1", LIMIT_LOWER);
	int64_t done = begin_release();
	ck_assert(release("1", LIMIT_LOWER, done));
	ck_assert_int_eq(became(done), RELEASE_WAITING);
	ck_assert_int_eq(act(&closing, &limits), INTENT_OPEN);
	ck_assert_int_eq(became(done), RELEASE_DONE);

	/* Planned afresh, and nothing of it is wanted any more. */
	hold_for("1", LIMIT_LOWER);
	int64_t skipped = begin_release();
	ck_assert_int_gt(skipped, done);
	ck_assert(release("1", LIMIT_LOWER, skipped));
	const struct deed else_ = {"1", ACTION_UPDATE, LIMIT_NONE, 0};
	ck_assert_int_eq(act(&else_, &limits), INTENT_OPEN);
	ck_assert_int_eq(became(skipped), RELEASE_SKIPPED);
	ck_assert_int_eq(became(done), RELEASE_DONE);

	hold_for("1", LIMIT_LOWER);
	int64_t held = begin_release();
	ck_assert(release("1", LIMIT_LOWER, held));
	ck_assert_int_eq(act(&else_, &limits), INTENT_OPEN);
	hold_for("1", LIMIT_LOWER);
	ck_assert_int_eq(became(held), RELEASE_HELD);
}
END_TEST

START_TEST(a_second_yes_finds_the_first)
{
	struct hold_decision decision = {
	        .key = store_fixture_key("1"), .kind = HOLD_KIND_COUNT, .by = "ops"};
	struct release_list list;
	int64_t newest = 0;
	ck_assert(store_release_newest(store, &decision, &newest, &err));
	ck_assert_int_eq(newest, 0);
	hold_for("1", LIMIT_LOWER);
	int64_t id = begin_release();
	ck_assert(release("1", LIMIT_LOWER, id));
	unsigned approvals = approvals_of("1");
	ck_assert(!release("1", LIMIT_LOWER, begin_release()));
	ck_assert_uint_eq(approvals_of("1"), approvals);
	ck_assert(store_release_newest(store, &decision, &newest, &err));
	ck_assert_int_eq(newest, id);
	decision.kind = HOLD_LIMIT;
	decision.limit = LIMIT_RENAME;
	ck_assert(store_release_newest(store, &decision, &newest, &err));
	ck_assert_int_eq(newest, 0);
	ck_assert(!store_release_look(store, id + 1, &list, NULL));
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("store_brake");
	TCase *windows = tcase_create("windows");
	tcase_add_checked_fixture(windows, setup, teardown);
	tcase_set_timeout(windows, 30);
	tcase_add_test(windows, time_begins_with_the_first_tick);
	tcase_add_test(windows, an_intent_moves_time_on);
	tcase_add_test(windows, two_engines_count_time_once);
	tcase_add_test(windows, a_gap_counts_for_five_minutes_at_most);
	tcase_add_test(windows, a_call_without_an_answer_counts_whatever_okta_shows);
	tcase_add_test(windows, nobody_passes_a_limit_of_nobody);
	tcase_add_loop_test(windows, a_percentage_is_of_those_who_were_there_yesterday, 0, 5);
	tcase_add_test(windows, a_look_says_what_is_used_and_when_the_next_one_passes);
	suite_add_tcase(suite, windows);
	TCase *restored = tcase_create("restored");
	tcase_add_checked_fixture(restored, setup, teardown);
	tcase_set_timeout(restored, 30);
	tcase_add_test(restored, a_marked_copy_starts_with_full_windows);
	tcase_add_test(restored, who_counted_before_a_restore_is_held_after_it);
	tcase_add_test(restored, an_approved_one_passes_a_restored_store_and_ends_its_work);
	tcase_add_loop_test(restored, an_older_copy_without_a_mark_is_noticed, 0, 2);
	tcase_add_test(restored, the_same_file_is_no_older_copy);
	tcase_add_loop_test(restored, a_mark_that_cannot_be_read_says_nothing, 0, 6);
	suite_add_tcase(suite, restored);
	TCase *humans = tcase_create("humans");
	tcase_add_checked_fixture(humans, setup, teardown);
	tcase_set_timeout(humans, 30);
	tcase_add_test(humans, a_limit_has_a_hold_of_its_own);
	tcase_add_test(humans, a_release_is_for_its_limit_alone);
	tcase_add_test(humans, a_release_while_a_run_is_on_its_way_is_not_lost);
	tcase_add_test(humans, a_good_run_uses_the_release_up_whatever_else_is_held);
	tcase_add_loop_test(humans, a_release_goes_the_way_of_what_was_held, 0, 3);
	tcase_add_test(humans, other_values_are_another_question);
	tcase_add_test(humans, what_was_approved_for_a_day_is_let_go_when_it_begins);
	tcase_add_test(humans, a_no_to_a_hold_stands_against_an_approval_in_advance);
	tcase_add_test(humans, what_became_of_a_release_is_told);
	tcase_add_test(humans, a_second_yes_finds_the_first);
	suite_add_tcase(suite, humans);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
