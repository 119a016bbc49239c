/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_life.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/bob_events.h"
#include "tests/sandbox/bob_life_ops.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/sandbox.h"
#include "tests/sandbox/webhook.h"

static const char HR_ID[] = "3332870000000000017";

bool bob_life_knows(const char *op)
{
	return bob_life_find_op(op) != NULL;
}

static struct bob_event event_of(const struct life *life, const json_t *plan)
{
	bool is_v1 = strcmp(jsonx_text_or(life->body, "version", "v2"), "v1") == 0;
	const json_t *changed = json_object_get(plan, "changed");

	return (struct bob_event){.type = jsonx_text_or(plan, "type", ""),
	        .employee = life->employee,
	        .version = is_v1 ? EVENT_V1 : EVENT_V2,
	        .at = jsonx_text(life->body, "triggered_at"),
	        .by = jsonx_text_or(life->body, "by", HR_ID),
	        .changed = changed != NULL ? changed : life->changed,
	        .before = life->before,
	        .table = jsonx_text(plan, "table"),
	        .date = jsonx_text_or(plan, "date", life->at_text),
	        .row = json_object_get(plan, "row")};
}

static void send_one(const struct life *life, const json_t *plan, json_t *sent)
{
	struct bob_event event = event_of(life, plan);
	char *body = bob_events_format(&life->sb->people, &life->sb->settings, &event);
	int64_t id = 0;

	if (jsonx_is(life->body, "send", true)) {
		struct webhook_item item = {
		        .type = event.type, .employee_id = life->employee->id, .body = body};

		for (int64_t i = 0; i < jsonx_int(life->body, "copies", 1); i++) {
			id = webhook_enqueue(life->sb->webhook, &item);
			life->sb->counters[COUNTER_EVENTS_MADE]++;
		}
		jsonx_push(sent,
		        json_pack("{s:s,s:I,s:s}", "type", event.type, "delivery_id",
		                (json_int_t)id, "body", body));
	}
	free(body);
}

static json_t *send_all(struct life *life)
{
	const json_t *instead = json_object_get(life->body, "events");
	json_t *sent = json_array();

	if (json_is_array(instead)) {
		(void)json_array_clear(life->events);
	}
	for (size_t i = 0; i < json_array_size(instead); i++) {
		const char *type = json_string_value(json_array_get(instead, i));

		if (type != NULL) {
			bob_life_emit(life, type);
		}
	}
	for (size_t i = 0; i < json_array_size(life->events); i++) {
		send_one(life, json_array_get(life->events, i), sent);
	}
	return sent;
}

static char *check_body(const json_t *body)
{
	static const char *const DATES[] = {"at", "last_day"};
	int64_t day = 0;

	for (size_t i = 0; i < COUNT(DATES); i++) {
		const json_t *value = json_object_get(body, DATES[i]);

		if (value != NULL && !util_date_parse(json_string_value(value), &day)) {
			return util_text("%s: no date YYYY-MM-DD", DATES[i]);
		}
	}
	const char *phase = jsonx_text_or(body, "phase", "enter");

	if (strcmp(phase, "enter") != 0 && strcmp(phase, "effect") != 0) {
		return util_text("phase: enter or effect");
	}
	return NULL;
}

/* Finds the employee, or makes one for a hire. */
static char *find_employee(
        struct sandbox *sb, const char *id, const char *op, struct employee **out)
{
	*out = bob_people_find(&sb->people, id);
	if (*out == NULL && strcmp(op, "hire") == 0) {
		*out = bob_people_add(&sb->people, strcmp(id, "new") == 0 ? NULL : id);
	}
	return *out != NULL ? NULL : util_text("no such employee");
}

static void set_at(struct life *life, const char *op)
{
	bool begins = strcmp(op, "hire") == 0 || strcmp(op, "rehire") == 0;

	life->at = life->today;
	if (begins) {
		life->at = bob_life_body_date(life->fields, "work.startDate", life->at);
	}
	life->at = bob_life_body_date(life->body, "at", life->at);
	util_date_format(life->at, life->at_text);
}

char *bob_life_do(struct sandbox *sb, const char *id, const char *op, const json_t *body,
        struct life_answer *answer)
{
	const struct life_op *which = bob_life_find_op(op);
	size_t count = sb->people.count;
	struct life life = {.sb = sb, .body = body, .today = sandbox_today(sb)};
	char *problem = which != NULL ? check_body(body) : util_text("no such operation");

	if (problem == NULL) {
		problem = find_employee(sb, id, op, &life.employee);
	}
	if (problem != NULL) {
		return problem;
	}
	life.fields = json_object_get(body, "fields");
	life.before = json_incref(life.employee->fields);
	if (life.fields != NULL) {
		life.changed = bob_people_change(&sb->people, life.employee, life.fields, &problem);
	}
	if (problem == NULL) {
		life.events = json_array();
		set_at(&life, op);
		which->run(&life);
		answer->employee = life.employee;
		answer->events = send_all(&life);
	} else if (sb->people.count > count) {
		bob_people_undo_add(&sb->people);
	}
	json_decref(life.before);
	json_decref(life.changed);
	json_decref(life.events);
	return problem;
}

/* What takes effect for an employee by a date: an operation's name, or NULL. */
static const char *due_op(const struct employee *employee, int64_t date)
{
	int64_t day = 0;
	const char *lifecycle = bob_people_text(employee, "internal.lifecycleStatus");

	if (lifecycle == NULL || strcmp(lifecycle, "terminated") == 0) {
		return NULL;
	}
	if (util_date_parse(bob_people_text(employee, "internal.terminationDate"), &day) &&
	        day < date) {
		return "terminate";
	}
	if (strcmp(lifecycle, "hired") == 0) {
		bool starts = util_date_parse(bob_people_text(employee, "work.startDate"), &day) &&
		        day <= date;

		return starts ? "start" : NULL;
	}
	bool is_last = util_date_parse(bob_people_text(employee, "employee.lastDayOfWork"), &day) &&
	        day < date && bob_people_text(employee, "internal.terminationDate") != NULL;

	return is_last && strcmp(lifecycle, "garden leave") != 0 ? "garden-leave" : NULL;
}

json_t *bob_life_midnight(struct sandbox *sb, int64_t date)
{
	json_t *effects = json_array();
	char text[UTIL_DATE_SIZE];

	util_date_format(date, text);
	jsonx_set_text(sb->settings.values, "today", text);
	for (size_t i = 0; i < sb->people.count; i++) {
		struct employee *employee = sb->people.all[i];
		const char *op = employee->is_deleted ? NULL : due_op(employee, date);
		struct life_answer answer = {0};

		if (op == NULL) {
			continue;
		}
		json_t *body = strcmp(op, "start") == 0
		        ? json_pack("{s:s}", "by", "system")
		        : json_pack("{s:s,s:s}", "by", "system", "phase", "effect");
		char *problem = bob_life_do(sb, employee->id, op, body, &answer);

		free(problem);
		json_decref(answer.events);
		json_decref(body);
		jsonx_push(
		        effects, json_pack("{s:s,s:s}", "employee_id", employee->id, "what", op));
	}
	return effects;
}
