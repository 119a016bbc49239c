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
	return budget_begin(&budget, USERS, urgency, now_ms, 0);
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
	ck_assert_int_eq(budget_begin(&budget, OKTA_BUCKET_USER_READ, CALL_NORMAL, T0, 0), 0);
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
	ck_assert_int_eq(budget.in_flight, 0);
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
	ck_assert_int_eq(budget.parallel, 8);
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
		int64_t wait_ms = budget_begin(&budget, USERS, CALL_NORMAL, T0, random);
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
	ck_assert_int_eq(budget.parallel, 4);
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
		ck_assert_int_le(budget_pause_ms(&budget, now_ms), BUDGET_BUSY_BACKOFF_MAX);
	}
	ck_assert_int_eq(budget.parallel, 1);
	for (int i = 0; i < 7 * BUDGET_WIDEN_AFTER; i++) {
		ck_assert_int_eq(begin_as(CALL_NORMAL, now_ms), 0);
		end((struct budget_report){.bucket = USERS,
		            .http_status = 200,
		            .is_sent = true,
		            .rate = {-1, -1, -1, 0}},
		        now_ms);
	}
	ck_assert_int_eq(budget.parallel, 8);
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
	int64_t wait_ms = budget_begin(&budget, USERS, CALL_NORMAL, now_ms, next(load));
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
	suite_add_tcase(suite, refusals);
}

int main(void)
{
	Suite *suite = suite_create("okta_budget");
	add_windows(suite);
	add_refusals(suite);
	TCase *load = tcase_create("load");
	tcase_add_checked_fixture(load, set_up, NULL);
	tcase_set_timeout(load, 60);
	tcase_add_loop_test(load, a_steady_load_of_several_workers_sees_no_429, 0, 20);
	suite_add_tcase(suite, load);
	return suite_run(suite);
}
