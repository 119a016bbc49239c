/* SPDX-License-Identifier: MIT */
/* What a mapping makes of one person and of everybody, before it is in force. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct engine_fixture fixture;
static struct err err;
static struct settings_report mistakes;
static json_t *report;

static void set_up(void)
{
	err = (struct err)ERR_INIT;
	mistakes = (struct settings_report){0};
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	json_decref(report);
	report = NULL;
	engine_fixture_stop(&fixture);
}

/* Ada as Bob tells her, with more of her fields as JSON. */
static void bring(const char *shorthand)
{
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person(shorthand));
}

/* Ada's account as Okta tells it at the next read. */
static void okta_tells(const char *more)
{
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, more));
}

#define NAMES "\"firstName\":\"Ada\",\"lastName\":\"King\",\"displayName\":\"Ada King\""

static bool preview_draft(const char *rows, const char *scope)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	json_t *rows_json = rows != NULL ? json_loads(rows, 0, NULL) : NULL;
	json_t *scope_json = scope != NULL ? json_loads(scope, JSON_DECODE_ANY, NULL) : NULL;
	struct mapping_draft draft = {
	        .rows = rows_json, .scope = scope_json, .mistakes = &mistakes};
	ck_assert(rows == NULL || rows_json != NULL);
	json_decref(report);
	report = NULL;
	bool is_done = engine_preview(fixture.engine, &key, &draft, &report, &err);
	json_decref(rows_json);
	json_decref(scope_json);
	return is_done;
}

static void preview(const char *rows)
{
	ck_assert_msg(preview_draft(rows, NULL), "%s", err.text);
}

static const json_t *row_of(const char *okta)
{
	const json_t *rows = json_object_get(report, "rows");
	for (size_t i = 0; i < json_array_size(rows); i++) {
		if (str_equal(json_get_text(json_array_get(rows, i), "okta"), okta)) {
			return json_array_get(rows, i);
		}
	}
	ck_abort_msg("no row of %s", okta);
}

static void expect_verdict(const char *okta, const char *verdict)
{
	const char *have = json_get_text(row_of(okta), "verdict");
	ck_assert_msg(str_equal(have, verdict), "%s: %s, and not %s (%s)", okta, have, verdict,
	        json_get_text(row_of(okta), "reason"));
	ck_assert_msg(json_get_bool(row_of(okta), "is_sent", false) == str_equal(verdict, "sent"),
	        "%s", okta);
}

static void expect_value(const char *okta, const char *key, const char *text)
{
	const char *have = json_get_text(row_of(okta), key);
	ck_assert_msg(str_equal(have, text), "%s of %s: %s", key, okta, have != NULL ? have : "-");
}

/* --------------------------------------------------------------- one person */

START_TEST(what_differs_is_sent_and_what_does_not_is_not)
{
	bring("{\"more\":{\"work\":{\"title\":\"Engineer\"}}}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	okta_tells(NAMES ",\"title\":\"Trainee\"");
	preview(NULL);
	expect_verdict("title", "sent");
	expect_value("title", "from", "bob");
	expect_value("title", "source", "work.title");
	expect_value("title", "source_value", "Engineer");
	expect_value("title", "result", "Engineer");
	expect_value("title", "okta_value", "Trainee");
	expect_verdict("displayName", "same");
	expect_verdict("login", "same");
	ck_assert(json_is_false(json_object_get(report, "is_draft")));
	ck_assert_str_eq(json_get_text(report, "okta_id"), FIXTURE_OKTA_ID);
}
END_TEST

START_TEST(a_draft_is_tried_and_nothing_is_written)
{
	bring("{\"more\":{\"work\":{\"title\":\"Engineer\",\"department\":null}}}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	struct employee before = store_fixture_get(fixture.store, FIXTURE_PERSON);
	engine_fixture_calls(&fixture);
	okta_tells(NAMES ",\"costCenter\":\"17\"");
	preview("[{\"okta\":\"division\",\"value\":\"EU\"},"
	        "{\"okta\":\"userType\",\"value\":\"staff\",\"apply\":\"on_create\"},"
	        "{\"okta\":\"costCenter\",\"bob\":\"work.department\",\"when_empty\":\"clear\"},"
	        "{\"okta\":\"organization\",\"bob\":\"work.unheardOf\"},"
	        "{\"okta\":\"title\",\"bob\":null}]");
	ck_assert(json_is_true(json_object_get(report, "is_draft")));
	expect_verdict("division", "sent");
	expect_value("division", "from", "value");
	expect_verdict("userType", "on_create");
	expect_verdict("costCenter", "two_reads");
	expect_value("costCenter", "state", "empty");
	expect_verdict("department", "keep");
	expect_verdict("organization", "not_readable");
	const json_t *rows = json_object_get(report, "rows");
	ck_assert_uint_eq(json_array_size(rows), 13);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /" FIXTURE_OKTA_ID);
	struct employee after = store_fixture_get(fixture.store, FIXTURE_PERSON);
	ck_assert_str_eq(
	        personal_reveal(&after.present_profile), personal_reveal(&before.present_profile));
	ck_assert_int_eq(after.generation, before.generation);
	ck_assert_int_eq(after.read_at_ms, before.read_at_ms);
	employee_finish(&before);
	employee_finish(&after);
}
END_TEST

static void stop_title(struct employee *employee)
{
	employee->set_back = str_dup("{\"title\":2}");
}

START_TEST(what_somebody_sets_back_is_stopped)
{
	bring("{\"more\":{\"work\":{\"title\":\"Engineer\"}}}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_change(&fixture, FIXTURE_PERSON, stop_title);
	okta_tells(NAMES ",\"title\":\"Boss\"");
	preview(NULL);
	expect_verdict("title", "stopped");
}
END_TEST

static void source_elsewhere(struct employee *employee)
{
	employee->is_sourced_elsewhere = true;
}

START_TEST(a_profile_of_another_directory_is_not_written)
{
	bring("{\"more\":{\"work\":{\"title\":\"Engineer\"}}}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_change(&fixture, FIXTURE_PERSON, source_elsewhere);
	okta_tells(NAMES);
	preview(NULL);
	expect_verdict("title", "sourced_elsewhere");
	expect_verdict("displayName", "same");
}
END_TEST

START_TEST(a_login_that_bob_did_not_change_is_kept)
{
	bring("{}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", "ada@example.com", NAMES));
	preview(NULL);
	expect_verdict("login", "name_kept");
	expect_verdict("email", "name_kept");
}
END_TEST

START_TEST(a_leavers_rows_are_shown_and_not_sent)
{
	bring("{\"lifecycle\":\"terminated\",\"more\":{\"work\":{\"title\":\"Engineer\"}}}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	okta_tells(NAMES);
	preview(NULL);
	expect_verdict("title", "not_now");
	expect_value("title", "result", "Engineer");
	ck_assert_str_eq(json_get_text(report, "wanted"), "deactivated");
}
END_TEST

START_TEST(without_an_account_the_create_is_shown)
{
	bring("{\"more\":{\"work\":{\"title\":\"Engineer\"}}}");
	preview("[{\"okta\":\"userType\",\"value\":\"staff\",\"apply\":\"on_create\"},"
	        "{\"okta\":\"nickName\",\"bob\":\"work.nick\"}]");
	expect_verdict("title", "sent");
	expect_verdict("login", "sent");
	expect_verdict("userType", "sent");
	expect_verdict("nickName", "not_readable");
	ck_assert_str_eq(json_get_text(report, "okta_id"), "");
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search");
}
END_TEST

START_TEST(bob_is_asked_for_the_fields_of_the_draft)
{
	bring("{}");
	preview("[{\"okta\":\"nickName\",\"bob\":\"about.nick\"}]");
	size_t count = fake_http_count(fixture.fake);
	bool is_asked = false;
	for (size_t i = 0; i < count; i++) {
		const struct fake_request *request = fake_http_request(fixture.fake, i);
		is_asked = is_asked || strstr(request->body, "about.nick") != NULL;
	}
	ck_assert(is_asked);
}
END_TEST

START_TEST(somebody_bob_does_not_bring_is_not_found)
{
	ck_assert(!preview_draft(NULL, NULL));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(every_mistake_of_a_draft_is_named)
{
	ck_assert(
	        !preview_draft("[{\"okta\":\"title\",\"bob\":7},{\"okta\":\"a b\",\"bob\":\"x.y\"},"
	                       "{\"okta\":\"city\"}]",
	                NULL));
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_uint_eq(mistakes.count, 3);
	ck_assert_str_eq(mistakes.mistakes[0].path, "mapping[0].bob");
	ck_assert_str_eq(mistakes.mistakes[1].path, "mapping[1].okta");
	ck_assert_str_eq(mistakes.mistakes[2].path, "mapping[2]");
}
END_TEST

/* ---------------------------------------------------------------- everybody */

static void bring_another(const char *id, const char *shorthand)
{
	engine_fixture_bring(&fixture, id, engine_fixture_person(shorthand));
}

static bool preview_all(const char *rows, int64_t changed_from)
{
	json_t *json = rows != NULL ? json_loads(rows, 0, NULL) : NULL;
	struct preview_all query = {.connection = "default",
	        .draft = {.rows = json, .mistakes = &mistakes},
	        .changed_from = changed_from};
	json_decref(report);
	report = NULL;
	bool is_done = engine_preview_all(fixture.engine, &query, &report, &err);
	json_decref(json);
	return is_done;
}

static const json_t *attribute_of(const char *okta)
{
	const json_t *attributes = json_object_get(report, "attributes");
	for (size_t i = 0; i < json_array_size(attributes); i++) {
		if (str_equal(json_get_text(json_array_get(attributes, i), "okta"), okta)) {
			return json_array_get(attributes, i);
		}
	}
	ck_abort_msg("no attribute %s", okta);
}

static void expect_count(const json_t *object, const char *key, int64_t count)
{
	int64_t have = json_get_int(object, key, -1);
	ck_assert_msg(have == count, "%s is %lld", key, (long long)have);
}

/* Ada is linked, and Okta has her title as Bob has it; Bo and Cy have no account; Di has left. */
static void bring_four(void)
{
	static const char ADA[] = "{\"more\":{\"work\":{\"title\":\"Engineer\"}}}";
	bring(ADA);
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	bring_another(
	        "413", "{\"email\":\"bo@example.com\",\"more\":{\"work\":{\"title\":\"Lead\"}}}");
	bring_another("414", "{\"email\":\"cy@example.com\",\"more\":{\"work\":{\"title\":null}}}");
	bring_another("415", "{\"email\":\"di@example.com\",\"lifecycle\":\"terminated\"}");
}

START_TEST(a_draft_counts_whom_it_changes)
{
	bring_four();
	ck_assert_msg(preview_all("[{\"okta\":\"title\",\"value\":\"Lead\"}]", 0), "%s", err.text);
	expect_count(report, "people", 3);
	expect_count(report, "left_out", 1);
	expect_count(report, "changed", 2);
	const json_t *title = attribute_of("title");
	expect_count(title, "people", 2);
	expect_count(title, "would_write", 1);
	expect_count(json_object_get(title, "states"), "value", 3);
	ck_assert(json_is_true(json_object_get(title, "is_known_in_okta")));
	const json_t *samples = json_object_get(title, "samples");
	ck_assert_uint_eq(json_array_size(samples), 2);
	const json_t *ada = json_array_get(samples, 0);
	ck_assert_str_eq(json_get_text(ada, "employee_id"), FIXTURE_PERSON);
	ck_assert_str_eq(json_get_text(ada, "from"), "Engineer");
	ck_assert_str_eq(json_get_text(ada, "to"), "Lead");
	expect_count(attribute_of("login"), "people", 0);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "removed")), 0);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

START_TEST(an_attribute_that_is_new_is_not_known_in_okta)
{
	bring_four();
	ck_assert_msg(preview_all("[{\"okta\":\"nickName\",\"bob\":\"work.nick\"},"
	                          "{\"okta\":\"division\",\"value\":\"EU\"},"
	                          "{\"okta\":\"userType\",\"value\":\"x\",\"apply\":\"on_create\"},"
	                          "{\"okta\":\"title\",\"bob\":null}]",
	                      0),
	        "%s", err.text);
	expect_count(json_object_get(attribute_of("nickName"), "states"), "not_readable", 3);
	expect_count(attribute_of("nickName"), "people", 0);
	expect_count(attribute_of("division"), "people", 3);
	ck_assert(json_is_false(json_object_get(attribute_of("division"), "is_known_in_okta")));
	ck_assert_str_eq(
	        json_get_text(
	                json_array_get(json_object_get(attribute_of("division"), "samples"), 0),
	                "from_state"),
	        "no_row");
	/* Ada has her account already. */
	expect_count(attribute_of("userType"), "people", 2);
	const json_t *removed = json_object_get(report, "removed");
	ck_assert_uint_eq(json_array_size(removed), 1);
	ck_assert_str_eq(json_string_value(json_array_get(removed, 0)), "title");
}
END_TEST

START_TEST(samples_are_five_at_most)
{
	for (int i = 0; i < 8; i++) {
		char id[8];
		ck_assert(str_format(id, sizeof(id), "50%d", i));
		bring_another(id, "{}");
	}
	ck_assert_msg(preview_all("[{\"okta\":\"division\",\"value\":\"EU\"}]", 0), "%s", err.text);
	expect_count(attribute_of("division"), "people", 8);
	ck_assert_uint_eq(json_array_size(json_object_get(attribute_of("division"), "samples")), 5);
}
END_TEST

START_TEST(the_mapping_in_force_is_compared_with_an_older_version)
{
	struct settings_version version = {.source = SETTINGS_FROM_FILE,
	        .document = str_dup("{\"connections\":[{\"name\":\"default\",\"mapping\":"
	                            "[{\"okta\":\"title\",\"value\":\"Staff\"}]}]}")};
	ck_assert(str_copy(version.author, sizeof(version.author), "ops"));
	ck_assert(str_copy(version.hash, sizeof(version.hash), "0123456789abcdef"));
	ck_assert_msg(store_settings_add(fixture.store, &version, &err), "%s", err.text);
	bring_four();
	ck_assert_msg(preview_all(NULL, version.version), "%s", err.text);
	expect_count(attribute_of("title"), "people", 2);
	const json_t *samples = json_object_get(attribute_of("title"), "samples");
	ck_assert_str_eq(json_get_text(json_array_get(samples, 0), "from"), "Staff");
	ck_assert_str_eq(json_get_text(json_array_get(samples, 0), "to"), "Engineer");
	settings_version_finish(&version);
}
END_TEST

START_TEST(a_version_that_never_was_is_not_found)
{
	ck_assert(!preview_all(NULL, 77));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_preview");
	TCase *tcase = tcase_create("engine_preview");
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, what_differs_is_sent_and_what_does_not_is_not);
	tcase_add_test(tcase, a_draft_is_tried_and_nothing_is_written);
	tcase_add_test(tcase, what_somebody_sets_back_is_stopped);
	tcase_add_test(tcase, a_profile_of_another_directory_is_not_written);
	tcase_add_test(tcase, a_login_that_bob_did_not_change_is_kept);
	tcase_add_test(tcase, a_leavers_rows_are_shown_and_not_sent);
	tcase_add_test(tcase, without_an_account_the_create_is_shown);
	tcase_add_test(tcase, bob_is_asked_for_the_fields_of_the_draft);
	tcase_add_test(tcase, somebody_bob_does_not_bring_is_not_found);
	tcase_add_test(tcase, every_mistake_of_a_draft_is_named);
	tcase_add_test(tcase, a_draft_counts_whom_it_changes);
	tcase_add_test(tcase, an_attribute_that_is_new_is_not_known_in_okta);
	tcase_add_test(tcase, samples_are_five_at_most);
	tcase_add_test(tcase, the_mapping_in_force_is_compared_with_an_older_version);
	tcase_add_test(tcase, a_version_that_never_was_is_not_found);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
