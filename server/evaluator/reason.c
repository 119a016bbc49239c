/* SPDX-License-Identifier: MIT */
#include "server/evaluator/reason.h"

#include "server/base/str.h"

#include <stdlib.h>
#include <string.h>

struct sentence {
	const char *part; /* of jq's message */
	const char *text;
};

/* The first that fits; jq 1.6 and 1.7. */
static const struct sentence sentences[] = {
        {"Cannot index", "it looks for a field or an element in something that has none"},
        {"Cannot iterate over", "it goes through the elements of something that has none"},
        {"Cannot use", "it uses something as a key that cannot be one"},
        {"divisor is zero", "it divides by zero"},
        {"cannot be added", "it adds values that cannot be added"},
        {"cannot be subtracted", "it calculates with values that are no numbers"},
        {"cannot be multiplied", "it calculates with values that are no numbers"},
        {"cannot be divided", "it calculates with values that are no numbers"},
        {"cannot be negated", "it calculates with values that are no numbers"},
        {"number required", "it calculates with values that are no numbers"},
        {"cannot be parsed as a number", "it reads a text as a number that is none"},
        {"cannot be matched", "it searches in something that is no text"},
        {"is not a valid regex", "a regular expression cannot be understood"},
        {"is not valid base64", "it decodes a text as base64 that is none"},
        {"does not match format", "it reads a text as a date that is none of that form"},
        {"strptime", "it reads something as a date that is none"},
        {"strftime", "it writes something as a date that is none"},
        {"mktime", "it reads something as a date that is none"},
        {"gmtime", "it reads something as a date that is none"},
        {"must be string", "it handles something as a text that is none"},
        {"must be a string", "it handles something as a text that is none"},
        {"must be strings", "it handles something as a text that is none"},
        {"not a string", "it handles something as a text that is none"},
        {"requires string", "it handles something as a text that is none"},
        {"has no keys", "it asks for the keys of something that has none"},
        {"has no length", "it asks for the length of something that has none"},
        {"cannot be sorted", "it handles something as a list that is none"},
        {"must be an array", "it handles something as a list that is none"},
        {"must be array", "it handles something as a list that is none"},
        {"cannot be grouped", "it handles something as a list that is none"},
        {"while parsing", "it reads a text as a number or as JSON that is none"},
        {"Out of bounds", "it changes an element that does not exist"},
        {"break", "it leaves a label that is not around it"},
};

/* Said by the program itself, as a plain text: it holds nothing of the person. */
static bool is_own_text(const char *message, const char *program)
{
	size_t len = strlen(message);
	if (len == 0 || strpbrk(message, "\"\\") != NULL) {
		return false;
	}
	for (const char *at = strstr(program, message); at != NULL; at = strstr(at + 1, message)) {
		if (at > program && at[-1] == '"' && at[len] == '"') {
			return true;
		}
	}
	return false;
}

void reason_of_message(const char *message, const char *program, char *to, size_t size)
{
	if (is_own_text(message, program)) {
		str_format_cut(to, size, "it says: %s", message);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
		if (strstr(message, sentences[i].part) != NULL) {
			str_format_cut(to, size, "%s", sentences[i].text);
			return;
		}
	}
	str_format_cut(to, size, "it gave an error");
}

bool reason_of_prelude(const char *function, const char *what, char *to, size_t size)
{
	static const struct sentence wants[] = {
	        {"text", "%s takes a text"},
	        {"number", "%s takes a number"},
	        {"list", "%s takes a list"},
	        {"table", "%s takes a table such as {\"London\": \"LDN\"}"},
	        {"cases", "%s takes pairs such as [[condition, value], ...]"},
	        {"date", "%s takes a date such as 2026-11-23"},
	        {"none", "%s cannot be used here"},
	};
	if (!source_has_function(function)) {
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(wants); i++) {
		if (str_equal(wants[i].part, what)) {
			const char *rest = wants[i].text + strlen("%s");
			str_format_cut(to, size, "%s%s", function, rest);
			return true;
		}
	}
	return false;
}

/* -------------------------------------------------------------- compiling */

#define AT   " at <top-level>, line "
#define HEAD "jq: error: "

size_t reason_line(const char *complaint)
{
	const char *at = strstr(complaint, AT);
	if (at == NULL) {
		return 0;
	}
	return (size_t)strtoul(at + strlen(AT), NULL, 10);
}

size_t reason_column(const char *complaint, const char *line)
{
	size_t line_bytes = strcspn(line, "\n");
	const char *at = strstr(complaint, AT);
	const char *copy = at != NULL ? strchr(at, '\n') : NULL;
	size_t copy_bytes = copy != NULL ? strcspn(copy + 1, "\n") : 0;
	size_t column = 1;

	/* Another version of jq may write it otherwise. */
	if (copy == NULL || copy_bytes < line_bytes || copy_bytes > 2 * line_bytes ||
	        strncmp(copy + 1, line, line_bytes) != 0) {
		return 0;
	}
	for (size_t i = 0; i < copy_bytes - line_bytes; i++) {
		column += ((unsigned char)line[i] & 0xC0) != 0x80 ? 1 : 0;
	}
	return column;
}

/* What jq says, without its preface, its guess about shells, and the place. */
static void cut_complaint(const char *complaint, char *to, size_t size)
{
	const char *from = str_starts_with(complaint, HEAD) ? complaint + strlen(HEAD) : complaint;
	const char *at = strstr(from, AT);
	const char *guess = strstr(from, " (Unix shell");
	size_t len = strcspn(from, "\n");
	if (at != NULL && (size_t)(at - from) < len) {
		len = (size_t)(at - from);
	}
	if (guess != NULL && (size_t)(guess - from) < len) {
		len = (size_t)(guess - from);
	}
	str_format_cut(to, size, "%.*s", (int)len, from);
}

void reason_of_complaint(const char *complaint, const struct source_place *place, size_t column,
        char *to, size_t size)
{
	char said[EVALUATION_REASON_BYTES];
	size_t line = reason_line(complaint);
	cut_complaint(complaint, said, sizeof(said));
	if (strstr(said, "unexpected import") != NULL ||
	        strstr(said, "unexpected include") != NULL) {
		str_format_cut(to, size, "import and include cannot be used");
	} else if (line >= place->first_line + place->lines) {
		str_format_cut(to, size, "line %zu: it ends too early", place->lines);
	} else if (line < place->first_line) {
		str_format_cut(to, size, "%s", said);
	} else if (column > 0) {
		str_format_cut(to, size, "line %zu, column %zu: %s", line - place->first_line + 1,
		        column, said);
	} else {
		str_format_cut(to, size, "line %zu: %s", line - place->first_line + 1, said);
	}
}

struct reason_place reason_place_of(const char *sentence)
{
	static const char LINE[] = "line ";
	static const char COLUMN[] = ", column ";
	struct reason_place place = {0};
	char *end = NULL;

	if (!str_starts_with(sentence, LINE)) {
		return place;
	}
	place.line = (size_t)strtoul(sentence + strlen(LINE), &end, 10);
	if (str_starts_with(end, COLUMN)) {
		place.column = (size_t)strtoul(end + strlen(COLUMN), &end, 10);
	}
	return *end == ':' ? place : (struct reason_place){0};
}
