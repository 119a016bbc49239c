/* SPDX-License-Identifier: MIT */
/* Numbers of what was done: counted with the writes, kept over a restart, gone after 32 days; and
 * whom the next days are about. */
#include "server/store/history.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/store/retention.h"
#include "server/store/sqlite.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

#define DAY_MS INT64_C(86400000)

static struct store *store;
static const struct limit_set unlimited;

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

/* Another process's hand in the file; the store is closed meanwhile. */
static void change_file(const char *sql)
{
	struct sqlite_conn conn;
	struct err err = ERR_INIT;
	store_close(store);
	const char *path = store_fixture_url() + sizeof("sqlite:") - 1;
	ck_assert(sqlite_open(&conn, path, SQLITE_ROLE_WRITER, &err));
	ck_assert_msg(sqlite_script(&conn, sql, &err), "%s", err.text);
	sqlite_close(&conn);
	store = store_fixture_open();
}

/* All that was counted from so long ago on. */
static struct history_counts counted(int64_t ago_ms)
{
	struct err err = ERR_INIT;
	struct history_span span = {
	        .from_ms = clock_wall_ms() - ago_ms, .until_ms = clock_wall_ms() + DAY_MS};
	ck_assert_msg(store_history(store, "default", &span, 1, &err), "%s", err.text);
	return span.counts;
}

static void act(struct employee *employee, enum action_kind kind, enum outcome_state state)
{
	struct intent intent = store_fixture_intent(employee, kind, LIMIT_NONE);
	ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, NULL), INTENT_OPEN);
	struct outcome outcome = {.intent_id = intent.intent_id,
	        .lease_token = employee->lease_token,
	        .state = state};
	ck_assert(store_intent_close(store, &outcome, employee, NULL));
	intent_finish(&intent);
}

static void finish(struct employee *employee, enum employee_state state, bool is_good)
{
	employee->is_last_run_good = is_good;
	ck_assert(store_employee_finish(store, employee, state, NULL));
	employee_finish(employee);
}

START_TEST(what_is_done_is_counted_with_it_and_survives)
{
	store_fixture_deliver(store, "{\"a\":1}", "1", LANE_UPDATE);
	store_fixture_deliver(store, "{\"a\":1}", "1", LANE_UPDATE);
	struct employee employee = store_fixture_claim(store, "1");
	act(&employee, ACTION_CREATE, OUTCOME_DONE);
	act(&employee, ACTION_ACTIVATE, OUTCOME_DONE);
	act(&employee, ACTION_JOIN_GROUP, OUTCOME_REFUSED);
	finish(&employee, EMPLOYEE_FAILED, false);
	for (int i = 0; i < 2; i++) {
		struct history_counts counts = counted(DAY_MS);
		ck_assert_int_eq(counts.events[EVENT_ACCEPTED], 1);
		ck_assert_int_eq(counts.duplicates, 1);
		ck_assert_int_eq(counts.actions[ACTION_CREATE][OUTCOME_DONE], 1);
		ck_assert_int_eq(counts.actions[ACTION_ACTIVATE][OUTCOME_DONE], 1);
		ck_assert_int_eq(counts.actions[ACTION_JOIN_GROUP][OUTCOME_REFUSED], 1);
		ck_assert_int_eq(counts.runs[HISTORY_RUN_FAILED], 1);
		/* The first of the two changes was the answer. */
		ck_assert_int_eq(history_times_count(&counts.writes), 1);
		ck_assert_int_eq(history_times_count(&counts.nothings), 0);
		store_close(store);
		store = store_fixture_open();
	}
}
END_TEST

/* Counted once for what is alike, and written when something else comes. */
START_TEST(events_settled_together_are_counted_each_by_what_it_was)
{
	static const char *const BODIES[] = {"1", "2", "3", "3", "4"};
	static const enum event_state STATES[] = {
	        EVENT_ACCEPTED, EVENT_IGNORED, EVENT_IGNORED, EVENT_IGNORED, EVENT_ACCEPTED};
	struct event_verdict verdicts[ARRAY_SIZE(BODIES)] = {0};
	struct event_list events = {0};
	for (size_t i = 0; i < ARRAY_SIZE(BODIES); i++) {
		ck_assert_int_eq(store_fixture_append(store, BODIES[i]), ERR_OK);
	}
	ck_assert(store_event_next(store, ARRAY_SIZE(BODIES), &events, NULL));
	ck_assert_uint_eq(events.count, ARRAY_SIZE(BODIES));
	for (size_t i = 0; i < events.count; i++) {
		verdicts[i].event_id = events.items[i].event_id;
		verdicts[i].state = STATES[i];
		verdicts[i].triggered_at_ms = clock_wall_ms();
	}
	ck_assert(store_event_settle(store, verdicts, events.count, NULL));
	event_list_finish(&events);
	struct history_counts counts = counted(DAY_MS);
	ck_assert_int_eq(counts.events[EVENT_ACCEPTED], 2);
	ck_assert_int_eq(counts.events[EVENT_IGNORED], 2);
	ck_assert_int_eq(counts.duplicates, 1);
}
END_TEST

/* Somebody who waits for another reason, so that the event only counts. */
START_TEST(an_event_for_somebody_who_waits_is_timed_too)
{
	store_fixture_deliver(store, "{\"a\":1}", "1", LANE_UPDATE);
	change_file("UPDATE employees SET unanswered_since_ms = 0");
	store_fixture_deliver(store, "{\"a\":2}", "1", LANE_UPDATE);
	struct employee employee = store_fixture_claim(store, "1");
	finish(&employee, EMPLOYEE_IDLE, true);
	struct history_counts counts = counted(DAY_MS);
	ck_assert_int_eq(history_times_count(&counts.nothings), 1);
}
END_TEST

static void wait_for_next_ms(void)
{
	int64_t now_ms = clock_wall_ms();
	while (clock_wall_ms() == now_ms) {
	}
}

START_TEST(an_answer_takes_as_long_as_its_event_waited)
{
	store_fixture_deliver(store, "{\"a\":1}", "1", LANE_UPDATE);
	change_file("UPDATE employees SET unanswered_since_ms = unanswered_since_ms - 100000");
	struct employee employee = store_fixture_claim(store, "1");
	/* News is the next run's to answer. */
	wait_for_next_ms();
	store_fixture_deliver(store, "{\"a\":2}", "1", LANE_UPDATE);
	act(&employee, ACTION_UPDATE, OUTCOME_DONE);
	act(&employee, ACTION_JOIN_GROUP, OUTCOME_DONE);
	finish(&employee, EMPLOYEE_IDLE, true);
	struct history_counts counts = counted(DAY_MS);
	ck_assert_int_eq(history_times_count(&counts.writes), 1);
	ck_assert_int_eq(history_times_share_ms(&counts.writes, 50), 120000);
	employee = store_fixture_claim(store, "1");
	finish(&employee, EMPLOYEE_IDLE, true);
	counts = counted(DAY_MS);
	ck_assert_int_eq(history_times_count(&counts.writes), 1);
	ck_assert_int_eq(history_times_count(&counts.nothings), 1);
	ck_assert_int_le(history_times_share_ms(&counts.nothings, 50), 10000);
}
END_TEST

START_TEST(nothing_to_do_is_an_answer_and_a_hand_back_is_none)
{
	store_fixture_deliver(store, "{\"a\":1}", "1", LANE_UPDATE);
	struct employee employee = store_fixture_claim(store, "1");
	finish(&employee, EMPLOYEE_PARKED, true);
	struct history_counts counts = counted(DAY_MS);
	ck_assert_int_eq(history_times_count(&counts.nothings), 0);
	ck_assert_int_eq(counts.runs[HISTORY_RUN_GOOD], 0);
	store_fixture_deliver(store, "{\"a\":2}", "1", LANE_UPDATE);
	employee = store_fixture_claim(store, "1");
	act(&employee, ACTION_UPDATE, OUTCOME_NOT_SENT);
	finish(&employee, EMPLOYEE_IDLE, true);
	counts = counted(DAY_MS);
	ck_assert_int_eq(history_times_count(&counts.writes), 0);
	ck_assert_int_eq(history_times_count(&counts.nothings), 1);
	ck_assert_int_eq(counts.runs[HISTORY_RUN_GOOD], 1);
	/* A mark is no event: nothing is timed. */
	struct employee_key key = store_fixture_key("1");
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	employee = store_fixture_claim(store, "1");
	act(&employee, ACTION_UPDATE, OUTCOME_DONE);
	finish(&employee, EMPLOYEE_IDLE, true);
	counts = counted(DAY_MS);
	ck_assert_int_eq(history_times_count(&counts.writes), 0);
	ck_assert_int_eq(history_times_count(&counts.nothings), 1);
}
END_TEST

START_TEST(a_span_holds_its_slots_and_no_others)
{
	struct history_span spans[2] = {{.from_ms = 0, .until_ms = HISTORY_SLOT_MS},
	        {.from_ms = 2 * HISTORY_SLOT_MS, .until_ms = 4 * HISTORY_SLOT_MS}};
	change_file("INSERT INTO history VALUES ('default', 0, 'event', 'accepted', 1),"
	            " ('default', 900000, 'event', 'accepted', 10),"
	            " ('default', 1800000, 'event', 'accepted', 100),"
	            " ('default', 2700000, 'event', 'accepted', 1000),"
	            " ('default', 2700000, 'event', 'of a newer version', 7),"
	            " ('default', 2700000, 'action', 'update done', 3),"
	            " ('default', 2700000, 'write', '2500', 5),"
	            " ('default', 3600000, 'event', 'accepted', 10000),"
	            " ('other', 1800000, 'event', 'accepted', 100000)");
	ck_assert(store_history(store, "default", spans, 2, NULL));
	ck_assert_int_eq(spans[0].counts.events[EVENT_ACCEPTED], 1);
	ck_assert_int_eq(spans[1].counts.events[EVENT_ACCEPTED], 1100);
	ck_assert_int_eq(spans[1].counts.actions[ACTION_UPDATE][OUTCOME_DONE], 3);
	ck_assert_int_eq(history_times_share_ms(&spans[1].counts.writes, 50), 3000);
	history_add(&spans[0].counts, &spans[1].counts);
	ck_assert_int_eq(spans[0].counts.events[EVENT_ACCEPTED], 1101);
}
END_TEST

START_TEST(shares_are_told_by_their_upper_bounds)
{
	struct history_times times = {0};
	ck_assert_int_eq(history_times_share_ms(&times, 50), -1);
	times.counts[2] = 90;
	times.counts[5] = 9;
	times.counts[HISTORY_TIME_COUNT - 1] = 1;
	ck_assert_int_eq(history_times_share_ms(&times, 50), 2000);
	ck_assert_int_eq(history_times_share_ms(&times, 90), 2000);
	ck_assert_int_eq(history_times_share_ms(&times, 95), 5000);
	ck_assert_int_eq(history_times_share_ms(&times, 100), 30 * DAY_MS);
}
END_TEST

START_TEST(numbers_go_after_32_days)
{
	struct retention_times none = {0};
	struct retention_counts changed;
	char sql[512];
	int64_t now_ms = clock_wall_ms() - clock_wall_ms() % HISTORY_SLOT_MS;
	ck_assert(str_format(sql, sizeof(sql),
	        "INSERT INTO history VALUES ('default', %lld, 'event', 'accepted', 1),"
	        " ('default', %lld, 'event', 'accepted', 10)",
	        (long long)(now_ms - 33 * DAY_MS), (long long)(now_ms - 31 * DAY_MS)));
	change_file(sql);
	ck_assert_int_eq(counted(40 * DAY_MS).events[EVENT_ACCEPTED], 11);
	ck_assert(store_retention_run(store, &none, &changed, NULL));
	ck_assert_int_eq(counted(40 * DAY_MS).events[EVENT_ACCEPTED], 10);
}
END_TEST

START_TEST(the_last_delivery_is_the_newest_of_its_connection)
{
	int64_t at_ms = -1;
	ck_assert(store_last_delivery(store, "default", &at_ms, NULL));
	ck_assert_int_eq(at_ms, 0);
	store_fixture_deliver(store, "{\"a\":1}", "1", LANE_UPDATE);
	change_file("UPDATE events SET last_seen_at_ms = 1000000;"
	            "UPDATE history SET slot_ms = 900000");
	ck_assert(store_last_delivery(store, "default", &at_ms, NULL));
	ck_assert_int_eq(at_ms, 1000000);
	ck_assert(store_last_delivery(store, "other", &at_ms, NULL));
	ck_assert_int_eq(at_ms, 0);
	/* One that nobody has read yet is one. */
	ck_assert_int_eq(store_fixture_append(store, "{\"a\":2}"), ERR_OK);
	ck_assert(store_last_delivery(store, "default", &at_ms, NULL));
	ck_assert_int_ge(at_ms, 1000001);
}
END_TEST

START_TEST(the_days_ahead_are_told_from_what_was_read)
{
	static const enum ahead_kind KINDS[] = {AHEAD_JOIN, AHEAD_LEAVE, AHEAD_CHANGE};
	const struct ahead_query query = {
	        .connection = "default", .from_ms = 1000, .until_ms = 5000, .limit = 10};
	struct ahead_list list;
	for (int i = 1; i <= 6; i++) {
		char id[4];
		char okta_id[8];
		char login[24];
		str_format_cut(id, sizeof(id), "%d", i);
		str_format_cut(okta_id, sizeof(okta_id), "00u%d", i);
		str_format_cut(login, sizeof(login), "p%d@example.com", i);
		store_fixture_link(
		        store, id, okta_id, login, i == 1 ? ACCOUNT_STAGED : ACCOUNT_ACTIVE);
	}
	change_file(
	        "UPDATE employees SET wanted = 'staged', policy_due_at_ms = 2000,"
	        " display_name = 'Ada Byron', time_zone = 'Pacific/Honolulu' WHERE employee_id = '1';"
	        "UPDATE employees SET policy_due_at_ms = 3000, confirmed_end_ms = 3000"
	        " WHERE employee_id = '2';"
	        "UPDATE employees SET wanted = 'active', policy_due_at_ms = 4000 WHERE"
	        " employee_id = '3';"
	        "UPDATE employees SET policy_due_at_ms = 999 WHERE employee_id = '4';"
	        "UPDATE employees SET policy_due_at_ms = 5000 WHERE employee_id = '5';"
	        /* left, and closed before the last day's end */
	        "UPDATE employees SET policy_due_at_ms = 2500, confirmed_end_ms = 900,"
	        " lifecycle = 'terminated', wanted = 'deactivated' WHERE employee_id = '6'");
	ck_assert(store_ahead(store, &query, &list, NULL));
	ck_assert_int_eq((int)list.count, 3);
	for (size_t i = 0; i < list.count; i++) {
		ck_assert_int_eq(list.items[i].kind, KINDS[i]);
		ck_assert_int_eq(list.items[i].at_ms, (int64_t)(i + 2) * 1000);
		ck_assert(!list.items[i].is_held);
	}
	ck_assert_str_eq(list.items[0].display_name.text, "Ada Byron");
	ck_assert_str_eq(list.items[0].time_zone, "Pacific/Honolulu");
	ck_assert_str_eq(list.items[1].time_zone, "");
	ahead_list_finish(&list);
}
END_TEST

static Suite *history_suite(void)
{
	Suite *suite = suite_create("store_history");
	TCase *numbers = tcase_create("numbers");
	tcase_add_checked_fixture(numbers, setup, teardown);
	tcase_add_test(numbers, what_is_done_is_counted_with_it_and_survives);
	tcase_add_test(numbers, events_settled_together_are_counted_each_by_what_it_was);
	tcase_add_test(numbers, an_event_for_somebody_who_waits_is_timed_too);
	tcase_add_test(numbers, an_answer_takes_as_long_as_its_event_waited);
	tcase_add_test(numbers, nothing_to_do_is_an_answer_and_a_hand_back_is_none);
	tcase_add_test(numbers, a_span_holds_its_slots_and_no_others);
	tcase_add_test(numbers, shares_are_told_by_their_upper_bounds);
	tcase_add_test(numbers, numbers_go_after_32_days);
	tcase_add_test(numbers, the_last_delivery_is_the_newest_of_its_connection);
	suite_add_tcase(suite, numbers);
	TCase *ahead = tcase_create("ahead");
	tcase_add_checked_fixture(ahead, setup, teardown);
	tcase_add_test(ahead, the_days_ahead_are_told_from_what_was_read);
	suite_add_tcase(suite, ahead);
	return suite;
}

int main(void)
{
	return suite_run(history_suite());
}
