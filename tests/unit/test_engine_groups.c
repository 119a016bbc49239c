/* SPDX-License-Identifier: MIT */
/* Memberships: what a run gives and takes, what it leaves alone, and what it never fails for. */
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/groups.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ENG   "00g1engineering12345"
#define SALES "00g1sales00000000000"
#define GONE  "00g1formerly00000000" /* of a row that the settings do not have any more */
#define OTHER "413"

#define GROUPS                                                         \
	"\"groups\":[{\"group\":\"Engineering\",\"when\":\"1 == 1\"}," \
	"{\"group\":\"Sales\",\"when\":\"2 == 2\"}]"
#define ONE_LEAVE "\"limits\":{\"leave_group\":{\"per_hour\":1}}"

#define LOOK       "GET /" FIXTURE_OKTA_ID "/groups"
#define JOIN_ENG   "PUT /api/v1/groups/" ENG "/users/" FIXTURE_OKTA_ID
#define JOIN_SALES "PUT /api/v1/groups/" SALES "/users/" FIXTURE_OKTA_ID
#define LEAVE_ENG  "DELETE /api/v1/groups/" ENG "/users/" FIXTURE_OKTA_ID

static struct engine_fixture fixture;

/* What the two conditions give: JSON, or the reason of a failure, or of "later". */
static struct {
	const char *value[2];
	const char *failed;
	const char *again;
} script;

static void evaluate(void *context, const char *employee_id, const json_t *input,
        const bool *is_asked, struct evaluation *results)
{
	(void)context;
	(void)employee_id;
	(void)input;
	for (size_t i = 0; i < 2; i++) {
		ck_assert(is_asked[i]);
		const char *reason = script.failed != NULL ? script.failed : script.again;
		results[i].state = script.failed != NULL ? EVALUATION_FAILED
		        : script.again != NULL           ? EVALUATION_AGAIN
		                                         : EVALUATION_VALUE;
		str_format_cut(results[i].reason, sizeof(results[i].reason), "%s",
		        reason != NULL ? reason : "");
		if (reason == NULL) {
			results[i].value = json_loads(script.value[i], JSON_DECODE_ANY, NULL);
		}
	}
}

/* ----------------------------------------------------------------------- Okta */

static void answer_always(const char *method, const char *part, int status, const char *body)
{
	struct fixture_answer made = {.status = status, .times = FIXTURE_ALWAYS};
	char copy[400];
	ck_assert(str_copy(made.method, sizeof(made.method), method) &&
	        str_copy(made.part, sizeof(made.part), part) && str_copy(copy, sizeof(copy), body));
	made.body = copy;
	engine_fixture_script(&fixture, &made);
}

static void answer_group(const char *name, const char *id, const char *type)
{
	char part[80];
	char body[300];
	ck_assert(str_format(part, sizeof(part), "groups?limit=200&q=%s", name));
	ck_assert(str_format(body, sizeof(body),
	        "[{\"id\":\"%s\",\"type\":\"%s\",\"profile\":{\"name\":\"%s\"}}]", id, type, name));
	engine_fixture_answer(&fixture, "GET", part, body);
}

static void read_groups(void)
{
	struct okta_client *client = runner_okta(&fixture.runner, fixture.connection, NULL);
	ck_assert_ptr_nonnull(client);
	do {
		(void)group_book_turn(fixture.connection, client);
	} while (group_book_is_reading(fixture.connection->groups));
	(void)engine_fixture_calls(&fixture);
}

static void start(const char *settings)
{
	engine_fixture_start(&fixture, settings);
	fixture.connection->evaluator = (struct evaluator){.evaluate = evaluate};
	script.value[0] = "true";
	script.value[1] = "false";
	script.failed = NULL;
	script.again = NULL;
}

/* The usual world: two good groups, an active account that is as Bob tells it. */
static void start_ready(const char *settings)
{
	start(settings);
	engine_fixture_answer(&fixture, "GET", "/groups/rules", "[]");
	answer_group("Engineering", ENG, "OKTA_GROUP");
	answer_group("Sales", SALES, "OKTA_GROUP");
	read_groups();
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
}

static void set_up(void)
{
	start_ready("{" GROUPS "}");
}

static void set_up_limited(void)
{
	start_ready("{" GROUPS "," ONE_LEAVE "}");
}

static void set_up_dry(void)
{
	start_ready("{" GROUPS ",\"mode\":\"dry_run\"}");
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

/* The groups Okta says the user is in. */
static void is_in(const char *ids)
{
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID "/groups", ids);
}

static void takes_changes(void)
{
	answer_always("PUT", "/api/v1/groups/", 204, "");
	answer_always("DELETE", "/api/v1/groups/", 204, "");
}

static enum run_end run(void)
{
	return engine_fixture_run(&fixture, engine_fixture_person("{}"));
}

/* As an earlier run left it. */
static void given(const char *group_id)
{
	struct limit_set unlimited = {0};
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, &err));
	struct employee employee = store_fixture_claim(fixture.store, FIXTURE_PERSON);
	struct intent intent = store_fixture_intent(&employee, ACTION_JOIN_GROUP, LIMIT_NONE);
	ck_assert(str_copy(intent.okta_id, sizeof(intent.okta_id), FIXTURE_OKTA_ID));
	ck_assert(str_copy(intent.group_id, sizeof(intent.group_id), group_id));
	ck_assert_int_eq(store_intent_open(fixture.store, &intent, &unlimited, &err), INTENT_OPEN);
	struct outcome outcome = {.intent_id = intent.intent_id,
	        .lease_token = employee.lease_token,
	        .state = OUTCOME_DONE};
	ck_assert(store_intent_close(fixture.store, &outcome, NULL, &err));
	ck_assert(store_employee_finish(fixture.store, &employee, EMPLOYEE_IDLE, &err));
	intent_finish(&intent);
	employee_finish(&employee);
}

/* "given", "found", "lapsed", or "" for nothing on record. */
static const char *membership(const char *group_id)
{
	struct membership_list list = {0};
	struct err err = ERR_INIT;
	ck_assert(store_membership_list(fixture.store, "default", FIXTURE_OKTA_ID, &list, &err));
	const struct membership *found = membership_find(&list, group_id);
	const char *state = found != NULL ? membership_state_name(found->state) : "";
	membership_list_finish(&list);
	return state;
}

static void expect_calls(const char *calls)
{
	ck_assert_str_eq(engine_fixture_calls(&fixture), calls);
}

/* ---------------------------------------------------------------- give, take */

START_TEST(who_meets_the_condition_is_taken_in_once)
{
	is_in("[]");
	takes_changes();
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls(LOOK ", " JOIN_ENG);
	ck_assert_str_eq(membership(ENG), "given");
	ck_assert_str_eq(membership(SALES), "");
	const struct intent *intent = &fixture.actions.items[0].intent;
	ck_assert_int_eq(intent->kind, ACTION_JOIN_GROUP);
	ck_assert_str_eq(intent->group_id, ENG);
	ck_assert_str_eq(intent->rule, "C6");
	ck_assert_int_eq(intent->limit, LIMIT_NONE);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DONE);
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls("");
}
END_TEST

START_TEST(who_was_in_before_us_is_left_alone_for_good)
{
	is_in("[{\"id\":\"" ENG "\"},{\"id\":\"00g1everyone00000000\"}]");
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls(LOOK);
	ck_assert_str_eq(membership(ENG), "found");
	script.value[0] = "false";
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	script.value[0] = "true";
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls("");
	ck_assert_str_eq(membership(ENG), "found");
}
END_TEST

START_TEST(who_moves_joins_before_leaving)
{
	given(ENG);
	script.value[0] = "null";
	script.value[1] = "true";
	is_in("[]");
	takes_changes();
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls(LOOK ", " JOIN_SALES ", " LEAVE_ENG);
	ck_assert_str_eq(membership(ENG), "");
	ck_assert_str_eq(membership(SALES), "given");
	ck_assert_int_eq(fixture.actions.items[0].intent.limit, LIMIT_LEAVE_GROUP);
}
END_TEST

START_TEST(nothing_changes_without_a_verdict)
{
	given(ENG);
	script.failed = _i == 0 ? "cannot index" : NULL;
	script.again = _i == 1 ? "busy" : NULL;
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls("");
	ck_assert_str_eq(membership(ENG), "given");
	ck_assert_ptr_nonnull(strstr(fixture.employee.row_problems, "group Engineering"));
	ck_assert_int_eq(fixture.employee.reread_at_ms != 0, _i == 1);
}
END_TEST

START_TEST(a_row_that_was_deleted_leaves_its_memberships)
{
	given(GONE);
	given(ENG);
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls("");
	ck_assert_str_eq(membership(GONE), "given");
}
END_TEST

static const enum account_status CLOSED[] = {ACCOUNT_SUSPENDED, ACCOUNT_DEPROVISIONED};

START_TEST(a_closed_account_is_left_alone)
{
	engine_fixture_link(&fixture, CLOSED[_i]);
	given(ENG);
	script.value[0] = "false";
	script.value[1] = "true";
	(void)run();
	expect_calls("");
	ck_assert_str_eq(membership(ENG), "given");
	ck_assert_str_eq(membership(SALES), "");
}
END_TEST

static void lapse(struct employee *employee)
{
	employee->present_status = ACCOUNT_DEPROVISIONED;
}

static void reopen(struct employee *employee)
{
	employee->present_status = ACCOUNT_ACTIVE;
}

/* Okta may have dropped it: given again without a look, since a lagging list would tell nothing. */
START_TEST(what_lapsed_is_given_again_or_taken)
{
	given(ENG);
	engine_fixture_change(&fixture, FIXTURE_PERSON, lapse);
	engine_fixture_change(&fixture, FIXTURE_PERSON, reopen);
	ck_assert_str_eq(membership(ENG), "lapsed");
	script.value[0] = _i == 0 ? "true" : "false";
	takes_changes();
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls(_i == 0 ? JOIN_ENG : LEAVE_ENG);
	ck_assert_str_eq(membership(ENG), _i == 0 ? "given" : "");
}
END_TEST

/* -------------------------------------------------------------------- limits */

/* Somebody else has left a group within the hour. */
static void use_up_limit(void)
{
	struct limit_set unlimited = {0};
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(OTHER);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, &err));
	struct employee employee = store_fixture_claim(fixture.store, OTHER);
	struct intent intent =
	        store_fixture_intent(&employee, ACTION_LEAVE_GROUP, LIMIT_LEAVE_GROUP);
	ck_assert_int_eq(store_intent_open(fixture.store, &intent, &unlimited, &err), INTENT_OPEN);
	struct outcome outcome = {.intent_id = intent.intent_id,
	        .lease_token = employee.lease_token,
	        .state = OUTCOME_DONE};
	ck_assert(store_intent_close(fixture.store, &outcome, NULL, &err));
	ck_assert(store_employee_finish(fixture.store, &employee, EMPLOYEE_IDLE, &err));
	intent_finish(&intent);
	employee_finish(&employee);
}

static void release(void)
{
	struct err err = ERR_INIT;
	struct hold_decision decision = {
	        .key = store_fixture_key(FIXTURE_PERSON), .kind = HOLD_LIMIT, .by = "test"};
	ck_assert_msg(store_hold_release(fixture.store, &decision, &err), "%s", err.text);
}

START_TEST(leaving_over_the_limit_is_held_and_joining_is_not)
{
	use_up_limit();
	given(ENG);
	given(GONE);
	script.value[0] = "false";
	script.value[1] = "true";
	is_in("[]");
	takes_changes();
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls(LOOK ", " JOIN_SALES);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_LIMIT));
	ck_assert_str_eq(membership(ENG), "given");
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_LIMIT));
	release();
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls(LEAVE_ENG);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_LIMIT));
	ck_assert_str_eq(membership(GONE), "given");
}
END_TEST

START_TEST(a_held_leaving_that_nobody_wants_any_more_is_forgotten)
{
	use_up_limit();
	given(ENG);
	script.value[0] = "false";
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_LIMIT));
	script.value[0] = "true";
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_LIMIT));
	expect_calls("");
}
END_TEST

static const enum hold_kind BINDING[] = {HOLD_HUMAN, HOLD_FORBIDDEN};

START_TEST(a_human_keeps_memberships_as_they_are)
{
	engine_fixture_hold(&fixture, FIXTURE_PERSON, BINDING[_i], "because");
	given(SALES);
	if (_i == 1) {
		is_in("[]");
	}
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls(_i == 1 ? LOOK : "");
	ck_assert_str_eq(membership(SALES), "given");
	ck_assert_str_eq(membership(ENG), "");
}
END_TEST

/* ------------------------------------------------------------------- leavers */

static json_t *leaver(void)
{
	return engine_fixture_person("{\"lifecycle\":\"terminated\"}");
}

static void takes_closing(void)
{
	answer_always("POST", "/lifecycle/deactivate", 200, "{}");
	answer_always("DELETE", "/" FIXTURE_OKTA_ID "/sessions", 204, "");
}

START_TEST(a_leaver_keeps_or_loses_groups_as_the_settings_say)
{
	bool loses = _i == 1;
	fixture.connection->policy.leaver.groups =
	        loses ? LEAVER_LOSES_GROUPS : LEAVER_KEEPS_GROUPS;
	use_up_limit();
	given(ENG);
	given(GONE);
	takes_closing();
	takes_changes();
	ck_assert_int_eq(engine_fixture_run(&fixture, leaver()), RUN_ENDS_WELL);
	const char *calls = engine_fixture_calls(&fixture);
	const char *status = strstr(calls, "/lifecycle/deactivate");
	const char *sessions = strstr(calls, "/sessions");
	const char *group = strstr(calls, LEAVE_ENG);
	ck_assert_ptr_nonnull(status);
	ck_assert_ptr_nonnull(sessions);
	ck_assert_int_eq(group != NULL, loses);
	ck_assert(!loses || (status < sessions && sessions < group));
	ck_assert_str_eq(membership(ENG), loses ? "" : "given");
	ck_assert_str_eq(membership(GONE), loses ? "" : "given");
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_LIMIT));
	ck_assert_int_eq(engine_fixture_run(&fixture, leaver()), RUN_ENDS_WELL);
	expect_calls("");
}
END_TEST

START_TEST(groups_wait_until_the_leaver_is_closed)
{
	fixture.connection->policy.leaver.groups = LEAVER_LOSES_GROUPS;
	given(ENG);
	answer_always("POST", "/lifecycle/deactivate", 503, "{\"errorCode\":\"E0000010\"}");
	ck_assert_int_eq(engine_fixture_run(&fixture, leaver()), RUN_ENDS_RETRY);
	ck_assert_ptr_null(strstr(engine_fixture_calls(&fixture), "/groups/"));
	ck_assert_str_eq(membership(ENG), "given");
}
END_TEST

START_TEST(what_a_leaver_had_before_us_stays)
{
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	fixture.connection->policy.leaver.groups = LEAVER_LOSES_GROUPS;
	ck_assert(store_membership_found(fixture.store, &key, FIXTURE_OKTA_ID, ENG, &err));
	takes_closing();
	ck_assert_int_eq(engine_fixture_run(&fixture, leaver()), RUN_ENDS_WELL);
	ck_assert_ptr_null(strstr(engine_fixture_calls(&fixture), "/api/v1/groups/"));
	ck_assert_str_eq(membership(ENG), "found");
}
END_TEST

/* ------------------------------------------------------------------ refusals */

static const struct {
	int status;
	const char *code;
	enum run_end end;
	bool is_row_off; /* for everybody, until groups are read again */
} REFUSALS[] = {
        {501, "E0000060", RUN_ENDS_WELL, true},
        {403, "E0000111", RUN_ENDS_WELL, true},
        {403, "E0000006", RUN_ENDS_WELL, false},
        {400, "E0000001", RUN_ENDS_WELL, false},
        {429, "E0000047", RUN_ENDS_WAITING, false},
        {503, "E0000181", RUN_ENDS_RETRY, false},
};

START_TEST(a_refusal_is_the_rows_problem_and_fails_nobody)
{
	bool is_final = REFUSALS[_i].end == RUN_ENDS_WELL;
	is_in("[]");
	engine_fixture_refuse(
	        &fixture, "PUT", "/api/v1/groups/", REFUSALS[_i].status, REFUSALS[_i].code);
	ck_assert_int_eq(run(), REFUSALS[_i].end);
	expect_calls(LOOK ", " JOIN_ENG);
	ck_assert_str_eq(membership(ENG), "");
	const struct group_page *page = group_book_use(fixture.connection->groups);
	ck_assert_int_eq(page->entries[0].state == GROUP_REFUSED, REFUSALS[_i].is_row_off);
	ck_assert_int_eq(page->entries[1].state, GROUP_USABLE);
	group_book_release(fixture.connection->groups, page);
	if (is_final) {
		ck_assert_ptr_nonnull(strstr(fixture.employee.row_problems, "group Engineering"));
		ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_REFUSED);
	}
	if (REFUSALS[_i].is_row_off) {
		ck_assert_int_eq(run(), RUN_ENDS_WELL);
		expect_calls("");
	}
}
END_TEST

START_TEST(a_group_that_is_gone_turns_its_row_off)
{
	is_in("[]");
	engine_fixture_refuse(&fixture, "PUT", "/api/v1/groups/", 404, "E0000007");
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	const struct group_page *page = group_book_use(fixture.connection->groups);
	ck_assert_int_eq(page->entries[0].state, GROUP_REFUSED);
	ck_assert_ptr_nonnull(strstr(page->entries[0].reason, "not there any more"));
	group_book_release(fixture.connection->groups, page);
}
END_TEST

START_TEST(nobody_is_in_a_group_that_is_gone)
{
	given(ENG);
	script.value[0] = "false";
	engine_fixture_refuse(&fixture, "DELETE", "/api/v1/groups/", 404, "E0000007");
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	ck_assert_str_eq(membership(ENG), "");
}
END_TEST

/* Somebody closed the account meanwhile: read, and planned again. */
START_TEST(a_user_who_was_closed_meanwhile_is_read)
{
	is_in("[]");
	engine_fixture_refuse(&fixture, "PUT", "/api/v1/groups/", 403, "E0000038");
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "DEPROVISIONED", FIXTURE_LOGIN, ""));
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_DEPROVISIONED);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_CLOSED_BY_OTHER));
}
END_TEST

/* Without a look nothing of what was there could be told from a gift of ours. */
START_TEST(nothing_is_given_when_the_users_groups_may_not_be_seen)
{
	engine_fixture_refuse(&fixture, "GET", "/" FIXTURE_OKTA_ID "/groups", 403, "E0000006");
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls(LOOK);
	ck_assert_ptr_nonnull(strstr(fixture.employee.row_problems, "group Engineering"));
}
END_TEST

/* --------------------------------------------------------------------- again */

START_TEST(an_unclear_join_is_repeated_until_there_is_an_answer)
{
	is_in("[]");
	engine_fixture_refuse(&fixture, "PUT", "/api/v1/groups/", 500, "E0000009");
	engine_fixture_refuse(&fixture, "PUT", "/api/v1/groups/", 500, "E0000009");
	ck_assert_int_eq(run(), RUN_ENDS_RETRY);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 1);
	/* Whatever the rows say now: it may have gone through. */
	script.value[0] = "false";
	ck_assert_int_eq(run(), RUN_ENDS_RETRY);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 1);
	takes_changes();
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
	expect_calls(LOOK ", " JOIN_ENG ", " JOIN_ENG ", " JOIN_ENG ", " LEAVE_ENG);
	ck_assert_str_eq(membership(ENG), "");
}
END_TEST

static const struct {
	enum action_kind kind;
	enum account_status status;
	int answer; /* 0: no call may be made */
	const char *code;
	enum outcome_state state;
	const char *membership;
} REPEATS[] = {
        {ACTION_JOIN_GROUP, ACCOUNT_ACTIVE, 204, "", OUTCOME_DONE, "given"},
        {ACTION_JOIN_GROUP, ACCOUNT_ACTIVE, 403, "E0000038", OUTCOME_DONE, "given"},
        {ACTION_JOIN_GROUP, ACCOUNT_ACTIVE, 404, "E0000007", OUTCOME_REFUSED, ""},
        {ACTION_JOIN_GROUP, ACCOUNT_DEPROVISIONED, 0, "", OUTCOME_DONE, "given"},
        {ACTION_LEAVE_GROUP, ACCOUNT_ACTIVE, 204, "", OUTCOME_DONE, ""},
        {ACTION_LEAVE_GROUP, ACCOUNT_ACTIVE, 404, "E0000007", OUTCOME_DONE, ""},
        {ACTION_LEAVE_GROUP, ACCOUNT_ACTIVE, 403, "E0000006", OUTCOME_REFUSED, "given"},
        {ACTION_LEAVE_GROUP, ACCOUNT_DEPROVISIONED, 0, "", OUTCOME_NOT_SENT, "given"},
};

START_TEST(what_a_crash_left_open_is_repeated)
{
	struct intent intent = {.kind = REPEATS[_i].kind};
	bool is_join = REPEATS[_i].kind == ACTION_JOIN_GROUP;
	if (!is_join) {
		given(ENG);
	}
	engine_fixture_link(&fixture, REPEATS[_i].status);
	ck_assert(str_copy(intent.group_id, sizeof(intent.group_id), ENG));
	int64_t id = engine_fixture_crash_in(&fixture, intent, NULL);
	if (REPEATS[_i].answer == 204) {
		takes_changes();
	} else if (REPEATS[_i].answer != 0) {
		engine_fixture_refuse(&fixture, is_join ? "PUT" : "DELETE", "/api/v1/groups/",
		        REPEATS[_i].answer, REPEATS[_i].code);
	}
	engine_fixture_begin(&fixture, LANE_UPDATE);
	ck_assert_int_eq(resolve_intents(&fixture.run), STEP_NEXT);
	ck_assert(fixture.run.has_group_intents);
	fixture.run.decision.rule = RULE_C1; /* nobody is protected */
	ck_assert_int_eq(groups_act_again(&fixture.run), STEP_NEXT);
	expect_calls(REPEATS[_i].answer == 0 ? "" : is_join ? JOIN_ENG : LEAVE_ENG);
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.actions.items[0].intent.intent_id, id);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, REPEATS[_i].state);
	ck_assert_str_eq(membership(ENG), REPEATS[_i].membership);
}
END_TEST

/* L3: what is open of groups does not come before a leaver's status. */
START_TEST(a_leaver_is_closed_whatever_is_open_of_groups)
{
	struct intent intent = {.kind = ACTION_JOIN_GROUP};
	ck_assert(str_copy(intent.group_id, sizeof(intent.group_id), ENG));
	(void)engine_fixture_crash_in(&fixture, intent, NULL);
	answer_always("PUT", "/api/v1/groups/", 500, "{\"errorCode\":\"E0000009\"}");
	takes_closing();
	ck_assert_int_eq(engine_fixture_run(&fixture, leaver()), RUN_ENDS_WELL);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_DEPROVISIONED);
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
}
END_TEST

/* ----------------------------------------------------------------- only told */

START_TEST(dry_run_writes_down_and_sends_nothing)
{
	given(SALES);
	is_in("[]");
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls(LOOK);
	ck_assert_uint_eq(fixture.actions.count, 3);
	ck_assert_int_eq(fixture.actions.items[0].intent.kind, ACTION_LEAVE_GROUP);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DRY_RUN);
	ck_assert_int_eq(fixture.actions.items[1].intent.kind, ACTION_JOIN_GROUP);
	ck_assert_str_eq(fixture.actions.items[1].intent.group_id, ENG);
	ck_assert_int_eq(fixture.actions.items[1].outcome.state, OUTCOME_DRY_RUN);
	ck_assert_str_eq(membership(ENG), "");
	ck_assert_str_eq(membership(SALES), "given");
}
END_TEST

START_TEST(a_plan_shows_groups_and_changes_nothing)
{
	given(SALES);
	is_in("[]");
	engine_fixture_begin(&fixture, LANE_UPDATE);
	fixture.run.mode = RUN_MODE_PLAN;
	fixture.run.presence = PRESENCE_READ;
	fixture.run.report = json_array();
	json_t *ada = engine_fixture_person("{}");
	reconcile(&fixture.run, ada);
	ck_assert_uint_eq(json_array_size(fixture.run.report), 2);
	const json_t *join = json_array_get(fixture.run.report, 0);
	ck_assert_str_eq(json_get_text(join, "kind"), "join_group");
	ck_assert_str_eq(json_get_text(join, "group"), "Engineering");
	ck_assert_str_eq(json_get_text(join, "group_id"), ENG);
	const json_t *leave = json_array_get(fixture.run.report, 1);
	ck_assert_str_eq(json_get_text(leave, "kind"), "leave_group");
	ck_assert_str_eq(json_get_text(leave, "limit"), "leave_group");
	expect_calls(LOOK);
	json_decref(ada);
	engine_fixture_load(&fixture);
	ck_assert_uint_eq(fixture.actions.count, 1);
}
END_TEST

/* --------------------------------------------------------- rows and protection */

START_TEST(a_group_that_may_not_be_used_does_nothing)
{
	start("{" GROUPS "}");
	engine_fixture_answer(&fixture, "GET", "/groups/rules",
	        "[{\"id\":\"0pr1rule00\",\"status\":\"ACTIVE\",\"actions\":{\"assignUserToGroups\":"
	        "{\"groupIds\":[\"" SALES "\"]}}}]");
	answer_group("Engineering", ENG, "APP_GROUP");
	answer_group("Sales", SALES, "OKTA_GROUP");
	read_groups();
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	given(SALES);
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls("");
	const struct group_page *page = group_book_use(fixture.connection->groups);
	ck_assert_ptr_nonnull(strstr(page->entries[0].reason, "application"));
	ck_assert_ptr_nonnull(strstr(page->entries[1].reason, "group rule"));
	group_book_release(fixture.connection->groups, page);
	ck_assert_str_eq(membership(SALES), "given");
	tear_down();
}
END_TEST

START_TEST(nothing_is_written_before_the_groups_were_read)
{
	char why[SENTENCE_BYTES];
	start("{" GROUPS "}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	ck_assert(connection_is_blocked(fixture.connection, WORK_REVOCATION, why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "groups were read"));
	answer_always("GET", "/api/v1/groups", 503, "{\"errorCode\":\"E0000010\"}");
	read_groups();
	/* Tried once: rows wait for the next reading, all else goes on. */
	ck_assert(!connection_is_blocked(fixture.connection, WORK_ORDINARY, why, sizeof(why)));
	ck_assert_int_eq(run(), RUN_ENDS_WELL);
	expect_calls("");
	ck_assert_int_gt(fixture.employee.reread_at_ms, 0);
	tear_down();
}
END_TEST

#define GUARD "{\"provisioning\":{\"protected_group\":\"Admins\"}}"

START_TEST(members_of_the_protected_group_are_never_changed)
{
	char why[SENTENCE_BYTES];
	bool is_member = _i == 1;
	start(GUARD);
	answer_group("Admins", "00g1admins0000000000", "OKTA_GROUP");
	engine_fixture_answer(&fixture, "GET", "/groups/00g1admins0000000000/users",
	        is_member ? "[{\"id\":\"" FIXTURE_OKTA_ID
	                    "\",\"status\":\"ACTIVE\",\"profile\":{}}]"
	                  : "[{\"id\":\"00u1somebody\",\"status\":\"ACTIVE\",\"profile\":{}}]");
	ck_assert(connection_is_blocked(fixture.connection, WORK_REVOCATION, why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, "protected group \"Admins\""));
	read_groups();
	ck_assert(!connection_is_blocked(fixture.connection, WORK_ORDINARY, why, sizeof(why)));
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	if (!is_member) {
		takes_closing();
	}
	ck_assert_int_eq(engine_fixture_run(&fixture, leaver()), RUN_ENDS_WELL);
	ck_assert_int_eq(fixture.employee.present_status,
	        is_member ? ACCOUNT_ACTIVE : ACCOUNT_DEPROVISIONED);
	ck_assert_str_eq(fixture.employee.last_rule, is_member ? "S1.1" : "L1");
	if (is_member) {
		expect_calls("");
	}
	tear_down();
}
END_TEST

static const struct {
	const char *list; /* what Okta finds by the name */
	const char *reason;
} NO_GUARDS[] = {
        {"[]", "no such group"},
        {"[{\"id\":\"00g1admins0000000000\",\"type\":\"OKTA_GROUP\",\"profile\":{\"name\":\"Admins\"}},"
         "{\"id\":\"00g2admins0000000000\",\"type\":\"APP_GROUP\",\"profile\":{\"name\":\"Admins\"}}]",
                "several groups"},
        {"[{\"id\":\"00g1admins0000000000\",\"type\":\"BUILT_IN\",\"profile\":{\"name\":\"Admins\"}}]",
                "built into Okta"},
};

START_TEST(a_protected_group_that_cannot_be_told_blocks_all_writes)
{
	char why[SENTENCE_BYTES];
	start(GUARD);
	engine_fixture_answer(&fixture, "GET", "q=Admins", NO_GUARDS[_i].list);
	read_groups();
	ck_assert(connection_is_blocked(fixture.connection, WORK_REVOCATION, why, sizeof(why)));
	ck_assert_ptr_nonnull(strstr(why, NO_GUARDS[_i].reason));
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	ck_assert_int_eq(engine_fixture_run(&fixture, leaver()), RUN_ENDS_PARKED);
	expect_calls("");
	tear_down();
}
END_TEST

/* ---------------------------------------------------------------------- suite */

static TCase *add_case(Suite *suite, const char *name, void (*begin)(void))
{
	TCase *tcase = tcase_create(name);
	if (begin != NULL) {
		tcase_add_checked_fixture(tcase, begin, tear_down);
	}
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("engine_groups");
	TCase *rows = add_case(suite, "rows", set_up);
	tcase_add_test(rows, who_meets_the_condition_is_taken_in_once);
	tcase_add_test(rows, who_was_in_before_us_is_left_alone_for_good);
	tcase_add_test(rows, who_moves_joins_before_leaving);
	tcase_add_loop_test(rows, nothing_changes_without_a_verdict, 0, 2);
	tcase_add_test(rows, a_row_that_was_deleted_leaves_its_memberships);
	tcase_add_loop_test(rows, a_closed_account_is_left_alone, 0, 2);
	tcase_add_loop_test(rows, what_lapsed_is_given_again_or_taken, 0, 2);
	tcase_add_loop_test(rows, a_human_keeps_memberships_as_they_are, 0, 2);
	tcase_add_test(rows, a_plan_shows_groups_and_changes_nothing);
	TCase *limits = add_case(suite, "limits and leavers", set_up_limited);
	tcase_add_test(limits, leaving_over_the_limit_is_held_and_joining_is_not);
	tcase_add_test(limits, a_held_leaving_that_nobody_wants_any_more_is_forgotten);
	tcase_add_loop_test(limits, a_leaver_keeps_or_loses_groups_as_the_settings_say, 0, 2);
	tcase_add_test(limits, groups_wait_until_the_leaver_is_closed);
	tcase_add_test(limits, what_a_leaver_had_before_us_stays);
	TCase *refusals = add_case(suite, "refusals", set_up);
	tcase_add_loop_test(refusals, a_refusal_is_the_rows_problem_and_fails_nobody, 0,
	        (int)ARRAY_SIZE(REFUSALS));
	tcase_add_test(refusals, a_group_that_is_gone_turns_its_row_off);
	tcase_add_test(refusals, nobody_is_in_a_group_that_is_gone);
	tcase_add_test(refusals, a_user_who_was_closed_meanwhile_is_read);
	tcase_add_test(refusals, nothing_is_given_when_the_users_groups_may_not_be_seen);
	TCase *again = add_case(suite, "again", set_up);
	tcase_add_test(again, an_unclear_join_is_repeated_until_there_is_an_answer);
	tcase_add_loop_test(again, what_a_crash_left_open_is_repeated, 0, (int)ARRAY_SIZE(REPEATS));
	tcase_add_test(again, a_leaver_is_closed_whatever_is_open_of_groups);
	TCase *dry = add_case(suite, "dry run", set_up_dry);
	tcase_add_test(dry, dry_run_writes_down_and_sends_nothing);
	TCase *start_up = add_case(suite, "reading", NULL);
	tcase_add_test(start_up, a_group_that_may_not_be_used_does_nothing);
	tcase_add_test(start_up, nothing_is_written_before_the_groups_were_read);
	tcase_add_loop_test(start_up, members_of_the_protected_group_are_never_changed, 0, 2);
	tcase_add_loop_test(start_up, a_protected_group_that_cannot_be_told_blocks_all_writes, 0,
	        (int)ARRAY_SIZE(NO_GUARDS));
	return suite_run(suite);
}
