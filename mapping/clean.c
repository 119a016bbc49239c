/* SPDX-License-Identifier: MIT */
#include "mapping/clean.h"

#include "server/base/str.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Okta stores only the basic plane; control characters have no place in a profile. */
static bool is_kept(const char *text, size_t len)
{
	const unsigned char c = (unsigned char)text[0];
	const bool is_c1 = len == 2 && c == 0xc2 && (unsigned char)text[1] < 0xa0;
	return len < 4 && !is_c1 && c >= 0x20 && c != 0x7f;
}

static bool is_line_break_or_tab(char c)
{
	return c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f';
}

/* Most texts are nothing but this: bytes that are kept as they stand. */
static size_t plain_run(const char *text, size_t len)
{
	size_t run = 0;
	while (run < len && text[run] >= ' ' && text[run] < 0x7f) {
		run++;
	}
	return run;
}

/* Everything but the trimming; returns the bytes used. */
static size_t copy_kept(char *to, const char *text, size_t len)
{
	size_t used = 0;
	for (size_t i = 0; i < len;) {
		const size_t run = plain_run(text + i, len - i);
		if (run > 0) {
			memcpy(to + used, text + i, run);
			used += run;
			i += run;
			continue;
		}
		const size_t step = str_utf8_step(text + i, len - i);
		const size_t size = step > 0 ? step : 1;
		if (is_line_break_or_tab(text[i])) {
			if (used > 0 && to[used - 1] != ' ') {
				to[used++] = ' ';
			}
		} else if (step > 0 && is_kept(text + i, size)) {
			memcpy(to + used, text + i, size);
			used += size;
		}
		i += size;
	}
	return used;
}

char *clean_text(const char *text, size_t len)
{
	char *clean = malloc(len + 1);
	if (clean == NULL) {
		return NULL;
	}
	size_t trimmed_len = copy_kept(clean, text, len);
	clean[trimmed_len] = '\0';
	const char *trimmed = str_trim(clean, &trimmed_len);
	memmove(clean, trimmed, trimmed_len);
	clean[trimmed_len] = '\0';
	return clean;
}

/* Whether cleaning would leave the text as it is, and that is not empty. */
static bool is_clean(const char *text, size_t len)
{
	if (len == 0 || text[0] == ' ' || text[len - 1] == ' ') {
		return false;
	}
	for (size_t i = plain_run(text, len); i < len; i += plain_run(text + i, len - i)) {
		const size_t step = str_utf8_step(text + i, len - i);
		if (step == 0 || !is_kept(text + i, step)) {
			return false;
		}
		i += step;
	}
	return true;
}

static json_t *copy_clean(const json_t *text)
{
	char *clean = clean_text(json_string_value(text), json_string_length(text));
	if (clean == NULL) {
		return NULL;
	}
	json_t *value = clean[0] == '\0' ? json_null() : json_string(clean);
	free(clean);
	return value;
}

json_t *clean_string(json_t *text)
{
	return is_clean(json_string_value(text), json_string_length(text)) ? json_incref(text)
	                                                                   : copy_clean(text);
}

/* Lists within lists are not taken apart: no attribute takes them, and attribute_fit says so. */
static json_t *clean_item(const json_t *item)
{
	return json_is_string(item) ? copy_clean(item) : json_deep_copy(item);
}

static json_t *clean_array(const json_t *array)
{
	json_t *list = json_array();
	size_t i;
	const json_t *item;
	json_array_foreach(array, i, item)
	{
		json_t *clean = list == NULL ? NULL : clean_item(item);
		if (json_is_null(clean)) {
			continue;
		}
		if (json_array_append_new(list, clean) != 0) {
			json_decref(list);
			return NULL;
		}
	}
	if (json_array_size(list) == 0) {
		json_decref(list);
		return json_null();
	}
	return list;
}

json_t *clean_value(const json_t *value)
{
	return json_is_array(value) ? clean_array(value) : clean_item(value);
}
