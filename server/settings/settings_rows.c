/* SPDX-License-Identifier: MIT */
/* Mapping rows: where a value comes from, what goes together, and one row an attribute. */
#include "server/settings/settings_walk.h"

#include "server/base/json.h"
#include "server/base/str.h"

/* "bob": null: the row takes a default row away. */
static bool is_removal(const json_t *json)
{
	return json_is_null(json_object_get(json, "bob"));
}

static size_t source_count(const json_t *json)
{
	static const char *const SOURCES[] = {"bob", "expr", "value"};
	size_t count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(SOURCES); i++) {
		count += json_object_get(json, SOURCES[i]) != NULL ? 1 : 0;
	}
	return count;
}

static void check_removal(
        struct settings_walk *walk, const struct map_row *row, const struct map_rules *rules)
{
	if (map_is_address(row->okta)) {
		settings_walk_mistake(walk,
		        "the row of \"%s\" cannot be removed: every Okta user has one", row->okta);
	} else if (map_rules_find(rules, row->okta) == NULL) {
		settings_walk_mistake(walk,
		        "removes \"%s\", which the default mapping does not have; remove this row",
		        row->okta);
	}
}

/* Nobody shares a login; and an e-mail address that everybody has is a slip too. */
static void check_address(struct settings_walk *walk, const struct map_row *row)
{
	if (row->value != NULL || row->when_empty == WHEN_EMPTY_DEFAULT) {
		settings_walk_mistake(walk,
		        "\"%s\" differs from person to person; take it from bob or expr, without"
		        " value and default",
		        row->okta);
	}
}

static void check_empty(struct settings_walk *walk, const struct map_row *row)
{
	if (map_is_address(row->okta) && row->when_empty == WHEN_EMPTY_CLEAR) {
		settings_walk_mistake(
		        walk, "\"%s\" is never cleared; leave when_empty out", row->okta);
	} else if (row->when_empty == WHEN_EMPTY_DEFAULT && row->fallback == NULL) {
		settings_walk_mistake(
		        walk, "when_empty is default, and \"default\" is missing; add it");
	} else if (row->when_empty != WHEN_EMPTY_DEFAULT && row->fallback != NULL) {
		settings_walk_mistake(walk,
		        "\"default\" is only used with when_empty default; add that, or remove it");
	}
}

static void check_source(struct settings_walk *walk, const struct map_row *row, const json_t *json)
{
	if (source_count(json) != 1) {
		settings_walk_mistake(walk,
		        "must have one of bob, expr and value, and has %zu; say where the value comes"
		        " from",
		        source_count(json));
	} else if (row->form != FIELD_FORM_LABEL && row->bob == NULL) {
		settings_walk_mistake(
		        walk, "\"as\" goes with bob; an expression picks .label or .id itself");
	} else if (row->expression_count > 1 && !str_equal(row->okta, "login")) {
		settings_walk_mistake(walk,
		        "several expressions are for login only, which must be unique; \"%s\" takes one:"
		        " use // between them",
		        row->okta);
	}
}

static void check_row(struct settings_walk *walk, const struct map_row *row, const json_t *json,
        const struct map_rules *rules)
{
	if (is_removal(json) && source_count(json) == 1) {
		check_removal(walk, row, rules);
		return;
	}
	check_source(walk, row, json);
	check_empty(walk, row);
	if (map_is_address(row->okta)) {
		check_address(walk, row);
	}
}

static void check_row_once(
        struct settings_walk *walk, const json_t *rows, size_t index, const char *okta)
{
	for (size_t i = 0; i < index; i++) {
		const json_t *earlier = json_object_get(json_array_get(rows, i), "okta");
		if (str_equal(json_string_value(earlier), okta)) {
			settings_walk_mistake(
			        walk, "\"%s\" has a row already, [%zu]; keep one of them", okta, i);
			return;
		}
	}
}

static void walk_row(struct settings_walk *walk, const struct settings_key *key, const json_t *rows,
        size_t index, struct map_rules *rules)
{
	struct map_row row = {0};
	const json_t *json = json_array_get(rows, index);
	size_t mistakes = settings_walk_mistakes(walk);
	settings_walk_defaults(walk, key, &row);
	settings_walk_section(walk, key, json, &row);
	if (settings_walk_mistakes(walk) == mistakes && row.okta != NULL) {
		check_row(walk, &row, json, rules);
		check_row_once(walk, rows, index, row.okta);
	}
	row.source = row.expression_count > 0 ? ROW_FROM_EXPRESSION
	        : row.value != NULL           ? ROW_FROM_VALUE
	                                      : ROW_FROM_BOB;
	if (settings_walk_mistakes(walk) == mistakes && row.okta != NULL) {
		if (is_removal(json)) {
			map_rules_remove(rules, row.okta);
		} else if (!map_rules_lay_row(rules, &row)) {
			walk->is_out_of_memory = true;
		}
	}
	map_row_finish(&row);
}

void settings_walk_rows(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct map_rules *rules)
{
	if (!settings_walk_is_list(walk, key, json)) {
		return;
	}
	for (size_t i = 0; i < json_array_size(json); i++) {
		size_t before = settings_walk_enter_element(walk, i);
		walk_row(walk, key, json, i, rules);
		settings_walk_leave(walk, before);
	}
}
