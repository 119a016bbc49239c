/* SPDX-License-Identifier: MIT */
/* Parts of a document on their own: rows, the mapping of a connection, a connection to try. */
#include "server/settings/settings_walk.h"

#include "server/base/json.h"
#include "server/base/str.h"

/* False with err, when the walk came to nothing that can be used. */
static bool end_of(const struct settings_walk *walk, struct err *err)
{
	if (walk->is_out_of_memory) {
		*walk->report = (struct settings_report){0};
		err_set(err, ERR_NO_MEMORY, "no memory for the settings");
	} else if (walk->report->count > 0) {
		settings_report_summarise(walk->report, err);
	} else {
		return true;
	}
	return false;
}

bool settings_load_rows(const json_t *rows, const json_t *groups, struct map_rules *rules,
        struct settings_report *report, struct err *err)
{
	*report = (struct settings_report){0};
	struct settings_walk walk = {.report = report};
	walk.is_out_of_memory = !map_rules_init_default(rules);
	size_t before = settings_walk_enter(&walk, "mapping");
	settings_walk_rows(&walk, settings_keys_at("connections[].mapping"), rows, rules);
	settings_walk_leave(&walk, before);
	if (groups != NULL) {
		settings_walk_enter(&walk, "groups");
		settings_walk_groups(
		        &walk, settings_keys_at("connections[].groups"), groups, rules);
	}
	if (end_of(&walk, err)) {
		return true;
	}
	map_rules_finish(rules);
	return false;
}

/* ------------------------------------------------------------ one connection */

/* The element with that name, and which it is; NULL: none. */
static const json_t *find_connection(const json_t *connections, const char *name, size_t *index)
{
	for (*index = 0; *index < json_array_size(connections); (*index)++) {
		const json_t *connection = json_array_get(connections, *index);
		if (str_equal(json_get_text(connection, "name"), name)) {
			return connection;
		}
	}
	return NULL;
}

/* What is read of the connection of a name. */
struct part {
	const char *connection;
	void (*walk)(struct settings_walk *walk, const json_t *connection,
	        struct connection_settings *to);
};

static void walk_mapping(
        struct settings_walk *walk, const json_t *connection, struct connection_settings *to)
{
	static const struct {
		const char *path;
		const char *key;
	} PARTS[] = {
	        {"provisioning.scope", "connections[].provisioning.scope"},
	        {"mapping", "connections[].mapping"},
	        {"groups", "connections[].groups"},
	};
	walk->is_out_of_memory = !map_rules_init_default(&to->rules);
	for (size_t i = 0; i < ARRAY_SIZE(PARTS); i++) {
		const json_t *json = json_get_path(connection, PARTS[i].path);
		size_t before = settings_walk_enter_plain(walk, PARTS[i].path);
		if (json != NULL) {
			settings_walk_value(walk, settings_keys_at(PARTS[i].key), json, to);
		}
		settings_walk_leave(walk, before);
	}
}

static void walk_draft(
        struct settings_walk *walk, const json_t *connection, struct connection_settings *to)
{
	walk->is_draft = true;
	settings_walk_connection(walk, settings_keys_at("connections"), connection, to);
}

/* On false (err filled in) to is empty. */
static bool load_part(const json_t *document, const struct part *part,
        struct connection_settings *to, struct settings_report *report, struct err *err)
{
	struct settings_walk walk = {.report = report};
	size_t index = 0;
	const json_t *found =
	        find_connection(json_object_get(document, "connections"), part->connection, &index);
	*report = (struct settings_report){0};
	*to = (struct connection_settings){0};
	settings_walk_enter(&walk, "connections");
	if (found == NULL) {
		settings_walk_mistake(&walk, "no connection is named \"%s\"", part->connection);
	} else {
		settings_walk_enter_element(&walk, index);
		part->walk(&walk, found, to);
	}
	if (end_of(&walk, err)) {
		return true;
	}
	settings_connection_finish(to);
	return false;
}

bool settings_load_draft(const json_t *document, const char *connection,
        struct connection_settings *draft, struct settings_report *report, struct err *err)
{
	struct part part = {connection, walk_draft};
	return load_part(document, &part, draft, report, err);
}

bool settings_load_mapping(const json_t *document, const char *connection, struct map_rules *rules,
        struct settings_report *report, struct err *err)
{
	struct part part = {connection, walk_mapping};
	struct connection_settings made;
	bool is_loaded = load_part(document, &part, &made, report, err);
	*rules = made.rules;
	return is_loaded;
}
