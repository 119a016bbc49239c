/* SPDX-License-Identifier: MIT */
#include "okta/okta.h"
#include "server/bob/bob.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "tests/support/sandbox_process.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Both clients against the sandbox: what no scripted answer shows is that they agree with a whole.
 */

static const char *program;
static struct sandbox_process *sandbox;
static struct secret okta_token;
static struct secret bob_token;
static struct okta_org *org;
static struct okta_client *okta;
static struct bob_company *company;
static struct bob_client *bob;
static struct okta_user user;
static struct call_outcome outcome;

static void connect_okta(void)
{
	char url[300];
	ck_assert(str_format(url, sizeof(url), "%s/okta", sandbox_process_url(sandbox)));
	ck_assert(secret_set(&okta_token, "sandbox-okta-token"));
	struct okta_org_options options = {.base_url = url,
	        .api_token = &okta_token,
	        .user_agent = "bob2okta/test",
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	        .parallel_max = 8};
	org = okta_org_create(&options, NULL);
	okta = okta_client_create(org, NULL);
	ck_assert_ptr_nonnull(okta);
}

static void connect_bob(void)
{
	char url[300];
	ck_assert(str_format(url, sizeof(url), "%s/bob/v1", sandbox_process_url(sandbox)));
	ck_assert(secret_set(&bob_token, "sandbox-bob-token"));
	struct bob_company_options options = {.base_url = url,
	        .service_user_id = "SERVICE-1",
	        .service_user_token = &bob_token,
	        .user_agent = "bob2okta/test",
	        .plain = TRANSPORT_PLAIN_ON_LOOPBACK};
	company = bob_company_create(&options, NULL);
	bob = bob_client_create(company, NULL);
	ck_assert_ptr_nonnull(bob);
}

static void set_up(void)
{
	ck_assert(transport_global_start(NULL));
	sandbox = sandbox_process_start(program, "30");
	ck_assert_ptr_nonnull(sandbox);
	connect_okta();
	connect_bob();
}

static void tear_down(void)
{
	okta_user_finish(&user);
	okta_client_destroy(okta);
	okta_org_destroy(org);
	bob_client_destroy(bob);
	bob_company_destroy(company);
	secret_finish(&okta_token);
	secret_finish(&bob_token);
	sandbox_process_stop(sandbox);
	transport_global_stop();
}

static void control(const char *path, const char *body)
{
	json_t *answer = sandbox_process_control(sandbox, path, body);
	ck_assert_msg(answer != NULL, "%s", path);
	json_decref(answer);
}

static void expect(enum call_class wanted)
{
	ck_assert_msg(outcome.call_class == wanted, "%s %s: %s",
	        call_class_name(outcome.call_class), outcome.code, outcome.sentence);
}

static void create_ada(enum okta_activate activate)
{
	json_t *profile = json_pack("{s:s,s:s,s:s,s:s}", "login", "ada@example.com", "email",
	        "ada@example.com", "firstName", "Ada", "lastName", "Byron");
	okta_user_finish(&user);
	okta_user_create(okta, profile, activate, &user, &outcome);
	json_decref(profile);
}

static void get_again(const char *id_or_login)
{
	okta_user_finish(&user);
	okta_user_get(okta, id_or_login, &user, &outcome);
}

static void expect_status(const char *id, enum account_status status)
{
	get_again(id);
	expect(CALL_DONE);
	ck_assert_str_eq(account_status_name(user.status), account_status_name(status));
}

/* ------------------------------------------------------------------ Okta */

START_TEST(a_user_lives_from_hire_to_leave)
{
	char id[OKTA_USER_ID_BYTES];
	create_ada(OKTA_STAGED);
	expect(CALL_DONE);
	ck_assert_int_eq(user.status, ACCOUNT_STAGED);
	ck_assert_str_ne(outcome.request_id, "");
	ck_assert(str_copy(id, sizeof(id), user.id));
	okta_user_activate(okta, id, OKTA_EMAIL_NOT_SENT, &outcome);
	expect(CALL_DONE);
	okta_user_activate(okta, id, OKTA_EMAIL_NOT_SENT, &outcome);
	expect(CALL_REREAD);
	control("settings", "{\"okta_password_optional\":true}");
	okta_user_deactivate(okta, id, &outcome);
	expect(CALL_DONE);
	okta_user_activate(okta, id, OKTA_EMAIL_SENT, &outcome);
	expect_status(id, ACCOUNT_ACTIVE);
	okta_user_suspend(okta, id, &outcome);
	expect(CALL_DONE);
	okta_user_suspend(okta, id, &outcome);
	expect(CALL_REREAD);
	expect_status(id, ACCOUNT_SUSPENDED);
	okta_user_unsuspend(okta, id, &outcome);
	expect(CALL_DONE);
	okta_user_unsuspend(okta, id, &outcome);
	expect(CALL_REREAD);
	okta_user_end_sessions(okta, id, OKTA_TOKENS_REVOKED, &outcome);
	expect(CALL_DONE);
	okta_user_deactivate(okta, id, &outcome);
	expect(CALL_DONE);
	okta_user_deactivate(okta, id, &outcome);
	expect(CALL_NOT_FOUND);
	expect_status(id, ACCOUNT_DEPROVISIONED);
}
END_TEST

START_TEST(a_taken_login_is_found_by_a_read)
{
	create_ada(OKTA_ACTIVATE);
	expect(CALL_DONE);
	create_ada(OKTA_ACTIVATE);
	expect(CALL_REREAD);
	ck_assert_str_eq(outcome.attribute, "login");
	ck_assert_str_eq(outcome.code, "E0000001");
	get_again("ada@example.com");
	expect(CALL_DONE);
	get_again("nobody@example.com");
	expect(CALL_NOT_FOUND);
	ck_assert_str_eq(outcome.code, "E0000007");
}
END_TEST

START_TEST(an_update_with_an_old_version_mark_asks_for_a_read)
{
	create_ada(OKTA_ACTIVATE);
	get_again("ada@example.com");
	ck_assert_str_ne(user.etag, "");
	struct okta_user after;
	json_t *title = json_pack("{s:s}", "title", "Lead");
	okta_user_update(okta, user.id, title, user.etag, &after, &outcome);
	expect(CALL_DONE);
	okta_user_finish(&after);
	json_object_set_new(title, "title", json_string("Chief"));
	okta_user_update(okta, user.id, title, user.etag, &after, &outcome);
	expect(CALL_REREAD);
	ck_assert_str_eq(outcome.code, "E0000231");
	okta_user_finish(&after);
	json_decref(title);
}
END_TEST

START_TEST(an_attribute_that_is_not_there_is_named)
{
	create_ada(OKTA_ACTIVATE);
	struct okta_user after;
	json_t *odd = json_pack("{s:s}", "shoeSize", "44");
	okta_user_update(okta, user.id, odd, NULL, &after, &outcome);
	expect(CALL_PERMANENT);
	ck_assert_str_eq(outcome.attribute, "shoeSize");
	okta_user_finish(&after);
	json_decref(odd);
}
END_TEST

START_TEST(searching_finds_by_login)
{
	create_ada(OKTA_ACTIVATE);
	struct okta_user_list list;
	okta_user_search(okta, "profile.login eq \"ada@example.com\"", 2, &list, &outcome);
	expect(CALL_DONE);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.items[0].id, user.id);
	okta_user_list_finish(&list);
	okta_user_search(okta, "this is no search", 2, &list, &outcome);
	expect(CALL_PERMANENT);
}
END_TEST

START_TEST(a_fault_after_the_change_is_unclear_and_the_read_tells)
{
	control("faults",
	        _i == 0 ? "{\"system\":\"okta\",\"route\":\"POST /api/v1/users\","
	                  "\"action\":\"500_after\",\"times\":1}"
	                : "{\"system\":\"okta\",\"route\":\"POST /api/v1/users\","
	                  "\"action\":\"cut_after_apply\",\"bytes\":20,\"times\":1}");
	create_ada(OKTA_STAGED);
	expect(CALL_UNCLEAR);
	get_again("ada@example.com");
	expect(CALL_DONE);
}
END_TEST

START_TEST(a_dead_token_stops)
{
	control("faults", "{\"system\":\"okta\",\"route\":\"*\",\"action\":\"401\"}");
	create_ada(OKTA_STAGED);
	expect(CALL_STOP_CREDENTIALS);
}
END_TEST

START_TEST(permissions_are_refused_where_the_token_lacks_them)
{
	static const char *const missing[OKTA_PERMISSION_COUNT] = {"users.read", "users.create",
	        "users.lifecycle", "users.edit", "schemas.manage", "groups.read", "groups.manage"};
	char body[128];
	enum okta_proof before = okta_permission_probe(okta, (enum okta_permission)_i, &outcome);
	ck_assert_int_ne(before, OKTA_PROOF_REFUSED);
	ck_assert(str_format(
	        body, sizeof(body), "{\"okta_missing_permissions\":[\"%s\"]}", missing[_i]));
	control("settings", body);
	ck_assert_int_eq(okta_permission_probe(okta, (enum okta_permission)_i, &outcome),
	        OKTA_PROOF_REFUSED);
	json_t *calls = sandbox_process_control(sandbox, "calls?since=0&writes=1", NULL);
	size_t index = 0;
	json_t *call = NULL;
	json_array_foreach(json_object_get(calls, "calls"), index, call)
	{
		ck_assert(!json_get_bool(call, "applied", true));
	}
	json_decref(calls);
}
END_TEST

START_TEST(view_create_and_schema_permissions_are_proved)
{
	static const enum okta_permission provable[] = {OKTA_MAY_VIEW_USERS, OKTA_MAY_CREATE_USERS,
	        OKTA_MAY_MANAGE_SCHEMA, OKTA_MAY_VIEW_GROUPS};
	ck_assert_int_eq(okta_permission_probe(okta, provable[_i], &outcome), OKTA_PROOF_PROVED);
}
END_TEST

START_TEST(the_owner_and_the_schema_can_be_read)
{
	okta_me(okta, &user, &outcome);
	expect(CALL_DONE);
	ck_assert_str_eq(json_string_value(json_object_get(user.profile, "login")),
	        "okta.admin@example.com");
	json_t *schema = NULL;
	okta_schema_get(okta, &schema, &outcome);
	expect(CALL_DONE);
	ck_assert_ptr_nonnull(json_get_path(schema, "definitions.base.properties.login"));
	json_decref(schema);
}
END_TEST

/* Several workers spend a small budget over several windows: Okta never says 429 (engine rule 5).
 */

#define LOAD_WORKERS 6
#define LOAD_MS      9000

static void *spend(void *context)
{
	atomic_int *calls = context;
	struct okta_client *its = okta_client_create(org, NULL);
	struct monitor monitor;
	ck_assert(monitor_init(&monitor));
	int64_t end_ms = clock_wall_ms() + LOAD_MS;
	while (clock_wall_ms() < end_ms) {
		struct okta_user found;
		struct call_outcome its_outcome;
		okta_user_get(its, "okta.admin@example.com", &found, &its_outcome);
		okta_user_finish(&found);
		if (its_outcome.call_class == CALL_DONE) {
			atomic_fetch_add(calls, 1);
			continue;
		}
		int64_t wait_ms = its_outcome.retry_at_ms - clock_wall_ms();
		int64_t left_ms = end_ms - clock_wall_ms();
		wait_ms = wait_ms < left_ms ? wait_ms : left_ms;
		monitor_lock(&monitor);
		(void)monitor_wait_until(&monitor, clock_mono_ms() + (wait_ms > 0 ? wait_ms : 0));
		monitor_unlock(&monitor);
	}
	monitor_finish(&monitor);
	okta_client_destroy(its);
	return NULL;
}

START_TEST(a_steady_load_of_several_workers_sees_no_429)
{
	atomic_int calls = 0;
	pthread_t threads[LOAD_WORKERS];
	control("settings",
	        "{\"okta_limits\":{\"users_read\":40},\"okta_window_s\":2,"
	        "\"okta_latency_ms\":20}");
	for (int i = 0; i < LOAD_WORKERS; i++) {
		ck_assert(thread_start(&threads[i], "spend", spend, &calls, NULL));
	}
	for (int i = 0; i < LOAD_WORKERS; i++) {
		thread_join(threads[i]);
	}
	json_t *counters = sandbox_process_control(sandbox, "counters", NULL);
	int64_t refused = json_get_int(counters, "okta_429", -1);
	json_decref(counters);
	ck_assert_msg(refused == 0, "%lld refused", (long long)refused);
	/* 36 in each of four or five windows; two of them are enough where the machine is busy. */
	ck_assert_int_ge(atomic_load(&calls), 70);
}
END_TEST

/* ------------------------------------------------------------------- Bob */

static void everybody(struct bob_people *people)
{
	bob_search_all(bob, NULL, people, &outcome);
	expect(CALL_DONE);
	ck_assert_uint_ge(json_array_size(people->employees), 30);
}

START_TEST(people_are_read_by_id_with_their_labels)
{
	struct bob_people all;
	struct bob_people some;
	everybody(&all);
	const char *id = json_get_text(json_array_get(all.employees, 3), "id");
	const char *const ids[] = {id, "999999999999"};
	json_t *fields = json_pack("[s,s,s]", "root.id", "root.email", "work.department");
	bob_search(bob, ids, 2, fields, &some, &outcome);
	expect(CALL_DONE);
	const json_t *employee = bob_people_find(&some, id);
	ck_assert_ptr_nonnull(json_get_text(employee, "email"));
	ck_assert_ptr_nonnull(json_get_path(employee, "humanReadable.work.department"));
	ck_assert_ptr_null(bob_people_find(&some, "999999999999"));
	json_decref(fields);
	bob_people_finish(&some);
	bob_people_finish(&all);
}
END_TEST

START_TEST(the_lifecycle_table_shows_what_basic_reads_hide)
{
	static const char *const IDS[] = {"4001", "4002", "999999999999"};
	json_t *rows = NULL;
	control("bob/employees/4001/hire", "{}");
	control("bob/employees/4002/hire", "{}");
	control("bob/employees/4001/terminate", "{\"at\":\"2099-12-31\"}");
	control("settings", "{\"hide_future_rows\":true,\"hidden_employees\":[\"4002\"]}");
	bob_lifecycle(bob, IDS, 3, &rows, &outcome);
	expect(CALL_DONE);
	ck_assert_uint_eq(json_object_size(rows), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(rows, "4001")), 2);
	json_decref(rows);
	for (size_t i = 0; i < ARRAY_SIZE(IDS); i++) {
		bob_lifecycle(bob, &IDS[i], 1, &rows, &outcome);
		expect(CALL_DONE);
		ck_assert_uint_eq(json_array_size(json_object_get(rows, IDS[i])), i == 0 ? 2 : 0);
		json_decref(rows);
	}
}
END_TEST

START_TEST(the_field_catalog_is_read)
{
	struct field_catalog *catalog = NULL;
	bob_fields(bob, &catalog, &outcome);
	expect(CALL_DONE);
	ck_assert(field_catalog_has(catalog, "work.department"));
	ck_assert_int_eq(field_catalog_type(catalog, "work.department"), FIELD_TYPE_LIST);
	field_catalog_destroy(catalog);
}
END_TEST

START_TEST(bobs_faults_are_told_apart)
{
	static const struct {
		const char *fault;
		enum call_class call_class;
	} faults[] = {
	        {"\"action\":\"401\"", CALL_STOP_CREDENTIALS},
	        {"\"action\":\"status\",\"status\":403", CALL_STOP_CONFIG},
	        {"\"action\":\"html200\"", CALL_STOP_CONFIG},
	        {"\"action\":\"500_before\"", CALL_RETRY_LATER},
	        {"\"action\":\"garbage\"", CALL_RETRY_LATER},
	        {"\"action\":\"truncate\"", CALL_RETRY_LATER},
	        {"\"action\":\"cut\",\"bytes\":0", CALL_RETRY_LATER},
	        {"\"action\":\"429\",\"reset_s\":2", CALL_RETRY_AT},
	        {"\"action\":\"status\",\"status\":400", CALL_PERMANENT},
	};
	char body[256];
	struct bob_people people;
	ck_assert(str_format(
	        body, sizeof(body), "{\"system\":\"bob\",\"route\":\"*\",%s}", faults[_i].fault));
	control("faults", body);
	bob_search_all(bob, NULL, &people, &outcome);
	expect(faults[_i].call_class);
	ck_assert_ptr_null(people.employees);
	bob_people_finish(&people);
}
END_TEST

START_TEST(one_poisoned_person_does_not_stop_the_batch)
{
	struct bob_people all;
	struct bob_people some;
	const char *ids[30];
	char body[256];
	everybody(&all);
	for (size_t i = 0; i < 30; i++) {
		ids[i] = json_get_text(json_array_get(all.employees, i), "id");
	}
	ck_assert(str_format(body, sizeof(body),
	        "{\"system\":\"bob\",\"route\":\"POST /v1/people/search\",\"action\":\"status\","
	        "\"status\":400,\"user\":\"%s\"}",
	        ids[17]));
	control("faults", body);
	json_t *fields = json_pack("[s]", "root.id");
	bob_search(bob, ids, 30, fields, &some, &outcome);
	expect(CALL_DONE);
	ck_assert_uint_eq(json_array_size(some.employees), 29);
	ck_assert_uint_eq(some.refused, 1);
	ck_assert_ptr_null(bob_people_find(&some, ids[17]));
	json_decref(fields);
	bob_people_finish(&some);
	bob_people_finish(&all);
}
END_TEST

/* ------------------------------------------------------------------ suite */

START_TEST(the_sandbox_is_not_built)
{
	printf("skipped: both clients against the sandbox (run `make sandbox` first)\n");
}
END_TEST

/* ----------------------------------------------------------------- pieces */

static bool tick_off(void *context, const char *employee_id)
{
	struct bob_people *all = context;
	ck_assert_ptr_nonnull(bob_people_find(all, employee_id));
	return true;
}

START_TEST(ids_come_as_a_stream_and_users_in_pages)
{
	struct bob_people all;
	size_t count = 0;
	everybody(&all);
	bob_stream_ids(bob, tick_off, &all, &count, &outcome);
	expect(CALL_DONE);
	ck_assert_uint_eq(count, json_array_size(all.employees));
	bob_people_finish(&all);
	for (int i = 0; i < 450; i++) {
		char body[200];
		ck_assert(str_format(body, sizeof(body),
		        "{\"profile\":{\"login\":\"u%d@example.com\",\"email\":\"u%d@example.com\","
		        "\"firstName\":\"U\",\"lastName\":\"U\"},\"status\":\"%s\"}",
		        i, i, i % 2 == 0 ? "DEPROVISIONED" : "ACTIVE"));
		control("okta/users", body);
	}
	struct okta_page page = {0};
	size_t users = 0;
	while (!page.is_over) {
		struct okta_user_list list;
		okta_user_page(okta, &page, &list, &outcome);
		expect(CALL_DONE);
		users += list.count;
		okta_user_list_finish(&list);
	}
	ck_assert_uint_eq(page.pages, 3);
	ck_assert_uint_eq(users, 451); /* and the token's owner */
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);
	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return tcase;
}

static void add_cases(Suite *suite)
{
	TCase *users = add_case(suite, "okta");
	tcase_add_test(users, a_user_lives_from_hire_to_leave);
	tcase_add_test(users, a_taken_login_is_found_by_a_read);
	tcase_add_test(users, an_update_with_an_old_version_mark_asks_for_a_read);
	tcase_add_test(users, an_attribute_that_is_not_there_is_named);
	tcase_add_test(users, searching_finds_by_login);
	tcase_add_loop_test(users, a_fault_after_the_change_is_unclear_and_the_read_tells, 0, 2);
	tcase_add_test(users, a_dead_token_stops);
	tcase_add_loop_test(users, permissions_are_refused_where_the_token_lacks_them, 0,
	        OKTA_PERMISSION_COUNT);
	tcase_add_loop_test(users, view_create_and_schema_permissions_are_proved, 0, 4);
	tcase_add_test(users, the_owner_and_the_schema_can_be_read);
	tcase_add_test(users, a_steady_load_of_several_workers_sees_no_429);
	TCase *people = add_case(suite, "bob");
	tcase_add_test(people, people_are_read_by_id_with_their_labels);
	tcase_add_test(people, the_lifecycle_table_shows_what_basic_reads_hide);
	tcase_add_test(people, the_field_catalog_is_read);
	tcase_add_loop_test(people, bobs_faults_are_told_apart, 0, 9);
	tcase_add_test(people, one_poisoned_person_does_not_stop_the_batch);
	tcase_add_test(people, ids_come_as_a_stream_and_users_in_pages);
}

static bool is_sandbox_there(void)
{
	bool is_there = false;
	if (transport_global_start(NULL)) {
		struct sandbox_process *probe = sandbox_process_start(program, "0");
		is_there = probe != NULL;
		sandbox_process_stop(probe);
		transport_global_stop();
	}
	return is_there;
}

int main(int argc, char **argv)
{
	program = argc > 0 ? argv[0] : "";
	Suite *suite = suite_create("clients_sandbox");
	if (is_sandbox_there()) {
		add_cases(suite);
	} else {
		TCase *skipped = tcase_create("skipped");
		tcase_add_test(skipped, the_sandbox_is_not_built);
		suite_add_tcase(suite, skipped);
	}
	return suite_run(suite);
}
