/* SPDX-License-Identifier: MIT */
#include "server/engine/calendar_days.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

#define STORE_PAGE    200
#define APPROVAL_MS   (INT64_C(24) * 3600000) /* an approval lasts so long after its day */
#define EVENTS_MAX    1000000
#define SITE_AHEAD_MS (INT64_C(26) * 3600000) /* the last day ends later elsewhere */

/* ------------------------------------------------------------------ opening */

bool calendar_open(
        struct calendar *calendar, const struct plan_query *query, int days, struct err *err)
{
	struct approval_filter filter = {
	        .connection = query->connection, .until_after_ms = clock_wall_ms()};

	*calendar = (struct calendar){
	        .engine = query->engine, .now_ms = clock_wall_ms(), .day_count = days};
	if (!everybody_open(&calendar->all, query->engine, query->connection, err) ||
	        !planner_open(&calendar->planner, query->engine, calendar->all.connection,
	                query->settings, err) ||
	        !store_approvals_list(query->engine->store, &filter, &calendar->approvals, err)) {
		return false;
	}
	calendar->planner.runner = &calendar->all.runner;
	calendar->all.job = query->job;
	calendar->today = zone_date(forecast_zone(&calendar->planner, NULL), calendar->now_ms);
	calendar->days = calloc((size_t)days, sizeof(*calendar->days));
	for (int i = 0; calendar->days != NULL && i < days; i++) {
		calendar->days[i].entries = json_array();
		calendar->days[i].warnings = json_array();
	}
	if (calendar->days == NULL) {
		err_set(err, ERR_NO_MEMORY, "out of memory for a calendar");
	}
	return calendar->days != NULL;
}

static void drop_waiting(struct calendar *calendar)
{
	for (size_t i = 0; i < calendar->waiting_count; i++) {
		json_decref(calendar->sources[i]);
	}
	calendar->waiting_count = 0;
}

void calendar_close(struct calendar *calendar)
{
	drop_waiting(calendar);
	for (int i = 0; calendar->days != NULL && i < calendar->day_count; i++) {
		json_decref(calendar->days[i].entries);
		json_decref(calendar->days[i].warnings);
	}
	free(calendar->days);
	free(calendar->events);
	approval_list_finish(&calendar->approvals);
	planner_close(&calendar->planner);
	everybody_finish(&calendar->all);
}

/* ------------------------------------------------------------------- actions */

static bool is_approved(
        const struct calendar *calendar, enum limit_kind limit, const char *id, int64_t at_ms)
{
	for (size_t i = 0; i < calendar->approvals.count; i++) {
		const struct approval *approval = &calendar->approvals.items[i];
		if (approval->limit == limit && str_equal(approval->key.employee_id, id) &&
		        approval->from_ms <= at_ms && at_ms < approval->until_ms) {
			return true;
		}
	}
	return false;
}

static struct calendar_event *add_event(struct calendar *calendar)
{
	if (calendar->event_count == calendar->event_room) {
		size_t room = calendar->event_room > 0 ? 2 * calendar->event_room : 256;
		struct calendar_event *grown = room <= EVENTS_MAX
		        ? realloc(calendar->events, room * sizeof(*grown))
		        : NULL;
		if (grown == NULL) {
			calendar->is_out_of_memory = true;
			return NULL;
		}
		calendar->events = grown;
		calendar->event_room = room;
	}
	return &calendar->events[calendar->event_count++];
}

static enum limit_kind limit_of(const json_t *action)
{
	const char *word = json_get_text(action, "limit");
	int kind = LIMIT_KIND_COUNT;

	for (kind = LIMIT_NONE + 1; kind < LIMIT_KIND_COUNT; kind++) {
		if (str_equal(word, limit_kind_name((enum limit_kind)kind))) {
			return (enum limit_kind)kind;
		}
	}
	return LIMIT_NONE;
}

static enum action_kind kind_of(const json_t *action)
{
	const char *word = json_get_text(action, "kind");
	int kind = 0;

	while (kind < ACTION_KIND_COUNT &&
	        !str_equal(word, action_kind_name((enum action_kind)kind))) {
		kind++;
	}
	return (enum action_kind)kind;
}

static void count_action(
        struct calendar *calendar, const struct forecast_step *step, int day, const json_t *action)
{
	const struct zone *zone = calendar->walked_zone;
	enum action_kind kind = kind_of(action);
	enum limit_kind limit = limit_of(action);

	if (kind < ACTION_KIND_COUNT) {
		calendar->days[day].counts[kind]++;
	}
	struct calendar_event *event = limit != LIMIT_NONE ? add_event(calendar) : NULL;
	if (event == NULL) {
		return;
	}
	*event = (struct calendar_event){
	        .at_ms = step->at_ms,
	        .from_ms = zone_first_instant_ms(zone, step->date),
	        .until_ms = zone_first_instant_ms(zone, step->date + 1) + APPROVAL_MS,
	        .limit = limit,
	        .day = day,
	        .is_approved = is_approved(calendar, limit, calendar->walked_id, step->at_ms),
	};
	str_format_cut(event->employee_id, sizeof(event->employee_id), "%s", calendar->walked_id);
}

/* --------------------------------------------------------------------- steps */

static json_t *kinds_json(const json_t *actions)
{
	json_t *kinds = json_array();

	for (size_t i = 0; i < json_array_size(actions); i++) {
		json_array_append(kinds, json_object_get(json_array_get(actions, i), "kind"));
	}
	return kinds;
}

static void add_entry(struct calendar *calendar, const struct forecast_step *step,
        struct calendar_day *day, const char *hold)
{
	const json_t *plan = step->plan;
	char time[FORECAST_TIME_BYTES];

	if (json_array_size(day->entries) >= CALENDAR_DAY_ENTRIES_MAX ||
	        calendar->entry_count >= CALENDAR_ENTRIES_MAX) {
		day->left_out++;
		return;
	}
	calendar->entry_count++;
	forecast_format_time(time, step->minute);
	json_array_append_new(day->entries,
	        json_pack("{s:I, s:s, s:b, s:O, s:O, s:O, s:s, s:o, s:O, s:O, s:s}", "at_ms",
	                (json_int_t)step->at_ms, "time", time, "is_now", step->is_now,
	                "employee_id", json_object_get(plan, "employee_id"), "display_name",
	                json_object_get(plan, "display_name"), "present_status",
	                json_object_get(plan, "present_status"), "status_after", step->status_after,
	                "actions", kinds_json(json_object_get(plan, "actions")), "rule",
	                json_object_get(plan, "rule"), "reason", json_object_get(plan, "reason"),
	                "hold", hold));
}

/* What a human is asked keeps back all but a lowering (engine rule 2). */
static bool happens(const json_t *action, const char *hold)
{
	enum action_kind kind = kind_of(action);

	return hold[0] == '\0' || kind == ACTION_SUSPEND || kind == ACTION_DEACTIVATE ||
	        kind == ACTION_END_SESSIONS;
}

static void take_step(void *context, const struct forecast_step *step)
{
	struct calendar *calendar = context;
	const json_t *actions = json_object_get(step->plan, "actions");
	const json_t *held = json_object_get(step->plan, "hold");
	const char *hold = json_is_object(held) ? json_get_text(held, "kind") : "";
	bool is_asked_again = hold[0] != '\0' && str_equal(hold, calendar->walked_hold);
	int index = step->date > calendar->today ? step->date - calendar->today : 0;
	size_t happening = 0;

	str_format_cut(calendar->walked_hold, sizeof(calendar->walked_hold), "%s", hold);
	if (index >= calendar->day_count) {
		return;
	}
	struct calendar_day *day = &calendar->days[index];
	for (size_t i = 0; i < json_array_size(actions); i++) {
		const json_t *action = json_array_get(actions, i);
		if (happens(action, hold)) {
			count_action(calendar, step, index, action);
			happening++;
		}
	}
	day->people += happening > 0 ? 1 : 0;
	day->held += happening == 0 && hold[0] != '\0' && !is_asked_again ? 1 : 0;
	if (happening > 0 || (hold[0] != '\0' && !is_asked_again)) {
		add_entry(calendar, step, day, hold);
	}
}

/* -------------------------------------------------------------------- people */

static bool walk_person(struct calendar *calendar, const struct employee_key *key, json_t *source,
        const json_t *rows, struct err *err)
{
	const struct zone *zone = forecast_zone(&calendar->planner, NULL);
	struct employee employee = {0};
	struct forecast forecast = {
	        .planner = &calendar->planner,
	        .employee = &employee,
	        .source = source,
	        .rows = rows,
	        .now_ms = calendar->now_ms,
	        .until_ms = zone_first_instant_ms(zone, calendar->today + calendar->day_count) +
	                SITE_AHEAD_MS,
	};

	calendar->people++;
	calendar->walked_id = key->employee_id;
	calendar->walked_hold[0] = '\0';
	calendar->walked_zone = forecast_zone(&calendar->planner, source);
	bool is_done = engine_load_employee(calendar->engine->store, key, &employee, err) &&
	        forecast_walk(&forecast, take_step, calendar, err);
	employee_finish(&employee);
	if (is_done && calendar->is_out_of_memory) {
		err_set(err, ERR_NO_MEMORY, "more happens than a calendar holds");
	}
	return is_done && !calendar->is_out_of_memory;
}

/* A table that could not be read once is not asked again: the calendar says so. */
static json_t *rows_of_waiting(struct calendar *calendar)
{
	const char *ids[BOB_TABLE_MAX];

	for (size_t i = 0; i < calendar->waiting_count; i++) {
		ids[i] = calendar->waiting[i].employee_id;
	}
	if (calendar->table[0] != '\0') {
		return NULL;
	}
	return forecast_rows(&calendar->planner, calendar->engine, ids, calendar->waiting_count,
	        calendar->table);
}

static bool walk_waiting(struct calendar *calendar, struct err *err)
{
	json_t *rows = calendar->waiting_count > 0 ? rows_of_waiting(calendar) : NULL;
	bool is_done = true;

	for (size_t i = 0; is_done && i < calendar->waiting_count; i++) {
		const struct employee_key *key = &calendar->waiting[i];
		is_done = walk_person(calendar, key, calendar->sources[i],
		        json_object_get(rows, key->employee_id), err);
	}
	json_decref(rows);
	drop_waiting(calendar);
	if (is_done && atomic_load(&calendar->engine->is_stopping)) {
		err_set(err, ERR_STOPPED, "the server is stopping");
		is_done = false;
	}
	return is_done;
}

static bool take_person(
        struct calendar *calendar, const struct employee_key *key, json_t *source, struct err *err)
{
	calendar->waiting[calendar->waiting_count] = *key;
	calendar->sources[calendar->waiting_count] = json_incref(source);
	calendar->waiting_count++;
	return calendar->waiting_count < BOB_TABLE_MAX || walk_waiting(calendar, err);
}

/* ----------------------------------------------------------- only in the store */

/* Linked, with something due, and not among those Bob lists. */
static bool find_only_here(const struct calendar *calendar, const struct employee *employee,
        bool *is_only_here, struct err *err)
{
	const struct zone *zone = forecast_zone(&calendar->planner, NULL);
	int64_t until_ms = zone_first_instant_ms(zone, calendar->today + calendar->day_count);
	bool is_listed = true;

	*is_only_here = false;
	if (employee->okta_id[0] == '\0' || employee->policy_due_at_ms == 0 ||
	        employee->policy_due_at_ms > until_ms) {
		return true;
	}
	bool is_known = scratch_has_employee(
	        calendar->all.scratch, employee->key.employee_id, &is_listed, err);
	*is_only_here = is_known && !is_listed;
	return is_known;
}

static bool walk_page(struct calendar *calendar, const struct employee_list *page, struct err *err)
{
	bool is_done = true;

	for (size_t i = 0; is_done && i < page->count; i++) {
		bool is_only_here = false;
		is_done = find_only_here(calendar, &page->items[i], &is_only_here, err);
		if (is_done && is_only_here) {
			is_done = walk_person(calendar, &page->items[i].key, NULL, NULL, err);
		}
	}
	return is_done;
}

static bool gather_store(struct calendar *calendar, struct err *err)
{
	char after[EMPLOYEE_ID_BYTES] = "";
	struct employee_filter filter = {.connection = calendar->all.connection->settings->name,
	        .state = EMPLOYEE_STATE_COUNT,
	        .after_employee_id = after,
	        .limit = STORE_PAGE};
	bool is_done = true;
	size_t found = STORE_PAGE;

	while (is_done && found == STORE_PAGE) {
		struct employee_list page = {0};
		is_done = everybody_goes_on(&calendar->all, err) &&
		        store_employee_list(calendar->engine->store, &filter, &page, err) &&
		        walk_page(calendar, &page, err);
		found = page.count;
		if (found > 0) {
			str_format_cut(
			        after, sizeof(after), "%s", page.items[found - 1].key.employee_id);
		}
		employee_list_finish(&page);
	}
	return is_done;
}

/* --------------------------------------------------------------------- all */

static bool visit_person(void *context, const struct everybody_person *person, struct err *err)
{
	struct calendar *calendar = context;

	if (person->source == NULL) {
		return true;
	}
	calendar->planner.read_begun_ms = person->read_begun_ms;
	return take_person(calendar, &person->key, person->source, err);
}

bool calendar_gather(struct calendar *calendar, struct err *err)
{
	struct everybody *all = &calendar->all;

	return everybody_list(all, err) &&
	        everybody_each(all, calendar->planner.fields, visit_person, calendar, err) &&
	        walk_waiting(calendar, err) && gather_store(calendar, err);
}
