/* SPDX-License-Identifier: MIT */
/* The chain: what is written, and what is found when the file is changed behind the store's back.
 */
#include "server/store/audit.h"

#include "server/base/clock.h"
#include "server/base/job.h"
#include "server/base/key_ring.h"
#include "server/base/str.h"
#include "server/store/approvals.h"
#include "server/store/sqlite_audit.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS 10 /* beside the first one, which says that the chain begins */

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

static void fill(int count)
{
	for (int i = 0; i < count; i++) {
		char id[8];
		struct err err = ERR_INIT;
		str_format_cut(id, sizeof(id), "%d", 1 + i % 3);
		ck_assert_msg(
		        store_audit(store, "default", id, "ops", "sync", &err), "%s", err.text);
	}
}

/* As many records in one commit: each approval is one. */
static void fill_at_once(size_t count)
{
	static struct approval approvals[APPROVALS_AT_ONCE];
	struct err err = ERR_INIT;
	for (size_t i = 0; i < count; i++) {
		approvals[i] = (struct approval){.key = store_fixture_key("1"),
		        .limit = LIMIT_LOWER,
		        .day = "2027-01-01",
		        .by = "ops",
		        .from_ms = 1,
		        .until_ms = clock_wall_ms() + 1000000};
		str_format_cut(approvals[i].key.employee_id, EMPLOYEE_ID_BYTES, "%zu", i + 1);
	}
	ck_assert_msg(store_approvals_add(store, approvals, count, &err), "%s", err.text);
}

/* Changes the file as somebody would who has it and not the key; the store is closed meanwhile. */
static void tamper(const char *sql)
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

static struct audit_report verify_with(const struct audit_heads *heads)
{
	struct audit_report report;
	struct err err = ERR_INIT;
	ck_assert_msg(store_audit_verify(store, heads, &report, &err), "%s", err.text);
	return report;
}

static void expect_found(const struct audit_heads *heads, enum audit_finding finding, int64_t seq)
{
	struct audit_report report = verify_with(heads);
	ck_assert_msg(report.finding == finding && report.bad_seq == seq, "%s at %lld: %s",
	        audit_finding_name(report.finding), (long long)report.bad_seq, report.sentence);
}

static void expect_whole(int64_t records)
{
	struct audit_report report = verify_with(NULL);
	ck_assert_msg(report.finding == AUDIT_WHOLE, "%s", report.sentence);
	ck_assert_int_eq(report.records, records);
	ck_assert_int_eq(report.bad_seq, 0);
}

/* ----------------------------------------------------------------- the chain */

START_TEST(walking_and_cutting_end_when_the_server_stops)
{
	struct audit_report report;
	struct err err = ERR_INIT;
	store_quiesce(store);
	ck_assert(!store_audit_verify(store, NULL, &report, &err));
	ck_assert_int_eq(err.code, ERR_DRAINING);
	/* Nothing is said of the trail by that. */
	ck_assert_int_eq(report.finding, AUDIT_WHOLE);
	int64_t cut = 0;
	err = (struct err)ERR_INIT;
	ck_assert(!store_audit_cut(store, INT64_MAX, &cut, &err));
	ck_assert_int_eq(err.code, ERR_DRAINING);
}
END_TEST

START_TEST(a_job_is_told_how_far_the_walk_is_and_ends_it)
{
	struct audit_report report;
	struct err err = ERR_INIT;
	struct job job;
	ck_assert(job_init(&job));
	ck_assert(store_audit_verify_for(store, NULL, &job, &report, &err));
	ck_assert_int_gt(report.records, 0);
	ck_assert_int_eq(job.look.total, report.records);
	ck_assert_int_eq(job.look.done, report.records);
	atomic_store(&job.is_told_to_stop, true);
	ck_assert(!store_audit_verify_for(store, NULL, &job, &report, &err));
	ck_assert_int_eq(err.code, ERR_STOPPED);
	job_finish(&job);
}
END_TEST

START_TEST(a_chain_begins_with_its_start_and_is_whole)
{
	expect_whole(1);
	fill(RECORDS);
	expect_whole(1 + RECORDS);
	store_close(store);
	store = store_fixture_open();
	expect_whole(1 + RECORDS);
}
END_TEST

START_TEST(a_long_chain_is_walked_in_batches)
{
	fill_at_once(1000);
	fill_at_once(300);
	expect_whole(1301);
	struct audit_report report;
	ck_assert(store_audit_verify_tail(store, 700, &report, NULL));
	ck_assert_int_eq(report.finding, AUDIT_WHOLE);
	ck_assert_int_eq(report.records, 700);
	tamper("UPDATE audit_records SET who = 'x' WHERE seq = 600");
	expect_found(NULL, AUDIT_CHANGED, 600);
	/* What is older than the tail is not looked at daily. */
	ck_assert(store_audit_verify_tail(store, 700, &report, NULL));
	ck_assert_int_eq(report.finding, AUDIT_WHOLE);
	ck_assert(store_audit_verify_tail(store, 702, &report, NULL));
	ck_assert_int_eq(report.bad_seq, 600);
}
END_TEST

/* A hold without its record would be neither: the record is refused, and the hold with it. */
START_TEST(a_write_that_fails_leaves_no_record_and_no_gap)
{
	struct hold_decision decision = {
	        .key = store_fixture_key("1"), .kind = HOLD_HUMAN, .by = "ops"};
	fill(1);
	ck_assert(!store_hold_release(store, &decision, NULL));
	ck_assert(!store_hold_reject(store, &decision, NULL));
	fill(1);
	expect_whole(3);
	tamper("CREATE TRIGGER full BEFORE INSERT ON audit_records BEGIN SELECT RAISE(ABORT,"
	       " 'no room'); END");
	struct hold hold = {.key = store_fixture_key("1"), .kind = HOLD_HUMAN};
	ck_assert(!store_hold_add(store, &hold, NULL));
	struct hold_list holds;
	ck_assert(store_hold_list(store, NULL, NULL, &holds, NULL));
	ck_assert_uint_eq(holds.count, 0);
	hold_list_finish(&holds);
	tamper("DROP TRIGGER full");
	ck_assert(store_hold_add(store, &hold, NULL));
	expect_whole(4);
}
END_TEST

/* The first of two was written down already when the second failed: both are as if never tried. */
START_TEST(a_record_that_is_rolled_back_leaves_the_head_where_it_was)
{
	struct approval approvals[2] = {{.day = "2027-01-01", .limit = LIMIT_LOWER, .by = "ops"},
	        {.day = "2027-01-01", .limit = LIMIT_LOWER, .by = "ops"}};
	approvals[0].key = store_fixture_key("1");
	approvals[1].key = store_fixture_key("2");
	tamper("CREATE TRIGGER second BEFORE INSERT ON approvals WHEN NEW.employee_id = '2' BEGIN"
	       " SELECT RAISE(ABORT, 'no'); END");
	fill(1);
	ck_assert(!store_approvals_add(store, approvals, 2, NULL));
	fill(1);
	expect_whole(3);
	struct audit_head head;
	ck_assert(store_audit_head(store, &head, NULL));
	ck_assert_int_eq(head.seq, 3);
}
END_TEST

/* L-03: no record, no intent, and so no call. */
START_TEST(no_intent_opens_without_its_record)
{
	struct employee_key key = store_fixture_key("1");
	struct err err = ERR_INIT;
	tamper("CREATE TRIGGER full BEFORE INSERT ON audit_payloads BEGIN SELECT RAISE(ABORT,"
	       " 'no room'); END");
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	struct employee employee = store_fixture_claim(store, "1");
	struct intent intent = store_fixture_intent(&employee, ACTION_UPDATE, LIMIT_NONE);
	ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, &err), INTENT_FAILED);
	ck_assert_int_eq(number("SELECT count(*) FROM intents"), 0);
	intent_finish(&intent);
	employee_finish(&employee);
	expect_whole(1);
}
END_TEST

START_TEST(intent_and_outcome_are_one_record_each)
{
	struct employee_key key = store_fixture_key("1");
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	struct employee employee = store_fixture_claim(store, "1");
	struct intent intent = store_fixture_intent(&employee, ACTION_UPDATE, LIMIT_NONE);
	intent.settings_version = 7;
	ck_assert(personal_set(&intent.body, "{\"nickName\":\"Somebody\"}"));
	ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, NULL), INTENT_OPEN);
	struct outcome outcome = {.intent_id = intent.intent_id,
	        .lease_token = intent.lease_token,
	        .state = OUTCOME_DONE,
	        .http_status = 200};
	ck_assert(store_settings_version_set(store, 8, NULL));
	ck_assert(store_intent_close(store, &outcome, NULL, NULL));
	struct audit_filter filter = {.connection = "default", .employee_id = "1", .limit = 10};
	struct audit_list list;
	ck_assert(store_audit_list(store, &filter, &list, NULL));
	ck_assert_uint_eq(list.count, 2);
	ck_assert_str_eq(list.items[0].kind, "intent");
	ck_assert_str_eq(list.items[1].kind, "outcome");
	ck_assert_ptr_nonnull(strstr(list.items[1].meta, "\"outcome\":\"done\""));
	/* Both name the version that planned the action, whatever is in force by now (O-17). */
	ck_assert_int_eq(list.items[0].settings_version, 7);
	ck_assert_int_eq(list.items[1].settings_version, 7);
	const char *payload = personal_reveal(&list.items[0].payload);
	ck_assert_ptr_nonnull(strstr(payload, "\"nickName\""));
	ck_assert_ptr_null(strstr(payload, "Somebody"));
	ck_assert_ptr_null(strstr(list.items[0].meta, "nickName"));
	audit_list_finish(&list);
	intent_finish(&intent);
	employee_finish(&employee);
}
END_TEST

START_TEST(a_record_says_who_from_where_and_of_which_kind)
{
	static const struct {
		const char *what;
		const char *kind;
	} CASES[] = {{"sync", "sync"}, {"close: left early", "close"},
	        {"sweep, a shorter list is accepted", "sweep"}, {"synchronous", "note"},
	        {"x", "note"}};
	audit_origin_set("192.0.2.7");
	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		ck_assert(store_audit(store, "default", "5", "ada", CASES[i].what, NULL));
	}
	audit_origin_set("");
	ck_assert(store_audit(store, "default", "", "server", "mark", NULL));
	struct audit_filter filter = {.is_newest_first = true, .limit = 10};
	struct audit_list list;
	ck_assert(store_audit_list(store, &filter, &list, NULL));
	ck_assert_uint_eq(list.count, 2 + ARRAY_SIZE(CASES));
	ck_assert_str_eq(list.items[0].origin, "");
	ck_assert_str_eq(list.items[0].person, "");
	for (size_t i = 0; i < ARRAY_SIZE(CASES); i++) {
		const struct audit_record *record = &list.items[ARRAY_SIZE(CASES) - i];
		ck_assert_str_eq(record->kind, CASES[i].kind);
		ck_assert_str_eq(record->origin, "192.0.2.7");
		ck_assert_str_eq(record->who, "ada");
		ck_assert_uint_eq(strlen(record->person), 32);
		ck_assert_ptr_nonnull(strstr(personal_reveal(&record->payload), CASES[i].what));
	}
	audit_list_finish(&list);
}
END_TEST

START_TEST(the_first_that_a_limit_holds_is_a_brake_event)
{
	struct hold hold = {.key = store_fixture_key("1"), .kind = HOLD_LIMIT, .by = "server"};
	static const char SQL[] = "SELECT count(*) FROM audit_records WHERE kind = 'brake'";
	ck_assert(store_hold_add(store, &hold, NULL));
	hold.key = store_fixture_key("2");
	ck_assert(store_hold_add(store, &hold, NULL));
	ck_assert_int_eq(number(SQL), 1);
	/* Of one that waits alone the question may change: the brake is on already. */
	struct hold alone = {.key = store_fixture_key("1"),
	        .kind = HOLD_LIMIT,
	        .limit = LIMIT_RENAME,
	        .by = "server"};
	ck_assert(store_hold_add(store, &alone, NULL));
	ck_assert_int_eq(number(SQL), 2);
	str_format_cut(alone.cause, sizeof(alone.cause), "another login");
	ck_assert(store_hold_add(store, &alone, NULL));
	ck_assert_int_eq(number(SQL), 2);
	hold.kind = HOLD_HUMAN;
	ck_assert(store_hold_add(store, &hold, NULL));
	ck_assert_int_eq(number(SQL), 2);
}
END_TEST

/* Lines of a store from before there was a chain. */
START_TEST(lines_kept_before_are_the_first_of_the_chain)
{
	tamper("DELETE FROM audit_records; DELETE FROM audit_payloads; DELETE FROM sqlite_sequence"
	       " WHERE name = 'audit_records'; CREATE TABLE audit (audit_id INTEGER PRIMARY KEY,"
	       " at_ms INTEGER, connection TEXT, employee_id TEXT, who TEXT, what TEXT,"
	       " settings_version INTEGER); INSERT INTO audit VALUES (1, 1000, 'default', '12',"
	       " 'ops', 'release limit', 3)");
	expect_whole(2);
	struct audit_filter filter = {.connection = "default", .employee_id = "12", .limit = 10};
	struct audit_list list;
	ck_assert(store_audit_list(store, &filter, &list, NULL));
	ck_assert_uint_eq(list.count, 1);
	ck_assert_int_eq(list.items[0].at_ms, 1000);
	ck_assert_int_eq(list.items[0].settings_version, 3);
	ck_assert_str_eq(list.items[0].kind, "release");
	audit_list_finish(&list);
	ck_assert_int_eq(number("SELECT count(*) FROM sqlite_master WHERE name = 'audit'"), 0);
}
END_TEST

/* ------------------------------------------------------------- manipulations */

START_TEST(a_changed_record_is_named)
{
	static const char *const CHANGES[] = {"UPDATE audit_records SET who = 'eve' WHERE seq = 5",
	        "UPDATE audit_records SET at_ms = at_ms + 1 WHERE seq = 5",
	        "UPDATE audit_records SET kind = 'note' WHERE seq = 5",
	        "UPDATE audit_records SET meta = '{\"a\":1}' WHERE seq = 5",
	        "UPDATE audit_records SET meta = meta || char(0) || 'x' WHERE seq = 5",
	        "UPDATE audit_records SET connection = 'other' WHERE seq = 5",
	        "UPDATE audit_records SET person = '' WHERE seq = 5",
	        "UPDATE audit_records SET origin = '192.0.2.1' WHERE seq = 5",
	        "UPDATE audit_records SET settings_version = 9 WHERE seq = 5",
	        "UPDATE audit_records SET payload_mac = x'' WHERE seq = 5",
	        "UPDATE audit_records SET mac = zeroblob(32) WHERE seq = 5",
	        "UPDATE audit_records SET mac = x'' WHERE seq = 5",
	        "UPDATE audit_payloads SET sealed = zeroblob(length(sealed)) WHERE seq = 5",
	        "REPLACE INTO audit_payloads SELECT 5, sealed FROM audit_payloads WHERE seq = 8"};
	fill(RECORDS);
	tamper(CHANGES[_i]);
	expect_found(NULL, AUDIT_CHANGED, 5);
}
END_TEST

START_TEST(a_deleted_record_is_named)
{
	static const char *const CHANGES[] = {"DELETE FROM audit_records WHERE seq = 5",
	        "DELETE FROM audit_records WHERE seq IN (5, 6, 9)",
	        "DELETE FROM audit_records WHERE seq = 5; UPDATE audit_records SET seq = seq - 1"
	        " WHERE seq > 5; DELETE FROM audit_payloads WHERE seq = 5; UPDATE audit_payloads"
	        " SET seq = seq - 1 WHERE seq > 5",
	        "DELETE FROM audit_payloads WHERE seq = 5",
	        "DELETE FROM audit_payloads WHERE seq = 5; DELETE FROM person_keys"};
	fill(RECORDS);
	tamper(CHANGES[_i]);
	expect_found(NULL, AUDIT_DELETED, 5);
}
END_TEST

START_TEST(the_first_records_cannot_be_deleted_either)
{
	fill(RECORDS);
	tamper("DELETE FROM audit_records WHERE seq < 4");
	expect_found(NULL, AUDIT_DELETED, 1);
}
END_TEST

START_TEST(an_inserted_record_is_named)
{
	static const char *const CHANGES[] = {
	        "UPDATE audit_records SET seq = -seq - 1 WHERE seq >= 5; UPDATE audit_records SET"
	        " seq = -seq WHERE seq < 0; UPDATE audit_payloads SET seq = -seq - 1 WHERE seq >= 5;"
	        " UPDATE audit_payloads SET seq = -seq WHERE seq < 0; INSERT INTO audit_records"
	        " SELECT 5, at_ms, connection, kind, person, who, origin, settings_version, meta,"
	        " payload_mac, mac FROM audit_records WHERE seq = 4",
	        "UPDATE audit_records SET seq = -seq - 1 WHERE seq >= 5; UPDATE audit_records SET"
	        " seq = -seq WHERE seq < 0; INSERT INTO audit_records SELECT 5, at_ms, connection,"
	        " 'pause', '', 'eve', '', 0, '{}', x'', mac FROM audit_records WHERE seq = 4"};
	fill(RECORDS);
	tamper(CHANGES[_i]);
	expect_found(NULL, AUDIT_INSERTED, 5);
}
END_TEST

#define SWAP(table, a, b)                                                                  \
	"UPDATE " table " SET seq = 1000 WHERE seq = " a "; UPDATE " table " SET seq = " a \
	" WHERE seq = " b "; UPDATE " table " SET seq = " b " WHERE seq = 1000;"

START_TEST(swapped_records_are_named)
{
	static const char *const CHANGES[] = {SWAP("audit_records", "5", "6")
	                                              SWAP("audit_payloads", "5", "6"),
	        SWAP("audit_records", "5", "6"),
	        SWAP("audit_records", "5", "9") SWAP("audit_payloads", "5", "9"),
	        SWAP("audit_records", "5", "11") SWAP("audit_payloads", "5", "11")};
	fill(RECORDS);
	tamper(CHANGES[_i]);
	expect_found(NULL, AUDIT_SWAPPED, 5);
}
END_TEST

static void take_head(struct audit_head *head)
{
	ck_assert(store_audit_head(store, head, NULL));
}

START_TEST(a_truncated_trail_is_named)
{
	struct audit_head head;
	struct audit_heads heads = {&head, 1};
	fill(RECORDS);
	take_head(&head);
	ck_assert_int_eq(head.seq, 11);
	tamper("DELETE FROM audit_records WHERE seq > 7; DELETE FROM audit_payloads WHERE seq > 7");
	expect_found(&heads, AUDIT_TRUNCATED, 8);
	/* The counter beside the table tells even without a head. */
	expect_found(NULL, AUDIT_TRUNCATED, 8);
	tamper("UPDATE sqlite_sequence SET seq = 7 WHERE name = 'audit_records'");
	expect_found(&heads, AUDIT_ROLLED_BACK, 8);
	expect_whole(7);
}
END_TEST

START_TEST(a_trail_without_records_is_truncated)
{
	fill(2);
	tamper("DELETE FROM audit_records; DELETE FROM audit_payloads");
	expect_found(NULL, AUDIT_TRUNCATED, 1);
}
END_TEST

/* Puts the file back as it was; the store is closed by now. */
static void copy_file(const char *from, const char *to)
{
	char block[4096];
	size_t len = 0;
	FILE *in = fopen(from, "rb");
	FILE *out = fopen(to, "wb");
	ck_assert(in != NULL && out != NULL);
	while ((len = fread(block, 1, sizeof(block), in)) > 0) {
		ck_assert_uint_eq(fwrite(block, 1, len, out), len);
	}
	fclose(in);
	ck_assert_int_eq(fclose(out), 0);
}

START_TEST(a_trail_that_was_rolled_back_is_named)
{
	const char *path = store_fixture_url() + sizeof("sqlite:") - 1;
	char copy[256];
	struct audit_head heads[2];
	struct audit_heads all = {heads, 2};
	str_format_cut(copy, sizeof(copy), "%s/older", store_fixture_directory());
	fill(4);
	take_head(&heads[0]);
	store_close(store);
	copy_file(path, copy);
	store = store_fixture_open();
	fill(5);
	take_head(&heads[1]);
	ck_assert_uint_eq(verify_with(&all).heads_met, 2);
	store_close(store);
	copy_file(copy, path);
	store = store_fixture_open();
	/* Two records say that the store was put back. */
	expect_found(&all, AUDIT_ROLLED_BACK, 8);
	/* It goes on, past the number the head names: only the MAC tells. */
	fill(9);
	expect_found(&all, AUDIT_ROLLED_BACK, 10);
	expect_whole(16);
}
END_TEST

START_TEST(an_unsigned_checkpoint_is_named)
{
	static const char *const CHANGES[] = {
	        "DELETE FROM audit_records WHERE seq < 5; INSERT INTO audit_checkpoint SELECT 1, 4,"
	        " mac, 0, zeroblob(32) FROM audit_records WHERE seq = 5",
	        "INSERT INTO audit_checkpoint VALUES (1, 4, zeroblob(32), 0, x'')"};
	fill(RECORDS);
	tamper(CHANGES[_i]);
	expect_found(NULL, AUDIT_CHANGED, 4);
}
END_TEST

/* ----------------------------------------------------- heads, files, and the cut */

START_TEST(a_head_is_read_as_it_was_written)
{
	struct audit_head head;
	struct audit_head again;
	char text[AUDIT_HEAD_BYTES];
	fill(3);
	take_head(&head);
	audit_head_format(&head, text);
	ck_assert(audit_head_parse(text, &again));
	ck_assert_int_eq(again.seq, head.seq);
	ck_assert_mem_eq(again.mac, head.mac, sizeof(head.mac));
	ck_assert(!audit_head_parse("", &again));
	ck_assert(!audit_head_parse("4", &again));
	ck_assert(!audit_head_parse("4:abc", &again));
	ck_assert(!audit_head_parse(strchr(text, ':'), &again));
	text[strlen(text) - 1] = 'X';
	ck_assert(!audit_head_parse(text, &again));
}
END_TEST

START_TEST(a_copy_is_verified_with_the_key_file)
{
	const char *path = store_fixture_url() + sizeof("sqlite:") - 1;
	struct audit_report report;
	struct err err = ERR_INIT;
	fill(RECORDS);
	ck_assert_msg(store_audit_verify_file(path, store_fixture_keys(), NULL, &report, &err),
	        "%s", err.text);
	ck_assert_int_eq(report.records, 1 + RECORDS);
	struct key_ring *other = key_ring_random(NULL);
	ck_assert(!store_audit_verify_file(path, other, NULL, &report, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "key"));
	key_ring_destroy(other);
	tamper("UPDATE audit_records SET who = 'eve' WHERE seq = 3");
	ck_assert(store_audit_verify_file(path, store_fixture_keys(), NULL, &report, NULL));
	ck_assert_int_eq(report.bad_seq, 3);
}
END_TEST

START_TEST(a_prefix_is_cut_behind_a_signed_checkpoint)
{
	struct audit_head early;
	struct audit_head late;
	int64_t cut = 0;
	fill(4);
	take_head(&early);
	fill_at_once(600);
	take_head(&late);
	int64_t now_ms = clock_wall_ms();
	ck_assert(store_audit_cut(store, now_ms - 3600000, &cut, NULL));
	ck_assert_int_eq(cut, 0);
	ck_assert(store_audit_cut(store, now_ms + 3600000, &cut, NULL));
	/* Two batches, each with its record: that of the first is the newest for the second. */
	ck_assert_int_eq(cut, 605);
	ck_assert_int_eq(number("SELECT count(*) FROM audit_payloads"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM person_keys WHERE person <> ''"), 0);
	expect_whole(2);
	fill(3);
	struct audit_head both[] = {early, late};
	struct audit_heads heads = {both, 2};
	ck_assert_int_eq(verify_with(&heads).finding, AUDIT_WHOLE);
	ck_assert_int_eq(verify_with(&heads).first_seq, 606);
	tamper("DELETE FROM audit_records WHERE seq = 606");
	expect_found(NULL, AUDIT_DELETED, 606);
	tamper("UPDATE audit_checkpoint SET seq = 606");
	expect_found(NULL, AUDIT_CHANGED, 606);
}
END_TEST

static Suite *audit_suite(void)
{
	Suite *suite = suite_create("store_audit");
	TCase *chain = tcase_create("chain");
	tcase_add_checked_fixture(chain, setup, teardown);
	tcase_add_test(chain, a_chain_begins_with_its_start_and_is_whole);
	tcase_add_test(chain, a_job_is_told_how_far_the_walk_is_and_ends_it);
	tcase_add_test(chain, a_long_chain_is_walked_in_batches);
	tcase_add_test(chain, a_write_that_fails_leaves_no_record_and_no_gap);
	tcase_add_test(chain, a_record_that_is_rolled_back_leaves_the_head_where_it_was);
	tcase_add_test(chain, no_intent_opens_without_its_record);
	tcase_add_test(chain, intent_and_outcome_are_one_record_each);
	tcase_add_test(chain, a_record_says_who_from_where_and_of_which_kind);
	tcase_add_test(chain, the_first_that_a_limit_holds_is_a_brake_event);
	tcase_add_test(chain, walking_and_cutting_end_when_the_server_stops);
	tcase_add_test(chain, lines_kept_before_are_the_first_of_the_chain);
	suite_add_tcase(suite, chain);
	TCase *changes = tcase_create("manipulations");
	tcase_add_checked_fixture(changes, setup, teardown);
	tcase_add_loop_test(changes, a_changed_record_is_named, 0, 14);
	tcase_add_loop_test(changes, a_deleted_record_is_named, 0, 5);
	tcase_add_test(changes, the_first_records_cannot_be_deleted_either);
	tcase_add_loop_test(changes, an_inserted_record_is_named, 0, 2);
	tcase_add_loop_test(changes, swapped_records_are_named, 0, 4);
	tcase_add_test(changes, a_truncated_trail_is_named);
	tcase_add_test(changes, a_trail_without_records_is_truncated);
	tcase_add_test(changes, a_trail_that_was_rolled_back_is_named);
	tcase_add_loop_test(changes, an_unsigned_checkpoint_is_named, 0, 2);
	suite_add_tcase(suite, changes);
	TCase *around = tcase_create("heads and the cut");
	tcase_add_checked_fixture(around, setup, teardown);
	tcase_add_test(around, a_head_is_read_as_it_was_written);
	tcase_add_test(around, a_copy_is_verified_with_the_key_file);
	tcase_add_test(around, a_prefix_is_cut_behind_a_signed_checkpoint);
	suite_add_tcase(suite, around);
	return suite;
}

int main(void)
{
	return suite_run(audit_suite());
}
