/* SPDX-License-Identifier: MIT */
#include "server/store/store.h"

#include "server/base/str.h"
#include "server/store/sqlite.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>

static struct store *store;

static void setup(void)
{
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store_fixture_clean();
}

static int64_t add(enum settings_source source, const char *hash)
{
	struct err err = ERR_INIT;
	struct settings_version version = {.source = source, .author = "ops", .note = "why"};
	char document[] = "{\"a\":1}";
	version.document = document;
	str_format_cut(version.hash, sizeof(version.hash), "%s", hash);
	ck_assert_msg(store_settings_add(store, &version, &err), "%s", err.text);
	ck_assert_int_gt(version.at_ms, 0);
	return version.version;
}

START_TEST(a_version_comes_back_as_it_was_added)
{
	struct settings_version version;
	int64_t number = add(SETTINGS_FROM_API, "0123456789abcdef");
	ck_assert(store_settings_get(store, number, &version, NULL));
	ck_assert_int_eq(version.version, number);
	ck_assert_int_eq(version.source, SETTINGS_FROM_API);
	ck_assert_str_eq(version.author, "ops");
	ck_assert_str_eq(version.note, "why");
	ck_assert_str_eq(version.hash, "0123456789abcdef");
	ck_assert_str_eq(version.document, "{\"a\":1}");
	settings_version_finish(&version);
}
END_TEST

START_TEST(the_newest_is_found_of_a_source_and_of_all)
{
	struct err err = ERR_INIT;
	struct settings_version version;
	ck_assert(!store_settings_newest(store, SETTINGS_SOURCE_COUNT, &version, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
	int64_t file = add(SETTINGS_FROM_FILE, "f1");
	int64_t rollback = add(SETTINGS_FROM_ROLLBACK, "r1");
	ck_assert(store_settings_newest(store, SETTINGS_FROM_FILE, &version, NULL));
	ck_assert_int_eq(version.version, file);
	settings_version_finish(&version);
	ck_assert(store_settings_newest(store, SETTINGS_SOURCE_COUNT, &version, NULL));
	ck_assert_int_eq(version.version, rollback);
	settings_version_finish(&version);
}
END_TEST

START_TEST(the_list_is_newest_first_and_bounded)
{
	struct settings_version_list versions;
	int64_t first = add(SETTINGS_FROM_FILE, "f1");
	int64_t second = add(SETTINGS_FROM_API, "a1");
	ck_assert(store_settings_list(store, 10, &versions, NULL));
	ck_assert_uint_eq(versions.count, 2);
	ck_assert_int_eq(versions.items[0].version, second);
	ck_assert_int_eq(versions.items[1].version, first);
	ck_assert_ptr_null(versions.items[0].document);
	settings_version_list_finish(&versions);
	ck_assert(store_settings_list(store, 1, &versions, NULL));
	ck_assert_uint_eq(versions.count, 1);
	settings_version_list_finish(&versions);
}
END_TEST

START_TEST(a_number_is_never_used_twice)
{
	int64_t first = add(SETTINGS_FROM_FILE, "f1");
	ck_assert(store_settings_remove(store, first, NULL));
	store_close(store);
	store = store_fixture_open();
	ck_assert_int_gt(add(SETTINGS_FROM_FILE, "f1"), first);
}
END_TEST

START_TEST(an_action_names_the_version_that_planned_it)
{
	struct action_list actions;
	struct limit_set unlimited = {0};
	struct employee_key key = store_fixture_key("1");
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	struct employee employee = store_fixture_claim(store, "1");
	struct intent intent = store_fixture_intent(&employee, ACTION_UPDATE, LIMIT_NONE);
	intent.settings_version = 7;
	ck_assert_int_eq(store_intent_open(store, &intent, &unlimited, NULL), INTENT_OPEN);
	ck_assert(store_action_list(store, &key, 5, &actions, NULL));
	ck_assert_uint_eq(actions.count, 1);
	ck_assert_int_eq(actions.items[0].intent.settings_version, 7);
	action_list_finish(&actions);
	intent_finish(&intent);
	employee_finish(&employee);
}
END_TEST

static int64_t lines_of_version(int64_t version)
{
	static const char SQL[] =
	        "SELECT count(*) FROM audit_records WHERE settings_version = ? AND kind = 'note'";
	struct sqlite_conn conn = {0};
	int64_t count = -1;
	const char *path = store_fixture_url() + sizeof("sqlite:") - 1;
	ck_assert(sqlite_open(&conn, path, SQLITE_ROLE_READER, NULL));
	ck_assert(sqlite_number(&conn, SQL, VALUES(INT(version)), &count, NULL));
	sqlite_close(&conn);
	return count;
}

START_TEST(an_audit_line_names_the_version_in_force)
{
	ck_assert(store_audit(store, "default", "", "ops", "before any version", NULL));
	ck_assert(store_settings_version_set(store, 3, NULL));
	ck_assert(store_audit(store, "default", "", "ops", "first", NULL));
	ck_assert(store_audit(store, "default", "", "ops", "second", NULL));
	ck_assert_int_eq(lines_of_version(0), 1);
	ck_assert_int_eq(lines_of_version(3), 2);
}
END_TEST

static Suite *settings_suite(void)
{
	Suite *suite = suite_create("store_settings");
	TCase *versions = tcase_create("versions");
	tcase_add_checked_fixture(versions, setup, teardown);
	tcase_add_test(versions, a_version_comes_back_as_it_was_added);
	tcase_add_test(versions, the_newest_is_found_of_a_source_and_of_all);
	tcase_add_test(versions, the_list_is_newest_first_and_bounded);
	tcase_add_test(versions, a_number_is_never_used_twice);
	tcase_add_test(versions, an_action_names_the_version_that_planned_it);
	tcase_add_test(versions, an_audit_line_names_the_version_in_force);
	suite_add_tcase(suite, versions);
	return suite;
}

int main(void)
{
	return suite_run(settings_suite());
}
