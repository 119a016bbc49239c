/* SPDX-License-Identifier: MIT */
#include "mapping/expression_path.h"

#include "server/base/str.h"

#include <string.h>

#define PARTS_MAX 3 /* "work.custom.field_1": Bob's ids have no more (bob.md 5.6) */

struct part {
	const char *at;
	size_t len;
};

static bool is_word(const struct part *part, const char *word)
{
	return part->len == strlen(word) && memcmp(part->at, word, part->len) == 0;
}

static bool is_one_of(const struct part *part, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (is_word(part, *words)) {
			return true;
		}
	}
	return false;
}

/* Which of the parts that we add to a list or a colleague begin something that is no id. */
static const char *const ADDED[] = {"label", "id", NULL};
/* Parts of a colleague that are fields themselves ("work.reportsTo.email"). */
static const char *const OF_COLLEAGUE[] = {"email", "firstName", "surname", "displayName", NULL};
/* What objects of other origin begin with: to_entries, items of lists. */
static const char *const NO_CATEGORY[] = {"label", "id", "email", "value", "key", "name",
        "firstName", "surname", "displayName", "today", NULL};
/* Sections that have fields and are none. */
static const char *const HOLDERS[] = {"custom", "customColumns", NULL};
static const char *const BOBS[] = {"root", "work", "internal", "personal", "home", "address",
        "payroll", "employee", "about", "emergency", "financial", "identification", "eeo", NULL};

static bool is_word_text(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const char c = text[i];
		const bool is_good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		        (c >= '0' && c <= '9') || c == '_';
		if (!is_good) {
			return false;
		}
	}
	return len > 0;
}

bool expression_path_add(char *path, size_t size, const char *part, size_t part_len)
{
	const size_t len = strlen(path);
	const size_t dot = len > 0 ? 1 : 0;
	if (!is_word_text(part, part_len) || len + dot + part_len >= size) {
		return false;
	}
	if (dot > 0) {
		path[len] = '.';
	}
	memcpy(path + len + dot, part, part_len);
	path[len + dot + part_len] = '\0';
	return true;
}

/* The next part, or false at the end. */
static bool next_part(const char **at, struct part *part)
{
	if (**at == '\0') {
		return false;
	}
	*part = (struct part){*at, strcspn(*at, ".")};
	*at += part->len;
	*at += **at == '.' ? 1 : 0;
	return true;
}

/* A list's label and id stand behind at least a category and a field. */
static size_t count_id_parts(const char *path, struct part *parts)
{
	size_t count = 0;
	struct part part;
	for (const char *at = path; count < PARTS_MAX && next_part(&at, &part);) {
		if (count >= 2 && is_one_of(&part, ADDED)) {
			break;
		}
		parts[count++] = part;
		if (count > 2 && is_one_of(&part, OF_COLLEAGUE)) {
			break;
		}
	}
	return count;
}

bool expression_path_field(const char *path, char *id, size_t size)
{
	struct part parts[PARTS_MAX];
	const size_t count = count_id_parts(path, parts);
	if (count < 2 || is_one_of(&parts[0], NO_CATEGORY) ||
	        is_one_of(&parts[count - 1], HOLDERS)) {
		return false;
	}
	const char *end = parts[count - 1].at + parts[count - 1].len;
	return str_format(id, size, "%.*s", (int)(end - path), path);
}

bool expression_path_is_bobs(const char *path)
{
	struct part part;
	const char *at = path;
	return next_part(&at, &part) &&
	        (is_one_of(&part, BOBS) || str_starts_with(path, "category_"));
}

bool expression_path_is_id(const char *text)
{
	struct part part;
	size_t count = 0;
	for (const char *at = text; next_part(&at, &part); count++) {
		if (!is_word_text(part.at, part.len)) {
			return false;
		}
	}
	return count >= 2 && text[strlen(text) - 1] != '.' && strlen(text) < EXPRESSION_PATH_BYTES;
}

bool expression_path_is_section_of(const char *section, const char *id)
{
	const size_t len = strlen(section);
	if (strncmp(section, id, len) != 0 || id[len] != '.') {
		return false;
	}
	const struct part rest = {id + len + 1, strlen(id + len + 1)};
	return !is_one_of(&rest, OF_COLLEAGUE);
}
