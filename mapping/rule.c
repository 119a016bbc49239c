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

void map_row_finish(struct map_row *row)
{
	for (size_t i = 0; i < row->expression_count; i++) {
		map_expression_finish(&row->expressions[i]);
	}
	free(row->expressions);
	free(row->okta);
	free(row->bob);
	json_decref(row->value);
	json_decref(row->fallback);
	*row = (struct map_row){0};
}

void map_rules_remove(struct map_rules *rules, const char *okta)
{
	struct map_row *row = find_row(rules, okta);
	if (row == NULL) {
		return;
	}
	const size_t at = (size_t)(row - rules->rows);
	map_row_finish(row);
	memmove(row, row + 1, (rules->count - at - 1) * sizeof(*row));
	rules->count--;
}

bool map_rules_lay_row(struct map_rules *rules, struct map_row *row)
{
	struct map_row *present = find_row(rules, row->okta);
	if (present == NULL) {
		struct map_row *rows = realloc(rules->rows, (rules->count + 1) * sizeof(*rows));
		if (rows == NULL) {
			map_row_finish(row);
			return false;
		}
		rules->rows = rows;
		present = &rows[rules->count++];
	} else {
		map_row_finish(present);
	}
	*present = *row;
	*row = (struct map_row){0};
	return true;
}

bool map_rules_lay(
        struct map_rules *rules, const char *okta, const char *bob, enum when_empty when_empty)
{
	if (bob == NULL) {
		map_rules_remove(rules, okta);
		return true;
	}
	struct map_row row = {.okta = str_dup(okta), .bob = str_dup(bob), .when_empty = when_empty};
	if (row.okta == NULL || row.bob == NULL) {
		map_row_finish(&row);
		return false;
	}
	return map_rules_lay_row(rules, &row);
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
		map_row_finish(&rules->rows[i]);
	}
	free(rules->rows);
	map_expression_finish(&rules->scope);
	for (size_t i = 0; i < rules->group_count; i++) {
		map_group_finish(&rules->groups[i]);
	}
	free(rules->groups);
	memset(rules, 0, sizeof(*rules));
}

bool map_is_address(const char *okta)
{
	return strcmp(okta, "login") == 0 || strcmp(okta, "email") == 0;
}

const struct map_row *map_rules_find(const struct map_rules *rules, const char *okta)
{
	return find_row(rules, okta);
}

const char *map_rules_source(const struct map_rules *rules, const char *okta)
{
	const struct map_row *row = find_row(rules, okta);
	return row == NULL ? NULL : row->bob;
}

/* ---------------------------------------------------------------- programs */

size_t map_rules_program_count(const struct map_rules *rules)
{
	size_t count = (rules->scope.text != NULL ? 1 : 0) + rules->group_count;
	for (size_t i = 0; i < rules->count; i++) {
		count += rules->rows[i].expression_count;
	}
	return count;
}

/* Where an index of a program leads: one of these is set; neither: the scope's. */
struct program_place {
	const struct map_row *row;
	const struct map_group *group;
	size_t own; /* of the row's programs, or of the groups */
};

static struct program_place find_program(const struct map_rules *rules, size_t index)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (index < rules->rows[i].expression_count) {
			return (struct program_place){.row = &rules->rows[i], .own = index};
		}
		index -= rules->rows[i].expression_count;
	}
	if (rules->scope.text != NULL) {
		if (index == 0) {
			return (struct program_place){0};
		}
		index--;
	}
	return (struct program_place){.group = &rules->groups[index], .own = index};
}

const struct map_expression *map_rules_program(const struct map_rules *rules, size_t index)
{
	const struct program_place place = find_program(rules, index);
	return place.row != NULL      ? &place.row->expressions[place.own]
	        : place.group != NULL ? &place.group->when
	                              : &rules->scope;
}

void map_rules_program_name(const struct map_rules *rules, size_t index, char *to, size_t size)
{
	const struct program_place place = find_program(rules, index);
	if (place.group != NULL) {
		str_format_cut(to, size, "groups[%zu]", place.own);
	} else if (place.row == NULL) {
		str_format_cut(to, size, "scope");
	} else if (place.row->expression_count > 1) {
		str_format_cut(to, size, "%s[%zu]", place.row->okta, place.own);
	} else {
		str_format_cut(to, size, "%s", place.row->okta);
	}
}

/* ------------------------------------------------------------------ fields */

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
		is_made = rules->rows[i].bob == NULL || add_once(fields, rules->rows[i].bob);
	}
	for (size_t i = 0; is_made && i < map_rules_program_count(rules); i++) {
		const struct map_expression *program = map_rules_program(rules, i);
		for (size_t k = 0; is_made && k < program->field_count; k++) {
			is_made = add_once(fields, program->fields[k]);
		}
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
