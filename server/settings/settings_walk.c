/* SPDX-License-Identifier: MIT */
#include "server/settings/settings_walk.h"

#include "server/base/json.h"
#include "server/base/str.h"
#include "server/settings/settings_value.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------- path, mistakes */

static size_t enter(struct settings_walk *walk, const char *step)
{
	size_t before = walk->path_len;
	str_format_cut(walk->path + before, sizeof(walk->path) - before, "%s", step);
	walk->path_len = strlen(walk->path);
	return before;
}

/* A key as the path shows it: what is no plain word is quoted, and cannot write to a terminal. */
static void show_key(char *to, size_t size, const char *key, bool is_first)
{
	if (str_is_word(key, 60, "_-")) {
		str_format_cut(to, size, "%s%s", is_first ? "" : ".", key);
		return;
	}
	str_format_cut(to, size - 2, "[\"%s", key);
	for (char *at = to; *at != '\0'; at++) {
		if ((unsigned char)*at < ' ' || *at == 0x7f) {
			*at = '?';
		}
	}
	size_t len = strlen(to);
	str_format_cut(to + len, size - len, "\"]");
}

size_t settings_walk_enter(struct settings_walk *walk, const char *key)
{
	char step[72];
	show_key(step, sizeof(step), key, walk->path_len == 0);
	return enter(walk, step);
}

size_t settings_walk_enter_plain(struct settings_walk *walk, const char *steps)
{
	char step[72];
	str_format_cut(step, sizeof(step), "%s%s", walk->path_len == 0 ? "" : ".", steps);
	return enter(walk, step);
}

size_t settings_walk_enter_element(struct settings_walk *walk, size_t index)
{
	char step[32];
	str_format_cut(step, sizeof(step), "[%zu]", index);
	return enter(walk, step);
}

void settings_walk_leave(struct settings_walk *walk, size_t path_len)
{
	walk->path_len = path_len;
	walk->path[path_len] = '\0';
}

void settings_walk_mistake(struct settings_walk *walk, const char *format, ...)
{
	struct settings_report *report = walk->report;
	if (report->count == SETTINGS_MISTAKES_MAX) {
		report->left_out++;
		return;
	}
	struct settings_mistake *mistake = &report->mistakes[report->count++];
	str_format_cut(mistake->path, sizeof(mistake->path), "%s",
	        walk->path_len > 0 ? walk->path : "document");
	va_list args;
	va_start(args, format);
	str_vformat_cut(mistake->text, sizeof(mistake->text), format, args);
	va_end(args);
}

static const char *type_word(const json_t *json)
{
	switch (json_typeof(json)) {
	case JSON_OBJECT: return "an object";
	case JSON_ARRAY: return "a list";
	case JSON_STRING: return "a text";
	case JSON_INTEGER: return "a number";
	case JSON_REAL: return "a fraction";
	case JSON_TRUE:
	case JSON_FALSE: return "true or false";
	case JSON_NULL: return "null";
	}
	return "something else";
}

void settings_walk_wrong_type(struct settings_walk *walk, const char *wanted, const json_t *json)
{
	settings_walk_mistake(walk, "must be %s, not %s", wanted, type_word(json));
}

size_t settings_walk_mistakes(const struct settings_walk *walk)
{
	return walk->report->count + walk->report->left_out;
}

/* ----------------------------------------------------------------- sections */

static void unknown_key(
        struct settings_walk *walk, const struct settings_key *parent, const char *name)
{
	const char *near = settings_keys_nearest(parent, name);
	const struct settings_key *elsewhere = settings_keys_elsewhere(name);
	size_t before = settings_walk_enter(walk, name);
	if (near != NULL) {
		settings_walk_mistake(walk, "there is no such key; did you mean \"%s\"?", near);
	} else if (elsewhere != NULL) {
		settings_walk_mistake(
		        walk, "there is no such key here; it stands at %s", elsewhere->path);
	} else {
		settings_walk_mistake(walk, "there is no such key; remove it");
	}
	settings_walk_leave(walk, before);
}

static bool is_skipped(const struct settings_walk *walk, const struct settings_key *key)
{
	return walk->is_draft && (key->flags & SETTINGS_KEY_ACCESS) != 0;
}

static void report_missing(
        struct settings_walk *walk, const struct settings_key *parent, const json_t *object)
{
	for (size_t i = 0; i < settings_keys_count; i++) {
		const struct settings_key *key = &settings_keys[i];
		const char *name = NULL;
		if ((key->flags & SETTINGS_KEY_REQUIRED) == 0 || is_skipped(walk, key) ||
		        !settings_keys_is_child(key, parent, &name) ||
		        json_object_get(object, name) != NULL) {
			continue;
		}
		if (walk->is_console && (key->flags & SETTINGS_KEY_SETUP) != 0) {
			settings_walk_note_lack(walk, key->path);
			continue;
		}
		size_t before = settings_walk_enter(walk, name);
		settings_walk_mistake(walk, "is missing: %s", key->help);
		settings_walk_leave(walk, before);
	}
}

void settings_walk_section(struct settings_walk *walk, const struct settings_key *parent,
        const json_t *json, void *target)
{
	if (!json_is_object(json)) {
		settings_walk_wrong_type(walk, "an object", json);
		return;
	}
	const char *name = NULL;
	json_t *value = NULL;
	/* jansson's iteration takes a mutable object, and changes nothing. */
	json_object_foreach((json_t *)(uintptr_t)json, name, value)
	{
		const struct settings_key *key = settings_keys_find(parent, name, strlen(name));
		if (key == NULL) {
			unknown_key(walk, parent, name);
			continue;
		}
		if (is_skipped(walk, key)) {
			continue;
		}
		size_t before = settings_walk_enter(walk, name);
		settings_walk_value(walk, key, value, target);
		settings_walk_leave(walk, before);
	}
	report_missing(walk, parent, json);
}

/* Every default at any depth of this container, as far as its own struct reaches. */
void settings_walk_defaults(
        struct settings_walk *walk, const struct settings_key *parent, void *target)
{
	for (size_t i = 0; i < settings_keys_count; i++) {
		const struct settings_key *key = &settings_keys[i];
		const char *name = NULL;
		if (!settings_keys_is_child(key, parent, &name)) {
			continue;
		}
		if (key->type == SETTINGS_TYPE_SECTION) {
			settings_walk_defaults(walk, key, target);
		} else if (key->fallback != NULL) {
			json_t *json = json_parse(key->fallback, strlen(key->fallback), NULL);
			if (json != NULL) {
				settings_value_set(walk, key, json, target);
			} else {
				walk->is_out_of_memory = true;
			}
			json_decref(json);
		}
	}
}

/* --------------------------------------------------------------- containers */

static bool has_length(
        struct settings_walk *walk, const struct settings_key *key, const json_t *json)
{
	size_t count = json_is_object(json) ? json_object_size(json) : json_array_size(json);
	if (count < (size_t)key->least) {
		settings_walk_mistake(walk, "must not be empty: %s", key->help);
		return false;
	}
	if (count > (size_t)key->most) {
		settings_walk_mistake(
		        walk, "has %zu entries, and %zu are allowed", count, (size_t)key->most);
		return false;
	}
	return true;
}

bool settings_walk_is_list(
        struct settings_walk *walk, const struct settings_key *key, const json_t *json)
{
	if (!json_is_array(json)) {
		settings_walk_wrong_type(walk, "a list", json);
		return false;
	}
	return has_length(walk, key, json);
}

bool settings_walk_is_named(
        struct settings_walk *walk, const struct settings_key *key, const json_t *json)
{
	if (!json_is_object(json)) {
		settings_walk_wrong_type(walk, "an object", json);
		return false;
	}
	return has_length(walk, key, json);
}

static void check_name_once(struct settings_walk *walk, const struct settings *settings)
{
	size_t last = settings->connection_count - 1;
	const char *name = settings->connections[last].name;
	for (size_t i = 0; i < last && name[0] != '\0'; i++) {
		if (str_equal(settings->connections[i].name, name)) {
			size_t before = settings_walk_enter(walk, "name");
			settings_walk_mistake(walk,
			        "connections[%zu] is named \"%s\" already; names are used once", i,
			        name);
			settings_walk_leave(walk, before);
			return;
		}
	}
}

static void check_default_connection(struct settings_walk *walk, const struct settings *settings)
{
	for (size_t i = 0; i < settings->connection_count; i++) {
		/* A name that is missing or wrong is a mistake of its own already. */
		if (settings->connections[i].name[0] == '\0' ||
		        str_equal(settings->connections[i].name, "default")) {
			return;
		}
	}
	settings_walk_mistake(walk, "one of the connections must be named \"default\"");
}

/* A count of 0 asks about everybody, whatever the percentage would come to; no setting at all is
 * what the struct calls 0. */
static void close_limits(struct limit_set *limits)
{
	for (int kind = LIMIT_NONE + 1; kind < LIMIT_KIND_COUNT; kind++) {
		static const char *const UNITS[LIMIT_PERIOD_COUNT] = {
		        "per_hour", "per_day", "per_week"};
		struct limit_window *windows[LIMIT_PERIOD_COUNT] = {
		        &limits->hour[kind], &limits->day[kind], &limits->week[kind]};
		for (int period = 0; period < LIMIT_PERIOD_COUNT; period++) {
			char path[96];
			str_format_cut(path, sizeof(path), "connections[].limits.%s.%s",
			        limit_kind_name((enum limit_kind)kind), UNITS[period]);
			if (windows[period]->count == 0 && settings_keys_at(path) != NULL) {
				windows[period]->count = LIMIT_NOBODY;
			}
		}
	}
}

void settings_walk_connection(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct connection_settings *connection)
{
	if (!map_rules_init_default(&connection->rules)) {
		walk->is_out_of_memory = true;
	}
	walk->unfinished = connection;
	settings_walk_defaults(walk, key, connection);
	settings_walk_section(walk, key, json, connection);
	settings_walk_finish_lacks(walk, connection);
	close_limits(&connection->limits);
	settings_walk_check_together(walk, connection);
}

static void walk_connections(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, struct settings *settings)
{
	if (!settings_walk_is_list(walk, key, json)) {
		return;
	}
	settings->connections = calloc(json_array_size(json), sizeof(*settings->connections));
	if (settings->connections == NULL) {
		walk->is_out_of_memory = true;
		return;
	}
	for (size_t i = 0; i < json_array_size(json); i++) {
		struct connection_settings *connection =
		        &settings->connections[settings->connection_count++];
		size_t before = settings_walk_enter_element(walk, i);
		settings_walk_connection(walk, key, json_array_get(json, i), connection);
		check_name_once(walk, settings);
		settings_walk_leave(walk, before);
	}
	check_default_connection(walk, settings);
}

void settings_walk_value(struct settings_walk *walk, const struct settings_key *key,
        const json_t *json, void *target)
{
	if (json_is_null(json)) {
		if ((key->flags & SETTINGS_KEY_NULLABLE) == 0) {
			settings_walk_mistake(walk,
			        "must not be null; leave the key out or give it"
			        " a value");
		}
		return;
	}
	void *here = (char *)target + key->offset;
	if (key->type == SETTINGS_TYPE_SECTION) {
		settings_walk_section(walk, key, json, target);
	} else if (key->type == SETTINGS_TYPE_CONNECTIONS) {
		walk_connections(walk, key, json, target);
	} else if (key->type == SETTINGS_TYPE_ROWS) {
		settings_walk_rows(walk, key, json, here);
	} else if (key->type == SETTINGS_TYPE_GROUPS) {
		settings_walk_groups(walk, key, json, here);
	} else if (key->type == SETTINGS_TYPE_TARGETS) {
		settings_walk_targets(walk, key, json, here);
	} else if (settings_keys_is_named(key) || key->type == SETTINGS_TYPE_LEAVES) {
		settings_walk_names(walk, key, json, here);
	} else {
		settings_value_set(walk, key, json, target);
	}
}

void settings_walk_document(
        struct settings_walk *walk, const json_t *document, struct settings *settings)
{
	settings_alarms_init(&settings->alarms);
	settings_walk_defaults(walk, NULL, settings);
	settings_walk_section(walk, NULL, document, settings);
}
