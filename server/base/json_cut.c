/* SPDX-License-Identifier: MIT */
#include "server/base/json_cut.h"

#include "server/base/json.h"
#include "server/base/str.h"

void json_cut_init(struct json_cut *cut, const struct json_cut_options *options)
{
	*cut = (struct json_cut){.options = *options, .state = CUT_START};
	buf_init(&cut->piece, options->element_max_bytes);
}

void json_cut_finish(struct json_cut *cut)
{
	buf_wipe(&cut->piece);
}

static bool fail(struct err *err)
{
	err_set(err, ERR_BAD_JSON, "the list is damaged: it is not the JSON that was announced");
	return false;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ------------------------------------------------------------------ pieces */

static bool take_key(struct json_cut *cut, const json_t *key, struct err *err)
{
	cut->is_array_key = str_equal(json_string_value(key), cut->options.array);
	if (cut->is_array_key && cut->is_array_seen) {
		return fail(err);
	}
	cut->state = CUT_COLON;
	return true;
}

static bool take_element(struct json_cut *cut, const json_t *element, struct err *err)
{
	cut->state = CUT_ELEMENT_END;
	if (cut->count == cut->options.count_max) {
		err_set(err, ERR_ANSWER_TOO_LARGE, "the list is over its limit of %zu elements",
		        cut->options.count_max);
		return false;
	}
	cut->count++;
	if (!cut->options.on_element(cut->options.context, element)) {
		err_set(err, ERR_STOPPED, "the list was read to no end");
		return false;
	}
	return true;
}

static bool end_piece(struct json_cut *cut, struct err *err)
{
	json_t *json = json_parse(cut->piece.data, cut->piece.len, NULL);
	bool is_taken = json != NULL;

	buf_clear(&cut->piece);
	if (!is_taken) {
		return fail(err);
	}
	switch (cut->kind) {
	case CUT_PIECE_KEY: is_taken = take_key(cut, json, err); break;
	case CUT_PIECE_VALUE: cut->state = CUT_MEMBER_END; break;
	case CUT_PIECE_ELEMENT: is_taken = take_element(cut, json, err); break;
	}
	json_decref(json);
	return is_taken;
}

static bool add(struct json_cut *cut, char c, struct err *err)
{
	if (!buf_add_char(&cut->piece, c)) {
		err_set(err, ERR_ANSWER_TOO_LARGE, "an element of the list is over %zu bytes",
		        cut->options.element_max_bytes);
		return false;
	}
	return true;
}

static bool begin_piece(struct json_cut *cut, enum json_cut_kind kind, char c, struct err *err)
{
	cut->kind = kind;
	cut->state = CUT_INSIDE;
	cut->is_in_text = c == '"';
	cut->is_escaped = false;
	cut->depth = c == '{' || c == '[' ? 1 : 0;
	cut->is_scalar = !cut->is_in_text && cut->depth == 0;
	return add(cut, c, err);
}

/* A byte of a text in the piece; true when it ends the text. */
static bool ends_text(struct json_cut *cut, char c)
{
	if (cut->is_escaped) {
		cut->is_escaped = false;
	} else if (c == '\\') {
		cut->is_escaped = true;
	} else if (c == '"') {
		cut->is_in_text = false;
		return true;
	}
	return false;
}

/* Whether that byte, which belongs to the piece, is its last; brackets that do not match are found
 * by the parser. */
static bool ends_piece(struct json_cut *cut, char c)
{
	if (cut->is_in_text) {
		return ends_text(cut, c) && cut->depth == 0;
	}
	if (c == '"') {
		cut->is_in_text = true;
	} else if (c == '{' || c == '[') {
		cut->depth++;
	} else if (c == '}' || c == ']') {
		cut->depth--;
		return cut->depth == 0;
	}
	return false;
}

/* ---------------------------------------------------------------- document */

static bool step_outside(struct json_cut *cut, char c, struct err *err);

static bool step_inside(struct json_cut *cut, char c, struct err *err)
{
	if (cut->is_scalar && (is_blank(c) || c == ',' || c == '}' || c == ']')) {
		return end_piece(cut, err) && (is_blank(c) || step_outside(cut, c, err));
	}
	if (!add(cut, c, err)) {
		return false;
	}
	return cut->is_scalar || !ends_piece(cut, c) || end_piece(cut, err);
}

static bool move(struct json_cut *cut, enum json_cut_state to)
{
	cut->state = to;
	return true;
}

static bool begin_value(struct json_cut *cut, char c, struct err *err)
{
	if (!cut->is_array_key) {
		return begin_piece(cut, CUT_PIECE_VALUE, c, err);
	}
	cut->is_array_seen = true;
	return c == '[' ? move(cut, CUT_ELEMENT_OR_END) : fail(err);
}

static bool step_between(struct json_cut *cut, char c, struct err *err)
{
	bool is_in_array = cut->state == CUT_ELEMENT_END;

	if (c == ',') {
		return move(cut, is_in_array ? CUT_ELEMENT : CUT_KEY);
	}
	if (c == (is_in_array ? ']' : '}')) {
		return move(cut, is_in_array ? CUT_MEMBER_END : CUT_END);
	}
	return fail(err);
}

static bool step_outside(struct json_cut *cut, char c, struct err *err)
{
	switch (cut->state) {
	case CUT_START: return c == '{' ? move(cut, CUT_KEY_OR_END) : fail(err);
	case CUT_KEY_OR_END:
		if (c == '}') {
			return move(cut, CUT_END);
		}
		return c == '"' ? begin_piece(cut, CUT_PIECE_KEY, c, err) : fail(err);
	case CUT_KEY: return c == '"' ? begin_piece(cut, CUT_PIECE_KEY, c, err) : fail(err);
	case CUT_COLON: return c == ':' ? move(cut, CUT_VALUE) : fail(err);
	case CUT_VALUE: return begin_value(cut, c, err);
	case CUT_ELEMENT_OR_END:
		if (c == ']') {
			return move(cut, CUT_MEMBER_END);
		}
		return begin_piece(cut, CUT_PIECE_ELEMENT, c, err);
	case CUT_ELEMENT: return begin_piece(cut, CUT_PIECE_ELEMENT, c, err);
	case CUT_MEMBER_END:
	case CUT_ELEMENT_END: return step_between(cut, c, err);
	case CUT_END:
	case CUT_INSIDE: break;
	}
	return fail(err);
}

bool json_cut_take(struct json_cut *cut, const char *bytes, size_t len, struct err *err)
{
	for (size_t i = 0; i < len; i++) {
		bool is_taken = cut->state == CUT_INSIDE ? step_inside(cut, bytes[i], err)
		        : is_blank(bytes[i])             ? true
		                                         : step_outside(cut, bytes[i], err);
		if (!is_taken) {
			return false;
		}
	}
	return true;
}

bool json_cut_end(const struct json_cut *cut, struct err *err)
{
	if (cut->state == CUT_END && cut->is_array_seen) {
		return true;
	}
	err_set(err, ERR_BAD_JSON, "the list is not whole");
	return false;
}
