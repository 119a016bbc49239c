/* SPDX-License-Identifier: MIT */
#include "server/evaluator/programs.h"

#include "server/base/str.h"
#include "server/evaluator/letters.h"
#include "server/evaluator/reason.h"

#include <jq.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SOURCE_MAX_BYTES ((size_t)4 * 1024 * 1024)

struct programs {
	const char *const *texts;
	size_t count;
	struct source_place *places;
	bool *is_in; /* compiled, or to be */
	struct program_verdict *verdicts; /* the caller's, while compiling */
	jq_state *jq;
	jv input;
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
	jv_nomem_handler(out_of_memory, NULL);
	return programs;
}

/* ---------------------------------------------------------------- tables */

static jv code_points(const char *ascii)
{
	jv points = jv_array();
	for (; *ascii != '\0'; ascii++) {
		points = jv_array_append(points, jv_number(*ascii));
	}
	return points;
}

static jv set_row(jv table, const struct letters_row *row)
{
	const char *at = row->letters;
	size_t left = strlen(at);
	while (left > 0) {
		size_t len = str_utf8_step(at, left);
		table = jv_array_set(
		        table, (int)letters_code_point(at, len), code_points(row->ascii));
		at += len > 0 ? len : left;
		left -= len > 0 ? len : left;
	}
	return table;
}

static jv spelling_table(const struct letters_row *rows)
{
	jv table = jv_array();
	for (; rows->ascii != NULL; rows++) {
		table = set_row(table, rows);
	}
	return table;
}

static jv ascii_table(void)
{
	jv table = spelling_table(letters_ascii);
	for (int c = 0; c < 128; c++) {
		table = jv_array_set(table, c, jv_array_append(jv_array(), jv_number(c)));
	}
	return table;
}

/* Dense over ASCII, so that plain texts need no second look. */
static jv case_table(bool is_to_lower)
{
	jv table = jv_array();
	for (int c = 0; c < 128; c++) {
		table = jv_array_set(table, c, jv_number(c));
	}
	for (const struct letters_cases *run = letters_cases; run->step > 0; run++) {
		for (uint32_t capital = run->first; capital <= run->last; capital += run->step) {
			int big = (int)capital;
			int small = big + run->delta;
			table = jv_array_set(table, is_to_lower ? big : small,
			        jv_number(is_to_lower ? small : big));
		}
	}
	if (is_to_lower) {
		/* One way only: the Turkish letters have their own pair of functions. */
		return jv_array_set(table, 0x130, jv_number('i'));
	}
	table = jv_array_set(table, 0x3C2, jv_number(0x3A3)); /* the sigma at a word's end */
	return jv_array_set(table, 0x131, jv_number('I'));
}

static jv arguments(void)
{
	jv all = jv_object();
	all = jv_object_set(all, jv_string("__ascii"), ascii_table());
	all = jv_object_set(all, jv_string("__german"), spelling_table(letters_german));
	all = jv_object_set(all, jv_string("__nordic"), spelling_table(letters_nordic));
	all = jv_object_set(all, jv_string("__lower"), case_table(true));
	return jv_object_set(all, jv_string("__upper"), case_table(false));
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

static void blame(struct programs *programs, size_t index, const char *complaint)
{
	struct program_verdict *verdict = &programs->verdicts[index];
	if (verdict->is_bad) {
		return;
	}
	verdict->is_bad = true;
	programs->blamed++;
	reason_of_complaint(
	        complaint, &programs->places[index], verdict->reason, sizeof(verdict->reason));
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
	bool is_done = source_combine(&source, programs->texts, programs->is_in, programs->count,
	                       programs->places) &&
	        jq_compile_args(programs->jq, buf_text(&source), arguments()) != 0;
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
enum evaluation_state programs_run(struct programs *programs, size_t index, struct buf *to)
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
