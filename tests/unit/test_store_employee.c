/* SPDX-License-Identifier: MIT */
#include "server/store/store.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS  INT64_C(3600000)
#define LEASE_MS 60000

static struct store *store;

static void setup(void)
{
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store = NULL;
	store_fixture_clean();
}

static void mark(const char *employee_id, enum lane lane)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(employee_id);
	ck_assert_msg(store_employee_mark(store, &key, lane, "test", &err), "%s", err.text);
}

static struct employee_list claim_at(int64_t now_ms, size_t limit, enum lane lane)
{
	struct employee_list list;
	struct err err = ERR_INIT;
	struct claim_query query = {
	        .connection = "default",
	        .lane_at_most = lane,
	        .limit = limit,
	        .now_ms = now_ms,
	        .lease_ms = LEASE_MS,
	};
	ck_assert_msg(store_employee_claim(store, &query, &list, &err), "%s", err.text);
	return list;
}

static size_t count_claimable(int64_t now_ms)
{
	struct employee_list list = claim_at(now_ms, 100, LANE_SWEEP);
	size_t count = list.count;
	employee_list_finish(&list);
	return count;
}

static void finish(const struct employee *employee, enum employee_state state)
{
	struct err err = ERR_INIT;
	ck_assert_msg(store_employee_finish(store, employee, state, &err), "%s", err.text);
}

static enum employee_state state_of(const char *employee_id)
{
	struct employee employee = store_fixture_get(store, employee_id);
	enum employee_state state = employee.state;
	employee_finish(&employee);
	return state;
}

/* Claims, lets the test change the struct, and finishes in that state. */
static void run_with(const char *employee_id, void (*change)(struct employee *employee),
        enum employee_state state)
{
	struct employee employee = store_fixture_claim(store, employee_id);
	if (change != NULL) {
		change(&employee);
	}
	finish(&employee, state);
	employee_finish(&employee);
}

static int64_t at_ms; /* what the change functions below set */

static void set_policy_due(struct employee *employee)
{
	employee->policy_due_at_ms = at_ms;
	employee->dirty_since_ms = 0;
}

static void set_reread(struct employee *employee)
{
	employee->reread_at_ms = at_ms;
	employee->dirty_since_ms = 0;
}

static void set_retry(struct employee *employee)
{
	employee->retry_not_before_ms = at_ms;
	employee->failing_since_ms = 1;
}

static void set_settled(struct employee *employee)
{
	employee->settled_generation = employee->generation;
}

/* ---------------------------------------------------------------- claiming */

START_TEST(claims_by_lane_and_then_by_longest_waiting)
{
	static const struct {
		const char *employee_id;
		enum lane lane;
	} marks[] = {
	        {"1", LANE_SWEEP},
	        {"2", LANE_UPDATE},
	        {"3", LANE_LEAVE},
	        {"4", LANE_UPDATE},
	        {"5", LANE_REVOKE},
	        {"6", LANE_JOIN},
	};
	static const char *const order[] = {"5", "3", "6", "2", "4", "1"};
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		mark(marks[i].employee_id, marks[i].lane);
		int64_t until_ms = clock_wall_ms() + 2;
		while (clock_wall_ms() < until_ms) {
		}
	}
	struct employee_list list = claim_at(clock_wall_ms(), 10, LANE_SWEEP);
	ck_assert_uint_eq(list.count, ARRAY_SIZE(order));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		ck_assert_str_eq(list.items[i].key.employee_id, order[i]);
		ck_assert_int_eq(list.items[i].state, EMPLOYEE_WORKING);
		ck_assert_int_eq(list.items[i].attempts, 1);
		ck_assert_int_eq(list.items[i].claimed_generation, 1);
		ck_assert_int_ne(list.items[i].lease_token, 0);
	}
	employee_list_finish(&list);
	ck_assert_uint_eq(count_claimable(clock_wall_ms()), 0);
}
END_TEST

START_TEST(takes_no_more_than_the_limit_and_the_lanes_asked_for)
{
	mark("1", LANE_SWEEP);
	mark("2", LANE_REVOKE);
	mark("3", LANE_LEAVE);
	struct employee_list list = claim_at(clock_wall_ms(), 10, LANE_REVOKE);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.items[0].key.employee_id, "2");
	employee_list_finish(&list);
	list = claim_at(clock_wall_ms(), 1, LANE_SWEEP);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.items[0].key.employee_id, "3");
	employee_list_finish(&list);
	list = claim_at(clock_wall_ms(), 0, LANE_SWEEP);
	ck_assert_uint_eq(list.count, 0);
	employee_list_finish(&list);
}
END_TEST

START_TEST(another_connections_employees_are_left_alone)
{
	struct employee_key key = store_fixture_key("1");
	str_format_cut(key.connection, sizeof(key.connection), "other");
	ck_assert(store_employee_mark(store, &key, LANE_JOIN, NULL, NULL));
	ck_assert_uint_eq(count_claimable(clock_wall_ms()), 0);
}
END_TEST

START_TEST(a_clock_that_was_set_back_holds_no_dirty_one_up)
{
	mark("1", LANE_UPDATE);
	ck_assert_uint_eq(count_claimable(clock_wall_ms() - 2 * HOUR_MS), 1);
}
END_TEST

START_TEST(due_times_wake_and_the_backoff_is_never_undercut)
{
	static void (*const changes[])(struct employee *) = {set_policy_due, set_reread, set_retry};
	at_ms = clock_wall_ms() + HOUR_MS;
	mark("1", LANE_UPDATE);
	run_with("1", changes[_i], EMPLOYEE_WAITING);
	ck_assert_int_eq(state_of("1"), EMPLOYEE_WAITING);
	ck_assert_uint_eq(count_claimable(at_ms - 1), 0);
	int64_t due_ms = 0;
	ck_assert(store_next_due(store, "default", &due_ms, NULL));
	ck_assert_int_eq(due_ms, at_ms);
	ck_assert_uint_eq(count_claimable(at_ms), 1);
}
END_TEST

static void set_due_and_retry(struct employee *employee)
{
	employee->reread_at_ms = at_ms - HOUR_MS;
	employee->retry_not_before_ms = at_ms;
}

START_TEST(a_due_time_waits_for_the_backoff)
{
	at_ms = clock_wall_ms() + 2 * HOUR_MS;
	mark("1", LANE_UPDATE);
	run_with("1", set_due_and_retry, EMPLOYEE_WAITING);
	ck_assert_uint_eq(count_claimable(at_ms - 1), 0);
	ck_assert_uint_eq(count_claimable(at_ms), 1);
}
END_TEST

START_TEST(events_dirty_a_waiting_one_but_only_leaving_shortens_its_backoff)
{
	static const struct {
		enum lane lane;
		size_t claimable;
	} cases[] = {{LANE_JOIN, 0}, {LANE_UPDATE, 0}, {LANE_LEAVE, 1}, {LANE_REVOKE, 1}};
	at_ms = clock_wall_ms() + HOUR_MS;
	mark("1", LANE_SWEEP);
	run_with("1", set_retry, EMPLOYEE_WAITING);
	store_fixture_deliver(store, "x", "1", cases[_i].lane);
	ck_assert_int_eq(state_of("1"), EMPLOYEE_DIRTY);
	ck_assert_uint_eq(count_claimable(clock_wall_ms()), cases[_i].claimable);
}
END_TEST

START_TEST(a_leaver_that_comes_while_it_is_worked_on_waives_the_backoff_to_come)
{
	at_ms = clock_wall_ms() + HOUR_MS;
	mark("1", LANE_UPDATE);
	struct employee employee = store_fixture_claim(store, "1");
	store_fixture_deliver(store, "x", "1", LANE_LEAVE);
	employee.retry_not_before_ms = at_ms;
	finish(&employee, EMPLOYEE_WAITING);
	employee_finish(&employee);
	ck_assert_uint_eq(count_claimable(clock_wall_ms()), 1);
}
END_TEST

START_TEST(a_failed_one_runs_at_its_date_and_gets_fresh_attempts_from_an_event)
{
	at_ms = clock_wall_ms() + HOUR_MS;
	mark("1", LANE_UPDATE);
	mark("2", LANE_UPDATE);
	run_with("1", set_policy_due, EMPLOYEE_FAILED);
	run_with("2", set_retry, EMPLOYEE_FAILED);
	ck_assert_uint_eq(count_claimable(at_ms - 1), 0);
	ck_assert_uint_eq(
	        count_claimable(at_ms + HOUR_MS), 1); /* a backoff alone wakes no failed */
	store_fixture_deliver(store, "x", "2", LANE_LEAVE);
	struct employee employee = store_fixture_get(store, "2");
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.attempts, 0);
	ck_assert_int_eq(employee.failing_since_ms, 0);
	employee_finish(&employee);
}
END_TEST

START_TEST(a_failed_or_parked_one_is_not_claimed_again_for_a_date_that_was_served)
{
	static const enum employee_state states[] = {EMPLOYEE_FAILED, EMPLOYEE_PARKED};
	at_ms = clock_wall_ms() - HOUR_MS;
	mark("1", LANE_UPDATE);
	run_with("1", set_policy_due, states[_i]);
	ck_assert_uint_eq(count_claimable(clock_wall_ms()), 0);
}
END_TEST

START_TEST(a_parked_one_is_claimed_for_news_and_stays_parked_until_then)
{
	mark("1", LANE_UPDATE);
	run_with("1", NULL, EMPLOYEE_PARKED);
	ck_assert_uint_eq(count_claimable(clock_wall_ms() + HOUR_MS), 0);
	store_fixture_deliver(store, "x", "1", LANE_UPDATE);
	ck_assert_int_eq(state_of("1"), EMPLOYEE_PARKED);
	ck_assert_uint_eq(count_claimable(clock_wall_ms()), 1);
}
END_TEST

START_TEST(one_can_be_claimed_whatever_is_due)
{
	struct employee employee;
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key("1");
	ck_assert(!store_employee_claim_one(store, &key, LEASE_MS, &employee, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	store_fixture_link(store, "1", "00u1", "a@example.com", ACCOUNT_ACTIVE);
	ck_assert_int_eq(state_of("1"), EMPLOYEE_IDLE);
	struct employee first = store_fixture_claim(store, "1");
	err_clear(&err);
	ck_assert(!store_employee_claim_one(store, &key, LEASE_MS, &employee, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	finish(&first, EMPLOYEE_IDLE);
	employee_finish(&first);
	employee_finish(&employee);
}
END_TEST

/* ------------------------------------------------------------------ leases */

START_TEST(a_lease_that_ran_out_is_claimed_by_another_and_the_first_is_refused)
{
	struct employee first;
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key("1");
	mark("1", LANE_UPDATE);
	ck_assert(store_employee_claim_one(store, &key, 0, &first, NULL));
	struct employee_list list = claim_at(clock_wall_ms(), 10, LANE_SWEEP);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_ne(list.items[0].lease_token, first.lease_token);
	ck_assert_int_eq(list.items[0].attempts, 2);
	ck_assert(!store_employee_finish(store, &first, EMPLOYEE_IDLE, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	err_clear(&err);
	ck_assert(!store_employee_begin(store, &key, first.lease_token, LEASE_MS, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_int_eq(state_of("1"), EMPLOYEE_WORKING);
	finish(&list.items[0], EMPLOYEE_IDLE);
	employee_list_finish(&list);
	employee_finish(&first);
}
END_TEST

START_TEST(beginning_renews_the_lease)
{
	struct employee employee;
	struct employee_key key = store_fixture_key("1");
	mark("1", LANE_UPDATE);
	ck_assert(store_employee_claim_one(store, &key, 0, &employee, NULL));
	ck_assert(store_employee_begin(store, &key, employee.lease_token, LEASE_MS, NULL));
	ck_assert_uint_eq(count_claimable(clock_wall_ms()), 0);
	int64_t due_ms = 0;
	ck_assert(store_next_due(store, "default", &due_ms, NULL));
	ck_assert_int_gt(due_ms, clock_wall_ms() + LEASE_MS / 2);
	employee_finish(&employee);
}
END_TEST

START_TEST(finishing_twice_is_refused)
{
	struct err err = ERR_INIT;
	mark("1", LANE_UPDATE);
	struct employee employee = store_fixture_claim(store, "1");
	finish(&employee, EMPLOYEE_IDLE);
	ck_assert(!store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	employee_finish(&employee);
}
END_TEST

START_TEST(an_earlier_process_lease_is_void)
{
	struct err err = ERR_INIT;
	mark("1", LANE_UPDATE);
	struct employee old = store_fixture_claim(store, "1");
	store_close(store);
	store = store_fixture_open();
	struct employee present = store_fixture_get(store, "1");
	ck_assert_int_eq(present.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(present.crashes, 0); /* it was closed, it did not crash */
	employee_finish(&present);
	present = store_fixture_claim(store, "1");
	ck_assert_int_ne(present.lease_token, old.lease_token);
	ck_assert(!store_employee_finish(store, &old, EMPLOYEE_IDLE, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	employee_finish(&old);
	employee_finish(&present);
}
END_TEST

static atomic_int claimed_count;

static void *claim_all(void *arg)
{
	(void)arg;
	for (;;) {
		struct employee_list list = claim_at(clock_wall_ms(), 3, LANE_SWEEP);
		size_t count = list.count;
		atomic_fetch_add(&claimed_count, (int)count);
		for (size_t i = 0; i < count; i++) {
			finish(&list.items[i], EMPLOYEE_IDLE);
		}
		employee_list_finish(&list);
		if (count == 0) {
			return NULL;
		}
	}
}

START_TEST(many_claimers_never_get_the_same_one)
{
	pthread_t threads[6];
	for (int i = 0; i < 120; i++) {
		char id[16];
		str_format_cut(id, sizeof(id), "%d", i + 1);
		mark(id, LANE_UPDATE);
	}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		ck_assert(thread_start(&threads[i], "claim", claim_all, NULL, NULL));
	}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		thread_join(threads[i]);
	}
	ck_assert_int_eq(atomic_load(&claimed_count), 120);
}
END_TEST

/* --------------------------------------------------------------- finishing */

START_TEST(a_settled_run_leaves_nothing_to_do)
{
	mark("1", LANE_UPDATE);
	run_with("1", set_settled, EMPLOYEE_IDLE);
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.state, EMPLOYEE_IDLE);
	ck_assert_int_eq(employee.dirty_since_ms, 0);
	ck_assert_int_eq(employee.lease_token, 0);
	ck_assert_uint_eq(count_claimable(clock_wall_ms() + HOUR_MS), 0);
	int64_t due_ms = 1;
	ck_assert(store_next_due(store, "default", &due_ms, NULL));
	ck_assert_int_eq(due_ms, 0);
	employee_finish(&employee);
}
END_TEST

START_TEST(news_during_a_run_make_it_dirty_again_and_keep_what_they_said)
{
	static const enum employee_state states[] = {
	        EMPLOYEE_IDLE, EMPLOYEE_WAITING, EMPLOYEE_FAILED, EMPLOYEE_PARKED};
	store_fixture_deliver(store, "1", "1", LANE_UPDATE);
	struct employee employee = store_fixture_claim(store, "1");
	ck_assert_int_eq(store_fixture_append(store, "2"), ERR_OK);
	struct event_verdict verdict = {
	        .event_id = store_fixture_event(store),
	        .state = EVENT_ACCEPTED,
	        .kind = EVENT_KIND_REVOKE,
	        .lane = LANE_REVOKE,
	        .employee_id = "1",
	        .triggered_at_ms = 777,
	};
	ck_assert(store_event_settle(store, &verdict, 1, NULL));
	ck_assert_int_eq(state_of("1"), EMPLOYEE_WORKING);
	employee.lane = LANE_SWEEP;
	employee.dirty_since_ms = 0;
	employee.settled_generation = employee.generation;
	employee.revoke_triggered_at_ms = 0;
	employee.deleted_at_ms = 5;
	str_format_cut(employee.last_sentence, sizeof(employee.last_sentence), "done");
	finish(&employee, states[_i]);
	employee_finish(&employee);
	employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.generation, 2);
	ck_assert_int_eq(employee.settled_generation, 1);
	ck_assert_int_eq(employee.lane, LANE_REVOKE);
	ck_assert_int_eq(employee.revoke_triggered_at_ms, 777);
	ck_assert_int_eq(employee.deleted_at_ms, 0);
	ck_assert_int_ne(employee.dirty_since_ms, 0);
	ck_assert_str_eq(employee.last_sentence, "done");
	if (states[_i] == EMPLOYEE_FAILED) {
		ck_assert_int_eq(employee.attempts, 0);
	}
	employee_finish(&employee);
}
END_TEST

START_TEST(without_news_a_run_may_clear_event_facts)
{
	ck_assert_int_eq(store_fixture_append(store, "2"), ERR_OK);
	struct event_verdict verdict = {
	        .event_id = store_fixture_event(store),
	        .state = EVENT_ACCEPTED,
	        .kind = EVENT_KIND_LEFT,
	        .lane = LANE_LEAVE,
	        .employee_id = "1",
	};
	ck_assert(store_event_settle(store, &verdict, 1, NULL));
	struct employee employee = store_fixture_claim(store, "1");
	ck_assert_int_ne(employee.left_event_at_ms, 0);
	employee.left_event_at_ms = 0;
	employee.lane = LANE_UPDATE;
	finish(&employee, EMPLOYEE_IDLE);
	employee_finish(&employee);
	employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.left_event_at_ms, 0);
	ck_assert_int_eq(employee.lane, LANE_UPDATE);
	employee_finish(&employee);
}
END_TEST

static void fill_all(struct employee *employee)
{
	employee->settled_generation = 1;
	employee->policy_due_at_ms = 101;
	employee->reread_at_ms = 102;
	employee->retry_not_before_ms = 103;
	employee->attempts = 7;
	employee->failing_since_ms = 104;
	employee->revoke_triggered_at_ms = 105;
	employee->revoke_handled_at_ms = 106;
	employee->revoke_is_doubtful = true;
	employee->left_event_at_ms = 107;
	employee->deleted_at_ms = 108;
	employee->read_at_ms = 109;
	employee->absent_since_ms = 110;
	str_format_cut(employee->lifecycle, sizeof(employee->lifecycle), "employed");
	employee->was_terminated = true;
	employee->empty_since_ms = 111;
	employee->empty_fields = str_dup("title,department");
	str_format_cut(employee->okta_id, sizeof(employee->okta_id), "00uABC");
	employee->origin = ORIGIN_ADOPTED_STAGED;
	str_format_cut(employee->activation, sizeof(employee->activation), "bob_status");
	employee->is_activated = true;
	employee->present_status = ACCOUNT_PASSWORD_EXPIRED;
	ck_assert(personal_set(&employee->present_profile, "{\"login\":\"Jo@Example.COM\"}"));
	employee->lowered = LOWER_DUPLICATE;
	employee->is_sourced_elsewhere = true;
	ck_assert(personal_set(&employee->bob_login, "jo@example.com"));
	ck_assert(personal_set(&employee->bob_email, "jo@example.com"));
	ck_assert(personal_set(&employee->display_name, "Jo \"J\" Döe"));
	str_format_cut(employee->last_rule, sizeof(employee->last_rule), "L1");
	str_format_cut(employee->last_sentence, sizeof(employee->last_sentence), "a sentence");
	str_format_cut(employee->last_error, sizeof(employee->last_error), "an error");
	employee->last_run_at_ms = 112;
	employee->is_last_run_good = true;
}

static void check_all(const struct employee *employee)
{
	ck_assert_int_eq(employee->settled_generation, 1);
	ck_assert_int_eq(employee->policy_due_at_ms, 101);
	ck_assert_int_eq(employee->reread_at_ms, 102);
	ck_assert_int_eq(employee->retry_not_before_ms, 103);
	ck_assert_int_eq(employee->attempts, 7);
	ck_assert_int_eq(employee->failing_since_ms, 104);
	ck_assert_int_eq(employee->revoke_triggered_at_ms, 105);
	ck_assert_int_eq(employee->revoke_handled_at_ms, 106);
	ck_assert(employee->revoke_is_doubtful);
	ck_assert_int_eq(employee->left_event_at_ms, 107);
	ck_assert_int_eq(employee->deleted_at_ms, 108);
	ck_assert_int_eq(employee->read_at_ms, 109);
	ck_assert_int_eq(employee->absent_since_ms, 110);
	ck_assert_str_eq(employee->lifecycle, "employed");
	ck_assert(employee->was_terminated);
	ck_assert_int_eq(employee->empty_since_ms, 111);
	ck_assert_str_eq(employee->empty_fields, "title,department");
	ck_assert_str_eq(employee->okta_id, "00uABC");
	ck_assert_int_eq(employee->origin, ORIGIN_ADOPTED_STAGED);
	ck_assert_str_eq(employee->activation, "bob_status");
	ck_assert(employee->is_activated);
	ck_assert_int_eq(employee->present_status, ACCOUNT_PASSWORD_EXPIRED);
	ck_assert_str_eq(
	        personal_reveal(&employee->present_profile), "{\"login\":\"Jo@Example.COM\"}");
	ck_assert_int_eq(employee->lowered, LOWER_DUPLICATE);
	ck_assert(employee->is_sourced_elsewhere);
	ck_assert_str_eq(personal_reveal(&employee->bob_login), "jo@example.com");
	ck_assert_str_eq(personal_reveal(&employee->bob_email), "jo@example.com");
	ck_assert_str_eq(personal_reveal(&employee->display_name), "Jo \"J\" Döe");
	ck_assert_str_eq(employee->last_rule, "L1");
	ck_assert_str_eq(employee->last_sentence, "a sentence");
	ck_assert_str_eq(employee->last_error, "an error");
	ck_assert_int_eq(employee->last_run_at_ms, 112);
	ck_assert(employee->is_last_run_good);
}

START_TEST(every_fact_of_a_run_comes_back)
{
	mark("1", LANE_UPDATE);
	run_with("1", fill_all, EMPLOYEE_WAITING);
	struct employee employee = store_fixture_get(store, "1");
	check_all(&employee);
	employee_finish(&employee);
}
END_TEST

START_TEST(a_profile_that_is_no_json_is_refused_and_nothing_is_written)
{
	struct err err = ERR_INIT;
	mark("1", LANE_UPDATE);
	struct employee employee = store_fixture_claim(store, "1");
	ck_assert(personal_set(&employee.present_profile, "{not json"));
	ck_assert(!store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	ck_assert_int_eq(state_of("1"), EMPLOYEE_WORKING);
	ck_assert(personal_set(&employee.present_profile, NULL));
	finish(&employee, EMPLOYEE_IDLE);
	employee_finish(&employee);
}
END_TEST

START_TEST(two_employees_cannot_have_one_okta_user)
{
	struct err err = ERR_INIT;
	store_fixture_link(store, "1", "00uSAME", "a@example.com", ACCOUNT_ACTIVE);
	mark("2", LANE_UPDATE);
	struct employee employee = store_fixture_claim(store, "2");
	str_format_cut(employee.okta_id, sizeof(employee.okta_id), "00uSAME");
	ck_assert(!store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	employee_finish(&employee);
}
END_TEST

/* ----------------------------------------------------------------- marking */

START_TEST(a_mark_makes_the_row_and_wakes_every_state_at_once)
{
	static const enum employee_state states[] = {
	        EMPLOYEE_IDLE, EMPLOYEE_WAITING, EMPLOYEE_FAILED, EMPLOYEE_PARKED};
	at_ms = clock_wall_ms() + HOUR_MS;
	mark("1", LANE_UPDATE);
	run_with("1", set_retry, states[_i]);
	mark("1", LANE_JOIN);
	struct employee employee = store_fixture_get(store, "1");
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.generation, 2);
	ck_assert_int_eq(employee.lane, LANE_JOIN);
	ck_assert_uint_eq(count_claimable(clock_wall_ms()), 1);
	employee_finish(&employee);
}
END_TEST

START_TEST(a_sweep_mark_waits_for_the_backoff)
{
	at_ms = clock_wall_ms() + HOUR_MS;
	mark("1", LANE_UPDATE);
	run_with("1", set_retry, EMPLOYEE_WAITING);
	mark("1", LANE_SWEEP);
	ck_assert_uint_eq(count_claimable(clock_wall_ms()), 0);
	ck_assert_uint_eq(count_claimable(at_ms), 1);
}
END_TEST

START_TEST(all_of_a_state_are_marked_and_counted)
{
	size_t marked = 0;
	for (int i = 0; i < 1203; i++) {
		char id[16];
		str_format_cut(id, sizeof(id), "%d", i + 1);
		struct employee_key key = store_fixture_key(id);
		ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	}
	run_with("5", NULL, EMPLOYEE_PARKED);
	run_with("6", NULL, EMPLOYEE_PARKED);
	run_with("7", NULL, EMPLOYEE_FAILED);
	ck_assert(store_employee_mark_all(
	        store, "default", EMPLOYEE_PARKED, LANE_COUNT, &marked, NULL));
	ck_assert_uint_eq(marked, 2);
	ck_assert_int_eq(state_of("5"), EMPLOYEE_DIRTY);
	ck_assert_int_eq(state_of("7"), EMPLOYEE_FAILED);
	ck_assert(store_employee_mark_all(
	        store, "default", EMPLOYEE_STATE_COUNT, LANE_SWEEP, &marked, NULL));
	ck_assert_uint_eq(marked, 1203);
	struct employee employee = store_fixture_get(store, "5");
	ck_assert_int_eq(employee.lane, LANE_UPDATE); /* only ever raised */
	employee_finish(&employee);
	ck_assert(store_employee_mark_all(
	        store, "other", EMPLOYEE_STATE_COUNT, LANE_SWEEP, NULL, NULL));
}
END_TEST

START_TEST(many_are_marked_at_once_and_made_where_missing)
{
	static struct employee_key keys[1100];
	struct store_counts counts;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char id[16];
		str_format_cut(id, sizeof(id), "%zu", i + 1);
		keys[i] = store_fixture_key(id);
	}
	ck_assert(store_employee_mark_each(store, keys, ARRAY_SIZE(keys), LANE_SWEEP, NULL));
	ck_assert(store_employee_mark_each(store, keys, 0, LANE_SWEEP, NULL));
	ck_assert(store_counts(store, "default", &counts, NULL));
	ck_assert_int_eq(counts.by_state[EMPLOYEE_DIRTY], (int64_t)ARRAY_SIZE(keys));
}
END_TEST

/* ----------------------------------------------------------------- looking */

START_TEST(an_account_is_found_by_id_by_folded_login_and_by_open_create)
{
	static const char *const accounts[] = {"00u1", "a@example.com", "A@Example.com"};
	struct employee employee;
	struct err err = ERR_INIT;
	store_fixture_link(store, "1", "00u1", "A@example.com", ACCOUNT_ACTIVE);
	for (size_t i = 0; i < ARRAY_SIZE(accounts); i++) {
		ck_assert(
		        store_employee_by_okta_id(store, "default", accounts[i], &employee, NULL));
		ck_assert_str_eq(employee.key.employee_id, "1");
		employee_finish(&employee);
	}
	ck_assert(!store_employee_by_okta_id(store, "default", "", &employee, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert(!store_employee_by_okta_id(store, "other", "00u1", &employee, NULL));
	mark("2", LANE_JOIN);
	struct employee second = store_fixture_claim(store, "2");
	struct intent intent = store_fixture_intent(&second, ACTION_CREATE, LIMIT_NONE);
	ck_assert(personal_set(&intent.login, "New@example.com"));
	ck_assert_int_eq(store_intent_open(store, &intent, NULL, NULL), INTENT_OPEN);
	ck_assert(store_employee_by_okta_id(store, "default", "NEW@example.com", &employee, NULL));
	ck_assert_str_eq(employee.key.employee_id, "2");
	employee_finish(&employee);
	intent_finish(&intent);
	employee_finish(&second);
}
END_TEST

static struct employee_list list_of(const struct employee_filter *filter)
{
	struct employee_list list;
	struct err err = ERR_INIT;
	ck_assert_msg(store_employee_list(store, filter, &list, &err), "%s", err.text);
	return list;
}

static void set_name(struct employee *employee)
{
	ck_assert(personal_set(&employee->display_name, "Ada Byron"));
}

START_TEST(lists_filter_and_page)
{
	store_fixture_link(store, "1", "00u1", "one@example.com", ACCOUNT_ACTIVE);
	mark("2", LANE_UPDATE);
	run_with("2", set_name, EMPLOYEE_FAILED);
	mark("3", LANE_UPDATE);
	struct hold hold = {.key = store_fixture_key("3"), .kind = HOLD_LIMIT, .cause = "c"};
	ck_assert(store_hold_add(store, &hold, NULL));
	static const struct {
		struct employee_filter filter;
		const char *wanted;
	} cases[] = {
	        {{.state = EMPLOYEE_STATE_COUNT, .limit = 10}, "123"},
	        {{.connection = "default", .state = EMPLOYEE_STATE_COUNT, .limit = 2}, "12"},
	        {{.connection = "default",
	                 .state = EMPLOYEE_STATE_COUNT,
	                 .after_employee_id = "2",
	                 .limit = 2},
	                "3"},
	        {{.connection = "other", .state = EMPLOYEE_STATE_COUNT, .limit = 10}, ""},
	        {{.connection = "default", .state = EMPLOYEE_FAILED, .limit = 10}, "2"},
	        {{.text = "BYRON", .state = EMPLOYEE_STATE_COUNT, .limit = 10}, "2"},
	        {{.text = "One@", .state = EMPLOYEE_STATE_COUNT, .limit = 10}, "1"},
	        {{.text = "3", .state = EMPLOYEE_STATE_COUNT, .limit = 10}, "3"},
	        {{.text = "%", .state = EMPLOYEE_STATE_COUNT, .limit = 10}, ""},
	        {{.only_held = true, .state = EMPLOYEE_STATE_COUNT, .limit = 10}, "3"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char got[16] = "";
		struct employee_list list = list_of(&cases[i].filter);
		for (size_t j = 0; j < list.count; j++) {
			got[j] = list.items[j].key.employee_id[0];
		}
		ck_assert_msg(str_equal(got, cases[i].wanted), "case %zu: %s", i, got);
		employee_list_finish(&list);
	}
}
END_TEST

START_TEST(counts_say_what_lives)
{
	struct store_counts counts;
	store_fixture_link(store, "1", "00u1", "one@example.com", ACCOUNT_ACTIVE);
	store_fixture_link(store, "2", "00u2", "two@example.com", ACCOUNT_SUSPENDED);
	store_fixture_link(store, "3", "00u3", "three@example.com", ACCOUNT_LOCKED_OUT);
	int64_t before_ms = clock_wall_ms();
	mark("4", LANE_LEAVE);
	mark("5", LANE_JOIN);
	struct employee employee = store_fixture_claim(store, "5");
	struct hold hold = {.key = store_fixture_key("2"), .kind = HOLD_DOMAIN, .cause = "c"};
	ck_assert(store_hold_add(store, &hold, NULL));
	ck_assert_int_eq(store_fixture_append(store, "x"), ERR_OK);
	ck_assert(store_counts(store, "default", &counts, NULL));
	ck_assert_int_eq(counts.by_state[EMPLOYEE_IDLE], 3);
	ck_assert_int_eq(counts.by_state[EMPLOYEE_DIRTY], 1);
	ck_assert_int_eq(counts.by_state[EMPLOYEE_WORKING], 1);
	ck_assert_int_eq(counts.by_lane[LANE_LEAVE], 1);
	ck_assert_int_eq(counts.by_lane[LANE_JOIN], 1);
	ck_assert_int_eq(counts.by_lane[LANE_SWEEP], 0);
	ck_assert_int_eq(counts.holds[HOLD_DOMAIN], 1);
	ck_assert_int_eq(counts.events[EVENT_RECEIVED], 1);
	ck_assert_int_eq(counts.managed_active, 2);
	ck_assert_int_ge(counts.oldest_dirty_ms, before_ms);
	employee_finish(&employee);
}
END_TEST

/* Names as HR writes them, and what somebody types who looks for them. */
START_TEST(people_are_found_by_parts_of_what_they_are_called)
{
	static const struct {
		const char *text;
		const char *wanted;
	} cases[] = {{"muller", "1"}, {"MÜLLER", "1"}, {"erika mull", "1"}, {"mull erika", "1"},
	        {"erika.m", "1"}, {"@example", "1"}, {"00uErika", "1"}, {"00u", ""}, {"1", "1"},
	        {"erika byron", ""}, {"soren", "2"}, {"Sørén", "2"}, {"山田", "3"}, {"a_m", ""},
	        {"   ", "123"}};
	static const char *const names[] = {"Érika  Müller", "Søren Åby", "山田 太郎"};
	store_fixture_link(store, "1", "00uErika", "Erika.M@example.com", ACCOUNT_ACTIVE);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char id[2] = {(char)('1' + i), '\0'};
		mark(id, LANE_UPDATE);
		struct employee employee = store_fixture_claim(store, id);
		ck_assert(personal_set(&employee.display_name, names[i]));
		ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, NULL));
		employee_finish(&employee);
	}
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct employee_filter filter = {.connection = "default",
		        .text = cases[i].text,
		        .state = EMPLOYEE_STATE_COUNT,
		        .limit = 10};
		struct employee_list list = list_of(&filter);
		char got[16] = "";
		size_t count = 0;
		for (size_t j = 0; j < list.count; j++) {
			got[j] = list.items[j].key.employee_id[0];
		}
		ck_assert_msg(str_equal(got, cases[i].wanted), "%s: %s", cases[i].text, got);
		ck_assert(store_employee_count(store, &filter, 2, &count, NULL));
		ck_assert_uint_eq(count, list.count > 2 ? 2 : list.count);
		employee_list_finish(&list);
	}
}
END_TEST

START_TEST(a_list_by_name_goes_on_where_it_was)
{
	static const char *const names[] = {"Zoë Adams", "Ada Byron", "Émile Zola"};
	char order[16] = "";
	size_t len = 0;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char id[2] = {(char)('1' + i), '\0'};
		mark(id, LANE_UPDATE);
		struct employee employee = store_fixture_claim(store, id);
		ck_assert(personal_set(&employee.display_name, names[i]));
		ck_assert(store_employee_finish(store, &employee, EMPLOYEE_IDLE, NULL));
		employee_finish(&employee);
	}
	char after[8] = "";
	for (;;) {
		const struct employee_filter filter = {.connection = "default",
		        .state = EMPLOYEE_STATE_COUNT,
		        .is_by_name = true,
		        .after_employee_id = after[0] != '\0' ? after : NULL,
		        .limit = 1};
		struct employee_list list = list_of(&filter);
		if (list.count == 0) {
			break;
		}
		ck_assert(str_copy(after, sizeof(after), list.items[0].key.employee_id));
		order[len++] = after[0];
		employee_list_finish(&list);
	}
	ck_assert_str_eq(order, "231");
	const struct employee_filter gone = {.connection = "default",
	        .state = EMPLOYEE_STATE_COUNT,
	        .is_by_name = true,
	        .after_employee_id = "9",
	        .limit = 1};
	struct employee_list list;
	struct err err = ERR_INIT;
	ck_assert(!store_employee_list(store, &gone, &list, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("store_employee");
	TCase *claiming = tcase_create("claiming");
	tcase_add_checked_fixture(claiming, setup, teardown);
	tcase_add_test(claiming, claims_by_lane_and_then_by_longest_waiting);
	tcase_add_test(claiming, takes_no_more_than_the_limit_and_the_lanes_asked_for);
	tcase_add_test(claiming, another_connections_employees_are_left_alone);
	tcase_add_test(claiming, a_clock_that_was_set_back_holds_no_dirty_one_up);
	tcase_add_loop_test(claiming, due_times_wake_and_the_backoff_is_never_undercut, 0, 3);
	tcase_add_test(claiming, a_due_time_waits_for_the_backoff);
	tcase_add_loop_test(
	        claiming, events_dirty_a_waiting_one_but_only_leaving_shortens_its_backoff, 0, 4);
	tcase_add_test(
	        claiming, a_leaver_that_comes_while_it_is_worked_on_waives_the_backoff_to_come);
	tcase_add_test(
	        claiming, a_failed_one_runs_at_its_date_and_gets_fresh_attempts_from_an_event);
	tcase_add_loop_test(claiming,
	        a_failed_or_parked_one_is_not_claimed_again_for_a_date_that_was_served, 0, 2);
	tcase_add_test(claiming, a_parked_one_is_claimed_for_news_and_stays_parked_until_then);
	tcase_add_test(claiming, one_can_be_claimed_whatever_is_due);
	suite_add_tcase(suite, claiming);
	TCase *leases = tcase_create("leases");
	tcase_add_checked_fixture(leases, setup, teardown);
	tcase_set_timeout(leases, 60);
	tcase_add_test(leases, a_lease_that_ran_out_is_claimed_by_another_and_the_first_is_refused);
	tcase_add_test(leases, beginning_renews_the_lease);
	tcase_add_test(leases, finishing_twice_is_refused);
	tcase_add_test(leases, an_earlier_process_lease_is_void);
	tcase_add_test(leases, many_claimers_never_get_the_same_one);
	suite_add_tcase(suite, leases);
	TCase *finishing = tcase_create("finishing");
	tcase_add_checked_fixture(finishing, setup, teardown);
	tcase_add_test(finishing, a_settled_run_leaves_nothing_to_do);
	tcase_add_loop_test(
	        finishing, news_during_a_run_make_it_dirty_again_and_keep_what_they_said, 0, 4);
	tcase_add_test(finishing, without_news_a_run_may_clear_event_facts);
	tcase_add_test(finishing, every_fact_of_a_run_comes_back);
	tcase_add_test(finishing, a_profile_that_is_no_json_is_refused_and_nothing_is_written);
	tcase_add_test(finishing, two_employees_cannot_have_one_okta_user);
	suite_add_tcase(suite, finishing);
	TCase *marking = tcase_create("marking");
	tcase_add_checked_fixture(marking, setup, teardown);
	tcase_set_timeout(marking, 60);
	tcase_add_loop_test(marking, a_mark_makes_the_row_and_wakes_every_state_at_once, 0, 4);
	tcase_add_test(marking, a_sweep_mark_waits_for_the_backoff);
	tcase_add_test(marking, all_of_a_state_are_marked_and_counted);
	tcase_add_test(marking, many_are_marked_at_once_and_made_where_missing);
	suite_add_tcase(suite, marking);
	TCase *looking = tcase_create("looking");
	tcase_add_checked_fixture(looking, setup, teardown);
	tcase_add_test(looking, an_account_is_found_by_id_by_folded_login_and_by_open_create);
	tcase_add_test(looking, lists_filter_and_page);
	tcase_add_test(looking, people_are_found_by_parts_of_what_they_are_called);
	tcase_add_test(looking, a_list_by_name_goes_on_where_it_was);
	tcase_add_test(looking, counts_say_what_lives);
	suite_add_tcase(suite, looking);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
