/* SPDX-License-Identifier: MIT */
/*
 * Whether a value fits an attribute: first its form, then what the schema says
 * about it. What Okta alone can tell is left to Okta. Reasons hold no values.
 */
#include "mapping/attribute.h"
#include "mapping/attribute_check.h"

#include "server/base/buf.h"
#include "server/base/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MAX_BYTES 64
#define LIST_MAX_BYTES   16384
#define INTEGER_LIMIT    9007199254740992.0 /* 2^53: beyond it a real is not exact */

/* A conversion in hand: what it came to, or why it failed. */
struct fitting {
	const struct attribute *attribute;
	char *reason;
	size_t size;
};

static json_t *refuse(const struct fitting *fitting, const char *reason)
{
	str_format_cut(fitting->reason, fitting->size, "%s", reason);
	return NULL;
}

/* ---------------------------------------------------------------------- texts */

bool attribute_number_text(const json_t *number, char *to, size_t size)
{
	if (json_is_integer(number)) {
		return str_format(to, size, "%lld", (long long)json_integer_value(number));
	}
	return str_format(to, size, "%.15g", json_real_value(number));
}

static json_t *text_of_scalar(const struct fitting *fitting, json_t *value)
{
	char text[NUMBER_MAX_BYTES];
	if (json_is_string(value)) {
		return json_incref(value);
	}
	if (json_is_boolean(value)) {
		return json_string(json_is_true(value) ? "true" : "false");
	}
	if (json_is_number(value) && attribute_number_text(value, text, sizeof(text))) {
		return json_string(text);
	}
	return refuse(fitting, "an object or a list within a list, Okta takes a text");
}

static bool add_joined(struct buf *buf, const struct fitting *fitting, json_t *item)
{
	json_t *text = text_of_scalar(fitting, item);
	if (text == NULL) {
		return false;
	}
	buf_add_text(buf, buf->len == 0 ? "" : ", ");
	buf_add_text(buf, json_string_value(text));
	json_decref(text);
	return true;
}

static json_t *text_of_list(const struct fitting *fitting, const json_t *list)
{
	struct buf buf;
	buf_init(&buf, LIST_MAX_BYTES);
	bool is_joined = true;
	for (size_t i = 0; is_joined && i < json_array_size(list); i++) {
		is_joined = add_joined(&buf, fitting, json_array_get(list, i));
	}
	json_t *text = NULL;
	if (is_joined) {
		text = buf.failed ? refuse(fitting, "a list that is too long for one text")
		                  : json_string(buf_text(&buf));
	}
	buf_finish(&buf);
	return text;
}

static json_t *to_text(const struct fitting *fitting, json_t *value)
{
	return json_is_array(value) ? text_of_list(fitting, value) : text_of_scalar(fitting, value);
}

/* ------------------------------------------------------- truth values, numbers */

static json_t *to_boolean(const struct fitting *fitting, json_t *value)
{
	const char *text = json_string_value(value);
	if (json_is_boolean(value)) {
		return json_incref(value);
	}
	if (text != NULL && (str_equal_fold(text, "true") || str_equal_fold(text, "yes"))) {
		return json_true();
	}
	if (text != NULL && (str_equal_fold(text, "false") || str_equal_fold(text, "no"))) {
		return json_false();
	}
	return refuse(fitting, "neither true nor false, which Okta takes here");
}

/* A decimal number as JSON writes it, leading zeros and a plus allowed; nothing around it. */
static bool is_number_text(const char *text)
{
	const char *at = text + (*text == '-' || *text == '+');
	const size_t whole = strspn(at, "0123456789");
	at += whole;
	const size_t part = *at == '.' ? strspn(at + 1, "0123456789") : 0;
	if (whole == 0 || (*at == '.' && part == 0)) {
		return false;
	}
	at += part > 0 ? part + 1 : 0;
	if (*at == 'e' || *at == 'E') {
		at += 1 + (at[1] == '-' || at[1] == '+');
		const size_t power = strspn(at, "0123456789");
		return power > 0 && at[power] == '\0';
	}
	return *at == '\0';
}

/* A text becomes the number it writes; NULL with a reason for everything else. */
static json_t *to_number(const struct fitting *fitting, json_t *value)
{
	int64_t whole = 0;
	const char *text = json_string_value(value);
	if (json_is_number(value)) {
		return json_incref(value);
	}
	if (text == NULL || !is_number_text(text)) {
		return refuse(fitting, "not a number, which Okta takes here");
	}
	if (str_to_int64(text, &whole)) {
		return json_integer(whole);
	}
	const double real = strtod(text, NULL);
	return isfinite(real) ? json_real(real)
	                      : refuse(fitting, "a number that is too large for Okta");
}

static json_t *to_integer(const struct fitting *fitting, json_t *value)
{
	json_t *number = to_number(fitting, value);
	if (number == NULL || json_is_integer(number)) {
		return number;
	}
	const double real = json_real_value(number);
	json_decref(number);
	if (real != trunc(real)) {
		return refuse(fitting, "a number with a fraction, Okta takes whole numbers here");
	}
	if (fabs(real) > INTEGER_LIMIT) {
		return refuse(fitting, "a number that is too large for Okta");
	}
	return json_integer((json_int_t)real);
}

/* ---------------------------------------------------------------------- lists */

typedef json_t *(*converter)(const struct fitting *fitting, json_t *value);

static bool add_item(json_t *list, const struct fitting *fitting, converter convert, json_t *item)
{
	json_t *made = convert(fitting, item);
	return made != NULL && json_array_append_new(list, made) == 0;
}

/* A single value becomes a list of one. */
static json_t *to_list(const struct fitting *fitting, converter convert, json_t *value)
{
	json_t *list = json_array();
	bool is_made = list != NULL;
	if (is_made && !json_is_array(value)) {
		is_made = add_item(list, fitting, convert, value);
	}
	for (size_t i = 0; is_made && i < json_array_size(value); i++) {
		is_made = add_item(list, fitting, convert, json_array_get(value, i));
	}
	if (!is_made) {
		json_decref(list);
		return NULL;
	}
	return list;
}

static json_t *convert_value(const struct fitting *fitting, json_t *value)
{
	switch (fitting->attribute->type) {
	case ATTRIBUTE_STRING: return to_text(fitting, value);
	case ATTRIBUTE_BOOLEAN: return to_boolean(fitting, value);
	case ATTRIBUTE_NUMBER: return to_number(fitting, value);
	case ATTRIBUTE_INTEGER: return to_integer(fitting, value);
	case ATTRIBUTE_STRINGS: return to_list(fitting, text_of_scalar, value);
	case ATTRIBUTE_NUMBERS: return to_list(fitting, to_number, value);
	case ATTRIBUTE_INTEGERS: return to_list(fitting, to_integer, value);
	case ATTRIBUTE_OTHER: return json_incref(value);
	}
	return json_incref(value);
}

/* -------------------------------------------------------------------- lengths */

/* Addresses lead somewhere: cut, they lead somewhere else. */
static bool may_cut(const struct attribute *attribute)
{
	return !str_equal(attribute->name, "login") && !str_equal(attribute->format, "email");
}

/* Bytes of the first count characters, without blanks at their end. */
static size_t bytes_of(const char *text, size_t len, size_t count)
{
	size_t at = 0;
	for (size_t i = 0; i < count && at < len; i++) {
		const size_t step = str_utf8_step(text + at, len - at);
		at += step > 0 ? step : 1;
	}
	while (at > 0 && text[at - 1] == ' ') {
		at--;
	}
	return at;
}

static bool cut_text(const struct attribute *attribute, json_t **value)
{
	const char *text = json_string_value(*value);
	const size_t len = bytes_of(text, json_string_length(*value), attribute->max_length);
	json_t *cut = json_stringn(text, len);
	if (cut == NULL) {
		return false;
	}
	json_decref(*value);
	*value = cut;
	return true;
}

static bool fit_length(const struct fitting *fitting, enum too_long too_long, json_t **value)
{
	const struct attribute *attribute = fitting->attribute;
	const size_t count = attribute_characters(*value);
	if (attribute->max_length > 0 && count > attribute->max_length) {
		if (too_long == TOO_LONG_TRUNCATES && may_cut(attribute)) {
			return cut_text(attribute, value);
		}
		str_format_cut(fitting->reason, fitting->size, "%zu characters, Okta takes %zu",
		        count, attribute->max_length);
		return false;
	}
	if (count < attribute->min_length) {
		str_format_cut(fitting->reason, fitting->size,
		        "%zu character%s, Okta wants at least %zu", count, count == 1 ? "" : "s",
		        attribute->min_length);
		return false;
	}
	return true;
}

/* ------------------------------------------------------------------------ all */

static bool is_writable(const struct fitting *fitting)
{
	const char *reason = attribute_not_writable(fitting->attribute);
	if (reason != NULL) {
		(void)refuse(fitting, reason);
	}
	return reason == NULL;
}

static bool is_allowed(const struct fitting *fitting, const json_t *value)
{
	if (attribute_is_allowed(fitting->attribute, value)) {
		return true;
	}
	str_format_cut(fitting->reason, fitting->size, "not one of the %zu values Okta allows",
	        json_array_size(fitting->attribute->allowed));
	return false;
}

/* False with a reason, but for want of memory. */
static bool fit(const struct fitting *fitting, enum too_long too_long, json_t **value)
{
	json_t *made = convert_value(fitting, *value);
	if (made == NULL) {
		return false;
	}
	json_decref(*value);
	*value = made;
	if (json_is_string(*value) && !fit_length(fitting, too_long, value)) {
		return false;
	}
	const char *complaint = attribute_complaint(fitting->attribute, *value);
	if (complaint != NULL) {
		(void)refuse(fitting, complaint);
		return false;
	}
	return is_allowed(fitting, *value);
}

bool attribute_fit(const struct attribute *attribute, enum too_long too_long, json_t **value,
        char *reason, size_t size)
{
	const struct fitting fitting = {attribute, reason, size};
	reason[0] = '\0';
	if (is_writable(&fitting) && fit(&fitting, too_long, value)) {
		return true;
	}
	if (reason[0] == '\0') {
		(void)refuse(&fitting, "out of memory");
	}
	return false;
}
