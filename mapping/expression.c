/* SPDX-License-Identifier: MIT */
/* The text of an expression, and which Bob fields it reads. */
#include "mapping/expression_scan.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

bool expression_add_field(struct map_expression *expression, const char *id, struct err *err)
{
	for (size_t i = 0; i < expression->field_count; i++) {
		if (str_equal(expression->fields[i], id)) {
			return true;
		}
	}
	if (expression->field_count == MAP_EXPRESSION_FIELDS_MAX) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "reads more than %d fields; split it, or read fewer",
		        MAP_EXPRESSION_FIELDS_MAX);
		return false;
	}
	char **fields = realloc(
	        expression->fields, (expression->field_count + 1) * sizeof(*expression->fields));
	char *copy = fields == NULL ? NULL : str_dup(id);
	if (fields != NULL) {
		expression->fields = fields;
	}
	if (copy == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for an expression");
		return false;
	}
	fields[expression->field_count++] = copy;
	return true;
}

static bool has_control_character(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		const unsigned char c = (unsigned char)*at;
		if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f) {
			return true;
		}
	}
	return false;
}

static bool is_text_good(const char *text, struct err *err)
{
	if (str_is_empty(text)) {
		err_set(err, ERR_SETTINGS_INVALID, "is empty; give a jq expression");
	} else if (strlen(text) > MAP_EXPRESSION_MAX_BYTES) {
		err_set(err, ERR_SETTINGS_INVALID, "is longer than %d bytes; shorten it",
		        MAP_EXPRESSION_MAX_BYTES);
	} else if (!str_is_utf8(text, strlen(text))) {
		err_set(err, ERR_SETTINGS_INVALID, "is not UTF-8; save it so");
	} else if (has_control_character(text)) {
		err_set(err, ERR_SETTINGS_INVALID,
		        "has a control character; write it as \\u and four digits in a string");
	} else {
		return true;
	}
	return false;
}

bool map_expression_init(struct map_expression *expression, const char *text, struct err *err)
{
	*expression = (struct map_expression){0};
	if (!is_text_good(text, err)) {
		return false;
	}
	expression->text = str_dup(text);
	if (expression->text == NULL) {
		err_set(err, ERR_NO_MEMORY, "no memory for an expression");
		return false;
	}
	if (!expression_scan(expression, err)) {
		map_expression_finish(expression);
		return false;
	}
	return true;
}

void map_expression_finish(struct map_expression *expression)
{
	for (size_t i = 0; i < expression->field_count; i++) {
		free(expression->fields[i]);
	}
	free(expression->fields);
	free(expression->text);
	*expression = (struct map_expression){0};
}
