/* SPDX-License-Identifier: MIT */
#include "server/engine/everybody_job.h"

#include "server/base/json.h"
#include "server/base/log.h"
#include "server/base/str.h"
#include "server/engine/parts.h"

#include <stdlib.h>
#include <string.h>

static const struct kind {
	const char *thread;
	const char *what;
	job_run *run;
} KINDS[] = {
        [ENGINE_JOB_PREVIEW] = {"preview", "a preview of everybody", preview_job_run},
        [ENGINE_JOB_PLAN] = {"plan", "a plan of everybody", plan_job_run},
        [ENGINE_JOB_CALENDAR] = {"calendar", "a plan of the days to come", calendar_job_run},
};

/* ----------------------------------------------------------------- life cycle */

bool everybody_jobs_init(struct everybody_jobs *jobs)
{
	for (int i = 0; i < ENGINE_JOB_COUNT; i++) {
		jobs->items[i] = (struct everybody_job){0};
		if (!job_init(&jobs->items[i].job)) {
			return false;
		}
	}
	return true;
}

void everybody_jobs_close(struct everybody_jobs *jobs)
{
	for (int i = 0; i < ENGINE_JOB_COUNT; i++) {
		job_close(&jobs->items[i].job);
	}
}

void everybody_jobs_finish(struct everybody_jobs *jobs)
{
	for (int i = 0; i < ENGINE_JOB_COUNT; i++) {
		job_finish(&jobs->items[i].job);
		free(jobs->items[i].settings);
	}
}

/* ------------------------------------------------------------------- for the work */

static json_t *parsed(const char *text, struct err *err)
{
	return text != NULL ? json_parse(text, strlen(text), err) : NULL;
}

json_t *everybody_job_query(struct job *job, struct err *err)
{
	monitor_lock(&job->monitor);
	json_t *query = parsed(job->query, err);
	monitor_unlock(&job->monitor);
	return query;
}

json_t *everybody_job_settings(struct job *job, struct err *err)
{
	struct everybody_job *mine = job_owner(job);

	monitor_lock(&job->monitor);
	char *text = mine->settings;
	mine->settings = NULL;
	monitor_unlock(&job->monitor);
	json_t *settings = parsed(text, err);
	free(text);
	return settings;
}

/* ---------------------------------------------------------------------- start */

struct beginning {
	struct engine *engine;
	const char *connection;
	char *settings; /* taken */
};

static void begin(struct job *job, void *given)
{
	struct everybody_job *mine = job_owner(job);
	struct beginning *beginning = given;

	mine->engine = beginning->engine;
	mine->connection = beginning->connection;
	free(mine->settings);
	mine->settings = beginning->settings;
	beginning->settings = NULL;
}

static void enter(void *owner)
{
	engine_thread_begins(((struct everybody_job *)owner)->engine);
}

static void leave(void *owner)
{
	engine_thread_ended(((struct everybody_job *)owner)->engine);
}

static void log_end(struct job *job, const struct job_look *ended)
{
	const struct everybody_job *mine = job_owner(job);

	log_info("job ended", F("connection", mine->connection), F("job", job->what),
	        F("state", job_state_name(ended->state)), F("cause", ended->sentence));
}

bool everybody_job_start(struct engine *engine, struct connection *connection,
        const struct everybody_order *order, struct err *err)
{
	struct everybody_job *mine = &connection->jobs.items[order->kind];
	const struct kind *kind = &KINDS[order->kind];
	struct beginning beginning = {engine, connection->settings->name,
	        order->settings != NULL ? json_format(order->settings) : NULL};

	if (order->settings != NULL && beginning.settings == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for settings to try");
		return false;
	}
	const struct job_order job_order = {
	        .thread = kind->thread,
	        .what = kind->what,
	        .by = order->by,
	        .query = order->query,
	        .stop = &engine->is_stopping,
	        .run = kind->run,
	        .owner = mine,
	        .begin = begin,
	        .given = &beginning,
	        .keep = log_end,
	        .enter = enter,
	        .leave = leave,
	};
	bool is_started = job_start(&mine->job, &job_order, err);
	free(beginning.settings);
	return is_started;
}

/* -------------------------------------------------------------------- control */

bool engine_job_stop(
        struct engine *engine, const struct engine_job_key *key, const char *by, struct err *err)
{
	struct connection *connection = engine_need_connection(engine, key->connection, err);

	return connection != NULL && job_stop(&connection->jobs.items[key->kind].job, by, err);
}

bool engine_job_report(
        struct engine *engine, const struct engine_job_key *key, json_t **report, struct err *err)
{
	static const struct job_count_names NAMES = {"listed", "read"};
	struct connection *connection = engine_need_connection(engine, key->connection, err);

	*report = NULL;
	if (connection == NULL) {
		return false;
	}
	*report = job_json(&connection->jobs.items[key->kind].job, &NAMES);
	if (*report == NULL ||
	        json_object_set_new(*report, "connection", json_string(key->connection)) != 0) {
		json_decref(*report);
		*report = NULL;
		err_set(err, ERR_NO_MEMORY, "no memory for a job's report");
	}
	return *report != NULL;
}
