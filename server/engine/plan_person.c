/* SPDX-License-Identifier: MIT */
/* The plan of one person: now, and until a day to come. */
#include "server/engine/calendar.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/forecast.h"
#include "server/engine/parts.h"

#include <string.h>

struct person_plan {
	struct runner runner;
	struct planner planner;
	struct employee employee;
	struct bob_people people;
	json_t *source; /* borrowed from people; NULL: Bob does not bring the person */
	int64_t now_ms;
};

static bool find_person(struct person_plan *plan, const char *employee_id, struct err *err)
{
	plan->source = bob_people_find(&plan->people, employee_id);
	plan->planner.read_begun_ms = plan->people.begun_at_ms;
	if (plan->source == NULL && plan->employee.generation == 0) {
		err_set(err, ERR_NOT_FOUND, "neither the store nor Bob knows employee %s",
		        employee_id);
		return false;
	}
	return true;
}

/* Close it in every case. */
static bool open_plan(struct person_plan *plan, const struct plan_query *query,
        const char *employee_id, struct err *err)
{
	struct engine *engine = query->engine;
	struct connection *connection = engine_need_connection(engine, query->connection, err);
	struct employee_key key;

	*plan = (struct person_plan){.now_ms = clock_wall_ms()};
	str_format_cut(key.connection, sizeof(key.connection), "%s", query->connection);
	str_format_cut(key.employee_id, sizeof(key.employee_id), "%s", employee_id);
	if (connection == NULL ||
	        !runner_init(&plan->runner, engine->store, engine->connections,
	                engine->connection_count, err) ||
	        !planner_open(&plan->planner, engine, connection, query->settings, err)) {
		return false;
	}
	plan->planner.runner = &plan->runner;
	return engine_load_employee(engine->store, &key, &plan->employee, err) &&
	        planner_read(&plan->planner, &employee_id, 1, &plan->people, err) &&
	        find_person(plan, employee_id, err);
}

static void close_plan(struct person_plan *plan)
{
	employee_finish(&plan->employee);
	bob_people_finish(&plan->people);
	planner_close(&plan->planner);
	if (plan->runner.okta != NULL) {
		runner_finish(&plan->runner);
	}
}

bool engine_plan(
        const struct plan_query *query, const char *employee_id, json_t **report, struct err *err)
{
	static const struct planner_time NOW = {0};
	struct person_plan plan;
	struct planned planned = {0};

	if (open_plan(&plan, query, employee_id, err)) {
		planner_plan(&plan.planner, &plan.employee, plan.source, &NOW, &planned);
		if (planned.report == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory while planning");
		}
	}
	close_plan(&plan);
	*report = planned.report;
	return *report != NULL;
}

/* ----------------------------------------------------------------- until a day */

struct steps {
	json_t *list;
	char last[SENTENCE_BYTES]; /* what the step before came to, to tell whether this one is new
	                            */
	char after[32];
};

static void add_step(void *context, const struct forecast_step *step)
{
	struct steps *steps = context;
	const json_t *plan = step->plan;
	json_t *hold = json_object_get(plan, "hold");
	json_t *actions = json_object_get(plan, "actions");
	char state[SENTENCE_BYTES];
	char date[CLOCK_TEXT_BYTES];
	char time[FORECAST_TIME_BYTES];

	str_format_cut(state, sizeof(state), "%s %s %s %s", step->lifecycle,
	        json_get_text(plan, "wanted"), json_get_text(plan, "rule"),
	        json_is_object(hold) ? json_get_text(hold, "kind") : "-");
	str_format_cut(steps->after, sizeof(steps->after), "%s", step->status_after);
	if (json_array_size(actions) == 0 && str_equal(state, steps->last)) {
		return;
	}
	str_format_cut(steps->last, sizeof(steps->last), "%s", state);
	date_format(date, step->date);
	forecast_format_time(time, step->minute);
	json_array_append_new(steps->list,
	        json_pack("{s:I, s:s, s:s, s:b, s:s, s:O, s:s, s:O, s:O, s:O, s:O, s:O, s:O}",
	                "at_ms", (json_int_t)step->at_ms, "date", date, "time", time, "is_now",
	                step->is_now, "lifecycle", step->lifecycle, "present_status",
	                json_object_get(plan, "present_status"), "status_after", step->status_after,
	                "wanted", json_object_get(plan, "wanted"), "rule",
	                json_object_get(plan, "rule"), "reason", json_object_get(plan, "reason"),
	                "hold", hold, "actions", actions, "sentence",
	                json_object_get(plan, "sentence")));
}

static size_t count_acting(const json_t *steps)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(steps); i++) {
		const json_t *actions = json_object_get(json_array_get(steps, i), "actions");
		count += json_array_size(actions) > 0 ? 1 : 0;
	}
	return count;
}

static json_t *steps_json(const struct person_plan *plan, const struct steps *steps, const char *on,
        const char *table)
{
	const struct zone *zone = forecast_zone(&plan->planner, plan->source);
	size_t acting = count_acting(steps->list);
	char sentence[SENTENCE_BYTES];

	str_format_cut(sentence, sizeof(sentence),
	        "Until the end of %s %zu time%s with something to do; the account is %s then.", on,
	        acting, acting == 1 ? "" : "s", steps->after);
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:s, s:O, s:s}", "connection",
	        plan->employee.key.connection, "employee_id", plan->employee.key.employee_id,
	        "display_name", personal_reveal(&plan->employee.display_name), "on", on,
	        "time_zone", zone_name(zone), "status_after", steps->after, "is_draft",
	        plan->planner.is_draft, "table", table, "steps", steps->list, "sentence", sentence);
}

static bool check_on(const struct person_plan *plan, int32_t on, struct err *err)
{
	int32_t today = zone_date(forecast_zone(&plan->planner, plan->source), plan->now_ms);
	char text[CLOCK_TEXT_BYTES];

	date_format(text, today);
	if (on < today || on - today > CALENDAR_ON_MAX) {
		err_set(err, ERR_BAD_REQUEST,
		        "\"on\" is a day from today, %s, and at most %d days ahead", text,
		        CALENDAR_ON_MAX);
		return false;
	}
	return true;
}

static json_t *walk_person(
        struct person_plan *plan, struct engine *engine, int32_t on, struct err *err)
{
	const struct zone *zone = forecast_zone(&plan->planner, plan->source);
	const char *id = plan->employee.key.employee_id;
	struct steps steps = {.list = json_array()};
	char table[SENTENCE_BYTES];
	char text[CLOCK_TEXT_BYTES];
	json_t *rows = forecast_rows(&plan->planner, engine, &id, 1, table);
	struct forecast forecast = {
	        .planner = &plan->planner,
	        .employee = &plan->employee,
	        .source = plan->source,
	        .rows = json_object_get(rows, id),
	        .now_ms = plan->now_ms,
	        .until_ms = zone_first_instant_ms(zone, on + 1),
	};
	json_t *report = NULL;

	date_format(text, on);
	if (steps.list != NULL && forecast_walk(&forecast, add_step, &steps, err)) {
		report = steps_json(plan, &steps, text, table);
	}
	json_decref(rows);
	json_decref(steps.list);
	return report;
}

bool engine_plan_on(const struct plan_query *query, const char *employee_id, int32_t on,
        json_t **report, struct err *err)
{
	struct person_plan plan;

	*report = NULL;
	if (open_plan(&plan, query, employee_id, err) && check_on(&plan, on, err)) {
		*report = walk_person(&plan, query->engine, on, err);
		if (*report == NULL) {
			err_set(err, ERR_NO_MEMORY, "out of memory for a forecast");
		}
	}
	close_plan(&plan);
	return *report != NULL;
}
