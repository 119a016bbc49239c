/* SPDX-License-Identifier: MIT */
#include "tests/support/doc_shape.h"

#include "server/base/attr.h"
#include "server/base/str.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE           "docs/http.md"
#define PATH_SIZE      256
#define PAGE_MAX_BYTES (256 * 1024)

/* Objects whose keys are data: attribute names, rate buckets, kinds of holds. */
static const char *const MAPS[] = {
        "present_profile", "profile", "remaining", "holds", "document", "by_name"};

static char *load_page(void)
{
	FILE *file = fopen(PAGE, "r");
	char *text = calloc(1, PAGE_MAX_BYTES);

	ck_assert_msg(file != NULL, "%s: cannot be read", PAGE);
	ck_assert_ptr_nonnull(text);
	size_t len = fread(text, 1, PAGE_MAX_BYTES - 1, file);
	ck_assert_msg(len > 0 && len < PAGE_MAX_BYTES - 1, "%s: empty or too large", PAGE);
	fclose(file);
	return text;
}

/* The heading's line names the route, perhaps among others: "### POST /a, POST /b". */
static const char *find_heading(const char *text, const char *route)
{
	const char *line = strstr(text, "\n### ");

	while (line != NULL) {
		const char *end = strchr(line + 1, '\n');
		const char *found = strstr(line, route);
		const char after = found != NULL ? found[strlen(route)] : ' ';
		if (found != NULL && found < end && (after == '\n' || after == ',')) {
			return end;
		}
		line = strstr(end, "\n### ");
	}
	return NULL;
}

json_t *doc_shape_load(const char *route)
{
	static const char OPEN[] = "```json\n";
	char *text = load_page();
	const char *start = find_heading(text, route);

	ck_assert_msg(start != NULL, "%s: no heading for %s", PAGE, route);
	start = strstr(start, OPEN);
	ck_assert_msg(start != NULL, "%s: no example for %s", PAGE, route);
	start += strlen(OPEN);
	const char *end = strstr(start, "```");
	ck_assert_ptr_nonnull(end);
	json_error_t where;
	json_t *example = json_loadb(start, (size_t)(end - start), 0, &where);
	ck_assert_msg(example != NULL, "%s: %s: %s", PAGE, route, where.text);
	free(text);
	return example;
}

static bool is_map(const char *key)
{
	for (size_t i = 0; i < ARRAY_SIZE(MAPS); i++) {
		if (str_equal(MAPS[i], key)) {
			return true;
		}
	}
	return false;
}

static bool is_bool_pair(const json_t *a, const json_t *b)
{
	return json_is_boolean(a) && json_is_boolean(b);
}

static void expect_object(const json_t *example, const json_t *have, const char *where)
{
	bool has_more = json_object_get(example, "...") != NULL;
	char path[PATH_SIZE];
	const char *key = NULL;
	json_t *value = NULL;

	json_object_foreach((json_t *)(uintptr_t)have, key, value)
	{
		ck_assert_msg(has_more || json_object_get(example, key) != NULL,
		        "%s has a key that %s does not show: %s", where, PAGE, key);
	}
	json_object_foreach((json_t *)(uintptr_t)example, key, value)
	{
		const json_t *there = json_object_get(have, key);
		if (str_equal(key, "...")) {
			continue;
		}
		ck_assert_msg(there != NULL, "%s lacks the key %s", where, key);
		str_format_cut(path, sizeof(path), "%s.%s", where, key);
		if (is_map(key) && json_is_object(value)) {
			ck_assert_msg(json_is_object(there), "%s is no object", path);
		} else {
			doc_shape_expect(value, there, path);
		}
	}
}

void doc_shape_expect(const json_t *example, const json_t *have, const char *what)
{
	/* What may be null is shown as null, or as what it is else; the texts say so. */
	if (json_is_null(example) || json_object_get(example, "see") != NULL) {
		return;
	}
	ck_assert_msg(json_typeof(example) == json_typeof(have) || is_bool_pair(example, have),
	        "%s is of another type than in %s", what, PAGE);
	if (json_is_object(example)) {
		expect_object(example, have, what);
	} else if (json_array_size(example) > 0 && json_array_size(have) > 0) {
		doc_shape_expect(json_array_get(example, 0), json_array_get(have, 0), what);
	}
}
