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

#define KEY_MAX_BYTES 128

/* ---------------------------------------------------------------------- input */

/* The object for a section of the input, made when it is missing; NULL: something else is there. */
static json_t *open_section(json_t *at, const char *key)
{
	json_t *section = json_object_get(at, key);
	if (section == NULL) {
		section = json_object();
		return json_object_set_new(at, key, section) == 0 ? section : NULL;
	}
	return json_is_object(section) ? section : NULL;
}

/*
 * Puts a value at a dotted place; takes it. What is there already (the whole
 * colleague, beside one part of it) stays. False when out of memory.
 */
static bool put(json_t *input, const char *path, json_t *value)
{
	char key[KEY_MAX_BYTES];
	json_t *at = input;
	const char *part = path;
	for (const char *dot = strchr(part, '.'); dot != NULL; dot = strchr(part, '.')) {
		const bool is_short = str_format(key, sizeof(key), "%.*s", (int)(dot - part), part);
		at = is_short ? open_section(at, key) : NULL;
		if (at == NULL) {
			json_decref(value);
			return true;
		}
		part = dot + 1;
	}
	if (json_object_get(at, part) != NULL) {
		json_decref(value);
		return true;
	}
	return json_object_set_new(at, part, value) == 0;
}

static bool put_field(json_t *input, const struct map_context *context, const struct person *person,
        const char *path)
{
	json_t *value = NULL;
	if (field_catalog_is_section(context->fields, path)) {
		return true;
	}
	const enum field_state state = field_give_input(person, context->fields, path, &value);
	return (state != FIELD_VALUE && state != FIELD_EMPTY) || put(input, path, value);
}

/* Long paths last, so that a colleague is there before parts of the same are put. */
static bool is_part(const char *path)
{
	const char *dot = strchr(path, '.');
	return dot != NULL && strchr(dot + 1, '.') != NULL;
}

static bool put_fields(json_t *input, const struct map_rules *rules,
        const struct map_context *context, const struct person *person, bool wants_parts)
{
	for (size_t i = 0; i < map_rules_program_count(rules); i++) {
		const struct map_expression *program = map_rules_program(rules, i);
		for (size_t k = 0; k < program->field_count; k++) {
			if (is_part(program->fields[k]) == wants_parts &&
			        !put_field(input, context, person, program->fields[k])) {
				return false;
			}
		}
	}
	return true;
}

json_t *map_input(const struct map_rules *rules, const struct map_context *context,
        const struct person *person)
{
	char today[CLOCK_TEXT_BYTES];
	json_t *input = json_object();
	date_format(today, context->today);
	if (json_object_set_new(input, "today", json_string(today)) != 0 ||
	        !put_fields(input, rules, context, person, false) ||
	        !put_fields(input, rules, context, person, true)) {
		json_decref(input);
		return NULL;
	}
	return input;
}

/* ------------------------------------------------------------------- readable */

static void stop_program(
        struct program_result *result, enum row_state state, const char *format, const char *what)
{
	result->state = state;
	str_format_cut(result->reason, sizeof(result->reason), "%s%s", format, what);
}

/* False when the field forbids asking. Not readable weighs more than not there. */
static bool check_field(struct program_result *result, const struct map_context *context,
        const struct person *person, const char *path)
{
	json_t *value = NULL;
	if (field_catalog_is_section(context->fields, path)) {
		return true;
	}
	const enum field_state state = field_give_input(person, context->fields, path, &value);
	json_decref(value);
	if (state == FIELD_NOT_READABLE) {
		stop_program(result, ROW_NOT_READABLE, "Bob gave no readable value of ", path);
		return false;
	}
	if (state == FIELD_NO_SUCH) {
		stop_program(result, ROW_NO_SUCH_FIELD, "Bob has no field ", path);
	}
	return true;
}

static bool is_askable(struct program_result *result, const struct map_expression *program,
        const struct map_context *context, const struct person *person)
{
	result->state = ROW_VALUE;
	for (size_t i = 0; i < program->field_count; i++) {
		if (!check_field(result, context, person, program->fields[i])) {
			return false;
		}
	}
	return result->state == ROW_VALUE;
}

/* -------------------------------------------------------------------- running */

/* Everything one run needs; arrays have an element for each program. */
struct programs {
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

static void evaluate(struct programs *programs, const struct map_rules *rules,
        const struct map_context *context, const struct person *person)
{
	const struct evaluator *evaluator = context->evaluator;
	if (evaluator == NULL) {
		fail_asked(programs, "expressions cannot be evaluated here", false);
		return;
	}
	json_t *input = map_input(rules, context, person);
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

struct program_result *programs_run(const struct map_rules *rules,
        const struct map_context *context, const struct person *person)
{
	const size_t count = map_rules_program_count(rules);
	if (count == 0) {
		return NULL;
	}
	struct programs programs = {
	        .results = calloc(count, sizeof(*programs.results)),
	        .evaluations = calloc(count, sizeof(*programs.evaluations)),
	        .is_asked = calloc(count, sizeof(*programs.is_asked)),
	        .count = count,
	};
	if (programs.results == NULL || programs.evaluations == NULL || programs.is_asked == NULL) {
		free(programs.results);
		programs.results = NULL;
	} else {
		for (size_t i = 0; i < count; i++) {
			programs.is_asked[i] = is_askable(
			        &programs.results[i], map_rules_program(rules, i), context, person);
			programs.is_any_asked = programs.is_any_asked || programs.is_asked[i];
		}
		if (programs.is_any_asked) {
			evaluate(&programs, rules, context, person);
		}
	}
	free(programs.evaluations);
	free(programs.is_asked);
	return programs.results;
}

void programs_finish(struct program_result *results, size_t count)
{
	for (size_t i = 0; results != NULL && i < count; i++) {
		json_decref(results[i].value);
	}
	free(results);
}
