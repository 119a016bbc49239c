/* SPDX-License-Identifier: MIT */
/* What is kept no longer goes, class by class, and nothing else; a crash in between loses nothing.
 */
#include "server/store/retention.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/store/adoption.h"
#include "server/store/alarms.h"
#include "server/store/audit.h"
#include "server/store/releases.h"
#include "server/store/sqlite.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define MANY    450 /* more than two batches */

static struct store *store;
static const struct limit_set unlimited;
static struct retention_times none; /* nothing is old enough */

static void setup(void)
{
	store = store_fixture_open();
	none = (struct retention_times){0};
}

static void teardown(void)
{
	store_close(store);
	store = NULL;
	store_fixture_clean();
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

static struct retention_counts run(const struct retention_times *times)
{
	struct retention_counts counts;
	struct err err = ERR_INIT;
	ck_assert_msg(store_retention_run(store, times, &counts, &err), "%s", err.text);
	return counts;
}

static int64_t later(void)
{
	return clock_wall_ms() + HOUR_MS;
}

static void expect_nothing_more(const struct retention_times *times)
{
	struct retention_counts counts = run(times);
	ck_assert_int_eq(counts.events + counts.people + counts.findings + counts.adoptions +
	                counts.actions + counts.alarms + counts.releases + counts.records,
	        0);
}

START_TEST(names_of_people_who_are_managed_no_longer_go)
{
	struct retention_times times = {.people_before_ms = later()};
	struct employee_key waits = store_fixture_key("4");
	store_fixture_link(store, "1", "00uone", "a@example.com", ACCOUNT_DEPROVISIONED);
	store_fixture_link(store, "2", "00utwo", "b@example.com", ACCOUNT_ACTIVE);
	store_fixture_link(store, "3", "00uthree", "c@example.com", ACCOUNT_SUSPENDED);
	/* Not hired yet: there is no account, and one is waited for. */
	ck_assert(store_employee_mark(store, &waits, LANE_JOIN, NULL, NULL));
	struct employee employee = store_fixture_claim(store, "4");
	ck_assert(personal_set(&employee.display_name, "Somebody"));
	employee.policy_due_at_ms = later();
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_WAITING, NULL));
	employee_finish(&employee);
	expect_nothing_more(&none);
	ck_assert_int_eq(run(&times).people, 1);
	employee = store_fixture_get(store, "1");
	ck_assert_ptr_null(employee.present_profile.text);
	ck_assert_str_eq(employee.okta_id, "00uone");
	/* Opened again, Okta is asked what the user is like. */
	ck_assert_int_eq(employee.doubt, DOUBT_USER);
	employee_finish(&employee);
	for (int i = 2; i <= 4; i++) {
		char id[4];
		str_format_cut(id, sizeof(id), "%d", i);
		employee = store_fixture_get(store, id);
		ck_assert(employee.present_profile.text != NULL ||
		        employee.display_name.text != NULL);
		ck_assert_int_eq(employee.doubt, DOUBT_NONE);
		employee_finish(&employee);
	}
	expect_nothing_more(&times);
}
END_TEST

START_TEST(values_of_actions_go_and_the_actions_stay)
{
	struct retention_times times = {.values_before_ms = later()};
	struct employee_key key = store_fixture_key("1");
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	struct employee employee = store_fixture_claim(store, "1");
	for (int i = 0; i < 2; i++) {
		struct intent intent = store_fixture_intent(&employee, ACTION_UPDATE, LIMIT_NONE);
		ck_assert(personal_set(&intent.body, "{}") && personal_set(&intent.before, "{}"));
		ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, NULL), INTENT_OPEN);
		struct outcome outcome = {.intent_id = intent.intent_id,
		        .lease_token = intent.lease_token,
		        .state = OUTCOME_DONE};
		ck_assert(i == 1 || store_intent_close(store, &outcome, NULL, NULL));
		intent_finish(&intent);
	}
	expect_nothing_more(&none);
	ck_assert_int_eq(run(&times).actions, 1);
	ck_assert_int_eq(number("SELECT count(*) FROM intents"), 2);
	/* What is not resolved is needed. */
	ck_assert_int_eq(number("SELECT count(*) FROM intents WHERE body IS NOT NULL"
	                        " AND outcome = 'open'"),
	        1);
	ck_assert_int_eq(number("SELECT count(*) FROM intents WHERE before IS NOT NULL"), 1);
	expect_nothing_more(&times);
	employee_finish(&employee);
}
END_TEST

START_TEST(findings_decided_adoptions_and_deliveries_go)
{
	struct retention_times times = {
	        .findings_before_ms = later(), .bodies_before_ms = later(), .hashes_before_ms = 0};
	store_fixture_deliver(store, "{\"a\":1}", "1", LANE_UPDATE);
	ck_assert_int_eq(store_fixture_append(store, "{\"not read yet\":1}"), ERR_OK);
	change_file(
	        "INSERT INTO sweeps (sweep_id, connection, cause, [by], state, asked_at_ms,"
	        " ended_at_ms) VALUES (1, 'default', 'nightly', '', 'done', 1, 2),"
	        " (2, 'default', 'nightly', '', 'running', 1, 0); INSERT INTO sweep_findings"
	        " (sweep_id, kind, employee_id, okta_id, login, detail) VALUES (1, 'drift', '1',"
	        " '', 'x', ''), (2, 'drift', '1', '', 'x', ''); INSERT INTO adoption (connection,"
	        " employee_id, scan, display_name, class, rule, why, is_left, is_wanted,"
	        " is_sourced_elsewhere, okta_id, login, status, other_employee_id, facts, state,"
	        " decided_at_ms) VALUES ('default', '1', 1, 'n', 'exact', '', 'nobody', 0, 0, 0,"
	        " '', 'l', 'NONE', '', '', 'done', 1), ('default', '2', 1, 'n', 'exact', '',"
	        " 'nobody', 0, 0, 0, '', 'l', 'NONE', '', '', 'open', 0)");
	expect_nothing_more(&none);
	struct retention_counts counts = run(&times);
	ck_assert_int_eq(counts.findings, 1);
	ck_assert_int_eq(counts.adoptions, 1);
	ck_assert_int_eq(counts.events, 1);
	ck_assert_int_eq(number("SELECT count(*) FROM events WHERE body IS NULL"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM events"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM inbox"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM adoption WHERE display_name IS NULL"
	                        " AND login IS NULL"),
	        1);
	expect_nothing_more(&times);
	times.hashes_before_ms = later();
	ck_assert_int_eq(run(&times).events, 1);
}
END_TEST

START_TEST(who_was_erased_long_ago_is_forgotten_altogether)
{
	change_file("INSERT INTO erased_people VALUES ('old', 1), ('new', 99999999999999)");
	expect_nothing_more(&none);
	ck_assert_int_eq(number("SELECT count(*) FROM erased_people WHERE person = 'new'"), 1);
	ck_assert_int_eq(number("SELECT count(*) FROM erased_people"), 1);
}
END_TEST

static void make_many(void)
{
	char sql[512];
	str_format_cut(sql, sizeof(sql),
	        "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO"
	        " employees (connection, employee_id, okta_id, present_status, display_name)"
	        " SELECT 'default', 'n' || i, 'u' || i, 'DEPROVISIONED', 'Name ' || i FROM n",
	        MANY);
	change_file(sql);
}

START_TEST(a_run_ends_when_the_server_stops)
{
	struct retention_times times = {.audit_before_ms = later()};
	struct retention_counts counts;
	struct err err = ERR_INIT;
	ck_assert(store_audit(store, "default", "1", "ops", "sync", NULL));
	store_quiesce(store);
	ck_assert(!store_retention_run(store, &times, &counts, &err));
	ck_assert_int_eq(err.code, ERR_DRAINING);
	ck_assert_int_eq(counts.records, 0);
}
END_TEST

START_TEST(many_go_in_batches)
{
	struct retention_times times = {.people_before_ms = later()};
	make_many();
	ck_assert_int_eq(run(&times).people, MANY);
	expect_nothing_more(&times);
}
END_TEST

/* retention.mid: what was done stays done, and the next run does the rest. */
START_TEST(a_run_that_ends_midway_is_ended_by_the_next)
{
	struct retention_times times = {.people_before_ms = later()};
	struct retention_counts counts;
	make_many();
	change_file("CREATE TRIGGER stop BEFORE UPDATE OF display_name ON employees WHEN"
	            " OLD.employee_id = 'n300' BEGIN SELECT RAISE(ABORT, 'stop'); END");
	ck_assert(!store_retention_run(store, &times, &counts, NULL));
	ck_assert_int_eq(counts.people, 200);
	ck_assert_int_eq(number("SELECT count(*) FROM employees WHERE display_name IS NULL"), 200);
	change_file("DROP TRIGGER stop");
	ck_assert_int_eq(run(&times).people, MANY - 200);
}
END_TEST

START_TEST(the_trail_is_cut_and_still_whole)
{
	struct retention_times times = {.audit_before_ms = later()};
	struct audit_report report;
	for (int i = 0; i < 5; i++) {
		ck_assert(store_audit(store, "default", "1", "ops", "sync", NULL));
	}
	ck_assert_int_eq(run(&times).records, 5);
	/* That it was cut is the newest record. */
	ck_assert_int_eq(
	        number("SELECT count(*) FROM audit_records WHERE kind = 'retention' AND seq"
	               " = (SELECT max(seq) FROM audit_records) AND meta ="
	               " '{\"class\":\"records\",\"count\":5}'"),
	        1);
	ck_assert(store_audit_verify(store, NULL, &report, NULL));
	ck_assert_int_eq(report.finding, AUDIT_WHOLE);
}
END_TEST

/* Whom a human let go, and what an alarm was about; what is not over stays. */
START_TEST(releases_and_alarms_that_are_over_go)
{
	struct retention_times times = {.findings_before_ms = later()};
	struct hold hold = {.key = store_fixture_key("1"), .kind = HOLD_MATCH, .by = "server"};
	struct hold_decision decision = {.key = hold.key, .kind = HOLD_MATCH, .by = "ops"};
	struct alarm rows[] = {{.connection = "default", .name = ALARM_HELD, .subject = "1"},
	        {.connection = "default", .name = ALARM_HELD, .subject = "2"}};
	ck_assert(store_hold_add(store, &hold, NULL));
	ck_assert(store_release_begin(store, &decision.release_id, NULL));
	ck_assert(store_hold_release(store, &decision, NULL));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct alarm *alarm = &rows[i];
		alarm->since_ms = alarm->opened_at_ms = 1;
		ck_assert(store_alarm_write(store, &alarm, 1, NULL));
	}
	struct alarm *over = &rows[0];
	over->ended_at_ms = clock_wall_ms();
	over->is_end_sent = true;
	ck_assert(store_alarm_write(store, &over, 1, NULL));
	expect_nothing_more(&none);
	struct retention_counts counts = run(&times);
	ck_assert_int_eq(counts.alarms, 1);
	ck_assert_int_eq(counts.releases, 0);
	ck_assert_int_eq(number("SELECT subject FROM alarms"), 2);
	change_file("UPDATE releases SET at_ms = at_ms - 91 * 86400000");
	ck_assert_int_eq(run(&none).releases, 1);
	expect_nothing_more(&times);
}
END_TEST

/* Names in what a hold would have written go with those of the person. */
START_TEST(what_a_hold_wanted_goes_with_the_person)
{
	struct retention_times times = {.people_before_ms = later()};
	store_fixture_link(store, "1", "00uone", "a@example.com", ACCOUNT_DEPROVISIONED);
	store_fixture_link(store, "2", "00utwo", "b@example.com", ACCOUNT_ACTIVE);
	for (int i = 1; i <= 2; i++) {
		char id[4];
		str_format_cut(id, sizeof(id), "%d", i);
		struct hold hold = {
		        .key = store_fixture_key(id), .kind = HOLD_LIMIT, .by = "server"};
		ck_assert(personal_set(&hold.wanted, "{\"login\":\"a@example.com\"}"));
		ck_assert(store_hold_add(store, &hold, NULL));
		hold_finish(&hold);
	}
	ck_assert_int_eq(run(&times).people, 1);
	ck_assert_int_eq(number("SELECT employee_id FROM holds WHERE wanted IS NOT NULL"), 2);
	ck_assert_int_eq(number("SELECT count(*) FROM holds"), 2);
}
END_TEST

/* What the trail cannot tell of does not happen. */
START_TEST(nothing_goes_without_its_record)
{
	struct retention_times times = {.people_before_ms = later()};
	struct retention_counts counts;
	store_fixture_link(store, "1", "00uone", "a@example.com", ACCOUNT_DEPROVISIONED);
	change_file("CREATE TRIGGER no_room BEFORE INSERT ON audit_records WHEN NEW.kind ="
	            " 'retention' BEGIN SELECT RAISE(ABORT, 'no room'); END");
	ck_assert(!store_retention_run(store, &times, &counts, NULL));
	ck_assert_int_eq(counts.people, 0);
	ck_assert_int_eq(number("SELECT count(*) FROM employees WHERE present_profile IS NULL"), 0);
	change_file("DROP TRIGGER no_room");
	ck_assert_int_eq(run(&times).people, 1);
	ck_assert_int_eq(number("SELECT count(*) FROM audit_records WHERE kind = 'retention'"), 1);
}
END_TEST

static Suite *retention_suite(void)
{
	Suite *suite = suite_create("store_retention");
	TCase *classes = tcase_create("classes");
	tcase_add_checked_fixture(classes, setup, teardown);
	tcase_add_test(classes, names_of_people_who_are_managed_no_longer_go);
	tcase_add_test(classes, values_of_actions_go_and_the_actions_stay);
	tcase_add_test(classes, findings_decided_adoptions_and_deliveries_go);
	tcase_add_test(classes, who_was_erased_long_ago_is_forgotten_altogether);
	tcase_add_test(classes, the_trail_is_cut_and_still_whole);
	tcase_add_test(classes, releases_and_alarms_that_are_over_go);
	tcase_add_test(classes, what_a_hold_wanted_goes_with_the_person);
	tcase_add_test(classes, nothing_goes_without_its_record);
	suite_add_tcase(suite, classes);
	TCase *batches = tcase_create("batches");
	tcase_add_checked_fixture(batches, setup, teardown);
	tcase_add_test(batches, many_go_in_batches);
	tcase_add_test(batches, a_run_that_ends_midway_is_ended_by_the_next);
	tcase_add_test(batches, a_run_ends_when_the_server_stops);
	suite_add_tcase(suite, batches);
	return suite;
}

int main(void)
{
	return suite_run(retention_suite());
}
