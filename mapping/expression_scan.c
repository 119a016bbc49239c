/* SPDX-License-Identifier: MIT */
/* Words and signs of an expression, and the scan of the whole. */
#include "mapping/expression_scan.h"

#include "mapping/expression_token.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ----------------------------------------------------------------------- words */

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

static bool is_listed(const char *text, size_t len, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (is_word(text, len, *words)) {
			return true;
		}
	}
	return false;
}

/* Behind these a term begins. */
static const char *const OPENERS[] = {"and", "or", "try", "catch", "import", "include", NULL};
/* In the arguments of these "." is an element, a state or an entry. */
static const char *const REBINDING[] = {"map", "map_values", "with_entries", "sort_by", "group_by",
        "min_by", "max_by", "unique_by", "any", "all", "walk", "recurse", "until", "while",
        "repeat", "paths", NULL};

static void read_branch(struct scan *scan)
{
	if (scan_top(scan)->kind == SCOPE_IF) {
		scan_restart(scan);
	} else {
		scan->is_over = true;
	}
}

/* Words of the language; false for a name of one's own. */
static bool read_keyword(struct scan *scan, const char *word, size_t len)
{
	static const char *const BRANCHES[] = {"then", "elif", "else", NULL};
	static const char *const FOLDS[] = {"reduce", "foreach", NULL};
	if (is_word(word, len, "if")) {
		scan_note(scan, false);
		scan_push(scan, SCOPE_IF, true);
	} else if (is_listed(word, len, BRANCHES)) {
		read_branch(scan);
	} else if (is_word(word, len, "end")) {
		scan_close(scan, SCOPE_IF, SCOPE_IF);
	} else if (is_word(word, len, "def")) {
		scan_push(scan, SCOPE_DEF, true);
	} else if (is_word(word, len, "as") || is_word(word, len, "label")) {
		scan_note(scan, false);
		scan_top(scan)->is_binding = true;
	} else if (is_listed(word, len, FOLDS)) {
		scan_note(scan, false);
		scan_top(scan)->is_folding = true;
	} else if (is_listed(word, len, OPENERS)) {
		scan_note(scan, false);
	} else {
		return false;
	}
	return true;
}

/* A function, or the key of an object. select(f) gives "." itself or nothing. */
static void read_call(struct scan *scan, const char *word, size_t len)
{
	const bool is_select = is_word(word, len, "select") &&
	        scan_top(scan)->segment == SEGMENT_NOTHING && !scan->is_after_term;
	scan_note(scan, true);
	scan_blanks(scan);
	if (*scan->at == '(') {
		scan->at++;
		scan_top(scan)->segment = is_select ? SEGMENT_SELECT : SEGMENT_OTHER;
		scan_push(scan, SCOPE_ROUND, !is_listed(word, len, REBINDING));
	}
}

static void read_word(struct scan *scan)
{
	const char *word = scan->at;
	size_t len = scan_name_len(word);
	while (word[len] == ':' && word[len + 1] == ':') {
		len += 2 + scan_name_len(word + len + 2);
	}
	scan->at += len;
	const bool is_key =
	        scan_top(scan)->kind == SCOPE_CURLY && scan->at[strspn(scan->at, " \t\r\n")] == ':';
	if (is_key || !read_keyword(scan, word, len)) {
		read_call(scan, word, len);
	}
}

/* ----------------------------------------------------------------------- signs */

static void read_pipe(struct scan *scan)
{
	struct scope *scope = scan_top(scan);
	if (*scan->at == '=') {
		scan->at++;
		scan_note(scan, false);
		return;
	}
	if (scope->is_binding) {
		scope->is_binding = false;
	} else if (scope->segment == SEGMENT_PATH) {
		scope->root = scope->path;
	} else if (scope->segment != SEGMENT_SELECT) {
		scope->root.is_known = false;
	}
	scope->segment = SEGMENT_NOTHING;
	scan->is_after_term = false;
}

/* The brackets of a fold are the first after its "as"; the second part's "." is the state. */
static void read_round(struct scan *scan)
{
	const bool is_fold = scan_top(scan)->is_folding && scan_top(scan)->is_binding;
	scan_note(scan, false);
	if (is_fold) {
		scan_top(scan)->is_folding = false;
		scan_top(scan)->is_binding = false;
	}
	scan_push(scan, is_fold ? SCOPE_FOLD : SCOPE_ROUND, true);
}

static void read_semicolon(struct scan *scan)
{
	if (scan_top(scan)->kind == SCOPE_DEF) {
		scan_pop(scan, false);
		return;
	}
	scan_restart(scan);
	if (scan_top(scan)->kind == SCOPE_FOLD) {
		scan_top(scan)->root.is_known = false;
		scan_top(scan)->first.is_known = false;
	}
}

static void read_separator(struct scan *scan)
{
	if (scan_top(scan)->kind == SCOPE_CURLY) {
		scan_restart(scan);
	} else {
		scan_note(scan, false);
	}
}

/* The end of an interpolation goes on with its string. */
static void read_round_end(struct scan *scan)
{
	if (scan_top(scan)->kind == SCOPE_STRING) {
		scan_pop(scan, false);
		scan_string(scan);
	} else {
		scan_close(scan, SCOPE_ROUND, SCOPE_FOLD);
	}
}

static void read_open(struct scan *scan, enum scope_kind kind)
{
	scan_note(scan, false);
	scan_push(scan, kind, true);
}

static void read_sign(struct scan *scan)
{
	switch (*scan->at++) {
	case '"':
		scan_note(scan, true);
		scan_string(scan);
		break;
	case '|': read_pipe(scan); break;
	case '(': read_round(scan); break;
	case '[': read_open(scan, SCOPE_SQUARE); break;
	case '{': read_open(scan, SCOPE_CURLY); break;
	case ')': read_round_end(scan); break;
	case ']': scan_close(scan, SCOPE_SQUARE, SCOPE_SQUARE); break;
	case '}': scan_close(scan, SCOPE_CURLY, SCOPE_CURLY); break;
	case ';': read_semicolon(scan); break;
	case ',':
	case ':': read_separator(scan); break;
	case '$':
	case '@':
		scan->at += scan_name_len(scan->at);
		scan_note(scan, true);
		break;
	case '?': scan_note(scan, *scan->at != '/'); break;
	default: scan_note(scan, false); break;
	}
}

/* ------------------------------------------------------------------------- all */

static void scan_text(struct scan *scan, bool wants_declared)
{
	scan->at = scan->expression->text;
	scan->wants_declared = wants_declared;
	scan->depth = 0;
	scan->is_over = false;
	scan->is_after_term = false;
	scan->scopes[0] = (struct scope){.first.is_known = true, .root.is_known = true};
	for (scan_blanks(scan); *scan->at != '\0' && !scan->is_over && !scan->is_failed;
	        scan_blanks(scan)) {
		if (*scan->at == '.') {
			scan_dot(scan);
		} else if (scan_is_name_start(*scan->at)) {
			read_word(scan);
		} else if (isdigit((unsigned char)*scan->at) != 0) {
			scan->at += strspn(scan->at, "0123456789.eE");
			scan_note(scan, true);
		} else {
			read_sign(scan);
		}
	}
}

static bool is_only_section(const struct map_expression *expression, size_t index)
{
	for (size_t i = 0; i < expression->field_count; i++) {
		if (expression_path_is_section_of(
		            expression->fields[index], expression->fields[i])) {
			return true;
		}
	}
	return false;
}

/* Takes out "payroll.employment" where "payroll.employment.type" is read; what was declared stays.
 */
static void drop_sections(struct map_expression *expression, size_t from)
{
	for (size_t i = from; i < expression->field_count;) {
		if (!is_only_section(expression, i)) {
			i++;
			continue;
		}
		free(expression->fields[i]);
		expression->field_count--;
		memmove(&expression->fields[i], &expression->fields[i + 1],
		        (expression->field_count - i) * sizeof(*expression->fields));
	}
}

bool expression_scan(struct map_expression *expression, struct err *err)
{
	struct scan scan = {.expression = expression, .err = err};
	scan_text(&scan, true);
	const size_t declared = expression->field_count;
	if (!scan.is_failed) {
		scan_text(&scan, false);
	}
	if (!scan.is_failed) {
		drop_sections(expression, declared);
	}
	return !scan.is_failed;
}
