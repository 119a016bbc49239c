/* SPDX-License-Identifier: MIT */
/* Bob's metadata and Okta's schema: when they are read, and what becomes of the older ones. */
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA_PART "/meta/schemas/"
#define HOUR_MS     INT64_C(3600000)

static struct engine_fixture fixture;

static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

#define STRING(name) "\"" name "\":{\"title\":\"t\",\"type\":\"string\"},"

static const char *schema(const char *title_max)
{
	static char text[1024];
	ck_assert(str_format(text, sizeof(text),
	        "{\"definitions\":{\"base\":{\"id\":\"#base\",\"type\":\"object\",\"properties\":{" STRING(
	                "login") STRING("email") STRING("firstName")
	                STRING("lastName") "\"title\":{\"title\":\"Title\",\"type\":\"string\",\"maxLength\":%s}},"
	                                   "\"required\":[]},\"custom\":{\"id\":\"#custom\",\"type\":\"object\","
	                                   "\"properties\":{},\"required\":[]}}}",
	        title_max));
	return text;
}

static void answer_schema(const char *title_max)
{
	engine_fixture_answer(&fixture, "GET", SCHEMA_PART, schema(title_max));
}

static size_t asked(const char *part)
{
	size_t count = 0;
	for (size_t i = 0; i < fake_http_count(fixture.fake); i++) {
		count += strstr(fake_http_request(fixture.fake, i)->target, part) != NULL ? 1 : 0;
	}
	return count;
}

static struct okta_client *okta(void)
{
	return runner_okta(&fixture.runner, fixture.connection, NULL);
}

static struct bob_client *bob(void)
{
	return runner_bob(&fixture.runner, fixture.connection, NULL);
}

/* Asks now, whenever the next time would be. True: another schema than before. */
static bool learn_now(void)
{
	bool is_changed = false;
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->learning_attributes.not_before_ms = 0;
	monitor_unlock(&fixture.connection->monitor);
	ck_assert(learn_attributes(fixture.connection, okta(), &is_changed));
	return is_changed;
}

static size_t title_max(void)
{
	struct catalog_use use = {0};
	catalogs_use(&fixture.connection->catalogs, &use);
	const struct attribute *title = attribute_catalog_find(use.attributes, "title");
	size_t max = title != NULL ? title->max_length : 0;
	catalogs_release(&fixture.connection->catalogs, &use);
	return max;
}

static int64_t wait_ms(void)
{
	return fixture.connection->learning_attributes.not_before_ms - clock_mono_ms();
}

/* ---------------------------------------------------------------------- Okta */

START_TEST(the_schema_is_known_before_the_first_work)
{
	monitor_lock(&fixture.connection->monitor);
	park_enter(&fixture.connection->okta, PARK_STARTING, "starting", clock_mono_ms());
	fixture.connection->okta.probe_at_ms = 0;
	monitor_unlock(&fixture.connection->monitor);
	engine_fixture_answer(&fixture, "GET", "/me",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	answer_schema("50");
	ck_assert(connection_probe_okta(fixture.connection, okta()));
	ck_assert_uint_eq(title_max(), 50);
	/* And not asked for again before tomorrow. */
	bool is_changed = false;
	ck_assert(!learn_attributes(fixture.connection, okta(), &is_changed));
	ck_assert_int_gt(wait_ms(), 23 * HOUR_MS);
}
END_TEST

static const struct failure_case {
	int status;
	const char *code;
	int times;
	int64_t from_ms;
	int64_t to_ms;
} FAILURE_CASES[] = {
        {500, "E0000009", 1, 8000, 10000},
        {500, "E0000009", 3, 30000, 40000},
        {500, "E0000009", 12, 590000, 600000},
        {403, "E0000006", 1, 59 * 60000, 60 * 60000},
        {403, "E0000006", 5, 59 * 60000, 60 * 60000},
};

START_TEST(a_schema_that_cannot_be_read_is_tried_again_ever_more_rarely)
{
	const struct failure_case *row = &FAILURE_CASES[_i];
	for (int i = 0; i < row->times; i++) {
		engine_fixture_refuse(&fixture, "GET", SCHEMA_PART, row->status, row->code);
		ck_assert(!learn_now());
	}
	ck_assert_int_gt(wait_ms(), row->from_ms);
	ck_assert_int_le(wait_ms(), row->to_ms);
	ck_assert(!connection_is_okta_parked(fixture.connection));
	ck_assert(!catalogs_has_attributes(&fixture.connection->catalogs));
}
END_TEST

/* What keeps an idle token alive once a day also tells that it was used, or that it is dead. */
START_TEST(the_daily_reading_is_a_use_of_the_token)
{
	bool is_changed = false;
	monitor_lock(&fixture.connection->monitor);
	fixture.connection->okta.success_at_ms = 0;
	monitor_unlock(&fixture.connection->monitor);
	answer_schema("10");
	ck_assert(learn_attributes(fixture.connection, okta(), &is_changed));
	ck_assert_int_gt(fixture.connection->okta.success_at_ms, 0);
	learn_attributes_soon(fixture.connection);
	engine_fixture_refuse(&fixture, "GET", SCHEMA_PART, 401, "E0000011");
	ck_assert(learn_attributes(fixture.connection, okta(), &is_changed));
	ck_assert(connection_is_okta_parked(fixture.connection));
}
END_TEST

START_TEST(a_parked_connection_asks_for_no_schema)
{
	struct call_outcome dead = engine_fixture_outcome(CALL_STOP_CREDENTIALS, 401);
	bool is_changed = false;
	connection_okta_outcome(fixture.connection, "1", &dead);
	ck_assert(!learn_attributes(fixture.connection, okta(), &is_changed));
	ck_assert_uint_eq(asked(SCHEMA_PART), 0);
}
END_TEST

START_TEST(only_another_schema_counts_as_changed)
{
	answer_schema("50");
	ck_assert(!learn_now()); /* the first: nobody failed for an older one */
	answer_schema("50");
	ck_assert(!learn_now());
	answer_schema("60");
	ck_assert(learn_now());
	ck_assert_uint_eq(title_max(), 60);
	engine_fixture_refuse(&fixture, "GET", SCHEMA_PART, 500, "E0000009");
	ck_assert(!learn_now());
	ck_assert_uint_eq(title_max(), 60);
}
END_TEST

START_TEST(an_older_catalog_lives_as_long_as_somebody_uses_it)
{
	struct catalog_use use = {0};
	answer_schema("50");
	learn_now();
	catalogs_use(&fixture.connection->catalogs, &use);
	answer_schema("60");
	learn_now();
	ck_assert_uint_eq(title_max(), 60);
	ck_assert_uint_eq(attribute_catalog_find(use.attributes, "title")->max_length, 50);
	catalogs_release(&fixture.connection->catalogs, &use);
}
END_TEST

START_TEST(a_refused_attribute_has_the_schema_read_within_a_minute)
{
	answer_schema("50");
	learn_now();
	engine_fixture_script(&fixture,
	        &(struct fixture_answer){.method = "POST",
	                .part = "?activate=true",
	                .status = 400,
	                .times = 1,
	                .body = (char[]){"{\"errorCode\":\"E0000001\",\"errorCauses\":[{"
	                                 "\"errorSummary\":\"Property name 'title' is not"
	                                 " defined in profile\"}]}"}});
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_FAILED);
	ck_assert_int_le(wait_ms(), 60000);
	ck_assert_int_gt(wait_ms(), 50000);
}
END_TEST

/* ----------------------------------------------------------------------- Bob */

static const struct list_case {
	const char *fields;
	size_t reads;
} LIST_CASES[] = {
        {"[{\"id\":\"work.title\",\"type\":\"text\"}]", 0},
        {"[{\"id\":\"work.title\",\"type\":\"list\",\"typeData\":{\"listId\":\"title\"}}]", 1},
        {"[{\"id\":\"work.site\",\"type\":\"list\",\"typeData\":{\"listId\":\"site\"}}]", 0},
};

START_TEST(named_lists_are_read_where_a_list_is_mapped)
{
	fixture.bob_fields = LIST_CASES[_i].fields;
	fixture.bob_lists = "{\"title\":{\"name\":\"title\",\"items\":[{\"id\":\"7\","
	                    "\"value\":\"Lead\",\"name\":\"Lead\"}]}}";
	ck_assert(learn_fields(fixture.connection, bob()));
	ck_assert(catalogs_has_fields(&fixture.connection->catalogs));
	ck_assert_uint_eq(asked("/named-lists"), LIST_CASES[_i].reads);
	struct catalog_use use = {0};
	catalogs_use(&fixture.connection->catalogs, &use);
	const char *label = field_catalog_label(use.fields, "title", "7");
	ck_assert(LIST_CASES[_i].reads == 1 ? str_equal(label, "Lead") : label == NULL);
	catalogs_release(&fixture.connection->catalogs, &use);
}
END_TEST

START_TEST(lists_that_make_no_sense_hold_nothing_back)
{
	fixture.bob_fields = LIST_CASES[1].fields;
	fixture.bob_lists = "[1]";
	ck_assert(learn_fields(fixture.connection, bob()));
	ck_assert(catalogs_has_fields(&fixture.connection->catalogs));
	ck_assert(!connection_is_bob_parked(fixture.connection));
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("engine_learn");
	TCase *learning = tcase_create("learning");
	tcase_add_checked_fixture(learning, set_up, tear_down);
	tcase_add_test(learning, the_schema_is_known_before_the_first_work);
	tcase_add_loop_test(learning, a_schema_that_cannot_be_read_is_tried_again_ever_more_rarely,
	        0, (int)ARRAY_SIZE(FAILURE_CASES));
	tcase_add_test(learning, the_daily_reading_is_a_use_of_the_token);
	tcase_add_test(learning, a_parked_connection_asks_for_no_schema);
	tcase_add_test(learning, only_another_schema_counts_as_changed);
	tcase_add_test(learning, an_older_catalog_lives_as_long_as_somebody_uses_it);
	tcase_add_test(learning, a_refused_attribute_has_the_schema_read_within_a_minute);
	tcase_add_loop_test(learning, named_lists_are_read_where_a_list_is_mapped, 0,
	        (int)ARRAY_SIZE(LIST_CASES));
	tcase_add_test(learning, lists_that_make_no_sense_hold_nothing_back);
	suite_add_tcase(suite, learning);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
