/* SPDX-License-Identifier: MIT */
#include "server/store/sqlite.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS (24 * INT64_C(3600000))

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

static struct event_verdict verdict_of(int64_t event_id, const char *employee_id)
{
	struct event_verdict verdict = {
	        .event_id = event_id,
	        .state = EVENT_ACCEPTED,
	        .lane = LANE_UPDATE,
	        .triggered_at_ms = clock_wall_ms(),
	};
	str_format_cut(verdict.employee_id, sizeof(verdict.employee_id), "%s", employee_id);
	return verdict;
}

static void settle(struct event_verdict *verdict)
{
	struct err err = ERR_INIT;
	ck_assert_msg(store_event_settle(store, verdict, 1, &err), "%s", err.text);
}

static size_t count_received(void)
{
	struct event_list events;
	ck_assert(store_event_next(store, 100000, &events, NULL));
	size_t count = events.count;
	event_list_finish(&events);
	return count;
}

static struct event_list events_of(const char *employee_id)
{
	struct event_list events;
	struct employee_key key = store_fixture_key(employee_id);
	ck_assert(store_event_list(store, &key, 100, &events, NULL));
	return events;
}

/* The same bytes once more, settled with that verdict. */
static enum event_fate deliver_again(const char *body, struct event_verdict verdict)
{
	ck_assert_int_eq(store_fixture_append(store, body), ERR_OK);
	verdict.event_id = store_fixture_event(store);
	settle(&verdict);
	ck_assert_uint_eq(count_received(), 0);
	return verdict.fate;
}

/* Works the employee off and leaves the run as good or bad. */
static void run_once(const char *employee_id, bool is_good)
{
	struct employee employee = store_fixture_claim(store, employee_id);
	employee.settled_generation = employee.generation;
	employee.last_run_at_ms = clock_wall_ms();
	employee.is_last_run_good = is_good;
	ck_assert(store_employee_finish(
	        store, &employee, is_good ? EMPLOYEE_IDLE : EMPLOYEE_FAILED, NULL));
	employee_finish(&employee);
}

/* ------------------------------------------------------------ storing */

START_TEST(bytes_come_back_as_they_were_sent)
{
	struct event_list events;
	ck_assert_int_eq(store_fixture_append(store, "first"), ERR_OK);
	ck_assert_int_eq(store_fixture_append(store, ""), ERR_OK);
	ck_assert(store_event_next(store, 1, &events, NULL));
	ck_assert_uint_eq(events.count, 1);
	ck_assert_str_eq(events.items[0].body, "first");
	ck_assert_uint_eq(events.items[0].body_len, 5);
	ck_assert_str_eq(events.items[0].connection, "default");
	ck_assert_int_eq(events.items[0].state, EVENT_RECEIVED);
	ck_assert_int_eq(events.items[0].deliveries, 1);
	ck_assert_int_le(events.items[0].received_at_ms, clock_wall_ms());
	event_list_finish(&events);
}
END_TEST

static void note_code(void *context, enum err_code code)
{
	atomic_store((_Atomic int *)context, (int)code);
}

START_TEST(a_body_with_nul_bytes_is_kept_whole)
{
	static _Atomic int code = -1;
	struct event_list events;
	char *body = malloc(5);
	ck_assert_ptr_nonnull(body);
	memcpy(body, "a\0b\xff\n", 5);
	ck_assert_int_eq(store_append(store, "default", body, 5, note_code, &code), ERR_OK);
	/* A write that returns was queued behind it, so that it is committed too. */
	ck_assert(store_value_set(store, "default", "x", "1", NULL));
	ck_assert_int_eq(atomic_load(&code), ERR_OK);
	ck_assert(store_event_next(store, 10, &events, NULL));
	ck_assert_uint_eq(events.items[0].body_len, 5);
	ck_assert_mem_eq(events.items[0].body, "a\0b\xff\n", 5);
	event_list_finish(&events);
}
END_TEST

START_TEST(unparsed_events_come_oldest_first_and_no_more_than_asked_for)
{
	struct event_list events;
	ck_assert_int_eq(store_fixture_append(store, "1"), ERR_OK);
	ck_assert_int_eq(store_fixture_append(store, "2"), ERR_OK);
	ck_assert_int_eq(store_fixture_append(store, "3"), ERR_OK);
	ck_assert(store_event_next(store, 2, &events, NULL));
	ck_assert_uint_eq(events.count, 2);
	ck_assert_str_eq(events.items[0].body, "1");
	ck_assert_str_eq(events.items[1].body, "2");
	event_list_finish(&events);
}
END_TEST

START_TEST(large_bodies_come_a_few_at_a_time)
{
	struct event_list events;
	char *body = calloc(1, 200001);
	ck_assert_ptr_nonnull(body);
	memset(body, 'x', 200000);
	for (int i = 0; i < 30; i++) {
		body[0] = (char)('A' + i);
		ck_assert_int_eq(store_fixture_append(store, body), ERR_OK);
	}
	free(body);
	ck_assert(store_event_next(store, 100, &events, NULL));
	ck_assert_uint_eq(events.count, 21); /* the first that makes it 4 MB is the last */
	ck_assert(events.has_more);
	event_list_finish(&events);
	ck_assert(store_event_next(store, 3, &events, NULL));
	ck_assert_uint_eq(events.count, 3);
	ck_assert(events.has_more);
	event_list_finish(&events);
}
END_TEST

START_TEST(a_connection_name_that_does_not_fit_is_refused)
{
	char name[CONNECTION_NAME_BYTES + 1];
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_int_ne(store_append(store, name, str_dup("x"), 1, note_code, NULL), ERR_OK);
	ck_assert_uint_eq(count_received(), 0);
}
END_TEST

/* -------------------------------------------------------- concurrency */

#define THREADS      8
#define PER_THREAD   250
#define SHARED_EVERY 5

static atomic_int stored_count;
static atomic_int failed_count;

static void count_result(void *context, enum err_code code)
{
	(void)context;
	atomic_fetch_add(code == ERR_OK ? &stored_count : &failed_count, 1);
}

static void *append_many(void *arg)
{
	int thread = *(int *)arg;
	for (int i = 0; i < PER_THREAD; i++) {
		char body[64];
		/* Every fifth body is the same in all threads. */
		str_format_cut(body, sizeof(body), "{\"n\":%d,\"t\":%d}", i,
		        i % SHARED_EVERY == 0 ? -1 : thread);
		if (store_append(store, "default", str_dup(body), strlen(body), count_result,
		            NULL) != ERR_OK) {
			atomic_fetch_add(&failed_count, 1);
		}
	}
	return NULL;
}

/* Settles all that is there; how many were new. */
static int settle_all(void)
{
	struct event_list events;
	int fresh = 0;
	ck_assert(store_event_next(store, 100000, &events, NULL));
	struct event_verdict *verdicts = calloc(events.count + 1, sizeof(*verdicts));
	ck_assert_ptr_nonnull(verdicts);
	for (size_t i = 0; i < events.count; i++) {
		verdicts[i].event_id = events.items[i].event_id;
		verdicts[i].state = EVENT_IGNORED;
		verdicts[i].triggered_at_ms = 5;
	}
	ck_assert(store_event_settle(store, verdicts, events.count, NULL));
	for (size_t i = 0; i < events.count; i++) {
		fresh += verdicts[i].fate == EVENT_FATE_NEW ? 1 : 0;
		ck_assert_int_ne(verdicts[i].fate, EVENT_FATE_REOPENED);
		ck_assert_int_ne(verdicts[i].fate, EVENT_FATE_GONE);
	}
	free(verdicts);
	event_list_finish(&events);
	return fresh;
}

START_TEST(appends_of_many_threads_are_all_stored_and_told_once)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];
	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		ck_assert(thread_start(&threads[i], "append", append_many, &numbers[i], NULL));
	}
	for (int i = 0; i < THREADS; i++) {
		thread_join(threads[i]);
	}
	ck_assert(store_value_set(store, "default", "behind", "1", NULL));
	int shared = PER_THREAD / SHARED_EVERY;
	int fresh = THREADS * (PER_THREAD - shared) + shared;
	ck_assert_int_eq(atomic_load(&failed_count), 0);
	ck_assert_int_eq(atomic_load(&stored_count), THREADS * PER_THREAD);
	ck_assert_uint_eq(count_received(), THREADS * PER_THREAD);
	ck_assert_int_eq(settle_all(), fresh);
	ck_assert_uint_eq(count_received(), 0);
}
END_TEST

/* A finish that writes something and then fails on its profile, again and again. */
static void *fail_many(void *arg)
{
	struct employee *employee = arg;
	for (int i = 0; i < PER_THREAD; i++) {
		struct err err = ERR_INIT;
		if (store_employee_finish(store, employee, EMPLOYEE_IDLE, &err) ||
		        err.code != ERR_BAD_JSON) {
			atomic_fetch_add(&failed_count, 1);
		}
	}
	return NULL;
}

START_TEST(a_write_that_fails_leaves_its_neighbours_and_nothing_of_its_own)
{
	pthread_t threads[4];
	int numbers[4] = {0, 1, 2, 3};
	store_fixture_deliver(store, "first", "1", LANE_UPDATE);
	struct employee employee = store_fixture_claim(store, "1");
	ck_assert(personal_set(&employee.present_profile, "{no json"));
	str_format_cut(employee.okta_id, sizeof(employee.okta_id), "00uBAD");
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		ck_assert(thread_start(&threads[i], "mixed", i < 2 ? append_many : fail_many,
		        i < 2 ? (void *)&numbers[i] : (void *)&employee, NULL));
	}
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
		thread_join(threads[i]);
	}
	ck_assert(store_value_set(store, "default", "behind", "1", NULL));
	ck_assert_int_eq(atomic_load(&failed_count), 0);
	ck_assert_int_eq(atomic_load(&stored_count), 2 * PER_THREAD);
	ck_assert_uint_eq(count_received(), 2 * PER_THREAD);
	struct employee present = store_fixture_get(store, "1");
	ck_assert_int_eq(present.state, EMPLOYEE_WORKING);
	ck_assert_int_eq(present.lease_token, employee.lease_token);
	ck_assert_str_eq(present.okta_id, "");
	employee_finish(&present);
	employee_finish(&employee);
}
END_TEST

START_TEST(beyond_the_queues_bound_deliveries_are_refused_and_writes_are_not)
{
	int queued = 0;
	enum err_code code = ERR_OK;
	store_close(store);
	store = store_fixture_open_with(4);
	for (int i = 0; i < 200000 && code == ERR_OK; i++) {
		char body[32];
		str_format_cut(body, sizeof(body), "%d", i);
		code = store_append(
		        store, "default", str_dup(body), strlen(body), count_result, NULL);
		queued += code == ERR_OK ? 1 : 0;
	}
	ck_assert_int_eq(code, ERR_OVERLOADED);
	ck_assert(store_value_set(store, "default", "x", "1", NULL));
	ck_assert_uint_eq(count_received(), (size_t)queued);
}
END_TEST

START_TEST(a_store_that_closes_commits_what_it_took)
{
	for (int i = 0; i < 500; i++) {
		char body[32];
		str_format_cut(body, sizeof(body), "%d", i);
		ck_assert_int_eq(store_append(store, "default", str_dup(body), strlen(body),
		                         count_result, NULL),
		        ERR_OK);
	}
	store_close(store);
	ck_assert_int_eq(atomic_load(&stored_count), 500);
	store = store_fixture_open();
	ck_assert_uint_eq(count_received(), 500);
}
END_TEST

/* ------------------------------------------------- deliveries go first */

static atomic_bool is_writer_held;
static atomic_bool is_held_now;
static atomic_int turn;
static atomic_int settled_turn;
static atomic_int appended_turn;

static void hold_writer(void *context, enum err_code code)
{
	(void)context;
	(void)code;
	atomic_store(&is_held_now, true);
	while (atomic_load(&is_writer_held)) {
		sched_yield();
	}
}

static void note_turn(void *context, enum err_code code)
{
	(void)context;
	(void)code;
	atomic_store(&appended_turn, atomic_fetch_add(&turn, 1) + 1);
}

static void *settle_first(void *arg)
{
	struct event_verdict *verdict = arg;
	ck_assert(store_event_settle(store, verdict, 1, NULL));
	atomic_store(&settled_turn, atomic_fetch_add(&turn, 1) + 1);
	return NULL;
}

static bool is_settling_queued(void)
{
	monitor_lock(&store->waiting);
	bool is_queued = !list_is_empty(&store->patient);
	monitor_unlock(&store->waiting);
	return is_queued;
}

/* The writer held while it tells of a delivery: what comes now is its next group. */
static void begin_flood(int round)
{
	atomic_store(&is_writer_held, true);
	atomic_store(&is_held_now, false);
	char body[32];
	str_format_cut(body, sizeof(body), "hold %d", round);
	ck_assert_int_eq(
	        store_append(store, "default", str_dup(body), strlen(body), hold_writer, NULL),
	        ERR_OK);
	while (!atomic_load(&is_held_now)) {
		sched_yield();
	}
}

/* True when a delivery that came after the settling was told before it. */
static bool goes_first(int round)
{
	pthread_t thread;
	struct event_verdict verdict = {.event_id = 1, .state = EVENT_IGNORED};
	char body[32];
	begin_flood(round);
	ck_assert(thread_start(&thread, "settle", settle_first, &verdict, NULL));
	while (!is_settling_queued()) {
		sched_yield();
	}
	str_format_cut(body, sizeof(body), "later %d", round);
	ck_assert_int_eq(
	        store_append(store, "default", str_dup(body), strlen(body), note_turn, NULL),
	        ERR_OK);
	atomic_store(&is_writer_held, false);
	thread_join(thread);
	ck_assert(store_value_set(store, "default", "behind", "1", NULL));
	return atomic_load(&appended_turn) < atomic_load(&settled_turn);
}

/* On a machine that stood still for a while the settling may rightly come first: once will do. */
START_TEST(a_delivery_goes_before_a_settling_that_came_earlier)
{
	bool was_first = false;
	for (int round = 0; round < 50 && !was_first; round++) {
		was_first = goes_first(round);
	}
	ck_assert(was_first);
}
END_TEST

static atomic_bool is_flood_over;
static atomic_int flood_count;

/* Each delivery that is told of brings the next one, so that there is always one that waits. */
static void flood(void *context, enum err_code code)
{
	char body[32];
	(void)context;
	ck_assert_int_eq(code, ERR_OK);
	str_format_cut(body, sizeof(body), "flood %d", atomic_fetch_add(&flood_count, 1));
	if (!atomic_load(&is_flood_over)) {
		ck_assert_int_eq(
		        store_append(store, "default", str_dup(body), strlen(body), flood, NULL),
		        ERR_OK);
	}
}

START_TEST(a_flood_does_not_keep_settling_away)
{
	flood(NULL, ERR_OK);
	while (atomic_load(&flood_count) < 20) {
		sched_yield();
	}
	for (int i = 0; i < 5; i++) {
		struct event_list events;
		ck_assert(store_event_next(store, 100, &events, NULL));
		ck_assert_uint_gt(events.count, 0);
		struct event_verdict verdict = {
		        .event_id = events.items[0].event_id, .state = EVENT_IGNORED};
		settle(&verdict);
		ck_assert_int_ne(verdict.fate, EVENT_FATE_GONE);
		event_list_finish(&events);
	}
	atomic_store(&is_flood_over, true);
}
END_TEST

START_TEST(beyond_the_inboxs_bound_deliveries_are_refused_until_some_are_settled)
{
	ck_assert_int_eq(store_fixture_append(store, "x"), ERR_OK);
	/* As if so many lay there. */
	atomic_fetch_add(&store->inbox_count, 500000);
	ck_assert_int_eq(store_fixture_append(store, "y"), ERR_OVERLOADED);
	atomic_fetch_sub(&store->inbox_count, 500000);
	ck_assert_int_eq(store_fixture_append(store, "y"), ERR_OK);
	ck_assert_int_eq(atomic_load(&store->inbox_count), 2);
	settle_all();
	ck_assert_int_eq(atomic_load(&store->inbox_count), 0);
	ck_assert_int_eq(store_fixture_append(store, "z"), ERR_OK);
	store_close(store);
	store = store_fixture_open();
	ck_assert_int_eq(atomic_load(&store->inbox_count), 1);
}
END_TEST

/* Verdicts may still be on their way for a number that was given. */
START_TEST(no_number_is_given_twice_though_its_event_is_gone)
{
	store_fixture_deliver(store, "x", "42", LANE_UPDATE);
	ck_assert_int_eq(deliver_again("x", verdict_of(0, "42")), EVENT_FATE_DUPLICATE);
	ck_assert_int_eq(store_fixture_append(store, "y"), ERR_OK);
	ck_assert_int_eq(store_fixture_event(store), 3);
	store_close(store);
	store = store_fixture_open();
	ck_assert_int_eq(store_fixture_append(store, "z"), ERR_OK);
	ck_assert_int_eq(store_fixture_event(store), 4);
}
END_TEST

/* ----------------------------------------------------------- settling */

START_TEST(an_accepted_event_makes_its_employee_dirty)
{
	int64_t before_ms = clock_wall_ms();
	store_fixture_deliver(store, "{}", "42", LANE_JOIN);
	struct employee employee = store_fixture_get(store, "42");
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.lane, LANE_JOIN);
	ck_assert_int_eq(employee.generation, 1);
	ck_assert_int_ge(employee.dirty_since_ms, before_ms);
	ck_assert_int_ge(employee.last_event_at_ms, before_ms);
	ck_assert_uint_eq(count_received(), 0);
	struct event_list events = events_of("42");
	ck_assert_uint_eq(events.count, 1);
	ck_assert_int_eq(events.items[0].state, EVENT_ACCEPTED);
	ck_assert_str_eq(events.items[0].type, "employee.updated");
	ck_assert_ptr_null(events.items[0].body);
	event_list_finish(&events);
	employee_finish(&employee);
}
END_TEST

START_TEST(fifty_events_raise_the_generation_and_keep_the_most_urgent_lane)
{
	for (int i = 0; i < 50; i++) {
		char body[32];
		str_format_cut(body, sizeof(body), "%d", i);
		store_fixture_deliver(store, body, "42", i == 20 ? LANE_LEAVE : LANE_UPDATE);
	}
	struct employee employee = store_fixture_get(store, "42");
	ck_assert_int_eq(employee.generation, 50);
	ck_assert_int_eq(employee.lane, LANE_LEAVE);
	ck_assert_int_lt(employee.dirty_since_ms, employee.last_event_at_ms + 1);
	employee_finish(&employee);
}
END_TEST

START_TEST(other_verdicts_only_close_the_event)
{
	static const enum event_state states[] = {EVENT_IGNORED, EVENT_UNUSABLE, EVENT_FOREIGN};
	struct employee employee;
	struct employee_key key = store_fixture_key("42");
	ck_assert_int_eq(store_fixture_append(store, "x"), ERR_OK);
	struct event_verdict verdict = verdict_of(store_fixture_event(store), "42");
	verdict.state = states[_i];
	str_format_cut(verdict.reason, sizeof(verdict.reason), "a reason");
	settle(&verdict);
	ck_assert_uint_eq(count_received(), 0);
	ck_assert(!store_employee_get(store, &key, &employee, NULL));
	struct event_list events = events_of("42");
	ck_assert_int_eq(events.items[0].state, states[_i]);
	ck_assert_str_eq(events.items[0].reason, "a reason");
	event_list_finish(&events);
}
END_TEST

START_TEST(a_verdict_counts_once)
{
	ck_assert_int_eq(store_fixture_append(store, "x"), ERR_OK);
	struct event_verdict verdict = verdict_of(store_fixture_event(store), "42");
	settle(&verdict);
	settle(&verdict);
	verdict.event_id = 999;
	settle(&verdict);
	ck_assert(store_event_settle(store, NULL, 0, NULL));
	struct employee employee = store_fixture_get(store, "42");
	ck_assert_int_eq(employee.generation, 1);
	employee_finish(&employee);
}
END_TEST

static void deliver_kind(
        const char *body, enum event_kind kind, int64_t triggered_at_ms, bool is_doubtful)
{
	ck_assert_int_eq(store_fixture_append(store, body), ERR_OK);
	struct event_verdict verdict = verdict_of(store_fixture_event(store), "42");
	verdict.kind = kind;
	verdict.triggered_at_ms = triggered_at_ms;
	verdict.is_doubtful = is_doubtful;
	settle(&verdict);
}

START_TEST(left_and_deleted_are_noted)
{
	deliver_kind("1", EVENT_KIND_LEFT, 5, false);
	struct employee employee = store_fixture_get(store, "42");
	ck_assert_int_ne(employee.left_event_at_ms, 0);
	ck_assert_int_eq(employee.deleted_at_ms, 0);
	employee_finish(&employee);
	deliver_kind("2", EVENT_KIND_DELETED, 5, false);
	employee = store_fixture_get(store, "42");
	ck_assert_int_ne(employee.deleted_at_ms, 0);
	employee_finish(&employee);
}
END_TEST

START_TEST(the_newest_trusted_revocation_wins)
{
	static const struct {
		int64_t first_ms;
		bool first_doubtful;
		int64_t second_ms;
		bool second_doubtful;
		int64_t wanted_ms;
		bool wanted_doubtful;
	} cases[] = {
	        {100, false, 200, false, 200, false},
	        {200, false, 100, false, 200, false},
	        {0, true, 100, false, 100, false},
	        {900, true, 100, false, 100, false}, /* a nonsense future never hides a real one */
	        {100, false, 0, true, 100, false},
	        {100, false, 900, true, 100, false},
	        {0, true, 0, true, 0, true},
	};
	deliver_kind("1", EVENT_KIND_REVOKE, cases[_i].first_ms, cases[_i].first_doubtful);
	deliver_kind("2", EVENT_KIND_REVOKE, cases[_i].second_ms, cases[_i].second_doubtful);
	struct employee employee = store_fixture_get(store, "42");
	ck_assert_int_eq(employee.revoke_triggered_at_ms, cases[_i].wanted_ms);
	ck_assert_int_eq(employee.revoke_is_doubtful, cases[_i].wanted_doubtful);
	employee_finish(&employee);
}
END_TEST

/* ---------------------------------------------------------- duplicates */

START_TEST(a_duplicate_only_counts_up)
{
	store_fixture_deliver(store, "x", "42", LANE_UPDATE);
	run_once("42", true);
	ck_assert_int_eq(deliver_again("x", verdict_of(0, "42")), EVENT_FATE_DUPLICATE);
	ck_assert_int_eq(deliver_again("x", verdict_of(0, "42")), EVENT_FATE_DUPLICATE);
	struct event_list events = events_of("42");
	ck_assert_uint_eq(events.count, 1);
	ck_assert_int_eq(events.items[0].deliveries, 3);
	event_list_finish(&events);
	struct employee employee = store_fixture_get(store, "42");
	ck_assert_int_eq(employee.generation, 1);
	ck_assert_int_eq(employee.state, EMPLOYEE_IDLE);
	employee_finish(&employee);
}
END_TEST

START_TEST(the_same_bytes_for_another_connection_are_another_event)
{
	static _Atomic int code = -1;
	ck_assert_int_eq(store_fixture_append(store, "x"), ERR_OK);
	ck_assert_int_eq(store_append(store, "other", str_dup("x"), 1, note_code, &code), ERR_OK);
	ck_assert(store_value_set(store, "default", "x", "1", NULL));
	ck_assert_int_eq(atomic_load(&code), ERR_OK);
	ck_assert_uint_eq(count_received(), 2);
}
END_TEST

START_TEST(a_duplicate_reopens_what_was_foreign_or_unusable_or_timeless)
{
	static const struct {
		enum event_state state;
		int64_t triggered_at_ms;
		enum event_fate fate;
		int64_t generation;
	} cases[] = {
	        {EVENT_FOREIGN, 5, EVENT_FATE_REOPENED, 1},
	        {EVENT_UNUSABLE, 5, EVENT_FATE_REOPENED, 1},
	        {EVENT_ACCEPTED, 0, EVENT_FATE_REOPENED, 2},
	        {EVENT_ACCEPTED, 5, EVENT_FATE_DUPLICATE, 1},
	        {EVENT_IGNORED, 5, EVENT_FATE_DUPLICATE, 0},
	};
	ck_assert_int_eq(store_fixture_append(store, "x"), ERR_OK);
	struct event_verdict verdict = verdict_of(store_fixture_event(store), "42");
	verdict.state = cases[_i].state;
	verdict.triggered_at_ms = cases[_i].triggered_at_ms;
	settle(&verdict);
	ck_assert_int_eq(deliver_again("x", verdict_of(0, "42")), cases[_i].fate);
	struct employee employee;
	struct employee_key key = store_fixture_key("42");
	bool is_known = store_employee_get(store, &key, &employee, NULL);
	ck_assert_int_eq(is_known ? employee.generation : 0, cases[_i].generation);
	employee_finish(&employee);
	/* As good as new: what it is now is what the second verdict said. */
	struct event_list events = events_of("");
	ck_assert_uint_eq(events.count, 1);
	ck_assert_int_eq(events.items[0].deliveries, 2);
	if (cases[_i].fate == EVENT_FATE_REOPENED) {
		ck_assert_int_eq(events.items[0].state, EVENT_ACCEPTED);
		ck_assert_int_ne(events.items[0].triggered_at_ms, cases[_i].triggered_at_ms);
	}
	event_list_finish(&events);
}
END_TEST

START_TEST(a_duplicate_is_one_more_chance_after_a_bad_run_only)
{
	store_fixture_deliver(store, "x", "42", LANE_UPDATE);
	/* Not run yet: still dirty. */
	ck_assert_int_eq(deliver_again("x", verdict_of(0, "42")), EVENT_FATE_DUPLICATE);
	run_once("42", false);
	ck_assert_int_eq(deliver_again("x", verdict_of(0, "42")), EVENT_FATE_REOPENED);
	struct employee employee = store_fixture_get(store, "42");
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.generation, 2);
	ck_assert_int_eq(employee.attempts, 0);
	employee_finish(&employee);
	run_once("42", true);
	ck_assert_int_eq(deliver_again("x", verdict_of(0, "42")), EVENT_FATE_DUPLICATE);
}
END_TEST

/* ------------------------------------------------------------ expiring */

/* Raw bodies of settled events, as a reading connection of the store sees them. */
static int64_t bodies_kept(void)
{
	static const char SQL[] = "SELECT count(*) FROM events WHERE body IS NOT NULL";
	int64_t count = -1;
	struct sqlite_conn *conn = sqlite_pool_take(store, NULL);
	ck_assert_ptr_nonnull(conn);
	ck_assert(sqlite_number(conn, SQL, NULL, &count, NULL));
	sqlite_pool_give(store, conn);
	return count;
}

START_TEST(bodies_expire_first_and_a_reopening_brings_them_back)
{
	int64_t later_ms = clock_wall_ms() + DAY_MS;
	struct event_list events;
	ck_assert_int_eq(store_fixture_append(store, "gone"), ERR_OK);
	struct event_verdict verdict = verdict_of(store_fixture_event(store), "42");
	verdict.state = EVENT_UNUSABLE;
	settle(&verdict);
	ck_assert_int_eq(store_fixture_append(store, "unparsed"), ERR_OK);
	ck_assert(store_event_expire(store, later_ms, 0, NULL, NULL));
	ck_assert(store_event_next(store, 10, &events, NULL));
	ck_assert_uint_eq(events.count, 1); /* what is unparsed never expires */
	ck_assert_str_eq(events.items[0].body, "unparsed");
	event_list_finish(&events);
	ck_assert_int_eq(bodies_kept(), 0);
	settle_all();
	ck_assert_int_eq(deliver_again("gone", verdict_of(0, "42")), EVENT_FATE_REOPENED);
	ck_assert_int_eq(bodies_kept(), 2);
}
END_TEST

START_TEST(an_expired_body_is_gone_and_its_hash_stays)
{
	store_fixture_deliver(store, "x", "42", LANE_UPDATE);
	run_once("42", true);
	ck_assert(store_event_expire(store, clock_wall_ms() + DAY_MS, 0, NULL, NULL));
	ck_assert_int_eq(deliver_again("x", verdict_of(0, "42")), EVENT_FATE_DUPLICATE);
	ck_assert_int_eq(bodies_kept(), 0);
}
END_TEST

START_TEST(expired_hashes_are_forgotten)
{
	int64_t later_ms = clock_wall_ms() + DAY_MS;
	for (int i = 0; i < 1200; i++) {
		char body[32];
		str_format_cut(body, sizeof(body), "%d", i);
		ck_assert_int_eq(store_append(store, "default", str_dup(body), strlen(body),
		                         count_result, NULL),
		        ERR_OK);
	}
	ck_assert(store_value_set(store, "default", "behind", "1", NULL));
	struct event_list events;
	ck_assert(store_event_next(store, 2000, &events, NULL));
	ck_assert_uint_eq(events.count, 1200);
	for (size_t i = 0; i < events.count; i++) {
		struct event_verdict verdict = {
		        .event_id = events.items[i].event_id, .state = EVENT_IGNORED};
		settle(&verdict);
	}
	event_list_finish(&events);
	ck_assert(store_event_expire(store, later_ms, later_ms, NULL, NULL));
	struct store_counts counts;
	ck_assert(store_counts(store, "default", &counts, NULL));
	ck_assert_int_eq(counts.events[EVENT_IGNORED], 0);
	ck_assert_int_eq(store_fixture_append(store, "7"), ERR_OK);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("store_event");
	TCase *storing = tcase_create("storing");
	tcase_add_checked_fixture(storing, setup, teardown);
	tcase_set_timeout(storing, 60);
	tcase_add_test(storing, bytes_come_back_as_they_were_sent);
	tcase_add_test(storing, a_body_with_nul_bytes_is_kept_whole);
	tcase_add_test(storing, unparsed_events_come_oldest_first_and_no_more_than_asked_for);
	tcase_add_test(storing, large_bodies_come_a_few_at_a_time);
	tcase_add_test(storing, a_connection_name_that_does_not_fit_is_refused);
	suite_add_tcase(suite, storing);
	TCase *concurrency = tcase_create("concurrency");
	tcase_add_checked_fixture(concurrency, setup, teardown);
	tcase_set_timeout(concurrency, 60);
	tcase_add_test(concurrency, appends_of_many_threads_are_all_stored_and_told_once);
	tcase_add_test(
	        concurrency, a_write_that_fails_leaves_its_neighbours_and_nothing_of_its_own);
	tcase_add_test(
	        concurrency, beyond_the_queues_bound_deliveries_are_refused_and_writes_are_not);
	tcase_add_test(concurrency, a_store_that_closes_commits_what_it_took);
	suite_add_tcase(suite, concurrency);
	TCase *first = tcase_create("first");
	tcase_add_checked_fixture(first, setup, teardown);
	tcase_set_timeout(first, 60);
	tcase_add_test(first, a_delivery_goes_before_a_settling_that_came_earlier);
	tcase_add_test(first, a_flood_does_not_keep_settling_away);
	tcase_add_test(
	        first, beyond_the_inboxs_bound_deliveries_are_refused_until_some_are_settled);
	tcase_add_test(first, no_number_is_given_twice_though_its_event_is_gone);
	suite_add_tcase(suite, first);
	TCase *settling = tcase_create("settling");
	tcase_add_checked_fixture(settling, setup, teardown);
	tcase_set_timeout(settling, 30);
	tcase_add_test(settling, an_accepted_event_makes_its_employee_dirty);
	tcase_add_test(settling, fifty_events_raise_the_generation_and_keep_the_most_urgent_lane);
	tcase_add_loop_test(settling, other_verdicts_only_close_the_event, 0, 3);
	tcase_add_test(settling, a_verdict_counts_once);
	tcase_add_test(settling, left_and_deleted_are_noted);
	tcase_add_loop_test(settling, the_newest_trusted_revocation_wins, 0, 7);
	suite_add_tcase(suite, settling);
	TCase *duplicates = tcase_create("duplicates");
	tcase_add_checked_fixture(duplicates, setup, teardown);
	tcase_add_test(duplicates, a_duplicate_only_counts_up);
	tcase_add_test(duplicates, the_same_bytes_for_another_connection_are_another_event);
	tcase_add_loop_test(
	        duplicates, a_duplicate_reopens_what_was_foreign_or_unusable_or_timeless, 0, 5);
	tcase_add_test(duplicates, a_duplicate_is_one_more_chance_after_a_bad_run_only);
	suite_add_tcase(suite, duplicates);
	TCase *expiring = tcase_create("expiring");
	tcase_add_checked_fixture(expiring, setup, teardown);
	tcase_set_timeout(expiring, 60);
	tcase_add_test(expiring, bodies_expire_first_and_a_reopening_brings_them_back);
	tcase_add_test(expiring, an_expired_body_is_gone_and_its_hash_stays);
	tcase_add_test(expiring, expired_hashes_are_forgotten);
	suite_add_tcase(suite, expiring);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
