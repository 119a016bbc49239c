/* SPDX-License-Identifier: MIT */
/* The policy by tables: tests/data/policy/, a file for each section, a row for each case. */
#include "mapping/policy.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/data/policy/"

static const char *const TABLES[] = {
        "precedence",
        "getting",
        "raising",
        "leavers",
        "revocation",
        "leave",
        "unknown",
        "dates",
        "scope",
        "lead",
        "trigger",
        "leave_types",
        "rehire",
        "mail",
        "compared",
        "move",
        "unread",
        "zones",
};

static json_t *rows;
static const char *row_name; /* of the case in hand, for messages */

static void expect_text(
        const json_t *expect, const char *key, const char *got, const char *fallback)
{
	const char *wanted = json_get_text(expect, key);
	if (wanted == NULL) {
		wanted = fallback;
	}
	if (wanted != NULL) {
		ck_assert_msg(str_equal(wanted, got), "%s: %s: expected %s, got %s", row_name, key,
		        wanted, got);
	}
}

static void expect_flag(const json_t *expect, const char *key, bool got)
{
	const bool wanted = json_get_bool(expect, key, false);
	ck_assert_msg(wanted == got, "%s: %s: expected %d, got %d", row_name, key, wanted, got);
}

/* "never" stands for 0. */
static void expect_time(const json_t *expect, const char *key, int64_t got_ms)
{
	char got[CLOCK_TEXT_BYTES] = "never";
	if (got_ms != 0) {
		clock_format(got, got_ms);
	}
	const char *wanted = json_get_text(expect, key);
	if (wanted == NULL) {
		return;
	}
	const bool is_same =
	        strcmp(wanted, "never") == 0 ? got_ms == 0 : got_ms == sample_time_ms(wanted);
	ck_assert_msg(is_same, "%s: %s: expected %s, got %s", row_name, key, wanted, got);
}

static const char *mail_name(const struct decision *decision)
{
	if (decision->is_mail_due) {
		return "due";
	}
	return decision->is_mail_with_activation ? "with_activation" : "none";
}

static const char *writes_name(const struct decision *decision)
{
	if (!decision->may_write_profile) {
		return decision->may_rename ? "only a rename" : "nothing";
	}
	return decision->may_rename ? "all" : "no rename";
}

static void expect_decision(const json_t *expect, const struct decision *decision)
{
	const char *part = json_get_text(expect, "reason");
	expect_text(
	        expect, "wanted", wanted_account_name(decision->wanted), "(missing in the row)");
	expect_text(expect, "rule", policy_rule_id(decision->rule), "(missing in the row)");
	expect_text(expect, "hold",
	        decision->hold == HOLD_KIND_COUNT ? "none" : hold_kind_name(decision->hold),
	        "none");
	expect_text(expect, "lower_cause", lower_cause_name(decision->lower_cause), NULL);
	expect_text(expect, "lane", lane_name(decision->lane), NULL);
	expect_time(expect, "due", decision->due_at_ms);
	expect_time(expect, "closes_at", decision->closes_at_ms);
	expect_text(expect, "mail", mail_name(decision), NULL);
	expect_flag(expect, "clears_groups", decision->clears_groups);
	expect_flag(expect, "may_create", decision->may_create);
	expect_flag(expect, "is_alarm", decision->is_alarm);
	expect_flag(expect, "is_revocation", decision->is_revocation);
	expect_flag(expect, "is_leaver", decision->is_leaver);
	expect_flag(expect, "is_rehired", decision->is_rehired);
	expect_text(expect, "writes", writes_name(decision), NULL);
	ck_assert_msg(part == NULL || strstr(decision->reason, part) != NULL, "%s: reason: %s",
	        row_name, decision->reason);
	ck_assert_msg(decision->reason[0] != '\0', "%s: no reason", row_name);
}

START_TEST(each_row_is_decided_as_it_says)
{
	const json_t *row = json_array_get(rows, (size_t)_i);
	struct sample sample;
	struct decision decision;
	sample_init(&sample, row);
	policy_decide(&sample.input, &decision);
	row_name = json_get_text(row, "name");
	expect_decision(json_object_get(row, "expect"), &decision);
	sample_finish(&sample);
}
END_TEST

START_TEST(every_rule_has_an_id_and_a_text)
{
	for (int rule = 0; rule < RULE_COUNT; rule++) {
		ck_assert_str_ne(policy_rule_id((enum policy_rule)rule), "?");
		ck_assert_uint_gt(strlen(policy_rule_text((enum policy_rule)rule)), 0);
	}
	ck_assert_str_eq(policy_rule_id(RULE_COUNT), "?");
}
END_TEST

START_TEST(domains_compare_without_case_and_only_whole)
{
	struct policy_settings settings;
	json_t *shorthand =
	        json_loads("{\"email_domains\":[\"example.com\",\"example.org\"]}", 0, NULL);
	sample_settings_init(&settings, shorthand);
	ck_assert(policy_domain_allowed(&settings, "ada@example.com"));
	ck_assert(policy_domain_allowed(&settings, "ada@EXAMPLE.org"));
	ck_assert(!policy_domain_allowed(&settings, "ada@mail.example.com"));
	ck_assert(!policy_domain_allowed(&settings, "ada@notexample.com"));
	ck_assert(!policy_domain_allowed(&settings, "ada@example.com.example.net"));
	ck_assert(!policy_domain_allowed(&settings, "@example.com"));
	ck_assert(!policy_domain_allowed(&settings, "example.com"));
	ck_assert(!policy_domain_allowed(&settings, NULL));
	policy_settings_finish(&settings);
	json_decref(shorthand);
}
END_TEST

START_TEST(a_star_allows_any_domain_but_not_a_missing_one)
{
	struct policy_settings settings;
	json_t *shorthand = json_loads("{\"email_domains\":[\"*\"]}", 0, NULL);
	sample_settings_init(&settings, shorthand);
	ck_assert(policy_domain_allowed(&settings, "ada@anything.example"));
	ck_assert(!policy_domain_allowed(&settings, "ada"));
	ck_assert(!policy_domain_allowed(&settings, "ada@"));
	policy_settings_finish(&settings);
	json_decref(shorthand);
}
END_TEST

START_TEST(reads_ask_for_the_employment_type_only_where_it_counts)
{
	struct policy_settings settings;
	json_t *shorthand = json_loads("{\"employments\":{\"contractor\":{}}}", 0, NULL);
	sample_settings_init(&settings, shorthand);
	ck_assert(policy_needs_employment_type(&settings));
	policy_settings_finish(&settings);
	sample_settings_init(&settings, NULL);
	ck_assert(!policy_needs_employment_type(&settings));
	policy_settings_finish(&settings);
	for (size_t i = 0; person_needed_fields[i] != NULL; i++) {
		ck_assert_str_ne(person_needed_fields[i], "payroll.employment.type");
	}
	json_decref(shorthand);
}
END_TEST

START_TEST(words_of_the_settings_are_stable)
{
	ck_assert_str_eq(creation_time_name(CREATE_ON_CREATION), "on_creation");
	ck_assert_str_eq(creation_time_name(CREATE_ON_START_DATE), "on_start_date");
	for (int mode = ACTIVATION_BOB_STATUS; mode <= ACTIVATION_NEVER; mode++) {
		const char *name = activation_mode_name((enum activation_mode)mode);
		ck_assert_int_eq((int)activation_mode_parse(name), mode);
	}
	ck_assert_int_eq(activation_mode_parse("sometimes"), ACTIVATION_BOB_STATUS);
	ck_assert_int_eq(activation_mode_parse(NULL), ACTIVATION_BOB_STATUS);
}
END_TEST

static void load_rows(void)
{
	char path[256];
	rows = json_array();
	for (size_t i = 0; i < ARRAY_SIZE(TABLES); i++) {
		str_format_cut(path, sizeof(path), FOLDER "%s.json", TABLES[i]);
		json_t *table = sample_load(path);
		json_array_extend(rows, table);
		json_decref(table);
	}
}

static Suite *policy_suite(void)
{
	Suite *suite = suite_create("policy");
	TCase *table = tcase_create("tables");
	tcase_add_loop_test(table, each_row_is_decided_as_it_says, 0, (int)json_array_size(rows));
	suite_add_tcase(suite, table);
	TCase *names = tcase_create("names and settings");
	tcase_add_test(names, every_rule_has_an_id_and_a_text);
	tcase_add_test(names, domains_compare_without_case_and_only_whole);
	tcase_add_test(names, a_star_allows_any_domain_but_not_a_missing_one);
	tcase_add_test(names, reads_ask_for_the_employment_type_only_where_it_counts);
	tcase_add_test(names, words_of_the_settings_are_stable);
	suite_add_tcase(suite, names);
	return suite;
}

int main(void)
{
	load_rows();
	int status = suite_run(policy_suite());
	json_decref(rows);
	return status;
}
