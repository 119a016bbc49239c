/* SPDX-License-Identifier: MIT */
#include "server/settings/settings.h"

#include "server/base/buf.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/file.h"
#include "server/settings/settings_keys.h"
#include "server/settings/settings_url.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA           "tests/data/settings/"
#define FILE_MAX_BYTES (1024 * 1024)

static json_t *load_json(const char *path)
{
	struct file_content content;
	struct err err = ERR_INIT;
	ck_assert_msg(file_read(path, FILE_MAX_BYTES, &content, &err), "%s", err.text);
	json_t *json = json_parse(content.bytes, content.len, &err);
	ck_assert_msg(json != NULL, "%s: %s", path, err.text);
	file_content_wipe(&content);
	return json;
}

static struct settings *load_text(
        const char *text, enum settings_plain plain, struct settings_report *report)
{
	return settings_load(text, strlen(text), DATA, plain, report, NULL);
}

static bool is_expected(const struct settings_report *report, const json_t *expected)
{
	if (report->count != json_array_size(expected)) {
		return false;
	}
	for (size_t i = 0; i < report->count; i++) {
		const json_t *pair = json_array_get(expected, i);
		const char *path = json_string_value(json_array_get(pair, 0));
		const char *text = json_string_value(json_array_get(pair, 1));
		if (!str_equal(report->mistakes[i].path, path) ||
		        strstr(report->mistakes[i].text, text) == NULL) {
			return false;
		}
	}
	return true;
}

static void show_report(const char *name, const struct settings_report *report)
{
	fprintf(stderr, "case \"%s\" gave %zu mistakes\n", name, report->count);
	for (size_t i = 0; i < report->count; i++) {
		fprintf(stderr, "  %s: %s\n", report->mistakes[i].path, report->mistakes[i].text);
	}
}

static bool try_case(const json_t *row)
{
	struct settings_report report;
	char *text = json_dumps(json_object_get(row, "document"), JSON_COMPACT);
	enum settings_plain plain =
	        json_get_bool(row, "plain", false) ? SETTINGS_PLAIN_ON_LOOPBACK : SETTINGS_TLS_ONLY;
	struct settings *settings = load_text(text, plain, &report);
	const json_t *expected = json_object_get(row, "mistakes");
	bool is_good = is_expected(&report, expected) &&
	        (settings != NULL) == (json_array_size(expected) == 0);
	if (!is_good) {
		show_report(json_get_text(row, "name"), &report);
	}
	settings_destroy(settings);
	free(text);
	return is_good;
}

START_TEST(every_mistake_is_named_by_its_path)
{
	json_t *rows = load_json(DATA "cases.json");
	ck_assert_uint_ge(json_array_size(rows), 100);
	size_t wrong = 0;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		wrong += try_case(json_array_get(rows, i)) ? 0 : 1;
	}
	json_decref(rows);
	ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(syntax_is_named_by_line_and_column)
{
	struct settings_report report;
	struct err err = ERR_INIT;
	const char *text = "{\n \"connections\": [,]\n}";
	ck_assert_ptr_null(
	        settings_load(text, strlen(text), DATA, SETTINGS_TLS_ONLY, &report, &err));
	ck_assert_uint_eq(report.count, 1);
	ck_assert_ptr_nonnull(strstr(report.mistakes[0].text, "line 2 column"));
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
}
END_TEST

START_TEST(mistakes_beyond_the_maximum_are_counted)
{
	struct settings_report report;
	struct buf text;
	buf_init(&text, 65536);
	buf_add_text(&text, "{");
	for (int i = 0; i < SETTINGS_MISTAKES_MAX + 7; i++) {
		buf_add_format(&text, "\"unheard%d\":1,", i);
	}
	buf_add_text(&text, "\"connections\":[]}");
	ck_assert_ptr_null(load_text(buf_text(&text), SETTINGS_TLS_ONLY, &report));
	ck_assert_uint_eq(report.count, SETTINGS_MISTAKES_MAX);
	ck_assert_uint_eq(report.left_out, 8);
	buf_finish(&text);
}
END_TEST

static struct settings *load_file(const char *path)
{
	struct settings_report report;
	struct err err = ERR_INIT;
	struct settings *settings = settings_load_file(path, SETTINGS_TLS_ONLY, &report, &err);
	ck_assert_msg(settings != NULL, "%s", err.text);
	return settings;
}

static void check_default_times(const struct policy_settings *policy)
{
	ck_assert_int_eq(policy->lead.create, 0);
	ck_assert_int_eq(policy->lead.activation, 0);
	ck_assert_int_eq(policy->create_at_minute, 0);
	ck_assert_int_eq(policy->activation_at_minute, 0);
	ck_assert(!policy->activation_email.is_timed);
	ck_assert_int_eq(policy->activation_email.at_minute, 8 * 60);
	ck_assert_int_eq(policy->activation_email.resend_after_days, 0);
	ck_assert_int_eq(policy->leaver.trigger, LEAVER_AT_EARLIEST);
	ck_assert_int_eq(policy->leaver.at_minute, DAY_MINUTES);
	ck_assert_int_eq(policy->leaver.then_deactivate_after_days, 0);
	ck_assert(policy->leaver.revokes_tokens);
	ck_assert_int_eq(policy->leaver.groups, LEAVER_KEEPS_GROUPS);
	ck_assert_int_eq(policy->leave, LEAVE_KEEPS_ACCESS);
	ck_assert_int_eq(policy->rehire, REHIRE_REACTIVATE);
	ck_assert_ptr_null(policy->old_login_attribute);
}

START_TEST(defaults_hold_where_the_document_is_silent)
{
	struct settings *settings = load_file(DATA "least.json");
	const struct connection_settings *c = settings_find(settings, "default");
	ck_assert_ptr_nonnull(c);
	ck_assert_str_eq(c->bob.base_url, "https://api.hibob.com/v1");
	ck_assert_str_eq(c->bob.company_id, "636192");
	ck_assert_int_eq(c->policy.create, CREATE_ON_CREATION);
	ck_assert_int_eq(c->policy.activation, ACTIVATION_BOB_STATUS);
	ck_assert(c->policy.activation_email.is_sent);
	ck_assert_str_eq(zone_name(c->policy.zone), "Etc/UTC");
	ck_assert_int_eq(c->policy.leaver.action, LEAVER_DEACTIVATE);
	ck_assert(c->policy.leaver.ends_sessions);
	check_default_times(&c->policy);
	ck_assert_int_eq(c->policy.out_of_scope, SCOPE_KEEP);
	ck_assert_ptr_null(c->policy.match_okta);
	ck_assert_int_eq(c->reread_after_s, 25);
	ck_assert_int_eq(c->existing, EXISTING_HOLD);
	ck_assert_str_eq(map_rules_source(&c->rules, "login"), "root.email");
	settings_destroy(settings);
}
END_TEST

START_TEST(default_limits_are_those_of_the_policy)
{
	struct settings *settings = load_file(DATA "least.json");
	const struct limit_set *limits = &settings->connections[0].limits;
	ck_assert_int_eq(limits->hour[LIMIT_LOWER].count, 5);
	ck_assert_int_eq(limits->hour[LIMIT_LOWER].percent, 2);
	ck_assert_int_eq(limits->day[LIMIT_LOWER].count, 10);
	ck_assert_int_eq(limits->day[LIMIT_LOWER].percent, 5);
	ck_assert_int_eq(limits->week[LIMIT_LOWER].count, 20);
	ck_assert_int_eq(limits->week[LIMIT_LOWER].percent, 10);
	ck_assert_int_eq(limits->day[LIMIT_RENAME].count, 10);
	ck_assert_int_eq(limits->week[LIMIT_RENAME].percent, 10);
	ck_assert_int_eq(limits->hour[LIMIT_RAISE].count, 100);
	ck_assert_int_eq(limits->hour[LIMIT_CREATE].count, 500);
	ck_assert_int_eq(limits->hour[LIMIT_REVOKE].count, 20);
	ck_assert_int_eq(limits->hour[LIMIT_LEAVE_GROUP].count, 20);
	ck_assert_int_eq(limits->hour[LIMIT_LEAVE_GROUP].percent, 5);
	ck_assert_int_eq(limits->day[LIMIT_LEAVE_GROUP].count, 50);
	ck_assert_int_eq(limits->day[LIMIT_LEAVE_GROUP].percent, 10);
	ck_assert_int_eq(limits->hour[LIMIT_UPDATE_BY_SETTINGS].count, 50);
	ck_assert_int_eq(limits->hour[LIMIT_UPDATE_BY_SETTINGS].percent, 5);
	ck_assert_int_eq(limits->day[LIMIT_UPDATE_BY_SETTINGS].count, 100);
	ck_assert_int_eq(limits->day[LIMIT_UPDATE_BY_SETTINGS].percent, 10);
	ck_assert_int_eq(limits->day[LIMIT_RAISE].count, 0);
	ck_assert_int_eq(limits->hour[LIMIT_NONE].count, 0);
	settings_destroy(settings);
}
END_TEST

static void check_full_times(const struct policy_settings *policy)
{
	ck_assert_int_eq(policy->lead.create, 14);
	ck_assert_int_eq(policy->lead.activation, 1);
	ck_assert_int_eq(policy->create_at_minute, 6 * 60 + 15);
	ck_assert_int_eq(policy->activation_at_minute, 7 * 60 + 45);
	ck_assert(policy->activation_email.is_timed);
	ck_assert_int_eq(policy->activation_email.days_before, 2);
	ck_assert_int_eq(policy->activation_email.at_minute, 9 * 60);
	ck_assert_int_eq(policy->activation_email.resend_after_days, 3);
	ck_assert_int_eq(policy->sites[0].lead.create, 21);
	ck_assert_int_eq(policy->sites[0].lead.activation, LEAD_NOT_GIVEN);
	ck_assert_int_eq(policy->sites[1].lead.create, LEAD_NOT_GIVEN);
	ck_assert_int_eq(policy->sites[1].lead.activation, 0);
	ck_assert_uint_eq(policy->employment_count, 1);
	ck_assert_str_eq(policy->employments[0].type, "fixed term");
	ck_assert_int_eq(policy->employments[0].lead.create, 7);
	ck_assert_int_eq(policy->employments[0].lead.activation, 2);
}

static void check_full_ends(const struct policy_settings *policy)
{
	ck_assert_int_eq(policy->leaver.trigger, LEAVER_AT_LAST_DAY);
	ck_assert_int_eq(policy->leaver.at_minute, 17 * 60 + 30);
	ck_assert_int_eq(policy->leaver.then_deactivate_after_days, 90);
	ck_assert(!policy->leaver.revokes_tokens);
	ck_assert_int_eq(policy->leaver.groups, LEAVER_LOSES_GROUPS);
	ck_assert_int_eq(policy->leave, LEAVE_SUSPENDS);
	ck_assert_uint_eq(policy->leave_type_count, 2);
	ck_assert_str_eq(policy->leave_types[0].word, "sabbatical");
	ck_assert_int_eq(policy->leave_types[0].access, LEAVE_SUSPENDS);
	ck_assert_str_eq(policy->leave_types[1].word, "parental leave");
	ck_assert_int_eq(policy->leave_types[1].access, LEAVE_KEEPS_ACCESS);
	ck_assert_int_eq(policy->rehire, REHIRE_HOLD);
	ck_assert_str_eq(policy->old_login_attribute, "formerLogin");
}

static void check_full_policy(const struct policy_settings *policy)
{
	ck_assert_int_eq(policy->create, CREATE_ON_START_DATE);
	ck_assert_int_eq(policy->activation, ACTIVATION_NEVER);
	ck_assert(!policy->activation_email.is_sent);
	ck_assert_uint_eq(policy->email_domain_count, 2);
	ck_assert_str_eq(policy->email_domains[0], "example.com");
	ck_assert_str_eq(policy->email_domains[1], "example.org");
	ck_assert_str_eq(zone_name(policy->zone), "Europe/London");
	ck_assert_uint_eq(policy->site_count, 2);
	ck_assert_str_eq(policy->sites[0].site, "New York");
	ck_assert_str_eq(zone_name(policy->sites[0].zone), "America/New_York");
	ck_assert_uint_eq(policy->protected_count, 2);
	ck_assert_str_eq(policy->protected_accounts[0], "admin@example.com");
	ck_assert_str_eq(policy->protected_accounts[1], "00u1a2b3c4D5E6F7G8h9");
	ck_assert_str_eq(policy->match_okta, "employeeNumber");
	ck_assert_str_eq(policy->match_bob, "work.employeeIdInCompany");
	ck_assert_int_eq(policy->leaver.action, LEAVER_SUSPEND);
	ck_assert(!policy->leaver.ends_sessions);
	ck_assert_int_eq(policy->out_of_scope, SCOPE_SUSPEND);
}

static void check_full_rows(const struct map_rules *rules)
{
	ck_assert_str_eq(map_rules_source(rules, "costCenter"), "work.custom.field_1655996461265");
	ck_assert_ptr_null(map_rules_find(rules, "manager"));
	ck_assert_str_eq(map_rules_source(rules, "title"), "work.department");
	ck_assert_str_eq(rules->scope.text, ".work.site.label != \"Paris\"");
	const struct map_row *login = map_rules_find(rules, "login");
	ck_assert_int_eq(login->source, ROW_FROM_EXPRESSION);
	ck_assert_uint_eq(login->expression_count, 2);
	ck_assert_str_eq(login->expressions[1].text, ".root.email | sub(\"@\"; \"2@\")");
	ck_assert_int_eq(login->apply, APPLY_ON_CREATE);
	const struct map_row *organization = map_rules_find(rules, "organization");
	ck_assert_int_eq(organization->source, ROW_FROM_VALUE);
	ck_assert_str_eq(json_string_value(organization->value), "Acme");
	ck_assert_int_eq(organization->apply, APPLY_ALWAYS);
	const struct map_row *division = map_rules_find(rules, "division");
	ck_assert_int_eq(division->source, ROW_FROM_BOB);
	ck_assert_int_eq(division->when_empty, WHEN_EMPTY_DEFAULT);
	ck_assert_str_eq(json_string_value(division->fallback), "none");
	ck_assert_int_eq(division->form, FIELD_FORM_ID);
	ck_assert_int_eq(division->too_long, TOO_LONG_TRUNCATES);
}

static void check_full_groups(const struct connection_settings *c)
{
	ck_assert_str_eq(c->protected_group, "Break glass");
	ck_assert_uint_eq(c->rules.group_count, 2);
	ck_assert_str_eq(c->rules.groups[0].group, "Engineering");
	ck_assert_str_eq(c->rules.groups[0].when.text, ".work.department.label == \"Engineering\"");
	ck_assert_str_eq(c->rules.groups[0].when.fields[0], "work.department");
	ck_assert_str_eq(c->rules.groups[1].group, "00g1a2b3c4D5E6F7G8h9");
	ck_assert_int_eq(c->limits.hour[LIMIT_LEAVE_GROUP].count, 23);
	ck_assert_int_eq(c->limits.hour[LIMIT_LEAVE_GROUP].percent, 4);
	ck_assert_int_eq(c->limits.day[LIMIT_LEAVE_GROUP].count, 51);
	ck_assert_int_eq(c->limits.day[LIMIT_LEAVE_GROUP].percent, 9);
	/* 0 is no missing limit, but one that lets nobody pass. */
	ck_assert_int_eq(c->limits.hour[LIMIT_UPDATE_BY_SETTINGS].count, LIMIT_NOBODY);
	ck_assert_int_eq(c->limits.hour[LIMIT_UPDATE_BY_SETTINGS].percent, 6);
	ck_assert_int_eq(c->limits.day[LIMIT_UPDATE_BY_SETTINGS].count, LIMIT_NOBODY);
	ck_assert_int_eq(c->limits.day[LIMIT_UPDATE_BY_SETTINGS].percent, 12);
	ck_assert_int_eq(c->limits.week[LIMIT_UPDATE_BY_SETTINGS].count, 0);
}

static void check_full_targets(const struct alarm_settings *alarms)
{
	const struct alarm_target *ops = &alarms->targets[0];
	const struct alarm_target *mail = &alarms->targets[1];
	ck_assert_uint_eq(alarms->target_count, 2);
	ck_assert_str_eq(
	        secret_reveal(&ops->webhook), "https://hooks.example.com/services/T0/B0/key?x=1");
	ck_assert_str_eq(secret_reveal(&ops->bearer), "token-from-a-variable");
	ck_assert_str_eq(secret_reveal(&ops->hmac_secret), "hmac-secret");
	ck_assert_int_eq(ops->least, ALARM_CRITICAL);
	ck_assert_int_eq(ops->network, ALARM_TO_ANY);
	ck_assert_str_eq(mail->smtp, "smtp://mail.example.com:587");
	ck_assert_str_eq(mail->login, "robot");
	ck_assert(secret_is_set(&mail->password));
	ck_assert_str_eq(mail->from, "bob2okta@example.com");
	ck_assert_uint_eq(mail->to_count, 2);
	ck_assert_str_eq(mail->to[0], "it@example.com");
	ck_assert_str_eq(mail->to[1], "hr+alarms@example.com");
	ck_assert_int_eq(mail->least, ALARM_NOTICE);
	ck_assert_int_eq(mail->network, ALARM_TO_PUBLIC);
}

static void check_full_alarms(const struct alarm_settings *alarms)
{
	ck_assert_str_eq(alarms->link, "https://wiki.example.com/bob2okta");
	ck_assert_int_eq(alarms->levels[ALARM_HELD], ALARM_CRITICAL);
	ck_assert_int_eq(alarms->levels[ALARM_UNANNOUNCED], ALARM_LEVEL_OFF);
	ck_assert_int_eq(alarms->levels[ALARM_FAILED], ALARM_WARNING);
	ck_assert_int_eq(alarms->repeat_minutes[ALARM_CRITICAL], 5);
	ck_assert_int_eq(alarms->repeat_minutes[ALARM_WARNING], 60);
	ck_assert_int_eq(alarms->repeat_minutes[ALARM_NOTICE], 600);
	ck_assert_int_eq(alarms->repeat_longest_minutes, 700);
	ck_assert_int_eq(alarms->leaver_minutes, 10);
	ck_assert_int_eq(alarms->held_minutes, 30);
	ck_assert_int_eq(alarms->failed_hours, 12);
	ck_assert_int_eq(alarms->bob_silent_hours, 16);
	ck_assert_int_eq(alarms->token_unused_days, 10);
	ck_assert_int_eq(alarms->token_expires_days, 30);
	ck_assert_int_eq(alarms->disk_percent, 5);
	ck_assert_int_eq(alarms->disk_mb, 100);
}

START_TEST(every_key_reaches_its_place)
{
	ck_assert_int_eq(setenv("BOB2OKTA_TEST_TOKEN", "token-from-a-variable", 1), 0);
	struct settings *settings = load_file(DATA "full.json");
	const struct connection_settings *c = settings_find(settings, "default");
	ck_assert_int_eq(c->mode, SETTINGS_DRY_RUN);
	ck_assert_str_eq(c->bob.base_url, "https://api.sandbox.example.com/v1");
	ck_assert_str_eq(secret_reveal(&c->bob.service_user_token.value), "token-from-a-variable");
	ck_assert_uint_eq(c->bob.webhook_key_count, 2);
	ck_assert_int_eq(c->bob.webhook_expires_ms[0], INT64_C(1798761600000)); /* the day's end */
	ck_assert_int_eq(c->bob.webhook_expires_ms[1], 0);
	ck_assert_str_eq(c->okta.base_url, "https://acme.okta.com");
	ck_assert_str_eq(secret_reveal(&c->okta.api_token.value), "okta-token");
	check_full_policy(&c->policy);
	check_full_times(&c->policy);
	check_full_ends(&c->policy);
	ck_assert_int_eq(c->reread_after_s, 0);
	ck_assert_int_eq(c->existing, EXISTING_CREATE);
	ck_assert_int_eq(c->limits.week[LIMIT_LOWER].percent, 11);
	ck_assert_int_eq(c->limits.hour[LIMIT_RENAME].count, 7);
	ck_assert_int_eq(c->limits.hour[LIMIT_RENAME].percent, 2);
	ck_assert_int_eq(c->limits.hour[LIMIT_REVOKE].count, 22);
	check_full_rows(&c->rules);
	check_full_groups(c);
	int32_t day = 0;
	ck_assert(date_parse("2027-03-31", &day));
	ck_assert_int_eq(c->okta.token_expires, day);
	check_full_targets(&settings->alarms);
	check_full_alarms(&settings->alarms);
	settings_destroy(settings);
}
END_TEST

START_TEST(rows_alone_are_laid_over_the_default_rows)
{
	struct settings_report report;
	struct map_rules rules;
	json_t *rows = json_pack("[{s:s, s:s}]", "okta", "title", "expr", ".work.title");
	ck_assert(settings_load_rows(rows, NULL, &rules, &report, NULL));
	ck_assert_int_eq(map_rules_find(&rules, "title")->source, ROW_FROM_EXPRESSION);
	ck_assert_str_eq(map_rules_source(&rules, "login"), "root.email");
	map_rules_finish(&rules);
	json_object_set_new(json_array_get(rows, 0), "expr", json_true());
	struct err err = ERR_INIT;
	ck_assert(!settings_load_rows(rows, NULL, &rules, &report, &err));
	ck_assert_uint_eq(report.count, 1);
	ck_assert_str_eq(report.mistakes[0].path, "mapping[0].expr");
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_uint_eq(rules.count, 0);
	json_decref(rows);
}
END_TEST

START_TEST(the_mapping_of_one_connection_needs_no_secrets)
{
	struct settings_report report;
	struct map_rules rules;
	json_t *document = load_json(DATA "full.json");
	json_t *bob =
	        json_object_get(json_array_get(json_object_get(document, "connections"), 0), "bob");
	json_object_set_new(bob, "service_user_token", json_pack("{s:b}", "kept", 1));
	ck_assert(settings_load_mapping(document, "default", &rules, &report, NULL));
	check_full_rows(&rules);
	map_rules_finish(&rules);
	ck_assert(!settings_load_mapping(document, "other", &rules, &report, NULL));
	ck_assert_str_eq(report.mistakes[0].path, "connections");
	json_t *provisioning = json_object_get(
	        json_array_get(json_object_get(document, "connections"), 0), "provisioning");
	json_object_set_new(provisioning, "scope", json_integer(1));
	ck_assert(!settings_load_mapping(document, "default", &rules, &report, NULL));
	ck_assert_str_eq(report.mistakes[0].path, "connections[0].provisioning.scope");
	json_decref(document);
}
END_TEST

/* The settings of the full document, and its place of a key. */
static bool load_full_draft(
        struct connection_settings *draft, const char *path, json_t *value, const char *name)
{
	static struct settings_report report;
	json_t *document = load_json(DATA "full.json");
	json_t *connection = json_array_get(json_object_get(document, "connections"), 0);
	json_object_del(json_object_get(connection, "bob"), "service_user_token");
	json_object_set_new(connection, "okta", json_pack("{s:s}", "base_url", "http://nowhere"));
	if (value != NULL) {
		json_object_set_new(json_object_get(connection, "provisioning"), path, value);
	}
	bool is_loaded = settings_load_draft(document, name, draft, &report, NULL);
	ck_assert_uint_eq(report.count, is_loaded ? 0 : 1);
	if (!is_loaded && value != NULL) {
		ck_assert_ptr_nonnull(strstr(report.mistakes[0].path, path));
	}
	json_decref(document);
	return is_loaded;
}

START_TEST(a_draft_is_all_of_a_connection_but_its_access)
{
	struct connection_settings draft;
	ck_assert(load_full_draft(&draft, NULL, NULL, "default"));
	check_full_policy(&draft.policy);
	check_full_times(&draft.policy);
	check_full_rows(&draft.rules);
	ck_assert_str_eq(draft.name, "default");
	ck_assert_int_eq(draft.mode, SETTINGS_DRY_RUN);
	ck_assert_int_eq(draft.existing, EXISTING_CREATE);
	ck_assert_int_eq(draft.limits.hour[LIMIT_REVOKE].count, 22);
	ck_assert_ptr_null(draft.okta.base_url);
	ck_assert(!secret_is_set(&draft.bob.service_user_token.value));
	settings_connection_finish(&draft);
	ck_assert(!load_full_draft(&draft, NULL, NULL, "other"));
	ck_assert(!load_full_draft(&draft, "activation_at", json_integer(3), "default"));
	ck_assert_uint_eq(draft.rules.count, 0);
}
END_TEST

START_TEST(a_secret_of_a_file_ends_before_its_line_break)
{
	ck_assert_int_eq(setenv("BOB2OKTA_TEST_TOKEN", "token-from-a-variable", 1), 0);
	struct settings *settings = load_file(DATA "full.json");
	const char *secret = "webhook-secret-from-a-file";
	struct hmac_key *key = hmac_key_create(secret, strlen(secret), NULL);
	uint8_t ours[CRYPTO_HMAC_SHA512_BYTES];
	uint8_t theirs[CRYPTO_HMAC_SHA512_BYTES];
	ck_assert(hmac_sign(key, "body", 4, ours));
	ck_assert(hmac_sign(settings->connections[0].bob.webhook_keys[0], "body", 4, theirs));
	ck_assert_mem_eq(ours, theirs, sizeof(ours));
	hmac_key_destroy(key);
	settings_destroy(settings);
}
END_TEST

START_TEST(the_version_is_the_start_of_the_digest)
{
	struct settings *one = load_file(DATA "least.json");
	struct file_content content;
	uint8_t digest[CRYPTO_SHA256_BYTES];
	char hex[2 * CRYPTO_SHA256_BYTES + 1];
	ck_assert(file_read(DATA "least.json", FILE_MAX_BYTES, &content, NULL));
	ck_assert(crypto_sha256(content.bytes, content.len, digest));
	str_hex(hex, digest, sizeof(digest));
	hex[16] = '\0';
	ck_assert_str_eq(one->version, hex);
	file_content_wipe(&content);
	settings_destroy(one);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_no_mistake_of_the_document)
{
	struct settings_report report;
	struct err err = ERR_INIT;
	ck_assert_ptr_null(
	        settings_load_file(DATA "absent.json", SETTINGS_TLS_ONLY, &report, &err));
	ck_assert_uint_eq(report.count, 0);
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_ptr_nonnull(strstr(err.text, "--settings FILE"));
	ck_assert_ptr_nonnull(strstr(err.text, "absent.json"));
}
END_TEST

START_TEST(an_unknown_connection_is_not_found)
{
	struct settings *settings = load_file(DATA "least.json");
	ck_assert_ptr_null(settings_find(settings, "other"));
	settings_destroy(settings);
}
END_TEST

typedef const char *(*url_reader)(char *to, const char *text, enum settings_plain plain);

static void try_urls(const char *path, url_reader read)
{
	json_t *rows = load_json(path);
	size_t wrong = 0;
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		const char *text = json_get_text(row, "text");
		const char *expected = json_get_text(row, "url");
		char url[SETTINGS_URL_BYTES] = "";
		const char *problem = read(url, text, SETTINGS_TLS_ONLY);
		if ((problem == NULL) != (expected != NULL) ||
		        (expected != NULL && !str_equal(url, expected))) {
			fprintf(stderr, "\"%s\" gave \"%s\" (%s)\n", text, url,
			        problem != NULL ? problem : "taken");
			wrong++;
		}
	}
	json_decref(rows);
	ck_assert_uint_eq(wrong, 0);
}

START_TEST(hostile_spellings_of_okta_are_refused)
{
	try_urls(DATA "okta_urls.json", settings_url_okta);
}
END_TEST

START_TEST(hostile_spellings_of_bob_are_refused)
{
	try_urls(DATA "bob_urls.json", settings_url_bob);
}
END_TEST

START_TEST(plain_http_reaches_loopback_only)
{
	char url[SETTINGS_URL_BYTES];
	ck_assert_ptr_null(
	        settings_url_okta(url, "http://127.0.0.1:8090/okta/", SETTINGS_PLAIN_ON_LOOPBACK));
	ck_assert_str_eq(url, "http://127.0.0.1:8090/okta");
	ck_assert_ptr_nonnull(
	        settings_url_okta(url, "http://acme.okta.com", SETTINGS_PLAIN_ON_LOOPBACK));
	ck_assert_ptr_nonnull(
	        settings_url_bob(url, "http://10.0.0.1:80/v1", SETTINGS_PLAIN_ON_LOOPBACK));
}
END_TEST

/* What the page's row of a key must begin with. */
static void format_row(const struct settings_key *key, struct buf *row)
{
	bool is_required = (key->flags & SETTINGS_KEY_REQUIRED) != 0;
	buf_add_format(row, "| `%s` | %s | ", key->path, is_required ? "yes" : "");
	if (key->fallback != NULL) {
		buf_add_format(row, "`%s`", key->fallback);
	}
	buf_add_text(row, " | ");
}

START_TEST(the_page_has_a_row_for_every_key)
{
	struct file_content page;
	struct err err = ERR_INIT;
	ck_assert_msg(file_read("docs/settings.md", FILE_MAX_BYTES, &page, &err), "%s", err.text);
	size_t missing = 0;
	for (size_t i = 0; i < settings_keys_count; i++) {
		struct buf row;
		buf_init(&row, 1024);
		format_row(&settings_keys[i], &row);
		if (strstr(page.bytes, buf_text(&row)) == NULL) {
			fprintf(stderr, "docs/settings.md lacks: %s\n", buf_text(&row));
			missing++;
		}
		buf_finish(&row);
	}
	file_content_wipe(&page);
	ck_assert_uint_eq(missing, 0);
}
END_TEST

static Suite *settings_suite(void)
{
	Suite *suite = suite_create("settings");
	TCase *mistakes = tcase_create("mistakes");
	tcase_add_test(mistakes, every_mistake_is_named_by_its_path);
	tcase_add_test(mistakes, syntax_is_named_by_line_and_column);
	tcase_add_test(mistakes, mistakes_beyond_the_maximum_are_counted);
	tcase_add_test(mistakes, a_file_that_cannot_be_read_is_no_mistake_of_the_document);
	suite_add_tcase(suite, mistakes);
	TCase *values = tcase_create("values");
	tcase_add_test(values, defaults_hold_where_the_document_is_silent);
	tcase_add_test(values, default_limits_are_those_of_the_policy);
	tcase_add_test(values, every_key_reaches_its_place);
	tcase_add_test(values, rows_alone_are_laid_over_the_default_rows);
	tcase_add_test(values, the_mapping_of_one_connection_needs_no_secrets);
	tcase_add_test(values, a_draft_is_all_of_a_connection_but_its_access);
	tcase_add_test(values, a_secret_of_a_file_ends_before_its_line_break);
	tcase_add_test(values, the_version_is_the_start_of_the_digest);
	tcase_add_test(values, an_unknown_connection_is_not_found);
	suite_add_tcase(suite, values);
	TCase *addresses = tcase_create("addresses");
	tcase_add_test(addresses, hostile_spellings_of_okta_are_refused);
	tcase_add_test(addresses, hostile_spellings_of_bob_are_refused);
	tcase_add_test(addresses, plain_http_reaches_loopback_only);
	suite_add_tcase(suite, addresses);
	TCase *page = tcase_create("page");
	tcase_add_test(page, the_page_has_a_row_for_every_key);
	suite_add_tcase(suite, page);
	return suite;
}

int main(void)
{
	struct err err = ERR_INIT;
	if (!crypto_start(&err)) {
		return EXIT_FAILURE;
	}
	int status = suite_run(settings_suite());
	crypto_stop();
	return status;
}
