/* SPDX-License-Identifier: MIT */
#include "mapping/person.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS "tests/data/mapping/fields.json"

static json_t *rows;

static const char *state_name(enum field_state state)
{
	switch (state) {
	case FIELD_NOT_READABLE: return "absent";
	case FIELD_NO_SUCH: return "no_such";
	case FIELD_EMPTY: return "empty";
	case FIELD_VALUE: return "value";
	}
	return "?";
}

static enum field_form form_of(const json_t *row)
{
	static const char *const FORMS[] = {"label", "id", "email", "okta_id", "okta_login"};
	const char *form = json_get_text(row, "form");
	for (size_t i = 0; i < ARRAY_SIZE(FORMS); i++) {
		if (str_equal(form, FORMS[i])) {
			return (enum field_form)i;
		}
	}
	return FIELD_FORM_LABEL;
}

/* "metadata" as Bob gives it, or the one field of the row by its "type". */
static json_t *metadata_of(const json_t *row)
{
	const char *type = json_get_text(row, "type");
	json_t *metadata = json_object_get(row, "metadata");
	if (metadata != NULL || type == NULL) {
		return json_incref(metadata);
	}
	return json_pack("[{s:s, s:s, s:{s:s}}]", "id", json_get_text(row, "field"), "type", type,
	        "typeData", "listId", "list");
}

/* NULL: metadata not at hand. "list" has the items of the field's named list. */
static struct field_catalog *catalog_of(const json_t *row)
{
	struct err err = ERR_INIT;
	json_t *fields = metadata_of(row);
	json_t *items = json_object_get(row, "list");
	if (fields == NULL) {
		return NULL;
	}
	struct field_catalog *catalog = field_catalog_parse(fields, &err);
	json_decref(fields);
	ck_assert_msg(catalog != NULL, "%s", err.text);
	if (items != NULL) {
		json_t *lists = json_pack("{s:{s:O}}", "list", "items", items);
		ck_assert_msg(field_catalog_add_lists(catalog, lists, &err), "%s", err.text);
		json_decref(lists);
	}
	return catalog;
}

START_TEST(the_employment_type_is_read_where_bob_shows_it)
{
	struct err err = ERR_INIT;
	struct person person;
	json_t *bob = json_pack(
	        "{s:s, s:{s:{s:s}}}", "id", "7", "payroll", "employment", "type", " Fixed term ");
	ck_assert(person_parse(&person, bob, &err));
	ck_assert_int_eq(person.employment_type.state, FIELD_VALUE);
	ck_assert_str_eq(personal_reveal(&person.employment_type.text), "Fixed term");
	person_finish(&person);
	json_object_del(bob, "payroll");
	ck_assert(person_parse(&person, bob, &err));
	ck_assert_int_eq(person.employment_type.state, FIELD_NOT_READABLE);
	person_finish(&person);
	json_decref(bob);
}
END_TEST

START_TEST(an_item_of_the_employment_types_is_known_by_its_label)
{
	struct err err = ERR_INIT;
	struct person person;
	json_t *bob = json_loads("{\"id\":\"7\",\"payroll\":{\"employment\":{\"type\":\"4711\"}},"
	                         "\"humanReadable\":{\"payroll\":{\"employment\":"
	                         "{\"type\":\"Contractor\"}}}}",
	        0, NULL);
	ck_assert(person_parse(&person, bob, &err));
	ck_assert_str_eq(personal_reveal(&person.employment_type.text), "Contractor");
	person_finish(&person);
	json_decref(bob);
}
END_TEST

START_TEST(lifecycle_words_compare_without_what_differs_between_sources)
{
	ck_assert(lifecycle_word_equal("parental leave", "ParentalLeave"));
	ck_assert(lifecycle_word_equal("parental-leave", "parental_leave"));
	ck_assert(!lifecycle_word_equal("parental leave", "parental leaves"));
	ck_assert(!lifecycle_word_equal("", "leave"));
}
END_TEST

START_TEST(each_row_is_read_as_it_says)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	const json_t *expect = json_object_get(row, "expect");
	const char *name = json_get_text(row, "name");
	struct err err = ERR_INIT;
	struct person person;
	json_t *value = NULL;
	json_t *bob = json_object_get(row, "bob");
	json_object_set_new(bob, "id", json_string("3332883894235038486"));
	struct field_catalog *catalog = catalog_of(row);
	ck_assert(person_parse(&person, bob, &err));
	const enum field_state state = person_field_form(
	        &person, catalog, json_get_text(row, "field"), form_of(row), &value);
	ck_assert_msg(str_equal(state_name(state), json_get_text(expect, "state")), "%s: %s", name,
	        state_name(state));
	char *text = json_format(value);
	ck_assert_msg((state == FIELD_VALUE) == (value != NULL), "%s: value and state", name);
	ck_assert_msg(state != FIELD_VALUE || json_equal(value, json_object_get(expect, "value")),
	        "%s: %s", name, text);
	free(text);
	json_decref(value);
	person_finish(&person);
	field_catalog_destroy(catalog);
}
END_TEST

static struct person parse(const char *text)
{
	struct err err = ERR_INIT;
	struct person person;
	json_t *bob = json_parse(text, strlen(text), &err);
	ck_assert_ptr_nonnull(bob);
	ck_assert_msg(person_parse(&person, bob, &err), "%s", err.text);
	json_decref(bob);
	return person;
}

static bool is_refused(const char *text)
{
	struct err err = ERR_INIT;
	struct person person;
	json_t *bob = json_parse(text, strlen(text), &err);
	ck_assert_ptr_nonnull(bob);
	const bool is_parsed = person_parse(&person, bob, &err);
	json_decref(bob);
	if (is_parsed) {
		person_finish(&person);
	} else {
		ck_assert_int_eq(err.code, ERR_BAD_ANSWER);
	}
	return !is_parsed;
}

START_TEST(an_answer_as_bob_gives_it_is_understood)
{
	struct person person = parse(
	        "{\"id\":\"3332883894235038486\",\"surname\":\"Stone\",\"displayName\":\"Avery Stone\","
	        "\"email\":\"avery.stone@example.com\",\"work\":{\"startDate\":\"2026-09-01\","
	        "\"site\":\"London\",\"employeeIdInCompany\":412},\"internal\":{\"status\":\"Inactive\","
	        "\"lifecycleStatus\":\"Hired\",\"terminationDate\":null},"
	        "\"employee\":{\"lastDayOfWork\":\"2026-12-31\"}}");
	int32_t start = 0;
	ck_assert(date_parse("2026-09-01", &start));
	ck_assert_str_eq(person.employee_id, "3332883894235038486");
	ck_assert_int_eq(person.lifecycle, LIFECYCLE_HIRED);
	ck_assert_str_eq(person.lifecycle_word, "hired");
	ck_assert_int_eq(person.access, BOB_ACCESS_INACTIVE);
	ck_assert_int_eq(person.start_date.state, FIELD_VALUE);
	ck_assert_int_eq(person.start_date.days, start);
	ck_assert_int_eq(person.termination_date.state, FIELD_EMPTY);
	ck_assert_int_eq(person.last_day.state, FIELD_VALUE);
	ck_assert_str_eq(personal_reveal(&person.email.text), "avery.stone@example.com");
	ck_assert_str_eq(personal_reveal(&person.last_name.text), "Stone");
	ck_assert_str_eq(personal_reveal(&person.site.text), "London");
	ck_assert_str_eq(personal_reveal(&person.employee_number.text), "412");
	person_finish(&person);
	ck_assert_ptr_null(person.source);
}
END_TEST

START_TEST(what_is_missing_is_absent)
{
	struct person person = parse("{\"id\":\"7\"}");
	ck_assert_int_eq(person.lifecycle, LIFECYCLE_UNKNOWN);
	ck_assert_str_eq(person.lifecycle_word, "");
	ck_assert_int_eq(person.access, BOB_ACCESS_UNKNOWN);
	ck_assert_int_eq(person.start_date.state, FIELD_NOT_READABLE);
	ck_assert_int_eq(person.email.state, FIELD_NOT_READABLE);
	ck_assert_int_eq(person.employee_number.state, FIELD_NOT_READABLE);
	person_finish(&person);
}
END_TEST

START_TEST(an_id_may_be_a_number_or_stand_in_the_flat_key)
{
	struct person person = parse("{\"id\":3332883894235038486}");
	ck_assert_str_eq(person.employee_id, "3332883894235038486");
	person_finish(&person);
	person = parse("{\"/root/id\":{\"value\":\"42\"}}");
	ck_assert_str_eq(person.employee_id, "42");
	person_finish(&person);
}
END_TEST

START_TEST(an_answer_without_a_usable_id_is_refused)
{
	ck_assert(is_refused("{}"));
	ck_assert(is_refused("[]"));
	ck_assert(is_refused("{\"id\":null}"));
	ck_assert(is_refused("{\"id\":\"\"}"));
	ck_assert(is_refused("{\"id\":\"12a\"}"));
	ck_assert(is_refused("{\"id\":-5}"));
	ck_assert(is_refused("{\"id\":1.5}"));
	ck_assert(is_refused("{\"id\":{\"value\":\"12\"}}"));
	ck_assert(is_refused("{\"id\":\"123456789012345678901234567890123\"}"));
	ck_assert(!is_refused("{\"id\":\"12345678901234567890123456789012\"}"));
}
END_TEST

START_TEST(a_long_lifecycle_word_is_cut_and_unknown)
{
	struct person person = parse("{\"id\":\"7\",\"internal\":{\"lifecycleStatus\":"
	                             "\"Terminated but with a very long explanation added\"}}");
	ck_assert_int_eq(person.lifecycle, LIFECYCLE_UNKNOWN);
	ck_assert_uint_eq(strlen(person.lifecycle_word), sizeof(person.lifecycle_word) - 1);
	person_finish(&person);
}
END_TEST

START_TEST(an_employee_number_in_digits_needs_no_label)
{
	struct person person = parse("{\"id\":\"7\",\"work\":{\"employeeIdInCompany\":\"0412\"}}");
	ck_assert_str_eq(personal_reveal(&person.employee_number.text), "0412");
	person_finish(&person);
}
END_TEST

START_TEST(finishing_nothing_is_allowed)
{
	struct person person = {0};
	person_finish(&person);
	person_finish(NULL);
}
END_TEST

int main(void)
{
	rows = sample_load(FIELDS);
	Suite *suite = suite_create("person");
	TCase *table = tcase_create("fields");
	tcase_add_loop_test(table, each_row_is_read_as_it_says, 0, (int)json_array_size(rows));
	suite_add_tcase(suite, table);
	TCase *person = tcase_create("person");
	tcase_add_test(person, an_answer_as_bob_gives_it_is_understood);
	tcase_add_test(person, what_is_missing_is_absent);
	tcase_add_test(person, an_id_may_be_a_number_or_stand_in_the_flat_key);
	tcase_add_test(person, an_answer_without_a_usable_id_is_refused);
	tcase_add_test(person, a_long_lifecycle_word_is_cut_and_unknown);
	tcase_add_test(person, an_employee_number_in_digits_needs_no_label);
	tcase_add_test(person, the_employment_type_is_read_where_bob_shows_it);
	tcase_add_test(person, an_item_of_the_employment_types_is_known_by_its_label);
	tcase_add_test(person, lifecycle_words_compare_without_what_differs_between_sources);
	tcase_add_test(person, finishing_nothing_is_allowed);
	suite_add_tcase(suite, person);
	int status = suite_run(suite);
	json_decref(rows);
	return status;
}
