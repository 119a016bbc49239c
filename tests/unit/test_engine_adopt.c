/* SPDX-License-Identifier: MIT */
/* Day one: scan, second look, link and unlink. */
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/adopt.h"
#include "server/store/adoption.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define OTHER      "7"
#define SAME       "\"firstName\":\"Ada\",\"lastName\":\"King\""
#define ANOTHER    "\"firstName\":\"Grace\",\"lastName\":\"Hopper\""
#define OTHER_USER "00u2gracehopper"
#define WAIT_MS    20000
#define EVERYBODY  "limit=200"
#define OWN        "/" FIXTURE_OKTA_ID

static struct engine_fixture fixture;
static struct err err;

static void set_up_with(const char *changes)
{
	err = (struct err)ERR_INIT;
	engine_fixture_start(&fixture, changes);
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person("{}"));
}

static void set_up(void)
{
	set_up_with(NULL);
}

static void tear_down(void)
{
	engine_fixture_stop(&fixture);
}

static struct employee_key key_of(const char *id)
{
	return store_fixture_key(id);
}

static const struct adopt_start START = {.connection = "default", .by = "ops"};

/* What Okta's list shows: one user, or as it stands. */
static void show_list(const char *users)
{
	engine_fixture_answer(&fixture, "GET", EVERYBODY, users);
}

static void show(const char *status, const char *login, const char *more)
{
	char list[1024];
	ck_assert(str_format(list, sizeof(list), "[%s]",
	        engine_fixture_user(FIXTURE_OKTA_ID, status, login, more)));
	show_list(list);
}

/* What the single read shows. */
static void expect_read(const char *status, const char *login, const char *more)
{
	engine_fixture_answer(
	        &fixture, "GET", OWN, engine_fixture_user(FIXTURE_OKTA_ID, status, login, more));
}

/* Until the job is over; its part of the report. */
static json_t *job_ends(const char *job)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	for (;;) {
		json_t *report = NULL;
		ck_assert_msg(engine_adopt_report(fixture.engine, "default", &report, &err), "%s",
		        err.text);
		json_t *part = json_incref(json_object_get(report, job));
		json_decref(report);
		if (!str_equal(json_get_text(part, "state"), "running")) {
			return part;
		}
		json_decref(part);
		ck_assert_msg(clock_mono_ms() < deadline_ms, "the %s does not end", job);
		(void)poll(NULL, 0, 5);
	}
}

static void expect_end(const char *job, const char *state)
{
	json_t *part = job_ends(job);
	ck_assert_msg(str_equal(json_get_text(part, "state"), state), "%s: %s: %s", job,
	        json_get_text(part, "state"), json_get_text(part, "sentence"));
	json_decref(part);
}

static void scan(void)
{
	ck_assert_msg(engine_adopt_scan(fixture.engine, &START, &err), "%s", err.text);
	expect_end("scan", "done");
}

static void apply(void)
{
	ck_assert_msg(engine_adopt_apply(fixture.engine, &START, &err), "%s", err.text);
	expect_end("apply", "done");
}

static struct adoption_person found(const char *id)
{
	struct employee_key key = key_of(id);
	struct adoption_person person;
	ck_assert_msg(store_adoption_get(fixture.store, &key, &person, &err), "%s", err.text);
	return person;
}

static void expect_found(const char *id, enum adopt_class class_, enum adopt_why why)
{
	struct adoption_person person = found(id);
	ck_assert_str_eq(adopt_class_name(person.class_), adopt_class_name(class_));
	ck_assert_str_eq(adopt_why_name(person.why), adopt_why_name(why));
	adoption_person_finish(&person);
}

static void decide(const char *id, enum adoption_decision decision, const char *chosen)
{
	struct adoption_choice choice = {.decision = decision, .chosen = chosen};
	struct adoption_mistake mistake;
	struct adoption_decide call = {.connection = "default",
	        .by = "ops",
	        .choices = &choice,
	        .count = 1,
	        .mistakes = &mistake};
	str_format_cut(choice.employee_id, sizeof(choice.employee_id), "%s", id);
	ck_assert(store_adoption_decide(fixture.store, &call, &err));
	ck_assert_msg(call.mistake_count == 0, "%s", call.mistake_count > 0 ? mistake.text : "");
}

static struct employee record(const char *id)
{
	return store_fixture_get(fixture.store, id);
}

static bool is_held(const char *id, enum hold_kind kind)
{
	struct employee employee = record(id);
	bool held = (employee.hold_kinds & (1U << kind)) != 0;
	employee_finish(&employee);
	return held;
}

/* -------------------------------------------------------------------- scan */

START_TEST(a_scan_finds_and_writes_nothing)
{
	show("ACTIVE", FIXTURE_LOGIN, SAME);
	scan();
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search");
	struct adoption_person person = found(FIXTURE_PERSON);
	ck_assert_int_eq(person.class_, ADOPT_EXACT);
	ck_assert_int_eq(person.rule, ADOPT_LOGIN);
	ck_assert_str_eq(person.okta_id, FIXTURE_OKTA_ID);
	ck_assert_str_eq(personal_reveal(&person.display_name), "Ada King");
	adoption_person_finish(&person);
	struct employee employee;
	struct employee_key key = key_of(FIXTURE_PERSON);
	ck_assert(!store_employee_get(fixture.store, &key, &employee, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

START_TEST(whoever_is_linked_is_counted_and_not_listed)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	show("ACTIVE", FIXTURE_LOGIN, SAME);
	ck_assert(engine_adopt_scan(fixture.engine, &START, &err));
	json_t *part = job_ends("scan");
	ck_assert_int_eq(json_get_int(part, "linked", 0), 1);
	ck_assert_int_eq(json_get_int(part, "users", 0), 1);
	json_decref(part);
	struct adoption_person person;
	struct employee_key key = key_of(FIXTURE_PERSON);
	ck_assert(!store_adoption_get(fixture.store, &key, &person, &err));
}
END_TEST

START_TEST(who_left_is_listed_only_with_an_open_account)
{
	static const char LEFT[] = "{\"lifecycle\":\"terminated\",\"end\":\"2025-01-31\"}";
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person(LEFT));
	show("DEPROVISIONED", FIXTURE_LOGIN, SAME);
	ck_assert(engine_adopt_scan(fixture.engine, &START, &err));
	json_t *part = job_ends("scan");
	ck_assert_int_eq(json_get_int(part, "gone", 0), 1);
	json_decref(part);
	show("ACTIVE", FIXTURE_LOGIN, SAME);
	scan();
	struct adoption_person person = found(FIXTURE_PERSON);
	ck_assert(person.is_left);
	ck_assert_int_eq(person.class_, ADOPT_EXACT);
	adoption_person_finish(&person);
}
END_TEST

START_TEST(an_empty_list_ends_a_scan_and_forgets_nobody)
{
	show("ACTIVE", FIXTURE_LOGIN, SAME);
	scan();
	show_list("[]");
	ck_assert(engine_adopt_scan(fixture.engine, &START, &err));
	expect_end("scan", "failed");
	expect_found(FIXTURE_PERSON, ADOPT_EXACT, ADOPT_AGREES);
	json_object_clear(fixture.people);
	show("ACTIVE", FIXTURE_LOGIN, SAME);
	ck_assert(engine_adopt_scan(fixture.engine, &START, &err));
	expect_end("scan", "failed");
	expect_found(FIXTURE_PERSON, ADOPT_EXACT, ADOPT_AGREES);
}
END_TEST

static enum err_code second_start;

static void start_another(struct engine_fixture *of, const struct fake_request *request)
{
	struct err refused = ERR_INIT;
	(void)request;
	second_start = engine_adopt_scan(of->engine, &START, &refused) ? ERR_OK : refused.code;
}

START_TEST(one_scan_at_a_time)
{
	show("ACTIVE", FIXTURE_LOGIN, SAME);
	second_start = ERR_OK;
	fixture.watcher = start_another;
	scan();
	fixture.watcher = NULL;
	ck_assert_int_eq(second_start, ERR_CONFLICT);
}
END_TEST

START_TEST(a_job_ends_with_its_engine_and_says_so)
{
	engine_quiesce(fixture.engine);
	ck_assert(!engine_adopt_scan(fixture.engine, &START, &err));
	ck_assert_int_eq(err.code, ERR_STOPPED);
}
END_TEST

START_TEST(a_directory_is_told_and_remembered_with_the_link)
{
	static const char USER[] =
	        "{\"id\":\"" FIXTURE_OKTA_ID
	        "\",\"status\":\"ACTIVE\",\"credentials\":{\"provider\":"
	        "{\"type\":\"ACTIVE_DIRECTORY\",\"name\":\"corp\"}},\"profile\":{\"login\":"
	        "\"" FIXTURE_LOGIN "\",\"email\":\"" FIXTURE_LOGIN "\"," SAME "}}";
	char list[512];
	ck_assert(str_format(list, sizeof(list), "[%s]", USER));
	show_list(list);
	scan();
	struct adoption_person person = found(FIXTURE_PERSON);
	ck_assert(person.is_sourced_elsewhere);
	adoption_person_finish(&person);
	decide(FIXTURE_PERSON, ADOPTION_LINK, NULL);
	engine_fixture_answer(&fixture, "GET", OWN, USER);
	apply();
	struct employee employee = record(FIXTURE_PERSON);
	ck_assert(employee.is_sourced_elsewhere);
	employee_finish(&employee);
}
END_TEST

/* ------------------------------------------------------------------- apply */

static void scan_and_decide(void)
{
	show("ACTIVE", FIXTURE_LOGIN, SAME);
	scan();
	decide(FIXTURE_PERSON, ADOPTION_LINK, NULL);
	engine_fixture_calls(&fixture);
}

START_TEST(a_link_is_made_after_a_second_look_and_writes_nothing)
{
	scan_and_decide();
	expect_read("ACTIVE", FIXTURE_LOGIN, SAME);
	apply();
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET " OWN);
	struct employee employee = record(FIXTURE_PERSON);
	ck_assert_str_eq(employee.okta_id, FIXTURE_OKTA_ID);
	ck_assert_int_eq(employee.origin, ORIGIN_ADOPTED);
	ck_assert_str_eq(personal_reveal(&employee.bob_login), FIXTURE_LOGIN);
	ck_assert(!employee.is_compared);
	ck_assert_int_eq(employee.state, EMPLOYEE_DIRTY);
	ck_assert_int_eq(employee.lane, LANE_SWEEP);
	ck_assert_int_eq(employee.attempts, 0);
	employee_finish(&employee);
	struct adoption_person person = found(FIXTURE_PERSON);
	ck_assert_int_eq(person.state, ADOPTION_DONE);
	adoption_person_finish(&person);
	engine_fixture_load(&fixture);
	ck_assert_uint_eq(fixture.actions.count, 1);
	ck_assert_int_eq(fixture.actions.items[0].intent.kind, ACTION_LINK);
	ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DONE);
	apply();
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
}
END_TEST

START_TEST(in_dry_run_too)
{
	tear_down();
	set_up_with("{\"mode\":\"dry_run\"}");
	scan_and_decide();
	expect_read("ACTIVE", FIXTURE_LOGIN, SAME);
	apply();
	struct employee employee = record(FIXTURE_PERSON);
	ck_assert_str_eq(employee.okta_id, FIXTURE_OKTA_ID);
	employee_finish(&employee);
}
END_TEST

static const struct change_case {
	const char *status;
	const char *login;
	const char *more;
	bool is_linked;
} CHANGES[] = {
        {"SUSPENDED", FIXTURE_LOGIN, SAME, false},
        {"ACTIVE", "ada@example.com", SAME, false},
        {"ACTIVE", FIXTURE_LOGIN, ANOTHER, false},
        {"ACTIVE", FIXTURE_LOGIN, SAME ",\"employeeNumber\":\"1\"", false},
        {"LOCKED_OUT", FIXTURE_LOGIN, SAME, true}, /* comes and goes */
        {"PASSWORD_EXPIRED", FIXTURE_LOGIN, SAME ",\"title\":\"x\"", true},
};

START_TEST(what_changed_since_the_scan_is_not_linked)
{
	const struct change_case *row = &CHANGES[_i];
	scan_and_decide();
	expect_read(row->status, row->login, row->more);
	apply();
	struct adoption_person person = found(FIXTURE_PERSON);
	ck_assert_int_eq(person.state == ADOPTION_DONE, row->is_linked);
	ck_assert_int_eq(person.why == ADOPT_CHANGED, !row->is_linked);
	ck_assert_int_eq(person.decision, row->is_linked ? ADOPTION_LINK : ADOPTION_NONE);
	adoption_person_finish(&person);
}
END_TEST

START_TEST(what_changed_in_bob_is_not_linked)
{
	scan_and_decide();
	engine_fixture_bring(
	        &fixture, FIXTURE_PERSON, engine_fixture_person("{\"surname\":\"Byron\"}"));
	expect_read("ACTIVE", FIXTURE_LOGIN, SAME);
	apply();
	expect_found(FIXTURE_PERSON, ADOPT_DOUBTFUL, ADOPT_CHANGED);
}
END_TEST

START_TEST(a_user_who_is_gone_is_not_linked)
{
	scan_and_decide();
	engine_fixture_refuse(&fixture, "GET", OWN, 404, "E0000007");
	apply();
	expect_found(FIXTURE_PERSON, ADOPT_DOUBTFUL, ADOPT_CHANGED);
}
END_TEST

START_TEST(somebody_whom_bob_hides_is_refused)
{
	scan_and_decide();
	json_object_clear(fixture.people);
	engine_fixture_bring(&fixture, OTHER, engine_fixture_person("{}"));
	apply();
	struct adoption_person person = found(FIXTURE_PERSON);
	ck_assert_int_eq(person.state, ADOPTION_REFUSED);
	ck_assert(strstr(person.sentence, "Bob") != NULL);
	adoption_person_finish(&person);
}
END_TEST

START_TEST(a_user_linked_meanwhile_is_refused)
{
	scan_and_decide();
	store_fixture_link(fixture.store, OTHER, FIXTURE_OKTA_ID, FIXTURE_LOGIN, ACCOUNT_ACTIVE);
	expect_read("ACTIVE", FIXTURE_LOGIN, SAME);
	apply();
	struct adoption_person person = found(FIXTURE_PERSON);
	ck_assert_int_eq(person.state, ADOPTION_REFUSED);
	adoption_person_finish(&person);
}
END_TEST

/* A user named by hand was compared by nobody: it has to agree. */
START_TEST(a_named_user_has_to_agree)
{
	show_list("[{\"id\":\"00u9somebody\",\"status\":\"ACTIVE\",\"profile\":{\"login\":"
	          "\"x@example.com\"}}]");
	scan();
	decide(FIXTURE_PERSON, ADOPTION_LINK, OTHER_USER);
	engine_fixture_answer(&fixture, "GET", "/" OTHER_USER,
	        engine_fixture_user(OTHER_USER, "ACTIVE", "grace@example.com", ANOTHER));
	apply();
	struct adoption_person person = found(FIXTURE_PERSON);
	ck_assert_int_eq(person.state, ADOPTION_REFUSED);
	adoption_person_finish(&person);
	decide(FIXTURE_PERSON, ADOPTION_LINK, OTHER_USER);
	engine_fixture_answer(&fixture, "GET", "/" OTHER_USER,
	        engine_fixture_user(OTHER_USER, "ACTIVE", FIXTURE_LOGIN, SAME));
	apply();
	struct employee employee = record(FIXTURE_PERSON);
	ck_assert_str_eq(employee.okta_id, OTHER_USER);
	employee_finish(&employee);
}
END_TEST

/* -------------------------------------------------------- create and ignore */

#define HOLDS_EXISTING "{\"provisioning\":{\"existing\":\"hold\"}}"

static void scan_unmatched(enum adoption_decision decision)
{
	show_list("[{\"id\":\"00u9somebody\",\"status\":\"ACTIVE\",\"profile\":{\"login\":"
	          "\"x@example.com\"}}]");
	scan();
	expect_found(FIXTURE_PERSON, ADOPT_UNMATCHED, ADOPT_NOBODY);
	decide(FIXTURE_PERSON, decision, NULL);
	apply();
	engine_fixture_calls(&fixture);
}

START_TEST(create_makes_the_account_that_m3_holds)
{
	tear_down();
	set_up_with(HOLDS_EXISTING);
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert(is_held(FIXTURE_PERSON, HOLD_EXISTING));
	scan_unmatched(ADOPTION_CREATE);
	ck_assert(!is_held(FIXTURE_PERSON, HOLD_EXISTING));
	engine_fixture_answer(&fixture, "POST", "?activate=true",
	        engine_fixture_user(FIXTURE_OKTA_ID, "PROVISIONED", FIXTURE_LOGIN, SAME));
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET ?search, POST ?activate=true");
}
END_TEST

/* It is no approval that one run uses up. */
START_TEST(create_outlives_dry_run)
{
	tear_down();
	set_up_with("{\"mode\":\"dry_run\",\"provisioning\":{\"existing\":\"hold\"}}");
	scan_unmatched(ADOPTION_CREATE);
	for (int i = 0; i < 2; i++) {
		engine_fixture_run(&fixture, engine_fixture_person("{}"));
		ck_assert(!is_held(FIXTURE_PERSON, HOLD_EXISTING));
		ck_assert_int_eq(fixture.actions.items[0].intent.kind, ACTION_CREATE);
		ck_assert_int_eq(fixture.actions.items[0].outcome.state, OUTCOME_DRY_RUN);
	}
}
END_TEST

START_TEST(ignore_holds_whatever_the_settings_say)
{
	scan_unmatched(ADOPTION_IGNORE);
	ck_assert(is_held(FIXTURE_PERSON, HOLD_EXISTING));
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	ck_assert_str_eq(fixture.employee.okta_id, "");
}
END_TEST

/* ------------------------------------------------------------ link, unlink */

static struct link_request link_of(const char *okta_user)
{
	return (struct link_request){
	        .key = key_of(FIXTURE_PERSON), .okta_user = okta_user, .by = "ops"};
}

static json_t *must_link(const struct link_request *request)
{
	json_t *report = NULL;
	ck_assert_msg(engine_link(fixture.engine, request, &report, &err), "%s", err.text);
	return report;
}

static void must_not_link(const struct link_request *request, const char *why)
{
	struct err refused = ERR_INIT;
	json_t *report = NULL;
	ck_assert(!engine_link(fixture.engine, request, &report, &refused));
	ck_assert_ptr_null(report);
	ck_assert_msg(strstr(refused.text, why) != NULL, "%s", refused.text);
}

START_TEST(a_link_by_hand_shows_both_sides_first)
{
	struct link_request request = link_of(FIXTURE_OKTA_ID);
	request.is_check = true;
	expect_read("ACTIVE", "aking@example.com", SAME ",\"title\":\"Boss\"");
	engine_fixture_calls(&fixture);
	json_t *seen = must_link(&request);
	ck_assert(!json_get_bool(seen, "agrees", true));
	ck_assert(!json_get_bool(seen, "is_linked", true));
	const json_t *differences = json_object_get(seen, "differences");
	const json_t *entry = NULL;
	size_t i = 0;
	bool is_login_kept = false;
	json_array_foreach(differences, i, entry)
	{
		is_login_kept = is_login_kept ||
		        (str_equal(json_get_text(entry, "okta"), "login") &&
		                json_get_bool(entry, "is_kept", false));
	}
	ck_assert(is_login_kept);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "GET " OWN);

	/* As shown, with a reason. */
	request.is_check = false;
	request.expect = json_get_text(seen, "facts");
	expect_read("ACTIVE", "aking@example.com", SAME);
	must_not_link(&request, "say why");
	request.although = "asked her";
	expect_read("SUSPENDED", "aking@example.com", SAME);
	must_not_link(&request, "changed since");
	expect_read("ACTIVE", "aking@example.com", SAME);
	json_decref(must_link(&request));
	struct employee employee = record(FIXTURE_PERSON);
	ck_assert_str_eq(employee.okta_id, FIXTURE_OKTA_ID);
	employee_finish(&employee);
	json_decref(seen);
}
END_TEST

START_TEST(nobody_elses_user_is_linked_by_hand)
{
	struct link_request request = link_of(FIXTURE_OKTA_ID);
	request.although = "because";
	store_fixture_link(fixture.store, OTHER, FIXTURE_OKTA_ID, FIXTURE_LOGIN, ACCOUNT_ACTIVE);
	expect_read("ACTIVE", FIXTURE_LOGIN, SAME);
	must_not_link(&request, "linked to employee " OTHER);
	engine_fixture_refuse(&fixture, "GET", "/00u8nobody", 404, "E0000007");
	request.okta_user = "00u8nobody";
	must_not_link(&request, "Okta has no user");
	request.key = key_of("99");
	must_not_link(&request, "Bob does not show");
}
END_TEST

START_TEST(a_protected_user_is_linked_by_nobody)
{
	struct link_request request = link_of(FIXTURE_OKTA_ID);
	tear_down();
	set_up_with("{\"provisioning\":{\"protected\":[\"" FIXTURE_LOGIN "\"]}}");
	request.although = "because";
	expect_read("ACTIVE", FIXTURE_LOGIN, SAME);
	must_not_link(&request, "protected");
}
END_TEST

static bool unlink(struct err *refused)
{
	const struct unlink_request request = {.key = key_of(FIXTURE_PERSON), .by = "ops"};
	json_t *report = NULL;
	bool is_cut = engine_unlink(fixture.engine, &request, &report, refused);
	json_decref(report);
	return is_cut;
}

START_TEST(unlinking_forgets_holds_and_can_be_answered)
{
	struct link_request request = link_of(FIXTURE_OKTA_ID);
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_calls(&fixture);
	ck_assert_msg(unlink(&err), "%s", err.text);
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	struct employee employee = record(FIXTURE_PERSON);
	ck_assert_str_eq(employee.okta_id, "");
	ck_assert_int_eq(employee.present_status, ACCOUNT_NONE);
	ck_assert_str_eq(personal_reveal(&employee.present_profile), "");
	employee_finish(&employee);
	ck_assert(is_held(FIXTURE_PERSON, HOLD_HUMAN));
	engine_fixture_load(&fixture);
	ck_assert_int_eq(fixture.actions.items[0].intent.kind, ACTION_UNLINK);
	/* No second account. */
	engine_fixture_run(&fixture, engine_fixture_person("{}"));
	ck_assert_str_eq(engine_fixture_calls(&fixture), "");
	expect_read("ACTIVE", FIXTURE_LOGIN, SAME);
	json_decref(must_link(&request));
	ck_assert(!is_held(FIXTURE_PERSON, HOLD_HUMAN));
}
END_TEST

START_TEST(what_is_not_linked_or_not_known_is_not_unlinked)
{
	struct err refused = ERR_INIT;
	ck_assert(!unlink(&refused));
	ck_assert_int_eq(refused.code, ERR_NOT_FOUND);
	struct employee_key key = key_of(FIXTURE_PERSON);
	ck_assert(store_employee_ensure(fixture.store, &key, &err));
	refused = (struct err)ERR_INIT;
	ck_assert(!unlink(&refused));
	ck_assert_int_eq(refused.code, ERR_CONFLICT);
	ck_assert(!is_held(FIXTURE_PERSON, HOLD_HUMAN));
}
END_TEST

START_TEST(nothing_is_linked_or_unlinked_while_an_action_is_open)
{
	struct err refused = ERR_INIT;
	struct intent intent = {.kind = ACTION_SUSPEND};
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	engine_fixture_crash_in(&fixture, intent, NULL);
	ck_assert(!unlink(&refused));
	ck_assert_int_eq(refused.code, ERR_CONFLICT);
	ck_assert(!is_held(FIXTURE_PERSON, HOLD_HUMAN));
	struct employee employee = record(FIXTURE_PERSON);
	ck_assert_str_eq(employee.okta_id, FIXTURE_OKTA_ID);
	employee_finish(&employee);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("engine_adopt");
	TCase *tests = tcase_create("adopt");
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_scan_finds_and_writes_nothing);
	tcase_add_test(tests, whoever_is_linked_is_counted_and_not_listed);
	tcase_add_test(tests, who_left_is_listed_only_with_an_open_account);
	tcase_add_test(tests, an_empty_list_ends_a_scan_and_forgets_nobody);
	tcase_add_test(tests, one_scan_at_a_time);
	tcase_add_test(tests, a_job_ends_with_its_engine_and_says_so);
	tcase_add_test(tests, a_directory_is_told_and_remembered_with_the_link);
	tcase_add_test(tests, a_link_is_made_after_a_second_look_and_writes_nothing);
	tcase_add_test(tests, in_dry_run_too);
	tcase_add_loop_test(
	        tests, what_changed_since_the_scan_is_not_linked, 0, (int)ARRAY_SIZE(CHANGES));
	tcase_add_test(tests, what_changed_in_bob_is_not_linked);
	tcase_add_test(tests, a_user_who_is_gone_is_not_linked);
	tcase_add_test(tests, somebody_whom_bob_hides_is_refused);
	tcase_add_test(tests, a_user_linked_meanwhile_is_refused);
	tcase_add_test(tests, a_named_user_has_to_agree);
	tcase_add_test(tests, create_makes_the_account_that_m3_holds);
	tcase_add_test(tests, create_outlives_dry_run);
	tcase_add_test(tests, ignore_holds_whatever_the_settings_say);
	tcase_add_test(tests, a_link_by_hand_shows_both_sides_first);
	tcase_add_test(tests, nobody_elses_user_is_linked_by_hand);
	tcase_add_test(tests, a_protected_user_is_linked_by_nobody);
	tcase_add_test(tests, unlinking_forgets_holds_and_can_be_answered);
	tcase_add_test(tests, what_is_not_linked_or_not_known_is_not_unlinked);
	tcase_add_test(tests, nothing_is_linked_or_unlinked_while_an_action_is_open);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
