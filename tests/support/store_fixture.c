/* SPDX-License-Identifier: MIT */
#include "tests/support/store_fixture.h"

#include "server/base/clock.h"
#include "server/base/crypto.h"
#include "server/base/key_ring.h"
#include "server/base/str.h"
#include "server/base/thread.h"
#include "server/store/sqlite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LEASE_MS 60000

static char directory[64];
static char url[128];
static struct key_ring *keys;

static void must(bool is_done, const char *what, const struct err *err)
{
	if (!is_done) {
		fprintf(stderr, "fixture: %s: %s\n", what, err != NULL ? err->text : "");
		abort();
	}
}

const char *store_fixture_directory(void)
{
	store_fixture_url();
	return directory;
}

const char *store_fixture_url(void)
{
	if (directory[0] == '\0') {
		const char *where = getenv("TMPDIR");
		must(str_format(directory, sizeof(directory), "%s/b2o-store-XXXXXX",
		             str_is_empty(where) ? "/tmp" : where),
		        "name", NULL);
		must(mkdtemp(directory) != NULL, "mkdtemp", NULL);
		must(str_format(url, sizeof(url), "sqlite:%s/store.db", directory), "url", NULL);
	}
	return url;
}

void store_fixture_clean(void)
{
	key_ring_destroy(keys);
	keys = NULL;
	crypto_stop();
	DIR *dir = directory[0] != '\0' ? opendir(directory) : NULL;
	if (dir == NULL) {
		return;
	}
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	rmdir(directory);
	directory[0] = '\0';
}

/* Beside the store, so that a process that was killed leaves them to the next one. */
struct key_ring *store_fixture_keys(void)
{
	char path[128];
	struct err err = ERR_INIT;
	if (keys == NULL) {
		must(crypto_start(&err), "crypto", &err);
		must(str_format(path, sizeof(path), "%s/master-key", store_fixture_directory()),
		        "key file", NULL);
		keys = key_ring_load(path, KEY_RING_CREATE, &err);
		must(keys != NULL, "keys", &err);
	}
	return keys;
}

struct store *store_fixture_open_with(size_t queue_max)
{
	struct err err = ERR_INIT;
	struct store_options options = {
	        .url = store_fixture_url(), .queue_max = queue_max, .keys = store_fixture_keys()};
	struct store *store = store_open(&options, &err);
	must(store != NULL, "open", &err);
	return store;
}

struct store *store_fixture_open(void)
{
	return store_fixture_open_with(10000);
}

static bool pass_run(struct sqlite_conn *conn, void *context, struct err *err)
{
	const int64_t *ms = context;
	int64_t running_ms = 0;
	return sqlite_state_get(conn, "running_ms", &running_ms, err) &&
	        sqlite_state_set(conn, "running_ms", running_ms + *ms, err);
}

void store_fixture_pass(struct store *store, int64_t ms)
{
	struct err err = ERR_INIT;
	must(sqlite_write(store, pass_run, &ms, &err), "pass", &err);
}

struct employee_key store_fixture_key(const char *employee_id)
{
	struct employee_key key = {.connection = "default"};
	must(str_copy(key.employee_id, sizeof(key.employee_id), employee_id), "key", NULL);
	return key;
}

/* Where the writer thread tells the one who waits. */
struct answer {
	struct monitor monitor;
	bool is_there;
	enum err_code code;
};

static void on_appended(void *context, enum err_code code)
{
	struct answer *answer = context;
	monitor_lock(&answer->monitor);
	answer->code = code;
	answer->is_there = true;
	monitor_wake_all(&answer->monitor);
	monitor_unlock(&answer->monitor);
}

enum err_code store_fixture_append(struct store *store, const char *body)
{
	struct answer answer = {.is_there = false};
	must(monitor_init(&answer.monitor), "monitor", NULL);
	enum err_code code =
	        store_append(store, "default", str_dup(body), strlen(body), on_appended, &answer);
	if (code == ERR_OK) {
		monitor_lock(&answer.monitor);
		while (!answer.is_there) {
			monitor_wait(&answer.monitor);
		}
		monitor_unlock(&answer.monitor);
		code = answer.code;
	}
	monitor_finish(&answer.monitor);
	return code;
}

int64_t store_fixture_event(struct store *store)
{
	struct event_list events;
	struct err err = ERR_INIT;
	must(store_event_next(store, 1000, &events, &err), "next", &err);
	must(events.count > 0, "no event", NULL);
	int64_t event_id = events.items[events.count - 1].event_id;
	event_list_finish(&events);
	return event_id;
}

void store_fixture_deliver(
        struct store *store, const char *body, const char *employee_id, enum lane lane)
{
	struct err err = ERR_INIT;
	enum err_code code = store_fixture_append(store, body);
	must(code == ERR_OK || code == ERR_CONFLICT, "append", NULL);
	struct event_verdict verdict = {
	        .event_id = store_fixture_event(store),
	        .state = EVENT_ACCEPTED,
	        .kind = EVENT_KIND_CHANGE,
	        .lane = lane,
	        .triggered_at_ms = clock_wall_ms(),
	};
	must(str_copy(verdict.type, sizeof(verdict.type), "employee.updated"), "type", NULL);
	must(str_copy(verdict.employee_id, sizeof(verdict.employee_id), employee_id), "id", NULL);
	must(store_event_settle(store, &verdict, 1, &err), "settle", &err);
}

struct employee store_fixture_claim(struct store *store, const char *employee_id)
{
	struct employee employee;
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(employee_id);
	must(store_employee_claim_one(store, &key, LEASE_MS, &employee, &err), "claim", &err);
	return employee;
}

struct employee store_fixture_get(struct store *store, const char *employee_id)
{
	struct employee employee;
	struct err err = ERR_INIT;
	struct employee_key key = store_fixture_key(employee_id);
	must(store_employee_get(store, &key, &employee, &err), "get", &err);
	return employee;
}

void store_fixture_link(struct store *store, const char *employee_id, const char *okta_id,
        const char *login, enum account_status status)
{
	struct err err = ERR_INIT;
	char profile[256];
	struct employee_key key = store_fixture_key(employee_id);
	must(store_employee_mark(store, &key, LANE_SWEEP, NULL, &err), "mark", &err);
	struct employee employee = store_fixture_claim(store, employee_id);
	must(str_copy(employee.okta_id, sizeof(employee.okta_id), okta_id), "okta id", NULL);
	must(str_format(profile, sizeof(profile), "{\"login\":\"%s\"}", login), "login", NULL);
	must(personal_set(&employee.present_profile, profile), "profile", NULL);
	employee.origin = ORIGIN_CREATED;
	employee.present_status = status;
	employee.settled_generation = employee.generation;
	must(store_employee_finish(store, &employee, EMPLOYEE_IDLE, &err), "finish", &err);
	employee_finish(&employee);
}

struct intent store_fixture_intent(
        const struct employee *employee, enum action_kind kind, enum limit_kind limit)
{
	struct intent intent = {
	        .key = employee->key,
	        .lease_token = employee->lease_token,
	        .claimed_generation = employee->claimed_generation,
	        .kind = kind,
	        .limit = limit,
	        .lane = LANE_UPDATE,
	};
	must(str_copy(intent.okta_id, sizeof(intent.okta_id), employee->okta_id), "id", NULL);
	return intent;
}
