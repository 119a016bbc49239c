/* SPDX-License-Identifier: MIT */
/* The one-time link: for whom, by which call, and what is left of it. */
#include "server/engine/activation_link.h"

#include "server/base/clock.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define LINK   "https://acme.okta.com/tokens/XE6wE17zmphl3KqAPFxO/verify"
#define ANSWER "{\"activationUrl\":\"" LINK "\",\"activationToken\":\"XE6wE17zmphl3KqAPFxO\"}"
#define GET_IT "GET /" FIXTURE_OKTA_ID

static struct engine_fixture fixture;
static struct secret link_secret;
static struct err err;

static void set_up(void)
{
	err = ERR_INIT;
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	secret_finish(&link_secret);
	engine_fixture_stop(&fixture);
}

static bool ask(void)
{
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);

	return engine_activation_link(fixture.engine, &key, &link_secret, &err);
}

static void okta_shows(const char *status)
{
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, status, FIXTURE_LOGIN, ""));
}

static void link_of(enum account_status status, const char *person)
{
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person(person));
	engine_fixture_link(&fixture, status);
}

static const struct given_case {
	enum account_status status;
	const char *calls;
	enum action_kind kind;
	enum limit_kind limit;
} GIVEN_CASES[] = {
        {ACCOUNT_STAGED, GET_IT ", POST /" FIXTURE_OKTA_ID "/lifecycle/activate?sendEmail=false",
                ACTION_ACTIVATE, LIMIT_RAISE},
        {ACCOUNT_PROVISIONED,
                GET_IT ", POST /" FIXTURE_OKTA_ID "/lifecycle/reactivate?sendEmail=false",
                ACTION_REACTIVATE, LIMIT_NONE},
};

START_TEST(whoever_is_to_come_in_gets_a_link)
{
	const struct given_case *row = &GIVEN_CASES[_i];

	link_of(row->status, "{}");
	okta_shows(account_status_name(row->status));
	engine_fixture_answer(&fixture, "POST", "/lifecycle/", ANSWER);
	ck_assert_msg(ask(), "%s", err.text);
	ck_assert_str_eq(secret_reveal(&link_secret), LINK);
	ck_assert_str_eq(engine_fixture_calls(&fixture), row->calls);
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.actions.items[0].intent.kind, row->kind);
	ck_assert_int_eq(fixture.actions.items[0].intent.limit, row->limit);
	ck_assert(!fixture.actions.items[0].intent.sends_email);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DONE);
	/* No mail comes after it, which would void the link. */
	ck_assert_int_eq(fixture.employee.mails, 1);
	ck_assert(fixture.employee.is_activated);
}
END_TEST

/* What else is due for the person is not done, and not forgotten. */
START_TEST(the_employee_stays_dirty)
{
	link_of(ACCOUNT_PROVISIONED, "{\"more\":{\"work\":{\"title\":\"Engineer\"}}}");
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, NULL));
	okta_shows("PROVISIONED");
	engine_fixture_answer(&fixture, "POST", "/lifecycle/reactivate", ANSWER);
	ck_assert(ask());
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_lt(fixture.employee.settled_generation, fixture.employee.generation);
	ck_assert_uint_eq(fixture.actions.count, 1);
}
END_TEST

static const struct refused_case {
	enum account_status status; /* of the record */
	const char *okta; /* NULL: Okta is not asked */
	const char *person;
	const char *why;
} REFUSED_CASES[] = {
        {ACCOUNT_NONE, NULL, "{}", "there is no account yet"},
        {ACCOUNT_STAGED, NULL,
                "{\"lifecycle\":\"hired\",\"status\":\"Inactive\",\"start\":\"2099-01-01\"}",
                "not to be open now"},
        {ACCOUNT_PROVISIONED, NULL, "{\"lifecycle\":\"terminated\"}", "not to be open now"},
        {ACCOUNT_PROVISIONED, "ACTIVE", "{}", "the account is ACTIVE in Okta"},
        {ACCOUNT_ACTIVE, "RECOVERY", "{}", "the account is RECOVERY in Okta"},
};

START_TEST(everybody_else_gets_the_reason)
{
	const struct refused_case *row = &REFUSED_CASES[_i];

	if (row->status != ACCOUNT_NONE) {
		link_of(row->status, row->person);
	} else {
		struct employee_key key = store_fixture_key(FIXTURE_PERSON);
		engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person(row->person));
		ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, NULL));
	}
	if (row->okta != NULL) {
		okta_shows(row->okta);
	}
	ck_assert(!ask());
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_msg(strstr(err.text, row->why) != NULL, "%s", err.text);
	ck_assert(!secret_is_set(&link_secret));
	ck_assert_str_eq(engine_fixture_calls(&fixture), row->okta != NULL ? GET_IT : "");
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
}
END_TEST

START_TEST(a_protected_account_gets_none)
{
	engine_fixture_stop(&fixture);
	engine_fixture_start(
	        &fixture, "{\"provisioning\":{\"protected\":[\"" FIXTURE_LOGIN "\"]}}");
	link_of(ACCOUNT_PROVISIONED, "{}");
	ck_assert(!ask());
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

START_TEST(a_dry_run_refuses_before_anything_is_asked)
{
	engine_fixture_stop(&fixture);
	engine_fixture_start(&fixture, "{\"mode\":\"dry_run\"}");
	link_of(ACCOUNT_PROVISIONED, "{}");
	ck_assert(!ask());
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "dry_run"));
	ck_assert_uint_eq(engine_fixture_bob_searches(&fixture), 0);
}
END_TEST

static const char *const BINDING[] = {"human", "match"};

START_TEST(holds_keep_the_link_back)
{
	link_of(ACCOUNT_STAGED, "{}");
	engine_fixture_hold(&fixture, FIXTURE_PERSON, hold_kind_parse(BINDING[_i]), "for the test");
	if (_i > 0) {
		okta_shows("STAGED");
	}
	ck_assert(!ask());
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_null(strstr(engine_fixture_calls(&fixture), "POST"));
}
END_TEST

/* Somebody else was activated within the hour. */
static void use_up_the_limit(void)
{
	struct limit_set unlimited = {0};
	struct employee_key key = store_fixture_key("7");

	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, NULL));
	struct employee employee = store_fixture_claim(fixture.store, "7");
	struct intent intent = store_fixture_intent(&employee, ACTION_ACTIVATE, LIMIT_RAISE);
	ck_assert_int_eq(store_intent_open(fixture.store, &intent, &unlimited, NULL), INTENT_OPEN);
	intent_finish(&intent);
	employee_finish(&employee);
}

START_TEST(a_limit_keeps_the_link_back)
{
	engine_fixture_stop(&fixture);
	engine_fixture_start(&fixture, "{\"limits\":{\"raise\":{\"per_hour\":1}}}");
	use_up_the_limit();
	link_of(ACCOUNT_STAGED, "{}");
	okta_shows("STAGED");
	ck_assert(!ask());
	ck_assert_ptr_nonnull(strstr(err.text, "a hold or a limit"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), GET_IT);
	ck_assert(engine_fixture_is_held(&fixture, HOLD_LIMIT));
}
END_TEST

/* The account may be activated by now; the link is lost, and another one can be asked for. */
START_TEST(a_link_that_got_lost_on_the_way_is_made_anew)
{
	link_of(ACCOUNT_STAGED, "{}");
	okta_shows("STAGED");
	engine_fixture_refuse(&fixture, "POST", "/lifecycle/activate", 500, "E0000009");
	ck_assert(!ask());
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 1);
	ck_assert_str_eq(engine_fixture_calls(&fixture), GIVEN_CASES[0].calls);
	/* Resolved by a read, then looked at, then a new token. */
	okta_shows("PROVISIONED");
	okta_shows("PROVISIONED");
	engine_fixture_answer(&fixture, "POST", "/lifecycle/reactivate", ANSWER);
	err = ERR_INIT;
	ck_assert_msg(ask(), "%s", err.text);
	ck_assert_str_eq(engine_fixture_calls(&fixture),
	        GET_IT ", " GET_IT ", POST /" FIXTURE_OKTA_ID
	               "/lifecycle/reactivate?sendEmail=false");
	ck_assert_uint_eq(engine_fixture_open_intents(&fixture), 0);
}
END_TEST

START_TEST(what_somebody_works_on_is_left_alone)
{
	link_of(ACCOUNT_PROVISIONED, "{}");
	engine_fixture_begin(&fixture, LANE_UPDATE);
	ck_assert(!ask());
	ck_assert_int_eq(err.code, ERR_CONFLICT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("activation_link");
	TCase *tcase = tcase_create("activation_link");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_loop_test(tcase, whoever_is_to_come_in_gets_a_link, 0, ARRAY_SIZE(GIVEN_CASES));
	tcase_add_test(tcase, the_employee_stays_dirty);
	tcase_add_loop_test(tcase, everybody_else_gets_the_reason, 0, ARRAY_SIZE(REFUSED_CASES));
	tcase_add_test(tcase, a_protected_account_gets_none);
	tcase_add_test(tcase, a_dry_run_refuses_before_anything_is_asked);
	tcase_add_loop_test(tcase, holds_keep_the_link_back, 0, ARRAY_SIZE(BINDING));
	tcase_add_test(tcase, a_limit_keeps_the_link_back);
	tcase_add_test(tcase, a_link_that_got_lost_on_the_way_is_made_anew);
	tcase_add_test(tcase, what_somebody_works_on_is_left_alone);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
