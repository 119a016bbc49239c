/* SPDX-License-Identifier: MIT */
/* The plan of everybody, and of the days to come, as jobs. */
#include "server/base/json.h"
#include "server/engine/calendar_days.h"
#include "server/engine/parts.h"
#include "server/engine/planner.h"

/* What the job was begun with. */
struct beginning {
	json_t *document; /* settings to try; NULL: those in force */
	struct settings_report mistakes;
	struct plan_settings settings;
	struct plan_query query;
};

static bool open_beginning(struct beginning *beginning, struct job *job, struct err *err)
{
	const struct everybody_job *mine = job_owner(job);

	*beginning = (struct beginning){.document = everybody_job_settings(job, err)};
	beginning->settings = (struct plan_settings){beginning->document, &beginning->mistakes};
	beginning->query = (struct plan_query){.engine = mine->engine,
	        .connection = mine->connection,
	        .settings = beginning->document != NULL ? &beginning->settings : NULL,
	        .job = job};
	return !err_is_set(err);
}

bool plan_job_run(struct job *job, json_t **result, struct err *err)
{
	struct beginning beginning;
	bool is_done = open_beginning(&beginning, job, err) &&
	        engine_plan_all(&beginning.query, result, err);

	json_decref(beginning.document);
	return is_done;
}

bool calendar_job_run(struct job *job, json_t **result, struct err *err)
{
	struct beginning beginning;
	json_t *query = everybody_job_query(job, err);
	int days = (int)json_get_int(query, "days", 0);
	bool is_done = open_beginning(&beginning, job, err) &&
	        engine_plan_next(&beginning.query, days, result, err);

	json_decref(query);
	json_decref(beginning.document);
	return is_done;
}

/* ---------------------------------------------------------------------- start */

/* Mistakes are told to whoever asks, and not only at the end. */
static bool check_settings(
        struct connection *connection, const struct plan_query *query, struct err *err)
{
	struct planner planner = {0};
	bool is_good = query->settings == NULL ||
	        planner_open(&planner, query->engine, connection, query->settings, err);

	planner_close(&planner);
	return is_good;
}

/* Takes what is shown of the query. */
static bool start(const struct plan_query *query, const struct everybody_order *order,
        json_t *shown, struct err *err)
{
	struct connection *connection =
	        engine_need_connection(query->engine, query->connection, err);
	struct everybody_order whole = *order;

	whole.query = shown;
	whole.settings = query->settings != NULL ? query->settings->document : NULL;
	json_object_set_new(shown, "is_draft", json_boolean(query->settings != NULL));
	bool is_started = connection != NULL && check_settings(connection, query, err) &&
	        everybody_job_start(query->engine, connection, &whole, err);
	json_decref(shown);
	return is_started;
}

bool engine_plan_start(const struct plan_query *query, const char *by, struct err *err)
{
	const struct everybody_order order = {.kind = ENGINE_JOB_PLAN, .by = by};

	return start(query, &order, json_object(), err);
}

bool engine_plan_next_start(
        const struct plan_query *query, int days, const char *by, struct err *err)
{
	const struct everybody_order order = {.kind = ENGINE_JOB_CALENDAR, .by = by};

	return calendar_check_days(days, err) &&
	        start(query, &order, json_pack("{s:i}", "days", days), err);
}
