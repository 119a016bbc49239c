/* SPDX-License-Identifier: MIT */
/* What is different between two documents, key by key as the table has them. Pure. */
#include "server/settings/settings_document.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/settings_keys.h"

#include <stdlib.h>
#include <string.h>

#define PATH_BYTES  512
#define VALUE_BYTES 240

struct diff {
	json_t *entries;
	bool is_out_of_memory;
	size_t path_len;
	char path[PATH_BYTES];
};

static void diff_section(
        struct diff *diff, const struct settings_key *parent, const json_t *from, const json_t *to);

/* Goes down by a key or an element's name; returns where it stood. */
static size_t enter(struct diff *diff, const char *format, const char *name)
{
	size_t before = diff->path_len;
	char step[PATH_BYTES];
	str_format_cut(step, sizeof(step), "%s%.400s%s",
	        format[0] == '['      ? "["
	                : before == 0 ? ""
	                              : ".",
	        name, format[0] == '[' ? "]" : "");
	str_format_cut(diff->path + before, sizeof(diff->path) - before, "%s", step);
	diff->path_len = strlen(diff->path);
	return before;
}

static void leave(struct diff *diff, size_t path_len)
{
	diff->path_len = path_len;
	diff->path[path_len] = '\0';
}

static bool add_side(json_t *entry, const char *side, const json_t *value)
{
	return value == NULL || json_object_set_new(entry, side, json_deep_copy(value)) == 0;
}

static void diff_leaf(struct diff *diff, const json_t *from, const json_t *to)
{
	if (from != NULL && to != NULL && json_equal(from, to) == 1) {
		return;
	}
	json_t *entry = json_pack("{s:s}", "path", diff->path);
	bool is_added = entry != NULL && add_side(entry, "from", from) &&
	        add_side(entry, "to", to) && json_array_append(diff->entries, entry) == 0;
	json_decref(entry);
	diff->is_out_of_memory |= !is_added;
}

/* ----------------------------------------------------- elements by their name */

static const char *name_key(const struct settings_key *key)
{
	return key->type == SETTINGS_TYPE_CONNECTIONS || key->type == SETTINGS_TYPE_TARGETS ? "name"
	        : key->type == SETTINGS_TYPE_GROUPS ? "group"
	                                            : "okta";
}

static const char *name_of(const struct settings_key *key, const json_t *element)
{
	return str_or_empty(json_get_text(element, name_key(key)));
}

static const json_t *find_element(
        const struct settings_key *key, const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (str_equal(name_of(key, json_array_get(list, i)), name)) {
			return json_array_get(list, i);
		}
	}
	return NULL;
}

static void diff_element(struct diff *diff, const struct settings_key *key, const char *name,
        const json_t *from, const json_t *to)
{
	size_t before = enter(diff, "[]", name);
	diff_section(diff, key, from, to);
	leave(diff, before);
}

static void diff_list(
        struct diff *diff, const struct settings_key *key, const json_t *from, const json_t *to)
{
	for (size_t i = 0; i < json_array_size(from); i++) {
		const json_t *element = json_array_get(from, i);
		const char *name = name_of(key, element);
		diff_element(diff, key, name, element, find_element(key, to, name));
	}
	for (size_t i = 0; i < json_array_size(to); i++) {
		const json_t *element = json_array_get(to, i);
		const char *name = name_of(key, element);
		if (find_element(key, from, name) == NULL) {
			diff_element(diff, key, name, NULL, element);
		}
	}
}

/* Of an object with names: a section, or a value. */
static void diff_named(struct diff *diff, const struct settings_key *key, const char *name,
        const json_t *from, const json_t *to)
{
	if (settings_keys_is_named(key)) {
		diff_element(diff, key, name, from, to);
		return;
	}
	size_t before = enter(diff, "[]", name);
	diff_leaf(diff, from, to);
	leave(diff, before);
}

static void diff_names(
        struct diff *diff, const struct settings_key *key, const json_t *from, const json_t *to)
{
	const char *name = NULL;
	json_t *value = NULL;
	json_object_foreach((json_t *)(uintptr_t)from, name, value)
	{
		diff_named(diff, key, name, value, json_object_get(to, name));
	}
	json_object_foreach((json_t *)(uintptr_t)to, name, value)
	{
		if (json_object_get(from, name) == NULL) {
			diff_named(diff, key, name, NULL, value);
		}
	}
}

/* ------------------------------------------------------------------- sections */

static void diff_key(
        struct diff *diff, const struct settings_key *key, const json_t *from, const json_t *to)
{
	switch ((int)key->type) {
	case SETTINGS_TYPE_SECTION: diff_section(diff, key, from, to); break;
	case SETTINGS_TYPE_CONNECTIONS:
	case SETTINGS_TYPE_ROWS:
	case SETTINGS_TYPE_GROUPS:
	case SETTINGS_TYPE_TARGETS: diff_list(diff, key, from, to); break;
	case SETTINGS_TYPE_SITES:
	case SETTINGS_TYPE_EMPLOYMENTS:
	case SETTINGS_TYPE_LEAVES: diff_names(diff, key, from, to); break;
	default: diff_leaf(diff, from, to); break;
	}
}

static void diff_section(
        struct diff *diff, const struct settings_key *parent, const json_t *from, const json_t *to)
{
	for (size_t i = 0; i < settings_keys_count; i++) {
		const char *name = NULL;
		if (!settings_keys_is_child(&settings_keys[i], parent, &name)) {
			continue;
		}
		const json_t *before_value = json_object_get(from, name);
		const json_t *after_value = json_object_get(to, name);
		if (before_value != NULL || after_value != NULL) {
			size_t before = enter(diff, ".", name);
			diff_key(diff, &settings_keys[i], before_value, after_value);
			leave(diff, before);
		}
	}
}

json_t *settings_diff(const json_t *from, const json_t *to)
{
	struct diff diff = {.entries = json_array()};
	json_t *plain_from = settings_redact(from);
	json_t *plain_to = settings_redact(to);
	bool is_made = diff.entries != NULL && plain_from != NULL && plain_to != NULL;
	if (is_made) {
		diff_section(&diff, NULL, plain_from, plain_to);
	}
	json_decref(plain_from);
	json_decref(plain_to);
	if (!is_made || diff.is_out_of_memory) {
		json_decref(diff.entries);
		return NULL;
	}
	return diff.entries;
}

/* ---------------------------------------------------------------------- lines */

static void show_value(char *to, size_t size, const json_t *value)
{
	if (value == NULL) {
		str_format_cut(to, size, "(none)");
	} else if (json_is_true(json_object_get(value, "kept"))) {
		str_format_cut(to, size, "(a secret of the file)");
	} else if (json_is_string(value)) {
		str_format_cut(to, size, "%s", json_string_value(value));
	} else {
		char *text = json_format(value);
		str_format_cut(to, size, "%s", text != NULL ? text : "?");
		free(text);
	}
}

void settings_diff_line(const json_t *entry, char *to, size_t size)
{
	char from_text[VALUE_BYTES];
	char to_text[VALUE_BYTES];
	const char *path = json_get_text(entry, "path");
	show_value(from_text, sizeof(from_text), json_object_get(entry, "from"));
	show_value(to_text, sizeof(to_text), json_object_get(entry, "to"));
	str_format_cut(to, size, "%s: %s -> %s", path != NULL ? path : "?", from_text, to_text);
}
