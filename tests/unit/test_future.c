/* SPDX-License-Identifier: MIT */
/* What Bob will show on a later day, case by case from tests/data/future/cases.json. */
#include "mapping/mapping.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define TODAY   "2026-11-23"
#define HORIZON "2030-01-01"

static json_t *cases;

static int32_t day_of(const char *text)
{
	int32_t days = 0;
	ck_assert_msg(date_parse(text, &days), "no date: %s", text);
	return days;
}

/* ["2026-12-31", "terminated", 2], or a row as it is. */
static json_t *row_json(json_t *given)
{
	if (!json_is_array(given)) {
		return json_incref(given);
	}
	return json_pack("{s:O, s:O, s:O}", "effectiveDate", json_array_get(given, 0), "status",
	        json_array_get(given, 1), "id", json_array_get(given, 2));
}

static json_t *rows_json(const json_t *given)
{
	if (given == NULL) {
		return NULL;
	}
	json_t *rows = json_array();
	for (size_t i = 0; i < json_array_size(given); i++) {
		json_array_append_new(rows, row_json(json_array_get(given, i)));
	}
	return rows;
}

/* With every form of the status in the answer, as Bob has them. */
static json_t *source_json(const json_t *shorthand)
{
	json_t *empty = json_object();
	json_t *source = sample_person_json(shorthand != NULL ? shorthand : empty);
	json_t *lifecycle = json_get_path(source, "internal.lifecycleStatus");
	json_object_set_new(
	        source, "/internal/lifecycleStatus", json_pack("{s:O}", "value", lifecycle));
	json_object_set_new(source, "humanReadable",
	        json_pack("{s:{s:O}}", "internal", "lifecycleStatus", lifecycle));
	json_decref(empty);
	return source;
}

static bool is_date(
        const struct field_date *date, const struct field_date *before, const json_t *expected)
{
	if (expected == NULL) {
		return date->state == before->state && date->days == before->days;
	}
	return json_is_null(expected)
	        ? date->state == FIELD_EMPTY
	        : date->state == FIELD_VALUE && date->days == day_of(json_string_value(expected));
}

static bool is_text(const char *text, const char *before, const char *expected)
{
	return str_equal(text, expected != NULL ? expected : before);
}

static bool is_expected(const struct person *then, const struct person *now, const json_t *expected)
{
	const char *status = json_get_text(expected, "status");
	enum bob_access access = status == NULL    ? now->access
	        : str_equal_fold(status, "active") ? BOB_ACCESS_ACTIVE
	                                           : BOB_ACCESS_INACTIVE;
	return is_text(then->lifecycle_word, now->lifecycle_word,
	               json_get_text(expected, "lifecycle")) &&
	        then->access == access &&
	        is_date(&then->start_date, &now->start_date, json_object_get(expected, "start")) &&
	        is_date(&then->last_day, &now->last_day, json_object_get(expected, "last")) &&
	        is_date(&then->termination_date, &now->termination_date,
	                json_object_get(expected, "end"));
}

static bool try_days(const json_t *source, const json_t *rows, const json_t *expected)
{
	int32_t days[FUTURE_DATES_MAX];
	size_t count = future_dates(source, rows, day_of(TODAY), day_of(HORIZON), days);
	bool is_good = expected == NULL || count == json_array_size(expected);
	for (size_t i = 0; expected != NULL && is_good && i < count; i++) {
		is_good = days[i] == day_of(json_string_value(json_array_get(expected, i)));
	}
	return is_good;
}

START_TEST(a_case_of_the_table)
{
	const json_t *row = json_array_get(cases, (size_t)_i);
	json_t *source = source_json(json_object_get(row, "person"));
	json_t *untouched = json_deep_copy(source);
	json_t *rows = rows_json(json_object_get(row, "rows"));
	json_t *future =
	        future_person(source, rows, day_of(TODAY), day_of(json_get_text(row, "on")));
	struct person now;
	struct person then;
	ck_assert(json_equal(source, untouched));
	ck_assert(person_parse(&now, source, NULL));
	ck_assert(person_parse(&then, future, NULL));
	ck_assert_msg(is_expected(&then, &now, json_object_get(row, "then")),
	        "%s: %s, access %d, start %d, end %d", json_get_text(row, "name"),
	        then.lifecycle_word, then.access, then.start_date.days, then.termination_date.days);
	ck_assert_msg(try_days(source, rows, json_object_get(row, "days")), "%s: other days",
	        json_get_text(row, "name"));
	person_finish(&now);
	person_finish(&then);
	json_decref(future);
	json_decref(rows);
	json_decref(untouched);
	json_decref(source);
}
END_TEST

START_TEST(of_many_days_the_first_are_kept)
{
	json_t *source = source_json(NULL);
	json_t *rows = json_array();
	int32_t days[FUTURE_DATES_MAX];
	for (int i = 60; i > 0; i--) {
		char date[CLOCK_TEXT_BYTES];
		date_format(date, day_of(TODAY) + i);
		json_array_append_new(
		        rows, json_pack("{s:s, s:s}", "effectiveDate", date, "status", "leave"));
	}
	ck_assert_uint_eq(
	        future_dates(source, rows, day_of(TODAY), day_of(HORIZON), days), FUTURE_DATES_MAX);
	for (int i = 0; i < FUTURE_DATES_MAX; i++) {
		ck_assert_int_eq(days[i], day_of(TODAY) + i + 1);
	}
	json_decref(rows);
	json_decref(source);
}
END_TEST

START_TEST(what_is_no_person_has_no_future)
{
	json_t *nobody = json_object();
	int32_t days[FUTURE_DATES_MAX];
	ck_assert_ptr_null(future_person(nobody, NULL, 1, 2));
	ck_assert_uint_eq(future_dates(nobody, NULL, 1, 2, days), 0);
	json_decref(nobody);
}
END_TEST

int main(void)
{
	cases = sample_load("tests/data/future/cases.json");
	Suite *suite = suite_create("future");
	TCase *table = tcase_create("table");
	tcase_add_loop_test(table, a_case_of_the_table, 0, (int)json_array_size(cases));
	tcase_add_test(table, of_many_days_the_first_are_kept);
	tcase_add_test(table, what_is_no_person_has_no_future);
	suite_add_tcase(suite, table);
	int status = suite_run(suite);
	json_decref(cases);
	return status;
}
