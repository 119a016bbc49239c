/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_person.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/bob_fields.h"
#include "tests/sandbox/bob_lists.h"
#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/settings.h"

static const char SUB_MANAGER[] = "work.reportsTo.";

struct render {
	const struct people *people;
	const struct settings *set;
	json_t *seen;
	enum person_human human;
	json_t *out;
	json_t *readable; /* the humanReadable object, or NULL */
};

static int64_t stale_ms(const struct settings *set)
{
	return settings_int(set, "bob_stale_ms");
}

static json_t *read_values(const struct employee *employee, const struct settings *set)
{
	json_t *late = timeline_at(&employee->past, util_tick_ms() - stale_ms(set));

	if (stale_ms(set) == 0 || late == employee->fields) {
		return json_incref(employee->fields);
	}
	if (!settings_is(set, "bob_stale_null")) {
		return late != NULL ? json_incref(late) : json_object();
	}
	json_t *seen = json_copy(employee->fields);
	const char *id = NULL;
	json_t *value = NULL;

	json_object_foreach(employee->fields, id, value)
	{
		bool is_id = strcmp(id, "root.id") == 0 || strcmp(id, "root.companyId") == 0;

		if (!is_id && (late == NULL || json_equal(json_object_get(late, id), value) == 0)) {
			(void)json_object_del(seen, id);
		}
	}
	return seen;
}

/* Takes the reference; what is entered for a later day is in the table alone. */
static json_t *without_future_rows(json_t *taken, int64_t today)
{
	static const char *const FIELDS[] = {"internal.terminationDate", "employee.lastDayOfWork",
	        "internal.terminationReason", "internal.terminationType"};
	int64_t day = 0;

	if (!util_date_parse(jsonx_text(taken, FIELDS[0]), &day) || day <= today) {
		return taken;
	}
	json_t *seen = json_copy(taken);

	for (size_t i = 0; i < COUNT(FIELDS); i++) {
		(void)json_object_del(seen, FIELDS[i]);
	}
	json_decref(taken);
	return seen;
}

json_t *bob_person_seen(const struct employee *employee, const struct settings *set)
{
	json_t *seen = read_values(employee, set);

	return settings_is(set, "hide_future_rows") ? without_future_rows(seen, settings_today(set))
	                                            : seen;
}

bool bob_person_is_visible(const struct employee *employee, const struct settings *set)
{
	const json_t *hidden = settings_list(set, "hidden_employees");
	const char *lifecycle = bob_people_text(employee, "internal.lifecycleStatus");
	bool is_new = timeline_at(&employee->past, util_tick_ms() - stale_ms(set)) == NULL;

	if (employee->is_deleted || jsonx_has(hidden, employee->id)) {
		return false;
	}
	if (lifecycle != NULL && jsonx_has(settings_list(set, "hidden_lifecycles"), lifecycle)) {
		return false;
	}
	return !is_new || stale_ms(set) == 0 || settings_is(set, "bob_stale_null");
}

bool bob_person_is_active(const struct employee *employee, const struct settings *set)
{
	json_t *seen = bob_person_seen(employee, set);
	bool is_active = strcmp(jsonx_text_or(seen, "internal.status", ""), "Active") == 0;

	json_decref(seen);
	return is_active;
}

static json_t *manager_object(const struct render *r)
{
	const char *id = jsonx_text(r->seen, "work.reportsTo");
	const struct employee *manager = id != NULL ? bob_people_find(r->people, id) : NULL;

	if (manager == NULL) {
		return NULL;
	}
	return json_pack("{s:s,s:s?,s:s?,s:s?,s:s?}", "id", manager->id, "firstName",
	        bob_people_text(manager, "root.firstName"), "surname",
	        bob_people_text(manager, "root.surname"), "email",
	        bob_people_text(manager, "root.email"), "displayName",
	        bob_people_text(manager, "root.displayName"));
}

static json_t *cased(const struct render *r, const char *text)
{
	const char *style = settings_text(r->set, "bob_status_case");
	char *copy = util_dup(text);

	for (char *c = copy; *c != '\0' && strcmp(style, "usual") != 0; c++) {
		*c = (char)(style[0] == 'l' ? tolower((unsigned char)*c)
		                            : toupper((unsigned char)*c));
	}
	json_t *value = json_string(copy);

	free(copy);
	return value;
}

static bool is_status(const char *id)
{
	return strcmp(id, "internal.status") == 0 || strcmp(id, "internal.lifecycleStatus") == 0;
}

/* Values that are calculated from others or from other people. NULL: stored as such. */
static json_t *calculated(const struct render *r, const char *id)
{
	if (strcmp(id, "work.reportsTo") == 0) {
		return manager_object(r);
	}
	if (strcmp(id, "work.reportsToIdInCompany") == 0) {
		const char *manager_id = jsonx_text(r->seen, "work.reportsTo");
		const struct employee *manager =
		        manager_id != NULL ? bob_people_find_any(r->people, manager_id) : NULL;

		return manager != NULL
		        ? json_incref(json_object_get(manager->fields, "work.employeeIdInCompany"))
		        : NULL;
	}
	json_t *manager = manager_object(r);
	json_t *part = json_incref(json_object_get(manager, id + sizeof(SUB_MANAGER) - 1));

	json_decref(manager);
	return part;
}

static bool is_calculated(const char *id)
{
	return strcmp(id, "work.reportsTo") == 0 || strcmp(id, "work.reportsToIdInCompany") == 0 ||
	        strncmp(id, SUB_MANAGER, sizeof(SUB_MANAGER) - 1) == 0;
}

/* New reference, or NULL when the field is empty. */
static json_t *machine_value(const struct render *r, const char *id)
{
	if (is_calculated(id)) {
		return calculated(r, id);
	}
	json_t *value = json_object_get(r->seen, id);

	if (is_status(id) && json_is_string(value)) {
		return cased(r, json_string_value(value));
	}
	return json_incref(value);
}

static json_t *human_date(const struct render *r, const char *text)
{
	char out[UTIL_DATE_SIZE];

	if (strcmp(settings_text(r->set, "humanreadable_dates"), "iso") == 0 ||
	        strlen(text) != 10) {
		return json_string(text);
	}
	util_format(out, sizeof(out), "%.2s/%.2s/%.4s", text + 8, text + 5, text);
	return json_string(out);
}

static json_t *human_reference(const struct render *r, const json_t *value)
{
	const char *id = json_is_object(value) ? jsonx_text(value, "id") : json_string_value(value);
	const struct employee *other = id != NULL ? bob_people_find_any(r->people, id) : NULL;
	const char *name = other != NULL ? bob_people_text(other, "root.displayName") : NULL;

	return name != NULL ? json_string(name) : NULL;
}

static json_t *human_list(
        const struct render *r, const struct bob_field *field, const json_t *value)
{
	if (json_is_array(value)) {
		json_t *labels = json_array();

		for (size_t i = 0; i < json_array_size(value); i++) {
			jsonx_push(labels, human_list(r, field, json_array_get(value, i)));
		}
		return labels;
	}
	const char *label =
	        bob_lists_label(r->people->lists, field->list, json_object_get(r->seen, field->id));

	if (label == NULL) {
		label = bob_lists_label(r->people->lists, field->list, value);
	}
	if (label == NULL) {
		return NULL;
	}
	return is_status(field->id) ? cased(r, label) : json_string(label);
}

static json_t *human_value(
        const struct render *r, const struct bob_field *field, const json_t *value)
{
	char number[32];

	if (field->list != NULL) {
		return human_list(r, field, value);
	}
	if (strcmp(field->type, "employee") == 0 ||
	        (strcmp(field->type, "employee-reference") == 0 &&
	                strcmp(field->id, "root.id") != 0)) {
		return human_reference(r, value);
	}
	if (strcmp(field->type, "date") == 0 && json_is_string(value)) {
		return human_date(r, json_string_value(value));
	}
	if (json_is_boolean(value)) {
		return json_string(json_is_true(value) ? "Yes" : "No");
	}
	if (json_is_integer(value)) {
		util_format(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		return json_string(number);
	}
	if (json_is_real(value)) {
		util_format(number, sizeof(number), "%g", json_real_value(value));
		return json_string(number);
	}
	return json_deep_copy(value);
}

/* Sets a value at a dotted path, root's without the prefix; takes the value. */
static void put_nested(json_t *object, const char *id, json_t *taken)
{
	const char *at = strncmp(id, "root.", 5) == 0 ? id + 5 : id;
	const char *dot = strchr(at, '.');

	for (; dot != NULL; dot = strchr(at, '.')) {
		char *head = util_dup_n(at, (size_t)(dot - at));
		json_t *inner = json_object_get(object, head);

		if (inner != NULL && !json_is_object(inner) && !json_is_null(inner)) {
			/* A text stands here already, as a manager's name does. */
			free(head);
			json_decref(taken);
			return;
		}
		if (!json_is_object(inner)) {
			inner = json_object();
			jsonx_take(object, head, inner);
		}
		free(head);
		object = inner;
		at = dot + 1;
	}
	/* An object that sub-fields already made keeps them. */
	json_t *present = json_object_get(object, at);

	if (json_is_object(present) && json_is_object(taken)) {
		(void)json_object_update(present, taken);
		json_decref(taken);
	} else if (!json_is_object(present) || !json_is_null(taken)) {
		jsonx_take(object, at, taken);
	} else {
		json_decref(taken);
	}
}

static void put_flat(json_t *object, const char *id, const json_t *value)
{
	char *key = util_text("/%s", id);
	json_t *holder = json_object();

	for (char *c = key; *c != '\0'; c++) {
		*c = *c == '.' ? '/' : *c;
	}
	jsonx_take(holder, "value", json_deep_copy(value));
	jsonx_take(object, key, holder);
	free(key);
}

static bool is_readable(const struct render *r, const struct bob_field *field)
{
	const json_t *unreadable = settings_list(r->set, "unreadable_fields");

	return !jsonx_has(unreadable, field->id) && !jsonx_has(unreadable, field->category);
}

static void render_field(struct render *r, const char *id)
{
	bool is_known = false;
	struct bob_field field = bob_fields_find(id, &is_known);

	if ((!is_known && !jsonx_has(r->people->extra_fields, id)) || !is_readable(r, &field)) {
		return;
	}
	json_t *value = machine_value(r, id);
	json_t *human = value != NULL ? human_value(r, &field, value) : NULL;

	if (value != NULL && r->human == PERSON_HUMAN_REPLACE) {
		json_decref(value);
		value = human != NULL ? json_incref(human) : json_null();
	}
	if (value != NULL) {
		put_flat(r->out, id, value);
	}
	if (human != NULL && r->human == PERSON_HUMAN_APPEND) {
		put_nested(r->readable, id, json_incref(human));
	}
	put_nested(r->out, id, value != NULL ? json_deep_copy(value) : json_null());
	json_decref(human);
	json_decref(value);
}

static void render_default(struct render *r)
{
	size_t count = 0;
	const struct bob_field *rows = bob_fields_rows(&count);

	for (size_t i = 0; i < count; i++) {
		bool is_sub = strncmp(rows[i].id, SUB_MANAGER, sizeof(SUB_MANAGER) - 1) == 0;

		if (bob_fields_is_default(&rows[i]) && !is_sub) {
			render_field(r, rows[i].id);
		}
	}
}

json_t *bob_person_render(const struct people *people, const struct employee *employee,
        const struct settings *set, const struct person_ask *ask)
{
	struct render r = {.people = people,
	        .set = set,
	        .seen = bob_person_seen(employee, set),
	        .human = ask->human,
	        .out = json_object(),
	        .readable = ask->human == PERSON_HUMAN_APPEND ? json_object() : NULL};

	if (ask->fields == NULL) {
		render_default(&r);
	}
	for (size_t i = 0; i < json_array_size(ask->fields); i++) {
		const char *id = json_string_value(json_array_get(ask->fields, i));

		if (id != NULL) {
			render_field(&r, id);
		}
	}
	if (r.readable != NULL) {
		jsonx_take(r.out, "humanReadable", r.readable);
	}
	json_decref(r.seen);
	return r.out;
}
