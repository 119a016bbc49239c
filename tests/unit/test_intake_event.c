/* SPDX-License-Identifier: MIT */
/*
 * Runs tests/data/event/NAME.json: arrays of rows
 *   {"name", "body" (JSON) or "text" (bytes as they are), "company_id", "received_at",
 *    "want": {"state", "kind", "lane", "employee_id", "type", "triggered_at", "doubtful",
 * "reason"}} A key of "want" that is left out is not checked; "reason" is a part of the reason.
 */
#include "server/intake/event.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/suite.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA          "tests/data/event"
#define ROWS_AT_LEAST 60

static const char *const KINDS[] = {
        [EVENT_KIND_CHANGE] = "change",
        [EVENT_KIND_REVOKE] = "revoke",
        [EVENT_KIND_LEFT] = "left",
        [EVENT_KIND_DELETED] = "deleted",
        [EVENT_KIND_JOIN] = "join",
};

static const char *const STATES[] = {
        [EVENT_RECEIVED] = "received",
        [EVENT_ACCEPTED] = "accepted",
        [EVENT_IGNORED] = "ignored",
        [EVENT_UNUSABLE] = "unusable",
        [EVENT_FOREIGN] = "foreign",
};

static int64_t time_of(const char *text)
{
	int64_t wall_ms = 0;
	ck_assert_msg(time_parse(text, &wall_ms), "bad time in the table: %s", text);
	return wall_ms;
}

static void check_text(const char *row, const json_t *want, const char *key, const char *got)
{
	const char *text = json_get_text(want, key);
	ck_assert_msg(
	        text == NULL || str_equal(text, got), "%s: %s is %s, not %s", row, key, got, text);
}

static void check_verdict(const char *row, const json_t *want, const struct event_verdict *got)
{
	check_text(row, want, "state", STATES[got->state]);
	check_text(row, want, "kind", KINDS[got->kind]);
	check_text(row, want, "lane", lane_name(got->lane));
	check_text(row, want, "type", got->type);
	check_text(row, want, "employee_id", got->employee_id);
	const char *reason = json_get_text(want, "reason");
	ck_assert_msg(reason == NULL || strstr(got->reason, reason) != NULL, "%s: the reason is %s",
	        row, got->reason);
	ck_assert_msg(
	        got->is_doubtful == json_get_bool(want, "doubtful", false), "%s: doubtful", row);
	const char *time = json_get_text(want, "triggered_at");
	ck_assert_msg(time == NULL || got->triggered_at_ms == time_of(time),
	        "%s: triggered at %lld", row, (long long)got->triggered_at_ms);
	if (json_is_integer(json_object_get(want, "triggered_at"))) {
		ck_assert_msg(got->triggered_at_ms == 0, "%s: triggered_at", row);
	}
	/* Whoever reads the list must find out why nothing happened. */
	ck_assert_msg(got->state == EVENT_ACCEPTED || got->reason[0] != '\0', "%s: no reason", row);
}

static void check_row(const json_t *row)
{
	const char *name = json_get_text(row, "name");
	const char *received = json_get_text(row, "received_at");
	const char *company = json_get_text(row, "company_id");
	const char *text = json_get_text(row, "text");
	char *body = text != NULL ? str_dup(text) : json_format(json_object_get(row, "body"));
	int64_t received_ms = time_of(received != NULL ? received : "2026-11-23T12:00:00");
	struct event_verdict verdict;
	event_parse(
	        body, strlen(body), company != NULL ? company : "636192", received_ms, &verdict);
	ck_assert_int_eq(verdict.received_at_ms, received_ms);
	check_verdict(name, json_object_get(row, "want"), &verdict);
	free(body);
}

static size_t check_file(const char *name)
{
	char path[512];
	json_error_t where;
	ck_assert(str_format(path, sizeof(path), DATA "/%s", name));
	json_t *rows = json_load_file(path, JSON_REJECT_DUPLICATES, &where);
	ck_assert_msg(rows != NULL, "%s line %d: %s", path, where.line, where.text);
	size_t i = 0;
	json_t *row = NULL;
	json_array_foreach(rows, i, row)
	{
		check_row(row);
	}
	json_decref(rows);
	return i;
}

START_TEST(every_row_of_the_tables_holds)
{
	size_t rows = 0;
	DIR *folder = opendir(DATA);
	ck_assert_ptr_nonnull(folder);
	for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
		if (str_ends_with_fold(entry->d_name, ".json")) {
			rows += check_file(entry->d_name);
		}
	}
	closedir(folder);
	ck_assert_uint_ge(rows, ROWS_AT_LEAST);
}
END_TEST

START_TEST(bytes_behind_a_nul_are_not_overlooked)
{
	static const char body[] = "{\"companyId\":636192,\"type\":\"employee.left\","
	                           "\"data\":{\"employeeId\":\"1\"}}\0{";
	struct event_verdict verdict;
	event_parse(body, sizeof(body) - 1, "636192", 0, &verdict);
	ck_assert_int_eq(verdict.state, EVENT_UNUSABLE);
}
END_TEST

START_TEST(an_empty_body_is_unusable)
{
	struct event_verdict verdict;
	event_parse("", 0, "636192", 0, &verdict);
	ck_assert_int_eq(verdict.state, EVENT_UNUSABLE);
}
END_TEST

START_TEST(a_cut_body_is_unusable_wherever_it_is_cut)
{
	static const char body[] = "{\"companyId\":636192,\"type\":\"employee.left\","
	                           "\"data\":{\"employeeId\":\"1\"}}";
	struct event_verdict verdict;
	for (size_t len = 0; len < sizeof(body) - 1; len++) {
		event_parse(body, len, "636192", 0, &verdict);
		ck_assert_int_eq(verdict.state, EVENT_UNUSABLE);
	}
	event_parse(body, sizeof(body) - 1, "636192", 0, &verdict);
	ck_assert_int_eq(verdict.state, EVENT_ACCEPTED);
}
END_TEST

START_TEST(deep_nesting_is_unusable_and_safe)
{
	static char body[100000];
	memset(body, '[', sizeof(body));
	struct event_verdict verdict;
	event_parse(body, sizeof(body), "636192", 0, &verdict);
	ck_assert_int_eq(verdict.state, EVENT_UNUSABLE);
}
END_TEST

START_TEST(the_reason_never_quotes_the_body)
{
	static const char body[] = "{\"companyId\":636192,\"employee\":\"Canary Person\" oops";
	struct event_verdict verdict;
	event_parse(body, sizeof(body) - 1, "636192", 0, &verdict);
	ck_assert_int_eq(verdict.state, EVENT_UNUSABLE);
	ck_assert_ptr_null(strstr(verdict.reason, "anary"));
	ck_assert_ptr_null(strstr(verdict.reason, "oops"));
}
END_TEST

static Suite *suite(void)
{
	Suite *all = suite_create("intake event");
	TCase *tcase = tcase_create("event");
	tcase_add_test(tcase, every_row_of_the_tables_holds);
	tcase_add_test(tcase, bytes_behind_a_nul_are_not_overlooked);
	tcase_add_test(tcase, an_empty_body_is_unusable);
	tcase_add_test(tcase, a_cut_body_is_unusable_wherever_it_is_cut);
	tcase_add_test(tcase, deep_nesting_is_unusable_and_safe);
	tcase_add_test(tcase, the_reason_never_quotes_the_body);
	suite_add_tcase(all, tcase);
	return all;
}

int main(void)
{
	return suite_run(suite());
}
