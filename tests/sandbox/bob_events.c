/* SPDX-License-Identifier: MIT */
#include "tests/sandbox/bob_events.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/jsonx.h"
#include "tests/sandbox/settings.h"

static bool is_table_event(const struct bob_event *event)
{
	return strncmp(event->type, "table.entry.", strlen("table.entry.")) == 0;
}

static json_t *updates_v2(const json_t *changed)
{
	json_t *updates = json_array();

	for (size_t i = 0; i < json_array_size(changed); i++) {
		jsonx_push(updates, json_pack("{s:O}", "id", json_array_get(changed, i)));
	}
	return updates;
}

static json_t *data_v2(const struct settings *set, const struct bob_event *event)
{
	json_t *data = json_object();

	jsonx_set_text(data, "employeeId", event->employee->id);
	if (is_table_event(event)) {
		jsonx_set_text(data, "tableId", event->table != NULL ? event->table : "lifecycle");
		jsonx_set_text(data, "effectiveDate", event->date);
		if (strcmp(settings_text(set, "table_row_keys"), "both") == 0) {
			jsonx_take(data, "id", json_null());
		}
	}
	if (strcmp(event->type, "employee.updated") == 0) {
		jsonx_take(
		        data, settings_text(set, "field_updates_key"), updates_v2(event->changed));
	}
	return data;
}

static json_t *format_v2(const struct settings *set, const struct bob_event *event, const char *now)
{
	json_t *body = json_object();

	jsonx_set_int(body, "companyId", settings_int(set, "company_id"));
	jsonx_set_text(body, "type", event->type);
	jsonx_set_text(body, "triggeredBy", event->by);
	jsonx_set_text(body, "triggeredAt", now);
	jsonx_set_text(body, "version", "v2");
	jsonx_take(body, "data", data_v2(set, event));
	return body;
}

static json_t *snapshot(const struct employee *employee)
{
	return json_pack("{s:s,s:s?,s:s?,s:s?,s:s?,s:s?}", "id", employee->id, "firstName",
	        bob_people_text(employee, "root.firstName"), "surname",
	        bob_people_text(employee, "root.surname"), "displayName",
	        bob_people_text(employee, "root.displayName"), "email",
	        bob_people_text(employee, "root.email"), "site",
	        bob_people_text(employee, "work.site"));
}

static json_t *or_null(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value != NULL ? json_deep_copy(value) : json_null();
}

static json_t *updates_v1(const struct bob_event *event)
{
	json_t *updates = json_array();

	for (size_t i = 0; i < json_array_size(event->changed); i++) {
		const char *id = json_string_value(json_array_get(event->changed, i));
		char *path = util_text("/%s", id);

		for (char *c = path; *c != '\0'; c++) {
			*c = *c == '.' ? '/' : *c;
		}
		jsonx_push(updates,
		        json_pack("{s:s,s:o,s:o}", "path", path, "newValue",
		                or_null(event->employee->fields, id), "oldValue",
		                or_null(event->before, id)));
		free(path);
	}
	return json_pack("{s:o}", "fieldUpdates", updates);
}

static json_t *work_v1(const struct employee *employee)
{
	static const char *const KEYS[] = {"startDate", "title", "department", "siteId",
	        "isManager", "employeeIdInCompany", "activeEffectiveDate"};
	const char *manager = bob_people_text(employee, "work.reportsTo");
	json_t *work = json_object();
	char id[48];

	for (size_t i = 0; i < COUNT(KEYS); i++) {
		util_format(id, sizeof(id), "work.%s", KEYS[i]);
		jsonx_take(work, KEYS[i], or_null(employee->fields, id));
	}
	jsonx_take(work, "reportsTo",
	        manager != NULL ? json_pack("{s:s}", "id", manager) : json_null());
	jsonx_take(work, "customColumns", json_object());
	return work;
}

static json_t *format_v1(const struct people *people, const struct settings *set,
        const struct bob_event *event, const char *now)
{
	json_t *body = json_object();
	const struct employee *by = bob_people_find_any(people, event->by);

	jsonx_set_int(body, "companyId", settings_int(set, "company_id"));
	jsonx_set_text(body, "type", event->type);
	jsonx_set_text(body, "creationDate", now);
	jsonx_take(body, "changedBy",
	        json_pack("{s:s,s:s}", "id", event->by, "displayName",
	                by != NULL ? bob_people_text(by, "root.displayName") : "Ada HR"));
	if (is_table_event(event)) {
		jsonx_set_text(body, "employeeId", event->employee->id);
		jsonx_set_text(body, "effectiveDate", event->date);
		jsonx_take(body, "data",
		        event->row != NULL ? json_deep_copy(event->row) : json_object());
		return body;
	}
	jsonx_take(body, "employee", snapshot(event->employee));
	if (strcmp(event->type, "employee.updated") == 0) {
		jsonx_take(body, "data", updates_v1(event));
	} else if (strcmp(event->type, "employee.created") == 0) {
		json_t *data = snapshot(event->employee);

		jsonx_take(data, "work", work_v1(event->employee));
		jsonx_take(body, "data", data);
	}
	return body;
}

char *bob_events_format(
        const struct people *people, const struct settings *set, const struct bob_event *event)
{
	char now[UTIL_TIME_SIZE];

	util_time_bob(util_wall_us(), now);
	const char *at = event->at != NULL ? event->at : now;
	json_t *body = event->version == EVENT_V1 ? format_v1(people, set, event, at)
	                                          : format_v2(set, event, at);
	char *text = jsonx_dump(body);

	json_decref(body);
	return text;
}
