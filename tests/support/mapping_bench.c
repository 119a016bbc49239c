/* SPDX-License-Identifier: MIT */
#include "tests/support/mapping_bench.h"

#include "server/base/clock.h"
#include "server/base/json.h"
#include "server/base/str.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The place of a word in a list; the first where there is none. */
static int choose(const json_t *row, const char *key, const char *const *words)
{
	const char *word = json_get_text(row, key);
	for (int i = 0; word != NULL && words[i] != NULL; i++) {
		if (strcmp(word, words[i]) == 0) {
			return i;
		}
	}
	ck_assert_msg(word == NULL, "%s is not one of the words of %s", word, key);
	return 0;
}

static void add_expression(struct map_row *row, const json_t *text)
{
	struct err err = ERR_INIT;
	ck_assert_msg(map_expression_init(&row->expressions[row->expression_count++],
	                      json_string_value(text), &err),
	        "%s", err.text);
}

static void read_expressions(struct map_row *row, const json_t *expr)
{
	const size_t count = json_is_array(expr) ? json_array_size(expr) : 1;
	row->source = ROW_FROM_EXPRESSION;
	row->expressions = calloc(count, sizeof(*row->expressions));
	ck_assert_ptr_nonnull(row->expressions);
	for (size_t i = 0; i < count; i++) {
		add_expression(row, json_is_array(expr) ? json_array_get(expr, i) : expr);
	}
}

static void lay_row(struct map_rules *rules, const json_t *json)
{
	static const char *const EMPTY[] = {"keep", "clear", "default", NULL};
	static const char *const APPLY[] = {"always", "on_create", NULL};
	static const char *const FORMS[] = {"label", "id", "email", "okta_id", "okta_login", NULL};
	static const char *const TOO_LONG[] = {"fail", "truncate", NULL};
	struct map_row row = {
	        .okta = str_dup(json_get_text(json, "okta")),
	        .bob = str_dup(json_get_text(json, "bob")),
	        .value = json_incref(json_object_get(json, "value")),
	        .apply = (enum row_apply)choose(json, "apply", APPLY),
	        .when_empty = (enum when_empty)choose(json, "when_empty", EMPTY),
	        .fallback = json_incref(json_object_get(json, "default")),
	        .form = (enum field_form)choose(json, "as", FORMS),
	        .too_long = (enum too_long)choose(json, "too_long", TOO_LONG),
	};
	const json_t *expr = json_object_get(json, "expr");
	if (expr != NULL) {
		read_expressions(&row, expr);
	} else if (row.value != NULL) {
		row.source = ROW_FROM_VALUE;
	}
	ck_assert(map_rules_lay_row(rules, &row));
}

void mapping_bench_lay(struct map_rules *rules, const json_t *mapping)
{
	size_t i;
	const json_t *row;
	json_array_foreach(mapping, i, row)
	{
		if (json_is_null(json_object_get(row, "bob"))) {
			map_rules_remove(rules, json_get_text(row, "okta"));
		} else {
			lay_row(rules, row);
		}
	}
}

/* ------------------------------------------------------------------- metadata */

static json_t *field_entry(const char *id, const json_t *given)
{
	const char *type =
	        json_is_string(given) ? json_string_value(given) : json_get_text(given, "type");
	const char *list = json_get_text(given, "list");
	return json_pack("{s:s, s:s, s:{s:s}}", "id", id, "type", type, "typeData", "listId",
	        list == NULL ? "" : list);
}

static struct field_catalog *read_metadata(const json_t *row)
{
	struct err err = ERR_INIT;
	json_t *metadata = json_object_get(row, "metadata");
	const json_t *lists = json_object_get(row, "lists");
	json_t *fields = json_array();
	const char *id;
	json_t *given;
	json_object_foreach(metadata, id, given)
	{
		json_array_append_new(fields, field_entry(id, given));
	}
	struct field_catalog *catalog = metadata == NULL ? NULL : field_catalog_parse(fields, &err);
	ck_assert_msg((catalog != NULL) == (metadata != NULL), "%s", err.text);
	ck_assert(lists == NULL || field_catalog_add_lists(catalog, lists, &err));
	json_decref(fields);
	return catalog;
}

struct attribute_catalog *mapping_bench_schema(const json_t *row)
{
	struct err err = ERR_INIT;
	json_t *properties = json_object_get(row, "schema");
	if (properties == NULL) {
		return NULL;
	}
	json_t *schema =
	        json_pack("{s:{s:{s:O}}}", "definitions", "base", "properties", properties);
	struct attribute_catalog *catalog = attribute_catalog_parse(schema, &err);
	json_decref(schema);
	ck_assert_msg(catalog != NULL, "%s", err.text);
	return catalog;
}

/* ------------------------------------------------------------------ evaluator */

static void evaluate_one(const struct mapping_bench *bench, size_t index, struct evaluation *result)
{
	static const struct {
		const char *key;
		enum evaluation_state state;
	} STATES[] = {
	        {"failed", EVALUATION_FAILED},
	        {"stopped", EVALUATION_STOPPED},
	        {"off", EVALUATION_OFF},
	        {"again", EVALUATION_AGAIN},
	};
	const char *text = map_rules_program(&bench->rules, index)->text;
	const json_t *given = json_object_get(json_object_get(bench->row, "results"), text);
	ck_assert_msg(given != NULL, "asked, and not in the table: %s", text);
	*result = (struct evaluation){.state = EVALUATION_VALUE};
	for (size_t i = 0; i < ARRAY_SIZE(STATES); i++) {
		const char *reason = json_get_text(given, STATES[i].key);
		if (reason != NULL) {
			result->state = STATES[i].state;
			str_format_cut(result->reason, sizeof(result->reason), "%s", reason);
			return;
		}
	}
	result->value = json_deep_copy(json_object_get(given, "value"));
	ck_assert_ptr_nonnull(result->value);
}

static void evaluate(void *context, const char *employee_id, const json_t *input,
        const bool *is_asked, struct evaluation *results)
{
	struct mapping_bench *bench = context;
	ck_assert_str_eq(employee_id, bench->person.employee_id);
	ck_assert_msg(bench->input == NULL, "evaluated twice for one person");
	bench->input = json_deep_copy(input);
	for (size_t i = 0; i < map_rules_program_count(&bench->rules); i++) {
		if (is_asked[i]) {
			bench->asked++;
			evaluate_one(bench, i, &results[i]);
		}
	}
}

/* ------------------------------------------------------------------------ all */

static void read_references(struct mapping_bench *bench)
{
	const char *id;
	json_t *given;
	json_object_foreach(json_object_get(bench->row, "references"), id, given)
	{
		struct map_reference *reference =
		        &bench->references[bench->context.reference_count++];
		ck_assert(str_copy(reference->employee_id, sizeof(reference->employee_id), id));
		ck_assert(str_copy(reference->okta_id, sizeof(reference->okta_id),
		        json_get_text(given, "okta_id")));
		reference->login = json_get_text(given, "login");
	}
	bench->context.references = bench->references;
}

static void read_person(struct mapping_bench *bench)
{
	struct err err = ERR_INIT;
	const json_t *given = json_object_get(bench->row, "bob");
	json_t *bob = given == NULL ? json_object() : json_deep_copy(given);
	json_object_set_new(bob, "id", json_string("7"));
	ck_assert_msg(person_parse(&bench->person, bob, &err), "%s", err.text);
	json_decref(bob);
}

static void lay_groups(struct map_rules *rules, const json_t *groups)
{
	size_t i;
	const json_t *given;
	json_array_foreach(groups, i, given)
	{
		struct err err = ERR_INIT;
		struct map_group group = {.group = str_dup(json_get_text(given, "group"))};
		ck_assert_msg(map_expression_init(&group.when, json_get_text(given, "when"), &err),
		        "%s", err.text);
		ck_assert(map_groups_add(rules, &group));
	}
}

void mapping_bench_init(struct mapping_bench *bench, const json_t *row)
{
	struct err err = ERR_INIT;
	const char *scope = json_get_text(row, "scope");
	const char *today = json_get_text(row, "today");
	memset(bench, 0, sizeof(*bench));
	bench->row = row;
	mapping_bench_lay(&bench->rules, json_object_get(row, "mapping"));
	ck_assert(scope == NULL || map_expression_init(&bench->rules.scope, scope, &err));
	lay_groups(&bench->rules, json_object_get(row, "groups"));
	bench->fields = read_metadata(row);
	bench->attributes = mapping_bench_schema(row);
	read_person(bench);
	bench->evaluator = (struct evaluator){.context = bench, .evaluate = evaluate};
	bench->context = (struct map_context){
	        .fields = bench->fields,
	        .attributes = bench->attributes,
	        .evaluator = json_object_get(row, "results") != NULL ? &bench->evaluator : NULL,
	        .remembered_login = json_get_text(row, "remembered"),
	};
	ck_assert(date_parse(today == NULL ? "2026-11-25" : today, &bench->context.today));
	read_references(bench);
}

void mapping_bench_make(struct mapping_bench *bench)
{
	struct err err = ERR_INIT;
	ck_assert_msg(map_profile_make(&bench->profile, &bench->rules, &bench->context,
	                      &bench->person, &err),
	        "%s", err.text);
}

void mapping_bench_finish(struct mapping_bench *bench)
{
	map_profile_finish(&bench->profile);
	person_finish(&bench->person);
	attribute_catalog_destroy(bench->attributes);
	field_catalog_destroy(bench->fields);
	map_rules_finish(&bench->rules);
	json_decref(bench->input);
}
