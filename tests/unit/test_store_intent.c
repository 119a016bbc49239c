/* SPDX-License-Identifier: MIT */
#include "server/store/store.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/store_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

static struct store *store;

static void setup(void)
{
	store = store_fixture_open();
}

static void teardown(void)
{
	store_close(store);
	store = NULL;
	store_fixture_clean();
}

static struct employee work_on(const char *employee_id)
{
	struct employee_key key = store_fixture_key(employee_id);
	ck_assert(store_employee_mark(store, &key, LANE_UPDATE, NULL, NULL));
	return store_fixture_claim(store, employee_id);
}

static void finish(struct employee *employee)
{
	struct err err = ERR_INIT;
	ck_assert_msg(store_employee_finish(store, employee, EMPLOYEE_IDLE, &err), "%s", err.text);
	employee_finish(employee);
}

static enum intent_result open_with(struct intent *intent, const struct limit_set *limits)
{
	struct err err = ERR_INIT;
	enum intent_result result = store_intent_open(store, intent, limits, &err);
	ck_assert_msg(result != INTENT_FAILED, "%s", err.text);
	ck_assert((result == INTENT_OPEN) == (intent->intent_id != 0));
	return result;
}

static void close_as(
        const struct intent *intent, const struct employee *employee, enum outcome_state state)
{
	struct err err = ERR_INIT;
	struct outcome outcome = {
	        .intent_id = intent->intent_id, .lease_token = intent->lease_token, .state = state};
	ck_assert_msg(store_intent_close(store, &outcome, employee, &err), "%s", err.text);
}

/* One lowering of one employee, opened and closed; what opening said. */
static enum intent_result lower(
        const char *employee_id, const struct limit_set *limits, enum outcome_state state)
{
	struct employee employee = work_on(employee_id);
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_LOWER);
	enum intent_result result = open_with(&intent, limits);
	if (result == INTENT_OPEN && state != OUTCOME_OPEN) {
		close_as(&intent, &employee, state);
	}
	finish(&employee);
	return result;
}

static size_t count_open(void)
{
	struct action_list actions;
	ck_assert(store_intent_list_open(store, NULL, &actions, NULL));
	size_t count = actions.count;
	action_list_finish(&actions);
	return count;
}

/* --------------------------------------------------------------- opening */

START_TEST(an_intent_is_listed_open_with_all_it_says)
{
	struct action_list actions;
	struct employee employee = work_on("1");
	struct intent intent = store_fixture_intent(&employee, ACTION_CREATE, LIMIT_CREATE);
	intent.is_rename = true;
	intent.lower_cause = LOWER_CLOSE;
	intent.lane = LANE_JOIN;
	intent.sends_email = true;
	str_format_cut(intent.rule, sizeof(intent.rule), "G1");
	str_format_cut(intent.reason, sizeof(intent.reason), "hired");
	ck_assert(personal_set(&intent.login, "New@Example.com"));
	ck_assert(personal_set(&intent.body, "{\"profile\":{}}"));
	ck_assert(personal_set(&intent.before, "{\"status\":\"NONE\"}"));
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_OPEN);
	ck_assert(store_intent_list_open(store, &employee.key, &actions, NULL));
	ck_assert_uint_eq(actions.count, 1);
	const struct intent *got = &actions.items[0].intent;
	ck_assert_int_eq(got->intent_id, intent.intent_id);
	ck_assert_str_eq(got->key.employee_id, "1");
	ck_assert_int_eq(got->kind, ACTION_CREATE);
	ck_assert_int_eq(got->limit, LIMIT_CREATE);
	ck_assert_int_eq(got->lower_cause, LOWER_CLOSE);
	ck_assert_int_eq(got->lane, LANE_JOIN);
	ck_assert(got->is_rename && got->sends_email && !got->is_approved);
	ck_assert_str_eq(got->rule, "G1");
	ck_assert_str_eq(got->reason, "hired");
	ck_assert_str_eq(personal_reveal(&got->login), "new@example.com");
	ck_assert_str_eq(personal_reveal(&got->body), "{\"profile\":{}}");
	ck_assert_str_eq(personal_reveal(&got->before), "{\"status\":\"NONE\"}");
	ck_assert_int_gt(got->opened_at_ms, 0);
	ck_assert_int_eq(actions.items[0].outcome.state, OUTCOME_OPEN);
	action_list_finish(&actions);
	intent_finish(&intent);
	finish(&employee);
}
END_TEST

START_TEST(a_lost_lease_opens_nothing)
{
	struct employee employee = work_on("1");
	struct intent intent = store_fixture_intent(&employee, ACTION_DEACTIVATE, LIMIT_NONE);
	intent.lease_token++;
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_LEASE_LOST);
	intent.lease_token = employee.lease_token;
	finish(&employee);
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_LEASE_LOST);
	intent.lease_token = 0;
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_LEASE_LOST);
	str_format_cut(intent.key.employee_id, sizeof(intent.key.employee_id), "999");
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_LEASE_LOST);
	ck_assert_uint_eq(count_open(), 0);
}
END_TEST

START_TEST(news_stop_what_gives_access_and_nothing_else)
{
	static const struct {
		enum action_kind kind;
		bool is_rename;
		enum intent_result wanted;
	} cases[] = {
	        {ACTION_CREATE, false, INTENT_MOVED},
	        {ACTION_ACTIVATE, false, INTENT_MOVED},
	        {ACTION_REACTIVATE, false, INTENT_MOVED},
	        {ACTION_UNSUSPEND, false, INTENT_MOVED},
	        {ACTION_UPDATE, true, INTENT_MOVED},
	        {ACTION_UPDATE, false, INTENT_OPEN},
	        {ACTION_SUSPEND, false, INTENT_OPEN},
	        {ACTION_DEACTIVATE, false, INTENT_OPEN},
	        {ACTION_END_SESSIONS, false, INTENT_OPEN},
	        {ACTION_LINK, false, INTENT_OPEN},
	};
	struct employee employee = work_on("1");
	store_fixture_deliver(store, "x", "1", LANE_UPDATE);
	struct intent intent = store_fixture_intent(&employee, cases[_i].kind, LIMIT_NONE);
	intent.is_rename = cases[_i].is_rename;
	ck_assert_int_eq(open_with(&intent, NULL), cases[_i].wanted);
	employee_finish(&employee);
}
END_TEST

START_TEST(a_login_or_user_of_somebody_else_is_taken)
{
	static const struct {
		const char *okta_id;
		const char *login;
		enum intent_result wanted;
	} cases[] = {
	        {"", "linked@example.com", INTENT_TAKEN},
	        {"", "LINKED@example.com", INTENT_TAKEN},
	        {"", "opening@example.com", INTENT_TAKEN},
	        {"00uLINKED", NULL, INTENT_TAKEN},
	        {"00uOTHER", "free@example.com", INTENT_OPEN},
	        {"", "unlinked@example.com", INTENT_OPEN},
	};
	store_fixture_link(store, "1", "00uLINKED", "Linked@example.com", ACCOUNT_ACTIVE);
	store_fixture_link(store, "2", "", "unlinked@example.com", ACCOUNT_NONE);
	struct employee opener = work_on("3");
	struct intent opening = store_fixture_intent(&opener, ACTION_CREATE, LIMIT_NONE);
	ck_assert(personal_set(&opening.login, "Opening@example.com"));
	ck_assert_int_eq(open_with(&opening, NULL), INTENT_OPEN);
	struct employee employee = work_on("4");
	struct intent intent = store_fixture_intent(&employee, ACTION_CREATE, LIMIT_NONE);
	str_format_cut(intent.okta_id, sizeof(intent.okta_id), "%s", cases[_i].okta_id);
	ck_assert(personal_set(&intent.login, cases[_i].login));
	ck_assert_int_eq(open_with(&intent, NULL), cases[_i].wanted);
	intent_finish(&intent);
	intent_finish(&opening);
	employee_finish(&employee);
	employee_finish(&opener);
}
END_TEST

START_TEST(ones_own_login_is_not_taken_and_a_closed_intent_frees_it)
{
	store_fixture_link(store, "1", "00u1", "one@example.com", ACCOUNT_ACTIVE);
	struct employee employee = work_on("1");
	struct intent rename = store_fixture_intent(&employee, ACTION_UPDATE, LIMIT_RENAME);
	rename.is_rename = true;
	ck_assert(personal_set(&rename.login, "one@example.com"));
	ck_assert_int_eq(open_with(&rename, NULL), INTENT_OPEN);
	ck_assert(personal_set(&rename.login, "next@example.com"));
	ck_assert_int_eq(open_with(&rename, NULL), INTENT_OPEN);
	close_as(&rename, &employee, OUTCOME_REFUSED);
	struct employee other = work_on("2");
	struct intent create = store_fixture_intent(&other, ACTION_CREATE, LIMIT_NONE);
	ck_assert(personal_set(&create.login, "next@example.com"));
	ck_assert_int_eq(open_with(&create, NULL), INTENT_OPEN);
	intent_finish(&rename);
	intent_finish(&create);
	employee_finish(&employee);
	employee_finish(&other);
}
END_TEST

/* --------------------------------------------------------------- closing */

START_TEST(an_outcome_carries_the_link)
{
	struct action_list actions;
	struct employee employee = work_on("1");
	struct intent intent = store_fixture_intent(&employee, ACTION_CREATE, LIMIT_CREATE);
	ck_assert(personal_set(&intent.login, "one@example.com"));
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_OPEN);
	str_format_cut(employee.okta_id, sizeof(employee.okta_id), "00uNEW");
	employee.origin = ORIGIN_CREATED;
	employee.present_status = ACCOUNT_STAGED;
	ck_assert(personal_set(&employee.present_profile, "{\"login\":\"one@example.com\"}"));
	struct outcome outcome = {
	        .intent_id = intent.intent_id,
	        .lease_token = employee.lease_token,
	        .state = OUTCOME_DONE,
	        .http_status = 200,
	        .code = "E0",
	        .request_id = "req",
	        .sentence = "created",
	        .is_resolved = true,
	};
	ck_assert(store_intent_close(store, &outcome, &employee, NULL));
	ck_assert_uint_eq(count_open(), 0);
	struct employee present = store_fixture_get(store, "1");
	ck_assert_str_eq(present.okta_id, "00uNEW");
	ck_assert_int_eq(present.origin, ORIGIN_CREATED);
	ck_assert_int_eq(present.state, EMPLOYEE_WORKING);
	ck_assert(store_action_list(store, &employee.key, 10, &actions, NULL));
	ck_assert_uint_eq(actions.count, 1);
	ck_assert_int_eq(actions.items[0].outcome.state, OUTCOME_DONE);
	ck_assert_int_eq(actions.items[0].outcome.http_status, 200);
	ck_assert_str_eq(actions.items[0].outcome.code, "E0");
	ck_assert_str_eq(actions.items[0].outcome.request_id, "req");
	ck_assert_str_eq(actions.items[0].outcome.sentence, "created");
	ck_assert(actions.items[0].outcome.is_resolved);
	ck_assert_int_gt(actions.items[0].closed_at_ms, 0);
	action_list_finish(&actions);
	intent_finish(&intent);
	employee_finish(&present);
	finish(&employee);
}
END_TEST

START_TEST(an_outcome_without_the_lease_or_twice_changes_nothing)
{
	struct err err = ERR_INIT;
	struct employee employee = work_on("1");
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_NONE);
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_OPEN);
	struct outcome outcome = {.intent_id = intent.intent_id,
	        .lease_token = employee.lease_token + 1,
	        .state = OUTCOME_DONE};
	str_format_cut(employee.okta_id, sizeof(employee.okta_id), "00uX");
	ck_assert(!store_intent_close(store, &outcome, &employee, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_uint_eq(count_open(), 1);
	struct employee present = store_fixture_get(store, "1");
	ck_assert_str_eq(present.okta_id, "");
	employee_finish(&present);
	outcome.lease_token = employee.lease_token;
	outcome.state = OUTCOME_OPEN;
	ck_assert(!store_intent_close(store, &outcome, &employee, NULL));
	outcome.state = OUTCOME_DONE;
	ck_assert(store_intent_close(store, &outcome, NULL, NULL));
	err_clear(&err);
	ck_assert(!store_intent_close(store, &outcome, &employee, &err));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	employee_finish(&employee);
}
END_TEST

START_TEST(the_next_lease_closes_what_an_earlier_one_left_open)
{
	struct employee employee = work_on("1");
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_NONE);
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_OPEN);
	finish(&employee);
	employee = work_on("1");
	intent.lease_token = employee.lease_token;
	close_as(&intent, &employee, OUTCOME_DONE);
	ck_assert_uint_eq(count_open(), 0);
	finish(&employee);
}
END_TEST

START_TEST(sessions_are_due_from_the_lowering_until_their_own_outcome)
{
	store_fixture_link(store, "1", "00u1", "one@example.com", ACCOUNT_ACTIVE);
	struct employee employee = work_on("1");
	struct intent lowering = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_NONE);
	lowering.sets_sessions_due = true;
	ck_assert_int_eq(open_with(&lowering, NULL), INTENT_OPEN);
	struct employee present = store_fixture_get(store, "1");
	ck_assert(present.is_sessions_due);
	employee_finish(&present);
	close_as(&lowering, &employee, OUTCOME_DONE); /* the struct says false: it is stale */
	finish(&employee);
	employee = work_on("1");
	ck_assert(employee.is_sessions_due);
	struct intent sessions = store_fixture_intent(&employee, ACTION_END_SESSIONS, LIMIT_NONE);
	ck_assert_int_eq(open_with(&sessions, NULL), INTENT_OPEN);
	employee.is_sessions_due = false;
	close_as(&sessions, &employee, OUTCOME_DONE);
	finish(&employee);
	present = store_fixture_get(store, "1");
	ck_assert(!present.is_sessions_due);
	employee_finish(&present);
}
END_TEST

START_TEST(actions_are_listed_newest_first)
{
	struct action_list actions;
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(lower(i == 1 ? "2" : "1", NULL, OUTCOME_DONE), INTENT_OPEN);
	}
	ck_assert(store_action_list(store, NULL, 2, &actions, NULL));
	ck_assert_uint_eq(actions.count, 2);
	ck_assert_str_eq(actions.items[0].intent.key.employee_id, "1");
	ck_assert_str_eq(actions.items[1].intent.key.employee_id, "2");
	action_list_finish(&actions);
	struct employee_key key = store_fixture_key("1");
	ck_assert(store_action_list(store, &key, 10, &actions, NULL));
	ck_assert_uint_eq(actions.count, 2);
	ck_assert_int_gt(actions.items[0].intent.intent_id, actions.items[1].intent.intent_id);
	action_list_finish(&actions);
}
END_TEST

/* ---------------------------------------------------------------- limits */

static struct limit_set hourly(int64_t count, int64_t percent)
{
	struct limit_set limits = {0};
	limits.hour[LIMIT_LOWER] = (struct limit_window){.count = count, .percent = percent};
	return limits;
}

START_TEST(beyond_the_limit_it_is_limited_and_others_limits_are_their_own)
{
	struct limit_set limits = hourly(2, 0);
	ck_assert_int_eq(lower("1", &limits, OUTCOME_DONE), INTENT_OPEN);
	ck_assert_int_eq(lower("2", &limits, OUTCOME_OPEN), INTENT_OPEN);
	ck_assert_int_eq(lower("3", &limits, OUTCOME_DONE), INTENT_LIMITED);
	ck_assert_int_eq(lower("1", &limits, OUTCOME_DONE), INTENT_OPEN); /* counted already */
	struct employee employee = work_on("3");
	struct intent intent = store_fixture_intent(&employee, ACTION_UPDATE, LIMIT_RENAME);
	ck_assert_int_eq(open_with(&intent, &limits), INTENT_OPEN);
	intent = store_fixture_intent(&employee, ACTION_UPDATE, LIMIT_NONE);
	ck_assert_int_eq(open_with(&intent, &limits), INTENT_OPEN);
	employee_finish(&employee);
}
END_TEST

START_TEST(what_was_never_sent_does_not_count)
{
	static const struct {
		enum outcome_state state;
		enum intent_result wanted;
	} cases[] = {
	        {OUTCOME_NOT_SENT, INTENT_OPEN},
	        {OUTCOME_DRY_RUN, INTENT_OPEN},
	        {OUTCOME_REFUSED, INTENT_LIMITED},
	        {OUTCOME_DONE, INTENT_LIMITED},
	        {OUTCOME_OPEN, INTENT_LIMITED},
	};
	struct limit_set limits = hourly(1, 0);
	ck_assert_int_eq(lower("1", &limits, cases[_i].state), INTENT_OPEN);
	ck_assert_int_eq(lower("2", &limits, OUTCOME_DONE), cases[_i].wanted);
}
END_TEST

START_TEST(the_larger_of_count_and_percent_holds)
{
	struct limit_set limits = hourly(1, 20);
	for (int i = 1; i <= 17; i++) {
		char id[16];
		char okta_id[16];
		char login[32];
		str_format_cut(id, sizeof(id), "%d", i);
		str_format_cut(okta_id, sizeof(okta_id), "00u%d", i);
		str_format_cut(login, sizeof(login), "%d@example.com", i);
		store_fixture_link(
		        store, id, okta_id, login, i <= 15 ? ACCOUNT_ACTIVE : ACCOUNT_SUSPENDED);
	}
	/* 20 % of 15 is 3. */
	ck_assert_int_eq(lower("1", &limits, OUTCOME_OPEN), INTENT_OPEN);
	ck_assert_int_eq(lower("2", &limits, OUTCOME_OPEN), INTENT_OPEN);
	ck_assert_int_eq(lower("3", &limits, OUTCOME_OPEN), INTENT_OPEN);
	ck_assert_int_eq(lower("4", &limits, OUTCOME_OPEN), INTENT_LIMITED);
}
END_TEST

START_TEST(windows_are_of_running_time_and_each_holds)
{
	struct limit_set limits = {0};
	limits.hour[LIMIT_LOWER].count = 1;
	limits.day[LIMIT_LOWER].count = 2;
	limits.week[LIMIT_LOWER].count = 3;
	store_fixture_pass(store, 1000 * HOUR_MS);
	ck_assert_int_eq(lower("1", &limits, OUTCOME_DONE), INTENT_OPEN);
	ck_assert_int_eq(lower("2", &limits, OUTCOME_DONE), INTENT_LIMITED);
	store_fixture_pass(store, HOUR_MS - 1);
	ck_assert_int_eq(lower("2", &limits, OUTCOME_DONE), INTENT_LIMITED);
	store_fixture_pass(store, 1);
	ck_assert_int_eq(lower("2", &limits, OUTCOME_DONE), INTENT_OPEN);
	store_fixture_pass(store, HOUR_MS);
	ck_assert_int_eq(lower("3", &limits, OUTCOME_DONE), INTENT_LIMITED); /* the day */
	store_fixture_pass(store, 24 * HOUR_MS);
	ck_assert_int_eq(lower("3", &limits, OUTCOME_DONE), INTENT_OPEN);
	store_fixture_pass(store, 24 * HOUR_MS);
	ck_assert_int_eq(lower("4", &limits, OUTCOME_DONE), INTENT_LIMITED); /* the week */
	store_fixture_pass(store, 7 * 24 * HOUR_MS);
	ck_assert_int_eq(lower("4", &limits, OUTCOME_DONE), INTENT_OPEN);
}
END_TEST

START_TEST(a_restart_keeps_the_windows)
{
	struct limit_set limits = hourly(1, 0);
	ck_assert_int_eq(lower("1", &limits, OUTCOME_DONE), INTENT_OPEN);
	store_close(store);
	store = store_fixture_open();
	ck_assert_int_eq(lower("2", &limits, OUTCOME_DONE), INTENT_LIMITED);
}
END_TEST

#define LOWERERS    8
#define PER_LOWERER 10
#define ALLOWED     17

static atomic_int opened_count;
static atomic_int limited_count;

static void *lower_many(void *arg)
{
	int thread = *(int *)arg;
	struct limit_set limits = hourly(ALLOWED, 0);
	for (int i = 0; i < PER_LOWERER; i++) {
		char id[16];
		str_format_cut(id, sizeof(id), "%d", thread * 100 + i + 1);
		enum intent_result result = lower(id, &limits, OUTCOME_DONE);
		atomic_fetch_add(result == INTENT_OPEN ? &opened_count : &limited_count, 1);
	}
	return NULL;
}

START_TEST(eight_threads_exceed_a_limit_by_nothing)
{
	pthread_t threads[LOWERERS];
	int numbers[LOWERERS];
	for (int i = 0; i < LOWERERS; i++) {
		numbers[i] = i;
		ck_assert(thread_start(&threads[i], "lower", lower_many, &numbers[i], NULL));
	}
	for (int i = 0; i < LOWERERS; i++) {
		thread_join(threads[i]);
	}
	ck_assert_int_eq(atomic_load(&opened_count), ALLOWED);
	ck_assert_int_eq(atomic_load(&limited_count), LOWERERS * PER_LOWERER - ALLOWED);
}
END_TEST

/* ------------------------------------------------------------- approvals */

/* A hold of no limit in particular. */
#define LIMIT_APPROVED (1u << 20)

static void approve(const char *employee_id, enum hold_kind kind)
{
	struct hold hold = {.key = store_fixture_key(employee_id), .kind = kind, .cause = "c"};
	struct hold_decision decision = {.key = hold.key, .kind = kind, .by = "admin"};
	ck_assert(store_hold_add(store, &hold, NULL));
	ck_assert(store_hold_release(store, &decision, NULL));
}

static unsigned approvals_of(const char *employee_id)
{
	struct employee employee = store_fixture_get(store, employee_id);
	unsigned approvals = employee.approvals;
	employee_finish(&employee);
	return approvals;
}

START_TEST(an_approval_passes_the_limit_counts_and_is_used_up)
{
	struct limit_set limits = hourly(1, 0);
	approve("1", HOLD_LIMIT);
	struct employee employee = work_on("1");
	ck_assert_uint_eq(employee.approvals, LIMIT_APPROVED);
	ck_assert_int_eq(lower("2", &limits, OUTCOME_DONE), INTENT_OPEN);
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_LOWER);
	intent.is_approved = true;
	ck_assert_int_eq(open_with(&intent, &limits), INTENT_OPEN);
	ck_assert_uint_eq(intent.approvals_used, LIMIT_APPROVED);
	ck_assert_uint_eq(approvals_of("1"), 0);
	close_as(&intent, &employee, OUTCOME_DONE);
	finish(&employee);
	limits = hourly(2, 0);
	ck_assert_int_eq(lower("3", &limits, OUTCOME_DONE), INTENT_LIMITED);
}
END_TEST

START_TEST(only_the_approvals_named_are_used)
{
	ck_assert_uint_eq(approval_bit(HOLD_LIMIT, LIMIT_NONE), LIMIT_APPROVED);
	approve("1", HOLD_LIMIT);
	approve("1", HOLD_DOMAIN);
	struct employee employee = work_on("1");
	struct intent intent = store_fixture_intent(&employee, ACTION_UPDATE, LIMIT_RENAME);
	intent.is_approved = true;
	intent.approvals_used = 1u << HOLD_DOMAIN | 1u << HOLD_CRASH;
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_OPEN);
	ck_assert_uint_eq(intent.approvals_used, 1u << HOLD_DOMAIN);
	ck_assert_uint_eq(approvals_of("1"), LIMIT_APPROVED);
	employee_finish(&employee);
}
END_TEST

START_TEST(what_was_not_sent_gives_its_approval_back)
{
	static const struct {
		enum outcome_state state;
		unsigned approvals;
	} cases[] = {
	        {OUTCOME_NOT_SENT, LIMIT_APPROVED},
	        {OUTCOME_DRY_RUN, LIMIT_APPROVED},
	        {OUTCOME_DONE, 0},
	        {OUTCOME_REFUSED, 0},
	};
	approve("1", HOLD_LIMIT);
	struct employee employee = work_on("1");
	struct intent intent = store_fixture_intent(&employee, ACTION_SUSPEND, LIMIT_LOWER);
	intent.is_approved = true;
	ck_assert_int_eq(open_with(&intent, NULL), INTENT_OPEN);
	close_as(&intent, &employee, cases[_i].state);
	ck_assert_uint_eq(approvals_of("1"), cases[_i].approvals);
	employee_finish(&employee);
}
END_TEST

START_TEST(a_good_run_without_holds_uses_up_what_is_left)
{
	static const struct {
		bool is_good;
		bool is_held;
		bool has_news;
		unsigned approvals;
	} cases[] = {
	        {true, false, false, 0},
	        {false, false, false, 1u << HOLD_DOMAIN},
	        {true, true, false, 1u << HOLD_DOMAIN},
	        {true, false, true, 1u << HOLD_DOMAIN},
	};
	approve("1", HOLD_DOMAIN);
	struct employee employee = work_on("1");
	if (cases[_i].is_held) {
		struct hold hold = {.key = employee.key, .kind = HOLD_LIMIT, .cause = "c"};
		ck_assert(store_hold_add(store, &hold, NULL));
	}
	if (cases[_i].has_news) {
		store_fixture_deliver(store, "x", "1", LANE_UPDATE);
	}
	employee.is_last_run_good = cases[_i].is_good;
	finish(&employee);
	ck_assert_uint_eq(approvals_of("1"), cases[_i].approvals);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("store_intent");
	TCase *opening = tcase_create("opening");
	tcase_add_checked_fixture(opening, setup, teardown);
	tcase_add_test(opening, an_intent_is_listed_open_with_all_it_says);
	tcase_add_test(opening, a_lost_lease_opens_nothing);
	tcase_add_loop_test(opening, news_stop_what_gives_access_and_nothing_else, 0, 10);
	tcase_add_loop_test(opening, a_login_or_user_of_somebody_else_is_taken, 0, 6);
	tcase_add_test(opening, ones_own_login_is_not_taken_and_a_closed_intent_frees_it);
	suite_add_tcase(suite, opening);
	TCase *closing = tcase_create("closing");
	tcase_add_checked_fixture(closing, setup, teardown);
	tcase_add_test(closing, an_outcome_carries_the_link);
	tcase_add_test(closing, an_outcome_without_the_lease_or_twice_changes_nothing);
	tcase_add_test(closing, the_next_lease_closes_what_an_earlier_one_left_open);
	tcase_add_test(closing, sessions_are_due_from_the_lowering_until_their_own_outcome);
	tcase_add_test(closing, actions_are_listed_newest_first);
	suite_add_tcase(suite, closing);
	TCase *limits = tcase_create("limits");
	tcase_add_checked_fixture(limits, setup, teardown);
	tcase_set_timeout(limits, 60);
	tcase_add_test(limits, beyond_the_limit_it_is_limited_and_others_limits_are_their_own);
	tcase_add_loop_test(limits, what_was_never_sent_does_not_count, 0, 5);
	tcase_add_test(limits, the_larger_of_count_and_percent_holds);
	tcase_add_test(limits, windows_are_of_running_time_and_each_holds);
	tcase_add_test(limits, a_restart_keeps_the_windows);
	tcase_add_test(limits, eight_threads_exceed_a_limit_by_nothing);
	suite_add_tcase(suite, limits);
	TCase *approvals = tcase_create("approvals");
	tcase_add_checked_fixture(approvals, setup, teardown);
	tcase_add_test(approvals, an_approval_passes_the_limit_counts_and_is_used_up);
	tcase_add_test(approvals, only_the_approvals_named_are_used);
	tcase_add_loop_test(approvals, what_was_not_sent_gives_its_approval_back, 0, 4);
	tcase_add_loop_test(approvals, a_good_run_without_holds_uses_up_what_is_left, 0, 4);
	suite_add_tcase(suite, approvals);
	return suite;
}

int main(void)
{
	return suite_run(make_suite());
}
