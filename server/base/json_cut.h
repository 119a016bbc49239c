/* SPDX-License-Identifier: MIT */
#ifndef SERVER_BASE_JSON_CUT_H
#define SERVER_BASE_JSON_CUT_H

/*
 * Cuts the elements of one array out of a JSON object that comes in pieces, so
 * that a long list is never held as a whole (engine rule 27). Each element, and
 * each other value of the object, is parsed on its own by json_parse, with a cap
 * on its bytes and one on their count. A document that is damaged or ends early
 * is an error, whatever was cut out of it before. One thread; no I/O.
 */

#include "server/base/attr.h"
#include "server/base/buf.h"
#include "server/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct json_cut_options {
	const char *array; /* its key in the object; borrowed */
	size_t element_max_bytes;
	size_t count_max;
	/* Borrowed element. False: no more is wanted. */
	bool (*on_element)(void *context, const json_t *element);
	void *context;
};

/* Where in the document the next byte stands. */
enum json_cut_state {
	CUT_START,
	CUT_KEY_OR_END, /* after { */
	CUT_KEY, /* after , in the object */
	CUT_COLON,
	CUT_VALUE,
	CUT_MEMBER_END, /* , or } */
	CUT_ELEMENT_OR_END, /* after [ */
	CUT_ELEMENT, /* after , in the array */
	CUT_ELEMENT_END, /* , or ] */
	CUT_END, /* after the last } */
	CUT_INSIDE /* of a key, a value or an element, which is in piece so far */
};

enum json_cut_kind { CUT_PIECE_KEY, CUT_PIECE_VALUE, CUT_PIECE_ELEMENT };

/* Private but for its size. */
struct json_cut {
	struct json_cut_options options;
	enum json_cut_state state;
	enum json_cut_kind kind; /* of the piece */
	struct buf piece;
	bool is_scalar; /* it ends where something else begins */
	bool is_in_text;
	bool is_escaped;
	int depth; /* open brackets in the piece */
	bool is_array_key; /* the key that was read last is the array's */
	bool is_array_seen;
	size_t count;
};

void json_cut_init(struct json_cut *cut, const struct json_cut_options *options);
void json_cut_finish(struct json_cut *cut);
/*
 * Takes the next bytes; false with err for a damaged document, one over a cap, or a reader who
 * wants no more. After false nothing more may be given.
 */
bool json_cut_take(struct json_cut *cut, const char *bytes, size_t len, struct err *err) MUST_CHECK;
/* True when the document was whole and had the array. */
bool json_cut_end(const struct json_cut *cut, struct err *err) MUST_CHECK;

#endif
