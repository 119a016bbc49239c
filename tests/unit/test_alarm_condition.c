/* SPDX-License-Identifier: MIT */
/* Each alarm of the table is found when it is so, and is not when it is over. */
#include "server/alarm/condition.h"

#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "server/store/sweeps.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS (60LL * 60 * 1000)
#define DAY_MS  (24 * HOUR_MS)
#define BY      "test"

static struct engine_fixture fixture;
static struct silence silence;
static int64_t shift_ms; /* of the wall clock, as the look sees it */

static void start(const char *changes)
{
	engine_fixture_start(&fixture, changes);
	silence = (struct silence){.connection = "default"};
	shift_ms = 0;
}

static void setup(void)
{
	start(NULL);
}

static void teardown(void)
{
	engine_fixture_stop(&fixture);
}

static bool look_as(enum alarm_name name, const struct connection_settings *connection,
        struct alarm_subject_list *subjects)
{
	struct err err = ERR_INIT;
	struct look look = {.store = fixture.store,
	        .engine = fixture.engine,
	        .settings = fixture.settings,
	        .connection = connection,
	        .folder = store_fixture_directory(),
	        .silence = &silence,
	        .now_ms = clock_wall_ms() + shift_ms};
	bool is_known = condition_look(&look, name, &err);
	ck_assert_msg(!err_is_set(&err), "%s", err.text);
	*subjects = look.subjects;
	return is_known;
}

/* The subjects as "412, okta"; "-" for the connection as a whole; "" for nothing. */
static const char *look(enum alarm_name name)
{
	static char text[256];
	struct alarm_subject_list found;
	const struct connection_settings *connection =
	        condition_applies(name, NULL) ? NULL : &fixture.settings->connections[0];
	ck_assert_msg(look_as(name, connection, &found), "%s is not known", alarm_name(name));
	text[0] = '\0';
	for (size_t i = 0; i < found.count; i++) {
		size_t len = strlen(text);
		str_format_cut(text + len, sizeof(text) - len, "%s%s", i > 0 ? ", " : "",
		        found.items[i].text[0] != '\0' ? found.items[i].text : "-");
	}
	alarm_subject_list_finish(&found);
	return text;
}

static void expect(enum alarm_name name, const char *subjects)
{
	const char *found = look(name);
	ck_assert_msg(str_equal(found, subjects), "%s: \"%s\", not \"%s\"", alarm_name(name), found,
	        subjects);
}

/* ------------------------------------------------------------------- people */

static void is_overdue(struct employee *employee)
{
	employee->confirmed_end_ms = clock_wall_ms() - 1000;
}

static void is_due_tomorrow(struct employee *employee)
{
	employee->confirmed_end_ms = clock_wall_ms() + DAY_MS;
}

static void is_closed(struct employee *employee)
{
	employee->present_status = ACCOUNT_DEPROVISIONED;
}

START_TEST(a_leaver_whose_account_is_open)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	expect(ALARM_LEAVER_OPEN, "");
	engine_fixture_change(&fixture, FIXTURE_PERSON, is_due_tomorrow);
	expect(ALARM_LEAVER_OPEN, "");
	engine_fixture_change(&fixture, FIXTURE_PERSON, is_overdue);
	expect(ALARM_LEAVER_OPEN, FIXTURE_PERSON);
	engine_fixture_change(&fixture, FIXTURE_PERSON, is_closed);
	expect(ALARM_LEAVER_OPEN, "");
}
END_TEST

/* Not closed yet, and no date either: the lane says what the work is about. */
START_TEST(somebody_to_be_closed_who_is_waited_for)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, "test", NULL));
	expect(ALARM_LEAVER_OPEN, "");
	ck_assert(store_employee_mark(fixture.store, &key, LANE_LEAVE, "test", NULL));
	expect(ALARM_LEAVER_OPEN, FIXTURE_PERSON);
}
END_TEST

START_TEST(nobody_is_late_in_a_dry_run)
{
	teardown();
	start("{\"mode\": \"dry_run\"}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_change(&fixture, FIXTURE_PERSON, is_overdue);
	expect(ALARM_LEAVER_OPEN, "");
}
END_TEST

static const struct rule_case {
	enum alarm_name name;
	enum policy_rule rule;
} RULES_OF[] = {
        {ALARM_LEAVER_HELD, RULE_HUMAN_HOLD},
        {ALARM_LEAVER_UNREADABLE, RULE_L2},
        {ALARM_LEAVER_WAITS, RULE_L6},
        {ALARM_PROTECTED_LEAVER, RULE_PROTECTED},
};
static enum policy_rule rule_now;

static void has_rule(struct employee *employee)
{
	str_format_cut(employee->alarm, sizeof(employee->alarm), "%s", policy_rule_id(rule_now));
}

static void has_no_rule(struct employee *employee)
{
	employee->alarm[0] = '\0';
}

START_TEST(what_a_rule_is_loud_about)
{
	rule_now = RULES_OF[_i].rule;
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_change(&fixture, FIXTURE_PERSON, is_overdue);
	engine_fixture_change(&fixture, FIXTURE_PERSON, has_rule);
	for (size_t i = 0; i < ARRAY_SIZE(RULES_OF); i++) {
		expect(RULES_OF[i].name, i == (size_t)_i ? FIXTURE_PERSON : "");
	}
	/* One alarm a person is enough. */
	expect(ALARM_LEAVER_OPEN, "");
	engine_fixture_change(&fixture, FIXTURE_PERSON, has_no_rule);
	expect(RULES_OF[_i].name, "");
	expect(ALARM_LEAVER_OPEN, FIXTURE_PERSON);
}
END_TEST

static void was_revoked(struct employee *employee)
{
	employee->revoke_handled_at_ms = clock_wall_ms() + 1000;
	employee->revoke_row = REVOKE_ROW_MISSING;
}

static void row_was_found(struct employee *employee)
{
	employee->revoke_row = REVOKE_ROW_FOUND;
}

static void revoke_arrives(const char *employee_id)
{
	char body[64];
	struct event_verdict verdict = {.state = EVENT_ACCEPTED,
	        .kind = EVENT_KIND_REVOKE,
	        .lane = LANE_REVOKE,
	        .received_at_ms = clock_wall_ms(),
	        .triggered_at_ms = clock_wall_ms()};
	str_format_cut(body, sizeof(body), "revoke:%s", employee_id);
	ck_assert_int_eq(store_fixture_append(fixture.store, body), ERR_OK);
	verdict.event_id = store_fixture_event(fixture.store);
	str_format_cut(verdict.employee_id, sizeof(verdict.employee_id), "%s", employee_id);
	ck_assert(store_event_settle(fixture.store, &verdict, 1, NULL));
}

START_TEST(a_revocation_that_found_nobody)
{
	revoke_arrives(FIXTURE_PERSON);
	expect(ALARM_REVOCATION_UNLINKED, "");
	engine_fixture_change(&fixture, FIXTURE_PERSON, was_revoked);
	expect(ALARM_REVOCATION_UNLINKED, FIXTURE_PERSON);
	engine_fixture_link(&fixture, ACCOUNT_SUSPENDED);
	expect(ALARM_REVOCATION_UNLINKED, "");
}
END_TEST

START_TEST(a_revocation_without_a_termination)
{
	engine_fixture_link(&fixture, ACCOUNT_SUSPENDED);
	expect(ALARM_REVOCATION_ROW, "");
	engine_fixture_change(&fixture, FIXTURE_PERSON, was_revoked);
	expect(ALARM_REVOCATION_ROW, FIXTURE_PERSON);
	engine_fixture_change(&fixture, FIXTURE_PERSON, row_was_found);
	expect(ALARM_REVOCATION_ROW, "");
}
END_TEST

static void release(enum hold_kind kind)
{
	struct hold_decision decision = {
	        .key = store_fixture_key(FIXTURE_PERSON), .kind = kind, .by = BY};
	ck_assert(store_hold_release(fixture.store, &decision, NULL));
}

static const struct hold_case {
	enum hold_kind kind;
	enum alarm_name name;
} HOLDS_OF[] = {
        {HOLD_REVOKE_DOUBTFUL, ALARM_REVOCATION_DOUBTFUL},
        {HOLD_LIMIT, ALARM_BRAKE},
        {HOLD_CRASH, ALARM_SET_ASIDE},
        {HOLD_MATCH, ALARM_HELD},
        {HOLD_EXISTING, ALARM_HELD},
        {HOLD_DISAPPEARED, ALARM_HELD},
        {HOLD_HUMAN, ALARM_COUNT},
        {HOLD_REVOKED, ALARM_COUNT},
};

START_TEST(each_hold_has_one_alarm_at_most)
{
	static const enum alarm_name NAMES[] = {
	        ALARM_REVOCATION_DOUBTFUL, ALARM_BRAKE, ALARM_SET_ASIDE, ALARM_HELD};
	const struct hold_case *one = &HOLDS_OF[_i];
	engine_fixture_hold(&fixture, FIXTURE_PERSON, one->kind, "cause");
	for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
		expect(NAMES[i], NAMES[i] == one->name ? FIXTURE_PERSON : "");
	}
	release(one->kind);
	for (size_t i = 0; i < ARRAY_SIZE(NAMES); i++) {
		expect(NAMES[i], "");
	}
}
END_TEST

START_TEST(what_was_rejected_does_not_wait)
{
	struct hold_decision decision = {
	        .key = store_fixture_key(FIXTURE_PERSON), .kind = HOLD_LIMIT, .by = BY};
	engine_fixture_hold(&fixture, FIXTURE_PERSON, HOLD_LIMIT, "cause");
	ck_assert(store_hold_reject(fixture.store, &decision, NULL));
	expect(ALARM_BRAKE, "");
}
END_TEST

START_TEST(people_who_have_failed)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, "test", NULL));
	struct employee employee = store_fixture_claim(fixture.store, FIXTURE_PERSON);
	expect(ALARM_FAILED, "");
	ck_assert(store_employee_finish(fixture.store, &employee, EMPLOYEE_FAILED, NULL));
	expect(ALARM_FAILED, FIXTURE_PERSON);
	employee_finish(&employee);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, "test", NULL));
	expect(ALARM_FAILED, "");
}
END_TEST

/* --------------------------------------------------------------- Bob, Okta */

START_TEST(a_system_that_is_parked)
{
	struct call_outcome refused = engine_fixture_outcome(CALL_STOP_CREDENTIALS, 401);
	struct call_outcome fine = engine_fixture_outcome(CALL_DONE, 200);
	expect(ALARM_PARKED, "");
	connection_okta_outcome(fixture.connection, FIXTURE_PERSON, &refused);
	expect(ALARM_PARKED, "okta");
	connection_bob_outcome(fixture.connection, &refused);
	expect(ALARM_PARKED, "okta, bob");
	connection_bob_outcome(fixture.connection, &fine);
	expect(ALARM_PARKED, "okta");
}
END_TEST

/* Just after a start nothing ends and nothing opens. */
START_TEST(what_was_not_asked_yet_is_not_known)
{
	struct alarm_subject_list found;
	monitor_lock(&fixture.connection->monitor);
	park_enter(&fixture.connection->okta, PARK_STARTING, "asking", clock_mono_ms());
	monitor_unlock(&fixture.connection->monitor);
	ck_assert(!look_as(ALARM_PARKED, &fixture.settings->connections[0], &found));
	/* But an Okta that does not answer from the start on is away. */
	monitor_lock(&fixture.connection->monitor);
	for (int i = 0; i < 3; i++) {
		(void)park_probe_due(&fixture.connection->okta, clock_mono_ms() + i * 60000);
	}
	monitor_unlock(&fixture.connection->monitor);
	expect(ALARM_PARKED, "okta");
}
END_TEST

static void end_sweep(enum sweep_cause cause, enum sweep_state state, const char *counts)
{
	struct sweep sweep = {.connection = "default", .cause = cause};
	ck_assert(store_sweep_ask(fixture.store, &sweep, NULL, NULL));
	sweep.state = state;
	sweep.ended_at_ms = clock_wall_ms();
	sweep.counts = str_dup(counts);
	ck_assert(store_sweep_write(fixture.store, &sweep, NULL));
	sweep_finish(&sweep);
}

START_TEST(a_sweep_that_could_not_trust_what_it_read)
{
	expect(ALARM_SOURCE_FAULT, "");
	end_sweep(SWEEP_NIGHTLY, SWEEP_FAULT, NULL);
	expect(ALARM_SOURCE_FAULT, "-");
	end_sweep(SWEEP_REPEAT, SWEEP_DONE, "{\"found\":{\"change\":0}}");
	expect(ALARM_SOURCE_FAULT, "");
}
END_TEST

START_TEST(changes_that_no_event_announced)
{
	expect(ALARM_UNANNOUNCED, "");
	end_sweep(SWEEP_NIGHTLY, SWEEP_DONE, "{\"found\":{\"change\":2}}");
	expect(ALARM_UNANNOUNCED, "-");
	/* After a downtime that is what a sweep is for. */
	end_sweep(SWEEP_DOWNTIME, SWEEP_DONE, "{\"found\":{\"change\":2}}");
	expect(ALARM_UNANNOUNCED, "");
	end_sweep(SWEEP_SILENCE, SWEEP_DONE, "{\"found\":{\"change\":1}}");
	expect(ALARM_UNANNOUNCED, "-");
	end_sweep(SWEEP_NIGHTLY, SWEEP_DONE, "{\"found\":{\"change\":0}}");
	expect(ALARM_UNANNOUNCED, "");
}
END_TEST

START_TEST(bob_is_silent_for_the_hours_of_the_settings)
{
	int64_t hours = fixture.settings->alarms.bob_silent_hours;
	ck_assert_int_eq(hours, 48);
	silence_count(&silence, fixture.store, true, hours * HOUR_MS - 1);
	expect(ALARM_BOB_SILENT, "");
	silence_count(&silence, fixture.store, true, 1);
	expect(ALARM_BOB_SILENT, "-");
	metrics_add(METRIC_DELIVERIES, LABELS("default", "stored"), 1);
	silence_count(&silence, fixture.store, true, 1000);
	expect(ALARM_BOB_SILENT, "");
}
END_TEST

/* Neither weekends nor pings nor restarts are in the way. */
START_TEST(a_silence_is_of_working_days_and_survives_a_restart)
{
	silence_count(&silence, fixture.store, false, 1000 * HOUR_MS);
	expect(ALARM_BOB_SILENT, "");
	silence_count(&silence, fixture.store, true, 47 * HOUR_MS);
	silence = (struct silence){.connection = "default"};
	metrics_add(METRIC_DELIVERIES, LABELS("default", "ping"), 1);
	silence_count(&silence, fixture.store, true, HOUR_MS);
	expect(ALARM_BOB_SILENT, "-");
	/* 2026-11-27 is a Friday. */
	int64_t friday_ms = 1795780800000;
	const struct connection_settings *connection = &fixture.settings->connections[0];
	ck_assert(silence_is_working_day(connection, friday_ms));
	ck_assert(!silence_is_working_day(connection, friday_ms + DAY_MS));
	ck_assert(!silence_is_working_day(connection, friday_ms + 2 * DAY_MS));
	ck_assert(silence_is_working_day(connection, friday_ms + 3 * DAY_MS));
}
END_TEST

START_TEST(a_webhook_nobody_has_set_up_is_not_silent)
{
	teardown();
	start("{\"bob\": {\"webhook_secrets\": []}}");
	silence_count(&silence, fixture.store, true, 1000 * HOUR_MS);
	expect(ALARM_BOB_SILENT, "");
}
END_TEST

/* -------------------------------------------------------------------- token */

START_TEST(a_token_that_is_not_used)
{
	expect(ALARM_TOKEN_UNUSED, "");
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->okta.success_at_ms = 0;
	monitor_unlock(&fixture.connection->monitor);
	shift_ms = 19 * DAY_MS;
	expect(ALARM_TOKEN_UNUSED, "");
	/* A restart knows it, too: the store has when it was used. */
	shift_ms = 20 * DAY_MS + HOUR_MS;
	expect(ALARM_TOKEN_UNUSED, "-");
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->okta.success_at_ms = clock_wall_ms() + shift_ms;
	monitor_unlock(&fixture.connection->monitor);
	expect(ALARM_TOKEN_UNUSED, "");
	/* The clock is set back by years: no use lies in the future. */
	shift_ms = 0;
	expect(ALARM_TOKEN_UNUSED, "");
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->okta.success_at_ms = 0;
	monitor_unlock(&fixture.connection->monitor);
	shift_ms = 20 * DAY_MS + HOUR_MS;
	expect(ALARM_TOKEN_UNUSED, "-");
}
END_TEST

START_TEST(a_token_that_ends_soon)
{
	expect(ALARM_TOKEN_EXPIRES, "");
	fixture.settings->connections[0].okta.token_expires = date_of_ms(clock_wall_ms()) + 15;
	expect(ALARM_TOKEN_EXPIRES, "");
	fixture.settings->connections[0].okta.token_expires--;
	expect(ALARM_TOKEN_EXPIRES, "-");
	fixture.settings->connections[0].okta.token_expires -= 100;
	expect(ALARM_TOKEN_EXPIRES, "-");
}
END_TEST

/* ------------------------------------------------------------------ webhook */

START_TEST(a_webhook_secret_that_was_not_entered)
{
	struct bob_settings *bob = &fixture.settings->connections[0].bob;
	expect(ALARM_WEBHOOK_SECRET, "");
	bob->has_stored_webhook_secrets = true;
	expect(ALARM_WEBHOOK_SECRET, "");
	size_t count = bob->webhook_key_count;
	bob->webhook_key_count = 0;
	expect(ALARM_WEBHOOK_SECRET, "-");
	/* No webhook is set up at all: that is nobody's mistake. */
	bob->has_stored_webhook_secrets = false;
	expect(ALARM_WEBHOOK_SECRET, "");
	expect(ALARM_WEBHOOK_EXPIRES, "");
	bob->webhook_key_count = count;
}
END_TEST

START_TEST(the_last_webhook_secret_ends_soon)
{
	struct bob_settings *bob = &fixture.settings->connections[0].bob;
	int64_t days = fixture.settings->alarms.token_expires_days;
	ck_assert_uint_eq(bob->webhook_key_count, 1);
	expect(ALARM_WEBHOOK_EXPIRES, "");
	bob->webhook_expires_ms[0] = clock_wall_ms() + days * DAY_MS + HOUR_MS;
	expect(ALARM_WEBHOOK_EXPIRES, "");
	shift_ms = 2 * HOUR_MS;
	expect(ALARM_WEBHOOK_EXPIRES, "-");
	shift_ms = 100 * DAY_MS;
	expect(ALARM_WEBHOOK_EXPIRES, "-");
	/* Beside one that lasts, the end is that of the secret before. */
	struct hmac_key *key = bob->webhook_keys[0];
	bob->webhook_keys[1] = key;
	bob->webhook_expires_ms[1] = 0;
	bob->webhook_key_count = 2;
	expect(ALARM_WEBHOOK_EXPIRES, "");
	bob->webhook_keys[1] = NULL;
	bob->webhook_key_count = 1;
}
END_TEST

/* ------------------------------------------------------------------ process */

START_TEST(a_disk_that_is_nearly_full)
{
	fixture.settings->alarms.disk_percent = 0;
	fixture.settings->alarms.disk_mb = 0;
	expect(ALARM_DISK, "");
	fixture.settings->alarms.disk_mb = INT64_MAX;
	expect(ALARM_DISK, "-");
	fixture.settings->alarms.disk_mb = 0;
	fixture.settings->alarms.disk_percent = 101;
	expect(ALARM_DISK, "-");
}
END_TEST

START_TEST(a_chain_that_is_broken)
{
	struct alarm_subject_list found;
	expect(ALARM_AUDIT_BROKEN, "");
	ck_assert(store_value_set(fixture.store, "", "audit.broken", "record 7", NULL));
	expect(ALARM_AUDIT_BROKEN, "-");
	ck_assert(store_value_set(fixture.store, "", "audit.broken", NULL, NULL));
	expect(ALARM_AUDIT_BROKEN, "");
	/* Wherever it stands. */
	ck_assert(store_value_set(fixture.store, "default", "audit.broken", "record 7", NULL));
	ck_assert(look_as(ALARM_AUDIT_BROKEN, &fixture.settings->connections[0], &found));
	ck_assert_uint_eq(found.count, 1);
	alarm_subject_list_finish(&found);
}
END_TEST

START_TEST(a_protected_group_that_cannot_be_read)
{
	expect(ALARM_PROTECTED_GROUP, "");
	expect(ALARM_ROW_OFF, "");
	teardown();
	start("{\"provisioning\": {\"email_domains\": [\"example.com\"],"
	      " \"protected_group\": \"Break glass\"}}");
	expect(ALARM_PROTECTED_GROUP, "-");
}
END_TEST

START_TEST(times_are_those_of_the_settings)
{
	const struct alarm_settings *settings = &fixture.settings->alarms;
	ck_assert_int_eq(condition_after_ms(settings, ALARM_LEAVER_OPEN), HOUR_MS / 4);
	ck_assert_int_eq(condition_after_ms(settings, ALARM_HELD), HOUR_MS);
	ck_assert_int_eq(condition_after_ms(settings, ALARM_FAILED), DAY_MS);
	ck_assert_int_eq(condition_after_ms(settings, ALARM_BRAKE), 0);
	ck_assert_int_gt(condition_after_ms(settings, ALARM_TOKEN_UNUSED), 0);
}
END_TEST

static Suite *condition_suite(void)
{
	Suite *suite = suite_create("alarm_condition");
	TCase *tests = tcase_create("condition");
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_leaver_whose_account_is_open);
	tcase_add_test(tests, somebody_to_be_closed_who_is_waited_for);
	tcase_add_test(tests, nobody_is_late_in_a_dry_run);
	tcase_add_loop_test(tests, what_a_rule_is_loud_about, 0, ARRAY_SIZE(RULES_OF));
	tcase_add_test(tests, a_revocation_that_found_nobody);
	tcase_add_test(tests, a_revocation_without_a_termination);
	tcase_add_loop_test(tests, each_hold_has_one_alarm_at_most, 0, ARRAY_SIZE(HOLDS_OF));
	tcase_add_test(tests, what_was_rejected_does_not_wait);
	tcase_add_test(tests, people_who_have_failed);
	tcase_add_test(tests, a_system_that_is_parked);
	tcase_add_test(tests, what_was_not_asked_yet_is_not_known);
	tcase_add_test(tests, a_sweep_that_could_not_trust_what_it_read);
	tcase_add_test(tests, changes_that_no_event_announced);
	tcase_add_test(tests, bob_is_silent_for_the_hours_of_the_settings);
	tcase_add_test(tests, a_silence_is_of_working_days_and_survives_a_restart);
	tcase_add_test(tests, a_webhook_nobody_has_set_up_is_not_silent);
	tcase_add_test(tests, a_token_that_is_not_used);
	tcase_add_test(tests, a_token_that_ends_soon);
	tcase_add_test(tests, a_webhook_secret_that_was_not_entered);
	tcase_add_test(tests, the_last_webhook_secret_ends_soon);
	tcase_add_test(tests, a_disk_that_is_nearly_full);
	tcase_add_test(tests, a_chain_that_is_broken);
	tcase_add_test(tests, a_protected_group_that_cannot_be_read);
	tcase_add_test(tests, times_are_those_of_the_settings);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return suite_run(condition_suite());
}
