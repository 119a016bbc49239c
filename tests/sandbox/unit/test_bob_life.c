/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_life.h"

#include "tests/sandbox/unit/harness.h"

/* A life told as operations on employee 77; each row is checked after the ones before it. */
static const struct {
	const char *op;
	const char *body;
	const char *events; /* types, parted by a blank */
	const char *lifecycle;
	const char *status;
} LIFE[] = {
        {"hire", "{\"at\":\"2099-01-01\"}", "employee.created", "hired", "Inactive"},
        {"update", "{\"fields\":{\"work.startDate\":\"2099-02-01\"}}",
                "employee.updated table.entry.updated", "hired", "Inactive"},
        {"start", "{}", "employee.joined employee.activated", "employed", "Active"},
        {"update", "{\"fields\":{\"work.title\":\"Lead\"}}", "employee.updated table.entry.created",
                "employed", "Active"},
        {"update", "{\"fields\":{\"work.title\":\"Lead\"}}", "", "employed", "Active"},
        {"update", "{\"fields\":{\"root.surname\":\"New\"}}", "employee.updated", "employed",
                "Active"},
        {"leave", "{}", "employee.temporaryLeave employee.inactivated", "leave", "Inactive"},
        {"return", "{}", "employee.activated", "employed", "Active"},
        {"leave-remain-active", "{\"type\":\"parental leave\"}", "employee.temporaryLeave",
                "parental leave", "Active"},
        {"return", "{}", "employee.activated", "employed", "Active"},
        {"terminate", "{\"at\":\"2099-12-31\"}", "table.entry.created", "employed", "Active"},
        {"cancel-termination", "{}", "", "employed", "Active"},
        {"garden-leave", "{\"at\":\"2099-12-31\"}", "table.entry.created employee.left",
                "garden leave", "Active"},
        {"terminate", "{\"phase\":\"effect\"}", "employee.inactivated", "terminated", "Inactive"},
        {"rehire", "{}", "employee.updated table.entry.created employee.joined employee.activated",
                "employed", "Active"},
        {"revoke", "{}", "table.entry.created employee.access.revoked.immediately", "employed",
                "Active"},
        {"terminate", "{\"phase\":\"effect\"}", "employee.left employee.inactivated", "terminated",
                "Inactive"},
        {"rehire", "{\"at\":\"2099-06-01\"}", "employee.updated table.entry.created", "hired",
                "Inactive"},
        {"start", "{\"send\":false}", "", "employed", "Active"},
        {"terminate", "{}", "table.entry.created employee.left employee.inactivated", "terminated",
                "Inactive"},
        {"update", "{\"events\":[\"employee.joined\"]}", "employee.joined", "terminated",
                "Inactive"},
        {"delete", "{}", "employee.deleted", "terminated", "Inactive"},
};

static char *types_of_last(void)
{
	char *types = util_dup("");

	for (size_t i = 0; i < json_array_size(at("events")); i++) {
		const char *type = jsonx_text(json_array_get(at("events"), i), "type");
		char *longer = util_text("%s%s%s", types, types[0] != '\0' ? " " : "", type);

		free(types);
		types = longer;
	}
	return types;
}

START_TEST(a_whole_life_has_the_events_and_states_of_the_table)
{
	for (size_t i = 0; i < COUNT(LIFE); i++) {
		char *path = util_text("/bob/employees/77/%s", LIFE[i].op);

		ck_assert_msg(
		        control("POST", path, LIFE[i].body) == 200, "%s: %s", path, last.text);
		char *types = types_of_last();
		/* Dots part the ids of fields too, so at() cannot reach them. */
		const json_t *fields = at("employee.fields");

		ck_assert_msg(strcmp(types, LIFE[i].events) == 0, "%zu %s: %s", i, path, types);
		ck_assert_str_eq(jsonx_text(fields, "internal.lifecycleStatus"), LIFE[i].lifecycle);
		ck_assert_str_eq(jsonx_text(fields, "internal.status"), LIFE[i].status);
		free(types);
		free(path);
	}
	ck_assert_int_eq(bob("POST", "/people/77", "{}"), 404);
}
END_TEST

static json_t *body_of_event(size_t index)
{
	const char *text = jsonx_text(json_array_get(at("events"), index), "body");

	ck_assert_ptr_nonnull(text);
	return jsonx_parse(text, strlen(text));
}

static size_t count_rows(const char *status, const char *date)
{
	size_t count = 0;

	ck_assert_int_eq(bob("GET", "/people/77/lifecycle", NULL), 200);
	const json_t *rows = at("values");

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		count += strcmp(jsonx_text_or(row, "status", ""), status) == 0 &&
		                strcmp(jsonx_text_or(row, "effectiveDate", ""), date) == 0
		        ? 1
		        : 0;
	}
	return count;
}

static const char *seen_end(void)
{
	ck_assert_int_eq(
	        bob("POST", "/people/77", "{\"fields\":[\"internal.terminationDate\"]}"), 200);
	return jsonx_text(json_object_get(last.json, "internal"), "terminationDate");
}

START_TEST(rows_of_later_days_are_in_the_table_and_may_be_hidden_elsewhere)
{
	control("POST", "/bob/employees/77/hire",
	        "{\"fields\":{\"work.startDate\":\"2099-06-01\"}}");
	control("POST", "/bob/employees/77/leave",
	        "{\"phase\":\"enter\",\"at\":\"2099-08-01\",\"type\":\"sabbatical\"}");
	control("POST", "/bob/employees/77/terminate",
	        "{\"phase\":\"enter\",\"at\":\"2099-12-31\"}");
	ck_assert_uint_eq(count_rows("employed", "2099-06-01"), 1);
	ck_assert_uint_eq(count_rows("sabbatical", "2099-08-01"), 1);
	ck_assert_uint_eq(count_rows("terminated", "2099-12-31"), 1);
	ck_assert_str_eq(seen_end(), "2099-12-31");
	control("POST", "/settings", "{\"hide_future_rows\":true}");
	ck_assert_ptr_null(seen_end());
	control("POST", "/settings", "{\"today\":\"2099-12-31\"}");
	ck_assert_str_eq(seen_end(), "2099-12-31");
	control("POST", "/bob/employees/77/cancel-termination", "{}");
	ck_assert_uint_eq(count_rows("terminated", "2099-12-31"), 0);
}
END_TEST

START_TEST(version_2_bodies_carry_ids_alone)
{
	control("POST", "/bob/employees/77/hire", "{}");
	control("POST", "/bob/employees/77/update",
	        "{\"fields\":{\"root.firstName\":\"Ada\",\"work.title\":\"Boss\"}}");
	json_t *updated = body_of_event(0);
	json_t *row = body_of_event(1);

	ck_assert_int_eq(jsonx_int(updated, "companyId", 0), 636192);
	ck_assert_str_eq(jsonx_text(updated, "version"), "v2");
	ck_assert_uint_eq(strlen(jsonx_text(updated, "triggeredAt")), 26);
	const json_t *data = json_object_get(updated, "data");

	ck_assert_str_eq(jsonx_text(data, "employeeId"), "77");
	char *updates = jsonx_dump(json_object_get(data, "fieldUpdates"));

	ck_assert_str_eq(updates, "[{\"id\":\"root.firstName\"},{\"id\":\"work.title\"}]");
	ck_assert_str_eq(jsonx_text(json_object_get(row, "data"), "tableId"), "work");
	ck_assert_ptr_null(json_object_get(json_object_get(row, "data"), "id"));
	free(updates);
	json_decref(updated);
	json_decref(row);
}
END_TEST

START_TEST(version_1_bodies_carry_old_and_new_values)
{
	control("POST", "/bob/employees/77/hire", "{\"fields\":{\"root.surname\":\"Roe\"}}");
	control("POST", "/bob/employees/77/update",
	        "{\"version\":\"v1\",\"fields\":{\"root.surname\":\"Doe\",\"work.title\":\"Boss\"}}");
	json_t *updated = body_of_event(0);
	json_t *row = body_of_event(1);
	const json_t *first = json_array_get(
	        json_object_get(json_object_get(updated, "data"), "fieldUpdates"), 0);

	ck_assert_ptr_null(json_object_get(updated, "version"));
	ck_assert_str_eq(jsonx_text(json_object_get(updated, "employee"), "id"), "77");
	ck_assert_str_eq(jsonx_text(first, "path"), "/root/surname");
	ck_assert_str_eq(jsonx_text(first, "newValue"), "Doe");
	ck_assert_str_eq(jsonx_text(first, "oldValue"), "Roe");
	ck_assert_str_eq(jsonx_text(row, "employeeId"), "77");
	ck_assert_ptr_nonnull(json_object_get(json_object_get(row, "data"), "title"));
	json_decref(updated);
	json_decref(row);
}
END_TEST

START_TEST(settings_choose_the_doubtful_shapes)
{
	control("POST", "/settings",
	        "{\"field_updates_key\":\"fieldUpdatesIds\",\"table_row_keys\":\"both\","
	        "\"start_events\":[\"employee.joined\"]}");
	control("POST", "/bob/employees/77/hire", "{}");
	ck_assert_uint_eq(json_array_size(at("events")), 2);
	control("POST", "/bob/employees/77/update", "{\"fields\":{\"work.title\":\"Boss\"}}");
	json_t *updated = body_of_event(0);
	json_t *row = body_of_event(1);

	ck_assert_ptr_nonnull(json_object_get(json_object_get(updated, "data"), "fieldUpdatesIds"));
	ck_assert(json_is_null(json_object_get(json_object_get(row, "data"), "id")));
	json_decref(updated);
	json_decref(row);
}
END_TEST

START_TEST(midnight_lets_what_is_due_take_effect)
{
	control("POST", "/settings", "{\"today\":\"2026-11-23\"}");
	control("POST", "/bob/employees/77/hire", "{\"at\":\"2026-11-25\"}");
	control("POST", "/bob/employees/78/hire", "{\"at\":\"2026-01-01\"}");
	control("POST", "/bob/employees/78/terminate", "{\"at\":\"2026-11-24\"}");
	control("POST", "/bob/employees/79/hire", "{\"at\":\"2026-01-01\"}");
	control("POST", "/bob/employees/79/garden-leave",
	        "{\"at\":\"2026-12-31\",\"last_day\":\"2026-11-24\",\"phase\":\"enter\"}");
	control("POST", "/bob/midnight", NULL);
	ck_assert_str_eq(text_at("today"), "2026-11-24");
	ck_assert_uint_eq(json_array_size(at("effects")), 0);
	control("POST", "/bob/midnight", NULL);
	ck_assert_uint_eq(json_array_size(at("effects")), 3);
	ck_assert_str_eq(text_at("effects.0.what"), "start");
	ck_assert_str_eq(text_at("effects.1.what"), "terminate");
	ck_assert_str_eq(text_at("effects.2.what"), "garden-leave");
	control("POST", "/bob/midnight", NULL);
	ck_assert_uint_eq(json_array_size(at("effects")), 0);
	control("POST", "/bob/midnight", "{\"date\":\"2027-01-01\"}");
	ck_assert_str_eq(text_at("effects.0.employee_id"), "79");
}
END_TEST

START_TEST(mistakes_change_nothing)
{
	ck_assert_int_eq(control("POST", "/bob/employees/77/leave", "{}"), 404);
	ck_assert_int_eq(control("POST", "/bob/employees/77/dance", "{}"), 404);
	ck_assert_int_eq(control("POST", "/bob/employees/77/hire", "{\"at\":\"soon\"}"), 400);
	control("POST", "/bob/employees/77/hire", "{}");
	ck_assert_int_eq(
	        control("POST", "/bob/employees/77/update",
	                "{\"fields\":{\"root.surname\":\"X\",\"work.reportsTo\":\"nobody\"}}"),
	        400);
	ck_assert_int_eq(control("POST", "/bob/employees/77/terminate", "{\"phase\":\"x\"}"), 400);
	ck_assert_int_eq(control("GET", "/bob/employees/77", NULL), 200);
	ck_assert_str_ne(jsonx_text(at("fields"), "root.surname"), "X");
	ck_assert_int_eq(control("POST", "/bob/employees", "{\"id\":\"77\"}"), 400);
}
END_TEST

START_TEST(a_refused_hire_leaves_no_record)
{
	ck_assert_int_eq(
	        control("POST", "/bob/employees/77/hire", "{\"fields\":{\"nodots\":1}}"), 400);
	ck_assert_int_eq(control("GET", "/bob/employees/77", NULL), 404);
	ck_assert_int_eq(control("POST", "/bob/employees", "{\"work.startDate\":\"x\"}"), 400);
	control("GET", "/bob/employees", NULL);
	ck_assert_uint_eq(json_array_size(at("employees")), 0);
}
END_TEST

START_TEST(what_is_given_as_null_stays_empty)
{
	control("POST", "/bob/employees/77/hire",
	        "{\"fields\":{\"root.email\":null,\"work.title\":null}}");
	ck_assert_ptr_null(json_object_get(at("employee.fields"), "root.email"));
	ck_assert_ptr_null(json_object_get(at("employee.fields"), "work.title"));
	bob("POST", "/people/77", "{\"fields\":[\"root.email\"]}");
	ck_assert(json_is_null(at("email")));
}
END_TEST

START_TEST(two_records_may_share_an_address)
{
	static const char BODY[] = "{\"fields\":{\"root.email\":\"ada@example.com\"}}";

	control("POST", "/bob/employees/77/hire", BODY);
	control("POST", "/bob/employees/78/hire", BODY);
	control("GET", "/bob/employees/ada@example.com", NULL);
	ck_assert_str_eq(text_at("id"), "78");
	control("POST", "/bob/employees/78/delete", NULL);
	control("GET", "/bob/employees/ada@example.com", NULL);
	ck_assert_str_eq(text_at("id"), "77");
}
END_TEST

START_TEST(a_status_that_was_not_given_follows_the_lifecycle)
{
	control("POST", "/bob/employees", "{\"internal.lifecycleStatus\":\"terminated\"}");
	ck_assert_str_eq(jsonx_text(at("fields"), "internal.status"), "Inactive");
}
END_TEST

START_TEST(the_same_seed_makes_the_same_people)
{
	control("POST", "/reset", "{\"seed_people\":30}");
	control("GET", "/bob/employees", NULL);
	ck_assert_uint_eq(json_array_size(at("employees")), 30);
	const json_t *fields = at("employees.29.fields");
	char *email = util_dup(jsonx_text(fields, "root.email"));

	ck_assert_ptr_nonnull(jsonx_text(fields, "work.reportsTo"));
	control("POST", "/reset", "{\"seed_people\":30}");
	control("GET", "/bob/employees", NULL);
	ck_assert_str_eq(jsonx_text(at("employees.29.fields"), "root.email"), email);
	ck_assert_ptr_nonnull(strstr(email, "@example.com"));
	free(email);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bob_life");
	TCase *life = tcase_create("life");

	tcase_add_checked_fixture(life, setup, teardown);
	tcase_add_test(life, a_whole_life_has_the_events_and_states_of_the_table);
	tcase_add_test(life, rows_of_later_days_are_in_the_table_and_may_be_hidden_elsewhere);
	tcase_add_test(life, version_2_bodies_carry_ids_alone);
	tcase_add_test(life, version_1_bodies_carry_old_and_new_values);
	tcase_add_test(life, settings_choose_the_doubtful_shapes);
	tcase_add_test(life, midnight_lets_what_is_due_take_effect);
	tcase_add_test(life, mistakes_change_nothing);
	tcase_add_test(life, a_refused_hire_leaves_no_record);
	tcase_add_test(life, what_is_given_as_null_stays_empty);
	tcase_add_test(life, two_records_may_share_an_address);
	tcase_add_test(life, a_status_that_was_not_given_follows_the_lifecycle);
	tcase_add_test(life, the_same_seed_makes_the_same_people);
	suite_add_tcase(suite, life);
	return run(suite);
}
