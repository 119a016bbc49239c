/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_life.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/bob_events.h"
#include "tests/sandbox/bob_fields.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/sandbox.h"
#include "tests/sandbox/webhook.h"

enum { GARDEN_LEAVE_DAYS = 30 };

static const char HR_ID[] = "3332870000000000017";

struct life {
	struct sandbox *sb;
	struct employee *employee;
	const json_t *body;
	const json_t *fields; /* of the body */
	int64_t today;
	int64_t at;
	char at_text[UTIL_DATE_SIZE];
	json_t *changed; /* ids of the body's fields that changed */
	json_t *before;
	json_t *events; /* array of {type, table, date, row} */
};

static void set_text(struct life *life, const char *field, const char *text)
{
	bob_people_set_text(&life->sb->people, life->employee, field, text);
}

static void set_date(struct life *life, const char *field, int64_t day)
{
	char text[UTIL_DATE_SIZE];

	util_date_format(day, text);
	set_text(life, field, text);
}

static void set_status(struct life *life, const char *lifecycle, const char *status)
{
	set_text(life, "internal.lifecycleStatus", lifecycle);
	set_text(life, "internal.status", status);
}

static int64_t date_of(const struct life *life, const char *field, int64_t other)
{
	int64_t day = 0;

	return util_date_parse(bob_people_text(life->employee, field), &day) ? day : other;
}

static int64_t body_date(const json_t *body, const char *key, int64_t other)
{
	int64_t day = 0;

	return util_date_parse(jsonx_text(body, key), &day) ? day : other;
}

static void emit(struct life *life, const char *type)
{
	jsonx_push(life->events, json_pack("{s:s}", "type", type));
}

static void emit_row(struct life *life, const char *type, const char *table, json_t *row)
{
	jsonx_push(life->events,
	        json_pack("{s:s,s:s,s:s,s:O?}", "type", type, "table", table, "date",
	                row != NULL ? jsonx_text_or(row, "effectiveDate", life->at_text)
	                            : life->at_text,
	                "row", row));
}

static void emit_start(struct life *life)
{
	const json_t *types = settings_list(&life->sb->settings, "start_events");

	for (size_t i = 0; i < json_array_size(types); i++) {
		emit(life, json_string_value(json_array_get(types, i)));
	}
}

static json_t *add_lifecycle_row(struct life *life, const char *status, int64_t day)
{
	char date[UTIL_DATE_SIZE];

	util_date_format(day, date);
	json_t *row = bob_people_add_row(&life->sb->people, life->employee, "lifecycle", date);

	jsonx_set_text(row, "status", status);
	jsonx_set_text(row, "reasonType", jsonx_text(life->body, "reason"));
	return row;
}

static bool wants_phase(const struct life *life, const char *phase, bool by_default)
{
	const char *asked = jsonx_text(life->body, "phase");

	return asked != NULL ? strcmp(asked, phase) == 0 : by_default;
}

static void clear_termination(struct life *life)
{
	set_text(life, "internal.terminationDate", NULL);
	set_text(life, "employee.lastDayOfWork", NULL);
	set_text(life, "internal.terminationReason", NULL);
	set_text(life, "internal.terminationType", NULL);
	life->employee->has_left = false;
}

/* Hired or employed, by the date. */
static bool begin(struct life *life)
{
	bool is_future = life->at > life->today;

	set_date(life, "work.startDate", life->at);
	set_date(life, "work.activeEffectiveDate", life->at);
	set_date(life, "employee.firstDayOfWork", life->at);
	set_date(life, "internal.currentActiveStatusStartDate", life->at);
	set_status(life, is_future ? "hired" : "employed", is_future ? "Inactive" : "Active");
	return !is_future;
}

static void do_hire(struct life *life)
{
	bool has_begun = begin(life);

	clear_termination(life);
	bob_people_complete(&life->sb->people, life->employee, life->today);
	emit(life, "employee.created");
	if (has_begun) {
		emit_start(life);
	}
}

static void do_start(struct life *life)
{
	if (date_of(life, "work.startDate", life->today) > life->today) {
		set_text(life, "work.startDate", life->at_text);
	}
	set_status(life, "employed", "Active");
	(void)add_lifecycle_row(life, "employed", life->at);
	emit_start(life);
}

static bool has_history_in(const json_t *changed, const char *category)
{
	for (size_t i = 0; i < json_array_size(changed); i++) {
		bool is_known = false;
		struct bob_field field =
		        bob_fields_find(json_string_value(json_array_get(changed, i)), &is_known);

		if (field.is_historical && strcmp(field.category, category) == 0) {
			return true;
		}
	}
	return false;
}

static void do_update(struct life *life)
{
	if (json_array_size(life->changed) == 0) {
		return;
	}
	jsonx_push(life->events,
	        json_pack("{s:s,s:O}", "type", "employee.updated", "changed", life->changed));
	if (has_history_in(life->changed, "work")) {
		emit_row(life, "table.entry.created", "work",
		        bob_people_add_row(
		                &life->sb->people, life->employee, "work", life->at_text));
	}
	if (jsonx_has(life->changed, "work.startDate") ||
	        has_history_in(life->changed, "lifecycle")) {
		const char *start = bob_people_text(life->employee, "work.startDate");
		json_t *row =
		        json_pack("{s:s}", "effectiveDate", start != NULL ? start : life->at_text);

		emit_row(life, "table.entry.updated", "lifecycle", row);
		json_decref(row);
	}
}

static void take_leave(struct life *life, const char *status)
{
	const char *type = jsonx_text_or(life->body, "type", "leave");

	set_status(life, type, status);
	set_text(life, "employee.recentLeaveStartDate", life->at_text);
	(void)add_lifecycle_row(life, type, life->at);
	emit(life, "employee.temporaryLeave");
}

static void do_leave(struct life *life)
{
	take_leave(life, "Inactive");
	emit(life, "employee.inactivated");
}

static void do_leave_remain_active(struct life *life)
{
	take_leave(life, "Active");
}

static void do_return(struct life *life)
{
	set_status(life, "employed", "Active");
	set_text(life, "employee.recentLeaveEndDate", life->at_text);
	(void)add_lifecycle_row(life, "employed", life->at);
	emit(life, "employee.activated");
}

static void enter_termination(struct life *life, const char *status, int64_t last_day)
{
	set_date(life, "internal.terminationDate", life->at);
	set_date(life, "employee.lastDayOfWork", last_day);
	if (jsonx_text(life->body, "reason") != NULL) {
		set_text(life, "internal.terminationReason", jsonx_text(life->body, "reason"));
	}
	emit_row(life, "table.entry.created", "lifecycle",
	        add_lifecycle_row(life, status, life->at));
}

static void do_terminate(struct life *life)
{
	bool has_phase = jsonx_text(life->body, "phase") != NULL;

	if (wants_phase(life, "enter", true)) {
		enter_termination(life, "terminated", body_date(life->body, "last_day", life->at));
	}
	if (!wants_phase(life, "effect", has_phase || life->at <= life->today)) {
		return;
	}
	if (bob_people_text(life->employee, "internal.terminationDate") == NULL) {
		set_text(life, "internal.terminationDate", life->at_text);
	}
	if (!life->employee->has_left) {
		emit(life, "employee.left");
	}
	life->employee->has_left = false;
	set_status(life, "terminated", "Inactive");
	emit(life, "employee.inactivated");
}

static void do_garden_leave(struct life *life)
{
	if (wants_phase(life, "enter", true)) {
		if (jsonx_text(life->body, "at") == NULL) {
			life->at = life->today + GARDEN_LEAVE_DAYS;
			util_date_format(life->at, life->at_text);
		}
		enter_termination(
		        life, "garden leave", body_date(life->body, "last_day", life->today - 1));
	}
	if (wants_phase(life, "effect", true)) {
		set_status(life, "garden leave", "Active");
		life->employee->has_left = true;
		emit(life, "employee.left");
	}
}

static void do_revoke(struct life *life)
{
	enter_termination(life, "terminated", body_date(life->body, "last_day", life->at));
	emit(life, "employee.access.revoked.immediately");
}

static void drop_termination_rows(struct employee *employee)
{
	json_t *rows = json_object_get(employee->tables, "lifecycle");

	for (size_t i = json_array_size(rows); i > 0; i--) {
		const char *status = jsonx_text_or(json_array_get(rows, i - 1), "status", "");

		if (strcmp(status, "terminated") == 0 || strcmp(status, "garden leave") == 0) {
			(void)json_array_remove(rows, i - 1);
		}
	}
}

static void do_cancel_termination(struct life *life)
{
	bool is_future = date_of(life, "work.startDate", life->today) > life->today;

	clear_termination(life);
	drop_termination_rows(life->employee);
	set_status(life, is_future ? "hired" : "employed", is_future ? "Inactive" : "Active");
}

static void do_rehire(struct life *life)
{
	clear_termination(life);
	bool has_begun = begin(life);
	json_t *changed = json_pack("[s]", "work.startDate");

	jsonx_push(life->events,
	        json_pack("{s:s,s:o}", "type", "employee.updated", "changed", changed));
	emit_row(life, "table.entry.created", "lifecycle",
	        add_lifecycle_row(life, has_begun ? "employed" : "hired", life->at));
	if (has_begun) {
		emit_start(life);
	}
}

static void do_delete(struct life *life)
{
	emit(life, "employee.deleted");
	bob_people_delete(&life->sb->people, life->employee);
}

static const struct {
	const char *name;
	void (*run)(struct life *life);
} OPS[] = {
        {"hire", do_hire},
        {"start", do_start},
        {"update", do_update},
        {"leave", do_leave},
        {"leave-remain-active", do_leave_remain_active},
        {"return", do_return},
        {"terminate", do_terminate},
        {"garden-leave", do_garden_leave},
        {"revoke", do_revoke},
        {"cancel-termination", do_cancel_termination},
        {"rehire", do_rehire},
        {"delete", do_delete},
};

static size_t find_op(const char *name)
{
	size_t i = 0;

	while (i < COUNT(OPS) && strcmp(OPS[i].name, name) != 0) {
		i++;
	}
	return i;
}

bool bob_life_knows(const char *op)
{
	return find_op(op) < COUNT(OPS);
}

static struct bob_event event_of(const struct life *life, const json_t *plan)
{
	bool is_v1 = strcmp(jsonx_text_or(life->body, "version", "v2"), "v1") == 0;
	const json_t *changed = json_object_get(plan, "changed");

	return (struct bob_event){.type = jsonx_text_or(plan, "type", ""),
	        .employee = life->employee,
	        .version = is_v1 ? EVENT_V1 : EVENT_V2,
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
			emit(life, type);
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
		life->at = body_date(life->fields, "work.startDate", life->at);
	}
	life->at = body_date(life->body, "at", life->at);
	util_date_format(life->at, life->at_text);
}

char *bob_life_do(struct sandbox *sb, const char *id, const char *op, const json_t *body,
        struct life_answer *answer)
{
	size_t which = find_op(op);
	struct life life = {.sb = sb, .body = body, .today = sandbox_today(sb)};
	char *problem = which < COUNT(OPS) ? check_body(body) : util_text("no such operation");

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
		OPS[which].run(&life);
		answer->employee = life.employee;
		answer->events = send_all(&life);
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
