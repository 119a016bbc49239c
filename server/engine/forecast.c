/* SPDX-License-Identifier: MIT */
#include "server/engine/forecast.h"

#include "mapping/mapping.h"
#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/parts.h"

#include <stdlib.h>

#define STEPS_MAX    60
#define WAITS_MAX    3
#define WAIT_MAX_MS  60000
#define WAIT_EACH_MS 500

const struct zone *forecast_zone(const struct planner *planner, json_t *source)
{
	const struct policy_settings *policy = planner_policy(planner);
	struct person person = {0};
	bool is_read = source != NULL && person_parse(&person, source, NULL);
	const struct zone *zone = policy_zone(policy, is_read ? &person : NULL);

	person_finish(&person);
	return zone;
}

/* ---------------------------------------------------------------------- walk */

struct walk {
	const struct forecast *forecast;
	const struct zone *zone;
	int32_t today;
	int32_t days[FUTURE_DATES_MAX];
	size_t day_count;
};

static void begin(struct walk *walk, const struct forecast *forecast)
{
	*walk = (struct walk){
	        .forecast = forecast, .zone = forecast_zone(forecast->planner, forecast->source)};
	walk->today = zone_date(walk->zone, forecast->now_ms);
	if (forecast->source != NULL) {
		walk->day_count = future_dates(forecast->source, forecast->rows, walk->today,
		        zone_date(walk->zone, forecast->until_ms), walk->days);
	}
}

/* The next time after at_ms at which to look again; 0: none. */
static int64_t next_time(const struct walk *walk, int64_t at_ms, int64_t due_at_ms)
{
	int64_t next_ms = due_at_ms > at_ms ? due_at_ms : 0;

	for (size_t i = 0; i < walk->day_count; i++) {
		int64_t day_ms = zone_first_instant_ms(walk->zone, walk->days[i]);
		if (day_ms > at_ms && (next_ms == 0 || day_ms < next_ms)) {
			next_ms = day_ms;
		}
	}
	return next_ms <= walk->forecast->until_ms ? next_ms : 0;
}

static void lifecycle_of(json_t *source, char *to, size_t size)
{
	struct person person = {0};
	bool is_read = source != NULL && person_parse(&person, source, NULL);

	str_format_cut(to, size, "%s", is_read ? person.lifecycle_word : "");
	person_finish(&person);
}

static bool is_lowering(const json_t *plan)
{
	const json_t *actions = json_object_get(plan, "actions");
	bool is_any = false;

	for (size_t i = 0; i < json_array_size(actions); i++) {
		const char *kind = json_get_text(json_array_get(actions, i), "kind");
		is_any = is_any || str_equal(kind, action_kind_name(ACTION_SUSPEND)) ||
		        str_equal(kind, action_kind_name(ACTION_DEACTIVATE));
	}
	return is_any;
}

/* The end of a day is the first instant of the next one. */
static void name_day(const struct walk *walk, struct forecast_step *step)
{
	if (!step->is_now && is_lowering(step->plan) &&
	        step->at_ms == zone_first_instant_ms(walk->zone, step->date)) {
		step->date--;
		step->minute = DAY_MINUTES;
	}
}

void forecast_format_time(char to[FORECAST_TIME_BYTES], int minute)
{
	str_format_cut(to, FORECAST_TIME_BYTES, "%02d:%02d", minute / 60 % 100, minute % 60);
}

/* Plans at that time and visits the step; false when out of memory. */
static bool take_step(const struct walk *walk, int64_t at_ms, forecast_visit *visit, void *context,
        int64_t *due_at_ms)
{
	const struct forecast *forecast = walk->forecast;
	struct planner_time time = {.at_ms = at_ms, .carries = true};
	struct forecast_step step = {.at_ms = at_ms,
	        .is_now = at_ms == forecast->now_ms,
	        .date = zone_date(walk->zone, at_ms),
	        .minute = zone_minute(walk->zone, at_ms)};
	char lifecycle[32];
	struct planned planned;
	json_t *source = NULL;

	if (forecast->source != NULL) {
		source = future_person(forecast->source, forecast->rows, walk->today, step.date);
		if (source == NULL) {
			return false;
		}
	}
	planner_plan(forecast->planner, forecast->employee, source, &time, &planned);
	lifecycle_of(source, lifecycle, sizeof(lifecycle));
	step.plan = planned.report;
	step.lifecycle = lifecycle;
	*due_at_ms = planned.due_at_ms;
	if (planned.report != NULL) {
		name_day(walk, &step);
		step.status_after = account_status_name(forecast->employee->present_status);
		visit(context, &step);
	}
	json_decref(planned.report);
	json_decref(source);
	return planned.report != NULL;
}

bool forecast_walk(
        const struct forecast *forecast, forecast_visit *visit, void *context, struct err *err)
{
	struct walk walk;
	int64_t at_ms = forecast->now_ms;

	begin(&walk, forecast);
	for (int steps = 0; at_ms != 0 && steps < STEPS_MAX; steps++) {
		int64_t due_at_ms = 0;
		if (!take_step(&walk, at_ms, visit, context, &due_at_ms)) {
			err_set(err, ERR_NO_MEMORY, "out of memory for a forecast");
			return false;
		}
		at_ms = next_time(&walk, at_ms, due_at_ms);
	}
	return true;
}

/* ---------------------------------------------------------------------- rows */

/* False when the engine stops, or the time is too far away. */
static bool wait_until(struct engine *engine, int64_t wall_ms)
{
	int64_t until_ms = clock_mono_ms() + (wall_ms - clock_wall_ms());
	uint64_t seen = 0;

	if (until_ms > clock_mono_ms() + WAIT_MAX_MS) {
		return false;
	}
	while (clock_mono_ms() < until_ms && !atomic_load(&engine->is_stopping)) {
		int64_t now_ms = clock_mono_ms();
		engine_wait(engine, &seen,
		        until_ms < now_ms + WAIT_EACH_MS ? until_ms : now_ms + WAIT_EACH_MS);
	}
	return !atomic_load(&engine->is_stopping);
}

/* What the table answers says nothing about searches: Bob is not parked for it. */
json_t *forecast_rows(struct planner *planner, struct engine *engine, const char *const *ids,
        size_t count, char why[SENTENCE_BYTES])
{
	struct err err = ERR_INIT;
	struct bob_client *client = runner_bob(planner->runner, planner->connection, &err);
	struct call_outcome outcome = {0};
	json_t *rows = NULL;

	why[0] = '\0';
	for (int waits = 0; client != NULL && rows == NULL && waits < WAITS_MAX; waits++) {
		bob_lifecycle(client, ids, count, &rows, &outcome);
		if (outcome.call_class != CALL_RETRY_AT ||
		        !wait_until(engine, outcome.retry_at_ms)) {
			break;
		}
	}
	if (rows == NULL) {
		str_format_cut(why, SENTENCE_BYTES, "Bob's lifecycle table was not read: %s",
		        client != NULL ? outcome.sentence : err.text);
	}
	return rows;
}
