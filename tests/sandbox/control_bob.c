/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/control.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/bob_life.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/sandbox.h"

void control_bob_list(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	json_t *list = json_array();

	(void)rq;
	for (size_t i = 0; i < sb->people.count; i++) {
		jsonx_push(list, bob_people_view(&sb->people, sb->people.all[i]));
	}
	reply_json(rp, 200, json_pack("{s:o}", "employees", list));
}

static struct employee *find(struct sandbox *sb, const struct request *rq, struct reply *rp)
{
	struct employee *employee = bob_people_find(&sb->people, rq->args[0]);

	if (employee == NULL) {
		employee = bob_people_find_any(&sb->people, rq->args[0]);
	}
	if (employee == NULL) {
		control_refuse(rp, 404, util_dup("no such employee"));
	}
	return employee;
}

void control_bob_get(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	const struct employee *employee = find(sb, rq, rp);

	if (employee != NULL) {
		reply_json(rp, 200, bob_people_view(&sb->people, employee));
	}
}

/* The body's field ids alone, without the options beside them. New reference. */
static json_t *fields_of(const json_t *body)
{
	json_t *fields = json_is_object(body) ? json_deep_copy(body) : json_object();

	(void)json_object_del(fields, "id");
	(void)json_object_del(fields, "send");
	return fields;
}

/* The events of a creation or change that was asked to send them. */
static void send_events(struct sandbox *sb, const struct employee *employee, const json_t *body,
        const char *op, const char *event)
{
	struct life_answer answer = {0};

	if (jsonx_is(body, "send", false)) {
		json_t *options = json_pack("{s:[s]}", "events", event);
		char *problem = bob_life_do(sb, employee->id, op, options, &answer);

		free(problem);
		json_decref(answer.events);
		json_decref(options);
	}
}

void control_bob_create(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	json_t *fields = fields_of(rq->json);
	struct employee *employee = bob_people_add(&sb->people, jsonx_text(rq->json, "id"));
	char *problem = employee == NULL ? util_text("id: taken, or not digits") : NULL;

	if (employee != NULL) {
		json_decref(bob_people_change(&sb->people, employee, fields, &problem));
	}
	if (problem != NULL) {
		if (employee != NULL) {
			bob_people_undo_add(&sb->people);
		}
		control_refuse(rp, 400, problem);
	} else {
		bob_people_complete(&sb->people, employee, fields, sandbox_today(sb));
		send_events(sb, employee, rq->json, "update", "employee.created");
		reply_json(rp, 201, bob_people_view(&sb->people, employee));
	}
	json_decref(fields);
}

void control_bob_patch(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct employee *employee = find(sb, rq, rp);
	struct life_answer answer = {0};

	if (employee == NULL) {
		return;
	}
	json_t *options = json_object();

	jsonx_take(options, "fields", fields_of(rq->json));
	jsonx_set_is(options, "send", jsonx_is(rq->json, "send", false));
	char *problem = bob_life_do(sb, employee->id, "update", options, &answer);

	if (problem != NULL) {
		control_refuse(rp, 400, problem);
	} else {
		reply_json(rp, 200, bob_people_view(&sb->people, employee));
	}
	json_decref(answer.events);
	json_decref(options);
}

void control_bob_delete(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct employee *employee = find(sb, rq, rp);

	if (employee != NULL) {
		bob_people_delete(&sb->people, employee);
		reply_json(rp, 200, bob_people_view(&sb->people, employee));
	}
}

void control_bob_life(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	struct life_answer answer = {0};
	bool is_known = bob_life_knows(rq->args[1]);
	char *problem = bob_life_do(sb, rq->args[0], rq->args[1], rq->json, &answer);

	if (problem != NULL) {
		bool is_missing = !is_known || strcmp(problem, "no such employee") == 0;

		control_refuse(rp, is_missing ? 404 : 400, problem);
		return;
	}
	reply_json(rp, 200,
	        json_pack("{s:o,s:o}", "employee", bob_people_view(&sb->people, answer.employee),
	                "events", answer.events));
}

void control_bob_midnight(struct sandbox *sb, struct request *rq, struct reply *rp)
{
	int64_t date = sandbox_today(sb) + 1;
	const json_t *asked = json_object_get(rq->json, "date");
	char text[UTIL_DATE_SIZE];

	if (asked != NULL && !util_date_parse(json_string_value(asked), &date)) {
		control_refuse(rp, 400, util_dup("date: no date YYYY-MM-DD"));
		return;
	}
	json_t *effects = bob_life_midnight(sb, date);

	util_date_format(date, text);
	reply_json(rp, 200, json_pack("{s:s,s:o}", "today", text, "effects", effects));
}
