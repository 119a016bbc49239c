/* SPDX-License-Identifier: MIT */
/* Approvals in advance: whom they are for, and from when to when they are valid. */
#include "server/engine/calendar.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"
#include "server/engine/calendar_days.h"

#include <stdlib.h>

#define AFTER_DAY_MS (INT64_C(24) * 3600000)

struct approving {
	const struct approve_query *query;
	struct approval *approvals;
	size_t count;
	json_t *people; /* for the report */
	int64_t now_ms;
};

static bool begin(struct approving *approving, const struct approve_query *query, struct err *err)
{
	*approving = (struct approving){
	        .query = query,
	        .approvals = calloc(APPROVALS_AT_ONCE, sizeof(*approving->approvals)),
	        .people = json_array(),
	        .now_ms = clock_wall_ms(),
	};
	if (approving->approvals == NULL || approving->people == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for approvals");
		return false;
	}
	return true;
}

/* The name as the store has it; "" for somebody it has never heard of. */
static void find_name(
        const struct approve_query *query, const char *employee_id, char *to, size_t size)
{
	struct employee_key key;
	struct employee employee = {0};

	str_format_cut(key.connection, sizeof(key.connection), "%s", query->plan.connection);
	str_format_cut(key.employee_id, sizeof(key.employee_id), "%s", employee_id);
	if (store_employee_get(query->plan.engine->store, &key, &employee, NULL)) {
		str_format_cut(to, size, "%s", personal_reveal(&employee.display_name));
	} else {
		to[0] = '\0';
	}
	employee_finish(&employee);
}

static bool add(struct approving *approving, const char *employee_id, int64_t from_ms,
        int64_t until_ms, struct err *err)
{
	const struct approve_query *query = approving->query;
	char name[256];

	if (approving->count == APPROVALS_AT_ONCE) {
		err_set(err, ERR_BAD_REQUEST, "more than %d people: name some of them by their ids",
		        APPROVALS_AT_ONCE);
		return false;
	}
	struct approval *approval = &approving->approvals[approving->count++];
	*approval = (struct approval){.limit = query->limit,
	        .at_ms = approving->now_ms,
	        .from_ms = from_ms,
	        .until_ms = until_ms};
	str_format_cut(approval->key.connection, sizeof(approval->key.connection), "%s",
	        query->plan.connection);
	str_format_cut(
	        approval->key.employee_id, sizeof(approval->key.employee_id), "%s", employee_id);
	str_format_cut(approval->by, sizeof(approval->by), "%s", query->by);
	char day[CLOCK_TEXT_BYTES];
	date_format(day, query->day);
	str_format_cut(approval->day, sizeof(approval->day), "%s", day);
	find_name(query, employee_id, name, sizeof(name));
	json_array_append_new(approving->people,
	        json_pack("{s:s, s:s, s:I, s:I}", "employee_id", employee_id, "display_name", name,
	                "from_ms", (json_int_t)from_ms, "until_ms", (json_int_t)until_ms));
	return true;
}

/* ---------------------------------------------------------------- by name */

static bool add_named(struct approving *approving, const struct planner *planner,
        const struct bob_people *people, const char *employee_id, struct err *err)
{
	json_t *source = bob_people_find(people, employee_id);
	const struct zone *zone = forecast_zone(planner, source);
	int32_t day = approving->query->day;

	if (source == NULL) {
		err_set(err, ERR_NOT_FOUND, "Bob does not bring employee %s", employee_id);
		return false;
	}
	return add(approving, employee_id, zone_first_instant_ms(zone, day),
	        zone_first_instant_ms(zone, day + 1) + AFTER_DAY_MS, err);
}

/* Their sites say when the day begins and ends for them. */
static bool add_batch(struct approving *approving, const struct planner *planner, size_t from,
        size_t count, struct err *err)
{
	const char *const *ids = &approving->query->employee_ids[from];
	struct bob_people people = {0};
	bool is_added = planner_read(planner, ids, count, &people, err);

	for (size_t i = 0; is_added && i < count; i++) {
		is_added = add_named(approving, planner, &people, ids[i], err);
	}
	bob_people_finish(&people);
	return is_added;
}

static bool name_people(struct approving *approving, struct err *err)
{
	const struct approve_query *query = approving->query;
	struct engine *engine = query->plan.engine;
	struct connection *connection = engine_need_connection(engine, query->plan.connection, err);
	struct runner runner = {0};
	struct planner planner = {0};
	bool is_done = connection != NULL &&
	        runner_init(&runner, engine->store, engine->connections, engine->connection_count,
	                err) &&
	        planner_open(&planner, engine, connection, NULL, err);

	planner.runner = &runner;
	for (size_t i = 0; is_done && i < query->count; i += BOB_BATCH_MAX) {
		size_t left = query->count - i;
		is_done = add_batch(
		        approving, &planner, i, left < BOB_BATCH_MAX ? left : BOB_BATCH_MAX, err);
	}
	planner_close(&planner);
	if (runner.okta != NULL) {
		runner_finish(&runner);
	}
	return is_done;
}

/* ------------------------------------------------------------ by the calendar */

static bool is_meant(const struct approve_query *query, const struct calendar *calendar,
        const struct calendar_event *event)
{
	return event->limit == query->limit && calendar->today + event->day == query->day;
}

static bool add_events(
        struct approving *approving, const struct calendar *calendar, struct err *err)
{
	for (size_t i = 0; i < calendar->event_count; i++) {
		const struct calendar_event *event = &calendar->events[i];
		if (is_meant(approving->query, calendar, event) &&
		        !add(approving, event->employee_id, event->from_ms, event->until_ms, err)) {
			return false;
		}
	}
	if (approving->count == 0) {
		err_set(err, ERR_NOT_FOUND, "nobody is due for that limit on that day");
	}
	return approving->count > 0;
}

static bool take_calendar(struct approving *approving, struct err *err)
{
	const struct approve_query *query = approving->query;
	struct calendar calendar = {0};
	/* One more than by UTC: the day may have begun elsewhere. */
	int days = query->day - date_of_ms(approving->now_ms) + 2;
	bool is_done = calendar_open(&calendar, &query->plan, days, err) &&
	        calendar_gather(&calendar, err) && add_events(approving, &calendar, err);

	calendar_close(&calendar);
	return is_done;
}

/* ---------------------------------------------------------------------- all */

static json_t *approve_json(const struct approving *approving)
{
	const struct approve_query *query = approving->query;
	char day[CLOCK_TEXT_BYTES];
	char sentence[SENTENCE_BYTES];

	date_format(day, query->day);
	str_format_cut(sentence, sizeof(sentence), "%zu %s %s pass the limit \"%s\" on %s.",
	        approving->count, approving->count == 1 ? "person" : "people",
	        query->is_check ? "would be approved to" : "may", limit_kind_name(query->limit),
	        day);
	return json_pack("{s:s, s:s, s:s, s:b, s:I, s:O, s:s}", "connection",
	        query->plan.connection, "day", day, "limit", limit_kind_name(query->limit),
	        "is_check", query->is_check, "approved", (json_int_t)approving->count, "people",
	        approving->people, "sentence", sentence);
}

static bool check_day(const struct approve_query *query, int64_t now_ms, struct err *err)
{
	int32_t today = date_of_ms(now_ms);

	if (query->day < today - 1 || query->day - today >= CALENDAR_DAYS_MAX) {
		err_set(err, ERR_BAD_REQUEST,
		        "\"day\" lies in the past, or more than %d days ahead", CALENDAR_DAYS_MAX);
		return false;
	}
	return true;
}

/* Who is held already and approved for now need not wait for the next look. */
static bool let_go(const struct approving *approving, struct err *err)
{
	struct engine *engine = approving->query->plan.engine;
	size_t released = 0;

	if (!store_approvals_release(engine->store, approving->query->plan.connection,
	            approving->now_ms, &released, err)) {
		return false;
	}
	if (released > 0) {
		engine_notify(engine);
	}
	return true;
}

bool engine_approve(const struct approve_query *query, json_t **report, struct err *err)
{
	struct approving approving;

	*report = NULL;
	bool is_done = begin(&approving, query, err) && check_day(query, approving.now_ms, err) &&
	        (query->employee_ids != NULL ? name_people(&approving, err)
	                                     : take_calendar(&approving, err));
	if (is_done && !query->is_check) {
		is_done = store_approvals_add(query->plan.engine->store, approving.approvals,
		                  approving.count, err) &&
		        let_go(&approving, err);
	}
	if (is_done) {
		*report = approve_json(&approving);
	}
	free(approving.approvals);
	json_decref(approving.people);
	return *report != NULL;
}
