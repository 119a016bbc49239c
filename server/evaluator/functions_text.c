/* SPDX-License-Identifier: MIT */
/* Spelling: accents, cases, blanks. */
#include "server/evaluator/functions.h"

#include "server/base/str.h"

#include <string.h>

static struct letters_text input_of(const struct function_call *call)
{
	return (struct letters_text){.at = call->text, .left = call->len};
}

/* ----------------------------------------------------------------- cases */

static void add_lower(struct buf *to, struct letters_text text)
{
	uint32_t point = 0;
	while (letters_next(&text, &point)) {
		letters_add(to, letters_lower(point));
	}
}

static void add_upper_letter(struct buf *to, uint32_t point)
{
	if (point == 0xDF) {
		buf_add_text(to, "SS");
	} else {
		letters_add(to, letters_upper(point));
	}
}

enum function_end function_lower(struct function_call *call)
{
	add_lower(call->to, input_of(call));
	return FUNCTION_TEXT;
}

enum function_end function_upper(struct function_call *call)
{
	struct letters_text text = input_of(call);
	uint32_t point = 0;
	while (letters_next(&text, &point)) {
		add_upper_letter(call->to, point);
	}
	return FUNCTION_TEXT;
}

/* Bytes from..to change, as the letters of ASCII are one byte each and no byte of others. */
static enum function_end change_ascii(struct function_call *call, char from, char to, int by)
{
	for (size_t i = 0; i < call->len; i++) {
		const char c = call->text[i];
		buf_add_char(call->to, c >= from && c <= to ? (char)(c + by) : c);
	}
	return FUNCTION_TEXT;
}

enum function_end function_ascii_downcase(struct function_call *call)
{
	return change_ascii(call, 'A', 'Z', 'a' - 'A');
}

enum function_end function_ascii_upcase(struct function_call *call)
{
	return change_ascii(call, 'a', 'z', 'A' - 'a');
}

enum function_end function_lower_turkish(struct function_call *call)
{
	struct letters_text text = input_of(call);
	uint32_t point = 0;
	while (letters_next(&text, &point)) {
		letters_add(call->to, point == 'I' ? 0x131 : letters_lower(point));
	}
	return FUNCTION_TEXT;
}

enum function_end function_upper_turkish(struct function_call *call)
{
	struct letters_text text = input_of(call);
	uint32_t point = 0;
	while (letters_next(&text, &point)) {
		add_upper_letter(call->to, point == 'i' ? 0x130 : point);
	}
	return FUNCTION_TEXT;
}

/* ----------------------------------------------------------------- ASCII */

/* GROẞE is GROSSE and MÜLLER is MUELLER, though one letter is written as two. */
static bool is_in_capitals(struct letters_text text)
{
	uint32_t point = 0;
	while (letters_next(&text, &point)) {
		if (letters_upper(point) != point || point == 0xDF) {
			return false;
		}
	}
	return true;
}

/* In Greek, ου is one sound: the second letter is a u, not a y. */
static bool is_second_of_ou(uint32_t before, uint32_t point)
{
	bool is_omicron = before == 0x3BF || before == 0x39F;
	return is_omicron && (point == 0x3C5 || point == 0x3CD || point == 0x3A5 || point == 0x38E);
}

static enum function_end write_ascii(struct function_call *call, enum letters_country country)
{
	struct letters_text text = input_of(call);
	size_t from = call->to->len;
	bool is_big = is_in_capitals(text);
	uint32_t point = 0;
	for (uint32_t before = 0; letters_next(&text, &point); before = point) {
		const char *ascii =
		        is_second_of_ou(before, point) ? "u" : letters_ascii(point, country);
		if (point == 0) {
			buf_add_char(call->to, '\0');
		} else if (ascii != NULL) {
			buf_add_text(call->to, ascii);
		}
	}
	for (size_t i = from; is_big && i < call->to->len; i++) {
		call->to->data[i] = (char)letters_upper((uint8_t)call->to->data[i]);
	}
	return FUNCTION_TEXT;
}

enum function_end function_ascii(struct function_call *call)
{
	return write_ascii(call, LETTERS_PLAIN);
}

enum function_end function_ascii_german(struct function_call *call)
{
	return write_ascii(call, LETTERS_GERMAN);
}

enum function_end function_ascii_nordic(struct function_call *call)
{
	return write_ascii(call, LETTERS_NORDIC);
}

/* ----------------------------------------------------------- proper case */

static bool is_break(uint32_t point)
{
	return letters_is_space(point) || point == '-' || point == '\'' || point == 0x2019 ||
	        point == '.' || point == '/' || point == '(';
}

static void add_proper(struct buf *to, struct letters_text text)
{
	uint32_t point = 0;
	for (bool is_first = true; letters_next(&text, &point); is_first = is_break(point)) {
		letters_add(to, is_first ? letters_upper(point) : letters_lower(point));
	}
}

enum function_end function_proper_case(struct function_call *call)
{
	add_proper(call->to, input_of(call));
	return FUNCTION_TEXT;
}

static bool is_among(const char *words, const char *word, size_t len)
{
	while (*words != '\0') {
		size_t line = strcspn(words, (char[]){FUNCTION_SEPARATOR, '\0'});
		if (line == len && memcmp(words, word, len) == 0) {
			return true;
		}
		words += line + (words[line] != '\0' ? 1U : 0U);
	}
	return false;
}

enum function_end function_proper_case_but(struct function_call *call)
{
	const char *at = call->text;
	const char *end = call->text + call->len;
	while (at < end) {
		const char *blank = memchr(at, ' ', (size_t)(end - at));
		size_t len = blank != NULL ? (size_t)(blank - at) : (size_t)(end - at);
		size_t from = call->to->len;
		struct letters_text word = {.at = at, .left = len};
		add_lower(call->to, word);
		if (!call->to->failed && call->to->len > from &&
		        !is_among(call->argument, call->to->data + from, call->to->len - from)) {
			call->to->len = from;
			add_proper(call->to, word);
		}
		if (blank != NULL) {
			buf_add_char(call->to, ' ');
		}
		at += len + (blank != NULL ? 1U : 0U);
	}
	return FUNCTION_TEXT;
}

/* ---------------------------------------------------------------- blanks */

static void add_squeezed(struct buf *to, struct letters_text text)
{
	size_t from = to->len;
	bool is_after_space = false;
	uint32_t point = 0;
	while (letters_next(&text, &point)) {
		if (letters_is_space(point)) {
			is_after_space = true;
			continue;
		}
		if (is_after_space && to->len > from) {
			buf_add_char(to, ' ');
		}
		is_after_space = false;
		letters_add(to, point);
	}
}

enum function_end function_squeeze(struct function_call *call)
{
	add_squeezed(call->to, input_of(call));
	return FUNCTION_TEXT;
}

enum function_end function_join_nonempty(struct function_call *call)
{
	const char *at = call->text;
	const char *end = call->text + call->len;
	while (at < end) {
		const char *stop = memchr(at, FUNCTION_SEPARATOR, (size_t)(end - at));
		size_t before = call->to->len;
		stop = stop != NULL ? stop : end;
		if (before > 0) {
			buf_add_text(call->to, call->argument);
		}
		size_t from = call->to->len;
		add_squeezed(
		        call->to, (struct letters_text){.at = at, .left = (size_t)(stop - at)});
		if (call->to->len == from) {
			call->to->len = before;
		}
		at = stop + 1;
	}
	return call->to->len > 0 ? FUNCTION_TEXT : FUNCTION_NULL;
}

enum function_end function_slug(struct function_call *call)
{
	struct buf ascii;
	buf_init(&ascii, call->to->max);
	struct function_call plain = *call;
	plain.to = &ascii;
	(void)write_ascii(&plain, LETTERS_PLAIN);
	bool is_begun = false;
	bool is_after_gap = false;
	for (size_t i = 0; i < ascii.len; i++) {
		uint32_t point = letters_lower((uint8_t)ascii.data[i]);
		bool is_kept = (point >= 'a' && point <= 'z') || (point >= '0' && point <= '9');
		if (is_kept && is_after_gap && is_begun) {
			buf_add_text(call->to, call->argument);
		}
		if (is_kept) {
			letters_add(call->to, point);
		}
		is_begun = is_begun || is_kept;
		is_after_gap = !is_kept;
	}
	call->to->failed = call->to->failed || ascii.failed;
	buf_finish(&ascii);
	return FUNCTION_TEXT;
}
