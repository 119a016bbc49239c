/* SPDX-License-Identifier: MIT */
#include "server/bob/bob.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/fake_http.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct fake_http *fake;
static struct bob_company *company;
static struct bob_client *client;
static struct secret token;
static struct call_outcome outcome;
static json_t *rows;

static void set_up(void)
{
	ck_assert(transport_global_start(NULL));
	ck_assert(secret_set(&token, "open sesame"));
	fake = fake_http_start();
	struct bob_company_options options = {.base_url = fake_http_url(fake),
	        .service_user_id = "SERVICE-1",
	        .service_user_token = &token,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK};
	company = bob_company_create(&options, NULL);
	client = bob_client_create(company, NULL);
	ck_assert_ptr_nonnull(client);
	rows = NULL;
}

static void tear_down(void)
{
	json_decref(rows);
	bob_client_destroy(client);
	bob_company_destroy(company);
	fake_http_stop(fake);
	secret_finish(&token);
	transport_global_stop();
}

static void read_of(size_t count)
{
	static const char *const IDS[] = {"11", "12", "13"};
	bob_lifecycle(client, IDS, count, &rows, &outcome);
}

static void expect_rows(const char *expected)
{
	ck_assert_str_eq(call_class_name(outcome.call_class), "done");
	char *text = json_format(rows);
	ck_assert_str_eq(text, expected);
	free(text);
}

static const char *target(size_t index)
{
	return fake_http_request(fake, index)->target;
}

START_TEST(one_person_is_asked_for_alone_and_without_a_body)
{
	char value[64];
	fake_http_script(fake, 200, "", "{\"values\":[{\"status\":\"employed\"}]}");
	read_of(1);
	expect_rows("{\"11\":[{\"status\":\"employed\"}]}");
	ck_assert_str_eq(fake_http_request(fake, 0)->method, "GET");
	ck_assert_str_eq(target(0), "/people/11/lifecycle");
	ck_assert(!fake_request_header(
	        fake_http_request(fake, 0), "Content-Type", value, sizeof(value)));
}
END_TEST

START_TEST(somebody_bob_does_not_show_is_not_known)
{
	fake_http_script(fake, 404, "", "{}");
	read_of(1);
	expect_rows("{}");
}
END_TEST

START_TEST(many_are_read_page_by_page)
{
	fake_http_script(fake, 200, "",
	        "{\"results\":[{\"employeeId\":\"11\",\"id\":1},{\"employeeId\":12,\"id\":1}],"
	        "\"response_metadata\":{\"next_cursor\":\"a b\"},\"errors\":[]}");
	fake_http_script(fake, 200, "",
	        "{\"results\":[{\"employeeId\":\"12\",\"id\":2}],"
	        "\"response_metadata\":{\"next_cursor\":null},\"errors\":[\"13\"]}");
	read_of(3);
	expect_rows("{\"11\":[{\"employeeId\":\"11\",\"id\":1}],\"12\":[{\"employeeId\":12,"
	            "\"id\":1},{\"employeeId\":\"12\",\"id\":2}]}");
	ck_assert_str_eq(target(0), "/bulk/people/lifecycle?limit=200&employeeIds=11,12,13");
	ck_assert_str_eq(
	        target(1), "/bulk/people/lifecycle?limit=200&employeeIds=11,12,13&cursor=a%20b");
}
END_TEST

START_TEST(whom_bob_names_as_an_error_is_not_known)
{
	fake_http_script(fake, 200, "",
	        "{\"results\":[{\"employeeId\":\"11\",\"id\":1},{\"employeeId\":\"12\",\"id\":1}],"
	        "\"response_metadata\":{},\"errors\":[\"12\",{\"employeeId\":\"13\"}]}");
	read_of(3);
	expect_rows("{\"11\":[{\"employeeId\":\"11\",\"id\":1}]}");
}
END_TEST

static const struct odd {
	int status;
	const char *body;
	const char *call_class;
} ODD[] = {
        {200, "{\"values\":[]}", "retry_later"},
        {200, "[]", "retry_later"},
        {200, "{\"results\":[{\"id\":1}]}", "retry_later"},
        {200, "{\"results\":[],\"response_metadata\":{\"next_cursor\":{}}}", "retry_later"},
        {401, "", "stop_credentials"},
        {403, "{}", "stop_config"},
        {404, "{}", "stop_config"},
        {500, "{}", "retry_later"},
};

START_TEST(an_odd_answer_tells_nothing)
{
	fake_http_script(fake, ODD[_i].status, "", ODD[_i].body);
	read_of(3);
	ck_assert_ptr_null(rows);
	ck_assert_str_eq(call_class_name(outcome.call_class), ODD[_i].call_class);
	ck_assert_str_ne(outcome.sentence, "");
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(a_cursor_that_stays_the_same_ends_the_read)
{
	static const char *const PAGE =
	        "{\"results\":[],\"response_metadata\":{\"next_cursor\":\"x\"}}";
	fake_http_script(fake, 200, "", PAGE);
	fake_http_script(fake, 200, "", PAGE);
	read_of(2);
	ck_assert_ptr_null(rows);
	ck_assert_uint_eq(fake_http_count(fake), 2);
}
END_TEST

START_TEST(pages_without_end_are_given_up)
{
	for (int i = 0; i < 60; i++) {
		char page[128];
		ck_assert(str_format(page, sizeof(page),
		        "{\"results\":[],\"response_metadata\":{\"next_cursor\":\"%d\"}}", i));
		fake_http_script(fake, 200, "", page);
	}
	read_of(2);
	ck_assert_ptr_null(rows);
	ck_assert_uint_eq(fake_http_count(fake), 50);
}
END_TEST

START_TEST(ids_that_are_none_never_leave)
{
	static const char *const IDS[] = {"1", "../2"};
	bob_lifecycle(client, IDS, 2, &rows, &outcome);
	ck_assert_ptr_null(rows);
	ck_assert_str_eq(call_class_name(outcome.call_class), "permanent");
	ck_assert_uint_eq(fake_http_count(fake), 0);
	read_of(0);
	expect_rows("{}");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bob_lifecycle");
	TCase *table = tcase_create("table");
	tcase_add_checked_fixture(table, set_up, tear_down);
	tcase_add_test(table, one_person_is_asked_for_alone_and_without_a_body);
	tcase_add_test(table, somebody_bob_does_not_show_is_not_known);
	tcase_add_test(table, many_are_read_page_by_page);
	tcase_add_test(table, whom_bob_names_as_an_error_is_not_known);
	tcase_add_loop_test(table, an_odd_answer_tells_nothing, 0, (int)ARRAY_SIZE(ODD));
	tcase_add_test(table, a_cursor_that_stays_the_same_ends_the_read);
	tcase_add_test(table, pages_without_end_are_given_up);
	tcase_add_test(table, ids_that_are_none_never_leave);
	suite_add_tcase(suite, table);
	return suite_run(suite);
}
