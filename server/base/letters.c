/* SPDX-License-Identifier: MIT */
#include "server/base/letters.h"

#include "server/base/str.h"

#include <pthread.h>
#include <string.h>

#define POINTS         0x2200U /* all that the tables speak of */
#define COUNTRY_POINTS 0x100U

static const char *ascii_of[POINTS];
static const char *german_of[COUNTRY_POINTS];
static const char *nordic_of[COUNTRY_POINTS];
static uint16_t lower_of[POINTS]; /* 0: itself */
static uint16_t upper_of[POINTS];

/* ---------------------------------------------------------------- tables */

static void set_row(const char **table, size_t points, const char *ascii, const char *letters)
{
	struct letters_text text = {.at = letters, .left = strlen(letters)};
	uint32_t point = 0;
	while (letters_next(&text, &point)) {
		if (point < points) {
			table[point] = ascii;
		}
	}
}

static void set_cases(uint32_t first, uint32_t last, uint32_t step, int32_t delta)
{
	for (uint32_t big = first; big <= last; big += step) {
		uint32_t small = (uint32_t)((int32_t)big + delta);
		if (big < POINTS && small < POINTS) {
			lower_of[big] = (uint16_t)small;
			upper_of[small] = (uint16_t)big;
		}
	}
}

static void set_plain(void)
{
	static char plain[128][2];
	for (uint32_t point = 0; point < ARRAY_SIZE(plain); point++) {
		plain[point][0] = (char)point;
		ascii_of[point] = plain[point];
	}
}

static void make_tables(void)
{
	set_plain();
#define LETTERS(ascii, letters)         set_row(ascii_of, POINTS, ascii, letters);
#define GERMAN(ascii, letters)          set_row(german_of, COUNTRY_POINTS, ascii, letters);
#define NORDIC(ascii, letters)          set_row(nordic_of, COUNTRY_POINTS, ascii, letters);
#define CASES(first, last, step, delta) set_cases(first, last, step, delta);
#include "server/base/letters.def"
	/* One way only. The Turkish letters have a pair of functions of their own. */
	lower_of[0x130] = 'i';
	upper_of[0x131] = 'I';
	upper_of[0x3C2] = 0x3A3; /* the sigma at a word's end */
}

void letters_init(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_tables);
}

/* --------------------------------------------------------------- letters */

const char *letters_ascii(uint32_t point, enum letters_country country)
{
	const char *found = NULL;
	if (country != LETTERS_PLAIN && point < COUNTRY_POINTS) {
		found = country == LETTERS_GERMAN ? german_of[point] : nordic_of[point];
	}
	if (found != NULL) {
		return found;
	}
	return point < POINTS ? ascii_of[point] : NULL;
}

uint32_t letters_lower(uint32_t point)
{
	return point < POINTS && lower_of[point] != 0 ? lower_of[point] : point;
}

uint32_t letters_upper(uint32_t point)
{
	return point < POINTS && upper_of[point] != 0 ? upper_of[point] : point;
}

bool letters_is_mark(uint32_t point)
{
	return (point >= 0x300 && point <= 0x36F) || (point >= 0xFE00 && point <= 0xFE0F) ||
	        point == 0x200D;
}

bool letters_is_space(uint32_t point)
{
	return point == ' ' || (point >= '\t' && point <= '\r') || point == 0xA0 ||
	        (point >= 0x2000 && point <= 0x200A) || point == 0x202F || point == 0x3000;
}

/* ------------------------------------------------------------------ text */

bool letters_next(struct letters_text *text, uint32_t *point)
{
	static const uint8_t lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
	size_t len = 0;
	while (text->left > 0 && (len = str_utf8_step(text->at, text->left)) == 0) {
		text->at++;
		text->left--;
	}
	if (len == 0) {
		return false;
	}
	*point = (uint8_t)text->at[0] & lead_bits[len];
	for (size_t i = 1; i < len; i++) {
		*point = *point << 6 | ((uint8_t)text->at[i] & 0x3FU);
	}
	text->at += len;
	text->left -= len;
	return true;
}

void letters_add(struct buf *to, uint32_t point)
{
	if (point < 0x80) {
		buf_add_char(to, (char)point);
		return;
	}
	int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	static const uint8_t lead[] = {0, 0xC0, 0xE0, 0xF0};
	buf_add_char(to, (char)(lead[more] | point >> (6 * more)));
	for (int i = more - 1; i >= 0; i--) {
		buf_add_char(to, (char)(0x80U | (point >> (6 * i) & 0x3FU)));
	}
}
