/* SPDX-License-Identifier: MIT */
/* What the rows give for one person. */
#include "mapping/attribute_check.h"
#include "mapping/clean.h"
#include "mapping/group.h"
#include "mapping/profile_make.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

const struct map_context map_context_none = {0};

static const char *const STATE_NAMES[ROW_STATE_COUNT] = {
        [ROW_VALUE] = "value",
        [ROW_EMPTY] = "empty",
        [ROW_NOT_READABLE] = "not_readable",
        [ROW_NO_SUCH_FIELD] = "no_such_field",
        [ROW_WAITING] = "waiting",
        [ROW_FAILED] = "failed",
};

const char *row_state_name(enum row_state state)
{
	return STATE_NAMES[state];
}

void result_stop(struct map_result *result, enum row_state state, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	str_vformat_cut(result->reason, sizeof(result->reason), format, args);
	va_end(args);
	json_decref(result->value);
	result->value = NULL;
	result->is_default = false;
	result->state = state;
}

static void set_empty(struct map_result *result)
{
	json_decref(result->value);
	result->value = NULL;
	result->state = ROW_EMPTY;
}

/* -------------------------------------------------------------------- fitting */

/* Makes the value what the attribute takes; false with a reason. */
static bool fit(const struct map_context *context, const struct map_row *row, json_t **value,
        char *reason, size_t size)
{
	if (context->attributes == NULL) {
		const struct attribute assumed = attribute_assumed(row->okta, *value);
		return attribute_fit(&assumed, row->too_long, value, reason, size);
	}
	const struct attribute *attribute = attribute_catalog_find(context->attributes, row->okta);
	if (attribute == NULL) {
		str_format_cut(reason, size, "the org's profile has no such attribute");
		return false;
	}
	return attribute_fit(attribute, row->too_long, value, reason, size);
}

/*
 * Last step of every row: the default takes the place of what is empty, and
 * what there is must fit. A row that could only ever fail says so while it is
 * empty, too.
 */
static void use_default(struct map_result *result)
{
	if (result->state != ROW_EMPTY || result->row->when_empty != WHEN_EMPTY_DEFAULT ||
	        result->row->fallback == NULL) {
		return;
	}
	json_t *value = clean_value(result->row->fallback);
	if (value == NULL) {
		result_stop(result, ROW_FAILED, "no memory for the row's default");
	} else if (!json_is_null(value)) {
		result->value = value;
		result->is_default = true;
		result->state = ROW_VALUE;
	}
}

static void check_empty(struct map_result *result, const struct map_context *context)
{
	const struct map_row *row = result->row;
	const struct attribute *attribute = attribute_catalog_find(context->attributes, row->okta);
	if (attribute == NULL) {
		result_stop(result, ROW_FAILED, "the org's profile has no such attribute");
	} else if (attribute_not_writable(attribute) != NULL) {
		result_stop(result, ROW_FAILED, "%s", attribute_not_writable(attribute));
	} else if (row->when_empty == WHEN_EMPTY_CLEAR && attribute->is_required) {
		result_stop(
		        result, ROW_FAILED, "Okta requires this attribute: it cannot be cleared");
	}
}

static void finish_row(struct map_result *result, const struct map_context *context, bool is_fitted)
{
	char reason[ROW_REASON_BYTES];
	use_default(result);
	if (result->state == ROW_EMPTY && context->attributes != NULL) {
		check_empty(result, context);
	}
	if (result->state == ROW_VALUE && (!is_fitted || result->is_default) &&
	        !fit(context, result->row, &result->value, reason, sizeof(reason))) {
		result_stop(result, ROW_FAILED, "%s", reason);
	}
}

/* ----------------------------------------------------------- fields, constants */

static void take_field(struct map_result *result, enum field_state state)
{
	const char *bob = result->row->bob;
	switch (state) {
	case FIELD_VALUE: result->state = ROW_VALUE; break;
	case FIELD_EMPTY: result->state = ROW_EMPTY; break;
	case FIELD_NOT_READABLE:
		result_stop(result, ROW_NOT_READABLE, "Bob gave no readable value of %s", bob);
		break;
	case FIELD_NO_SUCH:
		result_stop(result, ROW_NO_SUCH_FIELD, "Bob has no field %s", bob);
		break;
	}
}

static void make_from_bob(
        struct map_result *result, const struct map_context *context, const struct person *person)
{
	const struct map_row *row = result->row;
	take_field(result,
	        person_field_form(person, context->fields, row->bob, row->form, &result->value));
	result->source = json_incref(result->value);
	if (result->state == ROW_VALUE && row_wants_reference(row)) {
		row_resolve_reference(result, context);
	}
}

static void make_from_value(struct map_result *result)
{
	result->value = clean_value(result->row->value);
	if (result->value == NULL) {
		result_stop(result, ROW_FAILED, "no memory for the row's value");
	} else if (json_is_null(result->value)) {
		set_empty(result);
	} else {
		result->state = ROW_VALUE;
	}
}

/* ----------------------------------------------------------------- expressions */

static bool is_flat(const json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		const json_t *item = json_array_get(value, i);
		if (json_is_array(item) || json_is_object(item)) {
			return false;
		}
	}
	return !json_is_object(value);
}

/* What one program gave, as if the row had no other. */
static void take_program(struct map_result *result, const struct program_result *program)
{
	if (program->state != ROW_VALUE) {
		result_stop(result, program->state, "%s", program->reason);
		result->is_again = program->is_again;
		return;
	}
	if (!is_flat(program->value)) {
		result_stop(result, ROW_FAILED,
		        "gives an object; give a text, number, true, false, or a list");
		return;
	}
	result->value = clean_value(program->value);
	if (result->value == NULL) {
		result_stop(result, ROW_FAILED, "no memory for what the expression gave");
	} else if (json_is_null(result->value)) {
		set_empty(result);
	} else {
		result->state = ROW_VALUE;
	}
}

/* ---------------------------------------------------- several expressions: logins */

static bool has_folded(const json_t *texts, const char *text)
{
	size_t i;
	const json_t *item;
	json_array_foreach(texts, i, item)
	{
		if (str_equal_fold(json_string_value(item), text)) {
			return true;
		}
	}
	return false;
}

/* Of states that write nothing the one that says most: what may pass by itself comes first. */
static bool outweighs(enum row_state state, enum row_state other)
{
	static const int WEIGHTS[ROW_STATE_COUNT] = {
	        [ROW_EMPTY] = 0,
	        [ROW_FAILED] = 1,
	        [ROW_NO_SUCH_FIELD] = 2,
	        [ROW_WAITING] = 3,
	        [ROW_NOT_READABLE] = 4,
	        [ROW_VALUE] = 5,
	};
	return WEIGHTS[state] > WEIGHTS[other];
}

static void keep_outcome(struct map_result *result, const struct map_result *one)
{
	if (outweighs(one->state, result->state)) {
		result->state = one->state;
		str_format_cut(result->reason, sizeof(result->reason), "%s", one->reason);
	}
	result->is_again = result->is_again || one->is_again;
}

/*
 * Behind an alternative that may not be read none is taken: a login is chosen for good, and that
 * one may be readable tomorrow.
 */
static bool add_candidate(struct map_result *result, const struct map_context *context,
        const struct program_result *program)
{
	struct map_result one = {.row = result->row};
	char reason[ROW_REASON_BYTES];
	if (result->state == ROW_NOT_READABLE) {
		return true;
	}
	take_program(&one, program);
	if (one.state == ROW_VALUE && !fit(context, one.row, &one.value, reason, sizeof(reason))) {
		result_stop(&one, ROW_FAILED, "%s", reason);
	}
	bool is_added = true;
	const char *text = json_string_value(one.value);
	if (one.state == ROW_VALUE && !has_folded(result->candidates, text)) {
		is_added = json_array_append(result->candidates, one.value) == 0;
	} else if (one.state != ROW_VALUE) {
		keep_outcome(result, &one);
	}
	json_decref(one.value);
	return is_added;
}

/*
 * The first alternative that gave a text. One that could not be judged this time
 * might have been preferred, so nothing is taken before it is.
 */
static void choose(struct map_result *result)
{
	json_t *first = json_array_get(result->candidates, 0);
	if (first == NULL) {
		return;
	}
	if (result->is_again) {
		result->state = ROW_FAILED;
		return;
	}
	result->value = json_incref(first);
	result->state = ROW_VALUE;
	result->reason[0] = '\0';
}

/* What was chosen once stays, whatever the expressions say now. */
static bool take_remembered(struct map_result *result, const char *remembered)
{
	result->value = json_string(remembered);
	result->state = ROW_VALUE;
	return result->value != NULL && json_array_append(result->candidates, result->value) == 0;
}

static void make_from_alternatives(struct map_result *result, const struct map_context *context,
        const struct program_result *programs)
{
	result->state = ROW_EMPTY;
	result->candidates = json_array();
	bool is_made = result->candidates != NULL;
	if (is_made && context->remembered_login != NULL) {
		is_made = take_remembered(result, context->remembered_login);
	} else {
		for (size_t i = 0; is_made && i < result->row->expression_count; i++) {
			is_made = add_candidate(result, context, &programs[i]);
		}
		choose(result);
	}
	if (!is_made) {
		result_stop(result, ROW_FAILED, "no memory for logins to choose from");
	}
}

/* ------------------------------------------------------------------------ scope */

static void read_scope(struct map_profile *profile, const struct program_result *program)
{
	profile->scope = SCOPE_UNKNOWN;
	if (program->state != ROW_VALUE) {
		str_format_cut(profile->scope_reason, sizeof(profile->scope_reason), "%s",
		        program->reason);
		profile->is_scope_again = program->is_again;
	} else if (json_is_true(program->value)) {
		profile->scope = SCOPE_MET;
	} else if (json_is_false(program->value) || json_is_null(program->value)) {
		profile->scope = SCOPE_NOT_MET;
	} else {
		str_format_cut(profile->scope_reason, sizeof(profile->scope_reason),
		        "the condition gives neither true nor false");
	}
}

/* ----------------------------------------------------------------------- groups */

static void read_group(struct map_group_result *result, const struct map_group *rule,
        const struct program_result *program)
{
	*result = (struct map_group_result){
	        .rule = rule, .state = program->state, .is_again = program->is_again};
	if (program->state != ROW_VALUE) {
		str_format_cut(result->reason, sizeof(result->reason), "%s", program->reason);
	} else if (json_is_true(program->value)) {
		result->answer = GROUP_IN;
	} else if (json_is_false(program->value) || json_is_null(program->value)) {
		result->answer = GROUP_OUT;
	} else {
		result->state = ROW_FAILED;
		str_format_cut(result->reason, sizeof(result->reason),
		        "the condition gives neither true nor false");
	}
}

/* ---------------------------------------------------------------------- profile */

static void make_result(struct map_result *result, const struct map_context *context,
        const struct person *person, const struct program_result *programs)
{
	const bool is_fitted = result->row->expression_count > 1;
	switch (result->row->source) {
	case ROW_FROM_BOB: make_from_bob(result, context, person); break;
	case ROW_FROM_VALUE: make_from_value(result); break;
	case ROW_FROM_EXPRESSION:
		if (is_fitted) {
			make_from_alternatives(result, context, programs);
		} else {
			take_program(result, &programs[0]);
		}
		break;
	}
	finish_row(result, context, is_fitted);
}

static void make_results(struct map_profile *profile, const struct map_rules *rules,
        const struct map_context *context, const struct person *person,
        const struct program_result *programs)
{
	size_t used = 0;
	for (size_t i = 0; i < rules->count; i++) {
		profile->results[i].row = &rules->rows[i];
		/* NULL without a program: no row has one to point to then. */
		make_result(&profile->results[i], context, person,
		        programs == NULL ? NULL : &programs[used]);
		used += rules->rows[i].expression_count;
	}
	profile->count = rules->count;
	if (rules->scope.text != NULL) {
		read_scope(profile, &programs[used++]);
	}
	for (size_t i = 0; i < rules->group_count; i++) {
		read_group(&profile->groups[i], &rules->groups[i], &programs[used + i]);
	}
	profile->group_count = rules->group_count;
}

bool map_profile_make(struct map_profile *profile, const struct map_rules *rules,
        const struct map_context *context, const struct person *person, struct err *err)
{
	const size_t program_count = map_rules_program_count(rules);
	memset(profile, 0, sizeof(*profile));
	profile->results = calloc(rules->count > 0 ? rules->count : 1, sizeof(*profile->results));
	profile->groups = calloc(rules->group_count + 1, sizeof(*profile->groups));
	struct program_result *programs = programs_run(rules, context, person);
	const bool is_made = profile->results != NULL && profile->groups != NULL &&
	        (programs != NULL || program_count == 0);
	if (is_made) {
		make_results(profile, rules, context, person, programs);
	} else {
		err_set(err, ERR_NO_MEMORY, "no memory for a profile");
		map_profile_finish(profile);
	}
	programs_finish(programs, program_count);
	return is_made;
}

void map_profile_finish(struct map_profile *profile)
{
	if (profile == NULL) {
		return;
	}
	for (size_t i = 0; i < profile->count; i++) {
		json_decref(profile->results[i].value);
		json_decref(profile->results[i].source);
		json_decref(profile->results[i].candidates);
	}
	free(profile->results);
	free(profile->groups);
	memset(profile, 0, sizeof(*profile));
}
