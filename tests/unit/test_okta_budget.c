/* SPDX-License-Identifier: MIT */
#include "okta/budget.h"

#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

#define USERS OKTA_BUCKET_USERS
#define T0    1000000 /* monotonic ms at which tests begin */
#define S0    1795460400 /* the server's seconds at T0 */

static struct budget budget;

static void set_up(void)
{
	budget_init(&budget, 8);
}

static int64_t begin_as(enum call_urgency urgency, int64_t now_ms)
{
	return budget_begin(&budget, USERS, urgency, now_ms, 0).ms;
}

/* An answer whose window ends at S0 + reset_after_s. */
static struct budget_report told(
        int status, int64_t limit, int64_t remaining, int64_t reset_after_s, int64_t now_ms)
{
	struct budget_report report = {.bucket = USERS,
	        .http_status = status,
	        .is_sent = true,
	        .rate = {.limit = limit,
	                .remaining = remaining,
	                .reset_s = S0 + reset_after_s,
	                .until_reset_ms = reset_after_s * 1000 - (now_ms - T0)}};
	return report;
}

static void end(struct budget_report report, int64_t now_ms)
{
	budget_end(&budget, &report, now_ms);
}

static void call(int64_t limit, int64_t remaining, int64_t reset_after_s, int64_t now_ms)
{
	ck_assert_int_eq(begin_as(CALL_URGENT, now_ms), 0);
	end(told(200, limit, remaining, reset_after_s, now_ms), now_ms);
}

START_TEST(lets_calls_through_while_nothing_is_known)
{
	ck_assert_int_eq(budget_remaining(&budget, USERS), -1);
	ck_assert_int_eq(begin_as(CALL_BACKGROUND, T0), 0);
}
END_TEST

START_TEST(waits_for_the_window_when_it_is_spent)
{
	call(600, 0, 30, T0);
	ck_assert_int_eq(budget_remaining(&budget, USERS), 0);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0), 31000);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0 + 31000), 0);
}
END_TEST

START_TEST(one_bucket_does_not_stop_another)
{
	call(600, 0, 30, T0);
	ck_assert_int_eq(budget_begin(&budget, OKTA_BUCKET_USER_READ, CALL_NORMAL, T0, 0).ms, 0);
}
END_TEST

START_TEST(keeps_the_last_tenth_for_urgent_calls)
{
	call(100, 11, 30, T0);
	ck_assert_int_eq(begin_as(CALL_NORMAL, T0), 0); /* in flight: the 11th */
	ck_assert_int_gt(begin_as(CALL_NORMAL, T0), 0);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0), 0);
}
END_TEST

START_TEST(leaves_half_to_others_in_the_background)
{
	call(100, 50, 30, T0);
	ck_assert_int_gt(begin_as(CALL_BACKGROUND, T0), 0);
	ck_assert_int_eq(begin_as(CALL_NORMAL, T0), 0);
}
END_TEST

START_TEST(calls_in_flight_count_as_spent)
{
	call(600, 3, 30, T0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(begin_as(CALL_URGENT, T0), 0);
	}
	ck_assert_int_gt(begin_as(CALL_URGENT, T0), 0);
	end(told(200, 600, 2, 30, T0), T0);
	ck_assert_int_gt(begin_as(CALL_URGENT, T0), 0);
}
END_TEST

START_TEST(within_a_window_the_smaller_remainder_wins)
{
	call(600, 5, 30, T0);
	call(600, 9, 30, T0);
	ck_assert_int_eq(budget_remaining(&budget, USERS), 5);
	call(600, 8, 31, T0); /* another machine's idea of the same window */
	ck_assert_int_eq(budget_remaining(&budget, USERS), 5);
}
END_TEST

START_TEST(a_later_window_begins_anew)
{
	call(600, 5, 30, T0);
	call(600, 599, 90, T0 + 30500);
	ck_assert_int_eq(budget_remaining(&budget, USERS), 599);
}
END_TEST

START_TEST(an_overtaken_answer_of_the_old_window_is_ignored)
{
	call(600, 599, 90, T0 + 30500);
	call(600, 2, 30, T0 + 30600);
	ck_assert_int_eq(budget_remaining(&budget, USERS), 599);
}
END_TEST

START_TEST(an_absurd_reset_time_is_not_learnt)
{
	call(600, 0, 60 * 60 * 24 * 365, T0);
	ck_assert_int_eq(budget_remaining(&budget, USERS), -1);
	ck_assert_int_eq(begin_as(CALL_NORMAL, T0), 0);
}
END_TEST

START_TEST(an_answer_without_headers_costs_one)
{
	call(600, 5, 30, T0);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0), 0);
	end((struct budget_report){.bucket = USERS,
	            .http_status = 500,
	            .is_sent = true,
	            .rate = {-1, -1, -1, 0}},
	        T0);
	ck_assert_int_eq(budget_remaining(&budget, USERS), 4);
}
END_TEST

START_TEST(a_call_that_never_left_costs_nothing)
{
	call(600, 5, 30, T0);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0), 0);
	end((struct budget_report){.bucket = USERS}, T0);
	ck_assert_int_eq(budget_remaining(&budget, USERS), 5);
	ck_assert_int_eq(budget.gate.in_flight, 0);
}
END_TEST

START_TEST(a_429_closes_the_bucket_until_its_reset)
{
	call(600, 300, 30, T0);
	ck_assert_int_eq(begin_as(CALL_NORMAL, T0), 0);
	end(told(429, 600, 0, 30, T0), T0);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0), 31000);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0 + 30999), 1);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0 + 31000), 0);
	ck_assert_int_eq(budget.gate.places, 8);
}
END_TEST

START_TEST(a_429_is_obeyed_for_two_minutes_at_most)
{
	ck_assert_int_eq(begin_as(CALL_NORMAL, T0), 0);
	end(told(429, 600, 0, 60 * 60 * 24, T0), T0);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0), 120000);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0 + 120000), 0);
}
END_TEST

START_TEST(a_429_without_headers_closes_for_a_minute)
{
	ck_assert_int_eq(begin_as(CALL_NORMAL, T0), 0);
	end((struct budget_report){.bucket = USERS,
	            .http_status = 429,
	            .is_sent = true,
	            .rate = {-1, -1, -1, 0}},
	        T0);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0), 60000);
}
END_TEST

START_TEST(waits_get_jitter_that_only_lengthens)
{
	call(600, 0, 30, T0);
	for (uint64_t random = 0; random < 5000; random += 7) {
		int64_t wait_ms = budget_begin(&budget, USERS, CALL_NORMAL, T0, random).ms;
		ck_assert_int_ge(wait_ms, 31000);
		ck_assert_int_le(wait_ms, 32000);
	}
}
END_TEST

static void refuse_as_busy(int64_t now_ms)
{
	end(told(429, 0, 0, 114, now_ms), now_ms);
}

START_TEST(too_many_at_once_halves_the_gate_and_pauses_shortly)
{
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(begin_as(CALL_NORMAL, T0), 0);
	}
	ck_assert_int_gt(begin_as(CALL_NORMAL, T0), 0);
	for (int i = 0; i < 8; i++) {
		refuse_as_busy(T0); /* one burst */
	}
	ck_assert_int_eq(budget.gate.places, 4);
	int64_t wait_ms = begin_as(CALL_NORMAL, T0);
	ck_assert_int_gt(wait_ms, 0);
	ck_assert_int_le(wait_ms, 1000);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(begin_as(CALL_NORMAL, T0 + 1000), 0);
	}
	ck_assert_int_gt(begin_as(CALL_NORMAL, T0 + 1000), 0);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0 + 1000), 0);
	ck_assert_int_gt(begin_as(CALL_URGENT, T0 + 1000), 0);
}
END_TEST

START_TEST(the_gate_never_closes_and_opens_again_with_success)
{
	int64_t now_ms = T0;
	for (int i = 0; i < 12; i++, now_ms += 20000) {
		ck_assert_int_eq(begin_as(CALL_NORMAL, now_ms), 0);
		refuse_as_busy(now_ms);
		ck_assert_int_le(gate_pause_ms(&budget.gate, now_ms), GATE_BUSY_BACKOFF_MAX);
	}
	ck_assert_int_eq(budget.gate.places, 1);
	for (int i = 0; i < 7 * GATE_WIDEN_AFTER; i++) {
		ck_assert_int_eq(begin_as(CALL_NORMAL, now_ms), 0);
		end((struct budget_report){.bucket = USERS,
		            .http_status = 200,
		            .is_sent = true,
		            .rate = {-1, -1, -1, 0}},
		        now_ms);
	}
	ck_assert_int_eq(budget.gate.places, 8);
}
END_TEST

START_TEST(a_wait_says_what_it_is_for)
{
	ck_assert_int_eq(budget_begin(&budget, USERS, CALL_NORMAL, T0, 0).kind, CALL_WAIT_NONE);
	end(told(200, 600, 0, 30, T0), T0);
	ck_assert_int_eq(budget_begin(&budget, USERS, CALL_URGENT, T0, 0).kind, CALL_WAIT_ROOM);
	/* However short: the window is over in a second. */
	ck_assert_int_eq(
	        budget_begin(&budget, USERS, CALL_URGENT, T0 + 30500, 0).kind, CALL_WAIT_ROOM);
	for (int i = 0; i < 8; i++) {
		ck_assert_int_eq(budget_begin(&budget, OKTA_BUCKET_OTHER, CALL_NORMAL, T0, 0).kind,
		        CALL_WAIT_NONE);
	}
	ck_assert_int_eq(
	        budget_begin(&budget, OKTA_BUCKET_OTHER, CALL_URGENT, T0, 0).kind, CALL_WAIT_PLACE);
	refuse_as_busy(T0);
	ck_assert_int_eq(
	        budget_begin(&budget, OKTA_BUCKET_OTHER, CALL_URGENT, T0, 0).kind, CALL_WAIT_ROOM);
}
END_TEST

/* ------------------------------------------------------------ a slow start */

static void succeed(int64_t now_ms)
{
	gate_note_success(&budget.gate, now_ms);
}

START_TEST(after_an_outage_places_double_with_time_and_success)
{
	int64_t now_ms = T0;
	gate_start_slowly(&budget.gate, now_ms);
	for (int places = 1; places < 8; places *= 2) {
		ck_assert_int_eq(gate_places(&budget.gate, CALL_NORMAL), places);
		ck_assert_int_eq(gate_places(&budget.gate, CALL_URGENT), places + 1);
		for (int i = 0; i < 100; i++) {
			succeed(now_ms + GATE_SLOW_STEP_MS - 1);
		}
		ck_assert_int_eq(budget.gate.places, places); /* too soon */
		now_ms += GATE_SLOW_STEP_MS;
		succeed(now_ms);
	}
	ck_assert_int_eq(budget.gate.places, 8);
	ck_assert_int_eq(gate_places(&budget.gate, CALL_URGENT), 8);
	ck_assert(!budget.gate.is_slow);
}
END_TEST

START_TEST(how_far_it_is_can_be_asked)
{
	struct okta_slow_start start;
	gate_slow_start(&budget.gate, T0, &start);
	ck_assert_int_eq(start.places, 8);
	ck_assert_int_eq(start.places_max, 8);
	ck_assert_int_eq(start.until_doubling_ms, 0);
	gate_start_slowly(&budget.gate, T0);
	gate_slow_start(&budget.gate, T0 + 1000, &start);
	ck_assert_int_eq(start.places, 1);
	ck_assert_int_eq(start.until_doubling_ms, GATE_SLOW_STEP_MS - 1000);
	ck_assert_int_eq(start.step_ms, GATE_SLOW_STEP_MS);
	gate_slow_start(&budget.gate, T0 + 10 * GATE_SLOW_STEP_MS, &start);
	ck_assert_int_eq(start.until_doubling_ms, 0);
	gate_note_limit(&budget.gate); /* it is narrow now, which the measured speed will tell */
	gate_slow_start(&budget.gate, T0, &start);
	ck_assert_int_eq(start.places, 8);
}
END_TEST

START_TEST(time_alone_doubles_nothing)
{
	gate_start_slowly(&budget.gate, T0);
	succeed(T0 + GATE_SLOW_STEP_MS);
	ck_assert_int_eq(budget.gate.places, 2);
	succeed(T0 + 20 * GATE_SLOW_STEP_MS); /* as many good answers as places */
	ck_assert_int_eq(budget.gate.places, 2);
	succeed(T0 + 20 * GATE_SLOW_STEP_MS);
	ck_assert_int_eq(budget.gate.places, 4);
}
END_TEST

START_TEST(a_5xx_does_not_open_it)
{
	gate_start_slowly(&budget.gate, T0);
	for (int64_t now_ms = T0; now_ms < T0 + 10 * GATE_SLOW_STEP_MS; now_ms += 1000) {
		ck_assert_int_eq(begin_as(CALL_NORMAL, now_ms), 0);
		end(told(503, -1, -1, 0, now_ms), now_ms);
	}
	ck_assert_int_eq(budget.gate.places, 1);
}
END_TEST

START_TEST(a_429_of_either_kind_ends_the_doubling)
{
	gate_start_slowly(&budget.gate, T0);
	succeed(T0 + GATE_SLOW_STEP_MS);
	ck_assert_int_eq(begin_as(CALL_NORMAL, T0 + GATE_SLOW_STEP_MS), 0);
	end(told(429, _i == 0 ? 600 : 0, 0, 30, T0), T0 + GATE_SLOW_STEP_MS);
	int places = _i == 0 ? 2 : 1;
	ck_assert_int_eq(budget.gate.places, places);
	for (int i = 0; i < GATE_WIDEN_AFTER - 1; i++) {
		succeed(T0 + 100 * GATE_SLOW_STEP_MS);
	}
	ck_assert_int_eq(budget.gate.places, places);
	succeed(T0 + 100 * GATE_SLOW_STEP_MS);
	ck_assert_int_eq(budget.gate.places, places + 1);
}
END_TEST

START_TEST(another_outage_starts_anew_and_never_widens)
{
	gate_start_slowly(&budget.gate, T0);
	succeed(T0 + GATE_SLOW_STEP_MS);
	gate_start_slowly(&budget.gate, T0 + GATE_SLOW_STEP_MS);
	ck_assert_int_eq(budget.gate.places, 1);
	succeed(T0 + GATE_SLOW_STEP_MS + 1);
	ck_assert_int_eq(budget.gate.places, 1);
}
END_TEST

START_TEST(what_lowers_access_finds_a_place_beside_others)
{
	gate_start_slowly(&budget.gate, T0);
	ck_assert_int_eq(begin_as(CALL_NORMAL, T0), 0);
	ck_assert_int_gt(begin_as(CALL_NORMAL, T0), 0);
	ck_assert_int_eq(begin_as(CALL_URGENT, T0), 0);
	ck_assert_int_gt(begin_as(CALL_URGENT, T0), 0);
}
END_TEST

/* ------------------------------------------------ a load against a server */

#define WORKERS   8
#define WINDOW_MS 60000
#define MINUTES   10

struct worker {
	bool is_calling;
	int64_t counted_at_ms; /* the server counts the call then */
	int64_t wakes_at_ms;
	bool is_counted;
	struct budget_report report;
};

struct load {
	struct worker workers[WORKERS];
	int64_t limit;
	int64_t offset_ms; /* of the server's windows */
	int64_t used;
	int64_t window;
	int64_t calls;
	int64_t refused;
	uint64_t random;
};

static uint64_t next(struct load *load)
{
	load->random = load->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return load->random >> 33;
}

static void count_on_server(struct load *load, struct worker *worker, int64_t now_ms)
{
	int64_t window = (now_ms + load->offset_ms) / WINDOW_MS;
	if (window != load->window) {
		load->window = window;
		load->used = 0;
	}
	load->used++;
	load->calls++;
	bool is_refused = load->used > load->limit;
	load->refused += is_refused ? 1 : 0;
	int64_t ends_at_ms = (window + 1) * WINDOW_MS - load->offset_ms;
	/* Both times are cut to whole seconds, as in the headers. */
	int64_t until_s = ends_at_ms / 1000 - now_ms / 1000;
	worker->is_counted = true;
	worker->report = (struct budget_report){.bucket = USERS,
	        .http_status = is_refused ? 429 : 200,
	        .is_sent = true,
	        .rate = {.limit = load->limit,
	                .remaining = is_refused ? 0 : load->limit - load->used,
	                .reset_s = ends_at_ms / 1000,
	                .until_reset_ms = until_s * 1000}};
}

static void step_worker(struct load *load, struct worker *worker, int64_t now_ms)
{
	if (worker->is_calling && !worker->is_counted && now_ms >= worker->counted_at_ms) {
		count_on_server(load, worker, now_ms);
	}
	if (now_ms < worker->wakes_at_ms) {
		return;
	}
	if (worker->is_calling) {
		budget_end(&budget, &worker->report, now_ms);
		worker->is_calling = false;
		return;
	}
	int64_t wait_ms = budget_begin(&budget, USERS, CALL_NORMAL, now_ms, next(load)).ms;
	if (wait_ms > 0) {
		worker->wakes_at_ms = now_ms + wait_ms;
		return;
	}
	int64_t there_ms = 5 + (int64_t)(next(load) % 100);
	int64_t back_ms = 5 + (int64_t)(next(load) % 300);
	*worker = (struct worker){.is_calling = true,
	        .counted_at_ms = now_ms + there_ms,
	        .wakes_at_ms = now_ms + there_ms + back_ms};
}

static int calling(const struct load *load)
{
	int count = 0;

	for (int i = 0; i < WORKERS; i++) {
		count += load->workers[i].is_calling ? 1 : 0;
	}
	return count;
}

/* All workers are at it from the first moment: 1, 2, 4, 8 calls at once, and never a 429. */
START_TEST(a_herd_after_an_outage_is_let_in_step_by_step)
{
	struct load load = {.limit = 600,
	        .offset_ms = 1777 * _i,
	        .window = -1,
	        .random = (uint64_t)_i * 7919 + 1};
	int most[5] = {0};
	gate_start_slowly(&budget.gate, T0);
	for (int64_t now_ms = T0; now_ms < T0 + 5 * GATE_SLOW_STEP_MS; now_ms++) {
		for (int i = 0; i < WORKERS; i++) {
			step_worker(&load, &load.workers[i], now_ms);
		}
		int *step = &most[(now_ms - T0) / GATE_SLOW_STEP_MS];
		*step = calling(&load) > *step ? calling(&load) : *step;
	}
	ck_assert_int_eq(load.refused, 0);
	for (int step = 0; step < 4; step++) {
		ck_assert_int_le(most[step], 1 << step);
	}
	ck_assert_int_eq(most[1], 2);
	ck_assert_int_eq(most[4], 8);
}
END_TEST

START_TEST(a_steady_load_of_several_workers_sees_no_429)
{
	static const int64_t limits[] = {20, 100, 300, 600, 1000};
	struct load load = {.limit = limits[_i % 5],
	        .offset_ms = 1777 * _i,
	        .window = -1,
	        .random = (uint64_t)_i * 7919 + 1};
	int64_t end_ms = T0 + MINUTES * WINDOW_MS;
	for (int64_t now_ms = T0; now_ms < end_ms; now_ms++) {
		for (int i = 0; i < WORKERS; i++) {
			step_worker(&load, &load.workers[i], now_ms);
		}
	}
	ck_assert_msg(load.refused == 0, "limit %lld: %lld of %lld calls refused",
	        (long long)load.limit, (long long)load.refused, (long long)load.calls);
	/* The tenth is kept back, and a window's end costs a second or two. */
	ck_assert_msg(load.calls >= load.limit * MINUTES * 8 / 10, "limit %lld: only %lld calls",
	        (long long)load.limit, (long long)load.calls);
}
END_TEST

static void add_windows(Suite *suite)
{
	TCase *windows = tcase_create("windows");
	tcase_add_checked_fixture(windows, set_up, NULL);
	tcase_add_test(windows, lets_calls_through_while_nothing_is_known);
	tcase_add_test(windows, waits_for_the_window_when_it_is_spent);
	tcase_add_test(windows, one_bucket_does_not_stop_another);
	tcase_add_test(windows, keeps_the_last_tenth_for_urgent_calls);
	tcase_add_test(windows, leaves_half_to_others_in_the_background);
	tcase_add_test(windows, calls_in_flight_count_as_spent);
	tcase_add_test(windows, within_a_window_the_smaller_remainder_wins);
	tcase_add_test(windows, a_later_window_begins_anew);
	tcase_add_test(windows, an_overtaken_answer_of_the_old_window_is_ignored);
	tcase_add_test(windows, an_absurd_reset_time_is_not_learnt);
	tcase_add_test(windows, an_answer_without_headers_costs_one);
	tcase_add_test(windows, a_call_that_never_left_costs_nothing);
	suite_add_tcase(suite, windows);
}

static void add_refusals(Suite *suite)
{
	TCase *refusals = tcase_create("refusals");
	tcase_add_checked_fixture(refusals, set_up, NULL);
	tcase_add_test(refusals, a_429_closes_the_bucket_until_its_reset);
	tcase_add_test(refusals, a_429_is_obeyed_for_two_minutes_at_most);
	tcase_add_test(refusals, a_429_without_headers_closes_for_a_minute);
	tcase_add_test(refusals, waits_get_jitter_that_only_lengthens);
	tcase_add_test(refusals, too_many_at_once_halves_the_gate_and_pauses_shortly);
	tcase_add_test(refusals, the_gate_never_closes_and_opens_again_with_success);
	tcase_add_test(refusals, a_wait_says_what_it_is_for);
	suite_add_tcase(suite, refusals);
}

static void add_slow_start(Suite *suite)
{
	TCase *slow = tcase_create("slow start");
	tcase_add_checked_fixture(slow, set_up, NULL);
	tcase_add_test(slow, after_an_outage_places_double_with_time_and_success);
	tcase_add_test(slow, how_far_it_is_can_be_asked);
	tcase_add_test(slow, time_alone_doubles_nothing);
	tcase_add_test(slow, a_5xx_does_not_open_it);
	tcase_add_loop_test(slow, a_429_of_either_kind_ends_the_doubling, 0, 2);
	tcase_add_test(slow, another_outage_starts_anew_and_never_widens);
	tcase_add_test(slow, what_lowers_access_finds_a_place_beside_others);
	suite_add_tcase(suite, slow);
}

int main(void)
{
	Suite *suite = suite_create("okta_budget");
	add_windows(suite);
	add_refusals(suite);
	add_slow_start(suite);
	TCase *load = tcase_create("load");
	tcase_add_checked_fixture(load, set_up, NULL);
	tcase_set_timeout(load, 60);
	tcase_add_loop_test(load, a_herd_after_an_outage_is_let_in_step_by_step, 0, 20);
	tcase_add_loop_test(load, a_steady_load_of_several_workers_sees_no_429, 0, 20);
	suite_add_tcase(suite, load);
	return suite_run(suite);
}
