/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_people.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tests/sandbox/bob_fields.h"
#include "tests/sandbox/bob_lists.h"
#include "tests/sandbox/jsonx.h"

#define FIRST_NUMBER UINT64_C(3332883804594373380)
#define NUMBER_STEP  UINT64_C(89640661657)

enum { MAX_ID_DIGITS = 32 };

void bob_people_init(struct people *people)
{
	*people = (struct people){.by_id = json_object(),
	        .by_email = json_object(),
	        .lists = bob_lists_make(),
	        .extra_fields = json_array(),
	        .company_id = 636192,
	        .next_number = FIRST_NUMBER};
}

static void free_employee(struct employee *employee)
{
	json_decref(employee->fields);
	json_decref(employee->tables);
	timeline_finish(&employee->past);
	free(employee);
}

void bob_people_finish(struct people *people)
{
	for (size_t i = 0; i < people->count; i++) {
		free_employee(people->all[i]);
	}
	free(people->all);
	json_decref(people->by_id);
	json_decref(people->by_email);
	json_decref(people->lists);
	json_decref(people->extra_fields);
	*people = (struct people){0};
}

static bool is_id(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length <= MAX_ID_DIGITS && strspn(text, "0123456789") == length;
}

static char *lowered(const char *text)
{
	char *copy = util_dup(text);

	for (char *c = copy; *c != '\0'; c++) {
		*c = (char)tolower((unsigned char)*c);
	}
	return copy;
}

struct employee *bob_people_find_any(const struct people *people, const char *id)
{
	const json_t *position = json_object_get(people->by_id, id);

	return position != NULL ? people->all[json_integer_value(position)] : NULL;
}

struct employee *bob_people_find(const struct people *people, const char *id_or_email)
{
	struct employee *employee = bob_people_find_any(people, id_or_email);

	if (employee == NULL) {
		char *email = lowered(id_or_email);
		const json_t *position = json_object_get(people->by_email, email);

		employee = position != NULL ? people->all[json_integer_value(position)] : NULL;
		free(email);
	}
	return employee != NULL && !employee->is_deleted ? employee : NULL;
}

struct employee *bob_people_add(struct people *people, const char *id)
{
	char number[EMPLOYEE_ID_SIZE];

	util_format(number, sizeof(number), "%llu", (unsigned long long)people->next_number);
	people->next_number += NUMBER_STEP;
	if (id != NULL && (!is_id(id) || bob_people_find_any(people, id) != NULL)) {
		return NULL;
	}
	struct employee *employee = util_alloc(sizeof(*employee));

	util_format(employee->id, sizeof(employee->id), "%s", id != NULL ? id : number);
	employee->fields = json_object();
	jsonx_set_text(employee->fields, "root.id", employee->id);
	jsonx_set_int(employee->fields, "root.companyId", people->company_id);
	employee->tables = json_pack("{s:[],s:[],s:[]}", "work", "lifecycle", "employment");
	employee->next_row = 1000020260901;
	people->all = util_grow(people->all, (people->count + 1) * sizeof(struct employee *));
	people->all[people->count] = employee;
	jsonx_set_int(people->by_id, employee->id, (int64_t)people->count);
	people->count++;
	return employee;
}

void bob_people_undo_add(struct people *people)
{
	struct employee *employee = people->all[people->count - 1];

	bob_people_delete(people, employee);
	(void)json_object_del(people->by_id, employee->id);
	free_employee(employee);
	people->count--;
}

/* The machine value of a list field given by label, id or number. */
static json_t *list_value(struct people *people, const struct bob_field *field, const json_t *value)
{
	char number[24];

	if (json_is_array(value)) {
		json_t *ids = json_array();

		for (size_t i = 0; i < json_array_size(value); i++) {
			jsonx_push(ids, list_value(people, field, json_array_get(value, i)));
		}
		return ids;
	}
	if (json_is_string(value)) {
		return bob_lists_id(people->lists, field->list, json_string_value(value));
	}
	util_format(number, sizeof(number), "%lld", (long long)json_integer_value(value));
	return bob_lists_id(people->lists, field->list, number);
}

static json_t *manager_value(const struct people *people, const json_t *value)
{
	const char *text = json_string_value(value);
	const struct employee *manager = text != NULL ? bob_people_find(people, text) : NULL;

	return manager != NULL ? json_string(manager->id) : NULL;
}

/* What is kept for a given value; NULL with *problem set when it cannot be. */
static json_t *machine_value(
        struct people *people, const char *id, const json_t *value, char **problem)
{
	bool is_known = false;
	struct bob_field field = bob_fields_find(id, &is_known);
	json_t *result = NULL;

	if (strcmp(field.type, "employee") == 0 || strcmp(id, "work.manager") == 0) {
		result = manager_value(people, value);
	} else if (field.list != NULL) {
		result = list_value(people, &field, value);
	} else {
		result = json_deep_copy(value);
	}
	if (result == NULL) {
		*problem = util_text("%s: no such employee", id);
	}
	return result;
}

/* True when the field had another value. */
static bool put(json_t *fields, const char *id, json_t *taken)
{
	bool changed = taken != NULL ? json_equal(json_object_get(fields, id), taken) == 0
	                             : json_object_get(fields, id) != NULL;

	if (taken == NULL) {
		(void)json_object_del(fields, id);
	} else {
		jsonx_take(fields, id, taken);
	}
	return changed;
}

/* Fields that are two views of one value. */
static void put_twins(struct people *people, json_t *fields, const char *id)
{
	json_t *value = json_object_get(fields, id);

	if (strcmp(id, "work.reportsTo") == 0) {
		(void)put(fields, "work.manager", json_incref(value));
	} else if (strcmp(id, "work.manager") == 0) {
		(void)put(fields, "work.reportsTo", json_incref(value));
	} else if (strcmp(id, "work.site") == 0) {
		(void)put(fields, "work.siteId",
		        value != NULL
		                ? bob_lists_id(people->lists, "site", json_string_value(value))
		                : NULL);
	} else if (strcmp(id, "work.siteId") == 0) {
		const char *label = bob_lists_label(people->lists, "site", value);

		(void)put(fields, "work.site", label != NULL ? json_string(label) : NULL);
	}
}

static char *joined_names(const json_t *fields)
{
	const char *first = jsonx_text_or(fields, "root.firstName", "");
	const char *last = jsonx_text_or(fields, "root.surname", "");

	return util_text("%s%s%s", first, first[0] != '\0' && last[0] != '\0' ? " " : "", last);
}

/* Calculated names follow, unless they were given or had been set to something else before. */
static void follow_names(const json_t *before, json_t *after, const json_t *given)
{
	static const char *const CALCULATED[] = {"root.displayName", "root.fullName"};
	char *was = joined_names(before);
	char *is = joined_names(after);

	for (size_t i = 0; i < COUNT(CALCULATED); i++) {
		const char *present = jsonx_text_or(before, CALCULATED[i], was);

		if (json_object_get(given, CALCULATED[i]) == NULL && strcmp(present, was) == 0) {
			jsonx_set_text(after, CALCULATED[i], is);
		}
	}
	free(was);
	free(is);
}

static void note_extra(struct people *people, const char *id)
{
	bool is_known = false;

	(void)bob_fields_find(id, &is_known);
	if (!is_known && !jsonx_has(people->extra_fields, id)) {
		jsonx_push(people->extra_fields, json_string(id));
	}
}

/* Two records may share an address; it then leads to the one that got it last. */
static void forget_email(struct people *people, const char *email, size_t position)
{
	if (jsonx_int(people->by_email, email, -1) != (int64_t)position) {
		return;
	}
	(void)json_object_del(people->by_email, email);
	for (size_t i = 0; i < people->count; i++) {
		const struct employee *other = people->all[i];
		const char *held = jsonx_text_or(other->fields, "root.email", "");

		if (i != position && !other->is_deleted && strcasecmp(held, email) == 0) {
			jsonx_set_int(people->by_email, email, (int64_t)i);
		}
	}
}

static void install(struct people *people, struct employee *employee, json_t *taken)
{
	size_t position = (size_t)jsonx_int(people->by_id, employee->id, 0);
	char *before = lowered(jsonx_text_or(employee->fields, "root.email", ""));
	char *after = lowered(jsonx_text_or(taken, "root.email", ""));

	if (strcmp(before, after) != 0) {
		if (before[0] != '\0') {
			forget_email(people, before, position);
		}
		if (after[0] != '\0') {
			jsonx_set_int(people->by_email, after, (int64_t)position);
		}
	}
	free(before);
	free(after);
	json_decref(employee->fields);
	employee->fields = taken;
	employee->version++;
	employee->updated_ms = util_wall_ms();
	timeline_put(&employee->past, util_tick_ms(), employee->fields);
}

static char *find_problem(const json_t *changes)
{
	static const char *const DATES[] = {"work.startDate", "work.originalStartDate",
	        "internal.terminationDate", "employee.lastDayOfWork"};
	int64_t days = 0;

	if (!json_is_object(changes)) {
		return util_text("fields must be an object");
	}
	for (size_t i = 0; i < COUNT(DATES); i++) {
		const char *text = jsonx_text(changes, DATES[i]);

		if (text != NULL && !util_date_parse(text, &days)) {
			return util_text("%s: no date YYYY-MM-DD", DATES[i]);
		}
	}
	return NULL;
}

json_t *bob_people_change(
        struct people *people, struct employee *employee, const json_t *changes, char **problem)
{
	json_t *given = json_deep_copy(changes);
	json_t *fields = json_copy(employee->fields);
	json_t *changed = json_array();
	const char *id = NULL;
	json_t *value = NULL;

	*problem = find_problem(changes);
	json_object_foreach(given, id, value)
	{
		json_t *kept = NULL;

		if (*problem == NULL && strchr(id, '.') == NULL) {
			*problem = util_text("%s: no dotted field id", id);
		}
		if (*problem == NULL && !json_is_null(value)) {
			kept = machine_value(people, id, value, problem);
		}
		if (*problem != NULL) {
			break;
		}
		if (put(fields, id, kept)) {
			jsonx_push(changed, json_string(id));
		}
		put_twins(people, fields, id);
		note_extra(people, id);
	}
	if (*problem == NULL && json_array_size(changed) > 0) {
		follow_names(employee->fields, fields, given);
		install(people, employee, json_incref(fields));
	}
	json_decref(fields);
	json_decref(given);
	if (*problem != NULL) {
		json_decref(changed);
		return NULL;
	}
	return changed;
}

void bob_people_delete(struct people *people, struct employee *employee)
{
	char *email = lowered(jsonx_text_or(employee->fields, "root.email", ""));

	if (email[0] != '\0') {
		forget_email(people, email, (size_t)jsonx_int(people->by_id, employee->id, 0));
	}
	free(email);
	employee->is_deleted = true;
	employee->version++;
	employee->updated_ms = util_wall_ms();
}

const char *bob_people_text(const struct employee *employee, const char *field)
{
	return jsonx_text(employee->fields, field);
}

void bob_people_set_text(
        struct people *people, struct employee *employee, const char *field, const char *text)
{
	json_t *change = json_object();
	char *problem = NULL;

	jsonx_set_text(change, field, text);
	json_decref(bob_people_change(people, employee, change, &problem));
	free(problem);
	json_decref(change);
}

json_t *bob_people_add_row(struct people *people, struct employee *employee, const char *table,
        const char *effective_date)
{
	json_t *rows = json_object_get(employee->tables, table);
	char now[UTIL_TIME_SIZE];
	json_t *row = json_object();

	util_time_bob(util_wall_us(), now);
	jsonx_set_int(row, "id", employee->next_row++);
	jsonx_set_text(row, "effectiveDate", effective_date);
	jsonx_set_text(row, "creationDate", now);
	jsonx_set_text(row, "modificationDate", now);
	jsonx_set_is(row, "canBeDeleted", true);
	if (strcmp(table, "work") == 0) {
		static const char *const COLUMNS[] = {"title", "department", "site", "siteId"};
		char id[32];

		for (size_t i = 0; i < COUNT(COLUMNS); i++) {
			util_format(id, sizeof(id), "work.%s", COLUMNS[i]);
			json_t *value = json_object_get(employee->fields, id);

			jsonx_take(row, COLUMNS[i],
			        value != NULL ? json_deep_copy(value) : json_null());
		}
		const struct employee *manager = bob_people_find(
		        people, jsonx_text_or(employee->fields, "work.reportsTo", ""));

		jsonx_take(row, "reportsTo",
		        manager != NULL ? json_pack("{s:s}", "id", manager->id) : json_null());
		jsonx_take(row, "customColumns", json_object());
	}
	jsonx_push(rows, row);
	return row;
}

static json_t *labels_of(const struct people *people, const struct employee *employee)
{
	json_t *labels = json_object();
	const char *id = NULL;
	json_t *value = NULL;

	json_object_foreach(employee->fields, id, value)
	{
		bool is_known = false;
		struct bob_field field = bob_fields_find(id, &is_known);
		const char *label = field.list != NULL
		        ? bob_lists_label(people->lists, field.list, value)
		        : NULL;

		if (label != NULL) {
			jsonx_set_text(labels, id, label);
		}
	}
	return labels;
}

json_t *bob_people_view(const struct people *people, const struct employee *employee)
{
	json_t *view = json_object();

	jsonx_set_text(view, "id", employee->id);
	jsonx_set_int(view, "version", employee->version);
	jsonx_set_is(view, "deleted", employee->is_deleted);
	jsonx_set_int(view, "updated_at_ms", employee->updated_ms);
	jsonx_take(view, "fields", json_deep_copy(employee->fields));
	jsonx_take(view, "labels", labels_of(people, employee));
	return view;
}
