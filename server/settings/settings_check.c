/* SPDX-License-Identifier: MIT */
/* Whether the expressions of a document compile, and where in it those stand that do not. */
#include "server/settings/settings_document.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/settings_walk.h"

#include <stdlib.h>

struct check {
	struct settings_walk walk;
	settings_compiler compile;
	void *context;
};

/* Which row of the document an attribute's is; rows that it does not have come from nowhere. */
static size_t row_index(const json_t *rows, const char *okta)
{
	size_t i = 0;
	while (i < json_array_size(rows) &&
	        !str_equal(json_get_text(json_array_get(rows, i), "okta"), okta)) {
		i++;
	}
	return i;
}

/* Down to the index-th program of these rules. */
static void enter_program(struct settings_walk *walk, const json_t *connection,
        const struct map_rules *rules, size_t index)
{
	const json_t *rows = json_object_get(connection, "mapping");
	for (size_t i = 0; i < rules->count; i++) {
		const struct map_row *row = &rules->rows[i];
		if (index >= row->expression_count) {
			index -= row->expression_count;
			continue;
		}
		size_t at = row_index(rows, row->okta);
		settings_walk_enter(walk, "mapping");
		settings_walk_enter_element(walk, at);
		settings_walk_enter(walk, "expr");
		if (json_is_array(json_object_get(json_array_get(rows, at), "expr"))) {
			settings_walk_enter_element(walk, index);
		}
		return;
	}
	if (rules->scope.text != NULL && index-- == 0) {
		settings_walk_enter_plain(walk, "provisioning.scope");
		return;
	}
	settings_walk_enter(walk, "groups");
	settings_walk_enter_element(walk, index);
	settings_walk_enter(walk, "when");
}

static void report_results(struct check *check, const json_t *connection,
        const struct map_rules *rules, const struct evaluation *results)
{
	for (size_t i = 0; i < map_rules_program_count(rules); i++) {
		if (results[i].state == EVALUATION_FAILED) {
			size_t before = check->walk.path_len;
			enter_program(&check->walk, connection, rules, i);
			settings_walk_mistake(&check->walk, "%s", results[i].reason);
			settings_walk_leave(&check->walk, before);
		}
	}
}

static bool check_rules(struct check *check, const json_t *connection,
        const struct map_rules *rules, struct err *err)
{
	size_t count = map_rules_program_count(rules);
	const char **programs = calloc(count, sizeof(*programs));
	struct evaluation *results = calloc(count, sizeof(*results));
	bool is_done = programs != NULL && results != NULL;
	if (!is_done) {
		err_set(err, ERR_NO_MEMORY, "no memory for the expressions");
	}
	for (size_t i = 0; is_done && i < count; i++) {
		programs[i] = map_rules_program(rules, i)->text;
	}
	is_done = is_done && check->compile(check->context, programs, count, results, err);
	if (is_done) {
		report_results(check, connection, rules, results);
	}
	for (size_t i = 0; results != NULL && i < count; i++) {
		json_decref(results[i].value);
	}
	free(results);
	free(programs);
	return is_done;
}

bool settings_check_rules(const struct map_rules *rules, const json_t *connection,
        struct settings_report *report, const struct settings_compile *compile, struct err *err)
{
	struct check check = {.walk = {.report = report},
	        .compile = compile->compile,
	        .context = compile->context};
	if (compile->place != NULL) {
		settings_walk_enter_plain(&check.walk, compile->place);
	}
	return map_rules_program_count(rules) == 0 || check_rules(&check, connection, rules, err);
}

bool settings_check_expressions(const struct settings *settings, const json_t *document,
        struct settings_report *report, settings_compiler compile, void *context, struct err *err)
{
	struct check check = {.walk = {.report = report}, .compile = compile, .context = context};
	const json_t *connections = json_object_get(document, "connections");
	bool is_done = true;
	settings_walk_enter(&check.walk, "connections");
	for (size_t i = 0; i < settings->connection_count && is_done; i++) {
		const struct map_rules *rules = &settings->connections[i].rules;
		size_t before = settings_walk_enter_element(&check.walk, i);
		if (map_rules_program_count(rules) > 0) {
			is_done = check_rules(&check, json_array_get(connections, i), rules, err);
		}
		settings_walk_leave(&check.walk, before);
	}
	return is_done;
}
