/* SPDX-License-Identifier: MIT */
#include "mapping/attribute_check.h"

#include "server/base/str.h"

#include <string.h>

const char *attribute_not_writable(const struct attribute *attribute)
{
	if (attribute->is_read_only) {
		return "Okta's schema says that this attribute is read-only";
	}
	if (attribute->is_sourced_elsewhere) {
		return "another source than Okta fills this attribute (its source priority)";
	}
	return NULL;
}

size_t attribute_characters(const json_t *text)
{
	const char *at = json_string_value(text);
	const char *end = at + json_string_length(text);
	size_t count = 0;
	while (at < end) {
		const size_t step = str_utf8_step(at, (size_t)(end - at));
		at += step > 0 ? step : 1;
		count++;
	}
	return count;
}

/* ------------------------------------------------------------- allowed values */

static bool is_same(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b)) {
		return !(json_number_value(a) < json_number_value(b)) &&
		        !(json_number_value(a) > json_number_value(b));
	}
	return json_equal(a, b) != 0;
}

static bool is_listed(const json_t *allowed, const json_t *value)
{
	size_t i;
	const json_t *item;
	json_array_foreach(allowed, i, item)
	{
		if (is_same(item, value)) {
			return true;
		}
	}
	return false;
}

bool attribute_is_allowed(const struct attribute *attribute, const json_t *value)
{
	if (attribute->allowed == NULL) {
		return true;
	}
	if (!json_is_array(value)) {
		return is_listed(attribute->allowed, value);
	}
	size_t i;
	const json_t *item;
	json_array_foreach(value, i, item)
	{
		if (!is_listed(attribute->allowed, item)) {
			return false;
		}
	}
	return true;
}

/* -------------------------------------------------------------------- formats */

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Lenient: what Okta refuses beyond this, it says itself. */
static bool is_email(const char *text)
{
	const char *at = strrchr(text, '@');
	return at != NULL && at != text && at[1] != '\0' && strchr(text, ' ') == NULL;
}

static bool is_country_code(const char *text)
{
	return is_letter(text[0]) && is_letter(text[1]) && text[2] == '\0';
}

static bool is_uri(const char *text)
{
	const size_t scheme =
	        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
	return is_letter(text[0]) && text[scheme] == ':' && text[scheme + 1] != '\0' &&
	        strchr(text, ' ') == NULL;
}

static const struct {
	const char *format;
	bool (*fits)(const char *text);
	const char *complaint;
} FORMATS[] = {
        {"email", is_email, "not an e-mail address"},
        {"country-code", is_country_code, "not a country code of two letters"},
        {"uri", is_uri, "not a web address (https://...)"},
};

static const char *format_complaint(const char *format, const char *text)
{
	for (size_t i = 0; format != NULL && i < ARRAY_SIZE(FORMATS); i++) {
		if (str_equal(format, FORMATS[i].format) && !FORMATS[i].fits(text)) {
			return FORMATS[i].complaint;
		}
	}
	return NULL;
}

/* ------------------------------------------------------------------- patterns */

/* The characters of "[...]+": ASCII only, marked one by one. */
struct set {
	bool has[128];
};

/* One character of the class; false for what only a regular expression engine understands. */
static bool take_character(const char **at, const char *end, unsigned char *c)
{
	if (**at == '\\') {
		++*at;
		if (*at >= end || is_letter(**at) || (**at >= '0' && **at <= '9')) {
			return false;
		}
	} else if (**at == '[' || **at == '&') {
		return false;
	}
	*c = (unsigned char)*(*at)++;
	return *c < 128;
}

static bool read_class(const char *at, const char *end, struct set *set)
{
	while (at < end) {
		unsigned char from = 0;
		if (!take_character(&at, end, &from)) {
			return false;
		}
		unsigned char to = from;
		if (at + 1 < end && *at == '-') {
			at++;
			if (!take_character(&at, end, &to)) {
				return false;
			}
		}
		for (unsigned c = from; c <= to; c++) {
			set->has[c] = true;
		}
	}
	return true;
}

/* False also for patterns of other forms, which are left to Okta. */
static bool read_pattern(const char *pattern, struct set *set)
{
	const size_t len = strlen(pattern);
	memset(set, 0, sizeof(*set));
	return len > 3 && pattern[0] == '[' && pattern[1] != '^' &&
	        str_equal(pattern + len - 2, "]+") &&
	        read_class(pattern + 1, pattern + len - 2, set);
}

static const char *pattern_complaint(const char *pattern, const char *text)
{
	struct set set;
	if (!read_pattern(pattern, &set)) {
		return NULL;
	}
	for (const char *at = text; *at != '\0'; at++) {
		const unsigned char c = (unsigned char)*at;
		if (c >= 128 || !set.has[c]) {
			return "a character that the org's pattern does not allow";
		}
	}
	return NULL;
}

/* Without a pattern a login must be an e-mail address (okta.md 1.8). */
const char *attribute_complaint(const struct attribute *attribute, const json_t *value)
{
	if (!json_is_string(value)) {
		return NULL;
	}
	const char *text = json_string_value(value);
	if (attribute->pattern != NULL) {
		const char *complaint = pattern_complaint(attribute->pattern, text);
		if (complaint != NULL) {
			return complaint;
		}
	} else if (str_equal(attribute->name, "login") && !is_email(text)) {
		return "not an e-mail address, as the org's logins must be";
	}
	return format_complaint(attribute->format, text);
}
