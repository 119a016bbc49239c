/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_person.h"

#include "tests/sandbox/unit/harness.h"

static void hire(const char *body)
{
	ck_assert_int_eq(control("POST", "/bob/employees", body), 201);
}

static void two_people(void)
{
	setup();
	hire("{\"id\":\"1001\",\"root.firstName\":\"Sam\",\"root.surname\":\"Jones\"}");
	hire("{\"id\":\"1002\",\"root.firstName\":\"Avery\",\"root.surname\":\"Stone\","
	     "\"work.department\":\"Finance\",\"work.title\":\"Rocket Engineer\",\"work.site\":\"London\","
	     "\"work.startDate\":\"2026-09-01\",\"work.reportsTo\":\"sam.jones@example.com\","
	     "\"work.isManager\":true,\"work.custom.field_1655996461265\":\"L\"}");
}

START_TEST(fields_come_flat_and_nested_and_empty_ones_only_nested)
{
	ck_assert_int_eq(bob("POST", "/people/1002",
	                         "{\"fields\":[\"root.id\",\"root.firstName\",\"work.department\","
	                         "\"work.siteId\",\"work.workPhone\"]}"),
	        200);
	ck_assert_str_eq(text_at("id"), "1002");
	ck_assert_str_eq(text_at("firstName"), "Avery");
	ck_assert_str_eq(text_at("/root/firstName.value"), "Avery");
	ck_assert_str_eq(text_at("work.department"), "209192163");
	ck_assert_int_eq(json_integer_value(at("work.siteId")), 2606110);
	ck_assert(json_is_null(at("work.workPhone")));
	ck_assert_ptr_null(at("/work/workPhone"));
	ck_assert_ptr_null(at("surname"));
	ck_assert_ptr_null(at("humanReadable"));
}
END_TEST

START_TEST(append_adds_labels_beside_the_machine_values)
{
	ck_assert_int_eq(
	        bob("POST", "/people/1002",
	                "{\"humanReadable\":\"APPEND\",\"fields\":[\"work.department\","
	                "\"work.title\",\"work.startDate\",\"work.reportsTo\",\"work.isManager\","
	                "\"work.siteId\",\"internal.lifecycleStatus\",\"work.workPhone\","
	                "\"work.reportsTo.email\"]}"),
	        200);
	ck_assert_str_eq(text_at("humanReadable.work.department"), "Finance");
	ck_assert_str_eq(text_at("humanReadable.work.title"), "Rocket Engineer");
	ck_assert_str_eq(text_at("humanReadable.work.startDate"), "01/09/2026");
	ck_assert_str_eq(text_at("humanReadable.work.reportsTo"), "Sam Jones");
	ck_assert_str_eq(text_at("humanReadable.work.isManager"), "Yes");
	ck_assert_str_eq(text_at("humanReadable.work.siteId"), "London");
	ck_assert_str_eq(text_at("humanReadable.internal.lifecycleStatus"), "Employed");
	ck_assert_ptr_null(at("humanReadable.work.workPhone"));
	ck_assert_str_eq(text_at("work.startDate"), "2026-09-01");
	ck_assert_str_eq(text_at("work.reportsTo.id"), "1001");
	ck_assert_str_eq(text_at("work.reportsTo.email"), "sam.jones@example.com");
	ck_assert_str_eq(text_at("internal.lifecycleStatus"), "employed");
	ck_assert_ptr_null(json_object_get(at("work.reportsTo"), "title"));
}
END_TEST

START_TEST(replace_puts_labels_in_place_of_the_values)
{
	control("POST", "/settings", "{\"humanreadable_dates\":\"iso\"}");
	bob("POST", "/people/1002",
	        "{\"humanReadable\":\"REPLACE\",\"fields\":[\"work.department\",\"work.startDate\"]}");
	ck_assert_str_eq(text_at("work.department"), "Finance");
	ck_assert_str_eq(text_at("/work/department.value"), "Finance");
	ck_assert_str_eq(text_at("work.startDate"), "2026-09-01");
}
END_TEST

START_TEST(what_may_not_be_seen_is_left_out_without_a_word)
{
	control("POST", "/settings",
	        "{\"unreadable_fields\":[\"lifecycle\",\"root.surname\"],\"hidden_employees\":[\"1001\"]}");
	bob("POST", "/people/1002",
	        "{\"fields\":[\"root.firstName\",\"root.surname\",\"internal.status\",\"no.such\"]}");
	ck_assert_uint_eq(json_object_size(last.json), 2);
	ck_assert_int_eq(bob("POST", "/people/1001", "{}"), 404);
	ck_assert_uint_eq(last.reply.text_length, 0);
	bob("POST", "/people/search", "{\"showInactive\":true}");
	ck_assert_uint_eq(json_array_size(at("employees")), 1);
	control("POST", "/settings",
	        "{\"hidden_employees\":[],\"hidden_lifecycles\":[\"employed\"]}");
	bob("POST", "/people/search", "{\"showInactive\":true}");
	ck_assert_uint_eq(json_array_size(at("employees")), 0);
}
END_TEST

START_TEST(without_fields_the_default_set_has_no_custom_fields)
{
	bob("POST", "/people/1002", "{}");
	ck_assert_str_eq(text_at("email"), "avery.stone@example.com");
	ck_assert_ptr_nonnull(at("work.title"));
	ck_assert_ptr_null(at("work.custom"));
	ck_assert_ptr_null(at("internal"));
	bob("POST", "/people/1002", "{\"fields\":[\"work.custom.field_1655996461265\"]}");
	ck_assert_str_eq(text_at("work.custom.field_1655996461265"), "L");
}
END_TEST

START_TEST(a_change_is_seen_late_or_as_null)
{
	static const char ASK[] = "{\"fields\":[\"root.surname\",\"root.id\"]}";
	struct employee *avery = bob_people_find(&sb->people, "1002");

	/* As if the present values were an hour old. */
	for (size_t i = 0; i < avery->past.count; i++) {
		avery->past.entries[i].at_ms -= 3600000;
	}
	control("POST", "/settings", "{\"bob_stale_ms\":60000}");
	control("PATCH", "/bob/employees/1002", "{\"root.surname\":\"Moore\"}");
	bob("POST", "/people/1002", ASK);
	ck_assert_str_eq(text_at("surname"), "Stone");
	control("POST", "/settings", "{\"bob_stale_null\":true}");
	bob("POST", "/people/1002", ASK);
	ck_assert(json_is_null(at("surname")));
	ck_assert_str_eq(text_at("id"), "1002");
	control("POST", "/settings", "{\"bob_stale_ms\":0}");
	bob("POST", "/people/1002", ASK);
	ck_assert_str_eq(text_at("surname"), "Moore");
}
END_TEST

START_TEST(a_new_record_is_absent_while_reads_are_late)
{
	control("POST", "/settings", "{\"bob_stale_ms\":60000}");
	hire("{\"id\":\"1003\"}");
	ck_assert_int_eq(bob("POST", "/people/1003", "{}"), 404);
}
END_TEST

START_TEST(searches_take_one_filter_by_id_or_address)
{
	static const char *const BAD[] = {"{\"filters\":[]}",
	        "{\"filters\":[{\"fieldPath\":\"root.id\",\"operator\":\"equals\",\"values\":[]}]}",
	        "{\"filters\":[{\"fieldPath\":\"root.id\",\"operator\":\"contains\",\"values\":[\"1\"]}]}",
	        "{\"filters\":[{\"fieldPath\":\"work.title\",\"operator\":\"equals\",\"values\":[\"1\"]}]}",
	        ("{\"filters\":[{\"fieldPath\":\"root.id\",\"operator\":\"equals\",\"values\":[\"1\"]},"
	         "{\"fieldPath\":\"root.id\",\"operator\":\"equals\",\"values\":[\"2\"]}]}"),
	        "{\"humanReadable\":\"true\"}", "[]", "{\"fields\":\"root.id\"}"};

	for (size_t i = 0; i < COUNT(BAD); i++) {
		ck_assert_msg(bob("POST", "/people/search", BAD[i]) == 400, "%s", BAD[i]);
	}
	bob("POST", "/people/search",
	        "{\"filters\":[{\"fieldPath\":\"root.id\",\"operator\":\"equals\","
	        "\"values\":[\"1002\",\"9\",\"1002\",\"1001\"]}]}");
	ck_assert_uint_eq(json_array_size(at("employees")), 2);
	bob("POST", "/people/search",
	        "{\"filters\":[{\"fieldPath\":\"root.email\",\"operator\":\"equals\","
	        "\"values\":[\"SAM.JONES@example.com\"]}]}");
	ck_assert_str_eq(text_at("employees.0.id"), "1001");
}
END_TEST

START_TEST(inactive_people_are_found_only_when_asked_for)
{
	control("POST", "/bob/employees/1002/terminate", "{}");
	bob("POST", "/people/search", "{}");
	ck_assert_uint_eq(json_array_size(at("employees")), 1);
	bob("POST", "/people/search", "{\"showInactive\":true}");
	ck_assert_uint_eq(json_array_size(at("employees")), 2);
	ck_assert_int_eq(bob("POST", "/people/1002", "{}"), 200);
}
END_TEST

START_TEST(metadata_and_lists_are_as_a_tenant_has_them)
{
	bob("GET", "/company/people/fields", NULL);
	ck_assert_uint_eq(json_array_size(last.json), 239);
	bob("GET", "/company/named-lists/title", NULL);
	ck_assert_str_eq(text_at("name"), "title");
	ck_assert(json_equal(at("values"), at("items")) != 0);
	ck_assert_int_eq(bob("GET", "/company/named-lists/Title", NULL), 404);
	ck_assert_int_eq(bob("GET", "/nonsense", NULL), 200);
	ck_assert_int_eq(strncmp(last.reply.content_type, "text/html", 9), 0);
}
END_TEST

START_TEST(history_shows_the_rows_of_a_life)
{
	control("POST", "/bob/employees/1002/terminate", "{\"at\":\"2099-12-31\"}");
	bob("GET", "/people/1002/lifecycle", NULL);
	size_t rows = json_array_size(at("values"));

	ck_assert_uint_eq(rows, 2);
	ck_assert_str_eq(text_at("values.1.effectiveDate"), "2099-12-31");
	bob("GET", "/bulk/people/lifecycle?employeeIds=1002&limit=1", NULL);
	ck_assert_uint_eq(json_array_size(at("results")), rows);
	ck_assert_str_eq(text_at("results.0.employeeId"), "1002");
	ck_assert_ptr_nonnull(at("errors"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bob_person");
	TCase *person = tcase_create("person");

	tcase_add_checked_fixture(person, two_people, teardown);
	tcase_add_test(person, fields_come_flat_and_nested_and_empty_ones_only_nested);
	tcase_add_test(person, append_adds_labels_beside_the_machine_values);
	tcase_add_test(person, replace_puts_labels_in_place_of_the_values);
	tcase_add_test(person, what_may_not_be_seen_is_left_out_without_a_word);
	tcase_add_test(person, without_fields_the_default_set_has_no_custom_fields);
	tcase_add_test(person, a_change_is_seen_late_or_as_null);
	tcase_add_test(person, a_new_record_is_absent_while_reads_are_late);
	tcase_add_test(person, searches_take_one_filter_by_id_or_address);
	tcase_add_test(person, inactive_people_are_found_only_when_asked_for);
	tcase_add_test(person, metadata_and_lists_are_as_a_tenant_has_them);
	tcase_add_test(person, history_shows_the_rows_of_a_life);
	suite_add_tcase(suite, person);
	return run(suite);
}
