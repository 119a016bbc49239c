/* SPDX-License-Identifier: MIT */
#include "server/bob/bob.h"

#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "tests/support/fake_http.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define IDS_MAX BOB_BATCH_MAX

static struct fake_http *fake;
static struct bob_company *company;
static struct bob_client *client;
static struct secret token;
static json_t *fields;
static struct bob_people people;
static struct call_outcome outcome;

/* Bob with people "1", "2", ... who may be poison; read by the server's thread while a call runs.
 */
static struct {
	int poison[IDS_MAX]; /* ids for which a search that holds them answers 400 */
	int poison_count;
	int too_many; /* the fields of more people are cut off; 0: never */
	int size; /* of the company, for searches without a filter */
	bool refuses_all;
} bob;

static bool is_poison(const char *id)
{
	int64_t number = 0;
	bool is_found = false;
	for (int i = 0; i < bob.poison_count && str_to_int64(id, &number); i++) {
		is_found = is_found || number == bob.poison[i];
	}
	return is_found;
}

static char *cut_answer(void)
{
	return strdup("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	              "Content-Length: 16\r\n\r\n{\"employees\":[{\"");
}

static char *answer_search(void *context, const struct fake_request *request)
{
	(void)context;
	json_t *body = json_loads(request->body, 0, NULL);
	json_t *values =
	        json_object_get(json_array_get(json_object_get(body, "filters"), 0), "values");
	json_t *employees = json_array();
	bool is_refused = bob.refuses_all;
	bool has_fields = json_array_size(json_object_get(body, "fields")) > 1;
	for (int i = 1; values == NULL && i <= bob.size; i++) {
		char id[16];
		ck_assert(str_format(id, sizeof(id), "%d", i));
		json_array_append_new(employees, json_pack("{s:s}", "id", id));
	}
	size_t index = 0;
	json_t *value = NULL;
	json_array_foreach(values, index, value)
	{
		is_refused = is_refused || is_poison(json_string_value(value));
		json_array_append_new(
		        employees, json_pack("{s:O,s:s}", "id", value, "firstName", "Ada"));
	}
	bool is_cut =
	        bob.too_many > 0 && has_fields && (int)json_array_size(employees) > bob.too_many;
	json_t *answer = json_pack("{s:o}", "employees", employees);
	char *text = json_dumps(answer, JSON_COMPACT);
	char *bytes = is_cut ? cut_answer()
	                     : fake_http_format(is_refused ? 400 : 200, "",
	                               is_refused ? "{\"error\":\"no\"}" : text);
	free(text);
	json_decref(answer);
	json_decref(body);
	return bytes;
}

static void connect_to(struct fake_http *server)
{
	fake = server;
	char url[128];
	ck_assert(str_format(url, sizeof(url), "%s/bob/v1/", fake_http_url(fake)));
	struct bob_company_options options = {.base_url = url,
	        .service_user_id = "SERVICE-1",
	        .service_user_token = &token,
	        .user_agent = "bob2okta/test",
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK};
	struct err err = ERR_INIT;
	company = bob_company_create(&options, &err);
	ck_assert_msg(company != NULL, "%s", err.text);
	client = bob_client_create(company, NULL);
	ck_assert_ptr_nonnull(client);
}

static void set_up(void)
{
	ck_assert(transport_global_start(NULL));
	ck_assert(secret_set(&token, "open sesame"));
	fields = json_pack("[s,s]", "root.id", "work.title");
}

static void set_up_script(void)
{
	set_up();
	connect_to(fake_http_start());
}

static void set_up_people(void)
{
	set_up();
	connect_to(fake_http_start_handler(answer_search, NULL));
}

static void tear_down(void)
{
	bob_people_finish(&people);
	bob_client_destroy(client);
	bob_company_destroy(company);
	fake_http_stop(fake);
	json_decref(fields);
	secret_finish(&token);
	transport_global_stop();
}

static void search_first(int count);

/* Engine rule 7; Bob's firewall blocks whoever is refused often (O-11). */
START_TEST(after_a_refusal_of_the_token_nothing_is_asked)
{
	fake_http_script(fake, 401, "", "{}");
	search_first(1);
	ck_assert_int_eq(outcome.call_class, CALL_STOP_CREDENTIALS);
	search_first(1);
	ck_assert_int_eq(outcome.call_class, CALL_STOP_CREDENTIALS);
	ck_assert(!outcome.is_sent);
	ck_assert_uint_eq(fake_http_count(fake), 1);
	bob_client_set_probing(client, true);
	fake_http_script(fake, 401, "", "{}");
	search_first(1);
	ck_assert(outcome.is_sent);
	ck_assert_uint_eq(fake_http_count(fake), 2);
	bob_client_set_probing(client, false);
	bob_company_open(company);
	fake_http_script(fake, 200, "", "{\"employees\":[]}");
	search_first(1);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
}
END_TEST

START_TEST(a_successor_keeps_the_same_pace)
{
	char url[128];
	ck_assert(str_format(url, sizeof(url), "%s/bob/v1/", fake_http_url(fake)));
	struct bob_company_options options = {.base_url = url,
	        .service_user_id = "SERVICE-1",
	        .service_user_token = &token,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .share_with = company};
	struct bob_company *next = bob_company_create(&options, NULL);
	options.base_url = "https://other.hibob.com/v1";
	struct bob_company *stranger = bob_company_create(&options, NULL);
	fake_http_script(fake, 429, "Retry-After: 30\r\n", "{}");
	search_first(1);
	ck_assert_int_gt(bob_company_next_search_ms(next, CALL_URGENT, 1000), 1000);
	ck_assert_int_eq(bob_company_next_search_ms(stranger, CALL_URGENT, 1000), 1000);
	bob_company_destroy(next);
	bob_company_destroy(stranger);
	ck_assert_int_gt(bob_company_next_search_ms(company, CALL_URGENT, 1000), 1000);
}
END_TEST

static void search_first(int count)
{
	static char texts[IDS_MAX + 1][8];
	const char *ids[IDS_MAX + 1];
	for (int i = 0; i < count; i++) {
		ck_assert(str_format(texts[i], sizeof(texts[i]), "%d", i + 1));
		ids[i] = texts[i];
	}
	bob_search(client, ids, (size_t)count, fields, &people, &outcome);
}

static void expect_nothing_known(enum call_class call_class)
{
	ck_assert_str_eq(call_class_name(outcome.call_class), call_class_name(call_class));
	ck_assert_ptr_null(people.employees);
	ck_assert_str_ne(outcome.sentence, "");
}

/* --------------------------------------------------------------- requests */

START_TEST(a_search_is_asked_as_bob_wants_it)
{
	int64_t before_ms = clock_wall_ms();
	fake_http_script(fake, 200, "", "{\"employees\":[{\"id\":\"7\"},{\"id\":12}]}");
	const char *const ids[] = {"7", "12", "13"};
	bob_search(client, ids, 3, fields, &people, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert(people.begun_at_ms >= before_ms && people.begun_at_ms <= clock_wall_ms());
	ck_assert_uint_eq(people.searches, 1);
	ck_assert_ptr_nonnull(bob_people_find(&people, "7"));
	ck_assert_ptr_nonnull(bob_people_find(&people, "12"));
	ck_assert_ptr_null(bob_people_find(&people, "13"));
	ck_assert_ptr_null(bob_people_find(&people, "1"));
	const struct fake_request *request = fake_http_request(fake, 0);
	char value[128];
	ck_assert_str_eq(request->method, "POST");
	ck_assert_str_eq(request->target, "/bob/v1/people/search");
	ck_assert_str_eq(request->body,
	        "{\"fields\":[\"root.id\",\"work.title\"],\"filters\":[{\"fieldPath\":\"root.id\","
	        "\"operator\":\"equals\",\"values\":[\"7\",\"12\",\"13\"]}],\"humanReadable\":"
	        "\"APPEND\",\"showInactive\":true}");
	ck_assert(fake_request_header(request, "Authorization", value, sizeof(value)));
	ck_assert_str_eq(value, "Basic U0VSVklDRS0xOm9wZW4gc2VzYW1l");
	ck_assert(fake_request_header(request, "Content-Type", value, sizeof(value)));
	ck_assert_str_eq(value, "application/json");
}
END_TEST

START_TEST(nobody_asked_for_is_no_search)
{
	bob_search(client, NULL, 0, fields, &people, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(json_array_size(people.employees), 0);
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

START_TEST(ids_that_are_none_never_leave)
{
	static const char *const odd[] = {
	        "", "x", "1 2", "-1", "123456789012345678901234567890123"};
	const char *const ids[] = {"1", odd[_i]};
	bob_search(client, ids, 2, fields, &people, &outcome);
	expect_nothing_known(CALL_PERMANENT);
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

START_TEST(more_people_than_a_batch_are_refused)
{
	search_first(BOB_BATCH_MAX + 1);
	expect_nothing_known(CALL_PERMANENT);
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

START_TEST(everybody_is_asked_for_without_a_filter)
{
	fake_http_script(fake, 200, "", "{\"employees\":[{\"id\":\"7\"}]}");
	bob_search_all(client, _i == 0 ? NULL : fields, &people, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(json_array_size(people.employees), 1);
	ck_assert_str_eq(fake_http_request(fake, 0)->body,
	        _i == 0 ? "{\"fields\":[\"root.id\"],\"showInactive\":true}"
	                : "{\"fields\":[\"root.id\",\"work.title\"],\"humanReadable\":\"APPEND\","
	                  "\"showInactive\":true}");
}
END_TEST

/* ---------------------------------------------------------------- answers */

static const struct {
	const char *what;
	int status;
	const char *headers;
	const char *body;
	enum call_class call_class;
} odd_answers[] = {
        {"no employees", 200, "", "{}", CALL_RETRY_LATER},
        {"employees that are no array", 200, "", "{\"employees\":{}}", CALL_RETRY_LATER},
        {"an array", 200, "", "[]", CALL_RETRY_LATER},
        {"no JSON", 200, "", "{\"employees\":[", CALL_RETRY_LATER},
        {"an empty body", 200, "", "", CALL_RETRY_LATER},
        {"a page", 200, "Content-Type: text/html\r\n", "<html>", CALL_STOP_CONFIG},
        {"401", 401, "", "", CALL_STOP_CREDENTIALS},
        {"403", 403, "", "{}", CALL_STOP_CONFIG},
        {"404", 404, "", "", CALL_STOP_CONFIG},
        {"400 for one person", 400, "", "{}", CALL_PERMANENT},
        {"500", 500, "", "", CALL_RETRY_LATER},
        {"302", 302, "Location: /x\r\n", "", CALL_STOP_CONFIG},
};

START_TEST(an_odd_answer_tells_nothing_about_anybody)
{
	fake_http_script(
	        fake, odd_answers[_i].status, odd_answers[_i].headers, odd_answers[_i].body);
	search_first(1);
	expect_nothing_known(odd_answers[_i].call_class);
	ck_assert_msg(fake_http_count(fake) == 1, "%s", odd_answers[_i].what);
}
END_TEST

START_TEST(credentials_are_tried_once)
{
	fake_http_script(fake, _i == 0 ? 401 : 403, "", "");
	search_first(50);
	ck_assert_int_eq(outcome.call_class, _i == 0 ? CALL_STOP_CREDENTIALS : CALL_STOP_CONFIG);
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(a_429_blocks_the_next_search_of_every_client)
{
	fake_http_script(fake, 429, "Retry-After: 9\r\n", "{}");
	search_first(2);
	expect_nothing_known(CALL_RETRY_AT);
	int64_t now_ms = clock_wall_ms();
	ck_assert_int_le(outcome.retry_at_ms, now_ms + 9000);
	ck_assert_int_gt(outcome.retry_at_ms, now_ms + 5000);
	ck_assert_int_gt(bob_company_next_search_ms(company, CALL_URGENT, now_ms), now_ms + 5000);
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

START_TEST(headers_slow_the_next_searches_down)
{
	char headers[128];
	ck_assert(str_format(headers, sizeof(headers),
	        "X-RateLimit-Limit: 50\r\nX-RateLimit-Remaining: 15\r\nX-RateLimit-Reset: %lld\r\n",
	        (long long)(clock_wall_ms() / 1000 + 40)));
	fake_http_script(fake, 200, headers, "{\"employees\":[]}");
	int64_t now_ms = clock_wall_ms();
	ck_assert_int_eq(bob_company_next_search_ms(company, CALL_NORMAL, now_ms), now_ms);
	search_first(1);
	/* 5 searches in 41 s or less. */
	int64_t wait_ms = bob_company_next_search_ms(company, CALL_NORMAL, now_ms) - now_ms;
	ck_assert_int_gt(wait_ms, 5000);
	ck_assert_int_le(wait_ms, 8200);
	ck_assert_int_eq(bob_company_next_search_ms(company, CALL_URGENT, now_ms), now_ms);
}
END_TEST

START_TEST(calls_are_counted_by_route_and_status)
{
	const char *const *labels = LABELS("POST /people/search", "200");
	double before = metrics_get(METRIC_BOB_CALLS, labels);
	fake_http_script(fake, 200, "", "{\"employees\":[]}");
	search_first(1);
	ck_assert(metrics_get(METRIC_BOB_CALLS, labels) == before + 1);
}
END_TEST

START_TEST(a_bob_that_is_not_there_is_retried_later)
{
	struct fake_http *gone = fake;
	fake = fake_http_start(); /* for the tear-down */
	fake_http_stop(gone);
	search_first(10);
	expect_nothing_known(CALL_RETRY_LATER);
	ck_assert(!outcome.is_sent);
	ck_assert_uint_eq(people.searches, 1);
}
END_TEST

START_TEST(a_connection_that_breaks_in_an_answer_halves_the_search)
{
	fake_http_script_raw(fake,
	        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n"
	        "{\"employees\":[",
	        _i == 0 ? FAKE_CLOSE : FAKE_RESET);
	fake_http_script(fake, 200, "", "{\"employees\":[{\"id\":\"1\"}]}");
	fake_http_script(fake, 200, "", "{\"employees\":[{\"id\":\"2\"}]}");
	search_first(2);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(json_array_size(people.employees), 2);
}
END_TEST

START_TEST(a_connection_that_breaks_before_an_answer_does_not)
{
	fake_http_script_raw(fake, "", FAKE_CLOSE);
	search_first(2);
	expect_nothing_known(CALL_RETRY_LATER);
	ck_assert_uint_eq(fake_http_count(fake), 1);
}
END_TEST

/* ---------------------------------------------------------------- halving */

static void expect_all_but_poison(int count)
{
	ck_assert_str_eq(call_class_name(outcome.call_class), "done");
	for (int i = 1; i <= count; i++) {
		char id[16];
		ck_assert(str_format(id, sizeof(id), "%d", i));
		ck_assert_msg((bob_people_find(&people, id) == NULL) == is_poison(id), "%s", id);
	}
	ck_assert_uint_eq(people.refused, (size_t)bob.poison_count);
}

START_TEST(one_bad_id_of_a_hundred_is_found_by_halving)
{
	bob.poison[0] = _i;
	bob.poison_count = 1;
	search_first(100);
	expect_all_but_poison(100);
	ck_assert_uint_le(people.searches, 15);
	ck_assert_uint_eq(people.searches, fake_http_count(fake));
}
END_TEST

START_TEST(two_bad_ids_of_a_hundred_are_found)
{
	bob.poison[0] = 13;
	bob.poison[1] = 88;
	bob.poison_count = 2;
	search_first(100);
	expect_all_but_poison(100);
}
END_TEST

START_TEST(one_bad_id_of_two_is_found)
{
	bob.poison[0] = 1 + _i;
	bob.poison_count = 1;
	search_first(2);
	expect_all_but_poison(2);
	ck_assert_uint_eq(people.searches, 3);
}
END_TEST

START_TEST(answers_that_are_cut_off_are_halved)
{
	bob.too_many = 30;
	search_first(100);
	expect_all_but_poison(100);
	ck_assert_uint_eq(people.searches, 7);
}
END_TEST

START_TEST(a_general_refusal_is_not_taken_for_bad_ids)
{
	bob.refuses_all = true;
	search_first(_i);
	expect_nothing_known(CALL_PERMANENT);
	ck_assert_uint_le(people.searches, 12);
}
END_TEST

START_TEST(answers_that_are_always_cut_off_are_given_up)
{
	bob.too_many = 1;
	search_first(100);
	expect_nothing_known(CALL_RETRY_LATER);
	ck_assert_uint_le(people.searches, 40);
}
END_TEST

START_TEST(a_company_too_large_for_one_answer_is_read_in_batches)
{
	bob.size = 250;
	bob.too_many = 120;
	bob_search_all(client, fields, &people, &outcome);
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_uint_eq(json_array_size(people.employees), 250);
	ck_assert_ptr_nonnull(bob_people_find(&people, "250"));
	ck_assert_uint_eq(people.searches, 5); /* everybody, the ids, three batches */
	ck_assert_ptr_null(strstr(fake_http_request(fake, 1)->body, "work.title"));
	ck_assert_ptr_nonnull(strstr(fake_http_request(fake, 4)->body, "work.title"));
}
END_TEST

START_TEST(many_bad_ids_end_within_the_cap)
{
	for (int i = 0; i < 20; i++) {
		bob.poison[i] = 3 + 5 * i;
	}
	bob.poison_count = 20;
	search_first(100);
	expect_nothing_known(CALL_RETRY_LATER);
	ck_assert_uint_le(people.searches, 40);
}
END_TEST

static void add_script_cases(Suite *suite)
{
	TCase *requests = tcase_create("requests");
	tcase_add_checked_fixture(requests, set_up_script, tear_down);
	tcase_add_test(requests, after_a_refusal_of_the_token_nothing_is_asked);
	tcase_add_test(requests, a_successor_keeps_the_same_pace);
	tcase_add_test(requests, a_search_is_asked_as_bob_wants_it);
	tcase_add_test(requests, nobody_asked_for_is_no_search);
	tcase_add_loop_test(requests, ids_that_are_none_never_leave, 0, 5);
	tcase_add_test(requests, more_people_than_a_batch_are_refused);
	tcase_add_loop_test(requests, everybody_is_asked_for_without_a_filter, 0, 2);
	suite_add_tcase(suite, requests);
	TCase *answers = tcase_create("answers");
	tcase_add_checked_fixture(answers, set_up_script, tear_down);
	tcase_add_loop_test(answers, an_odd_answer_tells_nothing_about_anybody, 0,
	        (int)ARRAY_SIZE(odd_answers));
	tcase_add_loop_test(answers, credentials_are_tried_once, 0, 2);
	tcase_add_test(answers, a_429_blocks_the_next_search_of_every_client);
	tcase_add_test(answers, headers_slow_the_next_searches_down);
	tcase_add_test(answers, calls_are_counted_by_route_and_status);
	tcase_add_test(answers, a_bob_that_is_not_there_is_retried_later);
	tcase_add_loop_test(answers, a_connection_that_breaks_in_an_answer_halves_the_search, 0, 2);
	tcase_add_test(answers, a_connection_that_breaks_before_an_answer_does_not);
	suite_add_tcase(suite, answers);
}

/* ----------------------------------------------------------------- stream */

static struct {
	size_t count; /* as the call says */
	size_t told;
	size_t enough;
	char last[40];
} ids = {.enough = SIZE_MAX};

static bool on_id(void *context, const char *employee_id)
{
	(void)context;
	if (ids.told == ids.enough) {
		return false;
	}
	ids.told++;
	ck_assert(str_copy(ids.last, sizeof(ids.last), employee_id));
	return true;
}

static void stream(enum call_class wanted)
{
	bob_stream_ids(client, on_id, NULL, &ids.count, &outcome);
	ck_assert_msg(outcome.call_class == wanted, "%s: %s", call_class_name(outcome.call_class),
	        outcome.sentence);
}

START_TEST(ids_are_streamed_without_labels)
{
	fake_http_script(
	        fake, 200, "", "{\"employees\":[{\"id\":\"7\"},{\"id\":12,\"root\":{\"id\":12}}]}");
	stream(CALL_DONE);
	ck_assert_uint_eq(ids.count, 2);
	ck_assert_uint_eq(ids.told, 2);
	ck_assert_str_eq(ids.last, "12");
	ck_assert_str_eq(fake_http_request(fake, 0)->body,
	        "{\"fields\":[\"root.id\"],\"showInactive\":true}");
}
END_TEST

static const struct {
	const char *answer;
	enum call_class call_class;
} no_lists[] = {
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 29\r\n\r\n"
         "{\"employees\":[{\"id\":\"7\"}]",
                CALL_RETRY_LATER},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\n\r\n"
         "{\"employees\":[{\"id\":\"7\"}]",
                CALL_RETRY_LATER},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n"
         "{\"employees\":[{\"id\":\"x\"}]}",
                CALL_RETRY_LATER},
        {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
                CALL_RETRY_LATER},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 6\r\n\r\n<html>",
                CALL_STOP_CONFIG},
        {"HTTP/1.1 401 No\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n"
         "{\"employees\":[{\"id\":\"7\"}]}",
                CALL_STOP_CREDENTIALS},
        {"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\n{}", CALL_RETRY_LATER},
};

START_TEST(what_is_no_whole_list_of_ids_is_an_error)
{
	fake_http_script_raw(fake, no_lists[_i].answer, FAKE_CLOSE);
	stream(no_lists[_i].call_class);
	ck_assert_str_ne(outcome.sentence, "");
	if (no_lists[_i].call_class == CALL_STOP_CREDENTIALS) {
		ck_assert_uint_eq(ids.told, 0);
	}
}
END_TEST

START_TEST(a_reader_of_ids_may_have_enough)
{
	ids.enough = 1;
	fake_http_script(fake, 200, "", "{\"employees\":[{\"id\":\"7\"},{\"id\":\"8\"}]}");
	stream(CALL_ABORTED);
	ck_assert_uint_eq(ids.count, 1);
}
END_TEST

START_TEST(a_large_company_is_streamed)
{
	bob.size = 100000;
	stream(CALL_DONE);
	ck_assert_uint_eq(ids.told, 100000);
	ck_assert_str_eq(ids.last, "100000");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bob_search");
	add_script_cases(suite);
	TCase *halving = tcase_create("halving");
	tcase_add_checked_fixture(halving, set_up_people, tear_down);
	tcase_set_timeout(halving, 30);
	tcase_add_loop_test(halving, one_bad_id_of_a_hundred_is_found_by_halving, 1, 101);
	tcase_add_test(halving, two_bad_ids_of_a_hundred_are_found);
	tcase_add_loop_test(halving, one_bad_id_of_two_is_found, 0, 2);
	tcase_add_test(halving, answers_that_are_cut_off_are_halved);
	tcase_add_loop_test(halving, a_general_refusal_is_not_taken_for_bad_ids, 1, 101);
	tcase_add_test(halving, answers_that_are_always_cut_off_are_given_up);
	tcase_add_test(halving, many_bad_ids_end_within_the_cap);
	tcase_add_test(halving, a_company_too_large_for_one_answer_is_read_in_batches);
	suite_add_tcase(suite, halving);
	TCase *streams = tcase_create("streams");
	tcase_add_checked_fixture(streams, set_up_script, tear_down);
	tcase_add_test(streams, ids_are_streamed_without_labels);
	tcase_add_loop_test(
	        streams, what_is_no_whole_list_of_ids_is_an_error, 0, ARRAY_SIZE(no_lists));
	tcase_add_test(streams, a_reader_of_ids_may_have_enough);
	suite_add_tcase(suite, streams);
	TCase *large = tcase_create("large");
	tcase_add_checked_fixture(large, set_up_people, tear_down);
	tcase_set_timeout(large, 30);
	tcase_add_test(large, a_large_company_is_streamed);
	suite_add_tcase(suite, large);
	return suite_run(suite);
}
