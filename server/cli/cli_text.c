/* SPDX-License-Identifier: MIT */
#include "server/cli/cli_text.h"

#include "server/base/attr.h"
#include "server/base/clock.h"
#include "server/base/str.h"

#include <string.h>

struct range {
	uint32_t first;
	uint32_t last;
};

/* East Asian wide and full-width characters, and pictures: two columns. */
static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf},
        {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

/* Marks that sit on the character before them: no column. */
static const struct range marks[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},
        {0x0610, 0x061a}, {0x064b, 0x065f}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200d},
        {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};

/* What a terminal obeys instead of showing, and what turns the reading direction. */
static const struct range steering[] = {{0x00, 0x1f}, {0x7f, 0x9f}, {0x200e, 0x200f},
        {0x2028, 0x202e}, {0x2066, 0x2069}, {0xfeff, 0xfeff}};

static bool is_in(const struct range *ranges, size_t count, uint32_t point)
{
	for (size_t i = 0; i < count; i++) {
		if (point >= ranges[i].first && point <= ranges[i].last) {
			return true;
		}
	}
	return false;
}

/* The code point of a well-formed character of `step` bytes. */
static uint32_t point_of(const char *bytes, size_t step)
{
	if (step == 1) {
		return (uint8_t)bytes[0];
	}
	uint32_t point = (uint8_t)bytes[0] & (0xffu >> (step + 1));
	for (size_t i = 1; i < step; i++) {
		point = (point << 6) | ((uint8_t)bytes[i] & 0x3fu);
	}
	return point;
}

static size_t columns_of(const char *bytes, size_t step)
{
	if (step == 0) {
		return 1;
	}
	uint32_t point = point_of(bytes, step);
	if (is_in(marks, ARRAY_SIZE(marks), point)) {
		return 0;
	}
	return is_in(wide, ARRAY_SIZE(wide), point) ? 2 : 1;
}

size_t cli_text_fit(const char *text, size_t columns)
{
	size_t len = strlen(text);
	size_t at = 0;
	size_t taken = 0;
	while (at < len) {
		size_t step = str_utf8_step(text + at, len - at);
		size_t width = columns_of(text + at, step);
		if (taken + width > columns) {
			break;
		}
		taken += width;
		at += step > 0 ? step : 1;
	}
	return at;
}

size_t cli_text_width(const char *text)
{
	size_t len = strlen(text);
	size_t taken = 0;
	for (size_t at = 0; at < len;) {
		size_t step = str_utf8_step(text + at, len - at);
		taken += columns_of(text + at, step);
		at += step > 0 ? step : 1;
	}
	return taken;
}

/* How many bytes at the start may be shown; 0: the first byte, or character, may not. */
static size_t showable(const char *text, size_t len, size_t *step)
{
	*step = str_utf8_step(text, len);
	if (*step == 0) {
		*step = 1;
		return 0;
	}
	return is_in(steering, ARRAY_SIZE(steering), point_of(text, *step)) ? 0 : *step;
}

void cli_text_clean(char *to, size_t size, const char *text)
{
	size_t len = strlen(text);
	size_t used = 0;
	for (size_t at = 0; at < len;) {
		size_t step = 0;
		size_t shown = showable(text + at, len - at, &step);
		if (used + (shown > 0 ? shown : 1) >= size) {
			break;
		}
		if (shown > 0) {
			memcpy(to + used, text + at, shown);
			used += shown;
		} else {
			to[used++] = text[at] == '\n' || text[at] == '\t' ? ' ' : '?';
		}
		at += step;
	}
	to[used] = '\0';
}

void cli_text_write(FILE *out, const char *text)
{
	size_t len = strlen(text);
	for (size_t at = 0; at < len;) {
		size_t step = 0;
		size_t shown = showable(text + at, len - at, &step);
		if (shown > 0 || text[at] == '\n') {
			fwrite(text + at, 1, step, out);
		} else {
			fputc('?', out);
		}
		at += step;
	}
}

void cli_text_time(char *to, int64_t wall_ms)
{
	if (wall_ms == 0) {
		str_format_cut(to, CLI_TEXT_TIME_BYTES, "-");
		return;
	}
	char iso[CLOCK_TEXT_BYTES];
	clock_format(iso, wall_ms);
	str_format_cut(to, CLI_TEXT_TIME_BYTES, "%.10s %.8sZ", iso, iso + 11);
}

void cli_text_span(char *to, int64_t ms)
{
	long long seconds = (long long)((ms + 999) / 1000);
	long long minutes = (seconds + 59) / 60;
	if (seconds < 60) {
		str_format_cut(to, CLI_TEXT_TIME_BYTES, "%lld s", seconds > 0 ? seconds : 1);
	} else if (minutes < 60) {
		str_format_cut(to, CLI_TEXT_TIME_BYTES, "%lld min", minutes);
	} else if (minutes < 24 * 60) {
		str_format_cut(
		        to, CLI_TEXT_TIME_BYTES, "%lld h %lld min", minutes / 60, minutes % 60);
	} else {
		str_format_cut(to, CLI_TEXT_TIME_BYTES, "%lld d %lld h", minutes / (24 * 60),
		        minutes / 60 % 24);
	}
}
