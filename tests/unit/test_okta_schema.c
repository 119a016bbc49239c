/* SPDX-License-Identifier: MIT */
/* Adding attributes to Okta's schema, over an org that loses changes and shows them late. */
#include "okta/okta.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/fake_http.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The org: what it has, and how badly it behaves. Under the monitor. */
static struct {
	struct monitor monitor;
	json_t *custom;
	int loses; /* this many changes are answered and forgotten */
	int hides; /* this many reads do not show the newest change */
	int posts;
	int reads;
	int busy; /* posts in hand at this moment */
	int busy_most;
	int post_status; /* 0: as it should be */
	json_t *bodies; /* what was posted */
} org_model;

static struct fake_http *fake;
static struct okta_org *org;
static struct okta_client *client;
static struct secret token;
static atomic_bool stop;
static struct call_outcome outcome;
static json_t *schema;

static char *answer_schema(void)
{
	json_t *shown = org_model.hides > 0 ? json_object() : json_incref(org_model.custom);
	json_t *answer = json_pack("{s:{s:{s:o},s:{s:{}}}}", "definitions", "custom", "properties",
	        shown, "base", "properties");
	char *text = json_dumps(answer, 0);
	char *bytes = fake_http_format(200, "", text);
	free(text);
	json_decref(answer);
	return bytes;
}

static char *answer_post(const struct fake_request *request)
{
	json_t *body = json_loads(request->body, 0, NULL);
	json_array_append(org_model.bodies, body);
	org_model.posts++;
	if (org_model.post_status != 0) {
		json_decref(body);
		return fake_http_format(org_model.post_status, "", "{\"errorCode\":\"E0000006\"}");
	}
	if (org_model.loses > 0) {
		org_model.loses--;
	} else {
		json_object_update(
		        org_model.custom, json_get_path(body, "definitions.custom.properties"));
	}
	json_decref(body);
	return answer_schema();
}

static char *answer(void *context, const struct fake_request *request)
{
	(void)context;
	bool is_post = str_equal(request->method, "POST");
	monitor_lock(&org_model.monitor);
	char *bytes;
	if (is_post) {
		org_model.busy++;
		org_model.busy_most =
		        org_model.busy > org_model.busy_most ? org_model.busy : org_model.busy_most;
		(void)monitor_wait_until(&org_model.monitor, clock_mono_ms() + 30);
		bytes = answer_post(request);
		org_model.busy--;
	} else {
		org_model.reads++;
		bytes = answer_schema();
		org_model.hides -= org_model.hides > 0 ? 1 : 0;
	}
	monitor_unlock(&org_model.monitor);
	return bytes;
}

static void set_up(void)
{
	memset(&org_model, 0, sizeof(org_model));
	ck_assert(monitor_init(&org_model.monitor));
	org_model.custom = json_object();
	org_model.bodies = json_array();
	ck_assert(transport_global_start(NULL));
	fake = fake_http_start_handler(answer, NULL);
	ck_assert(secret_set(&token, "00token-for-tests"));
	atomic_store(&stop, false);
	struct okta_org_options options = {.base_url = fake_http_url(fake),
	        .api_token = &token,
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .stop = &stop,
	        .parallel_max = 8};
	org = okta_org_create(&options, NULL);
	client = okta_client_create(org, NULL);
	ck_assert_ptr_nonnull(client);
}

static void tear_down(void)
{
	json_decref(schema);
	schema = NULL;
	okta_client_destroy(client);
	okta_org_destroy(org);
	fake_http_stop(fake);
	secret_finish(&token);
	transport_global_stop();
	json_decref(org_model.custom);
	json_decref(org_model.bodies);
	monitor_finish(&org_model.monitor);
}

static void add(const char *properties)
{
	json_t *json = json_loads(properties, JSON_DECODE_ANY, NULL);
	okta_schema_add(client, json, &schema, &outcome);
	json_decref(json);
}

static const json_t *posted(size_t index)
{
	return json_get_path(
	        json_array_get(org_model.bodies, index), "definitions.custom.properties");
}

#define HIRE   "\"hireDate\":{\"title\":\"Hire date\",\"type\":\"string\"}"
#define SKILLS "\"skills\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"

START_TEST(attributes_are_posted_once_and_read_back)
{
	add("{" HIRE "," SKILLS "}");
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_int_eq(org_model.posts, 1);
	ck_assert_int_eq(org_model.reads, 1);
	const json_t *custom =
	        json_get_path(json_array_get(org_model.bodies, 0), "definitions.custom");
	ck_assert_str_eq(json_get_text(custom, "id"), "#custom");
	ck_assert_str_eq(json_get_text(custom, "type"), "object");
	ck_assert_uint_eq(json_object_size(posted(0)), 2);
	ck_assert_str_eq(
	        json_get_text(json_object_get(posted(0), "hireDate"), "title"), "Hire date");
	ck_assert_ptr_nonnull(json_get_path(schema, "definitions.custom.properties.skills"));
}
END_TEST

START_TEST(what_got_lost_is_sent_again_and_only_that)
{
	org_model.loses = 1;
	json_object_set_new(org_model.custom, "hireDate", json_pack("{s:s}", "type", "string"));
	add("{" HIRE "," SKILLS "}");
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_int_eq(org_model.posts, 2);
	ck_assert_uint_eq(json_object_size(posted(1)), 1);
	ck_assert_ptr_nonnull(json_object_get(posted(1), "skills"));
}
END_TEST

START_TEST(what_is_shown_late_is_waited_for)
{
	org_model.hides = 2;
	add("{" HIRE "}");
	ck_assert_int_eq(outcome.call_class, CALL_DONE);
	ck_assert_int_eq(org_model.posts, 1);
	ck_assert_int_eq(org_model.reads, 3);
}
END_TEST

START_TEST(one_that_is_there_as_something_else_is_not_fought_over)
{
	org_model.loses = 100;
	json_object_set_new(org_model.custom, "skills", json_pack("{s:s}", "type", "string"));
	add("{" SKILLS "}");
	ck_assert_int_eq(outcome.call_class, CALL_REREAD);
	ck_assert_str_eq(outcome.attribute, "skills");
	ck_assert_int_eq(org_model.posts, 1);
	ck_assert_ptr_null(schema);
}
END_TEST

START_TEST(nothing_that_could_take_an_attribute_away_is_sent)
{
	static const char *const BAD[] = {
	        "{\"hireDate\":null}", "{" HIRE ",\"a\":null}", "{}", "[]", "null", "{\"a\":{}}"};
	for (size_t i = 0; i < ARRAY_SIZE(BAD); i++) {
		add(BAD[i]);
		ck_assert_msg(outcome.call_class == CALL_PERMANENT, "%s", BAD[i]);
		ck_assert(!outcome.is_sent);
	}
	ck_assert_uint_eq(fake_http_count(fake), 0);
}
END_TEST

START_TEST(a_refusal_is_told_and_not_repeated)
{
	org_model.post_status = 403;
	add("{" HIRE "}");
	ck_assert_int_eq(outcome.call_class, CALL_STOP_CONFIG);
	ck_assert_int_eq(org_model.posts, 1);
	ck_assert_int_eq(org_model.reads, 0);
}
END_TEST

START_TEST(a_stop_ends_the_waiting)
{
	org_model.loses = 100;
	json_t *properties = json_loads("{" HIRE "}", 0, NULL);
	int64_t begun_ms = clock_mono_ms();
	atomic_store(&stop, true);
	okta_schema_add(client, properties, &schema, &outcome);
	json_decref(properties);
	ck_assert_int_ne(outcome.call_class, CALL_DONE);
	ck_assert_int_lt(clock_mono_ms() - begun_ms, 5000);
	ck_assert_int_eq(org_model.posts, 0);
}
END_TEST

static void *add_one(void *name)
{
	struct okta_client *own = okta_client_create(org, NULL);
	json_t *properties = json_pack("{s:{s:s}}", (const char *)name, "type", "string");
	json_t *shown = NULL;
	struct call_outcome ended;
	okta_schema_add(own, properties, &shown, &ended);
	bool is_done = ended.call_class == CALL_DONE;
	json_decref(shown);
	json_decref(properties);
	okta_client_destroy(own);
	return is_done ? name : NULL;
}

START_TEST(changes_of_one_org_come_one_after_the_other)
{
	static char NAMES[4][8] = {"one", "two", "three", "four"};
	pthread_t threads[4];
	for (size_t i = 0; i < 4; i++) {
		ck_assert(thread_start(&threads[i], "adder", add_one, NAMES[i], NULL));
	}
	for (size_t i = 0; i < 4; i++) {
		thread_join(threads[i]);
	}
	ck_assert_int_eq(org_model.busy_most, 1);
	ck_assert_int_eq(org_model.posts, 4);
	ck_assert_uint_eq(json_object_size(org_model.custom), 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("okta_schema");
	TCase *tcase = tcase_create("okta_schema");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 40);
	tcase_add_test(tcase, attributes_are_posted_once_and_read_back);
	tcase_add_test(tcase, what_got_lost_is_sent_again_and_only_that);
	tcase_add_test(tcase, what_is_shown_late_is_waited_for);
	tcase_add_test(tcase, one_that_is_there_as_something_else_is_not_fought_over);
	tcase_add_test(tcase, nothing_that_could_take_an_attribute_away_is_sent);
	tcase_add_test(tcase, a_refusal_is_told_and_not_repeated);
	tcase_add_test(tcase, a_stop_ends_the_waiting);
	tcase_add_test(tcase, changes_of_one_org_come_one_after_the_other);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
