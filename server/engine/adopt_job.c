/* SPDX-License-Identifier: MIT */
#include "server/engine/parts.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define STOPPED     "the server stopped, or its settings changed; start it again"
#define TRIES_MAX   5 /* of one call, where another one may go better */
#define PAUSE_MS    1000 /* before the second try; doubled each time */
#define WAIT_MAX_MS (10 * 60 * 1000) /* for Okta's budget, for one call */

bool adopt_job_init(struct adopt_job *job, struct engine *engine)
{
	*job = (struct adopt_job){.engine = engine};
	return monitor_init(&job->monitor);
}

void adopt_job_join(struct adopt_job *job)
{
	monitor_lock(&job->monitor);
	bool is_started = job->is_started;
	pthread_t thread = job->thread;
	job->is_started = false;
	monitor_unlock(&job->monitor);
	if (is_started) {
		thread_join(thread);
	}
}

void adopt_job_finish(struct adopt_job *job)
{
	monitor_finish(&job->monitor);
}

void adopt_job_phase(struct adopt_job *job, const char *phase)
{
	monitor_lock(&job->monitor);
	str_format_cut(job->progress.phase, sizeof(job->progress.phase), "%s", phase);
	monitor_unlock(&job->monitor);
}

bool adopt_job_goes_on(struct adopt_job *job, struct err *err)
{
	if (!atomic_load(&job->engine->is_stopping)) {
		return true;
	}
	err_set(err, ERR_STOPPED, STOPPED);
	return false;
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

	/* The engine is woken for every employee: only its end ends this. */
	while (!atomic_load(&job->engine->is_stopping) && clock_mono_ms() < deadline_ms) {
		engine_wait(job->engine, &seen, deadline_ms);
	}
}

bool adopt_job_ask(struct adopt_job *job, const struct adopt_question *question,
        struct call_outcome *outcome, struct err *err)
{
	struct okta_client *client = runner_okta(question->runner, question->connection, err);
	int64_t give_up_ms = clock_mono_ms() + WAIT_MAX_MS;

	*outcome = (struct call_outcome){.call_class = CALL_ABORTED};
	for (int tries = 0; client != NULL && adopt_job_goes_on(job, err);) {
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

static const char *state_name(enum adopt_job_state state)
{
	switch (state) {
	case ADOPT_JOB_RUNNING: return "running";
	case ADOPT_JOB_DONE: return "done";
	case ADOPT_JOB_STOPPED: return "stopped";
	case ADOPT_JOB_FAILED: return "failed";
	}
	return "unknown";
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

static json_t *progress_json(const struct adopt_progress *progress)
{
	json_t *json =
	        progress->kind == ADOPT_JOB_SCAN ? scan_json(progress) : apply_json(progress);

	json_object_set_new(json, "state", json_string(state_name(progress->state)));
	json_object_set_new(json, "by", json_string(progress->by));
	json_object_set_new(json, "phase", json_string(progress->phase));
	json_object_set_new(json, "sentence", json_string(progress->sentence));
	json_object_set_new(json, "begun_at_ms", json_integer(progress->begun_at_ms));
	json_object_set_new(json, "ended_at_ms", json_integer(progress->ended_at_ms));
	return json;
}

/* Survives the process, so that one can come back to it. */
static void keep(struct adopt_job *job, const struct adopt_progress *progress)
{
	struct err err = ERR_INIT;
	json_t *json = progress_json(progress);
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

/* It runs until it is kept: who sees it ended may start another. */
static void end_job(struct adopt_job *job, bool is_done, const struct err *err)
{
	monitor_lock(&job->monitor);
	struct adopt_progress ended = job->progress;
	monitor_unlock(&job->monitor);
	ended.ended_at_ms = clock_wall_ms();
	ended.state = is_done              ? ADOPT_JOB_DONE
	        : err->code == ERR_STOPPED ? ADOPT_JOB_STOPPED
	                                   : ADOPT_JOB_FAILED;
	ended.phase[0] = '\0';
	str_format_cut(ended.sentence, sizeof(ended.sentence), "%s", is_done ? "" : err->text);
	keep(job, &ended);
	log_info("adoption job ended", F("connection", job->connection),
	        F("job", kind_name(ended.kind)), F("state", state_name(ended.state)),
	        F("cause", ended.sentence));
	monitor_lock(&job->monitor);
	job->is_running = false;
	monitor_unlock(&job->monitor);
}

static void *job_run(void *argument)
{
	struct adopt_job *job = argument;
	struct err err = ERR_INIT;
	bool is_done = job->progress.kind == ADOPT_JOB_SCAN ? adopt_scan(job, &err)
	                                                    : adopt_apply(job, &err);

	end_job(job, is_done, &err);
	engine_thread_ended(job->engine);
	return NULL;
}

/* With the lock held. */
static bool is_free(struct adopt_job *job, struct err *err)
{
	if (job->is_running) {
		err_set(err, ERR_CONFLICT, "%s runs on connection %s; see bob2okta adopt status",
		        job->progress.kind == ADOPT_JOB_SCAN ? "a scan" : "an apply",
		        job->connection);
	}
	return !job->is_running;
}

/* With the lock held. */
static bool launch(struct adopt_job *job, struct err *err)
{
	struct engine *engine = job->engine;

	if (job->is_started) {
		thread_join(job->thread); /* it has ended, and takes no lock any more */
		job->is_started = false;
	}
	monitor_lock(&engine->wake);
	engine->threads_running++;
	monitor_unlock(&engine->wake);
	if (!thread_start(&job->thread, "adopt", job_run, job, err)) {
		engine_thread_ended(engine);
		return false;
	}
	job->is_started = true;
	job->is_running = true;
	return true;
}

static bool start_job(struct adopt_job *job, enum adopt_job_kind kind,
        const struct adopt_start *start, struct err *err)
{
	struct adopt_progress progress = {
	        .kind = kind, .state = ADOPT_JOB_RUNNING, .begun_at_ms = clock_wall_ms()};

	str_format_cut(progress.by, sizeof(progress.by), "%s", start->by);
	str_format_cut(progress.sentence, sizeof(progress.sentence), "%s", STOPPED);
	monitor_lock(&job->monitor);
	bool is_started = is_free(job, err) && adopt_job_goes_on(job, err);
	if (is_started) {
		str_format_cut(job->connection, sizeof(job->connection), "%s", start->connection);
		job->progress = progress;
		/* Whoever finds this after a crash finds a job that was stopped. */
		progress.state = ADOPT_JOB_STOPPED;
		keep(job, &progress);
		job->progress.sentence[0] = '\0';
		is_started = launch(job, err);
	}
	monitor_unlock(&job->monitor);
	return is_started;
}

/* ----------------------------------------------------------------- control */

bool engine_adopt_scan(struct engine *engine, const struct adopt_start *start, struct err *err)
{
	struct adopt_rules rules;

	adopt_rules_default(&rules);
	if (engine_need_connection(engine, start->connection, err) == NULL ||
	        (start->rules != NULL && !adopt_rules_parse(&rules, start->rules, err)) ||
	        !engine_adopt_is_free(engine, start->connection, err)) {
		return false;
	}
	engine->adopt_job.rules = rules;
	return start_job(&engine->adopt_job, ADOPT_JOB_SCAN, start, err);
}

bool engine_adopt_apply(struct engine *engine, const struct adopt_start *start, struct err *err)
{
	return engine_need_connection(engine, start->connection, err) != NULL &&
	        start_job(&engine->adopt_job, ADOPT_JOB_APPLY, start, err);
}

bool engine_adopt_is_free(struct engine *engine, const char *connection, struct err *err)
{
	struct adopt_job *job = &engine->adopt_job;

	if (engine_need_connection(engine, connection, err) == NULL) {
		return false;
	}
	monitor_lock(&job->monitor);
	bool is_other = !str_equal(job->connection, connection);
	bool is_ours_free = is_other || is_free(job, err);
	monitor_unlock(&job->monitor);
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
static json_t *job_json(struct engine *engine, const char *connection, enum adopt_job_kind kind)
{
	struct adopt_job *job = &engine->adopt_job;

	monitor_lock(&job->monitor);
	bool is_live = job->is_running && job->progress.kind == kind &&
	        str_equal(job->connection, connection);
	struct adopt_progress progress = job->progress;
	monitor_unlock(&job->monitor);
	return is_live ? progress_json(&progress) : kept_json(engine, connection, kind);
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
	        job_json(engine, connection, ADOPT_JOB_SCAN), "apply",
	        job_json(engine, connection, ADOPT_JOB_APPLY), "counts", list);
	return *report != NULL;
}
