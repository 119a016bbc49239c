/* SPDX-License-Identifier: MIT */
#include "server/base/job.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

const char *job_state_name(enum job_state state)
{
	static const char *const NAMES[] = {[JOB_NONE] = "none",
	        [JOB_RUNNING] = "running",
	        [JOB_DONE] = "done",
	        [JOB_STOPPED] = "stopped",
	        [JOB_FAILED] = "failed"};
	return NAMES[state];
}

bool job_init(struct job *job)
{
	*job = (struct job){0};
	atomic_init(&job->is_told_to_stop, false);
	return monitor_init(&job->monitor);
}

void job_close(struct job *job)
{
	monitor_lock(&job->monitor);
	bool is_started = job->is_started;
	pthread_t thread = job->thread;
	job->is_started = false;
	job->is_closed = true;
	atomic_store(&job->is_told_to_stop, true);
	monitor_unlock(&job->monitor);
	if (is_started) {
		thread_join(thread);
	}
}

void job_finish(struct job *job)
{
	free(job->query);
	free(job->result);
	monitor_finish(&job->monitor);
}

/* ----------------------------------------------------------------- the work */

void *job_owner(const struct job *job)
{
	return job->owner;
}

static bool is_ended_from_outside(const struct job *job)
{
	return job->stop != NULL && atomic_load(job->stop);
}

bool job_goes_on(struct job *job, struct err *err)
{
	char by[JOB_BY_BYTES];

	if (!is_ended_from_outside(job) && !atomic_load(&job->is_told_to_stop)) {
		return true;
	}
	monitor_lock(&job->monitor);
	memcpy(by, job->stopped_by, sizeof(by));
	monitor_unlock(&job->monitor);
	if (by[0] != '\0') {
		err_set(err, ERR_STOPPED, "stopped by %s before it was done", by);
	} else {
		err_set(err, ERR_STOPPED, JOB_CLOSED);
	}
	return false;
}

void job_phase(struct job *job, const char *phase)
{
	monitor_lock(&job->monitor);
	str_format_cut(job->look.phase, sizeof(job->look.phase), "%s", phase);
	monitor_unlock(&job->monitor);
}

void job_count(struct job *job, int64_t total, int64_t done)
{
	monitor_lock(&job->monitor);
	job->look.total = total;
	job->look.done = done;
	monitor_unlock(&job->monitor);
}

/* ----------------------------------------------------------------- the thread */

/* It runs until it is kept: who sees it ended may start another. */
static void end(struct job *job, bool is_done, char *result, const struct err *err)
{
	struct job_look ended;

	job_see(job, &ended);
	ended.state = is_done ? JOB_DONE : err->code == ERR_STOPPED ? JOB_STOPPED : JOB_FAILED;
	ended.ended_at_ms = clock_wall_ms();
	ended.phase[0] = '\0';
	str_format_cut(ended.sentence, sizeof(ended.sentence), "%s", is_done ? "" : err->text);
	if (job->keep != NULL) {
		job->keep(job, &ended);
	}
	monitor_lock(&job->monitor);
	job->look = ended;
	job->result = result;
	monitor_unlock(&job->monitor);
}

static void *thread_run(void *argument)
{
	struct job *job = argument;
	struct err err = ERR_INIT;
	json_t *result = NULL;
	void (*leave)(void *owner) = job->leave;
	void *owner = job->owner;
	bool is_done = job->run(job, &result, &err);
	char *text = is_done && result != NULL ? json_format(result) : NULL;

	if (is_done && result != NULL && text == NULL) {
		err_set(&err, ERR_NO_MEMORY, "no memory for what came of it");
		is_done = false;
	}
	json_decref(result);
	end(job, is_done, text, &err);
	if (leave != NULL) {
		leave(owner);
	}
	return NULL;
}

/* ---------------------------------------------------------------------- start */

bool job_is_free(const struct job *job, struct err *err)
{
	char since[CLOCK_TEXT_BYTES];

	if (job->look.state != JOB_RUNNING) {
		return true;
	}
	clock_format(since, job->look.begun_at_ms);
	err_set(err, ERR_CONFLICT, "%s runs already, begun by %s at %s", job->what, job->look.by,
	        since);
	return false;
}

/* With the lock held. */
static bool may_start(const struct job *job, const struct job_order *order, struct err *err)
{
	if (job->is_closed || (order->stop != NULL && atomic_load(order->stop))) {
		err_set(err, ERR_STOPPED, JOB_CLOSED);
		return false;
	}
	return job_is_free(job, err);
}

/* With the lock held; nothing runs. Takes the query. */
static void make_ready(struct job *job, const struct job_order *order, char *query)
{
	if (job->is_started) {
		thread_join(job->thread); /* it has ended, and takes no lock any more */
		job->is_started = false;
	}
	free(job->query);
	free(job->result);
	job->query = query;
	job->result = NULL;
	job->stopped_by[0] = '\0';
	job->stop = order->stop;
	job->run = order->run;
	job->owner = order->owner;
	job->keep = order->keep;
	job->leave = order->leave;
	str_format_cut(job->what, sizeof(job->what), "%s", order->what);
	job->look = (struct job_look){.state = JOB_RUNNING, .begun_at_ms = clock_wall_ms()};
	str_format_cut(job->look.by, sizeof(job->look.by), "%s", order->by);
	atomic_store(&job->is_told_to_stop, false);
	if (order->begin != NULL) {
		order->begin(job, order->given);
	}
}

/* With the lock held. */
static bool launch(struct job *job, const struct job_order *order, struct err *err)
{
	if (order->enter != NULL) {
		order->enter(order->owner);
	}
	job->is_started = thread_start(&job->thread, order->thread, thread_run, job, err);
	if (!job->is_started) {
		job->look.state = JOB_FAILED;
		job->look.ended_at_ms = job->look.begun_at_ms;
		str_format_cut(job->look.sentence, sizeof(job->look.sentence), "%s", err->text);
		if (order->leave != NULL) {
			order->leave(order->owner);
		}
	}
	return job->is_started;
}

bool job_start(struct job *job, const struct job_order *order, struct err *err)
{
	char *query = order->query != NULL ? json_format(order->query) : NULL;
	bool is_started = false;

	if (order->query != NULL && query == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory to begin %s", order->what);
		return false;
	}
	monitor_lock(&job->monitor);
	if (may_start(job, order, err)) {
		make_ready(job, order, query);
		query = NULL;
		is_started = launch(job, order, err);
	}
	monitor_unlock(&job->monitor);
	free(query);
	return is_started;
}

bool job_stop(struct job *job, const char *by, struct err *err)
{
	monitor_lock(&job->monitor);
	bool is_running = job->look.state == JOB_RUNNING;
	if (is_running) {
		str_format_cut(job->stopped_by, sizeof(job->stopped_by), "%s", by);
		atomic_store(&job->is_told_to_stop, true);
	}
	monitor_unlock(&job->monitor);
	if (!is_running) {
		err_set(err, ERR_CONFLICT, "nothing of that kind runs");
	}
	return is_running;
}

/* ----------------------------------------------------------------------- look */

void job_see(struct job *job, struct job_look *look)
{
	monitor_lock(&job->monitor);
	*look = job->look;
	monitor_unlock(&job->monitor);
}

static json_t *parsed_or_null(const char *text)
{
	json_t *json = text != NULL ? json_parse(text, strlen(text), NULL) : NULL;

	return json != NULL ? json : json_null();
}

json_t *job_json(struct job *job, const struct job_count_names *names)
{
	monitor_lock(&job->monitor);
	const struct job_look *look = &job->look;
	json_t *json = json_pack("{s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o}", "state",
	        job_state_name(look->state), "by", look->by, "sentence", look->sentence,
	        "begun_at_ms", (json_int_t)look->begun_at_ms, "ended_at_ms",
	        (json_int_t)look->ended_at_ms, names->total, (json_int_t)look->total, names->done,
	        (json_int_t)look->done, "query", parsed_or_null(job->query), "result",
	        parsed_or_null(job->result));
	monitor_unlock(&job->monitor);
	return json;
}
