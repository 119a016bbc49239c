/* SPDX-License-Identifier: MIT */
/* One sweep without its thread, and the runs it leads to. */
#include "server/engine/sweep_parts.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct engine_fixture fixture;
static struct sweep swept;
static struct err err;

#define PROFILE "\"firstName\":\"Ada\",\"lastName\":\"King\",\"displayName\":\"Ada King\""

static void set_up(void)
{
	err = (struct err)ERR_INIT;
	engine_fixture_start(&fixture, NULL);
}

static void set_up_correcting(void)
{
	err = (struct err)ERR_INIT;
	engine_fixture_start(&fixture, "{\"sweep\":{\"correct_drift\":true}}");
}

static void tear_down(void)
{
	sweep_finish(&swept);
	engine_fixture_stop(&fixture);
}

/* Okta's only page: Ada, with this status and more attributes. */
static void list_ada(const char *status, const char *more)
{
	char page[4096];

	ck_assert(str_format(page, sizeof(page), "[%s]",
	        engine_fixture_user(FIXTURE_OKTA_ID, status, FIXTURE_LOGIN, more)));
	engine_fixture_answer(&fixture, "GET", "search=created", page);
}

static void sweep_now(void)
{
	struct sweep sweep = {.connection = "default", .cause = SWEEP_BY_HAND};

	ck_assert_msg(store_sweep_ask(fixture.store, &sweep, NULL, &err), "%s", err.text);
	int64_t id = sweep.sweep_id;
	sweep_run(fixture.engine, fixture.connection, &sweep);
	sweep_finish(&swept);
	ck_assert(store_sweep_get(fixture.store, id, &swept, &err));
}

static void expect_state(enum sweep_state state)
{
	ck_assert_msg(
	        swept.state == state, "%s: %s", sweep_state_name(swept.state), swept.sentence);
}

/* "kind id detail" of the findings of one kind, the first one; "" for none. */
static const char *found(enum finding_kind kind)
{
	static char text[512];
	struct findings_query query = {.sweep_id = swept.sweep_id, .kind = kind, .limit = 10};
	struct finding_list findings;

	ck_assert(store_sweep_findings(fixture.store, &query, &findings, &err));
	text[0] = '\0';
	if (findings.count > 0) {
		ck_assert(str_format(text, sizeof(text), "%zu %s %s", findings.count,
		        findings.items[0].employee_id, findings.items[0].detail));
	}
	finding_list_finish(&findings);
	return text;
}

static void link_ada(void)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
	/* A first run, so that the record is as Bob says. */
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	(void)engine_fixture_calls(&fixture);
}

/* ------------------------------------------------------------------ compare */

START_TEST(nothing_is_found_where_nothing_differs)
{
	link_ada();
	list_ada("ACTIVE", PROFILE);
	sweep_now();
	expect_state(SWEEP_DONE);
	for (int kind = 0; kind < FINDING_KIND_COUNT; kind++) {
		ck_assert_str_eq(found((enum finding_kind)kind), "");
	}
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_IDLE);
}
END_TEST

START_TEST(drift_is_listed_and_left)
{
	link_ada();
	list_ada("ACTIVE",
	        "\"firstName\":\"Adi\",\"lastName\":\"King\",\"displayName\":\"AK\","
	        "\"nickName\":\"A\"");
	sweep_now();
	expect_state(SWEEP_DONE);
	ck_assert_ptr_nonnull(strstr(found(FINDING_DRIFT), "displayName"));
	ck_assert_ptr_nonnull(strstr(found(FINDING_DRIFT), "firstName"));
	ck_assert_ptr_null(strstr(found(FINDING_DRIFT), "lastName"));
	ck_assert_ptr_null(strstr(found(FINDING_DRIFT), "nickName"));
	ck_assert_ptr_null(strstr(found(FINDING_DRIFT), "Adi"));
	ck_assert_str_eq(found(FINDING_CHANGE), "");
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_IDLE);
	ck_assert_int_eq(fixture.employee.doubt, DOUBT_NONE);
}
END_TEST

START_TEST(drift_is_corrected_where_the_settings_say_so)
{
	static const char DRIFTED[] =
	        "\"firstName\":\"Adi\",\"lastName\":\"King\",\"displayName\":\"Ada King\"";

	link_ada();
	list_ada("ACTIVE", DRIFTED);
	sweep_now();
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(fixture.employee.doubt, DOUBT_USER);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, DRIFTED));
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, PROFILE));
	(void)engine_fixture_calls(&fixture);
	ck_assert_int_eq(engine_fixture_run(&fixture, engine_fixture_person("{}")), RUN_ENDS_WELL);
	ck_assert_str_eq(
	        engine_fixture_calls(&fixture), "GET /" FIXTURE_OKTA_ID ", POST /" FIXTURE_OKTA_ID);
	json_t *sent = engine_fixture_sent(&fixture, "POST");
	ck_assert_uint_eq(json_object_size(json_object_get(sent, "profile")), 1);
	json_decref(sent);
	ck_assert_int_eq(fixture.employee.doubt, DOUBT_NONE);
}
END_TEST

/* What was changed by hand beside the status stays out of the record, and so out of the plan. */
START_TEST(a_doubted_status_takes_over_the_status_alone)
{
	static const char DRIFTED[] = "\"firstName\":\"Adi\"";

	link_ada();
	list_ada("SUSPENDED", DRIFTED);
	sweep_now();
	ck_assert_str_eq(found(FINDING_STATUS),
	        "1 " FIXTURE_PERSON " ACTIVE in the record, SUSPENDED in Okta");
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.doubt, DOUBT_STATUS);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "SUSPENDED", FIXTURE_LOGIN, DRIFTED));
	(void)engine_fixture_calls(&fixture);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /" FIXTURE_OKTA_ID);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_SUSPENDED);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_CLOSED_BY_OTHER));
	ck_assert_ptr_null(strstr(personal_reveal(&fixture.employee.present_profile), "Adi"));
	ck_assert_int_eq(fixture.employee.doubt, DOUBT_NONE);
}
END_TEST

START_TEST(a_lockout_is_taken_over_without_a_run)
{
	link_ada();
	list_ada("LOCKED_OUT", PROFILE);
	sweep_now();
	expect_state(SWEEP_DONE);
	ck_assert_str_eq(found(FINDING_STATUS), "");
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_IDLE);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_LOCKED_OUT);
}
END_TEST

START_TEST(a_linked_user_who_is_not_listed_is_asked_for)
{
	link_ada();
	engine_fixture_answer(&fixture, "GET", "search=created", "[]");
	sweep_now();
	ck_assert_ptr_nonnull(strstr(found(FINDING_STATUS), "not listed"));
	engine_fixture_refuse(&fixture, "GET", "/" FIXTURE_OKTA_ID, 404, "E0000007");
	engine_fixture_refuse(&fixture, "GET", "/" FIXTURE_OKTA_ID, 404, "E0000007");
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert(engine_fixture_is_held(&fixture, HOLD_CLOSED_BY_OTHER));
}
END_TEST

START_TEST(a_change_of_bobs_is_marked)
{
	link_ada();
	engine_fixture_bring(
	        &fixture, FIXTURE_PERSON, engine_fixture_person("{\"first\":\"Augusta\"}"));
	list_ada("ACTIVE", PROFILE);
	sweep_now();
	ck_assert_ptr_nonnull(strstr(found(FINDING_CHANGE), "update"));
	ck_assert_str_eq(found(FINDING_DRIFT), "");
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_DIRTY);
}
END_TEST

/* ------------------------------------------------------------------- faults */

START_TEST(a_fault_of_okta_marks_nobody)
{
	link_ada();
	engine_fixture_bring(
	        &fixture, FIXTURE_PERSON, engine_fixture_person("{\"first\":\"Augusta\"}"));
	engine_fixture_refuse(&fixture, "GET", "search=created", 403, "E0000006");
	sweep_now();
	expect_state(SWEEP_FAULT);
	ck_assert_ptr_nonnull(strstr(swept.sentence, "Okta"));
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_IDLE);
}
END_TEST

START_TEST(an_empty_list_marks_nobody)
{
	link_ada();
	json_object_clear(fixture.people);
	sweep_now();
	expect_state(SWEEP_FAULT);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_IDLE);
}
END_TEST

START_TEST(a_stopped_sweep_waits_for_the_next_engine)
{
	link_ada();
	engine_quiesce(fixture.engine);
	sweep_now();
	expect_state(SWEEP_WAITING);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

static TCase *add_case(Suite *suite, const char *name, void (*begin)(void))
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, begin, tear_down);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("engine_sweep");
	TCase *compare = add_case(suite, "compare", set_up);
	tcase_add_test(compare, nothing_is_found_where_nothing_differs);
	tcase_add_test(compare, drift_is_listed_and_left);
	tcase_add_test(compare, a_doubted_status_takes_over_the_status_alone);
	tcase_add_test(compare, a_lockout_is_taken_over_without_a_run);
	tcase_add_test(compare, a_linked_user_who_is_not_listed_is_asked_for);
	tcase_add_test(compare, a_change_of_bobs_is_marked);
	TCase *correct = add_case(suite, "correct", set_up_correcting);
	tcase_add_test(correct, drift_is_corrected_where_the_settings_say_so);
	TCase *fault = add_case(suite, "fault", set_up);
	tcase_add_test(fault, a_fault_of_okta_marks_nobody);
	tcase_add_test(fault, an_empty_list_marks_nobody);
	tcase_add_test(fault, a_stopped_sweep_waits_for_the_next_engine);
	return suite_run(suite);
}
