/* SPDX-License-Identifier: MIT */
#ifndef MAPPING_EXPRESSION_TOKEN_H
#define MAPPING_EXPRESSION_TOKEN_H

/* What a scan of an expression keeps, and its pieces below words and signs; internal. */

#include "mapping/expression_path.h"
#include "mapping/expression_scan.h"

#define SCAN_DEPTH_MAX 40

/* What "." stands for: a place in the input ("" is the whole), or something else. */
struct root {
	bool is_known;
	char path[EXPRESSION_PATH_BYTES];
};

enum scope_kind {
	SCOPE_WHOLE,
	SCOPE_ROUND,
	SCOPE_FOLD, /* the brackets of reduce and foreach */
	SCOPE_SQUARE,
	SCOPE_CURLY,
	SCOPE_STRING, /* "\( ... )" */
	SCOPE_IF, /* if ... end */
	SCOPE_DEF, /* def ... ; */
};

/* What stands between the last pipe and here. */
enum segment { SEGMENT_NOTHING, SEGMENT_PATH, SEGMENT_SELECT, SEGMENT_OTHER };

struct scope {
	enum scope_kind kind;
	struct root first; /* at its beginning */
	struct root root; /* now */
	struct root path; /* with SEGMENT_PATH: where it leads */
	enum segment segment;
	bool is_binding; /* after "as": the next pipe changes nothing */
	bool is_folding; /* after reduce and foreach */
};

struct scan {
	struct map_expression *expression;
	struct err *err;
	const char *at;
	struct scope scopes[SCAN_DEPTH_MAX];
	size_t depth; /* of the innermost scope */
	bool wants_declared; /* first "# reads:" is looked for, then paths */
	bool is_after_term; /* a path here goes on from what stands before */
	bool is_failed; /* err is set */
	bool is_over; /* the text is not well formed: jq will say so */
};

struct scope *scan_top(struct scan *scan);
/* Something stands here that is no path alone; a term, or something that ends none. */
void scan_note(struct scan *scan, bool is_term);

/* "." is unknown in the new scope where is_known is false. */
void scan_push(struct scan *scan, enum scope_kind kind, bool is_known);
void scan_pop(struct scan *scan, bool is_term);
/* A part of the scope that begins anew: an argument, a branch, an object's value. */
void scan_restart(struct scan *scan);
/* Ends a scope of one of two kinds; anything else ends the scan. */
void scan_close(struct scan *scan, enum scope_kind kind, enum scope_kind other);

/* Passes over blanks and comments. */
void scan_blanks(struct scan *scan);
/* From behind the opening quote, or behind an interpolation, to the end or the next one. */
void scan_string(struct scan *scan);
/* At a dot: a path, the end of a term, or a number. */
void scan_dot(struct scan *scan);
bool scan_is_name_start(char c);
size_t scan_name_len(const char *at);

#endif
