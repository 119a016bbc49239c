/* SPDX-License-Identifier: MIT */
/* Before the first create: is there an account already? */
#include "server/base/json.h"
#include "server/base/str.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define OTHER   "7"
#define SAME    "\"firstName\":\"Ada\",\"lastName\":\"King\",\"displayName\":\"Ada King\""
#define ANOTHER "\"lastName\":\"Hopper\""

static struct engine_fixture fixture;

static void set_up(void)
{
	engine_fixture_start(&fixture, NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

/* What the search and then the single read show. */
static void show(const char *status, const char *login, const char *more)
{
	char list[1024];

	ck_assert(str_format(list, sizeof(list), "[%s]",
	        engine_fixture_user(FIXTURE_OKTA_ID, status, login, more)));
	engine_fixture_answer(&fixture, "GET", "search=", list);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, status, login, more));
}

static void expect_open_create(void)
{
	engine_fixture_answer(&fixture, "POST", "?activate=true",
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, SAME));
}

START_TEST(nobody_there_is_one_search_and_one_create)
{
	expect_open_create();
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, POST ?activate=true");
	ck_assert_int_eq(fixture.employee.origin, ORIGIN_CREATED);
}
END_TEST

START_TEST(a_second_run_right_after_does_not_search_again)
{
	/* The create is refused for now, so that the next run wants one again. */
	engine_fixture_refuse(&fixture, "POST", "?activate=true", 503, "E0000010");
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, POST ?activate=true");
	expect_open_create();
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "POST ?activate=true");
}
END_TEST

START_TEST(another_login_is_searched_anew)
{
	engine_fixture_refuse(&fixture, "POST", "?activate=true", 503, "E0000010");
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	engine_fixture_calls(&fixture);
	expect_open_create();
	engine_fixture_run(&fixture, engine_fixture_person("{\"email\":\"ada@example.com\"}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, POST ?activate=true");
}
END_TEST

static const struct adopt_case {
	const char *status;
	enum account_origin origin;
	bool is_activated;
	const char *calls;
} ADOPT_CASES[] = {
        {"ACTIVE", ORIGIN_ADOPTED, true, "GET ?search, GET /" FIXTURE_OKTA_ID},
        {"LOCKED_OUT", ORIGIN_ADOPTED, true, "GET ?search, GET /" FIXTURE_OKTA_ID},
        {"STAGED", ORIGIN_ADOPTED_STAGED, true,
                "GET ?search, GET /" FIXTURE_OKTA_ID ", POST /" FIXTURE_OKTA_ID
                "/lifecycle/activate?sendEmail=true"},
};

START_TEST(the_same_person_is_linked_without_a_write)
{
	const struct adopt_case *row = &ADOPT_CASES[_i];

	show(row->status, FIXTURE_LOGIN, SAME);
	engine_fixture_answer(&fixture, "POST", "/lifecycle/activate", "{}");
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), row->calls);
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_int_eq(fixture.employee.origin, row->origin);
	ck_assert(fixture.employee.is_activated == row->is_activated);
	ck_assert_str_eq(personal_reveal(&fixture.employee.bob_login), FIXTURE_LOGIN);
	size_t oldest = fixture.actions.count - 1;
	ck_assert_int_eq(fixture.actions.items[oldest].intent.kind, ACTION_LINK);
	ck_assert_int_eq(fixture.actions.items[oldest].outcome.state, OUTCOME_DONE);
}
END_TEST

START_TEST(adopting_changes_no_login)
{
	show("ACTIVE", "ADA.KING@example.com", SAME);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, GET /" FIXTURE_OKTA_ID);
}
END_TEST

static const struct held_case {
	const char *status;
	const char *more;
} HELD_CASES[] = {
        {"ACTIVE", ANOTHER},
        {"DEPROVISIONED", SAME},
        {"SUSPENDED", SAME},
};

START_TEST(a_doubtful_or_closed_hit_is_held)
{
	const struct held_case *row = &HELD_CASES[_i];

	show(row->status, FIXTURE_LOGIN, row->more);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search");
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
	ck_assert_str_eq(fixture.employee.okta_id, "");
	ck_assert_uint_eq(fixture.actions.count, 0);
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
}
END_TEST

START_TEST(a_search_that_is_behind_is_corrected_by_the_single_read)
{
	char list[1024];

	ck_assert(str_format(list, sizeof(list), "[%s]",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, SAME)));
	engine_fixture_answer(&fixture, "GET", "search=", list);
	engine_fixture_answer(&fixture, "GET", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "DEPROVISIONED", FIXTURE_LOGIN, SAME));
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert(engine_fixture_is_held(&fixture, HOLD_MATCH));
	ck_assert_str_eq(fixture.employee.okta_id, "");
}
END_TEST

START_TEST(a_hit_that_is_gone_by_now_is_looked_for_again_later)
{
	char list[1024];

	ck_assert(str_format(list, sizeof(list), "[%s]",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, SAME)));
	engine_fixture_answer(&fixture, "GET", "search=", list);
	engine_fixture_refuse(&fixture, "GET", "/" FIXTURE_OKTA_ID, 404, "E0000007");
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_RETRY);
	ck_assert_uint_eq(fixture.actions.count, 0);
}
END_TEST

static void release(enum hold_kind kind)
{
	struct hold_decision decision = {
	        .key = store_fixture_key(FIXTURE_PERSON), .kind = kind, .by = "test"};

	ck_assert(store_hold_release(fixture.store, &decision, NULL));
}

START_TEST(a_released_match_is_linked)
{
	show("ACTIVE", FIXTURE_LOGIN, ANOTHER);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	release(HOLD_MATCH);
	engine_fixture_calls(&fixture);
	char list[1024];
	ck_assert(str_format(list, sizeof(list), "[%s]",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ANOTHER)));
	engine_fixture_answer(&fixture, "GET", "search=", list);
	engine_fixture_answer(&fixture, "POST", "/" FIXTURE_OKTA_ID,
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, SAME));
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture),
	        "GET ?search, GET /" FIXTURE_OKTA_ID ", POST /" FIXTURE_OKTA_ID);
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_MATCH));
}
END_TEST

START_TEST(a_match_that_is_no_longer_there_is_let_go)
{
	engine_fixture_hold(&fixture, FIXTURE_PERSON, HOLD_MATCH, "somebody had the login");
	expect_open_create();
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_MATCH));
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
}
END_TEST

/* --------------------------------------------------------------- duplicates */

/* The account of the same person is linked to another Bob record. */
static void meet_duplicate(void)
{
	store_fixture_link(fixture.store, OTHER, FIXTURE_OKTA_ID, FIXTURE_LOGIN, ACCOUNT_ACTIVE);
	show("ACTIVE", FIXTURE_LOGIN, SAME);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
}

START_TEST(an_account_under_another_record_is_held_on_both)
{
	meet_duplicate();
	ck_assert(engine_fixture_is_held(&fixture, HOLD_DUPLICATE));
	ck_assert_str_eq(fixture.employee.okta_id, "");
	struct employee other = store_fixture_get(fixture.store, OTHER);
	ck_assert((other.hold_kinds & (1U << HOLD_DUPLICATE)) != 0);
	ck_assert_str_eq(other.okta_id, FIXTURE_OKTA_ID);
	employee_finish(&other);
}
END_TEST

START_TEST(released_the_link_moves_to_the_new_record)
{
	meet_duplicate();
	release(HOLD_DUPLICATE);
	char list[1024];
	ck_assert(str_format(list, sizeof(list), "[%s]",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, SAME)));
	engine_fixture_answer(&fixture, "GET", "search=", list);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(fixture.employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_int_eq(fixture.employee.present_status, ACCOUNT_ACTIVE);
	struct employee other = store_fixture_get(fixture.store, OTHER);
	ck_assert_str_eq(other.okta_id, "");
	ck_assert_int_eq(other.present_status, ACCOUNT_NONE);
	ck_assert_uint_eq(other.hold_kinds, 0);
	employee_finish(&other);
}
END_TEST

START_TEST(a_record_somebody_works_on_does_not_let_go_yet)
{
	meet_duplicate();
	release(HOLD_DUPLICATE);
	struct employee other = store_fixture_claim(fixture.store, OTHER);
	char list[1024];
	ck_assert(str_format(list, sizeof(list), "[%s]",
	        engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, SAME)));
	engine_fixture_answer(&fixture, "GET", "search=", list);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_RETRY);
	ck_assert_str_eq(fixture.employee.okta_id, "");
	employee_finish(&other);
}
END_TEST

/* ------------------------------------------------------------- other endings */

static const struct failing_case {
	int status;
	const char *code;
	enum run_end end;
} FAILING_CASES[] = {
        {503, "E0000100", RUN_ENDS_RETRY},
        {429, "E0000047", RUN_ENDS_WAITING},
        {401, "E0000011", RUN_ENDS_PARKED},
        {400, "E0000031", RUN_ENDS_FAILED},
};

START_TEST(without_an_answer_nobody_is_created)
{
	const struct failing_case *row = &FAILING_CASES[_i];

	engine_fixture_refuse(&fixture, "GET", "search=", row->status, row->code);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, row->end);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search");
	ck_assert_uint_eq(fixture.actions.count, 0);
}
END_TEST

START_TEST(while_parked_nobody_is_looked_for)
{
	struct call_outcome dead = engine_fixture_outcome(CALL_STOP_CREDENTIALS, 401);

	connection_okta_outcome(fixture.connection, OTHER, &dead);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_int_eq(fixture.end, RUN_ENDS_PARKED);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

static const char *const UNWANTED[] = {
        "{\"lifecycle\":\"terminated\"}",
        "{\"email\":null}",
        "{\"email\":\"ada@example.org\"}",
};

START_TEST(somebody_who_gets_no_account_is_not_looked_for)
{
	engine_fixture_run(&fixture, engine_fixture_person(UNWANTED[_i]));
	ck_assert_int_eq(fixture.end, RUN_ENDS_WELL);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_uint_eq(fixture.actions.count, 0);
}
END_TEST

START_TEST(somebody_from_before_go_live_waits_for_a_word)
{
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert(engine_fixture_is_held(&fixture, HOLD_EXISTING));
	/* An event names this person: planned like anybody (M3). */
	store_fixture_deliver(fixture.store, "{}", FIXTURE_PERSON, LANE_UPDATE);
	expect_open_create();
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, POST ?activate=true");
	ck_assert(!engine_fixture_is_held(&fixture, HOLD_EXISTING));
}
END_TEST

START_TEST(dry_run_links_nobody)
{
	show("ACTIVE", FIXTURE_LOGIN, SAME);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search");
	ck_assert_str_eq(fixture.employee.okta_id, "");
}
END_TEST

/* -------------------------------------------------------------------- suite */

static void set_up_existing(void)
{
	engine_fixture_start(&fixture, "{\"provisioning\":{\"existing\":\"hold\"}}");
}

static void set_up_dry(void)
{
	engine_fixture_start(&fixture, "{\"mode\":\"dry_run\"}");
}

static TCase *add_case(Suite *suite, const char *name, void (*start)(void))
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, start, tear_down);
	tcase_set_timeout(tcase, 30);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static void add_hits(TCase *tcase)
{
	tcase_add_test(tcase, nobody_there_is_one_search_and_one_create);
	tcase_add_test(tcase, a_second_run_right_after_does_not_search_again);
	tcase_add_test(tcase, another_login_is_searched_anew);
	tcase_add_loop_test(
	        tcase, the_same_person_is_linked_without_a_write, 0, ARRAY_SIZE(ADOPT_CASES));
	tcase_add_test(tcase, adopting_changes_no_login);
	tcase_add_loop_test(tcase, a_doubtful_or_closed_hit_is_held, 0, ARRAY_SIZE(HELD_CASES));
	tcase_add_test(tcase, a_search_that_is_behind_is_corrected_by_the_single_read);
	tcase_add_test(tcase, a_hit_that_is_gone_by_now_is_looked_for_again_later);
	tcase_add_test(tcase, a_released_match_is_linked);
	tcase_add_test(tcase, a_match_that_is_no_longer_there_is_let_go);
	tcase_add_test(tcase, an_account_under_another_record_is_held_on_both);
	tcase_add_test(tcase, released_the_link_moves_to_the_new_record);
	tcase_add_test(tcase, a_record_somebody_works_on_does_not_let_go_yet);
}

int main(void)
{
	Suite *suite = suite_create("lookup");

	add_hits(add_case(suite, "hits", set_up));
	TCase *ends = add_case(suite, "ends", set_up);
	tcase_add_loop_test(
	        ends, without_an_answer_nobody_is_created, 0, ARRAY_SIZE(FAILING_CASES));
	tcase_add_test(ends, while_parked_nobody_is_looked_for);
	tcase_add_loop_test(
	        ends, somebody_who_gets_no_account_is_not_looked_for, 0, ARRAY_SIZE(UNWANTED));
	tcase_add_test(add_case(suite, "existing", set_up_existing),
	        somebody_from_before_go_live_waits_for_a_word);
	tcase_add_test(add_case(suite, "dry run", set_up_dry), dry_run_links_nobody);
	return suite_run(suite);
}
