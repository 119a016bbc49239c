/* SPDX-License-Identifier: MIT */
#include "server/store/alarms.h"

#include "server/base/str.h"
#include "server/store/sqlite.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

static struct store *store;

static void setup(void)
{
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store_fixture_clean();
}

static struct alarm sample(const char *connection, enum alarm_name name, const char *subject)
{
	struct alarm alarm = {.name = name, .since_ms = 5, .seen_running_ms = 6, .opened_at_ms = 7};
	str_format_cut(alarm.connection, sizeof(alarm.connection), "%s", connection);
	str_format_cut(alarm.subject, sizeof(alarm.subject), "%s", subject);
	return alarm;
}

static void write_one(struct alarm *alarm)
{
	struct err err = ERR_INIT;
	struct alarm *const list[] = {alarm};
	ck_assert_msg(store_alarm_write(store, list, 1, &err), "%s", err.text);
}

static struct alarm_list live(void)
{
	struct alarm_list alarms;
	int64_t running_ms = -1;
	ck_assert(store_alarm_live(store, &alarms, &running_ms, NULL));
	ck_assert_int_ge(running_ms, 0);
	return alarms;
}

static int64_t number(const char *sql)
{
	struct sqlite_conn conn;
	int64_t value = -1;
	const char *path = store_fixture_url() + sizeof("sqlite:") - 1;
	ck_assert(sqlite_open(&conn, path, SQLITE_ROLE_READER, NULL));
	ck_assert(sqlite_number(&conn, sql, NULL, &value, NULL));
	sqlite_close(&conn);
	return value;
}

static size_t count_listed(const char *connection, bool with_ended)
{
	const struct alarm_query query = {
	        .connection = connection, .with_ended = with_ended, .limit = 5000};
	struct alarm_list alarms;
	ck_assert(store_alarm_list(store, &query, &alarms, NULL));
	size_t count = alarms.count;
	alarm_list_finish(&alarms);
	return count;
}

START_TEST(an_alarm_comes_back_as_it_was)
{
	struct alarm alarm = sample("default", ALARM_BRAKE, "412");
	write_one(&alarm);
	ck_assert_int_ne(alarm.alarm_id, 0);
	alarm.sent_at_ms = 8;
	alarm.sent_running_ms = 9;
	alarm.sends = 2;
	write_one(&alarm);
	store_close(store);
	store = store_fixture_open();
	struct alarm_list alarms = live();
	ck_assert_uint_eq(alarms.count, 1);
	const struct alarm *found = &alarms.items[0];
	ck_assert_int_eq(found->alarm_id, alarm.alarm_id);
	ck_assert_str_eq(found->connection, "default");
	ck_assert_int_eq(found->name, ALARM_BRAKE);
	ck_assert_str_eq(found->subject, "412");
	ck_assert_int_eq(found->since_ms, 5);
	ck_assert_int_eq(found->seen_running_ms, 6);
	ck_assert_int_eq(found->opened_at_ms, 7);
	ck_assert_int_eq(found->sent_at_ms, 8);
	ck_assert_int_eq(found->sent_running_ms, 9);
	ck_assert_int_eq(found->sends, 2);
	ck_assert_str_eq(found->acknowledged_by, "");
	alarm_list_finish(&alarms);
}
END_TEST

/* The row that is written back was read before a human acknowledged it. */
START_TEST(a_write_takes_no_acknowledgement_back)
{
	struct alarm_choice choice = {.name = ALARM_BRAKE, .by = "ops"};
	struct alarm alarm = sample("default", ALARM_BRAKE, "412");
	size_t count = 0;
	write_one(&alarm);
	ck_assert(store_alarm_acknowledge(store, &choice, &count, NULL));
	ck_assert_uint_eq(count, 1);
	alarm.sends = 1;
	write_one(&alarm);
	struct alarm_list alarms = live();
	ck_assert_str_eq(alarms.items[0].acknowledged_by, "ops");
	ck_assert_int_ne(alarms.items[0].acknowledged_at_ms, 0);
	alarm_list_finish(&alarms);
}
END_TEST

START_TEST(an_acknowledgement_is_of_what_it_names)
{
	struct alarm rows[] = {sample("default", ALARM_BRAKE, "1"),
	        sample("default", ALARM_BRAKE, "2"), sample("eu", ALARM_BRAKE, "1"),
	        sample("default", ALARM_HELD, "1"), sample("", ALARM_DISK, "")};
	struct err err = ERR_INIT;
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		write_one(&rows[i]);
	}
	struct alarm_choice one = {
	        .connection = "default", .name = ALARM_BRAKE, .subject = "1", .by = "ops"};
	ck_assert(store_alarm_acknowledge(store, &one, &count, NULL));
	ck_assert_uint_eq(count, 1);
	struct alarm_choice all = {.name = ALARM_BRAKE, .by = "ops"};
	ck_assert(store_alarm_acknowledge(store, &all, &count, NULL));
	ck_assert_uint_eq(count, 3);
	struct alarm_choice disk = {.connection = "eu", .name = ALARM_DISK, .by = "ops"};
	ck_assert(store_alarm_acknowledge(store, &disk, &count, NULL));
	struct alarm_choice none = {.name = ALARM_FAILED, .by = "ops"};
	ck_assert(!store_alarm_acknowledge(store, &none, &count, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	ck_assert_uint_eq(count, 0);
	/* A record each, of its kind; who it was about stands in it as a pseudonym alone. */
	ck_assert_int_eq(number("SELECT count(*) FROM audit_records WHERE kind = 'alarm'"), 3);
	ck_assert_int_eq(
	        number("SELECT count(*) FROM audit_records WHERE kind = 'alarm' AND person <> ''"),
	        1);
	ck_assert_uint_eq(count_listed("eu", false), 2);
	ck_assert_uint_eq(count_listed(NULL, false), 5);
}
END_TEST

START_TEST(what_never_opened_leaves_nothing)
{
	struct alarm alarm = sample("default", ALARM_HELD, "1");
	alarm.opened_at_ms = 0;
	write_one(&alarm);
	ck_assert_uint_eq(count_listed(NULL, true), 0);
	alarm.ended_at_ms = 9;
	write_one(&alarm);
	struct alarm_list alarms = live();
	ck_assert_uint_eq(alarms.count, 0);
	alarm_list_finish(&alarms);
	ck_assert_uint_eq(count_listed(NULL, true), 0);
}
END_TEST

/* The same may come again while its history is kept; and history has an end. */
START_TEST(a_thousand_that_are_over_are_kept)
{
	for (int i = 0; i < 1005; i++) {
		struct alarm alarm = sample("default", ALARM_HELD, "1");
		write_one(&alarm);
		alarm.ended_at_ms = 10 + i;
		alarm.is_end_sent = true;
		write_one(&alarm);
	}
	ck_assert_uint_eq(count_listed(NULL, true), 1000);
	ck_assert_uint_eq(count_listed(NULL, false), 0);
}
END_TEST

/* -------------------------------------------------------------------- facts */

static void change_file(const char *sql)
{
	struct sqlite_conn conn;
	struct err err = ERR_INIT;
	const char *path = store_fixture_url() + sizeof("sqlite:") - 1;
	ck_assert(sqlite_open(&conn, path, SQLITE_ROLE_WRITER, &err));
	ck_assert_msg(sqlite_script(&conn, sql, &err), "%s", err.text);
	sqlite_close(&conn);
}

static size_t count_facts(enum alarm_fact fact)
{
	const struct alarm_fact_query query = {.fact = fact, .connection = "default", .limit = 10};
	struct alarm_subject_list found;
	struct err err = ERR_INIT;
	ck_assert_msg(store_alarm_facts(store, &query, &found, &err), "%s", err.text);
	size_t count = found.count;
	ck_assert(count == 0 || found.items[0].text[0] == '\0');
	alarm_subject_list_finish(&found);
	return count;
}

/* However many they are, it is one thing to look at. */
START_TEST(events_that_are_set_aside_are_a_fact)
{
	store_fixture_deliver(store, "{\"a\":1}", "1", LANE_UPDATE);
	store_fixture_deliver(store, "{\"a\":2}", "1", LANE_UPDATE);
	change_file("UPDATE events SET state = 'unusable', crashes = 2");
	ck_assert_uint_eq(count_facts(ALARM_FACT_EVENT_ASIDE), 0);
	change_file("UPDATE events SET crashes = 3");
	ck_assert_uint_eq(count_facts(ALARM_FACT_EVENT_ASIDE), 1);
	change_file("UPDATE events SET state = 'ignored'");
	ck_assert_uint_eq(count_facts(ALARM_FACT_EVENT_ASIDE), 0);
}
END_TEST

START_TEST(a_restored_store_is_a_fact_for_a_day_of_running)
{
	change_file("DELETE FROM store_state WHERE name IN ('limits_full_ms', 'running_ms')");
	ck_assert_uint_eq(count_facts(ALARM_FACT_RESTORED), 0);
	change_file("INSERT INTO store_state (name, value) VALUES ('limits_full_ms', 5),"
	            " ('running_ms', 86400004)");
	ck_assert_uint_eq(count_facts(ALARM_FACT_RESTORED), 1);
	change_file("UPDATE store_state SET value = 86400005 WHERE name = 'running_ms'");
	ck_assert_uint_eq(count_facts(ALARM_FACT_RESTORED), 0);
}
END_TEST

static Suite *alarms_suite(void)
{
	Suite *suite = suite_create("store_alarms");
	TCase *tests = tcase_create("alarms");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, an_alarm_comes_back_as_it_was);
	tcase_add_test(tests, a_write_takes_no_acknowledgement_back);
	tcase_add_test(tests, an_acknowledgement_is_of_what_it_names);
	tcase_add_test(tests, what_never_opened_leaves_nothing);
	tcase_add_test(tests, a_thousand_that_are_over_are_kept);
	tcase_add_test(tests, events_that_are_set_aside_are_a_fact);
	tcase_add_test(tests, a_restored_store_is_a_fact_for_a_day_of_running);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return suite_run(alarms_suite());
}
