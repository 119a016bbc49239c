/* SPDX-License-Identifier: MIT */
/* One action: holds, limits, the durable intent, the call, the durable outcome. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/store/groups.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct engine_fixture fixture;

static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static bool sends_email;

/* Makes fixture.run carry out this one action of a plan nobody else made. */
static enum step act(enum action_kind kind, enum limit_kind limit)
{
	bool is_rename = limit == LIMIT_RENAME;
	struct planned_action *action = &fixture.run.plan.actions[0];

	fixture.run.plan.count = 1;
	fixture.run.plan.lane = LANE_UPDATE;
	fixture.run.has_plan = true;
	*action = (struct planned_action){.kind = kind,
	        .rule = RULE_C1,
	        .limit = limit,
	        .is_rename = is_rename,
	        .sends_email = sends_email};
	ck_assert(str_copy(action->reason, sizeof(action->reason), "for the test"));
	if (kind == ACTION_CREATE) {
		action->is_activating = true;
		action->profile =
		        json_pack("{s:s, s:s}", "login", FIXTURE_LOGIN, "email", FIXTURE_LOGIN);
	} else if (kind == ACTION_UPDATE) {
		action->profile = json_pack("{s:s}", "title", "Engineer");
	} else if (kind == ACTION_SUSPEND || kind == ACTION_DEACTIVATE) {
		action->lower_cause = LOWER_LEAVER;
	}
	return act_all(&fixture.run);
}

static enum step act_mailing(enum action_kind kind)
{
	sends_email = true;
	enum step step = act(kind, LIMIT_NONE);
	sends_email = false;
	return step;
}

static enum step act_now(enum action_kind kind)
{
	engine_fixture_begin(&fixture, LANE_UPDATE);
	return act(kind, LIMIT_NONE);
}

/* --------------------------------------------------------------- what is kept */

#define GROUP_ID "00g1111111111111111a"

static void read_long_ago(struct employee *employee)
{
	employee->present_at_ms = 1234;
}

static const struct kept_case {
	enum action_kind kind;
	const char *part; /* of the call */
	bool keeps_all;
} KEPT_CASES[] = {
        {ACTION_SUSPEND, "/lifecycle/suspend", true},
        {ACTION_DEACTIVATE, "/lifecycle/deactivate", true},
        {ACTION_UPDATE, "/" FIXTURE_OKTA_ID, true},
        {ACTION_UNSUSPEND, "/lifecycle/unsuspend", false},
};

/* Status, profile and the groups we gave, with their age; not those that were found. */
START_TEST(what_is_taken_from_an_account_is_kept)
{
	const struct kept_case *row = &KEPT_CASES[_i];
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_change(&fixture, FIXTURE_PERSON, read_long_ago);
	ck_assert(store_membership_found(
	        fixture.store, &key, FIXTURE_OKTA_ID, "00g2222222222222222b", NULL));
	engine_fixture_begin(&fixture, LANE_UPDATE);
	struct intent given = {.key = key,
	        .lease_token = fixture.employee.lease_token,
	        .claimed_generation = fixture.employee.claimed_generation,
	        .kind = ACTION_JOIN_GROUP};
	str_format_cut(given.okta_id, sizeof(given.okta_id), FIXTURE_OKTA_ID);
	str_format_cut(given.group_id, sizeof(given.group_id), GROUP_ID);
	ck_assert_int_eq(store_intent_open(fixture.store, &given, NULL, NULL), INTENT_OPEN);
	struct outcome done = {.intent_id = given.intent_id,
	        .lease_token = given.lease_token,
	        .state = OUTCOME_DONE};
	ck_assert(store_intent_close(fixture.store, &done, NULL, NULL));
	fixture.run.present = json_pack("{s:s, s:s}", "login", FIXTURE_LOGIN, "title", "Old");
	engine_fixture_answer(&fixture, "POST", row->part,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	ck_assert_int_eq(act(row->kind, LIMIT_NONE), STEP_NEXT);
	engine_fixture_load(&fixture);
	const char *text = personal_reveal(&fixture.actions.items[0].intent.before);
	json_t *before = json_loads(text, 0, NULL);
	ck_assert_str_eq(json_get_text(before, "status"), "ACTIVE");
	ck_assert_int_eq(json_integer_value(json_object_get(before, "at_ms")), 1234);
	ck_assert_int_eq(json_get_path(before, "profile.title") != NULL, row->keeps_all);
	const json_t *groups = json_object_get(before, "groups");
	ck_assert_uint_eq(json_array_size(groups), row->keeps_all);
	ck_assert(!row->keeps_all ||
	        str_equal(json_string_value(json_array_get(groups, 0)), GROUP_ID));
	json_decref(before);
}
END_TEST

/* --------------------------------------------------------------- all is well */

static const struct done_case {
	enum action_kind kind;
	enum account_status before;
	const char *calls;
	enum account_status after;
	enum lower_cause lowered;
	bool is_sessions_due;
	bool is_activated;
} DONE_CASES[] = {
        {ACTION_CREATE, ACCOUNT_NONE, "POST ?activate=true", ACCOUNT_PROVISIONED, LOWER_NONE, false,
                true},
        {ACTION_UPDATE, ACCOUNT_ACTIVE, "POST /00u1adaking", ACCOUNT_PROVISIONED, LOWER_NONE, false,
                true},
        {ACTION_ACTIVATE, ACCOUNT_STAGED, "POST /00u1adaking/lifecycle/activate?sendEmail=false",
                ACCOUNT_PROVISIONED, LOWER_NONE, false, true},
        {ACTION_REACTIVATE, ACCOUNT_PROVISIONED,
                "POST /00u1adaking/lifecycle/reactivate?sendEmail=false", ACCOUNT_PROVISIONED,
                LOWER_NONE, false, true},
        {ACTION_SUSPEND, ACCOUNT_ACTIVE, "POST /00u1adaking/lifecycle/suspend", ACCOUNT_SUSPENDED,
                LOWER_LEAVER, true, true},
        {ACTION_UNSUSPEND, ACCOUNT_SUSPENDED, "POST /00u1adaking/lifecycle/unsuspend",
                ACCOUNT_ACTIVE, LOWER_NONE, false, true},
        {ACTION_DEACTIVATE, ACCOUNT_ACTIVE, "POST /00u1adaking/lifecycle/deactivate",
                ACCOUNT_DEPROVISIONED, LOWER_LEAVER, true, true},
        {ACTION_END_SESSIONS, ACCOUNT_DEPROVISIONED,
                "DELETE /00u1adaking/sessions?oauthTokens=true", ACCOUNT_DEPROVISIONED, LOWER_NONE,
                false, true},
};

/* What the store holds while Okta is being asked. */
static void look_at_intent(struct engine_fixture *watched, const struct fake_request *request)
{
	struct action_list *seen = watched->watched;
	struct err err = ERR_INIT;

	(void)request;
	if (seen->count == 0) {
		ck_assert(store_intent_list_open(watched->store, NULL, seen, &err));
	}
}

START_TEST(a_done_action_has_its_intent_before_the_call_and_its_outcome_after)
{
	const struct done_case *row = &DONE_CASES[_i];
	struct action_list seen = {0};

	if (row->before != ACCOUNT_NONE) {
		engine_fixture_link(&fixture, row->before);
	}
	fixture.watcher = look_at_intent;
	fixture.watched = &seen;
	engine_fixture_answer(&fixture, row->kind == ACTION_END_SESSIONS ? "DELETE" : "POST",
	        "/api/v1/users",
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, ""));
	ck_assert_int_eq(act_now(row->kind), STEP_NEXT);
	ck_assert_str_eq(engine_fixture_calls(&fixture), row->calls);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_int_eq(seen.items[0].intent.kind, row->kind);
	ck_assert_int_eq(seen.items[0].outcome.state, OUTCOME_OPEN);
	ck_assert_str_eq(seen.items[0].intent.key.employee_id, FIXTURE_PERSON);
	action_list_finish(&seen);

	/* The outcome brought the facts with it: nothing was settled yet. */
	engine_fixture_load(&fixture);
	ck_assert_uint_eq(fixture.actions.count, 1);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DONE);
	ck_assert_int_eq(fixture.actions.items[0].outcome.http_status, 200);
	ck_assert_str_eq(fixture.actions.items[0].outcome.request_id, "req1");
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_int_eq(fixture.employee.present_status, row->after);
	ck_assert_int_eq(fixture.employee.lowered, row->lowered);
	ck_assert(fixture.employee.is_sessions_due == row->is_sessions_due);
	ck_assert(fixture.employee.is_activated == row->is_activated);
}
END_TEST

/* When it happened is what mails and later closing are counted from. */
START_TEST(a_done_action_notes_its_time)
{
	int64_t before_ms = clock_wall_ms();

	engine_fixture_link(&fixture, ACCOUNT_STAGED);
	engine_fixture_answer(&fixture, "POST", "/lifecycle/", "{}");
	engine_fixture_begin(&fixture, LANE_UPDATE);
	ck_assert_int_eq(act_mailing(ACTION_ACTIVATE), STEP_NEXT);
	ck_assert_int_ge(fixture.employee.activated_at_ms, before_ms);
	ck_assert_int_eq(fixture.employee.mailed_at_ms, fixture.employee.activated_at_ms);
	ck_assert_int_eq(fixture.employee.mails, 1);

	engine_fixture_answer(&fixture, "POST", "/lifecycle/", "{}");
	ck_assert_int_eq(act_mailing(ACTION_REACTIVATE), STEP_NEXT);
	ck_assert_int_eq(fixture.employee.mails, 2);

	engine_fixture_answer(&fixture, "POST", "/lifecycle/", "{}");
	ck_assert_int_eq(act(ACTION_DEACTIVATE, LIMIT_NONE), STEP_NEXT);
	ck_assert_int_ge(fixture.employee.lowered_at_ms, before_ms);
	ck_assert(fixture.employee.is_compared);

	/* Mails count anew from the next activation. */
	engine_fixture_answer(&fixture, "POST", "/lifecycle/", "{}");
	ck_assert_int_eq(act(ACTION_ACTIVATE, LIMIT_NONE), STEP_NEXT);
	ck_assert_int_eq(fixture.employee.mails, 0);
	ck_assert_int_eq(fixture.employee.lowered_at_ms, 0);
	engine_fixture_load(&fixture);
	ck_assert_int_ge(fixture.employee.activated_at_ms, before_ms);
}
END_TEST

static const struct token_case {
	const char *changes;
	enum lower_cause lowered;
	const char *calls;
} TOKEN_CASES[] = {
        {"{}", LOWER_LEAVER, "DELETE /00u1adaking/sessions?oauthTokens=true"},
        {"{\"provisioning\":{\"leaver\":{\"revoke_tokens\":false}}}", LOWER_LEAVER,
                "DELETE /00u1adaking/sessions?oauthTokens=false"},
        {"{\"provisioning\":{\"leaver\":{\"revoke_tokens\":false}}}", LOWER_REVOKED,
                "DELETE /00u1adaking/sessions?oauthTokens=true"},
};

START_TEST(tokens_end_as_the_setting_says_and_with_a_revocation_always)
{
	const struct token_case *row = &TOKEN_CASES[_i];

	engine_fixture_start(&fixture, row->changes);
	engine_fixture_link(&fixture, ACCOUNT_DEPROVISIONED);
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	engine_fixture_begin(&fixture, LANE_UPDATE);
	fixture.employee.lowered = row->lowered;
	ck_assert_int_eq(act(ACTION_END_SESSIONS, LIMIT_NONE), STEP_NEXT);
	ck_assert_str_eq(engine_fixture_calls(&fixture), row->calls);
	engine_fixture_stop(&fixture);
}
END_TEST

/* The sessions are due from the intent on: a crash after the call does not forget them. */
static bool was_due;

static void look_at_sessions(struct engine_fixture *watched, const struct fake_request *request)
{
	struct employee employee = store_fixture_get(watched->store, FIXTURE_PERSON);

	(void)request;
	was_due = employee.is_sessions_due;
	employee_finish(&employee);
}

START_TEST(sessions_are_due_before_the_account_is_lowered)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	fixture.watcher = look_at_sessions;
	engine_fixture_answer(&fixture, "POST", "/lifecycle/deactivate", "{}");
	ck_assert_int_eq(act_now(ACTION_DEACTIVATE), STEP_NEXT);
	ck_assert(was_due);
}
END_TEST

/* ----------------------------------------------------------------- refusals */

static const struct refused_case {
	const char *name;
	enum action_kind kind;
	int status;
	const char *code;
	const char *then; /* status of the GET that follows; "404"; NULL: none may follow */
	enum step step;
	enum run_end end; /* with STEP_STOP */
	enum outcome_state state;
	enum account_status present;
	enum employee_state settled;
} REFUSED_CASES[] = {
        {"deactivate, deactivated already", ACTION_DEACTIVATE, 404, "E0000007", "DEPROVISIONED",
                STEP_AGAIN, RUN_ENDS_WELL, OUTCOME_REFUSED, ACCOUNT_DEPROVISIONED,
                EMPLOYEE_WAITING},
        {"suspend, not active", ACTION_SUSPEND, 400, "E0000001", "STAGED", STEP_AGAIN,
                RUN_ENDS_WELL, OUTCOME_REFUSED, ACCOUNT_STAGED, EMPLOYEE_WAITING},
        {"activate, active already", ACTION_ACTIVATE, 403, "E0000016", "ACTIVE", STEP_AGAIN,
                RUN_ENDS_WELL, OUTCOME_REFUSED, ACCOUNT_ACTIVE, EMPLOYEE_WAITING},
        {"update of a user who is gone", ACTION_UPDATE, 404, "E0000007", "404", STEP_AGAIN,
                RUN_ENDS_WELL, OUTCOME_REFUSED, ACCOUNT_DEPROVISIONED, EMPLOYEE_WAITING},
        {"a value Okta refuses", ACTION_UPDATE, 400, "E0000001", NULL, STEP_STOP, RUN_ENDS_FAILED,
                OUTCOME_REFUSED, ACCOUNT_ACTIVE, EMPLOYEE_FAILED},
        {"over the rate limit", ACTION_UPDATE, 429, "E0000047", NULL, STEP_STOP, RUN_ENDS_WAITING,
                OUTCOME_NOT_SENT, ACCOUNT_ACTIVE, EMPLOYEE_DIRTY},
        {"maintenance", ACTION_UPDATE, 503, "E0000010", NULL, STEP_STOP, RUN_ENDS_RETRY,
                OUTCOME_REFUSED, ACCOUNT_ACTIVE, EMPLOYEE_DIRTY},
        {"still being activated", ACTION_UPDATE, 409, "E0000112", NULL, STEP_STOP, RUN_ENDS_RETRY,
                OUTCOME_REFUSED, ACCOUNT_ACTIVE, EMPLOYEE_DIRTY},
        {"a fault while updating", ACTION_UPDATE, 500, "E0000009", NULL, STEP_STOP, RUN_ENDS_RETRY,
                OUTCOME_OPEN, ACCOUNT_ACTIVE, EMPLOYEE_DIRTY},
        {"a fault while deactivating", ACTION_DEACTIVATE, 500, "E0000009", NULL, STEP_STOP,
                RUN_ENDS_RETRY, OUTCOME_OPEN, ACCOUNT_ACTIVE, EMPLOYEE_DIRTY},
        {"a dead token", ACTION_UPDATE, 401, "E0000011", NULL, STEP_STOP, RUN_ENDS_PARKED,
                OUTCOME_REFUSED, ACCOUNT_ACTIVE, EMPLOYEE_PARKED},
};

START_TEST(a_refusal_ends_the_run_as_its_class_says)
{
	const struct refused_case *row = &REFUSED_CASES[_i];

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_refuse(&fixture, "POST", "/00u1adaking", row->status, row->code);
	if (str_equal(row->then, "404")) {
		engine_fixture_refuse(&fixture, "GET", "/00u1adaking", 404, "E0000007");
	} else if (row->then != NULL) {
		engine_fixture_answer(&fixture, "GET", "/00u1adaking",
		        engine_fixture_user(FIXTURE_OKTA_ID, row->then, FIXTURE_LOGIN, ""));
	}
	int64_t before_ms = clock_wall_ms();
	ck_assert_msg(act_now(row->kind) == row->step, "%s", row->name);
	bool is_parked = connection_is_okta_parked(fixture.connection);
	engine_fixture_settle(&fixture);
	ck_assert_int_eq(fixture.end, row->end);
	ck_assert_uint_eq(fixture.actions.count, 1);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, row->state);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), row->state == OUTCOME_OPEN);
	ck_assert_int_eq(fixture.employee.present_status, row->present);
	ck_assert_int_eq(fixture.employee.state, row->settled);
	ck_assert(is_parked == (row->end == RUN_ENDS_PARKED));
	/* The sentence is for people and is kept. */
	ck_assert((row->step == STEP_STOP) == (fixture.employee.last_error[0] != '\0'));
	if (row->end == RUN_ENDS_WAITING) {
		ck_assert_int_gt(fixture.employee.retry_not_before_ms, before_ms);
	}
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
}
END_TEST

START_TEST(a_deleted_user_is_asked_about_and_never_created_again)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_refuse(&fixture, "POST", "/00u1adaking", 404, "E0000007");
	engine_fixture_refuse(&fixture, "GET", "/00u1adaking", 404, "E0000007");
	engine_fixture_run(&fixture, engine_fixture_person("{\"first\":\"Augusta\"}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "POST /00u1adaking, GET /00u1adaking");
	ck_assert(engine_fixture_is_held(&fixture, HOLD_CLOSED_BY_OTHER));
}
END_TEST

START_TEST(sessions_of_a_user_who_is_gone_are_ended)
{
	engine_fixture_link(&fixture, ACCOUNT_DEPROVISIONED);
	engine_fixture_refuse(&fixture, "DELETE", "/sessions", 404, "E0000007");
	ck_assert_int_eq(act_now(ACTION_END_SESSIONS), STEP_NEXT);
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DONE);
	ck_assert(!fixture.employee.is_sessions_due);
}
END_TEST

START_TEST(a_profile_owned_elsewhere_is_marked_and_the_plan_goes_on)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_refuse(&fixture, "POST", "/00u1adaking", 403, "E0000023");
	ck_assert_int_eq(
	        engine_fixture_run(&fixture, engine_fixture_person("{\"first\":\"Augusta\"}")),
	        RUN_ENDS_WELL);
	ck_assert(fixture.employee.is_sourced_elsewhere);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "POST /00u1adaking");
	/* From then on no profile is written, and the status still is. */
	engine_fixture_answer(&fixture, "POST", "/lifecycle/deactivate", "{}");
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	engine_fixture_run(&fixture,
	        engine_fixture_person("{\"first\":\"Augusta\",\"lifecycle\":\"terminated\"}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture),
	        "POST /00u1adaking/lifecycle/deactivate, DELETE /00u1adaking/sessions?oauthTokens=true");
}
END_TEST

START_TEST(somebody_the_token_may_not_manage_is_held_alone)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_refuse(&fixture, "POST", "/00u1adaking", 403, "E0000006");
	engine_fixture_answer(&fixture, "GET", "/me",
	        engine_fixture_user("00u9tokenowner", "ACTIVE", "owner@example.com", ""));
	ck_assert_int_eq(act_now(ACTION_UPDATE), STEP_STOP);
	engine_fixture_settle(&fixture);
	ck_assert_int_eq(fixture.end, RUN_ENDS_FAILED);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_FORBIDDEN));
	ck_assert(!connection_is_okta_parked(fixture.connection));
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_str_eq(fixture.actions.items[0].outcome.code, "E0000006");
}
END_TEST

START_TEST(a_permission_that_a_probe_lacks_too_parks_everybody)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_refuse(&fixture, "POST", "/00u1adaking", 403, "E0000006");
	engine_fixture_refuse(&fixture, "GET", "/me", 403, "E0000006");
	ck_assert_int_eq(act_now(ACTION_UPDATE), STEP_STOP);
	engine_fixture_settle(&fixture);
	ck_assert_int_eq(fixture.end, RUN_ENDS_PARKED);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_FORBIDDEN));
	ck_assert(connection_is_okta_parked(fixture.connection));
}
END_TEST

START_TEST(a_call_that_never_left_is_written_down_as_such)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_begin(&fixture, LANE_UPDATE);
	engine_abort(fixture.engine);
	ck_assert_int_eq(act(ACTION_UPDATE, LIMIT_NONE), STEP_STOP);
	engine_fixture_settle(&fixture);
	ck_assert_int_eq(fixture.end, RUN_ENDS_WAITING);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_NOT_SENT);
	ck_assert_int_eq(fixture.employee.attempts, 0);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

/* -------------------------------------------------------------- taken logins */

static void refuse_login(void)
{
	struct fixture_answer taken = {.method = "POST",
	        .part = "?activate=",
	        .status = 400,
	        .times = 1,
	        .body = (char[]){"{\"errorCode\":\"E0000001\",\"errorCauses\":[{\"errorSummary\":"
	                         "\"login: An object with this field already exists in the current "
	                         "organization\"}]}"}};
	engine_fixture_script(&fixture, &taken);
}

START_TEST(a_taken_login_of_the_same_person_is_adopted)
{
	refuse_login();
	engine_fixture_answer(&fixture, "GET", "/ada.king",
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, "\"lastName\":\"King\""));
	engine_fixture_answer(&fixture, "GET", "/00u1adaking",
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, "\"lastName\":\"King\""));
	engine_fixture_answer(&fixture, "POST", "/00u1adaking",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	ck_assert_int_eq(engine_fixture_run(&fixture, engine_fixture_person("{}")), RUN_ENDS_WELL);
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_int_eq(fixture.employee.origin, ORIGIN_ADOPTED);
}
END_TEST

START_TEST(a_taken_login_of_somebody_else_is_held)
{
	refuse_login();
	engine_fixture_answer(&fixture, "GET", "/ada.king",
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, "\"lastName\":\"Other\""));
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
	ck_assert_str_eq(fixture.employee.okta_id, "");
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
}
END_TEST

START_TEST(a_taken_login_that_nobody_shows_is_held)
{
	refuse_login();
	engine_fixture_refuse(&fixture, "GET", "/ada.king", 404, "E0000007");
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
	ck_assert_str_eq(fixture.employee.okta_id, "");
}
END_TEST

START_TEST(a_login_another_employee_is_about_to_get_is_held_without_a_call)
{
	store_fixture_link(fixture.store, "7", "00u7gracehopper", FIXTURE_LOGIN, ACCOUNT_ACTIVE);
	ck_assert_int_eq(act_now(ACTION_CREATE), STEP_NEXT);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
}
END_TEST

/* ------------------------------------------------------------- not now at all */

START_TEST(dry_run_writes_down_and_sends_nothing)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	ck_assert_int_eq(act_now(ACTION_DEACTIVATE), STEP_NEXT);
	engine_fixture_settle(&fixture);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DRY_RUN);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_ACTIVE);
	ck_assert_int_eq(fixture.employee.lowered, LOWER_NONE);
	ck_assert(!fixture.employee.is_sessions_due);
}
END_TEST

static const struct pause_case {
	enum pause_mode mode;
	enum limit_kind limit;
	bool passes;
} PAUSE_CASES[] = {
        {PAUSE_NONE, LIMIT_LOWER, true},
        {PAUSE_PASS_REVOCATIONS, LIMIT_LOWER, false},
        {PAUSE_PASS_REVOCATIONS, LIMIT_REVOKE, true},
        {PAUSE_EVERYTHING, LIMIT_LOWER, false},
        {PAUSE_EVERYTHING, LIMIT_REVOKE, false},
};

START_TEST(a_pause_stops_writes_before_their_intent)
{
	const struct pause_case *row = &PAUSE_CASES[_i];

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	ck_assert(engine_pause(fixture.engine, "default", row->mode, "test", NULL));
	if (row->passes) {
		engine_fixture_answer(&fixture, "POST", "/lifecycle/deactivate", "{}");
	}
	engine_fixture_begin(&fixture, LANE_UPDATE);
	ck_assert_int_eq(act(ACTION_DEACTIVATE, row->limit), row->passes ? STEP_NEXT : STEP_STOP);
	engine_fixture_settle(&fixture);
	ck_assert_int_eq(fixture.end, row->passes ? RUN_ENDS_WELL : RUN_ENDS_PARKED);
	ck_assert_uint_eq(fixture.actions.count, row->passes ? 1 : 0);
	ck_assert_int_eq(fixture.employee.attempts, 0);
}
END_TEST

START_TEST(a_newer_event_stops_a_raise_and_not_a_lowering)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	engine_fixture_link(&fixture, ACCOUNT_STAGED);
	engine_fixture_begin(&fixture, LANE_UPDATE);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, NULL));
	ck_assert_int_eq(act(ACTION_ACTIVATE, LIMIT_RAISE), STEP_STOP);
	ck_assert_int_eq(fixture.run.end, RUN_ENDS_MOVED);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	engine_fixture_answer(&fixture, "POST", "/lifecycle/deactivate", "{}");
	ck_assert_int_eq(act(ACTION_DEACTIVATE, LIMIT_LOWER), STEP_NEXT);
}
END_TEST

START_TEST(without_the_lease_nothing_is_called)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_begin(&fixture, LANE_UPDATE);
	fixture.employee.lease_token++;
	ck_assert_int_eq(act(ACTION_DEACTIVATE, LIMIT_NONE), STEP_STOP);
	ck_assert_int_eq(fixture.run.end, RUN_ENDS_LOST);
	engine_fixture_settle(&fixture);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_WORKING);
}
END_TEST

START_TEST(after_the_time_of_the_lease_nothing_is_called)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_begin(&fixture, LANE_UPDATE);
	fixture.run.lease_ends_ms = clock_mono_ms() - 1;
	ck_assert_int_eq(act(ACTION_UPDATE, LIMIT_NONE), STEP_STOP);
	ck_assert_int_eq(fixture.run.end, RUN_ENDS_LOST);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

/* -------------------------------------------------------------------- holds */

#define BIT(kind) (1U << HOLD_##kind)
#define EVERY     ((1U << HOLD_KIND_COUNT) - 1)

static const struct binding_case {
	enum action_kind kind;
	enum limit_kind limit;
	unsigned binding; /* the holds that keep it back */
} BINDING_CASES[] = {
        {ACTION_CREATE, LIMIT_CREATE, EVERY & ~BIT(ROW)},
        {ACTION_UPDATE, LIMIT_RENAME, EVERY & ~BIT(ROW)},
        {ACTION_UPDATE, LIMIT_NONE, BIT(FORBIDDEN) | BIT(UNDO)},
        {ACTION_ACTIVATE, LIMIT_RAISE, EVERY & ~BIT(ROW)},
        {ACTION_REACTIVATE, LIMIT_RAISE, EVERY & ~BIT(ROW)},
        {ACTION_UNSUSPEND, LIMIT_RAISE, EVERY & ~BIT(ROW)},
        {ACTION_SUSPEND, LIMIT_LOWER, BIT(LIMIT) | BIT(UNDO)},
        {ACTION_DEACTIVATE, LIMIT_LOWER, BIT(LIMIT) | BIT(UNDO)},
        {ACTION_DEACTIVATE, LIMIT_REVOKE, BIT(LIMIT) | BIT(UNDO)},
        {ACTION_END_SESSIONS, LIMIT_NONE, BIT(UNDO)},
};

/* True when the action left an intent, which in dry run is all that becomes of it; of a rename that
 * is kept back the plain attributes do. */
static bool passes(const struct binding_case *row, unsigned holds, unsigned approvals)
{
	struct action_list before = {0};
	struct action_list after = {0};
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	ck_assert(store_action_list(fixture.store, &key, 100, &before, NULL));
	struct hold about = {.kind = HOLD_LIMIT, .limit = row->limit};
	fixture.run.holds = (struct hold_list){&about, 1};
	fixture.employee.hold_kinds = holds;
	fixture.employee.approvals = approvals;
	fixture.run.is_held = false;
	ck_assert_int_eq(act(row->kind, row->limit), STEP_NEXT);
	fixture.run.holds = (struct hold_list){0};
	json_decref(fixture.run.plan.actions[0].profile);
	ck_assert(store_action_list(fixture.store, &key, 100, &after, NULL));
	bool has_passed = after.count > before.count &&
	        after.items[0].intent.is_rename == (row->limit == LIMIT_RENAME);
	ck_assert(fixture.run.is_held == !has_passed);
	action_list_finish(&before);
	action_list_finish(&after);
	return has_passed;
}

/* Engine rule 2: the hold of another limit is about something else. */
START_TEST(a_rename_that_is_held_binds_no_lowering)
{
	struct hold about = {.kind = HOLD_LIMIT, .limit = LIMIT_RENAME};

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_begin(&fixture, LANE_UPDATE);
	fixture.run.holds = (struct hold_list){&about, 1};
	fixture.employee.hold_kinds = BIT(LIMIT);
	ck_assert_int_eq(act(ACTION_SUSPEND, LIMIT_LOWER), STEP_NEXT);
	ck_assert(!fixture.run.is_held);
	fixture.run.holds = (struct hold_list){0};
}
END_TEST

START_TEST(a_hold_binds_the_actions_of_its_kind)
{
	struct binding_case row = BINDING_CASES[_i];

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_begin(&fixture, LANE_UPDATE);
	for (int kind = 0; kind < HOLD_KIND_COUNT; kind++) {
		unsigned bit = 1U << kind;
		bool is_bound = (row.binding & bit) != 0;
		ck_assert_msg(passes(&row, bit, 0) != is_bound, "%s and hold %s",
		        action_kind_name(row.kind), hold_kind_name((enum hold_kind)kind));
		ck_assert_msg(passes(&row, bit, approval_bit((enum hold_kind)kind, row.limit)),
		        "approved %s and hold %s", action_kind_name(row.kind),
		        hold_kind_name((enum hold_kind)kind));
	}
	for (int limit = LIMIT_NONE + 1; limit < LIMIT_KIND_COUNT; limit++) {
		/* A release of another limit is none of this one. */
		unsigned other = approval_bit(HOLD_LIMIT, (enum limit_kind)limit);
		bool is_bound = row.limit != LIMIT_NONE && limit != (int)row.limit;
		ck_assert_msg(passes(&row, BIT(LIMIT), other) != is_bound, "%s, released %s",
		        action_kind_name(row.kind), limit_kind_name((enum limit_kind)limit));
	}
	ck_assert(passes(&row, 0, 0));
	fixture.run.plan.count = 0;
}
END_TEST

/* Somebody else was closed within the hour. */
static void use_up_the_limit(void)
{
	struct limit_set unlimited = {0};
	struct outcome outcome = {.state = OUTCOME_DONE};
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key("7");

	store_fixture_link(
	        fixture.store, "7", "00u7gracehopper", "grace@example.com", ACCOUNT_ACTIVE);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, &err));
	struct employee other = store_fixture_claim(fixture.store, "7");
	struct intent intent = store_fixture_intent(&other, ACTION_DEACTIVATE, LIMIT_LOWER);
	ck_assert_int_eq(store_intent_open(fixture.store, &intent, &unlimited, &err), INTENT_OPEN);
	outcome.intent_id = intent.intent_id;
	outcome.lease_token = other.lease_token;
	ck_assert(store_intent_close(fixture.store, &outcome, &other, &err));
	ck_assert(store_employee_finish(fixture.store, &other, EMPLOYEE_IDLE, &err));
	intent_finish(&intent);
	employee_finish(&other);
}

START_TEST(over_the_limit_a_human_is_asked_and_a_release_lets_it_pass_once)
{
	struct hold_decision release = {
	        .key = store_fixture_key(FIXTURE_PERSON), .kind = HOLD_LIMIT, .by = "test"};

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	use_up_the_limit();
	engine_fixture_run(&fixture, engine_fixture_person("{\"lifecycle\":\"terminated\"}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert(engine_fixture_is_held(&fixture, HOLD_LIMIT));
	ck_assert_uint_eq(fixture.actions.count, 0);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_ACTIVE);

	ck_assert(store_hold_release(fixture.store, &release, NULL));
	engine_fixture_answer(&fixture, "POST", "/lifecycle/deactivate", "{}");
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	ck_assert_int_eq(engine_fixture_run(
	                         &fixture, engine_fixture_person("{\"lifecycle\":\"terminated\"}")),
	        RUN_ENDS_WELL);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_DEPROVISIONED);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_LIMIT));
	ck_assert_uint_eq(fixture.employee.approvals, 0);
}
END_TEST

START_TEST(a_leaver_who_is_held_by_everything_but_a_human_is_closed)
{
	for (int kind = 0; kind < HOLD_KIND_COUNT; kind++) {
		/* A question of duplicates defers closing for 72 hours (G6); nobody works on who is
		 * set aside. */
		if (kind != HOLD_HUMAN && kind != HOLD_UNDO && kind != HOLD_LIMIT &&
		        kind != HOLD_DUPLICATE && kind != HOLD_CRASH) {
			engine_fixture_hold(
			        &fixture, FIXTURE_PERSON, (enum hold_kind)kind, "for the test");
		}
	}
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_answer(&fixture, "POST", "/lifecycle/deactivate", "{}");
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	engine_fixture_run(&fixture, engine_fixture_person("{\"lifecycle\":\"terminated\"}"));
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_DEPROVISIONED);
	ck_assert(!fixture.employee.is_sessions_due);
}
END_TEST

static const enum hold_kind KEEPING[] = {HOLD_HUMAN, HOLD_UNDO};

START_TEST(a_human_hold_stops_even_a_leaver)
{
	engine_fixture_hold(&fixture, FIXTURE_PERSON, KEEPING[_i], "for the test");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_run(&fixture, engine_fixture_person("{\"lifecycle\":\"terminated\"}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_ACTIVE);
	ck_assert_str_eq(fixture.employee.last_rule, policy_rule_id(RULE_HUMAN_HOLD));
	ck_assert_ptr_nonnull(
	        strstr(fixture.employee.last_sentence, "but the account should be closed"));
}
END_TEST

/* -------------------------------------------------------------------- suite */

static void set_up_dry(void)
{
	engine_fixture_start(&fixture, "{\"mode\":\"dry_run\"}");
}

static void set_up_limited(void)
{
	engine_fixture_start(
	        &fixture, "{\"limits\":{\"lower\":{\"per_hour\":1,\"per_hour_percent\":0}}}");
}

static TCase *add_case(Suite *suite, const char *name, void (*start)(void))
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, start, tear_down);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static void add_answers(TCase *tcase)
{
	tcase_add_loop_test(
	        tcase, what_is_taken_from_an_account_is_kept, 0, ARRAY_SIZE(KEPT_CASES));
	tcase_add_loop_test(tcase,
	        a_done_action_has_its_intent_before_the_call_and_its_outcome_after, 0,
	        ARRAY_SIZE(DONE_CASES));
	tcase_add_test(tcase, a_done_action_notes_its_time);
	tcase_add_test(tcase, sessions_are_due_before_the_account_is_lowered);
	tcase_add_loop_test(
	        tcase, a_refusal_ends_the_run_as_its_class_says, 0, ARRAY_SIZE(REFUSED_CASES));
	tcase_add_test(tcase, a_deleted_user_is_asked_about_and_never_created_again);
	tcase_add_test(tcase, sessions_of_a_user_who_is_gone_are_ended);
	tcase_add_test(tcase, a_profile_owned_elsewhere_is_marked_and_the_plan_goes_on);
	tcase_add_test(tcase, somebody_the_token_may_not_manage_is_held_alone);
	tcase_add_test(tcase, a_permission_that_a_probe_lacks_too_parks_everybody);
	tcase_add_test(tcase, a_call_that_never_left_is_written_down_as_such);
	tcase_add_test(tcase, a_taken_login_of_the_same_person_is_adopted);
	tcase_add_test(tcase, a_taken_login_of_somebody_else_is_held);
	tcase_add_test(tcase, a_taken_login_that_nobody_shows_is_held);
	tcase_add_test(tcase, a_login_another_employee_is_about_to_get_is_held_without_a_call);
}

static void add_not_now(TCase *tcase)
{
	tcase_add_loop_test(
	        tcase, a_pause_stops_writes_before_their_intent, 0, ARRAY_SIZE(PAUSE_CASES));
	tcase_add_test(tcase, a_newer_event_stops_a_raise_and_not_a_lowering);
	tcase_add_test(tcase, without_the_lease_nothing_is_called);
	tcase_add_test(tcase, after_the_time_of_the_lease_nothing_is_called);
	tcase_add_test(tcase, a_leaver_who_is_held_by_everything_but_a_human_is_closed);
	tcase_add_loop_test(tcase, a_human_hold_stops_even_a_leaver, 0, ARRAY_SIZE(KEEPING));
}

int main(void)
{
	Suite *suite = suite_create("act");

	add_answers(add_case(suite, "answers", set_up));
	add_not_now(add_case(suite, "not now", set_up));
	TCase *dry = add_case(suite, "dry run", set_up_dry);
	tcase_add_test(dry, dry_run_writes_down_and_sends_nothing);
	tcase_add_test(dry, a_rename_that_is_held_binds_no_lowering);
	tcase_add_loop_test(
	        dry, a_hold_binds_the_actions_of_its_kind, 0, ARRAY_SIZE(BINDING_CASES));
	TCase *tokens = tcase_create("tokens");
	tcase_set_timeout(tokens, 30);
	tcase_add_loop_test(tokens, tokens_end_as_the_setting_says_and_with_a_revocation_always, 0,
	        ARRAY_SIZE(TOKEN_CASES));
	suite_add_tcase(suite, tokens);
	tcase_add_test(add_case(suite, "limits", set_up_limited),
	        over_the_limit_a_human_is_asked_and_a_release_lets_it_pass_once);
	return suite_run(suite);
}
