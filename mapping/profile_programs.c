/* SPDX-License-Identifier: MIT */
/*
 * Expressions of a person: which of them may be asked, with what, and the one
 * call that has them evaluated. An expression that reads a field we cannot see
 * is not asked at all: it would take absence for a fact.
 */
#include "mapping/field_read.h"
#include "mapping/profile_make.h"

#include "server/base/clock.h"
#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

/* --------------------------------------------------------------------- reading */

/* A field that a program names, read once for the check and for the input. */
struct program_field {
	const char *path;
	enum field_state state;
	json_t *value; /* with VALUE and EMPTY; owned */
	bool is_section; /* no field: nothing to read or to check */
};

/* Those of all programs, one program after the other. */
struct program_fields {
	struct program_field *all;
	size_t count;
};

static struct program_field read_field(
        const struct map_context *context, const struct person *person, const char *path)
{
	struct program_field field = {.path = path};
	field.is_section = field_catalog_is_section(context->fields, path);
	if (!field.is_section) {
		field.state = field_give_input(person, context->fields, path, &field.value);
	}
	return field;
}

/* False when out of memory. To be finished in every case. */
static bool read_fields(struct program_fields *fields, const struct map_rules *rules,
        const struct map_context *context, const struct person *person)
{
	const size_t program_count = map_rules_program_count(rules);
	size_t count = 0;
	for (size_t i = 0; i < program_count; i++) {
		count += map_rules_program(rules, i)->field_count;
	}
	fields->count = 0;
	fields->all = calloc(count + 1, sizeof(*fields->all));
	if (fields->all == NULL) {
		return false;
	}
	for (size_t i = 0; i < program_count; i++) {
		const struct map_expression *program = map_rules_program(rules, i);
		for (size_t k = 0; k < program->field_count; k++) {
			fields->all[fields->count++] =
			        read_field(context, person, program->fields[k]);
		}
	}
	return true;
}

static void finish_fields(struct program_fields *fields)
{
	for (size_t i = 0; i < fields->count; i++) {
		json_decref(fields->all[i].value);
	}
	free(fields->all);
}

/* ---------------------------------------------------------------------- input */

/* The object for a section of the input, made when it is missing; NULL: something else is there. */
static json_t *open_section(json_t *at, const char *key, size_t len)
{
	json_t *section = json_object_getn(at, key, len);
	if (section == NULL) {
		section = json_object();
		return json_object_setn_new(at, key, len, section) == 0 ? section : NULL;
	}
	return json_is_object(section) ? section : NULL;
}

/*
 * Puts a value at a dotted place. What is there already (the whole colleague, beside one part of
 * it) stays. False when out of memory.
 */
static bool put(json_t *input, const char *path, json_t *value)
{
	json_t *at = input;
	const char *part = path;
	for (const char *dot = strchr(part, '.'); dot != NULL; dot = strchr(part, '.')) {
		at = open_section(at, part, (size_t)(dot - part));
		if (at == NULL) {
			return true;
		}
		part = dot + 1;
	}
	return json_object_get(at, part) != NULL || json_object_set(at, part, value) == 0;
}

/* Long paths last, so that a colleague is there before parts of the same are put. */
static bool is_part(const char *path)
{
	const char *dot = strchr(path, '.');
	return dot != NULL && strchr(dot + 1, '.') != NULL;
}

static bool put_fields(json_t *input, const struct program_fields *fields, bool wants_parts)
{
	for (size_t i = 0; i < fields->count; i++) {
		const struct program_field *field = &fields->all[i];
		if (field->value != NULL && is_part(field->path) == wants_parts &&
		        !put(input, field->path, field->value)) {
			return false;
		}
	}
	return true;
}

static json_t *make_input(const struct program_fields *fields, int32_t day)
{
	char today[CLOCK_TEXT_BYTES];
	json_t *input = json_object();
	date_format(today, day);
	if (json_object_set_new(input, "today", json_string(today)) != 0 ||
	        !put_fields(input, fields, false) || !put_fields(input, fields, true)) {
		json_decref(input);
		return NULL;
	}
	return input;
}

json_t *map_input(const struct map_rules *rules, const struct map_context *context,
        const struct person *person)
{
	struct program_fields fields;
	json_t *input = read_fields(&fields, rules, context, person)
	        ? make_input(&fields, context->today)
	        : NULL;
	finish_fields(&fields);
	return input;
}

/* ------------------------------------------------------------------- readable */

static void stop_program(
        struct program_result *result, enum row_state state, const char *format, const char *what)
{
	result->state = state;
	str_format_cut(result->reason, sizeof(result->reason), "%s%s", format, what);
}

/* Not readable forbids asking, and so does not there, which weighs less. */
static bool is_askable(
        struct program_result *result, const struct program_field *fields, size_t count)
{
	result->state = ROW_VALUE;
	for (size_t i = 0; i < count; i++) {
		if (fields[i].is_section) {
			continue;
		}
		if (fields[i].state == FIELD_NOT_READABLE) {
			stop_program(result, ROW_NOT_READABLE, "Bob gave no readable value of ",
			        fields[i].path);
			return false;
		}
		if (fields[i].state == FIELD_NO_SUCH) {
			stop_program(
			        result, ROW_NO_SUCH_FIELD, "Bob has no field ", fields[i].path);
		}
	}
	return result->state == ROW_VALUE;
}

/* -------------------------------------------------------------------- running */

/* Everything one run needs; arrays have an element for each program. */
struct programs {
	struct program_fields fields;
	struct program_result *results;
	struct evaluation *evaluations;
	bool *is_asked;
	size_t count;
	bool is_any_asked;
};

static void take_evaluation(struct program_result *result, struct evaluation *evaluation)
{
	if (evaluation->state == EVALUATION_VALUE) {
		result->value = evaluation->value;
		evaluation->value = NULL;
		return;
	}
	stop_program(result, ROW_FAILED, evaluation->reason, "");
	result->is_again = evaluation->state == EVALUATION_AGAIN;
}

static void fail_asked(struct programs *programs, const char *reason, bool is_again)
{
	for (size_t i = 0; i < programs->count; i++) {
		if (programs->is_asked[i]) {
			stop_program(&programs->results[i], ROW_FAILED, reason, "");
			programs->results[i].is_again = is_again;
		}
	}
}

static void evaluate(
        struct programs *programs, const struct map_context *context, const struct person *person)
{
	const struct evaluator *evaluator = context->evaluator;
	if (evaluator == NULL) {
		fail_asked(programs, "expressions cannot be evaluated here", false);
		return;
	}
	json_t *input = make_input(&programs->fields, context->today);
	if (input == NULL) {
		fail_asked(programs, "no memory for what the expression reads", true);
		return;
	}
	evaluator->evaluate(evaluator->context, person->employee_id, input, programs->is_asked,
	        programs->evaluations);
	json_decref(input);
	for (size_t i = 0; i < programs->count; i++) {
		if (programs->is_asked[i]) {
			take_evaluation(&programs->results[i], &programs->evaluations[i]);
		}
		json_decref(programs->evaluations[i].value);
	}
}

/* False when out of memory. To be finished in every case. */
static bool init(struct programs *programs, const struct map_rules *rules,
        const struct map_context *context, const struct person *person)
{
	const size_t count = map_rules_program_count(rules);
	*programs = (struct programs){
	        .results = calloc(count, sizeof(*programs->results)),
	        .evaluations = calloc(count, sizeof(*programs->evaluations)),
	        .is_asked = calloc(count, sizeof(*programs->is_asked)),
	        .count = count,
	};
	return programs->results != NULL && programs->evaluations != NULL &&
	        programs->is_asked != NULL &&
	        read_fields(&programs->fields, rules, context, person);
}

static void finish(struct programs *programs)
{
	finish_fields(&programs->fields);
	free(programs->evaluations);
	free(programs->is_asked);
}

static void choose_asked(struct programs *programs, const struct map_rules *rules)
{
	const struct program_field *fields = programs->fields.all;
	for (size_t i = 0; i < programs->count; i++) {
		const size_t field_count = map_rules_program(rules, i)->field_count;
		programs->is_asked[i] = is_askable(&programs->results[i], fields, field_count);
		programs->is_any_asked = programs->is_any_asked || programs->is_asked[i];
		fields += field_count;
	}
}

struct program_result *programs_run(const struct map_rules *rules,
        const struct map_context *context, const struct person *person)
{
	struct programs programs;
	if (map_rules_program_count(rules) == 0) {
		return NULL;
	}
	if (init(&programs, rules, context, person)) {
		choose_asked(&programs, rules);
		if (programs.is_any_asked) {
			evaluate(&programs, context, person);
		}
	} else {
		free(programs.results);
		programs.results = NULL;
	}
	finish(&programs);
	return programs.results;
}

void programs_finish(struct program_result *results, size_t count)
{
	for (size_t i = 0; results != NULL && i < count; i++) {
		json_decref(results[i].value);
	}
	free(results);
}
