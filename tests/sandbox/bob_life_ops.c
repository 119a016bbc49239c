/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_life_ops.h"

#include <string.h>

#include "tests/sandbox/bob_fields.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/sandbox.h"

enum { GARDEN_LEAVE_DAYS = 30 };

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

int64_t bob_life_body_date(const json_t *body, const char *key, int64_t other)
{
	int64_t day = 0;

	return util_date_parse(jsonx_text(body, key), &day) ? day : other;
}

void bob_life_emit(struct life *life, const char *type)
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
		bob_life_emit(life, json_string_value(json_array_get(types, i)));
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

static bool has_row(const struct life *life, const char *status, int64_t day)
{
	const json_t *rows = json_object_get(life->employee->tables, "lifecycle");
	char date[UTIL_DATE_SIZE];
	bool is_found = false;

	util_date_format(day, date);
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);

		is_found = is_found ||
		        (strcmp(jsonx_text_or(row, "status", ""), status) == 0 &&
		                strcmp(jsonx_text_or(row, "effectiveDate", ""), date) == 0);
	}
	return is_found;
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
	bob_people_complete(&life->sb->people, life->employee, life->fields, life->today);
	bob_life_emit(life, "employee.created");
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
	if (!has_row(life, "employed", life->at)) {
		(void)add_lifecycle_row(life, "employed", life->at);
	}
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

/* Entered for a later day: in the table, and nowhere else. True when that is all. */
static bool enter_leave(struct life *life, const char *type)
{
	if (wants_phase(life, "effect", false)) {
		return false;
	}
	json_t *row = add_lifecycle_row(life, type, life->at);

	if (wants_phase(life, "enter", false)) {
		emit_row(life, "table.entry.created", "lifecycle", row);
		return true;
	}
	return false;
}

static bool take_leave(struct life *life, const char *status)
{
	const char *type = jsonx_text_or(life->body, "type", "leave");

	if (enter_leave(life, type)) {
		return false;
	}
	set_status(life, type, status);
	set_text(life, "employee.recentLeaveStartDate", life->at_text);
	bob_life_emit(life, "employee.temporaryLeave");
	return true;
}

static void do_leave(struct life *life)
{
	if (take_leave(life, "Inactive")) {
		bob_life_emit(life, "employee.inactivated");
	}
}

static void do_leave_remain_active(struct life *life)
{
	(void)take_leave(life, "Active");
}

static void do_return(struct life *life)
{
	set_status(life, "employed", "Active");
	set_text(life, "employee.recentLeaveEndDate", life->at_text);
	(void)add_lifecycle_row(life, "employed", life->at);
	bob_life_emit(life, "employee.activated");
}

static void enter_termination(struct life *life, int64_t last_day)
{
	set_date(life, "internal.terminationDate", life->at);
	set_date(life, "employee.lastDayOfWork", last_day);
	if (jsonx_text(life->body, "reason") != NULL) {
		set_text(life, "internal.terminationReason", jsonx_text(life->body, "reason"));
	}
	emit_row(life, "table.entry.created", "lifecycle",
	        add_lifecycle_row(life, "terminated", life->at));
}

static void do_terminate(struct life *life)
{
	bool has_phase = jsonx_text(life->body, "phase") != NULL;

	if (wants_phase(life, "enter", true)) {
		enter_termination(life, bob_life_body_date(life->body, "last_day", life->at));
	}
	if (!wants_phase(life, "effect", has_phase || life->at <= life->today)) {
		return;
	}
	if (bob_people_text(life->employee, "internal.terminationDate") == NULL) {
		set_text(life, "internal.terminationDate", life->at_text);
	}
	if (!life->employee->has_left) {
		bob_life_emit(life, "employee.left");
	}
	life->employee->has_left = false;
	set_status(life, "terminated", "Inactive");
	bob_life_emit(life, "employee.inactivated");
}

static void do_garden_leave(struct life *life)
{
	if (wants_phase(life, "enter", true)) {
		if (jsonx_text(life->body, "at") == NULL) {
			life->at = life->today + GARDEN_LEAVE_DAYS;
			util_date_format(life->at, life->at_text);
		}
		int64_t last_day = bob_life_body_date(life->body, "last_day", life->today - 1);

		(void)add_lifecycle_row(life, "garden leave", last_day + 1);
		enter_termination(life, last_day);
	}
	if (wants_phase(life, "effect", true)) {
		set_status(life, "garden leave", "Active");
		life->employee->has_left = true;
		bob_life_emit(life, "employee.left");
	}
}

static void do_revoke(struct life *life)
{
	enter_termination(life, bob_life_body_date(life->body, "last_day", life->at));
	bob_life_emit(life, "employee.access.revoked.immediately");
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
	bob_life_emit(life, "employee.deleted");
	bob_people_delete(&life->sb->people, life->employee);
}

static const struct life_op OPS[] = {
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

const struct life_op *bob_life_find_op(const char *name)
{
	for (size_t i = 0; i < COUNT(OPS); i++) {
		if (strcmp(OPS[i].name, name) == 0) {
			return &OPS[i];
		}
	}
	return NULL;
}
