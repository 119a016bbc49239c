/* SPDX-License-Identifier: MIT */
#ifndef SERVER_ENGINE_ENGINE_H
#define SERVER_ENGINE_ENGINE_H

/*
 * The engine: makes Okta what Bob says, one employee at a time. Threads: one
 * dispatcher (parses stored events, marks employees dirty, housekeeping), one
 * reader per connection (claims dirty and due employees and reads them from Bob
 * in batches), and N workers (converge one employee each; the first only takes
 * revocations and leavers, engine rule 5). The control functions below run on
 * the caller's thread and may block for as long as Bob and Okta take.
 */

#include "okta/okta.h"
#include "server/base/attr.h"
#include "server/base/err.h"
#include "server/base/transport.h"
#include "server/evaluator/evaluator.h"
#include "server/settings/settings.h"
#include "server/store/store.h"

#include <jansson.h>
#include <stdint.h>

struct engine;
struct job;

/* Reads a stored body; pure. Handed in, because the parser lives with the intake. */
typedef void (*engine_event_parser)(const char *body, size_t len, const char *company_id,
        int64_t received_at_ms, struct event_verdict *verdict);

struct engine_options {
	const struct settings *settings; /* borrowed for the life of the engine */
	struct store *store; /* borrowed */
	int workers;
	enum transport_plain plain;
	engine_event_parser parse_event;
	/* Another engine of this process works on the same store, and is about to stop: what it
	   has begun it also ends. */
	bool is_successor;
	/* With is_successor: that one, alive until this one is made; what it learnt of rate budgets
	   is shared. May be NULL. */
	struct engine *predecessor;
	struct evaluator_spawner *spawner; /* borrowed; NULL: expressions cannot be evaluated */
	/* Told when an engine that was told to stop gave something back: its successor must look.
	   On any thread of the engine; may be NULL. */
	void (*on_given_back)(void *context, const struct engine *engine);
	void *on_given_back_context;
};

struct engine *engine_create(const struct engine_options *options, struct err *err) MUST_CHECK;
bool engine_start(struct engine *engine, struct err *err) MUST_CHECK;
/*
 * For a successor, once it runs and the engine before was quiesced: what leaving dry_run asks for,
 * and a pause that came while the two changed places.
 */
bool engine_take_over(struct engine *engine, struct err *err) MUST_CHECK;
/* There is something new to do; one that was told to stop tells its successor. Any thread. */
void engine_notify(struct engine *engine);
/* The same for a stored event: a flood of them wakes once. */
void engine_notify_stored(struct engine *engine);
/* Stops claiming, and waits for nothing; engine_stop then does the rest. Any thread. */
void engine_quiesce(struct engine *engine);
/*
 * Stops claiming, lets calls in flight end until deadline_ms (monotonic), aborts
 * the rest, gives everything unfinished back, joins all threads.
 */
void engine_stop(struct engine *engine, int64_t deadline_ms);
/* A second signal: calls in flight are aborted at once. Any thread. */
void engine_abort(struct engine *engine);
void engine_destroy(struct engine *engine);
/* Those it was created with; valid as long as it is. */
const struct settings *engine_settings(const struct engine *engine);

/* ------------------------------------------------------------- control */

/*
 * Each report is a JSON object as docs/http.md describes it; new reference.
 * Errors: ERR_NOT_FOUND (no such connection or employee), ERR_CONFLICT (somebody works on
 * the employee now), or what Bob, Okta or the store said.
 */

/* Settings that are tried instead of those in force. */
struct plan_settings {
	const json_t *document; /* a settings document; its secrets are not looked at */
	struct settings_report *mistakes; /* filled in when it has some; never NULL */
};
struct plan_query {
	struct engine *engine;
	const char *connection;
	const struct plan_settings *settings; /* NULL: those in force */
	struct job *job; /* of everybody: told how far it is, asked to go on; NULL: of no job */
};
/* Reads the employee and says what would be done, doing nothing. */
bool engine_plan(const struct plan_query *query, const char *employee_id, json_t **report,
        struct err *err) MUST_CHECK;
/* The same for everybody Bob lists. calendar.h has the days to come. */
bool engine_plan_all(const struct plan_query *query, json_t **report, struct err *err) MUST_CHECK;
/*
 * Marks the employee for work at once; the run is over when claimed_generation has reached
 * *generation and the state is neither dirty nor working.
 */
bool engine_sync(struct engine *engine, const struct employee_key *key, int64_t *generation,
        struct err *err) MUST_CHECK;
/* Marks everybody Bob lists, at sweep priority. */
bool engine_sync_all(
        struct engine *engine, const char *connection, size_t *marked, struct err *err) MUST_CHECK;
/* Closes the account now by the leaver settings, and holds the employee (M4). */
bool engine_close(struct engine *engine, const struct employee_key *key, const char *by,
        struct err *err) MUST_CHECK;

/* A mapping that is not in force. */
struct mapping_draft {
	const json_t *rows; /* as they stand under "mapping"; NULL: the mapping in force */
	const json_t *scope; /* a text; JSON null: none; NULL: the scope in force */
	const json_t *groups; /* as they stand under "groups"; NULL: those in force */
	struct settings_report *mistakes; /* filled in when it has some; never NULL with rows */
};

/* What a mapping needs and the org's user schema lacks; changes nothing. */
bool engine_schema_plan(struct engine *engine, const char *connection,
        const struct mapping_draft *draft, json_t **report, struct err *err) MUST_CHECK;
/* Adds exactly what a plan showed; ERR_CONFLICT when it is another one by now. Up to a minute. */
struct schema_apply {
	const char *connection;
	struct mapping_draft draft; /* of the plan */
	const char *plan; /* its fingerprint */
	const char *by;
};
bool engine_schema_apply(struct engine *engine, const struct schema_apply *apply, json_t **report,
        struct err *err) MUST_CHECK;
/* Bob's fields and Okta's attributes. */
enum engine_system { ENGINE_BOTH_SYSTEMS, ENGINE_BOB, ENGINE_OKTA };
struct fields_query {
	const char *connection;
	const char *text; /* occurs in an id or a name, letter case aside; NULL: any */
	enum engine_system system;
};
bool engine_fields(struct engine *engine, const struct fields_query *query, json_t **report,
        struct err *err) MUST_CHECK;
/* Rows somebody may want (mapping/suggest.h). */
bool engine_suggest(
        struct engine *engine, const char *connection, json_t **report, struct err *err) MUST_CHECK;

/* Row by row what a mapping makes of one person, and what of it would be sent. */
bool engine_preview(struct engine *engine, const struct employee_key *key,
        const struct mapping_draft *draft, json_t **report, struct err *err) MUST_CHECK;
/*
 * One row, the only one of the draft, tried on one person: with draft->groups that of a group,
 * whose answer is reported, else that of an attribute. A row with mistakes is reported and no
 * error. Cheap enough for every pause in typing: seen_people.h.
 */
bool engine_preview_row(struct engine *engine, const struct employee_key *key,
        const struct mapping_draft *draft, json_t **report, struct err *err) MUST_CHECK;
/* Okta's groups whose names begin so, each with why a row may not fill it; docs/http.md. */
bool engine_groups_find(struct engine *engine, const char *connection, const char *text,
        json_t **report, struct err *err) MUST_CHECK;
/* The rows with what is known of each; nobody is asked. Expressions are not compiled. */
bool engine_mapping_rows(struct engine *engine, const char *connection,
        const struct mapping_draft *draft, json_t **report, struct err *err) MUST_CHECK;
/* How many people a mapping would change, compared with another one. Takes minutes. */
struct preview_all {
	const char *connection;
	struct mapping_draft draft;
	int64_t changed_from; /* a settings version; 0: the mapping in force */
	struct job *job; /* told how far it is, and asked to go on; NULL: of no job */
};
bool engine_preview_all(struct engine *engine, const struct preview_all *query, json_t **report,
        struct err *err) MUST_CHECK;

/*
 * What reads everybody, as a job that can be left and come back to (everybody_job.h): one of each
 * kind at a time a connection. Starts answer ERR_CONFLICT while one runs, and tell mistakes of a
 * draft at once.
 */
enum engine_job { ENGINE_JOB_PREVIEW, ENGINE_JOB_PLAN, ENGINE_JOB_CALENDAR, ENGINE_JOB_COUNT };
/* The query's own job is not looked at. */
bool engine_preview_start(struct engine *engine, const struct preview_all *query, const char *by,
        struct err *err) MUST_CHECK;
bool engine_plan_start(const struct plan_query *query, const char *by, struct err *err) MUST_CHECK;
struct engine_job_key {
	const char *connection;
	enum engine_job kind;
};
bool engine_job_stop(struct engine *engine, const struct engine_job_key *key, const char *by,
        struct err *err) MUST_CHECK;
/* How far it is, and what came of the last one. */
bool engine_job_report(struct engine *engine, const struct engine_job_key *key, json_t **report,
        struct err *err) MUST_CHECK;

/* Stops all writes to Okta, keeps intake; survives restarts (M4). */
enum pause_mode { PAUSE_NONE, PAUSE_PASS_REVOCATIONS, PAUSE_EVERYTHING };
bool engine_pause(struct engine *engine, const char *connection, enum pause_mode mode,
        const char *by, struct err *err) MUST_CHECK;

/* What is wrong with Bob and Okta, for the admin listener's /readyz and for status. */
struct engine_health {
	bool is_okta_parked;
	bool is_okta_asked; /* is_okta_parked is an answer, and not the start */
	bool is_bob_parked;
	/* Parked until somebody mends a token or a permission, not until the system is back. */
	bool is_okta_refusing;
	bool is_bob_refusing;
	char okta_cause[256];
	char bob_cause[256];
	int64_t okta_since_ms;
	int64_t bob_since_ms;
	int64_t okta_success_at_ms; /* last good answer; 0: none yet */
	int64_t bob_success_at_ms;
	enum pause_mode pause;
	bool is_dry_run;
	int64_t okta_remaining[OKTA_BUCKET_COUNT]; /* -1: not heard of yet */
	bool is_evaluator_away; /* expressions cannot be evaluated now */
	size_t rows_off; /* expressions that were stopped for too many people */
	bool is_guard_unread; /* the protected group's members could not be read last time */
};
/* How long it takes until so many are done, from when it goes on; -1: not known yet. */
int64_t engine_drain_ms(struct engine *engine, const char *connection, int64_t waiting);
bool engine_health(struct engine *engine, const char *connection, struct engine_health *health);

#endif
