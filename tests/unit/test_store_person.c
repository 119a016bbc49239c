/* SPDX-License-Identifier: MIT */
/* All that is held about one person: read out whole, and erased so that nothing is left. */
#include "server/store/person.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/store/adoption.h"
#include "server/store/alarms.h"
#include "server/store/approvals.h"
#include "server/store/audit.h"
#include "server/store/releases.h"
#include "server/store/sqlite.h"
#include "server/store/sweeps.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANARY  "Zvanilde" /* in every name, login and body of the person */
#define PERSON  "770011"
#define OTHER   "880022"
#define ACCOUNT "00uperson"

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

static void must(bool is_done, const struct err *err)
{
	ck_assert_msg(is_done, "%s", err->text);
}

/* ------------------------------------------------------ what there is to find */

static void act(const char *id, const char *login, enum limit_kind limit)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(id);
	must(store_employee_mark(store, &key, LANE_UPDATE, NULL, &err), &err);
	struct employee employee = store_fixture_claim(store, id);
	struct intent intent = store_fixture_intent(&employee, ACTION_UPDATE, limit);
	char body[200];
	str_format_cut(body, sizeof(body), "{\"firstName\":\"%s\",\"login\":\"%s\"}",
	        str_equal(id, PERSON) ? CANARY : "Nobody", login);
	ck_assert(personal_set(&intent.body, body) && personal_set(&intent.before, body));
	str_format_cut(intent.reason, sizeof(intent.reason), "because of %s", login);
	ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, &err), INTENT_OPEN);
	struct outcome outcome = {.intent_id = intent.intent_id,
	        .lease_token = intent.lease_token,
	        .state = OUTCOME_DONE,
	        .http_status = 200};
	must(store_intent_close(store, &outcome, &employee, &err), &err);
	must(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err), &err);
	intent_finish(&intent);
	employee_finish(&employee);
}

static void adopt(const char *id, const char *name)
{
	struct err err = ERR_INIT;
	struct adoption_person person = {.key = store_fixture_key(id), .scan = 1};
	ck_assert(personal_set(&person.display_name, name) && personal_set(&person.login, name));
	str_format_cut(person.facts, sizeof(person.facts), "x");
	if (str_equal(id, PERSON)) {
		/* Whom a scan thought of: somebody else. */
		str_format_cut(person.other_employee_id, sizeof(person.other_employee_id), OTHER);
		str_format_cut(person.okta_id, sizeof(person.okta_id), "00uother");
		ck_assert(personal_set(&person.others, "[{\"login\":\"Quorbine\"}]"));
	}
	must(store_adoption_put(store, &person, 1, &err), &err);
	adoption_person_finish(&person);
}

/* What a limit keeps back, with what it would write; somebody let go of another hold. */
static void fill_brake(const char *id, const char *name)
{
	struct err err = ERR_INIT;
	struct hold hold = {.key = store_fixture_key(id),
	        .kind = HOLD_LIMIT,
	        .limit = LIMIT_RENAME,
	        .by = "server"};
	char wanted[200];
	str_format_cut(wanted, sizeof(wanted), "{\"login\":\"%s@example.com\"}", name);
	ck_assert(personal_set(&hold.wanted, wanted));
	must(store_hold_add(store, &hold, &err), &err);
	hold_finish(&hold);
	struct hold let_go = {.key = store_fixture_key(id), .kind = HOLD_DOMAIN, .by = "server"};
	must(store_hold_add(store, &let_go, &err), &err);
	struct hold_decision decision = {.key = let_go.key, .kind = HOLD_DOMAIN, .by = "ops"};
	must(store_release_begin(store, &decision.release_id, &err), &err);
	must(store_hold_release(store, &decision, &err), &err);
}

/* An alarm about the person that a human has seen. */
static void fill_alarm(const char *id)
{
	struct err err = ERR_INIT;
	struct alarm alarm = {
	        .connection = "default", .name = ALARM_HELD, .since_ms = 1, .opened_at_ms = 1};
	struct alarm *rows[] = {&alarm};
	size_t count = 0;
	str_format_cut(alarm.subject, sizeof(alarm.subject), "%s", id);
	must(store_alarm_write(store, rows, 1, &err), &err);
	const struct alarm_choice choice = {.name = ALARM_HELD, .subject = id, .by = "ops"};
	must(store_alarm_acknowledge(store, &choice, &count, &err), &err);
	ck_assert_uint_eq(count, 1);
}

/* One of everything that a store may hold about somebody. */
static void fill(const char *id, const char *name, const char *okta_id)
{
	struct err err = ERR_INIT;
	char body[200];
	char login[100];
	struct employee_key key = store_fixture_key(id);
	str_format_cut(login, sizeof(login), "%s@example.com", name);
	str_format_cut(body, sizeof(body), "{\"employee\":\"%s\",\"name\":\"%s\"}", id, name);
	store_fixture_deliver(store, body, id, LANE_JOIN);
	store_fixture_link(store, id, okta_id, login, ACCOUNT_DEPROVISIONED);
	act(id, login, LIMIT_NONE);
	struct hold hold = {.key = key, .kind = HOLD_MATCH, .by = "server"};
	str_format_cut(hold.cause, sizeof(hold.cause), "who is %s?", name);
	must(store_hold_add(store, &hold, &err), &err);
	struct approval approval = {.key = key,
	        .limit = LIMIT_LOWER,
	        .day = "2027-01-01",
	        .by = "ops",
	        .from_ms = clock_wall_ms(),
	        .until_ms = clock_wall_ms() + 1000000};
	must(store_approvals_add(store, &approval, 1, &err), &err);
	adopt(id, name);
	must(store_audit(store, "default", id, "ops", name, &err), &err);
	fill_brake(id, name);
	fill_alarm(id);
}

static bool file_has(const char *name, const char *needle)
{
	char path[256];
	str_format_cut(path, sizeof(path), "%s/%s", store_fixture_directory(), name);
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		return false;
	}
	ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
	long size = ftell(file);
	rewind(file);
	char *bytes = malloc((size_t)size + 1);
	ck_assert_ptr_nonnull(bytes);
	ck_assert_uint_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
	fclose(file);
	bool is_there = memmem(bytes, (size_t)size, needle, strlen(needle)) != NULL;
	free(bytes);
	return is_there;
}

/* The store's file with its free pages, its log and its index. */
static bool is_anywhere(const char *needle)
{
	const char *name = strrchr(store_fixture_url(), '/') + 1;
	char other[64];
	bool is_there = file_has(name, needle);
	str_format_cut(other, sizeof(other), "%s-wal", name);
	is_there = is_there || file_has(other, needle);
	str_format_cut(other, sizeof(other), "%s-shm", name);
	return is_there || file_has(other, needle);
}

static bool erase(const char *although, struct erase_report *report, struct err *err)
{
	const struct erase_request request = {
	        .key = store_fixture_key(PERSON), .by = "ops", .although = although};
	return store_person_erase(store, &request, report, err);
}

static void expect_whole(void)
{
	struct audit_report report;
	struct err err = ERR_INIT;
	must(store_audit_verify(store, NULL, &report, &err), &err);
	ck_assert_msg(report.finding == AUDIT_WHOLE, "%s", report.sentence);
}

/* Keys of people, the one of records about nobody aside. */
static int64_t count_keys(void)
{
	static const char SQL[] = "SELECT count(*) FROM person_keys WHERE person <> ''";
	struct sqlite_conn conn;
	int64_t count = -1;
	ck_assert(sqlite_open(
	        &conn, store_fixture_url() + sizeof("sqlite:") - 1, SQLITE_ROLE_READER, NULL));
	ck_assert(sqlite_number(&conn, SQL, NULL, &count, NULL));
	sqlite_close(&conn);
	return count;
}

/* ------------------------------------------------------------------ erasing */

START_TEST(nothing_of_an_erased_person_is_left_anywhere)
{
	struct erase_report report;
	struct err err = ERR_INIT;
	fill(PERSON, CANARY, ACCOUNT);
	fill(OTHER, "Other", "00uother");
	ck_assert(is_anywhere(CANARY));
	ck_assert(is_anywhere(PERSON));
	must(erase(NULL, &report, &err), &err);
	ck_assert_str_eq(report.okta_id, ACCOUNT);
	ck_assert_int_eq(report.actions, 1);
	ck_assert_int_eq(report.events, 1);
	ck_assert_int_ge(report.records, 4);
	ck_assert_int_eq(report.named_by_others, 0);
	ck_assert(!is_anywhere(CANARY));
	ck_assert(!is_anywhere("zvanilde"));
	ck_assert(!is_anywhere(PERSON));
	ck_assert(!is_anywhere(ACCOUNT));
	ck_assert(is_anywhere("Other"));
	ck_assert_int_eq(count_keys(), 1);
	expect_whole();
	store_close(store);
	ck_assert(!is_anywhere(CANARY) && !is_anywhere(PERSON));
	store = store_fixture_open();
	expect_whole();
}
END_TEST

START_TEST(the_trail_names_an_erased_person_by_pseudonym_alone)
{
	struct erase_report report;
	struct err err = ERR_INIT;
	fill(PERSON, CANARY, ACCOUNT);
	must(erase("asked for by mail", &report, &err), &err);
	/* What an administrator tries afterwards leaves no trace of the id either. */
	must(store_audit(store, "default", PERSON, "ops", "sync", &err), &err);
	struct audit_filter filter = {.connection = "default", .employee_id = PERSON, .limit = 100};
	struct audit_list list;
	must(store_audit_list(store, &filter, &list, &err), &err);
	ck_assert_uint_gt(list.count, 4);
	for (size_t i = 0; i < list.count; i++) {
		ck_assert_str_eq(personal_reveal(&list.items[i].payload), "");
		ck_assert_uint_eq(strlen(list.items[i].person), 32);
	}
	ck_assert_str_eq(list.items[list.count - 2].kind, "erase");
	ck_assert_ptr_nonnull(strstr(list.items[list.count - 2].meta, "asked for by mail"));
	audit_list_finish(&list);
	ck_assert(store_log_empty(store, NULL));
	ck_assert(!is_anywhere(PERSON));
	expect_whole();
}
END_TEST

START_TEST(who_has_an_open_account_is_erased_only_for_a_reason)
{
	struct erase_report report;
	struct err err = ERR_INIT;
	store_fixture_link(store, PERSON, ACCOUNT, "a@example.com", ACCOUNT_ACTIVE);
	ck_assert(!erase(NULL, &report, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "open"));
	err = (struct err)ERR_INIT;
	must(erase("asked for", &report, &err), &err);
}
END_TEST

START_TEST(whom_a_limit_counts_is_erased_only_for_a_reason)
{
	struct erase_report report;
	struct err err = ERR_INIT;
	store_fixture_link(store, PERSON, ACCOUNT, "a@example.com", ACCOUNT_DEPROVISIONED);
	act(PERSON, "a@example.com", LIMIT_LOWER);
	ck_assert(!erase(NULL, &report, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "limit"));
	/* Running time, not the clock: a week of it must go by. */
	store_fixture_pass(store, INT64_C(8) * 24 * 3600 * 1000);
	err = (struct err)ERR_INIT;
	must(erase(NULL, &report, &err), &err);
}
END_TEST

START_TEST(nobody_is_erased_in_the_middle_of_work)
{
	struct erase_report report;
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(PERSON);
	must(store_employee_mark(store, &key, LANE_UPDATE, NULL, &err), &err);
	struct employee employee = store_fixture_claim(store, PERSON);
	ck_assert(!erase("now", &report, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	struct intent intent = store_fixture_intent(&employee, ACTION_UPDATE, LIMIT_NONE);
	ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, NULL), INTENT_OPEN);
	ck_assert(store_employee_finish(store, &employee, EMPLOYEE_PARKED, NULL));
	err = (struct err)ERR_INIT;
	ck_assert(!erase("now", &report, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "not resolved"));
	intent_finish(&intent);
	employee_finish(&employee);
}
END_TEST

START_TEST(of_whom_nothing_is_held_there_is_nothing_to_erase)
{
	struct erase_report report;
	struct err err = ERR_INIT;
	json_t *person = NULL;
	ck_assert(!erase(NULL, &report, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	struct employee_key key = store_fixture_key(PERSON);
	ck_assert(!store_person_export(store, &key, &person, NULL));
	/* Somebody who never became an employee here, but whom a scan saw. */
	adopt(PERSON, CANARY);
	err = (struct err)ERR_INIT;
	must(erase(NULL, &report, &err), &err);
	ck_assert(!is_anywhere(CANARY));
	err = (struct err)ERR_INIT;
	ck_assert(!erase(NULL, &report, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "was erased"));
}
END_TEST

/* ----------------------------------------------------------- what comes late */

static void deliver(const char *body, enum event_kind kind, int64_t triggered_at_ms)
{
	struct err err = ERR_INIT;
	ck_assert_int_eq(store_fixture_append(store, body), ERR_OK);
	struct event_verdict verdict = {.event_id = store_fixture_event(store),
	        .state = EVENT_ACCEPTED,
	        .kind = kind,
	        .lane = LANE_JOIN,
	        .employee_id = PERSON,
	        .triggered_at_ms = triggered_at_ms};
	must(store_event_settle(store, &verdict, 1, &err), &err);
}

static bool is_known(void)
{
	struct employee employee;
	struct employee_key key = store_fixture_key(PERSON);
	bool is_there = store_employee_get(store, &key, &employee, NULL);
	if (is_there) {
		employee_finish(&employee);
	}
	return is_there;
}

START_TEST(a_late_event_does_not_bring_an_erased_person_back)
{
	struct erase_report report;
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(PERSON);
	fill(PERSON, CANARY, ACCOUNT);
	int64_t before_ms = clock_wall_ms() - 60000;
	must(erase(NULL, &report, &err), &err);
	deliver("{\"late\":\"" CANARY " " PERSON "\"}", EVENT_KIND_CHANGE, before_ms);
	ck_assert(!is_known());
	deliver("{\"later\":\"" PERSON "\"}", EVENT_KIND_CHANGE, clock_wall_ms() + 60000);
	deliver("{\"old hire\":\"" PERSON "\"}", EVENT_KIND_JOIN, before_ms);
	deliver("{\"hire without a time\":\"" PERSON "\"}", EVENT_KIND_JOIN, 0);
	deliver("{\"revoked\":\"" PERSON "\"}", EVENT_KIND_REVOKE, clock_wall_ms());
	ck_assert(!is_known());
	struct event_list events;
	ck_assert(store_event_list(store, &key, 10, &events, NULL));
	ck_assert_uint_eq(events.count, 0);
	event_list_finish(&events);
	/* Nor does a sweep, a scan, or somebody who asks by hand. */
	ck_assert(store_employee_mark_each(store, &key, 1, LANE_SWEEP, NULL));
	adopt(PERSON, CANARY);
	ck_assert(!store_employee_mark(store, &key, LANE_UPDATE, NULL, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "was erased"));
	ck_assert(!is_known());
	ck_assert(store_log_empty(store, NULL));
	ck_assert(!is_anywhere(CANARY) && !is_anywhere(PERSON));
}
END_TEST

START_TEST(whoever_is_hired_again_is_known_again)
{
	struct erase_report report;
	struct err err = ERR_INIT;
	fill(PERSON, CANARY, ACCOUNT);
	must(erase(NULL, &report, &err), &err);
	deliver("{\"hired\":\"" PERSON "\"}", EVENT_KIND_JOIN, clock_wall_ms() + 60000);
	ck_assert(is_known());
	deliver("{\"changed\":\"" PERSON "\"}", EVENT_KIND_CHANGE, clock_wall_ms() + 70000);
	act(PERSON, "b@example.com", LIMIT_NONE);
	expect_whole();
}
END_TEST

/* -------------------------------------------------------------- reading out */

START_TEST(an_export_is_complete_and_has_nothing_of_others)
{
	struct err err = ERR_INIT;
	json_t *person = NULL;
	struct employee_key key = store_fixture_key(PERSON);
	fill(PERSON, CANARY, ACCOUNT);
	fill(OTHER, "Quorbine", "00uother");
	must(store_person_export(store, &key, &person, &err), &err);
	const json_t *held = json_object_get(person, "held");
	static const char *const TABLES[] = {
	        "employees", "events", "intents", "approvals", "adoption", "alarms", "releases"};
	for (size_t i = 0; i < ARRAY_SIZE(TABLES); i++) {
		ck_assert_msg(
		        json_array_size(json_object_get(held, TABLES[i])) == 1, "%s", TABLES[i]);
	}
	ck_assert_uint_eq(json_array_size(json_object_get(held, "holds")), 2);
	ck_assert_uint_ge(json_array_size(json_object_get(person, "audit")), 5);
	char *text = json_format(person);
	ck_assert_ptr_nonnull(strstr(text, CANARY));
	ck_assert_ptr_null(strstr(text, "Quorbine"));
	ck_assert_ptr_null(strstr(text, OTHER));
	ck_assert_ptr_null(strstr(text, "00uother"));
	/* Times can be read, and what is kept as JSON is JSON. */
	const json_t *event = json_array_get(json_object_get(held, "events"), 0);
	ck_assert_ptr_nonnull(strstr(json_get_text(event, "received_at"), "T"));
	ck_assert_str_eq(json_get_text(json_object_get(event, "body"), "employee"), PERSON);
	free(text);
	json_decref(person);
}
END_TEST

/* A delivery that waits to be read is told, and is waited for: reading it brings the name back. */
START_TEST(what_nobody_has_read_yet_is_told_and_waited_for)
{
	static const char BODY[] = "{\"employee\":\"" PERSON "\",\"name\":\"" CANARY "\"}";
	struct err err = ERR_INIT;
	struct erase_report report;
	struct employee_key key = store_fixture_key(PERSON);
	json_t *person = NULL;
	fill(PERSON, CANARY, ACCOUNT);
	ck_assert_int_eq(store_fixture_append(store, BODY), ERR_OK);
	must(store_person_export(store, &key, &person, &err), &err);
	const json_t *inbox = json_object_get(json_object_get(person, "held"), "inbox");
	ck_assert_uint_eq(json_array_size(inbox), 1);
	json_decref(person);
	ck_assert(!erase(NULL, &report, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "not been read yet"));
}
END_TEST

/* A table that is added with an employee_id must be erased: here is where that is thought of. */
START_TEST(every_table_that_names_employees_is_erased)
{
	static const char SQL[] =
	        "SELECT m.name FROM sqlite_master m WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM"
	        " pragma_table_info(m.name) WHERE name = 'employee_id')";
	static const char *const KNOWN[] = {"events", "employees", "intents", "holds",
	        "employee_waits", "employee_groups", "sweep_findings", "adoption", "approvals",
	        "releases"};
	struct sqlite_conn conn;
	ck_assert(sqlite_open(
	        &conn, store_fixture_url() + sizeof("sqlite:") - 1, SQLITE_ROLE_READER, NULL));
	struct sqlite3_stmt *stmt = sqlite_query(&conn, SQL, NULL, NULL);
	size_t count = 0;
	while (sqlite_step(&conn, stmt, NULL) == ROW_FOUND) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		bool is_known_table = false;
		for (size_t i = 0; i < ARRAY_SIZE(KNOWN); i++) {
			is_known_table = is_known_table || str_equal(KNOWN[i], name);
		}
		ck_assert_msg(is_known_table, "sqlite_person_erase.c leaves the table %s", name);
		count++;
	}
	sqlite_done(stmt);
	sqlite_close(&conn);
	ck_assert_uint_eq(count, ARRAY_SIZE(KNOWN));
}
END_TEST

static Suite *person_suite(void)
{
	Suite *suite = suite_create("store_person");
	TCase *erasing = tcase_create("erasing");
	tcase_add_checked_fixture(erasing, setup, teardown);
	tcase_add_test(erasing, nothing_of_an_erased_person_is_left_anywhere);
	tcase_add_test(erasing, the_trail_names_an_erased_person_by_pseudonym_alone);
	tcase_add_test(erasing, who_has_an_open_account_is_erased_only_for_a_reason);
	tcase_add_test(erasing, whom_a_limit_counts_is_erased_only_for_a_reason);
	tcase_add_test(erasing, nobody_is_erased_in_the_middle_of_work);
	tcase_add_test(erasing, of_whom_nothing_is_held_there_is_nothing_to_erase);
	suite_add_tcase(suite, erasing);
	TCase *late = tcase_create("late");
	tcase_add_checked_fixture(late, setup, teardown);
	tcase_add_test(late, a_late_event_does_not_bring_an_erased_person_back);
	tcase_add_test(late, whoever_is_hired_again_is_known_again);
	suite_add_tcase(suite, late);
	TCase *reading = tcase_create("reading out");
	tcase_add_checked_fixture(reading, setup, teardown);
	tcase_add_test(reading, an_export_is_complete_and_has_nothing_of_others);
	tcase_add_test(reading, what_nobody_has_read_yet_is_told_and_waited_for);
	tcase_add_test(reading, every_table_that_names_employees_is_erased);
	suite_add_tcase(suite, reading);
	return suite;
}

int main(void)
{
	return suite_run(person_suite());
}
