/* SPDX-License-Identifier: MIT */
#include "server/settings/settings_document.h"

#include "server/base/crypto.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/settings_keys.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FULL  "tests/data/settings/full.json"
#define LEAST "tests/data/settings/least.json"

static json_t *load(const char *path)
{
	json_t *document = json_load_file(path, 0, NULL);
	ck_assert_ptr_nonnull(document);
	return document;
}

static json_t *part(json_t *document, const char *path)
{
	json_t *found =
	        json_get_path(json_array_get(json_object_get(document, "connections"), 0), path);
	ck_assert_msg(found != NULL, "%s", path);
	return found;
}

static void expect_json(const json_t *json, const char *expected)
{
	char *text = json_format(json);
	ck_assert_str_eq(text, expected);
	free(text);
}

/* ------------------------------------------------------------------- taking out */

START_TEST(what_is_kept_holds_no_secret_and_all_else)
{
	json_t *document = load(FULL);
	json_t *kept = settings_redact(document);
	expect_json(part(kept, "bob.service_user_token"), "{\"env\":\"BOB2OKTA_TEST_TOKEN\"}");
	expect_json(part(kept, "bob.webhook_secrets"),
	        "[{\"expires\":\"2026-12-31\",\"file\":\"webhook-secret.txt\"},{\"kept\":true}]");
	expect_json(part(kept, "okta.api_token"), "{\"kept\":true}");
	ck_assert(json_equal(part(kept, "mapping"), part(document, "mapping")));
	ck_assert(json_equal(part(kept, "provisioning"), part(document, "provisioning")));
	char *text = json_format(kept);
	ck_assert_ptr_null(strstr(text, "second-secret"));
	ck_assert_ptr_null(strstr(text, "okta-token"));
	free(text);
	json_decref(kept);
	json_decref(document);
}
END_TEST

/* Each secret in each shape that is no reference: nothing of it may stay. */
START_TEST(a_secret_of_any_shape_is_taken_out)
{
	static const char *const SHAPES[] = {"\"hush-hush\"", "[\"hush-hush\"]",
	        "{\"env\":\"A\",\"x\":\"hush-hush\"}", "{\"text\":\"hush-hush\"}",
	        "[[\"hush-hush\"]]", "{\"kept\":\"hush-hush\"}"};
	static const char *const PLACES[] = {
	        "bob.service_user_token", "bob.webhook_secrets", "okta.api_token"};
	json_t *document = load(FULL);
	const char *name = strrchr(PLACES[_i % 3], '.') + 1;
	json_t *section = part(document, _i % 3 == 2 ? "okta" : "bob");
	json_t *shape = json_loads(SHAPES[_i / 3], JSON_DECODE_ANY, NULL);
	json_object_set_new(section, name, shape);
	json_object_set_new(section, "unheard_of", json_string("hush-hush"));
	json_object_set_new(
	        part(document, "provisioning.sites.Berlin"), "token", json_string("hush-hush"));
	json_t *kept = settings_redact(document);
	char *text = json_format(kept);
	ck_assert_msg(strstr(text, "hush-hush") == NULL, "%s", text);
	free(text);
	json_decref(kept);
	json_decref(document);
}
END_TEST

/* A secret that is added to the table is taken out too: by its type, wherever it stands. */
START_TEST(every_key_whose_help_says_secret_has_a_secret_type)
{
	size_t secrets = 0;
	for (size_t i = 0; i < settings_keys_count; i++) {
		const struct settings_key *key = &settings_keys[i];
		bool is_secret = key->type == SETTINGS_TYPE_TOKEN ||
		        key->type == SETTINGS_TYPE_SECRET || key->type == SETTINGS_TYPE_HOOK_URL ||
		        key->type == SETTINGS_TYPE_WEBHOOK_SECRETS;
		ck_assert_msg(
		        is_secret == (strstr(key->help, "(secret)") != NULL), "%s", key->path);
		secrets += is_secret ? 1 : 0;
	}
	ck_assert_uint_eq(secrets, 7);
}
END_TEST

/* -------------------------------------------------------------------- putting in */

START_TEST(kept_secrets_come_from_the_file)
{
	struct settings_report report;
	json_t *file = load(FULL);
	json_t *document = settings_redact(file);
	json_t *filled = settings_fill(document, file, &report);
	ck_assert_uint_eq(report.count, 0);
	ck_assert_ptr_nonnull(filled);
	ck_assert(json_equal(filled, file));
	json_decref(filled);
	json_decref(document);
	json_decref(file);
}
END_TEST

static const struct refusal {
	const char *section;
	const char *key;
	const char *value; /* JSON; NULL: the key is left out */
	const char *path;
	const char *text;
} REFUSALS[] = {
        {"okta", "api_token", "\"new-token\"", "connections[0].okta.api_token",
                "secrets stand in the settings file only"},
        {"okta", "api_token", "{\"env\":\"PATH\"}", "connections[0].okta.api_token",
                "is not what the settings file has"},
        {"okta", "api_token", "{\"file\":\"/etc/passwd\"}", "connections[0].okta.api_token",
                "is not what the settings file has"},
        {"okta", "api_token", "{\"kept\":false}", "connections[0].okta.api_token",
                "secrets stand in the settings file only"},
        {"bob", "service_user_token", "{\"env\":\"OTHER\"}",
                "connections[0].bob.service_user_token", "is not what the settings file has"},
        {"bob", "webhook_secrets", "[{\"kept\":true},\"third-secret\"]",
                "connections[0].bob.webhook_secrets[1]", "secrets stand in the settings file only"},
        {"bob", "webhook_secrets", "[{\"kept\":true},{\"kept\":true},{\"kept\":true}]",
                "connections[0].bob.webhook_secrets[2]", "has no secret at this place"},
        {"bob", "base_url", "\"https://api.example.net/v1\"", "connections[0].bob.base_url",
                "a token goes to the host"},
        {"bob", "base_url", NULL, "connections[0].bob.base_url", "a token goes to the host"},
        {"okta", "base_url", "\"https://evil.okta.com\"", "connections[0].okta.base_url",
                "a token goes to the host"},
};

START_TEST(what_only_a_file_may_say_is_refused_by_its_path)
{
	const struct refusal *row = &REFUSALS[_i];
	struct settings_report report;
	json_t *file = load(FULL);
	json_t *document = settings_redact(file);
	if (row->value != NULL) {
		json_object_set_new(part(document, row->section), row->key,
		        json_loads(row->value, JSON_DECODE_ANY, NULL));
	} else {
		json_object_del(part(document, row->section), row->key);
	}
	ck_assert_ptr_null(settings_fill(document, file, &report));
	ck_assert_uint_eq(report.count, 1);
	ck_assert_str_eq(report.mistakes[0].path, row->path);
	ck_assert_msg(
	        strstr(report.mistakes[0].text, row->text) != NULL, "%s", report.mistakes[0].text);
	json_decref(document);
	json_decref(file);
}
END_TEST

START_TEST(a_connection_that_the_file_lacks_is_refused)
{
	struct settings_report report;
	json_t *file = load(FULL);
	json_t *document = settings_redact(file);
	json_t *connections = json_object_get(document, "connections");
	json_t *second = json_deep_copy(json_array_get(connections, 0));
	json_object_set_new(second, "name", json_string("second"));
	json_array_append_new(connections, second);
	ck_assert_ptr_null(settings_fill(document, file, &report));
	ck_assert_uint_eq(report.count, 1);
	ck_assert_str_eq(report.mistakes[0].path, "connections[1].name");
	json_decref(document);
	json_decref(file);
}
END_TEST

static const struct refusal TARGET_REFUSALS[] = {
        {NULL, "webhook", "\"https://elsewhere.example.com/\"", "alarms.targets[0].webhook",
                "secrets stand in the settings file only"},
        {NULL, "webhook", "{\"stored\":true}", "alarms.targets[0].webhook",
                "is not what the settings file has"},
        {NULL, "name", "\"new\"", "alarms.targets[0].name", "has no target of this name"},
        {NULL, "network", "\"public\"", "alarms.targets[0].network",
                "differs from the settings file"},
        {NULL, "smtp", "\"smtp://elsewhere.example.com\"", "alarms.targets[0].smtp",
                "differs from the settings file"},
};

/* Engine rule 20: neither to another address nor into the own network. */
START_TEST(where_alarms_go_is_the_files_to_say)
{
	const struct refusal *row = &TARGET_REFUSALS[_i];
	struct settings_report report;
	json_t *file = load(FULL);
	json_t *document = settings_redact(file);
	json_t *targets = json_object_get(json_object_get(document, "alarms"), "targets");
	json_object_set_new(json_array_get(targets, 0), row->key,
	        json_loads(row->value, JSON_DECODE_ANY, NULL));
	ck_assert_ptr_null(settings_fill(document, file, &report));
	ck_assert_uint_eq(report.count, 1);
	ck_assert_str_eq(report.mistakes[0].path, row->path);
	ck_assert_msg(
	        strstr(report.mistakes[0].text, row->text) != NULL, "%s", report.mistakes[0].text);
	/* But one less, and another order, are well. */
	json_decref(document);
	document = settings_redact(file);
	targets = json_object_get(json_object_get(document, "alarms"), "targets");
	json_array_remove(targets, 0);
	json_t *filled = settings_fill(document, file, &report);
	ck_assert_ptr_nonnull(filled);
	settings_document_wipe(filled);
	json_decref(document);
	json_decref(file);
}
END_TEST

START_TEST(an_old_version_takes_the_secrets_of_today)
{
	struct settings_report report;
	json_t *file = load(FULL);
	json_t *old = settings_redact(file);
	json_object_set_new(part(old, "okta"), "api_token", json_pack("{s:s}", "env", "GONE"));
	json_object_set_new(part(old, "bob"), "webhook_secrets", json_pack("[{s:b}]", "kept", 1));
	json_t *taken = settings_with_present_secrets(old, file);
	json_t *filled = settings_fill(taken, file, &report);
	ck_assert_msg(filled != NULL, "%s: %s", report.mistakes[0].path, report.mistakes[0].text);
	ck_assert(json_equal(filled, file));
	char *text = json_format(taken);
	ck_assert_ptr_null(strstr(text, "okta-token"));
	ck_assert_ptr_null(strstr(text, "second-secret"));
	free(text);
	json_decref(filled);
	json_decref(taken);
	json_decref(old);
	json_decref(file);
}
END_TEST

/* -------------------------------------------------------------- expressions */

static size_t asked;

/* Cannot compile what holds an opening bracket. */
static bool compile(void *context UNUSED, const char *const *programs, size_t count,
        struct evaluation *results, struct err *err UNUSED)
{
	for (size_t i = 0; i < count; i++) {
		bool is_bad = strchr(programs[i], '(') != NULL;
		results[i].state = is_bad ? EVALUATION_FAILED : EVALUATION_VALUE;
		str_format_cut(results[i].reason, sizeof(results[i].reason), "unclosed");
		results[i].value = is_bad ? NULL : json_null();
	}
	asked += count;
	return true;
}

static bool compile_nothing(void *context UNUSED, const char *const *programs UNUSED,
        size_t count UNUSED, struct evaluation *results UNUSED, struct err *err)
{
	err_set(err, ERR_INTERNAL, "no evaluator");
	return false;
}

static struct settings *load_rows(json_t *document, const char *rows, const char *scope)
{
	struct settings_report report;
	json_t *connection = json_array_get(json_object_get(document, "connections"), 0);
	json_object_set_new(connection, "mapping", json_loads(rows, 0, NULL));
	if (scope != NULL) {
		json_object_set_new(part(document, "provisioning"), "scope", json_string(scope));
	}
	struct settings *settings =
	        settings_load_document(document, ".", SETTINGS_TLS_ONLY, &report, NULL);
	ck_assert_msg(settings != NULL, "%s", report.mistakes[0].text);
	return settings;
}

START_TEST(what_does_not_compile_is_named_by_its_path)
{
	struct settings_report report = {0};
	json_t *document = load(LEAST);
	struct settings *settings = load_rows(document,
	        "[{\"okta\":\"title\",\"bob\":\"work.title\"},"
	        "{\"okta\":\"costCenter\",\"expr\":\".a(\"},{\"okta\":\"organization\",\"expr\":"
	        "\".b\"},{\"okta\":\"login\",\"expr\":[\".c\",\".d(\"]}]",
	        ".e(");
	asked = 0;
	ck_assert(settings_check_expressions(settings, document, &report, compile, NULL, NULL));
	ck_assert_uint_eq(asked, 5);
	ck_assert_uint_eq(report.count, 3);
	bool has_row = false;
	bool has_login = false;
	bool has_scope = false;
	for (size_t i = 0; i < report.count; i++) {
		const char *path = report.mistakes[i].path;
		has_row |= str_equal(path, "connections[0].mapping[1].expr");
		has_login |= str_equal(path, "connections[0].mapping[3].expr[1]");
		has_scope |= str_equal(path, "connections[0].provisioning.scope");
		ck_assert_str_eq(report.mistakes[i].text, "unclosed");
	}
	ck_assert(has_row && has_login && has_scope);
	settings_destroy(settings);
	json_decref(document);
}
END_TEST

/* With and without a scope in between, whose program comes before those of groups. */
START_TEST(a_condition_of_a_group_that_does_not_compile_is_named)
{
	struct settings_report report = {0};
	json_t *document = load(LEAST);
	json_t *connection = json_array_get(json_object_get(document, "connections"), 0);
	json_object_set_new(connection, "groups",
	        json_pack("[{s:s,s:s},{s:s,s:s}]", "group", "One", "when", ".a", "group", "Two",
	                "when", ".b("));
	struct settings *settings = load_rows(document, "[]", _i == 0 ? ".s" : NULL);
	ck_assert(settings_check_expressions(settings, document, &report, compile, NULL, NULL));
	ck_assert_uint_eq(report.count, 1);
	ck_assert_str_eq(report.mistakes[0].path, "connections[0].groups[1].when");
	settings_destroy(settings);
	json_decref(document);
}
END_TEST

START_TEST(a_compiler_that_does_not_answer_accepts_nothing)
{
	struct settings_report report = {0};
	struct err err = ERR_INIT;
	json_t *document = load(LEAST);
	struct settings *settings = load_rows(document, "[]", ".a");
	ck_assert(!settings_check_expressions(
	        settings, document, &report, compile_nothing, NULL, &err));
	ck_assert_int_eq(err.code, ERR_INTERNAL);
	settings_destroy(settings);
	json_decref(document);
}
END_TEST

/* --------------------------------------------------------------- difference */

static json_t *document_of(const char *mapping, const char *more)
{
	char text[2000];
	ck_assert(str_format(text, sizeof(text),
	        "{\"connections\":[{\"name\":\"default\",\"mode\":\"live\",\"mapping\":%s%s}]}",
	        mapping, more));
	json_t *document = json_loads(text, 0, NULL);
	ck_assert_msg(document != NULL, "%s", text);
	return document;
}

static const struct difference {
	const char *from_mapping;
	const char *from_more;
	const char *to_mapping;
	const char *to_more;
	const char *lines; /* each with a line break */
} DIFFERENCES[] = {
        {"[]", "", "[]", "", ""},
        {"[{\"okta\":\"a\",\"bob\":\"x.y\"},{\"okta\":\"b\",\"bob\":\"x.z\"}]", "",
                "[{\"okta\":\"b\",\"bob\":\"x.z\"},{\"okta\":\"a\",\"bob\":\"x.y\"}]", "", ""},
        {"[{\"okta\":\"title\",\"bob\":\"work.title\"}]", "",
                "[{\"okta\":\"title\",\"bob\":\"work.custom.field_1\"}]", "",
                "connections[default].mapping[title].bob: work.title -> work.custom.field_1\n"},
        {"[]", "", "[{\"okta\":\"title\",\"expr\":[\".a\",\".b\"]}]", "",
                "connections[default].mapping[title].okta: (none) -> title\n"
                "connections[default].mapping[title].expr: (none) -> [\".a\",\".b\"]\n"},
        {"[{\"okta\":\"manager\",\"bob\":null}]", "", "[]", "",
                "connections[default].mapping[manager].okta: manager -> (none)\n"
                "connections[default].mapping[manager].bob: null -> (none)\n"},
        {"[]",
                ",\"provisioning\":{\"email_domains\":[\"a.example\"],\"sites\":{\"New York\":"
                "{\"time_zone\":\"America/New_York\"}}}",
                "[]", ",\"provisioning\":{\"email_domains\":[\"b.example\"]}",
                "connections[default].provisioning.email_domains: [\"a.example\"] ->"
                " [\"b.example\"]\n"
                "connections[default].provisioning.sites[New York].time_zone:"
                " America/New_York -> (none)\n"},
        {"[]",
                ",\"provisioning\":{\"leave_types\":{\"sick\":\"keep\",\"study\":\"keep\"},"
                "\"employment_types\":{\"Intern\":{\"create_days_before\":1,\"x\":\"hush\"}}}",
                "[]",
                ",\"provisioning\":{\"leave_types\":{\"sick\":\"suspend\",\"study\":\"keep\"},"
                "\"employment_types\":{\"Intern\":{\"create_days_before\":2}}}",
                "connections[default].provisioning.employment_types[Intern].create_days_before:"
                " 1 -> 2\n"
                "connections[default].provisioning.leave_types[sick]: keep -> suspend\n"},
        {"[]", ",\"groups\":[{\"group\":\"R&D\",\"when\":\".a\",\"x\":\"hush\"}]", "[]",
                ",\"groups\":[{\"group\":\"HR\",\"when\":\".c\"},"
                "{\"group\":\"R&D\",\"when\":\".b\"}]",
                "connections[default].groups[R&D].when: .a -> .b\n"
                "connections[default].groups[HR].group: (none) -> HR\n"
                "connections[default].groups[HR].when: (none) -> .c\n"},
        {"[]", ",\"limits\":{\"lower\":{\"per_hour\":5}}", "[]", ",\"limits\":{}",
                "connections[default].limits.lower.per_hour: 5 -> (none)\n"},
        {"[]", ",\"okta\":{\"api_token\":\"hush\"}", "[]", ",\"okta\":{\"api_token\":\"hush2\"}",
                ""},
        {"[]", ",\"okta\":{\"api_token\":\"hush\"}", "[]",
                ",\"okta\":{\"api_token\":{\"env\":\"TOKEN\"}}",
                "connections[default].okta.api_token: (a secret of the file) ->"
                " {\"env\":\"TOKEN\"}\n"},
};

START_TEST(a_difference_is_said_value_by_value)
{
	const struct difference *row = &DIFFERENCES[_i];
	json_t *from = document_of(row->from_mapping, row->from_more);
	json_t *to = document_of(row->to_mapping, row->to_more);
	json_t *entries = settings_diff(from, to);
	char lines[4000] = "";
	for (size_t i = 0; i < json_array_size(entries); i++) {
		size_t len = strlen(lines);
		char line[600];
		settings_diff_line(json_array_get(entries, i), line, sizeof(line));
		str_format_cut(lines + len, sizeof(lines) - len, "%s\n", line);
	}
	ck_assert_str_eq(lines, row->lines);
	json_decref(entries);
	json_decref(from);
	json_decref(to);
}
END_TEST

START_TEST(connections_are_told_apart_by_name)
{
	json_t *from = load(LEAST);
	json_t *to = json_deep_copy(from);
	json_t *second = json_pack("{s:s, s:s}", "name", "second", "mode", "live");
	json_array_insert_new(json_object_get(to, "connections"), 0, second);
	json_t *entries = settings_diff(from, to);
	ck_assert_uint_eq(json_array_size(entries), 2);
	ck_assert_str_eq(
	        json_get_text(json_array_get(entries, 1), "path"), "connections[second].mode");
	json_decref(entries);
	json_decref(from);
	json_decref(to);
}
END_TEST

static Suite *document_suite(void)
{
	Suite *suite = suite_create("settings_document");
	TCase *out = tcase_create("taking out");
	tcase_add_test(out, what_is_kept_holds_no_secret_and_all_else);
	tcase_add_loop_test(out, a_secret_of_any_shape_is_taken_out, 0, 18);
	tcase_add_test(out, every_key_whose_help_says_secret_has_a_secret_type);
	suite_add_tcase(suite, out);
	TCase *in = tcase_create("putting in");
	tcase_add_test(in, kept_secrets_come_from_the_file);
	tcase_add_loop_test(
	        in, what_only_a_file_may_say_is_refused_by_its_path, 0, (int)ARRAY_SIZE(REFUSALS));
	tcase_add_test(in, a_connection_that_the_file_lacks_is_refused);
	tcase_add_loop_test(
	        in, where_alarms_go_is_the_files_to_say, 0, ARRAY_SIZE(TARGET_REFUSALS));
	tcase_add_test(in, an_old_version_takes_the_secrets_of_today);
	suite_add_tcase(suite, in);
	TCase *expressions = tcase_create("expressions");
	tcase_add_test(expressions, what_does_not_compile_is_named_by_its_path);
	tcase_add_loop_test(
	        expressions, a_condition_of_a_group_that_does_not_compile_is_named, 0, 2);
	tcase_add_test(expressions, a_compiler_that_does_not_answer_accepts_nothing);
	suite_add_tcase(suite, expressions);
	TCase *difference = tcase_create("difference");
	tcase_add_loop_test(
	        difference, a_difference_is_said_value_by_value, 0, (int)ARRAY_SIZE(DIFFERENCES));
	tcase_add_test(difference, connections_are_told_apart_by_name);
	suite_add_tcase(suite, difference);
	return suite;
}

int main(void)
{
	struct err err = ERR_INIT;
	if (!crypto_start(&err)) {
		return EXIT_FAILURE;
	}
	int status = suite_run(document_suite());
	crypto_stop();
	return status;
}
