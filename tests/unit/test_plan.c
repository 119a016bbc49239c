/* SPDX-License-Identifier: MIT */
/*
 * Plans by tables (tests/data/plan/): person, account and present profile in,
 * the exact list of actions out. Each plan is then carried out on a model of
 * Okta, and a second one must be empty.
 */
#include "mapping/plan.h"

#include "server/base/buf.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/mapping_bench.h"
#include "tests/support/okta_model.h"
#include "tests/support/sample.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER "tests/data/plan/"

static const char *const TABLES[] = {
        "status", "profile", "rename", "required", "time", "old_login"};

static json_t *rows;
static const char *row_name;

/* One row with all that planning takes. */
struct bench {
	struct sample sample;
	struct map_rules rules;
	struct map_profile wanted;
	struct okta_model model;
	struct attribute_catalog *attributes; /* "schema": attributes by name; NULL: not known */
	const json_t *row;
	bool has_profile;
};

/* "same": what Bob says already; an object: laid over that; null: unknown. */
static json_t *present_of(const struct bench *bench)
{
	const json_t *given = json_object_get(bench->row, "present");
	if (json_is_null(given) || !bench->sample.account.is_linked || !bench->has_profile) {
		return json_is_object(given) ? json_deep_copy(given) : NULL;
	}
	json_t *present = map_profile_diff(&bench->wanted, DIFF_FOR_CREATE, NULL, NULL);
	if (json_is_object(given)) {
		json_t *over = json_deep_copy(given);
		json_object_update(present, over);
		json_decref(over);
	}
	return present;
}

static const char *baseline(const struct bench *bench, const char *key, const char *okta)
{
	const json_t *given = json_object_get(bench->row, key);
	return given == NULL ? map_profile_text(&bench->wanted, okta) : json_string_value(given);
}

static void bench_init(struct bench *bench, const json_t *row)
{
	struct err err = ERR_INIT;
	memset(bench, 0, sizeof(*bench));
	bench->row = row;
	sample_init(&bench->sample, row);
	ck_assert(map_rules_init_default(&bench->rules));
	mapping_bench_lay(&bench->rules, json_object_get(row, "mapping"));
	bench->attributes = mapping_bench_schema(row);
	bench->has_profile = bench->sample.input.person != NULL;
	if (bench->has_profile) {
		const struct map_context context = {.attributes = bench->attributes};
		ck_assert(map_profile_make(
		        &bench->wanted, &bench->rules, &context, bench->sample.input.person, &err));
	}
	okta_model_init(&bench->model, &bench->sample.account, present_of(bench));
	bench->model.bob_login = str_dup(baseline(bench, "bob_login", "login"));
	bench->model.bob_email = str_dup(baseline(bench, "bob_email", "email"));
	bench->model.is_sessions_due = json_get_bool(row, "is_sessions_due", false);
}

static void bench_finish(struct bench *bench)
{
	okta_model_finish(&bench->model);
	map_profile_finish(&bench->wanted);
	map_rules_finish(&bench->rules);
	attribute_catalog_destroy(bench->attributes);
	sample_finish(&bench->sample);
}

static void bench_plan(struct bench *bench, struct decision *decision, struct plan *plan)
{
	struct err err = ERR_INIT;
	struct policy_input input = bench->sample.input;
	bench->model.now_ms = input.now_ms;
	input.account = &bench->model.account;
	policy_decide(&input, decision);
	const struct plan_input plan_input = {
	        .decision = decision,
	        .account = &bench->model.account,
	        .settings = &bench->sample.settings,
	        .wanted = bench->has_profile ? &bench->wanted : NULL,
	        .attributes = bench->attributes,
	        .present = bench->model.present,
	        .bob_login = bench->model.bob_login,
	        .bob_email = bench->model.bob_email,
	        .may_clear = json_get_text(bench->row, "may_clear"),
	        .stopped = json_get_text(bench->row, "stopped"),
	        .is_sessions_due = bench->model.is_sessions_due,
	        .is_sourced_elsewhere = json_get_bool(bench->row, "is_sourced_elsewhere", false),
	};
	ck_assert_msg(plan_make(plan, &plan_input, &err), "%s", err.text);
}

/* ------------------------------------------------------------------ as one line */

static void add_profile(struct buf *line, const json_t *profile)
{
	char *text = json_format(profile);
	buf_add_format(line, " %s", text);
	free(text);
}

/* "deactivate L1 lower", "create G1 create +activate +mail {...}" */
static void add_action(struct buf *line, const struct planned_action *action)
{
	buf_add_format(line, "%s%s %s", line->len == 0 ? "" : "; ", action_kind_name(action->kind),
	        policy_rule_id(action->rule));
	if (action->limit != LIMIT_NONE) {
		buf_add_format(line, " limit:%s", limit_kind_name(action->limit));
	}
	buf_add_text(line, action->is_activating ? " +activate" : "");
	buf_add_text(line, action->sends_email ? " +mail" : "");
	buf_add_text(line, action->is_rename ? " +rename" : "");
	if (action->kind == ACTION_UPDATE) {
		add_profile(line, action->profile);
	}
}

static void format_plan(struct buf *line, const struct plan *plan)
{
	buf_init(line, 4096);
	for (size_t i = 0; i < plan->count; i++) {
		add_action(line, &plan->actions[i]);
	}
}

static void expect_text(
        const json_t *expect, const char *key, const char *got, const char *fallback)
{
	const char *wanted = json_get_text(expect, key);
	if (wanted == NULL) {
		wanted = fallback;
	}
	ck_assert_msg(wanted == NULL || str_equal(wanted, got), "%s: %s: expected %s, got %s",
	        row_name, key, wanted, got);
}

static void expect_profile(const json_t *expect, const struct plan *plan)
{
	const json_t *wanted = json_object_get(expect, "create");
	if (wanted != NULL) {
		ck_assert_msg(plan->count > 0, "%s: nothing planned", row_name);
		char *got = json_format(plan->actions[0].profile);
		ck_assert_msg(json_equal(plan->actions[0].profile, wanted), "%s: create with %s",
		        row_name, got);
		free(got);
	}
}

static void expect_plan(const json_t *expect, const struct plan *plan)
{
	struct buf line;
	format_plan(&line, plan);
	expect_text(expect, "actions", buf_text(&line), "(missing in the row)");
	expect_text(expect, "lane", lane_name(plan->lane), NULL);
	expect_text(expect, "missing", plan->missing, "");
	expect_text(expect, "missing_reason", plan->missing_reason, "");
	expect_text(expect, "hold",
	        plan->hold == HOLD_KIND_COUNT ? "none" : hold_kind_name(plan->hold), "none");
	expect_text(expect, "hold_cause", plan->hold_cause, NULL);
	expect_profile(expect, plan);
	for (size_t i = 0; i < plan->count; i++) {
		ck_assert_msg(plan->actions[i].reason[0] != '\0', "%s: no reason", row_name);
		ck_assert_msg(strchr(plan->actions[i].reason, '@') == NULL, "%s: %s", row_name,
		        plan->actions[i].reason);
	}
	buf_finish(&line);
}

START_TEST(each_row_is_planned_as_it_says_and_only_once)
{
	struct bench bench;
	struct decision decision;
	struct plan plan;
	const json_t *row = json_array_get(rows, (size_t)_i);
	row_name = json_get_text(row, "name");
	bench_init(&bench, row);
	bench_plan(&bench, &decision, &plan);
	expect_plan(json_object_get(row, "expect"), &plan);
	okta_model_apply(&bench.model, &decision, &plan, &bench.wanted);
	plan_finish(&plan);
	bench_plan(&bench, &decision, &plan);
	ck_assert_msg(plan.count == 0, "%s: planned twice", row_name);
	plan_finish(&plan);
	bench_finish(&bench);
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

static Suite *plan_suite(void)
{
	Suite *suite = suite_create("plan");
	TCase *table = tcase_create("tables");
	tcase_add_loop_test(
	        table, each_row_is_planned_as_it_says_and_only_once, 0, (int)json_array_size(rows));
	suite_add_tcase(suite, table);
	return suite;
}

int main(void)
{
	load_rows();
	int status = suite_run(plan_suite());
	json_decref(rows);
	return status;
}
