/* SPDX-License-Identifier: MIT */
#include "server/engine/parts.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define TRIES_MAX     5 /* of one call, where another one may go better */
#define PAUSE_MS      1000 /* before the second try; doubled each time */
#define WAIT_MAX_MS   (10 * 60 * 1000) /* for Okta's budget, for one call */
#define LOOK_AGAIN_MS 250 /* whether a human has ended it */

bool adopt_job_init(struct adopt_job *job, struct engine *engine)
{
	*job = (struct adopt_job){.engine = engine};
	return job_init(&job->job);
}

/* -------------------------------------------------------------------- Okta */

/* How long to wait before the next try; 0: another one would not help. */
static int64_t pause_ms(const struct call_outcome *outcome, int tries)
{
	if (outcome->call_class == CALL_RETRY_AT) {
		int64_t wait_ms = outcome->retry_at_ms - clock_wall_ms();
		return wait_ms < 1 ? 1 : wait_ms;
	}
	return outcome->call_class == CALL_RETRY_LATER && tries < TRIES_MAX ? PAUSE_MS << tries : 0;
}

void adopt_job_wait(struct adopt_job *job, int64_t deadline_ms)
{
	uint64_t seen = 0;
	struct err end = ERR_INIT;
	int64_t now_ms = clock_mono_ms();

	/* The engine is woken for every employee: that alone ends nothing. */
	while (now_ms < deadline_ms && job_goes_on(&job->job, &end)) {
		engine_wait(job->engine, &seen,
		        deadline_ms < now_ms + LOOK_AGAIN_MS ? deadline_ms
		                                             : now_ms + LOOK_AGAIN_MS);
		now_ms = clock_mono_ms();
	}
}

bool adopt_job_ask(struct adopt_job *job, const struct adopt_question *question,
        struct call_outcome *outcome, struct err *err)
{
	struct okta_client *client = runner_okta(question->runner, question->connection, err);
	int64_t give_up_ms = clock_mono_ms() + WAIT_MAX_MS;

	*outcome = (struct call_outcome){.call_class = CALL_ABORTED};
	for (int tries = 0; client != NULL && job_goes_on(&job->job, err);) {
		/* A human waits for it; what lowers access has its own part of the budget. */
		okta_client_set_urgency(client, CALL_NORMAL);
		question->ask(client, question->context, outcome);
		connection_okta_outcome(question->connection, "", outcome);
		if (outcome->call_class == CALL_DONE || outcome->call_class == CALL_NOT_FOUND) {
			return true;
		}
		int64_t wait_ms = pause_ms(outcome, tries);
		int64_t now_ms = clock_mono_ms();
		if (wait_ms == 0 || now_ms + wait_ms > give_up_ms) {
			engine_err_from_call(err, "Okta", outcome);
			return false;
		}
		tries += outcome->call_class == CALL_RETRY_LATER ? 1 : 0;
		adopt_job_wait(job, now_ms + wait_ms);
	}
	return false;
}

/* ------------------------------------------------------------------ record */

static const char *kind_name(enum adopt_job_kind kind)
{
	return kind == ADOPT_JOB_SCAN ? "adopt.scan" : "adopt.apply";
}

static json_t *scan_json(const struct adopt_progress *progress)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "users",
	        (json_int_t)progress->users, "listed", (json_int_t)progress->listed, "read",
	        (json_int_t)progress->read, "linked", (json_int_t)progress->linked, "gone",
	        (json_int_t)progress->gone, "out_of_scope", (json_int_t)progress->out_of_scope,
	        "unreadable", (json_int_t)progress->unreadable, "taken_back",
	        (json_int_t)progress->taken_back);
}

static json_t *apply_json(const struct adopt_progress *progress)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "total", (json_int_t)progress->total, "done",
	        (json_int_t)progress->done, "refused", (json_int_t)progress->refused, "changed",
	        (json_int_t)progress->changed);
}

static json_t *progress_json(const struct job_look *look, const struct adopt_progress *progress)
{
	json_t *json =
	        progress->kind == ADOPT_JOB_SCAN ? scan_json(progress) : apply_json(progress);

	json_object_set_new(json, "state", json_string(job_state_name(look->state)));
	json_object_set_new(json, "by", json_string(look->by));
	json_object_set_new(json, "phase", json_string(look->phase));
	json_object_set_new(json, "sentence", json_string(look->sentence));
	json_object_set_new(json, "begun_at_ms", json_integer(look->begun_at_ms));
	json_object_set_new(json, "ended_at_ms", json_integer(look->ended_at_ms));
	return json;
}

/* Survives the process, so that one can come back to it. */
static void keep(const struct adopt_job *job, const struct job_look *look)
{
	const struct adopt_progress *progress = &job->progress;
	struct err err = ERR_INIT;
	json_t *json = progress_json(look, progress);
	char *text = json != NULL ? json_format(json) : NULL;

	if (text == NULL ||
	        !store_value_set(job->engine->store, job->connection, kind_name(progress->kind),
	                text, &err)) {
		log_error("progress of an adoption not kept", F("connection", job->connection),
		        F("cause", err.text));
	}
	free(text);
	json_decref(json);
}

/* ------------------------------------------------------------------ thread */

/* Nobody but its own thread changes the counts of a job. */
static void keep_ended(struct job *job, const struct job_look *ended)
{
	const struct adopt_job *mine = job_owner(job);

	keep(mine, ended);
	log_info("adoption job ended", F("connection", mine->connection),
	        F("job", kind_name(mine->progress.kind)), F("state", job_state_name(ended->state)),
	        F("cause", ended->sentence));
}

static bool run(struct job *job, json_t **result UNUSED, struct err *err)
{
	struct adopt_job *mine = job_owner(job);

	return mine->progress.kind == ADOPT_JOB_SCAN ? adopt_scan(mine, err)
	                                             : adopt_apply(mine, err);
}

static void enter(void *owner)
{
	engine_thread_begins(((struct adopt_job *)owner)->engine);
}

static void leave(void *owner)
{
	engine_thread_ended(((struct adopt_job *)owner)->engine);
}

struct beginning {
	enum adopt_job_kind kind;
	const char *connection;
	struct adopt_rules rules;
};

static void begin(struct job *job, void *given)
{
	struct adopt_job *mine = job_owner(job);
	const struct beginning *beginning = given;
	struct job_look crashed = job->look;

	str_format_cut(mine->connection, sizeof(mine->connection), "%s", beginning->connection);
	mine->progress = (struct adopt_progress){.kind = beginning->kind};
	mine->rules = beginning->rules;
	/* Whoever finds this after a crash finds a job that was stopped. */
	crashed.state = JOB_STOPPED;
	str_format_cut(crashed.sentence, sizeof(crashed.sentence), "%s", JOB_CLOSED);
	keep(mine, &crashed);
}

static bool start_job(
        struct adopt_job *job, struct beginning *beginning, const char *by, struct err *err)
{
	char what[JOB_WHAT_BYTES];
	const struct job_order order = {
	        .thread = "adopt",
	        .what = what,
	        .by = by,
	        .stop = &job->engine->is_stopping,
	        .run = run,
	        .owner = job,
	        .begin = begin,
	        .given = beginning,
	        .keep = keep_ended,
	        .enter = enter,
	        .leave = leave,
	};

	str_format_cut(what, sizeof(what), "%s on connection %s",
	        beginning->kind == ADOPT_JOB_SCAN ? "a scan" : "an apply", beginning->connection);
	return job_start(&job->job, &order, err);
}

/* ----------------------------------------------------------------- control */

bool engine_adopt_scan(struct engine *engine, const struct adopt_start *start, struct err *err)
{
	struct beginning beginning = {.kind = ADOPT_JOB_SCAN, .connection = start->connection};

	adopt_rules_default(&beginning.rules);
	return engine_need_connection(engine, start->connection, err) != NULL &&
	        (start->rules == NULL || adopt_rules_parse(&beginning.rules, start->rules, err)) &&
	        start_job(&engine->adopt_job, &beginning, start->by, err);
}

bool engine_adopt_apply(struct engine *engine, const struct adopt_start *start, struct err *err)
{
	struct beginning beginning = {.kind = ADOPT_JOB_APPLY, .connection = start->connection};

	return engine_need_connection(engine, start->connection, err) != NULL &&
	        start_job(&engine->adopt_job, &beginning, start->by, err);
}

bool engine_adopt_stop(
        struct engine *engine, const char *connection, const char *by, struct err *err)
{
	struct adopt_job *job = &engine->adopt_job;

	if (engine_need_connection(engine, connection, err) == NULL) {
		return false;
	}
	monitor_lock(&job->job.monitor);
	bool is_ours = str_equal(job->connection, connection);
	monitor_unlock(&job->job.monitor);
	if (!is_ours) {
		err_set(err, ERR_CONFLICT, "no scan or apply of connection %s runs", connection);
		return false;
	}
	return job_stop(&job->job, by, err);
}

bool engine_adopt_is_free(struct engine *engine, const char *connection, struct err *err)
{
	struct adopt_job *job = &engine->adopt_job;

	if (engine_need_connection(engine, connection, err) == NULL) {
		return false;
	}
	monitor_lock(&job->job.monitor);
	bool is_other = !str_equal(job->connection, connection);
	bool is_ours_free = is_other || job_is_free(&job->job, err);
	monitor_unlock(&job->job.monitor);
	return is_ours_free;
}

/* ------------------------------------------------------------------ report */

static json_t *kept_json(struct engine *engine, const char *connection, enum adopt_job_kind kind)
{
	char *text = NULL;
	json_t *json = NULL;

	if (store_value_get(engine->store, connection, kind_name(kind), &text, NULL)) {
		json = json_parse(text, strlen(text), NULL);
	}
	free(text);
	return json != NULL ? json : json_null();
}

/* As it goes now, or as it ended. */
static json_t *job_kind_json(
        struct engine *engine, const char *connection, enum adopt_job_kind kind)
{
	struct adopt_job *job = &engine->adopt_job;

	monitor_lock(&job->job.monitor);
	struct job_look look = job->job.look;
	struct adopt_progress progress = job->progress;
	bool is_live = look.state == JOB_RUNNING && progress.kind == kind &&
	        str_equal(job->connection, connection);
	monitor_unlock(&job->job.monitor);
	return is_live ? progress_json(&look, &progress) : kept_json(engine, connection, kind);
}

static json_t *count_json(const struct adoption_count *count)
{
	return json_pack("{s:s, s:s, s:b, s:b, s:b, s:s, s:s, s:I}", "class",
	        adopt_class_name(count->class_), "rule", adopt_rule_name(count->rule), "is_left",
	        count->is_left, "is_wanted", count->is_wanted, "is_sourced_elsewhere",
	        count->is_sourced_elsewhere, "decision", adoption_decision_name(count->decision),
	        "state", adoption_state_name(count->state), "people", (json_int_t)count->people);
}

bool engine_adopt_report(
        struct engine *engine, const char *connection, json_t **report, struct err *err)
{
	struct adoption_counts counts = {0};

	*report = NULL;
	if (engine_need_connection(engine, connection, err) == NULL ||
	        !store_adoption_counts(engine->store, connection, &counts, err)) {
		return false;
	}
	json_t *list = json_array();
	for (size_t i = 0; i < counts.count; i++) {
		json_array_append_new(list, count_json(&counts.items[i]));
	}
	free(counts.items);
	*report = json_pack("{s:s, s:b, s:o, s:o, s:o}", "connection", connection, "is_dry_run",
	        engine_connection(engine, connection)->settings->mode == SETTINGS_DRY_RUN, "scan",
	        job_kind_json(engine, connection, ADOPT_JOB_SCAN), "apply",
	        job_kind_json(engine, connection, ADOPT_JOB_APPLY), "counts", list);
	return *report != NULL;
}
