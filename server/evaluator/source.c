/* SPDX-License-Identifier: MIT */
#include "server/evaluator/source.h"

#include "server/base/str.h"

#include <string.h>

static const char PRELUDE[] =
#include "prelude_jq.h"
        ;

/* ----------------------------------------------------------------- check */

struct scan {
	const char *program; /* its beginning */
	const char *at;
	char open[SOURCE_DEPTH_MAX]; /* what closes it; '"' stands for a text around an \( */
	const char *opened[SOURCE_DEPTH_MAX]; /* where */
	size_t depth;
	bool has_code;
	char *reason;
	size_t size;
};

static bool complain(struct scan *scan, const char *place, const char *why)
{
	size_t line = 1;
	size_t column = 1;

	for (const char *at = scan->program; at < place; at++) {
		if (*at == '\n') {
			line++;
			column = 1;
		} else {
			column += ((unsigned char)*at & 0xC0) != 0x80 ? 1 : 0;
		}
	}
	str_format_cut(scan->reason, scan->size, "line %zu, column %zu: %s", line, column, why);
	return false;
}

static bool push(struct scan *scan, char closes)
{
	if (scan->depth == SOURCE_DEPTH_MAX) {
		return complain(scan, scan->at - 1, "brackets are nested too deep");
	}
	scan->opened[scan->depth] = scan->at - 1;
	scan->open[scan->depth++] = closes;
	return true;
}

/* From behind a quotation mark, or from behind the end of an interpolation. */
static bool skip_text(struct scan *scan)
{
	const char *from = scan->at - 1;
	for (; *scan->at != '\0'; scan->at++) {
		if (*scan->at == '"') {
			scan->at++;
			return true;
		}
		if (*scan->at != '\\') {
			continue;
		}
		scan->at++;
		if (*scan->at == '(') {
			scan->at++;
			return push(scan, '"');
		}
		if (*scan->at == '\0') {
			break;
		}
	}
	return complain(scan, from, "a text in quotation marks does not end");
}

static bool close_bracket(struct scan *scan, char bracket)
{
	if (scan->depth == 0) {
		return complain(scan, scan->at - 1, "a bracket is closed that was not opened");
	}
	char closes = scan->open[--scan->depth];
	if (closes == '"' && bracket == ')') {
		return skip_text(scan);
	}
	return closes == bracket || complain(scan, scan->at - 1, "brackets do not match");
}

static bool step(struct scan *scan)
{
	char c = *scan->at++;
	switch (c) {
	case '#': scan->at += strcspn(scan->at, "\n"); return true;
	case ' ':
	case '\t':
	case '\r':
	case '\n': return true;
	default: scan->has_code = true; break;
	}
	switch (c) {
	case '"': return skip_text(scan);
	case '(': return push(scan, ')');
	case '[': return push(scan, ']');
	case '{': return push(scan, '}');
	case ')':
	case ']':
	case '}': return close_bracket(scan, c);
	default: return true;
	}
}

bool source_check(const char *program, char *reason, size_t size)
{
	struct scan scan = {.program = program, .at = program, .reason = reason, .size = size};
	if (strlen(program) > SOURCE_PROGRAM_MAX_BYTES) {
		str_format_cut(reason, size, "it is over %d bytes", SOURCE_PROGRAM_MAX_BYTES);
		return false;
	}
	while (*scan.at != '\0') {
		if (!step(&scan)) {
			return false;
		}
	}
	if (scan.depth > 0) {
		return complain(&scan, scan.opened[scan.depth - 1], "a bracket does not close");
	}
	if (!scan.has_code) {
		str_format_cut(reason, size, "it is empty");
	}
	return scan.has_code;
}

/* --------------------------------------------------------------- combine */

static size_t count_lines(const char *text)
{
	size_t lines = 1;
	for (; *text != '\0'; text++) {
		lines += *text == '\n' ? 1U : 0U;
	}
	return lines;
}

/* Without comments: newer versions of jq let one go on after a backslash. */
static void add_program(struct buf *to, const char *program)
{
	struct scan scan = {.program = program, .at = program, .reason = (char[1]){0}, .size = 1};
	while (*scan.at != '\0') {
		const char *from = scan.at;
		if (!step(&scan)) {
			to->failed = true;
			return;
		}
		if (*from != '#') {
			buf_add(to, from, (size_t)(scan.at - from));
		}
	}
}

/* The names begin with __, and no program is the poorer for calling an earlier one. */
static void add_functions(struct buf *to, const char *const *programs, const bool *is_wanted,
        size_t count, struct source_place *places)
{
	size_t line = 1;
	for (size_t i = 0; i < count; i++) {
		places[i] = (struct source_place){0};
		if (!is_wanted[i]) {
			continue;
		}
		places[i].first_line = line + 1;
		places[i].lines = count_lines(programs[i]);
		buf_add_format(to, "def __p%zu: (\n", i);
		add_program(to, programs[i]);
		buf_add_text(to, "\n); ");
		line += places[i].lines + 1;
	}
}

/* Halving, so that the last program does not pay for all in front of it. */
static void add_choice(struct buf *to, const bool *is_wanted, size_t from, size_t to_index)
{
	if (to_index - from == 1) {
		if (is_wanted[from]) {
			buf_add_format(to, "__p%zu", from);
		} else {
			buf_add_text(to, "empty");
		}
		return;
	}
	size_t middle = from + (to_index - from) / 2;
	buf_add_format(to, "if $__n < %zu then ", middle);
	add_choice(to, is_wanted, from, middle);
	buf_add_text(to, " else ");
	add_choice(to, is_wanted, middle, to_index);
	buf_add_text(to, " end");
}

bool source_combine(struct buf *to, const char *const *programs, const bool *is_wanted,
        size_t count, struct source_place *places)
{
	buf_add(to, PRELUDE, sizeof(PRELUDE) - 1);
	add_functions(to, programs, is_wanted, count, places);
	buf_add_text(to, ".[0] as $__n | .[1] | ");
	if (count == 0) {
		buf_add_text(to, "empty");
	} else {
		add_choice(to, is_wanted, 0, count);
	}
	return !to->failed;
}

bool source_has_function(const char *name)
{
	char definition[64];
	size_t len = strlen(name);
	if (!str_is_word(name, 32, "_") ||
	        !str_format(definition, sizeof(definition), "def %s", name)) {
		return false;
	}
	for (const char *at = strstr(PRELUDE, definition); at != NULL;
	        at = strstr(at + 1, definition)) {
		char next = at[len + 4];
		if (next == ':' || next == '(') {
			return true;
		}
	}
	return false;
}
