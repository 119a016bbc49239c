/* SPDX-License-Identifier: MIT */
/* Scopes, blanks, strings and paths of an expression. */
#include "mapping/expression_token.h"

#include "server/base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct scope *scan_top(struct scan *scan)
{
	return &scan->scopes[scan->depth];
}

void scan_note(struct scan *scan, bool is_term)
{
	scan_top(scan)->segment = SEGMENT_OTHER;
	scan->is_after_term = is_term;
}

/* --------------------------------------------------------------------- scopes */

void scan_push(struct scan *scan, enum scope_kind kind, bool is_known)
{
	if (scan->depth + 1 == SCAN_DEPTH_MAX) {
		err_set(scan->err, ERR_SETTINGS_INVALID, "is nested more than %d deep; simplify it",
		        SCAN_DEPTH_MAX);
		scan->is_failed = true;
		return;
	}
	struct root root = scan_top(scan)->root;
	root.is_known = root.is_known && is_known;
	scan->depth++;
	*scan_top(scan) = (struct scope){.kind = kind, .first = root, .root = root};
	scan->is_after_term = false;
}

void scan_pop(struct scan *scan, bool is_term)
{
	if (scan->depth == 0) {
		scan->is_over = true;
		return;
	}
	scan->depth--;
	scan->is_after_term = is_term;
}

void scan_restart(struct scan *scan)
{
	struct scope *scope = scan_top(scan);
	scope->root = scope->first;
	scope->segment = SEGMENT_NOTHING;
	scope->is_binding = false;
	scan->is_after_term = false;
}

void scan_close(struct scan *scan, enum scope_kind kind, enum scope_kind other)
{
	if (scan_top(scan)->kind != kind && scan_top(scan)->kind != other) {
		scan->is_over = true;
		return;
	}
	scan_pop(scan, true);
}

/* ------------------------------------------------------------ blanks, comments */

static void add_field(struct scan *scan, const char *id)
{
	scan->is_failed = scan->is_failed || !expression_add_field(scan->expression, id, scan->err);
}

static void declare_field(struct scan *scan, const char *text)
{
	char id[EXPRESSION_PATH_BYTES];
	size_t len = 0;
	const char *trimmed = str_trim(text, &len);
	str_format_cut(id, sizeof(id), "%.*s", (int)len, trimmed);
	if (len == 0) {
		return;
	}
	if (!expression_path_is_id(id)) {
		err_set(scan->err, ERR_SETTINGS_INVALID,
		        "the comment \"# reads:\" names \"%.60s\", which is no field id; write ids as"
		        " work.title, with commas between",
		        id);
		scan->is_failed = true;
		return;
	}
	add_field(scan, id);
}

/* The text behind "#"; is taken apart. */
static void read_comment(struct scan *scan, char *comment)
{
	static const char READS[] = "reads:";
	char *at = comment + strspn(comment, " \t");
	if (!str_starts_with(at, READS)) {
		return;
	}
	at += strlen(READS);
	while (at != NULL && !scan->is_failed) {
		char *comma = strchr(at, ',');
		if (comma != NULL) {
			*comma = '\0';
		}
		declare_field(scan, at);
		at = comma == NULL ? NULL : comma + 1;
	}
}

static void skip_comment(struct scan *scan)
{
	const size_t len = strcspn(scan->at, "\n");
	char *comment = scan->wants_declared ? str_dup_len(scan->at + 1, len - 1) : NULL;
	if (comment != NULL) {
		read_comment(scan, comment);
	} else if (scan->wants_declared) {
		err_set(scan->err, ERR_NO_MEMORY, "no memory for an expression");
		scan->is_failed = true;
	}
	free(comment);
	scan->at += len;
}

void scan_blanks(struct scan *scan)
{
	for (;;) {
		scan->at += strspn(scan->at, " \t\r\n");
		if (*scan->at != '#') {
			return;
		}
		skip_comment(scan);
	}
}

/* --------------------------------------------------------------------- strings */

void scan_string(struct scan *scan)
{
	for (;;) {
		scan->at += strcspn(scan->at, "\"\\");
		if (*scan->at == '\0') {
			scan->is_over = true;
			return;
		}
		if (*scan->at == '"') {
			scan->at++;
			scan->is_after_term = true;
			return;
		}
		if (scan->at[1] == '(') {
			scan->at += 2;
			scan_push(scan, SCOPE_STRING, true);
			return;
		}
		scan->at += scan->at[1] == '\0' ? 1 : 2;
	}
}

/* The length of a string without escapes that begins at the quote; 0: it has some. */
static size_t plain_string_len(const char *quote)
{
	const size_t len = strcspn(quote + 1, "\"\\");
	return quote[1 + len] == '"' ? len : 0;
}

/* ----------------------------------------------------------------------- paths */

bool scan_is_name_start(char c)
{
	return isalpha((unsigned char)c) != 0 || c == '_';
}

size_t scan_name_len(const char *at)
{
	size_t len = 0;
	while (isalnum((unsigned char)at[len]) != 0 || at[len] == '_') {
		len++;
	}
	return len;
}

struct path {
	struct root root; /* as far as it could be followed */
	bool is_whole; /* it could be, to its end */
};

static void add_part(struct path *path, const char *part, size_t len)
{
	path->is_whole = path->is_whole &&
	        expression_path_add(path->root.path, sizeof(path->root.path), part, len);
}

/* ["title"]; false when something else is in the brackets. */
static bool read_bracket_part(struct scan *scan, struct path *path)
{
	const char *quote = scan->at + 1 + strspn(scan->at + 1, " \t\r\n");
	const size_t len = *quote == '"' ? plain_string_len(quote) : 0;
	const char *end = len == 0 ? "" : quote + len + 2;
	end += strspn(end, " \t\r\n");
	if (*end != ']') {
		return false;
	}
	add_part(path, quote + 1, len);
	scan->at = end + 1;
	return true;
}

/* A name or a plain string behind a dot; false for anything else. */
static bool read_dot_part(struct scan *scan, struct path *path)
{
	const char *at = scan->at + 1;
	const bool is_quoted = *at == '"';
	const size_t len = is_quoted ? plain_string_len(at) : scan_name_len(at);
	if (len == 0 || (!is_quoted && !scan_is_name_start(*at))) {
		return false;
	}
	add_part(path, is_quoted ? at + 1 : at, len);
	scan->at = at + len + (is_quoted ? 2 : 0);
	return true;
}

/* One step behind what was read; false at the end of the path. */
static bool read_step(struct scan *scan, struct path *path)
{
	scan_blanks(scan);
	if (scan->at[0] == '.' && scan->at[1] == '[') {
		scan->at++;
	}
	if (scan->at[0] == '?' && scan->at[1] != '/') {
		scan->at++;
		return true;
	}
	if (scan->at[0] == '.') {
		return read_dot_part(scan, path);
	}
	if (scan->at[0] == '[') {
		const bool is_part = read_bracket_part(scan, path);
		path->is_whole = path->is_whole && is_part;
		return is_part;
	}
	return false;
}

static void take_path(struct scan *scan, const struct path *path)
{
	char id[EXPRESSION_PATH_BYTES];
	const bool may_count = path->root.is_known || expression_path_is_bobs(path->root.path);
	if (!scan->wants_declared && may_count &&
	        expression_path_field(path->root.path, id, sizeof(id))) {
		add_field(scan, id);
	}
}

/* At a dot that begins a path. */
static void read_path(struct scan *scan)
{
	struct scope *scope = scan_top(scan);
	struct path path = {.root = scope->root, .is_whole = true};
	if (!path.root.is_known) {
		path.root.path[0] = '\0';
	}
	if (!read_dot_part(scan, &path)) {
		scan->at++;
		path.is_whole = *scan->at != '"';
	}
	while (read_step(scan, &path)) {
	}
	take_path(scan, &path);
	const bool is_alone = scope->segment == SEGMENT_NOTHING;
	scope->segment = is_alone ? SEGMENT_PATH : SEGMENT_OTHER;
	scope->path = path.root;
	scope->path.is_known = path.root.is_known && path.is_whole;
	scan->is_after_term = true;
}

/* A path that goes on from a term: what it leads through is not known. */
static void read_suffix(struct scan *scan)
{
	struct path path = {.is_whole = false};
	scan_note(scan, true);
	if (!read_dot_part(scan, &path)) {
		scan->at++;
	}
	while (read_step(scan, &path)) {
	}
}

void scan_dot(struct scan *scan)
{
	if (scan->at[1] == '.') {
		scan->at += 2;
		scan_note(scan, true);
	} else if (!scan->is_after_term && isdigit((unsigned char)scan->at[1]) != 0) {
		scan->at += 1 + scan_name_len(scan->at + 1);
		scan_note(scan, true);
	} else if (scan->is_after_term) {
		read_suffix(scan);
	} else {
		read_path(scan);
	}
}
