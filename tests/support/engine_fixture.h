/* SPDX-License-Identifier: MIT */
#ifndef TESTS_SUPPORT_ENGINE_FIXTURE_H
#define TESTS_SUPPORT_ENGINE_FIXTURE_H

/*
 * An engine without its threads, for tests of single steps: the real store on
 * a temporary file, real settings, the real clients, and behind them one
 * server of fake answers that plays Bob (under /bob/v1) and Okta. A test
 * scripts Okta's answers, makes one run on its own thread, and looks at what
 * the store holds and which calls were made. Helpers end the test on failure.
 */

#include "server/engine/parts.h"
#include "server/engine/run.h"
#include "tests/support/fake_http.h"
#include "tests/support/store_fixture.h"

#include <jansson.h>

#define FIXTURE_PERSON  "412"
#define FIXTURE_OKTA_ID "00u1adaking"
#define FIXTURE_LOGIN   "ada.king@example.com"
#define FIXTURE_ANSWERS 32
#define FIXTURE_ALWAYS  1000

struct engine_fixture;
/* Runs on a server thread before Okta answers; may read the store. */
typedef void fixture_watcher(struct engine_fixture *fixture, const struct fake_request *request);

struct fixture_answer {
	char method[8];
	char part[160]; /* of the target */
	int status;
	char *body;
	int times; /* left */
};

struct engine_fixture {
	struct store *store;
	struct settings *settings;
	struct fake_http *fake;
	struct engine *engine; /* created; started only by tests that say so */
	struct connection *connection; /* its only one */
	struct runner runner;
	fixture_watcher *watcher;
	void *watched; /* the test's own */

	struct monitor monitor;
	/* protected by the monitor: */
	struct fixture_answer answers[FIXTURE_ANSWERS];
	size_t answer_count;
	json_t *people; /* what Bob brings */
	const char *bob_fields; /* Bob's metadata and lists as JSON; NULL: one field, no list */
	const char *bob_lists;
	int bob_status; /* 200: people; else what every Bob call answers */
	const char *bob_history; /* anybody's lifecycle table as JSON; NULL: without a row */
	int bob_history_status; /* 0: 200 */
	int unexpected; /* requests nobody scripted */
	size_t calls_from; /* requests before this one are not told by engine_fixture_calls */

	/* The last run. */
	struct employee employee;
	struct run run;
	struct action_list actions; /* newest first, as the store has them */
	enum run_end end;
	char sentence[SENTENCE_BYTES];
};

/*
 * changes: a JSON object laid over the connection's settings, or NULL. With it: mode live,
 * re-reads at once, people of before go-live are created, Okta not parked.
 */
void engine_fixture_start(struct engine_fixture *fixture, const char *changes);
void engine_fixture_stop(struct engine_fixture *fixture);
/* A new engine on the same store, as after a restart of the server. */
void engine_fixture_renew(struct engine_fixture *fixture);

/* The settings document of such a fixture. New reference. */
json_t *engine_fixture_document(const struct engine_fixture *fixture, const char *changes);
/* Bodies of these tests: "change:ID", "revoke:ID"; anything else is ignored. */
void engine_fixture_parse_event(const char *body, size_t len, const char *company_id,
        int64_t received_at_ms, struct event_verdict *verdict);

/* Okta's next answer to such a request; the first script that fits and has times left is used. */
void engine_fixture_answer(
        struct engine_fixture *fixture, const char *method, const char *part, const char *body);
void engine_fixture_refuse(struct engine_fixture *fixture, const char *method, const char *part,
        int status, const char *code);
/* The general form of both; times FIXTURE_ALWAYS never ends. */
void engine_fixture_script(struct engine_fixture *fixture, const struct fixture_answer *answer);
/* A user as Okta tells it, in a static buffer. more: further attributes as JSON members, or "". */
const char *engine_fixture_user(
        const char *okta_id, const char *status, const char *login, const char *more);
/*
 * What was sent to Okta since the last time, as "POST /00u1/lifecycle/suspend, GET ?search"; reads
 * of the schema, which come beside the work, are left out.
 */
const char *engine_fixture_calls(struct engine_fixture *fixture);
size_t engine_fixture_bob_searches(struct engine_fixture *fixture);
size_t engine_fixture_history_reads(struct engine_fixture *fixture);
/* The body of the newest request to Okta of that method; new reference. */
json_t *engine_fixture_sent(struct engine_fixture *fixture, const char *method);

/* Ada King as Bob tells her (tests/support/sample.h has the shorthand). New reference. */
json_t *engine_fixture_person(const char *shorthand);
/* Makes Bob bring this person, taken, under that id. */
void engine_fixture_bring(struct engine_fixture *fixture, const char *employee_id, json_t *person);
/* A record linked to FIXTURE_OKTA_ID whose profile is as Bob tells it. */
void engine_fixture_link(struct engine_fixture *fixture, enum account_status status);
/* Changes the record under a lease: claim, change, finish as idle. */
typedef void fixture_change(struct employee *employee);
void engine_fixture_change(
        struct engine_fixture *fixture, const char *employee_id, fixture_change *change);
void engine_fixture_hold(struct engine_fixture *fixture, const char *employee_id,
        enum hold_kind kind, const char *cause);

/* Marks and claims FIXTURE_PERSON and makes fixture->run ready. */
void engine_fixture_begin(struct engine_fixture *fixture, enum lane lane);
/*
 * begin, reconcile, settle, and loads the record again. person is taken; NULL: Bob was not read.
 */
enum run_end engine_fixture_run(struct engine_fixture *fixture, json_t *person);
/* The rest of engine_fixture_run, for tests that did the reconciling themselves. */
void engine_fixture_settle(struct engine_fixture *fixture);
/* Loads employee and actions afresh. */
void engine_fixture_load(struct engine_fixture *fixture);
/* An intent of an earlier run that never got its outcome; body NULL for status changes. */
int64_t engine_fixture_crash_in(
        struct engine_fixture *fixture, struct intent intent, const char *body);
size_t engine_fixture_open_intents(struct engine_fixture *fixture);
bool engine_fixture_is_held(struct engine_fixture *fixture, enum hold_kind kind);
/* A call's outcome as the client tells it. */
struct call_outcome engine_fixture_outcome(enum call_class call_class, int http_status);

#endif
