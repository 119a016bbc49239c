/* SPDX-License-Identifier: MIT */
#include "mapping/rule.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

/* HiBob's own Okta integration fills these (bob.md 8.1). */
static const struct {
	const char *okta;
	const char *bob;
} DEFAULT_ROWS[] = {
        {"login", "root.email"},
        {"email", "root.email"},
        {"displayName", "root.displayName"},
        {"firstName", "root.firstName"},
        {"lastName", "root.surname"},
        {"title", "work.title"},
        {"mobilePhone", "work.workMobile"},
        {"primaryPhone", "work.workPhone"},
        {"department", "work.department"},
        {"manager", "work.reportsTo"},
};

static struct map_row *find_row(const struct map_rules *rules, const char *okta)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (strcmp(rules->rows[i].okta, okta) == 0) {
			return &rules->rows[i];
		}
	}
	return NULL;
}

static void finish_row(struct map_row *row)
{
	free(row->okta);
	free(row->bob);
}

static void remove_row(struct map_rules *rules, struct map_row *row)
{
	const size_t at = (size_t)(row - rules->rows);
	finish_row(row);
	memmove(row, row + 1, (rules->count - at - 1) * sizeof(*row));
	rules->count--;
}

static bool add_row(
        struct map_rules *rules, const char *okta, char *bob, enum when_empty when_empty)
{
	struct map_row *rows = realloc(rules->rows, (rules->count + 1) * sizeof(*rows));
	char *name = str_dup(okta);
	if (rows != NULL) {
		rules->rows = rows;
	}
	if (rows == NULL || name == NULL) {
		free(name);
		return false;
	}
	rows[rules->count++] = (struct map_row){.okta = name, .bob = bob, .when_empty = when_empty};
	return true;
}

bool map_rules_lay(
        struct map_rules *rules, const char *okta, const char *bob, enum when_empty when_empty)
{
	struct map_row *row = find_row(rules, okta);
	if (bob == NULL) {
		if (row != NULL) {
			remove_row(rules, row);
		}
		return true;
	}
	char *source = str_dup(bob);
	if (source == NULL) {
		return false;
	}
	if (row == NULL) {
		if (!add_row(rules, okta, source, when_empty)) {
			free(source);
			return false;
		}
		return true;
	}
	free(row->bob);
	row->bob = source;
	row->when_empty = when_empty;
	return true;
}

bool map_rules_init_default(struct map_rules *rules)
{
	memset(rules, 0, sizeof(*rules));
	for (size_t i = 0; i < ARRAY_SIZE(DEFAULT_ROWS); i++) {
		if (!map_rules_lay(
		            rules, DEFAULT_ROWS[i].okta, DEFAULT_ROWS[i].bob, WHEN_EMPTY_KEEP)) {
			map_rules_finish(rules);
			return false;
		}
	}
	return true;
}

void map_rules_finish(struct map_rules *rules)
{
	if (rules == NULL) {
		return;
	}
	for (size_t i = 0; i < rules->count; i++) {
		finish_row(&rules->rows[i]);
	}
	free(rules->rows);
	memset(rules, 0, sizeof(*rules));
}

const char *map_rules_source(const struct map_rules *rules, const char *okta)
{
	const struct map_row *row = find_row(rules, okta);
	return row == NULL ? NULL : row->bob;
}

static bool has_text(const json_t *texts, const char *text)
{
	size_t i;
	const json_t *item;
	json_array_foreach(texts, i, item)
	{
		if (str_equal(json_string_value(item), text)) {
			return true;
		}
	}
	return false;
}

static bool add_once(json_t *texts, const char *text)
{
	return has_text(texts, text) || json_array_append_new(texts, json_string(text)) == 0;
}

json_t *map_rules_fields(const struct map_rules *rules, const char *extra)
{
	json_t *fields = json_array();
	bool is_made = fields != NULL;
	for (size_t i = 0; is_made && person_needed_fields[i] != NULL; i++) {
		is_made = add_once(fields, person_needed_fields[i]);
	}
	for (size_t i = 0; is_made && i < rules->count; i++) {
		is_made = add_once(fields, rules->rows[i].bob);
	}
	if (is_made && extra != NULL) {
		is_made = add_once(fields, extra);
	}
	if (!is_made) {
		json_decref(fields);
		return NULL;
	}
	return fields;
}

json_t *map_rules_project(const struct map_rules *rules, const json_t *profile)
{
	json_t *mapped = json_object();
	for (size_t i = 0; mapped != NULL && i < rules->count; i++) {
		json_t *value = json_object_get(profile, rules->rows[i].okta);
		if (value != NULL && json_object_set(mapped, rules->rows[i].okta, value) != 0) {
			json_decref(mapped);
			return NULL;
		}
	}
	return mapped;
}
