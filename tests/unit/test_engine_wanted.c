/* SPDX-License-Identifier: MIT */
/* What a run's rows are given, and what becomes of rows that could not do their work. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/metrics.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define MANAGER "77"

/* Rows that every test here has: a colleague's account, an expression, a field Bob hides. */
#define MAPPING                                                                     \
	"{\"mapping\":[{\"okta\":\"manager\",\"bob\":null},"                        \
	"{\"okta\":\"managerId\",\"bob\":\"work.reportsTo\",\"as\":\"okta_id\"},"   \
	"{\"okta\":\"nickName\",\"expr\":\".work.title\"},"                         \
	"{\"okta\":\"costCenter\",\"bob\":\"work.custom.field_1\"},"                \
	"{\"okta\":\"title\",\"bob\":null},{\"okta\":\"department\",\"bob\":null}," \
	"{\"okta\":\"mobilePhone\",\"bob\":null},{\"okta\":\"primaryPhone\",\"bob\":null}]}"

static struct engine_fixture fixture;

/* What the one expression gives. */
static struct {
	enum evaluation_state state;
	const char *text;
	int evaluated;
} script;

static void evaluate(void *context, const char *employee_id, const json_t *input,
        const bool *is_asked, struct evaluation *results)
{
	(void)context;
	(void)employee_id;
	(void)input;
	if (!is_asked[0]) {
		return;
	}
	script.evaluated++;
	results[0] = (struct evaluation){.state = script.state};
	if (script.state == EVALUATION_VALUE) {
		results[0].value = json_string(script.text);
	} else {
		ck_assert(str_copy(results[0].reason, sizeof(results[0].reason), script.text));
	}
}

static void set_up(void)
{
	engine_fixture_start(&fixture, MAPPING);
	fixture.connection->evaluator = (struct evaluator){.evaluate = evaluate};
	script.state = EVALUATION_VALUE;
	script.text = "Lead";
	script.evaluated = 0;
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static json_t *person(const char *more)
{
	char text[512];
	ck_assert(str_format(text, sizeof(text), "{\"more\":{%s}}", more));
	return engine_fixture_person(text);
}

#define READABLE "\"work\":{\"title\":\"Lead\",\"custom\":{\"field_1\":\"CC1\"}"
#define REPORTS  ",\"reportsTo\":{\"id\":\"" MANAGER "\",\"displayName\":\"Max\"}}"
#define NOBODY   ",\"reportsTo\":null}"
#define UPDATED  engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, "")

static void link_and_answer(void)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID, UPDATED);
}

static const char *sent_text(const char *name)
{
	static char text[128];
	json_t *body = engine_fixture_sent(&fixture, "POST");
	const char *value = json_get_text(json_object_get(body, "profile"), name);
	str_format_cut(text, sizeof(text), "%s", value != NULL ? value : "");
	json_decref(body);
	return text;
}

/* ----------------------------------------------------------------- references */

START_TEST(a_colleagues_account_is_found_in_the_store)
{
	store_fixture_link(fixture.store, MANAGER, "00u9max", "max@example.com", ACCOUNT_ACTIVE);
	link_and_answer();
	engine_fixture_run(&fixture, person(READABLE REPORTS));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(sent_text("managerId"), "00u9max");
	ck_assert_ptr_null(fixture.employee.waits_for);
	ck_assert_ptr_null(fixture.employee.row_problems);
	/* The account's id, which no row here uses another of, never changes. */
	ck_assert_ptr_null(fixture.employee.refers_to);
}
END_TEST

START_TEST(without_an_account_the_row_waits_and_is_woken_by_it)
{
	link_and_answer();
	engine_fixture_run(&fixture, person(READABLE REPORTS));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(sent_text("managerId"), "");
	ck_assert_str_eq(sent_text("nickName"), "Lead");
	ck_assert_str_eq(fixture.employee.waits_for, MANAGER);
	ck_assert_ptr_nonnull(strstr(fixture.employee.row_problems, "\"waiting\""));
	/* Somebody else's manager: nobody to wait for any more. */
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID, UPDATED);
	engine_fixture_run(&fixture, person(READABLE NOBODY));
	ck_assert_ptr_null(fixture.employee.waits_for);
	ck_assert_ptr_null(fixture.employee.row_problems);
}
END_TEST

#define LOGIN_MAPPING                                                                            \
	"{\"mapping\":[{\"okta\":\"manager\",\"bob\":\"work.reportsTo\",\"as\":\"okta_login\"}," \
	"{\"okta\":\"title\",\"bob\":null},{\"okta\":\"department\",\"bob\":null},"              \
	"{\"okta\":\"mobilePhone\",\"bob\":null},{\"okta\":\"primaryPhone\",\"bob\":null}]}"

START_TEST(a_manager_whose_login_changes_wakes_the_reports)
{
	static const char RENAMED[] = "{\"login\":\"max.power@example.com\"}";
	struct employee_key manager = store_fixture_key(MANAGER);
	struct employee employee = {0};

	engine_fixture_start(&fixture, LOGIN_MAPPING);
	store_fixture_link(fixture.store, MANAGER, "00u9max", "max@example.com", ACCOUNT_ACTIVE);
	link_and_answer();
	engine_fixture_run(&fixture, person("\"work\":{\"title\":\"Lead\"" REPORTS));
	ck_assert_str_eq(sent_text("manager"), "max@example.com");
	ck_assert_str_eq(fixture.employee.refers_to, MANAGER);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_IDLE);

	ck_assert(store_employee_mark(fixture.store, &manager, LANE_UPDATE, NULL, NULL));
	employee = store_fixture_claim(fixture.store, MANAGER);
	ck_assert(personal_set(&employee.present_profile, RENAMED));
	ck_assert(store_employee_finish(fixture.store, &employee, EMPLOYEE_IDLE, NULL));
	employee_finish(&employee);
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_DIRTY);

	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID, UPDATED);
	engine_fixture_run(&fixture, person("\"work\":{\"title\":\"Lead\"" REPORTS));
	ck_assert_str_eq(sent_text("manager"), "max.power@example.com");
	engine_fixture_stop(&fixture);
}
END_TEST

/* ------------------------------------------------------------------- problems */

static double problems_counted(const char *attribute, const char *state)
{
	return metrics_get(METRIC_MAPPING_PROBLEMS, LABELS("default", attribute, state));
}

START_TEST(a_problem_is_shown_and_counted_when_it_is_new)
{
	const char *hidden = "\"work\":{\"title\":\"Lead\"" NOBODY;
	double before = problems_counted("costCenter", "not_readable");
	link_and_answer();
	engine_fixture_run(&fixture, person(hidden));
	ck_assert_ptr_nonnull(strstr(fixture.employee.row_problems, "\"costCenter\""));
	ck_assert_ptr_nonnull(strstr(fixture.employee.row_problems, "\"not_readable\""));
	ck_assert(problems_counted("costCenter", "not_readable") == before + 1);
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID, UPDATED);
	engine_fixture_run(&fixture, person(hidden));
	ck_assert(problems_counted("costCenter", "not_readable") == before + 1);
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID, UPDATED);
	engine_fixture_run(&fixture, person(READABLE NOBODY));
	ck_assert_ptr_null(fixture.employee.row_problems);
	/* Back again: new once more. */
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID, UPDATED);
	engine_fixture_run(&fixture, person(hidden));
	ck_assert(problems_counted("costCenter", "not_readable") == before + 2);
}
END_TEST

START_TEST(a_run_that_did_not_read_keeps_what_is_known)
{
	link_and_answer();
	engine_fixture_run(&fixture, person("\"work\":{\"title\":\"Lead\"" NOBODY));
	ck_assert_ptr_nonnull(fixture.employee.row_problems);
	engine_fixture_run(&fixture, NULL);
	ck_assert_ptr_nonnull(fixture.employee.row_problems);
}
END_TEST

START_TEST(a_failed_expression_leaves_the_other_rows_working)
{
	script.state = EVALUATION_STOPPED;
	script.text = "took longer than 50 ms";
	link_and_answer();
	engine_fixture_run(&fixture, person(READABLE NOBODY));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(sent_text("costCenter"), "CC1");
	ck_assert_str_eq(sent_text("nickName"), "");
	ck_assert_ptr_nonnull(strstr(fixture.employee.row_problems, "50 ms"));
	ck_assert_int_eq(fixture.employee.again_since_ms, 0);
}
END_TEST

/* ---------------------------------------------------------------------- again */

static int64_t since_ms;

static void set_since(struct employee *employee)
{
	employee->again_since_ms = since_ms;
}

static const struct again_case {
	int64_t since_ago_ms; /* 0: the first time */
	int64_t wait_ms;
} AGAIN_CASES[] = {
        {0, 60000},
        {10000, 60000},
        {600000, 600000},
        {86400000, 3600000},
};

START_TEST(a_row_without_a_verdict_is_looked_at_again)
{
	const struct again_case *row = &AGAIN_CASES[_i];
	script.state = EVALUATION_AGAIN;
	script.text = "no evaluator could be had";
	link_and_answer();
	since_ms = row->since_ago_ms != 0 ? clock_wall_ms() - row->since_ago_ms : 0;
	engine_fixture_change(&fixture, FIXTURE_PERSON, set_since);
	engine_fixture_run(&fixture, person(READABLE NOBODY));
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_WAITING);
	int64_t wait_ms = fixture.employee.reread_at_ms - clock_wall_ms();
	ck_assert_int_le(wait_ms, row->wait_ms + 1000);
	ck_assert_int_gt(wait_ms, row->wait_ms - 5000);
	ck_assert_int_ne(fixture.employee.again_since_ms, 0);
	script.state = EVALUATION_VALUE;
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID, UPDATED);
	engine_fixture_run(&fixture, person(READABLE NOBODY));
	ck_assert_int_eq(fixture.employee.again_since_ms, 0);
	ck_assert_int_eq(fixture.employee.reread_at_ms, 0);
}
END_TEST

/* -------------------------------------------------------------------- leavers */

START_TEST(who_leaves_waits_for_no_expression)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_answer(&fixture, "POST", "/lifecycle/deactivate", "{}");
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "");
	engine_fixture_run(&fixture,
	        engine_fixture_person("{\"lifecycle\":\"terminated\",\"status\":\"inactive\","
	                              "\"end\":\"2020-01-31\",\"last\":\"2020-01-31\","
	                              "\"start\":\"2019-01-01\"}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_DEPROVISIONED);
	ck_assert_int_eq(script.evaluated, 0);
	ck_assert_ptr_null(fixture.employee.row_problems);
}
END_TEST

/* -------------------------------------------------------------------- missing */

START_TEST(what_cannot_be_created_says_why)
{
	json_t *nameless = engine_fixture_person("{\"first\":\"absent\"}");
	engine_fixture_run(&fixture, nameless);
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_ptr_nonnull(strstr(fixture.employee.last_sentence, "cannot be created yet"));
	ck_assert_ptr_nonnull(strstr(fixture.employee.last_sentence, "firstName"));
	ck_assert_uint_eq(fixture.actions.count, 0);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("engine_wanted");
	TCase *rows = tcase_create("rows");
	tcase_add_checked_fixture(rows, set_up, tear_down);
	tcase_add_test(rows, a_colleagues_account_is_found_in_the_store);
	tcase_add_test(rows, without_an_account_the_row_waits_and_is_woken_by_it);
	tcase_add_test(rows, a_problem_is_shown_and_counted_when_it_is_new);
	tcase_add_test(rows, a_run_that_did_not_read_keeps_what_is_known);
	tcase_add_test(rows, a_failed_expression_leaves_the_other_rows_working);
	tcase_add_loop_test(
	        rows, a_row_without_a_verdict_is_looked_at_again, 0, (int)ARRAY_SIZE(AGAIN_CASES));
	tcase_add_test(rows, who_leaves_waits_for_no_expression);
	tcase_add_test(rows, what_cannot_be_created_says_why);
	suite_add_tcase(suite, rows);
	TCase *logins = tcase_create("logins");
	tcase_set_timeout(logins, 30);
	tcase_add_test(logins, a_manager_whose_login_changes_wakes_the_reports);
	suite_add_tcase(suite, logins);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
