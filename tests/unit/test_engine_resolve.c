/* SPDX-License-Identifier: MIT */
/* Actions that were begun and never ended: the truth is read from Okta. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define BODY \
	"{\"login\":\"" FIXTURE_LOGIN "\",\"email\":\"" FIXTURE_LOGIN "\",\"lastName\":\"King\"}"
#define RENAME "{\"login\":\"ada.lovelace@example.com\",\"email\":\"ada.lovelace@example.com\"}"

static struct engine_fixture fixture;

static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

/* Resolves and nothing else; then loads what the store holds, without settling. */
static enum step resolve(void)
{
	engine_fixture_begin(&fixture, LANE_UPDATE);
	enum step step = resolve_intents(&fixture.run);
	fixture.end = fixture.run.end;
	engine_fixture_load(&fixture);
	return step;
}

/* ------------------------------------------------------------ status, profile */

static const struct change_case {
	enum action_kind kind;
	enum account_status before;
	enum lower_cause cause;
	bool is_rename;
	const char *body;
	const char *okta_status; /* what Okta shows */
	const char *okta_login;
	const char *okta_more;
	enum outcome_state state;
	enum account_status after;
	enum lower_cause lowered;
	bool is_activated;
	const char *bob_login;
} CHANGE_CASES[] = {
        {ACTION_UPDATE, ACCOUNT_ACTIVE, LOWER_NONE, false, "{\"title\":\"Engineer\"}", "ACTIVE",
                FIXTURE_LOGIN, "\"title\":\"Engineer\"", OUTCOME_DONE, ACCOUNT_ACTIVE, LOWER_NONE,
                true, FIXTURE_LOGIN},
        {ACTION_UPDATE, ACCOUNT_ACTIVE, LOWER_NONE, false, "{\"title\":\"Engineer\"}", "ACTIVE",
                FIXTURE_LOGIN, "\"title\":\"Clerk\"", OUTCOME_NOT_SENT, ACCOUNT_ACTIVE, LOWER_NONE,
                true, FIXTURE_LOGIN},
        {ACTION_UPDATE, ACCOUNT_ACTIVE, LOWER_NONE, false, "{\"title\":null}", "ACTIVE",
                FIXTURE_LOGIN, "", OUTCOME_DONE, ACCOUNT_ACTIVE, LOWER_NONE, true, FIXTURE_LOGIN},
        {ACTION_UPDATE, ACCOUNT_ACTIVE, LOWER_NONE, true, RENAME, "ACTIVE",
                "ada.lovelace@example.com", "", OUTCOME_DONE, ACCOUNT_ACTIVE, LOWER_NONE, true,
                "ada.lovelace@example.com"},
        {ACTION_UPDATE, ACCOUNT_ACTIVE, LOWER_NONE, true, RENAME, "ACTIVE", FIXTURE_LOGIN, "",
                OUTCOME_NOT_SENT, ACCOUNT_ACTIVE, LOWER_NONE, true, FIXTURE_LOGIN},
        {ACTION_ACTIVATE, ACCOUNT_STAGED, LOWER_NONE, false, NULL, "PROVISIONED", FIXTURE_LOGIN, "",
                OUTCOME_DONE, ACCOUNT_PROVISIONED, LOWER_NONE, true, FIXTURE_LOGIN},
        {ACTION_ACTIVATE, ACCOUNT_STAGED, LOWER_NONE, false, NULL, "STAGED", FIXTURE_LOGIN, "",
                OUTCOME_NOT_SENT, ACCOUNT_STAGED, LOWER_NONE, false, FIXTURE_LOGIN},
        {ACTION_REACTIVATE, ACCOUNT_PROVISIONED, LOWER_NONE, false, NULL, "ACTIVE", FIXTURE_LOGIN,
                "", OUTCOME_NOT_SENT, ACCOUNT_ACTIVE, LOWER_NONE, true, FIXTURE_LOGIN},
        {ACTION_REACTIVATE, ACCOUNT_PROVISIONED, LOWER_NONE, false, NULL, "PROVISIONED",
                FIXTURE_LOGIN, "", OUTCOME_NOT_SENT, ACCOUNT_PROVISIONED, LOWER_NONE, true,
                FIXTURE_LOGIN},
        {ACTION_SUSPEND, ACCOUNT_ACTIVE, LOWER_LEAVE, false, NULL, "SUSPENDED", FIXTURE_LOGIN, "",
                OUTCOME_DONE, ACCOUNT_SUSPENDED, LOWER_LEAVE, true, FIXTURE_LOGIN},
        {ACTION_SUSPEND, ACCOUNT_ACTIVE, LOWER_LEAVE, false, NULL, "ACTIVE", FIXTURE_LOGIN, "",
                OUTCOME_NOT_SENT, ACCOUNT_ACTIVE, LOWER_NONE, true, FIXTURE_LOGIN},
        {ACTION_UNSUSPEND, ACCOUNT_SUSPENDED, LOWER_NONE, false, NULL, "ACTIVE", FIXTURE_LOGIN, "",
                OUTCOME_DONE, ACCOUNT_ACTIVE, LOWER_NONE, true, FIXTURE_LOGIN},
        {ACTION_UNSUSPEND, ACCOUNT_SUSPENDED, LOWER_NONE, false, NULL, "SUSPENDED", FIXTURE_LOGIN,
                "", OUTCOME_NOT_SENT, ACCOUNT_SUSPENDED, LOWER_LEAVER, true, FIXTURE_LOGIN},
        {ACTION_DEACTIVATE, ACCOUNT_ACTIVE, LOWER_LEAVER, false, NULL, "DEPROVISIONED",
                FIXTURE_LOGIN, "", OUTCOME_DONE, ACCOUNT_DEPROVISIONED, LOWER_LEAVER, true,
                FIXTURE_LOGIN},
        {ACTION_DEACTIVATE, ACCOUNT_ACTIVE, LOWER_LEAVER, false, NULL, "ACTIVE", FIXTURE_LOGIN, "",
                OUTCOME_NOT_SENT, ACCOUNT_ACTIVE, LOWER_NONE, true, FIXTURE_LOGIN},
};

static void was_lowered(struct employee *employee)
{
	employee->lowered = LOWER_LEAVER;
}

static void crash_in_change(const struct change_case *row)
{
	struct intent intent = {
	        .kind = row->kind, .lower_cause = row->cause, .is_rename = row->is_rename};

	engine_fixture_link(&fixture, row->before);
	if (row->before == ACCOUNT_SUSPENDED || row->before == ACCOUNT_DEPROVISIONED) {
		engine_fixture_change(&fixture, FIXTURE_PERSON, was_lowered);
	}
	engine_fixture_crash_in(&fixture, intent, row->body);
}

START_TEST(what_okta_shows_decides_whether_it_was_done)
{
	const struct change_case *row = &CHANGE_CASES[_i];

	crash_in_change(row);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, row->okta_status, row->okta_login, row->okta_more));
	ck_assert_int_eq(resolve(), STEP_NEXT);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /" FIXTURE_OKTA_ID);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, row->state);
	ck_assert(fixture.actions.items[0].outcome.is_resolved);
	ck_assert_int_eq(fixture.employee.present_status, row->after);
	ck_assert_int_eq(fixture.employee.lowered, row->lowered);
	ck_assert(fixture.employee.is_activated == row->is_activated);
	ck_assert_str_eq(personal_reveal(&fixture.employee.bob_login), row->bob_login);
}
END_TEST

/* As if the run went on: the employee may be claimed again. */
static void give_back(void)
{
	ck_assert(store_employee_finish(fixture.store, &fixture.employee, EMPLOYEE_IDLE, NULL));
}

/* What a lowering that a read found out says of its time, and of M3. */
START_TEST(a_resolved_change_is_as_old_as_its_intent)
{
	struct intent suspend = {.kind = ACTION_SUSPEND, .lower_cause = LOWER_REVOKED};
	struct intent activate = {.kind = ACTION_ACTIVATE, .sends_email = true};
	int64_t before_ms = clock_wall_ms();

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_crash_in(&fixture, suspend, NULL);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "SUSPENDED", FIXTURE_LOGIN, ""));
	ck_assert_int_eq(resolve(), STEP_NEXT);
	ck_assert_int_eq(
	        fixture.employee.lowered_at_ms, fixture.actions.items[0].intent.opened_at_ms);
	ck_assert_int_ge(fixture.employee.lowered_at_ms, before_ms);
	ck_assert_int_eq(fixture.employee.revoke_row, REVOKE_ROW_WANTED);
	ck_assert(fixture.employee.is_compared);
	give_back();

	engine_fixture_crash_in(&fixture, activate, NULL);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, ""));
	ck_assert_int_eq(resolve(), STEP_NEXT);
	ck_assert_int_ge(fixture.employee.activated_at_ms, before_ms);
	ck_assert_int_eq(fixture.employee.mails, 1);
	ck_assert_int_eq(fixture.employee.lowered_at_ms, 0);
}
END_TEST

/* Nothing tells whether it left: the first goes once more, and never a third time. */
START_TEST(a_mail_that_is_not_known_to_have_left_is_sent_once_more_at_most)
{
	static const int mails[] = {0, 1, 2};
	struct intent mail = {.kind = ACTION_REACTIVATE, .sends_email = true};

	engine_fixture_link(&fixture, ACCOUNT_PROVISIONED);
	for (size_t i = 0; i < ARRAY_SIZE(mails); i++) {
		engine_fixture_crash_in(&fixture, mail, NULL);
		engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
		        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, ""));
		ck_assert_int_eq(resolve(), STEP_NEXT);
		ck_assert_int_eq(fixture.employee.mails, mails[i]);
		ck_assert_int_gt(fixture.employee.mailed_at_ms, 0);
		ck_assert_str_eq(fixture.actions.items[0].outcome.sentence,
		        "no good answer, and Okta does not show whether it was sent");
		give_back();
	}
	ck_assert_str_eq(engine_fixture_calls(&fixture),
	        "GET /" FIXTURE_OKTA_ID ", GET /" FIXTURE_OKTA_ID ", GET /" FIXTURE_OKTA_ID);
}
END_TEST

START_TEST(a_change_of_a_user_who_is_gone_is_refused)
{
	crash_in_change(&CHANGE_CASES[_i]);
	engine_fixture_refuse(&fixture, "GET", "/" FIXTURE_OKTA_ID, 404, "E0000007");
	ck_assert_int_eq(resolve(), STEP_NEXT);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
}
END_TEST

static const struct unread_case {
	int status;
	const char *code;
	enum run_end end;
} UNREAD_CASES[] = {
        {500, "E0000009", RUN_ENDS_RETRY},
        {503, "E0000010", RUN_ENDS_RETRY},
        {429, "E0000047", RUN_ENDS_WAITING},
        {401, "E0000011", RUN_ENDS_PARKED},
};

START_TEST(until_it_can_be_read_the_intent_stays_open_and_nothing_else_is_done)
{
	const struct unread_case *row = &UNREAD_CASES[(size_t)_i % ARRAY_SIZE(UNREAD_CASES)];
	const struct change_case *change = &CHANGE_CASES[(size_t)_i / ARRAY_SIZE(UNREAD_CASES)];

	crash_in_change(change);
	engine_fixture_refuse(&fixture, "GET", "/" FIXTURE_OKTA_ID, row->status, row->code);
	engine_fixture_run(&fixture, engine_fixture_person("{\"first\":\"Augusta\"}"));
	ck_assert_int_eq(fixture.end, row->end);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 1);
	ck_assert_uint_eq(fixture.actions.count, 1);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /" FIXTURE_OKTA_ID);
	ck_assert_int_eq(fixture.employee.present_status, change->before);
}
END_TEST

static const enum action_kind UNREADABLE[] = {ACTION_LINK, ACTION_END_SESSIONS};

START_TEST(what_cannot_be_read_back_is_done_again)
{
	struct intent intent = {.kind = UNREADABLE[_i]};

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_crash_in(&fixture, intent, NULL);
	ck_assert_int_eq(resolve(), STEP_NEXT);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_NOT_SENT);
}
END_TEST

START_TEST(sessions_due_outlive_a_crash_in_their_ending)
{
	struct intent lower = {
	        .kind = ACTION_DEACTIVATE, .lower_cause = LOWER_LEAVER, .sets_sessions_due = true};

	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_crash_in(&fixture, lower, NULL);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "DEPROVISIONED", FIXTURE_LOGIN, ""));
	engine_fixture_answer(&fixture, "DELETE", "/sessions", "{}");
	engine_fixture_run(&fixture, engine_fixture_person("{\"lifecycle\":\"terminated\"}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(engine_fixture_calls(&fixture),
	        "GET /" FIXTURE_OKTA_ID ", DELETE /" FIXTURE_OKTA_ID "/sessions?oauthTokens=true");
	ck_assert(!fixture.employee.is_sessions_due);
}
END_TEST

START_TEST(while_parked_the_question_waits)
{
	struct call_outcome dead = engine_fixture_outcome(CALL_STOP_CREDENTIALS, 401);

	crash_in_change(&CHANGE_CASES[0]);
	connection_okta_outcome(fixture.connection, FIXTURE_PERSON, &dead);
	ck_assert_int_eq(resolve(), STEP_STOP);
	ck_assert_int_eq(fixture.end, RUN_ENDS_PARKED);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 1);
}
END_TEST

/* ------------------------------------------------------------------- create */

static void crash_in_create(const char *body)
{
	struct intent intent = {.kind = ACTION_CREATE, .sends_email = true};

	engine_fixture_crash_in(&fixture, intent, body);
}

START_TEST(a_user_equal_to_the_body_is_ours)
{
	crash_in_create(BODY);
	engine_fixture_answer(&fixture, "GET", "/ada.king",
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", "Ada.King@Example.com",
	                "\"lastName\":\"King\""));
	ck_assert_int_eq(resolve(), STEP_NEXT);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DONE);
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_int_eq(fixture.employee.origin, ORIGIN_CREATED);
	ck_assert(fixture.employee.is_activated);
	/* The baseline is what was sent. */
	ck_assert_str_eq(personal_reveal(&fixture.employee.bob_login), FIXTURE_LOGIN);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /ada.king%40example.com");
}
END_TEST

START_TEST(a_user_who_is_not_there_is_sent_again_with_the_same_body)
{
	/* Bob says another surname by now: the old body goes out all the same, once. */
	crash_in_create(BODY);
	engine_fixture_refuse(&fixture, "GET", "/ada.king", 404, "E0000007");
	engine_fixture_answer(&fixture, "POST", "?activate=true",
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, ""));
	ck_assert_int_eq(resolve(), STEP_NEXT);
	json_t *sent = engine_fixture_sent(&fixture, "POST");
	json_t *body = json_loads(BODY, 0, NULL);
	ck_assert(json_equal(json_object_get(sent, "profile"), body) != 0);
	json_decref(sent);
	json_decref(body);
	ck_assert_uint_eq(fixture.actions.count, 1);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DONE);
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
}
END_TEST

START_TEST(a_create_that_stays_unclear_stays_open)
{
	crash_in_create(BODY);
	engine_fixture_refuse(&fixture, "GET", "/ada.king", 404, "E0000007");
	engine_fixture_refuse(&fixture, "POST", "?activate=", 500, "E0000009");
	ck_assert_int_eq(resolve(), STEP_STOP);
	ck_assert_int_eq(fixture.end, RUN_ENDS_RETRY);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 1);
	ck_assert_str_eq(fixture.employee.okta_id, "");
}
END_TEST

START_TEST(a_create_that_okta_refuses_at_last_is_closed)
{
	crash_in_create(BODY);
	engine_fixture_refuse(&fixture, "GET", "/ada.king", 404, "E0000007");
	engine_fixture_refuse(&fixture, "POST", "?activate=", 400, "E0000001");
	ck_assert_int_eq(resolve(), STEP_STOP);
	ck_assert_int_eq(fixture.end, RUN_ENDS_FAILED);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_REFUSED);
}
END_TEST

START_TEST(a_user_unlike_the_body_is_refused_and_then_judged)
{
	crash_in_create(BODY);
	engine_fixture_answer(&fixture, "GET", "/ada.king",
	        engine_fixture_user(
	                "00u7gracehopper", "ACTIVE", FIXTURE_LOGIN, "\"lastName\":\"Hopper\""));
	char list[1024];
	ck_assert(str_format(list, sizeof(list), "[%s]",
	        engine_fixture_user(
	                "00u7gracehopper", "ACTIVE", FIXTURE_LOGIN, "\"lastName\":\"Hopper\"")));
	engine_fixture_answer(&fixture, "GET", "search=", list);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(
	        engine_fixture_calls(&fixture), "GET /ada.king%40example.com, GET ?search");
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_REFUSED);
	ck_assert_str_eq(fixture.employee.okta_id, "");
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
}
END_TEST

START_TEST(a_create_that_cannot_be_read_waits)
{
	const struct unread_case *row = &UNREAD_CASES[_i];

	crash_in_create(BODY);
	engine_fixture_refuse(&fixture, "GET", "/ada.king", row->status, row->code);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, row->end);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 1);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET /ada.king%40example.com");
}
END_TEST

START_TEST(a_pause_keeps_a_create_from_being_sent_again)
{
	crash_in_create(BODY);
	ck_assert(engine_pause(fixture.engine, "default", PAUSE_PASS_REVOCATIONS, "test", NULL));
	engine_fixture_refuse(&fixture, "GET", "/ada.king", 404, "E0000007");
	ck_assert_int_eq(resolve(), STEP_STOP);
	ck_assert_int_eq(fixture.end, RUN_ENDS_PARKED);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 1);
}
END_TEST

START_TEST(a_create_without_a_body_was_never_sent)
{
	crash_in_create(NULL);
	ck_assert_int_eq(resolve(), STEP_NEXT);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_NOT_SENT);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

START_TEST(a_rename_after_an_unclear_create_is_a_rename)
{
	crash_in_create(BODY);
	engine_fixture_answer(&fixture, "GET", "/ada.king",
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, "\"lastName\":\"King\""));
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(
	                FIXTURE_OKTA_ID, "PROVISIONED", "ada.lovelace@example.com", ""));
	engine_fixture_run(
	        &fixture, engine_fixture_person("{\"email\":\"ada.lovelace@example.com\"}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(engine_fixture_calls(&fixture),
	        "GET /ada.king%40example.com, POST /" FIXTURE_OKTA_ID);
	ck_assert(fixture.actions.items[0].intent.is_rename);
	ck_assert_str_eq(personal_reveal(&fixture.employee.bob_login), "ada.lovelace@example.com");
}
END_TEST

START_TEST(planning_asks_nothing_about_open_intents)
{
	crash_in_change(&CHANGE_CASES[0]);
	engine_fixture_begin(&fixture, LANE_UPDATE);
	fixture.run.mode = RUN_MODE_PLAN;
	ck_assert_int_eq(resolve_intents(&fixture.run), STEP_NEXT);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 1);
}
END_TEST

static void add_changes(TCase *tcase)
{
	tcase_add_loop_test(
	        tcase, what_okta_shows_decides_whether_it_was_done, 0, ARRAY_SIZE(CHANGE_CASES));
	tcase_add_test(tcase, a_resolved_change_is_as_old_as_its_intent);
	tcase_add_test(tcase, a_mail_that_is_not_known_to_have_left_is_sent_once_more_at_most);
	tcase_add_loop_test(
	        tcase, a_change_of_a_user_who_is_gone_is_refused, 0, ARRAY_SIZE(CHANGE_CASES));
	tcase_add_loop_test(tcase,
	        until_it_can_be_read_the_intent_stays_open_and_nothing_else_is_done, 0,
	        ARRAY_SIZE(CHANGE_CASES) * ARRAY_SIZE(UNREAD_CASES));
	tcase_add_loop_test(
	        tcase, what_cannot_be_read_back_is_done_again, 0, ARRAY_SIZE(UNREADABLE));
	tcase_add_test(tcase, sessions_due_outlive_a_crash_in_their_ending);
	tcase_add_test(tcase, while_parked_the_question_waits);
	tcase_add_test(tcase, planning_asks_nothing_about_open_intents);
}

static void add_creates(TCase *tcase)
{
	tcase_add_test(tcase, a_user_equal_to_the_body_is_ours);
	tcase_add_test(tcase, a_user_who_is_not_there_is_sent_again_with_the_same_body);
	tcase_add_test(tcase, a_create_that_stays_unclear_stays_open);
	tcase_add_test(tcase, a_create_that_okta_refuses_at_last_is_closed);
	tcase_add_test(tcase, a_user_unlike_the_body_is_refused_and_then_judged);
	tcase_add_loop_test(tcase, a_create_that_cannot_be_read_waits, 0, ARRAY_SIZE(UNREAD_CASES));
	tcase_add_test(tcase, a_pause_keeps_a_create_from_being_sent_again);
	tcase_add_test(tcase, a_create_without_a_body_was_never_sent);
	tcase_add_test(tcase, a_rename_after_an_unclear_create_is_a_rename);
}

int main(void)
{
	Suite *suite = suite_create("resolve");
	TCase *changes = tcase_create("changes");
	TCase *creates = tcase_create("creates");

	tcase_add_checked_fixture(changes, set_up, tear_down);
	tcase_add_checked_fixture(creates, set_up, tear_down);
	tcase_set_timeout(changes, 30);
	tcase_set_timeout(creates, 30);
	add_changes(changes);
	add_creates(creates);
	suite_add_tcase(suite, changes);
	suite_add_tcase(suite, creates);
	return suite_run(suite);
}
