/* SPDX-License-Identifier: MIT */
#include "server/evaluator/programs.h"

#include "server/base/str.h"
#include "server/evaluator/functions.h"
#include "server/evaluator/reason.h"

#include <jq.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define CALLED_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define NUMBER_MAX       1e9

struct programs {
	const char *const *texts;
	size_t count;
	struct source_place *places;
	bool *is_in; /* compiled, or to be */
	struct program_verdict *verdicts; /* the caller's, while compiling */
	const char *source; /* the combined text, while compiling */
	jq_state *jq;
	jv input;
	struct buf called; /* the text that the last call gave */
	jv result; /* of the last call */
	size_t blamed; /* programs that the present try to compile found bad */
	bool is_unclear; /* a complaint named none of them */
};

static void out_of_memory(void *nothing UNUSED)
{
	_exit(WIRE_EXIT_MEMORY);
}

static void *must_have(void *memory)
{
	if (memory == NULL) {
		out_of_memory(NULL);
	}
	return memory;
}

struct programs *programs_create(const char *const *texts, size_t count)
{
	struct programs *programs = must_have(calloc(1, sizeof(*programs)));
	programs->texts = texts;
	programs->count = count;
	programs->places = must_have(calloc(count + 1, sizeof(*programs->places)));
	programs->is_in = must_have(calloc(count + 1, sizeof(*programs->is_in)));
	programs->input = jv_null();
	programs->result = jv_null();
	buf_init(&programs->called, CALLED_MAX_BYTES);
	letters_init();
	jv_nomem_handler(out_of_memory, NULL);
	return programs;
}

/* ----------------------------------------------------------------- calls */

/* A text as it is, a number or truth value as jq writes it. Takes the value; frees what was. */
static bool as_text(jv value, jv *text)
{
	jv_kind kind = jv_get_kind(value);
	bool is_plain = kind == JV_KIND_NUMBER || kind == JV_KIND_TRUE || kind == JV_KIND_FALSE;
	if (kind != JV_KIND_STRING && !is_plain) {
		jv_free(value);
		return false;
	}

	jv_free(*text);
	*text = is_plain ? jv_dump_string(value, 0) : value;
	return true;
}

/* What is null in it is left out. Takes the list. */
static enum function_end read_words(jv list, jv *words)
{
	static const char separator[] = {FUNCTION_SEPARATOR, '\0'};
	enum function_end end = FUNCTION_TEXT;
	if (jv_get_kind(list) != JV_KIND_ARRAY) {
		jv_free(list);
		return FUNCTION_WANTS_LIST;
	}
	jv_free(*words);
	*words = jv_string("");
	jv_array_foreach(list, i, one)
	{
		jv word = jv_null();
		if (jv_get_kind(one) == JV_KIND_NULL) {
			continue;
		}
		if (as_text(one, &word)) {
			*words = jv_string_append_str(jv_string_concat(*words, word), separator);
		} else {
			end = FUNCTION_WANTS_TEXT;
		}
	}
	jv_free(list);
	return end;
}

/* Into call->number or *text. Takes the argument. FUNCTION_TEXT, or what it should be. */
static enum function_end read_argument(
        enum function_argument kind, jv argument, struct function_call *call, jv *text)
{
	if (kind == ARGUMENT_NONE) {
		jv_free(argument);
		return FUNCTION_TEXT;
	}
	if (kind == ARGUMENT_WORDS) {
		return read_words(argument, text);
	}
	if (kind == ARGUMENT_TEXT) {
		if (jv_get_kind(argument) == JV_KIND_NULL) {
			return FUNCTION_TEXT;
		}
		return as_text(argument, text) ? FUNCTION_TEXT : FUNCTION_WANTS_TEXT;
	}
	double number = jv_get_kind(argument) == JV_KIND_NUMBER ? jv_number_value(argument) : NAN;
	jv_free(argument);
	if (!(fabs(number) <= NUMBER_MAX)) {
		return FUNCTION_WANTS_NUMBER;
	}
	call->number = (int64_t)floor(number);
	return FUNCTION_TEXT;
}

static jv complain(const char *name, enum function_end end)
{
	static const char *const words[] = {
	        [FUNCTION_WANTS_TEXT] = "text",
	        [FUNCTION_WANTS_NUMBER] = "number",
	        [FUNCTION_WANTS_LIST] = "list",
	        [FUNCTION_WANTS_DATE] = "date",
	};
	return jv_invalid_with_msg(
	        JV_ARRAY(jv_string("bob2okta"), jv_string(name), jv_string(words[end])));
}

static jv result_of(const struct programs *programs, const struct function *function,
        const struct function_call *call, enum function_end end)
{
	if (call->to->failed) {
		out_of_memory(NULL);
	}
	switch (end) {
	case FUNCTION_TEXT:
		return jv_string_sized(buf_text(&programs->called), (int)programs->called.len);
	case FUNCTION_NUMBER: return jv_number((double)call->number);
	case FUNCTION_NULL: return jv_null();
	case FUNCTION_WANTS_TEXT:
	case FUNCTION_WANTS_NUMBER:
	case FUNCTION_WANTS_LIST:
	case FUNCTION_WANTS_DATE:
	default: return complain(function->name, end);
	}
}

/* Takes input and argument; an input of null stays null. */
static jv call_function(
        struct programs *programs, const struct function *function, jv input, jv argument)
{
	jv text = jv_string("");
	jv argument_text = jv_string("");
	struct function_call call = {.to = &programs->called};
	enum function_end end = FUNCTION_NULL;
	if (jv_get_kind(input) != JV_KIND_NULL) {
		end = read_argument(function->argument, jv_copy(argument), &call, &argument_text);
	}
	if (end == FUNCTION_TEXT && function->takes_list) {
		end = read_words(jv_copy(input), &text);
	} else if (end == FUNCTION_TEXT) {
		end = as_text(jv_copy(input), &text) ? FUNCTION_TEXT : FUNCTION_WANTS_TEXT;
	}
	if (end == FUNCTION_TEXT) {
		buf_clear(&programs->called);
		call.text = jv_string_value(text);
		call.len = (size_t)jv_string_length_bytes(jv_copy(text));
		call.argument = jv_string_value(argument_text);
		end = function->run(&call);
	}
	jv result = result_of(programs, function, &call, end);
	jv_free(text);
	jv_free(argument_text);
	jv_free(input);
	jv_free(argument);
	return result;
}

/* debug: what the prelude calls, as [name, input] or [name, input, argument]. */
static void on_call(void *context, jv call)
{
	struct programs *programs = context;
	jv_free(programs->result);
	programs->result = jv_invalid();
	int len = jv_get_kind(call) == JV_KIND_ARRAY ? jv_array_length(jv_copy(call)) : 0;
	jv name = len >= 2 ? jv_array_get(jv_copy(call), 0) : jv_null();
	if (jv_get_kind(name) == JV_KIND_STRING) {
		const struct function *function = function_find(jv_string_value(name), len == 3);
		if (function != NULL) {
			programs->result =
			        call_function(programs, function, jv_array_get(jv_copy(call), 1),
			                len == 3 ? jv_array_get(jv_copy(call), 2) : jv_null());
		}
	}
	jv_free(name);
	jv_free(call);
}

/* input: what came of it. */
static jv on_result(jq_state *jq UNUSED, void *context)
{
	struct programs *programs = context;
	jv result = programs->result;
	programs->result = jv_null();
	return result;
}

/* --------------------------------------------------------------- compile */

static bool find_place(const struct programs *programs, size_t line, size_t *index)
{
	for (size_t i = 0; i < programs->count; i++) {
		const struct source_place *place = &programs->places[i];
		/* The line behind the last is the bracket of ours. */
		if (programs->is_in[i] && place->first_line > 0 && line >= place->first_line &&
		        line <= place->first_line + place->lines) {
			*index = i;
			return true;
		}
	}
	return false;
}

/* That line of the combined text; its last one when there are fewer. */
static const char *source_line(const struct programs *programs, size_t line)
{
	const char *at = programs->source;
	for (size_t i = 1; i < line; i++) {
		const char *end = strchr(at, '\n');
		if (end == NULL) {
			break;
		}
		at = end + 1;
	}
	return at;
}

static void blame(struct programs *programs, size_t index, const char *complaint)
{
	struct program_verdict *verdict = &programs->verdicts[index];
	size_t column = reason_column(complaint, source_line(programs, reason_line(complaint)));
	if (verdict->is_bad) {
		return;
	}
	verdict->is_bad = true;
	programs->blamed++;
	reason_of_complaint(complaint, &programs->places[index], column, verdict->reason,
	        sizeof(verdict->reason));
}

/* After a mistake of syntax jq goes on as it can, and may complain about innocent ones. */
static void on_complaint(void *context, jv message)
{
	struct programs *programs = context;
	jv formatted = jq_format_error(message);
	const char *text = jv_string_value(formatted);
	size_t line = reason_line(text);
	size_t index = 0;
	bool is_told = programs->blamed > 0 && strstr(text, "is not defined") == NULL;
	if (line > 0 && !is_told) {
		if (find_place(programs, line, &index)) {
			blame(programs, index, text);
		} else {
			programs->is_unclear = true;
		}
	}
	jv_free(formatted);
}

/* True when it compiles; else programs->blamed says how many are the cause. */
static bool try_compile(struct programs *programs)
{
	struct buf source;
	buf_init(&source, SOURCE_MAX_BYTES);
	programs->blamed = 0;
	programs->is_unclear = false;
	if (programs->jq != NULL) {
		jq_teardown(&programs->jq);
	}
	programs->jq = must_have(jq_init());
	jq_set_error_cb(programs->jq, on_complaint, programs);
	jq_set_debug_cb(programs->jq, on_call, programs);
	jq_set_input_cb(programs->jq, on_result, programs);
	bool is_done = source_combine(
	        &source, programs->texts, programs->is_in, programs->count, programs->places);
	programs->source = buf_text(&source);
	is_done = is_done && jq_compile(programs->jq, programs->source) != 0;
	programs->source = NULL;
	buf_finish(&source);
	return is_done;
}

/* Leaves out what is found bad until the rest compiles. */
static bool compile_rest(struct programs *programs)
{
	while (!try_compile(programs)) {
		if (programs->blamed == 0) {
			return false;
		}
		for (size_t i = 0; i < programs->count; i++) {
			programs->is_in[i] = programs->is_in[i] && !programs->verdicts[i].is_bad;
		}
	}
	return true;
}

static void compile_alone(struct programs *programs, size_t index)
{
	struct program_verdict *verdict = &programs->verdicts[index];
	bool *all = programs->is_in;
	bool *alone = must_have(calloc(programs->count, sizeof(*alone)));
	alone[index] = true;
	programs->is_in = alone;
	if (!try_compile(programs) && !verdict->is_bad) {
		verdict->is_bad = true;
		str_format_cut(verdict->reason, sizeof(verdict->reason), "jq cannot compile it");
	}
	programs->is_in = all;
	all[index] = !verdict->is_bad;
	free(alone);
}

bool programs_compile(struct programs *programs, struct wire_page *page, const bool *is_wanted,
        bool is_each, struct program_verdict *verdicts)
{
	programs->verdicts = verdicts;
	for (size_t i = 0; i < programs->count; i++) {
		verdicts[i] = (struct program_verdict){0};
		verdicts[i].is_bad = is_wanted[i] &&
		        !source_check(
		                programs->texts[i], verdicts[i].reason, sizeof(verdicts[i].reason));
		programs->is_in[i] = is_wanted[i] && !verdicts[i].is_bad;
		if (is_each && programs->is_in[i]) {
			atomic_store(&page->doing, (int)i);
			compile_alone(programs, i);
		}
	}
	atomic_store(&page->doing, WIRE_COMBINING);
	return compile_rest(programs);
}

/* ------------------------------------------------------------------- run */

bool programs_set_input(struct programs *programs, const char *json, size_t len)
{
	jv_free(programs->input);
	programs->input = jv_parse_sized(json, (int)len);
	return jv_is_valid(programs->input);
}

/* ["bob2okta", function, what]: raised by the prelude. Takes the error. */
static bool is_of_prelude(jv error, char *to, size_t size)
{
	bool is_ours = false;
	if (jv_get_kind(error) == JV_KIND_ARRAY && jv_array_length(jv_copy(error)) == 3) {
		jv function = jv_array_get(jv_copy(error), 1);
		jv what = jv_array_get(jv_copy(error), 2);
		is_ours = jv_get_kind(function) == JV_KIND_STRING &&
		        jv_get_kind(what) == JV_KIND_STRING &&
		        reason_of_prelude(
		                jv_string_value(function), jv_string_value(what), to, size);
		jv_free(function);
		jv_free(what);
	}
	jv_free(error);
	return is_ours;
}

static enum evaluation_state fail(struct buf *to, const char *reason)
{
	buf_add_text(to, reason);
	return EVALUATION_FAILED;
}

/* Takes the invalid value. */
static enum evaluation_state fail_with(
        struct programs *programs, size_t index, jv invalid, struct buf *to)
{
	char reason[EVALUATION_REASON_BYTES];
	jv error = jv_invalid_get_msg(invalid);
	if (!is_of_prelude(jv_copy(error), reason, sizeof(reason))) {
		bool is_text = jv_get_kind(error) == JV_KIND_STRING;
		reason_of_message(is_text ? jv_string_value(error) : "", programs->texts[index],
		        reason, sizeof(reason));
	}
	jv_free(error);
	return fail(to, reason);
}

/* Takes the value. */
static enum evaluation_state give(jv value, struct buf *to)
{
	jv text = jv_dump_string(value, 0);
	size_t len = (size_t)jv_string_length_bytes(jv_copy(text));
	enum evaluation_state state = EVALUATION_VALUE;
	if (len > EVALUATOR_VALUE_MAX_BYTES) {
		state = fail(to, "its result is over 64 KiB");
	} else {
		buf_add(to, jv_string_value(text), len);
	}
	jv_free(text);
	return state;
}

/* empty gives null: a program may say that there is nothing in either way. */
enum evaluation_state programs_evaluate(struct programs *programs, size_t index, struct buf *to)
{
	if (!programs->is_in[index]) {
		return fail(to, "it is not compiled");
	}
	jv input = jv_array_append(jv_array(), jv_number((double)index));
	jq_start(programs->jq, jv_array_append(input, jv_copy(programs->input)), 0);
	jv first = jq_next(programs->jq);
	if (!jv_is_valid(first)) {
		return jv_invalid_has_msg(jv_copy(first)) ? fail_with(programs, index, first, to)
		                                          : give(jv_null(), to);
	}
	jv second = jq_next(programs->jq);
	if (jv_is_valid(second) || jv_invalid_has_msg(jv_copy(second))) {
		jv_free(first);
		if (!jv_is_valid(second)) {
			return fail_with(programs, index, second, to);
		}
		jv_free(second);
		return fail(to, "it gives more than one result; one is wanted");
	}
	return give(first, to);
}
