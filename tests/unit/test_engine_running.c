/* SPDX-License-Identifier: MIT */
/* Settings that change while the engine works: which version runs, and what becomes of the work. */
#include "server/engine/running.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/file.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_MS       20000
#define FILE_BYTES    (4 * 1024 * 1024)
#define STORM_RELOADS 50
#define STORM_PEOPLE  20

static struct engine_fixture fixture;
static struct running *running;
static struct settings_report report;
static struct running_result result;
static struct err err;
static char path[200];
static bool (*check)(void *context, const struct settings *settings, const json_t *document,
        struct settings_report *report, struct err *err);

/* The Okta call that waits in the server of fake answers. */
static struct {
	struct monitor monitor;
	/* protected by monitor: */
	bool is_holding;
	bool is_held;
} slow;

/* ------------------------------------------------------------------- helpers */

static void write_text(const char *text)
{
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* The settings file becomes the fixture's document with these changes. */
static void write_file(const char *changes)
{
	json_t *document = engine_fixture_document(&fixture, changes);
	char *text = json_dumps(document, JSON_INDENT(1));
	write_text(text);
	free(text);
	json_decref(document);
}

static void create(void)
{
	struct running_options options = {
	        .engine = {.store = fixture.store,
	                .workers = 2,
	                .plain = TRANSPORT_PLAIN_ON_LOOPBACK,
	                .parse_event = engine_fixture_parse_event},
	        .settings_path = path,
	        .plain = SETTINGS_PLAIN_ON_LOOPBACK,
	        .check = check,
	};
	running = running_create(&options, &err);
	ck_assert_msg(running != NULL, "%s", err.text);
}

static void start(void)
{
	create();
	ck_assert_msg(running_start(running, &report, &err), "%s", err.text);
}

static void stop(void)
{
	running_stop(running, clock_mono_ms() + WAIT_MS);
	running_destroy(running);
	running = NULL;
}

static void restart(void)
{
	stop();
	start();
}

static void hold_updates(struct engine_fixture *of, const struct fake_request *request);

static void set_up(void)
{
	err = (struct err)ERR_INIT;
	check = NULL;
	engine_fixture_start(&fixture, NULL);
	ck_assert(monitor_init(&slow.monitor));
	fixture.watcher = hold_updates;
	struct fixture_answer me = {
	        .method = "GET", .part = "/users/me", .status = 200, .times = FIXTURE_ALWAYS};
	char *owner =
	        str_dup(engine_fixture_user("00uownerking", "ACTIVE", "owner@example.com", ""));
	me.body = owner;
	engine_fixture_script(&fixture, &me);
	free(owner);
	ck_assert(str_format(path, sizeof(path), "%s/settings.json", store_fixture_directory()));
	write_file(NULL);
}

static void tear_down(void)
{
	if (running != NULL) {
		stop();
	}
	json_decref(result.changes);
	engine_fixture_stop(&fixture);
	monitor_finish(&slow.monitor);
}

static struct engine *present(void)
{
	struct engine *engine = holder_acquire(running_engines(running));
	holder_release(running_engines(running), engine);
	return engine;
}

static int64_t version_in_force(void)
{
	struct running_state state;
	running_state(running, &state);
	const struct settings *settings = holder_acquire(running_settings(running));
	ck_assert_int_eq(settings->number, state.version.version);
	holder_release(running_settings(running), settings);
	ck_assert_int_eq(engine_settings(present())->number, state.version.version);
	return state.version.version;
}

static bool reload(void)
{
	err = (struct err)ERR_INIT;
	json_decref(result.changes);
	return running_reload(running, "ops", &result, &report, &err);
}

/* The document in force, as the API shows it, with these changes laid over its connection. */
static json_t *draft(const char *changes)
{
	json_t *full = engine_fixture_document(&fixture, changes);
	json_t *document = settings_redact(full);
	json_decref(full);
	return document;
}

static bool apply(const char *changes, int64_t expected)
{
	json_t *document = draft(changes);
	struct running_change change = {.document = document,
	        .by = "ops",
	        .note = "for a test",
	        .expected_version = expected};
	err = (struct err)ERR_INIT;
	json_decref(result.changes);
	bool is_done = running_apply(running, &change, &result, &report, &err);
	json_decref(document);
	return is_done;
}

typedef bool condition(void);

static void wait_for(condition *is_met, const char *what)
{
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

	while (!is_met()) {
		int64_t now_ms = clock_mono_ms();
		struct engine *engine = holder_acquire(running_engines(running));
		uint64_t seen = 0;
		engine_wait(engine, &seen, now_ms);
		engine_wait(engine, &seen, now_ms + 50);
		holder_release(running_engines(running), engine);
		ck_assert_msg(now_ms < deadline_ms, "%s: not within %d ms", what, WAIT_MS);
	}
}

static bool is_at_rest(void)
{
	struct store_counts counts;
	ck_assert(store_counts(fixture.store, "default", &counts, NULL));
	return counts.events[EVENT_RECEIVED] == 0 && counts.by_state[EMPLOYEE_DIRTY] == 0 &&
	        counts.by_state[EMPLOYEE_WORKING] == 0 && counts.by_state[EMPLOYEE_PARKED] == 0;
}

static void deliver(const char *body)
{
	ck_assert_int_eq(store_fixture_append(fixture.store, body), ERR_OK);
	running_notify_stored(running);
}

static void bring_title(const char *title)
{
	char shorthand[128];
	ck_assert(str_format(
	        shorthand, sizeof(shorthand), "{\"more\":{\"work\":{\"title\":\"%s\"}}}", title));
	engine_fixture_bring(&fixture, FIXTURE_PERSON, engine_fixture_person(shorthand));
}

static void script_updates(void)
{
	struct fixture_answer update = {.method = "POST",
	        .part = "/users/" FIXTURE_OKTA_ID,
	        .status = 200,
	        .times = FIXTURE_ALWAYS};
	char *user = str_dup(engine_fixture_user(FIXTURE_OKTA_ID, "ACTIVE", FIXTURE_LOGIN, ""));
	update.body = user;
	engine_fixture_script(&fixture, &update);
	free(user);
}

static void hold_updates(struct engine_fixture *of UNUSED, const struct fake_request *request)
{
	if (!str_equal(request->method, "POST")) {
		return;
	}
	monitor_lock(&slow.monitor);
	slow.is_held = slow.is_holding;
	monitor_wake_all(&slow.monitor);
	while (slow.is_holding) {
		monitor_wait(&slow.monitor);
	}
	slow.is_held = false;
	monitor_unlock(&slow.monitor);
}

static void let_go(void)
{
	monitor_lock(&slow.monitor);
	slow.is_holding = false;
	monitor_wake_all(&slow.monitor);
	monitor_unlock(&slow.monitor);
}

/* Delivers a change of title and waits until its call has arrived at Okta, which says nothing. */
static void begin_slow_update(void)
{
	monitor_lock(&slow.monitor);
	slow.is_holding = true;
	monitor_unlock(&slow.monitor);
	script_updates();
	bring_title("Engineer");
	deliver("change:" FIXTURE_PERSON);
	monitor_lock(&slow.monitor);
	int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	bool is_in_time = true;
	while (!slow.is_held && is_in_time) {
		is_in_time = monitor_wait_until(&slow.monitor, deadline_ms);
	}
	monitor_unlock(&slow.monitor);
	ck_assert(is_in_time);
}

static struct action_list actions_of_person(void)
{
	struct action_list actions;
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	ck_assert(store_action_list(fixture.store, &key, 50, &actions, NULL));
	return actions;
}

/* ------------------------------------------------------------- which one runs */

START_TEST(the_first_start_makes_version_one_of_the_file)
{
	struct running_state state;
	start();
	ck_assert_int_eq(version_in_force(), 1);
	running_state(running, &state);
	ck_assert_int_eq(state.version.source, SETTINGS_FROM_FILE);
	ck_assert_str_eq(state.version.author, "settings file");
	ck_assert_str_eq(running_file_state(running), "active");
	restart();
	ck_assert_int_eq(version_in_force(), 1);
}
END_TEST

START_TEST(a_reload_of_the_same_file_reads_its_secrets_again)
{
	char secret_path[220];
	char secret[300];
	ck_assert(
	        str_format(secret_path, sizeof(secret_path), "%s/hook", store_fixture_directory()));
	ck_assert(str_format(secret, sizeof(secret),
	        "{\"bob\":{\"webhook_secrets\":[{\"file\":\"%s\"}]}}", secret_path));
	for (int i = 0; i < 2; i++) {
		FILE *file = fopen(secret_path, "w");
		ck_assert_int_ge(fputs(i == 0 ? "first-secret" : "other-secret", file), 0);
		fclose(file);
		if (i == 0) {
			write_file(secret);
			start();
		}
	}
	ck_assert(reload());
	ck_assert(!result.is_new);
	ck_assert_int_eq(version_in_force(), 1);
	const struct settings *settings = holder_acquire(running_settings(running));
	struct hmac_key *key = hmac_key_create("other-secret", 12, NULL);
	uint8_t ours[CRYPTO_HMAC_SHA512_BYTES];
	uint8_t theirs[CRYPTO_HMAC_SHA512_BYTES];
	ck_assert(hmac_sign(key, "body", 4, ours));
	ck_assert(hmac_sign(settings->connections[0].bob.webhook_keys[0], "body", 4, theirs));
	ck_assert_mem_eq(ours, theirs, sizeof(ours));
	hmac_key_destroy(key);
	holder_release(running_settings(running), settings);
}
END_TEST

START_TEST(a_changed_file_is_a_new_version_with_a_difference)
{
	start();
	write_file("{\"provisioning\":{\"reread_after_s\":1}}");
	ck_assert_str_eq(running_file_state(running), "changed");
	ck_assert_msg(reload(), "%s", err.text);
	ck_assert(result.is_new);
	ck_assert_int_eq(version_in_force(), 2);
	ck_assert_uint_eq(json_array_size(result.changes), 1);
	ck_assert_str_eq(json_get_text(json_array_get(result.changes, 0), "path"),
	        "connections[default].provisioning.reread_after_s");
}
END_TEST

START_TEST(a_wrong_file_changes_nothing_and_names_every_mistake)
{
	struct running_state state;
	start();
	struct engine *engine = present();
	write_file("{\"mode\":\"dry-run\",\"limits\":{\"lower\":{\"per_hour\":-1}},\"colour\":1}");
	ck_assert(!reload());
	ck_assert_uint_eq(report.count, 3);
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_ptr_eq(present(), engine);
	ck_assert_int_eq(version_in_force(), 1);
	running_state(running, &state);
	ck_assert_int_gt(state.refused_at_ms, 0);
	ck_assert_uint_eq(state.refused_mistakes, 3);
	ck_assert_ptr_nonnull(strstr(state.refused, "connections[0].mode"));
	write_text("{");
	ck_assert(!reload());
	ck_assert_uint_eq(report.count, 1);
	write_file(NULL);
	ck_assert(reload());
	running_state(running, &state);
	ck_assert_int_eq(state.refused_at_ms, 0);
}
END_TEST

START_TEST(the_api_version_runs_until_the_file_changes)
{
	struct running_state state;
	start();
	ck_assert_msg(apply("{\"provisioning\":{\"reread_after_s\":2}}", 1), "%s", err.text);
	ck_assert(result.is_new);
	ck_assert_int_eq(version_in_force(), 2);
	ck_assert_str_eq(running_file_state(running), "overruled");
	restart();
	ck_assert_int_eq(version_in_force(), 2);
	running_state(running, &state);
	ck_assert_int_eq(state.version.source, SETTINGS_FROM_API);
	ck_assert_str_eq(state.version.note, "for a test");
	ck_assert_int_eq(engine_settings(present())->connections[0].reread_after_s, 2);
	ck_assert(reload());
	ck_assert_int_eq(version_in_force(), 2);
	write_file("{\"provisioning\":{\"reread_after_s\":3}}");
	restart();
	ck_assert_int_eq(version_in_force(), 3);
	ck_assert_str_eq(running_file_state(running), "active");
}
END_TEST

START_TEST(a_change_must_know_what_it_changes)
{
	start();
	ck_assert(!apply("{\"mode\":\"dry_run\"}", 7));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	write_file("{\"provisioning\":{\"reread_after_s\":1}}");
	ck_assert(!apply("{\"mode\":\"dry_run\"}", 1));
	ck_assert_int_eq(err.code, ERR_CONFLICT);
	ck_assert_ptr_nonnull(strstr(err.text, "reload it first"));
	ck_assert_int_eq(version_in_force(), 1);
}
END_TEST

START_TEST(what_changes_nothing_and_what_is_only_checked_is_no_version)
{
	start();
	ck_assert(apply(NULL, 0));
	ck_assert(!result.is_new);
	json_t *document = draft("{\"mode\":\"dry_run\"}");
	struct running_change change = {.document = document, .by = "ops", .is_check_only = true};
	json_decref(result.changes);
	ck_assert(running_apply(running, &change, &result, &report, &err));
	ck_assert_uint_eq(json_array_size(result.changes), 1);
	json_decref(document);
	ck_assert_int_eq(version_in_force(), 1);
	ck_assert(!apply("{\"mode\":\"dry-run\"}", 0));
	ck_assert_str_eq(report.mistakes[0].path, "connections[0].mode");
}
END_TEST

START_TEST(a_rollback_is_a_new_version_of_an_old_document)
{
	struct running_change change = {.rollback_to = 1, .by = "ops"};
	start();
	ck_assert(apply("{\"provisioning\":{\"reread_after_s\":2}}", 0));
	json_decref(result.changes);
	ck_assert_msg(running_apply(running, &change, &result, &report, &err), "%s", err.text);
	ck_assert_int_eq(version_in_force(), 3);
	ck_assert_int_eq(engine_settings(present())->connections[0].reread_after_s, 0);
	struct running_state state;
	running_state(running, &state);
	ck_assert_int_eq(state.version.source, SETTINGS_FROM_ROLLBACK);
	ck_assert_str_eq(state.version.note, "back to version 1");
	change.rollback_to = 99;
	json_decref(result.changes);
	ck_assert(!running_apply(running, &change, &result, &report, &err));
	ck_assert_int_eq(err.code, ERR_NOT_FOUND);
}
END_TEST

static bool refuse_all(void *context UNUSED, const struct settings *settings,
        const json_t *document UNUSED, struct settings_report *to, struct err *error UNUSED)
{
	if (settings->connections[0].reread_after_s == 9) {
		str_format_cut(to->mistakes[0].path, sizeof(to->mistakes[0].path), "here");
		to->count = 1;
	}
	return true;
}

START_TEST(the_check_of_expressions_refuses_too)
{
	check = refuse_all;
	start();
	ck_assert(!apply("{\"provisioning\":{\"reread_after_s\":9}}", 0));
	ck_assert_int_eq(err.code, ERR_SETTINGS_INVALID);
	ck_assert_str_eq(report.mistakes[0].path, "here");
	write_file("{\"provisioning\":{\"reread_after_s\":9}}");
	ck_assert(!reload());
	ck_assert_int_eq(version_in_force(), 1);
}
END_TEST

static bool file_holds(const char *name, const char *text)
{
	struct file_content content;
	char full[220];
	ck_assert(str_format(full, sizeof(full), "%s/%s", store_fixture_directory(), name));
	if (!file_read(full, FILE_BYTES, &content, NULL)) {
		return false;
	}
	bool is_found = memmem(content.bytes, content.len, text, strlen(text)) != NULL;
	file_content_wipe(&content);
	return is_found;
}

START_TEST(no_secret_gets_into_the_store)
{
	static const char *const SECRETS[] = {"bob-token", "okta-token", "secret-of-bob"};
	start();
	ck_assert(apply("{\"provisioning\":{\"reread_after_s\":2}}", 0));
	ck_assert(file_holds("store.db", "reread_after_s") ||
	        file_holds("store.db-wal", "reread_after_s"));
	for (size_t i = 0; i < ARRAY_SIZE(SECRETS); i++) {
		ck_assert_msg(!file_holds("store.db", SECRETS[i]), "%s", SECRETS[i]);
		ck_assert_msg(!file_holds("store.db-wal", SECRETS[i]), "%s", SECRETS[i]);
	}
}
END_TEST

/* ----------------------------------------------------------- work in flight */

START_TEST(a_call_in_flight_ends_under_its_version)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	start();
	begin_slow_update();
	struct employee before = store_fixture_get(fixture.store, FIXTURE_PERSON);
	ck_assert(apply("{\"limits\":{\"lower\":{\"per_hour\":9}}}", 0));
	ck_assert_int_eq(version_in_force(), 2);
	/* Whoever is in the old engine's hands is left in peace by the new one. */
	struct employee after = store_fixture_get(fixture.store, FIXTURE_PERSON);
	ck_assert_int_eq(after.state, EMPLOYEE_WORKING);
	ck_assert_int_eq(after.lease_token, before.lease_token);
	ck_assert_int_eq(after.generation, before.generation);
	employee_finish(&before);
	employee_finish(&after);
	struct action_list open = actions_of_person();
	ck_assert_uint_eq(open.count, 1);
	ck_assert_int_eq(open.items[0].outcome.state, OUTCOME_OPEN);
	action_list_finish(&open);
	let_go();
	wait_for(is_at_rest, "the call in flight");
	bring_title("Chief");
	struct employee_key key = store_fixture_key(FIXTURE_PERSON);
	ck_assert(store_employee_mark(fixture.store, &key, LANE_UPDATE, NULL, NULL));
	engine_notify(present());
	wait_for(is_at_rest, "the next change");
	struct action_list actions = actions_of_person();
	ck_assert_uint_eq(actions.count, 2);
	ck_assert_int_eq(actions.items[0].intent.settings_version, 2);
	ck_assert_int_eq(actions.items[1].intent.settings_version, 1);
	for (size_t i = 0; i < actions.count; i++) {
		ck_assert_int_eq(actions.items[i].outcome.state, OUTCOME_DONE);
		ck_assert(!actions.items[i].outcome.is_resolved);
	}
	action_list_finish(&actions);
}
END_TEST

START_TEST(a_stop_does_not_wait_for_an_engine_that_was_replaced)
{
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	start();
	begin_slow_update();
	ck_assert(apply("{\"limits\":{\"lower\":{\"per_hour\":9}}}", 0));
	int64_t begun_ms = clock_mono_ms();
	running_stop(running, begun_ms + 4000);
	ck_assert_int_lt(clock_mono_ms() - begun_ms, 9000);
	let_go();
	struct action_list actions = actions_of_person();
	ck_assert_uint_eq(actions.count, 1);
	ck_assert_int_eq(actions.items[0].outcome.state, OUTCOME_OPEN);
	action_list_finish(&actions);
	ck_assert(!apply("{\"limits\":{\"lower\":{\"per_hour\":8}}}", 0));
	ck_assert_int_eq(err.code, ERR_STOPPED);
}
END_TEST

START_TEST(leaving_dry_run_plans_everyone_afresh)
{
	write_file("{\"mode\":\"dry_run\"}");
	engine_fixture_link(&fixture, ACCOUNT_ACTIVE);
	start();
	script_updates();
	bring_title("Engineer");
	deliver("change:" FIXTURE_PERSON);
	wait_for(is_at_rest, "the dry run");
	ck_assert(apply("{\"mode\":\"live\"}", 0));
	wait_for(is_at_rest, "the first live run");
	struct action_list actions = actions_of_person();
	ck_assert_uint_ge(actions.count, 2);
	ck_assert_int_eq(actions.items[0].outcome.state, OUTCOME_DONE);
	ck_assert_int_eq(actions.items[0].intent.settings_version, 2);
	ck_assert_int_eq(actions.items[1].outcome.state, OUTCOME_DRY_RUN);
	ck_assert_int_eq(actions.items[1].intent.settings_version, 1);
	action_list_finish(&actions);
}
END_TEST

START_TEST(a_pause_holds_across_a_change)
{
	struct engine_health health;
	start();
	ck_assert(
	        running_pause(running_engines(running), "default", PAUSE_EVERYTHING, "ops", &err));
	ck_assert(apply("{\"limits\":{\"lower\":{\"per_hour\":9}}}", 0));
	ck_assert(engine_health(present(), "default", &health));
	ck_assert_int_eq(health.pause, PAUSE_EVERYTHING);
	ck_assert(running_pause(running_engines(running), "default", PAUSE_NONE, "ops", &err));
	ck_assert(engine_health(present(), "default", &health));
	ck_assert_int_eq(health.pause, PAUSE_NONE);
}
END_TEST

/* ------------------------------------------------------------------- a storm */

static void *deliver_many(void *argument UNUSED)
{
	char body[64];
	for (int i = 0; i < STORM_PEOPLE; i++) {
		ck_assert(str_format(body, sizeof(body), "change:%d", 1000 + i));
		deliver(body);
	}
	return NULL;
}

/* Engine by engine, everything is taken from one by the next; nothing is lost between them. */
START_TEST(fifty_reloads_under_load_lose_nothing)
{
	pthread_t sender;
	start();
	ck_assert(thread_start(&sender, "sender", deliver_many, NULL, &err));
	for (int i = 0; i < STORM_RELOADS; i++) {
		char changes[100];
		ck_assert(str_format(changes, sizeof(changes),
		        "{\"limits\":{\"lower\":{\"per_hour\":%d}}}", 10 + i));
		write_file(changes);
		while (!reload()) {
			ck_assert_msg(err.code == ERR_OVERLOADED, "%s", err.text);
		}
	}
	thread_join(sender);
	wait_for(is_at_rest, "the storm");
	ck_assert_int_eq(version_in_force(), STORM_RELOADS + 1);
	struct store_counts counts;
	ck_assert(store_counts(fixture.store, "default", &counts, NULL));
	ck_assert_int_eq(counts.events[EVENT_ACCEPTED], STORM_PEOPLE);
	ck_assert_int_eq(counts.events[EVENT_FOREIGN], 0);
	for (int i = 0; i < STORM_PEOPLE; i++) {
		char id[16];
		ck_assert(str_format(id, sizeof(id), "%d", 1000 + i));
		struct employee employee = store_fixture_get(fixture.store, id);
		ck_assert_int_eq(employee.claimed_generation, employee.generation);
		ck_assert_int_gt(employee.last_run_at_ms, 0);
		employee_finish(&employee);
	}
}
END_TEST

static Suite *running_suite(void)
{
	Suite *suite = suite_create("engine_running");
	TCase *which = tcase_create("which");
	tcase_add_checked_fixture(which, set_up, tear_down);
	tcase_add_test(which, the_first_start_makes_version_one_of_the_file);
	tcase_add_test(which, a_reload_of_the_same_file_reads_its_secrets_again);
	tcase_add_test(which, a_changed_file_is_a_new_version_with_a_difference);
	tcase_add_test(which, a_wrong_file_changes_nothing_and_names_every_mistake);
	tcase_add_test(which, the_api_version_runs_until_the_file_changes);
	tcase_add_test(which, a_change_must_know_what_it_changes);
	tcase_add_test(which, what_changes_nothing_and_what_is_only_checked_is_no_version);
	tcase_add_test(which, a_rollback_is_a_new_version_of_an_old_document);
	tcase_add_test(which, the_check_of_expressions_refuses_too);
	tcase_add_test(which, no_secret_gets_into_the_store);
	suite_add_tcase(suite, which);
	TCase *work = tcase_create("work");
	tcase_set_timeout(work, 60);
	tcase_add_checked_fixture(work, set_up, tear_down);
	tcase_add_test(work, a_call_in_flight_ends_under_its_version);
	tcase_add_test(work, a_stop_does_not_wait_for_an_engine_that_was_replaced);
	tcase_add_test(work, leaving_dry_run_plans_everyone_afresh);
	tcase_add_test(work, a_pause_holds_across_a_change);
	tcase_add_test(work, fifty_reloads_under_load_lose_nothing);
	suite_add_tcase(suite, work);
	return suite;
}

int main(void)
{
	return suite_run(running_suite());
}
